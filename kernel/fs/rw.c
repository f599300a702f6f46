// SPDX-License-Identifier: GPL-2.0-only
/*
 * read, write and their relatives; lseek. Mirrors Linux fs/read_write.c.
 *
 * Locks: file->pos_lock around the use of file->pos, for files with data and directories only (a
 * read from a terminal may last for ever), and not at all while nobody else has the file.
 */
#include "kernel/fs/socket.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define MAX_RW_COUNT	0x7ffff000ul

/* The position of a call that has none of its own: locks if somebody else might move it too. */
struct pos_guard {
	struct file *f;
	u32 locked;
};

static inline struct pos_guard pos_begin(struct fdref r)
{
	struct file *f = r.file;
	/* Not pseudo files: a write to one may do anything. */
	bool positional = f->inode->mapping || inode_is(f->inode, S_IFDIR);
	struct pos_guard g = { f, 0 };

	if (positional && (r.counted || atomic_load(&f->refs) > 1) && f->ops->lseek) {
		mutex_lock(&f->pos_lock);
		g.locked = 1;
	}
	return g;
}

static void pos_end(struct pos_guard g)
{
	if (g.locked)
		mutex_unlock(&g.f->pos_lock);
}

/* No position is beyond INT64_MAX, though no file is as long. */
static inline bool range_ok(u64 pos, size_t n)
{
	return (s64)(pos + n) >= 0;
}

static s64 check_rw(size_t n, uaddr_t buf, u64 pos, bool allowed, const void *op)
{
	if (!allowed)
		return -EBADF;
	if (!op)
		return -EINVAL;
	if (!access_ok(buf, n))
		return -EFAULT;
	return range_ok(pos, n) ? 0 : -EINVAL;
}

static inline s64 vfs_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	s64 err = check_rw(n, buf, *pos, f->readable, (const void *)(uintptr_t)f->ops->read);

	if (!err)
		err = f->ops->read(f, buf, min(n, MAX_RW_COUNT), pos);
	if (err > 0)
		fsnotify(f->dentry, IN_ACCESS);
	return err;
}

static inline s64 vfs_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	s64 err = check_rw(n, buf, *pos, f->writable, (const void *)(uintptr_t)f->ops->write);

	if (!err)
		err = f->ops->write(f, buf, min(n, MAX_RW_COUNT), pos);
	if (err > 0)
		fsnotify(f->dentry, IN_MODIFY);
	return err;
}

s64 kernel_read(struct file *f, void *buf, size_t n, u64 pos)
{
	return f->ops->kread ? f->ops->kread(f, buf, n, pos) : -EINVAL;
}

s64 kernel_write(struct file *f, const void *buf, size_t n, u64 *pos)
{
	s64 put = f->ops->kwrite ? f->ops->kwrite(f, buf, n, *pos) : -EINVAL;

	if (put > 0)
		*pos += (u64)put;
	return put;
}

/* vfs_read or vfs_write. */
typedef s64 vfs_fn(struct file *f, uaddr_t buf, size_t n, u64 *pos);

/* At the file's own position, if it has one. */
static __always_inline long rw_here(struct fdref r, uaddr_t buf, size_t n, vfs_fn *rw)
{
	struct pos_guard g;
	u64 pos;
	s64 ret;

	if (!r.file)
		return -EBADF;
	if (r.file->ops->lseek) {
		g = pos_begin(r);
		pos = r.file->pos;
		ret = rw(r.file, buf, n, &pos);
		if (ret >= 0)
			r.file->pos = pos;
		pos_end(g);
	} else {
		ret = rw(r.file, buf, n, &r.file->pos);
	}
	fdput(r);
	return ret;
}

/* At the caller's. */
static __always_inline long rw_at(int fd, uaddr_t buf, size_t n, s64 pos, vfs_fn *rw)
{
	struct fdref r;
	u64 at = (u64)pos;
	s64 ret;

	if (pos < 0)
		return -EINVAL;
	r = fdget(fd);
	if (!r.file)
		return -EBADF;
	ret = r.file->ops->lseek ? rw(r.file, buf, n, &at) : -ESPIPE;
	fdput(r);
	return ret;
}

