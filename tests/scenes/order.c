// SPDX-License-Identifier: GPL-2.0-only
//
// Scenes that come out only if the machine keeps an order of events, which the door /sys/kernel/debug/pause makes it keep.
#include "s.h"

#include <linux/fs.h>

TEST(the_door_refuses_nonsense)
{
	static const char *const bad[] = {"X3", "X3 0", "nowhere 0 1", "X3 x 1", "X3 -1 1", "X3 0 60001", "X3 4294967296 1", "X3 0 1 X4",
		"X3 0 99999999999999999999", "X3 0 1 X3 0 1 X3 0 1 X3 0 1 X3 0 1",
		"X3 0 faults", "X0 0 fault", "X14A 0 fault", "fork 0 fault", "X3 fault", "fork 0 eat"};
	static char text[512];

	s_stage();
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(t_spit(PAUSE, bad[i]), -EINVAL);
	memset(text, ' ', sizeof text - 1);
	CHECK_EQ(t_spit(PAUSE, text), -EINVAL);
	CHECK_EQ(t_slurp(PAUSE, s_buf, sizeof s_buf), 0); // none of it was taken
	CHECK_EQ(IN_CHILD({}), 0);
}

static int stop_at_x3(void *arg)
{
	char text[64];

	t_snprintf(text, sizeof text, "X3 %ld %ld\n", sys(gettid), (long)arg);
	s_set(PAUSE, text);
	return 0;
}

TEST(the_door_holds_one_task)
{
	s_stage();
	long start = t_now_ms();

	CHECK_EQ(IN_CHILD(stop_at_x3((void *)300)), 0); // for as long as it says
	CHECK_GE(t_now_ms() - start, 300);
	int pid = t_fork();

	if (pid == 0) {
		stop_at_x3((void *)60000);
		t_exit(7);
	}
	UNTIL(t_field(PAUSE, "X3") == pid);
	UNTIL(t_state(pid) == 'D');
	CHECK_EQ(IN_CHILD({}), 0); // nobody else is held
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(pid), 7);
	CHECK_EQ(t_slurp(PAUSE, s_buf, sizeof s_buf), 0);
}

TEST(the_next_stop_lets_the_one_before_go)
{
	char text[64];

	s_stage();
	int first = t_fork();

	if (first == 0) {
		UNTIL(t_slurp(PAUSE, s_buf, sizeof s_buf) > 0);
		t_exit(0);
	}
	t_snprintf(text, sizeof text, "X2 %d 60000\nX9 0 0\n", first);
	s_set(PAUSE, text);
	UNTIL(t_field(PAUSE, "X2") == first);
	CHECK_EQ(sys(wait4, first, 0, WNOHANG, 0), 0);
	int second = t_fork();

	if (second == 0)
		t_exit(0);
	CHECK_EQ(t_wait(second), 0);
	CHECK_EQ(t_wait(first), 0);
	CHECK_EQ(t_field(PAUSE, "X9"), second);
	s_set(PAUSE, "\n");
}

static int leave(void *arg)
{
	_Atomic int *go = arg;

	*go = (int)sys(gettid);
	UNTIL(*go == 0);
	return 0;
}

// The worker is between its X14A and X14B, still hashed, when the leader passes X14A: the worker is not the leader, and
// the leader is not the last.
SCENE(9, unhash_window, "L1 L5 S18")
{
	struct hog h;
	unsigned long chld = BIT(SIGCHLD);
	struct timespec zero = {0, 0};
	char text[64];

	s_stage();
	t_block(chld);
	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		thread_start(&t, leave, (void *)h.ready);
		thread_pause(NULL);
	}
	UNTIL(*h.ready);
	int worker = *h.ready;

	t_snprintf(text, sizeof text, "X14A %d 60000\n", worker);
	s_set(PAUSE, text);
	*h.ready = 0;
	UNTIL(t_field(PAUSE, "X14A") == worker);
	s_run_out(&h); // the leader is killed and goes all the way
	UNTIL(t_state(h.pid) == 'Z');
	UNTIL(t_field(OOM, "in_flight") == 0); // the worker has nothing left to do that counts
	CHECK_EQ(sys(wait4, h.pid, 0, WNOHANG, 0), 0); // and is still there
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), SIGCHLD); // once, by the worker's X14B
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
	s_suspend_ok();
}

