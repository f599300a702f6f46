// SPDX-License-Identifier: GPL-2.0-only
/*
 * A filter that asks another process: the caller waits, the listener receives what it wants to do,
 * answers with a value, lets it go on, or gives it a descriptor. Mirrors the notification parts of
 * Linux kernel/seccomp.c.
 *
 *	state		the caller				the listener
 *	INIT		waits, interruptibly			SECCOMP_IOCTL_NOTIF_RECV takes it
 *	SENT		waits, perhaps killably only		SEND answers, ADDFD asks it to take a file
 *	REPLIED		is about to go on			may not any more
 *
 * The notification lies on the caller's stack, on the filter's list while the caller waits. Who
 * waits to have a file taken has its request on its own stack, on the notification's list until the
 * caller takes it off, and from then on until it is done.
 *
 * Locks: notify_lock of the filter; the wait queue's inside it.
 */
#include "kernel/fs/dcache.h"
#include "kernel/fs/files.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/seccomp.h"
#include "kernel/syscall.h"

enum knotif_state { NOTIFY_INIT, NOTIFY_SENT, NOTIFY_REPLIED };

struct knotif {				/* [N] */
	struct list node;
	struct task *task;		/* (!) the caller */
	const struct k_seccomp_data *data;	/* (!) */
	u64 id;				/* (!) */
	enum knotif_state state;
	s64 val;			/* of REPLIED, with error and flags */
	int error;
	u32 flags;
	_Atomic u32 ready;		/* there is something for the caller: looked at without the lock too */
	struct list addfds;		/* of struct kaddfd */
};

struct kaddfd {
	struct list node;		/* [N] */
	struct file *file;		/* (!) its waiter's reference */
	int fd;				/* (!) where to, -1: anywhere */
	u32 fd_flags, flags;		/* (!) O_CLOEXEC; SECCOMP_ADDFD_FLAG_* */
	u8 taken;			/* [N] off the list: the caller works on it */
	int ret;			/* (!) once it is done */
	_Atomic u32 done;		/* set last: its waiter may be gone then */
};

void seccomp_notify_init(struct seccomp_filter *f)
{
	spin_init(&f->notify_lock, "seccomp notify", RANK_SECCOMP);
	list_init(&f->notifications);
	waitq_init(&f->wait, "seccomp notify");
}

static struct knotif *find_notification(struct seccomp_filter *f, u64 id)
{
	struct knotif *n;

	assert_held(&f->notify_lock);
	list_for_each(n, &f->notifications, node)
		if (n->id == id)
			return n;
	return NULL;
}

/* The caller is to look. notify_lock held. */
static void notif_ready(struct seccomp_filter *f, struct knotif *n)
{
	atomic_fetch_add(&n->ready, 1);
	wake_up_all(&f->wait);
}

static void addfd_done(struct seccomp_filter *f, struct kaddfd *a, int ret)
{
	assert_held(&f->notify_lock);
	a->ret = ret;
	atomic_store(&a->done, 1);
	wake_up_all(&f->wait);
}

/* --- the caller --- */

static int receive_fd(struct kaddfd *a)
{
	get_file(a->file);
	return a->fd >= 0 ? fd_replace(a->file, a->fd, a->fd_flags) : fd_alloc(a->file, a->fd_flags, 0);
}

/*
 * Takes one file; what comes of it is the answer, if that was asked. notify_lock held, dropped
 * meanwhile.
 */
static void take_addfd(struct seccomp_filter *f, struct knotif *n)
{
	struct kaddfd *a = list_first(&n->addfds, struct kaddfd, node);
	int fd;

	list_del(&a->node);
	a->taken = 1;
	spin_unlock(&f->notify_lock);
	fd = receive_fd(a);
	spin_lock(&f->notify_lock);
	if (a->flags & SECCOMP_ADDFD_FLAG_SEND) {
		n->state = fd < 0 ? NOTIFY_SENT : NOTIFY_REPLIED;
		n->flags = 0;
		n->error = 0;
		n->val = fd;
	}
	addfd_done(f, a, fd);
}

static bool sleeps_killably(const struct seccomp_filter *f, const struct knotif *n)
{
	return f->wait_killable && n->state >= NOTIFY_SENT;
}

/* Until there is an answer, or -ERESTARTSYS. notify_lock held, dropped meanwhile. */
static int wait_for_reply(struct seccomp_filter *f, struct knotif *n)
{
	bool killably;
	int err;

	do {
		killably = sleeps_killably(f, n);
		spin_unlock(&f->notify_lock);
		err = wait_event_state(&f->wait, atomic_load(&n->ready),
				       (killably ? TASK_KILLABLE : TASK_INTERRUPTIBLE) |
					       TASK_FREEZABLE,
				       NO_DEADLINE);
		spin_lock(&f->notify_lock);
		if (err) {
			/* It was received meanwhile, and from then on only a kill counts. */
			if (!killably && sleeps_killably(f, n))
				continue;
			return err;
		}
		atomic_fetch_sub(&n->ready, 1);
		if (!list_empty(&n->addfds))
			take_addfd(f, n);
	} while (n->state != NOTIFY_REPLIED);
	return 0;
}

