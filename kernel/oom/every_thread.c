// SPDX-License-Identifier: GPL-2.0-only
/*
 * every_thread: each thread of the victim is counted, from the mark of its group to its own last IO
 * (Q). The patch's premise, that the threads of a dying group cannot be counted, is stronger than
 * it need be: after SIGKILL no thread is added.
 *
 *	marker, tasklist_lock held              the thread
 *	count++
 *	old = word | MARKED                     Q: old = word | DONE
 *	DONE was there: count--                 MARKED was there: count--
 *
 * Whoever comes second sees the other's bit, so one of the two takes the count back, and only one.
 */
#include "kernel/oom.h"

#define MARKED	1ul
#define DONE	2ul

static void mark_one(struct task *t)
{
	_Atomic s32 *owed = &t->group->oom_owed;

	if (atomic_load(&t->oom_priv) & MARKED)
		return;
	oom_count_inc(owed);
	if (atomic_fetch_or(&t->oom_priv, MARKED) & DONE)
		oom_count_dec(owed);
}

static void mark(struct task *t)
{
	struct task *s;

	oom_bind_mm(t);
	for_each_thread(t->group, s)
		mark_one(s);
}

static bool exempt(struct task *t)
{
	return atomic_load(&t->oom_priv) == MARKED;
}

static void exit_quiesced(struct task *t, bool last)
{
	(void)last;
	if (atomic_fetch_or(&t->oom_priv, DONE) & MARKED)
		oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(every_thread,
	.name = "every_thread",
	.claim = "every thread of a victim is counted until it can do no more IO, and none stays frozen",
	.mark = mark,
	.thaw = oom_thaw_group,
	.exempt = exempt,
	.exit_quiesced = exit_quiesced);
