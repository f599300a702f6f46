// SPDX-License-Identifier: GPL-2.0-only
/*
 * Object caches and kmalloc. Mirrors Linux mm/slab.c: slabs of equal objects on full, partial and
 * empty lists, with a short array of ready objects per CPU in front.
 *
 * Locks: a CPU's array (bare flag, interrupts off), then cache->lock, then the page allocator's. No
 * lock is held while pages are allocated, so an allocation may sleep.
 *
 * Every object is followed by a red word that says whether it is handed out; a free object keeps a
 * poison word in its second
 * 8 bytes. Both are XORed with the object's address and a value of this boot. A write beyond the end, a second free, a free of
 * something else and a write after free are found at the next alloc or free of the object.
 */
#include "kernel/abi.h"
#include "kernel/mm/mm.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "kernel/task.h"

#define MAG_SIZE	15u		/* objects in a CPU's array, which is 128 bytes with them */
#define MAX_CACHES	64u
#define SLAB_MAX_ORDER	3u
#define MIN_OBJECTS	8u		/* a slab grows until so many fit, or its order is SLAB_MAX_ORDER */
#define NO_OBJECT	0xffffffffu
#define KMALLOC_MAX_SLAB 2048u

#define RED_FREE	0x09f911029d74e35bull
#define RED_INUSE	0xd84156c5635688c0ull
#define POISON		0x6b6b6b6b6b6b6b6bull

struct magazine {
	_Atomic u32 busy;
	u32 n;
	void *object[MAG_SIZE];
};

struct kmem_cache {
	char name[32];			/* (!) */
	u32 size;			/* (!) what the caller asked for */
	u32 stride;			/* (!) from object to object */
	u32 red;			/* (!) offset of the red word */
	u32 order, per_slab;		/* (!) */
	struct spinlock lock;		/* rank RANK_KMEM */
	struct list partial, full, empty;	/* [lock] of page.lru */
	u64 nr_slabs, nr_empty;		/* [lock] */
	u64 inuse;			/* [lock] objects that left the slabs, magazines included */
	struct magazine mag[MAX_CPUS];
};

static struct kmem_cache caches[MAX_CACHES];
static unsigned nr_caches;
/* What the words are, but for the address: set at boot. */
static u64 red_free, red_inuse, red_poison;

static const u32 kmalloc_sizes[] = { 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048 };
static struct kmem_cache *kmalloc_caches[ARRAY_SIZE(kmalloc_sizes)];
static u8 kmalloc_class[KMALLOC_MAX_SLAB / 16 + 1];	/* by (size + 15) / 16 */

/* ---- red words ---- */

static u64 *red_word(const struct kmem_cache *c, void *obj)
{
	return (u64 *)((char *)obj + c->red);
}

static u64 red(const void *obj, u64 kind)
{
	return kind ^ (u64)(uintptr_t)obj;
}

static void __cold __noreturn bad_object(const struct kmem_cache *c, const void *obj, u64 seen, const char *what)
{
	panic("object cache %s: %p: %s (word 0x%lx)", c->name, (void *)(uintptr_t)obj, what, seen);
}

static void poison(const struct kmem_cache *c, void *obj)
{
	*red_word(c, obj) = red(obj, red_free);
	((u64 *)obj)[1] = red(obj, red_poison);
}

static inline bool is_free(const struct kmem_cache *c, void *obj)
{
	return likely(*red_word(c, obj) == red(obj, red_free)) && likely(((u64 *)obj)[1] == red(obj, red_poison));
}

static void *__cold __noreturn bad_alloc(const struct kmem_cache *c, void *obj)
{
	u64 r = *red_word(c, obj);

	if (r != red(obj, red_free))
		bad_object(c, obj, r, "overrun by a neighbour, or free list corrupted");
	bad_object(c, obj, ((u64 *)obj)[1], "written after free");
}

