// SPDX-License-Identifier: GPL-2.0-only
/*
 * userfaultfd: a range of memory whose faults user mode resolves. A thread that needs a page there
 * sleeps until somebody who read of it from the descriptor has put a page in its place. Mirrors
 * Linux fs/userfaultfd.c; userfault_fill.c is what puts pages there, userfault_event.c what else can
 * be read.
 *
 * Locks: mm->mmap_lock covers which mappings are registered; ctx->lock, inside it, the faults; the
 * wait queues come last. Nobody sleeps in a fault with mmap_lock held, so the reaper gets at the
 * memory of a victim that does.
 *
 * No wake-up is lost: the fault is in the list before mmap_lock is let go of, and whoever resolves
 * it takes mmap_lock to do so and looks at the list afterwards.
 *
 *	the fault				who resolves it
 *	lock(mmap_lock)
 *	no page: into the list
 *	unlock(mmap_lock)			lock(mmap_lock)
 *	sleeps until done			puts the page there
 *						unlock(mmap_lock)
 *						lock(ctx->lock): done = true, wakes it
 *
 * The sleep of a fault in user mode ends with a signal, which is handled, and then the access faults
 * again. LINUX: one in the kernel, which may hold locks, is ended by death alone; there it runs in
 * circles while a signal is pending. Both freeze where they are.
 */
#include "kernel/abi.h"
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/userfaultfd.h"
#include "kernel/panic.h"
#include "kernel/pid.h"
#include "kernel/task.h"

#define FEATURES	(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | \
			 UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID | \
			 UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_EXACT_ADDRESS)
#define API_IOCTLS	(UFFD_BIT(UFFDIO_REGISTER) | UFFD_BIT(UFFDIO_UNREGISTER) | UFFD_BIT(UFFDIO_API))
#define RANGE_IOCTLS	(UFFD_BIT(UFFDIO_WAKE) | UFFD_BIT(UFFDIO_COPY) | UFFD_BIT(UFFDIO_ZEROPAGE) | UFFD_BIT(UFFDIO_WRITEPROTECT) | \
			 UFFD_BIT(UFFDIO_CONTINUE))
#define REGISTER_MODES	(UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MINOR)
#define INITIALIZED	(1ul << 63)	/* no feature's bit */

struct userfault {			/* on the stack of who sleeps for it */
	struct list node;		/* [ctx->lock] in pending or faults, or in none: done */
	struct uffd_msg msg;		/* (!) */
	_Atomic bool done;
	struct waitq wait;
};

int sysctl_unprivileged_userfaultfd;

void userfaultfd_ctx_put(struct userfaultfd_ctx *ctx)
{
	if (atomic_fetch_sub(&ctx->refs, 1) > 1)
		return;
	assert(list_empty(&ctx->pending) && list_empty(&ctx->faults) && list_empty(&ctx->events));
	mmdrop(ctx->mm);
	kfree(ctx);
}

/* ---- who faults ---- */

/* Nothing is mapped at addr of a file's mapping. Beyond its end nobody is asked. */
static u32 file_reason(const struct vma *v, uaddr_t addr)
{
	struct mapping *m = vma_mapping(v);
	struct page *p;

	if (!v->uffd || vma_pgoff(v, addr) >= mapping_limit(m))
		return 0;
	p = mapping_find_page(m, vma_pgoff(v, addr));
	if (!p)
		return v->flags & VM_UFFD_MISSING;
	put_page(p);
	return v->flags & VM_UFFD_MINOR;
}

u32 userfault_reason(const struct vma *v, uaddr_t addr, unsigned flags)
{
	const pte_t *slot = slot_find(v->mm, addr);

	assert_held(&v->mm->mmap_lock);
	if (slot && *slot)
		return flags & FAULT_WRITE && pte_uffd_wp(*slot) ? VM_UFFD_WP : 0;
	return v->ops ? file_reason(v, addr) : v->flags & VM_UFFD_MISSING;
}

/* May who faults so be put to sleep? */
static bool may_wait(const struct userfaultfd_ctx *ctx, unsigned flags)
{
	if (current->flags & PF_EXITING || atomic_load(&ctx->features) & UFFD_FEATURE_SIGBUS)
		return false;
	return flags & FAULT_USER || !(ctx->flags & UFFD_USER_MODE_ONLY);
}

static struct uffd_msg fault_msg(const struct userfaultfd_ctx *ctx, uaddr_t addr, unsigned flags, u32 reason)
{
	u64 features = atomic_load(&ctx->features);
	struct uffd_msg m = { .event = UFFD_EVENT_PAGEFAULT };

