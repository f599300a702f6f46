// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame a signal handler runs on, byte for byte as Linux lays it out, and the way back from it.
 * Mirrors Linux arch/x86/kernel/signal.c and fpu/signal.c.
 *
 * From high to low: red zone, FPU state (64-byte aligned, its end marked by a magic number), struct
 * k_rt_sigframe. What comes back in is the user's word: selectors are constants again, flags keep
 * what user mode may set itself, FPU state is checked before the CPU sees it, and an address that
 * no IRET can take ends in x86_exit_to_user().
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "x86.h"

#define RED_ZONE	128u
/* AC RF OF DF TF SF ZF AF PF CF */
#define FLAGS_USER	0x50dd5ul

static inline size_t fpu_frame_size(void)
{
	return features.fpu_size + (features.xsave ? FP_XSTATE_MAGIC2_SIZE : 0);
}

int user_xsave(void *to);
int user_xrstor(const void *from, u64 mask);

/* From k_fpstate.sw_reserved on: who wrote it, and XSAVE's header. */
struct frame_middle {
	struct k_fpx_sw_bytes sw;
	u64 header[8];
};

/* Straight from the registers: a page that is not there is faulted in like the program's own access. */
static int put_xstate(uaddr_t to)
{
	struct frame_middle m = { .sw = {
		.magic1 = FP_XSTATE_MAGIC1, .extended_size = (u32)fpu_frame_size(), .xfeatures = features.xcr0,
		.xstate_size = features.fpu_size,
	} };
	u32 magic2 = FP_XSTATE_MAGIC2;

	if (copy_to_user(to + offsetof(struct k_fpstate, sw_reserved), &m, sizeof(m)) ||
	    copy_to_user(to + features.fpu_size, &magic2, sizeof(magic2)))
		return -EFAULT;
	return user_xsave((void *)to);
}

/* Current's FPU registers to the user's stack. 0 or -EFAULT. */
static int put_fpu(uaddr_t to)
{
	struct k_fpstate *fx = current->arch.fpu;

	if (features.xsave)
		return put_xstate(to);
	irq_push_off();
	fpu_save(&current->arch);
	irq_pop_off();
	fx->sw_reserved = (struct k_fpx_sw_bytes){ 0 };
	return copy_to_user(to, fx, sizeof(*fx)) ? -EFAULT : 0;
}

static void fill_context(struct k_sigcontext *c, const struct regs *r, const struct ksig *k, uaddr_t fpstate)
{
	const struct arch_thread *a = &current->arch;

	*c = (struct k_sigcontext){
		.r8 = r->r8, .r9 = r->r9, .r10 = r->r10, .r11 = r->r11, .r12 = r->r12, .r13 = r->r13, .r14 = r->r14,
		.r15 = r->r15, .rdi = r->di, .rsi = r->si, .rbp = r->bp, .rbx = r->bx, .rdx = r->dx, .rax = r->ax,
		.rcx = r->cx, .rsp = r->sp, .rip = r->ip, .eflags = r->flags, .cs = USER_CS, .ss = USER_DS,
		.err = a->trap_err, .trapno = a->trap_nr, .cr2 = a->cr2, .oldmask = k->oldmask, .fpstate = fpstate,
	};
}