static void __cold __noreturn bad_free(const struct kmem_cache *c, const void *obj)
{
	const struct page *page = virt_to_page(obj);
	u64 r;

	if (!(page->flags & PG_SLAB) || page->cache != c)
		bad_object(c, obj, page->flags, "freed to the wrong cache");
	r = *red_word(c, (void *)(uintptr_t)obj);
	bad_object(c, obj, r, r == red(obj, red_free) ? "freed twice" : "end overwritten, or not an object");
}

/* ---- slabs; cache->lock held ---- */

/* Objects of a slab are numbered; a free one holds the number of the next in its first 4 bytes. */
static void *object_at(const struct kmem_cache *c, const struct page *slab, u32 i)
{
	return (char *)page_address(slab) + (u64)i * c->stride;
}

static struct page *slab_of(const void *obj)
{
	return virt_to_page(obj)->slab;
}

static void *slab_take(struct kmem_cache *c, struct page *slab)
{
	void *obj = object_at(c, slab, slab->private);

	slab->private = *(u32 *)obj;
	slab->inuse++;
	c->inuse++;
	return obj;
}

/* Up to n objects; the number taken. */
static u32 cache_take(struct kmem_cache *c, void **obj, u32 n)
{
	u32 got = 0;

	assert_held(&c->lock);
	while (got < n) {
		struct list *from = !list_empty(&c->partial) ? &c->partial : &c->empty;
		struct page *slab;

		if (list_empty(from))
			break;
		slab = list_first(from, struct page, lru);
		c->nr_empty -= from == &c->empty;
		while (got < n && slab->private != NO_OBJECT)
			obj[got++] = slab_take(c, slab);
		list_move_tail(&slab->lru, slab->private == NO_OBJECT ? &c->full : &c->partial);
	}
	return got;
}

static void cache_put(struct kmem_cache *c, void *obj)
{
	struct page *slab = slab_of(obj);
	bool was_full = slab->private == NO_OBJECT;

	*(u32 *)obj = slab->private;
	slab->private = (u32)(((char *)obj - (char *)page_address(slab)) / c->stride);
	c->inuse--;
	if (--slab->inuse == 0) {
		c->nr_empty++;
		list_move_tail(&slab->lru, &c->empty);
	} else if (was_full) {
		list_move_tail(&slab->lru, &c->partial);
	}
}

/* ---- growing and shrinking ---- */

static struct page *slab_create(struct kmem_cache *c, u32 gfp)
{
	struct page *slab = alloc_pages(gfp & ~GFP_ZERO, c->order);

	if (!slab)
		return NULL;
	for (u32 i = 0; i < 1u << c->order; i++) {
		slab[i].flags = PG_SLAB;
		slab[i].slab = slab;
		slab[i].cache = c;
	}
	slab->inuse = 0;
	for (u32 i = 0; i < c->per_slab; i++) {
		void *obj = object_at(c, slab, i);

		*(u32 *)obj = i + 1 < c->per_slab ? i + 1 : NO_OBJECT;
		poison(c, obj);
	}
	slab->private = 0;
	account_pages(KIND_SLAB, 1l << c->order);
	return slab;
}

static void slab_destroy(struct kmem_cache *c, struct page *slab)
{
	for (u32 i = 0; i < 1u << c->order; i++) {
		slab[i].flags = 0;
		slab[i].slab = NULL;
	}
	account_pages(KIND_SLAB, -(1l << c->order));
	free_pages(slab, c->order);
}

/* Gives empty slabs back but for @keep; pages freed. */
static u64 cache_trim(struct kmem_cache *c, u64 keep)
{
	struct page *slab;
	u64 freed = 0;

	for (;;) {
		spin_lock(&c->lock);
		if (c->nr_empty <= keep) {
			spin_unlock(&c->lock);
			return freed;
		}
		slab = list_first(&c->empty, struct page, lru);
		list_del(&slab->lru);
		c->nr_empty--;
		c->nr_slabs--;
		spin_unlock(&c->lock);
		slab_destroy(c, slab);
		freed += 1ull << c->order;
	}
}

