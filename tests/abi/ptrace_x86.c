// SPDX-License-Identifier: GPL-2.0-only
//
// ptrace: steps to the next jump and over what changes TF, calls that a tracer makes itself, and the small
// requests of x86-64.
#include "trace.h"

#include <asm/ldt.h>

#ifndef PTRACE_GET_THREAD_AREA
#define PTRACE_GET_THREAD_AREA 25
#define PTRACE_SET_THREAD_AREA 26
#endif
#ifndef PTRACE_ARCH_PRCTL
#define PTRACE_ARCH_PRCTL 30
#endif
#ifndef PTRACE_SINGLEBLOCK
#define PTRACE_SINGLEBLOCK 33
#endif
#ifndef PTRACE_SYSEMU
#define PTRACE_SYSEMU 31
#define PTRACE_SYSEMU_SINGLESTEP 32
#endif
#define GET_RSEQ_CONFIGURATION 0x420f
#define NT_386_TLS_ 0x200
#define NT_386_IOPERM_ 0x201
#define USER_END 0x7ffffffff000UL

// ---- steps ----

static int pops_flags(void *unused)
{
	(void)unused;
	// Not with the red zone. TF is seen by PUSHF, so POPF makes it the program's own.
	__asm__ volatile("subq $128, %%rsp\n\tint3\n\t"
			 "pushfq\n\tpopfq\n\tnop\n\t"
			 "pushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop\n\tnop\n\taddq $128, %%rsp" : : : "memory", "cc");
	return 9;
}

TEST(steps_over_popf)
{
	static const int sizes[] = {1, 1, 1, 1, 7, 1, 1};
	static const bool own[] = {false, true, true, true, true, false, true}; // the last is Linux's opinion
	int pid = stopped_child(pops_flags);
	unsigned long rip;

	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	rip = regs_of(pid).rip;
	for (int i = 0; i < 7; i++) {
		CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
		CHECK_EQ(wait_stop(pid), SIGTRAP);
		rip += sizes[i];
		CHECK_EQ(regs_of(pid).rip, rip);
		CHECK_EQ(regs_of(pid).eflags & TF, own[i] ? TF : 0);
	}
	CHECK_EQ(cont(pid, 0), 0); // so it goes on stepping
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(regs_of(pid).rip, rip + 1);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(eflags), regs_of(pid).eflags & ~TF), 0);
	goes_to_its_end(pid, 9);
}

static unsigned long trace[32];
static unsigned nr_trace;
static void on_step(int sig, siginfo_t *info, struct ucontext *uc)
{
	(void)sig;
	trace[nr_trace++ % 32] = uc->uc_mcontext.rip | (unsigned long)(info->si_code != TRAP_TRACE) << 63;
}

#define STEP_ON "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n"
#define STEP_OFF "pushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\taddq $128, %%rsp"
extern const char own_steps[], own_call[];

TEST(a_program_steps_itself)
{
	// A call is no step: the next one is that of the instruction behind it.
	static const unsigned want[] = {1, 4, 5, 10, 13, 14, 15, 22, 23}, want2[] = {3, 4, 5, 12, 13};

	CHECK_EQ(t_action(SIGTRAP, on_step, SA_SIGINFO), 0);
	__asm__ volatile("subq $128, %%rsp\n\tmovl $39, %%eax\n\t" STEP_ON
			 "\t.globl own_steps\nown_steps:\n\tnop\n\tsyscall\n\tnop\n\tnop\n\tmovl $39, %%eax\n\tsyscall\n\tnop\n\tnop\n\t" STEP_OFF
			 : : : "rax", "rcx", "r11", "memory", "cc");
	CHECK_EQ(nr_trace, sizeof want / sizeof *want);
	for (unsigned i = 0; i < nr_trace; i++)
		CHECK_EQ(trace[i], own_steps + want[i]);
	nr_trace = 0;
	// At once, when nobody can have seen TF.
	__asm__ volatile("subq $128, %%rsp\n\tmovl $39, %%eax\n\t" STEP_ON
			 "\t.globl own_call\nown_call:\n\tsyscall\n\tnop\n\tnop\n\t" STEP_OFF
			 : : : "rax", "rcx", "r11", "memory", "cc");
	CHECK_EQ(nr_trace, sizeof want2 / sizeof *want2);
	for (unsigned i = 0; i < nr_trace; i++)
		CHECK_EQ(trace[i], own_call + want2[i]);
}

