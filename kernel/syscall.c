// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the trap to the handler, and the way out to user mode. Mirrors Linux arch/x86/entry/common.c
 * and kernel/entry/common.c.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/entry.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/printk.h"
#include "kernel/ptrace.h"
#include "kernel/rseq.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

/*
 * The handlers' real types differ in number and width of arguments, which the calling convention
 * forgives; only here.
 */
#define SYSCALL(nr, name, format) long sys_##name(void);
#include "kernel/syscalls.def"
#undef SYSCALL

#define SYSCALL(nr, name, format) [nr] = (syscall_handler)(void (*)(void))sys_##name,
const syscall_handler handlers[] = {
#include "kernel/syscalls.def"
};
#undef SYSCALL

#define SYSCALL(nr, name, format) [nr] = { #name, format },
static const struct { const char *name, *format; } texts[] = {
#include "kernel/syscalls.def"
};
#undef SYSCALL

/* The table's own line beside the number that programs use. */
#define SYSCALL(nr, name, format) _Static_assert(nr == __NR_##name, #name);
#include "kernel/syscalls.def"
#undef SYSCALL

#define ABSENT(nr, name) [nr] = #name,
static const char *const absent[] = {
#include "kernel/syscalls_absent.def"
};
#undef ABSENT
#define LAST_NAMED_CALL	(ARRAY_SIZE(absent) - 1)
_Static_assert(ARRAY_SIZE(absent) >= ARRAY_SIZE(handlers),
	"the short way of entry_no_such_call() is for those without a name");
_Static_assert(ARRAY_SIZE(absent) <= ENOSYS_WORDS * 64, "struct mm knows what is in the log");

/* The first few are. */
static bool is_news_unnamed(unsigned nr)
{
	for (unsigned i = 0; i < ENOSYS_UNNAMED; i++) {
		u32 seen = atomic_load(&current->mm->enosys_unnamed[i]);

		if (!seen && atomic_compare_exchange_strong(&current->mm->enosys_unnamed[i], &seen, nr))
			return true;
		if (seen == nr)
			return false;
	}
	return false;
}

/* Is nr not in the log yet, for current's program? */
static bool is_news(unsigned nr)
{
	u64 bit = 1ull << nr % 64;

	if (nr > LAST_NAMED_CALL)
		return is_news_unnamed(nr);
	return !(atomic_fetch_or(&current->mm->enosys_calls[nr / 64], bit) & bit);
}

static long __attribute__((noinline)) no_such_call(const struct regs *r)
{
	unsigned nr = (unsigned)regs_syscall_nr(r);
	const char *name = nr <= LAST_NAMED_CALL ? absent[nr] : NULL;

	if (is_news(nr))
		pr_info("%s/%d: system call %u (%s) is not there\n", current->comm, current->pid,
			nr, name ? name : "no name");
	return -ENOSYS;
}

