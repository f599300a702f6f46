// SPDX-License-Identifier: GPL-2.0-only
//
// POSIX timers, timers on processor time, and the limits of it.
#include "t.h"

#include <linux/timex.h>

#define MS 1000000L

static long clock_ns(int clock)
{
	struct timespec ts;

	CHECK_EQ(sys(clock_gettime, clock, &ts), 0);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

static struct timespec to_ts(long ns)
{
	return (struct timespec){ns / 1000000000, ns % 1000000000};
}

// A while in user mode.
static void compute(void)
{
	for (volatile int i = 0; i < 10000; i++)
		;
}

// Computes until a clock shows so much.
static void burn_until(int clock, long ns)
{
	while (clock_ns(clock) < ns)
		;
}

static void burn(long ns)
{
	burn_until(CLOCK_THREAD_CPUTIME_ID, clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns);
}

static int new_timer(int clock, int notify, int sig, long value)
{
	struct sigevent ev = {.sigev_notify = notify, .sigev_signo = sig};
	int id = -1;

	ev.sigev_value.sival_ptr = (void *)value;
	ev.sigev_notify_thread_id = t_gettid();
	CHECK_EQ(sys(timer_create, clock, &ev, &id), 0);
	return id;
}

static void set_timer(int id, int flags, long value, long interval)
{
	struct itimerspec its = {.it_value = to_ts(value), .it_interval = to_ts(interval)};

	CHECK_EQ(sys(timer_settime, id, flags, &its, 0), 0);
}

static siginfo_t take(int sig)
{
	siginfo_t info;
	unsigned long set = BIT(sig);

	memset(&info, 0, sizeof info);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, 0, 8), sig);
	return info;
}

static bool nothing(int sig)
{
	struct timespec zero = {0, 0};
	unsigned long set = BIT(sig);

	return sys(rt_sigtimedwait, &set, 0, &zero, 8) == -EAGAIN;
}

TEST(a_timer_sends_its_signal)
{
	t_block(BIT(SIGRTMIN));
	int id = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0x123456789abcdef);
	long start = clock_ns(CLOCK_MONOTONIC);

	set_timer(id, 0, 20 * MS, 0);
	siginfo_t info = take(SIGRTMIN);

	CHECK_GE(clock_ns(CLOCK_MONOTONIC) - start, 20 * MS);
	CHECK_EQ(info.si_signo, SIGRTMIN);
	CHECK_EQ(info.si_code, SI_TIMER);
	CHECK_EQ(info.si_tid, id);
	CHECK_EQ(info.si_overrun, 0);
	CHECK_EQ((long)info.si_ptr, 0x123456789abcdef);
	struct itimerspec its = {{1, 1}, {1, 1}};

	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	CHECK(!its.it_value.tv_sec && !its.it_value.tv_nsec && !its.it_interval.tv_sec && !its.it_interval.tv_nsec);
	CHECK_EQ(sys(timer_getoverrun, id), 0);
	CHECK_EQ(sys(timer_delete, id), 0);
	CHECK_EQ(sys(timer_delete, id), -EINVAL);
}

TEST(without_an_event_it_is_an_alarm)
{
	int id = -1, other = -1;

	t_block(BIT(SIGALRM));
	CHECK_EQ(sys(timer_create, CLOCK_REALTIME, 0, &id), 0);
	CHECK_EQ(sys(timer_create, CLOCK_REALTIME, 0, &other), 0);
	CHECK(id != other);
	set_timer(other, 0, 1, 0);
	siginfo_t info = take(SIGALRM);

	CHECK_EQ(info.si_code, SI_TIMER);
	CHECK_EQ(info.si_int, other);
}

TEST(every_wall_clock_has_timers)
{
	static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};

	t_block(BIT(SIGRTMIN));
	for (unsigned i = 0; i < 4; i++) {
		int id = new_timer(clocks[i], SIGEV_SIGNAL, SIGRTMIN, i);
		long until = clock_ns(clocks[i]) + 10 * MS;

		set_timer(id, TIMER_ABSTIME, until, 0);
		CHECK_EQ(take(SIGRTMIN).si_int, i);
		CHECK_GE(clock_ns(clocks[i]), until);
		set_timer(id, TIMER_ABSTIME, 1, 0); // past: at once
		CHECK_EQ(take(SIGRTMIN).si_int, i);
	}
}

// Who takes the signal late is told how many times it would have come. One entry a timer is queued.
TEST(overruns_are_counted)
{
	struct itimerspec its;

	t_block(BIT(SIGRTMIN));
	int id = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 7);
	long start = clock_ns(CLOCK_MONOTONIC);

	set_timer(id, 0, 2 * MS, 2 * MS);
	t_sleep_ms(50);
	siginfo_t info = take(SIGRTMIN);
	long most = (clock_ns(CLOCK_MONOTONIC) - start) / (2 * MS);

	CHECK_GE(info.si_overrun, 20);
	CHECK_LE(info.si_overrun, most);
	CHECK_EQ(sys(timer_getoverrun, id), info.si_overrun);
	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	CHECK(its.it_interval.tv_nsec == 2 * MS && !its.it_value.tv_sec && its.it_value.tv_nsec <= 2 * MS && its.it_value.tv_nsec);
	set_timer(id, 0, 0, 0);
	while (!nothing(SIGRTMIN))
		;
	set_timer(id, 0, MS, MS);
	t_sleep_ms(20);
	take(SIGRTMIN);
	set_timer(id, 0, 0, 0);
	while (!nothing(SIGRTMIN))
		;
	CHECK_EQ(sys(timer_getoverrun, id), 0); // set anew, counted anew
}

