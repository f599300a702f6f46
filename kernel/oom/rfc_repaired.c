// SPDX-License-Identifier: GPL-2.0-only
/*
 * rfc_repaired: the patch "[RFC 3/4] mm, oom: do not rely on TIF_MEMDIE for exit_oom_victim" with
 * the smallest repair: the group is dropped by the step that leaves nothing of it but a zombie
 * leader, whoever takes it and whatever the parent wants, or by the leader itself if it is the last
 * (exit_notify). A bit in the group makes that happen once.
 */
#include "kernel/oom.h"

#define COUNTED	1ul
#define DROPPED	2ul

static void mark(struct task *t)
{
	if (!oom_bind_mm(t))
		return;
	oom_count_inc(&t->group->oom_owed);
	atomic_store(&t->group->oom_priv, COUNTED);
}

static void drop_once(struct group *g)
{
	u64 counted = COUNTED;

	if (atomic_compare_exchange_strong(&g->oom_priv, &counted, DROPPED))
		oom_count_dec(&g->oom_owed);
}

static void exit_notify_locked(struct task *t)
{
	if (thread_group_leader(t) && thread_group_empty(t))
		drop_once(t->group);
}

static void unhashed(struct task *p)
{
	struct task *leader = p->group_leader;

	if (p != leader && thread_group_empty(leader) && leader->exit_state == EXIT_ZOMBIE)
		drop_once(p->group);
}

OOM_DESIGN(rfc_repaired,
	.name = "rfc_repaired",
	.claim = "a group is counted until nothing of it is hashed but a zombie leader",
	.mark = mark,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_notify_locked = exit_notify_locked,
	.unhashed = unhashed);
