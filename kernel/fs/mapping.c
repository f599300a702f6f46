// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page cache of one file: a radix tree from page index to page, filling pages and writing them
 * back. Mirrors the first half of Linux mm/filemap.c and lib/radix-tree.c; filemap.c has the other
 * half.
 *
 * Locks: m->lock (spinning) protects tree and page flags; it nests inside everything that sleeps
 * and outside the clean list's. A page in the tree holds one reference of the tree. PG_LOCKED:
 * somebody fills or writes it; wait in page_waitq.
 */
#include "kernel/fs/dcache.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"

#define RADIX_BITS	6
#define RADIX_SLOTS	(1u << RADIX_BITS)
#define RADIX_MAX	(64 / RADIX_BITS + 1)

struct radix_node {
	void *slot[RADIX_SLOTS];
	u32 count;
};

static struct kmem_cache *radix_cache;
static struct waitq page_waitq = WAITQ_INIT(page_waitq, "page");

void mapping_cache_init(void)
{
	radix_cache = kmem_cache_create("radix_tree_node", sizeof(struct radix_node), 8);
}

/* --- the tree; m->lock held --- */

static u64 radix_capacity(unsigned height)
{
	return height * RADIX_BITS >= 64 ? ~0ull : (1ull << height * RADIX_BITS) - 1;	/* highest index */
}

static unsigned radix_slot(u64 index, unsigned level)
{
	return (unsigned)(index >> level * RADIX_BITS) % RADIX_SLOTS;
}

/* The lowest node on the way to index, NULL if there is none. */
static inline struct radix_node *radix_leaf(const struct mapping *m, u64 index)
{
	struct radix_node *n = m->root;

	if (!n || index > radix_capacity(m->height))
		return NULL;
	for (unsigned shift = m->height * RADIX_BITS; n && shift > RADIX_BITS;) {
		shift -= RADIX_BITS;
		n = n->slot[index >> shift & (RADIX_SLOTS - 1)];
	}
	return n;
}

static inline struct page *radix_get(const struct mapping *m, u64 index)
{
	const struct radix_node *n = radix_leaf(m, index);

	return n ? n->slot[radix_slot(index, 0)] : NULL;
}

/* How many nodes an insertion at index would add: taller tree first, then the way down. */
static unsigned radix_missing(const struct mapping *m, u64 index)
{
	unsigned height = m->height, need = 0;
	struct radix_node *n;

	while (!height || index > radix_capacity(height)) {
		height++;
		need++;
	}
	if (!m->root)
		return height;
	if (need)
		return need + height - 1;
	n = m->root;
	for (unsigned level = height - 1; level > 0; level--) {
		n = n->slot[radix_slot(index, level)];
		if (!n)
			return level;
	}
	return 0;
}

/* Nodes brought along for an insertion, chained through slot 0. */
struct spares {
	struct radix_node *first;
	unsigned count;
};

static struct radix_node *spare_take(struct spares *s)
{
	struct radix_node *n = s->first;

	s->first = n->slot[0];
	s->count--;
	n->slot[0] = NULL;
	return n;
}

/* 0, or -EAGAIN: bring radix_missing() nodes. A failure changes nothing. */
static int radix_insert(struct mapping *m, u64 index, struct page *p, struct spares *spares)
{
	struct radix_node *n;

	if (spares->count < radix_missing(m, index))
		return -EAGAIN;
	while (!m->root || index > radix_capacity(m->height)) {
		n = spare_take(spares);
		if (m->root) {
			n->slot[0] = m->root;
			n->count = 1;
		} else {
			/* An empty tree becomes as tall as index needs at once. */
			while (index > radix_capacity(m->height + 1))
				m->height++;
		}
		m->root = n;
		m->height++;
	}
	n = m->root;
	for (unsigned level = m->height - 1; level > 0; level--) {
		unsigned s = radix_slot(index, level);

		if (!n->slot[s]) {
			n->slot[s] = spare_take(spares);
			n->count++;
		}
		n = n->slot[s];
	}
	assert(!n->slot[radix_slot(index, 0)]);
	n->slot[radix_slot(index, 0)] = p;
	n->count++;
	return 0;
}

