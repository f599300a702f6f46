// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which namespaces a task has: clone, unshare and setns for all kinds. Mirrors Linux
 * kernel/nsproxy.c.
 *
 * Locks: task_lock around the pointer to change it, and for others to read it.
 */
#include "kernel/nsproxy.h"
#include "kernel/abi.h"
#include "kernel/cgroup.h"
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/fs/net_namespace.h"
#include "kernel/mnt_namespace.h"
#include "kernel/ipc/ipc.h"
#include "kernel/mm/mm.h"
#include "kernel/pid.h"
#include "kernel/task.h"
#include "kernel/time_namespace.h"
#include "kernel/utsname.h"

#define PROC_DYNAMIC_FIRST	0xf0000000u

struct nsproxy init_nsproxy = {
	.count = 1,
	.ns = {
		[NS_UTS] = &init_uts_ns.ns, [NS_IPC] = &init_ipc_ns.ns, [NS_PID] = &init_pid_ns.ns,
		[NS_NET] = &init_net.ns, [NS_CGROUP] = &init_cgroup_ns.ns,
		[NS_MNT] = &init_mnt_ns.ns, [NS_TIME_FOR_CHILDREN] = &init_time_ns.ns, [NS_TIME] = &init_time_ns.ns,
	},
};

/* --- one namespace --- */

/* LINUX: the numbers of those that are gone come again only after 268 million. */
static u32 new_inum(void)
{
	static _Atomic u32 made;

	return PROC_DYNAMIC_FIRST + atomic_fetch_add(&made, 1) % (UINT32_MAX - PROC_DYNAMIC_FIRST);
}

int ns_init(struct ns_common *ns, const struct ns_ops *ops, struct user_namespace *user_ns)
{
	struct ucounts *u = inc_ucount(user_ns, current->cred.euid, ops->ucount);

	if (!u)
		return -ENOSPC;
	*ns = (struct ns_common){ .count = 1, .inum = new_inum(), .ops = ops, .user_ns = get_user_ns(user_ns), .ucounts = u };
	return 0;
}

/* Those it belongs to may go with it: a loop, for they can be many. */
void ns_put(struct ns_common *ns)
{
	while (ns != &init_user_ns.ns && atomic_fetch_sub(&ns->count, 1) == 1) {
		struct user_namespace *user_ns = ns->user_ns;

		dec_ucount(ns->ucounts, ns->ops->ucount);
		ns->ops->free(ns);
		ns = &user_ns->ns;
	}
}

/* --- a task's --- */

static const struct ns_ops *ops_of(enum ns_kind k)
{
	return init_nsproxy.ns[k]->ops;
}

static u64 all_types(void)
{
	u64 types = 0;

	for (enum ns_kind k = 0; k < NR_NS; k++)
		types |= ops_of(k)->type;
	return types;
}

void nsproxy_put(struct nsproxy *p)
{
	if (atomic_fetch_sub(&p->count, 1) != 1)
		return;
	for (enum ns_kind k = 0; k < NR_NS; k++)
		if (p->ns[k])
			ns_put(p->ns[k]);
	kfree(p);
}

/* As current's, but with new ones of the kinds in flags, which belong to user_ns. ERR_PTR. */
static struct nsproxy *create_new_namespaces(u64 flags, struct user_namespace *user_ns)
{
	struct nsproxy *p = kzalloc(sizeof(*p), GFP_KERNEL), *old = current->nsproxy;

	if (!p)
		return ERR_PTR(-ENOMEM);
	atomic_init(&p->count, 1);
	for (enum ns_kind k = 0; k < NR_NS; k++) {
		struct ns_common *ns = flags & ops_of(k)->type && k != NS_TIME
			? old->ns[k]->ops->copy(old->ns[k], user_ns) : ns_get(old->ns[k]);

		if (IS_ERR(ns)) {
			nsproxy_put(p);
			return (struct nsproxy *)ns;
		}
		p->ns[k] = ns;
	}
	return p;
}

/* Is p a namespace of time to be entered by who has memory of its own? */
static bool time_is_to_come(const struct nsproxy *p)
{
	return p->ns[NS_TIME] != p->ns[NS_TIME_FOR_CHILDREN];
}

