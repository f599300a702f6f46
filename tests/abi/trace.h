// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of ptrace share: tracees, and waiting for their stops.
#pragma once

#include "t.h"

#include <linux/ptrace.h>

static char *shared;

// The first word of a page that this process and its children share; the rest is for the test.
static inline _Atomic int *shared_word(void)
{
	if (!shared)
		shared = t_map_shared(PAGE);
	return (_Atomic int *)shared;
}

static inline int child(int (*fn)(void *), void *arg)
{
	int pid = t_fork();

	if (pid == 0)
		t_exit(fn(arg));
	CHECK_GE(pid, 1);
	return pid;
}

// A child that is traced by us and stops itself by SIGSTOP before it runs fn.
static inline int traced(int (*fn)(void *), void *arg)
{
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(sys(ptrace, PTRACE_TRACEME), 0);
		sys(kill, t_getpid(), SIGSTOP);
		t_exit(fn(arg));
	}
	CHECK_GE(pid, 1);
	return pid;
}

// Waits for a stop: its signal and event, the upper part of the status; fails if it is none.
static inline int wait_code(int pid)
{
	int status = 0;

	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	CHECK(W_STOPPED(status));
	return status >> 8;
}

static inline int wait_stop(int pid)
{
	return wait_code(pid);
}

static inline long cont(int pid, long sig)
{
	return sys(ptrace, PTRACE_CONT, pid, 0, sig);
}

static inline void goes_to_its_end(int pid, int code)
{
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), code);
}

static inline void kill_traced(int pid)
{
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// linux/ptrace.h and asm/ptrace.h have no struct of the registers as a tracer sees them: sys/user.h does.
struct regs {
	unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss,
		fs_base, gs_base, ds, es, fs, gs;
};
#define AT(reg) offsetof(struct regs, reg)
#define TF 0x100UL

static inline struct regs regs_of(int pid)
{
	struct regs r;

	CHECK_EQ(sys(ptrace, PTRACE_GETREGS, pid, 0, &r), 0);
	return r;
}

static inline int stopped_child(int (*fn)(void *))
{
	int pid = traced(fn, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	return pid;
}

// The number after a key of /proc/PID/status.
static inline long t_field_of(int pid, const char *key)
{
	char path[64];

	t_snprintf(path, sizeof path, "/proc/%d/status", pid);
	return t_field(path, key);
}

static inline int seize_it(void *pid)
{
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, (long)pid, 0, 0), 0);
	return 0;
}

static inline int thread_pause_int(int unused)
{
	(void)unused;
	return thread_pause(NULL);
}

// ---- what a tracee may do ----

__attribute__((noinline, unused)) static int seven(void)
{
	__asm__ volatile("");
	return 7;
}

static inline int twice_seven(void *unused)
{
	(void)unused;
	return seven() + seven();
}

static inline int forks_and_calls(void *unused)
{
	int kid = t_fork();

	(void)unused;
	if (kid == 0)
		t_exit(seven());
	return t_wait(kid) + seven();
}

// The tracee's child, which is traced from its fork on and stops at once.
static inline int forked(int pid)
{
	unsigned long msg;

	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEFORK), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | PTRACE_EVENT_FORK << 8);
	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &msg), 0);
	CHECK_EQ(wait_stop((int)msg), SIGSTOP);
	return (int)msg;
}
