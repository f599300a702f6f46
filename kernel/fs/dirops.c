// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that change names: mkdir, rmdir, unlink, link, symlink, rename, mknod. Mirrors the
 * second half of Linux fs/namei.c.
 *
 * Locks: rename_mutex for renames between directories; the mutex of each directory concerned,
 * ancestor first; the mutex of a directory that is removed, inside its parent's.
 */
#include "kernel/cred.h"
#include "kernel/fs/mount.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

static struct mutex rename_mutex = MUTEX_INIT(rename_mutex, "rename", RANK_FS_RENAME);

/* --- making --- */

/*
 * Splits a user's path for making something there. On success *name is to be freed by putname after
 * parent_path_put.
 */
static int user_parent(int dfd, uaddr_t upath, struct parent_path *pp, char **name)
{
	int err;

	*name = getname(upath);
	if (IS_ERR(*name))
		return (int)PTR_ERR(*name);
	err = path_lookup_parent(dfd, *name, pp);
	if (err)
		putname(*name);
	return err;
}

/* "x/" can only name a directory: a name that is there is EEXIST, another one ENOENT. */
static int check_new(const struct parent_path *pp, bool dir)
{
	struct dentry *d;

	if (pp->type != LAST_NORM)
		return -EEXIST;
	if (dir || !pp->trailing_slash)
		return 0;
	d = lookup_one(pp->dir, pp->last.name, pp->last.len);
	if (IS_ERR(d))
		return -ENOENT;
	dput(d);
	return -EEXIST;
}

static long do_mknod(int dfd, uaddr_t upath, u32 mode, u64 rdev)
{
	struct parent_path pp;
	struct dentry *d;
	char *name;
	int err = user_parent(dfd, upath, &pp, &name);

	if (err)
		return err;
	err = check_new(&pp, (mode & S_IFMT) == S_IFDIR);
	if (!err) {
		d = vfs_create(pp.dir, pp.last.name, pp.last.len, mode & ~current_umask(), rdev);
		if (IS_ERR(d))
			err = (int)PTR_ERR(d);
		else
			dput(d);
	}
	parent_path_put(&pp);
	putname(name);
	return err;
}

long sys_mkdirat(int dfd, uaddr_t path, u32 mode)
{
	return do_mknod(dfd, path, S_IFDIR | (mode & 01777), 0);
}

