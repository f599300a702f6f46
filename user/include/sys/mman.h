// SPDX-License-Identifier: GPL-2.0-only
/* Memory mappings. */
#pragma once

#include <sys/types.h>
#include "kernel/uapi/mman.h"

#define MFD_CLOEXEC	1U
#define MFD_ALLOW_SEALING	2U
#define MFD_HUGETLB	4U
#define MS_ASYNC	1
#define MS_INVALIDATE	2
#define MS_SYNC		4
#define MCL_CURRENT	1
#define MCL_FUTURE	2
#define MCL_ONFAULT	4
#define MAP_FAILED	((void *)-1)
#define POSIX_MADV_NORMAL	0
#define POSIX_MADV_DONTNEED	4

#include <sys/cdefs.h>

__BEGIN_DECLS
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
int munmap(void *addr, size_t len);
int mprotect(void *addr, size_t len, int prot);
int madvise(void *addr, size_t len, int advice);
void *mremap(void *addr, size_t old_len, size_t new_len, int flags, ...);
int msync(void *addr, size_t len, int flags);
int mincore(void *addr, size_t len, unsigned char *vec);
int mlock(const void *addr, size_t len);
int munlock(const void *addr, size_t len);
int mlockall(int flags);
int munlockall(void);
int memfd_create(const char *name, unsigned int flags);
__END_DECLS
