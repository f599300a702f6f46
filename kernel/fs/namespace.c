// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount namespaces: which file system is where, and for whom. Mirrors the first half of Linux
 * fs/namespace.c.
 *
 * A namespace is a tree of mounts; a new one begins as a copy of its maker's, and from then on
 * neither hears of changes in the other. A file system stays while it is somewhere, or used.
 *
 * Whoever finds a mount on his way leaves it with a reference on its root, taken in the same hold of
 * dentry_lock, and does not look at the mount again:
 *
 *	a path walk, at where			umount
 *	dentry_lock				mount_mutex
 *	m = mount_on(ns, where)			dentry_lock
 *	dget(m->root)				m leaves where->mounted, root->covers
 *	unlock					unlock, both
 *	names below m->root			d_kill_tree: root->unlinked, no names
 *	dput					dput, and with the last the super is gone
 *
 * The one that comes first decides. Found before it went, the root is still a directory, and if the
 * walk was nobody's who uses it, it is empty at the latest once d_kill_tree has passed the name looked
 * for; ".." does not leave it any more.
 *
 *	rmdir where, another namespace's	mount on where
 *	inode lock of where			mount_mutex
 *	not mounted on here: unhash		inode lock of where
 *	unlock					hashed? Then where->mounted; else ENOENT
 *	where->mounted? detach_mounts		unlock, both
 *
 * LINUX: all mounts are private. A path does not say which mount it came by: a file system that is
 * in two places of a namespace (fs_type.shared) has its ".." at the older one, and is not mounted on
 * what lies on its own root (ELOOP): nobody could tell the two places apart. Who holds a directory
 * of another namespace finds there what his own has mounted; only the rest of a path that leads
 * through /proc/PID/root or cwd is walked in the namespace of the process.
 *
 * Locks: mount_mutex, the mutex of a directory that is mounted on, dentry_lock.
 */
#include "kernel/cred.h"
#include "kernel/fs/mount.h"
#include "kernel/mm/mm.h"

#define PROC_MNT_INIT_INO	0xeffffff8u

struct mutex mount_mutex = MUTEX_INIT(mount_mutex, "mount", RANK_MOUNT);
int sysctl_mount_max = 100000;
struct mnt_namespace init_mnt_ns = {
	.ns = NS_COMMON_INIT(PROC_MNT_INIT_INO, &mnt_ns_ops),
	.mounts = LIST_INIT(init_mnt_ns.mounts),
};

/* --- flags --- */

/* sb->flags again. dentry_lock held. */
static void update_flags(struct super *sb)
{
	u32 any = 0, all = MS_KEPT;

	for (struct mount *m = sb->mounts; m; m = m->next_in) {
		any |= m->flags;
		all &= m->flags;
	}
	WRITE_ONCE(sb->flags, sb->own_flags | any | (any & ~all ? SB_MIXED : 0));
}

void mount_set_flags(struct mount *m, u32 flags)
{
	spin_lock(&dentry_lock);
	m->flags = flags & MS_KEPT;
	update_flags(m->sb);
	spin_unlock(&dentry_lock);
}

/*
 * What current's own mount of it says, the oldest. LINUX: the file's, if it was opened elsewhere. Who
 * has none of his own came by somebody's, or by one that is no more: then it is what all agree on,
 * and no stranger can make it read-only for him. Nobody is somebody else by a mount that is not his.
 * But a guest, whose mounts are not those of the users that the file system belongs to, may have
 * come by any: he keeps to all of them.
 */
u32 sb_flags(const struct super *sb)
{
	const struct mount *m;
	u32 any = 0, all, flags;

	spin_lock(&dentry_lock);
	all = (sb->nr_mounts ? MS_KEPT : sb->flags & MS_KEPT) & ~(u32)MS_RDONLY;
	for (m = sb->mounts; m && m->ns != current_mnt_ns(); m = m->next_in) {
		any |= m->flags;
		all &= m->flags;
	}
	flags = current_mnt_ns()->ns.user_ns == sb->user_ns ? all : all | any;
	flags = sb->own_flags | (m ? m->flags : flags | MS_NOSUID);
	spin_unlock(&dentry_lock);
	return flags;
}

/* --- one mount --- */

