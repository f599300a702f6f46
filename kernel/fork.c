// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread's beginning; clone.c has the system calls. Mirrors Linux kernel/fork.c.
 *
 * copy_process is three steps. check: every refusal that the request alone decides. build: takes
 * what the new task needs; may fail, nobody sees the task. publish: under tasklist_lock (write) and
 * current's siglock, one last look for a signal, then links; that cannot fail. The new task runs
 * only when the caller wakes it.
 *
 * Locks: tasklist_lock, task_lock, siglock.
 */
#include "kernel/block.h"
#include "kernel/cgroup.h"
#include "kernel/fs/files.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/pause.h"
#include "kernel/ptrace.h"
#include "kernel/rseq.h"
#include "kernel/time_namespace.h"
#include "kernel/seccomp.h"
#include "kernel/trace.h"

static bool is_kernel_thread(const struct clone_request *c) { return c->fn; }

/* Whose limits and the like the new task has. */
static struct task *model(const struct clone_request *c) { return is_kernel_thread(c) ? &init_task : current; }

/* --- check --- */

static int check_flags(const struct clone_request *c)
{
	u64 f = c->flags;

	if ((f & CLONE_FS) && (f & (CLONE_NEWNS | CLONE_NEWUSER)))
		return -EINVAL;
	if ((f & CLONE_PIDFD) && (f & (CLONE_THREAD | CLONE_DETACHED)))
		return -EINVAL;
	/* Two results for one word, which clone(2) asks for by its one pointer. */
	if ((f & CLONE_PIDFD) && (f & CLONE_PARENT_SETTID) && c->pidfd == c->parent_tid)
		return -EINVAL;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	/* A process has all of its threads in one namespace of numbers and one of users. */
	if ((f & CLONE_THREAD) &&
	    (f & (CLONE_NEWPID | CLONE_NEWUSER) ||
	     pid_ns_for_children(current) != current->group->pid_ns))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	/* A sibling of init would be reaped by nobody. */
	if ((f & CLONE_PARENT) && (current->group->flags & SIGNAL_UNKILLABLE))
		return -EINVAL;
	if ((f & CLONE_SETTLS) && c->tls >= USER_MAX)
		return -EPERM;
	return 0;
}

/* A signal that came before the call is delivered before it, to the parent alone. */
static int check_signals(void)
{
	bool pending;

	spin_lock(&current->sighand->siglock);
	recalc_sigpending();
	pending = signal_pending(current);
	spin_unlock(&current->sighand->siglock);
	return pending ? -ERESTARTNOINTR : 0;
}

static int check(const struct clone_request *c)
{
	int err;

	if (is_kernel_thread(c))
		return 0;
	err = check_flags(c);
	if (!err && nproc_exceeded())
		err = -EAGAIN;
	if (err)
		return err;
	current->flags &= ~PF_NPROC_EXCEEDED;
	return check_signals();
}

/* --- build --- */

/*
 * The child's first step in its own address space. A bad address is the caller's loss: Linux does
 * not report it either.
 */
static void settid_on_way_out(struct callback *cb)
{
	struct task *t = container_of(cb, struct task, settid_work);

	assert(t == current);
	if (t->mm && copy_to_user(t->set_child_tid, &t->vpid, sizeof(int)))
		t->set_child_tid = 0;
}

