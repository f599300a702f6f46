// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FPU, SSE and AVX registers of user threads. The kernel itself uses none, so they stay in the
 * CPU from a thread's switch in to its switch out; both are eager. The area lies at the far end of
 * the kernel stack. Mirrors Linux arch/x86/kernel/fpu.
 *
 * arch.fpu_loaded is 0 only while current writes user data into its own area: whatever is in the
 * CPU then is worthless, and what is in the area is not yet to be trusted.
 */
#include "kernel/lib/string.h"
#include "kernel/abi.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "x86.h"

#define FXSAVE_SIZE	512
#define XSTATE_FPSSE	3ul

/* What follows the 512 bytes of FXSAVE in the standard form. */
struct xsave_header {
	u64 xstate_bv, xcomp_bv, reserved[6];
};

void fpu_init(void)
{
	static struct k_fpstate now __aligned(64);

	features.fpu_size = features.xsave ? cpuid(0xd, 0).b : FXSAVE_SIZE;
	__asm__ volatile("fxsave64 %0" : "=m"(now));
	features.mxcsr_mask = now.mxcsr_mask ? now.mxcsr_mask : 0xffbf;
}

void fpu_refused(void)
{
	panic("the CPU refuses the saved FPU state of %s/%d", current->comm, current->pid);
}

void fpu_reset(struct task *t)
{
	struct k_fpstate *fx = t->arch.fpu;

	kmemset(fx, 0, features.fpu_size);
	fx->cwd = 0x37f;
	fx->mxcsr = 0x1f80;
	if (!features.xsave)
		return;
	/* Nothing is in use, so all of it is in its first state. */
	((struct xsave_header *)(fx + 1))->xstate_bv = 0;
}

int fpu_sanitise(void *area, u64 wanted)
{
	struct k_fpstate *fx = area;
	struct xsave_header *h = (struct xsave_header *)(fx + 1);

	fx->mxcsr &= features.mxcsr_mask;
	if (!features.xsave)
		return 0;
	if (h->xcomp_bv || h->xstate_bv & ~features.xcr0)
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_SIZE(h->reserved); i++)
		if (h->reserved[i])
			return -EINVAL;
	h->xstate_bv &= wanted;
	return 0;
}

/* The area was given as FXSAVE's 512 bytes alone: the rest is in its first state. */
void fpu_legacy_only(void *area)
{
	struct xsave_header *h = (struct xsave_header *)((struct k_fpstate *)area + 1);

	if (!features.xsave)
		return;
	kmemset(h, 0, sizeof(*h));
	h->xstate_bv = XSTATE_FPSSE;
}