	m.arg.pagefault.flags = (flags & FAULT_WRITE ? UFFD_PAGEFAULT_FLAG_WRITE : 0) |
				(reason & VM_UFFD_WP ? UFFD_PAGEFAULT_FLAG_WP : 0) | (reason & VM_UFFD_MINOR ? UFFD_PAGEFAULT_FLAG_MINOR : 0);
	m.arg.pagefault.address = features & UFFD_FEATURE_EXACT_ADDRESS ? addr : addr & PAGE_MASK;
	if (features & UFFD_FEATURE_THREAD_ID)
		m.arg.pagefault.ptid = (u32)task_pid_vnr(current);
	return m;
}

/*
 * Into the list of who is told of faults at addr. The ctx, referenced; NULL: nobody needs to be told
 * any more; or ERR_PTR(-EFAULT): nobody can be.
 */
static struct userfaultfd_ctx *queue_fault(struct mm *mm, uaddr_t addr, unsigned flags, struct userfault *f)
{
	const struct vma *v = vma_at(mm, addr);
	struct userfaultfd_ctx *ctx;
	u32 reason = v && v->start <= addr ? userfault_reason(v, addr & PAGE_MASK, flags) : 0;

	if (!reason)
		return NULL;
	ctx = v->uffd;
	if (!may_wait(ctx, flags))
		return ERR_PTR(-EFAULT);
	atomic_fetch_add(&ctx->refs, 1);
	f->msg = fault_msg(ctx, addr, flags, reason);
	spin_lock(&ctx->lock);
	list_add_tail(&f->node, &ctx->pending);
	spin_unlock(&ctx->lock);
	return ctx;
}

int handle_userfault(struct mm *mm, uaddr_t addr, unsigned flags)
{
	const unsigned state = (flags & FAULT_USER ? TASK_INTERRUPTIBLE : TASK_KILLABLE) | TASK_FREEZABLE;
	struct userfaultfd_ctx *ctx;
	struct userfault f;

	might_sleep();
	atomic_init(&f.done, false);
	waitq_init(&f.wait, "userfault");
	mutex_lock(&mm->mmap_lock);
	ctx = queue_fault(mm, addr, flags, &f);
	mutex_unlock(&mm->mmap_lock);
	if (!ctx)
		return 0;
	if (IS_ERR(ctx))
		return FAULT_SIGBUS;
	wake_up_poll(&ctx->wait, POLLIN);
	(void)wait_event_state(&f.wait, atomic_load(&f.done), state, NO_DEADLINE);
	spin_lock(&ctx->lock);
	list_del(&f.node);
	spin_unlock(&ctx->lock);
	userfaultfd_ctx_put(ctx);
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/* ctx->lock held. */
static void wake_list(struct list *faults, uaddr_t start, u64 len)
{
	struct userfault *f, *next;

	list_for_each_safe(f, next, faults, node) {
		if (f->msg.arg.pagefault.address - start >= len)
			continue;
		list_del(&f->node);
		atomic_store(&f->done, true);
		/* It takes ctx->lock before it leaves, so it is still there. */
		wake_up_all(&f->wait);
	}
}

static void wake_faults(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len)
{
	spin_lock(&ctx->lock);
	wake_list(&ctx->pending, start, len);
	wake_list(&ctx->faults, start, len);
	spin_unlock(&ctx->lock);
}

/* ---- which mappings ---- */

/* Users of mm, to be let go of with mmput; false: it has none any more. */
static bool mmget_not_zero(struct mm *mm)
{
	u32 n = atomic_load(&mm->mm_users);

	while (n)
		if (atomic_compare_exchange_weak(&mm->mm_users, &n, n + 1))
			return true;
	return false;
}

/* Could so many whole pages be user memory? 0 or -EINVAL. */
static int validate_unaligned_range(u64 start, u64 len)
{
	if (len & ~PAGE_MASK || !len || start < USER_MIN || start >= USER_MAX || len > USER_MAX - start)
		return -EINVAL;
	return 0;
}

static int validate_range(u64 start, u64 len)
{
	return start & ~PAGE_MASK ? -EINVAL : validate_unaligned_range(start, len);
}

/* Linux's order of refusals. LINUX: writes to files in memory cannot be asked for. */
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

		if (!vma_can_userfault(v) || (flags & VM_UFFD_MINOR && !vma_is_shmem(v)) || (flags & VM_UFFD_WP && v->ops))
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
		wake_faults(ctx, r.start, r.len);
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
		wake_faults(ctx, r.start, r.len);
	return err;
}

