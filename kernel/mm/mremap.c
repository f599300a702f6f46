// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moving mappings, and making them longer or shorter: mremap. Mirrors Linux mm/mremap.c.
 *
 * Locks: mm->mmap_lock.
 */
#include "kernel/abi.h"
#include "kernel/mm/vm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

struct move {
	uaddr_t from, to;
};

static int prepare_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	const struct move *m = ctx;

	(void)slot;
	return arch_pte_alloc(mm, va - m->from + m->to) ? 0 : -ENOMEM;
}

static int move_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	const struct move *m = ctx;
	pte_t *to = slot_find(mm, va - m->from + m->to);

	assert(to && !*to);
	*to = atomic_exchange_explicit((_Atomic pte_t *)slot, 0, memory_order_relaxed);
	return 0;
}

/* All entries of [from, from + len) go to @to: either all or, -ENOMEM, none. */
static int move_page_tables(struct mm *mm, uaddr_t from, uaddr_t to, size_t len)
{
	struct move m = { .from = from, .to = to };
	int err = pte_range(mm, from, from + len, prepare_pte, &m);

	if (err)
		return err;
	pte_range(mm, from, from + len, move_pte, &m);
	arch_tlb_flush(mm, from, from + len);
	return 0;
}

/* [addr, addr + old_len) of v goes to @to and becomes new_len long. The place is free. */
static long move_vma(struct vma *v, uaddr_t addr, size_t old_len, uaddr_t to, size_t new_len, unsigned flags)
{
	struct mm *mm = v->mm;
	struct userfault_event *event;
	struct vma *copy;
	size_t moved = min(old_len, new_len);
	unsigned i, last;
	int err;

	if (mm->nr_vmas >= MAX_MAP_COUNT - 3)
		return -ENOMEM;
	/*
	 * What may fail comes first: the old place is cut out now, so that it can be unmapped
	 * without memory.
	 */
	if (old_len) {
		err = vma_isolate(mm, addr, addr + old_len, &i, &last);
		if (err)
			return err;
		v = mm->vmas[i];
	}
	event = userfault_remap_prepare(v);
	if (IS_ERR(event))
		return PTR_ERR(event);
	copy = vma_dup(v);
	if (!copy) {
		userfault_remap_cancel(event);
		return -ENOMEM;
	}
	copy->start = to;
	copy->end = to + new_len;
	copy->flags &= ~VM_UFFD_MASK;
	copy->uffd = NULL;
	copy->pgoff = v->file ? vma_pgoff(v, addr) : to >> PAGE_SHIFT;
	err = vma_insert(mm, vma_index(mm, to), copy);
	if (err) {
		vma_free(copy);
		userfault_remap_cancel(event);
		return err;
	}
	err = moved ? move_page_tables(mm, addr, to, moved) : 0;
	if (err) {
		do_munmap(mm, to, new_len);
		userfault_remap_cancel(event);
		return err;
	}
	userfault_remap(event, v, copy, addr, old_len);
	if (flags & MREMAP_DONTUNMAP)
		v->flags &= ~VM_LOCKED_MASK;
	else if (old_len)
		do_munmap(mm, addr, old_len);
	i = vma_index(mm, to);
	vma_merge_range(mm, i, i + 1);
	return (long)to;
}

/* The vma that [addr, addr + old_len) lies in and that may become new_len long, or ERR_PTR. */
static struct vma *vma_to_resize(struct mm *mm, uaddr_t addr, size_t old_len, size_t new_len)
{
	struct vma *v = find_vma(mm, addr);
	u64 grow = new_len > old_len ? (new_len - old_len) >> PAGE_SHIFT : 0;

	if (!v || v->start > addr)
		return ERR_PTR(-EFAULT);
	if (!old_len && !(v->flags & VM_SHARED))
		return ERR_PTR(-EINVAL);
	if (old_len > v->end - addr)
		return ERR_PTR(-EFAULT);
	if (vma_pgoff(v, addr) + (new_len >> PAGE_SHIFT) < vma_pgoff(v, addr))
		return ERR_PTR(-EINVAL);
	if (grow && v->flags & VM_LOCKED && !may_lock(mm, grow))
		return ERR_PTR(-EAGAIN);
	if (grow && (!may_expand_vm(mm, v->flags, grow) || obvious_overcommit(v->flags, grow)))
		return ERR_PTR(-ENOMEM);
	return v;
}

