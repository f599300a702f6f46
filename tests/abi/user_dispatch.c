// SPDX-License-Identifier: GPL-2.0-only
//
// prctl(PR_SET_SYSCALL_USER_DISPATCH): system calls that become SIGSYS while a byte says so.
#include "trace.h"

#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

static volatile char selector;
static siginfo_t seen;
static struct sigcontext seen_regs;
static int count;

static long dispatch(unsigned long mode, unsigned long offset, unsigned long len, const volatile void *sel)
{
	return sys(prctl, PR_SET_SYSCALL_USER_DISPATCH, mode, offset, len, sel);
}

// The call that is asked for is answered by 1000 and its first argument.
static void sigsys(int sig, siginfo_t *info, struct ucontext *uc)
{
	(void)sig;
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	seen = *info;
	seen_regs = uc->uc_mcontext;
	uc->uc_mcontext.rax = 1000 + uc->uc_mcontext.rdi;
	count++;
}

TEST(arguments)
{
	CHECK_EQ(dispatch(3, 0, 0, 0), -EINVAL);
	CHECK_EQ(dispatch(-1UL, 0, 0, 0), -EINVAL);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_OFF, 1, 0, 0), -EINVAL);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_OFF, 0, 1, 0), -EINVAL);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_OFF, 0, 0, &selector), -EINVAL);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, 4096, 0, &selector), -EINVAL);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, 4096, -1UL, &selector), -EINVAL);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, 0, -1UL, t_ptr(-8UL)), -EFAULT);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, 0, -1UL, 0), 0);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_OFF, 0, 0, 0), 0);
}

TEST(calls_become_signals)
{
	CHECK_EQ(t_action(SIGSYS, sigsys, SA_SIGINFO), 0);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, 0, 0, &selector), 0);
	CHECK_EQ(sys(getpid) > 0, 1);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	CHECK_EQ(t_syscall(__NR_getppid, 5, 6, 0, 0, 0, 0), 1005);
	CHECK_EQ(count, 1);
	CHECK_EQ(seen.si_code, SYS_USER_DISPATCH);
	CHECK_EQ(seen.si_errno, 0);
	CHECK_EQ(seen.si_syscall, __NR_getppid);
	CHECK_EQ(seen.si_arch, 0xc000003e);
	CHECK_EQ((unsigned long)seen.si_call_addr, seen_regs.rip);
	CHECK_EQ(seen_regs.rax, __NR_getppid);
	CHECK_EQ(seen_regs.rsi, 6);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK; // of numbers that are no calls too
	CHECK_EQ(t_syscall(0x123456, 7, 0, 0, 0, 0, 0), 1007);
	CHECK_EQ(seen.si_syscall, 0x123456);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	CHECK_EQ(t_syscall(-1, 8, 0, 0, 0, 0, 0), 1008);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_OFF, 0, 0, 0), 0);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	CHECK_EQ(sys(getppid), sys(getppid));
	CHECK_EQ(count, 3);
}

// All of the program's code is let alone but this.
__attribute__((noinline)) static long foreign(char *code, long arg)
{
	return ((long (*)(long))(void *)code)(arg);
}

TEST(a_range_is_let_alone)
{
	static const unsigned char code[] = {0xb8, __NR_getppid, 0, 0, 0, 0x0f, 0x05, 0xc3}; // mov $nr, %eax; syscall; ret
	char *page = t_map(PAGE);

	memcpy(page, code, sizeof code);
	CHECK_EQ(sys(mprotect, page, PAGE, PROT_READ | PROT_EXEC), 0);
	CHECK_EQ(t_action(SIGSYS, sigsys, SA_SIGINFO), 0);
	CHECK_EQ(foreign(page, 0), sys(getppid));
	// From 1 up to the page: this program lies below it.
	CHECK((unsigned long)sigsys < (unsigned long)page);
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, 1, (unsigned long)page - 1, 0), 0);
	CHECK_EQ(sys(getpid) > 0, 1);
	CHECK_EQ(foreign(page, 9), 1009);
	CHECK_EQ((char *)seen.si_call_addr - page, 7);
	// The page itself is the range: only it may call.
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_ON, (unsigned long)page, PAGE, &selector), 0);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	CHECK_GE(foreign(page, 0), 1);
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;
	CHECK_EQ(dispatch(PR_SYS_DISPATCH_OFF, 0, 0, 0), 0);
}

TEST(what_kills)
{
	// A byte that is neither, and one that cannot be read; a handler is not asked.
	CHECK_EQ(t_action(SIGSYS, sigsys, SA_SIGINFO), 0);
	CHECK_EQ(IN_CHILD(dispatch(PR_SYS_DISPATCH_ON, 0, 0, &selector); selector = 2; sys(getpid)), SIGNALLED(SIGSYS));
	CHECK_EQ(IN_CHILD(t_action(SIGSEGV, thread_pause, 0); dispatch(PR_SYS_DISPATCH_ON, 0, 0, t_ptr(16)); sys(getpid)),
		SIGNALLED(SIGSEGV));
	// The return of the handler is a call too.
	CHECK_EQ(IN_CHILD({
		dispatch(PR_SYS_DISPATCH_ON, 0, 0, 0);
		sys(getpid);
	}), SIGNALLED(SIGSYS));
}

HELPER(calls)
{
	return sys(getppid) > 0 ? 6 : 1;
}

static int thread_calls(void *unused)
{
	(void)unused;
	return sys(getppid) > 0 ? 0 : 1;
}

TEST(nobody_inherits_it)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		dispatch(PR_SYS_DISPATCH_ON, 0, 0, &selector);
		int pid = t_fork();

		if (pid == 0) {
			selector = SYSCALL_DISPATCH_FILTER_BLOCK;
			t_exit(sys(getppid) > 0 ? 4 : 1);
		}
		CHECK_EQ(t_wait(pid), 4);
		thread_start(&t, thread_calls, NULL);
		thread_join(&t);
		t_exec("calls", NULL, NULL);
	}), 6);
}

// A tracer does not see such a call at all.
static int dispatches(void *unused)
{
	(void)unused;
	t_action(SIGSYS, sigsys, SA_SIGINFO);
	dispatch(PR_SYS_DISPATCH_ON, 0, 0, &selector);
	sys(kill, t_getpid(), SIGSTOP);
	selector = SYSCALL_DISPATCH_FILTER_BLOCK;
	return t_syscall(__NR_getppid, 5, 0, 0, 0, 0, 0) == 1005 ? 7 : 1;
}

TEST(a_tracer_sees_the_signal)
{
	int pid = traced(dispatches, NULL), code;

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	while ((code = wait_code(pid)) == SIGTRAP) { // the end of kill
		unsigned long nr = 0;

		CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, pid, 15 * 8, &nr), 0);
		CHECK(nr != __NR_getppid);
		CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	}
	CHECK_EQ(code, SIGSYS);
	CHECK_EQ(cont(pid, SIGSYS), 0);
	CHECK_EQ(t_wait(pid), 7);
}
