// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control groups: which there are, who is in them, and whether anybody is. Mirrors Linux
 * kernel/cgroup/cgroup.c. cgroup_attach.c moves tasks, cgroup_core.c has the files of every group,
 * fs/cgroupfs.c shows groups as directories.
 *
 * A group lives as long as anybody holds it: removed, it keeps its place above its children, and
 * dead tasks that nobody waited for keep it too. Whoever looks at the groups of a task holds
 * tasklist_lock or css_lock; a move holds both.
 *
 * Locks: cgroup_mutex, tasklist_lock, siglock, css_lock, cgroup_events_lock.
 */
#include "kernel/cgroup.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/mm.h"
#include "kernel/pause.h"

struct mutex cgroup_mutex = MUTEX_INIT(cgroup_mutex, "cgroup_mutex", RANK_CGROUP);
struct spinlock css_lock = SPINLOCK_INIT("css_lock", RANK_CSS);
static u64 last_id = 1;				/* [C] */

#define ROOT(t)								\
	[t] = { .refs = 1, .tree = t, .id = 1, .name = "",		\
		.children = LIST_INIT(cgroup_roots[t].children),	\
		.sibling = LIST_INIT(cgroup_roots[t].sibling),		\
		.release_node = LIST_INIT(cgroup_roots[t].release_node),	\
		.max_descendants = ~0u, .max_depth = ~0u }
struct cgroup cgroup_roots[NR_CG_TREES] = { ROOT(CG_V2), ROOT(CG_FREEZER), ROOT(CG_MEMORY) };

/* --- the tree --- */

void cgroup_put(struct cgroup *cg)
{
	while (cg && atomic_fetch_sub(&cg->refs, 1) == 1) {
		struct cgroup *parent = cg->parent;

		assert(cg->dead && list_empty(&cg->children) && !cg->nr_tasks && !cg->nr_populated_children);
		for (struct cgroup *p = parent; p; p = p->parent)
			atomic_fetch_sub(&p->nr_dying, 1);
		kfree(cg);
		cg = parent;
	}
}

bool cgroup_is_descendant(const struct cgroup *cg, const struct cgroup *ancestor)
{
	while (cg && cg->level > ancestor->level)
		cg = cg->parent;
	return cg == ancestor;
}

bool cgroup_has_process(const struct cgroup *cg, struct task *p)
{
	struct task *t;

	for_each_thread(p->group, t)
		if (!t->cgroup_gone && cgroup_is_descendant(task_cgroup(t, cg->tree), cg))
			return true;
	return false;
}

struct cgroup *cgroup_next(struct cgroup *top, struct cgroup *pos)
{
	assert_held(&cgroup_mutex);
	if (!list_empty(&pos->children))
		return list_first(&pos->children, struct cgroup, sibling);
	while (pos != top) {
		if (pos->sibling.next != &pos->parent->children)
			return list_entry(pos->sibling.next, struct cgroup, sibling);
		pos = pos->parent;
	}
	return NULL;
}

int cgroup_lock_live(struct cgroup *cg)
{
	mutex_lock(&cgroup_mutex);
	if (!cg->dead)
		return 0;
	mutex_unlock(&cgroup_mutex);
	return -ENODEV;
}

const struct cgroup *cgroup_common_ancestor(const struct cgroup *a, const struct cgroup *b)
{
	while (a != b) {
		if (a->level >= b->level)
			a = a->parent;
		else
			b = b->parent;
	}
	return a;
}

