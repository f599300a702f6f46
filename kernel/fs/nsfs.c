// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces as files: /proc/PID/ns, and what the links in it lead to. Mirrors Linux fs/nsfs.c and
 * fs/proc/namespaces.c.
 *
 * A file of a namespace holds it. Each way there makes an inode, and all of one namespace have one
 * number: it is the same if st_dev and st_ino are.
 *
 * Locks: task_lock, tasklist_lock (r), one after the other.
 */
#include "kernel/fs/proc.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"

static struct super *nsfs_super;

void nsfs_init(void)
{
	nsfs_super = super_alloc(NULL);
	if (!nsfs_super)
		panic("no memory for nsfs");
	nsfs_super->magic = NSFS_MAGIC;
}

/* --- the files --- */

static void evict_ns(struct inode *i)
{
	ns_put(i->private);
}

static const struct inode_ops ns_inode_ops = { .evict = evict_ns, .keeps = KEEPS_ALL };
static const struct file_ops ns_fops;

/* Takes over the reference of ns. ERR_PTR(-ENOMEM). */
static struct dentry *ns_dentry(struct ns_common *ns)
{
	struct inode *i = inode_alloc(nsfs_super, S_IFREG | 0444);
	struct dentry *d;
	char name[24];

	if (!i) {
		ns_put(ns);
		return ERR_PTR(-ENOMEM);
	}
	i->ino = ns->inum;
	i->private = ns;
	i->ops = &ns_inode_ops;
	i->fops = &ns_fops;
	d = dentry_alloc(NULL, name, kscnprintf(name, sizeof(name), "%s:[%u]", ns->ops->name, ns->inum));
	if (!d) {
		iput(i);
		return ERR_PTR(-ENOMEM);
	}
	d->inode = i;
	d->anonymous = 1;
	return d;
}

struct ns_common *ns_of_fd(int fd)
{
	struct file *f = fget(fd);
	struct ns_common *ns = ERR_PTR(f ? -EINVAL : -EBADF);

	if (!f)
		return ns;
	if (f->ops == &ns_fops)
		ns = ns_get(f->inode->private);
	fput(f);
	return ns;
}

long open_ns(struct ns_common *ns)
{
	struct dentry *d = IS_ERR(ns) ? (struct dentry *)ns : ns_dentry(ns);
	struct file *f = IS_ERR(d) ? (struct file *)d : file_open_dentry(d, O_RDONLY);

	return IS_ERR(f) ? PTR_ERR(f) : fd_alloc(f, O_CLOEXEC, 0);
}

static long put_owner(const struct user_namespace *ns, uaddr_t arg)
{
	u32 uid = from_kuid_munged(current_user_ns(), ns->owner);

	return copy_to_user(arg, &uid, sizeof(uid)) ? -EFAULT : 0;
}

static long ns_ioctl(struct file *f, unsigned cmd, uaddr_t arg)
{
	struct ns_common *ns = f->inode->private;

	switch (cmd) {
	case NS_GET_USERNS:
		return open_ns(ns_get_owner(ns));
	case NS_GET_PARENT:
		return ns->ops->parent ? open_ns(ns->ops->parent(ns)) : -EINVAL;
	case NS_GET_NSTYPE:
		return (long)ns->ops->type;
	case NS_GET_OWNER_UID:
		return ns->ops == &user_ns_ops ? put_owner(container_of(ns, struct user_namespace, ns), arg) : -EINVAL;
	}
	return -ENOTTY;
}

static const struct file_ops ns_fops = { .ioctl = ns_ioctl };

/* --- /proc/PID/ns --- */

static struct ns_common *own_pid_ns(struct task *t)
{
	return task_alive(t) ? ns_get(&t->group->pid_ns->ns) : NULL;
}

/* It is shown once somebody lives there. */
static struct ns_common *pid_ns_to_come(struct task *t)
{
	struct ns_common *ns = task_ns(t, NS_PID);
	bool begun;

	if (!ns)
		return NULL;
	read_lock(&tasklist_lock);
	begun = container_of(ns, struct pid_namespace, ns)->child_reaper;
	read_unlock(&tasklist_lock);
	if (begun)
		return ns;
	ns_put(ns);
	return NULL;
}

static struct ns_common *cgroup_ns(struct task *t) { return task_ns(t, NS_CGROUP); }
static struct ns_common *mnt_ns(struct task *t) { return task_ns(t, NS_MNT); }
static struct ns_common *ipc_ns(struct task *t) { return task_ns(t, NS_IPC); }
static struct ns_common *net_ns(struct task *t) { return task_ns(t, NS_NET); }
static struct ns_common *time_ns(struct task *t) { return task_ns(t, NS_TIME); }
static struct ns_common *time_ns_to_come(struct task *t) { return task_ns(t, NS_TIME_FOR_CHILDREN); }
static struct ns_common *uts_ns(struct task *t) { return task_ns(t, NS_UTS); }

static struct ns_common *user_ns(struct task *t) { return task_alive(t) ? &task_user_ns(t)->ns : NULL; }

static const struct ns_link {
	const char *name;
	struct ns_common *(*get)(struct task *t);	/* referenced; NULL: it has none */
} links[] = {
	{ "cgroup", cgroup_ns },
	{ "mnt", mnt_ns },
	{ "ipc", ipc_ns },
	{ "net", net_ns },
	{ "pid", own_pid_ns },
	{ "pid_for_children", pid_ns_to_come },
	{ "time", time_ns },
	{ "time_for_children", time_ns_to_come },
	{ "user", user_ns },
	{ "uts", uts_ns },
};

static struct dentry *ns_follow(struct inode *i)
{
	struct task *t = task_of(i);
	struct ns_common *ns;

	if (!ptrace_may_access(t, PTRACE_FSCREDS))
		return ERR_PTR(-EACCES);
	ns = links[NR_OF(i)].get(t);
	return ns ? ns_dentry(ns) : ERR_PTR(-ENOENT);
}

static int ns_readlink(struct inode *i, char *buf, size_t n)
{
	return link_text(ns_follow(i), buf, n);
}

static const struct inode_ops ns_link_ops = { .readlink = ns_readlink, .follow = ns_follow, .evict = evict_task };

static int ns_lookup(struct inode *dir, struct dentry *d)
{
	struct task *t = task_of(dir);

	for (u32 k = 0; k < ARRAY_SIZE(links); k++) {
		if (!kstreq(links[k].name, d->name))
			continue;
		d->inode = task_inode(dir->sb, get_task(t), S_IFLNK | 0777, KIND_NS, k);
		if (!d->inode) {
			put_task(t);
			return -ENOMEM;
		}
		d->inode->ops = &ns_link_ops;
		return 0;
	}
	return -ENOENT;
}

static int ns_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	struct task *t = task_of(f->inode);

	if (!task_alive(t))
		return -ENOENT;
	if (!emit_dots(f, emit, ctx))
		return 0;
	for (u64 k = f->pos > 2 ? f->pos - 2 : 0; k < ARRAY_SIZE(links); k++)
		if (!emit(ctx, links[k].name, kstrlen(links[k].name), task_ino(t->pid, KIND_NS, (u32)k), DT_LNK, k + 3))
			break;
	return 0;
}

const struct inode_ops proc_ns_dir_ops = { .keeps = KEEPS_MODE, .lookup = ns_lookup, .evict = evict_task };
const struct file_ops proc_ns_dir_fops = TASK_DIR_FOPS(ns_readdir);
