// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM reaper: takes private memory from a victim that does not get to exit by itself, and
 * limits how long the killer waits for it. Mirrors the oom_reaper of Linux 6.1 mm/oom_kill.c: a
 * freezable kernel thread that never drops the victim count.
 *
 * Locks: mm->mmap_lock by trylock only, since the victim may sleep with it held.
 */
#include "kernel/abi.h"
#include "kernel/freezer.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/pause.h"
#include "kernel/printk.h"
#include "kernel/trace.h"

#define MSEC			1000000ull
#define REAP_DELAY		(2000 * MSEC)	/* the victim's own chance; Linux: OOM_REAPER_DELAY */
#define REAP_TRIES_END		(3000 * MSEC)	/* ten tries, one each POLL */
#define SETTLE_END		(10000 * MSEC)	/* LINUX: reaped, but files still hold memory: wait this long in all */
#define POLL			(100 * MSEC)

static struct waitq reaper_wait = WAITQ_INIT(reaper_wait, "oom_reaper");
static _Atomic bool reaping;		/* holds a group, maybe */

void wake_oom_reaper(void)
{
	wake_up_all(&reaper_wait);
}

void wait_for_oom_reaper(void)
{
	might_sleep();
	for (unsigned ms = 0; atomic_load(&reaping) && ms < 10000; ms++)
		msleep(1);
}

static void reap_step(struct group *g, u64 age)
{
	struct mm *mm = atomic_load(&g->oom_mm);

	if (age < REAP_DELAY)
		return;
	if (atomic_load(&mm->flags) & (MMF_OOM_REAPED | MMF_FREED)) {
		if (age > SETTLE_END)
			oom_give_up_on(g, "its files still hold memory");
	} else if (oom_design->no_reaper) {
		if (age > SETTLE_END)
			oom_give_up_on(g, "it does not die, and nothing takes its memory from it");
	} else if (oom_reap_mm(mm)) {
		atomic_fetch_or(&mm->flags, MMF_OOM_REAPED);
		atomic_fetch_add(&oom_freed_seq, 1);
		count_vm(VM_OOM_REAPED);
		trace(TRACE_oom_reap, g->tgid, 0);
		pr_info("oom_reaper: reaped process %d, now anon-rss:%ldkB, shmem-rss:%ldkB\n", g->tgid,
			(long)atomic_load(&mm->rss[MM_ANON]) * 4, (long)atomic_load(&mm->rss[MM_SHMEM]) * 4);
		oom_hook(reaped, g);
	} else if (age > REAP_TRIES_END) {
		oom_give_up_on(g, "its mmap_lock is not to be had");
	}
}

static void oom_reaper(void *arg)
{
	struct group *g, *next;

	(void)arg;
	set_freezable();
	for (;;) {
		wait_event_freezable(&reaper_wait, oom_victim_in_flight());
		try_to_freeze();
		atomic_store(&reaping, true);
		for (g = oom_oldest_victim(); g; g = next) {
			reap_step(g, ktime_ns() - g->oom_marked_ns);
			pause_point("oom_reaper");
			next = oom_next_victim(g);
			group_put(g);
		}
		atomic_store(&reaping, false);
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		schedule_until(ktime_ns() + POLL);
	}
}

void oom_reaper_init(void)
{
	struct task *t = kthread_run(oom_reaper, NULL, "oom_reaper");

	assert(!IS_ERR(t));
}
