// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening what was found, and who may write to it meanwhile; namei.c finds it. Mirrors Linux
 * fs/open.c. No locks: the counters are atomic.
 */
#include "kernel/cred.h"
#include "kernel/fs/mount.h"

/*
 * One more writer (by 1), or one more program that keeps them out (by -1). false: the others are in
 * the way.
 */
static bool count_writer(struct inode *i, s32 by)
{
	s32 n = atomic_load(&i->writers);

	do {
		if (by > 0 ? n < 0 : n > 0)
			return false;
	} while (!atomic_compare_exchange_weak(&i->writers, &n, n + by));
	return true;
}

int get_write_access(struct inode *i)
{
	return count_writer(i, 1) ? 0 : -ETXTBSY;
}

int deny_write_access(struct file *f)
{
	f->denies_write = count_writer(f->inode, -1);
	return f->denies_write ? 0 : -ETXTBSY;
}

/*
 * One of the two sees the other:
 *
 *	open					remount, read-only
 *	sb->writers++				sb->flags |= MS_RDONLY
 *	MS_RDONLY?  then EROFS			sb->writers?  then EBUSY, and not
 */
static int count_written(struct file *f)
{
	struct super *sb = f->inode->sb;
	int err = get_write_access(f->inode);

	if (err)
		return err;
	f->counted = COUNTED_WRITER;
	atomic_fetch_add(&sb->writers, 1);
	return sb_says(sb, MS_RDONLY) ? -EROFS : 0;
}

/*
 * Somebody has a regular file open, and those who have a lease on it let him. 0, -ETXTBSY, -EROFS,
 * -EWOULDBLOCK, -ERESTARTSYS.
 */
static int count_open(struct file *f)
{
	if (f->writable) {
		int err = count_written(f);

		if (err)
			return err;
	} else if (f->readable) {
		atomic_fetch_add(&f->inode->readers, 1);
		f->counted = COUNTED_READER;
	}
	return break_lease(f->inode, f->flags);
}

struct file *open_as(struct file *f, struct dentry *d, u32 flags)
{
	int err;

	file_attach(f, d, flags & O_PATH ? NULL : d->inode->fops, flags);
	if (flags & O_PATH)
		return f;
	err = inode_is(d->inode, S_IFREG) ? count_open(f) : 0;
	if (!err)
		err = !d->inode->fops ? -ENXIO : f->ops->open ? f->ops->open(d->inode, f) : 0;
	if (err) {
		fput(f);
		return ERR_PTR(err);
	}
	f->opened = 1;
	if (unlikely(flags & O_DIRECT) && !d->inode->mapping) {
		fput(f);
		return ERR_PTR(-EINVAL);
	}
	return f;
}

struct file *file_open_dentry(struct dentry *d, u32 flags)
{
	struct file *f = file_alloc_empty();

	if (!IS_ERR(f))
		return open_as(f, d, flags);
	dput(d);
	return f;
}

struct file *filp_open(const char *path, u32 flags, u32 mode)
{
	return do_filp_open(AT_FDCWD, path, flags, mode);
}

struct file *file_reopen_to_run(struct file *f)
{
	struct file *exe = file_open_dentry(dget(f->dentry), O_RDONLY);
	int err = IS_ERR(exe) ? 0 : deny_write_access(exe);

	if (!err)
		return exe;
	fput(exe);
	return ERR_PTR(err);
}

bool file_is_readable(const struct file *f)
{
	return !inode_permission(f->inode, MAY_READ);
}

/* --- system calls --- */

/* Flags that contradict each other. */
static inline int check_open_flags(u32 *flags)
{
	if (*flags & (O_TMPFILE & ~O_DIRECTORY)) {
		if ((*flags & O_TMPFILE) != O_TMPFILE || !wants_write(*flags) || *flags & O_CREAT)
			return -EINVAL;
	} else if ((*flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
		return -EINVAL;
	}
	if (*flags & O_PATH)
		*flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
	return 0;
}

static long do_open(int dfd, uaddr_t upath, u32 flags, u32 mode)
{
	char buf[SHORT_PATH], *path;
	int fd, err;

	flags = (flags & VALID_OPEN_FLAGS) | O_LARGEFILE;
	err = check_open_flags(&flags);
	if (err)
		return err;
	path = short_name(upath, buf);
	if (IS_ERR(path))
		return PTR_ERR(path);
	fd = fd_reserve(flags & O_CLOEXEC);
	if (fd >= 0)
		fd = fd_install(fd, do_filp_open(dfd, path, flags, mode & 07777 & ~current_umask()));
	free_name(path, buf);
	return fd;
}

long sys_open(uaddr_t path, int flags, u32 mode)
{
	return do_open(AT_FDCWD, path, (u32)flags, mode);
}

long sys_openat(int dfd, uaddr_t path, int flags, u32 mode)
{
	return do_open(dfd, path, (u32)flags, mode);
}

long sys_creat(uaddr_t path, u32 mode)
{
	return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
