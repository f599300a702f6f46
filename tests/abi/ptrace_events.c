// SPDX-License-Identifier: GPL-2.0-only
//
// ptrace: the events of fork, clone, exec and exit; children that are traced from their start; what a
// program may become under a tracer; tracers that die at each step.
#include "trace.h"

#define EVENT(e) (SIGTRAP | (e) << 8)

static long message(int pid)
{
	unsigned long v = 0;

	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &v), 0);
	return (long)v;
}

static int with_options(int (*fn)(void *), void *arg, long options)
{
	int pid = traced(fn, arg);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, options), 0);
	CHECK_EQ(cont(pid, 0), 0);
	return pid;
}

// ---- options ----

TEST(options)
{
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, 0xff | PTRACE_O_EXITKILL), 0);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, 0x100), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_SETOPTIONS, pid, 0, -1), -EINVAL);
	CHECK_EQ(sys(ptrace, 21, pid, 0, 0), 0); // its old number
	kill_traced(pid);
}

// ---- fork ----

static int forks(void *flags)
{
	int pid = (int)sys(clone, (long)flags, 0, 0, 0, 0);

	if (pid == 0)
		t_exit(21);
	return t_wait(pid);
}

static void forking(long flags, long options, int event)
{
	int pid = with_options(forks, (void *)flags, options), kid, status;

	CHECK_EQ(wait_code(pid), EVENT(event));
	kid = (int)message(pid);
	CHECK_GE(kid, 1);
	CHECK_EQ(wait_stop(kid), SIGSTOP); // from its start, before it runs
	CHECK_EQ(t_field_of(kid, "TracerPid"), t_getpid());
	CHECK_EQ(t_field_of(kid, "PPid"), pid);
	CHECK_EQ(cont(kid, 0), 0);
	if ((flags & CLONE_VFORK) == 0) {
		CHECK_EQ(cont(pid, 0), 0);
		CHECK_EQ(sys(wait4, kid, &status, __WALL, 0), kid); // ours first
		CHECK_EQ(status, 21 << 8);
	} else {
		CHECK_EQ(cont(pid, 0), 0);
		CHECK_EQ(sys(wait4, kid, &status, __WALL, 0), kid);
		if (options & PTRACE_O_TRACEVFORKDONE) {
			CHECK_EQ(wait_code(pid), EVENT(PTRACE_EVENT_VFORK_DONE));
			CHECK_EQ(message(pid), kid);
			CHECK_EQ(cont(pid, 0), 0);
		}
	}
	while (sys(wait4, pid, &status, __WALL, 0) == pid && W_STOPPED(status))
		CHECK_EQ(cont(pid, status >> 8), 0); // the child's SIGCHLD
	CHECK_EQ(status, 21 << 8);
}

TEST(fork_event)
{
	forking(SIGCHLD, PTRACE_O_TRACEFORK, PTRACE_EVENT_FORK);
}

TEST(vfork_events)
{
	forking(CLONE_VFORK | SIGCHLD, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE, PTRACE_EVENT_VFORK);
}

TEST(clone_event)
{
	forking(SIGURG, PTRACE_O_TRACECLONE, PTRACE_EVENT_CLONE);
}

TEST(without_the_option_a_child_is_free)
{
	int pid = with_options(forks, (void *)SIGCHLD, PTRACE_O_TRACECLONE), status;

	while (sys(wait4, -1, &status, __WALL, 0) == pid && W_STOPPED(status))
		CHECK_EQ(cont(pid, status >> 8), 0);
	CHECK_EQ(status, 21 << 8);
}

TEST(clone_untraced)
{
	int pid = with_options(forks, (void *)(CLONE_UNTRACED | SIGCHLD), PTRACE_O_TRACEFORK), status;

	while (sys(wait4, -1, &status, __WALL, 0) == pid && W_STOPPED(status)) {
		CHECK_EQ(status >> 8, SIGCHLD);
		CHECK_EQ(cont(pid, status >> 8), 0);
	}
	CHECK_EQ(status, 21 << 8);
}

TEST(clone_ptrace)
{
	// The child is traced without an event.
	int pid = with_options(forks, (void *)(CLONE_PTRACE | SIGCHLD), 0), status, kid;

	kid = (int)sys(wait4, -1, &status, __WALL, 0);
	CHECK(kid != pid);
	CHECK_EQ(status, SIGSTOP << 8 | 0x7f);
	CHECK_EQ(cont(kid, 0), 0);
	CHECK_EQ(t_wait(kid), 21);
	while (sys(wait4, pid, &status, __WALL, 0) == pid && W_STOPPED(status))
		CHECK_EQ(cont(pid, status >> 8), 0);
	CHECK_EQ(status, 21 << 8);
}