static long mremap_to(struct mm *mm, uaddr_t addr, size_t old_len, size_t new_len, unsigned flags, uaddr_t to)
{
	struct vma *v;
	long at;
	int err;

	if (to & ~PAGE_MASK || new_len > USER_MAX || to > USER_MAX - new_len)
		return -EINVAL;
	if (flags & MREMAP_FIXED && addr + old_len > to && to + new_len > addr)
		return -EINVAL;
	if (mm->nr_vmas + 2 >= MAX_MAP_COUNT - 3)
		return -ENOMEM;
	if (flags & MREMAP_FIXED) {
		if (below_min_addr(to))
			return -EPERM;
		err = do_munmap(mm, to, new_len);
		if (err)
			return err;
	}
	if (old_len > new_len) {
		err = do_munmap(mm, addr + new_len, old_len - new_len);
		if (err)
			return err;
		old_len = new_len;
	}
	v = vma_to_resize(mm, addr, old_len, new_len);
	if (IS_ERR(v))
		return PTR_ERR(v);
	if (flags & MREMAP_DONTUNMAP && !may_expand_vm(mm, v->flags, old_len >> PAGE_SHIFT))
		return -ENOMEM;
	at = get_unmapped_area(mm, to, new_len, flags & MREMAP_FIXED ? MAP_FIXED : 0);
	return at < 0 ? at : move_vma(v, addr, old_len, (uaddr_t)at, new_len, flags);
}

/* Longer where it is, if the room behind is free. */
static bool expand_in_place(struct vma *v, uaddr_t addr, size_t old_len, size_t new_len)
{
	u64 delta = new_len - old_len;
	struct mm *mm = v->mm;
	unsigned i;

	if (old_len != v->end - addr || delta > USER_MAX - v->end || !place_free(mm, v->end, delta))
		return false;
	v->end += delta;
	mm->total_vm += delta >> PAGE_SHIFT;
	i = vma_index(mm, addr);
	vma_merge_range(mm, i, i + 1);
	return true;
}

static long do_mremap(struct mm *mm, uaddr_t addr, size_t old_len, size_t new_len, unsigned flags, uaddr_t to)
{
	struct vma *v = find_vma(mm, addr);
	long at;

	if (!v || v->start > addr)
		return -EFAULT;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return mremap_to(mm, addr, old_len, new_len, flags, to);
	if (old_len >= new_len) {
		int err = 0;

		if (old_len > USER_MAX - addr)
			return -EINVAL;
		if (old_len > new_len)
			err = do_munmap(mm, addr + new_len, old_len - new_len);
		return err ? err : (long)addr;
	}
	v = vma_to_resize(mm, addr, old_len, new_len);
	if (IS_ERR(v))
		return PTR_ERR(v);
	if (expand_in_place(v, addr, old_len, new_len))
		return (long)addr;
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	at = get_unmapped_area(mm, 0, new_len, 0);
	return at < 0 ? at : move_vma(v, addr, old_len, (uaddr_t)at, new_len, 0);
}

long sys_mremap(uaddr_t addr, size_t old_len, size_t new_len, u64 flags, uaddr_t to)
{
	struct mm *mm = current->mm;
	bool locked = false;
	struct vma *v;
	long at;

	if (flags & ~(u64)(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (flags & MREMAP_FIXED && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (flags & MREMAP_DONTUNMAP && (!(flags & MREMAP_MAYMOVE) || old_len != new_len))
		return -EINVAL;
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	old_len = PAGE_ALIGN(old_len);
	new_len = PAGE_ALIGN(new_len);
	if (!new_len)
		return -EINVAL;
	mutex_lock(&mm->mmap_lock);
	at = do_mremap(mm, addr, old_len, new_len, (unsigned)flags, to);
	if (at >= 0 && new_len > old_len) {
		v = find_vma(mm, (uaddr_t)at);
		locked = v && locked_at_once(v->flags);
	}
	mutex_unlock(&mm->mmap_lock);
	if (locked)
		mm_populate(mm, (uaddr_t)at + old_len, (uaddr_t)at + new_len);
	return at;
}
