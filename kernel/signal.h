// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: send, pick the thread, dequeue, act; stop and continue. Mirrors Linux kernel/signal.c.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/lock.h"

struct task;
struct group;
struct regs;
struct posix_timer;
struct user;
struct kmem_cache;

typedef u64 sigset_t_k;			/* bit sig-1 */
#define sigmask(sig)	(1ull << ((sig) - 1))
#define SIG_KERNEL_UNBLOCKABLE	(sigmask(SIGKILL) | sigmask(SIGSTOP))

struct sigqueue {			/* one queued siginfo */
	struct list node;
	struct user *user;		/* (!) for whom it is counted, referenced */
	struct k_siginfo info;
	struct posix_timer *timer;	/* [siglock] whose own it is, NULL: freed when it is taken */
};
struct sigpending {			/* [siglock] */
	sigset_t_k signal;
	struct list queue;
	struct sigqueue own;		/* for one of the queue at a time: most are alone there. Its user is NULL: it is free */
};

/*
 * A fork under way: what was sent to many processes meanwhile is for the child too. On the caller's
 * stack.
 */
struct fork_signals {			/* [siglock] */
	struct list node;		/* on group->forks */
	sigset_t_k signal;
};

/* Handlers, shared by CLONE_SIGHAND. */
struct sighand {
	_Atomic u32 count;
	/* rank RANK_SIGHAND; also protects group->shared_pending and every pending set of its tasks */
	struct spinlock siglock;
	struct k_sigaction action[64];	/* [siglock] index sig-1 */
};

/* A signal chosen for delivery. */
struct ksig {
	int sig;
	struct k_sigaction ka;
	struct k_siginfo info;
	sigset_t_k oldmask;		/* to be saved in the frame */
};

/*
 * The info of a signal is one of: a filled k_siginfo; NULL, the user's kill(2): SI_USER from
 * current; SEND_SIG_KERNEL, from the kernel itself, which init and a blocked mask cannot make go
 * away silently; SEND_SIG_TKILL, the user's tkill(2) and tgkill(2): SI_TKILL from current.
 */
#define SEND_SIG_KERNEL	((const struct k_siginfo *)1)
#define SEND_SIG_TKILL	((const struct k_siginfo *)2)

/*
 * To the group of t (process-directed), or to t alone. t is current, or referenced, or
 * tasklist_lock is held; takes tasklist_lock (r) where the caller does not hold it. 0, -EAGAIN (no
 * room for the info of a real-time signal), -ESRCH (t is unhashed), -EINVAL. sig 0: only tells
 * whether t is there. Any context.
 */
int send_sig_group(int sig, const struct k_siginfo *info, struct task *t);
/* The same for who may be refused it: -EPERM. LINUX: siglock is taken after the check. */
int group_send_sig_info(int sig, const struct k_siginfo *info, struct task *t);
/*
 * The same to one process of many: the children that it is about to have get it too. tasklist_lock
 * held.
 */
int group_send_sig_wide(int sig, const struct k_siginfo *info, struct task *t);
int send_sig_thread(int sig, const struct k_siginfo *info, struct task *t);
/* t->sighand->siglock held */
int send_signal_locked(int sig, const struct k_siginfo *info, struct task *t, bool group);
/* A timer's own entry, which counts as one queued signal; NULL: as many as may be, or no memory. */
struct sigqueue *sigqueue_prealloc(struct posix_timer *owner);
/* It is free, or will be when it is taken off its queue. siglock held. */
void sigqueue_disown(struct sigqueue *q);
/* Queues q, which is on no queue, and its signal. False: that is ignored. As send_signal_locked. */
bool send_sigqueue_locked(struct sigqueue *q, struct task *t, bool group);
/* SIGKILL to a whole group, as the OOM killer does. Context as send_sig_group. */
void kill_group(struct task *t);
/* A synchronous fault of current: unblocks and resets to SIG_DFL if blocked or ignored. */
void force_sig_fault(int sig, int code, uaddr_t addr);
void force_sig(int sig);
void force_sig_mceerr(uaddr_t addr);		/* SIGBUS: the page at addr is broken */
/* The same with all that info says. */
void force_sig_info(const struct k_siginfo *info);
/* As that, but nobody is asked, not even a tracer: the program ends. */
void force_exit_info(const struct k_siginfo *info);
/* As force_sig, but the handler is not asked: the program ends. */
void force_fatal_sig(int sig);
/*
 * To each process of a process group; tasklist_lock not held. 0 if one of them took it, -ESRCH if
 * there is none.
 */
