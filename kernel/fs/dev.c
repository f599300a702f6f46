// SPDX-License-Identifier: GPL-2.0-only
/*
 * Character devices: null, zero, full, random, kmsg, and the way from a device number to its
 * operations. Mirrors Linux drivers/char/mem.c and fs/char_dev.c.
 */
#include "kernel/fs/dcache.h"
#include "kernel/fs/tty.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/printk.h"

extern const struct file_ops own_tty_fops, ptmx_fops;

static s64 null_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)n, (void)pos;
	return 0;
}

static s64 null_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)pos;
	return (s64)n;
}

static s64 null_kwrite(struct file *f, const void *buf, size_t n, u64 pos)
{
	(void)f, (void)buf, (void)pos;
	return (s64)n;
}

static s64 null_lseek(struct file *f, s64 off, int whence)
{
	(void)off, (void)whence;
	f->pos = 0;
	return 0;
}

static s64 zero_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	size_t done = 0;

	(void)f, (void)pos;
	while (done < n) {
		size_t chunk = min(n - done, PAGE_SIZE), left = clear_user(buf + done, chunk);

		done += chunk - left;
		if (left)
			return done ? (s64)done : -EFAULT;
		if (signal_pending(current))
			return (s64)done;
		cond_resched();
	}
	return (s64)done;
}

static s64 zero_kread(struct file *f, void *buf, size_t n, u64 pos)
{
	(void)f, (void)pos;
	kmemset(buf, 0, n);
	return (s64)n;
}

static s64 full_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)n, (void)pos;
	return -ENOSPC;
}

static s64 random_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	size_t done = 0;
	u64 word[32];

	(void)f, (void)pos;
	while (done < n) {
		size_t chunk = min(n - done, sizeof(word)), left;

		for (size_t i = 0; i < (chunk + 7) / 8; i++)
			word[i] = arch_random();
		left = copy_to_user(buf + done, word, chunk);
		done += chunk - left;
		if (left)
			return done ? (s64)done : -EFAULT;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	return (s64)done;
}

/*
 * Mapped private it is an anonymous mapping: v->ops stays NULL. Shared it is memory of its own:
 * mmap takes another file.
 */
static int zero_mmap(struct file *f, struct vma *v)
{
	(void)f;
	assert(!(v->flags & VM_SHARED));
	v->ops = NULL;
	return 0;
}

/* Reads the log from where this opening is; a write adds a line to it. LINUX: no record headers. */
static s64 kmsg_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	u64 at = *pos;
	s64 got;

	(void)f;
	if (!text)
		return -ENOMEM;
	got = (s64)log_read(&at, text, min(n, PAGE_SIZE));
	if (got && copy_to_user(buf, text, (size_t)got))
		got = -EFAULT;
	else
		*pos = at;
	kfree(text);
	return got;
}

static s64 kmsg_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	char *s, *text;
	int level = LOG_NOTICE;

	(void)f, (void)pos;
	s = text_from_user(buf, n);
	if (IS_ERR(s))
		return PTR_ERR(s);
	text = s;
	if (s[0] == '<' && kisdigit(s[1]) && s[2] == '>') {
		level = s[1] - '0';
		text += 3;
	}
	for (size_t len = kstrlen(text); len && text[len - 1] == '\n'; len--)
		text[len - 1] = 0;
	kprintf_level(level, "%s\n", text);
	kfree(s);
	return (s64)n;
}

static s64 kmsg_lseek(struct file *f, s64 off, int whence)
{
	return fixed_lseek(f, whence == SEEK_SET ? off : 0, SEEK_SET, 0);
}

static const struct file_ops null_fops = { .read = null_read, .write = null_write,
	.kwrite = null_kwrite, .lseek = null_lseek };
static const struct file_ops zero_fops = {
	.read = zero_read, .write = null_write, .kread = zero_kread, .kwrite = null_kwrite,
	.lseek = null_lseek, .mmap = zero_mmap,
};

bool is_dev_zero(const struct file *f)
{
	return f->ops == &zero_fops;
}

static const struct file_ops full_fops = { .read = zero_read, .write = full_write, .lseek = null_lseek };
static const struct file_ops random_fops = { .read = random_read, .write = null_write, .lseek = null_lseek };
static const struct file_ops kmsg_fops = { .read = kmsg_read, .write = kmsg_write, .lseek = kmsg_lseek };

static const struct {
	u8 major, minor;
	const struct file_ops *ops;
} devices[] = {
	{ 1, 3, &null_fops },	{ 1, 5, &zero_fops },	{ 1, 7, &full_fops },	{ 1, 8, &random_fops },
	{ 1, 9, &random_fops },	{ 1, 11, &kmsg_fops },	{ 4, 64, &console_tty_fops },	{ 4, 65, &ttys1_fops },
	{ 5, 0, &own_tty_fops },	{ 5, 1, &console_fops },	{ 5, 2, &ptmx_fops },
};

static int no_device_open(struct inode *i, struct file *f)
{
	(void)i;
	(void)f;
	return -ENXIO;
}
static const struct file_ops no_device_fops = { .open = no_device_open };

static const struct file_ops *device_fops(u64 rdev)
{
	for (size_t k = 0; k < ARRAY_SIZE(devices); k++)
		if (devices[k].major == DEV_MAJOR(rdev) && devices[k].minor == DEV_MINOR(rdev))
			return devices[k].ops;
	return &no_device_fops;
}

void inode_set_special(struct inode *i, u64 rdev)
{
	switch (i->mode & S_IFMT) {
	case S_IFCHR:
		i->rdev = rdev;
		i->fops = device_fops(rdev);
		break;
	case S_IFBLK:
		i->rdev = rdev;
		i->fops = &blkdev_fops;
		i->ops = &blkdev_inode_ops;
		break;
	case S_IFIFO:
		pipe_open_init(i);
		break;
	}
}
