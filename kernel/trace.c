// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring of events per CPU. Mirrors Linux kernel/trace/ring_buffer.c at a fraction. No lock: a CPU
 * writes its own ring, an interrupt between the parts of a record takes the next slot. A reader
 * sees each record whole, and none that was written over meanwhile; only one that is just being
 * written may be torn.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/param.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/trace.h"

#define BOOT_RING	512u		/* records; sizes are powers of two */
#define MAX_TEXT	(2u << 20)	/* bytes that a reader gets at the most */
#define LEAST_LINE	48u		/* bytes of the text of a record */
#define PANIC_SHOWS	512u		/* records a CPU, the newest */

static struct trace_record boot_records[BOOT_RING];
static struct trace_ring boot_ring = { .mask = BOOT_RING - 1, .rec = boot_records };
/* A CPU without memory for a ring records nothing. */
struct trace_ring *trace_rings[MAX_CPUS] = { &boot_ring };
static u32 ring_size = BOOT_RING;

static int set_size(const char *value)
{
	u64 bytes, records;

	if (parse_u64(value, &bytes) || bytes > 256u << 20)
		return -EINVAL;
	records = bytes / sizeof(struct trace_record);
	while (ring_size * 2 <= records)
		ring_size *= 2;
	return 0;
}
PARAM("trace_buf_size", "bytes for each processor's ring of events, such as 4M", set_size);

static const char *const suspend_steps[NR_SUSPEND_STEPS] = {
	[SUSPEND_freeze_processes] = "freeze_processes",
	[SUSPEND_oom_killer_disable] = "oom_killer_disable",
	[SUSPEND_freeze_kernel_threads] = "freeze_kernel_threads",
	[SUSPEND_suspend_devices] = "suspend_devices",
	[SUSPEND_machine_suspend] = "machine_suspend",
	[SUSPEND_resume_devices] = "resume_devices",
	[SUSPEND_thaw_processes] = "thaw_processes",
};

/* a and b as the format says; %l for both, always 64 bits. Without a format: see format_fields. */
static const struct { const char *name, *fmt; } events[NR_TRACE_EVENTS] = {
	[TRACE_sched_switch] = { "sched_switch", NULL },
	[TRACE_task_rename] = { "task_rename", NULL },
	[TRACE_suspend_resume] = { "suspend_resume", NULL },
	[TRACE_sched_wakeup] = { "sched_wakeup", NULL },
	[TRACE_sched_process_fork] = { "sched_process_fork", "child_pid=%ld flags=0x%lx" },
	[TRACE_sched_process_exec] = { "sched_process_exec", "pid=%ld old_pid=%ld" },
	[TRACE_sched_process_exit] = { "sched_process_exit", NULL },
	[TRACE_signal_generate] = { "signal_generate", NULL },
	[TRACE_signal_deliver] = { "signal_deliver", NULL },
	[TRACE_freeze_task] = { "freeze_task", "pid=%ld in_place=%ld" },
	[TRACE_frozen] = { "frozen", "pid=%ld in_place=%ld" },
	[TRACE_thaw_task] = { "thaw_task", "pid=%ld victim=%ld" },
	[TRACE_mark_victim] = { "mark_victim", "tgid=%ld pid=%ld" },
	[TRACE_exit_oom_victim] = { "exit_oom_victim", "pid=%ld victims=%ld" },
	[TRACE_oom_count] = { "oom_count", "victims=%ld owed=%ld" },
	[TRACE_oom_kill] = { "oom_kill", "tgid=%ld pid=%ld" },
	[TRACE_oom_reap] = { "oom_reap", "tgid=%ld ok=%ld" },
	[TRACE_oom_disable] = { "oom_disable", "victims=%ld failed=%ld" },
	[TRACE_oom_enable] = { "oom_enable", "victims=%ld failed=%ld" },
	[TRACE_block_rq_issue] = { "block_rq_issue", "sector=%ld pid=%ld" },
	[TRACE_block_rq_complete] = { "block_rq_complete", "sector=%ld pid=%ld" },
	[TRACE_oom_score_adj_update] = { "oom_score_adj_update", "pid=%ld oom_score_adj=%ld" },
	[TRACE_exit_step] = { "exit_step", "step=%ld pid=%ld" },
};

