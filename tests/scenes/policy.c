// SPDX-License-Identifier: GPL-2.0-only
//
// Whom the OOM killer chooses, and when it does not.
#include "s.h"

static int holder(long kib, const char *adj)
{
	_Atomic int *ready = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		s_adj(adj);
		s_touch(t_map((size_t)kib * 1024), kib);
		*ready = 1;
		thread_pause(NULL);
	}
	UNTIL(*ready);
	UNTIL(t_state(pid) == 'S'); // and touches nothing new
	sys(munmap, (void *)ready, PAGE);
	return pid;
}

static bool alive(int pid)
{
	return sys(wait4, pid, 0, WNOHANG, 0) == 0;
}

static void end(int pid)
{
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

SCENE(52, score_adj, "S13")
{
	s_stage();
	long free = s_free();
	int big = holder(free * 4 / 10, "0"), small = holder(1024, "1000"), never = holder(free / 10, "-1000");

	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	CHECK_EQ(t_wait(small), SIGNALLED(SIGKILL));
	CHECK(alive(big) && alive(never));
	s_quiet();
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	CHECK_EQ(t_wait(big), SIGNALLED(SIGKILL));
	CHECK(alive(never));
	end(never);
	s_suspend_ok();
}

SCENE(52, score_adj_formula, "S13")
{
	static const char *const adj[] = {"0", "0", "500", "-600"};
	char path[64];

	s_stage();
	long total = t_field("/proc/meminfo", "MemTotal") / 4;

	for (int i = 0; i < 4; i++) {
		long kib = i == 1 ? total : 1024, points, by = *adj[i] == '-' ? -t_number(adj[i] + 1) : t_number(adj[i]);
		int pid = holder(kib, adj[i]);

		t_snprintf(path, sizeof path, "/proc/%d/status", pid);
		points = (t_field(path, "VmRSS:") + t_field(path, "VmPTE:")) / 4;
		CHECK_GE(points, kib / 4);
		points += by * (total / 1000);
		t_snprintf(path, sizeof path, "/proc/%d/oom_score", pid);
		CHECK_GE(t_slurp(path, s_buf, sizeof s_buf), 2);
		// 0..2000, a third for each of: being there, all of memory, 1000 of adjustment.
		CHECK_EQ(t_number(s_buf), (1000 + points * 1000 / total) * 2 / 3);
		end(pid);
	}
	t_slurp("/proc/self/oom_score", s_buf, sizeof s_buf);
	CHECK_EQ(t_number(s_buf), 0); // unkillable
}

TEST(init_is_never_chosen)
{
	s_stage();
	long kills = s_kills();

	s_protect_all();
	t_spit("/proc/sysrq-trigger", "f"); // finds nobody, and says so
	CHECK_EQ(s_kills(), kills);
	CHECK_EQ(sys(kill, 1, 0), 0);
}

TEST(nobody_may_be_killed)
{
	// LINUX panics here. On Thaw the one who cannot go on without memory dies of it, and nobody else.
	s_stage();
	s_protect_all();
	long kills = s_kills();
	int me = t_getpid(), pid = t_fork();

	if (pid == 0) {
		UNTIL(t_state(me) == 'S'); // and needs no memory any more
		s_allocate(NULL);
	}
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills);
	s_suspend_ok();
}

SCENE(51, sysrq_f_twice, "S23 L1")
{
	char text[64];

	s_stage();
	long kills = s_kills();
	int first = holder(1024, "1000"), second = holder(2048, "900");

	t_snprintf(text, sizeof text, "X4 %d 60000\n", first);
	s_set(PAUSE, text);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	UNTIL(t_field(PAUSE, "X4") == first); // on its way, but stuck
	CHECK_EQ(t_field(OOM, "in_flight"), 1);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	CHECK_EQ(t_wait(second), SIGNALLED(SIGKILL));
	CHECK(alive(first));
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(first), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 2);
	s_suspend_ok();
}

SCENE(48, panic_on_oom, "S13")
{
	// Neither value makes sysrq-f panic. (That running out does is a test of its own, since the machine ends with it.)
	static const char *const values[] = {"1", "2"};

	s_stage();
	for (int i = 0; i < 2; i++) {
		int pid = holder(1024, "1000");

		s_set("/proc/sys/vm/panic_on_oom", values[i]);
		CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
		s_set("/proc/sys/vm/panic_on_oom", "0");
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
		s_quiet();
	}
	s_suspend_ok();
}

SCENE(50, notifier_saves, "S13")
{
	char text[32];

	s_stage();
	long kills = s_kills(), free = s_free();

	t_snprintf(text, sizeof text, "%ld", free * 6 / 10);
	s_set("/sys/kernel/debug/oom_balloon", text);
	s_eat("now", free * 7 / 10, "");
	CHECK(s_ate());
	CHECK_EQ(s_kills(), kills); // the balloon gave its pages back
	CHECK_GE(t_slurp("/sys/kernel/debug/oom_balloon", s_buf, sizeof s_buf), 1);
	CHECK_EQ(t_number(s_buf), 0);
	s_suspend_ok();
}

