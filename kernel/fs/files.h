// SPDX-License-Identifier: GPL-2.0-only
/*
 * Just enough files: inodes, dentries, open files, descriptor tables, the page cache tree. Mirrors
 * Linux include/linux/fs.h at a fraction.
 *
 * A dentry of tmpfs, sysfs and the static part of procfs is pinned by its directory: the tree of
 * dentries is the directory. The dynamic part of procfs makes a dentry for each lookup and forgets
 * it with the last user. A mount is two pointers between the mount point and the root mounted on
 * it, so one dentry pointer says all that Linux's struct path says.
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
struct super;
struct poll_table;

/* The page cache of one file: index -> page. */
struct mapping {
	struct spinlock lock;		/* rank RANK_MAPPING; also protects the flags of its pages */
	void *root;			/* [lock] radix tree */
	unsigned height;		/* [lock] */
	u64 nr_pages;			/* [lock] */
	struct inode *host;		/* NULL for anonymous shared memory */
	struct list vmas;		/* [vmas_lock] of vma.mapping_node */
	struct spinlock vmas_lock;
	u32 flags;			/* MAPPING_* */
	/* Fill a page that is not up to date; NULL: zeroes (tmpfs). Sleeps. */
	int (*readpage)(struct mapping *m, struct page *p);
};
#define MAPPING_HUGETLB	0x02u		/* of huge pages: has none, ever */
#define MAPPING_SHMEM	0x01u		/* pages count as shared memory and against the size limit of host's super block */

#define KEEPS_MODE	1u		/* chmod is EPERM for everybody, */
#define KEEPS_OWNER	2u		/* chown, */
#define KEEPS_ALL	4u		/* and whatever else changes it (Linux: S_IMMUTABLE) */
struct inode_ops {
	unsigned keeps;
	int (*permission)(const struct inode *i, unsigned mask);	/* 0 or -EACCES. NULL: by mode, owner and capabilities */
	/* fills d->inode (0) or -ENOENT. For names made on demand. dir not locked. */
	int (*lookup)(struct inode *dir, struct dentry *d);
	int (*create)(struct inode *dir, struct dentry *d, u32 mode, u64 rdev);	/* S_IFREG/IFIFO/IFCHR/IFBLK/IFDIR by mode */
	int (*symlink)(struct inode *dir, struct dentry *d, const char *target);
	int (*link)(struct inode *dir, struct dentry *d, struct inode *old);
	int (*unlink)(struct inode *dir, struct dentry *d);		/* also rmdir */
	int (*rename)(struct inode *odir, struct dentry *od, struct inode *ndir, struct dentry *nd);	/* nd: victim or NULL */
	int (*readlink)(struct inode *i, char *buf, size_t n);		/* length; kernel buffer */
	/* where a magic link leads, referenced; ERR_PTR. NULL: follow the text of readlink */
	struct dentry *(*follow)(struct inode *i);
	/* whose mounts are seen beyond it, referenced. NULL, both: current's */
	struct ns_common *(*follow_ns)(struct inode *i);
	int (*truncate)(struct inode *i, u64 size);
	void (*evict)(struct inode *i);			/* last reference; may sleep */
	u64 (*current_size)(struct inode *i);		/* stat's size when it is not i->size */
};
struct file_ops {
	int (*open)(struct inode *i, struct file *f);
	void (*release)(struct file *f);		/* final fput, task context (X12), may sleep and do IO */
	int (*flush)(struct file *f);			/* each close(2) */
	s64 (*read)(struct file *f, uaddr_t buf, size_t n, u64 *pos);
	s64 (*write)(struct file *f, uaddr_t buf, size_t n, u64 *pos);
	/* Kernel-buffer read (exec, sendfile); NULL if the file cannot. */
	s64 (*kread)(struct file *f, void *buf, size_t n, u64 pos);
	s64 (*kwrite)(struct file *f, const void *buf, size_t n, u64 pos);
	s64 (*lseek)(struct file *f, s64 off, int whence);	/* NULL: there is no position */
	bool noop_lseek;				/* and lseek(2) says 0, not ESPIPE */
	int (*readdir)(struct file *f,
		       bool (*emit)(void *ctx, const char *name, size_t len, u64 ino, unsigned type,
				    u64 next),
		       void *ctx);
	long (*ioctl)(struct file *f, unsigned cmd, uaddr_t arg);
	unsigned (*poll)(struct file *f, struct poll_table *pt);
	int (*fasync)(struct file *f, int fd, bool on);	/* O_ASYNC; NULL: it sends no signals */
	int (*mmap)(struct file *f, struct vma *v);	/* sets v->ops; 0 or -errno */
	int (*fsync)(struct file *f);
	/* More lines of /proc/PID/fdinfo, with the numbers of ns; length. */
	size_t (*show_fdinfo)(struct file *f, struct pid_namespace *ns, char *buf, size_t n);
};

