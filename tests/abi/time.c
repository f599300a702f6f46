// SPDX-License-Identifier: GPL-2.0-only
//
// Clocks, sleeping, timers.
#include "t.h"

static long ns_between(struct timespec a, struct timespec b)
{
	return (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;
}

static struct timespec now(void)
{
	struct timespec ts;

	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, &ts), 0);
	return ts;
}

TEST(nanosleep_sleeps_long_enough)
{
	static const long ns[] = {1, 1000, 1000000, 20000000};

	for (unsigned i = 0; i < sizeof ns / sizeof *ns; i++) {
		struct timespec ts = {0, ns[i]}, start = now();

		CHECK_EQ(sys(nanosleep, &ts, 0), 0);
		CHECK_GE(ns_between(start, now()), ns[i]);
	}
}

TEST(nanosleep_arguments)
{
	struct timespec zero = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0}, back = {0, -1};

	CHECK_EQ(sys(nanosleep, &zero, 0), 0);
	CHECK_EQ(sys(nanosleep, &bad, 0), -EINVAL);
	CHECK_EQ(sys(nanosleep, &negative, 0), -EINVAL);
	CHECK_EQ(sys(nanosleep, &back, 0), -EINVAL);
	CHECK_EQ(sys(nanosleep, 8UL, 0), -EFAULT);
}

TEST(monotonic_never_goes_back)
{
	struct timespec last = now();

	for (int i = 0; i < 20000; i++) {
		struct timespec ts = now();

		CHECK_GE(ns_between(last, ts), 0);
		last = ts;
	}
}

TEST(clocks)
{
	struct timespec ts, res;
	struct timeval tv;

	CHECK_EQ(sys(clock_gettime, CLOCK_REALTIME, &ts), 0);
	CHECK(ts.tv_nsec >= 0 && ts.tv_nsec < 1000000000);
	CHECK_EQ(sys(gettimeofday, &tv, 0), 0);
	CHECK_LE(ts.tv_sec, tv.tv_sec);
	CHECK_LE(tv.tv_sec - ts.tv_sec, 5);
	CHECK_EQ(sys(clock_gettime, CLOCK_BOOTTIME, &ts), 0);
	CHECK_EQ(sys(clock_getres, CLOCK_MONOTONIC, &res), 0);
	CHECK(res.tv_sec == 0 && res.tv_nsec > 0);
	CHECK_EQ(sys(clock_gettime, 99, &ts), -EINVAL);
	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, 8UL), -EFAULT);
	CHECK_EQ(sys(clock_getres, 99, &res), -EINVAL);
}

TEST(absolute_sleep)
{
	struct timespec start = now(), until = start;

	until.tv_nsec += 30000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	CHECK_EQ(sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0), 0);
	CHECK_GE(ns_between(until, now()), 0);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &start, 0), 0); // past: at once
	CHECK_EQ(sys(clock_nanosleep, 99, 0, &start, 0), -EINVAL);
}

static _Atomic int ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

TEST(interval_timer_repeats)
{
	struct itimerval it = {{0, 10000}, {0, 10000}}, off = {{0, 0}, {0, 0}}, old;
	struct timespec start = now();

	t_action(SIGALRM, tick, 0);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &it, 0), 0);
	UNTIL(ticks >= 5);
	CHECK_GE(ns_between(start, now()), 49000000);
	CHECK_EQ(sys(getitimer, ITIMER_REAL, &old), 0);
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	CHECK(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 10000);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &off, &old), 0);
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	int then = ticks;

	t_sleep_ms(30);
	CHECK_LE(ticks, then + 1);
}

TEST(interval_timer_arguments)
{
	struct itimerval bad = {{0, 0}, {0, 1000000}}, negative = {{0, 0}, {-1, 0}};

	CHECK_EQ(sys(setitimer, ITIMER_REAL, &bad, 0), -EINVAL);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &negative, 0), -EINVAL);
	CHECK_EQ(sys(setitimer, 9, &bad, 0), -EINVAL);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, 8UL, 0), -EFAULT);
	CHECK_EQ(sys(getitimer, 9, &bad), -EINVAL);
}

TEST(alarm_tells_what_was_left)
{
	CHECK_EQ(sys(alarm, 100), 0);
	long left = sys(alarm, 50);

	CHECK(left == 100 || left == 99);
	left = sys(alarm, 0);
	CHECK(left == 50 || left == 49);
	CHECK_EQ(sys(alarm, 0), 0);
}

TEST(alarm_kills)
{
	struct itimerval it = {.it_value.tv_usec = 5000};

	CHECK_EQ(IN_CHILD(sys(setitimer, ITIMER_REAL, &it, 0); thread_pause(NULL)), SIGNALLED(SIGALRM));
	CHECK_EQ(IN_CHILD(sys(setitimer, ITIMER_REAL, &it, 0); thread_spin(NULL)), SIGNALLED(SIGALRM));
}

static long now_ns(void)
{
	struct timespec t;

	sys(clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

TEST(many_sleepers_and_none_wakes_early)
{
	// The last one started sleeps least. In what order they run afterwards is the scheduler's affair.
	enum { N = 12 };

	for (int i = 0; i < N; i++)
		if (t_fork() == 0) {
			long ms = 30 + (N - i) * 15, start = now_ns();

			t_sleep_ms(ms);
			t_exit(now_ns() - start < ms * 1000000);
		}
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_wait(-1), 0);
}

static const struct itimerval often = {{0, 1}, {0, 1}};

// A period shorter than any interrupt, and nobody to take the signal.
TEST(a_microsecond_timer_hangs_nobody)
{
	CHECK_EQ(IN_CHILD({
		t_action(SIGALRM, SIG_IGN, 0);
		CHECK_EQ(sys(setitimer, ITIMER_REAL, &often, 0), 0);
		for (volatile int i = 0; i < 300000; i++)
			;
	}),
		0);
	CHECK_EQ(IN_CHILD({
		unsigned long alarm = BIT(SIGALRM);

		t_block(alarm);
		CHECK_EQ(sys(setitimer, ITIMER_REAL, &often, 0), 0);
		for (volatile int i = 0; i < 300000; i++)
			;
		for (int i = 0; i < 10; i++)
			CHECK_EQ(sys(rt_sigtimedwait, &alarm, 0, 0, 8), SIGALRM);
	}),
		0);
}

// A periodic timer that has gone off goes on when its signal is taken.
TEST(a_timer_waits_for_its_signal_to_be_taken)
{
	struct itimerval it = {{0, 2000}, {0, 2000}}, now;
	unsigned long alarm = BIT(SIGALRM), pending = 0;

	t_block(alarm);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &it, 0), 0);
	while (!(pending & alarm))
		CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
	do // Linux sends it before it is done
		CHECK_EQ(sys(getitimer, ITIMER_REAL, &now), 0);
	while (!t_on_thaw && now.it_value.tv_usec);
	CHECK_EQ(now.it_value.tv_usec, 0);
	CHECK_EQ(now.it_interval.tv_usec, 2000);
	CHECK_EQ(sys(rt_sigtimedwait, &alarm, 0, 0, 8), SIGALRM);
	CHECK_EQ(sys(getitimer, ITIMER_REAL, &now), 0);
	CHECK(now.it_value.tv_usec <= 2000);
	CHECK_EQ(sys(rt_sigtimedwait, &alarm, 0, 0, 8), SIGALRM);
}