/*
 * @done of @len bytes at start are there, or none, -errno, which user mode is told at @result. Who
 * waited for them wakes.
 */
static long filled(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len, s64 done, u64 mode, uaddr_t result)
{
	if (copy_to_user(result, &done, sizeof(done)))
		return -EFAULT;
	if (done < 0)
		return done;
	if (!(mode & UFFDIO_MODE_DONTWAKE))
		wake_faults(ctx, start, (u64)done);
	return (u64)done == len ? 0 : -EAGAIN;
}

static long userfaultfd_copy(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct uffdio_copy c;
	s64 done;
	int err;

	if (copy_from_user(&c, arg, offsetof(struct uffdio_copy, copy)))
		return -EFAULT;
	err = validate_range(c.dst, c.len);
	if (err)
		return err;
	if (validate_unaligned_range(c.src, c.len) || c.mode & ~(UFFDIO_MODE_DONTWAKE | UFFDIO_COPY_MODE_WP))
		return -EINVAL;
	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	done = userfault_fill(ctx, (struct fill){ FILL_COPY, c.mode & UFFDIO_COPY_MODE_WP, c.src }, c.dst, c.len);
	mmput(ctx->mm);
	return filled(ctx, c.dst, c.len, done, c.mode, arg + offsetof(struct uffdio_copy, copy));
}

/* UFFDIO_ZEROPAGE or UFFDIO_CONTINUE. */
static long userfaultfd_fill(struct userfaultfd_ctx *ctx, enum fill_with with, uaddr_t arg)
{
	struct uffdio_fill a;
	s64 done;
	int err;

	if (copy_from_user(&a, arg, offsetof(struct uffdio_fill, done)))
		return -EFAULT;
	err = validate_range(a.range.start, a.range.len);
	if (err)
		return err;
	if (a.mode & ~UFFDIO_MODE_DONTWAKE)
		return -EINVAL;
	if (!mmget_not_zero(ctx->mm))
		return -ESRCH;
	done = userfault_fill(ctx, (struct fill){ .with = with }, a.range.start, a.range.len);
	mmput(ctx->mm);
	return filled(ctx, a.range.start, a.range.len, done, a.mode, arg + offsetof(struct uffdio_fill, done));
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
		wake_faults(ctx, w.range.start, w.range.len);
	return err;
}

/* A refusal is told with zeroes, too. */
static long userfaultfd_api(struct userfaultfd_ctx *ctx, uaddr_t arg)
{
	struct uffdio_api a;
	u64 none = 0;
	long err = 0;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.api != UFFD_API || a.features & ~FEATURES)
		err = -EINVAL;
	else if (a.features & UFFD_FEATURE_EVENT_FORK && !capable(CAP_SYS_PTRACE))
		err = -EPERM;
	else if (!atomic_compare_exchange_strong(&ctx->features, &none, a.features | INITIALIZED))
		err = -EINVAL;
	a = err ? (struct uffdio_api){ 0 } : (struct uffdio_api){ UFFD_API, FEATURES, API_IOCTLS };
	return copy_to_user(arg, &a, sizeof(a)) ? -EFAULT : err;
}

static long userfaultfd_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
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

/* ---- who reads ---- */

/* The oldest that nobody has read, faults first: as userfault_take_event. */
static int take(struct userfaultfd_ctx *ctx, struct uffd_msg *m, struct userfaultfd_ctx **child)
{
	struct userfault *f;
	int err = 0;

	*child = NULL;
	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->pending)) {
		f = list_first(&ctx->pending, struct userfault, node);
		list_move_tail(&f->node, &ctx->faults);
		*m = f->msg;
	} else {
		err = userfault_take_event(ctx, m, child);
	}
	spin_unlock(&ctx->lock);
	return err;
}

/* As many as fit: waits for the first one only. */
static s64 userfaultfd_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct userfaultfd_ctx *ctx = f->private;
	size_t most = n / sizeof(struct uffd_msg), got = 0;
	struct userfaultfd_ctx *child;
	struct uffd_msg m;
	int err;

	(void)pos;
	if (!atomic_load(&ctx->features) || !most)
		return -EINVAL;
	err = take(ctx, &m, &child);
	if (err && !(f->flags & O_NONBLOCK))
		err = wait_event_freezable(&ctx->wait, !take(ctx, &m, &child));
	while (!err) {
		if (child)
			err = userfault_fork_fd(ctx, child, &m);
		if (err)
			break;
		if (copy_to_user(buf + got * sizeof(m), &m, sizeof(m)))
			err = -EFAULT;
		else if (++got == most)
			break;
		else
			err = take(ctx, &m, &child);
	}
	return got ? (s64)(got * sizeof(m)) : err;
}

