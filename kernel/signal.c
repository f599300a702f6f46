// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: the pending sets and queues, sending, picking the thread, taking one off. Mirrors the
 * first half of Linux kernel/signal.c. sigdeliver.c acts on them, sigstop.c stops and continues
 * groups and tells parents, sigcalls.c holds the system calls.
 *
 * Locks: tasklist_lock (r), siglock. Threads of a group are linked and unlinked under both, so
 * siglock alone is enough to walk them. LINUX: a sighand is pinned by tasklist_lock or by being
 * current's, where Linux has RCU.
 */
#include "kernel/signal.h"
#include "kernel/freezer.h"
#include "kernel/lib/string.h"
#include "kernel/lock_fast.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/ptrace.h"
#include "kernel/time.h"
#include "kernel/trace.h"

static struct kmem_cache *sigqueue_cache;

/* The part of a siginfo that the kernel fills; the rest is zero by the time a program sees it. */
struct info_words {
	u64 w[SIGINFO_KEPT / 8];
};

int sighand_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 8);
	return 0;
}

void copy_siginfo(struct k_siginfo *to, const struct k_siginfo *from)
{
	_Static_assert(offsetof(struct k_siginfo, u) + sizeof(from->u.chld) <= sizeof(struct info_words), "infos fit");
	__builtin_memcpy(to, from, sizeof(struct info_words));
}

/* --- the queue --- */

void sigpending_init(struct sigpending *p)
{
	p->signal = 0;
	list_init(&p->queue);
	p->own.user = NULL;
	p->own.timer = NULL;
}

static void sigqueue_uncount(struct user *u)
{
	atomic_fetch_sub_explicit(&u->sigpending, 1, memory_order_relaxed);
	put_user_of(u);
}

/*
 * For a queue of t's, or for a timer and no queue. Counts for the user who owns t, whoever sends.
 * NULL: as many as may be, or no memory.
 */
