// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks and their order. Every lock has a rank; a CPU (spinlocks, rwlocks) or a task (mutexes) may
 * only take a lock of higher rank than all it holds. lock() checks this on both machines and panics
 * at the first step up, naming both locks, the holder and the place. Interrupts are off while a
 * spinlock or rwlock is held. Mutex ranks are all below spinlock ranks.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/lib/list.h"
#include "kernel/panic.h"

struct task;

enum lock_rank {
	RANK_NONE,
	/* --- sleeping locks --- */
	RANK_FILE_POS,		/* file->pos_lock: held across whatever read() or write() does, a suspend included */
	RANK_TEXT,		/* the text of an open pseudo file, while its show() runs */
	RANK_PM,		/* pm_mutex: one suspend at a time */
	RANK_EXEC,		/* group->exec_mutex (cred_guard_mutex) */
	RANK_EXEC_UPDATE,	/* group->exec_update_mutex (exec_update_lock) */
	RANK_MOUNT,		/* mount_mutex: what is mounted where; inside exec, which may end a namespace */
	RANK_FS_RENAME,		/* directory renames */
	RANK_DIR,		/* a directory's inode mutex (parent before child: nested) */
	RANK_INODE,		/* a file's inode mutex */
	RANK_CGROUP,		/* cgroup_mutex */
	RANK_LEASE,		/* leases; who is told of it what happens in directories. Their owners get signals under it */
	RANK_EPOLL_ITEMS,	/* what an epoll watches; outside the files' own locks */
	RANK_TTY,
	RANK_PIPE,
	RANK_MMAP,		/* mm->mmap_lock; user faults take it: nothing above may be copied to/from user under it */
	RANK_OOM,		/* oom_lock */
	RANK_BLOCK_MUTEX,
	/* --- spinning locks, interrupts off --- */
	RANK_SPIN_FIRST,
	RANK_TASKLIST = RANK_SPIN_FIRST,	/* tasklist_lock (rw) */
	RANK_TASK,		/* task->alloc_lock: mm, files, fs, io_context pointers (task_lock) */
	RANK_FREEZER,		/* freezer_lock */
	RANK_SIGHAND,		/* sighand->siglock */
	RANK_CSS,		/* css_lock: who is in which cgroup */
	RANK_CPU_TIMERS,	/* timers on processor time */
	RANK_TTY_STATE,		/* tty->lock: modes, input, foreground group */
	RANK_OOM_VICTIMS,	/* oom.c: victims in flight */
	RANK_PID,
	RANK_USER,		/* users for whom something is counted */
	RANK_IPC,		/* System V objects of one kind */
	RANK_FILES,		/* files->lock: the descriptor table */
	RANK_FS,		/* fs->lock: cwd, root, umask */
	RANK_DENTRY,
	RANK_INOTIFY,		/* watches and queues of events */
	RANK_CGROUP_EVENTS,	/* which cgroup files have changed */
	RANK_MAPPING,		/* mapping->lock: page cache tree */
	RANK_FUTEX,		/* futex bucket (two of them: lower address first, nested) */
	RANK_FUTEX_PI,		/* all locks with priority inheritance */
	RANK_USERFAULT,		/* faults of a userfaultfd */
	RANK_IO,		/* io_context, block queues */
	RANK_SECCOMP,		/* calls that wait for a filter's listener */
	RANK_WAITQ,		/* waitq->lock */
	RANK_EPOLL_NESTING,	/* which epolls watch an epoll */
	RANK_EPOLL,		/* ready list of an epoll: taken by wakers, inside the queue of what it watches */
	RANK_MUTEX_WAIT,	/* a mutex's own waiter list */
	RANK_TIMER,		/* per-CPU timer queue */
	RANK_RQ,		/* per-CPU run queue (two: lower CPU first, nested) */
	RANK_LRU,		/* clean file pages in order of use */
	RANK_KMEM,		/* object caches */
	RANK_ZONE,		/* buddy allocator */
	RANK_STACKS,		/* kernel stack slots */
	RANK_ARCH,		/* arch-private, e.g. TLB shootdown */
	RANK_UCOUNTS,		/* how many namespaces there are, and what else is counted so */
	RANK_NTP,		/* how the wall clock goes */
	RANK_SYSCALL,		/* who makes system calls take the slow way */
	RANK_LOG,		/* log ring and console output */
	NR_RANKS
};

