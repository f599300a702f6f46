/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the boot loader, 32-bit and unpaged, to x86_boot() at -2 GiB; and from a startup IPI,
 * 16-bit, to x86_secondary(). All of it is linked at its physical address. Boot tables map the
 * first 4 GiB three times: where they are, at DIRECT_BASE, and (1 GiB) at -2 GiB; other CPUs come
 * up through them too.
 */
#include "offsets.h"

#define PHYS(x)		((x) - KERNEL_VMA)
#define MB_MAGIC	0x1badb002
#define MB_FLAGS	0x00010003	/* modules page-aligned, memory map, addresses below are valid */

	.section .boot, "ax"
	.balign 4
multiboot_header:
	.long MB_MAGIC
	.long MB_FLAGS
	.long -(MB_MAGIC + MB_FLAGS)
	.long multiboot_header
	.long __boot_start
	.long __load_end_phys
	.long __bss_end_phys
	.long boot_start32

	.code32
	.globl boot_start32, entry64
boot_start32:
	cli
	cld
	movl $PHYS(boot_stack_end), %esp
	movl %eax, PHYS(multiboot_magic)
	movl %ebx, PHYS(multiboot_info)
	pushl $0
	popfl

	movl $0x80000001, %eax
	cpuid
	btl $29, %edx
	jnc no_long_mode

	/* 4 GiB of 2 MiB pages */
	movl $PHYS(boot_pd), %edi
	movl $0x83, %eax
	xorl %edx, %edx
	movl $2048, %ecx
1:	movl %eax, (%edi)
	movl %edx, 4(%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b
	movl $PHYS(boot_pd) + 3, %eax
	movl %eax, PHYS(boot_pdpt)
	movl %eax, PHYS(boot_pdpt_high) + 510 * 8
	addl $0x1000, %eax
	movl %eax, PHYS(boot_pdpt) + 8
	addl $0x1000, %eax
	movl %eax, PHYS(boot_pdpt) + 16
	addl $0x1000, %eax
	movl %eax, PHYS(boot_pdpt) + 24
	movl $PHYS(boot_pdpt) + 3, %eax
	movl %eax, PHYS(boot_pml4)
	movl %eax, PHYS(boot_pml4) + 273 * 8
	movl $PHYS(boot_pdpt_high) + 3, %eax
	movl %eax, PHYS(boot_pml4) + 511 * 8

	lgdt boot_gdt_pointer
	call enter_long_mode
	ljmp $KERNEL_CS, $entry64

no_long_mode:
	movl $no_long_mode_text, %esi
	movw $0x3f8, %dx
1:	lodsb
	testb %al, %al
	jz 2f
	outb %al, %dx
	jmp 1b
2:	hlt
	jmp 2b
no_long_mode_text:
	.asciz "thaw: this processor has no 64-bit mode\r\n"

	/* Paging and long mode on; clobbers eax ecx edx */
enter_long_mode:
	movl $PHYS(boot_pml4), %eax
	movl %eax, %cr3
	movl $0x20, %eax			/* CR4.PAE */
	movl %eax, %cr4
	movl $0xc0000080, %ecx			/* EFER.LME */
	rdmsr
	orl $0x100, %eax
	wrmsr
	movl $0x80000011, %eax			/* PG, ET, PE */
	movl %eax, %cr0
	ret

	.code64
entry64:
	movl $KERNEL_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movabsq $boot_stack_end, %rsp
	xorl %ebp, %ebp
	movabsq $x86_boot, %rax
	call *%rax

	.balign 16
boot_gdt:
	.quad 0
	.quad 0x00cf9a000000ffff		/* 0x08: 32-bit code */
	.quad 0x00af9a000000ffff		/* 0x10: 64-bit code */
	.quad 0x00cf92000000ffff		/* 0x18: data */
boot_gdt_pointer:
	.word . - boot_gdt - 1
	.long boot_gdt

	/*
	 * Copied to TRAMPOLINE. Comes up with cs = TRAMPOLINE / 16; the boot CPU has left the stack
	 * for C and the CPU's number in secondary_stack and secondary_id.
	 */
	.code16
	.globl trampoline, trampoline_end
trampoline:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl trampoline_gdt_pointer - trampoline
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl $0x08, $secondary_start32
trampoline_gdt_pointer:
	.word 31
	.long boot_gdt
trampoline_end:

	.code32
secondary_start32:
	movw $KERNEL_DS, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	movl $PHYS(secondary_boot_stack_end), %esp
	call enter_long_mode
	ljmp $KERNEL_CS, $secondary_start64
	.code64
secondary_start64:
	movl $KERNEL_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movabsq $secondary_entry, %rax
	jmp *%rax

	.text
	.globl secondary_entry
secondary_entry:
	/* The boot CPU's tables know the final stack; NX first, for they use it. */
	movl $0xc0000080, %ecx
	rdmsr
	orl secondary_efer(%rip), %eax
	wrmsr
	movq %cr4, %rax
	orq $0x80, %rax				/* PGE */
	movq %rax, %cr4
	movq $PHYS(kernel_pml4), %rax
	movq %rax, %cr3
	movq secondary_stack(%rip), %rsp
	movl secondary_id(%rip), %edi
	xorl %ebp, %ebp
	call x86_secondary
	ud2

	/*
	 * void boot_onto(u64 stack_top, void (*fn)(void)): the boot CPU leaves the boot stack for
	 * good
	 */
	.globl boot_onto
boot_onto:
	movq %rdi, %rsp
	xorl %ebp, %ebp
	call *%rsi
	ud2

	.bss
	.balign 4096
	.globl boot_pml4, boot_pdpt, boot_pdpt_high, boot_pd, boot_stack
boot_pml4:	.skip 4096
boot_pdpt:	.skip 4096
boot_pdpt_high:	.skip 4096
boot_pd:	.skip 4 * 4096
boot_stack:	.skip BOOT_STACK_SIZE
boot_stack_end:
secondary_boot_stack: .skip 64
secondary_boot_stack_end:
	.globl multiboot_magic, multiboot_info, secondary_stack, secondary_id, secondary_efer
multiboot_magic: .skip 8
multiboot_info:	.skip 8
secondary_stack: .skip 8
secondary_id:	.skip 4
secondary_efer:	.skip 4

	.section .note.GNU-stack, "", @progbits
