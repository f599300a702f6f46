// SPDX-License-Identifier: GPL-2.0-only
/*
 * What epoll.c and epoll_nest.c (epolls that watch epolls) share: the epoll, and its items.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/lock.h"
#include "kernel/waitq.h"

struct user;

struct epoll {
	struct file *file;		/* (!) it is this one's. Not referenced */
	struct user *user;		/* (!) who made it, for whom its items are counted. Referenced */
	struct spinlock lock;		/* RANK_EPOLL */
	struct list ready;		/* [lock] of epoll_item.ready_node */
	struct list sleepers;		/* [lock] of struct epoll_sleeper */
	struct waitq polled;		/* who polls it; of RANK_EPOLL, for wakers take it, too */
	_Atomic u64 turns;		/* how many epoll_waits there were */
	struct list items;		/* [epoll_lock] of epoll_item.node */
	u64 looked;			/* [epoll_lock] in the search of that number, and found */
	int levels;			/* [epoll_lock] so many levels of epolls */
};

struct epoll_item {
	struct epoll *ep;
	struct file *file;		/* [epoll_lock] not referenced */
	int fd;				/* (!) the number it was added by */
	u64 turn;			/* [epoll_lock] of the epoll_wait that was last told of it */
	struct k_epoll_event event;	/* [epoll_lock] what is to be told */
	u32 armed;			/* [epoll_lock] event.events before EPOLLONESHOT took them away */
	struct list node;		/* [epoll_lock] */
	struct list file_node;		/* [epoll_lock; and nesting_lock to change] file->epoll_items */
	struct list ready_node;		/* [ep->lock] */
	struct list waits;		/* [epoll_lock] of struct epoll_wait: in the file's queues */
};

extern struct mutex epoll_lock;
extern const struct file_ops epoll_fops;

/* NULL: f is another file. */
static inline struct epoll *file_epoll(const struct file *f)
{
	return f->ops == &epoll_fops ? f->private : NULL;
}

/* epoll_nest.c. epoll_lock held */
int epoll_check_loop(struct epoll *ep, struct epoll *inner);	/* may ep watch inner? 0, -ELOOP */
bool epoll_too_many_ways(const struct file *f);	/* to which a wake-up at f would go */
