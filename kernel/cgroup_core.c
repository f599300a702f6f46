// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files that every group of version 2 has, besides those about its members, and the texts in
 * /proc. Mirrors the second half of Linux kernel/cgroup/cgroup.c.
 *
 * Locks: cgroup_mutex; tasklist_lock (read) and css_lock for a look at tasks.
 *
 * LINUX: every group is a domain: there are no threaded groups.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"

/* --- limits of the tree --- */

static s64 limit_show(u32 v, char *buf, size_t n)
{
	return (s64)(v == ~0u ? kscnprintf(buf, n, "max\n") : kscnprintf(buf, n, "%u\n", v));
}

/* A number or "max". As on Linux an int: what is above it is ERANGE. */
static int parse_limit(const char *s, u32 *limit)
{
	int v, err;

	if (kstreq(s, "max")) {
		*limit = ~0u;
		return 0;
	}
	err = kparse_int(s, &v);
	if (err)
		return err;
	if (v < 0)
		return -ERANGE;
	*limit = (u32)v;
	return 0;
}

static s64 limit_write(struct cgroup *cg, u32 *limit, const char *buf)
{
	u32 v;
	int err = parse_limit(buf, &v);

	if (!err)
		err = cgroup_lock_live(cg);
	if (err)
		return err;
	*limit = v;
	mutex_unlock(&cgroup_mutex);
	return 0;
}

static s64 max_depth_show(struct cgroup *cg, char *buf, size_t n)
{
	return limit_show(READ_ONCE(cg->max_depth), buf, n);
}

static s64 max_depth_write(struct cgroup *cg, char *buf)
{
	return limit_write(cg, &cg->max_depth, buf);
}

static s64 max_descendants_show(struct cgroup *cg, char *buf, size_t n)
{
	return limit_show(READ_ONCE(cg->max_descendants), buf, n);
}

static s64 max_descendants_write(struct cgroup *cg, char *buf)
{
	return limit_write(cg, &cg->max_descendants, buf);
}

static s64 stat_show(struct cgroup *cg, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "nr_descendants %u\nnr_dying_descendants %u\n", READ_ONCE(cg->nr_descendants),
			       atomic_load(&cg->nr_dying));
}

/* --- type --- */

static s64 type_show(struct cgroup *cg, char *buf, size_t n)
{
	(void)cg;
	return (s64)kscnprintf(buf, n, "domain\n");
}

static s64 type_write(struct cgroup *cg, char *buf)
{
	(void)cg;
	return kstreq(buf, "threaded") ? -EOPNOTSUPP : -EINVAL;
}

/* --- controllers --- */

/* What cg itself has, and may hand on. */
static u32 controllers(const struct cgroup *cg)
{
	if (cgroup_is_root(cg))
		return mem_cgroup_on_v2() ? CONTROL_MEMORY : 0;
	return cg->parent->subtree_control;
}

static s64 print_controllers(u32 mask, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%s", mask & CONTROL_MEMORY ? "memory\n" : "");
}

static s64 controllers_show(struct cgroup *cg, char *buf, size_t n)
{
	return print_controllers(controllers(cg), buf, n);
}

static s64 subtree_control_show(struct cgroup *cg, char *buf, size_t n)
{
	return print_controllers(READ_ONCE(cg->subtree_control), buf, n);
}

/* "+memory -memory": the last word about each counts. 0 or -EINVAL. */
static int parse_controllers(char *s, u32 *enable, u32 *disable)
{
	const char *word;

	*enable = *disable = 0;
	while (*(word = kword(&s))) {
		if ((*word != '+' && *word != '-') || !kstreq(word + 1, "memory"))
			return -EINVAL;
		*enable = *word == '+' ? CONTROL_MEMORY : 0;
		*disable = CONTROL_MEMORY & ~*enable;
	}
	return 0;
}

/* The children get limits of their own, or lose them. cgroup_mutex held. */
static int enable_memory(struct cgroup *cg)
{
	struct cgroup *child;
	int err = 0;

	list_for_each(child, &cg->children, sibling)
		if (!err)
			err = mem_cgroup_online(child);
	if (!err)
		return 0;
	list_for_each(child, &cg->children, sibling)
		mem_cgroup_offline(child);
	return err;
}

static void disable_memory(struct cgroup *cg)
{
	struct cgroup *child;

	list_for_each(child, &cg->children, sibling)
		mem_cgroup_offline(child);
}

/* A group that has tasks of its own does not hand memory on: false. */
static bool set_mask(struct cgroup *cg, u32 mask)
{
	bool ok;

	spin_lock(&css_lock);
	ok = !mask || cgroup_is_root(cg) || !cg->nr_tasks;
	if (ok)
		cg->subtree_control = mask;
	spin_unlock(&css_lock);
	return ok;
}

/* cgroup_mutex held. */
static int set_subtree_control(struct cgroup *cg, u32 enable, u32 disable)
{
	struct cgroup *child;
	int err = 0;

	enable &= ~cg->subtree_control;
	disable &= cg->subtree_control;
	if (enable & ~controllers(cg))
		return -ENOENT;
	list_for_each(child, &cg->children, sibling)
		if (child->subtree_control & disable)
			return -EBUSY;
	if (enable) {
		if (!set_mask(cg, enable))
			return -EBUSY;
		err = enable_memory(cg);
	}
	if (disable)
		disable_memory(cg);
	if (disable || err)
		set_mask(cg, 0);
	return err;
}

