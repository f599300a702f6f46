// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups as directories: the file systems cgroup2 and cgroup. Mirrors Linux fs/kernfs and
 * the mounting half of kernel/cgroup/cgroup.c and cgroup-v1.c.
 *
 * A group is a directory that stays; its files are made when they are looked for and go with their
 * last user, so that a thousand groups are a thousand directories and no more. A file that tells of
 * changes has one inode while anybody uses it: watchers found it by name and are told by group.
 *
 * A tree is one file system wherever it is mounted, and stays while it has groups.
 *
 * Locks: mount_mutex (which trees there are), the directory's mutex, cgroup_mutex,
 * cgroup_events_lock.
 *
 * LINUX: a file's owner and mode, once changed, are forgotten with its last user. Version 1 gives
 * one controller a mount, and has no rename and no named hierarchies.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define FILE_BASE	(1ull << 40)	/* directory positions from here on are files */
#define NR_FILES	((unsigned)(__stop_set_cgroup_files - __start_set_cgroup_files))

static const struct inode_ops group_dir_ops, group_file_ops;
static struct file_ops group_dir_fops;
static const struct file_ops group_file_fops;
static struct super *supers[NR_CG_TREES];	/* [mount_mutex] to change */
static bool nsdelegate;				/* [mount_mutex] to change */

static struct cgroup *group_of(const struct inode *i)
{
	return i->private;
}

static const struct cgroup_file *file_of(const struct inode *i)
{
	return &__start_set_cgroup_files[i->private_nr];
}

static bool has_file(struct cgroup *cg, const struct cgroup_file *cf)
{
	if (!(cf->trees & ON(cg->tree)) || (cgroup_is_root(cg) ? cf->not_on_root : cf->only_on_root))
		return false;
	return !cf->visible || cf->visible(cg);
}

static bool is_dead(const struct cgroup *cg)
{
	return READ_ONCE(cg->dead);
}

struct cgroup *cgroup_of_dir(struct inode *i)
{
	return i->ops == &group_dir_ops ? group_of(i) : NULL;
}

bool cgroup_tree_mounted(enum cgroup_tree tree)
{
	return READ_ONCE(supers[tree]);
}

bool cgroup_nsdelegate(void)
{
	return READ_ONCE(nsdelegate);
}

/* --- inodes --- */

static u64 file_ino(const struct cgroup *cg, unsigned nr)
{
	return cg->id << 8 | (nr + 1);
}

static u32 file_mode(const struct cgroup_file *cf)
{
	return S_IFREG | (cf->show ? 0444 : 0) | (cf->write || cf->write_as ? 0200 : 0);
}

/* The file's event, or NULL. */
static struct cgroup_event *event_of(struct cgroup *cg, const struct cgroup_file *cf)
{
	return cf->event == NO_EVENT ? NULL : &cg->event[cf->event - 1];
}

/* The one inode of e's file, referenced, or NULL: there is none, or it is just going. */
static struct inode *event_inode_locked(struct cgroup_event *e)
{
	struct inode *i = e->inode;
	u32 refs = i ? atomic_load(&i->refs) : 0;

	while (refs && !atomic_compare_exchange_weak(&i->refs, &refs, refs + 1))
		;
	return refs ? i : NULL;
}

static struct inode *event_inode(struct cgroup_event *e)
{
	struct inode *i;

	spin_lock(&cgroup_events_lock);
	i = event_inode_locked(e);
	spin_unlock(&cgroup_events_lock);
	return i;
}

static void evict_file(struct inode *i)
{
	struct cgroup *cg = group_of(i);
	struct cgroup_event *e = event_of(cg, file_of(i));

	if (e) {
		spin_lock(&cgroup_events_lock);
		if (e->inode == i)
			e->inode = NULL;
		spin_unlock(&cgroup_events_lock);
	}
	cgroup_put(cg);
}

static struct inode *new_file_inode(struct super *sb, struct cgroup *cg, unsigned nr)
{
	const struct cgroup_file *cf = &__start_set_cgroup_files[nr];
	struct inode *i = inode_alloc(sb, file_mode(cf));

	if (!i)
		return NULL;
	i->private = cgroup_get(cg);
	i->private_nr = nr;
	i->uid = cg->uid;
	i->gid = cg->gid;
	i->ino = file_ino(cg, nr);
	i->ops = &group_file_ops;
	i->fops = &group_file_fops;
	return i;
}

