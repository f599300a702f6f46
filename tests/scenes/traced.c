// SPDX-License-Identifier: GPL-2.0-only
//
// Victims that are traced: their zombies are the tracer's first, who may be frozen, or dead, or in no
// hurry. The count knows nothing of that.
#include "s.h"
#include "../abi/uffd.h"

#include <linux/ptrace.h>

// What a tracer, a process of its own, does with the tasks it has seized, and how far it is.
static _Atomic int *stage;
enum { SEIZED = 1, SEEN, GO, DONE };

static void seize(int tid, long options)
{
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, tid, 0, options), 0);
}

// Threads of pid other than its leader, at most n. How many.
static int threads_of(int pid, int *tids, int n)
{
	struct dirent {
		unsigned long ino, off;
		unsigned short len;
		unsigned char type;
		char name[];
	};
	static char buf[4096];
	char path[64];
	int found = 0;
	long got, fd;

	t_snprintf(path, sizeof path, "/proc/%d/task", pid);
	fd = sys(open, path, O_RDONLY | O_DIRECTORY);
	CHECK_GE(fd, 0);
	while ((got = sys(getdents64, fd, buf, sizeof buf)) > 0)
		for (long at = 0; at < got; at += ((struct dirent *)(buf + at))->len) {
			int tid = (int)t_number(((struct dirent *)(buf + at))->name);

			if (tid > 0 && tid != pid && found < n)
				tids[found++] = tid;
		}
	sys(close, fd);
	return found;
}

static int tracer(int (*life)(int pid), int pid)
{
	int d;

	stage = t_map_shared(PAGE);
	d = t_fork();
	if (d == 0)
		t_exit(life(pid));
	UNTIL(*stage >= SEIZED);
	return d;
}

static int wait_for(int pid)
{
	int status = 0;

	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	return status;
}

static int seize_and_wait(int pid)
{
	seize(pid, 0);
	*stage = SEIZED;
	CHECK_EQ(wait_for(pid), SIGKILL);
	return 0;
}

SCENE(24, traced_single, "L1 L2 L5")
{
	struct hog h;
	int d;

	s_stage();
	s_hog(&h, 1, 0);
	d = tracer(seize_and_wait, h.pid);
	s_run_out(&h);
	CHECK_EQ(t_wait(d), 0);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

static int seize_a_thread(int pid)
{
	int tid;

	CHECK_EQ(threads_of(pid, &tid, 1), 1);
	seize(tid, 0);
	*stage = SEIZED;
	UNTIL(*stage == GO);
	CHECK_EQ(wait_for(tid), SIGKILL);
	return 0;
}

SCENE(25, traced_subthread_frozen_tracer, "L1 L2")
{
	// All are frozen when the victim is chosen; its thread stays hashed until the tracer is back.
	struct hog h;
	int d;

	s_stage();
	s_hog(&h, 2, 0);
	d = tracer(seize_a_thread, h.pid);
	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(sys(wait4, h.pid, 0, WNOHANG, 0), 0); // the thread is the tracer's
	s_suspend_ok();
	*stage = GO;
	CHECK_EQ(t_wait(d), 0);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

// Here it is the tracer who unhashes the last thread, when it likes.
SCENE(9, unhashed_by_its_tracer, "L1 L5 S18")
{
	struct hog h;
	int d;

	s_stage();
	s_hog(&h, 2, LEADER_FIRST);
	d = tracer(seize_a_thread, h.pid);
	s_run_out(&h);
	s_suspend_ok(); // a zombie owes nothing
	CHECK_EQ(sys(wait4, h.pid, 0, WNOHANG, 0), 0);
	*stage = GO;
	CHECK_EQ(t_wait(d), 0);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

static int stop_at_exit(int pid)
{
	seize(pid, PTRACE_O_TRACEEXIT);
	*stage = SEIZED;
	CHECK_EQ(wait_for(pid), (SIGTRAP | PTRACE_EVENT_EXIT << 8) << 8 | 0x7f);
	*stage = SEEN;
	UNTIL(*stage == GO);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, pid, 0, 0), 0);
	CHECK_EQ(wait_for(pid), SIGKILL);
	return 0;
}

SCENE(26, event_exit_stop, "S5 S11 L2 L3")
{
	// The victim is past SIGKILL and waits for its tracer, which is frozen: nobody can suspend.
	struct hog h;
	long err;
	int d;

	s_stage();
	s_be_impatient();
	s_hog(&h, 1, 0);
	d = tracer(stop_at_exit, h.pid);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	UNTIL(*stage == SEEN);
	CHECK_EQ(t_field(OOM, "in_flight"), 1);
	err = s_suspend();
	KEEPS("S5", "threads left in the fridge", t_field(OOM, "frozen_victims") == 0); // frozen where it waits
	CHECK_EQ(err, -EBUSY);
	CHECK(s_is(OOM, "last_disable", "timeout"));
	CHECK_EQ(t_field(OOM, "disabled"), 0);
	CHECK_EQ(t_field(OOM, "in_flight"), 1);
	s_be_patient();
	*stage = GO;
	CHECK_EQ(t_wait(d), 0);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

static int seize_all(int pid)
{
	int tids[16], n = threads_of(pid, tids, 16);

	CHECK_EQ(n, 3);
	seize(pid, 0);
	for (int i = 0; i < n; i++)
		seize(tids[i], 0);
	*stage = SEIZED;
	UNTIL(*stage == GO);
	for (int i = 0; i < n; i++)
		CHECK_EQ(t_task_state(pid, tids[i]), 'Z');
	CHECK_EQ(t_task_state(pid, pid), 'Z');
	return 0; // without waiting for any of them
}

SCENE(27, tracer_dies, "L1 L5 S19")
{
	struct hog h;
	int d;

	s_stage();
	s_hog(&h, 4, 0);
	d = tracer(seize_all, h.pid);
	s_run_out(&h);
	UNTIL(t_field(OOM, "in_flight") == 0);
	s_suspend_ok();
	*stage = GO;
	CHECK_EQ(t_wait(d), 0);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(h.pid), -ECHILD);
	s_suspend_ok();
}

SCENE(28, tracer_is_parent, "L1 L5 S18")
{
	struct hog h;
	unsigned long chld = BIT(SIGCHLD);
	struct timespec zero = {0, 0};

	s_stage();
	t_block(chld);
	s_hog(&h, 1, 0);
	seize(h.pid, 0);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), SIGCHLD); // once
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
	CHECK_EQ(t_wait(h.pid), -ECHILD);
	s_suspend_ok();
}