struct inode {
	_Atomic u32 refs;
	u32 mode;			/* [lock] S_IF* and permissions */
	u64 ino;
	u64 unique;			/* (!) no other inode of any file system has had it since boot */
	u32 uid, gid;			/* [lock] */
	_Atomic u32 nlink;
	u64 size;			/* [lock] to change */
	u64 rdev;
	s64 atime, mtime, ctime;	/* ns since 1970; plain stores, the last one wins */
	struct mutex lock;		/* RANK_INODE, directories RANK_DIR */
	const struct inode_ops *ops;
	const struct file_ops *fops;
	struct super *sb;		/* (!) referenced */
	struct mapping *mapping;	/* own page cache, or NULL */
	void *private;
	u64 private_nr;
	u32 seals;			/* [lock] F_SEAL_*; only ever more */
	u32 fsflags;			/* [lock] FS_*_FL of a tmpfs: what a program like chattr has asked for */
	_Atomic s32 readers;		/* regular files: open for reading only */
	_Atomic s32 writers;		/* open for writing; negative: programs that run from it, which nobody may write */
	bool linkable;			/* plain loads and stores: it never had a name, and may get one (O_TMPFILE) */
	u32 write_hint;			/* [lock] RWH_*: how soon what is written is thought to be written again */
	struct mapping own_mapping;
	struct xattr *xattrs;		/* [lock] */
	struct list leases;		/* [lease_mutex of lease.c] */
	struct list locks;		/* of struct file_lock [file_locks_lock of flock.c] */
	struct list watches;		/* [inotify_lock of inotify.c] who wants to hear of it */
	struct list dnotify;		/* [dnotify_mutex of dnotify.c] and by a signal: of directories */
};
struct dentry {				/* [D] dentry_lock, [M D] and mount_mutex; refs atomic */
	_Atomic u32 refs;
	u32 hash;			/* [D] */
	struct dentry *parent;		/* [D] referenced; NULL for the root of a file system and for pipes */
	struct inode *inode;		/* referenced; NULL only while it is made */
	struct list children, sibling;	/* [D + lock of the directory to change] in order of seq */
	struct list hash_node;		/* [D] */
	struct mount *mounted;		/* [M D] what is mounted here: one for each namespace */
	struct mount *covers;		/* [M D] where this is the root of what is mounted */
	u64 seq;			/* [D] position in the directory, for getdents */
	u8 unlinked;			/* [D] */
	u8 anonymous;			/* (!) pipe and the like: the name is the whole path */
	u16 len;			/* [D] of name */
	const char *name;		/* [D] inline_name, or kmalloc'ed if it is long */
	char inline_name[32];
};
struct file {
	_Atomic u32 refs;
	u32 flags;			/* O_*; the settable ones by F_SETFL, plain stores */
	u64 pos;			/* [pos_lock] */
	struct mutex pos_lock;		/* RANK_FILE_POS; taken for regular files and directories only */
	struct dentry *dentry;		/* referenced */
	struct inode *inode;		/* of dentry, which holds the reference */
	const struct file_ops *ops;
	void *private;
	struct callback free_work;	/* deferred final close */
	struct list defer_node;
	struct list epoll_items;	/* [epoll_lock] what watches it */
	struct fasync *fasync;		/* [fasync_mutex] who is told by signals, or NULL; once set it stays */
	u8 readable, writable, opened;	/* (!) opened: release is due */
	u8 counted;			/* enum file_counted: in inode->readers or writers, till the end */
	u8 denies_write;		/* keeps writers out: counted in inode->writers, too */
};

enum file_counted { COUNTED_NOT, COUNTED_READER, COUNTED_WRITER };

