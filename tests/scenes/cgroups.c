// SPDX-License-Identifier: GPL-2.0-only
//
// Control groups meet the killer and suspend. In the freezer of version 1 nobody can be killed; a victim must be, and goes though
// its group stays frozen. cgroup.freeze of version 2 stops nobody from dying. A group's limit of memory is a small machine of its
// own.
#include "s.h"

#define V1 "/tmp/freezer"
#define V2 "/sys/fs/cgroup/scene"

static void v1_stage(void)
{
	s_stage();
	CHECK_EQ(sys(mkdir, V1, 0755), 0);
	CHECK_EQ(sys(mount, "x", V1, "cgroup", 0, "freezer"), 0);
	CHECK_EQ(sys(mkdir, V1 "/v", 0755), 0);
}

static void v1_end(void)
{
	CHECK_EQ(t_spit(V1 "/v/freezer.state", "THAWED"), 0);
	UNTIL(sys(rmdir, V1 "/v") == 0); // nobody is left in it
	CHECK_EQ(sys(umount2, V1, 0), 0);
	CHECK_EQ(sys(rmdir, V1), 0);
}

static void put(const char *path, int pid)
{
	char text[16];

	t_snprintf(text, sizeof text, "%d", pid);
	s_set(path, text);
}

static bool state(const char *path, const char *what)
{
	CHECK_GE(t_slurp(path, s_buf, sizeof s_buf), 1);
	return !strncmp(s_buf, what, strlen(what));
}

static void freeze(int pid)
{
	put(V1 "/v/cgroup.procs", pid);
	s_set(V1 "/v/freezer.state", "FROZEN");
	UNTIL(state(V1 "/v/freezer.state", "FROZEN"));
}

// Does the victim die by itself, that is, while its group is to be frozen? What hides is let out, so that the scene can end.
static void dies(int pid)
{
	int status = 0;
	long got = 0;

	for (int ms = 1; ms < 10000 && !got; ms *= 2) {
		got = sys(wait4, pid, &status, WNOHANG, 0);
		t_sleep_ms(got ? 0 : ms);
	}
	s_promise(got, "S5", "threads left in the fridge");
	if (!got) {
		t_spit(V1 "/v/freezer.state", "THAWED");
		t_wait(pid);
	}
	CHECK_EQ(got, pid);
	CHECK_EQ(W_SIG(status), SIGKILL);
}

SCENE(16, v1_frozen_group, "S5 L1 L4 L8")
{
	struct hog h;

	v1_stage();
	s_hog(&h, 4, 0);
	freeze(h.pid);
	s_run_out(&h);
	dies(h.pid);
	CHECK(state(V1 "/v/freezer.state", "FROZEN"));
	v1_end();
	s_quiet();
	s_suspend_ok();
}

static int share(void *arg)
{
	*(_Atomic int *)arg = 1;
	return thread_pause(NULL);
}

// The sharer is killed, but nobody lets it out: the victim's memory comes back all the same.
SCENE(17, v1_hidden_sharer, "L1 L4")
{
	struct hog h;

	v1_stage();
	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		char *stack = t_map(STACK_SIZE);

		s_adj("1000");
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		h.ready[1] = (int)t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, share, (void *)h.ready);
		t_spit("/proc/self/oom_score_adj", "1000");
		thread_pause(NULL);
	}
	UNTIL(h.ready[0] && h.ready[1]);
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int sharer = h.ready[1];

	freeze(sharer);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_quiet();
	v1_end();
	CHECK_EQ(t_wait(sharer), SIGNALLED(SIGKILL));
	s_suspend_ok();
}

SCENE(18, v2_frozen_victim, "L1 L8")
{
	struct hog h;

	s_stage();
	CHECK_EQ(sys(mkdir, V2, 0755), 0);
	s_hog(&h, 2, 0);
	put(V2 "/cgroup.procs", h.pid);
	s_set(V2 "/cgroup.freeze", "1");
	UNTIL(t_field(V2 "/cgroup.events", "frozen") == 1);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, V2), 0);
	s_quiet();
	s_suspend_ok();
}

