// SPDX-License-Identifier: GPL-2.0-only
/*
 * epoll: a set of files to wait for that is told once. Mirrors Linux fs/eventpoll.c.
 *
 * An item leaves a wait entry in the queue of the file it watches; a waker puts the item on the
 * ready list and wakes whoever waits. An item does not keep its file open: the file's final close
 * removes it. LINUX: an epoll does not watch another one (EINVAL); EPOLLEXCLUSIVE wakes everybody.
 *
 * Locks: epoll_lock (mutex, one for all: items and what they watch), then the wait queue of a
 * watched file, then epoll->lock (ready list and sleepers, taken by wakers under that queue's
 * lock).
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define PRIVATE_BITS	(EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)
#define MAX_EVENTS	(INT32_MAX / (int)sizeof(struct k_epoll_event))

struct epoll {
	struct spinlock lock;		/* RANK_EPOLL */
	struct list ready;		/* [lock] of epoll_item.ready_node */
	struct list sleepers;		/* [lock] of struct epoll_sleeper */
	struct waitq polled;		/* who polls the epoll itself; its lock is of RANK_EPOLL, for it is taken by wakers too */
	struct list items;		/* [epoll_lock] of epoll_item.node */
};

struct epoll_item {
	struct epoll *ep;
	struct file *file;		/* [epoll_lock] not referenced */
	int fd;				/* (!) the number it was added by */
	struct k_epoll_event event;	/* [epoll_lock] */
	struct list node, file_node;	/* [epoll_lock] */
	struct list ready_node;		/* [ep->lock] */
	struct list waits;		/* [epoll_lock] of struct epoll_wait: entries in the file's queues */
};

struct epoll_wait {
	struct wait_entry wait;
	struct epoll_item *item;
	struct list node;
};

struct epoll_sleeper {
	struct list node;
	struct task *task;
};

/* What poll_table.add gets to work with. */
struct item_table {
	struct poll_table pt;
	struct epoll_item *item;
	int error;
};

static struct mutex epoll_lock = MUTEX_INIT(epoll_lock, "epoll", RANK_EPOLL_ITEMS);
static const struct file_ops epoll_fops;

/* --- ready --- */

static void make_ready(struct epoll_item *it)
{
	struct epoll *ep = it->ep;
	struct epoll_sleeper *s, *next;

	spin_lock(&ep->lock);
	if (list_empty(&it->ready_node))
		list_add_tail(&it->ready_node, &ep->ready);
	list_for_each_safe(s, next, &ep->sleepers, node) {
		list_del(&s->node);
		wake_up_state(s->task, TASK_INTERRUPTIBLE);
	}
	spin_unlock(&ep->lock);
	wake_up_all(&ep->polled);
}

/* Under the lock of the watched file's queue. */
static void item_wake(struct wait_entry *w, unsigned events)
{
	(void)events;
	make_ready(container_of(w, struct epoll_wait, wait)->item);
}

static bool item_add_queue(struct poll_table *pt, struct waitq *q)
{
	struct item_table *t = container_of(pt, struct item_table, pt);
	struct epoll_wait *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w) {
		t->error = -ENOMEM;
		return false;
	}
	w->wait.task = current;
	w->wait.func = item_wake;
	list_init(&w->wait.node);
	w->item = t->item;
	list_add(&w->node, &t->item->waits);
	waitq_add(q, &w->wait);
	return true;
}

/* What of the item's interest is there now. */
static u32 item_poll(struct epoll_item *it, struct poll_table *pt)
{
	u32 want = it->event.events & ~PRIVATE_BITS;

	return it->file->ops->poll(it->file, pt) & (want | POLLERR | POLLHUP);
}

/* --- items; epoll_lock held --- */

static struct epoll_item *find_item(struct epoll *ep, struct file *f, int fd)
{
	struct epoll_item *it;

	list_for_each(it, &ep->items, node)
		if (it->file == f && it->fd == fd)
			return it;
	return NULL;
}

static void item_remove(struct epoll_item *it)
{
	assert_held(&epoll_lock);
	while (!list_empty(&it->waits)) {
		struct epoll_wait *w = list_first(&it->waits, struct epoll_wait, node);

		waitq_remove(&w->wait);
		list_del(&w->node);
		kfree(w);
	}
	spin_lock(&it->ep->lock);
	list_del(&it->ready_node);
	spin_unlock(&it->ep->lock);
	list_del(&it->node);
	list_del(&it->file_node);
	kfree(it);
}

