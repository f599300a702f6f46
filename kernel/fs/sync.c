// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsync and its relatives: what waits in front of the disks goes there. Mirrors Linux fs/sync.c.
 */
#include "kernel/fs/dcache.h"

long sys_fsync(int fd)
{
	struct fdref r = fdget(fd);
	long ret;

	if (!r.file)
		return -EBADF;
	ret = r.file->ops->fsync ? r.file->ops->fsync(r.file) : -EINVAL;
	fdput(r);
	return ret;
}

long sys_fdatasync(int fd)
{
	return sys_fsync(fd);
}

long sys_sync(void)
{
	sync_block_devices();
	return 0;
}

long sys_syncfs(int fd)
{
	struct fdref r = fdget(fd);

	if (!r.file)
		return -EBADF;
	fdput(r);
	return sync_block_devices();
}
