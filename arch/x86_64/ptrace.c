// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a tracer sees of a stopped thread's registers, and what it may put there. Mirrors Linux
 * arch/x86/kernel/ptrace.c, step.c, tls.c and fpu/regset.c. Debug registers: hw_breakpoint.c.
 *
 * Whatever comes in is the user's word, as in sigframe.c: nothing that a thread could not have done
 * to itself reaches the CPU. An address that no IRET can take ends in x86_exit_to_user().
 *
 * LINUX: one code and one data selector exist, so no others can be set. The segments that
 * PTRACE_SET_THREAD_AREA makes, which are of use to programs of 32 bits, are kept for it alone.
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "x86.h"

/* AC RF OF DF TF SF ZF AF PF CF, and NT */
#define FLAGS_TRACER	0x54dd5ul

/* Words of struct k_user_regs that are words of struct regs, by index. */
#define WORD(user, own)	[offsetof(struct k_user_regs, user) / 8] = offsetof(struct regs, own) / 8
static const u8 words[] = {
	WORD(r15, r15), WORD(r14, r14), WORD(r13, r13), WORD(r12, r12), WORD(rbp, bp),
	WORD(rbx, bx), WORD(r11, r11), WORD(r10, r10),
	WORD(r9, r9), WORD(r8, r8), WORD(rax, ax), WORD(rcx, cx), WORD(rdx, dx), WORD(rsi, si),
	WORD(rdi, di), WORD(orig_rax, nr),
	WORD(rip, ip), WORD(cs, cs), WORD(eflags, flags), WORD(rsp, sp), WORD(ss, ss),
};
#undef WORD
#define AT(field)	(offsetof(struct k_user_regs, field) / 8)

static inline u64 *word_of(struct task *t, unsigned i)
{
	return (u64 *)arch_regs(t) + words[i];
}

u64 arch_user_reg(struct task *t, unsigned i)
{
	switch (i) {
	case AT(eflags):
		return *word_of(t, i) & (t->arch.forced_tf ? ~FLAGS_TF : ~0ul);
	case AT(fs_base):
		return t->arch.fs_base;
	case AT(gs_base):
		return t->arch.gs_base;
	case AT(ds):
	case AT(es):
	case AT(fs):
	case AT(gs):
		return 0;
	}
	return *word_of(t, i);
}

/* Who steps the thread keeps TF set, and a tracer that sets it itself takes it over. */
static void set_flags(struct task *t, u64 v)
{
	struct regs *r = arch_regs(t);

	if (v & FLAGS_TF)
		t->arch.forced_tf = 0;
	else if (t->arch.forced_tf)
		v |= FLAGS_TF;
	r->flags = (r->flags & ~FLAGS_TRACER) | (v & FLAGS_TRACER);
}

int arch_set_user_reg(struct task *t, unsigned i, u64 v)
{
	switch (i) {
	case AT(cs):
		return v == USER_CS ? 0 : -EIO;
	case AT(ss):
		return v == USER_DS ? 0 : -EIO;
	case AT(ds):
	case AT(es):
	case AT(fs):
	case AT(gs):
		return v ? -EIO : 0;
	case AT(fs_base):
	case AT(gs_base):
		if (v >= USER_MAX)
			return -EIO;
		*(i == AT(fs_base) ? &t->arch.fs_base : &t->arch.gs_base) = v;
		return 0;
	case AT(eflags):
		set_flags(t, v);
		break;
	case AT(orig_rax):
		*word_of(t, i) = (u64)(s64)(int)v;
		break;
	default:
		*word_of(t, i) = v;
	}
	set_tif(t, TIF_SLOW_EXIT);
	return 0;
}

/*
 * A call's registers are complete only on its slow way out (entry.S); its tracer may look before.
 * Once the tracer has written some they stay as they are.
 */
void arch_ptrace_stop(void)
{
	struct regs *r = arch_regs(current);

	if (current->in_syscall == -1 || test_tif(current, TIF_SLOW_EXIT))
		return;
	r->ax = (u64)-ENOSYS;
	r->cx = r->ip;
	r->r11 = r->flags;
}

