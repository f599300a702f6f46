// SPDX-License-Identifier: GPL-2.0-only
//
// A step of exit or exec is held up, by the door /sys/kernel/debug/pause, while its group becomes a victim.
#include "s.h"

// A group of two that holds most of the memory. Each thread has a table of files of its own: only the one that owns the dirty disk
// closes it, so that the other may be gone long before the disk is written.
struct pair {
	struct hog h;
	int worker;
};

enum { WORKERS_DISK, LEADERS_DISK };

static int owner(void *arg)
{
	_Atomic int *ready = arg;

	s_dirty_disk(8, 'w');
	*ready = (int)sys(gettid);
	return thread_pause(NULL);
}

static int companion(void *arg)
{
	_Atomic int *ready = arg;

	*ready = (int)sys(gettid);
	return thread_pause(NULL);
}

static void start_pair(struct pair *p, int whose)
{
	struct hog *h = &p->h;

	h->before = s_free();
	h->kib = h->before * 6 / 10;
	h->ready = t_map_shared(PAGE);
	h->pid = t_fork();
	if (h->pid == 0) {
		unsigned long flags = THREAD_FLAGS & ~(CLONE_FILES | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID);
		char *stack = t_map(STACK_SIZE);

		s_adj("1000");
		s_touch(t_map((size_t)h->kib * 1024), h->kib);
		t_clone(flags, stack + STACK_SIZE, 0, 0, 0, whose == WORKERS_DISK ? owner : companion, (void *)h->ready);
		UNTIL(*h->ready);
		if (whose == LEADERS_DISK)
			s_dirty_disk(8, 'w');
		h->ready[1] = 1;
		thread_pause(NULL);
	}
	UNTIL(h->ready[1]);
	p->worker = *h->ready;
	UNTIL(t_state(h->pid) == 'S' && t_task_state(h->pid, p->worker) == 'S');
}

// The pair is frozen by a suspend, killed in it, and has written its disk when the barrier is there.
static void killed_in_suspend(struct pair *p)
{
	s_eat("disable_oom", s_too_much(&p->h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(p->h.pid), SIGNALLED(SIGKILL));
	s_set(PAUSE, "\n");
	CHECK(s_on_disk(8, 'w'));
}

SCENE(11, last_closer_unmarked, "S1 S4 S5")
{
	// The leader is marked. The worker has the disk to write, and is slow: until the barrier stands, but half a second at most.
	struct pair p;
	char text[64];

	s_stage();
	start_pair(&p, WORKERS_DISK);
	t_snprintf(text, sizeof text, "X5d %d 500\nfreeze_kthreads 0 0\n", p.worker);
	s_set(PAUSE, text);
	killed_in_suspend(&p);
}

SCENE(12, group_dead_first, "S1 S4")
{
	// The worker is the last to begin its exit (X3), and is through; the leader, which began before it, still has the disk to write.
	struct pair p;
	char text[96];

	s_stage();
	start_pair(&p, LEADERS_DISK);
	t_snprintf(text, sizeof text, "X2 %d 500\nX5d %d 500\nfreeze_kthreads 0 0\n", p.worker, p.h.pid);
	s_set(PAUSE, text);
	killed_in_suspend(&p);
}

SCENE(45, hibernate_clobber, "S1 S24")
{
	// LINUX: there is no image here; what must not change is the disk, from the moment at which it would be taken. The worker writes
	// it in X12, and is slow: until the devices are about to come back, but half a second at most.
	struct pair p;
	char text[64], *end;
	bool quiet = true;

	s_stage();
	start_pair(&p, WORKERS_DISK);
	t_snprintf(text, sizeof text, "X10 %d 500\nresume 0 0\n", p.worker);
	s_set(PAUSE, text);
	s_eat("disable_oom", s_too_much(&p.h), "");
	long err = s_suspend();

	for (char *at = s_trace(); (at = strstr(at, "suspend_devices[0] begin")); at = end) {
		end = strstr(at, "oom_enable:");
		for (char *io = at; end && io && (io = strstr(io + 1, "block_rq_issue:")) && io < end;)
			quiet = false;
		if (!end)
			break;
	}
	KEEPS("S24", "the disk changes after the snapshot", quiet);
	KEEPS("L3", "suspend failed", err == 0);
	KEEPS("S5", "threads left in the fridge", t_field(OOM, "frozen_victims") == 0);
	CHECK_EQ(t_wait(p.h.pid), SIGNALLED(SIGKILL));
	s_set(PAUSE, "\n");
	CHECK(s_on_disk(8, 'w'));
	s_quiet();
	s_suspend_ok();
}

SCENE(55, reaper_remote_drop, "S1 S4 S9")
{
	// The reaper has the victim's memory long before the victim is done: it stays before its mm, with a disk to write, until the
	// barrier stands, but a second and a half at most.
	struct pair p;
	char text[64];

	s_stage();
	start_pair(&p, LEADERS_DISK);
	t_snprintf(text, sizeof text, "X4 %d 1500\nfreeze_kthreads 0 0\n", p.h.pid);
	s_set(PAUSE, text);
	killed_in_suspend(&p);
}

// ---- exec ----

HELPER(be_hog)
{
	long kib = t_number(t_argv[2]);

	s_touch(t_map((size_t)kib * 1024), kib);
	return thread_pause(NULL);
}

static int exec_hog(void *arg)
{
	char kib[32];

	t_snprintf(kib, sizeof kib, "%ld", ((struct hog *)arg)->kib);
	t_exec("be_hog", kib, NULL);
	return 1;
}

SCENE(29, exec_nonleader_then_kill, "L1 S9")
{
	struct hog h;
	char status[64];

	s_stage();
	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		thread_start(&t, exec_hog, &h);
		thread_pause(NULL);
	}
	t_snprintf(status, sizeof status, "/proc/%d/status", h.pid);
	UNTIL(t_field(status, "VmRSS") >= h.kib && t_state(h.pid) == 'S');
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_quiet();
	s_suspend_ok();
}

