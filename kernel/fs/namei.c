// SPDX-License-Identifier: GPL-2.0-only
/*
 * The path walk, and what is opened by its path; open.c opens it. Mirrors the first half of Linux
 * fs/namei.c.
 *
 * LINUX: a name is at most 255 bytes, a path 4095, and at most 40 symlinks are followed, as there;
 * a path that symlinks make longer than 8 KiB is ENAMETOOLONG.
 *
 * Locks: dentry_lock for each step; the mutex of the last directory while a file is made in it.
 */
#include "kernel/cred.h"
#include "kernel/fs/mount.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

#define MAX_EXPANDED (2 * K_PATH_MAX)

struct walk {
	struct dentry *cur, *root;	/* referenced */
	struct ns_common *ns;		/* whose mounts are seen, referenced; NULL: current's */
	const char *p;			/* what is left of the path */
	char *link_buf;			/* where p points once a symlink was followed */
	unsigned links;
	u32 flags;			/* LOOKUP_* */
	struct qstr last;		/* parent walks: the last name */
	enum last_type type;
	bool slash;			/* slashes after it */
};

/* --- names from user memory --- */

char *copy_name(uaddr_t upath, size_t room)
{
	char *name = kmalloc(room, GFP_KERNEL);
	long len;

	if (!name)
		return ERR_PTR(-ENOMEM);
	len = strncpy_from_user(name, upath, room);
	if (len >= 0 && len < (long)room)
		return name;
	kfree(name);
	return ERR_PTR(len < 0 ? len : -ENAMETOOLONG);
}

char *getname(uaddr_t upath)
{
	char *name = copy_name(upath, SHORT_PATH);

	return PTR_ERR(name) == -ENAMETOOLONG ? copy_name(upath, K_PATH_MAX) : name;
}

void putname(char *name)
{
	if (!IS_ERR(name))
		kfree(name);
}

/* --- steps --- */

static struct dentry *cross_mounts_of(const struct mnt_namespace *ns, struct dentry *d)
{
	struct dentry *top;

	if (likely(!READ_ONCE(d->mounted)))
		return d;
	spin_lock(&dentry_lock);
	top = dget(topmost(ns, d));
	spin_unlock(&dentry_lock);
	dput(d);
	return top;
}

struct dentry *cross_mounts(struct dentry *d)
{
	return cross_mounts_of(current_mnt_ns(), d);
}

static const struct mnt_namespace *ns_of(const struct walk *w)
{
	return unlikely(w->ns) ? to_mnt_ns(w->ns) : current_mnt_ns();
}

static void set_ns(struct walk *w, struct ns_common *ns)
{
	if (unlikely(w->ns))
		ns_put(w->ns);
	w->ns = ns;
}

struct dentry *lookup_one(struct dentry *dir, const char *name, size_t len)
{
	struct dentry *d = d_lookup(dir, name, len);
	int err;

	if (d || !dir->inode->ops || !dir->inode->ops->lookup)
		return d ? d : ERR_PTR(-ENOENT);
	d = dentry_alloc(dir, name, len);
	if (!d)
		return ERR_PTR(-ENOMEM);
	err = dir->inode->ops->lookup(dir->inode, d);
	if (!err)
		return d;
	dput(d);
	return ERR_PTR(err);
}

static void step_up(struct walk *w)
{
	struct dentry *d = w->cur, *up;
	const struct mount *m;

	spin_lock(&dentry_lock);
	while (d != w->root && (m = mount_of(ns_of(w), d)) && m->where)
		d = m->where;
	up = dget(d != w->root && d->parent ? d->parent : d);
	spin_unlock(&dentry_lock);
	dput(w->cur);
	w->cur = cross_mounts_of(ns_of(w), up);
}

