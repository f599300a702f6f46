// SPDX-License-Identifier: GPL-2.0-only
//
// A namespace of process numbers ends with its number 1: whatever state its members are in, however many they are,
// and whoever comes in meanwhile.
#include "container.h"

#include <linux/ptrace.h>
#include <linux/reboot.h>

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

// ---- threads and programs of number 1 ----

static int ends_process(void *arg)
{
	UNTIL(*said == 1);
	t_exit((int)(long)arg);
}

TEST(the_namespace_lives_until_inits_last_thread)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		struct thread t;

		if (t_fork() == 0)
			thread_pause(NULL);
		thread_start(&t, ends_process, (void *)6);
		t_exit_thread(1);
	}
	UNTIL(t_task_state(pid, pid) == 'Z');
	CHECK_EQ(IN_CHILD({ // it still takes in who comes
		int fd = pidfd_of(pid);

		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), -ESRCH);
	}), 0);
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	*said = 1;
	CHECK_EQ(t_wait(pid), 6);
}

static int reaps_three(void *unused)
{
	(void)unused;
	while (*said < 3)
		if (t_wait(-1) >= 0)
			++*said;
	t_exit(8);
}

TEST(another_thread_of_init_takes_in_orphans)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		struct thread t;

		for (int i = 0; i < 3; i++)
			if (t_fork() == 0) {
				int parent = t_fork();

				if (parent == 0) {
					UNTIL(sys(getppid) == 1);
					t_exit(0);
				}
				thread_pause(NULL);
			}
		thread_start(&t, reaps_three, NULL);
		t_exit_thread(0);
	}
	UNTIL(t_task_state(pid, pid) == 'Z');
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	end(pid);
}

static int exec_helper(void *unused)
{
	(void)unused;
	return (int)-t_exec("number", "", "");
}

HELPER(number)
{
	if (t_getpid() != 1 || t_gettid() != 1 || sys(getppid) != 0)
		return 1;
	sys(kill, 1, SIGKILL); // still init
	int pid = t_fork();

	if (pid == 0) {
		if (t_fork() == 0) {
			UNTIL(sys(getppid) == 1);
			t_exit(61);
		}
		t_exit(60);
	}
	if (t_wait(pid) != 60 || t_wait(-1) != 61)
		return 2;
	return 62;
}

TEST(exec_by_init)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE(exec_helper(NULL)), 62);
}

TEST(exec_by_another_thread_of_init)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		struct thread t;

		thread_start(&t, exec_helper, NULL);
		thread_pause(NULL);
	}), 62);
	CHECK_EQ(IN_NAMESPACE({ // when the leader has ended already
		struct thread t;

		thread_start(&t, exec_helper, NULL);
		t_exit_thread(0);
	}), 62);
}

TEST(vfork_into_a_namespace)
{
	prepare();
	long pid = sys(clone, CLONE_NEWPID | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		*said = t_getpid();
		t_exec("number", "", "");
	}
	CHECK_GE(pid, 2);
	CHECK_EQ(*said, 1);
	CHECK_EQ(t_wait((int)pid), 62);
}

TEST(threads_of_init_killed_from_outside)
{
	prepare();
	for (int i = 0; i < 3; i++) {
		int pid = fork_init();

		if (pid == 0) {
			struct thread t[3];

			for (int k = 0; k < 3; k++)
				thread_start(&t[k], k == 1 ? thread_spin : thread_pause, NULL);
			if (t_fork() == 0)
				thread_spin(NULL);
			++*said;
			thread_pause(NULL);
		}
		UNTIL(*said == i + 1);
		end(pid);
	}
}

TEST(handlers_shared_with_init)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({ // SIGCHLD is ignored for both when init ends
		char *stack = t_map(STACK_SIZE);

		CHECK_EQ(t_clone(CLONE_VM | CLONE_SIGHAND | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, thread_pause, NULL), 2);
		t_exit(3);
	}), 3);
}

// ---- ends that are not easy ----

TEST(stopped_children_die)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		for (int i = 0; i < 3; i++) {
			int child = t_fork(), status;

			if (child == 0)
				thread_pause(NULL);
			CHECK_EQ(sys(kill, child, SIGSTOP), 0);
			CHECK_EQ(sys(wait4, child, &status, WUNTRACED, 0), child);
		}
		*said = 1;
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
}

TEST(zombies_and_ignored_children)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		for (int i = 0; i < 3; i++)
			if (t_fork() == 0)
				t_exit(i);
		siginfo_t info;

		CHECK_EQ(sys(waitid, 1, 4, &info, WEXITED | WNOWAIT, 0), 0);
		CHECK_EQ(sys(waitid, 1, 3, &info, WEXITED | WNOWAIT, 0), 0);
		t_exit(2);
	}), 2);
	CHECK_EQ(IN_NAMESPACE({
		t_action(SIGCHLD, SIG_IGN, 0);
		for (int i = 0; i < 3; i++)
			if (t_fork() == 0)
				thread_pause(NULL);
		t_exit(2);
	}), 2);
}

