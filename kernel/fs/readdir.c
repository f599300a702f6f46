// SPDX-License-Identifier: GPL-2.0-only
/*
 * getdents64. Mirrors Linux fs/readdir.c.
 *
 * Locks: the file's pos_lock, the directory's mutex.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"

struct dirent_ctx {
	uaddr_t buf;
	size_t room, done;
	u64 pos;
	bool full;			/* nothing more is taken, even if it would fit: the order is kept */
	int err;
};

static bool emit_dirent(void *ctx, const char *name, size_t len, u64 ino, unsigned type, u64 next)
{
	struct dirent_ctx *c = ctx;
	size_t head = offsetof(struct linux_dirent64, d_name), size = (head + len + 1 + 7) & ~(size_t)7;
	struct linux_dirent64 d = { .d_ino = ino, .d_off = (int64_t)next, .d_reclen = (u16)size, .d_type = (u8)type };
	uaddr_t at = c->buf + c->done;

	if (c->full || size > c->room - c->done) {
		c->full = true;
		c->err = c->done ? 0 : -EINVAL;
		return false;
	}
	if (copy_to_user(at, &d, head) || copy_to_user(at + head, name, len) ||
	    clear_user(at + head + len, size - head - len)) {
		c->full = true;
		c->err = c->done ? 0 : -EFAULT;
		return false;
	}
	c->done += size;
	c->pos = next;
	cond_resched();
	return !fatal_signal_pending(current);
}

long sys_getdents64(int fd, uaddr_t buf, unsigned n)
{
	struct fdref r = fdget(fd);
	struct dirent_ctx c = { .buf = buf, .room = (int)n < 0 ? 0 : n };
	struct inode *dir;
	long ret = -ENOTDIR;

	if (!r.file)
		return -EBADF;
	dir = r.file->inode;
	if (!r.file->ops->readdir)
		goto out;
	mutex_lock(&r.file->pos_lock);
	mutex_lock(&dir->lock);
	c.pos = r.file->pos;
	ret = -ENOENT;
	if (!r.file->dentry->unlinked) {
		ret = r.file->ops->readdir(r.file, emit_dirent, &c);
		r.file->pos = c.pos;
		if (!ret)
			ret = c.err ? c.err : (long)c.done;
	}
	mutex_unlock(&dir->lock);
	mutex_unlock(&r.file->pos_lock);
	if (ret >= 0)
		fsnotify(r.file->dentry, IN_ACCESS);
out:
	fdput(r);
	return ret;
}
