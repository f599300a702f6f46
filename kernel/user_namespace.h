// SPDX-License-Identifier: GPL-2.0-only
/*
 * User namespaces: within one of them ids are called differently, and who made it has all
 * capabilities over what belongs to it. Mirrors Linux include/linux/user_namespace.h, uidgid.h.
 *
 * The kernel itself knows everybody by the machine's own id, that of the initial namespace: all
 * fields called uid or gid are such. An id that comes from a user program is one of the program's
 * namespace (make_kuid), and one that goes to it is translated (from_kuid). ~0u is nobody's id.
 */
#pragma once
#include "kernel/nsproxy.h"
#include "kernel/cred.h"

#define MAX_USER_NS_LEVEL	33u
#define UID_GID_MAP_MAX_EXTENTS	340u
#define INVALID_ID		(~0u)

struct uid_gid_extent {
	u32 first;			/* as called in the namespace */
	u32 lower_first;		/* the machine's; while it is read from a user, as called in the parent */
	u32 count;
};

struct uid_gid_map {
	_Atomic u32 nr;			/* 0: not yet written. Never changed after, nor what extents points to */
	struct uid_gid_extent *extents;
};

enum id_kind { ID_UID, ID_GID, ID_PROJID, NR_IDS };

struct user_namespace {
	struct ns_common ns;		/* its user_ns is the parent; a reference each: a cred, what belongs to it, a child */
	unsigned level;			/* (!) 0: the machine's own */
	u32 owner, group;		/* (!) the effective ids of who made it */
	u64 nproc_max;			/* (!) RLIMIT_NPROC of who made it: for that one, with all that are in it */
	bool parent_could_setfcap;	/* (!) the maker had CAP_SETFCAP */
	bool setgroups_denied;		/* [userns_mutex] */
	struct uid_gid_map map[NR_IDS];	/* [userns_mutex] to write */
	int ucount_max[NR_UCOUNTS];	/* plain loads and stores: so many may a user have here */
};

#define current_user_ns()	(current->cred.user_ns)
/* The initial one is not counted: it never goes. Any context. */
static inline struct user_namespace *get_user_ns(struct user_namespace *ns)
{
	if (unlikely(ns != &init_user_ns))
		ns_get(&ns->ns);
	return ns;
}
static inline void put_user_ns(struct user_namespace *ns)
{
	if (unlikely(ns != &init_user_ns))
		ns_put(&ns->ns);
}
static inline struct user_namespace *user_ns_parent(const struct user_namespace *ns) { return ns->ns.user_ns; }

/* The machine's id of what ns calls id, and back; INVALID_ID: it has none there. */
u32 map_id_down(const struct user_namespace *ns, enum id_kind k, u32 id);
u32 map_id_up(const struct user_namespace *ns, enum id_kind k, u32 id);
static inline u32 make_kuid(const struct user_namespace *ns, u32 uid)
{
	return likely(ns == &init_user_ns) ? uid : map_id_down(ns, ID_UID, uid);
}

static inline u32 make_kgid(const struct user_namespace *ns, u32 gid)
{
	return likely(ns == &init_user_ns) ? gid : map_id_down(ns, ID_GID, gid);
}

static inline u32 from_kuid(const struct user_namespace *ns, u32 uid)
{
	return likely(ns == &init_user_ns) ? uid : map_id_up(ns, ID_UID, uid);
}

static inline u32 from_kgid(const struct user_namespace *ns, u32 gid)
{
	return likely(ns == &init_user_ns) ? gid : map_id_up(ns, ID_GID, gid);
}

/* For those who must be told something: who has no name there is called by the overflow id. */
u32 __from_kuid_munged(const struct user_namespace *ns, u32 uid);
u32 __from_kgid_munged(const struct user_namespace *ns, u32 gid);
static inline u32 from_kuid_munged(const struct user_namespace *ns, u32 uid)
{
	return likely(ns == &init_user_ns) ? uid : __from_kuid_munged(ns, uid);
}
static inline u32 from_kgid_munged(const struct user_namespace *ns, u32 gid)
{
	return likely(ns == &init_user_ns) ? gid : __from_kgid_munged(ns, gid);
}
u32 kuid_for_task(struct task *t, u32 uid);	/* munged, as t's namespace calls it. May take task_lock of t. */

/*
 * *new, a copy of current's, becomes that of the first one in a namespace below current's. The
 * reference on it is new's. 0, -ENOSPC: too deep; -EPERM: current is in a chroot, or its own
 * namespace has no name for it; -ENOMEM.
 */
int create_user_ns(struct cred *new);
/* May current, with all threads alone, enter ns? 0; -EINVAL, -EPERM. */
int may_enter_user_ns(struct user_namespace *ns);
void set_cred_user_ns(struct cred *new, struct user_namespace *ns);	/* all capabilities, and no reference */
struct user_namespace *task_user_ns(struct task *t);	/* referenced. Takes task_lock. */
/* is ns ancestor, or below it? */
bool in_user_ns(const struct user_namespace *ancestor, const struct user_namespace *ns);

/* user_namespace_map.c */
bool userns_setgroups_allowed(struct user_namespace *ns);
bool userns_may_setgroups(struct user_namespace *ns);	/* allowed, and groups have names there */

extern int sysctl_overflowuid, sysctl_overflowgid;

