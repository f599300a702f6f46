// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounting: the root, the file systems every program expects, mount and umount2. Mirrors Linux
 * fs/namespace.c.
 *
 * LINUX: one mount namespace; no bind mounts, no propagation. MNT_DETACH of one in use empties it
 * at once; open files stay. Only a file system that shares itself (fs_type.shared) can be in two
 * places; then ".." in its root leads to the older one, and umount2 of either ends the younger one.
 *
 * Locks: mount_mutex around changes of the mount list, dentry_lock inside it for the pointers.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define MS_KEPT	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)	/* the flags of a mount that mean something */

struct super *root_super;
static struct mutex mount_mutex = MUTEX_INIT(mount_mutex, "mount", RANK_EXEC);

/* A file system in one place. */
struct mount {
	struct list node;		/* [D] */
	struct super *sb;		/* (!) */
	struct dentry *where;		/* (!) referenced; NULL: the root of all */
};
static LIST_HEAD(mounts);		/* [D] oldest first */
static struct mount root_mount;

static const struct fs_type *find_fs_type(const char *name)
{
	const struct fs_type *t;

	SET_FOREACH(t, fs_types)
		if (kstreq(t->name, name))
			return t;
	return NULL;
}

/* A file system with its tree, not yet in place. ERR_PTR. */
static struct super *super_make(const char *source, const struct fs_type *t, u32 flags, const char *options)
{
	struct super *sb = super_alloc(t);
	int err;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	kstrlcpy(sb->source, source, sizeof(sb->source));
	err = t->fill(sb, options);
	if (err) {
		if (sb->root) {
			d_kill_tree(sb->root);
			dput(sb->root);
		}
		super_put(sb);
		return ERR_PTR(err);
	}
	sb->flags = flags & MS_KEPT;
	return sb;
}

/* Drops a file system that is not in place. */
static void super_kill(struct super *sb)
{
	d_kill_tree(sb->root);
	tmpfs_forget_names(sb);
	dput(sb->root);
	super_put(sb);
}

/* By its name, in what is mounted. dentry_lock held. */
static bool can_be_found(const struct dentry *d)
{
	const struct dentry *root = d->inode->sb->root;

	return (root == root_super->root || root->covers) && (d == root || !list_empty(&d->hash_node));
}

/*
 * Puts sb over where, which stays the caller's. Only over what can be found: an unlinked directory
 * cannot, nor can that of a process. LINUX: the latter can be mounted on, and its end unmounts it.
 */
static int attach(struct super *sb, struct dentry *where)
{
	struct mount *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int err = m ? 0 : -ENOMEM;

	if (err)
		return err;
	m->sb = sb;
	m->where = dget(where);
	mutex_lock(&where->inode->lock);	/* so does whoever removes it */
	spin_lock(&dentry_lock);
	if (where->mounted || !can_be_found(where)) {
		err = where->mounted ? -EBUSY : -ENOENT;
	} else {
		if (!sb->root->covers)
			sb->root->covers = where;
		where->mounted = sb->root;
		list_add_tail(&m->node, &mounts);
	}
	spin_unlock(&dentry_lock);
	mutex_unlock(&where->inode->lock);
	if (err) {
		dput(where);
		kfree(m);
	}
	return err;
}

/* Is sb, which is in no place, to be forgotten? mount_mutex held. */
static bool is_over(struct super *sb)
{
	return !sb->root->covers && (!sb->type->unmounted || sb->type->unmounted(sb));
}

static int mount_locked(const char *source, struct dentry *where, const struct fs_type *t, u32 flags, const char *options)
{
	struct super *sb = t->shared ? t->shared(options) : NULL;
	int err;

	if (!sb)
		sb = super_make(source, t, flags, options);
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	err = attach(sb, where);
	if (err && is_over(sb))
		super_kill(sb);
	return err;
}

int do_mount(const char *source, struct dentry *where, const char *type, u32 flags, const char *options)
{
	const struct fs_type *t = find_fs_type(type);
	int err;

	if (!inode_is(where->inode, S_IFDIR))
		return -ENOTDIR;
	if (!t)
		return -ENODEV;
	mutex_lock(&mount_mutex);
	err = mount_locked(source, where, t, flags, options);
	mutex_unlock(&mount_mutex);
	return err;
}

