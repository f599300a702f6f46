// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to registered memory besides faults, for a manager in another process: it is copied
 * by fork, moved, emptied or unmapped. Whoever does it tells, and waits until that has been read.
 * Mirrors the events of Linux fs/userfaultfd.c.
 *
 * Locks: an event is made with mmap_lock held and told without it: it is at its maker's meanwhile
 * (task.userfault_events). What is not told before the system call goes on is told on its way out, as
 * task work, so that calls that nobody wants to know of need not ask. ctx->lock covers those that are
 * told.
 *
 * While an event is under way nothing is filled (mmap_changing): what its reader knows is old.
 */
#include "kernel/abi.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/userfaultfd.h"
#include "kernel/panic.h"
#include "kernel/task.h"

/* ---- who tells ---- */

static bool wanted(const struct userfaultfd_ctx *ctx, u64 feature)
{
	return ctx && atomic_load(&ctx->features) & feature;
}

static struct userfault_event *event_new(struct userfaultfd_ctx *ctx, u8 what)
{
	struct userfault_event *e = kzalloc(sizeof(*e), GFP_KERNEL);

	if (!e)
		return NULL;
	atomic_fetch_add(&ctx->refs, 1);
	atomic_fetch_add(&ctx->mmap_changing, 1);
	e->ctx = ctx;
	e->msg.event = what;
	list_init(&e->node);
	waitq_init(&e->wait, "userfault event");
	return e;
}

static void event_free(struct userfault_event *e)
{
	atomic_fetch_sub(&e->ctx->mmap_changing, 1);
	userfaultfd_ctx_put(e->ctx);
	if (e->child)
		userfaultfd_ctx_put(e->child);
	kfree(e);
}

/* The last of those that current is to tell. */
static void event_queue(struct userfault_event *e)
{
	struct userfault_event **at = &current->userfault_events;

	while (*at)
		at = &(*at)->next;
	*at = e;
}

static struct userfault_event *event_dequeue(void)
{
	struct userfault_event *e = current->userfault_events;

	current->userfault_events = e->next;
	return e;
}

/* Until it is read, or nobody can read it any more, or current dies: then false. */
static bool event_wait(struct userfault_event *e)
{
	struct userfaultfd_ctx *ctx = e->ctx;
	bool read;

	if (current->flags & PF_EXITING)
		return false;
	spin_lock(&ctx->lock);
	if (!atomic_load(&ctx->released))
		list_add_tail(&e->node, &ctx->events);
	spin_unlock(&ctx->lock);
	wake_up_poll(&ctx->wait, POLLIN);
	(void)wait_event_state(&e->wait, atomic_load(&e->done) || atomic_load(&ctx->released),
			       TASK_KILLABLE | TASK_FREEZABLE, NO_DEADLINE);
	spin_lock(&ctx->lock);
	list_del(&e->node);
	read = atomic_load(&e->done);
	spin_unlock(&ctx->lock);
	return read;
}

void userfault_tell(void)
{
	might_sleep();
	while (current->userfault_events) {
		struct userfault_event *e = event_dequeue();

		if (!event_wait(e) && e->child)
			userfaultfd_unregister_all(e->child);	/* nobody will hear of the child's faults */
		event_free(e);
	}
}

void userfault_forget(void)
{
	while (current->userfault_events)
		event_free(event_dequeue());
}

static void tell_work(struct callback *cb)
{
	(void)cb;
	userfault_tell();
}

static void event_queue_later(struct userfault_event *e)
{
	bool first = !current->userfault_events;

	event_queue(e);
	e->work.fn = tell_work;
	if (first && task_work_add(current, &e->work))
		userfault_forget();
}

/* ---- what is told; mmap_lock held ---- */

static bool unmap_is_queued(const struct userfaultfd_ctx *ctx, uaddr_t start, uaddr_t end)
{
	for (const struct userfault_event *e = current->userfault_events; e; e = e->next)
		if (e->ctx == ctx && e->msg.event == UFFD_EVENT_UNMAP &&
		    e->msg.arg.remove.start == start && e->msg.arg.remove.end == end)
			return true;
	return false;
}

int userfault_unmap(struct mm *mm, uaddr_t start, uaddr_t end)
{
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i]->start < end; i++) {
		struct userfaultfd_ctx *ctx = mm->vmas[i]->uffd;
		struct userfault_event *e;

		if (!wanted(ctx, UFFD_FEATURE_EVENT_UNMAP) || unmap_is_queued(ctx, start, end))
			continue;
		e = event_new(ctx, UFFD_EVENT_UNMAP);
		if (!e)
			return -ENOMEM;
		e->msg.arg.remove.start = start;
		e->msg.arg.remove.end = end;
		event_queue_later(e);
	}
	return 0;
}

struct userfault_event *userfault_remap_prepare(const struct vma *v)
{
	struct userfault_event *e;

	if (!wanted(v->uffd, UFFD_FEATURE_EVENT_REMAP))
		return NULL;
	e = event_new(v->uffd, UFFD_EVENT_REMAP);
	return e ? e : ERR_PTR(-ENOMEM);
}

void userfault_remap_cancel(struct userfault_event *e)
{
	if (e)
		event_free(e);
}

