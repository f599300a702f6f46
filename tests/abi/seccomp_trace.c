// SPDX-License-Identifier: GPL-2.0-only
//
// seccomp and ptrace: filters that ask the tracer, what it may read of them, filters in threads (TSYNC).
#include "seccomp.h"

#define EVENT (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#ifndef PTRACE_SECCOMP_GET_METADATA
#define PTRACE_SECCOMP_GET_METADATA 0x420d
#endif
#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif

static unsigned long reg(int pid, size_t where)
{
	unsigned long v = 0;

	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, where, &v), 0);
	return v;
}

static void set_reg(int pid, size_t where, long v)
{
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, where, v), 0);
}

#define ORIG_RAX (15 * 8)
#define RAX (10 * 8)

static long message(int pid)
{
	unsigned long v = 0;

	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &v), 0);
	return (long)v;
}

// ---- asking the tracer ----

static int asks(void *unused)
{
	long ret;

	(void)unused;
	CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_TRACE | 0x4321), 0);
	CHECK_EQ(answer(__NR_getpgrp, SECCOMP_RET_ERRNO | 55), 0);
	ret = t_syscall(__NR_getppid, 1, 2, 3, 4, 5, 6);
	return (int)(ret < 0 ? -ret : ret) & 0xff;
}

static int asking(void)
{
	int pid = traced(asks, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_code(pid), EVENT);
	return pid;
}

TEST(the_tracer_is_asked)
{
	struct ptrace_syscall_info info = {0};
	int pid = asking();

	CHECK_EQ(message(pid), 0x4321);
	CHECK_EQ(reg(pid, ORIG_RAX), __NR_getppid);
	CHECK_EQ((long)reg(pid, RAX), -ENOSYS);
	CHECK_EQ(sys(ptrace, PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), 84);
	CHECK_EQ(info.op, PTRACE_SYSCALL_INFO_SECCOMP);
	CHECK_EQ(info.seccomp.nr, __NR_getppid);
	CHECK_EQ(info.seccomp.args[5], 6);
	CHECK_EQ(info.seccomp.ret_data, 0x4321);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), t_getpid() & 0xff); // the call is made
}

TEST(the_tracer_skips_the_call)
{
	int pid = asking();

	set_reg(pid, ORIG_RAX, -1);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), ENOSYS);
	pid = asking();
	set_reg(pid, ORIG_RAX, -1);
	set_reg(pid, RAX, 99);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 99);
}

// The filters are asked about the other call too, but the tracer is not asked again.
TEST(the_tracer_changes_the_call)
{
	int pid = asking();

	set_reg(pid, ORIG_RAX, __NR_getpgrp);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 55);
	pid = asking();
	set_reg(pid, ORIG_RAX, __NR_getpid);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), pid & 0xff);
}

TEST(the_tracer_kills)
{
	int pid = asking();

	kill_traced(pid);
}

TEST(the_tracer_is_gone)
{
	int pid = traced(asks, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(cont(pid, 0), 0); // it does not want that event
	CHECK_EQ(t_wait(pid), ENOSYS);
	pid = asking();
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
	CHECK_EQ(t_wait(pid), t_getpid() & 0xff);
}

// A stop before a call comes before the filters, which see what the tracer made of it; the one after it comes also
// when the filter did not let it be made.
TEST(stops_at_calls_come_first)
{
	int pid = asking();

	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | 0x80); // the end of getppid
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | 0x80); // exit_group
	set_reg(pid, ORIG_RAX, __NR_getpgrp);
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | 0x80);
	CHECK_EQ((long)reg(pid, RAX), -55);
	kill_traced(pid);
}

// KILL_PROCESS is no signal that a tracer could keep away.
static int is_killed(void *unused)
{
	(void)unused;
	answer(__NR_getppid, SECCOMP_RET_KILL_PROCESS);
	sys(getppid);
	return 0;
}

TEST(the_tracer_does_not_see_the_kill)
{
	int pid = traced(is_killed, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGSYS));
}

// ---- what can be read ----

static int has_filters(void *unused)
{
	(void)unused;
	CHECK_EQ(INSTALL(RETURN(SECCOMP_RET_ALLOW)), 0);
	CHECK_EQ(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO, SECCOMP_FILTER_FLAG_LOG), 0);
	sys(kill, t_getpid(), SIGSTOP);
	return 0;
}

TEST(filters_can_be_read)
{
	struct {
		unsigned long off, flags;
	} meta = {0};
	struct sock_filter f[8] = {{0}};
	int pid = traced(has_filters, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, pid, 0, f), -EINVAL);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, pid, 0, 0), 1); // the oldest
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, pid, 1, f), 4);
	CHECK_EQ(f[0].code, BPF_LD | BPF_W | BPF_ABS);
	CHECK_EQ(f[1].k, __NR_getppid);
	CHECK_EQ(f[3].k, SECCOMP_RET_ALLOW);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, pid, 2, f), -ENOENT);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, pid, -1L, f), -ENOENT);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, pid, 0, -8L), -EFAULT);
	meta.off = 1;
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_METADATA, pid, sizeof meta, &meta), 16);
	CHECK_EQ(meta.flags, SECCOMP_FILTER_FLAG_LOG);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_METADATA, pid, 8, &meta), 8);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_METADATA, pid, 7, &meta), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_METADATA, pid, 16, 0), -EFAULT);
	meta.off = 2;
	CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_METADATA, pid, 16, &meta), -ENOENT);
	kill_traced(pid);
}