/* Nodes that become empty are freed. LINUX: the tree does not get lower before it is empty. */
static void radix_remove(struct mapping *m, u64 index)
{
	struct radix_node *path[RADIX_MAX], *n = m->root;
	unsigned level = m->height;

	while (level-- > 0) {
		path[level] = n;
		if (level)
			n = n->slot[radix_slot(index, level)];
	}
	for (level = 0; level < m->height; level++) {
		n = path[level];
		n->slot[radix_slot(index, level)] = NULL;
		if (--n->count)
			return;
		kmem_cache_free(radix_cache, n);
	}
	m->root = NULL;
	m->height = 0;
}

/* The first page at or after *index. */
static struct page *radix_next(const struct mapping *m, u64 *index)
{
	u64 i = *index;

	while (m->root && i <= radix_capacity(m->height)) {
		struct radix_node *n = m->root;
		unsigned level = m->height;

		while (level > 0) {
			struct radix_node *next = n->slot[radix_slot(i, level - 1)];

			if (!next)
				break;
			n = next;
			level--;
		}
		if (level == 0) {
			*index = i;
			return (struct page *)n;
		}
		/* Nothing below this slot: go to the first index of the next one. */
		u64 step = 1ull << (level - 1) * RADIX_BITS;
		u64 up = (i | (step - 1)) + 1;
		if (up == 0)
			break;
		i = up;
	}
	return NULL;
}

/* --- pages in and out --- */

static enum page_kind mapping_kind(const struct mapping *m)
{
	return m->flags & MAPPING_SHMEM ? KIND_SHMEM : KIND_FILE;
}

/* One more page against the limits of tmpfs. 0 or -ENOSPC. */
static int charge(struct mapping *m)
{
	return m->flags & MAPPING_SHMEM && m->host ? tmpfs_charge(m->host->sb, 1) : 0;
}

static void uncharge(struct mapping *m)
{
	if (m->flags & MAPPING_SHMEM && m->host)
		tmpfs_uncharge(m->host->sb, 1);
}

/* Takes p out of the tree; the caller puts the tree's reference after unlocking. m->lock held. */
static void remove_page(struct mapping *m, struct page *p)
{
	assert_held(&m->lock);
	if (p->flags & PG_LRU)
		lru_del(p);
	radix_remove(m, p->index);
	m->nr_pages--;
	p->mapping = NULL;
	p->flags &= ~(PG_DIRTY | PG_SHMEM);
	account_pages(mapping_kind(m), -1);
	uncharge(m);
}

/*
 * Puts p at index. 0, -EEXIST, -ENOMEM, -ENOSPC. The tree takes its own reference. Whether there is
 * room is asked under the lock: it may be gone for the very page that somebody else has just put there.
 */
static int insert_page(struct mapping *m, u64 index, struct page *p, u32 gfp)
{
	struct spares spares = { 0 };
	struct radix_node *n;
	int err;

	for (;;) {
		spin_lock(&m->lock);
		err = radix_get(m, index) ? -EEXIST : charge(m);
		if (!err) {
			err = radix_insert(m, index, p, &spares);
			if (err)
				uncharge(m);
		}
		if (!err) {
			get_page(p);
			p->mapping = m;
			p->index = index;
			if (m->flags & MAPPING_SHMEM)
				p->flags |= PG_SHMEM;
			m->nr_pages++;
			account_pages(mapping_kind(m), 1);
		}
		spin_unlock(&m->lock);
		if (err != -EAGAIN)
			break;
		n = kmem_cache_alloc(radix_cache, gfp | GFP_ZERO);
		if (!n) {
			err = -ENOMEM;
			break;
		}
		n->slot[0] = spares.first;
		spares.first = n;
		spares.count++;
	}
	while (spares.count)
		kmem_cache_free(radix_cache, spare_take(&spares));
	return err;
}

static void page_unlock(struct mapping *m, struct page *p, u32 set_flags)
{
	spin_lock(&m->lock);
	p->flags = (p->flags & ~PG_LOCKED) | set_flags;
	spin_unlock(&m->lock);
	wake_up_all(&page_waitq);
}

