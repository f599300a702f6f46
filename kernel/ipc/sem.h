// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sem.c (sets, operations, undo) and semctl.c (their control) share. Mirrors the private part
 * of Linux ipc/sem.c.
 */
#pragma once
#include "kernel/ipc/ipc.h"
#include "kernel/lib/list.h"
#include "kernel/waitq.h"

#define SEMMNI		32000
#define SEMMSL		32000
#define SEMMNS		(SEMMNI * SEMMSL)
#define SEMOPM		500
#define SEMVMX		32767

struct sem {
	u16 val;
	struct pid *pid;		/* of the process that changed it last, referenced; NULL: nobody yet */
};
struct sem_set {			/* [sem_ids.lock] */
	struct ipc_perm perm;		/* first */
	s64 otime, ctime;
	unsigned n;			/* (!) */
	struct list sleepers;		/* of sem_sleeper, in order of arrival */
	struct list undos;		/* of sem_undo.set_node */
	struct sem sems[];
};
struct sem_undo {			/* [sem_ids.lock] what the end of a task does to a set */
	struct list set_node, list_node;
	struct sem_set *set;		/* NULL: it was removed */
	s16 adjust[];			/* one for each semaphore */
};
struct sem_undo_list {			/* of a task, or of several by CLONE_SYSVSEM */
	struct ipc_ids *ids;		/* (!) where they all live: who leaves that namespace leaves the list first */
	_Atomic u32 refs;		/* (~) */
	struct list undos;		/* [sem_ids.lock] of sem_undo.list_node */
};
struct sem_sleeper {
	struct list node;		/* [sem_ids.lock] */
	const struct k_sembuf *ops, *blocking;
	unsigned nr_ops;
	bool alters;
	struct sem_undo *undo;
	struct pid *pid;		/* of its process */
	int status;			/* [sem_ids.lock] */
	struct waitq wait;
};

static inline struct ipc_ids *sem_ids(void) { return &current_ipc_ns()->sem_ids; }

/* sem_ids.lock of current's namespace held by all of these. */
/* The set, if current may use it so (mode; 0: nobody asks), or ERR_PTR. */
struct sem_set *sem_find(int id, u32 mode);
/* The set has changed. Those who wait for zero come first: they take nothing from the others. */
void sem_serve(struct sem_set *s);
/*
 * The set is gone: for its sleepers at once, for the lists of adjustments when they look. The
 * caller frees it by sem_free.
 */
void sem_remove(struct sem_set *s);
void sem_free(struct sem_set *s);		/* nobody can find it; without the lock */
