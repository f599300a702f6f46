// SPDX-License-Identifier: GPL-2.0-only
//
// seccomp: the two modes, what each action does, filters on filters, who may, what is inherited.
#include "seccomp.h"

static long mode(void)
{
	return sys(prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
}

// ---- arguments ----

TEST(arguments)
{
	static const struct sock_filter allow[] = {RETURN(SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {1, (struct sock_filter *)allow};
	unsigned action = SECCOMP_RET_ALLOW;

	CHECK_EQ(sys(seccomp, 4, 0, 0), -EINVAL);
	CHECK_EQ(sys(seccomp, -1, 0, 0), -EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_STRICT, 1, 0), -EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, &prog), -EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0x80000000, &prog), -EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog), -EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog),
		-EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, 0), -EFAULT);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, -8L), -EFAULT);
	prog.filter = NULL;
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), -EINVAL);
	prog.filter = t_ptr(-64UL);
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), -EFAULT);
	prog.filter = t_ptr((unsigned long)t_map(2 * PAGE) + PAGE - 8);
	*prog.filter = allow[0];
	CHECK_EQ(sys(munmap, (unsigned long)(prog.filter + 1), PAGE), 0);
	prog.len = 2;
	CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), -EFAULT);
	CHECK_EQ(sys(prctl, PR_SET_SECCOMP, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_SECCOMP, 3, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0, 0, 0), -EFAULT);
	CHECK_EQ(mode(), 0);
	CHECK_EQ(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &action), -EINVAL);
	CHECK_EQ(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 0), -EFAULT);
}

TEST(what_there_is)
{
	static const unsigned there[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
		SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};
	static const unsigned not_there[] = {1, 0x00010000, 0x7ffd0000, 0xffff0000, SECCOMP_RET_ERRNO | 1};
	struct seccomp_notif_sizes sizes = {0};
	char text[200];

	for (unsigned i = 0; i < sizeof there / sizeof there[0]; i++)
		CHECK_EQ(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &there[i]), 0);
	for (unsigned i = 0; i < sizeof not_there / sizeof not_there[0]; i++)
		CHECK_EQ(sys(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &not_there[i]), -EOPNOTSUPP);
	CHECK_EQ(sys(seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes), 0);
	CHECK_EQ(sizes.seccomp_notif, 80);
	CHECK_EQ(sizes.seccomp_notif_resp, 24);
	CHECK_EQ(sizes.seccomp_data, 64);
	CHECK_EQ(sys(seccomp, SECCOMP_GET_NOTIF_SIZES, 0, 0), -EFAULT);
	CHECK_EQ(sys(seccomp, SECCOMP_GET_NOTIF_SIZES, 1, &sizes), -EINVAL);
	CHECK_GE(t_slurp("/proc/sys/kernel/seccomp/actions_avail", text, sizeof text), 1);
	CHECK_EQ(strcmp(text, "kill_process kill_thread trap errno user_notif trace log allow\n"), 0);
}

TEST(what_is_logged)
{
	static const char *const path = "/proc/sys/kernel/seccomp/actions_logged";
	char was[200], text[200];

	CHECK_GE(t_slurp(path, was, sizeof was), 1);
	if (!t_own_machine)
		SKIP("what is logged is the whole machine's");
	CHECK_EQ(strcmp(was, "kill_process kill_thread trap errno user_notif trace log\n"), 0);
	CHECK_EQ(t_spit(path, "log trap\n"), 0);
	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	CHECK_EQ(strcmp(text, "trap log\n"), 0);
	CHECK_EQ(t_spit(path, "allow\n"), -EINVAL);
	CHECK_EQ(t_spit(path, "log nothing"), -EINVAL);
	CHECK_EQ(t_spit(path, "log  trap"), 0); // two spaces end it
	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	CHECK_EQ(strcmp(text, "log\n"), 0);
	CHECK_EQ(t_spit(path, was), 0);
}

// ---- strict ----

