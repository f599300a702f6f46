// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread's machine part: its kernel stack and what lies on it, and the switch. Mirrors Linux
 * arch/x86/kernel/process_64.c.
 *
 *   stack + STACK_SIZE	->	register area of the FPU (aligned to 64)
 *				struct regs: the user's, whenever the thread is in the kernel
 *				calls ...
 *   stack		->	lowest address; unmapped below
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "uaccess.h"
#include "x86.h"

/* What switch_stacks() pops, lowest address first. */
struct switch_frame {
	u64 r15, r14, r13, r12, bx, bp, ret;
};

static inline u8 *fpu_area(const struct task *t)
{
	return t->arch.stack + STACK_SIZE - (features.fpu_size + 63) / 64 * 64;
}

struct regs *arch_regs(struct task *t)
{
	return (struct regs *)fpu_area(t) - 1;
}

void arch_set_ip(struct regs *r, uaddr_t ip)
{
	r->ip = ip;
	set_tif(current, TIF_SLOW_EXIT);
}

/*
 * Where user mode enters the kernel while t, which has been there, runs: system calls find ss there
 * already.
 */
static inline void set_user_entry(struct cpu *c, const struct task *t)
{
	u64 top = (u64)t->arch.fpu;

	c->machine[0] = top - 8;
	((struct x86_cpu *)c->arch)->tss.rsp[0] = top;
}

int arch_thread_alloc(struct task *t)
{
	u8 *stack = stack_alloc();

	if (!stack)
		return -ENOMEM;
	t->arch.stack = stack;			/* all else is zero: task_alloc */
	return 0;
}

void arch_thread_free(struct task *t)
{
	if (t->arch.stack)
		stack_free(t->arch.stack);
	t->arch.stack = NULL;
	t->arch.fpu = NULL;
}

static struct switch_frame *new_frame(struct task *t, const char *ret)
{
	struct switch_frame *f = (struct switch_frame *)arch_regs(t) - 1;

	*f = (struct switch_frame){ .ret = (u64)ret };
	t->arch.sp = (u64)f;
	return f;
}

void arch_thread_kernel(struct task *t, void (*fn)(void *arg), void *arg)
{
	struct switch_frame *f = new_frame(t, thread_entry);

	*arch_regs(t) = (struct regs){ .nr = -1 };
	f->r12 = (u64)fn;
	f->r13 = (u64)arg;
}

void arch_thread_fork(struct task *t, uaddr_t sp, const uaddr_t *tls)
{
	struct regs *r = arch_regs(t);

	assert(current->arch.fpu);
	new_frame(t, fork_return);
	*r = *arch_regs(current);
	r->ax = 0;
	if (current->arch.forced_tf)
		r->flags &= ~FLAGS_TF;
	r->cx = r->ip;
	r->r11 = r->flags;
	if (sp)
		r->sp = sp;
	t->arch.fpu = fpu_area(t);
	t->arch.fpu_loaded = 1;
	t->arch.extra = current->arch.extra & EXTRA_NO_TSC;
	/* No breakpoints; but the words that say what they were are inherited, as on Linux. */
	t->arch.debug.dr6 = current->arch.debug.dr6;
	t->arch.debug.dr7 = current->arch.debug.dr7;
	for (unsigned i = 0; i < ARRAY_SIZE(t->arch.tls); i++)
		t->arch.tls[i] = current->arch.tls[i];
	t->arch.gs_base = current->arch.gs_base;
	/*
	 * An address outside user space would be refused by WRMSR: clone's caller was told, and
	 * here it becomes none.
	 */
	t->arch.fs_base = !tls ? current->arch.fs_base : *tls < USER_MAX ? *tls : 0;
	irq_push_off();
	fpu_save(&current->arch);
	kmemcpy(t->arch.fpu, current->arch.fpu, features.fpu_size);
	irq_pop_off();
}

void arch_thread_exec(uaddr_t entry, uaddr_t sp)
{
	struct task *t = current;

	*arch_regs(t) = (struct regs){ .nr = arch_regs(t)->nr, .ip = entry, .sp = sp, .cs = USER_CS, .ss = USER_DS, .flags = FLAGS_IF | 2 };
	irq_push_off();
	t->arch.fpu = fpu_area(t);
	fpu_reset(t);
	fpu_load(&t->arch);
	hw_breakpoints_flush();
	kmemset(t->arch.tls, 0, sizeof(t->arch.tls));
	t->arch.fs_base = t->arch.gs_base = 0;
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	set_user_entry(this_cpu(), t);
	irq_pop_off();
	set_tif(t, TIF_SLOW_EXIT);
}

static __always_inline void switch_registers(struct task *prev, struct task *next)
{
	if (prev->arch.fpu_loaded)
		fpu_save(&prev->arch);
	this_cpu_field(prev) = prev;
	this_cpu_field(curr) = next;
	if (next->arch.fpu) {
		set_user_entry(this_cpu(), next);
		if (next->arch.fpu_loaded)
			fpu_load(&next->arch);
		wrmsr_from(MSR_FS_BASE, &next->arch.fs_base);
		wrmsr_from(MSR_KERNEL_GS_BASE, &next->arch.gs_base);
	}
	switch_stacks(&prev->arch.sp, next->arch.sp);
}

