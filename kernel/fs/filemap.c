// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files whose data are pages in a cache: faults in their mappings, reads, writes, positions.
 * Mirrors the second half of Linux mm/filemap.c.
 *
 * Locks: the inode's mutex around a write, which moves the end of the file. Reads take none: they
 * see a size and then pages.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

/* --- faults --- */

u64 mapping_limit(const struct mapping *m)
{
	return m->host ? PAGE_ALIGN(READ_ONCE(m->host->size)) >> PAGE_SHIFT : ~0ull;
}

int generic_fault(struct vma *v, u64 pgoff, unsigned flags, struct page **page)
{
	struct mapping *m = v->file->inode->mapping;
	struct page *p;

	(void)flags;
	if (pgoff >= mapping_limit(m))
		return -EFAULT;
	p = mapping_get_page(m, pgoff, GFP_USER);
	if (IS_ERR(p))
		return PTR_ERR(p) == -ENOMEM || PTR_ERR(p) == -EHWPOISON ? (int)PTR_ERR(p) : -EFAULT;
	/*
	 * Truncated meanwhile? The page is ours, but nobody will take it out of the page table
	 * again.
	 */
	if (pgoff >= mapping_limit(m)) {
		put_page(p);
		return -EFAULT;
	}
	*page = p;
	return 0;
}

int generic_mkwrite(struct vma *v, struct page *page)
{
	(void)v;
	mapping_set_dirty(page);
	return 0;
}

/*
 * What is cut off later is unmapped under mmap_lock once the size is known to all, so the size need
 * be looked at only once.
 */
static void generic_map_pages(struct vma *v, u64 pgoff, unsigned n, struct page **pages)
{
	struct mapping *m = v->file->inode->mapping;
	u64 limit = mapping_limit(m);
	unsigned there = pgoff < limit ? (unsigned)min((u64)n, limit - pgoff) : 0;

	for (unsigned i = there; i < n; i++)
		pages[i] = NULL;
	mapping_find_pages(m, pgoff, there, pages);
}

const struct vm_ops generic_file_vm_ops = {
	.fault = generic_fault, .map_pages = generic_map_pages, .mkwrite = generic_mkwrite
};

int generic_file_mmap(struct file *f, struct vma *v)
{
	if (!f->inode->mapping)
		return -ENODEV;
	v->ops = &generic_file_vm_ops;
	return 0;
}

/* --- reads and writes through the cache --- */

/* Where the bytes of a copy are: user memory, or the kernel's own. */
struct buffer {
	uaddr_t user;
	char *kernel;			/* NULL: user */
};

static size_t buffer_put(struct buffer *b, size_t done, const void *src, size_t n)
{
	if (!b->kernel)
		return copy_to_user(b->user + done, src, n);
	kmemcpy(b->kernel + done, src, n);
	return 0;
}

static size_t buffer_get(struct buffer *b, size_t done, void *dst, size_t n)
{
	if (!b->kernel)
		return copy_from_user(dst, b->user + done, n);
	kmemcpy(dst, b->kernel + done, n);
	return 0;
}

/* What a call says for want of a page: of a broken one, that the disk has failed. */
static s64 error_of(const struct page *p)
{
	return PTR_ERR(p) == -EHWPOISON ? -EIO : PTR_ERR(p);
}

static s64 do_read(struct inode *i, struct buffer b, size_t n, u64 pos)
{
	u64 size = READ_ONCE(i->size);
	size_t done = 0;
	s64 err = 0;

	while (done < n && pos < size) {
		size_t off = pos % PAGE_SIZE, chunk = min(n - done, PAGE_SIZE - off), left;
		struct page *p;

		chunk = min(chunk, size - pos);
		if (i->mapping->readpage) {
			p = mapping_get_page(i->mapping, pos >> PAGE_SHIFT, GFP_USER);
			err = IS_ERR(p) ? error_of(p) : 0;
		} else {
			p = mapping_find_page(i->mapping, pos >> PAGE_SHIFT);	/* a hole reads as zeroes and stays a hole */
			if (p && unlikely(p->flags & PG_HWPOISON)) {
				put_page(p);
				err = -EIO;
			}
		}
		if (err)
			break;
		left = buffer_put(&b, done,
				  (p ? (char *)page_address(p) : (char *)page_address(zero_page)) +
					  off,
				  chunk);
		if (p)
			put_page(p);
		done += chunk - left;
		pos += chunk - left;
		if (left) {
			err = -EFAULT;
			break;
		}
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		cond_resched();
	}
	return done ? (s64)done : err;
}

