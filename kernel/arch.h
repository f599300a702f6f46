// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a machine provides. Each arch/ folder holds machine.h (included here, found by the second
 * include root) with the inline part, and the .c files for the rest. A function is here only if its
 * meaning differs by machine. kernel/entry.h is the way up.
 *
 * machine.h provides:
 *   struct regs;               the user registers saved on kernel entry (complete type)
 *   struct arch_thread;        embedded in struct task as t->arch (kernel stack pointer, FPU area, TLS base, ...)
 *   struct arch_mm;            embedded in struct mm as mm->arch (page-table root, set of CPUs using it)
 *   struct cpu *this_cpu(void);  struct task *current (macro, safe against migration)
 *   this_cpu_field(f)          this_cpu()->f by one access: what is read or written is the CPU's of that moment
 *   irqs: bool arch_irqs_on(void); u64 arch_irq_save(void) (off); void arch_irq_restore(u64 saved) (on if they were on);
 *         void arch_irq_disable(void); void arch_irq_enable(void); void arch_cpu_relax(void);
 *   u64 arch_clock_ns(void);   monotonic ns since boot, the same on every CPU
 *   direct map: void *phys_to_virt(u64 pa); u64 virt_to_phys(const void *p);
 *   user range: USER_MIN, USER_MAX (first address above user space), STACK_TOP;
 *   regs: regs_syscall_nr, regs_arg(r, i), regs_return(r), regs_set_return(r, v), regs_ip, regs_sp, regs_user_mode(r),
 *         regs_restart(r) (step back over the system call instruction with its number restored);
 *   ptes: pte_t (u64); pte_present, pte_pfn, pte_write, pte_user_exec, pte_dirty, pte_young,
 *         pte_make(pfn, PTE_* bits), pte_wrprotect(p), pte_mkold/mkclean(p), PTE_WRITE, PTE_EXEC, PTE_SPECIAL (zero page),
 *         PTE_PROTNONE (alone: the machine may not use the entry and pte_present is false, but pte_pfn still works)
 *         PTE_UFFD_WP, never with PTE_WRITE (userfaultfd), pte_uffd_wp,
 *         pte_none(p) is p == 0.
 *   pages: void arch_clear_page(void *p); void arch_copy_page(void *dst, const void *src);  whole aligned pages, as fast as it goes
 *   void arch_point(enum arch_point kind, const void *what);  empty on a real machine
 */
#pragma once
#include "kernel/lib/types.h"

struct task;
struct cpu;
struct mm;
struct regs;
struct ksig;

/* Choice points of the schedule explorer: what is about to happen and to which object. */
enum arch_point {
	POINT_LOCK, POINT_UNLOCK, POINT_ATOMIC, POINT_STATE, POINT_SWITCH, POINT_WAKE, POINT_IRQ,
	POINT_USER, POINT_EXIT_STEP
};

#include <machine.h>

/* --- processors --- */
/*
 * Brings up every other CPU; each runs entry_secondary(). Returns when all are online. Boot CPU,
 * once; sleeps. Before it starts CPU i it stores fork_idle(&cpus[i]) in cpus[i].idle; a CPU for
 * which that fails stays off.
 */
void arch_start_cpus(void);
/*
 * Called with interrupts off; sleeps until an interrupt, returns with interrupts on and the
 * interrupt handled.
 */
void arch_idle(void);
/* Makes @cpu run entry_reschedule() soon. Any context. */
void arch_send_reschedule(unsigned cpu);
/*
 * Executed instructions as far as the machine can tell (TSC under -icount; scheduler steps on
 * host).
 */
u64 arch_instructions(void);
/* Seconds since 1970 at boot (RTC). */
u64 arch_rtc_seconds(void);
/* One-shot timer interrupt on this CPU at absolute ns, replacing the one before; ~0 = none. */
void arch_timer_arm(u64 deadline);
u64 arch_random(void);