struct mount *mount_alloc(struct mnt_namespace *ns, struct super *sb, struct dentry *root, u32 flags)
{
	static u32 last_id;
	struct mount *m;

	assert_held(&mount_mutex);
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return ERR_PTR(-ENOMEM);
	list_init(&m->node);
	m->ns = ns;
	m->sb = sb;
	m->root = dget(root);
	m->flags = flags & MS_KEPT;
	m->id = ++last_id;
	return m;
}

void mount_free(struct mount *m)
{
	dput(m->root);
	kfree(m);
}

/* m is one of its namespace's. Both locks held. */
static void join(struct mount *m)
{
	struct mount **p = &m->root->covers;

	while (*p)
		p = &(*p)->next_of;
	*p = m;
	for (p = &m->sb->mounts; *p; p = &(*p)->next_in)
		;
	*p = m;
	list_add_tail(&m->node, &m->ns->mounts);
	m->ns->nr_mounts++;
	m->sb->nr_mounts++;
	if (((m->flags | m->sb->own_flags) ^ m->sb->flags) & MS_KEPT)
		update_flags(m->sb);
}

void mount_join_root(struct mount *m)
{
	spin_lock(&dentry_lock);
	join(m);
	m->ns->root = m;
	spin_unlock(&dentry_lock);
}

/* Takes over a reference on where. Both locks held. */
static void put_on(struct mount *m, struct dentry *where, struct mount *parent)
{
	m->where = where;
	m->parent = parent;
	m->next_on = where->mounted;
	where->mounted = m;
}

/* Gives back the reference on where; NULL: it was a root. Both locks held. */
static struct dentry *take_off(struct mount *m)
{
	struct dentry *where = m->where;
	struct mount **p;

	if (!where)
		return NULL;
	for (p = &where->mounted; *p != m; p = &(*p)->next_on)
		;
	*p = m->next_on;
	m->where = NULL;
	return where;
}

/* By which sb is seen. NULL. */
struct mount *mount_with(const struct mnt_namespace *ns, const struct super *sb)
{
	struct mount *m;

	list_for_each(m, &ns->mounts, node)
		if (m->sb == sb)
			return m;
	return NULL;
}

/* Is p m, or below it? */
bool is_below(const struct mount *p, const struct mount *m)
{
	while (p && p != m)
		p = p->parent;
	return p;
}

/* By its name, in m. dentry_lock held. */
static bool can_be_found(const struct dentry *d, const struct mount *m)
{
	return d == m->root || !list_empty(&d->hash_node);
}

/* m is at where, which is referenced, or where it was before. */
static int attach_at(struct mount *m, struct dentry *where)
{
	struct mount *parent = mount_with(m->ns, where->inode->sb);
	struct dentry *old = where;
	int err = 0;

	if (!parent)
		err = -EINVAL;
	else if (parent->sb == m->sb && where == parent->root)
		err = -EBUSY;
	else if (!inode_is(where->inode, S_IFDIR))
		err = -ENOTDIR;
	else if (is_below(parent, m) || topmost(m->ns, m->root) == where)
		err = -ELOOP;
	if (err)
		goto out;
	mutex_lock(&where->inode->lock);	/* so does whoever removes it */
	spin_lock(&dentry_lock);
	if (!can_be_found(where, parent)) {
		err = -ENOENT;
	} else {
		old = take_off(m);
		if (list_empty(&m->node))
			join(m);
		put_on(m, where, parent);
	}
	spin_unlock(&dentry_lock);
	mutex_unlock(&where->inode->lock);
out:
	dput(old);
	return err;
}

/*
 * Over all that is there already. Only on what can be found: an unlinked directory cannot, nor can
 * that of a process. LINUX: the latter can be mounted on, and its end unmounts it.
 */
int mount_attach(struct mount *m, struct dentry *where)
{
	assert_held(&mount_mutex);
	spin_lock(&dentry_lock);
	where = dget(topmost(m->ns, where));
	spin_unlock(&dentry_lock);
	return attach_at(m, where);
}

