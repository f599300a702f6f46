// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of groups with limits of memory, of both versions. Mirrors the last third of Linux
 * mm/memcontrol.c.
 *
 * Locks: none of its own; a file holds its struct mem_cgroup while it reads or writes it, so nobody
 * waits for cgroup_mutex while a write of memory.max frees memory.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/memcontrol_private.h"
#include "kernel/param.h"
#include "kernel/task.h"

#define V1_NO_LIMIT	0x7ffffffffffff000ul	/* what version 1 shows for none */
#define RECLAIM_TRIES	16u

static bool visible(struct cgroup *cg)
{
	return READ_ONCE(cg->memcg);
}

/* One number of cg's. The value of fn, or -ENODEV. */
static s64 show_number(struct cgroup *cg, char *buf, size_t n, u64 (*fn)(struct mem_cgroup *m))
{
	struct mem_cgroup *m = mem_cgroup_of(cg);
	s64 len;

	if (!m)
		return -ENODEV;
	len = (s64)kscnprintf(buf, n, "%lu\n", fn(m));
	mem_cgroup_put(m);
	return len;
}

static u64 usage_of(struct mem_cgroup *m) { return atomic_load(&m->usage) * PAGE_SIZE; }
static u64 peak_of(struct mem_cgroup *m) { return atomic_load(&m->peak) * PAGE_SIZE; }
static u64 failcnt_of(struct mem_cgroup *m) { return atomic_load(&m->failcnt); }
static u64 swap_of(struct mem_cgroup *m) { (void)m; return 0; }
static u64 oom_group_of(struct mem_cgroup *m) { return READ_ONCE(m->oom_group); }

static s64 current_show(struct cgroup *cg, char *buf, size_t n) { return show_number(cg, buf, n, usage_of); }
static s64 peak_show(struct cgroup *cg, char *buf, size_t n) { return show_number(cg, buf, n, peak_of); }
static s64 failcnt_show(struct cgroup *cg, char *buf, size_t n) { return show_number(cg, buf, n, failcnt_of); }
static s64 swap_current_show(struct cgroup *cg, char *buf, size_t n) { return show_number(cg, buf, n, swap_of); }
static s64 oom_group_show(struct cgroup *cg, char *buf, size_t n) { return show_number(cg, buf, n, oom_group_of); }

/*
 * Bytes, with K, M, G and so on, down to whole pages; the word for no limit. As on Linux no word at
 * all is 0. LINUX: what 64 bits do not hold is EINVAL, and not what is left of it in them.
 */
static int parse_pages(const char *s, const char *none, u64 *pages)
{
	u64 bytes;

	if (kstreq(s, none)) {
		*pages = ~0ull;
		return 0;
	}
	if (parse_u64(*s ? s : "0", &bytes))
		return -EINVAL;
	*pages = bytes / PAGE_SIZE;
	if (*pages >= V1_NO_LIMIT / PAGE_SIZE)
		*pages = ~0ull;
	return 0;
}

/* Whose limit is to be as many pages as s says, to be put; ERR_PTR. */
static struct mem_cgroup *limit_from_user(struct cgroup *cg, const char *s, const char *none, u64 *pages)
{
	int err = parse_pages(s, none, pages);
	struct mem_cgroup *m = err ? ERR_PTR(err) : mem_cgroup_of(cg);

	return m ? m : ERR_PTR(-ENODEV);
}

/* --- version 2 --- */

/* @pages, and drops m. */
static s64 show_limit(struct mem_cgroup *m, u64 pages, char *buf, size_t n)
{
	mem_cgroup_put(m);
	return (s64)(pages == ~0ull ? kscnprintf(buf, n, "max\n") : kscnprintf(buf, n, "%lu\n", pages * PAGE_SIZE));
}

static s64 max_show(struct cgroup *cg, char *buf, size_t n)
{
	struct mem_cgroup *m = mem_cgroup_of(cg);

	return m ? show_limit(m, atomic_load(&m->max), buf, n) : -ENODEV;
}

