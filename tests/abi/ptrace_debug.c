// SPDX-License-Identifier: GPL-2.0-only
//
// ptrace: the debug registers.
#include "trace.h"

#ifndef PTRACE_SINGLEBLOCK
#define PTRACE_SINGLEBLOCK 33
#endif
#define USER_END 0x7ffffffff000UL

#define DR6_NONE 0xffff0ff0UL
#define DR6_STEP 0x4000UL
#define RF 0x10000UL
enum { EXECUTE, WRITE, IO, ACCESS }; // R/W of DR7
enum { ONE, TWO, EIGHT, FOUR };	     // LEN
#define KIND(n, rw, len) (((unsigned long)(rw) | (unsigned long)(len) << 2) << (16 + 4 * (n)))
#define ON(n, rw, len) (KIND(n, rw, len) | 1UL << 2 * (n))

static unsigned long dr(int pid, int n)
{
	unsigned long v = 0x5555;

	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 848 + 8 * n, &v), 0);
	return v;
}

static long set_dr(int pid, int n, unsigned long v)
{
	return sys(ptrace, PTRACE_POKEUSR, pid, 848 + 8 * n, v);
}

static void watch(int pid, int n, const volatile void *at, int rw, int len)
{
	CHECK_EQ(set_dr(pid, n, (unsigned long)at), 0);
	CHECK_EQ(set_dr(pid, 7, dr(pid, 7) | ON(n, rw, len)), 0);
}

// What DR6 says. QEMU tells of one of several, and of old ones.
static void told(int pid, unsigned long bits)
{
	unsigned long is = dr(pid, 6);

	if (t_own_machine) {
		CHECK(!(bits & 15) || is & bits & 15);
		is = (is & ~15UL) | (bits & 15);
	}
	CHECK_EQ(is, DR6_NONE | bits);
}

// A step onto a watchpoint is two #DB for QEMU, the second in the kernel, where Linux never gets out of it.
static void not_linux_on_qemu(void)
{
	if (t_own_machine && !t_on_thaw)
		SKIP("Linux hangs on QEMU");
}

// The tracee, sent on, stops by breakpoint n; where.
static unsigned long hit(int pid, int n)
{
	siginfo_t info;
	struct regs r;

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_code, TRAP_HWBKPT);
	r = regs_of(pid);
	CHECK_EQ((unsigned long)info.si_addr, r.rip);
	told(pid, 1UL << n);
	return r.rip;
}

static volatile union {
	unsigned char byte[64];
	unsigned short word[32];
	unsigned u32[16];
	unsigned long u64[8];
} data __attribute__((aligned(64)));

// ---- the registers themselves ----

TEST(registers_at_first)
{
	int pid = stopped_child(thread_pause);
	unsigned long v;

	for (int n = 0; n < 8; n++)
		CHECK_EQ(dr(pid, n), n == 6 ? DR6_NONE : 0);
	CHECK_EQ(set_dr(pid, 4, 0), -EIO); // there are none
	CHECK_EQ(set_dr(pid, 5, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, 912, 0), -EIO); // behind them
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, 840, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, 852, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 852, &v), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 848, 8), -EFAULT);
	CHECK_EQ(set_dr(pid, 6, 0x1234567890), 0); // a word to itself
	CHECK_EQ(dr(pid, 6), 0x1234567890);
	CHECK_EQ(set_dr(pid, 6, 0), 0);
	CHECK_EQ(dr(pid, 6), 0);
	kill_traced(pid);
}