int copy_struct_from_user(void *dst, size_t known, uaddr_t src, size_t size)
{
	u8 tail[64];
	size_t n;

	for (size_t off = known; off < size; off += n) {
		n = min(size - off, sizeof(tail));
		if (copy_from_user(tail, src + off, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (tail[i])
				return -E2BIG;
	}
	kmemset(dst, 0, known);
	return copy_from_user(dst, src, min(size, known)) ? -EFAULT : 0;
}

static size_t format_arg(char *buf, size_t n, char kind, u64 v)
{
	char s[40];
	long len;

	switch (kind) {
	case 'd':
		return kscnprintf(buf, n, "%d", (int)v);
	case 'u':
		return kscnprintf(buf, n, "%lu", v);
	case 's':
		len = strncpy_from_user(s, v, sizeof(s) - 1);
		if (len < 0)
			return kscnprintf(buf, n, "%lx", v);
		return kscnprintf(buf, n, "\"%.*s\"", (int)len, s);
	default:
		return kscnprintf(buf, n, "0x%lx", v);
	}
}

/* The debug log's line: name(arguments) = value. */
static void __attribute__((noinline)) log_call(const struct regs *r, unsigned nr)
{
	const char *f = texts[nr].format;
	char line[256];
	size_t n = 0;

	line[0] = 0;
	for (unsigned i = 0; f[i]; i++) {
		n += kscnprintf(line + n, sizeof(line) - n, "%s", i ? ", " : "");
		n += format_arg(line + n, sizeof(line) - n, f[i], regs_arg(r, i));
	}
	pr_debug("%s/%d: %s(%s)\n", current->comm, current->pid, texts[nr].name, line);
}

/*
 * While calls are logged, or somebody's are traced or asked about, every one takes the slow way, so that the short
 * one need not ask.
 */
unsigned nr_fast_calls = ARRAY_SIZE(handlers);
unsigned last_call = LAST_NAMED_CALL;
static struct spinlock slow_lock = SPINLOCK_INIT("slow system calls", RANK_SYSCALL);
static bool logging;				/* [slow_lock] */
static unsigned nr_watched;			/* [slow_lock] bits of WATCHED that tasks have */
#define WATCHED	(TIF_SYSCALL_TRACE | TIF_SYSCALL_EMU | TIF_SECCOMP | TIF_USER_DISPATCH)

static void slow_reasons_changed(void)
{
	assert_held(&slow_lock);
	WRITE_ONCE(nr_fast_calls, logging || nr_watched ? 0 : ARRAY_SIZE(handlers));
	WRITE_ONCE(last_call, logging || nr_watched ? ~0u : (unsigned)LAST_NAMED_CALL);
}

void syscall_set_loglevel(int level)
{
	spin_lock(&slow_lock);
	logging = level >= LOG_DEBUG;
	slow_reasons_changed();
	spin_unlock(&slow_lock);
}

static void watch(struct task *t, u32 tif)
{
	if (test_tif(t, tif))
		return;
	spin_lock(&slow_lock);
	set_tif(t, tif);
	nr_watched++;
	slow_reasons_changed();
	spin_unlock(&slow_lock);
}

static void unwatch(struct task *t, u32 tif)
{
	if (!test_tif(t, tif))
		return;
	spin_lock(&slow_lock);
	clear_tif(t, tif);
	nr_watched--;
	slow_reasons_changed();
	spin_unlock(&slow_lock);
}

void syscall_trace_on(struct task *t)
{
	watch(t, TIF_SYSCALL_TRACE);
}

void syscall_trace_off(struct task *t)
{
	unwatch(t, TIF_SYSCALL_TRACE);
}

void syscall_emu_on(struct task *t)
{
	watch(t, TIF_SYSCALL_EMU);
}

void syscall_emu_off(struct task *t)
{
	unwatch(t, TIF_SYSCALL_EMU);
}

void syscall_seccomp_on(struct task *t)
{
	watch(t, TIF_SECCOMP);
}

void syscall_seccomp_off(struct task *t)
{
	unwatch(t, TIF_SECCOMP);
}

void syscall_dispatch_on(void)
{
	watch(current, TIF_USER_DISPATCH);
}

void syscall_dispatch_off(struct task *t)
{
	unwatch(t, TIF_USER_DISPATCH);
}

static inline long call(const struct regs *r, unsigned nr)
{
	return handlers[nr](regs_arg(r, 0), regs_arg(r, 1), regs_arg(r, 2), regs_arg(r, 3),
			    regs_arg(r, 4), regs_arg(r, 5));
}

static inline bool in_table(unsigned nr)
{
	return nr < ARRAY_SIZE(handlers) && handlers[nr];
}

/* Logged, traced or asked about, or the machine has no short way. */
static long __attribute__((noinline)) slow_call(struct regs *r)
{
	unsigned nr = (unsigned)regs_syscall_nr(r);
	bool emulated;

	if (test_tif(current, WATCHED)) {
		if (nr == ~0u)
			current->in_syscall = INT32_MAX;	/* the tracer's own -1 means: no call */
		if (test_tif(current, TIF_USER_DISPATCH)) {
			current->syscall_dispatch.dispatched = syscall_user_dispatch(r);
			if (current->syscall_dispatch.dispatched)
				return regs_return(r);
		}
		emulated = test_tif(current, TIF_SYSCALL_EMU);	/* however the tracer sends it on */
		if (test_tif(current, TIF_SYSCALL_TRACE | TIF_SYSCALL_EMU) && (!ptrace_syscall_entry() || emulated))
			return regs_return(r);
		if (test_tif(current, TIF_SECCOMP) && !secure_computing(r))
			return regs_return(r);
		nr = (unsigned)regs_syscall_nr(r);
	}
	if (!in_table(nr))
		return no_such_call(r);
	if (READ_ONCE(logging))
		log_call(r, nr);
	return call(r, nr);
}

long entry_syscall(struct regs *r)
{
	unsigned nr = (unsigned)regs_syscall_nr(r);

	current->in_syscall = (int)nr;
	return slow_call(r);
}

long entry_no_such_call(void)
{
	struct task *t = current;

	return likely(atomic_load(&t->mm->enosys_unnamed[0]) == (u32)t->in_syscall) ?
		-ENOSYS : no_such_call(arch_regs(t));
}

void entry_syscall_traced(void)
{
	if (!current->syscall_dispatch.dispatched)
		ptrace_syscall_exit();
	current->syscall_dispatch.dispatched = false;
}

void entry_syscall_end(void)
{
	current->in_syscall = -1;
	assert_no_locks();
}

void entry_exit_to_user(struct regs *r)
{
	struct task *t = current;
	u32 work;

	while ((work = atomic_load_explicit(&t->tif, memory_order_relaxed) & TIF_WORK)) {
		arch_irq_enable();
		if (work & TIF_NEED_RESCHED)
			schedule();
		if (work & (TIF_SIGPENDING | TIF_NOTIFY_RESUME))
			do_signal(r);
		if (work & TIF_RSEQ)
			rseq_resume(r);
		arch_irq_disable();
	}
	assert_no_locks();
}

void entry_user_exception(struct regs *r, int sig, int code, uaddr_t addr)
{
	(void)r;
	force_sig_fault(sig, code, addr);
}

/* ---- interrupts ---- */

void entry_irq_enter(void)
{
	this_cpu()->in_irq++;
	this_cpu()->nr_irqs++;
}

void entry_irq_exit(void)
{
	this_cpu()->in_irq--;
}

/*
 * The work was done by whoever asked: TIF_NEED_RESCHED is set, or the idle loop looks at the
 * queues, or a signal is pending. But real-time tasks that wait elsewhere may come here.
 */
void entry_reschedule(void)
{
	arch_point(POINT_IRQ, this_cpu());
	sched_reschedule();
}
