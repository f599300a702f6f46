// SPDX-License-Identifier: GPL-2.0-only
//
// What the processor refuses: each fault's signal, si_code and si_addr; privileged instructions.
#include "t.h"

static void divide(void)
{
	__asm__ volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; mov $1, %%eax; div %%ecx" ::: "eax", "ecx", "edx");
}

TEST(divide_by_zero)
{
	struct fault f = t_fault(divide);

	CHECK_EQ(f.sig, SIGFPE);
	CHECK_EQ(f.code, FPE_INTDIV);
	CHECK_EQ(f.addr, f.rip);
}

static void invalid(void)
{
	__asm__ volatile("ud2");
}

TEST(invalid_opcode)
{
	struct fault f = t_fault(invalid);

	CHECK_EQ(f.sig, SIGILL);
	CHECK_EQ(f.code, ILL_ILLOPN);
	CHECK_EQ(f.addr, f.rip);
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

TEST(breakpoint_trap)
{
	struct fault f = t_fault(breakpoint);

	CHECK_EQ(f.sig, SIGTRAP);
	CHECK_EQ(f.code, SI_KERNEL);
}

static void single_step(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" ::: "cc", "memory");
}

TEST(single_step_trap)
{
	struct fault f = t_fault(single_step);

	CHECK_EQ(f.sig, SIGTRAP);
	CHECK_EQ(f.code, TRAP_TRACE);
}

static void misaligned(void)
{
	static char area[64] __attribute__((aligned(16)));

	__asm__ volatile("movaps (%0), %%xmm0" : : "r"(area + 1) : "xmm0");
}

TEST(misaligned_sse)
{
	struct fault f = t_fault(misaligned);

	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SI_KERNEL);
	CHECK_EQ(f.addr, 0);
}

static void float_divide(void)
{
	unsigned mxcsr = 0x1f80 & ~0x200u; // unmask division by zero

	__asm__ volatile("ldmxcsr %0; xorps %%xmm1, %%xmm1; mov $0x3f800000, %%eax; movd %%eax, %%xmm0\n"
			 "divss %%xmm1, %%xmm0"
			 :
			 : "m"(mxcsr)
			 : "eax", "xmm0", "xmm1");
}

TEST(sse_exception)
{
	struct fault f = t_fault(float_divide);

	if (t_own_machine && f.sig == 0)
		SKIP("QEMU's processor computes on");
	CHECK_EQ(f.sig, SIGFPE);
	CHECK_EQ(f.code, FPE_FLTDIV);
}

static void x87_divide(void)
{
	unsigned short control = 0x37f & ~0x4; // unmask division by zero

	__asm__ volatile("fninit; fldcw %0; fldz; fld1; fdivp; fwait" ::"m"(control));
}

TEST(x87_exception)
{
	struct fault f = t_fault(x87_divide);

	CHECK_EQ(f.sig, SIGFPE);
	CHECK_EQ(f.code, FPE_FLTDIV);
}

#define PRIVILEGED(name, text)                                                                     \
	static void name(void)                                                                     \
	{                                                                                          \
		__asm__ volatile(text ::: "rax", "rcx", "rdx", "memory");                          \
	}
PRIVILEGED(p_hlt, "hlt")
PRIVILEGED(p_cli, "cli")
PRIVILEGED(p_sti, "sti")
PRIVILEGED(p_in, "in $0x80, %%al")
PRIVILEGED(p_out, "out %%al, $0x80")
PRIVILEGED(p_exit_port, "mov $0xf4, %%edx; out %%eax, %%dx")
PRIVILEGED(p_cr0, "mov %%cr0, %%rax")
PRIVILEGED(p_cr3, "xor %%eax, %%eax; mov %%rax, %%cr3")
PRIVILEGED(p_cr4, "mov %%cr4, %%rax")
PRIVILEGED(p_dr, "mov %%dr7, %%rax")
PRIVILEGED(p_rdmsr, "mov $0xc0000080, %%ecx; rdmsr")
PRIVILEGED(p_wrmsr, "mov $0xc0000082, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; wrmsr")
PRIVILEGED(p_lgdt, "lgdt (%%rsp)")
PRIVILEGED(p_lidt, "lidt (%%rsp)")
PRIVILEGED(p_ltr, "mov $0x40, %%eax; ltr %%ax")
PRIVILEGED(p_lldt, "xor %%eax, %%eax; lldt %%ax")
PRIVILEGED(p_wbinvd, "wbinvd")
PRIVILEGED(p_invlpg, "invlpg (%%rsp)")
PRIVILEGED(p_swapgs, "swapgs")
PRIVILEGED(p_clts, "clts")
PRIVILEGED(p_sysret, "mov $0x400000, %%ecx; sysretq")
PRIVILEGED(p_iret, "pushq $0x10; pushq $0; pushq $2; pushq $0x8; pushq $0; iretq")
PRIVILEGED(p_int_gate, "int $0x20")
PRIVILEGED(p_int_nmi, "int $2")
PRIVILEGED(p_int_df, "int $8")
PRIVILEGED(p_int_pf, "int $14")
PRIVILEGED(p_int_ipi, "int $0xf0")
PRIVILEGED(p_kernel_ds, "mov $0x10, %%eax; mov %%eax, %%ss")
PRIVILEGED(p_far, "pushq $0x8; pushq $0x1000; lretq")