/* --- steps --- */

#define DEBUGCTL_BTF	2ul
#define MAX_INSN	15u

void load_block_step(const struct arch_thread *a)
{
	u64 v = rdmsr(MSR_DEBUGCTL) & ~DEBUGCTL_BTF;

	wrmsr(MSR_DEBUGCTL, v | (a->extra & EXTRA_BLOCK_STEP ? DEBUGCTL_BTF : 0));
}

static void set_block_step(struct task *t, bool on)
{
	u8 extra = t->arch.extra & (u8)~EXTRA_BLOCK_STEP;

	irq_push_off();
	t->arch.extra = on ? extra | EXTRA_BLOCK_STEP : extra;
	if (t == current)
		load_block_step(&t->arch);
	irq_pop_off();
}

/* Is t's next instruction POPF or IRET, so that TF is the program's own from then on? Sleeps. */
static bool is_setting_trap_flag(struct task *t)
{
	struct mm *mm = get_task_mm(t);
	u8 code[MAX_INSN];
	size_t n = 0;

	if (!mm)
		return false;
	n = sizeof(code) - mm_read(mm, arch_regs(t)->ip, code, sizeof(code));
	mmput(mm);
	for (size_t i = 0; i < n; i++) {
		switch (code[i]) {
		case 0x9d:
		case 0xcf:
			return true;
		case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: case 0x66: case 0x67:
		case 0xf0: case 0xf2: case 0xf3:
		case 0x40 ... 0x4f:
			continue;
		}
		break;
	}
	return false;
}

/*
 * As on Linux a step after one over POPF takes the TF that it finds for the program's own, even if
 * POPF has cleared it. True: TF is ours.
 */
static bool set_trap_flag(struct task *t)
{
	struct regs *r = arch_regs(t);
	bool was_set = r->flags & FLAGS_TF || test_tif(t, TIF_SINGLESTEP);

	set_tif(t, TIF_SINGLESTEP | TIF_SLOW_EXIT);
	r->flags |= FLAGS_TF;
	if (is_setting_trap_flag(t))
		t->arch.forced_tf = 0;
	else if (!was_set)
		t->arch.forced_tf = 1;
	return t->arch.forced_tf;
}

void arch_single_step_on(struct task *t, bool block)
{
	block = set_trap_flag(t) && block;
	if (block || t->arch.extra & EXTRA_BLOCK_STEP)
		set_block_step(t, block);
}

void arch_single_step_off(struct task *t)
{
	if (t->arch.extra & EXTRA_BLOCK_STEP)
		set_block_step(t, false);
	if (!test_tif(t, TIF_SINGLESTEP))
		return;
	clear_tif(t, TIF_SINGLESTEP);
	if (t->arch.forced_tf)
		arch_regs(t)->flags &= ~FLAGS_TF;
	t->arch.forced_tf = 0;
}

/* --- segments --- */

#define TLS_MIN		12		/* their numbers in Linux's GDT */
#define NR_TLS		3u
#define DESC_32BIT	0x01u		/* flags of struct k_user_desc */
#define DESC_CODE	0x04u
#define DESC_READ_ONLY	0x08u
#define DESC_NOT_PRESENT 0x20u
#define DESC_KEPT	0x7fu		/* all but lm, the last */
#define DESC_NONE	(DESC_READ_ONLY | DESC_NOT_PRESENT)	/* and no more: there is no segment */

/* base, limit and flags in one word, so that none at all is 0. */
static u64 pack_desc(const struct k_user_desc *d)
{
	return d->base_addr | (u64)(d->limit & 0xfffff) << 32 | (u64)((d->flags & DESC_KEPT) ^ DESC_NONE) << 52;
}

static struct k_user_desc unpack_desc(unsigned nr, u64 v)
{
	return (struct k_user_desc){
		.entry_number = nr, .base_addr = (u32)v, .limit = v >> 32 & 0xfffff,
		.flags = (u32)(v >> 52) ^ DESC_NONE,
	};
}

