// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM killer: whom to kill, the kill, and the sharers of the victim's memory. Mirrors Linux 6.1
 * mm/oom_kill.c. Who counts as a victim and until when is the accounting design's affair:
 * oom_victim.c and kernel/oom/.
 *
 * Locks, outermost first: oom_lock (mutex), tasklist_lock (read; LINUX: stands in for RCU),
 * task_lock of the victim thread, then siglock for SIGKILL and freezer_lock for the thaw.
 *
 * The limit of a memory cgroup runs out like the machine's memory, but its own tasks alone are
 * looked at (oc->memcg), and only its own victims are waited for.
 *
 * LINUX: one victim until its memory is really free. A victim is in flight from its mark until
 * every page of its mm is back and every thread is past its last close (so that shared and tmpfs
 * pages it alone held are back too, and those of an IPC namespace it was the last of); while one
 * is, nobody else is chosen. Linux looks at the mm alone and forgets a dying leader, so it kills
 * bystanders whose death helps nobody.
 */
#include "kernel/abi.h"
#include "kernel/cgroup.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/pause.h"
#include "kernel/printk.h"
#include "kernel/trace.h"

struct mutex oom_lock = MUTEX_INIT(oom_lock, "oom_lock", RANK_OOM);
int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks = 1;

#define OOM_SCORE_ADJ_MIN	(-1000)
#define OOM_COSTLY_ORDER	3	/* larger blocks fail instead of killing */

static bool is_global_init(const struct task *t)
{
	return t->tgid == 1;
}

static bool oom_unkillable_task(const struct task *p)
{
	return is_global_init(p) || (p->flags & PF_KTHREAD);
}

/* Some thread of p tells whose mm p uses; the leader may be a zombie. tasklist_lock held. */
static bool process_shares_mm(struct task *p, struct mm *mm)
{
	struct task *t;

	for_each_thread(p->group, t) {
		struct mm *t_mm = READ_ONCE(t->mm);
		if (t_mm)
			return t_mm == mm;
	}
	return false;
}

/* A vfork child borrows its parent's mm: killing it frees nothing. task_lock(t) held. */
static bool in_vfork(const struct task *t)
{
	return t->vfork_done && t->real_parent->mm == t->mm;
}

/*
 * Points: rss + page tables, in pages, plus oom_score_adj thousandths of all memory. LONG_MIN: not
 * killable. tasklist_lock held.
 */
static long oom_badness(struct task *p, u64 totalpages)
{
	long points = INT64_MIN, adj = p->group->oom_score_adj;

	if (oom_unkillable_task(p))
		return INT64_MIN;
	struct task *t = find_lock_task_mm(p);
	if (!t)
		return INT64_MIN;
	if (adj != OOM_SCORE_ADJ_MIN && !(atomic_load(&t->mm->flags) & MMF_OOM_SKIP) && !in_vfork(t))
		points = (long)mm_rss(t->mm) + (long)arch_pt_pages(t->mm) + adj * ((long)totalpages / 1000);
	task_unlock(t);
	return points;
}

/* /proc/PID/oom_score: 0 for the unkillable, else Linux's 0..2000 scale. */
int oom_score(struct task *p)
{
	long total = totalram_pages();

	read_lock(&tasklist_lock);
	long badness = oom_badness(p, total);
	read_unlock(&tasklist_lock);
	return badness == INT64_MIN ? 0 : (int)((1000 + badness * 1000 / total) * 2 / 3);
}

/* --- a task that is dying anyway --- */

/*
 * Has it been told to end, with nothing to keep it? One that dumps core may take its time about it,
 * and all its threads with it, unless SIGKILL puts an end to that.
 */
static bool group_is_killed(const struct group *g)
{
	if (!(READ_ONCE(g->flags) & SIGNAL_GROUP_EXIT))
		return false;
	return !READ_ONCE(g->core_state) || READ_ONCE(g->group_exit_code) == SIGKILL;
}

static bool group_is_dying(struct task *t)
{
	if (group_is_killed(t->group))
		return true;
	return thread_group_empty(t) && (t->flags & PF_EXITING);
}

/*
 * Will t's mm go away by itself, with all its users? tasklist_lock held; t->mm stable (task_lock,
 * or current).
 */
static bool task_will_free_mem(struct task *t)
{
	struct mm *mm = t->mm;
	struct task *p;

	if (!mm || !group_is_dying(t))
		return false;
	if (atomic_load(&mm->flags) & MMF_OOM_SKIP)
		return false;
	if (atomic_load(&mm->mm_users) <= 1)
		return true;
	for_each_process(p)
		if (!same_thread_group(p, t) && process_shares_mm(p, mm) && !group_is_dying(p))
			return false;
	return true;
}

