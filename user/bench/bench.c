// SPDX-License-Identifier: GPL-2.0-only
//
// The runner of the benchmark: bench.h says what a row is.
#include "bench.h"

#define WARM_UP 2
#define BATCHES 7
#define LIMIT_MS 10000 // of the machine's own time, for a row

extern struct row *__start_b_rows[], *__stop_b_rows[];

static long uncounted, *operations = &uncounted; // shared with the children of a run

__attribute__((noinline)) void measure_begin(void)
{
	__asm__ volatile("");
}

__attribute__((noinline)) void measure_end(long ops)
{
	*operations += ops;
}

static bool chosen(const struct row *r)
{
	for (int i = 2; i < t_argc; i++)
		if (!strcmp(t_argv[i], r->name))
			return true;
	return t_argc <= 2;
}

// How a row's process ended, as t_wait() says; whatever has no end by the limit is killed: -1.
static int wait_limited(int pid)
{
	unsigned long chld = BIT(SIGCHLD);
	long end = t_now_ms() + LIMIT_MS, left;
	int status;

	while ((left = end - t_now_ms()) > 0) {
		struct timespec ts = {left / 1000, left % 1000 * 1000000};

		if (sys(wait4, pid, &status, WNOHANG, 0) == pid)
			return W_EXITED(status) ? W_CODE(status) : SIGNALLED(W_SIG(status));
		sys(rt_sigtimedwait, &chld, 0, &ts, 8);
	}
	sys(kill, -pid, SIGKILL);
	t_wait(pid);
	return -1;
}

static long run_row(const struct row *r)
{
	long best = 0;

	for (int i = 0; i < WARM_UP && !r->once; i++)
		r->run();
	for (int i = 0; i < (r->once ? 1 : BATCHES); i++) {
		long n = r->run();

		best = i && best < n ? best : n;
	}
	return best;
}

// In a child: its address space is small and always the same, and what it leaves behind goes with it.
static void measure(const struct row *r)
{
	long *result = t_map_shared(PAGE);

	*operations = 0;
	t_block(BIT(SIGCHLD));
	int pid = t_fork();

	if (pid == 0) {
		t_unblock(BIT(SIGCHLD));
		sys(setpgid, 0, 0);
		*result = run_row(r);
		t_exit(0);
	}
	CHECK_GE(pid, 1);
	int how = wait_limited(pid);

	if (how == -1)
		t_printf("# %s hung: stopped after %d s of its machine's time\n", r->name, LIMIT_MS / 1000);
	else if (how != 0)
		t_printf("# %s did not end well: %d\n", r->name, how);
	else
		t_printf("result %s=%ld\nresult %s.operations=%ld\n", r->name, *result, r->name, *operations);
	sys(munmap, result, PAGE);
}

HELPER(run)
{
	operations = t_map_shared(PAGE);
	for (struct row **r = __start_b_rows; r < __stop_b_rows; r++)
		if (chosen(*r))
			measure(*r);
	return 0;
}

static long run_nothing(void)
{
	return 1;
}

static long never(void)
{
	while (sys(pause))
		;
	return 0;
}

// For the test of the limit: a row without an end on the system named, Linux or Thaw.
HELPER(stuck)
{
	struct row row = {"stuck", never, true}, end = {"fine", run_nothing, true};

	CHECK_GE(t_argc, 3);
	measure(!strcmp(t_argv[2], t_on_thaw ? "Thaw" : "Linux") ? &row : &end);
	return 0;
}

HELPER(list)
{
	for (struct row **r = __start_b_rows; r < __stop_b_rows; r++)
		t_printf("%s\n", (*r)->name);
	return 0;
}
