// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is signalled: kill and its kin, and the info that a program sends along. Mirrors that part of
 * Linux kernel/signal.c. (Who may is in capability.c.)
 *
 * Locks: tasklist_lock (r), siglock.
 */
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include <uaccess.h>

/* --- to a process, or to many --- */

int group_send_sig_info(int sig, const struct k_siginfo *info, struct task *t)
{
	int err = !valid_signal(sig) ? -EINVAL : info == SEND_SIG_KERNEL ? 0 : kill_permission(sig, t);

	return err ? err : send_sig_group(sig, info, t);
}

int group_send_sig_wide(int sig, const struct k_siginfo *info, struct task *t)
{
	struct sighand *s = t->sighand;
	int err = group_send_sig_info(sig, info, t);
	struct fork_signals *f;
	sigset_t_k against;

	assert(rw_is_held(&tasklist_lock));
	if (err || !sig)
		return err;
	against = sig == SIGCONT ? SIG_STOP_MASK : sigmask(sig) & SIG_STOP_MASK ? sigmask(SIGCONT) : 0;
	spin_lock(&s->siglock);
	list_for_each(f, &t->group->forks, node)
		f->signal = (f->signal & ~against) | sigmask(sig);
	spin_unlock(&s->siglock);
	return 0;
}

/* Under tasklist_lock. 0 if one took it; else the last refusal, or -ESRCH. */
static int kill_pgrp_locked(int sig, const struct k_siginfo *info, int pgrp)
{
	struct list *members = pgrp_members(pgrp);
	struct group *g;
	int err = -ESRCH;
	bool taken = false;

	if (!members)
		return -ESRCH;
	for_each_pgrp_member(members, g) {
		if (!g->leader)
			continue;
		err = group_send_sig_wide(sig, info, g->leader);
		taken |= !err;
	}
	return taken ? 0 : err;
}

int kill_pgrp(int sig, const struct k_siginfo *info, int pgrp)
{
	int err;

	read_lock(&tasklist_lock);
	err = kill_pgrp_locked(sig, info, pgrp);
	read_unlock(&tasklist_lock);
	return err;
}

int kill_vpgrp(int sig, const struct k_siginfo *info, int vnr)
{
	int err, pgrp;

	read_lock(&tasklist_lock);
	pgrp = pid_from_vnr(vnr);
	err = pgrp ? kill_pgrp_locked(sig, info, pgrp) : -ESRCH;
	read_unlock(&tasklist_lock);
	return err;
}

/* --- system calls --- */

/* To everybody that the caller sees, but init and its own group. */
static long __attribute__((noinline)) kill_all(int sig)
{
	struct task *p;
	long err = -ESRCH, e;

	read_lock(&tasklist_lock);
	for_each_process(p)
		if (task_pid_vnr(p) > 1 && !same_thread_group(p, current)) {
			e = group_send_sig_wide(sig, NULL, p);
			err = e != -EPERM ? e : err == -ESRCH ? 0 : err;
		}
	read_unlock(&tasklist_lock);
	return err;
}

static long kill_one(int pid, int sig, const struct k_siginfo *info)
{
	struct task *t;
	long err = -ESRCH;

	if (pid == current->vpid)
		return send_sig_group(sig, info, current);
	read_lock(&tasklist_lock);
	t = find_task_by_vpid(pid);
	if (t)
		err = group_send_sig_info(sig, info, t);
	read_unlock(&tasklist_lock);
	return err;
}

long sys_kill(int pid, int sig)
{
	if (pid == current->vpid)
		return send_sig_group(sig, NULL, current);
	if (pid > 0)
		return kill_one(pid, sig, NULL);
	if (pid == -1)
		return kill_all(sig);
	if (pid == INT32_MIN)
		return -ESRCH;
	return pid ? kill_vpgrp(sig, NULL, -pid) : kill_pgrp(sig, NULL, READ_ONCE(current->group->pgrp));
}

