// SPDX-License-Identifier: GPL-2.0-only
//
// ptrace: attaching, stops, what wait says of them, going on, letting go, and the end of either side.
#include "trace.h"

static int exiting(void *code)
{
	t_exit((int)(long)code);
}

// ---- becoming traced ----

TEST(traceme_makes_an_ignored_signal_visible)
{
	int pid = t_fork(), status;

	if (pid == 0) {
		CHECK_EQ(sys(ptrace, PTRACE_TRACEME), 0);
		CHECK_EQ(sys(ptrace, PTRACE_TRACEME), -EPERM); // once
		t_action(SIGUSR1, SIG_IGN, 0);
		sys(kill, t_getpid(), SIGUSR1);
		t_exit(7);
	}
	CHECK_EQ(wait_stop(pid), SIGUSR1);
	CHECK_EQ(t_state(pid), 't');
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), 0); // told once
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(t_wait(pid), 7);
}

TEST(a_stop_is_seen_without_untraced_and_not_taken_by_nowait)
{
	siginfo_t info = {0};
	int pid = traced(thread_pause, NULL);

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sys(waitid, P_PID, pid, &info, WSTOPPED | WNOWAIT, 0), 0);
		CHECK_EQ(info.si_code, CLD_TRAPPED);
		CHECK_EQ(info.si_status, SIGSTOP);
		CHECK_EQ(info.si_pid, pid);
	}
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	kill_traced(pid);
}

TEST(signals_are_withheld_changed_and_passed_on)
{
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(cont(pid, 0), 0);
	sys(kill, pid, SIGTERM);
	CHECK_EQ(wait_stop(pid), SIGTERM);
	CHECK_EQ(cont(pid, 0), 0); // withheld
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(wait_stop(pid), SIGUSR1);
	CHECK_EQ(cont(pid, SIGUSR2), 0); // another one
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGUSR2));
}

// Leaves something on the kernel's stack.
static void use_the_stack(void)
{
	char path[300];

	memset(path, 'x', sizeof path);
	sys(open, path, O_RDONLY);
}

static int signals_itself(void *unused)
{
	(void)unused;
	for (int i = 0; i < 5; i++) {
		use_the_stack();
		sys(kill, t_getpid(), SIGUSR1);
	}
	return 0;
}

// What the signal does not say is not what the kernel's stack says, of the one or the other.
TEST(the_rest_of_an_info_is_zero)
{
	int pid = traced(signals_itself, NULL);
	unsigned char info[128];

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	for (int i = 0; i < 6; i++) {
		memset(info, 0xff, sizeof info);
		use_the_stack();
		CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, info), 0);
		for (unsigned k = 48; k < sizeof info; k++)
			CHECK_EQ(info[k], 0);
		CHECK_EQ(cont(pid, 0), 0);
		if (i < 5)
			CHECK_EQ(wait_stop(pid), SIGUSR1);
	}
	CHECK_EQ(t_wait(pid), 0);
}

TEST(kill_ends_a_stop)
{
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(cont(pid, 0), -ESRCH);
}

TEST(ptrace_kill)
{
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_KILL, pid, 0, 0), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(the_tracer_gets_sigchld_for_a_stop)
{
	unsigned long chld = BIT(SIGCHLD);
	struct timespec soon = {20, 0};
	siginfo_t info;

	t_block(chld);
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(sys(rt_sigtimedwait, &chld, &info, &soon, 8), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_TRAPPED);
	CHECK_EQ(info.si_status, SIGSTOP);
	CHECK_EQ(info.si_pid, pid);
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	kill_traced(pid);
}

// ---- attach ----

