// SPDX-License-Identifier: GPL-2.0-only
/*
 * userfaultfd: a range of memory whose faults user mode resolves. A thread that needs a page there
 * sleeps until somebody who read of it from the descriptor has put a page in its place. The
 * descriptor and the queue of faults; userfault_ioctl.c is what is asked of it, userfault_fill.c what
 * puts pages there, userfault_event.c what else can be read. Mirrors Linux fs/userfaultfd.c.
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
	if (slot && !pte_none_mostly(*slot))
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

void userfault_wake(struct userfaultfd_ctx *ctx, uaddr_t start, u64 len)
{
	spin_lock(&ctx->lock);
	wake_list(&ctx->pending, start, len);
	wake_list(&ctx->faults, start, len);
	spin_unlock(&ctx->lock);
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
			  atomic_load(&ctx->features), API_IOCTLS | RANGE_IOCTLS);
}

/* Nothing waits any more, and nothing will: its mappings become like others. */
static void userfaultfd_release(struct file *f)
{
	struct userfaultfd_ctx *ctx = f->private;
	struct userfault_event *e;

	userfaultfd_unregister_all(ctx);
	userfault_wake(ctx, 0, ~0ul);
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
	return anon_inode_getfile("anon_inode:[userfaultfd]", &userfaultfd_fops, ctx,
				  O_RDONLY | (ctx->flags & O_NONBLOCK));
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
	return fd_alloc(f, (u32)flags, 0);
}