/* --- open files --- */
/*
 * An open file of no directory: pipe, eventfd, shared memory. Takes over the reference on i even on
 * failure. ERR_PTR.
 */
struct file *file_alloc_anon(struct inode *i, const char *name, const struct file_ops *ops, u32 flags);
/*
 * The same of an inode that says nothing: what it is, is in f->private. ERR_PTR; private NULL: there
 * was no memory for it.
 */
struct file *anon_inode_getfile(const char *name, const struct file_ops *ops, void *private, u32 flags);
static inline struct file *get_file(struct file *f) { atomic_fetch_add(&f->refs, 1); return f; }
/*
 * Last reference: ->release is deferred to task work of current (X12), or to a kernel thread if
 * current takes no more. Any task context.
 */
void fput(struct file *f);
void fput_sync(struct file *f);			/* closes here if it is the last: no lock held, sleeps */
void flush_delayed_fput(void);			/* waits until every final close handed to the kernel thread so far is done */
void fput_start_thread(void);			/* boot, when kernel threads work */

/* fasync.c */
void fasync_start_thread(void);			/* likewise */
/* O_ASYNC on or off: file_ops.fasync of files whose poll() names two queues at most. 0, -ENOMEM. */
int fasync_helper(struct file *f, int fd, bool on);
/* Who is told; takes over the reference on pid. Not forced: if nobody is yet. 0, -ENOMEM. Sleeps. */
int f_setown(struct file *f, struct pid *pid, int type, bool force);
bool fasync_prepare(struct file *f);		/* f_setown does not fail any more. false: -ENOMEM */
void f_delown(struct file *f);			/* nobody is told, nor by a signal of its own */
void fasync_send_msg(struct file *f, int fd);	/* the owner hears by a POLL_MSG that something happened to fd. Sleeps */
long fasync_fcntl(struct file *f, unsigned cmd, u64 arg);
int file_set_async(struct file *f, int fd, bool on);	/* 0, -ENOTTY: it does not signal, or fasync's error */
void fasync_release(struct file *f);		/* f, which has a fasync, is closed */
void fasync_tell_due(void);			/* sends what is due; on return it is there. Holds nothing */
struct file *filp_open(const char *path, u32 flags, u32 mode);	/* kernel path from the root; ERR_PTR */
struct file *do_filp_open(int dfd, const char *path, u32 flags, u32 mode);	/* kernel copy of a user's path; ERR_PTR */
int do_unlinkat(int dfd, const char *path, bool rmdir);		/* likewise. 0 or -errno */
s64 kernel_read(struct file *f, void *buf, size_t n, u64 pos);	/* bytes or -errno */
s64 kernel_write(struct file *f, const void *buf, size_t n, u64 *pos);
int file_may_run(const struct file *f);		/* may current execute what is open? 0, -EACCES, or as inode_permission */
/*
 * The same file opened as one that runs: nobody writes to it meanwhile. ERR_PTR(-ETXTBSY), -ENOMEM.
 * Sleeps.
 */
struct file *file_reopen_to_run(struct file *f);
/*
 * What the directory /proc/PID that is open names, referenced (group_put). ERR_PTR(-EBADF): it is
 * no such directory; -ESRCH: PID was a thread's, which is gone. Takes tasklist_lock (r).
 */
struct group *proc_dir_group(const struct file *f);
/*
 * What capabilities i, a program, gives, or has, to current. 0; -EINVAL: nonsense is written there.
 * i->lock held.
 */
int file_caps(struct inode *i, struct file_caps *out);
bool file_is_readable(const struct file *f);	/* might current open it for reading? */

/* --- descriptor tables --- */
#define INLINE_FDS	64u
struct files {
	_Atomic u32 refs;		/* tasks that share it */
	struct spinlock lock;		/* RANK_FILES */
	unsigned max;			/* [lock] size of the three arrays */
	unsigned lowest;		/* [lock] every descriptor below is in use */
	struct file **fd;		/* [lock] */
	u64 *open, *cloexec;		/* [lock] bitmaps */
	struct file *inline_fd[INLINE_FDS];
	u64 inline_open[1], inline_cloexec[1];
};
static inline struct file *fd_lookup(struct files *f, int fd)
{
	return (unsigned)fd < f->max ? f->fd[(unsigned)fd] : NULL;
}
/*
 * The file while nobody else shares current's table, without a reference. NULL: shared, or -EBADF.
 */
