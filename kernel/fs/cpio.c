// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unpacks the boot image: cpio archives of format newc, one after the other, padded with zeroes.
 * Mirrors Linux init/initramfs.c.
 *
 * Nothing in an archive is believed: every length is checked against what is left, names may not
 * climb out with "..", and each refusal is one line in the log with the position in the archive.
 * Missing parent directories are made.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/printk.h"

#define HEADER	110u
#define TRAILER	"TRAILER!!!"

/*
 * Where an archive's numbers are in its header: 8 hexadecimal digits each, after the 6 of the
 * magic.
 */
enum cpio_field { C_INO, C_MODE, C_UID, C_GID, C_NLINK, C_MTIME, C_FILESIZE, C_MAJ, C_MIN, C_RMAJ,
	C_RMIN, C_NAMESIZE, C_CHECK, C_FIELDS };

struct entry {
	u32 f[C_FIELDS];
	const char *name;		/* NUL-terminated, inside the archive */
	const char *path;		/* name without leading "/" and "./" */
	const char *data;		/* f[C_FILESIZE] bytes */
};

/* First name of a file with several, so that the others become links. */
struct seen {
	struct seen *next;
	u32 ino, maj, min;
	struct dentry *d;		/* referenced */
};

struct unpack {
	const char *base, *p, *end;
	struct seen *seen;
};

static int refuse(const struct unpack *u, const char *what, const char *name, int err)
{
	pr_err("cpio: byte %lu: %s%s%s\n", (u64)(u->p - u->base), what, name ? ": " : "", name ? name : "");
	return err;
}

/* --- reading the archive --- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_hex(const char *p, u32 *out)
{
	u32 v = 0;

	for (int i = 0; i < 8; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return -EINVAL;
		v = v << 4 | (u32)d;
	}
	*out = v;
	return 0;
}

static size_t pad4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Parts of a path that say nothing. */
static const char *strip(const char *s)
{
	for (;;) {
		if (*s == '/')
			s++;
		else if (s[0] == '.' && (s[1] == '/' || !s[1]))
			s++;
		else
			return s;
	}
}

static bool climbs(const char *s)
{
	while (*s) {
		if (s[0] == '.' && s[1] == '.' && (s[2] == '/' || !s[2]))
			return true;
		while (*s && *s != '/')
			s++;
		while (*s == '/')
			s++;
	}
	return false;
}

/* Reads the header at u->p and moves behind header, name and data. */
static int next_entry(struct unpack *u, struct entry *e)
{
	size_t left = (size_t)(u->end - u->p), at, size;

	if (left < HEADER)
		return refuse(u, "the archive ends inside a header", NULL, -EINVAL);
	if (kmemcmp(u->p, "070701", 6) && kmemcmp(u->p, "070702", 6))
		return refuse(u,
			      kmemcmp(u->p, "070707", 6) ?
				      "no cpio header" :
				      "old cpio format (make it with cpio -H newc)",
			      NULL, -EINVAL);
	for (int i = 0; i < C_FIELDS; i++)
		if (parse_hex(u->p + 6 + 8 * i, &e->f[i]))
			return refuse(u, "a number in the header is not hexadecimal", NULL, -EINVAL);
	size = e->f[C_NAMESIZE];
	if (size < 1 || size > K_PATH_MAX || size > left - HEADER)
		return refuse(u, "bad length of a name", NULL, -EINVAL);
	e->name = u->p + HEADER;
	if (kstrnlen(e->name, size) != size - 1)
		return refuse(u, "a name does not end where its length says", NULL, -EINVAL);
	at = pad4(HEADER + size);
	size = e->f[C_FILESIZE];
	if (at > left || size > left - at)
		return refuse(u, "the archive ends inside a file", e->name, -EINVAL);
	e->data = u->p + at;
	e->path = strip(e->name);
	if (climbs(e->path))
		return refuse(u, "a name contains \"..\"", e->name, -EINVAL);
	at = pad4(at + size);
	u->p += min(at, left);
	return 0;
}

