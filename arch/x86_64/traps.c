// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exceptions and interrupts: the table, and what each means to the kernel. Mirrors Linux
 * arch/x86/kernel/traps.c and arch/x86/mm/fault.c.
 *
 * x86_trap() is entered and left with interrupts off. From user mode it may sleep in between; from
 * the kernel only a page fault on an instruction in the exception table may.
 */
#include "kernel/abi.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "x86.h"

_Static_assert(offsetof(struct cpu, curr) == CPU_CURRENT && offsetof(struct cpu, self) == 0, "entry.S");
_Static_assert(offsetof(struct cpu, machine) == CPU_KSTACK && CPU_USER_SP == CPU_KSTACK + 8, "entry.S");
_Static_assert(offsetof(struct task, tif) == TASK_TIF && TIF_WORK == TASK_TIF_WORK, "entry.S");
_Static_assert((TIF_SYSCALL_TRACE | TIF_SINGLESTEP) == TASK_TIF_SYSCALL, "entry.S");
_Static_assert(offsetof(struct cpu, nr_held) == CPU_NR_HELD &&
	offsetof(struct task, held_mutexes) == TASK_MUTEXES, "entry.S");
_Static_assert(offsetof(struct task, in_syscall) == TASK_IN_SYSCALL && offsetof(struct regs, bx) == REGS_BX, "entry.S");
_Static_assert(offsetof(struct regs, ax) == REGS_AX && offsetof(struct regs, cx) == REGS_CX, "entry.S");
_Static_assert(offsetof(struct regs, r11) == REGS_R11 && offsetof(struct regs, r10) == REGS_R10, "entry.S");
_Static_assert(offsetof(struct regs, r9) == REGS_R9 && offsetof(struct regs, r8) == REGS_R8, "entry.S");
_Static_assert(offsetof(struct regs, dx) == REGS_DX && offsetof(struct regs, si) == REGS_SI, "entry.S");
_Static_assert(offsetof(struct regs, di) == REGS_DI && offsetof(struct regs, flags) == REGS_FLAGS, "entry.S");
_Static_assert(offsetof(struct regs, nr) == REGS_NR && offsetof(struct regs, ip) == REGS_IP, "entry.S");
_Static_assert(offsetof(struct regs, cs) == REGS_CS && offsetof(struct regs, sp) == REGS_SP, "entry.S");
_Static_assert(offsetof(struct regs, r12) == REGS_R12 && offsetof(struct regs, r13) == REGS_R13, "entry.S");
_Static_assert(offsetof(struct regs, r14) == REGS_R14 && offsetof(struct regs, r15) == REGS_R15, "entry.S");
_Static_assert(offsetof(struct regs, bp) == REGS_BP && sizeof(struct regs) == REGS_SIZE, "entry.S");

enum { VEC_DE, VEC_BP = 3, VEC_OF, VEC_BR, VEC_UD, VEC_TS = 10, VEC_NP, VEC_SS, VEC_GP, VEC_MF = 16,
	VEC_AC, VEC_MC, VEC_XM };
static const char *const names[32] = {
	[VEC_DE] = "divide error", [VEC_DB] = "debug", [VEC_BP] = "breakpoint", [VEC_OF] = "overflow", [VEC_BR] = "bounds",
	[VEC_UD] = "invalid opcode", [7] = "no FPU", [VEC_DF] = "double fault", [VEC_TS] = "invalid TSS",
	[VEC_NP] = "segment not present", [VEC_SS] = "stack segment", [VEC_GP] = "general protection", [VEC_PF] = "page fault",
	[VEC_MF] = "x87", [VEC_AC] = "alignment check", [VEC_MC] = "machine check", [VEC_XM] = "SIMD",
};

/* ---- the interrupt descriptor table ---- */

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, pad;
};
static struct gate idt[256] __aligned(16);
_Atomic u32 stopping, stopped;

static void set_gate(unsigned vector, const char *handler, u8 ist, u8 dpl)
{
	u64 h = (u64)handler;

	idt[vector] = (struct gate){
		.offset_low = (u16)h, .selector = KERNEL_CS, .ist = ist, .type = (u8)(0x8e | dpl << 5),
		.offset_mid = (u16)(h >> 16), .offset_high = (u32)(h >> 32),
	};
}