static inline struct file *fd_own(int fd)
{
	struct files *files = current->files;
	struct file *f;

	if (atomic_load_explicit(&files->refs, memory_order_acquire) != 1)
		return NULL;
	f = fd_lookup(files, fd);
	return f && !(f->flags & O_PATH) ? f : NULL;
}
struct file *fget(int fd);			/* referenced, NULL: -EBADF. Not for O_PATH files. */
struct file *fget_raw(int fd);			/* O_PATH files too */
/*
 * A file for the length of one system call: no reference is taken while nobody else shares the
 * table.
 */
struct fdref { struct file *file; u32 counted; };
struct fdref fdget(int fd);			/* .file NULL: -EBADF */
static inline void fdput(struct fdref r) { if (r.counted) fput(r.file); }
/*
 * A descriptor before there is a file, so that the lack of one is found before anything has
 * changed. fd_install ends the reservation: with f, whose reference it takes over, or if that is an
 * error, without; then the error.
 */
int fd_reserve(u32 flags);			/* fd or -EMFILE/-ENOMEM. flags: O_CLOEXEC */
int fd_install(int fd, struct file *f);
/*
 * f, whose reference is taken over even on failure, at the lowest free descriptor from @from on. fd,
 * -EMFILE, -ENOMEM. flags: O_CLOEXEC.
 */
int fd_alloc(struct file *f, u32 flags, int from);
/*
 * f becomes fd, and what was there is closed; takes over the reference. fd, -EBADF, -EBUSY,
 * -ENOMEM. Sleeps.
 */
int fd_replace(struct file *f, int fd, u32 flags);
bool get_close_on_exec(int fd);			/* is it one, and ends with the program? */
unsigned nofile_limit(void);			/* RLIMIT_NOFILE of current */
int fd_close(int fd);				/* 0, -EBADF or flush's error */
struct files *files_alloc(void);		/* empty table for the first program; NULL */
struct files *files_copy(struct files *old);	/* fork; NULL */
struct files *files_get(struct files *f);	/* CLONE_FILES */
void files_put(struct files *f);
int files_unshare(void);			/* current gets a private table. 0 or -ENOMEM */
int files_unshare_exec(void);			/* exec: private table, close-on-exec done. 0 or -ENOMEM */
struct fs;
struct fs *fs_alloc(void);			/* root and cwd "/"; for the first program; NULL */
struct fs *fs_copy(struct fs *old);
struct fs *fs_get(struct fs *f);
void fs_put(struct fs *f);
bool current_chrooted(void);			/* its root is not that of all mounts */
int fs_unshare(void);				/* 0 or -ENOMEM */
void fs_set_both(struct dentry *d);		/* current's root and directory, of nobody else's. Takes over the reference */
/* For procfs: fd table of another task. Take task_lock themselves. */
struct file *fget_task(struct task *t, int fd);
int next_fd_task(struct task *t, int fd);	/* lowest open fd >= fd, or -1 */

/* --- paths --- */
/*
 * Absolute path of d as seen from the root into buf (at its end); pointer to its start, or
 * ERR_PTR(-ENAMETOOLONG). " (deleted)" appended when unlinked.
 */
char *dentry_path(struct dentry *d, char *buf, size_t n);

/* --- shared memory and page cache --- */
long vfs_fallocate(struct file *f, int mode, s64 off, s64 len);	/* 0 or -errno. Sleeps. */
long memfd_fcntl(struct file *f, unsigned cmd, u64 arg);	/* F_ADD_SEALS, F_GET_SEALS */
bool is_dev_zero(const struct file *f);

/* --- huge pages (hugetlb.c) --- */
#define HUGE_SHIFT	21u		/* the ordinary ones; */
#define GIGANTIC_SHIFT	30u		/* and these */
/* log 0: the ordinary ones. ERR_PTR(-ENODEV, -ENOMEM) */
struct file *hugetlb_file_setup(const char *name, unsigned log);
int hugetlb_shm(unsigned log);		/* why there is no such segment: -ENOMEM, -EINVAL, -EPERM */
bool is_huge(const struct inode *i);
u64 inode_blksize(const struct inode *i);
u64 inode_blocks(const struct inode *i);	/* of 512 bytes: what it takes */
size_t hugetlb_meminfo(char *buf, size_t n);

