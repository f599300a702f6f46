// SPDX-License-Identifier: GPL-2.0-only
/*
 * timerfd: a timer whose expirations are read. Mirrors Linux fs/timerfd.c.
 *
 * A periodic timer that went off goes on when somebody reads it or asks for it, which counts what
 * would have expired since: a period shorter than an interrupt costs nothing.
 *
 * Locks: timerfd->lock (spinning, taken by the timer's interrupt), cancel_lock; never both.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/time.h"
#include "kernel/time_namespace.h"

struct timerfd {
	struct spinlock lock;		/* RANK_IO */
	struct timer timer;
	int clock;			/* (!) */
	u64 base;			/* [lock] of expires: WALL_TIME, or 0: ns since boot */
	u64 expires;			/* [lock] ns of the next expiration that is not in ticks, 0: none */
	u64 interval;			/* [lock] ns, 0: once */
	u64 ticks;			/* [lock] expirations not yet read */
	bool waiting;			/* [lock] it went off, and its timer does not run */
	struct list cancel;		/* [cancel_lock] on the list of those that want to hear when the clock is set */
	_Atomic bool canceled;		/* it was, and nobody has been told */
	struct waitq wait;
};

static struct spinlock cancel_lock = SPINLOCK_INIT("timerfd_cancel", RANK_IO);
static struct list cancel_list = LIST_INIT(cancel_list);	/* [cancel_lock] */
static const struct file_ops timerfd_fops;

static bool is_realtime(const struct timerfd *t)
{
	return t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM;
}

static int clock_of(const struct file *f)
{
	return ((const struct timerfd *)f->private)->clock;
}

/* On the clock that expires is of. t->lock held. */
static u64 timer_now(const struct timerfd *t)
{
	return t->base ? realtime_ns() : ktime_ns();
}

/* t->lock held. */
static void start(struct timerfd *t)
{
	timer_start(&t->timer, t->expires | t->base);
}

/* Counts what has expired by now and moves expires on. t->lock held. */
static void count_ticks(struct timerfd *t)
{
	u64 now = timer_now(t), n = 1;

	if (!t->expires || now < t->expires)
		return;
	t->expires = t->interval ? next_period(t->expires, t->interval, now, &n) : 0;
	t->ticks += n;
}

static void timerfd_fire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);

	spin_lock(&t->lock);
	if (t->expires && timer_now(t) >= t->expires) {
		count_ticks(t);
		t->waiting = true;
	} else if (t->expires) {
		start(t);		/* the clock was set back meanwhile */
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
		start(t);
}

/*
 * How often it expired. 0, -EAGAIN: not yet; or -ECANCELED: the clock was set. A timer that went
 * off stays so then.
 */
static int take_ticks(struct timerfd *t, u64 *ticks)
{
	bool canceled = atomic_exchange(&t->canceled, false);

	spin_lock(&t->lock);
	if (canceled && t->waiting) {
		t->waiting = false;
		t->expires = 0;
	}
	go_on(t);
	*ticks = t->ticks;
	t->ticks = 0;
	spin_unlock(&t->lock);
	return canceled ? -ECANCELED : *ticks ? 0 : -EAGAIN;
}

/* Whether t is one of those that want to hear when the clock is set. */
static void set_cancel(struct timerfd *t, bool wanted)
{
	spin_lock(&cancel_lock);
	list_del(&t->cancel);
	if (wanted)
		list_add(&t->cancel, &cancel_list);
	else
		atomic_store(&t->canceled, false);
	spin_unlock(&cancel_lock);
}

void timerfd_clock_was_set(void)
{
	struct timerfd *t;

	spin_lock(&cancel_lock);
	list_for_each(t, &cancel_list, cancel) {
		atomic_store(&t->canceled, true);
		wake_up_all(&t->wait);
	}
	spin_unlock(&cancel_lock);
}

static s64 timerfd_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct timerfd *t = f->private;
	u64 ticks;
	int err, ended = 0;

	(void)pos;
	if (n < sizeof(ticks))
		return -EINVAL;
	err = take_ticks(t, &ticks);
	if (err == -EAGAIN && !(f->flags & O_NONBLOCK))
		ended = wait_event_freezable(&t->wait, (err = take_ticks(t, &ticks)) != -EAGAIN);
	if (ended || err)
		return ended ? ended : err;
	return copy_to_user(buf, &ticks, sizeof(ticks)) ? -EFAULT : (s64)sizeof(ticks);
}

