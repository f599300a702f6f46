// SPDX-License-Identifier: GPL-2.0-only
//
// What the kernel records has the fields that Linux's events of the same names have.
#include "s.h"

#include <sched.h>

static void on_signal(int sig)
{
	(void)sig;
}

static bool recorded(const char *fmt, long a, long b)
{
	char line[160];

	t_snprintf(line, sizeof line, fmt, a, b);
	if (strstr(s_trace(), line))
		return true;
	t_printf("# no record: %s\n", line);
	return false;
}

// A sleep that is over before it began, on a slow host, is none.
static void sleep_once(void)
{
	long before = t_field("/proc/self/status", "voluntary_ctxt_switches:");

	CHECK_GE(before, 0);
	while (t_field("/proc/self/status", "voluntary_ctxt_switches:") == before)
		t_sleep_ms(1);
}

static int exec_true(void *unused)
{
	(void)unused;
	return (int)t_exec("nothing", NULL, NULL);
}

HELPER(nothing)
{
	return 0;
}

TEST(priorities)
{
	struct sched_param fifo = {.sched_priority = 10}, none = {0};
	int me = t_getpid(), child;

	CHECK_EQ(sys(setpriority, 0, 0, 5), 0);
	sleep_once();
	CHECK(recorded("sched_wakeup: pid=%ld prio=125 target_cpu=00", me, 0));
	CHECK(recorded("sched_switch: prev_pid=%ld prev_prio=125 prev_state=0x", me, 0));
	CHECK(recorded(" next_pid=%ld next_prio=125\n", me, 0));
	CHECK(recorded("sched_switch: prev_pid=0 prev_prio=120 ", 0, 0));
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_FIFO, &fifo), 0);
	sleep_once();
	CHECK(recorded("sched_wakeup: pid=%ld prio=89 target_cpu=00", me, 0));
	CHECK(recorded(" prev_pid=%ld prev_prio=89 ", me, 0));
	child = t_fork(); // inherits it
	if (!child)
		t_exit(3);
	CHECK_EQ(t_wait(child), 3);
	CHECK(recorded("sched_process_fork: child_pid=%ld flags=0x", child, 0));
	CHECK(recorded("sched_process_exit: pid=%ld prio=89 code=0x300\n", child, 0));
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_OTHER, &none), 0);
	CHECK_EQ(sys(setpriority, 0, 0, -3), 0);
	sleep_once();
	CHECK(recorded(" next_pid=%ld next_prio=117\n", me, 0));
}

TEST(names)
{
	CHECK_EQ(s_adj("250"), 0);
	CHECK(recorded("oom_score_adj_update: pid=%ld oom_score_adj=250\n", t_getpid(), 0));
	CHECK_EQ(sys(prctl, PR_SET_NAME, "two words=3"), 0);
	CHECK(recorded("pid=%ld task_rename: newcomm=two words=3 oom_score_adj=250\n", t_getpid(), 0));
	CHECK_EQ(s_adj("-7"), 0);
	CHECK(recorded("oom_score_adj_update: pid=%ld oom_score_adj=-7\n", t_getpid(), 0));
}

TEST(a_thread_that_executes_has_its_old_number)
{
	struct thread t;
	int child = t_fork();

	if (!child) {
		thread_start(&t, exec_true, NULL);
		thread_pause(NULL);
	}
	CHECK_EQ(t_wait(child), 0);
	CHECK(recorded("sched_process_exec: pid=%ld old_pid=%ld\n", child, child + 1));
}

TEST(signals)
{
	siginfo_t info = {.si_errno = 7, .si_code = -9};
	int me = t_getpid();

	CHECK_EQ(t_action(SIGUSR1, on_signal, SA_RESTART), 0);
	CHECK_EQ(sys(kill, me, SIGUSR1), 0);
	CHECK(recorded("signal_generate: sig=10 errno=0 code=0 pid=%ld grp=1 res=0\n", me, 0));
	CHECK(recorded("signal_deliver: sig=10 code=0 sa_handler=%lx sa_flags=%lx\n", (long)on_signal, SA_RESTART | 0x4000000));
	CHECK_EQ(t_block(BIT(SIGUSR1) | BIT(SIGRTMIN)), 0);
	CHECK_EQ(sys(tgkill, me, me, SIGUSR1), 0);
	CHECK_EQ(sys(tgkill, me, me, SIGUSR1), 0);
	CHECK(recorded("signal_generate: sig=10 errno=0 code=-6 pid=%ld grp=0 res=0\n", me, 0));
	CHECK(recorded("signal_generate: sig=10 errno=0 code=-6 pid=%ld grp=0 res=2\n", me, 0)); // is pending already
	CHECK_EQ(sys(rt_sigqueueinfo, me, SIGRTMIN, &info), 0);
	CHECK(recorded("signal_generate: sig=%ld errno=7 code=-9 pid=%ld grp=1 res=0\n", SIGRTMIN, me));
	CHECK_EQ(sys(kill, me, SIGWINCH), 0);
	CHECK(recorded("signal_generate: sig=28 errno=0 code=0 pid=%ld grp=1 res=1\n", me, 0)); // ignored
}

TEST(a_full_queue)
{
	unsigned long none[2] = {0, 0};
	siginfo_t info = {.si_code = -9};
	int me = t_getpid();

	CHECK_EQ(t_block(BIT(SIGRTMIN)), 0);
	CHECK_EQ(sys(prlimit64, 0, 11 /* RLIMIT_SIGPENDING */, none, 0), 0);
	CHECK_EQ(sys(rt_sigqueueinfo, me, SIGRTMIN, &info), -EAGAIN);
	CHECK(recorded("signal_generate: sig=%ld errno=0 code=-9 pid=%ld grp=1 res=3\n", SIGRTMIN, me)); // lost
	CHECK_EQ(sys(kill, me, SIGRTMIN), 0);
	CHECK(recorded("signal_generate: sig=%ld errno=0 code=0 pid=%ld grp=1 res=4\n", SIGRTMIN, me)); // lost what it said
}
