// SPDX-License-Identifier: GPL-2.0-only
/* What memcontrol.c and memcontrol_files.c share. */
#pragma once
#include "kernel/memcontrol.h"
#include "kernel/waitq.h"

struct mem_cgroup {
	_Atomic u32 refs;		/* (~) its group's, its children's, one of each page charged */
	struct mem_cgroup *parent;	/* (!) referenced; NULL: no limit above it */
	struct cgroup *cgroup;		/* [css_lock] NULL: no group has it any more */
	_Atomic u64 usage;		/* (~) pages, with those of all below */
	_Atomic u64 max;		/* (~) pages; ~0: no limit */
	_Atomic u64 swap_max;		/* (~) pages; ~0: no limit. There is no swap to be limited */
	_Atomic u64 peak;		/* (~) the highest usage */
	_Atomic u64 failcnt;		/* (~) how often max was in the way */
	_Atomic u64 events[NR_MEMORY_EVENTS], local_events[NR_MEMORY_EVENTS];	/* (~) with those below; its own */
	bool oom_group;			/* plain stores */
	bool oom_kill_disable;
	_Atomic u32 under_oom;		/* (~) tasks that wait for room */
	struct waitq oom_wait;
};

struct mem_cgroup *mem_cgroup_of(struct cgroup *cg);	/* cg's own: referenced, or NULL */
/*
 * memcg is full: kills somebody in it, or sees that this is under way. false: nobody can be killed.
 * Sleeps.
 */
bool mem_cgroup_out_of_memory(struct mem_cgroup *memcg, u32 gfp);
