/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that assembly needs, and macros for it. traps.c asserts that each number is what the C
 * structs say.
 */
#pragma once

#define KERNEL_CS	0x10
#define KERNEL_DS	0x18
#define USER_DS		0x2b
#define USER_CS		0x33
#define TSS_SEL		0x40

#define CPU_CURRENT	8		/* struct cpu, through %gs */
#define CPU_KSTACK	16		/* top of current's kernel stack, less 8 for ss, which is there already */
#define CPU_USER_SP	24		/* scratch of the system call entry */
#define CPU_NR_HELD	56
#define TASK_TIF	4
#define TASK_TIF_WORK	15
#define TASK_TIF_SYSCALL 0x30
#define TASK_IN_SYSCALL	16
#define TASK_MUTEXES	24
/* The machine's own: */
#define TIF_SLOW_EXIT	0x80000000	/* registers were changed, load them all */
#define TIF_OWN_STEP	0x40000000	/* user mode has TF, as far as is known: calls return by IRET */

#define REGS_R8		(0 * 8)
#define REGS_R9		(1 * 8)
#define REGS_R10	(2 * 8)
#define REGS_R11	(3 * 8)
#define REGS_R12	(4 * 8)
#define REGS_R13	(5 * 8)
#define REGS_R14	(6 * 8)
#define REGS_R15	(7 * 8)
#define REGS_DI		(8 * 8)
#define REGS_SI		(9 * 8)
#define REGS_BP		(10 * 8)
#define REGS_BX		(11 * 8)
#define REGS_DX		(12 * 8)
#define REGS_AX		(13 * 8)
#define REGS_CX		(14 * 8)
#define REGS_NR		(15 * 8)
#define REGS_IP		(16 * 8)
#define REGS_CS		(17 * 8)
#define REGS_FLAGS	(18 * 8)
#define REGS_SP		(19 * 8)
#define REGS_SIZE	(21 * 8)

#define VEC_DB		1
#define DR6_RESERVED	0xffff0ff0	/* DR6 when nothing has happened: these bits are 1, or say so by being 0 */

#define TRAMPOLINE	0x8000		/* physical page where other CPUs start, in real mode */
#define BOOT_STACK_SIZE	8192
#define KERNEL_VMA	0xffffffff80000000

#ifdef __ASSEMBLER__
/* Three bytes that do nothing; cpu_detect() makes CLAC or STAC of them on a CPU with SMAP. */
.macro SMAP_SITE modrm
661:	.byte 0x0f, 0x1f, \modrm
	.pushsection .smap_sites, "a"
	.quad 661b
	.popsection
.endm
#define CLAC	SMAP_SITE 0x00
#define STAC	SMAP_SITE 0x03
#endif
