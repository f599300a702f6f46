// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task (Linux: task_struct) and a thread group (Linux: signal_struct): the fields, who protects
 * each, who pins whom.
 *
 * Legend: (!) fixed once published   (@) only current touches it   (~) atomic, no lock   (c) set at creation, read by anyone
 *   [T] tasklist_lock, write to change, read to look    [S] sighand->siglock    [A] t->alloc_lock (task_lock)
 *   [R] rq lock of t->cpu    [F] freezer_lock    [O] oom_lock
 *
 * tasklist_lock stands in for RCU: LINUX: list walks that Linux does under RCU are done under
 * read_lock(&tasklist_lock). A task is pinned by t->usage, by tasklist_lock while it is hashed, or
 * by being current. t->group stays valid until the task is freed; t->sighand is NULL from
 * __exit_signal on [T+S].
 */
#pragma once
#include "kernel/arch.h"
#include "kernel/cred.h"
#include "kernel/lock.h"
#include "kernel/mm/mempolicy.h"
#include "kernel/pid.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/timer.h"
#include "kernel/user_namespace.h"
#include "kernel/waitq.h"

struct mm;
struct files;
struct fs;
struct io_context;
struct cpu_timer;
struct inode;
struct tty;
struct sem_undo_list;
struct pi_lock;
struct pi_waiter;
struct cgroup;
struct seccomp_filter;

#define NR_CG_TREES	3	/* cgroup.h */

/* t->flags, written by current only unless said. */
#define PF_EXITING	0x00000004u	/* X2 onwards */
#define PF_QUIESCED	0x00000008u	/* past Q: no device access, no IO any more (set in oom_exit_quiesced) */
#define PF_POSTCOREDUMP	0x00000010u	/* X1 onwards: a core dump that begins now does not wait for it (written under [S]) */
#define PF_FORKNOEXEC	0x00000040u
#define PF_DUMPCORE	0x00000200u	/* dumps core */
#define PF_SIGNALED	0x00000400u
#define PF_NPROC_EXCEEDED 0x00001000u	/* became a user with too many threads: exec asks again */
#define PF_NOFREEZE	0x00008000u	/* freezer: not this one */
#define PF_KTHREAD	0x00200000u
#define PF_MCE_PROCESS	0x00000080u	/* prctl(PR_MCE_KILL): has said what it wants when memory goes bad */
#define PF_MCE_EARLY	0x08000000u
#define PF_IO_FLUSHER	0x00180000u	/* prctl(PR_SET_IO_FLUSHER): both bits that Linux sets */
#define PF_INHERITED	(PF_MCE_PROCESS | PF_MCE_EARLY | PF_IO_FLUSHER)	/* by a fork */
#define PF_SUSPEND_TASK	0x80000000u	/* the one that runs the suspend */
#define PF_IDLE		0x00000002u
#define PF_MEMALLOC	0x00000800u	/* in direct reclaim: no recursion */

/* t->tif: nonzero means the way out to user mode has work. */
#define TIF_NEED_RESCHED	0x01u
#define TIF_SIGPENDING		0x02u
#define TIF_NOTIFY_RESUME	0x04u	/* task work */
#define TIF_RSEQ		0x08u	/* was switched to, and has registered a struct rseq */
#define TIF_SYSCALL_TRACE	0x10u	/* stops at each system call (ptrace) */
#define TIF_SINGLESTEP		0x20u	/* a system call is one step (ptrace) */
#define TIF_SECCOMP		0x40u	/* its system calls are asked about (seccomp) */
#define TIF_USER_DISPATCH	0x80u	/* its system calls may become SIGSYS (PR_SET_SYSCALL_USER_DISPATCH) */
#define TIF_SYSCALL_EMU		0x100u	/* stops at each system call, which is not made (ptrace) */
#define TIF_WORK		(TIF_NEED_RESCHED | TIF_SIGPENDING | TIF_NOTIFY_RESUME | TIF_RSEQ)

/* t->exit_state [T] */
#define EXIT_DEAD	0x10
#define EXIT_ZOMBIE	0x20
#define EXIT_TRACE	(EXIT_ZOMBIE | EXIT_DEAD)

