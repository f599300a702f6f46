// SPDX-License-Identifier: GPL-2.0-only
//
// fork and vfork: what the child has of its own, and what it shares.
#include "t.h"

TEST(returns_twice)
{
	int me = t_getpid();

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(getppid), me);
		CHECK(t_getpid() != me);
		CHECK_EQ(t_getpid(), t_gettid());
		t_exit(42);
	}),
		42);
}

TEST(memory_is_private_both_ways)
{
	volatile int *p = t_map(PAGE);
	_Atomic int *turn = t_map_shared(PAGE);

	*p = 1;
	int pid = t_fork();

	if (pid == 0) {
		UNTIL(*turn == 1); // the parent has written
		CHECK_EQ(*p, 1);
		*p = 3;
		t_exit(0);
	}
	*p = 2;
	*turn = 1;
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(*p, 2);
}

TEST(copy_on_write_of_many_pages)
{
	enum { N = 300 };
	unsigned char *p = t_map(N * PAGE);

	for (int i = 0; i < N; i++)
		p[i * PAGE] = (unsigned char)i;
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < N; i += 2)
			p[i * PAGE] = 0xee;
		for (int i = 1; i < N; i += 2)
			CHECK_EQ(p[i * PAGE], (unsigned char)i);
	}),
		0);
	for (int i = 0; i < N; i++)
		CHECK_EQ(p[i * PAGE], (unsigned char)i);
}

TEST(copy_on_write_three_generations)
{
	volatile int *p = t_map(PAGE);

	*p = 1;
	CHECK_EQ(IN_CHILD({
		*p = 2;
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(*p, 2);
			*p = 3;
		}),
			0);
		CHECK_EQ(*p, 2);
	}),
		0);
	CHECK_EQ(*p, 1);
}

TEST(system_call_writes_break_copy_on_write)
{
	int fds[2];
	char *p = t_map(PAGE);

	p[0] = 'a';
	CHECK_EQ(sys(pipe, fds), 0);
	CHECK_EQ(sys(write, fds[1], "z", 1), 1);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(read, fds[0], p, 1), 1);
		CHECK_EQ(p[0], 'z');
	}),
		0);
	CHECK_EQ(p[0], 'a');
}

TEST(shared_anonymous_memory_is_shared)
{
	_Atomic int *p = t_map_shared(3 * PAGE);

	CHECK_EQ(IN_CHILD(p[0] = 7; p[2 * PAGE / sizeof *p] = 8), 0);
	CHECK_EQ(p[0], 7);
	CHECK_EQ(p[2 * PAGE / sizeof *p], 8);
}

TEST(file_offset_is_shared)
{
	t_tmpdir();
	CHECK_EQ(t_spit("f", "abcdef"), 0);
	long fd = sys(open, "f", O_RDONLY);
	char c;

	CHECK_GE(fd, 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(read, fd, &c, 1), 1); CHECK_EQ(c, 'a')), 0);
	CHECK_EQ(sys(read, fd, &c, 1), 1);
	CHECK_EQ(c, 'b');
}

TEST(descriptor_table_is_a_copy)
{
	long fd = sys(dup, 1);

	CHECK_GE(fd, 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(close, fd), 0)), 0);
	CHECK_GE(sys(fcntl, fd, F_GETFD), 0);
}

TEST(working_directory_is_a_copy)
{
	char cwd[256];

	t_tmpdir();
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(chdir, "/"), 0)), 0);
	CHECK_GE(sys(getcwd, cwd, sizeof cwd), 2);
	CHECK(strcmp(cwd, "/"));
}

static void handler(int sig)
{
	(void)sig;
}

TEST(signal_state)
{
	struct sigaction act;
	unsigned long pending;

	t_action(SIGUSR1, handler, 0);
	t_block(BIT(SIGUSR2) | BIT(SIGTERM));
	sys(kill, t_getpid(), SIGUSR2);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(rt_sigaction, SIGUSR1, 0, &act, 8), 0);
		CHECK(act.sa_handler == handler);
		CHECK_EQ(t_mask() & BIT(SIGTERM), BIT(SIGTERM));
		CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
		CHECK_EQ(pending, 0); // the child starts with none
	}),
		0);
	CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
	CHECK_EQ(pending, BIT(SIGUSR2));
}

