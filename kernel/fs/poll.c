// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for several files at once: poll, ppoll, select, pselect6. Mirrors Linux fs/select.c.
 *
 * The first look at each file leaves a wait entry in its queue; a waker sets `triggered` and wakes
 * the task. A wake-up between a look and the sleep is not lost: triggered is tested after the state
 * is set.
 *
 * Locks: waitq->lock of each file's queue, inside nothing.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define INLINE_ENTRIES	8
#define NSEC_PER_SEC	1000000000ll

struct poll_entry {
	struct wait_entry wait;
	struct poll_wait *pw;
	struct file *file;		/* referenced: its queue lives as long */
	struct poll_entry *next;
};

struct poll_wait {
	struct poll_table pt;
	struct task *task;
	_Atomic u32 triggered;
	int error;
	struct file *file;		/* being looked at */
	unsigned used;
	struct poll_entry *entries;	/* all of them, the newest first */
	struct poll_entry inl[INLINE_ENTRIES];
};

static void poll_wake(struct wait_entry *w, unsigned events)
{
	struct poll_wait *pw = container_of(w, struct poll_entry, wait)->pw;

	(void)events;
	atomic_store(&pw->triggered, 1);
	wake_up_state(pw->task, TASK_INTERRUPTIBLE);
}

static bool poll_add(struct poll_table *pt, struct waitq *q)
{
	struct poll_wait *pw = container_of(pt, struct poll_wait, pt);
	struct poll_entry *e = pw->used < INLINE_ENTRIES ? &pw->inl[pw->used++] : kmalloc(sizeof(*e), GFP_KERNEL);

	if (!e) {
		pw->error = -ENOMEM;
		return false;
	}
	e->wait = (struct wait_entry){ .task = current, .func = poll_wake };
	list_init(&e->wait.node);
	e->pw = pw;
	e->file = get_file(pw->file);
	e->next = pw->entries;
	pw->entries = e;
	waitq_add(q, &e->wait);
	return true;
}

void poll_wait(struct poll_table *pt, struct waitq *q)
{
	if (pt)
		pt->add(pt, q);
}

static void poll_begin(struct poll_wait *pw)
{
	pw->pt.add = poll_add;
	pw->task = current;
	atomic_init(&pw->triggered, 0);
	pw->error = 0;
	pw->used = 0;
	pw->entries = NULL;
}

static void poll_end(struct poll_wait *pw)
{
	struct poll_entry *e, *next;

	for (e = pw->entries; e; e = next) {
		next = e->next;
		waitq_remove(&e->wait);
		fput(e->file);
		if (e < pw->inl || e >= pw->inl + INLINE_ENTRIES)
			kfree(e);
	}
}

static unsigned file_poll(struct poll_wait *pw, struct file *f, struct poll_table *pt)
{
	if (!f->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	pw->file = f;
	return f->ops->poll(f, pt);
}

/* Sleeps until something was triggered since the last look. false: the deadline passed. */
static bool poll_sleep(struct poll_wait *pw, u64 deadline)
{
	bool in_time = true;

	set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	if (!atomic_load(&pw->triggered))
		in_time = schedule_until(deadline);
	__set_current_state(TASK_RUNNING);
	atomic_store(&pw->triggered, 0);
	return in_time;
}

/*
 * Looks until look() finds something, at the latest at deadline. How many, 0, -EINTR, -ENOMEM or
 * look's own error.
 */
static long poll_loop(long (*look)(struct poll_wait *pw, struct poll_table *pt, void *arg), void *arg, u64 deadline)
{
	struct poll_wait *pw = kmalloc(sizeof(*pw), GFP_KERNEL);
	struct poll_table *pt;
	bool in_time = deadline != 0;
	long n;

	if (!pw)
		return -ENOMEM;
	poll_begin(pw);
	pt = in_time ? &pw->pt : NULL;	/* a deadline of 0 is a look without a wait */
	for (;;) {
		n = look(pw, pt, arg);
		pt = NULL;
		if (!n)
			n = pw->error;
		if (!n && signal_pending(current))
			n = -EINTR;
		if (n || !in_time)
			break;
		in_time = poll_sleep(pw, deadline);
	}
	poll_end(pw);
	kfree(pw);
	return n;
}

/* --- time --- */

/* Absolute deadline for a relative time; 0 for none at all. -EINVAL. */
static int deadline_after(const struct k_timespec *ts, u64 *deadline)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (!ts->tv_sec && !ts->tv_nsec)
		*deadline = 0;
	else if (ts->tv_sec > INT64_MAX / NSEC_PER_SEC / 2)
		*deadline = NO_DEADLINE;
	else
		*deadline = ktime_ns() + (u64)ts->tv_sec * NSEC_PER_SEC + (u64)ts->tv_nsec;
	return 0;
}