TEST(a_nanosecond_timer_hangs_nobody)
{
	t_block(BIT(SIGRTMIN) | BIT(SIGRTMIN + 1));
	t_action(SIGRTMIN + 2, SIG_IGN, 0);
	int taken = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0);
	int left = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 0);
	int ignored = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 2, 0);
	int none = new_timer(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);

	set_timer(taken, 0, 1, 1);
	set_timer(left, 0, 1, 1);
	set_timer(ignored, 0, 1, 1);
	set_timer(none, 0, 1, 1);
	for (int i = 0; i < 100; i++)
		CHECK_GE(take(SIGRTMIN).si_overrun, 0);
	for (volatile int i = 0; i < 300000; i++)
		;
}

// The next time is behind the end of time: it never comes.
TEST(a_period_without_an_end)
{
	static const int clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
	struct itimerspec its = {.it_value = {0, 1}, .it_interval = {INT64_MAX, 0}}, left;

	t_block(BIT(SIGRTMIN));
	for (int i = 0; i < 4; i++) {
		int id = new_timer(clocks[i / 2], SIGEV_SIGNAL, SIGRTMIN, 0);

		CHECK_EQ(sys(timer_settime, id, i % 2 ? TIMER_ABSTIME : 0, &its, 0), 0);
		CHECK_EQ(take(SIGRTMIN).si_overrun, 0);
		t_sleep_ms(2);
		CHECK(nothing(SIGRTMIN));
		CHECK_EQ(sys(timer_gettime, id, &left), 0);
		CHECK_EQ(left.it_interval.tv_sec, INT64_MAX / 1000000000);
		CHECK_GE(left.it_value.tv_sec, 7000000000);
	}
}

// A timer whose signal is ignored or thrown away runs on.
TEST(a_timer_outlives_being_ignored)
{
	t_block(BIT(SIGUSR1));
	int id = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 3);

	set_timer(id, 0, MS, MS);
	take(SIGUSR1);
	t_sleep_ms(5);			   // queued
	t_action(SIGUSR1, SIG_IGN, 0); // and gone
	t_sleep_ms(5);
	t_action(SIGUSR1, SIG_DFL, 0);
	CHECK_EQ(take(SIGUSR1).si_int, 3);
}

TEST(sigev_none_only_counts_down)
{
	struct itimerspec its;
	int id = new_timer(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);

	set_timer(id, 0, 100000 * MS, 0);
	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	CHECK(its.it_value.tv_sec >= 90 && its.it_value.tv_sec <= 100);
	set_timer(id, 0, 5 * MS, 0);
	t_sleep_ms(10);
	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	CHECK(!its.it_value.tv_sec && !its.it_value.tv_nsec);
	set_timer(id, 0, 5 * MS, 3 * MS);
	t_sleep_ms(10);
	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	CHECK(!its.it_value.tv_sec && its.it_value.tv_nsec && its.it_value.tv_nsec <= 3 * MS);
}

static _Atomic int took, parts;

static void note_thread(int sig)
{
	(void)sig;
	took = t_gettid();
}

static int wait_for_it(void *own)
{
	if (own) {
		set_timer(new_timer(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR2, 0), 0, MS, 0);
		parts = 1;
	}
	while (!took)
		t_sleep_ms(1);
	return 0;
}

TEST(a_thread_can_be_told_alone)
{
	struct thread t[3];

	t_action(SIGUSR2, (void *)note_thread, 0);
	thread_start(&t[0], wait_for_it, NULL);
	thread_start(&t[1], wait_for_it, &t);
	thread_start(&t[2], wait_for_it, NULL);
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
	CHECK_EQ(took, t[1].id);
}

static int leave_a_timer(void *id)
{
	t_block(BIT(SIGUSR2)); // it may go off before we are gone: who is left does not block it
	*(int *)id = new_timer(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR2, 0);
	set_timer(*(int *)id, 0, 5 * MS, MS);
	return 0;
}

