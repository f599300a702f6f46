// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who traces whom: attaching, letting go, a tracer's end. Mirrors the first half of Linux
 * kernel/ptrace.c.
 *
 * A tracee's parent is its tracer, its real_parent stays who it was, and it is on its tracer's list
 * ptraced. t->ptrace changes under tasklist_lock (write) and siglock, so either is enough to look.
 *
 * Locks: exec_mutex of the tracee's group (an exec computes what it may become by whether it is
 * traced), tasklist_lock (write), siglock.
 */
#include "kernel/ptrace.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/syscall.h"

static void link_tracee(struct task *t, struct task *tracer, bool capable_tracer)
{
	assert(rw_is_write_held(&tasklist_lock));
	assert(list_empty(&t->ptrace_entry));
	list_add(&t->ptrace_entry, &tracer->ptraced);
	t->parent = tracer;
	t->ptracer_capable = capable_tracer;
}

/* Its first step will be a stop. */
void ptrace_inherit(struct task *p)
{
	if (!current->ptrace)
		return;
	p->ptrace = current->ptrace;
	link_tracee(p, current->parent, current->ptracer_capable);
	if (p->ptrace & PT_SEIZED)
		p->jobctl |= JOBCTL_TRAP_STOP;
	else
		p->pending.signal |= sigmask(SIGSTOP);
	set_tif(p, TIF_SIGPENDING);
}

/* --- letting go --- */

void ptrace_unlink(struct task *t)
{
	struct spinlock *siglock = &t->sighand->siglock;

	assert(rw_is_write_held(&tasklist_lock));
	assert(t->ptrace);
	syscall_trace_off(t);
	syscall_emu_off(t);
	list_del(&t->ptrace_entry);
	t->parent = t->real_parent;
	t->ptracer_capable = 0;

	spin_lock(siglock);
	t->ptrace = 0;
	clear_jobctl_pending(t, JOBCTL_TRAP_MASK);
	clear_jobctl_trapping(t);
	/* A stop of the group in which it was sent on counts again. */
	if (!(READ_ONCE(t->flags) & PF_EXITING) &&
	    (t->group->flags & SIGNAL_STOP_STOPPED || t->group->group_stop_count)) {
		t->jobctl |= JOBCTL_STOP_PENDING;
		if (!(t->jobctl & JOBCTL_STOP_SIGMASK))
			t->jobctl |= SIGSTOP;
	}
	if (t->jobctl & JOBCTL_TRACED)
		ptrace_signal_resume(t);
	else if (t->jobctl & JOBCTL_STOP_PENDING)
		ptrace_signal_wake_up(t);
	spin_unlock(siglock);
}

static bool ignores_children(struct task *t)
{
	const struct k_sigaction *ka = &t->sighand->action[SIGCHLD - 1];
	bool ret;

	spin_lock(&t->sighand->siglock);
	ret = ka->handler == K_SIG_IGN || ka->flags & SA_NOCLDWAIT;
	spin_unlock(&t->sighand->siglock);
	return ret;
}

/*
 * tracer lets t go. True if t is a zombie that nobody else waits for: it is EXIT_DEAD, and the
 * caller's to release.
 *
 *	a thread				nobody ever waits for it
 *	a leader, others still hashed		its parent hears when they are gone
 *	a leader, of a foreign parent		which hears now, and may not care
 *	a leader, of our own process		which knows; it may not care
 */
static bool let_go(struct task *tracer, struct task *t)
{
	bool dead;

	ptrace_unlink(t);
	if (t->exit_state != EXIT_ZOMBIE)
		return false;
	dead = !thread_group_leader(t);
	if (!dead && thread_group_empty(t)) {
		if (!same_thread_group(t->real_parent, tracer)) {
			dead = tell_parent(t);
		} else if (ignores_children(tracer)) {
			wake_up_interruptible(&tracer->group->wait_chldexit);
			dead = true;
		}
	}
	if (dead)
		set_exit_dead(t);
	return dead;
}

long ptrace_detach(struct task *t, u64 sig)
{
	if (sig > K_NSIG)
		return -EIO;
	arch_single_step_off(t);
	write_lock(&tasklist_lock);
	/* Held in its stop, so it is neither dead nor traced by another. */
	assert(t->ptrace && !t->exit_state);
	t->exit_code = (int)sig;
	(void)let_go(current, t);
	write_unlock(&tasklist_lock);
	pause_point("detached");
	return 0;
}

