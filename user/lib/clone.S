/* SPDX-License-Identifier: GPL-2.0-only */
/* The system calls that C cannot make: those after which the stack is another one, or shared. */

#include <asm/unistd.h>

/*
 * long __clone(flags rdi, stack rsi, ptid rdx, ctid rcx, tls r8, fn r9, arg 8(%rsp))
 * The child calls fn(arg) on stack and exits with its result.
 */
	.section .text.__clone, "ax", @progbits
	.globl	__clone
	.type	__clone, @function
__clone:
	and	$-16, %rsi
	sub	$16, %rsi
	mov	8(%rsp), %rax
	mov	%rax, 8(%rsi)		/* arg */
	mov	%r9, (%rsi)		/* fn */
	mov	%rcx, %r10		/* the kernel's fourth argument */
	mov	$__NR_clone, %eax
	syscall
	test	%rax, %rax
	jz	1f
	ret
1:	xor	%ebp, %ebp
	pop	%rax
	pop	%rdi
	call	*%rax
	mov	%eax, %edi
	mov	$__NR_exit, %eax
	syscall
	hlt
	.size	__clone, . - __clone

/* void __unmap_and_exit(map, size): the last act of a detached thread, without a stack. */
	.section .text.__unmap_and_exit, "ax", @progbits
	.globl	__unmap_and_exit
	.type	__unmap_and_exit, @function
__unmap_and_exit:
	mov	$__NR_munmap, %eax
	syscall
	xor	%edi, %edi
	mov	$__NR_exit, %eax
	syscall
	hlt
	.size	__unmap_and_exit, . - __unmap_and_exit

/* pid_t vfork(void): the return address must survive the child's use of the same stack. */
	.section .text.vfork, "ax", @progbits
	.globl	vfork
	.type	vfork, @function
vfork:
	pop	%rdx
	mov	$__NR_vfork, %eax
	syscall
	push	%rdx
	mov	%rax, %rdi
	jmp	__syscall_result
	.size	vfork, . - vfork

/* Where a signal handler returns to. */
	.section .text.__restore_rt, "ax", @progbits
	.globl	__restore_rt
	.type	__restore_rt, @function
	nop				/* unwinders look at the byte before */
__restore_rt:
	mov	$__NR_rt_sigreturn, %eax
	syscall
	hlt
	.size	__restore_rt, . - __restore_rt

	.section .note.GNU-stack, "", @progbits
