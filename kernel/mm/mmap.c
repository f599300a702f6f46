// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and removing mappings: mmap, munmap, brk. Mirrors Linux mm/mmap.c.
 *
 * Locks: mm->mmap_lock. Files are looked up and shared anonymous memory is made before it is taken.
 */
#include "kernel/abi.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/vm.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/signal.h"
#include "kernel/task.h"

#define MAP_LEGACY	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | \
			 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | \
			 0x1f << MAP_HUGE_SHIFT /* the bits of 2 MiB and of 1 GiB */)
#define LOW_TOP		0x80000000ul	/* MAP_32BIT */

/* ---- limits ---- */

u64 data_pages(struct mm *mm)
{
	u64 n = 0;

	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (is_data_mapping(mm->vmas[i]->flags))
			n += vma_pages(mm->vmas[i]);
	return n;
}

bool may_expand_vm(struct mm *mm, u32 flags, u64 pages)
{
	if (mm->total_vm + pages > rlimit(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	return !is_data_mapping(flags) || may_grow_data(mm, pages);
}

bool obvious_overcommit(u32 flags, u64 pages)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_NORESERVE)) == VM_WRITE && pages > totalram_pages();
}

/* ---- a free place ---- */

/* Where the hole below v ends. */
static uaddr_t hole_end(const struct vma *v)
{
	if (!(v->flags & VM_GROWSDOWN))
		return v->start;
	return v->start > STACK_GUARD_GAP ? v->start - STACK_GUARD_GAP : 0;
}

/*
 * The highest hole of len bytes in [bottom, top); *widest grows to the largest too small one
 * passed. 0 if there is none.
 */
static uaddr_t find_hole(struct mm *mm, size_t len, uaddr_t bottom, uaddr_t top, uaddr_t *widest)
{
	unsigned i = vma_index(mm, top - 1);

	for (;; i--) {
		uaddr_t lo = i ? max(mm->vmas[i - 1]->end, bottom) : bottom;
		uaddr_t hi = i < mm->nr_vmas ? min(hole_end(mm->vmas[i]), top) : top;

		if (hi > lo && hi - lo >= len)
			return hi - len;
		if (hi > lo && hi - lo > *widest)
			*widest = hi - lo;
		if (!i || lo == bottom)
			return 0;
	}
}

/* The same, for those who look anew each time. */
static uaddr_t __attribute__((noinline)) find_any_hole(struct mm *mm, size_t len, uaddr_t bottom, uaddr_t top)
{
	uaddr_t widest = 0;

	return find_hole(mm, len, bottom, top, &widest);
}

static void set_mmap_base(struct mm *mm)
{
	u64 gap = rlimit(RLIMIT_STACK);

	gap = max(min(gap, (u64)USER_MAX / 6 * 5), min(128ul << 20, USER_MAX / 4));
	mm->mmap_base = (STACK_TOP - gap - STACK_GUARD_GAP) & PAGE_MASK;
	mm->scan_top = 0;
}

/*
 * Who lets the kernel choose gets nothing below, and never page 0. Below it a kernel that follows a
 * pointer that is NULL would find a user's memory, on a machine without SMAP; so who asks for such
 * a place must be trusted with the machine.
 */
int sysctl_mmap_min_addr = USER_MIN;

static uaddr_t lowest_hole(void)
{
	return max(PAGE_ALIGN((uaddr_t)READ_ONCE(sysctl_mmap_min_addr)), PAGE_SIZE);
}

bool below_min_addr(uaddr_t addr)
{
	return addr < (uaddr_t)READ_ONCE(sysctl_mmap_min_addr) && !capable(CAP_SYS_RAWIO);
}

static uaddr_t find_place(struct mm *mm, size_t len)
{
	uaddr_t at;

	if (!mm->mmap_base)
		set_mmap_base(mm);
	if (!mm->scan_top || len <= mm->scan_hole) {
		mm->scan_top = mm->mmap_base;
		mm->scan_hole = 0;
	}
	at = find_hole(mm, len, lowest_hole(), mm->scan_top, &mm->scan_hole);
	if (at)
		mm->scan_top = at + len;
	return at ? at : find_any_hole(mm, len, mm->mmap_base, USER_MAX);
}

