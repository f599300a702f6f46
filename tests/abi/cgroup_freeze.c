// SPDX-License-Identifier: GPL-2.0-only
//
// Both freezers of control groups: cgroup.freeze, which stops like a signal and lets itself be killed, and freezer.state of version
// 1, which does not.
#include "t.h"
#include "cgroup.h"

static char buf[4096];

// Counts until it is frozen.
struct counter {
	_Atomic long n;
};
static struct counter *count;

static int spinner(void)
{
	if (!count)
		count = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0)
		for (;;)
			count->n++;
	CHECK_GE(pid, 1);
	return pid;
}

static bool counts(void)
{
	long n = count->n;

	for (int i = 0; i < 20; i++) {
		t_sleep_ms(2);
		if (count->n != n)
			return true;
	}
	return false;
}

#define FROZEN(group) (t_field(group "/cgroup.events", "frozen") == 1)

TEST(v2_freeze_and_thaw)
{
	v2();
	CHECK_EQ(make("a"), 0);
	int pid = spinner(), asleep = child();

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(put("a/cgroup.procs", asleep), 0);
	CHECK(reads("a/cgroup.freeze", "0\n"));
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	CHECK(reads("a/cgroup.freeze", "1\n"));
	UNTIL(FROZEN("a"));
	CHECK(!counts());
	CHECK_EQ(t_state(pid), 'S');
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	CHECK(!FROZEN("a"));
	UNTIL(counts());
	end(pid);
	end(asleep);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(v2_empty_is_frozen_at_once)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	CHECK(FROZEN("a"));
	CHECK(FROZEN("a/b"));
	CHECK(reads("a/b/cgroup.freeze", "0\n"));
	CHECK_EQ(make("a/c"), 0);
	CHECK(FROZEN("a/c"));
	CHECK(FROZEN("a"));
	CHECK_EQ(sys(rmdir, "a/c"), 0);
	CHECK(FROZEN("a"));
	CHECK_EQ(t_spit("a/b/cgroup.freeze", "0"), 0);
	CHECK(FROZEN("a/b"));
	CHECK_EQ(t_spit("a/b/cgroup.freeze", "1"), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	CHECK(!FROZEN("a"));
	CHECK(FROZEN("a/b"));
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(v2_bad_writes)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "2"), -ERANGE);
	CHECK_EQ(t_spit("a/cgroup.freeze", "-1"), -ERANGE);
	CHECK_EQ(t_spit("a/cgroup.freeze", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.freeze", "FROZEN"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.freeze", "- 1"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.freeze", "-+1"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.freeze", "++1"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.freeze", ""), 0); // nothing is written
	CHECK_EQ(t_spit("a/cgroup.freeze", "\n"), -EINVAL);
	CHECK(reads("a/cgroup.freeze", "0\n"));
	CHECK_EQ(t_spit("a/cgroup.freeze", "+01"), 0);
	CHECK(reads("a/cgroup.freeze", "1\n"));
	CHECK_EQ(sys(open, "../cgroup.freeze", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// Frozen tasks die at once, and the group stays as it was.
TEST(v2_killed_while_frozen)
{
	v2();
	CHECK_EQ(make("a"), 0);
	int pid = spinner(), other = child(), term = child();

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(put("a/cgroup.procs", other), 0);
	CHECK_EQ(put("a/cgroup.procs", term), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(FROZEN("a"));
	sys(kill, term, SIGTERM); // fatal too, as nobody handles it
	CHECK_EQ(t_wait(term), SIGNALLED(SIGTERM));
	end(pid);
	CHECK(FROZEN("a"));
	CHECK_EQ(t_spit("a/cgroup.kill", "1"), 0);
	CHECK_EQ(t_wait(other), SIGNALLED(SIGKILL));
	CHECK(reads("a/cgroup.events", "populated 0\nfrozen 1\n"));
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

static _Atomic int *caught;

static void on_usr1(int sig)
{
	*caught += sig;
}

// A signal that is handled waits for the thaw, and a sleep goes on as if nothing had been.
TEST(v2_signals_wait)
{
	v2();
	CHECK_EQ(make("a"), 0);
	caught = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		t_action(SIGUSR1, on_usr1, SA_RESTART);
		caught[1] = 1;
		for (;;)
			t_sleep_ms(5);
	}
	UNTIL(caught[1]);
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(FROZEN("a"));
	sys(kill, pid, SIGUSR1);
	t_sleep_ms(30);
	CHECK_EQ(caught[0], 0);
	CHECK(FROZEN("a"));
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	UNTIL(caught[0] == SIGUSR1);
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

static int sleeper(void *arg)
{
	struct timespec ts = {0, 50000000};

	CHECK_EQ(sys(nanosleep, &ts, &ts), 0);
	*(_Atomic int *)arg = 1;
	return 0;
}

TEST(v2_does_not_disturb_calls)
{
	_Atomic int *done = t_map_shared(PAGE);
	int p[2];
	char c = 0;

	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(sys(pipe, p), 0);
	int pid = t_fork();

	if (pid == 0) {
		struct thread t;

		thread_start(&t, sleeper, (void *)done);
		CHECK_EQ(sys(read, p[0], &c, 1), 1); // no EINTR
		thread_join(&t);
		t_exit(c);
	}
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
		UNTIL(FROZEN("a"));
		CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
		t_sleep_ms(1);
	}
	UNTIL(done[0]);
	c = 5;
	CHECK_EQ(sys(write, p[1], &c, 1), 1);
	CHECK_EQ(t_wait(pid), 5);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// A stopped task counts as frozen, and SIGCONT does not get it past the freeze.
TEST(v2_stopped_and_frozen)
{
	v2();
	CHECK_EQ(make("a"), 0);
	int pid = spinner();

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(FROZEN("a"));
	CHECK_EQ(t_state(pid), 'T');
	sys(kill, pid, SIGCONT);
	UNTIL(t_state(pid) == 'S');
	CHECK(FROZEN("a"));
	CHECK(!counts());
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	UNTIL(counts());
	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	CHECK_EQ(t_state(pid), 'T');
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(v2_moving_in_and_out)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("b"), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	int pid = spinner();

	UNTIL(counts());
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	UNTIL(FROZEN("a"));
	CHECK(!counts());
	CHECK_EQ(put("b/cgroup.procs", pid), 0);
	UNTIL(counts());
	CHECK(FROZEN("a"));
	CHECK(!FROZEN("b"));
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	UNTIL(FROZEN("a"));
	CHECK_EQ(t_spit("b/cgroup.freeze", "1"), 0);
	CHECK_EQ(put("b/cgroup.procs", pid), 0); // from one to the other without running
	UNTIL(FROZEN("b"));
	CHECK_EQ(t_spit("b/cgroup.freeze", "0"), 0);
	UNTIL(counts());
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "b"), 0);
	out();
}

TEST(v2_born_frozen)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	count = t_map_shared(PAGE);
	int fd = (int)sys(open, "a", O_RDONLY | O_DIRECTORY);
	struct clone_args a = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)fd };
	int pid = (int)sys(clone3, &a, sizeof a);

	if (pid == 0)
		for (;;)
			count->n++;
	CHECK_GE(pid, 1);
	UNTIL(t_field("a/cgroup.events", "frozen") == 1);
	CHECK_EQ(count->n, 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	UNTIL(counts());
	end(pid);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// The parent of a vfork counts as frozen while it waits, and goes on only after the thaw.
TEST(v2_vfork)
{
	_Atomic int *went = t_map_shared(PAGE);

	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("b"), 0);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		char *stack = t_map(STACK_SIZE);
		int child = (int)t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, thread_pause, NULL);

		went[1] = child;
		t_exit(t_wait(child) == SIGNALLED(SIGKILL) ? 9 : 1);
	}
	UNTIL(lines("a/cgroup.procs") == 2);
	CHECK_GE(t_slurp("a/cgroup.procs", buf, sizeof buf), 1);
	int first = (int)t_number(buf), second = (int)t_number(strchr(buf, '\n') + 1);
	int grandchild = first == pid ? second : first;

	CHECK_EQ(put("b/cgroup.procs", grandchild), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(FROZEN("a"));
	sys(kill, grandchild, SIGKILL);
	t_sleep_ms(30);
	CHECK_EQ(went[1], 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	CHECK_EQ(t_wait(pid), 9);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "b"), 0);
	out();
}

