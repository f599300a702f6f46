// SPDX-License-Identifier: GPL-2.0-only
//
// Rows: system calls that do little, files, pipes, futexes, signals.
#include "bench.h"

#include <linux/eventpoll.h>

#define MANY 1000
#define NO_SUCH_CALL 1023

ROW(null)
{
	return TIMES(MANY, t_syscall(NO_SUCH_CALL, 0, 0, 0, 0, 0, 0));
}

ROW(getpid)
{
	return TIMES(MANY, sys(getpid));
}

ROW(getppid)
{
	return TIMES(MANY, sys(getppid));
}

ROW(clock_gettime)
{
	struct timespec ts;

	return TIMES(MANY, sys(clock_gettime, CLOCK_MONOTONIC, &ts));
}

ROW(sched_yield)
{
	return TIMES(MANY, sys(sched_yield));
}

ROW(sigprocmask)
{
	unsigned long set = 0;

	return TIMES(MANY, sys(rt_sigprocmask, SIG_BLOCK, &set, 0, 8));
}

ROW(read_null)
{
	long fd = sys(open, "/dev/null", O_RDWR);
	char c;

	CHECK_GE(fd, 0);
	return TIMES(MANY, sys(read, fd, &c, 1));
}

ROW(write_null)
{
	long fd = sys(open, "/dev/null", O_RDWR);
	char c = 0;

	CHECK_GE(fd, 0);
	return TIMES(MANY, sys(write, fd, &c, 1));
}

ROW(open_close)
{
	CHECK_GE(sys(open, "/dev/null", O_RDWR), 0);
	return TIMES(100, sys(close, sys(open, "/dev/null", O_RDWR)));
}

// ---- pipes ----

ROW(pipe_self)
{
	int p[2];
	char c = 0;

	CHECK_EQ(sys(pipe, p), 0);
	return TIMES(100, sys(write, p[1], &c, 1); sys(read, p[0], &c, 1));
}

// Two processes, a pipe each way, one byte.
ROW(pipe_round_trip)
{
	int there[2], back[2];
	char c = 0;

	CHECK_EQ(sys(pipe, there), 0);
	CHECK_EQ(sys(pipe, back), 0);
	int pid = t_fork();

	if (pid == 0) {
		sys(close, there[1]);
		while (sys(read, there[0], &c, 1) == 1)
			sys(write, back[1], &c, 1);
		t_exit(0);
	}
	sys(close, there[0]);
	sys(close, back[1]);
	long n = TIMES(100, sys(write, there[1], &c, 1); sys(read, back[0], &c, 1));

	CHECK_EQ(sys(write, there[1], &c, 1), 1);
	sys(close, there[1]);
	sys(close, back[0]);
	CHECK_EQ(t_wait(pid), 0);
	return n;
}

// ---- futexes ----

ROW(futex_wake_none)
{
	int word = 0;

	return TIMES(MANY, futex(&word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0));
}

static _Atomic int ball; // 0: the first thread's turn, 1: the second one's, 2: it is over

static void pass(int to)
{
	ball = to;
	futex(&ball, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
	while (ball == to)
		futex(&ball, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, (unsigned)to, NULL, NULL, 0);
}

static int other_player(void *unused)
{
	(void)unused;
	while (ball == 0)
		futex(&ball, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);
	while (ball == 1)
		pass(0);
	return 0;
}

// Two threads of a process; each wakes the other and sleeps until it is woken.
ROW(futex_round_trip)
{
	struct thread t;

	ball = 0;
	thread_start(&t, other_player, NULL);
	long n = TIMES(100, pass(1));

	ball = 2;
	futex(&ball, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
	thread_join(&t);
	return n;
}

// ---- signals ----

static void handler(int sig)
{
	(void)sig;
}

ROW(signal_self)
{
	int pid = t_getpid();

	CHECK_EQ(t_action(SIGUSR1, handler, 0), 0);
	return TIMES(100, sys(kill, pid, SIGUSR1));
}

ROW(signal_thread)
{
	int pid = t_getpid();

	CHECK_EQ(t_action(SIGUSR1, handler, 0), 0);
	return TIMES(100, sys(tgkill, pid, pid, SIGUSR1));
}