TEST(the_door_that_frees_memory_waits_for_who_releases_itself)
{
	// It has told its parent, which does not care, and is on every list yet.
	t_action(SIGCHLD, SIG_IGN, 0);
	s_set(PAUSE, "X14A 0 300\n");
	int pid = t_fork();

	if (pid == 0)
		t_exit(0);
	CHECK_EQ(t_wait(pid), -ECHILD);
	s_set("/proc/sys/vm/drop_caches", "3");
	CHECK_EQ(sys(kill, pid, 0), -ESRCH);
	CHECK_EQ(t_field(PAUSE, "X14A"), pid);
	s_set(PAUSE, "\n");
}

// One suspend in which a frozen hog is killed, in the order of these stops; all of them were reached.
static void killed_in_order(const char *phase, int how, const char *format, long ms)
{
	struct hog h;
	char text[128];
	long kills = s_kills();

	s_hog(&h, 2, how);
	t_snprintf(text, sizeof text, format, h.pid, ms);
	s_set(PAUSE, text);
	s_eat(phase, s_too_much(&h), "concurrent");
	s_suspend_ok(); // the eater may be refused the rest, after the barrier
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	CHECK_GE(t_slurp(PAUSE, s_buf, sizeof s_buf), 1);
	CHECK(strstr(s_buf, " 0\n") == NULL);
	s_set(PAUSE, "\n");
}

// freeze_mark_race: a thread goes into the refrigerator while the mark lands on its group.
SCENE(20, marked_before_it_looks, "S5 L8")
{
	s_stage();
	killed_in_order("freeze_users", SPINNING, "freeze_users 0 5000\noom_killed 0 0\n", 0);
}

SCENE(20, marked_between_its_look_and_the_lock, "S5 S6 L8")
{
	s_stage();
	killed_in_order("freeze_users", SPINNING, "freeze_users 0 5000\nout_of_memory 0 5000\nrefrigerator %d 5000\noom_killed 0 0\n", 0);
}

SCENE(20, marked_between_its_state_and_its_sleep, "S5 S6 L8")
{
	s_stage();
	killed_in_order("freeze_users", SPINNING, "freeze_users 0 5000\nout_of_memory 0 5000\nfrozen %d %ld\noom_killed 0 0\n", s_spin_ms());
}

SCENE(20, marked_in_its_sleep, "S5 L8")
{
	s_stage();
	killed_in_order("disable_oom", 0, "disable_oom 0 5000\noom_killed 0 0\n", 0);
}

// The killer has oom_lock when the suspender wants it: the suspender waits, and the new victim is counted before the
// killer is disabled.
SCENE(40, disable_vs_running_oom, "S7 L2")
{
	struct hog h;
	char line[80];

	s_stage();
	s_hog(&h, 4, 0);
	t_snprintf(line, sizeof line, "disable_oom 0 5000\nout_of_memory 0 %d\n", s_alone() ? 200 : 2000); // the suspender comes meanwhile
	s_set(PAUSE, line);
	s_eat("disable_oom", s_too_much(&h), "concurrent");
	s_suspend_ok(); // the eater may be refused the rest
	CHECK_GE(t_field(PAUSE, "out_of_memory"), 1);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	char *text = s_trace();
	t_snprintf(line, sizeof line, "mark_victim: tgid=%d", h.pid);
	char *marked = strstr(text, line), *begun = strstr(text, "oom_killer_disable[0] begin"), *next;

	while ((next = strstr(begun + 1, "oom_killer_disable[0] begin")))
		begun = next;
	CHECK(marked && begun < marked);
	t_snprintf(line, sizeof line, "exit_step: step=160 pid=%d\n", h.pid);
	KEEPS("L2", "the barrier does not wait for the victim", strstr(marked, line) && strstr(strstr(marked, line), "oom_disable: victims="));
	s_set(PAUSE, "\n");
}

static int eat_too(void *arg)
{
	struct hog *h = arg;

	*h->ready = (int)sys(gettid);
	UNTIL(*h->ready == 0);
	s_eat("self", s_free() * 2, "");
	return thread_pause(NULL);
}

