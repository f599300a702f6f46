// SPDX-License-Identifier: GPL-2.0-only
/*
 * epoll: a set of files to wait for that is told once. Mirrors Linux fs/eventpoll.c.
 *
 * An item leaves a wait entry in the queue of the file it watches; a waker puts the item on the
 * ready list and wakes whoever waits. What is level-triggered stays there until somebody finds that
 * it has nothing to tell. An item does not keep its file open: the file's final close removes it.
 * LINUX: EPOLLEXCLUSIVE wakes everybody.
 *
 * An epoll that watches another one has no wait entry there: whoever makes the inner one ready goes
 * through the items that watch it, and on to those that watch theirs. They are no circle
 * (epoll_nest.c).
 *
 * Locks: epoll_lock (mutex, one for all: items and what they watch), then the wait queue of a
 * watched file, then nesting_lock (who watches an epoll, for wakers), then epoll->lock (ready list
 * and sleepers, taken by wakers under that queue's lock).
 */
#include "kernel/fs/epoll.h"
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/fs/proc.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define PRIVATE_BITS	(EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)
#define MAX_EVENTS	(INT32_MAX / (int)sizeof(struct k_epoll_event))
#define EXCLUSIVE_OK	(POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | \
			 EPOLLEXCLUSIVE)
#define BATCH		16u		/* events taken under one hold of epoll_lock */

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

struct mutex epoll_lock = MUTEX_INIT(epoll_lock, "epoll", RANK_EPOLL_ITEMS);
static s64 max_user_watches;		/* a plain word */
static struct spinlock nesting_lock = SPINLOCK_INIT("epoll_nesting", RANK_EPOLL_NESTING);

/* --- ready --- */

/* ep->lock held. */
static void wake_sleepers(struct epoll *ep)
{
	struct epoll_sleeper *s, *next;

	list_for_each_safe(s, next, &ep->sleepers, node) {
		list_del(&s->node);
		wake_up_state(s->task, TASK_INTERRUPTIBLE);
	}
}

static void put_ready(struct epoll_item *it)
{
	struct epoll *ep = it->ep;

	spin_lock(&ep->lock);
	if (list_empty(&it->ready_node))
		list_add_tail(&it->ready_node, &ep->ready);
	wake_sleepers(ep);
	spin_unlock(&ep->lock);
	wake_up_all(&ep->polled);
}

/* Who watches ep has something, too. nesting_lock held. */
static void tell_watchers(struct epoll *ep)
{
	struct epoll_item *it;

	assert_held(&nesting_lock);
	list_for_each(it, &ep->file->epoll_items, file_node) {
		put_ready(it);
		tell_watchers(it->ep);
	}
}

/*
 * Nobody is missed: who begins to watch the epoll is in its list before he looks whether it has
 * something.
 */
static void tell_nesting(struct epoll *ep)
{
	if (likely(list_empty(&ep->file->epoll_items)))
		return;
	spin_lock(&nesting_lock);
	tell_watchers(ep);
	spin_unlock(&nesting_lock);
}

static void make_ready(struct epoll_item *it)
{
	put_ready(it);
	tell_nesting(it->ep);
}

