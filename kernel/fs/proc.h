// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the parts of procfs tell each other: proc.c has the directories, proc_fd.c, proc_net.c and nsfs.c those
 * below a task's own, proc_task.c, proc_mm.c and proc_mounts.c what is in a task's files.
 */
#pragma once
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"

#define PROC_GUARDED	0x80000000u	/* for those alone who may trace the task */
#define PROC_ALIVE	0x40000000u	/* no more once the task is gone, though it is of its memory */
#define PROC_FLAGS	(PROC_GUARDED | PROC_ALIVE)

/* One name in /proc/PID or /proc/PID/task/TID. */
struct proc_entry {
	const char *name;
	u32 mode;						/* and PROC_FLAGS */
	s64 (*show)(struct task *t, char *buf, size_t n);	/* t is referenced and was not yet reaped when the read began */
	s64 (*store)(struct task *t, const char *buf, size_t n);
	/* instead: the file's opener is asked */
	s64 (*store_as)(struct task *t, const char *buf, size_t n, const struct cred *opener);
	struct dentry *(*follow)(struct task *t);		/* magic links: referenced; ERR_PTR */
	s64 (*show_ns)(struct task *t, struct pid_namespace *ns, char *buf, size_t n);	/* instead of show: with numbers */
	/* or of the memory it had at the open, which may have no users any more, for who might trace it then */
	s64 (*show_mm)(struct mm *mm, char *buf, size_t n);
	const struct file_ops *fops;				/* instead of all of these */
};

/* Stores a number of [lo, hi]: bytes used or -EINVAL. */
s64 sysctl_store_int(const char *buf, size_t n, int *v, s64 lo, s64 hi);
s64 sysctl_store_long(const char *buf, size_t n, s64 *v, s64 lo, s64 hi);

/* Whose numbers the procfs of i shows: of the namespace of who mounted it. */
static inline struct pid_namespace *proc_pid_ns(const struct inode *i) { return i->sb->pid_ns; }

/*
 * What an inode made on demand is: private is the task, private_nr this plus an index or
 * descriptor.
 */
#define KIND_ENTRY	0x000000000ull
#define KIND_DIR	0x100000000ull
#define KIND_FD		0x200000000ull
#define KIND_FDINFO	0x300000000ull
#define KIND_NS		0x400000000ull
#define KIND_NET	0x500000000ull
#define NR_OF(i)	((u32)(i)->private_nr)
static inline struct task *task_of(const struct inode *i) { return i->private; }
u64 task_ino(int pid, u64 kind, u32 nr);	/* by the machine's number: the same in every procfs */
/* takes over a reference on t on success; NULL */
struct inode *task_inode(struct super *sb, struct task *t, u32 mode, u64 kind, u32 nr);
void evict_task(struct inode *i);
bool task_alive(struct task *t);		/* not yet reaped. Takes tasklist_lock (r) */

/* Directories of what is made on demand. */
typedef bool emit_fn(void *ctx, const char *name, size_t len, u64 ino, unsigned type, u64 next);
bool emit_dots(struct file *f, emit_fn *emit, void *ctx);
bool emit_number(emit_fn *emit, void *ctx, u32 nr, u64 ino, unsigned type, u64 next);
int parse_number(const char *s);		/* a decimal number without leading zeroes, or 0 */
s64 task_dir_lseek(struct file *f, s64 off, int whence);
s64 task_dir_read(struct file *f, uaddr_t buf, size_t n, u64 *pos);
#define TASK_DIR_FOPS(fn)	{ .read = task_dir_read, .readdir = fn, .lseek = task_dir_lseek }
int link_text(struct dentry *to, char *buf, size_t n);	/* of a magic link: the path of what it leads to */
extern const struct inode_ops proc_fd_dir_ops, proc_fdinfo_dir_ops, proc_ns_dir_ops, proc_net_dir_ops;
extern const struct file_ops proc_fd_dir_fops, proc_ns_dir_fops, proc_net_dir_fops;

s64 proc_stat_group(struct task *t, struct pid_namespace *ns, char *buf, size_t n);
s64 proc_stat_thread(struct task *t, struct pid_namespace *ns, char *buf, size_t n);
s64 proc_status(struct task *t, struct pid_namespace *ns, char *buf, size_t n);
s64 proc_personality(struct task *t, char *buf, size_t n);
s64 proc_limits(struct task *t, char *buf, size_t n);
s64 proc_comm(struct task *t, char *buf, size_t n);
s64 proc_comm_store(struct task *t, const char *buf, size_t n);
s64 proc_oom_score(struct task *t, char *buf, size_t n);
s64 proc_timens_offsets(struct task *t, char *buf, size_t n);			/* time_namespace.c */
s64 proc_timens_offsets_store(struct task *t, const char *buf, size_t n, const struct cred *opener);
s64 proc_oom_score_adj(struct task *t, char *buf, size_t n);
s64 proc_oom_score_adj_store(struct task *t, const char *buf, size_t n);
s64 proc_oom_adj(struct task *t, char *buf, size_t n);
s64 proc_oom_adj_store(struct task *t, const char *buf, size_t n);
s64 proc_wchan(struct task *t, char *buf, size_t n);
s64 proc_fail_nth(struct task *t, char *buf, size_t n);		/* mm/fail_nth.c */
s64 proc_fail_nth_store(struct task *t, const char *buf, size_t n);
/* proc_mounts.c */
s64 proc_mounts(struct task *t, char *buf, size_t n);
s64 proc_mountinfo(struct task *t, char *buf, size_t n);
/* proc_mm.c */
s64 proc_cmdline(struct task *t, char *buf, size_t n);
s64 proc_environ(struct mm *mm, char *buf, size_t n);
s64 proc_auxv(struct mm *mm, char *buf, size_t n);
s64 proc_maps(struct mm *mm, char *buf, size_t n);
int proc_mm_open(struct inode *i, struct file *f);	/* and text of it: 0, -EACCES, -EINTR, -ENOMEM */
s64 proc_mm_show(struct file *f, s64 (*show)(struct mm *mm, char *buf, size_t n), char *buf, size_t n);
s64 proc_statm(struct task *t, char *buf, size_t n);
s64 proc_coredump_filter(struct task *t, char *buf, size_t n);
s64 proc_coredump_filter_store(struct task *t, const char *buf, size_t n);
struct dentry *proc_exe(struct task *t);
extern const struct file_ops proc_mem_fops;
/* user_namespace_map.c */
extern const struct file_ops proc_uid_map_fops, proc_gid_map_fops, proc_projid_map_fops, proc_setgroups_fops;
