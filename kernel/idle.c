// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a CPU does that has nothing to do, and how it starts as such. Mirrors Linux kernel/sched/idle.c.
 *
 * Locks: one rq->lock at a time.
 */
#include "kernel/arch.h"
#include "kernel/rq.h"
#include "kernel/sched.h"

/* Takes the longest-waiting task that may run here from the fullest queue. No lock held. */
static void pull_one(struct rq *rq)
{
	struct rq *from = NULL;
	struct task *t;

	for (unsigned i = 0; i < nr_cpus; i++)
		if (&rqs[i] != rq && READ_ONCE(rqs[i].nr_queued) > (from ? READ_ONCE(from->nr_queued) : 0))
			from = &rqs[i];
	if (!from)
		return;
	spin_lock(&from->lock);
	list_for_each(t, &from->queue, rq_node) {
		if (!(t->affinity & cpu_bit(rq->cpu)))
			continue;
		rq_move(from, rq, t);
		return;
	}
	spin_unlock(&from->lock);
}

static bool idle_has_work(const struct rq *rq)
{
	return READ_ONCE(rq->nr_queued) || test_tif(current, TIF_NEED_RESCHED);
}

void cpu_idle_loop(void)
{
	struct rq *rq = this_cpu_field(rq);

	for (;;) {
		atomic_fetch_or(&idle_cpus, cpu_bit(rq->cpu));
		if (!idle_has_work(rq))
			pull_one(rq);
		arch_irq_disable();
		if (!idle_has_work(rq))
			arch_idle();
		arch_irq_enable();
		if (idle_has_work(rq)) {
			atomic_fetch_and(&idle_cpus, ~cpu_bit(rq->cpu));
			schedule();
		}
	}
}

/* ---- start ---- */

static void idle_task_setup(struct task *t, struct cpu *c)
{
	t->flags |= PF_KTHREAD | PF_IDLE | PF_NOFREEZE;
	t->cpu = c;
	t->on_rq = t->on_cpu = 1;
	t->affinity = cpu_bit(c);
	t->in_syscall = -1;
	list_init(&t->rq_node);
	atomic_store(&t->usage, 1);
	atomic_store(&t->state, TASK_RUNNING);
	t->prio = -1;
	t->linux_prio = linux_prio(t);
	c->idle = t;
	c->curr = t;
}

/* Before the idle task of a CPU is current, that CPU must not sleep nor switch. Interrupts off. */
void sched_init_cpu(struct cpu *c)
{
	struct rq *rq = &rqs[c->id];

	spin_init(&rq->lock, "rq", RANK_RQ);
	list_init(&rq->queue);
	rq->cpu = c;
	rq->bit = cpu_bit(c);
	c->rq = rq;
	idle_task_setup(c->idle, c);
	rq->curr = c->idle;
	rq->curr_prio = -1;
	if (nr_cpus <= c->id)
		nr_cpus = c->id + 1;
	c->online = 1;
}

void sched_init(void)
{
	cpus[0].idle = &init_task;
	sched_init_cpu(&cpus[0]);
}
