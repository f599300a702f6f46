// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a task's files in /proc that is about the task itself. Formats are Linux's
 * (fs/proc/array.c), with one line more in status: Freezer.
 *
 * Locks: tasklist_lock and siglock to take a snapshot; formatting holds nothing, but where there is
 * a number for each namespace.
 */
#include "kernel/freezer.h"
#include "kernel/fs/proc.h"
#include "kernel/fs/tty.h"
#include "kernel/mm/mm.h"
#include "kernel/oom.h"
#include "kernel/ptrace.h"
#include "kernel/trace.h"

#define NSEC_PER_TICK	(1000000000ul / HZ)

struct snapshot {
	int pid, tgid, ppid, tracer, pgrp, session;	/* as the namespace of the procfs sees them */
	int threads, exit_code, exit_signal;
	bool dumps;
	u32 tty_nr;			/* as stat shows a terminal; 0: none */
	int tty_pgrp;
	u64 pending, shared, blocked, ignored, caught;
	u64 min_flt, maj_flt, cmin_flt, cmaj_flt, cutime, cstime, nvcsw, nivcsw;
};

/* 0 or -ESRCH. */
static int take_snapshot(struct task *t, struct pid_namespace *ns, struct snapshot *s)
{
	struct group *g = t->group;

	read_lock(&tasklist_lock);
	if (!t->sighand) {
		read_unlock(&tasklist_lock);
		return -ESRCH;
	}
	spin_lock(&t->sighand->siglock);
	*s = (struct snapshot){
		.pid = task_pid_nr_ns(t, ns), .tgid = task_tgid_nr_ns(t, ns),
		.ppid = t->real_parent ? task_tgid_nr_ns(t->real_parent, ns) : 0,
		.tracer = t->ptrace ? task_pid_nr_ns(t->parent, ns) : 0,
		.pgrp = pid_nr_ns(g->pgrp, ns), .session = pid_nr_ns(g->session, ns), .threads = g->nr_threads,
		.exit_code = t->exit_code, .exit_signal = t->exit_signal, .dumps = g->core_state,
		.tty_nr = g->tty ? g->tty->nr : 0,
		.tty_pgrp = g->tty ? pid_nr_ns(READ_ONCE(g->tty->pgrp), ns) : -1,
		.pending = t->pending.signal, .shared = g->shared_pending.signal, .blocked = t->blocked,
		.min_flt = t->min_flt, .maj_flt = t->maj_flt, .cmin_flt = g->cmin_flt, .cmaj_flt = g->cmaj_flt,
		.cutime = g->cutime, .cstime = g->cstime, .nvcsw = t->nvcsw, .nivcsw = t->nivcsw,
	};
	for (int sig = 1; sig <= 64; sig++) {
		u64 h = t->sighand->action[sig - 1].handler;

		if (h == K_SIG_IGN)
			s->ignored |= sigmask(sig);
		else if (h != K_SIG_DFL)
			s->caught |= sigmask(sig);
	}
	spin_unlock(&t->sighand->siglock);
	read_unlock(&tasklist_lock);
	return 0;
}

/* The name in a line of its own: what would end the line is as in C. At most twice as long. */
static const char *escape_comm(const char *comm, char out[2 * TASK_COMM_LEN])
{
	char *p = out;

	for (; *comm; comm++) {
		if (*comm == '\n' || *comm == '\\')
			*p++ = '\\';
		*p++ = *comm == '\n' ? 'n' : *comm;
	}
	*p = 0;
	return out;
}

static void get_comm(struct task *t, char comm[TASK_COMM_LEN])
{
	task_lock(t);
	kstrlcpy(comm, t->comm, TASK_COMM_LEN);
	task_unlock(t);
}

/* --- stat --- */

/* Where the parts of a memory are, for who may trace the task; others read that there is one. */
struct places {
	u64 start_code, end_code, start_stack, others[7];
};

static struct places places_of(const struct mm *mm, bool permitted)
{
	if (!permitted)
		return (struct places){ 1, 1, 0, { 0 } };
	return (struct places){
		mm->start_code, mm->end_code, mm->start_stack,
		{ mm->start_data, mm->end_data, mm->start_brk, mm->arg_start, mm->arg_end, mm->env_start, mm->env_end },
	};
}