TEST(attach_stops_a_running_one)
{
	int pid = child(thread_spin, NULL);

	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(t_field_of(pid, "TracerPid"), t_getpid());
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), -EPERM); // once
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
	CHECK_EQ(t_field_of(pid, "TracerPid"), 0);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), -ESRCH);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(attach_to_a_stopped_one_is_a_trace_stop_at_once)
{
	int pid = child(thread_pause, NULL), status;

	sys(kill, pid, SIGSTOP);
	CHECK_EQ(sys(wait4, pid, &status, WUNTRACED, 0), pid);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), 0);
	CHECK_EQ(t_state(pid), 't');
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), pid);
	CHECK_EQ(status, SIGSTOP << 8 | 0x7f);
	CHECK_EQ(cont(pid, 0), 0);
	// The SIGSTOP of the attach itself is still to come.
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), 0);
	UNTIL(t_state(pid) == 'T'); // its group is stopped as before
	sys(kill, pid, SIGCONT);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(detach_with_a_signal)
{
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 65), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, SIGTERM), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGTERM));
}

TEST(detach_of_one_that_runs)
{
	int pid = child(thread_pause, NULL);

	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_DETACH, pid, 0, 0), -ESRCH);
	CHECK_EQ(cont(pid, 0), -ESRCH);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- seize ----

TEST(seize_does_not_stop_and_interrupt_does)
{
	int pid = child(thread_pause, NULL), status;
	siginfo_t info;

	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0), -ESRCH);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0), 0);
		CHECK_EQ(wait_code(pid), SIGTRAP | PTRACE_EVENT_STOP << 8);
		CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
		CHECK_EQ(info.si_signo, SIGTRAP);
		CHECK_EQ(info.si_code, SIGTRAP | PTRACE_EVENT_STOP << 8);
		CHECK_EQ(cont(pid, 0), 0);
	}
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(seized_group_stop_listen_and_continue)
{
	int pid = child(thread_pause, NULL), status;

	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	sys(kill, pid, SIGTSTP);
	CHECK_EQ(wait_code(pid), SIGTSTP); // the delivery
	CHECK_EQ(sys(ptrace, PTRACE_LISTEN, pid, 0, 0), -EIO); // not the stop of the group
	CHECK_EQ(cont(pid, SIGTSTP), 0);
	status = wait_code(pid);
	if (status == (SIGTRAP | PTRACE_EVENT_STOP << 8) || status == 0)
		t_fail(__FILE__, __LINE__, "an orphaned group does not stop for the terminal's signals");
	CHECK_EQ(status, SIGTSTP | PTRACE_EVENT_STOP << 8);
	CHECK_EQ(sys(ptrace, PTRACE_LISTEN, pid, 0, 0), 0);
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), 0);
	CHECK_EQ(t_state(pid), 't');
	CHECK_EQ(cont(pid, 0), -ESRCH); // it listens, nobody may steer it
	sys(kill, pid, SIGCONT);
	CHECK_EQ(wait_code(pid), SIGTRAP | PTRACE_EVENT_STOP << 8); // the end of the stop
	CHECK_EQ(cont(pid, 0), 0);
	CHECK_EQ(wait_code(pid), SIGCONT);
	CHECK_EQ(cont(pid, 0), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(interrupt_ends_listening)
{
	int pid = child(thread_pause, NULL);

	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	sys(kill, pid, SIGSTOP);
	CHECK_EQ(wait_code(pid), SIGSTOP);
	CHECK_EQ(cont(pid, SIGSTOP), 0);
	CHECK_EQ(wait_code(pid), SIGSTOP | PTRACE_EVENT_STOP << 8);
	CHECK_EQ(sys(ptrace, PTRACE_LISTEN, pid, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0), 0);
	CHECK_EQ(wait_code(pid), SIGSTOP | PTRACE_EVENT_STOP << 8);
	kill_traced(pid);
}

TEST(listen_is_for_seize_alone)
{
	int pid = traced(thread_pause, NULL);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_LISTEN, pid, 0, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0), -EIO);
	kill_traced(pid);
}

TEST(group_stop_of_an_attached_one_has_no_siginfo)
{
	int pid = traced(thread_pause, NULL);
	siginfo_t info;

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), 0);
	CHECK_EQ(info.si_signo, SIGSTOP);
	CHECK_EQ(info.si_pid, pid); // by kill of itself
	CHECK_EQ(cont(pid, SIGSTOP), 0); // now it does stop
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, pid, 0, &info), -EINVAL);
	CHECK_EQ(cont(pid, 0), 0); // in the middle of its group's stop
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- threads ----

