// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel threads. Mirrors Linux kernel/kthread.c. No lock.
 *
 * LINUX: they are PF_NOFREEZE until they ask for set_freezable(); there is no kthreadd, any task
 * may make one, which is like init_task all the same. They end by themselves: nobody stops them.
 */
#include "kernel/abi.h"
#include "kernel/freezer.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/trace.h"

/* What the new thread is to do; it takes this over. */
struct kthread {
	void (*fn)(void *arg);
	void *arg;
};

static void kthread_main(void *arg)
{
	struct kthread k = *(struct kthread *)arg;

	kfree(arg);
	current->flags |= PF_NOFREEZE;
	trace_task_rename();
	k.fn(k.arg);
	do_exit(0);
}

struct task *kthread_run(void (*fn)(void *arg), void *arg, const char *fmt, ...)
{
	struct clone_request req = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES, .exit_signal = SIGCHLD, .fn = kthread_main,
	};
	struct kthread *k = kzalloc(sizeof(*k), GFP_KERNEL);
	struct task *t;
	va_list ap;

	might_sleep();
	if (!k)
		return ERR_PTR(-ENOMEM);
	k->fn = fn;
	k->arg = arg;
	req.arg = k;
	t = copy_process(&req);
	if (IS_ERR(t)) {
		kfree(k);
		return t;
	}
	va_start(ap, fmt);
	kvsnprintf(t->comm, sizeof(t->comm), fmt, ap);
	va_end(ap);
	wake_up_new_task(t);
	return t;
}

void set_freezable(void)
{
	current->flags &= ~PF_NOFREEZE;
	try_to_freeze();
}
