// SPDX-License-Identifier: GPL-2.0-only
/*
 * reaper_ignores: T. Handa's proposal of 24 June 2016, signal->oom_ignore_victims
 * (1466766121-8164-1-git-send-email-penguin-kernel@I-love.SAKURA.ne.jp). As reaper_drops, but the
 * reaper leaves the count to the victim: once it has taken the memory, it only tells the killer not
 * to wait for that group any more.
 */
#include "kernel/oom.h"

static void reaped(struct group *g)
{
	oom_give_up_on(g, "its memory has been taken");
}

OOM_DESIGN(reaper_ignores,
	.name = "reaper_ignores",
	.claim = "the marked thread is counted until it has released its mm; a victim without memory is not waited for",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,
	.reserves = oom_thread_marked,
	.exit_mm_done = oom_drop_thread,
	.reaped = reaped);
