// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU's run queue: between sched.c, sched_syscalls.c, idle.c and sched_rt.c. Mirrors Linux
 * kernel/sched/sched.h.
 */
#pragma once
#include "kernel/task.h"

#define NSEC_PER_MSEC	1000000ull
#define RR_SLICE_NS	(100 * NSEC_PER_MSEC)
#define NORMAL_STEP_NS	(NSEC_PER_MSEC / 2)	/* times 20 - nice: 10 ms at nice 0 */

struct rq {
	struct spinlock lock;
	struct list queue;		/* [lock] by falling priority, in order of arrival */
	unsigned nr_queued;		/* [lock] read by anyone */
	unsigned nr_running;		/* [lock] nr_queued + the one running, the idle task not counted */
	unsigned nr_rt_queued;		/* [lock] those of nr_queued with a priority */
	int curr_prio;			/* [lock] priority of curr, -1 of the idle task; read by anyone */
	struct task *curr;		/* [lock] */
	struct task *leaving;		/* [lock] switched out on a CPU it may no longer use */
	u8 after_switch;		/* [lock] there is more to do than to unlock: leaving, or rt_balance() */
	u64 nr_switches;
	struct cpu *cpu;		/* (!) */
	u64 bit;			/* (!) cpu_bit(cpu) */

	/* real-time tasks' share; this CPU only, interrupts off */
	u64 rt_period_end;		/* ns */
	u64 rt_time;			/* what they have had of this period, ns */
	u8 rt_throttled;		/* it was too much: ordinary tasks go first until the period ends. Read by anyone */
};
extern struct rq rqs[MAX_CPUS];
extern _Atomic u64 idle_cpus;	/* CPUs in the idle loop. A waker that clears a bit has claimed that CPU for its task */

static inline u64 cpu_bit(const struct cpu *c) { return 1ull << c->id; }
static inline bool is_idle_task(const struct task *t) { return t->flags & PF_IDLE; }
/* As Linux prints it. The idle task has 120 too. */
static inline int linux_prio(const struct task *t) { return t->prio > 0 ? MAX_RT_PRIO - t->prio : 120 + t->nice; }
static inline struct task *rq_first(const struct rq *rq) { return list_first(&rq->queue, struct task, rq_node); }

/* The length of a turn, which is t->slice from the change of what it depends on. */
static inline u64 sched_slice(const struct task *t)
{
	if (t->policy == SCHED_FIFO)
		return NO_DEADLINE / 2;
	if (t->policy == SCHED_RR)
		return RR_SLICE_NS;
	return (u64)(20 - (t->policy == SCHED_IDLE ? 19 : t->nice)) * NORMAL_STEP_NS;
}

/* sched.c */
struct rq *task_rq_lock(struct task *t);	/* that of t->cpu, locked */
/* rq locked by these */
void rq_queue_tail(struct rq *rq, struct task *t);	/* the last of its priority */
void rq_unqueue(struct rq *rq, struct task *t);
void resched_curr(struct rq *rq);		/* its CPU looks who is to run */
/* A task that waits in rq goes to @to, or where it may run. Unlocks. */
void rq_move(struct rq *rq, struct rq *to, struct task *t);
struct rq *select_rq(const struct task *t);	/* where t is to run; an idle CPU is claimed. t's rq locked */

/* sched_rt.c */
void rt_count(struct rq *rq, int n);		/* n more real-time tasks wait in rq. rq->lock held */
extern _Atomic u64 rt_waiting;			/* CPUs in whose queues real-time tasks wait */
/*
 * The queue that runs least of those below @prio on the CPUs @allowed, @last if it will do; NULL:
 * none.
 */
struct rq *rt_find_rq(int prio, u64 allowed, struct rq *last);
/*
 * Real-time tasks that wait here go where less is run, and those that wait elsewhere come here if
 * they beat what runs. This CPU's rq; no rq lock held.
 */
void rt_balance(struct rq *rq);
/*
 * A task has waited at prio since before somebody may have looked for one: see to it that it is
 * found. No rq lock held.
 */
void rt_queued(int prio, u64 allowed);
/* curr, a real-time task, ran for @delta ns until now. Interrupts off. */
void rt_account(struct rq *rq, struct task *curr, u64 delta, u64 now);
/* Throttled: is it time to end that? Interrupts off. */
void rt_unthrottle(struct rq *rq, u64 now);
/*
 * The general case, where somebody has a priority. rq->lock held, somebody waits: does prev go on,
 * and if not, who is next.
 */
bool rt_goes_on(const struct rq *rq, const struct task *prev, u64 now);
struct task *rt_next(const struct rq *rq);
