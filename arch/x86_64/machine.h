// SPDX-License-Identifier: GPL-2.0-only
/* The inline part of the x86-64 machine: what kernel/arch.h promises of machine.h. */
#pragma once
#include <stdatomic.h>
#include "kernel/lib/list.h"
#include "kernel/lib/types.h"

struct cpu;
struct task;

/* --- addresses --- */
#define USER_MIN	0x10000ul		/* nothing is mapped below: NULL pointers fault */
#define USER_MAX	0x00007ffffffff000ul	/* first address above user space; its last page stays empty */
#define STACK_TOP	USER_MAX
#define KERNEL_BASE	0xffffffff80000000ul	/* physical 0 as the kernel image is linked */
#define DIRECT_BASE	0xffff888000000000ul	/* physical 0 of the direct map: all RAM */

static inline void *phys_to_virt(u64 pa) { return (void *)(DIRECT_BASE + pa); }
/* Of the direct map or the kernel image. */
static inline u64 virt_to_phys(const void *p)
{
	u64 va = (u64)p;

	return va >= KERNEL_BASE ? va - KERNEL_BASE : va - DIRECT_BASE;
}

/*
 * --- user registers as the entry code stores them, lowest address first; as far as cx in the order of
 * a signal frame ---
 */
struct regs {
	/* r11, ax, cx: in a system call filled in late, see entry.S */
	u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx;
	s64 nr;					/* system call number, -1: not a system call */
	u64 ip, cs, flags, sp, ss;
};

static inline int regs_syscall_nr(const struct regs *r) { return (int)r->nr; }
/* From here on the entry is not a system call: nothing to restart. */
static inline void regs_forget_syscall(struct regs *r) { r->nr = -1; }
static inline u64 regs_arg(const struct regs *r, unsigned i)
{
	switch (i) {
	case 0: return r->di;
	case 1: return r->si;
	case 2: return r->dx;
	case 3: return r->r10;
	case 4: return r->r8;
	default: return r->r9;
	}
}
static inline long regs_return(const struct regs *r) { return (long)r->ax; }
static inline void regs_set_return(struct regs *r, long v) { r->ax = (u64)v; }
static inline uaddr_t regs_ip(const struct regs *r) { return r->ip; }
static inline uaddr_t regs_sp(const struct regs *r) { return r->sp; }
static inline bool regs_user_mode(const struct regs *r) { return r->cs & 3; }
static inline void regs_restart(struct regs *r)
{
	r->ax = (u64)r->nr;
	r->ip -= 2;				/* the length of SYSCALL */
}

/* --- what a thread and an address space carry --- */
/* The debug registers as a tracer sees them: hw_breakpoint.c */
struct x86_debug {
	u64 addr[4];
	u64 dr6;				/* what the last #DB of user mode was: 1 where something happened */
	u64 dr7;				/* as it was written */
	u8 kind[4];				/* R/W and LEN, four bits as in DR7 */
	u8 there, on;				/* a bit each: was ever given an address or switched on; is on */
};
/* Why the switch from a thread or to it is more than registers: bits of arch_thread.extra. */
#define EXTRA_NO_TSC		1u		/* user mode may not read the time stamp counter: CR4.TSD while it runs */
#define EXTRA_BREAKPOINTS	2u		/* some are on: DR0 to 3 and DR7 while it runs */
#define EXTRA_BLOCK_STEP	4u		/* a step ends with the next jump: DEBUGCTL.BTF while it runs */
struct arch_thread {
	u64 sp;					/* kernel stack pointer while switched out */
	u8 *stack;				/* lowest address of the kernel stack; NULL: a CPU's boot stack */
	void *fpu;				/* register area at the stack's far end; NULL: never was in user mode */
	u64 fs_base, gs_base;			/* of user mode */
	u64 cr2;				/* of the last exception in user mode, for signal frames */
	u32 trap_nr, trap_err;
	u8 forced_tf;				/* the tracer, not the program, has set TF in its flags */
	u8 extra;				/* EXTRA_* */
	u8 fpu_loaded;				/* there is an area, and the CPU's registers, not the area, are the truth while it runs */
	struct x86_debug debug;
	u64 tls[3];				/* descriptors of PTRACE_SET_THREAD_AREA, packed by ptrace.c; 0: none */
};

typedef u64 pte_t;

struct arch_mm {
	pte_t *pml4;
	_Atomic u32 cpus;			/* that may hold translations: bit per CPU */
	_Atomic u64 pt_pages;
	struct list tables;			/* [mmap_lock] its table pages but the top one, by lru */
};