static struct thread a_thread;

static int with_a_thread(void *unused)
{
	(void)unused;
	thread_start(&a_thread, thread_pause, NULL);
	*(_Atomic int *)shared = a_thread.tid;
	return thread_pause(NULL);
}

TEST(each_thread_stops_for_itself)
{
	_Atomic int *tid = shared_word();
	int pid = child(with_a_thread, NULL), status;

	UNTIL(*tid);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, *tid, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, *tid, 0, 0), 0);
	CHECK_EQ(wait_code(*tid), SIGTRAP | PTRACE_EVENT_STOP << 8);
	CHECK_EQ(t_task_state(pid, *tid), 't');
	UNTIL(t_task_state(pid, pid) == 'S');
	CHECK_EQ(sys(wait4, *tid, &status, WNOHANG | __WALL, 0), 0);
	CHECK_EQ(cont(*tid, 0), 0);
	sys(tgkill, pid, *tid, SIGUSR1);
	CHECK_EQ(wait_code(*tid), SIGUSR1);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(wait4, -1, &status, __WALL, 0), *tid); // N10: the tracee
	CHECK_EQ(status, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL)); // and only then the child
}

TEST(a_group_stops_with_both_threads_traced)
{
	_Atomic int *tid = shared_word();
	int pid = child(with_a_thread, NULL);

	UNTIL(*tid);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, *tid, 0, 0), 0);
	sys(tgkill, pid, *tid, SIGSTOP);
	CHECK_EQ(wait_code(*tid), SIGSTOP);
	CHECK_EQ(cont(*tid, SIGSTOP), 0);
	CHECK_EQ(wait_code(*tid), SIGSTOP | PTRACE_EVENT_STOP << 8);
	CHECK_EQ(wait_code(pid), SIGSTOP | PTRACE_EVENT_STOP << 8);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(*tid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- the tracee's end ----

TEST(a_traced_child_is_not_reaped_by_ignoring_sigchld)
{
	// N7.
	t_action(SIGCHLD, SIG_IGN, 0);
	int pid = traced(exiting, (void *)5);

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(cont(pid, 0), 0);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(t_wait(pid), 5);
	CHECK_EQ(t_wait(pid), -ECHILD);
}

static _Atomic int chlds;
static void count_chld(int sig)
{
	(void)sig;
	chlds++;
}

// A tracer that is neither parent nor child: it seizes pid when told, and does as told.
static int foreign_tracer(int pid, int (*life)(int pid))
{
	_Atomic int *seized = shared_word();
	int tracer = t_fork();

	if (tracer == 0) {
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
		*seized = 1;
		t_exit(life(pid));
	}
	UNTIL(*seized);
	return tracer;
}

static int reap_it(int pid)
{
	int status;

	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	CHECK_EQ(status, 6 << 8);
	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), -ECHILD);
	return 0;
}

static int leave_it(int pid)
{
	UNTIL(t_state(pid) == 'Z');
	return 0;
}

static int go_when_told(void *unused)
{
	(void)unused;
	UNTIL(*(_Atomic int *)(shared + 8));
	t_exit(6);
}

static void a_foreign_zombie(int (*life)(int))
{
	// N8: the tracer is told and waits first, then the parent.
	_Atomic int *go = (_Atomic int *)((char *)shared_word() + 8);

	t_action(SIGCHLD, count_chld, 0);
	int pid = child(go_when_told, NULL), status, tracer = foreign_tracer(pid, life);

	CHECK_EQ(sys(wait4, pid, &status, WNOHANG, 0), 0);
	*go = 1;
	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	CHECK_EQ(status, 6 << 8);
	CHECK_EQ(t_wait(tracer), 0);
	CHECK_GE(chlds, 1);
	CHECK_LE(chlds, 2);
}

TEST(a_foreign_tracer_reaps_first)
{
	a_foreign_zombie(reap_it);
}