/* Puts the text of symlink i before the rest of the path. */
static int expand_link(struct walk *w, struct inode *i)
{
	size_t rest = kstrlen(w->p);
	char *buf;
	int len;

	if (!i->ops->readlink)
		return -EINVAL;
	if (rest >= MAX_EXPANDED - K_PATH_MAX)
		return -ENAMETOOLONG;
	buf = kmalloc(K_PATH_MAX + rest + 1, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	len = i->ops->readlink(i, buf, K_PATH_MAX - 1);
	if (len <= 0) {
		kfree(buf);
		return len ? len : -ENOENT;
	}
	kmemcpy(buf + len, w->p, rest + 1);
	kfree(w->link_buf);
	w->p = w->link_buf = buf;
	if (buf[0] == '/') {
		set_ns(w, NULL);
		dput(w->cur);
		w->cur = dget(w->root);
	}
	return 0;
}

/* Goes on where symlink d, found in w->cur, leads. Consumes d. */
static int follow_link(struct walk *w, struct dentry *d)
{
	struct inode *i = d->inode;
	int err = 0;

	if (++w->links > K_SYMLOOP_MAX) {
		err = -ELOOP;
	} else if (i->ops->follow) {
		struct dentry *to = i->ops->follow(i);

		if (IS_ERR(to)) {
			err = (int)PTR_ERR(to);
		} else {
			dput(w->cur);
			w->cur = to;
			set_ns(w, i->ops->follow_ns ? i->ops->follow_ns(i) : NULL);
		}
	} else {
		err = expand_link(w, i);
	}
	dput(d);
	return err;
}

static enum last_type classify(const char *name, size_t len)
{
	if (name[0] != '.' || len > 2)
		return LAST_NORM;
	return len == 1 ? LAST_DOT : name[1] == '.' ? LAST_DOTDOT : LAST_NORM;
}

/*
 * One name that is not "." or "..": into w->cur, or through a symlink. last: nothing but slashes
 * follows, @slash: some do.
 */
static int step_name(struct walk *w, struct qstr q, const char *rest, bool last, bool slash)
{
	struct dentry *d = lookup_one(w->cur, q.name, q.len);

	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	w->p = rest;
	if (inode_is(d->inode, S_IFLNK) && (!last || slash || w->flags & LOOKUP_FOLLOW))
		return follow_link(w, d);
	d = cross_mounts_of(ns_of(w), d);
	dput(w->cur);
	w->cur = d;
	return 0;
}

/* Walks to the end of the path, or with @parent up to its last name, which is left in w->last. */
static int walk_path(struct walk *w, bool parent)
{
	bool must_be_dir = w->flags & LOOKUP_DIRECTORY;
	int err;

	w->type = LAST_ROOT;
	for (;;) {
		const char *after, *start;
		struct qstr q;
		enum last_type type;

		while (*w->p == '/')
			w->p++;
		if (!*w->p)
			break;
		start = w->p;
		for (after = start; *after && *after != '/'; after++)
			;
		q = (struct qstr){ start, (u32)(after - start) };
		const char *next = after;
		while (*next == '/')
			next++;
		if (!inode_is(w->cur->inode, S_IFDIR))
			return -ENOTDIR;
		err = may_search(w->cur->inode);
		if (err)
			return err;
		if (q.len > K_NAME_MAX)
			return -ENAMETOOLONG;
		type = classify(q.name, q.len);
		if (!*next && parent) {
			w->last = q;
			w->type = type;
			w->slash = next != after;
			return 0;
		}
		if (!*next && next != after)
			must_be_dir = true;
		if (type == LAST_NORM) {
			err = step_name(w, q, after, !*next, next != after);
			if (err)
				return err;
			continue;
		}
		w->p = after;
		if (type == LAST_DOTDOT)
			step_up(w);
	}
	return must_be_dir && !inode_is(w->cur->inode, S_IFDIR) ? -ENOTDIR : 0;
}

/* Where the walk starts. On failure nothing is to be put. */
static int walk_start(struct walk *w, int dfd, const char *path, u32 flags)
{
	struct fs *fs = current->fs;
	struct dentry *root, *base = NULL;

	*w = (struct walk){ .p = path, .flags = flags };
	if (!*path && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	if (fs) {
		spin_lock(&fs->lock);
		root = dget(fs->root);
		if (*path != '/' && dfd == AT_FDCWD)
			base = dget(fs->cwd);
		spin_unlock(&fs->lock);
	} else {
		root = cross_mounts(dget(root_super->root));
	}
	if (*path == '/') {
		base = dget(root);
	} else if (dfd != AT_FDCWD) {
		struct file *f = fget_raw(dfd);
		int err = !f ? -EBADF : *path && !inode_is(f->inode, S_IFDIR) ? -ENOTDIR : 0;

		if (!err)
			base = dget(f->dentry);
		if (f)
			fput(f);
		if (err) {
			dput(root);
			return err;
		}
	} else if (!base) {
		base = dget(root);
	}
	w->root = root;
	w->cur = base;
	return 0;
}

static void walk_end(struct walk *w)
{
	dput(w->cur);
	dput(w->root);
	set_ns(w, NULL);
	kfree(w->link_buf);
}

/*
 * The way of most paths; NULL: walk. Root and directory of a struct fs that is current's alone are
 * moved by pivot_root only, with dentry_lock held.
 */
static struct dentry *walk_known(int dfd, const char *path)
{
	struct fs *fs = current->fs;
	struct dentry *d;

	if (unlikely(!fs) || !*path || (*path != '/' && dfd != AT_FDCWD))
		return NULL;
	if (likely(atomic_load_explicit(&fs->refs, memory_order_acquire) == 1))
		return d_walk_known(*path == '/' ? &fs->root : &fs->cwd, path);
	spin_lock(&fs->lock);
	d = d_walk_known(*path == '/' ? &fs->root : &fs->cwd, path);
	spin_unlock(&fs->lock);
	return d;
}

int path_lookup(int dfd, const char *path, u32 flags, struct dentry **out)
{
	struct walk w;
	int err;

	might_sleep();
	*out = flags & LOOKUP_DIRECTORY ? NULL : walk_known(dfd, path);
	if (*out)
		return 0;
	err = walk_start(&w, dfd, path, flags);
	if (err)
		return err;
	err = walk_path(&w, false);
	if (!err)
		*out = dget(w.cur);
	walk_end(&w);
	return err;
}

int path_lookup_parent(int dfd, const char *path, struct parent_path *pp)
{
	struct walk w;
	int err;

	might_sleep();
	err = walk_start(&w, dfd, path, 0);
	if (err)
		return err;
	err = walk_path(&w, true);
	if (!err) {
		*pp = (struct parent_path){ dget(w.cur), w.type, w.slash, w.last, w.link_buf };
		w.link_buf = NULL;
	}
	walk_end(&w);
	return err;
}

void parent_path_put(struct parent_path *pp)
{
	dput(pp->dir);
	kfree(pp->link_buf);
}

int user_path(int dfd, uaddr_t upath, u32 flags, struct dentry **out)
{
	char buf[SHORT_PATH], *name = short_name(upath, buf);
	int err;

	if (IS_ERR(name))
		return (int)PTR_ERR(name);
	err = path_lookup(dfd, name, flags, out);
	free_name(name, buf);
	return err;
}

/* --- by name --- */

/* What is neither a file nor a character device. */
static __attribute__((noinline)) int may_open_other(const struct inode *i, u32 flags)
{
	if (inode_is(i, S_IFLNK))
		return -ELOOP;
	if (flags & __FMODE_EXEC)
		return -EACCES;
	if (inode_is(i, S_IFDIR) && (wants_write(flags) || flags & (O_TRUNC | O_CREAT)))
		return -EISDIR;
	return inode_is(i, S_IFSOCK) ? -ENXIO : 0;
}

static __attribute__((noinline)) bool is_forbidden_device(const struct inode *i)
{
	return (inode_is(i, S_IFCHR) || inode_is(i, S_IFBLK)) && sb_says(i->sb, MS_NODEV);
}

/* May d be opened like that? */
static __always_inline int may_open(const struct dentry *d, u32 flags)
{
	const struct inode *i = d->inode;
	bool changes = wants_write(flags) || flags & O_TRUNC;
	unsigned mask;
	int err = 0;

	if (flags & O_DIRECTORY && !inode_is(i, S_IFDIR))
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (!inode_is(i, S_IFREG) && !inode_is(i, S_IFCHR))
		err = may_open_other(i, flags);
	if (err)
		return err;
	if (flags & __FMODE_EXEC && (!inode_is(i, S_IFREG) || sb_says(i->sb, MS_NOEXEC)))
		return -EACCES;
	if (sb_might_say(i->sb, MS_NODEV) && is_forbidden_device(i))
		return -EACCES;
	mask = flags & __FMODE_EXEC ? MAY_EXEC : (changes ? MAY_WRITE : 0) | ((flags & O_ACCMODE) == O_WRONLY ? 0 : MAY_READ);
	err = mask == MAY_READ && (i->mode & 0444) == 0444 ? 0 : inode_permission(i, mask);
	if (unlikely(is_append(i)) && !err && ((wants_write(flags) && !(flags & O_APPEND)) || flags & O_TRUNC))
		return -EPERM;
	return !err && flags & O_NOATIME && !inode_owner_or_capable(i) ? -EPERM : err;
}

/* O_TMPFILE: a file without a name in directory w->cur. It may be given one later unless it is O_EXCL. */
static struct dentry *open_tmpfile(struct walk *w, u32 flags, u32 mode)
{
	struct inode *dir = w->cur->inode;
	struct dentry *d;
	int err;

	if (!inode_is(dir, S_IFDIR))
		return ERR_PTR(-ENOTDIR);
	err = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (!err && !fsuidgid_has_mapping(dir->sb))
		err = -EOVERFLOW;
	if (err)
		return ERR_PTR(err);
	if (dir->ops != &tmpfs_dir_ops)
		return ERR_PTR(-EOPNOTSUPP);
	d = dentry_alloc(w->cur, "#tmpfile", 8);
	if (!d)
		return ERR_PTR(-ENOMEM);
	d->inode = tmpfs_inode(dir->sb, S_IFREG | mode, 0);
	if (!d->inode) {
		dput(d);
		return ERR_PTR(-ENOMEM);
	}
	inode_init_owner(d->inode, dir);
	atomic_store(&d->inode->nlink, 0);
	d->inode->linkable = !(flags & O_EXCL);
	d->unlinked = 1;
	return d;
}

/* The last name with O_CREAT. *created says whether it is new. */
static struct dentry *open_last(struct walk *w, u32 flags, u32 mode, bool *created)
{
	struct dentry *dir = w->cur, *d;

	if (w->type != LAST_NORM || w->slash)
		return ERR_PTR(w->type == LAST_NORM || !(flags & O_EXCL) ? -EISDIR : -EEXIST);
	mutex_lock(&dir->inode->lock);
	d = dir->unlinked ? ERR_PTR(-ENOENT) : lookup_one(dir, w->last.name, w->last.len);
	if (IS_ERR(d) && PTR_ERR(d) == -ENOENT && !dir->unlinked) {
		*created = true;
		d = vfs_create_locked(dir, w->last.name, w->last.len, S_IFREG | mode, 0);
		if (IS_ERR(d) && PTR_ERR(d) == -EPERM && !is_fixed(dir->inode))
			d = ERR_PTR(-EACCES);	/* there are no files to be made */
	} else if (!IS_ERR(d) && flags & O_EXCL) {
		dput(d);
		d = ERR_PTR(-EEXIST);
	}
	mutex_unlock(&dir->inode->lock);
	return d;
}

static struct dentry *open_create(struct walk *w, u32 flags, u32 mode, bool *created)
{
	for (;;) {
		struct dentry *d;
		int err = walk_path(w, true);

		if (err)
			return ERR_PTR(err);
		if (w->type == LAST_ROOT && w->links)	/* a magic link led here */
			return dget(w->cur);
		d = open_last(w, flags, mode, created);
		if (IS_ERR(d) || !inode_is(d->inode, S_IFLNK))
			return IS_ERR(d) ? d : cross_mounts_of(ns_of(w), d);
		if (flags & O_NOFOLLOW) {
			dput(d);
			return ERR_PTR(-ELOOP);
		}
		w->p = w->last.name + w->last.len;
		err = follow_link(w, d);
		if (err)
			return ERR_PTR(err);
	}
}

static struct dentry *open_find(struct walk *w, u32 flags, u32 mode, bool *created)
{
	int err;

	if (flags & O_CREAT)
		return open_create(w, flags, mode, created);
	err = walk_path(w, false);
	if (err)
		return ERR_PTR(err);
	if (flags & (O_TMPFILE & ~O_DIRECTORY))
		return open_tmpfile(w, flags, mode);
	return dget(w->cur);
}

static struct dentry *__attribute__((noinline)) open_walk(int dfd, const char *path, u32 flags, u32 mode, bool *created)
{
	struct dentry *d;
	struct walk w;
	int err = walk_start(&w, dfd, path, (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW));

	if (err)
		return ERR_PTR(err);
	d = open_find(&w, flags, mode, created);
	walk_end(&w);
	return d;
}

/* What is opened, found or made: then it is empty already, without O_TRUNC. Referenced; ERR_PTR. */
static struct dentry *open_name(int dfd, const char *path, u32 *pflags, u32 mode)
{
	u32 flags = *pflags;
	struct dentry *d = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? NULL : walk_known(dfd, path);
	int err;

	if (!d) {
		bool created = false;

		d = open_walk(dfd, path, flags, mode, &created);
		if (IS_ERR(d))
			return d;
		if (created || flags & (O_TMPFILE & ~O_DIRECTORY)) {
			*pflags &= ~(u32)O_TRUNC;
			return d;
		}
	}
	err = may_open(d, flags);
	if (!err)
		return d;
	dput(d);
	return ERR_PTR(err);
}

/* O_TRUNC, of what it means something for. 0, -errno. */
static int open_truncate(struct dentry *d)
{
	struct inode *i = d->inode;

	return inode_is(i, S_IFREG) && i->ops && i->ops->truncate ? vfs_truncate(d, 0) : 0;
}

/* The file comes first: nothing is made or cut that cannot be opened then. */
struct file *do_filp_open(int dfd, const char *path, u32 flags, u32 mode)
{
	struct file *f = file_alloc_empty();
	bool to_run = flags & __FMODE_EXEC, truncate;
	struct dentry *d;
	int err;

	might_sleep();
	if (IS_ERR(f))
		return f;
	d = open_name(dfd, path, &flags, mode);
	if (IS_ERR(d)) {
		file_free_empty(f);
		return (struct file *)d;
	}
	truncate = flags & O_TRUNC;
	flags &= ~(u32)(O_CREAT | O_TRUNC | __FMODE_EXEC);
	f = open_as(f, d, flags & O_PATH ? flags : flags & ~(u32)O_CLOEXEC);
	if (IS_ERR(f))
		return f;
	if (unlikely(to_run | truncate)) {
		err = to_run ? deny_write_access(f) : open_truncate(f->dentry);
		if (err) {
			fput(f);
			return ERR_PTR(err);
		}
	}
	if (f->opened)
		fsnotify(f->dentry, IN_OPEN);
	return f;
}

int file_may_run(const struct file *f)
{
	return may_open(f->dentry, __FMODE_EXEC);
}