/* --- threads --- */
/* Kernel stack with guard page and register areas. 0 or -ENOMEM. May sleep. */
int arch_thread_alloc(struct task *t);
void arch_thread_free(struct task *t);			/* t is off every CPU */
/*
 * First switch to t runs schedule_tail() and then fn(arg), which never returns (it ends in
 * do_exit).
 */
void arch_thread_kernel(struct task *t, void (*fn)(void *arg), void *arg);
/*
 * First switch to t runs schedule_tail(), then returns to user mode with the caller's (current's)
 * registers, FPU state included, system call value 0, stack @sp unless 0, TLS @tls if set_tls.
 */
void arch_thread_fork(struct task *t, uaddr_t sp, const uaddr_t *tls);
/* exec: current's registers and FPU state become those of a fresh program. */
void arch_thread_exec(uaddr_t entry, uaddr_t sp);
/* AT_HWCAP and AT_PLATFORM of a new program. */
u64 arch_hwcap(void);
extern const char arch_platform[];
/*
 * Switches stacks and registers from current to next; interrupts off, rq lock held. Sets
 * this_cpu()->prev and ->curr.
 */
void arch_switch(struct task *prev, struct task *next);
/* Saved user registers of t (t == current, or t is stopped in the kernel). */
struct regs *arch_regs(struct task *t);
/* User mode goes on at ip. r is current's. */
void arch_set_ip(struct regs *r, uaddr_t ip);
/* May current's user mode read the time stamp counter? prctl(PR_SET_TSC). */
bool arch_tsc_allowed(void);
void arch_allow_tsc(bool allow);

/* arch_prctl(2): FS/GS base. */
long arch_prctl(int code, uaddr_t addr);

/*
 * --- ptrace, core dumps: t is off every CPU, and held there. i is an
 * index of a word of struct k_user_regs ---
 */
u64 arch_user_reg(struct task *t, unsigned i);
int arch_set_user_reg(struct task *t, unsigned i, u64 v);	/* 0, or -EIO for what user mode may not have */
size_t arch_fpu_size(void);				/* of an image: FXSAVE's 512 bytes, and what XSAVE adds */
void arch_get_fpu(struct task *t, void *image);	/* t may be current, and is in core dumps */
/* The first n bytes, 512 or all; image has room for all. 0, -EINVAL and nothing changed. */
int arch_set_fpu(struct task *t, void *image, size_t n);
/*
 * One instruction of user mode, or one system call, then SIGTRAP; block: as many as there are to the next jump, where the
 * processor can. Sleeps.
 */
void arch_single_step_on(struct task *t, bool block);
void arch_single_step_off(struct task *t);		/* also of current */
void arch_ptrace_stop(void);				/* current is about to stop: its registers can be looked at */
/*
 * The n-th debug register. To set it: 0, -EINVAL: not an address or a condition for user mode,
 * -EIO: no such register.
 */
u64 arch_debugreg(struct task *t, unsigned n);
int arch_set_debugreg(struct task *t, unsigned n, u64 v);
/* The machine's own requests of ptrace(2); -EIO: there is no such. Sleeps. */
long arch_ptrace(struct task *t, long request, u64 addr, u64 data);
bool arch_on_stack(const struct task *t, const void *p);
/*
 * Bytes of a kernel stack that were ever used, at most; 0 where that is not known. Looks at each
 * stack.
 */
u64 arch_stack_max(void);

/*
 * --- the user edge: all of these check the range, take faults, may sleep, and hold no spinlock ---
 * Copies of 4 or 8 bytes to or from an aligned user address are one access (futex words).
 */
size_t copy_from_user(void *dst, uaddr_t src, size_t n) __must_check;	/* bytes NOT copied */
size_t copy_to_user(uaddr_t dst, const void *src, size_t n) __must_check;	/* bytes NOT copied */
int get_user32(u32 *val, uaddr_t addr) __must_check;	/* an aligned word: 0 or -EFAULT */
int put_user_pair(uaddr_t addr, u64 a, u64 b) __must_check;	/* two words side by side, as a time is: 0 or -EFAULT */
/* The same with locks held: what is not there, or not as it has to be, is not copied. */
size_t copy_from_user_inatomic(void *dst, uaddr_t src, size_t n) __must_check;
size_t copy_to_user_inatomic(uaddr_t dst, const void *src, size_t n) __must_check;
size_t clear_user(uaddr_t dst, size_t n) __must_check;
/*
 * A word by value, in two registers: v is 0 where err is -EFAULT. The machine's uaccess.h has
 * get_user_u64(addr).
 */