static int item_insert(struct epoll *ep, struct file *f, int fd, const struct k_epoll_event *ev)
{
	struct epoll_item *it = kzalloc(sizeof(*it), GFP_KERNEL);
	struct item_table t = { .pt = { item_add_queue }, .item = it };

	if (!it)
		return -ENOMEM;
	it->ep = ep;
	it->file = f;
	it->fd = fd;
	it->event = *ev;
	list_init(&it->ready_node);
	list_init(&it->waits);
	list_init(&it->node);
	list_init(&it->file_node);
	list_add_tail(&it->node, &ep->items);
	list_add_tail(&it->file_node, &f->epoll_items);
	u32 mask = item_poll(it, &t.pt);
	if (t.error) {
		item_remove(it);
		return t.error;
	}
	if (mask)
		make_ready(it);
	return 0;
}

void epoll_file_released(struct file *f)
{
	mutex_lock(&epoll_lock);
	while (!list_empty(&f->epoll_items))
		item_remove(list_first(&f->epoll_items, struct epoll_item, file_node));
	mutex_unlock(&epoll_lock);
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->private;

	mutex_lock(&epoll_lock);
	while (!list_empty(&ep->items))
		item_remove(list_first(&ep->items, struct epoll_item, node));
	mutex_unlock(&epoll_lock);
	kfree(ep);
}

/* --- waiting --- */

/* The next ready item, off the list; NULL. */
static struct epoll_item *take_ready(struct epoll *ep)
{
	struct epoll_item *it = NULL;

	spin_lock(&ep->lock);
	if (!list_empty(&ep->ready)) {
		it = list_first(&ep->ready, struct epoll_item, ready_node);
		list_del(&it->ready_node);
	}
	spin_unlock(&ep->lock);
	return it;
}

/*
 * Hands out what is ready now: how many events, -EFAULT. Level-triggered items stay on the list,
 * behind the others.
 */
static long collect(struct epoll *ep, uaddr_t uevents, int max)
{
	LIST_HEAD(again);
	struct epoll_item *it;
	long n = 0;

	mutex_lock(&epoll_lock);
	while (n < max && (it = take_ready(ep))) {
		struct k_epoll_event ev = it->event;

		ev.events = item_poll(it, NULL);
		if (!ev.events)
			continue;
		if (copy_to_user(uevents + (u64)n * sizeof(ev), &ev, sizeof(ev))) {
			make_ready(it);
			n = n ? n : -EFAULT;
			break;
		}
		n++;
		if (it->event.events & EPOLLONESHOT) {
			it->event.events &= PRIVATE_BITS;
		} else if (!(it->event.events & EPOLLET)) {
			spin_lock(&ep->lock);
			if (list_empty(&it->ready_node))
				list_add_tail(&it->ready_node, &again);
			spin_unlock(&ep->lock);
		}
	}
	spin_lock(&ep->lock);
	list_splice_tail(&again, &ep->ready);
	spin_unlock(&ep->lock);
	mutex_unlock(&epoll_lock);
	return n;
}

/* Sleeps until something becomes ready. 0, -EINTR, -ETIME. */
static int epoll_sleep(struct epoll *ep, u64 deadline)
{
	struct epoll_sleeper me = { .task = current };
	bool in_time = true;

	spin_lock(&ep->lock);
	list_init(&me.node);
	if (list_empty(&ep->ready)) {
		list_add_tail(&me.node, &ep->sleepers);
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		spin_unlock(&ep->lock);
		if (!signal_pending(current))
			in_time = schedule_until(deadline);
		__set_current_state(TASK_RUNNING);
		spin_lock(&ep->lock);
		list_del(&me.node);
	}
	spin_unlock(&ep->lock);
	return signal_pending(current) ? -EINTR : in_time ? 0 : -ETIME;
}

static long do_epoll_wait(int epfd, uaddr_t uevents, int max, u64 deadline)
{
	struct file *f;
	long n = -EINVAL;
	int err = 0;

	if (max <= 0 || max > MAX_EVENTS)
		return -EINVAL;
	if (!access_ok(uevents, (size_t)max * sizeof(struct k_epoll_event)))
		return -EFAULT;
	f = fget(epfd);
	if (!f)
		return -EBADF;
	if (f->ops == &epoll_fops) {
		for (;;) {
			n = collect(f->private, uevents, max);
			if (n || !deadline || err == -ETIME)
				break;
			err = epoll_sleep(f->private, deadline);
			if (err == -EINTR) {
				n = -EINTR;
				break;
			}
		}
	}
	fput(f);
	return n;
}

