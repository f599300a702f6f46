// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks and sleeping. Mirrors Linux kernel/time: time.c, posix-timers.c and the sleeps of
 * hrtimer.c.
 *
 * Locks: none. What the wall clock is ahead of the monotonic one is an atomic; ntp.c changes it.
 */
#include "kernel/entry.h"
#include "kernel/ntp.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/time_namespace.h"

_Atomic s64 realtime_offset_ns;
static struct k_timezone timezone;		/* what settimeofday said last; nothing here goes by it */

/* ---- times in user memory ---- */

/* 0, -EFAULT or -EINVAL. */
static int get_timespec(uaddr_t uts, u64 *ns)
{
	struct k_timespec ts;

	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	*ns = timespec_to_ns(&ts);
	return 0;
}

static int put_timespec(uaddr_t uts, u64 ns)
{
	struct k_timespec ts = ns_to_timespec(ns);

	return put_user_pair(uts, (u64)ts.tv_sec, (u64)ts.tv_nsec);
}

/* ---- clocks ---- */

u64 realtime_ns(void)
{
	if (unlikely(READ_ONCE(ntp_active)))
		return ntp_realtime_ns();
	return ktime_ns() + (u64)atomic_load(&realtime_offset_ns);
}

static int read_cpu_clock(int clock, u64 *ns)
{
	struct cpu_clock c;
	int err = cpu_clock_get(clock, &c);

	if (err)
		return err;
	*ns = cpu_clock_read(&c);
	cpu_clock_put(&c);
	return 0;
}

/* LINUX: the coarse clocks are as fine as the others. */
static inline int clock_read(int clock, u64 *ns)
{
	if (likely(clock == CLOCK_MONOTONIC)) {
		*ns = ktime_ns() + (u64)current->time_offsets.monotonic;
		return 0;
	}
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
		*ns = realtime_ns();
		return 0;
	case CLOCK_TAI:
		*ns = realtime_ns() + (u64)READ_ONCE(tai_offset) * NSEC_PER_SEC;
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
		*ns = ktime_ns() + (u64)current->time_offsets.monotonic;
		return 0;
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = ktime_ns() + (u64)current->time_offsets.boottime;
		return 0;
	}
	return clock_is_cpu(clock) ? read_cpu_clock(clock, ns) : -EINVAL;
}

long sys_clock_gettime(int clock, uaddr_t uts)
{
	u64 ns;
	int err = clock_read(clock, &ns);

	return err ? err : put_timespec(uts, ns);
}

/* Two of the processor clocks go by ticks in Linux, and say so. */
static u64 resolution(int clock)
{
	if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return TICK_NSEC;
	return clock < 0 && (clock & CPUCLOCK_CLOCK_MASK) != CPUCLOCK_SCHED ? TICK_NSEC : 1;
}

long sys_clock_getres(int clock, uaddr_t uts)
{
	u64 ns;
	int err = clock_read(clock, &ns);

	return err || !uts ? err : put_timespec(uts, resolution(clock));
}

bool clock_exists(int clock)
{
	u64 ns;

	return !clock_read(clock, &ns);
}

/* As on Linux a machine may be up for thirty years after it: no time is ever behind KTIME_MAX. */
#define SETTOD_SEC_MAX	(KTIME_MAX / NSEC_PER_SEC - 30ull * 365 * 24 * 3600)

int set_realtime(u64 ns)
{
	if (ns / NSEC_PER_SEC >= SETTOD_SEC_MAX)
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (ns < ktime_ns())
		return -EINVAL;
	ntp_set_realtime(ns);
	timers_clock_was_set();
	timerfd_clock_was_set();
	return 0;
}

long sys_clock_settime(int clock, uaddr_t uts)
{
	u64 ns;
	int err;

	if (clock < 0) {
		err = read_cpu_clock(clock, &ns);
		return err ? err : -EPERM;
	}
	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = get_timespec(uts, &ns);
	return err ? err : set_realtime(ns);
}

long sys_gettimeofday(uaddr_t utv, uaddr_t utz)
{
	struct k_timeval tv = ns_to_timeval(realtime_ns());

	if (utv && copy_to_user(utv, &tv, sizeof(tv)))
		return -EFAULT;
	if (utz && copy_to_user(utz, &timezone, sizeof(timezone)))
		return -EFAULT;
	return 0;
}