TEST(steps_to_the_next_jump)
{
	// Not every processor can, and then they are steps like any others.
	int by_steps = 0, by_jumps = 0, status;
	siginfo_t info;

	for (int jumps = 0; jumps < 2; jumps++) {
		int pid = stopped_child(twice_seven), *count = jumps ? &by_jumps : &by_steps;

		for (;; ++*count) {
			CHECK_EQ(sys(ptrace, jumps ? PTRACE_SINGLEBLOCK : PTRACE_SINGLESTEP, pid, 0, 0), 0);
			CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
			if (!W_STOPPED(status))
				break;
			CHECK_EQ(status >> 8, SIGTRAP);
			CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
			CHECK(info.si_code == TRAP_TRACE || info.si_code == TRAP_BRKPT); // TRAP_BRKPT: the end of a call
			CHECK_EQ(regs_of(pid).eflags & TF, 0);
		}
		CHECK_EQ(status, 14 << 8);
	}
	CHECK_GE(by_jumps, 3);
	CHECK_LE(by_jumps, by_steps);
}

TEST(a_jump_and_then_steps)
{
	int pid = stopped_child(twice_seven);

	CHECK_EQ(sys(ptrace, PTRACE_SINGLEBLOCK, pid, 0, 65), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLEBLOCK, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLESTEP, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_SINGLEBLOCK, pid, 0, SIGURG), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	goes_to_its_end(pid, 14);
}

// ---- calls that the tracer makes ----

static int some_calls(void *unused)
{
	(void)unused;
	if (sys(getppid) != 1234)
		return 1;
	if (sys(close, -77) != -ENOSYS)
		return 2;
	if (sys(getppid) != -77)
		return 3;
	if (sys(close, -77) != -EBADF)
		return 4;
	return 5;
}

static void sysemu(int pid, long nr)
{
	CHECK_EQ(sys(ptrace, PTRACE_SYSEMU, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | 0x80);
	CHECK_EQ(regs_of(pid).orig_rax, nr);
	CHECK_EQ(regs_of(pid).rax, -ENOSYS);
}

TEST(calls_that_are_not_made)
{
	int pid = stopped_child(some_calls);
	unsigned char info[88];
	unsigned long msg;

	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	CHECK_EQ(sys(ptrace, PTRACE_SYSEMU, pid, 0, 65), -EIO);
	sysemu(pid, __NR_getppid);
	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &msg), 0);
	CHECK_EQ(msg, PTRACE_EVENTMSG_SYSCALL_ENTRY);
	CHECK_EQ(sys(ptrace, PTRACE_GET_SYSCALL_INFO, pid, sizeof info, info), 80);
	CHECK_EQ(info[0], PTRACE_SYSCALL_INFO_ENTRY);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rax), 1234), 0);
	sysemu(pid, __NR_close); // its end is no stop
	// However it is sent on, this one is not made. Its end is a stop like that of any other.
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | 0x80);
	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &msg), 0);
	CHECK_EQ(msg, PTRACE_EVENTMSG_SYSCALL_EXIT);
	CHECK_EQ(regs_of(pid).rax, -ENOSYS);
	sysemu(pid, __NR_getppid);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rax), -77), 0);
	goes_to_its_end(pid, 5); // the last is made
}

TEST(calls_are_made_again_without_the_tracer)
{
	int pid = stopped_child(some_calls);

	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	sysemu(pid, __NR_getppid);
	CHECK_EQ(sys(ptrace, PTRACE_POKEUSR, pid, AT(rax), 1234), 0);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 2);
}