struct spinlock {
	_Atomic(const void *) where;	/* NULL free, else the return address of the holder's lock call */
	u8 rank;
	const char *name;
};
#define SPINLOCK_INIT(nm, rk)	{ .where = NULL, .rank = (rk), .name = (nm) }
void spin_init(struct spinlock *l, const char *name, enum lock_rank rank);
void spin_lock(struct spinlock *l);
/* A second lock of the same rank as one held; the caller states the order at the line. */
void spin_lock_nested(struct spinlock *l);
void spin_unlock(struct spinlock *l);
/* Nobody holds it, and what the last one did is seen. */
static inline bool spin_is_free(struct spinlock *l)
{
	return !atomic_load_explicit(&l->where, memory_order_acquire);
}
/* Returns when whoever holds it now has let go of it; takes it for that only if somebody does. */
static inline void spin_unlock_wait(struct spinlock *l)
{
	if (likely(spin_is_free(l)))
		return;
	spin_lock(l);
	spin_unlock(l);
}
bool spin_is_held(const struct spinlock *l);		/* by this CPU */

/*
 * Spinning reader-writer lock, recursion forbidden, writers preferred over new readers. Interrupts
 * off in both modes.
 */
struct rwlock {
	_Atomic s32 v;			/* -1 writer, n readers */
	_Atomic u32 writers_waiting;
	u8 rank;
	s32 writer_cpu;
	const char *name;
	const void *where;
};
#define RWLOCK_INIT(nm, rk)	{ .v = 0, .rank = (rk), .writer_cpu = -1, .name = (nm) }
void read_lock(struct rwlock *l);
void read_unlock(struct rwlock *l);
void write_lock(struct rwlock *l);
void write_unlock(struct rwlock *l);
bool rw_is_write_held(const struct rwlock *l);		/* by this CPU */
bool rw_is_held(const struct rwlock *l);		/* by this CPU, either mode */

/*
 * Sleeping lock, FIFO hand-over: an unlock with sleepers makes the first of them the owner. A free
 * mutex is taken and given back by one compare-and-exchange of the owner word.
 */
struct mutex {
	_Atomic uintptr_t owner;	/* task, 0 free; bit 0: somebody waits [wait_lock to set and clear that bit] */
	struct spinlock wait_lock;
	struct list waiters;		/* [wait_lock] */
	u16 rank;
	const char *name;
	const void *where;
	struct mutex *below;		/* the next of owner->held_mutexes; owner only */
};
#define MUTEX_INIT(var, nm, rk)	{ .wait_lock = SPINLOCK_INIT(nm, RANK_MUTEX_WAIT), .waiters = LIST_INIT((var).waiters), \
				  .rank = (rk), .name = (nm) }
void mutex_init(struct mutex *m, const char *name, enum lock_rank rank);
void mutex_lock(struct mutex *m);			/* sleeps, TASK_UNINTERRUPTIBLE */
void mutex_lock_nested(struct mutex *m);		/* same rank as one held */
int mutex_lock_interruptible(struct mutex *m) __must_check;	/* 0, or -EINTR if a signal is pending */
int mutex_lock_killable(struct mutex *m) __must_check;	/* 0, or -EINTR if a fatal signal is pending */
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_is_held(const struct mutex *m);		/* by current */

/* The lock is held: by this CPU, or, a mutex, by current. */
#define assert_held(l)								\
	do {									\
		if (unlikely(!_Generic((l), struct spinlock *: spin_is_held, struct mutex *: mutex_is_held,	\
				       struct rwlock *: rw_is_held)(l)))	\
			panic("%s:%d: %s: %s is not held", __FILE__, __LINE__, __func__, #l);	\
	} while (0)
/* On the way to user mode: no lock held, interrupts state sane. */
void assert_no_locks(void);
/* Prints what this CPU and @t hold; used by panic. */
void locks_dump(struct task *t);
