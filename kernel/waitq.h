// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one wait primitive: a queue of sleeping tasks. Mirrors Linux kernel/sched/wait.c.
 * Conditions are re-evaluated by the sleeper; a waker changes the condition, then calls wake_up.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/lock.h"
#include "kernel/sched.h"
#include "kernel/signal.h"

struct waitq {
	struct spinlock lock;
	struct list waiters;		/* of struct wait_entry [lock] */
};
#define WAITQ_INIT(var, nm)	{ .lock = SPINLOCK_INIT(nm, RANK_WAITQ), .waiters = LIST_INIT((var).waiters) }
void waitq_init(struct waitq *q, const char *name);

struct wait_entry {
	struct list node;
	struct task *task;
	/* NULL: wake task. Otherwise called under q->lock by the waker, with the events of wake_up_poll, else 0. */
	void (*func)(struct wait_entry *w, unsigned events);
	struct waitq *queue;
};
#define WAIT_ENTRY(name) struct wait_entry name = { .node = LIST_INIT((name).node), .task = current }

/*
 * Enqueue (once) and set current's state; then test the condition; then schedule(). finish_wait
 * sets RUNNING and dequeues.
 */
void prepare_to_wait(struct waitq *q, struct wait_entry *w, unsigned state);
void finish_wait(struct waitq *q, struct wait_entry *w);
/* Enqueue without touching task state (poll). */
void waitq_add(struct waitq *q, struct wait_entry *w);
void waitq_remove(struct wait_entry *w);

/* LINUX: there are no exclusive waiters: all wake, and look again. */
void wake_up_all(struct waitq *q);			/* states NORMAL */
void wake_up_interruptible(struct waitq *q);
/* As wake_up_all, and says what came, of POLLIN, POLLOUT and POLLHUP: see fs/fasync.c. */
void wake_up_poll(struct waitq *q, unsigned events);
static inline bool waitq_active(struct waitq *q) { return !list_empty(&q->waiters); }

/*
 * Sleeps in @state until cond. Value: 0, -ERESTARTSYS if a signal that state lets through is
 * pending, or -ETIME at the deadline (absolute ns of ktime_ns(), NO_DEADLINE for none). cond may be
 * evaluated many times, in state RUNNING or @state: it must not sleep.
 */
#define NO_DEADLINE	(~0ull)
#define wait_event_state(q, cond, state, deadline)				\
({										\
	int _ret = 0;								\
	if (!(cond)) {								\
		WAIT_ENTRY(_w);							\
		for (;;) {							\
			prepare_to_wait((q), &_w, (state));			\
			if (cond)						\
				break;						\
			if (signal_pending_state((state), current)) {		\
				_ret = -ERESTARTSYS;				\
				break;						\
			}							\
			if (!schedule_until(deadline)) {			\
				_ret = (cond) ? 0 : -ETIME;			\
				break;						\
			}							\
		}								\
		finish_wait((q), &_w);						\
	}									\
	_ret;									\
})
#define wait_event(q, cond)		((void)wait_event_state(q, cond, TASK_UNINTERRUPTIBLE, NO_DEADLINE))
#define wait_event_freezable(q, cond)	wait_event_state(q, cond, TASK_INTERRUPTIBLE | TASK_FREEZABLE, NO_DEADLINE)
#define wait_event_killable(q, cond)	wait_event_state(q, cond, TASK_KILLABLE, NO_DEADLINE)