// A hog in a trace stop.
static void stopped_hog(struct hog *h)
{
	s_hog(h, 2, 0);
	seize(h->pid, 0);
	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, h->pid, 0, 0), 0);
	CHECK_EQ(wait_for(h->pid), (SIGTRAP | PTRACE_EVENT_STOP << 8) << 8 | 0x7f);
	CHECK_EQ(t_state(h->pid), 't');
}

TEST(a_victim_leaves_its_trace_stop)
{
	struct hog h;

	s_stage();
	stopped_hog(&h);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

TEST(a_trace_stop_is_frozen_where_it_is)
{
	struct hog h;

	s_stage();
	stopped_hog(&h);
	s_suspend_ok();
	CHECK_EQ(t_state(h.pid), 't');
	CHECK_EQ(sys(wait4, h.pid, 0, WNOHANG | __WALL, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, h.pid, 0, 0), 0);
	UNTIL(t_state(h.pid) == 'S');
	sys(kill, h.pid, SIGKILL);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
}

TEST(a_victim_frozen_in_its_trace_stop)
{
	struct hog h;

	s_stage();
	stopped_hog(&h);
	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

TEST(init_under_a_tracer)
{
	// It can be stopped and looked at, and neither its tracer's end nor SIGKILL ends it.
	unsigned long v;
	int d;

	if (!t_on_thaw)
		SKIP("traces init");
	d = t_fork();
	if (d == 0) {
		seize(1, PTRACE_O_EXITKILL);
		CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, 1, 0, 0), 0);
		CHECK_EQ(wait_for(1), (SIGTRAP | PTRACE_EVENT_STOP << 8) << 8 | 0x7f);
		CHECK_EQ(sys(ptrace, PTRACE_PEEKUSR, 1, 0, &v), 0);
		CHECK_EQ(sys(ptrace, PTRACE_KILL, 1, 0, 0), 0);
		CHECK_EQ(sys(ptrace, PTRACE_CONT, 1, 0, 0), 0);
		t_exit(3);
	}
	CHECK_EQ(t_wait(d), 3);
	CHECK(t_state(1) != 'Z' && t_state(1) != 't');
}

TEST(kernel_threads_are_not_traced)
{
	if (!t_on_thaw)
		SKIP("knows the number of a kernel thread");
	int n = 0;

	for (int pid = 2; pid < 40; pid++) {
		char path[64];

		t_snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
		if (pid == t_getpid() || t_slurp(path, s_buf, sizeof s_buf) != 0 || t_state(pid) == 'Z')
			continue;
		CHECK_EQ(sys(ptrace, PTRACE_ATTACH, pid, 0, 0), -EPERM);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), -EPERM);
		n++;
	}
	CHECK_GE(n, 1);
}

// A second tracer: stops the process and asks for a word of its memory, which must be stored where no page is yet.
struct asker {
	int pid;
	char *to;
	long err;
};

