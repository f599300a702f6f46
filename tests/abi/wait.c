// SPDX-License-Identifier: GPL-2.0-only
//
// wait4 and waitid: which child, which change, and what is told about it.
#include "t.h"

static int child_exiting(int code)
{
	int pid = t_fork();

	if (pid == 0)
		t_exit(code);
	CHECK_GE(pid, 1);
	return pid;
}

static int child_pausing(void)
{
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	CHECK_GE(pid, 1);
	return pid;
}

TEST(no_child)
{
	CHECK_EQ(sys(wait4, -1, 0, 0, 0), -ECHILD);
	CHECK_EQ(sys(wait4, -1, 0, WNOHANG, 0), -ECHILD);
	CHECK_EQ(sys(wait4, t_getpid(), 0, 0, 0), -ECHILD);
	CHECK_EQ(sys(wait4, 1, 0, 0, 0), -ECHILD);
	CHECK_EQ(sys(waitid, P_ALL, 0, 0, WEXITED, 0), -ECHILD);
}

TEST(nohang)
{
	int pid = child_pausing(), status = 77;

	CHECK_EQ(sys(wait4, pid, &status, WNOHANG, 0), 0);
	CHECK_EQ(sys(wait4, -1, &status, WNOHANG, 0), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	CHECK_EQ(status & 0x7f, SIGKILL);
}

TEST(one_of_several)
{
	int a = child_exiting(1), b = child_exiting(2), c = child_exiting(3);

	CHECK_EQ(t_wait(b), 2);
	CHECK_EQ(t_wait(c), 3);
	CHECK_EQ(sys(wait4, b, 0, 0, 0), -ECHILD);
	CHECK_EQ(t_wait(a), 1);
}

TEST(any_gets_each_once)
{
	int sum = 0;

	for (int i = 1; i <= 10; i++)
		child_exiting(i);
	for (int i = 0; i < 10; i++)
		sum += t_wait(-1);
	CHECK_EQ(sum, 55);
	CHECK_EQ(t_wait(-1), -ECHILD);
}

TEST(by_process_group)
{
	int a = child_pausing(), b = child_exiting(2);

	CHECK_EQ(sys(setpgid, a, a), 0);
	CHECK_EQ(sys(wait4, 0, 0, 0, 0), b); // our own group
	CHECK_EQ(sys(wait4, 0, 0, 0, 0), -ECHILD);
	sys(kill, a, SIGTERM);
	CHECK_EQ(sys(wait4, -a, 0, 0, 0), a);
	CHECK_EQ(sys(wait4, -a, 0, 0, 0), -ECHILD);
}

TEST(stopped_and_continued)
{
	int pid = child_pausing(), status;

	sys(kill, pid, SIGSTOP);
	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED, 0), pid);
	CHECK_EQ(status, SIGSTOP << 8 | 0x7f);
	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED | WNOHANG, 0), 0); // told once
	sys(kill, pid, SIGCONT);
	CHECK_EQ(sys(wait4, pid, &status, WCONTINUED, 0), pid);
	CHECK_EQ(status, 0xffff);
	CHECK_EQ(sys(wait4, pid, &status, WCONTINUED | WNOHANG, 0), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(a_stop_is_invisible_without_untraced)
{
	int pid = child_pausing();

	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(waitid_exited)
{
	siginfo_t info;
	int pid = child_exiting(40);

	memset(&info, 0xaa, sizeof info);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_signo, SIGCHLD);
	CHECK_EQ(info.si_errno, 0);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_status, 40);
	CHECK_EQ(info.si_uid, sys(getuid));
}

TEST(waitid_killed_stopped_continued)
{
	siginfo_t info;
	int pid = child_pausing();

	sys(kill, pid, SIGSTOP);
	CHECK_EQ(sys(waitid, P_ALL, 0, &info, WSTOPPED, 0), 0);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	sys(kill, pid, SIGCONT);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WCONTINUED, 0), 0);
	CHECK_EQ(info.si_code, CLD_CONTINUED);
	CHECK_EQ(info.si_status, SIGCONT);
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(sys(waitid, P_PGID, 0, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGUSR1);
}

TEST(waitid_nowait_leaves_the_child)
{
	siginfo_t info = {0};
	int pid = child_exiting(41);

	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0), 0);
		CHECK_EQ(info.si_status, 41);
	}
	CHECK_EQ(t_wait(pid), 41);
}

TEST(waitid_nowait_leaves_the_change)
{
	siginfo_t info = {0};
	int pid = child_pausing(), status;

	sys(kill, pid, SIGSTOP);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(waitid, P_PID, pid, &info, WSTOPPED | WNOWAIT, 0), 0);
		CHECK_EQ(info.si_code, CLD_STOPPED);
	}
	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED, 0), pid);
	sys(kill, pid, SIGCONT);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(waitid, P_PID, pid, &info, WCONTINUED | WNOWAIT, 0), 0);
		CHECK_EQ(info.si_code, CLD_CONTINUED);
	}
	CHECK_EQ(sys(wait4, pid, &status, WCONTINUED, 0), pid);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// Who does not ask for the dead does not get them, and does not wait for what they cannot do any more.
TEST(waitid_without_exited)
{
	siginfo_t info;
	int pid = child_exiting(3);

	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0), 0);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WSTOPPED | WCONTINUED, 0), -ECHILD);
	CHECK_EQ(sys(waitid, P_ALL, 0, &info, WSTOPPED | WNOHANG, 0), -ECHILD);
	CHECK_EQ(t_wait(pid), 3);
}

