// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signal-driven input and output: who is told by a signal when a file is ready, and the telling.
 * Mirrors Linux fs/fcntl.c (f_setown, fasync_helper, kill_fasync, send_sigio).
 *
 * A file with O_ASYNC has a wait entry in each queue that its poll() names, as an epoll would; who
 * wakes such a queue by wake_up_poll() says what came. That happens under locks inside which no
 * signal can be sent. So the file is put on a list, which whoever woke it works off on his way to
 * user mode, so that the signal is there when his call returns; and a kernel thread does, for those
 * that sleep first, or are interrupts. LINUX: what comes to a file twice before it is told is told
 * once; and a reader that sleeps in a socket does not keep the signal away.
 *
 * Locks: fasync_mutex, then tasklist_lock and siglock, or the locks of the file's poll() and of its
 * queues. A waker has the queue's lock, then fasync_lock (spinning, the innermost).
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/user_namespace.h"
#include "kernel/waitq.h"

#define MAX_QUEUES	2u

struct fasync_wait {
	struct wait_entry wait;
	struct fasync *fa;
};

struct fasync {				/* all of it [fasync_mutex], but */
	struct file *file;		/* (!) whose it is */
	struct pid *pid;		/* who is told, referenced; NULL: nobody */
	int type;			/* F_OWNER_*: what pid is the number of */
	u32 uid, euid;			/* of who said so */
	int sig;			/* 0: SIGIO, and no more than that */
	int fd;				/* the number by which O_ASYNC was set */
	struct list node;		/* [fasync_lock] on due */
	unsigned events;		/* [fasync_lock] what is to be told: POLLIN, POLLOUT, POLLHUP */
	unsigned nr_waits;
	struct fasync_wait waits[MAX_QUEUES];
};

static struct mutex fasync_mutex = MUTEX_INIT(fasync_mutex, "fasync", RANK_EPOLL_ITEMS);
static struct spinlock fasync_lock = SPINLOCK_INIT("fasync_due", RANK_EPOLL);
static LIST_HEAD(due);			/* [fasync_lock] of struct fasync */
static struct waitq thread_wait = {	/* its lock is of RANK_EPOLL, for wakers take it */
	.lock = SPINLOCK_INIT("fasync_thread", RANK_EPOLL), .waiters = LIST_INIT(thread_wait.waiters),
};

/* --- telling --- */

/* Under the lock of the file's queue. */
static void fasync_wake(struct wait_entry *w, unsigned events)
{
	struct fasync *fa = container_of(w, struct fasync_wait, wait)->fa;

	events &= (fa->file->readable ? POLLIN : 0) | (fa->file->writable ? POLLOUT : 0) | POLLHUP;
	if (!events)
		return;
	spin_lock(&fasync_lock);
	fa->events |= events;
	if (list_empty(&fa->node))
		list_add_tail(&fa->node, &due);
	spin_unlock(&fasync_lock);
	wake_up_all(&thread_wait);
	if (!(current->flags & PF_KTHREAD)) {
		current->fasync_due = 1;
		set_tif(current, TIF_NOTIFY_RESUME);
	}
}

/* May who set the owner send t a signal? */
static bool sigio_perm(const struct fasync *fa, const struct task *t)
{
	u32 uid = READ_ONCE(t->cred.uid), suid = READ_ONCE(t->cred.suid);

	return !fa->euid || fa->euid == suid || fa->euid == uid || fa->uid == suid || fa->uid == uid;
}

static void send_sigio_to_task(const struct fasync *fa, struct task *t, int fd, int code, s64 band)
{
	int (*send)(int, const struct k_siginfo *, struct task *) =
		fa->type == F_OWNER_TID ? send_sig_thread : send_sig_group;
	struct k_siginfo info = { .si_signo = fa->sig, .si_code = code };

	if (!sigio_perm(fa, t))
		return;
	if (fa->sig && sigmask(fa->sig) & (SIG_SYNCHRONOUS_MASK | sigmask(SIGCHLD)))
		info.si_code = SI_SIGIO;	/* theirs mean something else */
	info.u.poll.si_band = band;
	info.u.poll.si_fd = fd;
	if (!fa->sig || send(fa->sig, &info, t))
		send(SIGIO, SEND_SIG_KERNEL, t);
}

static void send_sigio(const struct fasync *fa, int fd, int code, s64 band)
{
	struct group *g;
	struct task *t;

	read_lock(&tasklist_lock);
	if (fa->type == F_OWNER_PGRP) {
		for_each_pgrp_member(pid_members(fa->pid), g)
			if (g->leader)
				send_sigio_to_task(fa, g->leader, fd, code, band);
	} else {
		t = pid_task(fa->pid);
		if (t)
			send_sigio_to_task(fa, t, fd, code, band);
	}
	read_unlock(&tasklist_lock);
}

