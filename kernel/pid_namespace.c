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
 * Locks: tasklist_lock, task_lock (pid_ns_for_children), pid_lock.
 */
#include "kernel/lib/bitmap.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

static struct pid_namespace *create_pid_namespace(struct pid_namespace *parent)
{
	const size_t map_size = BITMAP_WORDS(PID_LIMIT) * sizeof(u64);
	struct pid_namespace *ns;

	if (parent->level >= MAX_PID_NS_LEVEL)
		return ERR_PTR(-ENOSPC);
	ns = kmalloc(sizeof(*ns), GFP_KERNEL);
	if (!ns)
		return ERR_PTR(-ENOMEM);
	*ns = (struct pid_namespace){ .refs = 1, .level = parent->level + 1, .inum = pid_ns_new_inum(),
				       .map = kmalloc(map_size, GFP_KERNEL) };
	if (!ns->map) {
		kfree(ns);
		return ERR_PTR(-ENOMEM);
	}
	kmemset(ns->map, 0, map_size);
	ns->parent = pid_ns_get(parent);
	return ns;
}

struct pid_namespace *copy_pid_ns(u64 flags)
{
	struct pid_namespace *own = current->group->pid_ns, *other = current->pid_ns_for_children;

	if (likely(!(flags & CLONE_NEWPID)))
		return pid_ns_get(unlikely(other) ? other : own);
	might_sleep();
	if (!capable(CAP_SYS_ADMIN))
		return ERR_PTR(-EPERM);
	return other ? ERR_PTR(-EINVAL) : create_pid_namespace(own);
}

/* Gives up the reference to what it was. ns: referenced, or NULL. */
static void set_for_children(struct task *t, struct pid_namespace *ns)
{
	struct pid_namespace *old;

	task_lock(t);
	old = t->pid_ns_for_children;
	t->pid_ns_for_children = ns;
	task_unlock(t);
	if (old)
		pid_ns_put(old);
}

int unshare_pid_ns(void)
{
	struct pid_namespace *ns = copy_pid_ns(CLONE_NEWPID);

	if (IS_ERR(ns))
		return (int)PTR_ERR(ns);
	set_for_children(current, ns);
	return 0;
}

int pid_ns_install(struct pid_namespace *ns)
{
	struct pid_namespace *own = current->group->pid_ns, *up = ns;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	while (up->level > own->level)
		up = up->parent;
	if (up != own)
		return -EINVAL;
	set_for_children(current, ns == own ? NULL : pid_ns_get(ns));
	return 0;
}

void exit_pid_ns(struct task *t)
{
	set_for_children(t, NULL);
}

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
