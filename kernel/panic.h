// SPDX-License-Identifier: GPL-2.0-only
/* panic, assert, warn. Asserts are always on and print their values. */
#pragma once
#include "kernel/lib/types.h"

/*
 * Prints message, registers, symbolised backtrace, held locks, tasks, trace ring; stops all CPUs;
 * ends the machine as failed. Any context.
 */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
/* A panic has begun, on any CPU: locks may never be released again. */
bool panicking(void);
/*
 * Prints the message with a backtrace once per call and counts it (/proc/vmstat kernel_warnings);
 * tests fail on a nonzero count.
 */
void warn(const char *fmt, ...) __printf(1, 2) __cold;

#define assert(cond)								\
	do {									\
		if (unlikely(!(cond)))						\
			panic("%s:%d: %s: assertion failed: %s", __FILE__, __LINE__, __func__, #cond);	\
	} while (0)

/* assert_rel(a, ==, b) prints both values. */
#define assert_rel(a, op, b)							\
	do {									\
		long _av = (long)(a), _bv = (long)(b);				\
		if (unlikely(!(_av op _bv)))					\
			panic("%s:%d: %s: %s (%ld) " #op " %s (%ld) does not hold", __FILE__,	\
			      __LINE__, __func__, #a, _av, #b, _bv);		\
	} while (0)
#define assert_eq(a, b)	assert_rel(a, ==, b)

