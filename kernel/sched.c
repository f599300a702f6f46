// SPDX-License-Identifier: GPL-2.0-only
/*
 * Per-CPU run queues, wake-up and migration; idle.c has what a CPU does meanwhile, sched_syscalls.c
 * the policies and the system calls. Mirrors Linux kernel/sched/core.c.
 *
 * Order of locks: whatever a waker holds (timer callbacks none), then one rq->lock. Two are never
 * held at once.
 *
 * Where a task is, all under the rq lock of t->cpu:
 *
 *   state     on_rq  rq_node  on_cpu
 *   RUNNING     1     empty     1	running
 *   RUNNING     1    queued     0	waiting for its turn
 *   RUNNING     1     empty     0	between two queues: t->cpu already names the new one
 *   sleeping    1     empty     1	said that it will sleep, not yet in schedule(): a waker only sets RUNNING
 *   sleeping    0     empty     0	asleep, switched out: the lock is held across the switch
 *
 * A task on its way changes t->cpu under the old queue's lock and is queued under the new one's, so
 * whoever holds the lock of t->cpu sees one of these lines.
 *
 * LINUX: two classes in one queue: real-time tasks by priority (sched_rt.c), then all others by
 * turns. nice sets the length of a turn.
 */
#include "kernel/abi.h"
#include "kernel/lock_fast.h"
#include "kernel/rq.h"
#include "kernel/time.h"
#include "kernel/trace.h"

#define TICK_NS		(10 * NSEC_PER_MSEC)

struct rq rqs[MAX_CPUS];
struct cpu cpus[MAX_CPUS];
unsigned nr_cpus;
_Atomic u64 idle_cpus;