static void tell(const struct fasync *fa, unsigned events)
{
	if (!fa->pid)
		return;
	if (events & POLLIN)
		send_sigio(fa, fa->fd, POLL_IN, POLLIN | POLLRDNORM);
	if (events & POLLOUT)
		send_sigio(fa, fa->fd, POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND);
	if (events & POLLHUP)
		send_sigio(fa, fa->fd, POLL_HUP, POLLHUP | POLLERR);
}

void fasync_send_msg(struct file *f, int fd)
{
	mutex_lock(&fasync_mutex);
	if (f->fasync->pid)
		send_sigio(f->fasync, fd, POLL_MSG, POLLIN | POLLRDNORM | POLLMSG);
	mutex_unlock(&fasync_mutex);
}

/* The next one that is due, off the list, and what of it; NULL. */
static struct fasync *take_due(unsigned *events)
{
	struct fasync *fa = NULL;

	spin_lock(&fasync_lock);
	if (!list_empty(&due)) {
		fa = list_first(&due, struct fasync, node);
		list_del(&fa->node);
		*events = fa->events;
		fa->events = 0;
	}
	spin_unlock(&fasync_lock);
	return fa;
}

/* Under the mutex to the end: what another one has taken off the list is told when we return. */
void fasync_tell_due(void)
{
	struct fasync *fa;
	unsigned events;

	current->fasync_due = 0;
	mutex_lock(&fasync_mutex);
	while ((fa = take_due(&events)))
		tell(fa, events);
	mutex_unlock(&fasync_mutex);
}

static void fasync_thread(void *arg)
{
	(void)arg;
	for (;;) {
		(void)wait_event_state(&thread_wait, !list_empty(&due), TASK_IDLE, NO_DEADLINE);
		fasync_tell_due();
	}
}

void fasync_start_thread(void)
{
	if (IS_ERR(kthread_run(fasync_thread, NULL, "kfasync")))
		panic("no memory for kfasync");
}

/* --- on and off --- */

struct fasync_table {			/* what poll_table.add gets to work with */
	struct poll_table pt;
	struct fasync *fa;
};

static bool fasync_add_queue(struct poll_table *pt, struct waitq *q)
{
	struct fasync *fa = container_of(pt, struct fasync_table, pt)->fa;
	struct fasync_wait *w = &fa->waits[fa->nr_waits++];

	assert(fa->nr_waits <= MAX_QUEUES);
	w->fa = fa;
	w->wait = (struct wait_entry){ .func = fasync_wake };
	list_init(&w->wait.node);
	waitq_add(q, &w->wait);
	return true;
}

/* fasync_mutex held. */
static void leave_queues(struct fasync *fa)
{
	while (fa->nr_waits)
		waitq_remove(&fa->waits[--fa->nr_waits].wait);
	spin_lock(&fasync_lock);
	list_del(&fa->node);
	fa->events = 0;
	spin_unlock(&fasync_lock);
}

/* f->fasync, made if there is none. Takes fasync_mutex; false, without it: -ENOMEM. */
static bool lock_fasync(struct file *f)
{
	struct fasync *fresh = NULL;

	if (!READ_ONCE(f->fasync)) {
		fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
		if (!fresh)
			return false;
		fresh->file = f;
		list_init(&fresh->node);
	}
	mutex_lock(&fasync_mutex);
	if (!f->fasync)
		f->fasync = fresh;
	else
		kfree(fresh);
	return true;
}

int fasync_helper(struct file *f, int fd, bool on)
{
	struct fasync_table t = { .pt = { fasync_add_queue } };

	if (!lock_fasync(f))
		return -ENOMEM;
	t.fa = f->fasync;
	t.fa->fd = fd;
	if (!on)
		leave_queues(t.fa);
	else if (!t.fa->nr_waits)
		(void)f->ops->poll(f, &t.pt);
	WRITE_ONCE(f->flags, on ? f->flags | O_ASYNC : f->flags & ~(u32)O_ASYNC);
	mutex_unlock(&fasync_mutex);
	return 0;
}

int file_set_async(struct file *f, int fd, bool on)
{
	return f->ops->fasync ? f->ops->fasync(f, fd, on) : -ENOTTY;
}

void fasync_release(struct file *f)
{
	struct fasync *fa = f->fasync;

	mutex_lock(&fasync_mutex);
	leave_queues(fa);
	mutex_unlock(&fasync_mutex);
	put_pid(fa->pid);
	kfree(fa);
}

