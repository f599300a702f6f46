// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of process numbers: who has which number where, who may signal whom, and the ways in. Their ends are in
// pid_namespace_end.c.
#include "container.h"

#define P_PIDFD 3

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

// ---- unshare and setns ----

TEST(unshare_is_for_the_children)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		int me = t_getpid();
		struct thread t;

		CHECK_EQ(sys(unshare, CLONE_NEWPID), 0);
		CHECK_EQ(t_getpid(), me);
		CHECK_EQ(sys(unshare, CLONE_NEWPID), -EINVAL); // it would not be below its own
		CHECK_EQ(sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0), -EINVAL);
		CHECK_EQ(t_clone(THREAD_FLAGS, t_map(PAGE) + PAGE, &t.id, &t.id, 0, thread_pause, NULL), -EINVAL);
		int first = t_fork();

		if (first == 0) {
			CHECK_EQ(t_getpid(), 1);
			CHECK_EQ(sys(getppid), 0);
			thread_pause(NULL);
		}
		for (int i = 2; i < 5; i++)
			CHECK_EQ(IN_CHILD(t_exit(t_getpid() != i || sys(getppid) != 0)), 0);
		long pid = sys(vfork);

		if (pid == 0)
			t_exit(5);
		CHECK_EQ(t_wait((int)pid), 5);
		end(first);
		CHECK_EQ(t_fork(), -ENOMEM);
	}), 0);
}

// The other thread's children are born where they were.
static int unshare_first(void *arg)
{
	*(long *)arg = sys(unshare, CLONE_NEWPID);
	return 0;
}

TEST(a_thread_unshares_for_itself)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		struct thread t;
		long err = 1;

		thread_start(&t, unshare_first, &err);
		thread_join(&t);
		CHECK_EQ(err, 0);
		thread_start(&t, unshare_first, &err);
		thread_join(&t);
		CHECK_EQ(err, 0);
		CHECK_EQ(IN_CHILD(t_exit(t_getpid() == 1)), 0);
	}), 0);
}

TEST(setns_with_a_pidfd)
{
	prepare();
	int pid = idle_init(), fd = pidfd_of(pid), self = pidfd_of(t_getpid()), status = 0;

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
		int guest = t_fork();

		if (guest == 0) {
			CHECK_EQ(t_getpid(), 2);
			CHECK_EQ(sys(getppid), 0);
			CHECK_EQ(sys(getsid, 0), 0);
			CHECK_EQ(sys(kill, 1, 0), 0);
			CHECK_EQ(sys(kill, pid, 0), pid > 2 ? -ESRCH : 0);
			t_exit(4);
		}
		CHECK(guest > 2);
		CHECK_EQ(sys(wait4, guest, &status, 0, 0), guest);
		CHECK_EQ(W_CODE(status), 4);
		CHECK_EQ(t_clone(THREAD_FLAGS, t_map(PAGE) + PAGE, said, said, 0, thread_pause, NULL), -EINVAL);
		// Back to its own: as if nothing had been.
		CHECK_EQ(sys(setns, self, CLONE_NEWPID), 0);
		CHECK_EQ(IN_CHILD(t_exit(sys(getppid) == 0)), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWPID), 0);
	}), 0);
	end(pid);
}

TEST(setns_errors)
{
	prepare();
	int pid = idle_init(), fd = pidfd_of(pid), self = pidfd_of(t_getpid()), file = (int)sys(open, "/dev/null", O_RDWR);

	CHECK_EQ(sys(setns, -1, CLONE_NEWPID), -EBADF);
	CHECK_EQ(sys(setns, file, CLONE_NEWPID), -EINVAL);
	CHECK_EQ(sys(setns, file, 0), -EINVAL);
	CHECK_EQ(sys(setns, fd, 0), -EINVAL);
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID | 1), -EINVAL);
	CHECK_EQ(sys(setns, fd, CLONE_VM), -EINVAL);
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID | CLONE_THREAD), -EINVAL);
	CHECK_EQ(IN_CHILD({ // no way up
		if (fork_init())
			t_exit(t_wait(-1));
		CHECK_EQ(sys(setns, self, CLONE_NEWPID), -EINVAL);
		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), -EINVAL); // nor to the side
	}), 0);
	CHECK_EQ(IN_CHILD({
		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), -EPERM);
		CHECK_EQ(sys(setns, self, CLONE_NEWPID), -EPERM);
	}), 0);
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID), -ESRCH);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID), -ESRCH);
}

// A guest's parent is outside: it is not init's child, and still dies with init, which waits for its end.
TEST(guests_die_with_init)
{
	prepare();
	int pid = idle_init(), fd = pidfd_of(pid);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
		int guest = t_fork();

		if (guest == 0)
			thread_pause(NULL);
		CHECK_EQ(sys(kill, pid, SIGKILL), 0);
		UNTIL(t_state(guest) == 'Z');
		for (int i = 0; i < 20; i++) {
			CHECK(t_state(pid) != 'Z');
			t_yield();
		}
		CHECK_EQ(t_fork(), -ENOMEM);
		CHECK_EQ(t_wait(guest), SIGNALLED(SIGKILL));
		UNTIL(t_state(pid) == 'Z');
	}), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// Its parent ends first: that leaves it to init of the parent's own namespace, not to that of the guest.
