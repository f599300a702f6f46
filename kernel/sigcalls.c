// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls about signals but those that send one, which are in kill.c. Mirrors the end of
 * Linux kernel/signal.c. Locks: siglock.
 */
#include "kernel/abi.h"
#include "kernel/freezer.h"
#include "kernel/panic.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include <uaccess.h>

#define SA_KNOWN	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_RESTORER | SA_ONSTACK | SA_RESTART | \
			 SA_NODEFER | SA_RESETHAND)

/* --- actions and masks --- */

/* What becomes ignored and is pending goes away, blocked or not. */
static void set_action(int sig, const struct k_sigaction *new, struct k_sigaction *old)
{
	struct sighand *s = current->sighand;
	struct k_sigaction *ka = &s->action[sig - 1];
	struct task *t;

	spin_lock(&s->siglock);
	*old = *ka;
	if (new) {
		*ka = *new;
		ka->flags &= SA_KNOWN;
		ka->mask &= ~SIG_KERNEL_UNBLOCKABLE;
		if (sig_handler_ignored(ka, sig)) {
			flush_sigqueue_mask(sigmask(sig), &current->group->shared_pending);
			for_each_thread(current->group, t)
				flush_sigqueue_mask(sigmask(sig), &t->pending);
		}
	}
	spin_unlock(&s->siglock);
}