HELPER(exit_7)
{
	return 7;
}

static int exec_when_told(void *arg)
{
	_Atomic int *ready = arg;

	*ready = (int)sys(gettid);
	UNTIL(*ready == 0);
	t_exec("exit_7", NULL, NULL);
	return 1;
}

// A group of three: the leader and a sibling compute, the third is told to execute a program and is held up before it ends the others,
// until the leader goes into the refrigerator. Its thread id.
static int start_exec(struct hog *h, const char *then)
{
	char text[96];

	if (s_fork_eaten(h)) {
		struct thread t;

		thread_start(&t, thread_spin, NULL);
		thread_start(&t, exec_when_told, (void *)h->ready);
		thread_spin(NULL);
	}
	UNTIL(*h->ready);
	int worker = *h->ready;

	t_snprintf(text, sizeof text, "exec %d 5000\nrefrigerator %d 0\n%s", worker, h->pid, then);
	s_set(PAUSE, text);
	*h->ready = 0;
	UNTIL(t_field(PAUSE, "exec") == worker);
	return worker;
}

SCENE(30, exec_blocked_by_frozen_sibling, "S11 L7")
{
	// Nobody is short of memory: it waits for threads that are frozen, in a sleep that does not freeze.
	struct hog h;

	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "300");
	start_exec(&h, "");
	KEEPS("S15", "a thread that does not freeze is overlooked", s_suspend() == -EBUSY);
	KEEPS("S11", "something is left of the failed freeze", t_field(OOM, "disabled") == 0);
	KEEPS("L7", "the exec does not go on", t_wait(h.pid) == 7);
	s_set(PAUSE, "\n");
	s_be_patient();
	s_suspend_ok();
}

SCENE(30, exec_blocked_by_frozen_sibling_and_killed, "S5 L8")
{
	struct hog h;

	s_stage();
	start_exec(&h, "out_of_memory 0 100\n");
	s_eat("freeze_users", s_too_much(&h), "concurrent");
	s_suspend_ok();
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_set(PAUSE, "\n");
}

