// SPDX-License-Identifier: GPL-2.0-only
/*
 * prctl(2): what a task is called, asks for and is told. Mirrors Linux kernel/sys.c, SYSCALL prctl;
 * the options about rights are in capability.c.
 *
 * Locks: a name is changed under alloc_lock; the rest is the caller's own.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/seccomp.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/trace.h"

static long put_int(uaddr_t to, s32 v)
{
	return copy_to_user(to, &v, sizeof(v)) ? -EFAULT : 0;
}

static long set_comm(uaddr_t uname)
{
	char name[TASK_COMM_LEN] = { 0 };
	long n = strncpy_from_user(name, uname, sizeof(name) - 1);

	if (n < 0)
		return n;
	task_lock(current);
	kmemcpy(current->comm, name, sizeof(name));
	task_unlock(current);
	trace_task_rename();
	return 0;
}

static long get_comm(uaddr_t uname)
{
	char name[TASK_COMM_LEN];

	task_lock(current);
	kmemcpy(name, current->comm, sizeof(name));
	task_unlock(current);
	return copy_to_user(uname, name, sizeof(name)) ? -EFAULT : 0;
}

/*
 * A new sub-reaper: all that descend from it find it, or a nearer one, when they lose their parent.
 * One round is enough: a process stands behind its parent. fork puts it at the end, an exec by
 * another thread takes its leader's place, and who takes orphans in is an ancestor or the namespace's init.
 */
static void set_subreaper(bool on)
{
	struct task *p;

	current->group->is_child_subreaper = on;
	if (!on)
		return;
	write_lock(&tasklist_lock);
	for_each_process(p) {
		const struct group *parent = p->real_parent->group;

		if (parent->is_child_subreaper || parent->has_child_subreaper)
			p->group->has_child_subreaper = 1;
	}
	write_unlock(&tasklist_lock);
}

static long prctl_tsc(int option, u64 a)
{
	if (option == PR_GET_TSC)
		return put_int(a, arch_tsc_allowed() ? PR_TSC_ENABLE : PR_TSC_SIGSEGV);
	if ((u32)a != PR_TSC_ENABLE && (u32)a != PR_TSC_SIGSEGV)
		return -EINVAL;
	arch_allow_tsc((u32)a == PR_TSC_ENABLE);
	return 0;
}

/* What a task wants when memory goes bad: to be told early or late, see mm/memory_failure.c. */
static long prctl_mce_kill(u64 how, u64 policy)
{
	if (how == PR_MCE_KILL_CLEAR && !policy)
		current->flags &= ~PF_MCE_PROCESS;
	else if (how == PR_MCE_KILL_SET && policy == PR_MCE_KILL_EARLY)
		current->flags |= PF_MCE_PROCESS | PF_MCE_EARLY;
	else if (how == PR_MCE_KILL_SET && policy == PR_MCE_KILL_LATE)
		current->flags = (current->flags & ~PF_MCE_EARLY) | PF_MCE_PROCESS;
	else if (how == PR_MCE_KILL_SET && policy == PR_MCE_KILL_DEFAULT)
		current->flags &= ~(PF_MCE_PROCESS | PF_MCE_EARLY);
	else
		return -EINVAL;
	return 0;
}

static long prctl_mce_kill_get(void)
{
	if (!(current->flags & PF_MCE_PROCESS))
		return PR_MCE_KILL_DEFAULT;
	return current->flags & PF_MCE_EARLY ? PR_MCE_KILL_EARLY : PR_MCE_KILL_LATE;
}

/*
 * A task that writes for a file system: its own allocations are not to wait for it. None does here.
 */
static long prctl_io_flusher(int option, u64 on)
{
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (option == PR_GET_IO_FLUSHER)
		return on ? -EINVAL : (current->flags & PF_IO_FLUSHER) == PF_IO_FLUSHER;
	if (on > 1)
		return -EINVAL;
	current->flags = on ? current->flags | PF_IO_FLUSHER : current->flags & ~PF_IO_FLUSHER;
	return 0;
}

