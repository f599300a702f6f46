// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which file system is where, and for whom: what namespace.c keeps and the path walk asks. Mirrors
 * Linux fs/mount.h.
 *
 * A path here is a dentry alone. So the mount that it leads through is not known from it but looked
 * up: the one of current's namespace on a directory, or of a root.
 */
#pragma once
#include "kernel/fs/dcache.h"
#include "kernel/mnt_namespace.h"
#include "kernel/task.h"

#define MS_KEPT		(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)	/* the flags of a mount that mean something */

/* A file system in one place of one namespace. */
struct mount {
	struct list node;		/* [M D] ns->mounts, oldest first; else of those that go */
	struct mnt_namespace *ns;	/* (!) */
	struct super *sb;		/* (!) counted in nr_mounts; root holds it */
	struct dentry *root;		/* (!) of sb, referenced */
	struct dentry *where;		/* [M D] referenced; NULL: the root of the namespace */
	struct mount *parent;		/* [M] what where is in; NULL likewise */
	struct mount *next_on;		/* [M D] where->mounted: those of other namespaces */
	struct mount *next_of;		/* [M D] root->covers: others of the same root, oldest first */
	struct mount *next_in;		/* [M D] sb->mounts */
	u32 flags;			/* [M D] MS_KEPT */
	u32 locked_flags;		/* [M] those that nobody clears who is not where the mount is from */
	bool locked;			/* [M] likewise, it goes only along with what it is in: it may hide something */
	u32 id;				/* (!) */
	bool expiring;			/* [M] MNT_EXPIRE has seen it idle */
	bool going;			/* [M] */
	bool last;			/* [M] gone, and sb with it */
	struct mount *copy;		/* [M] while the namespace is copied */
};

extern struct mutex mount_mutex;	/* RANK_MOUNT [M]: who changes what [M D] covers holds both */

static inline struct mnt_namespace *to_mnt_ns(struct ns_common *ns)
{
	return container_of(ns, struct mnt_namespace, ns);
}

static inline struct mnt_namespace *current_mnt_ns(void) { return to_mnt_ns(current->nsproxy->ns[NS_MNT]); }

/* What ns has on d itself, and that a mount of it has d as its root. NULL. Either lock held. */
static inline struct mount *mount_on(const struct mnt_namespace *ns, const struct dentry *d)
{
	struct mount *m = d->mounted;

	while (m && unlikely(m->ns != ns))
		m = m->next_on;
	return m;
}

static inline struct mount *mount_of(const struct mnt_namespace *ns, const struct dentry *root)
{
	struct mount *m = root->covers;

	while (m && m->ns != ns)
		m = m->next_of;
	return m;
}

/* What is to be seen at d in ns. dentry_lock held. */
static inline struct dentry *topmost(const struct mnt_namespace *ns, struct dentry *d)
{
	struct mount *m = d->mounted;

	while (m) {
		if (likely(m->ns == ns)) {
			d = m->root;
			m = d->mounted;
		} else {
			m = m->next_on;
		}
	}
	return d;
}

/* Would current see something else at d? Then it does not remove it. */
static inline bool is_local_mountpoint(const struct dentry *d)
{
	bool yes;

	if (likely(!READ_ONCE(d->mounted)))
		return false;
	spin_lock(&dentry_lock);
	yes = mount_on(current_mnt_ns(), d);
	spin_unlock(&dentry_lock);
	return yes;
}

/* --- namespace.c: changes, with mount_mutex held --- */
/* nowhere yet. ERR_PTR(-ENOMEM) */
struct mount *mount_alloc(struct mnt_namespace *ns, struct super *sb, struct dentry *root, u32 flags);
void mount_free(struct mount *m);		/* one that is nowhere. Not for one that was somewhere. */
int mount_attach(struct mount *m, struct dentry *where);	/* 0, -EINVAL, -EBUSY, -ENOENT, -ELOOP, -ENOTDIR. Sleeps. */
struct mount *mount_with(const struct mnt_namespace *ns, const struct super *sb);
bool is_below(const struct mount *p, const struct mount *m);
int mount_pivot(struct mount *m, struct mount *root, struct dentry *put_old);
void mount_join_root(struct mount *m);		/* it is the root of its namespace */
void mount_set_flags(struct mount *m, u32 flags);
/* Takes m and what is mounted below it out of the namespace, to gone. */
void umount_tree(struct mount *m, struct list *gone);
/* --- without it --- */
void super_kill(struct super *sb);		/* one that is nowhere. Sleeps. */
void mounts_put(struct list *gone);		/* their end. Sleeps. */
void detach_mounts(struct dentry *d);		/* d is removed: nobody has anything on it any more. Sleeps. */