static struct k_timespec time_left(u64 deadline)
{
	u64 now = ktime_ns(), left = deadline > now ? deadline - now : 0;

	return (struct k_timespec){ (s64)(left / NSEC_PER_SEC), (s64)(left % NSEC_PER_SEC) };
}

/* Fetches an optional timespec: NO_DEADLINE if uts is 0. */
static int user_deadline(uaddr_t uts, u64 *deadline)
{
	struct k_timespec ts;

	*deadline = NO_DEADLINE;
	if (!uts)
		return 0;
	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	return deadline_after(&ts, deadline);
}

/* A call that changed the signal mask ends: it stays changed if a handler is about to run with it. */
static long mask_end(long ret)
{
	if (ret != -ERESTARTNOHAND && current->restore_sigmask)
		restore_saved_sigmask();
	return ret;
}

/* --- poll --- */

struct poll_set {
	struct k_pollfd *fds;
	unsigned n;
};

static long poll_look(struct poll_wait *pw, struct poll_table *pt, void *arg)
{
	struct poll_set *s = arg;
	long found = 0;

	for (unsigned i = 0; i < s->n; i++) {
		struct k_pollfd *p = &s->fds[i];
		struct fdref r;
		unsigned mask = POLLNVAL;

		p->revents = 0;
		if (p->fd < 0)
			continue;
		r = fdget(p->fd);
		if (r.file) {
			mask = file_poll(pw, r.file, found ? NULL : pt) & ((u16)p->events | POLLERR | POLLHUP);
			fdput(r);
		}
		p->revents = (s16)mask;
		found += mask != 0;
		cond_resched();
	}
	return found;
}

static long do_poll(uaddr_t ufds, unsigned n, u64 deadline)
{
	struct k_pollfd small[INLINE_ENTRIES];
	struct poll_set s = { small, n };
	long ret = -EFAULT;

	if (n > READ_ONCE(current->group->rlim[RLIMIT_NOFILE].rlim_cur))
		return -EINVAL;
	if (n > INLINE_ENTRIES)
		s.fds = kmalloc_array(n, sizeof(*s.fds), GFP_KERNEL);
	if (!s.fds)
		return -ENOMEM;
	if (copy_from_user(s.fds, ufds, n * sizeof(*s.fds)))
		goto out;
	ret = poll_loop(poll_look, &s, deadline);
	if (ret < 0)
		goto out;
	for (unsigned i = 0; i < n; i++) {
		if (copy_to_user(ufds + i * sizeof(*s.fds) + offsetof(struct k_pollfd, revents),
				 &s.fds[i].revents, 2)) {
			ret = -EFAULT;
			break;
		}
	}
out:
	if (s.fds != small)
		kfree(s.fds);
	return ret;
}

static long poll_restart(struct restart_block *rb)
{
	long ret = do_poll(rb->a, (unsigned)rb->c, rb->deadline);

	return ret == -EINTR ? -ERESTART_RESTARTBLOCK : ret;
}

long sys_poll(uaddr_t ufds, unsigned n, int ms)
{
	u64 deadline = ms < 0 ? NO_DEADLINE : ms == 0 ? 0 : ktime_ns() + (u64)ms * 1000000;
	long ret = do_poll(ufds, n, deadline);

	if (ret != -EINTR)
		return ret;
	current->restart = (struct restart_block){ .fn = poll_restart, .deadline = deadline, .a = ufds, .c = n };
	return -ERESTART_RESTARTBLOCK;
}

/*
 * What is left of the time goes back to the user, as Linux does; a read-only timespec is nobody's
 * error.
 */
static void put_time_left(uaddr_t uts, u64 deadline)
{
	struct k_timespec left = time_left(deadline);

	if (uts && deadline != NO_DEADLINE && !(current->personality & STICKY_TIMEOUTS) &&
	    copy_to_user(uts, &left, sizeof(left)))
		return;
}

long sys_ppoll(uaddr_t ufds, unsigned n, uaddr_t uts, uaddr_t umask, size_t size)
{
	u64 deadline;
	long ret = user_deadline(uts, &deadline);

	if (!ret && umask)
		ret = set_user_sigmask(umask, size);
	if (ret)
		return ret;
	ret = do_poll(ufds, n, deadline);
	put_time_left(uts, deadline);
	return mask_end(ret == -EINTR ? -ERESTARTNOHAND : ret);
}

/* --- select --- */

#define IN_SET	(POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define OUT_SET	(POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define EX_SET	POLLPRI

struct select_set {
	unsigned n;
	size_t words;
	u64 *want[3], *got[3];
};