void trace(enum trace_event e, u64 a, u64 b)
{
	trace_at(arch_clock_ns(), current->pid, e, a, b);
}

void trace_more(enum trace_event e, s16 c, u64 a, u64 b)
{
	struct trace_ring *ring = trace_rings[this_cpu_field(id)];

	if (likely(ring))
		*trace_next(ring) = (struct trace_record){
			.ns = arch_clock_ns(), .pid = current->pid, .event = e, .c = c, .a = a, .b = b,
		};
}

/* The ring of a CPU that has not run yet, or a larger one for the boot CPU. */
void trace_init_cpu(unsigned cpu)
{
	struct trace_ring *ring;

	if (trace_rings[cpu] && trace_rings[cpu]->mask == ring_size - 1)
		return;
	ring = kzalloc(sizeof(*ring), GFP_NOWAIT);
	if (!ring)
		return;
	ring->mask = ring_size - 1;
	ring->rec = kzalloc(ring_size * sizeof(*ring->rec), GFP_NOWAIT | GFP_NOWARN);
	if (ring->rec) {
		trace_rings[cpu] = ring;
		return;
	}
	pr_warn("trace: no memory for %u events of CPU %u\n", ring_size, cpu);
	kfree(ring);
}

void trace_task_rename(void)
{
	u64 name[2];

	kmemcpy(name, current->comm, sizeof(name));
	trace_more(TRACE_task_rename, current->group->oom_score_adj, name[0], name[1]);
}

static size_t format_fields(const struct trace_record *r, char *buf, size_t n)
{
	char comm[TASK_COMM_LEN + 1] = { 0 };

	switch (r->event) {
	case TRACE_sched_switch:
		return kscnprintf(buf, n, "prev_pid=%d prev_prio=%d prev_state=0x%x next_pid=%d next_prio=%d", r->pid, (s32)r->a,
				  (u32)(r->a >> 32), (s32)r->b, (s32)(r->b >> 32));
	case TRACE_sched_wakeup:
		return kscnprintf(buf, n, "pid=%d prio=%d target_cpu=%03lu", (s32)r->a, (s32)(r->a >> 32), r->b);
	case TRACE_sched_process_exit:
		return kscnprintf(buf, n, "pid=%d prio=%d code=0x%lx", (s32)r->a, (s32)(r->a >> 32), r->b);
	case TRACE_signal_generate:
		return kscnprintf(buf, n, "sig=%d errno=%d code=%d pid=%d grp=%d res=%d", (u8)r->b, (s32)(r->b >> 32),
				  (s32)(r->a >> 32), (s32)r->a, (u8)(r->b >> 8), (u8)(r->b >> 16));
	case TRACE_signal_deliver:
		return kscnprintf(buf, n, "sig=%d code=%d sa_handler=%lx sa_flags=%x", r->c,
				  (s32)(r->b >> 32), r->a, (u32)r->b);
	case TRACE_suspend_resume:
		return kscnprintf(buf, n, "%s[0] %s", r->a < NR_SUSPEND_STEPS ? suspend_steps[r->a] : "?", r->b ? "begin" : "end");
	case TRACE_task_rename:
		kmemcpy(comm, &r->a, 8);
		kmemcpy(comm + 8, &r->b, 8);
		return kscnprintf(buf, n, "newcomm=%s oom_score_adj=%d", comm, r->c);
	}
	/* A format from the table above, whose two arguments are always there. */
	return kscnprintf(buf, n, events[r->event].fmt, r->a, r->b);
}

static size_t format_record(const struct trace_record *r, unsigned cpu, char *buf, size_t n)
{
	size_t len = kscnprintf(buf, n, "%6lu.%09lu cpu%u pid=%d ", r->ns / 1000000000,
				r->ns % 1000000000, cpu, r->pid);

	if (r->event >= NR_TRACE_EVENTS)
		return len;
	len += kscnprintf(buf + len, n - len, "%s: ", events[r->event].name);
	len += format_fields(r, buf + len, n - len);
	return len + kscnprintf(buf + len, n - len, "\n");
}

/* Where a reader is in a ring. */
struct cursor {
	u32 next, left;			/* left: records from next on, rec included */
	struct trace_record rec;	/* a copy of the one at next, if any is left */
};