static s64 print_stat(struct task *t, struct pid_namespace *ns, char *buf, size_t n, bool whole, u64 utime, u64 stime)
{
	bool permitted = ptrace_may_access(t, PTRACE_FSCREDS);
	struct places at = { 0 };
	struct mm_sizes sz = { 0 };
	struct snapshot s;
	char comm[TASK_COMM_LEN];
	u64 rss = 0;
	struct mm *mm;
	size_t len;

	if (take_snapshot(t, ns, &s))
		return -ESRCH;
	get_comm(t, comm);
	mm = get_task_mm(t);
	if (mm) {
		mm_sizes(mm, &sz);
		rss = (u64)mm_rss(mm);
		at = places_of(mm, permitted);
		mmput(mm);
	}
	len = kscnprintf(buf, n, "%d (%s) %c %d %d %d %d %d %u %lu %lu %lu %lu %lu %lu %ld %ld ",
			 s.pid, comm, task_state_letter(t), s.ppid, s.pgrp, s.session,
			 (int)s.tty_nr, s.tty_pgrp, t->flags, s.min_flt, s.cmin_flt, s.maj_flt,
			 s.cmaj_flt, utime / NSEC_PER_TICK, stime / NSEC_PER_TICK,
			 (s64)(s.cutime / NSEC_PER_TICK), (s64)(s.cstime / NSEC_PER_TICK));
	len += kscnprintf(buf + len, n - len,
			  "%d %d %d 0 %lu %lu %lu %lu %lu %lu %lu 0 0 %lu %lu %lu %lu %d 0 0 ",
			  t->prio ? -1 - t->prio : 20 + t->nice, t->nice, s.threads,
			  (t->start_time + (u64)current->time_offsets.boottime) / NSEC_PER_TICK,
			  sz.total * PAGE_SIZE, rss, READ_ONCE(t->group->rlim[RLIMIT_RSS].rlim_cur),
			  at.start_code, at.end_code, at.start_stack, s.pending & INT32_MAX,
			  s.blocked & INT32_MAX, s.ignored & INT32_MAX, s.caught & INT32_MAX,
			  permitted && (!whole || s.threads < 2) && t->state & (TASK_NORMAL | __TASK_STOPPED | __TASK_TRACED | TASK_FROZEN));
	len += kscnprintf(buf + len, n - len, "%d %u %d %d 0 0 0 %lu %lu %lu %lu %lu %lu %lu %d\n",
			  s.exit_signal, t->cpu ? t->cpu->id : 0, t->rt_priority, t->policy,
			  at.others[0], at.others[1], at.others[2], at.others[3], at.others[4],
			  at.others[5], at.others[6], permitted ? s.exit_code : 0);
	return (s64)len;
}

s64 proc_stat_thread(struct task *t, struct pid_namespace *ns, char *buf, size_t n)
{
	return print_stat(t, ns, buf, n, false, t->utime, t->stime);
}

s64 proc_stat_group(struct task *t, struct pid_namespace *ns, char *buf, size_t n)
{
	u64 utime, stime;

	task_cputime(t->group, &utime, &stime);
	return print_stat(t, ns, buf, n, true, utime, stime);
}

/* --- status --- */

static const char *state_name(char c)
{
	switch (c) {
	case 'R': return "R (running)";
	case 'S': return "S (sleeping)";
	case 'D': return "D (disk sleep)";
	case 'T': return "T (stopped)";
	case 't': return "t (tracing stop)";
	case 'Z': return "Z (zombie)";
	case 'X': return "X (dead)";
	}
	return "I (idle)";
}

