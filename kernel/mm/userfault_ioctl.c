// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is asked of a userfaultfd: the handshake, which mappings it is told of, and to resolve what it
 * was told. Mirrors the ioctls of Linux fs/userfaultfd.c; userfault_fill.c does what they ask for.
 *
 * Locks: mm->mmap_lock covers which mappings are registered.
 */
#include "kernel/abi.h"
#include "kernel/cred.h"
#include "kernel/mm/userfaultfd.h"

/* Linux 6.1's, those of huge pages too: there are none to register. */
#define FEATURES	(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | \
			 UFFD_FEATURE_MISSING_HUGETLBFS | UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_SIGBUS | \
			 UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_MINOR_HUGETLBFS | UFFD_FEATURE_MINOR_SHMEM | \
			 UFFD_FEATURE_EXACT_ADDRESS | UFFD_FEATURE_WP_HUGETLBFS_SHMEM)
#define REGISTER_MODES	(UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MINOR)

/* ---- which mappings ---- */

/* Could so many whole pages be user memory? 0 or -EINVAL. */
static int validate_unaligned_range(u64 start, u64 len)
{
	if (len & ~PAGE_MASK || !len || start < (uaddr_t)READ_ONCE(sysctl_mmap_min_addr) ||
	    start >= USER_MAX || len > USER_MAX - start)
		return -EINVAL;
	return 0;
}

static int validate_range(u64 start, u64 len)
{
	return start & ~PAGE_MASK ? -EINVAL : validate_unaligned_range(start, len);
}

/* Linux's order of refusals. */
static int check_register(struct userfaultfd_ctx *ctx, uaddr_t start, uaddr_t end, u32 flags)
{
	struct mm *mm = ctx->mm;
	unsigned i = vma_index(mm, start);

	if (i == mm->nr_vmas)
		return -ENOMEM;
	if (mm->vmas[i]->start >= end)
		return -EINVAL;
	for (; i < mm->nr_vmas && mm->vmas[i]->start < end; i++) {
		const struct vma *v = mm->vmas[i];

		if (!vma_can_userfault(v) || (flags & VM_UFFD_MINOR && !vma_is_shmem(v)))
			return -EINVAL;
		if (!vma_may_write(v))
			return -EPERM;
		if (v->uffd && v->uffd != ctx)
			return -EBUSY;
	}
	return 0;
}

/* mmap_lock held. */
static void unregister_vma(struct vma *v)
{
	if (v->flags & VM_UFFD_WP)
		userfault_clear_wp(v);
	v->flags &= ~VM_UFFD_MASK;
	v->uffd = NULL;
}

/* mmap_lock held. 0 or -errno. */
static int register_range(struct userfaultfd_ctx *ctx, uaddr_t start, uaddr_t end, u32 flags)
{
	struct mm *mm = ctx->mm;
	unsigned first, last;
	int err = check_register(ctx, start, end, flags);

	if (!err)
		err = vma_isolate(mm, start, end, &first, &last);
	if (err)
		return err;
	atomic_fetch_or(&mm->flags, MMF_USERFAULT);
	for (unsigned i = first; i < last; i++) {
		struct vma *v = mm->vmas[i];

		if ((v->flags & flags) == flags)
			continue;
		unregister_vma(v);	/* in another mode */
		v->flags |= flags;
		v->uffd = ctx;
	}
	vma_merge_range(mm, first, last);
	return 0;
}

static int unregister_range(struct userfaultfd_ctx *ctx, uaddr_t start, uaddr_t end)
{
	struct mm *mm = ctx->mm;
	unsigned first, last;
	int err;

	first = vma_index(mm, start);
	if (first == mm->nr_vmas)
		return -ENOMEM;
	if (mm->vmas[first]->start >= end)
		return -EINVAL;
	for (unsigned i = first; i < mm->nr_vmas && mm->vmas[i]->start < end; i++)
		if (!vma_can_userfault(mm->vmas[i]) || (mm->vmas[i]->uffd && mm->vmas[i]->uffd != ctx))
			return -EINVAL;
	err = vma_isolate(mm, start, end, &first, &last);
	if (err)
		return err;
	for (unsigned i = first; i < last; i++)
		unregister_vma(mm->vmas[i]);
	vma_merge_range(mm, first, last);
	return 0;
}

