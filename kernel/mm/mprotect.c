// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rights of what is mapped: mprotect. Mirrors Linux mm/mprotect.c.
 *
 * Locks: mm->mmap_lock.
 */
#include "kernel/abi.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/vm.h"

static int change_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	const struct vma *v = ctx;
	struct page *p = pfn_to_page(pte_pfn(*slot));
	u64 keep = v->flags & VM_WRITE && pte_write(*slot) ? PTE_WRITE : 0, asks = *slot & PTE_UFFD_WP;

	(void)mm;
	(void)va;
	if (unlikely(pte_is_marker(*slot)))
		return 0;
	/* A shared page that was written stays known as written. */
	if (v->flags & VM_SHARED && pte_dirty(*slot) && v->ops->mkwrite)
		v->ops->mkwrite((struct vma *)(uintptr_t)v, p);
	atomic_store_explicit((_Atomic pte_t *)slot, vma_pte(v, p, keep) | asks, memory_order_release);
	return 0;
}

/*
 * vmas[i] gets new rights; entries of pages that are there follow. Writing is given back by faults,
 * one page at a time.
 */
static void protect_vma(struct vma *v, u32 rights)
{
	u32 was = v->flags;

	v->flags = (was & ~(VM_READ | VM_WRITE | VM_EXEC)) | rights;
	if (v->flags == was)
		return;
	pte_range(v->mm, v->start, v->end, change_pte, v);
	/* More rights need no flush: a CPU that remembers less faults and looks again. */
	if (was & ~v->flags)
		arch_tlb_flush(v->mm, v->start, v->end);
}

static int check_protect(struct mm *mm, const struct vma *v, u32 rights)
{
	if (rights & VM_WRITE && !vma_may_write(v))
		return -EACCES;
	if (rights & VM_EXEC && v->file && sb_says(v->file->inode->sb, MS_NOEXEC))
		return -EACCES;
	if (is_data_mapping((v->flags & ~VM_WRITE) | rights) && !is_data_mapping(v->flags)) {
		if (obvious_overcommit(rights | (v->flags & VM_NORESERVE), vma_pages(v)))
			return -ENOMEM;
		if (!may_grow_data(mm, vma_pages(v)))
			return -ENOMEM;
	}
	return 0;
}

static int do_mprotect(struct mm *mm, uaddr_t start, uaddr_t end, u32 rights)
{
	unsigned first, last, i;
	int err = vma_isolate(mm, start, end, &first, &last);

	if (err)
		return err;
	for (i = first; i < last; i++) {
		/* Up to the first hole or refusal it takes effect, as on Linux. */
		err = mm->vmas[i]->start != start ? -ENOMEM : check_protect(mm, mm->vmas[i], rights);
		if (err)
			break;
		start = mm->vmas[i]->end;
		protect_vma(mm->vmas[i], rights);
		cond_resched();
	}
	vma_merge_range(mm, first, last);
	return !err && start < end ? -ENOMEM : err;
}

long sys_mprotect(uaddr_t start, size_t len, u64 prot)
{
	const u64 grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	struct mm *mm = current->mm;
	uaddr_t end = start + PAGE_ALIGN(len);
	struct vma *v;
	long ret;

	prot &= ~(u64)(PROT_GROWSDOWN | PROT_GROWSUP);
	if (prot & PROT_READ && current->personality & READ_IMPLIES_EXEC)
		prot |= PROT_EXEC;
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || start & ~PAGE_MASK)
		return -EINVAL;
	if (!len)
		return 0;
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(u64)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	mutex_lock(&mm->mmap_lock);
	v = find_vma(mm, start);
	ret = -ENOMEM;
	if (!v || (grows & PROT_GROWSDOWN ? v->start >= end : v->start > start))
		goto out;
	ret = -EINVAL;
	if (grows & PROT_GROWSUP || (grows && !(v->flags & VM_GROWSDOWN)))
		goto out;
	ret = do_mprotect(mm, grows ? v->start : start, end, prot_to_flags((int)prot));
out:
	mutex_unlock(&mm->mmap_lock);
	return ret;
}