/*
 * Takes the record at next, or the oldest after it that is still there. Writers go on meanwhile:
 *
 *	reader                                  the ring's CPU
 *	copies the record n
 *	                                        head: n + size + 1
 *	                                        writes over n
 *	head - n is more than size: not whole
 *
 * Runs in scenes records.in_order_while_more_come.
 */
static void fetch(const struct trace_ring *ring, struct cursor *c)
{
	u32 size = ring->mask + 1, lost;

	while (c->left) {
		c->rec = ring->rec[c->next & ring->mask];
		atomic_thread_fence(memory_order_acquire);
		lost = atomic_load(&ring->head) - c->next;
		if (lost <= size)
			return;
		lost = min(lost - size, c->left);
		c->next += lost;
		c->left -= lost;
	}
}

/* Which CPU has the oldest record not yet printed; MAX_CPUS if none. */
static unsigned oldest(const struct cursor *at)
{
	unsigned best = MAX_CPUS;

	for (unsigned i = 0; i < MAX_CPUS; i++)
		if (at[i].left && (best == MAX_CPUS || at[i].rec.ns < at[best].rec.ns))
			best = i;
	return best;
}

/* How many records before end there are to see: at the most @most. */
static u32 to_see(const struct trace_ring *ring, u32 end, u32 most)
{
	return min(end - atomic_load(&ring->cleared), min(most, ring->mask + 1));
}

/* At most @most records of each CPU, the newest. */
static void dump(u32 most, void (*out)(void *ctx, const char *s, size_t n), void *ctx)
{
	struct cursor at[MAX_CPUS] = { 0 };
	char line[200];
	unsigned cpu;

	for (unsigned i = 0; i < MAX_CPUS; i++) {
		const struct trace_ring *ring = trace_rings[i];

		if (!ring)
			continue;
		at[i].next = atomic_load(&ring->head);
		at[i].left = to_see(ring, at[i].next, most);
		at[i].next -= at[i].left;
		fetch(ring, &at[i]);
	}
	while ((cpu = oldest(at)) < MAX_CPUS) {
		size_t n = format_record(&at[cpu].rec, cpu, line, sizeof(line));

		at[cpu].next++;
		at[cpu].left--;
		fetch(trace_rings[cpu], &at[cpu]);
		out(ctx, line, n);
	}
}

void trace_dump(void (*out)(void *ctx, const char *s, size_t n), void *ctx)
{
	dump(PANIC_SHOWS, out, ctx);
}

/*
 * ---- /sys/kernel/debug/trace: the newest records that fit; a write, whatever it says, forgets all
 * there were ----
 */

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

/*
 * About the least that all of it takes: to write a text that does not fit, in order to see that, is
 * dear.
 */
static size_t least_text(void)
{
	size_t records = 0;

	for (unsigned i = 0; i < MAX_CPUS; i++)
		if (trace_rings[i])
			records += to_see(trace_rings[i], atomic_load(&trace_rings[i]->head), ~0u);
	return records * LEAST_LINE;
}

static s64 trace_show(char *buf, size_t n)
{
	struct tail t = { .buf = buf, .n = n };

	if (least_text() > n && n < MAX_TEXT)
		return (s64)n;			/* asks for a larger buffer */
	dump(~0u, measure, &t);
	if (t.len >= n - 1 && n < MAX_TEXT)
		return (s64)n;			/* likewise */
	t.skip = t.len >= n - 1 ? t.len - (n - 2) : 0;
	t.len = 0;
	dump(~0u, store, &t);
	return (s64)t.len;
}
static s64 trace_store(const char *text, size_t n)
{
	(void)text;
	for (unsigned i = 0; i < MAX_CPUS; i++)
		if (trace_rings[i])
			atomic_store(&trace_rings[i]->cleared, atomic_load(&trace_rings[i]->head));
	return (s64)n;
}
PSEUDO_FILE(trace_file, .path = "/sys/kernel/debug/trace", .mode = 0644, .show = trace_show, .store = trace_store);

/* LINUX: always; kernel.stack_tracer_enabled is not asked. */
static s64 stack_max_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%lu\n", arch_stack_max());
}
PSEUDO_FILE(stack_max_size, .path = "/sys/kernel/debug/tracing/stack_max_size", .mode = 0444, .show = stack_max_show);