void userfaultfd_unregister_all(struct userfaultfd_ctx *ctx)
{
	struct mm *mm = ctx->mm;

	if (!mmget_not_zero(mm))
		return;
	mutex_lock(&mm->mmap_lock);
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (mm->vmas[i]->uffd == ctx)
			unregister_vma(mm->vmas[i]);
	vma_merge_range(mm, 0, mm->nr_vmas);
	mutex_unlock(&mm->mmap_lock);
	mmput(mm);
}

static long userfaultfd_register(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct uffdio_register r;
	struct mm *mm = ctx->mm;
	u64 ioctls = RANGE_IOCTLS;
	u32 flags;
	long err;

	if (copy_from_user(&r, arg, offsetof(struct uffdio_register, ioctls)))
		return -EFAULT;
	if (!r.mode || r.mode & ~REGISTER_MODES)
		return -EINVAL;
	flags = (r.mode & UFFDIO_REGISTER_MODE_MISSING ? VM_UFFD_MISSING : 0) |
		(r.mode & UFFDIO_REGISTER_MODE_WP ? VM_UFFD_WP : 0) | (r.mode & UFFDIO_REGISTER_MODE_MINOR ? VM_UFFD_MINOR : 0);
	ioctls &= ~((flags & VM_UFFD_WP ? 0 : UFFD_BIT(UFFDIO_WRITEPROTECT)) | (flags & VM_UFFD_MINOR ? 0 : UFFD_BIT(UFFDIO_CONTINUE)));
	err = validate_range(r.range.start, r.range.len);
	if (err)
		return err;
	if (!mmget_not_zero(mm))
		return -ENOMEM;
	mutex_lock(&mm->mmap_lock);
	err = register_range(ctx, r.range.start, r.range.start + r.range.len, flags);
	mutex_unlock(&mm->mmap_lock);
	mmput(mm);
	if (!err && copy_to_user(arg + offsetof(struct uffdio_register, ioctls), &ioctls, sizeof(ioctls)))
		return -EFAULT;
	return err;
}

static long userfaultfd_unregister(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct mm *mm = ctx->mm;
	struct uffdio_range r;
	long err;

	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	err = validate_range(r.start, r.len);
	if (err)
		return err;
	if (!mmget_not_zero(mm))
		return -ENOMEM;
	mutex_lock(&mm->mmap_lock);
	err = unregister_range(ctx, r.start, r.start + r.len);
	mutex_unlock(&mm->mmap_lock);
	mmput(mm);
	if (!err)
		userfault_wake(ctx, r.start, r.len);
	return err;
}

/* ---- who resolves ---- */

static long userfaultfd_wake(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct uffdio_range r;
	int err;

	if (copy_from_user(&r, arg, sizeof(r)))
		return -EFAULT;
	err = validate_range(r.start, r.len);
	if (!err)
		userfault_wake(ctx, r.start, r.len);
	return err;
}

/*
 * As many pages of [dst, dst + len) as can be are there; user mode is told at @result how many bytes,
 * or why none. Who waited for them wakes.
 */
static long fill(struct userfaultfd_ctx *ctx, struct fill f, struct uffdio_range r, u64 mode, uaddr_t result)
{
	s64 done;

	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	done = userfault_fill(ctx, f, r.start, r.len);
	mmput(ctx->mm);
	if (copy_to_user(result, &done, sizeof(done)))
		return -EFAULT;
	if (done < 0)
		return done;
	if (!(mode & UFFDIO_MODE_DONTWAKE))
		userfault_wake(ctx, r.start, (u64)done);
	return (u64)done == r.len ? 0 : -EAGAIN;
}

