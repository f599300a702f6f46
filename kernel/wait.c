// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for children: wait4, waitid; and the calls about process groups and sessions, which
 * decide who a child is to whom. Mirrors the second half of Linux kernel/exit.c, and parts of
 * kernel/sys.c.
 *
 * Locks: tasklist_lock (r) while looking, then siglock.
 *
 * A zombie has exactly one reaper (S19):
 *
 *	one thread in wait4             another thread in wait4
 *	read_lock(tasklist)             read_lock(tasklist)
 *	cmpxchg ZOMBIE -> DEAD: yes     cmpxchg ZOMBIE -> DEAD: no, looks on
 *	unlock, account, release_task
 *
 * A leader that is traced by another process than its parent's has two who wait for it: its tracer
 * makes it EXIT_TRACE, lets it go, and it is a zombie again, of which its parent hears.
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/ptrace.h"
#include "kernel/fs/files.h"

struct wait_opts {
	int which, nr;			/* P_ALL; P_PID and its number in current's namespace; P_PGID and that in the machine's */
	struct group *group;		/* P_PIDFD: which, whatever its number; referenced */
	u32 file_flags;			/* of that pidfd */
	int options;
	int cause, status;		/* of siginfo */
	u32 uid;			/* of siginfo */
	int wait_status;		/* of wait4 */
	struct k_rusage *ru;		/* or NULL */
	bool eligible;			/* a child was seen that may yet have something to tell */
};

/* As what a task is looked at. */
enum relation { CHILD, TRACEE };

/*
 * A child "of a clone" tells its parent with another signal than SIGCHLD: only __WCLONE and __WALL
 * see it. A tracer sees all of its tracees. tasklist_lock held.
 */
static bool eligible_child(const struct wait_opts *wo, enum relation rel, struct task *p)
{
	if (wo->which == P_PGID && p->group->pgrp != wo->nr)
		return false;
	if (rel == TRACEE || wo->options & (int)__WALL)
		return true;
	return (p->exit_signal != SIGCHLD) == !!(wo->options & (int)__WCLONE);
}

static void set_death_cause(struct wait_opts *wo, int status)
{
	wo->wait_status = status;
	wo->cause = !(status & 0x7f) ? CLD_EXITED : status & 0x80 ? CLD_DUMPED : CLD_KILLED;
	wo->status = status & 0x7f ? status & 0x7f : (status >> 8) & 0xff;
}

/* The dead group's times and faults become those of our reaped children. p is ours alone. */
static void account_reaped_child(struct task *p)
{
	struct group *dead = p->group, *g = current->group;
	u64 utime, stime;

	task_cputime(dead, &utime, &stime);
	spin_lock(&current->sighand->siglock);
	g->cutime += utime + dead->cutime;
	g->cstime += stime + dead->cstime;
	g->cmin_flt += p->min_flt + dead->min_flt + dead->cmin_flt;
	g->cmaj_flt += p->maj_flt + dead->maj_flt + dead->cmaj_flt;
	g->cnvcsw += p->nvcsw + dead->nvcsw + dead->cnvcsw;
	g->cnivcsw += p->nivcsw + dead->nivcsw + dead->cnivcsw;
	g->cmaxrss = max(g->cmaxrss, max(dead->maxrss, dead->cmaxrss));
	spin_unlock(&current->sighand->siglock);
}

/*
 * current's process has waited for its tracee p, a leader in state EXIT_TRACE, and lets it go.
 * True: nobody else waits for it, and p is EXIT_DEAD. LINUX: if p has become a child of the
 * tracer's own process meanwhile, that has had its say, and does not get another.
 */
static bool hand_to_parent(struct task *p)
{
	bool dead;

	pause_point("tracee_reaped");
	write_lock(&tasklist_lock);
	if (p->ptrace)			/* else the thread that traced it has ended meanwhile */
		ptrace_unlink(p);
	p->exit_state = EXIT_ZOMBIE;
	dead = same_thread_group(p->real_parent, current);
	if (dead)			/* its other threads have seen a child, and sleep for its sake */
		wake_up_interruptible(&current->group->wait_chldexit);
	else
		dead = tell_parent(p);
	if (dead)
		set_exit_dead(p);
	write_unlock(&tasklist_lock);
	return dead;
}

/*
 * These look at one child with tasklist_lock held for reading. 0: nothing here, still locked. Else
 * unlocked, and the value is the pid that wait4 returns.
 */
