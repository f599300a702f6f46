// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pipe, for pipe.c and pipe_open.c.
 *
 * A byte that wakes a sleeping reader is the commonest thing a pipe does, so sleepers are a list of
 * tasks under the pipe's own lock, not a waitq: one lock for the data, the sleepers and the counts.
 */
#pragma once
#include "kernel/fs/dcache.h"
#include "kernel/lock_fast.h"

#define PIPE_DEF_PAGES	16u

struct pipe {
	struct spinlock lock;		/* RANK_IO */
	u32 nr_pages;			/* [lock] power of two: size of the ring */
	u32 readers, writers;		/* [lock] open files of each kind */
	u32 r_counter, w_counter;	/* [lock] openings so far: FIFO open waits for a change */
	u64 head, tail;			/* [lock] bytes ever written and read; head - tail is what is in the pipe */
	struct list read_sleepers, write_sleepers;	/* [lock] of tasks, by pipe_node */
	struct waitq pollers;
	u64 mask;			/* [lock] bytes in the ring - 1 */
	u64 reserved;			/* [lock] bytes of room that are kept for splices under way */
	char **pages;			/* [lock] addresses of pages: pages[i] holds ring bytes i * PAGE_SIZE ..., or NULL */
	char *inline_pages[PIPE_DEF_PAGES];
};

extern const struct file_ops pipe_fops;	/* of an open end */
int create_pipe_files(struct file *ends[2], u32 flags);	/* both of a new pipe; flags: O_NONBLOCK. 0 or -errno. Sleeps. */
/*
 * f, the end to write, is as good as closed; sleeps until those to read are, too, or there is a signal.
 * (Linux: wait_for_dump_helpers.)
 */
void pipe_wait_closed(struct file *f);
void pipe_release(struct file *f);		/* its .release: f is no reader or writer any more */

static inline u64 ring_bytes(const struct pipe *p)
{
	return p->mask + 1;
}

/* p->lock held. */
static inline u64 pipe_room(const struct pipe *p)
{
	return ring_bytes(p) - p->reserved - (p->head - p->tail);
}

/* p->lock held, here and below. */
static inline void wake_sleepers(struct list *sleepers)
{
	while (unlikely(!list_empty(sleepers))) {
		struct task *t = list_first(sleepers, struct task, pipe_node);

		list_del(&t->pipe_node);
		wake_up_state(t, TASK_INTERRUPTIBLE);
	}
}

/* Data, room or an end came or went: everybody looks again. POLLIN, POLLOUT: and is told by signals. */
static inline void wake_pollers(struct pipe *p, unsigned events)
{
	if (unlikely(waitq_active(&p->pollers)))
		wake_up_poll(&p->pollers, events);
}

/* Sleeps on a list until woken; the lock is dropped meanwhile. 0, -ERESTARTSYS. */
static inline int pipe_sleep(struct pipe *p, struct list *sleepers)
{
	if (signal_pending(current))
		return -ERESTARTSYS;
	list_add_tail(&current->pipe_node, sleepers);
	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	spin_unlock_inline(&p->lock);
	schedule();
	spin_lock_first(&p->lock);
	if (unlikely(!list_empty(&current->pipe_node)))
		list_del(&current->pipe_node);
	return 0;
}
