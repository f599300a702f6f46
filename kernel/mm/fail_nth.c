// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail by order, so that every way back from a failure can be walked. Mirrors
 * Linux lib/fault-inject.c and the fail-nth file of fs/proc/base.c. Takes no lock.
 *
 *	/proc/PID/fail-nth, /proc/PID/task/TID/fail-nth
 *		write N: the Nth allocation of that task from now on fails, and nothing after it; 0: none.
 *		Read: how many are left; 0: it has failed.
 *
 * An allocation of pages or of an object counts as one; an object for which the cache must grow as
 * two. What an interrupt takes does not count, nor what the caller cannot do without.
 */
#include "kernel/fs/proc.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

bool should_fail_alloc(u32 gfp)
{
	if (gfp & GFP_NOFAIL || current->flags & PF_MEMALLOC || this_cpu()->in_irq)
		return false;
	return --current->fail_nth == 0;
}

s64 proc_fail_nth(struct task *t, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%u\n", READ_ONCE(t->fail_nth));
}

s64 proc_fail_nth_store(struct task *t, const char *buf, size_t n)
{
	u64 v;

	if (kparse_u64(buf, &v) || v > INT32_MAX)
		return -EINVAL;
	WRITE_ONCE(t->fail_nth, (u32)v);
	return (s64)n;
}
