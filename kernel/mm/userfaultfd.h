// SPDX-License-Identifier: GPL-2.0-only
/* What userfaultfd.c and userfault_fill.c share. */
#pragma once
#include "kernel/mm/vm.h"
#include "kernel/uapi/userfaultfd.h"
#include "kernel/waitq.h"

/* (!) never changes. */
struct userfaultfd_ctx {
	_Atomic u32 refs;		/* the file's, and one for each who waits */
	u32 flags;			/* (!) of the system call */
	struct mm *mm;			/* (!) whose faults; the struct is held, not its users */
	_Atomic u64 features;		/* what was asked for, and INITIALIZED; 0: UFFDIO_API comes first */
	struct waitq wait;		/* who reads or polls */
	struct spinlock lock;
	struct list pending;		/* [lock] faults that nobody has read */
	struct list faults;		/* [lock] and those that somebody has */
};

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
 * Writes to the pages that are there of [start, start + len) have to be asked for, or need not any
 * more. 0, or -ENOENT: not all of it is registered so. Sleeps, as above.
 */
int userfault_writeprotect(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len, u64 mode);