/* m comes to where root was, and that to put_old, which is seen by m or something below it. 0, -ENOENT. */
int mount_pivot(struct mount *m, struct mount *root, struct dentry *put_old)
{
	struct mount *parent = mount_with(m->ns, put_old->inode->sb), *above = root->parent;
	struct dentry *old = NULL;
	int err = 0;

	assert_held(&mount_mutex);
	mutex_lock(&put_old->inode->lock);
	spin_lock(&dentry_lock);
	if (can_be_found(put_old, parent)) {
		struct dentry *place = take_off(root);

		old = take_off(m);
		put_on(m, place, above);
		put_on(root, dget(put_old), parent);
	} else {
		err = -ENOENT;
	}
	spin_unlock(&dentry_lock);
	mutex_unlock(&put_old->inode->lock);
	dput(old);
	return err;
}

/* --- the end of mounts --- */

static void leave(struct mount *m, struct list *gone)
{
	struct super *sb = m->sb;
	struct dentry *where;
	struct mount **p;

	spin_lock(&dentry_lock);
	for (p = &m->root->covers; *p != m; p = &(*p)->next_of)
		;
	*p = m->next_of;
	for (p = &sb->mounts; *p != m; p = &(*p)->next_in)
		;
	*p = m->next_in;
	where = take_off(m);
	m->where = where;		/* its reference is dropped by mounts_put */
	list_move_tail(&m->node, gone);
	m->ns->nr_mounts--;
	sb->nr_mounts--;
	if (sb->flags & SB_MIXED && sb->nr_mounts)
		update_flags(sb);
	spin_unlock(&dentry_lock);
	m->last = !sb->nr_mounts && (!sb->type->unmounted || sb->type->unmounted(sb));
}

void umount_tree(struct mount *m, struct list *gone)
{
	struct mnt_namespace *ns = m->ns;
	struct mount *c, *next;
	bool more;

	assert_held(&mount_mutex);
	m->going = true;
	do {
		more = false;
		list_for_each(c, &ns->mounts, node)
			if (!c->going && c->parent && c->parent->going)
				c->going = more = true;
	} while (more);
	list_for_each_safe(c, next, &ns->mounts, node)
		if (c->going)
			leave(c, gone);
}

void super_kill(struct super *sb)
{
	d_kill_tree(sb->root);
	tmpfs_forget_names(sb);
	dput(sb->root);
	super_put(sb);
}

/*
 * A file system in no place goes when nobody uses it: who has something open there, stands in it or
 * has a socket with a name in it goes on as before.
 *
 *	the last user				the last umount
 *	dput					nr_lazy++, on the list
 *	nr_lazy?  then lazy_check		is the tree busy?
 *
 * One of them sees the other. Who is on his way through it only is waited for by nobody: then it goes
 * with whatever is unmounted next, or by drop_caches.
 */
_Atomic u32 nr_lazy;
static LIST_HEAD(lazies);		/* [M] of super.lazy_node */

/* Those of lazies that are idle, or sb alone if it is one. */
static void kill_lazies(const struct super *sb)
{
	struct super *s, *next;
	LIST_HEAD(dead);

	mutex_lock(&mount_mutex);
	list_for_each_safe(s, next, &lazies, lazy_node)
		if ((!sb || s == sb) && !d_tree_busy(s->root, 0))
			list_move_tail(&s->lazy_node, &dead);
	mutex_unlock(&mount_mutex);
	while (!list_empty(&dead)) {
		s = list_first(&dead, struct super, lazy_node);
		list_del(&s->lazy_node);
		atomic_fetch_sub(&nr_lazy, 1);
		super_kill(s);
	}
}

void lazy_check(const struct super *sb)
{
	if (sb)
		kill_lazies(sb);
}

static void super_leave(struct super *sb)
{
	if (sb->type->unmounted) {	/* what it shows is elsewhere, and stays */
		super_kill(sb);
		return;
	}
	atomic_fetch_add(&nr_lazy, 1);
	mutex_lock(&mount_mutex);
	list_add_tail(&sb->lazy_node, &lazies);
	mutex_unlock(&mount_mutex);
}

void mounts_put(struct list *gone)
{
	while (!list_empty(gone)) {
		struct mount *m = list_first(gone, struct mount, node);
		struct super *sb = m->last ? m->sb : NULL;

		list_del(&m->node);
		dput(m->where);
		mount_free(m);
		if (sb)
			super_leave(sb);
	}
	if (atomic_load(&nr_lazy))
		kill_lazies(NULL);
}

