// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lock-free ring of binary events per CPU, dumped by panic and read through
 * /sys/kernel/debug/trace. Linux's event names.
 */
#pragma once
#include "kernel/lib/types.h"

enum trace_event {
	TRACE_sched_switch, TRACE_sched_wakeup, TRACE_sched_process_fork, TRACE_sched_process_exec, TRACE_sched_process_exit,
	TRACE_signal_generate, TRACE_signal_deliver, TRACE_freeze_task, TRACE_frozen, TRACE_thaw_task,
	TRACE_mark_victim, TRACE_exit_oom_victim, TRACE_oom_kill, TRACE_oom_reap, TRACE_oom_disable, TRACE_oom_enable,
	TRACE_suspend_resume, TRACE_block_rq_issue, TRACE_block_rq_complete, TRACE_syscall, TRACE_exit_step,
	NR_TRACE_EVENTS
};
/*
 * Records event with time, CPU and current's pid. Any context. a and b: see the event's printer in
 * trace.c.
 */
void trace(enum trace_event e, u64 a, u64 b);
void trace_init_cpu(unsigned cpu);	/* before that CPU runs tasks */
/* Formats the ring, oldest first, through out(ctx, text, len). */
void trace_dump(void (*out)(void *ctx, const char *s, size_t n), void *ctx);
