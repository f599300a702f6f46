// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of tasks, process groups and sessions, which share one space, and the namespaces in which
 * they are seen. Mirrors Linux include/linux/pid.h, pid_namespace.h.
 *
 * The kernel itself calls everybody by the number in the machine's own namespace: task.pid, tgid,
 * group.pgrp, session. A number that comes from a user program is one of the program's namespace
 * (find_task_by_vpid, pid_from_vnr), and one that goes to it is translated (task_pid_vnr, pid_vnr,
 * names ending in _ns for another namespace): 0 says that it is not seen there. Names as Linux's.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/lib/list.h"
#include "kernel/lib/types.h"
#include "kernel/nsproxy.h"

struct group;
struct pid;
struct task;

#define PID_LIMIT		32768
#define RESERVED_PIDS		300	/* not handed out again after the first round */
#define MAX_PID_NS_LEVEL	32

struct pid_namespace {
	struct ns_common ns;		/* a reference each: a group, a number, a namespace below it, an nsproxy */
	unsigned level;			/* (c) 0: the machine's own, which sees everybody */
	struct pid_namespace *parent;	/* (c) referenced */
	struct task *child_reaper;	/* [T] takes in orphans: a thread of its number 1; NULL before and after that */
	u32 nr_tasks;			/* [T] hashed tasks with a number here; 0 in the machine's own */
	int last_pid;			/* [pid_lock] */
	bool closed;			/* [pid_lock] to set, for good: no more numbers, its number 1 is gone or was never there */
	u64 *map;			/* [pid_lock] numbers in use, PID_LIMIT bits */
	int reboot;			/* (~) the signal that reboot(2) lets its number 1 seem to die of, or 0 */
};

extern struct pid_namespace init_pid_ns;
extern int pid_max;

void pid_init_boot(void);			/* task_init_boot's: number 0 is the boot task's */
static inline struct pid_namespace *pid_ns_get(struct pid_namespace *ns) { ns_get(&ns->ns); return ns; }
void pid_ns_set_last(struct pid_namespace *ns, int nr);	/* the next number is above nr, 0..pid_max */
static inline void pid_ns_put(struct pid_namespace *ns) { ns_put(&ns->ns); }	/* any context */
/* who looks at closed under tasklist_lock (w) may be before it, no later one is */
void pid_ns_close(struct pid_namespace *ns);

/* pid_namespace.c */
struct pid_namespace *pid_ns_for_children(const struct task *t);	/* of current, or of one that nobody else has seen */
/*
 * Current is the last thread of its namespace's number 1: ends all others in it and below, and
 * sleeps until they are gone. Holds nothing.
 */
void zap_pid_ns_processes(void);
/*
 * reboot(2) in a namespace ends that; 0 in the machine's own, else -EINVAL or it does not return.
 */
int reboot_pid_ns(u32 cmd);

/*
 * Gives t, which is new, a number in its group's namespace and in each above it, with one reference
 * (thread_pid, pid, vpid). 0; -EAGAIN, -ENOMEM, which is also what a closed namespace says. The
 * first n of set_tid are the numbers wanted in that namespace, in the one above it and so on: also
 * -EINVAL, -EPERM, -EEXIST. Sleeps.
 */
int pid_alloc(struct task *t, const int *set_tid, size_t n);
void pid_get(int nr);
/*
 * Number reusable when nobody holds it. Under tasklist_lock (w), so that who looks a number up
 * under it may use what it found.
 */
void pid_put(int nr);				/* takes the lock. Any context. */
void pid_put_locked(int nr);
void pid_attach(struct task *t);		/* tasklist_lock write-held: findable by its number */
void pid_detach(struct task *t);
void pid_detach_put(struct task *t);		/* and the reference of pid_alloc */
void pgrp_attach(struct group *g, int nr);	/* tasklist_lock write-held: g, in no process group, joins nr */
void pgrp_detach(struct group *g);
struct list *pgrp_members(int nr);		/* tasklist_lock held: list of group.pgrp_node; NULL if there is no such number */
/* Each group in process group nr, which must exist. tasklist_lock held. */
#define for_each_pgrp_member(head, g)	list_for_each(g, head, pgrp_node)
void session_set(struct group *g, int nr);	/* tasklist_lock write-held: g leads session and process group nr */

/* From a number to whom it names. tasklist_lock held; any thread; NULL if none. */
struct task *find_task_by_pid_ns(int nr, struct pid_namespace *ns);
struct task *find_task_by_vpid(int nr);
struct task *find_get_task_by_pid_ns(int nr, struct pid_namespace *ns);	/* takes the lock, and a reference */
struct task *find_get_task_by_vpid(int nr);

/*
 * Between the machine's number and that of a namespace. nr: held by somebody who cannot let go of
 * it meanwhile. t: as seen while it is hashed; the caller has tasklist_lock, or t is current.
 */
struct pid_namespace *pid_ns_at(struct pid_namespace *ns, unsigned level);	/* ns or the one above it on that level */
int pid_nr_ns(int nr, struct pid_namespace *ns);
/* nr may be nobody's: 0 but in the machine's own. tasklist_lock held */
int pid_nr_ns_if_held(int nr, struct pid_namespace *ns);
int pid_vnr(int nr);
int pid_from_vnr(int vnr);			/* the machine's; 0 if none. tasklist_lock held */
int task_pid_nr_ns(struct task *t, struct pid_namespace *ns);
int task_tgid_nr_ns(struct task *t, struct pid_namespace *ns);
int task_pid_vnr(struct task *t);
int task_tgid_vnr(struct task *t);

/*
 * Who only remembers a process, as the last sender of a message queue, keeps its entry: that does
 * not keep the number from others, and tells for ever what it was in each namespace.
 */
struct pid *get_pid(struct pid *p);
void put_pid(struct pid *p);			/* NULL is fine; any context */
struct pid *task_tgid(const struct task *t);	/* of t's group, which holds it */
struct pid *pid_entry(int nr);			/* referenced; of the machine's nr, which somebody in sight holds */
struct task *pid_task(const struct pid *p);	/* NULL: no thread. tasklist_lock held */
struct list *pid_members(struct pid *p);	/* as pgrp_members. tasklist_lock held */
bool pid_has(const struct pid *p, int type);	/* is it the number of an F_OWNER_* now? tasklist_lock held */
struct pid *find_get_pid(int vnr);		/* NULL if nobody has the number. Takes tasklist_lock (r) */
int entry_nr_ns(const struct pid *p, const struct pid_namespace *ns);	/* p NULL: 0 */
int entry_vnr(const struct pid *p);