/*
 * The processor speculates, and there is nothing here to keep it from that: what Linux says when it
 * was booted with mitigations=off.
 */
static long prctl_get_speculation(u64 which)
{
	if (which > PR_SPEC_L1D_FLUSH)
		return -ENODEV;
	return which == PR_SPEC_L1D_FLUSH ? PR_SPEC_FORCE_DISABLE : PR_SPEC_ENABLE;
}

static long prctl_set_speculation(u64 which, u64 how)
{
	if (which > PR_SPEC_L1D_FLUSH)
		return -ENODEV;
	if (which == PR_SPEC_STORE_BYPASS)
		return -ENXIO;
	if (which == PR_SPEC_L1D_FLUSH)
		return -EPERM;
	if (how == PR_SPEC_ENABLE)
		return 0;
	return how == PR_SPEC_DISABLE || how == PR_SPEC_FORCE_DISABLE ? -EPERM : -ERANGE;
}

long sys_prctl(int option, u64 a, u64 b, u64 c, u64 d)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (a > K_NSIG)
			return -EINVAL;
		current->pdeath_signal = (int)a;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_int(a, current->pdeath_signal);
	case PR_SET_NAME:
		return set_comm(a);
	case PR_GET_NAME:
		return get_comm(a);
	case PR_SET_CHILD_SUBREAPER:
		set_subreaper(a != 0);
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_int(a, current->group->is_child_subreaper);
	case PR_GET_TIMING:
		return 0;
	case PR_GET_SECCOMP:
		return current->seccomp.mode;
	case PR_SET_SECCOMP:
		return prctl_set_seccomp(a, b);
	case PR_SET_TIMING:
		return a ? -EINVAL : 0;
	case PR_GET_THP_DISABLE:
		return a | b | c | d ? -EINVAL : (atomic_load(&current->mm->flags) & MMF_DISABLE_THP) != 0;
	case PR_SET_THP_DISABLE:
		if (b | c | d)
			return -EINVAL;
		if (a)
			atomic_fetch_or(&current->mm->flags, MMF_DISABLE_THP);
		else
			atomic_fetch_and(&current->mm->flags, ~MMF_DISABLE_THP);
		return 0;
	case PR_GET_TIMERSLACK:
		return (long)current->timer_slack_ns;
	case PR_SET_TIMERSLACK:
		current->timer_slack_ns = a ? a : current->default_timer_slack_ns;
		return 0;
	case PR_TASK_PERF_EVENTS_DISABLE:	/* it has none */
	case PR_TASK_PERF_EVENTS_ENABLE:
		return 0;
	case PR_GET_TSC:
	case PR_SET_TSC:
		return prctl_tsc(option, a);
	case PR_MCE_KILL:
		return c | d ? -EINVAL : prctl_mce_kill(a, b);
	case PR_MCE_KILL_GET:
		return a | b | c | d ? -EINVAL : prctl_mce_kill_get();
	case PR_SET_IO_FLUSHER:
	case PR_GET_IO_FLUSHER:
		return b | c | d && capable(CAP_SYS_RESOURCE) ? -EINVAL : prctl_io_flusher(option, a);
	case PR_GET_SPECULATION_CTRL:
		return b | c | d ? -EINVAL : prctl_get_speculation(a);
	case PR_SET_SPECULATION_CTRL:
		return c | d ? -EINVAL : prctl_set_speculation(a, b);
	case PR_SET_MM:
		return prctl_set_mm(a, b, c, d);
	case PR_SET_SYSCALL_USER_DISPATCH:
		return prctl_syscall_user_dispatch(a, b, c, d);
	case PR_GET_TID_ADDRESS:
		return copy_to_user(a, &current->clear_child_tid, sizeof(uaddr_t)) ? -EFAULT : 0;
	}
	return cap_prctl(option, a, b, c, d);
}