static inline bool has_position(const struct file *f)
{
	return f->ops->lseek && !inode_is(f->inode, S_IFCHR);
}

static __attribute__((noinline)) long read_any(struct fdref r, uaddr_t buf, size_t n)
{
	return rw_here(r, buf, n, vfs_read);
}

long sys_read(int fd, uaddr_t buf, size_t n)
{
	struct file *f = fd_own(fd);
	s64 ret;

	/* Neither a stream nor a device looks at the position. */
	if (unlikely(!f) || unlikely(has_position(f)) || unlikely(!f->readable) || unlikely(!f->ops->read) ||
	    unlikely(n > MAX_RW_COUNT) || unlikely(!access_ok(buf, n)))
		return read_any(f ? (struct fdref){ .file = f } : fdget(fd), buf, n);
	ret = f->ops->read(f, buf, n, &f->pos);
	if (ret > 0)
		fsnotify(f->dentry, IN_ACCESS);
	return ret;
}

static __attribute__((noinline)) long write_any(struct fdref r, uaddr_t buf, size_t n)
{
	return rw_here(r, buf, n, vfs_write);
}

long sys_write(int fd, uaddr_t buf, size_t n)
{
	struct file *f = fd_own(fd);
	s64 ret;

	/* Neither a stream nor a device looks at the position. */
	if (unlikely(!f) || unlikely(has_position(f)) || unlikely(!f->writable) || unlikely(!f->ops->write) ||
	    unlikely(n > MAX_RW_COUNT) || unlikely(!access_ok(buf, n)))
		return write_any(f ? (struct fdref){ .file = f } : fdget(fd), buf, n);
	ret = f->ops->write(f, buf, n, &f->pos);
	if (ret > 0)
		fsnotify(f->dentry, IN_MODIFY);
	return ret;
}

long sys_pread64(int fd, uaddr_t buf, size_t n, s64 pos)
{
	return rw_at(fd, buf, n, pos, vfs_read);
}

long sys_pwrite64(int fd, uaddr_t buf, size_t n, s64 pos)
{
	return rw_at(fd, buf, n, pos, vfs_write);
}

/* --- vectors --- */

void iov_free(struct iov *iov)
{
	if (iov->v != iov->fast)
		kfree(iov->v);
}

int iov_import(struct iov *iov, uaddr_t uv, unsigned n)
{
	int err = -EFAULT;

	if (n > K_IOV_MAX)
		return -EINVAL;
	iov->n = n;
	iov->v = n <= FAST_IOV ? iov->fast : kmalloc(n * sizeof(*iov->v), GFP_KERNEL);
	if (!iov->v)
		return -ENOMEM;
	if (copy_from_user(iov->v, uv, n * sizeof(*iov->v)))
		goto out;
	iov->total = 0;
	for (unsigned i = 0; i < n; i++) {
		err = -EINVAL;
		if ((s64)iov->v[i].iov_len < 0)
			goto out;
		err = -EFAULT;
		if (!access_ok(iov->v[i].iov_base, iov->v[i].iov_len))
			goto out;
		iov->v[i].iov_len = min(iov->v[i].iov_len, MAX_RW_COUNT - iov->total);
		iov->total += iov->v[i].iov_len;
	}
	return 0;
out:
	iov_free(iov);
	return err;
}

/* A stream: the parts go as one call through a buffer, so that a pipe's atomicity holds. */
static s64 stream_writev(struct file *f, const struct iov *iov)
{
	size_t n = min(iov->total, (size_t)65536), done = 0;
	char *buf;
	s64 ret = 0;

	buf = kmalloc(max(n, (size_t)1), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; i < iov->n && done < n; i++) {
		size_t part = min(iov->v[i].iov_len, n - done);

		if (copy_from_user(buf + done, iov->v[i].iov_base, part))
			ret = -EFAULT;
		if (ret)
			break;
		done += part;
	}
	if (!ret)
		ret = f->ops->kwrite(f, buf, done, 0);
	kfree(buf);
	return ret;
}

