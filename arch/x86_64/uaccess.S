/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Touching user memory: every instruction here that may fault on it is named in the exception table
 * with the place to go on from. AC is set around them on CPUs with SMAP. Also bytes in the kernel,
 * and whole pages.
 *
 * A string instruction counts as one for each round, and no loop of 8 bytes a round has less.
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

/*
 * size_t user_copy(void *dst, const void *src, size_t n): one of the two is a user address. Bytes
 * not copied.
 */
	.globl user_copy
	.balign 16
user_copy:
	STAC
	cmpq $1, %rdx				/* what a pipe carries from one to the other, as a rule */
	je 4f
	movq %rdx, %rcx
	shrq $3, %rcx
	andl $7, %edx
	TRY 3f, rep movsq
	jz 2f
	testb $4, %dl
	jz 1f
	TRY 1f, movl (%rsi), %eax		/* at once: futexes are such words */
	TRY 1f, movl %eax, (%rdi)
	addq $4, %rsi
	addq $4, %rdi
	subq $4, %rdx
	jz 2f
1:
	TRY 2f, movb (%rsi), %al
	TRY 2f, movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 1b
2:	movq %rdx, %rax
	CLAC
	ret
3:	leaq (%rdx,%rcx,8), %rdx		/* the word again, byte by byte, for an exact count */
	jmp 1b
4:
	TRY 2b, movb (%rsi), %al
	TRY 2b, movb %al, (%rdi)
	xorl %eax, %eax
	CLAC
	ret

/* size_t user_clear(void *dst, size_t n): bytes not cleared. */
	.globl user_clear
	.balign 16
user_clear:
	STAC
	xorl %eax, %eax
	movq %rsi, %rcx
	shrq $3, %rcx
	andl $7, %esi
	TRY 3f, rep stosq
	jz 2f
1:
	TRY 2f, movb %al, (%rdi)
	incq %rdi
	decq %rsi
	jnz 1b
2:	movq %rsi, %rax
	CLAC
	ret
3:	leaq (%rsi,%rcx,8), %rsi
	jmp 1b

/*
 * long user_strncpy(char *dst, const char *src, size_t n): length, n if there is no NUL in n bytes,
 * -EFAULT. n > 0.
 */
	.globl user_strncpy
	.balign 16
user_strncpy:
	STAC
	movabsq $0x0101010101010101, %r8
	movabsq $0x8080808080808080, %r9
	xorl %ecx, %ecx
	jmp 2f
1:	movq %rax, (%rdi,%rcx)
	addq $8, %rcx
2:	leaq 8(%rcx), %rax
	cmpq %rdx, %rax
	ja 4f
	/* The sign of a byte of (w - 1) & ~w is set if it, or one below it, was 0. */
	TRY 4f, movq (%rsi,%rcx), %rax
	movq %rax, %r10
	movq %rax, %r11
	subq %r8, %r10
	notq %r11
	andq %r11, %r10
	testq %r9, %r10
	jz 1b
3:
	TRY 6f, movb (%rsi,%rcx), %al
	movb %al, (%rdi,%rcx)
	testb %al, %al
	jz 5f
	incq %rcx
4:	cmpq %rdx, %rcx
	jb 3b
5:	movq %rcx, %rax
	CLAC
	ret
6:	movq $-14, %rax
	CLAC
	ret

/* int user_read32(const u32 *addr, u32 *val) */
	.globl user_read32
	.balign 16
user_read32:
	STAC
	TRY 1f, movl (%rdi), %eax
	CLAC
	movl %eax, (%rsi)
	xorl %eax, %eax
	ret
1:	CLAC
	movl $-14, %eax
	ret

/* int user_write_pair(u64 *addr, u64 a, u64 b) */
	.globl user_write_pair
	.balign 16
user_write_pair:
	xorl %eax, %eax
	STAC
	TRY 1f, movq %rsi, (%rdi)
	TRY 1f, movq %rdx, 8(%rdi)
	CLAC
	ret
1:	CLAC
	movl $-14, %eax
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

/*
 * int user_xrstor(const void *from, u64 mask): -EFAULT if it is not there or the CPU refuses it;
 * nothing is loaded then.
 */
	.globl user_xrstor
user_xrstor:
	movq %rsi, %rax
	movq %rsi, %rdx
	shrq $32, %rdx
	STAC
	TRY 1f, xrstor64 (%rdi)
	CLAC
	xorl %eax, %eax
	ret
1:	CLAC
	movl $-14, %eax
	ret

/*
 * A page is cleared by 16 bytes a move. The SSE register may hold the user's value, so it is put
 * back; nobody looks at it in between, since the kernel is not preempted and interrupts use none.
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
	movl $512, %ecx
	rep movsq
	ret

/* kernel/lib/string.h has these, and compilers call them by their other name. */
	.globl memcpy, kmemcpy, memmove, memset, kmemset, memcmp
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
kmemcpy:
	movq %rdi, %rax
	movq %rdx, %rcx
	shrq $3, %rcx
	rep movsq
	andl $7, %edx
	jz 1f
	movl %edx, %ecx
	rep movsb
1:	ret
	.balign 16
memset:
kmemset:
	movq %rdi, %r8
	movzbl %sil, %eax
	movabsq $0x0101010101010101, %rcx
	imulq %rcx, %rax
	movq %rdx, %rcx
	shrq $3, %rcx
	rep stosq
	andl $7, %edx
	jz 1f
	movl %edx, %ecx
	rep stosb
1:	movq %r8, %rax
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