static int wait_task_zombie(struct wait_opts *wo, struct task *p)
{
	int zombie = EXIT_ZOMBIE, pid = task_pid_vnr(p), next;

	if (!(wo->options & WEXITED))
		return 0;
	wo->uid = READ_ONCE(p->cred.uid);
	set_death_cause(wo, p->group->flags & SIGNAL_GROUP_EXIT ? p->group->group_exit_code : p->exit_code);
	if (wo->options & WNOWAIT) {
		get_task(p);
		read_unlock(&tasklist_lock);
		if (wo->ru)
			group_rusage(p, wo->ru);
		put_task(p);
		return pid;
	}
	next = thread_group_leader(p) && ptrace_reparented(p) ? EXIT_TRACE : EXIT_DEAD;
	if (!atomic_compare_exchange_strong(&p->exit_state, &zombie, next))
		return 0;
	if (next == EXIT_DEAD)
		atomic_fetch_add(&nr_dead_tasks, 1);
	read_unlock(&tasklist_lock);
	if (next == EXIT_DEAD && thread_group_leader(p))
		account_reaped_child(p);
	if (wo->ru)
		group_rusage(p, wo->ru);
	if (next == EXIT_DEAD || hand_to_parent(p))
		release_task(p);
	return pid;
}

/*
 * A stop or a continue was seen: p may be gone as soon as the lock is, so it is referenced for its
 * times.
 */
static int report_change(struct wait_opts *wo, struct task *p)
{
	int pid = task_pid_vnr(p);

	get_task(p);
	read_unlock(&tasklist_lock);
	if (wo->ru)
		group_rusage(p, wo->ru);
	put_task(p);
	return pid;
}

/* Where what the stop has to say is kept; NULL: no stop that concerns this one. */
static int *stopped_code(enum relation rel, struct task *p)
{
	if (rel == TRACEE)
		return (p->jobctl & (JOBCTL_TRACED | JOBCTL_LISTENING)) == JOBCTL_TRACED ? &p->exit_code : NULL;
	return p->group->flags & SIGNAL_STOP_STOPPED ? &p->group->group_exit_code : NULL;
}

/*
 * A tracer sees the stops of its tracees whatever its options; they are one thread's, not a
 * group's.
 */
static int wait_task_stopped(struct wait_opts *wo, enum relation rel, struct task *p)
{
	int code = 0, *from;

	if (rel == CHILD && !(wo->options & WUNTRACED))
		return 0;
	if (!stopped_code(rel, p))
		return 0;
	spin_lock(&p->sighand->siglock);
	from = stopped_code(rel, p);
	if (from) {
		code = *from;
		if (!(wo->options & WNOWAIT))
			*from = 0;
	}
	spin_unlock(&p->sighand->siglock);
	if (!code)
		return 0;
	wo->wait_status = code << 8 | 0x7f;
	wo->cause = rel == TRACEE ? CLD_TRAPPED : CLD_STOPPED;
	wo->uid = READ_ONCE(p->cred.uid);
	wo->status = code;
	return report_change(wo, p);
}

static int wait_task_continued(struct wait_opts *wo, struct task *p)
{
	struct group *g = p->group;
	bool continued;

	if (!(wo->options & WCONTINUED) || !(g->flags & SIGNAL_STOP_CONTINUED))
		return 0;
	spin_lock(&p->sighand->siglock);
	continued = g->flags & SIGNAL_STOP_CONTINUED;
	if (continued && !(wo->options & WNOWAIT))
		g->flags &= ~SIGNAL_STOP_CONTINUED;
	spin_unlock(&p->sighand->siglock);
	if (!continued)
		return 0;
	wo->wait_status = 0xffff;
	wo->cause = CLD_CONTINUED;
	wo->uid = READ_ONCE(p->cred.uid);
	wo->status = SIGCONT;
	return report_change(wo, p);
}

/*
 * S17: a zombie leader with other hashed threads is no zombie yet to its parent, but it may stop
 * and continue. A traced zombie is there for its tracer alone, until that lets it go. To a tracer
 * in its parent's process a child is a tracee, so that one stop is not told twice.
 */
static int wait_consider_task(struct wait_opts *wo, enum relation rel, struct task *p)
{
	int state = atomic_load(&p->exit_state), pid;

	if (state == EXIT_DEAD || !eligible_child(wo, rel, p))
		return 0;
	if (state == EXIT_TRACE) {
		wo->eligible |= rel == CHILD;
		return 0;
	}
	if (unlikely(p->ptrace) && !ptrace_reparented(p))
		rel = TRACEE;
	if (state == EXIT_ZOMBIE) {
		if ((!thread_group_leader(p) || thread_group_empty(p)) && (rel == TRACEE || !p->ptrace))
			return wait_task_zombie(wo, p);
		/* A dead tracee stops no more. */
		wo->eligible |= rel == CHILD || wo->options & (WCONTINUED | WEXITED);
	} else {
		wo->eligible = true;
	}
	pid = wait_task_stopped(wo, rel, p);
	return pid ? pid : wait_task_continued(wo, p);
}

