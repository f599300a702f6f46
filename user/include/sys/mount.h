// SPDX-License-Identifier: GPL-2.0-only
/* Mounting, and ioctls of block devices. */
#pragma once

#define MS_RDONLY	1
#define MS_NOSUID	2
#define MS_NODEV	4
#define MS_NOEXEC	8
#define MS_REMOUNT	32
#define MS_BIND		4096
#define MS_REC		16384
#define MS_PRIVATE	(1 << 18)
#define MNT_FORCE	1
#define MNT_DETACH	2
#define BLKROGET	0x125e
#define BLKGETSIZE	0x1260
#define BLKFLSBUF	0x1261
#define BLKSSZGET	0x1268
#define BLKGETSIZE64	0x80081272

#include <sys/cdefs.h>

__BEGIN_DECLS
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount(const char *target);
int umount2(const char *target, int flags);
__END_DECLS
