// SPDX-License-Identifier: GPL-2.0-only
//
// Suspend by itself: who freezes, what they were doing, how it fails and what is undone.
#include "s.h"
#include <linux/mqueue.h>

TEST(doors)
{
	s_stage();
	CHECK_GE(t_slurp(STATE, s_buf, sizeof s_buf), 1);
	CHECK(strstr(s_buf, "freeze") != NULL);
	CHECK_GE(t_slurp("/sys/power/pm_test", s_buf, sizeof s_buf), 1);
	CHECK(!strcmp(s_buf, "none core processors platform [devices] freezer\n"));
	CHECK_EQ(t_spit(STATE, "disk"), -ENOSYS);
	CHECK_EQ(t_spit(STATE, "disk\n"), -ENOSYS);
	CHECK_EQ(t_spit(STATE, "disks"), -EINVAL);
	CHECK(t_spit(STATE, "nonsense") < 0);
	CHECK(t_spit("/sys/power/pm_test", "nonsense") < 0);
	CHECK(t_spit("/sys/power/pm_freeze_timeout", "x") < 0);
	CHECK(t_spit(EATER, "nonsense 1") < 0);
	CHECK(t_spit(EATER, "now") < 0);
	CHECK(t_spit(EATER, "now 1 charged") < 0); // to whom?
	for (int i = 0; i < 4; i++) // nothing of it is taken: the machine goes on
		CHECK_EQ(t_spit("/sys/kernel/debug/watchdog_ms", ((const char *[]){"x", "0", "-1", "86400001"})[i]), -EINVAL);
}

// A concurrent eater's result is there when the eater itself is gone, so that what is left over can be counted then.
TEST(a_meal_is_over_when_it_says_so)
{
	char line[64];

	s_stage();
	CHECK_GE(t_slurp("/proc/loadavg", s_buf, sizeof s_buf), 1); // "... running/all last-pid"
	long all = t_number(strchr(s_buf, '/') + 1);

	// On one processor each meal takes the time that we are given, and each is like the others.
	for (int i = 0; i < (s_alone() ? 20 : 300); i++) {
		s_eat("now", 64, "concurrent");
		while (t_slurp(EATER, s_buf, sizeof s_buf) == 0)
			;
		CHECK_GE(t_slurp("/proc/loadavg", line, sizeof line), 1);
		CHECK_LE(t_number(strchr(line, '/') + 1), all);
	}
}

TEST(nothing_to_freeze)
{
	s_stage();
	for (int i = 0; i < 10; i++)
		s_suspend_ok();
	s_set("/sys/power/pm_test", "freezer");
	for (int i = 0; i < 10; i++)
		s_suspend_ok();
}

// Which steps each level takes. An idle machine takes no processor away: there is nothing behind the platform.
TEST(test_levels)
{
	s_stage();
	s_set("/sys/power/pm_test", "platform");
	s_set(TRACE, "0");
	s_suspend_ok();
	CHECK(strstr(s_trace(), "suspend_devices[0] begin") != NULL);
	CHECK(strstr(s_trace(), "resume_devices[0] end") != NULL);
	CHECK(!strstr(s_trace(), "machine_suspend"));
	s_set("/sys/power/pm_test", "freezer");
	s_set(TRACE, "0");
	s_suspend_ok();
	CHECK(!strstr(s_trace(), "suspend_devices"));
	for (int i = 0; i < 2; i++) {
		s_set("/sys/power/pm_test", ((const char *[]){"core", "processors"})[i]);
		s_set(TRACE, "0");
		CHECK_EQ(t_spit(STATE, "freeze"), -EAGAIN);
		CHECK_EQ(t_spit(STATE, "mem"), -EAGAIN);
		CHECK(!strstr(s_trace(), "freeze_processes"));
	}
	s_set("/sys/power/pm_test", "devices");
	s_suspend_ok();
}

TEST(to_idle_and_woken_by_the_clock)
{
	s_stage();
	s_set("/sys/power/pm_test", "none");
	long start = t_now_ms();

	s_set("/sys/class/rtc/rtc0/wakealarm", "+1");
	s_suspend_ok();
	CHECK_GE(t_now_ms() - start, 1000);
	s_set("/sys/class/rtc/rtc0/wakealarm", "0");
}

