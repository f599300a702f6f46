// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: what is pending and what is blocked. The queues, TIF_SIGPENDING, taking a signal off,
 * the mask. Mirrors the part of Linux kernel/signal.c from flush_sigqueue to dequeue_signal, and
 * exit_signals.
 *
 * Locks: tasklist_lock (r), siglock. Threads of a group are linked and unlinked under both, so
 * siglock alone is enough to walk them.
 */
#include "kernel/signal.h"
#include "kernel/freezer.h"
#include "kernel/lock_fast.h"
#include "kernel/mm/mm.h"
#include "kernel/time.h"

/* --- the queue --- */

void sigpending_init(struct sigpending *p)
{
	p->signal = 0;
	list_init(&p->queue);
	p->own.user = NULL;
	p->own.timer = NULL;
}

void sigqueue_uncount(struct user *u)
{
	atomic_fetch_sub_explicit(&u->sigpending, 1, memory_order_relaxed);
	put_user_of(u);
}

/*
 * It is on p's queue, or, of a timer, on none. Who takes it has its info for the timer to fill in.
 */
static __always_inline void sigqueue_free(struct sigpending *p, struct sigqueue *q, struct k_siginfo *info)
{
	struct user *u = q->user;

	list_del(&q->node);
	if (unlikely(q->timer)) {
		posix_timer_dequeued(q->timer, info);
		return;
	}
	if (p && likely(q == &p->own))
		q->user = NULL;
	else
		kmem_cache_free(sigqueue_cache, q);
	sigqueue_uncount(u);
}

void flush_sigqueue(struct sigpending *p)
{
	flush_sigqueue_mask(~0ull, p);
}

void flush_sigqueue_mask(sigset_t_k mask, struct sigpending *p)
{
	struct sigqueue *q, *next;

	if (!(p->signal & mask))
		return;
	p->signal &= ~mask;
	list_for_each_safe(q, next, &p->queue, node)
		if (mask & sigmask(q->info.si_signo))
			sigqueue_free(p, q, NULL);
}

void sigqueue_disown(struct sigqueue *q)
{
	q->timer = NULL;
	if (list_empty(&q->node))
		sigqueue_free(NULL, q, NULL);
}

/* --- pending or not --- */

bool fatal_signal_pending(struct task *t)
{
	return signal_pending(t) && (READ_ONCE(t->pending.signal) & sigmask(SIGKILL));
}

bool signal_pending_state(unsigned state, struct task *t)
{
	if (!(state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) || !signal_pending(t))
		return false;
	return (state & TASK_INTERRUPTIBLE) || fatal_signal_pending(t);
}

static inline sigset_t_k pending_signals(const struct task *t)
{
	return READ_ONCE(t->pending.signal) | READ_ONCE(t->group->shared_pending.signal);
}

static inline bool has_pending(struct task *t)
{
	return (pending_signals(t) & ~t->blocked) ||
		(t->jobctl & (JOBCTL_PENDING_MASK | JOBCTL_TRAP_FREEZE)) || t->cgroup_frozen;
}

/* A freezer that wants current keeps the bit: do_signal is where it will freeze. siglock held. */
static inline void recalc(void)
{
	if (has_pending(current))
		set_tif(current, TIF_SIGPENDING);
	else if (!freezing(current))
		clear_tif(current, TIF_SIGPENDING);
}

void recalc_sigpending(void)
{
	assert_held(&current->sighand->siglock);
	recalc();
}

void find_sigpending(void)
{
	assert_held(&current->sighand->siglock);
	if (has_pending(current))
		set_tif(current, TIF_SIGPENDING);
}

/* --- taking one off --- */

static int next_signal(const struct sigpending *p, sigset_t_k mask)
{
	sigset_t_k ready = p->signal & ~mask;

	if (!ready)
		return 0;
	if (ready & SIG_SYNCHRONOUS_MASK)
		ready &= SIG_SYNCHRONOUS_MASK;
	return __builtin_ctzll(ready) + 1;
}

/* The first info of sig; the bit stays while there is a second one. */
static __always_inline void collect_signal(int sig, struct sigpending *p, struct k_siginfo *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each(q, &p->queue, node) {
		if (q->info.si_signo != sig)
			continue;
		more = first;
		if (more)
			break;
		first = q;
	}
	if (!more)
		p->signal &= ~sigmask(sig);
	if (first) {
		copy_siginfo(info, &first->info);
		sigqueue_free(p, first, info);
	} else {
		*(struct info_words *)info = (struct info_words){ { 0 } };
		info->si_signo = sig;
	}
}

