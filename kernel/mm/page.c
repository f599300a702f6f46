// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page frames: a buddy allocator with watermarks, per-CPU lists in front of it, and what
 * happens when it runs dry. Mirrors Linux mm/page_alloc.c.
 *
 * Locks: a CPU's own list (struct pcp, a bare flag: interrupts off while it is held, nothing taken
 * under it but zone.lock), then zone.lock.
 *
 * A free page has refs 0. On a buddy list it is PG_BUDDY and private is its order; on a CPU's list
 * it is not PG_BUDDY, so it does not merge; page_drain() brings those back. nr_free counts both.
 */
#include "kernel/abi.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/lib/string.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/timer.h"

#define PCP_MAX		511u		/* pages on one CPU's list, which fills a page */
#define PCP_BATCH	16u
#define PCP_ORDER	4u		/* largest block a refill takes whole: 2^4 == PCP_BATCH */
#define RECLAIM_BATCH	32u
#define COSTLY_ORDER	3u		/* larger blocks are not worth endless tries */

struct pcp {
	_Atomic u32 busy;
	u32 n;
	struct page *page[PCP_MAX];
} __aligned(64);
_Static_assert(sizeof(struct pcp) == PAGE_SIZE, "a CPU's list is found by a shift");

static struct {
	struct spinlock lock;
	struct list free[MAX_ORDER];	/* [lock] */
} zone = { .lock = SPINLOCK_INIT("zone", RANK_ZONE) };

static struct pcp pcps[MAX_CPUS];
static _Atomic s64 nr_free;
static u64 nr_managed, nr_map;		/* pages the allocator owns; pages mem_map describes */
static s64 wmark[WMARK_NONE + 1];

struct page *mem_map;
pfn_t mem_map_base;
struct page *zero_page;
_Atomic u64 vm_counters[NR_VM_COUNTERS];
_Atomic s64 page_kinds[NR_PAGE_KINDS];

u64 nr_free_pages(void)
{
	return (u64)atomic_load_explicit(&nr_free, memory_order_relaxed);
}

u64 totalram_pages(void)
{
	return nr_managed;
}

u64 wmark_pages(enum wmark m)
{
	return (u64)wmark[m];
}

void copy_page(struct page *dst, const struct page *src)
{
	arch_copy_page(page_address(dst), page_address(src));
}

/* ---- buddy lists; zone.lock held ---- */

/* A block of @order at @p joins its free buddies, as far as that goes. */
static void buddy_insert(struct page *p, unsigned order)
{
	u64 i = (u64)(p - mem_map);

	for (; order < MAX_ORDER - 1; order++) {
		u64 b = i ^ 1ull << order;
		struct page *buddy = &mem_map[b];

		if (b >= nr_map || !(buddy->flags & PG_BUDDY) || buddy->private != order)
			break;
		buddy->flags = 0;
		list_del(&buddy->lru);
		i &= b;
	}
	p = &mem_map[i];
	p->flags = PG_BUDDY;
	p->private = order;
	list_add(&p->lru, &zone.free[order]);
}

/* @n pages from @p on, in blocks as large as their place allows. */
static void buddy_insert_run(struct page *p, u64 n)
{
	while (n) {
		u64 i = (u64)(p - mem_map);
		unsigned order = 0;

		while (order < MAX_ORDER - 1 && !(i & 1ull << order) && 2ull << order <= n)
			order++;
		buddy_insert(p, order);
		p += 1ull << order;
		n -= 1ull << order;
	}
}

/*
 * The smallest free block of at least @order, cut down to at most @most; *got is its order. NULL if
 * there is none.
 */
static struct page *buddy_remove(unsigned order, unsigned most, unsigned *got)
{
	unsigned o = order;
	struct page *p;

	while (o < MAX_ORDER && list_empty(&zone.free[o]))
		o++;
	if (o == MAX_ORDER)
		return NULL;
	p = list_first(&zone.free[o], struct page, lru);
	assert(p->flags == PG_BUDDY && p->private == o);
	list_del(&p->lru);
	p->flags = 0;
	while (o > most) {
		struct page *half = p + (1ul << --o);

		half->flags = PG_BUDDY;
		half->private = o;
		list_add(&half->lru, &zone.free[o]);
	}
	*got = o;
	return p;
}

