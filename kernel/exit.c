// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread's end. Mirrors Linux 6.1 kernel/exit.c with the order of the patch "[RFC 3/4] mm, oom:
 * do not rely on TIF_MEMDIE for exit_oom_victim": exit_io_context comes before exit_notify, and
 * exit_notify says whether it saw the last thread of its group.
 *
 * do_exit is a table of contents: one call a step, X0 to X20. Each step detaches under its lock and
 * frees afterwards. What becomes of the children is in reparent.c.
 *
 * Locks: tasklist_lock (family, exit_state), then task_lock (mm), then siglock (flags and counts of
 * the group).
 *
 *	exit_state	who may see the task
 *	0		everybody; it runs
 *	EXIT_ZOMBIE	a leader nobody waited for, its parent told once no other thread is hashed
 *	EXIT_DEAD	exactly one party has set it and alone calls release_task (S19)
 *	EXIT_TRACE	a leader that its tracer has waited for, and its parent not yet
 */
#include "kernel/block.h"
#include "kernel/cgroup.h"
#include "kernel/coredump.h"
#include "kernel/fs/files.h"
#include "kernel/futex.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/printk.h"
#include "kernel/ptrace.h"
#include "kernel/seccomp.h"
#include "kernel/syscall.h"
#include "kernel/timer.h"
#include "kernel/trace.h"

/* Ends a step: a place where the explorer may switch, and a scene may hold the task up. */
static inline void step(const char *label)
{
	pause_point(label);
	arch_point(POINT_EXIT_STEP, label);
}

/*
 * The steps that others ask about are recorded too, by number: X3 is 30, X5d is 54, X12 is 120,
 * X16 is 160, X14A is 141 and X14B is 142.
 */
static void step_traced(unsigned nr, const char *label)
{
	trace(TRACE_exit_step, nr, (u64)current->pid);
	step(label);
}

/* --- release_task --- */

/*
 * S18: a given parent, or tracer, is told of a group's death once, and never while another thread
 * is hashed. True: to be reaped at once.
 */
static bool tell_death(struct task *p, int sig)
{
	assert(rw_is_write_held(&tasklist_lock));
	assert_eq(p->exit_state, EXIT_ZOMBIE);
	assert(thread_group_leader(p) && thread_group_empty(p));
	assert_rel(p->death_told, !=, p->parent->tgid);
	p->death_told = p->parent->tgid;
	wake_up_all(&p->group->wait_pidfd);
	return do_notify_parent(p, sig);
}

bool tell_parent(struct task *p)
{
	return tell_death(p, p->exit_signal);
}

void set_exit_dead(struct task *p)
{
	assert(rw_is_write_held(&tasklist_lock));
	assert_eq(p->exit_state, EXIT_ZOMBIE);			/* S19 */
	p->exit_state = EXIT_DEAD;
	atomic_fetch_add(&nr_dead_tasks, 1);
}

static void account_dead_thread(struct group *g, struct task *p)
{
	g->utime += p->utime;
	g->stime += p->stime;
	g->min_flt += p->min_flt;
	g->maj_flt += p->maj_flt;
	g->nvcsw += p->nvcsw;
	g->nivcsw += p->nivcsw;
}

/* An exec in another thread waits until all others are gone. siglock held. */
static void tell_exec(struct group *g)
{
	if (g->notify_count > 0 && --g->notify_count == 0)
		wake_up_process(g->group_exec_task);
}

static void unhash_leader(struct group *g, struct task *p)
{
	assert_eq(g->nr_threads, 1);				/* S16, S17: the leader is the last one unhashed */
	g->leader = NULL;
	list_del(&p->tasks);
	list_del(&p->sibling);
	pgrp_detach(g);
	pid_put_locked(g->session);
	flush_sigqueue(&g->shared_pending);
	group_put_tty(g);
}

/*
 * p leaves every list. Current may be anyone: p itself, its parent, a later thread of its group, an
 * exec.
 */
static void __exit_signal(struct task *p)
{
	struct group *g = p->group;
	struct sighand *s = p->sighand;

	assert(rw_is_write_held(&tasklist_lock));
	assert_eq(p->exit_state, EXIT_DEAD);
	assert(s);
	spin_lock(&s->siglock);
	if (thread_group_leader(p))
		unhash_leader(g, p);
	else
		tell_exec(g);
	account_dead_thread(g, p);
	list_del(&p->thread_node);
	g->nr_threads--;
	assert_rel(atomic_load(&g->live), <=, g->nr_threads);	/* S16 */
	flush_sigqueue(&p->pending);
	p->sighand = NULL;
	spin_unlock(&s->siglock);
	pid_detach_put(p);
	sighand_put(s);
}

