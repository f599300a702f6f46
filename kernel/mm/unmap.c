// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking pages out of address spaces: a range of one, a page or a range of a file out of all, and
 * everything private out of an OOM victim. Mirrors the zap half of Linux mm/memory.c, mm/rmap.c and
 * __oom_reap_task_mm.
 *
 * Locks: mm->mmap_lock (in reclaim and in the reaper by trylock, or because current has it), then
 * mapping->vmas_lock or mapping->lock.
 *
 * An entry is cleared first, then no CPU uses it any more (arch_tlb_flush), and only then its page
 * may be used again: pages wait in a batch in between.
 */
#include "kernel/abi.h"
#include "kernel/mm/vm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define ZAP_BATCH	64u
#define ZAP_NONE	USER_MAX
#define RECLAIM_TRIES	64u		/* address spaces that reclaim asks about one page */

struct zap {
	uaddr_t lo;			/* the first entry cleared since the last flush, or ZAP_NONE */
	uaddr_t next;			/* where to go on; entries cleared since the last flush lie below */
	const struct vma *vma;
	unsigned n, files;		/* pages in the batch, and how many of them are the file's own */
	struct page *page[ZAP_BATCH];
};

/* The machine wrote through the mapping and nobody has told the page cache. */
static void page_was_written(struct page *p)
{
	struct mapping *m = p->mapping;

	if (!m || p->flags & (PG_SHMEM | PG_DIRTY))
		return;
	spin_lock(&m->lock);
	if (p->mapping == m)
		p->flags |= PG_DIRTY;
	spin_unlock(&m->lock);
}

/*
 * The slots of [va, end), which are adjacent, are emptied until the batch is full, which is true;
 * the page of each is mapped once less and waits in the batch. Every page of a dying process comes
 * by here.
 */
static bool zap_slots(struct zap *z, pte_t *slot, uaddr_t va, uaddr_t end)
{
	const bool shared = z->vma->flags & VM_SHARED;
	pte_t *at = slot, *stop = slot + (end - va) / PAGE_SIZE, *last;
	struct page **next = z->page + z->n, **full = z->page + ZAP_BATCH;
	unsigned files = 0;

	while (at < stop && !*at)
		at++;
	if (at == stop)
		return false;
	if (z->lo == ZAP_NONE)
		z->lo = va + (u64)(at - slot) * PAGE_SIZE;
	for (last = at; at < stop && next < full; at++) {
		struct page *p;
		pte_t e;

		if (!*at)
			continue;
		/*
		 * Other threads may be running on it: the machine sets its accessed and dirty bits
		 * until the moment of the exchange.
		 */
		e = atomic_exchange_explicit((_Atomic pte_t *)at, 0, memory_order_relaxed);
		last = at;
		p = pfn_to_page(pte_pfn(e));
		if (p == zero_page)
			continue;
		if (unlikely(shared && pte_dirty(e)))
			page_was_written(p);
		atomic_fetch_sub_explicit(&p->mapcount, 1, memory_order_relaxed);
		if (unlikely(!(p->flags & PG_ANON)))
			files++;
		*next++ = p;
	}
	z->next = va + (u64)(last + 1 - slot) * PAGE_SIZE;
	z->n = (unsigned)(next - z->page);
	z->files += files;
	return next == full;
}

/* From z->next on until the batch is full, which is true, or to @end. */
static bool zap_some(struct zap *z, uaddr_t end)
{
	uaddr_t va = z->next, next;

	for (; va < end; va = next) {
		pte_t *slot = arch_pte_block(z->vma->mm, va, &next);

		next = min(next, end);
		if (slot && zap_slots(z, slot, va, next))
			return true;
		cond_resched();
	}
	return false;
}

static void zap_finish(struct mm *mm, struct zap *z)
{
	if (z->lo == ZAP_NONE)
		return;
	arch_tlb_flush(mm, z->lo, z->next);
	z->lo = ZAP_NONE;
	if (!z->n)
		return;
	mm->hiwater_rss = max(mm->hiwater_rss, (u64)mm_rss(mm));
	if (z->n != z->files)
		add_rss(mm, MM_ANON, -(s64)(z->n - z->files));
	if (z->files)
		add_rss(mm, vma_rss_kind(z->vma), -(s64)z->files);
	put_pages(z->page, z->n);
	z->n = z->files = 0;
}