static long rdtsc(void)
{
	unsigned low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (long)high << 32;
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(strict)
{
	int fd[2];
	char c;

	CHECK_EQ(sys(pipe, fd), 0);
	t_action(SIGUSR1, nothing, 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), 0);
		CHECK_EQ(sys(write, fd[1], "x", 1), 1);
		CHECK_EQ(sys(read, fd[0], &c, 1), 1);
		t_exit_thread(7);
	}), 7);
	CHECK_EQ(IN_CHILD(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0); sys(getpid)), SIGNALLED(SIGKILL));
	CHECK_EQ(IN_CHILD(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0); t_exit(0)), SIGNALLED(SIGKILL));
	CHECK_EQ(IN_CHILD(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0); sys(prctl, PR_GET_SECCOMP)), SIGNALLED(SIGKILL));
	CHECK_EQ(IN_CHILD(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0); t_syscall(-1, 0, 0, 0, 0, 0, 0)), SIGNALLED(SIGKILL));
	CHECK_EQ(IN_CHILD(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0); t_syscall(5000, 0, 0, 0, 0, 0, 0)), SIGNALLED(SIGKILL));
	CHECK_EQ(IN_CHILD(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0); rdtsc()), SIGNALLED(SIGSEGV));
	CHECK_EQ(IN_CHILD(sys(prctl, PR_SET_TSC, PR_TSC_ENABLE); rdtsc(); t_exit(3)), 3);
}

// A handler runs and returns there.
static _Atomic int caught;

static void catch(int sig)
{
	(void)sig;
	caught++;
}

TEST(strict_and_signals)
{
	_Atomic int *ready = shared_word();
	int fd[2], pid;

	CHECK_EQ(sys(pipe, fd), 0);
	t_action(SIGUSR1, catch, 0);
	pid = t_fork();
	if (pid == 0) {
		char c;

		sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
		*ready = 1;
		CHECK_EQ(sys(read, fd[0], &c, 1), -EINTR);
		t_exit_thread(caught);
	}
	UNTIL(*ready && t_state(pid) == 'S');
	CHECK_EQ(t_field_of(pid, "Seccomp"), SECCOMP_MODE_STRICT);
	CHECK_EQ(t_field_of(pid, "Seccomp_filters"), 0);
	CHECK_EQ(sys(kill, pid, SIGUSR1), 0);
	CHECK_EQ(t_wait(pid), 1);
}

static int strict_thread(void *unused)
{
	(void)unused;
	sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0);
	sys(getpid);
	return 0;
}

// Only the thread that broke the rule dies.
TEST(strict_is_of_a_thread)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, strict_thread, NULL);
		thread_join(&t);
		CHECK_EQ(mode(), 0);
		t_exit(9);
	}), 9);
}

TEST(modes_do_not_change)
{
	static const struct sock_filter allow[] = {RETURN(SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {1, (struct sock_filter *)allow};

	CHECK_EQ(IN_CHILD({
		no_new_privs();
		CHECK_EQ(sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0), 0);
		CHECK_EQ(mode(), SECCOMP_MODE_FILTER);
		CHECK_EQ(sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), -EINVAL);
		CHECK_EQ(sys(seccomp, SECCOMP_SET_MODE_STRICT, 0, 0), -EINVAL);
		CHECK_EQ(rdtsc() == 0, 0);
	}), 0);
}

// ---- actions ----

TEST(errno)
{
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 123), 0);
		CHECK_EQ(sys(getppid), -123);
		CHECK_EQ(sys(getpid) > 0, 1);
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO), 0); // the newest of equal ones
		CHECK_EQ(sys(getppid), 0);
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 0xffff), 0);
		CHECK_EQ(sys(getppid), -4095);
		CHECK_EQ(answer(5000, SECCOMP_RET_ERRNO | 5), 0); // a call that is none
		CHECK_EQ(t_syscall(5000, 0, 0, 0, 0, 0, 0), -5);
		CHECK_EQ(t_syscall(5001, 0, 0, 0, 0, 0, 0), -ENOSYS);
		CHECK_EQ(answer(-1, SECCOMP_RET_ERRNO | 6), 0);
		CHECK_EQ(t_syscall(-1, 0, 0, 0, 0, 0, 0), -6);
		CHECK_EQ(t_syscall(-2, 0, 0, 0, 0, 0, 0), -ENOSYS);
	}), 0);
}

TEST(log_allows)
{
	CHECK_EQ(IN_CHILD({
		int parent = (int)sys(getppid);

		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_LOG), 0);
		for (int i = 0; i < 30; i++)
			CHECK_EQ(sys(getppid), parent);
		CHECK_EQ(answer_flags(__NR_getppid, SECCOMP_RET_ERRNO | 1, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW), 0);
		CHECK_EQ(sys(getppid), -1);
	}), 0);
}