/* Its system calls were watched: those of others need not take the slow way for it. */
static void leave_watch(struct task *p)
{
	syscall_dispatch_off(p);
	if (p->seccomp.mode)
		seccomp_filter_release(p);
}

/*
 * Unhashes p. If that leaves nothing of the group but a zombie leader, its parent hears of the
 * group's death now; and if the parent does not care, the leader is released too. True exactly in
 * that case: what the patch's release_task returns.
 *
 * LINUX: the patch takes this value for "the last thread". It misses the zombie leader whose parent
 * does care: see exit_notify.
 */
bool release_task(struct task *p)
{
	bool took_leader = false, again;

	do {
		struct task *leader;

		write_lock(&tasklist_lock);
		leader = p->group_leader;
		if (unlikely(p->ptrace))
			ptrace_unlink(p);
		__exit_signal(p);
		oom_hook(unhashed, p);
		again = leader != p && thread_group_empty(leader) && leader->exit_state == EXIT_ZOMBIE &&
			tell_parent(leader);
		if (again)
			set_exit_dead(leader);
		write_unlock(&tasklist_lock);
		if (unlikely(test_tif(p, TIF_SECCOMP | TIF_USER_DISPATCH)))
			leave_watch(p);
		put_task(p);
		p = leader;
		took_leader |= again;
	} while (again);
	return took_leader;
}

bool release_dead(struct list *dead, struct task *t)
{
	bool took_leader = false;
	struct task *p, *n;

	list_for_each_safe(p, n, dead, ptrace_entry) {
		list_del(&p->ptrace_entry);
		if (release_task(p) && p == t)
			took_leader = true;
	}
	return took_leader;
}

/* --- exit_notify --- */

/*
 * A traced task tells its tracer of its own end, leader or not, last or not; and the tracer has to
 * wait for it, whatever it does with SIGCHLD. A leader whose tracer is its parent's process is told
 * of as a child; of all others as a tracee.
 */
static void tell_tracer(struct task *t)
{
	if (!thread_group_leader(t) || !thread_group_empty(t))
		do_notify_parent(t, SIGCHLD);						/* N9 N10 */
	else
		(void)tell_death(t, ptrace_reparented(t) ? SIGCHLD : t->exit_signal);	/* N8 N7 */
}

/*
 * X14A, what becomes of t (rows N1 to N10). True if t is to be released here and now;
 * *last as in exit_notify.
 */
static bool notify_relatives(struct task *t, bool *last)
{
	t->exit_state = EXIT_ZOMBIE;
	if (t->ptrace) {
		tell_tracer(t);
		return false;
	}
	if (!thread_group_leader(t))
		return true;				/* N4 N5 N6 */
	*last = thread_group_empty(t);
	return *last && tell_parent(t);			/* N1 N2; N3: silent until the others are gone */
}

/*
 * X14. Returns the patch's `last`: "this is the last thread from the thread group". It is never
 * true too early, since every other thread is past X16 by then; but it stays false for a group
 * whose leader became a zombie before the others were unhashed:
 *
 *	leader                          worker
 *	X14A: worker hashed, not last
 *	ZOMBIE
 *	                                X14A: not the leader
 *	                                X14B: release_task tells the leader's parent, which handles SIGCHLD: false
 *
 * and nobody looks again when the parent reaps the leader. Scenarios: leader_first, unhash_window.
 */
static bool exit_notify(struct task *t, bool group_dead)
{
	LIST_HEAD(dead);
	bool last = false;

	write_lock(&tasklist_lock);
	cgroup_exit(t);
	forget_original_parent(t, &dead);
	if (group_dead)
		kill_orphaned_pgrp(t, t->group_leader->real_parent, t->group_leader);
	if (notify_relatives(t, &last)) {
		set_exit_dead(t);
		list_add(&t->ptrace_entry, &dead);
	}
	/*
	 * An exec in another thread waits for the leader to get here. It sets -1 under
	 * tasklist_lock, so this look cannot miss it.
	 */
	if (t->group->notify_count < 0)
		wake_up_process(t->group->group_exec_task);
	oom_hook(exit_notify_locked, t);
	write_unlock(&tasklist_lock);
	step_traced(141, "X14A");

	if (release_dead(&dead, t))
		last = true;
	step_traced(142, "X14B");
	return last;
}