static long get_thread_area(struct task *t, unsigned nr, uaddr_t to)
{
	struct k_user_desc d;

	if (nr < TLS_MIN || nr >= TLS_MIN + NR_TLS)
		return -EINVAL;
	d = unpack_desc(nr, t->arch.tls[nr - TLS_MIN]);
	return copy_to_user(to, &d, sizeof(d)) ? -EFAULT : 0;
}

/* A data segment of 32 bits, or one of two ways to say none. */
static long set_thread_area(struct task *t, unsigned nr, uaddr_t from)
{
	struct k_user_desc d;
	bool none;

	if (copy_from_user(&d, from, sizeof(d)))
		return -EFAULT;
	none = !d.base_addr && !d.limit && ((d.flags & 0xff) == DESC_NONE || !(d.flags & DESC_KEPT));
	if (!none && (!(d.flags & DESC_32BIT) || d.flags & (DESC_CODE | DESC_NOT_PRESENT)))
		return -EINVAL;
	if (nr < TLS_MIN || nr >= TLS_MIN + NR_TLS)
		return -EINVAL;
	t->arch.tls[nr - TLS_MIN] = none ? 0 : pack_desc(&d);
	return 0;
}

long arch_ptrace(struct task *t, long request, u64 addr, u64 data)
{
	switch (request) {
	case PTRACE_GET_THREAD_AREA:
		return (int)addr < 0 ? -EIO : get_thread_area(t, (unsigned)addr, data);
	case PTRACE_SET_THREAD_AREA:
		return (int)addr < 0 ? -EIO : set_thread_area(t, (unsigned)addr, data);
	case PTRACE_ARCH_PRCTL:
		return prctl_bases(t, (int)data, addr);
	}
	return -EIO;
}

/* --- FPU --- */

#define XSTATE_FP	1ul
#define XSTATE_SSE	2ul

size_t arch_fpu_size(void)
{
	return features.fpu_size;
}

/* What is in its first state need not be in the area: the reader finds it there all the same. */
static void fill_first_states(struct k_fpstate *fx, u64 in_use)
{
	if (!(in_use & XSTATE_FP)) {
		fx->cwd = 0x37f;
		fx->swd = fx->twd = fx->fop = 0;
		fx->rip = fx->rdp = 0;
		kmemset(fx->st_space, 0, sizeof(fx->st_space));
	}
	if (!(in_use & XSTATE_SSE))
		kmemset(fx->xmm_space, 0, sizeof(fx->xmm_space));
	for (unsigned i = 2; i < 63; i++) {
		struct cpuid at;

		if (!(features.xcr0 >> i & 1) || in_use >> i & 1)
			continue;
		at = cpuid(0xd, i);
		kmemset((u8 *)fx + at.b, 0, at.a);
	}
}

void arch_get_fpu(struct task *t, void *image)
{
	struct k_fpstate *fx = image;

	if (t == current) {
		irq_push_off();
		fpu_save(&t->arch);
		irq_pop_off();
	}
	kmemcpy(image, t->arch.fpu, features.fpu_size);
	kmemset(&fx->sw_reserved, 0, sizeof(fx->sw_reserved));
	if (!features.xsave)
		return;
	fill_first_states(fx, *(u64 *)(fx + 1));
	*(u64 *)&fx->sw_reserved = features.xcr0;	/* where debuggers look for it */
}

int arch_set_fpu(struct task *t, void *image, size_t n)
{
	struct k_fpstate *fx = image;

	if (fx->mxcsr & ~features.mxcsr_mask)
		return -EINVAL;
	if (n < features.fpu_size) {
		kmemcpy((u8 *)image + n, (u8 *)t->arch.fpu + n, features.fpu_size - n);
		if (features.xsave)
			*(u64 *)(fx + 1) |= XSTATE_FP | XSTATE_SSE;
	}
	if (fpu_sanitise(image, features.xcr0))
		return -EINVAL;
	kmemcpy(t->arch.fpu, image, features.fpu_size);
	return 0;
}