TEST(kill_process)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, thread_pause, NULL);
		answer(__NR_getppid, SECCOMP_RET_KILL_PROCESS);
		sys(getppid);
	}), SIGNALLED(SIGSYS));
	// An action that is none.
	CHECK_EQ(IN_CHILD(answer(__NR_getppid, 0x00010000); sys(getppid)), SIGNALLED(SIGSYS));
	CHECK_EQ(IN_CHILD(answer(__NR_getppid, 0xffff0000); sys(getppid)), SIGNALLED(SIGSYS));
	// Neither a handler nor a mask helps.
	CHECK_EQ(IN_CHILD({
		t_action(SIGSYS, catch, 0);
		t_block(BIT(SIGSYS));
		answer(__NR_getppid, SECCOMP_RET_KILL_PROCESS);
		sys(getppid);
	}), SIGNALLED(SIGSYS));
}

static int calls_getppid(void *unused)
{
	(void)unused;
	answer(__NR_getppid, SECCOMP_RET_KILL_THREAD);
	sys(getppid);
	return 0;
}

TEST(kill_thread)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, calls_getppid, NULL);
		thread_join(&t);
		t_exit(5);
	}), 5);
	CHECK_EQ(IN_CHILD(answer(__NR_getppid, SECCOMP_RET_KILL_THREAD); sys(getppid)), SIGNALLED(SIGSYS));
}

static siginfo_t seen;
static struct sigcontext seen_regs;

static void sigsys(int sig, siginfo_t *info, struct ucontext *uc)
{
	(void)sig;
	seen = *info;
	seen_regs = uc->uc_mcontext;
	uc->uc_mcontext.rax = 77;
	caught++;
}

TEST(trap)
{
	CHECK_EQ(t_action(SIGSYS, sigsys, SA_SIGINFO), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_TRAP | 0x1234), 0);
		CHECK_EQ(t_syscall(__NR_getppid, 1, 2, 3, 4, 5, 6), 77);
		CHECK_EQ(caught, 1);
		CHECK_EQ(seen.si_signo, SIGSYS);
		CHECK_EQ(seen.si_code, SYS_SECCOMP);
		CHECK_EQ(seen.si_errno, 0x1234);
		CHECK_EQ(seen.si_syscall, __NR_getppid);
		CHECK_EQ(seen.si_arch, AUDIT_ARCH_X86_64);
		CHECK_EQ((unsigned long)seen.si_call_addr, seen_regs.rip);
		CHECK_EQ(seen_regs.rax, __NR_getppid);
		CHECK_EQ(seen_regs.rdi, 1);
		CHECK_EQ(seen_regs.rdx, 3);
		CHECK_EQ(seen_regs.r9, 6);
	}), 0);
	// A blocked one kills.
	CHECK_EQ(IN_CHILD(t_block(BIT(SIGSYS)); answer(__NR_getppid, SECCOMP_RET_TRAP); sys(getppid)), SIGNALLED(SIGSYS));
	t_action(SIGSYS, (void *)1 /* SIG_IGN */, 0);
	CHECK_EQ(IN_CHILD(answer(__NR_getppid, SECCOMP_RET_TRAP); sys(getppid)), SIGNALLED(SIGSYS));
}

TEST(trace_without_a_tracer)
{
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_TRACE | 3), 0);
		CHECK_EQ(sys(getppid), -ENOSYS);
	}), 0);
}

TEST(user_notification_without_a_listener)
{
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_USER_NOTIF), 0);
		CHECK_EQ(sys(getppid), -ENOSYS);
	}), 0);
}

// ---- filters on filters ----

// The least action as a signed number wins; of equal ones that of the newest filter.
TEST(precedence)
{
	static const unsigned by_rank[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO | 44, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW};

	for (unsigned i = 0; i < 7; i++)
		for (unsigned j = 0; j < 7; j++) {
			unsigned winner = by_rank[i < j ? i : j];
			int how = IN_CHILD({
				answer(__NR_getppid, by_rank[i]);
				answer(__NR_getppid, by_rank[j]);
				long ret = sys(getppid);
				t_exit(ret >= 0 ? 1 : ret == -44 ? 2 : ret == -ENOSYS ? 3 : 4);
			});

			CHECK_EQ(how, winner == SECCOMP_RET_ALLOW || winner == SECCOMP_RET_LOG ? 1
				: winner == SECCOMP_RET_TRACE ? 3 : winner == (SECCOMP_RET_ERRNO | 44) ? 2 : SIGNALLED(SIGSYS));
		}
}

TEST(filters_are_counted)
{
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 20; i++) {
			CHECK_EQ(t_field_of(t_getpid(), "Seccomp_filters"), i);
			CHECK_EQ(INSTALL(RETURN(SECCOMP_RET_ALLOW)), 0);
		}
		CHECK_EQ(t_field_of(t_getpid(), "Seccomp"), 2);
	}), 0);
}