struct user_u64 {
	u64 v;
	int err;
};
/*
 * Copies up to n bytes including the NUL; returns length without NUL, n if no NUL found in n bytes,
 * or -EFAULT.
 */
long strncpy_from_user(char *dst, uaddr_t src, size_t n) __must_check;
/* Atomic compare-exchange on an aligned user u32: 0 and *cur, or -EFAULT. */
int cmpxchg_user32(uaddr_t addr, u32 old, u32 new, u32 *cur) __must_check;
static inline bool access_ok(uaddr_t a, size_t n) { return n <= USER_MAX && a <= USER_MAX - n; }
/*
 * Pushes a signal frame for k on current's user stack (or alternate stack) and points r at the
 * handler. 0 or -EFAULT: force SIGSEGV.
 */
int arch_signal_setup(const struct ksig *k, struct regs *r);
/*
 * rt_sigreturn: restores r and FPU state from the frame. The saved mask, or -EFAULT. Hostile frames
 * never reach the kernel.
 */
struct user_u64 arch_signal_return(struct regs *r);

/*
 * --- address spaces; page tables of mm are protected by mm->mmap_lock (or the mm has no users) ---
 */
int arch_mm_init(struct mm *mm);			/* 0 or -ENOMEM */
void arch_mm_free(struct mm *mm);			/* frees table pages; no user pages left mapped */
/*
 * The slot for va, allocating table pages; NULL if out of memory. The slots of one aligned block of
 * 2 MiB are adjacent.
 */
pte_t *arch_pte_alloc(struct mm *mm, uaddr_t va);
/* The slot for va, or NULL if no table page is there. */
pte_t *arch_pte_find(struct mm *mm, uaddr_t va);
/*
 * The slot for va, or NULL if no table page is there; *next is the end of its block of 2 MiB, or
 * the first address that the missing table does not cover.
 */
pte_t *arch_pte_block(struct mm *mm, uaddr_t va, uaddr_t *next);
/* Frees page-table pages wholly inside [start, end) that no longer map anything. */
void arch_pt_free_range(struct mm *mm, uaddr_t start, uaddr_t end);
/*
 * After ptes were removed or restricted: no CPU uses the old ones afterwards. No spinlock held. One
 * page: end = start + PAGE_SIZE.
 */
void arch_tlb_flush(struct mm *mm, uaddr_t start, uaddr_t end);
/*
 * Next address space on this CPU; prev may be NULL (kernel thread: keep the last one is not
 * allowed, load the kernel's). Interrupts off.
 */
void arch_mm_switch(struct mm *next);
u64 arch_pt_pages(const struct mm *mm);		/* table pages of mm, for oom_badness */

/* --- the box --- */
void arch_console_write(const char *s, size_t n);	/* any context, polled */
void arch_report_write(const char *s, size_t n);	/* second serial port: structured results */
#define POWEROFF_REFUSED	2			/* what the user asked for at boot cannot be */
void arch_poweroff(int status) __noreturn;		/* 0: machine ends as passed; 1, or a POWEROFF_ above: failed */
void arch_stop_others(void);				/* panic: other CPUs stop for good */
/* Fills pcs[] from the current frame or, if r, from r; returns how many. */
unsigned arch_backtrace(const struct regs *r, u64 *pcs, unsigned n);
void arch_regs_print(const struct regs *r);		/* NULL: this CPU's control registers only */
/* Symbol for a kernel address: name and offset; NULL if none. */
const char *arch_symbol(u64 pc, u64 *offset);
/* What /proc/cpuinfo says of a CPU; returns length. */
size_t arch_cpuinfo(unsigned cpu, char *buf, size_t n);
