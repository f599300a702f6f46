// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open files: their beginning and their end. Mirrors Linux fs/file_table.c.
 *
 * The last fput does not close: it queues the close as work of the current task, which runs on the
 * way to user mode or, when the task exits, at X12. A task past X12 and kernel threads hand it to a
 * thread of this file. So release() runs in task context and with no lock held, whoever drops the
 * last reference. close(2) itself is there already: fput_sync.
 *
 * Locks: defer_lock (spinning) for the list that the thread works off.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

static struct kmem_cache *file_cache;
static struct spinlock defer_lock = SPINLOCK_INIT("fput", RANK_FILES);
static LIST_HEAD(deferred);		/* [defer_lock] of file.defer_node */
static unsigned nr_deferred;		/* [defer_lock] queued or being closed */
static struct waitq defer_waitq = WAITQ_INIT(defer_waitq, "fput");

int sysctl_file_max;			/* only of those without CAP_SYS_ADMIN */
static _Atomic u64 nr_files;

/* A tenth of the memory is for files, and 8192 there may always be. */
void file_cache_init(void)
{
	file_cache = kmem_cache_create("filp", sizeof(struct file), 8);
	sysctl_file_max = (int)min(max(totalram_pages() * (PAGE_SIZE / 1024) / 10, 8192ul), (u64)INT32_MAX);
}

static s64 file_nr_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%lu\t0\t%d\n", atomic_load(&nr_files), READ_ONCE(sysctl_file_max));
}
PSEUDO_FILE(proc_file_nr, .path = "/proc/sys/fs/file-nr", .mode = 0444, .show = file_nr_show);

/* O_PATH files and those that cannot be used. */
static const struct file_ops no_fops;

struct file *file_alloc_empty(void)
{
	struct file *f;

	if (unlikely(atomic_load(&nr_files) >= (u64)READ_ONCE(sysctl_file_max)) && !capable(CAP_SYS_ADMIN))
		return ERR_PTR(-ENFILE);
	f = kmem_cache_alloc(file_cache, GFP_KERNEL);
	if (unlikely(!f))
		return ERR_PTR(-ENOMEM);
	atomic_fetch_add(&nr_files, 1);
	return f;
}

void file_free_empty(struct file *f)
{
	atomic_fetch_sub(&nr_files, 1);
	kmem_cache_free(file_cache, f);
}

void file_attach(struct file *f, struct dentry *d, const struct file_ops *ops, u32 flags)
{
	atomic_init(&f->refs, 1);
	f->flags = flags;
	f->pos = 0;
	f->pos_lock = (struct mutex)MUTEX_INIT(f->pos_lock, "file_pos", RANK_FILE_POS);
	f->dentry = d;
	f->inode = d->inode;
	f->ops = ops ? ops : &no_fops;
	f->private = NULL;
	list_init(&f->free_work.node);	/* its function is set by whoever queues it */
	list_init(&f->defer_node);
	list_init(&f->epoll_items);
	f->fasync = NULL;
	f->readable = (flags & O_ACCMODE) != O_WRONLY && !(flags & O_PATH);
	f->writable = ((flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR) && !(flags & O_PATH);
	f->opened = f->counted = f->denies_write = 0;
}

/* Takes over the reference on d even on failure. */
struct file *file_alloc(struct dentry *d, const struct file_ops *ops, u32 flags)
{
	struct file *f = file_alloc_empty();

	if (IS_ERR(f)) {
		dput(d);
		return f;
	}
	file_attach(f, d, ops, flags);
	return f;
}

struct file *file_alloc_anon(struct inode *i, const char *name, const struct file_ops *ops, u32 flags)
{
	struct dentry *d = dentry_alloc(NULL, name, kstrlen(name));
	struct file *f;

	if (!d) {
		iput(i);
		return ERR_PTR(-ENOMEM);
	}
	d->inode = i;
	d->anonymous = 1;
	d->unlinked = name[0] == '/';
	f = file_alloc(d, ops, flags);
	if (!IS_ERR(f))
		f->opened = 1;
	return f;
}

struct file *anon_inode_getfile(const char *name, const struct file_ops *ops, void *private, u32 flags)
{
	struct inode *i = private ? anon_inode(0600) : NULL;
	struct file *f = i ? file_alloc_anon(i, name, ops, flags) : ERR_PTR(-ENOMEM);

	if (!IS_ERR(f))
		f->private = private;
	return f;
}

static void stop_counting(struct file *f)
{
	if (f->counted == COUNTED_WRITER) {
		put_write_access(f->inode);
		atomic_fetch_sub(&f->inode->sb->writers, 1);
	} else {
		atomic_fetch_sub(&f->inode->readers, 1);
	}
	if (f->denies_write)
		atomic_fetch_add(&f->inode->writers, 1);
}

/* The real close. No lock held; sleeps, does IO. */
static void file_release(struct file *f)
{
	might_sleep();
	if (f->opened)
		fsnotify(f->dentry, f->writable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (unlikely(!list_empty(&f->epoll_items)))
		epoll_file_released(f);
	if (unlikely(f->fasync)) {
		lease_release(f);
		fasync_release(f);
	}
	if (unlikely(!list_empty(&f->inode->locks)))
		file_locks_release(f);
	if (f->ops->release && f->opened)
		f->ops->release(f);
	if (f->counted)
		stop_counting(f);
	place_put(f->dentry);
	file_free_empty(f);
}

static void file_release_work(struct callback *cb)
{
	file_release(container_of(cb, struct file, free_work));
}

void fput(struct file *f)
{
	u32 refs = atomic_fetch_sub(&f->refs, 1);

	assert_rel(refs, >, 0);
	if (refs != 1)
		return;
	if (!(current->flags & PF_KTHREAD)) {
		f->free_work.fn = file_release_work;
		if (!task_work_add(current, &f->free_work))
			return;
	}
	spin_lock(&defer_lock);
	list_add_tail(&f->defer_node, &deferred);
	nr_deferred++;
	spin_unlock(&defer_lock);
	wake_up_all(&defer_waitq);
}

void fput_sync(struct file *f)
{
	u32 refs = atomic_fetch_sub(&f->refs, 1);

	assert_rel(refs, >, 0);
	if (refs == 1)
		file_release(f);
}

static void fput_thread(void *arg)
{
	(void)arg;
	for (;;) {
		struct file *f = NULL;

		(void)wait_event_state(&defer_waitq, !list_empty(&deferred), TASK_IDLE, NO_DEADLINE);
		spin_lock(&defer_lock);
		if (!list_empty(&deferred)) {
			f = list_first(&deferred, struct file, defer_node);
			list_del(&f->defer_node);
		}
		spin_unlock(&defer_lock);
		if (!f)
			continue;
		file_release(f);
		spin_lock(&defer_lock);
		nr_deferred--;
		spin_unlock(&defer_lock);
		wake_up_all(&defer_waitq);
	}
}

void flush_delayed_fput(void)
{
	might_sleep();
	wait_event(&defer_waitq, READ_ONCE(nr_deferred) == 0);
}

/* drop_caches waits for what was put off; reclaim for an allocation does not. */
static u64 shrink_deferred(u64 want)
{
	if (want == SHRINK_ALL)
		flush_delayed_fput();
	return 0;
}
SHRINKER(fput_shrinker, shrink_deferred);

void fput_start_thread(void)
{
	if (IS_ERR(kthread_run(fput_thread, NULL, "kfput")))
		panic("no memory for kfput");
}