static struct sock_filter longest[BPF_MAXINSNS];

// Is there room for just one more filter of n instructions that count twice? It is put in.
static void room_for(unsigned n)
{
	for (unsigned i = 0; i < BPF_MAXINSNS; i++)
		longest[i] = RETURN(SECCOMP_RET_ALLOW);
	if (n < BPF_MAXINSNS)
		CHECK_EQ(install_flags(longest, n + 1, 0), -ENOMEM);
	CHECK_EQ(install_flags(longest, n, 0), 0);
}

// 32768 instructions in all, counted as Linux translates them, and four more for each filter but the newest.
TEST(too_many_instructions)
{
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 3; i++)
			room_for(BPF_MAXINSNS);
		room_for(4084); // 3 * (3 + 2 * 4096 + 4) + 3 + 2 * 4084
		CHECK_EQ(INSTALL(RETURN(SECCOMP_RET_ALLOW)), -ENOMEM);
		CHECK_EQ(t_field_of(t_getpid(), "Seccomp_filters"), 4);
	}), 0);
}

// A filter with 400 of the instruction and three of the longest leave so much for one more. It jumps over them.
static void counts(struct sock_filter f, unsigned count)
{
	for (unsigned i = 1; i <= 400; i++)
		longest[i] = f;
	longest[0] = STMT(BPF_JMP | BPF_JA, 400);
	longest[401] = longest[402] = RETURN(SECCOMP_RET_ALLOW);
	CHECK_EQ(install_flags(longest, 403, 0), 0);
	for (int i = 0; i < 3; i++)
		room_for(BPF_MAXINSNS);
	room_for((32768 - (3 + 1 + 400 * count + 4 + 4) - 3 * (3 + 2 * BPF_MAXINSNS + 4) - 3) / 2);
}

// What an instruction counts.
TEST(instructions_are_counted)
{
	static const struct {
		struct sock_filter f;
		unsigned count;
	} what[] = {
		{STMT(BPF_ALU | BPF_ADD | BPF_K, 1), 1}, {STMT(BPF_ALU | BPF_DIV | BPF_K, 1), 1}, {STMT(BPF_ALU | BPF_DIV | BPF_X, 0), 5},
		{STMT(BPF_MISC | BPF_TAX, 0), 1}, {STMT(BPF_LD | BPF_W | BPF_LEN, 0), 1}, {LOAD(args[3]), 1}, {STMT(BPF_ST, 3), 1},
		{STMT(BPF_JMP | BPF_JA, 0), 1}, {JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0), 1}, {JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0), 1},
		{JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), 1}, {JUMP(BPF_JMP | BPF_JGT | BPF_K, 1, 1, 1), 2},
		{JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1), 2}, {JUMP(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 1), 1},
		{JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x80000000, 0, 1), 2}, {JUMP(BPF_JMP | BPF_JSET | BPF_K, -1, 1, 1), 3},
		{JUMP(BPF_JMP | BPF_JEQ | BPF_X, -1, 1, 1), 2}, {RETURN(SECCOMP_RET_ALLOW), 2}, {STMT(BPF_RET | BPF_A, 0), 1}};

	for (unsigned k = 0; k < sizeof what / sizeof what[0]; k++)
		CHECK_EQ(IN_CHILD(counts(what[k].f, what[k].count)), 0);
}

TEST(a_filter_may_forbid_filters)
{
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_seccomp, SECCOMP_RET_ERRNO | EPERM), 0);
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO), -EPERM);
	}), 0);
}

// What a filter sees is the call, not what another filter or the program makes of it.
TEST(what_a_filter_sees)
{
	CHECK_EQ(IN_CHILD({
		unsigned long ip;

		// The two halves of each argument, added up: a program that returns A as data.
		CHECK_EQ(INSTALL(LOAD(nr), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5000, 1, 0), RETURN(SECCOMP_RET_ALLOW),
			STMT(BPF_LD | BPF_W | BPF_ABS, 60), STMT(BPF_MISC | BPF_TAX, 0), STMT(BPF_LD | BPF_W | BPF_ABS, 16),
			STMT(BPF_ALU | BPF_ADD | BPF_X, 0), STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
			STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), STMT(BPF_RET | BPF_A, 0)), 0);
		CHECK_EQ(t_syscall(5000, 3, 0, 0, 0, 0, 7L << 32 | 1), -10);
		CHECK_EQ(INSTALL(LOAD(arch), JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), RETURN(0),
			RETURN(SECCOMP_RET_ALLOW)), 0);
		CHECK_EQ(sys(getpid), t_getpid());
		// Of the place of a call the lower half, less the upper one: 0 only if both are as they should be.
		CHECK_EQ(INSTALL(LOAD(nr), JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5001, 1, 0), RETURN(SECCOMP_RET_ALLOW),
			STMT(BPF_LD | BPF_W | BPF_ABS, 8), STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff),
			STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), STMT(BPF_RET | BPF_A, 0)), 0);
		long ret = 5001;

		__asm__ volatile("syscall\n1: lea 1b(%%rip), %1" : "+a"(ret), "=r"(ip) : : "rcx", "r11", "memory");
		CHECK_EQ(-ret, ip & 0xfff);
	}), 0);
}