TEST(v2_many_threads)
{
	struct thread t[20];

	v2();
	CHECK_EQ(make("a"), 0);
	count = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		for (int i = 0; i < 20; i++)
			thread_start(&t[i], i % 2 ? thread_pause : thread_spin, NULL);
		for (;;)
			count->n++;
	}
	UNTIL(counts());
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
		UNTIL(FROZEN("a"));
		CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
		CHECK(!FROZEN("a"));
	}
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	end(pid); // wherever they are
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// ---- version 1 ----

static bool state(const char *path, const char *what)
{
	char text[16];

	CHECK_GE(t_slurp(path, buf, sizeof buf), 1);
	t_snprintf(text, sizeof text, "%s\n", what);
	return !strcmp(buf, text);
}

TEST(v1_files)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	CHECK(reads("a/freezer.state", "THAWED\n"));
	CHECK(reads("a/freezer.self_freezing", "0\n"));
	CHECK(reads("a/freezer.parent_freezing", "0\n"));
	CHECK_GE(t_slurp("/proc/mounts", buf, sizeof buf), 1);
	CHECK(strstr(buf, " cgroup rw,relatime,freezer") != NULL); // how programs find it
	CHECK(reads("a/tasks", ""));
	CHECK(reads("a/cgroup.procs", ""));
	CHECK_EQ(sys(open, "a/cgroup.freeze", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(open, "../freezer.state", O_RDONLY), -ENOENT);
	CHECK_EQ(t_spit("a/freezer.state", "FREEZING"), -EINVAL);
	CHECK_EQ(t_spit("a/freezer.state", "frozen"), -EINVAL);
	CHECK_EQ(t_spit("a/freezer.state", "1"), -EINVAL);
	CHECK_EQ(t_spit("a/freezer.self_freezing", "1"), -EINVAL);
	CHECK_EQ(t_spit("a/freezer.state", " FROZEN\n"), 0);
	CHECK(reads("a/freezer.state", "FROZEN\n"));
	CHECK(reads("a/freezer.self_freezing", "1\n"));
	CHECK_EQ(make("a/b"), 0);
	CHECK(reads("a/b/freezer.state", "FROZEN\n"));
	CHECK(reads("a/b/freezer.self_freezing", "0\n"));
	CHECK(reads("a/b/freezer.parent_freezing", "1\n"));
	CHECK_EQ(t_spit("a/b/freezer.state", "THAWED"), 0);
	CHECK(reads("a/b/freezer.state", "FROZEN\n"));
	CHECK_EQ(t_spit("a/b/freezer.state", "FROZEN"), 0);
	CHECK_EQ(t_spit("a/freezer.state", "THAWED"), 0);
	CHECK(reads("a/freezer.state", "THAWED\n"));
	CHECK(reads("a/b/freezer.state", "FROZEN\n"));
	CHECK(reads("a/b/freezer.parent_freezing", "0\n"));
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// A killed task stays where it is until the group is thawed.
TEST(v1_freeze_kill_thaw)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	int pid = spinner(), asleep = child();

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(put("a/tasks", asleep), 0);
	CHECK_EQ(t_spit("a/freezer.state", "FROZEN"), 0);
	UNTIL(state("a/freezer.state", "FROZEN"));
	CHECK(!counts());
	sys(kill, pid, SIGKILL);
	t_sleep_ms(50);
	CHECK_EQ(t_state(pid), 'D');
	CHECK(state("a/freezer.state", "FROZEN"));
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	CHECK_EQ(t_spit("a/freezer.state", "THAWED"), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	end(asleep);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(v1_moving_in_and_out)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/freezer.state", "FROZEN"), 0);
	int pid = spinner();

	UNTIL(counts());
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	UNTIL(state("a/freezer.state", "FROZEN"));
	CHECK(!counts());
	CHECK(ends(cgroup_of(pid, ":freezer:"), "/a"));
	CHECK_EQ(put("../cgroup.procs", pid), 0); // lets it out
	UNTIL(counts());
	CHECK(ends(cgroup_of(pid, ":freezer:"), "/"));
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

static _Atomic int *tids;

static int counting_thread(void *arg)
{
	tids[0] = t_gettid();
	for (;;)
		count->n++;
	return arg != NULL;
}

TEST(v1_single_threads)
{
	char text[32];

	v1("freezer");
	CHECK_EQ(make("a"), 0);
	count = t_map_shared(PAGE);
	tids = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		struct thread t;

		thread_start(&t, counting_thread, NULL);
		for (;;) {
			tids[1]++;
			t_sleep_ms(1);
		}
	}
	UNTIL(tids[0]);
	CHECK_EQ(put("a/tasks", tids[0]), 0);
	t_snprintf(text, sizeof text, "%d\n", tids[0]);
	CHECK(reads("a/tasks", text));
	t_snprintf(text, sizeof text, "%d\n", pid);
	CHECK(reads("a/cgroup.procs", text)); // a process with a thread in it
	CHECK_EQ(t_spit("a/freezer.state", "FROZEN"), 0);
	UNTIL(state("a/freezer.state", "FROZEN"));
	CHECK(!counts());
	int n = tids[1];

	UNTIL(tids[1] > n); // the other thread goes on
	CHECK_EQ(put("../cgroup.procs", pid), 0);
	UNTIL(counts());
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(v1_children_inherit)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(put("a/b/cgroup.procs", 0), 0);
		for (int i = 0; i < 50; i++)
			if (t_fork() == 0)
				thread_pause(NULL);
		thread_pause(NULL);
	}
	UNTIL(lines("a/b/cgroup.procs") > 5);
	CHECK_EQ(t_spit("a/freezer.state", "FROZEN"), 0); // somewhere in the middle
	UNTIL(state("a/freezer.state", "FROZEN"));
	int n = lines("a/b/cgroup.procs");

	t_sleep_ms(20);
	CHECK_EQ(lines("a/b/cgroup.procs"), n);
	CHECK_GE(t_slurp("a/b/cgroup.procs", buf, sizeof buf), 1);
	for (char *p = buf; *p; p = strchr(p, '\n') + 1)
		sys(kill, t_number(p), SIGKILL);
	CHECK_EQ(sys(wait4, -1, 0, WNOHANG, 0), 0);
	CHECK_EQ(t_spit("a/freezer.state", "THAWED"), 0);
	while (t_wait(-1) != -ECHILD)
		;
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// ---- and a tracer ----

#define TRACE(...) sys(ptrace, __VA_ARGS__)

// A trace stop counts as frozen; whom his tracer lets go then stops for the group.
TEST(v2_traced)
{
	int status;

	v2();
	CHECK_EQ(make("a"), 0);
	int pid = t_fork();

	if (pid == 0) {
		TRACE(0 /* TRACEME */, 0, 0, 0);
		sys(kill, t_getpid(), SIGSTOP);
		t_exit(3);
	}
	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	CHECK(W_STOPPED(status));
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(FROZEN("a"));
	CHECK_EQ(TRACE(7 /* CONT */, pid, 0, 0), 0);
	UNTIL(t_state(pid) == 'S' && FROZEN("a"));
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG, 0), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	CHECK_EQ(t_wait(pid), 3);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// ---- a namespace of process numbers ends with its number 1, whose end waits for all members ----

// Number 1 with one member, whose number is in *member.
static int namespace(_Atomic int *go)
{
	int pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	if (pid == -EPERM)
		SKIP("may not make namespaces of numbers");
	if (pid == 0) {
		UNTIL(*go == 1);
		if (t_fork() == 0)
			thread_pause(NULL);
		*go = 2;
		UNTIL(*go == 3);
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	return pid;
}

TEST(v2_a_frozen_namespace_is_killed)
{
	v2();
	CHECK_EQ(make("a"), 0);
	_Atomic int *go = t_map_shared(PAGE);
	int pid = namespace(go);

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	*go = 1;
	UNTIL(*go == 2);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(FROZEN("a"));
	end(pid);
	CHECK_EQ(t_field("a/cgroup.events", "populated"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(v1_a_frozen_member_holds_up_the_end_of_its_namespace)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	_Atomic int *go = t_map_shared(PAGE);
	int pid = namespace(go);

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	*go = 1;
	UNTIL(*go == 2);
	CHECK_EQ(put("cgroup.procs", pid), 0);	// only the member stays
	*go = 3;
	CHECK_EQ(t_spit("a/freezer.state", "FROZEN"), 0);
	UNTIL(reads("a/freezer.state", "FROZEN\n"));
	end_other(pid);
	for (int i = 0; i < 20; i++) {
		t_sleep_ms(1);
		CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	}
	CHECK_EQ(t_spit("a/freezer.state", "THAWED"), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// Number 1 is no member of its group any more while it waits for the others, nor is it frozen with it.
TEST(v1_number_1_has_left_its_group)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("b"), 0);
	_Atomic int *go = t_map_shared(PAGE);
	int pid = namespace(go);

	CHECK_EQ(put("b/cgroup.procs", pid), 0);
	*go = 1;
	UNTIL(*go == 2);
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	*go = 3;
	CHECK_EQ(t_spit("b/freezer.state", "FROZEN"), 0);
	UNTIL(reads("b/freezer.state", "FROZEN\n"));
	end_other(pid);
	UNTIL(!lines("a/cgroup.procs"));
	t_sleep_ms(20); // and waits
	CHECK_EQ(t_spit("a/freezer.state", "FROZEN"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(t_spit("b/freezer.state", "THAWED"), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, "b"), 0);
	out_v1();
}
