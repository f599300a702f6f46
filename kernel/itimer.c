// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interval timers: setitimer, getitimer, alarm, and ITIMER_REAL itself; cpu_timers.c has those that
 * go by processor time. Mirrors Linux kernel/time/itimer.c.
 *
 * Locks: a group's timers are protected by its siglock, taken before the timer queue's.
 */
#include "kernel/task.h"
#include "kernel/time.h"

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
	u64 n;

	assert_held(&current->sighand->siglock);
	if (g->it_real_expires || !g->it_real_incr)
		return;
	g->it_real_expires = next_period(g->real_timer.expires, g->it_real_incr, ktime_ns(), &n);
	timer_start(&g->real_timer, g->it_real_expires);
}

/* To go off in @value ns (0: never) and then each @incr; stores what it was. */
static void set_itimer_real(u64 value, u64 incr, u64 *old_value, u64 *old_incr)
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

static void get_itimer_real(u64 *value, u64 *incr)
{
	struct group *g = current->group;
	u64 now = ktime_ns();

	spin_lock(&current->sighand->siglock);
	*value = g->it_real_expires > now ? g->it_real_expires - now : g->it_real_expires ? NSEC_PER_USEC : 0;
	*incr = g->it_real_incr;
	spin_unlock(&current->sighand->siglock);
}

void exit_itimers(struct group *g)
{
	spin_lock(&current->sighand->siglock);
	g->it_real_expires = g->it_real_incr = 0;
	spin_unlock(&current->sighand->siglock);
	timer_cancel_sync(&g->real_timer);
	if (!list_empty(&g->posix_timers))
		exit_posix_timers(g);
}

/* ---- system calls ---- */

static u64 timeval_ns(const struct k_timeval *tv)
{
	return to_ns((u64)tv->tv_sec, (u64)tv->tv_usec * NSEC_PER_USEC);
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
	if (which == ITIMER_REAL)
		set_itimer_real(timeval_ns(&it.it_value), timeval_ns(&it.it_interval), &value, &incr);
	else if (which == ITIMER_VIRTUAL || which == ITIMER_PROF)
		cpu_itimer_set(which == ITIMER_PROF ? CPU_ALL : CPU_USER, timeval_ns(&it.it_value),
			       timeval_ns(&it.it_interval), &value, &incr);
	else
		return -EINVAL;
	it = to_itimerval(value, incr);
	return uold && copy_to_user(uold, &it, sizeof(it)) ? -EFAULT : 0;
}

long sys_getitimer(int which, uaddr_t uval)
{
	struct k_itimerval it;
	u64 value, incr;

	if (which == ITIMER_REAL)
		get_itimer_real(&value, &incr);
	else if (which == ITIMER_VIRTUAL || which == ITIMER_PROF)
		cpu_itimer_get(which == ITIMER_PROF ? CPU_ALL : CPU_USER, &value, &incr);
	else
		return -EINVAL;
	it = to_itimerval(value, incr);
	return copy_to_user(uval, &it, sizeof(it)) ? -EFAULT : 0;
}

long sys_alarm(unsigned seconds)
{
	u64 value, incr;

	set_itimer_real(seconds * NSEC_PER_SEC, 0, &value, &incr);
	/* Rounded to the nearest second, but never to none while one was set. */
	return value ? (long)max((u64)1, (value + NSEC_PER_SEC / 2) / NSEC_PER_SEC) : 0;
}
