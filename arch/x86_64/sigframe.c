// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame a signal handler runs on, byte for byte as Linux lays it out, and the way back from it.
 * Mirrors Linux arch/x86/kernel/signal.c and fpu/signal.c.
 *
 * From high to low: red zone, FPU state (64-byte aligned, its end marked by a magic number), struct
 * k_rt_sigframe. What comes back in is the user's word: selectors stay the constants that they
 * always are, flags keep what user mode may set itself, FPU state is checked before the CPU sees
 * it, and an address that no IRET can take ends in x86_exit_to_user().
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "uaccess.h"
#include "x86.h"

#define RED_ZONE	128u
/* AC RF OF DF TF SF ZF AF PF CF */
#define FLAGS_USER	0x50dd5ul
#define XSAVE_HEADER	64		/* behind FXSAVE's 512 bytes */
#define NR_LIKE_REGS	15		/* words of a sigcontext, r8 to rcx, that struct regs has in its order */

#define SAME_PLACE(user, own)	(offsetof(struct k_sigcontext, user) - offsetof(struct k_sigcontext, r8) == offsetof(struct regs, own))
_Static_assert(SAME_PLACE(r8, r8) && SAME_PLACE(r9, r9) && SAME_PLACE(r10, r10) && SAME_PLACE(r11, r11), "one copy");
_Static_assert(SAME_PLACE(r12, r12) && SAME_PLACE(r13, r13) && SAME_PLACE(r14, r14) &&
	SAME_PLACE(r15, r15), "one copy");
_Static_assert(SAME_PLACE(rdi, di) && SAME_PLACE(rsi, si) && SAME_PLACE(rbp, bp) && SAME_PLACE(rbx, bx), "one copy");
_Static_assert(SAME_PLACE(rdx, dx) && SAME_PLACE(rax, ax) && SAME_PLACE(rcx, cx), "one copy");
_Static_assert(offsetof(struct regs, nr) == NR_LIKE_REGS * 8, "one copy");
#undef SAME_PLACE

static inline size_t fpu_frame_size(void)
{
	return features.fpu_size + (features.xsave ? FP_XSTATE_MAGIC2_SIZE : 0);
}

int user_xrstor(const void *from, u64 mask);

static inline u32 *magic2(uaddr_t fx)
{
	return (u32 *)(fx + features.fpu_size);
}

/*
 * Who wrote the image, and XSAVE's header before it is XSAVE's. Between user_access_begin() and
 * _end(), like those below.
 */
static inline void put_xstate_words(uaddr_t to, int *err)
{
	struct k_fpx_sw_bytes *sw = &((struct k_fpstate *)to)->sw_reserved;

	put_user_32(&sw->magic1, FP_XSTATE_MAGIC1, err);
	put_user_32(&sw->extended_size, (u32)fpu_frame_size(), err);
	put_user_64(&sw->xfeatures, features.xcr0, err);
	put_user_64((u64 *)&sw->xstate_size, features.fpu_size, err);
	clear_user_words(&sw->padding[1], 3 + XSAVE_HEADER / 8, err);
	put_user_32(magic2(to), FP_XSTATE_MAGIC2, err);
}

/* Current's FPU registers to the user's stack, of a CPU without XSAVE. 0 or -EFAULT. */
static int put_fpu(uaddr_t to)
{
	struct k_fpstate *fx = current->arch.fpu;

	irq_push_off();
	fpu_save(&current->arch);
	irq_pop_off();
	fx->sw_reserved = (struct k_fpx_sw_bytes){ 0 };
	return copy_to_user(to, fx, sizeof(*fx)) ? -EFAULT : 0;
}

/* As on Linux, what is reserved keeps what was there. */
static inline void put_context(struct k_sigcontext *c, const struct regs *r, uaddr_t fpstate, int *err)
{
	const struct arch_thread *a = &current->arch;

	copy_user_words(&c->r8, &r->r8, NR_LIKE_REGS, err);
	put_user_64(&c->rsp, r->sp, err);
	put_user_64(&c->rip, r->ip, err);
	put_user_64(&c->eflags, r->flags, err);
	put_user_32((u32 *)&c->cs, USER_CS, err);
	put_user_32((u32 *)&c->fs, USER_DS << 16, err);
	put_user_64(&c->err, a->trap_err, err);
	put_user_64(&c->trapno, a->trap_nr, err);
	put_user_64(&c->cr2, a->cr2, err);
	put_user_64(&c->fpstate, fpstate, err);
}

static inline void put_frame(struct k_rt_sigframe *f, const struct ksig *k, const struct regs *r,
		uaddr_t fpstate, int *err)
{
	const struct task *t = current;
	struct k_ucontext *uc = &f->uc;

	put_user_64(&f->pretcode, k->ka.restorer, err);
	put_user_64(&uc->uc_flags, (features.xsave ? UC_FP_XSTATE : 0) | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS, err);
	put_user_64(&uc->uc_link, 0, err);
	put_user_64(&uc->uc_stack.ss_sp, t->sas_sp, err);
	put_user_64((u64 *)&uc->uc_stack.ss_flags, t->sas_flags, err);
	put_user_64(&uc->uc_stack.ss_size, t->sas_size, err);
	put_context(&uc->uc_mcontext, r, fpstate, err);
	put_user_64(&uc->uc_mcontext.oldmask, k->oldmask, err);
	put_user_64(&uc->uc_sigmask, k->oldmask, err);
	copy_user_words(&f->info, &k->info, SIGINFO_KEPT / 8, err);
	clear_user_words((u8 *)&f->info + SIGINFO_KEPT, (sizeof(f->info) - SIGINFO_KEPT) / 8, err);
}

