// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of memory for control groups. Mirrors Linux include/linux/memcontrol.h.
 *
 * What counts is what user mode asked for: anonymous pages, shared ones, and pages of files, for
 * the group of the task whose memory they came to. A page remembers where it was charged (PG_CHARGED)
 * until it is freed, wherever its task has gone meanwhile. LINUX: memory of the kernel itself is
 * not charged.
 */
#pragma once
#include "kernel/mm/mm.h"

struct cgroup;
struct mem_cgroup;

enum memory_event { MEMORY_LOW, MEMORY_HIGH, MEMORY_MAX, MEMORY_OOM, MEMORY_OOM_KILL,
	MEMORY_OOM_GROUP_KILL, NR_MEMORY_EVENTS };

extern _Atomic u32 nr_mem_cgroups;		/* groups with limits: while there are none nothing is charged */

struct page *__mem_cgroup_charge(struct page *p, struct mm *mm, u32 gfp);
/*
 * p, new, order 0 and nobody else's, is charged to the group of who has mm, which is current's own of
 * current's: p, or NULL, and p was put. May sleep, reclaim and kill.
 */
static inline struct page *mem_cgroup_charge(struct page *p, struct mm *mm, u32 gfp)
{
	return likely(!atomic_load_explicit(&nr_mem_cgroups, memory_order_relaxed)) ?
		p : __mem_cgroup_charge(p, mm, gfp);
}
void mem_cgroup_uncharge(struct page *p);	/* PG_CHARGED, about to be free. Any context. */
/* Is p charged to memcg or below? Its reference is the caller's. */
bool mem_cgroup_has_page(const struct mem_cgroup *memcg, const struct page *p);
u64 reclaim_mem_cgroup(const struct mem_cgroup *memcg, u64 want);	/* reclaim.c: pages freed. May sleep. */

/* For the OOM killer. */
struct cgroup *mem_cgroup_group(const struct mem_cgroup *memcg);	/* referenced, or NULL: it is gone. Any context. */
u64 mem_cgroup_max(const struct mem_cgroup *memcg);	/* pages, at most what there is */
void mem_cgroup_print(const struct mem_cgroup *memcg);	/* log: usage and limit */
void mem_cgroup_event_task(struct task *t, enum memory_event event);	/* in t's group. tasklist_lock held. */
/*
 * The highest group below domain (NULL: the root), or it, that t is in and that is killed as a
 * whole: referenced, or NULL.
 */
struct mem_cgroup *mem_cgroup_oom_group(struct task *t, const struct mem_cgroup *domain);
void mem_cgroup_event(struct mem_cgroup *memcg, enum memory_event event);	/* counts it, there and above */
void mem_cgroup_put(struct mem_cgroup *memcg);	/* any context */
/*
 * A page fault of current was refused memory in a group that must not kill (version 1): waits until
 * it may go on. true: waited.
 */
bool mem_cgroup_oom_synchronize(void);

/* For cgroup.c and cgroupfs.c. cgroup_mutex held. */
int mem_cgroup_online(struct cgroup *cg);	/* 0 or -ENOMEM. Sleeps. */
void mem_cgroup_offline(struct cgroup *cg);
int mem_cgroup_bind(bool to_v1);		/* 0 or -EBUSY */
bool mem_cgroup_on_v2(void);
void mem_cgroup_init(void);			/* boot, after kmem_init */
