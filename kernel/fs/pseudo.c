// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are functions: PSEUDO_FILE anywhere in the kernel makes one under /proc or /sys.
 * Mirrors Linux fs/seq_file.c and fs/kernfs at a fraction. Also sysfs itself, which holds
 * nothing else but a directory for each processor.
 *
 * The text is made by the first read and kept with the open file until it is read from the start
 * again, so that a reader with a small buffer sees one moment.
 *
 * Locks: text.lock, the outermost of all: show() may take any lock. A store() runs without it.
 */
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/sched.h"

#define MAX_TEXT	(4u << 20)

struct text {
	struct mutex lock;
	char *buf;			/* [lock] or NULL */
	size_t cap, len;		/* [lock] what it has room for; what there is */
	u32 seen;			/* its file's own affair */
	struct cred *opener;		/* (!) of text_open_as, or NULL */
	struct mm *mm;			/* (!) of text_open_mm: the struct is held, not its users. Or NULL */
};

/* --- text --- */

static struct text *text_alloc(void)
{
	struct text *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (t)
		mutex_init(&t->lock, "text", RANK_TEXT);
	return t;
}

int text_open(struct inode *i, struct file *f)
{
	(void)i;
	if (!f->readable)
		return 0;
	f->private = text_alloc();
	return f->private ? 0 : -ENOMEM;
}

int text_open_as(struct inode *i, struct file *f)
{
	struct text *t = text_alloc();

	(void)i;
	if (!t)
		return -ENOMEM;
	t->opener = kmalloc(sizeof(*t->opener), GFP_KERNEL);
	if (!t->opener) {
		kfree(t);
		return -ENOMEM;
	}
	copy_creds(t->opener, &current->cred);
	f->private = t;
	return 0;
}

int text_open_mm(struct file *f, struct mm *mm)
{
	struct text *t = text_alloc();

	if (!t)
		return -ENOMEM;
	t->mm = mm;
	f->private = t;
	return 0;
}

struct mm *text_mm(const struct file *f)
{
	return ((struct text *)f->private)->mm;
}

const struct cred *text_opener(const struct file *f)
{
	return ((struct text *)f->private)->opener;
}

void text_release(struct file *f)
{
	struct text *t = f->private;

	if (!t)
		return;
	if (t->opener)
		put_creds(t->opener);
	if (t->mm)
		mmdrop(t->mm);
	kfree(t->opener);
	kfree(t->buf);
	kfree(t);
}

/* Fills t anew, where it was if there is room: who looks again and again needs memory once. t->lock held. */
static s64 text_make(struct text *t, struct file *f, text_fn *show)
{
	assert_held(&t->lock);
	t->len = 0;
	for (size_t cap = t->buf ? t->cap : PAGE_SIZE; cap <= MAX_TEXT; cap *= 2) {
		s64 len;

		/* Nobody is killed for a long text. */
		if (!t->buf)
			t->buf = kmalloc(cap, cap > 8 * PAGE_SIZE ? GFP_KERNEL | GFP_NORETRY | GFP_NOWARN : GFP_KERNEL);
		if (!t->buf)
			return -ENOMEM;
		t->cap = cap;
		len = show(f, t->buf, cap);
		if (len >= 0 && (size_t)len < cap - 1) {
			t->len = (size_t)len;
			return 0;
		}
		kfree(t->buf);
		t->buf = NULL;
		if (len < 0)
			return len;
	}
	return -ENOMEM;
}

s64 text_read(struct file *f, uaddr_t buf, size_t n, u64 *pos, text_fn *show)
{
	struct text *t = f->private;
	s64 ret = 0;

	mutex_lock(&t->lock);
	if (*pos == 0 || !t->buf)
		ret = text_make(t, f, show);
	if (!ret && *pos < t->len) {
		n = min(n, t->len - (size_t)*pos);
		if (copy_to_user(buf, t->buf + *pos, n)) {
			ret = -EFAULT;
		} else {
			*pos += n;
			ret = (s64)n;
		}
	}
	mutex_unlock(&t->lock);
	return ret;
}

