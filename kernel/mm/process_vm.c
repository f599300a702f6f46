// SPDX-License-Identifier: GPL-2.0-only
/*
 * process_vm_readv and process_vm_writev: memory from one process to another, for those who may
 * trace it. Mirrors Linux mm/process_vm_access.c.
 *
 * Locks: exec_update_mutex to find the mm; then none but those of mm_access, one page at a time. Between
 * two pages the bytes are here, in a buffer, since a copy from or to user memory must not hold
 * another's mmap_lock.
 */
#include "kernel/abi.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/ptrace.h"

/* How far the copy is in our own parts. */
struct local {
	struct iov iov;
	unsigned i;
	size_t done;			/* of part i */
};

/* The rest of the part that is to be filled or read next, at most n bytes; 0: there is none. */
static size_t next_part(struct local *l, size_t n, uaddr_t *at)
{
	while (l->i < l->iov.n && l->done == l->iov.v[l->i].iov_len) {
		l->i++;
		l->done = 0;
	}
	if (l->i == l->iov.n)
		return 0;
	*at = l->iov.v[l->i].iov_base + l->done;
	return min(n, l->iov.v[l->i].iov_len - l->done);
}

/* One piece within one part here and one there. Bytes, or -EFAULT if there were none. */
static s64 copy_piece(struct mm *mm, struct local *l, uaddr_t there, size_t n, void *buf, unsigned flags)
{
	uaddr_t here;
	size_t left;

	n = next_part(l, min(n, PAGE_SIZE - there % PAGE_SIZE), &here);
	if (!n)
		return 0;
	if (flags & FAULT_WRITE) {
		n -= copy_from_user(buf, here, n);
		left = n ? mm_access(mm, there, buf, n, flags) : 0;
	} else {
		n -= mm_access(mm, there, buf, n, flags);
		left = n ? copy_to_user(here, buf, n) : 0;
	}
	n -= left;
	l->done += n;
	return n ? (s64)n : -EFAULT;
}

/* What was copied before it failed counts. */
static s64 copy_parts(struct mm *mm, struct local *l, const struct k_iovec *remote, unsigned nr, unsigned flags)
{
	void *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	s64 total = 0, n = 0;

	if (!buf)
		return -ENOMEM;
	for (unsigned i = 0; i < nr && n >= 0; i++) {
		for (u64 at = 0; at < remote[i].iov_len; at += (u64)n) {
			n = copy_piece(mm, l, remote[i].iov_base + at, remote[i].iov_len - at, buf, flags);
			if (n <= 0)
				break;
			total += n;
			if (fatal_signal_pending(current))
				n = -EINTR;
			if (n < 0)
				break;
			cond_resched();
		}
		if (!n)
			break;			/* nothing of ours is left */
	}
	kfree(buf);
	return total ? total : n;
}

static struct k_iovec *import_remote(uaddr_t uv, u64 nr)
{
	struct k_iovec *v;
	int err = 0;

	if (nr > K_IOV_MAX)
		return ERR_PTR(-EINVAL);
	v = kmalloc_array(max(nr, 1ul), sizeof(*v), GFP_KERNEL);
	if (!v)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(v, uv, nr * sizeof(*v)))
		err = -EFAULT;
	for (u64 i = 0; i < nr && !err; i++)
		if ((s64)v[i].iov_len < 0)
			err = -EINVAL;
	if (!err)
		return v;
	kfree(v);
	return ERR_PTR(err);
}

/*
 * An exec gives a task other rights and another mm: exec_update_mutex, so that both are of one side of
 * it.
 */
struct mm *mm_to_trace(struct task *t, enum ptrace_ids ids)
{
	struct mm *mm;

	if (mutex_lock_killable(&t->group->exec_update_mutex))
		return ERR_PTR(-EINTR);
	mm = get_task_mm(t);
	if (!mm) {
		mm = ERR_PTR(-ESRCH);
	} else if (mm != current->mm && !ptrace_may_access(t, ids)) {
		mmput(mm);
		mm = ERR_PTR(-EPERM);
	}
	mutex_unlock(&t->group->exec_update_mutex);
	return mm;
}

static struct mm *mm_of(int pid)
{
	struct task *t = find_get_task_by_vpid(pid);
	struct mm *mm;

	if (!t)
		return ERR_PTR(-ESRCH);
	mm = mm_to_trace(t, PTRACE_REALCREDS);
	put_task(t);
	return mm;
}

static s64 process_vm_rw(int pid, uaddr_t lvec, u64 nr_local, uaddr_t rvec, u64 nr_remote, u64 flags, unsigned fault)
{
	struct local l = { .i = 0 };
	struct k_iovec *remote;
	struct mm *mm;
	s64 ret, wanted = 0;

	if (flags)
		return -EINVAL;
	ret = iov_import(&l.iov, lvec, nr_local);
	if (ret)
		return ret;
	if (!l.iov.total)
		goto out;
	remote = import_remote(rvec, nr_remote);
	if (IS_ERR(remote)) {
		ret = PTR_ERR(remote);
		goto out;
	}
	for (u64 i = 0; i < nr_remote; i++)
		wanted |= (s64)remote[i].iov_len;
	if (wanted) {
		mm = mm_of(pid);
		ret = PTR_ERR(mm);
		if (!IS_ERR(mm)) {
			ret = copy_parts(mm, &l, remote, (unsigned)nr_remote, fault);
			mmput(mm);
		}
	}
	kfree(remote);
out:
	iov_free(&l.iov);
	return ret;
}

/* --- system calls --- */

long sys_process_vm_readv(int pid, uaddr_t lvec, u64 nr_local, uaddr_t rvec, u64 nr_remote, u64 flags)
{
	return process_vm_rw(pid, lvec, nr_local, rvec, nr_remote, flags, 0);
}

long sys_process_vm_writev(int pid, uaddr_t lvec, u64 nr_local, uaddr_t rvec, u64 nr_remote, u64 flags)
{
	return process_vm_rw(pid, lvec, nr_local, rvec, nr_remote, flags, FAULT_WRITE);
}
