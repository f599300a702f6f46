// SPDX-License-Identifier: GPL-2.0-only
//
// Bad input: whatever a program says, it gets an errno or a signal, and the kernel lives on.
#include "t.h"

static char buf[4096];

static const unsigned long wild[] = {1, 8, 0xdead000, 0x7ffffffff000UL, 0x7fffffffffffUL,
	0x800000000000UL, 0x8000000000000000UL, 0xffff800000000000UL, 0xffff888000000000UL,
	0xffffffff80000000UL, 0xffffffff80100000UL, 0xffffffffff600000UL, -4096UL, -8UL, -1UL};
#define EACH_WILD(p) for (unsigned i_ = 0; i_ < sizeof wild / sizeof *wild && (p = wild[i_], 1); i_++)

TEST(wild_pointers_everywhere)
{
	unsigned long p;
	long fd = sys(open, "/dev/zero", O_RDWR);
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, O_NONBLOCK), 0);
	sys(write, fds[1], "12345678", 8);
	EACH_WILD(p) {
		CHECK_EQ(sys(read, fds[0], p, 4), -EFAULT);
		CHECK_EQ(sys(write, fds[1], p, 4), -EFAULT);
		CHECK_EQ(sys(open, p, O_RDONLY), -EFAULT);
		CHECK_EQ(sys(openat, AT_FDCWD, p, O_RDONLY), -EFAULT);
		CHECK_EQ(sys(stat, p, buf), -EFAULT);
		CHECK_EQ(sys(stat, "/", p), -EFAULT);
		CHECK_EQ(sys(fstat, fd, p), -EFAULT);
		CHECK_EQ(sys(access, p, 0), -EFAULT);
		CHECK_EQ(sys(chdir, p), -EFAULT);
		CHECK_EQ(sys(mkdir, p, 0755), -EFAULT);
		CHECK_EQ(sys(rmdir, p), -EFAULT);
		CHECK_EQ(sys(unlink, p), -EFAULT);
		CHECK_EQ(sys(rename, p, "x"), -EFAULT);
		CHECK_EQ(sys(rename, "/tmp", p), -EFAULT);
		CHECK_EQ(sys(symlink, p, "/tmp/x"), -EFAULT);
		CHECK_EQ(sys(symlink, "x", p), -EFAULT);
		CHECK_EQ(sys(readlink, p, buf, 10), -EFAULT);
		CHECK_EQ(sys(getcwd, p, 100), -EFAULT);
		CHECK_EQ(sys(pipe, p), -EFAULT);
		CHECK_EQ(sys(uname, p), -EFAULT);
		CHECK_EQ(sys(readv, fd, p, 2), -EFAULT);
		CHECK_EQ(sys(writev, fd, p, 2), -EFAULT);
		CHECK_EQ(sys(rt_sigaction, SIGUSR1, p, 0, 8), -EFAULT);
		CHECK_EQ(sys(rt_sigaction, SIGUSR1, 0, p, 8), -EFAULT);
		CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, p, 0, 8), -EFAULT);
		CHECK_EQ(sys(rt_sigpending, p, 8), -EFAULT);
		CHECK_EQ(sys(rt_sigsuspend, p, 8), -EFAULT);
		CHECK_EQ(sys(rt_sigtimedwait, p, 0, 0, 8), -EFAULT);
		CHECK_EQ(sys(sigaltstack, p, 0), -EFAULT);
		CHECK_EQ(sys(nanosleep, p, 0), -EFAULT);
		CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, p), -EFAULT);
		CHECK_EQ(sys(clock_nanosleep, CLOCK_MONOTONIC, 0, p, 0), -EFAULT);
		CHECK_EQ(sys(gettimeofday, p, 0), -EFAULT);
		CHECK_EQ(sys(setitimer, ITIMER_REAL, p, 0), -EFAULT);
		CHECK_EQ(sys(getitimer, ITIMER_REAL, p), -EFAULT);
		CHECK_EQ(sys(getrlimit, RLIMIT_STACK, p), -EFAULT);
		CHECK_EQ(sys(execve, p, 0, 0), -EFAULT);
		CHECK_EQ(sys(clone3, p, sizeof(struct clone_args)), -EFAULT);
		CHECK_EQ(sys(arch_prctl, ARCH_GET_FS, p), -EFAULT);
		CHECK_EQ(sys(getrandom, p, 10, 0), -EFAULT);
		CHECK_EQ(sys(prctl, PR_SET_NAME, p, 0, 0, 0), -EFAULT);
		CHECK_EQ(sys(getcpu, p, 0, 0), -EFAULT);
		long ret = futex((void *)p, FUTEX_WAKE, 1, NULL, NULL, 0);

		CHECK(ret == -EFAULT || ret == -EINVAL);
	}
}

