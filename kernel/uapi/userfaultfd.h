// SPDX-License-Identifier: GPL-2.0-only
/* userfaultfd: what is asked, and what is read. Linux's values and layouts. */
#pragma once
#include "kernel/lib/types.h"

#define UFFD_USER_MODE_ONLY	1
#define UFFD_API		0xaaul

#define UFFDIO_REGISTER		0xc020aa00u
#define UFFDIO_UNREGISTER	0x8010aa01u
#define UFFDIO_WAKE		0x8010aa02u
#define UFFDIO_COPY		0xc028aa03u
#define UFFDIO_ZEROPAGE		0xc020aa04u
#define UFFDIO_WRITEPROTECT	0xc018aa06u
#define UFFDIO_CONTINUE		0xc020aa07u
#define UFFDIO_API		0xc018aa3fu
/* Their bits, in what UFFDIO_API and UFFDIO_REGISTER answer. */
#define UFFD_BIT(cmd)		(1ul << ((cmd) & 0xff))

#define UFFD_FEATURE_PAGEFAULT_FLAG_WP	(1ul << 0)
#define UFFD_FEATURE_EVENT_FORK		(1ul << 1)
#define UFFD_FEATURE_EVENT_REMAP	(1ul << 2)
#define UFFD_FEATURE_EVENT_REMOVE	(1ul << 3)
#define UFFD_FEATURE_MISSING_HUGETLBFS	(1ul << 4)
#define UFFD_FEATURE_MISSING_SHMEM	(1ul << 5)
#define UFFD_FEATURE_EVENT_UNMAP	(1ul << 6)
#define UFFD_FEATURE_SIGBUS		(1ul << 7)
#define UFFD_FEATURE_THREAD_ID		(1ul << 8)
#define UFFD_FEATURE_MINOR_HUGETLBFS	(1ul << 9)
#define UFFD_FEATURE_MINOR_SHMEM	(1ul << 10)
#define UFFD_FEATURE_EXACT_ADDRESS	(1ul << 11)
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM	(1ul << 12)

#define UFFDIO_REGISTER_MODE_MISSING	(1ul << 0)
#define UFFDIO_REGISTER_MODE_WP		(1ul << 1)
#define UFFDIO_REGISTER_MODE_MINOR	(1ul << 2)
#define UFFDIO_COPY_MODE_WP		(1ul << 1)
#define UFFDIO_WRITEPROTECT_MODE_WP	(1ul << 0)
#define UFFDIO_WRITEPROTECT_MODE_DONTWAKE (1ul << 1)
#define UFFDIO_MODE_DONTWAKE		1ul	/* of UFFDIO_COPY, UFFDIO_ZEROPAGE and UFFDIO_CONTINUE */

#define UFFD_EVENT_PAGEFAULT		0x12
#define UFFD_EVENT_FORK			0x13
#define UFFD_EVENT_REMAP		0x14
#define UFFD_EVENT_REMOVE		0x15
#define UFFD_EVENT_UNMAP		0x16
#define UFFD_PAGEFAULT_FLAG_WRITE	(1ul << 0)
#define UFFD_PAGEFAULT_FLAG_WP		(1ul << 1)
#define UFFD_PAGEFAULT_FLAG_MINOR	(1ul << 2)

struct uffdio_api {
	u64 api;
	u64 features;
	u64 ioctls;
};
struct uffdio_range {
	u64 start;
	u64 len;
};
struct uffdio_register {
	struct uffdio_range range;
	u64 mode;
	u64 ioctls;
};
struct uffdio_copy {
	u64 dst;
	u64 src;
	u64 len;
	u64 mode;
	s64 copy;
};
struct uffdio_fill {		/* Linux: uffdio_zeropage and uffdio_continue */
	struct uffdio_range range;
	u64 mode;
	s64 done;
};
struct uffdio_writeprotect {
	struct uffdio_range range;
	u64 mode;
};
struct uffd_msg {
	u8 event;
	u8 reserved[7];
	union {
		struct {
			u64 flags;
			u64 address;
			u32 ptid;
		} pagefault;
		struct {
			u32 ufd;
		} fork;
		struct {
			u64 from;
			u64 to;
			u64 len;
		} remap;
		struct {
			u64 start;
			u64 end;
		} remove;
	} arg;
};
_Static_assert(sizeof(struct uffd_msg) == 32, "uffd_msg is 32 bytes");