TEST(a_foreign_tracer_leaves_a_zombie)
{
	a_foreign_zombie(leave_it);
}

TEST(a_foreign_tracer_hides_the_zombie)
{
	_Atomic int *go = (_Atomic int *)((char *)shared_word() + 8);
	int pid = child(go_when_told, NULL), status, tracer = foreign_tracer(pid, thread_pause_int);

	*go = 1;
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG, 0), 0);
	sys(kill, tracer, SIGKILL);
	CHECK_EQ(t_wait(tracer), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(pid), 6); // let go by the tracer's end
}

TEST(a_foreign_tracer_and_a_parent_that_does_not_care)
{
	_Atomic int *go = (_Atomic int *)((char *)shared_word() + 8);

	t_action(SIGCHLD, SIG_IGN, 0);
	int pid = child(go_when_told, NULL);
	_Atomic int *done = (_Atomic int *)(shared + 16);
	int tracer = t_fork();

	if (tracer == 0) {
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
		*done = 1;
		t_exit(reap_it(pid));
	}
	UNTIL(*done);
	*go = 1;
	UNTIL(sys(kill, pid, 0) == -ESRCH); // nobody's zombie
	CHECK_EQ(t_wait(-1), -ECHILD);
}

static int leader_goes(void *unused)
{
	(void)unused;
	thread_start(&a_thread, thread_pause, NULL);
	*(_Atomic int *)shared = a_thread.tid;
	t_exit_thread(0);
}

TEST(a_traced_leader_that_goes_first)
{
	// N9: nothing to wait for until the other is gone too.
	_Atomic int *tid = shared_word();
	int pid = traced(leader_goes, NULL), status;

	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(cont(pid, 0), 0);
	UNTIL(*tid && t_task_state(pid, pid) == 'Z');
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static int thread_goes(void *unused)
{
	(void)unused;
	UNTIL(*(_Atomic int *)(shared + 8));
	return 0;
}

static int with_a_thread_that_goes(void *unused)
{
	(void)unused;
	thread_start(&a_thread, thread_goes, NULL);
	*(_Atomic int *)shared = a_thread.tid;
	return thread_pause(NULL);
}

TEST(a_traced_thread_stays_until_it_is_waited_for)
{
	// N10.
	_Atomic int *tid = shared_word();
	int pid = child(with_a_thread_that_goes, NULL), status, t;

	UNTIL(*tid);
	t = *tid;
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, t, 0, 0), 0);
	*(_Atomic int *)(shared + 8) = 1;
	UNTIL(t_task_state(pid, t) == 'Z');
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), 0); // the group goes on
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), 0); // the thread holds it up
	CHECK_EQ(sys(wait4, t, &status, __WALL, 0), t);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- the tracer's end ----

TEST(a_tracer_that_dies_lets_its_tracees_run)
{
	_Atomic int *pid = shared_word();
	int tracer;

	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	tracer = t_fork();
	if (tracer == 0) {
		*pid = traced(thread_pause, NULL);
		CHECK_EQ(wait_stop(*pid), SIGSTOP);
		t_exit(3);
	}
	CHECK_EQ(t_wait(tracer), 3);
	UNTIL(t_state(*pid) == 'S');
	CHECK_EQ(t_field_of(*pid, "TracerPid"), 0);
	sys(kill, *pid, SIGKILL);
	CHECK_EQ(t_wait(*pid), SIGNALLED(SIGKILL));
}

TEST(exitkill)
{
	int pid = child(thread_pause, NULL), tracer = t_fork();

	if (tracer == 0) {
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL), 0);
		t_exit(4);
	}
	CHECK_EQ(t_wait(tracer), 4);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(a_tracing_thread_that_ends_lets_go)
{
	// It is the thread that traces, not its process.
	int pid = child(thread_pause, NULL), status;
	struct thread t;

	thread_start(&t, seize_it, (void *)(long)pid);
	thread_join(&t);
	CHECK_EQ(sys(wait4, pid, &status, WNOHANG | __WALL, 0), 0);
	UNTIL(sys(ptrace, PTRACE_ATTACH, pid, 0, 0) == 0); // a little after the join
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	kill_traced(pid);
}

