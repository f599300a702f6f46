// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block requests. A task's requests wait in its io_context until it flushes (fsync, close,
 * exit_io_context); then they go to the device. Here is also the detector of IO after the barrier
 * of oom_killer_disable. Mirrors Linux block/{blk-core,blk-ioc}.c and drivers/block/brd.c at a
 * fraction.
 *
 * A device with a delay is served by a freezable kernel thread, as a driver's thread serves a slow
 * bus; one without is served by whoever submits. The device takes NR_REQUESTS at a time, and who
 * comes with more waits until one is done: so does a dying victim whose last close writes a lot,
 * and this is why oom_killer_disable comes before kernel threads freeze. Scenario:
 * kthread_needed_by_victim.
 *
 * Locks: io_context.lock, block_device.lock; never both. end_io runs with neither held.
 */
#include "kernel/abi.h"
#include "kernel/block.h"
#include "kernel/freezer.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/param.h"
#include "kernel/pause.h"
#include "kernel/pm.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/trace.h"

#define MAX_PLUGGED	16u		/* held back at most; then all go */
#define NR_REQUESTS	16u		/* dispatched and not done */

_Atomic u64 io_after_barrier;
static struct kmem_cache *ioc_cache;
static u64 ramdisk_kib = 256, ramdisk_delay_us;

struct block_device ram0 = {
	.name = "ram0",
	.lock = SPINLOCK_INIT("ram0", RANK_IO),
	.queue = LIST_INIT(ram0.queue),
	.work = WAITQ_INIT(ram0.work, "ram0 work"),
	.done = WAITQ_INIT(ram0.done, "ram0 done"),
};

/* --- the device --- */

/* Copies between the store and the request's page. The range was checked at dispatch. */
static void transfer(struct block_device *d, struct bio *b)
{
	u64 pos = b->sector * SECTOR_SIZE;
	char *disk = (char *)page_address(d->store[pos / PAGE_SIZE]) + pos % PAGE_SIZE;
	char *mem = (char *)page_address(b->page) + b->offset;

	if (b->op == BIO_WRITE)
		kmemcpy(disk, mem, b->bytes);
	else
		kmemcpy(mem, disk, b->bytes);
}

/* Next request to serve, or NULL: device busy, suspended or out of work. d->lock held. */
static struct bio *start_next(struct block_device *d)
{
	if (d->active || d->suspended || list_empty(&d->queue))
		return NULL;
	d->active = list_first(&d->queue, struct bio, node);
	list_del(&d->active->node);
	return d->active;
}

static void finish_active(struct block_device *d)
{
	struct bio *b = d->active;

	transfer(d, b);
	spin_lock(&d->lock);
	*(b->op == BIO_WRITE ? &d->writes : &d->reads) += b->bytes / SECTOR_SIZE;
	d->active = NULL;
	d->nr_requests--;
	spin_unlock(&d->lock);
	trace(TRACE_block_rq_complete, b->sector, b->pid);
	wake_up_all(&d->done);
	b->end_io(b);
}

/* Serves one request, which takes usecs. false: there is none to start. */
static bool serve_one(struct block_device *d, u64 usecs)
{
	struct bio *b;

	spin_lock(&d->lock);
	b = start_next(d);
	spin_unlock(&d->lock);
	if (!b)
		return false;
	if (usecs)
		fsleep(usecs);
	finish_active(d);
	return true;
}

static bool has_work(struct block_device *d)
{
	bool ret;

	spin_lock(&d->lock);
	ret = !d->active && !d->suspended && !list_empty(&d->queue);
	spin_unlock(&d->lock);
	return ret;
}

/* Freezes between two requests, never in one. */
static void block_thread(void *arg)
{
	struct block_device *d = arg;

	set_freezable();
	for (;;) {
		wait_event_freezable(&d->work, has_work(d));
		try_to_freeze();
		pause_point("ram0");
		serve_one(d, atomic_load(&d->delay_us));
	}
}