/* t->jobctl [S] */
#define JOBCTL_STOP_SIGMASK	0xffffu
#define JOBCTL_STOP_DEQUEUED	(1u << 16)	/* a stop signal was taken off the queue and no SIGCONT came since */
#define JOBCTL_STOP_PENDING	(1u << 17)
#define JOBCTL_STOP_CONSUME	(1u << 18)
#define JOBCTL_TRAP_STOP	(1u << 19)	/* a tracer wants it to stop */
#define JOBCTL_TRAP_NOTIFY	(1u << 20)	/* a tracer by SEIZE is to see a change of the group's stop */
#define JOBCTL_TRAPPING		(1u << 21)	/* on its way from a group stop to a trace stop, the tracer waits */
#define JOBCTL_LISTENING	(1u << 22)	/* in a trace stop, and goes on by itself when something changes */
#define JOBCTL_TRAP_FREEZE	(1u << 23)	/* its cgroup is to be frozen (version 2) */
#define JOBCTL_PTRACE_FROZEN	(1u << 24)	/* a ptrace call works on it: SIGKILL waits */
#define JOBCTL_STOPPED		(1u << 26)
#define JOBCTL_TRACED		(1u << 27)	/* in a trace stop */
#define JOBCTL_TRAP_MASK	(JOBCTL_TRAP_STOP | JOBCTL_TRAP_NOTIFY)
#define JOBCTL_PENDING_MASK	(JOBCTL_STOP_PENDING | JOBCTL_TRAP_MASK)

/* g->flags [S] */
#define SIGNAL_STOP_STOPPED	0x01u
#define SIGNAL_STOP_CONTINUED	0x02u
#define SIGNAL_GROUP_EXIT	0x04u
#define SIGNAL_CLD_STOPPED	0x10u
#define SIGNAL_CLD_CONTINUED	0x20u
#define SIGNAL_UNKILLABLE	0x40u	/* init */

struct k_rusage;

struct callback {			/* task work: runs on the way to user mode or in X12 */
	struct list node;
	void (*fn)(struct callback *cb);
};

struct group {
	_Atomic u32 sigcnt;		/* (~) one per task_struct: memory lifetime */
	_Atomic s32 live;		/* (~) threads not yet at X3; ++ under [T+S] */
	_Atomic s32 io_live;		/* (~) threads not yet past Q, the point of no more IO; ++ with live, -- in oom_exit_quiesced */
	s32 nr_threads;			/* [T+S] hashed threads */
	s32 quick_threads;		/* [S] threads not yet at X0 */
	_Atomic u32 cpu_watch;		/* (~) CPU_WATCH_*: its time is looked at in the tick */
	struct list thread_head;	/* [T+S] of task.thread_node: either lock to read */
	u32 flags;			/* [S] SIGNAL_* */
	int group_exit_code;		/* [S] */
	struct core_state *core_state;	/* [S] of the core dump in progress, on the dumper's stack; NULL */
	struct task *group_exec_task;	/* [S] de_thread in progress */
	int notify_count;		/* [S] de_thread's handshake */
	int group_stop_count;		/* [S] */
	struct sigpending shared_pending;	/* [S] */
	struct list forks;		/* [S] of fork_signals: forks of its threads that are under way */
	struct waitq wait_chldexit;
	struct waitq wait_pidfd;	/* for the end of the group */
	struct mutex exec_mutex;	/* exec against itself and against who attaches; its other threads end under it */
	struct mutex exec_update_mutex;	/* the part of exec that changes mm, files and rights, against who looks into it */
	u32 exec_id;			/* [S] how many programs it has executed; read by anyone */

	struct pid_namespace *pid_ns;	/* (c) where its number was given out, referenced */
	struct pid *pid;		/* (c) the entry of tgid, referenced */
	int pgrp, session;		/* [T] */
	struct list pgrp_node;		/* [T] on its process group's list */
	u8 leader_of_session;		/* [T] */
	int tty_old_pgrp;		/* [T] of a session's leader: in front when its terminal was hung up; referenced, 0: none */
	struct tty *tty;		/* [S, T to set] controlling terminal, referenced */
	u8 is_child_subreaper;		/* (@) set by prctl */
	u8 has_child_subreaper;		/* [T] */

