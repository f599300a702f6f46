// SPDX-License-Identifier: GPL-2.0-only
/*
 * timerfd: a timer whose expirations are read. Mirrors Linux fs/timerfd.c. LINUX: setting the wall
 * clock does not move a timer that is armed, so TFD_TIMER_CANCEL_ON_SET never cancels.
 *
 * A periodic timer that went off goes on when somebody reads it or asks for it, which counts what
 * would have expired since: a period shorter than an interrupt costs nothing.
 *
 * Locks: timerfd->lock (spinning, taken by the timer's interrupt).
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"

#define NSEC_PER_SEC	1000000000ll

struct timerfd {
	struct spinlock lock;		/* RANK_IO */
	struct timer timer;
	int clock;			/* (!) */
	u64 expires;			/* [lock] monotonic ns of the next expiration that is not in ticks, 0: none */
	u64 interval;			/* [lock] ns, 0: once */
	u64 ticks;			/* [lock] expirations not yet read */
	bool waiting;			/* [lock] it went off, and its timer does not run */
	struct waitq wait;
};

static const struct file_ops timerfd_fops;

/* Counts what has expired by now and moves expires on. t->lock held. */
static void count_ticks(struct timerfd *t)
{
	u64 now = ktime_ns(), n;

	if (!t->expires || now < t->expires)
		return;
	n = t->interval ? (now - t->expires) / t->interval + 1 : 1;
	t->ticks += n;
	t->expires = t->interval ? t->expires + n * t->interval : 0;
}

static void timerfd_fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	spin_lock(&t->lock);
	if (t->expires && ktime_ns() >= t->expires) {
		count_ticks(t);
		t->waiting = true;
	}
	spin_unlock(&t->lock);
	wake_up_all(&t->wait);
}

/* t->lock held. */
static void go_on(struct timerfd *t)
{
	if (!t->waiting)
		return;
	t->waiting = false;
	count_ticks(t);
	if (t->expires)
		timer_start(&t->timer, t->expires);
}

static u64 take_ticks(struct timerfd *t)
{
	u64 n;

	spin_lock(&t->lock);
	go_on(t);
	n = t->ticks;
	t->ticks = 0;
	spin_unlock(&t->lock);
	return n;
}

static s64 timerfd_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct timerfd *t = f->private;
	u64 ticks;
	int err;

	(void)pos;
	if (n < sizeof(ticks))
		return -EINVAL;
	ticks = take_ticks(t);
	if (!ticks) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_freezable(&t->wait, (ticks = take_ticks(t)) != 0);
		if (err)
			return err;
	}
	return copy_to_user(buf, &ticks, sizeof(ticks)) ? -EFAULT : (s64)sizeof(ticks);
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->private;

	poll_wait(pt, &t->wait);
	return READ_ONCE(t->ticks) ? POLLIN | POLLRDNORM : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	spin_lock(&t->lock);
	t->expires = 0;			/* a callback that runs now does not start it again */
	spin_unlock(&t->lock);
	timer_cancel_sync(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_fops = { .read = timerfd_read, .poll = timerfd_poll, .release = timerfd_release };

/* --- system calls --- */

long sys_timerfd_create(int clock, int flags)
{
	struct timerfd *t;
	struct inode *i;
	struct file *f;
	int fd;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME && clock != CLOCK_REALTIME_ALARM &&
	    clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	i = t ? anon_inode(0600) : NULL;
	f = i ? file_alloc_anon(i, "anon_inode:[timerfd]", &timerfd_fops, O_RDWR | ((u32)flags & O_NONBLOCK)) : ERR_PTR(-ENOMEM);
	if (IS_ERR(f)) {
		kfree(t);
		return -ENOMEM;
	}
	spin_init(&t->lock, "timerfd", RANK_IO);
	timer_setup(&t->timer, timerfd_fire);
	waitq_init(&t->wait, "timerfd");
	t->clock = clock;
	f->private = t;
	fd = fd_alloc(f, (u32)flags, 0);
	if (fd < 0)
		fput(f);
	return fd;
}

/* A valid time in ns, as much as fits; -1 for a bad one. */
static s64 to_ns(const struct k_timespec *ts)
{
	if (ts->tv_sec < 0 || ts->tv_nsec < 0 || ts->tv_nsec >= NSEC_PER_SEC)
		return -1;
	return min(ts->tv_sec, INT64_MAX / NSEC_PER_SEC / 2) * NSEC_PER_SEC + ts->tv_nsec;
}

static struct k_timespec to_timespec(u64 ns)
{
	return (struct k_timespec){ (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC) };
}

static struct k_itimerspec current_setting(struct timerfd *t)
{
	struct k_itimerspec its = { 0 };
	u64 now = ktime_ns();

	spin_lock(&t->lock);
	go_on(t);
	if (t->expires)
		its.it_value = to_timespec(t->expires > now ? t->expires - now : 1);
	its.it_interval = to_timespec(t->interval);
	spin_unlock(&t->lock);
	return its;
}

static bool is_realtime(const struct timerfd *t)
{
	return t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM;
}

static void set_timer(struct timerfd *t, int flags, s64 value, s64 interval)
{
	s64 at = value;

	if (value && !(flags & TFD_TIMER_ABSTIME))
		at += (s64)ktime_ns();
	else if (value && is_realtime(t))
		at = max(value - atomic_load(&realtime_offset_ns), (s64)1);
	spin_lock(&t->lock);
	t->expires = 0;
	spin_unlock(&t->lock);
	timer_cancel_sync(&t->timer);
	spin_lock(&t->lock);
	t->ticks = 0;
	t->waiting = false;
	t->interval = (u64)interval;
	t->expires = (u64)at;
	if (at)
		timer_start(&t->timer, t->expires);
	spin_unlock(&t->lock);
}

long sys_timerfd_settime(int fd, int flags, uaddr_t unew, uaddr_t uold)
{
	struct k_itimerspec its, old;
	struct fdref r;
	s64 value, interval;
	long err = -EINVAL;

	if (copy_from_user(&its, unew, sizeof(its)))
		return -EFAULT;
	value = to_ns(&its.it_value);
	interval = to_ns(&its.it_interval);
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) || value < 0 || interval < 0)
		return -EINVAL;
	r = fdget(fd);
	if (!r.file)
		return -EBADF;
	if (r.file->ops == &timerfd_fops) {
		old = current_setting(r.file->private);
		set_timer(r.file->private, flags, value, interval);
		err = uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
	}
	fdput(r);
	return err;
}

long sys_timerfd_gettime(int fd, uaddr_t uits)
{
	struct fdref r = fdget(fd);
	struct k_itimerspec its;
	long err = -EINVAL;

	if (!r.file)
		return -EBADF;
	if (r.file->ops == &timerfd_fops) {
		its = current_setting(r.file->private);
		err = copy_to_user(uits, &its, sizeof(its)) ? -EFAULT : 0;
	}
	fdput(r);
	return err;
}