static size_t print_memory(struct mm *mm, char *buf, size_t n)
{
	struct mm_sizes s;
	u64 kib = PAGE_SIZE / 1024;
	size_t len;

	mm_sizes(mm, &s);
	len = kscnprintf(buf, n, "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8lu kB\nVmPin:\t%8u kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\n",
			 s.total * kib, s.total * kib, s.locked * kib, 0u, s.peak_rss * kib, (u64)mm_rss(mm) * kib);
	len += kscnprintf(buf + len, n - len, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nRssShmem:\t%8lu kB\n",
			  (u64)atomic_load(&mm->rss[MM_ANON]) * kib, (u64)atomic_load(&mm->rss[MM_FILE]) * kib,
			  (u64)atomic_load(&mm->rss[MM_SHMEM]) * kib);
	len += kscnprintf(buf + len, n - len, "VmData:\t%8lu kB\nVmStk:\t%8lu kB\nVmExe:\t%8lu kB\nVmLib:\t       0 kB\nVmPTE:\t%8lu kB\n"
			  "VmSwap:\t%8u kB\n", s.data * kib, s.stack * kib, s.exec * kib, arch_pt_pages(mm) * kib, 0u);
	return len;
}

static size_t print_cpus(struct task *t, char *buf, size_t n)
{
	u64 mask = sched_getaffinity(t);
	size_t len = kscnprintf(buf, n, "Cpus_allowed:\t%lx\nCpus_allowed_list:\t", mask);
	bool first = true;

	for (unsigned c = 0; c < nr_cpus; c++) {
		unsigned from = c;

		if (!(mask >> c & 1))
			continue;
		while (c + 1 < nr_cpus && mask >> (c + 1) & 1)
			c++;
		len += kscnprintf(buf + len, n - len, first ? "%u" : ",%u", from);
		if (c != from)
			len += kscnprintf(buf + len, n - len, "-%u", c);
		first = false;
	}
	return len + kscnprintf(buf + len, n - len, "\n");
}

static unsigned fd_table_size(struct task *t)
{
	unsigned size = 64;
	int fd = next_fd_task(t, 0), last = -1;

	for (; fd >= 0; fd = next_fd_task(t, fd + 1))
		last = fd;
	while ((int)size <= last)
		size *= 2;
	return size;
}

static struct cred snapshot_creds(struct task *t)
{
	struct cred c;

	task_lock(t);
	copy_creds(&c, &t->cred);
	task_unlock(t);
	return c;
}

/* LINUX: ids as the reader calls them; there as who opened the file did. */
static size_t print_ids(const struct cred *c, unsigned fdsize, char *buf, size_t n)
{
	const u32 uids[] = { c->uid, c->euid, c->suid, c->fsuid }, gids[] = { c->gid, c->egid, c->sgid, c->fsgid };
	const struct user_namespace *ns = current_user_ns();
	size_t len = kscnprintf(buf, n, "Uid:");

	for (unsigned i = 0; i < ARRAY_SIZE(uids); i++)
		len += kscnprintf(buf + len, n - len, "\t%u", from_kuid_munged(ns, uids[i]));
	len += kscnprintf(buf + len, n - len, "\nGid:");
	for (unsigned i = 0; i < ARRAY_SIZE(gids); i++)
		len += kscnprintf(buf + len, n - len, "\t%u", from_kgid_munged(ns, gids[i]));
	len += kscnprintf(buf + len, n - len, "\nFDSize:\t%u\nGroups:\t", fdsize);

	for (u32 i = 0; c->groups && i < c->groups->n; i++)
		len += kscnprintf(buf + len, n - len, i ? " %u" : "%u", from_kgid_munged(ns, c->groups->gid[i]));
	return len + kscnprintf(buf + len, n - len, " \n");
}

static size_t print_caps(const struct task *t, const struct cred *c, char *buf, size_t n)
{
	return kscnprintf(
		buf, n,
		"CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\nNoNewPrivs:\t%u\n"
		"Seccomp:\t%d\nSeccomp_filters:\t%u\n",
		c->cap_inheritable, c->cap_permitted, c->cap_effective, c->cap_bset, c->cap_ambient,
		t->no_new_privs, READ_ONCE(t->seccomp.mode), READ_ONCE(t->seccomp.filter_count));
}

enum number { TGID, PID, PGRP, SESSION };

