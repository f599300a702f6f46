// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user mode says about memory it has: madvise, msync, mincore, mlock. Mirrors Linux
 * mm/madvise.c, msync.c, mincore.c and mlock.c.
 *
 * Locks: mm->mmap_lock; never while user memory is written or a file is flushed.
 *
 * LINUX: there is no swap, so locked pages differ from others by their flag alone. MADV_FREE takes
 * the pages at once. There are no huge pages: hints about them are taken, as where no room is found,
 * but MADV_COLLAPSE, which makes one, is no advice, as where Linux is built without.
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/mm/vm.h"
#include "kernel/panic.h"
#include "kernel/signal.h"
#include "kernel/task.h"

#define MLOCK_ONFAULT	1
#define CHUNK		4096u		/* pages mincore reports at once */

/* ---- madvise ---- */

/* How to treat one vma, cut to the range: 0 or -errno. */
typedef int (*advice_fn)(struct vma *v, uaddr_t start, uaddr_t end);

static int advise_nothing(struct vma *v, uaddr_t start, uaddr_t end)
{
	(void)v;
	(void)start;
	(void)end;
	return 0;
}

static int advise_dontneed(struct vma *v, uaddr_t start, uaddr_t end)
{
	if (v->flags & VM_LOCKED)
		return -EINVAL;
	zap_pages_of(v, start, end);
	return 0;
}

static int advise_free(struct vma *v, uaddr_t start, uaddr_t end)
{
	if (v->ops || v->flags & VM_LOCKED)
		return -EINVAL;
	zap_range(v, start, end);
	return 0;
}

static int advise_dontneed_locked(struct vma *v, uaddr_t start, uaddr_t end)
{
	zap_pages_of(v, start, end);
	return 0;
}

static int advise_cold(struct vma *v, uaddr_t start, uaddr_t end)
{
	(void)start;
	(void)end;
	return v->flags & VM_LOCKED ? -EINVAL : 0;
}

static advice_fn advice_for(int advice)
{
	switch (advice) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return advise_nothing;
	case MADV_COLD:
	case MADV_PAGEOUT:
		return advise_cold;
	case MADV_DONTNEED_LOCKED:
		return advise_dontneed_locked;
	case MADV_DONTNEED:
		return advise_dontneed;
	case MADV_FREE:
		return advise_free;
	}
	return NULL;
}

/*
 * Applies fn to each vma of the range. A hole makes the whole ENOMEM, but only after the rest was
 * done.
 */
static int for_range(struct mm *mm, uaddr_t start, uaddr_t end, advice_fn fn)
{
	int err, hole = 0;

	for (unsigned i = vma_index(mm, start); start < end; i++) {
		struct vma *v = i < mm->nr_vmas ? mm->vmas[i] : NULL;

		if (!v || v->start >= end)
			return -ENOMEM;
		if (v->start > start) {
			hole = -ENOMEM;
			start = v->start;
		}
		err = fn(v, start, min(end, v->end));
		if (err)
			return err;
		start = v->end;
		cond_resched();
	}
	return hole;
}

/*
 * Sets and clears flags of what is mapped of the range; -ENOMEM if it has holes, -EAGAIN without
 * room for more mappings.
 */
static int change_flags(struct mm *mm, uaddr_t start, uaddr_t end, u32 set, u32 clear)
{
	unsigned first, last;
	int err = vma_isolate(mm, start, end, &first, &last);

	if (err)
		return -EAGAIN;
	for (unsigned i = first; i < last; i++) {
		struct vma *v = mm->vmas[i];

		if (v->start != start)
			err = -ENOMEM;
		start = v->end;
		v->flags = (v->flags & ~clear) | set;
	}
	vma_merge_range(mm, first, last);
	return start < end ? -ENOMEM : err;
}

static bool all_private_anonymous(struct mm *mm, uaddr_t start, uaddr_t end)
{
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i]->start < end; i++)
		if (mm->vmas[i]->ops)
			return false;
	return true;
}

