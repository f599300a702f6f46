// SPDX-License-Identifier: GPL-2.0-only
/*
 * What shared memory, semaphores and message queues of System V have in common: keys, ids and
 * permissions. Mirrors Linux ipc/util.h.
 *
 * LINUX: one lock for all objects of a kind, and at most IPC_MAX of each; one IPC namespace.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/lock.h"
#include "kernel/pid.h"

#define IPC_MAX		1024u
#define IPC_ID_SHIFT	15		/* an id is a sequence number above the slot */

struct ipc_perm {			/* embedded first in each object; [lock of its ids] */
	int id;				/* (!) once it has a slot */
	int key;			/* IPC_PRIVATE: none */
	u32 uid, gid, cuid, cgid, mode;
	u16 seq;
};
struct ipc_ids {
	struct spinlock lock;		/* RANK_IPC */
	struct ipc_perm *slot[IPC_MAX];	/* [lock] */
	unsigned used;			/* [lock] slots */
	u16 seq;			/* [lock] of the next object in a slot not above last */
	int last;			/* [lock] slot taken last */
	/* What a get call does besides; arg is its own. */
	struct ipc_perm *(*make)(int key, void *arg);	/* sleeps; ERR_PTR */
	void (*unmake)(struct ipc_perm *p);		/* nobody saw it */
	int (*check)(struct ipc_perm *p, void *arg);	/* does the one that is there do? lock held */
	int (*room)(struct ipc_perm *p);		/* may one more be? lock held; counts it */
};
#define IPC_IDS_INIT(nm, ...)	{ .lock = SPINLOCK_INIT(nm, RANK_IPC), .last = -1, __VA_ARGS__ }

/* The get call: the id that key means, made if flags say so, or -errno. Sleeps. */
long ipc_get(struct ipc_ids *ids, int key, int flags, void *arg);
/* ids->lock held by the rest. */
struct ipc_perm *ipc_by_id(struct ipc_ids *ids, int id);	/* ERR_PTR(-EINVAL) */
struct ipc_perm *ipc_by_slot(struct ipc_ids *ids, int slot);	/* ERR_PTR(-EINVAL) */
bool ipc_gone(struct ipc_ids *ids, const struct ipc_perm *p, int id);	/* p, seen before, was removed; it may be freed */
void ipc_remove(struct ipc_ids *ids, struct ipc_perm *p);
int ipc_last_slot(struct ipc_ids *ids);		/* the highest in use, 0 if none is */
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

/* /proc/sys/fs/mqueue/NAME (mqueue.c) */
extern int mq_queues_max, mq_msg_max, mq_msgsize_max, mq_msg_default, mq_msgsize_default;
#define MQ_HARD_MSGMAX		65536		/* what a privileged maker may ask for */
#define MQ_HARD_MSGSIZEMAX	(16 << 20)

/* /proc/sys/kernel/NAME, a limit that stays as it is. */
#define IPC_LIMIT(nm, value)									\
	static s64 nm##_show(char *buf, size_t n)						\
	{											\
		return (s64)kscnprintf(buf, n, "%lu\n", (u64)(value));				\
	}											\
	PSEUDO_FILE(proc_##nm, .path = "/proc/sys/kernel/" #nm, .mode = 0444, .show = nm##_show)