/* --- the choice --- */

static void oom_evaluate_task(struct task *p, struct oom_control *oc)
{
	long points;

	/* A victim already: it was given up on, or this is sysrq asking for one more. */
	if (oom_unkillable_task(p) || tsk_is_oom_victim(p))
		return;
	points = p->group->oom_flag_origin ? INT64_MAX : oom_badness(p, oc->totalpages);
	if (points == INT64_MIN || points <= oc->chosen_points)
		return;
	oc->chosen = p;
	oc->chosen_points = points;
}

static void select_among_all(struct oom_control *oc)
{
	struct task *p;

	oc->aborted = !oc->sysrq && oom_victim_in_flight();
	if (oc->aborted)
		return;
	read_lock(&tasklist_lock);
	for_each_process(p)
		oom_evaluate_task(p, oc);
	if (oc->chosen)
		get_task(oc->chosen);
	read_unlock(&tasklist_lock);
}

static void select_among_members(struct oom_control *oc, struct cgroup *cg)
{
	struct task *p;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		if (!cgroup_has_process(cg, p))
			continue;
		oc->aborted |= tsk_is_oom_victim(p) && oom_group_in_flight(p->group);
		oom_evaluate_task(p, oc);
	}
	if (oc->aborted)
		oc->chosen = NULL;
	if (oc->chosen)
		get_task(oc->chosen);
	read_unlock(&tasklist_lock);
}

/*
 * oc->chosen, referenced, or NULL; oc->aborted if a victim is still in flight. sysrq does not wait
 * for it.
 */
static void select_bad_process(struct oom_control *oc)
{
	struct cgroup *cg;

	oc->chosen = NULL;
	oc->chosen_points = INT64_MIN;
	oc->aborted = false;
	if (likely(!oc->memcg)) {
		select_among_all(oc);
		return;
	}
	cg = mem_cgroup_group(oc->memcg);
	if (!cg)
		return;
	select_among_members(oc, cg);
	cgroup_put(cg);
}

/* --- the report --- */

static void dump_tasks(struct oom_control *oc)
{
	struct cgroup *cg = oc->memcg ? mem_cgroup_group(oc->memcg) : NULL;
	struct task *p, *t;

	pr_info("Tasks state (memory values in pages):\n");
	pr_info("[  pid  ]  tgid total_vm      rss pgtables oom_score_adj name\n");
	read_lock(&tasklist_lock);
	for_each_process(p) {
		if (oom_unkillable_task(p) || (cg && !cgroup_has_process(cg, p)))
			continue;
		t = find_lock_task_mm(p);
		if (!t)
			continue;
		pr_info("[%7d] %5d %8lu %8ld %8lu %13d %s\n", t->pid, t->tgid, t->mm->total_vm, (long)mm_rss(t->mm),
			arch_pt_pages(t->mm), t->group->oom_score_adj, t->comm);
		task_unlock(t);
	}
	read_unlock(&tasklist_lock);
	cgroup_put(cg);
}

static void dump_header(struct oom_control *oc)
{
	pr_warn("%s invoked oom-killer: gfp_mask=0x%x, order=%u, oom_score_adj=%d\n", current->comm, oc->gfp, oc->order,
		current->group->oom_score_adj);
	pr_info("free:%lu min:%lu low:%lu high:%lu total:%lu pages\n", nr_free_pages(), wmark_pages(WMARK_MIN),
		wmark_pages(WMARK_LOW), wmark_pages(WMARK_HIGH), totalram_pages());
	if (oc->memcg)
		mem_cgroup_print(oc->memcg);
	if (sysctl_oom_dump_tasks)
		dump_tasks(oc);
}

/* --- the kill --- */

static void kill_sharer(struct task *p, struct mm *mm)
{
	kill_group(p);
	oom_hook(mark_sharer, p, mm);
}

/*
 * Every other process that uses the victim's mm dies too, unmarked: the mm would stay otherwise.
 * init never does; then the mm will not go away, so stop waiting for it. tasklist_lock held.
 */
static bool kill_sharers(struct task *victim, struct mm *mm)
{
	bool can_reap = true;
	struct task *p;

	for_each_process(p) {
		if (same_thread_group(p, victim) || (p->flags & PF_KTHREAD) || !process_shares_mm(p, mm))
			continue;
		if (is_global_init(p))
			can_reap = false;
		else
			kill_sharer(p, mm);
	}
	return can_reap;
}

