// SPDX-License-Identifier: GPL-2.0-only
/*
 * rfc: the patch "[RFC 3/4] mm, oom: do not rely on TIF_MEMDIE for exit_oom_victim" (M. Hocko, 1
 * September 2016) to the letter. The group is counted by the winner of the cmpxchg on oom_mm, all
 * its threads are thawed and exempt for ever, and the count is dropped by the thread whose
 * exit_notify says it was the last.
 *
 * That answer stays false for most groups of several threads: see exit_notify in exit.c.
 */
#include "kernel/oom.h"

static void exit_notified(struct task *t, bool last)
{
	if (last && tsk_is_oom_victim(t))
		oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(rfc,
	.name = "rfc",
	.claim = "exit_oom_victim is called once per thread group, by the last thread, after its last device access",
	.mark = oom_mark_group,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_notified = exit_notified);
