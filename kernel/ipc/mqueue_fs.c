// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where POSIX message queues are: a file system for each namespace, which is there from its start
 * and can be mounted in any number of places; mq_open and mq_unlink; what a queue costs its maker.
 * Mirrors Linux ipc/mqueue.c.
 *
 * A mount shows the queues of who mounted it, also after the end of that namespace; but then none
 * can be made.
 *
 * LINUX: the last mount is busy while a queue is open.
 *
 * Locks: mount_mutex; the mutex of the root around the names; mqueue->lock; mq_lock.
 */
#include "kernel/cred.h"
#include "kernel/fs/mount.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/mqueue.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define FILE_SIZE	80u		/* what stat says of a queue */
#define NAME_SIZE	20u		/* what a name adds to its directory's size */
#define MSG_OVERHEAD	48u		/* RLIMIT_MSGQUEUE: a message, and a priority, besides the text, as Linux counts them */

static struct spinlock mq_lock = SPINLOCK_INIT("mq_lock", RANK_IPC);
static const struct file_ops mqueue_fops;

/* --- queues --- */

/* One more is in the namespace of sb, whose limits are for it. 0, -EACCES: it is gone, -ENOSPC. */
static int count_queue(struct super *sb, struct mq_limits *lim)
{
	bool may = capable(CAP_SYS_RESOURCE);
	struct ipc_namespace *ns;
	int err = 0;

	spin_lock(&mq_lock);
	ns = sb->ipc_ns;
	if (!ns)
		err = -EACCES;
	else if (ns->nr_queues >= READ_ONCE(ns->mq.queues_max) && !may)
		err = -ENOSPC;
	if (!err) {
		ns->nr_queues++;
		*lim = ns->mq;
	}
	spin_unlock(&mq_lock);
	return err;
}

static void uncount_queue(struct super *sb)
{
	spin_lock(&mq_lock);
	if (sb->ipc_ns)
		sb->ipc_ns->nr_queues--;
	spin_unlock(&mq_lock);
}

static int check_attr(const struct k_mq_attr *a, const struct mq_limits *lim)
{
	bool may = capable(CAP_SYS_RESOURCE);
	s64 most = may ? MQ_HARD_MSGMAX : lim->msg_max, longest = may ? MQ_HARD_MSGSIZEMAX : lim->msgsize_max;

	return a->mq_maxmsg <= 0 || a->mq_msgsize <= 0 || a->mq_maxmsg > most || a->mq_msgsize > longest ? -EINVAL : 0;
}

/* A queue can be filled by others: its maker pays for all that fits. */
static int charge(struct mqueue *q)
{
	const struct k_mq_attr *a = &q->attr;
	u64 limit = READ_ONCE(current->group->rlim[RLIMIT_MSGQUEUE].rlim_cur);
	u64 n = (u64)a->mq_maxmsg * ((u64)a->mq_msgsize + MSG_OVERHEAD) +
		min((u64)a->mq_maxmsg, MQ_PRIO_MAX) * MSG_OVERHEAD;
	u64 used;

	q->user = get_user_of(current->cred.uid);
	if (!q->user)
		return -ENOMEM;
	used = atomic_load(&q->user->mq_bytes);
	do {
		if (used + n > limit) {
			put_user_of(q->user);
			return -EMFILE;
		}
	} while (!atomic_compare_exchange_weak(&q->user->mq_bytes, &used, used + n));
	q->charged = n;
	return 0;
}

static struct mqueue *mqueue_alloc(const struct k_mq_attr *attr, const struct mq_limits *lim)
{
	struct mqueue *q = kzalloc(sizeof(*q), GFP_KERNEL);
	int err;

	if (!q)
		return ERR_PTR(-ENOMEM);
	q->attr.mq_maxmsg = attr ? attr->mq_maxmsg : min(lim->msg_max, lim->msg_default);
	q->attr.mq_msgsize = attr ? attr->mq_msgsize : min(lim->msgsize_max, lim->msgsize_default);
	err = check_attr(&q->attr, lim);
	if (!err)
		err = charge(q);
	if (err) {
		kfree(q);
		return ERR_PTR(err);
	}
	spin_init(&q->lock, "mqueue", RANK_IPC);
	list_init(&q->messages);
	list_init(&q->senders);
	list_init(&q->receivers);
	waitq_init(&q->wait, "mqueue");
	return q;
}

static void mqueue_free(struct mqueue *q)
{
	struct mq_msg *m;

	while (!list_empty(&q->messages)) {
		m = list_first(&q->messages, struct mq_msg, node);
		list_del(&m->node);
		kfree(m);
	}
	if (q->owner)
		group_put(q->owner);
	atomic_fetch_sub(&q->user->mq_bytes, q->charged);
	put_user_of(q->user);
	kfree(q);
}

