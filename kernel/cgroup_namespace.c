// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroup namespaces: where a process thinks the trees of groups begin. Mirrors Linux
 * kernel/cgroup/namespace.c.
 *
 * A namespace is three groups, one of each tree: those that its maker was in. Paths in
 * /proc/PID/cgroup begin there, and so does what is mounted inside. Nobody is kept from the groups
 * above, but by the mount option nsdelegate.
 *
 * Locks: css_lock.
 */
#include "kernel/cgroup.h"
#include "kernel/mm/mm.h"
#include "kernel/nsproxy.h"

#define PROC_CGROUP_INIT_INO	0xeffffffbu

/* --- the namespaces --- */

static struct cgroup_namespace *to_cg_ns(struct ns_common *ns)
{
	return container_of(ns, struct cgroup_namespace, ns);
}

static struct ns_common *copy_cgroup_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	struct cgroup_namespace *ns = kmalloc(sizeof(*ns), GFP_KERNEL);

	(void)old;
	if (!ns)
		return ERR_PTR(-ENOMEM);
	if (ns_init(&ns->ns, &cgroup_ns_ops, user_ns)) {
		kfree(ns);
		return ERR_PTR(-ENOSPC);
	}
	spin_lock(&css_lock);
	for (unsigned tree = 0; tree < NR_CG_TREES; tree++)
		ns->root[tree] = cgroup_get(task_cgroup(current, tree));
	spin_unlock(&css_lock);
	return &ns->ns;
}

static void free_cgroup_ns(struct ns_common *ns)
{
	for (unsigned tree = 0; tree < NR_CG_TREES; tree++)
		cgroup_put(to_cg_ns(ns)->root[tree]);
	kfree(to_cg_ns(ns));
}

const struct ns_ops cgroup_ns_ops = {
	.name = "cgroup", .type = CLONE_NEWCGROUP, .ucount = UCOUNT_CGROUP, .copy = copy_cgroup_ns,
	.free = free_cgroup_ns,
};

struct cgroup_namespace init_cgroup_ns = {
	.ns = NS_COMMON_INIT(PROC_CGROUP_INIT_INO, &cgroup_ns_ops),
	.root = { &cgroup_roots[CG_V2], &cgroup_roots[CG_FREEZER], &cgroup_roots[CG_MEMORY] },
};

bool in_init_cgroup_ns(void)
{
	return current->nsproxy->ns[NS_CGROUP] == &init_cgroup_ns.ns;
}

struct cgroup *cgroup_ns_root(enum cgroup_tree tree)
{
	return to_cg_ns(current->nsproxy->ns[NS_CGROUP])->root[tree];
}

void cgroup_ns_begin_at(struct task *p, struct cgroup *cg)
{
	struct cgroup_namespace *ns = to_cg_ns(p->nsproxy->ns[NS_CGROUP]);

	cgroup_put(ns->root[cg->tree]);
	ns->root[cg->tree] = cgroup_get(cg);
}
