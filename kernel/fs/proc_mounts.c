// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a task has mounted: /proc/PID/mounts and mountinfo. Mirrors Linux fs/proc_namespace.c.
 *
 * Shown is what can be reached from the task's root, by its path from there.
 *
 * LINUX: the namespace and the root are those of the time of the read; poll does not tell of changes.
 *
 * Locks: mount_mutex; task_lock, fs->lock and dentry_lock inside.
 */
#include "kernel/fs/mount.h"
#include "kernel/fs/proc.h"
#include "kernel/mm/mm.h"

struct view {
	struct mnt_namespace *ns;	/* referenced */
	struct dentry *root;		/* referenced */
	char path[K_PATH_MAX];		/* of one mount */
	char *buf;
	size_t n, len;
};

static void put_text(struct view *v, const char *s)
{
	v->len += kscnprintf(v->buf + v->len, v->n - v->len, "%s", s);
}

/* What would end the field is in octal. */
static void put_field(struct view *v, const char *s)
{
	v->len += kscnescape(v->buf + v->len, v->n - v->len, s, " \t\n\\");
}

static void put_flags(struct view *v, u32 flags)
{
	put_text(v, flags & MS_RDONLY ? "ro" : "rw");
	if (flags & MS_NOSUID)
		put_text(v, ",nosuid");
	if (flags & MS_NODEV)
		put_text(v, ",nodev");
	if (flags & MS_NOEXEC)
		put_text(v, ",noexec");
	put_text(v, ",relatime");
}

static void put_options(struct view *v, const struct super *sb)
{
	if (!sb->options)
		return;
	put_text(v, ",");
	put_text(v, sb->options);
}

/* NULL: it cannot be reached. */
static const char *path_of(struct view *v, const struct mount *m)
{
	char *p;

	if (m->root == v->root)
		return "/";
	if (!m->where)
		return NULL;
	p = dentry_path_below(v->ns, v->root, m->where, v->path, sizeof(v->path));
	return IS_ERR(p) ? NULL : p;
}

static void mounts_line(struct view *v, const struct mount *m, const char *path)
{
	put_field(v, m->sb->source);
	put_text(v, " ");
	put_field(v, path);
	put_text(v, " ");
	put_text(v, m->sb->type->name);
	put_text(v, " ");
	put_flags(v, m->flags | (m->sb->own_flags & MS_RDONLY));
	put_options(v, m->sb);
	put_text(v, " 0 0\n");
}

/* What of its file system m shows. path is in use. */
static void put_root(struct view *v, const struct mount *m)
{
	if (m->sb->type->show_root)
		v->len += (size_t)max(m->sb->type->show_root(m->root, v->buf + v->len, v->n - v->len), 0l);
	else
		put_text(v, "/");
}

static void mountinfo_line(struct view *v, const struct mount *m, const char *path)
{
	v->len += kscnprintf(v->buf + v->len, v->n - v->len, "%u %u 0:%u ", m->id,
		m->parent ? m->parent->id : m->id, m->sb->dev);
	put_root(v, m);
	put_text(v, " ");
	put_field(v, path);
	put_text(v, " ");
	put_flags(v, m->flags);
	put_text(v, " - ");
	put_text(v, m->sb->type->name);
	put_text(v, " ");
	put_field(v, m->sb->source);
	put_text(v, m->sb->own_flags & MS_RDONLY ? " ro" : " rw");
	put_options(v, m->sb);
	put_text(v, "\n");
}

static struct dentry *root_of(struct task *t)
{
	struct dentry *d = NULL;

	task_lock(t);
	if (t->fs) {
		spin_lock(&t->fs->lock);
		d = dget(t->fs->root);
		spin_unlock(&t->fs->lock);
	}
	task_unlock(t);
	return d;
}

static void show_all(struct view *v, void (*line)(struct view *v, const struct mount *m, const char *path))
{
	const struct mount *m;

	mutex_lock(&mount_mutex);
	list_for_each(m, &v->ns->mounts, node) {
		const char *path = path_of(v, m);

		if (path)
			line(v, m, path);
	}
	mutex_unlock(&mount_mutex);
}

/* Bytes, -EINVAL: t has left its namespace, -ENOENT, -ENOMEM. */
static s64 show(struct task *t, char *buf, size_t n,
		void (*line)(struct view *v, const struct mount *m, const char *path))
{
	struct view *v = kzalloc(sizeof(*v), GFP_KERNEL);
	struct ns_common *ns = task_ns(t, NS_MNT);
	s64 len = !v ? -ENOMEM : ns ? -ENOENT : -EINVAL;

	if (v && ns) {
		v->ns = to_mnt_ns(ns);
		v->root = root_of(t);
		v->buf = buf;
		v->n = n;
		if (v->root) {
			show_all(v, line);
			len = (s64)v->len;
		}
		dput(v->root);
	}
	if (ns)
		ns_put(ns);
	kfree(v);
	return len;
}

s64 proc_mounts(struct task *t, char *buf, size_t n)
{
	return show(t, buf, n, mounts_line);
}

s64 proc_mountinfo(struct task *t, char *buf, size_t n)
{
	return show(t, buf, n, mountinfo_line);
}