	short oom_score_adj;		/* (~) plain int store, -1000..1000 */
	short oom_score_adj_min;
	u8 oom_flag_origin;
	_Atomic(struct mm *) oom_mm;	/* (~) set once by cmpxchg under [O]; pins mm_count until the group is freed */
	_Atomic u64 oom_priv;		/* the active design's own word */
	_Atomic s32 oom_owed;		/* marks of this group counted and not yet dropped */
	struct list oom_node;		/* [victims_lock of oom.c] list of victims in flight; the list holds a reference */
	u64 oom_marked_ns;		/* (!) when oom_mm was set */
	_Atomic bool oom_given_up;	/* (~) set once: the killer waits for it no more */
	u64 oom_marked_insns;

	struct cpu_timer *cpu_timers;	/* [cpu_timers_lock] timers on its time, anybody's */
	u64 cpu_seen[2];		/* [S] by enum cpu_part, ns: the most that a tick saw. Read without. */
	struct cpu_itimer { u64 expires, incr; } cpu_itimer[2];	/* [S] by enum cpu_part, ns of its time; 0: off */
	struct list posix_timers;	/* [S] its own */

	struct timer real_timer;	/* ITIMER_REAL */
	u64 it_real_incr;		/* [S] ns */
	u64 it_real_expires;		/* [S] ns absolute, 0 = off */
	struct task *leader;		/* [T] group leader, NULL after it is unhashed */

	struct k_rlimit64 rlim[16];	/* [A of leader] LINUX: per group */
	u64 utime, stime, cutime, cstime;	/* [S] of dead threads / reaped children, ns */
	u64 min_flt, maj_flt;
	u64 nvcsw, nivcsw;
	u64 cmin_flt, cmaj_flt, cnvcsw, cnivcsw;
	u64 maxrss, cmaxrss;		/* pages */
	int next_timer_id;		/* [S] */
	int tgid;			/* (c) */
};

struct task {
	_Atomic u32 state;		/* see sched.h */
	_Atomic u32 tif;		/* (~) */
	u32 flags;			/* (@) PF_* */
	_Atomic u32 usage;		/* (~) references to this struct */
	int in_syscall;			/* (@) number, -1 */
	struct mutex *held_mutexes;	/* (@) for the rank check: by falling rank, linked by mutex->below */
	struct arch_thread arch;

	/* scheduling [R] */
	struct cpu *cpu;		/* where it runs, ran or is queued */
	u8 on_rq, on_cpu;
	u8 reset_on_fork;
	_Atomic u32 cpu_watch;		/* (~) as of a group */
	struct list rq_node;
	u64 slice, slice_end;		/* ns: length of a turn, end of this one */
	u64 exec_start, utime, stime;	/* ns */
	u64 affinity;			/* bit per CPU */
	u64 visit_return;		/* during sched_visit: what affinity is to be after it */
	int policy, rt_priority, nice;
	int prio;			/* what the queue goes by: rt_priority, 0 of an ordinary task, or pi_prio if that is higher */
	int pi_prio;			/* the highest priority of those who wait for a lock of this task */
	struct cpu_timer *cpu_timers;
	u64 rt_start;			/* a real-time task's processor time when it last slept, ns */
	u64 nvcsw, nivcsw;
	struct timer sleep_timer;	/* schedule_until */
	u32 saved_state;		/* [R] state before TASK_FROZEN */
	struct list pipe_node;		/* [pipe->lock] on a list of those who sleep in a pipe */

	/* identity and family */
	union {
		struct {
			int pid;	/* (!) except exec's swap [T] */
			int linux_prio;	/* [R] prio and nice as Linux counts: 0..98 real-time, the highest first, 100..139 by nice */
		};
		u64 trace_who;		/* both, for a record of trace.c */
	};
	int tgid;			/* (!) */
	int vpid, vtgid;		/* as pid and tgid, in its own namespace: what it sees itself */
	int pdeath_signal;		/* (@) */
	u64 timer_slack_ns, default_timer_slack_ns;	/* (@) told to who asks. LINUX: timers here have no slack */
	struct pid *thread_pid;		/* [T] its number's entry, NULL when unhashed */
	struct task *group_leader;	/* [T] */
	struct group *group;		/* (!) */
	struct sighand *sighand;	/* [T+S] to change; NULL when unhashed */
	struct task *real_parent;	/* [T] who reaps */
	int ppid;			/* [T] real_parent's tgid in its own namespace; getppid() looks at nothing else */
	struct task *parent;		/* [T] who is told */
	struct list children, sibling;	/* [T] leaders only */
	struct list thread_node;	/* [T+S] on group->thread_head */
	struct list tasks;		/* [T] on task_list: leaders only */
	struct list ptraced;		/* [T] tasks that it traces, by ptrace_entry */
	struct list ptrace_entry;	/* [T] on its tracer's list, or on exit_notify's list of the dead to release */
	u32 ptrace;			/* [T+S] to change: see ptrace.h; 0: not traced */
	u8 ptracer_capable;		/* [T] the tracer had CAP_SYS_PTRACE when it attached */
	_Atomic int exit_state;		/* [T], ZOMBIE -> DEAD by cmpxchg under read_lock too */
	int death_told;			/* [T] tgid of the parent last told of this group's death, -1: none */
	int exit_code;			/* [T]; [S] in a trace stop: what wait shows, then what the tracer sends it on with */
	int exit_signal;		/* [T] */
	u32 parent_exec_id;		/* [T] of the parent that chose it: its group's exec_id then */
	char comm[16];			/* [A] */
	u64 start_time;			/* (!) ns */

