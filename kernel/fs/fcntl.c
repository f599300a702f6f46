// SPDX-License-Identifier: GPL-2.0-only
/*
 * fcntl: what belongs to a descriptor and to an open file; the rest is passed on. Mirrors Linux
 * fs/fcntl.c.
 *
 * Locks: files->lock for FD_CLOEXEC, the inode's mutex for the write hint.
 */
#include "kernel/fs/dcache.h"
#include "kernel/lib/bitmap.h"
#include "kernel/mm/mm.h"

static long set_cloexec(int fd, u64 arg)
{
	struct files *files = current->files;

	spin_lock(&files->lock);
	if (fd_lookup(files, fd)) {
		if (arg & FD_CLOEXEC)
			bit_set(files->cloexec, (unsigned)fd);
		else
			bit_clear(files->cloexec, (unsigned)fd);
	}
	spin_unlock(&files->lock);
	return 0;
}

bool get_close_on_exec(int fd)
{
	struct files *files = current->files;
	bool on;

	spin_lock(&files->lock);
	on = fd_lookup(files, fd) && bit_test(files->cloexec, (unsigned)fd);
	spin_unlock(&files->lock);
	return on;
}

static long set_flags(struct file *f, int fd, u32 flags)
{
	const u32 settable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

	if ((flags ^ f->flags) & O_APPEND && is_append(f->inode))
		return -EPERM;
	if (flags & ~f->flags & O_NOATIME && !inode_owner_or_capable(f->inode))
		return -EPERM;
	if (flags & O_DIRECT && !inode_is(f->inode, S_IFIFO) && !f->inode->mapping)
		return -EINVAL;
	if ((flags ^ f->flags) & O_ASYNC) {
		int err = file_set_async(f, fd, flags & O_ASYNC);

		if (err && err != -ENOTTY)
			return err;
	}
	WRITE_ONCE(f->flags, (f->flags & ~settable) | (flags & settable));
	return 0;
}

/* Remembered and given back; nobody places data by it. */
static long rw_hint_fcntl(struct inode *i, unsigned cmd, uaddr_t arg)
{
	u64 hint = READ_ONCE(i->write_hint);

	if (cmd == F_GET_RW_HINT)
		return copy_to_user(arg, &hint, sizeof(hint)) ? -EFAULT : 0;
	if (copy_from_user(&hint, arg, sizeof(hint)))
		return -EFAULT;
	if (hint > RWH_WRITE_LIFE_EXTREME)
		return -EINVAL;
	mutex_lock(&i->lock);
	i->write_hint = (u32)hint;
	mutex_unlock(&i->lock);
	return 0;
}

static long do_fcntl(struct file *f, int fd, unsigned cmd, u64 arg)
{
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		if ((u32)arg >= nofile_limit())
			return -EINVAL;
		return fd_alloc(get_file(f), cmd == F_DUPFD_CLOEXEC ? O_CLOEXEC : 0, (int)arg);
	case F_GETFD:
		return get_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		return set_cloexec(fd, arg);
	case F_GETFL:
		return (long)(f->flags & ~(u32)(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC));
	}
	if (f->flags & O_PATH)
		return -EBADF;
	switch (cmd) {
	case F_SETFL:
		return set_flags(f, fd, (u32)arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return file_lock_fcntl(f, fd, cmd, arg);
	case F_SETLEASE:
		return fcntl_setlease(f, fd, arg);
	case F_GETLEASE:
		return fcntl_getlease(f);
	case F_NOTIFY:
		return fcntl_dirnotify(f, fd, (u32)arg);
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return memfd_fcntl(f, cmd, arg);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return pipe_fcntl(f, cmd, arg);
	case F_GET_RW_HINT:
	case F_SET_RW_HINT:
		return rw_hint_fcntl(f->inode, cmd, arg);
	case F_SETOWN:
	case F_GETOWN:
	case F_SETOWN_EX:
	case F_GETOWN_EX:
	case F_GETOWNER_UIDS:
	case F_SETSIG:
	case F_GETSIG:
		return fasync_fcntl(f, cmd, arg);
	}
	return -EINVAL;
}

long sys_fcntl(int fd, unsigned cmd, u64 arg)
{
	struct file *f = fget_raw(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = do_fcntl(f, fd, cmd, arg);
	fput(f);
	return ret;
}