struct file *shmem_file_setup(const char *name, u64 size);	/* unlinked tmpfs file for shared anonymous mmap; ERR_PTR */
/*
 * Page at index, created zeroed or read in, up to date, referenced; ERR_PTR. mapping->lock not
 * held. Sleeps.
 */
struct page *mapping_get_page(struct mapping *m, u64 index, u32 gfp);
/*
 * new, with old's contents, takes its place in a file without readpage; both references go with
 * it. False: somebody besides the cache and the caller holds old.
 */
bool mapping_replace_page(struct mapping *m, struct page *old, struct page *new);
struct page *mapping_find_page(struct mapping *m, u64 index);	/* referenced and up to date, or NULL */
u64 mapping_limit(const struct mapping *m);	/* a fault finds pages below that index only */
/*
 * p, a new page with its contents, becomes that at index of a file without readpage. 0, -EEXIST,
 * -ENOSPC or -ENOMEM. The mapping takes a reference of its own. Sleeps.
 */
int mapping_add_page(struct mapping *m, u64 index, struct page *p);
/* Each of the n pages from first on: as mapping_find_page, and nobody is filling or writing it. */
void mapping_find_pages(struct mapping *m, u64 first, unsigned n, struct page **pages);
void mapping_truncate(struct mapping *m, u64 from_index);	/* drops pages >= from */
void mapping_truncate_range(struct mapping *m, u64 from_index, u64 to_index);	/* drops pages in [from, to) */
/* Drops those that nobody uses and that are all zeroes: not to be told from a hole. Of files in memory. */
void mapping_drop_unused(struct mapping *m, u64 from_index, u64 to_index);
/*
 * The first page at or after *index with all of @flags (0: any), referenced; *index is set to its
 * own. NULL: none.
 */
struct page *mapping_next_page(struct mapping *m, u64 *index, u32 flags);
void mapping_set_dirty(struct page *p);		/* a page in the cache was or will be changed */
/*
 * Writing p back, in this order: the dirty mark goes (false: there was none), then p is unmapped,
 * so that a later store makes it dirty again, then it is locked. The lock comes last because a
 * fault waits for it with mmap_lock held, which unmapping takes.
 */
bool mapping_clear_dirty(struct mapping *m, struct page *p);
void mapping_start_write(struct mapping *m, struct page *p);	/* locks. Sleeps. */
void mapping_end_write(struct mapping *m, struct page *p);	/* unlocks; a clean page is reclaimable. Any context. */
/*
 * Reclaim: removes p if it is clean, unmapped and only the cache and the caller hold it (refs 2).
 * true if so: the caller's put_page frees it. The caller found p on the clean list and took its
 * reference under the list's lock: a page is on that list only while its mapping exists.
 */
bool mapping_try_release(struct page *p);
int generic_file_mmap(struct file *f, struct vma *v);
extern const struct vm_ops generic_file_vm_ops;
int generic_fault(struct vma *v, u64 pgoff, unsigned flags, struct page **page);
int generic_mkwrite(struct vma *v, struct page *page);

/* --- poll --- */
/* The nth that epoll f watches by the number fd: only to be compared. ERR_PTR(-EINVAL): no epoll; -ENOENT. */
const void *epoll_watched(struct file *f, u32 fd, u32 nth);
struct poll_table {
	bool (*add)(struct poll_table *pt, struct waitq *q);	/* NULL pt: only look */
};
void poll_wait(struct poll_table *pt, struct waitq *q);

/* --- inotify --- */
extern _Atomic u32 nr_watches;			/* of all there are, and those of F_NOTIFY */
void __fsnotify(struct dentry *d, u32 mask);
/*
 * Something was done to d: its watchers hear IN_* without a name, its directory's with it. May
 * sleep.
 */
static inline void fsnotify(struct dentry *d, u32 mask)
{
	if (unlikely(atomic_load_explicit(&nr_watches, memory_order_relaxed)))
		__fsnotify(d, mask);
}

