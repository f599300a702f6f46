// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task work: what a task does on its way to user mode, or in X12 if it comes there no more. Mirrors
 * Linux kernel/task_work.c.
 *
 * Locks: task->work_lock.
 */
#include "kernel/fs/files.h"
#include "kernel/task.h"

int task_work_add(struct task *t, struct callback *cb)
{
	int err = -ESRCH;

	spin_lock(&t->work_lock);
	if (!t->no_more_work) {
		list_add_tail(&cb->node, &t->task_works);
		set_tif(t, TIF_NOTIFY_RESUME);
		err = 0;
	}
	spin_unlock(&t->work_lock);
	if (!err && t != current)
		kick_process(t);
	return err;
}

/* The oldest work, off the list; NULL if there is none. */
static struct callback *next_work(void)
{
	struct callback *cb = NULL;

	spin_lock(&current->work_lock);
	if (!list_empty(&current->task_works)) {
		cb = list_first(&current->task_works, struct callback, node);
		list_del(&cb->node);
	} else if (current->flags & PF_EXITING) {
		current->no_more_work = 1;
	}
	spin_unlock(&current->work_lock);
	return cb;
}

/*
 * Work may add work. In an exiting task the empty list is closed under its lock: later fputs go to
 * a kernel thread.
 */
void task_work_run(void)
{
	struct callback *cb;

	might_sleep();
	clear_tif(current, TIF_NOTIFY_RESUME);
	while ((cb = next_work()))
		cb->fn(cb);
	if (unlikely(current->fasync_due))
		fasync_tell_due();
}
