// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the files of kernel/fs tell each other: dentries, inodes, path walk, anonymous inodes.
 * Nobody else includes this.
 */
#pragma once
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/timer.h"

/* A piece of a path, not NUL-terminated. */
struct qstr {
	const char *name;
	u32 len;
};

struct fs {
	_Atomic u32 refs;
	struct spinlock lock;		/* RANK_FS */
	/* [lock] referenced; changed by others than those who share it with dentry_lock held, too */
	struct dentry *root, *cwd;
	u32 umask;			/* [lock] */
};
/* Who stood at old stands at new; how many references on old are to be dropped. Whosever fs it is. */
unsigned fs_replace(struct fs *fs, struct dentry *old, struct dentry *new);
static inline u32 current_umask(void) { return READ_ONCE(current->fs->umask); }

extern struct spinlock dentry_lock;	/* RANK_DENTRY: the whole tree, names, mounts */
extern struct super *root_super;

static inline s64 now_realtime(void)
{
	return (s64)ktime_ns() + atomic_load_explicit(&realtime_offset_ns, memory_order_relaxed);
}

/* --- inodes --- */
struct inode *inode_alloc(struct super *sb, u32 mode);	/* refs 1, nlink 1 (directories 2); NULL */
static inline struct inode *iget(struct inode *i) { atomic_fetch_add(&i->refs, 1); return i; }
void iput(struct inode *i);			/* may sleep */
/* An inode of no file system anybody can mount: pipes, eventfds, memfds. NULL. */
struct inode *anon_inode(u32 mode);
static inline bool inode_is(const struct inode *i, u32 fmt) { return (i->mode & S_IFMT) == fmt; }
extern const struct file_ops blkdev_fops, fifo_fops;
extern const struct inode_ops blkdev_inode_ops;
extern const struct file_ops dir_fops;		/* directories whose dentries are the directory */
void inode_set_special(struct inode *i, u64 rdev);	/* fops of a device, FIFO or socket by its mode */
struct super *super_alloc(const struct fs_type *type);	/* refs 1; NULL */
void super_put(struct super *sb);

/* --- permissions (permission.c) --- */
#define MAY_EXEC		1u		/* directories: search */
#define MAY_WRITE		2u
#define MAY_READ		4u
int inode_permission(const struct inode *i, unsigned mask);	/* 0, -EACCES, -EROFS, -EPERM */
static inline int may_search(const struct inode *dir)
{
	return likely((dir->mode & 0111) == 0111) ? 0 : inode_permission(dir, MAY_EXEC);
}
bool inode_owner_or_capable(const struct inode *i);
bool fsuidgid_has_mapping(const struct super *sb);	/* what current makes has names where sb was mounted */
bool is_immutable(const struct inode *i);	/* Linux: S_IMMUTABLE. Nobody changes it */
static inline bool is_append(const struct inode *i) { return READ_ONCE(i->fsflags) & FS_APPEND_FL; }	/* it only grows */
static inline bool is_fixed(const struct inode *i) { return is_append(i) || is_immutable(i); }
int may_unname(const struct inode *dir, const struct inode *i);	/* a name of i leaves dir: 0, -EACCES, -EPERM, -EROFS */
void inode_init_owner(struct inode *i, const struct inode *dir);	/* new and of nobody yet: becomes current's */
/* i->lock held by these. */
void inode_remove_privs(struct inode *i);	/* what is written is no program to trust any more */
int inode_chmod(struct inode *i, u32 mode);	/* 0, -EPERM */
int inode_chown(struct inode *i, u32 uid, u32 gid);	/* ~0u: stays. 0, -EPERM */

