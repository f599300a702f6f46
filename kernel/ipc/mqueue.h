// SPDX-License-Identifier: GPL-2.0-only
/* Private to POSIX message queues: mqueue.c and mqueue_fs.c. Mirrors Linux ipc/mqueue.c. */
#pragma once
#include "kernel/fs/dcache.h"
#include "kernel/waitq.h"

struct mq_msg {
	struct list node;
	u32 prio;
	size_t size;
	char text[];
};

struct mqueue {
	struct spinlock lock;		/* RANK_IPC */
	struct list messages;		/* [lock] the highest priority first, and of one the oldest first */
	struct k_mq_attr attr;		/* [lock] mq_curmsgs; the rest (!) */
	u64 bytes;			/* [lock] of texts */
	struct list senders, receivers;	/* [lock] of struct mq_waiter, who is next first. Not both. */
	struct waitq wait;		/* poll */
	struct group *owner;		/* [lock] who is to be told, referenced; NULL: nobody */
	int notify, signo;		/* [lock] of owner */
	u32 exec_id;			/* [lock] its group's, when it asked */
	union k_sigval value;		/* [lock] */
	struct user *user;		/* (!) who made it, referenced */
	u64 charged;			/* (!) in user->mq_bytes */
};

static inline void mqueue_touch(struct inode *i)
{
	i->atime = i->mtime = i->ctime = now_realtime();
}

/* Nobody is told any more; the reference is the caller's. q->lock held. */
static inline struct group *mqueue_forget_owner(struct mqueue *q)
{
	struct group *g = q->owner;

	q->owner = NULL;
	return g;
}

/* The open file of a queue. .file NULL: -EBADF, as for what is no queue. */
struct fdref mqueue_get(int fd);