// Whoever traces a member from outside has to let it go before init is done.
TEST(traced_children)
{
	prepare();
	int pid = (int)sys(clone, CLONE_NEWPID | CLONE_FILES | SIGCHLD, 0, 0, 0, 0), status = 0;
	char path[64];

	if (pid == 0) {
		if (t_fork() == 0)
			thread_pause(NULL);
		*said = pidfd_of(2);
		thread_pause(NULL);
	}
	UNTIL(*said);
	t_snprintf(path, sizeof path, "/proc/self/fdinfo/%d", *said); // the table of files is one
	int member = (int)t_field(path, "Pid:");

	CHECK_GE(member, 3);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, member, 0, 0), 0);
	sys(kill, pid, SIGKILL);
	UNTIL(t_state(member) == 'Z');
	CHECK(t_state(pid) != 'Z');
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	CHECK_EQ(sys(wait4, member, &status, __WALL, 0), member);
	CHECK_EQ(status, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(a_traced_init)
{
	prepare();
	int status = 0, pid = fork_init();

	if (pid == 0) {
		CHECK_EQ(sys(ptrace, PTRACE_TRACEME), 0);
		CHECK_EQ(sys(kill, 1, SIGUSR1), 0);	// seen by the tracer, though init ignores it
		CHECK_EQ(sys(kill, 1, SIGKILL), 0);	// not even seen
		t_exit(3);
	}
	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	CHECK_EQ(status, SIGUSR1 << 8 | 0x7f);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, SIGUSR1), 0);
	CHECK_EQ(t_wait(pid), 3);
}

// A tracer is told the numbers of its own namespace.
TEST(events_of_a_tracee)
{
	prepare();
	int status = 0, pid = fork_init();
	unsigned long message = 0;

	if (pid == 0) {
		UNTIL(*said);
		int child = t_fork();

		if (child == 0)
			t_exit(0);
		t_exit(child == 2 ? t_wait(2) : 1);
	}
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEFORK), 0);
	*said = 1;
	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	CHECK_EQ(status >> 8, SIGTRAP | PTRACE_EVENT_FORK << 8);
	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &message), 0);
	int child = (int)message;

	CHECK(child > 2);
	CHECK_EQ(sys(wait4, child, &status, __WALL, 0), child);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, child, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(reboot_in_a_namespace)
{
	prepare();
	static const struct { unsigned cmd; int how; } kinds[] = {
		{LINUX_REBOOT_CMD_RESTART, SIGHUP}, {LINUX_REBOOT_CMD_RESTART2, SIGHUP},
		{LINUX_REBOOT_CMD_HALT, SIGINT}, {LINUX_REBOOT_CMD_POWER_OFF, SIGINT},
	};

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (int by_init = 0; by_init < 2; by_init++) {
			int status = 0, pid = fork_init();

			if (pid == 0) {
				if (by_init || t_fork() == 0) {
					CHECK_EQ(sys(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON, 0), -EINVAL);
					sys(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, kinds[i].cmd, 0);
					t_exit(99);
				}
				thread_pause(NULL);
			}
			CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
			CHECK_EQ(status, kinds[i].how);
		}
}

// ---- rude ----

TEST(fork_storms_end_with_init)
{
	prepare();
	for (int round = 0; round < 4; round++) {
		int pid = fork_init();

		if (pid == 0) {
			for (int i = 0; i < 3; i++)
				if (t_fork() == 0)
					for (;;) {
						long child = i == 1 ? sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) : sys(fork);

						if (child == 0) {
							++*said;
							t_exit(0);
						}
						if (i != 2 && child > 0)
							t_wait((int)child);
						else
							while (sys(wait4, -1, 0, WNOHANG, 0) > 0)
								;
					}
			UNTIL(*said > 20);
			if (round % 2)
				t_exit(1);
			thread_pause(NULL);
		}
		UNTIL(*said > 20);
		sys(kill, pid, SIGKILL);
		int how = t_wait(pid);

		CHECK(how == 1 || how == SIGNALLED(SIGKILL));
		*said = 0;
	}
}

TEST(a_fork_bomb)
{
	prepare();
	for (int round = 0; round < 2; round++) {
		int pid = fork_init();

		if (pid == 0) {
			while (*said < 150 && sys(fork) >= 0)
				++*said;
			thread_pause(NULL);
		}
		UNTIL(*said >= 150);
		end(pid);
		*said = 0;
	}
}

static int clones(void *flags)
{
	for (;;) {
		long pid = sys(clone, (unsigned long)flags | SIGCHLD, 0, 0, 0, 0);

		if (pid == 0)
			thread_pause(NULL);
		++*said;
		if (pid > 0) {
			sys(kill, pid, SIGKILL);
			sys(wait4, pid, 0, 0, 0);
		}
	}
	return 0;
}

TEST(threads_that_clone_while_init_is_killed)
{
	prepare();
	for (int round = 0; round < 4; round++) {
		int pid = fork_init();

		if (pid == 0) {
			struct thread t[3];

			for (int i = 0; i < 3; i++)
				thread_start(&t[i], clones, (void *)(i == 1 ? CLONE_NEWPID : 0UL));
			thread_pause(NULL);
		}
		UNTIL(*said > 10);
		end(pid);
		*said = 0;
	}
}

TEST(guests_come_while_init_is_killed)
{
	prepare();
	for (int round = 0; round < 6; round++) {
		int pid = idle_init(), fd = pidfd_of(pid);
		int host = t_fork();

		if (host == 0) {
			CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
			for (;;) {
				int guest = t_fork();

				if (guest == 0)
					t_exit(0);
				if (guest < 0) {
					CHECK_EQ(guest, -ENOMEM);
					t_exit(0);
				}
				++*said;
				t_wait(guest);
			}
		}
		UNTIL(*said > 5);
		end(pid);
		CHECK_EQ(t_wait(host), 0);
		sys(close, fd);
		*said = 0;
	}
}