static s64 stream_readv(struct file *f, const struct iov *iov)
{
	size_t n = min(iov->total, (size_t)65536), done = 0;
	char *buf;
	s64 ret;

	buf = kmalloc(max(n, (size_t)1), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	ret = f->ops->kread(f, buf, n, 0);
	for (unsigned i = 0; i < iov->n && ret > 0 && done < (size_t)ret; i++) {
		size_t part = min(iov->v[i].iov_len, (size_t)ret - done);

		if (copy_to_user(iov->v[i].iov_base, buf + done, part)) {
			ret = done ? (s64)done : -EFAULT;
			break;
		}
		done += part;
	}
	kfree(buf);
	return ret;
}

static s64 do_readv(struct file *f, const struct iov *iov, u64 *pos)
{
	size_t done = 0;
	s64 got = 0;

	if (!f->readable)
		return -EBADF;
	if (!f->ops->read)
		return -EINVAL;
	if (unlikely(!iov->total))
		return 0;
	if (iov->n > 1 && file_sock(f))		/* one message, which may be longer than any buffer */
		return sock_read_iter(f, &(struct iter){ .v = iov->v, .n = iov->n, .left = iov->total }, f->flags);
	if (iov->n > 1 && !f->ops->lseek && f->ops->kread)
		return stream_readv(f, iov);
	for (unsigned i = 0; i < iov->n; i++) {
		got = f->ops->read(f, iov->v[i].iov_base, iov->v[i].iov_len, pos);
		if (got > 0)
			done += (size_t)got;
		if (got < 0 || (size_t)got < iov->v[i].iov_len)
			break;
	}
	return done ? (s64)done : got;
}

static s64 do_writev(struct file *f, const struct iov *iov, u64 *pos)
{
	size_t done = 0;
	s64 put = 0;

	if (!f->writable)
		return -EBADF;
	if (!f->ops->write)
		return -EINVAL;
	if (unlikely(!iov->total))
		return 0;		/* unlike a write of nothing, which may be an empty message */
	if (iov->n > 1 && file_sock(f))		/* one message, which may be longer than any buffer */
		return sock_write_iter(f, &(struct iter){ .v = iov->v, .n = iov->n, .left = iov->total });
	if (iov->n > 1 && !f->ops->lseek && f->ops->kwrite)
		return stream_writev(f, iov);
	for (unsigned i = 0; i < iov->n; i++) {
		put = f->ops->write(f, iov->v[i].iov_base, iov->v[i].iov_len, pos);
		if (put > 0)
			done += (size_t)put;
		if (put < 0 || (size_t)put < iov->v[i].iov_len)
			break;
	}
	return done ? (s64)done : put;
}

static long vector_call(int fd, uaddr_t uv, unsigned n,
		s64 (*fn)(struct file *, const struct iov *, u64 *), const s64 *at)
{
	struct fdref r;
	struct pos_guard g;
	struct iov iov;
	u64 pos;
	s64 ret;

	if (at && *at < 0)
		return -EINVAL;
	r = fdget(fd);
	if (!r.file)
		return -EBADF;
	ret = at && !r.file->ops->lseek ? -ESPIPE : iov_import(&iov, uv, n);
	if (ret)
		goto out;
	if (at) {
		pos = (u64)*at;
		ret = range_ok(pos, iov.total) ? fn(r.file, &iov, &pos) : -EINVAL;
	} else {
		g = pos_begin(r);
		pos = r.file->pos;
		ret = range_ok(pos, iov.total) ? fn(r.file, &iov, &pos) : -EINVAL;
		if (ret >= 0)
			r.file->pos = pos;
		pos_end(g);
	}
	iov_free(&iov);
	if (ret > 0)
		fsnotify(r.file->dentry, fn == do_readv ? IN_ACCESS : IN_MODIFY);
out:
	fdput(r);
	return ret;
}

long sys_readv(int fd, uaddr_t uv, u64 n)
{
	return vector_call(fd, uv, n, do_readv, NULL);
}

long sys_writev(int fd, uaddr_t uv, u64 n)
{
	return vector_call(fd, uv, n, do_writev, NULL);
}

long sys_preadv(int fd, uaddr_t uv, u64 n, s64 pos)
{
	return vector_call(fd, uv, n, do_readv, &pos);
}

long sys_pwritev(int fd, uaddr_t uv, u64 n, s64 pos)
{
	return vector_call(fd, uv, n, do_writev, &pos);
}

/* --- the rest --- */

long sys_lseek(int fd, s64 off, unsigned whence)
{
	struct fdref r = fdget(fd);
	struct pos_guard g;
	s64 ret = -EINVAL;

	if (!r.file)
		return -EBADF;
	if (whence <= SEEK_HOLE) {
		g = pos_begin(r);
		if (r.file->ops->lseek)
			ret = r.file->ops->lseek(r.file, off, (int)whence);
		else
			ret = r.file->ops->noop_lseek ? 0 : -ESPIPE;
		pos_end(g);
	}
	fdput(r);
	return ret;
}

/* Through a page of the kernel's: no page changes hands. */
static s64 copy_range(struct file *in, struct file *out, u64 *in_pos, size_t n)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	u64 out_pos = out->pos;
	size_t done = 0;
	s64 got = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n) {
		got = in->ops->kread(in, buf, min(n - done, PAGE_SIZE), *in_pos);
		if (got <= 0)
			break;
		got = kernel_write(out, buf, (size_t)got, &out_pos);
		if (got <= 0)
			break;
		*in_pos += (u64)got;
		done += (size_t)got;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	if (out->ops->lseek)
		out->pos = out_pos;
	kfree(buf);
	return done ? (s64)done : got;
}