bool seccomp_do_user_notification(struct seccomp_filter *f, const struct k_seccomp_data *data, struct regs *r)
{
	struct knotif n = { .task = current, .data = data };
	int err;

	spin_lock(&f->notify_lock);
	if (!f->listened) {
		spin_unlock(&f->notify_lock);
		regs_set_return(r, -ENOSYS);
		return false;
	}
	n.id = f->next_id++;
	list_init(&n.addfds);
	list_add_tail(&n.node, &f->notifications);
	atomic_fetch_add(&f->requests, 1);
	wake_up_poll(&f->wait, POLLIN);
	err = wait_for_reply(f, &n);
	while (!list_empty(&n.addfds)) {
		struct kaddfd *a = list_first(&n.addfds, struct kaddfd, node);

		list_del(&a->node);
		a->taken = 1;
		addfd_done(f, a, -ESRCH);
	}
	list_del(&n.node);
	spin_unlock(&f->notify_lock);
	if (!err && n.flags & SECCOMP_USER_NOTIF_FLAG_CONTINUE)
		return true;
	err = err ? err : n.error;
	regs_set_return(r, err ? err : (long)n.val);
	return false;
}

/* --- the listener --- */

static bool take_request(struct seccomp_filter *f)
{
	u32 n = atomic_load(&f->requests);

	while (n && !atomic_compare_exchange_weak(&f->requests, &n, n - 1))
		;
	return n;
}

static long check_zeroed(uaddr_t buf, size_t n)
{
	u8 bytes[sizeof(struct k_seccomp_notif)];

	if (copy_from_user(bytes, buf, n))
		return -EFAULT;
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return -EINVAL;
	return 0;
}

/* It could not be told: the next one may. */
static void give_back(struct seccomp_filter *f, u64 id)
{
	struct knotif *n;

	spin_lock(&f->notify_lock);
	n = find_notification(f, id);
	if (n) {
		/* It may sleep as one that was received. */
		if (sleeps_killably(f, n))
			notif_ready(f, n);
		n->state = NOTIFY_INIT;
		atomic_fetch_add(&f->requests, 1);
		wake_up_poll(&f->wait, POLLIN);
	}
	spin_unlock(&f->notify_lock);
}

static long notify_recv(struct seccomp_filter *f, uaddr_t buf)
{
	struct k_seccomp_notif notif = { 0 };
	bool found = false;
	struct knotif *n;
	long err = check_zeroed(buf, sizeof(notif));

	if (err)
		return err;
	err = wait_event_freezable(&f->wait, take_request(f));
	if (err)
		return err == -ERESTARTSYS ? -EINTR : err;
	spin_lock(&f->notify_lock);
	list_for_each(n, &f->notifications, node) {
		if (n->state != NOTIFY_INIT)
			continue;
		notif.id = n->id;
		notif.data = *n->data;
		notif.pid = (u32)task_pid_vnr(n->task);	/* it has one: it cannot end before it has this lock */
		n->state = NOTIFY_SENT;
		found = true;
		wake_up_poll(&f->wait, POLLOUT);
		break;
	}
	spin_unlock(&f->notify_lock);
	if (!found)
		return -ENOENT;		/* interrupted meanwhile */
	if (!copy_to_user(buf, &notif, sizeof(notif)))
		return 0;
	give_back(f, notif.id);
	return -EFAULT;
}

static long notify_send(struct seccomp_filter *f, uaddr_t buf)
{
	struct k_seccomp_notif_resp resp;
	struct knotif *n;
	long err = 0;

	if (copy_from_user(&resp, buf, sizeof(resp)))
		return -EFAULT;
	if (resp.flags & ~SECCOMP_USER_NOTIF_FLAG_CONTINUE)
		return -EINVAL;
	if (resp.flags && (resp.error || resp.val))
		return -EINVAL;
	spin_lock(&f->notify_lock);
	n = find_notification(f, resp.id);
	if (!n) {
		err = -ENOENT;
	} else if (n->state != NOTIFY_SENT) {
		err = -EINPROGRESS;
	} else {
		n->state = NOTIFY_REPLIED;
		n->error = resp.error;
		n->val = resp.val;
		n->flags = resp.flags;
		notif_ready(f, n);
	}
	spin_unlock(&f->notify_lock);
	return err;
}

static long notify_id_valid(struct seccomp_filter *f, uaddr_t buf)
{
	struct knotif *n;
	bool valid;
	u64 id;

	if (copy_from_user(&id, buf, sizeof(id)))
		return -EFAULT;
	spin_lock(&f->notify_lock);
	n = find_notification(f, id);
	valid = n && n->state == NOTIFY_SENT;
	spin_unlock(&f->notify_lock);
	return valid ? 0 : -ENOENT;
}