	/* signals */
	sigset_t_k blocked;		/* by current only, and as if under [S]: see set_current_blocked */
	sigset_t_k real_blocked;	/* [S] the mask while sigtimedwait unblocks what it waits for, else 0 */
	sigset_t_k saved_sigmask;	/* (@) */
	u8 restore_sigmask;		/* (@) */
	struct sigpending pending;	/* [S] */
	u32 jobctl;			/* [S] */
	u32 sas_flags;			/* (@) */
	uaddr_t sas_sp;			/* (@) alternate stack */
	size_t sas_size;
	struct restart_block restart;	/* (@) */
	struct mempolicy mempolicy;	/* (@) */
	u32 personality;		/* (@) */
	u64 ptrace_message;		/* [S] of a trace stop, for GETEVENTMSG */
	struct k_siginfo *last_siginfo;	/* [S] of a trace stop, on its stack; else NULL */

	/* resources [A] */
	struct spinlock alloc_lock;	/* task_lock, rank RANK_TASK */
	struct mm *mm;			/* [A] to change; NULL past X5b and in kernel threads */
	struct files *files;		/* [A] */
	struct fs *fs;			/* [A] */
	struct io_context *io_context;	/* [A] */
	struct nsproxy *nsproxy;	/* [A] to change, referenced; NULL past X11 */
	struct time_offsets time_offsets;	/* (@) those of its namespace of time */
	struct sem_undo_list *sysvsem;	/* (@) what the end of the last that shares it takes back; NULL: nothing */

	struct cred cred;		/* see cred.h */
	u8 no_new_privs;		/* (~) only ever set: by itself, or with a filter by another thread */
	struct {			/* [S] to change; current reads its own without */
		int mode;		/* SECCOMP_MODE_* */
		u32 filter_count;
		_Atomic(struct seccomp_filter *) filter;	/* the newest, referenced; NULL */
	} seccomp;
	struct syscall_dispatch {	/* (@) see syscall_user_dispatch.c */
		u64 offset, len;	/* calls from this range are let alone */
		uaddr_t selector;	/* the byte that says whether all others are, 0: they are not */
		bool dispatched;	/* this call became a signal: no tracer hears of its end */
	} syscall_dispatch;

	/* user-space promises (@) */
	uaddr_t set_child_tid, clear_child_tid, robust_list;
	struct pi_lock *pi_locks;	/* [pi_lock of futex_pi.c] locks of this task that are waited for */
	struct pi_waiter *pi_waiter;	/* [pi_lock of futex_pi.c] waits for one itself */
	atomic_bool pi_dead;		/* (@) past exit_pi: nobody waits for it any more */
	uaddr_t rseq;			/* its struct rseq, 0: none */
	u32 rseq_sig;
	struct completion *vfork_done;	/* [A] */
	struct callback settid_work;	/* CLONE_CHILD_SETTID: stores set_child_tid on the first way out */

