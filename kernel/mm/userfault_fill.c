// SPDX-License-Identifier: GPL-2.0-only
/*
 * What resolves a userfault: pages put in the place of missing ones. Mirrors Linux mm/userfaultfd.c.
 *
 * Locks: mm->mmap_lock, for one page at a time; not while the page is made and user memory copied to
 * it, since that memory may fault, too.
 */
#include "kernel/abi.h"
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

/* p, or the zero page, is the first of [dst, dst + left). 0 or -errno; p is taken over. */
static int fill_page(struct mm *mm, uaddr_t dst, u64 left, struct page *p)
{
	struct vma *v;
	int err;

	mutex_lock(&mm->mmap_lock);
	v = fill_target(mm, dst, left);
	err = IS_ERR(v) ? (int)PTR_ERR(v) : fault_install(v, dst, p ? p : zero_page, p ? PTE_WRITE : 0);
	mutex_unlock(&mm->mmap_lock);
	if (err && p)
		put_page(p);
	return err;
}

static int copy_page_in(struct mm *mm, uaddr_t dst, uaddr_t src, u64 left)
{
	struct page *p = alloc_anon_page();

	if (!p)
		return -ENOMEM;
	if (copy_from_user(page_address(p), src, PAGE_SIZE)) {
		put_page(p);
		return -EFAULT;
	}
	return fill_page(mm, dst, left, p);
}

static int zero_page_in(struct mm *mm, uaddr_t dst, uaddr_t src, u64 left)
{
	(void)src;
	return fill_page(mm, dst, left, NULL);
}

static int check_target(struct mm *mm, uaddr_t dst, u64 len)
{
	struct vma *v;

	mutex_lock(&mm->mmap_lock);
	v = fill_target(mm, dst, len);
	mutex_unlock(&mm->mmap_lock);
	return IS_ERR(v) ? (int)PTR_ERR(v) : 0;
}

/* Page by page, by @one. */
static s64 fill(struct mm *mm, uaddr_t dst, uaddr_t src, u64 len, int (*one)(struct mm *mm, uaddr_t dst, uaddr_t src, u64 left))
{
	int err = check_target(mm, dst, len);
	u64 done = 0;

	while (!err && done < len) {
		err = one(mm, dst + done, src + done, len - done);
		if (!err)
			done += PAGE_SIZE;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return done ? (s64)done : err;
}

s64 userfault_copy(struct userfaultfd_ctx *ctx, uaddr_t dst, uaddr_t src, u64 len)
{
	return fill(ctx->mm, dst, src, len, copy_page_in);
}

s64 userfault_zeropage(struct userfaultfd_ctx *ctx, uaddr_t dst, u64 len)
{
	return fill(ctx->mm, dst, 0, len, zero_page_in);
}
