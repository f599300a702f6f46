// SPDX-License-Identifier: GPL-2.0-only
//
// clone and clone3: which flags go together, and what each of them shares.
#include "t.h"

static long clone_raw(unsigned long flags)
{
	return sys(clone, flags, 0, 0, 0, 0);
}

// clone has 32; clone3 alone has more.
TEST(flags_that_are_cut_off)
{
	for (int bit = 32; bit < 64; bit++) {
		long pid = clone_raw(1UL << bit | SIGCHLD);

		if (pid == 0)
			t_exit(bit);
		CHECK_EQ(t_wait((int)pid), bit);
	}
}

TEST(flags_that_need_each_other)
{
	CHECK_EQ(clone_raw(CLONE_THREAD | SIGCHLD), -EINVAL);
	CHECK_EQ(clone_raw(CLONE_THREAD | CLONE_VM), -EINVAL);
	CHECK_EQ(clone_raw(CLONE_SIGHAND | SIGCHLD), -EINVAL);
	CHECK_EQ(clone_raw(CLONE_THREAD | CLONE_SIGHAND), -EINVAL);
}

// Starts fn with these flags on a stack of its own and waits for it.
static int run_clone(unsigned long flags, int (*fn)(void *), void *arg)
{
	char *stack = t_map(STACK_SIZE);
	long pid = t_clone(flags, stack + STACK_SIZE, 0, 0, 0, fn, arg);

	CHECK_GE(pid, 1);
	int got = t_wait((int)pid);

	sys(munmap, stack, STACK_SIZE);
	return got;
}

static int close_it(void *arg)
{
	return (int)sys(close, *(long *)arg) != 0;
}

TEST(files_shared_or_copied)
{
	long fd = sys(dup, 1);

	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM, close_it, &fd), 0);
	CHECK_GE(sys(fcntl, fd, F_GETFD), 0);
	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM | CLONE_FILES, close_it, &fd), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), -EBADF);
}

static int go_root(void *arg)
{
	(void)arg;
	sys(umask, 0123);
	return (int)sys(chdir, "/") != 0;
}

TEST(working_directory_shared_or_copied)
{
	char cwd[256];

	t_tmpdir();
	sys(umask, 022);
	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM, go_root, NULL), 0);
	sys(getcwd, cwd, sizeof cwd);
	CHECK(strcmp(cwd, "/"));
	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM | CLONE_FS, go_root, NULL), 0);
	sys(getcwd, cwd, sizeof cwd);
	CHECK(!strcmp(cwd, "/"));
	CHECK_EQ(sys(umask, 022), 0123);
}

static void handler(int sig)
{
	(void)sig;
}

static int catch_usr1(void *arg)
{
	(void)arg;
	return (int)t_action(SIGUSR1, handler, 0) != 0;
}

static void *usr1_handler(void)
{
	struct sigaction act;

	CHECK_EQ(sys(rt_sigaction, SIGUSR1, 0, &act, 8), 0);
	return act.sa_handler;
}

TEST(handlers_shared_or_copied)
{
	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM, catch_usr1, NULL), 0);
	CHECK(usr1_handler() == NULL);
	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM | CLONE_SIGHAND, catch_usr1, NULL), 0);
	CHECK(usr1_handler() == handler);
}

static int set_to_5(void *arg)
{
	*(volatile int *)arg = 5;
	return t_getpid() == t_gettid() ? 0 : 1;
}

TEST(memory_shared_without_being_a_thread)
{
	int *word = t_map(PAGE);

	CHECK_EQ(run_clone(SIGCHLD | CLONE_VM, set_to_5, word), 0);
	CHECK_EQ(*word, 5);
	*word = 0;
	CHECK_EQ(run_clone(SIGCHLD, set_to_5, word), 0);
	CHECK_EQ(*word, 0);
}

static int late(void *arg)
{
	t_sleep_ms(30);
	*(int *)arg = 1;
	return 6;
}

TEST(memory_outlives_the_one_who_made_it)
{
	// The child shares the memory; the parent of both goes first.
	int *word = t_map_shared(PAGE);

	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	CHECK_EQ(IN_CHILD({
		char *stack = t_map(STACK_SIZE);

		CHECK_GE(t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, late, word), 1);
	}),
		0);
	CHECK_EQ(t_wait(-1), 6);
	CHECK_EQ(*word, 1);
}

