/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways into the kernel and back: system calls, exceptions, interrupts; the switch between kernel stacks.
 *
 * In user mode GS is the user's and KERNEL_GS_BASE is this CPU's struct cpu; in the kernel the other way round. Whatever
 * comes from user mode finds its struct regs at the very top of current's kernel stack.
 */
#include "offsets.h"

	.text

/*
 * SYSCALL: rcx = user rip, r11 = user rflags, IF TF DF AC off. The way back by SYSRET leaves out the callee-saved
 * registers, which C kept, and trusts rip: SYSCALL put it there, just after an instruction in user space, whose last
 * page is never mapped. Whoever changes registers in struct regs makes the number negative (sigreturn, exec) or has
 * come through the slow way, which loads all of them and leaves by IRET.
 */
	.globl syscall_entry
	.balign 16
syscall_entry:
	swapgs
	movq %rsp, %gs:CPU_USER_SP
	movq %gs:CPU_KSTACK, %rsp
	pushq $USER_DS
	pushq %gs:CPU_USER_SP
	pushq %r11
	pushq $USER_CS
	pushq %rcx
	pushq %rax				/* nr */
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq $-38				/* ax: ENOSYS */
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, %rdi
	sti
	call entry_syscall
	cli
	movq %gs:CPU_CURRENT, %rax
	testl $TASK_TIF_WORK, TASK_TIF(%rax)
	jnz exit_slow
	cmpl $0, REGS_NR(%rsp)
	jl exit_slow
	addq $REGS_R11, %rsp
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	movq (REGS_SP - REGS_NR)(%rsp), %rsp
	swapgs
	sysretq

/* Interrupts off, rsp at the struct regs. */
exit_slow:
	movq %rsp, %rdi
	call x86_exit_to_user
exit_user:
	swapgs
restore_all:
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	addq $8, %rsp				/* nr */
	iretq

/* One stub a vector, 16 bytes each: error code (or 0) and vector where struct regs has nr and di. */
	.globl trap_stubs
	.balign 16
trap_stubs:
vector = 0
.rept 256
	.balign 16
	.if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
	pushq $0
	.endif
	pushq $vector
	jmp trap_common
vector = vector + 1
.endr

	.balign 16
trap_common:
	CLAC
	cld
	testb $3, 24(%rsp)			/* cs */
	jz 1f
	swapgs
1:	xchgq %rdi, (%rsp)
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq REGS_NR(%rsp), %rsi
	movq $-1, REGS_NR(%rsp)
	movq %rsp, %rdx
	call x86_trap				/* vector, error code, regs; returns with interrupts off */
	testb $3, REGS_CS(%rsp)
	jz restore_all
	movq %gs:CPU_CURRENT, %rax
	testl $TASK_TIF_WORK, TASK_TIF(%rax)
	jz exit_user
	jmp exit_slow

/* On its own stack, at any instruction, whatever GS is: the only thing it is used for is to stop a CPU. */
	.globl nmi_entry
nmi_entry:
	cmpl $0, stopping(%rip)
	jne 1f
	iretq
1:	cli
	hlt
	jmp 1b

/* On its own stack; never returns. */
	.globl double_fault_entry
double_fault_entry:
	cld
	pushq $0				/* di, filled in below */
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rdi, REGS_DI(%rsp)
	movl $0xc0000101, %ecx			/* GS_BASE: the kernel's is negative */
	rdmsr
	testl %edx, %edx
	js 1f
	swapgs
1:	movq %rsp, %rdi
	call x86_double_fault
	ud2

/* void switch_stacks(u64 *save, u64 load): returns on the other stack. */
	.globl switch_stacks
	.balign 16
switch_stacks:
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

/* A kernel thread's first instruction: function in r12, argument in r13, struct regs space right above. */
	.globl thread_entry
thread_entry:
	call schedule_tail
	sti
	movq %r13, %rdi
	call *%r12
	/* It returns only after an exec: on to the program. */
	cli
	jmp exit_slow

/* A forked thread's: struct regs is filled in right above. */
	.globl fork_return
fork_return:
	call schedule_tail
	cli
	jmp exit_slow

	.section .note.GNU-stack, "", @progbits
