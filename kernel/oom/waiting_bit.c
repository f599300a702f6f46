// SPDX-License-Identifier: GPL-2.0-only
/*
 * waiting_bit: T. Handa's proposal of 30 July 2016
 * (201607301720.GHG43737.JLVtHOOSQOFFMF@I-love.SAKURA.ne.jp). Two bits: TIF_MEMDIE opens the
 * reserve and goes with the mm (X5d); PFA_OOM_WAITING is what the count and the freezer go by, and
 * stays until the thread is dead (X19).
 *
 * The task's spare word holds both.
 */
#include "kernel/oom.h"

#define MEMDIE		1ul
#define OOM_WAITING	2ul

static void mark(struct task *t)
{
	if (oom_thread_marked(t))
		return;
	oom_bind_mm(t);
	oom_count_inc(&t->group->oom_owed);
	atomic_store(&t->oom_priv, MEMDIE | OOM_WAITING);
}

static bool exempt(struct task *t)
{
	return atomic_load(&t->oom_priv) & OOM_WAITING;
}

static bool reserves(struct task *t)
{
	return atomic_load(&t->oom_priv) & MEMDIE;
}

static void exit_mm_done(struct task *t)
{
	atomic_fetch_and(&t->oom_priv, ~MEMDIE);
}

OOM_DESIGN(waiting_bit,
	.name = "waiting_bit",
	.claim = "the marked thread is counted until it is dead, and lives on the reserve only while it has an mm",
	.mark = mark,
	.thaw = oom_thaw_task,
	.exempt = exempt,
	.reserves = reserves,
	.exit_mm_done = exit_mm_done,
	.exit_final = oom_drop_thread);
