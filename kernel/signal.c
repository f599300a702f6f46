// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: sending, and picking the thread. Mirrors the sending half of Linux kernel/signal.c.
 * sigpending.c takes them off, sigdeliver.c acts on them, sigstop.c stops and continues groups and
 * tells parents, kill.c and sigcalls.c hold the system calls.
 *
 * Locks: tasklist_lock (r), siglock. Threads of a group are linked and unlinked under both, so
 * siglock alone is enough to walk them. LINUX: a sighand is pinned by tasklist_lock or by being
 * current's, where Linux has RCU.
 */
#include "kernel/signal.h"
#include "kernel/lock_fast.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/ptrace.h"
#include "kernel/trace.h"

struct kmem_cache *sigqueue_cache;

int sighand_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 8);
	return 0;
}

/* --- the queue --- */

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
			to->u.rt.si_uid =
				from_kuid_munged(t->cred.user_ns,
						 make_kuid(current_user_ns(), to->u.rt.si_uid));
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

/* --- waking --- */

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

void flush_signal_handlers(struct sighand *s)
{
	for (unsigned i = 0; i < K_NSIG; i++)
		s->action[i] = (struct k_sigaction){ .handler = s->action[i].handler == K_SIG_IGN ?
							     K_SIG_IGN : K_SIG_DFL };
}
