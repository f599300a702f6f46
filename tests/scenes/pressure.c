// SPDX-License-Identifier: GPL-2.0-only
//
// Under pressure: the reserves, a reaper that cannot get at the memory, threads that ask for memory while they die.
#include "s.h"

// A group of one that holds kib.
static int holder(long kib, const char *adj, _Atomic int *ready)
{
	int pid = t_fork();

	if (pid == 0) {
		s_adj(adj);
		s_touch(t_map((size_t)kib * 1024), kib);
		++*ready;
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	return pid;
}

SCENE(54, reaper_blocked, "S2 S9 S23 L4")
{
	// The victim sleeps with its mmap_lock held: it cannot be reaped, and somebody else has to go.
	_Atomic int *ready = t_map_shared(PAGE);

	s_stage();
	long before = s_free(), kib = before * 35 / 100;
	long kills = s_kills(), reaped = t_field("/proc/vmstat", "oom_reaped");

	int stuck = t_fork();

	if (stuck == 0) {
		char text[64];
		long fd = sys(open, "/dev/ram0", O_RDONLY);
		volatile char *disk = (volatile char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 40 * PAGE);

		s_adj("1000");
		s_touch(t_map((size_t)kib * 1024), kib);
		t_snprintf(text, sizeof text, "readpage %d 60000\n", t_getpid());
		s_set(PAUSE, text);
		(void)*disk;
		t_exit(1);
	}
	UNTIL(t_field(PAUSE, "readpage") == stuck); // its state is not to be read: /proc too waits for the lock
	int second = holder(before * 30 / 100, "500", ready);

	UNTIL(*ready == 1);
	long start = t_now_ms();

	s_eat("now", before * 55 / 100, "");
	CHECK(s_ate());
	KEEPS("S23", "somebody else goes while there is hope", t_now_ms() - start >= 2900);
	KEEPS("L4", "nobody else goes while the victim is stuck", s_kills() == kills + 2);
	CHECK_EQ(t_field("/proc/vmstat", "oom_reaped"), reaped);
	CHECK(s_log_says("giving up on victim"));
	CHECK_EQ(t_wait(second), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(wait4, stuck, 0, WNOHANG, 0), 0);
	CHECK_LE(t_field(OOM, "victims"), 1); // given up on, and still owed by whoever counts
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(stuck), SIGNALLED(SIGKILL));
	s_quiet();
	s_suspend_ok();
}

// How far free memory is above `floor`, in pages, at the worst moment of the last meal. Four processors that allocate at once may
// each take a page after the same look.
static bool ended_at(long floor)
{
	long left = t_field(EATER, "left");

	t_printf("# %ld pages left, the floor is %ld\n", left, floor);
	return left >= floor - 8 && left <= floor + 64;
}

SCENE(53, reserves, "S22 L6")
{
	struct hog h;

	s_stage();
	// Without a victim memory ends at the mark: the killer is disabled, so the eater just fails.
	long below = t_field("/proc/vmstat", "alloc_below_min");

	s_eat("freeze_kthreads", s_free() * 2, "");
	s_suspend_ok();
	CHECK(!s_ate());
	long min = t_field(EATER, "min");

	CHECK_GE(min, 100);
	CHECK(ended_at(min));
	CHECK_EQ(t_field("/proc/vmstat", "alloc_below_min"), below);
	// Victims that are in the middle of it get half of what is kept back.
	for (int i = 0; i < 3 || (i < 20 && t_field("/proc/vmstat", "alloc_below_min") == below); i++) {
		s_hog(&h, 16, ALLOCATING);
		*h.ready = 1000;
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	}
	CHECK_GE(t_field("/proc/vmstat", "alloc_below_min"), below + 1);
	s_suspend_ok();
}

// It still holds the group of a victim that is gone. What is left over is counted when it does not.
TEST(a_reaper_that_is_late)
{
	struct hog h;
	char stops[64];

	s_stage();
	s_hog(&h, 1, 0);
	t_snprintf(stops, sizeof stops, "X4 %d 20000\noom_reaper 0 300\n", h.pid);
	s_set(PAUSE, stops);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_GE(t_field(PAUSE, "oom_reaper"), 1);
}

