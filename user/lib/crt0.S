/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a program starts: rsp points at argc, argv, envp, auxv. */

	.section .text._start, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	xor	%ebp, %ebp		/* end of the chain of frames */
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	__start_c
	hlt
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