int arch_signal_setup(const struct ksig *k, struct regs *r)
{
	uaddr_t below = r->sp - RED_ZONE, top = below, fp, at;
	bool alt = false;
	int err = 0;

	if (unlikely(current->sas_size)) {
		top = signal_stack(k, below);
		alt = top != below || on_sig_stack(r->sp);
	}

	fp = (top - fpu_frame_size()) & ~63ul;
	at = ((fp - sizeof(struct k_rt_sigframe)) & ~15ul) - 8;
	/*
	 * LINUX has a check like this too: a frame that does not fit the alternate stack is not
	 * written below it.
	 */
	if (alt && (at <= current->sas_sp || at - current->sas_sp > current->sas_size))
		return -EFAULT;
	if (!(k->ka.flags & SA_RESTORER) || !user_access_begin(at, top - at))
		return -EFAULT;
	put_frame((struct k_rt_sigframe *)at, k, r, fp, &err);
	if (likely(features.xsave)) {
		put_xstate_words(fp, &err);
		put_xstate((void *)fp, &err);
	}
	user_access_end();
	if (err || (unlikely(!features.xsave) && put_fpu(fp)))
		return -EFAULT;
	r->di = (u64)k->sig;
	r->si = at + offsetof(struct k_rt_sigframe, info);
	r->dx = at + offsetof(struct k_rt_sigframe, uc);
	r->ax = 0;
	r->ip = k->ka.handler;
	r->sp = at;
	r->flags &= ~(FLAGS_DF | FLAGS_RF | FLAGS_TF);
	regs_forget_syscall(r);
	return 0;
}

/*
 * Is there a whole xsave image of this CPU's size behind the 512 bytes at from? If not, they count
 * alone. Between user_access_begin() and _end(), of whatever.
 */
static inline bool is_extended(uaddr_t from)
{
	const struct k_fpx_sw_bytes *sw = &((const struct k_fpstate *)from)->sw_reserved;
	u32 first, second, extended, size;
	int err = 0;

	if (!from || !features.xsave || !access_ok(from, fpu_frame_size()))
		return false;
	first = get_user_32(&sw->magic1, &err);
	extended = get_user_32(&sw->extended_size, &err);
	size = get_user_32(&sw->xstate_size, &err);
	second = get_user_32(magic2(from), &err);
	return first == FP_XSTATE_MAGIC1 && size == features.fpu_size && extended >= size && second == FP_XSTATE_MAGIC2;
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
static int get_fpu(uaddr_t from, bool extended)
{
	struct task *t = current;
	int err = 0;

	/* As a rule it is what put_xstate() wrote, and the CPU takes it as it is. */
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

static inline void get_context(struct regs *r, const struct k_sigcontext *c, int *err)
{
	copy_user_words(&r->r8, &c->r8, NR_LIKE_REGS, err);
	r->sp = get_user_64(&c->rsp, err);
	r->ip = get_user_64(&c->rip, err);
	r->flags = (r->flags & ~FLAGS_USER) | (get_user_64(&c->eflags, err) & FLAGS_USER) | FLAGS_IF;
}

/*
 * Both ends of the frame are read before r changes: half a frame leaves it as it is, unless
 * somebody else unmaps the frame just now.
 */
struct user_u64 arch_signal_return(struct regs *r)
{
	const struct k_ucontext *uc = (const struct k_ucontext *)(r->sp - 8 + offsetof(struct k_rt_sigframe, uc));
	struct task *t = current;
	u64 fpstate, mask, ss_sp, ss_size;
	u32 ss_flags;
	bool extended;
	int err = 0;

	regs_forget_syscall(r);
	set_tif(t, TIF_SLOW_EXIT);
	if (!user_access_begin((uaddr_t)uc, sizeof(*uc)))
		return (struct user_u64){ .err = -EFAULT };
	ss_sp = get_user_64(&uc->uc_stack.ss_sp, &err);
	ss_flags = get_user_32((const u32 *)&uc->uc_stack.ss_flags, &err);
	ss_size = get_user_64(&uc->uc_stack.ss_size, &err);
	fpstate = get_user_64(&uc->uc_mcontext.fpstate, &err);
	mask = get_user_64(&uc->uc_sigmask, &err);
	if (likely(!err))
		get_context(r, &uc->uc_mcontext, &err);
	extended = is_extended(fpstate);
	user_access_end();
	if (err || get_fpu(fpstate, extended))
		return (struct user_u64){ .err = -EFAULT };
	if (unlikely(ss_sp != t->sas_sp || ss_size != t->sas_size || ss_flags != t->sas_flags))
		restore_altstack(ss_sp, ss_flags, ss_size, r->sp);
	return (struct user_u64){ .v = mask };
}