SCENE(53, a_victim_gets_half_of_the_reserve, "S22")
{
	// It is chosen in the middle of an allocation, and goes on in the kernel: from the mark to half of it, and no further.
	s_stage();
	long kills = s_kills(), below = t_field("/proc/vmstat", "alloc_below_min");
	int pid = t_fork();

	if (pid == 0) {
		long free = s_free();

		s_adj("1000");
		s_touch(t_map((size_t)free * 512), free / 2);
		s_eat("self", free * 2, "");
		t_exit(1); // it was chosen, and does not come back from there
	}
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	CHECK(!s_ate());
	long min = t_field(EATER, "min");

	CHECK(ended_at(min / 2));
	CHECK_GE(t_field("/proc/vmstat", "alloc_below_min"), below + min / 2 - 64);
	s_suspend_ok();
}

TEST(counted_once_while_its_threads_allocate)
{
	// Eight threads are in the allocator when their group is chosen, and its leader is held up on its way out.
	struct hog h = {.how = ALLOCATING};
	char line[64];

	s_stage();
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		for (int i = 0; i < 8; i++)
			thread_start(&t, s_hold, &h);
		thread_pause(NULL);
	}
	UNTIL(*h.ready == 8);
	long kills = s_kills();

	t_snprintf(line, sizeof line, "X0 %d 60000\n", h.pid);
	s_set(PAUSE, line);
	*h.ready = 1000;
	UNTIL(t_field(PAUSE, "X0") == h.pid);
	t_snprintf(line, sizeof line, "/proc/%d/status", h.pid);
	while (t_field(line, "Threads") > 1)
		CHECK_EQ(t_field(OOM, "victims"), 1);
	CHECK_EQ(t_field(OOM, "victims"), 1);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	s_quiet();
	s_suspend_ok();
}

SCENE(59, mmless_allocator_gets_the_reserve, "S8 S22 S23 L6")
{
	// A victim has given its memory up and closes its files, in which it asks for more than there is: it takes what is kept back for
	// those like it, and is refused the rest.
	struct hog h;
	char text[64];

	s_stage();
	s_protect_all(); // whoever would be killed for it, should it wait for that
	long kills = s_kills();

	s_hog(&h, 1, 0);
	t_snprintf(text, sizeof text, "X8 %d eat\n", h.pid);
	s_set(PAUSE, text);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_field(PAUSE, "X8"), h.pid);
	s_set(PAUSE, "\n");
	CHECK(!s_ate());
	KEEPS("S22", "a victim does not get at the reserve", ended_at(t_field(EATER, "min") / 2));
	t_snprintf(text, sizeof text, "exit_step: step=54 pid=%d\n", h.pid); // X5d
	char *without = strstr(s_trace(), text);

	CHECK(without);
	t_snprintf(text, sizeof text, "mark_victim: tgid=%d ", h.pid);
	KEEPS("S8", "a task without memory is marked", !strstr(without, text));
	KEEPS("S23", "somebody else goes for it", s_kills() == kills + 1);
	s_quiet();
	s_suspend_ok();
}

SCENE(59, mmless_allocator, "S8 S23 L6")
{
	// The last close writes a whole dirty disk, and needs memory for the requests when it has no mm any more.
	static char text[PAGE], back[PAGE];

	s_stage();
	for (int i = 0; i < 4; i++) {
		struct hog h = {.how = ALLOCATING};
		long kills = s_kills();

		h.ready = t_map_shared(PAGE);
		memset(text, 'a' + i, sizeof text);
		h.pid = t_fork();
		if (h.pid == 0) {
			struct thread t;
			long fd = sys(open, "/dev/ram0", O_RDWR);

			s_adj("1000");
			for (int j = 0; j < 64; j++)
				CHECK_EQ(sys(write, fd, text, sizeof text), sizeof text);
			for (int j = 0; j < 8; j++)
				thread_start(&t, s_hold, &h);
			UNTIL(*h.ready == 8);
			*h.ready = 1000;
			s_allocate(&h);
		}
		s_eat("now", s_free() * 9 / 10, "concurrent"); // somebody else who takes what comes back
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
		CHECK_EQ(s_kills(), kills + 1);
		s_digest();
		s_quiet();
		long fd = sys(open, "/dev/ram0", O_RDONLY);

		for (int j = 0; j < 64; j++) {
			CHECK_EQ(sys(read, fd, back, sizeof back), sizeof back);
			CHECK(!memcmp(text, back, sizeof text));
		}
		sys(close, fd);
		sys(munmap, (void *)h.ready, PAGE);
	}
	s_suspend_ok();
}
