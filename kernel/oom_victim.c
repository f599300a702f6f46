// SPDX-License-Identifier: GPL-2.0-only
/*
 * Victims: mark, count, drop; the barrier of suspend that waits for them; and which of them still
 * hold memory. Mirrors the second half of Linux mm/oom_kill.c. What is counted and when is the
 * design's affair (kernel/oom/).
 *
 * Locks: oom_lock (marks; setting oom_killer_disabled), victims_lock (the list of victims in
 * flight).
 */
#include "kernel/abi.h"
#include "kernel/freezer.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/pm.h"
#include "kernel/printk.h"
#include "kernel/trace.h"

_Atomic bool oom_killer_disabled;
_Atomic bool pm_io_barrier;
unsigned oom_frozen_victims;
unsigned oom_uncovered;
static _Atomic u32 oom_leaked;		/* victims whose unit was freed while they were still counted (L1) */
_Atomic s32 oom_victims;
_Atomic u64 oom_freed_seq;
static struct waitq oom_victims_wait = WAITQ_INIT(oom_victims_wait, "oom_victims");

static struct spinlock victims_lock = SPINLOCK_INIT("oom_victims_list", RANK_OOM_VICTIMS);
static LIST_HEAD(victims);			/* [victims_lock] groups in flight by group.oom_node, oldest first, referenced */

static u64 last_kill_insns;			/* from the mark to all memory back */
static u64 nr_marks, mark_insns;		/* [oom_lock] all marks so far, thaws included */
static const char *last_disable = "never";

const struct oom_design *oom_design;

/* --- choice of the design --- */

static const struct oom_design *find_design(const char *name)
{
	const struct oom_design *d;

	SET_FOREACH(d, oom_designs)
		if (!kstrcmp(d->name, name))
			return d;
	return NULL;
}

static int set_design(const char *name)
{
	const struct oom_design *d;

	oom_design = find_design(name);
	if (oom_design && oom_design->pending && !oom_design->poll_ms) {
		kprintf("oom=%s: S10: a condition of its own needs poll_ms, since nobody tells when it changes\n", name);
		return -EINVAL;
	}
	if (oom_design)
		return 0;
	kprintf("oom=%s: no such accounting design; known:", name);
	SET_FOREACH(d, oom_designs)
		kprintf(" %s", d->name);
	kprintf("\n");
	return -EINVAL;
}
PARAM("oom", "accounting design for OOM victims, by name", set_design);

/* --- victims in flight --- */

/*
 * Still holds memory that will come back by itself. Until its mm has no users it does; then until
 * its last thread has closed its files. Given up on (itself, or its mm by MMF_OOM_SKIP without
 * MMF_FREED): not waited for any more.
 */
bool oom_group_in_flight(struct group *g)
{
	struct mm *mm = atomic_load(&g->oom_mm);
	u32 flags = atomic_load(&mm->flags);

	if (atomic_load(&g->oom_given_up))
		return false;
	if (flags & MMF_FREED)
		return atomic_load(&g->io_live) > 0;
	return !(flags & MMF_OOM_SKIP);
}

/* Takes one group that is out of flight off the list; NULL if there is none. */
static struct group *take_settled(void)
{
	struct group *g, *found = NULL;

	spin_lock(&victims_lock);
	list_for_each(g, &victims, oom_node)
		if (!oom_group_in_flight(g)) {
			found = g;
			list_del(&g->oom_node);
			break;
		}
	spin_unlock(&victims_lock);
	return found;
}

/*
 * Something ended that a victim in flight may have waited for: tell everybody who waits for memory.
 * Any context.
 */
static void settle_victims(void)
{
	struct group *g;

	while ((g = take_settled())) {
		last_kill_insns = arch_instructions() - g->oom_marked_insns;
		atomic_fetch_add(&oom_freed_seq, 1);
		group_put(g);
	}
}

bool oom_victim_in_flight(void)
{
	return !list_empty(&victims);
}

/* exit_mmap has given every page back. Several groups may have had this mm as theirs. */
void oom_mm_freed(struct mm *mm)
{
	if (atomic_fetch_or(&mm->flags, MMF_FREED | MMF_OOM_SKIP) & MMF_OOM_VICTIM)
		settle_victims();
}

/* Linux: MMF_OOM_SKIP. The victim cannot get on; the killer may look for another. */
void oom_give_up_on(struct group *g, const char *why)
{
	pr_warn("oom: giving up on victim %d: %s\n", g->tgid, why);
	atomic_fetch_or(&atomic_load(&g->oom_mm)->flags, MMF_OOM_SKIP);
	atomic_store(&g->oom_given_up, true);
	settle_victims();
}

static struct group *get_group_at(struct list *n)
{
	struct group *g = NULL;

	if (n != &victims) {
		g = list_entry(n, struct group, oom_node);
		atomic_fetch_add(&g->sigcnt, 1);
	}
	return g;
}

struct group *oom_oldest_victim(void)
{
	struct group *g;

	spin_lock(&victims_lock);
	g = get_group_at(victims.next);
	spin_unlock(&victims_lock);
	return g;
}

