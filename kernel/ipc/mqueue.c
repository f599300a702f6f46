// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX message queues: a queue is a file of one small file system, which is there from the start and can
 * be mounted in any number of places. Mirrors Linux ipc/mqueue.c.
 *
 * Who waits is on a list of the queue. A sender gives its message to the receiver that is next, past the
 * queue, and a receiver puts the message of the sender that is next into the queue: who was woken has what
 * it waited for, whoever comes meanwhile. A waiter lies on its owner's stack; the owner leaves only after it
 * has seen itself off the list, or taken itself off, under the queue's lock.
 *
 * LINUX: messages are a sorted list, not a tree; a message has at most what kmalloc gives; who is told by a
 * netlink socket (SIGEV_THREAD) needs one, and there are none; the last mount is busy while a queue is open.
 *
 * Locks: mqueue->lock. The signal of a notification is sent after it is dropped.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/ipc/ipc.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/waitq.h"

#define FILE_SIZE	80u		/* what stat says of a queue */
#define NAME_SIZE	20u		/* what a name adds to its directory's size */
#define MSG_OVERHEAD	48u		/* RLIMIT_MSGQUEUE: a message, and a priority, besides the text, as Linux counts them */
#define COOKIE_LEN	32u		/* of SIGEV_THREAD */

int mq_queues_max = 256, mq_msg_max = 10, mq_msgsize_max = 8192, mq_msg_default = 10, mq_msgsize_default = 8192;

struct mq_msg {
	struct list node;
	u32 prio;
	size_t size;
	char text[];
};

struct mq_waiter {			/* [lock of the queue] */
	struct list node;
	struct task *task;
	struct mq_msg *msg;		/* a sender's own, or what a receiver was given */
	bool done;			/* it is off the list, and its message where it belongs */
};

struct mqueue {
	struct spinlock lock;		/* RANK_IPC */
	struct list messages;		/* [lock] the highest priority first, and of one the oldest first */
	struct k_mq_attr attr;		/* [lock] mq_curmsgs; the rest (!) */
	u64 bytes;			/* [lock] of texts */
	struct list senders, receivers;	/* [lock] of struct mq_waiter, who is next first. Not both. */
	struct waitq wait;		/* poll */
	struct group *owner;		/* [lock] who is to be told, referenced; NULL: nobody */
	int notify, signo;		/* [lock] of owner */
	union k_sigval value;		/* [lock] */
	struct user *user;		/* (!) who made it, referenced */
	u64 charged;			/* (!) in user->mq_bytes */
};

static struct super *mq_super;			/* (!) from the first mount on, at boot */
static _Atomic int nr_queues;
static const struct file_ops mqueue_fops;

/* --- messages --- */

/* q->lock held. */
static void insert(struct mqueue *q, struct mq_msg *m)
{
	struct list *after = q->messages.prev;

	while (after != &q->messages && list_entry(after, struct mq_msg, node)->prio < m->prio)
		after = after->prev;
	list_add(&m->node, after);
	q->attr.mq_curmsgs++;
	q->bytes += m->size;
}

/* The next message, if there is one. q->lock held. */
static struct mq_msg *take(struct mqueue *q)
{
	struct mq_msg *m;

	if (list_empty(&q->messages))
		return NULL;
	m = list_first(&q->messages, struct mq_msg, node);
	list_del(&m->node);
	q->attr.mq_curmsgs--;
	q->bytes -= m->size;
	return m;
}

static struct mq_msg *msg_from_user(uaddr_t text, size_t n, u32 prio)
{
	struct mq_msg *m = kmalloc(sizeof(*m) + n, GFP_KERNEL);

	if (!m)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(m->text, text, n)) {
		kfree(m);
		return ERR_PTR(-EFAULT);
	}
	m->size = n;
	m->prio = prio;
	return m;
}

/* --- queues --- */

static int check_attr(const struct k_mq_attr *a)
{
	bool may = capable(CAP_SYS_RESOURCE);
	s64 most = may ? MQ_HARD_MSGMAX : READ_ONCE(mq_msg_max), longest = may ? MQ_HARD_MSGSIZEMAX : READ_ONCE(mq_msgsize_max);

	return a->mq_maxmsg <= 0 || a->mq_msgsize <= 0 || a->mq_maxmsg > most || a->mq_msgsize > longest ? -EINVAL : 0;
}