static int seize_and_ask(void *arg)
{
	struct asker *a = arg;

	seize(a->pid, 0);
	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, a->pid, 0, 0), 0);
	CHECK_EQ(wait_for(a->pid), (SIGTRAP | PTRACE_EVENT_STOP << 8) << 8 | 0x7f);
	a->err = sys(ptrace, PTRACE_PEEKDATA, a->pid, &stage, a->to);
	return 0;
}

static int stop_and_detach(int pid)
{
	seize(pid, 0);
	CHECK_EQ(sys(ptrace, PTRACE_INTERRUPT, pid, 0, 0), 0);
	CHECK_EQ(wait_for(pid), (SIGTRAP | PTRACE_EVENT_STOP << 8) << 8 | 0x7f);
	*stage = SEIZED;
	UNTIL(*stage == GO);
	return (int)sys(ptrace, PTRACE_DETACH, pid, 0, 0);
}

TEST(a_tracer_that_lets_go_leaves_the_next_ones_hold)
{
	// The second has its request in the middle when the first comes back from its own. SIGKILL waits for the request's end.
	static char page[PAGE];
	struct asker b = {.err = 1};
	struct uffd_msg m;
	struct thread t;
	char text[64];
	long fd;
	int d;

	s_stage();
	b.to = t_map(PAGE);
	fd = sys(userfaultfd, 0);
	CHECK_EQ(shake(fd, 0), 0);
	CHECK_EQ(enroll(fd, b.to, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	b.pid = t_fork();
	if (b.pid == 0)
		thread_pause(NULL);
	d = tracer(stop_and_detach, b.pid);
	t_snprintf(text, sizeof text, "detached %d 60000\n", d);
	s_set(PAUSE, text);
	*stage = GO;
	UNTIL(t_field(PAUSE, "detached") == d);
	thread_start(&t, seize_and_ask, &b);
	CHECK_EQ(sys(read, fd, &m, sizeof m), sizeof m);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(d), 0);
	sys(kill, b.pid, SIGKILL);
	t_sleep_ms(20);
	CHECK_EQ(t_state(b.pid), 't');
	CHECK_EQ(copy(fd, b.to, page, PAGE, 0), 0);
	thread_join(&t);
	CHECK_EQ(b.err, 0);
	CHECK_EQ(t_wait(b.pid), SIGNALLED(SIGKILL));
}

// A tracer that looks after orphans. Its first thread waits for its tracee, which has a parent of its own; the second for whatever is
// there, and for the parent first.
struct family {
	_Atomic int parent, tracee, waiter;
};

static struct family *family;

static int wait_until_alone(void *unused)
{
	(void)unused;
	family->waiter = (int)sys(gettid);
	UNTIL(*stage == GO);
	sys(kill, family->parent, SIGKILL);
	CHECK_EQ(wait_for(family->parent), SIGKILL);
	*stage = SEEN;
	long pid = sys(wait4, -1, 0, __WALL, 0);

	if (pid == family->tracee) // its parent had heard of its end in time
		pid = sys(wait4, -1, 0, __WALL, 0);
	t_exit(pid == -ECHILD ? 0 : 1);
}

static int adopt_and_wait(int unused)
{
	struct thread t;

	(void)unused;
	CHECK_EQ(sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	int parent = t_fork();

	if (parent == 0) {
		int tracee = t_fork();

		if (tracee)
			family->tracee = tracee;
		thread_pause(NULL);
	}
	family->parent = parent;
	UNTIL(family->tracee);
	seize(family->tracee, 0);
	thread_start(&t, wait_until_alone, NULL);
	UNTIL(family->waiter);
	*stage = SEIZED;
	sys(kill, family->tracee, SIGKILL);
	CHECK_EQ(wait_for(family->tracee), SIGKILL);
	return thread_pause(NULL);
}

TEST(a_tracee_that_becomes_a_child_while_it_is_reaped)
{
	// The second thread sees a child that will have something to tell, and sleeps; it is told that there is none any more.
	char text[64];
	int d;

	s_stage();
	family = t_map_shared(PAGE);
	t_snprintf(text, sizeof text, "tracee_reaped 0 %ld\n", s_spin_ms());
	s_set(PAUSE, text);
	d = tracer(adopt_and_wait, 0);
	UNTIL(t_field(PAUSE, "tracee_reaped") == d);
	*stage = GO;
	UNTIL(t_state(d) == 'Z' || (*stage == SEEN && t_task_state(d, family->waiter) == 'S'));
	s_set(PAUSE, "\n");
	UNTIL(t_state(d) == 'Z');
	CHECK_EQ(t_wait(d), 0);
}
