// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directories of procfs: /proc, /proc/PID, /proc/PID/task, /proc/PID/fd. Mirrors Linux
 * fs/proc/base.c.
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
#include "kernel/panic.h"

#define PID_BASE	(1ull << 40)	/* directory positions from here on are task numbers */

/*
 * What an inode made on demand is: private is the task, private_nr this plus an index or
 * descriptor.
 */
#define KIND_ENTRY	0x000000000ull
#define KIND_DIR	0x100000000ull
#define KIND_FD		0x200000000ull
#define KIND_FDINFO	0x300000000ull
#define NR_OF(i)	((u32)(i)->private_nr)

static const struct inode_ops pid_dir_ops, tid_dir_ops, task_dir_ops, fd_dir_ops, fdinfo_dir_ops, fdinfo_ops, entry_ops, fd_link_ops, self_ops, thread_self_ops;
static const struct file_ops pid_dir_fops, tid_dir_fops, task_dir_fops, fd_dir_fops, fdinfo_fops, entry_fops;

static struct task *task_of(const struct inode *i)
{
	return i->private;
}

/* Was t not yet reaped? */
static bool task_alive(struct task *t)
{
	bool alive;

	read_lock(&tasklist_lock);
	alive = t->sighand != NULL;
	read_unlock(&tasklist_lock);
	return alive;
}

/* --- inodes --- */

static void evict_task(struct inode *i)
{
	put_task(task_of(i));
}

/* An inode about t, whose reference is taken over on success. */
static struct inode *task_inode(struct super *sb, struct task *t, u32 mode, u64 kind, u32 nr)
{
	struct inode *i = inode_alloc(sb, mode);

	if (!i)
		return NULL;
	i->private = t;
	i->private_nr = kind | nr;
	i->uid = READ_ONCE(t->cred.euid);
	i->gid = READ_ONCE(t->cred.egid);
	i->ino = ((u64)t->pid + 1) << 24 | (kind >> 32) << 20 | nr;
	return i;
}

/* --- names --- */

static struct dentry *follow_cwd(struct task *t);
static struct dentry *follow_root(struct task *t);

static s64 proc_mounts(struct task *t, char *buf, size_t n)
{
	(void)t;
	return (s64)mounts_show(buf, n);
}

static const struct proc_entry entries[] = {
	{ "task", S_IFDIR | 0555, NULL, NULL, NULL },		/* first: a thread's directory has none */
	{ "fd", S_IFDIR | 0500, NULL, NULL, NULL },
	{ "fdinfo", S_IFDIR | 0500, NULL, NULL, NULL },
	{ "stat", 0444, proc_stat_group, NULL, NULL },		/* a thread's own in its directory */
	{ "mem", 0600, NULL, NULL, NULL },			/* has operations of its own */
	{ "status", 0444, proc_status, NULL, NULL },
	{ "cmdline", 0444, proc_cmdline, NULL, NULL },
	{ "comm", 0644, proc_comm, proc_comm_store, NULL },
	{ "environ", 0400 | PROC_GUARDED, proc_environ, NULL, NULL },
	{ "auxv", 0400 | PROC_GUARDED, proc_auxv, NULL, NULL },
	{ "personality", 0400 | PROC_GUARDED, proc_personality, NULL, NULL },
	{ "maps", 0444 | PROC_GUARDED, proc_maps, NULL, NULL },
	{ "statm", 0444, proc_statm, NULL, NULL },
	{ "limits", 0444, proc_limits, NULL, NULL },
	{ "oom_score", 0444, proc_oom_score, NULL, NULL },
	{ "oom_score_adj", 0644, proc_oom_score_adj, proc_oom_score_adj_store, NULL },
	{ "oom_adj", 0644, proc_oom_adj, proc_oom_adj_store, NULL },
	{ "wchan", 0444, proc_wchan, NULL, NULL },
	{ "fail-nth", 0644, proc_fail_nth, proc_fail_nth_store, NULL },
	{ "mounts", 0444, proc_mounts, NULL, NULL },
	{ "cgroup", 0444, proc_cgroup, NULL, NULL },
	{ "exe", S_IFLNK | 0777 | PROC_GUARDED, NULL, NULL, proc_exe },
	{ "cwd", S_IFLNK | 0777 | PROC_GUARDED, NULL, NULL, follow_cwd },
	{ "root", S_IFLNK | 0777 | PROC_GUARDED, NULL, NULL, follow_root },
};
#define ENTRY_TASK	0u
#define ENTRY_FD	1u
#define ENTRY_FDINFO	2u
#define ENTRY_STAT	3u
#define ENTRY_MEM	4u

