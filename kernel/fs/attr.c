// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing what is known of a file: chmod, chown, utimensat and their relatives. Mirrors Linux fs/attr.c,
 * fs/utimes.c and a part of fs/open.c.
 *
 * Locks: the inode's mutex for mode, owner and times.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define NSEC_PER_SEC	1000000000ll

/* --- mode and owner --- */

static long do_chmod(struct inode *i, u32 mode)
{
	long err;

	if (sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	mutex_lock(&i->lock);
	err = inode_chmod(i, mode);
	if (!err)
		i->ctime = now_realtime();
	mutex_unlock(&i->lock);
	return err;
}

long sys_fchmodat(int dfd, uaddr_t path, u32 mode)
{
	struct dentry *d;
	long err = user_path(dfd, path, LOOKUP_FOLLOW, &d);

	if (err)
		return err;
	err = do_chmod(d->inode, mode);
	if (!err)
		fsnotify(d, IN_ATTRIB);
	dput(d);
	return err;
}

long sys_chmod(uaddr_t path, u32 mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, u32 mode)
{
	struct file *f = fget(fd);
	long err;

	if (!f)
		return -EBADF;
	err = do_chmod(f->inode, mode);
	if (!err)
		fsnotify(f->dentry, IN_ATTRIB);
	fput(f);
	return err;
}

static long do_chown(struct inode *i, u32 uid, u32 gid)
{
	u32 kuid = make_kuid(current_user_ns(), uid), kgid = make_kgid(current_user_ns(), gid);
	long err;

	if (sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	if ((kuid == INVALID_ID && uid != INVALID_ID) || (kgid == INVALID_ID && gid != INVALID_ID))
		return -EINVAL;
	mutex_lock(&i->lock);
	err = inode_chown(i, kuid, kgid);
	if (!err)
		i->ctime = now_realtime();
	mutex_unlock(&i->lock);
	return err;
}

long sys_fchownat(int dfd, uaddr_t path, u32 uid, u32 gid, int flags)
{
	struct dentry *d;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_at(dfd, path, flags, &d);
	if (err)
		return err;
	err = do_chown(d->inode, uid, gid);
	if (!err && (uid != ~0u || gid != ~0u))
		fsnotify(d, IN_ATTRIB);
	dput(d);
	return err;
}

long sys_chown(uaddr_t path, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(uaddr_t path, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, u32 uid, u32 gid)
{
	struct file *f = fget(fd);
	long err;

	if (!f)
		return -EBADF;
	err = do_chown(f->inode, uid, gid);
	if (!err && (uid != ~0u || gid != ~0u))
		fsnotify(f->dentry, IN_ATTRIB);
	fput(f);
	return err;
}

/* --- times --- */

/* One time: what is asked for in ns; -EINVAL. *omit: leave it. */
static int want_time(const struct k_timespec *t, s64 now, s64 *out, bool *omit)
{
	const s64 limit = INT64_MAX / NSEC_PER_SEC - 1;

	*omit = t->tv_nsec == UTIME_OMIT;
	*out = now;
	if (*omit || t->tv_nsec == UTIME_NOW)
		return 0;
	if (t->tv_nsec < 0 || t->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*out = max(min(t->tv_sec, limit), -limit) * NSEC_PER_SEC + t->tv_nsec;
	return 0;
}

/* Who may write a file may say that it is of now; another time is for the owner. */
static long may_set_times(const struct inode *i, const struct k_timespec t[2])
{
	const bool both_are_now = t[0].tv_nsec == UTIME_NOW && t[1].tv_nsec == UTIME_NOW;

	if (is_immutable(i) || (is_append(i) && !both_are_now))
		return -EPERM;
	if (inode_owner_or_capable(i))
		return 0;
	return both_are_now ? inode_permission(i, MAY_WRITE) : -EPERM;
}

static long set_times(struct dentry *d, const struct k_timespec t[2])
{
	struct inode *i = d->inode;
	s64 now = now_realtime(), at, mt;
	bool omit_a, omit_m;
	long err;

	if (want_time(&t[0], now, &at, &omit_a) || want_time(&t[1], now, &mt, &omit_m))
		return -EINVAL;
	if (omit_a && omit_m)
		return 0;
	if (sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	err = may_set_times(i, t);
	if (err)
		return err;
	mutex_lock(&i->lock);
	if (!omit_a)
		i->atime = at;
	if (!omit_m)
		i->mtime = mt;
	i->ctime = now;
	mutex_unlock(&i->lock);
	fsnotify(d, omit_m ? IN_ACCESS : omit_a ? IN_MODIFY : IN_ATTRIB);
	return 0;
}

/* path 0: the file dfd itself. */
static long do_utimes(int dfd, uaddr_t path, const struct k_timespec t[2], int flags)
{
	struct dentry *d;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path && dfd != AT_FDCWD) {
		struct file *f = flags ? NULL : fget(dfd);

		if (!f)
			return flags ? -EINVAL : -EBADF;
		err = set_times(f->dentry, t);
		fput(f);
		return err;
	}
	err = user_path_at(dfd, path, flags, &d);
	if (err)
		return err;
	err = set_times(d, t);
	dput(d);
	return err;
}

static const struct k_timespec both_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

long sys_utimensat(int dfd, uaddr_t path, uaddr_t times, int flags)
{
	struct k_timespec t[2];

	if (!times)
		return do_utimes(dfd, path, both_now, flags);
	if (copy_from_user(t, times, sizeof(t)))
		return -EFAULT;
	if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
		return 0;
	return do_utimes(dfd, path, t, flags);
}

long sys_futimesat(int dfd, uaddr_t path, uaddr_t times)
{
	struct k_timeval v[2];
	struct k_timespec t[2];

	if (!times)
		return do_utimes(dfd, path, both_now, 0);
	if (copy_from_user(v, times, sizeof(v)))
		return -EFAULT;
	for (int k = 0; k < 2; k++) {
		if (v[k].tv_usec < 0 || v[k].tv_usec >= 1000000)
			return -EINVAL;
		t[k] = (struct k_timespec){ v[k].tv_sec, v[k].tv_usec * 1000 };
	}
	return do_utimes(dfd, path, t, 0);
}

long sys_utimes(uaddr_t path, uaddr_t times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

long sys_utime(uaddr_t path, uaddr_t times)
{
	struct k_utimbuf b;

	if (!times)
		return do_utimes(AT_FDCWD, path, both_now, 0);
	if (copy_from_user(&b, times, sizeof(b)))
		return -EFAULT;
	return do_utimes(AT_FDCWD, path, (struct k_timespec[2]){ { b.actime, 0 }, { b.modtime, 0 } }, 0);
}