/* Where a file ends at the latest (Linux: s_maxbytes). Text that the kernel makes is short. */
static u64 max_bytes(const struct file *f)
{
	u64 magic = f->inode->sb->magic;

	return magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC ? INT32_MAX : INT64_MAX;
}

static s64 do_sendfile(struct file *out, struct file *in, uaddr_t offp, size_t n)
{
	u64 pos = in->pos, end = min(max_bytes(in), max_bytes(out));
	s64 ret;

	if (!in->readable || !out->writable)
		return -EBADF;
	if (offp) {
		if (copy_from_user(&pos, offp, sizeof(pos)))
			return -EFAULT;
		if (!in->ops->lseek)
			return -ESPIPE;
		if ((s64)pos < 0)
			return -EINVAL;
	}
	if ((s64)n < 0 || !range_ok(pos, n))
		return -EINVAL;
	n = min(n, MAX_RW_COUNT);
	if (pos + n > end && pos >= end)
		return -EOVERFLOW;
	n = min(n, end - pos);
	if (!in->ops->lseek || out->flags & O_APPEND)
		return -EINVAL;			/* what out does not take would be lost: splice is for that */
	if (!n)
		return 0;
	if (!in->ops->kread || !out->ops->kwrite)
		return -EINVAL;
	ret = copy_range(in, out, &pos, n);
	if (ret < 0)
		return ret;
	if (!offp)
		in->pos = pos;
	else if (copy_to_user(offp, &pos, sizeof(pos)))
		return -EFAULT;
	return ret;
}

long sys_sendfile(int out_fd, int in_fd, uaddr_t offp, size_t n)
{
	struct fdref in = fdget(in_fd), out;
	s64 ret;

	if (!in.file)
		return -EBADF;
	out = fdget(out_fd);
	ret = out.file ? do_sendfile(out.file, in.file, offp, n) : -EBADF;
	if (out.file)
		fdput(out);
	fdput(in);
	return ret;
}
