// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcmp: do two tasks share an open file, an address space, a table? Mirrors Linux kernel/kcmp.c.
 *
 * Locks: exec_mutex of both, so that what is compared is of the programs that were asked about;
 * task_lock of each, one after the other. What is compared is only a number by then: it may
 * have been freed, as on Linux.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

/*
 * An order of kernel objects that does not tell where they are: an odd factor and a mask, made once
 * at random.
 */
static u64 scramble(const void *p)
{
	static _Atomic u64 factor, mask;
	u64 old = 0;

	if (!atomic_load(&factor)) {
		atomic_compare_exchange_strong(&mask, &old, arch_random());
		old = 0;
		atomic_compare_exchange_strong(&factor, &old, arch_random() | 1);
	}
	return ((u64)(uintptr_t)p ^ atomic_load(&mask)) * atomic_load(&factor);
}

static long compare(const void *a, const void *b)
{
	u64 x = scramble(a), y = scramble(b);

	return x == y ? 0 : x < y ? 1 : 2;
}

static const void *part_of(struct task *t, int type)
{
	const void *p = NULL;

	task_lock(t);
	switch (type) {
	case KCMP_VM:
		p = t->mm;
		break;
	case KCMP_FILES:
		p = t->files;
		break;
	case KCMP_FS:
		p = t->fs;
		break;
	case KCMP_SIGHAND:
		p = READ_ONCE(t->sighand);
		break;
	case KCMP_IO:
		p = t->io_context;
		break;
	}
	task_unlock(t);
	return p;
}

static long compare_files(struct task *a, struct task *b, u64 fd_a, u64 fd_b)
{
	struct file *f = fd_a <= INT32_MAX ? fget_task(a, (int)fd_a) : NULL;
	struct file *g = fd_b <= INT32_MAX ? fget_task(b, (int)fd_b) : NULL;
	long ret = f && g ? compare(f, g) : -EBADF;

	if (f)
		fput(f);
	if (g)
		fput(g);
	return ret;
}

/* a's file, and what b's epoll watches by a number. */
static long compare_watched(struct task *a, struct task *b, u64 fd, uaddr_t uslot)
{
	struct k_kcmp_epoll_slot slot;
	struct file *f, *ep;
	const void *watched;
	long ret = -EBADF;

	if (copy_from_user(&slot, uslot, sizeof(slot)))
		return -EFAULT;
	f = fd <= INT32_MAX ? fget_task(a, (int)fd) : NULL;
	if (!f)
		return -EBADF;
	fput(f);
	ep = slot.efd <= INT32_MAX ? fget_task(b, (int)slot.efd) : NULL;
	if (ep) {
		watched = epoll_watched(ep, slot.tfd, slot.toff);
		ret = IS_ERR(watched) ? PTR_ERR(watched) : compare(f, watched);
		fput(ep);
	}
	return ret;
}

static long do_kcmp(struct task *a, struct task *b, int type, u64 idx_a, u64 idx_b)
{
	switch (type) {
	case KCMP_FILE:
		return compare_files(a, b, idx_a, idx_b);
	case KCMP_VM:
	case KCMP_FILES:
	case KCMP_FS:
	case KCMP_SIGHAND:
	case KCMP_IO:
		return compare(part_of(a, type), part_of(b, type));
	case KCMP_SYSVSEM:
		return compare(READ_ONCE(a->sysvsem), READ_ONCE(b->sysvsem));
	case KCMP_EPOLL_TFD:
		return compare_watched(a, b, idx_a, idx_b);
	}
	return -EINVAL;
}

static long do_kcmp_locked(struct task *a, struct task *b, int type, u64 idx_a, u64 idx_b)
{
	struct mutex *m = &a->group->exec_mutex, *n = &b->group->exec_mutex;
	struct mutex *first = m < n ? m : n, *second = m < n ? n : m;
	long ret = -EINTR;

	if (mutex_lock_killable(first))
		return -EINTR;
	if (first == second || !mutex_lock_killable_nested(second)) {	/* lower address first */
		ret = ptrace_may_access(a, PTRACE_REALCREDS) && ptrace_may_access(b, PTRACE_REALCREDS) ?
			do_kcmp(a, b, type, idx_a, idx_b) : -EPERM;
		if (first != second)
			mutex_unlock(second);
	}
	mutex_unlock(first);
	return ret;
}

long sys_kcmp(int pid_a, int pid_b, int type, u64 idx_a, u64 idx_b)
{
	struct task *a = find_get_task_by_vpid(pid_a), *b = find_get_task_by_vpid(pid_b);
	long ret = -ESRCH;

	if (a && b)
		ret = do_kcmp_locked(a, b, type, idx_a, idx_b);
	if (a)
		put_task(a);
	if (b)
		put_task(b);
	return ret;
}