// The mark lands on a process that is held up in exec at `point`.
static void killed_in_exec(const char *point)
{
	char text[64];

	s_stage();
	int pid = t_fork();

	if (pid == 0) {
		s_adj("1000");
		t_snprintf(text, sizeof text, "%s %d 60000\n", point, t_getpid());
		s_set(PAUSE, text);
		t_exec("exit_7", NULL, NULL);
		t_exit(1);
	}
	UNTIL(t_field(PAUSE, point) == pid && t_state(pid) == 'D');
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	s_set(PAUSE, "\n");
	KEEPS("L8", "the victim lives on", t_wait(pid) == SIGNALLED(SIGKILL));
	s_quiet();
	s_suspend_ok();
}

SCENE(31, kill_during_exec_mmap, "S12 L1 L8")
{
	killed_in_exec("exec_mm");
}

SCENE(31, kill_during_exec_mmap_after_the_switch, "S12 L1 L8")
{
	killed_in_exec("exec_done");
}

// ---- others who use the victim's memory ----

static int child_of_vfork(void *arg)
{
	_Atomic int *ready = arg;

	s_adj("1000");
	*ready = t_getpid();
	return thread_pause(NULL);
}

SCENE(32, vfork_parent, "L4 L8")
{
	// The child looks worse, but the memory is its parent's: the parent is chosen, wakes, and both go.
	struct hog h;
	char line[64];

	s_stage();
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	h.before = s_free();
	h.kib = h.before * 6 / 10;
	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		char *stack = t_map(STACK_SIZE);

		s_adj("500");
		s_touch(t_map((size_t)h.kib * 1024), h.kib);
		t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, child_of_vfork, (void *)h.ready);
		t_exit(1);
	}
	UNTIL(*h.ready);
	int child = *h.ready;

	s_run_out(&h);
	KEEPS("L8", "the parent does not wake", t_wait(h.pid) == SIGNALLED(SIGKILL));
	KEEPS("L8", "the child lives on", t_wait(child) == SIGNALLED(SIGKILL));
	t_snprintf(line, sizeof line, "oom_kill: tgid=%d ", h.pid);
	CHECK(strstr(s_trace(), line) != NULL);
	t_snprintf(line, sizeof line, "oom_kill: tgid=%d ", child);
	CHECK(strstr(s_trace(), line) == NULL);
	s_quiet();
	s_suspend_ok();
}

SCENE(36, mm_pinned_by_reader, "L4 L9")
{
	// Somebody reads its command line, and is slow: that holds up neither its memory nor its end.
	struct hog h;
	char path[64], text[64];

	s_stage();
	s_hog(&h, 2, 0);
	t_snprintf(path, sizeof path, "/proc/%d/cmdline", h.pid);
	int reader = t_fork();

	if (reader == 0) {
		t_snprintf(text, sizeof text, "proc_mm %d 10000\n", t_getpid());
		s_set(PAUSE, text);
		t_exit(t_slurp(path, s_buf, sizeof s_buf) < 0);
	}
	UNTIL(t_field(PAUSE, "proc_mm") == reader && t_state(reader) == 'D');
	s_run_out(&h);
	KEEPS("L4", "the memory stays until the reader is done", t_state(reader) == 'D');
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	KEEPS("L9", "still counted though nobody of it is left", t_field(OOM, "victims") == 0);
	s_set(PAUSE, "\n");
	CHECK_EQ(t_wait(reader), 0);
	s_quiet();
	s_suspend_ok();
}

// ---- a core dump, held up before a page of it ----

#define CORE_BIT 0x80