static int advise_flags(struct mm *mm, uaddr_t start, uaddr_t end, int advice)
{
	switch (advice) {
	case MADV_DONTFORK:
		return change_flags(mm, start, end, VM_DONTFORK, 0);
	case MADV_DOFORK:
		return change_flags(mm, start, end, 0, VM_DONTFORK);
	case MADV_WIPEONFORK:
		if (!all_private_anonymous(mm, start, end))
			return -EINVAL;
		return change_flags(mm, start, end, VM_WIPEONFORK, 0);
	case MADV_KEEPONFORK:
		return change_flags(mm, start, end, 0, VM_WIPEONFORK);
	case MADV_DONTDUMP:
		return change_flags(mm, start, end, VM_DONTDUMP, 0);
	case MADV_DODUMP:
		return change_flags(mm, start, end, 0, VM_DONTDUMP);
	}
	return -EINVAL;
}

/* MADV_POPULATE_*: faults the range in and says what went wrong. mmap_lock not held. */
static int advise_populate(struct mm *mm, uaddr_t start, uaddr_t end, unsigned flags)
{
	for (; start < end; start += PAGE_SIZE) {
		int code, err;

		if (fatal_signal_pending(current))
			return -EINTR;
		err = handle_fault(mm, start, flags, &code);
		if (err == SIGSEGV)
			return code == SEGV_MAPERR ? -ENOMEM : -EINVAL;
		if (err)
			return err != SIGBUS ? err : code == BUS_MCEERR_AR ? -EHWPOISON : -EFAULT;
		cond_resched();
	}
	return 0;
}

/* The file that loses what [*start, end) shows of it, up to the end of one mapping; ERR_PTR. */
static struct file *file_to_punch(struct mm *mm, uaddr_t *start, uaddr_t end, u64 *off, u64 *len)
{
	struct vma *v = find_vma(mm, *start);

	if (!v || v->start > *start)
		return ERR_PTR(-ENOMEM);
	if (v->flags & VM_LOCKED || !v->file || !v->file->inode->mapping)
		return ERR_PTR(-EINVAL);
	if ((v->flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return ERR_PTR(-EACCES);
	*off = vma_pgoff(v, *start) << PAGE_SHIFT;
	*len = min(end, v->end) - *start;
	*start += *len;
	return get_file(v->file);
}

/* MADV_REMOVE: holes in the files. mmap_lock not held: an inode's lock comes before it. */
static int advise_remove(struct mm *mm, uaddr_t start, uaddr_t end)
{
	int err = 0;

	while (start < end && !err) {
		struct file *f;
		u64 off, len;

		mutex_lock(&mm->mmap_lock);
		f = file_to_punch(mm, &start, end, &off, &len);
		mutex_unlock(&mm->mmap_lock);
		if (IS_ERR(f))
			return (int)PTR_ERR(f);
		err = vfs_fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (s64)off, (s64)len);
		fput(f);
	}
	return err;
}

static bool advice_breaks(int advice)
{
	return advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE;
}

static bool advice_known(int advice)
{
	return advice_for(advice) || advice == MADV_REMOVE || (advice >= MADV_DONTFORK && advice <= MADV_DOFORK) ||
	       (advice >= MADV_DONTDUMP && advice <= MADV_KEEPONFORK) ||
	       (advice >= MADV_POPULATE_READ && advice <= MADV_POPULATE_WRITE) || advice_breaks(advice);
}

static bool advice_removes(int advice)
{
	return advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_FREE ||
		advice == MADV_REMOVE;
}

/* ---- mlock ---- */

static bool may_lock_any(void)
{
	return capable(CAP_IPC_LOCK);
}

static u64 lock_limit(void)
{
	return READ_ONCE(current->group->rlim[RLIMIT_MEMLOCK].rlim_cur) >> PAGE_SHIFT;
}

bool can_do_mlock(void)
{
	return READ_ONCE(current->group->rlim[RLIMIT_MEMLOCK].rlim_cur) || may_lock_any();
}

static int change_lock(struct mm *mm, uaddr_t start, uaddr_t end, u32 set)
{
	int err = change_flags(mm, start, end, set, VM_LOCKED_MASK);

	return err == -EAGAIN ? -ENOMEM : err;
}

/* Locked pages of mm outside [start, end). */
static u64 locked_outside(struct mm *mm, uaddr_t start, uaddr_t end)
{
	u64 n = 0;

	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		const struct vma *v = mm->vmas[i];
		uaddr_t lo = max(v->start, start), hi = min(v->end, end);

		if (v->flags & VM_LOCKED)
			n += vma_pages(v) - (lo < hi ? (hi - lo) >> PAGE_SHIFT : 0);
	}
	return n;
}