static s64 swap_max_show(struct cgroup *cg, char *buf, size_t n)
{
	struct mem_cgroup *m = mem_cgroup_of(cg);

	return m ? show_limit(m, atomic_load(&m->swap_max), buf, n) : -ENODEV;
}

/* Kept and shown, as on a Linux without swap: never reached. */
static s64 swap_max_write(struct cgroup *cg, char *buf)
{
	u64 pages;
	struct mem_cgroup *m = limit_from_user(cg, buf, "max", &pages);

	if (IS_ERR(m))
		return PTR_ERR(m);
	atomic_store(&m->swap_max, pages);
	mem_cgroup_put(m);
	return 0;
}

/* Whoever is above the new limit gives pages up, and then processes. */
static void enforce_max(struct mem_cgroup *m)
{
	unsigned tries = RECLAIM_TRIES;
	u64 usage, max;

	while ((usage = atomic_load(&m->usage)) > (max = atomic_load(&m->max)) && !signal_pending(current)) {
		if (tries) {
			tries--;
			if (!reclaim_mem_cgroup(m, usage - max))
				tries = 0;
		} else if (!mem_cgroup_out_of_memory(m, GFP_KERNEL)) {
			break;
		}
	}
}

static s64 max_write(struct cgroup *cg, char *buf)
{
	u64 pages;
	struct mem_cgroup *m = limit_from_user(cg, buf, "max", &pages);

	if (IS_ERR(m))
		return PTR_ERR(m);
	atomic_store(&m->max, pages);
	enforce_max(m);
	mem_cgroup_put(m);
	return 0;
}

static s64 oom_group_write(struct cgroup *cg, char *buf)
{
	struct mem_cgroup *m;
	int v, err = kparse_int(buf, &v);

	if (err)
		return err;
	if (v < 0 || v > 1)
		return -EINVAL;
	m = mem_cgroup_of(cg);
	if (!m)
		return -ENODEV;
	WRITE_ONCE(m->oom_group, v);
	mem_cgroup_put(m);
	return 0;
}

static s64 print_events(struct cgroup *cg, char *buf, size_t n, bool local)
{
	static const char *const names[NR_MEMORY_EVENTS] = { "low", "high", "max", "oom", "oom_kill", "oom_group_kill" };
	struct mem_cgroup *m = mem_cgroup_of(cg);
	size_t len = 0;

	if (!m)
		return -ENODEV;
	for (unsigned e = 0; e < NR_MEMORY_EVENTS; e++)
		len += kscnprintf(buf + len, n - len, "%s %lu\n", names[e],
				  atomic_load(local ? &m->local_events[e] : &m->events[e]));
	mem_cgroup_put(m);
	return (s64)len;
}

static s64 events_show(struct cgroup *cg, char *buf, size_t n) { return print_events(cg, buf, n, false); }
static s64 events_local_show(struct cgroup *cg, char *buf, size_t n) { return print_events(cg, buf, n, true); }

#define V2_FILE(var, nm, ...)	\
	CGROUP_FILE(var, .name = nm, .trees = ON(CG_V2), .not_on_root = true, .visible = visible, __VA_ARGS__)
V2_FILE(file_current, "memory.current", .show = current_show);
V2_FILE(file_peak, "memory.peak", .show = peak_show);
V2_FILE(file_max, "memory.max", .show = max_show, .write = max_write);
V2_FILE(file_swap_current, "memory.swap.current", .show = swap_current_show);
V2_FILE(file_swap_max, "memory.swap.max", .show = swap_max_show, .write = swap_max_write);
V2_FILE(file_events, "memory.events", .show = events_show, .event = EVENT_MEMORY);
V2_FILE(file_events_local, "memory.events.local", .show = events_local_show);
V2_FILE(file_oom_group, "memory.oom.group", .delegatable = true, .show = oom_group_show, .write = oom_group_write);

