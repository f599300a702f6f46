// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running and waiting: per-CPU run queues, task states, wake-up, migration. Mirrors Linux
 * kernel/sched/core.c.
 *
 * The kernel is not preemptible: a task in kernel mode gives the CPU away only in schedule(); user
 * mode is preempted on the way back from an interrupt. rq->lock is held across the switch and
 * released by the next task, so whoever holds the rq->lock of t->cpu knows that t is either running
 * there or fully switched out.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lock.h"

struct task;
struct regs;

#define MAX_CPUS	16
/* Steps that go up in rank cannot be more than there are ranks; all others leave room for them. */
#define HELD_LOOSE	16
#define HELD_MAX	(HELD_LOOSE + NR_RANKS - RANK_SPIN_FIRST)

/*
 * Task states, Linux's names. task->state is written by current itself, or by a waker under the rq
 * lock of t->cpu.
 */
#define TASK_RUNNING		0x0000u
#define TASK_INTERRUPTIBLE	0x0001u
#define TASK_UNINTERRUPTIBLE	0x0002u
#define __TASK_STOPPED		0x0004u
#define __TASK_TRACED		0x0008u
#define TASK_DEAD		0x0080u
#define TASK_WAKEKILL		0x0100u
#define TASK_NOLOAD		0x0400u
#define TASK_NEW		0x0800u
#define TASK_FREEZABLE		0x2000u
#define TASK_FROZEN		0x8000u
#define TASK_KILLABLE		(TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_STOPPED		(TASK_WAKEKILL | __TASK_STOPPED)
#define TASK_TRACED		__TASK_TRACED		/* what ends it is in signal_wake_up */
#define TASK_IDLE		(TASK_UNINTERRUPTIBLE | TASK_NOLOAD)
#define TASK_NORMAL		(TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/* What a CPU is. Index = dense CPU number. */
struct rq;
struct cpu {
	struct cpu *self;		/* first: x86 reads it through %gs:0 */
	struct task *curr;		/* second: x86 reads it through %gs:8 */
	u64 machine[2];			/* the machine's entry code: x86 uses %gs:16 and %gs:24 */
	unsigned id;
	u8 online;
	u64 irq_saved;			/* arch_irq_save() before the first of held[] */
	int in_irq;			/* inside an interrupt handler */
	size_t nr_held;			/* spinlocks, rwlocks and irq_push_off()s in effect; interrupts stay off while > 0 */
	uintptr_t held[HELD_MAX + 1];	/* from 1 on; low bits: its kind */
	u8 held_rank[HELD_MAX + 1];	/* from 1 on; held_rank[0] is RANK_NONE */
	struct task *idle;
	struct task *prev;		/* whom the last switch left; finish_task_switch's argument */
	struct rq *rq;
	u64 timer_armed;		/* what the timer's hardware was told, ns; interrupts off */
	u64 user_ns, system_ns, nr_irqs;	/* for /proc/stat; its idle task's stime is in system_ns too */
	void *arch;			/* the machine's own per-CPU data */
};
extern struct cpu cpus[MAX_CPUS];
extern unsigned nr_cpus;		/* CPUs that are online; fixed once booted */
static inline u64 online_cpus(void) { return (1ull << nr_cpus) - 1; }

/* machine.h provides: struct cpu *this_cpu(void); struct task *current (macro). */

/* spinlock plumbing: nestable "interrupts off". */
void irq_push_off(void);
void irq_pop_off(void);

void may_not_sleep(void);		/* might_sleep()'s slow half */
/*
 * Current may sleep here: no spinlock held, interrupts on, not in an interrupt. Boot before the
 * idle task runs is exempt from the interrupts' part.
 */
static inline bool may_sleep(void)
{
	return likely(!(this_cpu_field(nr_held) | (unsigned)this_cpu_field(in_irq))) && likely(arch_irqs_on());
}
static inline void might_sleep(void)
{
	if (unlikely(!may_sleep()))
		may_not_sleep();
}

void sched_init(void);			/* boot CPU, before anything sleeps */
void sched_init_cpu(struct cpu *c);	/* each CPU, makes its idle task current */
/* Gives up the CPU according to current->state. No spinlock held, interrupts on. */
void schedule(void);
/*
 * schedule() that returns at the latest at @deadline (absolute ns). false if the deadline passed,
 * true if woken before.
 */
bool schedule_until(u64 deadline);
/* If another task waits, run it. Anywhere a task may sleep. */
void cond_resched(void);
void sched_yield_current(void);
/*
 * First thing any new task runs, on its own stack, before its function: drops the rq lock of the
 * switch.
 */
void schedule_tail(void);
/* TASK_NEW -> runnable on some CPU it may use. */
void wake_up_new_task(struct task *t);
/* If t->state & state: make it runnable; true if this call did it. Any context. */
bool wake_up_state(struct task *t, unsigned state);
static inline bool wake_up_process(struct task *t) { return wake_up_state(t, TASK_NORMAL); }
/* Kicks the CPU t runs on so that it goes through the kernel (signal delivery). Any context. */
void kick_process(struct task *t);
/*
 * Runs fn(t, arg) with t pinned in its present state: rq lock of t held and t neither running nor
 * being woken. Returns fn's value, or false without calling it if t runs or is queued. Used by the
 * freezer to freeze in place.
 */
bool task_call_blocked(struct task *t, bool (*fn)(struct task *t, void *arg), void *arg);
/*
 * Waits until t, which has set its state and is about to sleep, does. Spins while it runs; sleeps
 * while it is queued, which may be behind the caller: a wake-up that was meant for an earlier sleep of
 * its may come late (mutex_unlock_slow). Mirrors wait_task_inactive of Linux.
 */
void sched_wait_asleep(struct task *t);
/*
 * Timer interrupt: accounts, ends slices, evens out the queues, and asks for the next tick while a
 * task runs.
 */
void sched_tick(void);
void sched_reschedule(void);			/* reschedule interrupt */
/* Brings current's utime and stime up to now. Any context. */
void sched_account_current(void);
/*
 * 0, or -EINVAL if @mask holds no CPU there is. Sleeps. Current moves at once, another running task
 * at its next interrupt.
 */
int sched_setaffinity(struct task *t, const u64 *mask);
u64 sched_getaffinity(struct task *t);
/*
 * current runs on each of @cpus that is online, one after the other: whoever ran there was switched
 * out. Sleeps. LINUX: what sched_setaffinity asks of it meanwhile begins when it is back.
 */
void sched_visit(u64 cpus);
void __noreturn cpu_idle_loop(void);
/*
 * These change what decides t's place and the length of its turns, and nothing besides. Any context
 * below RANK_RQ.
 */
void sched_set_nice(struct task *t, int nice);
void sched_boost(struct task *t, int prio);	/* t runs with at least this priority; 0: with its own */
static inline bool rt_policy(int policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }
/*
 * fork: the scheduling fields of current's child t; fresh: of a kernel thread, which inherits
 * nothing.
 */
void sched_copy(struct task *t, bool fresh);
/* Running totals for /proc/stat, uptime, loadavg. */
u64 sched_nr_switches(void);
unsigned sched_nr_running(void);
/* loadavg.c: fixed point, FSHIFT bits after the point. */
#define FSHIFT	11
extern u64 avenrun[3];
void loadavg_tick(u64 now);			/* interrupt context, or current as it asks. No lock held */

#define __set_current_state(s)	WRITE_ONCE(current->state, (s))
/* Full barrier after the store: pairs with the waker's "change condition, then look at state". */
#define set_current_state(s)	do { atomic_store(&current->state, (s)); arch_point(POINT_STATE, current); } while (0)