/*
 * The one after g, referenced; NULL at the end or if g left the list. g stays referenced by the
 * caller.
 */
struct group *oom_next_victim(struct group *g)
{
	struct group *next = NULL;

	spin_lock(&victims_lock);
	if (!list_empty(&g->oom_node))
		next = get_group_at(g->oom_node.next);
	spin_unlock(&victims_lock);
	return next;
}

void oom_mm_dead(struct mm *mm)
{
	oom_hook(mm_dead, mm);
}

void oom_group_free(struct group *g)
{
	oom_unit_freed(&g->oom_owed);
	mmdrop(atomic_load(&g->oom_mm));
}

/* --- mark, count, drop --- */

/*
 * Mark the group of t through the design. Holds: oom_lock, tasklist_lock (read), and task_lock(t)
 * unless t is current; t->mm set. A marked thread has still to pass X5b, which takes the same
 * task_lock, so no mark comes after its drop (S8).
 */
void mark_oom_victim(struct task *t)
{
	u64 begun;

	assert_held(&oom_lock);
	assert(rw_is_held(&tasklist_lock));
	assert(t == current || spin_is_held(&t->alloc_lock));
	assert(t->mm);
	assert(!atomic_load(&oom_killer_disabled));

	trace(TRACE_mark_victim, t->tgid, t->pid);
	begun = arch_instructions();
	oom_design->mark(t);
	oom_hook(thaw, t);
	mark_insns += arch_instructions() - begun;
	nr_marks++;
}

/* The first mark of a group binds the mm for the group's life time. */
bool oom_bind_mm(struct task *t)
{
	struct group *g = t->group;
	struct mm *none = NULL;

	if (!atomic_compare_exchange_strong(&g->oom_mm, &none, t->mm))
		return false;
	mmgrab(t->mm);
	atomic_fetch_or(&t->mm->flags, MMF_OOM_VICTIM);
	g->oom_marked_ns = ktime_ns();
	g->oom_marked_insns = arch_instructions();
	atomic_fetch_add(&g->sigcnt, 1);
	spin_lock(&victims_lock);
	list_add_tail(&g->oom_node, &victims);
	spin_unlock(&victims_lock);
	return true;
}

void oom_count_inc(_Atomic s32 *owed)
{
	s32 mine = atomic_fetch_add(owed, 1) + 1, all = atomic_fetch_add(&oom_victims, 1) + 1;

	assert_held(&oom_lock);
	trace(TRACE_oom_count, all, mine);
}

/*
 * S3, S9: a drop without a mark is the design's fault, and fatal to every later suspend; say so at
 * once. S10: 1 -> 0 wakes.
 */
void oom_count_dec(_Atomic s32 *owed)
{
	s32 mine = atomic_fetch_sub(owed, 1), all = atomic_fetch_sub(&oom_victims, 1);

	trace(TRACE_exit_oom_victim, current->pid, all - 1);
	trace(TRACE_oom_count, all - 1, mine - 1);
	if (mine <= 0 || all <= 0)
		panic("S9: design %s drops a victim that was not counted (in pid %d tid %d; its own count %d, all %d)",
		      oom_design->name, current->tgid, current->pid, mine, all);
	if (all == 1)
		wake_up_all(&oom_victims_wait);
}

/* L1: nobody is left who could drop what is still owed. */
void oom_unit_freed(_Atomic s32 *owed)
{
	s32 n = atomic_load(owed);

	if (likely(!n))
		return;
	atomic_fetch_add(&oom_leaked, n);
	pr_err("L1: design %s never drops %d victim(s) that are gone\n", oom_design->name, n);
}

void oom_mark_group(struct task *t)
{
	if (oom_bind_mm(t))
		oom_count_inc(&t->group->oom_owed);
}

void oom_mark_thread(struct task *t)
{
	if (oom_thread_marked(t))
		return;
	oom_bind_mm(t);
	oom_count_inc(&t->group->oom_owed);
	atomic_store(&t->oom_priv, 1);
}

void oom_drop_thread(struct task *t)
{
	if (atomic_exchange(&t->oom_priv, 0))
		oom_count_dec(&t->group->oom_owed);
}

bool oom_may_use_reserves(struct task *t)
{
	return tsk_is_oom_victim(t) && (!oom_design->reserves || oom_design->reserves(t));
}

void oom_thaw_task(struct task *t)
{
	__thaw_task(t);
}

void oom_thaw_group(struct task *t)
{
	struct task *s;

	assert(rw_is_held(&tasklist_lock));
	for_each_thread(t->group, s)
		__thaw_task(s);
}

/* --- do_exit's calls --- */

void oom_exit_mm_done(void)
{
	oom_hook(exit_mm_done, current);
}

/*
 * Q: current has closed its files, run its deferred closes and given up its io_context; nothing it
 * does from here touches a device. PF_QUIESCED is visible before the count falls: whoever sees
 * io_live == 0 sees every thread quiesced.
 */
