// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stopping and continuing whole groups, and what parents are told: CLD_STOPPED, CLD_CONTINUED,
 * death. Mirrors the middle of Linux kernel/signal.c.
 *
 * A stop: the thread that dequeues the stop signal gives every thread STOP_PENDING and counts them
 * in group_stop_count; each goes to TASK_STOPPED in do_signal; the one that takes the count to 0
 * sets SIGNAL_STOP_STOPPED and tells the parent. SIGCONT undoes it at the moment it is sent,
 * whatever its handler; the first thread back in do_signal tells the parent. A stopped thread
 * freezes where it is (freezer.c).
 *
 * Locks: tasklist_lock (r) to tell a parent, siglock.
 */
#include "kernel/cgroup.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/ptrace.h"
#include "kernel/signal.h"

static void set_stop_flags(struct group *g, u32 flags)
{
	g->flags &= ~(SIGNAL_STOP_STOPPED | SIGNAL_STOP_CONTINUED | SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED);
	g->flags |= flags;
}

bool set_jobctl_pending(struct task *t, u32 bits)
{
	assert_held(&t->sighand->siglock);
	if (fatal_signal_pending(t) || (READ_ONCE(t->flags) & PF_EXITING))
		return false;
	if (bits & JOBCTL_STOP_SIGMASK)
		t->jobctl &= ~JOBCTL_STOP_SIGMASK;
	t->jobctl |= bits;
	return true;
}

void clear_jobctl_trapping(struct task *t)
{
	if (t->jobctl & JOBCTL_TRAPPING) {
		t->jobctl &= ~JOBCTL_TRAPPING;
		ptrace_wake_attacher();
	}
}

void clear_jobctl_pending(struct task *t, u32 bits)
{
	if (bits & JOBCTL_STOP_PENDING)
		bits |= JOBCTL_STOP_CONSUME | JOBCTL_STOP_DEQUEUED;
	t->jobctl &= ~bits;
	if (!(t->jobctl & JOBCTL_PENDING_MASK))
		clear_jobctl_trapping(t);
}

bool participate_group_stop(struct task *t)
{
	struct group *g = t->group;
	bool counted = t->jobctl & JOBCTL_STOP_CONSUME;

	assert_held(&t->sighand->siglock);
	clear_jobctl_pending(t, JOBCTL_STOP_PENDING);
	if (!counted)
		return false;
	assert_rel(g->group_stop_count, >, 0);
	g->group_stop_count--;
	if (g->group_stop_count || (g->flags & SIGNAL_STOP_STOPPED))
		return false;
	set_stop_flags(g, SIGNAL_STOP_STOPPED);
	return true;
}

void task_join_group_stop(struct task *t)
{
	struct group *g = current->group;
	u32 bits = current->jobctl & JOBCTL_STOP_SIGMASK;

	assert_held(&current->sighand->siglock);
	if (g->group_stop_count) {
		bits |= JOBCTL_STOP_CONSUME;
	} else if (!(g->flags & SIGNAL_STOP_STOPPED)) {
		return;
	}
	if (!set_jobctl_pending(t, bits | JOBCTL_STOP_PENDING))
		return;
	set_tif(t, TIF_SIGPENDING);
	if (bits & JOBCTL_STOP_CONSUME)
		g->group_stop_count++;
}

static void continue_group(struct group *g)
{
	struct task *p;

	flush_sigqueue_mask(SIG_STOP_MASK, &g->shared_pending);
	for_each_thread(g, p) {
		flush_sigqueue_mask(SIG_STOP_MASK, &p->pending);
		clear_jobctl_pending(p, JOBCTL_STOP_PENDING);
		if (p->ptrace & PT_SEIZED) {
			ptrace_trap_notify(p);
		} else {
			p->jobctl &= ~JOBCTL_STOPPED;
			wake_up_state(p, __TASK_STOPPED);
		}
	}
	/*
	 * In the middle of a stop: as if it had been completed and then continued; SIGCHLD does not
	 * queue, so it says stopped.
	 */
	if (g->flags & SIGNAL_STOP_STOPPED)
		set_stop_flags(g, SIGNAL_CLD_CONTINUED | SIGNAL_STOP_CONTINUED);
	else if (g->group_stop_count)
		set_stop_flags(g, SIGNAL_CLD_STOPPED | SIGNAL_STOP_CONTINUED);
	else
		return;
	g->group_stop_count = 0;
	g->group_exit_code = 0;
}