TEST(parent_makes_a_sibling)
{
	CHECK_EQ(IN_CHILD({
		long pid = clone_raw(CLONE_PARENT | SIGCHLD);

		if (pid == 0)
			t_exit(3);
		CHECK_EQ(t_wait((int)pid), -ECHILD);
	}),
		0);
	CHECK_EQ(t_wait(-1), 3);
}

// A sibling made so tells the common parent as its maker does, whatever the call asks for.
TEST(a_sibling_has_its_makers_exit_signal)
{
	unsigned long pending;

	t_block(BIT(SIGUSR1) | BIT(SIGUSR2));
	long pid = clone_raw(SIGUSR1);

	if (pid == 0) {
		long sibling = clone_raw(CLONE_PARENT | SIGUSR2);

		t_exit(sibling >= 0 ? 0 : 1);
	}
	for (int i = 0; i < 2; i++)
		CHECK_GE(sys(wait4, -1, 0, __WCLONE, 0), 1);
	CHECK_EQ(sys(wait4, -1, 0, __WALL, 0), -ECHILD);
	CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
	CHECK_EQ(pending, BIT(SIGUSR1));
}

TEST(parent_settid_and_child_settid)
{
	int *tid = t_map_shared(PAGE);

	tid[0] = tid[1] = 0;
	long pid = sys(clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &tid[0], &tid[1], 0);

	if (pid == 0) {
		CHECK_EQ(tid[1], t_gettid());
		t_exit(0);
	}
	CHECK_EQ(tid[0], pid);
	CHECK_EQ(t_wait((int)pid), 0);
}

TEST(wild_tid_pointers_do_no_harm)
{
	long pid = sys(clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0,
		8UL, 0xffff800000000000UL, 0);

	if (pid == 0)
		t_exit(4);
	CHECK_EQ(t_wait((int)pid), 4);
}

TEST(child_cleartid_clears_and_wakes)
{
	struct thread t;

	thread_start(&t, set_to_5, t_map(PAGE));
	thread_join(&t); // returns only if both happen
	CHECK_EQ(t.tid, 0);
}

static int fs_base(void *arg)
{
	unsigned long base = 0;

	sys(arch_prctl, ARCH_GET_FS, &base);
	return base == (unsigned long)arg ? 0 : 1;
}

// As fork, with the child's number written and cleared in its own memory, not in ours.
TEST(child_words_are_in_the_childs_memory)
{
	int *tid = t_map(PAGE);

	long pid = sys(clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0, 0, tid, 0);

	if (pid == 0)
		t_exit(*tid == t_gettid() ? 3 : 1);
	CHECK_EQ(t_wait((int)pid), 3);
	CHECK_EQ(*tid, 0);
}

TEST(settls)
{
	char *stack = t_map(STACK_SIZE), *tls = t_map(PAGE);
	long pid = t_clone(CLONE_VM | CLONE_SETTLS | SIGCHLD, stack + STACK_SIZE, 0, 0, (unsigned long)tls,
		fs_base, tls);

	CHECK_EQ(t_wait((int)pid), 0);
	pid = t_clone(CLONE_SETTLS | SIGCHLD, stack + STACK_SIZE, 0, 0, (unsigned long)tls + 64, fs_base,
		tls + 64);
	CHECK_EQ(t_wait((int)pid), 0);
}

TEST(settls_refuses_a_kernel_address)
{
	CHECK_EQ(sys(clone, CLONE_SETTLS | SIGCHLD, 0, 0, 0, 0xffff800000000000UL), -EPERM);
}

TEST(exit_signal_other_than_sigchld)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGCHLD);
	struct timespec soon = {5, 0};
	siginfo_t info;

	t_block(set);
	long pid = clone_raw(SIGUSR1);

	if (pid == 0)
		t_exit(2);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &soon, 8), SIGUSR1);
	CHECK_EQ(info.si_pid, pid);
	// Such a child is a "clone" child: an ordinary wait does not see it.
	CHECK_EQ(sys(wait4, pid, 0, 0, 0), -ECHILD);
	CHECK_EQ(sys(wait4, pid, 0, __WCLONE, 0), pid);
}

