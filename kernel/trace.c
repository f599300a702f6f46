// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring of events per CPU. Mirrors Linux kernel/trace/ring_buffer.c at a fraction. No lock: a CPU
 * writes its own ring, an interrupt between the parts of a record takes the next slot. A reader
 * sees each record whole or, if it reads too slowly, torn.
 */
#include "kernel/arch.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/trace.h"

#define RING	512u			/* records; a power of two */

struct record {
	u64 ns;
	s32 pid;
	u32 event;
	u64 a, b;
};

struct ring {
	_Atomic u32 head;		/* records ever begun */
	struct record rec[RING];
};

static struct ring boot_ring;
/* A CPU without memory for a ring records nothing. */
static struct ring *rings[MAX_CPUS] = { &boot_ring };

/* a and b as the format says; %l for both, always 64 bits. */
static const struct { const char *name, *fmt; } events[NR_TRACE_EVENTS] = {
	[TRACE_sched_switch] = { "sched_switch", "prev_pid|prev_state<<32=0x%lx next_pid=%ld" },
	[TRACE_sched_wakeup] = { "sched_wakeup", "pid=%ld state=0x%lx" },
	[TRACE_sched_process_fork] = { "sched_process_fork", "child_pid=%ld flags=0x%lx" },
	[TRACE_sched_process_exec] = { "sched_process_exec", "pid=%ld old_pid=%ld" },
	[TRACE_sched_process_exit] = { "sched_process_exit", "pid=%ld code=0x%lx" },
	[TRACE_signal_generate] = { "signal_generate", "sig=%ld pid=%ld" },
	[TRACE_signal_deliver] = { "signal_deliver", "sig=%ld code=%ld" },
	[TRACE_freeze_task] = { "freeze_task", "pid=%ld state=0x%lx" },
	[TRACE_frozen] = { "frozen", "pid=%ld state=0x%lx" },
	[TRACE_thaw_task] = { "thaw_task", "pid=%ld state=0x%lx" },
	[TRACE_mark_victim] = { "mark_victim", "pid=%ld victims=%ld" },
	[TRACE_exit_oom_victim] = { "exit_oom_victim", "pid=%ld victims=%ld" },
	[TRACE_oom_kill] = { "oom_kill", "pid=%ld points=%ld" },
	[TRACE_oom_reap] = { "oom_reap", "pid=%ld pages=%ld" },
	[TRACE_oom_disable] = { "oom_disable", "result=%ld victims=%ld" },
	[TRACE_oom_enable] = { "oom_enable", "victims=%ld b=%ld" },
	[TRACE_suspend_resume] = { "suspend_resume", "step=%ld result=%ld" },
	[TRACE_block_rq_issue] = { "block_rq_issue", "sector=%ld bytes=%ld" },
	[TRACE_block_rq_complete] = { "block_rq_complete", "sector=%ld error=%ld" },
	[TRACE_syscall] = { "syscall", "nr=%ld ret=%ld" },
	[TRACE_exit_step] = { "exit_step", "step=%ld pid=%ld" },
};

void trace(enum trace_event e, u64 a, u64 b)
{
	struct ring *ring = rings[this_cpu()->id];
	struct record *r;

	if (unlikely(!ring))
		return;
	r = &ring->rec[atomic_fetch_add_explicit(&ring->head, 1, memory_order_relaxed) % RING];
	r->ns = arch_clock_ns();
	r->pid = current->pid;
	r->event = e;
	r->a = a;
	r->b = b;
}

void trace_init_cpu(unsigned cpu)
{
	if (!rings[cpu])
		rings[cpu] = kzalloc(sizeof(struct ring), GFP_NOWAIT);
}

static size_t format_record(const struct record *r, unsigned cpu, char *buf, size_t n)
{
	size_t len = kscnprintf(buf, n, "%6lu.%09lu cpu%u pid=%d ", r->ns / 1000000000, r->ns % 1000000000, cpu, r->pid);

	if (r->event >= NR_TRACE_EVENTS)
		return len;
	len += kscnprintf(buf + len, n - len, "%s: ", events[r->event].name);
	/* A format from the table above, whose two arguments are always there. */
	len += kscnprintf(buf + len, n - len, events[r->event].fmt, r->a, r->b);
	return len + kscnprintf(buf + len, n - len, "\n");
}

/* Which CPU has the oldest record not yet printed; MAX_CPUS if none. */
static unsigned oldest(const u32 *next, const u32 *end)
{
	unsigned best = MAX_CPUS;

	for (unsigned i = 0; i < MAX_CPUS; i++) {
		if (!rings[i] || next[i] == end[i])
			continue;
		if (best == MAX_CPUS || rings[i]->rec[next[i] % RING].ns < rings[best]->rec[next[best] % RING].ns)
			best = i;
	}
	return best;
}

void trace_dump(void (*out)(void *ctx, const char *s, size_t n), void *ctx)
{
	u32 next[MAX_CPUS] = { 0 }, end[MAX_CPUS] = { 0 };
	char line[200];
	unsigned cpu;

	for (unsigned i = 0; i < MAX_CPUS; i++) {
		if (!rings[i])
			continue;
		end[i] = atomic_load(&rings[i]->head);
		next[i] = end[i] > RING ? end[i] - RING : 0;
	}
	while ((cpu = oldest(next, end)) < MAX_CPUS) {
		size_t n = format_record(&rings[cpu]->rec[next[cpu]++ % RING], cpu, line, sizeof(line));

		out(ctx, line, n);
	}
}

/* ---- /sys/kernel/debug/trace: the newest records that fit ---- */

struct tail {
	char *buf;
	size_t n, skip, len;		/* skip: bytes of the oldest that have no room */
};

static void measure(void *ctx, const char *s, size_t n)
{
	(void)s;
	((struct tail *)ctx)->len += n;
}

static void store(void *ctx, const char *s, size_t n)
{
	struct tail *t = ctx;

	if (t->skip) {
		t->skip -= min(t->skip, n);
		return;
	}
	n = min(n, t->n - t->len);
	kmemcpy(t->buf + t->len, s, n);
	t->len += n;
}

static s64 trace_show(char *buf, size_t n)
{
	struct tail t = { .buf = buf, .n = n };

	trace_dump(measure, &t);
	t.skip = t.len > n ? t.len - n : 0;
	t.len = 0;
	trace_dump(store, &t);
	return (s64)t.len;
}
PSEUDO_FILE(trace_file, .path = "/sys/kernel/debug/trace", .mode = 0444, .show = trace_show);
