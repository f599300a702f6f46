// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls around fork.c: fork, vfork, clone and clone3, which say what copy_process is to
 * do, and unshare. Mirrors that part of Linux kernel/fork.c.
 *
 * Locks: tasklist_lock (read), in unshare.
 */
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

long sys_fork(void)
{
	struct clone_request c = { .exit_signal = SIGCHLD };

	return do_clone(&c);
}

long sys_vfork(void)
{
	struct clone_request c = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return do_clone(&c);
}

/* As on Linux the upper half of flags is not looked at, and CLONE_DETACHED means nothing. */
long sys_clone(unsigned long flags, uaddr_t stack, uaddr_t parent_tid, uaddr_t child_tid, uaddr_t tls)
{
	struct clone_request c = {
		.flags = (u32)flags & ~CSIGNAL,
		.exit_signal = (int)(flags & CSIGNAL),
		.stack = stack,
		.pidfd = parent_tid,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};

	return do_clone(&c);
}

static int copy_clone_args(struct k_clone_args *a, uaddr_t uargs, size_t size)
{
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	return copy_struct_from_user(a, sizeof(*a), uargs, size);
}

static bool clone_args_valid(const struct k_clone_args *a, size_t size)
{
	if (a->set_tid_size > MAX_PID_NS_LEVEL || !a->set_tid != !a->set_tid_size)
		return false;
	if (a->exit_signal > K_NSIG)
		return false;
	if ((a->flags & CLONE_INTO_CGROUP) && (a->cgroup > INT32_MAX || size < CLONE_ARGS_SIZE_VER2))
		return false;
	if (a->flags & ~(0xffffffffull | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP))
		return false;
	if (a->flags & (CLONE_DETACHED | (CSIGNAL & ~(u64)CLONE_NEWTIME)))
		return false;
	if ((a->flags & (CLONE_THREAD | CLONE_PARENT)) && a->exit_signal)
		return false;
	if (!a->stack)
		return !a->stack_size;
	return a->stack_size && access_ok(a->stack, a->stack_size);
}

long sys_clone3(uaddr_t uargs, size_t size)
{
	struct k_clone_args a;
	struct clone_request c;
	int err = copy_clone_args(&a, uargs, size), tids[MAX_PID_NS_LEVEL];

	if (err)
		return err;
	if (!clone_args_valid(&a, size))
		return -EINVAL;
	if (copy_from_user(tids, a.set_tid, a.set_tid_size * sizeof(tids[0])))
		return -EFAULT;
	c = (struct clone_request){
		.flags = a.flags,
		.exit_signal = (int)a.exit_signal,
		.pidfd = a.pidfd,
		.child_tid = a.child_tid,
		.parent_tid = a.parent_tid,
		.stack = a.stack ? a.stack + a.stack_size : 0,
		.tls = a.tls,
		.set_tid = tids,
		.nr_set_tid = a.set_tid_size,
		.cgroup_fd = (int)a.cgroup,
	};
	return do_clone(&c);
}

/*
 * What a task can stop sharing here: files, the current directory, and namespaces. The rest must
 * not be shared to begin with.
 */
long sys_unshare(unsigned long flags)
{
	const u64 alone = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	int err = 0;

	if (flags & ~(alone | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_NEWANY))
		return -EINVAL;
	if (flags & CLONE_NEWUSER)
		flags |= CLONE_THREAD;
	if (flags & alone) {
		read_lock(&tasklist_lock);
		if (!thread_group_empty(current))
			err = -EINVAL;
		read_unlock(&tasklist_lock);
		if ((flags & (CLONE_SIGHAND | CLONE_VM)) && atomic_load(&current->sighand->count) > 1)
			err = -EINVAL;
		if ((flags & CLONE_VM) && atomic_load(&current->mm->mm_users) > 1)
			err = -EINVAL;
	}
	if (!err && flags & CLONE_NEWANY)
		err = unshare_nsproxy_namespaces(flags);
	if (!err && (flags & CLONE_FS))
		err = fs_unshare();
	if (!err && (flags & CLONE_FILES))
		err = files_unshare();
	if (!err && flags & CLONE_SYSVSEM)
		exit_sem(current);
	return err;
}

long sys_set_tid_address(uaddr_t addr)
{
	current->clear_child_tid = addr;
	return current->vpid;
}
