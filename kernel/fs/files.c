// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptor tables; close, dup. Mirrors Linux fs/file.c.
 *
 * Locks: files->lock (spinning). A table that only one task uses is read by that task without it,
 * and gets its new files: nobody else changes it, and others (procfs) only take references, under
 * the lock, of files that must not go meanwhile.
 */
#include "kernel/fs/dcache.h"
#include "kernel/lib/bitmap.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define MAX_FDS		1048576u	/* Linux's nr_open */

static struct kmem_cache *files_cache;

void files_cache_init(void)
{
	files_cache = kmem_cache_create("files_cache", sizeof(struct files), 8);
}

/* --- tables --- */

static void files_setup(struct files *f)
{
	atomic_init(&f->refs, 1);
	spin_init(&f->lock, "files", RANK_FILES);
	f->max = INLINE_FDS;
	f->lowest = 0;
	f->fd = f->inline_fd;
	f->open = f->inline_open;
	f->cloexec = f->inline_cloexec;
}

struct files *files_alloc(void)
{
	struct files *f = kmem_cache_alloc(files_cache, GFP_KERNEL | GFP_ZERO);

	if (f)
		files_setup(f);
	return f;
}

struct fd_arrays {
	struct file **fd;
	u64 *open, *cloexec;
};

static void arrays_free(struct fd_arrays *a)
{
	kfree(a->fd);
	kfree(a->open);
	kfree(a->cloexec);
}

static int arrays_alloc(struct fd_arrays *a, unsigned max)
{
	a->fd = kmalloc_array(max, sizeof(*a->fd), GFP_KERNEL);
	a->open = kmalloc_array(BITMAP_WORDS(max), sizeof(u64), GFP_KERNEL);
	a->cloexec = kmalloc_array(BITMAP_WORDS(max), sizeof(u64), GFP_KERNEL);
	if (a->fd && a->open && a->cloexec)
		return 0;
	arrays_free(a);
	return -ENOMEM;
}

/*
 * Swaps the arrays of f for bigger ones; what is left in *a is to be freed. f->lock held, or f is
 * private.
 */
static void arrays_install(struct files *f, struct fd_arrays *a, unsigned max)
{
	struct fd_arrays old = { f->fd, f->open, f->cloexec };

	kmemcpy(a->fd, f->fd, f->max * sizeof(*a->fd));
	kmemcpy(a->open, f->open, BITMAP_WORDS(f->max) * sizeof(u64));
	kmemcpy(a->cloexec, f->cloexec, BITMAP_WORDS(f->max) * sizeof(u64));
	f->fd = a->fd;
	f->open = a->open;
	f->cloexec = a->cloexec;
	f->max = max;
	if (old.fd == f->inline_fd)
		old = (struct fd_arrays){ 0 };
	*a = old;
}

/* Makes room for descriptor want. 0 or -ENOMEM. Sleeps. */
static int files_grow(struct files *f, unsigned want)
{
	struct fd_arrays a;
	unsigned max = INLINE_FDS;
	int err;

	while (max <= want)
		max *= 2;
	err = arrays_alloc(&a, max);
	if (err)
		return err;
	spin_lock(&f->lock);
	if (f->max < max)
		arrays_install(f, &a, max);
	spin_unlock(&f->lock);
	arrays_free(&a);
	return 0;
}

/* One past the highest open descriptor. f->lock held. */
static unsigned files_top(const struct files *f)
{
	for (size_t w = BITMAP_WORDS(f->max); w-- > 0;)
		if (f->open[w])
			return (unsigned)(w * 64 + 64) - (unsigned)__builtin_clzll(f->open[w]);
	return 0;
}

/* f->lock held, or f is private. */
static void mark_free(struct files *f, unsigned fd)
{
	bit_clear(f->open, fd);
	bit_clear(f->cloexec, fd);
	f->lowest = min(f->lowest, fd);
}

struct files *files_copy(struct files *old)
{
	struct files *f = files_alloc();
	unsigned top;

	might_sleep();
	if (!f)
		return NULL;
	for (;;) {
		spin_lock(&old->lock);
		top = files_top(old);
		if (top <= f->max)
			break;
		spin_unlock(&old->lock);
		if (files_grow(f, top)) {
			files_put(f);
			return NULL;
		}
	}
	kmemcpy(f->open, old->open, BITMAP_WORDS(top) * sizeof(u64));
	kmemcpy(f->cloexec, old->cloexec, BITMAP_WORDS(top) * sizeof(u64));
	f->lowest = old->lowest;
	for (unsigned fd = 0; fd < top; fd++) {
		f->fd[fd] = old->fd[fd] ? get_file(old->fd[fd]) : NULL;
		if (!f->fd[fd])
			mark_free(f, fd);	/* another thread's, reserved */
	}
	spin_unlock(&old->lock);
	return f;
}

struct files *files_get(struct files *f)
{
	atomic_fetch_add(&f->refs, 1);
	return f;
}

