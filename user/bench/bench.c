// SPDX-License-Identifier: GPL-2.0-only
//
// The runner of the benchmark: bench.h says what a row is.
#include "bench.h"

#define WARM_UP 2
#define BATCHES 7

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

// In a child: its address space is small and always the same, and what it leaves behind goes with it.
static void measure(const struct row *r)
{
	long best = 0, *result = t_map_shared(PAGE);

	*operations = 0;
	int how = IN_CHILD({
		for (int i = 0; i < WARM_UP && !r->once; i++)
			r->run();
		for (int i = 0; i < (r->once ? 1 : BATCHES); i++) {
			long n = r->run();

			best = i && best < n ? best : n;
		}
		*result = best;
	});
	if (how != 0)
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

HELPER(list)
{
	for (struct row **r = __start_b_rows; r < __stop_b_rows; r++)
		t_printf("%s\n", (*r)->name);
	return 0;
}