static __always_inline struct sigqueue *sigqueue_alloc(struct task *t, struct sigpending *p, bool override_limit)
{
	u64 limit = READ_ONCE(t->group->rlim[RLIMIT_SIGPENDING].rlim_cur);
	struct user *u = get_user_of(READ_ONCE(t->cred.uid));
	struct sigqueue *q;

	if (unlikely(!u))
		return NULL;
	if (unlikely(atomic_fetch_add_explicit(&u->sigpending, 1, memory_order_relaxed) >= limit && !override_limit)) {
		sigqueue_uncount(u);
		return NULL;
	}
	if (p && likely(!p->own.user)) {
		p->own.user = u;
		return &p->own;
	}
	q = kmem_cache_alloc(sigqueue_cache, GFP_ATOMIC | GFP_NOWARN);
	if (q) {
		q->timer = NULL;
		q->user = u;
	} else {
		sigqueue_uncount(u);
	}
	return q;
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

/* Not filled, see SEND_SIG_KERNEL. */
static inline bool is_special(const struct k_siginfo *info)
{
	return (uintptr_t)info <= (uintptr_t)SEND_SIG_TKILL;
}

static inline int info_code(const struct k_siginfo *info)
{
	static const int special[] = { SI_USER, SI_KERNEL, SI_TKILL };

	return is_special(info) ? special[(uintptr_t)info] : info->si_code;
}

/* A program says of itself in an info who it is: kill, tkill, sigqueue and their kin. */
static inline bool names_sender(int code)
{
	return code <= 0 && code != SI_TIMER && code != SI_SIGIO;
}

/* Current sends it from a namespace above that of t, where it has no number. */
static inline bool from_ancestor_ns(int code, struct task *t)
{
	return unlikely(t->group->pid_ns != current->group->pid_ns) && names_sender(code) &&
	       !task_pid_nr_ns(current, t->group->pid_ns);
}

static inline void fill_info(struct k_siginfo *to, int sig, int code, const struct k_siginfo *info, struct task *t)
{
	u64 *w = ((struct info_words *)to)->w;

	if (unlikely(!is_special(info))) {
		copy_siginfo(to, info);
		if (unlikely(t->cred.user_ns != current_user_ns()) && names_sender(code))
			to->u.rt.si_uid = from_kuid_munged(t->cred.user_ns, make_kuid(current_user_ns(), to->u.rt.si_uid));
	} else {
		w[0] = (u32)sig;
		w[1] = (u32)code;
		w[2] = w[3] = w[4] = w[5] = 0;
		if (info != SEND_SIG_KERNEL) {
			to->u.rt.si_pid = current->vtgid;
			to->u.rt.si_uid = from_kuid_munged(t->cred.user_ns, current->cred.uid);
		}
	}
	if (from_ancestor_ns(code, t))
		to->u.rt.si_pid = 0;
}

/*
 * Adds an info for sig to p. A lost info is silent, the signal itself is not lost, except for a
 * real-time signal sent by sigqueue: SIGNAL_OVERFLOW_FAIL, so that the sender knows.
 */
static __always_inline int queue_info(int sig, int code, const struct k_siginfo *info, struct task *t,
				      struct sigpending *p)
{
	struct sigqueue *q;

	if (sig == SIGKILL)
		return SIGNAL_DELIVERED;
	q = sigqueue_alloc(t, p, sig < K_SIGRTMIN && code >= 0);
	if (unlikely(!q))
		return sig >= K_SIGRTMIN && code != SI_USER && info != SEND_SIG_KERNEL ?
			SIGNAL_OVERFLOW_FAIL : SIGNAL_LOSE_INFO;
	fill_info(&q->info, sig, code, info, t);
	list_add_tail(&q->node, &p->queue);
	return SIGNAL_DELIVERED;
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

/* siglock held. */
static inline void wake_for_signal(struct task *t, unsigned extra_state)
{
	if (unlikely(extra_state & TASK_WAKEKILL) && !(t->jobctl & JOBCTL_PTRACE_FROZEN)) {
		t->jobctl &= ~(JOBCTL_STOPPED | JOBCTL_TRACED);
		extra_state |= __TASK_TRACED;
	}
	set_tif(t, TIF_SIGPENDING);
	if (t != current && !wake_up_state(t, TASK_INTERRUPTIBLE | extra_state))
		kick_process(t);
}

void signal_wake_up(struct task *t, unsigned extra_state)
{
	assert_held(&t->sighand->siglock);
	wake_for_signal(t, extra_state);
}

/* --- sending --- */

bool sig_handler_ignored(const struct k_sigaction *ka, int sig)
{
	if (ka->handler == K_SIG_IGN)
		return true;
	return ka->handler == K_SIG_DFL && (sigmask(sig) & SIG_IGNORE_MASK);
}

/*
 * An init gets only what it has handlers for: nobody kills or stops it, and what the kernel itself
 * sends is not lost to it. From above (the kernel, or a namespace further up) a namespace's init is
 * killed and stopped like others, the machine's own never. Kernel threads take no signals.
 */
static inline bool sig_task_ignored(struct task *t, int sig, bool from_above)
{
	const struct k_sigaction *ka = &t->sighand->action[sig - 1];
	bool only = sigmask(sig) & SIG_KERNEL_UNBLOCKABLE;

	if (t->flags & PF_KTHREAD)
		return true;
	if (likely(ka->handler > K_SIG_IGN))
		return false;
	if (only && init_pid_ns.child_reaper && same_thread_group(t, init_pid_ns.child_reaper))
		return true;
	if ((t->group->flags & SIGNAL_UNKILLABLE) && ka->handler == K_SIG_DFL && !(from_above && only))
		return true;
	return sig_handler_ignored(ka, sig);
}

/*
 * A blocked signal is kept: its handler may be another one by the time it is unblocked. A tracer
 * sees what its tracee ignores too.
 */
static inline bool sig_ignored(struct task *t, int sig, bool from_above)
{
	if ((READ_ONCE(t->blocked) | t->real_blocked) & sigmask(sig))
		return false;
	if (t->ptrace && sig != SIGKILL)
		return false;
	return sig_task_ignored(t, sig, from_above);
}

/* Ends the group at once, wherever its threads are. One that dumps core does so first. */
static inline bool sig_fatal(struct task *t, int sig)
{
	if (sigmask(sig) & (SIG_IGNORE_MASK | SIG_STOP_MASK | SIG_COREDUMP_MASK))
		return false;
	return t->sighand->action[sig - 1].handler == K_SIG_DFL;
}

static inline bool wants_signal(int sig, struct task *t)
{
	if ((READ_ONCE(t->blocked) & sigmask(sig)) || (READ_ONCE(t->flags) & PF_EXITING))
		return false;
	if (sig == SIGKILL)
		return true;
	if (t->jobctl & (JOBCTL_STOPPED | JOBCTL_TRACED))
		return false;
	return READ_ONCE(t->on_cpu) || !signal_pending(t);
}

/*
 * The thread that is to take sig: t if it can, else any; NULL: whoever can will see it when it
 * looks. LINUX: no round robin.
 */
static inline struct task *pick_thread(int sig, struct task *t, bool group)
{
	struct task *p;

	if (wants_signal(sig, t))
		return t;
	if (!group)
		return NULL;
	for_each_thread(t->group, p)
		if (wants_signal(sig, p))
			return p;
	return NULL;
}

/*
 * Every thread has SIGKILL of its own from here on, so that none goes on while a slower one is
 * still to find the fatal signal.
 */
static void start_group_exit(struct group *g, int sig)
{
	struct task *p;

	g->flags = SIGNAL_GROUP_EXIT;
	g->group_exit_code = sig;
	g->group_stop_count = 0;
	for_each_thread(g, p) {
		if (p->jobctl)
			clear_jobctl_pending(p, JOBCTL_PENDING_MASK);
		p->pending.signal |= sigmask(SIGKILL);
		signal_wake_up(p, TASK_WAKEKILL);
	}
}

/* A group that ends is beyond signals, but a core dump is ended by SIGKILL. */
static inline bool beyond_signals(const struct group *g, int sig)
{
	return g->flags & SIGNAL_GROUP_EXIT && !(g->core_state && sig == SIGKILL);
}

/* A tracer may yet take a signal away from its tracee: only SIGKILL is beyond it. */
static __always_inline void complete_signal(int sig, struct task *t, bool group)
{
	struct task *target = pick_thread(sig, t, group);
	struct group *g = t->group;

	if (!target)
		return;
	if (sig_fatal(t, sig) && !beyond_signals(g, sig) && (sig == SIGKILL || !(g->flags & SIGNAL_UNKILLABLE)) &&
	    !(target->real_blocked & sigmask(sig)) && (sig == SIGKILL || !t->ptrace))
		start_group_exit(g, sig);
	else
		wake_for_signal(target, sig == SIGKILL ? TASK_WAKEKILL : 0);
}

static inline void tell_signalfds(void)
{
	if (unlikely(waitq_active(&signalfd_wait)))
		wake_up_all(&signalfd_wait);
}

static inline void trace_signal_generate(int sig, int code, const struct k_siginfo *info, struct task *t,
					 bool group, int result)
{
	u32 err = is_special(info) ? 0 : (u32)info->si_errno;

	trace(TRACE_signal_generate, (u32)t->pid | (u64)(u32)code << 32,
	      (u32)sig | (u32)group << 8 | (u32)result << 16 | (u64)err << 32);
}

/* siglock held. */
static __always_inline int send_one(int sig, const struct k_siginfo *info, struct task *t, bool group)
{
	struct sigpending *p = group ? &t->group->shared_pending : &t->pending;
	int code = info_code(info);
	bool from_above = code == SI_KERNEL;
	int result = SIGNAL_IGNORED;

	assert(sig > 0 && sig <= K_NSIG);

	if (beyond_signals(t->group, sig))
		goto out;
	if (sigmask(sig) & (SIG_STOP_MASK | sigmask(SIGCONT)))
		prepare_stop_cont(sig, t);
	if (unlikely(t->group->flags & SIGNAL_UNKILLABLE))
		from_above |= from_ancestor_ns(code, t);
	if (sig_ignored(t, sig, from_above))
		goto out;
	result = SIGNAL_ALREADY_PENDING;
	if (sig < K_SIGRTMIN && (p->signal & sigmask(sig)))
		goto out;
	result = queue_info(sig, code, info, t, p);
	if (unlikely(result == SIGNAL_OVERFLOW_FAIL))
		goto out;
	p->signal |= sigmask(sig);
	tell_signalfds();
	complete_signal(sig, t, group);
out:
	trace_signal_generate(sig, code, info, t, group, result);
	return result == SIGNAL_OVERFLOW_FAIL ? -EAGAIN : 0;
}

int send_signal_locked(int sig, const struct k_siginfo *info, struct task *t, bool group)
{
	assert_held(&t->sighand->siglock);
	return send_one(sig, info, t, group);
}

struct sigqueue *sigqueue_prealloc(struct posix_timer *owner)
{
	struct sigqueue *q = sigqueue_alloc(current, NULL, false);

	if (q) {
		list_init(&q->node);
		q->timer = owner;
	}
	return q;
}

void sigqueue_disown(struct sigqueue *q)
{
	q->timer = NULL;
	if (list_empty(&q->node))
		sigqueue_free(NULL, q, NULL);
}

bool send_sigqueue_locked(struct sigqueue *q, struct task *t, bool group)
{
	struct sigpending *p = group ? &t->group->shared_pending : &t->pending;
	int sig = q->info.si_signo;

	assert_held(&t->sighand->siglock);
	if (t->group->flags & SIGNAL_GROUP_EXIT) {
		trace_signal_generate(sig, q->info.si_code, &q->info, t, group, SIGNAL_IGNORED);
		return true;
	}
	if (sigmask(sig) & (SIG_STOP_MASK | sigmask(SIGCONT)))
		prepare_stop_cont(sig, t);
	if (sig_ignored(t, sig, false)) {
		trace_signal_generate(sig, q->info.si_code, &q->info, t, group, SIGNAL_IGNORED);
		return false;
	}
	list_add_tail(&q->node, &p->queue);
	p->signal |= sigmask(sig);
	tell_signalfds();
	complete_signal(sig, t, group);
	trace_signal_generate(sig, q->info.si_code, &q->info, t, group, SIGNAL_DELIVERED);
	return true;
}

static int __attribute__((noinline)) send_pinned(int sig, const struct k_siginfo *info, struct task *t, bool group)
{
	struct sighand *s = t->sighand;
	int err;

	if (!s)
		return -ESRCH;
	if (!sig)
		return 0;
	spin_lock(&s->siglock);
	err = send_one(sig, info, t, group);
	spin_unlock(&s->siglock);
	return err;
}

static int __attribute__((noinline)) send_to_other(int sig, const struct k_siginfo *info, struct task *t, bool group)
{
	int err;

	if (rw_is_held(&tasklist_lock))
		return send_pinned(sig, info, t, group);
	read_lock(&tasklist_lock);
	err = send_pinned(sig, info, t, group);
	read_unlock(&tasklist_lock);
	return err;
}

static inline int send_sig(int sig, const struct k_siginfo *info, struct task *t, bool group)
{
	if (!valid_signal(sig))
		return -EINVAL;
	return t == current ? send_pinned(sig, info, t, group) : send_to_other(sig, info, t, group);
}

int send_sig_group(int sig, const struct k_siginfo *info, struct task *t)
{
	return send_sig(sig, info, t, true);
}

int send_sig_thread(int sig, const struct k_siginfo *info, struct task *t)
{
	return send_sig(sig, info, t, false);
}

void kill_group(struct task *t)
{
	(void)send_sig(SIGKILL, SEND_SIG_KERNEL, t, true);
}

int group_send_sig_info(int sig, const struct k_siginfo *info, struct task *t)
{
	int err = !valid_signal(sig) ? -EINVAL : info == SEND_SIG_KERNEL ? 0 : kill_permission(sig, t);

	return err ? err : send_sig_group(sig, info, t);
}

int group_send_sig_wide(int sig, const struct k_siginfo *info, struct task *t)
{
	sigset_t_k against = sig == SIGCONT ? SIG_STOP_MASK : sig && sigmask(sig) & SIG_STOP_MASK ? sigmask(SIGCONT) : 0;
	struct sighand *s = t->sighand;
	int err = group_send_sig_info(sig, info, t);
	struct fork_signals *f;

	assert(rw_is_held(&tasklist_lock));
	if (err || !sig)
		return err;
	spin_lock(&s->siglock);
	list_for_each(f, &t->group->forks, node)
		f->signal = (f->signal & ~against) | sigmask(sig);
	spin_unlock(&s->siglock);
	return 0;
}

/* Under tasklist_lock. 0 if one took it; else the last refusal, or -ESRCH. */
static int kill_pgrp_locked(int sig, const struct k_siginfo *info, int pgrp)
{
	struct list *members = pgrp_members(pgrp);
	struct group *g;
	int err = -ESRCH;
	bool taken = false;

	if (!members)
		return -ESRCH;
	for_each_pgrp_member(members, g) {
		if (!g->leader)
			continue;
		err = group_send_sig_wide(sig, info, g->leader);
		taken |= !err;
	}
	return taken ? 0 : err;
}

int kill_pgrp(int sig, const struct k_siginfo *info, int pgrp)
{
	int err;

	read_lock(&tasklist_lock);
	err = kill_pgrp_locked(sig, info, pgrp);
	read_unlock(&tasklist_lock);
	return err;
}

int kill_vpgrp(int sig, const struct k_siginfo *info, int vnr)
{
	int err, pgrp;

	read_lock(&tasklist_lock);
	pgrp = pid_from_vnr(vnr);
	err = pgrp ? kill_pgrp_locked(sig, info, pgrp) : -ESRCH;
	read_unlock(&tasklist_lock);
	return err;
}

/* --- faults of current --- */

enum force_how { FORCE_HANDLER, FORCE_DEFAULT, FORCE_EXIT };

/* Blocked or ignored, or no handler wanted: back to SIG_DFL, and then not even init survives it. */
static void force_info(const struct k_siginfo *info, enum force_how how)
{
	struct sighand *s = current->sighand;
	int sig = info->si_signo;
	struct k_sigaction *ka = &s->action[sig - 1];

	spin_lock(&s->siglock);
	if (how != FORCE_HANDLER || ka->handler == K_SIG_IGN || (current->blocked & sigmask(sig)))
		ka->handler = K_SIG_DFL;
	if (how == FORCE_EXIT)
		ka->flags |= SA_IMMUTABLE;
	if (current->blocked & sigmask(sig)) {
		current->blocked &= ~sigmask(sig);
		recalc_sigpending();
	}
	if (ka->handler == K_SIG_DFL && (!current->ptrace || how == FORCE_EXIT))
		current->group->flags &= ~SIGNAL_UNKILLABLE;
	(void)send_signal_locked(sig, info, current, false);
	spin_unlock(&s->siglock);
}

void force_sig_fault(int sig, int code, uaddr_t addr)
{
	struct k_siginfo info = { .si_signo = sig, .si_code = code, .u.fault.si_addr = addr };

	force_info(&info, FORCE_HANDLER);
}

void force_sig_mceerr(uaddr_t addr)
{
	struct k_siginfo info = { .si_signo = SIGBUS, .si_code = BUS_MCEERR_AR, .u.fault = { addr, PAGE_SHIFT } };

	force_info(&info, FORCE_HANDLER);
}

void force_sig_info(const struct k_siginfo *info)
{
	force_info(info, FORCE_HANDLER);
}

void force_exit_info(const struct k_siginfo *info)
{
	force_info(info, FORCE_EXIT);
}

void force_sig(int sig)
{
	struct k_siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	force_info(&info, FORCE_HANDLER);
}

void force_fatal_sig(int sig)
{
	struct k_siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	force_info(&info, FORCE_DEFAULT);
}

int zap_other_threads(struct task *t)
{
	struct task *p;
	int n = 0;

	assert_held(&t->sighand->siglock);
	t->group->group_stop_count = 0;
	for_each_thread(t->group, p) {
		if (p->jobctl)
			clear_jobctl_pending(p, JOBCTL_PENDING_MASK);
		if (p == t)
			continue;
		n++;
		if (p->exit_state)
			continue;
		p->pending.signal |= sigmask(SIGKILL);
		signal_wake_up(p, TASK_WAKEKILL);
	}
	return n;
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

void flush_signal_handlers(struct sighand *s)
{
	for (unsigned i = 0; i < K_NSIG; i++)
		s->action[i] = (struct k_sigaction){ .handler = s->action[i].handler == K_SIG_IGN ? K_SIG_IGN : K_SIG_DFL };
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