static int wait_children_of(struct wait_opts *wo, struct task *t)
{
	struct task *p;
	int pid;

	list_for_each(p, &t->children, sibling) {
		pid = wait_consider_task(wo, CHILD, p);
		if (pid)
			return pid;
	}
	list_for_each(p, &t->ptraced, ptrace_entry) {
		pid = wait_consider_task(wo, TRACEE, p);
		if (pid)
			return pid;
	}
	return 0;
}

static bool is_ours(const struct wait_opts *wo, const struct task *parent)
{
	return parent == current || (!(wo->options & __WNOTHREAD) && same_thread_group(parent, current));
}

/* One child or tracee by number or by its group: no walk. */
static int wait_child_nr(struct wait_opts *wo)
{
	struct task *p = wo->group ? wo->group->leader : find_task_by_vpid(wo->nr);
	int pid = 0;

	if (p && thread_group_leader(p) && is_ours(wo, p->real_parent))
		pid = wait_consider_task(wo, CHILD, p);
	if (!pid && p && p->ptrace && is_ours(wo, p->parent))
		pid = wait_consider_task(wo, TRACEE, p);
	return pid;
}

/*
 * One look at all children: a pid (unlocked), or 0 and wo->eligible says whether waiting makes
 * sense.
 */
static int scan_children(struct wait_opts *wo)
{
	struct task *t;
	int pid = 0;

	wo->eligible = false;
	read_lock(&tasklist_lock);
	if (wo->which == P_PID) {
		pid = wait_child_nr(wo);
	} else if (wo->options & __WNOTHREAD) {
		pid = wait_children_of(wo, current);
	} else {
		for_each_thread(current->group, t) {
			pid = wait_children_of(wo, t);
			if (pid)
				break;
		}
	}
	if (!pid)
		read_unlock(&tasklist_lock);
	return pid;
}

/*
 * A pid, 0 (WNOHANG), -ECHILD, -ERESTARTSYS. A zombie that waits only for WEXITED to be asked keeps
 * nobody waiting: -ECHILD.
 */
