// SPDX-License-Identifier: GPL-2.0-only
/*
 * The debug registers, which a tracer gives to a thread: up to four addresses at which user mode is
 * stopped, before the instruction there or after an access to the memory there; and what #DB means.
 * Mirrors Linux arch/x86/kernel/hw_breakpoint.c, and traps.c and ptrace.c about it.
 *
 * They are the CPU's while the thread runs, if any is on (switch_extra). They watch user addresses,
 * and user mode alone: that the kernel touches the memory in the thread's name is swallowed
 * (debug_entry). They stay when the tracer goes, end with an exec, and are not a child's.
 *
 * LINUX makes each register a perf event of its own, of which the words DR6 and DR7 that a tracer
 * sees know little: they are kept for it, and even a child has them.
 *
 * Locks: none; the thread is current, with interrupts off, or its tracer holds it stopped.
 */
#include "kernel/abi.h"
#include "kernel/task.h"
#include "x86.h"

#define NR_BREAKPOINTS	4u
#define KIND_EXECUTE	0u		/* R/W of a kind; LEN has to be 0, one byte */
#define KIND_WRITE	1u
#define KIND_IO		2u		/* only ever Intel's idea */
#define DR_HITS		0xfu
#define DR_STEP		0x4000u

static inline u64 read_dr6(void)
{
	u64 v;

	__asm__ volatile("movq %%db6, %0" : "=r"(v));
	return v;
}

static inline void write_dr6(u64 v)
{
	__asm__ volatile("movq %0, %%db6" : : "r"(v));
}

static inline void write_dr7(u64 v)
{
	__asm__ volatile("movq %0, %%db7" : : "r"(v));
}

static void write_address(unsigned i, u64 v)
{
	switch (i) {
	case 0:
		__asm__ volatile("movq %0, %%db0" : : "r"(v));
		break;
	case 1:
		__asm__ volatile("movq %0, %%db1" : : "r"(v));
		break;
	case 2:
		__asm__ volatile("movq %0, %%db2" : : "r"(v));
		break;
	case 3:
		__asm__ volatile("movq %0, %%db3" : : "r"(v));
		break;
	}
}

/* --- this CPU's --- */

void hw_breakpoints_init(void)
{
	write_dr7(0);
	write_dr6(DR6_RESERVED);
}

void hw_breakpoints_load(const struct arch_thread *a)
{
	const struct x86_debug *d = &a->debug;
	u64 dr7 = 0;

	for (unsigned i = 0; i < NR_BREAKPOINTS; i++) {
		if (!(d->on >> i & 1))
			continue;
		write_address(i, d->addr[i]);
		dr7 |= (u64)d->kind[i] << (16 + 4 * i) | 2ul << 2 * i;
	}
	write_dr7(dr7);
}

void hw_breakpoints_flush(void)
{
	struct arch_thread *a = &current->arch;

	if (a->extra & EXTRA_BREAKPOINTS)
		write_dr7(0);
	a->extra &= (u8)~EXTRA_BREAKPOINTS;
	a->debug = (struct x86_debug){ 0 };
}

/* --- the tracer's --- */

/* A user address for that kind, whether it is on or not. */
static bool can_watch(u64 addr, unsigned kind)
{
	static const u8 lengths[] = { 1, 2, 8, 4 };
	unsigned rw = kind & 3, n = lengths[kind >> 2];

	if (rw == KIND_IO || (rw == KIND_EXECUTE && n != 1))
		return false;
	return addr % n == 0 && access_ok(addr, n);
}

static int set_breakpoint(struct x86_debug *d, unsigned i, u64 addr, unsigned kind, bool on)
{
	u8 bit = (u8)(1u << i);

	if (!can_watch(addr, kind))
		return -EINVAL;
	d->addr[i] = addr;
	d->kind[i] = (u8)kind;
	d->there |= bit;
	d->on = on ? d->on | bit : d->on & (u8)~bit;
	return 0;
}

static int set_address(struct x86_debug *d, unsigned i, u64 addr)
{
	return set_breakpoint(d, i, addr, d->there >> i & 1 ? d->kind[i] : KIND_WRITE, d->on >> i & 1);
}