/* ---- magazines ---- */

static inline void mag_spin(struct magazine *m)
{
	while (unlikely(atomic_exchange_explicit(&m->busy, 1, memory_order_acquire)))
		arch_cpu_relax();
}

/* Any CPU's array. The value goes to mag_unlock: whether interrupts were on. */
static u64 mag_lock(struct magazine *m)
{
	u64 irqs = arch_irq_save();

	mag_spin(m);
	return irqs;
}

/* This CPU's, with interrupts off. */
static inline struct magazine *mag_mine(struct kmem_cache *c)
{
	return &c->mag[this_cpu_field(id)];
}

static inline void mag_unlock(struct magazine *m, u64 irqs)
{
	atomic_store_explicit(&m->busy, 0, memory_order_release);
	arch_irq_restore(irqs);
}

/* The n oldest objects go back to their slabs. */
static void __attribute__((noinline)) mag_flush(struct kmem_cache *c, struct magazine *m, u32 n)
{
	spin_lock(&c->lock);
	for (u32 i = 0; i < n; i++)
		cache_put(c, m->object[i]);
	spin_unlock(&c->lock);
	m->n -= n;
	for (u32 i = 0; i < m->n; i++)
		m->object[i] = m->object[i + n];
}

static void __attribute__((noinline)) mag_refill(struct kmem_cache *c, struct magazine *m)
{
	spin_lock(&c->lock);
	m->n = cache_take(c, m->object, MAG_SIZE / 2);
	spin_unlock(&c->lock);
}

static void *mag_alloc(struct kmem_cache *c)
{
	u64 irqs = arch_irq_save();
	struct magazine *m = mag_mine(c);
	void *obj = NULL;

	mag_spin(m);
	if (!m->n)
		mag_refill(c, m);
	if (m->n)
		obj = m->object[--m->n];
	mag_unlock(m, irqs);
	return obj;
}

/* Free objects on other CPUs' arrays are of use too, before the cache grows or when it shrinks. */
static void cache_drain(struct kmem_cache *c)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		struct magazine *m = &c->mag[i];
		u64 irqs;

		if (!READ_ONCE(m->n))
			continue;
		irqs = mag_lock(m);
		mag_flush(c, m, m->n);
		mag_unlock(m, irqs);
	}
}

/* ---- the caches' interface ---- */

static void *__attribute__((noinline)) cache_grow_and_alloc(struct kmem_cache *c, u32 gfp)
{
	struct page *slab = slab_create(c, gfp);
	void *obj;
	u32 got;

	if (!slab) {
		cache_drain(c);
		return mag_alloc(c);
	}
	/*
	 * Taken from the new slab directly: it may be emptied by others between adding it and a
	 * second look.
	 */
	spin_lock(&c->lock);
	obj = slab_take(c, slab);
	c->nr_slabs++;
	list_add(&slab->lru, slab->private == NO_OBJECT ? &c->full : &c->partial);
	got = slab->inuse;
	spin_unlock(&c->lock);
	assert_eq(got, 1);
	return obj;
}

static inline void *hand_out(struct kmem_cache *c, void *obj, u32 gfp)
{
	if (!is_free(c, obj))
		return bad_alloc(c, obj);
	*red_word(c, obj) = red(obj, red_inuse);
	return gfp & GFP_ZERO ? kmemset(obj, 0, c->size) : obj;
}

static void *__attribute__((noinline)) alloc_slow(struct kmem_cache *c, u32 gfp)
{
	void *obj;

	if (gfp & GFP_DIRECT_RECLAIM)
		assert(this_cpu_field(nr_held) == 0 && this_cpu_field(in_irq) == 0);
	if (unlikely(current->fail_nth) && should_fail_alloc(gfp))
		return NULL;
	obj = mag_alloc(c);
	if (!obj)
		obj = cache_grow_and_alloc(c, gfp);
	return obj ? hand_out(c, obj, gfp) : NULL;
}