size_t mounts_show(char *buf, size_t n)
{
	char *path = kmalloc(K_PATH_MAX, GFP_KERNEL);
	struct super *sb;
	struct mount *m;
	size_t len = 0;
	unsigned nr = 0, k;

	if (!path)
		return 0;
	/* dentry_path takes dentry_lock itself: find the nr-th mount again each time. */
	mutex_lock(&mount_mutex);
	for (;; nr++) {
		k = 0;
		bool found = false;
		list_for_each(m, &mounts, node) {
			if (k++ == nr) {
				found = true;
				break;
			}
		}
		if (!found)
			break;
		sb = m->sb;
		char *p = dentry_path(m->where ? m->where : sb->root, path, K_PATH_MAX);
		len += kscnprintf(buf + len, n - len, "%s %s %s %s%s%s%s,relatime%s%s 0 0\n", sb->source, IS_ERR(p) ? "?" : p, sb->type->name,
				  sb->flags & MS_RDONLY ? "ro" : "rw", sb->flags & MS_NOSUID ? ",nosuid" : "",
				  sb->flags & MS_NODEV ? ",nodev" : "", sb->flags & MS_NOEXEC ? ",noexec" : "",
				  sb->options ? "," : "", sb->options ? sb->options : "");
	}
	mutex_unlock(&mount_mutex);
	kfree(path);
	return len;
}

/* --- start --- */

static struct dentry *make(const char *dir, const char *name, u32 mode, u64 rdev)
{
	struct dentry *parent, *d;
	int err = path_lookup(AT_FDCWD, dir, LOOKUP_FOLLOW, &parent);

	if (err)
		panic("no directory %s: error %d", dir, -err);
	d = vfs_create(parent, name, kstrlen(name), mode, rdev);
	if (IS_ERR(d))
		panic("%s/%s cannot be made: error %ld", dir, name, -PTR_ERR(d));
	dput(parent);
	return d;
}

static void make_mount(const char *dir, const char *name, const char *type, const char *options)
{
	struct dentry *d = make(dir, name, S_IFDIR | 0755, 0);
	int err = do_mount(type, d, type, 0, options);

	if (err)
		panic("%s cannot be mounted: error %d", type, -err);
	dput(d);
}

/* On sysfs, which has the directory. */
static void mount_cgroups(void)
{
	struct dentry *d;
	int err = path_lookup(AT_FDCWD, "/sys/fs/cgroup", LOOKUP_FOLLOW, &d);

	if (!err)
		err = do_mount("cgroup2", d, "cgroup2", 0, "");
	if (err)
		panic("cgroup2 cannot be mounted: error %d", err);
	dput(d);
	cgroup_start_notifier();
}

static void make_device(const char *name, u32 mode, unsigned major, unsigned minor)
{
	dput(make("/dev", name, mode, MKDEV(major, minor)));
}

static void make_link(const char *dir, const char *name, const char *target)
{
	struct dentry *parent, *d;

	if (path_lookup(AT_FDCWD, dir, LOOKUP_FOLLOW, &parent))
		panic("no directory %s", dir);
	d = vfs_symlink(parent, name, kstrlen(name), target);
	if (IS_ERR(d))
		panic("%s/%s cannot be made", dir, name);
	dput(d);
	dput(parent);
}

static void make_devices(void)
{
	make_device("null", S_IFCHR | 0666, 1, 3);
	make_device("zero", S_IFCHR | 0666, 1, 5);
	make_device("full", S_IFCHR | 0666, 1, 7);
	make_device("random", S_IFCHR | 0666, 1, 8);
	make_device("urandom", S_IFCHR | 0666, 1, 9);
	make_device("kmsg", S_IFCHR | 0644, 1, 11);
	make_device("tty", S_IFCHR | 0666, 5, 0);
	make_device("console", S_IFCHR | 0600, 5, 1);
	make_device("ptmx", S_IFCHR | 0666, 5, 2);
	make_device("ttyS0", S_IFCHR | 0600, 4, 64);
	make_device("ttyS1", S_IFCHR | 0600, 4, 65);
	make_device("ram0", S_IFBLK | 0600, 1, 0);
	make_link("/dev", "fd", "/proc/self/fd");
	make_link("/dev", "stdin", "/proc/self/fd/0");
	make_link("/dev", "stdout", "/proc/self/fd/1");
	make_link("/dev", "stderr", "/proc/self/fd/2");
}

void mapping_cache_init(void);
void file_cache_init(void);
void files_cache_init(void);
void fs_struct_cache_init(void);
void pipe_cache_init(void);
void nsfs_init(void);

/* Called by the task that becomes pid 1, which gets its files and directory here. */
void fs_init(void)
{
	struct files *files;
	struct fs *fs;

	dcache_init();
	mapping_cache_init();
	file_cache_init();
	files_cache_init();
	fs_struct_cache_init();
	pipe_cache_init();
	nsfs_init();
	root_super = super_make("rootfs", find_fs_type("tmpfs"), 0, "mode=755");
	if (IS_ERR(root_super))
		panic("no memory for the root file system");
	root_mount.sb = root_super;
	list_add_tail(&root_mount.node, &mounts);
	files = files_alloc();
	fs = fs_alloc();
	if (!files || !fs)
		panic("no memory for the first descriptor table");
	task_lock(current);
	current->files = files;
	current->fs = fs;
	task_unlock(current);
	make_mount("/", "dev", "devtmpfs", "mode=755");
	make_mount("/dev", "shm", "tmpfs", "");
	make_mount("/dev", "pts", "devpts", "");
	make_mount("/dev", "mqueue", "mqueue", "");
	make_mount("/", "proc", "proc", "");
	make_mount("/", "sys", "sysfs", "");
	mount_cgroups();
	dput(make("/", "tmp", S_IFDIR | 01777, 0));
	make_devices();
	fput_start_thread();
	fasync_start_thread();
}