/* --- page table entries --- */
#define PTE_PRESENT	0x001ul
#define PTE_WRITE	0x002ul
#define PTE_USER	0x004ul
#define PTE_ACCESSED	0x020ul
#define PTE_DIRTY	0x040ul
#define PTE_EXEC	0x200ul			/* software: the inverse of NX, true on CPUs without NX too */
#define PTE_SPECIAL	0x400ul			/* software: the zero page, not counted, not referenced */
#define PTE_PROTNONE	0x800ul			/* software: the CPU may not use the entry, its page is kept */
#define PTE_ADDR	0x000ffffffffff000ul
#define PTE_UFFD_WP	0x0010000000000000ul	/* software: a write is user mode's to allow */
extern u64 pte_nx;				/* the NX bit, 0 if the CPU has none */

static inline bool pte_none(pte_t p) { return p == 0; }
static inline bool pte_present(pte_t p) { return p & PTE_PRESENT; }
static inline pfn_t pte_pfn(pte_t p) { return (p & PTE_ADDR) >> PAGE_SHIFT; }
static inline bool pte_write(pte_t p) { return p & PTE_WRITE; }
static inline bool pte_user_exec(pte_t p) { return p & PTE_EXEC; }
static inline bool pte_uffd_wp(pte_t p) { return p & PTE_UFFD_WP; }
static inline bool pte_special(pte_t p) { return p & PTE_SPECIAL; }
static inline bool pte_dirty(pte_t p) { return p & PTE_DIRTY; }
static inline bool pte_young(pte_t p) { return p & PTE_ACCESSED; }
static inline pte_t pte_make(pfn_t pfn, u64 bits)
{
	u64 use = bits & PTE_PROTNONE ? 0 : PTE_PRESENT;

	return pfn << PAGE_SHIFT | PTE_USER | use | bits | (bits & PTE_EXEC ? 0 : pte_nx);
}
static inline pte_t pte_wrprotect(pte_t p) { return p & ~PTE_WRITE; }
static inline pte_t pte_mkold(pte_t p) { return p & ~PTE_ACCESSED; }
static inline pte_t pte_mkclean(pte_t p) { return p & ~PTE_DIRTY; }

/*
 * --- whole aligned pages; string instructions count one instruction for each round, so this is by
 * hand ---
 */
void arch_clear_page(void *p);
void arch_copy_page(void *dst, const void *src);

/* --- this CPU --- */
static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(c));
	return c;
}
/*
 * At address 0, by linker.ld. An object with a name: of what is stored through a null pointer, in
 * this segment too, the compiler may believe that nobody reads it.
 */
extern __seg_gs struct cpu x86_gs;
#define this_cpu_field(f) (x86_gs.f)
/* Not volatile: whatever CPU it runs on, a task's own current never changes. */
static inline struct task *x86_current(void)
{
	struct task *t;

	__asm__("movq %%gs:8, %0" : "=r"(t));
	return t;
}
#define current x86_current()

static inline u64 x86_flags(void)
{
	u64 f;

	__asm__ volatile("pushfq; popq %0" : "=r"(f) : : "memory");
	return f;
}
static inline bool arch_irqs_on(void) { return x86_flags() & 0x200; }
/* Disables them; not 0 if they were on. */
static inline u64 arch_irq_save(void)
{
	u64 f;

	__asm__ volatile("pushfq; cli; popq %0" : "=r"(f) : : "memory");
	return f;
}
#define ARCH_IRQS_ON	0x200ul			/* what it returns at least if they were on */
static inline void arch_irq_restore(u64 saved)
{
	if (saved & ARCH_IRQS_ON)
		__asm__ volatile("sti" : : : "memory");
}
static inline void arch_irq_disable(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void arch_irq_enable(void) { __asm__ volatile("sti" : : : "memory"); }
static inline void arch_cpu_relax(void) { __asm__ volatile("pause" : : : "memory"); }

/* The schedule explorer's machine has something to do here; this one has real concurrency. */
enum arch_point;
#define arch_point(kind, what)	((void)(kind), (void)(what))

/* Where this is written. */
static __always_inline const void *arch_here(void)
{
	const void *p;

	__asm__("leaq 0(%%rip), %0" : "=r"(p));
	return p;
}

/* --- time --- */
static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (u64)hi << 32 | lo;
}
/* The TSC at 0 ns, and nanoseconds a tick with 32 bits of fraction. */
extern u64 tsc_start, ns_mult;
static inline u64 arch_clock_ns(void)
{
	u64 lo, hi;

	/* Not by __int128, for which the compiler would align the stack. */
	__asm__("mulq %3\n\tshrdq $32, %1, %0" : "=a"(lo), "=&d"(hi) : "0"(rdtsc() - tsc_start), "rm"(ns_mult) : "cc");
	return lo;
}