// Suspend freezes those who are frozen already, once more, and leaves them as they were.
TEST(v2_frozen_through_suspend)
{
	struct hog h;

	s_stage();
	CHECK_EQ(sys(mkdir, V2, 0755), 0);
	s_hog(&h, 2, 0);
	put(V2 "/cgroup.procs", h.pid);
	s_set(V2 "/cgroup.freeze", "1");
	UNTIL(t_field(V2 "/cgroup.events", "frozen") == 1);
	s_suspend_ok();
	CHECK_EQ(t_field(V2 "/cgroup.events", "frozen"), 1);
	s_set(V2 "/cgroup.freeze", "0");
	CHECK_EQ(t_field(V2 "/cgroup.events", "frozen"), 0);
	sys(kill, h.pid, SIGKILL);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, V2), 0);
}

// A spinning thread in a group of version 2 that is to be frozen; held up when its state says asleep, and it has not slept yet.
static void trap(struct hog *h)
{
	char stop[32];

	CHECK_EQ(sys(mkdir, V2, 0755), 0);
	s_hog(h, 1, SPINNING);
	put(V2 "/cgroup.procs", h->pid);
	t_snprintf(stop, sizeof stop, "trapped %d %ld\n", h->pid, s_spin_ms());
	s_set(PAUSE, stop);
	s_set(V2 "/cgroup.freeze", "1");
	UNTIL(t_field(PAUSE, "trapped") == h->pid);
}

static void kill_trapped(struct hog *h)
{
	sys(kill, h->pid, SIGKILL);
	CHECK_EQ(t_wait(h->pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, V2), 0);
	s_quiet();
}

TEST(v2_thawed_before_it_sleeps)
{
	struct hog h;

	s_stage();
	trap(&h);
	s_set(V2 "/cgroup.freeze", "0");
	s_set(PAUSE, "\n");
	UNTIL(t_state(h.pid) == 'R');
	t_sleep_ms(20);
	CHECK_EQ(t_state(h.pid), 'R');
	s_set(V2 "/cgroup.freeze", "1"); // and nobody is counted twice
	UNTIL(t_field(V2 "/cgroup.events", "frozen") == 1);
	kill_trapped(&h);
}

TEST(v2_killed_before_it_sleeps)
{
	struct hog h;

	s_stage();
	trap(&h);
	sys(kill, h.pid, SIGKILL);
	s_set(PAUSE, "\n");
	kill_trapped(&h);
}

// It is counted where it is.
TEST(v2_moved_before_it_sleeps)
{
	struct hog h;

	s_stage();
	CHECK_EQ(sys(mkdir, V2 "2", 0755), 0);
	s_set(V2 "2/cgroup.freeze", "1");
	trap(&h);
	put(V2 "2/cgroup.procs", h.pid);
	s_set(PAUSE, "\n");
	UNTIL(t_field(V2 "2/cgroup.events", "frozen") == 1);
	CHECK_EQ(t_field(V2 "/cgroup.events", "frozen"), 1);
	put("/sys/fs/cgroup/cgroup.procs", h.pid);
	UNTIL(t_state(h.pid) == 'R');
	CHECK_EQ(t_field(V2 "2/cgroup.events", "frozen"), 1);
	CHECK_EQ(sys(rmdir, V2 "2"), 0);
	kill_trapped(&h);
}

// Both freezers want it; the one of version 2 lets it go.
TEST(v1_freezes_who_is_about_to_sleep)
{
	struct hog h;

	v1_stage();
	trap(&h);
	put(V1 "/v/cgroup.procs", h.pid);
	s_set(V1 "/v/freezer.state", "FROZEN");
	s_set(PAUSE, "\n");
	UNTIL(t_field(V2 "/cgroup.events", "frozen") == 1);
	t_sleep_ms(20); // and sleeps
	s_set(V2 "/cgroup.freeze", "0");
	UNTIL(t_state(h.pid) == 'D'); // nobody reads freezer.state, which would ask again
	UNTIL(state(V1 "/v/freezer.state", "FROZEN"));
	s_set(V1 "/v/freezer.state", "THAWED");
	UNTIL(t_state(h.pid) == 'R');
	s_suspend_ok();
	kill_trapped(&h);
	v1_end();
}

// The end of suspend does not let the group out, the killer does.
SCENE(19, v1_plus_pm, "S5 L7 L8")
{
	struct hog h;

	v1_stage();
	s_hog(&h, 2, 0);
	freeze(h.pid);
	s_suspend_ok();
	CHECK(state(V1 "/v/freezer.state", "FROZEN"));
	s_run_out(&h);
	dies(h.pid);
	v1_end();
	s_quiet();
}

