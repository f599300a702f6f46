// SPDX-License-Identifier: GPL-2.0-only
//
// Floating point and vector registers belong to a thread, across switches, signals, fork and exec.
#include "t.h"

// Loads all sixteen registers with a pattern.
static void load(unsigned char seed)
{
	unsigned char area[16][16] __attribute__((aligned(16)));

	for (int i = 0; i < 16; i++)
		memset(area[i], seed + i, 16);
	__asm__ volatile("movaps 0x00(%0), %%xmm0; movaps 0x10(%0), %%xmm1; movaps 0x20(%0), %%xmm2\n"
			 "movaps 0x30(%0), %%xmm3; movaps 0x40(%0), %%xmm4; movaps 0x50(%0), %%xmm5\n"
			 "movaps 0x60(%0), %%xmm6; movaps 0x70(%0), %%xmm7; movaps 0x80(%0), %%xmm8\n"
			 "movaps 0x90(%0), %%xmm9; movaps 0xa0(%0), %%xmm10; movaps 0xb0(%0), %%xmm11\n"
			 "movaps 0xc0(%0), %%xmm12; movaps 0xd0(%0), %%xmm13; movaps 0xe0(%0), %%xmm14\n"
			 "movaps 0xf0(%0), %%xmm15" ::"r"(area)
			 : "memory");
}

// The first register that does not hold the pattern; -1 if all do.
static int differs(unsigned char seed)
{
	unsigned char area[16][16] __attribute__((aligned(16)));

	__asm__ volatile("movaps %%xmm0, 0x00(%0); movaps %%xmm1, 0x10(%0); movaps %%xmm2, 0x20(%0)\n"
			 "movaps %%xmm3, 0x30(%0); movaps %%xmm4, 0x40(%0); movaps %%xmm5, 0x50(%0)\n"
			 "movaps %%xmm6, 0x60(%0); movaps %%xmm7, 0x70(%0); movaps %%xmm8, 0x80(%0)\n"
			 "movaps %%xmm9, 0x90(%0); movaps %%xmm10, 0xa0(%0); movaps %%xmm11, 0xb0(%0)\n"
			 "movaps %%xmm12, 0xc0(%0); movaps %%xmm13, 0xd0(%0); movaps %%xmm14, 0xe0(%0)\n"
			 "movaps %%xmm15, 0xf0(%0)" ::"r"(area)
			 : "memory");
	for (int i = 0; i < 16; i++)
		for (int j = 0; j < 16; j++)
			if (area[i][j] != (unsigned char)(seed + i))
				return i;
	return -1;
}

static int hold(unsigned char seed, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		load(seed);
		for (volatile int j = 0; j < 2000; j++)
			;
		if (i % 4 == 0)
			t_yield();
		if (differs(seed) >= 0)
			return 1;
	}
	return 0;
}

TEST(registers_survive_switches_between_processes)
{
	for (int i = 0; i < 4; i++)
		if (t_fork() == 0)
			t_exit(hold((unsigned char)(i * 50), 100));
	for (int i = 0; i < 4; i++)
		CHECK_EQ(t_wait(-1), 0);
}

struct holder {
	struct thread t;
	unsigned char seed;
	_Atomic int bad;
};

static int hold_there(void *arg)
{
	struct holder *h = arg;

	h->bad = hold(h->seed, 100);
	return 0;
}

TEST(registers_survive_switches_between_threads)
{
	static struct holder h[4];

	for (int i = 0; i < 4; i++) {
		h[i].seed = (unsigned char)(i * 30 + 1);
		thread_start(&h[i].t, hold_there, &h[i]);
	}
	for (int i = 0; i < 4; i++) {
		thread_join(&h[i].t);
		CHECK_EQ(h[i].bad, 0);
	}
}

TEST(registers_survive_a_sleep)
{
	struct timespec ts = {0, 5000000};
	long ret;
	int bad;

	load(9);
	ret = sys(nanosleep, &ts, 0);
	bad = differs(9);
	CHECK_EQ(ret, 0);
	CHECK_EQ(bad, -1);
}

static _Atomic int calls;

static void clobber(int sig)
{
	(void)sig;
	calls++;
	load(200);
	unsigned mxcsr = 0x1fbf;

	__asm__ volatile("ldmxcsr %0; fninit; fldpi" ::"m"(mxcsr));
}

TEST(registers_survive_a_signal)
{
	struct itimerval often = {{0, 2000}, {0, 2000}};
	int bad = -1;

	t_action(SIGALRM, clobber, 0);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, &often, 0), 0);
	while (calls < 30 && bad < 0) {
		load(77);
		for (volatile int j = 0; j < 5000; j++)
			;
		bad = differs(77);
	}
	CHECK_EQ(bad, -1);
}

TEST(x87_survives_a_signal)
{
	double got, one = 1.5, two = 2.25;

	t_action(SIGUSR1, clobber, 0);
	long ret;

	__asm__ volatile("fldl %2; fldl %3; syscall; faddp; fstpl %0"
			 : "=m"(got), "=a"(ret)
			 : "m"(one), "m"(two), "1"(__NR_kill), "D"(t_getpid()), "S"(SIGUSR1)
			 : "rcx", "r11", "memory");
	CHECK_EQ(ret, 0);
	CHECK_EQ(calls, 1);
	CHECK(got == 3.75);
}

TEST(fork_copies_them)
{
	load(31);
	int pid = t_fork();

	if (pid == 0)
		t_exit(differs(31) < 0 ? 0 : 1);
	CHECK_EQ(differs(31), -1);
	CHECK_EQ(t_wait(pid), 0);
}

