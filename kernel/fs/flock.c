// SPDX-License-Identifier: GPL-2.0-only
/*
 * Advisory locks: fcntl's record locks, which belong to a descriptor table or (F_OFD_*) to an open
 * file, and flock's, which belong to an open file. Mirrors Linux fs/locks.c.
 *
 * Locks: file_locks_lock (spinning) for the lists of all inodes; one queue for all waiters, as
 * there are few.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"

struct file_lock {
	struct list node;
	const void *owner;		/* struct files, or struct file for flock and F_OFD_* */
	bool whole;			/* flock's kind: does not meet fcntl's */
	s16 type;			/* F_RDLCK, F_WRLCK; F_UNLCK in requests */
	int pid;			/* the machine's; perhaps nobody's any more. -1: of an open file */
	u64 start, end;			/* end inclusive */
};

/* Who waits for a record lock of a descriptor table. */
struct lock_waiter {
	struct list node;		/* [file_locks_lock] on lock_waiters */
	struct inode *inode;
	const struct file_lock *want;
};

static LIST_HEAD(lock_waiters);		/* [file_locks_lock] */
static struct spinlock file_locks_lock = SPINLOCK_INIT("file_locks", RANK_FILES);
static struct waitq lock_waitq = WAITQ_INIT(lock_waitq, "file_lock");

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The lock that forbids want, or NULL. file_locks_lock held. */
static struct file_lock *find_conflict(struct inode *i, const struct file_lock *want)
{
	struct file_lock *l;

	assert_held(&file_locks_lock);
	list_for_each(l, &i->locks, node)
		if (l->whole == want->whole && l->owner != want->owner && overlaps(l, want) &&
		    (l->type == F_WRLCK || want->type == F_WRLCK))
			return l;
	return NULL;
}

/* The lock that owner waits for, or NULL. file_locks_lock held. */
static const struct file_lock *waited_for(const void *owner)
{
	struct lock_waiter *w;

	list_for_each(w, &lock_waiters, node)
		if (w->want->owner == owner)
			return find_conflict(w->inode, w->want);
	return NULL;
}

/*
 * Puts w on the list: -EAGAIN, it may sleep; or -EDEADLK, who forbids it waits for its owner. As on
 * Linux a chain of ten is looked at, and a lock of an open file is in no chain: any task may close
 * that. file_locks_lock held.
 */
static int start_waiting(struct lock_waiter *w)
{
	const struct file_lock *l = find_conflict(w->inode, w->want);

	list_init(&w->node);
	if (w->want->whole || w->want->pid < 0)
		return -EAGAIN;
	for (int n = 0; l && n < 10; n++) {
		l = waited_for(l->owner);
		if (l && l->owner == w->want->owner)
			return -EDEADLK;
	}
	list_add_tail(&w->node, &lock_waiters);
	return -EAGAIN;
}

static void stop_waiting(struct lock_waiter *w)
{
	spin_lock(&file_locks_lock);
	list_del(&w->node);
	spin_unlock(&file_locks_lock);
}

/*
 * Cuts want's range out of the owner's other locks. *spare is used if one is cut in two.
 * file_locks_lock held.
 */
static void cut_own(struct inode *i, const struct file_lock *want, struct file_lock **spare, struct list *dead)
{
	struct file_lock *l, *next;

	list_for_each_safe(l, next, &i->locks, node) {
		if (l->whole != want->whole || l->owner != want->owner || !overlaps(l, want))
			continue;
		if (l->start < want->start && l->end > want->end) {
			struct file_lock *right = *spare;

			*spare = NULL;
			*right = *l;
			right->start = want->end + 1;
			list_init(&right->node);
			list_add(&right->node, &l->node);
			l->end = want->start - 1;
			return;
		}
		if (l->start < want->start)
			l->end = want->start - 1;
		else if (l->end > want->end)
			l->start = want->end + 1;
		else
			list_move_tail(&l->node, dead);
	}
}

