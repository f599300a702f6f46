// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host machine needs of Linux. Nothing of the kernel is known here; only os_*.c sees libc.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Zeroed memory of whole pages, or the process ends. With a guard page below if asked by
 * os_stack_alloc.
 */
void *os_alloc(size_t n);
void *os_stack_alloc(size_t n);
void os_write(const char *s, size_t n);		/* standard output */
void os_exit(int status) __attribute__((noreturn));
/* Name of the function at pc and the offset into it; NULL if unknown. */
const char *os_symbol(uint64_t pc, uint64_t *offset);

/* One run of one scenario under one seed. Ends in os_exit(0) if all it asserts held. */
struct os_run {
	const char *scenario;
	const char *oom;			/* accounting design, or NULL: the default */
	uint64_t seed;
	unsigned cpus;				/* 0: what the scenario asks for */
	bool verbose;
};
void host_run(const struct os_run *run) __attribute__((noreturn));
/* Scenario names by number; NULL after the last. */
const char *host_scenario(unsigned i);
