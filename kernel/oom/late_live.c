// SPDX-License-Identifier: GPL-2.0-only
/*
 * late_live: thread groups are counted, as "[RFC 3/4] mm, oom: do not rely on TIF_MEMDIE for
 * exit_oom_victim" (September 2016) wants it, but the last thread is found by counting those that
 * may still do IO (group.io_live), not by who reaps whom.
 *
 * No mark is lost: the marker holds task_lock(t) with t->mm set (or is t), so t has not passed X5b,
 * hence not Q, and io_live >= 1 at the mark. t's own decrement comes after it took task_lock, and
 * the last decrement is ordered after t's.
 *
 *	marker                                  t
 *	lock(task_lock(t)), t->mm != NULL
 *	oom_mm = mm, count++
 *	unlock                                  X5b: lock(task_lock), mm = NULL
 *	                                        Q: io_live-- reaches 0: sees oom_mm, drops
 *
 * A new thread is counted under siglock after the check for a fatal signal, by a thread that is
 * itself counted: 0 is final. A thread's exemption ends at its own Q, so a later freezer pass waits
 * for it like for any exiting task (S4+).
 *
 * Only the first mark thaws. Whoever is frozen then is let out, and nobody of the group goes in
 * again, so that n threads which all ask the killer for memory cost n marks and one walk, not n
 * walks.
 *
 * Limits. Another group that shares the victim's mm is killed but not marked: if it is frozen it
 * stays so until its own thaw, and what the reaper may not take of the mm, such as shared memory,
 * stays with it (by_mm lets it out). What kernel threads do for the group after its last Q is not
 * counted: the freezer of kernel threads is to see to that. A thread that somebody holds before its
 * Q, a tracer at its exit stop or a disk, makes a suspend fail at its time limit, as it must. A
 * thread that died without passing Q would be owed for ever; here none can, since a fault in the
 * kernel stops the machine.
 *
 * A container's init dies only after all of its members, and those that a suspend has frozen die
 * when they are thawed. Init is past Q by then and no longer counted, as it can do no more IO; it
 * sleeps freezable, so that the second pass freezes it and the suspend goes through (scenario 56).
 * A design that counts it until it is reaped or unhashed ends that suspend at its time limit.
 */
#include "kernel/oom.h"

static void mark(struct task *t)
{
	if (!oom_bind_mm(t))
		return;
	oom_count_inc(&t->group->oom_owed);
	oom_thaw_group(t);
}

static bool exempt(struct task *t)
{
	return tsk_is_oom_victim(t) && !(READ_ONCE(t->flags) & PF_QUIESCED);
}

static void exit_quiesced(struct task *t, bool last)
{
	if (last && tsk_is_oom_victim(t))
		oom_count_dec(&t->group->oom_owed);
}

OOM_DESIGN(late_live,
	.name = "late_live",
	.claim = "a group is counted from its mark until its last thread can do no more IO, and no thread of it stays frozen",
	.mark = mark,
	.exempt = exempt,
	.exit_quiesced = exit_quiesced);
