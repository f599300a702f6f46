// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies, priorities, nice values, affinity: how a task's are changed, and the system calls.
 * Mirrors that part of Linux kernel/sched/core.c and the priorities of kernel/sys.c.
 *
 * Locks: tasklist_lock (r), then the rq lock of the task that is changed.
 */
#include "kernel/abi.h"
#include "kernel/futex.h"
#include "kernel/mm/mm.h"
#include "kernel/rq.h"

/* ---- a task that may be queued is changed ---- */

/* t leaves its CPU if that is not allowed any more. rq locked; unlocks. */
static void set_affinity(struct rq *rq, struct task *t, u64 allowed)
{
	assert_held(&rq->lock);
	t->affinity = allowed;
	if (t->affinity & cpu_bit(rq->cpu)) {
		spin_unlock(&rq->lock);
	} else if (!list_empty(&t->rq_node)) {
		rq_move(rq, select_rq(t), t);
	} else if (rq->curr == t) {
		resched_curr(rq);
		spin_unlock(&rq->lock);
		if (t == current)
			schedule();
	} else {
		spin_unlock(&rq->lock);		/* asleep or between queues: the way back looks at the mask */
	}
}

int sched_setaffinity(struct task *t, const u64 *mask)
{
	u64 allowed = *mask & online_cpus();
	struct rq *rq;

	might_sleep();
	if (!allowed)
		return -EINVAL;
	rq = task_rq_lock(t);
	if (t->visit_return) {
		t->visit_return = allowed;
		spin_unlock(&rq->lock);
	} else {
		set_affinity(rq, t, allowed);
	}
	return 0;
}

u64 sched_getaffinity(struct task *t)
{
	struct rq *rq = task_rq_lock(t);
	u64 mask = t->visit_return ? t->visit_return : t->affinity;

	spin_unlock(&rq->lock);
	return mask & online_cpus();
}

void sched_visit(u64 cpus)
{
	struct task *t = current;
	struct rq *rq;
	u64 back;

	might_sleep();
	rq = task_rq_lock(t);
	t->visit_return = t->affinity;
	spin_unlock(&rq->lock);
	for (unsigned i = 0; i < nr_cpus; i++)
		if (cpus & online_cpus() & 1ull << i)
			set_affinity(task_rq_lock(t), t, 1ull << i);
	rq = task_rq_lock(t);
	back = t->visit_return;
	t->visit_return = 0;
	set_affinity(rq, t, back);
}

/* Around a change of what the queue goes by. rq locked. True: t was queued. */
static bool change_begin(struct rq *rq, struct task *t)
{
	bool queued = !list_empty(&t->rq_node);

	assert_held(&rq->lock);
	if (queued)
		rq_unqueue(rq, t);
	return queued;
}

/* Unlocks. */
static void change_end(struct rq *rq, struct task *t, bool queued)
{
	assert_held(&rq->lock);
	t->prio = max(t->rt_priority, t->pi_prio);
	t->linux_prio = linux_prio(t);
	if (queued)
		rq_queue_tail(rq, t);
	if (rq->curr == t) {
		t->slice_end = 0;
		rq->curr_prio = t->prio;
	}
	if (rq->nr_queued)
		resched_curr(rq);
	spin_unlock(&rq->lock);
	if (atomic_load(&rt_waiting))
		rt_balance(this_cpu_field(rq));
}

void sched_set_nice(struct task *t, int nice)
{
	struct rq *rq = task_rq_lock(t);
	bool queued = change_begin(rq, t);

	t->nice = nice;
	t->slice = sched_slice(t);
	change_end(rq, t, queued);
}

void sched_boost(struct task *t, int prio)
{
	struct rq *rq = task_rq_lock(t);
	bool queued = change_begin(rq, t);

	t->pi_prio = prio;
	change_end(rq, t, queued);
}

/* ---- system calls ---- */

/* pid 0 is current. The task referenced, or NULL. */
static struct task *task_of(int pid)
{
	return pid ? find_get_task_by_vpid(pid) : get_task(current);
}

static bool same_owner(const struct task *t)
{
	u32 euid = current->cred.euid;

	return euid == READ_ONCE(t->cred.euid) || euid == READ_ONCE(t->cred.uid);
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
	if (t->flags & PF_KTHREAD)
		err = -EINVAL;
	else if (!same_owner(t) && !task_ns_capable(t, CAP_SYS_NICE))
		err = -EPERM;
	else
		err = sched_setaffinity(t, &mask);
	put_task(t);
	return err;
}