/* p, which nobody has yet, is of somebody with memory of its own. */
static struct nsproxy *enter_time(struct nsproxy *p)
{
	if (!IS_ERR(p) && time_is_to_come(p)) {
		ns_put(p->ns[NS_TIME]);
		p->ns[NS_TIME] = ns_get(p->ns[NS_TIME_FOR_CHILDREN]);
	}
	return p;
}

/* What current may make. As copy_namespaces, but for time. */
static struct nsproxy *new_namespaces(u64 flags, struct user_namespace *user_ns)
{
	u64 types = flags & CLONE_NEWANY & ~(u64)CLONE_NEWUSER;

	if (!types)
		return nsproxy_get(current->nsproxy);
	might_sleep();
	if (!ns_capable(user_ns, CAP_SYS_ADMIN))
		return ERR_PTR(-EPERM);
	if ((flags & (CLONE_NEWIPC | CLONE_SYSVSEM)) == (CLONE_NEWIPC | CLONE_SYSVSEM))
		return ERR_PTR(-EINVAL);	/* what is shared could not be reached there */
	if (types & ~all_types())
		return ERR_PTR(-EINVAL);	/* LINUX: a kind that is not there, as if it was built without it */
	return create_new_namespaces(types, user_ns);
}

struct nsproxy *copy_namespaces(u64 flags, struct user_namespace *user_ns)
{
	struct nsproxy *old = current->nsproxy;

	if (unlikely(flags & CLONE_NEWANY & ~(u64)CLONE_NEWUSER))
		return flags & CLONE_VM ? new_namespaces(flags, user_ns) : enter_time(new_namespaces(flags, user_ns));
	if (likely(flags & CLONE_VM || !time_is_to_come(old)))
		return nsproxy_get(old);
	return enter_time(create_new_namespaces(0, user_ns));
}

/* Current has p, which is taken over, with new ones of the kinds in flags. */
static void switch_namespaces(struct nsproxy *p, u64 flags)
{
	struct nsproxy *old = current->nsproxy;

	if (flags & CLONE_NEWIPC)
		exit_sem(current);
	task_lock(current);
	current->nsproxy = p;
	task_unlock(current);
	time_ns_enter(current, to_time_ns(p->ns[NS_TIME]));
	nsproxy_put(old);
}

int exec_namespaces(void)
{
	struct nsproxy *p;

	if (likely(!time_is_to_come(current->nsproxy)))
		return 0;
	p = enter_time(create_new_namespaces(0, current_user_ns()));
	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	switch_namespaces(p, 0);
	return 0;
}

int unshare_nsproxy_namespaces(u64 flags)
{
	struct cred new = current->cred;
	int err = flags & CLONE_NEWUSER ? create_user_ns(&new) : 0;
	struct nsproxy *p;

	if (err)
		return err;
	p = new_namespaces(flags & ~(u64)CLONE_SYSVSEM, new.user_ns);
	if (IS_ERR(p))
		err = (int)PTR_ERR(p);
	else if (flags & (CLONE_NEWNS | CLONE_NEWUSER))
		err = fs_unshare();	/* what is allowed there is not for those who share the directories */
	if (!err) {
		switch_namespaces(p, flags);
		if (flags & CLONE_NEWUSER)
			commit_creds(&new);
		return 0;
	}
	if (!IS_ERR(p))
		nsproxy_put(p);
	if (flags & CLONE_NEWUSER)
		put_user_ns(new.user_ns);
	return err;
}

struct ns_common *task_ns(struct task *t, enum ns_kind k)
{
	struct ns_common *ns = NULL;

	task_lock(t);
	if (t->nsproxy)
		ns = ns_get(t->nsproxy->ns[k]);
	task_unlock(t);
	return ns;
}

struct ns_common *ns_get_owner(struct ns_common *ns)
{
	if (!ns->user_ns || !in_user_ns(current_user_ns(), ns->user_ns))
		return ERR_PTR(-EPERM);
	return &get_user_ns(ns->user_ns)->ns;
}

/* --- setns --- */

/* What current is to have, which nobody else has yet. */
struct nsset {
	struct nsproxy *p;
	struct user_namespace *user_ns;	/* referenced */
};

