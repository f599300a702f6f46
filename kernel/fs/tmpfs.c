// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system in memory: names are dentries, data are pages of the inode's own page cache. Also
 * memory shared without a name: shared anonymous mappings and memfd_create. Mirrors Linux
 * mm/shmem.c.
 *
 * Files stay when their makers are killed, so they must not be able to fill the memory: all mounted
 * tmpfs together hold at most half of RAM, and as many names as half of RAM has pages; a mount may
 * be given less with size= and nr_inodes=. More ends in ENOSPC. Memory without a name is not
 * limited: its users pay for it with their life when the OOM killer comes.
 *
 * Locks: the VFS holds the mutexes of the directories whose names change.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/param.h"

static const struct inode_ops tmpfs_file_ops, tmpfs_symlink_ops;
static const struct file_ops tmpfs_fops;

#define NAME_SIZE	20u		/* what a name adds to its directory's size, as Linux has it */
#define LONG_SYMLINK	256u		/* from here on a symlink's text counts as two pages */

static _Atomic u64 all_pages, all_names;	/* of all mounted tmpfs */

/* --- limits --- */

/* Counts n more, unless that would exceed limit; then others never see it counted. */
static bool take(_Atomic u64 *count, u64 n, u64 limit)
{
	u64 used = atomic_load(count);

	do {
		if (used + n > limit)
			return false;
	} while (!atomic_compare_exchange_weak(count, &used, used + n));
	return true;
}

/* Has a place in the tree of names? Others are memory of their users. */
static bool is_mounted(const struct super *sb)
{
	return sb->type != NULL;
}

int tmpfs_charge(struct super *sb, u64 pages)
{
	if (!take(&sb->used_pages, pages, sb->max_pages ? sb->max_pages : ~0ull))
		return -ENOSPC;
	if (!is_mounted(sb) || take(&all_pages, pages, totalram_pages() / 2))
		return 0;
	atomic_fetch_sub(&sb->used_pages, pages);
	return -ENOSPC;
}

void tmpfs_uncharge(struct super *sb, u64 pages)
{
	atomic_fetch_sub(&sb->used_pages, pages);
	if (is_mounted(sb))
		atomic_fetch_sub(&all_pages, pages);
}

static int take_name(struct super *sb)
{
	if (!take(&sb->names, 1, sb->max_inodes ? sb->max_inodes - 1 : ~0ull))
		return -ENOSPC;
	if (take(&all_names, 1, totalram_pages() / 2))
		return 0;
	atomic_fetch_sub(&sb->names, 1);
	return -ENOSPC;
}

static void drop_names(struct super *sb, u64 n)
{
	atomic_fetch_sub(&sb->names, n);
	atomic_fetch_sub(&all_names, n);
}

void tmpfs_forget_names(struct super *sb)
{
	drop_names(sb, atomic_load(&sb->names));
}

/* --- inodes --- */

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
		i->seals = F_SEAL_SEAL;
		break;
	case S_IFDIR:
		i->size = 2 * NAME_SIZE;
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

/* names more are in dir. */
static void touch(struct inode *dir, int names)
{
	dir->size += (u64)(s64)(names * (int)NAME_SIZE);
	dir->mtime = dir->ctime = now_realtime();
}

static int tmpfs_create(struct inode *dir, struct dentry *d, u32 mode, u64 rdev)
{
	struct inode *i;
	int err = take_name(dir->sb);

	if (err)
		return err;
	i = tmpfs_inode(dir->sb, mode, rdev);
	if (!i) {
		drop_names(dir->sb, 1);
		return -ENOMEM;
	}
	inode_init_owner(i, dir);
	d->inode = i;
	if (inode_is(i, S_IFDIR))
		atomic_fetch_add(&dir->nlink, 1);
	touch(dir, 1);
	return 0;
}

/* The inode of a symlink, with its text. ERR_PTR. */
static struct inode *symlink_inode(struct super *sb, const char *target)
{
	struct inode *i = tmpfs_inode(sb, S_IFLNK | 0777, 0);
	size_t len = kstrlen(target);
	int err = -ENOMEM;

	if (!i)
		return ERR_PTR(err);
	i->private_nr = len >= LONG_SYMLINK ? 2 : 0;
	err = tmpfs_charge(sb, i->private_nr);
	if (err) {
		i->private_nr = 0;
		goto out;
	}
	err = -ENOMEM;
	i->private = kmalloc(len + 1, GFP_KERNEL);
	if (!i->private)
		goto out;
	kmemcpy(i->private, target, len + 1);
	i->size = len;
	return i;
out:
	iput(i);
	return ERR_PTR(err);
}

static int tmpfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	struct inode *i;
	int err = take_name(dir->sb);

	if (err)
		return err;
	i = symlink_inode(dir->sb, target);
	if (IS_ERR(i)) {
		drop_names(dir->sb, 1);
		return (int)PTR_ERR(i);
	}
	inode_init_owner(i, dir);
	d->inode = i;
	touch(dir, 1);
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
	tmpfs_uncharge(i->sb, i->private_nr);
}

static int tmpfs_link(struct inode *dir, struct dentry *d, struct inode *old)
{
	int err = take_name(dir->sb);

	if (err)
		return err;
	atomic_fetch_add(&old->nlink, 1);
	old->ctime = now_realtime();
	d->inode = iget(old);
	touch(dir, 1);
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
	drop_names(dir->sb, 1);
	i->ctime = now_realtime();
	touch(dir, -1);
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
	touch(odir, -1);
	touch(ndir, 1);
	return 0;
}

/*
 * i->lock held. What is cut off is unmapped first, so that no page table outlives the page's place
 * in the file.
 */