long sys_mkdir(uaddr_t path, u32 mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

long sys_mknodat(int dfd, uaddr_t path, u32 mode, u32 dev)
{
	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return do_mknod(dfd, path, mode & (S_IFMT | 07777), dev);
}

long sys_mknod(uaddr_t path, u32 mode, u32 dev)
{
	return sys_mknodat(AT_FDCWD, path, mode, dev);
}

long sys_symlinkat(uaddr_t utarget, int dfd, uaddr_t upath)
{
	char *target = getname(utarget), *name;
	struct parent_path pp;
	struct dentry *d;
	int err;

	if (IS_ERR(target))
		return PTR_ERR(target);
	err = *target ? user_parent(dfd, upath, &pp, &name) : -ENOENT;
	if (err)
		goto out;
	err = check_new(&pp, false);
	if (!err) {
		d = vfs_symlink(pp.dir, pp.last.name, pp.last.len, target);
		if (IS_ERR(d))
			err = (int)PTR_ERR(d);
		else
			dput(d);
	}
	parent_path_put(&pp);
	putname(name);
out:
	putname(target);
	return err;
}

long sys_symlink(uaddr_t target, uaddr_t path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

/* May old get the name in dir? 0 or what Linux says first. dir->inode->lock held. */
static int may_link(const struct dentry *old, struct dentry *dir, struct qstr name)
{
	const struct inode *i = old->inode, *to = dir->inode;
	struct dentry *d = lookup_one(dir, name.name, name.len);
	int err;

	if (!IS_ERR(d)) {
		dput(d);
		return -EEXIST;
	}
	if (PTR_ERR(d) != -ENOENT || to->sb->magic == PROC_SUPER_MAGIC)
		return (int)PTR_ERR(d);
	if (sb_says(to->sb, MS_RDONLY))
		return -EROFS;
	if (to->sb != i->sb)
		return -EXDEV;
	err = dir->unlinked ? -ENOENT : inode_permission(to, MAY_WRITE | MAY_EXEC);
	if (err)
		return err;
	if (is_fixed(i) || inode_is(i, S_IFDIR) || !to->ops || !to->ops->link)
		return -EPERM;
	return atomic_load(&i->nlink) || READ_ONCE(i->linkable) ? 0 : -ENOENT;
}

/* A new name for old in dir. Both referenced by the caller. */
static int vfs_link(struct dentry *old, struct dentry *dir, struct qstr name)
{
	struct inode *i = old->inode;
	struct dentry *d = NULL;
	int err;

	mutex_lock(&dir->inode->lock);
	err = may_link(old, dir, name);
	if (!err) {
		d = dentry_alloc(dir, name.name, name.len);
		err = d ? dir->inode->ops->link(dir->inode, d, i) : -ENOMEM;
	}
	if (!err) {
		WRITE_ONCE(i->linkable, false);
		d_add(d);
		fsnotify_inode(i, IN_ATTRIB);
		fsnotify_name(dir, IN_CREATE, i, name, 0);
	}
	dput(d);
	mutex_unlock(&dir->inode->lock);
	return err;
}

long sys_linkat(int odfd, uaddr_t opath, int ndfd, uaddr_t npath, int flags)
{
	struct parent_path pp;
	struct dentry *old;
	char *name;
	u32 how = (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	err = user_path(odfd, opath, how, &old);
	if (err)
		return err;
	err = user_parent(ndfd, npath, &pp, &name);
	if (!err) {
		err = check_new(&pp, false);
		if (!err)
			err = vfs_link(old, pp.dir, pp.last);
		parent_path_put(&pp);
		putname(name);
	}
	dput(old);
	return err;
}

long sys_link(uaddr_t opath, uaddr_t npath)
{
	return sys_linkat(AT_FDCWD, opath, AT_FDCWD, npath, 0);
}

/* --- removing --- */

/* What unlink and rmdir say of a name before they look at the disk. dir->inode->lock held. */
static int may_delete(struct dentry *dir, struct dentry *d, bool rmdir)
{
	int err = may_unname(dir->inode, d->inode);

	if (err)
		return err;
	if (rmdir && !inode_is(d->inode, S_IFDIR))
		return -ENOTDIR;
	if (!rmdir && inode_is(d->inode, S_IFDIR))
		return -EISDIR;
	if (is_local_mountpoint(d))
		return -EBUSY;
	if (!dir->inode->ops || !dir->inode->ops->unlink)
		return -EPERM;
	return 0;
}

/*
 * Removes d from dir. The victim's own mutex keeps new names and mounts out of a directory that
 * goes.
 */
static int delete_locked(struct dentry *dir, struct dentry *d)
{
	bool is_dir = inode_is(d->inode, S_IFDIR);
	int err;

	if (is_dir)
		mutex_lock_nested(&d->inode->lock);	/* parent before child */
	err = is_local_mountpoint(d) ? -EBUSY : dir->inode->ops->unlink(dir->inode, d);
	if (!err)
		d_drop(d);
	if (is_dir)
		mutex_unlock(&d->inode->lock);
	return err;
}

int vfs_remove(const struct parent_path *pp, bool rmdir)
{
	struct dentry *dir = pp->dir, *d;
	struct inode *i;
	int err;

	mutex_lock(&dir->inode->lock);
	d = lookup_one(dir, pp->last.name, pp->last.len);
	err = IS_ERR(d) ? (int)PTR_ERR(d) : 0;
	if (!err) {
		err = !rmdir && pp->trailing_slash ? (inode_is(d->inode, S_IFDIR) ? -EISDIR : -ENOTDIR) : may_delete(dir, d, rmdir);
		if (!err)
			err = delete_locked(dir, d);
	}
	mutex_unlock(&dir->inode->lock);
	if (IS_ERR(d))
		return err;
	if (!err && unlikely(READ_ONCE(d->mounted)))
		detach_mounts(d);
	/* Linux's order: the file hears of its end before its directory does. */
	i = iget(d->inode);
	if (!err && !rmdir)
		fsnotify_inode(i, IN_ATTRIB);
	dput(d);
	if (!err)
		fsnotify_name(dir, IN_DELETE, i, pp->last, 0);
	iput(i);
	return err;
}

int do_unlinkat(int dfd, const char *path, bool rmdir)
{
	struct parent_path pp;
	int err = path_lookup_parent(dfd, path, &pp);

	if (err)
		return err;
	switch (pp.type) {
	case LAST_NORM:
		err = vfs_remove(&pp, rmdir);
		break;
	case LAST_DOT:
		err = rmdir ? -EINVAL : -EISDIR;
		break;
	case LAST_DOTDOT:
		err = rmdir ? -ENOTEMPTY : -EISDIR;
		break;
	case LAST_ROOT:
		err = rmdir ? -EBUSY : -EISDIR;
		break;
	}
	parent_path_put(&pp);
	return err;
}

long sys_unlinkat(int dfd, uaddr_t upath, int flags)
{
	char *name;
	int err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	name = getname(upath);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = do_unlinkat(dfd, name, flags & AT_REMOVEDIR);
	putname(name);
	return err;
}

long sys_unlink(uaddr_t path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

long sys_rmdir(uaddr_t path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* --- rename --- */

static void lock_two(struct dentry *a, struct dentry *b)
{
	if (a == b) {
		mutex_lock(&a->inode->lock);
		return;
	}
	mutex_lock(&rename_mutex);
	/* Ancestor first; unrelated ones in order of address. */
	if (d_is_ancestor(b, a) || (!d_is_ancestor(a, b) && b < a)) {
		struct dentry *t = a;

		a = b;
		b = t;
	}
	mutex_lock(&a->inode->lock);
	mutex_lock_nested(&b->inode->lock);
}

static void unlock_two(struct dentry *a, struct dentry *b)
{
	mutex_unlock(&a->inode->lock);
	if (a != b) {
		mutex_unlock(&b->inode->lock);
		mutex_unlock(&rename_mutex);
	}
}

/* A directory that comes to another parent has its ".." written. */
static int may_move(const struct inode *i, const struct inode *from, const struct inode *to)
{
	return inode_is(i, S_IFDIR) && from != to ? inode_permission(i, MAY_WRITE) : 0;
}

static int may_rename(const struct inode *odir, const struct inode *o, const struct inode *ndir,
		const struct inode *n, unsigned flags)
{
	int err = may_unname(odir, o);

	if (!err)
		err = n ? may_unname(ndir, n) : inode_permission(ndir, MAY_WRITE | MAY_EXEC);
	if (!err)
		err = may_move(o, odir, ndir);
	return !err && flags & RENAME_EXCHANGE ? may_move(n, ndir, odir) : err;
}

/* May od become nd's place? nd: the dentry there, or NULL. */
static int check_rename(struct dentry *odir, struct dentry *od, struct dentry *ndir, struct dentry *nd, unsigned flags)
{
	bool odir_is = inode_is(od->inode, S_IFDIR), ndir_is = nd && inode_is(nd->inode, S_IFDIR);
	int err;

	if (flags & RENAME_NOREPLACE && nd)
		return -EEXIST;
	if (flags & RENAME_EXCHANGE && !nd)
		return -ENOENT;
	if (odir_is && d_is_ancestor(od, ndir))
		return -EINVAL;
	if (nd && d_is_ancestor(nd, odir))
		return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	if (ndir->unlinked)
		return -ENOENT;
	err = may_rename(odir->inode, od->inode, ndir->inode, nd ? nd->inode : NULL, flags);
	if (err)
		return err;
	if (!odir->inode->ops || !odir->inode->ops->rename)
		return -EPERM;
	if (nd && !(flags & RENAME_EXCHANGE)) {
		if (odir_is && !ndir_is)
			return -ENOTDIR;
		if (!odir_is && ndir_is)
			return -EISDIR;
	}
	if (is_local_mountpoint(od) || (nd && is_local_mountpoint(nd)))
		return -EBUSY;
	return 0;
}

static void move_dir_count(struct inode *from, struct inode *to, const struct inode *what)
{
	if (inode_is(what, S_IFDIR) && from != to) {
		atomic_fetch_sub(&from->nlink, 1);
		atomic_fetch_add(&to->nlink, 1);
	}
}

/* Both directories locked, checks passed. */
static int rename_locked(struct dentry *odir, struct dentry *od, struct dentry *ndir,
			 struct dentry *nd, struct qstr name,
			 unsigned flags)
{
	bool victim_dir = nd && inode_is(nd->inode, S_IFDIR) && !(flags & RENAME_EXCHANGE);
	char *room;
	int err;

	if (flags & RENAME_EXCHANGE) {
		move_dir_count(odir->inode, ndir->inode, od->inode);
		move_dir_count(ndir->inode, odir->inode, nd->inode);
		d_exchange(od, nd);
		return 0;
	}
	/* A long name needs memory: before anything that cannot be taken back. */
	err = d_name_room(name.len, &room);
	if (err)
		return err;
	if (victim_dir)
		mutex_lock_nested(&nd->inode->lock);	/* below ndir, which is held */
	err = nd && is_local_mountpoint(nd) ? -EBUSY : odir->inode->ops->rename(odir->inode, od, ndir->inode, nd);
	if (err) {
		kfree(room);
	} else {
		if (nd)
			d_drop(nd);	/* the caller has a reference of its own */
		d_move(od, ndir, name.name, name.len, room);
	}
	if (victim_dir)
		mutex_unlock(&nd->inode->lock);
	return err;
}

static void notify_move(const struct parent_path *from, const struct parent_path *to, struct inode *i)
{
	u32 cookie = fsnotify_cookie();

	if (from->dir->inode == to->dir->inode)
		dnotify(from->dir->inode, IN_DN_RENAME);
	fsnotify_name(from->dir, IN_MOVED_FROM, i, from->last, cookie);
	fsnotify_name(to->dir, IN_MOVED_TO, i, to->last, cookie);
}

static void notify_rename(const struct parent_path *op, const struct parent_path *np,
		struct dentry *od, struct dentry *nd, unsigned flags)
{
	notify_move(op, np, od->inode);
	if (nd && !(flags & RENAME_EXCHANGE))
		fsnotify_inode(nd->inode, IN_ATTRIB);
	fsnotify_inode(od->inode, IN_MOVE_SELF);
	if (!(flags & RENAME_EXCHANGE))
		return;
	notify_move(np, op, nd->inode);
	fsnotify_inode(nd->inode, IN_MOVE_SELF);
}

static int rename_between(struct parent_path *op, struct parent_path *np, unsigned flags)
{
	struct dentry *od, *nd;
	int err;

	lock_two(op->dir, np->dir);
	od = lookup_one(op->dir, op->last.name, op->last.len);
	nd = lookup_one(np->dir, np->last.name, np->last.len);
	err = IS_ERR(od) ? (int)PTR_ERR(od) : IS_ERR(nd) && PTR_ERR(nd) != -ENOENT ? (int)PTR_ERR(nd) : 0;
	if (IS_ERR(nd))
		nd = NULL;
	if (!err && (op->trailing_slash || np->trailing_slash) && !inode_is(od->inode, S_IFDIR))
		err = -ENOTDIR;
	if (!err)
		err = check_rename(op->dir, od, np->dir, nd, flags);
	/* Two names of one file: both stay. */
	if (!err && !(nd && nd->inode == od->inode)) {
		err = rename_locked(op->dir, od, np->dir, nd, np->last, flags);
		if (!err)
			notify_rename(op, np, od, nd, flags);
	}
	unlock_two(op->dir, np->dir);
	if (!err && nd && nd->unlinked && unlikely(READ_ONCE(nd->mounted)))
		detach_mounts(nd);
	if (!IS_ERR(od))
		dput(od);
	dput(nd);
	return err;
}

long sys_renameat2(int odfd, uaddr_t opath, int ndfd, uaddr_t npath, unsigned flags)
{
	struct parent_path op, np;
	char *oname, *nname;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = user_parent(odfd, opath, &op, &oname);
	if (err)
		return err;
	err = user_parent(ndfd, npath, &np, &nname);
	if (err)
		goto out;
	if (op.dir->inode->sb != np.dir->inode->sb)
		err = -EXDEV;
	else if (op.type != LAST_NORM)
		err = -EBUSY;
	else if (np.type != LAST_NORM)
		err = flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	else
		err = rename_between(&op, &np, flags);
	parent_path_put(&np);
	putname(nname);
out:
	parent_path_put(&op);
	putname(oname);
	return err;
}

long sys_renameat(int odfd, uaddr_t opath, int ndfd, uaddr_t npath)
{
	return sys_renameat2(odfd, opath, ndfd, npath, 0);
}

long sys_rename(uaddr_t opath, uaddr_t npath)
{
	return sys_renameat2(AT_FDCWD, opath, AT_FDCWD, npath, 0);
}
