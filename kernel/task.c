// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks: their references, the boot task, and what procfs asks about them. Mirrors Linux
 * init/init_task.c and parts of kernel/fork.c.
 */
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/cgroup.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"

struct rwlock tasklist_lock = RWLOCK_INIT("tasklist_lock", RANK_TASKLIST);
struct list task_list = LIST_INIT(task_list);
_Atomic u32 nr_tasks;
_Atomic u32 nr_dead_tasks;
int threads_max;

static struct kmem_cache *task_cache;

/* --- the boot task --- */

static struct group init_group = {
	.sigcnt = 1, .live = 1, .io_live = 1, .nr_threads = 1, .quick_threads = 1,
	.thread_head = LIST_INIT(init_group.thread_head),
	.shared_pending = { .queue = LIST_INIT(init_group.shared_pending.queue) },
	.forks = LIST_INIT(init_group.forks),
	.wait_chldexit = WAITQ_INIT(init_group.wait_chldexit, "wait_chldexit"),
	.wait_pidfd = WAITQ_INIT(init_group.wait_pidfd, "wait_pidfd"),
	.exec_mutex = MUTEX_INIT(init_group.exec_mutex, "exec_mutex", RANK_EXEC),
	.exec_update_mutex = MUTEX_INIT(init_group.exec_update_mutex, "exec_update_mutex", RANK_EXEC_UPDATE),
	.pgrp_node = LIST_INIT(init_group.pgrp_node),
	.oom_node = LIST_INIT(init_group.oom_node),
	.posix_timers = LIST_INIT(init_group.posix_timers),
	.leader = &init_task,
	.pid_ns = &init_pid_ns,
};

/* SIGCHLD is ignored, so that a kernel thread, a child of the boot task, is released as it dies. */
static struct sighand init_sighand = {
	.count = 1,
	.siglock = SPINLOCK_INIT("siglock", RANK_SIGHAND),
	.action = { [SIGCHLD - 1] = { .handler = K_SIG_IGN } },
};

struct task init_task = {
	.usage = 1,
	.flags = PF_KTHREAD | PF_IDLE | PF_NOFREEZE,
	.cpu = &cpus[0],
	.on_cpu = 1,
	.rq_node = LIST_INIT(init_task.rq_node),
	.affinity = ~0ull,
	.timer_slack_ns = 50000,
	.group_leader = &init_task,
	.group = &init_group,
	.sighand = &init_sighand,
	.real_parent = &init_task,
	.parent = &init_task,
	.children = LIST_INIT(init_task.children),
	.sibling = LIST_INIT(init_task.sibling),
	.thread_node = LIST_INIT(init_task.thread_node),
	.tasks = LIST_INIT(init_task.tasks),
	.ptraced = LIST_INIT(init_task.ptraced),
	.ptrace_entry = LIST_INIT(init_task.ptrace_entry),
	.comm = "swapper/0",
	.cred = { .cap_permitted = CAP_FULL_SET, .cap_effective = CAP_FULL_SET, .cap_bset = CAP_FULL_SET,
		  .user_ns = &init_user_ns },
	.pending = { .queue = LIST_INIT(init_task.pending.queue) },
	.alloc_lock = SPINLOCK_INIT("task_lock", RANK_TASK),
	.nsproxy = &init_nsproxy,
	.task_works = LIST_INIT(init_task.task_works),
	.work_lock = SPINLOCK_INIT("task_works", RANK_FILES),
	.in_syscall = -1,
};

/*
 * Linux's defaults: stack 8 MiB, core 0, files 1024 of 4096, the rest without limit; processes and
 * signals by the memory there is.
 */
