// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task watches and steers another. Mirrors Linux include/linux/ptrace.h.
 *
 * The tracer's side is ptrace.c (who traces whom) and ptrace_request.c (what it may ask); the
 * traced side, stopping and telling, is ptrace_stop.c. exit.c and wait.c hold what a tracer changes
 * in the end of a task.
 */
#pragma once
#include "kernel/task.h"

/* t->ptrace: 0, or PT_PTRACED and any of the others */
#define PT_PTRACED		0x1u
#define PT_SEIZED		0x2u	/* by PTRACE_SEIZE */
#define PT_OPT(options)		((u32)(options) << 3)	/* PTRACE_O_* */
#define PT_EVENT(event)		PT_OPT(1u << (event))	/* PTRACE_EVENT_* */

/* --- who traces whom: ptrace.c --- */

/* A tracer in another process than the one that will reap t. [T] */
static inline bool ptrace_reparented(const struct task *t) { return !same_thread_group(t->real_parent, t->parent); }
/* copy_process, tasklist_lock write-held and siglock: current's tracer traces its child p too. */
void ptrace_inherit(struct task *p);
/*
 * tasklist_lock write-held: nobody traces t, which was traced, any more. A stopped t goes on, or
 * joins its group's stop.
 */
void ptrace_unlink(struct task *t);
/*
 * exit_notify, tasklist_lock write-held: tracer's tracees are let go. Zombies that nobody else
 * waits for are EXIT_DEAD and on the list dead, by ptrace_entry.
 */
void exit_ptrace(struct task *tracer, struct list *dead);
/*
 * t's mm, mm_users held, if current may trace t: ERR_PTR(-EPERM), -ESRCH: it has none, -EINTR:
 * killed meanwhile. Sleeps. In mm/process_vm.c.
 */
struct mm *mm_to_trace(struct task *t, enum ptrace_ids ids);
/* ptrace(2)'s requests of ptrace.c */
long ptrace_traceme(void);
long ptrace_attach(struct task *t, long request, u64 addr, u64 flags);
long ptrace_detach(struct task *t, u64 sig);		/* t is stopped and held by ptrace_freeze_traced */
int check_ptrace_options(u64 options);			/* 0, -EINVAL, -EPERM */

/* --- the traced side: ptrace_stop.c. All of current. --- */

static inline bool ptrace_event_enabled(const struct task *t, int event)
{
	return READ_ONCE(t->ptrace) & PT_EVENT(event);
}

/*
 * Stops current and tells its tracer: code is what wait shows, why is CLD_TRAPPED, or CLD_STOPPED
 * for a stop of the group. siglock held; dropped meanwhile. Returns what the tracer wants delivered
 * (a signal or 0), or code at once if nobody traces current or it is to die.
 */
int ptrace_stop(int code, int why, u64 message, struct k_siginfo *info);
/*
 * The stop that jobctl asks for: current takes part in a group stop, or was interrupted. As above.
 */
void do_jobctl_trap(void);
/*
 * The tracer's say on a signal that was taken off its queue: the signal to act on, 0: none. siglock
 * held; dropped meanwhile.
 */
int ptrace_signal(int sig, struct k_siginfo *info);
/*
 * What current's tracer, or else its parent, calls the task of an entry that is held: an event's
 * message. Takes tasklist_lock (r).
 */
u64 ptrace_number(const struct pid *p);
/* An event stop, if the tracer asked for it. No lock held. */
void __ptrace_event(int event, u64 message);
static inline void ptrace_event(int event, u64 message)
{
	if (unlikely(READ_ONCE(current->ptrace)))
		__ptrace_event(event, message);
}
/* A SIGTRAP stop with that code. No lock held. */
int ptrace_notify(int code, u64 message);
/*
 * The tracer looks before a system call, may change it, and says whether it is made; and after it.
 */
bool ptrace_syscall_entry(void);
void ptrace_syscall_exit(void);
/* Something happened that a tracer by SEIZE wants to see. siglock of t held. */
void ptrace_trap_notify(struct task *t);
/*
 * Makes t, which may be in a trace stop, look at its jobctl; resume: and leave that stop. siglock
 * held.
 */
void ptrace_signal_wake_up(struct task *t);
void ptrace_signal_resume(struct task *t);
/* Waits until t, which was stopped when current attached, is in a trace stop. Killable. */
void ptrace_wait_trapped(struct task *t);
/* JOBCTL_TRAPPING is over: who attached goes on. siglock held. */
void ptrace_wake_attacher(void);
