// SPDX-License-Identifier: GPL-2.0-only
/*
 * User namespaces: how they are made, entered, ended, and what ids are called in them. Mirrors Linux
 * kernel/user_namespace.c; user_namespace_map.c has the files that say what ids are called.
 *
 * A map is written once, and read without a lock: its extents are there before their number is.
 *
 * Locks: task_lock; userns_mutex of user_namespace_map.c.
 */
#include "kernel/user_namespace.h"
#include "kernel/abi.h"
#include "kernel/fs/dcache.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

#define PROC_USER_INIT_INO	0xeffffffdu

static struct uid_gid_extent everybody = { .count = UINT32_MAX };

struct user_namespace init_user_ns = {
	.ns = { .count = 1, .inum = PROC_USER_INIT_INO, .ops = &user_ns_ops },
	.map = { { 1, &everybody }, { 1, &everybody }, { 1, &everybody } },
};

static struct user_namespace *to_user_ns(struct ns_common *ns)
{
	return container_of(ns, struct user_namespace, ns);
}

/* --- ids --- */

int sysctl_overflowuid = 65534, sysctl_overflowgid = 65534;

u32 map_id_down(const struct user_namespace *ns, enum id_kind k, u32 id)
{
	const struct uid_gid_map *m = &ns->map[k];

	for (u32 n = atomic_load_explicit(&m->nr, memory_order_acquire), i = 0; i < n; i++)
		if (id - m->extents[i].first < m->extents[i].count)
			return id - m->extents[i].first + m->extents[i].lower_first;
	return INVALID_ID;
}

u32 map_id_up(const struct user_namespace *ns, enum id_kind k, u32 id)
{
	const struct uid_gid_map *m = &ns->map[k];

	for (u32 n = atomic_load_explicit(&m->nr, memory_order_acquire), i = 0; i < n; i++)
		if (id - m->extents[i].lower_first < m->extents[i].count)
			return id - m->extents[i].lower_first + m->extents[i].first;
	return INVALID_ID;
}

u32 __from_kuid_munged(const struct user_namespace *ns, u32 uid)
{
	uid = from_kuid(ns, uid);
	return uid == INVALID_ID ? (u32)READ_ONCE(sysctl_overflowuid) : uid;
}

u32 __from_kgid_munged(const struct user_namespace *ns, u32 gid)
{
	gid = from_kgid(ns, gid);
	return gid == INVALID_ID ? (u32)READ_ONCE(sysctl_overflowgid) : gid;
}

u32 kuid_for_task(struct task *t, u32 uid)
{
	if (likely(READ_ONCE(t->cred.user_ns) == &init_user_ns))
		return uid;
	task_lock(t);
	uid = from_kuid_munged(t->cred.user_ns, uid);
	task_unlock(t);
	return uid;
}

/* --- life --- */

void set_cred_user_ns(struct cred *new, struct user_namespace *ns)
{
	new->securebits = 0;
	new->cap_inheritable = new->cap_ambient = 0;
	new->cap_permitted = new->cap_effective = new->cap_bset = CAP_FULL_SET;
	new->user_ns = ns;
}

/* Whose root is not that of all files could reach the rest with the capabilities that it gets. */
static bool may_be_root(const struct cred *c)
{
	return !current_chrooted() && from_kuid(c->user_ns, c->euid) != INVALID_ID &&
		from_kgid(c->user_ns, c->egid) != INVALID_ID;
}

int create_user_ns(struct cred *new)
{
	struct user_namespace *parent = new->user_ns, *ns;

	if (parent->level >= MAX_USER_NS_LEVEL)
		return -ENOSPC;
	ns = kzalloc(sizeof(*ns), GFP_KERNEL);
	if (!ns)
		return -ENOMEM;
	if (ns_init(&ns->ns, &user_ns_ops, parent)) {
		kfree(ns);
		return -ENOSPC;
	}
	if (!may_be_root(new)) {
		ns_put(&ns->ns);
		return -EPERM;
	}
	for (unsigned i = 0; i < NR_UCOUNTS; i++)
		ns->ucount_max[i] = INT32_MAX;
	ns->level = parent->level + 1;
	ns->owner = new->euid;
	ns->group = new->egid;
	ns->nproc_max = current->cred.uid || parent != &init_user_ns
		? current->group->rlim[RLIMIT_NPROC].rlim_cur : RLIM64_INFINITY;
	ns->parent_could_setfcap = new->cap_effective & CAP_TO_MASK(CAP_SETFCAP);
	ns->setgroups_denied = !userns_setgroups_allowed(parent);
	set_cred_user_ns(new, ns);
	return 0;
}

/* Any context. */
static void free_user_ns(struct ns_common *c)
{
	struct user_namespace *ns = to_user_ns(c);

	for (unsigned k = 0; k < NR_IDS; k++)
		kfree(ns->map[k].extents);
	kfree(ns);
}

struct user_namespace *task_user_ns(struct task *t)
{
	struct user_namespace *ns;

	task_lock(t);
	ns = get_user_ns(t->cred.user_ns);
	task_unlock(t);
	return ns;
}

bool in_user_ns(const struct user_namespace *ancestor, const struct user_namespace *ns)
{
	while (ns->level > ancestor->level)
		ns = user_ns_parent(ns);
	return ns == ancestor;
}

int may_enter_user_ns(struct user_namespace *ns)
{
	bool alone;

	if (ns == current_user_ns())
		return -EINVAL;		/* capabilities that were given up do not come back */
	read_lock(&tasklist_lock);
	alone = thread_group_empty(current);
	read_unlock(&tasklist_lock);
	if (!alone || atomic_load(&current->fs->refs) != 1)
		return -EINVAL;
	return ns_capable(ns, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

const struct ns_ops user_ns_ops = {
	.name = "user", .type = CLONE_NEWUSER, .ucount = UCOUNT_USER, .free = free_user_ns, .parent = ns_get_owner,
};