static void init_limits(struct group *g)
{
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		g->rlim[i] = (struct k_rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
	g->rlim[RLIMIT_STACK].rlim_cur = 8ull << 20;
	g->rlim[RLIMIT_CORE].rlim_cur = 0;
	g->rlim[RLIMIT_NOFILE] = (struct k_rlimit64){ 1024, 4096 };
	g->rlim[RLIMIT_NPROC] = (struct k_rlimit64){ (u64)threads_max / 2, (u64)threads_max / 2 };
	g->rlim[RLIMIT_SIGPENDING] = g->rlim[RLIMIT_NPROC];
	g->rlim[RLIMIT_MEMLOCK] = (struct k_rlimit64){ 8ull << 20, 8ull << 20 };
	g->rlim[RLIMIT_MSGQUEUE] = (struct k_rlimit64){ 819200, 819200 };
	g->rlim[RLIMIT_NICE] = (struct k_rlimit64){ 0, 0 };
	g->rlim[RLIMIT_RTPRIO] = (struct k_rlimit64){ 0, 0 };
}

void task_init_boot(void)
{
	/*
	 * A thread costs about six pages (stack, struct, a little user memory); threads may take
	 * half of RAM.
	 */
	threads_max = (int)min(max(totalram_pages() / 12, 64ul), (u64)PID_LIMIT - RESERVED_PIDS);
	task_cache = kmem_cache_create("task_struct", sizeof(struct task), 64);
	group_caches_init();
	init_limits(&init_group);
	ucount_init_boot(threads_max / 2);

	pid_init_boot();
	list_add_tail(&init_task.thread_node, &init_group.thread_head);
	atomic_store(&nr_tasks, 1);
}

/* --- references --- */

struct task *task_alloc(void)
{
	struct task *t;

	might_sleep();
	if (atomic_fetch_add(&nr_tasks, 1) >= (u32)threads_max) {
		atomic_fetch_sub(&nr_tasks, 1);
		return ERR_PTR(-EAGAIN);
	}
	t = kmem_cache_alloc(task_cache, GFP_KERNEL);
	if (!t) {
		atomic_fetch_sub(&nr_tasks, 1);
		return ERR_PTR(-ENOMEM);
	}
	kmemset(t, 0, sizeof(*t));
	atomic_store_explicit(&t->state, TASK_NEW, memory_order_relaxed);
	atomic_store_explicit(&t->usage, 1, memory_order_relaxed);
	list_init(&t->rq_node);
	list_init(&t->children);
	list_init(&t->sibling);
	list_init(&t->thread_node);
	list_init(&t->tasks);
	list_init(&t->ptraced);
	list_init(&t->ptrace_entry);
	sigpending_init(&t->pending);
	spin_init(&t->alloc_lock, "task_lock", RANK_TASK);
	list_init(&t->task_works);
	spin_init(&t->work_lock, "task_works", RANK_FILES);
	t->death_told = -1;
	t->in_syscall = -1;
	t->start_time = ktime_ns();
	return t;
}

/*
 * What is left of a task by now is its memory: everything that may sleep went in do_exit,
 * everything that is linked in release_task.
 */
static void free_task(struct task *t)
{
	assert(t != &init_task && t != current);
	assert(!t->mm && !t->files && !t->fs && !t->nsproxy && !t->sysvsem && !t->io_context && !t->sighand);
	assert(list_empty(&t->thread_node) && list_empty(&t->tasks) && list_empty(&t->sibling));
	assert(list_empty(&t->ptraced) && !t->ptrace);
	assert(list_empty(&t->pending.queue) && list_empty(&t->task_works) && !t->held_mutexes);
	bool dead = t->exit_state;

	arch_thread_free(t);
	put_creds(&t->cred);
	cgroup_free(t);
	if (t->group)
		group_put(t->group);
	kmem_cache_free(task_cache, t);
	atomic_fetch_sub(&nr_tasks, 1);
	if (dead)
		atomic_fetch_sub(&nr_dead_tasks, 1);
}

void put_task(struct task *t)
{
	u32 old = atomic_fetch_sub(&t->usage, 1);

	assert_rel(old, >, 0);
	if (old == 1)
		free_task(t);
}

/*
 * A thread that has told its parent, or releases itself, still has a few steps to go: X14B to X20.
 */
void wait_for_dead_tasks(void)
{
	might_sleep();
	for (unsigned ms = 0; atomic_load(&nr_dead_tasks) && ms < 10000; ms++)
		msleep(1);
}

/*
 * A zombie leader has no mm, the threads it left behind have: every scan for an mm must look at all
 * of them.
 */
struct task *find_lock_task_mm(struct task *p)
{
	struct task *t;

	assert(rw_is_held(&tasklist_lock));
	for_each_thread(p->group, t) {
		task_lock(t);
		if (t->mm)
			return t;
		task_unlock(t);
	}
	return NULL;
}

/* --- what procfs and wait4 show --- */

char task_state_letter(const struct task *t)
{
	u32 s = atomic_load(&t->state);

	if (t->exit_state)
		return t->exit_state == EXIT_ZOMBIE ? 'Z' : 'X';
	if (s & __TASK_STOPPED)
		return 'T';
	if (s & __TASK_TRACED)
		return 't';
	if (s & TASK_INTERRUPTIBLE)
		return 'S';
	if (s & (TASK_UNINTERRUPTIBLE | TASK_FROZEN))
		return s & TASK_NOLOAD ? 'I' : 'D';
	return s & TASK_DEAD ? 'X' : 'R';
}

void sum_cputime(struct group *g, u64 *utime, u64 *stime)
{
	struct task *t;

	*utime = g->utime;
	*stime = g->stime;
	for_each_thread(g, t) {
		*utime += t->utime;
		*stime += t->stime;
	}
}

void task_cputime(struct group *g, u64 *utime, u64 *stime)
{
	read_lock(&tasklist_lock);
	sum_cputime(g, utime, stime);
	read_unlock(&tasklist_lock);
}

void group_rusage(struct task *p, struct k_rusage *r)
{
	struct group *g = p->group;
	u64 utime, stime, rss = max(g->maxrss, g->cmaxrss);
	u64 min_flt = g->min_flt + g->cmin_flt, maj_flt = g->maj_flt + g->cmaj_flt;
	u64 nvcsw = g->nvcsw + g->cnvcsw, nivcsw = g->nivcsw + g->cnivcsw;
	struct task *t;

	read_lock(&tasklist_lock);
	sum_cputime(g, &utime, &stime);
	for_each_thread(g, t) {
		min_flt += t->min_flt;
		maj_flt += t->maj_flt;
		nvcsw += t->nvcsw;
		nivcsw += t->nivcsw;
	}
	t = find_lock_task_mm(p);
	if (t) {
		rss = max(rss, max(t->mm->hiwater_rss, (u64)mm_rss(t->mm)));
		task_unlock(t);
	}
	read_unlock(&tasklist_lock);

	*r = (struct k_rusage){
		.ru_utime = ns_to_timeval(utime + g->cutime),
		.ru_stime = ns_to_timeval(stime + g->cstime),
		.ru_maxrss = (s64)(rss * (PAGE_SIZE / 1024)),
		.ru_minflt = (s64)min_flt,
		.ru_majflt = (s64)maj_flt,
		.ru_nvcsw = (s64)nvcsw,
		.ru_nivcsw = (s64)nivcsw,
	};
}