static s64 subtree_control_write(struct cgroup *cg, char *buf)
{
	u32 enable, disable;
	int err = parse_controllers(buf, &enable, &disable);

	if (!err)
		err = cgroup_lock_live(cg);
	if (err)
		return err;
	err = set_subtree_control(cg, enable, disable);
	mutex_unlock(&cgroup_mutex);
	return err;
}

/* --- events --- */

static s64 events_show(struct cgroup *cg, char *buf, size_t n)
{
	bool populated, frozen;

	spin_lock(&css_lock);
	populated = cg->nr_tasks || cg->nr_populated_children;
	frozen = cg->frozen;
	spin_unlock(&css_lock);
	return (s64)kscnprintf(buf, n, "populated %d\nfrozen %d\n", populated, frozen);
}

/* --- killing --- */

/*
 * Every process of the subtree dies. A fork under way is either on the list already, or refused
 * because its maker has SIGKILL pending (copy_process).
 */
static void kill_members(struct cgroup *cg)
{
	struct task *p;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if (cgroup_has_process(cg, p))
			send_sig_group(SIGKILL, NULL, p);
	read_unlock(&tasklist_lock);
}

static s64 kill_write(struct cgroup *cg, char *buf)
{
	int v, err = kparse_int(buf, &v);

	if (err)
		return err;
	if (v != 1)
		return -ERANGE;
	err = cgroup_lock_live(cg);
	if (err)
		return err;
	kill_members(cg);
	mutex_unlock(&cgroup_mutex);
	return 0;
}

CGROUP_FILE(file_type, .name = "cgroup.type", .trees = ON(CG_V2), .not_on_root = true,
	.show = type_show, .write = type_write);
CGROUP_FILE(file_controllers, .name = "cgroup.controllers", .trees = ON(CG_V2), .show = controllers_show);
CGROUP_FILE(file_subtree_control, .name = "cgroup.subtree_control", .trees = ON(CG_V2), .show = subtree_control_show,
	    .delegatable = true, .write = subtree_control_write);
CGROUP_FILE(file_events, .name = "cgroup.events", .trees = ON(CG_V2), .not_on_root = true,
	.event = EVENT_CGROUP, .show = events_show);
CGROUP_FILE(file_max_descendants, .name = "cgroup.max.descendants", .trees = ON(CG_V2), .show = max_descendants_show,
	    .write = max_descendants_write);
CGROUP_FILE(file_max_depth, .name = "cgroup.max.depth", .trees = ON(CG_V2), .show = max_depth_show,
	.write = max_depth_write);
CGROUP_FILE(file_stat, .name = "cgroup.stat", .trees = ON(CG_V2), .show = stat_show);
CGROUP_FILE(file_kill, .name = "cgroup.kill", .trees = ON(CG_V2), .not_on_root = true, .write = kill_write);

/* --- /proc --- */

static const char *const controller_names[NR_CG_TREES] = { "", "freezer", "memory" };

/* A hierarchy's number in /proc: version 2 is 0, those of version 1 that exist follow. */
static unsigned tree_number(enum cgroup_tree tree)
{
	return cgroup_tree_mounted(tree) ? tree : 0;
}

/* As on Linux a zombie is shown in its group of version 2, and at "/" in version 1. */
static s64 print_group(const struct cgroup *cg, bool gone, char *buf, size_t n)
{
	size_t len = kscnprintf(buf, n, "%u:%s:", tree_number(cg->tree), controller_names[cg->tree]);
	s64 path = cgroup_path(cg, gone && cg->tree != CG_V2 ? cg : cgroup_ns_root(cg->tree), buf + len, n - len);

	if (path < 0)
		return n < 2 * K_PATH_MAX ? (s64)n : path;	/* more room, please */
	len += (size_t)path;
	return (s64)(len + kscnprintf(buf + len, n - len, cg->dead && cg->tree == CG_V2 ? " (deleted)\n" : "\n"));
}

s64 proc_cgroup(struct task *t, char *buf, size_t n)
{
	size_t len = 0;
	s64 more = 0;

	read_lock(&tasklist_lock);
	for (unsigned tree = NR_CG_TREES; tree-- > 0 && more >= 0;) {
		if (tree != CG_V2 && !cgroup_tree_mounted(tree))
			continue;
		more = print_group(task_cgroup(t, tree), t->cgroup_gone, buf + len, n - len);
		if (more > 0)
			len += (size_t)more;
	}
	read_unlock(&tasklist_lock);
	return more < 0 ? more : (s64)len;
}

static unsigned count_groups(enum cgroup_tree tree)
{
	return cgroup_roots[tree].nr_descendants + 1;
}

static s64 cgroups_show(char *buf, size_t n)
{
	size_t len = kscnprintf(buf, n, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");

	mutex_lock(&cgroup_mutex);
	for (unsigned tree = NR_CG_TREES; tree-- > CG_FREEZER;)
		len += kscnprintf(buf + len, n - len, "%s\t%u\t%u\t1\n", controller_names[tree], tree_number(tree),
				  count_groups(cgroup_tree_mounted(tree) ? tree : CG_V2));
	mutex_unlock(&cgroup_mutex);
	return (s64)len;
}
PSEUDO_FILE(proc_cgroups, .path = "/proc/cgroups", .mode = 0444, .show = cgroups_show);
