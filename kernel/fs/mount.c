// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounting: the root, the file systems every program expects, mount, umount2 and pivot_root.
 * Mirrors the second half of Linux fs/namespace.c.
 *
 * LINUX: no bind mounts. umount2 of either of two places (fs_type.shared) ends the younger one. One
 * that is in several namespaces is busy by the open files and directories of the tasks of the
 * caller's, and not by what they have mapped; what MNT_EXPIRE has marked stays marked, whoever looks
 * in meanwhile.
 *
 * Locks: mount_mutex, tasklist_lock (r), task_lock, files->lock and fs->lock; dentry_lock.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/mount.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

struct super *root_super;

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
	sb->flags = sb->own_flags = (flags & MS_RDONLY) | (sb->user_ns == &init_user_ns ? 0 : MS_NODEV);
	return sb;
}

/* A mount of sb, which is a new one or shared, at where. mount_mutex held. */
static int mount_super(struct super *sb, struct dentry *where, u32 flags)
{
	struct dentry *root = sb->type->view ? sb->type->view(sb) : dget(sb->root);
	struct mount *m;
	int err;

	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	if (current_mnt_ns()->nr_mounts < (unsigned)READ_ONCE(sysctl_mount_max))
		m = mount_alloc(current_mnt_ns(), sb, root, flags);
	else
		m = ERR_PTR(-ENOSPC);
	dput(root);
	if (IS_ERR(m))
		return (int)PTR_ERR(m);
	err = mount_attach(m, where);
	if (err)
		mount_free(m);
	return err;
}

/*
 * May current mount it? What shows the machine only if some of it is there already: whoever made
 * the namespace may have wanted none. LINUX: there it must be there whole.
 */