/* A hole was made that ends at @end or above: look there again. */
static void hole_made(struct mm *mm, uaddr_t end)
{
	unsigned i;

	if (end <= mm->scan_top || !mm->scan_top)
		return;
	i = vma_index(mm, end - 1);
	mm->scan_top = min(mm->mmap_base, i < mm->nr_vmas ? mm->vmas[i]->start : mm->mmap_base);
}

bool place_free(struct mm *mm, uaddr_t addr, size_t len)
{
	unsigned i = vma_index(mm, addr);

	return i == mm->nr_vmas || addr + len <= hole_end(mm->vmas[i]);
}

long get_unmapped_area(struct mm *mm, uaddr_t addr, size_t len, u64 flags)
{
	unsigned i;

	if (len > USER_MAX)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (addr > USER_MAX - len)
			return -ENOMEM;
		if (below_min_addr(addr))
			return -EPERM;
		i = vma_index(mm, addr);
		if (flags & MAP_FIXED_NOREPLACE && i < mm->nr_vmas && mm->vmas[i]->start < addr + len)
			return -EEXIST;
		return (long)addr;
	}
	addr &= PAGE_MASK;
	if (addr) {
		addr = max(addr, lowest_hole());
		if (addr <= USER_MAX - len && place_free(mm, addr, len) &&
		    (!(flags & MAP_32BIT) || addr + len <= LOW_TOP))
			return (long)addr;
	}
	if (flags & MAP_32BIT)
		addr = find_any_hole(mm, len, LOW_TOP / 2, LOW_TOP);
	else
		addr = find_place(mm, len);
	return addr ? (long)addr : -ENOMEM;
}

/* ---- unmap ---- */

/* [start, end) is one end of v but not all of it: v just gets shorter. */
static void trim_vma(struct vma *v, uaddr_t start, uaddr_t end)
{
	zap_range(v, start, end);
	v->mm->total_vm -= (end - start) >> PAGE_SHIFT;
	if (v->start == start) {
		v->pgoff = vma_pgoff(v, end);
		v->start = end;
	} else {
		v->end = start;
	}
}

/* vmas[i] is the first that ends above start. true if only that one has to change, and did. */
static bool unmap_by_trimming(struct mm *mm, unsigned i, uaddr_t start, uaddr_t end)
{
	struct vma *v = mm->vmas[i];

	if (start < v->start || end > v->end || (start == v->start) == (end == v->end))
		return false;
	trim_vma(v, start, end);
	free_tables(mm, start, end, v->start < start ? i + 1 : i);
	hole_made(mm, end);
	return true;
}

/* vmas[first..last) are what is mapped between addr and end. */
static inline void unmap_vmas(struct mm *mm, unsigned first, unsigned last, uaddr_t addr, uaddr_t end)
{
	bool tables = slot_find(mm, mm->vmas[first]->start);

	if (vma_unmap(mm, first, last) || tables)
		free_tables(mm, addr, end, first);
	hole_made(mm, end);
}

/* Mappings of which not all may have to go. */
static int __attribute__((noinline)) unmap_pieces(struct mm *mm, uaddr_t addr, uaddr_t end, unsigned first)
{
	unsigned last = first + 1;
	int err;

	if (unmap_by_trimming(mm, first, addr, end))
		return 0;
	err = vma_isolate(mm, addr, end, &first, &last);
	if (!err)
		unmap_vmas(mm, first, last, addr, end);
	return err;
}

int do_munmap(struct mm *mm, uaddr_t addr, size_t len)
{
	uaddr_t end = addr + PAGE_ALIGN(len);
	const struct vma *v;
	unsigned i;

	assert_held(&mm->mmap_lock);
	if (addr & ~PAGE_MASK || addr > USER_MAX || len > USER_MAX - addr || !PAGE_ALIGN(len))
		return -EINVAL;
	if (unlikely(atomic_load_explicit(&mm->flags, memory_order_relaxed) & MMF_USERFAULT)) {
		int err = userfault_unmap(mm, addr, end);

		if (err)
			return err;
	}
	i = vma_index(mm, addr);
	if (i == mm->nr_vmas || mm->vmas[i]->start >= end)
		return 0;
	v = mm->vmas[i];
	if (v->start != addr || v->end != end)
		return unmap_pieces(mm, addr, end, i);
	unmap_vmas(mm, i, i + 1, addr, end);
	return 0;
}