void idt_init(void)
{
	for (unsigned v = 0; v < 256; v++)
		set_gate(v, trap_stubs + 16 * v, 0, v == VEC_BP || v == VEC_OF ? 3 : 0);
	set_gate(VEC_NMI, nmi_entry, 1, 0);
	set_gate(VEC_DF, double_fault_entry, 2, 0);
	/*
	 * A stack of its own for what MOV SS can do (entry.S). QEMU's emulator puts nothing off, but a step onto a watchpoint is two
	 * #DB there, the second at the first one's first instruction: on one stack, it would overwrite the first.
	 */
	set_gate(VEC_DB, debug_entry, features.qemu ? 0 : 3, 0);
}

void idt_load(void)
{
	struct { u16 limit; u64 base; } __attribute__((packed)) idtr = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lidt %0" : : "m"(idtr));
}

/* ---- the kernel's own faults ---- */

static u64 find_fixup(u64 ip)
{
	for (const struct extable *e = __ex_table_start; e < __ex_table_end; e++)
		if (e->ip == ip)
			return e->fixup;
	return 0;
}

/* panic() begins with its own callers; these are the ones that matter. */
static void print_callers(const struct regs *r)
{
	u64 pcs[16], off;
	unsigned n = arch_backtrace(r, pcs, ARRAY_SIZE(pcs));

	for (unsigned i = 0; i < n; i++) {
		const char *name = arch_symbol(pcs[i], &off);

		kprintf("  %016lx %s+0x%lx\n", pcs[i], name ? name : "?", name ? off : 0);
	}
}

static void __cold __noreturn kernel_fault(u64 vector, u64 err, u64 addr, const struct regs *r)
{
	const char *name = vector < 32 && names[vector] ? names[vector] : "exception";

	arch_irq_disable();
	kprintf("%s (vector %lu, error %lx) in the kernel, address %016lx\n", name,
		(unsigned long)vector, (unsigned long)err, (unsigned long)addr);
	arch_regs_print(r);
	print_callers(r);
	if (current->fault_injected)
		make_task_dead();
	if (is_stack_guard(addr))
		panic("kernel stack overflow");
	if (vector == VEC_PF && addr < USER_MAX)
		panic("kernel touches user address %lx at %lx", (unsigned long)addr, (unsigned long)r->ip);
	panic("%s in the kernel at %lx, address %lx", name, (unsigned long)r->ip, (unsigned long)addr);
}

void x86_double_fault(struct regs *r)
{
	u64 err = (u64)r->nr;

	/* CR2 is what the CPU could not push to, if it was a page fault that became this. */
	r->nr = -1;
	kernel_fault(VEC_DF, err, read_cr2(), r);
}

/* ---- exceptions of user mode ---- */

/* si_code for the exceptions in @pending, in the order of the FPU's own status bits. */
static int fpe_code(u32 pending)
{
	if (pending & 0x01)
		return FPE_FLTINV;
	if (pending & 0x04)
		return FPE_FLTDIV;
	if (pending & 0x08)
		return FPE_FLTOVF;
	if (pending & 0x12)
		return FPE_FLTUND;
	if (pending & 0x20)
		return FPE_FLTRES;
	return 0;
}

static int x87_code(void)
{
	const struct k_fpstate *fx = current->arch.fpu;

	fpu_save(&current->arch);
	return fpe_code(fx->swd & ~(u32)fx->cwd & 0x3f);
}

static int simd_code(void)
{
	const struct k_fpstate *fx = current->arch.fpu;

	fpu_save(&current->arch);
	return fpe_code(fx->mxcsr & ~(fx->mxcsr >> 7) & 0x3f);
}

static void user_exception(u64 vector, u64 err, struct regs *r)
{
	int sig = SIGSEGV, code = SI_KERNEL;
	uaddr_t addr = 0;

	current->arch.trap_nr = (u32)vector;
	current->arch.trap_err = (u32)err;
	switch (vector) {
	case VEC_DE:
		sig = SIGFPE, code = FPE_INTDIV, addr = r->ip;
		break;
	case VEC_BP:
		sig = SIGTRAP;
		break;
	case VEC_UD:
		sig = SIGILL, code = ILL_ILLOPN, addr = r->ip;
		break;
	case VEC_NP:
	case VEC_SS:
		sig = SIGBUS;
		break;
	case VEC_AC:
		sig = SIGBUS, code = BUS_ADRALN;
		break;
	case VEC_MF:
		sig = SIGFPE, code = x87_code(), addr = r->ip;
		break;
	case VEC_XM:
		sig = SIGFPE, code = simd_code(), addr = r->ip;
		break;
	}
	arch_irq_enable();
	entry_user_exception(r, sig, code, addr);
	arch_irq_disable();
}