TEST(a_timer_for_a_thread_that_is_gone)
{
	struct thread t;
	int id = -1;

	t_action(SIGUSR2, (void *)note_thread, 0);
	thread_start(&t, leave_a_timer, &id);
	thread_join(&t);
	t_sleep_ms(20);
	CHECK_EQ(took, 0);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(timer_arguments)
{
	struct itimerspec its = {.it_value = {0, 1000000000}}, old;
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	int id;

	CHECK_EQ(sys(timer_create, 99, 0, &id), -EINVAL);
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC_RAW, 0, &id), -EOPNOTSUPP);
	CHECK_EQ(sys(timer_create, CLOCK_REALTIME_COARSE, 0, &id), -EOPNOTSUPP);
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, 8UL, &id), -EFAULT);
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, 8UL), -EFAULT);
	ev.sigev_signo = 0;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_signo = 65;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_signo = SIGUSR1;
	ev.sigev_notify = 3;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_notify = 77;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_notify_thread_id = 1; // not one of ours
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_notify_thread_id = 0x3fffffff;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_notify = SIGEV_THREAD;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), 0);

	CHECK_EQ(sys(timer_settime, id, 0, &its, 0), -EINVAL);
	its = (struct itimerspec){.it_value = {-1, 0}};
	CHECK_EQ(sys(timer_settime, id, 0, &its, 0), -EINVAL);
	its = (struct itimerspec){.it_interval = {0, -1}, .it_value = {1, 0}};
	CHECK_EQ(sys(timer_settime, id, 0, &its, 0), -EINVAL);
	CHECK_EQ(sys(timer_settime, id, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(timer_settime, id, 0, 8UL, 0), -EFAULT);
	its = (struct itimerspec){.it_value = {1000, 0}};
	CHECK_EQ(sys(timer_settime, id, 0, &its, 8UL), -EFAULT); // but it is set
	CHECK_EQ(sys(timer_settime, id, 0, &its, &old), 0);
	CHECK(old.it_value.tv_sec >= 990);
	CHECK_EQ(sys(timer_gettime, id, 8UL), -EFAULT);
	CHECK_EQ(sys(timer_settime, id + 1, 0, &its, 0), -EINVAL);
	CHECK_EQ(sys(timer_gettime, id + 1, &its), -EINVAL);
	CHECK_EQ(sys(timer_getoverrun, id + 1), -EINVAL);
	CHECK_EQ(sys(timer_delete, -1), -EINVAL);
	its = (struct itimerspec){.it_interval = {INT64_MAX, 999999999}, .it_value = {INT64_MAX, 999999999}};
	CHECK_EQ(sys(timer_settime, id, 0, &its, 0), 0);
	CHECK_EQ(sys(timer_settime, id, TIMER_ABSTIME, &its, &old), 0);
	CHECK(old.it_value.tv_sec > 1000000);
}

TEST(clocks_that_wake_the_machine)
{
	struct itimerspec its = {.it_value = {1, 0}};
	struct timespec soon = {0, 1};
	int id, how;

	if (sys(geteuid))
		SKIP("not root");
	how = IN_CHILD({
		long fd = sys(timerfd_create, CLOCK_BOOTTIME_ALARM, 0);

		if (fd != -EPERM || t_own_machine) // which a container may not do either
			CHECK_EQ(sys(timerfd_settime, fd, 0, &its, 0), 0);
		CHECK_EQ(sys(setresuid, 54321, 54321, 54321), 0);
		if (fd >= 0)
			CHECK_EQ(sys(timerfd_settime, fd, 0, &its, 0), -EPERM);
		CHECK_EQ(sys(timerfd_create, CLOCK_REALTIME_ALARM, 0), -EPERM);
		CHECK_EQ(sys(timerfd_create, CLOCK_BOOTTIME_ALARM, 0), -EPERM);
		if (sys(timer_create, CLOCK_REALTIME_ALARM, 0, &id) == -EOPNOTSUPP)
			t_exit(77);
		CHECK_EQ(sys(timer_create, CLOCK_REALTIME_ALARM, 0, &id), -EPERM);
		CHECK_EQ(sys(timer_create, CLOCK_BOOTTIME_ALARM, 0, &id), -EPERM);
		CHECK_EQ(sys(clock_nanosleep, CLOCK_REALTIME_ALARM, 0, &soon, 0), -EPERM);
		CHECK_EQ(sys(clock_nanosleep, CLOCK_BOOTTIME_ALARM, TIMER_ABSTIME, &soon, 0), -EPERM);
		CHECK_EQ(sys(clock_nanosleep, CLOCK_BOOTTIME_ALARM, 2, &soon, 0), -EINVAL);
	});
	if (how == 77 && !t_own_machine)
		SKIP("no clock that could");
	CHECK_EQ(how, 0);
}

TEST(as_many_timers_as_signals_may_be_pending)
{
	struct rlimit few = {20, 20};
	int id, n = 0, uid = 20000 + t_getpid() % 40000; // nobody else's signals count
	long err;

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, uid, uid, uid), 0);
		CHECK_EQ(sys(setrlimit, RLIMIT_SIGPENDING, &few), 0);
		while ((err = sys(timer_create, CLOCK_MONOTONIC, 0, &id)) == 0 && n < 100)
			n++;
		CHECK_EQ(err, -EAGAIN);
		CHECK(n > 0 && n <= 20);
		CHECK_EQ(sys(timer_delete, id), 0);
		CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, 0, &id), 0);
	}),
		0);
}

TEST(timers_are_not_inherited)
{
	int id = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0), other = -1;

	set_timer(id, 0, 1000000 * MS, 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(timer_delete, id), -EINVAL);
		CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, 0, &other), 0);
	}),
		0);
	CHECK_EQ(sys(timer_delete, id), 0);
}

HELPER(has_no_timers)
{
	struct itimerval it;

	CHECK_EQ(sys(timer_delete, t_number(t_argv[2])), -EINVAL);
	nothing(SIGUSR1); // what it sent before is still there
	t_sleep_ms(20);
	CHECK(nothing(SIGUSR1));
	CHECK_EQ(sys(getitimer, ITIMER_REAL, &it), 0);
	CHECK(it.it_value.tv_sec > 900); // but the interval timers stay
	CHECK_EQ(sys(getitimer, ITIMER_PROF, &it), 0);
	CHECK(it.it_value.tv_sec > 900);
	return 0;
}

