// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a machine may call upward. Everything is called on a kernel stack with interrupts as stated.
 */
#pragma once
#include "kernel/lib/types.h"

struct regs;

struct mem_range { u64 start, end; };		/* physical, page-aligned, usable RAM not occupied by the kernel or boot data */
struct boot_info {
	char cmdline[2048];			/* without the image's own name */
	unsigned nr_ranges;
	struct mem_range ranges[32];
	u64 ram_bytes;				/* all RAM, for MemTotal */
	unsigned nr_initrds;
	struct { u64 start, end; } initrds[8];	/* physical; cpio archives, freed after unpacking through page_free_range */
};

/*
 * Boot CPU, kernel mapped, exceptions installed, interrupts off, on the boot task's stack. Never
 * returns.
 */
void entry_main(const struct boot_info *bi) __noreturn;
/*
 * What the user booted us with cannot be, which is no fault of the kernel's: the machine ends with
 * one line on it, and no dump.
 */
void boot_refuse(const char *fmt, ...) __printf(1, 2) __noreturn __cold;
/* Each other CPU, when it can run C: becomes its idle task. Interrupts off. Never returns. */
void entry_secondary(unsigned cpu) __noreturn;

/*
 * A system call: number and arguments in r; returns its value. Interrupts on. Return work is
 * entry_exit_to_user's. A machine may take the short way, which is to call handlers[nr] with the
 * arguments if nr < nr_fast_calls and there is one, and entry_no_such_call() if nr is
 * greater than last_call, the last one that Linux has. Either way it sets current->in_syscall before, or
 * calls entry_syscall which does, and afterwards does what entry_syscall_end() does.
 */
typedef long (*syscall_handler)(u64, u64, u64, u64, u64, u64);
extern const syscall_handler handlers[];
extern unsigned nr_fast_calls;			/* 0 while calls are logged or traced */
extern unsigned last_call;			/* ~0 meanwhile */
long entry_syscall(struct regs *r);
long entry_no_such_call(void);			/* interrupts on or off */
/*
 * After that, with the value in arch_regs(current), if its tif has TIF_SYSCALL_TRACE or
 * TIF_SINGLESTEP. The tracer may change the registers. Interrupts on.
 */
void entry_syscall_traced(void);
void entry_syscall_end(void);			/* in_syscall is -1 again; no lock is held */
/*
 * Page fault at addr. Interrupts on if they were on in the faulting context. FAULT_* say what was
 * tried. 0: retry the access. Nonzero and user mode: a signal was forced. Nonzero and kernel mode:
 * the caller uses its exception table or panics. FAULT_FORCE is a tracer's: see mm_access.
 */
enum { FAULT_WRITE = 1, FAULT_USER = 2, FAULT_EXEC = 4, FAULT_PROT = 8, FAULT_FORCE = 16 };
int entry_page_fault(struct regs *r, uaddr_t addr, unsigned flags);
/* Any other exception of user mode: forces sig with si_code and si_addr. Interrupts on. */
void entry_user_exception(struct regs *r, int sig, int code, uaddr_t addr);
/*
 * Last stop before user mode, interrupts off on entry and on return: reschedule, signals, freezing,
 * task work.
 */
void entry_exit_to_user(struct regs *r);
/* Cheap test the assembly makes first: nonzero if entry_exit_to_user has something to do. */
/* (t->tif != 0; offset exported by the machine's asm-offsets) */

/* Interrupts, in interrupt context, interrupts off; between entry_irq_enter and entry_irq_exit. */
void entry_irq_enter(void);
void entry_irq_exit(void);
void entry_timer(void);				/* this CPU's one-shot timer */
void entry_reschedule(void);			/* another CPU asked */
void entry_console_rx(u8 c);			/* a character from the console */
