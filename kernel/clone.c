// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system calls around fork.c: fork, vfork, clone and clone3, which say what copy_process is to
 * do and start the new task, and unshare. Mirrors that part of Linux kernel/fork.c.
 *
 * Locks: tasklist_lock (read), in unshare; task_lock, of who was forked by vfork.
 */
#include "kernel/cgroup.h"
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/mm/mm.h"
#include "kernel/printk.h"
#include "kernel/ptrace.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/trace.h"

/* What current's tracer wants to hear of this, or 0. */
static int trace_event_of(const struct clone_request *c)
{
	int event;

	if (c->flags & CLONE_UNTRACED || likely(!READ_ONCE(current->ptrace)))
		return 0;
	event = c->flags & CLONE_VFORK ? PTRACE_EVENT_VFORK :
		c->exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE : PTRACE_EVENT_FORK;
	return ptrace_event_enabled(current, event) ? event : 0;
}

static void store_tids(struct task *p, const struct clone_request *c, int pid)
{
	if ((c->flags & CLONE_PARENT_SETTID) && copy_to_user(c->parent_tid, &pid, sizeof(int)))
		pr_debug("clone: parent_tid is not writable\n");
	if (c->flags & CLONE_CHILD_SETTID)
		task_work_add(p, &p->settid_work);
}

/*
 * The parent sleeps killably, and may be frozen meanwhile. done lies on its stack: the child
 * completes it under its own task_lock, so once the parent has had that lock and cleared the
 * pointer nobody touches done any more.
 */
static int wait_for_vfork_done(struct task *child, struct completion *done)
{
	int err;

	cgroup_enter_frozen();
	err = wait_for_completion_state(done, TASK_KILLABLE | TASK_FREEZABLE);
	cgroup_leave_frozen(false);
	task_lock(child);
	child->vfork_done = NULL;
	task_unlock(child);
	put_task(child);
	return err;
}

/* pid or -errno */
static long do_clone(struct clone_request *c)
{
	struct completion done;
	struct task *p;
	u64 message = 0;
	int pid;

	c->trace_event = trace_event_of(c);
	p = copy_process(c);

	if (IS_ERR(p))
		return PTR_ERR(p);
	pid = task_pid_vnr(p);
	trace(TRACE_sched_process_fork, (u64)p->pid, c->flags);
	if (unlikely(READ_ONCE(current->ptrace)))
		message = ptrace_number(p->thread_pid);	/* LINUX: a tracer that attaches later is told the same */
	if (c->flags & CLONE_VFORK) {
		completion_init(&done);
		get_task(p);
		task_lock(p);
		p->vfork_done = &done;
		task_unlock(p);
	}
	store_tids(p, c, pid);
	wake_up_new_task(p);
	if (unlikely(c->trace_event))
		ptrace_event(c->trace_event, message);
	if (c->flags & CLONE_VFORK && !wait_for_vfork_done(p, &done))
		ptrace_event(PTRACE_EVENT_VFORK_DONE, message);
	return pid;
}

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