s64 text_lseek(struct file *f, s64 off, int whence)
{
	return whence == SEEK_SET || whence == SEEK_CUR ? fixed_lseek(f, off, whence, 0) : -EINVAL;
}

u32 *text_seen(struct file *f)
{
	return &((struct text *)f->private)->seen;
}

char *text_from_user(uaddr_t buf, size_t n)
{
	char *s;

	if (n >= PAGE_SIZE)
		return ERR_PTR(-EINVAL);
	s = kmalloc(n + 1, GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(s, buf, n)) {
		kfree(s);
		return ERR_PTR(-EFAULT);
	}
	s[n] = 0;
	return s;
}

/* --- registered files --- */

/*
 * /proc/sys: by who is asking, when it is opened and again when it is read or written; what
 * capabilities excuse does not count. Mirrors Linux's sysctl_perm().
 */
static int sysctl_permission(const struct inode *i, unsigned mask)
{
	const struct pseudo_file *pf = i->private;
	u32 mode = i->mode;

	if (pf->may_write)
		mode = pf->may_write() ? 0666 : 0444;
	else if (current->cred.euid == 0)
		mode >>= 6;
	else if (in_group(0))
		mode >>= 3;
	return mask & ~mode ? -EACCES : 0;
}

static bool still_permits(const struct inode *i, unsigned mask)
{
	return !i->ops->permission || !i->ops->permission(i, mask);
}

static int pseudo_open(struct inode *i, struct file *f)
{
	const struct pseudo_file *pf = i->private;

	/* As on Linux: sysfs and /proc/sys refuse at open, procfs at the read or write. */
	if (kstrstr(pf->path, "/sys/") && ((f->readable && !pf->show) || (f->writable && !pf->store)))
		return -EACCES;
	return text_open(i, f);
}

static s64 pseudo_show(struct file *f, char *buf, size_t n)
{
	const struct pseudo_file *pf = f->inode->private;

	return pf->show ? pf->show(buf, n) : -EIO;
}

static s64 pseudo_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return still_permits(f->inode, MAY_READ) ? text_read(f, buf, n, pos, pseudo_show) : -EPERM;
}

static s64 pseudo_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	const struct pseudo_file *pf = f->inode->private;
	char *s;
	s64 ret;

	(void)pos;
	if (!still_permits(f->inode, MAY_WRITE))
		return -EPERM;
	if (!pf->store)
		return -EIO;
	if (!n)
		return 0;
	s = text_from_user(buf, n);
	if (IS_ERR(s))
		return PTR_ERR(s);
	ret = pf->store(s, n);
	kfree(s);
	return ret;
}

/* Sizes and owners are not kept, and opening with O_TRUNC is how a shell writes to such a file. */
static int pseudo_truncate(struct inode *i, u64 size)
{
	(void)i, (void)size;
	return 0;
}

static const struct inode_ops pseudo_inode_ops = { .truncate = pseudo_truncate };
static const struct inode_ops sysctl_inode_ops = {
	.keeps = KEEPS_MODE | KEEPS_OWNER, .permission = sysctl_permission, .truncate = pseudo_truncate,
};
static const struct inode_ops pseudo_dir_ops;
static const struct inode_ops sysctl_dir_ops = { .keeps = KEEPS_MODE | KEEPS_OWNER };
static const struct file_ops pseudo_fops = {
	.open = pseudo_open,
	.release = text_release,
	.read = pseudo_read,
	.write = pseudo_write,
	.lseek = text_lseek,
};

/* The child called name, made if it is missing; referenced. NULL: no memory. */
static struct dentry *pseudo_child(struct dentry *dir, const char *name, size_t len, u32 mode, bool sysctl)
{
	struct dentry *d = d_lookup(dir, name, len);

	if (d)
		return d;
	d = dentry_alloc(dir, name, len);
	if (!d)
		return NULL;
	d->inode = inode_alloc(dir->inode->sb, mode);
	if (!d->inode) {
		dput(d);
		return NULL;
	}
	if (inode_is(d->inode, S_IFDIR)) {
		d->inode->ops = sysctl ? &sysctl_dir_ops : &pseudo_dir_ops;
		d->inode->fops = &dir_fops;
		atomic_fetch_add(&dir->inode->nlink, 1);
	}
	d_add(d);
	return d;
}