/* ---- per-CPU lists ---- */

static inline void pcp_spin(struct pcp *c)
{
	while (unlikely(atomic_exchange_explicit(&c->busy, 1, memory_order_acquire)))
		arch_cpu_relax();
}

/* Any CPU's list. The value goes to pcp_unlock: whether interrupts were on. */
static bool pcp_lock(struct pcp *c)
{
	bool on = arch_irqs_on();

	if (on)
		arch_irq_disable();
	pcp_spin(c);
	return on;
}

/* Interrupts go off before the CPU is looked up, so that it stays the same. */
static inline struct pcp *pcp_lock_mine(bool *on)
{
	struct pcp *c;

	*on = arch_irqs_on();
	if (*on)
		arch_irq_disable();
	c = &pcps[this_cpu_field(id)];
	pcp_spin(c);
	return c;
}

static inline void pcp_unlock(struct pcp *c, bool on)
{
	atomic_store_explicit(&c->busy, 0, memory_order_release);
	if (on)
		arch_irq_enable();
}

static void __attribute__((noinline)) pcp_refill(struct pcp *c)
{
	unsigned got;

	spin_lock(&zone.lock);
	while (c->n < PCP_BATCH) {
		struct page *p = buddy_remove(0, PCP_ORDER, &got);

		if (!p)
			break;
		for (unsigned i = 1u << got; i-- > 0;)
			c->page[c->n++] = p + i;
	}
	spin_unlock(&zone.lock);
}

/*
 * Pages merge with their buddies. Memory that was touched in order comes back in order, or in the
 * reverse one: a run of neighbours is one block, or a few, from the start.
 */
static void buddy_insert_pages(struct page **page, u32 n)
{
	u32 run;

	spin_lock(&zone.lock);
	for (u32 i = 0; i < n; i += run) {
		struct page *first = page[i], *next = first;

		run = 1;
		if (i + 1 < n && page[i + 1] == first - 1) {
			while (i + run < n && page[i + run] == first - 1) {
				first--;
				run++;
			}
		} else {
			while (i + run < n && page[i + run] == next + 1) {
				next++;
				run++;
			}
		}
		buddy_insert_run(first, run);
	}
	spin_unlock(&zone.lock);
}

/* The @n oldest pages of the list go. */
static void __attribute__((noinline)) pcp_flush(struct pcp *c, u32 n)
{
	buddy_insert_pages(c->page, n);
	c->n -= n;
	for (u32 i = 0; i < c->n; i++)
		c->page[i] = c->page[i + n];
}

void page_drain(void)
{
	for (unsigned i = 0; i < MAX_CPUS; i++) {
		struct pcp *c = &pcps[i];
		bool on;

		if (!READ_ONCE(c->n))
			continue;
		on = pcp_lock(c);
		pcp_flush(c, c->n);
		pcp_unlock(c, on);
	}
}

static struct page *pcp_alloc(void)
{
	struct page *p = NULL;
	struct pcp *c;
	bool on;

	c = pcp_lock_mine(&on);
	if (unlikely(!c->n))
		pcp_refill(c);
	if (likely(c->n))
		p = c->page[--c->n];
	pcp_unlock(c, on);
	return p;
}

static inline void pcp_add(struct pcp *c, struct page *p)
{
	if (unlikely(c->n == PCP_MAX))
		pcp_flush(c, PCP_MAX / 2);
	c->page[c->n++] = p;
}

static void pcp_free(struct page *p)
{
	struct pcp *c;
	bool on;

	c = pcp_lock_mine(&on);
	pcp_add(c, p);
	pcp_unlock(c, on);
}

static struct page *block_alloc(unsigned order)
{
	struct page *p;
	unsigned got;

	spin_lock(&zone.lock);
	p = buddy_remove(order, order, &got);
	spin_unlock(&zone.lock);
	return p;
}

/* ---- one attempt ---- */

static struct page *take_block(unsigned order)
{
	struct page *p = order ? block_alloc(order) : pcp_alloc();

	if (unlikely(!p)) {
		/* The pages may be on other CPUs' lists. */
		page_drain();
		p = order ? block_alloc(order) : pcp_alloc();
	}
	return p;
}

