// SPDX-License-Identifier: GPL-2.0-only
/*
 * What resolves a userfault: pages put in the place of missing ones, and those of a file
 * shown that has them. Mirrors Linux mm/userfaultfd.c.
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
static struct vma *fill_target(struct mm *mm, uaddr_t dst, u64 len)
{
	struct vma *v = vma_at(mm, dst);

	if (!v || v->start > dst || v->end - dst < len || !v->uffd)
		return ERR_PTR(-ENOENT);
	if (atomic_load(&mm->flags) & MMF_UNSTABLE)
		return ERR_PTR(-ESRCH);
	return v;
}

bool vma_is_shmem(const struct vma *v)
{
	return v->ops == &generic_file_vm_ops && vma_mapping(v)->flags & MAPPING_SHMEM;
}

/*
 * The page to be put at dst, in a shared mapping or a private one, whose reference the caller gets;
 * NULL: the one that the file has. ERR_PTR. mmap_lock not held.
 */
static struct page *make_page(enum fill_with with, uaddr_t src, bool shared)
{
	u32 gfp = GFP_USER | (with == FILL_ZERO ? GFP_ZERO : 0);
	struct page *p;

	if (with == FILL_CONTINUE)
		return NULL;
	if (with == FILL_ZERO && !shared)
		return zero_page;
	p = shared ? alloc_page(gfp) : alloc_anon_page();
	if (p && shared)
		p = mem_cgroup_charge(p, gfp);
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
static int install_page(struct vma *v, uaddr_t dst, struct page *p)
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
		err = *slot ? -EEXIST : mapping_add_page(vma_mapping(v), vma_pgoff(v, dst), p);
	if (!err)
		err = fault_install(v, dst, p, p->flags & PG_ANON ? PTE_WRITE : 0);
	if (err && !own)
		put_page(p);
	return err;
}

/* The first of [dst, dst + left). 0 or -errno. */
static int fill_page(struct mm *mm, enum fill_with with, uaddr_t dst, uaddr_t src, u64 left)
{
	struct page *p;
	struct vma *v;
	bool shared;
	int err = 0;

	mutex_lock(&mm->mmap_lock);
	v = fill_target(mm, dst, left);
	if (IS_ERR(v))
		err = (int)PTR_ERR(v);
	else if (with == FILL_CONTINUE && !vma_is_shmem(v))
		err = -EINVAL;
	else
		shared = v->flags & VM_SHARED;
	mutex_unlock(&mm->mmap_lock);
	if (err)
		return err;
	p = make_page(with, src, shared);
	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	mutex_lock(&mm->mmap_lock);
	v = fill_target(mm, dst, left);
	if (IS_ERR(v))
		err = (int)PTR_ERR(v);
	else if (shared != !!(v->flags & VM_SHARED) || (with == FILL_CONTINUE && !vma_is_shmem(v)))
		err = -EAGAIN;		/* other memory than it was */
	else
		err = install_page(v, dst, p);
	mutex_unlock(&mm->mmap_lock);
	if (err)
		drop_page(p);
	return err;
}

s64 userfault_fill(struct userfaultfd_ctx *ctx, enum fill_with with, uaddr_t dst, uaddr_t src, u64 len)
{
	u64 done = 0;
	int err = 0;

	while (!err && done < len) {
		err = fill_page(ctx->mm, with, dst + done, src + done, len - done);
		if (!err)
			done += PAGE_SIZE;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return done ? (s64)done : err;
}
