// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directories of procfs: /proc, /proc/PID, /proc/PID/task. Mirrors Linux fs/proc/base.c.
 *
 * What every task has is made when it is looked for and goes with its last user; such an inode
 * holds a reference on the task struct, so a number that is given away again is not mistaken for
 * the old task. Files of a task that was reaped read ESRCH.
 *
 * Locks: tasklist_lock (read) for each look at the tasks; nothing is held while text goes to the
 * user.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/proc.h"
#include "kernel/mm/mm.h"
#include "kernel/nsproxy.h"
#include "kernel/panic.h"

#define PID_BASE	(1ull << 40)	/* directory positions from here on are task numbers */

static const struct inode_ops pid_dir_ops, tid_dir_ops, task_dir_ops, entry_ops, self_ops,
		thread_self_ops, mounts_ops, net_ops;
static const struct file_ops pid_dir_fops, tid_dir_fops, task_dir_fops, entry_fops;

bool task_alive(struct task *t)
{
	bool alive;

	read_lock(&tasklist_lock);
	alive = t->sighand != NULL;
	read_unlock(&tasklist_lock);
	return alive;
}

/* --- inodes --- */

void evict_task(struct inode *i)
{
	put_task(task_of(i));
}

u64 task_ino(int pid, u64 kind, u32 nr)
{
	return ((u64)pid + 1) << 24 | (kind >> 32) << 20 | nr;
}

/*
 * Of the task's user; but what others may not look into belongs to the root of its memory's
 * namespace, or to the machine's. The directory of all that is the user's in any case.
 */
static void set_owner(struct inode *i, struct task *t)
{
	u32 uid, gid;

	task_lock(t);
	uid = t->cred.euid;
	gid = t->cred.egid;
	if (i->mode != (S_IFDIR | 0555) && (!t->mm || atomic_load(&t->mm->flags) & MMF_NOT_DUMPABLE)) {
		uid = t->mm ? make_kuid(t->mm->user_ns, 0) : 0;
		gid = t->mm ? make_kgid(t->mm->user_ns, 0) : 0;
	}
	task_unlock(t);
	i->uid = uid == INVALID_ID ? 0 : uid;
	i->gid = gid == INVALID_ID ? 0 : gid;
}

struct inode *task_inode(struct super *sb, struct task *t, u32 mode, u64 kind, u32 nr)
{
	struct inode *i = inode_alloc(sb, mode);

	if (!i)
		return NULL;
	i->private = t;
	i->private_nr = kind | nr;
	set_owner(i, t);
	i->ino = task_ino(t->pid, kind, nr);
	return i;
}

/* --- names --- */

static struct dentry *follow_cwd(struct task *t);
static struct dentry *follow_root(struct task *t);

