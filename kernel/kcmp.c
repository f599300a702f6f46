// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcmp: do two tasks share an open file, an address space, a table? Mirrors Linux kernel/kcmp.c.
 *
 * Locks: exec_update_mutex of each one's group, then its task_lock, one after the other. What is
 * compared is only a number by then: it may have been freed, as on Linux.
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
	case KCMP_SYSVSEM:
		p = READ_ONCE(t->sysvsem);
		break;
	}
	task_unlock(t);
	return p;
}

/* What of one task is compared. */
struct side {
	const void *part;
	struct file *file;		/* referenced; NULL: the descriptor is not open */
};

static inline bool is_of_files(int type)
{
	return type == KCMP_FILE || type == KCMP_EPOLL_TFD;
}

/* An exec gives t other rights and other parts: question and answer are of one side of it. */
static int take_side(struct side *s, struct task *t, int type, u64 fd)
{
	int err = 0;

	if (mutex_lock_killable(&t->group->exec_update_mutex))
		return -EINTR;
	if (!ptrace_may_access(t, PTRACE_REALCREDS))
		err = -EPERM;
	else if (!is_of_files(type))
		s->part = part_of(t, type);
	else if (fd <= INT32_MAX)
		s->file = fget_task(t, (int)fd);
	mutex_unlock(&t->group->exec_update_mutex);
	return err;
}

/* A file, and what an epoll watches by a number. */
static long compare_watched(const struct file *f, struct file *ep, const struct k_kcmp_epoll_slot *slot)
{
	const void *watched = epoll_watched(ep, slot->tfd, slot->toff);

	return IS_ERR(watched) ? PTR_ERR(watched) : compare(f, watched);
}

/* slot: NULL if it cannot be read. */
static long compare_sides(const struct side *a, const struct side *b, int type, const struct k_kcmp_epoll_slot *slot)
{
	if (type < 0 || type > KCMP_EPOLL_TFD)
		return -EINVAL;
	if (!is_of_files(type))
		return compare(a->part, b->part);
	if (!slot)
		return -EFAULT;
	if (!a->file || !b->file)
		return -EBADF;
	return type == KCMP_FILE ? compare(a->file, b->file) : compare_watched(a->file, b->file, slot);
}

/* Whether both may be seen comes before whether the question makes sense. */
static long do_kcmp(struct task *t, struct task *u, int type, u64 idx_t, u64 idx_u)
{
	struct k_kcmp_epoll_slot slot = { 0 };
	struct side a = { 0 }, b = { 0 };
	bool readable = true;
	long ret;

	if (type == KCMP_EPOLL_TFD) {
		readable = !copy_from_user(&slot, idx_u, sizeof(slot));
		idx_u = slot.efd;
	}
	ret = take_side(&a, t, type, idx_t);
	if (!ret)
		ret = take_side(&b, u, type, idx_u);
	if (!ret)
		ret = compare_sides(&a, &b, type, readable ? &slot : NULL);
	if (a.file)
		fput(a.file);
	if (b.file)
		fput(b.file);
	return ret;
}

long sys_kcmp(int pid_a, int pid_b, int type, u64 idx_a, u64 idx_b)
{
	struct task *a = find_get_task_by_vpid(pid_a), *b = find_get_task_by_vpid(pid_b);
	long ret = a && b ? do_kcmp(a, b, type, idx_a, idx_b) : -ESRCH;

	if (a)
		put_task(a);
	if (b)
		put_task(b);
	return ret;
}