/* --- the file system --- */

static void mqueue_evict(struct inode *i)
{
	if (!i->private)
		return;
	mqueue_free(i->private);
	uncount_queue(i->sb);
}

/* The texts stay: O_TRUNC means nothing here. */
static int mqueue_truncate(struct inode *i, u64 size)
{
	(void)i, (void)size;
	return 0;
}

static const struct inode_ops mqueue_inode_ops = { .evict = mqueue_evict, .truncate = mqueue_truncate };

/* d, a new name in dir, becomes a queue's. */
static int make_queue(struct inode *dir, struct dentry *d, u32 mode, const struct k_mq_attr *attr)
{
	struct inode *i = inode_alloc(dir->sb, mode);
	struct mq_limits lim;
	struct mqueue *q;
	int err;

	if (!i)
		return -ENOMEM;
	err = count_queue(dir->sb, &lim);
	if (err) {
		iput(i);
		return err;
	}
	q = mqueue_alloc(attr, &lim);
	if (IS_ERR(q)) {
		uncount_queue(dir->sb);
		iput(i);
		return (int)PTR_ERR(q);
	}
	i->private = q;
	i->ops = &mqueue_inode_ops;
	i->fops = &mqueue_fops;
	i->size = FILE_SIZE;
	i->uid = current->cred.fsuid;
	i->gid = current->cred.fsgid;
	dir->size += NAME_SIZE;
	mqueue_touch(dir);
	d->inode = i;
	return 0;
}

static int mqueue_create(struct inode *dir, struct dentry *d, u32 mode, u64 rdev)
{
	(void)rdev;
	return (mode & S_IFMT) == S_IFREG ? make_queue(dir, d, mode, NULL) : -EPERM;
}

static int mqueue_unlink(struct inode *dir, struct dentry *d)
{
	dir->size -= NAME_SIZE;
	mqueue_touch(dir);
	d->inode->ctime = dir->ctime;
	atomic_fetch_sub(&d->inode->nlink, 1);
	return 0;
}

static const struct inode_ops mqueue_dir_ops = { .create = mqueue_create, .unlink = mqueue_unlink };

static int fill(struct super *sb)
{
	struct inode *i = inode_alloc(sb, S_IFDIR | 01777);

	if (!i)
		return -ENOMEM;
	i->ops = &mqueue_dir_ops;
	i->fops = &dir_fops;
	i->size = 2 * NAME_SIZE;
	sb->magic = MQUEUE_MAGIC;
	sb->root = d_make_root(i);
	return sb->root ? 0 : -ENOMEM;
}

static struct super *mqueue_shared(const char *options)
{
	(void)options;
	return current_ipc_ns()->mq_super;
}

/* Its namespace keeps it. */
static bool mqueue_unmounted(struct super *sb)
{
	return !sb->ipc_ns;
}

static struct user_namespace *mqueue_user_ns(void) { return current->nsproxy->ns[NS_IPC]->user_ns; }
FS_TYPE(mqueue_type, .name = "mqueue", .user_ns = mqueue_user_ns, .shared = mqueue_shared,
	.unmounted = mqueue_unmounted);

int mq_init_ns(struct ipc_namespace *ns)
{
	struct super *sb = super_alloc(&mqueue_type);

	if (!sb)
		return -ENOMEM;
	if (fill(sb)) {
		super_put(sb);
		return -ENOMEM;
	}
	kstrlcpy(sb->source, "mqueue", sizeof(sb->source));
	sb->ipc_ns = ns;
	ns->mq_super = sb;
	return 0;
}

void mq_exit_ns(struct ipc_namespace *ns)
{
	struct super *sb = ns->mq_super;
	bool over;

	mutex_lock(&mount_mutex);
	spin_lock(&mq_lock);
	sb->ipc_ns = NULL;
	spin_unlock(&mq_lock);
	over = !sb->nr_mounts;
	mutex_unlock(&mount_mutex);
	if (over)
		super_kill(sb);
}

void mqueue_init(void)
{
	if (mq_init_ns(&init_ipc_ns))
		panic("no memory for message queues");
}

/* --- files --- */

static s64 mqueue_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	struct mqueue *q = f->inode->private;
	char text[FILE_SIZE];
	size_t len;

	spin_lock(&q->lock);
	len = kscnprintf(text, sizeof(text), "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", q->bytes,
			 q->owner ? q->notify : 0,
			 q->owner && q->notify == SIGEV_SIGNAL ? q->signo : 0,
			 q->owner ? entry_vnr(q->owner->pid) : 0);
	spin_unlock(&q->lock);
	if (*pos >= len)
		return 0;
	n = min(n, len - (size_t)*pos);
	if (copy_to_user(buf, text + *pos, n))
		return -EFAULT;
	*pos += n;
	return (s64)n;
}

