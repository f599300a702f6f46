// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of control groups: charging, limits, and what happens at a limit. Mirrors Linux
 * mm/memcontrol.c. memcontrol_files.c has the files.
 *
 * A struct mem_cgroup lives as long as pages are charged to it, its group perhaps not. It is found
 * from a page by page.private, which holds its physical address.
 *
 * At a limit, in Linux's order: clean file pages of the subtree go; then the OOM killer takes one
 * of its processes; who is dying, or has nobody left to kill, is refused.
 *
 * Locks: cgroup_mutex (which groups have limits), oom_lock, tasklist_lock, css_lock (whose group is
 * whose). Counters are atomic: a page is freed in any context.
 */
#include "kernel/cgroup.h"
#include "kernel/memcontrol.h"
#include "kernel/memcontrol_private.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task.h"

#define MEMCG_ALIGN	64u		/* so that 32 bits hold a physical address */
#define RECLAIM_BATCH	32u

_Atomic u32 nr_mem_cgroups;
static enum cgroup_tree memory_tree = CG_V2;	/* [C+K] whose groups have limits */
static struct kmem_cache *memcg_cache;

/* --- life --- */

void mem_cgroup_put(struct mem_cgroup *m)
{
	while (m && atomic_fetch_sub(&m->refs, 1) == 1) {
		struct mem_cgroup *parent = m->parent;

		assert(!m->cgroup);
		assert_eq(atomic_load(&m->usage), 0);
		kmem_cache_free(memcg_cache, m);
		m = parent;
	}
}

static struct mem_cgroup *get_memcg(struct mem_cgroup *m)
{
	if (m)
		atomic_fetch_add(&m->refs, 1);
	return m;
}

/* The limits that hold for cg: its own, or of the nearest above; NULL: none. css_lock held. */
static struct mem_cgroup *effective(struct cgroup *cg)
{
	assert_held(&css_lock);
	while (cg && !cg->memcg)
		cg = cg->parent;
	return cg ? cg->memcg : NULL;
}

int mem_cgroup_online(struct cgroup *cg)
{
	struct mem_cgroup *m = kmem_cache_alloc(memcg_cache, GFP_KERNEL | GFP_ZERO);

	assert_held(&cgroup_mutex);
	if (!m)
		return -ENOMEM;
	atomic_init(&m->refs, 1);
	atomic_init(&m->max, ~0ull);
	atomic_init(&m->swap_max, ~0ull);
	waitq_init(&m->oom_wait, "memcg_oom");
	m->cgroup = cg;
	spin_lock(&css_lock);
	m->parent = get_memcg(effective(cg->parent));
	cg->memcg = m;
	spin_unlock(&css_lock);
	atomic_fetch_add(&nr_mem_cgroups, 1);
	return 0;
}

void mem_cgroup_offline(struct cgroup *cg)
{
	struct mem_cgroup *m = cg->memcg;

	assert_held(&cgroup_mutex);
	if (!m)
		return;
	spin_lock(&css_lock);
	cg->memcg = NULL;
	m->cgroup = NULL;
	spin_unlock(&css_lock);
	wake_up_all(&m->oom_wait);
	atomic_fetch_sub(&nr_mem_cgroups, 1);
	mem_cgroup_put(m);
}

/* Whose limits are not in use can change trees. */
int mem_cgroup_bind(bool to_v1)
{
	assert_held(&cgroup_mutex);
	if (atomic_load(&nr_mem_cgroups))
		return -EBUSY;
	spin_lock(&css_lock);
	memory_tree = to_v1 ? CG_MEMORY : CG_V2;
	cgroup_roots[CG_V2].subtree_control = 0;
	spin_unlock(&css_lock);
	return 0;
}

bool mem_cgroup_on_v2(void)
{
	return memory_tree == CG_V2;
}

struct mem_cgroup *mem_cgroup_of(struct cgroup *cg)
{
	struct mem_cgroup *m;

	spin_lock(&css_lock);
	m = get_memcg(cg->memcg);
	spin_unlock(&css_lock);
	return m;
}

static struct mem_cgroup *task_memcg(struct task *t)
{
	struct mem_cgroup *m;

	spin_lock(&css_lock);
	m = get_memcg(effective(task_cgroup(t, memory_tree)));
	spin_unlock(&css_lock);
	return m;
}