static void log_kill(const char *message, struct task *t)
{
	struct mm *mm = t->mm;

	pr_err("%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%ldkB, file-rss:%ldkB, shmem-rss:%ldkB, oom_score_adj:%d\n",
	       message, t->tgid, t->comm, mm->total_vm * 4,
	       (long)atomic_load(&mm->rss[MM_ANON]) * 4, (long)atomic_load(&mm->rss[MM_FILE]) * 4,
	       (long)atomic_load(&mm->rss[MM_SHMEM]) * 4, t->group->oom_score_adj);
}

/* SIGKILL before the mark: no code still running in user mode gets at the reserves (S21). */
static void __oom_kill_process(struct task *victim, const char *message)
{
	struct mm *mm;
	struct task *t;
	bool can_reap;

	assert_held(&oom_lock);
	read_lock(&tasklist_lock);
	t = find_lock_task_mm(victim);
	if (!t) {
		read_unlock(&tasklist_lock);
		pr_info("%s: OOM victim %d (%s) is already exiting. Skip killing the task\n", message, victim->tgid, victim->comm);
		return;
	}
	mm = t->mm;
	mmgrab(mm);
	count_vm(VM_OOM_KILL);
	mem_cgroup_event_task(t, MEMORY_OOM_KILL);
	trace(TRACE_oom_kill, t->tgid, t->pid);
	kill_group(t);
	mark_oom_victim(t);
	log_kill(message, t);
	task_unlock(t);
	can_reap = kill_sharers(t, mm);
	read_unlock(&tasklist_lock);
	if (can_reap)
		wake_oom_reaper();
	else
		oom_give_up_on(victim->group, "init uses its memory too");
	mmdrop(mm);
}

/*
 * A victim that is dying by itself is only marked: it gets the reserves and is waited for. true if
 * that was enough.
 */
static bool mark_if_dying(struct task *victim)
{
	bool dying = false;
	struct task *t;

	read_lock(&tasklist_lock);
	t = find_lock_task_mm(victim);
	if (t) {
		dying = task_will_free_mem(t);
		if (dying)
			mark_oom_victim(t);
		task_unlock(t);
	}
	read_unlock(&tasklist_lock);
	if (dying)
		wake_oom_reaper();
	return dying;
}

/* One member of cg that is not killed yet and may be: referenced, or NULL. */
static struct task *next_member(struct cgroup *cg)
{
	struct task *p, *t, *found = NULL;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		if (oom_unkillable_task(p) || p->group->oom_score_adj == OOM_SCORE_ADJ_MIN ||
		    group_is_killed(p->group) || !cgroup_has_process(cg, p))
			continue;
		t = find_lock_task_mm(p);
		if (!t)
			continue;
		task_unlock(t);
		found = get_task(p);
		break;
	}
	read_unlock(&tasklist_lock);
	return found;
}

/* memory.oom.group: with one of its members all die. Each is a victim of its own. */
static void kill_members(struct mem_cgroup *memcg)
{
	struct cgroup *cg = mem_cgroup_group(memcg);
	struct task *p;

	if (!cg)
		return;
	mem_cgroup_event(memcg, MEMORY_OOM_GROUP_KILL);
	pr_info("Tasks in %s are going to be killed due to memory.oom.group set\n", cg->name);
	while ((p = next_member(cg))) {
		__oom_kill_process(p, "Memory cgroup out of memory");
		put_task(p);
	}
	cgroup_put(cg);
}

static void oom_kill_process(struct oom_control *oc, const char *message)
{
	if (!mark_if_dying(oc->chosen)) {
		struct mem_cgroup *whole = mem_cgroup_oom_group(oc->chosen, oc->memcg);

		dump_header(oc);
		__oom_kill_process(oc->chosen, message);
		if (whole) {
			kill_members(whole);
			mem_cgroup_put(whole);
		}
	}
	pause_point("oom_killed");
}

/* current is going anyway: mark it, so that it gets out quickly. true if so. */
static bool mark_current_if_dying(void)
{
	bool dying;

	read_lock(&tasklist_lock);
	dying = task_will_free_mem(current);
	if (dying)
		mark_oom_victim(current);
	read_unlock(&tasklist_lock);
	if (dying)
		wake_oom_reaper();
	return dying;
}

static u64 notify_oom(void)
{
	const struct oom_notifier *n;
	u64 freed = 0;

	SET_FOREACH(n, oom_notifiers)
		freed += n->notify();
	return freed;
}

static bool may_kill_current(void)
{
	return current->mm && !oom_unkillable_task(current) && current->group->oom_score_adj != OOM_SCORE_ADJ_MIN;
}