static const struct proc_entry entries[] = {
	{ .name = "task", .mode = S_IFDIR | 0555 },		/* first: a thread's directory has none */
	{ .name = "fd", .mode = S_IFDIR | 0500 },
	{ .name = "fdinfo", .mode = S_IFDIR | 0500 },
	{ .name = "ns", .mode = S_IFDIR | 0511 },
	{ .name = "net", .mode = S_IFDIR | 0555 },
	{ .name = "stat", .mode = 0444, .show_ns = proc_stat_group },		/* a thread's own in its directory */
	{ .name = "mem", .mode = 0600, .fops = &proc_mem_fops },
	{ .name = "status", .mode = 0444, .show_ns = proc_status },
	{ .name = "cmdline", .mode = 0444, .show = proc_cmdline },
	{ .name = "comm", .mode = 0644, .show = proc_comm, .store = proc_comm_store },
	{ .name = "environ", .mode = 0400, .show_mm = proc_environ },
	{ .name = "auxv", .mode = 0400, .show_mm = proc_auxv },
	{ .name = "personality", .mode = 0400 | PROC_GUARDED, .show = proc_personality },
	{ .name = "maps", .mode = 0444 | PROC_ALIVE, .show_mm = proc_maps },
	{ .name = "statm", .mode = 0444, .show = proc_statm },
	{ .name = "limits", .mode = 0444, .show = proc_limits },
	{ .name = "oom_score", .mode = 0444, .show = proc_oom_score },
	{ .name = "oom_score_adj", .mode = 0644, .show = proc_oom_score_adj, .store = proc_oom_score_adj_store },
	{ .name = "oom_adj", .mode = 0644, .show = proc_oom_adj, .store = proc_oom_adj_store },
	{ .name = "coredump_filter", .mode = 0644, .show = proc_coredump_filter, .store = proc_coredump_filter_store },
	{ .name = "timens_offsets", .mode = 0644, .show = proc_timens_offsets, .store_as = proc_timens_offsets_store },
	{ .name = "wchan", .mode = 0444, .show = proc_wchan },
	{ .name = "fail-nth", .mode = 0644, .show = proc_fail_nth, .store = proc_fail_nth_store },
	{ .name = "mounts", .mode = 0444, .show = proc_mounts },
	{ .name = "mountinfo", .mode = 0444, .show = proc_mountinfo },
	{ .name = "cgroup", .mode = 0444, .show = proc_cgroup },
	{ .name = "uid_map", .mode = 0644, .fops = &proc_uid_map_fops },
	{ .name = "gid_map", .mode = 0644, .fops = &proc_gid_map_fops },
	{ .name = "projid_map", .mode = 0644, .fops = &proc_projid_map_fops },
	{ .name = "setgroups", .mode = 0644, .fops = &proc_setgroups_fops },
	{ .name = "exe", .mode = S_IFLNK | 0777 | PROC_GUARDED, .follow = proc_exe },
	{ .name = "cwd", .mode = S_IFLNK | 0777 | PROC_GUARDED, .follow = follow_cwd },
	{ .name = "root", .mode = S_IFLNK | 0777 | PROC_GUARDED, .follow = follow_root },
};
#define ENTRY_TASK	0u
#define ENTRY_FD	1u
#define ENTRY_FDINFO	2u
#define ENTRY_NS	3u
#define ENTRY_NET	4u
#define ENTRY_STAT	5u

static const struct proc_entry thread_stat = { .name = "stat", .mode = 0444, .show_ns = proc_stat_thread };
#define NR_THREAD_STAT	0x100u

static const struct proc_entry *entry_of(const struct inode *i)
{
	return NR_OF(i) == NR_THREAD_STAT ? &thread_stat : &entries[NR_OF(i)];
}

static int entry_inode(struct inode *dir, struct dentry *d, u32 nr)
{
	const struct proc_entry *e = nr == NR_THREAD_STAT ? &thread_stat : &entries[nr];
	struct task *t = get_task(task_of(dir));
	u32 mode = e->mode & ~PROC_FLAGS;
	struct inode *i = task_inode(dir->sb, t, mode & S_IFMT ? mode : S_IFREG | mode, KIND_ENTRY, nr);

	if (!i) {
		put_task(t);
		return -ENOMEM;
	}
	if (nr == ENTRY_TASK) {
		i->ops = &task_dir_ops;
		i->fops = &task_dir_fops;
	} else if (nr == ENTRY_FD) {
		i->ops = &proc_fd_dir_ops;
		i->fops = &proc_fd_dir_fops;
	} else if (nr == ENTRY_FDINFO) {
		i->ops = &proc_fdinfo_dir_ops;
		i->fops = &proc_fd_dir_fops;
	} else if (nr == ENTRY_NS) {
		i->ops = &proc_ns_dir_ops;
		i->fops = &proc_ns_dir_fops;
	} else if (nr == ENTRY_NET) {
		i->ops = &proc_net_dir_ops;
		i->fops = &proc_net_dir_fops;
	} else {
		i->ops = &entry_ops;
		i->fops = e->fops ? e->fops : e->follow ? NULL : &entry_fops;
	}
	d->inode = i;
	return 0;
}

static int lookup_entry(struct inode *dir, struct dentry *d, u32 first)
{
	if (!task_alive(task_of(dir)))
		return -ENOENT;
	for (u32 k = first; k < ARRAY_SIZE(entries); k++)
		if (kstreq(entries[k].name, d->name))
			return entry_inode(dir, d, k == ENTRY_STAT && first ? NR_THREAD_STAT : k);
	return -ENOENT;
}

static int pid_lookup(struct inode *dir, struct dentry *d)
{
	return lookup_entry(dir, d, 0);
}

/* An exec may have taken the number to another task, but not out of the group. */
struct group *proc_dir_group(const struct file *f)
{
	struct group *g;
	struct task *t;