void prepare_stop_cont(int sig, struct task *t)
{
	struct group *g = t->group;
	struct task *p;

	assert_held(&t->sighand->siglock);
	if (sig == SIGCONT) {
		continue_group(g);
		return;
	}
	flush_sigqueue_mask(sigmask(SIGCONT), &g->shared_pending);
	for_each_thread(g, p)
		flush_sigqueue_mask(sigmask(SIGCONT), &p->pending);
}

/*
 * current took signr off its queue and nobody sent SIGCONT since. A traced thread may have been
 * sent on in the middle of a stop of the group, and then be stopped anew.
 */
static bool start_group_stop(int signr)
{
	struct group *g = current->group;
	struct task *p;

	if (!(current->jobctl & JOBCTL_STOP_DEQUEUED) || (g->flags & SIGNAL_GROUP_EXIT) || g->group_exec_task)
		return false;
	if (!(g->flags & SIGNAL_STOP_STOPPED))
		g->group_exit_code = signr;
	g->group_stop_count = 0;
	for_each_thread(g, p) {
		if ((p->jobctl & JOBCTL_STOPPED) ||
		    !set_jobctl_pending(p, (u32)signr | JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME))
			continue;
		g->group_stop_count++;
		if (p == current)
			continue;
		if (p->ptrace & PT_SEIZED)
			ptrace_trap_notify(p);
		else
			signal_wake_up(p, 0);
	}
	return current->jobctl & JOBCTL_STOP_PENDING;
}

/*
 * The state is set under siglock, where SIGCONT and SIGKILL are sent, so neither falls between the
 * look at jobctl and the sleep:
 *
 *	current                         sender of SIGCONT
 *	lock(siglock)
 *	STOP_PENDING? yes
 *	state = STOPPED
 *	unlock
 *	                                lock(siglock): wakes a STOPPED task
 *	schedule()                      (returns at once)
 */
bool do_signal_stop(int signr)
{
	struct task *t = current;
	bool told;

	assert_held(&t->sighand->siglock);
	if (!(t->jobctl & JOBCTL_STOP_PENDING) && !start_group_stop(signr))
		return false;
	if (t->ptrace) {
		/* Its part in the stop is a trace stop, which do_jobctl_trap makes. */
		set_jobctl_pending(t, JOBCTL_TRAP_STOP);
		return false;
	}
	told = participate_group_stop(t);
	t->jobctl |= JOBCTL_STOPPED;
	set_current_state(TASK_STOPPED);
	spin_unlock(&t->sighand->siglock);
	if (told) {
		read_lock(&tasklist_lock);
		do_notify_parent_cldstop(t, CLD_STOPPED);
		read_unlock(&tasklist_lock);
	}
	cgroup_enter_frozen();
	pause_point("stopped");
	schedule();
	return true;
}

int take_cld_notice(struct group *g)
{
	int why = 0;

	if (g->flags & SIGNAL_CLD_CONTINUED)
		why = CLD_CONTINUED;
	else if (g->flags & SIGNAL_CLD_STOPPED)
		why = CLD_STOPPED;
	g->flags &= ~(SIGNAL_CLD_CONTINUED | SIGNAL_CLD_STOPPED);
	return why;
}

/* --- telling the parent --- */

/*
 * Who died, stopped or went on, as @parent calls it, and the time it used, in that one's SIGCHLD.
 */
static struct k_siginfo child_info(struct task *t, struct task *parent, int sig, int code)
{
	const u64 tick = 1000000000ull / HZ;
	struct k_siginfo info = { .si_signo = sig, .si_code = code };