// A thread is between its look and its sleep when the mark lands.
static void race(const char *stops)
{
	struct hog h;

	v1_stage();
	s_hog(&h, 2, SPINNING);
	s_set(PAUSE, stops);
	put(V1 "/v/cgroup.procs", h.pid);
	s_set(V1 "/v/freezer.state", "FROZEN");
	s_run_out(&h);
	dies(h.pid);
	s_set(PAUSE, "\n");
	v1_end();
	s_quiet();
	s_suspend_ok();
}

SCENE(20, v1_mark_before_the_look, "S5 S6 L8")
{
	race("refrigerator 0 5000\noom_killed 0 0\n");
}

SCENE(20, v1_mark_before_the_sleep, "S5 S6 L8")
{
	char stops[64];

	t_snprintf(stops, sizeof stops, "frozen 0 %ld\noom_killed 0 0\n", s_spin_ms());
	race(stops);
}

// The group is thawed and frozen again and again while its victim is killed.
SCENE(21, v1_thaw_during_kill, "S5 L1 L8")
{
	struct hog h;

	v1_stage();
	s_hog(&h, 8, 0);
	freeze(h.pid);
	int admin = t_fork();

	if (admin == 0)
		for (int i = 0;; i++)
			t_spit(V1 "/v/freezer.state", i % 2 ? "FROZEN" : "THAWED");
	s_run_out(&h);
	dies(h.pid);
	sys(kill, admin, SIGKILL);
	CHECK_EQ(t_wait(admin), SIGNALLED(SIGKILL));
	v1_end();
	s_quiet();
	s_suspend_ok();
}

// Who is marked is not caught again.
SCENE(22, v1_victim_moved_into_frozen, "S5 L1 L8")
{
	struct hog h;
	char line[64];

	v1_stage();
	s_set(V1 "/v/freezer.state", "FROZEN");
	s_hog(&h, 2, 0);
	t_snprintf(line, sizeof line, "X4 %d 20000\n", h.pid); // on its way out, with its memory
	s_set(PAUSE, line);
	int eater = t_fork();

	if (eater == 0) {
		s_run_out(&h);
		t_exit(0);
	}
	UNTIL(t_field(PAUSE, "X4") == h.pid);
	put(V1 "/v/cgroup.procs", h.pid);
	s_set(PAUSE, "\n");
	dies(h.pid);
	CHECK_EQ(t_wait(eater), 0);
	v1_end();
	s_quiet();
	s_suspend_ok();
}

SCENE(23, v1_stopped_and_frozen, "S5 L8")
{
	struct hog h;

	v1_stage();
	s_hog(&h, 2, 0);
	sys(kill, h.pid, SIGSTOP);
	UNTIL(t_state(h.pid) == 'T');
	freeze(h.pid);
	s_run_out(&h);
	dies(h.pid);
	v1_end();
	s_quiet();
}

// The group is to freeze when a thread's state says stopped, and it has not slept yet.
SCENE(23, v1_stops_meanwhile, "S5 L8")
{
	struct hog h;
	char stop[32];

	v1_stage();
	s_hog(&h, 2, 0);
	put(V1 "/v/cgroup.procs", h.pid);
	t_snprintf(stop, sizeof stop, "stopped 0 %ld\n", s_spin_ms());
	s_set(PAUSE, stop);
	sys(kill, h.pid, SIGSTOP);
	UNTIL(t_field(PAUSE, "stopped") >= h.pid);
	s_set(V1 "/v/freezer.state", "FROZEN");
	s_set(PAUSE, "\n");
	UNTIL(state(V1 "/v/freezer.state", "FROZEN"));
	s_run_out(&h);
	dies(h.pid);
	v1_end();
	s_quiet();
}

static bool empty(const char *procs)
{
	return !t_slurp(procs, s_buf, sizeof s_buf);
}

// Number 1 of a namespace is to freeze with its group, and leaves it first. Then it waits for a member, in a sleep that suspend may
// freeze, and must thaw: its group is no more.
TEST(v1_number_1_leaves_a_freezing_group)
{
	_Atomic int *go = t_map_shared(PAGE);
	char stop[32];

	v1_stage();
	CHECK_EQ(sys(mkdir, V1 "/w", 0755), 0);
	int pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		UNTIL(*go == 1);
		if (t_fork() != 0)
			*go = 2;
		thread_pause(NULL);
	}
	put(V1 "/w/cgroup.procs", pid);
	*go = 1;
	UNTIL(*go == 2);
	put(V1 "/v/cgroup.procs", pid);
	s_set(V1 "/w/freezer.state", "FROZEN");
	UNTIL(state(V1 "/w/freezer.state", "FROZEN"));
	t_snprintf(stop, sizeof stop, "X12 %d 20000\n", pid);
	s_set(PAUSE, stop);
	sys(kill, pid, SIGKILL);
	UNTIL(t_field(PAUSE, "X12") == pid);
	s_set(V1 "/v/freezer.state", "FROZEN");
	s_set(PAUSE, "\n");
	UNTIL(empty(V1 "/v/cgroup.procs"));
	t_sleep_ms(20); // and waits
	CHECK_EQ(sys(rmdir, V1 "/v"), 0);
	s_suspend_ok();
	s_set(V1 "/w/freezer.state", "THAWED");
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, V1 "/w"), 0);
	CHECK_EQ(sys(umount2, V1, 0), 0);
	CHECK_EQ(sys(rmdir, V1), 0);
	s_quiet();
}

