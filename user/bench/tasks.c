// SPDX-License-Identifier: GPL-2.0-only
//
// Rows: making, running and ending processes and threads.
#include "bench.h"

#define SOME 20
#define TINY "/tests/tiny"

static void run_tiny(void)
{
	const char *argv[] = {TINY, NULL};

	sys(execve, TINY, argv, NULL);
	t_exit(127);
}

static void forked(bool exec)
{
	int pid = t_fork();

	if (pid == 0) {
		if (exec)
			run_tiny();
		t_exit(0);
	}
	sys(wait4, pid, 0, 0, 0);
}

// vfork by clone on a stack of its own: the parent's is not touched.
static char stack[4096] __attribute__((aligned(16)));

static int be_tiny(void *unused)
{
	(void)unused;
	run_tiny();
	return 0;
}

static int be_nothing(void *unused)
{
	(void)unused;
	return 0;
}

static void vforked(int (*fn)(void *))
{
	long pid = t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + sizeof stack, 0, 0, 0, fn, NULL);

	sys(wait4, pid, 0, 0, 0);
}

ROW(fork)
{
	return TIMES(SOME, forked(false));
}

ROW(fork_exec)
{
	CHECK_EQ(sys(access, TINY, 1), 0);
	return TIMES(SOME, forked(true));
}

ROW(vfork)
{
	return TIMES(SOME, vforked(be_nothing));
}

ROW(vfork_exec)
{
	return TIMES(SOME, vforked(be_tiny));
}

// With 8 MiB of touched memory.
ROW(fork_8mib)
{
	char *p = t_map(2048 * PAGE);

	for (unsigned long i = 0; i < 2048; i++)
		p[i * PAGE] = 1;
	long n = TIMES(3, forked(false));

	sys(munmap, p, 2048 * PAGE);
	return n;
}

// clone as pthread_create does it, on a stack that is there, and a futex join.
ROW(thread)
{
	_Atomic int tid;

	return TIMES(SOME, t_clone(THREAD_FLAGS, stack + sizeof stack, &tid, &tid, 0, be_nothing, NULL);
		for (int id; (id = tid);) futex(&tid, FUTEX_WAIT, (unsigned)id, NULL, NULL, 0));
}