HELPER(lets_its_child_go)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGCHLD), pending;
	int pid = (int)t_number(t_argv[2]);

	CHECK_EQ(sys(close, t_number(t_argv[3])), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, 0, 8), SIGCHLD);
	CHECK_EQ(sys(wait4, pid, 0, 0, 0), -ECHILD); // a clone child it stays
	CHECK_EQ(sys(wait4, pid, 0, __WCLONE, 0), pid);
	// What this program asks for itself it gets, of a sibling of its child's, too.
	pid = (int)clone_raw(SIGUSR1);
	if (pid == 0)
		t_exit(clone_raw(CLONE_PARENT | SIGCHLD) >= 0 ? 0 : 1);
	for (int i = 0; i < 2; i++)
		CHECK_GE(sys(wait4, -1, 0, __WCLONE, 0), 1);
	CHECK_EQ(sys(rt_sigpending, &pending, 8), 0);
	CHECK_EQ(pending, BIT(SIGUSR1));
	return 7;
}

// The next program did not ask for another signal, and may be one that the child must not signal.
TEST(exit_signal_and_another_program)
{
	int fds[2];
	char a[16], b[16];

	t_block(BIT(SIGUSR1) | BIT(SIGCHLD));
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(pipe2, fds, 0), 0);
		long pid = clone_raw(SIGUSR1);

		sys(close, fds[pid ? 0 : 1]);
		if (pid == 0)
			t_exit((int)sys(read, fds[0], a, 1));
		t_snprintf(a, sizeof a, "%ld", pid);
		t_snprintf(b, sizeof b, "%d", fds[1]);
		t_exec("lets_its_child_go", a, b);
	}),
		7);
}

TEST(exit_signal_zero)
{
	long pid = clone_raw(0);

	if (pid == 0)
		t_exit(2);
	CHECK_EQ(sys(wait4, pid, 0, 0, 0), -ECHILD);
	CHECK_EQ(sys(wait4, pid, 0, __WALL, 0), pid);
	unsigned long pending;

	sys(rt_sigpending, &pending, 8);
	CHECK_EQ(pending & BIT(SIGCHLD), 0);
}

// The low byte of flags may say anything: a number that is no signal tells nobody.
TEST(exit_signal_that_is_none)
{
	static const unsigned char numbers[] = {65, 127, 128, 254, 255};

	for (unsigned i = 0; i < sizeof numbers; i++) {
		int status = 0;
		long pid = clone_raw(numbers[i]);

		if (pid == 0)
			t_exit(3);
		CHECK_GE(pid, 1);
		CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
		CHECK_EQ(status, 3 << 8);
	}
}

TEST(io_and_sysvsem_are_taken)
{
	long pid = clone_raw(CLONE_IO | CLONE_SYSVSEM | SIGCHLD);

	if (pid == 0)
		t_exit(1);
	CHECK_EQ(t_wait((int)pid), 1);
}

// What has no meaning any more, or only to a tracer that is not there, is no mistake.
TEST(flags_without_effect)
{
	long pid = clone_raw(CLONE_DETACHED | CLONE_PTRACE | CLONE_UNTRACED | SIGCHLD);

	if (pid == 0)
		t_exit(2);
	CHECK_EQ(t_wait((int)pid), 2);
}

// Without CLONE_VM, too, the maker sleeps until the other has ended.
TEST(vfork_with_memory_of_its_own)
{
	_Atomic int *word = t_map_shared(PAGE);
	long pid = clone_raw(CLONE_VFORK | SIGCHLD);

	if (pid == 0) {
		t_sleep_ms(20);
		*word = 1;
		t_exit(5);
	}
	CHECK_EQ(*word, 1);
	CHECK_EQ(t_wait((int)pid), 5);
}

static long clone3(struct clone_args *args, unsigned long size)
{
	return sys(clone3, args, size);
}

TEST(clone3_forks)
{
	int tid = 0;
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_PARENT_SETTID,
		.parent_tid = (uint64_t)&tid};
	long pid = clone3(&args, sizeof args);

	if (pid == 0)
		t_exit(8);
	CHECK_GE(pid, 1);
	CHECK_EQ(tid, pid);
	CHECK_EQ(t_wait((int)pid), 8);
}

TEST(clone3_clears_handlers)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_CLEAR_SIGHAND};
	struct sigaction act;

	t_action(SIGUSR1, handler, 0);
	t_action(SIGUSR2, SIG_IGN, 0);
	long pid = clone3(&args, sizeof args);

	if (pid == 0) {
		CHECK(usr1_handler() == SIG_DFL);
		CHECK_EQ(sys(rt_sigaction, SIGUSR2, 0, &act, 8), 0);
		CHECK(act.sa_handler == SIG_IGN); // only what is caught goes
		t_exit(6);
	}
	CHECK_EQ(t_wait((int)pid), 6);
	CHECK(usr1_handler() == handler);
	args.flags |= CLONE_SIGHAND | CLONE_VM;
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
}