/* --- dentries --- */
struct dentry *dentry_alloc(struct dentry *parent, const char *name, size_t len);	/* refs 1, no inode; NULL */
struct dentry *d_make_root(struct inode *i);	/* a file system's, of directory i, whose reference is taken over; NULL */
static inline struct dentry *dget(struct dentry *d) { atomic_fetch_add(&d->refs, 1); return d; }
void dput(struct dentry *d);			/* may sleep; NULL is fine */
/* The hashed child, referenced, or NULL. */
struct dentry *d_lookup(struct dentry *dir, const char *name, size_t len);
/*
 * As a rule all of a path is known already, and goes through directories that everybody may search:
 * what path, from *from on, is, found with dentry_lock taken once; referenced. NULL: somewhere
 * there is a name that is not known, or no directory, or ".", or a symlink, or a permission to ask
 * for.
 */
struct dentry *d_walk_known(struct dentry *const *from, const char *path);
void d_add(struct dentry *d);			/* d becomes findable under d->parent; the tree takes a reference */
void d_drop(struct dentry *d);			/* unlink: no longer findable, the tree's reference goes */
int d_name_room(size_t len, char **room);	/* memory that a rename to a name of len needs: 0 or -ENOMEM */
void d_move(struct dentry *d, struct dentry *dir, const char *name, size_t len, char *room);	/* takes over room */
void d_exchange(struct dentry *a, struct dentry *b);
bool d_is_ancestor(struct dentry *a, struct dentry *d);	/* a == d or above it; mounts are not crossed */
/* A rename may put d elsewhere, and its parent may go. */
struct dentry *dget_parent(struct dentry *d);	/* referenced; NULL: d is a root */
u64 d_parent_ino(struct dentry *d);		/* a root's is its own */
void d_kill_tree(struct dentry *root);		/* unmount: forgets every dentry below root */
bool d_tree_busy(struct dentry *root, unsigned known);	/* somebody uses it besides the tree, and of the root so many */
void dcache_init(void);

/* --- what is in no place any more (namespace.c) --- */
extern _Atomic u32 nr_lazy;
void lazy_check(const struct super *sb);	/* one that was perhaps used until now; no reference is needed. Sleeps. */
/*
 * Drops a lasting use of d: somebody had it open, stood in it, or was called by it. NULL is fine.
 * No lock held; sleeps.
 */
static inline void place_put(struct dentry *d)
{
	const struct super *sb = d ? d->inode->sb : NULL;

	dput(d);
	if (unlikely(atomic_load_explicit(&nr_lazy, memory_order_relaxed)))
		lazy_check(sb);
}

/* --- path walk (namei.c) --- */
#define LOOKUP_FOLLOW		0x01u		/* a symlink at the end too */
#define LOOKUP_DIRECTORY	0x02u
#define LOOKUP_EMPTY		0x04u		/* "" means dfd itself */
enum last_type { LAST_NORM, LAST_ROOT, LAST_DOT, LAST_DOTDOT };
struct parent_path {
	struct dentry *dir;		/* referenced */
	enum last_type type;
	bool trailing_slash;
	struct qstr last;		/* inside name_buf or link_buf */
	char *link_buf;			/* kmalloc'ed text of a symlink on the way */
};
/* 0 and *out referenced, or -errno. path is a kernel string. Sleeps. */
int path_lookup(int dfd, const char *path, u32 flags, struct dentry **out);
int path_lookup_parent(int dfd, const char *path, struct parent_path *pp);
void parent_path_put(struct parent_path *pp);
struct dentry *lookup_one(struct dentry *dir, const char *name, size_t len);	/* referenced, ERR_PTR(-ENOENT) ... */
char *copy_name(uaddr_t upath, size_t room);	/* kernel copy of less than room bytes; errors as getname */
#define SHORT_PATH 128
char *getname(uaddr_t upath);			/* kernel copy; ERR_PTR(-EFAULT, -ENAMETOOLONG, -ENOMEM); may be empty */
void putname(char *name);
/*
 * Few need a whole page. With the caller's SHORT_PATH bytes as buf they need no memory at all;
 * free_name.
 */
