// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX timers: timer_create and its relatives. Mirrors Linux kernel/time/posix-timers.c.
 *
 * A timer has one queue entry of its own, allocated with it, so that its signal cannot be lost. A
 * periodic timer that went off goes on when that entry is taken off the queue, and counts then what
 * it missed: a period shorter than an interrupt, or a signal that nobody takes, costs nothing.
 *
 *	expires  rearm  the entry
 *	   0       0    free, or queued by an expiry before   disarmed, or went off for the last time
 *	  set      0    free, or queued by an expiry before   runs
 *	  set      1    queued                                went off; expires is when
 *
 * Locks: tasklist_lock (r, for who gets the signal), then the siglock of the group the timer
 * belongs to: all its fields. A timer's own list is that of its group.
 */
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/time_namespace.h"

struct posix_timer {
	struct list node;		/* [S] on group->posix_timers */
	struct group *group;		/* (!) its timers end before it does */
	int id, clock, notify, sig;	/* (!) */
	union k_sigval value;		/* (!) */
	struct task *target;		/* (!) SIGEV_THREAD_ID: that thread, referenced */
	struct sigqueue *q;		/* (!) its entry */
	u64 expires, interval;		/* [S] ns: of the wall clock, since boot, or of the processor clock it goes by */
	u64 base;			/* [S] of expires: WALL_TIME or 0 */
	bool rearm;			/* [S] */
	s64 overrun;			/* [S] expiries since the last signal was taken, less one */
	s32 overrun_last;		/* [S] what timer_getoverrun says */
	struct cpu_timer cpu;		/* one of the two, by clock */
	struct timer wall;
};

static u64 timer_now(const struct posix_timer *t)
{
	if (clock_is_cpu(t->clock))
		return cpu_clock_seen(&t->cpu.clock);
	return t->base ? realtime_ns() : ktime_ns();
}

static s32 to_overrun(s64 n)
{
	return (s32)min(n, (s64)INT32_MAX);
}

/* A timer without a signal need not run: who asks computes. */
static void start(struct posix_timer *t)
{
	if (t->notify == SIGEV_NONE)
		return;
	if (clock_is_cpu(t->clock))
		cpu_timer_start(&t->cpu, t->expires);
	else
		timer_start(&t->wall, t->expires | t->base);
}

static void cancel(struct posix_timer *t)
{
	if (clock_is_cpu(t->clock))
		cpu_timer_cancel(&t->cpu);
	else
		timer_cancel(&t->wall);
}

/* expires becomes the first multiple of the period after now. */
static void forward(struct posix_timer *t, u64 now)
{
	u64 n;

	if (now < t->expires)
		return;
	t->expires = next_period(t->expires, t->interval, now, &n);
	t->overrun += (s64)n;
}

/*
 * Its signal is thrown away, if it has one that is worth sending: it goes on by itself, but not at
 * each interrupt.
 */
static void go_on_unheard(struct posix_timer *t)
{
	t->rearm = false;
	forward(t, timer_now(t) + TICK_NSEC);
	start(t);
}

void posix_timer_dequeued(struct posix_timer *t, struct k_siginfo *info)
{
	assert_held(&t->group->leader->sighand->siglock);
	if (!t->rearm)
		return;
	if (!info) {
		go_on_unheard(t);
		return;
	}
	t->rearm = false;
	/* It did go off, whatever a clock says that was last looked at before. */
	forward(t, t->overrun < 0 ? max(timer_now(t), t->expires) : timer_now(t));
	t->overrun_last = to_overrun(t->overrun);
	t->overrun = -1;
	info->u.timer.si_overrun = to_overrun((s64)t->overrun_last + info->u.timer.si_overrun);
	start(t);
}

/* siglock held. */
static void send(struct posix_timer *t, struct task *leader)
{
	struct k_siginfo *info = &t->q->info;
	bool thread = t->notify & SIGEV_THREAD_ID;
	struct task *target = thread ? t->target : leader;

	t->rearm = t->interval != 0;
	if (!t->interval)
		t->expires = 0;
	if (!target->sighand || target->group != t->group)
		return;
	if (!list_empty(&t->q->node)) {
		info->u.timer.si_overrun++;
		return;
	}
	*info = (struct k_siginfo){ .si_signo = t->sig, .si_code = SI_TIMER };
	info->u.timer.si_timerid = t->id;
	info->u.timer.si_value = t->value;
	if (!send_sigqueue_locked(t->q, target, !thread) && t->rearm)
		go_on_unheard(t);
}

/*
 * Interrupt context, tasklist_lock held. An expiry that somebody overtook finds no time, or a later
 * one for which the timer runs already, unless it was the clock that was set.
 */