/*
 * All or nothing; but what was off is nothing in particular after a refusal. What is off has to be
 * right too, unless it never was anything.
 */
static int set_dr7(struct x86_debug *d, u64 v)
{
	const struct x86_debug was = *d;

	for (unsigned i = 0; i < NR_BREAKPOINTS; i++) {
		bool on = v >> 2 * i & 3;

		if (!on && !(d->there >> i & 1))
			continue;
		if (!set_breakpoint(d, i, d->addr[i], v >> (16 + 4 * i) & 15, on))
			continue;
		d->on = was.on;
		for (unsigned j = 0; j < NR_BREAKPOINTS; j++)
			d->kind[j] = was.on >> j & 1 ? was.kind[j] : KIND_EXECUTE;
		return -EINVAL;
	}
	d->dr7 = v;
	return 0;
}

u64 arch_debugreg(struct task *t, unsigned n)
{
	const struct x86_debug *d = &t->arch.debug;

	if (n < NR_BREAKPOINTS)
		return d->addr[n];
	return n == 6 ? d->dr6 ^ DR6_RESERVED : n == 7 ? d->dr7 : 0;
}

int arch_set_debugreg(struct task *t, unsigned n, u64 v)
{
	struct arch_thread *a = &t->arch;
	int err = 0;

	if (n < NR_BREAKPOINTS)
		err = set_address(&a->debug, n, v);
	else if (n == 6)
		a->debug.dr6 = v ^ DR6_RESERVED;
	else if (n == 7)
		err = set_dr7(&a->debug, v);
	else
		err = -EIO;
	a->extra = (u8)((a->extra & ~EXTRA_BREAKPOINTS) | (a->debug.on ? EXTRA_BREAKPOINTS : 0));
	return err;
}

/* --- #DB of user mode --- */

/*
 * What it was, for the tracer in dr6; the si_code of its SIGTRAP, 0: none. A breakpoint that was
 * reached by a step is seen once more, when the instruction there is to be executed.
 */
static int debug_code(struct regs *r)
{
	struct arch_thread *a = &current->arch;
	struct x86_debug *d = &a->debug;
	u64 dr6 = read_dr6() ^ DR6_RESERVED, hits = dr6 & DR_HITS & d->on;

	write_dr6(DR6_RESERVED);
	a->extra &= (u8)~EXTRA_BLOCK_STEP;	/* the CPU has cleared BTF */
	for (unsigned i = 0; i < NR_BREAKPOINTS; i++) {
		if (!(hits >> i & 1) || (d->kind[i] & 3) != KIND_EXECUTE)
			continue;
		if (dr6 & DR_STEP)
			hits &= ~(1ul << i);
		else
			r->flags |= FLAGS_RF;
	}
	d->dr6 = (dr6 & DR_STEP) | hits;
	if (dr6 & DR_STEP)
		return TRAP_TRACE;
	if (hits)
		return TRAP_HWBKPT;
	return dr6 ? 0 : TRAP_BRKPT;		/* INT1 leaves no trace */
}

/*
 * SYSRET raises the #DB of a TF that it has loaded before the first instruction, IRET after it, as
 * Linux does. Calls of a thread that is known to have TF return by IRET; the first one may not have
 * been known to.
 */
static bool is_sysrets(struct regs *r)
{
	u16 code;

	if (test_tif(current, TIF_OWN_STEP | TIF_SINGLESTEP))
		return false;
	set_tif(current, TIF_OWN_STEP);
	return r->cx == r->ip && r->r11 == r->flags && !copy_from_user(&code, r->ip - 2, 2) && code == 0x050f;
}

void x86_debug(struct regs *r)
{
	int code = debug_code(r);

	arch_irq_enable();
	if (code && !(code == TRAP_TRACE && is_sysrets(r))) {
		current->arch.trap_nr = VEC_DB;
		current->arch.trap_err = 0;
		entry_user_exception(r, SIGTRAP, code, r->ip);
	}
	arch_irq_disable();
}