TEST(wrap_around_lengths)
{
	static const unsigned long lengths[] = {0x7fffffff, 0x80000000UL, 0x7fffffffffffffffUL,
		0x8000000000000000UL, -4096UL, -1UL};
	long null = sys(open, "/dev/null", O_RDWR);
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, O_NONBLOCK), 0);
	for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		unsigned long n = lengths[i];
		long ret = sys(read, null, buf, n); // end of file, unless the range itself is refused

		CHECK(ret == 0 || ret == -EFAULT || ret == -EINVAL);
		ret = sys(write, fds[1], t_ptr(0x7ffffffff000UL - 16), n);
		CHECK(ret == -EFAULT || ret == -EINVAL);
		ret = sys(mmap, 0, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(ret == -ENOMEM || ret == -EINVAL || ret > 0);
		if (ret > 0)
			CHECK_EQ(sys(munmap, ret, n), 0);
		if (n > 1UL << 47)
			CHECK_EQ(sys(munmap, 0x10000, n), -EINVAL);
	}
}

TEST(unaligned_pointers_work)
{
	char area[64];
	long fd = sys(open, "/dev/zero", O_RDONLY);

	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, area + 1), 0);
	CHECK_EQ(sys(read, fd, area + 3, 5), 5);
	CHECK_EQ(sys(pipe, area + 1), 0);
	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, 0, area + 5, 8), 0);
}

TEST(a_struct_half_on_an_unmapped_page)
{
	char *p = t_map(2 * PAGE);

	sys(munmap, p + PAGE, PAGE);
	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, p + PAGE - 8), -EFAULT);
	CHECK_EQ(sys(nanosleep, p + PAGE - 8, 0), -EFAULT);
	CHECK_EQ(sys(stat, "/", p + PAGE - 8), -EFAULT);
	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, p + PAGE - 4, 0, 8), -EFAULT);
	memset(p, '/', PAGE);
	CHECK_EQ(sys(open, p + PAGE - 4, O_RDONLY), -EFAULT); // no NUL before the end
	p[PAGE - 1] = 0;
	CHECK_GE(sys(open, p + PAGE - 4, O_RDONLY), 0);
}

TEST(read_only_targets)
{
	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, wild), -EFAULT); // in read-only data
	CHECK_EQ(sys(getcwd, "text", 5), -EFAULT);
}

TEST(unknown_system_calls)
{
	static const long numbers[] = {-1, 600, 1000, 4096, 0x40000000, 0x7fffffff};

	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
		CHECK_EQ(t_syscall(numbers[i], 1, 2, 3, 4, 5, 6), -ENOSYS);
}

TEST(pid_ranges)
{
	static const long pids[] = {0x3fffffff, 0x7fffffff, -0x7fffffffL};
	unsigned long set = 1;

	for (unsigned i = 0; i < sizeof pids / sizeof *pids; i++) {
		CHECK_EQ(sys(kill, pids[i], 0), -ESRCH);
		CHECK_EQ(sys(wait4, pids[i], 0, WNOHANG, 0), -ECHILD);
		long ret = sys(tgkill, pids[i], pids[i], SIGUSR1);

		CHECK(ret == -ESRCH || ret == -EINVAL);
		ret = sys(getpgid, pids[i]);
		CHECK(ret == -ESRCH || ret == -EINVAL);
		ret = sys(setpgid, pids[i], 0);
		CHECK(ret == -ESRCH || ret == -EINVAL);
		ret = sys(sched_setaffinity, pids[i], 8, &set);
		CHECK(ret == -ESRCH || ret == -EINVAL);
	}
	CHECK_EQ(sys(wait4, -0x7fffffffL - 1, 0, WNOHANG, 0), -ESRCH);
}

