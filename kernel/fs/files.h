// SPDX-License-Identifier: GPL-2.0-only
/*
 * Just enough files: inodes, dentries, open files, descriptor tables, the page cache tree. Mirrors Linux include/linux/fs.h at a fraction.
 * The dentry tree is the directory for tmpfs; procfs and sysfs make dentries on lookup.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/abi.h"
#include "kernel/lock.h"
#include "kernel/task.h"

struct vma;
struct page;
struct file;
struct inode;
struct dentry;
struct poll_table;

/* The page cache of one file: index -> page. */
struct mapping {
	struct spinlock lock;		/* rank RANK_MAPPING */
	void *root;			/* [lock] radix tree */
	u64 nr_pages;			/* [lock] */
	struct inode *host;		/* NULL for anonymous shared memory */
	struct list vmas;		/* [vmas_lock] of vma.mapping_node */
	struct spinlock vmas_lock;
	u32 flags;			/* MAPPING_* */
	/* Fill a page that is not up to date; NULL: zeroes (tmpfs). Sleeps. */
	int (*readpage)(struct mapping *m, struct page *p);
};

struct inode_ops {
	struct dentry *(*lookup)(struct inode *dir, struct dentry *d);	/* fills d->inode or leaves it NULL (negative); ERR_PTR on error, else NULL */
	int (*create)(struct inode *dir, struct dentry *d, u32 mode, u64 rdev);	/* S_IFREG/IFIFO/IFCHR/IFBLK/IFDIR by mode */
	int (*symlink)(struct inode *dir, struct dentry *d, const char *target);
	int (*link)(struct inode *dir, struct dentry *d, struct inode *old);
	int (*unlink)(struct inode *dir, struct dentry *d);		/* also rmdir */
	int (*rename)(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd);
	int (*readlink)(struct inode *i, char *buf, size_t n);		/* length; kernel buffer */
	int (*truncate)(struct inode *i, u64 size);
};
struct file_ops {
	int (*open)(struct inode *i, struct file *f);
	void (*release)(struct file *f);		/* final fput, task context (X12), may sleep and do IO */
	int (*flush)(struct file *f);			/* each close(2) */
	s64 (*read)(struct file *f, uaddr_t buf, size_t n, u64 *pos);
	s64 (*write)(struct file *f, uaddr_t buf, size_t n, u64 *pos);
	/* Kernel-buffer read (exec, sendfile); NULL if the file cannot. */
	s64 (*kread)(struct file *f, void *buf, size_t n, u64 pos);
	s64 (*lseek)(struct file *f, s64 off, int whence);
	int (*readdir)(struct file *f, bool (*emit)(void *ctx, const char *name, size_t len, u64 ino, unsigned type, u64 next), void *ctx);
	long (*ioctl)(struct file *f, unsigned cmd, uaddr_t arg);
	unsigned (*poll)(struct file *f, struct poll_table *pt);
	int (*mmap)(struct file *f, struct vma *v);	/* sets v->ops; 0 or -errno */
	int (*fsync)(struct file *f);
};

struct inode {
	_Atomic u32 refs;
	u64 ino;
	u32 mode;			/* [lock] S_IF* and permissions */
	u32 uid, gid;
	_Atomic u32 nlink;
	u64 size;			/* [lock] to change */
	u64 rdev;
	u64 atime, mtime, ctime;	/* ns since 1970 */
	u64 blocks;			/* of 512 bytes */
	struct mutex lock;		/* RANK_INODE, directories RANK_DIR */
	const struct inode_ops *ops;
	const struct file_ops *fops;
	struct super *sb;
	struct mapping *mapping;	/* own page cache, or NULL */
	void *private;
};
struct dentry {				/* [dentry_lock] for the tree; refs atomic */
	_Atomic u32 refs;
	struct dentry *parent;
	struct inode *inode;		/* NULL: negative, only during create */
	struct list children, sibling;
	struct dentry *mounted;		/* root of what is mounted here */
	struct dentry *covers;		/* of a mounted root: the mount point */
	u8 unlinked;
	char name[256];
};
struct file {
	_Atomic u32 refs;
	u32 flags;			/* O_* [f_lock for the settable ones] */
	u64 pos;			/* [pos_lock] */
	struct mutex pos_lock;		/* RANK_INODE - taken before inode lock */
	struct dentry *dentry;		/* referenced; NULL for pipes */
	struct inode *inode;		/* referenced */
	const struct file_ops *ops;
	void *private;
	struct callback free_work;	/* deferred final close */
	struct list defer_node;
};