/*
 * Somebody polls the epoll. He waits here and not in the queues of what it watches, which may be
 * closed meanwhile.
 */
static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct epoll *ep = f->private;
	struct epoll_item *it;
	unsigned mask = 0;

	poll_wait(pt, &ep->polled);
	mutex_lock(&epoll_lock);
	list_for_each(it, &ep->items, node)
		if (item_poll(it, NULL))
			mask = POLLIN | POLLRDNORM;
	mutex_unlock(&epoll_lock);
	return mask;
}

static const struct file_ops epoll_fops = { .noop_lseek = true, .poll = epoll_poll, .release = epoll_release };

const void *epoll_watched(struct file *f, u32 fd, u32 nth)
{
	const void *found = ERR_PTR(-ENOENT);
	struct epoll_item *it;

	if (f->ops != &epoll_fops)
		return ERR_PTR(-EINVAL);
	mutex_lock(&epoll_lock);
	list_for_each(it, &((struct epoll *)f->private)->items, node) {
		if (it->fd == (int)fd && !nth--) {
			found = it->file;
			break;
		}
	}
	mutex_unlock(&epoll_lock);
	return found;
}

/* --- system calls --- */

long sys_epoll_create1(int flags)
{
	struct epoll *ep;
	struct inode *i;
	struct file *f;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	i = ep ? anon_inode(0600) : NULL;
	f = i ? file_alloc_anon(i, "anon_inode:[eventpoll]", &epoll_fops, O_RDWR) : ERR_PTR(-ENOMEM);
	if (IS_ERR(f)) {
		kfree(ep);
		return PTR_ERR(f);
	}
	spin_init(&ep->lock, "epoll_ready", RANK_EPOLL);
	list_init(&ep->ready);
	list_init(&ep->sleepers);
	waitq_init(&ep->polled, "epoll");
	spin_init(&ep->polled.lock, "epoll", RANK_EPOLL);
	list_init(&ep->items);
	f->private = ep;
	fd = fd_alloc(f, (u32)flags, 0);
	if (fd < 0)
		fput(f);
	return fd;
}

long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

static int change(struct epoll *ep, int op, struct file *f, int fd, const struct k_epoll_event *ev)
{
	struct epoll_item *it = find_item(ep, f, fd);

	switch (op) {
	case EPOLL_CTL_ADD:
		return it ? -EEXIST : item_insert(ep, f, fd, ev);
	case EPOLL_CTL_DEL:
		if (!it)
			return -ENOENT;
		item_remove(it);
		return 0;
	case EPOLL_CTL_MOD:
		if (!it)
			return -ENOENT;
		it->event = *ev;
		if (item_poll(it, NULL))
			make_ready(it);
		return 0;
	}
	return -EINVAL;
}

static long check_ctl(const struct file *ef, const struct file *f)
{
	if (!f->ops->poll)
		return -EPERM;
	if (ef == f || ef->ops != &epoll_fops || f->ops == &epoll_fops)
		return -EINVAL;
	return 0;
}

long sys_epoll_ctl(int epfd, int op, int fd, uaddr_t uev)
{
	struct k_epoll_event ev = { 0 };
	struct file *ef, *f;
	long err;

	if (op != EPOLL_CTL_DEL && copy_from_user(&ev, uev, sizeof(ev)))
		return -EFAULT;
	ef = fget(epfd);
	if (!ef)
		return -EBADF;
	f = fget(fd);
	err = f ? check_ctl(ef, f) : -EBADF;
	if (!err) {
		mutex_lock(&epoll_lock);
		err = change(ef->private, op, f, fd, &ev);
		mutex_unlock(&epoll_lock);
	}
	if (f)
		fput(f);
	fput(ef);
	return err;
}

long sys_epoll_pwait(int epfd, uaddr_t uevents, int max, int ms, uaddr_t umask, size_t size)
{
	u64 deadline = ms < 0 ? NO_DEADLINE : ms == 0 ? 0 : ktime_ns() + (u64)ms * 1000000;
	long ret = umask ? set_user_sigmask(umask, size) : 0;

	if (ret)
		return ret;
	ret = do_epoll_wait(epfd, uevents, max, deadline);
	if (ret != -EINTR && current->restore_sigmask)
		restore_saved_sigmask();
	return ret;
}

long sys_epoll_wait(int epfd, uaddr_t uevents, int max, int ms)
{
	return sys_epoll_pwait(epfd, uevents, max, ms, 0, 0);
}
