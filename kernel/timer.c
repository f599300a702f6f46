// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers on a pairing heap per CPU. Mirrors Linux kernel/time/hrtimer.c.
 *
 * Locks: a queue's lock; two (lower address first) only when the wall clock is set.
 *
 * The hardware timer is set only to come sooner, never later: an interrupt too many costs less than
 * setting it at each switch.
 */
#include "kernel/entry.h"
#include "kernel/ntp.h"
#include "kernel/task.h"
#include "kernel/time.h"

struct timer_queue {
	struct spinlock lock;
	struct timer *root;		/* [lock] */
};

static struct timer_queue queues[MAX_CPUS];

/* ---- the pairing heap ----
 * child is the first child, next the right sibling, prev the left sibling or, of a first child, the parent. The root is its own prev,
 * so that prev != NULL says "queued".
 */

static struct timer *heap_meld(struct timer *a, struct timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->expires < a->expires) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->next = a->child;
	b->prev = a;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* Melds a list of siblings two by two from the left, then all pairs from the right. */
static struct timer *heap_merge_siblings(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->next;

		first = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = heap_meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *n = pairs->next;

		pairs->next = NULL;
		root = heap_meld(root, pairs);
		pairs = n;
	}
	return root;
}

static void set_root(struct timer_queue *q, struct timer *t)
{
	q->root = t;
	if (t) {
		t->prev = t;
		t->next = NULL;
	}
}

static void heap_add(struct timer_queue *q, struct timer *t)
{
	t->child = t->next = NULL;
	set_root(q, heap_meld(q->root, t));
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
	struct timer *rest = heap_merge_siblings(t->child);

	if (q->root == t) {
		set_root(q, rest);
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		set_root(q, heap_meld(q->root, rest));
	}
	t->child = t->next = t->prev = NULL;
}

/* ---- timers ---- */

void timer_setup(struct timer *t, void (*fn)(struct timer *))
{
	*t = (struct timer){ .fn = fn };
}

void timer_arm(u64 deadline)
{
	this_cpu_field(timer_armed) = deadline;
	arch_timer_arm(deadline);
}

static struct timer_queue *timer_queue_lock(struct timer *t)
{
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &queues[cpu];

		spin_lock(&q->lock);
		if (t->cpu == cpu)
			return q;
		spin_unlock(&q->lock);
	}
}

bool timer_pending(const struct timer *t)
{
	return READ_ONCE(t->prev) != NULL;
}

bool timer_cancel(struct timer *t)
{
	struct timer_queue *q = timer_queue_lock(t);
	bool was = timer_pending(t);

	if (was)
		heap_remove(q, t);
	spin_unlock(&q->lock);
	return was;
}

void timer_cancel_sync(struct timer *t)
{
	for (;;) {
		timer_cancel(t);
		if (!atomic_load(&t->running))
			return;
		arch_cpu_relax();
	}
}

/*
 * The new CPU is written under the old queue's lock: timer_queue_lock() then holds one of the two,
 * never neither.
 */
void timer_start(struct timer *t, u64 time)
{
	struct timer_queue *q, *to;
	unsigned here;

	irq_push_off();
	here = this_cpu_field(id);
	to = &queues[here];
	q = timer_queue_lock(t);
	if (timer_pending(t))
		heap_remove(q, t);
	if (q != to) {
		t->cpu = here;
		spin_unlock(&q->lock);
		spin_lock(&to->lock);
	}
	if (t->cpu == here && !timer_pending(t)) {
		t->time = time;
		t->expires = time_since_boot(time);
		heap_add(to, t);
		timer_arm_by(to->root->expires);
	}
	spin_unlock(&to->lock);
	irq_pop_off();
}

/* All timers of the heap, linked by next and no longer pending. The queue's lock held. */
static struct timer *heap_take_all(struct timer_queue *q)
{
	struct timer *all = q->root, *last;

	assert_held(&q->lock);
	q->root = NULL;
	for (struct timer *t = all; t; t = t->next) {
		t->prev = NULL;
		if (!t->child)
			continue;
		for (last = t->child; last->next;)
			last = last->next;
		last->next = t->next;
		t->next = t->child;
		t->child = NULL;
	}
	return all;
}

/*
 * Another CPU's hardware may be set to come too late for them: they come to this one. Both locks
 * are held, so that nobody finds one on neither queue, and who starts one meanwhile has seen the
 * new time or is seen.
 */
static void move_wall_timers(struct timer_queue *from, struct timer_queue *to, unsigned here)
{
	struct timer *t, *next;

	spin_lock(from < to ? &from->lock : &to->lock);
	if (from != to)
		spin_lock_nested(from < to ? &to->lock : &from->lock);
	for (t = heap_take_all(from); t; t = next) {
		next = t->next;
		if (t->time & WALL_TIME) {
			t->cpu = here;
			t->expires = time_since_boot(t->time);
		}
		heap_add(t->cpu == here ? to : from, t);
	}
	spin_unlock(&from->lock);
	if (from != to)
		spin_unlock(&to->lock);
}

void timers_clock_was_set(void)
{
	unsigned here;

	irq_push_off();
	here = this_cpu_field(id);
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		move_wall_timers(&queues[cpu], &queues[here], here);
	timer_arm_by(timers_next());
	irq_pop_off();
}

/* Interrupt: runs this CPU's expired timers. */
static void timers_run(void)
{
	struct timer_queue *q = &queues[this_cpu_field(id)];
	u64 now = ktime_ns();
	struct timer *t;

	/*
	 * What is re-armed for a time after this one waits for its own interrupt: the walk ends
	 * whatever the callbacks do.
	 */
	spin_lock(&q->lock);
	while ((t = q->root) && t->expires <= now) {
		void (*fn)(struct timer *) = t->fn;

		heap_remove(q, t);
		atomic_fetch_add(&t->running, 1);
		spin_unlock(&q->lock);
		fn(t);
		atomic_fetch_sub(&t->running, 1);
		spin_lock(&q->lock);
	}
	spin_unlock(&q->lock);
}

u64 timers_next(void)
{
	struct timer_queue *q = &queues[this_cpu_field(id)];
	u64 next;

	spin_lock(&q->lock);
	next = q->root ? q->root->expires : NO_DEADLINE;
	spin_unlock(&q->lock);
	return next;
}

u64 timers_next_alarm(void)
{
	u64 first = NO_DEADLINE;

	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		struct timer_queue *q = &queues[cpu];
		struct timer *t, *next;

		spin_lock(&q->lock);
		for (t = heap_take_all(q); t; t = next) {
			next = t->next;
			if (t->alarm)
				first = min(first, t->expires);
			heap_add(q, t);
		}
		spin_unlock(&q->lock);
	}
	return first;
}

void timers_init_cpu(struct cpu *c)
{
	struct timer_queue *q = &queues[c->id];

	spin_init(&q->lock, "timers", RANK_TIMER);
	c->timer_armed = NO_DEADLINE;
	if (c->id == 0)
		atomic_store(&realtime_offset_ns, (s64)(arch_rtc_seconds() * NSEC_PER_SEC - ktime_ns()));
}

void entry_timer(void)
{
	this_cpu_field(timer_armed) = NO_DEADLINE;
	ntp_tick();
	timers_run();
	sched_tick();
	timer_arm_by(timers_next());
}
