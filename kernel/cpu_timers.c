// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks that show processor time, and what goes off when they have come far enough: timers,
 * ITIMER_VIRTUAL and ITIMER_PROF, RLIMIT_CPU and RLIMIT_RTTIME. Mirrors Linux
 * kernel/time/posix-cpu-timers.c.
 *
 * All of it is looked at in the tick, and there behind one test of two words: whoever has no such
 * timer pays for that test only. So a timer is late by up to a tick of the thread it is about.
 *
 * Locks: tasklist_lock (r), siglock (interval timers, limits), cpu_timers_lock (the lists of
 * timers). The last is one for all: a timer may be about another process than its owner.
 */
#include "kernel/task.h"
#include "kernel/time.h"

static struct spinlock cpu_timers_lock = SPINLOCK_INIT("cpu_timers", RANK_CPU_TIMERS);

/* ---- clocks ---- */

/*
 * A thread of another group than current's cannot be seen. Current's own id stands for its group
 * too, as the leader's does.
 */
static struct task *clock_task(int pid, bool thread)
{
	struct task *t;

	if (!pid)
		return get_task(current);
	t = find_get_task_by_vpid(pid);
	if (!t || (thread ? same_thread_group(t, current) : t->pid == t->tgid || t == current))
		return t;
	put_task(t);
	return NULL;
}

int cpu_clock_get(int clock, struct cpu_clock *c)
{
	int what = CPUCLOCK_SCHED | (clock == CLOCK_THREAD_CPUTIME_ID ? CPUCLOCK_PERTHREAD_MASK : 0), pid = 0;

	if (clock < 0) {
		what = clock & (CPUCLOCK_CLOCK_MASK | CPUCLOCK_PERTHREAD_MASK);
		pid = ~(clock >> 3);
	}
	if ((what & CPUCLOCK_CLOCK_MASK) >= CPUCLOCK_MAX)
		return -EINVAL;
	c->thread = (what & CPUCLOCK_PERTHREAD_MASK) != 0;
	c->part = (what & CPUCLOCK_CLOCK_MASK) == CPUCLOCK_VIRT ? CPU_USER : CPU_ALL;
	c->task = clock_task(pid, c->thread);
	return c->task ? 0 : -EINVAL;
}

void cpu_clock_put(struct cpu_clock *c)
{
	put_task(c->task);
}

static u64 thread_time(const struct task *t, u8 part)
{
	return READ_ONCE(t->utime) + (part == CPU_USER ? 0 : READ_ONCE(t->stime));
}

u64 cpu_clock_read(const struct cpu_clock *c)
{
	u64 utime, stime;

	sched_account_current();
	if (c->thread)
		return thread_time(c->task, c->part);
	task_cputime(c->task->group, &utime, &stime);
	return utime + (c->part == CPU_USER ? 0 : stime);
}

u64 cpu_clock_seen(const struct cpu_clock *c)
{
	return c->thread ? thread_time(c->task, c->part) : READ_ONCE(c->task->group->cpu_seen[c->part]);
}

/* ---- timers ---- */

static void unlink_timer(struct cpu_timer *t)
{
	if (!t->pprev)
		return;
	*t->pprev = t->next;
	if (t->next)
		t->next->pprev = t->pprev;
	t->pprev = NULL;
}

void cpu_timer_start(struct cpu_timer *t, u64 expires)
{
	struct task *task = t->clock.task;
	struct cpu_timer **head = t->clock.thread ? &task->cpu_timers : &task->group->cpu_timers;

	spin_lock(&cpu_timers_lock);
	unlink_timer(t);
	t->expires = expires;
	t->next = *head;
	t->pprev = head;
	if (*head)
		(*head)->pprev = &t->next;
	*head = t;
	atomic_fetch_or(t->clock.thread ? &task->cpu_watch : &task->group->cpu_watch, CPU_WATCH_TIMERS);
	spin_unlock(&cpu_timers_lock);
}

void cpu_timer_cancel(struct cpu_timer *t)
{
	spin_lock(&cpu_timers_lock);
	unlink_timer(t);
	spin_unlock(&cpu_timers_lock);
}

void cpu_timer_cancel_sync(struct cpu_timer *t)
{
	for (;;) {
		cpu_timer_cancel(t);
		if (!atomic_load(&t->running))
			return;
		arch_cpu_relax();
	}
}

/*
 * A timer of the list that has expired, off it and said to be running; NULL: none, and with no
 * timer left no need to look again.
 */
static struct cpu_timer *take_expired(struct cpu_timer **head, const u64 *now, _Atomic u32 *watch)
{
	struct cpu_timer *t;

	spin_lock(&cpu_timers_lock);
	for (t = *head; t && now[t->clock.part] < t->expires; t = t->next)
		;
	if (t) {
		unlink_timer(t);
		atomic_fetch_add(&t->running, 1);
	} else if (!*head) {
		atomic_fetch_and(watch, ~CPU_WATCH_TIMERS);
	}
	spin_unlock(&cpu_timers_lock);
	return t;
}

/* What is started again meanwhile is started for a later time than this. */
static void run_expired(struct cpu_timer **head, const u64 *now, _Atomic u32 *watch)
{
	struct cpu_timer *t;

	while ((t = take_expired(head, now, watch))) {
		t->fn(t);
		atomic_fetch_sub(&t->running, 1);
	}
}

