// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers on a pairing heap per CPU, clocks, sleeping, and ITIMER_REAL. Mirrors Linux kernel/time:
 * hrtimer.c, itimer.c, posix-timers.c and time.c.
 *
 * Locks: a queue's lock, two never at once. A group's itimer is protected by its siglock, taken
 * before the queue's lock.
 *
 * The hardware timer is set only to come sooner, never later: an interrupt too many costs less than
 * setting it at each switch.
 */
#include "kernel/abi.h"
#include "kernel/entry.h"
#include "kernel/task.h"

#define NSEC_PER_SEC	1000000000ull
#define NSEC_PER_USEC	1000ull
/* Any sleep ends: ~292 years, the end of a signed count of nanoseconds. */
#define KTIME_MAX	((u64)INT64_MAX)

struct timer_queue {
	struct spinlock lock;
	struct timer *root;		/* [lock] */
	u64 armed;			/* this CPU only, interrupts off: what the hardware was told */
};

static struct timer_queue queues[MAX_CPUS];
_Atomic s64 realtime_offset_ns;

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

void timer_arm_by(u64 deadline)
{
	struct timer_queue *q = &queues[this_cpu()->id];

	if (deadline >= q->armed)
		return;
	q->armed = deadline;
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
void timer_start(struct timer *t, u64 expires)
{
	struct timer_queue *q, *to;
	unsigned here;

	irq_push_off();
	here = this_cpu()->id;
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
		t->expires = expires;
		heap_add(to, t);
		timer_arm_by(to->root->expires);
	}
	spin_unlock(&to->lock);
	irq_pop_off();
}

void timers_run(void)
{
	struct timer_queue *q = &queues[this_cpu()->id];
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
	struct timer_queue *q = &queues[this_cpu()->id];
	u64 next;

	spin_lock(&q->lock);
	next = q->root ? q->root->expires : NO_DEADLINE;
	spin_unlock(&q->lock);
	return next;
}

void timers_init_cpu(struct cpu *c)
{
	struct timer_queue *q = &queues[c->id];

	spin_init(&q->lock, "timers", RANK_TIMER);
	q->armed = NO_DEADLINE;
	if (c->id == 0)
		atomic_store(&realtime_offset_ns, (s64)(arch_rtc_seconds() * NSEC_PER_SEC - ktime_ns()));
}

void entry_timer(void)
{
	queues[this_cpu()->id].armed = NO_DEADLINE;
	timers_run();
	sched_tick();
	timer_arm_by(timers_next());
}

void fsleep(u64 usecs)
{
	u64 deadline = ktime_ns() + usecs * NSEC_PER_USEC;

	might_sleep();
	do
		set_current_state(TASK_UNINTERRUPTIBLE);
	while (schedule_until(deadline));
}

void msleep(unsigned ms)
{
	fsleep(ms * 1000ull);
}

/* ---- conversions ---- */

static struct k_timespec ns_to_timespec(u64 ns)
{
	return (struct k_timespec){ .tv_sec = (s64)(ns / NSEC_PER_SEC), .tv_nsec = (s64)(ns % NSEC_PER_SEC) };
}

