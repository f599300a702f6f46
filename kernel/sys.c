// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program asks about itself and the machine: numbers, limits, usage, power. Mirrors Linux
 * kernel/sys.c, reboot.c and drivers/char/random.c.
 *
 * Locks: a group's limits are protected by its leader's alloc_lock.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/pm.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/trace.h"

#define USER_TICK_NS	(NSEC_PER_SEC / HZ)
/* The most descriptors a limit may allow. */
#define NR_OPEN		1048576u

/* ---- numbers ---- */

long sys_gettid(void)
{
	return current->vpid;
}

long sys_getpid(void)
{
	return current->vtgid;
}

long sys_getppid(void)
{
	return READ_ONCE(current->ppid);
}

/*
 * What is set means something to uname, select and poll, mmap and mprotect, and execve; the rest is
 * remembered. LINUX: nothing is at random that ADDR_NO_RANDOMIZE would keep in its place.
 */
long sys_personality(u32 persona)
{
	u32 old = current->personality;

	if (persona != 0xffffffffu)
		current->personality = persona;
	return old;
}

long sys_sysinfo(uaddr_t uinfo)
{
	struct k_sysinfo si = {
		.uptime = (s64)((ktime_ns() + (u64)current->time_offsets.boottime + NSEC_PER_SEC - 1) / NSEC_PER_SEC),
		.totalram = totalram_pages(),
		.freeram = nr_free_pages(),
		.procs = (u16)atomic_load(&nr_tasks),
		.mem_unit = PAGE_SIZE,
	};
	s64 shmem = atomic_load(&page_kinds[KIND_SHMEM]);

	loadavg_tick(ktime_ns());
	for (unsigned i = 0; i < 3; i++)
		si.loads[i] = READ_ONCE(avenrun[i]) << (SI_LOAD_SHIFT - FSHIFT);
	si.sharedram = shmem > 0 ? (u64)shmem : 0;
	return copy_to_user(uinfo, &si, sizeof(si)) ? -EFAULT : 0;
}

/* ---- limits ---- */

static bool may_prlimit(struct task *t)
{
	const struct cred *c = &current->cred, *o = &t->cred;

	return t == current ||
		(c->uid == o->uid && c->uid == o->euid && c->uid == o->suid && c->gid == o->gid &&
		 c->gid == o->egid && c->gid == o->sgid) ||
		task_ns_capable(t, CAP_SYS_RESOURCE);
}

static void watch_cpu_limit(struct group *g, u64 limit)
{
	if (limit == RLIM64_INFINITY)
		atomic_fetch_and(&g->cpu_watch, ~CPU_WATCH_LIMIT);
	else
		atomic_fetch_or(&g->cpu_watch, CPU_WATCH_LIMIT);
}

/* Reads, and sets if new, one limit of t's group. */
static int do_prlimit(struct task *t, unsigned which, const struct k_rlimit64 *new, struct k_rlimit64 *old)
{
	struct task *leader;
	int err = 0;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (new && new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new && which == RLIMIT_NOFILE && new->rlim_max > NR_OPEN)
		return -EPERM;
	read_lock(&tasklist_lock);
	leader = t->group->leader;
	if (leader) {
		task_lock(leader);
		*old = t->group->rlim[which];
		if (new && new->rlim_max > old->rlim_max && !capable(CAP_SYS_RESOURCE))
			err = -EPERM;
		else if (new)
			t->group->rlim[which] = *new;
		if (new && !err && which == RLIMIT_CPU)
			watch_cpu_limit(t->group, new->rlim_cur);
		task_unlock(leader);
	} else {
		err = -ESRCH;
	}
	read_unlock(&tasklist_lock);
	return err;
}

long sys_prlimit64(int pid, unsigned which, uaddr_t unew, uaddr_t uold)
{
	struct k_rlimit64 new, old;
	struct task *t;
	int err;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	t = pid ? find_get_task_by_vpid(pid) : get_task(current);
	if (!t)
		return -ESRCH;
	err = may_prlimit(t) ? do_prlimit(t, which, unew ? &new : NULL, &old) : -EPERM;
	put_task(t);
	if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}