/* ---- map ---- */

/* May this file be mapped so? 0 or -errno. */
static int check_file(struct file *f, int prot, u64 flags)
{
	unsigned acc = f->flags & O_ACCMODE;
	int type = flags & MAP_TYPE;

	if (type == MAP_SHARED_VALIDATE && flags & ~(MAP_LEGACY | MAP_SHARED_VALIDATE))
		return -EOPNOTSUPP;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type != MAP_PRIVATE && prot & PROT_WRITE && acc != O_RDWR)
		return -EACCES;
	if (type != MAP_PRIVATE && f->writable && is_append(f->inode))
		return -EACCES;
	if (acc == O_WRONLY)
		return -EACCES;
	if (prot & PROT_EXEC && sb_says(f->inode->sb, MS_NOEXEC))
		return -EPERM;
	if (!f->ops || !f->ops->mmap)
		return -ENODEV;
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int check_map(struct mm *mm, size_t len, int prot, u64 flags, struct file *file, u64 pgoff, u32 vm_flags)
{
	int type = flags & MAP_TYPE;

	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (file && inode_is(file->inode, S_IFREG) && pgoff > ((u64)INT64_MAX - len) >> PAGE_SHIFT)
		return -EOVERFLOW;
	if (mm->nr_vmas > MAX_MAP_COUNT)
		return -ENOMEM;
	if (file && !(flags & MAP_ANONYMOUS))
		return check_file(file, prot, flags);
	if (type != MAP_PRIVATE && (type != MAP_SHARED || !file))
		return -EINVAL;
	if (flags & MAP_GROWSDOWN && type == MAP_SHARED)
		return -EINVAL;
	return obvious_overcommit(vm_flags, len >> PAGE_SHIFT) ? -ENOMEM : 0;
}

static bool is_plain(const struct vma *v, u32 flags)
{
	return v->flags == flags && !v->file && !(flags & VM_GROWSDOWN) && !v->mempolicy.mode;
}

/* Anonymous memory in front of vmas[i] often just makes a neighbour longer. true if it did. */
static bool extend_neighbour(struct mm *mm, unsigned i, uaddr_t addr, size_t len, u32 flags)
{
	struct vma *prev = i ? mm->vmas[i - 1] : NULL, *next = i < mm->nr_vmas ? mm->vmas[i] : NULL;

	if (next && next->start == addr + len && is_plain(next, flags)) {
		next->start = addr;
		next->pgoff = addr >> PAGE_SHIFT;
		if (prev && prev->end == addr && is_plain(prev, flags))
			vma_merge_range(mm, i, i);
	} else if (prev && prev->end == addr && is_plain(prev, flags)) {
		prev->end += len;
	} else {
		return false;
	}
	mm->total_vm += len >> PAGE_SHIFT;
	return true;
}

static int map_file(struct vma *v, struct file *file, u64 pgoff)
{
	int err;

	v->file = get_file(file);
	v->pgoff = pgoff;
	err = file->ops->mmap(file, v);
	pause_point("mmap");
	if (err || v->ops)
		return err;
	/* Like /dev/zero: the file only asked for anonymous memory. */
	if (v->flags & VM_SHARED)
		return -ENODEV;
	fput(v->file);
	v->file = NULL;
	v->pgoff = v->start >> PAGE_SHIFT;
	return 0;
}

/* Was its file sealed since it said that it may be mapped so? v is linked: from now on it is not. */
static bool sealed_meanwhile(const struct vma *v)
{
	return v->file && READ_ONCE(v->file->inode->seals) & F_SEAL_WRITE && v->flags & VM_SHARED &&
	       (v->file->flags & O_ACCMODE) == O_RDWR;
}

