// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of process numbers: who has which number where, who may signal whom, and that all of
// one ends with its number 1.
#include "t.h"

#include <linux/capability.h>
#include <linux/ptrace.h>
#include <linux/reboot.h>

#define P_PIDFD 3

static _Atomic int *said; // a page that all processes of a test share

static void prepare(void)
{
	int err = IN_CHILD(t_exit((int)-sys(unshare, CLONE_NEWPID)));

	if (err == EPERM)
		SKIP("may not make namespaces of numbers");
	CHECK_EQ(err, 0);
	said = t_map_shared(PAGE);
}

// Forks number 1 of a new namespace.
static int fork_init(void)
{
	int pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	CHECK_GE(pid, 0);
	return pid;
}

// Runs a block as number 1 of a new namespace, and gives what t_wait() says of it.
#define IN_NAMESPACE(...)                                                                          \
	({                                                                                         \
		int init_ = fork_init();                                                           \
		if (init_ == 0) {                                                                  \
			__VA_ARGS__;                                                               \
			t_exit(0);                                                                 \
		}                                                                                  \
		t_wait(init_);                                                                     \
	})

// An init that only waits, outside's number of it.
static int idle_init(void)
{
	int pid = fork_init();

	if (pid == 0)
		thread_pause(NULL);
	return pid;
}

static void end(int pid)
{
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- numbers ----

TEST(the_first_is_number_one_and_has_no_parent)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(t_getpid(), 1);
		CHECK_EQ(t_gettid(), 1);
		CHECK_EQ(sys(getppid), 0);
		CHECK_EQ(sys(getpgid, 0), 0); // the group is seen outside only
		CHECK_EQ(sys(getpgrp), 0);
		CHECK_EQ(sys(getsid, 0), 0);
		CHECK_EQ(sys(getsid, 1), 0);
		CHECK_EQ(sys(getpgid, 2), -ESRCH);
		CHECK_EQ(sys(set_tid_address, 0), 1);
	}), 0);
}

TEST(children_are_numbered_from_two)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		for (int i = 2; i < 6; i++) {
			int pid = t_fork();

			if (pid == 0) {
				CHECK_EQ(t_getpid(), i);
				CHECK_EQ(sys(getppid), 1);
				t_exit(i);
			}
			CHECK_EQ(pid, i);
			CHECK_EQ(t_wait(pid), i);
		}
	}), 0);
}

TEST(a_child_has_a_number_outside_too)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		int inner = t_fork();

		if (inner == 0)
			thread_pause(NULL);
		*said = inner;
		thread_pause(NULL);
	}
	UNTIL(*said);
	CHECK_EQ(*said, 2);
	CHECK(pid > 2); // the machine's first two are long there
	CHECK_EQ(sys(getpgid, pid), sys(getpgrp));
	CHECK_EQ(sys(kill, pid, 0), 0);
	end(pid);
	CHECK_EQ(sys(kill, pid, 0), -ESRCH);
}

TEST(numbers_stored_by_clone_are_the_readers)
{
	prepare();
	int pid, ptid = 0;

	pid = (int)sys(clone, CLONE_NEWPID | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &ptid, said, 0);
	if (pid == 0)
		t_exit(*said != 1 || ptid == 1);
	CHECK_EQ(ptid, pid);
	CHECK_EQ(t_wait(pid), 0);
}

static int say_tid(void *arg)
{
	*(int *)arg = t_gettid();
	return 0;
}

TEST(threads_have_numbers_of_the_namespace)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		struct thread t;
		int tid = 0;

		thread_start(&t, say_tid, &tid);
		CHECK_EQ(t.id, 2);
		thread_join(&t);
		CHECK_EQ(tid, 2);
		CHECK_EQ(t_fork() ? 0 : (t_exit(t_getpid() != 3), 0), 0);
		CHECK_EQ(t_wait(3), 0);
	}), 0);
}

TEST(a_namespace_in_a_namespace)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(t_fork() ? t_wait(2) : (t_exit(0), 0), 0);
		int pid = fork_init();

		if (pid == 0) {
			CHECK_EQ(t_getpid(), 1);
			CHECK_EQ(sys(getppid), 0);
			CHECK_EQ(sys(kill, 3, 0), -ESRCH);
			t_exit(7);
		}
		CHECK_EQ(pid, 3);
		CHECK_EQ(t_wait(3), 7);
	}), 0);
}

