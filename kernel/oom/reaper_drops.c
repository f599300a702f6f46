// SPDX-License-Identifier: GPL-2.0-only
/*
 * reaper_drops: Linux 4.6 to 4.8 (36324a990cf5, 74070542099c). As by_thread, but the reaper drops
 * the count too, for a victim it has taken the memory from, wherever that is on its way out. Taking
 * the mark off decides who of the two drops. What the victim may still do after that, the freezer's
 * second look at the users (double_check) is to find.
 */
#include "kernel/oom.h"

static void reaped(struct group *g)
{
	struct task *t;

	read_lock(&tasklist_lock);
	for_each_thread(g, t)
		oom_drop_thread(t);
	read_unlock(&tasklist_lock);
}

OOM_DESIGN(reaper_drops,
	.name = "reaper_drops",
	.claim = "the marked thread is counted until it has released its mm or the reaper has taken the memory",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,
	.reserves = oom_thread_marked,
	.exit_mm_done = oom_drop_thread,
	.reaped = reaped,
	.double_check = true);