/* A function of its own, so that the ordinary switch has nothing to keep over a call. */
static void __attribute__((noinline)) switch_extra(struct task *prev, struct task *next)
{
	u8 either = prev->arch.extra | next->arch.extra, changed = prev->arch.extra ^ next->arch.extra;

	if (changed & EXTRA_NO_TSC)
		write_cr4(read_cr4() ^ CR4_TSD);
	if (changed & EXTRA_BLOCK_STEP)
		load_block_step(&next->arch);
	if (either & EXTRA_BREAKPOINTS)
		hw_breakpoints_load(&next->arch);
	switch_registers(prev, next);
}

void arch_switch(struct task *prev, struct task *next)
{
	if (unlikely(prev->arch.extra | next->arch.extra))
		switch_extra(prev, next);
	else
		switch_registers(prev, next);
}

bool arch_tsc_allowed(void)
{
	return !(current->arch.extra & EXTRA_NO_TSC);
}

void arch_allow_tsc(bool allow)
{
	irq_push_off();
	if (arch_tsc_allowed() != allow) {
		write_cr4(read_cr4() ^ CR4_TSD);
		current->arch.extra ^= EXTRA_NO_TSC;
	}
	irq_pop_off();
}

long prctl_bases(struct task *t, int code, uaddr_t addr)
{
	struct arch_thread *a = &t->arch;
	bool fs = code == ARCH_SET_FS || code == ARCH_GET_FS;
	u64 *base = fs ? &a->fs_base : &a->gs_base;

	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= USER_MAX)
			return -EPERM;
		irq_push_off();
		*base = addr;
		if (t == current)
			wrmsr(fs ? MSR_FS_BASE : MSR_KERNEL_GS_BASE, addr);
		irq_pop_off();
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return copy_to_user(addr, base, sizeof(*base)) ? -EFAULT : 0;
	}
	return -EINVAL;
}

long arch_prctl(int code, uaddr_t addr)
{
	switch (code) {
	case ARCH_GET_CPUID:			/* may user mode ask with cpuid? */
		return 1;
	case ARCH_SET_CPUID:			/* LINUX: never forbidden, whatever the processor can */
		return -ENODEV;
	}
	return prctl_bases(current, code, addr);
}

bool arch_on_stack(const struct task *t, const void *p)
{
	const u8 *s = t->arch.stack;

	return s && (const u8 *)p >= s && (const u8 *)p < s + STACK_SIZE;
}

/* ---- the user edge ---- */

size_t user_copy(void *dst, const void *src, size_t n);
size_t user_clear(void *dst, size_t n);
int user_read32(const u32 *addr, u32 *val);
int user_write_pair(u64 *addr, u64 a, u64 b);
long user_strncpy(char *dst, const char *src, size_t n);
int user_cmpxchg32(u32 *addr, u32 old, u32 new, u32 *cur);

/* What the copies below do, in full: they are so often called that they have no frame. */
static size_t __attribute__((noinline)) copy_slow(void *dst, const void *src, size_t n, uaddr_t user)
{
	might_sleep();
	return access_ok(user, n) ? user_copy(dst, src, n) : n;
}

size_t copy_from_user(void *dst, uaddr_t src, size_t n)
{
	return may_sleep() && access_ok(src, n) ? user_copy(dst, (const void *)src, n)
		: copy_slow(dst, (const void *)src, n, src);
}

size_t copy_to_user(uaddr_t dst, const void *src, size_t n)
{
	return may_sleep() && access_ok(dst, n) ? user_copy((void *)dst, src, n) : copy_slow((void *)dst, src, n, dst);
}

int get_user32(u32 *val, uaddr_t addr)
{
	might_sleep();
	return access_ok(addr, sizeof(*val)) ? user_read32((const u32 *)addr, val) : -EFAULT;
}

int put_user_pair(uaddr_t addr, u64 a, u64 b)
{
	might_sleep();
	return access_ok(addr, 2 * sizeof(u64)) ? user_write_pair((u64 *)addr, a, b) : -EFAULT;
}

size_t copy_from_user_inatomic(void *dst, uaddr_t src, size_t n)
{
	assert(this_cpu_field(nr_held));
	return access_ok(src, n) ? user_copy(dst, (const void *)src, n) : n;
}

size_t copy_to_user_inatomic(uaddr_t dst, const void *src, size_t n)
{
	assert(this_cpu_field(nr_held));
	return access_ok(dst, n) ? user_copy((void *)dst, src, n) : n;
}

size_t clear_user(uaddr_t dst, size_t n)
{
	might_sleep();
	return access_ok(dst, n) ? user_clear((void *)dst, n) : n;
}

long strncpy_from_user(char *dst, uaddr_t src, size_t n)
{
	size_t room;
	long len;

	might_sleep();
	if (src >= USER_MAX)
		return -EFAULT;
	if (!n)
		return 0;
	room = min(n, USER_MAX - src);
	len = user_strncpy(dst, (const char *)src, room);
	return len == (long)room && room < n ? -EFAULT : len;
}

int cmpxchg_user32(uaddr_t addr, u32 old, u32 new, u32 *cur)
{
	might_sleep();
	return access_ok(addr, 4) ? user_cmpxchg32((u32 *)addr, old, new, cur) : -EFAULT;
}