TEST(exec_deletes_timers)
{
	struct itimerval it = {.it_value.tv_sec = 1000};

	CHECK_EQ(IN_CHILD({
		char number[16];
		int id = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);

		t_block(BIT(SIGUSR1));
		set_timer(id, 0, 5 * MS, MS);
		new_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_THREAD_ID, SIGUSR1, 0);
		sys(setitimer, ITIMER_REAL, &it, 0);
		sys(setitimer, ITIMER_PROF, &it, 0);
		t_snprintf(number, sizeof number, "%d", id);
		t_exec("has_no_timers", number, NULL);
	}),
		0);
}

TEST(a_deleted_timers_signal_may_still_come_but_no_other)
{
	t_block(BIT(SIGRTMIN));
	int id = new_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0);

	set_timer(id, 0, MS, MS);
	t_sleep_ms(10);
	CHECK_EQ(sys(timer_delete, id), 0);
	nothing(SIGRTMIN);
	t_sleep_ms(10);
	CHECK(nothing(SIGRTMIN));
}

// Signals of timers that are gone wait until the thread they are for runs: there may be as many as are allowed.
static int set_and_delete(void *unused)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};

	(void)unused;
	while (!took) {
		int id;
		long err = sys(timer_create, CLOCK_MONOTONIC, &ev, &id);

		if (err == -EAGAIN) {
			t_yield();
			continue;
		}
		CHECK_EQ(err, 0);
		set_timer(id, 0, 20000, 20000);
		set_timer(id, 0, 10000, 50000);
		CHECK_EQ(sys(timer_delete, id), 0);
	}
	return 0;
}

static void ignore_it(int sig)
{
	(void)sig;
}

TEST(timers_come_and_go_in_threads)
{
	struct thread t[3];

	t_action(SIGUSR1, (void *)ignore_it, SA_RESTART);
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], set_and_delete, NULL);
	long end = t_now_ms() + 300;

	while (t_now_ms() < end)
		t_yield();
	took = 1;
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
}

// Each of its threads ticks, and sees another sum of the time of all: the clock that timers go by never falls.
TEST(a_fast_timer_on_the_time_of_many_threads)
{
	enum { BUSY = 4, IDLE = 200 };
	static struct thread t[BUSY + IDLE];
	int pid = t_fork();

	if (pid == 0) {
		t_action(SIGUSR1, (void *)ignore_it, SA_RESTART);
		for (int i = 0; i < BUSY + IDLE; i++)
			thread_start(&t[i], i < BUSY ? thread_spin : thread_pause, NULL);
		set_timer(new_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0), 0, 1, 1);
		burn_until(CLOCK_PROCESS_CPUTIME_ID, 400 * MS);
		sys(exit_group, 0);
	}
	while (sys(wait4, pid, 0, WNOHANG, 0) == 0) { // a fork waits for every tick
		int other = t_fork();

		if (other == 0)
			t_exit(0);
		CHECK_EQ(t_wait(other), 0);
	}
}

// ---- processor clocks ----

#define CPU_CLOCK(pid, what) ((int)(~(unsigned)(pid) << 3 | (what)))
enum { PROF, VIRT, SCHED, THREAD = 4 };

// With several processors instructions are not counted: our processor's time goes on while the host runs something else.
static bool time_is_ours(void)
{
	unsigned long set[16] = {0};

	sys(sched_getaffinity, 0, sizeof set, set);
	return !t_on_thaw || set[0] == 1;
}

TEST(processor_clocks_count_what_is_computed)
{
	long process = clock_ns(CLOCK_PROCESS_CPUTIME_ID), thread = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	burn(30 * MS);
	CHECK_GE(clock_ns(CLOCK_THREAD_CPUTIME_ID) - thread, 30 * MS);
	CHECK_GE(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process, 30 * MS);
	thread = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	t_sleep_ms(50);
	if (time_is_ours())
		CHECK_LE(clock_ns(CLOCK_THREAD_CPUTIME_ID) - thread, 40 * MS);
}

static void spin_for_ever(void)
{
	for (;;)
		;
}

TEST(clocks_of_others)
{
	struct timespec ts;
	int pid = t_fork();

	if (pid == 0)
		spin_for_ever();
	UNTIL(clock_ns(CPU_CLOCK(pid, SCHED)) > 30 * MS);
	UNTIL(clock_ns(CPU_CLOCK(pid, VIRT)) > 0);
	CHECK_GE(clock_ns(CPU_CLOCK(t_getpid(), PROF)), 0);
	CHECK_GE(clock_ns(CPU_CLOCK(t_gettid(), SCHED | THREAD)), 1);
	CHECK_GE(clock_ns(CPU_CLOCK(0, SCHED)), 1);
	CHECK_GE(clock_ns(CPU_CLOCK(0, SCHED | THREAD)), 1);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(pid, SCHED | THREAD), &ts), -EINVAL); // not a thread of ours
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(0x0fffffff, SCHED), &ts), -EINVAL);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(pid, 3), &ts), -EINVAL);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(pid, SCHED), 8UL), -EFAULT);
	CHECK_EQ(sys(clock_settime, CPU_CLOCK(pid, SCHED), &ts), -EPERM);
	CHECK_EQ(sys(clock_settime, CPU_CLOCK(0x0fffffff, SCHED), &ts), -EINVAL);
	CHECK_EQ(sys(clock_settime, CLOCK_PROCESS_CPUTIME_ID, &ts), -EINVAL);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(pid, SCHED), &ts), -EINVAL);
}

