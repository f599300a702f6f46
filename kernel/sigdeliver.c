// SPDX-License-Identifier: GPL-2.0-only
/*
 * On the way to user mode: freeze, die, stop, or run a handler; restart what was interrupted.
 * Mirrors get_signal in Linux kernel/signal.c and arch/x86/kernel/signal.c.
 *
 * Locks: siglock. The order of the steps is what the freezer and the OOM killer rely on: a killed
 * thread that may freeze does so before it notices that it must die (mechanism of mark_oom_victim:
 * exemption first, then thaw).
 */
#include "kernel/cgroup.h"
#include "kernel/coredump.h"
#include "kernel/freezer.h"
#include "kernel/panic.h"
#include "kernel/ptrace.h"
#include "kernel/rseq.h"
#include "kernel/signal.h"
#include "kernel/trace.h"

enum verdict { NOTHING, HANDLE, FATAL, RELOCK, NEXT };

/*
 * The default action of sig; siglock held, dropped on RELOCK. SIGSTOP stops always; the terminal's
 * stops do nothing to an orphaned process group, where nobody could continue it. The look at the
 * group needs tasklist_lock, so siglock is dropped; a SIGCONT sent meanwhile clears STOP_DEQUEUED,
 * and do_signal_stop then does nothing.
 */
static enum verdict default_action(int sig)
{
	struct sighand *s = current->sighand;

	recalc_sigpending();
	if (sigmask(sig) & SIG_IGNORE_MASK)
		return NEXT;
	if ((current->group->flags & SIGNAL_UNKILLABLE) && !(sigmask(sig) & SIG_KERNEL_UNBLOCKABLE))
		return NEXT;
	if (!(sigmask(sig) & SIG_STOP_MASK))
		return FATAL;
	if (sig != SIGSTOP) {
		spin_unlock(&s->siglock);
		if (is_current_pgrp_orphaned())
			return RELOCK;
		spin_lock(&s->siglock);
	}
	return do_signal_stop(sig) ? RELOCK : NEXT;
}

/*
 * The mask to come back to: what the call replaced for its own length (sigsuspend, ppoll), or
 * today's. siglock held.
 */
static void block_for_handler(struct ksig *k)
{
	struct task *t = current;
	sigset_t_k more = k->ka.mask | (k->ka.flags & SA_NODEFER ? 0 : sigmask(k->sig));

	k->oldmask = t->restore_sigmask ? t->saved_sigmask : t->blocked;
	set_blocked_locked(t->blocked | more);
}

/* Stops and traps, which come before signals. siglock held; true: dropped. */
static bool __attribute__((noinline)) stop_first(void)
{
	struct task *t = current;

	if ((t->jobctl & JOBCTL_STOP_PENDING) && do_signal_stop(0))
		return true;
	if (t->jobctl & JOBCTL_TRAP_MASK) {
		do_jobctl_trap();
		spin_unlock(&t->sighand->siglock);
		return true;
	}
	if (t->jobctl & JOBCTL_TRAP_FREEZE) {
		do_freezer_trap();
		return true;
	}
	if (t->cgroup_frozen) {
		spin_unlock(&t->sighand->siglock);
		cgroup_leave_frozen(false);
		return true;
	}
	return false;
}

/*
 * One signal or one stop. siglock held, dropped on RELOCK. What is still pending is looked at when
 * one was taken or none is.
 */
static enum verdict take_one(struct ksig *k)
{
	struct task *t = current;
	struct group *g = t->group;
	struct k_sigaction *ka;

	if ((g->flags & SIGNAL_GROUP_EXIT) || g->group_exec_task) {
		k->sig = SIGKILL;
		t->pending.signal &= ~sigmask(SIGKILL);
		recalc_sigpending();
		return FATAL;
	}
	if (unlikely((t->jobctl & (JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE)) || t->cgroup_frozen) && stop_first())
		return RELOCK;
	k->sig = t->pending.signal & SIG_SYNCHRONOUS_MASK ? take_synchronous_signal(&k->info) : 0;
	if (!k->sig)
		k->sig = take_signal(t->blocked, &k->info);
	if (!k->sig) {
		recalc_sigpending();
		return NOTHING;
	}
	if (unlikely(t->ptrace) && k->sig != SIGKILL && !(t->sighand->action[k->sig - 1].flags & SA_IMMUTABLE)) {
		recalc_sigpending();
		k->sig = ptrace_signal(k->sig, &k->info);
		if (!k->sig)
			return NEXT;
	}
	ka = &t->sighand->action[k->sig - 1];
	k->ka = *ka;
	trace_more(TRACE_signal_deliver, (s16)k->sig, k->ka.handler,
		   (u32)k->ka.flags | (u64)(u32)k->info.si_code << 32);
	if (k->ka.handler == K_SIG_IGN)
		return NEXT;
	if (k->ka.handler == K_SIG_DFL)
		return default_action(k->sig);
	if (k->ka.flags & SA_RESETHAND)
		ka->handler = K_SIG_DFL;
	block_for_handler(k);
	return HANDLE;
}

