// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers on CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM wake the machine from suspend-to-idle.
 * Mirrors Linux kernel/time/alarmtimer.c: a device that refuses a suspend which would be over at
 * once. Being the first one registered it is the last to suspend. LINUX: a clock_nanosleep on these
 * clocks wakes nobody.
 */
#include "kernel/pm.h"
#include "kernel/task.h"
#include "kernel/time.h"

#define TOO_SOON	(2 * NSEC_PER_SEC)

static void ring(struct timer *t)
{
	(void)t;
	pm_wakeup();
}

static struct timer rtc = { .fn = ring };

static int alarmtimer_suspend(void)
{
	u64 next = timers_next_alarm();

	if (next == NO_DEADLINE)
		return 0;
	if (next < ktime_ns() + TOO_SOON)
		return -EBUSY;
	timer_start(&rtc, next);
	return 0;
}

static void alarmtimer_resume(void)
{
	timer_cancel(&rtc);
}
PM_DEVICE(alarmtimer_pm, .name = "alarmtimer", .suspend = alarmtimer_suspend, .resume = alarmtimer_resume);