static void check_panic_on_oom(struct oom_control *oc)
{
	if (likely(!sysctl_panic_on_oom) || oc->sysrq || (oc->memcg && sysctl_panic_on_oom != 2))
		return;
	dump_header(oc);
	panic("Out of memory: %s panic_on_oom is enabled", sysctl_panic_on_oom == 2 ? "compulsory" : "system-wide");
}

/*
 * The steps are Linux's, in its order. oom_lock held. true: look at the free lists again; false:
 * the allocation fails.
 *
 * A victim may finish between the caller's last look at the free lists and the scan below, which
 * then finds nobody in flight and would kill a bystander although memory is free. oom_freed_seq
 * closes that:
 *
 *	allocator (holds oom_lock)              last thread of the victim
 *	seq = oom_freed_seq
 *	free lists: nothing
 *	                                        pages go back
 *	                                        not in flight any more, oom_freed_seq++
 *	scan: nobody in flight, chooses B
 *	seq != oom_freed_seq: look again
 *
 * If the increment comes before the first line, the pages were back before the free lists were
 * looked at. LINUX: nothing killable left is not a panic; the allocation fails, and a page fault
 * then kills its own process.
 */
bool out_of_memory(struct oom_control *oc)
{
	assert_held(&oom_lock);
	if (atomic_load(&oom_killer_disabled))
		return false;
	pause_point("out_of_memory");
	if (!oc->memcg && notify_oom() && !oc->sysrq)
		return true;
	if (mark_current_if_dying())
		return true;
	if (!(oc->gfp & GFP_FS) && !oc->memcg)
		return true;
	oc->totalpages = oc->memcg ? mem_cgroup_max(oc->memcg) : totalram_pages();
	check_panic_on_oom(oc);
	if (sysctl_oom_kill_allocating_task && !oc->sysrq && !oc->memcg && may_kill_current() &&
	    !oom_victim_in_flight()) {
		oc->chosen = get_task(current->group_leader);
		oom_kill_process(oc, "Out of memory (oom_kill_allocating_task)");
		put_task(oc->chosen);
		return true;
	}
	select_bad_process(oc);
	if (oc->aborted)
		return true;
	if (!oc->sysrq && oc->freed_seq != atomic_load(&oom_freed_seq)) {
		if (oc->chosen)
			put_task(oc->chosen);
		return true;
	}
	if (!oc->chosen) {
		dump_header(oc);
		pr_warn("Out of memory and no killable processes...\n");
		return false;
	}
	oom_kill_process(oc, oc->memcg ? "Memory cgroup out of memory" : "Out of memory");
	put_task(oc->chosen);
	return true;
}

/*
 * The allocator's last resort. Somebody else holding oom_lock counts as progress: they are freeing
 * memory for us too. The sleep lets the victim run: the kernel is not preemptible, and a loop here
 * would keep it off this CPU. Who gets at the reserve does not come back here.
 */
struct page *alloc_pages_may_oom(u32 gfp, unsigned order, bool *did_progress)
{
	struct oom_control oc = { .gfp = gfp, .order = order };
	struct page *page;

	might_sleep();
	*did_progress = true;
	if (!mutex_trylock(&oom_lock)) {
		msleep(1);
		return NULL;
	}
	oc.freed_seq = atomic_load(&oom_freed_seq);
	page = get_page_from_freelist(gfp, order, WMARK_HIGH);
	if (!page)
		*did_progress = order <= OOM_COSTLY_ORDER && !(gfp & GFP_NORETRY) && out_of_memory(&oc);
	mutex_unlock(&oom_lock);
	if (!page && *did_progress && !oom_may_use_reserves(current))
		msleep(1);
	return page;
}

/*
 * A page fault ran out of memory after the allocator had done all it could. A task that is going to
 * die just returns to find its signal. LINUX: Linux retries for ever; here a process that has
 * nobody left to take memory from is killed itself, init excepted.
 */
void pagefault_out_of_memory(void)
{
	if (fatal_signal_pending(current) || mem_cgroup_oom_synchronize())
		return;
	if (!atomic_load(&oom_killer_disabled) && !is_global_init(current)) {
		pr_err("Out of memory in a page fault: killing process %d (%s)\n", current->tgid, current->comm);
		kill_group(current);
		return;
	}
	msleep(1);
}

/* sysrq f: kills one more whatever is in flight, and reports if nobody is eligible. */
void sysrq_oom(void)
{
	struct oom_control oc = { .gfp = GFP_KERNEL, .sysrq = true };

	mutex_lock(&oom_lock);
	if (!out_of_memory(&oc))
		pr_info("sysrq: OOM request ignored. No task eligible\n");
	mutex_unlock(&oom_lock);
}
