// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a file: stat, statx, access, statfs, readlink. Mirrors Linux fs/stat.c, fs/statfs.c
 * and a part of fs/open.c.
 *
 * Locks: the inode's mutex for mode, owner and size.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define NSEC_PER_SEC	1000000000ll
#define STATX_BASIC_STATS	0x7ffu
#define STATX_RESERVED		0x80000000u
#define AT_STATX_SYNC_TYPE	0x6000
#define ST_VALID		0x20
#define ST_RELATIME		0x1000

static struct k_timespec to_timespec(s64 ns)
{
	s64 sec = ns / NSEC_PER_SEC, rest = ns % NSEC_PER_SEC;

	if (rest < 0) {
		rest += NSEC_PER_SEC;
		sec--;
	}
	return (struct k_timespec){ sec, rest };
}

u64 inode_blocks(const struct inode *i)
{
	return i->mapping ? READ_ONCE(i->mapping->nr_pages) * (PAGE_SIZE / 512) : 0;
}

static u64 inode_size(struct inode *i)
{
	return i->ops && i->ops->current_size ? i->ops->current_size(i) : i->size;
}

static void fill_stat(struct inode *i, struct k_stat *st)
{
	*st = (struct k_stat){
		.st_dev = MKDEV(0, i->sb->dev),
		.st_ino = i->ino,
		.st_nlink = atomic_load(&i->nlink),
		.st_mode = i->mode,
		.st_uid = from_kuid_munged(current_user_ns(), i->uid),
		.st_gid = from_kgid_munged(current_user_ns(), i->gid),
		.st_rdev = i->rdev,
		.st_size = (s64)inode_size(i),
		.st_blksize = (s64)inode_blksize(i),
		.st_blocks = (s64)inode_blocks(i),
		.st_atim = to_timespec(i->atime),
		.st_mtim = to_timespec(i->mtime),
		.st_ctim = to_timespec(i->ctime),
	};
}

static long put_stat(struct inode *i, uaddr_t buf)
{
	struct k_stat st;

	fill_stat(i, &st);
	return copy_to_user(buf, &st, sizeof(st)) ? -EFAULT : 0;
}

long sys_newfstatat(int dfd, uaddr_t path, uaddr_t buf, int flags)
{
	struct dentry *d;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = user_path_at(dfd, path, flags, &d);
	if (err)
		return err;
	err = put_stat(d->inode, buf);
	dput(d);
	return err;
}

long sys_stat(uaddr_t path, uaddr_t buf)
{
	return sys_newfstatat(AT_FDCWD, path, buf, 0);
}