HELPER(seven)
{
	return 7;
}

// A process of two threads: the one is frozen, the other executes, and waits for its end.
static void s_exec_hog(struct hog *h)
{
	if (s_fork_eaten(h)) {
		struct thread t;

		thread_start(&t, thread_pause, NULL);
		h->ready[0] = t.id;
		UNTIL(h->ready[1]);
		t_exit((int)t_exec("seven", NULL, NULL));
	}
	UNTIL(h->ready[0]);
	put(V1 "/v/tasks", h->ready[0]);
	s_set(V1 "/v/freezer.state", "FROZEN");
	UNTIL(state(V1 "/v/freezer.state", "FROZEN"));
	h->ready[1] = 1;
	UNTIL(t_task_state(h->pid, h->pid) == 'D');
}

SCENE(30, v1_exec_waits_for_a_frozen_thread, "S11 L7")
{
	struct hog h;

	v1_stage();
	s_exec_hog(&h);
	s_set("/sys/power/pm_freeze_timeout", "200");
	CHECK_EQ(s_suspend(), -EBUSY); // who waits for a thread does not freeze
	CHECK(state(V1 "/v/freezer.state", "FROZEN"));
	CHECK_EQ(t_task_state(h.pid, h.pid), 'D');
	s_set(V1 "/v/freezer.state", "THAWED");
	CHECK_EQ(t_wait(h.pid), 7);
	v1_end();
	s_quiet();
}

SCENE(30, v1_exec_waits_and_is_killed, "S5 L1 L8")
{
	struct hog h;

	v1_stage();
	s_exec_hog(&h);
	s_eat("now", s_too_much(&h), "");
	dies(h.pid);
	v1_end();
	s_quiet();
	s_suspend_ok();
}

// ---- limits of memory ----

static _Atomic int *eaten; // how many inside have touched all they wanted

