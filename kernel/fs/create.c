// SPDX-License-Identifier: GPL-2.0-only
/*
 * A new name in a directory, of whatever kind: for open, mknod, mkdir and symlink. Mirrors Linux's
 * vfs_create and may_create, of fs/namei.c.
 *
 * Locks: the mutex of the directory.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/fs/mount.h"
#include "kernel/panic.h"

/*
 * A dentry for a new name in dir, whose mutex is held: ERR_PTR(-ENOENT) removed, -EEXIST, -EROFS,
 * -EACCES, -EPERM.
 */
static struct dentry *new_name(struct dentry *dir, const char *name, size_t len)
{
	struct dentry *d;
	int err;

	assert_held(&dir->inode->lock);
	if (dir->unlinked)
		return ERR_PTR(-ENOENT);
	d = lookup_one(dir, name, len);
	if (!IS_ERR(d)) {
		dput(d);
		return ERR_PTR(-EEXIST);
	}
	if (PTR_ERR(d) != -ENOENT || dir->inode->sb->magic == PROC_SUPER_MAGIC)	/* there the name itself cannot be */
		return d;
	if (!fsuidgid_has_mapping(dir->inode->sb))
		return ERR_PTR(-EOVERFLOW);
	err = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);
	if (err)
		return ERR_PTR(err);
	if (!dir->inode->ops || !dir->inode->ops->create)
		return ERR_PTR(-EPERM);
	d = dentry_alloc(dir, name, len);
	return d ? d : ERR_PTR(-ENOMEM);
}

static struct dentry *finish_name(struct dentry *d, int err)
{
	if (err) {
		dput(d);
		return ERR_PTR(err);
	}
	d_add(d);
	fsnotify_name(d->parent, IN_CREATE, d->inode, (struct qstr){ d->name, d->len }, 0);
	return d;
}

/* Devices are for CAP_MKNOD, but number 0, which is none. */
static bool may_mknod(u32 mode, u64 rdev)
{
	u32 fmt = mode & S_IFMT;

	return (fmt != S_IFCHR && fmt != S_IFBLK) || (fmt == S_IFCHR && !rdev) || capable(CAP_MKNOD);
}

struct dentry *vfs_create_locked(struct dentry *dir, const char *name, size_t len, u32 mode, u64 rdev)
{
	struct dentry *d = new_name(dir, name, len);

	if (IS_ERR(d))
		return d;
	return finish_name(d, may_mknod(mode, rdev) ? dir->inode->ops->create(dir->inode, d, mode, rdev) : -EPERM);
}

struct dentry *vfs_create(struct dentry *dir, const char *name, size_t len, u32 mode, u64 rdev)
{
	struct dentry *d;

	mutex_lock(&dir->inode->lock);
	d = vfs_create_locked(dir, name, len, mode, rdev);
	mutex_unlock(&dir->inode->lock);
	return d;
}

struct dentry *vfs_symlink(struct dentry *dir, const char *name, size_t len, const char *target)
{
	struct dentry *d;

	mutex_lock(&dir->inode->lock);
	d = new_name(dir, name, len);
	if (!IS_ERR(d))
		d = finish_name(d, dir->inode->ops->symlink ? dir->inode->ops->symlink(dir->inode, d, target) : -EPERM);
	mutex_unlock(&dir->inode->lock);
	return d;
}
