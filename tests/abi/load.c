// SPDX-License-Identifier: GPL-2.0-only
//
// One call that is long must not be felt by others. On one processor with a kernel that is not preempted, whoever computes beside
// it finds out how long it was kept from doing so.
#include "t.h"

enum { LONGEST_MS = 30 }; // several slices of the scheduler

struct watch {
	_Atomic long longest_ns;
	_Atomic int running, stop;
};

static long now_ns(void)
{
	struct timespec t;

	sys(clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void watch(struct watch *w)
{
	long last = now_ns();

	for (w->running = 1; !w->stop;) {
		long t = now_ns();

		if (t - last > w->longest_ns)
			w->longest_ns = t - last;
		last = t;
	}
}

static bool one_processor(void)
{
	unsigned long set[16] = {0};

	sys(sched_getaffinity, 0, sizeof set, set);
	return set[0] == 1;
}

// Runs call() beside a process that computes. The gap is judged where time is counted in instructions.
static void felt_by_nobody(void (*call)(void))
{
	struct watch *w = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		watch(w);
		t_exit(0);
	}
	while (!w->running)
		sys(sched_yield);
	call();
	w->stop = 1;
	CHECK_EQ(t_wait(pid), 0);
	if (t_on_thaw && one_processor())
		CHECK_LE(w->longest_ns / 1000000, LONGEST_MS);
}

enum { HUGE = 1024 }; // MiB
static const size_t huge = (size_t)HUGE << 20;

static char *reserve(void)
{
	return t_ptr((unsigned long)sys(mmap, 0, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

static void populate(void)
{
	char *p = reserve();

	CHECK_EQ(sys(madvise, p, huge, MADV_POPULATE_READ), 0);
	CHECK_EQ(sys(munmap, p, huge), 0);
}

TEST(populating_much)
{
	felt_by_nobody(populate);
}

static void fork_and_protect(void)
{
	char *p = reserve();

	sys(madvise, p, huge, MADV_POPULATE_READ);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(IN_CHILD(t_exit(0)), 0);
		CHECK_EQ(sys(mprotect, p, huge, i % 2 ? PROT_READ : PROT_NONE), 0);
	}
	p = t_ptr((unsigned long)sys(mremap, p, huge, 2 * huge, MREMAP_MAYMOVE));
	CHECK_EQ(sys(munmap, p, 2 * huge), 0);
}

TEST(much_that_is_populated)
{
	felt_by_nobody(fork_and_protect);
}

static void send_a_hole(void)
{
	long hole = sys(memfd_create, "hole", 0), null = sys(open, "/dev/null", O_WRONLY);

	CHECK_EQ(sys(ftruncate, hole, 256L << 20), 0);
	CHECK_EQ(sys(sendfile, null, hole, 0, 256L << 20), 256L << 20);
	sys(close, hole);
	sys(close, null);
}

TEST(sending_a_long_hole)
{
	felt_by_nobody(send_a_hole);
}

static void read_zeroes(void)
{
	char *p = t_map(16 << 20);
	long zero = sys(open, "/dev/zero", O_RDONLY), hole = sys(memfd_create, "hole", 0);

	CHECK_EQ(sys(read, zero, p, 16 << 20), 16 << 20);
	CHECK_EQ(sys(ftruncate, hole, 16 << 20), 0);
	CHECK_EQ(sys(pread64, hole, p, 16 << 20, 0), 16 << 20);
	CHECK_EQ(sys(write, hole, p, 16 << 20), 16 << 20);
	CHECK_EQ(sys(ftruncate, hole, 0), 0);
	sys(munmap, p, 16 << 20);
	sys(close, zero);
	sys(close, hole);
}

TEST(reading_and_writing_much)
{
	felt_by_nobody(read_zeroes);
}