s64 cgroup_path(const struct cgroup *cg, const struct cgroup *from, char *buf, size_t n)
{
	const struct cgroup *common = cgroup_common_ancestor(cg, from), *c;
	size_t len = 3 * (size_t)(from->level - common->level), at, l;

	for (c = cg; c != common; c = c->parent)
		len += kstrlen(c->name) + 1;
	if (max(len, 1ul) >= min(n, (size_t)K_PATH_MAX))
		return -ENAMETOOLONG;
	buf[0] = '/';
	at = max(len, 1ul);
	buf[at] = 0;
	for (c = cg; c != common; c = c->parent) {
		l = kstrlen(c->name);
		at -= l + 1;
		buf[at] = '/';
		kmemcpy(buf + at + 1, c->name, l);
	}
	for (u32 up = common->level; up < from->level; up++)
		kmemcpy(buf + 3 * (up - common->level), "/..", 3);
	return (s64)max(len, 1ul);
}

/* --- making and removing --- */

static int check_limits(const struct cgroup *parent)
{
	u32 level = 1;

	for (const struct cgroup *p = parent; p; p = p->parent, level++)
		if (p->nr_descendants >= p->max_descendants || level > p->max_depth)
			return -EAGAIN;
	return 0;
}

static struct cgroup *group_new(struct cgroup *parent, const char *name, size_t len)
{
	struct cgroup *cg = kzalloc(sizeof(*cg) + len + 1, GFP_KERNEL);
	char *room = (char *)(cg + 1);

	if (!cg)
		return NULL;
	kmemcpy(room, name, len);
	cg->name = room;
	atomic_init(&cg->refs, 2);	/* the caller's, and one until it is removed */
	cg->tree = parent->tree;
	cg->level = parent->level + 1;
	cg->id = ++last_id;
	cg->uid = current->cred.fsuid;
	cg->gid = current->cred.fsgid;
	cg->parent = cgroup_get(parent);
	list_init(&cg->children);
	list_init(&cg->sibling);
	list_init(&cg->release_node);
	cg->notify_on_release = parent->notify_on_release;
	cg->clone_children = parent->clone_children;
	cg->max_descendants = cg->max_depth = ~0u;
	for (unsigned e = 0; e < NR_CGROUP_EVENTS; e++) {
		atomic_init(&cg->event[e].seq, 1);
		waitq_init(&cg->event[e].wait, "cgroup_event");
		list_init(&cg->event[e].node);
		cg->event[e].cgroup = cg;
	}
	return cg;
}

/* It is there for everybody. cgroup_mutex held. */
static void online(struct cgroup *cg)
{
	struct cgroup *parent = cg->parent;

	list_add_tail(&cg->sibling, &parent->children);
	if (cg->tree == CG_FREEZER)
		freezer_online(cg);
	spin_lock(&css_lock);
	parent->nr_children++;
	cg->e_freeze = parent->e_freeze;
	cgroup_update_frozen(cg);
	cgroup_update_frozen(parent);
	spin_unlock(&css_lock);
	for (struct cgroup *p = parent; p; p = p->parent)
		p->nr_descendants++;
}

/* Nobody has seen it. */
static void group_drop(struct cgroup *cg)
{
	cgroup_put(cg->parent);
	kfree(cg);
}

struct cgroup *cgroup_mkdir(struct cgroup *parent, const char *name, size_t len)
{
	struct cgroup *cg;
	int err;

	if (kmemchr(name, '\n', len))
		return ERR_PTR(-EINVAL);
	err = cgroup_lock_live(parent);
	if (err)
		return ERR_PTR(err);
	err = check_limits(parent);
	cg = err ? NULL : group_new(parent, name, len);
	if (cg && (cg->tree == CG_MEMORY || parent->subtree_control & CONTROL_MEMORY) && mem_cgroup_online(cg)) {
		group_drop(cg);
		cg = NULL;
	}
	if (cg)
		online(cg);
	mutex_unlock(&cgroup_mutex);
	return cg ? cg : ERR_PTR(err ? err : -ENOMEM);
}

static bool populated(const struct cgroup *cg)
{
	return cg->nr_tasks || cg->nr_populated_children;
}

