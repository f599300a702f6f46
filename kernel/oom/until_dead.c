// SPDX-License-Identifier: GPL-2.0-only
/*
 * until_dead: "mm, oom: postpone exit_oom_victim to later" (M. Hocko, July 2016,
 * 1469734954-31247-9-git-send-email-mhocko@kernel.org). The marked thread is counted, exempt and
 * fed from the reserve until just before its last schedule (X19).
 */
#include "kernel/oom.h"

OOM_DESIGN(until_dead,
	.name = "until_dead",
	.claim = "the marked thread is counted until it is dead",
	.mark = oom_mark_thread,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,
	.reserves = oom_thread_marked,
	.exit_final = oom_drop_thread);
