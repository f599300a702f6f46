// SPDX-License-Identifier: GPL-2.0-only
/*
 * no_reaper: Linux 4.0 to 4.5 (c32b3cbe0d06, the first barrier with a count of victims). As
 * by_thread, but nothing takes memory from a victim that does not get to exit, and only the marked
 * thread gets at the reserve.
 *
 * LINUX: the wait of oom_killer_disable had no limit there; here it has the freezer's.
 */
#include "kernel/oom.h"

OOM_DESIGN(no_reaper,
	.name = "no_reaper",
	.claim = "the marked thread is counted until it has released its mm, and its death alone gives the memory back",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,
	.reserves = oom_thread_marked,
	.exit_mm_done = oom_drop_thread,
	.no_reaper = true);