void exit_ptrace(struct task *tracer, struct list *dead)
{
	struct task *t, *n;

	assert(rw_is_write_held(&tasklist_lock));
	list_for_each_safe(t, n, &tracer->ptraced, ptrace_entry) {
		if (t->ptrace & PT_OPT(PTRACE_O_EXITKILL))
			send_sig_group(SIGKILL, SEND_SIG_KERNEL, t);
		if (let_go(tracer, t))
			list_add(&t->ptrace_entry, dead);
	}
}

/* --- attaching --- */

/* It has no less rights than current, or the right to trace where current is. */
static bool may_trace_me(struct task *parent)
{
	bool ok;

	if (has_ns_capability(parent, current_user_ns(), CAP_SYS_PTRACE))
		return true;
	task_lock(parent);
	ok = parent->cred.user_ns == current_user_ns() && !(current->cred.cap_permitted & ~parent->cred.cap_permitted);
	task_unlock(parent);
	return ok;
}

/*
 * The parent becomes the tracer. One that is on its way out would untrace us at once: nothing
 * happens.
 */
long ptrace_traceme(void)
{
	struct task *t = current;
	long err = -EPERM;

	write_lock(&tasklist_lock);
	if (!t->ptrace && may_trace_me(t->real_parent)) {
		err = 0;
		if (!(READ_ONCE(t->real_parent->flags) & (PF_EXITING | PF_KTHREAD))) {
			spin_lock(&t->sighand->siglock);
			t->ptrace = PT_PTRACED;
			spin_unlock(&t->sighand->siglock);
			link_tracee(t, t->real_parent, ns_capable(current_user_ns(), CAP_SYS_PTRACE));
		}
	}
	write_unlock(&tasklist_lock);
	return err;
}

int check_ptrace_options(u64 options)
{
	if (options & ~(u64)PTRACE_O_MASK)
		return -EINVAL;
	if (!(options & PTRACE_O_SUSPEND_SECCOMP))
		return 0;
	/* Who has given up calls itself must not have another make them. */
	return !capable(CAP_SYS_ADMIN) || current->seccomp.mode ||
		current->ptrace & PT_OPT(PTRACE_O_SUSPEND_SECCOMP) ? -EPERM : 0;
}

/*
 * A stopped tracee goes from its group's stop to a trace stop of its own. Nobody shall see it run
 * in between: TRAPPING is set until it is there. siglock held.
 */
static void trap_stopped(struct task *t)
{
	if (!(t->jobctl & JOBCTL_STOPPED) || !set_jobctl_pending(t, JOBCTL_TRAP_STOP | JOBCTL_TRAPPING))
		return;
	t->jobctl &= ~JOBCTL_STOPPED;
	signal_wake_up(t, __TASK_STOPPED);
}

/* exec_mutex of t's group held. */
static int attach_locked(struct task *t, u32 ptrace)
{
	int err = -EPERM;

	write_lock(&tasklist_lock);
	if (!t->exit_state && t->sighand && !t->ptrace) {
		struct spinlock *siglock = &t->sighand->siglock;

		err = 0;
		spin_lock(siglock);
		t->ptrace = ptrace;
		spin_unlock(siglock);
		link_tracee(t, current, task_ns_capable(t, CAP_SYS_PTRACE));
		if (!(ptrace & PT_SEIZED))
			send_sig_thread(SIGSTOP, SEND_SIG_KERNEL, t);
		spin_lock(siglock);
		trap_stopped(t);
		spin_unlock(siglock);
	}
	write_unlock(&tasklist_lock);
	return err;
}

long ptrace_attach(struct task *t, long request, u64 addr, u64 options)
{
	bool seize = request == PTRACE_SEIZE;
	int err;

	if (seize) {
		if (addr || options & ~(u64)PTRACE_O_MASK)
			return -EIO;
		err = check_ptrace_options(options);
		if (err)
			return err;
	}
	if (t->flags & PF_KTHREAD || same_thread_group(t, current))
		return -EPERM;
	if (mutex_lock_interruptible(&t->group->exec_mutex))
		return -ERESTARTNOINTR;
	err = ptrace_may_access(t, PTRACE_REALCREDS) ?
		attach_locked(t, PT_PTRACED | (seize ? PT_SEIZED | PT_OPT(options) : 0)) : -EPERM;
	mutex_unlock(&t->group->exec_mutex);
	if (!err)
		ptrace_wait_trapped(t);
	return err;
}