int kill_pgrp(int sig, const struct k_siginfo *info, int pgrp);
int kill_vpgrp(int sig, const struct k_siginfo *info, int vnr);	/* the same by its number in current's namespace */
/*
 * Gives every other thread of t's group SIGKILL. siglock held. Returns how many there are, dead but
 * hashed ones included.
 */
int zap_other_threads(struct task *t);
/*
 * SIGKILL in t's private set: t must die and has not yet noticed. Lock-free hint. A task past
 * do_signal's verdict may sleep killably.
 */
bool fatal_signal_pending(struct task *t);
/* Would a sleeper in @state be woken by what is pending? */
bool signal_pending_state(unsigned state, struct task *t);
void recalc_sigpending(void);			/* siglock held; current */
/* the same, but what is set stays set: a call that was interrupted is yet to be restarted */
void find_sigpending(void);
/*
 * t->tif and a wake-up of INTERRUPTIBLE | extra_state (TASK_WAKEKILL for a fatal one, which ends a
 * trace stop too), or a kick. siglock held. current needs none: schedule() looks at what is
 * pending.
 */
void signal_wake_up(struct task *t, unsigned extra_state);
void set_current_blocked(sigset_t_k mask);	/* may take siglock */
/*
 * entry_exit_to_user's part: task work, freeze, stop, deliver or die; restarts an interrupted call.
 * Interrupts on.
 */
void do_signal(struct regs *r);
/*
 * X2: PF_EXITING; shared signals this thread would have taken go to others, a group stop in
 * progress does not wait for it.
 */
void exit_signals(void);
/*
 * copy_process, under tasklist_lock(w) and siglock: the new thread takes part in a group stop in
 * progress or in effect.
 */
void task_join_group_stop(struct task *t);
/*
 * Real parent's side of a stop or continue (CLD_STOPPED, CLD_CONTINUED) of t's group. tasklist_lock
 * held, no siglock.
 */
void do_notify_parent_cldstop(struct task *t, int why);
/* The same for the tracer of t, of a stop of t alone; also CLD_TRAPPED. */
void do_notify_tracer_cldstop(struct task *t, int why);
/*
 * Tells t->parent that t died with sig; true if t is to be reaped at once (ignored SIGCHLD, not
 * traced). tasklist_lock write-held.
 */
bool do_notify_parent(struct task *t, int sig);
/*
 * Of as much as is kept; the rest must be zero where nobody knows what it would mean. sig: the signal's
 * number, INT32_MIN: as it says itself. 0, -EFAULT, -E2BIG. Sleeps.
 */
int copy_siginfo_from_user(struct k_siginfo *info, int sig, uaddr_t from);
void flush_sigqueue(struct sigpending *p);	/* frees all of it; siglock held, or nobody else can see it */
void flush_signal_handlers(struct sighand *s);	/* exec: ignored ones stay ignored; alone with s, or siglock held */
void sigpending_init(struct sigpending *p);
int sighand_init(void);				/* boot, after kmem_init */

/*
 * ppoll, pselect6: the mask for the length of the call, restored by do_signal. umask 0: nothing. 0,
 * -EINVAL, -EFAULT.
 */
int set_user_sigmask(uaddr_t umask, size_t sigsetsize);
/* After such a call that was not interrupted: the old mask at once. */
void restore_saved_sigmask(void);

