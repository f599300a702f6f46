/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Touching user memory: every instruction here that may fault on it is named in the exception table with the place to go on
 * from. AC is set around them on CPUs with SMAP. Also what compilers call for big structs, and whole pages.
 *
 * Moves are of 8 bytes and unrolled: machines here are measured by instructions, and string instructions count each round.
 */
#include "offsets.h"

/* One instruction that may fault: go on at \to. */
.macro TRY to, insn:vararg
662:	\insn
	.pushsection .ex_table, "a"
	.quad 662b, \to
	.popsection
.endm

	.text

/* size_t user_copy(void *dst, const void *src, size_t n): one of the two is a user address. Bytes not copied. */
	.globl user_copy
	.balign 16
user_copy:
	STAC
	subq $64, %rdx
	jb 2f
1:
	TRY 5f, movq (%rsi), %rax
	TRY 5f, movq 8(%rsi), %rcx
	TRY 5f, movq 16(%rsi), %r8
	TRY 5f, movq 24(%rsi), %r9
	TRY 5f, movq %rax, (%rdi)
	TRY 5f, movq %rcx, 8(%rdi)
	TRY 5f, movq %r8, 16(%rdi)
	TRY 5f, movq %r9, 24(%rdi)
	TRY 5f, movq 32(%rsi), %rax
	TRY 5f, movq 40(%rsi), %rcx
	TRY 5f, movq 48(%rsi), %r8
	TRY 5f, movq 56(%rsi), %r9
	TRY 5f, movq %rax, 32(%rdi)
	TRY 5f, movq %rcx, 40(%rdi)
	TRY 5f, movq %r8, 48(%rdi)
	TRY 5f, movq %r9, 56(%rdi)
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	jae 1b
2:	addq $64 - 8, %rdx			/* left - 8 */
	js 6f
3:
	TRY 8f, movq (%rsi), %rax
	TRY 8f, movq %rax, (%rdi)
	addq $8, %rsi
	addq $8, %rdi
	subq $8, %rdx
	jns 3b
6:	addq $8, %rdx
	jz 9f
10:
	TRY 9f, movb (%rsi), %al
	TRY 9f, movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 10b
9:	movq %rdx, %rax
	CLAC
	ret
8:	addq $8, %rdx
	jmp 10b
5:	addq $64, %rdx				/* the block again, byte by byte, for an exact count */
	jmp 10b

/* size_t user_clear(void *dst, size_t n): bytes not cleared. */
	.globl user_clear
	.balign 16
user_clear:
	STAC
	xorl %eax, %eax
	subq $64, %rsi
	jb 2f
1:
	TRY 5f, movq %rax, (%rdi)
	TRY 5f, movq %rax, 8(%rdi)
	TRY 5f, movq %rax, 16(%rdi)
	TRY 5f, movq %rax, 24(%rdi)
	TRY 5f, movq %rax, 32(%rdi)
	TRY 5f, movq %rax, 40(%rdi)
	TRY 5f, movq %rax, 48(%rdi)
	TRY 5f, movq %rax, 56(%rdi)
	addq $64, %rdi
	subq $64, %rsi
	jae 1b
2:	addq $64, %rsi
	jmp 6f
5:	addq $64, %rsi
	jmp 7f
6:	jz 9f
7:
	TRY 9f, movb %al, (%rdi)
	incq %rdi
	decq %rsi
	jnz 7b
9:	movq %rsi, %rax
	CLAC
	ret

/* long user_strncpy(char *dst, const char *src, size_t n): length, n if there is no NUL in n bytes, -EFAULT. n > 0. */
	.globl user_strncpy
	.balign 16
user_strncpy:
	STAC
	xorl %ecx, %ecx
1:
	TRY 3f, movb (%rsi,%rcx), %al
	movb %al, (%rdi,%rcx)
	testb %al, %al
	jz 2f
	incq %rcx
	cmpq %rdx, %rcx
	jb 1b
2:	movq %rcx, %rax
	CLAC
	ret
3:	movq $-14, %rax
	CLAC
	ret