bool may_lock(struct mm *mm, u64 pages)
{
	return may_lock_any() || locked_outside(mm, 0, 0) + pages <= lock_limit();
}

static long do_mlock(uaddr_t start, size_t len, u32 flags)
{
	struct mm *mm = current->mm;
	long ret;
	int err = 0;

	if (!can_do_mlock())
		return -EPERM;
	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	if (start + len < start)
		return -EINVAL;
	if (!len)
		return 0;
	mutex_lock(&mm->mmap_lock);
	if (start + len > USER_MAX ||
	    (!may_lock_any() &&
	     locked_outside(mm, start, start + len) + (len >> PAGE_SHIFT) > lock_limit()))
		ret = -ENOMEM;
	else
		ret = change_lock(mm, start, start + len, flags);
	mutex_unlock(&mm->mmap_lock);
	if (!ret && locked_at_once(flags))
		err = mm_populate(mm, start, start + len);
	/* POSIX's words for "not mapped so" and "no memory". */
	return err == -EFAULT ? -ENOMEM : err ? -EAGAIN : ret;
}

/* Every vma; def_flags for those to come. mmap_lock held. */
static void lock_all(struct mm *mm, u32 set, u32 clear)
{
	assert_held(&mm->mmap_lock);
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		mm->vmas[i]->flags = (mm->vmas[i]->flags & ~clear) | set;
	vma_merge_range(mm, 0, mm->nr_vmas);
}

/* The first range at or after *start that is locked and readable. false at the end. */
static bool next_locked(struct mm *mm, uaddr_t *start, uaddr_t *end)
{
	bool found = false;

	mutex_lock(&mm->mmap_lock);
	for (unsigned i = vma_index(mm, *start); i < mm->nr_vmas && !found; i++) {
		found = locked_at_once(mm->vmas[i]->flags) && vma_accessible(mm->vmas[i]);
		*start = mm->vmas[i]->start;
		*end = mm->vmas[i]->end;
	}
	mutex_unlock(&mm->mmap_lock);
	return found;
}

/* ---- system calls ---- */

long sys_madvise(uaddr_t start, size_t len_in, int advice)
{
	struct mm *mm = current->mm;
	size_t len = PAGE_ALIGN(len_in);
	uaddr_t end = start + len;
	long ret;

	if (!advice_known(advice) || start & ~PAGE_MASK || (len_in && !len) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (advice_breaks(advice))
		return capable(CAP_SYS_ADMIN) ? advise_break(mm, start, end, advice == MADV_SOFT_OFFLINE) : -EPERM;
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return advise_populate(mm, start, end, advice == MADV_POPULATE_WRITE ? FAULT_WRITE : 0);
	/* LINUX: all of it is told first, a mapping that is locked and will be refused included. */
	if (unlikely(atomic_load(&mm->flags) & MMF_USERFAULT) && advice_removes(advice)) {
		ret = userfault_remove(mm, start, end);
		if (ret)
			return ret;
	}
	if (advice == MADV_REMOVE)
		return advise_remove(mm, start, end);
	mutex_lock(&mm->mmap_lock);
	if (advice_for(advice))
		ret = for_range(mm, start, end, advice_for(advice));
	else
		ret = advise_flags(mm, start, end, advice);
	mutex_unlock(&mm->mmap_lock);
	return ret;
}

/*
 * The file to flush for the vma at or after *start, referenced; *start moves behind it. NULL: none.
 * *err collects holes.
 */
static struct file *next_to_sync(struct mm *mm, uaddr_t *start, uaddr_t end, unsigned flags, int *err)
{
	struct vma *v;

	while (*start < end) {
		v = find_vma(mm, *start);
		if (!v || v->start >= end) {
			*err = -ENOMEM;
			return NULL;
		}
		if (v->start > *start)
			*err = -ENOMEM;
		if (flags & MS_INVALIDATE && v->flags & VM_LOCKED) {
			*err = -EBUSY;
			return NULL;
		}
		*start = v->end;
		if (flags & MS_SYNC && v->file && v->flags & VM_SHARED && v->file->ops->fsync)
			return get_file(v->file);
	}
	return NULL;
}

long sys_msync(uaddr_t start, size_t len, int flags)
{
	struct mm *mm = current->mm;
	uaddr_t end = start + PAGE_ALIGN(len);
	struct file *f;
	int err = 0, ret = 0;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || start & ~PAGE_MASK)
		return -EINVAL;
	if (flags & MS_ASYNC && flags & MS_SYNC)
		return -EINVAL;
	if (end < start)
		return -ENOMEM;
	do {
		mutex_lock(&mm->mmap_lock);
		f = next_to_sync(mm, &start, end, (unsigned)flags, &err);
		mutex_unlock(&mm->mmap_lock);
		if (f) {
			ret = f->ops->fsync(f);
			fput(f);
		}
		cond_resched();
	} while (f && !ret);
	return ret ? ret : err;
}