long sys_lstat(uaddr_t path, uaddr_t buf)
{
	return sys_newfstatat(AT_FDCWD, path, buf, AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(int fd, uaddr_t buf)
{
	struct file *f = fget_raw(fd);
	long err;

	if (!f)
		return -EBADF;
	err = put_stat(f->inode, buf);
	fput(f);
	return err;
}

static struct k_statx_timestamp to_statx_time(s64 ns)
{
	struct k_timespec t = to_timespec(ns);

	return (struct k_statx_timestamp){ .tv_sec = t.tv_sec, .tv_nsec = (u32)t.tv_nsec };
}

static long put_statx(struct inode *i, uaddr_t buf)
{
	struct k_statx x = {
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (u32)inode_blksize(i),
		.stx_nlink = atomic_load(&i->nlink),
		.stx_uid = from_kuid_munged(current_user_ns(), i->uid),
		.stx_gid = from_kgid_munged(current_user_ns(), i->gid),
		.stx_mode = (u16)i->mode,
		.stx_ino = i->ino,
		.stx_size = inode_size(i),
		.stx_blocks = inode_blocks(i),
		.stx_atime = to_statx_time(i->atime),
		.stx_mtime = to_statx_time(i->mtime),
		.stx_ctime = to_statx_time(i->ctime),
		.stx_rdev_major = DEV_MAJOR(i->rdev),
		.stx_rdev_minor = DEV_MINOR(i->rdev),
		.stx_dev_minor = i->sb->dev,
	};

	return copy_to_user(buf, &x, sizeof(x)) ? -EFAULT : 0;
}

long sys_statx(int dfd, uaddr_t path, unsigned flags, unsigned mask, uaddr_t buf)
{
	struct dentry *d;
	long err;

	if (mask & STATX_RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = user_path_at(dfd, path, (int)flags, &d);
	if (err)
		return err;
	err = put_statx(d->inode, buf);
	dput(d);
	return err;
}

/* --- access --- */

static long do_faccessat(int dfd, uaddr_t path, int mode, int flags)
{
	struct dentry *d;
	long err = user_path_at(dfd, path, flags, &d);

	if (err)
		return err;
	if (mode & MAY_EXEC && inode_is(d->inode, S_IFREG) && sb_says(d->inode->sb, MS_NOEXEC))
		err = -EACCES;
	else
		err = inode_permission(d->inode, (unsigned)mode);	/* R_OK is MAY_READ, and so on */
	dput(d);
	return err;
}

/* What a set-user-id program asks on behalf of its caller: with the real ids, all the way. */
long sys_faccessat2(int dfd, uaddr_t path, int mode, int flags)
{
	struct cred new = current->cred, old;
	long err;

	if (mode & ~(R_OK | W_OK | X_OK) || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EACCESS)
		return do_faccessat(dfd, path, mode, flags);
	new.fsuid = new.uid;
	new.fsgid = new.gid;
	if (!(new.securebits & SECBIT_NO_SETUID_FIXUP))
		new.cap_effective = new.uid == make_kuid(new.user_ns, 0) ? new.cap_permitted : 0;
	override_creds(&new, &old);
	err = do_faccessat(dfd, path, mode, flags);
	override_creds(&old, &new);
	return err;
}

long sys_faccessat(int dfd, uaddr_t path, int mode)
{
	return sys_faccessat2(dfd, path, mode, 0);
}

long sys_access(uaddr_t path, int mode)
{
	return sys_faccessat2(AT_FDCWD, path, mode, 0);
}

/* --- file systems --- */

static long put_statfs(const struct super *sb, uaddr_t buf)
{
	u64 used = atomic_load(&sb->used_pages);
	u64 limit = sb->max_pages ? sb->max_pages : sb->magic == TMPFS_MAGIC ? totalram_pages() / 2 : 0;
	struct k_statfs s = {
		.f_type = (s64)sb->magic,
		.f_bsize = PAGE_SIZE,
		.f_blocks = limit,
		.f_bfree = limit > used ? limit - used : 0,
		.f_files = sb->max_inodes ? sb->max_inodes : limit,
		.f_fsid = { (int)sb->dev, 0 },
		.f_namelen = K_NAME_MAX,
		.f_frsize = PAGE_SIZE,
		.f_flags = ST_VALID | ST_RELATIME | sb_flags(sb),	/* ST_* are MS_* */
	};

	s.f_bavail = s.f_bfree;
	s.f_ffree = sb->max_inodes ? sb->max_inodes - 1 - atomic_load(&sb->names) : s.f_bfree;
	return copy_to_user(buf, &s, sizeof(s)) ? -EFAULT : 0;
}

long sys_statfs(uaddr_t path, uaddr_t buf)
{
	struct dentry *d;
	long err = user_path(AT_FDCWD, path, LOOKUP_FOLLOW, &d);

	if (err)
		return err;
	err = put_statfs(d->inode->sb, buf);
	dput(d);
	return err;
}

long sys_fstatfs(int fd, uaddr_t buf)
{
	struct file *f = fget_raw(fd);
	long err;

	if (!f)
		return -EBADF;
	err = put_statfs(f->inode->sb, buf);
	fput(f);
	return err;
}

/* --- readlink --- */

long sys_readlinkat(int dfd, uaddr_t path, uaddr_t ubuf, int n)
{
	struct dentry *d;
	char *buf, first;
	long ret;

	if (n <= 0)
		return -EINVAL;
	ret = user_path(dfd, path, LOOKUP_EMPTY, &d);
	if (ret)
		return ret;
	buf = kmalloc(K_PATH_MAX, GFP_KERNEL);
	if (!inode_is(d->inode, S_IFLNK) || !d->inode->ops->readlink)
		ret = !copy_from_user(&first, path, 1) && !first ? -ENOENT : -EINVAL;
	else if (!buf)
		ret = -ENOMEM;
	else
		ret = d->inode->ops->readlink(d->inode, buf, K_PATH_MAX);
	if (ret > 0) {
		ret = min(ret, (long)n);
		if (copy_to_user(ubuf, buf, (size_t)ret))
			ret = -EFAULT;
	}
	kfree(buf);
	dput(d);
	return ret;
}

long sys_readlink(uaddr_t path, uaddr_t buf, int n)
{
	return sys_readlinkat(AT_FDCWD, path, buf, n);
}