static void expired(struct posix_timer *t)
{
	struct task *leader = t->group->leader;

	if (!leader || !leader->sighand)
		return;
	spin_lock(&leader->sighand->siglock);
	if (t->expires && !t->rearm && timer_now(t) >= t->expires)
		send(t, leader);
	else if (t->expires && !t->rearm)
		start(t);
	spin_unlock(&leader->sighand->siglock);
}

static void wall_expired(struct timer *w)
{
	read_lock(&tasklist_lock);
	expired(container_of(w, struct posix_timer, wall));
	read_unlock(&tasklist_lock);
}

static void cpu_expired(struct cpu_timer *c)
{
	expired(container_of(c, struct posix_timer, cpu));
}

/* ---- life ---- */

static void free_timer(struct posix_timer *t)
{
	if (t->target)
		put_task(t->target);
	if (t->cpu.clock.task)
		cpu_clock_put(&t->cpu.clock);
	kfree(t);
}

/* Off its list already. An entry that is queued is delivered, and then freed like any other. */
static void delete_timer(struct posix_timer *t)
{
	spin_lock(&current->sighand->siglock);
	t->expires = 0;
	sigqueue_disown(t->q);
	spin_unlock(&current->sighand->siglock);
	if (clock_is_cpu(t->clock))
		cpu_timer_cancel_sync(&t->cpu);
	else
		timer_cancel_sync(&t->wall);
	free_timer(t);
}

void exit_posix_timers(struct group *g)
{
	for (;;) {
		struct posix_timer *t = NULL;

		spin_lock(&current->sighand->siglock);
		if (!list_empty(&g->posix_timers)) {
			t = list_first(&g->posix_timers, struct posix_timer, node);
			list_del(&t->node);
		}
		spin_unlock(&current->sighand->siglock);
		if (!t)
			return;
		delete_timer(t);
	}
}

/* siglock held. */
static struct posix_timer *find_timer(int id)
{
	struct posix_timer *t;

	list_for_each(t, &current->group->posix_timers, node)
		if (t->id == id)
			return t;
	return NULL;
}

/* A number that no timer of the group has. */
static int next_id(struct group *g)
{
	int id;

	spin_lock(&current->sighand->siglock);
	do {
		id = g->next_timer_id;
		g->next_timer_id = (id + 1) & INT32_MAX;
	} while (find_timer(id));
	spin_unlock(&current->sighand->siglock);
	return id;
}

/* What becomes of an expiry. 0 or -EINVAL. */
static int set_event(struct posix_timer *t, const struct k_sigevent *ev)
{
	t->notify = ev->sigev_notify;
	t->sig = ev->sigev_signo;
	t->value = ev->sigev_value;
	if (t->notify == SIGEV_NONE)
		return 0;
	if (t->notify & ~(SIGEV_THREAD | SIGEV_THREAD_ID) ||
	    t->notify == (SIGEV_THREAD | SIGEV_THREAD_ID) || t->sig <= 0 || t->sig > K_NSIG)
		return -EINVAL;
	if (!(t->notify & SIGEV_THREAD_ID))
		return 0;
	t->target = find_get_task_by_vpid(ev->sigev_tid);
	return t->target && same_thread_group(t->target, current) ? 0 : -EINVAL;
}

static int set_clock(struct posix_timer *t, int clock)
{
	t->clock = clock;
	timer_setup(&t->wall, wall_expired);
	t->wall.alarm = clock_is_alarm(clock);
	t->cpu.fn = cpu_expired;
	switch (clock) {
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return capable(CAP_WAKE_ALARM) ? 0 : -EPERM;
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	}
	return clock_is_cpu(clock) ? cpu_clock_get(clock, &t->cpu.clock) : -EINVAL;
}

/* A new timer that nobody can find yet, or ERR_PTR. ev NULL: SIGALRM with its number. */
static struct posix_timer *new_timer(int clock, const struct k_sigevent *ev)
{
	struct posix_timer *t = kzalloc(sizeof(*t), GFP_KERNEL);
	struct k_sigevent usual = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	int err;

	if (!t)
		return ERR_PTR(-EAGAIN);
	list_init(&t->node);
	t->group = current->group;
	err = set_clock(t, clock);
	if (!err) {
		t->id = next_id(t->group);
		usual.sigev_value.sival_int = t->id;
		err = set_event(t, ev ? ev : &usual);
	}
	if (!err) {
		t->q = sigqueue_prealloc(t);
		err = t->q ? 0 : -EAGAIN;
	}
	if (!err)
		return t;
	free_timer(t);
	return ERR_PTR(err);
}

/* ---- system calls ---- */