/* What close(2) does besides dropping the reference. */
static __always_inline int filp_flush(struct file *f, struct files *owner)
{
	int err = f->ops->flush ? f->ops->flush(f) : 0;

	if (unlikely(f->fasync))
		dnotify_flush(f, owner);
	if (unlikely(!list_empty(&f->inode->locks)))
		posix_locks_release(f->inode, owner);
	return err;
}

static int filp_close(struct file *f, struct files *owner)
{
	int err = filp_flush(f, owner);

	fput(f);
	return err;
}

void files_put(struct files *f)
{
	unsigned top;

	if (atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	top = files_top(f);
	for (unsigned fd = 0; fd < top; fd++) {
		if (f->fd[fd])
			filp_close(f->fd[fd], f);
		if (fd % 256 == 255)
			cond_resched();
	}
	if (f->fd != f->inline_fd)
		arrays_free(&(struct fd_arrays){ f->fd, f->open, f->cloexec });
	kmem_cache_free(files_cache, f);
}

int files_unshare(void)
{
	struct files *old = current->files, *new;

	if (atomic_load(&old->refs) == 1)
		return 0;
	new = files_copy(old);
	if (!new)
		return -ENOMEM;
	task_lock(current);
	current->files = new;
	task_unlock(current);
	files_put(old);
	return 0;
}

/* Closes fds in [from, to] that want says: all, or those in the close-on-exec set. */
static void close_some(struct files *f, unsigned from, unsigned to, const u64 *const *only)
{
	struct file *file;
	unsigned fd;

	for (;;) {
		spin_lock(&f->lock);
		for (fd = from; fd <= to && fd < f->max; fd++)
			if (f->fd[fd] && (!only || bit_test(*only, fd)))
				break;
		if (fd > to || fd >= f->max) {
			spin_unlock(&f->lock);
			return;
		}
		file = f->fd[fd];
		f->fd[fd] = NULL;
		mark_free(f, fd);
		spin_unlock(&f->lock);
		filp_close(file, f);
		from = fd;
		cond_resched();
	}
}

int files_unshare_exec(void)
{
	int err = files_unshare();

	if (!err) {
		const u64 *set = current->files->cloexec;

		close_some(current->files, 0, ~0u - 1, &set);
	}
	return err;
}

/* --- descriptors of current --- */

struct file *fget_raw(int fd)
{
	struct files *files = current->files;
	struct file *f;

	spin_lock(&files->lock);
	f = fd_lookup(files, fd);
	if (f)
		get_file(f);
	spin_unlock(&files->lock);
	return f;
}

struct file *fget(int fd)
{
	struct file *f = fget_raw(fd);

	if (f && f->flags & O_PATH) {
		fput(f);
		f = NULL;
	}
	return f;
}

struct fdref fdget(int fd)
{
	if (atomic_load_explicit(&current->files->refs, memory_order_acquire) != 1)
		return (struct fdref){ .file = fget(fd), .counted = 1 };
	return (struct fdref){ .file = fd_own(fd) };
}

unsigned nofile_limit(void)
{
	u64 limit = READ_ONCE(current->group->rlim[RLIMIT_NOFILE].rlim_cur);

	return (unsigned)min(limit, (u64)MAX_FDS);
}

static inline void fd_put_in(struct files *files, unsigned fd, struct file *f, u32 flags, unsigned from)
{
	bit_set(files->open, fd);
	if (flags & O_CLOEXEC)
		bit_set(files->cloexec, fd);
	else
		bit_clear(files->cloexec, fd);
	if (from <= files->lowest)
		files->lowest = fd + 1;
	WRITE_ONCE(files->fd[fd], f);
}

/* The table is shared, or full. */
static int __attribute__((noinline)) fd_take_slow(struct file *f, u32 flags, int from)
{
	struct files *files = current->files;
	unsigned limit = nofile_limit(), fd;
	int err;

	for (;;) {
		spin_lock(&files->lock);
		fd = (unsigned)bit_find_clear(files->open, files->max, max((unsigned)from, files->lowest));
		if (likely(fd < limit && fd < files->max))
			break;
		spin_unlock(&files->lock);
		if (fd >= limit)
			return -EMFILE;
		err = files_grow(files, max(fd, (unsigned)from));
		if (err)
			return err;
	}
	fd_put_in(files, fd, f, flags, (unsigned)from);
	spin_unlock(&files->lock);
	return (int)fd;
}

/* f NULL: the descriptor is nobody else's, and not there yet. */
static int fd_take(struct file *f, u32 flags, int from)
{
	struct files *files = current->files;
	unsigned fd;

	if (unlikely(atomic_load_explicit(&files->refs, memory_order_acquire) != 1))
		return fd_take_slow(f, flags, from);
	fd = (unsigned)bit_find_clear(files->open, files->max, max((unsigned)from, files->lowest));
	if (unlikely(fd >= min(files->max, nofile_limit())))
		return fd_take_slow(f, flags, from);
	fd_put_in(files, fd, f, flags, (unsigned)from);
	return (int)fd;
}

int fd_alloc(struct file *f, u32 flags, int from)
{
	int fd = fd_take(f, flags, from);

	if (unlikely(fd < 0))
		fput(f);
	return fd;
}

int fd_reserve(u32 flags)
{
	return fd_take(NULL, flags, 0);
}

static int __attribute__((noinline)) install_slow(struct files *files, int fd, struct file *f)
{
	spin_lock(&files->lock);
	if (IS_ERR(f))
		mark_free(files, (unsigned)fd);
	else
		files->fd[fd] = f;
	spin_unlock(&files->lock);
	return IS_ERR(f) ? (int)PTR_ERR(f) : fd;
}

/*
 * Nobody writes to a reserved place; but where there are sharers, one may move the table meanwhile.
 */
int fd_install(int fd, struct file *f)
{
	struct files *files = current->files;

	if (unlikely(IS_ERR(f) || atomic_load_explicit(&files->refs, memory_order_acquire) != 1))
		return install_slow(files, fd, f);
	WRITE_ONCE(files->fd[fd], f);
	return fd;
}

/* The file of fd, whose descriptor is gone; NULL if there was none. */
static struct file *fd_detach(int fd)
{
	struct files *files = current->files;
	struct file *f;

	spin_lock(&files->lock);
	f = fd_lookup(files, fd);
	if (f) {
		files->fd[fd] = NULL;
		mark_free(files, (unsigned)fd);
	}
	spin_unlock(&files->lock);
	return f;
}

int fd_close(int fd)
{
	struct file *f = fd_detach(fd);

	return f ? filp_close(f, current->files) : -EBADF;
}

/* --- other tasks' tables --- */

struct file *fget_task(struct task *t, int fd)
{
	struct file *f = NULL;

	task_lock(t);
	if (t->files) {
		spin_lock(&t->files->lock);
		f = fd_lookup(t->files, fd);
		if (f)
			get_file(f);
		spin_unlock(&t->files->lock);
	}
	task_unlock(t);
	return f;
}

int next_fd_task(struct task *t, int fd)
{
	int found = -1;

	task_lock(t);
	if (t->files) {
		struct files *f = t->files;

		spin_lock(&f->lock);
		for (unsigned i = (unsigned)fd; i < f->max; i++) {
			if (f->fd[i]) {
				found = (int)i;
				break;
			}
		}
		spin_unlock(&f->lock);
	}
	task_unlock(t);
	return found;
}

/* --- system calls --- */

long sys_close(int fd)
{
	struct file *f = fd_detach(fd);
	int err;

	if (!f)
		return -EBADF;
	err = filp_flush(f, current->files);
	fput_sync(f);
	/* The descriptor is gone: a restart would close somebody else's. */
	return err == -ERESTARTSYS || err == -ERESTARTNOINTR ? -EINTR : err;
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct files *files;
	int err;

	if (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		err = files_unshare();
		if (err)
			return err;
	}
	files = current->files;
	if (!(flags & CLOSE_RANGE_CLOEXEC)) {
		close_some(files, first, last, NULL);
		return 0;
	}
	spin_lock(&files->lock);
	for (unsigned fd = first; fd <= last && fd < files->max; fd++)
		if (files->fd[fd])
			bit_set(files->cloexec, fd);
	spin_unlock(&files->lock);
	return 0;
}

long sys_dup(int fd)
{
	struct file *f = fget_raw(fd);

	return f ? fd_alloc(f, 0, 0) : -EBADF;
}

/* f, referenced, becomes newfd; what was there is closed. */
static long dup_over(struct file *f, unsigned newfd, u32 flags)
{
	struct files *files = current->files;
	struct file *old;
	int err;

	for (;;) {
		spin_lock(&files->lock);
		if (newfd < files->max)
			break;
		spin_unlock(&files->lock);
		err = files_grow(files, newfd);
		if (err) {
			fput(f);
			return err;
		}
	}
	old = files->fd[newfd];
	if (!old && bit_test(files->open, newfd)) {	/* reserved */
		spin_unlock(&files->lock);
		fput(f);
		return -EBUSY;
	}
	files->fd[newfd] = f;
	bit_set(files->open, newfd);
	if (flags & O_CLOEXEC)
		bit_set(files->cloexec, newfd);
	else
		bit_clear(files->cloexec, newfd);
	spin_unlock(&files->lock);
	if (old)
		filp_close(old, files);
	return newfd;
}

int fd_replace(struct file *f, int fd, u32 flags)
{
	if ((unsigned)fd < nofile_limit())
		return (int)dup_over(f, (unsigned)fd, flags);
	fput(f);
	return -EBADF;
}

static long dup_to(int oldfd, int newfd, u32 flags)
{
	struct file *f;

	if ((unsigned)newfd >= nofile_limit())
		return -EBADF;
	f = fget_raw(oldfd);
	return f ? dup_over(f, (unsigned)newfd, flags) : -EBADF;
}

long sys_dup2(int oldfd, int newfd)
{
	if (oldfd == newfd) {
		struct file *f = fget_raw(oldfd);

		if (!f)
			return -EBADF;
		fput(f);
		return newfd;
	}
	return dup_to(oldfd, newfd, 0);
}

long sys_dup3(int oldfd, int newfd, int flags)
{
	if (flags & ~O_CLOEXEC || oldfd == newfd)
		return -EINVAL;
	return dup_to(oldfd, newfd, (u32)flags);
}
