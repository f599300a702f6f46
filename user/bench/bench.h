// SPDX-License-Identifier: GPL-2.0-only
//
// The benchmark: one static program of system calls that runs on Thaw and on Linux. It counts
// instructions, not time: the machine runs with `-icount shift=0,sleep=off`, where rdtsc is the number
// of instructions executed (and, where every processor was idle, the nanoseconds until the next timer).
//
// A row is a function that does its operation some times and gives the instructions of one. The
// runner calls it in a child process of its own: WARM_UP times to have caches, slabs and page tables
// in their final state, then BATCHES times, and takes the minimum, which no timer tick has disturbed.
// The loop and the arguments of the call, about ten instructions, are part of the figure.
//
//	bench @run [ROW]...     every row, or those named: `result ROW=N` lines on standard output
//	bench @list             the names
#pragma once

#include "tests/abi/t.h"

struct row {
	const char *name;
	long (*run)(void);
	bool once; // costs so much that one batch without a warm-up must do
};

#define ROW_(id, once)                                                                             \
	static long row_##id(void);                                                                \
	static struct row r_##id = {#id, row_##id, once};                                          \
	static struct row *rp_##id __attribute__((used, section("b_rows"))) = &r_##id;             \
	static long row_##id(void)
#define ROW(id) ROW_(id, false)
#define ROW_ONCE(id) ROW_(id, true)

static inline unsigned long now(void)
{
	unsigned lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (unsigned long)hi << 32 | lo;
}

// Between these two the profiler counts. `ops` adds up what was done in between.
void measure_begin(void);
void measure_end(long ops);

// The instructions of one of n times doing what is in the braces.
#define TIMES(n, ...)                                                                              \
	({                                                                                         \
		measure_begin();                                                                   \
		unsigned long t0_ = now();                                                         \
		for (long i_ = 0; i_ < (n); i_++) {                                                \
			__VA_ARGS__;                                                               \
		}                                                                                  \
		unsigned long t1_ = now();                                                         \
		measure_end(n);                                                                    \
		(long)((t1_ - t0_) / (unsigned long)(n));                                          \
	})
// The same for what is done once, as n operations.
#define COST_OF(n, ...) ({ long n_ = (n); TIMES(1, __VA_ARGS__) / n_; })
