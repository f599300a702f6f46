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
#include "kernel/freezer.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/task.h"

extern struct mutex oom_lock;			/* outermost of the OOM path */
extern _Atomic bool oom_killer_disabled;	/* [oom_lock] to set true */
extern unsigned oom_uncovered;			/* threads the last suspend let run after both passes with nobody counting them (S4) */
/* threads of victims that the last oom_killer_disable left in the refrigerator (S5) */
extern unsigned oom_frozen_victims;
extern _Atomic s32 oom_victims;			/* victims counted and not yet dropped; unit is the design's */

/*
 * --- hooks: what a design may say ---
 *
 * Context: A atomic, S may sleep. X and Q are the steps of do_exit. `count` below is oom_victims.
 */
struct oom_design {
	const char *name;
	const char *claim;		/* one sentence: what it promises */

	/*
	 * A  oom_lock, tasklist_lock(r), task_lock(t) or t == current; t->mm set; SIGKILL or group
	 * exit came before
	 */
	void (*mark)(struct task *t);
	/* A  as mark, directly after it: the exemption is visible, wake whom it covers */
	void (*thaw)(struct task *t);
	/*
	 * A  oom_lock, tasklist_lock(r): p, another process that shares the victim's mm, has got
	 * SIGKILL
	 */
	void (*mark_sharer)(struct task *p, struct mm *mm);
	/* A  any context, lock-free: t does not freeze because it is a victim */
	bool (*exempt)(struct task *t);
	/*
	 * A  t == current, in the allocator: t may use half of the reserve. NULL: each thread of a
	 * marked group
	 */
	bool (*reserves)(struct task *t);

	/* S  X3: dead: no thread of the group is left before X3 */
	void (*exit_live)(struct task *t, bool dead);
	/* S  X5d: t->mm is NULL */
	void (*exit_mm_done)(struct task *t);
	/* S  Q, after X12 and X16: PF_QUIESCED is set; last: no thread of the group is before Q */
	void (*exit_quiesced)(struct task *t, bool last);
	/* A  tasklist_lock(w), end of X14A */
	void (*exit_notify_locked)(struct task *t);
	/* A  tasklist_lock(w): p has just been unhashed; current may be anyone */
	void (*unhashed)(struct task *p);
	/* S  after X14; last: what the patch's exit_notify returned */
	void (*exit_notified)(struct task *t, bool last);
	/* S  just before X19 */
	void (*exit_final)(struct task *t);
	/* S  the last user of mm is gone, its pages are not yet; current may be anyone */
	void (*mm_dead)(struct mm *mm);
	/* S  the reaper has taken what it can from g's mm */
	void (*reaped)(struct group *g);

	/* S  oom_killer_disable: the killer is off and the users are frozen; before the wait */
	void (*disable_prepare)(void);
	/* A  oom_killer_disable's wait condition. NULL: count != 0 */
	bool (*pending)(void);
	/* pending changes without a wake-up: look again each so many ms. 0: never */
	u32 poll_ms;
	/* the freezer asks the users once more after the wait (Linux 4.7 and 4.8) */
	bool double_check;
	/* nothing takes memory from a victim that does not die (Linux before 4.6) */
	bool no_reaper;
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
/*
 * One more victim, one less; the step from 1 to 0 wakes oom_killer_disable. owed is oom_owed of the
 * group or the mm that the mark is of: a drop that nothing is owed for panics, and one still owed
 * when the unit is freed is told as a leak.
 */
void oom_count_inc(_Atomic s32 *owed);
void oom_count_dec(_Atomic s32 *owed);
/* Pins t->mm in g->oom_mm if this is the first mark; true for the winner. Part of every mark. */
bool oom_bind_mm(struct task *t);
/* A mark hook that counts groups: the first mark of t's group counts one. */
void oom_mark_group(struct task *t);
/*
 * A mark of one thread, kept in its oom_priv (Linux: TIF_MEMDIE). mark: once, and counts one. drop:
 * takes the mark off, and what it counted; whoever comes second does nothing.
 */
void oom_mark_thread(struct task *t);
void oom_drop_thread(struct task *t);
static inline bool tsk_is_oom_victim(const struct task *t) { return atomic_load(&t->group->oom_mm) != NULL; }
static inline bool oom_group_marked(struct task *t) { return tsk_is_oom_victim(t); }
static inline bool oom_thread_marked(struct task *t) { return atomic_load(&t->oom_priv); }
void oom_thaw_task(struct task *t);
void oom_thaw_group(struct task *t);		/* tasklist_lock held */
static inline bool oom_task_dead(struct task *t) { return READ_ONCE(t->flags) & PF_NOFREEZE; }	/* X19, or a kernel thread */

/* --- the mechanism --- */
struct oom_control {
	u32 gfp;
	unsigned order;
	bool sysrq;			/* order = -1 in Linux */
	struct mem_cgroup *memcg;	/* whose limit it is, and whose tasks alone may be chosen; NULL: the machine is full */
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
bool oom_group_in_flight(struct group *g);	/* the same of one victim: oom_mm is set */
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
void oom_mm_dead(struct mm *mm);		/* mmput: the last user is gone */
void oom_unit_freed(_Atomic s32 *owed);		/* a group or an mm is freed: L1 */
bool oom_may_use_reserves(struct task *t);	/* t == current */
/* group_put of a group with an oom_mm: drops the reference. Any context. */
void oom_group_free(struct group *g);
void sysrq_oom(void);				/* sysrq f */
void oom_test_eat(const char *where);		/* oom_test.c: current asks for more than there is */
void oom_init(void);				/* after the boot words: settles the design; before any fork */
/* reaper.c's view of the victims in flight. */
void wake_oom_reaper(void);
void wait_for_oom_reaper(void);			/* until it holds no group; gives up after ten seconds. Sleeps. */
struct group *oom_oldest_victim(void);		/* referenced, or NULL */
struct group *oom_next_victim(struct group *g);	/* referenced, or NULL at the end; g stays referenced */
void oom_give_up_on(struct group *g, const char *why);	/* MMF_OOM_SKIP: the killer may look for another */
void oom_reaper_init(void);			/* after kthreads work */
int oom_score(struct task *p);			/* /proc/PID/oom_score: 0..2000 */
extern int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks;
