// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a task stands: its root and working directory and its umask, shared by CLONE_FS; chdir,
 * chroot, getcwd, umask. Mirrors Linux fs/fs_struct.c.
 *
 * Locks: fs->lock for the fields, dentry_lock inside for another's; task->lock for which struct a task
 * has.
 */
#include "kernel/cred.h"
#include "kernel/fs/mount.h"
#include "kernel/mm/mm.h"

static struct kmem_cache *fs_cache;

void fs_struct_cache_init(void)
{
	fs_cache = kmem_cache_create("fs_struct", sizeof(struct fs), 8);
}

struct fs *fs_alloc(void)
{
	struct fs *fs = kmem_cache_alloc(fs_cache, GFP_KERNEL | GFP_ZERO);

	if (!fs)
		return NULL;
	atomic_init(&fs->refs, 1);
	spin_init(&fs->lock, "fs", RANK_FS);
	fs->root = cross_mounts(dget(root_super->root));
	fs->cwd = dget(fs->root);
	fs->umask = 022;
	return fs;
}

struct fs *fs_copy(struct fs *old)
{
	struct fs *fs = kmem_cache_alloc(fs_cache, GFP_KERNEL | GFP_ZERO);

	if (!fs)
		return NULL;
	atomic_init(&fs->refs, 1);
	spin_init(&fs->lock, "fs", RANK_FS);
	spin_lock(&old->lock);
	fs->root = dget(old->root);
	fs->cwd = dget(old->cwd);
	fs->umask = old->umask;
	spin_unlock(&old->lock);
	return fs;
}

struct fs *fs_get(struct fs *fs)
{
	atomic_fetch_add(&fs->refs, 1);
	return fs;
}

void fs_put(struct fs *fs)
{
	if (atomic_fetch_sub(&fs->refs, 1) != 1)
		return;
	place_put(fs->root);
	place_put(fs->cwd);
	kmem_cache_free(fs_cache, fs);
}

int fs_unshare(void)
{
	struct fs *old = current->fs, *new;

	if (atomic_load(&old->refs) == 1)
		return 0;
	new = fs_copy(old);
	if (!new)
		return -ENOMEM;
	task_lock(current);
	current->fs = new;
	task_unlock(current);
	fs_put(old);
	return 0;
}

void fs_set_both(struct dentry *d)
{
	struct fs *fs = current->fs;
	struct dentry *root, *cwd;

	dget(d);
	spin_lock(&fs->lock);
	root = fs->root;
	cwd = fs->cwd;
	fs->root = fs->cwd = d;
	spin_unlock(&fs->lock);
	place_put(root);
	place_put(cwd);
}

unsigned fs_replace(struct fs *fs, struct dentry *old, struct dentry *new)
{
	unsigned n = 0;

	spin_lock(&fs->lock);
	spin_lock(&dentry_lock);
	if (fs->root == old) {
		fs->root = dget(new);
		n++;
	}
	if (fs->cwd == old) {
		fs->cwd = dget(new);
		n++;
	}
	spin_unlock(&dentry_lock);
	spin_unlock(&fs->lock);
	return n;
}

bool current_chrooted(void)
{
	struct fs *fs = current->fs;
	bool chrooted;

	spin_lock(&fs->lock);
	spin_lock(&dentry_lock);
	chrooted = fs->root != topmost(current_mnt_ns(), current_mnt_ns()->root->root);
	spin_unlock(&dentry_lock);
	spin_unlock(&fs->lock);
	return chrooted;
}

/* Consumes d. */
static long set_cwd(struct dentry *d)
{
	struct fs *fs = current->fs;
	struct dentry *old;
	int err = inode_is(d->inode, S_IFDIR) ? may_search(d->inode) : -ENOTDIR;

	if (err) {
		dput(d);
		return err;
	}
	spin_lock(&fs->lock);
	old = fs->cwd;
	fs->cwd = d;
	spin_unlock(&fs->lock);
	place_put(old);
	return 0;
}

long sys_chdir(uaddr_t path)
{
	struct dentry *d;
	int err = user_path(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);

	return err ? err : set_cwd(d);
}

long sys_fchdir(int fd)
{
	struct file *f = fget_raw(fd);
	long err;

	if (!f)
		return -EBADF;
	err = set_cwd(dget(f->dentry));
	fput(f);
	return err;
}

long sys_chroot(uaddr_t path)
{
	struct fs *fs = current->fs;
	struct dentry *d, *old;
	int err = user_path(AT_FDCWD, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &d);

	if (err)
		return err;
	err = may_search(d->inode);
	if (!err && !ns_capable(current_user_ns(), CAP_SYS_CHROOT))
		err = -EPERM;
	if (err) {
		dput(d);
		return err;
	}
	spin_lock(&fs->lock);
	old = fs->root;
	fs->root = d;
	spin_unlock(&fs->lock);
	place_put(old);
	return 0;
}

/*
 * Of cwd, as current sees it; where it cannot, there is a word before it, as on Linux.
 * ERR_PTR(-ENAMETOOLONG)
 */
static char *cwd_path(struct dentry *cwd, char *buf, size_t n)
{
	static const char unreachable[] = "(unreachable)";
	const size_t len = sizeof(unreachable) - 1;
	struct dentry *root;
	bool below;
	char *p;

	spin_lock(&current->fs->lock);
	root = dget(current->fs->root);
	spin_unlock(&current->fs->lock);
	p = dentry_path_below(current_mnt_ns(), root, cwd, buf, n);
	below = PTR_ERR(p) != -ENOENT;
	dput(root);
	if (below)
		return p;
	p = dentry_path(cwd, buf + len, n - len);
	if (IS_ERR(p))
		return p;
	return kmemcpy(p - len, unreachable, len);
}

long sys_getcwd(uaddr_t ubuf, size_t n)
{
	struct fs *fs = current->fs;
	struct dentry *cwd;
	char *buf, *p;
	size_t len;
	long ret;

	spin_lock(&fs->lock);
	cwd = dget(fs->cwd);
	spin_unlock(&fs->lock);
	buf = kmalloc(K_PATH_MAX, GFP_KERNEL);
	ret = -ENOMEM;
	if (!buf)
		goto out;
	ret = -ENOENT;
	if (cwd->unlinked)
		goto out;
	p = cwd_path(cwd, buf, K_PATH_MAX);
	ret = PTR_ERR(p);
	if (IS_ERR(p))
		goto out;
	len = kstrlen(p) + 1;
	ret = len > n ? -ERANGE : copy_to_user(ubuf, p, len) ? -EFAULT : (long)len;
out:
	kfree(buf);
	dput(cwd);
	return ret;
}

long sys_umask(int mask)
{
	struct fs *fs = current->fs;
	long old;

	spin_lock(&fs->lock);
	old = (long)fs->umask;
	fs->umask = (u32)mask & 0777;
	spin_unlock(&fs->lock);
	return old;
}
