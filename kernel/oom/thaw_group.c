// SPDX-License-Identifier: GPL-2.0-only
/*
 * thaw_group: Linux 6.18 (59d4d36158ba). The whole process is thawed and exempt, for ever; but
 * still one thread carries the mark, and drops the count when it has given up its mm (X5d).
 */
#include "kernel/oom.h"

OOM_DESIGN(thaw_group,
	.name = "thaw_group",
	.claim = "the whole group leaves the refrigerator, and its marked thread is counted until it has released its mm",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_group,
	.exempt = oom_group_marked,
	.exit_mm_done = oom_drop_thread);