static int a_thread(void *clock)
{
	struct timespec ts;

	*(int *)clock = CPU_CLOCK(t_gettid(), SCHED);
	CHECK_EQ(sys(clock_gettime, *(int *)clock, &ts), 0); // one's own id stands for the process
	took = 1;
	while (took == 1)
		t_sleep_ms(1);
	return 0;
}

TEST(a_threads_id_is_no_process)
{
	struct timespec ts;
	struct thread t;
	int clock;

	thread_start(&t, a_thread, &clock);
	UNTIL(took);
	CHECK_EQ(sys(clock_gettime, clock, &ts), -EINVAL);
	CHECK_EQ(sys(clock_gettime, clock | THREAD, &ts), 0);
	took = 2;
	thread_join(&t);
}

TEST(resolutions)
{
	static const int fine[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI,
		CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
	static const int coarse[] = {CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE};
	struct timespec ts;

	for (unsigned i = 0; i < sizeof fine / sizeof *fine; i++) {
		CHECK_EQ(sys(clock_getres, fine[i], &ts), 0);
		CHECK(ts.tv_sec == 0 && ts.tv_nsec == 1);
		CHECK_EQ(sys(clock_getres, fine[i], 0), 0);
		CHECK_EQ(sys(clock_getres, fine[i], 8UL), -EFAULT);
	}
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(sys(clock_getres, coarse[i], &ts), 0);
		CHECK(ts.tv_sec == 0 && ts.tv_nsec >= MS && ts.tv_nsec <= 10 * MS);
		CHECK_GE(clock_ns(coarse[i]), 1);
	}
	CHECK_EQ(sys(clock_getres, CPU_CLOCK(0, SCHED), &ts), 0);
	CHECK_EQ(ts.tv_nsec, 1);
	CHECK_EQ(sys(clock_getres, CPU_CLOCK(0, VIRT), &ts), 0);
	CHECK(ts.tv_nsec >= MS && ts.tv_nsec <= 10 * MS);
	CHECK_EQ(sys(clock_getres, CPU_CLOCK(0x0fffffff, SCHED), &ts), -EINVAL);
}

static const int cpu_clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CPU_CLOCK(0, PROF), CPU_CLOCK(0, VIRT),
	CPU_CLOCK(0, PROF | THREAD), CPU_CLOCK(0, VIRT | THREAD)};

TEST(timers_on_processor_time)
{
	t_block(BIT(SIGRTMIN));
	for (unsigned i = 0; i < sizeof cpu_clocks / sizeof *cpu_clocks; i++) {
		int id = new_timer(cpu_clocks[i], SIGEV_SIGNAL, SIGRTMIN, i);
		long start = clock_ns(cpu_clocks[i]);

		set_timer(id, 0, 30 * MS, 0);
		while (nothing(SIGRTMIN))
			compute();
		CHECK_GE(clock_ns(cpu_clocks[i]) - start, 30 * MS);
		set_timer(id, TIMER_ABSTIME, 1, 0); // past
		CHECK_EQ(take(SIGRTMIN).si_int, i);
		CHECK_EQ(sys(timer_delete, id), 0);
	}
}

TEST(a_periodic_timer_on_processor_time)
{
	struct itimerspec its;

	t_block(BIT(SIGRTMIN));
	int id = new_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGRTMIN, 5);
	long start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	set_timer(id, 0, 20 * MS, 20 * MS);
	CHECK_EQ(sys(timer_gettime, id, &its), 0);
	CHECK(its.it_interval.tv_nsec == 20 * MS && its.it_value.tv_nsec > 0 && its.it_value.tv_nsec <= 40 * MS);
	for (int i = 1; i <= 3; i++) {
		while (nothing(SIGRTMIN))
			;
		CHECK_GE(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start, i * 20 * MS);
	}
	set_timer(id, 0, 0, 0);
	while (!nothing(SIGRTMIN))
		;
	set_timer(id, 0, 10 * MS, 1000);
	burn(50 * MS);
	// How many depends on how late the tick is that sees it: one may be in time, but not each. They come while we compute: a
	// sleep would stop the clock.
	unsigned long set = BIT(SIGRTMIN);
	struct timespec zero = {0, 0};
	siginfo_t info;

	while (sys(rt_sigtimedwait, &set, &info, &zero, 8) != SIGRTMIN || info.si_overrun < 1)
		;
}

// It has long gone off when it is set, which is noticed at once, and counted.
TEST(a_periodic_timer_that_is_late_when_it_is_set)
{
	t_block(BIT(SIGRTMIN));
	for (unsigned i = 0; i < sizeof cpu_clocks / sizeof *cpu_clocks; i++) {
		int id = new_timer(cpu_clocks[i], SIGEV_SIGNAL, SIGRTMIN, 0);

		while (!clock_ns(cpu_clocks[i]))
			compute();
		set_timer(id, TIMER_ABSTIME, 1, 100000 * MS);
		CHECK_EQ(take(SIGRTMIN).si_overrun, 0);
		CHECK_EQ(sys(timer_getoverrun, id), 0);
		CHECK_EQ(sys(timer_delete, id), 0);
	}
}

static int burn_some(void *unused)
{
	(void)unused;
	burn(40 * MS);
	return 0;
}

