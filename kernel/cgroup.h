// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups: trees of groups of tasks. Mirrors Linux include/linux/cgroup.h.
 *
 * There are three trees, and each task is in one group of each: version 2's, and the two of version
 * 1 that have the freezer and the limits of memory. LINUX: the trees are fixed, with one controller
 * each; a task points at its groups by itself (there: css_set), NULL for a root, so that a machine
 * without groups pays nothing for them.
 *
 * Legend: (!) fixed once published   (~) atomic
 *   [C] cgroup_mutex    [K] css_lock    [C+K] both to change, either to look
 */
#pragma once
#include <stdatomic.h>
#include "kernel/nsproxy.h"
#include "kernel/task.h"

struct inode;
struct mem_cgroup;

enum cgroup_tree { CG_V2, CG_FREEZER, CG_MEMORY };	/* NR_CG_TREES: task.h */
#define ON(tree)	(1u << (tree))

/* A file that says when its text changes: to poll (POLLPRI) and to inotify (IN_MODIFY). */
struct cgroup_event {
	_Atomic u32 seq;		/* (~) how often it has changed */
	struct waitq wait;
	struct inode *inode;		/* [events_lock] the file's while it has one; not referenced */
	struct list node;		/* [events_lock] waits for the notifier */
	struct cgroup *cgroup;		/* (!) */
};
enum cgroup_event_nr { NO_EVENT, EVENT_CGROUP, EVENT_MEMORY, NR_CGROUP_EVENTS = EVENT_MEMORY };

struct cgroup {
	_Atomic u32 refs;		/* (~) its directory and files, its children, each member until that is freed */
	enum cgroup_tree tree;		/* (!) */
	u32 level;			/* (!) 0: a root */
	u64 id;				/* (!) */
	u32 uid, gid;			/* (!) of who made it: its files' */
	struct cgroup *parent;		/* (!) referenced; NULL: a root */
	struct list children, sibling;	/* [C] */
	bool dead;			/* [C+K] removed; whoever still holds it gets ENODEV */
	u32 nr_descendants;		/* [C] */
	u32 max_descendants, max_depth;	/* [C] */
	u32 subtree_control;		/* [C+K] of CONTROL_*: what its children have */
	_Atomic u32 nr_dying;		/* (~) removed descendants that somebody still holds */

	u32 nr_tasks;			/* [K] its own. LINUX: a root does not count */
	u32 nr_populated_children;	/* [K] */

	/* cgroup.freeze */
	bool freeze;			/* [C] asked for here */
	bool e_freeze;			/* [C+K] here or above */
	bool frozen;			/* [K] all that it is about is frozen */
	u32 nr_frozen_tasks, nr_frozen_children, nr_children;	/* [K] */
	u32 freezer_state;		/* [C] version 1: legacy_freezer.c */

	/* version 1: cgroup_v1.c */
	bool notify_on_release, clone_children;	/* [C] */
	struct list release_node;	/* [events_lock] it is empty, and that is to be told */

	struct mem_cgroup *memcg;	/* [C+K] limits of its own, or NULL */

	struct cgroup_event event[NR_CGROUP_EVENTS];	/* by number - 1 */
	const char *name;		/* (!) behind the struct */
};

#define CONTROL_MEMORY	1u

extern struct mutex cgroup_mutex;	/* which groups there are, who is moved, what controllers are set to */
extern struct spinlock css_lock;	/* who is where, and what is counted of it */
extern struct cgroup cgroup_roots[NR_CG_TREES];

static inline struct cgroup *cgroup_get(struct cgroup *cg) { atomic_fetch_add(&cg->refs, 1); return cg; }
void cgroup_put(struct cgroup *cg);		/* any context */
static inline bool cgroup_is_root(const struct cgroup *cg) { return !cg->parent; }
/* t's group. tasklist_lock or css_lock held. */
static inline struct cgroup *task_cgroup(const struct task *t, enum cgroup_tree tree)
{
	return t->cgroup[tree] ? t->cgroup[tree] : &cgroup_roots[tree];
}
bool cgroup_is_descendant(const struct cgroup *cg, const struct cgroup *ancestor);	/* or the same */
/* Is some thread of p in cg or below? tasklist_lock held. */
bool cgroup_has_process(const struct cgroup *cg, struct task *p);
/*
 * The next group of the tree below top, parents first; NULL at the end. Starts with pos = top.
 * cgroup_mutex held.
 */
