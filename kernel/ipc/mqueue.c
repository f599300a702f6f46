// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of POSIX message queues: sent, received, waited for, told of. Mirrors Linux
 * ipc/mqueue.c; the queues themselves are in mqueue_fs.c.
 *
 * Who waits is on a list of the queue. A sender gives its message to the receiver that is next,
 * past the queue, and a receiver puts the message of the sender that is next into the queue: who
 * was woken has what it waited for, whoever comes meanwhile. A waiter lies on its owner's stack;
 * the owner leaves only after it has seen itself off the list, or taken itself off, under the
 * queue's lock.
 *
 * LINUX: messages are a sorted list, not a tree; a message has at most what kmalloc gives; who is
 * told by a netlink socket (SIGEV_THREAD) needs one, and there are none.
 *
 * Locks: mqueue->lock. The signal of a notification is sent after it is dropped.
 */
#include "kernel/ipc/mqueue.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define COOKIE_LEN	32u		/* of SIGEV_THREAD */

struct mq_waiter {			/* [lock of the queue] */
	struct list node;
	struct task *task;
	struct mq_msg *msg;		/* a sender's own, or what a receiver was given */
	bool done;			/* it is off the list, and its message where it belongs */
};

/* --- messages --- */

/* q->lock held. */
static void insert(struct mqueue *q, struct mq_msg *m)
{
	struct list *after = q->messages.prev;

	assert_held(&q->lock);
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

	assert_held(&q->lock);
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

/* --- waiting --- */

/*
 * Who has the highest real-time priority is next, and of those who have the same, who came first.
 */
static void enqueue(struct mq_waiter *w, struct list *waiters)
{
	struct list *after = waiters->prev;

	while (after != waiters && list_entry(after, struct mq_waiter, node)->task->prio < w->task->prio)
		after = after->prev;
	list_add(&w->node, after);
}

/*
 * Until somebody serves current: 0, -ETIMEDOUT, -ERESTARTSYS. q->lock held, and dropped. A task
 * asleep here freezes in place; who serves it meanwhile finds it on the list like any other.
 */
static int wait_turn(struct mqueue *q, struct list *waiters, struct mq_waiter *w, u64 deadline)
{
	bool in_time = true;
	int err = 0;

	assert_held(&q->lock);
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

/*
 * The waiter that is next, off its list and woken; it is gone when q->lock is dropped. NULL: nobody
 * waits.
 */
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

/*
 * A message came to an empty queue, for which nobody waited. The owner is told once. q->lock held,
 * and dropped.
 */
static void notify(struct mqueue *q)
{
	struct k_siginfo info = { .si_signo = q->signo, .si_code = SI_MESGQ };
	struct group *g = q->attr.mq_curmsgs == 1 ? mqueue_forget_owner(q) : NULL;
	bool signal = q->notify == SIGEV_SIGNAL;
	u32 exec_id = q->exec_id;

	assert_held(&q->lock);
	info.u.rt.si_uid = from_kuid_munged(current_user_ns(), current->cred.uid);
	info.u.rt.si_value = q->value;
	wake_up_all(&q->wait);
	spin_unlock(&q->lock);
	if (!g)
		return;
	if (signal && info.si_signo) {
		read_lock(&tasklist_lock);
		info.u.rt.si_pid = task_tgid_nr_ns(current, g->pid_ns);
		/* Not to what it has executed since, which may have more rights. */
		if (g->leader && READ_ONCE(g->exec_id) == exec_id)
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
	mqueue_touch(f->inode);
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
	r = mqueue_get(fd);
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
	mqueue_touch(f->inode);
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
	r = mqueue_get(fd);
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
		q->exec_id = READ_ONCE(q->owner->exec_id);
		atomic_fetch_add(&q->owner->sigcnt, 1);
	} else if (q->owner == current->group) {
		old = mqueue_forget_owner(q);
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
	r = mqueue_get(fd);
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
	r = mqueue_get(fd);
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