static bool page_busy(struct page *p)
{
	return READ_ONCE(p->flags) & PG_LOCKED;
}

/* A new page at index, filled; NULL if somebody else was faster. ERR_PTR. */
static struct page *add_page(struct mapping *m, u64 index, u32 gfp)
{
	struct page *p = alloc_page(gfp | GFP_ZERO);
	int err;

	if (p)
		p = mem_cgroup_charge(p, current->mm, gfp);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->flags |= m->readpage ? PG_LOCKED : PG_UPTODATE;
	err = insert_page(m, index, p, gfp);
	if (err) {
		p->flags &= ~(PG_LOCKED | PG_UPTODATE);
		put_page(p);
		return err == -EEXIST ? NULL : ERR_PTR(err);
	}
	if (!m->readpage)
		return p;
	err = m->readpage(m, p);
	if (!err) {
		spin_lock(&m->lock);
		p->flags |= PG_UPTODATE;
		if (p->mapping == m && !(p->flags & (PG_DIRTY | PG_LRU)))
			lru_add(p);
		spin_unlock(&m->lock);
		page_unlock(m, p, 0);
		return p;
	}
	spin_lock(&m->lock);
	bool mine = p->mapping == m;
	if (mine)
		remove_page(m, p);
	p->flags |= PG_ERROR;
	spin_unlock(&m->lock);
	page_unlock(m, p, 0);
	if (mine)
		put_page(p);
	put_page(p);
	return ERR_PTR(err);
}

int mapping_add_page(struct mapping *m, u64 index, struct page *p)
{
	int err;

	assert(!m->readpage);
	p->flags |= PG_UPTODATE;
	err = insert_page(m, index, p, GFP_USER);
	if (err)
		p->flags &= ~PG_UPTODATE;
	return err;
}

struct page *mapping_get_page(struct mapping *m, u64 index, u32 gfp)
{
	struct page *p;

	might_sleep();
	for (;;) {
		spin_lock(&m->lock);
		p = radix_get(m, index);
		if (p) {
			get_page(p);
			u32 how = p->flags & (PG_UPTODATE | PG_LOCKED | PG_HWPOISON);
			spin_unlock(&m->lock);
			if (how == PG_UPTODATE)
				return p;
			if (how & PG_HWPOISON) {
				put_page(p);
				return ERR_PTR(-EHWPOISON);
			}
			wait_event(&page_waitq, !page_busy(p));
			if (READ_ONCE(p->flags) & PG_UPTODATE && READ_ONCE(p->mapping) == m)
				return p;
			put_page(p);
			continue;
		}
		spin_unlock(&m->lock);
		p = add_page(m, index, gfp);
		if (p)
			return p;
	}
}

bool mapping_replace_page(struct mapping *m, struct page *old, struct page *new)
{
	bool alone;

	assert(m->flags & MAPPING_SHMEM);
	spin_lock(&m->lock);
	alone = old->mapping == m && atomic_load(&old->refs) == 2 && !(old->flags & (PG_LOCKED | PG_HWPOISON));
	if (alone) {
		radix_leaf(m, old->index)->slot[radix_slot(old->index, 0)] = new;
		copy_page(new, old);
		new->flags = old->flags;
		new->mapping = m;
		new->index = old->index;
		new->private = old->private;	/* who pays */
		old->mapping = NULL;
		old->flags = 0;
	}
	spin_unlock(&m->lock);
	return alone;
}

struct page *mapping_find_page(struct mapping *m, u64 index)
{
	struct page *p;

	spin_lock(&m->lock);
	p = radix_get(m, index);
	if (p && !(p->flags & PG_UPTODATE))
		p = NULL;
	if (p)
		get_page(p);
	spin_unlock(&m->lock);
	return p;
}

void mapping_find_pages(struct mapping *m, u64 first, unsigned n, struct page **pages)
{
	spin_lock(&m->lock);
	for (unsigned i = 0; i < n;) {
		const struct radix_node *leaf = radix_leaf(m, first + i);
		unsigned at = radix_slot(first + i, 0), stop = min(n, i + RADIX_SLOTS - at);

		for (; i < stop; i++, at++) {
			struct page *p = leaf ? leaf->slot[at] : NULL;

			pages[i] = NULL;
			if (!p || (p->flags & (PG_UPTODATE | PG_LOCKED | PG_HWPOISON)) != PG_UPTODATE)
				continue;
			get_page(p);
			pages[i] = p;
		}
	}
	spin_unlock(&m->lock);
}