TEST(privileged_instructions)
{
	static void (*const all[])(void) = {p_hlt, p_cli, p_sti, p_in, p_out, p_exit_port, p_cr0, p_cr3,
		p_cr4, p_dr, p_rdmsr, p_wrmsr, p_lgdt, p_lidt, p_ltr, p_lldt, p_wbinvd, p_invlpg, p_swapgs,
		p_clts, p_sysret, p_int_gate, p_int_nmi, p_int_df, p_int_pf, p_int_ipi,
		p_kernel_ds};

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		struct fault f = t_fault(all[i]);

		if (f.how != 0 || (f.sig != SIGSEGV && !(all[i] == p_swapgs && f.sig == SIGILL)))
			t_printf("# number %u\n", i);
		CHECK_EQ(f.how, 0);
		if (all[i] == p_swapgs && f.sig == SIGILL) // some processors say #UD
			continue;
		CHECK_EQ(f.sig, SIGSEGV);
		CHECK_EQ(f.code, SI_KERNEL);
	}
}

// QEMU reads the frame as the kernel would, which on Linux is a fault of the kernel.
TEST(returns_to_the_kernel)
{
	static void (*const all[])(void) = {p_iret, p_far};

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		struct fault f = t_fault(all[i]);

		CHECK_EQ(f.how, 0);
		CHECK_EQ(f.sig, SIGSEGV);
		CHECK_EQ(f.code, SI_KERNEL);
	}
}

static char not_code[] __attribute__((aligned(16))) = "\xc3"; // ret

TEST(data_does_not_run)
{
	struct fault f = t_fault((void (*)(void))(unsigned long)not_code);

	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_ACCERR);
	CHECK_EQ(f.addr, (unsigned long)not_code);
}

// Where the kernel keeps its tables is not told.
PRIVILEGED(p_sgdt, "sub $256, %%rsp; sgdt (%%rsp); add $256, %%rsp")
PRIVILEGED(p_sidt, "sub $256, %%rsp; sidt (%%rsp); add $256, %%rsp")
PRIVILEGED(p_sldt, "sldt %%eax")
PRIVILEGED(p_smsw, "smsw %%eax")
PRIVILEGED(p_str, "str %%eax")

TEST(addresses_of_tables_are_not_told)
{
	static void (*const all[])(void) = {p_sgdt, p_sidt, p_sldt, p_smsw, p_str};

	if (!t_on_thaw)
		SKIP("Linux answers some with made-up values, and not every processor has UMIP");
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		CHECK_EQ(t_fault(all[i]).sig, SIGSEGV);
}

// Instructions that set flags the kernel must not inherit.

TEST(direction_flag_is_not_the_kernels)
{
	char path[] = "/";
	long ret;

	__asm__ volatile("std; syscall; cld"
			 : "=a"(ret)
			 : "0"(__NR_access), "D"(path), "S"(0)
			 : "rcx", "r11", "memory");
	CHECK_EQ(ret, 0);
}

TEST(alignment_flag_is_not_the_kernels)
{
	// AC set in user mode would let the kernel's stray accesses through, were it not cleared.
	long ret;
	struct timespec ts;

	__asm__ volatile("pushfq; orq $0x40000, (%%rsp); popfq; syscall; pushfq; andq $~0x40000, (%%rsp); popfq"
			 : "=a"(ret)
			 : "0"(__NR_clock_gettime), "D"(1), "S"(&ts)
			 : "rcx", "r11", "memory", "cc");
	CHECK_EQ(ret, 0);
	__asm__ volatile("pushfq; orq $0x40000, (%%rsp); popfq; syscall; pushfq; andq $~0x40000, (%%rsp); popfq"
			 : "=a"(ret)
			 : "0"(__NR_clock_gettime), "D"(1), "S"(0xffffffff80000000UL)
			 : "rcx", "r11", "memory", "cc");
	CHECK_EQ(ret, -EFAULT);
}

