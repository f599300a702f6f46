// SPDX-License-Identifier: GPL-2.0-only
/*
 * What resolves a userfault: pages put in the place of missing ones, and those of a file
 * shown that has them; and writes that have to be asked for. Mirrors Linux mm/userfaultfd.c.
 *
 * Locks: mm->mmap_lock, for one page at a time; not while the page is made and user memory copied to
 * it, since that memory may fault, too.
 */
#include "kernel/abi.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/userfaultfd.h"
#include "kernel/signal.h"
#include "kernel/task.h"

/*
 * The mapping that has all of [dst, dst + len), of which some userfaultfd is told; ERR_PTR. mmap_lock
 * held. LINUX: memory that the reaper has been through gets no new pages.
 */
static struct vma *fill_target(const struct userfaultfd_ctx *ctx, uaddr_t dst, u64 len)
{
	struct vma *v = vma_at(ctx->mm, dst);

	if (atomic_load(&ctx->mmap_changing))
		return ERR_PTR(-EAGAIN);
	if (!v || v->start > dst || v->end - dst < len || !v->uffd)
		return ERR_PTR(-ENOENT);
	if (atomic_load(&ctx->mm->flags) & MMF_UNSTABLE)
		return ERR_PTR(-ESRCH);
	return v;
}

bool vma_is_shmem(const struct vma *v)
{
	return v->ops == &generic_file_vm_ops && vma_mapping(v)->flags & MAPPING_SHMEM;
}

/*
 * The page to be put at dst of mm, in a shared mapping or a private one, whose reference the caller gets;
 * NULL: the one that the file has. ERR_PTR. mmap_lock not held.
 */
static struct page *make_page(struct mm *mm, enum fill_with with, uaddr_t src, bool shared)
{
	u32 gfp = GFP_USER | (with == FILL_ZERO ? GFP_ZERO : 0);
	struct page *p;

	if (with == FILL_CONTINUE)
		return NULL;
	if (with == FILL_ZERO && !shared)
		return zero_page;
	p = shared ? alloc_page(gfp) : alloc_anon_page(mm);
	if (p && shared)
		p = mem_cgroup_charge(p, mm, gfp);
	if (!p)
		return ERR_PTR(-ENOMEM);
	if (with == FILL_COPY && copy_from_user(page_address(p), src, PAGE_SIZE)) {
		put_page(p);
		return ERR_PTR(-EFAULT);
	}
	return p;
}

static void drop_page(struct page *p)
{
	if (p && p != zero_page)
		put_page(p);
}

/*
 * v shows p at dst, where it shows nothing. A page of a file is not writable before somebody writes.
 * 0, and p's reference is the entry's, or -errno. mmap_lock held.
 */
static int install_page(struct vma *v, uaddr_t dst, struct page *p, bool wp)
{
	const pte_t *slot = arch_pte_alloc(v->mm, dst);
	bool own = p != NULL;
	int err = 0;

	if (!slot)
		return -ENOMEM;
	if (v->file && vma_pgoff(v, dst) >= mapping_limit(vma_mapping(v)))
		return -EFAULT;
	if (!own)
		p = mapping_find_page(vma_mapping(v), vma_pgoff(v, dst));
	if (!p)
		return -EFAULT;
	if (own && v->flags & VM_SHARED)
		err = !pte_none_mostly(*slot) ? -EEXIST : mapping_add_page(vma_mapping(v), vma_pgoff(v, dst), p);
	if (!err)
		err = fault_install(v, dst, p, wp ? PTE_UFFD_WP : p->flags & PG_ANON ? PTE_WRITE : 0);
	if (err && !own)
		put_page(p);
	return err;
}

/* May v's pages be filled so? 0 or -EINVAL. */
static int check_fill(const struct vma *v, const struct fill *f)
{
	if (f->wp && !(v->flags & VM_UFFD_WP))
		return -EINVAL;
	return f->with == FILL_CONTINUE && !vma_is_shmem(v) ? -EINVAL : 0;
}

