// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes: named values that a file carries besides its data. Mirrors Linux fs/xattr.c
 * and the part of mm/shmem.c that keeps them.
 *
 * Only tmpfs has them. LINUX: each counts against the size of its file system by whole pages; there
 * are no access control lists (system.*).
 *
 * Locks: the inode's mutex.
 */
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"

#define NAME_ROOM	(XATTR_NAME_MAX + 1)

struct xattr {				/* [inode->lock] */
	struct xattr *next;
	char *name;			/* behind the value */
	size_t size;
	u64 pages;			/* charged */
	char value[];
};

static const char user_prefix[] = "user.", trusted_prefix[] = "trusted.", security_prefix[] = "security.";

/* --- rights --- */

static bool named(const char *name, const char *prefix)
{
	return kstrstarts(name, prefix);
}

/* Is there something behind the prefix? 0, -EINVAL, -EOPNOTSUPP. */
static int check_name(const struct inode *i, const char *name)
{
	static const char *const prefixes[] = { user_prefix, trusted_prefix, security_prefix };

	if (i->sb->magic != TMPFS_MAGIC)
		return -EOPNOTSUPP;
	for (size_t k = 0; k < ARRAY_SIZE(prefixes); k++)
		if (named(name, prefixes[k]))
			return name[kstrlen(prefixes[k])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

/* mask: MAY_READ or MAY_WRITE of the attribute. */
static int xattr_permission(const struct inode *i, const char *name, unsigned mask)
{
	bool write = mask & MAY_WRITE;

	if (write && sb_says(i->sb, MS_RDONLY))
		return -EROFS;
	if (write && is_fixed(i))
		return -EPERM;
	if (kstreq(name, XATTR_CAPS))
		return 0;	/* who sets it is asked by file_caps_from_user; LINUX too lets everybody make it empty */
	if (named(name, security_prefix))
		return write && !ns_capable(i->sb->user_ns, CAP_SYS_ADMIN) ? -EPERM : 0;
	if (named(name, trusted_prefix) && !capable(CAP_SYS_ADMIN))
		return write ? -EPERM : -ENODATA;
	if (named(name, user_prefix)) {
		if (!inode_is(i, S_IFREG) && !inode_is(i, S_IFDIR))
			return write ? -EPERM : -ENODATA;
		if (write && inode_is(i, S_IFDIR) && i->mode & S_ISVTX && !inode_owner_or_capable(i))
			return -EPERM;
	}
	return named(name, trusted_prefix) ? 0 : inode_permission(i, mask);
}

static int may_use(const struct inode *i, const char *name, unsigned mask)
{
	int err = xattr_permission(i, name, mask);

	return err ? err : check_name(i, name);
}

/* --- the list; i->lock held --- */

static struct xattr **find(struct inode *i, const char *name)
{
	struct xattr **at = &i->xattrs;

	assert_held(&i->lock);
	while (*at && !kstreq((*at)->name, name))
		at = &(*at)->next;
	return at;
}

static void xattr_free(struct inode *i, struct xattr *x)
{
	tmpfs_uncharge(i->sb, x->pages);
	kfree(x);
}

void xattrs_free(struct inode *i)
{
	while (i->xattrs) {
		struct xattr *x = i->xattrs;

		i->xattrs = x->next;
		xattr_free(i, x);
	}
}

long xattr_read(struct inode *i, const char *name, void *buf, size_t n)
{
	const struct xattr *x = *find(i, name);

	if (!x)
		return -ENODATA;
	kmemcpy(buf, x->value, min(n, x->size));
	return (long)x->size;
}

void xattr_forget(struct inode *i, const char *name)
{
	struct xattr **at = find(i, name), *x = *at;

	if (!x)
		return;
	*at = x->next;
	xattr_free(i, x);
}

/* Not yet on a list; its value is to be filled in. ERR_PTR(-ENOMEM, -ENOSPC). */
static struct xattr *xattr_alloc(struct inode *i, const char *name, size_t size)
{
	size_t len = kstrlen(name) + 1, bytes = sizeof(struct xattr) + size + len;
	u64 pages = PAGE_ALIGN(bytes) >> PAGE_SHIFT;
	struct xattr *x;

	if (tmpfs_charge(i->sb, pages))
		return ERR_PTR(-ENOSPC);
	x = kmalloc(bytes, GFP_KERNEL);
	if (!x) {
		tmpfs_uncharge(i->sb, pages);
		return ERR_PTR(-ENOMEM);
	}
	*x = (struct xattr){ .name = x->value + size, .size = size, .pages = pages };
	kmemcpy(x->name, name, len);
	return x;
}

/*
 * x takes the place of one of its name, or none if there is none: *old, to be freed. 0, -EEXIST,
 * -ENODATA.
 */
static int replace(struct inode *i, struct xattr *x, int flags, struct xattr **old)
{
	struct xattr **at = find(i, x->name);

	if (*at && flags & XATTR_CREATE)
		return -EEXIST;
	if (!*at && flags & XATTR_REPLACE)
		return -ENODATA;
	*old = *at;
	x->next = *at ? (*at)->next : NULL;
	*at = x;
	i->ctime = now_realtime();
	return 0;
}

/* --- the four operations --- */

static long get_name(char *name, uaddr_t uname)
{
	long len = strncpy_from_user(name, uname, NAME_ROOM);

	return len < 0 ? len : !len || len >= (long)NAME_ROOM ? -ERANGE : 0;
}

static long set(struct dentry *d, uaddr_t uname, uaddr_t value, size_t size, int flags)
{
	struct inode *i = d->inode;
	struct k_vfs_ns_cap_data caps;
	struct xattr *x, *old = NULL;
	char name[NAME_ROOM];
	bool is_caps;
	long err;

	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = get_name(name, uname);
	if (err)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	is_caps = size && kstreq(name, XATTR_CAPS);
	if (is_caps) {
		err = file_caps_from_user(i, value, size, &caps);
		if (err < 0)
			return err;
		size = (size_t)err;
	}
	err = may_use(i, name, MAY_WRITE);
	if (err)
		return err;
	x = xattr_alloc(i, name, size);
	if (IS_ERR(x))
		return PTR_ERR(x);
	if (is_caps)
		kmemcpy(x->value, &caps, size);
	else
		err = copy_from_user(x->value, value, size) ? -EFAULT : 0;
	if (!err) {
		mutex_lock(&i->lock);
		err = replace(i, x, flags, &old);
		mutex_unlock(&i->lock);
	}
	if (err)
		old = x;
	else
		fsnotify(d, IN_ATTRIB);
	if (old)
		xattr_free(i, old);
	return err;
}

static long get_caps(const struct inode *i, const struct xattr *x, uaddr_t value, size_t size)
{
	struct k_vfs_ns_cap_data caps = { 0 };
	long n;

	kmemcpy(&caps, x->value, min(x->size, sizeof(caps)));
	n = file_caps_to_user(i, &caps, x->size);
	if (n < 0 || !size)
		return n;
	return size < (size_t)n ? -ERANGE : copy_to_user(value, &caps, (size_t)n) ? -EFAULT : n;
}

static long get(struct dentry *d, uaddr_t uname, uaddr_t value, size_t size)
{
	struct inode *i = d->inode;
	char name[NAME_ROOM];
	struct xattr *x;
	long ret = get_name(name, uname);

	if (!ret)
		ret = may_use(i, name, MAY_READ);
	if (ret)
		return ret;
	mutex_lock(&i->lock);
	x = *find(i, name);
	if (x && kstreq(name, XATTR_CAPS))
		ret = get_caps(i, x, value, size);
	else if (!x)
		ret = -ENODATA;
	else if (size && size < x->size)
		ret = -ERANGE;
	else
		ret = size && copy_to_user(value, x->value, x->size) ? -EFAULT : (long)x->size;
	mutex_unlock(&i->lock);
	return ret;
}

static long list(struct dentry *d, uaddr_t buf, size_t size)
{
	struct inode *i = d->inode;
	size_t total = 0;
	long err = 0;

	mutex_lock(&i->lock);
	for (struct xattr *x = i->xattrs; x && !err; x = x->next) {
		size_t len = kstrlen(x->name) + 1;

		if (named(x->name, trusted_prefix) && !capable(CAP_SYS_ADMIN))
			continue;
		if (size && total + len > size)
			err = -ERANGE;
		else if (size && copy_to_user(buf + total, x->name, len))
			err = -EFAULT;
		total += len;
	}
	mutex_unlock(&i->lock);
	return err ? err : (long)total;
}

static long delete(struct dentry *d, uaddr_t uname)
{
	struct inode *i = d->inode;
	struct xattr **at, *x;
	char name[NAME_ROOM];
	long err = get_name(name, uname);

	if (!err)
		err = may_use(i, name, MAY_WRITE);
	if (!err && kstreq(name, XATTR_CAPS) && !capable_wrt_inode_uidgid(i, CAP_SETFCAP))
		err = -EPERM;
	if (err)
		return err;
	mutex_lock(&i->lock);
	at = find(i, name);
	x = *at;
	if (x) {
		*at = x->next;
		i->ctime = now_realtime();
	}
	mutex_unlock(&i->lock);
	if (!x)
		return -ENODATA;
	xattr_free(i, x);
	fsnotify(d, IN_ATTRIB);
	return 0;
}

/* --- system calls: by path, by the path of a symlink itself, by descriptor --- */

#define BY_PATH(upath, follow, call)					\
({									\
	struct dentry *d;						\
	long _ret = user_path(AT_FDCWD, upath, follow, &d);		\
	if (!_ret) {							\
		_ret = (call);						\
		dput(d);						\
	}								\
	_ret;								\
})

#define BY_FD(fd, call)							\
({									\
	struct fdref r = fdget(fd);					\
	struct dentry *d = r.file ? r.file->dentry : NULL;		\
	long _ret = d ? (call) : -EBADF;				\
	if (r.file)							\
		fdput(r);						\
	_ret;								\
})

long sys_setxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	return BY_PATH(path, LOOKUP_FOLLOW, set(d, name, value, size, flags));
}

long sys_lsetxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	return BY_PATH(path, 0, set(d, name, value, size, flags));
}