static void copy_signal_state(struct task *p, u64 flags)
{
	p->blocked = current->blocked;
	if ((flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM) {
		p->sas_flags = SS_DISABLE;	/* two threads must not run on one alternate stack */
	} else {
		p->sas_sp = current->sas_sp;
		p->sas_size = current->sas_size;
		p->sas_flags = current->sas_flags;
	}
}

/*
 * The per-thread victim bit, PF_QUIESCED, PF_EXITING, task work and the design's words start at
 * zero: task_alloc cleared them.
 */
static void copy_identity(struct task *p, const struct clone_request *c)
{
	sched_copy(p, is_kernel_thread(c));
	p->timer_slack_ns = p->default_timer_slack_ns = model(c)->timer_slack_ns;
	if (is_kernel_thread(c)) {
		p->flags = PF_KTHREAD | PF_NOFREEZE;
		p->cred = init_cred;
		p->sas_flags = SS_DISABLE;
		return;
	}
	p->flags = PF_FORKNOEXEC | (current->flags & PF_INHERITED);
	copy_creds(&p->cred, &current->cred);
	copy_signal_state(p, c->flags);
	p->mempolicy = current->mempolicy;
	p->personality = current->personality;
	rseq_fork(p, c->flags);
	task_lock(current);
	kmemcpy(p->comm, current->comm, sizeof(p->comm));
	task_unlock(current);
	if (c->flags & CLONE_CHILD_CLEARTID)
		p->clear_child_tid = c->child_tid;
	if (c->flags & CLONE_CHILD_SETTID) {
		p->set_child_tid = c->child_tid;
		p->settid_work.fn = settid_on_way_out;
	}
}

static int copy_sighand(struct task *p, const struct clone_request *c)
{
	struct sighand *s;

	if (c->flags & CLONE_SIGHAND) {
		p->sighand = current->sighand;
		atomic_fetch_add(&p->sighand->count, 1);
		return 0;
	}
	s = sighand_alloc();
	if (!s)
		return -ENOMEM;
	if (is_kernel_thread(c)) {
		kmemset(s->action, 0, sizeof(s->action));
	} else {
		spin_lock(&current->sighand->siglock);
		kmemcpy(s->action, current->sighand->action, sizeof(s->action));
		spin_unlock(&current->sighand->siglock);
	}
	if (c->flags & CLONE_CLEAR_SIGHAND)
		flush_signal_handlers(s);
	p->sighand = s;
	return 0;
}

static int copy_group(struct task *p, const struct clone_request *c)
{
	if (c->flags & CLONE_THREAD) {
		p->group = current->group;
		atomic_fetch_add(&p->group->sigcnt, 1);
		return 0;
	}
	p->group = group_alloc(model(c));
	if (!p->group)
		return -ENOMEM;
	p->group->pid_ns = pid_ns_get(pid_ns_for_children(p));
	return 0;
}

static int copy_mm(struct task *p, u64 flags)
{
	struct mm *mm = current->mm;

	if (!mm)
		return 0;
	if (!(flags & CLONE_VM)) {
		p->mm = dup_mm(mm);
		return p->mm ? 0 : -ENOMEM;
	}
	/*
	 * Two processes on one mm: writes of oom_score_adj reach both, the OOM killer looks for
	 * sharers.
	 */
	if (!(flags & (CLONE_THREAD | CLONE_VFORK)))
		atomic_fetch_or(&mm->flags, MMF_MULTIPROCESS);
	mmget(mm);
	p->mm = mm;
	return 0;
}

static int copy_files(struct task *p, u64 flags)
{
	p->files = flags & CLONE_FILES ? files_get(current->files) : files_copy(current->files);
	if (!p->files)
		return -ENOMEM;
	p->fs = flags & CLONE_FS ? fs_get(current->fs) : fs_copy(current->fs);
	return p->fs ? 0 : -ENOMEM;
}

/*
 * A kernel thread has neither memory nor files of its own. Pid 1 begins as one; its exec supplies
 * both.
 */
static int copy_resources(struct task *p, const struct clone_request *c)
{
	int err;

	if (is_kernel_thread(c))
		return 0;
	err = c->flags & CLONE_SYSVSEM ? copy_sem(p) : 0;
	if (!err)
		err = copy_mm(p, c->flags);
	if (!err)
		err = copy_files(p, c->flags);
	if (!err)
		err = copy_io(c->flags, p);
	return err;
}

static int copy_thread(struct task *p, const struct clone_request *c)
{
	int err = arch_thread_alloc(p);

	if (err)
		return err;
	if (is_kernel_thread(c))
		arch_thread_kernel(p, c->fn, c->arg);
	else
		arch_thread_fork(p, c->stack, c->flags & CLONE_SETTLS ? &c->tls : NULL);
	return 0;
}

static int copy_user_ns(struct task *p)
{
	struct user_namespace *parent = p->cred.user_ns;
	int err = create_user_ns(&p->cred);

	if (!err)
		put_user_ns(parent);
	return err;
}

/* ERR_PTR. */
static struct nsproxy *namespaces_of_child(struct task *p, u64 flags)
{
	int err = flags & CLONE_NEWUSER ? copy_user_ns(p) : 0;

	return err ? ERR_PTR(err) : copy_namespaces(flags, p->cred.user_ns);
}

static int build_parts(struct task *p, const struct clone_request *c)
{
	struct nsproxy *ns;
	int err;

	if (is_kernel_thread(c))
		ns = nsproxy_get(&init_nsproxy);
	else if ((c->flags & (CLONE_VM | CLONE_NEWANY)) == CLONE_VM)
		ns = nsproxy_get(current->nsproxy);
	else
		ns = namespaces_of_child(p, c->flags);
	if (IS_ERR(ns))
		return (int)PTR_ERR(ns);
	p->nsproxy = ns;
	if (unlikely(ns->ns[NS_TIME] != &init_time_ns.ns))
		time_ns_enter(p, to_time_ns(ns->ns[NS_TIME]));
	err = copy_group(p, c);
	if (!err)
		err = copy_sighand(p, c);
	if (!err)
		err = copy_resources(p, c);
	if (!err)
		err = copy_thread(p, c);
	return err ? err : pid_alloc(p, c->set_tid, c->nr_set_tid);
}

/*
 * The one way back: gives up whatever the half-built p has by now. Nobody else has seen p. Sleeps.
 */
static void abandon(struct task *p)
{
	if (p->thread_pid)
		pid_put(p->pid);
	if (p->io_context)
		exit_io_context(p);
	if (p->nsproxy)
		nsproxy_put(p->nsproxy);
	if (p->fs)
		fs_put(p->fs);
	if (p->files)
		files_put(p->files);
	p->nsproxy = NULL;
	p->fs = NULL;
	p->files = NULL;
	if (p->mm) {
		mmput(p->mm);
		p->mm = NULL;
	}
	exit_sem(p);
	if (p->sighand) {
		sighand_put(p->sighand);
		p->sighand = NULL;
	}
	put_task(p);
}

static struct task *build(const struct clone_request *c)
{
	struct task *p = task_alloc();
	int err;

	if (IS_ERR(p))
		return p;
	copy_identity(p, c);
	err = build_parts(p, c);
	if (!err)
		return p;
	abandon(p);
	return ERR_PTR(err);
}

/* --- publish --- */

u64 total_forks;

/*
 * The last refusal, under the lock that publishes (S20). After SIGKILL was queued to a group its
 * set of threads only shrinks:
 *
 *	current, in clone                       killer
 *	lock(siglock)                           lock(siglock)
 *	SIGKILL pending? no: link p             each thread on the list: SIGKILL
 *	unlock                                  unlock
 *
 * Whoever takes the lock first, p is on the list that the killer walks, or p is refused. The same
 * holds between processes for the OOM killer's walk over sharers of an mm: a sharer's child is
 * linked at the end of the list, or refused.
 *
 * A signal sent to many processes (a process group, everybody) while this call ran came too early
 * for a new process, which was on no list: it was noted for the child, see fork_signals.
 */
static bool refused(const struct clone_request *c)
{
	assert_held(&current->sighand->siglock);
	return !is_kernel_thread(c) && fatal_signal_pending(current);
}

static void link_parent(struct task *p, const struct clone_request *c)
{
	assert(rw_is_write_held(&tasklist_lock));
	if (is_kernel_thread(c)) {
		p->real_parent = &init_task;
		p->exit_signal = SIGCHLD;
	} else if (c->flags & CLONE_THREAD) {
		p->real_parent = current->real_parent;
		p->exit_signal = -1;
	} else if (c->flags & CLONE_PARENT) {
		p->real_parent = current->real_parent;
		p->exit_signal = current->group_leader->exit_signal;
		p->parent_exec_id = current->group_leader->parent_exec_id;
	} else {
		p->real_parent = current;
		p->exit_signal = c->exit_signal;
		p->parent_exec_id = current->group->exec_id;
	}
	p->parent = p->real_parent;
	p->ppid = task_tgid_nr_ns(p->real_parent, p->group->pid_ns);
	if (c->flags & CLONE_PTRACE || c->trace_event)
		ptrace_inherit(p);
}

static void link_thread(struct task *p)
{
	struct group *g = p->group;

	p->tgid = g->tgid;
	p->vtgid = current->vtgid;
	p->group_leader = current->group_leader;
	task_join_group_stop(p);
	if (p->jobctl || g->shared_pending.signal)
		set_tif(p, TIF_SIGPENDING);
}

static void link_process(struct task *p, const struct clone_request *c, sigset_t_k signals)
{
	struct group *g = p->group, *pg = p->real_parent->group, *cur = current->group;

	p->tgid = g->tgid = p->pid;
	p->vtgid = p->vpid;
	p->group_leader = g->leader = p;
	if (is_kernel_thread(c))
		cur = init_task.group;
	g->has_child_subreaper = pg->has_child_subreaper || pg->is_child_subreaper;
	group_get_tty(g, cur);
	g->session = cur->session;
	pid_get(g->session);
	pgrp_attach(g, cur->pgrp);
	if (p->vpid == 1) {
		g->pid_ns->child_reaper = p;
		g->flags = SIGNAL_UNKILLABLE;
	}
	list_add_tail(&p->sibling, &p->real_parent->children);
	list_add_tail(&p->tasks, &task_list);
	g->shared_pending.signal = signals;
	if (signals)
		set_tif(p, TIF_SIGPENDING);
}

static void link_task(struct task *p, const struct clone_request *c, sigset_t_k signals)
{
	struct group *g = p->group;

	link_parent(p, c);
	if (c->flags & CLONE_THREAD)
		link_thread(p);
	else
		link_process(p, c, signals);
	/* Only now: another thread may have put in a filter since p was a copy. */
	if (!is_kernel_thread(c)) {
		p->no_new_privs = current->no_new_privs;
		if (unlikely(current->seccomp.mode))
			copy_seccomp(p);
	}
	list_add_tail(&p->thread_node, &g->thread_head);
	g->nr_threads++;
	g->quick_threads++;
	atomic_fetch_add(&g->live, 1);
	atomic_fetch_add(&g->io_live, 1);
	assert_rel(atomic_load(&g->live), <=, g->nr_threads);		/* S16 */
	pid_attach(p);
}

static int publish(struct task *p, const struct clone_request *c,
		const struct fork_signals *meanwhile, struct cgroup *into)
{
	struct spinlock *siglock = &current->sighand->siglock;
	int err;

	/*
	 * One reference for the hash, released by release_task; one for the scheduler, dropped
	 * after the last switch.
	 */
	atomic_store(&p->usage, 2);
	write_lock(&tasklist_lock);
	spin_lock(siglock);
	err = READ_ONCE(p->group->pid_ns->closed) ? -ENOMEM : refused(c) ? -EINTR : cgroup_fork(p, into);
	if (!err) {
		link_task(p, c, is_kernel_thread(c) ? 0 : meanwhile->signal);
		total_forks++;
	}
	spin_unlock(siglock);
	write_unlock(&tasklist_lock);
	if (err)
		atomic_store(&p->usage, 1);
	return err;
}

/*
 * The parent's descriptor for the child, told to it before the child is published, as that cannot
 * fail any more. The number is only kept until then: what is installed may be used and closed by
 * whoever shares the table, and its number then be somebody else's. It and *file, or -errno.
 */
static int prepare_pidfd(struct task *p, const struct clone_request *c, struct file **file)
{
	int fd = fd_reserve(O_CLOEXEC), err;

	if (fd < 0)
		return fd;
	*file = pidfd_file(p->group, 0);
	if (IS_ERR(*file))
		return fd_install(fd, *file);
	if (!copy_to_user(c->pidfd, &fd, sizeof(fd)))
		return fd;
	err = fd_install(fd, ERR_PTR(-EFAULT));
	fput(*file);
	return err;
}

static int publish_with_pidfd(struct task *p, const struct clone_request *c,
		const struct fork_signals *meanwhile, struct cgroup *into)
{
	struct file *file;
	int err, fd = prepare_pidfd(p, c, &file);

	if (fd < 0)
		return fd;
	err = publish(p, c, meanwhile, into);
	(void)fd_install(fd, err ? ERR_PTR(err) : file);
	if (err)
		fput(file);
	return err;
}

static struct task *build_and_publish(const struct clone_request *c,
		const struct fork_signals *meanwhile, struct cgroup *into)
{
	struct task *p = build(c);
	int err;

	if (IS_ERR(p))
		return p;
	pause_point("fork");
	err = c->flags & CLONE_PIDFD ? publish_with_pidfd(p, c, meanwhile, into) : publish(p, c, meanwhile, into);
	if (!err)
		return p;
	abandon(p);
	return ERR_PTR(err);
}

struct task *copy_process(const struct clone_request *c)
{
	struct spinlock *siglock = &current->sighand->siglock;
	struct fork_signals meanwhile = { .signal = 0 };
	struct cgroup *into = NULL;
	struct task *p;
	int err;

	might_sleep();
	err = check(c);
	if (err)
		return ERR_PTR(err);
	if (c->flags & CLONE_INTO_CGROUP) {
		into = cgroup_clone_target(c->cgroup_fd, c->flags & CLONE_THREAD);
		if (IS_ERR(into))
			return ERR_PTR(PTR_ERR(into));
	}
	spin_lock(siglock);
	list_add(&meanwhile.node, &current->group->forks);
	spin_unlock(siglock);
	p = build_and_publish(c, &meanwhile, into);
	spin_lock(siglock);
	list_del(&meanwhile.node);
	spin_unlock(siglock);
	cgroup_put(into);
	return p;
}

/*
 * Shares the boot task's group without being one of its threads: an idle task is on no list and
 * never dies.
 */
struct task *fork_idle(struct cpu *c)
{
	struct task *p = task_alloc();

	if (IS_ERR(p))
		return NULL;
	if (arch_thread_alloc(p)) {
		put_task(p);
		return NULL;
	}
	p->flags = PF_KTHREAD | PF_IDLE | PF_NOFREEZE;
	p->cpu = c;
	p->affinity = 1ull << c->id;
	p->group = init_task.group;
	atomic_fetch_add(&p->group->sigcnt, 1);
	p->sighand = init_task.sighand;
	atomic_fetch_add(&p->sighand->count, 1);
	p->group_leader = p->real_parent = p->parent = &init_task;
	p->exit_signal = -1;
	kstrlcpy(p->comm, "swapper/", sizeof(p->comm));
	p->comm[8] = (char)(c->id < 10 ? '0' + c->id : '1');
	if (c->id >= 10)
		p->comm[9] = (char)('0' + c->id - 10);
	return p;
}
