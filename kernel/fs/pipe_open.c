// SPDX-License-Identifier: GPL-2.0-only
/*
 * How pipes and FIFOs come, grow and go. Mirrors Linux fs/pipe.c; what goes through them is in
 * pipe.c.
 *
 * Locks: inode->lock (a FIFO's pipe is made once), then pipe->lock.
 */
#include "kernel/cred.h"
#include "kernel/fs/pipe.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"

#define PIPE_MAX_PAGES	256u

static struct kmem_cache *pipe_cache;
static _Atomic u64 ring_pages;		/* what all rings would hold if they were full */

void pipe_cache_init(void)
{
	pipe_cache = kmem_cache_create("pipe_inode", sizeof(struct pipe), 8);
}

/*
 * Counts more pages, or not: who asks for too many takes nothing from others meanwhile. Pipes together
 * may hold a quarter of RAM: nobody's badness counts what lies in them.
 */
static bool rings_fit(u64 more)
{
	u64 n = atomic_load(&ring_pages);

	do {
		if (n + more > totalram_pages() / 4)
			return false;
	} while (!atomic_compare_exchange_strong(&ring_pages, &n, n + more));
	return true;
}

static struct pipe *pipe_alloc(void)
{
	struct pipe *p = kmem_cache_alloc(pipe_cache, GFP_KERNEL | GFP_ZERO);

	if (!p)
		return NULL;
	spin_init(&p->lock, "pipe", RANK_IO);
	list_init(&p->read_sleepers);
	list_init(&p->write_sleepers);
	waitq_init(&p->pollers, "pipe");
	p->nr_pages = PIPE_DEF_PAGES;
	if (!rings_fit(PIPE_DEF_PAGES)) {
		p->nr_pages = 1;	/* whatever there is */
		atomic_fetch_add(&ring_pages, 1);
	}
	p->mask = p->nr_pages * PAGE_SIZE - 1;
	p->pages = p->inline_pages;
	return p;
}

static void pipe_free(struct pipe *p)
{
	for (u32 i = 0; i < p->nr_pages; i++)
		if (p->pages[i])
			put_page(virt_to_page(p->pages[i]));
	if (p->pages != p->inline_pages)
		kfree(p->pages);
	atomic_fetch_sub(&ring_pages, p->nr_pages);
	kmem_cache_free(pipe_cache, p);
}

static void pipe_evict(struct inode *i)
{
	if (i->private)
		pipe_free(i->private);
}

static const struct inode_ops pipe_inode_ops = { .evict = pipe_evict };

/* The pages that hold data, counted from the pipe's first byte: [*first, end). p->lock held. */
static u64 pages_in_use(const struct pipe *p, u64 *first)
{
	*first = p->tail / PAGE_SIZE;
	return p->head == p->tail ? *first : (p->head - 1) / PAGE_SIZE + 1;
}

/*
 * Moves what is in the ring to one of n pages. A full ring that begins within a page ends in the
 * same one: in a larger ring they are two, and *spare becomes the second. p->lock held.
 */
static void move_pages(struct pipe *p, char **pages, u32 n, struct page **spare)
{
	u64 first, end = pages_in_use(p, &first);

	for (u64 k = first; k < end; k++) {
		char **from = &p->pages[k & (p->nr_pages - 1)], **to = &pages[k & (n - 1)];

		if (*from) {
			*to = *from;
			*from = NULL;
		} else {
			*to = page_address(*spare);
			*spare = NULL;
			kmemcpy(*to, pages[first & (n - 1)], PAGE_SIZE);
		}
	}
	for (u32 i = 0; i < p->nr_pages; i++)
		if (p->pages[i])
			put_page(virt_to_page(p->pages[i]));
}

/*
 * Puts a ring of n pages in the place of the other, which *pages is then. The new size; -EBUSY;
 * -EPERM: it may not grow, or not by as much. p->lock held.
 */
static long change_ring(struct pipe *p, char ***pages, u32 n, struct page **spare, bool may_grow)
{
	u64 first, used = pages_in_use(p, &first) - first;
	char **old = p->pages;

	if (n == p->nr_pages)
		return (long)ring_bytes(p);
	if (used > n || p->head - p->tail + p->reserved > n * PAGE_SIZE)
		return -EBUSY;
	if (n > p->nr_pages && (!may_grow || !rings_fit(n - p->nr_pages)))
		return -EPERM;
	move_pages(p, *pages, n, spare);
	p->pages = *pages;
	*pages = old;
	if (n < p->nr_pages)
		atomic_fetch_sub(&ring_pages, p->nr_pages - n);
	p->nr_pages = n;
	p->mask = n * PAGE_SIZE - 1;
	wake_sleepers(&p->write_sleepers);
	wake_pollers(p, 0);
	return (long)ring_bytes(p);
}

/* 0 is a page, and what is no power of two the next one. */
static long pipe_resize(struct pipe *p, u64 bytes)
{
	struct page *spare;
	char **pages;
	bool may_grow;
	u32 n = 1;
	long ret = -ENOMEM;

	if (bytes > 1u << 31)
		return -EINVAL;
	while (n * PAGE_SIZE < bytes)
		n *= 2;
	may_grow = n <= PIPE_MAX_PAGES || capable(CAP_SYS_RESOURCE);
	if (n > READ_ONCE(p->nr_pages) && (!may_grow || n > totalram_pages() / 4))
		return -EPERM;		/* before memory is taken; change_ring looks again */
	pages = kmalloc_array(n, sizeof(*pages), GFP_KERNEL);
	spare = alloc_page(GFP_KERNEL);
	if (pages && spare) {
		spin_lock(&p->lock);
		ret = change_ring(p, &pages, n, &spare, may_grow);
		spin_unlock(&p->lock);
	}
	if (spare)
		put_page(spare);
	if (pages != p->inline_pages)
		kfree(pages);
	return ret;
}