/*
 * The group of who has mm: of the first task that does, or of current, which may be filling one for
 * the program that it is about to become. NULL: no limits. LINUX: no mm has an owner of its own.
 */
static struct mem_cgroup *mm_memcg(const struct mm *mm)
{
	struct mem_cgroup *m;
	struct task *p, *t;

	if (mm == current->mm)
		return task_memcg(current);
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (READ_ONCE(t->mm) == mm)
			goto found;
	t = current;
found:
	m = task_memcg(t);
	read_unlock(&tasklist_lock);
	return m;
}

/* --- pages --- */

static struct mem_cgroup *page_memcg(const struct page *p)
{
	return phys_to_virt((u64)p->private * MEMCG_ALIGN);
}

static u32 memcg_word(const struct mem_cgroup *m)
{
	u64 word = virt_to_phys(m) / MEMCG_ALIGN;

	assert(word <= ~0u);
	return (u32)word;
}

bool mem_cgroup_has_page(const struct mem_cgroup *memcg, const struct page *p)
{
	const struct mem_cgroup *m = READ_ONCE(p->flags) & PG_CHARGED ? page_memcg(p) : NULL;

	while (m && m != memcg)
		m = m->parent;
	return m;
}

static void uncharge_up_to(struct mem_cgroup *m, const struct mem_cgroup *end)
{
	for (; m != end; m = m->parent) {
		atomic_fetch_sub(&m->usage, 1);
		if (unlikely(waitq_active(&m->oom_wait)))
			wake_up_all(&m->oom_wait);
	}
}

void mem_cgroup_uncharge(struct page *p)
{
	struct mem_cgroup *m = page_memcg(p);

	uncharge_up_to(m, NULL);
	mem_cgroup_put(m);
}

static void raise_peak(struct mem_cgroup *m, u64 usage)
{
	u64 peak = atomic_load(&m->peak);

	while (peak < usage && !atomic_compare_exchange_weak(&m->peak, &peak, usage))
		;
}

/*
 * One page more for memcg and all above it. NULL, or which limit is in the way; then nothing is
 * charged.
 */
static struct mem_cgroup *charge_one(struct mem_cgroup *memcg, bool force)
{
	for (struct mem_cgroup *m = memcg; m; m = m->parent) {
		u64 usage = atomic_fetch_add(&m->usage, 1) + 1;

		if (usage > atomic_load(&m->max) && !force) {
			atomic_fetch_sub(&m->usage, 1);
			uncharge_up_to(memcg, m);
			atomic_fetch_add(&m->failcnt, 1);
			return m;
		}
		raise_peak(m, usage);
	}
	return NULL;
}

static bool is_dying(void)
{
	return fatal_signal_pending(current) || current->flags & PF_EXITING;
}

/* 0, or -ENOMEM: memcg, or one above it, is full, and nobody in it can be made to give. */
static int try_charge(struct mem_cgroup *memcg, u32 gfp)
{
	bool force = gfp & GFP_NOFAIL || current->flags & PF_MEMALLOC;

	for (;;) {
		struct mem_cgroup *over = charge_one(memcg, force);
		u64 freed;

		if (!over)
			return 0;
		mem_cgroup_event(over, MEMORY_MAX);
		if (!(gfp & GFP_DIRECT_RECLAIM))
			return -ENOMEM;
		freed = reclaim_mem_cgroup(over, RECLAIM_BATCH);
		if (!freed && (is_dying() || !mem_cgroup_out_of_memory(over, gfp)))
			return -ENOMEM;
		cond_resched();
	}
}

struct page *__mem_cgroup_charge(struct page *p, struct mm *mm, u32 gfp)
{
	struct mem_cgroup *m = current->flags & PF_KTHREAD ? NULL : mm_memcg(mm);

	if (!m)
		return p;
	might_sleep();
	if (try_charge(m, gfp)) {
		mem_cgroup_put(m);
		put_page(p);
		return NULL;
	}
	p->private = memcg_word(m);
	p->flags |= PG_CHARGED;		/* the reference is now its own */
	return p;
}

/* --- events --- */