	if (f->ops != &pid_dir_fops)
		return ERR_PTR(-EBADF);
	t = task_of(f->inode);
	g = t->group;
	if (f->inode->ino != task_ino(g->tgid, KIND_DIR, 0) && !task_alive(t))
		return ERR_PTR(-ESRCH);
	atomic_fetch_add(&g->sigcnt, 1);
	return g;
}

static int tid_lookup(struct inode *dir, struct dentry *d)
{
	return lookup_entry(dir, d, 1);
}

bool emit_dots(struct file *f, emit_fn *emit, void *ctx)
{
	if (f->pos == 0 && !emit(ctx, ".", 1, f->inode->ino, DT_DIR, 1))
		return false;
	return f->pos > 1 || emit(ctx, "..", 2, d_parent_ino(f->dentry), DT_DIR, 2);
}

static int entries_readdir(struct file *f, emit_fn *emit, void *ctx, u32 first)
{
	struct task *t = task_of(f->inode);

	if (!task_alive(t))
		return -ENOENT;
	if (!emit_dots(f, emit, ctx))
		return 0;
	for (u64 k = max((u64)first, f->pos > 2 ? f->pos - 2 : 0); k < ARRAY_SIZE(entries); k++) {
		const struct proc_entry *e = &entries[k];
		unsigned type = e->mode & S_IFMT ? (e->mode & S_IFMT) >> 12 : DT_REG;

		if (!emit(ctx, e->name, kstrlen(e->name), task_ino(t->pid, KIND_ENTRY, (u32)k), type, k + 3))
			break;
	}
	return 0;
}

static int pid_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	return entries_readdir(f, emit, ctx, 0);
}

static int tid_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	return entries_readdir(f, emit, ctx, 1);
}

/* --- files --- */

static bool may_open(const struct inode *i)
{
	return !(entry_of(i)->mode & PROC_GUARDED) || ptrace_may_access(task_of(i), PTRACE_FSCREDS);
}

static int entry_open(struct inode *i, struct file *f)
{
	if (entry_of(i)->show_mm)
		return proc_mm_open(i, f);
	if (!may_open(i))
		return -EACCES;
	return f->writable && entry_of(i)->store_as ? text_open_as(i, f) : text_open(i, f);
}

static s64 entry_show(struct file *f, char *buf, size_t n)
{
	const struct proc_entry *e = entry_of(f->inode);
	struct task *t = task_of(f->inode);

	if ((!e->show_mm || e->mode & PROC_ALIVE) && !task_alive(t))
		return -ESRCH;
	if (e->show_mm)
		return proc_mm_show(f, e->show_mm, buf, n);
	return e->show_ns ? e->show_ns(t, proc_pid_ns(f->inode), buf, n) : e->show(t, buf, n);
}

static s64 entry_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return text_read(f, buf, n, pos, entry_show);
}

static s64 entry_write(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	const struct proc_entry *e = entry_of(f->inode);
	struct task *t = task_of(f->inode);
	char *s;
	s64 ret;

	(void)pos;
	if (!e->store && !e->store_as)
		return -EIO;
	s = text_from_user(buf, n);
	if (IS_ERR(s))
		return PTR_ERR(s);
	if (!task_alive(t))
		ret = -ESRCH;
	else
		ret = e->store ? e->store(t, s, n) : e->store_as(t, s, n, text_opener(f));
	kfree(s);
	return ret;
}

static int keep_size(struct inode *i, u64 size)
{
	(void)i, (void)size;
	return 0;
}

static struct dentry *entry_follow(struct inode *i)
{
	if (!task_alive(task_of(i)))
		return ERR_PTR(-ENOENT);
	return may_open(i) ? entry_of(i)->follow(task_of(i)) : ERR_PTR(-EACCES);
}

static struct ns_common *entry_follow_ns(struct inode *i)
{
	return task_ns(task_of(i), NS_MNT);
}

int link_text(struct dentry *to, char *buf, size_t n)
{
	char *p;
	size_t len;

	if (IS_ERR(to))
		return (int)PTR_ERR(to);
	p = dentry_path(to, buf, n);
	if (IS_ERR(p)) {
		dput(to);
		return (int)PTR_ERR(p);
	}
	len = kstrlen(p);
	kmemmove(buf, p, len);
	dput(to);
	return (int)len;
}

static int entry_readlink(struct inode *i, char *buf, size_t n)
{
	return link_text(entry_follow(i), buf, n);
}

static struct dentry *fs_dentry(struct task *t, size_t which)
{
	struct dentry *d = ERR_PTR(-ENOENT);