TEST(alarm_is_not_inherited)
{
	CHECK_EQ(sys(alarm, 100), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(alarm, 0), 0)), 0);
	CHECK(sys(alarm, 0) > 0);
}

TEST(only_the_calling_thread_is_copied)
{
	struct thread t;
	int *result = t_map_shared(PAGE);

	thread_start(&t, thread_pause, NULL);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(t_getpid(), t_gettid());
		*result = (int)t_field("/proc/self/status", "Threads");
	}),
		0);
	CHECK_EQ(*result, 1);
}

static int fork_there(void *arg)
{
	*(int *)arg = IN_CHILD({
		CHECK_EQ(t_getpid(), t_gettid());
		t_exit(5);
	});
	return 0;
}

TEST(from_a_thread)
{
	struct thread t;
	int got = -1;

	thread_start(&t, fork_there, &got);
	thread_join(&t);
	CHECK_EQ(got, 5);
}

TEST(many_children)
{
	enum { N = 60 };
	int pid[N];

	for (int i = 0; i < N; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0)
			t_exit(i);
		CHECK_GE(pid[i], 1);
	}
	for (int i = N; i--;)
		CHECK_EQ(t_wait(pid[i]), i);
	CHECK_EQ(t_wait(-1), -ECHILD);
}

static int descend(int depth)
{
	return depth ? IN_CHILD(t_exit(descend(depth - 1) + 1)) : 0;
}

TEST(twenty_generations)
{
	CHECK_EQ(descend(20), 20);
}

struct vfork {
	_Atomic int *order;
	volatile int local;
};

static int vfork_child(void *arg)
{
	struct vfork *v = arg;

	t_sleep_ms(20);
	v->local = 5;
	*v->order = 1;
	return 7;
}

TEST(vfork_shares_memory_and_waits_for_exit)
{
	struct vfork v = {.order = t_map_shared(PAGE)};
	char *stack = t_map(STACK_SIZE);
	long pid = t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, vfork_child, &v);

	CHECK_GE(pid, 1);
	CHECK_EQ(*v.order, 1); // the child was first
	CHECK_EQ(v.local, 5);
	CHECK_EQ(t_wait((int)pid), 7);
}

HELPER(waits_for_a_byte)
{
	char c;

	return sys(read, t_number(t_argv[2]), &c, 1) == 1 ? 9 : 1;
}

static int vfork_exec(void *from)
{
	t_sleep_ms(10);
	t_exec("waits_for_a_byte", from, NULL);
	return 1;
}

TEST(vfork_waits_for_exec_only)
{
	char *stack = t_map(STACK_SIZE), from[16];
	int p[2];

	CHECK_EQ(sys(pipe, p), 0);
	t_snprintf(from, sizeof from, "%d", p[0]);
	long pid = t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, vfork_exec, from);

	CHECK_GE(pid, 1);
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0); // it still waits
	CHECK_EQ(sys(write, p[1], "x", 1), 1);
	CHECK_EQ(t_wait((int)pid), 9);
}

static int vfork_killed(void *arg)
{
	(void)arg;
	sys(kill, t_getpid(), SIGKILL);
	return 1;
}

TEST(vfork_parent_wakes_when_the_child_is_killed)
{
	char *stack = t_map(STACK_SIZE);
	long pid = t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, vfork_killed, NULL);

	CHECK_EQ(t_wait((int)pid), SIGNALLED(SIGKILL));
}

TEST(storm)
{
	for (int round = 0; round < 40; round++) {
		int a = t_fork();

		if (a == 0) {
			int b = t_fork();

			if (b == 0)
				t_exit(1);
			t_exit(t_wait(b) + 1);
		}
		CHECK_EQ(t_wait(a), 2);
	}
}