/* --- version 1 --- */

static s64 limit_show(struct cgroup *cg, char *buf, size_t n)
{
	struct mem_cgroup *m = mem_cgroup_of(cg);
	u64 pages;

	if (!m)
		return -ENODEV;
	pages = atomic_load(&m->max);
	mem_cgroup_put(m);
	return (s64)kscnprintf(buf, n, "%lu\n", pages == ~0ull ? V1_NO_LIMIT : pages * PAGE_SIZE);
}

/* Nobody is killed for a limit that is already exceeded: EBUSY. */
static int set_limit(struct mem_cgroup *m, u64 pages)
{
	u64 old = atomic_load(&m->max);

	for (unsigned tries = RECLAIM_TRIES; tries; tries--) {
		atomic_store(&m->max, pages);
		if (atomic_load(&m->usage) <= pages) {
			wake_up_all(&m->oom_wait);
			return 0;
		}
		atomic_store(&m->max, old);
		if (!reclaim_mem_cgroup(m, RECLAIM_TRIES))
			break;
	}
	return -EBUSY;
}

static s64 limit_write(struct cgroup *cg, char *buf)
{
	u64 pages;
	struct mem_cgroup *m = limit_from_user(cg, buf, "-1", &pages);
	int err;

	if (IS_ERR(m))
		return PTR_ERR(m);
	err = set_limit(m, pages);
	mem_cgroup_put(m);
	return err;
}

/* Whatever is written, it starts anew. */
static s64 failcnt_write(struct cgroup *cg, char *buf)
{
	struct mem_cgroup *m = mem_cgroup_of(cg);

	(void)buf;
	if (!m)
		return -ENODEV;
	atomic_store(&m->failcnt, 0);
	mem_cgroup_put(m);
	return 0;
}

static s64 peak_write(struct cgroup *cg, char *buf)
{
	struct mem_cgroup *m = mem_cgroup_of(cg);

	(void)buf;
	if (!m)
		return -ENODEV;
	atomic_store(&m->peak, atomic_load(&m->usage));
	mem_cgroup_put(m);
	return 0;
}

static s64 oom_control_show(struct cgroup *cg, char *buf, size_t n)
{
	struct mem_cgroup *m = mem_cgroup_of(cg);
	s64 len;

	if (!m)
		return -ENODEV;
	len = (s64)kscnprintf(buf, n, "oom_kill_disable %d\nunder_oom %d\noom_kill %lu\n",
			      READ_ONCE(m->oom_kill_disable), atomic_load(&m->under_oom) != 0,
			      atomic_load(&m->local_events[MEMORY_OOM_KILL]));
	mem_cgroup_put(m);
	return len;
}

static s64 oom_control_write(struct cgroup *cg, char *buf)
{
	struct mem_cgroup *m;
	u64 v;
	int err = kparse_u64(buf, &v);

	if (err)
		return err;
	if (v > 1)
		return -EINVAL;
	m = mem_cgroup_of(cg);
	if (!m)
		return -ENODEV;
	WRITE_ONCE(m->oom_kill_disable, v);
	wake_up_all(&m->oom_wait);
	mem_cgroup_put(m);
	return 0;
}

#define V1_FILE(var, nm, ...)	\
	CGROUP_FILE(var, .name = nm, .trees = ON(CG_MEMORY), .not_on_root = true, __VA_ARGS__)
V1_FILE(file_usage_in_bytes, "memory.usage_in_bytes", .show = current_show);
V1_FILE(file_max_usage_in_bytes, "memory.max_usage_in_bytes", .show = peak_show, .write = peak_write);
V1_FILE(file_limit_in_bytes, "memory.limit_in_bytes", .show = limit_show, .write = limit_write);
V1_FILE(file_failcnt, "memory.failcnt", .show = failcnt_show, .write = failcnt_write);
V1_FILE(file_oom_control, "memory.oom_control", .show = oom_control_show, .write = oom_control_write);