static const struct proc_entry thread_stat = { "stat", 0444, proc_stat_thread, NULL, NULL };
#define NR_THREAD_STAT	0x100u

static const struct proc_entry *entry_of(const struct inode *i)
{
	return NR_OF(i) == NR_THREAD_STAT ? &thread_stat : &entries[NR_OF(i)];
}

static int entry_inode(struct inode *dir, struct dentry *d, u32 nr)
{
	const struct proc_entry *e = nr == NR_THREAD_STAT ? &thread_stat : &entries[nr];
	struct task *t = get_task(task_of(dir));
	u32 mode = e->mode & ~PROC_GUARDED;
	struct inode *i = task_inode(dir->sb, t, mode & S_IFMT ? mode : S_IFREG | mode, KIND_ENTRY, nr);

	if (!i) {
		put_task(t);
		return -ENOMEM;
	}
	if (nr == ENTRY_TASK) {
		i->ops = &task_dir_ops;
		i->fops = &task_dir_fops;
	} else if (nr == ENTRY_FD) {
		i->ops = &fd_dir_ops;
		i->fops = &fd_dir_fops;
	} else if (nr == ENTRY_FDINFO) {
		i->ops = &fdinfo_dir_ops;
		i->fops = &fd_dir_fops;
	} else {
		i->ops = &entry_ops;
		i->fops = e->follow ? NULL : nr == ENTRY_MEM ? &proc_mem_fops : &entry_fops;
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

static int tid_lookup(struct inode *dir, struct dentry *d)
{
	return lookup_entry(dir, d, 1);
}

typedef bool emit_fn(void *ctx, const char *name, size_t len, u64 ino, unsigned type, u64 next);

static bool emit_dots(struct file *f, emit_fn *emit, void *ctx)
{
	u64 up = f->dentry->parent ? f->dentry->parent->inode->ino : f->inode->ino;

	if (f->pos == 0 && !emit(ctx, ".", 1, f->inode->ino, DT_DIR, 1))
		return false;
	return f->pos > 1 || emit(ctx, "..", 2, up, DT_DIR, 2);
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

		if (!emit(ctx, e->name, kstrlen(e->name), ((u64)t->pid + 1) << 24 | k, type, k + 3))
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
	return may_open(i) ? text_open(i, f) : -EACCES;
}

static s64 entry_show(struct file *f, char *buf, size_t n)
{
	struct task *t = task_of(f->inode);

	return task_alive(t) ? entry_of(f->inode)->show(t, buf, n) : -ESRCH;
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
	if (!e->store)
		return -EIO;
	s = text_from_user(buf, n);
	if (IS_ERR(s))
		return PTR_ERR(s);
	ret = task_alive(t) ? e->store(t, s, n) : -ESRCH;
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

/* The text of a magic link is the path of what it leads to. */
static int link_text(struct dentry *to, char *buf, size_t n)
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

/* A decimal number without leading zeroes, or 0. */
static int parse_number(const char *s)
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

static int task_dir(struct super *sb, struct dentry *d, struct task *t, const struct inode_ops *ops, const struct file_ops *fops)
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
	struct task *t = tid ? find_get_task_by_vpid(tid) : NULL;

	if (!t)
		return -ENOENT;
	if (!same_thread_group(t, task_of(dir))) {
		put_task(t);
		return -ENOENT;
	}
	return task_dir(dir->sb, d, t, &tid_dir_ops, &tid_dir_fops);
}

/* The lowest thread number of t's group from nr on, or 0. */
static int next_thread(struct task *t, u64 nr)
{
	struct task *p;
	int best = 0;

	read_lock(&tasklist_lock);
	if (t->sighand)
		for_each_thread(t->group, p)
			if ((u64)p->pid >= nr && (!best || p->pid < best))
				best = p->pid;
	read_unlock(&tasklist_lock);
	return best;
}

static int next_process(u64 nr)
{
	struct task *p;
	int best = 0;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if ((u64)p->pid >= nr && (!best || p->pid < best))
			best = p->pid;
	read_unlock(&tasklist_lock);
	return best;
}

static bool emit_number(emit_fn *emit, void *ctx, u32 nr, u64 ino, unsigned type, u64 next)
{
	char name[16];

	return emit(ctx, name, kscnprintf(name, sizeof(name), "%u", nr), ino, type, next);
}

static int task_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	u64 from = f->pos > PID_BASE ? f->pos - PID_BASE : 1;
	int tid;

	if (!emit_dots(f, emit, ctx))
		return 0;
	while ((tid = next_thread(task_of(f->inode), from))) {
		from = (u64)tid + 1;
		if (!emit_number(emit, ctx, (u32)tid, from << 24 | (KIND_DIR >> 32) << 20 | 1, DT_DIR, PID_BASE + from))
			break;
	}
	return 0;
}

/* --- /proc/PID/fd --- */

static int fd_lookup_name(struct inode *dir, struct dentry *d)
{
	bool zero = kstreq(d->name, "0");
	int fd = parse_number(d->name);
	struct task *t = task_of(dir);
	struct file *f = fd || zero ? fget_task(t, fd) : NULL;
	struct inode *i;

	if (!f)
		return -ENOENT;
	i = task_inode(dir->sb, get_task(t), S_IFLNK | 0100 | (f->readable ? 0400 : 0) | (f->writable ? 0200 : 0), KIND_FD, (u32)fd);
	fput(f);
	if (!i) {
		put_task(t);
		return -ENOMEM;
	}
	i->ops = &fd_link_ops;
	d->inode = i;
	return 0;
}

static struct dentry *fd_follow(struct inode *i)
{
	struct file *f;
	struct dentry *d;

	if (!ptrace_may_access(task_of(i), PTRACE_FSCREDS))
		return ERR_PTR(-EACCES);
	f = fget_task(task_of(i), (int)NR_OF(i));
	if (!f)
		return ERR_PTR(-ENOENT);
	d = dget(f->dentry);
	fput(f);
	return d;
}

static int fd_readlink(struct inode *i, char *buf, size_t n)
{
	return link_text(fd_follow(i), buf, n);
}

static int fd_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	struct task *t = task_of(f->inode);
	int fd = f->pos > 2 ? (int)(f->pos - 2) : 0;

	if (!emit_dots(f, emit, ctx))
		return 0;
	for (; (fd = next_fd_task(t, fd)) >= 0; fd++)
		if (!emit_number(emit, ctx, (u32)fd, ((u64)t->pid + 1) << 24 | (KIND_FD >> 32) << 20 | (u32)fd, DT_LNK, (u64)fd + 3))
			break;
	return 0;
}