long sys_sched_getaffinity(int pid, u32 len, uaddr_t umask)
{
	struct task *t;
	u64 mask;

	if (len * 8 < 64 || len % sizeof(mask))	/* in bits, of which there may be none left */
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	mask = sched_getaffinity(t);
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
	return policy == SCHED_OTHER || policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_BATCH ||
	       policy == SCHED_IDLE;
}

static bool can_nice(const struct task *t, int nice)
{
	return capable(CAP_SYS_NICE) || (u64)(20 - nice) <= READ_ONCE(t->group->rlim[RLIMIT_NICE].rlim_cur);
}

/* What t is to become. */
struct wish {
	int policy;		/* KEEP_POLICY: as it is */
	int prio;
	int nice;		/* KEEP_NICE: as it is, which is no better than any */
	bool reset_on_fork, keep_params;
};
#define KEEP_POLICY	(-1)
#define KEEP_NICE	20

/* More rights than t's owner has without CAP_SYS_NICE? */
static bool needs_privilege(const struct task *t, const struct wish *w)
{
	u64 most = READ_ONCE(t->group->rlim[RLIMIT_RTPRIO].rlim_cur);

	if (!same_owner(t) || (t->reset_on_fork && !w->reset_on_fork))
		return true;
	if (rt_policy(w->policy))
		return (w->policy != t->policy && !most) || (w->prio > t->rt_priority && (u64)w->prio > most);
	if (t->policy == SCHED_IDLE && w->policy != SCHED_IDLE && !can_nice(t, t->nice))
		return true;
	return w->policy != SCHED_IDLE && w->nice < t->nice && !can_nice(t, w->nice);
}

/* Fills in what w leaves as it is, and says whether current may do that to t. rq of t locked. */
static int complete_wish(struct rq *rq, const struct task *t, struct wish *w)
{
	assert_held(&rq->lock);
	if (w->policy == KEEP_POLICY) {
		w->policy = t->policy;
		w->reset_on_fork = t->reset_on_fork;
	}
	if (w->keep_params) {
		w->prio = rt_policy(w->policy) ? t->rt_priority : 0;
		w->nice = KEEP_NICE;
	}
	if (!policy_valid(w->policy) || w->prio < 0 || w->prio > MAX_RT_PRIO || rt_policy(w->policy) != (w->prio != 0))
		return -EINVAL;
	return needs_privilege(t, w) && !capable(CAP_SYS_NICE) ? -EPERM : 0;
}

static int set_scheduler(struct task *t, struct wish w)
{
	struct rq *rq = task_rq_lock(t);
	int err = complete_wish(rq, t, &w);
	bool queued;

	if (!err)
		t->reset_on_fork = w.reset_on_fork;
	if (err || w.keep_params) {		/* with them stays the policy */
		spin_unlock(&rq->lock);
		return err;
	}
	queued = change_begin(rq, t);
	t->policy = w.policy;
	t->rt_priority = w.prio;
	if (w.nice != KEEP_NICE && !rt_policy(w.policy) && w.policy != SCHED_IDLE)
		t->nice = w.nice;
	t->slice = sched_slice(t);
	change_end(rq, t, queued);
	/* See enqueue in futex_pi.c: the new prio is seen there, or the waiter here. */
	atomic_thread_fence(memory_order_seq_cst);
	if (READ_ONCE(t->pi_waiter))
		futex_pi_adjust(t);
	return 0;
}

/* policy KEEP_POLICY is sched_setparam. */
static long do_setscheduler(int pid, int policy, uaddr_t uparam)
{
	struct wish w = { .policy = policy, .nice = KEEP_NICE };
	struct task *t;
	s32 prio;
	long err;

	if (!uparam || pid < 0)
		return -EINVAL;
	if (copy_from_user(&prio, uparam, sizeof(prio)))
		return -EFAULT;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	if (policy != KEEP_POLICY) {
		w.policy = policy & ~SCHED_RESET_ON_FORK;
		w.reset_on_fork = policy & SCHED_RESET_ON_FORK;
	}
	w.prio = prio;
	err = set_scheduler(t, w);
	put_task(t);
	return err;
}

long sys_sched_setscheduler(int pid, int policy, uaddr_t uparam)
{
	return policy < 0 ? -EINVAL : do_setscheduler(pid, policy, uparam);
}

long sys_sched_setparam(int pid, uaddr_t uparam)
{
	return do_setscheduler(pid, KEEP_POLICY, uparam);
}