/*
 * As a rule the CPU's array has an object. This way calls nothing, so it needs no frame; neither
 * does that of free.
 */
void *kmem_cache_alloc(struct kmem_cache *c, u32 gfp)
{
	struct magazine *m;
	void *obj;
	u64 irqs;

	if (unlikely(gfp & GFP_DIRECT_RECLAIM && (this_cpu_field(nr_held) | (unsigned)this_cpu_field(in_irq))))
		return alloc_slow(c, gfp);
	if (unlikely(current->fail_nth))
		return alloc_slow(c, gfp);
	irqs = arch_irq_save();
	m = mag_mine(c);
	mag_spin(m);
	if (unlikely(!m->n)) {
		mag_unlock(m, irqs);
		return alloc_slow(c, gfp);
	}
	obj = m->object[--m->n];
	mag_unlock(m, irqs);
	return hand_out(c, obj, gfp);
}

static void __attribute__((noinline)) free_slow(struct kmem_cache *c, void *obj)
{
	u64 irqs = arch_irq_save();
	struct magazine *m = mag_mine(c);

	mag_spin(m);
	if (m->n == MAG_SIZE)
		mag_flush(c, m, MAG_SIZE / 2);
	m->object[m->n++] = obj;
	mag_unlock(m, irqs);
	if (READ_ONCE(c->nr_empty) > 2)
		cache_trim(c, 1);
}

static inline void cache_free(struct kmem_cache *c, void *obj)
{
	struct magazine *m;
	u64 irqs;

	if (unlikely(*red_word(c, obj) != red(obj, red_inuse)))
		return bad_free(c, obj);
	poison(c, obj);
	irqs = arch_irq_save();
	m = mag_mine(c);
	mag_spin(m);
	if (unlikely(m->n == MAG_SIZE) || unlikely(READ_ONCE(c->nr_empty) > 2)) {
		mag_unlock(m, irqs);
		return free_slow(c, obj);
	}
	m->object[m->n++] = obj;
	mag_unlock(m, irqs);
}

void kmem_cache_free(struct kmem_cache *c, void *p)
{
	struct page *page = virt_to_page(p);

	if (unlikely(!(page->flags & PG_SLAB) || page->cache != c))
		return bad_free(c, p);
	cache_free(c, p);
}

static void cache_init(struct kmem_cache *c, const char *name, size_t size, size_t align)
{
	u64 room;

	if (align < 16)
		align = 16;
	kstrlcpy(c->name, name, sizeof(c->name));
	c->size = (u32)size;
	c->red = (u32)((max(size, (size_t)16) + 7) & ~7ul);
	c->stride = (u32)((c->red + 8 + align - 1) & ~(align - 1));
	while (c->order < SLAB_MAX_ORDER && (PAGE_SIZE << c->order) / c->stride < MIN_OBJECTS)
		c->order++;
	room = PAGE_SIZE << c->order;
	c->per_slab = (u32)(room / c->stride);
	assert(c->per_slab > 0 && !(align & (align - 1)) && align <= PAGE_SIZE);
	spin_init(&c->lock, c->name, RANK_KMEM);
	list_init(&c->partial);
	list_init(&c->full);
	list_init(&c->empty);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align)
{
	struct kmem_cache *c;

	if (nr_caches == MAX_CACHES)
		panic("too many object caches: %s", name);
	c = &caches[nr_caches];
	cache_init(c, name, size, align);
	nr_caches++;
	return c;
}

/* ---- kmalloc ---- */