/* --- the steps --- */

/*
 * X0. Whoever is the last to get here ends the group with its own code, unless somebody has set
 * one. True: another thread dumps core, and waits for this one.
 */
static bool synchronize_group_exit(struct task *t, int code)
{
	struct group *g = t->group;
	bool dumped;

	spin_lock(&t->sighand->siglock);
	g->quick_threads--;
	assert_rel(g->quick_threads, >=, 0);
	if (g->quick_threads == 0 && !(g->flags & SIGNAL_GROUP_EXIT)) {
		g->flags = SIGNAL_GROUP_EXIT;
		g->group_exit_code = code;
		g->group_stop_count = 0;
	}
	t->flags |= PF_POSTCOREDUMP;
	dumped = g->core_state;
	spin_unlock(&t->sighand->siglock);
	return dumped;
}

/* X3. */
static bool leave_live(struct task *t, int code)
{
	s32 live = atomic_fetch_sub(&t->group->live, 1) - 1;

	assert_rel(live, >=, 0);
	if (live == 0 && init_pid_ns.child_reaper && same_thread_group(t, init_pid_ns.child_reaper))
		panic("init (pid 1) has ended, exit code 0x%08x: nobody is left to run the machine",
		      (unsigned)(t->group->group_exit_code ? t->group->group_exit_code : code));
	t->exit_code = code;
	return live == 0;
}

/* X4. */
static void stop_itimers(struct task *t)
{
	exit_itimers(t->group);
	if (t->mm)
		t->group->maxrss = max(t->group->maxrss, max(t->mm->hiwater_rss, (u64)mm_rss(t->mm)));
}

/*
 * Wakes the parent that vforked us. The completion lies on its stack: see wait_for_vfork_done. The
 * pointer is set before we run and only ever cleared, so the look without the lock cannot miss it.
 */
static void complete_vfork_done(struct task *t)
{
	if (!READ_ONCE(t->vfork_done))
		return;
	task_lock(t);
	if (t->vfork_done) {
		complete(t->vfork_done);
		t->vfork_done = NULL;
	}
	task_unlock(t);
}

/*
 * CLONE_CHILD_CLEARTID: whoever joins us waits on that word. Nobody can if nobody else has this mm.
 */
static void clear_tid(struct task *t, struct mm *mm)
{
	static const int zero;
	uaddr_t addr = t->clear_child_tid;

	t->clear_child_tid = 0;
	if (!addr || atomic_load(&mm->mm_users) == 1)
		return;
	if (!copy_to_user(addr, &zero, sizeof(zero)))
		futex_wake(addr, 1, FUTEX_BITSET_MATCH_ANY, 1);
}

void mm_release(struct mm *old)
{
	struct task *t = current;

	might_sleep();
	assert(t->mm == old);
	if (t->robust_list) {
		exit_robust_list(t);
		t->robust_list = 0;
	}
	exit_pi(t);
	clear_tid(t, old);
	complete_vfork_done(t);
}

/* X5b. Also what the OOM killer relies on: whoever saw t->mm under task_lock saw it before this. */
static struct mm *detach_mm(struct task *t)
{
	struct mm *mm;

	task_lock(t);
	mm = t->mm;
	t->mm = NULL;
	arch_mm_switch(NULL);
	task_unlock(t);
	return mm;
}

/* X5. */
static void exit_mm(struct task *t)
{
	struct mm *mm = t->mm;

	if (mm) {
		mm_release(mm);
		step("X5a");
		mm = detach_mm(t);
		step("X5b");
		mmput(mm);
	} else {
		complete_vfork_done(t);
	}
	step("X5c");
	oom_exit_mm_done();
	step_traced(54, "X5d");
}

/*
 * X12. The main source of IO in an exit: the final close of every file that this thread was the
 * last to use.
 */
static void exit_task_work(struct task *t)
{
	task_work_run();
	assert(t->no_more_work && list_empty(&t->task_works));
}