TEST(addresses)
{
	static const unsigned long bad[] = {USER_END, USER_END + 8, 1UL << 47, 1UL << 63, ~0UL, 0xffff888000000000UL, 0xffffffff80000000UL,
		0xffffffff81000000UL, 0xfffffe0000000000UL};
	int pid = stopped_child(thread_pause);

	for (int n = 0; n < 4; n++) {
		CHECK_EQ(set_dr(pid, n, 0x1001), 0); // of one byte, to begin with
		for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
			CHECK_EQ(set_dr(pid, n, bad[i]), -EINVAL);
		CHECK_EQ(dr(pid, n), 0x1001);
		CHECK_EQ(set_dr(pid, n, USER_END - 1), 0);
		CHECK_EQ(set_dr(pid, 7, ON(n, WRITE, TWO)), -EINVAL); // half of it is the kernel's
		CHECK_EQ(set_dr(pid, n, USER_END - 2), 0);
		CHECK_EQ(set_dr(pid, 7, ON(n, WRITE, TWO)), 0);
		CHECK_EQ(set_dr(pid, n, USER_END - 1), -EINVAL);
		CHECK_EQ(set_dr(pid, n, 0x1003), -EINVAL);
		CHECK_EQ(set_dr(pid, n, 0x1002), 0);
		CHECK_EQ(set_dr(pid, 7, ON(n, WRITE, FOUR)), -EINVAL);
		CHECK_EQ(dr(pid, 7), ON(n, WRITE, TWO));
		CHECK_EQ(set_dr(pid, n, 0x1004), 0);
		CHECK_EQ(set_dr(pid, 7, ON(n, ACCESS, FOUR)), 0);
		CHECK_EQ(set_dr(pid, 7, ON(n, ACCESS, EIGHT)), -EINVAL);
		CHECK_EQ(set_dr(pid, n, 0x1008), 0);
		CHECK_EQ(set_dr(pid, 7, ON(n, ACCESS, EIGHT)), 0);
		CHECK_EQ(set_dr(pid, n, 0x100c), -EINVAL);
		CHECK_EQ(set_dr(pid, 7, 0), 0);
		CHECK_EQ(set_dr(pid, n, 0x100d), 0);
	}
	kill_traced(pid);
}

TEST(conditions)
{
	int pid = stopped_child(thread_pause);

	// What is off and never was anything may be anything.
	CHECK_EQ(set_dr(pid, 7, KIND(2, IO, FOUR)), 0);
	CHECK_EQ(dr(pid, 7), KIND(2, IO, FOUR));
	CHECK_EQ(set_dr(pid, 7, ON(2, IO, FOUR)), -EINVAL);
	CHECK_EQ(set_dr(pid, 7, ON(2, EXECUTE, FOUR)), -EINVAL);
	CHECK_EQ(dr(pid, 7), KIND(2, IO, FOUR));
	// What was something has to be right even if it is off.
	CHECK_EQ(set_dr(pid, 1, 0x1000), 0);
	CHECK_EQ(set_dr(pid, 7, KIND(1, IO, ONE)), -EINVAL);
	CHECK_EQ(set_dr(pid, 7, KIND(1, EXECUTE, TWO)), -EINVAL);
	CHECK_EQ(set_dr(pid, 7, KIND(1, WRITE, TWO)), 0);
	// One that is wrong changes none.
	CHECK_EQ(set_dr(pid, 7, ON(0, WRITE, ONE) | ON(1, WRITE, EIGHT)), 0);
	CHECK_EQ(set_dr(pid, 7, ON(0, WRITE, TWO) | ON(1, WRITE, TWO) | ON(3, IO, ONE)), -EINVAL);
	CHECK_EQ(dr(pid, 7), ON(0, WRITE, ONE) | ON(1, WRITE, EIGHT));
	CHECK_EQ(set_dr(pid, 0, 0x1001), 0);
	CHECK_EQ(set_dr(pid, 1, 0x1004), -EINVAL);
	// Without an address of its own it is at 0. The rest of the word is kept, and means nothing.
	CHECK_EQ(set_dr(pid, 7, ON(3, EXECUTE, ONE) | 0xffffffff0000ff00UL), 0);
	CHECK_EQ(dr(pid, 7), ON(3, EXECUTE, ONE) | 0xffffffff0000ff00UL);
	CHECK_EQ(dr(pid, 3), 0);
	CHECK_EQ(set_dr(pid, 7, ~0UL & ~(KIND(0, 3, 3) | KIND(1, 3, 3) | KIND(2, 3, 3) | KIND(3, 3, 3))), 0);
	kill_traced(pid);
}