/* --- /proc/PID/fdinfo --- */

static int fdinfo_lookup(struct inode *dir, struct dentry *d)
{
	bool zero = kstreq(d->name, "0");
	int fd = parse_number(d->name);
	struct task *t = task_of(dir);
	struct file *f = fd || zero ? fget_task(t, fd) : NULL;
	struct inode *i;

	if (!f)
		return -ENOENT;
	fput(f);
	i = task_inode(dir->sb, get_task(t), S_IFREG | 0400, KIND_FDINFO, (u32)fd);
	if (!i) {
		put_task(t);
		return -ENOMEM;
	}
	i->ops = &fdinfo_ops;
	i->fops = &fdinfo_fops;
	d->inode = i;
	return 0;
}

static s64 fdinfo_show(struct file *text, char *buf, size_t n)
{
	struct file *f = fget_task(task_of(text->inode), (int)NR_OF(text->inode));
	size_t len;

	if (!f)
		return -ENOENT;
	len = kscnprintf(buf, n, "pos:\t%lu\nflags:\t0%o\nmnt_id:\t0\nino:\t%lu\n", f->pos, f->flags, f->inode->ino);
	if (f->ops->show_fdinfo)
		len += f->ops->show_fdinfo(f, buf + len, n - len);
	fput(f);
	return (s64)len;
}

static int fdinfo_open(struct inode *i, struct file *f)
{
	return ptrace_may_access(task_of(i), PTRACE_FSCREDS) ? text_open(i, f) : -EACCES;
}

