// SPDX-License-Identifier: GPL-2.0-only
//
// The victim's way out: whoever it is and whoever waits for it, it dies once, is told once, and the
// count comes back to zero, so that the suspend after it succeeds.
#include "s.h"

SCENE(1, single_reaped, "L1 L2 L5 L9")
{
	struct hog h;

	s_stage();
	long kills = s_kills();

	s_hog(&h, 1, 0);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	s_quiet();
	s_suspend_ok();
}

SCENE(2, single_sigchld_ignored, "L1 L5")
{
	struct hog h;

	s_stage();
	t_action(SIGCHLD, SIG_IGN, 0);
	t_block(BIT(SIGCHLD)); // so that one would be seen
	s_hog(&h, 1, 0);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), -ECHILD);
	UNTIL(sys(kill, h.pid, 0) == -ESRCH); // a moment after it is nobody's child any more
	CHECK_EQ(t_next_signal(BIT(SIGCHLD), &(siginfo_t){0}), 0);
	s_suspend_ok();
}

static void nothing(int sig)
{
	(void)sig;
}

SCENE(3, single_nocldwait, "L1 L5")
{
	struct hog h;
	unsigned long chld = BIT(SIGCHLD);
	struct timespec soon = {20, 0};

	s_stage();
	t_action(SIGCHLD, nothing, SA_NOCLDWAIT);
	t_block(chld);
	s_hog(&h, 1, 0);
	s_run_out(&h);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &soon, 8), SIGCHLD);
	CHECK_EQ(t_wait(h.pid), -ECHILD);
	UNTIL(sys(kill, h.pid, 0) == -ESRCH); // a moment after it is nobody's child any more
	CHECK_EQ(t_next_signal(chld, &(siginfo_t){0}), 0); // it was the only one
	s_suspend_ok();
}

SCENE(4, single_never_waited, "L1 L2")
{
	struct hog h;

	s_stage();
	s_hog(&h, 1, 0);
	s_run_out(&h);
	UNTIL(t_state(h.pid) == 'Z');
	s_suspend_ok(); // a zombie holds nothing up
	CHECK_EQ(t_state(h.pid), 'Z');
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
}

SCENE(5, orphan_victim, "L1 L5")
{
	s_stage();
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	s_orphan();
}

SCENE(6, leader_first, "L1 L2 L3 L5 S18")
{
	struct hog h;
	unsigned long chld = BIT(SIGCHLD);
	struct timespec zero = {0, 0};

	s_stage();
	t_block(chld);
	s_hog(&h, 3, LEADER_FIRST);
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), SIGCHLD); // once
	CHECK_EQ(sys(rt_sigtimedwait, &chld, 0, &zero, 8), -EAGAIN);
	s_suspend_ok();
}

SCENE(7, leader_first_parent_ignores, "L1 L5")
{
	struct hog h;

	s_stage();
	t_action(SIGCHLD, SIG_IGN, 0);
	t_block(BIT(SIGCHLD));
	s_hog(&h, 3, LEADER_FIRST);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), -ECHILD);
	UNTIL(sys(kill, h.pid, 0) == -ESRCH); // a moment after it is nobody's child any more
	CHECK_EQ(t_next_signal(BIT(SIGCHLD), &(siginfo_t){0}), 0);
	s_suspend_ok();
}

static int gone(void *arg)
{
	(void)arg;
	return 0;
}

SCENE(8, leader_last, "L1 L2")
{
	struct hog h;

	s_stage();
	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t[3];

		s_adj("1000");
		for (int i = 0; i < 3; i++)
			thread_start(&t[i], gone, NULL);
		for (int i = 0; i < 3; i++)
			thread_join(&t[i]);
		UNTIL(t_field("/proc/self/status", "Threads") == 1);
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		*h.ready = 1;
		thread_pause(NULL);
	}
	UNTIL(*h.ready);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

SCENE(9, leader_and_worker_together, "L1 L2 S18")
{
	// The window between the leader's and the worker's exit_notify, again and again.
	s_stage();
	for (int i = 0; i < 4; i++) {
		struct hog h;

		s_hog(&h, 2, i % 2 ? SPINNING : 0);
		s_run_out(&h);
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
		s_quiet();
	}
	s_suspend_ok();
}

static int ask_for_too_much(void *arg)
{
	struct hog *h = arg;

	++*h->ready;
	while (*h->ready < 1000)
		t_sleep_ms(1);
	s_eat("self", h->before * 2, "");
	return thread_pause(NULL);
}