static void memory_stage(const char *max)
{
	s_stage();
	eaten = t_map_shared(PAGE);
	s_set("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	CHECK_EQ(sys(mkdir, V2, 0755), 0);
	s_set(V2 "/memory.max", max);
}

static void memory_end(void)
{
	UNTIL(sys(rmdir, V2) == 0);
	s_set("/sys/fs/cgroup/cgroup.subtree_control", "-memory");
	s_quiet();
	s_suspend_ok();
}

static int eat_inside_as(const char *adj, long kib)
{
	int pid = t_fork();

	if (pid == 0) {
		s_adj(adj);
		put(V2 "/cgroup.procs", 0);
		s_touch(t_map((size_t)kib * 1024), kib);
		++*eaten;
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	return pid;
}

static int eat_inside(long kib)
{
	return eat_inside_as("0", kib);
}

SCENE(46, memcg_local, "L1 S13")
{
	struct hog h;

	memory_stage("4M");
	s_hog(&h, 1, 0); // outside, and better in every other way
	long kills = s_kills();

	CHECK_EQ(t_wait(eat_inside(8192)), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	CHECK(t_state(h.pid) != 'Z');
	CHECK_EQ(t_field(V2 "/memory.events", "oom_kill"), 1);
	sys(kill, h.pid, SIGKILL);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	memory_end();
}

// The suspender is in a group that is full when the killer is disabled. Another member could be killed for it, and is, but later.
SCENE(41, memcg_charge_while_disabled, "S7 L6")
{
	memory_stage("4M");
	int pid = eat_inside(2048);

	UNTIL(t_slurp(V2 "/memory.current", s_buf, sizeof s_buf) > 0 && t_number(s_buf) >= 2048 * 1024);
	put(V2 "/cgroup.procs", 0);
	long kills = s_kills();

	s_eat("freeze_kthreads", 3072, "charged");
	s_suspend_ok();
	CHECK(!s_ate());
	CHECK_GE(t_field(V2 "/memory.events", "oom"), 1);
	CHECK_EQ(s_kills(), kills);
	CHECK_EQ(sys(wait4, pid, 0, WNOHANG, 0), 0);
	s_eat("self", 3072, "charged");
	CHECK(s_ate());
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 1);
	put("/sys/fs/cgroup/cgroup.procs", 0);
	memory_end();
}

// Two of three die, each a victim of its own.
SCENE(47, memcg_killed_as_a_whole, "S9 L1 S13")
{
	_Atomic int *ready = t_map_shared(PAGE);

	memory_stage("8M");
	s_set(V2 "/memory.oom.group", "1");
	int safe = t_fork();

	if (safe == 0) {
		put(V2 "/cgroup.procs", 0);
		*ready = 1;
		thread_pause(NULL);
	}
	UNTIL(*ready);
	int small = eat_inside(1024);

	UNTIL(*eaten == 1);
	int big = eat_inside(16384);

	CHECK_EQ(t_wait(big), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(small), SIGNALLED(SIGKILL));
	CHECK_EQ(t_field(V2 "/memory.events", "oom_kill"), 2);
	CHECK_EQ(t_field(V2 "/memory.events", "oom_group_kill"), 1);
	CHECK(t_state(safe) != 'Z');
	sys(kill, safe, SIGKILL);
	CHECK_EQ(t_wait(safe), SIGNALLED(SIGKILL));
	memory_end();
}

// The machine is not full, so it does not panic.
SCENE(48, memcg_does_not_panic, "L1 L6")
{
	memory_stage("4M");
	s_set("/proc/sys/vm/panic_on_oom", "1");
	CHECK_EQ(t_wait(eat_inside(8192)), SIGNALLED(SIGKILL));
	s_set("/proc/sys/vm/panic_on_oom", "0");
	memory_end();
}

// A group that is in the refrigerator gets a limit that it exceeds.
TEST(memcg_limit_below_a_frozen_group)
{
	v1_stage();
	memory_stage("max");
	int pid = eat_inside(8192);

	UNTIL(*eaten);
	freeze(pid);
	s_set(V2 "/memory.max", "4M");
	dies(pid);
	v1_end();
	memory_end();
}

// ---- one victim until its memory is really free ----

enum { SHARED_MAP, LOCKED, UNLINKED, NR_KINDS };

// Memory that the reaper cannot give back: it comes back late on the way out, the file's last of all.
static void hold(int kind, long kib)
{
	static char block[64 * 1024];
	char *p;
	long fd;

	if (kind != UNLINKED) {
		p = kind == LOCKED ? t_map((size_t)kib * 1024) : t_map_shared((size_t)kib * 1024);
		s_touch(p, kib);
		CHECK_EQ(kind == LOCKED ? sys(mlock, p, kib * 1024) : 0, 0);
		return;
	}
	fd = sys(open, "/tmp/unlinked", O_CREAT | O_EXCL | O_RDWR, 0600);
	CHECK_EQ(sys(unlink, "/tmp/unlinked"), 0);
	for (; kib > 0; kib -= 64)
		CHECK_EQ(sys(write, fd, block, sizeof block), sizeof block);
}

static int holder(struct hog *h, int kind, bool inside)
{
	int pid = t_fork();
	struct thread t;

	CHECK_GE(pid, 0);
	if (pid)
		return pid;
	s_adj("1000");
	if (inside)
		put(V2 "/cgroup.procs", 0);
	hold(kind, h->kib);
	for (int i = 1; i < h->threads; i++)
		thread_start(&t, s_hold, h);
	s_hold(h);
	return 0;
}

// Others are there to be killed, too, and whoever asks for memory may look for them as long as it is not back. They live on.
static void one_victim(int kind, bool inside, bool frozen)
{
	struct hog h = {.before = s_free(), .ready = t_map_shared(PAGE), .threads = 8};
	int bystander[3], eater = 0;
	long kills = s_kills();

	*eaten = 0;
	for (int i = 0; i < 3; i++)
		bystander[i] = eat_inside(256);
	UNTIL(*eaten == 3);
	h.kib = inside ? 8192 : h.before * 4 / 10 & ~63; // no more than a tmpfs takes
	h.pid = holder(&h, kind, inside);
	UNTIL(*h.ready == h.threads);
	if (frozen)
		freeze(h.pid);
	if (inside) {
		eater = eat_inside_as("-1000", 10240);
		UNTIL(*eaten == 4);
		sys(kill, eater, SIGKILL);
		CHECK_EQ(t_wait(eater), SIGNALLED(SIGKILL));
	} else {
		s_run_out(&h);
	}
	dies(h.pid);
	KEEPS("L4", "another one is killed before the memory is back", s_kills() == kills + 1);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(wait4, bystander[i], 0, WNOHANG, 0), 0);
		sys(kill, bystander[i], SIGKILL);
		CHECK_EQ(t_wait(bystander[i]), SIGNALLED(SIGKILL));
	}
	if (frozen)
		s_set(V1 "/v/freezer.state", "THAWED");
	sys(munmap, (void *)h.ready, PAGE);
}