void userfault_remap(struct userfault_event *e, const struct vma *v, struct vma *copy, uaddr_t from, size_t len)
{
	if (!e) {
		if (v->flags & VM_UFFD_WP)
			userfault_clear_wp(copy);
		return;
	}
	copy->flags |= v->flags & VM_UFFD_MASK;
	copy->uffd = e->ctx;
	e->msg.arg.remap.from = from;
	e->msg.arg.remap.to = copy->start;
	e->msg.arg.remap.len = len;
	event_queue_later(e);
}

/* The event of the fork into mm that current is in, of those who are told by ctx. NULL. */
static struct userfault_event *find_fork(const struct userfaultfd_ctx *ctx, const struct mm *mm)
{
	struct userfault_event *e = current->userfault_events;

	while (e && !(e->ctx == ctx && e->child && e->child->mm == mm))
		e = e->next;
	return e;
}

static struct userfault_event *new_fork(struct userfaultfd_ctx *ctx, struct mm *mm)
{
	struct userfault_event *e = event_new(ctx, UFFD_EVENT_FORK);

	if (!e)
		return NULL;
	e->child = userfaultfd_ctx_alloc(mm, ctx->flags);
	if (!e->child) {
		event_free(e);
		return NULL;
	}
	atomic_store(&e->child->features, atomic_load(&ctx->features));
	event_queue(e);
	return e;
}

int userfault_fork(const struct vma *old, struct vma *v)
{
	struct userfault_event *e;

	if (!wanted(old->uffd, UFFD_FEATURE_EVENT_FORK))
		return 0;
	e = find_fork(old->uffd, v->mm);
	if (!e)
		e = new_fork(old->uffd, v->mm);
	if (!e)
		return -ENOMEM;
	atomic_fetch_or(&v->mm->flags, MMF_USERFAULT);
	v->flags |= old->flags & VM_UFFD_MASK;
	v->uffd = e->child;
	return 0;
}

/*
 * The first mapping in [*start, end) of which it is to be told, and *start moves behind it.
 * -ENOMEM; 0: none.
 */
static int queue_remove(struct mm *mm, uaddr_t *start, uaddr_t end)
{
	for (unsigned i = vma_index(mm, *start); i < mm->nr_vmas && mm->vmas[i]->start < end; i++) {
		const struct vma *v = mm->vmas[i];
		struct userfault_event *e;

		if (!wanted(v->uffd, UFFD_FEATURE_EVENT_REMOVE))
			continue;
		e = event_new(v->uffd, UFFD_EVENT_REMOVE);
		if (!e)
			return -ENOMEM;
		e->msg.arg.remove.start = max(*start, v->start);
		e->msg.arg.remove.end = min(end, v->end);
		*start = e->msg.arg.remove.end;
		event_queue(e);
		return 1;
	}
	return 0;
}

int userfault_remove(struct mm *mm, uaddr_t start, uaddr_t end)
{
	int more;

	do {
		mutex_lock(&mm->mmap_lock);
		more = queue_remove(mm, &start, end);
		mutex_unlock(&mm->mmap_lock);
		userfault_tell();
	} while (more > 0 && start < end && !fatal_signal_pending(current));
	return more < 0 ? more : 0;
}

/* ---- who reads ---- */

static void event_read(struct userfault_event *e)
{
	list_del(&e->node);
	atomic_store(&e->done, true);
	wake_up_all(&e->wait);
}

int userfault_take_event(struct userfaultfd_ctx *ctx, struct uffd_msg *m, struct userfaultfd_ctx **child)
{
	struct userfault_event *e;

	assert_held(&ctx->lock);
	list_for_each(e, &ctx->events, node) {
		if (e->taken)
			continue;
		*m = e->msg;
		*child = e->child;
		if (!e->child) {
			event_read(e);
			return 0;
		}
		e->taken = true;
		atomic_fetch_add(&e->child->refs, 1);
		return 0;
	}
	return -EAGAIN;
}

/*
 * The descriptor for a child's faults was made, or could not be: then somebody may try again. Who
 * forked may have died meanwhile, and its event is gone.
 */
static void fork_told(struct userfaultfd_ctx *ctx, const struct userfaultfd_ctx *child, bool made)
{
	struct userfault_event *e, *next;

	spin_lock(&ctx->lock);
	list_for_each_safe(e, next, &ctx->events, node) {
		if (e->child != child)
			continue;
		e->taken = false;
		if (made)
			event_read(e);
	}
	spin_unlock(&ctx->lock);
	if (!made)
		wake_up_poll(&ctx->wait, POLLIN);
}

int userfault_fork_fd(struct userfaultfd_ctx *ctx, struct userfaultfd_ctx *child, struct uffd_msg *m)
{
	int fd = fd_reserve(child->flags & O_CLOEXEC);
	struct file *f = fd < 0 ? ERR_PTR(fd) : userfaultfd_file(child);

	fork_told(ctx, child, !IS_ERR(f));
	if (IS_ERR(f))
		userfaultfd_ctx_put(child);
	if (fd < 0)
		return fd;
	m->arg.fork.ufd = (u32)fd;
	fd = fd_install(fd, f);
	return fd < 0 ? fd : 0;
}
