// SPDX-License-Identifier: GPL-2.0-only
/* What the files of futexes share: keys, waiters, buckets. Nobody else includes this. */
#pragma once
#include "kernel/futex.h"
#include "kernel/lib/list.h"
#include "kernel/lock.h"

/*
 * What an address names: private: mm, address, 0. Shared: inode, its unique number (a waiter does
 * not keep the inode, whose memory may be reused), offset in the file.
 */
struct key {
	const void *what;
	u64 offset, unique;
};

struct waiter {
	struct list node;		/* [bucket->lock] empty: woken_by is set, or a requeue moves it just now */
	struct key key;			/* [bucket->lock] requeue changes it */
	struct bucket *bucket;		/* [bucket->lock] the one to lock; stays when woken */
	struct task *task;
	struct pi_waiter *pi;		/* (!) waits for a requeue to the lock that is its key, or NULL */
	u32 bitset;
	_Atomic u32 woken_by;		/* [bucket->lock to change] bits of the wake-up; its own: goes on as pi says; 0: waits */
};

struct bucket {
	struct spinlock lock;		/* RANK_FUTEX */
	struct list waiters;		/* [lock] in order of arrival */
	u64 arrivals;			/* [lock] */
	struct pi_lock *pi_locks;	/* [pi_lock of futex_pi.c] */
} __aligned(64);

static inline bool same_key(const struct key *a, const struct key *b)
{
	return a->what == b->what && a->offset == b->offset && a->unique == b->unique;
}

/* futex.c */
struct bucket *futex_bucket(const struct key *k);
int futex_get_key(uaddr_t addr, int scope, struct key *k);	/* 0, -EINVAL, -EFAULT. Sleeps. */
void futex_queue(struct waiter *w);
/* off the queue, with whoever may be waking us done. true: nobody had woken us */
bool futex_unqueue(struct waiter *w);
void futex_wake_key(const struct key *k, int nr, u32 bitset);
/* Until one of n waiters is woken, a signal, or the deadline. true: the deadline passed. */
bool futex_sleep(struct waiter *w, unsigned n, u64 deadline);

/*
 * FUTEX_WAIT's timeout is relative, FUTEX_WAIT_BITSET's absolute on one of two clocks. 0, -EFAULT,
 * -EINVAL.
 */
int futex_deadline(int op, uaddr_t uts, u64 *deadline);

/* futex_pi.c: the commands with priority inheritance. 0, a count, or -errno. */
long futex_lock_pi(uaddr_t addr, int scope, u64 deadline);
long futex_trylock_pi(uaddr_t addr, int scope);
long futex_unlock_pi(uaddr_t addr, int scope);
long futex_wait_requeue_pi(uaddr_t addr, int scope, u32 val, u64 deadline, uaddr_t addr2);
long futex_cmp_requeue_pi(uaddr_t a1, uaddr_t a2, int scope, int nr_wake, int nr_requeue, u32 cmp);