	task_lock(t);
	if (t->fs) {
		spin_lock(&t->fs->lock);
		d = dget(*(struct dentry **)((char *)t->fs + which));
		spin_unlock(&t->fs->lock);
	}
	task_unlock(t);
	return d;
}

static struct dentry *follow_cwd(struct task *t)
{
	return fs_dentry(t, offsetof(struct fs, cwd));
}

static struct dentry *follow_root(struct task *t)
{
	return fs_dentry(t, offsetof(struct fs, root));
}

/* --- numbers --- */

int parse_number(const char *s)
{
	s64 v = 0;

	if (*s == '0')
		return 0;
	for (; *s; s++) {
		if (!kisdigit(*s))
			return 0;
		v = v * 10 + (*s - '0');
		if (v > INT32_MAX)
			return 0;
	}
	return (int)v;
}

static int task_dir(struct super *sb, struct dentry *d, struct task *t, const struct inode_ops *ops,
		const struct file_ops *fops)
{
	struct inode *i = task_inode(sb, t, S_IFDIR | 0555, KIND_DIR, ops == &tid_dir_ops);

	if (!i) {
		put_task(t);
		return -ENOMEM;
	}
	i->ops = ops;
	i->fops = fops;
	d->inode = i;
	return 0;
}

/* --- /proc/PID/task --- */

static int task_lookup(struct inode *dir, struct dentry *d)
{
	int tid = parse_number(d->name);
	struct task *t = find_get_task_by_pid_ns(tid, proc_pid_ns(dir));

	if (!t)
		return -ENOENT;
	if (!same_thread_group(t, task_of(dir))) {
		put_task(t);
		return -ENOENT;
	}
	return task_dir(dir->sb, d, t, &tid_dir_ops, &tid_dir_fops);
}

/* Whom a directory of numbers has to show next. */
struct tgid_iter {
	struct pid_namespace *ns;
	int nr;				/* 0: nobody */
	int pid;			/* the machine's */
};

/* p, if its number is at least from and the lowest such yet. tasklist_lock held. */
static void consider(struct tgid_iter *it, u64 from, struct task *p)
{
	int nr = task_pid_nr_ns(p, it->ns);

	if (nr && (u64)nr >= from && (!it->nr || nr < it->nr)) {
		it->nr = nr;
		it->pid = p->pid;
	}
}

/* The thread of t's group, or t NULL: the process, with the lowest number from @from on. */
static struct tgid_iter next_number(struct pid_namespace *ns, struct task *t, u64 from)
{
	struct tgid_iter it = { .ns = ns };
	struct task *p;

	read_lock(&tasklist_lock);
	if (!t)
		for_each_process(p)
			consider(&it, from, p);
	else if (t->sighand)
		for_each_thread(t->group, p)
			consider(&it, from, p);
	read_unlock(&tasklist_lock);
	return it;
}

bool emit_number(emit_fn *emit, void *ctx, u32 nr, u64 ino, unsigned type, u64 next)
{
	char name[16];

	return emit(ctx, name, kscnprintf(name, sizeof(name), "%u", nr), ino, type, next);
}

/* Directories of all threads of t's group, or t NULL: of all processes. */
static void emit_tasks(struct file *f, emit_fn *emit, void *ctx, struct task *t)
{
	u64 from = f->pos > PID_BASE ? f->pos - PID_BASE : 1;
	struct tgid_iter it;

	while ((it = next_number(proc_pid_ns(f->inode), t, from)).nr) {
		from = (u64)it.nr + 1;
		if (!emit_number(emit, ctx, (u32)it.nr, task_ino(it.pid, KIND_DIR, t != NULL), DT_DIR, PID_BASE + from))
			break;
	}
}

static int task_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	if (!emit_dots(f, emit, ctx))
		return 0;
	emit_tasks(f, emit, ctx, task_of(f->inode));
	return 0;
}

/* --- /proc --- */

static int self_readlink(struct inode *i, char *buf, size_t n)
{
	int tgid = task_tgid_nr_ns(current, proc_pid_ns(i));

	return tgid ? (int)kscnprintf(buf, n, "%d", tgid) : -ENOENT;
}

static int thread_self_readlink(struct inode *i, char *buf, size_t n)
{
	int tgid = task_tgid_nr_ns(current, proc_pid_ns(i)), pid = task_pid_nr_ns(current, proc_pid_ns(i));

	return pid ? (int)kscnprintf(buf, n, "%d/task/%d", tgid, pid) : -ENOENT;
}

