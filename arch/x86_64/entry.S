/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways into the kernel and back: system calls, exceptions, interrupts; the switch between kernel
 * stacks.
 *
 * In user mode GS is the user's and KERNEL_GS_BASE is this CPU's struct cpu; in the kernel the
 * other way round. Whatever comes from user mode finds its struct regs at the very top of current's
 * kernel stack.
 */
#include "offsets.h"

	.text

/*
 * SYSCALL: rcx = user rip, r11 = user rflags, IF TF DF AC off. A call and back are counted in
 * instructions:
 *  - ss is in its place from the first entry on; ax, cx and r11 are filled in on the slow way out, and for a forked child.
 *  - Calls of the table are made from here, with the arguments where the user put them, and numbers beyond it are answered by
 *    entry_no_such_call(); all others by entry_syscall().
 *  - The way back by SYSRET leaves out the callee-saved registers but rbx, which C kept, and trusts rip: SYSCALL put it there, just
 *    after an instruction in user space, whose last page is never mapped. Whoever changes struct regs sets TIF_SLOW_EXIT
 *    (sigreturn, exec) or is on the slow way already, which loads all of it and leaves by IRET.
 */
	.globl syscall_entry
	.balign 16
syscall_entry:
	swapgs
	movq %rsp, %gs:CPU_USER_SP
	movq %gs:CPU_KSTACK, %rsp
	pushq %gs:CPU_USER_SP
	pushq %r11
	pushq $USER_CS
	pushq %rcx
	pushq %rax				/* nr */
	subq $REGS_NR, %rsp
	movq %r8, REGS_R8(%rsp)
	movq %r9, REGS_R9(%rsp)
	movq %r10, REGS_R10(%rsp)
	movq %r12, REGS_R12(%rsp)
	movq %r13, REGS_R13(%rsp)
	movq %r14, REGS_R14(%rsp)
	movq %r15, REGS_R15(%rsp)
	movq %rdi, REGS_DI(%rsp)
	movq %rsi, REGS_SI(%rsp)
	movq %rbp, REGS_BP(%rsp)
	movq %rbx, REGS_BX(%rsp)
	movq %rdx, REGS_DX(%rsp)
	movq %gs:CPU_CURRENT, %rbx		/* for good: C keeps rbx */
	cmpl nr_fast_calls(%rip), %eax
	jae .Lcall_unusual
	movl %eax, TASK_IN_SYSCALL(%rbx)
	movl %eax, %eax
	movq handlers(,%rax,8), %rax
	testq %rax, %rax
	jz .Lcall_slow
	movq %r10, %rcx
	sti
	call *%rax
.Lcall_done:
	cli
	movl $-1, TASK_IN_SYSCALL(%rbx)
	movq TASK_MUTEXES(%rbx), %rcx
	orq %gs:CPU_NR_HELD, %rcx
	jnz syscall_slow
	testl $(TASK_TIF_WORK | TASK_TIF_SYSCALL | TIF_SLOW_EXIT | TIF_OWN_STEP), TASK_TIF(%rbx)
	jnz syscall_slow
	movq REGS_BX(%rsp), %rbx
	movq REGS_R10(%rsp), %r10
	movq REGS_R9(%rsp), %r9
	movq REGS_R8(%rsp), %r8
	movq REGS_DX(%rsp), %rdx
	movq REGS_SI(%rsp), %rsi
	movq REGS_DI(%rsp), %rdi
	movq REGS_IP(%rsp), %rcx
	movq REGS_FLAGS(%rsp), %r11
	movq REGS_SP(%rsp), %rsp
	swapgs
	sysretq

.Lcall_unusual:
	cmpl last_call(%rip), %eax
	jbe .Lcall_slow
	movl %eax, TASK_IN_SYSCALL(%rbx)
	call entry_no_such_call			/* with interrupts off: it is short */
	jmp .Lcall_done

.Lcall_slow:
	movq %rsp, %rdi
	sti
	call entry_syscall
	jmp .Lcall_done

