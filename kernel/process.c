// SPDX-License-Identifier: GPL-2.0-only
/*
 * The freezer passes of a suspend: users, then the OOM barrier, then freezable kernel threads, and
 * their undo. Mirrors Linux 6.1 kernel/power/process.c.
 *
 * Locks: tasklist_lock (read) around each walk. The flags below are written by the one suspending
 * task (pm_mutex).
 */
#include "kernel/freezer.h"
#include "kernel/oom.h"
#include "kernel/pm.h"
#include "kernel/printk.h"
#include "kernel/trace.h"

u32 freeze_timeout_msecs = 20000;

static const char *pass_name(bool user_only)
{
	return user_only ? "user space processes" : "remaining freezable tasks";
}

/*
 * One walk; returns how many are not frozen yet. Exempt tasks do not appear here: only the OOM
 * count speaks for them.
 */
static unsigned freeze_round(void)
{
	struct task *p, *t;
	unsigned todo = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (t != current && freeze_task(t))
			todo++;
	read_unlock(&tasklist_lock);
	return todo;
}

/*
 * Names everybody the pass waited for: Linux dumps stacks, but does not say who it was in one line.
 */
static void log_refusers(void)
{
	struct task *p, *t;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		if (t == current || !freezing(t) || frozen(t))
			continue;
		pr_warn("freezer: pid %d tid %d (%s) state %c flags %x does not freeze\n",
			t->tgid, t->pid, t->comm, task_state_letter(t), t->flags);
		if (READ_ONCE(t->on_cpu))
			pr_warn("freezer: it computes on cpu %u, which had its last tick %lu ms ago\n", t->cpu->id,
				(arch_clock_ns() - READ_ONCE(t->exec_start)) / 1000000);
		else if (READ_ONCE(t->on_rq))
			pr_warn("freezer: it waits for its turn on cpu %u\n", t->cpu->id);
	}
	read_unlock(&tasklist_lock);
}

/*
 * Asks until nobody is left or freeze_timeout_msecs are over. It walks user tasks in both passes.
 * An exiting task that is not exempt counts until PF_NOFREEZE at its very end: that is what keeps
 * ordinary exits from doing IO after the freeze.
 */
static int try_to_freeze_tasks(bool user_only)
{
	u64 start = ktime_ns(), deadline = start + freeze_timeout_msecs * 1000000ull;
	unsigned sleep_ms = 1, todo;

	might_sleep();
	for (;;) {
		todo = freeze_round();
		if (!todo || ktime_ns() >= deadline)
			break;
		msleep(sleep_ms);
		sleep_ms = min(sleep_ms * 2, 8u);
	}
	u64 ms = (ktime_ns() - start) / 1000000;
	if (!todo) {
		pr_info("Freezing %s completed (elapsed %lu.%03lu seconds)\n", pass_name(user_only),
			ms / 1000, ms % 1000);
		return 0;
	}
	pr_err("Freezing %s failed after %lu.%03lu seconds (%u tasks refusing to freeze)\n", pass_name(user_only),
	       ms / 1000, ms % 1000, todo);
	log_refusers();
	return -EBUSY;
}

int freeze_processes(void)
{
	int err;

	oom_frozen_victims = oom_uncovered = 0;
	current->flags |= PF_SUSPEND_TASK;
	trace_suspend_resume(SUSPEND_freeze_processes, 1);
	if (!atomic_exchange(&pm_freezing, true))
		atomic_fetch_add(&system_freezing_cnt, 1);
	err = try_to_freeze_tasks(true);
	trace_suspend_resume(SUSPEND_freeze_processes, 0);
	if (!err) {
		pm_phase("disable_oom");
		trace_suspend_resume(SUSPEND_oom_killer_disable, 1);
		if (!oom_killer_disable(freeze_timeout_msecs * 1000000ull))
			err = -EBUSY;
		else if (oom_design->double_check)
			err = try_to_freeze_tasks(true);
		trace_suspend_resume(SUSPEND_oom_killer_disable, 0);
	}
	if (err)
		thaw_processes();
	return err;
}

/*
 * S4: both passes and the OOM count are content. A user thread that is still let run, and may still
 * do IO, is one that nobody answers for.
 */
static unsigned count_uncovered(void)
{
	struct task *p, *t;
	unsigned n = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (!(t->flags & (PF_KTHREAD | PF_NOFREEZE | PF_SUSPEND_TASK | PF_QUIESCED)) && !frozen(t)) {
			pr_err("S4: pid %d tid %d (%s) runs under the barrier, and nobody counts it\n", t->tgid, t->pid, t->comm);
			n++;
		}
	read_unlock(&tasklist_lock);
	return n;
}

int freeze_kernel_threads(void)
{
	int err;

	trace_suspend_resume(SUSPEND_freeze_kernel_threads, 1);
	atomic_store(&pm_nosig_freezing, true);
	err = try_to_freeze_tasks(false);
	trace_suspend_resume(SUSPEND_freeze_kernel_threads, 0);
	if (err)
		thaw_kernel_threads();
	else
		oom_uncovered = count_uncovered();
	return err;
}

/* The OOM killer is on again before anybody can run into it. */
void thaw_processes(void)
{
	struct task *p, *t;

	trace_suspend_resume(SUSPEND_thaw_processes, 1);
	pm_phase("thaw");
	if (atomic_exchange(&pm_freezing, false))
		atomic_fetch_sub(&system_freezing_cnt, 1);
	atomic_store(&pm_nosig_freezing, false);
	oom_killer_enable();
	pm_phase("thaw_users");

	pr_info("Restarting tasks\n");
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		assert(t == current || !(t->flags & PF_SUSPEND_TASK));
		__thaw_task(t);
	}
	read_unlock(&tasklist_lock);
	trace_suspend_resume(SUSPEND_thaw_processes, 0);
	current->flags &= ~PF_SUSPEND_TASK;
	sched_yield_current();		/* the others are not to starve under somebody who suspends again and again */
}

void thaw_kernel_threads(void)
{
	struct task *p, *t;

	atomic_store(&pm_nosig_freezing, false);
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (t->flags & PF_KTHREAD)
			__thaw_task(t);
	read_unlock(&tasklist_lock);
}