TEST(a_process_timer_counts_all_threads_and_a_threads_timer_one)
{
	struct itimerspec its;
	struct thread t[2];

	t_block(BIT(SIGRTMIN) | BIT(SIGRTMIN + 1));
	int all = new_timer(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGRTMIN, 0);
	int one = new_timer(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGRTMIN + 1, 0);

	set_timer(all, 0, 60 * MS, 0);
	long set = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	set_timer(one, 0, 60000 * MS, 0);
	for (int i = 0; i < 2; i++)
		thread_start(&t[i], burn_some, NULL);
	for (int i = 0; i < 2; i++)
		thread_join(&t[i]);
	while (nothing(SIGRTMIN)) // the other two had 80
		burn(MS);
	CHECK(nothing(SIGRTMIN + 1));
	CHECK_EQ(sys(timer_gettime, one, &its), 0);
	CHECK_GE(its.it_value.tv_sec * 1000 * MS + its.it_value.tv_nsec, 60000 * MS - (clock_ns(CLOCK_THREAD_CPUTIME_ID) - set));
}

// The other process computes, we are told.
TEST(a_timer_on_anothers_time)
{
	int pid = t_fork();

	if (pid == 0)
		spin_for_ever();
	t_block(BIT(SIGRTMIN));
	int id = new_timer(CPU_CLOCK(pid, SCHED), SIGEV_SIGNAL, SIGRTMIN, 0);

	set_timer(id, 0, 30 * MS, 20 * MS);
	take(SIGRTMIN);
	take(SIGRTMIN);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(a_timer_outlives_who_it_is_about)
{
	struct timespec ts;
	int pid = t_fork(), id;

	if (pid == 0)
		thread_pause(NULL);
	id = new_timer(CPU_CLOCK(pid, SCHED), SIGEV_SIGNAL, SIGUSR1, 0);
	set_timer(id, 0, 30000 * MS, 20 * MS);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(pid, SCHED), &ts), -EINVAL);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(sleeping_on_processor_time)
{
	struct timespec ts = {0, 30 * MS}, left;
	int pid = t_fork();

	if (pid == 0)
		spin_for_ever();
	int clock = CPU_CLOCK(pid, SCHED);
	long start = clock_ns(clock);

	CHECK_EQ(sys(clock_nanosleep, clock, 0, &ts, &left), 0);
	CHECK_GE(clock_ns(clock) - start, 30 * MS);
	ts = to_ts(start + 60 * MS);
	CHECK_EQ(sys(clock_nanosleep, clock, TIMER_ABSTIME, &ts, 0), 0);
	CHECK_GE(clock_ns(clock) - start, 60 * MS);
	ts = to_ts(1);
	CHECK_EQ(sys(clock_nanosleep, clock, TIMER_ABSTIME, &ts, 0), 0); // past
	sys(kill, pid, SIGKILL);
	t_wait(pid);
	CHECK_EQ(sys(clock_nanosleep, clock, 0, &ts, 0), -EINVAL);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &ts, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, 8UL, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(clock_nanosleep, CPU_CLOCK(0, SCHED | THREAD), 0, &ts, 0), -EINVAL);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &ts, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_MONOTONIC_COARSE, 0, &ts, 0), -EOPNOTSUPP);
}

// The whole process sleeps, so its time stands still; a signal ends that.
TEST(a_sleep_on_ones_own_time_can_be_interrupted)
{
	struct timespec ts = {50, 0}, left = {0, 0};

	t_action(SIGALRM, (void *)ignore_it, 0);
	t_alarms(20);
	CHECK_EQ(sys(clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &ts, &left), -EINTR);
	CHECK(left.tv_sec >= 40 && left.tv_sec <= 50);
}

// ---- interval timers on processor time ----

static _Atomic int ticks[2];

static void tick(int sig)
{
	ticks[sig == SIGPROF]++;
}

TEST(virtual_and_profiling_timers)
{
	struct itimerval it = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}}, got;

	t_action(SIGVTALRM, (void *)tick, 0);
	t_action(SIGPROF, (void *)tick, 0);
	long start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

	CHECK_EQ(sys(setitimer, ITIMER_PROF, &it, 0), 0);
	CHECK_EQ(sys(setitimer, ITIMER_VIRTUAL, &it, 0), 0);
	CHECK_EQ(sys(getitimer, ITIMER_VIRTUAL, &got), 0);
	CHECK(got.it_interval.tv_usec == 20000 && got.it_value.tv_usec > 0 && got.it_value.tv_usec <= 40000);
	while (ticks[0] < 3 || ticks[1] < 3)
		compute();
	CHECK_GE(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start, 30 * MS); // Linux counts whole ticks
	CHECK_EQ(sys(setitimer, ITIMER_PROF, &off, &got), 0);
	CHECK_EQ(got.it_interval.tv_usec, 20000);
	CHECK_EQ(sys(setitimer, ITIMER_VIRTUAL, &off, 0), 0);
	CHECK_EQ(sys(getitimer, ITIMER_PROF, &got), 0);
	CHECK(!got.it_value.tv_sec && !got.it_value.tv_usec);
	int then = ticks[0] + ticks[1];

	burn(60 * MS);
	CHECK_LE(ticks[0] + ticks[1], then + 2);
}