TEST(a_seized_childs_first_stop)
{
	_Atomic int *go = shared_word();
	int pid = t_fork(), kid;

	if (pid == 0) {
		UNTIL(*go);
		t_exit(forks((void *)SIGCHLD));
	}
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEFORK), 0);
	*go = 1;
	CHECK_EQ(wait_code(pid), EVENT(PTRACE_EVENT_FORK));
	kid = (int)message(pid);
	CHECK_EQ(wait_code(kid), EVENT(PTRACE_EVENT_STOP));
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(cont(kid, 0), 0);
	CHECK_EQ(t_wait(kid), 21);
}

static struct thread one;

static int exit_thread_now(void *unused)
{
	(void)unused;
	return 33;
}

static int a_thread_of(void *unused)
{
	(void)unused;
	thread_start(&one, exit_thread_now, NULL);
	thread_join(&one);
	return 4;
}

TEST(a_thread_is_a_tracee_too)
{
	int pid = with_options(a_thread_of, NULL, PTRACE_O_TRACECLONE), tid, status;

	CHECK_EQ(wait_code(pid), EVENT(PTRACE_EVENT_CLONE));
	tid = (int)message(pid);
	CHECK_EQ(wait_stop(tid), SIGSTOP);
	CHECK_EQ(cont(tid, 0), 0);
	CHECK_EQ(sys(wait4, tid, &status, __WALL, 0), tid);
	CHECK_EQ(status, 33 << 8); // its own, as its group still lives
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 4);
}

// ---- exit ----

static int exits(void *code)
{
	return (int)(long)code;
}

TEST(exit_event)
{
	int pid = with_options(exits, (void *)9, PTRACE_O_TRACEEXIT);

	CHECK_EQ(wait_code(pid), EVENT(PTRACE_EVENT_EXIT));
	CHECK_EQ(message(pid), 9 << 8);
	CHECK_EQ(t_state(pid), 't');
	sys(kill, pid, SIGTERM); // too late
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 9);
}

TEST(exit_event_of_a_killed_one)
{
	// SIGKILL is past, and does not end this stop; only the tracer does.
	int pid = with_options(thread_pause, NULL, PTRACE_O_TRACEEXIT), status;

	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	CHECK_EQ(status, EVENT(PTRACE_EVENT_EXIT) << 8 | 0x7f);
	CHECK_EQ(message(pid), SIGKILL);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(wait4, pid, &status, __WALL | WNOHANG, 0), 0);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- exec ----

HELPER(seven)
{
	return 7;
}

static int execs(void *unused)
{
	(void)unused;
	t_exec("seven", NULL, NULL);
	return 1;
}

TEST(exec_without_the_option_is_a_sigtrap)
{
	int pid = with_options(execs, NULL, 0);
	siginfo_t info;

	CHECK_EQ(wait_code(pid), SIGTRAP);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 7);
}

TEST(exec_event)
{
	int pid = with_options(execs, NULL, PTRACE_O_TRACEEXEC);

	CHECK_EQ(wait_code(pid), EVENT(PTRACE_EVENT_EXEC));
	CHECK_EQ(message(pid), pid);
	CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGTRAP); // the end of the call
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 7);
}

TEST(exec_of_a_seized_one_is_silent)
{
	_Atomic int *go = shared_word();
	int pid = t_fork();

	if (pid == 0) {
		UNTIL(*go);
		execs(NULL);
	}
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	*go = 1;
	CHECK_EQ(t_wait(pid), 7);
}

static int exec_when_told(void *unused)
{
	(void)unused;
	UNTIL(*(_Atomic int *)shared == 1);
	execs(NULL);
	return 0;
}

static int exec_by_a_thread(void *unused)
{
	(void)unused;
	thread_start(&one, exec_when_told, NULL);
	*(_Atomic int *)(shared + 4) = one.tid;
	return thread_pause(NULL);
}

