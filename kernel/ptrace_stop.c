// SPDX-License-Identifier: GPL-2.0-only
/*
 * The traced side of ptrace: stopping, telling the tracer, going on as it says. Mirrors the parts
 * of Linux kernel/signal.c and include/linux/ptrace.h about it.
 *
 * A trace stop is JOBCTL_TRACED with TASK_TRACED; both are set under siglock, and whoever ends it
 * (a request, SIGKILL, the tracer's end) clears the first and wakes from the second, under siglock
 * too. The state alone says less: a stopped task that is frozen is TASK_FROZEN (freezer.c).
 *
 *	current                         tracer, in wait4
 *	lock(siglock)
 *	traced? yes: state = TRACED
 *	JOBCTL_TRACED, exit_code
 *	unlock
 *	                                lock(siglock): TRACED, exit_code: takes it
 *	SIGCHLD, wakes wait4            asks: sched_wait_asleep(current)
 *	schedule()                      goes on
 *
 * While a request runs, JOBCTL_PTRACE_FROZEN keeps even SIGKILL from ending the stop; the request's
 * end looks for it (unfreeze_traced), but for a DETACH, which ends the stop itself.
 *
 * Locks: tasklist_lock (r) to tell a parent, then siglock.
 */
#include "kernel/ptrace.h"
#include "kernel/cgroup.h"
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/waitq.h"

static struct waitq attachers = WAITQ_INIT(attachers, "ptrace attach");

void ptrace_wake_attacher(void)
{
	wake_up_all(&attachers);
}

void ptrace_wait_trapped(struct task *t)
{
	/* Killed: the attacher never gets back to user mode, and its end clears the bit. */
	(void)wait_event_killable(&attachers, !(READ_ONCE(t->jobctl) & JOBCTL_TRAPPING));
}

void ptrace_signal_wake_up(struct task *t)
{
	signal_wake_up(t, 0);
}

void ptrace_signal_resume(struct task *t)
{
	t->jobctl &= ~JOBCTL_TRACED;
	signal_wake_up(t, __TASK_TRACED);
}

void ptrace_trap_notify(struct task *t)
{
	assert(t->ptrace & PT_SEIZED);
	assert_held(&t->sighand->siglock);
	set_jobctl_pending(t, JOBCTL_TRAP_NOTIFY);
	if (t->jobctl & JOBCTL_LISTENING)
		ptrace_signal_resume(t);
	else
		ptrace_signal_wake_up(t);
}

/* --- the stop --- */

/* The tracer hears of every stop; the real parent of the whole group's, unless it is the tracer. */
static void tell_of_stop(struct task *t, int why, bool group_stopped)
{
	read_lock(&tasklist_lock);
	if (t->ptrace)
		do_notify_tracer_cldstop(t, why);
	if (group_stopped && (!t->ptrace || ptrace_reparented(t)))
		do_notify_parent_cldstop(t, why);
	read_unlock(&tasklist_lock);
}

int ptrace_stop(int code, int why, u64 message, struct k_siginfo *info)
{
	struct task *t = current;
	struct spinlock *siglock = &t->sighand->siglock;
	bool group_stopped = false;

	assert_held(siglock);
	if (!t->ptrace || fatal_signal_pending(t))
		return code;
	arch_ptrace_stop();
	set_current_state(TASK_TRACED);
	t->jobctl |= JOBCTL_TRACED;
	t->ptrace_message = message;
	t->last_siginfo = info;
	t->exit_code = code;
	if (why == CLD_STOPPED && (t->jobctl & JOBCTL_STOP_PENDING))
		group_stopped = participate_group_stop(t);
	clear_jobctl_pending(t, JOBCTL_TRAP_STOP);
	if (info && info->si_code >> 8 == PTRACE_EVENT_STOP)
		clear_jobctl_pending(t, JOBCTL_TRAP_NOTIFY);
	clear_jobctl_trapping(t);
	spin_unlock(siglock);

	tell_of_stop(t, why, group_stopped);
	cgroup_enter_frozen();
	schedule();
	cgroup_leave_frozen(true);

	spin_lock(siglock);
	code = t->exit_code;
	t->exit_code = 0;
	t->last_siginfo = NULL;
	t->ptrace_message = 0;
	t->jobctl &= ~(JOBCTL_LISTENING | JOBCTL_PTRACE_FROZEN);
	find_sigpending();
	return code;
}