/* --- the owner --- */

int f_setown(struct file *f, struct pid *pid, int type, bool force)
{
	struct fasync *fa;

	if (!lock_fasync(f)) {
		put_pid(pid);
		return -ENOMEM;
	}
	fa = f->fasync;
	if (force || !fa->pid) {
		struct pid *old = fa->pid;

		fa->pid = pid;
		fa->type = type;
		if (pid) {
			fa->uid = current->cred.uid;
			fa->euid = current->cred.euid;
		}
		pid = old;
	}
	mutex_unlock(&fasync_mutex);
	put_pid(pid);
	return 0;
}

bool fasync_prepare(struct file *f)
{
	bool ok = lock_fasync(f);

	if (ok)
		mutex_unlock(&fasync_mutex);
	return ok;
}

void f_delown(struct file *f)
{
	struct pid *old;

	mutex_lock(&fasync_mutex);
	old = f->fasync->pid;
	f->fasync->pid = NULL;
	f->fasync->type = F_OWNER_PID;
	f->fasync->sig = 0;
	mutex_unlock(&fasync_mutex);
	put_pid(old);
}

static int set_owner(struct file *f, int vnr, int type)
{
	struct pid *pid = find_get_pid(vnr);

	return vnr && !pid ? -ESRCH : f_setown(f, pid, type, true);
}

/* The number of the owner as current sees it: 0 if there is none, or not any more. */
static struct k_f_owner_ex get_owner(struct file *f)
{
	struct k_f_owner_ex o = { F_OWNER_TID, 0 };
	struct fasync *fa;

	mutex_lock(&fasync_mutex);
	fa = f->fasync;
	if (fa) {
		o.type = fa->type;
		read_lock(&tasklist_lock);
		if (fa->pid && pid_has(fa->pid, fa->type))
			o.pid = entry_vnr(fa->pid);
		read_unlock(&tasklist_lock);
	}
	mutex_unlock(&fasync_mutex);
	return o;
}

static long set_owner_ex(struct file *f, uaddr_t arg)
{
	struct k_f_owner_ex o;

	if (copy_from_user(&o, arg, sizeof(o)))
		return -EFAULT;
	if (o.type < F_OWNER_TID || o.type > F_OWNER_PGRP)
		return -EINVAL;
	return set_owner(f, o.pid, o.type);
}

/* Who said last whose it is: root if nobody has. That it is nobody's any more does not count. */
static long get_owner_uids(struct file *f, uaddr_t arg)
{
	const struct user_namespace *ns = current_user_ns();
	u32 uids[2] = { 0, 0 };

	mutex_lock(&fasync_mutex);
	if (f->fasync) {
		uids[0] = f->fasync->uid;
		uids[1] = f->fasync->euid;
	}
	mutex_unlock(&fasync_mutex);
	uids[0] = from_kuid(ns, uids[0]);
	uids[1] = from_kuid(ns, uids[1]);
	return copy_to_user(arg, uids, sizeof(uids)) ? -EFAULT : 0;
}

static long set_sig(struct file *f, u64 sig)
{
	if (sig > K_NSIG)
		return -EINVAL;
	if (!lock_fasync(f))
		return -ENOMEM;
	f->fasync->sig = (int)sig;
	mutex_unlock(&fasync_mutex);
	return 0;
}

static long get_sig(struct file *f)
{
	long sig;

	mutex_lock(&fasync_mutex);
	sig = f->fasync ? f->fasync->sig : 0;
	mutex_unlock(&fasync_mutex);
	return sig;
}

long fasync_fcntl(struct file *f, unsigned cmd, u64 arg)
{
	struct k_f_owner_ex o;
	int who = (int)arg;

	switch (cmd) {
	case F_SETOWN:
		if (who == INT32_MIN)
			return -EINVAL;
		return set_owner(f, who < 0 ? -who : who, who < 0 ? F_OWNER_PGRP : F_OWNER_PID);
	case F_GETOWN:
		o = get_owner(f);
		return o.type == F_OWNER_PGRP ? -o.pid : o.pid;
	case F_SETOWN_EX:
		return set_owner_ex(f, arg);
	case F_GETOWN_EX:
		o = get_owner(f);
		return copy_to_user(arg, &o, sizeof(o)) ? -EFAULT : 0;
	case F_GETOWNER_UIDS:
		return get_owner_uids(f, arg);
	case F_SETSIG:
		return set_sig(f, arg);
	case F_GETSIG:
		return get_sig(f);
	}
	return -EINVAL;
}
