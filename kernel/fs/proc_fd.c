// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a task has open: /proc/PID/fd and /proc/PID/fdinfo. Mirrors Linux fs/proc/fd.c.
 *
 * Locks: those of the descriptor table, inside fget_task.
 */
#include "kernel/fs/proc.h"
#include "kernel/mm/mm.h"

static const struct inode_ops fd_link_ops, fdinfo_ops;
static const struct file_ops fdinfo_fops;

/* --- /proc/PID/fd --- */

/*
 * A new inode of that kind for the open file that d is the number of. What a link allows is what
 * the file does. 0, -ENOENT, -ENOMEM.
 */
static int fd_entry(struct inode *dir, struct dentry *d, u64 kind)
{
	bool zero = kstreq(d->name, "0");
	int fd = parse_number(d->name);
	struct task *t = task_of(dir);
	struct file *f = fd || zero ? fget_task(t, fd) : NULL;
	u32 mode = S_IFREG | 0400;

	if (!f)
		return -ENOENT;
	if (kind == KIND_FD)
		mode = S_IFLNK | 0100 | (f->readable ? 0400 : 0) | (f->writable ? 0200 : 0);
	fput(f);
	d->inode = task_inode(dir->sb, get_task(t), mode, kind, (u32)fd);
	if (d->inode)
		return 0;
	put_task(t);
	return -ENOMEM;
}

static int fd_lookup_name(struct inode *dir, struct dentry *d)
{
	int err = fd_entry(dir, d, KIND_FD);

	if (!err)
		d->inode->ops = &fd_link_ops;
	return err;
}

static struct dentry *fd_follow(struct inode *i)
{
	struct file *f;
	struct dentry *d;

	if (!ptrace_may_access(task_of(i), PTRACE_FSCREDS))
		return ERR_PTR(-EACCES);
	f = fget_task(task_of(i), (int)NR_OF(i));
	if (!f)
		return ERR_PTR(-ENOENT);
	d = dget(f->dentry);
	fput(f);
	return d;
}

static int fd_readlink(struct inode *i, char *buf, size_t n)
{
	return link_text(fd_follow(i), buf, n);
}

static int fd_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	struct task *t = task_of(f->inode);
	int fd = f->pos > 2 ? (int)(f->pos - 2) : 0;

	if (!emit_dots(f, emit, ctx))
		return 0;
	for (; (fd = next_fd_task(t, fd)) >= 0; fd++)
		if (!emit_number(emit, ctx, (u32)fd, task_ino(t->pid, KIND_FD, (u32)fd), DT_LNK, (u64)fd + 3))
			break;
	return 0;
}

/* --- /proc/PID/fdinfo --- */

static int fdinfo_lookup(struct inode *dir, struct dentry *d)
{
	int err = fd_entry(dir, d, KIND_FDINFO);

	if (!err) {
		d->inode->ops = &fdinfo_ops;
		d->inode->fops = &fdinfo_fops;
	}
	return err;
}

static s64 fdinfo_show(struct file *text, char *buf, size_t n)
{
	struct file *f = fget_task(task_of(text->inode), (int)NR_OF(text->inode));
	size_t len;

	if (!f)
		return -ENOENT;
	len = kscnprintf(buf, n, "pos:\t%lu\nflags:\t0%o\nmnt_id:\t0\nino:\t%lu\n", f->pos,
		f->flags & ~(u32)(O_EXCL | O_NOCTTY), f->inode->ino);
	if (f->ops->show_fdinfo)
		len += f->ops->show_fdinfo(f, proc_pid_ns(text->inode), buf + len, n - len);
	fput(f);
	return (s64)len;
}

static int fdinfo_open(struct inode *i, struct file *f)
{
	return ptrace_may_access(task_of(i), PTRACE_FSCREDS) ? text_open(i, f) : -EACCES;
}

static s64 fdinfo_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return text_read(f, buf, n, pos, fdinfo_show);
}

const struct inode_ops proc_fd_dir_ops = { .keeps = KEEPS_MODE, .lookup = fd_lookup_name, .evict = evict_task };
const struct inode_ops proc_fdinfo_dir_ops = { .keeps = KEEPS_MODE, .lookup = fdinfo_lookup, .evict = evict_task };
const struct file_ops proc_fd_dir_fops = TASK_DIR_FOPS(fd_readdir);
static const struct inode_ops fdinfo_ops = { .keeps = KEEPS_MODE, .evict = evict_task };
static const struct file_ops fdinfo_fops = { .open = fdinfo_open, .release = text_release,
	.read = fdinfo_read, .lseek = text_lseek };
static const struct inode_ops fd_link_ops = { .readlink = fd_readlink, .follow = fd_follow, .evict = evict_task };
