// SPDX-License-Identifier: GPL-2.0-only
/* What a file system says of itself. */
#pragma once

#include <sys/types.h>

typedef struct {
	int __val[2];
} fsid_t;

struct statfs {
	long f_type;
	long f_bsize;
	fsblkcnt_t f_blocks;
	fsblkcnt_t f_bfree;
	fsblkcnt_t f_bavail;
	fsfilcnt_t f_files;
	fsfilcnt_t f_ffree;
	fsid_t f_fsid;
	long f_namelen;
	long f_frsize;
	long f_flags;
	long f_spare[4];
};

#include <sys/cdefs.h>

__BEGIN_DECLS
int statfs(const char *path, struct statfs *st);
int fstatfs(int fd, struct statfs *st);
__END_DECLS
