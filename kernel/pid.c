// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of tasks, process groups and sessions, and their namespaces. Mirrors Linux kernel/pid.c.
 *
 * Locks: tasklist_lock (who carries a number, who is in a process group), then pid_lock (which
 * numbers exist and how often).
 *
 * A number lives while a task, a process group or a session uses it: each holds a reference, and it
 * is handed out again only when all are gone. Numbers are given out in a circle, so one just freed
 * comes last. The entry stays while somebody remembers it, of use no more but to tell which numbers
 * it had. One that was given out in a namespace has a number in each namespace above, too:
 *
 *	struct pid	numbers[0]	the machine's own: what the kernel calls it by
 *			numbers[1]	in the namespace made there
 *			numbers[2]	in the one made in that: pid->ns, where it was given out
 */
#include "kernel/pid.h"
#include "kernel/abi.h"
#include "kernel/lib/bitmap.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define PID_BUCKETS	1024
#define PROC_PID_INIT_INO	0xeffffffcu

struct upid {
	int nr;				/* (!) */
	struct pid_namespace *ns;	/* (!) */
	struct upid *next;		/* [pid_lock] in its bucket */
};

struct pid {
	_Atomic u32 count;		/* (~) one for refs, one for each who remembers it */
	u32 refs;			/* [pid_lock] users of the numbers */
	struct pid_namespace *ns;	/* (!) the deepest that sees it, referenced */
	struct task *task;		/* [T] */
	struct list members;		/* [T] of group.pgrp_node */
	struct upid numbers[];		/* by level, up to that of ns */
};

int pid_max = PID_LIMIT;

static u64 init_map[BITMAP_WORDS(PID_LIMIT)];
struct pid_namespace init_pid_ns = { .ns = NS_COMMON_INIT(PROC_PID_INIT_INO, &pid_ns_ops), .map = init_map };

/* Number 0: the boot task, and what kernel threads have for a process group and session. */
static struct pid boot_pid = {
	.count = 1, .refs = 1, .ns = &init_pid_ns, .members = LIST_INIT(boot_pid.members),
	.numbers = { { .ns = &init_pid_ns } },
};

static struct spinlock pid_lock = SPINLOCK_INIT("pid_lock", RANK_PID);
static struct upid *pid_hash[PID_BUCKETS];			/* [pid_lock] */

struct pid_namespace *pid_ns_at(struct pid_namespace *ns, unsigned level)
{
	while (ns->level > level)
		ns = ns->parent;
	return ns;
}

void pid_init_boot(void)
{
	bit_set(init_map, 0);
	pid_hash[0] = &boot_pid.numbers[0];
	boot_pid.task = &init_task;
	init_task.group->pid = get_pid(&boot_pid);
	list_add_tail(&init_task.group->pgrp_node, &boot_pid.members);
}

/* --- numbers --- */

static struct upid **bucket_of(int nr, const struct pid_namespace *ns)
{
	return &pid_hash[((unsigned)nr + ns->level) % PID_BUCKETS];
}

static struct upid **pid_slot(int nr, const struct pid_namespace *ns)
{
	struct upid **slot = bucket_of(nr, ns);

	while (*slot && ((*slot)->nr != nr || (*slot)->ns != ns))
		slot = &(*slot)->next;
	return slot;
}

static struct pid *pid_of(struct upid *u)
{
	return u ? container_of(u - u->ns->level, struct pid, numbers[0]) : NULL;
}

/* The entry of a number of ns; NULL if there is none. */
static struct pid *pid_find(int nr, const struct pid_namespace *ns)
{
	struct pid *p;

	spin_lock(&pid_lock);
	p = pid_of(*pid_slot(nr, ns));
	spin_unlock(&pid_lock);
	return p;
}

/* That of a number of the machine which somebody in sight holds. */
static struct pid *pid_held(int nr)
{
	struct pid *p = pid_find(nr, &init_pid_ns);

	assert(p);
	return p;
}

