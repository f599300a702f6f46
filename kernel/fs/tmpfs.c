// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system in memory: names are dentries, data are pages of the inode's own page cache. Also memory shared without a
 * name: shared anonymous mappings and memfd_create. Mirrors Linux mm/shmem.c.
 *
 * A mounted tmpfs holds at most half of RAM unless mounted with size=; more ends in ENOSPC. Memory without a name is not
 * limited: its users pay for it with their life when the OOM killer comes.
 *
 * Locks: the VFS holds the mutexes of the directories whose names change.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/param.h"

static const struct inode_ops tmpfs_file_ops, tmpfs_symlink_ops;
static const struct file_ops tmpfs_fops;

struct inode *tmpfs_inode(struct super *sb, u32 mode, u64 rdev)
{
	struct inode *i = inode_alloc(sb, mode);

	if (!i)
		return NULL;
	i->ops = &tmpfs_file_ops;
	switch (mode & S_IFMT) {
	case S_IFREG:
		i->mapping = &i->own_mapping;
		i->own_mapping.flags = MAPPING_SHMEM;
		i->fops = &tmpfs_fops;
		break;
	case S_IFDIR:
		i->ops = &tmpfs_dir_ops;
		i->fops = &dir_fops;
		break;
	case S_IFLNK:
		i->ops = &tmpfs_symlink_ops;
		break;
	default:
		inode_set_special(i, rdev);
	}
	return i;
}

static void touch(struct inode *dir)
{
	dir->mtime = dir->ctime = now_realtime();
}

static int tmpfs_create(struct inode *dir, struct dentry *d, u32 mode, u64 rdev)
{
	struct inode *i = tmpfs_inode(dir->sb, mode, rdev);

	if (!i)
		return -ENOMEM;
	i->uid = current->ids.euid;
	i->gid = current->ids.egid;
	if (dir->mode & S_ISGID) {
		i->gid = dir->gid;
		if (inode_is(i, S_IFDIR))
			i->mode |= S_ISGID;
	}
	d->inode = i;
	if (inode_is(i, S_IFDIR))
		atomic_fetch_add(&dir->nlink, 1);
	touch(dir);
	return 0;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	struct inode *i = tmpfs_inode(dir->sb, S_IFLNK | 0777, 0);
	size_t len = kstrlen(target);

	if (!i)
		return -ENOMEM;
	i->private = kmalloc(len + 1, GFP_KERNEL);
	if (!i->private) {
		iput(i);
		return -ENOMEM;
	}
	kmemcpy(i->private, target, len + 1);
	i->size = len;
	d->inode = i;
	touch(dir);
	return 0;
}

static int tmpfs_readlink(struct inode *i, char *buf, size_t n)
{
	n = min(n, (size_t)i->size);
	kmemcpy(buf, i->private, n);
	return (int)n;
}

static void tmpfs_symlink_evict(struct inode *i)
{
	kfree(i->private);
}

static int tmpfs_link(struct inode *dir, struct dentry *d, struct inode *old)
{
	atomic_fetch_add(&old->nlink, 1);
	old->ctime = now_realtime();
	d->inode = iget(old);
	touch(dir);
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *d)
{
	struct inode *i = d->inode;

	if (inode_is(i, S_IFDIR)) {
		if (!list_empty(&d->children))
			return -ENOTEMPTY;
		atomic_fetch_sub(&dir->nlink, 1);
		atomic_fetch_sub(&i->nlink, 1);
	}
	atomic_fetch_sub(&i->nlink, 1);
	i->ctime = now_realtime();
	touch(dir);
	return 0;
}

/* The names are moved by the caller; here only the counts. */
static int tmpfs_rename(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd)
{
	int err = nd ? tmpfs_unlink(ndir, nd) : 0;

	if (err)
		return err;
	if (inode_is(od->inode, S_IFDIR) && odir != ndir) {
		atomic_fetch_sub(&odir->nlink, 1);
		atomic_fetch_add(&ndir->nlink, 1);
	}
	od->inode->ctime = now_realtime();
	touch(odir);
	touch(ndir);
	return 0;
}

