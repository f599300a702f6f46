// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for one of several futexes. Mirrors Linux kernel/futex/waitwake.c, futex_wait_multiple.
 *
 * Locks: as in futex.c, one bucket after the other.
 */
#include "kernel/futex_queue.h"
#include "kernel/abi.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

/* All off the queue: the number of one that was woken, or -1. */
static int unqueue_many(struct waiter *w, unsigned n)
{
	int woken = -1;

	for (unsigned i = 0; i < n; i++)
		if (!futex_unqueue(&w[i]))
			woken = (int)i;
	return woken;
}

/*
 * Queues w[0..n) one after the other, each looked at once it is queued. 0, or off the queue again:
 * -EAGAIN, -EFAULT, and in *woken as above.
 */
static int queue_many(struct waiter *w, const struct k_futex_waitv *v, unsigned n, int *woken)
{
	int err;
	u32 now;

	for (unsigned i = 0; i < n; i++) {
		futex_queue(&w[i]);
		err = get_user32(&now, v[i].uaddr);
		if (!err && now == (u32)v[i].val)
			continue;
		if (!futex_unqueue(&w[i]))
			futex_wake_key(&w[i].key, 1, w[i].woken_by);
		*woken = unqueue_many(w, i);
		return err ? err : -EAGAIN;
	}
	return 0;
}

/*
 * The number of a word that was woken, -EAGAIN if one differs, -ETIMEDOUT, -ERESTARTSYS, -EFAULT,
 * -EINVAL.
 */
static long wait_many(struct waiter *w, const struct k_futex_waitv *v, unsigned n, u64 deadline)
{
	int err, woken;
	bool late;

	for (unsigned i = 0; i < n; i++) {
		w[i].task = current;
		w[i].bitset = FUTEX_BITSET_MATCH_ANY;
		err = futex_get_key(v[i].uaddr,
				    v[i].flags & FUTEX_PRIVATE_FLAG ? FUTEX_SCOPE_PRIVATE :
								      FUTEX_SCOPE_SHARED,
				    &w[i].key);
		if (err)
			return err;
	}
	err = queue_many(w, v, n, &woken);
	if (err)
		return woken >= 0 ? woken : err;
	late = futex_sleep(w, n, deadline);
	woken = unqueue_many(w, n);
	if (woken >= 0)
		return woken;
	return late ? -ETIMEDOUT : -ERESTARTSYS;
}

static bool waitv_valid(const struct k_futex_waitv *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((v[i].flags & ~(u32)FUTEX_PRIVATE_FLAG) != FUTEX_32 || v[i].reserved)
			return false;
	return true;
}

long sys_futex_waitv(uaddr_t uwaiters, unsigned n, unsigned flags, uaddr_t timeout, int clock)
{
	struct k_futex_waitv *v;
	struct waiter *w;
	u64 deadline;
	long ret;

	if (flags || !n || n > FUTEX_WAITV_MAX || !uwaiters)
		return -EINVAL;
	if (timeout && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return -EINVAL;
	ret = futex_deadline(FUTEX_WAIT_BITSET |
				     (clock == CLOCK_REALTIME ? FUTEX_CLOCK_REALTIME : 0),
			     timeout, &deadline);
	if (ret)
		return ret;
	v = kmalloc_array(n, sizeof(*v), GFP_KERNEL);
	w = kmalloc_array(n, sizeof(*w), GFP_KERNEL);
	if (!v || !w)
		ret = -ENOMEM;
	else if (copy_from_user(v, uwaiters, n * sizeof(*v)))
		ret = -EFAULT;
	else if (!waitv_valid(v, n))
		ret = -EINVAL;
	else
		ret = wait_many(w, v, n, deadline);
	kfree(w);
	kfree(v);
	return ret;
}