TEST(sessions_and_groups_of_the_inside)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(sys(setsid), 1);
		CHECK_EQ(sys(getpgrp), 1);
		CHECK_EQ(sys(getsid, 0), 1);
		int pid = t_fork();

		if (pid == 0)
			thread_pause(NULL);
		CHECK_EQ(sys(getpgid, 2), 1);
		CHECK_EQ(sys(setpgid, 2, 2), 0);
		CHECK_EQ(sys(getpgid, 2), 2);
		CHECK_EQ(sys(setpgid, 2, 3), -EPERM);
		CHECK_EQ(sys(setpgid, 3, 2), -ESRCH);
		CHECK_EQ(sys(kill, -2, SIGTERM), 0);
		int status = 0;

		CHECK_EQ(sys(wait4, -2, &status, 0, 0), 2);
		CHECK_EQ(status, SIGTERM);
		CHECK_EQ(sys(kill, -2, 0), -ESRCH);
		CHECK_EQ(sys(wait4, -2, 0, 0, 0), -ECHILD);
		CHECK_EQ(sys(wait4, -77, 0, 0, 0), -ECHILD);
	}), 0);
}

// ---- signals ----

static siginfo_t got;
static _Atomic int ngot;

static void note(int sig, siginfo_t *info, void *uc)
{
	(void)sig;
	(void)uc;
	got = *info;
	ngot++;
}

TEST(init_is_not_killed_from_inside)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(sys(kill, 1, SIGTERM), 0);
		CHECK_EQ(sys(kill, 1, SIGKILL), 0);
		CHECK_EQ(sys(kill, 1, SIGSTOP), 0);
		CHECK_EQ(sys(tgkill, 1, 1, SIGKILL), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(kill, 1, SIGKILL), 0);
			CHECK_EQ(sys(kill, 1, SIGSTOP), 0);
			CHECK_EQ(sys(kill, 1, SIGSEGV), 0);
			CHECK_EQ(sys(kill, 1, SIGHUP), 0);
		}), 0);
		t_exit(5);
	}), 5);
}

TEST(init_is_killed_and_stopped_from_outside)
{
	prepare();
	int pid = idle_init(), status = 0;

	CHECK_EQ(sys(kill, pid, SIGTERM), 0); // it has no handler: nothing
	CHECK_EQ(sys(kill, pid, SIGSTOP), 0);
	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED, 0), pid);
	CHECK_EQ(status, SIGSTOP << 8 | 0x7f);
	CHECK_EQ(sys(kill, pid, SIGCONT), 0);
	CHECK_EQ(sys(wait4, pid, &status, WCONTINUED, 0), pid);
	CHECK(W_CONTINUED(status));
	CHECK_EQ(sys(tgkill, pid, pid, SIGSTOP), 0);
	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED, 0), pid);
	end(pid);
}

TEST(a_fault_ends_even_init)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE(*(volatile char *)t_ptr(8) = 0), SIGNALLED(SIGSEGV));
}

TEST(a_signal_from_outside_comes_from_zero)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		t_action(SIGUSR1, note, SA_SIGINFO);
		t_action(SIGUSR2, note, SA_SIGINFO);
		t_action(SIGRTMIN, note, SA_SIGINFO);
		t_block(BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGRTMIN));
		*said = 1;
		while (ngot < 3) {
			unsigned long none = ~(BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGRTMIN));

			sys(rt_sigsuspend, &none, 8);
			CHECK_EQ(got.si_pid, 0);
			CHECK_EQ(got.si_uid, 0);
		}
		t_exit(0);
	}
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_code = SI_QUEUE;
	info.si_pid = 4711;
	UNTIL(*said);
	CHECK_EQ(sys(kill, pid, SIGUSR1), 0);
	CHECK_EQ(sys(tgkill, pid, pid, SIGUSR2), 0);
	CHECK_EQ(sys(rt_sigqueueinfo, pid, SIGRTMIN, &info), 0);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_signal_inside_comes_from_the_senders_number)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		t_action(SIGUSR1, note, SA_SIGINFO);
		CHECK_EQ(IN_CHILD(CHECK_EQ(sys(kill, 1, SIGUSR1), 0)), 0);
		CHECK_EQ(ngot, 1);
		CHECK_EQ(got.si_pid, 2);
		CHECK_EQ(IN_CHILD(CHECK_EQ(sys(tgkill, 1, 1, SIGUSR1), 0)), 0);
		CHECK_EQ(ngot, 2);
		CHECK_EQ(got.si_pid, 3);
	}), 0);
}

