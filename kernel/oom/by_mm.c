// SPDX-License-Identifier: GPL-2.0-only
/*
 * by_mm: the address space is what is counted ("everything should be per-mm", O. Nesterov, 2016):
 * from its first mark until its last user is gone, wherever that user is. All who use it are thawed
 * and exempt, other groups that share it included, each until it has given the mm up.
 *
 * A thread's spare word names the mm it is a victim for. It is only compared, never followed: the
 * mm may be gone.
 */
#include "kernel/oom.h"

static void enlist(struct task *p, struct mm *mm)
{
	struct task *t;

	for_each_thread(p->group, t) {
		atomic_store(&t->oom_priv, (u64)mm);
		oom_thaw_task(t);
	}
}

static void mark(struct task *t)
{
	struct mm *mm = t->mm;

	oom_bind_mm(t);
	if (!atomic_exchange(&mm->oom_priv, 1))
		oom_count_inc(&mm->oom_owed);
	enlist(t, mm);
}

static bool exempt(struct task *t)
{
	u64 mm = atomic_load(&t->oom_priv);

	return mm && (u64)READ_ONCE(t->mm) == mm;
}

static void mm_dead(struct mm *mm)
{
	if (atomic_load(&mm->oom_priv))
		oom_count_dec(&mm->oom_owed);
}

OOM_DESIGN(by_mm,
	.name = "by_mm",
	.claim = "an address space is counted until nobody uses it, and all who use it leave the refrigerator",
	.mark = mark,
	.mark_sharer = enlist,
	.exempt = exempt,
	.mm_dead = mm_dead);