TEST(killed_in_a_call_that_is_not_made)
{
	int pid = stopped_child(some_calls);

	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	sysemu(pid, __NR_getppid);
	kill_traced(pid);
}

static int breaks_and_calls(void *unused)
{
	long v;

	(void)unused;
	__asm__ volatile("movl $39, %%eax\n\tint3\n\tsyscall\n\tnop\n\tnop" : "=a"(v) : : "rcx", "r11", "memory");
	return v == -ENOSYS ? 5 : 6;
}

TEST(steps_and_calls_that_are_not_made)
{
	int pid = stopped_child(breaks_and_calls);
	unsigned long rip;
	siginfo_t info;

	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	rip = regs_of(pid).rip;
	CHECK_EQ(sys(ptrace, PTRACE_SYSEMU_SINGLESTEP, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP | 0x80);
	CHECK_EQ(regs_of(pid).orig_rax, 39);
	CHECK_EQ(regs_of(pid).rip, rip + 2);
	for (int i = 3; i < 5; i++) { // its end is no step
		CHECK_EQ(sys(ptrace, PTRACE_SYSEMU_SINGLESTEP, pid, 0, 0), 0);
		CHECK_EQ(wait_code(pid), SIGTRAP);
		CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
		CHECK_EQ(info.si_code, TRAP_TRACE);
		CHECK_EQ(regs_of(pid).rip, rip + i);
	}
	goes_to_its_end(pid, 5);
}

// ---- the small ones ----

static unsigned long words[2];

static int by_segment(void *unused)
{
	unsigned long fs, gs;

	(void)unused;
	__asm__ volatile("int3\n\tmovq %%fs:0, %0\n\tmovq %%gs:0, %1" : "=&r"(fs), "=&r"(gs) : : "memory");
	return fs == 11 && gs == 22 ? 5 : 6;
}

TEST(bases_of_segments)
{
	unsigned long v = 0;
	int pid;

	words[0] = 11;
	words[1] = 22;
	pid = stopped_child(by_segment);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, &words[0], ARCH_SET_FS), 0);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, &words[1], ARCH_SET_GS), 0);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, &v, ARCH_GET_FS), 0);
	CHECK_EQ(v, &words[0]);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, &v, ARCH_GET_GS), 0);
	CHECK_EQ(v, &words[1]);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, USER_END, ARCH_SET_FS), -EPERM);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, -1, ARCH_SET_GS), -EPERM);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, 8, ARCH_GET_GS), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, 0, ARCH_GET_CPUID), -EINVAL); // of oneself only
	CHECK_EQ(sys(ptrace, PTRACE_ARCH_PRCTL, pid, 0, 77), -EINVAL);
	goes_to_its_end(pid, 5);
}