/* With an info of its own, which is what GETSIGINFO shows. siglock held. */
static int do_notify(int signr, int code, int why, u64 message)
{
	struct k_siginfo info = { .si_signo = signr, .si_code = code };

	info.u.rt.si_pid = current->vpid;
	info.u.rt.si_uid = from_kuid_munged(current_user_ns(), current->cred.uid);
	return ptrace_stop(code, why, message, &info);
}

int ptrace_notify(int code, u64 message)
{
	int sig;

	might_sleep();
	if (test_tif(current, TIF_NOTIFY_RESUME))
		task_work_run();
	spin_lock(&current->sighand->siglock);
	sig = do_notify(SIGTRAP, code, CLD_TRAPPED, message);
	spin_unlock(&current->sighand->siglock);
	return sig;
}

u64 ptrace_number(const struct pid *p)
{
	struct pid_namespace *ns;

	read_lock(&tasklist_lock);
	ns = current->parent->group->pid_ns;
	read_unlock(&tasklist_lock);
	return (u64)entry_nr_ns(p, ns);
}

/* A tracer by TRACEME or ATTACH that did not ask for the event of exec gets a signal, as of old. */
void __ptrace_event(int event, u64 message)
{
	if (ptrace_event_enabled(current, event))
		ptrace_notify(event << 8 | SIGTRAP, message);
	else if (event == PTRACE_EVENT_EXEC && !(current->ptrace & PT_SEIZED))
		send_sig_thread(SIGTRAP, NULL, current);
}

void do_jobctl_trap(void)
{
	struct group *g = current->group;
	int sig = (int)(current->jobctl & JOBCTL_STOP_SIGMASK);

	if (!(current->ptrace & PT_SEIZED)) {
		ptrace_stop(sig, CLD_STOPPED, 0, NULL);
		return;
	}
	if (!g->group_stop_count && !(g->flags & SIGNAL_STOP_STOPPED))
		sig = SIGTRAP;
	do_notify(sig, sig | PTRACE_EVENT_STOP << 8, CLD_STOPPED, 0);
}

/* siglock held; dropped meanwhile. */
static void sent_by_tracer(int sig, struct k_siginfo *info)
{
	*info = (struct k_siginfo){ .si_signo = sig, .si_code = SI_USER };
	spin_unlock(&current->sighand->siglock);
	read_lock(&tasklist_lock);
	info->u.rt.si_pid = task_pid_vnr(current->parent);
	info->u.rt.si_uid = from_kuid_munged(current_user_ns(), READ_ONCE(current->parent->cred.uid));
	read_unlock(&tasklist_lock);
	spin_lock(&current->sighand->siglock);
}

/*
 * A stop signal may be what the tracer puts in the place of another: STOP_DEQUEUED says that it
 * still counts unless SIGCONT comes meanwhile. LINUX: a signal that has to wait, since the tracer
 * has blocked it meanwhile, waits in the thread's own queue.
 */
int ptrace_signal(int sig, struct k_siginfo *info)
{
	struct task *t = current;

	t->jobctl |= JOBCTL_STOP_DEQUEUED;
	sig = ptrace_stop(sig, CLD_TRAPPED, 0, info);
	if (!sig)
		return 0;
	if (sig != info->si_signo)
		sent_by_tracer(sig, info);
	if ((t->blocked & sigmask(sig)) || fatal_signal_pending(t)) {
		(void)send_signal_locked(sig, info, t, false);
		return 0;
	}
	return sig;
}

/* --- system calls --- */

/* The signal that the tracer sends it on with is not a delivery's outcome, but a new one. */
static void report_syscall(u64 message)
{
	u32 ptrace = READ_ONCE(current->ptrace);
	int sig;

	if (!ptrace)
		return;
	sig = ptrace_notify(SIGTRAP | (ptrace & PT_OPT(PTRACE_O_TRACESYSGOOD) ? 0x80 : 0), message);
	if (sig)
		send_sig_thread(sig, SEND_SIG_KERNEL, current);
}

bool ptrace_syscall_entry(void)
{
	report_syscall(PTRACE_EVENTMSG_SYSCALL_ENTRY);
	return !fatal_signal_pending(current) && regs_syscall_nr(arch_regs(current)) != -1;
}

void ptrace_syscall_exit(void)
{
	if (test_tif(current, TIF_SINGLESTEP) && !test_tif(current, TIF_SYSCALL_EMU))
		force_sig_fault(SIGTRAP, TRAP_BRKPT, regs_ip(arch_regs(current)));
	else if (test_tif(current, TIF_SYSCALL_TRACE))
		report_syscall(PTRACE_EVENTMSG_SYSCALL_EXIT);
}