TEST(exec_by_a_thread_takes_the_leaders_number)
{
	_Atomic int *go = shared_word(), *tid = (_Atomic int *)(shared + 4);
	int pid = child(exec_by_a_thread, NULL), t;

	UNTIL(*tid);
	t = *tid;
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC), 0);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, t, 0, PTRACE_O_TRACEEXEC), 0);
	*go = 1;
	CHECK_EQ(wait_code(pid), EVENT(PTRACE_EVENT_EXEC)); // the leader went without a word
	CHECK_EQ(message(pid), t);
	CHECK_EQ(cont(t, 0), -ESRCH);
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 7);
	CHECK_EQ(t_wait(t), -ECHILD);
}

TEST(exec_waits_for_a_traced_thread_to_be_reaped)
{
	_Atomic int *go = shared_word(), *tid = (_Atomic int *)(shared + 4);
	int pid = t_fork(), t;

	if (pid == 0) {
		thread_start(&one, thread_pause, NULL);
		*tid = one.tid;
		UNTIL(*go);
		execs(NULL);
	}
	UNTIL(*tid);
	t = *tid;
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, t, 0, 0), 0);
	*go = 1;
	UNTIL(t_task_state(pid, t) == 'Z');
	CHECK_EQ(t_wait(t), 0);
	CHECK_EQ(t_wait(pid), 7);
}

HELPER(who)
{
	return sys(geteuid) == 0 ? 50 : 51;
}

static int exec_set_user_id(void *path)
{
	char *argv[] = {"x", "@who", 0};

	sys(setresgid, 1000, 1000, 1000);
	sys(setresuid, 1000, 1000, 1000);
	sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	*(_Atomic int *)shared = 1;
	UNTIL(*(_Atomic int *)(shared + 4));
	sys(execve, path, argv, t_envp);
	return 1;
}

static void copy_self(const char *to)
{
	static char buf[4096];
	long in = sys(open, t_self, O_RDONLY), out = sys(open, to, O_WRONLY | O_CREAT | O_TRUNC, 0755), n;

	CHECK_GE(out, 0);
	while ((n = sys(read, in, buf, sizeof buf)) > 0)
		CHECK_EQ(sys(write, out, buf, n), n);
	sys(close, in);
	sys(close, out);
	CHECK_EQ(sys(chmod, to, 04755), 0);
}

TEST(set_user_id_programs)
{
	if (sys(getuid))
		SKIP("needs root");
	_Atomic int *there = shared_word(), *go = (_Atomic int *)(shared + 4), *seized = (_Atomic int *)(shared + 8);

	t_tmpdir();
	sys(chmod, ".", 0755);
	copy_self("./suid");
	for (int by_root = 0; by_root < 3; by_root++) { // 2: nobody traces
		*there = *go = *seized = 0;
		int pid = child(exec_set_user_id, "./suid"), tracer;

		UNTIL(*there);
		tracer = by_root == 2 ? 0 : t_fork();
		if (by_root < 2 && tracer == 0) {
			if (!by_root) {
				sys(setresgid, 1000, 1000, 1000);
				sys(setresuid, 1000, 1000, 1000);
			}
			CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
			*seized = 1;
			t_wait(pid);
			t_exit(0);
		}
		if (by_root < 2)
			UNTIL(*seized);
		*go = 1;
		CHECK_EQ(t_wait(pid), by_root ? 50 : 51);
		if (tracer)
			CHECK_EQ(t_wait(tracer), 0);
	}
	sys(unlink, "./suid");
}

// ---- tracers that die ----

static int busy(void *unused)
{
	(void)unused;
	UNTIL(*(_Atomic int *)shared); // until it is traced
	for (int i = 0; i < 20; i++) {
		int pid = t_fork();

		if (pid == 0)
			t_exit(sys(getppid) ? 3 : 4);
		if (t_wait(pid) != 3)
			return 1;
	}
	execs(NULL);
	return 2;
}

// Traces all of pid's family for so many stops, and is gone.
static int trace_for(int pid, int stops, long options)
{
	int status, got;

	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, options), 0);
	*(_Atomic int *)shared = 1;
	sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0);
	while (stops--) {
		got = (int)sys(wait4, -1, &status, __WALL, 0);
		if (got < 0)
			break;
		if (!W_STOPPED(status))
			continue;
		int sig = status >> 8 & 0xff;

		sys(ptrace, PTRACE_SYSCALL, got, 0, status >> 16 || sig == SIGTRAP || sig == (SIGTRAP | 0x80) ? 0 : sig);
	}
	t_exit(0);
}