TEST(areas_of_a_thread)
{
	struct user_desc d, is;
	int pid = stopped_child(forks_and_calls), kid;

	for (int i = 12; i < 15; i++) {
		memset(&d, 0x77, sizeof d);
		CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, pid, i, &d), 0);
		memset(&is, 0, sizeof is);
		is.entry_number = (unsigned)i;
		is.read_exec_only = is.seg_not_present = 1; // there is none
		CHECK_EQ(memcmp(&d, &is, sizeof d), 0);
	}
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, pid, 11, &d), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, pid, 15, &d), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, pid, -1, &d), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, pid, 12, 8), -EFAULT);
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 12, 8), -EFAULT);

	memset(&d, 0, sizeof d);
	d.entry_number = 99; // the argument counts
	d.base_addr = 0x12345678;
	d.limit = 0x3ffff9;
	d.seg_32bit = d.lm = d.useable = d.limit_in_pages = d.contents = 1;
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 11, &d), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 15, &d), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, -1, &d), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 13, &d), 0);
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, pid, 13, &is), 0);
	d.entry_number = 13;
	d.limit = 0xffff9; // 20 bits
	d.lm = 0;
	CHECK_EQ(memcmp(&d, &is, sizeof d), 0);
	d.contents = 2; // code
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 13, &d), -EINVAL);
	d.contents = 0;
	d.seg_32bit = 0;
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 13, &d), -EINVAL);
	d.seg_32bit = d.seg_not_present = 1;
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, pid, 13, &d), -EINVAL);

	// A child has them too.
	kid = forked(pid);
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, kid, 13, &d), 0);
	CHECK_EQ(d.base_addr, 0x12345678);
	memset(&d, 0, sizeof d); // and so it is taken away
	CHECK_EQ(sys(ptrace, PTRACE_SET_THREAD_AREA, kid, 13, &d), 0);
	CHECK_EQ(sys(ptrace, PTRACE_GET_THREAD_AREA, kid, 13, &is), 0);
	CHECK_EQ(is.seg_not_present & is.read_exec_only, 1);
	CHECK_EQ(is.base_addr, 0);
	goes_to_its_end(kid, 7);
	kill_traced(pid);
}

static unsigned char rseq_area[32] __attribute__((aligned(32)));

static int has_an_rseq(void *unused)
{
	(void)unused;
	CHECK_EQ(sys(rseq, rseq_area, 32, 0, 0x53053053), 0);
	__asm__ volatile("int3");
	return 5;
}

TEST(where_the_rseq_is)
{
	struct {
		unsigned long pointer;
		unsigned size, signature, flags, pad, beyond;
	} conf;
	int pid = stopped_child(has_an_rseq);

	CHECK_EQ(sys(ptrace, GET_RSEQ_CONFIGURATION, pid, 24, &conf), 24);
	CHECK_EQ(conf.pointer, 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGTRAP);
	memset(&conf, 0x77, sizeof conf);
	CHECK_EQ(sys(ptrace, GET_RSEQ_CONFIGURATION, pid, sizeof conf, &conf), 24);
	CHECK_EQ(conf.pointer, rseq_area);
	CHECK_EQ(conf.size, 32);
	CHECK_EQ(conf.signature, 0x53053053);
	CHECK_EQ(conf.flags | conf.pad, 0);
	CHECK_EQ(conf.beyond, 0x77777777);
	memset(&conf, 0x77, sizeof conf);
	CHECK_EQ(sys(ptrace, GET_RSEQ_CONFIGURATION, pid, 12, &conf), 24); // as much as there is room for
	CHECK_EQ(conf.size, 32);
	CHECK_EQ(conf.signature, 0x77777777);
	CHECK_EQ(sys(ptrace, GET_RSEQ_CONFIGURATION, pid, 0, 0), 24);
	CHECK_EQ(sys(ptrace, GET_RSEQ_CONFIGURATION, pid, 24, 8), -EFAULT);
	goes_to_its_end(pid, 5);
}

TEST(sets_of_registers_that_are_not)
{
	static char area[64];
	int pid = stopped_child(thread_pause);
	struct iovec v = {area, sizeof area};

	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, NT_386_IOPERM_, &v), -ENXIO); // it may use no port
	CHECK_EQ(sys(ptrace, PTRACE_SETREGSET, pid, NT_386_IOPERM_, &v), -EOPNOTSUPP);
	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, NT_386_TLS_, &v), -EINVAL); // of 32-bit programs
	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, 0x46e62b7f, &v), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, 1UL << 32 | 1, &v), 0); // 32 bits of it count
	CHECK_EQ(v.iov_len, 64);
	v.iov_len = 7;
	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, NT_386_IOPERM_, &v), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SETREGSET, pid, NT_386_IOPERM_, &v), -EINVAL);
	v.iov_len = 0;
	CHECK_EQ(sys(ptrace, PTRACE_GETREGSET, pid, NT_386_IOPERM_, &v), -ENXIO);
	kill_traced(pid);
}
