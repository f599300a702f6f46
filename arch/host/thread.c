// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fibers: one stack a task. A task that is not running has its registers on its stack and its stack
 * pointer in arch.sp. Stacks are kept for the next task; AddressSanitizer is told of every change
 * of stack.
 */
#include "arch/host/host.h"
#include "arch/host/os.h"
#include "kernel/mm/mm.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#endif

#ifdef ASAN
void __sanitizer_start_switch_fiber(void **fake_stack_save, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack_save, const void **bottom_old, size_t *size_old);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);

static void leaving(void **save, const struct task *to)
{
	__sanitizer_start_switch_fiber(save, to->arch.stack, STACK_BYTES);
}
static void arrived(void *saved)
{
	__sanitizer_finish_switch_fiber(saved, NULL, NULL);
}
void host_stack_forget(void *stack)
{
	__asan_unpoison_memory_region(stack, STACK_BYTES);
}
#else
static void leaving(void **save, const struct task *to)
{
	(void)save;
	(void)to;
}
static void arrived(void *saved)
{
	(void)saved;
}
void host_stack_forget(void *stack)
{
	(void)stack;
}
#endif

/* --- stacks --- */

/*
 * A stack is the process' memory, but costs the machine what it costs a real one: two pages, which
 * nobody touches. Free stacks keep them until memory is short. There is nothing to lock: nobody
 * else runs between two arch_points.
 */
#define COST_ORDER	1u

/* A free stack begins with this. */
struct free_stack {
	struct free_stack *next;
	struct page *cost;
};
static struct free_stack *free_stacks;

static void stack_put(void *stack, struct page *cost)
{
	struct free_stack *s = stack;

	host_stack_forget(stack);
	*s = (struct free_stack){ free_stacks, cost };
	free_stacks = s;
}

void *host_stack_get(void)
{
	return os_stack_alloc(STACK_BYTES);
}

int arch_thread_alloc(struct task *t)
{
	struct free_stack *s = free_stacks;
	struct page *cost = NULL;
	void *stack = s;

	if (s) {
		free_stacks = s->next;
		cost = s->cost;
	} else {
		stack = host_stack_get();
	}
	if (!cost) {
		cost = alloc_pages(GFP_KERNEL, COST_ORDER);
		if (!cost) {
			stack_put(stack, NULL);
			return -ENOMEM;
		}
		account_pages(KIND_STACK, 1 << COST_ORDER);
	}
	t->arch.stack = stack;
	t->arch.cost = cost;
	return 0;
}

void arch_thread_free(struct task *t)
{
	if (!t->arch.stack)
		return;
	stack_put(t->arch.stack, t->arch.cost);
	t->arch.stack = NULL;
}

/* One free stack that still has its pages, or NULL. */
static struct free_stack *stack_with_cost(void)
{
	struct free_stack *s = free_stacks;

	while (s && !s->cost)
		s = s->next;
	return s;
}

static u64 stacks_shrink(u64 want)
{
	struct free_stack *s;
	u64 freed = 0;

	while (freed < want && (s = stack_with_cost())) {
		struct page *cost = s->cost;

		s->cost = NULL;
		account_pages(KIND_STACK, -(1 << COST_ORDER));
		free_pages(cost, COST_ORDER);
		freed += 1u << COST_ORDER;
	}
	return freed;
}
SHRINKER(host_stacks, stacks_shrink);

bool arch_on_stack(const struct task *t, const void *p)
{
	const u8 *s = t->arch.stack;

	return s && (const u8 *)p >= s && (const u8 *)p < s + STACK_BYTES;
}

/* Its stacks are of another size, and so are the compiler's frames: nothing to learn. */
u64 arch_stack_max(void)
{
	return 0;
}

/* --- switching --- */

void host_fiber_switch(struct task *from, struct task *to)
{
	leaving(&from->arch.fake_stack, to);
	host_switch_stack(&from->arch.sp, to->arch.sp);
	arrived(from->arch.fake_stack);
}

void arch_switch(struct task *prev, struct task *next)
{
	struct cpu *c = this_cpu();

	c->prev = prev;
	c->curr = next;
	host_set_current(c, next);
	host_fiber_switch(prev, next);
}

/* The first thing on a new stack, at the place where others return from host_switch_stack. */
static void begin(void)
{
	void (*fn)(void);

	arrived(NULL);
	fn = (void (*)(void))current->arch.base;
	current->arch.base = NULL;
	fn();
	panic("a fiber's function returned");
}

/*
 * The words that host_switch_stack pops: six registers and where to go on, with a stack aligned as
 * after a call.
 */
void host_fiber_init(struct task *t, void (*fn)(void))
{
	u64 *sp = (u64 *)((u8 *)t->arch.stack + STACK_BYTES);

	*--sp = 0;
	*--sp = (u64)begin;
	for (int i = 0; i < 6; i++)
		*--sp = 0;
	t->arch.sp = sp;
	t->arch.base = (void *)fn;
	t->arch.fake_stack = NULL;
}

/* From the process' own stack, which is never used again. */
void host_enter_boot(struct task *t, void (*fn)(void))
{
	void *own_sp, *own_fake;

	host_fiber_init(t, fn);
	leaving(&own_fake, t);
	host_switch_stack(&own_sp, t->arch.sp);
	panic("back on the process' stack");
}

static void kernel_thread(void)
{
	schedule_tail();
	arch_irq_enable();
	current->arch.fn(current->arch.arg);
	/* Only the first program's task comes back: exec has given it user registers. */
	arch_irq_disable();
	host_user_mode();
}

void arch_thread_kernel(struct task *t, void (*fn)(void *arg), void *arg)
{
	t->arch.fn = fn;
	t->arch.arg = arg;
	host_fiber_init(t, kernel_thread);
}

static void forked(void)
{
	schedule_tail();
	arch_irq_disable();
	host_user_mode();
}

/*
 * LINUX: C locals are a host program's registers and cannot be doubled, so a child begins with a
 * function of its own.
 */
void arch_thread_fork(struct task *t, uaddr_t sp, const uaddr_t *tls)
{
	struct regs *r = &t->arch.regs;

	*r = current->arch.regs;
	r->ax = 0;
	r->nr = -1;
	if (sp)
		r->sp = sp;
	if (tls)
		r->tls = *tls;
	host_fiber_init(t, forked);
}

void arch_thread_exec(uaddr_t entry, uaddr_t sp)
{
	current->arch.regs = (struct regs){ .nr = -1, .ip = entry, .sp = sp, .user = 1, .fresh = 1 };
}

struct regs *arch_regs(struct task *t)
{
	return &t->arch.regs;
}

void arch_set_ip(struct regs *r, uaddr_t ip)
{
	r->ip = ip;
}

bool arch_tsc_allowed(void)
{
	return !current->arch.no_tsc;
}

void arch_allow_tsc(bool allow)
{
	current->arch.no_tsc = !allow;
}

long arch_prctl(int code, uaddr_t addr)
{
	struct regs *r = &current->arch.regs;

	switch (code) {
	case ARCH_SET_FS:
		if (addr >= USER_MAX)
			return -EPERM;
		r->tls = addr;
		return 0;
	case ARCH_GET_FS:
		return copy_to_user(addr, &r->tls, sizeof(r->tls)) ? -EFAULT : 0;
	}
	return -EINVAL;
}

u64 arch_hwcap(void)
{
	return 0;
}
const char arch_platform[] = "x86_64";