static long do_wait(struct wait_opts *wo)
{
	struct waitq *q = &current->group->wait_chldexit;
	WAIT_ENTRY(w);
	long ret;

	might_sleep();
	for (;;) {
		/* Enqueue, then look: a child that changes after the look finds us on the queue. */
		prepare_to_wait(q, &w, TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		ret = scan_children(wo);
		if (ret)
			break;
		if (!wo->eligible) {
			ret = -ECHILD;
			break;
		}
		if (wo->options & WNOHANG)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(q, &w);
	return ret;
}

/*
 * As do_wait for a process group by its number in current's namespace, which is nobody else's
 * meanwhile; 0: current's own.
 */
static long wait_pgrp(struct wait_opts *wo, int vnr)
{
	long ret = -ECHILD;

	read_lock(&tasklist_lock);
	wo->which = P_PGID;
	wo->nr = vnr ? pid_from_vnr(vnr) : current->group->pgrp;
	if (wo->nr)
		pid_get(wo->nr);
	read_unlock(&tasklist_lock);
	if (wo->nr) {
		ret = do_wait(wo);
		pid_put(wo->nr);
	}
	return ret;
}

void wait_for_all_children(void)
{
	struct wait_opts wo = { .which = P_ALL, .options = WEXITED | (int)__WALL };

	do
		clear_tif(current, TIF_SIGPENDING);
	while (do_wait(&wo) != -ECHILD);
}

/* --- process groups and sessions --- */

static int setpgid_check(struct task *p, int pgid)
{
	struct group *g = p->group;
	struct list *members;

	if (!thread_group_leader(p))
		return -EINVAL;
	if (same_thread_group(p->real_parent, current)) {
		if (g->session != current->group->session)
			return -EPERM;
		if (!(p->flags & PF_FORKNOEXEC))
			return -EACCES;
	} else if (!same_thread_group(p, current)) {
		return -ESRCH;
	}
	if (g->leader_of_session)
		return -EPERM;
	if (pgid == p->pid)
		return 0;
	members = pgid ? pgrp_members(pgid) : NULL;
	if (!members || list_empty(members) ||
	    list_first(members, struct group, pgrp_node)->session != current->group->session)
		return -EPERM;
	return 0;
}

static struct task *task_or_current(int pid)
{
	return pid ? find_task_by_vpid(pid) : current;
}

/* --- system calls --- */

static int copy_wait_results(const struct wait_opts *wo, uaddr_t stat_addr, uaddr_t ru)
{
	if (stat_addr && copy_to_user(stat_addr, &wo->wait_status, sizeof(int)))
		return -EFAULT;
	if (ru && copy_to_user(ru, wo->ru, sizeof(*wo->ru)))
		return -EFAULT;
	return 0;
}

long sys_wait4(int pid, uaddr_t stat_addr, int options, uaddr_t ru)
{
	struct k_rusage r;
	struct wait_opts wo = { .which = P_PID, .nr = pid, .options = options | WEXITED, .ru = ru ? &r : NULL };
	long ret;
	int err = 0;

	if (options & ~(int)(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1)
		wo.which = P_ALL;
	ret = pid < -1 || pid == 0 ? wait_pgrp(&wo, -pid) : do_wait(&wo);
	if (ret > 0)
		err = copy_wait_results(&wo, stat_addr, ru);
	return err ? err : ret;
}

/* What waitid stores: the head of a siginfo up to si_status. */
struct waitid_info {
	int signo, err, code, pad, pid;
	u32 uid;
	int status;
};

static int waitid_opts(struct wait_opts *wo, int which, int id, int options)
{
	struct group *g;

	if (options & ~(int)(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (which) {
	case P_ALL:
		break;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		break;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		break;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		g = pidfd_group(id, &wo->file_flags);
		if (IS_ERR(g))
			return (int)PTR_ERR(g);
		wo->group = g;
		which = P_PID;
		break;
	default:
		return -EINVAL;
	}
	wo->which = which;
	wo->nr = id;
	wo->options = options;
	return 0;
}

long sys_waitid(int which, int id, uaddr_t uinfo, int options, uaddr_t ru)
{
	struct k_rusage r;
	struct wait_opts wo = { .ru = ru ? &r : NULL };
	struct waitid_info info = { 0 };
	long ret = waitid_opts(&wo, which, id, options);

	if (!ret) {
		if (wo.file_flags & O_NONBLOCK)
			wo.options |= WNOHANG;
		ret = wo.which == P_PGID ? wait_pgrp(&wo, wo.nr) : do_wait(&wo);
		if (!ret && wo.file_flags & O_NONBLOCK && !(options & WNOHANG))
			ret = -EAGAIN;
	}
	if (wo.group)
		group_put(wo.group);
	if (ret > 0) {
		info = (struct waitid_info){
			.signo = SIGCHLD, .code = wo.cause, .pid = (int)ret, .status = wo.status,
			.uid = from_kuid_munged(current_user_ns(), wo.uid),
		};
		if (ru && copy_to_user(ru, &r, sizeof(r)))
			return -EFAULT;
		ret = 0;
	}
	if (uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return ret;
}

long sys_setpgid(int pid, int pgid)
{
	struct task *p;
	int err;

	if ((pgid ? pgid : pid) < 0)
		return -EINVAL;
	write_lock(&tasklist_lock);
	p = pid ? find_task_by_vpid(pid) : current->group_leader;
	if (p)
		pgid = pgid ? pid_from_vnr(pgid) : p->pid;
	err = p ? setpgid_check(p, pgid) : -ESRCH;
	if (!err && p->group->pgrp != pgid) {
		pid_get(pgid);			/* the old group may hold the last other reference */
		pgrp_detach(p->group);
		pgrp_attach(p->group, pgid);
		pid_put_locked(pgid);
	}
	write_unlock(&tasklist_lock);
	return err;
}

long sys_getpgid(int pid)
{
	struct task *p;
	long ret = -ESRCH;

	read_lock(&tasklist_lock);
	p = task_or_current(pid);
	if (p)
		ret = pid_vnr(p->group->pgrp);
	read_unlock(&tasklist_lock);
	return ret;
}

long sys_getpgrp(void)
{
	return sys_getpgid(0);
}

long sys_getsid(int pid)
{
	struct task *p;
	long ret = -ESRCH;

	read_lock(&tasklist_lock);
	p = task_or_current(pid);
	if (p)
		ret = pid_vnr(p->group->session);
	read_unlock(&tasklist_lock);
	return ret;
}

/* Not for a process group's leader: its number would name two groups. */
long sys_setsid(void)
{
	struct group *g = current->group;
	struct list *members;
	long ret = -EPERM;

	write_lock(&tasklist_lock);
	members = pgrp_members(g->tgid);
	assert(members);
	if (!g->leader_of_session && list_empty(members)) {
		session_set(g, g->tgid);
		g->leader_of_session = 1;
		spin_lock(&current->sighand->siglock);
		group_put_tty(g);
		spin_unlock(&current->sighand->siglock);
		ret = pid_vnr(g->session);
	}
	write_unlock(&tasklist_lock);
	return ret;
}