/*
 * X19. PF_NOFREEZE comes after the state: until here the freezer waits for an exiting task, unless
 * it is an exempt victim.
 *
 * A waker may still be between its look at our state and its store (it saw an earlier sleep of
 * ours):
 *
 *	waker, our rq lock held         current
 *	state is INTERRUPTIBLE? yes     wakes up for another reason, runs on, exits
 *	                                state = TASK_DEAD
 *	state = RUNNING                 schedule(): takes the rq lock after it, finds us runnable, returns
 *
 * schedule() reads the state under that lock, so saying it again settles it.
 */
static void __noreturn do_task_dead(struct task *t)
{
	for (;;) {
		set_current_state(TASK_DEAD);
		t->flags |= PF_NOFREEZE;
		schedule();
	}
}

/*
 * A fault of the kernel ends current in the middle of do_exit. What it has not given back by now is
 * lost until the next boot, with its stack and its number; nobody is told of its end, and its group
 * never ends. Called from the fault, holds nothing.
 *
 * LINUX: any oops comes here unless panic_on_oops is set, and one outside do_exit goes through
 * do_exit first. On Thaw a fault of the kernel is the end of the machine; only one that the door in
 * pause.c has made is survived.
 */
void make_task_dead(void)
{
	struct task *t = current;

	arch_irq_enable();
	assert_no_locks();
	assert(t->flags & PF_EXITING && !t->exit_state);
	pr_err("Fixing recursive fault but reboot is needed!\n");
	get_task(t);
	write_lock(&tasklist_lock);
	t->exit_state = EXIT_DEAD;
	write_unlock(&tasklist_lock);
	do_task_dead(t);
}

struct resources {
	struct files *files;			/* NULL in kernel threads */
	struct fs *fs;				/* NULL in kernel threads */
	struct nsproxy *nsproxy;
};

/* Others who look at t find none of it from here on. The references are the caller's. */
static struct resources leave_resources(struct task *t)
{
	struct resources r;

	task_lock(t);
	r = (struct resources){ t->files, t->fs, t->nsproxy };
	t->files = NULL;
	t->fs = NULL;
	t->nsproxy = NULL;
	task_unlock(t);
	return r;
}

void do_exit(int code)
{
	struct task *t = current;
	bool dumped, group_dead, last;
	struct resources r;

	might_sleep();
	assert(!(t->flags & (PF_EXITING | PF_IDLE)));
	trace(TRACE_sched_process_exit, t->trace_who, (u64)code);

	dumped = synchronize_group_exit(t, code);
	step("X0");
	if (unlikely(dumped))
		coredump_task_exit(t);			/* X1 */
	ptrace_event(PTRACE_EVENT_EXIT, (u64)code);
	exit_signals();
	step("X2");

	group_dead = leave_live(t, code);
	oom_hook(exit_live, t, group_dead);
	step_traced(30, "X3");
	if (group_dead)
		stop_itimers(t);
	step("X4");

	exit_mm(t);
	if (t->sysvsem)
		exit_sem(t);				/* X7 */
	r = leave_resources(t);
	if (r.files)
		files_put(r.files);
	step("X8");
	if (r.fs)
		fs_put(r.fs);
	step("X9");
	if (group_dead)
		disassociate_ctty();
	step("X10");
	nsproxy_put(r.nsproxy);				/* X11 */
	exit_task_work(t);
	step_traced(120, "X12");

	/* The patch's order: no IO after this, and only then do others hear of our end. */
	if (t->io_context)
		exit_io_context(t);
	step_traced(160, "X16");
	oom_exit_quiesced();

	last = exit_notify(t, group_dead);
	oom_exit_notified(last);
	step("X18");
	oom_hook(exit_final, t);
	do_task_dead(t);
}

/* The whole group ends with code, or with the code somebody else has already given. */
void do_group_exit(int code)
{
	struct group *g = current->group;

	spin_lock(&current->sighand->siglock);
	if (g->flags & SIGNAL_GROUP_EXIT) {
		code = g->group_exit_code;
	} else if (g->group_exec_task) {
		code = 0;		/* an exec ends us, and the group goes on */
	} else {
		g->group_exit_code = code;
		g->flags = SIGNAL_GROUP_EXIT;
		zap_other_threads(current);
	}
	spin_unlock(&current->sighand->siglock);
	do_exit(code);
}

/* --- system calls --- */

long sys_exit(int code)
{
	do_exit((code & 0xff) << 8);
}

long sys_exit_group(int code)
{
	do_group_exit((code & 0xff) << 8);
}
