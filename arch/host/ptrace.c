// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tracer's view of a host program: of registers there are those of its system call. It has no
 * instructions to step through.
 */
#include "kernel/abi.h"
#include "kernel/task.h"

#define AT(field)	(offsetof(struct k_user_regs, field) / 8)

u64 arch_user_reg(struct task *t, unsigned i)
{
	const struct regs *r = arch_regs(t);

	switch (i) {
	case AT(orig_rax):
		return (u64)r->nr;
	case AT(rax):
		return r->ax;
	case AT(rdi):
		return r->args[0];
	case AT(rsi):
		return r->args[1];
	case AT(rdx):
		return r->args[2];
	case AT(rip):
		return r->ip;
	case AT(rsp):
		return r->sp;
	}
	return 0;
}

int arch_set_user_reg(struct task *t, unsigned i, u64 v)
{
	return arch_user_reg(t, i) == v ? 0 : -EIO;
}

size_t arch_fpu_size(void)
{
	return sizeof(struct k_fpstate);
}

void arch_get_fpu(struct task *t, void *image)
{
	(void)t, (void)image;
}

int arch_set_fpu(struct task *t, void *image, size_t n)
{
	(void)t, (void)image, (void)n;
	return 0;
}

void arch_single_step_on(struct task *t, bool block)
{
	(void)block;
	set_tif(t, TIF_SINGLESTEP);
}

void arch_single_step_off(struct task *t)
{
	clear_tif(t, TIF_SINGLESTEP);
}

void arch_ptrace_stop(void)
{
}

u64 arch_debugreg(struct task *t, unsigned n)
{
	(void)t, (void)n;
	return 0;
}

int arch_set_debugreg(struct task *t, unsigned n, u64 v)
{
	(void)t, (void)n, (void)v;
	return -EIO;
}

long arch_ptrace(struct task *t, long request, u64 addr, u64 data)
{
	(void)t, (void)request, (void)addr, (void)data;
	return -EIO;
}
