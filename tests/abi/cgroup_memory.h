// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of limits of memory share.
#pragma once

#include "cgroup.h"

#define MIB (1024L * 1024)

static char cg_number[32];
static _Atomic int *said;

static inline void touch(char *p, long bytes)
{
	for (long i = 0; i < bytes; i += (long)PAGE)
		p[i] = 1;
}

// A process in the group that touches so much and says so.
static inline int holder(const char *procs, long bytes)
{
	if (!said)
		said = t_map_shared(PAGE);
	*said = 0;
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(put(procs, 0), 0);
		touch(t_map((size_t)bytes), bytes);
		*said = 1;
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	return pid;
}

static inline bool alive(int pid)
{
	char state = t_state(pid);

	return state && state != 'Z';
}

static inline long number(const char *path)
{
	CHECK_GE(t_slurp(path, cg_number, sizeof cg_number), 1);
	return t_number(cg_number);
}

// Linux keeps a few charges ready on each CPU.
#define SOME (3 * MIB)