/*
 * Interrupts off, rax the call's value, rbx current, rsp at the struct regs. x86_exit_to_user()
 * finds the lock that is held.
 */
syscall_slow:
	movq %rax, REGS_AX(%rsp)
	testl $TIF_SLOW_EXIT, TASK_TIF(%rbx)
	jnz 1f
	movq REGS_IP(%rsp), %rcx
	movq REGS_FLAGS(%rsp), %r11
	movq %rcx, REGS_CX(%rsp)
	movq %r11, REGS_R11(%rsp)
1:	testl $TASK_TIF_SYSCALL, TASK_TIF(%rbx)
	jz exit_slow
	sti
	call entry_syscall_traced
	cli
exit_slow:
	movq %rsp, %rdi
	call x86_exit_to_user
exit_user:
	swapgs
restore_all:
	popq %r8
	popq %r9
	popq %r10
	popq %r11
	popq %r12
	popq %r13
	popq %r14
	popq %r15
	popq %rdi
	popq %rsi
	popq %rbp
	popq %rbx
	popq %rdx
	popq %rax
	popq %rcx
	addq $8, %rsp				/* nr */
	iretq

/*
 * One stub a vector, 16 bytes each: error code (or 0) and vector where struct regs has nr and cx.
 */
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
	jz trap_save
	swapgs
trap_save:
	xchgq %rcx, (%rsp)
	pushq %rax
	pushq %rdx
	pushq %rbx
	pushq %rbp
	pushq %rsi
	pushq %rdi
	pushq %r15
	pushq %r14
	pushq %r13
	pushq %r12
	pushq %r11
	pushq %r10
	pushq %r9
	pushq %r8
	movq %rcx, %rdi
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

/*
 * #DB, on its own stack. From user mode it goes on on the thread's, like any other exception.
 *
 * From the kernel it means nothing. A watchpoint is one of user memory that the kernel touches in the thread's name, which the
 * user is not told of. And MOV SS puts a #DB off until after the next instruction: if that is SYSCALL or INT3, it comes at the
 * kernel's first instruction, with the user's GS and perhaps the user's stack. So neither is used, and user mode does not go on
 * with a step. (LINUX: it would set DEBUGCTL.BTF again, which #DB clears; here a step to the next jump may be a shorter one.)
 */
	.globl debug_entry
	.balign 16
debug_entry:
	pushq %rax
	testb $3, 16(%rsp)			/* cs */
	jz 1f
	CLAC
	cld
	swapgs
	movq %rsp, %rax
	movq %gs:CPU_KSTACK, %rsp
	addq $8, %rsp
	pushq 40(%rax)				/* ss, sp, flags, cs, ip */
	pushq 32(%rax)
	pushq 24(%rax)
	pushq 16(%rax)
	pushq 8(%rax)
	movq (%rax), %rax
	pushq $0
	pushq $VEC_DB
	jmp trap_save
1:	cmpq $debug_entry, 8(%rsp)		/* on QEMU, the rest of what this very #DB is */
	je 2f
	movl $DR6_RESERVED, %eax
	movq %rax, %db6
2:	popq %rax
	andl $~0x100, 16(%rsp)			/* TF */
	iretq

/*
 * On its own stack, at any instruction, whatever GS is: the only thing it is used for is to stop a
 * CPU.
 */
	.globl nmi_entry
nmi_entry:
	cmpl $0, stopping(%rip)
	jne 1f
	iretq
1:	lock incl stopped(%rip)
2:	cli
	hlt
	jmp 2b

/* On its own stack; never returns. */
	.globl double_fault_entry
double_fault_entry:
	cld
	pushq %rcx
	pushq %rax
	pushq %rdx
	pushq %rbx
	pushq %rbp
	pushq %rsi
	pushq %rdi
	pushq %r15
	pushq %r14
	pushq %r13
	pushq %r12
	pushq %r11
	pushq %r10
	pushq %r9
	pushq %r8
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

/*
 * A kernel thread's first instruction: function in r12, argument in r13, struct regs space right
 * above.
 */
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
