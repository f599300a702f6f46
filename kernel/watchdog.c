// SPDX-License-Identifier: GPL-2.0-only
/*
 * A limit on the machine's own time: watchdog_ms=N stops it with a panic, which names every task and ends in the
 * trace, when it has run for so long. For runs that nobody looks at; under counted instructions the same run
 * always stops at the same place.
 */
#include "kernel/abi.h"
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/timer.h"
#include "kernel/watchdog.h"

static u64 limit_ms;			/* 0: none */
static struct timer timer;

static int set_limit(const char *value)
{
	return parse_u64(value, &limit_ms) || !limit_ms || limit_ms > 86400000 ? -EINVAL : 0;
}
PARAM("watchdog_ms", "stop the machine after so many milliseconds of its own time", set_limit);

static void bark(struct timer *t)
{
	(void)t;
	panic("watchdog: the machine has run for %lu ms of its own time", limit_ms);
}

void watchdog_init(void)
{
	timer_setup(&timer, bark);
	if (limit_ms)
		timer_start(&timer, ktime_ns() + limit_ms * 1000000);
}