static int mounts_readlink(struct inode *i, char *buf, size_t n)
{
	(void)i;
	return (int)kscnprintf(buf, n, "self/mounts");
}

static int net_readlink(struct inode *i, char *buf, size_t n)
{
	(void)i;
	return (int)kscnprintf(buf, n, "self/net");
}

static int proc_root_lookup(struct inode *dir, struct dentry *d)
{
	struct task *t = find_get_task_by_pid_ns(parse_number(d->name), proc_pid_ns(dir));

	return t ? task_dir(dir->sb, d, t, &pid_dir_ops, &pid_dir_fops) : -ENOENT;
}

static int proc_root_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	int err;

	if (f->pos < PID_BASE) {
		err = dir_fops.readdir(f, emit, ctx);
		if (err)
			return err;
	}
	/*
	 * Whether the static part was all taken shows in the next emit: a full buffer refuses that
	 * too.
	 */
	emit_tasks(f, emit, ctx, NULL);
	return 0;
}

static const struct inode_ops proc_root_ops = { .lookup = proc_root_lookup };
static struct file_ops proc_root_fops;

static int add_link(struct dentry *root, const char *name, const struct inode_ops *ops)
{
	struct dentry *d = dentry_alloc(root, name, kstrlen(name));

	if (!d)
		return -ENOMEM;
	d->inode = inode_alloc(root->inode->sb, S_IFLNK | 0777);
	if (d->inode) {
		d->inode->ops = ops;
		d_add(d);
	}
	dput(d);
	return d->inode ? 0 : -ENOMEM;
}

static int proc_fill(struct super *sb, const char *options)
{
	int err;

	(void)options;
	sb->magic = PROC_SUPER_MAGIC;
	sb->pid_ns = pid_ns_get(current->group->pid_ns);
	err = pseudo_fill(sb, "/proc/");
	if (err)
		return err;
	proc_root_fops = dir_fops;
	proc_root_fops.readdir = proc_root_readdir;
	sb->root->inode->ops = &proc_root_ops;
	sb->root->inode->fops = &proc_root_fops;
	err = add_link(sb->root, "self", &self_ops);
	if (!err)
		err = add_link(sb->root, "thread-self", &thread_self_ops);
	if (!err)
		err = add_link(sb->root, "net", &net_ops);
	return err ? err : add_link(sb->root, "mounts", &mounts_ops);
}

static struct user_namespace *proc_user_ns(void) { return current->group->pid_ns->ns.user_ns; }
FS_TYPE(proc_type, .name = "proc", .fill = proc_fill, .user_ns = proc_user_ns, .reveals = true);

s64 task_dir_lseek(struct file *f, s64 off, int whence)
{
	return whence == SEEK_SET || whence == SEEK_CUR ? fixed_lseek(f, off, whence, 0) : -EINVAL;
}

s64 task_dir_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)n, (void)pos;
	return -EISDIR;
}

static const struct file_ops pid_dir_fops = TASK_DIR_FOPS(pid_readdir);
static const struct file_ops tid_dir_fops = TASK_DIR_FOPS(tid_readdir);
static const struct file_ops task_dir_fops = TASK_DIR_FOPS(task_readdir);
static const struct file_ops entry_fops = {
	.open = entry_open, .release = text_release, .read = entry_read, .write = entry_write, .lseek = text_lseek,
};
static const struct inode_ops pid_dir_ops = { .keeps = KEEPS_ALL, .lookup = pid_lookup, .evict = evict_task };
static const struct inode_ops tid_dir_ops = { .keeps = KEEPS_ALL, .lookup = tid_lookup, .evict = evict_task };
static const struct inode_ops task_dir_ops = { .keeps = KEEPS_MODE, .lookup = task_lookup, .evict = evict_task };
static const struct inode_ops entry_ops = {
	.keeps = KEEPS_MODE,
	.readlink = entry_readlink, .follow = entry_follow, .follow_ns = entry_follow_ns,
	.truncate = keep_size, .evict = evict_task,
};
static const struct inode_ops self_ops = { .readlink = self_readlink };
static const struct inode_ops thread_self_ops = { .readlink = thread_self_readlink };
static const struct inode_ops mounts_ops = { .readlink = mounts_readlink };
static const struct inode_ops net_ops = { .readlink = net_readlink };