static void run_queue(struct block_device *d)
{
	if (atomic_load(&d->delay_us))
		wake_up_all(&d->work);
	else
		while (serve_one(d, 0))
			;
}

/* Lets the active request end; the queue waits for the resume. */
static int ram0_suspend(void)
{
	spin_lock(&ram0.lock);
	ram0.suspended = true;
	spin_unlock(&ram0.lock);
	wait_event(&ram0.done, !READ_ONCE(ram0.active));
	return 0;
}

static void ram0_resume(void)
{
	spin_lock(&ram0.lock);
	ram0.suspended = false;
	spin_unlock(&ram0.lock);
	run_queue(&ram0);
}
PM_DEVICE(ram0_pm, .name = "ram0", .suspend = ram0_suspend, .resume = ram0_resume);

/* --- submission --- */

/*
 * S1 and S1': between oom_killer_disable and its enable no user task submits IO, victim or not: it
 * neither holds a request back, nor sends one on its way, nor gives the device one that had to wait.
 * Told once a request.
 */
static void check_barrier(struct bio *b)
{
	if (likely(!atomic_load(&pm_io_barrier)) || current->flags & PF_KTHREAD || b->told)
		return;
	b->told = true;
	atomic_fetch_add(&io_after_barrier, 1);
	warn("S1: IO after oom_killer_disable: pid %d tid %d (%s)%s, %s sector %lu", current->tgid,
	     current->pid, current->comm,
	     tsk_is_oom_victim(current) ? " OOM victim" : "", b->op == BIO_WRITE ? "write" : "read", b->sector);
}

static bool bio_in_range(const struct bio *b)
{
	return b->bytes && b->bytes % SECTOR_SIZE == 0 && b->offset % SECTOR_SIZE == 0 &&
		b->offset + b->bytes <= PAGE_SIZE && b->sector <= b->dev->sectors &&
		b->bytes / SECTOR_SIZE <= b->dev->sectors - b->sector &&
		b->sector % (PAGE_SIZE / SECTOR_SIZE) * SECTOR_SIZE + b->bytes <= PAGE_SIZE;
}

/* A place in the device's queue. false: it has as many requests as it takes. */
static bool get_request(struct block_device *d)
{
	bool room;

	spin_lock(&d->lock);
	room = d->nr_requests < NR_REQUESTS;
	d->nr_requests += room;
	spin_unlock(&d->lock);
	return room;
}

/* Waits for room in the device's queue. */
static void dispatch(struct bio *b)
{
	struct block_device *d = b->dev;

	check_barrier(b);
	b->error = bio_in_range(b) ? 0 : -EIO;
	if (b->error) {
		b->end_io(b);
		return;
	}
	trace(TRACE_block_rq_issue, b->sector, b->pid);
	wait_event(&d->done, get_request(d));
	check_barrier(b);
	spin_lock(&d->lock);
	list_add_tail(&b->node, &d->queue);
	spin_unlock(&d->lock);
	run_queue(d);
}

/*
 * current's io_context, made on demand; NULL without memory. An exiting task may still make one:
 * closing its files may do IO.
 */
static struct io_context *get_io_context(void)
{
	struct io_context *ioc = current->io_context;

	if (ioc)
		return ioc;
	ioc = kmem_cache_alloc(ioc_cache, GFP_NOWAIT);
	if (!ioc)
		return NULL;
	atomic_store(&ioc->refs, 1);
	spin_init(&ioc->lock, "io_context", RANK_IO);
	list_init(&ioc->plugged);
	ioc->nr_plugged = 0;
	task_lock(current);
	current->io_context = ioc;
	task_unlock(current);
	return ioc;
}

static void flush_context(struct io_context *ioc)
{
	LIST_HEAD(go);
	struct bio *b, *next;

	spin_lock(&ioc->lock);
	list_splice_tail(&ioc->plugged, &go);
	ioc->nr_plugged = 0;
	spin_unlock(&ioc->lock);
	list_for_each_safe(b, next, &go, node) {
		list_del(&b->node);
		dispatch(b);
	}
}

