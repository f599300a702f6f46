// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM killer and its accounting designs. Mirrors Linux mm/oom_kill.c.
 *
 * The mechanism asks the design: who is a victim, what may a victim do, are all victims past the
 * point of no more IO? A design is one file in kernel/oom/ that includes this header alone and ends
 * in OOM_DESIGN(...). NULL hooks mean "does not care".
 */
#pragma once
#include <stdatomic.h>
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/task.h"

extern struct mutex oom_lock;			/* outermost of the OOM path */
extern _Atomic bool oom_killer_disabled;	/* [oom_lock] to set true */
extern unsigned oom_frozen_victims;		/* threads of victims the last thaw_processes found in the refrigerator (S5) */
extern _Atomic s32 oom_victims;			/* victims counted and not yet dropped; unit is the design's */

/* --- hooks, mechanism.md 6.1; context: A atomic, S may sleep --- */
struct oom_design {
	const char *name;
	const char *claim;		/* one sentence: what it promises */
	/* S  copy_signal of a new, invisible group */
	void (*group_init)(struct group *g);
	/* A  tasklist_lock(w)+siglock, with live++; t not yet runnable */
	void (*thread_add)(struct group *g, struct task *t);
	/*
	 * A  oom_lock, tasklist_lock(r), task_lock(t) or t == current; t->mm != NULL; SIGKILL
	 * queued or group exit set
	 */
	void (*mark)(struct task *t);
	/* A  as mark, directly after it: exemption is visible, wake whom it covers */
	void (*thaw)(struct task *t);
	/* A  any context, lock-free: t does not freeze because it is a victim */
	bool (*exempt)(struct task *t);
	/* S  X5d: t->mm is NULL */
	void (*exit_mm_done)(struct task *t);
	/*
	 * S  Q: after X12 and X16, before X14; PF_QUIESCED is set; last: no thread of the group is
	 * left before Q
	 */
	void (*exit_quiesced)(struct task *t, bool last);
	/* S  after X14; last = what the patch's exit_notify returned */
	void (*exit_notified)(struct task *t, bool last);
	/* S  oom_killer_disable's wait condition; NULL: oom_victims > 0 */
	bool (*pending)(void);
};
SET_DECLARE(oom_designs, struct oom_design);
#define OOM_DESIGN(var, ...) LINKER_SET(oom_designs, struct oom_design, var) = { __VA_ARGS__ }
extern const struct oom_design *oom_design;	/* (!) chosen by boot word oom=NAME */

/*
 * Somebody who can free memory before a kill (Linux: register_oom_notifier): pages freed. oom_lock
 * held, may sleep.
 */
struct oom_notifier {
	u64 (*notify)(void);
};
SET_DECLARE(oom_notifiers, struct oom_notifier);
#define OOM_NOTIFIER(var, fn) LINKER_SET(oom_notifiers, struct oom_notifier, var) = { .notify = fn }

/* Calls a hook of the active design if it has one. */
#define oom_hook(hook, ...)	do { if (oom_design->hook) oom_design->hook(__VA_ARGS__); } while (0)

/* --- services for designs --- */
void oom_count_inc(struct task *t);		/* one more victim */
void oom_count_dec(struct task *t);		/* one less; the 1 -> 0 step wakes oom_killer_disable. Asserts > 0. */
/* Pins t->mm in g->oom_mm if this is the first mark; true for the winner. Part of every mark. */
bool oom_bind_mm(struct task *t);
void oom_thaw_task(struct task *t);
void oom_thaw_group(struct task *t);		/* tasklist_lock held */
static inline bool tsk_is_oom_victim(const struct task *t) { return atomic_load(&t->group->oom_mm) != NULL; }

/* --- the mechanism --- */
struct oom_control {
	u32 gfp;
	unsigned order;
	bool sysrq;			/* order = -1 in Linux */
	u64 totalpages;
	struct task *chosen;
	long chosen_points;
	bool aborted;
	u64 freed_seq;			/* oom_freed_seq before the last look at the free lists */
};
/*
 * oom_lock held. true: try again (something was or will be freed); false: fail the allocation. May
 * sleep.
 */
bool out_of_memory(struct oom_control *oc);
/*
 * From the allocator: takes oom_lock by trylock (busy counts as progress), tries the high watermark
 * once more through *retry.
 */
struct page;
struct page *alloc_pages_may_oom(u32 gfp, unsigned order, bool *did_progress);
/* A user page fault ended in VM_FAULT_OOM. */
void pagefault_out_of_memory(void);
void mark_oom_victim(struct task *t);
/* A victim's memory is still on its way back: nobody else is to be killed. Any context. */
bool oom_victim_in_flight(void);
long oom_badness(struct task *p, u64 totalpages);	/* tasklist_lock held; LONG_MIN if unkillable */
/*
 * Sets disabled, waits until no victim is pending. false (and enabled again) on timeout or signal.
 * oom_lock not held. Sleeps.
 */
bool oom_killer_disable(u64 timeout_ns);
void oom_killer_enable(void);
/* do_exit's calls. */
void oom_exit_mm_done(void);
void oom_exit_quiesced(void);
void oom_exit_notified(bool last);
/* mm/exit side: the victim's mm has no users left and its pages are back. Any context. */
void oom_mm_freed(struct mm *mm);
/*
 * Steps at which a victim stopped being in flight or gave memory back; see out_of_memory's race
 * comment.
 */
extern _Atomic u64 oom_freed_seq;
/* group_put of a group with an oom_mm: drops the reference. Any context. */
void oom_group_free(struct group *g);
void sysrq_oom(void);				/* sysrq f */
void oom_init(void);				/* after the boot words: settles the design; before any fork */
void oom_victims_dump(void);			/* log: which victims are counted or in flight */
/* reaper.c's view of the victims in flight. */
void wake_oom_reaper(void);
struct group *oom_oldest_victim(void);		/* referenced, or NULL */
struct group *oom_next_victim(struct group *g);	/* referenced, or NULL at the end; g stays referenced */
void oom_give_up_on(struct group *g, const char *why);	/* MMF_OOM_SKIP: the killer may look for another */
void oom_reaper_init(void);			/* after kthreads work */
int oom_score(struct task *p);			/* /proc/PID/oom_score: 0..2000 */
extern int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks;