struct page *get_page_from_freelist(u32 gfp, unsigned order, enum wmark mark)
{
	s64 floor = wmark[mark], want = 1l << order;
	s64 left = atomic_load_explicit(&nr_free, memory_order_relaxed) - want;
	struct page *p;

	if (gfp & GFP_HIGH_PRIO)
		floor -= floor / 2;
	if (unlikely(left < floor || left < 0))
		return NULL;
	p = take_block(order);
	if (unlikely(!p))
		return NULL;
	assert(atomic_load_explicit(&p->refs, memory_order_relaxed) == 0 && p->mapcount == 0 && p->flags == 0);
	atomic_fetch_sub_explicit(&nr_free, want, memory_order_relaxed);
	if (unlikely(left < wmark[WMARK_MIN]))
		count_vm(VM_ALLOC_BELOW_MIN);
	count_vm(VM_PGALLOC);
	atomic_store_explicit(&p->refs, 1, memory_order_relaxed);
	p->mapping = NULL;
	p->index = 0;
	p->private = 0;
	if (gfp & GFP_ZERO)
		for (s64 i = 0; i < want; i++)
			arch_clear_page(page_address(p + i));
	return p;
}

/* ---- the slow path, in Linux's order ---- */

static bool may_reclaim(u32 gfp)
{
	return (gfp & GFP_DIRECT_RECLAIM) && !(current->flags & (PF_MEMALLOC | PF_IDLE));
}

static bool is_victim(void)
{
	return current->group && tsk_is_oom_victim(current);
}

/* How deep this caller may go into the reserves. */
static enum wmark reserve_mark(void)
{
	if (current->flags & PF_MEMALLOC)
		return WMARK_NONE;
	return current->group && oom_may_use_reserves(current) ? WMARK_OOM : WMARK_MIN;
}

static struct page *reclaim_and_alloc(u32 gfp, unsigned order, u64 *freed)
{
	u64 want = 1ull << order;

	might_sleep();
	current->flags |= PF_MEMALLOC;
	*freed = reclaim_pages(want > RECLAIM_BATCH ? want : RECLAIM_BATCH);
	current->flags &= ~PF_MEMALLOC;
	return *freed || order ? get_page_from_freelist(gfp, order, WMARK_MIN) : NULL;
}

static void __cold alloc_failed(u32 gfp, unsigned order)
{
	static _Atomic u64 last;
	u64 now = ktime_ns(), then = atomic_load(&last);

	count_vm(VM_ALLOC_FAIL);
	if (gfp & GFP_NOWARN || is_victim())
		return;
	if ((then && now < then + 1000000000ull) || !atomic_compare_exchange_strong(&last, &then, now))
		return;
	pr_warn("%s: page allocation failure: order:%u, mode:0x%x, free:%lu min:%lu pages\n",
		current->comm, order, gfp, nr_free_pages(), wmark_pages(WMARK_MIN));
}

/* One round with everything allowed; NULL and *again if it is worth another. */
static struct page *slow_round(u32 gfp, unsigned order, bool *again)
{
	enum wmark reserve = reserve_mark();
	bool progress = false;
	struct page *p;
	u64 freed;

	*again = false;
	p = get_page_from_freelist(gfp, order, WMARK_MIN);
	if (!p && reserve != WMARK_MIN)
		p = get_page_from_freelist(gfp, order, reserve);
	if (p || !may_reclaim(gfp))
		return p;
	p = reclaim_and_alloc(gfp, order, &freed);
	if (p || gfp & GFP_NORETRY)
		return p;
	if (freed && order <= COSTLY_ORDER) {
		*again = true;
		return NULL;
	}
	p = alloc_pages_may_oom(gfp, order, &progress);
	/*
	 * A victim does not loop once it has had its attempt with the reserve: others wait for its
	 * memory.
	 */
	*again = !p && progress && reserve != WMARK_OOM;
	return p;
}

static struct page *__attribute__((noinline)) alloc_pages_slow(u32 gfp, unsigned order)
{
	struct page *p;
	bool again;