static bool __attribute__((noinline)) zap_pages(struct vma *v, uaddr_t start, uaddr_t end)
{
	struct zap z;
	bool more;

	assert_held(&v->mm->mmap_lock);
	z.lo = ZAP_NONE;
	z.next = start;
	z.vma = v;
	z.n = z.files = 0;
	do {
		more = zap_some(&z, end);
		zap_finish(v->mm, &z);
		if (more)
			cond_resched();
	} while (more);
	return z.next != start;
}

/* One page that is not there needs no batch. */
bool zap_range(struct vma *v, uaddr_t start, uaddr_t end)
{
	if (end - start == PAGE_SIZE) {
		const pte_t *slot = slot_find(v->mm, start);

		if (!slot || !*slot)
			return false;
	}
	return zap_pages(v, start, end);
}

static int zap_to_marker(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	const bool asks = pte_uffd_wp(*slot);

	(void)mm;
	if (pte_is_marker(*slot))
		return 0;
	zap_range(ctx, va, va + PAGE_SIZE);
	if (asks)
		*slot = pte_make_marker();
	return 0;
}

void zap_pages_of(struct vma *v, uaddr_t start, uaddr_t end)
{
	if (unlikely(v->ops && v->flags & VM_UFFD_WP))
		pte_range(v->mm, start, end, zap_to_marker, v);
	else
		zap_range(v, start, end);
}

/* Is there a whole span of that size in the hole [floor, ceiling) that [start, end) touches? */
static inline bool empties_span(uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling, unsigned shift)
{
	u64 span = 1ull << shift;
	uaddr_t lo = start & ~(span - 1), hi = (end + span - 1) & ~(span - 1);

	return lo + (lo < floor ? span : 0) < hi - (hi > ceiling ? span : 0);
}

static void __attribute__((noinline))
free_spans(struct mm *mm, uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling)
{
	u64 span = 1ull << 21;

	for (unsigned shift = 30; shift <= 39 && empties_span(start, end, floor, ceiling, shift); shift += 9)
		span = 1ull << shift;
	mm->slots = NULL;
	arch_pt_free_range(mm, max(start & ~(span - 1), floor), min((end + span - 1) & ~(span - 1), ceiling));
}

/*
 * Tables cover 2 MiB, 1 GiB and 512 GiB. Only those whole spans that the new hole emptied are
 * looked through; a small hole among other mappings costs nothing. The rest goes with the mm.
 */
void free_tables(struct mm *mm, uaddr_t start, uaddr_t end, unsigned next)
{
	uaddr_t floor = next ? mm->vmas[next - 1]->end : 0;
	uaddr_t ceiling = next < mm->nr_vmas ? mm->vmas[next]->start : USER_MAX;

	if (empties_span(start, end, floor, ceiling, 21))
		free_spans(mm, start, end, floor, ceiling);
}

/* ---- a file's pages, out of every address space ---- */

/*
 * A walk over the mappings of a file that sleeps between them: a marker of its own on the list,
 * told by having no mm, keeps its place. New mappings come at the tail, so they are met too.
 */
struct walk {
	struct mapping *m;
	u64 id;
	struct vma marker;
	struct mm *mm;			/* where it is, pinned (the struct, not its users) */
};

static void walk_start(struct walk *w, struct mapping *m)
{
	static _Atomic u64 walks;

	w->m = m;
	w->id = atomic_fetch_add(&walks, 1) + 1;
	w->mm = NULL;
	w->marker.mm = NULL;
	spin_lock(&m->vmas_lock);
	list_add(&w->marker.mapping_node, &m->vmas);
	spin_unlock(&m->vmas_lock);
}

/* The next mm with a mapping of the file, pinned until the next step; NULL at the end. */
static struct mm *walk_next(struct walk *w)
{
	struct list *head = &w->m->vmas, *at;
	struct mm *before = w->mm;

	w->mm = NULL;
	spin_lock(&w->m->vmas_lock);
	for (at = w->marker.mapping_node.next; at != head && !w->mm; at = at->next) {
		struct mm *mm = list_entry(at, struct vma, mapping_node)->mm;

		/* All of an mm's mappings are seen to at once. Another walk may hide that, and it is seen to again. */
		if (!mm || atomic_load(&mm->walked) == w->id)
			continue;
		atomic_store(&mm->walked, w->id);
		/* It stays linked, and so its mm alive, until somebody takes vmas_lock. */
		mmgrab(mm);
		w->mm = mm;
	}
	list_del(&w->marker.mapping_node);
	if (w->mm)
		list_add_tail(&w->marker.mapping_node, at);
	spin_unlock(&w->m->vmas_lock);
	if (before)
		mmdrop(before);
	return w->mm;
}

