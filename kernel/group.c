// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a thread group and of a handler table. Mirrors the ends of Linux kernel/fork.c that
 * deal with signal_struct and sighand_struct.
 *
 * A group's memory is held by each task_struct that points at it (sigcnt), by pidfds and by the OOM
 * killer's list of victims, so t->group can be read as long as t can. How many of its threads are
 * hashed, alive, or may still do IO are other counts: see struct group.
 */
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "kernel/time.h"

static struct kmem_cache *group_cache, *sighand_cache;

void group_caches_init(void)
{
	group_cache = kmem_cache_create("signal_struct", sizeof(struct group), 64);
	sighand_cache = kmem_cache_create("sighand_struct", sizeof(struct sighand), 64);
}

/* As its leader's task_lock protects them. */
static void copy_limits(struct group *g, const struct task *like)
{
	struct task *leader = like->group_leader;

	task_lock(leader);
	kmemcpy(g->rlim, like->group->rlim, sizeof(g->rlim));
	task_unlock(leader);
	if (g->rlim[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY)
		atomic_store(&g->cpu_watch, CPU_WATCH_LIMIT);
}

/*
 * The counts of threads are zero until publish() adds the first one. Nobody has set oom_mm: a child
 * is no victim.
 */
struct group *group_alloc(const struct task *like)
{
	struct group *g;

	might_sleep();
	g = kmem_cache_alloc(group_cache, GFP_KERNEL);
	if (!g)
		return NULL;
	kmemset(g, 0, sizeof(*g));
	atomic_store_explicit(&g->sigcnt, 1, memory_order_relaxed);
	list_init(&g->thread_head);
	sigpending_init(&g->shared_pending);
	list_init(&g->forks);
	waitq_init(&g->wait_chldexit, "wait_chldexit");
	waitq_init(&g->wait_pidfd, "wait_pidfd");
	mutex_init(&g->exec_mutex, "exec_mutex", RANK_EXEC);
	mutex_init(&g->exec_update_mutex, "exec_update_mutex", RANK_EXEC_UPDATE);
	list_init(&g->pgrp_node);
	list_init(&g->oom_node);
	list_init(&g->posix_timers);
	g->oom_score_adj = like->group->oom_score_adj;
	g->oom_score_adj_min = like->group->oom_score_adj_min;
	copy_limits(g, like);
	return g;
}

void group_put(struct group *g)
{
	u32 old = atomic_fetch_sub(&g->sigcnt, 1);

	assert_rel(old, >, 0);
	if (old > 1)
		return;
	assert_eq(g->nr_threads, 0);
	assert_eq(atomic_load(&g->live), 0);
	assert_eq(atomic_load(&g->io_live), 0);
	assert(list_empty(&g->shared_pending.queue) && list_empty(&g->pgrp_node) && list_empty(&g->oom_node));
	if (atomic_load(&g->oom_mm))
		oom_group_free(g);
	put_pid(g->pid);
	if (g->pid_ns)
		pid_ns_put(g->pid_ns);
	kmem_cache_free(group_cache, g);
}

struct sighand *sighand_alloc(void)
{
	struct sighand *s;

	might_sleep();
	s = kmem_cache_alloc(sighand_cache, GFP_KERNEL);
	if (!s)
		return NULL;
	atomic_store_explicit(&s->count, 1, memory_order_relaxed);
	spin_init(&s->siglock, "siglock", RANK_SIGHAND);
	return s;
}

void sighand_put(struct sighand *s)
{
	u32 old = atomic_fetch_sub(&s->count, 1);

	assert_rel(old, >, 0);
	if (old == 1)
		kmem_cache_free(sighand_cache, s);
}