/* The struct at uattr, of whatever version. */
static long attr_from_user(uaddr_t uattr, struct k_sched_attr *a)
{
	const u32 known = sizeof(*a);
	u32 size;
	u8 more;

	*a = (struct k_sched_attr){ 0 };
	if (copy_from_user(&size, uattr, sizeof(size)))
		return -EFAULT;
	if (!size)
		size = SCHED_ATTR_SIZE_VER0;
	if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		goto too_big;
	if (copy_from_user(a, uattr, min(size, known)))
		return -EFAULT;
	for (u32 i = known; i < size; i++) {
		if (copy_from_user(&more, uattr + i, 1))
			return -EFAULT;
		if (more)
			goto too_big;
	}
	return 0;
too_big:
	return copy_to_user(uattr + offsetof(struct k_sched_attr, size), &known, sizeof(known)) ? -EFAULT : -E2BIG;
}

/*
 * LINUX: SCHED_DEADLINE is refused, and so are bounds on utilisation, as by a kernel without them.
 */
long sys_sched_setattr(int pid, uaddr_t uattr, u32 flags)
{
	struct k_sched_attr a;
	struct wish w;
	struct task *t;
	long err;

	if (!uattr || pid < 0 || flags)
		return -EINVAL;
	err = attr_from_user(uattr, &a);
	if (err)
		return err;
	if ((s32)a.sched_policy < 0)
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	w = (struct wish){
		.policy = a.sched_flags & SCHED_FLAG_KEEP_POLICY ? KEEP_POLICY : (int)a.sched_policy,
		.prio = a.sched_priority > MAX_RT_PRIO ? -1 : (int)a.sched_priority,
		.nice = max(-20, min(a.sched_nice, 19)),
		.reset_on_fork = a.sched_flags & SCHED_FLAG_RESET_ON_FORK,
		.keep_params = a.sched_flags & SCHED_FLAG_KEEP_PARAMS,
	};
	if (a.sched_flags & ~(u64)SCHED_FLAG_ALL)
		err = -EINVAL;
	else if (a.sched_flags & SCHED_FLAG_UTIL_CLAMP)
		err = -EOPNOTSUPP;
	else
		err = set_scheduler(t, w);
	put_task(t);
	return err;
}

long sys_sched_getattr(int pid, uaddr_t uattr, u32 usize, u32 flags)
{
	struct k_sched_attr a = { .size = min(usize, (u32)sizeof(a)) };
	struct task *t;

	if (!uattr || pid < 0 || flags || usize > PAGE_SIZE || usize < SCHED_ATTR_SIZE_VER0)
		return -EINVAL;
	t = task_of(pid);
	if (!t)
		return -ESRCH;
	a.sched_policy = (u32)t->policy;
	a.sched_flags = t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
	if (rt_policy(t->policy))
		a.sched_priority = (u32)t->rt_priority;
	else
		a.sched_nice = t->nice;
	put_task(t);
	return copy_to_user(uattr, &a, a.size) ? -EFAULT : 0;
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
	policy = t->policy | (t->reset_on_fork ? SCHED_RESET_ON_FORK : 0);
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
		return MAX_RT_PRIO;
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

/*
 * Does p count for setpriority's (which, who)? tasklist_lock held. LINUX: kernel threads are
 * nobody's.
 */
static bool priority_match(struct task *p, int which, int who)
{
	if (which == PRIO_PROCESS)
		return p == (who ? find_task_by_vpid(who) : current);
	if (which == PRIO_PGRP)
		return p->group->pgrp && p->group->pgrp == (who ? pid_from_vnr(who) : current->group->pgrp);
	return READ_ONCE(p->cred.uid) ==
		(who ? make_kuid(current_user_ns(), (u32)who) : current->cred.uid) &&
		task_pid_vnr(p) && !(p->flags & PF_KTHREAD);
}

static long set_nice(struct task *t, int nice)
{
	if (!same_owner(t) && !task_ns_capable(t, CAP_SYS_NICE))
		return -EPERM;
	if (nice < t->nice && !can_nice(t, nice))
		return -EACCES;
	sched_set_nice(t, nice);
	return 0;
}

/* One success hides no refusal, and a later success does not undo an earlier one. */
long sys_setpriority(int which, int who, int nice)
{
	struct task *p, *t;
	long ret = -ESRCH, err;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (priority_match(t, which, who)) {
			err = set_nice(t, nice);
			if (err || ret == -ESRCH)
				ret = err;
		}
	read_unlock(&tasklist_lock);
	return ret;
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
