// SPDX-License-Identifier: GPL-2.0-only
/*
 * prctl(PR_SET_SYSCALL_USER_DISPATCH): a program has its own system calls, but for those from one
 * range of its code, turned into SIGSYS while a byte of its memory says so. It runs foreign code
 * that way, whose calls are none of Linux's. Mirrors Linux kernel/entry/syscall_user_dispatch.c.
 *
 * A thread that has it has TIF_USER_DISPATCH, so each of its calls takes the slow way. It is neither
 * inherited nor kept over an exec.
 *
 * Locks: none; all of it is current's own.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"

static void force_exit_sig(int sig)
{
	struct k_siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	force_exit_info(&info);
}

bool syscall_user_dispatch(struct regs *r)
{
	const struct syscall_dispatch *d = &current->syscall_dispatch;
	struct k_siginfo info = { .si_signo = SIGSYS, .si_code = SYS_USER_DISPATCH };
	int nr = regs_syscall_nr(r);
	u8 state = SYSCALL_DISPATCH_FILTER_BLOCK;

	if (regs_ip(r) - d->offset < d->len)
		return false;
	regs_set_return(r, nr);			/* the handler sees the registers of the call */
	if (d->selector && copy_from_user(&state, d->selector, sizeof(state))) {
		force_exit_sig(SIGSEGV);
		return true;
	}
	if (state == SYSCALL_DISPATCH_FILTER_ALLOW)
		return false;
	if (state != SYSCALL_DISPATCH_FILTER_BLOCK) {
		force_exit_sig(SIGSYS);
		return true;
	}
	info.u.sys.si_call_addr = regs_ip(r);
	info.u.sys.si_syscall = nr;
	info.u.sys.si_arch = AUDIT_ARCH_X86_64;
	force_sig_info(&info);
	return true;
}

long prctl_syscall_user_dispatch(u64 mode, u64 offset, u64 len, uaddr_t selector)
{
	if (mode > PR_SYS_DISPATCH_ON || (mode == PR_SYS_DISPATCH_OFF && (offset || len || selector)))
		return -EINVAL;
	if (offset && offset + len <= offset)
		return -EINVAL;
	if (selector && !access_ok(selector, 1))
		return -EFAULT;
	current->syscall_dispatch = (struct syscall_dispatch){ .offset = offset, .len = len, .selector = selector };
	if (mode == PR_SYS_DISPATCH_ON)
		syscall_dispatch_on();
	else
		syscall_dispatch_off(current);
	return 0;
}