/* The request is on the list of notification id. 0, -ENOENT, -EINPROGRESS, -EBUSY. */
static long post_addfd(struct seccomp_filter *f, u64 id, struct kaddfd *a)
{
	struct knotif *n;
	long err = 0;

	spin_lock(&f->notify_lock);
	n = find_notification(f, id);
	if (!n)
		err = -ENOENT;
	else if (n->state != NOTIFY_SENT)
		err = -EINPROGRESS;
	else if (a->flags & SECCOMP_ADDFD_FLAG_SEND && !list_empty(&n->addfds))
		err = -EBUSY;		/* the answer would come before files that are on their way */
	if (!err) {
		if (a->flags & SECCOMP_ADDFD_FLAG_SEND)
			n->state = NOTIFY_REPLIED;
		list_add(&a->node, &n->addfds);
		notif_ready(f, n);
	}
	spin_unlock(&f->notify_lock);
	return err;
}

/* The request goes back if the caller has not begun with it; else it will be done soon. */
static long wait_for_addfd(struct seccomp_filter *f, struct kaddfd *a)
{
	long err = wait_event_freezable(&f->wait, atomic_load(&a->done));

	spin_lock(&f->notify_lock);
	if (err && !a->taken) {
		list_del(&a->node);
		spin_unlock(&f->notify_lock);
		return err;
	}
	spin_unlock(&f->notify_lock);
	wait_event(&f->wait, atomic_load(&a->done));
	return a->ret;
}

static long notify_addfd(struct seccomp_filter *f, uaddr_t buf, size_t size)
{
	struct k_seccomp_notif_addfd req;
	struct kaddfd a = { .fd = -1 };
	long err;

	if (size < sizeof(req) || size >= PAGE_SIZE)
		return -EINVAL;
	err = copy_struct_from_user(&req, sizeof(req), buf, size);
	if (err)
		return err;
	if (req.newfd_flags & ~(u32)O_CLOEXEC || req.flags & ~(SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND))
		return -EINVAL;
	if (req.newfd && !(req.flags & SECCOMP_ADDFD_FLAG_SETFD))
		return -EINVAL;
	a.file = fget((int)req.srcfd);
	if (!a.file)
		return -EBADF;
	if (req.flags & SECCOMP_ADDFD_FLAG_SETFD)
		a.fd = req.newfd > INT32_MAX ? INT32_MAX : (int)req.newfd;
	a.fd_flags = req.newfd_flags;
	a.flags = req.flags;
	err = post_addfd(f, req.id, &a);
	if (!err)
		err = wait_for_addfd(f, &a);
	fput(a.file);
	return err;
}

static long notify_ioctl(struct file *file, unsigned cmd, uaddr_t arg)
{
	struct seccomp_filter *f = file->private;

	switch (cmd) {
	case SECCOMP_IOCTL_NOTIF_RECV:
		return notify_recv(f, arg);
	case SECCOMP_IOCTL_NOTIF_SEND:
		return notify_send(f, arg);
	case SECCOMP_IOCTL_NOTIF_ID_VALID:
	case SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR:
		return notify_id_valid(f, arg);
	}
	/* Of any size and direction: those bits apart. */
	if ((cmd & 0xffff) == (SECCOMP_IOCTL_NOTIF_ADDFD & 0xffff))
		return notify_addfd(f, arg, cmd >> 16 & 0x3fff);
	return -EINVAL;
}

static unsigned notify_poll(struct file *file, struct poll_table *pt)
{
	struct seccomp_filter *f = file->private;
	unsigned events = 0;
	struct knotif *n;

	poll_wait(pt, &f->wait);
	spin_lock(&f->notify_lock);
	list_for_each(n, &f->notifications, node) {
		if (n->state == NOTIFY_INIT)
			events |= POLLIN | POLLRDNORM;
		if (n->state == NOTIFY_SENT)
			events |= POLLOUT | POLLWRNORM;
	}
	spin_unlock(&f->notify_lock);
	if (!atomic_load(&f->users))
		events |= POLLHUP;
	return events;
}

/* Whoever waits is told that nobody answers any more. */
static void notify_release(struct file *file)
{
	struct seccomp_filter *f = file->private;
	struct knotif *n;

	spin_lock(&f->notify_lock);
	f->listened = 0;
	list_for_each(n, &f->notifications, node) {
		if (n->state == NOTIFY_REPLIED)
			continue;
		n->state = NOTIFY_REPLIED;
		n->error = -ENOSYS;
		n->val = 0;
		notif_ready(f, n);
	}
	spin_unlock(&f->notify_lock);
	put_seccomp_filter(f);
}

static const struct file_ops notify_fops = { .ioctl = notify_ioctl, .poll = notify_poll, .release = notify_release };

struct file *seccomp_init_listener(struct seccomp_filter *f)
{
	struct file *file = anon_inode_getfile("anon_inode:seccomp notify", &notify_fops, f, O_RDWR);

	if (IS_ERR(file))
		return file;
	f->listened = 1;
	f->next_id = arch_random();
	atomic_fetch_add(&f->refs, 1);
	return file;
}