// ---- breakpoints ----

TEST(a_breakpoint)
{
	int pid = stopped_child(twice_seven);

	watch(pid, 2, (void *)seven, EXECUTE, ONE);
	CHECK_EQ(hit(pid, 2), seven);
	CHECK_EQ(regs_of(pid).eflags & RF, RF); // or it would not get past it
	CHECK_EQ(hit(pid, 2), seven);
	goes_to_its_end(pid, 14);
	CHECK_EQ(seven(), 7);
}

TEST(a_breakpoint_that_is_switched_off)
{
	int pid = stopped_child(twice_seven);

	watch(pid, 0, (void *)seven, EXECUTE, ONE);
	CHECK_EQ(hit(pid, 0), seven);
	CHECK_EQ(set_dr(pid, 7, 0), 0);
	goes_to_its_end(pid, 14);
}

TEST(a_breakpoint_that_a_step_comes_to)
{
	int pid = stopped_child(twice_seven), steps = 0;
	siginfo_t info;

	watch(pid, 0, (void *)seven, EXECUTE, ONE);
	do { // the step ends before it
		CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGTRAP);
		CHECK_LE(steps++, 1000);
	} while (regs_of(pid).rip != (unsigned long)seven);
	told(pid, DR6_STEP);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0); // and then it is there
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_code, TRAP_HWBKPT);
	CHECK_EQ(regs_of(pid).rip, seven);
	told(pid, 1);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0); // past it
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK(regs_of(pid).rip > (unsigned long)seven);
	CHECK_EQ(set_dr(pid, 7, 0), 0);
	goes_to_its_end(pid, 14);
}

extern const char after_the_call[];

static int a_call(void *unused)
{
	long pid;

	(void)unused;
	__asm__ volatile("movl $39, %%eax\n\tsyscall\n\t.globl after_the_call\nafter_the_call:\n\tnop" : "=a"(pid) : : "rcx", "r11", "memory");
	return pid == t_getpid() ? 5 : 6;
}

TEST(a_breakpoint_behind_a_system_call)
{
	int pid = stopped_child(a_call);

	watch(pid, 1, after_the_call, EXECUTE, ONE);
	CHECK_EQ(hit(pid, 1), after_the_call);
	CHECK_EQ(regs_of(pid).rax, pid);
	goes_to_its_end(pid, 5);
}

static _Atomic int traps, trap_code;
static void on_trap(int sig, siginfo_t *info, void *uc)
{
	(void)sig, (void)uc;
	traps++;
	trap_code = info->si_code;
}

static int handles_traps(void *unused)
{
	(void)unused;
	t_action(SIGTRAP, on_trap, SA_SIGINFO);
	sys(kill, t_getpid(), SIGSTOP);
	if (seven() + seven() != 14)
		return 1;
	return trap_code == TRAP_HWBKPT ? 10 + traps : 2;
}

TEST(breakpoints_outlive_the_tracer)
{
	int pid = stopped_child(handles_traps);

	watch(pid, 0, (void *)seven, EXECUTE, ONE);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 12);
}

// ---- watchpoints ----

static int writes_and_reads(void *unused)
{
	(void)unused;
	data.byte[7] = 1;
	data.byte[12] = 1; // beside
	data.u32[2] = 2;   // of 8 to 11
	data.byte[11] = 3;
	if (data.byte[11] != 3)
		return 1;
	data.word[3] = 4; // 6 and 7
	return 9;
}

TEST(writes_to_a_range)
{
	int pid = stopped_child(writes_and_reads);
	unsigned long at;

	watch(pid, 3, &data.byte[8], WRITE, FOUR);
	at = hit(pid, 3); // u32[2], after the write
	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, &data.u64[1], &at), 0);
	CHECK_EQ((unsigned)at, 2);
	hit(pid, 3); // byte[11]
	CHECK_EQ(regs_of(pid).eflags & RF, 0);
	goes_to_its_end(pid, 9);
}