static int pseudo_add(struct dentry *root, const struct pseudo_file *pf, const char *path)
{
	struct dentry *dir = dget(root), *next;
	bool is_dir = (pf->mode & S_IFMT) == S_IFDIR, sysctl = kstrstarts(pf->path, "/proc/sys/");

	for (;;) {
		const char *slash = kstrchr(path, '/');
		size_t len = slash ? (size_t)(slash - path) : kstrlen(path);

		next = pseudo_child(dir, path, len,
				    slash || is_dir ? S_IFDIR | 0555 : S_IFREG | (pf->mode & 0777),
				    sysctl);
		dput(dir);
		if (!next)
			return -ENOMEM;
		if (!slash)
			break;
		dir = next;
		path = slash + 1;
	}
	if (!is_dir) {
		next->inode->private = (void *)(uintptr_t)pf;
		next->inode->ops = sysctl ? &sysctl_inode_ops : &pseudo_inode_ops;
		next->inode->fops = &pseudo_fops;
	}
	dput(next);
	return 0;
}

int pseudo_fill(struct super *sb, const char *prefix)
{
	const struct pseudo_file *pf;
	struct inode *i = inode_alloc(sb, S_IFDIR | 0555);
	int err = 0;

	if (!i)
		return -ENOMEM;
	i->ops = &pseudo_dir_ops;
	i->fops = &dir_fops;
	sb->root = d_make_root(i);
	if (!sb->root)
		return -ENOMEM;
	SET_FOREACH(pf, pseudo_files)
		if (!err && kstrstarts(pf->path, prefix))
			err = pseudo_add(sb->root, pf, pf->path + kstrlen(prefix));
	return err;
}

/* --- sysfs --- */

/* A directory for each processor. LINUX: nothing is in it. */
static int add_processors(struct super *sb)
{
	char path[40];
	const struct pseudo_file dir = { .path = path, .mode = S_IFDIR | 0755 };
	int err = 0;

	for (unsigned cpu = 0; !err && cpu < nr_cpus; cpu++) {
		ksnprintf(path, sizeof(path), "devices/system/cpu/cpu%u", cpu);
		err = pseudo_add(sb->root, &dir, path);
	}
	return err;
}

static int sysfs_fill(struct super *sb, const char *options)
{
	int err;

	(void)options;
	sb->magic = SYSFS_MAGIC;
	err = pseudo_fill(sb, "/sys/");
	return err ? err : add_processors(sb);
}

static s64 cpus_show(char *buf, size_t n)
{
	return (s64)(nr_cpus > 1 ? kscnprintf(buf, n, "0-%u\n", nr_cpus - 1) : kscnprintf(buf, n, "0\n"));
}

static s64 no_cpus_show(char *buf, size_t n) { return (s64)kscnprintf(buf, n, "\n"); }

static struct user_namespace *sysfs_user_ns(void) { return current->nsproxy->ns[NS_NET]->user_ns; }
FS_TYPE(sysfs_type, .name = "sysfs", .fill = sysfs_fill, .user_ns = sysfs_user_ns, .reveals = true, .global = true);
PSEUDO_FILE(sys_fs_cgroup, .path = "/sys/fs/cgroup", .mode = S_IFDIR | 0755);
PSEUDO_FILE(sys_cpu_possible, .path = "/sys/devices/system/cpu/possible", .mode = 0444, .show = cpus_show);
PSEUDO_FILE(sys_cpu_present, .path = "/sys/devices/system/cpu/present", .mode = 0444, .show = cpus_show);
PSEUDO_FILE(sys_cpu_online, .path = "/sys/devices/system/cpu/online", .mode = 0444, .show = cpus_show);
PSEUDO_FILE(sys_cpu_offline, .path = "/sys/devices/system/cpu/offline", .mode = 0444, .show = no_cpus_show);
PSEUDO_FILE(sys_kernel_debug, .path = "/sys/kernel/debug", .mode = S_IFDIR | 0700);
PSEUDO_FILE(sys_kernel_mm, .path = "/sys/kernel/mm", .mode = S_IFDIR | 0755);
