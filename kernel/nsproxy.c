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
#include "kernel/utsname.h"

#define PROC_DYNAMIC_FIRST	0xf0000000u

struct nsproxy init_nsproxy = {
	.count = 1,
	.ns = {
		[NS_UTS] = &init_uts_ns.ns, [NS_IPC] = &init_ipc_ns.ns, [NS_PID] = &init_pid_ns.ns, [NS_NET] = &init_net.ns, [NS_CGROUP] = &init_cgroup_ns.ns,
		[NS_MNT] = &init_mnt_ns.ns,
	},
};

/* --- one namespace --- */

/* LINUX: the numbers of those that are gone come again only after 268 million. */
static u32 new_inum(void)
{
	static _Atomic u32 made;

	return PROC_DYNAMIC_FIRST + atomic_fetch_add(&made, 1) % (UINT32_MAX - PROC_DYNAMIC_FIRST);
}

void ns_init(struct ns_common *ns, const struct ns_ops *ops)
{
	*ns = (struct ns_common)NS_COMMON_INIT(new_inum(), ops);
}

void ns_put(struct ns_common *ns)
{
	if (atomic_fetch_sub(&ns->count, 1) == 1)
		ns->ops->free(ns);
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

/* As current's, but with new ones of the kinds in flags. ERR_PTR. */
static struct nsproxy *create_new_namespaces(u64 flags)
{
	struct nsproxy *p = kzalloc(sizeof(*p), GFP_KERNEL), *old = current->nsproxy;

	if (!p)
		return ERR_PTR(-ENOMEM);
	atomic_init(&p->count, 1);
	for (enum ns_kind k = 0; k < NR_NS; k++) {
		struct ns_common *ns = flags & ops_of(k)->type ? old->ns[k]->ops->copy(old->ns[k]) : ns_get(old->ns[k]);

		if (IS_ERR(ns)) {
			nsproxy_put(p);
			return (struct nsproxy *)ns;
		}
		p->ns[k] = ns;
	}
	return p;
}

struct nsproxy *copy_namespaces(u64 flags)
{
	if (likely(!(flags & CLONE_NEWANY)))
		return nsproxy_get(current->nsproxy);
	might_sleep();
	if (!capable(CAP_SYS_ADMIN))
		return ERR_PTR(-EPERM);
	if ((flags & (CLONE_NEWIPC | CLONE_SYSVSEM)) == (CLONE_NEWIPC | CLONE_SYSVSEM))
		return ERR_PTR(-EINVAL);	/* what is shared could not be reached there */
	if (flags & CLONE_NEWANY & ~all_types())
		return ERR_PTR(-EINVAL);	/* LINUX: a kind that is not there, as if it was built without it */
	return create_new_namespaces(flags);
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
	nsproxy_put(old);
}

int unshare_nsproxy_namespaces(u64 flags)
{
	struct nsproxy *p = copy_namespaces(flags & ~(u64)CLONE_SYSVSEM);
	int err;

	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	err = flags & CLONE_NEWNS ? fs_unshare() : 0;
	if (err)
		nsproxy_put(p);
	else
		switch_namespaces(p, flags);
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

/* --- setns --- */

/* Current is to have ns for the one of its kind in p, which nobody else has yet. */
static int install(struct nsproxy *p, struct ns_common *ns)
{
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = ns->ops->install ? ns->ops->install(ns) : 0;
	for (enum ns_kind k = 0; !err && k < NR_NS; k++) {
		if (ops_of(k) != ns->ops)
			continue;
		ns_put(p->ns[k]);
		p->ns[k] = ns_get(ns);
	}
	return err;
}

/* All the kinds in flags, from process g. 0, -ESRCH, -EPERM, -EINVAL. */
static int install_all(struct nsproxy *p, struct group *g, u64 flags)
{
	struct task *t;
	int err = 0;

	if (!flags || flags & ~all_types())
		return -EINVAL;
	t = get_leader(g);
	if (!t)
		return -ESRCH;
	if (!ptrace_may_access(t, PTRACE_REALCREDS))
		err = -EPERM;
	for (enum ns_kind k = 0; !err && k < NR_NS; k++) {
		struct ns_common *ns;

		if (!(flags & ops_of(k)->type))
			continue;
		ns = task_ns(t, k);
		if (ns && k == NS_PID) {
			ns_put(ns);
			ns = &pid_ns_get(g->pid_ns)->ns;	/* where it lives, not where its children will */
		}
		err = ns ? install(p, ns) : -ESRCH;
		if (ns)
			ns_put(ns);
	}
	put_task(t);
	return err;
}

/* The one that file fd stands for, whose type is *flags then. 0, -EBADF, -EPERM, -EINVAL. */
static int install_file(struct nsproxy *p, int fd, u64 *flags)
{
	struct ns_common *ns = ns_of_fd(fd);
	int err;

	if (IS_ERR(ns))
		return (int)PTR_ERR(ns);
	err = *flags && *flags != ns->ops->type ? -EINVAL : install(p, ns);
	*flags = ns->ops->type;
	ns_put(ns);
	return err;
}

/* All or none. */
long sys_setns(int fd, int flags)
{
	u64 types = (u32)flags;
	struct nsproxy *p;
	struct group *g;
	u32 file_flags;
	int err;

	p = create_new_namespaces(0);
	if (IS_ERR(p))
		return PTR_ERR(p);
	g = pidfd_group(fd, &file_flags);
	if (IS_ERR(g)) {
		err = install_file(p, fd, &types);
	} else {
		err = install_all(p, g, types);
		group_put(g);
	}
	if (err) {
		nsproxy_put(p);
		return err;
	}
	switch_namespaces(p, types);
	for (enum ns_kind k = 0; k < NR_NS; k++)
		if (types & ops_of(k)->type && ops_of(k)->entered)
			ops_of(k)->entered(p->ns[k]);
	return 0;
}