/* The owner's locks of the same type at both ends of l become part of it. file_locks_lock held. */
static void join_own(struct inode *i, struct file_lock *l, struct list *dead)
{
	struct file_lock *other, *next;

	list_for_each_safe(other, next, &i->locks, node) {
		if (other->whole || other->owner != l->owner || other->type != l->type ||
		    (other->end + 1 != l->start && l->end + 1 != other->start))
			continue;
		l->start = min(l->start, other->start);
		l->end = max(l->end, other->end);
		list_move_tail(&other->node, dead);
	}
}

static void free_list(struct list *dead)
{
	while (!list_empty(dead)) {
		struct file_lock *l = list_first(dead, struct file_lock, node);

		list_del(&l->node);
		kfree(l);
	}
}

/* Does want if nobody forbids it: 0 or -EAGAIN. file_locks_lock held. */
static int apply_locked(struct inode *i, const struct file_lock *want, struct file_lock **new, struct file_lock **spare,
			struct list *dead)
{
	assert_held(&file_locks_lock);
	if (want->type != F_UNLCK && find_conflict(i, want))
		return -EAGAIN;
	cut_own(i, want, spare, dead);
	if (want->type != F_UNLCK) {
		**new = *want;
		list_init(&(*new)->node);
		if (!want->whole)
			join_own(i, *new, dead);
		list_add_tail(&(*new)->node, &i->locks);
		*new = NULL;
	}
	return 0;
}

static bool conflict_gone(struct inode *i, const struct file_lock *want)
{
	bool gone;

	spin_lock(&file_locks_lock);
	gone = !find_conflict(i, want);
	spin_unlock(&file_locks_lock);
	return gone;
}

/* 0, -EAGAIN, -ENOMEM, and with waiting -EDEADLK, -ERESTARTSYS. */
static int apply(struct inode *i, const struct file_lock *want, bool wait)
{
	struct file_lock *new = kmalloc(sizeof(*new), GFP_KERNEL), *spare = kmalloc(sizeof(*spare), GFP_KERNEL);
	struct lock_waiter w = { .inode = i, .want = want };
	LIST_HEAD(dead);
	int err = -ENOMEM;

	while (new && spare) {
		spin_lock(&file_locks_lock);
		err = apply_locked(i, want, &new, &spare, &dead);
		if (err == -EAGAIN && wait)
			err = start_waiting(&w);
		spin_unlock(&file_locks_lock);
		if (err != -EAGAIN || !wait)
			break;
		err = wait_event_freezable(&lock_waitq, conflict_gone(i, want));
		stop_waiting(&w);
		if (err)
			break;
	}
	if (!err)
		wake_up_all(&lock_waitq);
	free_list(&dead);
	kfree(new);
	kfree(spare);
	return err;
}

/* Drops every lock of one kind and owner. */
static void drop_owner(struct inode *i, const void *owner, bool whole)
{
	struct file_lock *l, *next;
	LIST_HEAD(dead);

	spin_lock(&file_locks_lock);
	list_for_each_safe(l, next, &i->locks, node)
		if (l->owner == owner && l->whole == whole)
			list_move_tail(&l->node, &dead);
	spin_unlock(&file_locks_lock);
	if (list_empty(&dead))
		return;
	free_list(&dead);
	wake_up_all(&lock_waitq);
}

void posix_locks_release(struct inode *i, struct files *owner)
{
	drop_owner(i, owner, false);
}

void file_locks_release(struct file *f)
{
	drop_owner(f->inode, f, true);
	drop_owner(f->inode, f, false);
}

/* --- fcntl --- */