long sys_settimeofday(uaddr_t utv, uaddr_t utz)
{
	struct k_timezone tz;
	struct k_timeval tv;

	if (utv && copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (utv && (tv.tv_usec < 0 || tv.tv_usec >= 1000000))
		return -EINVAL;
	if (utz && copy_from_user(&tz, utz, sizeof(tz)))
		return -EFAULT;
	if (utv && tv.tv_sec < 0)
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (utz) {
		if (tz.tz_minuteswest > 15 * 60 || tz.tz_minuteswest < -15 * 60)
			return -EINVAL;
		timezone = tz;
	}
	return utv ? set_realtime(to_ns((u64)tv.tv_sec, (u64)tv.tv_usec * NSEC_PER_USEC)) : 0;
}

long sys_time(uaddr_t ut)
{
	s64 now = (s64)(realtime_ns() / NSEC_PER_SEC);

	if (ut && copy_to_user(ut, &now, sizeof(now)))
		return -EFAULT;
	return now;
}

/* ---- sleeping ---- */

void fsleep(u64 usecs)
{
	u64 deadline = ktime_ns() + usecs * NSEC_PER_USEC;

	might_sleep();
	do
		set_current_state(TASK_UNINTERRUPTIBLE);
	while (schedule_until(deadline));
}

void msleep(unsigned ms)
{
	fsleep(ms * 1000ull);
}

/* 0 at the deadline, -ERESTARTSYS if a signal came first. A task asleep here freezes in place. */
static int sleep_until(u64 deadline)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (signal_pending(current))
			break;
		if (!schedule_until(deadline))
			return 0;
	}
	__set_current_state(TASK_RUNNING);
	return ktime_ns() >= time_since_boot(deadline) ? 0 : -ERESTARTSYS;
}

/* Relative sleep to @rb->deadline, remaining time to @rb->a if interrupted. */
static long nanosleep_restart(struct restart_block *rb)
{
	u64 deadline = rb->deadline, now;

	if (!sleep_until(deadline))
		return 0;
	now = ktime_ns();
	if (rb->a && put_timespec(rb->a, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_relative(u64 ns, uaddr_t urem)
{
	struct restart_block *rb = &current->restart;

	rb->fn = nanosleep_restart;
	rb->deadline = add_ns(ktime_ns(), ns);
	rb->a = urem;
	return nanosleep_restart(rb);
}

long sys_nanosleep(uaddr_t ureq, uaddr_t urem)
{
	u64 ns;
	int err = get_timespec(ureq, &ns);

	return err ? err : sleep_relative(ns, urem);
}

/* ---- sleeping on processor time ---- */

struct cpu_sleeper {
	struct cpu_timer timer;
	struct task *task;
	_Atomic bool woken;
};

static void cpu_sleeper_fn(struct cpu_timer *t)
{
	struct cpu_sleeper *s = container_of(t, struct cpu_sleeper, timer);

	atomic_store(&s->woken, true);
	wake_up_process(s->task);
}

/* Until c shows deadline: 0, or -ERESTARTSYS with what is left in *left. */
static int cpu_sleep_until(const struct cpu_clock *c, u64 deadline, u64 *left)
{
	struct cpu_sleeper s = { .timer = { .clock = *c, .fn = cpu_sleeper_fn }, .task = current };
	u64 now;

	cpu_timer_start(&s.timer, deadline);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (atomic_load(&s.woken) || signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	cpu_timer_cancel_sync(&s.timer);
	now = cpu_clock_read(c);
	*left = deadline > now ? deadline - now : 0;
	return *left && !atomic_load(&s.woken) ? -ERESTARTSYS : 0;
}

static long cpu_nanosleep_restart(struct restart_block *rb)
{
	struct cpu_clock c;
	int err = cpu_clock_get((int)rb->c, &c);
	u64 left;

	if (err)
		return err;
	err = cpu_sleep_until(&c, rb->deadline, &left);
	cpu_clock_put(&c);
	if (!err)
		return 0;
	if (rb->a && put_timespec(rb->a, left))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long cpu_nanosleep(int clock, int flags, u64 ns, uaddr_t urem)
{
	struct restart_block *rb = &current->restart;
	struct cpu_clock c;
	bool own;
	int err;
	u64 left;

	err = cpu_clock_get(clock, &c);
	if (err)
		return err;
	own = c.thread && c.task == current;
	left = cpu_clock_read(&c);
	if (!own && flags & TIMER_ABSTIME)
		err = cpu_sleep_until(&c, ns, &left) ? -ERESTARTNOHAND : 0;
	cpu_clock_put(&c);
	if (own)
		return -EINVAL;
	if (flags & TIMER_ABSTIME)
		return err;
	rb->fn = cpu_nanosleep_restart;
	rb->deadline = add_ns(left, ns);
	rb->a = urem;
	rb->c = (u64)clock;
	return cpu_nanosleep_restart(rb);
}

static int clock_sleep_allowed(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_THREAD_CPUTIME_ID:	/* a thread cannot wait for its own time to pass */
		return -EOPNOTSUPP;
	}
	return clock_is_cpu(clock) ? 0 : -EINVAL;
}

long sys_clock_nanosleep(int clock, int flags, uaddr_t ureq, uaddr_t urem)
{
	u64 ns;
	int err = clock_sleep_allowed(clock);

	if (!err)
		err = get_timespec(ureq, &ns);
	if (err)
		return err;
	if (clock_is_cpu(clock))
		return cpu_nanosleep(clock, flags, ns, urem);
	if (clock_is_alarm(clock) && flags & ~TIMER_ABSTIME)
		return -EINVAL;
	if (clock_is_alarm(clock) && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, urem);
	ns = time_ns_to_host(clock, ns) | (clock_is_realtime(clock) ? WALL_TIME : 0);
	return sleep_until(ns) ? -ERESTARTNOHAND : 0;
}