TEST(accesses_to_a_byte)
{
	int pid = stopped_child(writes_and_reads);

	watch(pid, 0, &data.byte[11], ACCESS, ONE);
	for (int i = 0; i < 3; i++) // u32[2], byte[11] written, read
		hit(pid, 0);
	goes_to_its_end(pid, 9);
}

TEST(two_at_once)
{
	int pid = stopped_child(writes_and_reads);

	watch(pid, 0, &data.byte[6], WRITE, TWO);
	watch(pid, 1, &data.u64[0], WRITE, EIGHT);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(cont(pid, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGTRAP);
		told(pid, 3);
	}
	goes_to_its_end(pid, 9);
}

TEST(a_step_with_a_watchpoint)
{
	not_linux_on_qemu();
	int pid = stopped_child(writes_and_reads), steps = 0;
	siginfo_t info;

	watch(pid, 2, &data.byte[7], WRITE, ONE);
	do {
		CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGTRAP);
		CHECK_LE(steps++, 1000);
	} while (!(dr(pid, 6) & 4));
	told(pid, DR6_STEP | 4);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_code, TRAP_TRACE);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	told(pid, DR6_STEP); // each #DB says what it was
	kill_traced(pid);
}

static void unused_handler(int sig)
{
	(void)sig;
}

static char stack[2 * PAGE] __attribute__((aligned(4096)));

// The kernel writes and reads what is watched: data, and the alternate stack.
static int calls_with_data(void *unused)
{
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack};
	int p[2];

	(void)unused;
	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(sys(write, p[1], "abcdefgh", 8), 8);
	CHECK_EQ(sys(read, p[0], &data, 8), 8);
	CHECK_EQ(sys(write, p[1], &data, 8), 8);
	CHECK_EQ(sys(clock_gettime, 1, &data), 0);
	CHECK_EQ(futex((void *)(unsigned long)&data, FUTEX_WAIT, data.u32[0] + 1, NULL, NULL, 0), -EAGAIN); // reads it itself
	CHECK_EQ(sys(sigaltstack, &alt, 0), 0);
	CHECK_EQ(t_action(SIGUSR1, unused_handler, SA_ONSTACK), 0);
	sys(kill, t_getpid(), SIGUSR1);
	return 3;
}