TEST(a_parent_hears_of_the_number_it_knows)
{
	prepare();
	t_action(SIGCHLD, note, SA_SIGINFO);
	int pid = fork_init();

	if (pid == 0)
		t_exit(3);
	UNTIL(ngot == 1);
	CHECK_EQ(got.si_pid, pid);
	CHECK_EQ(got.si_status, 3);
	siginfo_t info;

	memset(&info, 0, sizeof info);
	CHECK_EQ(sys(waitid, 1, pid, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(IN_NAMESPACE({
		ngot = 0;
		if (t_fork() == 0)
			t_exit(0);
		UNTIL(ngot == 1);
		CHECK_EQ(got.si_pid, 2);
		memset(&info, 0, sizeof info);
		CHECK_EQ(sys(waitid, 0, 0, &info, WEXITED, 0), 0);
		CHECK_EQ(info.si_pid, 2);
	}), 0);
}

TEST(everybody_is_everybody_inside)
{
	prepare();
	int bystander = t_fork();

	if (bystander == 0)
		thread_pause(NULL);
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(sys(kill, -1, SIGKILL), -ESRCH); // nobody but init
		for (int i = 0; i < 3; i++)
			if (t_fork() == 0)
				thread_pause(NULL);
		CHECK_EQ(sys(kill, -1, SIGKILL), 0);
		for (int i = 2; i < 5; i++)
			CHECK_EQ(t_wait(i), SIGNALLED(SIGKILL));
		CHECK_EQ(IN_CHILD(CHECK_EQ(sys(kill, -1, SIGKILL), -ESRCH)), 0); // init is spared
	}), 0);
	CHECK_EQ(sys(wait4, bystander, 0, WNOHANG, 0), 0);
	end(bystander);
}

// ---- the end ----

TEST(all_end_with_init)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		for (int i = 0; i < 4; i++)
			if (t_fork() == 0) {
				if (t_fork() == 0) { // an orphan by and by
					++*said;
					thread_pause(NULL);
				}
				if (i % 2)
					t_exit(0);
				thread_pause(NULL);
			}
		UNTIL(*said == 4);
		t_exit(9);
	}
	CHECK_EQ(t_wait(pid), 9);
}

TEST(also_the_namespaces_below)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		for (int depth = 0; depth < 5; depth++) {
			if (t_fork() == 0)
				thread_pause(NULL);
			if (fork_init() > 0)
				thread_pause(NULL);
		}
		*said = 1;
		thread_pause(NULL);
	}
	UNTIL(*said);
	end(pid);
}

TEST(nobody_is_forked_into_a_dead_one)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWPID), 0);
		CHECK_EQ(IN_CHILD(t_exit(t_getpid() != 1)), 0);
		CHECK_EQ(t_fork(), -ENOMEM);
		CHECK_EQ(t_fork(), -ENOMEM);
		CHECK_EQ(sys(unshare, CLONE_NEWPID), -EINVAL);
	}), 0);
}

TEST(orphans_go_to_init)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(IN_CHILD({
			if (t_fork() == 0) {
				UNTIL(sys(getppid) == 1);
				t_exit(33);
			}
		}), 0);
		CHECK_EQ(t_wait(3), 33);
	}), 0);
}

// ---- errors ----

TEST(clone_errors)
{
	prepare();
	CHECK_EQ(sys(clone, CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(sys(clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0), -EINVAL);
		CHECK_EQ(sys(clone, CLONE_PARENT | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	}), 0);
}

TEST(needs_the_capability)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWPID), -EPERM);
		CHECK_EQ(sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0), -EPERM);
	}), 0);
}
