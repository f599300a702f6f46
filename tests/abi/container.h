// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of namespaces of process numbers and of their ends share: a process that is number 1 of one.
#pragma once

#include "t.h"

static _Atomic int *said; // a page that all processes of a test share

static inline void prepare(void)
{
	int err = IN_CHILD(t_exit((int)-sys(unshare, CLONE_NEWPID)));

	if (err == EPERM)
		SKIP("may not make namespaces of numbers");
	CHECK_EQ(err, 0);
	said = t_map_shared(PAGE);
}

// Forks number 1 of a new namespace.
static inline int fork_init(void)
{
	int pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	CHECK_GE(pid, 0);
	return pid;
}

// Runs a block as number 1 of a new namespace, and gives what t_wait() says of it.
#define IN_NAMESPACE(...)                                                                          \
	({                                                                                         \
		int init_ = fork_init();                                                           \
		if (init_ == 0) {                                                                  \
			__VA_ARGS__;                                                               \
			t_exit(0);                                                                 \
		}                                                                                  \
		t_wait(init_);                                                                     \
	})

// An init that only waits, outside's number of it.
static inline int idle_init(void)
{
	int pid = fork_init();

	if (pid == 0)
		thread_pause(NULL);
	return pid;
}

static inline void end(int pid)
{
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static inline int pidfd_of(int pid)
{
	int fd = (int)sys(pidfd_open, pid, 0);

	CHECK_GE(fd, 0);
	return fd;
}