// A group of three that dumps core, and has come to the first stop.
static void start_dump(struct hog *h, const char *stops)
{
	struct rlimit64 all = {RLIM64_INFINITY, RLIM64_INFINITY};
	char path[64];

	s_stage();
	t_tmpdir();
	s_hog(h, 3, 0);
	CHECK_EQ(sys(prlimit64, h->pid, RLIMIT_CORE, &all, 0), 0);
	t_snprintf(path, sizeof path, "/proc/%d/status", h->pid);
	CHECK_EQ(t_field(path, "CoreDumping:"), 0);
	s_set(PAUSE, stops);
	CHECK_EQ(sys(kill, h->pid, SIGQUIT), 0);
	UNTIL(t_field(PAUSE, "core_page") > 0);
	CHECK_EQ(t_field(path, "CoreDumping:"), 1);
	CHECK_EQ(t_field(path, "Threads:"), 3);
}

// It ended like that, and its file is not a tenth of what it should have become.
static void ended_early(struct hog *h, int wanted)
{
	struct stat st;
	int status;

	CHECK_EQ(sys(wait4, h->pid, &status, 0, 0), h->pid);
	KEEPS("L8", "died of something else", status == wanted);
	s_set(PAUSE, "\n");
	CHECK_EQ(sys(stat, "core", &st), 0);
	CHECK_LE(st.st_size, h->kib * 1024 / 10);
	CHECK_EQ(sys(unlink, "core"), 0);
}

SCENE(33, coredump_victim, "L1 L4 L8")
{
	// It has SIGNAL_GROUP_EXIT, and yet its memory would not come back before the whole file is written.
	struct hog h;

	start_dump(&h, "core_page 0 60000\noom_killed 0 0\n");
	long kills = s_kills();

	s_run_out(&h);
	CHECK_EQ(s_kills(), kills + 1);
	ended_early(&h, SIGKILL);
	s_quiet();
	s_suspend_ok();
}

TEST(a_core_dump_is_killed)
{
	struct hog h;

	start_dump(&h, "core_page 0 60000\n");
	CHECK_EQ(sys(kill, h.pid, SIGTERM), 0); // is nothing to it
	CHECK_EQ(sys(kill, h.pid, SIGKILL), 0);
	s_set(PAUSE, "\n");
	ended_early(&h, SIGKILL);
	s_quiet();
}

// Starts a dump that goes on when the freezer is at work: somebody who computes has come to the refrigerator.
static int dump_into_a_freeze(struct hog *h)
{
	int other = t_fork();

	if (other == 0)
		thread_spin(NULL);
	start_dump(h, "core_page 0 60000\nrefrigerator 0 0\n");
	return other;
}

TEST(a_core_dump_is_frozen)
{
	struct hog h;
	int other = dump_into_a_freeze(&h);

	s_suspend_ok();
	ended_early(&h, SIGQUIT | CORE_BIT);
	sys(kill, other, SIGKILL);
	CHECK_EQ(t_wait(other), SIGNALLED(SIGKILL));
}

TEST(a_victim_froze_while_it_waited_for_a_core_dump)
{
	// The dump is over, its thread is gone, and the two others cannot hear of it before they are let out.
	struct hog h;
	int other = dump_into_a_freeze(&h);
	long kills = s_kills();

	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(s_kills(), kills); // it was dying anyway
	ended_early(&h, SIGQUIT | CORE_BIT);
	sys(kill, other, SIGKILL);
	CHECK_EQ(t_wait(other), SIGNALLED(SIGKILL));
}

// ---- a core dump that a program reads ----

#define PATTERN "/proc/sys/kernel/core_pattern"

// Started by the kernel: reads all, and tells in the directory it was given.
HELPER(reads)
{
	char text[16];
	long n;

	s_program_begins();
	CHECK_EQ(sys(chdir, t_argv[2]), 0);
	while ((n = sys(read, 0, s_buf, sizeof s_buf)) > 0)
		;
	t_snprintf(text, sizeof text, "%d", t_getpid());
	CHECK_EQ(t_spit("telling", text), 0);
	CHECK_EQ(sys(rename, "telling", "told"), 0);
	return (int)n;
}

