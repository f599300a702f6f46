// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the C library: each check is one TAP line, plan() comes last. */
#pragma once

#include <stdio.h>

static int tap_count, tap_failed;

#define ok(cond, ...) do { \
	int pass = !!(cond); \
	printf("%sok %d - ", pass ? "" : "not ", ++tap_count); \
	printf(__VA_ARGS__); \
	printf("\n"); \
	if (!pass) { \
		tap_failed++; \
		printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond); \
	} \
} while (0)

static inline int plan(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}