void mem_cgroup_event(struct mem_cgroup *memcg, enum memory_event event)
{
	atomic_fetch_add(&memcg->local_events[event], 1);
	spin_lock(&css_lock);
	for (struct mem_cgroup *m = memcg; m; m = m->parent) {
		atomic_fetch_add(&m->events[event], 1);
		if (m->cgroup)
			cgroup_file_changed(m->cgroup, EVENT_MEMORY);
	}
	spin_unlock(&css_lock);
}

void mem_cgroup_event_task(struct task *t, enum memory_event event)
{
	struct mem_cgroup *m;

	if (likely(!atomic_load(&nr_mem_cgroups)))
		return;
	m = task_memcg(t);
	if (!m)
		return;
	mem_cgroup_event(m, event);
	mem_cgroup_put(m);
}

/* --- at the limit --- */

/*
 * oom_lock is only tried, as in the allocator: whoever has it frees memory. true: try again. Sleeps
 * a little then, so that the victim can run.
 */
bool mem_cgroup_out_of_memory(struct mem_cgroup *memcg, u32 gfp)
{
	struct oom_control oc = { .gfp = gfp, .memcg = memcg };
	bool again = true;

	if (READ_ONCE(memcg->oom_kill_disable))
		return false;
	if (mutex_trylock(&oom_lock)) {
		oc.freed_seq = atomic_load(&oom_freed_seq);
		if (atomic_load(&memcg->usage) >= atomic_load(&memcg->max)) {
			mem_cgroup_event(memcg, MEMORY_OOM);
			again = out_of_memory(&oc);
		}
		mutex_unlock(&oom_lock);
	}
	if (again && !is_dying())
		msleep(1);
	return again;
}

struct cgroup *mem_cgroup_group(const struct mem_cgroup *memcg)
{
	struct cgroup *cg;

	spin_lock(&css_lock);
	cg = memcg->cgroup ? cgroup_get(memcg->cgroup) : NULL;
	spin_unlock(&css_lock);
	return cg;
}

u64 mem_cgroup_max(const struct mem_cgroup *memcg)
{
	return max(min(atomic_load(&memcg->max), totalram_pages()), 1ul);
}

void mem_cgroup_print(const struct mem_cgroup *memcg)
{
	pr_info("memory: usage %lukB, limit %lukB, failcnt %lu\n", atomic_load(&memcg->usage) * 4,
		mem_cgroup_max(memcg) * 4, atomic_load(&memcg->failcnt));
}

struct mem_cgroup *mem_cgroup_oom_group(struct task *t, const struct mem_cgroup *domain)
{
	struct mem_cgroup *m, *found = NULL;

	if (likely(!atomic_load(&nr_mem_cgroups)))
		return NULL;
	spin_lock(&css_lock);
	for (m = effective(task_cgroup(t, memory_tree)); m; m = m->parent) {
		if (m->oom_group)
			found = m;
		if (m == domain)
			break;
	}
	get_memcg(found);
	spin_unlock(&css_lock);
	return found;
}

/* --- version 1: a full group that waits for somebody outside --- */

static bool must_wait(struct mem_cgroup *m)
{
	return READ_ONCE(m->oom_kill_disable) && m->cgroup && atomic_load(&m->usage) >= atomic_load(&m->max);
}

/* The full group above current that must not kill: referenced, or NULL. */
static struct mem_cgroup *waits_for(void)
{
	struct mem_cgroup *m = task_memcg(current), *found = m;

	while (found && !must_wait(found))
		found = found->parent;
	get_memcg(found);
	mem_cgroup_put(m);
	return found;
}

bool mem_cgroup_oom_synchronize(void)
{
	struct mem_cgroup *m;

	if (likely(!atomic_load(&nr_mem_cgroups)))
		return false;
	m = waits_for();
	if (!m)
		return false;
	atomic_fetch_add(&m->under_oom, 1);
	(void)wait_event_state(&m->oom_wait, !must_wait(m), TASK_KILLABLE | TASK_FREEZABLE, NO_DEADLINE);
	atomic_fetch_sub(&m->under_oom, 1);
	mem_cgroup_put(m);
	return true;
}

void mem_cgroup_init(void)
{
	memcg_cache = kmem_cache_create("mem_cgroup", sizeof(struct mem_cgroup), MEMCG_ALIGN);
}
