// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file's size and where it has pages: truncate, fallocate, fadvise. Mirrors Linux mm/truncate.c,
 * mm/fadvise.c and a part of fs/open.c.
 *
 * Locks: the inode's mutex for the size.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

int vfs_truncate(struct dentry *d, u64 size)
{
	struct inode *i = d->inode;
	int err;

	if (inode_is(i, S_IFDIR))
		return -EISDIR;
	if (!inode_is(i, S_IFREG) || !i->ops || !i->ops->truncate)
		return -EINVAL;
	if (sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	if (is_append(i))
		return -EPERM;
	if (size > i->size) {
		s64 room = limit_file_size(size - 1, 1);

		if (room < 0)
			return (int)room;
	}
	err = get_write_access(i);
	if (err)
		return err;
	mutex_lock(&i->lock);
	err = i->ops->truncate(i, size);
	mutex_unlock(&i->lock);
	put_write_access(i);
	if (!err)
		fsnotify(d, IN_MODIFY);
	return err;
}

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
		pos = pos % PAGE_SIZE == 0 && first < last && pos >> PAGE_SHIFT < last ?
			last << PAGE_SHIFT : pos + chunk;
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
 * is given back, but not what others have stored into meanwhile. LINUX: all that came. i->lock held.
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
			cond_resched();
			err = signal_pending(current) ? -EINTR : 0;
		}
	}
	if (err && added < index) {
		unmap_mapping_pages(i->mapping, added, index);
		mapping_drop_unused(i->mapping, added, index);
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
	if ((mode & ~FALLOC_FL_KEEP_SIZE && is_append(f->inode)) || is_immutable(f->inode))
		return -EPERM;
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
