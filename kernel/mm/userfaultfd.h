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

/*
 * One of UFFDIO_COPY and UFFDIO_ZEROPAGE, as far as it goes: bytes done, or -errno if there are
 * none. Sleeps, mmap_lock not held; ctx->mm has users.
 */
s64 userfault_copy(struct userfaultfd_ctx *ctx, uaddr_t dst, uaddr_t src, u64 len);
s64 userfault_zeropage(struct userfaultfd_ctx *ctx, uaddr_t dst, u64 len);