/* No new member comes once dead is set: both are decided under css_lock. */
static bool kill_if_empty(struct cgroup *cg)
{
	bool empty;

	spin_lock(&css_lock);
	empty = !populated(cg) && list_empty(&cg->children);
	if (empty) {
		cg->dead = true;
		cg->parent->nr_children--;
		cg->parent->nr_frozen_children -= cg->frozen;
		cgroup_update_frozen(cg->parent);
		cgroup1_check_for_release(cg->parent);
	}
	spin_unlock(&css_lock);
	return empty;
}

int cgroup_rmdir(struct cgroup *cg)
{
	int err = cgroup_lock_live(cg);

	if (err)
		return err;
	if (!kill_if_empty(cg)) {
		mutex_unlock(&cgroup_mutex);
		return -EBUSY;
	}
	list_del(&cg->sibling);
	if (cg->tree == CG_FREEZER)
		freezer_offline(cg);
	mem_cgroup_offline(cg);
	for (struct cgroup *p = cg->parent; p; p = p->parent) {
		p->nr_descendants--;
		atomic_fetch_add(&p->nr_dying, 1);
	}
	mutex_unlock(&cgroup_mutex);
	cgroup_put(cg);
	return 0;
}

/* --- members --- */

/* One member more or less of cg; its ancestors hear if that makes a difference. css_lock held. */
static void count_member(struct cgroup *cg, s32 n)
{
	bool was = populated(cg);

	assert_held(&css_lock);
	if (cgroup_is_root(cg))
		return;
	cg->nr_tasks += (u32)n;
	while (populated(cg) != was) {
		cgroup_file_changed(cg, EVENT_CGROUP);
		if (was)
			cgroup1_check_for_release(cg);
		cg = cg->parent;
		if (cgroup_is_root(cg))
			break;
		was = populated(cg);
		cg->nr_populated_children += (u32)n;
	}
}

void cgroup_join(struct task *t, struct cgroup *cg)
{
	assert_held(&css_lock);
	atomic_store((_Atomic(struct cgroup *) *)&t->cgroup[cg->tree], cgroup_is_root(cg) ? NULL : cgroup_get(cg));
	count_member(cg, 1);
	if (cg->tree == CG_V2)
		cgroup_count_frozen(t);
	else if (cg->tree == CG_FREEZER)
		WRITE_ONCE(t->cgroup_freezing, cg->freezer_state != 0);
}

struct cgroup *cgroup_leave(struct task *t, enum cgroup_tree tree)
{
	struct cgroup *cg = t->cgroup[tree];

	assert_held(&css_lock);
	if (tree == CG_V2)
		cgroup_uncount_frozen(t);
	t->cgroup[tree] = NULL;
	if (cg)
		count_member(cg, -1);
	return cg;
}

/* On its way to user mode. A group that is frozen stays so in between. css_lock held. */
static void born_frozen(struct task *p)
{
	if (task_cgroup(p, CG_V2)->e_freeze)
		p->jobctl |= JOBCTL_TRAP_FREEZE;
	if (p->jobctl || p->cgroup_freezing)
		set_tif(p, TIF_SIGPENDING);
}

int __cgroup_fork(struct task *p, struct cgroup *into)
{
	int err = 0;

	assert(rw_is_write_held(&tasklist_lock));
	if (p->flags & PF_KTHREAD)
		return 0;
	spin_lock(&css_lock);
	if (into && (into->dead || (into->subtree_control && !cgroup_is_root(into)))) {
		err = into->dead ? -ENODEV : -EBUSY;
	} else {
		for (unsigned tree = 0; tree < NR_CG_TREES; tree++)
			cgroup_join(p, tree == CG_V2 && into ? into : task_cgroup(current, tree));
		born_frozen(p);
		if (into && p->nsproxy->ns[NS_CGROUP] != current->nsproxy->ns[NS_CGROUP])
			cgroup_ns_begin_at(p, into);
	}
	spin_unlock(&css_lock);
	return err;
}

