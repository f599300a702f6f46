// SPDX-License-Identifier: GPL-2.0-only
/*
 * The freezer: who should freeze, going to the refrigerator, being frozen in place, being let out.
 * Mirrors Linux 6.1 kernel/freezer.c. "Frozen" is a task state, TASK_FROZEN.
 *
 * Locks: freezer_lock (inside tasklist_lock and task_lock, outside siglock and the run queue
 * locks).
 *
 * No thaw is lost (F2): both sides decide under freezer_lock.
 *
 *	the task                                the thawer
 *	lock(freezer_lock)
 *	state = FROZEN
 *	freezing(current)? yes                  pm_freezing = false (or: the victim mark)
 *	unlock                                  lock(freezer_lock)
 *	schedule()                              freezing(t)? no; t is FROZEN: wake it
 *
 * If the thawer takes the lock first, the task's own look comes later and sees the cleared
 * condition. This needs the condition to change before the thaw (F1): a woken task looks again and
 * would go back to sleep. Scenario: freeze_mark_race.
 */
#include "kernel/freezer.h"
#include "kernel/oom.h"
#include "kernel/pause.h"
#include "kernel/trace.h"

struct spinlock freezer_lock = SPINLOCK_INIT("freezer_lock", RANK_FREEZER);
_Atomic u32 system_freezing_cnt;
_Atomic bool pm_freezing;
_Atomic bool pm_nosig_freezing;

/*
 * Order of the tests as in Linux: the victim exemption is asked before any reason to freeze. Any
 * context, lock-free.
 */
bool freezing_slow_path(struct task *t)
{
	if (READ_ONCE(t->flags) & (PF_NOFREEZE | PF_SUSPEND_TASK))
		return false;
	if (oom_design->exempt && oom_design->exempt(t))
		return false;
	if (atomic_load(&pm_nosig_freezing) || READ_ONCE(t->cgroup_freezing))
		return true;
	return atomic_load(&pm_freezing) && !(t->flags & PF_KTHREAD);
}

bool __refrigerator(void)
{
	bool was_frozen = false;

	might_sleep();
	for (;;) {
		pause_point("refrigerator");
		spin_lock(&freezer_lock);
		current->saved_state = TASK_RUNNING;
		set_current_state(TASK_FROZEN);
		bool freeze = freezing(current);
		if (!freeze)
			__set_current_state(TASK_RUNNING);
		else if (!was_frozen)
			trace(TRACE_frozen, current->pid, 0);	/* before the end of a pass that finds it frozen */
		spin_unlock(&freezer_lock);
		if (!freeze)
			return was_frozen;
		was_frozen = true;
		pause_point("frozen");
		schedule();
	}
}

/*
 * Under t's rq lock, t asleep: a sleep that says it may be frozen, a stop and a trace stop freeze
 * where they are.
 */
static bool freeze_in_place(struct task *t, void *arg)
{
	u32 state = atomic_load(&t->state);

	(void)arg;
	if (!(state & (TASK_FREEZABLE | __TASK_STOPPED | __TASK_TRACED)))
		return false;
	t->saved_state = state;
	atomic_store(&t->state, TASK_FROZEN);
	return true;
}

/*
 * A sleep that was frozen in place goes on as if nothing had been. A wake-up that came meanwhile (a
 * signal, a timer, SIGCONT) has set saved_state to RUNNING; then the task is woken. LINUX: as since
 * 6.7; 6.1 wakes every sleeper, and some calls return EINTR for it.
 */
static bool thaw_in_place(struct task *t, void *arg)
{
	(void)arg;
	if (!frozen(t) || t->saved_state == TASK_RUNNING)
		return false;
	atomic_store(&t->state, t->saved_state);
	t->saved_state = TASK_RUNNING;
	return true;
}

/*
 * Makes a user task pass do_signal, where it will see freezing(). sighand is stable: tasklist_lock
 * is held.
 */
static void fake_signal_wake_up(struct task *t)
{
	if (!t->sighand)
		return;
	spin_lock(&t->sighand->siglock);
	signal_wake_up(t, 0);
	spin_unlock(&t->sighand->siglock);
}

bool freeze_task(struct task *t)
{
	bool not_yet = true;

	assert(rw_is_held(&tasklist_lock));
	spin_lock(&freezer_lock);
	if (!freezing(t) || frozen(t)) {
		not_yet = false;
	} else if (task_call_blocked(t, freeze_in_place, NULL)) {
		trace(TRACE_freeze_task, t->pid, 1);
		not_yet = false;
	} else if (t->flags & PF_KTHREAD) {
		wake_up_state(t, TASK_NORMAL);
	} else {
		trace(TRACE_freeze_task, t->pid, 0);
		fake_signal_wake_up(t);
	}
	spin_unlock(&freezer_lock);
	return not_yet;
}

void __thaw_task(struct task *t)
{
	spin_lock(&freezer_lock);
	if (frozen(t) && !freezing(t)) {
		trace(TRACE_thaw_task, t->pid, tsk_is_oom_victim(t));
		if (!task_call_blocked(t, thaw_in_place, NULL))
			wake_up_state(t, TASK_FROZEN);
	}
	spin_unlock(&freezer_lock);
}