TEST(a_guest_whose_parent_ends)
{
	prepare();
	int pid = idle_init(), fd = pidfd_of(pid);

	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
		if (t_fork() == 0) {
			UNTIL(*said);
			t_exit(sys(getppid) ? 1 : 44);
		}
	}), 0);
	*said = 1;
	CHECK_EQ(t_wait(-1), 44);
	end(pid);
}

TEST(subreapers_are_those_of_the_namespace)
{
	prepare();
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(IN_CHILD({ // not to the one outside
			if (t_fork() == 0) {
				UNTIL(sys(getppid) == 1);
				t_exit(0);
			}
		}), 0);
		CHECK_EQ(t_wait(3), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
			CHECK_EQ(IN_CHILD({
				if (t_fork() == 0) {
					UNTIL(sys(getppid) == 4);
					t_exit(6);
				}
			}), 0);
			CHECK_EQ(t_wait(6), 6);
		}), 0);
	}), 0);
	CHECK_EQ(t_wait(-1), -ECHILD);
}

// ---- numbers asked for ----

static long clone_with(int *tids, unsigned long n, unsigned long flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD, .set_tid = (uint64_t)tids, .set_tid_size = n};

	return sys(clone3, &args, sizeof args);
}

TEST(wanted_numbers)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		int tids[3] = {77, 20077, 3};
		long pid = clone_with(tids, 1, 0);

		if (pid == 0)
			t_exit(t_getpid() != 77);
		CHECK_EQ(pid, 77);
		CHECK_EQ(t_wait(77), 0);
		tids[0] = 1;
		CHECK_EQ(clone_with(tids, 1, 0), -EEXIST);
		tids[0] = 0;
		CHECK_EQ(clone_with(tids, 1, 0), -EINVAL);
		tids[0] = -3;
		CHECK_EQ(clone_with(tids, 1, 0), -EINVAL);
		tids[0] = 1 << 30;
		CHECK_EQ(clone_with(tids, 1, 0), -EINVAL);
		// The first of a namespace is number 1 and no other.
		tids[0] = 2;
		CHECK_EQ(clone_with(tids, 1, CLONE_NEWPID), -EINVAL);
		tids[0] = 1;
		tids[1] = 50;
		pid = clone_with(tids, 2, CLONE_NEWPID);
		if (pid == 0)
			t_exit(t_getpid() != 1);
		CHECK_EQ(pid, 50);
		CHECK_EQ(t_wait(50), 0);
		// The one above does not have it: none of it is left below.
		tids[1] = 1;
		CHECK_EQ(clone_with(tids, 2, CLONE_NEWPID), -EEXIST);
		CHECK_EQ(sys(unshare, CLONE_NEWPID), 0);
		CHECK_EQ(clone_with(tids, 2, 0), -EEXIST);
		tids[1] = 51;
		CHECK_EQ(clone_with(tids, 2, 0) ?: (t_exit(t_getpid() != 1), 0), 51);
		CHECK_EQ(t_wait(51), 0);
		CHECK_EQ(clone_with(tids, 2, 0), -ENOMEM); // number 1 is over
		tids[0] = 2;
		CHECK_EQ(clone_with(tids, 1, 0), -ENOMEM);
		CHECK_EQ(t_fork(), -ENOMEM);
	}), 0);
}

TEST(more_numbers_than_namespaces)
{
	prepare();
	int tids[40];

	for (int i = 0; i < 40; i++)
		tids[i] = 1;
	CHECK_EQ(clone_with(tids, 33, 0), -EINVAL);
	CHECK_EQ(clone_with(tids, 32, 0), -EINVAL);
	CHECK_EQ(clone_with(tids, 0, 0), -EINVAL);
	CHECK_EQ(clone_with(NULL, 1, 0), -EINVAL);
	CHECK_EQ(clone_with(t_ptr(8), 1, 0), -EFAULT);
}

TEST(wanted_numbers_need_a_capability)
{
	prepare();
	int tids[2] = {29000, 1};

	CHECK_EQ(IN_CHILD({
		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(clone_with(tids, 1, 0), -EPERM);
		tids[0] = 0;
		CHECK_EQ(clone_with(tids, 1, 0), -EINVAL);
		tids[0] = 1;
		CHECK_EQ(clone_with(tids, 1, 0), -EPERM);
	}), 0);
}

TEST(as_deep_as_it_goes)
{
	prepare();
	int pid = fork_init();

	if (pid == 0) {
		for (int depth = 1;; depth++) {
			long deeper = sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

			if (deeper < 0) {
				CHECK_EQ(deeper, -ENOSPC);
				CHECK_EQ(clone_with(NULL, 0, CLONE_NEWPID), -ENOSPC);
				CHECK_EQ(sys(unshare, CLONE_NEWPID), -ENOSPC);
				*said = depth;
			}
			if (deeper)
				thread_pause(NULL);
		}
	}
	UNTIL(*said);
	CHECK_GE(*said, 28); // 32 below the machine's own, of which the tests may be in one already
	CHECK_LE(*said, 32);
	end(pid);
}