/* Who would sleep in read cannot trust poll: what is pending may be resolved before it is read. */
static unsigned userfaultfd_poll(struct file *f, struct poll_table *pt)
{
	struct userfaultfd_ctx *ctx = f->private;

	poll_wait(pt, &ctx->wait);
	if (!atomic_load(&ctx->features) || !(f->flags & O_NONBLOCK))
		return POLLERR;
	return list_empty(&ctx->pending) && list_empty(&ctx->events) ? 0 : POLLIN;
}

static size_t userfaultfd_show_fdinfo(struct file *f, struct pid_namespace *ns, char *buf, size_t n)
{
	struct userfaultfd_ctx *ctx = f->private;
	unsigned long pending = 0, total = 0;
	const struct userfault *u;

	(void)ns;
	spin_lock(&ctx->lock);
	list_for_each(u, &ctx->pending, node)
		pending++;
	list_for_each(u, &ctx->faults, node)
		total++;
	spin_unlock(&ctx->lock);
	return kscnprintf(buf, n, "pending:\t%lu\ntotal:\t%lu\nAPI:\t%lx:%lx:%lx\n", pending, pending + total, UFFD_API,
			  atomic_load(&ctx->features) & ~INITIALIZED, API_IOCTLS | RANGE_IOCTLS);
}

/* Nothing waits any more, and nothing will: its mappings become like others. */
static void userfaultfd_release(struct file *f)
{
	struct userfaultfd_ctx *ctx = f->private;
	struct userfault_event *e;

	userfaultfd_unregister_all(ctx);
	wake_faults(ctx, 0, ~0ul);
	spin_lock(&ctx->lock);
	atomic_store(&ctx->released, true);
	list_for_each(e, &ctx->events, node)
		wake_up_all(&e->wait);
	spin_unlock(&ctx->lock);
	userfaultfd_ctx_put(ctx);
}

static const struct file_ops userfaultfd_fops = {
	.read = userfaultfd_read,
	.poll = userfaultfd_poll,
	.ioctl = userfaultfd_ioctl,
	.release = userfaultfd_release,
	.show_fdinfo = userfaultfd_show_fdinfo,
};

/* ---- the system call ---- */

struct userfaultfd_ctx *userfaultfd_ctx_alloc(struct mm *mm, u32 flags)
{
	struct userfaultfd_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return NULL;
	atomic_init(&ctx->refs, 1);
	ctx->flags = flags;
	ctx->mm = mm;
	mmgrab(mm);
	waitq_init(&ctx->wait, "userfaultfd");
	spin_init(&ctx->lock, "userfaultfd", RANK_USERFAULT);
	list_init(&ctx->pending);
	list_init(&ctx->faults);
	list_init(&ctx->events);
	return ctx;
}

struct file *userfaultfd_file(struct userfaultfd_ctx *ctx)
{
	struct inode *i = anon_inode(0600);
	struct file *f = ERR_PTR(-ENOMEM);

	if (i)
		f = file_alloc_anon(i, "anon_inode:[userfaultfd]", &userfaultfd_fops, O_RDONLY | (ctx->flags & O_NONBLOCK));
	if (!IS_ERR(f))
		f->private = ctx;
	return f;
}

/* Who may hold up the kernel's own accesses could keep them up at a place of its choice. */
static bool userfaultfd_allowed(int flags)
{
	return flags & UFFD_USER_MODE_ONLY || READ_ONCE(sysctl_unprivileged_userfaultfd) || capable(CAP_SYS_PTRACE);
}

long sys_userfaultfd(int flags)
{
	struct userfaultfd_ctx *ctx;
	struct file *f;
	int fd;

	if (!userfaultfd_allowed(flags))
		return -EPERM;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY))
		return -EINVAL;
	ctx = userfaultfd_ctx_alloc(current->mm, (u32)flags);
	f = ctx ? userfaultfd_file(ctx) : ERR_PTR(-ENOMEM);
	if (IS_ERR(f)) {
		if (ctx)
			userfaultfd_ctx_put(ctx);
		return PTR_ERR(f);
	}
	fd = fd_alloc(f, (u32)flags, 0);
	if (fd < 0)
		fput(f);
	return fd;
}