/* A queue can be filled by others: its maker pays for all that fits. */
static int charge(struct mqueue *q)
{
	const struct k_mq_attr *a = &q->attr;
	u64 limit = READ_ONCE(current->group->rlim[RLIMIT_MSGQUEUE].rlim_cur);
	u64 n = (u64)a->mq_maxmsg * ((u64)a->mq_msgsize + MSG_OVERHEAD) + min((u64)a->mq_maxmsg, MQ_PRIO_MAX) * MSG_OVERHEAD;

	q->user = get_user_of(current->cred.uid);
	if (!q->user)
		return -ENOMEM;
	if (atomic_fetch_add(&q->user->mq_bytes, n) + n > limit) {
		atomic_fetch_sub(&q->user->mq_bytes, n);
		put_user_of(q->user);
		return -EMFILE;
	}
	q->charged = n;
	return 0;
}

static struct mqueue *mqueue_alloc(const struct k_mq_attr *attr)
{
	struct mqueue *q = kzalloc(sizeof(*q), GFP_KERNEL);
	int err;

	if (!q)
		return ERR_PTR(-ENOMEM);
	q->attr.mq_maxmsg = attr ? attr->mq_maxmsg : min(READ_ONCE(mq_msg_max), READ_ONCE(mq_msg_default));
	q->attr.mq_msgsize = attr ? attr->mq_msgsize : min(READ_ONCE(mq_msgsize_max), READ_ONCE(mq_msgsize_default));
	err = check_attr(&q->attr);
	if (!err)
		err = charge(q);
	if (err) {
		kfree(q);
		return ERR_PTR(err);
	}
	spin_init(&q->lock, "mqueue", RANK_IPC);
	list_init(&q->messages);
	list_init(&q->senders);
	list_init(&q->receivers);
	waitq_init(&q->wait, "mqueue");
	return q;
}

static void mqueue_free(struct mqueue *q)
{
	struct mq_msg *m;

	while (!list_empty(&q->messages)) {
		m = list_first(&q->messages, struct mq_msg, node);
		list_del(&m->node);
		kfree(m);
	}
	if (q->owner)
		group_put(q->owner);
	atomic_fetch_sub(&q->user->mq_bytes, q->charged);
	put_user_of(q->user);
	kfree(q);
}

static void touch(struct inode *i)
{
	i->atime = i->mtime = i->ctime = now_realtime();
}

/* --- the file system --- */

static void mqueue_evict(struct inode *i)
{
	if (!i->private)
		return;
	mqueue_free(i->private);
	atomic_fetch_sub(&nr_queues, 1);
}

/* The texts stay: O_TRUNC means nothing here. */
static int mqueue_truncate(struct inode *i, u64 size)
{
	(void)i, (void)size;
	return 0;
}

static const struct inode_ops mqueue_inode_ops = { .evict = mqueue_evict, .truncate = mqueue_truncate };

/* d, a new name in dir, becomes a queue's. */
static int make_queue(struct inode *dir, struct dentry *d, u32 mode, const struct k_mq_attr *attr)
{
	struct mqueue *q = ERR_PTR(-ENOSPC);
	struct inode *i = inode_alloc(dir->sb, mode);

	if (!i)
		return -ENOMEM;
	if (atomic_fetch_add(&nr_queues, 1) < READ_ONCE(mq_queues_max) || capable(CAP_SYS_RESOURCE))
		q = mqueue_alloc(attr);
	if (IS_ERR(q)) {
		atomic_fetch_sub(&nr_queues, 1);
		iput(i);
		return (int)PTR_ERR(q);
	}
	i->private = q;
	i->ops = &mqueue_inode_ops;
	i->fops = &mqueue_fops;
	i->size = FILE_SIZE;
	i->uid = current->cred.fsuid;
	i->gid = current->cred.fsgid;
	dir->size += NAME_SIZE;
	touch(dir);
	d->inode = i;
	return 0;
}