static inline struct rq *task_rq_lock_inline(struct task *t)
{
	for (;;) {
		struct rq *rq = READ_ONCE(t->cpu)->rq;

		spin_lock_inline(&rq->lock);
		if (likely(t->cpu == rq->cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

struct rq *task_rq_lock(struct task *t)
{
	return task_rq_lock_inline(t);
}

/* ---- the queue; rq->lock held ---- */

void rq_queue_tail(struct rq *rq, struct task *t)
{
	struct list *at = rq->queue.prev;
	int prio = t->prio;

	while (at != &rq->queue && list_entry(at, struct task, rq_node)->prio < prio)
		at = at->prev;
	list_add(&t->rq_node, at);
	rq->nr_queued++;
	if (unlikely(prio > 0))
		rt_count(rq, 1);
}

static void queue_head(struct rq *rq, struct task *t)
{
	struct list *at = rq->queue.next;
	int prio = t->prio;

	while (at != &rq->queue && list_entry(at, struct task, rq_node)->prio > prio)
		at = at->next;
	list_add_tail(&t->rq_node, at);
	rq->nr_queued++;
	if (unlikely(prio > 0))
		rt_count(rq, 1);
}

void rq_unqueue(struct rq *rq, struct task *t)
{
	list_del(&t->rq_node);
	rq->nr_queued--;
	if (unlikely(t->prio > 0))
		rt_count(rq, -1);
}

void resched_curr(struct rq *rq)
{
	set_tif(rq->curr, TIF_NEED_RESCHED);
	if (rq->cpu != this_cpu())
		arch_send_reschedule(rq->cpu->id);
}

/* ---- which CPU ---- */

/* A CPU that runs a real-time task has little time for others. */
static unsigned load(const struct rq *rq)
{
	return READ_ONCE(rq->nr_running) + (READ_ONCE(rq->curr_prio) > 0 ? 1u << 16 : 0);
}

static unsigned least_loaded(u64 allowed)
{
	unsigned best = (unsigned)__builtin_ctzll(allowed);

	for (unsigned i = best + 1; i < nr_cpus; i++)
		if (allowed >> i & 1 && load(&rqs[i]) < load(&rqs[best]))
			best = i;
	return best;
}

/*
 * An idle CPU, the last one first; else, for a real-time task, the one that runs least below its
 * priority; else the last one; else the one with least to do.
 */
struct rq *select_rq(const struct task *t)
{
	u64 allowed = t->affinity & online_cpus(), idle, bit = cpu_bit(t->cpu);

	assert_held(&t->cpu->rq->lock);
	while ((idle = atomic_load(&idle_cpus) & allowed)) {
		u64 pick = idle & bit ? bit : idle & -idle;

		if (atomic_fetch_and(&idle_cpus, ~pick) & pick)
			return &rqs[__builtin_ctzll(pick)];
	}
	if (unlikely(t->prio)) {
		struct rq *rq = rt_find_rq(t->prio, allowed, t->cpu->rq);

		if (rq)
			return rq;
	}
	if (allowed & bit && t->state != TASK_NEW)
		return t->cpu->rq;
	return &rqs[least_loaded(allowed)];
}

/*
 * A queue has grown. A CPU may have become idle after we looked: it set its bit, then looked at the
 * queues, perhaps before ours grew. False: none of those @allowed is idle.
 */
static inline bool tell_idle(u64 allowed)
{
	u64 idle;

	atomic_thread_fence(memory_order_seq_cst);
	idle = atomic_load(&idle_cpus) & allowed;
	if (likely(!idle))
		return false;
	arch_send_reschedule((unsigned)__builtin_ctzll(idle));
	return true;
}

/* Puts a task that is between queues into that of t->cpu, which is rq and locked. Unlocks. */
static void enqueue_and_unlock(struct rq *rq, struct task *t)
{
	bool preempts = t->prio > rq->curr_prio;
	int prio = t->prio;

	rq_queue_tail(rq, t);
	rq->nr_running++;
	t->on_rq = 1;
	if (preempts)
		resched_curr(rq);
	spin_unlock(&rq->lock);
	if (!preempts && !tell_idle(READ_ONCE(t->affinity)) && unlikely(prio))
		rt_queued(prio, READ_ONCE(t->affinity));
}

/*
 * Moves a runnable task that is in no queue to the queue of @to, or, if t may no longer run there,
 * of a better one. rq locked; unlocks.
 */
static void send_to(struct rq *rq, struct rq *to, struct task *t)
{
	while (to != rq) {
		t->cpu = to->cpu;
		spin_unlock(&rq->lock);
		spin_lock(&to->lock);
		rq = to;
		if (unlikely(!(t->affinity & cpu_bit(rq->cpu))))
			to = select_rq(t);
	}
	enqueue_and_unlock(rq, t);
}

void rq_move(struct rq *rq, struct rq *to, struct task *t)
{
	assert_held(&rq->lock);
	rq_unqueue(rq, t);
	rq->nr_running--;
	send_to(rq, to, t);
}

/* ---- wake-up ---- */

/*
 * What is not asleep, or not so that @mask wakes it. rq locked; unlocks. Value as of wake_up_state.
 */
static bool __attribute__((noinline)) wake_up_awake(struct rq *rq, struct task *t, u32 state, unsigned mask)
{
	bool woken;

	if (!(state & mask)) {
		woken = state & TASK_FROZEN && t->saved_state & mask;
		/* Frozen in its sleep: remember the wake-up for the thaw. */
		if (woken)
			t->saved_state = TASK_RUNNING;
	} else {
		/*
		 * It may be running, and say something newer than what we saw. That came after we
		 * looked, so its next look at what it waits for comes after our change. Scenario:
		 * stop_and_kill, where a late wake-up undid a stop.
		 */
		woken = atomic_compare_exchange_strong(&t->state, &state, TASK_RUNNING);
	}
	spin_unlock(&rq->lock);
	return woken;
}

static void __attribute__((noinline)) wake_up_elsewhere(struct rq *rq, struct task *t)
{
	struct rq *to = select_rq(t);

	trace(TRACE_sched_wakeup, t->trace_who, to->cpu->id);
	atomic_store(&t->state, TASK_RUNNING);
	send_to(rq, to, t);
}

/*
 * The commonest wake-up is of an ordinary task that goes to the end of the queue it was in last, of
 * a CPU that has something to do, and no CPU is idle: what select_rq and send_to come to then.
 */
bool wake_up_state(struct task *t, unsigned mask)
{
	struct rq *rq = task_rq_lock_inline(t);
	u32 state = atomic_load(&t->state);
	u64 allowed;

	arch_point(POINT_WAKE, t);
	if (unlikely(!(state & mask)) || unlikely(t->on_rq))
		return wake_up_awake(rq, t, state, mask);
	allowed = t->affinity;
	if (unlikely(t->prio) || unlikely(rq->curr_prio < 0) || unlikely(!(allowed & rq->bit)) ||
	    atomic_load(&idle_cpus) & allowed) {
		wake_up_elsewhere(rq, t);
		return true;
	}
	trace_at(arch_clock_ns(), current->pid, TRACE_sched_wakeup, t->trace_who, rq->cpu->id);
	WRITE_ONCE(t->state, TASK_RUNNING);
	list_add_tail(&t->rq_node, &rq->queue);
	rq->nr_queued++;
	rq->nr_running++;
	t->on_rq = 1;
	spin_unlock_inline(&rq->lock);
	tell_idle(allowed);
	return true;
}

void wake_up_new_task(struct task *t)
{
	struct rq *rq, *to;

	assert_eq(t->state, TASK_NEW);
	rq = task_rq_lock(t);
	to = select_rq(t);
	atomic_store(&t->state, TASK_RUNNING);
	send_to(rq, to, t);
}

/* LINUX: a child begins a turn of its own. */
void sched_copy(struct task *t, bool fresh)
{
	t->cpu = this_cpu();
	list_init(&t->rq_node);
	t->slice = sched_slice(t);
	if (fresh) {
		t->affinity = ~0ull;
		t->linux_prio = linux_prio(t);
		return;
	}
	t->affinity = current->affinity;
	t->policy = current->policy;
	t->rt_priority = t->prio = current->rt_priority;
	t->nice = current->nice;
	if (unlikely(current->reset_on_fork)) {
		if (rt_policy(t->policy))
			t->policy = SCHED_OTHER;
		t->rt_priority = t->prio = 0;
		t->nice = max(t->nice, 0);
	}
	t->linux_prio = linux_prio(t);
	t->slice = sched_slice(t);
}

void kick_process(struct task *t)
{
	struct cpu *c = READ_ONCE(t->cpu);

	if (c != this_cpu() && READ_ONCE(c->curr) == t)
		arch_send_reschedule(c->id);
}

bool task_call_blocked(struct task *t, bool (*fn)(struct task *t, void *arg), void *arg)
{
	struct rq *rq = task_rq_lock(t);
	u32 state = atomic_load(&t->state);
	bool ret = !t->on_rq && state != TASK_RUNNING && state != TASK_NEW && fn(t, arg);

	spin_unlock(&rq->lock);
	return ret;
}

static bool yes(struct task *t, void *arg)
{
	(void)t, (void)arg;
	return true;
}

void sched_wait_asleep(struct task *t)
{
	while (!task_call_blocked(t, yes, NULL)) {
		if (READ_ONCE(READ_ONCE(t->cpu)->curr) == t)
			arch_cpu_relax();
		else
			msleep(1);
	}
}

/* ---- time ---- */

/*
 * LINUX: exact in sum; whether it was the user's or the system's is judged where the clock is read.
 * Interrupts off.
 */
static inline void account(struct task *t, u64 now)
{
	u64 delta = now - t->exec_start;

	t->exec_start = now;
	if (unlikely(t->prio > 0))
		rt_account(this_cpu_field(rq), t, delta, now);
	if (t->in_syscall < 0 && !(t->flags & PF_KTHREAD)) {
		t->utime += delta;
		this_cpu_field(user_ns) += delta;
	} else {
		t->stime += delta;
		this_cpu_field(system_ns) += delta;
	}
}

void sched_account_current(void)
{
	irq_push_off();
	account(current, arch_clock_ns());
	irq_pop_off();
}

/* Gives one waiting task to a CPU that has at least two fewer. Interrupts off, no lock held. */
static void push_one(struct rq *rq)
{
	struct task *t;

	spin_lock(&rq->lock);
	list_for_each(t, &rq->queue, rq_node) {
		u64 allowed = t->affinity & online_cpus();
		struct rq *to = &rqs[least_loaded(allowed)];

		if (load(to) + 2 > load(rq))
			continue;
		rq_move(rq, to, t);
		return;
	}
	spin_unlock(&rq->lock);
}

void sched_tick(void)
{
	struct rq *rq = this_cpu_field(rq);
	struct task *t = current;
	u64 now = arch_clock_ns();

	if (is_idle_task(t))
		return;
	account(t, now);
	loadavg_tick(now);
	if (unlikely(atomic_load_explicit(&t->cpu_watch, memory_order_relaxed) |
		     atomic_load_explicit(&t->group->cpu_watch, memory_order_relaxed) | (u32)(t->prio > 0)))
		cpu_timers_tick(t);
	if (!(t->affinity & cpu_bit(rq->cpu)))
		set_tif(t, TIF_NEED_RESCHED);
	if (unlikely(rq->rt_throttled))
		rt_unthrottle(rq, now);
	if (rq->nr_queued && now >= t->slice_end)
		set_tif(t, TIF_NEED_RESCHED);
	if (rq->nr_queued && nr_cpus > 1 && (now >= t->slice_end || t->prio > 0))
		push_one(rq);
	if (unlikely(atomic_load_explicit(&rt_waiting, memory_order_relaxed)))
		rt_balance(rq);
	timer_arm_by(t->slice_end > now ? min(now + TICK_NS, t->slice_end) : now + TICK_NS);
}

void sched_reschedule(void)
{
	if (unlikely(atomic_load_explicit(&rt_waiting, memory_order_relaxed)))
		rt_balance(this_cpu_field(rq));
}

/* ---- the switch ---- */

/* A switch after which there is more to do. Unlocks. */
static void __attribute__((noinline)) after_switch(struct rq *rq, struct task *prev)
{
	struct task *leaving = rq->leaving;
	bool dead = atomic_load_explicit(&prev->state, memory_order_relaxed) == TASK_DEAD;

	rq->after_switch = 0;
	rq->leaving = NULL;
	if (leaving)
		send_to(rq, select_rq(leaving), leaving);
	else
		spin_unlock(&rq->lock);
	rt_balance(rq);
	if (dead)
		put_task(prev);
}

/*
 * On the new task's stack: everything after the switch that needs the old one. Drops the rq lock.
 */
static inline void finish_task_switch(void)
{
	struct rq *rq = this_cpu_field(rq);
	struct task *prev = this_cpu_field(prev);

	prev->on_cpu = 0;
	if (unlikely(rq->after_switch))
		after_switch(rq, prev);
	else
		spin_unlock_inline(&rq->lock);
}

void schedule_tail(void)
{
	finish_task_switch();
}

/*
 * prev goes on unless somebody of its priority waits and its turn is over, or somebody of a higher
 * one waits.
 */
static bool prev_goes_on(struct rq *rq, struct task *prev, u64 now)
{
	if (!(prev->affinity & cpu_bit(rq->cpu)))
		return false;
	if (!rq->nr_queued)
		return true;
	if (unlikely(rq_first(rq)->prio | prev->prio))
		return rt_goes_on(rq, prev, now);
	return now < prev->slice_end;
}

static inline void put_asleep(struct rq *rq, struct task *prev, u32 state)
{
	prev->on_rq = 0;
	rq->nr_running--;
	prev->nvcsw++;
	if (unlikely(state == TASK_DEAD))
		rq->after_switch = 1;
}

/* Puts prev where it belongs; true if it simply goes on. */
static bool __attribute__((noinline)) put_prev(struct rq *rq, struct task *prev, u64 now)
{
	u32 state = atomic_load(&prev->state);

	if (test_tif(prev, TIF_NEED_RESCHED))
		clear_tif(prev, TIF_NEED_RESCHED);
	if (is_idle_task(prev)) {
		assert_eq(state, TASK_RUNNING);
		return !rq->nr_queued;
	}
	if (state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL) && test_tif(prev, TIF_SIGPENDING) &&
	    signal_pending_state(state, prev)) {
		atomic_store(&prev->state, TASK_RUNNING);
		state = TASK_RUNNING;
	}
	if (state != TASK_RUNNING) {
		put_asleep(rq, prev, state);
		return false;
	}
	if (prev_goes_on(rq, prev, now))
		return true;
	prev->nivcsw++;
	if (!(prev->affinity & cpu_bit(rq->cpu))) {
		rq->leaving = prev;
		rq->after_switch = 1;
		rq->nr_running--;
	} else if (now >= prev->slice_end) {
		rq_queue_tail(rq, prev);
	} else {
		queue_head(rq, prev);
	}
	return false;
}

/* Nobody takes over. Unlocks. */
static void __attribute__((noinline)) go_on(struct rq *rq, struct task *prev, u64 now)
{
	if (!is_idle_task(prev)) {
		if (now >= prev->slice_end)
			prev->slice_end = now + prev->slice;
		timer_arm_by(min(now + TICK_NS, prev->slice_end));
	}
	spin_unlock(&rq->lock);
}

/* Takes the next one off the queue, or it is the idle task. */
static inline struct task *pick_next(struct rq *rq, u64 now)
{
	struct task *next;

	if (!rq->nr_queued)
		return rq->cpu->idle;
	next = rq_first(rq);
	if (unlikely(next->prio > 0)) {
		next = rt_next(rq);
		rq_unqueue(rq, next);
	} else {
		list_del(&next->rq_node);
		rq->nr_queued--;
	}
	next->slice_end = now + next->slice;
	timer_arm_by(now + min(TICK_NS, next->slice));
	return next;
}

static inline void switch_to(struct rq *rq, struct task *prev, u32 state, struct task *next, u64 now)
{
	next->exec_start = now;
	next->on_cpu = 1;
	rq->curr = next;
	rq->curr_prio = next->prio;
	rq->nr_switches++;
	trace_at(now, prev->pid, TRACE_sched_switch, (u32)prev->linux_prio | (u64)state << 32, next->trace_who);
	if (prev->mm != next->mm)
		arch_mm_switch(next->mm);
	arch_point(POINT_SWITCH, next);
	if (next->rseq)
		set_tif(next, TIF_RSEQ);
	arch_switch(prev, next);
	/*
	 * Here current is again who called, perhaps on another CPU: rq and next above are of the
	 * past.
	 */
	finish_task_switch();
}

void schedule(void)
{
	struct rq *rq = this_cpu_field(rq);
	struct task *prev = current, *next;
	u32 state;
	u64 now;

	might_sleep();
	spin_lock_first(&rq->lock);
	now = arch_clock_ns();
	account(prev, now);
	state = atomic_load(&prev->state);
	/* It sleeps, and that is all. */
	if (likely(state) && likely(!(atomic_load(&prev->tif) & (TIF_NEED_RESCHED | TIF_SIGPENDING)))) {
		put_asleep(rq, prev, state);
	} else if (put_prev(rq, prev, now)) {
		go_on(rq, prev, now);
		return;
	}
	next = pick_next(rq, now);
	switch_to(rq, prev, atomic_load(&prev->state), next, now);
}

static void sleep_timer_fn(struct timer *tm)
{
	wake_up_process(container_of(tm, struct task, sleep_timer));
}

bool schedule_until(u64 deadline)
{
	struct timer *tm = &current->sleep_timer;
	bool pending;

	if (deadline == NO_DEADLINE) {
		schedule();
		return true;
	}
	if (ktime_ns() >= time_since_boot(deadline)) {
		__set_current_state(TASK_RUNNING);
		return false;
	}
	timer_setup(tm, sleep_timer_fn);
	timer_start(tm, deadline);
	schedule();
	pending = timer_cancel(tm);
	timer_cancel_sync(tm);
	return pending;
}

void cond_resched(void)
{
	if (unlikely(test_tif(current, TIF_NEED_RESCHED)) && current->state == TASK_RUNNING)
		schedule();
}

void sched_yield_current(void)
{
	if (!this_cpu_field(rq)->nr_queued)
		return;
	current->slice_end = 0;
	schedule();
}

long sys_sched_yield(void)
{
	sched_yield_current();
	return 0;
}

/* ---- for others to read ---- */

u64 sched_nr_switches(void)
{
	u64 n = 0;

	for (unsigned i = 0; i < nr_cpus; i++)
		n += READ_ONCE(rqs[i].nr_switches);
	return n;
}

unsigned sched_nr_running(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nr_cpus; i++)
		n += READ_ONCE(rqs[i].nr_running);
	return n;
}