/* int user_cmpxchg32(u32 *addr, u32 old, u32 new, u32 *cur) */
	.globl user_cmpxchg32
	.balign 16
user_cmpxchg32:
	movl %esi, %eax
	STAC
	TRY 1f, lock cmpxchgl %edx, (%rdi)
	CLAC
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret
1:	CLAC
	movl $-14, %eax
	ret

/* int fpu_try_load(const void *area, u64 mask): XRSTOR, FXRSTOR if mask is 0; -1 if the CPU refuses the area. */
	.globl fpu_try_load
fpu_try_load:
	movq %rsi, %rax
	movq %rsi, %rdx
	shrq $32, %rdx
	testq %rsi, %rsi
	jz 1f
	TRY 2f, xrstor64 (%rdi)
	xorl %eax, %eax
	ret
1:
	TRY 2f, fxrstor64 (%rdi)
	xorl %eax, %eax
	ret
2:	movl $-1, %eax
	ret

/*
 * Whole pages by 16 bytes a move. The SSE registers may hold the user's values, so they are put back; nobody looks at them in
 * between, since the kernel is not preempted and interrupts use none.
 */
	.globl arch_clear_page
	.balign 16
arch_clear_page:
	subq $24, %rsp
	movups %xmm0, (%rsp)
	pxor %xmm0, %xmm0
	movl $8, %ecx
1:
	.set o, 0
	.rept 32
	movaps %xmm0, o(%rdi)
	.set o, o + 16
	.endr
	addq $512, %rdi
	decl %ecx
	jnz 1b
	movups (%rsp), %xmm0
	addq $24, %rsp
	ret

	.globl arch_copy_page
	.balign 16
arch_copy_page:
	subq $40, %rsp
	movups %xmm0, (%rsp)
	movups %xmm1, 16(%rsp)
	movl $16, %ecx
1:
	.set o, 0
	.rept 8
	movaps o(%rsi), %xmm0
	movaps o + 16(%rsi), %xmm1
	movaps %xmm0, o(%rdi)
	movaps %xmm1, o + 16(%rdi)
	.set o, o + 32
	.endr
	addq $256, %rsi
	addq $256, %rdi
	decl %ecx
	jnz 1b
	movups (%rsp), %xmm0
	movups 16(%rsp), %xmm1
	addq $40, %rsp
	ret

/* Compilers call these by name. */
	.globl memcpy, memmove, memset, memcmp
	.balign 16
memmove:
	movq %rdi, %rax
	subq %rsi, %rax
	cmpq %rdx, %rax
	jae memcpy				/* dst below src, or beyond its end */
	movq %rdi, %rax
1:	testq %rdx, %rdx
	jz 2f
	decq %rdx
	movb (%rsi,%rdx), %cl
	movb %cl, (%rdi,%rdx)
	jmp 1b
2:	ret
	.balign 16
memcpy:
	movq %rdi, %rax
	subq $8, %rdx
	jb 2f
1:	movq (%rsi), %rcx
	movq %rcx, (%rdi)
	addq $8, %rsi
	addq $8, %rdi
	subq $8, %rdx
	jae 1b
2:	addq $8, %rdx
	jz 4f
3:	movb (%rsi), %cl
	movb %cl, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 3b
4:	ret
	.balign 16
memset:
	movq %rdi, %r8
	movzbl %sil, %eax
	movabsq $0x0101010101010101, %rcx
	imulq %rcx, %rax
	subq $8, %rdx
	jb 2f
1:	movq %rax, (%rdi)
	addq $8, %rdi
	subq $8, %rdx
	jae 1b
2:	addq $8, %rdx
	jz 4f
3:	movb %al, (%rdi)
	incq %rdi
	decq %rdx
	jnz 3b
4:	movq %r8, %rax
	ret
	.balign 16
memcmp:
	xorl %eax, %eax
	xorl %ecx, %ecx
1:	cmpq %rdx, %rcx
	je 2f
	movzbl (%rdi,%rcx), %eax
	movzbl (%rsi,%rcx), %r8d
	incq %rcx
	subl %r8d, %eax
	jz 1b
2:	ret

	.section .note.GNU-stack, "", @progbits