static inline char *short_name(uaddr_t upath, char *buf)
{
	long len = strncpy_from_user(buf, upath, SHORT_PATH);

	if (likely(len >= 0 && len < SHORT_PATH))
		return buf;
	return len < 0 ? ERR_PTR(len) : copy_name(upath, K_PATH_MAX);
}
static inline void free_name(char *name, const char *buf)
{
	if (unlikely(name != buf))
		putname(name);
}
/* getname and path_lookup */
int user_path(int dfd, uaddr_t upath, u32 flags, struct dentry **out);
/* A path, or with AT_EMPTY_PATH and "" the file dfd itself. */
static inline int user_path_at(int dfd, uaddr_t path, int flags, struct dentry **d)
{
	u32 how = (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);

	return user_path(dfd, path, how, d);
}
struct dentry *cross_mounts(struct dentry *d);	/* takes over d's reference */
/*
 * Makes name in dir and returns the new dentry, referenced. ERR_PTR(-EEXIST) ... dir->inode->lock
 * not held.
 */
struct dentry *vfs_create(struct dentry *dir, const char *name, size_t len, u32 mode, u64 rdev);
/* dir->inode->lock held */
struct dentry *vfs_create_locked(struct dentry *dir, const char *name, size_t len, u32 mode, u64 rdev);
struct dentry *vfs_symlink(struct dentry *dir, const char *name, size_t len, const char *target);
int vfs_remove(const struct parent_path *pp, bool rmdir);	/* the name in pp->dir goes */
int vfs_truncate(struct dentry *d, u64 size);
extern int sysctl_file_max;					/* written by /proc/sys/fs/file-max */
struct file *file_alloc_empty(void);				/* no field is set: for one of the next two; ERR_PTR(-ENFILE, -ENOMEM) */
/* takes over d's reference; not opened */
void file_attach(struct file *f, struct dentry *d, const struct file_ops *ops, u32 flags);
void file_free_empty(struct file *f);
/* takes over d's reference; not opened; ERR_PTR */
struct file *file_alloc(struct dentry *d, const struct file_ops *ops, u32 flags);

/* --- open (open.c) --- */
/* The fourth access mode, which allows neither reading nor writing, asks for the right to do both. */
static inline bool wants_write(u32 flags) { return (flags & O_ACCMODE) != O_RDONLY; }
/* f becomes d's, whose reference it takes over: f, or it is gone: ERR_PTR. */
struct file *open_as(struct file *f, struct dentry *d, u32 flags);
int deny_write_access(struct file *f);		/* a program runs from it. 0, -ETXTBSY: somebody writes */
int get_write_access(struct inode *i);		/* 0, -ETXTBSY: a program runs from it */
static inline void put_write_access(struct inode *i) { atomic_fetch_sub(&i->writers, 1); }
struct file *file_open_dentry(struct dentry *d, u32 flags);	/* takes over d's reference; ERR_PTR */

/* --- file systems --- */
struct inode *tmpfs_inode(struct super *sb, u32 mode, u64 rdev);
extern const struct inode_ops tmpfs_dir_ops;
int tmpfs_charge(struct super *sb, u64 pages);	/* 0 or -ENOSPC */
void tmpfs_uncharge(struct super *sb, u64 pages);
void tmpfs_forget_names(struct super *sb);	/* unmount: its names are gone */
/*
 * Makes sb->root and the tree of registered files whose path begins with prefix ("/proc/"); 0 or
 * -ENOMEM.
 */
int pseudo_fill(struct super *sb, const char *prefix);
/* Files whose text is made when it is read: open and release for file_ops, and the read. */
/* bytes, n at least 4096; called with more room if it fills n */
typedef s64 text_fn(struct file *f, char *buf, size_t n);
int text_open(struct inode *i, struct file *f);
int text_open_as(struct inode *i, struct file *f);	/* and text_opener() tells who did */
const struct cred *text_opener(const struct file *f);
int text_open_mm(struct file *f, struct mm *mm);	/* takes over what holds the struct, or NULL; text_mm() gives it. 0, -ENOMEM */
struct mm *text_mm(const struct file *f);
void text_release(struct file *f);
s64 text_read(struct file *f, uaddr_t buf, size_t n, u64 *pos, text_fn *show);
s64 text_lseek(struct file *f, s64 off, int whence);
u32 *text_seen(struct file *f);		/* a word of the file's own that goes with the text; f was opened for reading */
/* The bytes of a write as a string: kmalloc'ed, ERR_PTR. At most a page. */
char *text_from_user(uaddr_t buf, size_t n);

