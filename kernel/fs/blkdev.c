// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices as files: the page cache of /dev/ram0, reading pages in, writing dirty ones back.
 * Mirrors Linux block/fops.c.
 *
 * A clean page is on the reclaimer's list, a dirty one is not. Dirty pages are written by fsync,
 * sync, and the last close. An exiting task's last close (X12) only submits: exit_io_context (X16)
 * sends what is still held back.
 *
 * Locks: writeback_lock around a pass over the dirty pages; mapping->lock for page flags;
 * nr_writeback is atomic.
 */
#include "kernel/block.h"
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/printk.h"

#define SECTORS_PER_PAGE (PAGE_SIZE / SECTOR_SIZE)

static int blkdev_readpage(struct mapping *m, struct page *p);
static struct mapping ram0_mapping = {
	.lock = SPINLOCK_INIT("mapping", RANK_MAPPING),
	.vmas_lock = SPINLOCK_INIT("mapping_vmas", RANK_MAPPING),
	.vmas = LIST_INIT(ram0_mapping.vmas),
	.readpage = blkdev_readpage,
};
static struct mutex writeback_lock = MUTEX_INIT(writeback_lock, "writeback", RANK_PIPE);
static _Atomic u32 nr_writeback;	/* pages under way to the device */
static _Atomic u32 write_error;
static struct waitq writeback_done = WAITQ_INIT(writeback_done, "writeback");
static _Atomic u32 openers;
static _Atomic u32 claimed;		/* by the one file that was opened with O_EXCL */

static u64 device_bytes(void)
{
	return ram0.sectors * SECTOR_SIZE;
}

/* --- reading --- */

static void read_end(struct bio *b)
{
	complete(b->private);
}

static int fill_bio(struct bio *b, struct page *p, u64 index, enum bio_op op)
{
	u64 sector = index * SECTORS_PER_PAGE;

	if (index > ram0.sectors / SECTORS_PER_PAGE || sector >= ram0.sectors)
		return -EIO;
	*b = (struct bio){
		.dev = &ram0, .op = op, .sector = sector, .page = p,
		.bytes = (u32)(min(ram0.sectors - sector, (u64)SECTORS_PER_PAGE) * SECTOR_SIZE),
	};
	list_init(&b->node);
	return 0;
}

static int blkdev_readpage(struct mapping *m, struct page *p)
{
	struct completion done;
	struct bio b;
	int err;

	(void)m;
	pause_point("readpage");
	err = fill_bio(&b, p, p->index, BIO_READ);
	if (err)
		return err;
	completion_init(&done);
	b.end_io = read_end;
	b.private = &done;
	submit_bio(&b);
	io_flush();
	wait_for_completion(&done);
	return b.error;
}

/* --- writing back --- */

static void write_end(struct bio *b)
{
	struct page *p = b->page;
	struct mapping *m = &ram0_mapping;

	if (b->error)
		atomic_store(&write_error, 1);
	mapping_end_write(m, p);
	put_page(p);
	kfree(b);
	if (atomic_fetch_sub(&nr_writeback, 1) == 1)
		wake_up_all(&writeback_done);
}

/*
 * A request's memory. What this task holds back keeps pages locked, and somebody may wait for one
 * of them with a lock or memory that we need: nothing is held back while we wait for anything.
 */
static struct bio *bio_alloc(void)
{
	struct bio *b = kmalloc(sizeof(*b), GFP_NOWAIT | GFP_NOWARN);

	if (b)
		return b;
	io_flush();
	return kmalloc(sizeof(*b), GFP_NOFS);
}

/* Submits p with b, both taken over. */
static int write_page(struct page *p, struct bio *b)
{
	if (fill_bio(b, p, p->index, BIO_WRITE)) {
		kfree(b);
		put_page(p);
		return -EIO;
	}
	if (READ_ONCE(p->flags) & PG_LOCKED)
		io_flush();		/* an earlier close of ours may hold back the request that locks it */
	mapping_start_write(&ram0_mapping, p);
	b->end_io = write_end;
	atomic_fetch_add(&nr_writeback, 1);
	submit_bio(b);
	return 0;
}

/* The first store to p through a mapping from here on makes it dirty again. */
static void unmap_page(struct mapping *m, struct page *p)
{
	if (list_empty(&m->vmas))
		return;			/* a fault under way would be one of a vma on the list */
	io_flush();
	unmap_mapping_pages(m, p->index, p->index + 1);
}

