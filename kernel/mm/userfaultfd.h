// SPDX-License-Identifier: GPL-2.0-only
/* What userfaultfd.c, userfault_ioctl.c, userfault_event.c and userfault_fill.c share. */
#pragma once
#include "kernel/mm/vm.h"
#include "kernel/task.h"
#include "kernel/uapi/userfaultfd.h"
#include "kernel/waitq.h"

#define UFFD_INITIALIZED	(1ul << 31)	/* no feature's bit; /proc/PID/fdinfo shows it */
#define API_IOCTLS	(UFFD_BIT(UFFDIO_REGISTER) | UFFD_BIT(UFFDIO_UNREGISTER) | UFFD_BIT(UFFDIO_API))
#define RANGE_IOCTLS	(UFFD_BIT(UFFDIO_WAKE) | UFFD_BIT(UFFDIO_COPY) | UFFD_BIT(UFFDIO_ZEROPAGE) | UFFD_BIT(UFFDIO_WRITEPROTECT) | \
			 UFFD_BIT(UFFDIO_CONTINUE))

/* (!) never changes. */
struct userfaultfd_ctx {
	_Atomic u32 refs;		/* the file's, and one for each who waits */
	u32 flags;			/* (!) of the system call */
	struct mm *mm;			/* (!) whose faults; the struct is held, not its users */
	_Atomic u64 features;		/* what was asked for, and UFFD_INITIALIZED; 0: UFFDIO_API comes first */
	struct waitq wait;		/* who reads or polls */
	struct spinlock lock;
	struct list pending;		/* [lock] faults that nobody has read */
	struct list faults;		/* [lock] and those that somebody has */
	struct list events;		/* [lock] what nobody has read of other things that happen */
	_Atomic u32 mmap_changing;	/* so many of those are made, and their makers wait */
	_Atomic bool released;		/* [lock] to set: nobody will read anything any more */
};
struct userfaultfd_ctx *userfaultfd_ctx_alloc(struct mm *mm, u32 flags);	/* NULL */
void userfaultfd_ctx_put(struct userfaultfd_ctx *ctx);
struct file *userfaultfd_file(struct userfaultfd_ctx *ctx);	/* takes over the reference unless it fails. ERR_PTR */
void userfault_wake(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len);	/* whose faults are there have another look */
/* userfault_ioctl.c */
long userfaultfd_ioctl(struct file *f, unsigned cmd, uaddr_t arg);
void userfaultfd_unregister_all(struct userfaultfd_ctx *ctx);	/* takes mmap_lock */

struct userfault_event {
	struct list node;		/* [ctx->lock] in ctx->events until it is read */
	struct userfault_event *next;	/* (@) of those its maker has to tell */
	struct callback work;		/* of the first of them, unless they are told at once */
	struct userfaultfd_ctx *ctx;	/* (!) referenced */
	struct userfaultfd_ctx *child;	/* (!) referenced: of a fork. Else NULL */
	struct uffd_msg msg;		/* (!) */
	bool taken;			/* [ctx->lock] a fork's: its reader makes the descriptor */
	_Atomic bool done;
	struct waitq wait;
};
/*
 * The oldest event: 0, or -EAGAIN. *child, referenced, is that of a fork: userfault_fork_fd is next.
 * ctx->lock held.
 */
int userfault_take_event(struct userfaultfd_ctx *ctx, struct uffd_msg *m, struct userfaultfd_ctx **child);
/* The descriptor that the message of a fork has. 0 or -errno; takes over the reference. Sleeps. */
int userfault_fork_fd(struct userfaultfd_ctx *ctx, struct userfaultfd_ctx *child, struct uffd_msg *m);

/* Could v be registered: is it anonymous memory, or a file's in memory? */
bool vma_is_shmem(const struct vma *v);
static inline bool vma_can_userfault(const struct vma *v)
{
	return !v->ops || vma_is_shmem(v);
}

enum fill_with {
	FILL_COPY,			/* of user memory, at src */
	FILL_ZERO,
	FILL_CONTINUE,			/* what the file has */
};
struct fill {
	enum fill_with with;
	bool wp;			/* writing to it has to be asked for */
	uaddr_t src;
};
/*
 * Pages for the missing ones of [dst, dst + len), as far as it goes: bytes done, or -errno if there
 * are none. Sleeps, mmap_lock not held; ctx->mm has users.
 */
s64 userfault_fill(struct userfaultfd_ctx *ctx, struct fill f, uaddr_t dst, u64 len);
/*
 * Writes to [start, start + len) have to be asked for, or need not any more: of anonymous memory to
 * the pages that are there, of files to all. 0, -ENOENT: not all of it is registered so; -EAGAIN: its
 * mappings change; -ENOMEM; or -EINTR: current dies. Sleeps, as above.
 */
int userfault_writeprotect(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len, u64 mode);
