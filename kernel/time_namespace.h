// SPDX-License-Identifier: GPL-2.0-only
/* Namespaces of time. Mirrors Linux include/linux/time_namespace.h. */
#pragma once
#include "kernel/nsproxy.h"
#include "kernel/task.h"

struct time_namespace {
	struct ns_common ns;
	struct time_offsets offsets;	/* [time_ns_lock] until it is settled, then (!) */
	_Atomic bool settled;		/* somebody lives there, or did. [time_ns_lock] to set */
};
extern struct time_namespace init_time_ns;

static inline struct time_namespace *to_time_ns(struct ns_common *ns)
{
	return container_of(ns, struct time_namespace, ns);
}

/* Does nobody but current have its memory? Who shares it shares its time. Takes tasklist_lock. */
bool current_is_single_threaded(void);

/* t, current or one that it makes, lives in ns from here on, whose offsets are settled. Sleeps. */
void time_ns_enter(struct task *t, struct time_namespace *ns);

/*
 * An absolute time of current's clock, in ns, as a time since boot, or, of CLOCK_TAI, of the wall
 * clock: one that was before that is 1, which is over, too. Of clocks that have no offset it is what
 * it was.
 */
u64 time_ns_to_host(int clock, u64 time);
