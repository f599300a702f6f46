// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real-time tasks: the highest priorities that are runnable run, on whatever CPUs there are, and
 * all of them together leave something to the rest. Mirrors Linux kernel/sched/rt.c.
 *
 * Locks: one rq->lock at a time.
 *
 * A task that is queued and a CPU that comes to run something lower find each other, since each
 * writes first and looks afterwards:
 *
 *	waker of t                      CPU
 *	rt_find_rq: nothing is lower
 *	                                curr_prio = a lower one
 *	t is queued, rt_waiting         rt_balance: looks at rt_waiting
 *	rt_queued: looks at curr_prio
 *
 * LINUX: no CPU priority heap: the CPUs are looked at one by one, which only real-time tasks pay
 * for.
 */
#include "kernel/rq.h"

#define RT_PERIOD_NS	1000000000ull	/* sched_rt_period_us */
#define RT_RUNTIME_NS	950000000ull	/* sched_rt_runtime_us */

_Atomic u64 rt_waiting;

/*
 * One that leaves the queue is about to run, or went elsewhere: either way those who stay look
 * again.
 */
void rt_count(struct rq *rq, int n)
{
	assert_held(&rq->lock);
	rq->nr_rt_queued += (unsigned)n;
	if (rq->nr_rt_queued)
		atomic_fetch_or(&rt_waiting, cpu_bit(rq->cpu));
	else
		atomic_fetch_and(&rt_waiting, ~cpu_bit(rq->cpu));
	if (n < 0)
		rq->after_switch = 1;
}

struct rq *rt_find_rq(int prio, u64 allowed, struct rq *last)
{
	struct rq *best = NULL;

	allowed &= online_cpus();
	if (last && allowed & cpu_bit(last->cpu) && READ_ONCE(last->curr_prio) < prio &&
	    !READ_ONCE(last->rt_throttled)) {
		prio = READ_ONCE(last->curr_prio);
		best = last;
	}
	for (unsigned i = 0; i < nr_cpus; i++)
		if (allowed >> i & 1 && READ_ONCE(rqs[i].curr_prio) < prio && !READ_ONCE(rqs[i].rt_throttled)) {
			prio = READ_ONCE(rqs[i].curr_prio);
			best = &rqs[i];
		}
	return best;
}

/* The first task that waits in rq above prio and may run on one of @cpus. rq->lock held. */
static struct task *first_above(const struct rq *rq, int prio, u64 cpus)
{
	struct task *t;

	list_for_each(t, &rq->queue, rq_node) {
		if (t->prio <= prio)
			break;
		if (t->affinity & cpus)
			return t;
	}
	return NULL;
}

/* False: nobody could be moved. */
static bool push_one_rt(struct rq *rq)
{
	struct rq *to;
	struct task *t;

	spin_lock(&rq->lock);
	list_for_each(t, &rq->queue, rq_node) {
		if (t->prio <= 0)
			break;
		to = rt_find_rq(t->prio, t->affinity, NULL);
		if (to && to != rq) {
			rq_move(rq, to, t);
			return true;
		}
	}
	spin_unlock(&rq->lock);
	return false;
}

static void pull_rt(struct rq *rq)
{
	u64 waiting = atomic_load(&rt_waiting) & ~cpu_bit(rq->cpu);

	while (waiting && !rq->rt_throttled) {
		struct rq *from = &rqs[__builtin_ctzll(waiting)];
		struct task *t;

		waiting &= waiting - 1;
		spin_lock(&from->lock);
		t = first_above(from, max(rq->curr_prio, 0), cpu_bit(rq->cpu));
		if (t) {
			rq_move(from, rq, t);
			return;
		}
		spin_unlock(&from->lock);
	}
}

void rt_balance(struct rq *rq)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load(&rt_waiting) || nr_cpus == 1)
		return;
	for (unsigned i = 0; i < nr_cpus && push_one_rt(rq); i++)
		;
	pull_rt(rq);
}

void rt_queued(int prio, u64 allowed)
{
	struct rq *to;

	atomic_thread_fence(memory_order_seq_cst);
	to = rt_find_rq(prio, allowed, NULL);
	if (to && to->cpu != this_cpu())
		arch_send_reschedule(to->cpu->id);
}

/* ---- throttling ---- */

/*
 * LINUX: what real-time tasks lose is given to ordinary tasks that wait on this CPU, and only to
 * those: without one, a throttled CPU goes on. So does Linux since 6.12.
 */
void rt_account(struct rq *rq, struct task *curr, u64 delta, u64 now)
{
	if (curr->state != TASK_RUNNING)
		curr->rt_start = curr->utime + curr->stime;	/* RLIMIT_RTTIME begins anew */
	if (now >= rq->rt_period_end) {
		rq->rt_period_end = now + RT_PERIOD_NS;
		rq->rt_time = 0;
		rq->rt_throttled = 0;
	}
	rq->rt_time += delta;
	rq->after_switch = 1;
	if (rq->rt_time < RT_RUNTIME_NS || rq->nr_queued == rq->nr_rt_queued)
		return;
	rq->rt_throttled = 1;
	set_tif(rq->curr, TIF_NEED_RESCHED);
}

void rt_unthrottle(struct rq *rq, u64 now)
{
	if (now < rq->rt_period_end)
		return;
	rq->rt_throttled = 0;
	rq->rt_period_end = now + RT_PERIOD_NS;
	rq->rt_time = 0;
	set_tif(rq->curr, TIF_NEED_RESCHED);
}

/* The first ordinary task that waits, or NULL. */
static struct task *first_ordinary(const struct rq *rq)
{
	struct task *t;

	list_for_each(t, &rq->queue, rq_node)
		if (!t->prio)
			return t;
	return NULL;
}

bool rt_goes_on(const struct rq *rq, const struct task *prev, u64 now)
{
	int first = rq_first(rq)->prio;

	if (rq->rt_throttled) {
		if (first_ordinary(rq))
			return !prev->prio && now < prev->slice_end;
		if (!prev->prio)
			return true;
	}
	return first < prev->prio || (first == prev->prio && now < prev->slice_end);
}

struct task *rt_next(const struct rq *rq)
{
	struct task *t = rq->rt_throttled ? first_ordinary(rq) : NULL;

	return t ? t : rq_first(rq);
}