long sys_timer_create(int clock, uaddr_t uevent, uaddr_t uid)
{
	struct posix_timer *t;
	struct k_sigevent ev;

	if (uevent && copy_from_user(&ev, uevent, sizeof(ev)))
		return -EFAULT;
	t = new_timer(clock, uevent ? &ev : NULL);
	if (IS_ERR(t))
		return PTR_ERR(t);
	if (copy_to_user(uid, &t->id, sizeof(t->id))) {
		delete_timer(t);
		return -EFAULT;
	}
	spin_lock(&current->sighand->siglock);
	list_add_tail(&t->node, &t->group->posix_timers);
	spin_unlock(&current->sighand->siglock);
	return 0;
}

/*
 * siglock held; now is what its clock shows. A timer that has a signal under way, or none, has not
 * been counted on.
 */
static struct k_itimerspec setting(struct posix_timer *t, u64 now)
{
	struct k_itimerspec its = { .it_interval = ns_to_timespec(t->interval) };

	if (!t->expires)
		return its;
	if (t->interval && (t->rearm || t->notify == SIGEV_NONE))
		forward(t, now);
	if (now < t->expires)
		its.it_value = ns_to_timespec(t->expires - now);
	else if (t->notify != SIGEV_NONE)
		its.it_value.tv_nsec = 1;	/* it is about to go off */
	return its;
}

/*
 * The timer with siglock held and what its clock shows, or NULL. A group's time is summed up
 * before, under tasklist_lock, for which the timer is looked up twice; if it is another one by
 * then, it shows another clock.
 */
static struct posix_timer *lock_timer(int id, u64 *now)
{
	struct cpu_clock c = { 0 };
	struct posix_timer *t;

	spin_lock(&current->sighand->siglock);
	t = find_timer(id);
	if (t && t->cpu.clock.task) {
		c = t->cpu.clock;
		get_task(c.task);
		spin_unlock(&current->sighand->siglock);
		*now = cpu_clock_read(&c);
		cpu_clock_put(&c);
		spin_lock(&current->sighand->siglock);
		t = find_timer(id);
	} else {
		*now = t ? timer_now(t) : 0;
	}
	if (!t)
		spin_unlock(&current->sighand->siglock);
	return t;
}

static void unlock_timer(void)
{
	spin_unlock(&current->sighand->siglock);
}

long sys_timer_gettime(int id, uaddr_t uits)
{
	struct k_itimerspec its;
	struct posix_timer *t;
	u64 now;

	t = lock_timer(id, &now);
	if (!t)
		return -EINVAL;
	its = setting(t, now);
	unlock_timer();
	return copy_to_user(uits, &its, sizeof(its)) ? -EFAULT : 0;
}

long sys_timer_getoverrun(int id)
{
	struct posix_timer *t;
	long n;
	u64 now;

	t = lock_timer(id, &now);
	if (!t)
		return -EINVAL;
	n = t->overrun_last;
	unlock_timer();
	return n;
}

/*
 * Is the timer set to a time of day? A relative one is not, except by the clocks that Linux leaves
 * out here.
 */
static bool by_wall(const struct posix_timer *t, int flags)
{
	return clock_is_realtime(t->clock) && (flags & TIMER_ABSTIME || t->clock != CLOCK_REALTIME);
}

/* siglock held. */
static void set_timer(struct posix_timer *t, int flags, u64 value, u64 interval, u64 now)
{
	cancel(t);
	t->base = by_wall(t, flags) ? WALL_TIME : 0;
	if (!clock_is_cpu(t->clock))
		now = timer_now(t);
	t->rearm = false;
	t->overrun = -1;
	t->overrun_last = 0;
	t->interval = value ? interval : 0;
	t->expires = !value ? 0 : flags & TIMER_ABSTIME ? time_ns_to_host(t->clock, value) : add_ns(now, value);
	if (value && clock_is_cpu(t->clock) && t->notify != SIGEV_NONE && now >= t->expires)
		send(t, current->group_leader);	/* who it is about may not run for long */
	else if (value)
		start(t);
}

long sys_timer_settime(int id, int flags, uaddr_t unew, uaddr_t uold)
{
	struct k_itimerspec its, old;
	struct posix_timer *t;
	u64 now;

	if (!unew)
		return -EINVAL;
	if (copy_from_user(&its, unew, sizeof(its)))
		return -EFAULT;
	if (!timespec_valid(&its.it_interval) || !timespec_valid(&its.it_value))
		return -EINVAL;
	t = lock_timer(id, &now);
	if (!t)
		return -EINVAL;
	old = setting(t, now);
	set_timer(t, flags, timespec_to_ns(&its.it_value), timespec_to_ns(&its.it_interval), now);
	unlock_timer();
	return uold && copy_to_user(uold, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_timer_delete(int id)
{
	struct posix_timer *t;
	u64 now;

	t = lock_timer(id, &now);
	if (!t)
		return -EINVAL;
	list_del(&t->node);
	unlock_timer();
	delete_timer(t);
	return 0;
}
