// SPDX-License-Identifier: GPL-2.0-only
/*
 * group_dead: the count is dropped by the thread that do_exit calls group_dead (X3), the first
 * answer that comes to mind to "when is the last thread gone?". It is early: that thread, and any
 * other that passed X3 before, has its files still to close; and a thread between X3 and X5b can be
 * marked after the drop.
 */
#include "kernel/oom.h"

static void exit_live(struct task *t, bool dead)
{
	if (dead && tsk_is_oom_victim(t))
		oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(group_dead,
	.name = "group_dead",
	.claim = "a group is counted until the last of its threads has begun to exit",
	.mark = oom_mark_group,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_live = exit_live);
