// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving tasks between groups, and who is in one: cgroup.procs, cgroup.threads, and tasks of
 * version 1. Mirrors the migration half of Linux kernel/cgroup/cgroup.c and cgroup-v1.c.
 *
 * A process is moved as a whole under tasklist_lock (write), so a thread that is just being made
 * either is on the list or will inherit the new group.
 *
 * Locks: cgroup_mutex, tasklist_lock (write), siglock, css_lock.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"

/* --- who may --- */

/*
 * Who moves tasks must own the smallest group that has both places. LINUX: there it must be able to
 * write that group's cgroup.procs.
 */
static bool may_write_common(const struct cgroup *src, const struct cgroup *dst, const struct cred *who)
{
	const struct cgroup *cg = cgroup_common_ancestor(src, dst);
	struct user_namespace *ns = who->user_ns;

	if (cg->uid == who->fsuid)
		return true;
	return cred_ns_capable(who, ns, CAP_DAC_OVERRIDE) && from_kuid(ns, cg->uid) != INVALID_ID &&
		from_kgid(ns, cg->gid) != INVALID_ID;
}

/* LINUX: the namespace of who writes counts; there of who opened the file. */
static bool is_in_view(const struct cgroup *cg)
{
	return !cgroup_nsdelegate() || cgroup_is_descendant(cg, cgroup_ns_root(CG_V2));
}

int cgroup_may_attach(const struct cgroup *src, const struct cgroup *dst, bool whole, const struct cred *who)
{
	assert_held(&cgroup_mutex);
	if (!may_write_common(src, dst, who))
		return -EACCES;
	if (!is_in_view(src) || !is_in_view(dst))
		return -ENOENT;
	if (!whole && src != dst)
		return -EOPNOTSUPP;
	/* A group that hands its memory on to its children has no tasks of its own beside them. */
	return dst->subtree_control && !cgroup_is_root(dst) ? -EBUSY : 0;
}

static bool may_move_v1(const struct task *t, const struct cred *who)
{
	return !who->euid || who->euid == READ_ONCE(t->cred.uid) || who->euid == READ_ONCE(t->cred.suid);
}

static int may_move(struct task *t, const struct cgroup *dst, bool whole, const struct cred *who)
{
	/* LINUX: only some kernel threads are refused there. */
	if (t->flags & PF_KTHREAD)
		return -EINVAL;
	if (dst->tree != CG_V2)
		return may_move_v1(t, who) ? 0 : -EACCES;
	return cgroup_may_attach(task_cgroup(t, CG_V2), dst, whole, who);
}

/* --- the move --- */

/* t goes on in dst. Dead threads stay where they were, as on Linux. */
static void move_task(struct task *t, struct cgroup *dst)
{
	struct cgroup *src;

	assert(rw_is_write_held(&tasklist_lock));
	if (t->cgroup_gone || task_cgroup(t, dst->tree) == dst)
		return;
	spin_lock(&css_lock);
	src = cgroup_leave(t, dst->tree);
	cgroup_join(t, dst);
	cgroup_update_frozen(dst);
	if (src)
		cgroup_update_frozen(src);
	spin_unlock(&css_lock);
	cgroup_put(src);
	if (dst->tree == CG_V2)
		cgroup_freeze_task(t, dst->e_freeze);
	else if (dst->tree == CG_FREEZER)
		freezer_apply(t);
}

static int attach_locked(struct cgroup *dst, int pid, bool whole, const struct cred *who)
{
	struct task *t = pid ? find_task_by_vpid(pid) : current, *s;
	int err = t ? may_move(t, dst, whole, who) : -ESRCH;

	if (err)
		return err;
	if (!whole)
		move_task(t, dst);
	else
		for_each_thread(t->group, s)
			move_task(s, dst);
	return 0;
}

static s64 attach(struct cgroup *dst, const char *buf, bool whole, const struct cred *who)
{
	int pid, err;

	if (kparse_int(buf, &pid) || pid < 0)
		return -EINVAL;
	err = cgroup_lock_live(dst);
	if (err)
		return err;
	write_lock(&tasklist_lock);
	err = attach_locked(dst, pid, whole, who);
	write_unlock(&tasklist_lock);
	mutex_unlock(&cgroup_mutex);
	return err;
}

/* Who writes may be a program with more rights, which was given the file to write something else to. */
static s64 procs_write(struct cgroup *cg, char *buf, const struct cred *opener)
{
	return attach(cg, buf, true, opener);
}

static s64 threads_write(struct cgroup *cg, char *buf, const struct cred *opener)
{
	return attach(cg, buf, false, opener);
}

/* --- who is there --- */

static bool thread_in(struct task *t, const struct cgroup *cg)
{
	return !t->cgroup_gone && task_cgroup(t, cg->tree) == cg;
}

static bool process_in(struct task *p, const struct cgroup *cg)
{
	struct task *t;

	for_each_thread(p->group, t)
		if (thread_in(t, cg))
			return true;
	return false;
}

/* Who has no number in the reader's namespace is 0 in version 2, and not there in version 1. */
static size_t print_member(const struct cgroup *cg, int nr, char *buf, size_t n)
{
	return nr || cg->tree == CG_V2 ? kscnprintf(buf, n, "%d\n", nr) : 0;
}

static s64 procs_show(struct cgroup *cg, char *buf, size_t n)
{
	struct task *p;
	size_t len = 0;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if (process_in(p, cg))
			len += print_member(cg, task_tgid_vnr(p), buf + len, n - len);
	read_unlock(&tasklist_lock);
	return (s64)len;
}

static s64 threads_show(struct cgroup *cg, char *buf, size_t n)
{
	struct task *p, *t;
	size_t len = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (thread_in(t, cg))
			len += print_member(cg, task_pid_vnr(t), buf + len, n - len);
	read_unlock(&tasklist_lock);
	return (s64)len;
}

#define ON_V1	(ON(CG_FREEZER) | ON(CG_MEMORY))
CGROUP_FILE(file_procs, .name = "cgroup.procs", .trees = ON(CG_V2) | ON_V1, .delegatable = true, .show = procs_show,
	    .write_as = procs_write);
CGROUP_FILE(file_threads, .name = "cgroup.threads", .trees = ON(CG_V2), .delegatable = true, .show = threads_show,
	    .write_as = threads_write);
CGROUP_FILE(file_tasks, .name = "tasks", .trees = ON_V1, .show = threads_show, .write_as = threads_write);