static struct pid *pid_new(struct pid_namespace *ns)
{
	struct pid *p = kmalloc(sizeof(*p) + (ns->level + 1) * sizeof(p->numbers[0]), GFP_KERNEL);

	if (p) {
		atomic_init(&p->count, 1);
		p->refs = 1;
		p->ns = pid_ns_get(ns);
		p->task = NULL;
		list_init(&p->members);
	}
	return p;
}

struct pid *get_pid(struct pid *p)
{
	atomic_fetch_add(&p->count, 1);
	return p;
}

void put_pid(struct pid *p)
{
	if (!p || atomic_fetch_sub(&p->count, 1) != 1)
		return;
	assert(!p->task && list_empty(&p->members));
	pid_ns_put(p->ns);
	kfree(p);
}

/* A number of ns that is free, the next in the circle; or -EAGAIN. */
static int choose(struct pid_namespace *ns)
{
	size_t max = (size_t)pid_max, nr;

	assert_held(&pid_lock);
	nr = bit_find_clear(ns->map, max, (size_t)ns->last_pid + 1);
	if (nr >= max)
		nr = bit_find_clear(ns->map, max, RESERVED_PIDS);
	if (nr >= max)
		return -EAGAIN;
	ns->last_pid = (int)nr;
	return (int)nr;
}

