// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes through a pipe. Mirrors Linux fs/pipe.c; how pipes come and go is in pipe_open.c.
 *
 * Bytes lie in a ring of pages that come when they are needed. They are copied to and from user
 * memory under the lock as long as that is there and one page of the ring is enough. What may sleep
 * goes through a buffer outside the lock: on the stack for small ones. A write of at most PIPE_BUF
 * bytes is put in at once or not at all. A splice keeps room for itself before it takes from the
 * other side, which may not take it back. LINUX: data of a read whose user buffer turns out to be
 * bad goes back into the pipe only if nobody took its room meanwhile.
 *
 * Locks: pipe->lock (spinning), outside run queues' and poll queues'.
 */
#include "kernel/fs/pipe.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define SMALL		128u		/* bytes that go through the stack */

/* --- the ring; p->lock held --- */

static void copy_piece(char *ring, char *buf, size_t n, bool in)
{
	if (n == 1)
		*(in ? ring : buf) = *(in ? buf : ring);
	else if (in)
		kmemcpy(ring, buf, n);
	else
		kmemcpy(buf, ring, n);
}

static inline void ring_copy(struct pipe *p, u64 at, char *buf, size_t n, bool in)
{
	for (;;) {
		u64 off = at & p->mask, in_page = off % PAGE_SIZE;
		char *ring = p->pages[off / PAGE_SIZE] + in_page;

		if (likely(n <= PAGE_SIZE - in_page)) {
			copy_piece(ring, buf, n, in);
			return;
		}
		copy_piece(ring, buf, PAGE_SIZE - in_page, in);
		buf += PAGE_SIZE - in_page;
		at += PAGE_SIZE - in_page;
		n -= PAGE_SIZE - in_page;
	}
}

/* An empty pipe keeps the page it is at and gives the others back. */
static void ring_trim(struct pipe *p)
{
	u32 keep = (u32)((p->head & (ring_bytes(p) - 1)) / PAGE_SIZE);

	for (u32 i = 0; i < p->nr_pages; i++) {
		if (i != keep && p->pages[i]) {
			put_page(virt_to_page(p->pages[i]));
			p->pages[i] = NULL;
		}
	}
}

/*
 * Brings the pages for n more bytes; drops and retakes the lock. 0, -ENOMEM, -EAGAIN: the lock was
 * dropped, look again.
 */
static int ring_prepare(struct pipe *p, size_t n)
{
	for (u64 at = p->head & PAGE_MASK; at < p->head + n; at += PAGE_SIZE) {
		u32 slot = (u32)((at & (ring_bytes(p) - 1)) / PAGE_SIZE);
		struct page *page;

		if (likely(p->pages[slot]))
			continue;
		spin_unlock(&p->lock);
		page = alloc_page(GFP_USER);
		spin_lock(&p->lock);
		if (!page)
			return -ENOMEM;
		slot &= p->nr_pages - 1;
		if (p->pages[slot])
			put_page(page);
		else
			p->pages[slot] = page_address(page);
		return -EAGAIN;
	}
	return 0;
}

/* --- reading --- */

/* Takes up to n bytes into buf, waiting for the first. Bytes, 0 at the end, -errno. */
static s64 pipe_take(u32 flags, struct pipe *p, char *buf, size_t n)
{
	s64 ret;

	spin_lock(&p->lock);
	for (;;) {
		if (p->head != p->tail) {
			n = min(n, p->head - p->tail);
			ring_copy(p, p->tail, buf, n, false);
			p->tail += n;
			if (p->head == p->tail && n >= PAGE_SIZE)
				ring_trim(p);
			wake_sleepers(&p->write_sleepers);
			wake_pollers(p, POLLOUT);
			ret = (s64)n;
			break;
		}
		ret = 0;
		if (!p->writers)
			break;
		ret = -EAGAIN;
		if (flags & O_NONBLOCK)
			break;
		ret = pipe_sleep(p, &p->read_sleepers);
		if (ret)
			break;
	}
	spin_unlock(&p->lock);
	return ret;
}

