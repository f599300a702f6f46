// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl, and what can be asked of files of any kind. Mirrors Linux fs/ioctl.c.
 *
 * LINUX: no file system here can be frozen, nor can its files share blocks or say where on a disk they
 * lie: what asks for that is refused as Linux does it for a tmpfs.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

long sys_fcntl(int fd, unsigned cmd, u64 arg);

static long set_nonblock(struct file *f, uaddr_t arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	WRITE_ONCE(f->flags, on ? f->flags | O_NONBLOCK : f->flags & ~(u32)O_NONBLOCK);
	return 0;
}

static long set_async(struct file *f, int fd, uaddr_t arg)
{
	int on;

	if (copy_from_user(&on, arg, sizeof(on)))
		return -EFAULT;
	return !on == !(f->flags & O_ASYNC) ? 0 : file_set_async(f, fd, on);
}

static long put_int(int n, uaddr_t arg)
{
	return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
}

/* FIOQSIZE: what it takes. */
static long put_bytes(const struct inode *i, uaddr_t arg)
{
	u64 bytes = inode_blocks(i) * 512;

	if (!inode_is(i, S_IFDIR) && !inode_is(i, S_IFREG))
		return -ENOTTY;
	return copy_to_user(arg, &bytes, sizeof(bytes)) ? -EFAULT : 0;
}

/* FIFREEZE, FITHAW */
static long freeze(const struct inode *i, unsigned cmd)
{
	if (!ns_capable(i->sb->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	return cmd == FIFREEZE ? -EOPNOTSUPP : -EINVAL;
}

/* FIBMAP: which block of the disk. Who asks is told 0 even so. */
static long bmap(uaddr_t arg)
{
	int block;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (copy_from_user(&block, arg, sizeof(block)))
		return -EFAULT;
	if (block < 0)
		return -EINVAL;
	return put_int(0, arg) ? -EFAULT : -EINVAL;
}

/* What has no name is all on one file system here; in Linux each kind is on its own. */
static bool same_file_system(const struct inode *a, const struct inode *b)
{
	return a->sb == b->sb && (a->sb->magic != PIPEFS_MAGIC || !((a->mode ^ b->mode) & S_IFMT));
}

static long clone_range(const struct file *to, int fd)
{
	struct fdref r = fdget(fd);
	long err = -EOPNOTSUPP;

	if (!r.file)
		return -EBADF;
	if (!same_file_system(r.file->inode, to->inode))
		err = -EXDEV;
	else if (inode_is(r.file->inode, S_IFDIR) || inode_is(to->inode, S_IFDIR))
		err = -EISDIR;
	else if (!inode_is(r.file->inode, S_IFREG) || !inode_is(to->inode, S_IFREG))
		err = -EINVAL;
	else if (!r.file->readable || !to->writable || to->flags & O_APPEND)
		err = -EBADF;
	fdput(r);
	return err;
}

static long file_clone_range(const struct file *to, uaddr_t arg)
{
	struct file_clone_range a;

	return copy_from_user(&a, arg, sizeof(a)) ? -EFAULT : clone_range(to, (int)a.src_fd);
}

static long check_dedupe(const struct file *f, const struct file_dedupe_range *a)
{
	if (!f->readable || a->reserved1 || a->reserved2)
		return -EINVAL;
	if (inode_is(f->inode, S_IFDIR))
		return -EISDIR;
	return inode_is(f->inode, S_IFREG) ? -EOPNOTSUPP : -EINVAL;
}

static long dedupe_range(const struct file *f, uaddr_t arg)
{
	struct file_dedupe_range *a;
	size_t size;
	u16 count;
	long err;

	if (copy_from_user(&count, arg + offsetof(struct file_dedupe_range, dest_count), sizeof(count)))
		return -EFAULT;
	size = sizeof(*a) + count * sizeof(a->info[0]);
	if (size > PAGE_SIZE)
		return -ENOMEM;
	a = kmalloc(size, GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	err = copy_from_user(a, arg, size) ? -EFAULT : check_dedupe(f, a);
	kfree(a);
	return err;
}

/* --- what the file system does with a file --- */

#define FL_MODIFIABLE	(FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL)

/* Only a tmpfs knows flags, of its files and directories, and those that are only in memory. */
static bool has_flags(const struct inode *i)
{
	if (inode_is(i, S_IFDIR))
		return i->sb->magic == TMPFS_MAGIC;
	return inode_is(i, S_IFREG) && i->mapping && i->mapping->flags & MAPPING_SHMEM && !is_huge(i);
}

static long get_flags(const struct inode *i, uaddr_t arg)
{
	return has_flags(i) ? put_int((int)READ_ONCE(i->fsflags), arg) : -ENOIOCTLCMD;
}

/* i->lock held. */
static long change_flags(struct inode *i, u32 flags)
{
	if ((flags ^ i->fsflags) & (FS_IMMUTABLE_FL | FS_APPEND_FL) && !capable(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	if (flags & ~FL_MODIFIABLE)
		return -EOPNOTSUPP;
	WRITE_ONCE(i->fsflags, flags);
	i->ctime = now_realtime();
	return 0;
}

static long set_flags(struct inode *i, uaddr_t arg)
{
	u32 flags;
	long err;

	if (copy_from_user(&flags, arg, sizeof(flags)))
		return -EFAULT;
	if (sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	if (!has_flags(i))
		return -ENOIOCTLCMD;
	if (!inode_owner_or_capable(i))
		return -EPERM;
	mutex_lock(&i->lock);
	err = change_flags(i, flags);
	mutex_unlock(&i->lock);
	return err;
}

/* What a regular file is asked, or -ENOIOCTLCMD. */
static long regular_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case FIONREAD:
		return put_int((int)(f->inode->size - f->pos), arg);
	case FIBMAP:
		return bmap(arg);
	}
	return -ENOIOCTLCMD;
}

/* What any file is asked, or -ENOIOCTLCMD. */
static long do_vfs_ioctl(struct file *f, int fd, unsigned cmd, uaddr_t arg)
{
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		return sys_fcntl(fd, F_SETFD, cmd == FIOCLEX ? FD_CLOEXEC : 0);
	case FIONBIO:
		return set_nonblock(f, arg);
	case FIOASYNC:
		return set_async(f, fd, arg);
	case FIOQSIZE:
		return put_bytes(f->inode, arg);
	case FIFREEZE:
	case FITHAW:
		return freeze(f->inode, cmd);
	case FS_IOC_FIEMAP:
		return -EOPNOTSUPP;
	case FIGETBSZ:
		return put_int((int)inode_blksize(f->inode), arg);
	case FICLONE:
		return clone_range(f, (int)arg);
	case FICLONERANGE:
		return file_clone_range(f, arg);
	case FIDEDUPERANGE:
		return dedupe_range(f, arg);
	case FS_IOC_GETFLAGS:
		return get_flags(f->inode, arg);
	case FS_IOC_SETFLAGS:
		return set_flags(f->inode, arg);
	}
	return inode_is(f->inode, S_IFREG) ? regular_ioctl(f, cmd, arg) : -ENOIOCTLCMD;
}

long sys_ioctl(int fd, unsigned cmd, uaddr_t arg)
{
	struct fdref r = fdget(fd);
	long ret;

	if (!r.file)
		return -EBADF;
	ret = do_vfs_ioctl(r.file, fd, cmd, arg);
	if (ret == -ENOIOCTLCMD && r.file->ops->ioctl)
		ret = r.file->ops->ioctl(r.file, cmd, arg);
	fdput(r);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}