/* ---- page faults ---- */

/*
 * Emulators let IRET in user mode read its frame as the kernel would, which SMAP forbids: the fault
 * repeats for ever. It is answered like the general protection fault that other CPUs raise when it
 * names a kernel selector.
 */
static bool is_user_iret(u64 err, const struct regs *r)
{
	return regs_user_mode(r) && !(err & 4);
}

static void page_fault(u64 err, u64 addr, struct regs *r)
{
	unsigned flags = (err & 1 ? FAULT_PROT : 0) | (err & 2 ? FAULT_WRITE : 0) | (err & 4 ? FAULT_USER : 0) |
			 (err & 16 ? FAULT_EXEC : 0);
	u64 fixup = 0;

	if (is_user_iret(err, r)) {
		user_exception(VEC_GP, 0, r);
		return;
	}
	if (!regs_user_mode(r)) {
		fixup = find_fixup(r->ip);
		if (!fixup || addr >= USER_MAX)
			kernel_fault(VEC_PF, err, addr, r);
	} else {
		current->arch.cr2 = addr;
		current->arch.trap_nr = VEC_PF;
		current->arch.trap_err = (u32)err;
	}
	if (r->flags & FLAGS_IF)
		arch_irq_enable();
	if (entry_page_fault(r, addr, flags) && fixup)
		r->ip = fixup;
	arch_irq_disable();
}

/* ---- interrupts ---- */

static void interrupt(u64 vector)
{
	if (vector == VEC_SPURIOUS)
		return;
	if (vector == VEC_TLB) {
		tlb_ipi();
		apic_eoi();
		return;
	}
	entry_irq_enter();
	switch (vector) {
	case VEC_TIMER:
		apic_eoi();
		entry_timer();
		break;
	case VEC_RESCHEDULE:
		apic_eoi();
		entry_reschedule();
		break;
	case VEC_CONSOLE:
		serial_irq();
		apic_eoi();
		break;
	default:
		apic_eoi();
		pr_warn("interrupt of unknown vector %lu", (unsigned long)vector);
	}
	entry_irq_exit();
}

void x86_trap(u64 vector, u64 err, struct regs *r)
{
	u64 fixup;

	if (vector >= 32) {
		interrupt(vector);
		return;
	}
	if (vector == VEC_PF) {
		page_fault(err, read_cr2(), r);
		return;
	}
	if (vector == VEC_DB) {
		x86_debug(r);
		return;
	}
	if (vector == VEC_MC || vector == 7)
		kernel_fault(vector, err, 0, r);
	if (regs_user_mode(r)) {
		user_exception(vector, err, r);
		return;
	}
	fixup = find_fixup(r->ip);
	if (!fixup)
		kernel_fault(vector, err, 0, r);
	r->ip = fixup;
}

static inline bool canonical(u64 va) { return (u64)((s64)(va << 16) >> 16) == va; }

/* IRET faults in the kernel on an address that no page table could map: say so before. */
void x86_exit_to_user(struct regs *r)
{
	/* After sigreturn and exec there is often nothing to do. */
	if (atomic_load_explicit(&current->tif, memory_order_relaxed) & TIF_WORK)
		entry_exit_to_user(r);
	else
		assert_no_locks();
	while (unlikely(!canonical(r->ip))) {
		arch_irq_enable();
		entry_user_exception(r, SIGSEGV, SI_KERNEL, 0);
		arch_irq_disable();
		entry_exit_to_user(r);
	}
	/* All of them are loaded now, whoever has changed them meanwhile. */
	if (likely(!(r->flags & FLAGS_TF))) {
		clear_tif(current, TIF_SLOW_EXIT | TIF_OWN_STEP);
	} else {
		clear_tif(current, TIF_SLOW_EXIT);
		set_tif(current, TIF_OWN_STEP);
	}
}