struct cgroup *cgroup_next(struct cgroup *top, struct cgroup *pos);
#define for_each_descendant(pos, top)	for ((pos) = (top); (pos); (pos) = cgroup_next(top, pos))

/*
 * A new group in parent, with a reference for the caller; ERR_PTR(-ENODEV, -EINVAL, -EAGAIN,
 * -ENOMEM). Sleeps.
 */
struct cgroup *cgroup_mkdir(struct cgroup *parent, const char *name, size_t len);
int cgroup_rmdir(struct cgroup *cg);		/* 0, -EBUSY. Sleeps. */
/*
 * cgroup_mutex, taken for a group that is still there: 0 or -ENODEV, and then it is not held.
 * Sleeps.
 */
int cgroup_lock_live(struct cgroup *cg);
/* The smallest group of their tree that has both. */
const struct cgroup *cgroup_common_ancestor(const struct cgroup *a, const struct cgroup *b);
/*
 * The way to cg from a group of its tree, "/a/b" or "/../c", into buf; its length or -ENAMETOOLONG.
 * Any context.
 */
s64 cgroup_path(const struct cgroup *cg, const struct cgroup *from, char *buf, size_t n);

/* --- namespaces: cgroup_namespace.c --- */
struct cgroup_namespace {
	struct ns_common ns;
	struct cgroup *root[NR_CG_TREES];	/* (!) referenced; fixed once somebody lives there */
};
extern struct cgroup_namespace init_cgroup_ns;
bool in_init_cgroup_ns(void);
struct cgroup *cgroup_ns_root(enum cgroup_tree tree);	/* where the tree begins for current */
/* p, which nobody sees yet, has a new one: its tree begins at cg */
void cgroup_ns_begin_at(struct task *p, struct cgroup *cg);

/* fork.c and exit.c */
/*
 * p, not yet linked, joins current's groups, but `into` of version 2 if that is given; a kernel
 * thread joins none. Holds tasklist_lock (w) and current's siglock. 0 or -ENODEV.
 */
int __cgroup_fork(struct task *p, struct cgroup *into);
static inline bool in_groups(const struct task *t)
{
	return t->cgroup[CG_V2] || t->cgroup[CG_FREEZER] || t->cgroup[CG_MEMORY];
}
static inline int cgroup_fork(struct task *p, struct cgroup *into)
{
	return unlikely(into || in_groups(current)) ? __cgroup_fork(p, into) : 0;
}
/*
 * What clone3 may be given: referenced, or ERR_PTR(-EBADF, -ENODEV, -EACCES, -EBUSY, -EOPNOTSUPP).
 * Sleeps.
 */
struct cgroup *cgroup_clone_target(int fd, bool thread);
void __cgroup_exit(struct task *t);
void __cgroup_free(struct task *t);
/*
 * t, which is current, is no member any more. The parent, who is told next, may count on it: no
 * dead child keeps a group from being removed. Holds tasklist_lock (w).
 */
static inline void cgroup_exit(struct task *t)
{
	t->cgroup_gone = 1;
	if (unlikely(in_groups(t)))
		__cgroup_exit(t);
}
/* The task struct goes. Any context. */
static inline void cgroup_free(struct task *t)
{
	if (unlikely(in_groups(t)))
		__cgroup_free(t);
}

/* --- moving: cgroup_attach.c --- */
void cgroup_join(struct task *t, struct cgroup *cg);	/* t is in no group of that tree. css_lock held. */
/* which it was, referenced; NULL: the root. css_lock held. */
struct cgroup *cgroup_leave(struct task *t, enum cgroup_tree tree);
/* cgroup_mutex held */
int cgroup_may_attach(const struct cgroup *src, const struct cgroup *dst, bool whole, const struct cred *who);