TEST(what_the_kernel_touches_is_not_told)
{
	for (int frame = 0; frame < 2; frame++) {
		int pid = stopped_child(calls_with_data);

		watch(pid, 0, &data, ACCESS, EIGHT);
		watch(pid, 1, &data.u64[1], WRITE, EIGHT);
		if (frame) // somewhere in the FPU's registers, which its handler does not come to
			watch(pid, 2, stack + sizeof stack - 512, ACCESS, EIGHT);
		hit(pid, 0); // data.u32[0] + 1
		CHECK_EQ(cont(pid, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGUSR1);
		told(pid, 1);
		CHECK_EQ(cont(pid, SIGUSR1), 0);
		CHECK_EQ(t_wait(pid), 3);
	}
}

// A #DB by MOV SS comes after the next instruction: if that is a call or INT3, in the kernel, at an entry's first instruction.
static int mov_ss(void *unused)
{
	unsigned short ss;
	long pid, parent;

	(void)unused;
	__asm__ volatile("movw %%ss, %0" : "=r"(ss));
	for (int i = 0; i < 8; i++)
		data.word[i] = ss;
	__asm__ volatile("movl $39, %%eax\n\tmovw %2, %%ss\n\tsyscall\n\tmovq %%rax, %1\n\t"
			 "movl $110, %%eax\n\tmovw %2, %%ss\n\tsyscall\n\t"
			 "movw %2, %%ss\n\tint3\n\t"
			 "movw %2, %%ss\n\tnop\n\tmovw %2, %%ss\n\tmovw %2, %%ss\n\tnop"
			 : "=&a"(parent), "=&r"(pid) : "m"(data.word[4]) : "rcx", "r11", "memory");
	return pid == t_getpid() && parent == sys(getppid) ? 4 : 5;
}

TEST(mov_ss_and_an_entry)
{
	not_linux_on_qemu();
	for (int step = 0; step < 2; step++) {
		int pid = stopped_child(mov_ss), status, stops = 0, breaks = 0;

		for (int n = 0; n < 4; n++)
			watch(pid, n, &data.word[4], ACCESS, TWO);
		for (;; stops++) {
			siginfo_t info;

			CHECK_EQ(sys(ptrace, step ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, 0, 0), 0);
			CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
			if (!W_STOPPED(status))
				break;
			CHECK_EQ(status >> 8, SIGTRAP);
			CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
			breaks += info.si_code == SI_KERNEL;
		}
		CHECK_EQ(status, 4 << 8);
		CHECK_EQ(breaks, 1);
		CHECK_GE(stops, 2);
	}
}

// ---- whose they are ----

TEST(a_child_has_none)
{
	int pid = stopped_child(forks_and_calls), kid;

	watch(pid, 1, (void *)seven, EXECUTE, ONE);
	CHECK_EQ(set_dr(pid, 6, 0x777), 0);
	kid = forked(pid);
	for (int n = 0; n < 4; n++)
		CHECK_EQ(dr(kid, n), 0);
	CHECK_EQ(dr(kid, 6), 0x777); // but the words about them
	CHECK_EQ(dr(kid, 7), ON(1, EXECUTE, ONE));
	goes_to_its_end(kid, 7);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGCHLD);
	CHECK_EQ(hit(pid, 1), seven);
	goes_to_its_end(pid, 14);
}

HELPER(fourteen)
{
	return seven() + seven();
}

static int execs(void *unused)
{
	(void)unused;
	t_exec("fourteen", NULL, NULL);
	return 1;
}

TEST(exec_ends_them)
{
	int pid = stopped_child(execs);

	watch(pid, 0, (void *)seven, EXECUTE, ONE);
	watch(pid, 3, &data, ACCESS, ONE);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | PTRACE_EVENT_EXEC << 8);
	for (int n = 0; n < 8; n++)
		CHECK_EQ(dr(pid, n), n == 6 ? DR6_NONE : 0);
	CHECK_EQ(set_dr(pid, 0, 0x1001), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 14);
}

#define TURNS 6

// Both words, again and again, with others in between.
static int writes_both(void *unused)
{
	(void)unused;
	for (int i = 0; i < TURNS; i++) {
		data.u64[0] = i;
		t_yield();
		data.u64[1] = i;
		t_yield();
	}
	return 8;
}

TEST(each_has_its_own)
{
	int pid[3], hits[3] = {0}, status, got, left = 3;

	for (int i = 0; i < 3; i++)
		pid[i] = stopped_child(writes_both);
	watch(pid[0], 0, &data.u64[0], WRITE, EIGHT);
	watch(pid[1], 0, &data.u64[1], WRITE, EIGHT); // and the third has none
	for (int i = 0; i < 3; i++)
		CHECK_EQ(cont(pid[i], 0), 0);
	while (left) {
		int i = 0;

		got = (int)sys(wait4, -1, &status, __WALL, 0);
		while (pid[i] != got)
			i++;
		if (!W_STOPPED(status)) {
			CHECK_EQ(status, 8 << 8);
			left--;
			continue;
		}
		CHECK_EQ(status >> 8, SIGTRAP);
		hits[i]++;
		CHECK_EQ(cont(got, 0), 0);
	}
	CHECK_EQ(hits[0], TURNS);
	CHECK_EQ(hits[1], TURNS);
	CHECK_EQ(hits[2], 0);
}

static struct thread other;

static int other_writes(void *unused)
{
	(void)unused;
	data.u64[0] = 1;
	return 0;
}