/* Current is to have ns for the one of its kind. */
static int install(struct nsset *set, struct ns_common *ns)
{
	int err;

	if (ns->ops == &user_ns_ops) {
		struct user_namespace *user_ns = container_of(ns, struct user_namespace, ns);

		err = may_enter_user_ns(user_ns);
		if (!err) {
			put_user_ns(set->user_ns);
			set->user_ns = get_user_ns(user_ns);
		}
		return err;
	}
	if (ns->ops == &time_ns_ops && !current_is_single_threaded())
		return -EUSERS;		/* whoever asks */
	if (!ns_capable(ns->user_ns, CAP_SYS_ADMIN) || !ns_capable(set->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	err = ns->ops->install ? ns->ops->install(ns, set->user_ns) : 0;
	for (enum ns_kind k = 0; !err && k < NR_NS; k++) {
		if (ops_of(k) != ns->ops)
			continue;
		ns_put(set->p->ns[k]);
		set->p->ns[k] = ns_get(ns);
	}
	return err;
}

static int install_user_ns_of(struct nsset *set, struct task *t)
{
	struct user_namespace *user_ns = task_user_ns(t);
	int err = install(set, &user_ns->ns);

	put_user_ns(user_ns);
	return err;
}

/*
 * All the kinds in flags, from process g; that of users first, for it gives the right to others. 0,
 * -ESRCH, -EPERM, -EINVAL.
 */
static int install_all(struct nsset *set, struct group *g, u64 flags)
{
	struct task *t;
	int err = 0;

	if (!flags || flags & ~(all_types() | CLONE_NEWUSER))
		return -EINVAL;
	t = get_leader(g);
	if (!t)
		return -ESRCH;
	if (!ptrace_may_access(t, PTRACE_REALCREDS))
		err = -EPERM;
	if (!err && flags & CLONE_NEWUSER)
		err = install_user_ns_of(set, t);
	for (enum ns_kind k = 0; !err && k < NR_NS; k++) {
		struct ns_common *ns;

		if (!(flags & ops_of(k)->type) || k == NS_TIME_FOR_CHILDREN)
			continue;
		ns = task_ns(t, k);
		if (ns && k == NS_PID) {
			ns_put(ns);
			ns = &pid_ns_get(g->pid_ns)->ns;	/* where it lives, not where its children will */
		}
		err = ns ? install(set, ns) : -ESRCH;
		if (ns)
			ns_put(ns);
	}
	put_task(t);
	return err;
}

/* The one that file fd stands for, whose type is *flags then. 0, -EBADF, -EPERM, -EINVAL. */
static int install_file(struct nsset *set, int fd, u64 *flags)
{
	struct ns_common *ns = ns_of_fd(fd);
	int err;

	if (IS_ERR(ns))
		return (int)PTR_ERR(ns);
	err = *flags && *flags != ns->ops->type ? -EINVAL : install(set, ns);
	*flags = ns->ops->type;
	ns_put(ns);
	return err;
}

static void commit_nsset(const struct nsset *set, u64 types)
{
	struct cred new = current->cred;

	switch_namespaces(set->p, types);
	if (set->user_ns == new.user_ns) {
		put_user_ns(set->user_ns);
	} else {
		set_cred_user_ns(&new, set->user_ns);
		commit_creds(&new);
	}
	for (enum ns_kind k = 0; k < NR_NS; k++)
		if (types & ops_of(k)->type && ops_of(k)->entered)
			ops_of(k)->entered(set->p->ns[k]);
}

/* All or none. */
long sys_setns(int fd, int flags)
{
	struct nsset set = { create_new_namespaces(0, NULL), get_user_ns(current_user_ns()) };
	u64 types = (u32)flags;
	struct group *g;
	u32 file_flags;
	int err;

	if (IS_ERR(set.p)) {
		put_user_ns(set.user_ns);
		return PTR_ERR(set.p);
	}
	g = pidfd_group(fd, &file_flags);
	if (IS_ERR(g)) {
		err = install_file(&set, fd, &types);
	} else {
		err = install_all(&set, g, types);
		group_put(g);
	}
	if (!err) {
		commit_nsset(&set, types);
		return 0;
	}
	nsproxy_put(set.p);
	put_user_ns(set.user_ns);
	return err;
}