void oom_exit_quiesced(void)
{
	struct group *g = current->group;

	WRITE_ONCE(current->flags, current->flags | PF_QUIESCED);
	bool last = atomic_fetch_sub(&g->io_live, 1) == 1;
	assert_rel(atomic_load(&g->io_live), >=, 0);
	oom_hook(exit_quiesced, current, last);
	if (last && tsk_is_oom_victim(current))
		settle_victims();
}

void oom_exit_notified(bool last)
{
	oom_hook(exit_notified, current, last);
}

/* --- the barrier of suspend --- */

static bool victims_pending(void)
{
	return oom_design->pending ? oom_design->pending() : atomic_load(&oom_victims) != 0;
}

/* Says whom oom_killer_disable waited for. Linux only says that it failed. */
static void oom_victims_dump(void)
{
	struct task *p;

	pr_warn("oom: design %s counts %d victim(s)\n", oom_design->name, atomic_load(&oom_victims));
	read_lock(&tasklist_lock);
	for_each_process(p)
		if (tsk_is_oom_victim(p))
			pr_warn("oom: victim pid %d (%s): %d threads hashed, %d not past their last IO\n", p->tgid, p->comm,
				p->group->nr_threads, atomic_load(&p->group->io_live));
	read_unlock(&tasklist_lock);
}

/* 0, -ETIME or -ERESTARTSYS. */
static int wait_for_victims(u64 deadline)
{
	u64 poll = oom_design->poll_ms * 1000000ull;
	int err;

	do {
		u64 until = poll ? min(deadline, ktime_ns() + poll) : deadline;

		err = wait_event_state(&oom_victims_wait, !victims_pending(), TASK_INTERRUPTIBLE, until);
	} while (err == -ETIME && ktime_ns() < deadline);
	return err;
}

/*
 * S5: threads that must die and cannot. Only while nobody can be marked: between a mark and its
 * thaw a thread is both. freezer_lock, for one that looks once more on its way in is FROZEN for
 * that long.
 */
static unsigned count_frozen_victims(void)
{
	struct task *p, *t;
	unsigned n = 0;

	assert(atomic_load(&oom_killer_disabled));
	read_lock(&tasklist_lock);
	spin_lock(&freezer_lock);
	for_each_process_thread(p, t)
		n += frozen(t) && tsk_is_oom_victim(t);
	spin_unlock(&freezer_lock);
	read_unlock(&tasklist_lock);
	return n;
}

/*
 * After it returned true, and until oom_killer_enable: nobody is marked (G1), and every victim
 * marked before is past its last IO as far as the design knows (G2). false: everything is as
 * before. A count below zero never satisfies the wait (S3).
 */
bool oom_killer_disable(u64 timeout_ns)
{
	u64 deadline = ktime_ns() + timeout_ns;
	int err;

	last_disable = "interrupted";
	if (mutex_lock_killable(&oom_lock))
		return false;
	atomic_store(&oom_killer_disabled, true);
	mutex_unlock(&oom_lock);

	oom_hook(disable_prepare);
	err = wait_for_victims(deadline);
	oom_frozen_victims = count_frozen_victims();
	if (err) {
		last_disable = err == -ETIME ? "timeout" : "interrupted";
		trace(TRACE_oom_disable, atomic_load(&oom_victims), 1);
		pr_err("OOM killer not disabled: %s\n", last_disable);
		oom_victims_dump();
		oom_killer_enable();
		return false;
	}
	last_disable = "ok";
	trace(TRACE_oom_disable, atomic_load(&oom_victims), 0);
	atomic_store(&pm_io_barrier, true);
	pr_info("OOM killer disabled.\n");
	return true;
}

void oom_killer_enable(void)
{
	atomic_store(&pm_io_barrier, false);
	if (!atomic_load(&oom_killer_disabled))
		return;
	trace(TRACE_oom_enable, atomic_load(&oom_victims), 0);	/* before the first mark that follows */
	atomic_store(&oom_killer_disabled, false);
	pr_info("OOM killer enabled.\n");
}

/* --- the door --- */

static s64 oom_show(char *buf, size_t n)
{
	int err = pm_last_result();
	size_t len = ksnprintf(
		buf, n,
		"design %s\nvictims %d\nin_flight %d\ndisabled %d\nlast_disable %s\nlast_kill_insns %lu\n"
		"frozen_victims %u\nuncovered %u\nleaked %u\nmarks %lu\nmark_insns %lu\n",
		oom_design->name, atomic_load(&oom_victims), oom_victim_in_flight(),
		atomic_load(&oom_killer_disabled), last_disable, last_kill_insns,
		oom_frozen_victims, oom_uncovered, atomic_load(&oom_leaked), READ_ONCE(nr_marks),
		READ_ONCE(mark_insns));

	return len + (err ? ksnprintf(buf + len, n - len, "suspend failed %d\n", -err) :
		      ksnprintf(buf + len, n - len, "suspend ok\n"));
}
PSEUDO_FILE(debug_oom, .path = "/sys/kernel/debug/oom", .mode = 0444, .show = oom_show);

void oom_init(void)
{
	if (!oom_design)
		oom_design = find_design("late_live");
	assert(oom_design && oom_design->mark);
}
