// SPDX-License-Identifier: GPL-2.0-only
/*
 * inotify: a queue of what happens to files and directories. Mirrors Linux fs/notify at a fraction.
 *
 * Who changes something calls fsnotify(); while nobody watches anything that is one look at a
 * counter. A watch is on two lists, its inode's and its instance's, and holds the inode. F_NOTIFY's
 * events (dnotify.c) are told here, too, without our locks.
 *
 * Instances and watches are counted for who made the instance (ucount.c).
 *
 * Locks: dentry_lock (whose directory and name an event gets), then inotify_lock, for all watches
 * and all queues. Events are allocated under it, so without sleeping; where that fails the queue
 * says that it has lost some.
 */
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/user_namespace.h"

#define NAME_ALIGN	sizeof(struct k_inotify_event)
#define KEPT_FLAGS	(IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK)
#define KNOWN_FLAGS	(KEPT_FLAGS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW | IN_MASK_CREATE | \
			 IN_MASK_ADD | IN_ISDIR)

struct inotify {
	struct waitq wait;
	struct user_namespace *user_ns;	/* (!) referenced: what counts is of it */
	struct ucounts *ucounts;	/* (!) for whom it is counted, and its watches */
	int max_events;			/* (!) */
	struct list events;		/* [inotify_lock] of struct event, oldest first */
	int nr_events;			/* [inotify_lock] */
	struct list watches;		/* [inotify_lock] of watch.of_instance */
	int last_wd;			/* [inotify_lock] */
	struct event *overflow;		/* (!) queued where events were dropped */
};

struct watch {
	struct list of_instance, of_inode;	/* [inotify_lock] */
	struct inotify *instance;	/* (!) */
	struct inode *inode;		/* (!) referenced */
	int wd;				/* (!) */
	u32 mask;			/* [inotify_lock] */
};

struct event {
	struct list node;
	struct k_inotify_event head;
	char name[];			/* head.len bytes, padded with NULs */
};

int inotify_max_queued_events = 16384;
_Atomic u32 nr_watches;
static struct spinlock inotify_lock = SPINLOCK_INIT("inotify", RANK_INOTIFY);
static _Atomic u32 last_cookie;

/* --- queues; inotify_lock held --- */

static bool same_event(const struct event *e, int wd, u32 mask, u32 cookie, const char *name)
{
	return e->head.wd == wd && e->head.mask == mask && e->head.cookie == cookie &&
		kstreq(e->head.len ? e->name : "", name);
}

static void queue_event(struct inotify *in, int wd, u32 mask, u32 cookie, const char *name)
{
	u32 len = *name ? (u32)((kstrlen(name) + NAME_ALIGN) / NAME_ALIGN * NAME_ALIGN) : 0;
	struct event *e;

	assert_held(&inotify_lock);
	if (in->nr_events >= in->max_events) {
		e = NULL;
	} else {
		/* What was last said is not said again. */
		if (!list_empty(&in->events) &&
		    same_event(list_entry(in->events.prev, struct event, node), wd, mask, cookie, name))
			return;
		e = kzalloc(sizeof(*e) + len, GFP_NOWAIT | GFP_NOWARN);
	}
	if (e) {
		e->head = (struct k_inotify_event){ .wd = wd, .mask = mask, .cookie = cookie, .len = len };
		kmemcpy(e->name, name, kstrlen(name));
	} else {
		e = in->overflow;
		if (!list_empty(&e->node))
			return;
	}
	list_add_tail(&e->node, &in->events);
	in->nr_events++;
	wake_up_poll(&in->wait, POLLIN);
}

/* w is no more; the caller drops its inode and frees it without the lock. */
static void unlink_watch(struct watch *w)
{
	queue_event(w->instance, w->wd, IN_IGNORED, 0, "");
	list_del(&w->of_instance);
	list_del(&w->of_inode);
	atomic_fetch_sub(&nr_watches, 1);
	ucount_uncharge(w->instance->ucounts, UCOUNT_INOTIFY_WATCHES);
}

static void free_watches(struct list *gone)
{
	struct watch *w, *n;

	list_for_each_safe(w, n, gone, of_inode) {
		iput(w->inode);
		kfree(w);
	}
}

