// SPDX-License-Identifier: GPL-2.0-only
/* Signals: send, pick the thread, dequeue, act; stop and continue. Mirrors Linux kernel/signal.c. */
#pragma once
#include "kernel/abi.h"
#include "kernel/lock.h"

struct task;
struct group;
struct regs;

typedef u64 sigset_t_k;			/* bit sig-1 */
#define sigmask(sig)	(1ull << ((sig) - 1))
#define SIG_KERNEL_UNBLOCKABLE	(sigmask(SIGKILL) | sigmask(SIGSTOP))

struct sigqueue {			/* one queued siginfo */
	struct list node;
	struct k_siginfo info;
};
struct sigpending {			/* [siglock] */
	sigset_t_k signal;
	struct list queue;
};

/* Handlers, shared by CLONE_SIGHAND. */
struct sighand {
	_Atomic u32 count;
	struct spinlock siglock;	/* rank RANK_SIGHAND; also protects group->shared_pending and every pending set of its tasks */
	struct k_sigaction action[64];	/* [siglock] index sig-1 */
};

/* A signal chosen for delivery. */
struct ksig {
	int sig;
	struct k_sigaction ka;
	struct k_siginfo info;
	sigset_t_k oldmask;		/* to be saved in the frame */
};

/* si_code-only infos for senders inside the kernel. */
#define SEND_SIG_KERNEL	((const struct k_siginfo *)1)

/* To the group of t (process-directed), or to t alone. tasklist_lock (r) or a reference pins t. 0, -EAGAIN, -ESRCH if it is past exit. Any context. */
int send_sig_group(int sig, const struct k_siginfo *info, struct task *t);
int send_sig_thread(int sig, const struct k_siginfo *info, struct task *t);
int send_signal_locked(int sig, const struct k_siginfo *info, struct task *t, bool group);	/* t->sighand->siglock held */
/* SIGKILL to a whole group, as the OOM killer does. */
void kill_group(struct task *t);
/* A synchronous fault of current: unblocks and resets to SIG_DFL if blocked or ignored. */
void force_sig_fault(int sig, int code, uaddr_t addr);
void force_sig(int sig);
/* To each process of a process group; tasklist_lock not held. */
int kill_pgrp(int sig, const struct k_siginfo *info, int pgrp);
/* The core of fatal delivery: marks every other thread of current's group SIGKILL. siglock held. Returns how many. */
int zap_other_threads(struct task *t);
/* SIGKILL pending in t's private set or group exit in progress. Lock-free hint. */
bool fatal_signal_pending(struct task *t);
/* TIF_SIGPENDING. */
bool signal_pending(struct task *t);
/* Would a sleeper in @state be woken by what is pending? */
bool signal_pending_state(unsigned state, struct task *t);
void recalc_sigpending(void);			/* siglock held; current */
void signal_wake_up(struct task *t, unsigned extra_state);	/* siglock held */
void set_current_blocked(sigset_t_k mask);	/* takes siglock */
/* entry_exit_to_user's part: freeze, stop, deliver or die. Interrupts on. */
void do_signal(struct regs *r);
/* Real parent's side of a stop/continue/exit. */
void do_notify_parent_cldstop(struct task *t, int why);		/* tasklist_lock held */
/* Tells t->parent that t died with sig; true if t is to be reaped at once (ignored SIGCHLD). tasklist_lock write-held. */
bool do_notify_parent(struct task *t, int sig);
void flush_sigqueue(struct sigpending *p);
void flush_signal_handlers(struct sighand *s);	/* exec; siglock not needed: alone */
int sighand_init(void);
/* Process the restart of an interrupted call: value in regs is -ERESTART*. Part of do_signal. */

/* Kernel-internal returns, never seen by user mode. */
#define ERESTARTSYS		512
#define ERESTARTNOINTR		513
#define ERESTARTNOHAND		514
#define ERESTART_RESTARTBLOCK	516

/* What restart_syscall(2) resumes. */
struct restart_block {
	long (*fn)(struct restart_block *rb);
	u64 deadline;
	uaddr_t a, b;
	u64 c, d;
};