/* --- making files --- */

/*
 * The directory for path, made if it is missing; referenced. *last is the part after it. ERR_PTR.
 */
static struct dentry *parent_of(const char *path, struct qstr *last)
{
	struct dentry *dir = cross_mounts(dget(root_super->root)), *d;

	for (;;) {
		const char *slash = kstrchr(path, '/'), *rest = slash;
		size_t len = slash ? (size_t)(slash - path) : kstrlen(path);

		while (rest && *rest == '/')
			rest++;
		if (len > K_NAME_MAX) {
			dput(dir);
			return ERR_PTR(-ENAMETOOLONG);
		}
		if (!rest || !*rest) {
			*last = (struct qstr){ path, (u32)len };
			return dir;
		}
		d = lookup_one(dir, path, len);
		if (IS_ERR(d) && PTR_ERR(d) == -ENOENT)
			d = vfs_create(dir, path, len, S_IFDIR | 0755, 0);
		dput(dir);
		if (IS_ERR(d))
			return d;
		dir = cross_mounts(d);
		if (!inode_is(dir->inode, S_IFDIR)) {
			dput(dir);
			return ERR_PTR(-ENOTDIR);
		}
		path = rest;
	}
}

/*
 * Takes away what an earlier entry left under that name. 0, or -EEXIST for a directory: it stays.
 */
static int clear_way(struct dentry *dir, struct qstr q)
{
	struct dentry *d;
	int err = 0;

	mutex_lock(&dir->inode->lock);
	d = lookup_one(dir, q.name, q.len);
	if (!IS_ERR(d)) {
		if (inode_is(d->inode, S_IFDIR)) {
			err = -EEXIST;
		} else {
			err = dir->inode->ops->unlink ? dir->inode->ops->unlink(dir->inode, d) : -EPERM;
			if (!err)
				d_drop(d);
		}
		dput(d);
	}
	mutex_unlock(&dir->inode->lock);
	return err;
}

static int write_data(struct dentry *d, const struct entry *e)
{
	struct file *f = file_open_dentry(dget(d), O_WRONLY);
	size_t done = 0, n = e->f[C_FILESIZE];
	s64 put = 0;

	if (IS_ERR(f))
		return (int)PTR_ERR(f);
	while (done < n && (put = f->ops->kwrite(f, e->data + done, n - done, done)) > 0)
		done += (size_t)put;
	fput(f);
	return done == n ? 0 : put < 0 ? (int)put : -EIO;
}

static struct seen *find_seen(struct unpack *u, const struct entry *e)
{
	struct seen *s;

	for (s = u->seen; s; s = s->next)
		if (s->ino == e->f[C_INO] && s->maj == e->f[C_MAJ] && s->min == e->f[C_MIN])
			return s;
	return NULL;
}

static int remember(struct unpack *u, const struct entry *e, struct dentry *d)
{
	struct seen *s = kmalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return -ENOMEM;
	*s = (struct seen){ u->seen, e->f[C_INO], e->f[C_MAJ], e->f[C_MIN], dget(d) };
	u->seen = s;
	return 0;
}

static void forget_all(struct unpack *u)
{
	while (u->seen) {
		struct seen *s = u->seen;

		u->seen = s->next;
		dput(s->d);
		kfree(s);
	}
}

/* One more name of a file that is there. */
static int make_link(struct dentry *dir, struct qstr q, struct inode *i)
{
	struct dentry *d = dentry_alloc(dir, q.name, q.len);
	int err;

	if (!d)
		return -ENOMEM;
	mutex_lock(&dir->inode->lock);
	err = dir->inode->ops->link ? dir->inode->ops->link(dir->inode, d, i) : -EPERM;
	if (!err)
		d_add(d);
	mutex_unlock(&dir->inode->lock);
	dput(d);
	return err;
}

static struct dentry *make_symlink(struct dentry *dir, struct qstr q, const struct entry *e)
{
	size_t n = e->f[C_FILESIZE];
	struct dentry *d;
	char *target;