/* A group that was continued tells its parent: the first thread back does. */
static void tell_continued(void)
{
	int why;

	if (!(READ_ONCE(current->group->flags) & (SIGNAL_CLD_CONTINUED | SIGNAL_CLD_STOPPED)))
		return;
	spin_lock(&current->sighand->siglock);
	why = take_cld_notice(current->group);
	spin_unlock(&current->sighand->siglock);
	if (!why)
		return;
	read_lock(&tasklist_lock);
	do_notify_parent_cldstop(current, why);
	if (ptrace_reparented(current->group_leader))
		do_notify_tracer_cldstop(current->group_leader, why);
	read_unlock(&tasklist_lock);
}

/* true: run k's handler. Does not return if current is to die. */
static bool get_signal(struct ksig *k)
{
	struct sighand *s = current->sighand;
	enum verdict v;

	if (test_tif(current, TIF_NOTIFY_RESUME))
		task_work_run();
	if (!test_tif(current, TIF_SIGPENDING))
		return false;
	try_to_freeze();
	do {
		tell_continued();
		spin_lock(&s->siglock);
		do
			v = take_one(k);
		while (v == NEXT);
		if (v != RELOCK)
			spin_unlock(&s->siglock);
	} while (v == RELOCK);
	if (v == FATAL) {
		if (current->cgroup_frozen)
			cgroup_leave_frozen(true);
		current->flags |= PF_SIGNALED;
		if (sigmask(k->sig) & SIG_COREDUMP_MASK)
			do_coredump(&k->info);
		do_group_exit(k->sig);
	}
	return v == HANDLE;
}

/* --- restart --- */

static bool in_syscall(struct regs *r)
{
	return (int)regs_syscall_nr(r) != -1;
}

static void restart_without_handler(struct regs *r)
{
	if (!in_syscall(r))
		return;
	switch ((long)regs_return(r)) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		regs_restart(r);
		break;
	case -ERESTART_RESTARTBLOCK:
		regs_restart(r);
		regs_set_return(r, __NR_restart_syscall);
		break;
	}
}

static void restart_after_handler(struct regs *r, const struct k_sigaction *ka)
{
	if (!in_syscall(r))
		return;
	switch ((long)regs_return(r)) {
	case -ERESTARTSYS:
		if (ka->flags & SA_RESTART)
			regs_restart(r);
		else
			regs_set_return(r, -EINTR);
		break;
	case -ERESTARTNOINTR:
		regs_restart(r);
		break;
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		regs_set_return(r, -EINTR);
		break;
	}
}

/* --- handlers --- */

bool on_sig_stack(uaddr_t sp)
{
	const struct task *t = current;

	return !(t->sas_flags & SS_AUTODISARM) && sp > t->sas_sp && sp - t->sas_sp <= t->sas_size;
}

uaddr_t signal_stack(const struct ksig *k, uaddr_t sp)
{
	if ((k->ka.flags & SA_ONSTACK) && current->sas_size && !on_sig_stack(sp))
		return current->sas_sp + current->sas_size;
	return sp;
}

/* No frame, no handler: SIGSEGV, and if that is the one that has no frame, the end. */
static void no_frame(const struct ksig *k)
{
	set_current_blocked(k->oldmask);
	if (k->sig == SIGSEGV)
		force_fatal_sig(SIGSEGV);
	else
		force_sig(SIGSEGV);
}

static void handle_signal(struct ksig *k, struct regs *r)
{
	struct task *t = current;
	bool stepping = test_tif(t, TIF_SINGLESTEP);

	restart_after_handler(r, &k->ka);
	if (stepping)
		arch_single_step_off(t);
	if (t->rseq)
		rseq_signal(r);
	if (arch_signal_setup(k, r)) {
		no_frame(k);
		return;
	}
	t->restore_sigmask = 0;
	if (t->sas_flags & SS_AUTODISARM) {
		t->sas_sp = 0;
		t->sas_size = 0;
		t->sas_flags = SS_DISABLE;
	}
	if (stepping)
		ptrace_notify(SIGTRAP, 0);	/* at the handler's first instruction */
}

void restore_saved_sigmask(void)
{
	if (!current->restore_sigmask)
		return;
	current->restore_sigmask = 0;
	set_current_blocked(current->saved_sigmask);
}

void do_signal(struct regs *r)
{
	struct ksig k;

	if (get_signal(&k)) {
		handle_signal(&k, r);
		return;
	}
	restart_without_handler(r);
	restore_saved_sigmask();
}