/* tasklist_lock held. */
static int number_ns(struct task *t, enum number which, struct pid_namespace *ns)
{
	switch (which) {
	case TGID:
		return task_tgid_nr_ns(t, ns);
	case PID:
		return task_pid_nr_ns(t, ns);
	case PGRP:
		return pid_nr_ns(t->group->pgrp, ns);
	case SESSION:
		return pid_nr_ns(t->group->session, ns);
	}
	return 0;
}

/* Its numbers in each namespace from ns down to its own. */
static size_t print_levels(struct task *t, struct pid_namespace *ns, char *buf, size_t n)
{
	static const char *const names[] = { "NStgid:", "NSpid:", "NSpgid:", "NSsid:" };
	struct pid_namespace *own = t->group->pid_ns;
	size_t len = 0;

	read_lock(&tasklist_lock);
	for (unsigned k = 0; t->sighand && k < ARRAY_SIZE(names); k++) {
		len += kscnprintf(buf + len, n - len, "%s", names[k]);
		for (unsigned level = ns->level; level <= own->level; level++)
			len += kscnprintf(buf + len, n - len, "\t%d",
					  number_ns(t, (enum number)k, pid_ns_at(own, level)));
		len += kscnprintf(buf + len, n - len, "\n");
	}
	read_unlock(&tasklist_lock);
	return len;
}

s64 proc_status(struct task *t, struct pid_namespace *ns, char *buf, size_t n)
{
	struct cred cred;
	char comm[TASK_COMM_LEN], escaped[2 * TASK_COMM_LEN];
	struct snapshot s;
	struct mm *mm;
	u32 umask = 0;
	bool has_fs;
	size_t len;

	if (take_snapshot(t, ns, &s))
		return -ESRCH;
	get_comm(t, comm);
	task_lock(t);
	has_fs = t->fs != NULL;
	if (has_fs)
		umask = t->fs->umask;
	task_unlock(t);
	len = kscnprintf(buf, n, "Name:\t%s\n", escape_comm(comm, escaped));
	if (has_fs)
		len += kscnprintf(buf + len, n - len, "Umask:\t%04o\n", umask);
	len += kscnprintf(buf + len, n - len, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
			  state_name(task_state_letter(t)), s.tgid, s.pid, s.ppid, s.tracer);
	cred = snapshot_creds(t);
	len += print_ids(&cred, fd_table_size(t), buf + len, n - len);
	len += print_levels(t, ns, buf + len, n - len);
	mm = get_task_mm(t);
	if (mm) {
		len += print_memory(mm, buf + len, n - len);
		mmput(mm);
	}
	len += kscnprintf(buf + len, n - len, "CoreDumping:\t%d\nThreads:\t%d\nSigQ:\t%u/%lu\n", s.dumps, s.threads,
			  user_sigpending(cred.uid), READ_ONCE(t->group->rlim[RLIMIT_SIGPENDING].rlim_cur));
	len += kscnprintf(buf + len, n - len, "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
			  s.pending, s.shared, s.blocked, s.ignored, s.caught);
	len += print_caps(t, &cred, buf + len, n - len);
	put_creds(&cred);
	len += print_cpus(t, buf + len, n - len);
	len += kscnprintf(buf + len, n - len,
		"voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", s.nvcsw,
		s.nivcsw);
	len += kscnprintf(buf + len, n - len, "Freezer:\t%s\n", frozen(t) ? "frozen" : "running");
	return (s64)len;
}

s64 proc_personality(struct task *t, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%08x\n", READ_ONCE(t->personality));
}

/* --- limits --- */

static size_t print_limit(char *buf, size_t n, u64 v)
{
	return v == RLIM64_INFINITY ? kscnprintf(buf, n, "%-20s ", "unlimited") : kscnprintf(buf, n, "%-20lu ", v);
}