static struct watch *find_watch(struct inotify *in, int wd)
{
	struct watch *w;

	list_for_each(w, &in->watches, of_instance)
		if (w->wd == wd)
			return w;
	return NULL;
}

/* Tells everybody who watches i. d: the file it is about. Spent watches go to *gone. */
static void tell_watchers(struct inode *i, const struct dentry *d, u32 mask, u32 cookie,
		const char *name, struct list *gone)
{
	struct watch *w, *n;

	list_for_each_safe(w, n, &i->watches, of_inode) {
		if (!(w->mask & mask & IN_ALL_EVENTS))
			continue;
		if (*name && d && w->mask & IN_EXCL_UNLINK && d->unlinked)
			continue;
		queue_event(w->instance, w->wd, mask, cookie, name);
		if (w->mask & IN_ONESHOT) {
			unlink_watch(w);
			list_add(&w->of_inode, gone);
		}
	}
}

/* --- what happens to files --- */

static u32 dir_bit(const struct inode *i)
{
	return inode_is(i, S_IFDIR) ? IN_ISDIR : 0;
}

void __fsnotify(struct dentry *d, u32 mask)
{
	struct dentry *parent = NULL;
	LIST_HEAD(gone);

	mask |= dir_bit(d->inode);
	spin_lock(&dentry_lock);
	spin_lock(&inotify_lock);
	if (d->parent) {
		tell_watchers(d->parent->inode, d, mask, 0, d->name, &gone);
		if (!list_empty(&d->parent->inode->dnotify))
			parent = dget(d->parent);
	}
	tell_watchers(d->inode, d, mask, 0, "", &gone);
	spin_unlock(&inotify_lock);
	spin_unlock(&dentry_lock);
	free_watches(&gone);
	if (parent)
		dnotify(parent->inode, mask);
	dput(parent);
	dnotify(d->inode, mask);
}

void __fsnotify_inode(struct inode *i, u32 mask)
{
	LIST_HEAD(gone);

	spin_lock(&inotify_lock);
	tell_watchers(i, NULL, mask | dir_bit(i), 0, "", &gone);
	spin_unlock(&inotify_lock);
	free_watches(&gone);
	dnotify(i, mask);
}

void __fsnotify_name(struct dentry *dir, u32 mask, const struct inode *i, struct qstr name, u32 cookie)
{
	LIST_HEAD(gone);
	char text[K_NAME_MAX + 1];

	kstrlcpy(text, name.name, min((size_t)name.len + 1, sizeof(text)));
	spin_lock(&inotify_lock);
	tell_watchers(dir->inode, NULL, mask | dir_bit(i), cookie, text, &gone);
	spin_unlock(&inotify_lock);
	free_watches(&gone);
	dnotify(dir->inode, mask);
}

u32 fsnotify_cookie(void)
{
	return atomic_fetch_add(&last_cookie, 1) + 1;
}

void __fsnotify_gone(struct inode *i)
{
	LIST_HEAD(gone);
	struct watch *w, *n;

	spin_lock(&inotify_lock);
	list_for_each_safe(w, n, &i->watches, of_inode) {
		if (w->mask & IN_DELETE_SELF)
			queue_event(w->instance, w->wd, IN_DELETE_SELF, 0, "");
		unlink_watch(w);
		list_add(&w->of_inode, &gone);
	}
	spin_unlock(&inotify_lock);
	free_watches(&gone);
}

/* --- the file --- */

static const struct file_ops inotify_fops;

/*
 * The oldest event, taken off the queue, if it fits. NULL: none; ERR_PTR(-EINVAL): it does not fit.
 */
static struct event *take_event(struct inotify *in, size_t room)
{
	struct event *e = NULL;

	spin_lock(&inotify_lock);
	if (!list_empty(&in->events)) {
		e = list_first(&in->events, struct event, node);
		if (sizeof(e->head) + e->head.len > room) {
			e = ERR_PTR(-EINVAL);
		} else {
			list_del(&e->node);
			in->nr_events--;
		}
	}
	spin_unlock(&inotify_lock);
	return e;
}

/* It is off the queue. */
static void free_event(const struct inotify *in, struct event *e)
{
	if (e != in->overflow)
		kfree(e);
}