/* i->lock held. What is cut off is unmapped first, so that no page table outlives the page's place in the file. */
static int tmpfs_truncate(struct inode *i, u64 size)
{
	u64 old = i->size, first = PAGE_ALIGN(size) >> PAGE_SHIFT;

	assert_held(&i->lock);
	WRITE_ONCE(i->size, size);
	if (size < old) {
		struct page *p;

		unmap_mapping_range(i->mapping, first, ~0ull);
		mapping_truncate(i->mapping, first);
		/* A fault that looked at the size before it changed may have put a page back: it is seen by its own second look. */
		p = size % PAGE_SIZE ? mapping_find_page(i->mapping, size >> PAGE_SHIFT) : NULL;
		if (p) {
			kmemset((char *)page_address(p) + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
			put_page(p);
		}
	}
	i->mtime = i->ctime = now_realtime();
	return 0;
}

static int tmpfs_fsync(struct file *f)
{
	(void)f;
	return 0;
}

const struct inode_ops tmpfs_dir_ops = {
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rename = tmpfs_rename,
};
static const struct inode_ops tmpfs_file_ops = { .truncate = tmpfs_truncate };
static const struct inode_ops tmpfs_symlink_ops = { .readlink = tmpfs_readlink, .evict = tmpfs_symlink_evict };
static const struct file_ops tmpfs_fops = {
	.read = generic_read,
	.write = generic_write,
	.kread = generic_kread,
	.kwrite = generic_kwrite,
	.lseek = generic_lseek,
	.mmap = generic_file_mmap,
	.fsync = tmpfs_fsync,
};

/* --- mounting --- */

/* Options: size=BYTES, with K, M, G or %, and mode=OCTAL; others are ignored, as the caller cannot be hurt by it. */
static int parse_option(struct super *sb, u32 *mode, const char *opt)
{
	char value[32];
	size_t len;
	u64 v;

	if (kstrstarts(opt, "size=")) {
		kstrlcpy(value, opt + 5, sizeof(value));
		len = kstrlen(value);
		bool percent = len && value[len - 1] == '%';
		if (percent)
			value[len - 1] = 0;
		if (parse_u64(value, &v))
			return -EINVAL;
		if (percent && v > 1000)
			return -EINVAL;
		sb->max_pages = percent ? totalram_pages() * v / 100 : v / PAGE_SIZE + (v % PAGE_SIZE != 0);
	} else if (kstrstarts(opt, "mode=")) {
		for (v = 0, opt += 5; *opt >= '0' && *opt <= '7'; opt++)
			v = v * 8 + (u64)(*opt - '0');
		if (*opt)
			return -EINVAL;
		*mode = v & 07777;
	}
	return 0;
}

static int tmpfs_fill(struct super *sb, const char *options)
{
	u32 mode = 01777;
	char opt[64];
	struct inode *i;

	sb->magic = TMPFS_MAGIC;
	sb->max_pages = totalram_pages() / 2;
	while (*options) {
		const char *comma = kstrchr(options, ',');
		size_t len = comma ? (size_t)(comma - options) : kstrlen(options);

		kstrlcpy(opt, options, min(len + 1, sizeof(opt)));
		if (parse_option(sb, &mode, opt))
			return -EINVAL;
		options += len + (comma != NULL);
	}
	i = tmpfs_inode(sb, S_IFDIR | mode, 0);
	if (!i)
		return -ENOMEM;
	sb->root = dentry_alloc(NULL, "/", 1);
	if (!sb->root) {
		iput(i);
		return -ENOMEM;
	}
	sb->root->inode = i;
	return 0;
}

FS_TYPE(tmpfs_type, .name = "tmpfs", .fill = tmpfs_fill);
FS_TYPE(devtmpfs_type, .name = "devtmpfs", .fill = tmpfs_fill);

/* --- shared memory without a name --- */

static const struct file_ops shmem_fops = {
	.read = generic_read,
	.write = generic_write,
	.kread = generic_kread,
	.kwrite = generic_kwrite,
	.lseek = generic_lseek,
	.mmap = generic_file_mmap,
	.fsync = tmpfs_fsync,
};

struct file *shmem_file_setup(const char *name, u64 size)
{
	struct inode *i = anon_inode(S_IFREG | 0777);

	if (!i)
		return ERR_PTR(-ENOMEM);
	i->ops = &tmpfs_file_ops;
	i->fops = &shmem_fops;		/* through /proc/PID/fd it can be opened again */
	i->mapping = &i->own_mapping;
	i->own_mapping.flags = MAPPING_SHMEM;
	atomic_store(&i->nlink, 0);
	i->size = size;
	return file_alloc_anon(i, name, &shmem_fops, O_RDWR);
}

long sys_memfd_create(uaddr_t uname, unsigned flags)
{
	char name[K_NAME_MAX + 1] = "/memfd:";
	const size_t prefix = 7;
	struct file *f;
	long len;
	int fd;

	if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	len = strncpy_from_user(name + prefix, uname, sizeof(name) - prefix);
	if (len < 0)
		return len;
	if ((size_t)len >= sizeof(name) - prefix)
		return -EINVAL;
	f = shmem_file_setup(name, 0);
	if (IS_ERR(f))
		return PTR_ERR(f);
	f->flags |= O_LARGEFILE;
	fd = fd_alloc(f, flags & MFD_CLOEXEC ? O_CLOEXEC : 0, 0);
	if (fd < 0)
		fput(f);
	return fd;
}