/* A reader could not place n bytes in user memory: back to the front, if there is room. */
static void pipe_give_back(struct pipe *p, char *buf, size_t n)
{
	spin_lock(&p->lock);
	if (p->tail >= n && n <= pipe_room(p)) {
		u64 at = (p->tail - n) & PAGE_MASK;
		bool there = true;

		for (; at < p->tail; at += PAGE_SIZE)
			there &= p->pages[(at & (ring_bytes(p) - 1)) / PAGE_SIZE] != NULL;
		if (there) {
			p->tail -= n;
			ring_copy(p, p->tail, buf, n, true);
			wake_sleepers(&p->read_sleepers);	/* they may have seen it empty */
			wake_pollers(p, POLLIN);
		}
	}
	spin_unlock(&p->lock);
}

static s64 pipe_kread(struct file *f, void *buf, size_t n, u64 pos)
{
	(void)pos;
	return n ? pipe_take(f->flags, f->inode->private, buf, n) : 0;
}

/* The first piece may be waited for, the rest is what is there. */
static s64 pipe_read_through(struct file *f, uaddr_t ubuf, size_t n, char *buf, size_t cap)
{
	struct pipe *p = f->inode->private;
	size_t done = 0;
	s64 got = 0;

	while (done < n) {
		got = pipe_take(done ? f->flags | O_NONBLOCK : f->flags, p, buf, min(n - done, cap));
		if (got <= 0)
			break;
		size_t left = copy_to_user(ubuf + done, buf, (size_t)got);
		if (unlikely(left))
			pipe_give_back(p, buf + got - left, left);
		done += (size_t)got - left;
		if (left) {
			got = -EFAULT;
			break;
		}
		if ((size_t)got < cap)
			break;
	}
	return done ? (s64)done : got;
}

static s64 pipe_read_small(struct file *f, uaddr_t ubuf, size_t n)
{
	struct pipe *p = f->inode->private;
	char small[SMALL];
	s64 got = n ? pipe_take(f->flags, p, small, n) : 0;
	size_t left = got > 0 ? copy_to_user(ubuf, small, (size_t)got) : 0;

	if (likely(!left))
		return got;
	pipe_give_back(p, small + got - left, left);
	return (size_t)got == left ? -EFAULT : got - (s64)left;
}

static s64 __attribute__((noinline)) pipe_read_long(struct file *f, uaddr_t ubuf, size_t n)
{
	char *buf;
	s64 got;

	if (n <= SMALL)
		return pipe_read_small(f, ubuf, n);
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	got = pipe_read_through(f, ubuf, n, buf, PAGE_SIZE);
	kfree(buf);
	return got;
}

/*
 * The commonest read: what is there, or comes, lies in one page, and the user's memory is there
 * too. Everything else goes the long way.
 */
static s64 pipe_read(struct file *f, uaddr_t ubuf, size_t n, u64 *pos)
{
	struct pipe *p = f->inode->private;
	size_t got;
	s64 err;
	u64 at;

	(void)pos;
	if (unlikely(!n))
		return 0;
	might_sleep();
	spin_lock_first(&p->lock);
	while (p->head == p->tail) {
		if (!p->writers || f->flags & O_NONBLOCK)
			goto long_way;
		err = pipe_sleep(p, &p->read_sleepers);
		if (unlikely(err))
			goto out;
	}
	at = p->tail & p->mask;
	got = min(n, p->head - p->tail);
	if (unlikely(got > PAGE_SIZE - at % PAGE_SIZE) ||
	    unlikely(copy_to_user_inatomic(ubuf, p->pages[at / PAGE_SIZE] + at % PAGE_SIZE, got)))
		goto long_way;
	p->tail += got;
	if (unlikely(got == PAGE_SIZE) && p->head == p->tail)
		ring_trim(p);
	wake_sleepers(&p->write_sleepers);
	wake_pollers(p, POLLOUT);
	err = (s64)got;
out:
	spin_unlock_inline(&p->lock);
	return err;
long_way:
	spin_unlock(&p->lock);
	return pipe_read_long(f, ubuf, n);
}

/* --- writing --- */

/*
 * Puts n bytes in: all of them, waiting for room; fewer if a signal or the end of the readers comes
 * in between.
 */