/* Submits every page that is dirty now. */
static int writeback_submit(void)
{
	struct mapping *m = &ram0_mapping;
	struct page *p;
	u64 index = 0;
	int err = 0;

	mutex_lock(&writeback_lock);
	for (; !err && (p = mapping_next_page(m, &index, PG_DIRTY)); index++) {
		struct bio *b = bio_alloc();

		if (b && mapping_clear_dirty(m, p)) {
			unmap_page(m, p);
			err = write_page(p, b);
			continue;
		}
		err = b ? 0 : -ENOMEM;
		kfree(b);
		put_page(p);
	}
	mutex_unlock(&writeback_lock);
	return err;
}

static int writeback_wait(void)
{
	io_flush();
	wait_event(&writeback_done, atomic_load(&nr_writeback) == 0);
	return atomic_exchange(&write_error, 0) ? -EIO : 0;
}

static int writeback_all(void)
{
	int err = writeback_submit(), err2 = writeback_wait();

	return err ? err : err2;
}

int sync_block_devices(void)
{
	return ram0.sectors ? writeback_all() : 0;
}

static void drop_clean_pages(void)
{
	struct page *p;
	u64 index = 0;

	unmap_mapping_pages(&ram0_mapping, 0, ~0ull);
	while ((p = mapping_next_page(&ram0_mapping, &index, 0))) {
		mapping_try_release(p);
		put_page(p);
		index++;
	}
}

/* --- file operations --- */

static u64 no_size(struct inode *i)
{
	(void)i;
	return 0;
}

const struct inode_ops blkdev_inode_ops = { .current_size = no_size };

static int blkdev_open(struct inode *i, struct file *f)
{
	if (DEV_MAJOR(i->rdev) != 1 || DEV_MINOR(i->rdev) != 0 || !ram0.sectors)
		return -ENXIO;
	if (f->flags & O_EXCL && atomic_exchange(&claimed, 1))
		return -EBUSY;
	i->size = device_bytes();
	i->mapping = &ram0_mapping;
	atomic_fetch_add(&openers, 1);
	return 0;
}

static void blkdev_release(struct file *f)
{
	if (f->flags & O_EXCL)
		atomic_store(&claimed, 0);
	if (atomic_fetch_sub(&openers, 1) != 1)
		return;
	if (writeback_submit())
		pr_err("ram0: dirty pages could not be written\n");
	if (!(current->flags & PF_EXITING))
		writeback_wait();
}

static int blkdev_fsync(struct file *f)
{
	(void)f;
	return writeback_all();
}

static s64 blkdev_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	s64 put;
	int err;

	if (!n)
		return 0;
	if (*pos >= device_bytes())
		return -ENOSPC;
	put = generic_write(f, buf, min(n, device_bytes() - *pos), pos);
	if (put <= 0 || !(f->flags & O_DSYNC))
		return put;
	err = writeback_all();
	return err ? err : put;
}

static s64 blkdev_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	return pos < device_bytes() ? generic_kwrite(f, buf, min(n, device_bytes() - pos), pos) : -ENOSPC;
}

static s64 blkdev_lseek(struct file *f, s64 off, int whence)
{
	return fixed_lseek(f, off, whence, device_bytes());
}

static long blkdev_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	u64 bytes = device_bytes(), sectors = ram0.sectors;
	int n = cmd == BLKSSZGET ? (int)SECTOR_SIZE : 0, err;

	(void)f;
	switch (cmd) {
	case BLKGETSIZE64:
		return copy_to_user(arg, &bytes, sizeof(bytes)) ? -EFAULT : 0;
	case BLKGETSIZE:
		return copy_to_user(arg, &sectors, sizeof(sectors)) ? -EFAULT : 0;
	case BLKSSZGET:
	case BLKROGET:
		return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
	case BLKFLSBUF:
		if (!capable(CAP_SYS_ADMIN))
			return -EACCES;
		err = writeback_all();
		if (!err)
			drop_clean_pages();
		return err;
	}
	return -ENOIOCTLCMD;
}

static const struct file_ops ram0_fops = {
	.read = generic_read,
	.write = blkdev_write,
	.kread = generic_kread,
	.kwrite = blkdev_kwrite,
	.lseek = blkdev_lseek,
	.ioctl = blkdev_ioctl,
	.mmap = generic_file_mmap,
	.fsync = blkdev_fsync,
	.release = blkdev_release,
};

static int blkdev_open_any(struct inode *i, struct file *f)
{
	int err = blkdev_open(i, f);

	if (!err)
		f->ops = &ram0_fops;
	return err;
}

const struct file_ops blkdev_fops = { .open = blkdev_open_any };