// Two threads of a dying group call the killer one after the other: the leader, which is chosen, and then the worker. Both are held
// up on their way out before they give their memory up, the leader until the worker is there.
SCENE(58, double_oom, "S2 S9 L1")
{
	struct hog h;
	char line[128];

	s_stage();
	long pause = sys(open, PAUSE, O_RDONLY);
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		thread_start(&t, eat_too, &h);
		UNTIL(h.ready[1]);
		s_eat("self", s_free() * 2, "");
		thread_pause(NULL);
	}
	UNTIL(*h.ready);
	int worker = *h.ready;

	t_snprintf(line, sizeof line, "self %d 60000\nX4 %d 60000\nX4 %d 60000\n", worker, h.pid, worker);
	s_set(PAUSE, line);
	*h.ready = 0;
	UNTIL(t_field(PAUSE, "self") == worker);
	memset(s_buf, 0, sizeof s_buf);
	CHECK_GE(sys(pread64, pause, s_buf, sizeof s_buf - 1, 0), 1);
	h.ready[1] = 1;
	// All of them, in that order. To open it anew would need memory, and call the killer while the worker does.
	UNTIL(sys(pread64, pause, s_buf, sizeof s_buf - 1, 0) > 0 && !strstr(s_buf, " 0\n"));
	if (s_is(OOM, "design", "late_live"))
		CHECK_EQ(t_field(OOM, "victims"), 1); // some count threads
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	t_snprintf(line, sizeof line, "mark_victim: tgid=%d pid=%d", h.pid, worker);
	CHECK(strstr(s_trace(), line)); // the second call
	s_quiet(); // as many drops as it counted, one or two
	s_suspend_ok();
}

// ---- a clone and the death of those who share with the new one ----

static _Atomic int *told; // [0] who clones, [1] it is to, [2] the new one runs

static int newborn(void *arg)
{
	(void)arg;
	told[2] = (int)sys(gettid);
	return thread_pause(NULL);
}

static int breed(void *flags)
{
	char *stack = t_map(STACK_SIZE);

	told[0] = (int)sys(gettid);
	UNTIL(told[1]);
	t_clone((unsigned long)flags, stack + STACK_SIZE, 0, 0, 0, newborn, NULL);
	return thread_pause(NULL);
}

enum {
	A_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, // of the victim's group
	A_SHARER = CLONE_VM | SIGCHLD, // a group of its own, on the victim's memory
};

// A hog, and a second task like that, which is to make a third. All orphans come to us.
static void start_breeder(struct hog *h, unsigned long flags)
{
	s_stage();
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	told = t_map_shared(PAGE);
	if (s_fork_eaten(h)) {
		char *stack = t_map(STACK_SIZE);

		t_clone(flags, stack + STACK_SIZE, 0, 0, 0, breed, (void *)flags);
		thread_pause(NULL);
	}
	UNTIL(told[0]);
}

static void all_killed(int n)
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(t_wait(-1), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(-1), -ECHILD); // there are no more
}

// The new one is built, and not published before the killer is through with its walk: it never comes to be.
static void killed_before_it_publishes(unsigned long flags)
{
	struct hog h;
	char text[64];

	start_breeder(&h, flags);
	long kills = s_kills();

	t_snprintf(text, sizeof text, "fork %d 60000\noom_killed 0 0\n", told[0]);
	s_set(PAUSE, text);
	told[1] = 1;
	UNTIL(t_field(PAUSE, "fork") == told[0]);
	s_run_out(&h);
	all_killed(flags & CLONE_THREAD ? 1 : 2);
	CHECK_GE(t_slurp(PAUSE, s_buf, sizeof s_buf), 1);
	CHECK(strstr(s_buf, " 0\n") == NULL); // in that order
	s_set(PAUSE, "\n");
	t_snprintf(text, sizeof text, " pid=%d sched_process_fork: ", told[0]);
	KEEPS("S20", "one more comes after the kill", !told[2] && !strstr(s_trace(), text));
	CHECK_EQ(s_kills(), kills + 1);
	s_suspend_ok();
}

// The killer is at work, and has chosen nobody yet, when the new one comes to be: it goes with the others.
static void born_before_the_kill(unsigned long flags)
{
	struct hog h;

	start_breeder(&h, flags);
	long kills = s_kills();

	s_set(PAUSE, "out_of_memory 0 60000\n");
	int killer = t_fork();

	if (killer == 0)
		t_exit(t_spit("/proc/sysrq-trigger", "f") != 0);
	UNTIL(t_field(PAUSE, "out_of_memory") == killer);
	told[1] = 1;
	UNTIL(told[2]);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(killer), 0);
	all_killed(flags & CLONE_THREAD ? 1 : 3);
	CHECK_EQ(s_kills(), kills + 1);
	s_suspend_ok();
}