	for (;;) {
		p = slow_round(gfp, order, &again);
		if (p)
			return p;
		if (!again && (!(gfp & GFP_NOFAIL) || !may_reclaim(gfp)))
			break;
		/*
		 * LINUX: where Linux spins for NOFAIL, sleep a tick, so that whoever holds the
		 * memory can run.
		 */
		if (again)
			cond_resched();
		else
			msleep(1);
	}
	alloc_failed(gfp, order);
	return NULL;
}

struct page *alloc_pages(u32 gfp, unsigned order)
{
	struct page *p;

	assert(order < MAX_ORDER);
	if (gfp & GFP_DIRECT_RECLAIM)
		assert(this_cpu_field(nr_held) == 0 && this_cpu_field(in_irq) == 0);
	if (unlikely(current->fail_nth) && should_fail_alloc(gfp))
		return NULL;
	p = get_page_from_freelist(gfp, order, WMARK_LOW);
	if (likely(p))
		return p;
	return alloc_pages_slow(gfp, order);
}

/* ---- free ---- */

#define PG_BAD		(PG_BUDDY | PG_SLAB | PG_RESERVED | PG_LRU | PG_KMALLOC)
#define PG_UNUSUAL	(PG_BAD | PG_CHARGED)

/* Not as most pages are when they are freed: charged to a group, or a bug. */
static void __attribute__((noinline)) check_free_slow(struct page *p, u32 refs)
{
	if (refs == 0 && p->mapcount == 0 && !(p->flags & PG_BAD) && !p->mapping) {
		mem_cgroup_uncharge(p);
		return;
	}
	panic("bad page freed: pfn 0x%lx refs %u mapcount %d flags 0x%x mapping %p", page_to_pfn(p),
	      refs, p->mapcount, p->flags,
	      (void *)p->mapping);
}

/* p->flags are taken off by the caller. */
static void check_free(struct page *p, u32 refs)
{
	if (likely(refs == 0 && p->mapcount == 0 && !(p->flags & PG_UNUSUAL) && !p->mapping))
		return;
	check_free_slow(p, refs);
}

/* refs went from 1 to 0, or below, which check_free catches. */
void free_page_slow(struct page *p)
{
	check_free(p, atomic_load_explicit(&p->refs, memory_order_relaxed));
	if (p->flags & PG_ANON)
		account_pages(KIND_ANON, -1);
	p->flags = 0;
	count_vm(VM_PGFREE);
	pcp_free(p);
	atomic_fetch_add_explicit(&nr_free, 1, memory_order_relaxed);
}

void put_pages(struct page **page, unsigned n)
{
	unsigned freed = 0, others = 0;
	struct pcp *c;
	bool on;

	for (unsigned i = 0; i < n; i++) {
		struct page *p = page[i];
		u32 flags;

		if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) {
			assert((s32)atomic_load_explicit(&p->refs, memory_order_relaxed) >= 0);
			continue;
		}
		flags = p->flags;
		if (unlikely(flags & PG_UNUSUAL || p->mapcount || p->mapping))
			check_free_slow(p, 0);
		if (unlikely(!(flags & PG_ANON)))
			others++;
		p->flags = 0;
		page[freed++] = p;
	}
	if (!freed)
		return;
	account_pages(KIND_ANON, (s64)others - freed);
	count_vm_n(VM_PGFREE, freed);
	c = pcp_lock_mine(&on);
	if (likely(c->n + freed <= PCP_MAX)) {
		kmemcpy(c->page + c->n, page, freed * sizeof(*page));
		c->n += freed;
	} else {
		/* The list would take them only to pass on as many. */
		buddy_insert_pages(page, freed);
	}
	pcp_unlock(c, on);
	atomic_fetch_add_explicit(&nr_free, freed, memory_order_relaxed);
}

void free_pages(struct page *p, unsigned order)
{
	u32 was = atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel);

	assert(order < MAX_ORDER);
	assert_eq(was, 1);
	if (!order) {
		free_page_slow(p);
		return;
	}
	check_free(p, 0);
	p->flags = 0;
	count_vm(VM_PGFREE);
	spin_lock(&zone.lock);
	buddy_insert(p, order);
	spin_unlock(&zone.lock);
	atomic_fetch_add_explicit(&nr_free, 1l << order, memory_order_relaxed);
}

/* ---- boot ---- */