static u64 shrink_lazies(u64 want)
{
	if (want == SHRINK_ALL && atomic_load(&nr_lazy))
		kill_lazies(NULL);
	return 0;
}
SHRINKER(lazy_shrinker, shrink_lazies);

void detach_mounts(struct dentry *d)
{
	LIST_HEAD(gone);

	mutex_lock(&mount_mutex);
	while (d->mounted)
		umount_tree(d->mounted, &gone);
	mutex_unlock(&mount_mutex);
	mounts_put(&gone);
}

/* --- namespaces --- */

/*
 * c, a copy, is in a namespace with less power than m's. LINUX: there a locked mount stays where it is
 * when what it is in is detached; here who keeps a directory of that sees what it hid.
 */
static void lock_mount(struct mount *c, const struct mount *m)
{
	c->locked_flags |= c->flags;
	c->locked |= m != m->ns->root;
}

/* Where a mount is may be among those that come after it: first they are all there. 0, -ENOMEM. */
static int copy_mounts(struct mnt_namespace *ns, struct mnt_namespace *old)
{
	struct mount *m;

	list_for_each(m, &old->mounts, node) {
		m->copy = mount_alloc(ns, m->sb, m->root, m->flags);
		if (IS_ERR(m->copy))
			return (int)PTR_ERR(m->copy);
		m->copy->locked = m->locked;
		m->copy->locked_flags = m->locked_flags;
		if (ns->ns.user_ns != old->ns.user_ns)
			lock_mount(m->copy, m);
		spin_lock(&dentry_lock);
		join(m->copy);
		spin_unlock(&dentry_lock);
	}
	spin_lock(&dentry_lock);
	list_for_each(m, &old->mounts, node)
		if (m->where)
			put_on(m->copy, dget(m->where), m->parent->copy);
	ns->root = old->root->copy;
	spin_unlock(&dentry_lock);
	return 0;
}

/*
 * Memory is asked for with mount_mutex held: a victim of the OOM killer that waits for it at X11
 * has given its own back at X5.
 */
static struct ns_common *copy_mnt_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	struct mnt_namespace *ns = kzalloc(sizeof(*ns), GFP_KERNEL);
	int err;

	if (!ns)
		return ERR_PTR(-ENOMEM);
	if (ns_init(&ns->ns, &mnt_ns_ops, user_ns)) {
		kfree(ns);
		return ERR_PTR(-ENOSPC);
	}
	list_init(&ns->mounts);
	mutex_lock(&mount_mutex);
	err = copy_mounts(ns, to_mnt_ns(old));
	mutex_unlock(&mount_mutex);
	if (!err)
		return &ns->ns;
	ns_put(&ns->ns);
	return ERR_PTR(err);
}

static void free_mnt_ns(struct ns_common *common)
{
	struct mnt_namespace *ns = to_mnt_ns(common);
	LIST_HEAD(gone);

	mutex_lock(&mount_mutex);
	while (!list_empty(&ns->mounts))
		leave(list_first(&ns->mounts, struct mount, node), &gone);
	mutex_unlock(&mount_mutex);
	mounts_put(&gone);
	kfree(ns);
}

static int install_mnt_ns(struct ns_common *ns, struct user_namespace *user_ns)
{
	(void)ns;
	if (!ns_capable(user_ns, CAP_SYS_CHROOT))
		return -EPERM;
	return atomic_load(&current->fs->refs) == 1 ? 0 : -EINVAL;
}

/* Where current stood is no place there. */
static void entered_mnt_ns(struct ns_common *ns)
{
	struct dentry *root;

	spin_lock(&dentry_lock);
	root = dget(topmost(to_mnt_ns(ns), to_mnt_ns(ns)->root->root));
	spin_unlock(&dentry_lock);
	fs_set_both(root);
}

const struct ns_ops mnt_ns_ops = {
	.name = "mnt",
	.type = CLONE_NEWNS,
	.ucount = UCOUNT_MNT,
	.copy = copy_mnt_ns,
	.free = free_mnt_ns,
	.install = install_mnt_ns,
	.entered = entered_mnt_ns,
};