TEST(waitid_of_clone_children)
{
	siginfo_t info;

	t_block(BIT(SIGUSR1));
	long pid = sys(clone, SIGUSR1, 0, 0, 0, 0);

	if (pid == 0)
		t_exit(4);
	CHECK_EQ(sys(waitid, P_ALL, 0, &info, WEXITED, 0), -ECHILD);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | WNOWAIT | __WCLONE, 0), 0);
	CHECK_EQ(info.si_status, 4);
	CHECK_EQ(sys(waitid, P_PGID, 0, &info, WEXITED | __WALL, 0), 0);
	CHECK_EQ(info.si_pid, pid);
}

TEST(waitid_nohang_says_nothing_by_pid_zero)
{
	siginfo_t info;
	int pid = child_pausing();

	memset(&info, 0xaa, sizeof info);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | WNOHANG, 0), 0);
	CHECK_EQ(info.si_pid, 0);
	CHECK_EQ(info.si_signo, 0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(bad_options)
{
	siginfo_t info;
	int pid = child_exiting(0);

	CHECK_EQ(sys(wait4, pid, 0, 0x100, 0), -EINVAL);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, 0, 0), -EINVAL);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED | 0x100, 0), -EINVAL);
	CHECK_EQ(sys(waitid, 9, pid, &info, WEXITED, 0), -EINVAL);
	CHECK_EQ(sys(waitid, P_PID, 0, &info, WEXITED, 0), -EINVAL);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(bad_pointers)
{
	int pid = child_exiting(0);

	CHECK_EQ(sys(wait4, pid, 8UL, 0, 0), -EFAULT);
	CHECK_EQ(t_wait(pid), -ECHILD); // it was reaped nevertheless
	pid = child_exiting(0);
	CHECK_EQ(sys(waitid, P_PID, pid, 0xffff800000000000UL, WEXITED, 0), -EFAULT);
	CHECK_EQ(t_wait(pid), -ECHILD);
}

static void handler(int sig)
{
	(void)sig;
}

TEST(interrupted_by_a_signal)
{
	int pid = child_pausing();

	t_action(SIGALRM, handler, 0);
	t_alarms(20);
	CHECK_EQ(sys(wait4, pid, 0, 0, 0), -EINTR);
	CHECK_EQ(sys(waitid, P_PID, pid, 0, WEXITED, 0), -EINTR);
	t_action(SIGALRM, handler, SA_RESTART);
	if (t_fork() == 0) { // it kills the other while we wait again
		t_sleep_ms(60);
		sys(kill, pid, SIGKILL);
		t_exit(0);
	}
	CHECK_EQ(sys(wait4, pid, 0, 0, 0), pid);
	CHECK_EQ(t_wait(-1), 0);
}

struct waiter {
	struct thread t;
	int pid;
	_Atomic int got;
};

static int wait_there(void *arg)
{
	struct waiter *w = arg;

	w->got = t_wait(w->pid);
	return 0;
}

TEST(another_thread_may_wait)
{
	struct waiter w = {.pid = child_exiting(12)};

	thread_start(&w.t, wait_there, &w);
	thread_join(&w.t);
	CHECK_EQ(w.got, 12);
}

static int wait_own_only(void *arg)
{
	*(long *)arg = sys(wait4, -1, 0, __WNOTHREAD, 0);
	return 0;
}

TEST(nothread_sees_own_children_only)
{
	struct thread t;
	long got = 0;
	int pid = child_exiting(1);

	thread_start(&t, wait_own_only, &got);
	thread_join(&t);
	CHECK_EQ(got, -ECHILD);
	CHECK_EQ(t_wait(pid), 1);
}

TEST(several_waiters_share_the_children)
{
	static struct waiter w[4];
	int sum = 0;

	for (int i = 0; i < 4; i++) {
		w[i].pid = -1;
		if (t_fork() == 0) {
			t_sleep_ms(20 + 5 * i);
			t_exit(1 << i);
		}
	}
	for (int i = 0; i < 4; i++)
		thread_start(&w[i].t, wait_there, &w[i]);
	for (int i = 0; i < 4; i++) {
		thread_join(&w[i].t);
		sum += w[i].got;
	}
	CHECK_EQ(sum, 15);
}

TEST(usage_is_filled_in)
{
	struct rusage usage;

	memset(&usage, 0xff, sizeof usage);
	int pid = child_exiting(0);

	CHECK_EQ(sys(wait4, pid, 0, 0, &usage), pid);
	CHECK(usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_sec < 10);
	memset(&usage, 0xff, sizeof usage);
	pid = child_exiting(0);
	CHECK_EQ(sys(waitid, P_PID, pid, 0, WEXITED, &usage), 0);
	CHECK(usage.ru_utime.tv_sec >= 0 && usage.ru_utime.tv_sec < 10);
	pid = child_exiting(0);
	CHECK_EQ(sys(waitid, P_PID, pid, 0, WEXITED, 8UL), -EFAULT);
	CHECK_EQ(t_wait(pid), -ECHILD);
}

TEST(waitid_tells_the_childs_user)
{
	siginfo_t info;

	if (sys(geteuid))
		SKIP("not root");
	int pid = t_fork();

	if (pid == 0) {
		sys(setresuid, 1234, 0, 0);
		sys(kill, t_getpid(), SIGSTOP);
		thread_pause(NULL); // not gone before it was seen to continue
	}
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WSTOPPED, 0), 0);
	CHECK_EQ(info.si_uid, 1234);
	sys(kill, pid, SIGCONT);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WCONTINUED, 0), 0);
	CHECK_EQ(info.si_uid, 1234);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(waitid, P_PID, pid, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_uid, 1234);
}