static struct inode *file_inode(struct super *sb, struct cgroup *cg, unsigned nr)
{
	struct cgroup_event *e = event_of(cg, &__start_set_cgroup_files[nr]);
	struct inode *i = e ? event_inode(e) : NULL, *other;

	if (i)
		return i;
	i = new_file_inode(sb, cg, nr);
	if (!i || !e)
		return i;
	spin_lock(&cgroup_events_lock);
	other = event_inode_locked(e);
	if (!other)
		e->inode = i;
	spin_unlock(&cgroup_events_lock);
	if (!other)
		return i;
	iput(i);
	return other;
}

void cgroupfs_modified(struct cgroup_event *e)
{
	struct inode *i = event_inode(e);

	if (i)
		fsnotify_inode(i, IN_MODIFY);
	iput(i);
}

/* --- directories --- */

/* Takes over the reference on cg. */
static struct inode *dir_inode(struct super *sb, struct cgroup *cg, u32 mode)
{
	struct inode *i = inode_alloc(sb, S_IFDIR | (mode & 01777));

	if (!i)
		return NULL;
	i->private = cg;
	i->uid = cg->uid;
	i->gid = cg->gid;
	i->ino = cg->id << 8;
	i->ops = &group_dir_ops;
	i->fops = &group_dir_fops;
	return i;
}

static int group_lookup(struct inode *dir, struct dentry *d)
{
	struct cgroup *cg = group_of(dir);

	if (is_dead(cg))
		return -ENOENT;
	for (unsigned nr = 0; nr < NR_FILES; nr++) {
		const struct cgroup_file *cf = &__start_set_cgroup_files[nr];

		if (!kstreq(cf->name, d->name) || !has_file(cg, cf))
			continue;
		d->inode = file_inode(dir->sb, cg, nr);
		return d->inode ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

static int group_create(struct inode *dir, struct dentry *d, u32 mode, u64 rdev)
{
	struct cgroup *cg;

	(void)rdev;
	if ((mode & S_IFMT) != S_IFDIR)
		return (mode & S_IFMT) == S_IFREG ? -EACCES : -EPERM;
	cg = cgroup_mkdir(group_of(dir), d->name, d->len);
	if (IS_ERR(cg))
		return (int)PTR_ERR(cg);
	d->inode = dir_inode(dir->sb, cg, mode);
	if (!d->inode) {
		cgroup_rmdir(cg);
		cgroup_put(cg);
		return -ENOMEM;
	}
	atomic_fetch_add(&dir->nlink, 1);
	return 0;
}

/* Who watches a file of cg hears that it is gone. */
static void forget_event_files(struct cgroup *cg)
{
	for (unsigned e = 0; e < NR_CGROUP_EVENTS; e++) {
		struct inode *i = event_inode(&cg->event[e]);

		if (!i)
			continue;
		atomic_store(&i->nlink, 0);
		fsnotify_gone(i);
		wake_up_all(&cg->event[e].wait);
		iput(i);
	}
}

/* Directories alone can be removed. */
static int group_unlink(struct inode *dir, struct dentry *d)
{
	int err = inode_is(d->inode, S_IFDIR) ? cgroup_rmdir(group_of(d->inode)) : -EPERM;

	if (err)
		return err;
	forget_event_files(group_of(d->inode));
	atomic_fetch_sub(&dir->nlink, 1);
	atomic_store(&d->inode->nlink, 0);
	return 0;
}

static void evict_dir(struct inode *i)
{
	cgroup_put(group_of(i));
}

static int group_readdir(struct file *f,
			 bool (*emit)(void *ctx, const char *name, size_t len, u64 ino,
				      unsigned type, u64 next),
			 void *ctx)
{
	struct cgroup *cg = group_of(f->inode);
	unsigned nr = f->pos > FILE_BASE ? (unsigned)(f->pos - FILE_BASE) : 0;
	int err;

	if (f->pos < FILE_BASE) {
		err = dir_fops.readdir(f, emit, ctx);
		if (err)
			return err;
	}
	/*
	 * Whether the groups were all taken shows in the next emit: a full buffer refuses that too.
	 */
	for (; nr < NR_FILES; nr++) {
		const struct cgroup_file *cf = &__start_set_cgroup_files[nr];

		if (has_file(cg, cf) &&
		    !emit(ctx, cf->name, kstrlen(cf->name), file_ino(cg, nr), DT_REG, FILE_BASE + nr + 1))
			break;
	}
	return 0;
}

/* --- files --- */

static s64 show(struct file *f, char *buf, size_t n)
{
	const struct cgroup_file *cf = file_of(f->inode);

	return cf->show ? cf->show(group_of(f->inode), buf, n) : -EINVAL;
}

static int group_open(struct inode *i, struct file *f)
{
	return f->writable && file_of(i)->write_as ? text_open_as(i, f) : text_open(i, f);
}

/* What poll has seen is what there was before the text was made. */
static s64 group_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct cgroup *cg = group_of(f->inode);
	struct cgroup_event *e = event_of(cg, file_of(f->inode));

	if (is_dead(cg))
		return -ENODEV;
	if (e && *pos == 0)
		*text_seen(f) = atomic_load(&e->seq);
	return text_read(f, buf, n, pos, show);
}

/* s without the blanks around it. */
static char *trim(char *s)
{
	size_t n = kstrlen(s);

	while (n && kisspace(s[n - 1]))
		s[--n] = 0;
	while (kisspace(*s))
		s++;
	return s;
}

static s64 group_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	const struct cgroup_file *cf = file_of(f->inode);
	struct cgroup *cg = group_of(f->inode);
	char *s;
	s64 err;

	(void)pos;
	if (!n)
		return 0;
	if (is_dead(cg))
		return -ENODEV;
	if (cg->tree == CG_V2 && nsdelegate && !cf->delegatable && !in_init_cgroup_ns() && cg == cgroup_ns_root(CG_V2))
		return -EPERM;
	if (!cf->write && !cf->write_as)
		return -EINVAL;
	s = text_from_user(buf, n);
	if (IS_ERR(s))
		return PTR_ERR(s);
	err = cf->write ? cf->write(cg, trim(s)) : cf->write_as(cg, trim(s), text_opener(f));
	kfree(s);
	return err ? err : (s64)n;
}