// Every system call of the first 256 with every kind of nonsense: nothing may come of it but an answer. Those that
// end, stop or replace us are left out, and those that wait get no time to do so.
TEST(nonsense_in_every_system_call)
{
	static const unsigned char not_these[] = {__NR_exit, __NR_exit_group, __NR_pause, __NR_fork, __NR_vfork,
		__NR_clone, __NR_rt_sigreturn, __NR_kill, __NR_tkill, __NR_reboot, __NR_sync, __NR_setrlimit,
		__NR_select, __NR_poll, __NR_munmap, __NR_mremap, __NR_shutdown, __NR_chroot, __NR_nanosleep,
		__NR_alarm, __NR_umask, __NR_setuid, __NR_ptrace, __NR_rename, __NR_mprotect, __NR_madvise,
		__NR_mmap, __NR_brk, __NR_wait4, __NR_rt_sigsuspend, __NR_rt_sigtimedwait, __NR_vhangup,
		__NR_rt_sigprocmask, __NR_close, __NR_dup2, __NR_setitimer, __NR_chdir, __NR_write,
		__NR_setpgid, __NR_setsid, __NR_swapon, __NR_swapoff, __NR_iopl, __NR_ioperm, __NR_acct,
		__NR_clock_nanosleep, // (until this process has computed for so long, which it does not while it waits)
		__NR_shmget, __NR_semget, __NR_msgget, __NR_mq_open, // (what these make outlives us)
		__NR_epoll_wait, __NR_flock}; // (as does the console's description, and its locks with it)

	if (!t_own_machine)
		SKIP("too rude for somebody's machine");
	t_tmpdir(); // for what else it may create
	CHECK_EQ(IN_CHILD({
		unsigned long seed = 12345;

		sys(setsid);
		for (int round = 0; round < 40; round++)
			for (long n = 0; n < 256; n++) {
				unsigned long a[6];
				bool skip = false;

				for (unsigned i = 0; i < sizeof not_these; i++)
					skip |= not_these[i] == n;
				for (int i = 0; i < 6; i++) {
					seed = seed * 6364136223846793005UL + 1442695040888963407UL;
					unsigned long r = seed >> 33;

					a[i] = r % 4 == 0   ? wild[r / 4 % (sizeof wild / sizeof *wild)]
					       : r % 4 == 1 ? r / 4 % 16
					       : r % 4 == 2 ? (unsigned long)buf + r / 4 % 64
							    : -(r / 4 % 64);
				}
				if (!skip && n != __NR_read && n != __NR_futex && n != __NR_waitid)
					t_syscall(n, (long)a[0], (long)a[1], (long)a[2], (long)a[3],
						(long)a[4], (long)a[5]);
			}
	}),
		0);
}

TEST(fork_bomb)
{
	enum { MOST = 400 };
	int n = 0, pid;

	while (n < MOST && (pid = t_fork()) >= 0) {
		if (pid == 0)
			thread_pause(NULL);
		n++;
	}
	CHECK_GE(n, 20);
	if (n < MOST)
		CHECK(pid == -EAGAIN || pid == -ENOMEM);
	t_action(SIGTERM, SIG_IGN, 0);
	sys(kill, 0, SIGTERM);
	for (; n; n--)
		CHECK_EQ(t_wait(-1), SIGNALLED(SIGTERM));
}

TEST(thread_bomb)
{
	CHECK_EQ(IN_CHILD({
		char *stacks = t_map(1024 * PAGE);
		int n = 0;
		long ret;

		for (; n < 500; n++) {
			ret = t_clone(THREAD_FLAGS & ~(CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID),
				stacks + (n + 1) * 2 * PAGE, 0, 0, 0, thread_pause, NULL);
			if (ret < 0)
				break;
		}
		CHECK_GE(n, 20);
		if (n < 500)
			CHECK(ret == -EAGAIN || ret == -ENOMEM);
		t_exit(3);
	}),
		3);
}