static unsigned get_mxcsr(void)
{
	unsigned v;

	__asm__ volatile("stmxcsr %0" : "=m"(v));
	return v;
}

static void set_mxcsr(unsigned v)
{
	__asm__ volatile("ldmxcsr %0" ::"m"(v));
}

HELPER(fresh)
{
	unsigned short control;
	unsigned char zero[16] = {0}, xmm[16];

	__asm__ volatile("fnstcw %0" : "=m"(control));
	CHECK_EQ(get_mxcsr(), 0x1f80);
	CHECK_EQ(control, 0x37f);
	__asm__ volatile("movups %%xmm7, %0" : "=m"(xmm));
	CHECK(!memcmp(xmm, zero, 16)); // nothing of the old program is left in them
	return 5;
}

TEST(exec_starts_afresh)
{
	CHECK_EQ(IN_CHILD({
		load(99);
		set_mxcsr(0x7f80);
		t_exec("fresh", NULL, NULL);
	}),
		5);
}

TEST(rounding_mode_is_per_process)
{
	set_mxcsr(0x7f80); // towards zero
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(get_mxcsr(), 0x7f80);
		set_mxcsr(0x3f80);
	}),
		0);
	CHECK_EQ(get_mxcsr(), 0x7f80);
}

static void edit_xmm0(int sig, siginfo_t *info, void *context)
{
	struct ucontext *uc = context;

	(void)sig;
	(void)info;
	calls++;
	memset(uc->uc_mcontext.fpstate->xmm_space, 0x5a, 16);
}

TEST(a_handler_sees_and_edits_them)
{
	unsigned char xmm[16];

	t_action(SIGUSR1, edit_xmm0, SA_SIGINFO);
	load(1);
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(__NR_kill), "D"(t_getpid()), "S"(SIGUSR1) : "rcx", "r11", "memory");
	__asm__ volatile("movups %%xmm0, %0" : "=m"(xmm));
	CHECK_EQ(calls, 1);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(xmm[i], 0x5a);
}

// Nothing but a signal between the two.
static int after_a_signal(void)
{
	long ret;

	load(33);
	__asm__ volatile("syscall" : "=a"(ret) : "0"(__NR_kill), "D"(t_getpid()), "S"(SIGUSR1) : "rcx", "r11", "memory");
	return differs(33);
}

// Saving faults the pages in, as often as it takes.
TEST(a_frame_on_pages_that_are_not_there_yet)
{
	stack_t st = { .ss_size = 16 * PAGE };

	for (unsigned long off = 0; off < PAGE; off += 256) {
		st.ss_sp = t_map(17 * PAGE) + off;
		CHECK_EQ(sys(sigaltstack, &st, 0), 0);
		t_action(SIGUSR1, clobber, SA_ONSTACK);
		CHECK_EQ(after_a_signal(), -1);
		CHECK_EQ(sys(munmap, (char *)st.ss_sp - off, 17 * PAGE), 0);
	}
	CHECK_EQ((unsigned long)calls, PAGE / 256);
}

static int header_word; // of the header behind the 512 bytes

static void spoil_header(int sig, siginfo_t *info, void *context)
{
	unsigned long *header = (unsigned long *)((struct ucontext *)context)->uc_mcontext.fpstate + 64;

	(void)sig;
	(void)info;
	header[header_word] |= 1ul << 62;
}

// XSTATE_BV, XCOMP_BV and a reserved word: what the CPU refuses ends in SIGSEGV, not in the kernel. It looks no further.
TEST(a_header_that_no_cpu_takes)
{
	t_action(SIGUSR1, spoil_header, SA_SIGINFO);
	for (header_word = 0; header_word < 3; header_word++)
		CHECK_EQ(IN_CHILD(after_a_signal()), SIGNALLED(SIGSEGV));
	for (; header_word < 8; header_word++)
		CHECK_EQ(IN_CHILD(CHECK_EQ(after_a_signal(), -1)), 0);
}

static void make_legacy(int sig, siginfo_t *info, void *context)
{
	struct ucontext *uc = context;

	(void)sig;
	(void)info;
	calls++;
	memset((char *)uc->uc_mcontext.fpstate + 464, 0, 48); // the magic number that says that more follows
}

TEST(a_frame_of_512_bytes)
{
	t_action(SIGUSR1, make_legacy, SA_SIGINFO);
	CHECK_EQ(after_a_signal(), -1);
	CHECK_EQ(calls, 1);
}

static bool has_avx(void)
{
	unsigned a = 1, b, c = 0, d, lo, hi;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(c & 1u << 27) || !(c & 1u << 28)) // OSXSAVE, AVX
		return false;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (lo & 6) == 6;
}

TEST(avx_halves_survive)
{
	unsigned char in[32], out[32];

	if (!has_avx())
		SKIP("no AVX here");
	t_action(SIGUSR1, clobber, 0);
	for (int i = 0; i < 32; i++)
		in[i] = (unsigned char)(i + 100);
	int pid = t_fork();

	for (int round = 0; round < 50; round++) {
		long ret;

		in[0] = pid ? 1 : 2;
		__asm__ volatile("vmovdqu %2, %%ymm5; syscall; vmovdqu %%ymm5, %0"
				 : "=m"(out), "=a"(ret)
				 : "m"(in), "1"(round % 2 ? __NR_sched_yield : __NR_kill), "D"(t_getpid()),
				 "S"(SIGUSR1)
				 : "rcx", "r11", "memory");
		CHECK_EQ(ret, 0);
		CHECK(!memcmp(in, out, 32));
	}
	if (!pid)
		t_exit(0);
	CHECK_EQ(t_wait(pid), 0);
}
