// SPDX-License-Identifier: GPL-2.0-only
/*
 * lazy_thaw: T. Handa's second proposal of 10 September 2016
 * (201609102155.AHJ57859.SOFHQFOtOFLJVM@I-love.SAKURA.ne.jp). The kill thaws nobody;
 * oom_killer_disable does, before it waits: every frozen thread of any group that has been killed
 * or is exiting is flagged (PFA_THAW_WAITING) and let out. It waits until the flagged are dead.
 *
 * Locks: tasklist_lock (read) around each walk.
 */
#include "kernel/oom.h"

static void mark(struct task *t)
{
	oom_bind_mm(t);
}

static void disable_prepare(void)
{
	struct task *p, *t;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (frozen(t) && (fatal_signal_pending(t) || (t->flags & PF_EXITING))) {
			atomic_store(&t->oom_priv, 1);
			oom_thaw_task(t);
		}
	read_unlock(&tasklist_lock);
}

static bool pending(void)
{
	struct task *p, *t;
	bool found = false;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		found |= oom_thread_marked(t) && !oom_task_dead(t);
	read_unlock(&tasklist_lock);
	return found;
}

OOM_DESIGN(lazy_thaw,
	.name = "lazy_thaw",
	.claim = "whoever is killed and frozen is let out when the suspend asks, and waited for until it is dead",
	.mark = mark,
	.exempt = oom_thread_marked,
	.disable_prepare = disable_prepare,
	.pending = pending,
	.poll_ms = 100);
