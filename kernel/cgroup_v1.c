// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only the trees of version 1 have: the flags that a new group takes from its parent, and the
 * program that is run when a group becomes empty. Mirrors Linux kernel/cgroup/cgroup-v1.c.
 *
 * Locks: cgroup_mutex; css_lock, cgroup_events_lock.
 */
#include "kernel/cgroup.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/pause.h"
#include "kernel/umh.h"

#define ON_V1	(ON(CG_FREEZER) | ON(CG_MEMORY))

static char *release_agent[NR_CG_TREES];	/* [C] NULL: none */
static LIST_HEAD(to_release);			/* [cgroup_events_lock] of cgroup.release_node; each holds its group */

/* --- a group that is empty --- */

void cgroup1_check_for_release(struct cgroup *cg)
{
	bool tell;

	assert_held(&css_lock);
	if (!cg->notify_on_release || cg->nr_tasks || cg->nr_populated_children || cg->nr_children || cg->dead)
		return;
	spin_lock(&cgroup_events_lock);
	tell = list_empty(&cg->release_node);
	if (tell) {
		cgroup_get(cg);
		list_add_tail(&cg->release_node, &to_release);
	}
	spin_unlock(&cgroup_events_lock);
	if (tell)
		cgroup_wake_notifier();
}

bool cgroup1_release_pending(void)
{
	return !list_empty(&to_release);
}

struct release {
	struct subprocess_info umh;
	const char *argv[3];		/* NULL at the end */
	char agent[K_PATH_MAX], group[K_PATH_MAX];
};

static void free_release(struct subprocess_info *info)
{
	kfree(container_of(info, struct release, umh));
}

static int before_agent(struct subprocess_info *info)
{
	(void)info;
	pause_point("release_agent");
	return 0;
}

/* What the agent is to be told. NULL: there is none, or no memory. */
static struct release *release_of(struct cgroup *cg)
{
	struct release *r = kzalloc(sizeof(*r), GFP_KERNEL);
	bool ok = false;

	mutex_lock(&cgroup_mutex);
	if (r && release_agent[cg->tree]) {
		kstrlcpy(r->agent, release_agent[cg->tree], sizeof(r->agent));
		ok = cgroup_path(cg, &cgroup_roots[cg->tree], r->group, sizeof(r->group)) > 0;
	}
	mutex_unlock(&cgroup_mutex);
	if (ok)
		return r;
	kfree(r);
	return NULL;
}

/* Sleeps until it is a program, or gone. */
static void start_agent(struct cgroup *cg)
{
	static const char *const envp[] = { "HOME=/", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", NULL };
	struct release *r = release_of(cg);

	if (!r)
		return;
	r->argv[0] = r->agent;
	r->argv[1] = r->group;
	r->umh = (struct subprocess_info){ .argv = r->argv, .envp = envp, .init = before_agent, .free = free_release };
	(void)call_usermodehelper(&r->umh);
	umh_put(&r->umh);
}

void cgroup1_release(void)
{
	struct cgroup *cg = NULL;

	spin_lock(&cgroup_events_lock);
	if (!list_empty(&to_release)) {
		cg = list_first(&to_release, struct cgroup, release_node);
		list_del(&cg->release_node);
	}
	spin_unlock(&cgroup_events_lock);
	if (!cg)
		return;
	start_agent(cg);
	cgroup_put(cg);
}

/* --- files --- */

void cgroup1_forget(enum cgroup_tree tree)
{
	assert_held(&cgroup_mutex);
	kfree(release_agent[tree]);
	release_agent[tree] = NULL;
	cgroup_roots[tree].notify_on_release = cgroup_roots[tree].clone_children = false;
}

static s64 flag_show(bool v, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\n", v);
}

/* LINUX: a blank before the number is EINVAL. */
static s64 flag_write(struct cgroup *cg, bool *flag, const char *buf)
{
	u64 v;
	int err = kparse_u64(buf, &v);

	if (!err)
		err = cgroup_lock_live(cg);
	if (err)
		return err;
	WRITE_ONCE(*flag, v != 0);
	mutex_unlock(&cgroup_mutex);
	return 0;
}

static s64 notify_show(struct cgroup *cg, char *buf, size_t n)
{
	return flag_show(READ_ONCE(cg->notify_on_release), buf, n);
}

static s64 notify_write(struct cgroup *cg, char *buf) { return flag_write(cg, &cg->notify_on_release, buf); }
static s64 clone_show(struct cgroup *cg, char *buf, size_t n)
{
	return flag_show(READ_ONCE(cg->clone_children), buf, n);
}

static s64 clone_write(struct cgroup *cg, char *buf) { return flag_write(cg, &cg->clone_children, buf); }

static s64 agent_show(struct cgroup *cg, char *buf, size_t n)
{
	size_t len;

	mutex_lock(&cgroup_mutex);
	len = kscnprintf(buf, n, "%s\n", release_agent[cg->tree] ? release_agent[cg->tree] : "");
	mutex_unlock(&cgroup_mutex);
	return (s64)len;
}

/* It will run with every capability. */
static s64 agent_write(struct cgroup *cg, char *buf)
{
	size_t len = kstrlen(buf);
	char *path = NULL, *old;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len >= K_PATH_MAX)
		return -E2BIG;
	if (len) {
		path = kzalloc(len + 1, GFP_KERNEL);
		if (!path)
			return -ENOMEM;
		kmemcpy(path, buf, len);
	}
	mutex_lock(&cgroup_mutex);
	old = release_agent[cg->tree];
	release_agent[cg->tree] = path;
	mutex_unlock(&cgroup_mutex);
	kfree(old);
	return 0;
}

static s64 sane_show(struct cgroup *cg, char *buf, size_t n)
{
	(void)cg;
	return flag_show(false, buf, n);
}

CGROUP_FILE(file_notify, .name = "notify_on_release", .trees = ON_V1, .show = notify_show, .write = notify_write);
CGROUP_FILE(file_clone_children, .name = "cgroup.clone_children", .trees = ON_V1,
	.show = clone_show, .write = clone_write);
CGROUP_FILE(file_release_agent, .name = "release_agent", .trees = ON_V1, .only_on_root = true,
	.show = agent_show, .write = agent_write);
CGROUP_FILE(file_sane, .name = "cgroup.sane_behavior", .trees = ON_V1, .only_on_root = true, .show = sane_show);