int take_signal(sigset_t_k mask, struct k_siginfo *info)
{
	struct sigpending *p = &current->pending;
	int sig = next_signal(p, mask);

	if (!sig) {
		p = &current->group->shared_pending;
		sig = next_signal(p, mask);
		if (unlikely(sig == SIGALRM))
			itimer_rearm(current->group);
	}
	if (sig)
		collect_signal(sig, p, info);
	if (sig && (sigmask(sig) & SIG_STOP_MASK))
		current->jobctl |= JOBCTL_STOP_DEQUEUED;
	return sig;
}

int dequeue_signal(sigset_t_k mask, struct k_siginfo *info)
{
	int sig = take_signal(mask, info);

	recalc_sigpending();
	return sig;
}

/*
 * The frame of a fault's handler must show the instruction that faulted, so it comes before any
 * other.
 */
int take_synchronous_signal(struct k_siginfo *info)
{
	struct sigpending *p = &current->pending;
	struct sigqueue *q;
	int sig;

	if (!(p->signal & ~current->blocked & SIG_SYNCHRONOUS_MASK))
		return 0;
	list_for_each(q, &p->queue, node) {
		sig = q->info.si_signo;
		if (q->info.si_code <= SI_USER || !(sigmask(sig) & SIG_SYNCHRONOUS_MASK & ~current->blocked))
			continue;
		collect_signal(sig, p, info);
		return sig;
	}
	return 0;
}

/* --- the mask --- */

/*
 * current was woken for shared signals in @which and will not take them: others may. siglock held.
 */
static void retarget_shared_pending(sigset_t_k which)
{
	struct group *g = current->group;
	sigset_t_k left = g->shared_pending.signal & which;
	sigset_t_k blocked;
	struct task *p;

	if (g->flags & SIGNAL_GROUP_EXIT)
		return;
	for_each_thread(g, p) {
		if (!left)
			break;
		blocked = READ_ONCE(p->blocked);
		if (p == current || (READ_ONCE(p->flags) & PF_EXITING) || !(left & ~blocked))
			continue;
		left &= blocked;
		if (!signal_pending(p))
			signal_wake_up(p, 0);
	}
}

static inline void set_blocked(sigset_t_k old, sigset_t_k mask)
{
	if (unlikely(current->group->nr_threads > 1) && signal_pending(current))
		retarget_shared_pending(mask & ~old);
	WRITE_ONCE(current->blocked, mask);
	recalc();
}

void set_blocked_locked(sigset_t_k mask)
{
	assert(spin_is_held_last(&current->sighand->siglock));
	set_blocked(current->blocked, mask);
}

static void __attribute__((noinline)) set_blocked_slow(sigset_t_k old, sigset_t_k mask)
{
	spin_lock(&current->sighand->siglock);
	set_blocked(old, mask);
	spin_unlock(&current->sighand->siglock);
}

/*
 * As if under siglock, which is taken only if somebody has it, who may have seen either mask, or if
 * there is something to do. Who takes it later sees the new one: the instruction that takes a lock
 * is a fence too.
 *
 *	current                                     sender, in siglock
 *	blocked = mask                              pending |= sig
 *	fence                                       blocked? not by the old one: TIF_SIGPENDING
 *	siglock is free: pending, TIF_SIGPENDING
 *	are as the last one left them
 */
void set_current_blocked(sigset_t_k mask)
{
	struct task *t = current;
	sigset_t_k old = t->blocked;

	mask &= ~SIG_KERNEL_UNBLOCKABLE;
	if (mask == old)
		return;
	WRITE_ONCE(t->blocked, mask);
	atomic_thread_fence(memory_order_seq_cst);
	arch_point(POINT_ATOMIC, t);
	if (unlikely(!spin_is_free(&t->sighand->siglock)) || signal_pending(t) || (pending_signals(t) & ~mask))
		set_blocked_slow(old, mask);
}

/* --- X2 --- */

/*
 * Alone or in a dying group there is nobody to hand anything to. Else, under siglock:
 *
 *	dying thread                    sender
 *	PF_EXITING                      sees PF_EXITING: picks another thread; or
 *	looks at shared_pending         queued before, picked us: we pass it on here
 */
void exit_signals(void)
{
	struct task *t = current;
	bool stopped = false;

	spin_lock(&t->sighand->siglock);
	t->flags |= PF_EXITING;
	if (t->group->nr_threads > 1 && !(t->group->flags & SIGNAL_GROUP_EXIT) && signal_pending(t)) {
		retarget_shared_pending(~t->blocked);
		stopped = (t->jobctl & JOBCTL_STOP_PENDING) && participate_group_stop(t);
	}
	spin_unlock(&t->sighand->siglock);
	if (!stopped)
		return;
	read_lock(&tasklist_lock);
	do_notify_parent_cldstop(t, CLD_STOPPED);
	read_unlock(&tasklist_lock);
}