static unsigned group_poll(struct file *f, struct poll_table *pt)
{
	struct cgroup *cg = group_of(f->inode);
	struct cgroup_event *e = event_of(cg, file_of(f->inode));
	unsigned mask = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	if (!e || !f->readable)
		return mask;
	poll_wait(pt, &e->wait);
	return atomic_load(&e->seq) != *text_seen(f) || is_dead(cg) ? mask | POLLERR | POLLPRI : mask;
}

/* Opening with O_TRUNC is how a shell writes to such a file. */
static int keep_size(struct inode *i, u64 size)
{
	(void)i, (void)size;
	return 0;
}

static const struct inode_ops group_dir_ops = {
	.lookup = group_lookup, .create = group_create, .unlink = group_unlink, .evict = evict_dir,
};
static const struct inode_ops group_file_ops = { .truncate = keep_size, .evict = evict_file };
static const struct file_ops group_file_fops = {
	.open = group_open, .release = text_release, .read = group_read, .write = group_write,
	.lseek = text_lseek, .poll = group_poll,
};

/* --- mounting --- */

/* The directory of the group at which the tree begins for current. */
static struct dentry *view(struct super *sb)
{
	struct cgroup *root = cgroup_ns_root(group_of(sb->root->inode)->tree);
	struct dentry *d = dget(sb->root), *next;

	for (u32 level = 1; d && level <= root->level; level++) {
		const struct cgroup *cg = root;

		while (cg->level > level)
			cg = cg->parent;
		next = d_lookup(d, cg->name, kstrlen(cg->name));
		dput(d);
		d = next;
	}
	if (d && group_of(d->inode) == root)
		return d;
	dput(d);
	return ERR_PTR(-ENOENT);	/* it was removed */
}

static s64 show_root(struct dentry *root, char *buf, size_t n)
{
	const struct cgroup *cg = group_of(root->inode);

	return cgroup_path(cg, cgroup_ns_root(cg->tree), buf, n);
}

