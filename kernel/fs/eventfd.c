// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventfd: a counter one can wait for. Mirrors Linux fs/eventfd.c.
 *
 * Locks: none besides the wait queue's: the count is atomic.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"

struct eventfd {
	struct waitq wait;
	_Atomic u64 count;
	u32 semaphore;
};

/* Takes the count, or 1 of a semaphore. 0: there was nothing to take. */
static u64 eventfd_take(struct eventfd *e)
{
	u64 count = atomic_load(&e->count), take;

	do {
		if (!count)
			return 0;
		take = e->semaphore ? 1 : count;
	} while (!atomic_compare_exchange_weak(&e->count, &count, count - take));
	return take;
}

static bool eventfd_add(struct eventfd *e, u64 n)
{
	u64 count = atomic_load(&e->count);

	do {
		if (n > ~0ull - 1 - count)
			return false;
	} while (!atomic_compare_exchange_weak(&e->count, &count, count + n));
	return true;
}

static s64 eventfd_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct eventfd *e = f->private;
	u64 got = 0;
	int err;

	(void)pos;
	if (n < sizeof(got))
		return -EINVAL;
	got = eventfd_take(e);
	if (!got) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_freezable(&e->wait, (got = eventfd_take(e)) != 0);
		if (err)
			return err;
	}
	wake_up_all(&e->wait);
	return copy_to_user(buf, &got, sizeof(got)) ? -EFAULT : (s64)sizeof(got);
}

static s64 eventfd_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct eventfd *e = f->private;
	u64 add;
	int err;

	(void)pos;
	if (n < sizeof(add))
		return -EINVAL;
	if (copy_from_user(&add, buf, sizeof(add)))
		return -EFAULT;
	if (add == ~0ull)
		return -EINVAL;
	if (!eventfd_add(e, add)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_freezable(&e->wait, eventfd_add(e, add));
		if (err)
			return err;
	}
	wake_up_all(&e->wait);
	return sizeof(add);
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->private;
	u64 count;

	poll_wait(pt, &e->wait);
	count = atomic_load(&e->count);
	return (count ? POLLIN | POLLRDNORM : 0u) | (count < ~0ull - 1 ? POLLOUT | POLLWRNORM : 0u);
}

static void eventfd_release(struct file *f)
{
	kfree(f->private);
}

static const struct file_ops eventfd_fops = {
	.noop_lseek = true,
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
};

long sys_eventfd2(unsigned count, int flags)
{
	struct eventfd *e;
	struct file *f;

	if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return -EINVAL;
	e = kzalloc(sizeof(*e), GFP_KERNEL);
	f = anon_inode_getfile("anon_inode:[eventfd]", &eventfd_fops, e, O_RDWR | ((u32)flags & O_NONBLOCK));
	if (IS_ERR(f)) {
		kfree(e);
		return PTR_ERR(f);
	}
	waitq_init(&e->wait, "eventfd");
	atomic_init(&e->count, count);
	e->semaphore = (flags & EFD_SEMAPHORE) != 0;
	return fd_alloc(f, (u32)flags, 0);
}

long sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}
