// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wait queues and completions. Mirrors Linux kernel/sched/wait.c and completion.c. Locks:
 * waitq->lock, then the rq lock.
 */
#include "kernel/abi.h"
#include "kernel/task.h"
#include "kernel/waitq.h"

void waitq_init(struct waitq *q, const char *name)
{
	spin_init(&q->lock, name, RANK_WAITQ);
	list_init(&q->waiters);
}

/*
 * The state is set under the queue's lock: a waker that misses us there has not yet changed the
 * condition we test next.
 */
void prepare_to_wait(struct waitq *q, struct wait_entry *w, unsigned state)
{
	spin_lock(&q->lock);
	if (list_empty(&w->node)) {
		w->queue = q;
		list_add(&w->node, &q->waiters);
	}
	set_current_state(state);
	spin_unlock(&q->lock);
}

/* Always takes the lock, so that no waker still looks at the entry afterwards. */
static void unqueue(struct waitq *q, struct wait_entry *w)
{
	spin_lock(&q->lock);
	list_del(&w->node);
	spin_unlock(&q->lock);
}

void finish_wait(struct waitq *q, struct wait_entry *w)
{
	__set_current_state(TASK_RUNNING);
	unqueue(q, w);
}

void waitq_add(struct waitq *q, struct wait_entry *w)
{
	spin_lock(&q->lock);
	w->queue = q;
	list_add(&w->node, &q->waiters);
	spin_unlock(&q->lock);
}

void waitq_remove(struct wait_entry *w)
{
	if (w->queue)
		unqueue(w->queue, w);
}

/* Entries stay queued: sleepers dequeue. */
static void wake_up_common(struct waitq *q, unsigned state, unsigned events)
{
	struct wait_entry *w, *n;

	spin_lock(&q->lock);
	list_for_each_safe(w, n, &q->waiters, node) {
		if (w->func)
			w->func(w, events);
		else
			wake_up_state(w->task, state);
	}
	spin_unlock(&q->lock);
}

void wake_up_all(struct waitq *q)
{
	wake_up_common(q, TASK_NORMAL, 0);
}

void wake_up_interruptible(struct waitq *q)
{
	wake_up_common(q, TASK_INTERRUPTIBLE, 0);
}

void wake_up_poll(struct waitq *q, unsigned events)
{
	wake_up_common(q, TASK_NORMAL, events);
}

/* ---- completions ---- */

/* What complete_all would be needed for, nobody here needs: done counts waiters to let through. */
void completion_init(struct completion *c)
{
	atomic_store(&c->done, 0);
	waitq_init(&c->wait, "completion");
}

/* Touches *c under its lock alone: a waiter that frees it takes that lock first. */
void complete(struct completion *c)
{
	struct wait_entry *w;

	spin_lock(&c->wait.lock);
	atomic_fetch_add(&c->done, 1);
	list_for_each(w, &c->wait.waiters, node)
		if (wake_up_state(w->task, TASK_NORMAL))
			break;
	spin_unlock(&c->wait.lock);
}

static bool completion_take(struct completion *c)
{
	u32 done = atomic_load(&c->done);

	while (done)
		if (atomic_compare_exchange_weak(&c->done, &done, done - 1))
			return true;
	return false;
}

int wait_for_completion_state(struct completion *c, unsigned state)
{
	int err;

	might_sleep();
	err = wait_event_state(&c->wait, completion_take(c), state, NO_DEADLINE);
	spin_lock(&c->wait.lock);
	spin_unlock(&c->wait.lock);
	return err;
}

void wait_for_completion(struct completion *c)
{
	wait_for_completion_state(c, TASK_UNINTERRUPTIBLE);
}