/* The alternate stack, for arch_signal_setup and arch_signal_return. */
bool on_sig_stack(uaddr_t sp);			/* sp lies on it (never so with SS_AUTODISARM) */
uaddr_t signal_stack(const struct ksig *k, uaddr_t sp);	/* where the frame of k goes, counted down from here */
void save_altstack(struct k_stack *out);	/* uc_stack of a frame */
/* From a frame; a hostile one changes nothing. */
void restore_altstack(uaddr_t ss_sp, u32 ss_flags, u64 ss_size, uaddr_t sp);

/* Between signal.c, kill.c, sigpending.c, sigdeliver.c, sigstop.c and sigcalls.c. All with siglock held. */
#define SIG_STOP_MASK		(sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_IGNORE_MASK		(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
#define SIG_COREDUMP_MASK	(sigmask(SIGQUIT) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGABRT) | sigmask(SIGBUS) | \
				 sigmask(SIGFPE) | sigmask(SIGSEGV) | sigmask(SIGXCPU) | sigmask(SIGXFSZ) | sigmask(SIGSYS))
#define SIG_SYNCHRONOUS_MASK	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGFPE) | \
				 sigmask(SIGSYS))
static inline bool valid_signal(int sig) { return sig >= 0 && sig <= K_NSIG; }
extern struct kmem_cache *sigqueue_cache;
void sigqueue_uncount(struct user *u);		/* one queued signal fewer; any context */
bool sig_handler_ignored(const struct k_sigaction *ka, int sig);
void flush_sigqueue_mask(sigset_t_k mask, struct sigpending *p);
/* The next signal of current outside mask, taken off its queue into *info: its number, or 0. */
int dequeue_signal(sigset_t_k mask, struct k_siginfo *info);
/* The same, and recalc_sigpending() is for the caller to call when he is done. */
int take_signal(sigset_t_k mask, struct k_siginfo *info);
/* A fault's signal, ahead of all others. The caller's is what it is above. */
int take_synchronous_signal(struct k_siginfo *info);
/* current->blocked = mask; signals that become blocked find another thread. recalc_sigpending(). */
void set_blocked_locked(sigset_t_k mask);
/* A stop signal takes back SIGCONTs, SIGCONT takes back stops and wakes the stopped. */
void prepare_stop_cont(int sig, struct task *t);
/*
 * Bits of JOBCTL_PENDING_MASK on and off. on: with STOP_PENDING may come a signal and STOP_CONSUME;
 * false if t is dying. off: with STOP_PENDING goes all of the stop; with the last one TRAPPING.
 */
bool set_jobctl_pending(struct task *t, u32 bits);
void clear_jobctl_pending(struct task *t, u32 bits);
void clear_jobctl_trapping(struct task *t);
/*
 * Stops current with its group; signr 0: takes part in the stop in progress. true: was stopped,
 * siglock dropped.
 */
bool do_signal_stop(int signr);
/*
 * t was to stop and will not, or does now: true if with it the whole group has stopped and the
 * parent is to be told.
 */
bool participate_group_stop(struct task *t);
/* A continue that the parent does not know yet: CLD_*, cleared. 0 if none. */
int take_cld_notice(struct group *g);

/* As much of a siginfo as is queued; the rest is zero by the time a program sees it. */
#define SIGINFO_KEPT	48
struct info_words {
	u64 w[SIGINFO_KEPT / 8];
};
static inline void copy_siginfo(struct k_siginfo *to, const struct k_siginfo *from)
{
	_Static_assert(offsetof(struct k_siginfo, u) + sizeof(from->u.chld) <= sizeof(struct info_words), "infos fit");
	__builtin_memcpy(to, from, sizeof(struct info_words));
}

#define NSIGPOLL	6
/* Which part of a siginfo's union is in use. */
enum siginfo_layout { SIL_KILL, SIL_TIMER, SIL_POLL, SIL_FAULT, SIL_CHLD, SIL_RT, SIL_SYS };
enum siginfo_layout siginfo_layout(int sig, int code);

/* Who waits at a signalfd, whosever: see fs/signalfd.c. */
struct waitq;
extern struct waitq signalfd_wait;

/* What restart_syscall(2) resumes. */
struct restart_block {
	long (*fn)(struct restart_block *rb);
	u64 deadline;
	uaddr_t a, b;
	u64 c, d;
};
