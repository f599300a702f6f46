// SPDX-License-Identifier: GPL-2.0-only
/* What a panic shows of the machine: registers, the chain of callers, names for addresses. */
#include "kernel/printk.h"
#include "kernel/task.h"
#include "x86.h"

/* Made from the image itself by ksyms.awk: functions by rising address. */
struct ksym {
	u64 addr;
	u64 name;			/* offset in ksyms_names */
};
extern const struct ksym ksyms_table[];
extern const u64 ksyms_count;
extern const char ksyms_names[];

static bool in_text(u64 pc)
{
	return pc >= (u64)__text_start && pc < (u64)__rodata_start;
}

const char *arch_symbol(u64 pc, u64 *offset)
{
	u64 lo = 0, hi = ksyms_count;

	if (!in_text(pc) || !hi || pc < ksyms_table[0].addr)
		return NULL;
	while (hi - lo > 1) {
		u64 mid = (lo + hi) / 2;

		if (ksyms_table[mid].addr <= pc)
			lo = mid;
		else
			hi = mid;
	}
	*offset = pc - ksyms_table[lo].addr;
	return ksyms_names + ksyms_table[lo].name;
}

static bool on_mapped_stack(u64 p)
{
	u64 *pte;

	if (p >= (u64)boot_stack && p < (u64)boot_stack + BOOT_STACK_SIZE)
		return true;
	if (p < STACKS_BASE || p >= STACKS_BASE + NR_STACK_SLOTS * STACK_SLOT || is_stack_guard(p))
		return false;
	pte = stack_pte(p);
	return pte && *pte & PTE_PRESENT;
}

/* Both words of a frame at p can be read: the chain may be damaged. */
static bool on_kernel_stack(u64 p)
{
	return p % 8 == 0 && on_mapped_stack(p) && on_mapped_stack(p + 8);
}

unsigned arch_backtrace(const struct regs *r, u64 *pcs, unsigned n)
{
	u64 fp = r ? r->bp : (u64)__builtin_frame_address(0);
	unsigned k = 0;

	if (r && n)
		pcs[k++] = r->ip;
	/* Who called a function that has no frame: it returns to what lies on top. */
	if (r && k < n && on_kernel_stack(r->sp) && in_text(*(const u64 *)r->sp))
		pcs[k++] = *(const u64 *)r->sp;
	while (k < n && on_kernel_stack(fp)) {
		const u64 *f = (const u64 *)fp;

		if (!in_text(f[1]))
			break;
		pcs[k++] = f[1];
		if (f[0] <= fp)
			break;
		fp = f[0];
	}
	return k;
}

void arch_regs_print(const struct regs *r)
{
	u64 off = 0;
	const char *name;

	if (!r) {
		kprintf("rsp %016lx  rbp %016lx  rflags %08lx  cr0 %08lx  cr2 %016lx  cr3 %08lx  cr4 %08lx\n",
			(u64)__builtin_frame_address(0), *(u64 *)__builtin_frame_address(0),
			x86_flags(), read_cr0(), read_cr2(), read_cr3(), read_cr4());
		return;
	}
	name = regs_user_mode(r) ? NULL : arch_symbol(r->ip, &off);
	kprintf("rip %016lx  cs %02lx  rflags %08lx  %s+0x%lx\n", r->ip, r->cs, r->flags, name ? name : "?", off);
	kprintf("rsp %016lx  ss %02lx  cr2 %016lx  cr3 %016lx\n", r->sp, r->ss, read_cr2(), read_cr3());
	kprintf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->ax, r->bx, r->cx, r->dx);
	kprintf("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", r->si, r->di, r->bp, r->r8);
	kprintf("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", r->r9, r->r10, r->r11, r->r12);
	kprintf("r13 %016lx r14 %016lx r15 %016lx\n", r->r13, r->r14, r->r15);
}