static int beside_a_thread(void *unused)
{
	(void)unused;
	thread_start(&other, other_writes, NULL);
	thread_join(&other);
	if (data.u64[0] != 1)
		return 1;
	data.u64[0] = 2;
	return 6;
}

TEST(a_thread_watches_for_itself)
{
	int pid = stopped_child(beside_a_thread);
	unsigned long v;

	watch(pid, 0, &data.u64[0], WRITE, EIGHT);
	hit(pid, 0);
	CHECK_EQ(sys(ptrace, PTRACE_PEEKDATA, pid, &data.u64[0], &v), 0);
	CHECK_EQ(v, 2);
	goes_to_its_end(pid, 6);
}

TEST(they_end_with_the_thread)
{
	for (int kill = 0; kill < 2; kill++) {
		int pid = stopped_child(writes_both);

		for (int n = 0; n < 4; n++)
			watch(pid, n, &data.u64[n / 2], ACCESS, EIGHT);
		CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT), 0);
		CHECK_EQ(cont(pid, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGTRAP);
		if (kill) {
			sys(kill, pid, SIGKILL);
			CHECK_EQ(wait_code(pid), SIGTRAP | PTRACE_EVENT_EXIT << 8);
		} else {
			CHECK_EQ(set_dr(pid, 7, 0), 0);
			CHECK_EQ(cont(pid, 0), 0);
			CHECK_EQ(wait_code(pid), SIGTRAP | PTRACE_EVENT_EXIT << 8);
		}
		CHECK_EQ(dr(pid, 0), &data.u64[0]); // still
		CHECK_EQ(cont(pid, 0), 0);
		CHECK_EQ(t_wait(pid), kill ? SIGNALLED(SIGKILL) : 8);
	}
}

// ---- anything ----

static unsigned long seed = 20161004;
static unsigned long any(void)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return seed >> 20;
}

static int touches_it_all(void *unused)
{
	int p[2], kid;

	(void)unused;
	sys(pipe, p);
	t_action(SIGTRAP, on_trap, SA_SIGINFO);
	for (int i = 0;; i++) {
		data.u64[i % 8] += (unsigned long)seven();
		sys(write, p[1], (char *)(unsigned long)&data + i % 8, 8);
		sys(read, p[0], (char *)(unsigned long)&data + i % 32, 8);
		if (i % 16 == 0) {
			kid = t_fork();
			if (kid == 0)
				t_exit(seven());
			t_wait(kid);
		}
	}
}

TEST(anything_in_the_debug_registers)
{
	const unsigned long places[] = {(unsigned long)&data, (unsigned long)seven, (unsigned long)on_trap, (unsigned long)t_wait,
		(unsigned long)after_the_call, USER_END - 8, USER_END, 0, ~0UL, 0xffffffff80000000UL, 0xffff888000000000UL, 0xfffffe0000000000UL};
	int status;

	not_linux_on_qemu();
	for (int i = 0; i < 6; i++) {
		int pid = stopped_child(touches_it_all), j;

		for (j = 0; j < 60; j++) {
			static const int on[] = {PTRACE_CONT, PTRACE_SINGLESTEP, PTRACE_SINGLEBLOCK, PTRACE_SYSCALL};

			for (int k = 0; k < 6; k++)
				set_dr(pid, (int)(any() % 8), any() % 4 ? places[any() % (sizeof places / sizeof *places)] + any() % 8 : any());
			set_dr(pid, 7, any() & (any() % 2 ? 0xf0f1ffffUL : ~0UL));
			CHECK_EQ(sys(ptrace, on[any() % 4], pid, 0, j % 8 == 7 ? SIGTRAP : 0), 0);
			if (any() % 2)
				t_yield();
			sys(kill, pid, SIGURG); // the next stop, unless there is one
			CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
			if (!W_STOPPED(status)) // a trap in the handler of traps
				break;
		}
		if (j == 60)
			kill_traced(pid);
	}
}