long sys_fsetxattr(int fd, uaddr_t name, uaddr_t value, size_t size, int flags)
{
	return BY_FD(fd, set(d, name, value, size, flags));
}

long sys_getxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size)
{
	return BY_PATH(path, LOOKUP_FOLLOW, get(d, name, value, size));
}

long sys_lgetxattr(uaddr_t path, uaddr_t name, uaddr_t value, size_t size)
{
	return BY_PATH(path, 0, get(d, name, value, size));
}

long sys_fgetxattr(int fd, uaddr_t name, uaddr_t value, size_t size)
{
	return BY_FD(fd, get(d, name, value, size));
}

long sys_listxattr(uaddr_t path, uaddr_t buf, size_t size)
{
	return BY_PATH(path, LOOKUP_FOLLOW, list(d, buf, size));
}

long sys_llistxattr(uaddr_t path, uaddr_t buf, size_t size)
{
	return BY_PATH(path, 0, list(d, buf, size));
}

long sys_flistxattr(int fd, uaddr_t buf, size_t size)
{
	return BY_FD(fd, list(d, buf, size));
}

long sys_removexattr(uaddr_t path, uaddr_t name)
{
	return BY_PATH(path, LOOKUP_FOLLOW, delete(d, name));
}

long sys_lremovexattr(uaddr_t path, uaddr_t name)
{
	return BY_PATH(path, 0, delete(d, name));
}

long sys_fremovexattr(int fd, uaddr_t name)
{
	return BY_FD(fd, delete(d, name));
}
