// SPDX-License-Identifier: GPL-2.0-only
/*
 * A limit on the machine's own time: watchdog_ms=N stops it with a panic, which names every task
 * and ends in the trace, when it has run for so long. For runs that nobody looks at; under counted
 * instructions the same run always stops at the same place.
 *
 *	/sys/kernel/debug/watchdog_ms	write N: so many milliseconds from now, in place of what there was
 */
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/timer.h"
#include "kernel/watchdog.h"

static u64 limit_ms;			/* 0: none */
static struct timer timer;

static int set_limit(const char *value)
{
	u64 ms;

	if (parse_u64(value, &ms) || !ms || ms > 86400000)
		return -EINVAL;
	WRITE_ONCE(limit_ms, ms);
	return 0;
}
PARAM("watchdog_ms", "stop the machine after so many milliseconds of its own time", set_limit);

/* From now. */
static void start(void)
{
	timer_start(&timer, ktime_ns() + READ_ONCE(limit_ms) * 1000000);
}

static s64 watchdog_store(const char *text, size_t n)
{
	int err = set_limit(text);

	if (err)
		return err;
	start();
	return (s64)n;
}
PSEUDO_FILE(debug_watchdog, .path = "/sys/kernel/debug/watchdog_ms", .mode = 0200, .store = watchdog_store);

static void bark(struct timer *t)
{
	(void)t;
	panic("watchdog: the machine has run for %lu ms of its own time", limit_ms);
}

void watchdog_init(void)
{
	timer_setup(&timer, bark);
	if (limit_ms)
		start();
}
