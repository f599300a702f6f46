// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a parent's end means to its children: who takes them in, and what becomes of process groups
 * that nobody outside of them looks after any more. Mirrors parts of Linux kernel/exit.c.
 *
 * Locks: tasklist_lock, write-held throughout.
 */
#include "kernel/panic.h"
#include "kernel/ptrace.h"
#include "kernel/task.h"

/* --- orphaned process groups (POSIX 3.2.2.2) --- */

/*
 * No member has a parent in another process group of the same session. @ignored counts as gone
 * already. tasklist_lock held.
 */
static bool pgrp_orphaned(int pgrp, struct task *ignored)
{
	struct list *members = pgrp_members(pgrp);
	struct group *g, *pg;
	struct task *p;

	for_each_pgrp_member(members, g) {
		p = g->leader;
		if (p == ignored || (p->exit_state && thread_group_empty(p)) ||
		    p->real_parent == init_pid_ns.child_reaper)
			continue;
		pg = p->real_parent->group;
		if (pg->pgrp != pgrp && pg->session == g->session)
			return false;
	}
	return true;
}

static bool pgrp_has_stopped_jobs(int pgrp)
{
	struct list *members = pgrp_members(pgrp);
	struct group *g;

	for_each_pgrp_member(members, g)
		if (g->flags & SIGNAL_STOP_STOPPED)
			return true;
	return false;
}

bool is_current_pgrp_orphaned(void)
{
	bool ret;

	read_lock(&tasklist_lock);
	ret = pgrp_orphaned(current->group->pgrp, NULL);
	read_unlock(&tasklist_lock);
	return ret;
}

static void hangup_stopped_jobs(int pgrp)
{
	struct list *members = pgrp_members(pgrp);
	struct group *g;

	for_each_pgrp_member(members, g) {
		send_sig_group(SIGHUP, SEND_SIG_KERNEL, g->leader);
		send_sig_group(SIGCONT, SEND_SIG_KERNEL, g->leader);
	}
}

void kill_orphaned_pgrp(struct task *p, struct task *parent, struct task *ignored)
{
	struct group *g = p->group, *pg = parent->group;

	assert(rw_is_write_held(&tasklist_lock));
	if (pg->pgrp == g->pgrp || pg->session != g->session)
		return;
	if (pgrp_has_stopped_jobs(g->pgrp) && pgrp_orphaned(g->pgrp, ignored))
		hangup_stopped_jobs(g->pgrp);
}

/* --- reparenting --- */

static struct task *find_alive_thread(struct group *g)
{
	struct task *t;

	for_each_thread(g, t)
		if (!(t->flags & PF_EXITING))
			return t;
	return NULL;
}

/*
 * An init's main thread may end before its others: then one of those takes in orphans. With its
 * last thread its namespace ends: that drops tasklist_lock and sleeps, and nobody is left to be
 * taken in. The machine's own init has panicked in X3.
 */
static struct task *find_child_reaper(struct task *father, struct list *dead)
{
	struct pid_namespace *ns = father->group->pid_ns;
	struct task *t;

	if (likely(father != ns->child_reaper))
		return ns->child_reaper;
	t = find_alive_thread(father->group);
	if (t) {
		ns->child_reaper = t;
		return t;
	}
	write_unlock(&tasklist_lock);
	release_dead(dead, father);
	zap_pid_ns_processes();
	write_lock(&tasklist_lock);
	return father;
}

/*
 * Another thread of our own, else the nearest sub-reaper above us in our namespace, else its init.
 * Who was forked into a namespace from outside has parents there: they end the search.
 */
static struct task *find_new_reaper(struct task *father, struct task *child_reaper)
{
	struct pid_namespace *ns = father->group->pid_ns;
	struct task *r, *t = find_alive_thread(father->group);

	if (t)
		return t;
	if (!father->group->has_child_subreaper)
		return child_reaper;
	for (r = father->real_parent; r != &init_task && r->group->pid_ns == ns; r = r->real_parent) {
		if (!r->group->is_child_subreaper)
			continue;
		t = find_alive_thread(r->group);
		if (t)
			return t;
	}
	return child_reaper;
}

/*
 * A child goes to another process: told as an ordinary child; a zombie's new parent hears of it, or
 * it goes on the dead list.
 */
static void reparent_leader(struct task *father, struct task *p, struct list *dead)
{
	if (p->exit_state == EXIT_DEAD)
		return;
	p->exit_signal = SIGCHLD;
	if (!p->ptrace && p->exit_state == EXIT_ZOMBIE && thread_group_empty(p) && tell_parent(p)) {
		set_exit_dead(p);
		list_add(&p->ptrace_entry, dead);
	}
	kill_orphaned_pgrp(p, father, NULL);
}

void forget_original_parent(struct task *father, struct list *dead)
{
	struct task *p, *t, *reaper;

	if (unlikely(!list_empty(&father->ptraced)))
		exit_ptrace(father, dead);
	reaper = find_child_reaper(father, dead);
	if (list_empty(&father->children))
		return;
	reaper = find_new_reaper(father, reaper);
	assert(reaper != father);
	list_for_each(p, &father->children, sibling) {
		for_each_thread(p->group, t) {
			t->real_parent = reaper;
			WRITE_ONCE(t->ppid, task_tgid_nr_ns(reaper, t->group->pid_ns));
			if (!t->ptrace)
				t->parent = reaper;
			if (t->pdeath_signal)
				group_send_sig_info(t->pdeath_signal, NULL, t);
		}
		if (!same_thread_group(reaper, father))
			reparent_leader(father, p, dead);
	}
	list_splice_tail(&father->children, &reaper->children);
}
