// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that the kernel starts by itself. Mirrors Linux kernel/umh.c. No lock.
 *
 * Who asks may be an OOM victim while the new process wants memory, so it waits killably, and both
 * hold what was asked for:
 *
 *	who asks                                the new process
 *	init_task's child, woken                init, exec
 *	sleeps; is killed: ref--                err, complete, ref--
 *	or woken: reads err, ref--              to user mode, or dead
 *
 * LINUX: for whoever asks here that wait is uninterruptible there, and a process that does not become
 * the program is not waited for. Who asks makes the process, which is like init_task nevertheless, as
 * any kernel thread. There a suspend refuses and drops helpers; here they are tasks that freeze: it
 * waits for one that becomes a program at the latest in its second pass, and none reaches user mode.
 */
#include "kernel/umh.h"
#include "kernel/freezer.h"
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"

void umh_put(struct subprocess_info *info)
{
	if (atomic_fetch_sub(&info->refs, 1) == 1)
		info->free(info);
}

/* current has none of its own. 0 or -ENOMEM. */
static int give_files(void)
{
	struct files *files = files_alloc();
	struct fs *fs = fs_alloc();

	task_lock(current);
	current->files = files;
	current->fs = fs;
	task_unlock(current);
	return files && fs ? 0 : -ENOMEM;
}

/* A kernel thread until its last line. */
static void become_program(void *arg)
{
	struct subprocess_info *info = arg;
	int err;

	set_freezable();
	err = give_files();
	if (!err && info->init)
		err = info->init(info);
	if (!err)
		err = kernel_execve(info->argv[0], info->argv, info->envp);
	info->err = err;
	complete(&info->done);
	umh_put(info);
	if (err)
		do_exit(-err & 0xff);
	try_to_freeze();
}

int call_usermodehelper(struct subprocess_info *info)
{
	struct clone_request req = { .flags = CLONE_FS, .exit_signal = SIGCHLD, .fn = become_program, .arg = info };
	const unsigned state = TASK_KILLABLE | TASK_FREEZABLE;
	struct task *t;
	int err;

	might_sleep();
	completion_init(&info->done);
	atomic_store(&info->refs, 2);
	t = copy_process(&req);
	if (IS_ERR(t)) {
		umh_put(info);
		return (int)PTR_ERR(t);
	}
	kstrlcpy(t->comm, "umh", sizeof(t->comm));
	get_task(t);
	wake_up_new_task(t);
	err = wait_for_completion_state(&info->done, state);
	if (!err && info->err)		/* it ends, and releases itself */
		err = wait_event_state(&t->group->wait_pidfd, atomic_load(&t->exit_state), state, NO_DEADLINE);
	if (!err)
		err = info->err;
	put_task(t);
	return err;
}
