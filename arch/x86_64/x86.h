// SPDX-License-Identifier: GPL-2.0-only
/* What the files of this machine share among themselves. */
#pragma once
#include "kernel/arch.h"
#include "kernel/entry.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "offsets.h"

/* --- instructions --- */
static inline void outb(u16 port, u8 v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
/* n bytes from *s on, which moves behind them. */
static inline void outs(u16 port, const char **s, size_t n)
{
	__asm__ volatile("rep outsb" : "+S"(*s), "+c"(n) : "d"(port) : "memory");
}
static inline void outw(u16 port, u16 v) { __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port)); }
static inline void outl(u16 port, u32 v) { __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port)); }
static inline u8 inb(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u32 inl(u16 port)
{
	u32 v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}
static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}
static inline void wrmsr_from(u32 msr, const u64 *v)
{
	const u32 *half = (const u32 *)v;

	__asm__ volatile("wrmsr" : : "c"(msr), "a"(half[0]), "d"(half[1]) : "memory");
}
struct cpuid { u32 a, b, c, d; };
static inline struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(sub));
	return r;
}
static inline u64 read_cr0(void) { u64 v; __asm__ volatile("movq %%cr0, %0" : "=r"(v)); return v; }
static inline u64 read_cr2(void) { u64 v; __asm__ volatile("movq %%cr2, %0" : "=r"(v)); return v; }
static inline u64 read_cr3(void) { u64 v; __asm__ volatile("movq %%cr3, %0" : "=r"(v)); return v; }
static inline u64 read_cr4(void) { u64 v; __asm__ volatile("movq %%cr4, %0" : "=r"(v)); return v; }
static inline void write_cr0(u64 v) { __asm__ volatile("movq %0, %%cr0" : : "r"(v) : "memory"); }
static inline void write_cr3(u64 v) { __asm__ volatile("movq %0, %%cr3" : : "r"(v) : "memory"); }
static inline void write_cr4(u64 v) { __asm__ volatile("movq %0, %%cr4" : : "r"(v) : "memory"); }
static inline void invlpg(u64 va) { __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory"); }

#define MSR_APIC_BASE	0x1b
#define MSR_DEBUGCTL	0x1d9
#define MSR_EFER	0xc0000080
#define MSR_STAR	0xc0000081
#define MSR_LSTAR	0xc0000082
#define MSR_SFMASK	0xc0000084
#define MSR_FS_BASE	0xc0000100
#define MSR_GS_BASE	0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define CR4_TSD		(1ul << 2)

#define FLAGS_IF	0x00000200ul
#define FLAGS_TF	0x00000100ul
#define FLAGS_DF	0x00000400ul
#define FLAGS_RF	0x00010000ul

#define PTE_HUGE	0x080ul
#define PTE_GLOBAL	0x100ul
#define PTE_PCD		0x010ul

/* --- interrupt vectors --- */
#define VEC_DF		8
#define VEC_PF		14
#define VEC_NMI		2
#define VEC_CONSOLE	0x30
#define VEC_TIMER	0xf0
#define VEC_RESCHEDULE	0xf1
#define VEC_TLB		0xf2
#define VEC_SPURIOUS	0xff

/* --- cpu.c: what each CPU has, and what all of them can do --- */
struct tss {
	u32 pad0;
	u64 rsp[3];
	u64 pad1;
	u64 ist[7];
	u64 pad2;
	u16 pad3, iomap;
} __attribute__((packed));

struct x86_cpu {
	u64 gdt[10];
	struct tss tss;
	u32 apic_id;
	_Atomic u32 alive;			/* runs C on its own stack */
	u32 bit;				/* of this CPU in a set */
	struct mm *mm;				/* whose page tables are loaded; NULL: the kernel's own */
};
extern struct x86_cpu x86_cpus[MAX_CPUS];
extern unsigned nr_found_cpus;			/* by acpi.c; at most MAX_CPUS */

struct x86_features {
	bool nx, gb_pages, smep, smap, umip, xsave, rdrand, qemu;
	u64 xcr0;
	u32 fpu_size;				/* bytes of a thread's register area */
	u32 mxcsr_mask;
	char vendor[13], model[49];
	u32 family, model_nr, stepping;
	u32 feat[5];				/* 1.edx 1.ecx 7.ebx 80000001.edx 80000001.ecx */
};
extern struct x86_features features;

void cpu_detect(void);				/* boot CPU: fills features */
void cpu_setup(unsigned id);			/* this CPU: GDT, TSS, IDT, MSRs, control registers */

int cpu_alloc(unsigned id);

/* --- fpu.c --- */
void fpu_init(void);				/* boot CPU, after cpu_setup */
void fpu_legacy_only(void *area);
void fpu_refused(void) __noreturn __cold;
/* From the CPU into the area, still loaded. */
static inline void fpu_save(struct arch_thread *a)
{
	assert(a->fpu_loaded);
	if (features.xsave)
		__asm__ volatile("xsave64 (%0)" : : "r"(a->fpu), "a"(~0u), "d"(~0u) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(a->fpu) : "memory");
}
/* From the area. */
static inline void fpu_load(struct arch_thread *a)
{
#define OR_REFUSED "\n.pushsection .ex_table, \"a\"\n.quad 1b, %l[refused]\n.popsection"
	if (features.xsave)
		__asm__ goto("1:\txrstor64 (%0)" OR_REFUSED : : "r"(a->fpu), "a"((u32)features.xcr0),
			     "d"((u32)(features.xcr0 >> 32)) : "memory" : refused);
	else
		__asm__ goto("1:\tfxrstor64 (%0)" OR_REFUSED : : "r"(a->fpu) : "memory" : refused);
	a->fpu_loaded = 1;
	return;
#undef OR_REFUSED
refused:
	fpu_refused();
}
void fpu_reset(struct task *t);			/* t's area = a fresh program's */
/* Makes an area that user mode wrote loadable; 0, or -EINVAL if it is not one of this CPU's. */
int fpu_sanitise(void *area, u64 features_wanted);

/* --- entry.S, uaccess.S --- */
extern const char syscall_entry[], trap_stubs[], nmi_entry[], debug_entry[], double_fault_entry[];
extern const char thread_entry[], fork_return[];
void switch_stacks(u64 *save, u64 load);
struct extable { u64 ip, fixup; };
extern const struct extable __ex_table_start[], __ex_table_end[];
extern u8 *const __smap_sites_start[], *const __smap_sites_end[];

/* --- thread.c --- */
#define ARCH_SET_GS	0x1001
#define ARCH_SET_FS	0x1002
#define ARCH_GET_FS	0x1003
#define ARCH_GET_GS	0x1004
/* These four, of current or of a task that its tracer holds stopped; -EINVAL of others. Sleeps. */
long prctl_bases(struct task *t, int code, uaddr_t addr);

/* --- ptrace.c, hw_breakpoint.c: of this CPU, interrupts off --- */
void load_block_step(const struct arch_thread *a);
void hw_breakpoints_init(void);			/* none are on */
void hw_breakpoints_load(const struct arch_thread *a);
void hw_breakpoints_flush(void);		/* current has none any more */
void x86_debug(struct regs *r);			/* #DB of user mode */

/* --- traps.c --- */
void idt_init(void);
void idt_load(void);
extern _Atomic u32 stopping, stopped;		/* panic: a CPU that takes an NMI halts; how many have */

/* --- boot.c --- */
extern u64 multiboot_magic, multiboot_info;
extern char __kernel_start[], __text_start[], __rodata_start[], __data_start[], __bss_start[], __kernel_end[];
extern char boot_stack[];
u64 early_page(void);				/* physical, zeroed; panics without memory; until entry_main */

/* --- paging.c --- */
extern u64 kernel_pml4[512];
void paging_init(const struct mem_range *ram, unsigned n);	/* builds and loads the kernel's page tables */
/* Device or firmware memory, never unmapped; NULL without room. Before entry_main, uncached. */
void *ioremap(u64 pa, size_t n);
void tlb_ipi(void);
void tlb_flush_all_cpus(u64 start, u64 end);	/* kernel addresses */
#define STACKS_BASE	0xffffc90000000000ul
#define STACK_SIZE	8192ul
#define STACK_MARGIN	2048ul		/* a machine that ever left less of a stack does not pass */
#define STACK_SLOT	32768ul		/* address space of one: all below the stack stays unmapped */
#define NR_STACK_SLOTS	32768u
u64 *stack_pte(u64 va);			/* of a kernel stack page; NULL without a table */
int stack_pte_prepare(u64 va);		/* makes sure of the table: 0 or -ENOMEM. Sleeps. */
u64 stack_table_take(u64 va);		/* unlinks the table: its physical address, 0 if there is none */
void stack_map_early(u64 va, u64 pa);
u64 stack_pte_value(u64 pa);
#define IOREMAP_BASE	(STACKS_BASE + NR_STACK_SLOTS * STACK_SLOT)	/* 1 GiB */

/* --- stack.c --- */
u8 *stack_alloc(void);
void stack_free(u8 *stack);
u8 *stack_early(void);			/* before entry_main */
bool is_stack_guard(u64 va);

/* --- acpi.c --- */
struct acpi {
	u64 lapic, ioapic;
	u32 ioapic_gsi;
	u32 com1_gsi;
	bool com1_low, com1_level;
	u16 pm1a_cnt, pm1b_cnt, pm_timer;
	u8 s5_a, s5_b;
	bool has_s5;
};
extern struct acpi acpi;
void acpi_init(void);
void acpi_poweroff(void);

/* --- apic.c --- */
void apic_init(void);				/* boot CPU: map, PIC off, then as every CPU */
void apic_eoi(void);
void apic_ipi(u32 apic_id, u32 command);
u32 apic_timer_count(void);
void apic_timer_start(u32 count);
void ioapic_console(void);			/* COM1's interrupt to the boot CPU */
#define APIC_NMI	0x00400u
#define APIC_INIT	0x04500u
#define APIC_STARTUP	0x04600u
#define APIC_FIXED	0x04000u

/* --- time.c --- */
void clock_init(void);				/* after apic_init */
u64 tsc_khz(void);
void random_init(void);

/* --- serial.c --- */
void serial_init(void);
void serial_rx_enable(void);
void serial_irq(void);

/* --- traps.c, called from entry.S --- */
void x86_trap(u64 vector, u64 err, struct regs *r);
void x86_exit_to_user(struct regs *r);
void x86_double_fault(struct regs *r) __noreturn;
void x86_secondary(unsigned id) __noreturn;
void x86_boot(void) __noreturn;
