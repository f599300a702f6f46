// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces of numbers: made, entered, and ended with their number 1. Mirrors Linux
 * kernel/pid_namespace.c; pid.c gives the numbers out.
 *
 * A task never changes its namespace: unshare and setns say where its children will be born. The
 * first one there is the namespace's init, which takes in its orphans, and whose end is
 * everybody's:
 *
 *	last thread of init, in X14A            a fork into the namespace
 *	closed = true                           build: has a number
 *	                                        lock(tasklist), w
 *	lock(tasklist), r                       closed? no: on the list
 *	SIGKILL to all on the list              unlock
 *	unlock
 *
 * A fork that comes later sees closed under the lock and fails. Then init waits for its children,
 * and for others until nobody is left but itself.
 *
 * All this lies behind X16, the point of no more IO: what init does here is to send signals, and to
 * unhash tasks that have passed that point themselves. Files, memory and semaphores are given back
 * before X16, each by its own task. LINUX: there an accounting file may be written here.
 *
 * Locks: tasklist_lock, pid_lock.
 */
#include "kernel/lib/bitmap.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

static struct pid_namespace *to_pid_ns(struct ns_common *ns)
{
	return container_of(ns, struct pid_namespace, ns);
}

struct pid_namespace *pid_ns_for_children(const struct task *t)
{
	return to_pid_ns(t->nsproxy->ns[NS_PID]);
}

static struct ns_common *copy_pid_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	const size_t map_size = BITMAP_WORDS(PID_LIMIT) * sizeof(u64);
	struct pid_namespace *parent = to_pid_ns(old), *ns;

	if (!in_user_ns(parent->ns.user_ns, user_ns))
		return ERR_PTR(-EINVAL);
	if (parent != current->group->pid_ns)
		return ERR_PTR(-EINVAL);	/* current's children are to live elsewhere already */
	if (parent->level >= MAX_PID_NS_LEVEL)
		return ERR_PTR(-ENOSPC);
	ns = kzalloc(sizeof(*ns), GFP_KERNEL);
	if (!ns)
		return ERR_PTR(-ENOMEM);
	ns->map = kzalloc(map_size, GFP_KERNEL);
	if (!ns->map) {
		kfree(ns);
		return ERR_PTR(-ENOMEM);
	}
	if (ns_init(&ns->ns, &pid_ns_ops, user_ns)) {
		kfree(ns->map);
		kfree(ns);
		return ERR_PTR(-ENOSPC);
	}
	ns->level = parent->level + 1;
	ns->parent = pid_ns_get(parent);
	return &ns->ns;
}

/* Any context. Those above it may go with it: a loop, for they can be many. */
static void free_pid_ns(struct ns_common *c)
{
	struct pid_namespace *ns = to_pid_ns(c), *parent;
	struct user_namespace *user_ns = NULL;	/* of those above c */

	for (;;) {
		parent = ns->parent;
		assert(parent && !ns->child_reaper && !ns->nr_tasks);
		kfree(ns->map);
		kfree(ns);
		if (user_ns)
			put_user_ns(user_ns);
		ns = parent;
		if (atomic_fetch_sub(&ns->ns.count, 1) != 1)
			break;
		dec_ucount(ns->ns.ucounts, UCOUNT_PID);
		user_ns = ns->ns.user_ns;
	}
}

/* Is ns current's own, or below it? */
static bool is_below(struct pid_namespace *ns)
{
	const struct pid_namespace *own = current->group->pid_ns;

	return ns->level >= own->level && pid_ns_at(ns, own->level) == own;
}

static int install_pid_ns(struct ns_common *ns, struct user_namespace *user_ns)
{
	(void)user_ns;
	return is_below(to_pid_ns(ns)) ? 0 : -EINVAL;
}

static struct ns_common *parent_pid_ns(struct ns_common *ns)
{
	struct pid_namespace *parent = to_pid_ns(ns)->parent;

	return parent && is_below(parent) ? ns_get(&parent->ns) : ERR_PTR(-EPERM);
}

const struct ns_ops pid_ns_ops = {
	.name = "pid",
	.type = CLONE_NEWPID,
	.ucount = UCOUNT_PID,
	.copy = copy_pid_ns,
	.free = free_pid_ns,
	.install = install_pid_ns,
	.parent = parent_pid_ns,
};

/* SIGKILL to every process that has a number in ns but current's own. */
static void kill_all_in(struct pid_namespace *ns)
{
	struct task *p;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if (!same_thread_group(p, current) && task_pid_nr_ns(p, ns))
			kill_group(p);
	read_unlock(&tasklist_lock);
}

/*
 * Until only init's own are left: current, and the zombie of its leader. Those that are not
 * current's children went without a word to it: EXIT_DEAD ones that somebody is about to release,
 * and children of a parent outside, which forked into the namespace; if that leaves them as zombies
 * it has to reap them, or to end: then they come to current, and are reaped at once
 * (do_notify_parent).
 */
static void wait_until_alone(struct pid_namespace *ns)
{
	u32 own = thread_group_leader(current) ? 1 : 2;

	for (;;) {
		clear_tif(current, TIF_SIGPENDING);
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (READ_ONCE(ns->nr_tasks) == own)
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

void zap_pid_ns_processes(void)
{
	struct pid_namespace *ns = current->group->pid_ns;
	int reboot;

	might_sleep();
	assert(ns->parent && ns->child_reaper == current);
	pid_ns_close(ns);
	kill_all_in(ns);
	wait_for_all_children();
	wait_until_alone(ns);
	assert(!current->io_context);
	reboot = READ_ONCE(ns->reboot);
	if (reboot)
		current->group->group_exit_code = reboot;
}

int reboot_pid_ns(u32 cmd)
{
	struct pid_namespace *ns = current->group->pid_ns;

	if (!ns->parent)
		return 0;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		WRITE_ONCE(ns->reboot, SIGHUP);
		break;
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		WRITE_ONCE(ns->reboot, SIGINT);
		break;
	default:
		return -EINVAL;
	}
	read_lock(&tasklist_lock);
	kill_group(ns->child_reaper);
	read_unlock(&tasklist_lock);
	do_exit(0);
}
