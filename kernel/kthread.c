// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel threads. Mirrors Linux kernel/kthread.c. No lock: a thread and whoever stops it agree through one word.
 *
 * LINUX: they are PF_NOFREEZE until they ask for set_freezable(); there is no kthreadd, any task may make one.
 */
#include "kernel/abi.h"
#include "kernel/freezer.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

enum { KTHREAD_RUNS, KTHREAD_STOP, KTHREAD_EXITED };

struct kthread {
	void (*fn)(void *arg);
	void *arg;
	_Atomic u32 phase;
	struct completion exited;
};

/* Whoever comes second frees: the thread's end, or the stopper after it. */
static void kthread_end(struct kthread *k)
{
	u32 runs = KTHREAD_RUNS;

	if (atomic_compare_exchange_strong(&k->phase, &runs, KTHREAD_EXITED)) {
		current->kthread = NULL;
		kfree(k);
	} else {
		complete(&k->exited);
	}
	do_exit(0);
}

static void kthread_main(void *arg)
{
	struct kthread *k = arg;

	current->flags |= PF_NOFREEZE;
	k->fn(k->arg);
	kthread_end(k);
}

struct task *kthread_run(void (*fn)(void *arg), void *arg, const char *fmt, ...)
{
	struct clone_request req = { .flags = CLONE_VM | CLONE_FS | CLONE_FILES, .exit_signal = SIGCHLD, .fn = kthread_main };
	struct kthread *k = kzalloc(sizeof(*k), GFP_KERNEL);
	struct task *t;
	va_list ap;

	might_sleep();
	if (!k)
		return ERR_PTR(-ENOMEM);
	k->fn = fn;
	k->arg = arg;
	completion_init(&k->exited);
	req.arg = k;
	t = copy_process(&req);
	if (IS_ERR(t)) {
		kfree(k);
		return t;
	}
	t->kthread = k;
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

bool kthread_should_stop(void)
{
	return current->kthread && atomic_load(&current->kthread->phase) == KTHREAD_STOP;
}

/* The thread must not have ended: it ends only when told, or the caller keeps it from ending. */
int kthread_stop(struct task *t)
{
	struct kthread *k = t->kthread;
	u32 runs = KTHREAD_RUNS;

	might_sleep();
	if (!k || !atomic_compare_exchange_strong(&k->phase, &runs, KTHREAD_STOP))
		return -ESRCH;
	get_task(t);
	wake_up_process(t);
	wait_for_completion(&k->exited);
	kfree(k);
	put_task(t);
	return 0;
}
