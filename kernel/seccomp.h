// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp: a task gives up system calls. Mirrors Linux include/linux/seccomp.h.
 *
 * What is between a system call and its handler is seccomp.c; a filter that asks another process is
 * seccomp_notify.c; the programs themselves are bpf_filter.c.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/bpf_filter.h"
#include "kernel/waitq.h"

struct task;
struct regs;

/*
 * One program. Filters make a tree: each points to the one that was there before it, and a task to
 * its newest, so that the way to the root is all of them. Nothing but the counts and the
 * notifications changes once it is in the tree.
 */
struct seccomp_filter {
	_Atomic u32 refs;		/* (~) tasks and filters that point to it, and its listener: memory lifetime */
	_Atomic u32 users;		/* (~) the same without the listener and without what is not used itself: 0: nobody comes here any more */
	struct seccomp_filter *prev;	/* (!) referenced */
	u8 log;				/* (!) SECCOMP_FILTER_FLAG_LOG */
	u8 wait_killable;		/* (!) ..._WAIT_KILLABLE_RECV */
	u16 len;			/* (!) of insns */
	u32 cost;			/* (!) what it counts for the limit */
	struct k_sock_filter *insns;	/* (!) */

	/* seccomp_notify.c */
	struct spinlock notify_lock;	/* N: RANK_SECCOMP */
	u8 listened;			/* [N] there is an open listener; only ever set before it is in the tree */
	u64 next_id;			/* [N] */
	struct list notifications;	/* [N] of struct knotif: calls that wait for an answer */
	_Atomic u32 requests;		/* (~) notifications, and perhaps some that are gone, to be received */
	struct waitq wait;		/* for any change of these: callers, listeners, pollers */
};

/* --- seccomp.c --- */

/*
 * current, which has TIF_SECCOMP, made the system call in r. False: it is not to be made, and its
 * value is in r. Sleeps; may not return.
 */
bool secure_computing(struct regs *r);
/* copy_process, siglock held: p, not yet visible, is where current is, which has a mode. */
void copy_seccomp(struct task *p);
/* p, which has a mode, is unhashed: it leaves its filters. Any context below RANK_SECCOMP. */
void seccomp_filter_release(struct task *p);
void put_seccomp_filter(struct seccomp_filter *f);	/* NULL is fine. Any context. */
long prctl_set_seccomp(u64 mode, uaddr_t filter);
/* ptrace(2): of the stopped task t. */
long seccomp_get_filter(struct task *t, u64 off, uaddr_t to);
long seccomp_get_metadata(struct task *t, u64 size, uaddr_t to);

/* --- seccomp_notify.c --- */

/* Asks f's listener. True: the call is to be made; else its value is in r. Sleeps, may be frozen. */
bool seccomp_do_user_notification(struct seccomp_filter *f, const struct k_seccomp_data *data, struct regs *r);
/* An open file for f, which is not yet in the tree. ERR_PTR. Sleeps. */
struct file *seccomp_init_listener(struct seccomp_filter *f);
void seccomp_notify_init(struct seccomp_filter *f);