static int may_mount_type(const struct fs_type *t)
{
	const struct mnt_namespace *ns = current_mnt_ns();
	const struct mount *m;

	if (!ns_capable(t->user_ns ? t->user_ns() : &init_user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (!t->reveals || ns->ns.user_ns == &init_user_ns)
		return 0;
	list_for_each(m, &ns->mounts, node)
		if (m->sb->type == t)
			return 0;
	return -EPERM;
}

static int do_mount(const char *source, struct dentry *where, const char *type, u32 flags, const char *options)
{
	const struct fs_type *t = find_fs_type(type);
	struct super *sb;
	bool over;
	int err;

	if (!t)
		return -ENODEV;
	mutex_lock(&mount_mutex);
	err = may_mount_type(t);
	if (err) {
		mutex_unlock(&mount_mutex);
		return err;
	}
	sb = t->shared ? t->shared(options) : NULL;
	if (!sb)
		sb = super_make(source, t, flags, options);
	if (IS_ERR(sb)) {
		mutex_unlock(&mount_mutex);
		return (int)PTR_ERR(sb);
	}
	err = mount_super(sb, where, flags);
	over = err && !sb->nr_mounts && (!t->unmounted || t->unmounted(sb));
	mutex_unlock(&mount_mutex);
	if (over)
		super_kill(sb);
	return err;
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
void mqueue_init(void);

/* Called by the task that becomes pid 1, which gets its files and directory here. */
void fs_init(void)
{
	struct files *files;
	struct mount *m;
	struct fs *fs;

	dcache_init();
	mapping_cache_init();
	file_cache_init();
	files_cache_init();
	fs_struct_cache_init();
	pipe_cache_init();
	nsfs_init();
	mqueue_init();
	eventpoll_init();
	inotify_user_setup();
	root_super = super_make("rootfs", find_fs_type("tmpfs"), 0, "mode=755");
	if (IS_ERR(root_super))
		panic("no memory for the root file system");
	mutex_lock(&mount_mutex);
	m = mount_alloc(&init_mnt_ns, root_super, root_super->root, 0);
	if (IS_ERR(m))
		panic("no memory for the first mount");
	mount_join_root(m);
	mutex_unlock(&mount_mutex);
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

/* Where root is in current's namespace: the youngest of the places. mount_mutex held. NULL. */
static struct mount *youngest_of(struct dentry *root)
{
	struct mount *found = NULL;

	for (struct mount *m = root->covers; m; m = m->next_of)
		if (m->ns == current_mnt_ns())
			found = m;
	return found;
}

static int may_remount(const struct mount *m, u32 flags)
{
	if (!m)
		return -EINVAL;
	if (m->locked_flags & ~flags)
		return -EPERM;
	return flags & MS_BIND || ns_capable(m->sb->user_ns, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* Both m and its file system are read-only, or not. 0, or nothing has changed: -EBUSY. mount_mutex held. */
static int remount_super(struct mount *m, u32 flags)
{
	u32 was = m->flags, own = m->sb->own_flags;

	if (flags & MS_RDONLY && atomic_load(&m->sb->writers))
		return -EBUSY;
	m->sb->own_flags = (own & MS_NODEV) | (flags & MS_RDONLY);
	mount_set_flags(m, flags);
	atomic_thread_fence(memory_order_seq_cst);
	if (!(flags & MS_RDONLY) || !atomic_load(&m->sb->writers))
		return 0;
	m->sb->own_flags = own;		/* one has come meanwhile: see count_written() */
	mount_set_flags(m, was);
	return -EBUSY;
}

/*
 * With MS_BIND it is about this mount alone. LINUX: then who writes is in the way, too, if it was this
 * one that he came by.
 */
static int remount(struct dentry *d, u32 flags)
{
	struct mount *m;
	int err;

	mutex_lock(&mount_mutex);
	m = youngest_of(d);
	err = may_remount(m, flags);
	if (!err && !(flags & MS_BIND))
		err = remount_super(m, flags);
	else if (!err)
		mount_set_flags(m, flags);
	mutex_unlock(&mount_mutex);
	return err;
}

/* LINUX: nothing is shared, so what is private, a slave of nobody or not to be bound is so already. */
static int change_type(struct dentry *d, u32 flags)
{
	u32 type = flags & ~(u32)(MS_REC | MS_SILENT);
	bool mounted;

	mutex_lock(&mount_mutex);
	mounted = youngest_of(d);
	mutex_unlock(&mount_mutex);
	return mounted && (type == MS_PRIVATE || type == MS_SLAVE || type == MS_UNBINDABLE) ? 0 : -EINVAL;
}

static int do_move_mount(const char *source, struct dentry *where)
{
	struct dentry *d;
	struct mount *m;
	int err = path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, &d);

	if (err)
		return err;
	mutex_lock(&mount_mutex);
	m = youngest_of(d);
	err = m && m->where && !m->locked ? mount_attach(m, where) : -EINVAL;
	mutex_unlock(&mount_mutex);
	dput(d);
	return err;
}

/* Does the namespace belong to one in which current has the right? */
static bool may_mount(void)
{
	return ns_capable(current_mnt_ns()->ns.user_ns, CAP_SYS_ADMIN);
}

long sys_mount(uaddr_t usource, uaddr_t utarget, uaddr_t utype, u64 flags, uaddr_t udata)
{
	const u32 propagation = MS_PRIVATE | MS_UNBINDABLE | MS_SLAVE | MS_SHARED;
	char source[64], type[32], options[256];
	struct dentry *d;
	int err = get_string(type, sizeof(type), utype);

	if (!err)
		err = get_string(source, sizeof(source), usource);
	if (!err && !(flags & (MS_BIND | MS_MOVE | propagation)))
		err = get_string(options, sizeof(options), udata);
	if (!err)
		err = user_path(AT_FDCWD, utarget, LOOKUP_FOLLOW, &d);
	if (err)
		return err;
	if (flags & MS_NOUSER)
		err = -EINVAL;
	else if (!may_mount())
		err = -EPERM;
	else if (flags & MS_REMOUNT)
		err = remount(d, (u32)flags);
	else if (flags & MS_BIND)
		err = -EINVAL;
	else if (flags & propagation)
		err = change_type(d, (u32)flags);
	else if (flags & MS_MOVE)
		err = source[0] ? do_move_mount(source, d) : -EINVAL;
	else
		err = utype ? do_mount(source[0] ? source : "none", d, type, (u32)flags, options) : -EINVAL;
	dput(d);
	return err;
}

/* --- umount2 --- */

static bool has_children(const struct mount *m)
{
	const struct mount *c;

	list_for_each(c, &m->ns->mounts, node)
		if (c->parent == m)
			return true;
	return false;
}

static bool is_in(const struct dentry *d, const struct super *sb)
{
	return d && d->inode->sb == sb;
}

/* Does t, if it lives in m's namespace, stand in m or have something open there? */
static bool task_uses(struct task *t, const struct mount *m)
{
	bool uses = false;

	task_lock(t);
	if (!t->nsproxy || to_mnt_ns(t->nsproxy->ns[NS_MNT]) != m->ns)
		goto out;
	if (t->files) {
		spin_lock(&t->files->lock);
		for (unsigned fd = 0; fd < t->files->max && !uses; fd++)
			uses = t->files->fd[fd] && is_in(t->files->fd[fd]->dentry, m->sb);
		spin_unlock(&t->files->lock);
	}
	if (t->fs) {
		spin_lock(&t->fs->lock);
		uses = uses || is_in(t->fs->root, m->sb) || is_in(t->fs->cwd, m->sb);
		spin_unlock(&t->fs->lock);
	}
out:
	task_unlock(t);
	return uses;
}

static bool namespace_uses(const struct mount *m)
{
	struct task *p, *t;
	bool uses = false;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		uses = uses || task_uses(t, m);
	read_unlock(&tasklist_lock);
	return uses;
}

/* Besides the caller's reference on its root. */
static bool is_busy(const struct mount *m)
{
	if (has_children(m))
		return true;
	if (mount_with(m->ns, m->sb) != m)
		return false;		/* the older place is what they use */
	return m->sb->nr_mounts == 1 ? d_tree_busy(m->root, 2) : namespace_uses(m);
}

static int may_umount(struct mount *m, int flags)
{
	if (!m || !m->where || m->locked)
		return -EINVAL;		/* the root, too, which Linux calls locked */
	if (flags & MNT_FORCE && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & MNT_EXPIRE && (flags & (MNT_FORCE | MNT_DETACH) || current->fs->root == m->root))
		return -EINVAL;
	if (flags & MNT_DETACH)
		return 0;
	if (is_busy(m))
		return -EBUSY;
	if (flags & MNT_EXPIRE && !m->expiring) {
		m->expiring = true;
		return -EAGAIN;
	}
	return 0;
}

static int umount(struct dentry *root, int flags)
{
	LIST_HEAD(gone);
	struct mount *m;
	int err;

	mutex_lock(&mount_mutex);
	m = youngest_of(root);
	err = may_umount(m, flags);
	if (!err)
		umount_tree(m, &gone);
	mutex_unlock(&mount_mutex);
	mounts_put(&gone);
	return err;
}

long sys_umount2(uaddr_t upath, int flags)
{
	struct dentry *d;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = user_path(AT_FDCWD, upath, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &d);
	if (err)
		return err;
	err = may_mount() ? umount(d, flags) : -EPERM;
	dput(d);
	return err;
}

/* --- pivot_root --- */

/* All of ns who stand at old stand at new. */
static void chroot_fs_refs(const struct mnt_namespace *ns, struct dentry *old, struct dentry *new)
{
	struct task *p, *t;
	unsigned n = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		task_lock(t);
		if (t->fs && t->nsproxy && to_mnt_ns(t->nsproxy->ns[NS_MNT]) == ns)
			n += fs_replace(t->fs, old, new);
		task_unlock(t);
	}
	read_unlock(&tasklist_lock);
	while (n--)
		dput(old);
}

/* new comes to where current's root is, and that to put_old. mount_mutex held. */
static int pivot(struct dentry *root, struct dentry *new, struct dentry *put_old)
{
	const struct mnt_namespace *ns = current_mnt_ns();
	struct mount *root_mnt = mount_with(ns, root->inode->sb), *m = mount_with(ns, new->inode->sb);
	struct mount *old_mnt = mount_with(ns, put_old->inode->sb);

	if (!root_mnt || !m || !old_mnt)
		return -EINVAL;
	if (new->unlinked)
		return -ENOENT;
	if (m == root_mnt || old_mnt == root_mnt)
		return -EBUSY;
	if (root != root_mnt->root || !root_mnt->where || new != m->root || m->locked)
		return -EINVAL;
	if (!is_below(old_mnt, m) || !is_below(m, root_mnt))
		return -EINVAL;
	return mount_pivot(m, root_mnt, put_old);
}

static int do_pivot(struct dentry *new, struct dentry *put_old)
{
	struct fs *fs = current->fs;
	struct dentry *root;
	int err;

	mutex_lock(&mount_mutex);
	spin_lock(&fs->lock);
	root = dget(fs->root);
	spin_unlock(&fs->lock);
	err = pivot(root, new, put_old);
	if (!err)
		chroot_fs_refs(current_mnt_ns(), root, new);
	mutex_unlock(&mount_mutex);
	dput(root);
	return err;
}

long sys_pivot_root(uaddr_t unew, uaddr_t uold)
{
	struct dentry *new, *old;
	int err;

	if (!may_mount())
		return -EPERM;
	err = user_path(AT_FDCWD, unew, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new);
	if (err)
		return err;
	err = user_path(AT_FDCWD, uold, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old);
	if (!err) {
		err = do_pivot(new, old);
		dput(old);
	}
	dput(new);
	return err;
}
