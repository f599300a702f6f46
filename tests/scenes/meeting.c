// SPDX-License-Identifier: GPL-2.0-only
//
// The freezer and the OOM killer meet: memory runs out before, during and after each step of suspend.
#include "s.h"

SCENE(15, a_frozen_group_is_killed, "S4 S5 L4 L8")
{
	static const int threads[] = {1, 2, 4, 8, 32};

	s_stage();
	for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++) {
		struct hog h;
		long kills = s_kills();

		s_hog(&h, threads[i], i % 2 ? SPINNING : 0);
		s_eat("disable_oom", s_too_much(&h), ""); // the users are frozen, the killer still works
		s_suspend_ok();
		CHECK_EQ(s_kills(), kills + 1);
		CHECK(s_ate()); // its memory came back during the suspend
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	}
}

TEST(a_frozen_group_without_its_leader)
{
	struct hog h;

	s_stage();
	s_hog(&h, 8, LEADER_FIRST);
	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
	s_suspend_ok();
}

SCENE(23, stopped_and_frozen, "S5 L8")
{
	struct hog h;

	s_stage();
	s_hog(&h, 4, 0);
	sys(kill, h.pid, SIGSTOP);
	UNTIL(t_state(h.pid) == 'T');
	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
}

TEST(before_the_freeze)
{
	struct hog h;

	s_stage();
	s_hog(&h, 8, 0);
	s_eat("freeze_users", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
}

TEST(while_the_users_freeze)
{
	// The kill lands anywhere between a thread's check and its sleep.
	s_stage();
	for (int i = 0; i < 6; i++) {
		struct hog h;

		s_hog(&h, 8, i % 2 ? SPINNING : 0);
		s_eat("freeze_users", s_too_much(&h), "concurrent");
		long err = s_suspend();

		CHECK(err == 0 || err == -EBUSY);
		CHECK_EQ(t_field(OOM, "frozen_victims"), 0);
		s_digest();
		// Whether the meal came to the killer or was refused after the barrier, nothing is left over.
		s_quiet();
		sys(kill, h.pid, SIGKILL);
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	}
	s_suspend_ok();
}

TEST(while_the_killer_is_disabled)
{
	s_stage();
	for (int i = 0; i < 6; i++) {
		struct hog h;

		s_hog(&h, 8, i % 2 ? LEADER_FIRST : 0);
		s_eat("disable_oom", s_too_much(&h), "concurrent");
		s_suspend_ok(); // a kill before the barrier is waited for, one after it does not happen
		sys(kill, h.pid, SIGKILL);
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	}
}

// After the barrier nobody is killed: an allocation that would need it fails.
static void refused_at(const char *phase)
{
	struct hog h;
	long kills = s_kills();

	s_hog(&h, 4, 0);
	s_eat(phase, s_too_much(&h), "");
	s_suspend_ok();
	CHECK(!s_ate());
	CHECK_EQ(s_kills(), kills);
	CHECK_EQ(sys(wait4, h.pid, 0, WNOHANG, 0), 0);
	s_run_out(&h); // and afterwards it works as before
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
}

SCENE(41, alloc_while_disabled, "S7 L6")
{
	s_stage();
	refused_at("freeze_kthreads");
	refused_at("suspend_devices");
	refused_at("resume");
	refused_at("thaw");
	s_set("/sys/power/pm_test", "none");
	s_set("/sys/class/rtc/rtc0/wakealarm", "+1");
	refused_at("idle");
	s_set("/sys/class/rtc/rtc0/wakealarm", "0");
}

// The killer is enabled again, and everybody is still frozen: its victim gets out, alone, and is gone before anybody is thawed.
SCENE(15, a_frozen_group_is_killed_in_the_undo, "S4 S5 L4 L8")
{
	static const int how[] = {0, SPINNING, LEADER_FIRST, SHARED};
	char mark[64];

	s_stage();
	for (unsigned i = 0; i < sizeof how / sizeof *how; i++) {
		int bystander = t_fork();
		struct hog h;

		if (bystander == 0) {
			s_adj("0");
			thread_spin(NULL);
		}
		long kills = s_kills();

		s_hog(&h, 8, how[i]);
		s_eat("thaw_users", s_too_much(&h), "");
		s_set(TRACE, "0");
		s_suspend_ok();
		CHECK(s_ate());
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
		CHECK_EQ(s_kills(), kills + 1);
		CHECK_EQ(sys(wait4, bystander, 0, WNOHANG, 0), 0);
		char *at = strstr(s_trace(), "oom_enable:");

		t_snprintf(mark, sizeof mark, "mark_victim: tgid=%d", h.pid);
		CHECK(at && (at = strstr(at, mark)));
		t_snprintf(mark, sizeof mark, "thaw_task: pid=%d ", bystander);
		CHECK((at = strstr(at, mark)));
		CHECK(strstr(at, "thaw_processes[0] end"));
		sys(kill, bystander, SIGKILL);
		CHECK_EQ(t_wait(bystander), SIGNALLED(SIGKILL));
	}
}

SCENE(15, while_the_users_are_thawed, "S4 S5 L8")
{
	// The meal begins before the killer is enabled, or just before the walk.
	s_stage();
	for (int i = 0; i < 6; i++) {
		struct hog h;

		s_hog(&h, 8, i % 3 ? SPINNING : LEADER_FIRST);
		s_eat(i % 2 ? "thaw" : "thaw_users", s_too_much(&h), "concurrent");
		s_suspend_ok();
		sys(kill, h.pid, SIGKILL);
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	}
}

SCENE(41, alloc_while_disabled_that_must_not_fail, "S7 L6")
{
	// GFP_NOFAIL keeps retrying, through the 300 ms before the resume, until the killer works again.
	char mark[64];
	struct hog h;

	s_stage();
	s_hog(&h, 4, 0);
	s_set(PAUSE, "resume 0 300");
	s_eat("freeze_kthreads", s_too_much(&h), "nofail");
	CHECK_EQ(s_suspend(), 0);
	s_digest();
	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	char *text = s_trace();
	t_snprintf(mark, sizeof mark, "mark_victim: tgid=%d", h.pid);
	char *marked = strstr(text, mark);

	CHECK(marked && !strstr(marked, "oom_enable:")); // the killer was enabled before
	s_set(PAUSE, "\n");
	s_quiet();
	s_suspend_ok();
}

SCENE(37, disable_idle, "L2")
{
	char slept[64];

	s_stage();
	s_set(TRACE, "0");
	s_suspend_ok();
	t_snprintf(slept, sizeof slept, "sched_switch: prev_pid=%d ", t_getpid());
	char *begun = strstr(s_trace(), "oom_killer_disable[0] begin"), *ended = begun ? strstr(begun, "oom_killer_disable[0] end") : NULL;
	CHECK(ended);
	char *at = strstr(begun, slept);

	KEEPS("L2", "waits for nobody", !at || at > ended); // at once: it did not even give up its processor
}

// Has a disk to write when it goes.
static int s_owe(void *arg)
{
	struct hog *h = arg;

	s_dirty_disk(1, 'd');
	*h->ready = 1000 + (int)sys(gettid);
	return thread_pause(NULL);
}

enum { LEADER_STAYS, SIBLING_STAYS };

// A victim that does not die before it may: its leader, which gets the mark, or another thread is held up on its way out.
static void stuck_hog(struct hog *h, int threads, int who)
{
	char text[64];

	h->how = 0;
	if (s_fork_eaten(h)) {
		struct thread t;

		for (int i = 1; i < threads; i++)
			thread_start(&t, s_hold, h);
		UNTIL(*h->ready == threads - 1);
		if (who == SIBLING_STAYS) {
			thread_start(&t, s_owe, h);
			thread_pause(NULL);
		}
		s_owe(h);
	}
	UNTIL(*h->ready > 1000);
	int stays = *h->ready - 1000;

	t_snprintf(text, sizeof text, "X2 %d 60000\n", stays);
	s_set(PAUSE, text);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	UNTIL(t_field(PAUSE, "X2") == stays && t_task_state(h->pid, stays) == 'D');
}

// The barrier is not reached while the thread with the disk is alive, and is when it is gone.
static void disable_stuck(int who)
{
	struct hog h;

	s_stage();
	s_set("/sys/power/pm_freeze_timeout", s_alone() ? "300" : "1500");
	stuck_hog(&h, 4, who);
	if (who == SIBLING_STAYS)
		UNTIL(t_state(h.pid) == 'Z'); // the marked thread is through; its sibling is not
	long start = t_now_ms(), owed = t_field(OOM, "victims");

	KEEPS("S1", "the barrier stands while a victim is at the disk", s_suspend() == -EBUSY);
	KEEPS("L2", "no end of the wait", t_now_ms() - start <= 30000);
	KEEPS("S11", "something is left of the failed freeze", t_field(OOM, "disabled") == 0 && t_field(OOM, "victims") <= owed);
	if (s_is(OOM, "last_disable", "timeout")) {
		t_snprintf(s_buf, sizeof s_buf, "oom: victim pid %d (meeting): ", h.pid);
		CHECK(s_log_says(s_buf)); // who it was
	}
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_set("/sys/power/pm_freeze_timeout", "3000");
	s_suspend_ok();
}

SCENE(38, disable_stuck, "S1 S11 L2 L3")
{
	disable_stuck(LEADER_STAYS);
}

SCENE(38, disable_stuck_sibling, "S1 S4 S11 L2 L3")
{
	disable_stuck(SIBLING_STAYS);
}

static void nothing(int sig)
{
	(void)sig;
}

SCENE(39, disable_interrupted, "S11 L2")
{
	struct hog h;

	s_stage();
	stuck_hog(&h, 2, LEADER_STAYS);
	t_action(SIGALRM, nothing, 0);
	t_alarms(100);
	CHECK_EQ(s_suspend(), -EBUSY);
	t_alarms(0);
	CHECK(s_is(OOM, "last_disable", "interrupted"));
	CHECK_EQ(t_field(OOM, "disabled"), 0);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

SCENE(42, suspender_is_victim, "S1 S11 L2 L4 L8")
{
	struct hog h;
	_Atomic int *result = t_map_shared(PAGE);

	s_stage();
	s_set(TRACE, "0");
	h.before = s_free();
	h.kib = h.before * 6 / 10;
	s_eat("disable_oom", h.before * 7 / 10, "");
	h.pid = t_fork();
	if (h.pid == 0) {
		s_adj("1000");
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		long err = s_suspend();

		*result = err ? (int)-err : 1; // it must never get here
		thread_pause(NULL);
	}
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(*result, 0);
	KEEPS("L4", "memory not freed", s_ate());
	KEEPS("S1", "the barrier stands though the suspender has its own end before it", s_is(OOM, "last_disable", "interrupted"));
	CHECK(!strstr(s_trace(), "freeze_kernel_threads"));
	s_quiet();
	s_suspend_ok();
}

TEST(writes_held_back_reach_the_disk_before_the_barrier)
{
	// Frozen with a write in its io_context: it goes out while the victim dies, not later.
	s_stage();
	s_set("/sys/block/ram0/delay_us", "3000");
	for (int i = 0; i < 3; i++) {
		struct hog h;
		static char text[512], back[512];

		h.before = s_free();
		h.kib = h.before * 6 / 10;
		h.ready = t_map_shared(PAGE);
		h.how = i == 2 ? LEADER_FIRST : 0;
		h.pid = t_fork();
		memset(text, 'a' + i, sizeof text);
		if (h.pid == 0) {
			struct thread t;
			long fd = sys(open, "/dev/ram0", O_RDWR);

			s_adj("1000");
			s_touch(t_map((size_t)h.kib * 1024), h.kib);
			CHECK_EQ(sys(write, fd, text, sizeof text), sizeof text);
			for (int j = 0; j < 3; j++)
				thread_start(&t, s_hold, &h);
			if (h.how)
				t_exit_thread(0);
			s_hold(&h);
		}
		UNTIL(*h.ready == (h.how ? 3 : 4));
		s_eat("disable_oom", s_too_much(&h), "");
		s_suspend_ok();
		CHECK(s_ate());
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
		long fd = sys(open, "/dev/ram0", O_RDONLY);

		CHECK_EQ(sys(read, fd, back, sizeof back), sizeof back);
		CHECK(!memcmp(text, back, sizeof text));
		sys(close, fd);
		sys(munmap, (void *)h.ready, PAGE);
	}
	s_set("/sys/block/ram0/delay_us", "0");
}

// A hog of two threads with a dirty disk is frozen and chosen. How long the suspend takes.
static long killed_with_a_dirty_disk(void)
{
	struct hog h;

	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.ready = t_map_shared(PAGE);
	h.how = 0;
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		s_dirty_disk(64, 'b');
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		thread_start(&t, s_hold, &h);
		s_hold(&h);
	}
	UNTIL(*h.ready == 2);
	s_eat("disable_oom", s_too_much(&h), "");
	long start = t_now_ms();

	s_suspend_ok();
	long took = t_now_ms() - start;

	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	sys(munmap, (void *)h.ready, PAGE);
	return took;
}

SCENE(44, kthread_needed_by_victim, "S1 L8")
{
	// Its last close is more than the disk takes at once: it waits for the disk's thread, which freezes too, but later.
	s_stage();
	s_set("/sys/block/ram0/delay_us", "10000");
	CHECK_GE(killed_with_a_dirty_disk(), 480); // for all but the 16 that the disk takes at once
	s_set("/sys/block/ram0/delay_us", "0");
	sys(sync);
	CHECK(s_on_disk(64, 'b'));
}

TEST(the_disk_rests_with_the_kernel_threads)
{
	s_stage();
	s_set("/sys/power/pm_test", "freezer");
	s_set("/sys/module/suspend/parameters/pm_test_delay", "1");
	s_set("/sys/block/ram0/delay_us", "100000");
	s_set(TRACE, "0");
	CHECK_EQ(IN_CHILD(s_dirty_disk(16, 'c')), 0); // left to the disk: an exit does not wait for its writes
	s_suspend_ok();
	sys(sync);
	char *frozen = strstr(s_trace(), "freeze_kernel_threads[0] end"), *thawed, *done;

	CHECK(frozen && (thawed = strstr(frozen, "thaw_processes[0] begin")));
	CHECK((done = strstr(frozen, "block_rq_complete: ")) && done > thawed); // none in that second
	s_set("/sys/block/ram0/delay_us", "0");
}

TEST(shared_memory_during_the_freeze)
{
	// It cannot be reaped, only given back by its owner on the way out: nobody else may be killed.
	struct hog h;

	s_stage();
	long kills = s_kills();
	int bystander = t_fork();

	if (bystander == 0) {
		s_adj("0");
		s_touch(t_map(1024 * 1024), 1024);
		thread_pause(NULL);
	}
	UNTIL(t_state(bystander) == 'S');
	s_hog(&h, 8, SHARED);
	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	CHECK_EQ(sys(wait4, bystander, 0, WNOHANG, 0), 0);
	sys(kill, bystander, SIGKILL);
	t_wait(bystander);
}

TEST(storm)
{
	// A hog is born, killed and reaped over and over while the machine suspends and resumes.
	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "5000");
	long most = s_free();
	int pid = t_fork();

	if (pid == 0)
		for (int i = 0; i < 6; i++) {
			int hog = t_fork();

			if (hog == 0) {
				struct thread t;
				struct hog h;

				s_adj("1000");
				h.how = 0;
				for (int j = 0; j < 3; j++)
					thread_start(&t, s_allocate, &h);
				s_allocate(&h);
			}
			CHECK_EQ(t_wait(hog), SIGNALLED(SIGKILL));
			if (i == 5)
				t_exit(0);
		}
	while (sys(wait4, pid, 0, WNOHANG, 0) == 0) {
		long err = s_suspend();

		CHECK(err == 0 || err == -EBUSY || err == -ENOMEM);
		CHECK_EQ(t_field(OOM, "frozen_victims"), 0);
		CHECK_EQ(t_field("/proc/vmstat", "io_after_barrier"), 0);
		t_sleep_ms(5);
	}
	CHECK_GE(s_free(), most / 2);
	s_suspend_ok();
}