static bool has_events(struct inotify *in)
{
	return !list_empty(&in->events);
}

/* As many whole events as there are and fit: bytes, 0 if there is none, -EINVAL, -EFAULT. */
static s64 read_events(struct inotify *in, uaddr_t buf, size_t n)
{
	size_t done = 0, len;
	struct event *e;
	bool fault;

	while ((e = take_event(in, n - done))) {
		if (IS_ERR(e))
			return done ? (s64)done : PTR_ERR(e);
		len = sizeof(e->head) + e->head.len;
		fault = copy_to_user(buf + done, &e->head, len);
		free_event(in, e);
		if (fault)
			return -EFAULT;
		done += len;
	}
	return (s64)done;
}

static s64 inotify_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct inotify *in = f->private;
	s64 got;
	int err;

	(void)pos;
	for (;;) {
		got = read_events(in, buf, n);
		if (got)
			return got;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_freezable(&in->wait, has_events(in));
		if (err)
			return err;
	}
}

static unsigned inotify_poll(struct file *f, struct poll_table *pt)
{
	struct inotify *in = f->private;

	poll_wait(pt, &in->wait);
	return has_events(in) ? POLLIN | POLLRDNORM : 0;
}

static long inotify_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct inotify *in = f->private;
	struct event *e;
	int n = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	spin_lock(&inotify_lock);
	list_for_each(e, &in->events, node)
		n += (int)(sizeof(e->head) + e->head.len);
	spin_unlock(&inotify_lock);
	return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
}

static size_t inotify_show_fdinfo(struct file *f, struct pid_namespace *ns, char *buf, size_t n)
{
	struct inotify *in = f->private;
	struct watch *w;
	size_t len = 0;

	(void)ns;
	spin_lock(&inotify_lock);
	list_for_each(w, &in->watches, of_instance)
		len += kscnprintf(buf + len, n - len,
				  "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0\n",
				  (u32)w->wd, w->inode->ino,
				  w->inode->sb->dev, w->mask);
	spin_unlock(&inotify_lock);
	return len;
}

static void free_instance(struct inotify *in)
{
	dec_ucount(in->ucounts, UCOUNT_INOTIFY_INSTANCES);
	put_user_ns(in->user_ns);
	kfree(in->overflow);
	kfree(in);
}

static void inotify_release(struct file *f)
{
	struct inotify *in = f->private;
	struct watch *w, *wn;
	struct event *e, *en;
	LIST_HEAD(gone);

	spin_lock(&inotify_lock);
	list_for_each_safe(w, wn, &in->watches, of_instance) {
		unlink_watch(w);
		list_add(&w->of_inode, &gone);
	}
	spin_unlock(&inotify_lock);
	free_watches(&gone);
	list_for_each_safe(e, en, &in->events, node)
		free_event(in, e);
	free_instance(in);
}

static const struct file_ops inotify_fops = {
	.noop_lseek = true,
	.read = inotify_read,
	.poll = inotify_poll,
	.fasync = fasync_helper,
	.ioctl = inotify_ioctl,
	.show_fdinfo = inotify_show_fdinfo,
	.release = inotify_release,
};

/* --- watches --- */

/*
 * in's watch of i gets a new mask, if there is one. Its number, 0: none, -EEXIST. inotify_lock
 * held.
 */
static int change_watch(struct inotify *in, const struct inode *i, u32 mask)
{
	struct watch *w;

	list_for_each(w, &i->watches, of_inode) {
		if (w->instance != in)
			continue;
		if (mask & IN_MASK_CREATE)
			return -EEXIST;
		w->mask = (mask & IN_MASK_ADD ? w->mask : 0) | (mask & KEPT_FLAGS);
		return w->wd;
	}
	return 0;
}

/* Numbers are not used again. */
static void link_watch(struct watch *w, struct inotify *in, struct inode *i, u32 mask)
{
	*w = (struct watch){ .instance = in, .inode = iget(i), .wd = ++in->last_wd, .mask = mask & KEPT_FLAGS };
	list_add_tail(&w->of_instance, &in->watches);
	list_add_tail(&w->of_inode, &i->watches);
}