/* The range that l means. 0, -EINVAL, -EOVERFLOW. */
static int lock_range(struct file *f, const struct k_flock *l, struct file_lock *want)
{
	s64 base = 0, start, len = l->l_len;

	switch (l->l_whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = (s64)f->pos;
		break;
	case SEEK_END:
		base = (s64)f->inode->size;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, l->l_start, &start))
		return -EOVERFLOW;
	if (len < 0) {
		if (__builtin_add_overflow(start, len, &start))
			return -EINVAL;
		len = -l->l_len;
	}
	if (start < 0)
		return -EINVAL;
	want->start = (u64)start;
	want->end = len ? (u64)start + (u64)len - 1 : INT64_MAX;
	return want->end > INT64_MAX ? -EOVERFLOW : 0;
}

static long get_lock(struct file *f, struct file_lock *want, struct k_flock *l, uaddr_t arg)
{
	struct file_lock *c;

	if (want->type == F_UNLCK)
		return -EINVAL;
	spin_lock(&file_locks_lock);
	c = find_conflict(f->inode, want);
	if (c)
		*l = (struct k_flock){ .l_type = c->type, .l_whence = SEEK_SET, .l_start = (s64)c->start, .l_pid = c->pid,
				       .l_len = c->end == INT64_MAX ? 0 : (s64)(c->end - c->start + 1) };
	else
		l->l_type = F_UNLCK;
	spin_unlock(&file_locks_lock);
	if (c && l->l_pid >= 0) {
		read_lock(&tasklist_lock);
		l->l_pid = pid_nr_ns_if_held(l->l_pid, current->group->pid_ns);
		read_unlock(&tasklist_lock);
	}
	return copy_to_user(arg, l, sizeof(*l)) ? -EFAULT : 0;
}

/*
 * What was locked for a descriptor table goes when that closes any descriptor of the file; but another
 * thread may have closed this one before there was a lock. 0 or -EBADF.
 *
 *	here					close
 *	puts the lock on the list		takes the descriptor away (files->lock)
 *	still there? (files->lock)		drops the table's locks
 *		if not, drops them
 *
 * LINUX: there the range of this call alone.
 */
static int check_still_open(struct file *f, int fd)
{
	struct files *files = current->files;
	bool open;

	spin_lock(&files->lock);
	open = fd_lookup(files, fd) == f;
	spin_unlock(&files->lock);
	if (open)
		return 0;
	posix_locks_release(f->inode, files);
	return -EBADF;
}

long file_lock_fcntl(struct file *f, int fd, unsigned cmd, uaddr_t arg)
{
	struct file_lock want = { .owner = current->files, .pid = current->tgid };
	struct k_flock l;
	int err;

	if (copy_from_user(&l, arg, sizeof(l)))
		return -EFAULT;
	if (l.l_type != F_RDLCK && l.l_type != F_WRLCK && l.l_type != F_UNLCK)
		return -EINVAL;
	if (cmd >= F_OFD_GETLK) {
		if (l.l_pid)
			return -EINVAL;
		want.owner = f;
		want.pid = -1;
	}
	want.type = l.l_type;
	err = lock_range(f, &l, &want);
	if (err)
		return err;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK)
		return get_lock(f, &want, &l, arg);
	if ((l.l_type == F_RDLCK && !f->readable) || (l.l_type == F_WRLCK && !f->writable))
		return -EBADF;
	err = apply(f->inode, &want, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
	if (!err && want.type != F_UNLCK && want.owner == current->files)
		err = check_still_open(f, fd);
	return err == -ENOMEM ? -ENOLCK : err;
}

/* --- flock --- */

long sys_flock(int fd, unsigned op)
{
	struct file_lock want = { .whole = true, .end = INT64_MAX, .pid = current->tgid };
	struct file *f;
	long err;

	if (op & 32)			/* LOCK_MAND, which Linux accepts and ignores */
		return 0;
	switch (op & ~(unsigned)LOCK_NB) {
	case LOCK_SH:
		want.type = F_RDLCK;
		break;
	case LOCK_EX:
		want.type = F_WRLCK;
		break;
	case LOCK_UN:
		want.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	f = fget(fd);
	if (!f)
		return -EBADF;
	want.owner = f;
	err = apply(f->inode, &want, !(op & LOCK_NB));
	fput(f);
	return err;
}