static void *kmalloc_big(size_t n, u32 gfp)
{
	unsigned order = 0;
	struct page *p;

	while (PAGE_SIZE << order < n)
		if (++order == MAX_ORDER)
			return NULL;
	p = alloc_pages(gfp, order);
	if (!p)
		return NULL;
	p->flags = PG_KMALLOC;
	p->private = order;
	account_pages(KIND_SLAB, 1l << order);
	return page_address(p);
}

static void kfree_big(struct page *p)
{
	u32 order = p->private;

	p->flags = 0;
	account_pages(KIND_SLAB, -(1l << order));
	free_pages(p, order);
}

void *kmalloc(size_t n, u32 gfp)
{
	if (unlikely(n > KMALLOC_MAX_SLAB))
		return kmalloc_big(n, gfp);
	return kmem_cache_alloc(kmalloc_caches[kmalloc_class[(n + 15) / 16]], gfp);
}

void *kzalloc(size_t n, u32 gfp)
{
	return kmalloc(n, gfp | GFP_ZERO);
}

void *kmalloc_array(size_t n, size_t size, u32 gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp | GFP_ZERO);
}

void kfree(const void *p)
{
	struct page *page;

	if (!p)
		return;
	page = virt_to_page(p);
	if (likely(page->flags & PG_SLAB))
		cache_free(page->cache, (void *)(uintptr_t)p);
	else if (page->flags == PG_KMALLOC && !((uintptr_t)p & (PAGE_SIZE - 1)))
		kfree_big(page);
	else
		panic("kfree of %p, which kmalloc did not give (page flags 0x%x)", (void *)(uintptr_t)p, page->flags);
}

/* ---- memory wanted back, and the report ---- */

u64 kmem_shrink(void)
{
	u64 freed = 0;

	for (unsigned i = 0; i < nr_caches; i++) {
		cache_drain(&caches[i]);
		freed += cache_trim(&caches[i], 0);
	}
	return freed;
}

/* Objects that callers hold: those that left the slabs but not those that wait in an array. */
static size_t slabinfo_row(struct kmem_cache *c, char *buf, size_t n)
{
	u64 active, slabs, empty;

	spin_lock(&c->lock);
	active = c->inuse;
	slabs = c->nr_slabs;
	empty = c->nr_empty;
	spin_unlock(&c->lock);
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		u32 waiting = READ_ONCE(c->mag[i].n);

		active -= min(active, (u64)waiting);
	}
	return (size_t)ksnprintf(buf, n, "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
				 c->name, active, slabs * c->per_slab, c->stride, c->per_slab, 1 << c->order, 0, 0, 0,
				 slabs - empty, slabs, 0ul);
}

/* Whole rows from the *cursor-th cache on; bytes written, 0 at the end. */
size_t kmem_slabinfo(char *buf, size_t n, u64 *cursor)
{
	size_t done = 0, len;

	for (; *cursor < nr_caches; ++*cursor) {
		len = slabinfo_row(&caches[*cursor], buf + done, n - done);
		if (len >= n - done)
			break;
		done += len;
	}
	return done;
}

void kmem_init(void)
{
	u64 cookie = arch_random();
	unsigned k = 0;

	red_free = RED_FREE ^ cookie;
	red_inuse = RED_INUSE ^ cookie;
	red_poison = POISON ^ cookie;
	for (unsigned i = 0; i < ARRAY_SIZE(kmalloc_sizes); i++) {
		char name[32];

		ksnprintf(name, sizeof(name), kmalloc_sizes[i] >= 1024 ? "kmalloc-%uk" : "kmalloc-%u",
			  kmalloc_sizes[i] >= 1024 ? kmalloc_sizes[i] / 1024 : kmalloc_sizes[i]);
		kmalloc_caches[i] = kmem_cache_create(name, kmalloc_sizes[i], 16);
	}
	for (unsigned c = 0; c < ARRAY_SIZE(kmalloc_class); c++) {
		if (c * 16 > kmalloc_sizes[k])
			k++;
		kmalloc_class[c] = (u8)k;
	}
}