/*
 * TFD_IOC_SET_TICKS: as if it had expired so often and nobody had read it. That the clock was set,
 * which is told only here then, is an expiration more.
 */
static long timerfd_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct timerfd *t = f->private;
	bool canceled;
	u64 ticks;

	if (cmd != TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (copy_from_user(&ticks, arg, sizeof(ticks)))
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	canceled = atomic_exchange(&t->canceled, false);
	spin_lock(&t->lock);
	t->ticks = canceled ? t->ticks + 1 : ticks;
	spin_unlock(&t->lock);
	wake_up_all(&t->wait);
	return canceled ? -ECANCELED : 0;
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->private;

	poll_wait(pt, &t->wait);
	return READ_ONCE(t->ticks) || atomic_load(&t->canceled) ? POLLIN | POLLRDNORM : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	set_cancel(t, false);
	spin_lock(&t->lock);
	t->expires = 0;			/* a callback that runs now does not start it again */
	spin_unlock(&t->lock);
	timer_cancel_sync(&t->timer);
	kfree(t);
}

static const struct file_ops timerfd_fops = {
	.noop_lseek = true, .read = timerfd_read, .poll = timerfd_poll, .ioctl = timerfd_ioctl,
	.release = timerfd_release,
};

/* --- system calls --- */

long sys_timerfd_create(int clock, int flags)
{
	struct timerfd *t;
	struct file *f;

	if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME &&
	    clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	if (clock_is_alarm(clock) && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	f = anon_inode_getfile("anon_inode:[timerfd]", &timerfd_fops, t, O_RDWR | ((u32)flags & O_NONBLOCK));
	if (IS_ERR(f)) {
		kfree(t);
		return PTR_ERR(f);
	}
	spin_init(&t->lock, "timerfd", RANK_IO);
	timer_setup(&t->timer, timerfd_fire);
	t->timer.alarm = clock_is_alarm(clock);
	list_init(&t->cancel);
	waitq_init(&t->wait, "timerfd");
	t->clock = clock;
	return fd_alloc(f, (u32)flags, 0);
}

static struct k_itimerspec current_setting(struct timerfd *t)
{
	struct k_itimerspec its = { 0 };
	u64 now;

	spin_lock(&t->lock);
	go_on(t);
	now = timer_now(t);
	if (t->expires)
		its.it_value = ns_to_timespec(t->expires > now ? t->expires - now : 1);
	its.it_interval = ns_to_timespec(t->interval);
	spin_unlock(&t->lock);
	return its;
}

/* 0, or -ECANCELED: it runs, but the clock was set before and nobody had been told. */
static int set_timer(struct timerfd *t, int flags, u64 value, u64 interval)
{
	bool absolute = flags & TFD_TIMER_ABSTIME;

	set_cancel(t, is_realtime(t) && absolute && flags & TFD_TIMER_CANCEL_ON_SET);
	spin_lock(&t->lock);
	t->expires = 0;
	spin_unlock(&t->lock);
	timer_cancel_sync(&t->timer);
	spin_lock(&t->lock);
	t->ticks = 0;
	t->waiting = false;
	t->interval = interval;
	/* A relative one by the plain clock does not move with it. */
	t->base = is_realtime(t) && (absolute || t->clock != CLOCK_REALTIME) ? WALL_TIME : 0;
	t->expires = !value ? 0 : absolute ? time_ns_to_host(t->clock, value) : add_ns(timer_now(t), value);
	if (value)
		start(t);
	spin_unlock(&t->lock);
	return value && atomic_exchange(&t->canceled, false) ? -ECANCELED : 0;
}

long sys_timerfd_settime(int fd, int flags, uaddr_t unew, uaddr_t uold)
{
	struct k_itimerspec its, old;
	struct fdref r;
	long err = -EINVAL;

	if (copy_from_user(&its, unew, sizeof(its)))
		return -EFAULT;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) ||
	    !timespec_valid(&its.it_value) || !timespec_valid(&its.it_interval))
		return -EINVAL;
	r = fdget(fd);
	if (!r.file)
		return -EBADF;
	if (r.file->ops == &timerfd_fops && clock_is_alarm(clock_of(r.file)) && !capable(CAP_WAKE_ALARM)) {
		err = -EPERM;
	} else if (r.file->ops == &timerfd_fops) {
		old = current_setting(r.file->private);
		err = set_timer(r.file->private, flags, timespec_to_ns(&its.it_value),
				timespec_to_ns(&its.it_interval));
		if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
			err = -EFAULT;
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