static void one_victim_of_each_kind(bool inside)
{
	v1_stage();
	memory_stage("16M");
	for (int kind = 0; kind < NR_KINDS; kind++)
		for (int frozen = 0; frozen < 2; frozen++)
			one_victim(kind, inside, frozen);
	v1_end();
	memory_end();
}

TEST(one_victim_of_the_machine)
{
	one_victim_of_each_kind(false);
}

TEST(one_victim_of_a_limit)
{
	one_victim_of_each_kind(true);
}

HELPER(released)
{
	int me = t_getpid();

	s_program_begins();
	long fd = sys(open, "/tmp/released", O_WRONLY | O_APPEND);

	return sys(write, fd, &me, sizeof me) != sizeof me;
}

// A group becomes empty while the machine goes to sleep: its agent is a task like any other, and runs afterwards.
TEST(a_release_agent_and_suspend)
{
	enum { TIMES = 20 };
	int agent = 0, began[TIMES + 1]; // and the end of a text
	char text[64];
	long fd;

	s_stage();
	CHECK_EQ(sys(mkdir, "/tmp/v1", 0700), 0);
	CHECK_EQ(sys(mount, "none", "/tmp/v1", "cgroup", 0, "freezer"), 0);
	CHECK_EQ(sys(mkdir, "/tmp/v1/g", 0755), 0);
	CHECK_EQ(sys(close, sys(open, "/tmp/released", O_CREAT | O_WRONLY, 0600)), 0);
	fd = sys(open, "/tmp/agent", O_CREAT | O_WRONLY, 0700);
	t_snprintf(text, sizeof text, "#!%s @released\n", t_self);
	CHECK_EQ(sys(write, fd, text, strlen(text)), strlen(text));
	CHECK_EQ(sys(close, fd), 0);
	s_set("/tmp/v1/release_agent", "/tmp/agent");
	s_set("/tmp/v1/g/notify_on_release", "1");
	for (int i = 0; i < TIMES; i++) {
		bool becomes = i % 3 == 2; // a kernel thread until the second pass begins

		if (becomes)
			s_set(PAUSE, "release_agent 0 60000\nfreeze_kthreads 0 0\n");
		int pid = t_fork();

		if (!pid) {
			s_set("/tmp/v1/g/tasks", "0");
			t_exit(0);
		}
		if (i % 2)
			CHECK_EQ(t_wait(pid), 0);
		if (becomes)
			UNTIL((agent = (int)t_field(PAUSE, "release_agent")) > 0);
		s_set(TRACE, "0");
		s_suspend_ok();
		if (!(i % 2))
			CHECK_EQ(t_wait(pid), 0);
		UNTIL(t_slurp("/tmp/released", (char *)began, sizeof began) == (i + 1) * (long)sizeof *began);
		UNTIL(sys(kill, began[i], 0) == -ESRCH); // what it had is free again
		if (!becomes)
			continue;
		char *trace = s_trace(), *frozen;

		t_snprintf(text, sizeof text, " frozen: pid=%d ", agent);
		frozen = strstr(trace, text);
		CHECK(frozen && frozen < strstr(trace, "freeze_kernel_threads[0] end")); // which waited for it
		CHECK(s_program_began_thawed());
	}
	s_set(PAUSE, "\n");
	CHECK_EQ(sys(unlink, "/tmp/released"), 0);
	CHECK_EQ(sys(unlink, "/tmp/agent"), 0);
	CHECK_EQ(sys(rmdir, "/tmp/v1/g"), 0);
	CHECK_EQ(sys(umount2, "/tmp/v1", 0), 0);
	CHECK_EQ(sys(rmdir, "/tmp/v1"), 0);
}