/* struct rlimit of x86-64 has the layout of rlimit64. */
long sys_getrlimit(unsigned which, uaddr_t ulim)
{
	struct k_rlimit64 old;
	int err = do_prlimit(current, which, NULL, &old);

	if (!err && copy_to_user(ulim, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}

long sys_setrlimit(unsigned which, uaddr_t ulim)
{
	struct k_rlimit64 new, old;

	if (copy_from_user(&new, ulim, sizeof(new)))
		return -EFAULT;
	return do_prlimit(current, which, &new, &old);
}

/* ---- usage ---- */

static void usage_thread(struct task *t, struct k_rusage *ru)
{
	ru->ru_minflt += (s64)t->min_flt;
	ru->ru_majflt += (s64)t->maj_flt;
	ru->ru_nvcsw += (s64)t->nvcsw;
	ru->ru_nivcsw += (s64)t->nivcsw;
}

/* The group's living threads and what its dead ones left. */
static void usage_self(struct k_rusage *ru)
{
	struct group *g = current->group;
	u64 utime, stime, pages;
	struct task *t;

	task_cputime(g, &utime, &stime);
	ru->ru_utime = ns_to_timeval(utime);
	ru->ru_stime = ns_to_timeval(stime);
	read_lock(&tasklist_lock);
	ru->ru_minflt = (s64)g->min_flt;
	ru->ru_majflt = (s64)g->maj_flt;
	ru->ru_nvcsw = (s64)g->nvcsw;
	ru->ru_nivcsw = (s64)g->nivcsw;
	for_each_thread(g, t)
		usage_thread(t, ru);
	read_unlock(&tasklist_lock);
	pages = max(g->maxrss, current->mm ? max((u64)mm_rss(current->mm), current->mm->hiwater_rss) : 0);
	ru->ru_maxrss = (s64)(pages * (PAGE_SIZE / 1024));
}

static void usage_children(struct k_rusage *ru)
{
	struct group *g = current->group;

	spin_lock(&current->sighand->siglock);
	ru->ru_utime = ns_to_timeval(g->cutime);
	ru->ru_stime = ns_to_timeval(g->cstime);
	ru->ru_maxrss = (s64)(g->cmaxrss * (PAGE_SIZE / 1024));
	ru->ru_minflt = (s64)g->cmin_flt;
	ru->ru_majflt = (s64)g->cmaj_flt;
	ru->ru_nvcsw = (s64)g->cnvcsw;
	ru->ru_nivcsw = (s64)g->cnivcsw;
	spin_unlock(&current->sighand->siglock);
}

long sys_getrusage(int who, uaddr_t uru)
{
	struct k_rusage ru = { 0 };

	sched_account_current();
	switch (who) {
	case RUSAGE_SELF:
		usage_self(&ru);
		break;
	case RUSAGE_CHILDREN:
		usage_children(&ru);
		break;
	case RUSAGE_THREAD:
		ru.ru_utime = ns_to_timeval(current->utime);
		ru.ru_stime = ns_to_timeval(current->stime);
		usage_thread(current, &ru);
		break;
	default:
		return -EINVAL;
	}
	return copy_to_user(uru, &ru, sizeof(ru)) ? -EFAULT : 0;
}

long sys_times(uaddr_t utms)
{
	struct group *g = current->group;
	struct k_tms tms;
	u64 utime, stime;

	sched_account_current();
	task_cputime(g, &utime, &stime);
	tms.tms_utime = (s64)(utime / USER_TICK_NS);
	tms.tms_stime = (s64)(stime / USER_TICK_NS);
	spin_lock(&current->sighand->siglock);
	tms.tms_cutime = (s64)(g->cutime / USER_TICK_NS);
	tms.tms_cstime = (s64)(g->cstime / USER_TICK_NS);
	spin_unlock(&current->sighand->siglock);
	if (utms && copy_to_user(utms, &tms, sizeof(tms)))
		return -EFAULT;
	return (long)(ktime_ns() / USER_TICK_NS);
}

long sys_arch_prctl(int code, uaddr_t addr)
{
	return arch_prctl(code, addr);
}

/* ---- the machine ---- */

long sys_reboot(u32 magic1, u32 magic2, u32 cmd, uaddr_t arg)
{
	int err;

	(void)arg;
	if (!ns_capable(current->group->pid_ns->ns.user_ns, CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != LINUX_REBOOT_MAGIC1 || (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
					      magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	err = reboot_pid_ns(cmd);
	if (err)
		return err;
	switch (cmd) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0;
	case LINUX_REBOOT_CMD_RESTART:		/* LINUX: the machine ends; whoever started it starts it again */
	case LINUX_REBOOT_CMD_HALT:
	case LINUX_REBOOT_CMD_POWER_OFF:
		pr_info("reboot: power off\n");
		arch_poweroff(0);
	}
	return -EINVAL;
}

long sys_getrandom(uaddr_t ubuf, size_t len, unsigned flags)
{
	size_t done = 0;
	u64 r[8];

	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	len = min(len, (size_t)INT32_MAX);
	while (done < len) {
		size_t n = min(len - done, sizeof(r));

		for (unsigned i = 0; i < ARRAY_SIZE(r); i++)
			r[i] = arch_random();
		if (copy_to_user(ubuf + done, r, n))
			return done ? (long)done : -EFAULT;
		done += n;
		if (fatal_signal_pending(current) || (signal_pending(current) && done > 256))
			break;
		cond_resched();
	}
	return (long)done;
}