static long __attribute__((noinline)) kill_other_thread(int tgid, int pid, int sig, const struct k_siginfo *info)
{
	struct task *t;
	long err = -ESRCH;

	read_lock(&tasklist_lock);
	t = find_task_by_vpid(pid);
	if (t && (!tgid || task_tgid_vnr(t) == tgid))
		err = valid_signal(sig) ? kill_permission(sig, t) : -EINVAL;
	if (!err)
		err = send_sig_thread(sig, info, t);
	read_unlock(&tasklist_lock);
	return err;
}

/* To thread pid, of group tgid unless that is 0. */
static long kill_thread(int tgid, int pid, int sig, const struct k_siginfo *info)
{
	if (pid == current->vpid && (!tgid || tgid == current->vtgid))
		return send_sig_thread(sig, info, current);
	return kill_other_thread(tgid, pid, sig, info);
}

long sys_tkill(int pid, int sig)
{
	return pid <= 0 ? -EINVAL : kill_thread(0, pid, sig, SEND_SIG_TKILL);
}

long sys_tgkill(int tgid, int pid, int sig)
{
	return pid <= 0 || tgid <= 0 ? -EINVAL : kill_thread(tgid, pid, sig, SEND_SIG_TKILL);
}

static const struct { u8 codes, layout; } layouts[] = {
	[SIGILL] = { 11, SIL_FAULT }, [SIGFPE] = { 15, SIL_FAULT }, [SIGSEGV] = { 10, SIL_FAULT }, [SIGBUS] = { 5, SIL_FAULT },
	[SIGTRAP] = { 6, SIL_FAULT }, [SIGCHLD] = { 6, SIL_CHLD },
	[SIGPOLL] = { NSIGPOLL, SIL_POLL }, [SIGSYS] = { 2, SIL_SYS },
};

enum siginfo_layout siginfo_layout(int sig, int code)
{
	if (code > SI_USER && code < SI_KERNEL) {
		if ((unsigned)sig < ARRAY_SIZE(layouts) && code <= layouts[sig].codes)
			return (enum siginfo_layout)layouts[sig].layout;
		return code <= NSIGPOLL ? SIL_POLL : SIL_KILL;
	}
	if (code == SI_TIMER)
		return SIL_TIMER;
	if (code == SI_SIGIO)
		return SIL_POLL;
	return code < 0 ? SIL_RT : SIL_KILL;
}

static bool code_known(int sig, int code)
{
	if (code <= SI_USER)
		return code >= SI_DETHREAD || code == SI_ASYNCNL;
	return code == SI_KERNEL || code <= NSIGPOLL ||
		((unsigned)sig < ARRAY_SIZE(layouts) && code <= layouts[sig].codes);
}

int copy_siginfo_from_user(struct k_siginfo *info, int sig, uaddr_t from)
{
	const size_t kept = SIGINFO_KEPT;

	kmemset(info, 0, sizeof(*info));
	if (copy_from_user(info, from, kept))
		return -EFAULT;
	if (sig != INT32_MIN)
		info->si_signo = sig;
	if (code_known(info->si_signo, info->si_code))
		return 0;
	if (copy_from_user((u8 *)info + kept, from + kept, sizeof(*info) - kept))
		return -EFAULT;
	for (size_t i = kept; i < sizeof(*info); i++)
		if (((const u8 *)info)[i])
			return -E2BIG;
	return 0;
}

/* What somebody says of himself. Nobody poses as the kernel, or as kill(2), towards others. */
static long info_from_user(int pid, int sig, uaddr_t uinfo, struct k_siginfo *info)
{
	int err = copy_siginfo_from_user(info, sig, uinfo);

	if (err)
		return err;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && current->vpid != pid)
		return -EPERM;
	return 0;
}

long sys_rt_sigqueueinfo(int pid, int sig, uaddr_t uinfo)
{
	struct k_siginfo info;
	long err = info_from_user(pid, sig, uinfo, &info);

	if (err)
		return err;
	return pid <= 0 ? -ESRCH : kill_one(pid, sig, &info);
}

long sys_rt_tgsigqueueinfo(int tgid, int pid, int sig, uaddr_t uinfo)
{
	struct k_siginfo info;
	long err = info_from_user(pid, sig, uinfo, &info);

	if ((!err || err == -EPERM) && (pid <= 0 || tgid <= 0))
		return -EINVAL;
	return err ? err : kill_thread(tgid, pid, sig, &info);
}
