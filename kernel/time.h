// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks, their units, and timers on processor time: between time.c, itimer.c, cpu_timers.c and
 * posix_timers.c. Mirrors Linux include/linux/posix-timers.h.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/timer.h"

struct group;
struct task;

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_USEC	1000ull
#define TICK_NSEC	(NSEC_PER_SEC / HZ)
/* Any sleep ends: ~292 years, the end of a signed count of nanoseconds. */
#define KTIME_MAX	((u64)INT64_MAX)

static inline struct k_timespec ns_to_timespec(u64 ns)
{
	return (struct k_timespec){ .tv_sec = (s64)(ns / NSEC_PER_SEC), .tv_nsec = (s64)(ns % NSEC_PER_SEC) };
}

static inline struct k_timeval ns_to_timeval(u64 ns)
{
	return (struct k_timeval){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
				   .tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

static inline bool timespec_valid(const struct k_timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < (s64)NSEC_PER_SEC;
}

/* Saturates at KTIME_MAX. Neither part is negative. */
static inline u64 to_ns(u64 sec, u64 nsec)
{
	return sec >= KTIME_MAX / NSEC_PER_SEC ? KTIME_MAX : sec * NSEC_PER_SEC + nsec;
}

/* Of a valid one. */
static inline u64 timespec_to_ns(const struct k_timespec *ts)
{
	return to_ns((u64)ts->tv_sec, (u64)ts->tv_nsec);
}

static inline u64 add_ns(u64 a, u64 b)
{
	return a > KTIME_MAX - b ? KTIME_MAX : a + b;
}

/*
 * Of times one @period apart, of which @time was one, the first after @now, which is not before it; *n:
 * how many further. At the latest KTIME_MAX: what is above has WALL_TIME's bit.
 */
static inline u64 next_period(u64 time, u64 period, u64 now, u64 *n)
{
	*n = (now - time) / period + 1;
	return add_ns(time + (*n - 1) * period, period);
}

/* time.c */
u64 realtime_ns(void);
int set_realtime(u64 ns);		/* 0, -EPERM, -EINVAL: before the machine began */
bool clock_exists(int clock);
static inline bool clock_is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

/* Those that wake the machine from suspend-to-idle: alarmtimer.c. */
static inline bool clock_is_alarm(int clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

void timerfd_clock_was_set(void);	/* timerfd.c: who asked for it hears ECANCELED */

/*
 * cpu_timers.c: a clock that shows processor time. Of a thread or of its whole group; all of it, or
 * the part in user mode.
 */
enum cpu_part { CPU_ALL, CPU_USER, NR_CPU_PARTS };

struct cpu_clock {
	struct task *task;		/* referenced */
	u8 thread;
	u8 part;			/* enum cpu_part */
};

static inline bool clock_is_cpu(int clock)
{
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}
/* 0 with a reference taken, or -EINVAL: no such clock, or none that current may see. */
int cpu_clock_get(int clock, struct cpu_clock *c);
void cpu_clock_put(struct cpu_clock *c);
u64 cpu_clock_read(const struct cpu_clock *c);		/* takes tasklist_lock (r) */
/*
 * What it showed when it was last looked at: a group's at its last tick with a timer. Any context.
 */
u64 cpu_clock_seen(const struct cpu_clock *c);

/*
 * One-shot. Goes off at a tick of who it is about; if that one is gone, never. All zero but clock
 * and fn is one that is not pending.
 */
struct cpu_timer {
	struct cpu_timer *next, **pprev;	/* [cpu_timers_lock] on the list of its task or group */
	u64 expires;				/* ns, of its clock */
	struct cpu_clock clock;			/* (!) */
	void (*fn)(struct cpu_timer *t);	/* interrupt context, tasklist_lock (r) held; may start it again */
	_Atomic u32 running;
};
void cpu_timer_start(struct cpu_timer *t, u64 expires);	/* anew if it is pending */
void cpu_timer_cancel(struct cpu_timer *t);		/* does not wait for a fn that runs */
void cpu_timer_cancel_sync(struct cpu_timer *t);	/* afterwards fn neither runs nor will; siglock not held */

/* g->cpu_watch, t->cpu_watch: what the tick looks at. */
#define CPU_WATCH_TIMERS	1u	/* a cpu_timer */
#define CPU_WATCH_ITIMERS	2u	/* ITIMER_VIRTUAL, ITIMER_PROF */
#define CPU_WATCH_LIMIT		4u	/* RLIMIT_CPU is finite */
/*
 * The tick of current t, whose or whose group's cpu_watch is set, or who is a real-time task.
 * Interrupt context.
 */
void cpu_timers_tick(struct task *t);
/*
 * ITIMER_VIRTUAL (CPU_USER) and ITIMER_PROF (CPU_ALL) of current's group, as setitimer and
 * getitimer.
 */
void cpu_itimer_set(enum cpu_part part, u64 value, u64 incr, u64 *old_value, u64 *old_incr);
void cpu_itimer_get(enum cpu_part part, u64 *value, u64 *incr);

/* posix_timers.c */
struct posix_timer;
/*
 * Its signal was taken off the queue: to be delivered with *info, or (NULL) thrown away. siglock
 * held.
 */
void posix_timer_dequeued(struct posix_timer *t, struct k_siginfo *info);
void exit_posix_timers(struct group *g);	/* deletes all of current's group. No lock held, spins. */