static s64 do_write(struct inode *i, struct buffer b, size_t n, u64 pos)
{
	size_t done = 0;
	s64 err = 0;

	assert_held(&i->lock);
	while (done < n) {
		size_t off = pos % PAGE_SIZE, chunk = min(n - done, PAGE_SIZE - off), left;
		struct page *p;

		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		p = mapping_get_page(i->mapping, pos >> PAGE_SHIFT, GFP_USER);
		if (IS_ERR(p)) {
			err = error_of(p);
			break;
		}
		left = buffer_get(&b, done, (char *)page_address(p) + off, chunk);
		mapping_set_dirty(p);		/* after the copy: a write-back before it has not seen it all */
		put_page(p);
		done += chunk - left;
		pos += chunk - left;
		if (pos > i->size)
			WRITE_ONCE(i->size, pos);
		if (left) {
			err = -EFAULT;
			break;
		}
		cond_resched();
	}
	return done ? (s64)done : err;
}

s64 generic_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	s64 got = do_read(f->inode, (struct buffer){ .user = buf }, n, *pos);

	if (got > 0)
		*pos += (u64)got;
	if (!(f->flags & O_NOATIME))
		f->inode->atime = now_realtime();
	return got;
}

s64 generic_kread(struct file *f, void *buf, size_t n, u64 pos)
{
	return do_read(f->inode, (struct buffer){ .kernel = buf }, n, pos);
}

s64 limit_file_size(u64 pos, size_t n)
{
	u64 limit = READ_ONCE(current->group->rlim[RLIMIT_FSIZE].rlim_cur);

	if (limit != RLIM64_INFINITY) {
		if (pos >= limit) {
			send_sig_thread(SIGXFSZ, SEND_SIG_KERNEL, current);
			return -EFBIG;
		}
		n = min(n, limit - pos);
	}
	if (pos >= INT64_MAX)
		return -EFBIG;
	return (s64)min(n, (u64)INT64_MAX - pos);
}

/* What the seals leave of a write of n at pos, or -EPERM. */
static s64 sealed_room(const struct inode *i, u64 pos, s64 n)
{
	if (i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (!(i->seals & F_SEAL_GROW) || pos + (u64)n <= i->size)
		return n;
	return pos < i->size ? (s64)(i->size - pos) : -EPERM;
}

static s64 locked_write(struct inode *i, u32 flags, struct buffer b, size_t n, u64 *pos)
{
	s64 room, put;

	if (!n)
		return 0;
	mutex_lock(&i->lock);
	if (flags & O_APPEND)
		*pos = i->size;
	room = limit_file_size(*pos, n);
	if (unlikely(i->seals) && room > 0)
		room = sealed_room(i, *pos, room);
	if (room > 0)
		inode_remove_privs(i);
	put = room > 0 ? do_write(i, b, (size_t)room, *pos) : room;
	if (put > 0) {
		*pos += (u64)put;
		i->mtime = i->ctime = now_realtime();
	}
	mutex_unlock(&i->lock);
	return put;
}

s64 generic_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return locked_write(f->inode, f->flags, (struct buffer){ .user = buf }, n, pos);
}

s64 generic_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	return locked_write(f->inode, f->flags, (struct buffer){ .kernel = (char *)(uintptr_t)buf }, n, &pos);
}

s64 fixed_lseek(struct file *f, s64 off, int whence, u64 size)
{
	s64 base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = (s64)f->pos;
		break;
	case SEEK_END:
		base = (s64)size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (off < 0 || (u64)off >= size)
			return -ENXIO;
		if (whence == SEEK_HOLE)
			off = (s64)size;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, off, &off) || off < 0)
		return -EINVAL;
	f->pos = (u64)off;
	return off;
}

/* SEEK_DATA and SEEK_HOLE by the pages that are there. */
static s64 seek_hole_data(struct file *f, s64 off, int whence)
{
	struct inode *i = f->inode;
	u64 index = (u64)off >> PAGE_SHIFT, first = index;
	struct page *p;

	if (off < 0 || (u64)off >= i->size)
		return -ENXIO;
	for (;;) {
		p = mapping_next_page(i->mapping, &index, 0);
		if (p)
			put_page(p);
		if (whence == SEEK_DATA)
			break;
		if (!p || index != first)
			break;
		index = ++first;
		cond_resched();
	}
	if (whence == SEEK_DATA) {
		if (!p || index << PAGE_SHIFT >= i->size)
			return -ENXIO;
		off = max(off, (s64)(index << PAGE_SHIFT));
	} else {
		off = max(off, (s64)(first << PAGE_SHIFT));
		off = min(off, (s64)i->size);
	}
	f->pos = (u64)off;
	return off;
}

s64 generic_lseek(struct file *f, s64 off, int whence)
{
	if ((whence == SEEK_DATA || whence == SEEK_HOLE) && !f->inode->mapping->readpage)
		return seek_hole_data(f, off, whence);
	return fixed_lseek(f, off, whence, f->inode->size);
}