s64 proc_limits(struct task *t, char *buf, size_t n)
{
	static const char *const names[RLIM_NLIMITS][2] = {
		{ "Max cpu time", "seconds" }, { "Max file size", "bytes" },
		{ "Max data size", "bytes" }, { "Max stack size", "bytes" },
		{ "Max core file size", "bytes" }, { "Max resident set", "bytes" }, { "Max processes", "processes" },
		{ "Max open files", "files" }, { "Max locked memory", "bytes" }, { "Max address space", "bytes" },
		{ "Max file locks", "locks" }, { "Max pending signals", "signals" }, { "Max msgqueue size", "bytes" },
		{ "Max nice priority", "" }, { "Max realtime priority", "" }, { "Max realtime timeout", "us" },
	};
	size_t len = kscnprintf(buf, n, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");

	for (unsigned k = 0; k < RLIM_NLIMITS; k++) {
		const struct k_rlimit64 r = t->group->rlim[k];

		len += kscnprintf(buf + len, n - len, "%-25s ", names[k][0]);
		len += print_limit(buf + len, n - len, r.rlim_cur);
		len += print_limit(buf + len, n - len, r.rlim_max);
		len += kscnprintf(buf + len, n - len, "%-10s\n", names[k][1]);
	}
	return (s64)len;
}

/* --- small ones --- */

s64 proc_comm(struct task *t, char *buf, size_t n)
{
	char comm[TASK_COMM_LEN];

	get_comm(t, comm);
	return (s64)kscnprintf(buf, n, "%s\n", comm);
}

s64 proc_comm_store(struct task *t, const char *buf, size_t n)
{
	if (!same_thread_group(t, current))
		return -EINVAL;
	task_lock(t);
	kmemset(t->comm, 0, sizeof(t->comm));
	kstrlcpy(t->comm, buf, sizeof(t->comm));
	task_unlock(t);
	return (s64)n;
}

/* LINUX: the name of the function it sleeps in is not known here. */
s64 proc_wchan(struct task *t, char *buf, size_t n)
{
	(void)t;
	return (s64)kscnprintf(buf, n, "0");
}

s64 proc_oom_score(struct task *t, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\n", oom_score(t));
}

s64 proc_oom_score_adj(struct task *t, char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\n", READ_ONCE(t->group->oom_score_adj));
}

/* With CAP_SYS_RESOURCE a value is also how far down those without it may go later. */
static void set_group_adj(struct group *g, short adj)
{
	WRITE_ONCE(g->oom_score_adj, adj);
	if (capable(CAP_SYS_RESOURCE))
		WRITE_ONCE(g->oom_score_adj_min, adj);
}

/* Everybody who shares the memory is judged by the same value: a kill of one is a kill of all. */
static int set_adj(struct task *t, short adj)
{
	struct task *p, *q;
	struct mm *mm;

	if (adj < READ_ONCE(t->group->oom_score_adj_min) && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	mm = get_task_mm(t);
	set_group_adj(t->group, adj);
	trace(TRACE_oom_score_adj_update, (u64)t->pid, (u64)adj);
	if (!mm)
		return 0;
	if (atomic_load(&mm->flags) & MMF_MULTIPROCESS) {
		read_lock(&tasklist_lock);
		for_each_process_thread(p, q)
			if (READ_ONCE(q->mm) == mm && q->group != t->group && p != init_pid_ns.child_reaper)
				set_group_adj(q->group, adj);
		read_unlock(&tasklist_lock);
	}
	mmput(mm);
	return 0;
}

s64 proc_oom_score_adj_store(struct task *t, const char *buf, size_t n)
{
	int v, err = kparse_int(buf, &v);

	if (err)
		return err;
	if (v < OOM_SCORE_ADJ_MIN || v > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	err = set_adj(t, (short)v);
	return err ? err : (s64)n;
}

/* The old scale, -17..15. */
s64 proc_oom_adj(struct task *t, char *buf, size_t n)
{
	int adj = READ_ONCE(t->group->oom_score_adj);

	return (s64)kscnprintf(buf, n, "%d\n", adj == OOM_SCORE_ADJ_MAX ? 15 : adj * 17 / OOM_SCORE_ADJ_MAX);
}

s64 proc_oom_adj_store(struct task *t, const char *buf, size_t n)
{
	int v, err = kparse_int(buf, &v);

	if (err)
		return err;
	if ((v < -16 || v > 15) && v != -17)
		return -EINVAL;
	err = set_adj(t, (short)(v == 15 ? OOM_SCORE_ADJ_MAX : v * OOM_SCORE_ADJ_MAX / 17));
	return err ? err : (s64)n;
}