static u64 isqrt(u64 x)
{
	u64 r = 0;

	for (u64 bit = 1ull << 31; bit; bit >>= 1)
		if ((r + bit) * (r + bit) <= x)
			r += bit;
	return r;
}

/*
 * Linux's numbers: min is 4 * sqrt(KiB of RAM) KiB; low and high are a quarter of min, or a
 * thousandth of RAM, above each other.
 */
static void set_watermarks(void)
{
	u64 kib = nr_managed << (PAGE_SHIFT - 10);
	u64 min_kib = 4 * isqrt(kib);
	s64 step;

	min_kib = min_kib < 128 ? 128 : min_kib > 262144 ? 262144 : min_kib;
	wmark[WMARK_MIN] = (s64)(min_kib >> (PAGE_SHIFT - 10));
	step = max(wmark[WMARK_MIN] / 4, (s64)(nr_managed / 1000));
	wmark[WMARK_LOW] = wmark[WMARK_MIN] + step;
	wmark[WMARK_HIGH] = wmark[WMARK_LOW] + step;
	wmark[WMARK_OOM] = wmark[WMARK_MIN] / 2;
	wmark[WMARK_NONE] = 0;
}

/* Hands pages [pfn, end) of mem_map, whose fields are 0, to the allocator. */
static void release_pages(pfn_t pfn, pfn_t end)
{
	u64 n = end - pfn;

	spin_lock(&zone.lock);
	buddy_insert_run(pfn_to_page(pfn), n);
	spin_unlock(&zone.lock);
	nr_managed += n;
	atomic_fetch_add(&nr_free, (s64)n);
}

static void reserve_pages(pfn_t pfn, pfn_t end)
{
	for (; pfn < end; pfn++)
		pfn_to_page(pfn)->flags = PG_RESERVED;
}

void page_init(const struct mem_range *ranges, unsigned n)
{
	const u64 block = PAGE_SIZE << (MAX_ORDER - 1);
	u64 lo = ~0ull, hi = 0, done, bytes;
	const struct mem_range *home = NULL;

	for (unsigned i = 0; i < n; i++) {
		lo = min(lo, ranges[i].start);
		hi = max(hi, ranges[i].end);
	}
	assert(n && hi > lo);
	/*
	 * Whole blocks at both ends, so that no buddy lies outside and boot data just behind the
	 * last range is covered.
	 */
	lo &= ~(block - 1);
	hi = (hi + block - 1) & ~(block - 1);
	mem_map_base = lo >> PAGE_SHIFT;
	nr_map = (hi - lo) >> PAGE_SHIFT;
	bytes = PAGE_ALIGN(nr_map * sizeof(struct page));
	for (unsigned i = 0; i < n; i++)
		if (ranges[i].end - ranges[i].start >= bytes &&
		    (!home || ranges[i].end - ranges[i].start > home->end - home->start))
			home = &ranges[i];
	if (!home)
		panic("no room for the page map: %lu bytes for %lu pages", bytes, nr_map);
	mem_map = phys_to_virt(home->start);
	kmemset(mem_map, 0, bytes);
	for (unsigned o = 0; o < MAX_ORDER; o++)
		list_init(&zone.free[o]);
	done = lo;
	for (unsigned i = 0; i < n; i++) {
		u64 start = ranges[i].start + (&ranges[i] == home ? bytes : 0);

		assert(start >= done);
		reserve_pages(done >> PAGE_SHIFT, start >> PAGE_SHIFT);
		release_pages(start >> PAGE_SHIFT, ranges[i].end >> PAGE_SHIFT);
		done = ranges[i].end;
	}
	reserve_pages(done >> PAGE_SHIFT, hi >> PAGE_SHIFT);
	set_watermarks();
	zero_page = get_page_from_freelist(GFP_ZERO, 0, WMARK_NONE);
	assert(zero_page);
}

void page_free_range(u64 start, u64 end)
{
	pfn_t pfn = PAGE_ALIGN(start) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	for (; pfn < last; pfn++) {
		if (pfn < mem_map_base || pfn - mem_map_base >= nr_map || pfn_to_page(pfn)->flags != PG_RESERVED)
			continue;
		pfn_to_page(pfn)->flags = 0;
		release_pages(pfn, pfn + 1);
	}
	set_watermarks();
}