void submit_bio(struct bio *b)
{
	struct io_context *ioc = get_io_context();
	bool full;

	b->pid = current->pid;
	check_barrier(b);
	if (!ioc) {
		dispatch(b);
		return;
	}
	spin_lock(&ioc->lock);
	list_add_tail(&b->node, &ioc->plugged);
	full = ++ioc->nr_plugged >= MAX_PLUGGED;
	spin_unlock(&ioc->lock);
	if (full)
		flush_context(ioc);
}

void io_flush(void)
{
	if (current->io_context)
		flush_context(current->io_context);
}

int copy_io(u64 clone_flags, struct task *t)
{
	struct io_context *ioc = current->io_context;

	t->io_context = NULL;
	if (!ioc || !(clone_flags & CLONE_IO))
		return 0;
	atomic_fetch_add(&ioc->refs, 1);
	t->io_context = ioc;
	return 0;
}

/*
 * What was held back goes out now, whoever of the sharers wrote it. LINUX: the contract "no IO
 * after exit_io_context" is kept by the order of do_exit: every close is behind us. Also called by
 * copy_process for a task that never ran.
 */
void exit_io_context(struct task *t)
{
	struct io_context *ioc;

	task_lock(t);
	ioc = t->io_context;
	t->io_context = NULL;
	task_unlock(t);
	if (!ioc)
		return;
	if (t == current)
		flush_context(ioc);
	if (atomic_fetch_sub(&ioc->refs, 1) == 1) {
		assert(list_empty(&ioc->plugged));
		kmem_cache_free(ioc_cache, ioc);
	}
}

/* --- words and doors --- */

static int set_kib(const char *v)
{
	return parse_u64(v, &ramdisk_kib) || ramdisk_kib < 4 || ramdisk_kib > 1 << 20 || ramdisk_kib % 4 ? -EINVAL : 0;
}
PARAM("ramdisk_kib", "size of /dev/ram0 in KiB, a multiple of 4", set_kib);

static int set_delay_us(const char *v)
{
	return parse_u64(v, &ramdisk_delay_us) || ramdisk_delay_us > 60000000 ? -EINVAL : 0;
}
PARAM("ramdisk_delay_us", "time a request to /dev/ram0 takes, in microseconds", set_delay_us);

static s64 delay_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "%lu\n", atomic_load(&ram0.delay_us));
}

static s64 delay_store(const char *s, size_t n)
{
	u64 us;

	if (parse_u64(s, &us) || us > 60000000)
		return -EINVAL;
	atomic_store(&ram0.delay_us, us);
	return n;
}
PSEUDO_FILE(ram0_delay, .path = "/sys/block/ram0/delay_us", .mode = 0644, .show = delay_show, .store = delay_store);

static s64 size_show(char *buf, size_t n)
{
	return ksnprintf(buf, n, "%lu\n", ram0.sectors);
}
PSEUDO_FILE(ram0_size, .path = "/sys/block/ram0/size", .mode = 0444, .show = size_show);

/*
 * Makes as much of the disk as there is memory for; a machine with none left boots with a smaller
 * one.
 */
void block_init(void)
{
	u64 pages = ramdisk_kib / 4, i;

	ioc_cache = kmem_cache_create("io_context", sizeof(struct io_context), 8);
	atomic_store(&ram0.delay_us, ramdisk_delay_us);
	ram0.store = kmalloc_array(pages, sizeof(*ram0.store), GFP_KERNEL);
	for (i = 0; ram0.store && i < pages; i++) {
		ram0.store[i] = alloc_page(GFP_KERNEL | GFP_ZERO | GFP_NORETRY);
		if (!ram0.store[i])
			break;
	}
	ram0.sectors = i * (PAGE_SIZE / SECTOR_SIZE);
	if (i < pages)
		pr_warn("ram0: only %lu of %lu KiB\n", i * 4, ramdisk_kib);
	if (IS_ERR(kthread_run(block_thread, &ram0, "ram0")))
		panic("no memory for ram0's thread");
}