TEST(computing_tasks_stop_and_go_on)
{
	_Atomic long *n = t_map_shared(PAGE);
	int pid[3];

	s_stage();
	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0)
			for (;;)
				++n[i];
	}
	for (int i = 0; i < 3; i++)
		UNTIL(n[i] > 1000);
	for (int round = 0; round < 5; round++) {
		s_suspend_ok();
		for (int i = 0; i < 3; i++) {
			long then = n[i];

			UNTIL(n[i] > then); // it runs again
		}
	}
	for (int i = 0; i < 3; i++) {
		sys(kill, pid[i], SIGKILL);
		CHECK_EQ(t_wait(pid[i]), SIGNALLED(SIGKILL));
	}
}

// Without any time who computes cannot freeze. On one processor it does not run while others look at it.
TEST(who_computes_is_told_with_its_processor)
{
	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "0");
	_Atomic long *n = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0)
		for (;;)
			++*n;
	UNTIL(*n > 0);
	CHECK_EQ(s_suspend(), -EBUSY);
	if (s_alone())
		CHECK(s_log_says("freezer: it waits for its turn on cpu 0"));
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	s_set("/sys/power/pm_freeze_timeout", "3000");
	s_suspend_ok();
}

// Kinds of sleep are entered, frozen, thawed, and must then still do what it is for.
TEST(sleepers_sleep_on)
{
	_Atomic int *word = t_map_shared(PAGE);
	int pipes[2], pid[8], queue, leased;
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
	struct timespec ts = {0, 200000000};
	unsigned long usr1 = BIT(SIGUSR1);
	char c;

	s_stage();
	CHECK_EQ(sys(pipe, pipes), 0);
	queue = (int)sys(mq_open, "sleepers", O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	CHECK_GE(queue, 0);
	CHECK_EQ(sys(mq_unlink, "sleepers"), 0);
	leased = (int)sys(open, "/tmp/leased", O_CREAT | O_EXCL | O_RDONLY, 0600);
	CHECK_EQ(sys(fcntl, leased, F_SETLEASE, F_RDLCK), 0);
	t_block(usr1 | BIT(SIGIO));
	for (int i = 0; i < 8; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		switch (i) {
		case 0:
			CHECK_EQ(sys(nanosleep, &ts, 0), 0); // not interrupted by the freezer
			break;
		case 1:
			CHECK_EQ(sys(read, pipes[0], &c, 1), 1);
			break;
		case 2:
			CHECK_EQ(futex(word, FUTEX_WAIT, 0, NULL, NULL, 0), 0);
			break;
		case 3:
			CHECK_EQ(sys(rt_sigtimedwait, &usr1, 0, 0, 8), SIGUSR1);
			break;
		case 4:
			sys(kill, t_getpid(), SIGSTOP);
			break;
		case 5: {
			int child = t_fork();

			if (child == 0)
				thread_pause(NULL);
			word[1] = child;
			CHECK_EQ(t_wait(child), SIGNALLED(SIGTERM));
			break;
		}
		case 6:
			CHECK_EQ(sys(mq_timedreceive, queue, &c, 1, 0, 0), 1);
			break;
		case 7:
			CHECK_GE(sys(open, "/tmp/leased", O_WRONLY), 0);
			break;
		}
		t_exit(i);
	}
	for (int i = 0; i < 8; i++)
		UNTIL(t_state(pid[i]) == (i == 4 ? 'T' : 'S') || (i == 0 && t_state(pid[0]) == 'Z')); // the first may be through
	UNTIL(word[1]);
	for (int i = 0; i < 3; i++)
		s_suspend_ok();
	CHECK_EQ(t_wait(pid[0]), 0);
	CHECK_EQ(sys(wait4, -1, 0, WNOHANG, 0), 0);
	CHECK_EQ(t_state(pid[4]), 'T'); // a stopped one stays stopped
	CHECK_EQ(sys(write, pipes[1], "x", 1), 1);
	CHECK_EQ(futex(word, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	CHECK_EQ(sys(mq_timedsend, queue, "x", 1, 0, 0), 0);
	CHECK_EQ(sys(kill, pid[3], SIGUSR1), 0);
	CHECK_EQ(sys(kill, pid[4], SIGCONT), 0);
	CHECK_EQ(sys(fcntl, leased, F_SETLEASE, F_UNLCK), 0);
	CHECK_EQ(sys(kill, word[1], SIGTERM), 0);
	for (int i = 1; i < 8; i++)
		CHECK_EQ(t_wait(pid[i]), i);
	CHECK_EQ(sys(unlink, "/tmp/leased"), 0);
}

TEST(many_threads)
{
	s_stage();
	int pid = t_fork();

	if (pid == 0) {
		struct thread t;

		for (int i = 0; i < 60; i++)
			thread_start(&t, i % 8 ? thread_pause : thread_spin, NULL);
		thread_pause(NULL);
	}
	UNTIL(t_state(pid) == 'S');
	for (int i = 0; i < 5; i++)
		s_suspend_ok();
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(while_processes_come_and_go)
{
	s_stage();
	int pid = t_fork();

	if (pid == 0)
		for (;;)
			IN_CHILD({
				struct thread t;

				thread_start(&t, thread_pause, NULL);
			});
	for (int i = 0; i < 20; i++)
		s_suspend_ok();
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static int frozen_sibling(void *arg)
{
	return thread_pause(arg);
}

TEST(vfork_parent_freezes)
{
	s_stage();
	int pid = t_fork();

	if (pid == 0) {
		char *stack = t_map(STACK_SIZE);
		long child = t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, frozen_sibling,
			NULL);

		t_wait((int)child);
	}
	t_sleep_ms(20);
	s_suspend_ok();
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// A task in an uninterruptible sleep keeps the others from freezing: EBUSY, and all is undone.
TEST(a_task_that_does_not_freeze)
{
	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "200");
	s_set("/sys/block/ram0/delay_us", "1500000");
	int pid = t_fork();

	if (pid == 0) {
		long fd = sys(open, "/dev/ram0", O_RDWR);

		CHECK_GE(fd, 0);
		CHECK_EQ(sys(write, fd, s_buf, 512), 512);
		t_exit(sys(fsync, fd) == 0 ? 0 : 1);
	}
	UNTIL(t_state(pid) == 'D');
	long start = t_now_ms();

	CHECK_EQ(s_suspend(), -EBUSY);
	CHECK_GE(t_now_ms() - start, 150);
	t_snprintf(s_buf, 128, "freezer: pid %d tid %d (suspend) state D", pid, pid);
	CHECK(s_log_says(s_buf)); // who it was
	CHECK_EQ(t_wait(pid), 0);
	s_set("/sys/block/ram0/delay_us", "0");
	s_be_patient();
	s_suspend_ok();
}

// A child writes to the disk and ends; its last close leaves the write to the disk's thread, which is held up with it. Its number.
static int busy_disk(void)
{
	CHECK_EQ(IN_CHILD({
		s_dirty_disk(1, 'k');
		s_set("/sys/block/ram0/delay_us", "1000"); // its thread does it from now on
		s_set(PAUSE, "ram0 0 60000");
	}), 0);
	UNTIL(t_field(PAUSE, "ram0") > 0);
	return (int)t_field(PAUSE, "ram0");
}

static void disk_goes_on(void)
{
	s_set(PAUSE, "\n");
	s_set("/sys/block/ram0/delay_us", "0");
	sys(sync);
	CHECK(s_on_disk(1, 'k'));
}

// The second pass fails: EBUSY, those that had frozen are let out before the users are, and all of them work again.
TEST(a_kernel_thread_that_does_not_freeze)
{
	_Atomic long *n = t_map_shared(PAGE);
	struct hog h;
	int pid;

	s_stage();
	s_set("/sys/power/pm_freeze_timeout", s_alone() ? "500" : "3000"); // the first pass must succeed in it
	int disk = busy_disk();

	pid = t_fork();
	if (pid == 0)
		for (;;)
			++*n;
	UNTIL(*n > 0);
	s_set(TRACE, "0");
	CHECK_EQ(s_suspend(), -EBUSY);
	CHECK(s_is(OOM, "last_disable", "ok"));
	CHECK_EQ(t_field(OOM, "disabled"), 0);
	t_snprintf(s_buf, 128, "freezer: pid %d tid %d (ram0) state ", disk, disk);
	CHECK(s_log_says(s_buf)); // who it was
	CHECK(s_log_says("Freezing remaining freezable tasks failed after"));
	char *trace = s_trace();

	CHECK(!strstr(trace, "suspend_devices"));
	char *end = strstr(trace, "freeze_kernel_threads[0] end"), *enable = strstr(trace, "oom_enable:");

	CHECK(end && end < enable);
	CHECK(strstr(end, "thaw_task: pid=") < strstr(end, "thaw_processes[0] begin"));
	CHECK(strstr(end, "thaw_processes[0] begin") < enable);
	long then = *n;

	UNTIL(*n > then);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	s_hog(&h, 2, 0); // the killer works, and the disk is still busy
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	disk_goes_on();
	s_suspend_ok();
}

// An alarm that is due within two seconds: the last device to suspend refuses, and the disk, which had, works again.
TEST(a_device_that_does_not_suspend)
{
	struct itimerspec its = {.it_value = {1, 0}, .it_interval = {1, 0}}, off = {0};
	long fd, start;
	int id;

	s_stage();
	s_dirty_disk(1, 'k');
	CHECK_EQ(sys(timer_create, CLOCK_BOOTTIME_ALARM, 0, &id), 0);
	t_action(SIGALRM, SIG_IGN, 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, 0), 0);
	s_set(TRACE, "0");
	CHECK_EQ(s_suspend(), -EBUSY);
	CHECK(s_is(OOM, "last_disable", "ok"));
	CHECK_EQ(t_field(OOM, "disabled"), 0);
	CHECK(s_log_says("PM: device alarmtimer failed to suspend: error -16"));
	char *trace = s_trace();

	CHECK(strstr(trace, "suspend_devices[0] end") && !strstr(trace, "resume_devices"));
	CHECK(strstr(trace, "thaw_processes[0] end"));
	sys(sync);
	CHECK(s_on_disk(1, 'k'));
	CHECK_EQ(sys(timer_settime, id, 0, &off, 0), 0);
	s_suspend_ok();
	// One that is far enough away wakes the machine.
	s_set("/sys/power/pm_test", "none");
	fd = sys(timerfd_create, CLOCK_REALTIME_ALARM, 0);
	its = (struct itimerspec){.it_value = {6, 0}};
	CHECK_EQ(sys(timerfd_settime, fd, 0, &its, 0), 0);
	start = t_now_ms();
	s_suspend_ok();
	CHECK_GE(t_now_ms() - start, 1000);
	CHECK_EQ(sys(timer_delete, id), 0);
}

TEST(two_at_once)
{
	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "200");
	int pid = t_fork();

	if (pid == 0) {
		for (int i = 0; i < 10; i++) {
			long err = s_suspend();

			CHECK(err == 0 || err == -EBUSY);
		}
		t_exit(0);
	}
	for (int i = 0; i < 10; i++) {
		long err = s_suspend();

		CHECK(err == 0 || err == -EBUSY);
	}
	CHECK_EQ(t_wait(pid), 0);
	s_be_patient();
	s_suspend_ok();
}

TEST(a_suspender_that_is_killed)
{
	s_stage();
	for (int i = 0; i < 6; i++) {
		int pid = t_fork();

		if (pid == 0)
			for (;;)
				s_suspend();
		t_sleep_ms(3 + 2 * i);
		sys(kill, pid, SIGKILL);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
		s_suspend_ok();
	}
}

TEST(the_trace_tells_the_steps)
{
	static const char *const steps[] = {"freeze_processes[0] begin", "freeze_processes[0] end", "oom_killer_disable[0] begin",
		"oom_disable: victims=0 failed=0", "oom_killer_disable[0] end", "freeze_kernel_threads[0] end", "suspend_devices[0] end",
		"resume_devices[0] begin", "thaw_processes[0] begin", "oom_enable:", "thaw_processes[0] end"};

	s_stage();
	s_suspend_ok();
	char *at = s_trace();
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
		at = strstr(at, steps[i]);
		CHECK(at);
	}
	s_set(TRACE, "\n");
	CHECK(!strstr(s_trace(), "suspend_resume"));
}
