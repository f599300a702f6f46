// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory given back under pressure: clean file pages that can be read again, then what shrinkers
 * offer, then empty slabs. Mirrors Linux mm/vmscan.c at its simplest: one list in order of last
 * use, no kswapd, no writeback from here.
 *
 * Locks: lru_lock; mapping->vmas_lock; mm->mmap_lock by trylock only, because the allocating task
 * may hold any of them.
 */
#include "kernel/abi.h"
#include "kernel/cgroup.h"
#include "kernel/fs/files.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/vm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "kernel/waitq.h"

static struct spinlock lru_lock = SPINLOCK_INIT("lru", RANK_LRU);
static LIST_HEAD(lru);				/* [lru_lock] coldest first */
static u64 nr_lru;				/* [lru_lock] */
static struct waitq forget_wait = WAITQ_INIT(forget_wait, "lru_forget");

/*
 * One page being looked at. While it is listed here its mapping may not go away: lru_forget_mapping
 * waits.
 */
struct isolated {
	struct list node;
	struct mapping *mapping;
};
static LIST_HEAD(isolated_list);		/* [lru_lock] */

void lru_add(struct page *p)
{
	spin_lock(&lru_lock);
	if (!(p->flags & PG_LRU)) {
		p->flags |= PG_LRU;
		list_add_tail(&p->lru, &lru);
		nr_lru++;
	}
	spin_unlock(&lru_lock);
}

void lru_del(struct page *p)
{
	spin_lock(&lru_lock);
	if (p->flags & PG_LRU) {
		p->flags &= ~PG_LRU;
		list_del(&p->lru);
		nr_lru--;
	}
	spin_unlock(&lru_lock);
}

static bool mapping_isolated(struct mapping *m)
{
	struct isolated *i;
	bool found = false;

	spin_lock(&lru_lock);
	list_for_each(i, &isolated_list, node)
		found |= i->mapping == m;
	spin_unlock(&lru_lock);
	return found;
}

void lru_forget_mapping(struct mapping *m)
{
	if (mapping_isolated(m))
		wait_event(&forget_wait, !mapping_isolated(m));
}

/*
 * The coldest page, referenced, sent to the tail in case it stays; its mapping pinned through iso.
 * NULL: the list is empty.
 */
static struct page *lru_isolate(struct isolated *iso)
{
	struct page *p = NULL;

	spin_lock(&lru_lock);
	if (!list_empty(&lru)) {
		p = list_first(&lru, struct page, lru);
		list_move_tail(&p->lru, &lru);
		get_page(p);
		iso->mapping = p->mapping;
		list_add(&iso->node, &isolated_list);
	}
	spin_unlock(&lru_lock);
	return p;
}

static void lru_unisolate(struct isolated *iso)
{
	spin_lock(&lru_lock);
	list_del(&iso->node);
	spin_unlock(&lru_lock);
	if (waitq_active(&forget_wait))
		wake_up_all(&forget_wait);
}

static bool reclaim_one(struct page *p, struct mapping *m)
{
	if (!m || p->flags & (PG_DIRTY | PG_LOCKED))
		return false;
	if (p->mapcount && !try_unmap_page(m, p))
		return false;
	return mapping_try_release(p);
}

/*
 * Looks at each page that was on the list at the start once. memcg: only at those charged to it or
 * below; NULL: all.
 */
static u64 reclaim_lru(u64 want, const struct mem_cgroup *memcg)
{
	u64 freed = 0, left = READ_ONCE(nr_lru);

	while (left-- && freed < want) {
		struct isolated iso = { .node = LIST_INIT(iso.node) };
		struct page *p = lru_isolate(&iso);

		if (!p)
			break;
		if ((!memcg || mem_cgroup_has_page(memcg, p)) && reclaim_one(p, iso.mapping))
			freed++;
		lru_unisolate(&iso);
		put_page(p);
	}
	return freed;
}

static u64 run_shrinkers(u64 want)
{
	const struct shrinker *s;
	u64 freed = 0;

	SET_FOREACH(s, shrinkers) {
		if (freed >= want)
			break;
		freed += s->shrink(want == SHRINK_ALL ? want : want - freed);
	}
	return freed;
}

u64 reclaim_pages(u64 want)
{
	u64 freed = reclaim_lru(want, NULL);

	if (freed < want)
		freed += run_shrinkers(want - freed);
	if (freed < want)
		freed += kmem_shrink();
	atomic_fetch_add_explicit(&vm_counters[VM_PGRECLAIM], freed, memory_order_relaxed);
	return freed;
}

/* What other users of the machine need does not count. LINUX: and nothing goes to a swap. */
u64 reclaim_mem_cgroup(const struct mem_cgroup *memcg, u64 want)
{
	u64 freed;

	might_sleep();
	if (current->flags & PF_MEMALLOC)
		return 0;
	current->flags |= PF_MEMALLOC;
	freed = reclaim_lru(want, memcg);
	current->flags &= ~PF_MEMALLOC;
	count_vm_n(VM_PGRECLAIM, freed);
	return freed;
}

void drop_caches(void)
{
	might_sleep();
	/* In this order: an agent that cannot run dies, and a victim that is dead is none that the reaper could still take up. */
	cgroup_wait_for_notifier();
	wait_for_dead_tasks();
	wait_for_oom_reaper();
	reclaim_lru(SHRINK_ALL, NULL);
	run_shrinkers(SHRINK_ALL);
	kmem_shrink();
	page_drain();
}