/* --- system calls --- */

/* A string of at most n - 1 bytes; "" for address 0. */
static int get_string(char *buf, size_t n, uaddr_t s)
{
	long len;

	buf[0] = 0;
	if (!s)
		return 0;
	len = strncpy_from_user(buf, s, n);
	return len < 0 ? (int)len : (size_t)len >= n ? -EINVAL : 0;
}

static int remount(struct dentry *d, u32 flags)
{
	if (d->parent)
		return -EINVAL;
	WRITE_ONCE(d->inode->sb->flags, flags & MS_KEPT);
	return 0;
}

long sys_mount(uaddr_t usource, uaddr_t utarget, uaddr_t utype, u64 flags, uaddr_t udata)
{
	const u32 elsewhere = MS_BIND | 8192;	/* MS_MOVE */
	const u32 propagation = MS_PRIVATE | 1 << 17 | 1 << 19 | 1 << 20;	/* unbindable, slave, shared */
	char source[64], type[32], options[256];
	struct dentry *d;
	int err = get_string(type, sizeof(type), utype);

	if (!err)
		err = get_string(source, sizeof(source), usource);
	if (!err && !(flags & (elsewhere | propagation)))
		err = get_string(options, sizeof(options), udata);
	if (!err)
		err = user_path(AT_FDCWD, utarget, LOOKUP_FOLLOW, &d);
	if (!err && !capable(CAP_SYS_ADMIN)) {
		dput(d);
		err = -EPERM;
	}
	if (err)
		return err;
	if (flags & MS_REMOUNT)
		err = remount(d, (u32)flags);
	else if (flags & elsewhere)
		err = -EINVAL;
	else if (flags & propagation)
		err = 0;
	else
		err = utype ? do_mount(source[0] ? source : "none", d, type, (u32)flags, options) : -EINVAL;
	dput(d);
	return err;
}

/* Is something mounted below root? Then it cannot be emptied. mount_mutex held. */
static bool has_mounts_below(struct dentry *root)
{
	struct mount *m;
	bool found = false;

	spin_lock(&dentry_lock);
	list_for_each(m, &mounts, node)
		if (m->where && m->where->inode->sb == root->inode->sb)
			found = true;
	spin_unlock(&dentry_lock);
	return found;
}

/* Where sb is: the youngest mount, or the oldest. mount_mutex held. */
static struct mount *find_mount(struct super *sb, bool youngest)
{
	struct mount *m, *found = NULL;

	list_for_each(m, &mounts, node) {
		if (m->sb == sb) {
			found = m;
			if (!youngest)
				break;
		}
	}
	return found;
}

/* root's reference by the caller is one use. mount_mutex held. */
static int may_detach(struct dentry *root, int flags)
{
	bool busy;

	if (!root->covers)
		return -EINVAL;	/* the root, too, which Linux calls locked */
	if (find_mount(root->inode->sb, true) != find_mount(root->inode->sb, false))
		return 0;
	if (has_mounts_below(root))
		return -EBUSY;
	atomic_fetch_sub(&root->refs, 1);	/* the caller's does not make it busy */
	busy = d_tree_busy(root) && !(flags & MNT_DETACH);
	dget(root);
	return busy ? -EBUSY : 0;
}

static int detach(struct dentry *root, int flags)
{
	struct super *sb = root->inode->sb;
	struct mount *m, *other;
	bool over = false;
	int err;

	mutex_lock(&mount_mutex);
	err = may_detach(root, flags);
	if (err) {
		mutex_unlock(&mount_mutex);
		return err;
	}
	m = find_mount(sb, true);
	spin_lock(&dentry_lock);
	list_del(&m->node);
	other = find_mount(sb, false);
	root->covers = other ? other->where : NULL;
	m->where->mounted = NULL;
	spin_unlock(&dentry_lock);
	over = is_over(sb);
	mutex_unlock(&mount_mutex);
	dput(m->where);
	kfree(m);
	if (over)
		super_kill(sb);
	return 0;
}

long sys_umount2(uaddr_t upath, int flags)
{
	const int nofollow = 8, expire = 4;
	struct dentry *d;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | nofollow | expire))
		return -EINVAL;
	err = user_path(AT_FDCWD, upath, flags & nofollow ? 0 : LOOKUP_FOLLOW, &d);
	if (err)
		return err;
	if (!capable(CAP_SYS_ADMIN))
		err = -EPERM;
	else if (d->parent)
		err = -EINVAL;
	else
		err = detach(d, flags);
	dput(d);
	return err;
}