/* generic file reads and writes through i->mapping */
s64 generic_read(struct file *f, uaddr_t buf, size_t n, u64 *pos);
s64 generic_write(struct file *f, uaddr_t buf, size_t n, u64 *pos);
s64 generic_kread(struct file *f, void *buf, size_t n, u64 pos);
s64 generic_kwrite(struct file *f, const void *buf, size_t n, u64 pos);
s64 generic_lseek(struct file *f, s64 off, int whence);
s64 fixed_lseek(struct file *f, s64 off, int whence, u64 size);
/* RLIMIT_FSIZE: how much of a write of n at pos may happen, or -EFBIG with SIGXFSZ sent. */
s64 limit_file_size(u64 pos, size_t n);

/* --- inotify, besides fsnotify --- */
void __fsnotify_inode(struct inode *i, u32 mask);
void __fsnotify_name(struct dentry *dir, u32 mask, const struct inode *i, struct qstr name, u32 cookie);
void __fsnotify_gone(struct inode *i);
u32 fsnotify_cookie(void);			/* never the same, for the two halves of a rename */
extern int inotify_max_queued_events;		/* of an instance that is made now */
void inotify_user_setup(void);
static inline bool is_watched(const struct inode *i)
{
	return unlikely(!list_empty(&i->watches) || !list_empty(&i->dnotify));
}

/* About the inode itself, whatever its names. */
static inline void fsnotify_inode(struct inode *i, u32 mask)
{
	if (is_watched(i))
		__fsnotify_inode(i, mask);
}
/* A name of i came to dir or left it. */
static inline void fsnotify_name(struct dentry *dir, u32 mask, const struct inode *i, struct qstr name, u32 cookie)
{
	if (is_watched(dir->inode))
		__fsnotify_name(dir, mask, i, name, cookie);
}
/* The last name and the last user are gone: so are its watches. */
static inline void fsnotify_gone(struct inode *i)
{
	if (i && is_watched(i) && !atomic_load(&i->nlink))
		__fsnotify_gone(i);
}

/* --- vectors of user memory (rw.c) --- */
#define FAST_IOV 8
struct iov {
	struct k_iovec fast[FAST_IOV], *v;
	unsigned n;
	size_t total;
};
int iov_import(struct iov *iov, uaddr_t uv, unsigned n);	/* copies and checks; on failure nothing is to be freed */
void iov_free(struct iov *iov);

/* --- the rest --- */
void pipe_open_init(struct inode *i);
/*
 * For splice.c. flags: O_NONBLOCK counts, whatever the file's own say. Bytes, 0: the other end is
 * closed, -errno.
 */
bool is_pipe(const struct file *f);
s64 pipe_splice_take(struct file *f, u32 flags, char *buf, size_t n);
void pipe_splice_give_back(struct file *f, char *buf, size_t n);	/* the last of what was taken */
s64 pipe_splice_put(struct file *f, u32 flags, char *buf, size_t n);	/* at most PIPE_BUF: all of it */
/*
 * Waits for room and keeps up to n bytes of it, which pipe_put_reserved ends. Bytes, -EAGAIN,
 * -EPIPE, -ENOMEM, -ERESTARTSYS.
 */
s64 pipe_reserve(struct file *f, u32 flags, size_t n);
/* Puts n of the reserved bytes in, maybe 0. All of them; -EPIPE, -ENOMEM. */
s64 pipe_put_reserved(struct file *f, char *buf, size_t n, size_t reserved);
int pipe_wait_data(struct file *f, u32 flags);	/* 0: something is there, or the end; -EAGAIN, -ERESTARTSYS */
/*
 * What lies skip bytes behind the next; stays, and is not waited for. *next is set if skip is 0;
 * otherwise somebody may have read since: 0.
 */