SCENE(49, kill_allocating_task, "S13")
{
	s_stage();
	s_set("/proc/sys/vm/oom_kill_allocating_task", "1");
	int big = holder(s_free() * 5 / 10, "1000");
	int me = t_getpid(), pid = t_fork();

	if (pid == 0) {
		s_adj("-500");
		UNTIL(t_state(me) == 'S'); // and needs no memory any more
		s_allocate(NULL);
	}
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL)); // it asked, though the other one is worse
	CHECK(alive(big));
	s_set("/proc/sys/vm/oom_kill_allocating_task", "0");
	end(big);
	s_suspend_ok();
}

SCENE(49, kill_allocating_task_but_not_the_protected, "S13")
{
	s_stage();
	s_protect_all(); // of whom somebody might allocate too
	s_set("/proc/sys/vm/oom_kill_allocating_task", "1");
	long free = s_free(), kills = s_kills();
	int big = holder(free * 6 / 10, "1000"), pid = holder(free * 7 / 10, "-1000");

	CHECK_EQ(t_wait(big), SIGNALLED(SIGKILL)); // the one who asked is not to be had
	CHECK(alive(pid));
	CHECK_EQ(s_kills(), kills + 1);
	s_set("/proc/sys/vm/oom_kill_allocating_task", "0");
	end(pid);
	s_suspend_ok();
}

TEST(fault_out_of_memory)
{
	// A user page fault, a write into a file, and a fork each run memory out; each time one dies.
	s_stage();
	int pid = t_fork();

	if (pid == 0) {
		s_adj("1000");
		s_allocate(NULL);
	}
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	t_tmpdir();
	pid = t_fork();
	if (pid == 0) {
		long fd = sys(open, "f", O_RDWR | O_CREAT, 0644), n;
		static char block[16 * 4096];

		s_adj("1000");
		sys(unlink, "f"); // so that its pages go with it
		while ((n = sys(write, fd, block, sizeof block)) > 0)
			;
		t_exit(n == -ENOSPC || n == -ENOMEM ? 77 : 1);
	}
	int got = t_wait(pid);

	CHECK(got == SIGNALLED(SIGKILL) || got == 77);
	s_quiet();
	s_suspend_ok();
}

SCENE(53, reserves_of_ten_victims, "S22 L6")
{
	// A victim in need gets at memory that others do not: it can always die. Ten at once prove it.
	s_stage();
	for (int round = 0; round < 2; round++) {
		int pid[10];

		for (int i = 0; i < 10; i++) {
			pid[i] = t_fork();
			if (pid[i] == 0) {
				s_adj("1000");
				s_allocate(NULL);
			}
		}
		for (int i = 0; i < 10; i++)
			CHECK_EQ(t_wait(pid[i]), SIGNALLED(SIGKILL));
	}
	s_suspend_ok();
}

TEST(the_reaper_helps_a_stuck_victim)
{
	// The victim is held up on its way out; its private memory is taken from it meanwhile.
	char text[64];

	s_stage();
	long free = s_free(), kills = s_kills();
	int pid = holder(free * 6 / 10, "1000");

	t_snprintf(text, sizeof text, "X4 %d 60000\n", pid);
	s_set(PAUSE, text);
	s_eat("now", free * 7 / 10, "");
	CHECK(s_ate());
	CHECK_EQ(t_field(PAUSE, "X4"), pid);
	CHECK(alive(pid)); // it is still there, without its memory
	CHECK_EQ(s_kills(), kills + 1);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

TEST(file_pages_go_before_anybody)
{
	// What the disk has is read once more later. Ever bigger meals: the first that gets at those pages kills nobody,
	// though there is somebody to kill.
	s_stage();
	long kills = s_kills(), fd = sys(open, "/dev/ram0", O_RDONLY), n, cached = 0, before = t_field("/proc/meminfo", "Inactive");
	int pid = holder(1024, "1000");

	while ((n = sys(read, fd, s_buf, sizeof s_buf)) > 0)
		cached += n / 1024;
	CHECK_GE(cached, 200);
	CHECK_GE(t_field("/proc/meminfo", "Inactive"), before + cached);
	for (long kib = s_free() - 4096; t_field("/proc/meminfo", "Inactive") > before + cached / 2; kib += 32) {
		s_eat("now", kib, "");
		CHECK(s_ate());
		CHECK_EQ(s_kills(), kills);
	}
	CHECK(alive(pid));
	CHECK_EQ(sys(pread64, fd, s_buf, 1, 0), 1);
	end(pid);
}