static int tmpfs_truncate(struct inode *i, u64 size)
{
	u64 old = i->size, first = PAGE_ALIGN(size) >> PAGE_SHIFT;

	assert_held(&i->lock);
	if ((size < old && i->seals & F_SEAL_SHRINK) || (size > old && i->seals & F_SEAL_GROW))
		return -EPERM;
	inode_remove_privs(i);
	WRITE_ONCE(i->size, size);
	if (size < old || (size == old && READ_ONCE(i->mapping->nr_pages))) {	/* what fallocate put behind the end goes too */
		struct page *p;

		unmap_mapping_range(i->mapping, first, ~0ull);
		mapping_truncate(i->mapping, first);
		/*
		 * A fault that looked at the size before it changed may have put a page back: it is
		 * seen by its own second look.
		 */
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

/*
 * Options: size=BYTES, with K, M, G or %, nr_inodes=NUMBER and mode=OCTAL; others are ignored, as
 * the caller cannot be hurt by it.
 */
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
	} else if (kstrstarts(opt, "nr_inodes=")) {
		if (parse_u64(opt + 10, &sb->max_inodes))
			return -EINVAL;
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
	i->uid = current->cred.fsuid;
	i->gid = current->cred.fsgid;
	sb->root = d_make_root(i);
	return sb->root ? 0 : -ENOMEM;
}

static struct user_namespace *tmpfs_user_ns(void) { return current_user_ns(); }
FS_TYPE(tmpfs_type, .name = "tmpfs", .fill = tmpfs_fill, .user_ns = tmpfs_user_ns);
FS_TYPE(devtmpfs_type, .name = "devtmpfs", .fill = tmpfs_fill);

/* --- shared memory without a name --- */

static bool may_write(const struct file *f)
{
	return (f->flags & O_ACCMODE) == O_RDWR;
}

/* A sealed file is not mapped for writing, nor so that mprotect could make it writable. */
static int shmem_mmap(struct file *f, struct vma *v)
{
	u32 seals = READ_ONCE(f->inode->seals);

	if (v->flags & VM_SHARED &&
	    ((seals & F_SEAL_WRITE && may_write(f)) ||
	     (seals & F_SEAL_FUTURE_WRITE && v->flags & VM_WRITE)))
		return -EPERM;
	return generic_file_mmap(f, v);
}

/*
 * Seals i, unless somebody may write to it through a mapping: then false. One of the two sees the
 * other:
 *
 *	mmap (map_new)				here
 *	lock(vmas_lock): link			lock(vmas_lock): linked?  then EBUSY, and not
 *	sealed?  then EPERM, and not		sealed
 */
static bool seal_against_writing(struct inode *i)
{
	struct mapping *m = i->mapping;
	bool mapped = false;
	struct vma *v;

	assert_held(&i->lock);
	spin_lock(&m->vmas_lock);
	list_for_each(v, &m->vmas, mapping_node)
		if (v->mm && v->flags & VM_SHARED && may_write(v->file))
			mapped = true;
	if (!mapped)
		WRITE_ONCE(i->seals, i->seals | F_SEAL_WRITE);
	spin_unlock(&m->vmas_lock);
	return !mapped;
}

static long add_seals(struct file *f, u64 seals)
{
	struct inode *i = f->inode;
	long err = 0;

	if (!f->writable)
		return -EPERM;
	if (seals & ~(u64)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EINVAL;
	mutex_lock(&i->lock);
	if (i->seals & F_SEAL_SEAL)
		err = -EPERM;
	else if (seals & F_SEAL_WRITE && !(i->seals & F_SEAL_WRITE) && !seal_against_writing(i))
		err = -EBUSY;
	else
		i->seals |= (u32)seals;
	mutex_unlock(&i->lock);
	return err;
}

long memfd_fcntl(struct file *f, unsigned cmd, u64 arg)
{
	if (!f->inode->mapping || !(f->inode->mapping->flags & MAPPING_SHMEM))
		return -EINVAL;
	return cmd == F_ADD_SEALS ? add_seals(f, arg) : (long)READ_ONCE(f->inode->seals);
}

static const struct file_ops shmem_fops = {
	.read = generic_read,
	.write = generic_write,
	.kread = generic_kread,
	.kwrite = generic_kwrite,
	.lseek = generic_lseek,
	.mmap = shmem_mmap,
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
	i->seals = F_SEAL_SEAL;
	atomic_store(&i->nlink, 0);
	i->size = size;
	return file_alloc_anon(i, name, &shmem_fops, O_RDWR);
}

long sys_memfd_create(uaddr_t uname, unsigned flags)
{
	char name[K_NAME_MAX + 2] = "/memfd:";	/* Linux counts it without the slash */
	const size_t prefix = 7;
	struct file *f;
	long len;

	if (flags &
	    ~(MFD_CLOEXEC | MFD_ALLOW_SEALING |
	      (flags & MFD_HUGETLB ? MFD_HUGETLB | MFD_HUGE_MASK << MFD_HUGE_SHIFT : 0)))
		return -EINVAL;
	len = strncpy_from_user(name + prefix, uname, sizeof(name) - prefix);
	if (len < 0)
		return len;
	if ((size_t)len >= sizeof(name) - prefix)
		return -EINVAL;
	f = flags & MFD_HUGETLB ? hugetlb_file_setup(name, flags >> MFD_HUGE_SHIFT & MFD_HUGE_MASK)
		: shmem_file_setup(name, 0);
	if (IS_ERR(f))
		return PTR_ERR(f);
	f->flags |= O_LARGEFILE;
	if (flags & MFD_ALLOW_SEALING)
		f->inode->seals = 0;
	return fd_alloc(f, flags & MFD_CLOEXEC ? O_CLOEXEC : 0, 0);
}