s64 pipe_peek(struct file *f, u64 *next, u64 skip, char *buf, size_t n);
void file_locks_release(struct file *f);	/* flock: final close */
void posix_locks_release(struct inode *i, struct files *owner);	/* each close(2) */
void epoll_file_released(struct file *f);	/* final close: nobody watches it any more */
void eventpoll_init(void);

/* --- F_NOTIFY --- */
#define IN_DN_RENAME	0x10000000u		/* inside the kernel: renamed within one directory */
extern int sysctl_dir_notify_enable;
void __dnotify(struct inode *dir, u32 mask);	/* sleeps */
static inline void dnotify(struct inode *i, u32 mask)
{
	if (unlikely(!list_empty(&i->dnotify)))
		__dnotify(i, mask);
}
void dnotify_flush(struct file *f, const struct files *owner);	/* each close(2), of a file with a fasync */
long fcntl_dirnotify(struct file *f, int fd, u32 arg);

/* --- leases --- */
extern int sysctl_lease_break_time, sysctl_leases_enable;
int __break_lease(struct inode *i, u32 flags);
/*
 * i is opened like flags, and counted already: waits for the leases that are in the way. 0,
 * -EWOULDBLOCK with O_NONBLOCK, -ERESTARTSYS.
 */
static inline int break_lease(struct inode *i, u32 flags)
{
	return unlikely(!list_empty(&i->leases)) ? __break_lease(i, flags) : 0;
}
long fcntl_setlease(struct file *f, int fd, u64 type);
long fcntl_getlease(struct file *f);
void lease_release(struct file *f);		/* final close, of a file with a fasync */

long pipe_fcntl(struct file *f, unsigned cmd, u64 arg);		/* F_GETPIPE_SZ, F_SETPIPE_SZ */
long file_lock_fcntl(struct file *f, int fd, unsigned cmd, uaddr_t arg);
void xattrs_free(struct inode *i);		/* the last reference is gone */
/* The value, n bytes of it at most, and its size; or -ENODATA. i->lock held. */
long xattr_read(struct inode *i, const char *name, void *buf, size_t n);
void xattr_forget(struct inode *i, const char *name);	/* there is none of that name any more. i->lock held */

/* file_caps.c */
/* What a user gives as a file's capabilities, as it is kept: its size. -EFAULT, -EINVAL, -EPERM, -EROFS. */
long file_caps_from_user(const struct inode *i, uaddr_t value, size_t size, struct k_vfs_ns_cap_data *out);
/*
 * The other way: *c becomes what current sees of it. -EINVAL: it is none; -EOVERFLOW: it is another
 * namespace's.
 */
long file_caps_to_user(const struct inode *i, struct k_vfs_ns_cap_data *c, size_t size);
int sync_block_devices(void);
extern const struct file_ops console_fops, console_tty_fops, ttys1_fops;
struct mnt_namespace;
/* As dentry_path, of what is not removed, and in ns. ERR_PTR(-ENOENT): it is not below root. n > 0 */
char *dentry_path_below(const struct mnt_namespace *ns, struct dentry *root, struct dentry *d, char *buf, size_t n);
#define DEV_MAJOR(rdev)		((unsigned)(((rdev) >> 8) & 0xfff) | (unsigned)(((rdev) >> 32) & ~0xfffu))
#define DEV_MINOR(rdev)		((unsigned)((rdev) & 0xff) | (unsigned)(((rdev) >> 12) & ~0xffu))
#define MKDEV(ma, mi)		((((u64)(ma) & 0xfff) << 8) | (((u64)(ma) & ~0xfffull) << 32) | ((u64)(mi) & 0xff) | (((u64)(mi) & ~0xffull) << 12))
