// SPDX-License-Identifier: GPL-2.0-only
/*
 * last_release: the count is dropped when the leader is unhashed, which is always last; by whoever
 * does that, hence in any context. It depends on the parent, or the tracer, to reap.
 */
#include "kernel/oom.h"

/* The former leader that an exec releases is no leader any more. */
static void unhashed(struct task *p)
{
	if (thread_group_leader(p) && tsk_is_oom_victim(p))
		oom_count_dec(&p->group->oom_owed);
}

OOM_DESIGN(last_release,
	.name = "last_release",
	.claim = "a group is counted until its leader has been reaped",
	.mark = oom_mark_group,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.unhashed = unhashed);