struct page *mapping_next_page(struct mapping *m, u64 *index, u32 flags)
{
	struct page *p;

	spin_lock(&m->lock);
	while ((p = radix_next(m, index)) && (p->flags & flags) != flags) {
		if (++*index == 0) {
			p = NULL;
			break;
		}
	}
	if (p)
		get_page(p);
	spin_unlock(&m->lock);
	return p;
}

void mapping_truncate_range(struct mapping *m, u64 from, u64 to)
{
	might_sleep();
	while (from < to) {
		struct page *p;

		spin_lock(&m->lock);
		p = radix_next(m, &from);
		if (!p || from >= to) {
			spin_unlock(&m->lock);
			return;
		}
		if (p->flags & PG_LOCKED) {
			get_page(p);
			spin_unlock(&m->lock);
			wait_event(&page_waitq, !page_busy(p));
			put_page(p);
			continue;
		}
		remove_page(m, p);
		spin_unlock(&m->lock);
		put_page(p);
		from++;
		cond_resched();
	}
}

static bool is_zero_page(const struct page *p)
{
	const u64 *word = page_address(p);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i])
			return false;
	return true;
}

void mapping_drop_unused(struct mapping *m, u64 from, u64 to)
{
	struct page *p;

	assert(m->flags & MAPPING_SHMEM);
	for (; from < to; from++) {
		spin_lock(&m->lock);
		p = radix_next(m, &from);
		if (!p || from >= to) {
			spin_unlock(&m->lock);
			return;
		}
		if (atomic_load(&p->refs) == 1 && is_zero_page(p))	/* refs: the tree's, so no table has it */
			remove_page(m, p);
		else
			p = NULL;
		spin_unlock(&m->lock);
		if (p)
			put_page(p);
		cond_resched();
	}
}

void mapping_truncate(struct mapping *m, u64 from_index)
{
	mapping_truncate_range(m, from_index, ~0ull);
}

void mapping_set_dirty(struct page *p)
{
	struct mapping *m = p->mapping;

	if (!m)
		return;
	spin_lock(&m->lock);
	if (p->mapping == m && !(p->flags & PG_DIRTY)) {
		p->flags |= PG_DIRTY;
		if (p->flags & PG_LRU)
			lru_del(p);
	}
	spin_unlock(&m->lock);
}

bool mapping_clear_dirty(struct mapping *m, struct page *p)
{
	bool dirty;

	spin_lock(&m->lock);
	dirty = p->flags & PG_DIRTY && p->mapping == m;
	p->flags &= ~PG_DIRTY;
	spin_unlock(&m->lock);
	return dirty;
}

void mapping_start_write(struct mapping *m, struct page *p)
{
	might_sleep();
	for (;;) {
		spin_lock(&m->lock);
		bool busy = p->flags & PG_LOCKED;
		p->flags |= PG_LOCKED;
		spin_unlock(&m->lock);
		if (!busy)
			return;
		wait_event(&page_waitq, !page_busy(p));
	}
}

void mapping_end_write(struct mapping *m, struct page *p)
{
	spin_lock(&m->lock);
	p->flags &= ~PG_LOCKED;
	if (p->mapping == m && !(p->flags & (PG_DIRTY | PG_LRU)))
		lru_add(p);
	spin_unlock(&m->lock);
	wake_up_all(&page_waitq);
}

bool mapping_try_release(struct page *p)
{
	struct mapping *m = READ_ONCE(p->mapping);
	bool gone = false;

	if (!m)
		return false;
	spin_lock(&m->lock);
	if (p->mapping == m && atomic_load(&p->refs) == 2 && !atomic_load(&p->mapcount) &&
	    !(p->flags & (PG_DIRTY | PG_LOCKED))) {
		remove_page(m, p);
		gone = true;
	}
	spin_unlock(&m->lock);
	if (gone)
		put_page(p);
	return gone;
}
