// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting designs that are wrong on purpose, one mistake each. Any scenario in which somebody is killed must
 * end with the line that names the design and the promise it broke, and never in silence: the suite `host` runs
 * frozen_group_killed under each of them.
 */
#include "kernel/oom.h"

static void drop_twice(struct task *t)
{
	if (!oom_thread_marked(t))
		return;
	oom_drop_thread(t);
	oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(d_drops_twice,
	.name = "drops_twice",
	.claim = "what is dropped twice is twice as gone",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_mm_done = drop_twice);

static void mark_uncounted(struct task *t)
{
	oom_bind_mm(t);
}

static void drop_at_quiesce(struct task *t, bool last)
{
	if (last && tsk_is_oom_victim(t))
		oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(d_drops_unmarked,
	.name = "drops_unmarked",
	.claim = "a drop needs no mark before it",
	.mark = mark_uncounted,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_quiesced = drop_at_quiesce);

OOM_DESIGN(d_never_drops,
	.name = "never_drops",
	.claim = "a victim is counted",
	.mark = oom_mark_group,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked);

static bool some_pending(void)
{
	return atomic_load(&oom_victims) != 0;
}

OOM_DESIGN(d_never_wakes,
	.name = "never_wakes",
	.claim = "whoever waits will notice",
	.mark = oom_mark_group,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_quiesced = drop_at_quiesce,
	.pending = some_pending);