TEST(they_stand_still_while_we_sleep)
{
	struct itimerval it = {.it_value.tv_usec = 30000};

	if (time_is_ours())
		CHECK_EQ(sys(setitimer, ITIMER_VIRTUAL, &it, 0), 0);
	t_sleep_ms(100);
	CHECK_EQ(IN_CHILD({
		struct itimerval got;

		CHECK_EQ(sys(getitimer, ITIMER_VIRTUAL, &got), 0); // not inherited
		CHECK(!got.it_value.tv_sec && !got.it_value.tv_usec);
	}),
		0);
	CHECK_EQ(IN_CHILD({
		sys(setitimer, ITIMER_VIRTUAL, &it, 0);
		spin_for_ever();
	}),
		SIGNALLED(SIGVTALRM));
	CHECK_EQ(IN_CHILD({
		sys(setitimer, ITIMER_PROF, &it, 0);
		for (;;)
			sys(getppid);
	}),
		SIGNALLED(SIGPROF));
}

TEST(processor_itimer_arguments)
{
	struct itimerval bad = {{0, 0}, {0, 1000000}}, it;

	CHECK_EQ(sys(setitimer, ITIMER_VIRTUAL, &bad, 0), -EINVAL);
	CHECK_EQ(sys(setitimer, ITIMER_PROF, 8UL, 0), -EFAULT);
	CHECK_EQ(sys(getitimer, ITIMER_PROF, 8UL), -EFAULT);
	CHECK_EQ(sys(setitimer, 3, &it, 0), -EINVAL);
	CHECK_EQ(sys(getitimer, -1, &it), -EINVAL);
}

// ---- limits ----

static void on_xcpu(int sig)
{
	struct rlimit l;

	(void)sig;
	sys(getrlimit, RLIMIT_CPU, &l);
	t_exit(l.rlim_cur >= 1 && l.rlim_max == 5 ? 7 : 8);
}

// At the soft limit a signal, and the limit moves on by a second; at the hard one the end. Inherited.
TEST(processor_time_is_limited)
{
	struct rlimit l = {0, 5};

	t_block(BIT(SIGXCPU));
	t_action(SIGXCPU, (void *)on_xcpu, 0);
	CHECK_EQ(sys(setrlimit, RLIMIT_CPU, &l), 0);
	CHECK_EQ(IN_CHILD(t_unblock(BIT(SIGXCPU)); spin_for_ever()), 7);
	CHECK_EQ(IN_CHILD({
		l = (struct rlimit){0, 0};
		CHECK_EQ(sys(setrlimit, RLIMIT_CPU, &l), 0);
		spin_for_ever();
	}),
		SIGNALLED(SIGKILL));
}

TEST(real_time_without_a_rest_is_limited)
{
	struct rlimit l = {50000, RLIM_INFINITY}; // microseconds
	int prio = 5;

	if (sys(sched_setscheduler, 0, SCHED_FIFO, &prio) < 0)
		SKIP("no real-time policies");
	CHECK_EQ(IN_CHILD({
		sys(setrlimit, RLIMIT_RTTIME, &l);
		spin_for_ever();
	}),
		SIGNALLED(SIGXCPU));
	l.rlim_max = 100000; // apart from the above: one late tick may see both limits passed
	CHECK_EQ(IN_CHILD({
		t_action(SIGXCPU, SIG_IGN, 0);
		sys(setrlimit, RLIMIT_RTTIME, &l);
		spin_for_ever();
	}),
		SIGNALLED(SIGKILL));
	if (!time_is_ours())
		return;
	CHECK_EQ(IN_CHILD({
		sys(setrlimit, RLIMIT_RTTIME, &l);
		for (int i = 0; i < 6; i++) {
			burn(20 * MS);
			t_sleep_ms(1); // a rest
		}
	}),
		0);
}

TEST(usage_is_told_in_every_way)
{
	struct rusage ru;
	struct {
		long utime, stime, cutime, cstime;
	} tms;

	CHECK_EQ(IN_CHILD(burn(60 * MS)), 0);
	CHECK_EQ(sys(getrusage, RUSAGE_CHILDREN, &ru), 0);
	CHECK_GE((ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec, 50000);
	CHECK_GE(sys(times, &tms), 0);
	CHECK_GE(tms.cutime + tms.cstime, 4);
	burn(60 * MS);
	CHECK_EQ(sys(getrusage, RUSAGE_SELF, &ru), 0);
	CHECK_GE((ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec, 50000);
	CHECK_GE(sys(times, &tms), 0);
	CHECK_GE(tms.utime + tms.stime, 4);
	CHECK_EQ(sys(getrusage, 1, &ru), 0);
	CHECK_GE((ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_usec, 50000);
	CHECK_EQ(sys(getrusage, 5, &ru), -EINVAL);
	CHECK_EQ(sys(getrusage, RUSAGE_SELF, 8UL), -EFAULT);
	CHECK_EQ(sys(times, 8UL), -EFAULT);
}

// ---- setting the wall clock ----

TEST(the_clock_is_not_for_everybody)
{
	struct timeval tv = {1000000000, 0}, bad = {0, 1000000}, before = {-1, 0};
	struct timespec ts = {1000000000, 0}, wrong = {0, -1};
	struct timespec last = {9223372036 - 30L * 365 * 24 * 3600 - 1, 0}, late = {last.tv_sec + 1, 0};
	struct timex tx = {.modes = ADJ_SETOFFSET};

	CHECK_EQ(sys(clock_settime, CLOCK_MONOTONIC, &ts), -EINVAL);
	CHECK_EQ(sys(clock_settime, 99, &ts), -EINVAL);
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, 8UL), -EFAULT);
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &wrong), -EINVAL);
	CHECK_EQ(sys(settimeofday, &bad, 0), -EINVAL);
	CHECK_EQ(sys(settimeofday, &before, 0), -EINVAL);
	CHECK_EQ(sys(settimeofday, 8UL, 0), -EFAULT);
	CHECK_EQ(sys(settimeofday, 0, 8UL), -EFAULT);
	CHECK_EQ(sys(setresuid, 65534, 65534, 65534), 0);
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &ts), -EPERM);
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &last), -EPERM);
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &late), -EINVAL); // no machine is up for so long before the end of time
	CHECK_EQ(sys(settimeofday, &tv, 0), -EPERM);
	CHECK_EQ(sys(settimeofday, 0, 0), -EPERM);
	CHECK_EQ(sys(adjtimex, &tx), -EPERM);
	CHECK_EQ(sys(clock_adjtime, CLOCK_REALTIME, &tx), -EPERM);
}