	info.u.chld.si_pid = task_pid_nr_ns(t, parent->group->pid_ns);
	info.u.chld.si_uid = kuid_for_task(parent, READ_ONCE(t->cred.uid));
	info.u.chld.si_utime = (s64)((t->group->utime + t->utime) / tick);
	info.u.chld.si_stime = (s64)((t->group->stime + t->stime) / tick);
	return info;
}

static void notify_cldstop(struct task *t, struct task *parent, int why)
{
	struct k_siginfo info = child_info(t, parent, SIGCHLD, why);
	const struct k_sigaction *ka;

	assert(rw_is_held(&tasklist_lock));
	if (parent->flags & PF_KTHREAD)
		return;
	if (why == CLD_CONTINUED)
		info.u.chld.si_status = SIGCONT;
	else
		info.u.chld.si_status = (why == CLD_STOPPED ? t->group->group_exit_code : t->exit_code) & 0x7f;
	ka = &parent->sighand->action[SIGCHLD - 1];
	spin_lock(&parent->sighand->siglock);
	if (ka->handler != K_SIG_IGN && !(ka->flags & SA_NOCLDSTOP))
		(void)send_signal_locked(SIGCHLD, &info, parent, true);
	spin_unlock(&parent->sighand->siglock);
	wake_up_interruptible(&parent->group->wait_chldexit);
}

void do_notify_parent_cldstop(struct task *t, int why)
{
	assert(why == CLD_STOPPED || why == CLD_CONTINUED);
	notify_cldstop(t->group_leader, t->group_leader->real_parent, why);
}

void do_notify_tracer_cldstop(struct task *t, int why)
{
	notify_cldstop(t, t->parent, why);
}

static void set_death(struct k_siginfo *info, int exit_code)
{
	if (exit_code & 0x7f) {
		info->si_code = exit_code & 0x80 ? CLD_DUMPED : CLD_KILLED;
		info->u.chld.si_status = exit_code & 0x7f;
	} else {
		info->si_code = CLD_EXITED;
		info->u.chld.si_status = exit_code >> 8;
	}
}

/*
 * A waiter is woken in every case: wait4 may have to return -ECHILD now. SIG_DFL does not count as
 * ignoring (it would for delivery). LINUX: a kernel thread as parent has nobody waiting in it, so
 * its children are reaped at once.
 *
 * In a namespace that ends everybody is killed, and its init may have looked for zombies for the
 * last time: they are reaped at once. LINUX: there init sets SIGCHLD to be ignored, which somebody
 * who shares its handlers may take back.
 */
bool do_notify_parent(struct task *t, int sig)
{
	struct task *parent = t->parent;
	struct k_siginfo info = child_info(t, parent, sig, 0);
	const struct k_sigaction *ka;
	bool autoreap = false;

	assert(rw_is_write_held(&tasklist_lock));
	assert(t->ptrace || (thread_group_leader(t) && thread_group_empty(t)));

	if (parent->flags & PF_KTHREAD)
		return true;
	set_death(&info, t->exit_code);
	ka = &parent->sighand->action[SIGCHLD - 1];
	spin_lock(&parent->sighand->siglock);
	/* The program that wanted another signal is no more, and the one in its place may have more rights. */
	if (sig != SIGCHLD && t->parent_exec_id != parent->group->exec_id)
		info.si_signo = sig = SIGCHLD;
	if (!t->ptrace && sig == SIGCHLD &&
	    (ka->handler == K_SIG_IGN || (ka->flags & SA_NOCLDWAIT) || READ_ONCE(parent->group->pid_ns->closed))) {
		autoreap = true;
		if (ka->handler == K_SIG_IGN)
			sig = 0;
	}
	/*
	 * clone(2) takes any byte as the signal of death; of those that are no signals nobody is
	 * told.
	 */
	if (sig > 0 && valid_signal(sig))
		(void)send_signal_locked(sig, &info, parent, true);
	spin_unlock(&parent->sighand->siglock);
	wake_up_interruptible(&parent->group->wait_chldexit);
	return autoreap;
}
