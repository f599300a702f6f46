// SPDX-License-Identifier: GPL-2.0-only
/*
 * poll: T. Handa's first proposal of 10 September 2016
 * (201609101529.GCI12481.VOtOLHJQFOSMFF@I-love.SAKURA.ne.jp). Nothing is counted.
 * oom_killer_disable looks at all threads every 100 ms: one that carries the mark, or that should
 * freeze and is not frozen, is waited for. The mark goes with the mm (X5d); from there to its death
 * the thread is one of the second kind.
 *
 * Locks: tasklist_lock (read) in pending.
 */
#include "kernel/oom.h"

static void mark(struct task *t)
{
	atomic_store(&t->oom_priv, 1);
	oom_bind_mm(t);
}

static void exit_mm_done(struct task *t)
{
	atomic_store(&t->oom_priv, 0);
}

static bool pending(void)
{
	struct task *p, *t;
	bool found = false;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		found |= oom_thread_marked(t) || (freezing(t) && !frozen(t));
	read_unlock(&tasklist_lock);
	return found;
}

OOM_DESIGN(poll,
	.name = "poll",
	.claim = "no count: the suspend looks until no thread is marked and none that should be frozen runs",
	.mark = mark,
	.thaw = oom_thaw_task,
	.exempt = oom_thread_marked,
	.reserves = oom_thread_marked,
	.exit_mm_done = exit_mm_done,
	.pending = pending,
	.poll_ms = 100);