TEST(filters_suspended)
{
	int pid = traced(asks, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_SUSPEND_SECCOMP), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), t_getpid() & 0xff);
	CHECK_EQ(IN_CHILD({
		int kid = traced(asks, NULL);

		CHECK_EQ(wait_stop(kid), SIGSTOP);
		CHECK_EQ(INSTALL(RETURN(SECCOMP_RET_ALLOW)), 0);
		CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, kid, 0, PTRACE_O_SUSPEND_SECCOMP), -EPERM);
		CHECK_EQ(sys(ptrace, PTRACE_SECCOMP_GET_FILTER, kid, 0, 0), -EACCES);
		kill_traced(kid);
	}), 0);
}

// ---- threads ----

static _Atomic int phase, wrong;

// Waits for the phase, then asks for what it should be.
static int waits_and_asks(void *wanted)
{
	while (phase == 0)
		t_yield();
	if (sys(getppid) != (long)wanted)
		wrong++;
	return 0;
}

TEST(all_threads)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[6];

		CHECK_EQ(INSTALL(RETURN(SECCOMP_RET_ALLOW)), 0);
		for (int i = 0; i < 6; i++)
			thread_start(&t[i], waits_and_asks, (void *)-71L);
		no_new_privs();
		CHECK_EQ(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO | 71, SECCOMP_FILTER_FLAG_TSYNC), 0);
		for (int i = 0; i < 6; i++) {
			CHECK_EQ(t_field_of(t[i].id, "Seccomp_filters"), 2);
			CHECK_EQ(t_field_of(t[i].id, "NoNewPrivs"), 1);
		}
		phase = 1;
		for (int i = 0; i < 6; i++)
			thread_join(&t[i]);
		CHECK_EQ(wrong, 0);
	}), 0);
}

static int has_its_own(void *unused)
{
	(void)unused;
	CHECK_EQ(answer(__NR_getpgrp, SECCOMP_RET_ERRNO | 1), 0);
	phase = 1;
	while (phase != 2)
		t_yield();
	return 0;
}

TEST(threads_that_do_not_fit)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, has_its_own, NULL);
		UNTIL(phase == 1);
		CHECK_EQ(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO | 2, SECCOMP_FILTER_FLAG_TSYNC), t.id);
		CHECK_EQ(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO | 2, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH),
			-ESRCH);
		CHECK_EQ(sys(prctl, PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	}), 0);
}

TEST(threads_that_do_not_fit_a_listener)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, has_its_own, NULL);
		UNTIL(phase == 1);
		CHECK_EQ(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO | 2, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
			SECCOMP_FILTER_FLAG_NEW_LISTENER), -ESRCH);
		CHECK_EQ(sys(prctl, PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	}), 0);
}

// One that has been joined may not be gone yet.
TEST(threads_that_are_gone)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, has_its_own, NULL);
		UNTIL(phase == 1);
		phase = 2;
		thread_join(&t);
		UNTIL(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO | 2, SECCOMP_FILTER_FLAG_TSYNC) == 0);
		CHECK_EQ(sys(getppid), -2);
	}), 0);
}

// Threads begin, end and call while all of them get filters again and again.
static int calls_on(void *unused)
{
	(void)unused;
	while (phase == 0)
		if (sys(getpgrp) == -5)
			wrong++;
	return 0;
}

static int ends(void *unused)
{
	(void)unused;
	return 0;
}

static int starts_threads(void *unused)
{
	(void)unused;
	while (phase == 0) {
		struct thread t;

		thread_start(&t, ends, NULL);
		thread_join(&t);
	}
	return 0;
}

TEST(all_threads_while_they_come_and_go)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[3];

		thread_start(&t[0], calls_on, NULL);
		thread_start(&t[1], starts_threads, NULL);
		thread_start(&t[2], starts_threads, NULL);
		for (int i = 0; i < 60; i++)
			CHECK_EQ(answer_flags(i == 59 ? __NR_getppid : 5000, SECCOMP_RET_ERRNO | 3, SECCOMP_FILTER_FLAG_TSYNC), 0);
		phase = 1;
		for (int i = 0; i < 3; i++)
			thread_join(&t[i]);
		CHECK_EQ(wrong, 0);
		CHECK_EQ(sys(getppid), -3);
		CHECK_EQ(t_field_of(t_getpid(), "Seccomp_filters"), 60);
	}), 0);
}
