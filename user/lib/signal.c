// SPDX-License-Identifier: GPL-2.0-only
/* Signals: libc's shapes to the kernel's and back. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "user/lib/sys.h"
#include "user/lib/thread.h"

#define SET_SIZE 8

/* The order of rt_sigaction's argument, which is not that of struct sigaction. */
struct kernel_action {
	void *handler;
	unsigned long flags;
	void (*restorer)(void);
	sigset_t mask;
};

extern void __restore_rt(void);

int sigaction(int sig, const struct sigaction *__restrict act, struct sigaction *__restrict old)
{
	struct kernel_action new, was;
	long r;

	if (act)
		new = (struct kernel_action){
			.handler = (void *)act->sa_handler,
			.flags = (unsigned int)act->sa_flags | SA_RESTORER,
			.restorer = __restore_rt,
			.mask = act->sa_mask,
		};
	r = sys4(__NR_rt_sigaction, sig, act ? (long)&new : 0, old ? (long)&was : 0, SET_SIZE);
	if (r == 0 && old) {
		old->sa_handler = (_sig_func_ptr)was.handler;
		old->sa_flags = (int)(was.flags & ~(unsigned long)SA_RESTORER);
		old->sa_mask = was.mask;
		old->sa_restorer = NULL;
	}
	return (int)sys_ret(r);
}

_sig_func_ptr signal(int sig, _sig_func_ptr handler)
{
	struct sigaction act = { .sa_flags = (int)SA_RESTART }, old;

	act.sa_handler = handler;
	if (sigaction(sig, &act, &old) != 0)
		return SIG_ERR;
	return old.sa_handler;
}

int siginterrupt(int sig, int flag)
{
	struct sigaction act = { 0 };

	if (sigaction(sig, NULL, &act) != 0)
		return -1;
	if (flag)
		act.sa_flags &= ~SA_RESTART;
	else
		act.sa_flags |= SA_RESTART;
	return sigaction(sig, &act, NULL);
}

int pthread_sigmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old)
{
	return (int)-sys4(__NR_rt_sigprocmask, how, (long)set, (long)old, SET_SIZE);
}

int sigprocmask(int how, const sigset_t *__restrict set, sigset_t *__restrict old)
{
	return (int)sys_ret(-pthread_sigmask(how, set, old));
}

int kill(pid_t pid, int sig)
{
	return (int)sys_ret(sys2(__NR_kill, pid, sig));
}

int killpg(pid_t pgrp, int sig)
{
	if (pgrp < 0) {
		errno = EINVAL;
		return -1;
	}
	return kill(-pgrp, sig);
}

int tgkill(pid_t tgid, pid_t tid, int sig)
{
	return (int)sys_ret(sys3(__NR_tgkill, tgid, tid, sig));
}

/* To this thread, and at once: the kernel delivers it before tkill returns. */
int raise(int sig)
{
	return (int)sys_ret(sys2(__NR_tkill, sys0(__NR_gettid), sig));
}

int sigqueue(pid_t pid, int sig, const union sigval value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = value;
	return (int)sys_ret(sys3(__NR_rt_sigqueueinfo, pid, sig, (long)&info));
}

int sigpending(sigset_t *set)
{
	return (int)sys_ret(sys2(__NR_rt_sigpending, (long)set, SET_SIZE));
}

int sigsuspend(const sigset_t *set)
{
	return (int)sys_ret(sys2(__NR_rt_sigsuspend, (long)set, SET_SIZE));
}

int sigtimedwait(const sigset_t *__restrict set, siginfo_t *__restrict info,
		 const struct timespec *__restrict timeout)
{
	return (int)sys_ret(sys4(__NR_rt_sigtimedwait, (long)set, (long)info, (long)timeout,
				 SET_SIZE));
}

int sigwaitinfo(const sigset_t *__restrict set, siginfo_t *__restrict info)
{
	return sigtimedwait(set, info, NULL);
}

int sigwait(const sigset_t *__restrict set, int *__restrict sig)
{
	long r;

	do
		r = sys4(__NR_rt_sigtimedwait, (long)set, 0, 0, SET_SIZE);
	while (r == -EINTR);
	if (r < 0)
		return (int)-r;
	*sig = (int)r;
	return 0;
}

int sigaltstack(const stack_t *__restrict ss, stack_t *__restrict old)
{
	return (int)sys_ret(sys2(__NR_sigaltstack, (long)ss, (long)old));
}

static int bad_signal(int sig)
{
	if (sig >= 1 && sig <= 64)
		return 0;
	errno = EINVAL;
	return 1;
}

int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

int sigfillset(sigset_t *set)
{
	*set = ~0UL;
	return 0;
}

int sigaddset(sigset_t *set, int sig)
{
	if (bad_signal(sig))
		return -1;
	*set |= 1UL << (sig - 1);
	return 0;
}

int sigdelset(sigset_t *set, int sig)
{
	if (bad_signal(sig))
		return -1;
	*set &= ~(1UL << (sig - 1));
	return 0;
}

int sigismember(const sigset_t *set, int sig)
{
	if (bad_signal(sig))
		return -1;
	return *set >> (sig - 1) & 1;
}

int sigisemptyset(const sigset_t *set)
{
	return *set == 0;
}
