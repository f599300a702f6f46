// SPDX-License-Identifier: GPL-2.0-only
/*
 * execve ends the other threads of its group and takes the leader's place. Mirrors de_thread of
 * Linux fs/exec.c.
 *
 * notify_count says what exec still waits for: positive, so many threads to be unhashed; negative,
 * the leader to become a zombie.
 *
 * Locks: exec_mutex is held by the caller; tasklist_lock (who is whose leader, exit_state), then
 * siglock (group_exec_task, notify_count).
 */
#include "kernel/exec.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/task.h"

/*
 * Sleeps until all threads that zap_other_threads counted are unhashed (the leader, if we are not
 * it, at last excepted). siglock is held, and dropped.
 */
static int wait_for_others(struct task *t)
{
	struct group *g = t->group;
	struct spinlock *siglock = &t->sighand->siglock;
	bool killed = false;

	assert_held(siglock);
	while (g->notify_count && !killed) {
		set_current_state(TASK_KILLABLE);
		spin_unlock(siglock);
		schedule();
		spin_lock(siglock);
		killed = fatal_signal_pending(t);
	}
	spin_unlock(siglock);
	return killed ? -EAGAIN : 0;
}

/*
 * Sleeps until the leader is a zombie, and returns with tasklist_lock held for writing.
 *
 *	exec                                    leader, in exit_notify
 *	lock(tasklist)                          lock(tasklist)
 *	notify_count = -1                       exit_state = ZOMBIE
 *	exit_state? 0: state = KILLABLE         notify_count < 0? wake exec
 *	unlock, schedule()                      unlock
 *
 * Whoever takes the lock second sees what the first one wrote.
 */
static int wait_for_leader(struct task *t, struct task *leader)
{
	for (;;) {
		write_lock(&tasklist_lock);
		t->group->notify_count = -1;
		if (leader->exit_state)
			return 0;
		set_current_state(TASK_KILLABLE);
		write_unlock(&tasklist_lock);
		schedule();
		if (fatal_signal_pending(t))
			return -EAGAIN;
	}
}

static void list_replace(struct list *old, struct list *new)
{
	list_insert(new, old->prev, old->next);
	list_init(old);
}

/*
 * t becomes the leader: its number, its place among the processes and among its parent's children.
 * The group, and with it every count and mark of the OOM killer, stays what it is; bits of a thread
 * stay with the task_struct.
 */
static void take_identity(struct task *t, struct task *leader)
{
	struct pid *thread_pid = t->thread_pid;
	int pid = t->pid, vpid = t->vpid;

	assert(rw_is_write_held(&tasklist_lock));
	assert(same_thread_group(t, leader));
	pid_detach(t);
	pid_detach(leader);
	t->thread_pid = leader->thread_pid;
	t->pid = leader->pid;
	t->vpid = leader->vpid;
	leader->thread_pid = thread_pid;
	leader->pid = pid;
	leader->vpid = vpid;
	pid_attach(t);
	pid_attach(leader);

	list_replace(&leader->tasks, &t->tasks);
	list_replace(&leader->sibling, &t->sibling);
	t->start_time = leader->start_time;
	t->group_leader = leader->group_leader = t->group->leader = t;
	t->exit_signal = SIGCHLD;
	t->death_told = -1;
	leader->exit_signal = -1;
	set_exit_dead(leader);
	/* It is released without a word to its tracer, which may be waiting for it. */
	if (leader->ptrace)
		wake_up_interruptible(&leader->parent->group->wait_chldexit);
	t->group->notify_count = 0;
}

static int replace_leader(struct task *t)
{
	struct task *leader = t->group_leader;
	int err = wait_for_leader(t, leader);

	if (err)
		return err;
	take_identity(t, leader);
	write_unlock(&tasklist_lock);
	release_task(leader);
	return 0;
}

static bool alone(struct task *t)
{
	bool ret;

	read_lock(&tasklist_lock);
	ret = thread_group_empty(t);
	read_unlock(&tasklist_lock);
	return ret;
}

/*
 * Ends exec's claim on the group. tasklist_lock keeps exit_notify and __exit_signal from using it
 * meanwhile.
 */
static void end_group_exec(struct group *g)
{
	write_lock(&tasklist_lock);
	g->group_exec_task = NULL;
	g->notify_count = 0;
	write_unlock(&tasklist_lock);
}

int de_thread(struct task *t)
{
	struct group *g = t->group;
	int err;

	might_sleep();
	if (alone(t)) {
		t->exit_signal = SIGCHLD;
		return 0;
	}
	pause_point("exec");
	spin_lock(&t->sighand->siglock);
	if ((g->flags & SIGNAL_GROUP_EXIT) || g->group_exec_task) {
		spin_unlock(&t->sighand->siglock);
		return -EAGAIN;
	}
	g->group_exec_task = t;
	g->notify_count = zap_other_threads(t);
	if (!thread_group_leader(t))
		g->notify_count--;
	err = wait_for_others(t);
	if (!err && !thread_group_leader(t))
		err = replace_leader(t);
	end_group_exec(g);
	if (err)
		return err;
	t->exit_signal = SIGCHLD;
	assert_eq(g->nr_threads, 1);
	return 0;
}