static bool set_has(const u64 *bits, unsigned fd)
{
	return bits[fd / 64] >> fd % 64 & 1;
}

static long select_one(struct poll_wait *pw, struct poll_table *pt, struct select_set *s, unsigned fd)
{
	static const unsigned classes[3] = { IN_SET, OUT_SET, EX_SET };
	struct fdref r = fdget((int)fd);
	unsigned mask;
	long found = 0;

	if (!r.file)
		return -EBADF;
	mask = file_poll(pw, r.file, pt);
	fdput(r);
	for (int k = 0; k < 3; k++) {
		if (mask & classes[k] && set_has(s->want[k], fd)) {
			s->got[k][fd / 64] |= 1ull << fd % 64;
			found++;
		}
	}
	return found;
}

static long select_look(struct poll_wait *pw, struct poll_table *pt, void *arg)
{
	struct select_set *s = arg;
	long found = 0, one;

	for (int k = 0; k < 3; k++)
		kmemset(s->got[k], 0, s->words * 8);
	for (unsigned fd = 0; fd < s->n; fd++) {
		if (!set_has(s->want[0], fd) && !set_has(s->want[1], fd) && !set_has(s->want[2], fd))
			continue;
		one = select_one(pw, found ? NULL : pt, s, fd);
		if (one < 0)
			return one;
		found += one;
		cond_resched();
	}
	return found;
}

static long do_select(int n, const uaddr_t usets[3], u64 deadline)
{
	struct select_set s = { .n = (unsigned)n };
	u64 small[6 * 2], *bits = small;
	size_t bytes;
	long ret = -EFAULT;

	if (n < 0)
		return -EINVAL;
	s.n = (unsigned)min((u64)n, READ_ONCE(current->group->rlim[RLIMIT_NOFILE].rlim_cur));
	s.words = ((size_t)s.n + 63) / 64;
	bytes = s.words * 8;
	if (s.words > 2) {
		bits = kmalloc_array(6, bytes, GFP_KERNEL);
		if (!bits)
			return -ENOMEM;
	}
	for (size_t k = 0; k < 3; k++) {
		s.want[k] = bits + k * s.words;
		s.got[k] = bits + (3 + k) * s.words;
		kmemset(s.want[k], 0, bytes);
		if (usets[k] && copy_from_user(s.want[k], usets[k], bytes))
			goto out;
	}
	ret = poll_loop(select_look, &s, deadline);
	if (ret < 0)
		goto out;
	for (size_t k = 0; k < 3; k++)
		if (usets[k] && copy_to_user(usets[k], s.got[k], bytes))
			ret = -EFAULT;
out:
	if (bits != small)
		kfree(bits);
	return ret;
}

long sys_select(int n, uaddr_t in, uaddr_t out, uaddr_t ex, uaddr_t utv)
{
	u64 deadline = NO_DEADLINE;
	struct k_timeval tv;
	long ret;

	if (utv) {
		if (copy_from_user(&tv, utv, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_usec < 0 || tv.tv_sec < 0)
			return -EINVAL;
		/* More than a second of microseconds is carried over, as on Linux. */
		struct k_timespec ts = { tv.tv_sec, 0 };
		if (__builtin_add_overflow(ts.tv_sec, tv.tv_usec / 1000000, &ts.tv_sec))
			ts.tv_sec = INT64_MAX;
		ts.tv_nsec = tv.tv_usec % 1000000 * 1000;
		ret = deadline_after(&ts, &deadline);
		if (ret)
			return ret;
	}
	ret = do_select(n, (uaddr_t[3]){ in, out, ex }, deadline);
	if (utv && deadline != NO_DEADLINE && !(current->personality & STICKY_TIMEOUTS)) {
		struct k_timespec left = time_left(deadline);

		tv = (struct k_timeval){ left.tv_sec, left.tv_nsec / 1000 };
		if (copy_to_user(utv, &tv, sizeof(tv)) && ret == -EINTR)
			return -EINTR;
	}
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

long sys_pselect6(int n, uaddr_t in, uaddr_t out, uaddr_t ex, uaddr_t uts, uaddr_t usig)
{
	struct k_sigset_arg sig = { 0, 0 };
	u64 deadline;
	long ret;

	if (usig && copy_from_user(&sig, usig, sizeof(sig)))
		return -EFAULT;
	ret = user_deadline(uts, &deadline);
	if (!ret && sig.mask_ptr)
		ret = set_user_sigmask(sig.mask_ptr, sig.size);
	if (ret)
		return ret;
	ret = do_select(n, (uaddr_t[3]){ in, out, ex }, deadline);
	put_time_left(uts, deadline);
	return mask_end(ret == -EINTR ? -ERESTARTNOHAND : ret);
}