TEST(nested_task_flag)
{
	long ret;

	__asm__ volatile("pushfq; orq $0x4000, (%%rsp); popfq; syscall; pushfq; andq $~0x4000, (%%rsp); popfq"
			 : "=a"(ret)
			 : "0"(__NR_getpid)
			 : "rcx", "r11", "memory", "cc");
	CHECK_EQ(ret, t_getpid());
}

TEST(any_stack_pointer_will_do_for_a_system_call)
{
	static const unsigned long sps[] = {0, 8, 0x8000000000000000UL, 0xffffffff80000000UL, ~0UL};

	for (unsigned i = 0; i < sizeof sps / sizeof *sps; i++) {
		long ret;

		__asm__ volatile("mov %%rsp, %%r12; mov %2, %%rsp; syscall; mov %%r12, %%rsp"
				 : "=a"(ret)
				 : "0"(__NR_getpid), "r"(sps[i])
				 : "rcx", "r11", "r12", "memory");
		CHECK_EQ(ret, t_getpid());
	}
}

static void read_tsc(void)
{
	__asm__ volatile("rdtsc" ::: "eax", "edx");
}

static void refused_tsc(void)
{
	CHECK_EQ(sys(prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD(t_exit(0)), 0); // another that may, and back
	read_tsc();
}

static int reads_tsc(void *unused)
{
	(void)unused;
	read_tsc();
	return 0;
}

// The time stamp counter is allowed or not by thread; a child is born with what its parent has.
TEST(time_stamps_can_be_forbidden)
{
	int mode = 0;
	struct thread t;
	struct fault f = t_fault(refused_tsc);

	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SI_KERNEL);
	CHECK_EQ(sys(prctl, PR_SET_TSC, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_TSC, 1UL << 32 | PR_TSC_ENABLE, 0, 0, 0), 0); // an int
	CHECK_EQ(sys(prctl, PR_GET_TSC, 8UL, 0, 0, 0), -EFAULT);
	CHECK_EQ(IN_CHILD({
		thread_start(&t, reads_tsc, NULL); // made before, and not asked
		CHECK_EQ(sys(prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0), 0);
		thread_join(&t);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(prctl, PR_GET_TSC, &mode, 0, 0, 0), 0);
			CHECK_EQ(mode, PR_TSC_SIGSEGV);
			CHECK_EQ(sys(prctl, PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0), 0);
			read_tsc();
		}), 0);
		CHECK_EQ(sys(prctl, PR_GET_TSC, &mode, 0, 0, 0), 0);
		CHECK_EQ(mode, PR_TSC_SIGSEGV);
	}), 0);
	read_tsc();
}

TEST(registers_survive_a_system_call)
{
	long bad;

	// All but rax, rcx and r11, which the instruction itself takes.
	__asm__ volatile("mov $39, %%eax; mov $0x11, %%edi; mov $0x22, %%esi; mov $0x33, %%edx\n"
			 "mov $0x44, %%r10d; mov $0x55, %%r8d; mov $0x66, %%r9d; mov $0x77, %%ebx\n"
			 "mov $0x88, %%r12d; mov $0x99, %%r13d; mov $0xaa, %%r14d; mov $0xbb, %%r15d\n"
			 "syscall\n"
			 "mov $1, %%eax\n"
			 "cmp $0x11, %%edi; jne 1f; cmp $0x22, %%esi; jne 1f; cmp $0x33, %%edx; jne 1f\n"
			 "cmp $0x44, %%r10d; jne 1f; cmp $0x55, %%r8d; jne 1f; cmp $0x66, %%r9d; jne 1f\n"
			 "cmp $0x77, %%ebx; jne 1f; cmp $0x88, %%r12d; jne 1f; cmp $0x99, %%r13d; jne 1f\n"
			 "cmp $0xaa, %%r14d; jne 1f; cmp $0xbb, %%r15d; jne 1f\n"
			 "xor %%eax, %%eax\n"
			 "1:"
			 : "=a"(bad)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			 "r15", "memory", "cc");
	CHECK_EQ(bad, 0);
}