static void to_a_program(void)
{
	char dir[64], pattern[128];

	s_stage();
	t_tmpdir();
	CHECK_GE(sys(getcwd, dir, sizeof dir), 1);
	t_snprintf(pattern, sizeof pattern, "|%s @reads %s", t_self, dir);
	s_set(PATTERN, pattern);
}

// Once, and it has ended.
static void it_has_read(void)
{
	char text[16];

	UNTIL(t_slurp("told", text, sizeof text) > 0);
	UNTIL(sys(kill, t_number(text), 0) == -ESRCH);
	CHECK_EQ(sys(unlink, "told"), 0);
}

static int status_of(int pid)
{
	int status;

	CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
	return status;
}

TEST(a_victim_waits_for_the_program_that_is_to_read_its_core)
{
	// Which is not one yet, and wants memory itself.
	struct hog h;

	to_a_program();
	s_hog(&h, 3, 0);
	s_set(PAUSE, "exec_mm 0 60000\n");
	CHECK_EQ(sys(kill, h.pid, SIGQUIT), 0);
	UNTIL(t_field(PAUSE, "exec_mm") > 0);
	long kills = s_kills();

	s_run_out(&h);
	CHECK_EQ(s_kills(), kills + 1);
	KEEPS("L8", "died of something else", status_of(h.pid) == SIGKILL);
	s_set(PAUSE, "\n");
	it_has_read();
	s_set(PATTERN, "core");
	s_quiet();
	s_suspend_ok();
}

// pid dies, and the process that should become the program, which is not there, is held on its way out.
static int die_for_no_program(const char *stops, int *pid)
{
	s_stage();
	s_set(PATTERN, "|/nobody");
	s_set(PAUSE, stops);
	*pid = t_fork();
	if (*pid == 0)
		sys(kill, t_getpid(), SIGQUIT);
	UNTIL(t_field(PAUSE, "X2") > 0);
	return (int)t_field(PAUSE, "X2");
}

TEST(a_victim_does_not_wait_for_who_could_not_read_its_core)
{
	int pid, helper = die_for_no_program("X2 0 60000\n", &pid);

	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(status_of(pid), SIGKILL);
	CHECK_EQ(sys(kill, helper, 0), 0);
	s_set(PAUSE, "\n");
	UNTIL(sys(kill, helper, 0) == -ESRCH);
	s_set(PATTERN, "core");
}

TEST(who_waits_for_who_could_not_read_its_core_freezes)
{
	// In the first pass; the other is waited for in the second.
	int pid, helper = die_for_no_program("X2 0 60000\nfreeze_kthreads 0 0\n", &pid);

	s_suspend_ok();
	CHECK_EQ(status_of(pid), SIGQUIT);
	CHECK_EQ(sys(kill, helper, 0), -ESRCH);
	CHECK(t_field(PAUSE, "freeze_kthreads") > 0);
	s_set(PAUSE, "\n");
	s_set(PATTERN, "core");
}

TEST(who_is_to_read_a_core_freezes)
{
	// The dump, and what is or becomes a program.
	int other, pid;

	to_a_program();
	other = t_fork();
	if (other == 0)
		thread_spin(NULL);
	for (int i = 0; i < 6; i++) {
		if (i % 2)
			s_set(PAUSE, "exec_mm 0 60000\nrefrigerator 0 0\n");
		pid = t_fork();
		if (pid == 0) {
			memset(t_map(64 * PAGE), 1, 64 * PAGE);
			sys(kill, t_getpid(), SIGQUIT);
		}
		if (i % 2)
			UNTIL(t_field(PAUSE, "exec_mm") > 0);
		s_set(TRACE, "0");
		s_suspend_ok();
		CHECK_EQ(status_of(pid) & ~CORE_BIT, SIGQUIT);
		it_has_read();
		if (i % 2)
			CHECK(s_program_began_thawed());
	}
	sys(kill, other, SIGKILL);
	CHECK_EQ(t_wait(other), SIGNALLED(SIGKILL));
	s_set(PAUSE, "\n");
	s_set(PATTERN, "core");
}
