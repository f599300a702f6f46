// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: who has a file open is asked before others open it or cut it. Mirrors the leases of Linux
 * fs/locks.c.
 *
 * A read lease stands until somebody opens the file for writing or truncates it, a write lease
 * until anybody opens it. Then the owner of the leased file is told by a signal (SIGIO, or
 * F_SETSIG's), and the opener waits until the lease is given back, or made one for reading where
 * that will do; after lease-break-time seconds it is taken. A lease is of an open file, and ends
 * with that.
 *
 * Who opens counts itself first and looks for leases then; who takes a lease puts it down first and
 * counts the openers then. So one of them at least sees the other:
 *
 *	open					F_SETLEASE
 *	inode->readers, writers += 1		list_add(inode->leases)
 *	full barrier (the atomic itself)	full barrier
 *	inode->leases is empty?			inode->readers, writers?
 *
 * Locks: lease_mutex for all of it, then those of fasync_send_msg. Who waits holds no lock.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/time.h"
#include "kernel/waitq.h"

struct lease {				/* all of it [lease_mutex], but */
	struct list node;		/* on inode->leases */
	struct file *file;		/* (!) whose release ends it */
	int fd;				/* the number by which it was taken: what the signal says */
	u8 type;			/* F_RDLCK, F_WRLCK */
	u8 target;			/* what it is to become: type, or less if it was asked for */
	u64 deadline;			/* when it becomes that by itself; NO_DEADLINE: never */
};

static struct mutex lease_mutex = MUTEX_INIT(lease_mutex, "lease", RANK_LEASE);
static _Atomic u32 nr_given_back;	/* [lease_mutex] to change: a lease became less */
static struct waitq lease_wait = WAITQ_INIT(lease_wait, "lease");

int sysctl_lease_break_time = 45, sysctl_leases_enable = 1;

/* --- a lease; lease_mutex held by all of these --- */

static struct lease *find_lease(struct file *f)
{
	struct lease *l;

	list_for_each(l, &f->inode->leases, node)
		if (l->file == f)
			return l;
	return NULL;
}

/*
 * Its owner, or the time that is up, makes it type. F_UNLCK: l is gone. What more was asked for
 * still is.
 */
static void change_lease(struct lease *l, int type)
{
	if (type != F_WRLCK) {
		atomic_fetch_add(&nr_given_back, 1);
		wake_up_all(&lease_wait);
	}
	if (type == F_UNLCK) {
		f_delown(l->file);
		list_del(&l->node);
		kfree(l);
		return;
	}
	if (l->target == l->type || l->target == type) {
		l->target = (u8)type;
		l->deadline = NO_DEADLINE;
	}
	l->type = (u8)type;
}

static void time_out_leases(struct inode *i)
{
	u64 now = ktime_ns();
	struct lease *l, *n;

	list_for_each_safe(l, n, &i->leases, node)
		if (l->deadline <= now)
			change_lease(l, l->target);
}

/* --- breaking --- */

static bool conflicts(const struct lease *l, bool write)
{
	return write || l->type == F_WRLCK;
}

/*
 * Asks for every lease of i that is in the way, once. Is there one? *until: when the first is taken
 * by itself.
 */
static bool ask_holders(struct inode *i, bool write, u64 *until)
{
	int seconds = READ_ONCE(sysctl_lease_break_time);
	u8 target = write ? F_UNLCK : F_RDLCK;
	bool any = false;
	struct lease *l;

	*until = NO_DEADLINE;
	list_for_each(l, &i->leases, node) {
		if (!conflicts(l, write))
			continue;
		any = true;
		if (l->target == l->type || (l->target == F_RDLCK && write)) {
			l->target = target;
			l->deadline = seconds > 0 ? ktime_ns() + (u64)seconds * NSEC_PER_SEC : NO_DEADLINE;
			fasync_send_msg(l->file, l->fd);
		}
		*until = min(*until, l->deadline);
	}
	return any;
}

int __break_lease(struct inode *i, u32 flags)
{
	bool write = (flags & O_ACCMODE) != O_RDONLY, any;
	u32 seen;
	u64 until;
	int err;

	for (;;) {
		mutex_lock(&lease_mutex);
		time_out_leases(i);
		any = ask_holders(i, write, &until);
		seen = atomic_load(&nr_given_back);
		mutex_unlock(&lease_mutex);
		if (!any)
			return 0;
		if (flags & O_NONBLOCK)
			return -EWOULDBLOCK;
		err = wait_event_state(&lease_wait, atomic_load(&nr_given_back) != seen,
				       TASK_INTERRUPTIBLE | TASK_FREEZABLE, until);
		if (err == -ERESTARTSYS)
			return err;
	}
}

/* --- fcntl --- */

/* Has nobody but f the file open in a way that a lease of this type forbids? 0 or -EAGAIN. */
static int check_conflicting_open(const struct file *f, int type)
{
	s32 readers = atomic_load(&f->inode->readers), writers = atomic_load(&f->inode->writers);

	if (type == F_RDLCK)
		return writers > 0 ? -EAGAIN : 0;
	return writers != f->writable || readers != (f->readable && !f->writable) ? -EAGAIN : 0;
}

/* What other files' leases say of a new one. 0 or -EAGAIN. */
static int check_other_leases(struct file *f, int type)
{
	struct lease *l;

	list_for_each(l, &f->inode->leases, node)
		if (l->file != f && (type == F_WRLCK || l->target == F_UNLCK))
			return -EAGAIN;
	return 0;
}

/* fresh becomes f's lease if it has none yet, and the caller's pointer NULL. 0, -EAGAIN, -EINVAL. */
static int add_lease(struct file *f, int fd, int type, struct lease **fresh)
{
	struct lease *l = find_lease(f);
	int err = check_conflicting_open(f, type);

	if (!err)
		err = check_other_leases(f, type);
	if (!err && !l && !READ_ONCE(sysctl_leases_enable))
		err = -EINVAL;
	if (err)
		return err;
	if (l) {
		change_lease(l, type);
		l->fd = fd;
		return 0;
	}
	l = *fresh;
	*l = (struct lease){ .file = f, .fd = fd, .type = (u8)type, .target = (u8)type };
	l->deadline = NO_DEADLINE;
	list_add_tail(&l->node, &f->inode->leases);
	atomic_thread_fence(memory_order_seq_cst);
	err = check_conflicting_open(f, type);
	if (err)
		list_del(&l->node);
	else
		*fresh = NULL;
	return err;
}

static int set_lease(struct file *f, int fd, int type)
{
	struct lease *l = kmalloc(sizeof(*l), GFP_KERNEL);
	int err = l && fasync_prepare(f) ? 0 : -ENOMEM;

	if (!err) {
		mutex_lock(&lease_mutex);
		time_out_leases(f->inode);
		err = add_lease(f, fd, type, &l);
		if (!err)
			err = f_setown(f, get_pid(task_tgid(current)), F_OWNER_PID, false);
		mutex_unlock(&lease_mutex);
	}
	kfree(l);
	return err;
}

static int end_lease(struct file *f)
{
	struct lease *l;
	int err = -EAGAIN;

	mutex_lock(&lease_mutex);
	time_out_leases(f->inode);
	l = find_lease(f);
	if (l) {
		change_lease(l, F_UNLCK);
		err = 0;
	}
	mutex_unlock(&lease_mutex);
	return err;
}

long fcntl_setlease(struct file *f, int fd, u64 type)
{
	if (type != F_RDLCK && type != F_WRLCK && type != F_UNLCK)
		return -EINVAL;
	if (current->cred.fsuid != f->inode->uid && !capable(CAP_LEASE))
		return -EACCES;
	if (!inode_is(f->inode, S_IFREG))
		return -EINVAL;
	return type == F_UNLCK ? end_lease(f) : set_lease(f, fd, (int)type);
}

long fcntl_getlease(struct file *f)
{
	struct lease *l;
	long type;

	mutex_lock(&lease_mutex);
	time_out_leases(f->inode);
	l = find_lease(f);
	type = l ? l->target : F_UNLCK;
	mutex_unlock(&lease_mutex);
	return type;
}

void lease_release(struct file *f)
{
	struct lease *l;

	if (list_empty(&f->inode->leases))
		return;
	mutex_lock(&lease_mutex);
	l = find_lease(f);
	if (l)
		change_lease(l, F_UNLCK);
	mutex_unlock(&lease_mutex);
}