TEST(a_tracer_dies_at_each_step)
{
	long all = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		   PTRACE_O_TRACEEXIT;

	for (int stops = 0; stops < 60; stops += 1 + stops / 12) {
		*shared_word() = 0;
		int pid = child(busy, NULL), tracer = t_fork();

		if (tracer == 0)
			trace_for(pid, stops, all);
		CHECK_EQ(t_wait(tracer), 0);
		CHECK_EQ(t_wait(pid), 7);
	}
}

TEST(a_tracer_with_exitkill_dies_at_each_step)
{
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int stops = 1; stops < 40; stops += 1 + stops / 8) {
		*shared_word() = 0;
		int pid = child(busy, NULL), tracer = t_fork();

		if (tracer == 0)
			trace_for(pid, stops, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
		CHECK_EQ(t_wait(tracer), 0);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
		while (t_wait(-1) != -ECHILD)
			;
	}
}

TEST(a_tracer_is_killed_at_any_time)
{
	for (int i = 0; i < 30; i++) {
		*shared_word() = 0;
		int pid = child(busy, NULL), tracer = t_fork();

		if (tracer == 0)
			trace_for(pid, 1000000, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
		t_sleep_ms(i % 7);
		sys(kill, tracer, SIGKILL);
		t_wait(tracer);
		*shared_word() = 1; // if the tracer did not get there
		CHECK_EQ(t_wait(pid), 7);
	}
}

TEST(a_chain_of_tracers)
{
	// Each traces the one before it; the first dies, and each in turn.
	int pid[6];

	pid[0] = child(thread_pause, NULL);
	for (int i = 1; i < 6; i++) {
		_Atomic int *ready = shared_word();

		*ready = 0;
		pid[i] = t_fork();
		if (pid[i] == 0) {
			CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid[i - 1], 0, 0), 0);
			*ready = 1;
			t_exit(t_wait(pid[i - 1]) == SIGNALLED(SIGKILL) || i > 1 ? 0 : 1);
		}
		UNTIL(*ready);
	}
	sys(kill, pid[0], SIGKILL);
	for (int i = 0; i < 6; i++)
		CHECK_EQ(t_wait(pid[i]), i ? 0 : SIGNALLED(SIGKILL));
}

TEST(each_traces_the_other)
{
	// Linux lets them. Both can be killed all the same.
	_Atomic int *other = shared_word(), *ready = (_Atomic int *)(shared + 4);
	int a = t_fork(), b;

	if (a == 0) {
		UNTIL(*other);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, *other, 0, 0), 0);
		++*ready;
		t_exit(thread_pause(NULL));
	}
	b = t_fork();
	if (b == 0) {
		*other = t_getpid();
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, a, 0, 0), 0);
		++*ready;
		t_exit(thread_pause(NULL));
	}
	UNTIL(*ready == 2);
	sys(kill, a, SIGKILL);
	sys(kill, b, SIGKILL);
	CHECK_EQ(t_wait(b), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(a), SIGNALLED(SIGKILL));
}

// ---- what an interruption leaves ----

static int sleeps(void *unused)
{
	struct timespec t = {2, 0}; // longer than all that is done meanwhile, on a busy host too
	long from = t_now_ms(), err;

	(void)unused;
	*(_Atomic int *)shared = 1;
	err = sys(nanosleep, &t, &t);
	return err ? 1 : t_now_ms() - from >= 1999 ? 5 : 2;
}

TEST(a_sleep_goes_on_after_its_tracer)
{
	_Atomic int *asleep = shared_word();
	int call = SIGTRAP | 0x80, stop = EVENT(PTRACE_EVENT_STOP), pid;

	for (int by_calls = 0; by_calls < 2; by_calls++) {
		*asleep = 0;
		pid = child(sleeps, NULL);
		UNTIL(*asleep && t_state(pid) == 'S');
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
		for (int i = 0; i < 3; i++) {
			if (i) {
				CHECK_EQ(sys(ptrace, by_calls ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, 0), 0);
				if (by_calls) {
					CHECK_EQ(wait_code(pid), call); // restart_syscall
					CHECK_EQ(sys(ptrace, PTRACE_SYSCALL, pid, 0, 0), 0);
				}
				UNTIL(t_state(pid) == 'S');
			}
			CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0), 0);
			CHECK_EQ(wait_code(pid), i && by_calls ? call : stop); // one stop is as good as another
		}
		CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
		CHECK_EQ(t_wait(pid), 5);
	}
}