/* ---- interval timers and limits ---- */

static void check_itimers(struct task *t, const u64 *now)
{
	static const int signals[NR_CPU_PARTS] = { [CPU_ALL] = SIGPROF, [CPU_USER] = SIGVTALRM };
	struct group *g = t->group;
	bool armed = false;

	for (unsigned part = 0; part < NR_CPU_PARTS; part++) {
		struct cpu_itimer *it = &g->cpu_itimer[part];

		if (it->expires && now[part] >= it->expires) {
			it->expires = it->incr ? it->expires + it->incr : 0;
			send_signal_locked(signals[part], SEND_SIG_KERNEL, t, true);
		}
		armed |= it->expires != 0;
	}
	if (!armed)
		atomic_fetch_and(&g->cpu_watch, ~CPU_WATCH_ITIMERS);
}

/*
 * At the hard limit the end; at the soft one, and each second after it, SIGXCPU: the soft limit
 * moves on. In units of @unit ns. siglock held.
 */
static void check_limit(struct task *t, unsigned which, u64 used, u64 unit)
{
	struct k_rlimit64 *l = &t->group->rlim[which];
	u64 soft = READ_ONCE(l->rlim_cur), hard = READ_ONCE(l->rlim_max);

	if (soft == RLIM64_INFINITY)
		return;
	if (hard != RLIM64_INFINITY && used / unit >= hard) {
		send_signal_locked(SIGKILL, SEND_SIG_KERNEL, t, true);
	} else if (used / unit >= soft) {
		/* Not if prlimit, which has a lock of its own, has set another meanwhile. */
		atomic_compare_exchange_strong((_Atomic u64 *)&l->rlim_cur, &soft, soft + NSEC_PER_SEC / unit);
		send_signal_locked(SIGXCPU, SEND_SIG_KERNEL, t, true);
	}
}

/*
 * What was seen never falls: a timer that has expired by @now would be found not to have, start
 * again, and be found expired, for ever.
 *
 *	a thread of g ticks                     another of g ticks
 *	                                        sums: 90
 *	sums: 100, seen = 100
 *	                                        seen = 90 would be wrong
 *	a timer for 95 goes off: seen >= 95
 */
static void group_tick(struct task *t)
{
	struct group *g = t->group;
	u64 now[NR_CPU_PARTS], stime;

	sum_cputime(g, &now[CPU_USER], &stime);
	now[CPU_ALL] = now[CPU_USER] + stime;
	spin_lock(&t->sighand->siglock);
	for (unsigned part = 0; part < NR_CPU_PARTS; part++)
		WRITE_ONCE(g->cpu_seen[part], max(g->cpu_seen[part], now[part]));
	check_itimers(t, now);
	check_limit(t, RLIMIT_CPU, now[CPU_ALL], NSEC_PER_SEC);
	spin_unlock(&t->sighand->siglock);
	run_expired(&g->cpu_timers, now, &g->cpu_watch);
}

static void thread_tick(struct task *t)
{
	const u64 now[NR_CPU_PARTS] = { [CPU_USER] = t->utime, [CPU_ALL] = t->utime + t->stime };

	run_expired(&t->cpu_timers, now, &t->cpu_watch);
}

void cpu_timers_tick(struct task *t)
{
	read_lock(&tasklist_lock);
	if (t->sighand) {
		if (atomic_load(&t->group->cpu_watch))
			group_tick(t);
		if (atomic_load(&t->cpu_watch))
			thread_tick(t);
		if (t->prio > 0) {
			spin_lock(&t->sighand->siglock);
			check_limit(t, RLIMIT_RTTIME, t->utime + t->stime - t->rt_start, NSEC_PER_USEC);
			spin_unlock(&t->sighand->siglock);
		}
	}
	read_unlock(&tasklist_lock);
}

/* ---- setitimer, getitimer ---- */

static u64 group_time(enum cpu_part part)
{
	return cpu_clock_read(&(struct cpu_clock){ .task = current, .part = part });
}

/* What has expired and was not seen yet is about to go off. */
static u64 time_left(const struct cpu_itimer *it, u64 now)
{
	return !it->expires ? 0 : it->expires > now ? it->expires - now : TICK_NSEC;
}

void cpu_itimer_set(enum cpu_part part, u64 value, u64 incr, u64 *old_value, u64 *old_incr)
{
	struct cpu_itimer *it = &current->group->cpu_itimer[part];
	u64 now = group_time(part);

	spin_lock(&current->sighand->siglock);
	*old_value = time_left(it, now);
	*old_incr = it->incr;
	it->expires = value ? add_ns(now, value) : 0;
	it->incr = incr;
	if (value)
		atomic_fetch_or(&current->group->cpu_watch, CPU_WATCH_ITIMERS);
	spin_unlock(&current->sighand->siglock);
}

void cpu_itimer_get(enum cpu_part part, u64 *value, u64 *incr)
{
	const struct cpu_itimer *it = &current->group->cpu_itimer[part];
	u64 now = group_time(part);

	spin_lock(&current->sighand->siglock);
	*value = time_left(it, now);
	*incr = it->incr;
	spin_unlock(&current->sighand->siglock);
}
