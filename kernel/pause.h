// SPDX-License-Identifier: GPL-2.0-only
/*
 * A test door that holds a task up at a named point, so that a scene can force an order.
 */
#pragma once
#include "kernel/lib/types.h"

extern bool pause_armed;
void pause_slow(const char *point);

/*
 * Holds current up here if the door says so. It sleeps, or spins if it has set its state for a
 * sleep of its own. No spinlock held; mutexes may be. One predictable test as long as nobody uses
 * the door.
 */
static inline void pause_point(const char *point)
{
	if (unlikely(READ_ONCE(pause_armed)))
		pause_slow(point);
}