SCENE(10, thread_storm, "L1 S9 S23")
{
	// All of them are in the allocator when the group is killed, do not leave it before they are refused, and so come to the killer too.
	struct hog h;

	s_stage();
	long kills = s_kills(), marks = t_field(OOM, "marks");

	h.before = s_free();
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		for (int i = 1; i < 64; i++)
			thread_start(&t, ask_for_too_much, &h);
		ask_for_too_much(&h);
	}
	UNTIL(*h.ready == 64);
	*h.ready = 1000;
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	if (s_alone()) // else the killer may hold oom_lock until the others have had enough
		CHECK_GE(t_field(OOM, "marks"), marks + 2);
	s_suspend_ok();
}

static int sharer(void *arg)
{
	(void)arg;
	return thread_pause(NULL);
}

SCENE(34, two_groups_one_mm, "L1 L4 S20")
{
	// A group of which a second group shares the memory. Both must go.
	_Atomic int *pid = t_map_shared(PAGE);
	struct hog h;

	s_stage();
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	long kills = s_kills();

	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.pid = t_fork();
	if (h.pid == 0) {
		char *stack = t_map(STACK_SIZE);

		s_adj("1000");
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		*pid = (int)t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, sharer, NULL);
		thread_pause(NULL);
	}
	UNTIL(*pid);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(*pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1); // it was chosen, the other goes with it
	CHECK(s_marked(h.pid) && !s_marked(*pid));
	s_suspend_ok();
}

SCENE(34, two_groups_one_mm_count_as_one, "L1 S2 S9")
{
	// The first, which is chosen, is held up on its way out: both are killed, and one is counted.
	_Atomic int *pid = t_map_shared(PAGE);
	char text[64];

	s_stage();
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	long kills = s_kills();
	int first = t_fork();

	if (first == 0) {
		char *stack = t_map(STACK_SIZE);

		s_adj("1000");
		s_touch(t_map(1024 * 1024), 1024);
		s_dirty_disk(1, 'd');
		*pid = (int)t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, sharer, NULL);
		thread_pause(NULL);
	}
	UNTIL(*pid && t_state(first) == 'S' && t_state(*pid) == 'S');
	t_snprintf(text, sizeof text, "X2 %d 60000\n", first);
	s_set(PAUSE, text);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	UNTIL(t_field(PAUSE, "X2") == first);
	KEEPS("S2", "two are counted", t_field(OOM, "victims") <= 1); // one, by those who count at all
	UNTIL(t_state(*pid) == 'Z'); // killed unmarked: it owes nothing
	CHECK_EQ(sys(wait4, first, 0, WNOHANG, 0), 0);
	KEEPS("S2", "two are counted", t_field(OOM, "victims") <= 1);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(first), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(*pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	s_quiet();
	s_suspend_ok();
}

TEST(nobody_else_while_the_memory_comes_back)
{
	// Shared memory comes back late on the way out; bystanders must not pay for that.
	int bystander[3];
	struct hog h;

	s_stage();
	long kills = s_kills();

	for (int i = 0; i < 3; i++) {
		bystander[i] = t_fork();
		if (bystander[i] == 0) {
			s_adj("0");
			s_touch(t_map(1024 * 1024), 1024);
			thread_pause(NULL);
		}
	}
	for (int i = 0; i < 3; i++)
		UNTIL(t_state(bystander[i]) == 'S');
	s_hog(&h, 8, SHARED);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(wait4, bystander[i], 0, WNOHANG, 0), 0);
		sys(kill, bystander[i], SIGKILL);
		t_wait(bystander[i]);
	}
	s_suspend_ok();
}

TEST(dying_group_asks_for_memory)
{
	// Threads past exit_mm still allocate: they neither kill nor are marked, and do not loop.
	struct hog h;

	s_stage();
	for (int i = 0; i < 3; i++) {
		s_hog(&h, 16, ALLOCATING);
		*h.ready = 1000;
		t_sleep_ms(5);
		sys(kill, h.pid, SIGKILL); // an ordinary death in the middle of it
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	}
	s_suspend_ok();
}

SCENE(60, zombie_leader_selected, "L1 L4 S13")
{
	struct hog h;
	char line[64];

	s_stage();
	for (int i = 0; i < 4; i++) {
		s_hog(&h, 2 + i, LEADER_FIRST);
		CHECK_EQ(t_state(h.pid), 'Z');
		s_run_out(&h);
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
		CHECK(s_marked(h.pid));
		t_snprintf(line, sizeof line, "mark_victim: tgid=%d pid=%d\n", h.pid, h.pid);
		CHECK(!strstr(s_trace(), line)); // a worker is, instead of the zombie
	}
	s_suspend_ok();
}

SCENE(43, suspend_twice_after_leak, "L1 L2 L3")
{
	struct hog h;

	s_stage();
	for (int i = 0; i < 2; i++) {
		s_hog(&h, 8, LEADER_FIRST);
		s_run_out(&h);
		CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
		s_suspend_ok();
		s_suspend_ok();
	}
}
