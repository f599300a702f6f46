/* SPDX-License-Identifier: GPL-2.0-only */
/* From one stack to another. The callee-saved registers lie on the stack that is left. */

	.text

/* void host_switch_stack(void **save_sp, void *load_sp) */
	.globl host_switch_stack
	.type host_switch_stack, @function
host_switch_stack:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size host_switch_stack, . - host_switch_stack

/*
 * void host_begin_stack(void *sp, void (*fn)(void)): forgets everything above sp and calls fn
 * there, which does not return.
 */
	.globl host_begin_stack
	.type host_begin_stack, @function
host_begin_stack:
	mov %rdi, %rsp
	xor %ebp, %ebp
	call *%rsi
	ud2
	.size host_begin_stack, . - host_begin_stack

	.section .note.GNU-stack, "", @progbits