// ---- who is who across the border ----

TEST(a_process_group_across)
{
	prepare();
	t_block(BIT(SIGUSR1));
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setpgid, 0, 0), 0);
		CHECK_EQ(IN_NAMESPACE({
			CHECK_EQ(sys(kill, 0, SIGUSR1), 0); // reaches those outside
			CHECK_EQ(sys(kill, -t_getpid(), SIGUSR1), -ESRCH);
			CHECK_EQ(sys(waitid, 2, 0, 0, WEXITED, 0), -ECHILD);
			if (t_fork() == 0)
				t_exit(0);
			CHECK_EQ(sys(wait4, 0, 0, 0, 0), 2);
		}), 0);
		siginfo_t info;
		unsigned long usr1 = BIT(SIGUSR1);

		CHECK_EQ(sys(rt_sigtimedwait, &usr1, &info, 0, 8), SIGUSR1);
		CHECK_EQ(info.si_code, SI_USER);
		CHECK_EQ(info.si_pid, 1); // what the sender calls itself
		int pid = fork_init(); // moved by its parent, which sees it

		if (pid == 0)
			thread_pause(NULL);
		CHECK_EQ(sys(setpgid, pid, pid), 0);
		CHECK_EQ(sys(getpgid, pid), pid);
		CHECK_EQ(sys(kill, -pid, SIGKILL), 0);
		CHECK_EQ(sys(waitid, 2, pid, &info, WEXITED, 0), 0);
		CHECK_EQ(info.si_pid, pid);
	}), 0);
}

TEST(a_guest_in_groups_of_either_side)
{
	prepare();
	int pid = idle_init(), fd = pidfd_of(pid);

	CHECK_EQ(sys(setpgid, pid, pid), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
		int guest = t_fork();

		if (guest == 0) {
			CHECK_EQ(sys(getpgid, 0), 0);
			CHECK_EQ(sys(getpgid, 1), 1);
			CHECK_EQ(sys(setpgid, 0, 1), 0);
			CHECK_EQ(sys(getpgid, 0), 1);
			CHECK_EQ(sys(setsid), 2);
			CHECK_EQ(sys(getsid, 0), 2);
			CHECK_EQ(sys(getsid, 1), 0);
			t_exit(7);
		}
		CHECK_EQ(t_wait(guest), 7);
		guest = t_fork();
		if (guest == 0)
			thread_pause(NULL);
		CHECK_EQ(sys(setpgid, guest, pid), 0); // in which is one that the parent is not
		CHECK_EQ(sys(getpgid, guest), pid);
		CHECK_EQ(sys(setpgid, 0, pid), 0); // and now it is: a group of three, of two namespaces
		CHECK_EQ(sys(kill, -pid, 0), 0);
		end(guest);
	}), 0);
	end(pid);
}

static long timer(int sig)
{
	struct sigevent event;
	struct itimerspec soon = {{0, 0}, {0, 1000000}};
	int id = 0;

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = sig;
	long err = sys(timer_create, CLOCK_MONOTONIC, &event, &id);

	return err ? err : sys(timer_settime, id, 0, &soon, 0);
}

TEST(inits_own_timers_do_not_end_it)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		CHECK_EQ(timer(SIGKILL), 0);
		CHECK_EQ(timer(SIGTERM), 0);
		t_sleep_ms(20);
		t_exit(4);
	}), 4);
}

TEST(by_pidfd)
{
	prepare();
	int fd = -1;
	struct clone_args args = {.flags = CLONE_PIDFD | CLONE_NEWPID, .exit_signal = SIGCHLD, .pidfd = (uint64_t)&fd};
	long pid = sys(clone3, &args, sizeof args);
	siginfo_t info;

	if (pid == 0)
		thread_pause(NULL);
	CHECK_GE(pid, 3);
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGTERM, 0, 0), 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGKILL, 0, 0), 0);
	memset(&info, 0, sizeof info);
	CHECK_EQ(sys(waitid, P_PIDFD, fd, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_pid, pid);
}

static _Atomic int nchld;

static void count(int sig)
{
	(void)sig;
	nchld++;
}

TEST(parent_death_signals)
{
	prepare();
	CHECK_EQ(IN_NAMESPACE({
		t_action(SIGUSR1, count, 0);
		CHECK_EQ(IN_CHILD({
			if (t_fork() == 0) {
				sys(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
				*said = 1;
				thread_pause(NULL);
			}
			UNTIL(*said);
		}), 0);
		CHECK_EQ(t_wait(3), SIGNALLED(SIGKILL));
	}), 0);
	*said = 0;
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	CHECK_EQ(IN_CHILD({ // an init's parent outside is its parent all the same
		int pid = fork_init();

		if (pid == 0) {
			sys(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			*said = 1;
			thread_pause(NULL);
		}
		UNTIL(*said);
		*said = pid;
	}), 0);
	CHECK_EQ(t_wait(*said), SIGNALLED(SIGKILL));
}