long pipe_fcntl(struct file *f, unsigned cmd, u64 arg)
{
	struct pipe *p = f->inode->private;

	if (!inode_is(f->inode, S_IFIFO) || !p)
		return -EBADF;
	return cmd == F_GETPIPE_SZ ? (long)ring_bytes(p) : pipe_resize(p, arg);
}

bool is_pipe(const struct file *f)
{
	return inode_is(f->inode, S_IFIFO);
}

/* --- FIFOs --- */

/* The pipe of a FIFO's inode, made by the first open. NULL: no memory. */
static struct pipe *fifo_pipe(struct inode *i)
{
	struct pipe *p;

	mutex_lock(&i->lock);
	p = i->private;
	if (!p) {
		p = pipe_alloc();
		i->private = p;
	}
	mutex_unlock(&i->lock);
	return p;
}

/* Waits until the other side was opened since. p->lock held. */
static int fifo_wait(struct pipe *p, const u32 *counter, struct list *sleepers)
{
	u32 was = *counter;
	int err = 0;

	while (!err && *counter == was)
		err = pipe_sleep(p, sleepers);
	return err;
}

/*
 * A pipe's end that is opened again, through /proc, does not wait for the other: it has been there.
 */
static int fifo_open(struct inode *i, struct file *f)
{
	bool named = i->sb->magic != PIPEFS_MAGIC;
	struct pipe *p = fifo_pipe(i);
	int err = 0;

	if (!p)
		return -ENOMEM;
	spin_lock(&p->lock);
	if (named && f->writable && !f->readable && f->flags & O_NONBLOCK && !p->readers) {
		spin_unlock(&p->lock);
		return -ENXIO;
	}
	p->readers += f->readable;
	p->writers += f->writable;
	p->r_counter += f->readable;
	p->w_counter += f->writable;
	wake_sleepers(&p->read_sleepers);
	wake_sleepers(&p->write_sleepers);
	wake_pollers(p, 0);
	f->ops = &pipe_fops;
	if (named && f->readable && !f->writable && !p->writers) {
		if (f->flags & O_NONBLOCK)
			f->private = (void *)(uintptr_t)p->w_counter;	/* no hang-up before the first writer */
		else
			err = fifo_wait(p, &p->w_counter, &p->read_sleepers);
	} else if (named && f->writable && !f->readable && !p->readers) {
		err = fifo_wait(p, &p->r_counter, &p->write_sleepers);
	}
	spin_unlock(&p->lock);
	if (err)
		pipe_release(f);
	return err;
}

const struct file_ops fifo_fops = { .open = fifo_open };

/* Inode of a FIFO in a file system: its pipe goes with it. */
void pipe_open_init(struct inode *i)
{
	i->fops = &fifo_fops;
	i->ops = &pipe_inode_ops;
}

/* --- system calls --- */

int create_pipe_files(struct file *ends[2], u32 flags)
{
	struct inode *i = anon_inode(S_IFIFO | 0600);
	struct pipe *p = i ? pipe_alloc() : NULL;
	char name[32];

	if (!p) {
		iput(i);
		return -ENOMEM;
	}
	i->private = p;
	i->ops = &pipe_inode_ops;
	i->fops = &fifo_fops;		/* of an open through /proc/PID/fd */
	p->readers = p->writers = 1;
	p->r_counter = p->w_counter = 1;
	ksnprintf(name, sizeof(name), "pipe:[%lu]", i->ino);
	ends[0] = file_alloc_anon(iget(i), name, &pipe_fops, O_RDONLY | flags);
	if (IS_ERR(ends[0])) {
		iput(i);
		return (int)PTR_ERR(ends[0]);
	}
	ends[1] = file_alloc(dget(ends[0]->dentry), &pipe_fops, O_WRONLY | flags);
	if (IS_ERR(ends[1])) {
		fput(ends[0]);
		iput(i);
		return (int)PTR_ERR(ends[1]);
	}
	ends[1]->opened = 1;
	iput(i);
	return 0;
}

long sys_pipe2(uaddr_t ufds, int flags)
{
	struct file *ends[2] = { NULL, NULL };
	int fds[2], err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT | O_NOTIFICATION_PIPE))
		return -EINVAL;
	if (flags & O_NOTIFICATION_PIPE)
		return -ENOPKG;		/* as a Linux without them says */
	err = create_pipe_files(ends, (u32)flags & O_NONBLOCK);
	if (err)
		return err;
	fds[0] = fd_alloc(ends[0], (u32)flags, 0);
	if (fds[0] < 0) {
		fput(ends[1]);
		return fds[0];
	}
	fds[1] = fd_alloc(ends[1], (u32)flags, 0);
	if (fds[1] < 0) {
		fd_close(fds[0]);
		return fds[1];
	}
	if (copy_to_user(ufds, fds, sizeof(fds))) {
		fd_close(fds[0]);
		fd_close(fds[1]);
		return -EFAULT;
	}
	return 0;
}

long sys_pipe(uaddr_t ufds)
{
	return sys_pipe2(ufds, 0);
}