	struct userfault_event *userfault_events;	/* (@) to be told when mmap_lock is let go of */
	struct list task_works;		/* [work_lock] */
	struct spinlock work_lock;	/* rank RANK_FILES */
	u8 no_more_work;		/* [work_lock] X12 passed */
	u8 fasync_due;			/* (~) current's own: a file it woke is to be told of, see fs/fasync.c */
	u8 fault_injected;		/* (~) by the door in pause.c: the fault ends the task, and not the machine */
	u8 cgroup_gone;			/* [T] past cgroup_exit: a member no more */
	u8 cgroup_counted;		/* [css_lock] is in its group's nr_frozen_tasks */
	_Atomic u8 cgroup_frozen;	/* (~) set by itself: sleeps where version 2 counts it as frozen */
	u8 cgroup_freezing;		/* [T] its group of version 1 is to be in the refrigerator; read without */

	const void *waiting_for;	/* (@) lock or queue, for panic and /proc */

	_Atomic u64 oom_priv;		/* the active design's own word; cleared on fork */
	u64 min_flt, maj_flt;		/* (@) */
	u32 fail_nth;			/* (@) allocations up to the one that fails, 0: none; anybody may set it */

	struct cgroup *cgroup[NR_CG_TREES];	/* [T+K] to change, either to look, K: css_lock; NULL: the root */
};

/* A one-shot event. Mirrors Linux completion. */
struct completion {
	_Atomic u32 done;
	struct waitq wait;
};
void completion_init(struct completion *c);
void complete(struct completion *c);
void wait_for_completion(struct completion *c);			/* uninterruptible */
int wait_for_completion_state(struct completion *c, unsigned state);	/* 0 or -ERESTARTSYS */

extern struct rwlock tasklist_lock;
extern struct list task_list;		/* [T] leaders, init first */
extern struct task init_task;		/* the boot task: idle of CPU 0, parent of all kernel threads, pid 0 */
extern u64 total_forks;			/* [tasklist_lock] tasks published since boot */
extern _Atomic u32 nr_tasks;		/* task_structs in existence */
extern _Atomic u32 nr_dead_tasks;	/* those of them that somebody has to release, or has released. ++ under [T] */

#define for_each_process(p)		list_for_each(p, &task_list, tasks)
#define for_each_thread(g, t)		list_for_each(t, &(g)->thread_head, thread_node)
#define for_each_process_thread(p, t)	for_each_process(p) for_each_thread((p)->group, t)

static inline bool thread_group_leader(const struct task *t) { return t->exit_signal >= 0; }
/* No other hashed thread. [T] */
static inline bool thread_group_empty(const struct task *t) { return t->group->nr_threads == 1; }
static inline void task_lock(struct task *t) { spin_lock(&t->alloc_lock); }
static inline void task_unlock(struct task *t) { spin_unlock(&t->alloc_lock); }
static inline bool same_thread_group(const struct task *a, const struct task *b) { return a->group == b->group; }
static inline void set_tif(struct task *t, u32 bit) { atomic_fetch_or(&t->tif, bit); }
static inline void clear_tif(struct task *t, u32 bit) { atomic_fetch_and(&t->tif, ~bit); }
static inline bool test_tif(const struct task *t, u32 bit)
{
	return atomic_load_explicit(&t->tif, memory_order_relaxed) & bit;
}

static inline bool signal_pending(const struct task *t) { return test_tif(t, TIF_SIGPENDING); }

static inline struct task *get_task(struct task *t) { atomic_fetch_add(&t->usage, 1); return t; }
struct task *task_alloc(void);			/* zeroed, lists and locks set up, one reference; ERR_PTR(-EAGAIN, -ENOMEM). Sleeps. */
void put_task(struct task *t);			/* any context; the last reference frees task and perhaps group */
/*
 * Some thread of p's group that still has an mm, with its alloc_lock held; NULL if none.
 * tasklist_lock held.
 */
struct task *find_lock_task_mm(struct task *p);

extern int threads_max;

/* fork.c */
struct clone_request {
	u64 flags;				/* CLONE_*, without the exit signal */
	uaddr_t pidfd, child_tid, parent_tid, stack, tls;
	int exit_signal;
	const int *set_tid;			/* clone3: the numbers wanted, as for pid_alloc */
	size_t nr_set_tid;
	int cgroup_fd;				/* clone3, with CLONE_INTO_CGROUP */
	int trace_event;			/* do_clone: what current's tracer hears, PTRACE_EVENT_*, or 0 */
	void (*fn)(void *arg);			/* kernel thread, else NULL */
	void *arg;
};
/* The new task, not yet running, or ERR_PTR. Check, build, publish. Sleeps. */
struct task *copy_process(const struct clone_request *c);
void task_init_boot(void);			/* caches, init_task; after kmem_init, before any fork */
struct task *fork_idle(struct cpu *c);		/* c's idle task: pid 0, on no list, never woken; NULL */