static s64 mqueue_lseek(struct file *f, s64 off, int whence)
{
	return fixed_lseek(f, off, whence, FILE_SIZE);
}

/* Each close of a process that is to be told ends that, whichever descriptor it is. */
static int mqueue_flush(struct file *f)
{
	struct mqueue *q = f->inode->private;
	struct group *g = NULL;

	spin_lock(&q->lock);
	if (q->owner == current->group)
		g = mqueue_forget_owner(q);
	spin_unlock(&q->lock);
	if (g)
		group_put(g);
	return 0;
}

static unsigned mqueue_poll(struct file *f, struct poll_table *pt)
{
	struct mqueue *q = f->inode->private;
	s64 n;

	poll_wait(pt, &q->wait);
	n = READ_ONCE(q->attr.mq_curmsgs);
	return (n ? POLLIN | POLLRDNORM : 0u) | (n < q->attr.mq_maxmsg ? POLLOUT | POLLWRNORM : 0u);
}

static const struct file_ops mqueue_fops = {
	.read = mqueue_read,
	.lseek = mqueue_lseek,
	.flush = mqueue_flush,
	.poll = mqueue_poll,
};

struct fdref mqueue_get(int fd)
{
	struct fdref r = fdget(fd);

	if (r.file && r.file->ops != &mqueue_fops) {
		fdput(r);
		r = (struct fdref){ 0 };
	}
	return r;
}

/* --- mq_open, mq_unlink --- */

static int check_name(const char *name)
{
	if (!name[0])
		return -ENOENT;
	if (kstrchr(name, '/') || kstreq(name, ".") || kstreq(name, ".."))
		return -EACCES;
	return kstrlen(name) > K_NAME_MAX ? -ENAMETOOLONG : 0;
}

static struct dentry *create_named(struct dentry *dir, const char *name, u32 mode, const struct k_mq_attr *attr)
{
	struct dentry *d;
	int err = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC);

	if (err)
		return ERR_PTR(err);
	d = dentry_alloc(dir, name, kstrlen(name));
	if (!d)
		return ERR_PTR(-ENOMEM);
	err = make_queue(dir->inode, d, S_IFREG | mode, attr);
	if (err) {
		dput(d);
		return ERR_PTR(err);
	}
	d_add(d);
	fsnotify_name(dir, IN_CREATE, d->inode, (struct qstr){ d->name, d->len }, 0);
	return d;
}

/* What is there already must let itself be opened like that; the maker may do as it likes. */
static int may_open(const struct dentry *d, u32 flags)
{
	static const unsigned masks[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE };

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	return (flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : inode_permission(d->inode, masks[flags & O_ACCMODE]);
}

static struct file *open_queue(const char *name, u32 flags, u32 mode, const struct k_mq_attr *attr)
{
	struct dentry *dir = current_ipc_ns()->mq_super->root, *d;
	struct file *f;
	int err = check_name(name);

	if (err)
		return ERR_PTR(err);
	mutex_lock(&dir->inode->lock);
	d = lookup_one(dir, name, kstrlen(name));
	if (!IS_ERR(d)) {
		err = may_open(d, flags);
		if (err) {
			dput(d);
			d = ERR_PTR(err);
		}
	} else if (PTR_ERR(d) == -ENOENT && flags & O_CREAT) {
		d = create_named(dir, name, mode & 07777 & ~current_umask(), attr);
	}
	mutex_unlock(&dir->inode->lock);
	if (IS_ERR(d))
		return (struct file *)d;
	f = file_open_dentry(d, flags & (O_ACCMODE | O_NONBLOCK));
	if (!IS_ERR(f))
		fsnotify(f->dentry, IN_OPEN);
	return f;
}

long sys_mq_open(uaddr_t uname, int flags, u32 mode, uaddr_t uattr)
{
	struct k_mq_attr attr;
	char *name;
	int fd;

	if (uattr && copy_from_user(&attr, uattr, sizeof(attr)))
		return -EFAULT;
	name = getname(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	fd = fd_reserve(O_CLOEXEC);
	if (fd >= 0)
		fd = fd_install(fd, open_queue(name, (u32)flags, mode, uattr ? &attr : NULL));
	putname(name);
	return fd;
}

long sys_mq_unlink(uaddr_t uname)
{
	char *name = getname(uname);
	long err;

	if (IS_ERR(name))
		return PTR_ERR(name);
	err = check_name(name);
	if (!err) {
		struct parent_path pp = { .dir = current_ipc_ns()->mq_super->root,
					  .last = { name, (u32)kstrlen(name) } };

		err = vfs_remove(&pp, false);
	}
	putname(name);
	return err;
}