	if (!n || n >= K_PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	target = kmalloc(n + 1, GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	kmemcpy(target, e->data, n);
	target[n] = 0;
	d = vfs_symlink(dir, q.name, q.len, target);
	kfree(target);
	return d;
}

static void set_attributes(struct inode *i, const struct entry *e)
{
	i->mode = (i->mode & S_IFMT) | (e->f[C_MODE] & 07777);
	i->uid = e->f[C_UID];
	i->gid = e->f[C_GID];
	i->mtime = (s64)e->f[C_MTIME] * 1000000000;
}

static int make_entry(struct unpack *u, const struct entry *e, struct dentry *dir, struct qstr q)
{
	u32 fmt = e->f[C_MODE] & S_IFMT;
	bool many = fmt == S_IFREG && e->f[C_NLINK] > 1;
	struct seen *first = many ? find_seen(u, e) : NULL;
	struct dentry *d;
	int err;

	if (fmt == S_IFDIR) {
		d = lookup_one(dir, q.name, q.len);
		if (!IS_ERR(d))
			d = cross_mounts(d);
		else if (PTR_ERR(d) == -ENOENT)
			d = vfs_create(dir, q.name, q.len, S_IFDIR | 0755, 0);
		if (!IS_ERR(d) && !inode_is(d->inode, S_IFDIR)) {
			dput(d);
			d = ERR_PTR(-ENOTDIR);
		}
	} else {
		err = clear_way(dir, q);
		if (err)
			return err == -EEXIST ? -EISDIR : err;
		if (first) {
			err = make_link(dir, q, first->d->inode);
			return err || !e->f[C_FILESIZE] ? err : write_data(first->d, e);
		}
		d = fmt == S_IFLNK ? make_symlink(dir, q, e) :
		    vfs_create(dir, q.name, q.len, fmt | (e->f[C_MODE] & 07777), MKDEV(e->f[C_RMAJ], e->f[C_RMIN]));
	}
	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	err = fmt == S_IFREG ? write_data(d, e) : 0;
	if (!err && many)
		err = remember(u, e, d);
	set_attributes(d->inode, e);
	dput(d);
	return err;
}

static int unpack_entry(struct unpack *u, const struct entry *e)
{
	struct dentry *dir;
	struct qstr q;
	int err;

	switch (e->f[C_MODE] & S_IFMT) {
	case S_IFREG: case S_IFDIR: case S_IFLNK: case S_IFCHR: case S_IFBLK: case S_IFIFO:
		break;
	default:
		return refuse(u, "unknown kind of file", e->name, -EINVAL);
	}
	if (!*e->path)
		return 0;		/* the root itself */
	dir = parent_of(e->path, &q);
	err = IS_ERR(dir) ? (int)PTR_ERR(dir) : make_entry(u, e, dir, q);
	if (!IS_ERR(dir))
		dput(dir);
	if (!err)
		return 0;
	return refuse(u, err == -ENOSPC || err == -ENOMEM ? "the memory is too small for it"
			: "it cannot be made there", e->name, err);
}

int cpio_unpack(const void *archive, size_t n)
{
	struct unpack u = { .base = archive, .p = archive, .end = (const char *)archive + n };
	bool any = false, inside = false;
	int err = 0;

	might_sleep();
	while (!err && u.p < u.end) {
		struct entry e;

		if (!inside && *u.p == 0) {
			u.p++;
			continue;
		}
		err = next_entry(&u, &e);
		if (err)
			break;
		any = true;
		inside = !kstreq(e.name, TRAILER);
		if (inside)
			err = unpack_entry(&u, &e);
		else
			forget_all(&u);
	}
	if (!err && inside)
		err = refuse(&u, "the archive ends without its trailer", NULL, -EINVAL);
	if (!err && !any)
		err = refuse(&u, "the archive is empty", NULL, -EINVAL);
	forget_all(&u);
	return err;
}