static int mqueue_create(struct inode *dir, struct dentry *d, u32 mode, u64 rdev)
{
	(void)rdev;
	return (mode & S_IFMT) == S_IFREG ? make_queue(dir, d, mode, NULL) : -EPERM;
}

static int mqueue_unlink(struct inode *dir, struct dentry *d)
{
	dir->size -= NAME_SIZE;
	touch(dir);
	d->inode->ctime = dir->ctime;
	atomic_fetch_sub(&d->inode->nlink, 1);
	return 0;
}

static const struct inode_ops mqueue_dir_ops = { .create = mqueue_create, .unlink = mqueue_unlink };

static int mqueue_fill(struct super *sb, const char *options)
{
	struct inode *i = inode_alloc(sb, S_IFDIR | 01777);

	(void)options;
	if (!i)
		return -ENOMEM;
	i->ops = &mqueue_dir_ops;
	i->fops = &dir_fops;
	i->size = 2 * NAME_SIZE;
	sb->magic = MQUEUE_MAGIC;
	sb->root = dentry_alloc(NULL, "/", 1);
	if (!sb->root) {
		iput(i);
		return -ENOMEM;
	}
	sb->root->inode = i;
	mq_super = sb;
	return 0;
}

static struct super *mqueue_shared(const char *options)
{
	(void)options;
	return mq_super;
}

static bool mqueue_unmounted(struct super *sb)
{
	(void)sb;
	return false;
}

FS_TYPE(mqueue_type, .name = "mqueue", .fill = mqueue_fill, .shared = mqueue_shared, .unmounted = mqueue_unmounted);

/* --- files --- */

static s64 mqueue_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct mqueue *q = f->inode->private;
	char text[FILE_SIZE];
	size_t len;

	spin_lock(&q->lock);
	len = kscnprintf(text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", q->bytes,
			 q->owner ? q->notify : 0, q->owner && q->notify == SIGEV_SIGNAL ? q->signo : 0, q->owner ? q->owner->tgid : 0);
	spin_unlock(&q->lock);
	if (*pos >= len)
		return 0;
	n = min(n, len - (size_t)*pos);
	if (copy_to_user(buf, text + *pos, n))
		return -EFAULT;
	*pos += n;
	return (s64)n;
}

static s64 mqueue_lseek(struct file *f, s64 off, int whence)
{
	return fixed_lseek(f, off, whence, FILE_SIZE);
}

/* Nobody is told any more; the reference is the caller's. q->lock held. */
static struct group *forget_owner(struct mqueue *q)
{
	struct group *g = q->owner;

	q->owner = NULL;
	return g;
}

/* Each close of a process that is to be told ends that, whichever descriptor it is. */
static int mqueue_flush(struct file *f)
{
	struct mqueue *q = f->inode->private;
	struct group *g = NULL;

	spin_lock(&q->lock);
	if (q->owner == current->group)
		g = forget_owner(q);
	spin_unlock(&q->lock);
	if (g)
		group_put(g);
	return 0;
}

static unsigned mqueue_poll(struct file *f, struct poll_table *pt)
{
	struct mqueue *q = f->inode->private;
	s64 n;

	poll_wait(pt, &q->wait);
	n = READ_ONCE(q->attr.mq_curmsgs);
	return (n ? POLLIN | POLLRDNORM : 0u) | (n < q->attr.mq_maxmsg ? POLLOUT | POLLWRNORM : 0u);
}

static const struct file_ops mqueue_fops = {
	.read = mqueue_read,
	.lseek = mqueue_lseek,
	.flush = mqueue_flush,
	.poll = mqueue_poll,
};

/* .file NULL: -EBADF, as for what is no queue. */
static struct fdref queue_get(int fd)
{
	struct fdref r = fdget(fd);

	if (r.file && r.file->ops != &mqueue_fops) {
		fdput(r);
		r = (struct fdref){ 0 };
	}
	return r;
}

/* --- mq_open, mq_unlink --- */

static int check_name(const char *name)
{
	if (!name[0])
		return -ENOENT;
	if (kstrchr(name, '/') || kstreq(name, ".") || kstreq(name, ".."))
		return -EACCES;
	return kstrlen(name) > K_NAME_MAX ? -ENAMETOOLONG : 0;
}

