// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lock-free ring of binary events per CPU, dumped by panic and read through
 * /sys/kernel/debug/trace. Linux's event names.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/arch.h"
#include "kernel/sched.h"

enum trace_event {
	TRACE_sched_switch, TRACE_sched_wakeup, TRACE_sched_process_fork, TRACE_sched_process_exec,
	TRACE_sched_process_exit,
	TRACE_signal_generate, TRACE_signal_deliver, TRACE_freeze_task, TRACE_frozen, TRACE_thaw_task,
	TRACE_mark_victim, TRACE_exit_oom_victim, TRACE_oom_kill, TRACE_oom_reap, TRACE_oom_disable, TRACE_oom_enable,
	TRACE_suspend_resume, TRACE_block_rq_issue, TRACE_block_rq_complete, TRACE_exit_step,
	TRACE_task_rename, TRACE_oom_count,
	TRACE_oom_score_adj_update,
	NR_TRACE_EVENTS
};
/*
 * Records event with time, CPU and current's pid. Any context. a and b: see the event's printer in
 * trace.c.
 */
void trace(enum trace_event e, u64 a, u64 b);
void trace_more(enum trace_event e, s16 c, u64 a, u64 b);	/* for those that have a third field */

struct trace_record {
	u64 ns;
	s32 pid;
	u16 event;
	s16 c;				/* what a and b have no room for */
	u64 a, b;
};

struct trace_ring {
	_Atomic u32 head;		/* records ever begun */
	u32 mask;			/* their number, a power of two, less 1 */
	struct trace_record *rec;
	_Atomic u32 cleared;		/* records that nobody is to see any more: what head was */
};
extern struct trace_ring *trace_rings[MAX_CPUS];

static __always_inline struct trace_record *trace_next(struct trace_ring *ring)
{
	return &ring->rec[atomic_fetch_add_explicit(&ring->head, 1, memory_order_relaxed) & ring->mask];
}

/* The same in line, for what is traced at each switch: @now is this moment, @pid current's. */
static __always_inline void trace_at(u64 now, s32 pid, enum trace_event e, u64 a, u64 b)
{
	struct trace_ring *ring = trace_rings[this_cpu_field(id)];

	if (likely(ring))
		*trace_next(ring) = (struct trace_record){ .ns = now, .pid = pid, .event = (u16)e, .c = 0, .a = a, .b = b };
}

/* The steps of suspend_resume, which says when each begins (b = 1) and ends (b = 0). */
enum suspend_step {
	SUSPEND_freeze_processes, SUSPEND_oom_killer_disable, SUSPEND_freeze_kernel_threads, SUSPEND_suspend_devices,
	SUSPEND_machine_suspend, SUSPEND_resume_devices, SUSPEND_thaw_processes, NR_SUSPEND_STEPS
};
static inline void trace_suspend_resume(enum suspend_step step, unsigned begin)
{
	trace(TRACE_suspend_resume, step, begin);
}

/* The last field of signal_generate, Linux's numbers: what became of it. */
enum { SIGNAL_DELIVERED, SIGNAL_IGNORED, SIGNAL_ALREADY_PENDING, SIGNAL_OVERFLOW_FAIL, SIGNAL_LOSE_INFO };

void trace_task_rename(void);		/* current has a new name */
/* After the boot words, and before that CPU runs tasks. */
void trace_init_cpu(unsigned cpu);
/* Formats the newest records, oldest first, through out(ctx, text, len). */
void trace_dump(void (*out)(void *ctx, const char *s, size_t n), void *ctx);
