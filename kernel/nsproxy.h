// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces: what a process sees as the machine's own (its name, its numbers of tasks, ...) and
 * shares with those it made. Mirrors Linux include/linux/nsproxy.h, ns_common.h, proc_ns.h.
 *
 * Each kind embeds a struct ns_common and has one struct ns_ops; what is the same for all kinds,
 * clone, unshare, setns and the files of /proc/PID/ns, is nsproxy.c and fs/nsfs.c.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/lib/types.h"
#include "kernel/ucount.h"

struct task;
struct user_namespace;

struct ns_common {			/* embedded in each namespace */
	_Atomic u32 count;		/* (~) references */
	u32 inum;			/* (!) the inode number of its file in /proc/PID/ns */
	const struct ns_ops *ops;	/* (!) */
	struct user_namespace *user_ns;	/* (!) whom it belongs to, referenced; NULL: of the initial one of that kind itself */
	struct ucounts *ucounts;	/* (!) for whom it is counted there; NULL: an initial one */
};
#define NS_COMMON_INIT(nr, o)	{ .count = 1, .inum = (nr), .ops = (o), .user_ns = &init_user_ns }

struct ns_ops {
	const char *name;		/* of its link in /proc/PID/ns */
	u64 type;			/* CLONE_NEW* */
	enum ucount_type ucount;
	/* A new one for who lives in old, that belongs to user_ns (ns_init); or ERR_PTR. Sleeps. */
	struct ns_common *(*copy)(struct ns_common *old, struct user_namespace *user_ns);
	/* the last reference is gone, not yet that on its owner. Sleeps, but of kinds pid, user. */
	void (*free)(struct ns_common *ns);
	/* May current, which has CAP_SYS_ADMIN over it and in user_ns, its own from then on, enter? NULL: yes. */
	int (*install)(struct ns_common *ns, struct user_namespace *user_ns);
	/* current has it by setns, and that cannot fail any more. NULL: nothing to do */
	void (*entered)(struct ns_common *ns);
	/* NULL: this kind has no parents, else as NS_GET_PARENT: ERR_PTR(-EPERM) */
	struct ns_common *(*parent)(struct ns_common *ns);
};

/*
 * Of these kinds a task has one each, by its nsproxy. NS_PID: where its children will live, as
 * NS_TIME_FOR_CHILDREN, which a program enters, too.
 */
enum ns_kind { NS_UTS, NS_IPC, NS_PID, NS_NET, NS_CGROUP, NS_MNT, NS_TIME_FOR_CHILDREN, NS_TIME, NR_NS };

/* Of CLOCK_MONOTONIC and CLOCK_BOOTTIME, in ns: what a namespace of time shows more. */
struct time_offsets {
	s64 monotonic, boottime;
};

/* Shared by tasks, and never changed while it is: who changes one makes a new one. */
struct nsproxy {
	_Atomic u32 count;		/* (~) tasks */
	struct ns_common *ns[NR_NS];	/* (!) one reference each */
};
extern struct nsproxy init_nsproxy;

static inline struct ns_common *ns_get(struct ns_common *ns) { atomic_fetch_add(&ns->count, 1); return ns; }
void ns_put(struct ns_common *ns);		/* may sleep, but of kinds pid and user */
/*
 * A new one, with one reference; it takes one of its own on its owner. 0, -ENOSPC: there are as
 * many as there may be. Sleeps.
 */
int ns_init(struct ns_common *ns, const struct ns_ops *ops, struct user_namespace *user_ns);

/*
 * What a task has that current makes with these CLONE_* flags, referenced; the new ones belong to
 * user_ns. ERR_PTR(-EPERM) and what the kinds say. Sleeps.
 */
struct nsproxy *copy_namespaces(u64 flags, struct user_namespace *user_ns);
int exec_namespaces(void);			/* current, which has memory of its own, is where its children would be. 0, -ENOMEM */
int unshare_nsproxy_namespaces(u64 flags);	/* current has new ones, and CLONE_NEWUSER too; as copy_namespaces */
struct ns_common *task_ns(struct task *t, enum ns_kind k);	/* referenced; NULL: t is past X11. Takes task_lock. */
/* The user namespace it belongs to, referenced; ERR_PTR(-EPERM): it is not current's, nor below that. */
struct ns_common *ns_get_owner(struct ns_common *ns);
struct ns_common *ns_of_fd(int fd);		/* fs/nsfs.c: referenced; ERR_PTR(-EBADF), -EINVAL: it is no such file */
long open_ns(struct ns_common *ns);		/* fs/nsfs.c: a new descriptor for ns, whose reference it takes over; -errno */
static inline struct nsproxy *nsproxy_get(struct nsproxy *p) { atomic_fetch_add(&p->count, 1); return p; }
void nsproxy_put(struct nsproxy *p);		/* X11. Sleeps. */

extern struct user_namespace init_user_ns;
extern const struct ns_ops uts_ns_ops, ipc_ns_ops, time_ns_ops, pid_ns_ops, net_ns_ops,
	cgroup_ns_ops, mnt_ns_ops, user_ns_ops;