/* A new vma in a place that is free. 0 or -errno. */
static int map_new(struct mm *mm, uaddr_t addr, size_t len, u32 flags, struct file *file, u64 pgoff)
{
	unsigned i = vma_index(mm, addr);
	struct vma *v;
	int err = 0;

	if (!file && extend_neighbour(mm, i, addr, len, flags))
		return 0;
	v = vma_new(mm, addr, addr + len, flags);
	if (!v)
		return -ENOMEM;
	if (file)
		err = map_file(v, file, pgoff);
	if (!err)
		err = vma_insert(mm, i, v);
	if (err) {
		vma_free(v);
		return err;
	}
	if (file && unlikely(sealed_meanwhile(v))) {
		vma_unmap(mm, i, i + 1);
		return -EPERM;
	}
	if (file)
		vma_merge_range(mm, i, i + 1);
	return 0;
}

long do_mmap(struct mm *mm, uaddr_t addr, size_t len, int prot, u64 flags, struct file *file, u64 pgoff)
{
	u32 vm_flags = prot_to_flags(prot) | mm->def_flags;
	long at;
	int err;

	assert_held(&mm->mmap_lock);
	if (!len)
		return -EINVAL;
	len = PAGE_ALIGN(len);
	if (!len || len > USER_MAX)
		return -ENOMEM;
	vm_flags |= flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0;
	if (flags & MAP_LOCKED)
		vm_flags = (vm_flags & ~VM_LOCKONFAULT) | VM_LOCKED;
	vm_flags |= flags & MAP_NORESERVE ? VM_NORESERVE : 0;
	vm_flags |= (flags & MAP_TYPE) != MAP_PRIVATE ? VM_SHARED : 0;
	at = get_unmapped_area(mm, addr, len, flags);
	if (at < 0)
		return at;
	if (flags & MAP_LOCKED && !can_do_mlock())
		return -EPERM;
	if (vm_flags & VM_LOCKED && !may_lock(mm, len >> PAGE_SHIFT))
		return -EAGAIN;
	err = check_map(mm, len, prot, flags, file, pgoff, vm_flags);
	if (err)
		return err;
	if (!may_expand_vm(mm, vm_flags, len >> PAGE_SHIFT))
		return -ENOMEM;
	if (flags & MAP_FIXED)
		err = do_munmap(mm, (uaddr_t)at, len);
	if (!err)
		err = map_new(mm, (uaddr_t)at, len, vm_flags, file, pgoff);
	return err ? err : at;
}

int setup_stack_vma(struct mm *mm, size_t size)
{
	struct vma *v;
	int err;

	assert_held(&mm->mmap_lock);
	size = PAGE_ALIGN(size);
	if (!size || size > STACK_TOP / 2)
		return -ENOMEM;
	v = vma_new(mm, STACK_TOP - size, STACK_TOP, VM_READ | VM_WRITE | VM_GROWSDOWN);
	if (!v)
		return -ENOMEM;
	err = vma_insert(mm, vma_index(mm, v->start), v);
	if (err)
		vma_free(v);
	return err;
}

