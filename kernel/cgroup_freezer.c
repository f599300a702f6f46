// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup.freeze of version 2: a stop like that of a signal, in which tasks can be killed. Mirrors
 * Linux kernel/cgroup/freezer.c. It has nothing to do with the refrigerator: freezing() does not
 * know of it, and suspend may freeze such a task once more, in place.
 *
 * A task counts as frozen while it sleeps in do_freezer_trap, is stopped, or waits for its vfork
 * child. A group is frozen when it is to be (e_freeze), and all its tasks and all its children are;
 * its file cgroup.events says so.
 *
 * Locks: cgroup_mutex (who is to be frozen), tasklist_lock (read) for a walk, siglock (a task's
 * JOBCTL_TRAP_FREEZE), css_lock (what is counted). Whoever leaves decides under both of the last
 * two whether to trap again:
 *
 *	cgroup_leave_frozen                     cgroup.freeze = 0
 *	lock(siglock, css_lock)
 *	e_freeze? yes: JOBCTL_TRAP_FREEZE
 *	unlock                                  lock(css_lock): e_freeze = false
 *	                                        lock(siglock): the bit goes, t wakes
 *
 * A task of the root group takes no lock: there is nothing to count. It may be moved meanwhile:
 *
 *	cgroup_enter_frozen                     move_task
 *	cgroup_frozen = 1                       cgroup = dst
 *	cgroup? counts                          cgroup_frozen? counts
 *
 * Each writes before it reads, so one of them sees the other; cgroup_counted is for when both do.
 */
#include "kernel/cgroup.h"
#include "kernel/freezer.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/pause.h"

void cgroup_update_frozen(struct cgroup *cg)
{
	assert_held(&css_lock);
	while (!cgroup_is_root(cg)) {
		bool now = cg->e_freeze && cg->nr_frozen_tasks == cg->nr_tasks &&
			cg->nr_frozen_children == cg->nr_children;

		if (now == cg->frozen)
			break;
		cg->frozen = now;
		cgroup_file_changed(cg, EVENT_CGROUP);
		cg = cg->parent;
		cg->nr_frozen_children += now ? 1u : -1u;
	}
}

/* --- the task --- */

void cgroup_count_frozen(struct task *t)
{
	struct cgroup *cg = task_cgroup(t, CG_V2);

	assert_held(&css_lock);
	if (!atomic_load(&t->cgroup_frozen) || t->cgroup_counted || cgroup_is_root(cg))
		return;
	t->cgroup_counted = 1;
	cg->nr_frozen_tasks++;
}

void cgroup_uncount_frozen(struct task *t)
{
	assert_held(&css_lock);
	if (!t->cgroup_counted)
		return;
	t->cgroup_counted = 0;
	task_cgroup(t, CG_V2)->nr_frozen_tasks--;
}

void __cgroup_enter_frozen(void)
{
	spin_lock(&css_lock);
	cgroup_count_frozen(current);
	cgroup_update_frozen(task_cgroup(current, CG_V2));
	spin_unlock(&css_lock);
}

void __cgroup_leave_frozen(bool always)
{
	struct task *t = current;
	struct cgroup *cg;

	spin_lock(&t->sighand->siglock);
	spin_lock(&css_lock);
	cg = task_cgroup(t, CG_V2);
	bool leave = always || !cg->e_freeze;
	if (leave) {
		atomic_store(&t->cgroup_frozen, 0);
		cgroup_uncount_frozen(t);
		cgroup_update_frozen(cg);
	}
	spin_unlock(&css_lock);
	if (!leave) {
		t->jobctl |= JOBCTL_TRAP_FREEZE;
		set_tif(t, TIF_SIGPENDING);
	}
	spin_unlock(&t->sighand->siglock);
}

/*
 * The state is set under siglock, where signals are sent: one that comes from here on wakes us.
 * Those that came before stay pending, but SIGKILL, which take_one has looked for under this lock.
 *
 * cgroup_frozen, too, by which a thaw knows whom to wake; it is counted later. Scenario:
 * v2_thawed_before_it_sleeps.
 *
 *	current                                 cgroup_freeze_task(t, false)
 *	lock(siglock)
 *	state = INTERRUPTIBLE
 *	cgroup_frozen = 1
 *	unlock
 *	                                        lock(siglock): the bit goes; cgroup_frozen? wakes
 *	schedule()                              (returns at once)
 *
 * TIF_SIGPENDING may have stood for the freezer of version 1, too, which came after get_signal's
 * look for it and before this sleep: so here is another. LINUX: there it is lost, and a thaw lets t
 * run until FROZEN is written again. Scenario: v1_freezes_who_is_about_to_sleep.
 */
void do_freezer_trap(void)
{
	assert_held(&current->sighand->siglock);
	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	atomic_store(&current->cgroup_frozen, 1);
	clear_tif(current, TIF_SIGPENDING);
	spin_unlock(&current->sighand->siglock);
	pause_point("trapped");
	cgroup_enter_frozen();
	schedule();
	try_to_freeze();
}

/* tasklist_lock held. */
void cgroup_freeze_task(struct task *t, bool freeze)
{
	assert(rw_is_held(&tasklist_lock));
	if (t->flags & PF_KTHREAD || t->cgroup_gone)
		return;
	spin_lock(&t->sighand->siglock);
	if (freeze) {
		t->jobctl |= JOBCTL_TRAP_FREEZE;
		signal_wake_up(t, 0);
	} else {
		t->jobctl &= ~JOBCTL_TRAP_FREEZE;
		if (atomic_load(&t->cgroup_frozen))
			wake_up_state(t, TASK_INTERRUPTIBLE);
	}
	spin_unlock(&t->sighand->siglock);
}

/* --- the group --- */

static bool wants_freeze(const struct cgroup *cg)
{
	return cg->freeze || cg->parent->e_freeze;
}

/* A change of cg->freeze reaches the groups below, then their tasks. cgroup_mutex held. */
static void spread(struct cgroup *cg)
{
	struct cgroup *pos;
	struct task *p, *t;

	spin_lock(&css_lock);
	for_each_descendant(pos, cg)
		pos->e_freeze = wants_freeze(pos);
	for_each_descendant(pos, cg)
		cgroup_update_frozen(pos);
	spin_unlock(&css_lock);
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		pos = task_cgroup(t, CG_V2);
		if (cgroup_is_descendant(pos, cg))
			cgroup_freeze_task(t, pos->e_freeze);
	}
	read_unlock(&tasklist_lock);
}

static s64 freeze_show(struct cgroup *cg, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\n", READ_ONCE(cg->freeze));
}

static s64 freeze_write(struct cgroup *cg, char *buf)
{
	int v, err = kparse_int(buf, &v);

	if (err)
		return err;
	if (v < 0 || v > 1)
		return -ERANGE;
	err = cgroup_lock_live(cg);
	if (err)
		return err;
	if (cg->freeze != v) {
		cg->freeze = v;
		spread(cg);
	}
	mutex_unlock(&cgroup_mutex);
	return 0;
}

CGROUP_FILE(file_freeze, .name = "cgroup.freeze", .trees = ON(CG_V2), .not_on_root = true,
	.show = freeze_show, .write = freeze_write);