/* --- start --- */
void fs_init(void);				/* root tmpfs with /dev, /proc, /sys mounted; before unpacking */
int cpio_unpack(const void *archive, size_t n);	/* 0 or -EINVAL; hostile input safe; concatenated archives fine */
void console_init(void);				/* before interrupts */
void disassociate_ctty(void);			/* X10 and setsid: current's group loses its terminal; a session leader hangs it up */
/* Pseudo files register themselves; see pseudo.c. */
struct pseudo_file {
	const char *path;			/* "/proc/sys/vm/panic_on_oom", "/sys/power/state" */
	u32 mode;
	/* whole text (n is at least 4096); bytes or -errno. Called again with more room if it filled n. */
	s64 (*show)(char *buf, size_t n);
	s64 (*store)(const char *buf, size_t n);/* NUL-terminated kernel copy; bytes used or -errno. May sleep (suspend!). */
	bool (*may_write)(void);		/* /proc/sys: current, whoever it is; all may read. NULL: by the mode */
};
SET_DECLARE(pseudo_files, struct pseudo_file);
#define PSEUDO_FILE(var, ...) LINKER_SET(pseudo_files, struct pseudo_file, var) = { __VA_ARGS__ }

/* --- file systems --- */
struct super {
	_Atomic u32 refs;		/* one while it is mounted, one for each inode */
	u32 dev;			/* (!) minor number; the major one is 0 */
	u32 flags;			/* [D] MS_KEPT of its mounts and its own; SB_MIXED: they differ. Ask sb_says() */
	u32 own_flags;			/* [M] MS_RDONLY, and MS_NODEV of who is not the machine's root; whatever the mounts say */
	unsigned nr_mounts;		/* [M D] in all namespaces */
	struct mount *mounts;		/* [M D] these, oldest first */
	struct list lazy_node;		/* [M] in no place any more, but used */
	_Atomic u32 writers;		/* its regular files that are open for writing, counted as often as they are */
	u64 magic;			/* (!) */
	const struct fs_type *type;	/* (!) */
	struct dentry *root;		/* (!) while mounted, referenced */
	_Atomic u64 used_pages;
	u64 max_pages;			/* (!) 0: no limit but that of all tmpfs together */
	_Atomic u64 names;		/* tmpfs: names in its directories */
	u64 max_inodes;			/* (!) tmpfs: names, and the root; 0: no limit but that of all together */
	_Atomic u64 next_ino;
	/* (!) whose it is, referenced: only there its set-user-id bits and its options count */
	struct user_namespace *user_ns;
	struct pid_namespace *pid_ns;	/* (!) procfs: whose numbers it shows, referenced; else NULL */
	struct ipc_namespace *ipc_ns;	/* [M, mq_lock] mqueue: whose queues it shows; NULL: that is over */
	const char *options;		/* [mount_mutex] what /proc/mounts says besides the flags; NULL */
	char source[32];
};
struct fs_type {
	const char *name;
	struct user_namespace *(*user_ns)(void);	/* where CAP_SYS_ADMIN lets current mount it; NULL: in the initial one */
	int (*fill)(struct super *sb, const char *options);	/* makes sb->root, sets magic; 0 or -errno. NULL: shared has one */
	/*
	 * Both NULL, or for one that is there once, with what it holds, in whatever places.
	 * mount_mutex held.
	 */
	struct super *(*shared)(const char *options);	/* it, if it is there; NULL: make it; ERR_PTR */
	bool (*unmounted)(struct super *sb);		/* it is in no place any more. false: keep it */
	bool reveals;					/* it shows what is the machine's */
	bool global;					/* it belongs to the initial namespace, whoever mounts it */
	/*
	 * NULL: all of it is mounted. Else what current mounts of it, referenced, ERR_PTR; and how
	 * mountinfo calls that for current.
	 */
	struct dentry *(*view)(struct super *sb);
	s64 (*show_root)(struct dentry *root, char *buf, size_t n);	/* length or -errno */
};
SET_DECLARE(fs_types, struct fs_type);
#define FS_TYPE(var, ...) LINKER_SET(fs_types, struct fs_type, var) = { __VA_ARGS__ }
#define SB_MIXED	(1u << 31)
u32 sb_flags(const struct super *sb);		/* as they are for current. dentry_lock not held */
/* Is any of flags, which are MS_*, set for somebody; for current? */
static inline bool sb_might_say(const struct super *sb, u32 flags)
{
	return unlikely(sb->flags & (flags | SB_MIXED));
}
static inline bool sb_says(const struct super *sb, u32 flags)
{
	return sb_might_say(sb, flags) && sb_flags(sb) & flags;
}
