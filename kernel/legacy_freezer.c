// SPDX-License-Identifier: GPL-2.0-only
/*
 * The freezer of version 1: a group's tasks go to the refrigerator, the one of suspend, and stay
 * there, killed or not, until the group is thawed. Mirrors Linux kernel/cgroup/legacy_freezer.c.
 *
 * Each task has a word of its own, cgroup_freezing, so that freezing() can be asked in any context.
 * It changes under tasklist_lock: here (read, and cgroup_mutex), in a fork, a move and at the end
 * (write), after which nobody sets it again: its group may be removed, and then cannot thaw it.
 * As everywhere with the freezer it changes before the thaw (F1).
 *
 * Locks: cgroup_mutex (what groups want), tasklist_lock, freezer_lock.
 *
 * LINUX: FROZEN is not remembered but looked for: all of the subtree that should be frozen is.
 */
#include "kernel/cgroup.h"
#include "kernel/freezer.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"

#define FREEZING_SELF	1u
#define FREEZING_PARENT	2u

/* One group more or less that is a reason to freeze. cgroup_mutex held. */
static void set_state(struct cgroup *cg, u32 state)
{
	assert_held(&cgroup_mutex);
	if (state && !cg->freezer_state)
		atomic_fetch_add(&system_freezing_cnt, 1);
	if (!state && cg->freezer_state)
		atomic_fetch_sub(&system_freezing_cnt, 1);
	WRITE_ONCE(cg->freezer_state, state);
}

static u32 inherited(const struct cgroup *cg)
{
	return cg->parent->freezer_state ? FREEZING_PARENT : 0;
}

void freezer_online(struct cgroup *cg)
{
	set_state(cg, inherited(cg));
}

void freezer_offline(struct cgroup *cg)
{
	set_state(cg, 0);
}

/* t is now to freeze or not. tasklist_lock held. */
void freezer_apply(struct task *t)
{
	if (t->cgroup_freezing)
		freeze_task(t);
	else
		__thaw_task(t);
}

static void change_state(struct cgroup *cg, bool freeze)
{
	struct cgroup *pos;
	struct task *p, *t;

	set_state(cg, (freeze ? FREEZING_SELF : 0) | inherited(cg));
	for_each_descendant(pos, cg)
		if (pos != cg)
			set_state(pos, (pos->freezer_state & FREEZING_SELF) | inherited(pos));
	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		pos = task_cgroup(t, CG_FREEZER);
		if (t->cgroup_gone || !cgroup_is_descendant(pos, cg))
			continue;
		WRITE_ONCE(t->cgroup_freezing, pos->freezer_state != 0);
		freezer_apply(t);
	}
	read_unlock(&tasklist_lock);
}

/*
 * Is somebody below cg still on the way to the refrigerator? Each is asked once more, as in the
 * rounds of suspend; one that stopped meanwhile does not come by any more, and is frozen as it is:
 *
 *	the task                                freezer_apply
 *	state = STOPPED                         freezing, not frozen, not asleep: a fake signal,
 *	schedule()                              which does not wake the stopped
 *
 * LINUX: there it stays FREEZING until FROZEN is written again. Scenario: v1_stops_meanwhile.
 */
static bool on_the_way(const struct cgroup *cg)
{
	struct task *p, *t;
	bool found = false;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t)
		if (!t->cgroup_gone && cgroup_is_descendant(task_cgroup(t, CG_FREEZER), cg) && freeze_task(t))
			found = true;
	read_unlock(&tasklist_lock);
	return found;
}

static s64 state_show(struct cgroup *cg, char *buf, size_t n)
{
	const char *state = "THAWED";
	int err = cgroup_lock_live(cg);

	if (err)
		return err;
	if (cg->freezer_state)
		state = on_the_way(cg) ? "FREEZING" : "FROZEN";
	mutex_unlock(&cgroup_mutex);
	return (s64)kscnprintf(buf, n, "%s\n", state);
}

static s64 state_write(struct cgroup *cg, char *buf)
{
	bool freeze = kstreq(buf, "FROZEN");
	int err = freeze || kstreq(buf, "THAWED") ? cgroup_lock_live(cg) : -EINVAL;

	if (err)
		return err;
	change_state(cg, freeze);
	mutex_unlock(&cgroup_mutex);
	return 0;
}

static s64 self_freezing_show(struct cgroup *cg, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\n", READ_ONCE(cg->freezer_state) & FREEZING_SELF ? 1 : 0);
}

static s64 parent_freezing_show(struct cgroup *cg, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\n", READ_ONCE(cg->freezer_state) & FREEZING_PARENT ? 1 : 0);
}

CGROUP_FILE(file_state, .name = "freezer.state", .trees = ON(CG_FREEZER), .not_on_root = true,
	.show = state_show, .write = state_write);
CGROUP_FILE(file_self, .name = "freezer.self_freezing", .trees = ON(CG_FREEZER),
	.not_on_root = true, .show = self_freezing_show);
CGROUP_FILE(file_parent, .name = "freezer.parent_freezing", .trees = ON(CG_FREEZER),
	.not_on_root = true, .show = parent_freezing_show);
