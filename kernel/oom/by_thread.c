// SPDX-License-Identifier: GPL-2.0-only
/*
 * by_thread: Linux 4.9 to 6.17 (7d2e7a22cf27). One thread carries the mark (Linux: TIF_MEMDIE); it
 * alone is thawed and exempt, and it drops the count itself as soon as it has given up its mm
 * (X5d).
 *
 * The task's spare word is that mark. Pairing is exact: a mark needs mm under task_lock, X5b takes
 * the same lock, X5d looks after it.
 */
#include "kernel/oom.h"

static void mark(struct task *t)
{
	if (atomic_exchange(&t->oom_priv, 1))
		return;
	oom_bind_mm(t);
	oom_count_inc(t);
}

static bool exempt(struct task *t)
{
	return atomic_load(&t->oom_priv);
}

static void exit_mm_done(struct task *t)
{
	if (atomic_exchange(&t->oom_priv, 0))
		oom_count_dec(t);
}

OOM_DESIGN(by_thread,
	.name = "by_thread",
	.claim = "the marked thread is counted until it has released its mm",
	.mark = mark,
	.thaw = oom_thaw_task,
	.exempt = exempt,
	.exit_mm_done = exit_mm_done);