static s64 fdinfo_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	return text_read(f, buf, n, pos, fdinfo_show);
}

/* --- /proc --- */

static int self_readlink(struct inode *i, char *buf, size_t n)
{
	(void)i;
	return (int)kscnprintf(buf, n, "%d", current->tgid);
}

static int thread_self_readlink(struct inode *i, char *buf, size_t n)
{
	(void)i;
	return (int)kscnprintf(buf, n, "%d/task/%d", current->tgid, current->pid);
}

static int proc_root_lookup(struct inode *dir, struct dentry *d)
{
	int pid = parse_number(d->name);
	struct task *t = pid ? find_get_task_by_vpid(pid) : NULL;

	return t ? task_dir(dir->sb, d, t, &pid_dir_ops, &pid_dir_fops) : -ENOENT;
}

static int proc_root_readdir(struct file *f, emit_fn *emit, void *ctx)
{
	u64 from = f->pos > PID_BASE ? f->pos - PID_BASE : 1;
	int pid, err;

	if (f->pos < PID_BASE) {
		err = dir_fops.readdir(f, emit, ctx);
		if (err)
			return err;
	}
	/*
	 * Whether the static part was all taken shows in the next emit: a full buffer refuses that
	 * too.
	 */
	while ((pid = next_process(from))) {
		from = (u64)pid + 1;
		if (!emit_number(emit, ctx, (u32)pid, from << 24 | (KIND_DIR >> 32) << 20, DT_DIR, PID_BASE + from))
			break;
	}
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
	err = pseudo_fill(sb, "/proc/");
	if (err)
		return err;
	proc_root_fops = dir_fops;
	proc_root_fops.readdir = proc_root_readdir;
	sb->root->inode->ops = &proc_root_ops;
	sb->root->inode->fops = &proc_root_fops;
	err = add_link(sb->root, "self", &self_ops);
	return err ? err : add_link(sb->root, "thread-self", &thread_self_ops);
}

FS_TYPE(proc_type, .name = "proc", .fill = proc_fill);

static s64 task_dir_lseek(struct file *f, s64 off, int whence)
{
	return whence == SEEK_SET || whence == SEEK_CUR ? fixed_lseek(f, off, whence, 0) : -EINVAL;
}

static s64 task_dir_read(struct file *f, uaddr_t buf, size_t n, u64 *pos)
{
	(void)f, (void)buf, (void)n, (void)pos;
	return -EISDIR;
}

#define TASK_DIR_FOPS(fn)	{ .read = task_dir_read, .readdir = fn, .lseek = task_dir_lseek }
static const struct file_ops pid_dir_fops = TASK_DIR_FOPS(pid_readdir);
static const struct file_ops tid_dir_fops = TASK_DIR_FOPS(tid_readdir);
static const struct file_ops task_dir_fops = TASK_DIR_FOPS(task_readdir);
static const struct file_ops fd_dir_fops = TASK_DIR_FOPS(fd_readdir);
static const struct file_ops entry_fops = {
	.open = entry_open, .release = text_release, .read = entry_read, .write = entry_write, .lseek = text_lseek,
};
static const struct inode_ops pid_dir_ops = { .lookup = pid_lookup, .evict = evict_task };
static const struct inode_ops tid_dir_ops = { .lookup = tid_lookup, .evict = evict_task };
static const struct inode_ops task_dir_ops = { .lookup = task_lookup, .evict = evict_task };
static const struct inode_ops fd_dir_ops = { .lookup = fd_lookup_name, .evict = evict_task };
static const struct inode_ops fdinfo_dir_ops = { .lookup = fdinfo_lookup, .evict = evict_task };
static const struct inode_ops fdinfo_ops = { .evict = evict_task };
static const struct file_ops fdinfo_fops = { .open = fdinfo_open, .release = text_release, .read = fdinfo_read, .lseek = text_lseek };
static const struct inode_ops entry_ops = {
	.readlink = entry_readlink, .follow = entry_follow, .truncate = keep_size, .evict = evict_task,
};
static const struct inode_ops fd_link_ops = { .readlink = fd_readlink, .follow = fd_follow, .evict = evict_task };
static const struct inode_ops self_ops = { .readlink = self_readlink };
static const struct inode_ops thread_self_ops = { .readlink = thread_self_readlink };