void __cgroup_exit(struct task *t)
{
	assert(rw_is_write_held(&tasklist_lock));
	WRITE_ONCE(t->cgroup_freezing, 0);
	spin_lock(&css_lock);
	for (unsigned tree = 0; tree < NR_CG_TREES; tree++)
		count_member(task_cgroup(t, tree), -1);
	cgroup_update_frozen(task_cgroup(t, CG_V2));
	spin_unlock(&css_lock);
}

void __cgroup_free(struct task *t)
{
	for (unsigned tree = 0; tree < NR_CG_TREES; tree++)
		cgroup_put(t->cgroup[tree]);
}

/* clone3's CLONE_INTO_CGROUP */
struct cgroup *cgroup_clone_target(int fd, bool thread)
{
	struct file *f = fget_raw(fd);
	struct cgroup *cg = f ? cgroup_of_dir(f->inode) : NULL;
	int err = cg && cg->tree == CG_V2 ? cgroup_lock_live(cg) : -EBADF;

	if (err == -ENODEV)
		err = -ENOENT;
	if (!err) {
		read_lock(&tasklist_lock);
		err = cgroup_may_attach(task_cgroup(current, CG_V2), cg, !thread, &current->cred);
		read_unlock(&tasklist_lock);
		mutex_unlock(&cgroup_mutex);
	}
	if (!err)
		cgroup_get(cg);
	if (f)
		fput(f);
	return err ? ERR_PTR(err) : cg;
}

/* --- who hears of changes --- */

struct spinlock cgroup_events_lock = SPINLOCK_INIT("cgroup_events", RANK_CGROUP_EVENTS);
static LIST_HEAD(to_tell);			/* [events_lock] of cgroup_event.node; each holds its group */
static struct waitq notifier_wait = WAITQ_INIT(notifier_wait, "cgroup_notifier");
static _Atomic bool notifying;			/* holds a group that is on no list any more */

/*
 * Pollers wake at once. What inotify has to do takes locks that the caller may hold, so a kernel
 * thread does it, as on Linux.
 */
void cgroup_file_changed(struct cgroup *cg, enum cgroup_event_nr nr)
{
	struct cgroup_event *e = &cg->event[nr - 1];
	bool tell = false;

	atomic_fetch_add(&e->seq, 1);
	if (atomic_load_explicit(&nr_watches, memory_order_relaxed)) {
		spin_lock(&cgroup_events_lock);
		tell = e->inode && list_empty(&e->node);
		if (tell) {
			cgroup_get(cg);
			list_add_tail(&e->node, &to_tell);
		}
		spin_unlock(&cgroup_events_lock);
	}
	if (waitq_active(&e->wait))
		wake_up_all(&e->wait);
	if (tell)
		wake_up_all(&notifier_wait);
}

static void notifier(void *arg)
{
	(void)arg;
	for (;;) {
		struct cgroup_event *e = NULL;

		wait_event(&notifier_wait, !list_empty(&to_tell) || cgroup1_release_pending());
		atomic_store(&notifying, true);
		spin_lock(&cgroup_events_lock);
		if (!list_empty(&to_tell)) {
			e = list_first(&to_tell, struct cgroup_event, node);
			list_del(&e->node);
		}
		spin_unlock(&cgroup_events_lock);
		if (e) {
			cgroupfs_modified(e);
			pause_point("cgroup_told");
			cgroup_put(e->cgroup);
		}
		cgroup1_release();
		atomic_store(&notifying, false);
	}
}

void cgroup_wake_notifier(void)
{
	wake_up_all(&notifier_wait);
}

void cgroup_wait_for_notifier(void)
{
	might_sleep();
	for (unsigned ms = 0; (!list_empty(&to_tell) || cgroup1_release_pending() || atomic_load(&notifying)) && ms < 10000; ms++)
		msleep(1);
}

void cgroup_start_notifier(void)
{
	if (IS_ERR(kthread_run(notifier, NULL, "kcgroup")))
		panic("no memory for kcgroup");
}