static long userfaultfd_copy(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct uffdio_copy c;
	int err;

	if (copy_from_user(&c, arg, offsetof(struct uffdio_copy, copy)))
		return -EFAULT;
	err = validate_range(c.dst, c.len);
	if (err)
		return err;
	if (validate_unaligned_range(c.src, c.len) || c.mode & ~(UFFDIO_MODE_DONTWAKE | UFFDIO_COPY_MODE_WP))
		return -EINVAL;
	return fill(ctx, (struct fill){ FILL_COPY, c.mode & UFFDIO_COPY_MODE_WP, c.src },
		    (struct uffdio_range){ c.dst, c.len },
		    c.mode, arg + offsetof(struct uffdio_copy, copy));
}

/* UFFDIO_ZEROPAGE or UFFDIO_CONTINUE. */
static long userfaultfd_fill(struct userfaultfd_ctx *ctx, enum fill_with with, uaddr_t arg)
{
	struct uffdio_fill a;
	int err;

	if (copy_from_user(&a, arg, offsetof(struct uffdio_fill, done)))
		return -EFAULT;
	err = validate_range(a.range.start, a.range.len);
	if (err)
		return err;
	if (a.mode & ~UFFDIO_MODE_DONTWAKE)
		return -EINVAL;
	return fill(ctx, (struct fill){ .with = with }, a.range, a.mode, arg + offsetof(struct uffdio_fill, done));
}

static long userfaultfd_writeprotect(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct uffdio_writeprotect w;
	int err;

	if (copy_from_user(&w, arg, sizeof(w)))
		return -EFAULT;
	err = validate_range(w.range.start, w.range.len);
	if (err)
		return err;
	if (w.mode & ~(UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE) ||
	    w.mode == (UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE))
		return -EINVAL;
	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	err = userfault_writeprotect(ctx, w.range.start, w.range.len, w.mode);
	mmput(ctx->mm);
	if (!err && !w.mode)
		userfault_wake(ctx, w.range.start, w.range.len);
	return err;
}

/* A refusal is told with zeroes, too. What cannot be told is not agreed. */
static long userfaultfd_api(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	const struct uffdio_api answer = { UFFD_API, FEATURES, API_IOCTLS }, zeroes = { 0 };
	struct uffdio_api a;
	u64 none = 0;
	long err = 0;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.api != UFFD_API || a.features & ~FEATURES)
		err = -EINVAL;
	else if (a.features & UFFD_FEATURE_EVENT_FORK && !capable(CAP_SYS_PTRACE))
		err = -EPERM;
	else if (copy_to_user(arg, &answer, sizeof(answer)))
		return -EFAULT;
	else if (!atomic_compare_exchange_strong(&ctx->features, &none, a.features | UFFD_INITIALIZED))
		err = -EINVAL;
	return err && copy_to_user(arg, &zeroes, sizeof(zeroes)) ? -EFAULT : err;
}

long userfaultfd_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct userfaultfd_ctx *ctx = f->private;

	if (cmd != UFFDIO_API && !atomic_load(&ctx->features))
		return -EINVAL;
	switch (cmd) {
	case UFFDIO_API:
		return userfaultfd_api(ctx, arg);
	case UFFDIO_REGISTER:
		return userfaultfd_register(ctx, arg);
	case UFFDIO_UNREGISTER:
		return userfaultfd_unregister(ctx, arg);
	case UFFDIO_WAKE:
		return userfaultfd_wake(ctx, arg);
	case UFFDIO_COPY:
		return userfaultfd_copy(ctx, arg);
	case UFFDIO_ZEROPAGE:
		return userfaultfd_fill(ctx, FILL_ZERO, arg);
	case UFFDIO_WRITEPROTECT:
		return userfaultfd_writeprotect(ctx, arg);
	case UFFDIO_CONTINUE:
		return userfaultfd_fill(ctx, FILL_CONTINUE, arg);
	}
	return -EINVAL;
}