// ---- who may ----

TEST(rights)
{
	CHECK_EQ(IN_CHILD({
		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 9), -EACCES);
		CHECK_EQ(INSTALL(RETURN(0), RETURN(0), STMT(0xffff, 0)), -EACCES); // asked before the program is read
		CHECK_EQ(install_flags(longest, 0, 0), -EINVAL); // and after its length
		struct sock_fprog prog = {1, longest};

		CHECK_EQ(sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0), -EACCES);
		CHECK_EQ(mode(), 0);
		no_new_privs();
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 9), 0);
		CHECK_EQ(sys(getppid), -9);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 9), 0);	// CAP_SYS_ADMIN
		CHECK_EQ(sys(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 9), -EACCES);
	}), 0);
	CHECK_EQ(IN_CHILD({
		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), 0);
		t_exit_thread(0);
	}), 0);
}

// ---- what is inherited ----

HELPER(asks_its_parent)
{
	long first = sys(getppid), filters = t_field_of(t_getpid(), "Seccomp_filters");

	CHECK_EQ(answer(__NR_getpgrp, SECCOMP_RET_ERRNO | 3), 0);
	CHECK_EQ(sys(getpgrp), -3);
	return first == -21 && filters == 1 ? 4 : 1;
}

static int thread_asks(void *unused)
{
	(void)unused;
	return sys(getppid) == -21 ? 0 : 1;
}

TEST(inherited)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 21), 0);
		CHECK_EQ(IN_CHILD(t_exit(sys(getppid) == -21 ? IN_CHILD(t_exit(sys(getppid) == -21 ? 6 : 0)) : 0)), 6);
		thread_start(&t, thread_asks, NULL);
		thread_join(&t);
		// What a child adds is its own.
		CHECK_EQ(IN_CHILD(answer(__NR_getpid, SECCOMP_RET_ERRNO | 22)), 0);
		CHECK_EQ(sys(getpid) > 0, 1);
		CHECK_EQ(IN_CHILD(t_exec("asks_its_parent", NULL, NULL)), 4);
		CHECK_EQ(t_field_of(t_getpid(), "Seccomp_filters"), 1);
		t_exec("asks_its_parent", NULL, NULL);
	}), 4);
}

TEST(what_a_child_adds_is_its_own)
{
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(answer(__NR_getppid, SECCOMP_RET_ERRNO | 21), 0);
		for (int i = 0; i < 50; i++) {
			int pid = t_fork();

			if (pid == 0) {
				answer(__NR_getpgrp, SECCOMP_RET_KILL_PROCESS);
				sys(getpgrp);
			}
			CHECK_EQ(t_wait(pid), SIGNALLED(SIGSYS));
		}
	}), 0);
}

// A zombie still says what it was.
TEST(a_zombie)
{
	int pid = t_fork();

	if (pid == 0) {
		answer(__NR_getppid, SECCOMP_RET_ERRNO);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(t_field_of(pid, "Seccomp"), 2);
	CHECK_EQ(t_field_of(pid, "Seccomp_filters"), 1);
	CHECK_EQ(t_wait(pid), 0);
}

// A call that is restarted is asked about by the name it then has.
TEST(restarted_calls)
{
	_Atomic int *ready = shared_word();
	int pid = t_fork();

	if (pid == 0) {
		struct __kernel_timespec ts = {100, 0};

		CHECK_EQ(answer(__NR_restart_syscall, SECCOMP_RET_ERRNO | 33), 0);
		*ready = 1;
		t_exit((int)-sys(nanosleep, &ts, 0));
	}
	UNTIL(*ready && t_state(pid) == 'S');
	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	sys(kill, pid, SIGCONT);
	CHECK_EQ(t_wait(pid), 33);
}