static int fill(struct super *sb, enum cgroup_tree tree, u64 magic)
{
	struct inode *i;

	group_dir_fops = dir_fops;
	group_dir_fops.readdir = group_readdir;
	sb->magic = magic;
	i = dir_inode(sb, &cgroup_roots[tree], 0755);
	if (!i)
		return -ENOMEM;
	cgroup_get(&cgroup_roots[tree]);
	sb->root = d_make_root(i);
	if (!sb->root)
		return -ENOMEM;
	WRITE_ONCE(supers[tree], sb);
	return 0;
}

/* Nobody makes a group in a root that is unlinked. */
static bool unmounted(struct super *sb)
{
	struct inode *i = sb->root->inode;
	bool over;

	mutex_lock(&i->lock);
	mutex_lock(&cgroup_mutex);
	over = !group_of(i)->nr_descendants;
	if (over) {
		sb->root->unlinked = 1;
		if (group_of(i)->tree == CG_MEMORY)
			(void)mem_cgroup_bind(false);	/* it has no groups */
		cgroup1_forget(group_of(i)->tree);
		WRITE_ONCE(supers[group_of(i)->tree], NULL);
	}
	mutex_unlock(&cgroup_mutex);
	mutex_unlock(&i->lock);
	return over;
}

/* These change nothing here. */
static bool is_empty_option(const char *s)
{
	return kstreq(s, "favordynmods") || kstreq(s, "memory_localevents") || kstreq(s, "memory_recursiveprot");
}

/* The first namespace alone decides how the tree is, and each of its mounts anew. */
static int v2_options(const char *options)
{
	bool delegate = false;
	char word[32];

	while (*options) {
		const char *comma = kstrchr(options, ',');
		size_t len = comma ? (size_t)(comma - options) : kstrlen(options);

		kstrlcpy(word, options, min(len + 1, sizeof(word)));
		if (len && kstreq(word, "nsdelegate"))
			delegate = true;
		else if (len && !is_empty_option(word))
			return -EINVAL;
		options += len + (comma != NULL);
	}
	if (in_init_cgroup_ns())
		WRITE_ONCE(nsdelegate, delegate);
	return 0;
}

static void show_options(struct super *sb)
{
	sb->options = nsdelegate ? "nsdelegate" : NULL;
}

static struct super *v2_shared(const char *options)
{
	int err = v2_options(options);

	if (err)
		return ERR_PTR(err);
	if (supers[CG_V2])
		show_options(supers[CG_V2]);
	return supers[CG_V2];
}

static int v2_fill(struct super *sb, const char *options)
{
	(void)options;
	show_options(sb);
	return fill(sb, CG_V2, CGROUP2_SUPER_MAGIC);
}

/* The tree of a controller's name, or CG_V2. */
static enum cgroup_tree v1_tree(const char *options)
{
	return kstreq(options, "freezer") ? CG_FREEZER : kstreq(options, "memory") ? CG_MEMORY : CG_V2;
}

static struct super *v1_shared(const char *options)
{
	enum cgroup_tree tree = v1_tree(options);

	if (tree == CG_V2)
		return ERR_PTR(-EINVAL);
	return supers[tree] || in_init_cgroup_ns() ? supers[tree] : ERR_PTR(-EPERM);
}

/* The limits of memory come to this tree, if no group of the other has any. */
static int bind_memory(bool to_v1)
{
	int err;

	mutex_lock(&cgroup_mutex);
	err = mem_cgroup_bind(to_v1);
	mutex_unlock(&cgroup_mutex);
	return err;
}

static int v1_fill(struct super *sb, const char *options)
{
	enum cgroup_tree tree = v1_tree(options);
	int err = tree == CG_MEMORY ? bind_memory(true) : 0;

	if (err)
		return err;
	sb->options = tree == CG_MEMORY ? "memory" : "freezer";
	err = fill(sb, tree, CGROUP_SUPER_MAGIC);
	if (err && tree == CG_MEMORY)
		(void)bind_memory(false);
	return err;
}

static struct user_namespace *v2_user_ns(void) { return current->nsproxy->ns[NS_CGROUP]->user_ns; }
FS_TYPE(cgroup2_type, .name = "cgroup2", .user_ns = v2_user_ns, .global = true, .fill = v2_fill,
	.shared = v2_shared, .unmounted = unmounted, .view = view,
	.show_root = show_root);
FS_TYPE(cgroup_type, .name = "cgroup", .fill = v1_fill, .shared = v1_shared, .unmounted = unmounted, .view = view,
	.show_root = show_root);