// ---- what is refused ----

TEST(refused)
{
	int pid = child(thread_pause, NULL), dead = child(exiting, 0);

	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, t_getpid(), 0, 0), -EPERM);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, t_getpid(), 0, 0), -EPERM);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, 0, 0, 0), -ESRCH);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, -1, 0, 0), -ESRCH);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, 0x3fffffff, 0, 0), -ESRCH);
	if (t_own_machine) {
		CHECK_EQ(sys(ptrace, PTRACE_ATTACH, 2, 0, 0), -EPERM); // a thread of the kernel
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, 2, 0, 0), -EPERM);
		CHECK_EQ(IN_CHILD(CHECK_EQ(sys(ptrace, PTRACE_SEIZE, 1, 0, 0), 0)), 0); // root may, for as long as it lives
	}
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, 0), -ESRCH);
	CHECK_EQ(sys(ptrace, 12345, pid, 0, 0), -ESRCH);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 1, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 1 << 30), -EIO);
	UNTIL(t_state(dead) == 'Z');
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, dead, 0, 0), -EPERM);
	CHECK_EQ(t_wait(dead), 0);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, dead, 0, 0), -ESRCH);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), 0);
	CHECK_EQ(wait_stop(pid), SIGSTOP);
	CHECK_EQ(sys(ptrace, 12345, pid, 0, 0), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, 65), -EIO);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, -1), -EIO);
	CHECK_EQ(IN_CHILD(CHECK_EQ(cont(pid, 0), -ESRCH)), 0); // not the tracer
	kill_traced(pid);
}

TEST(of_another_user)
{
	if (sys(getuid))
		SKIP("needs root");
	int pid = child(thread_pause, NULL);

	CHECK_EQ(IN_CHILD({
		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), -EPERM);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), -EPERM);
		CHECK_EQ(sys(ptrace, PTRACE_ATTACH, 1, 0, 0), -EPERM);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, 1, 0, 0), -EPERM);
	}), 0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

static int as_a_user(void *unused)
{
	(void)unused;
	sys(setresgid, 1000, 1000, 1000);
	sys(setresuid, 1000, 1000, 1000);
	sys(prctl, PR_SET_DUMPABLE, *(_Atomic int *)(shared + 8), 0, 0, 0);
	*(_Atomic int *)shared = 1;
	return thread_pause(NULL);
}

TEST(one_user_may_trace_its_own_unless_they_are_not_dumpable)
{
	if (sys(getuid))
		SKIP("needs root");
	_Atomic int *there = shared_word(), *dumpable = (_Atomic int *)(shared + 8);

	for (*dumpable = 0; *dumpable < 2; ++*dumpable) {
		*there = 0;
		int pid = child(as_a_user, NULL);

		UNTIL(*there);
		CHECK_EQ(IN_CHILD({
			sys(setresgid, 1000, 1000, 1000);
			sys(setresuid, 1000, 1000, 1000);
			CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), *dumpable ? 0 : -EPERM);
		}), 0);
		CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), 0); // root may
		CHECK_EQ(wait_stop(pid), SIGSTOP);
		kill_traced(pid);
	}
}

TEST(every_request_to_a_task_that_is_being_killed)
{
	// SIGKILL wins against whatever is asked meanwhile; nothing is left of either.
	for (int i = 0; i < 40; i++) {
		int pid = traced(thread_pause, NULL);
		long v;

		CHECK_EQ(wait_stop(pid), SIGSTOP);
		int killer = t_fork();

		if (killer == 0) {
			sys(kill, pid, SIGKILL);
			t_exit(0);
		}
		while (sys(ptrace, PTRACE_PEEKUSR, pid, 0, &v) == 0)
			sys(ptrace, PTRACE_GETSIGINFO, pid, 0, shared_word());
		CHECK_EQ(cont(pid, 0), -ESRCH);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
		CHECK_EQ(t_wait(killer), 0);
	}
}