static s64 pipe_put(u32 flags, struct pipe *p, char *buf, size_t n)
{
	size_t done = 0, chunk;
	s64 ret = 0;
	int err;

	spin_lock(&p->lock);
	do {
		u64 room = pipe_room(p);

		if (!p->readers) {
			ret = -EPIPE;
			break;
		}
		chunk = n <= K_PIPE_BUF ? (room >= n ? n : 0) : min(n - done, room);
		if (chunk) {
			err = ring_prepare(p, chunk);
			if (err == -EAGAIN)
				continue;
			if (err) {
				ret = err;
				break;
			}
			ring_copy(p, p->head, buf + done, chunk, true);
			p->head += chunk;
			done += chunk;
			wake_sleepers(&p->read_sleepers);
			wake_pollers(p, POLLIN);
			continue;
		}
		ret = -EAGAIN;
		if (flags & O_NONBLOCK)
			break;
		ret = pipe_sleep(p, &p->write_sleepers);
		if (ret)
			break;
	} while (done < n);
	spin_unlock(&p->lock);
	if (unlikely(ret == -EPIPE))
		send_sig_thread(SIGPIPE, SEND_SIG_KERNEL, current);
	return done ? (s64)done : ret;
}

s64 pipe_splice_take(struct file *f, u32 flags, char *buf, size_t n)
{
	return n ? pipe_take(flags, f->inode->private, buf, n) : 0;
}

void pipe_splice_give_back(struct file *f, char *buf, size_t n)
{
	if (n)
		pipe_give_back(f->inode->private, buf, n);
}

s64 pipe_splice_put(struct file *f, u32 flags, char *buf, size_t n)
{
	return n ? pipe_put(flags, f->inode->private, buf, n) : 0;
}

s64 pipe_reserve(struct file *f, u32 flags, size_t n)
{
	struct pipe *p = f->inode->private;
	s64 ret;

	spin_lock(&p->lock);
	for (;;) {
		ret = -EPIPE;
		if (!p->readers)
			break;
		if (pipe_room(p)) {
			n = min(n, pipe_room(p));
			ret = ring_prepare(p, p->reserved + n);
			if (ret == -EAGAIN)
				continue;
			if (!ret) {
				p->reserved += n;
				ret = (s64)n;
			}
			break;
		}
		ret = flags & O_NONBLOCK ? -EAGAIN : pipe_sleep(p, &p->write_sleepers);
		if (ret)
			break;
	}
	spin_unlock(&p->lock);
	if (ret == -EPIPE)
		send_sig_thread(SIGPIPE, SEND_SIG_KERNEL, current);
	return ret;
}

s64 pipe_put_reserved(struct file *f, char *buf, size_t n, size_t reserved)
{
	struct pipe *p = f->inode->private;
	s64 ret = n ? -EAGAIN : 0;

	spin_lock(&p->lock);
	while (ret == -EAGAIN)
		ret = p->readers ? ring_prepare(p, n) : -EPIPE;
	p->reserved -= reserved;
	if (n && !ret) {
		ring_copy(p, p->head, buf, n, true);
		p->head += n;
		ret = (s64)n;
		wake_sleepers(&p->read_sleepers);
		wake_pollers(p, POLLIN);
	}
	if (n < reserved || ret < 0) {
		wake_sleepers(&p->write_sleepers);
		wake_pollers(p, POLLOUT);
	}
	spin_unlock(&p->lock);
	if (ret == -EPIPE)
		send_sig_thread(SIGPIPE, SEND_SIG_KERNEL, current);
	return ret;
}

int pipe_wait_data(struct file *f, u32 flags)
{
	struct pipe *p = f->inode->private;
	int ret = 0;

	spin_lock(&p->lock);
	while (!ret && p->head == p->tail && p->writers)
		ret = flags & O_NONBLOCK ? -EAGAIN : pipe_sleep(p, &p->read_sleepers);
	spin_unlock(&p->lock);
	return ret;
}

s64 pipe_peek(struct file *f, u64 *next, u64 skip, char *buf, size_t n)
{
	struct pipe *p = f->inode->private;
	s64 ret = 0;

	spin_lock(&p->lock);
	if (!skip)
		*next = p->tail;
	if (p->tail == *next && p->head - p->tail > skip) {
		n = min(n, p->head - p->tail - skip);
		ring_copy(p, p->tail + skip, buf, n, false);
		ret = (s64)n;
	} else if (!skip && p->writers) {
		ret = -EAGAIN;
	}
	spin_unlock(&p->lock);
	return ret;
}

void pipe_wait_closed(struct file *f)
{
	struct pipe *p = f->inode->private;

	spin_lock(&p->lock);
	p->writers--;
	wake_sleepers(&p->read_sleepers);
	wake_pollers(p, POLLIN);
	while (p->readers && !pipe_sleep(p, &p->write_sleepers))
		;
	p->writers++;
	spin_unlock(&p->lock);
}

