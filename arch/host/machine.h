// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inline part of the host machine: the kernel as an ordinary Linux process. Tasks are fibers,
 * processors are virtual and one runs at a time, physical memory is one arena, page tables are
 * software, user programs are C functions (see host.h).
 */
#pragma once
#include "kernel/lib/types.h"

struct cpu;
struct page;
struct task;

/* --- addresses --- */
#define USER_MIN	0x10000ul
#define USER_MAX	0x00007ffffffff000ul
#define STACK_TOP	USER_MAX

extern u8 *host_arena;				/* physical address 0 */

static inline void *phys_to_virt(u64 pa) { return host_arena + pa; }
static inline u64 virt_to_phys(const void *p) { return (u64)((const u8 *)p - host_arena); }

/* --- user registers --- */
struct regs {
	s64 nr;					/* system call number, -1: not a system call */
	u64 ax;					/* value, or the number to restart with */
	u64 args[6];
	uaddr_t ip, sp, tls;
	void (*child_fn)(void *arg);		/* where a clone's child goes on */
	void *child_arg;
	uaddr_t handler;			/* a signal handler to call before going on, 0: none */
	u8 user;				/* of user mode */
	u8 restart;				/* the next step is the system call again, number in ax */
	u8 fresh;				/* exec: start the program at ip */
};

static inline int regs_syscall_nr(const struct regs *r) { return (int)r->nr; }
static inline void regs_forget_syscall(struct regs *r) { r->nr = -1; }
static inline u64 regs_arg(const struct regs *r, unsigned i) { return r->args[i]; }
static inline long regs_return(const struct regs *r) { return (long)r->ax; }
static inline void regs_set_return(struct regs *r, long v) { r->ax = (u64)v; }
static inline uaddr_t regs_ip(const struct regs *r) { return r->ip; }
static inline uaddr_t regs_sp(const struct regs *r) { return r->sp; }
static inline bool regs_user_mode(const struct regs *r) { return r->user; }
static inline void regs_restart(struct regs *r)
{
	r->ax = (u64)r->nr;
	r->restart = 1;
}

/* --- what a thread and an address space carry --- */
struct arch_thread {
	void *sp;				/* stack pointer while switched out */
	void *stack;				/* lowest address of its stack */
	struct page *cost;			/* pages of the arena taken for it */
	void *base;				/* where exec begins the stack anew */
	void *fake_stack;			/* AddressSanitizer's */
	void (*fn)(void *arg);			/* a kernel thread's function */
	void *arg;
	bool no_tsc;				/* told when asked: a program's rdtsc is the host's */
	struct regs regs;
};

typedef u64 pte_t;

struct arch_mm {
	pte_t *top;
	_Atomic u64 pt_pages;
};

/* --- page table entries --- */
#define PTE_PRESENT	0x001ul
#define PTE_WRITE	0x002ul
#define PTE_ACCESSED	0x020ul
#define PTE_DIRTY	0x040ul
#define PTE_EXEC	0x200ul
#define PTE_SPECIAL	0x400ul
#define PTE_PROTNONE	0x800ul
#define PTE_ADDR	0x000ffffffffff000ul
#define PTE_UFFD_WP	0x0010000000000000ul	/* software: a write is user mode's to allow */

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
	return pfn << PAGE_SHIFT | (bits & PTE_PROTNONE ? 0 : PTE_PRESENT) | bits;
}
static inline pte_t pte_wrprotect(pte_t p) { return p & ~PTE_WRITE; }
static inline pte_t pte_mkold(pte_t p) { return p & ~PTE_ACCESSED; }
static inline pte_t pte_mkclean(pte_t p) { return p & ~PTE_DIRTY; }

void arch_clear_page(void *p);
void arch_copy_page(void *dst, const void *src);

/* --- the virtual processor that runs --- */
extern struct cpu *host_this_cpu;
extern struct task *host_current;
static inline struct cpu *this_cpu(void) { return host_this_cpu; }
#define this_cpu_field(f) (host_this_cpu->f)
#define current host_current

bool arch_irqs_on(void);
u64 arch_irq_save(void);
u64 arch_clock_ns(void);
void arch_irq_disable(void);
void arch_irq_enable(void);
#define ARCH_IRQS_ON	1ul
static inline void arch_irq_restore(u64 saved)
{
	if (saved)
		arch_irq_enable();
}
void arch_cpu_relax(void);			/* somebody else has to run first */

/* Where this is written. */
static __always_inline const void *arch_here(void)
{
	const void *p;

	__asm__("leaq 0(%%rip), %0" : "=r"(p));
	return p;
}

/* Where another processor may go on instead, time passes, and interrupts come in. */
enum arch_point;
void arch_point(enum arch_point kind, const void *what);
