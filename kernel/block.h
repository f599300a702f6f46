// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block requests, the per-task io_context that holds them back until flushed, device suspend, and
 * the detector of IO after the barrier. Mirrors Linux block/blk-core.c and blk-ioc.c at a fraction.
 */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/lib/types.h"
#include "kernel/lock.h"
#include "kernel/waitq.h"

struct task;
struct page;
struct block_device;

#define SECTOR_SIZE 512u
enum bio_op { BIO_READ, BIO_WRITE };

struct bio {
	struct list node;
	struct block_device *dev;
	enum bio_op op;
	u64 sector;
	u32 bytes;
	struct page *page;		/* referenced */
	u32 offset;
	int error;
	void (*end_io)(struct bio *b);	/* any task's context, no lock held */
	void *private;
	int pid;			/* on whose behalf */
	bool told;			/* of IO after the barrier */
};

struct io_context {			/* shared by CLONE_IO */
	_Atomic u32 refs;
	struct spinlock lock;		/* rank RANK_IO */
	struct list plugged;		/* [lock] requests held back, oldest first */
	unsigned nr_plugged;		/* [lock] */
};

/*
 * A device whose store is memory: requests complete in order, each delay_us of virtual time after
 * the one before.
 */
struct block_device {
	const char *name;
	u64 sectors;			/* (!) */
	struct spinlock lock;		/* rank RANK_IO */
	struct list queue;		/* [lock] dispatched, not started */
	unsigned nr_requests;		/* [lock] in queue or active */
	struct bio *active;		/* [lock] being served */
	bool suspended;			/* [lock] nothing starts */
	_Atomic u64 delay_us;
	struct waitq work;		/* the thread's: something may start */
	struct waitq done;		/* active became NULL: one less */
	struct page **store;		/* (!) one page each 8 sectors */
	u64 reads, writes;		/* [lock] completed, in sectors */
};
extern struct block_device ram0;

/*
 * Queues on current's io_context (created on demand; without memory for one the request goes out at
 * once). What goes out waits while the device's queue is full. b lives until its end_io ran, which
 * gets b->error: 0, or -EIO for a range outside the device. One page at most, offset and bytes
 * whole sectors.
 */
void submit_bio(struct bio *b);
/* Sends what current held back to the device. */
void io_flush(void);
int copy_io(u64 clone_flags, struct task *t);	/* fork: share with CLONE_IO, else none. 0 or -ENOMEM */
void exit_io_context(struct task *t);		/* X16: flush and drop; the last sharer tears down */
void block_init(void);				/* /dev/ram0; boot words ramdisk_kib=, ramdisk_delay_us= */
extern _Atomic u64 io_after_barrier;		/* /proc/vmstat io_after_barrier */