static s64 pipe_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	(void)pos;
	return n ? pipe_put(f->flags, f->inode->private, (char *)(uintptr_t)buf, n) : 0;
}

/* More than fits the stack, a page at a time; each page of a small write is the whole of it. */
static s64 pipe_write_big(struct file *f, struct pipe *p, uaddr_t ubuf, size_t n)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	size_t done = 0;
	s64 put = 0;

	if (!buf)
		return -ENOMEM;
	while (done < n) {
		size_t chunk = min(n - done, PAGE_SIZE), left = copy_from_user(buf, ubuf + done, chunk);

		if (left) {
			put = -EFAULT;
			break;
		}
		put = pipe_put(f->flags, p, buf, chunk);
		if (put > 0)
			done += (size_t)put;
		if (put < 0 || (size_t)put < chunk)
			break;
	}
	kfree(buf);
	return done ? (s64)done : put;
}

static s64 __attribute__((noinline)) pipe_write_long(struct file *f, uaddr_t ubuf, size_t n)
{
	struct pipe *p = f->inode->private;
	char small[SMALL];

	if (n > sizeof(small))
		return pipe_write_big(f, p, ubuf, n);
	if (copy_from_user(small, ubuf, n))
		return -EFAULT;
	return pipe_put(f->flags, p, small, n);
}

/*
 * The commonest write: it fits the page that is there, and the user's memory is there too.
 * Everything else goes the long way.
 */
static s64 pipe_write(struct file *f, uaddr_t ubuf, size_t n, u64 *pos)
{
	struct pipe *p = f->inode->private;
	char *page;
	u64 at;

	(void)pos;
	if (unlikely(!n))
		return 0;
	might_sleep();
	spin_lock_first(&p->lock);
	at = p->head & p->mask;
	page = p->pages[at / PAGE_SIZE];
	if (unlikely(!p->readers) || unlikely(!page) || unlikely(n > PAGE_SIZE - at % PAGE_SIZE) ||
	    unlikely(n > pipe_room(p)) ||
	    unlikely(copy_from_user_inatomic(page + at % PAGE_SIZE, ubuf, n))) {
		spin_unlock(&p->lock);
		return pipe_write_long(f, ubuf, n);
	}
	p->head += n;
	wake_sleepers(&p->read_sleepers);
	wake_pollers(p, POLLIN);
	spin_unlock_inline(&p->lock);
	return (s64)n;
}

/* --- the rest --- */

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->inode->private;
	unsigned mask = 0;

	poll_wait(pt, &p->pollers);
	spin_lock(&p->lock);
	if (f->readable) {
		if (p->head != p->tail)
			mask |= POLLIN | POLLRDNORM;
		if (!p->writers && f->private != (void *)(uintptr_t)p->w_counter)
			mask |= POLLHUP;
	}
	if (f->writable) {
		if (pipe_room(p) >= K_PIPE_BUF)
			mask |= POLLOUT | POLLWRNORM;
		if (!p->readers)
			mask |= POLLERR;
	}
	spin_unlock(&p->lock);
	return mask;
}

static long pipe_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct pipe *p = f->inode->private;
	int n;

	if (cmd != FIONREAD)
		return -ENOIOCTLCMD;
	spin_lock(&p->lock);
	n = (int)(p->head - p->tail);
	spin_unlock(&p->lock);
	return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
}

void pipe_release(struct file *f)
{
	struct pipe *p = f->inode->private;

	spin_lock(&p->lock);
	p->readers -= f->readable;
	p->writers -= f->writable;
	wake_sleepers(&p->read_sleepers);
	wake_sleepers(&p->write_sleepers);
	if (!p->readers && !p->writers) {
		p->tail = p->head;
		ring_trim(p);
	}
	spin_unlock(&p->lock);
	wake_up_poll(&p->pollers, POLLIN | POLLOUT);
}

const struct file_ops pipe_fops = {
	.read = pipe_read,
	.write = pipe_write,
	.kread = pipe_kread,
	.kwrite = pipe_kwrite,
	.poll = pipe_poll,
	.fasync = fasync_helper,
	.ioctl = pipe_ioctl,
	.release = pipe_release,
};