/* --- freezing: cgroup_freezer.c --- */
void cgroup_update_frozen(struct cgroup *cg);	/* css_lock held */
void cgroup_count_frozen(struct task *t);	/* t came to its group; css_lock held. So is it here: */
void cgroup_uncount_frozen(struct task *t);	/* it is about to leave it, or is frozen no more */
void __cgroup_enter_frozen(void);
void __cgroup_leave_frozen(bool always);
static inline bool in_v2_group(struct task *t)
{
	return atomic_load((_Atomic(struct cgroup *) *)&t->cgroup[CG_V2]);
}
/* current is about to sleep where it counts as frozen. Any context. */
static inline void cgroup_enter_frozen(void)
{
	atomic_store(&current->cgroup_frozen, 1);
	if (unlikely(in_v2_group(current)))
		__cgroup_enter_frozen();
}
/*
 * It does not any more; unless always, it traps if its group is still to be frozen. siglock not
 * held.
 */
static inline void cgroup_leave_frozen(bool always)
{
	if (likely(!in_v2_group(current))) {
		atomic_store(&current->cgroup_frozen, 0);
		if (likely(!in_v2_group(current)))
			return;
		always = true;		/* moved just now: the move has set the trap */
	}
	__cgroup_leave_frozen(always);
}
void do_freezer_trap(void);			/* siglock held, dropped. Sleeps once. */
void cgroup_freeze_task(struct task *t, bool freeze);	/* tasklist_lock held */
/* legacy_freezer.c */
void freezer_online(struct cgroup *cg);		/* cgroup_mutex held; so below */
void freezer_offline(struct cgroup *cg);
void freezer_apply(struct task *t);		/* t->cgroup_freezing was set anew: freezes or thaws. tasklist_lock held. */

/* cgroup_v1.c */
void cgroup1_check_for_release(struct cgroup *cg);	/* it has lost a member or a child. css_lock held. */
bool cgroup1_release_pending(void);
void cgroup1_release(void);			/* starts the agent for one group, if one is pending. Sleeps. */
void cgroup1_forget(enum cgroup_tree tree);	/* the tree is gone, and what its root said. cgroup_mutex held. */
void cgroup_wake_notifier(void);		/* cgroup.c's thread, which runs that. Any context. */
/* Until each change is told, and each group that was found empty has its agent run as a program, or has none. Gives up after ten
 * seconds. Sleeps. */
void cgroup_wait_for_notifier(void);

/* --- files --- */
struct cgroup_file {
	const char *name;
	u32 trees;			/* ON(tree) */
	bool not_on_root, only_on_root;
	bool delegatable;		/* written at the root of a namespace from inside, in spite of nsdelegate */
	enum cgroup_event_nr event;	/* what changes its text, or NO_EVENT */
	bool (*visible)(struct cgroup *cg);			/* NULL: always */
	s64 (*show)(struct cgroup *cg, char *buf, size_t n);	/* bytes or -errno; cgroup_mutex not held. May sleep. */
	s64 (*write)(struct cgroup *cg, char *buf);		/* what was written, blanks around it cut off. 0 or -errno. May sleep. */
	/* likewise; what counts is who opened the file */
	s64 (*write_as)(struct cgroup *cg, char *buf, const struct cred *opener);
};
SET_DECLARE(cgroup_files, struct cgroup_file);
#define CGROUP_FILE(var, ...) LINKER_SET(cgroup_files, struct cgroup_file, var) = { __VA_ARGS__ }
/* The text of a file changed. Any context. */
void cgroup_file_changed(struct cgroup *cg, enum cgroup_event_nr nr);
extern struct spinlock cgroup_events_lock;

s64 proc_cgroup(struct task *t, char *buf, size_t n);	/* /proc/PID/cgroup */
/* fs/cgroupfs.c */
struct cgroup *cgroup_of_dir(struct inode *i);	/* the group whose directory i is, not referenced; NULL */
bool cgroup_tree_mounted(enum cgroup_tree tree);
bool cgroup_nsdelegate(void);			/* version 2 is mounted so: what is inside a namespace does not reach out of it */
void cgroupfs_modified(struct cgroup_event *e);	/* tells inotify. Sleeps. */
void cgroup_start_notifier(void);		/* boot, when kernel threads work */