/* exit.c: do_exit is its table of contents */
void do_exit(int code) __noreturn;
void do_group_exit(int code) __noreturn;
void make_task_dead(void) __noreturn;
bool release_task(struct task *p);		/* LINUX RFC: true if p took its zombie leader along */
bool tell_parent(struct task *p);		/* tasklist_lock write-held; its comment has the rest */
void set_exit_dead(struct task *p);		/* a zombie that nobody else will release; tasklist_lock write-held */
/* Releases all on the list, by ptrace_entry; true if t, one of them, took its zombie leader along. */
bool release_dead(struct list *dead, struct task *t);
void mm_release(struct mm *old);		/* exit and exec, before current leaves old: X5a */

/* task_work.c */
int task_work_add(struct task *t, struct callback *cb);	/* 0, or -ESRCH past X12. Any context below RANK_FILES. */
void task_work_run(void);			/* current; may sleep */

/* reparent.c */
bool is_current_pgrp_orphaned(void);		/* takes tasklist_lock */
/*
 * p leaves @parent: if that was what kept p's process group from being an orphan, stopped members
 * must not stay so. @ignored counts as gone already. tasklist_lock write-held.
 */
void kill_orphaned_pgrp(struct task *p, struct task *parent, struct task *ignored);
/*
 * Father's children go to others, and its tracees free; zombies nobody waits for go to @dead, for
 * release_dead. tasklist_lock write-held; the end of a namespace drops it, and sleeps.
 */
void forget_original_parent(struct task *father, struct list *dead);

/* Semaphores of System V (ipc/sem.c). Both may sleep. */
int copy_sem(struct task *p);			/* CLONE_SYSVSEM: p, new, shares what current has to take back. 0 or -ENOMEM */
void exit_sem(struct task *t);			/* current, or one that current abandons, has nothing to take back any more; the last that shares it does it */
/* The controlling terminal of a group, which holds a reference; tasklist_lock write-held. */
void group_get_tty(struct group *g, struct group *from);	/* that of another group */
void group_put_tty(struct group *g);	/* none any more */

/* wait.c */
void wait_for_all_children(void);		/* of current, which is past X2; reaps them, and sleeps until there are none */

/* group.c / exec.c */
void group_caches_init(void);			/* task_init_boot's */
struct group *group_alloc(const struct task *like);	/* one thread, limits and OOM score of that one's; NULL. Sleeps. */
void group_put(struct group *g);		/* any context */
struct sighand *sighand_alloc(void);		/* one user; the handlers are for the caller to fill. NULL. Sleeps. */
void sighand_put(struct sighand *s);		/* any context */
/*
 * exec: argv and envp are kernel arrays ending in NULL (first program) or come from user memory
 * (sys_execve).
 */
int kernel_execve(const char *path, const char *const argv[], const char *const envp[]);

/* pidfd.c */
struct file *pidfd_file(struct group *g, u32 flags);	/* a new pidfd; ERR_PTR(-ENOMEM). flags: O_NONBLOCK. Sleeps. */
/* what it names, referenced, and the open file's flags; ERR_PTR(-EBADF) */
struct group *pidfd_group(int fd, u32 *flags);
struct task *get_leader(struct group *g);	/* referenced; NULL if it was reaped */

/* kthread.c */
/* running, or ERR_PTR */
struct task *kthread_run(void (*fn)(void *arg), void *arg, const char *fmt, ...) __printf(3, 4);
void set_freezable(void);			/* this kernel thread takes part in freezing (they are PF_NOFREEZE otherwise) */

/*
 * Waits until every task that release_task has unhashed is freed; gives up on one that somebody
 * holds on to. Sleeps.
 */
void wait_for_dead_tasks(void);

/* proc's view */
char task_state_letter(const struct task *t);
void task_cputime(struct group *g, u64 *utime, u64 *stime);	/* dead and living threads; takes tasklist_lock (r) */
void sum_cputime(struct group *g, u64 *utime, u64 *stime);	/* the same with tasklist_lock or siglock held */
/* of p's group and of the children it reaped (RUSAGE_BOTH); as above */
void group_rusage(struct task *p, struct k_rusage *r);
