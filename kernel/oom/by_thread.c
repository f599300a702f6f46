// SPDX-License-Identifier: GPL-2.0-only
/*
 * by_thread: Linux 4.9 to 6.17 (7d2e7a22cf27). One thread carries the mark (Linux: TIF_MEMDIE); it
 * alone is thawed and exempt, and it drops the count itself as soon as it has given up its mm
 * (X5d).
 *
 * Pairing is exact: a mark needs mm under task_lock, X5b takes the same lock, X5d looks after it.
 */
#include "kernel/oom.h"

OOM_DESIGN(by_thread,
	.name = "by_thread",
	.claim = "the marked thread is counted until it has released its mm",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,
	.exit_mm_done = oom_drop_thread);