TEST(descriptor_bomb)
{
	CHECK_EQ(IN_CHILD({
		int fds[2];
		long ret;

		for (int i = 0; i < 3000; i++)
			if ((ret = sys(pipe, fds)) < 0)
				break;
		CHECK(ret == 0 || ret == -EMFILE || ret == -ENFILE || ret == -ENOMEM);
	}),
		0);
}

TEST(mapping_bomb)
{
	CHECK_EQ(IN_CHILD({
		long ret = 0;

		for (int i = 0; i < 20000 && ret >= 0; i++)
			ret = sys(mmap, 0x10000000UL + i * 2 * PAGE, PAGE, i % 2 ? PROT_READ : PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		CHECK(ret > 0 || ret == -ENOMEM);
	}),
		0);
}

static long recurse(long n)
{
	volatile char frame[4096];

	frame[0] = (char)n;
	return n < 0 ? 0 : recurse(n + 1) + frame[0];
}

TEST(deep_recursion)
{
	CHECK_EQ(IN_CHILD(recurse(0)), SIGNALLED(SIGSEGV));
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(signals_on_a_bad_stack)
{
	unsigned long p;

	EACH_WILD(p) {
		CHECK_EQ(IN_CHILD({
			t_action(SIGUSR1, nothing, 0);
			__asm__ volatile("mov %3, %%rsp; syscall; mov %%rbp, %%rsp" ::"a"(__NR_kill),
				"D"(t_getpid()), "S"(SIGUSR1), "r"(p)
				: "rcx", "r11", "memory");
		}),
			SIGNALLED(SIGSEGV));
	}
}

TEST(an_alternate_stack_that_is_not_there)
{
	CHECK_EQ(IN_CHILD({
		stack_t st = {.ss_sp = t_ptr(0x100000), .ss_size = STACK_SIZE};

		CHECK_EQ(sys(sigaltstack, &st, 0), 0);
		t_action(SIGUSR1, nothing, SA_ONSTACK);
		sys(kill, t_getpid(), SIGUSR1);
	}),
		SIGNALLED(SIGSEGV));
}

TEST(a_handler_that_is_not_there)
{
	CHECK_EQ(IN_CHILD({
		t_action(SIGUSR1, t_ptr(0x123456), 0);
		sys(kill, t_getpid(), SIGUSR1);
	}),
		SIGNALLED(SIGSEGV));
	CHECK_EQ(IN_CHILD({
		t_action(SIGUSR1, t_ptr(0xffffffff80000000UL), 0);
		sys(kill, t_getpid(), SIGUSR1);
	}),
		SIGNALLED(SIGSEGV));
	CHECK_EQ(IN_CHILD({
		t_action(SIGUSR1, t_ptr(0x8000000000000000UL), 0);
		sys(kill, t_getpid(), SIGUSR1);
	}),
		SIGNALLED(SIGSEGV));
}

TEST(a_handler_that_never_returns_properly)
{
	// Each signal adds a frame until the stack is full.
	struct rlimit limit = {256 * 1024, 256 * 1024};

	CHECK_EQ(IN_CHILD({
		sys(setrlimit, RLIMIT_STACK, &limit);
		t_action(SIGSEGV, recurse, SA_NODEFER);
		recurse(0);
	}),
		SIGNALLED(SIGSEGV));
}

// Goes through rt_sigreturn with a frame of our making.
static void sigreturn_with(void (*spoil)(struct ucontext *uc))
{
	static char frame[16384] __attribute__((aligned(64)));
	struct ucontext *uc = (void *)(frame + 8192);
	unsigned long sp;

	__asm__ volatile("mov %%rsp, %0" : "=r"(sp));
	memset(frame, 0, sizeof frame);
	uc->uc_mcontext.cs = 0x33;
	uc->uc_mcontext.ss = 0x2b;
	uc->uc_mcontext.eflags = 0x202;
	uc->uc_mcontext.rsp = sp;
	uc->uc_mcontext.rip = (unsigned long)t_exit;
	uc->uc_mcontext.rdi = 66;
	spoil(uc);
	__asm__ volatile("mov %0, %%rsp; syscall" ::"r"(uc), "a"(__NR_rt_sigreturn) : "memory");
}

static void spoil_nothing(struct ucontext *uc)
{
	(void)uc;
}
static void spoil_rip(struct ucontext *uc)
{
	uc->uc_mcontext.rip = 0x8000000000000000UL;
}
static void spoil_rip_kernel(struct ucontext *uc)
{
	uc->uc_mcontext.rip = 0xffffffff80100000UL;
}
static void spoil_rsp(struct ucontext *uc)
{
	uc->uc_mcontext.rsp = 0xffffffff80100000UL;
}
static void spoil_cs(struct ucontext *uc)
{
	uc->uc_mcontext.cs = 0x10;
	uc->uc_mcontext.ss = 0x18;
}
static void spoil_flags(struct ucontext *uc)
{
	uc->uc_mcontext.eflags = ~0UL & ~0x100UL; // IOPL 3, NT, VM, ...
	uc->uc_mcontext.rip = (unsigned long)t_exit;
}
static void spoil_fpstate(struct ucontext *uc)
{
	uc->uc_mcontext.fpstate = t_ptr(0xffffffff80100000UL);
}
static void spoil_fpstate_wild(struct ucontext *uc)
{
	uc->uc_mcontext.fpstate = t_ptr(8);
}

TEST(forged_signal_frames)
{
	CHECK_EQ(IN_CHILD(sigreturn_with(spoil_nothing)), 66);
	CHECK_EQ(IN_CHILD(sigreturn_with(spoil_rip)), SIGNALLED(SIGSEGV));
	CHECK_EQ(IN_CHILD(sigreturn_with(spoil_rip_kernel)), SIGNALLED(SIGSEGV));
	int got = IN_CHILD(sigreturn_with(spoil_rsp)); // it may end before it needs the stack

	CHECK(got == 66 || got == SIGNALLED(SIGSEGV) || got == SIGNALLED(SIGBUS));
	got = IN_CHILD(sigreturn_with(spoil_cs)); // a kernel selector made into a user one is fine too
	CHECK(got == 66 || got == SIGNALLED(SIGSEGV));
	got = IN_CHILD(sigreturn_with(spoil_flags)); // privileged flags are dropped
	CHECK(got == 66 || got == SIGNALLED(SIGSEGV) || got == SIGNALLED(SIGBUS));
	CHECK_EQ(IN_CHILD(sigreturn_with(spoil_fpstate)), SIGNALLED(SIGSEGV));
	CHECK_EQ(IN_CHILD(sigreturn_with(spoil_fpstate_wild)), SIGNALLED(SIGSEGV));
}

// ---- kernel memory is not readable through a mistake of the kernel's ----

TEST(kernel_memory_is_not_written_out)
{
	unsigned long p;
	long fd;

	t_tmpdir();
	fd = sys(open, "f", O_RDWR | O_CREAT, 0644);
	EACH_WILD(p) {
		struct iovec v[] = {{buf, 1}, {(void *)p, 64}};
		long n = sys(writev, fd, v, 2);

		CHECK(n == -EFAULT || n == 1);
		CHECK_EQ(sys(pwrite64, fd, p, 64, 0), -EFAULT);
	}
}

TEST(padding_is_not_leaked)
{
	// Fill the places the kernel's temporaries live in, then look for anything not written.
	struct stat st[2];

	memset(&st[0], 0x55, sizeof st[0]);
	memset(&st[1], 0xaa, sizeof st[1]);
	CHECK_EQ(sys(stat, "/", &st[0]), 0);
	CHECK_EQ(sys(stat, "/", &st[1]), 0);
	CHECK(!memcmp(&st[0], &st[1], sizeof st[0]));
	siginfo_t info[2];

	for (int i = 0; i < 2; i++) {
		int pid = t_fork();

		if (pid == 0)
			t_exit(0);
		memset(&info[i], i ? 0x55 : 0xaa, sizeof info[i]);
		CHECK_EQ(sys(waitid, P_PID, pid, &info[i], WEXITED, 0), 0);
		CHECK_EQ(info[i].si_pid, pid);
	}
}