static struct k_timeval ns_to_timeval(u64 ns)
{
	return (struct k_timeval){ .tv_sec = (s64)(ns / NSEC_PER_SEC), .tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

/* Saturates at KTIME_MAX. Neither part is negative. */
static u64 to_ns(u64 sec, u64 nsec)
{
	return sec >= KTIME_MAX / NSEC_PER_SEC ? KTIME_MAX : sec * NSEC_PER_SEC + nsec;
}

static u64 add_ns(u64 a, u64 b)
{
	return a > KTIME_MAX - b ? KTIME_MAX : a + b;
}

/* 0, -EFAULT or -EINVAL. */
static int get_timespec(uaddr_t uts, u64 *ns)
{
	struct k_timespec ts;

	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	*ns = to_ns((u64)ts.tv_sec, (u64)ts.tv_nsec);
	return 0;
}

static int put_timespec(uaddr_t uts, u64 ns)
{
	struct k_timespec ts = ns_to_timespec(ns);

	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

/* ---- clocks ---- */

static u64 realtime_ns(void)
{
	return ktime_ns() + (u64)atomic_load(&realtime_offset_ns);
}

static u64 group_cputime(void)
{
	u64 utime, stime;

	sched_account_current();
	task_cputime(current->group, &utime, &stime);
	return utime + stime;
}

static int clock_read(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = ktime_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = group_cputime();
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		sched_account_current();
		*ns = current->utime + current->stime;
		return 0;
	}
	return -EINVAL;
}

static bool clock_is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

long sys_clock_gettime(int clock, uaddr_t uts)
{
	u64 ns;
	int err = clock_read(clock, &ns);

	return err ? err : put_timespec(uts, ns);
}

long sys_clock_getres(int clock, uaddr_t uts)
{
	u64 ns;
	int err = clock_read(clock, &ns);

	if (err || !uts)
		return err;
	return put_timespec(uts, clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ? NSEC_PER_SEC / HZ : 1);
}

static int set_realtime(u64 ns)
{
	if (ns < ktime_ns() || ns >= KTIME_MAX)
		return -EINVAL;
	/* LINUX: sleeps that wait for a time of day keep their old end. */
	atomic_store(&realtime_offset_ns, (s64)(ns - ktime_ns()));
	return 0;
}

long sys_clock_settime(int clock, uaddr_t uts)
{
	u64 ns;
	int err;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = get_timespec(uts, &ns);
	return err ? err : set_realtime(ns);
}

long sys_gettimeofday(uaddr_t utv, uaddr_t utz)
{
	struct k_timeval tv = ns_to_timeval(realtime_ns());
	struct k_timezone tz = { 0 };

	if (utv && copy_to_user(utv, &tv, sizeof(tv)))
		return -EFAULT;
	if (utz && copy_to_user(utz, &tz, sizeof(tz)))
		return -EFAULT;
	return 0;
}

long sys_settimeofday(uaddr_t utv, uaddr_t utz)
{
	struct k_timeval tv;
	struct k_timezone tz;

	if (utv && copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (utz && copy_from_user(&tz, utz, sizeof(tz)))
		return -EFAULT;
	if (!utv)
		return 0;
	if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EINVAL;
	return set_realtime(to_ns((u64)tv.tv_sec, (u64)tv.tv_usec * NSEC_PER_USEC));
}

long sys_time(uaddr_t ut)
{
	s64 now = (s64)(realtime_ns() / NSEC_PER_SEC);

	if (ut && copy_to_user(ut, &now, sizeof(now)))
		return -EFAULT;
	return now;
}

/* ---- sleeping ---- */

/* 0 at the deadline, -ERESTARTSYS if a signal came first. A task asleep here freezes in place. */
static int sleep_until(u64 deadline)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (signal_pending(current))
			break;
		if (!schedule_until(deadline))
			return 0;
	}
	__set_current_state(TASK_RUNNING);
	return ktime_ns() >= deadline ? 0 : -ERESTARTSYS;
}

/* Relative sleep to @rb->deadline, remaining time to @rb->a if interrupted. */
static long nanosleep_restart(struct restart_block *rb)
{
	u64 deadline = rb->deadline, now;

	if (!sleep_until(deadline))
		return 0;
	now = ktime_ns();
	if (rb->a && put_timespec(rb->a, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_relative(u64 ns, uaddr_t urem)
{
	struct restart_block *rb = &current->restart;

	rb->fn = nanosleep_restart;
	rb->deadline = add_ns(ktime_ns(), ns);
	rb->a = urem;
	return nanosleep_restart(rb);
}

long sys_nanosleep(uaddr_t ureq, uaddr_t urem)
{
	u64 ns;
	int err = get_timespec(ureq, &ns);

	return err ? err : sleep_relative(ns, urem);
}

static int clock_sleep_allowed(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_PROCESS_CPUTIME_ID:	/* LINUX: there one can sleep on one's own processor time */
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

long sys_clock_nanosleep(int clock, int flags, uaddr_t ureq, uaddr_t urem)
{
	u64 ns, offset;
	int err = clock_sleep_allowed(clock);

	if (!err)
		err = get_timespec(ureq, &ns);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, urem);
	offset = clock_is_realtime(clock) ? (u64)atomic_load(&realtime_offset_ns) : 0;
	return sleep_until(ns > offset ? ns - offset : 0) ? -ERESTARTNOHAND : 0;
}

/* ---- ITIMER_REAL ---- */

/*
 * Interrupt context. An expiry that setitimer overtook finds a later time, or none, and does
 * nothing. A periodic timer goes on when its signal is taken (itimer_rearm): a period shorter than
 * an interrupt, or a signal that nobody takes, costs nothing.
 */
static void itimer_fn(struct timer *tm)
{
	struct group *g = container_of(tm, struct group, real_timer);
	struct task *leader;
	u64 now = ktime_ns();

	read_lock(&tasklist_lock);
	leader = g->leader;
	if (leader && leader->sighand) {
		spin_lock(&leader->sighand->siglock);
		if (g->it_real_expires && g->it_real_expires <= now) {
			g->it_real_expires = 0;
			send_signal_locked(SIGALRM, SEND_SIG_KERNEL, leader, true);
		}
		spin_unlock(&leader->sighand->siglock);
	}
	read_unlock(&tasklist_lock);
}

/* The next multiple of the period since the last expiry. */
void itimer_rearm(struct group *g)
{
	u64 last = g->real_timer.expires, now = ktime_ns();

	assert_held(&current->sighand->siglock);
	if (g->it_real_expires || !g->it_real_incr)
		return;
	g->it_real_expires = last + (1 + (now - last) / g->it_real_incr) * g->it_real_incr;
	timer_start(&g->real_timer, g->it_real_expires);
}

/*
 * Sets the timer to go off in @value ns (0: never) and then each @incr; stores what it was if
 * asked.
 */
static void set_itimer(u64 value, u64 incr, u64 *old_value, u64 *old_incr)
{
	struct group *g = current->group;
	u64 now = ktime_ns();

	spin_lock(&current->sighand->siglock);
	*old_value = !g->it_real_expires ? 0 : g->it_real_expires > now ? g->it_real_expires - now : NSEC_PER_USEC;
	*old_incr = g->it_real_incr;
	g->it_real_expires = value ? add_ns(now, value) : 0;
	g->it_real_incr = value ? incr : 0;
	/* Its function is set here, not at fork: only a group that has an itimer needs one. */
	g->real_timer.fn = itimer_fn;
	if (value)
		timer_start(&g->real_timer, g->it_real_expires);
	else
		timer_cancel(&g->real_timer);
	spin_unlock(&current->sighand->siglock);
}

void exit_itimers(struct group *g)
{
	spin_lock(&current->sighand->siglock);
	g->it_real_expires = g->it_real_incr = 0;
	spin_unlock(&current->sighand->siglock);
	timer_cancel_sync(&g->real_timer);
}

static struct k_itimerval to_itimerval(u64 value, u64 incr)
{
	return (struct k_itimerval){ .it_interval = ns_to_timeval(incr), .it_value = ns_to_timeval(value) };
}

static bool timeval_valid(const struct k_timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

long sys_setitimer(int which, uaddr_t unew, uaddr_t uold)
{
	struct k_itimerval it = { 0 };
	u64 value, incr;

	if (unew && copy_from_user(&it, unew, sizeof(it)))
		return -EFAULT;
	if (!timeval_valid(&it.it_value) || !timeval_valid(&it.it_interval))
		return -EINVAL;
	if (which != ITIMER_REAL)	/* LINUX: ITIMER_VIRTUAL and ITIMER_PROF are not there */
		return -EINVAL;
	set_itimer(to_ns((u64)it.it_value.tv_sec, (u64)it.it_value.tv_usec * NSEC_PER_USEC),
		   to_ns((u64)it.it_interval.tv_sec, (u64)it.it_interval.tv_usec * NSEC_PER_USEC), &value, &incr);
	it = to_itimerval(value, incr);
	return uold && copy_to_user(uold, &it, sizeof(it)) ? -EFAULT : 0;
}

long sys_getitimer(int which, uaddr_t uval)
{
	struct group *g = current->group;
	struct k_itimerval it;
	u64 value, incr, now = ktime_ns();

	if (which != ITIMER_REAL)
		return -EINVAL;
	spin_lock(&current->sighand->siglock);
	value = g->it_real_expires > now ? g->it_real_expires - now : g->it_real_expires ? NSEC_PER_USEC : 0;
	incr = g->it_real_incr;
	spin_unlock(&current->sighand->siglock);
	it = to_itimerval(value, incr);
	return copy_to_user(uval, &it, sizeof(it)) ? -EFAULT : 0;
}

long sys_alarm(unsigned seconds)
{
	u64 value, incr;

	set_itimer(seconds * NSEC_PER_SEC, 0, &value, &incr);
	/* Rounded to the nearest second, but never to none while one was set. */
	return value ? (long)max((u64)1, (value + NSEC_PER_SEC / 2) / NSEC_PER_SEC) : 0;
}