TEST(setting_the_clock)
{
	struct timespec mono, ts = {2000000000, 5};
	struct timex tx = {.modes = ADJ_SETOFFSET, .time = {10, 0}};

	if (!t_own_machine)
		SKIP("somebody else's clock");
	long real = clock_ns(CLOCK_REALTIME);

	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &ts), 0);
	CHECK(clock_ns(CLOCK_REALTIME) >= 2000000000L * 1000000000 && clock_ns(CLOCK_REALTIME) < 2000000060L * 1000000000);
	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, &mono), 0);
	CHECK_LE(mono.tv_sec, 100000);
	CHECK_EQ(sys(clock_adjtime, CLOCK_REALTIME, &tx), TIME_ERROR);
	CHECK(clock_ns(CLOCK_REALTIME) >= 2000000010L * 1000000000);
	ts = (struct timespec){0, 1}; // before the machine began
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &ts), -EINVAL);
	ts = to_ts(real);
	CHECK_EQ(sys(clock_settime, CLOCK_REALTIME, &ts), 0);
}

TEST(adjtimex_arguments)
{
	const struct timex bad[] = {
		{.modes = ADJ_TICK, .tick = 8999}, {.modes = ADJ_TICK, .tick = 11001}, {.modes = ADJ_TICK, .tick = -1},
		{.modes = ADJ_FREQUENCY, .freq = INT64_MAX}, {.modes = ADJ_FREQUENCY, .freq = INT64_MIN},
		{.modes = ADJ_SETOFFSET, .time = {0, -1}}, {.modes = ADJ_SETOFFSET, .time = {0, 1000000}},
		{.modes = ADJ_SETOFFSET | ADJ_NANO, .time = {0, 1000000000}}, {.modes = ADJ_SETOFFSET, .time = {INT64_MIN, 0}},
	};
	const unsigned rights[] = {ADJ_OFFSET, ADJ_FREQUENCY, ADJ_MAXERROR, ADJ_ESTERROR, ADJ_STATUS, ADJ_TIMECONST, ADJ_TAI, ADJ_SETOFFSET,
		ADJ_MICRO, ADJ_NANO, ADJ_TICK, ADJ_OFFSET_SINGLESHOT, ADJ_OFFSET_SS_READ | ADJ_SETOFFSET};
	struct timex tx = {.modes = 0x8000}; // no single shot

	CHECK_EQ(sys(adjtimex, &tx), -EINVAL);
	tx.modes = ADJ_OFFSET_SS_READ;
	CHECK_GE(sys(adjtimex, &tx), 0);
	if (sys(getuid))
		SKIP("not root");
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		tx = bad[i];
		CHECK_EQ(sys(adjtimex, &tx), -EINVAL);
		CHECK_EQ(sys(clock_adjtime, CLOCK_REALTIME, &tx), -EINVAL);
	}
	CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
	for (unsigned i = 0; i < sizeof rights / sizeof *rights; i++) {
		tx = (struct timex){.modes = rights[i]};
		CHECK_EQ(sys(adjtimex, &tx), -EPERM);
		CHECK_EQ(sys(clock_adjtime, CLOCK_REALTIME, &tx), -EPERM);
	}
	tx.modes = ADJ_OFFSET_SS_READ;
	CHECK_GE(sys(adjtimex, &tx), 0);
}

TEST(adjtimex_tells_the_state_of_the_clock)
{
	struct timex tx = {.modes = 0};
	long state = sys(adjtimex, &tx);

	CHECK(state >= TIME_OK && state <= TIME_ERROR);
	CHECK_LE(clock_ns(CLOCK_REALTIME) / 1000000000 - tx.time.tv_sec, 5);
	CHECK_EQ((tx.status & STA_UNSYNC) != 0, state == TIME_ERROR);
	CHECK(tx.tick >= 9000 && tx.tick <= 11000);
	CHECK_EQ(tx.precision, 1);
	CHECK_EQ(sys(adjtimex, 8UL), -EFAULT);
	tx.modes = 0;
	CHECK_EQ(sys(clock_adjtime, CLOCK_REALTIME, &tx), state);
	CHECK_EQ(sys(clock_adjtime, CLOCK_MONOTONIC, &tx), -EOPNOTSUPP);
	CHECK_EQ(sys(clock_adjtime, 99, &tx), -EINVAL);
	CHECK_EQ(sys(clock_adjtime, CLOCK_REALTIME, 8UL), -EFAULT);
}