static void unready(struct epoll_item *it)
{
	spin_lock(&it->ep->lock);
	list_del(&it->ready_node);
	spin_unlock(&it->ep->lock);
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

/*
 * The next on the ready list; it stays there, and so does what is before it, while epoll_lock is
 * held. NULL.
 */
static struct epoll_item *next_ready(struct epoll *ep, const struct epoll_item *it)
{
	struct list *at;

	spin_lock(&ep->lock);
	at = it ? it->ready_node.next : ep->ready.next;
	spin_unlock(&ep->lock);
	return at == &ep->ready ? NULL : list_entry(at, struct epoll_item, ready_node);
}

static bool has_events(struct epoll *ep);

/* What of the item's interest is there now. epoll_lock held. */
static __always_inline u32 item_poll(struct epoll_item *it, struct poll_table *pt)
{
	struct epoll *inner = file_epoll(it->file);
	u32 mask = !inner ? it->file->ops->poll(it->file, pt) :
		has_events(inner) ? POLLIN | POLLRDNORM : 0;

	return mask & it->event.events & ~PRIVATE_BITS;
}

/* Would epoll_wait return something? epoll_lock held. */
static bool has_events(struct epoll *ep)
{
	struct epoll_item *it = NULL;

	assert_held(&epoll_lock);
	while ((it = next_ready(ep, it)))
		if (item_poll(it, NULL))
			return true;
	return false;
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
	list_del(&it->node);
	spin_lock(&nesting_lock);
	list_del(&it->file_node);
	spin_unlock(&nesting_lock);
	/* Now nobody makes it ready any more. */
	unready(it);
	it->ep->user->epoll_watches--;
	kfree(it);
}

static int item_insert(struct epoll *ep, struct file *f, int fd, const struct k_epoll_event *ev)
{
	struct item_table t = { .pt = { item_add_queue } };
	struct epoll_item *it;

	assert_held(&epoll_lock);
	if (ep->user->epoll_watches >= (u64)READ_ONCE(max_user_watches))
		return -ENOSPC;
	it = kzalloc(sizeof(*it), GFP_KERNEL);
	if (!it)
		return -ENOMEM;
	ep->user->epoll_watches++;
	t.item = it;
	it->ep = ep;
	it->file = f;
	it->fd = fd;
	it->event = *ev;
	it->armed = ev->events;
	list_init(&it->ready_node);
	list_init(&it->waits);
	list_init(&it->node);
	list_init(&it->file_node);
	list_add_tail(&it->node, &ep->items);
	spin_lock(&nesting_lock);
	list_add_tail(&it->file_node, &f->epoll_items);
	spin_unlock(&nesting_lock);
	u32 mask = item_poll(it, &t.pt);
	if (!t.error && (file_epoll(f) || !list_empty(&ep->file->epoll_items)) &&
	    epoll_too_many_ways(f))
		t.error = -EINVAL;
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
	put_user_of(ep->user);
	kfree(ep);
}

/* --- waiting --- */

/* What a waiter is about to get. */
struct batch {
	struct k_epoll_event event[BATCH];
	struct epoll_item *item[BATCH];	/* whose they are; without epoll_lock, perhaps gone */
};

/* The item has nothing to tell: it leaves the list, unless it has by now. epoll_lock held. */
static void forget_ready(struct epoll_item *it)
{
	unready(it);
	if (item_poll(it, NULL))
		make_ready(it);
}

/*
 * What has to be told by one who tells it only once: he leaves the list before the look, and whoever
 * makes him ready after that puts him back. epoll_lock held.
 */
static u32 take_once(struct epoll_item *it)
{
	u32 events;

	unready(it);
	events = item_poll(it, NULL);
	if (events && it->event.events & EPOLLONESHOT)
		it->event.events &= PRIVATE_BITS;
	return events;
}

/*
 * The next events, at most max: how many. An item is told of once in a turn; what is to be told
 * again stays on the list, and then is behind the others.
 */
static unsigned take_events(struct epoll *ep, u64 turn, struct batch *b, unsigned max)
{
	struct list *at, *next, *last, *kept = NULL;
	unsigned n = 0;

	mutex_lock(&epoll_lock);
	spin_lock(&ep->lock);
	at = ep->ready.next;
	last = ep->ready.prev;		/* wakers add behind it: up to there no lock is needed */
	spin_unlock(&ep->lock);
	for (bool more = at != &ep->ready; more && n < max; at = next) {
		struct epoll_item *it = list_entry(at, struct epoll_item, ready_node);
		u32 events;

		if (it->turn == turn)
			break;
		more = at != last;
		next = READ_ONCE(at->next);
		if (it->armed & (EPOLLET | EPOLLONESHOT)) {
			events = take_once(it);
			if (!events)
				continue;
		} else {
			events = item_poll(it, NULL);
			if (unlikely(!events)) {
				forget_ready(it);
				continue;
			}
			kept = at;
		}
		it->turn = turn;
		b->event[n] = it->event;
		b->event[n].events = events;
		b->item[n++] = it;
	}
	if (kept && kept != last) {	/* the list begins behind it */
		spin_lock(&ep->lock);
		list_del(&ep->ready);
		list_add(&ep->ready, kept);
		spin_unlock(&ep->lock);
	}
	mutex_unlock(&epoll_lock);
	return n;
}

/*
 * Who has this turn could not take n events: the next one shall. Their items may be gone, and
 * others in their place; those have had no turn, or another one.
 */
static void give_back(struct epoll *ep, u64 turn, struct epoll_item *const *item, unsigned n)
{
	struct epoll_item *it;

	mutex_lock(&epoll_lock);
	list_for_each(it, &ep->items, node) {
		for (unsigned i = 0; i < n && it->turn == turn; i++) {
			if (it == item[i]) {
				it->event.events = it->armed;
				make_ready(it);
			}
		}
	}
	mutex_unlock(&epoll_lock);
}

/*
 * Hands out what is ready now: how many events, -EFAULT. The user's memory is written without a
 * lock: a userfaultfd's may take as long as it likes.
 */
static long collect(struct epoll *ep, uaddr_t uevents, int max)
{
	u64 turn = atomic_fetch_add(&ep->turns, 1) + 1;
	unsigned want, got, done;
	struct batch b;
	size_t size;
	long n = 0;

	do {
		want = min((unsigned)(max - n), BATCH);
		got = take_events(ep, turn, &b, want);
		size = got * sizeof(*b.event);
		size -= copy_to_user(uevents + (u64)n * sizeof(*b.event), b.event, size);
		done = (unsigned)(size / sizeof(*b.event));
		n += done;
	} while (done == want && n < max);
	if (likely(done == got))
		return n;
	give_back(ep, turn, &b.item[done], got - done);
	return n ? n : -EFAULT;
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
	struct fdref r;
	long n = -EINVAL;
	int err = 0;

	if (max <= 0 || max > MAX_EVENTS)
		return -EINVAL;
	if (!access_ok(uevents, (size_t)max * sizeof(struct k_epoll_event)))
		return -EFAULT;
	r = fdget(epfd);
	if (!r.file)
		return -EBADF;
	if (r.file->ops == &epoll_fops) {
		for (;;) {
			n = collect(r.file->private, uevents, max);
			if (n || !deadline || err == -ETIME)
				break;
			err = epoll_sleep(r.file->private, deadline);
			if (err == -EINTR) {
				n = -EINTR;
				break;
			}
		}
	}
	fdput(r);
	return n;
}

/*
 * Somebody polls the epoll. He waits here and not in the queues of what it watches, which may be
 * closed meanwhile.
 */
static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct epoll *ep = f->private;
	bool some;

	poll_wait(pt, &ep->polled);
	mutex_lock(&epoll_lock);
	some = has_events(ep);
	mutex_unlock(&epoll_lock);
	return some ? POLLIN | POLLRDNORM : 0;
}

