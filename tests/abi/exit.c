// SPDX-License-Identifier: GPL-2.0-only
//
// exit and exit_group: who ends, what the parent learns, and who inherits the children.
#include "t.h"

TEST(code_is_eight_bits)
{
	CHECK_EQ(IN_CHILD(sys(exit_group, 0x1234)), 0x34);
	CHECK_EQ(IN_CHILD(sys(exit_group, -1)), 255);
	CHECK_EQ(IN_CHILD(sys(exit, 256 + 7)), 7);
}

static int group_exit_9(void *arg)
{
	(void)arg;
	t_exit(9);
}

TEST(group_from_any_thread)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[6];

		for (int i = 0; i < 4; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		thread_start(&t[4], group_exit_9, NULL);
		thread_pause(NULL);
	}),
		9);
}

TEST(group_from_the_leader)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[4];

		for (int i = 0; i < 4; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		t_exit(10);
	}),
		10);
}

TEST(group_of_many_threads)
{
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 60; i++) {
			struct thread t;

			thread_start(&t, thread_pause, NULL);
		}
		t_exit(11);
	}),
		11);
}

static int return_5_late(void *arg)
{
	t_sleep_ms(*(int *)arg);
	return 5;
}

static int wait_for_leader(void *arg)
{
	int me = t_getpid();

	(void)arg;
	UNTIL(t_task_state(me, me) == 'Z');
	t_exit(6);
}

TEST(leader_first_is_a_zombie_until_the_last)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, wait_for_leader, NULL);
		t_exit_thread(0);
	}),
		6);
}

static int return_5_when_told(void *fd)
{
	char c;

	return sys(read, *(int *)fd, &c, 1) == 1 ? 5 : 1;
}

TEST(leader_first_parent_hears_once_and_late)
{
	struct timespec zero = {0, 0};
	unsigned long chld = BIT(SIGCHLD);
	int pid, fd[2];

	CHECK_EQ(sys(pipe2, fd, 0), 0);
	t_block(chld);
	pid = t_fork();
	if (pid == 0) {
		struct thread t;

		thread_start(&t, return_5_when_told, &fd[0]);
		t_exit_thread(5);
	}
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0); // not reapable yet
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
	CHECK_EQ(sys(write, fd[1], "", 1), 1);
	CHECK_EQ(t_wait(pid), 5);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), SIGCHLD);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
}

TEST(leader_first_then_killed)
{
	int pid = t_fork();

	if (pid == 0) {
		struct thread t[3];

		for (int i = 0; i < 3; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		t_exit_thread(0);
	}
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(leader_last)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[3];
		int ms = 1;

		for (int i = 0; i < 3; i++)
			thread_start(&t[i], return_5_late, &ms);
		for (int i = 0; i < 3; i++)
			thread_join(&t[i]);
		UNTIL(t_field("/proc/self/status", "Threads") == 1);
		sys(exit, 4);
	}),
		4);
}

TEST(killed_by_signal)
{
	CHECK_EQ(IN_CHILD(sys(kill, t_getpid(), SIGKILL)), SIGNALLED(SIGKILL));
	CHECK_EQ(IN_CHILD(sys(kill, t_getpid(), SIGTERM)), SIGNALLED(SIGTERM));
	CHECK_EQ(IN_CHILD(sys(tgkill, t_getpid(), t_gettid(), SIGUSR1)), SIGNALLED(SIGUSR1));
	CHECK_EQ(IN_CHILD(sys(kill, t_getpid(), 40)), SIGNALLED(40)); // a realtime one
}

TEST(files_are_closed)
{
	int fds[2];
	char c;

	CHECK_EQ(sys(pipe, fds), 0);
	int pid = t_fork();

	if (pid == 0) {
		t_sleep_ms(20);
		t_exit(0);
	}
	sys(close, fds[1]);
	CHECK_EQ(sys(read, fds[0], &c, 1), 0); // returns when the child's end goes
	CHECK_EQ(t_wait(pid), 0);
}

static void chld_handler(int sig)
{
	(void)sig;
}

TEST(sigchld_ignored_leaves_no_zombie)
{
	t_action(SIGCHLD, SIG_IGN, 0);
	int pid = t_fork();

	if (pid == 0)
		t_exit(3);
	CHECK_EQ(t_wait(pid), -ECHILD); // waits for the end all the same
	UNTIL(sys(kill, pid, 0) == -ESRCH); // its number is free a little after that
}

TEST(nocldwait_leaves_no_zombie_but_signals)
{
	struct timespec soon = {20, 0};
	unsigned long chld = BIT(SIGCHLD);
	siginfo_t info;

	t_action(SIGCHLD, chld_handler, SA_NOCLDWAIT);
	t_block(chld);
	int pid = t_fork();

	if (pid == 0)
		t_exit(3);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, &info, &soon, 8), SIGCHLD);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(t_wait(pid), -ECHILD);
}

TEST(sigchld_ignored_with_threads)
{
	t_action(SIGCHLD, SIG_IGN, 0);
	int pid = t_fork();

	if (pid == 0) {
		struct thread t[3];
		int ms = 5;

		for (int i = 0; i < 3; i++)
			thread_start(&t[i], return_5_late, &ms);
		t_exit_thread(0); // the last worker releases the leader too
	}
	CHECK_EQ(t_wait(pid), -ECHILD);
	UNTIL(sys(kill, pid, 0) == -ESRCH);
}

