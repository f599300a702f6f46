// SPDX-License-Identifier: GPL-2.0-only
/*
 * Freeze, thaw, the refrigerator. Mirrors Linux 6.1 kernel/freezer.c and kernel/power/process.c:
 * frozen is a task state.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/task.h"

extern struct spinlock freezer_lock;
extern _Atomic u32 system_freezing_cnt;	/* freezing conditions in effect: the fast test */
extern _Atomic bool pm_freezing;	/* user tasks freeze */
extern _Atomic bool pm_nosig_freezing;	/* freezable kernel threads too */
extern u32 freeze_timeout_msecs;	/* /sys/power/pm_freeze_timeout */

bool freezing_slow_path(struct task *t);
/* Should t freeze? Any context, lock-free. */
static inline bool freezing(struct task *t)
{
	return atomic_load_explicit(&system_freezing_cnt, memory_order_acquire) && freezing_slow_path(t);
}
static inline bool frozen(const struct task *t) { return atomic_load(&t->state) & TASK_FROZEN; }
/* Stays in the refrigerator while freezing(current). true if it froze. Sleeps; no lock held. */
bool __refrigerator(void);
static inline bool try_to_freeze(void) { return freezing(current) && __refrigerator(); }
/* Makes t freeze if it should; true: not frozen yet. Any context. */
bool freeze_task(struct task *t);
/* Lets t out of the refrigerator unless it still has to freeze. Any context. */
void __thaw_task(struct task *t);

/*
 * The passes. 0, -EBUSY (tasks named in the log), -EINTR. On failure everything is undone. Sleep.
 */
int freeze_processes(void);
int freeze_kernel_threads(void);
void thaw_processes(void);
void thaw_kernel_threads(void);
