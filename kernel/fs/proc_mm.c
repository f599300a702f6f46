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

s64 proc_environ(struct mm *mm, char *buf, size_t n)
{
	s64 len = 0;

	if (mmget_not_zero(mm)) {
		len = copy_memory(mm, mm->env_start, mm->env_end, buf, n);
		mmput(mm);
	}
	return len;
}

/* This is not in the memory, and stays when that is gone. */
s64 proc_auxv(struct mm *mm, char *buf, size_t n)
{
	size_t len = 0;

	do
		len += 2;
	while (len < ARRAY_SIZE(mm->auxv) && mm->auxv[len - 2]);
	len = min(len * sizeof(mm->auxv[0]), n);
	kmemcpy(buf, mm->auxv, len);
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
	while (!atomic_compare_exchange_weak(&mm->flags, &old,
					     (old & ~MMF_DUMP_FILTER) |
						     ((u32)v << MMF_DUMP_SHIFT & MMF_DUMP_FILTER)))
		;
	mmput(mm);
	return (s64)n;
}

/* What does not fit makes the caller come back with more room: a filled buffer says so. */
s64 proc_maps(struct mm *mm, char *buf, size_t n)
{
	u64 cursor = 0;
	size_t len = 0, got;

	if (!mmget_not_zero(mm))
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

/* --- files of the memory that the task had when they were opened --- */

/*
 * The memory that t has now, for current, who may trace it. The struct is held, not its users: a file
 * is of this memory for good, or of none when that is gone. Were it of whatever t runs by then, its
 * reader could look into a program that has more rights than he; and a program that writes to where it
 * was told to write would write into itself. NULL: it has none. ERR_PTR(-EACCES, -EINTR)
 */
static struct mm *mm_to_open(struct task *t)
{
	struct mm *mm = mm_to_trace(t, PTRACE_FSCREDS);

	if (IS_ERR(mm))
		return PTR_ERR(mm) == -ESRCH ? NULL : PTR_ERR(mm) == -EPERM ? ERR_PTR(-EACCES) : mm;
	mmgrab(mm);
	mmput(mm);
	return mm;
}

int proc_mm_open(struct inode *i, struct file *f)
{
	struct mm *mm = mm_to_open(task_of(i));
	int err;

	if (IS_ERR(mm))
		return (int)PTR_ERR(mm);
	err = text_open_mm(f, mm);
	if (err && mm)
		mmdrop(mm);
	return err;
}

s64 proc_mm_show(struct file *f, s64 (*show)(struct mm *mm, char *buf, size_t n), char *buf, size_t n)
{
	struct mm *mm = text_mm(f);

	return mm ? show(mm, buf, n) : 0;
}

/* --- mem: memory as it is, protection or not, as a tracer has it --- */

static int mem_open(struct inode *i, struct file *f)
{
	struct mm *mm = mm_to_open(task_of(i));

	if (IS_ERR(mm))
		return (int)PTR_ERR(mm);
	f->private = mm;
	return 0;
}

static void mem_release(struct file *f)
{
	if (f->private)
		mmdrop(f->private);
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

static s64 mem_rw(struct file *f, uaddr_t buf, size_t n, u64 *pos, unsigned flags)
{
	struct mm *mm = f->private;
	void *page;
	s64 ret = 0;
	size_t done;

	if (!mm || !mmget_not_zero(mm))
		return 0;
	page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page)
		ret = -ENOMEM;
	for (done = 0; done < n && ret >= 0; done += (size_t)ret) {
		ret = mem_piece(mm, buf + done, *pos + done, page,
				min(n - done, PAGE_SIZE - (*pos + done) % PAGE_SIZE), flags);
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

const struct file_ops proc_mem_fops = {
	.open = mem_open, .release = mem_release, .read = mem_read, .write = mem_write, .lseek = mem_lseek,
};
