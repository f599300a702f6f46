// SPDX-License-Identifier: GPL-2.0-only
//
// What an accounting design costs, in instructions (the machine counts them as nanoseconds), as `result key=value` lines. It runs on
// Thaw only, by tests/designs.py, once a design.
#include "scenes/s.h"

#define TRIES 9

static long now(void)
{
	struct timespec ts;

	sys(clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

// From the call of a process that exits to the return of its parent's wait; the least, since the tick may fall into it.
static void exit_of_a_bystander(void)
{
	_Atomic long *begun = t_map_shared(PAGE);
	long least = 1L << 60;

	for (int i = 0; i < TRIES; i++) {
		int pid = t_fork();

		if (pid == 0) {
			*begun = now();
			t_exit(0);
		}
		CHECK_EQ(t_wait(pid), 0);
		long took = now() - *begun;

		least = took < least ? took : least;
	}
	t_printf("result exit=%ld\n", least);
}

static int hold(void *arg)
{
	++*(_Atomic int *)arg;
	return thread_pause(NULL);
}

// A group of n threads that sleep; ready counts them.
static int sleepers(int n, _Atomic int *ready)
{
	*ready = 0;
	int pid = t_fork();

	if (pid == 0) {
		struct thread t;

		CHECK_EQ(s_adj("1000"), 0);
		for (int i = 1; i < n; i++)
			thread_start(&t, hold, (void *)ready);
		hold((void *)ready);
	}
	UNTIL(*ready == n && t_state(pid) == 'S');
	return pid;
}

static void mark_of(int n, _Atomic int *ready)
{
	int pid = sleepers(n, ready);
	long before = t_field(OOM, "mark_insns");

	s_set("/proc/sysrq-trigger", "f");
	t_printf("result mark_%d=%ld\n", n, t_field(OOM, "mark_insns") - before);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static int call_when_told(void *arg)
{
	_Atomic int *ready = arg;

	++*ready;
	while (ready[1] == 0)
		futex(ready + 1, FUTEX_WAIT, 0, NULL, NULL, 0);
	t_spit("/proc/sysrq-trigger", "f");
	return thread_pause(NULL);
}

// All n threads of a group are in the killer at once: one has oom_lock, is held up there until the others wait for it, and has the group
// chosen; then each of the others is marked in its turn. Meanwhile the leader keeps the reaper out: it waits for a slow disk with the
// lock of its memory held.
static void storm_of(int n, _Atomic int *ready)
{
	ready[0] = ready[1] = 0;
	s_set("/sys/block/ram0/delay_us", "1000000");
	int pid = t_fork();

	if (pid == 0) {
		struct thread t;

		CHECK_EQ(s_adj("1000"), 0);
		for (int i = 0; i < n; i++)
			thread_start(&t, call_when_told, (void *)ready);
		UNTIL(*ready == n);
		long fd = sys(open, "/dev/ram0", O_RDONLY);
		volatile char *disk = (volatile char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, (20 + n / 32) * PAGE);

		*ready = -1;
		(void)*disk;
		thread_pause(NULL);
	}
	UNTIL(*ready == -1);
	t_sleep_ms(50); // its state is not to be read: /proc too waits for the lock
	s_set(PAUSE, "out_of_memory 0 100");
	long marks = t_field(OOM, "marks"), insns = t_field(OOM, "mark_insns");

	ready[1] = 1;
	futex(ready + 1, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	s_set(PAUSE, "\n");
	s_set("/sys/block/ram0/delay_us", "0");
	t_printf("result storm_%d=%ld\nresult storm_marks_%d=%ld\n", n, t_field(OOM, "mark_insns") - insns, n, t_field(OOM, "marks") - marks);
}

// How long the last suspend was in a step, in nanoseconds.
static long in_step(char *trace, const char *step)
{
	char begin[64], end[64];
	long took = 0;

	t_snprintf(begin, sizeof begin, "%s[0] begin", step);
	t_snprintf(end, sizeof end, "%s[0] end", step);
	for (char *at = trace, *next; (next = strstr(at, begin)); at = next + 1) {
		char *until = strstr(next, end);

		took = until ? s_line_ns(until) - s_line_ns(next) : 0;
	}
	return took;
}

// From the first thread that is asked to freeze to the barrier, on which a group of n threads, killed while it is frozen, is waited for.
static void freeze_with(int n, bool killed, _Atomic int *ready)
{
	int pid = sleepers(n, ready);

	if (killed)
		s_eat("disable_oom", s_free() * 2, "");
	if (s_suspend()) {
		t_printf("result freeze_%d=fails\n", n);
	} else {
		char *trace = s_trace();

		t_printf("result freeze_%d=%ld\n", n, in_step(trace, "freeze_processes") + in_step(trace, "oom_killer_disable"));
	}
	if (!killed)
		sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

HELPER(all)
{
	static const int threads[] = {1, 16, 256, 1024};
	_Atomic int *ready = t_map_shared(PAGE);

	s_stage();
	s_set("/sys/power/pm_test", "freezer");
	exit_of_a_bystander();
	for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++)
		mark_of(threads[i], ready);
	storm_of(256, ready);
	storm_of(1024, ready);
	freeze_with(1024, false, ready);
	freeze_with(256, true, ready);
	return 0;
}
