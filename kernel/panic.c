// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a machine that found itself wrong, and warnings. Mirrors Linux kernel/panic.c. Takes
 * no lock but the log's.
 */
#include "kernel/arch.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/trace.h"

#define MAX_FRAMES	32
#define MAX_TASKS	200		/* lists may be broken: no walk is endless */
#define NOBODY		(~0u)

static _Atomic u32 panic_cpu = NOBODY;
static _Atomic u32 panic_depth;

bool panicking(void)
{
	return atomic_load_explicit(&panic_cpu, memory_order_relaxed) != NOBODY;
}

static void print_backtrace(const struct regs *r)
{
	u64 pcs[MAX_FRAMES];
	unsigned n = arch_backtrace(r, pcs, MAX_FRAMES);

	kprintf("backtrace:\n");
	for (unsigned i = 0; i < n; i++) {
		u64 off = 0;
		const char *name = arch_symbol(pcs[i], &off);

		kprintf("  %016lx %s+0x%lx\n", pcs[i], name ? name : "?", off);
	}
}

/* The lists are read without their lock: its holder may be the one that panicked. */
static void print_tasks(void)
{
	struct task *p, *t;
	unsigned n = 0;

	kprintf("tasks:   tid  tgid state    exit flags    tif cpu comm\n");
	if (!task_list.next)
		return;
	for_each_process(p) {
		for_each_thread(p->group, t) {
			kprintf("      %6d %5d %08x %4x %08x %3x %3d %s\n", t->pid, t->tgid,
				t->state, (unsigned)t->exit_state, t->flags, t->tif,
				t->cpu ? (int)t->cpu->id : -1, t->comm);
			if (t->held_mutexes)
				locks_dump(t);
			if (++n >= MAX_TASKS)
				return;
		}
	}
}

static void print_out(void *ctx, const char *s, size_t n)
{
	(void)ctx;
	kprintf("%.*s", (int)n, s);
}

/* In order of use to who reads it; a fault on the way goes straight to the next part's end. */
static void print_all(void)
{
	u32 depth = atomic_fetch_add(&panic_depth, 1);

	if (depth == 0) {
		arch_regs_print(NULL);
		print_backtrace(NULL);
		kprintf("locks:\n");
		locks_dump(current);
		print_tasks();
		kprintf("trace:\n");
		trace_dump(print_out, NULL);
	} else if (depth == 1) {
		kprintf("panic: again, while saying why\n");
		print_backtrace(NULL);
	}
}

void panic(const char *fmt, ...)
{
	u32 nobody = NOBODY, me = this_cpu()->id;
	char msg[512];
	va_list ap;

	arch_irq_disable();
	/* The first CPU here speaks; others wait to be stopped. */
	if (!atomic_compare_exchange_strong(&panic_cpu, &nobody, me) && nobody != me)
		for (;;)
			arch_cpu_relax();
	if (nobody == NOBODY)
		arch_stop_others();
	va_start(ap, fmt);
	kvsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	kprintf("\nPANIC on CPU %u, %s/%d: %s\n", me, current ? current->comm : "?", current ? current->pid : -1, msg);
	print_all();
	kprintf("end of the panic: %s\n", msg);	/* once more, for who sees the last lines only */
	arch_poweroff(1);
}

void warn(const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	kvsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	count_vm(VM_KERNEL_WARNINGS);
	kprintf("WARNING on CPU %u, %s/%d: %s\n", this_cpu()->id, current->comm, current->pid, msg);
	print_backtrace(NULL);
}
