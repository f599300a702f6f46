// SPDX-License-Identifier: GPL-2.0-only
/*
 * What shared memory, semaphores and message queues of System V have in common: keys, ids and
 * permissions; and the namespaces in which they, and POSIX message queues, are. Mirrors Linux
 * ipc/util.h and include/linux/ipc_namespace.h.
 *
 * LINUX: one lock for all objects of a kind in a namespace, and at most IPC_MAX of each.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/lock.h"
#include "kernel/nsproxy.h"
#include "kernel/pid.h"
#include "kernel/task.h"

#define IPC_MAX		1024u
#define IPC_ID_SHIFT	15		/* an id is a sequence number above the slot */

struct ipc_perm {			/* embedded first in each object; [lock of its ids] */
	int id;				/* (!) once it has a slot */
	int key;			/* IPC_PRIVATE: none */
	u32 uid, gid, cuid, cgid, mode;
	u16 seq;
};
struct ipc_ids {			/* the objects of one kind in one namespace */
	struct spinlock lock;		/* RANK_IPC */
	struct ipc_perm **slot;		/* [lock] a table that grows; NULL while there is no object */
	unsigned size, used;		/* [lock] slots, and those that are taken */
	u16 seq;			/* [lock] of the next object in a slot not above last */
	int last;			/* [lock] slot taken last */
	u64 total;			/* [lock] of pages, or of semaphores, in all objects */
	const struct ipc_kind *kind;	/* (!) */
};
/* What a get call does besides; arg is its own. */
struct ipc_kind {
	const char *name;
	struct ipc_perm *(*make)(int key, void *arg);	/* sleeps; ERR_PTR */
	void (*unmake)(struct ipc_perm *p);		/* nobody sees it, and nobody waits. Sleeps. */
	int (*check)(struct ipc_perm *p, void *arg);	/* does the one that is there do? lock held */
	int (*room)(struct ipc_ids *ids, struct ipc_perm *p);	/* may one more be? lock held; counts it */
};
extern const struct ipc_kind shm_kind, sem_kind, msg_kind;

struct mq_limits {			/* /proc/sys/fs/mqueue/NAME */
	int queues_max, msg_max, msgsize_max, msg_default, msgsize_default;
};
#define MQ_HARD_MSGMAX		65536		/* what a privileged maker may ask for */
#define MQ_HARD_MSGSIZEMAX	(16 << 20)

struct ipc_namespace {
	struct ns_common ns;		/* a reference each: an nsproxy, an attachment of shared memory */
	struct ipc_ids shm_ids, sem_ids, msg_ids;
	struct mq_limits mq;		/* (~) */
	int nr_queues;			/* [mq_lock of mqueue_fs.c] POSIX message queues that are not gone */
	struct super *mq_super;		/* (!) where they are */
};
extern struct ipc_namespace init_ipc_ns;

static inline struct ipc_namespace *to_ipc_ns(struct ns_common *ns)
{
	return container_of(ns, struct ipc_namespace, ns);
}

static inline struct ipc_namespace *current_ipc_ns(void) { return to_ipc_ns(current->nsproxy->ns[NS_IPC]); }

/* mqueue_fs.c. The file system of ns, which is new: 0, -ENOMEM. */
int mq_init_ns(struct ipc_namespace *ns);
void mq_exit_ns(struct ipc_namespace *ns);	/* its queues go, but for those that are open or mounted. Sleeps. */

void ipc_ids_init(struct ipc_ids *ids, const struct ipc_kind *kind);
void ipc_ids_free(struct ipc_ids *ids);		/* with all objects; nobody uses them. Sleeps. */
/* The get call: the id that key means, made if flags say so, or -errno. Sleeps. */
long ipc_get(struct ipc_ids *ids, int key, int flags, void *arg);
/* ids->lock held by the rest. */
struct ipc_perm *ipc_by_id(struct ipc_ids *ids, int id);	/* ERR_PTR(-EINVAL) */
struct ipc_perm *ipc_by_slot(struct ipc_ids *ids, int slot);	/* ERR_PTR(-EINVAL) */
bool ipc_gone(struct ipc_ids *ids, const struct ipc_perm *p, int id);	/* p, seen before, was removed; it may be freed */
void ipc_remove(struct ipc_ids *ids, struct ipc_perm *p);
int ipc_last_slot(struct ipc_ids *ids);		/* the highest in use, 0 if none is */
bool ipc_capable(int cap);			/* current, over what is in its namespace */
int ipc_permitted(const struct ipc_perm *p, u32 mode);	/* 0, -EACCES. mode: as S_IRUGO, S_IWUGO */
int ipc_owned(const struct ipc_perm *p);	/* may current remove or change it? 0, -EPERM */
void ipc_init_perm(struct ipc_perm *p, int key, u32 mode);	/* of current */
struct k_ipc64_perm ipc_export(const struct ipc_perm *p);
int ipc_change(struct ipc_perm *p, const struct k_ipc64_perm *to);	/* IPC_SET: 0, -EINVAL */
/* pid, of current's process or NULL, is the last that did what *pos remembers. */
static inline void ipc_update_pid(struct pid **pos, struct pid *pid)
{
	if (*pos == pid)
		return;
	put_pid(*pos);
	*pos = get_pid(pid);
}
s64 ipc_now(void);				/* seconds since 1970 */
int ipc_deadline(const struct k_timespec *in, u64 *deadline);	/* of a relative time: 0, -EINVAL */

/* /proc/sys/kernel/NAME, a limit that stays as it is. */
#define IPC_LIMIT(nm, value)									\
	static s64 nm##_show(char *buf, size_t n)						\
	{											\
		return (s64)kscnprintf(buf, n, "%lu\n", (u64)(value));				\
	}											\
	PSEUDO_FILE(proc_##nm, .path = "/proc/sys/kernel/" #nm, .mode = 0444, .show = nm##_show)