int mm_populate(struct mm *mm, uaddr_t start, uaddr_t end)
{
	int err = 0;

	for (; start < end && !err && !fatal_signal_pending(current); start += PAGE_SIZE) {
		unsigned flags = 0;
		struct vma *v;

		mutex_lock(&mm->mmap_lock);
		v = vma_at(mm, start);
		if (v && (v->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
			flags = FAULT_WRITE;
		err = fault_locked(mm, start, flags);
		mutex_unlock(&mm->mmap_lock);
		if (unlikely(err == FAULT_USERFAULT)) {
			err = handle_userfault(mm, start, flags);
			start -= PAGE_SIZE;
		}
		cond_resched();
	}
	return err > 0 ? -EFAULT : err;
}

/* ---- brk ---- */

/* 0 or -errno; the caller reports the break whatever happened. mmap_lock held. */
static int do_brk(struct mm *mm, uaddr_t brk)
{
	uaddr_t old = PAGE_ALIGN(mm->brk), new;
	u64 data = rlimit(RLIMIT_DATA);
	u32 flags = VM_READ | VM_WRITE | mm->def_flags;
	int err = 0;

	if (brk < mm->start_brk || brk > USER_MAX - PAGE_SIZE)
		return -EINVAL;
	new = PAGE_ALIGN(brk);
	if (brk > mm->brk && data != RLIM64_INFINITY && brk - mm->start_brk + (mm->end_data - mm->start_data) > data)
		return -ENOMEM;
	if (new < old) {
		err = do_munmap(mm, new, old - new);
	} else if (new > old) {
		if (!place_free(mm, old, new - old + PAGE_SIZE) || mm->nr_vmas > MAX_MAP_COUNT)
			return -ENOMEM;
		if (!may_expand_vm(mm, flags, (new - old) >> PAGE_SHIFT) ||
		    obvious_overcommit(flags, (new - old) >> PAGE_SHIFT))
			return -ENOMEM;
		if (flags & VM_LOCKED && !may_lock(mm, (new - old) >> PAGE_SHIFT))
			return -EAGAIN;
		err = map_new(mm, old, new - old, flags, NULL, 0);
	}
	if (!err)
		mm->brk = brk;
	return err;
}

/* ---- system calls ---- */

/* f is /dev/zero, mapped shared: the memory that is then shared. Takes over the reference. ERR_PTR. */
static struct file *mmap_zero(struct file *f, size_t len, int prot)
{
	bool allowed = f->readable && (f->writable || !(prot & PROT_WRITE));

	fput(f);
	return allowed ? shmem_file_setup("dev/zero", PAGE_ALIGN(len)) : ERR_PTR(-EACCES);
}

/* The file of an mmap, referenced; NULL for private anonymous memory; ERR_PTR. */
static struct file *mmap_file(size_t len, int prot, u64 flags, int fd)
{
	unsigned huge = (unsigned)flags >> MAP_HUGE_SHIFT;	/* the page's size, as a power of two */
	struct file *f;

	if (flags & MAP_ANONYMOUS) {
		if (flags & MAP_HUGETLB)
			return ERR_PTR(huge == 0 || huge == 21 || huge == 30 ? -ENOMEM : -EINVAL);
		if ((flags & MAP_TYPE) != MAP_SHARED || !len)
			return NULL;
		if (!(flags & MAP_NORESERVE) && len >> PAGE_SHIFT > totalram_pages())
			return ERR_PTR(-ENOMEM);
		return shmem_file_setup("dev/zero", PAGE_ALIGN(len));
	}
	f = fget(fd);
	if (!f || f->flags & O_PATH) {
		if (f)
			fput(f);
		return ERR_PTR(-EBADF);
	}
	if (flags & MAP_HUGETLB && !is_huge(f->inode)) {
		fput(f);
		return ERR_PTR(-EINVAL);
	}
	return is_dev_zero(f) && len && flags & MAP_SHARED ? mmap_zero(f, len, prot) : f;
}

long sys_mmap(uaddr_t addr, size_t len, int prot, u64 flags, int fd, u64 off)
{
	struct mm *mm = current->mm;
	struct file *file;
	bool populate;
	long at;

	if (off & ~PAGE_MASK)
		return -EINVAL;
	if (prot & PROT_READ && current->personality & READ_IMPLIES_EXEC)
		prot |= PROT_EXEC;
	file = mmap_file(len, prot, flags, fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	mutex_lock(&mm->mmap_lock);
	at = do_mmap(mm, addr, len, prot, flags, file, flags & MAP_ANONYMOUS ? 0 : off >> PAGE_SHIFT);
	populate = flags & MAP_LOCKED || locked_at_once(mm->def_flags) ||
		(flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	mutex_unlock(&mm->mmap_lock);
	if (at >= 0 && populate)
		mm_populate(mm, (uaddr_t)at, (uaddr_t)at + PAGE_ALIGN(len));
	if (file)
		fput(file);
	return at;
}

long sys_munmap(uaddr_t addr, size_t len)
{
	struct mm *mm = current->mm;
	long ret;

	mutex_lock(&mm->mmap_lock);
	ret = do_munmap(mm, addr, len);
	mutex_unlock(&mm->mmap_lock);
	return ret;
}

/* Linux's call returns the break, moved or not. */
long sys_brk(uaddr_t brk)
{
	struct mm *mm = current->mm;
	uaddr_t old, now;
	bool locked;

	mutex_lock(&mm->mmap_lock);
	old = mm->brk;
	do_brk(mm, brk);
	now = mm->brk;
	locked = locked_at_once(mm->def_flags);
	mutex_unlock(&mm->mmap_lock);
	if (locked && now > old)
		mm_populate(mm, PAGE_ALIGN(old), PAGE_ALIGN(now));
	return (long)now;
}