/* Wherever it is. */
static void walk_stop(struct walk *w)
{
	spin_lock(&w->m->vmas_lock);
	list_del(&w->marker.mapping_node);
	spin_unlock(&w->m->vmas_lock);
	if (w->mm)
		mmdrop(w->mm);
}

/* Only the file's own page goes, not a private copy in its place. */
static int zap_own_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	struct page *p = pfn_to_page(pte_pfn(*slot));
	struct vma *v = ctx;

	(void)mm;
	if (!(p->flags & PG_ANON))
		zap_pages_of(v, va, va + PAGE_SIZE);
	return 0;
}

static void zap_own_of(struct vma *v, uaddr_t start, uaddr_t end)
{
	pte_range(v->mm, start, end, zap_own_pte, v);
}

/* Applies zap to what each mapping of m shows of pages [from, to). */
static void zap_everywhere(struct mapping *m, u64 from, u64 to, void (*zap)(struct vma *v, uaddr_t start, uaddr_t end))
{
	struct walk w;
	struct mm *mm;

	might_sleep();
	walk_start(&w, m);
	while ((mm = walk_next(&w))) {
		mutex_lock(&mm->mmap_lock);
		for (unsigned i = 0; i < mm->nr_vmas; i++) {
			struct vma *v = mm->vmas[i];
			u64 first = max(from, v->pgoff), last = min(to, v->pgoff + vma_pages(v));

			if (vma_mapping(v) == m && first < last)
				zap(v, v->start + ((first - v->pgoff) << PAGE_SHIFT),
				    v->start + ((last - v->pgoff) << PAGE_SHIFT));
		}
		mutex_unlock(&mm->mmap_lock);
	}
}

void unmap_mapping_range(struct mapping *m, u64 from, u64 to)
{
	zap_everywhere(m, from, to, zap_pages_of);
}

void unmap_mapping_pages(struct mapping *m, u64 from, u64 to)
{
	zap_everywhere(m, from, to, zap_own_of);
}

/* p's entry in v, if it has one there (a private copy may be in its place). */
static void unmap_page_from(struct vma *v, const struct page *p)
{
	uaddr_t va = v->start + ((p->index - v->pgoff) << PAGE_SHIFT);
	pte_t *slot;

	if (p->index < v->pgoff || p->index - v->pgoff >= vma_pages(v))
		return;
	slot = slot_find(v->mm, va);
	if (slot && *slot && pfn_to_page(pte_pfn(*slot)) == p)
		zap_range(v, va, va + PAGE_SIZE);
}

/*
 * The allocation that needs memory may be part of a fault in this very mm: then current holds the
 * lock already, and the fault looks again at the entry it was about when it has its page.
 */
static void reclaim_from(struct mm *mm, struct mapping *m, struct page *p)
{
	bool mine = mutex_is_held(&mm->mmap_lock);

	if (!mine && !mutex_trylock(&mm->mmap_lock))
		return;
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (vma_mapping(mm->vmas[i]) == m && !(mm->vmas[i]->flags & VM_LOCKED))
			unmap_page_from(mm->vmas[i], p);
	if (!mine)
		mutex_unlock(&mm->mmap_lock);
}

bool try_unmap_page(struct mapping *m, struct page *p)
{
	struct walk w;
	struct mm *mm;

	walk_start(&w, m);
	for (unsigned tries = 0; p->mapcount > 0 && tries < RECLAIM_TRIES && (mm = walk_next(&w)); tries++)
		reclaim_from(mm, m, p);
	walk_stop(&w);
	return p->mapcount == 0;
}

/* ---- the OOM reaper's walk ---- */

/*
 * What only this mm can see goes: anonymous memory and private copies. Its tasks may still run:
 * MMF_UNSTABLE, set before the first page goes, makes their next fault end in SIGBUS instead of
 * showing zeroes.
 */
bool oom_reap_mm(struct mm *mm)
{
	if (!mutex_trylock(&mm->mmap_lock))
		return false;
	atomic_fetch_or(&mm->flags, MMF_UNSTABLE);
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (!(mm->vmas[i]->flags & VM_SHARED))
			zap_range(mm->vmas[i], mm->vmas[i]->start, mm->vmas[i]->end);
	mutex_unlock(&mm->mmap_lock);
	return true;
}