// The child begins at the end of the stack it is given.
TEST(clone3_stack)
{
	char *stack = t_map(STACK_SIZE);
	struct clone_args args = {.exit_signal = SIGCHLD, .stack = (uint64_t)stack, .stack_size = STACK_SIZE};
	unsigned long sp;
	long pid;

	__asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; mov %%rsp, %%rdi; sub %%rbx, %%rdi; shr $12, %%rdi\n"
			 "mov %3, %%eax; syscall\n"
			 "1:"
			 : "=a"(pid), "=&r"(sp)
			 : "a"(__NR_clone3), "i"(__NR_exit_group), "D"(&args), "S"(sizeof args), "b"(stack)
			 : "rcx", "r11", "memory");
	(void)sp;
	CHECK_EQ(t_wait((int)pid), STACK_SIZE / PAGE);
}

TEST(clone3_sizes)
{
	struct {
		struct clone_args args;
		char more[8192];
	} *big = t_map(3 * PAGE);

	big->args.exit_signal = SIGCHLD;
	CHECK_EQ(clone3(&big->args, 0), -EINVAL);
	CHECK_EQ(clone3(&big->args, 63), -EINVAL);
	CHECK_EQ(clone3(&big->args, PAGE + 1), -E2BIG);
	big->more[16] = 1; // a field of the future that is used
	CHECK_EQ(clone3(&big->args, sizeof big->args + 64), -E2BIG);
	big->more[16] = 0;
	long pid = clone3(&big->args, sizeof big->args + 64);

	if (pid == 0)
		t_exit(0);
	CHECK_EQ(t_wait((int)pid), 0);
	CHECK_EQ(clone3((void *)8, sizeof big->args), -EFAULT);
}

TEST(clone3_refusals)
{
	struct clone_args args = {.exit_signal = 65};

	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	args = (struct clone_args){.exit_signal = SIGCHLD,
		.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM};
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL); // a thread has no exit signal
	args = (struct clone_args){.exit_signal = SIGCHLD, .flags = CLONE_DETACHED};
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	args = (struct clone_args){.exit_signal = SIGCHLD, .stack = PAGE};
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL); // a stack without a size
	args = (struct clone_args){.exit_signal = SIGCHLD, .stack_size = PAGE};
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL); // and the reverse
}

TEST(a_number_of_ones_choice)
{
	int tid = t_getpid();
	struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uint64_t)&tid, .set_tid_size = 1};
	long pid;

	if (sys(geteuid))
		SKIP("not root");
	pid = clone3(&args, sizeof args);
	if (pid == -EPERM && !t_own_machine)
		SKIP("root without the capability");
	CHECK_EQ(pid, -EEXIST);
	tid = 0;
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	tid = -1;
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	tid = 0x7fffffff;
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	args.set_tid = 8;
	CHECK_EQ(clone3(&args, sizeof args), -EFAULT);
	args.set_tid_size = 33;
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	args.set_tid_size = 0;
	CHECK_EQ(clone3(&args, sizeof args), -EINVAL);
	args.set_tid = (uint64_t)&tid;
	args.set_tid_size = 1;
	tid = (int)(pid = t_fork());
	if (pid == 0)
		t_exit(0);
	t_wait((int)pid);
	pid = clone3(&args, sizeof args); // a number that was just given back
	if (pid == 0)
		t_exit(0);
	CHECK_EQ(pid, tid);
	CHECK_EQ(t_wait(tid), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(clone3(&args, sizeof args), -EPERM);
	}),
		0);
}

TEST(namespaces_need_a_capability)
{
	static const unsigned long flags[] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWPID};

	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++) {
			struct clone_args args = {.exit_signal = SIGCHLD, .flags = flags[i]};

			CHECK_EQ(clone_raw(flags[i] | SIGCHLD), -EPERM);
			CHECK_EQ(clone3(&args, sizeof args), -EPERM);
			CHECK_EQ(sys(unshare, flags[i]), -EPERM);
		}
		CHECK_EQ(clone_raw(CLONE_NEWNS | CLONE_FS | SIGCHLD), -EINVAL);
	}),
		0);
}
