// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a task's files in /proc that is about its memory. Mirrors Linux fs/proc/task_mmu.c.
 *
 * A reader holds mm_users for a moment; if the task exits meanwhile the reader's mmput frees the
 * memory.
 *
 * Locks: mm->mmap_lock, taken by the functions of mm.h.
 */
#include "kernel/fs/proc.h"
#include "kernel/mm/mm.h"
#include "kernel/pause.h"
#include "kernel/ptrace.h"

/* The bytes [from, to) of the task's memory, as many as fit. */
static s64 copy_memory(struct mm *mm, uaddr_t from, uaddr_t to, char *buf, size_t n)
{
	size_t want = to > from ? min((size_t)(to - from), n) : 0;

	return (s64)(want - mm_read(mm, from, buf, want));
}

s64 proc_cmdline(struct task *t, char *buf, size_t n)
{
	struct mm *mm = get_task_mm(t);
	s64 len = 0;

	if (mm) {
		pause_point("proc_mm");
		len = copy_memory(mm, mm->arg_start, mm->arg_end, buf, n);
		mmput(mm);
	}
	return len;
}

s64 proc_environ(struct task *t, char *buf, size_t n)
{
	struct mm *mm = get_task_mm(t);
	s64 len = 0;

	if (mm) {
		len = copy_memory(mm, mm->env_start, mm->env_end, buf, n);
		mmput(mm);
	}
	return len;
}

s64 proc_auxv(struct task *t, char *buf, size_t n)
{
	struct mm *mm = get_task_mm(t);
	size_t len = 0;

	if (!mm)
		return 0;
	do
		len += 2;
	while (len < ARRAY_SIZE(mm->auxv) && mm->auxv[len - 2]);
	len = min(len * sizeof(mm->auxv[0]), n);
	kmemcpy(buf, mm->auxv, len);
	mmput(mm);
	return (s64)len;
}

s64 proc_coredump_filter(struct task *t, char *buf, size_t n)
{
	struct mm *mm = get_task_mm(t);
	size_t len = 0;

	if (mm) {
		len = kscnprintf(buf, n, "%08x\n", (atomic_load(&mm->flags) & MMF_DUMP_FILTER) >> MMF_DUMP_SHIFT);
		mmput(mm);
	}
	return (s64)len;
}

s64 proc_coredump_filter_store(struct task *t, const char *buf, size_t n)
{
	struct mm *mm;
	u64 v;
	u32 old;
	int err = kparse_u64(buf, &v);

	if (err || v > UINT32_MAX)
		return err ? err : -ERANGE;
	mm = get_task_mm(t);
	if (!mm)
		return -ESRCH;
	old = atomic_load(&mm->flags);
	while (!atomic_compare_exchange_weak(&mm->flags, &old, (old & ~MMF_DUMP_FILTER) | ((u32)v << MMF_DUMP_SHIFT & MMF_DUMP_FILTER)))
		;
	mmput(mm);
	return (s64)n;
}

/* What does not fit makes the caller come back with more room: a filled buffer says so. */
s64 proc_maps(struct task *t, char *buf, size_t n)
{
	struct mm *mm = get_task_mm(t);
	u64 cursor = 0;
	size_t len = 0, got;

	if (!mm)
		return 0;
	while ((got = mm_print_maps(mm, buf + len, n - len, &cursor)))
		len += got;
	mutex_lock(&mm->mmap_lock);
	if (find_vma(mm, cursor))
		len = n;
	mutex_unlock(&mm->mmap_lock);
	mmput(mm);
	return (s64)len;
}

s64 proc_statm(struct task *t, char *buf, size_t n)
{
	struct mm *mm = get_task_mm(t);
	struct mm_sizes s = { 0 };
	s64 rss = 0, shared = 0;

	if (mm) {
		mm_sizes(mm, &s);
		rss = mm_rss(mm);
		shared = atomic_load(&mm->rss[MM_FILE]) + atomic_load(&mm->rss[MM_SHMEM]);
		mmput(mm);
	}
	return (s64)kscnprintf(buf, n, "%lu %ld %ld %lu 0 %lu 0\n", s.total, rss, shared, s.exec, s.data + s.stack);
}

struct dentry *proc_exe(struct task *t)
{
	struct mm *mm = get_task_mm(t);
	struct dentry *d = ERR_PTR(-ENOENT);

	if (!mm)
		return d;
	mutex_lock(&mm->mmap_lock);
	if (mm->exe_file)
		d = dget(mm->exe_file->dentry);
	mutex_unlock(&mm->mmap_lock);
	mmput(mm);
	return d;
}

/* --- mem: its memory as it is, protection or not, as a tracer has it --- */

static int mem_open(struct inode *i, struct file *f)
{
	(void)f;
	return ptrace_may_access(i->private, PTRACE_FSCREDS) ? 0 : -EACCES;
}

/* A page at most. Bytes, or -errno. */
static s64 mem_piece(struct mm *mm, uaddr_t user, uaddr_t at, void *page, size_t n, unsigned flags)
{
	if (flags & FAULT_WRITE && copy_from_user(page, user, n))
		return -EFAULT;
	n -= mm_access(mm, at, page, n, flags);
	if (!n)
		return -EIO;
	return !(flags & FAULT_WRITE) && copy_to_user(user, page, n) ? -EFAULT : (s64)n;
}

/*
 * LINUX: the memory that the task has now, and asked each time; there it is that of the open, for
 * good.
 */
static s64 mem_rw(struct file *f, uaddr_t buf, size_t n, u64 *pos, unsigned flags)
{
	struct mm *mm = mm_to_trace(f->inode->private, PTRACE_FSCREDS);
	void *page;
	s64 ret = 0;
	size_t done;

	if (IS_ERR(mm))
		return PTR_ERR(mm) == -EINTR ? -EINTR : 0;
	page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page)
		ret = -ENOMEM;
	for (done = 0; done < n && ret >= 0; done += (size_t)ret) {
		ret = mem_piece(mm, buf + done, *pos + done, page, min(n - done, PAGE_SIZE - (*pos + done) % PAGE_SIZE), flags);
		if (ret < 0)
			break;
		cond_resched();
	}
	kfree(page);
	mmput(mm);
	*pos += done;
	return done ? (s64)done : ret;
}

static s64 mem_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return mem_rw(f, buf, n, pos, FAULT_FORCE);
}

static s64 mem_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return mem_rw(f, buf, n, pos, FAULT_FORCE | FAULT_WRITE);
}

static s64 mem_lseek(struct file *f, s64 off, int whence)
{
	return whence == SEEK_SET || whence == SEEK_CUR ? fixed_lseek(f, off, whence, 0) : -EINVAL;
}

const struct file_ops proc_mem_fops = { .open = mem_open, .read = mem_read, .write = mem_write, .lseek = mem_lseek };