/* The first of [dst, dst + left). 0 or -errno. */
static int fill_page(struct userfaultfd_ctx *ctx, const struct fill *f, uaddr_t dst, u64 left)
{
	struct mm *mm = ctx->mm;
	bool shared = false;
	struct page *p;
	struct vma *v;
	int err;

	mutex_lock(&mm->mmap_lock);
	v = fill_target(ctx, dst, left);
	err = IS_ERR(v) ? (int)PTR_ERR(v) : check_fill(v, f);
	if (!err)
		shared = v->flags & VM_SHARED;
	mutex_unlock(&mm->mmap_lock);
	if (err)
		return err;
	p = make_page(mm, f->with, f->src, shared);
	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	mutex_lock(&mm->mmap_lock);
	v = fill_target(ctx, dst, left);
	err = IS_ERR(v) ? (int)PTR_ERR(v) : check_fill(v, f);
	if (!err)	/* or is it other memory than it was? */
		err = shared == !!(v->flags & VM_SHARED) ? install_page(v, dst, p, f->wp) : -EAGAIN;
	mutex_unlock(&mm->mmap_lock);
	if (err)
		drop_page(p);
	return err;
}

s64 userfault_fill(struct userfaultfd_ctx *ctx, struct fill f, uaddr_t dst, u64 len)
{
	u64 done = 0;
	int err = 0;

	while (!err && done < len) {
		err = fill_page(ctx, &f, dst + done, len - done);
		if (!err) {
			done += PAGE_SIZE;
			f.src += PAGE_SIZE;
		}
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return done ? (s64)done : err;
}

/* ---- writes that have to be asked for ---- */

static int protect_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	(void)mm;
	(void)va;
	(void)ctx;
	if (!pte_is_marker(*slot))
		atomic_store_explicit((_Atomic pte_t *)slot, pte_wrprotect(*slot) | PTE_UFFD_WP, memory_order_release);
	return 0;
}

/* The first write makes it writable, if nobody shares the page. */
static int unprotect_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	(void)mm;
	(void)va;
	(void)ctx;
	atomic_store_explicit((_Atomic pte_t *)slot,
			      pte_is_marker(*slot) ? 0 : *slot & ~PTE_UFFD_WP,
			      memory_order_release);
	return 0;
}

void userfault_clear_wp(struct vma *v)
{
	pte_range(v->mm, v->start, v->end, unprotect_pte, NULL);
}

/* What child has no entry for after a fork: in anonymous memory that is the zero page. */
static int dup_wp(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	struct vma *child = ctx;
	pte_t *to;

	(void)mm;
	if (!pte_uffd_wp(*slot) || pfn_to_page(pte_pfn(*slot))->flags & PG_ANON)
		return 0;
	to = arch_pte_alloc(child->mm, va);
	if (to)
		*to = child->ops ? pte_make_marker() : *slot;
	return to ? 0 : -ENOMEM;
}

int userfault_dup_wp(struct vma *old, struct vma *child)
{
	return pte_range(old->mm, old->start, old->end, dup_wp, child);
}

/* Pages of a file that are not there are asked about when they come. mmap_lock held. */
static int mark_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	for (uaddr_t va = start; va < end; va += PAGE_SIZE) {
		pte_t *slot = slot_find(mm, va);

		if (!slot)
			slot = arch_pte_alloc(mm, va);
		if (!slot)
			return -ENOMEM;
		if (!*slot)
			*slot = pte_make_marker();
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* mmap_lock held. */
static int writeprotect(struct mm *mm, uaddr_t start, uaddr_t end, u64 mode)
{
	int err = -ENOENT;

	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i]->start < end; i++) {
		const struct vma *v = mm->vmas[i];
		uaddr_t from = max(start, v->start), to = min(end, v->end);

		if (!(v->flags & VM_UFFD_WP))
			return -ENOENT;
		pte_range(mm, from, to, mode & UFFDIO_WRITEPROTECT_MODE_WP ? protect_pte : unprotect_pte, NULL);
		if (mode & UFFDIO_WRITEPROTECT_MODE_WP)
			arch_tlb_flush(mm, from, to);
		err = mode & UFFDIO_WRITEPROTECT_MODE_WP && v->ops ? mark_range(mm, from, to) : 0;
		if (err)
			return err;
	}
	return err;
}

int userfault_writeprotect(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len, u64 mode)
{
	int err;

	mutex_lock(&ctx->mm->mmap_lock);
	err = atomic_load(&ctx->mmap_changing) ? -EAGAIN : writeprotect(ctx->mm, start, start + len, mode);
	mutex_unlock(&ctx->mm->mmap_lock);
	return err;
}
