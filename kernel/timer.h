// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers and clocks. One-shot timers on a per-CPU queue, expiring in interrupt context. Mirrors
 * Linux kernel/time/hrtimer.c.
 */
#pragma once
#include "kernel/arch.h"
#include "kernel/lock.h"

/* CLOCK_MONOTONIC in ns since boot. */
static inline u64 ktime_ns(void) { return arch_clock_ns(); }

/* Wall clock = ktime_ns() + this. */
extern _Atomic s64 realtime_offset_ns;

/*
 * In what takes a time: ns of the wall clock, not since boot. The time moves when that clock is
 * set. Those at the end of time are NO_DEADLINE.
 */
#define WALL_TIME	(1ull << 63)
static inline u64 time_since_boot(u64 time)
{
	u64 offset = (u64)atomic_load(&realtime_offset_ns);

	if (!(time & WALL_TIME))
		return time;
	time &= ~WALL_TIME;
	return time > offset ? time - offset : 0;
}

/* Zero but for fn is a timer that is not pending: so are static ones initialised. */
struct timer {
	u64 expires;			/* ns since boot */
	u64 time;			/* as it was asked for */
	void (*fn)(struct timer *t);	/* interrupt context, no lock held; may re-arm */
	unsigned cpu;			/* whose queue it is on, or was last */
	_Atomic u32 running;
	bool alarm;			/* (!) of a clock that wakes the machine */
	struct timer *child, *next, *prev;	/* [timer queue lock] pairing heap */
};
void timer_setup(struct timer *t, void (*fn)(struct timer *));
void timer_start(struct timer *t, u64 time);		/* absolute ns; re-arms if pending. Any context. */
void timers_clock_was_set(void);	/* realtime_offset_ns is another: what waits for a wall time moves */
bool timer_cancel(struct timer *t);	/* true if it was pending. Does not wait for a running callback. */
void timer_cancel_sync(struct timer *t);/* afterwards fn neither runs nor will. Not from fn; spins. */
bool timer_pending(const struct timer *t);
u64 timers_next(void);			/* this CPU's next deadline or ~0 */
u64 timers_next_alarm(void);		/* the earliest of all CPUs' alarms, or NO_DEADLINE */
void timers_init_cpu(struct cpu *c);
/* This CPU's timer interrupt comes no later than @deadline (it may come sooner). Interrupts off. */
void timer_arm(u64 deadline);
static inline void timer_arm_by(u64 deadline)
{
	if (deadline < this_cpu_field(timer_armed))
		timer_arm(deadline);
}

void fsleep(u64 usecs);				/* uninterruptible */
void msleep(unsigned ms);			/* the same */
#define HZ 100				/* unit of jiffies shown to users (times, /proc/PID/stat) */

/* ITIMER_REAL of a group; callbacks send SIGALRM. */
struct group;
/* current took a SIGALRM of its group g: a periodic timer that went off goes on. siglock held. */
void itimer_rearm(struct group *g);
void exit_itimers(struct group *g);	/* group_dead: stop them, and POSIX timers. Sleeps not. */