/* --- open files --- */
struct file *file_alloc(struct inode *i, const struct file_ops *ops, u32 flags);	/* takes a ref on i; NULL */
static inline struct file *get_file(struct file *f) { atomic_fetch_add(&f->refs, 1); return f; }
/* Last reference: ->release is deferred to task work of current (X12), or to a kernel thread if current takes no more. Any task context. */
void fput(struct file *f);
struct file *filp_open(const char *path, u32 flags, u32 mode);	/* kernel path from the root; ERR_PTR */
s64 kernel_read(struct file *f, void *buf, size_t n, u64 pos);	/* bytes or -errno */
s64 kernel_write(struct file *f, const void *buf, size_t n, u64 *pos);

/* --- descriptor tables --- */
struct files;
struct file *fget(int fd);			/* referenced, NULL: -EBADF */
int fd_alloc(struct file *f, u32 flags, int from);	/* installs; fd or -EMFILE/-ENOMEM; consumes the reference on success only */
int fd_close(int fd);
struct files *files_copy(struct files *old);	/* fork; NULL */
struct files *files_get(struct files *f);	/* CLONE_FILES */
void exit_files(struct task *t);		/* X8 */
void files_put(struct files *f);
int files_unshare_exec(void);			/* exec: private table, close-on-exec done. 0 or -ENOMEM */
struct fs *fs_copy(struct fs *old);
struct fs *fs_get(struct fs *f);
void exit_fs(struct task *t);			/* X9 */
/* For procfs: fd table of another task, under task_lock. */
struct file *fget_task(struct task *t, int fd);
int next_fd_task(struct task *t, int fd);	/* lowest open fd >= fd, or -1 */

/* --- paths --- */
/* Absolute path of d as seen from the root into buf (at its end); pointer to its start, or ERR_PTR(-ENAMETOOLONG). " (deleted)" appended when unlinked. */
char *dentry_path(struct dentry *d, char *buf, size_t n);

/* --- shared memory and page cache --- */
struct file *shmem_file_setup(const char *name, u64 size);	/* unlinked tmpfs file for shared anonymous mmap; ERR_PTR */
/* Page at index, created zeroed or read in, up to date, referenced; ERR_PTR. mapping->lock not held. Sleeps. */
struct page *mapping_get_page(struct mapping *m, u64 index, u32 gfp);
struct page *mapping_find_page(struct mapping *m, u64 index);	/* referenced or NULL */
void mapping_truncate(struct mapping *m, u64 from_index);	/* drops pages >= from */
/* Reclaim: removes p if it is clean, unmapped and only the cache holds it. true if it was freed. */
bool mapping_try_release(struct page *p);
int generic_file_mmap(struct file *f, struct vma *v);
/* Pages of shared/tmpfs memory that only the victim's group holds are on their way back while its files are being closed. */

/* --- poll --- */
struct poll_entry;
struct poll_table {
	bool (*add)(struct poll_table *pt, struct waitq *q);	/* NULL pt: only look */
};
void poll_wait(struct poll_table *pt, struct waitq *q);

/* --- start --- */
void fs_init(void);				/* root tmpfs, /dev, /proc, /sys mounts made after unpacking */
int cpio_unpack(const void *archive, size_t n);	/* 0 or -EINVAL; hostile input safe; concatenated archives fine */
void console_init(void);
/* Pseudo files register themselves; see proc.c and sysfs.c. */
struct pseudo_file {
	const char *path;			/* "/proc/sys/vm/panic_on_oom", "/sys/power/state" */
	u32 mode;
	s64 (*show)(char *buf, size_t n);	/* whole text (n is at least 4096); bytes or -errno */
	s64 (*store)(const char *buf, size_t n);/* NUL-terminated kernel copy; bytes used or -errno. May sleep (suspend!). */
};
SET_DECLARE(pseudo_files, struct pseudo_file);
#define PSEUDO_FILE(var, ...) LINKER_SET(pseudo_files, struct pseudo_file, var) = { __VA_ARGS__ }