TEST(sigchld_says_how)
{
	struct timespec soon = {20, 0};
	unsigned long chld = BIT(SIGCHLD);
	siginfo_t info;

	t_block(chld);
	int pid = t_fork();

	if (pid == 0)
		t_exit(33);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, &info, &soon, 8), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_EXITED);
	CHECK_EQ(info.si_status, 33);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(info.si_uid, sys(getuid));
	CHECK_EQ(t_wait(pid), 33);
	pid = t_fork();
	if (pid == 0)
		thread_pause(NULL);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, &info, &soon, 8), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(info.si_status, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(orphans_go_to_the_subreaper)
{
	int *seen = t_map_shared(PAGE), me = t_getpid();

	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD({
		int parent = t_getpid();

		if (t_fork() == 0) {
			UNTIL(sys(getppid) != parent);
			*seen = (int)sys(getppid);
			t_exit(7);
		}
	}),
		0);
	CHECK_EQ(t_wait(-1), 7);
	CHECK_EQ(*seen, me);
}

// It has descendants already, and not only children.
TEST(a_new_subreaper_is_found)
{
	volatile int *there = t_map_shared(PAGE), *go = there + 1, *seen = there + 2;
	int me = t_getpid(), pid = t_fork();

	if (pid == 0) {
		int child = t_fork();

		if (child == 0) {
			int parent = t_getpid();

			if (t_fork() == 0) {
				*there = 1;
				UNTIL(sys(getppid) != parent);
				*seen = (int)sys(getppid);
				t_exit(7);
			}
			UNTIL(*go);
			t_exit(0);
		}
		t_exit(t_wait(child));
	}
	UNTIL(*there);
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	*go = 1;
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(t_wait(-1), 7);
	CHECK_EQ(*seen, me);
}

TEST(zombie_orphans_go_to_the_subreaper)
{
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD({
		int pid = t_fork();

		if (pid == 0)
			t_exit(8);
		UNTIL(t_state(pid) == 'Z');
	}),
		0);
	CHECK_EQ(t_wait(-1), 8);
	CHECK_EQ(t_wait(-1), -ECHILD);
}

TEST(zombie_orphans_of_one_who_ignores)
{
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	t_action(SIGCHLD, SIG_IGN, 0);
	int pid = t_fork();

	if (pid == 0) {
		t_action(SIGCHLD, SIG_DFL, 0);
		int child = t_fork();

		if (child == 0)
			t_exit(8);
		UNTIL(t_state(child) == 'Z');
		t_exit(0);
	}
	CHECK_EQ(t_wait(-1), -ECHILD); // both reaped without us
}

static int fork_one(void *arg)
{
	int pid = t_fork();

	if (pid == 0) {
		t_sleep_ms(40);
		t_exit(9);
	}
	*(int *)arg = pid;
	return 0;
}

TEST(children_of_a_thread_stay_with_the_group)
{
	struct thread t;
	int pid = 0;

	thread_start(&t, fork_one, &pid);
	thread_join(&t);
	CHECK_GE(pid, 1);
	CHECK_EQ(t_wait(pid), 9);
}

TEST(parent_death_signal)
{
	int *state = t_map_shared(PAGE);

	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	int parent = t_fork();

	if (parent == 0) {
		if (t_fork() == 0) {
			CHECK_EQ(sys(prctl, PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0), 0);
			*state = 1;
			thread_pause(NULL);
		}
		UNTIL(*state);
		t_exit(0);
	}
	CHECK_EQ(t_wait(parent), 0);
	CHECK_EQ(t_wait(-1), SIGNALLED(SIGTERM));
}

// It is a signal of the parent's, who may not send it to everybody.
TEST(parent_death_signal_to_one_out_of_reach)
{
	_Atomic int *state = t_map_shared(PAGE);
	int parent;

	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	parent = t_fork();
	if (parent == 0) {
		int kid = t_fork();

		if (kid == 0) {
			CHECK_EQ(sys(prctl, PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0), 0);
			*state = 1;
			thread_pause(NULL);
		}
		UNTIL(*state);
		*state = kid;
		t_exit(sys(setresuid, 1000, 1000, 1000) ? 1 : 0);
	}
	CHECK_EQ(t_wait(parent), 0);
	CHECK_EQ(sys(kill, *state, SIGKILL), 0);
	CHECK_EQ(t_wait(-1), SIGNALLED(SIGKILL));
}

TEST(thread_exit_does_not_end_the_process)
{
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 100; i++) {
			struct thread t;
			int ms = 0;

			thread_start(&t, return_5_late, &ms);
			thread_join(&t);
		}
		t_exit(1);
	}),
		1);
}

TEST(exit_races_with_kill)
{
	for (int i = 0; i < 30; i++) {
		int pid = t_fork();

		if (pid == 0) {
			struct thread t[2];

			thread_start(&t[0], thread_spin, NULL);
			thread_start(&t[1], group_exit_9, NULL);
			t_exit_thread(0);
		}
		sys(kill, pid, SIGKILL);
		int got = t_wait(pid);

		CHECK(got == 9 || got == SIGNALLED(SIGKILL));
	}
}
