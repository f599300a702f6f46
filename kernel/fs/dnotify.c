// SPDX-License-Identifier: GPL-2.0-only
/*
 * F_NOTIFY: the owner of an open directory is told by a signal what happens to it and to the files
 * in it. Mirrors Linux fs/notify/dnotify/dnotify.c.
 *
 * The events are inotify's, and are told where those are. One is of an open file and of the
 * descriptor table by which it was asked for, and ends when that closes any descriptor of the file:
 * so the file is there as long as it is on a list.
 *
 * Locks: dnotify_mutex for all lists, taken with a directory's mutex held or not; then those of
 * fasync_send_msg, or files->lock.
 */
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"

struct dnotify {			/* [dnotify_mutex] */
	struct list node;		/* on inode->dnotify */
	struct file *file;
	const struct files *owner;
	int fd;				/* by which it was asked for last */
	u32 events;			/* IN_* */
	bool stays;			/* DN_MULTISHOT */
};

static struct mutex dnotify_mutex = MUTEX_INIT(dnotify_mutex, "dnotify", RANK_LEASE);

int sysctl_dir_notify_enable = 1;

static u32 wanted_events(u32 arg)
{
	static const struct { u32 asked, events; } table[] = {
		{ DN_ACCESS, IN_ACCESS }, { DN_MODIFY, IN_MODIFY },
		{ DN_ATTRIB, IN_ATTRIB }, { DN_RENAME, IN_DN_RENAME },
		{ DN_CREATE, IN_CREATE | IN_MOVED_TO }, { DN_DELETE, IN_DELETE | IN_MOVED_FROM },
	};
	u32 events = 0;

	for (size_t k = 0; k < ARRAY_SIZE(table); k++)
		events |= arg & table[k].asked ? table[k].events : 0;
	return events;
}

/* dnotify_mutex held. */
static void free_dnotify(struct dnotify *dn)
{
	list_del(&dn->node);
	kfree(dn);
	atomic_fetch_sub(&nr_watches, 1);
}

static struct dnotify *find_dnotify(const struct file *f, const struct files *owner)
{
	struct dnotify *dn;

	list_for_each(dn, &f->inode->dnotify, node)
		if (dn->file == f && dn->owner == owner)
			return dn;
	return NULL;
}

void __dnotify(struct inode *dir, u32 mask)
{
	struct dnotify *dn, *n;

	mutex_lock(&dnotify_mutex);
	list_for_each_safe(dn, n, &dir->dnotify, node) {
		if (!(dn->events & mask))
			continue;
		fasync_send_msg(dn->file, dn->fd);
		if (!dn->stays)
			free_dnotify(dn);
	}
	mutex_unlock(&dnotify_mutex);
}

void dnotify_flush(struct file *f, const struct files *owner)
{
	struct dnotify *dn;

	if (list_empty(&f->inode->dnotify))
		return;
	mutex_lock(&dnotify_mutex);
	dn = find_dnotify(f, owner);
	if (dn)
		free_dnotify(dn);
	mutex_unlock(&dnotify_mutex);
}

/* Is fd still f's? If it was closed meanwhile, whoever did so saw nothing to end. */
static bool still_open(const struct file *f, int fd)
{
	struct files *files = current->files;
	bool open;

	spin_lock(&files->lock);
	open = fd_lookup(files, fd) == f;
	spin_unlock(&files->lock);
	return open;
}

/* *fresh becomes f's if there is none yet, and the caller's pointer NULL. dnotify_mutex held. */
static void add_dnotify(struct file *f, int fd, u32 arg, struct dnotify **fresh)
{
	struct dnotify *dn = find_dnotify(f, current->files);

	if (!dn) {
		dn = *fresh;
		*fresh = NULL;
		*dn = (struct dnotify){ .file = f, .owner = current->files };
		list_add_tail(&dn->node, &f->inode->dnotify);
		atomic_fetch_add(&nr_watches, 1);
	}
	dn->fd = fd;
	dn->events |= wanted_events(arg);
	dn->stays |= (arg & DN_MULTISHOT) != 0;
	if (!still_open(f, fd))
		free_dnotify(dn);
}

long fcntl_dirnotify(struct file *f, int fd, u32 arg)
{
	struct dnotify *dn;
	int err;

	if (!READ_ONCE(sysctl_dir_notify_enable))
		return -EINVAL;
	if (!(arg & ~DN_MULTISHOT)) {
		dnotify_flush(f, current->files);
		return 0;
	}
	if (!inode_is(f->inode, S_IFDIR))
		return -ENOTDIR;
	dn = kmalloc(sizeof(*dn), GFP_KERNEL);
	err = dn ? f_setown(f, get_pid(task_tgid(current)), F_OWNER_PID, false) : -ENOMEM;
	if (!err) {
		mutex_lock(&dnotify_mutex);
		add_dnotify(f, fd, arg, &dn);
		mutex_unlock(&dnotify_mutex);
	}
	kfree(dn);
	return err;
}