static long add_watch(struct inotify *in, struct inode *i, u32 mask)
{
	struct watch *w = kmalloc(sizeof(*w), GFP_KERNEL);
	int wd;

	if (!w)
		return -ENOMEM;
	spin_lock(&inotify_lock);
	wd = change_watch(in, i, mask);
	if (!wd && (in->last_wd == INT32_MAX || !ucount_charge(in->ucounts, UCOUNT_INOTIFY_WATCHES)))
		wd = -ENOSPC;
	if (!wd) {
		atomic_fetch_add(&nr_watches, 1);
		link_watch(w, in, i, mask);
		wd = w->wd;
		w = NULL;
	}
	spin_unlock(&inotify_lock);
	kfree(w);
	return wd;
}

/* --- system calls --- */

/* ERR_PTR: -ENOMEM, -EMFILE: current's user has as many as there may be. */
static struct inotify *new_instance(void)
{
	struct inotify *in = kzalloc(sizeof(*in), GFP_KERNEL);
	struct event *overflow = kzalloc(sizeof(*overflow), GFP_KERNEL);
	int err = -ENOMEM;

	if (!in || !overflow)
		goto fail;
	in->ucounts = inc_ucount(current_user_ns(), current->cred.euid, UCOUNT_INOTIFY_INSTANCES);
	err = -EMFILE;
	if (!in->ucounts)
		goto fail;
	in->user_ns = get_user_ns(current_user_ns());
	in->max_events = READ_ONCE(inotify_max_queued_events);
	waitq_init(&in->wait, "inotify");
	list_init(&in->events);
	list_init(&in->watches);
	overflow->head = (struct k_inotify_event){ .wd = -1, .mask = IN_Q_OVERFLOW };
	list_init(&overflow->node);
	in->overflow = overflow;
	return in;
fail:
	kfree(overflow);
	kfree(in);
	return ERR_PTR(err);
}

long sys_inotify_init1(int flags)
{
	struct inotify *in;
	struct file *f;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	in = new_instance();
	if (IS_ERR(in))
		return PTR_ERR(in);
	f = anon_inode_getfile("anon_inode:inotify", &inotify_fops, in, O_RDONLY | ((u32)flags & O_NONBLOCK));
	if (IS_ERR(f)) {
		free_instance(in);
		return PTR_ERR(f);
	}
	return fd_alloc(f, (u32)flags, 0);
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

long sys_inotify_add_watch(int fd, uaddr_t path, u32 mask)
{
	u32 how = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) | (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct dentry *d;
	struct file *f;
	long ret;

	if (!(mask & KNOWN_FLAGS) || mask & ~KNOWN_FLAGS)
		return -EINVAL;
	f = fget(fd);
	if (!f)
		return -EBADF;
	ret = -EINVAL;
	if (f->ops != &inotify_fops || (mask & (IN_MASK_ADD | IN_MASK_CREATE)) == (IN_MASK_ADD | IN_MASK_CREATE))
		goto out;
	ret = user_path(AT_FDCWD, path, how, &d);
	if (ret)
		goto out;
	ret = inode_permission(d->inode, MAY_READ);
	if (!ret)
		ret = add_watch(f->private, d->inode, mask);
	dput(d);
out:
	fput(f);
	return ret;
}

long sys_inotify_rm_watch(int fd, int wd)
{
	struct file *f = fget(fd);
	struct watch *w = NULL;

	if (!f)
		return -EBADF;
	if (f->ops == &inotify_fops) {
		spin_lock(&inotify_lock);
		w = find_watch(f->private, wd);
		if (w)
			unlink_watch(w);
		spin_unlock(&inotify_lock);
	}
	fput(f);
	if (!w)
		return -EINVAL;
	iput(w->inode);
	kfree(w);
	return 0;
}

/* As on Linux, what a user watches may take a hundredth of the memory; a watch holds an inode. */
void inotify_user_setup(void)
{
	u64 most = totalram_pages() / 100 * PAGE_SIZE / (sizeof(struct watch) + 2 * sizeof(struct inode));

	init_user_ns.ucount_max[UCOUNT_INOTIFY_INSTANCES] = 128;
	init_user_ns.ucount_max[UCOUNT_INOTIFY_WATCHES] = (int)min(max(most, 8192ul), 1048576ul);
}
