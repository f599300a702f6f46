// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is known of a file, and changing it: stat, statx, access, chmod, chown, utimensat, truncate,
 * fallocate, statfs, readlink. Mirrors Linux fs/stat.c, fs/open.c and fs/utimes.c.
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

static u64 inode_blocks(const struct inode *i)
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

/* A path, or with AT_EMPTY_PATH and "" the file dfd itself. */
static int at_path(int dfd, uaddr_t path, int flags, struct dentry **d)
{
	u32 how = (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);

	return user_path(dfd, path, how, d);
}

long sys_newfstatat(int dfd, uaddr_t path, uaddr_t buf, int flags)
{
	struct dentry *d;
	long err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = at_path(dfd, path, flags, &d);
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
	err = at_path(dfd, path, (int)flags, &d);
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
	long err = at_path(dfd, path, flags, &d);

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

/* --- changing --- */

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
	err = at_path(dfd, path, flags, &d);
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
	if (is_immutable(i))
		return -EPERM;
	if (inode_owner_or_capable(i))
		return 0;
	return t[0].tv_nsec == UTIME_NOW && t[1].tv_nsec == UTIME_NOW ? inode_permission(i, MAY_WRITE) : -EPERM;
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
	err = at_path(dfd, path, flags, &d);
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

/* --- size --- */

/* As if by somebody who opened it for writing. 0, -errno. */
static long truncate_unopened(struct dentry *d, u64 size)
{
	long err = inode_permission(d->inode, MAY_WRITE);

	if (!err)
		err = get_write_access(d->inode);
	if (err)
		return err;
	err = break_lease(d->inode, O_WRONLY);
	if (!err)
		err = vfs_truncate(d, size);
	put_write_access(d->inode);
	return err;
}

long sys_truncate(uaddr_t path, s64 size)
{
	struct dentry *d;
	long err;

	if (size < 0)
		return -EINVAL;
	err = user_path(AT_FDCWD, path, LOOKUP_FOLLOW, &d);
	if (err)
		return err;
	err = inode_is(d->inode, S_IFREG) ? truncate_unopened(d, (u64)size) : vfs_truncate(d, (u64)size);
	dput(d);
	return err;
}

long sys_ftruncate(int fd, s64 size)
{
	struct file *f;
	long err;

	if (size < 0)
		return -EINVAL;
	f = fget(fd);
	if (!f)
		return -EBADF;
	err = f->writable && inode_is(f->inode, S_IFREG) ? vfs_truncate(f->dentry, (u64)size) : -EINVAL;
	fput(f);
	return err;
}

/*
 * Takes the pages of [off, end) away; the parts at both ends become zeroes. They leave the file
 * first: unmapped before, they could be mapped again by a fault. i->lock held.
 */
static int punch_hole(struct inode *i, u64 off, u64 end)
{
	u64 first = PAGE_ALIGN(off) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	for (u64 pos = off; pos < end;) {
		size_t chunk = min(end - pos, PAGE_SIZE - pos % PAGE_SIZE);
		struct page *p = chunk < PAGE_SIZE ? mapping_find_page(i->mapping, pos >> PAGE_SHIFT) : NULL;

		if (p) {
			kmemset((char *)page_address(p) + pos % PAGE_SIZE, 0, chunk);
			put_page(p);
		}
		pos = pos % PAGE_SIZE == 0 && first < last && pos >> PAGE_SHIFT < last ? last << PAGE_SHIFT : pos + chunk;
	}
	if (first < last) {
		mapping_truncate_range(i->mapping, first, last);
		unmap_mapping_pages(i->mapping, first, last);
	}
	return 0;
}

/* May i come to have what ends there? Linux asks whether its size changes or not. i->lock held. */
static int may_allocate(const struct inode *i, u64 end)
{
	if (end <= i->size)
		return 0;
	if (limit_file_size(end - 1, 1) < 0)
		return -EFBIG;
	return i->seals & F_SEAL_GROW ? -EPERM : 0;
}

/*
 * Pages for all of [off, end), or -errno: then what came after the last one that was there before
 * is given back. LINUX: all that came. i->lock held.
 */
static int allocate_pages(struct inode *i, u64 off, u64 end)
{
	u64 index = off >> PAGE_SHIFT, added = index;
	int err = 0;

	for (; index < PAGE_ALIGN(end) >> PAGE_SHIFT && !err; index++) {
		struct page *p = mapping_find_page(i->mapping, index);

		if (p)
			added = index + 1;
		else
			p = mapping_get_page(i->mapping, index, GFP_USER);
		if (IS_ERR(p)) {
			err = (int)PTR_ERR(p);
		} else {
			put_page(p);
			err = signal_pending(current) ? -EINTR : 0;
		}
	}
	if (err && added < index) {
		mapping_truncate_range(i->mapping, added, index);
		unmap_mapping_pages(i->mapping, added, index);
	}
	return err;
}

static int do_fallocate(struct inode *i, int mode, u64 off, u64 len)
{
	u64 end = off + len;
	int err;

	mutex_lock(&i->lock);
	inode_remove_privs(i);
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		err = i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ? -EPERM : punch_hole(i, off, end);
	} else {
		err = may_allocate(i, end);
		if (!err)
			err = allocate_pages(i, off, end);
		if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && end > i->size)
			WRITE_ONCE(i->size, end);
	}
	i->mtime = i->ctime = now_realtime();
	mutex_unlock(&i->lock);
	return err;
}

static long check_fallocate(const struct file *f, int mode, s64 off, s64 len)
{
	s64 end;

	if (off < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~FALLOC_FL_KNOWN || (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) == FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (!f->writable)
		return -EBADF;
	if (inode_is(f->inode, S_IFIFO))
		return -ESPIPE;
	if (inode_is(f->inode, S_IFDIR))
		return -EISDIR;
	if (!inode_is(f->inode, S_IFREG))
		return -ENODEV;
	if (__builtin_add_overflow(off, len, &end))
		return -EFBIG;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (!f->inode->mapping)
		return -EOPNOTSUPP;
	return is_huge(f->inode) && !(mode & FALLOC_FL_PUNCH_HOLE) ? -ENOSPC : 0;
}

long vfs_fallocate(struct file *f, int mode, s64 off, s64 len)
{
	long err = check_fallocate(f, mode, off, len);

	if (!err)
		err = do_fallocate(f->inode, mode, (u64)off, (u64)len);
	if (!err)
		fsnotify(f->dentry, IN_MODIFY);
	return err;
}

long sys_fallocate(int fd, int mode, s64 off, s64 len)
{
	struct file *f = fget(fd);
	long err;

	if (!f)
		return -EBADF;
	err = vfs_fallocate(f, mode, off, len);
	fput(f);
	return err;
}

long sys_fadvise64(int fd, s64 off, s64 len, int advice)
{
	struct file *f = fget(fd);
	long err = 0;

	(void)off;
	if (!f)
		return -EBADF;
	if (inode_is(f->inode, S_IFIFO))
		err = -ESPIPE;
	else if (len < 0 || advice < 0 || advice > 5)
		err = -EINVAL;
	fput(f);
	return err;
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
