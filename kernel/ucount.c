// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many namespaces of each kind there are: counted for the user who made them, in the user
 * namespace they belong to, and there against its limit, /proc/sys/user/max_*_namespaces. Whoever
 * made that user namespace answers for them in its parent, too, up to the machine's own. So are
 * instances of inotify, in the namespace of who makes them, and their watches. Mirrors Linux
 * kernel/ucount.c.
 *
 * LINUX: what else is counted so there is counted elsewhere (user.c).
 *
 * Locks: ucounts_lock.
 */
#include "kernel/ucount.h"
#include "kernel/abi.h"
#include "kernel/fs/proc.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/lock.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/user_namespace.h"

#define BUCKETS	64u

/* A user of a namespace. */
struct ucounts {
	struct ucounts *next;		/* [ucounts_lock] */
	struct user_namespace *ns;	/* (!) held by whatever is counted */
	u32 uid;			/* (!) */
	u32 refs;			/* [ucounts_lock] of namespaces and instances made by this user */
	u32 count[NR_UCOUNTS];		/* [ucounts_lock] these, and those made below the user namespaces among them */
};

static struct spinlock ucounts_lock = SPINLOCK_INIT("ucounts_lock", RANK_UCOUNTS);
static struct ucounts *table[BUCKETS];		/* [ucounts_lock] */

/* Where it is, or would be. */
static struct ucounts **slot_of(const struct user_namespace *ns, u32 uid)
{
	struct ucounts **at = &table[(ns->ns.inum + uid) % BUCKETS];

	assert_held(&ucounts_lock);
	while (*at && ((*at)->ns != ns || (*at)->uid != uid))
		at = &(*at)->next;
	return at;
}

/* Referenced. NULL: no memory. */
static struct ucounts *get_ucounts(struct user_namespace *ns, u32 uid)
{
	struct ucounts *new = kzalloc(sizeof(*new), GFP_KERNEL), *u, **at;

	if (!new)
		return NULL;
	new->ns = ns;
	new->uid = uid;
	spin_lock(&ucounts_lock);
	at = slot_of(ns, uid);
	if (!*at) {
		*at = new;
		new = NULL;
	}
	u = *at;
	u->refs++;
	spin_unlock(&ucounts_lock);
	kfree(new);
	return u;
}

static void put_ucounts(struct ucounts *u)
{
	spin_lock(&ucounts_lock);
	if (--u->refs)
		u = NULL;
	else
		*slot_of(u->ns, u->uid) = u->next;
	spin_unlock(&ucounts_lock);
	kfree(u);
}

/* Who answers for u's in the namespace above. NULL: there is none. */
static struct ucounts *above(const struct ucounts *u)
{
	return u->ns->ns.ucounts;
}

bool ucount_charge(struct ucounts *u, enum ucount_type type)
{
	struct ucounts *full;

	spin_lock(&ucounts_lock);
	for (full = u; full && full->count[type] < (u32)READ_ONCE(full->ns->ucount_max[type]); full = above(full))
		;
	for (struct ucounts *i = full ? NULL : u; i; i = above(i))
		i->count[type]++;
	spin_unlock(&ucounts_lock);
	return !full;
}

void ucount_uncharge(struct ucounts *u, enum ucount_type type)
{
	spin_lock(&ucounts_lock);
	for (struct ucounts *i = u; i; i = above(i)) {
		assert(i->count[type]);
		i->count[type]--;
	}
	spin_unlock(&ucounts_lock);
}

struct ucounts *inc_ucount(struct user_namespace *ns, u32 uid, enum ucount_type type)
{
	struct ucounts *u = get_ucounts(ns, uid);

	if (!u || ucount_charge(u, type))
		return u;
	put_ucounts(u);
	return NULL;
}

void dec_ucount(struct ucounts *u, enum ucount_type type)
{
	if (!u)
		return;
	ucount_uncharge(u, type);
	put_ucounts(u);
}

void ucount_init_boot(int max)
{
	for (unsigned i = 0; i < NR_UCOUNTS; i++)
		init_user_ns.ucount_max[i] = max;
}

/* --- /proc/sys/user: the limits of current's own namespace --- */

static bool may_write(void)
{
	return ns_capable(current_user_ns(), CAP_SYS_RESOURCE);
}

#define LIMIT(id, kind)										\
	static s64 id##_show(char *buf, size_t n)							\
	{											\
		return (s64)kscnprintf(buf, n, "%d\n", READ_ONCE(current_user_ns()->ucount_max[kind]));	\
	}											\
	static s64 id##_store(const char *buf, size_t n)						\
	{											\
		return sysctl_store_int(buf, n, &current_user_ns()->ucount_max[kind], 0, INT32_MAX);	\
	}											\
	PSEUDO_FILE(sysctl_file_##id, .path = "/proc/sys/user/" #id, .mode = 0644, .show = id##_show,	\
		    .store = id##_store, .may_write = may_write)

LIMIT(max_user_namespaces, UCOUNT_USER);
LIMIT(max_pid_namespaces, UCOUNT_PID);
LIMIT(max_uts_namespaces, UCOUNT_UTS);
LIMIT(max_ipc_namespaces, UCOUNT_IPC);
LIMIT(max_net_namespaces, UCOUNT_NET);
LIMIT(max_mnt_namespaces, UCOUNT_MNT);
LIMIT(max_cgroup_namespaces, UCOUNT_CGROUP);
LIMIT(max_time_namespaces, UCOUNT_TIME);
LIMIT(max_inotify_instances, UCOUNT_INOTIFY_INSTANCES);
LIMIT(max_inotify_watches, UCOUNT_INOTIFY_WATCHES);