long sys_rt_sigaction(int sig, uaddr_t act, uaddr_t oldact, size_t sigsetsize)
{
	struct k_sigaction new, old;

	if (sigsetsize != K_SIGSET_SIZE)
		return -EINVAL;
	if (act && copy_from_user(&new, act, sizeof(new)))
		return -EFAULT;
	if (sig < 1 || !valid_signal(sig) || (act && (sigmask(sig) & SIG_KERNEL_UNBLOCKABLE)))
		return -EINVAL;
	set_action(sig, act ? &new : NULL, &old);
	if (oldact && copy_to_user(oldact, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

static long change_mask(int how, uaddr_t set)
{
	struct user_u64 new = get_user_u64(set);

	if (new.err)
		return new.err;
	if (how == SIG_BLOCK)
		new.v |= current->blocked;
	else if (how == SIG_UNBLOCK)
		new.v = current->blocked & ~new.v;
	else if (how != SIG_SETMASK)
		return -EINVAL;
	set_current_blocked(new.v);
	return 0;
}

/* The old mask is told last. */
static long __attribute__((noinline)) change_and_tell_mask(int how, uaddr_t set, uaddr_t oldset)
{
	sigset_t_k old = current->blocked;
	long err = set ? change_mask(how, set) : 0;

	if (err)
		return err;
	return copy_to_user(oldset, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_rt_sigprocmask(int how, uaddr_t set, uaddr_t oldset, size_t sigsetsize)
{
	if (sigsetsize != K_SIGSET_SIZE)
		return -EINVAL;
	if (oldset)
		return change_and_tell_mask(how, set, oldset);
	return set ? change_mask(how, set) : 0;
}

long sys_rt_sigpending(uaddr_t set, size_t sigsetsize)
{
	sigset_t_k pending;

	if (sigsetsize > K_SIGSET_SIZE)
		return -EINVAL;
	spin_lock(&current->sighand->siglock);
	pending = (current->pending.signal | current->group->shared_pending.signal) & current->blocked;
	spin_unlock(&current->sighand->siglock);
	return copy_to_user(set, &pending, sigsetsize) ? -EFAULT : 0;
}

int set_user_sigmask(uaddr_t umask, size_t sigsetsize)
{
	struct user_u64 mask;

	if (!umask)
		return 0;
	if (sigsetsize != K_SIGSET_SIZE)
		return -EINVAL;
	mask = get_user_u64(umask);
	if (mask.err)
		return mask.err;
	current->saved_sigmask = current->blocked;
	current->restore_sigmask = 1;
	set_current_blocked(mask.v);
	return 0;
}

/* --- waiting --- */

static void wait_for_signal(void)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

long sys_pause(void)
{
	wait_for_signal();
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(uaddr_t set, size_t sigsetsize)
{
	struct user_u64 mask;

	if (sigsetsize != K_SIGSET_SIZE)
		return -EINVAL;
	mask = get_user_u64(set);
	if (mask.err)
		return mask.err;
	current->saved_sigmask = current->blocked;
	set_current_blocked(mask.v);
	wait_for_signal();
	current->restore_sigmask = 1;
	return -ERESTARTNOHAND;
}

/*
 * A signal is pending, not only the freezer's request, which is obeyed here. LINUX: there the
 * request ends the wait with EINTR.
 */
static bool really_pending(void)
{
	spin_lock(&current->sighand->siglock);
	recalc_sigpending();
	spin_unlock(&current->sighand->siglock);
	return signal_pending(current) && !try_to_freeze();
}

/* Sleeps until something is pending or the deadline. */
static void sleep_for_signal(u64 deadline)
{
	bool in_time = true;

	while (in_time) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (!signal_pending(current)) {
			in_time = schedule_until(deadline);
			continue;
		}
		__set_current_state(TASK_RUNNING);
		if (really_pending())
			break;
	}
	__set_current_state(TASK_RUNNING);
}

/*
 * The number, with the info; -EAGAIN at the deadline, -EINTR for a signal that is not waited for.
 * While it sleeps the signals it waits for are unblocked, so that they wake it; real_blocked keeps
 * their senders from acting on them as on unblocked ones.
 */
static int sigtimedwait(sigset_t_k which, u64 deadline, struct k_siginfo *info)
{
	sigset_t_k mask = ~(which & ~SIG_KERNEL_UNBLOCKABLE);
	struct task *t = current;
	bool interrupted = false;
	int sig;

	spin_lock(&t->sighand->siglock);
	sig = dequeue_signal(mask, info);
	if (!sig && deadline) {
		t->real_blocked = t->blocked;
		t->blocked &= mask;
		recalc_sigpending();
		spin_unlock(&t->sighand->siglock);

		sleep_for_signal(deadline);

		spin_lock(&t->sighand->siglock);
		interrupted = signal_pending(t);
		set_blocked_locked(t->real_blocked);
		t->real_blocked = 0;
		sig = dequeue_signal(mask, info);
	}
	spin_unlock(&t->sighand->siglock);
	if (sig)
		return sig;
	return interrupted ? -EINTR : -EAGAIN;
}

/*
 * Deadline of a relative timeout at @ts: 0 for none at all, NO_DEADLINE without one. 0, -EFAULT,
 * -EINVAL.
 */
static int deadline_from_user(uaddr_t ts, u64 *deadline)
{
	struct k_timespec t;
	u64 ns;

	*deadline = NO_DEADLINE;
	if (!ts)
		return 0;
	if (copy_from_user(&t, ts, sizeof(t)))
		return -EFAULT;
	if (!timespec_valid(&t))
		return -EINVAL;
	ns = timespec_to_ns(&t);
	*deadline = ns ? add_ns(ktime_ns(), ns) : 0;
	return 0;
}

long sys_rt_sigtimedwait(uaddr_t uthese, uaddr_t uinfo, uaddr_t uts, size_t sigsetsize)
{
	struct k_siginfo info = { 0 };
	sigset_t_k these;
	u64 deadline;
	int ret;

	if (sigsetsize != K_SIGSET_SIZE)
		return -EINVAL;
	if (copy_from_user(&these, uthese, sizeof(these)))
		return -EFAULT;
	ret = deadline_from_user(uts, &deadline);
	if (ret)
		return ret;
	ret = sigtimedwait(these, deadline, &info);
	if (ret > 0 && uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return ret;
}

/* --- frames and restart --- */

/*
 * LINUX: a frame that cannot be read ends the program even if it handles SIGSEGV, as there is no
 * state to run the handler in.
 */
long sys_rt_sigreturn(void)
{
	struct regs *r = arch_regs(current);
	struct user_u64 mask;

	current->restart.fn = NULL;
	mask = arch_signal_return(r);
	if (mask.err) {
		force_sig(SIGSEGV);
		return 0;
	}
	set_current_blocked(mask.v);
	return (long)regs_return(r);
}

long sys_restart_syscall(void)
{
	struct restart_block *rb = &current->restart;

	return rb->fn ? rb->fn(rb) : -EINTR;
}

/* --- alternate stack --- */

static int altstack_flags(uaddr_t sp)
{
	if (!current->sas_size)
		return SS_DISABLE;
	return on_sig_stack(sp) ? SS_ONSTACK : 0;
}

static long set_altstack(const struct k_stack *ss, uaddr_t sp)
{
	u32 flags = (u32)ss->ss_flags, mode = flags & ~SS_AUTODISARM;
	struct task *t = current;

	if (on_sig_stack(sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode != SS_DISABLE && ss->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	t->sas_sp = mode == SS_DISABLE ? 0 : ss->ss_sp;
	t->sas_size = mode == SS_DISABLE ? 0 : ss->ss_size;
	t->sas_flags = flags;
	return 0;
}

void save_altstack(struct k_stack *out)
{
	*out = (struct k_stack){ .ss_sp = current->sas_sp, .ss_flags = (s32)current->sas_flags, .ss_size = current->sas_size };
}

void restore_altstack(uaddr_t ss_sp, u32 ss_flags, u64 ss_size, uaddr_t sp)
{
	(void)set_altstack(&(struct k_stack){ .ss_sp = ss_sp, .ss_flags = (s32)ss_flags, .ss_size = ss_size }, sp);
}

long sys_sigaltstack(uaddr_t uss, uaddr_t uoss)
{
	uaddr_t sp = regs_sp(arch_regs(current));
	struct k_stack new, old;
	long err = 0;

	if (uss && copy_from_user(&new, uss, sizeof(new)))
		return -EFAULT;
	save_altstack(&old);
	old.ss_flags = (s32)((u32)altstack_flags(sp) | (current->sas_flags & SS_AUTODISARM));
	if (uss)
		err = set_altstack(&new, sp);
	if (!err && uoss && copy_to_user(uoss, &old, sizeof(old)))
		return -EFAULT;
	return err;
}