const struct file_ops epoll_fops = {
	.noop_lseek = true,
	.poll = epoll_poll,
	.release = epoll_release,
};

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
	struct file *f;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	ep->user = get_user_of(current->cred.uid);
	if (!ep->user) {
		kfree(ep);
		return -ENOMEM;
	}
	f = anon_inode_getfile("anon_inode:[eventpoll]", &epoll_fops, ep, O_RDWR);
	if (IS_ERR(f)) {
		put_user_of(ep->user);
		kfree(ep);
		return PTR_ERR(f);
	}
	spin_init(&ep->lock, "epoll_ready", RANK_EPOLL);
	list_init(&ep->ready);
	list_init(&ep->sleepers);
	waitq_init(&ep->polled, "epoll");
	spin_init(&ep->polled.lock, "epoll", RANK_EPOLL);
	list_init(&ep->items);
	ep->file = f;
	return fd_alloc(f, (u32)flags, 0);
}

long sys_epoll_create(int size)
{
	return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

static int change(struct epoll *ep, int op, struct file *f, int fd, const struct k_epoll_event *ev)
{
	struct epoll_item *it = find_item(ep, f, fd);
	int err;

	switch (op) {
	case EPOLL_CTL_ADD:
		err = file_epoll(f) ? epoll_check_loop(ep, file_epoll(f)) : 0;
		return err ? err : it ? -EEXIST : item_insert(ep, f, fd, ev);
	case EPOLL_CTL_DEL:
		if (!it)
			return -ENOENT;
		item_remove(it);
		return 0;
	case EPOLL_CTL_MOD:
		if (!it)
			return -ENOENT;
		if (it->event.events & EPOLLEXCLUSIVE)
			return -EINVAL;
		it->event = *ev;
		it->armed = ev->events;
		if (item_poll(it, NULL))
			make_ready(it);
		return 0;
	}
	return -EINVAL;
}

static long check_ctl(const struct file *ef, int op, const struct file *f, u32 events)
{
	if (!f->ops->poll)
		return -EPERM;
	if (ef == f || !file_epoll(ef))
		return -EINVAL;
	if (!(events & EPOLLEXCLUSIVE))
		return 0;
	if (op == EPOLL_CTL_MOD)
		return -EINVAL;
	if (op == EPOLL_CTL_ADD && (file_epoll(f) || events & ~(u32)EXCLUSIVE_OK))
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
	err = f ? check_ctl(ef, op, f, ev.events) : -EBADF;
	if (!err) {
		ev.events |= POLLERR | POLLHUP;	/* until EPOLLONESHOT turns it off */
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

/* --- /proc/sys/fs/epoll --- */

/* As on Linux, what a user watches may take a twenty-fifth of the memory. */
void eventpoll_init(void)
{
	max_user_watches = (s64)(totalram_pages() / 25 * PAGE_SIZE /
				 (sizeof(struct epoll_item) + sizeof(struct epoll_wait)));
}

static s64 max_user_watches_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%ld\n", READ_ONCE(max_user_watches));
}

static s64 max_user_watches_store(const char *buf, size_t n)
{
	return sysctl_store_long(buf, n, &max_user_watches, 0, INT64_MAX);
}

PSEUDO_FILE(sysctl_max_user_watches, .path = "/proc/sys/fs/epoll/max_user_watches", .mode = 0644,
	    .show = max_user_watches_show, .store = max_user_watches_store);
