// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls about scheduling: policies, priorities, nice values, affinity. Mirrors Linux
 * kernel/sched/syscalls.c and the priorities of kernel/sys.c.
 *
 * Locks: tasklist_lock (r), then the rq lock of the task that is changed.
 */
#include "kernel/abi.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

/* pid 0 is current. The task referenced, or NULL. */
static struct task *task_of(int pid)
{
	return pid ? find_get_task_by_pid(pid) : get_task(current);
}

long sys_sched_yield(void)
{
	sched_yield_current();
	return 0;
}

long sys_sched_setaffinity(int pid, u32 len, uaddr_t umask)
{
	struct task *t;
	u64 mask = 0;
	int err;

	if (copy_from_user(&mask, umask, min((size_t)len, sizeof(mask))))
		return -EFAULT;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	err = t->flags & PF_KTHREAD ? -EINVAL : sched_setaffinity(t, &mask);
	put_task(t);
	return err;
}

long sys_sched_getaffinity(int pid, u32 len, uaddr_t umask)
{
	struct task *t;
	u64 mask;

	if (len < sizeof(mask) || len % sizeof(mask))
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	mask = READ_ONCE(t->affinity) & online_cpus();
	put_task(t);
	return copy_to_user(umask, &mask, sizeof(mask)) ? -EFAULT : (long)sizeof(mask);
}

long sys_getcpu(uaddr_t ucpu, uaddr_t unode)
{
	u32 cpu = this_cpu()->id, node = 0;

	if (ucpu && copy_to_user(ucpu, &cpu, sizeof(cpu)))
		return -EFAULT;
	if (unode && copy_to_user(unode, &node, sizeof(node)))
		return -EFAULT;
	return 0;
}

static bool policy_valid(int policy)
{
	return policy == SCHED_OTHER || policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

/* policy -1 keeps the present one (sched_setparam). */
static long do_setscheduler(int pid, int policy, uaddr_t uparam)
{
	struct task *t;
	s32 prio;
	bool rt;
	long err = -EINVAL;

	if (!uparam || pid < 0)
		return -EINVAL;
	if (copy_from_user(&prio, uparam, sizeof(prio)))
		return -EFAULT;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	/* LINUX: SCHED_RESET_ON_FORK is accepted; children always inherit. */
	policy = policy == -1 ? t->policy : policy & ~SCHED_RESET_ON_FORK;
	rt = policy == SCHED_FIFO || policy == SCHED_RR;
	if (policy_valid(policy) && prio >= 0 && prio <= 99 && rt == (prio != 0)) {
		sched_set_policy(t, policy, prio, t->nice);
		err = 0;
	}
	put_task(t);
	return err;
}

long sys_sched_setscheduler(int pid, int policy, uaddr_t uparam)
{
	return policy < 0 ? -EINVAL : do_setscheduler(pid, policy, uparam);
}

long sys_sched_setparam(int pid, uaddr_t uparam)
{
	return do_setscheduler(pid, -1, uparam);
}

long sys_sched_getscheduler(int pid)
{
	struct task *t;
	long policy;

	if (pid < 0)
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	policy = t->policy;
	put_task(t);
	return policy;
}

long sys_sched_getparam(int pid, uaddr_t uparam)
{
	struct task *t;
	s32 prio;

	if (!uparam || pid < 0)
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	prio = rt_policy(t->policy) ? t->rt_priority : 0;
	put_task(t);
	return copy_to_user(uparam, &prio, sizeof(prio)) ? -EFAULT : 0;
}

long sys_sched_get_priority_max(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return 99;
	return policy_valid(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

long sys_sched_get_priority_min(int policy)
{
	if (policy == SCHED_FIFO || policy == SCHED_RR)
		return 1;
	return policy_valid(policy) || policy == SCHED_DEADLINE ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(int pid, uaddr_t uts)
{
	struct k_timespec ts = { 0 };
	struct task *t;

	if (pid < 0)
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	if (t->policy != SCHED_FIFO)
		ts.tv_nsec = (s64)sched_slice(t);
	put_task(t);
	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

/* Does p count for setpriority's (which, who)? tasklist_lock held. Everybody here is user 0. */
static bool priority_match(const struct task *p, int which, int who)
{
	if (which == PRIO_PROCESS)
		return p->pid == (who ? who : current->pid);
	if (which == PRIO_PGRP)
		return p->group->pgrp == (who ? who : current->group->pgrp);
	return who == 0 && !(p->flags & PF_KTHREAD);
}

long sys_setpriority(int which, int who, int nice)
{
	struct task *p, *t;
	long err = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (priority_match(t, which, who)) {
			sched_set_policy(t, t->policy, t->rt_priority, nice);
			err = 0;
		}
	read_unlock(&tasklist_lock);
	return err;
}

/* The best of those that match, as 20 - nice so that it is never negative. */
long sys_getpriority(int which, int who)
{
	struct task *p, *t;
	long best = -ESRCH;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (priority_match(t, which, who))
			best = max(best, 20l - t->nice);
	read_unlock(&tasklist_lock);
	return best;
}