/* The number of ns that is asked for, or -errno. Where nobody is yet, number 1 comes first. */
static int choose_wanted(struct pid_namespace *ns, int wanted)
{
	assert_held(&pid_lock);
	if (wanted < 1 || wanted >= pid_max || (wanted != 1 && !ns->closed && !READ_ONCE(ns->child_reaper)))
		return -EINVAL;
	if (!ns_capable(ns->ns.user_ns, CAP_SYS_ADMIN) && !ns_capable(ns->ns.user_ns, CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	return bit_test(ns->map, (size_t)wanted) ? -EEXIST : wanted;
}

static void link_number(struct upid *u, int nr, struct pid_namespace *ns)
{
	struct upid **bucket = bucket_of(nr, ns);

	assert_held(&pid_lock);
	*u = (struct upid){ .nr = nr, .ns = ns, .next = *bucket };
	*bucket = u;
	bit_set(ns->map, (size_t)nr);
}

/* From that in p->ns up to, and without, that in the namespace end. */
static void unlink_numbers(struct pid *p, const struct pid_namespace *end)
{
	assert_held(&pid_lock);
	for (struct pid_namespace *ns = p->ns; ns != end; ns = ns->parent) {
		struct upid *u = &p->numbers[ns->level];

		*pid_slot(u->nr, ns) = u->next;
		bit_clear(ns->map, (size_t)u->nr);
	}
}

int pid_alloc(struct task *t, const int *set_tid, size_t n)
{
	struct pid_namespace *ns = t->group->pid_ns;
	struct pid *p;
	int nr = 0;

	if (unlikely(n > ns->level + 1))
		return -EINVAL;
	p = pid_new(ns);
	if (!p)
		return -ENOMEM;

	spin_lock(&pid_lock);
	for (size_t i = 0; ns; ns = ns->parent, i++) {
		nr = unlikely(i < n) ? choose_wanted(ns, set_tid[i]) : choose(ns);
		if (nr < 0)
			break;
		link_number(&p->numbers[ns->level], nr, ns);
	}
	if (unlikely(p->ns->closed) && nr >= 0)
		nr = -ENOMEM;
	if (unlikely(nr < 0)) {
		unlink_numbers(p, ns);
		if (!p->ns->child_reaper)
			p->ns->last_pid = 0;	/* whoever tries again is to be number 1 */
	}
	spin_unlock(&pid_lock);
	if (nr < 0) {
		put_pid(p);
		return nr;
	}
	t->thread_pid = p;
	if (!t->group->pid)
		t->group->pid = get_pid(p);
	t->pid = nr;
	t->vpid = p->numbers[p->ns->level].nr;
	return 0;
}

void pid_get(int nr)
{
	struct pid *p;

	spin_lock(&pid_lock);
	p = pid_of(*pid_slot(nr, &init_pid_ns));
	assert(p && p->refs > 0);
	p->refs++;
	spin_unlock(&pid_lock);
}

/*
 * Drops a reference; the entry if that was the last one, for put_pid after the lock. With its
 * number 1 a namespace is over, were it that the first fork into it failed.
 */
static struct pid *pid_unref(struct pid *p)
{
	assert_held(&pid_lock);
	assert(p && p->refs > 0);
	if (--p->refs)
		return NULL;
	if (unlikely(p->numbers[p->ns->level].nr == 1))
		p->ns->closed = true;
	unlink_numbers(p, NULL);
	return p;
}

void pid_put_locked(int nr)
{
	struct pid *gone;

	assert(rw_is_write_held(&tasklist_lock));
	spin_lock(&pid_lock);
	gone = pid_unref(pid_of(*pid_slot(nr, &init_pid_ns)));
	spin_unlock(&pid_lock);
	put_pid(gone);
}

void pid_put(int nr)
{
	write_lock(&tasklist_lock);
	pid_put_locked(nr);
	write_unlock(&tasklist_lock);
}

void pid_ns_set_last(struct pid_namespace *ns, int nr)
{
	spin_lock(&pid_lock);
	ns->last_pid = nr;
	spin_unlock(&pid_lock);
}

void pid_ns_close(struct pid_namespace *ns)
{
	spin_lock(&pid_lock);
	ns->closed = true;
	spin_unlock(&pid_lock);
}

/* Each namespace that sees a task counts it, but the machine's own. */
static inline void count_task(struct pid_namespace *ns)
{
	for (; ns->parent; ns = ns->parent)
		ns->nr_tasks++;
}

/*
 * The end of a namespace waits until only its number 1 is left, perhaps with the zombie of its
 * leader.
 */
static inline void uncount_task(struct pid_namespace *ns)
{
	for (; ns->parent; ns = ns->parent)
		if (--ns->nr_tasks <= 2 && ns->closed && ns->child_reaper)
			wake_up_process(ns->child_reaper);
}

void pid_attach(struct task *t)
{
	struct pid *p = t->thread_pid;

	assert(rw_is_write_held(&tasklist_lock));
	assert(!p->task);
	p->task = t;
	count_task(p->ns);
}

void pid_detach(struct task *t)
{
	struct pid *p = t->thread_pid;

	assert(rw_is_write_held(&tasklist_lock));
	assert(p->task == t);
	p->task = NULL;
	uncount_task(p->ns);
}

void pid_detach_put(struct task *t)
{
	struct pid_namespace *ns = t->thread_pid->ns;
	struct pid *gone;

	pid_detach(t);
	if (ns->parent && ns->child_reaper == t)
		ns->child_reaper = NULL;
	spin_lock(&pid_lock);
	gone = pid_unref(t->thread_pid);
	spin_unlock(&pid_lock);
	t->thread_pid = NULL;
	put_pid(gone);
}

/* --- process groups and sessions --- */

void pgrp_attach(struct group *g, int nr)
{
	assert(rw_is_write_held(&tasklist_lock));
	assert(list_empty(&g->pgrp_node));
	pid_get(nr);
	g->pgrp = nr;
	list_add_tail(&g->pgrp_node, &pid_held(nr)->members);
}

void pgrp_detach(struct group *g)
{
	assert(rw_is_write_held(&tasklist_lock));
	list_del(&g->pgrp_node);
	pid_put_locked(g->pgrp);
}

struct list *pgrp_members(int nr)
{
	struct pid *p;

	assert(rw_is_held(&tasklist_lock));
	p = nr >= 0 ? pid_find(nr, &init_pid_ns) : NULL;
	return p ? &p->members : NULL;
}

void session_set(struct group *g, int nr)
{
	assert(rw_is_write_held(&tasklist_lock));
	pid_get(nr);
	pid_put_locked(g->session);
	g->session = nr;
	if (g->pgrp != nr) {
		pgrp_detach(g);
		pgrp_attach(g, nr);
	}
}

/* --- from numbers to tasks, and between namespaces --- */

struct task *find_task_by_pid_ns(int nr, struct pid_namespace *ns)
{
	struct pid *p;

	assert(rw_is_held(&tasklist_lock));
	p = nr > 0 ? pid_find(nr, ns) : NULL;
	return p ? p->task : NULL;
}

struct task *find_task_by_vpid(int nr)
{
	return find_task_by_pid_ns(nr, current->group->pid_ns);
}

struct task *find_get_task_by_pid_ns(int nr, struct pid_namespace *ns)
{
	struct task *t;

	read_lock(&tasklist_lock);
	t = find_task_by_pid_ns(nr, ns);
	if (t)
		get_task(t);
	read_unlock(&tasklist_lock);
	return t;
}

struct task *find_get_task_by_vpid(int nr)
{
	return find_get_task_by_pid_ns(nr, current->group->pid_ns);
}

struct pid *pid_entry(int nr)
{
	return get_pid(pid_held(nr));
}

struct task *pid_task(const struct pid *p)
{
	assert(rw_is_held(&tasklist_lock));
	return p->task;
}

struct list *pid_members(struct pid *p)
{
	assert(rw_is_held(&tasklist_lock));
	return &p->members;
}

bool pid_has(const struct pid *p, int type)
{
	assert(rw_is_held(&tasklist_lock));
	if (type == F_OWNER_PGRP)
		return !list_empty(&p->members);
	return p->task && (type == F_OWNER_TID || p->task->group->pid == p);
}

struct pid *find_get_pid(int vnr)
{
	struct pid *p;

	read_lock(&tasklist_lock);
	p = vnr > 0 ? pid_find(vnr, current->group->pid_ns) : NULL;
	if (p)
		get_pid(p);
	read_unlock(&tasklist_lock);
	return p;
}

int entry_nr_ns(const struct pid *p, const struct pid_namespace *ns)
{
	if (!p)
		return 0;
	return ns->level <= p->ns->level && p->numbers[ns->level].ns == ns ? p->numbers[ns->level].nr : 0;
}

int pid_nr_ns(int nr, struct pid_namespace *ns)
{
	return ns == &init_pid_ns ? nr : entry_nr_ns(pid_held(nr), ns);
}

int pid_nr_ns_if_held(int nr, struct pid_namespace *ns)
{
	assert(rw_is_held(&tasklist_lock));
	return ns == &init_pid_ns ? nr : entry_nr_ns(pid_find(nr, &init_pid_ns), ns);
}

int pid_vnr(int nr)
{
	return pid_nr_ns(nr, current->group->pid_ns);
}

int pid_from_vnr(int vnr)
{
	struct pid_namespace *ns = current->group->pid_ns;
	struct pid *p;

	assert(rw_is_held(&tasklist_lock));
	p = vnr > 0 ? pid_find(vnr, ns) : NULL;
	return p ? p->numbers[0].nr : 0;
}

int task_pid_nr_ns(struct task *t, struct pid_namespace *ns)
{
	if (t->group->pid_ns == ns)
		return t->vpid;
	return entry_nr_ns(t->thread_pid, ns);
}

int task_tgid_nr_ns(struct task *t, struct pid_namespace *ns)
{
	const struct pid *p = t->group->pid;

	if (t->group->pid_ns == ns)
		return t->vtgid;
	return p->task && p->task->group == t->group ? entry_nr_ns(p, ns) : 0;
}

int task_pid_vnr(struct task *t)
{
	return task_pid_nr_ns(t, current->group->pid_ns);
}

struct pid *task_tgid(const struct task *t)
{
	return t->group->pid;
}

int entry_vnr(const struct pid *p)
{
	return entry_nr_ns(p, current->group->pid_ns);
}

int task_tgid_vnr(struct task *t)
{
	return task_tgid_nr_ns(t, current->group->pid_ns);
}