SCENE(13, clone_race, "L1 L8 S20")
{
	killed_before_it_publishes(A_THREAD);
}

SCENE(13, clone_race_won, "L1 L8 S20")
{
	born_before_the_kill(A_THREAD);
}

SCENE(14, clone_vm_race, "L4 S20")
{
	killed_before_it_publishes(A_SHARER);
}

SCENE(14, clone_vm_race_won, "L4 S20")
{
	born_before_the_kill(A_SHARER);
}

// Only who is about to be gone holds requests back: those of its last close. Somebody who shares its io_context may send them for it.
static void held_back(unsigned long flags, bool shared)
{
	char text[64], c;

	s_stage();
	long fd = sys(open, "/dev/ram0", O_RDONLY);

	CHECK_EQ(sys(ioctl, fd, BLKFLSBUF, 0), 0); // so that what is read now is read from the disk
	CHECK_EQ(sys(pread64, fd, &c, 1, 40 * PAGE), 1);
	CHECK_EQ(sys(close, fd), 0);
	int pid = (int)sys(clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		t_snprintf(text, sizeof text, "X12 %d 60000\n", t_getpid());
		s_set(PAUSE, text);
		s_dirty_disk(4, shared ? 's' : 'o');
		t_exit(0);
	}
	UNTIL(t_field(PAUSE, "X12") == pid);
	s_set(TRACE, "0");
	t_snprintf(text, sizeof text, "block_rq_issue: sector=0 pid=%d\n", pid);
	fd = sys(open, "/dev/ram0", O_RDONLY);
	CHECK_EQ(sys(pread64, fd, &c, 1, 50 * PAGE), 1);
	CHECK_EQ(strstr(s_trace(), text) != NULL, shared); // not before
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(pid), 0);
	t_snprintf(text, sizeof text, " pid=%d block_rq_issue: sector=0 pid=%d\n", shared ? t_getpid() : pid, pid);
	CHECK(strstr(s_trace(), text)); // who sent it, and whose it was
	CHECK_EQ(sys(close, fd), 0);
	CHECK(s_on_disk(4, shared ? 's' : 'o'));
}

TEST(an_io_context_is_shared)
{
	held_back(CLONE_IO, true);
}

TEST(an_io_context_is_ones_own)
{
	held_back(0, false);
}

static _Atomic int *took;

static void count(int sig)
{
	(void)sig;
	++*took;
}

// A fork of a process group of its own is held up, and meanwhile SIGUSR1 is sent to the group and SIGUSR2 to the parent alone.
// The values of both processes, 1 for SIGUSR1 and 2 for SIGUSR2, as they find them pending.
static void signals_during_fork(unsigned long blocked, int *parent, int *child)
{
	_Atomic int *found = t_map_shared(PAGE);
	char text[64];

	took = found + 8;
	int pid = t_fork();

	if (pid == 0) {
		unsigned long set = 0;

		CHECK_EQ(sys(setpgid, 0, 0), 0);
		t_action(SIGUSR1, count, 0);
		t_action(SIGUSR2, count, 0);
		t_block(blocked);
		t_snprintf(text, sizeof text, "fork %d 60000", t_getpid());
		s_set(PAUSE, text);
		int forked = t_fork();

		sys(rt_sigpending, &set, 8);
		found[!forked] = (set & BIT(SIGUSR1) ? 1 : 0) | (set & BIT(SIGUSR2) ? 2 : 0);
		if (forked)
			CHECK_EQ(t_wait(forked), 0);
		t_exit(0);
	}
	UNTIL(t_field(PAUSE, "fork") == pid && t_state(pid) == 'D');
	CHECK_EQ(sys(kill, -pid, SIGUSR1), 0);
	CHECK_EQ(sys(kill, pid, SIGUSR2), 0);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(pid), 0);
	*parent = found[0];
	*child = found[1];
}

TEST(a_group_signal_during_fork_is_for_the_child_too)
{
	int parent, child;

	s_stage();
	signals_during_fork(~0ul, &parent, &child); // as a shell forks a job
	CHECK_EQ(parent, 3);
	CHECK_EQ(child, 1);
	CHECK_EQ(*took, 0);
	signals_during_fork(0, &parent, &child);
	CHECK_EQ(parent | child, 0);
	CHECK_EQ(*took, 3);
}