static struct dentry *create_named(struct dentry *dir, const char *name, u32 mode, const struct k_mq_attr *attr)
{
	struct dentry *d;
	int err = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);

	if (err)
		return ERR_PTR(err);
	d = dentry_alloc(dir, name, kstrlen(name));
	if (!d)
		return ERR_PTR(-ENOMEM);
	err = make_queue(dir->inode, d, S_IFREG | mode, attr);
	if (err) {
		dput(d);
		return ERR_PTR(err);
	}
	d_add(d);
	fsnotify_name(dir, IN_CREATE, d->inode, (struct qstr){ d->name, d->len }, 0);
	return d;
}

/* What is there already must let itself be opened like that; the maker may do as it likes. */
static int may_open(const struct dentry *d, u32 flags)
{
	static const unsigned masks[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE };

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	return (flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : inode_permission(d->inode, masks[flags & O_ACCMODE]);
}

static struct file *open_queue(const char *name, u32 flags, u32 mode, const struct k_mq_attr *attr)
{
	struct dentry *dir = mq_super->root, *d;
	struct file *f;
	int err = check_name(name);

	if (err)
		return ERR_PTR(err);
	mutex_lock(&dir->inode->lock);
	d = lookup_one(dir, name, kstrlen(name));
	if (!IS_ERR(d)) {
		err = may_open(d, flags);
		if (err) {
			dput(d);
			d = ERR_PTR(err);
		}
	} else if (PTR_ERR(d) == -ENOENT && flags & O_CREAT) {
		d = create_named(dir, name, mode & 07777 & ~current_umask(), attr);
	}
	mutex_unlock(&dir->inode->lock);
	if (IS_ERR(d))
		return (struct file *)d;
	f = file_open_dentry(d, flags & (O_ACCMODE | O_NONBLOCK));
	if (!IS_ERR(f))
		fsnotify(f->dentry, IN_OPEN);
	return f;
}

long sys_mq_open(uaddr_t uname, int flags, u32 mode, uaddr_t uattr)
{
	struct k_mq_attr attr;
	char *name;
	int fd;

	if (uattr && copy_from_user(&attr, uattr, sizeof(attr)))
		return -EFAULT;
	name = getname(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	fd = fd_reserve(O_CLOEXEC);
	if (fd >= 0)
		fd = fd_install(fd, open_queue(name, (u32)flags, mode, uattr ? &attr : NULL));
	putname(name);
	return fd;
}

long sys_mq_unlink(uaddr_t uname)
{
	char *name = getname(uname);
	long err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	err = check_name(name);
	if (!err) {
		struct parent_path pp = { .dir = mq_super->root, .last = { name, (u32)kstrlen(name) } };

		err = vfs_remove(&pp, false);
	}
	putname(name);
	return err;
}

/* --- waiting --- */

/* Who has the highest real-time priority is next, and of those who have the same, who came first. */
static void enqueue(struct mq_waiter *w, struct list *waiters)
{
	struct list *after = waiters->prev;

	while (after != waiters && list_entry(after, struct mq_waiter, node)->task->prio < w->task->prio)
		after = after->prev;
	list_add(&w->node, after);
}

/*
 * Until somebody serves current: 0, -ETIMEDOUT, -ERESTARTSYS. q->lock held, and dropped. A task asleep
 * here freezes in place; who serves it meanwhile finds it on the list like any other.
 */
static int wait_turn(struct mqueue *q, struct list *waiters, struct mq_waiter *w, u64 deadline)
{
	bool in_time = true;
	int err = 0;

	w->task = current;
	enqueue(w, waiters);
	while (!w->done && !err) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		spin_unlock(&q->lock);
		in_time = schedule_until(deadline);
		spin_lock(&q->lock);
		if (!w->done)
			err = signal_pending(current) ? -ERESTARTSYS : in_time ? 0 : -ETIMEDOUT;
	}
	if (err)
		list_del(&w->node);
	spin_unlock(&q->lock);
	return err;
}

/* The waiter that is next, off its list and woken; it is gone when q->lock is dropped. NULL: nobody waits. */
static struct mq_waiter *serve(struct list *waiters)
{
	struct mq_waiter *w;

	if (list_empty(waiters))
		return NULL;
	w = list_first(waiters, struct mq_waiter, node);
	list_del(&w->node);
	w->done = true;
	wake_up_process(w->task);
	return w;
}

/* An absolute time of the wall clock; address 0: none. 0, -EFAULT, -EINVAL. */
static int get_deadline(uaddr_t uts, u64 *deadline)
{
	struct k_timespec ts;

	*deadline = NO_DEADLINE;
	if (!uts)
		return 0;
	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	*deadline = WALL_TIME | timespec_to_ns(&ts);
	return 0;
}

/* --- mq_timedsend --- */

/* A message came to an empty queue, for which nobody waited. The owner is told once. q->lock held, and dropped. */
static void notify(struct mqueue *q)
{
	struct k_siginfo info = { .si_signo = q->signo, .si_code = SI_MESGQ };
	struct group *g = q->attr.mq_curmsgs == 1 ? forget_owner(q) : NULL;
	bool signal = q->notify == SIGEV_SIGNAL;

	info.u.rt.si_pid = current->tgid;
	info.u.rt.si_uid = current->cred.uid;
	info.u.rt.si_value = q->value;
	wake_up_all(&q->wait);
	spin_unlock(&q->lock);
	if (!g)
		return;
	if (signal && info.si_signo) {
		read_lock(&tasklist_lock);
		if (g->leader)
			(void)send_sig_group(info.si_signo, &info, g->leader);
		read_unlock(&tasklist_lock);
	}
	group_put(g);
}

/* On success m is no longer the caller's. */
static int send(struct file *f, struct mq_msg *m, u64 deadline)
{
	struct mqueue *q = f->inode->private;
	struct mq_waiter w = { .msg = m }, *receiver;

	spin_lock(&q->lock);
	if (q->attr.mq_curmsgs == q->attr.mq_maxmsg) {
		if (!(f->flags & O_NONBLOCK))
			return wait_turn(q, &q->senders, &w, deadline);
		spin_unlock(&q->lock);
		return -EAGAIN;
	}
	touch(f->inode);
	receiver = serve(&q->receivers);
	if (receiver) {
		receiver->msg = m;
		spin_unlock(&q->lock);
	} else {
		insert(q, m);
		notify(q);
	}
	return 0;
}

static long send_from_user(struct file *f, uaddr_t text, size_t n, u32 prio, u64 deadline)
{
	const struct mqueue *q = f->inode->private;
	struct mq_msg *m;
	int err;

	if (!f->writable)
		return -EBADF;
	if (n > (u64)q->attr.mq_msgsize)
		return -EMSGSIZE;
	m = msg_from_user(text, n, prio);
	if (IS_ERR(m))
		return PTR_ERR(m);
	err = send(f, m, deadline);
	if (err)
		kfree(m);
	return err;
}

long sys_mq_timedsend(int fd, uaddr_t text, size_t n, u32 prio, uaddr_t utimeout)
{
	struct fdref r;
	u64 deadline;
	long err = get_deadline(utimeout, &deadline);

	if (err)
		return err;
	if (prio >= MQ_PRIO_MAX)
		return -EINVAL;
	r = queue_get(fd);
	if (!r.file)
		return -EBADF;
	err = send_from_user(r.file, text, n, prio, deadline);
	fdput(r);
	return err;
}

/* --- mq_timedreceive --- */

/* The message, which is the caller's, or ERR_PTR. */
static struct mq_msg *receive(struct file *f, u64 deadline)
{
	struct mqueue *q = f->inode->private;
	struct mq_waiter w = { 0 }, *sender;
	struct mq_msg *m;
	int err;

	spin_lock(&q->lock);
	m = take(q);
	if (!m) {
		if (!(f->flags & O_NONBLOCK)) {
			err = wait_turn(q, &q->receivers, &w, deadline);
			return err ? ERR_PTR(err) : w.msg;
		}
		spin_unlock(&q->lock);
		return ERR_PTR(-EAGAIN);
	}
	touch(f->inode);
	sender = serve(&q->senders);
	if (sender)
		insert(q, sender->msg);
	else
		wake_up_all(&q->wait);
	spin_unlock(&q->lock);
	return m;
}

static long receive_to_user(struct file *f, uaddr_t text, size_t n, uaddr_t uprio, u64 deadline)
{
	const struct mqueue *q = f->inode->private;
	struct mq_msg *m;
	long ret;

	if (!f->readable)
		return -EBADF;
	if (n < (u64)q->attr.mq_msgsize)
		return -EMSGSIZE;
	m = receive(f, deadline);
	if (IS_ERR(m))
		return PTR_ERR(m);
	ret = (long)m->size;
	if ((uprio && copy_to_user(uprio, &m->prio, sizeof(m->prio))) || copy_to_user(text, m->text, m->size))
		ret = -EFAULT;
	kfree(m);
	return ret;
}

long sys_mq_timedreceive(int fd, uaddr_t text, size_t n, uaddr_t uprio, uaddr_t utimeout)
{
	struct fdref r;
	u64 deadline;
	long ret = get_deadline(utimeout, &deadline);

	if (ret)
		return ret;
	r = queue_get(fd);
	if (!r.file)
		return -EBADF;
	ret = receive_to_user(r.file, text, n, uprio, deadline);
	fdput(r);
	return ret;
}

/* --- mq_notify --- */

/* What Linux says of each descriptor that is no netlink socket. */
static int refuse_thread(const struct k_sigevent *ev)
{
	char cookie[COOKIE_LEN];
	struct fdref r;
	int err;

	if (copy_from_user(cookie, ev->sigev_value.sival_ptr, sizeof(cookie)))
		return -EFAULT;
	r = fdget(ev->sigev_signo);
	if (!r.file)
		return -EBADF;
	err = inode_is(r.file->inode, S_IFSOCK) ? -EINVAL : -ENOTSOCK;
	fdput(r);
	return err;
}

static int check_event(const struct k_sigevent *ev)
{
	switch (ev->sigev_notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
		return valid_signal(ev->sigev_signo) ? 0 : -EINVAL;
	case SIGEV_THREAD:
		return refuse_thread(ev);
	}
	return -EINVAL;
}

/* ev NULL: no longer, if it was current. */
static int set_notify(struct inode *i, const struct k_sigevent *ev)
{
	struct mqueue *q = i->private;
	struct group *old = NULL;
	int err = 0;

	spin_lock(&q->lock);
	if (ev && q->owner) {
		err = -EBUSY;
	} else if (ev) {
		q->notify = ev->sigev_notify;
		q->signo = ev->sigev_signo;
		q->value = ev->sigev_value;
		q->owner = current->group;
		atomic_fetch_add(&q->owner->sigcnt, 1);
	} else if (q->owner == current->group) {
		old = forget_owner(q);
	}
	if (!err)
		i->atime = i->ctime = now_realtime();
	spin_unlock(&q->lock);
	if (old)
		group_put(old);
	return err;
}

long sys_mq_notify(int fd, uaddr_t uev)
{
	struct k_sigevent ev;
	struct fdref r;
	int err;

	if (uev && copy_from_user(&ev, uev, sizeof(ev)))
		return -EFAULT;
	err = uev ? check_event(&ev) : 0;
	if (err)
		return err;
	r = queue_get(fd);
	if (!r.file)
		return -EBADF;
	err = set_notify(r.file->inode, uev ? &ev : NULL);
	fdput(r);
	return err;
}

/* --- mq_getsetattr --- */

long sys_mq_getsetattr(int fd, uaddr_t unew, uaddr_t uold)
{
	struct k_mq_attr new, old;
	struct mqueue *q;
	struct fdref r;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	if (unew && new.mq_flags & ~(s64)O_NONBLOCK)
		return -EINVAL;
	r = queue_get(fd);
	if (!r.file)
		return -EBADF;
	q = r.file->inode->private;
	spin_lock(&q->lock);
	old = q->attr;
	old.mq_flags = r.file->flags & O_NONBLOCK;
	if (unew)
		r.file->flags = (r.file->flags & ~(u32)O_NONBLOCK) | (u32)new.mq_flags;
	spin_unlock(&q->lock);
	fdput(r);
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}