int arch_signal_setup(const struct ksig *k, struct regs *r)
{
	uaddr_t below = r->sp - RED_ZONE, top = signal_stack(k, below), fp, at;
	bool alt = top != below || on_sig_stack(r->sp);
	struct k_rt_sigframe f;

	fp = (top - fpu_frame_size()) & ~63ul;
	at = ((fp - sizeof(f)) & ~15ul) - 8;
	/*
	 * LINUX has a check like this too: a frame that does not fit the alternate stack is not
	 * written below it.
	 */
	if (alt && (at <= current->sas_sp || at - current->sas_sp > current->sas_size))
		return -EFAULT;
	if (!(k->ka.flags & SA_RESTORER) || !access_ok(at, top - at) || top < at || put_fpu(fp))
		return -EFAULT;
	f.pretcode = k->ka.restorer;
	f.uc.uc_link = 0;
	f.uc.uc_flags = (features.xsave ? UC_FP_XSTATE : 0) | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	save_altstack(&f.uc.uc_stack);
	fill_context(&f.uc.uc_mcontext, r, k, fp);
	f.uc.uc_sigmask = k->oldmask;
	f.info = k->info;
	if (copy_to_user(at, &f, sizeof(f)))
		return -EFAULT;
	r->di = (u64)k->sig;
	r->si = at + offsetof(struct k_rt_sigframe, info);
	r->dx = at + offsetof(struct k_rt_sigframe, uc);
	r->ax = 0;
	r->ip = k->ka.handler;
	r->sp = at;
	r->cs = USER_CS;
	r->ss = USER_DS;
	r->flags &= ~(FLAGS_DF | FLAGS_RF | FLAGS_TF);
	regs_forget_syscall(r);
	return 0;
}

/*
 * Is there a whole xsave image of this CPU's size behind the 512 bytes at from? If not, they count
 * alone.
 */
static bool is_extended(uaddr_t from)
{
	struct k_fpx_sw_bytes sw;
	u32 magic2;

	if (copy_from_user(&sw, from + offsetof(struct k_fpstate, sw_reserved), sizeof(sw)))
		return false;
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size != features.fpu_size || sw.extended_size < sw.xstate_size)
		return false;
	return !copy_from_user(&magic2, from + sw.xstate_size, sizeof(magic2)) && magic2 == FP_XSTATE_MAGIC2;
}

/* 0 or -EFAULT; the area may then hold anything. */
static int get_fpu_image(uaddr_t from, bool extended)
{
	void *area = current->arch.fpu;

	if (copy_from_user(area, from, extended ? features.fpu_size : sizeof(struct k_fpstate)))
		return -EFAULT;
	if (!extended)
		fpu_legacy_only(area);
	return fpu_sanitise(area, features.xcr0) ? -EFAULT : 0;
}

/* Current's FPU registers from the user's stack, or fresh ones for NULL. */
static int get_fpu(uaddr_t from)
{
	bool extended = from && features.xsave && is_extended(from);
	struct task *t = current;
	int err = 0;

	/* As a rule it is what user_xsave() wrote, and the CPU takes it as it is. */
	if (extended && !user_xrstor((const void *)from, features.xcr0))
		return 0;
	WRITE_ONCE(t->arch.fpu_loaded, 0);
	if (from)
		err = get_fpu_image(from, extended);
	if (!from || err)
		fpu_reset(t);
	irq_push_off();
	fpu_load(&t->arch);
	irq_pop_off();
	return err;
}

int arch_signal_return(struct regs *r, u64 *mask)
{
	struct k_ucontext uc;
	const struct k_sigcontext *c = &uc.uc_mcontext;

	regs_forget_syscall(r);
	set_tif(current, TIF_SLOW_EXIT);
	if (copy_from_user(&uc, r->sp - 8 + offsetof(struct k_rt_sigframe, uc), sizeof(uc)))
		return -EFAULT;
	*r = (struct regs){
		.r8 = c->r8, .r9 = c->r9, .r10 = c->r10, .r11 = c->r11, .r12 = c->r12, .r13 = c->r13, .r14 = c->r14,
		.r15 = c->r15, .di = c->rdi, .si = c->rsi, .bp = c->rbp, .bx = c->rbx, .dx = c->rdx, .ax = c->rax,
		.cx = c->rcx, .sp = c->rsp, .ip = c->rip, .nr = -1, .cs = USER_CS, .ss = USER_DS,
		.flags = (r->flags & ~FLAGS_USER) | (c->eflags & FLAGS_USER) | FLAGS_IF,
	};
	if (get_fpu(c->fpstate))
		return -EFAULT;
	restore_altstack(&uc.uc_stack, r->sp);
	*mask = uc.uc_sigmask;
	return 0;
}
