// SPDX-License-Identifier: GPL-2.0-only
/* The wall clock is kept in step with a better one. Mirrors Linux kernel/time/ntp_internal.h. */
#pragma once
#include "kernel/lib/types.h"

/*
 * It goes faster or slower than the machine's own, or a second is about to be left out:
 * realtime_offset_ns is not all.
 */
extern bool ntp_active;
extern int tai_offset;			/* seconds that CLOCK_TAI is ahead of the wall clock. Plain loads and stores. */

u64 ntp_realtime_ns(void);		/* realtime_ns() while ntp_active. Any context. */
void ntp_set_realtime(u64 ns);		/* somebody set the clock: what was known of it is over. Any context. */
void __ntp_tick(void);
static inline void ntp_tick(void)	/* interrupt context */
{
	if (unlikely(READ_ONCE(ntp_active)))
		__ntp_tick();
}