/*
 * One byte for each page of [start, start + n pages): there or not. -ENOMEM at a hole. mmap_lock
 * held.
 */
static int mincore_chunk(struct mm *mm, uaddr_t start, unsigned n, u8 *vec)
{
	for (unsigned i = 0; i < n; i++, start += PAGE_SIZE) {
		struct vma *v = vma_at(mm, start);
		pte_t *slot;
		struct page *p;

		if (!v || v->start > start)
			return -ENOMEM;
		slot = slot_find(mm, start);
		vec[i] = slot && !pte_none_mostly(*slot);
		if (vec[i] || !vma_mapping(v))
			continue;
		p = mapping_find_page(vma_mapping(v), vma_pgoff(v, start));
		vec[i] = p != NULL;
		if (p)
			put_page(p);
	}
	return 0;
}

long sys_mincore(uaddr_t start, size_t len, uaddr_t vec)
{
	struct mm *mm = current->mm;
	u64 pages = (len >> PAGE_SHIFT) + !!(len & ~PAGE_MASK);
	u8 *buf;
	long ret = 0;

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (!access_ok(start, len))
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	buf = kmalloc(CHUNK, GFP_USER);
	if (!buf)
		return -EAGAIN;
	while (pages && !ret) {
		unsigned n = (unsigned)min(pages, (u64)CHUNK);

		mutex_lock(&mm->mmap_lock);
		ret = mincore_chunk(mm, start, n, buf);
		mutex_unlock(&mm->mmap_lock);
		if (!ret && copy_to_user(vec, buf, n))
			ret = -EFAULT;
		if (fatal_signal_pending(current))
			ret = -EINTR;
		pages -= n;
		start += (u64)n << PAGE_SHIFT;
		vec += n;
		cond_resched();
	}
	kfree(buf);
	return ret;
}

long sys_mlock(uaddr_t start, size_t len)
{
	return do_mlock(start, len, VM_LOCKED);
}

long sys_mlock2(uaddr_t start, size_t len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(start, len, flags ? VM_LOCKED_MASK : VM_LOCKED);
}

long sys_munlock(uaddr_t start, size_t len)
{
	struct mm *mm = current->mm;
	long ret;

	len = PAGE_ALIGN(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	if (start + len < start)
		return -EINVAL;
	if (!len)
		return 0;
	mutex_lock(&mm->mmap_lock);
	ret = start + len > USER_MAX ? -ENOMEM : change_lock(mm, start, start + len, 0);
	mutex_unlock(&mm->mmap_lock);
	return ret;
}

long sys_mlockall(int flags)
{
	struct mm *mm = current->mm;
	u32 set = flags & MCL_ONFAULT ? VM_LOCKED_MASK : VM_LOCKED;
	uaddr_t start = 0, end = 0;

	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	mutex_lock(&mm->mmap_lock);
	if (flags & MCL_CURRENT && !may_lock_any() && mm->total_vm > lock_limit()) {
		mutex_unlock(&mm->mmap_lock);
		return -ENOMEM;
	}
	mm->def_flags = flags & MCL_FUTURE ? set : 0;
	if (flags & MCL_CURRENT)
		lock_all(mm, set, VM_LOCKED_MASK);
	mutex_unlock(&mm->mmap_lock);
	if (flags & MCL_CURRENT && !(flags & MCL_ONFAULT))
		for (; next_locked(mm, &start, &end); start = end)
			mm_populate(mm, start, end);
	return 0;
}

long sys_munlockall(void)
{
	struct mm *mm = current->mm;

	mutex_lock(&mm->mmap_lock);
	mm->def_flags = 0;
	lock_all(mm, 0, VM_LOCKED_MASK);
	mutex_unlock(&mm->mmap_lock);
	return 0;
}
