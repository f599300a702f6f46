// SPDX-License-Identifier: GPL-2.0-only
//
// A container meets the freezer and the OOM killer: the victim is number 1 of a namespace of
// process numbers, and its end waits for everybody in it.
#include "s.h"

struct container {
	struct hog h; // its init
	int members;  // the reading end of a pipe whose other end the members hold
};

enum members { NO_MEMBERS, MEMBERS };

// An init of n threads that holds most of the memory, and two members, one of them a namespace further down.
static void start(struct container *c, int threads, int how, enum members members)
{
	struct hog *h = &c->h;
	int ends[2];

	memset(h, 0, sizeof *h);
	CHECK_EQ(sys(pipe2, ends, O_NONBLOCK), 0);
	h->before = s_free();
	h->kib = h->before * 6 / 10;
	h->threads = threads;
	h->how = how;
	h->ready = t_map_shared(PAGE);
	h->pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (h->pid == 0) {
		CHECK_EQ(t_getpid(), 1);
		if (members == MEMBERS && (t_fork() == 0 || sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) == 0))
			thread_pause(NULL);
		sys(close, ends[0]);
		sys(close, ends[1]);
		h->ready[1] = 1;
		UNTIL(h->ready[2]);
		h->pid = h->ready[2];
		s_be_hog(h);
	}
	CHECK_GE(h->pid, 1);
	sys(close, ends[1]);
	c->members = ends[0];
	UNTIL(h->ready[1]);
	t_snprintf(s_buf, sizeof s_buf, "/proc/%d/oom_score_adj", h->pid);
	s_set(s_buf, "1000");
	h->ready[2] = h->pid;
	UNTIL(*h->ready == threads - !!(how & LEADER_FIRST));
	CHECK_EQ(sys(read, c->members, s_buf, 1), members == MEMBERS ? -EAGAIN : 0);
}

// Its init is reaped, hence nobody is left of it.
static void over(struct container *c)
{
	CHECK_EQ(t_wait(c->h.pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(read, c->members, s_buf, 1), 0);
	sys(close, c->members);
	s_quiet();
}

// Killed while everybody is frozen: the members cannot die before they are thawed, so that their init does not
// come to its end. A design that counts it until then ends the suspend at its time limit; one that has it
// counted until its last IO lets the suspend go on, and the freezer waits for it like for any task that exits.
static void killed_frozen(struct container *c)
{
	s_eat("disable_oom", s_too_much(&c->h), "");
	long err = s_suspend();

	KEEPS("L4", "memory not freed", s_ate());
	KEEPS("L2", "fails otherwise than by the count", err == 0 || (err == -EBUSY && s_is(OOM, "last_disable", "timeout")));
	t_printf("# the suspend %s\n", err ? "ended at its time limit" : "went through");
	if (!err) {
		KEEPS("S5", "threads left in the fridge", t_field(OOM, "frozen_victims") == 0);
		KEEPS("S4", "runs uncounted under the barrier", t_field(OOM, "uncovered") == 0);
	}
	over(c);
}

SCENE(56, pidns_init_victim, "S1 S4 S5 L1 L2 L3 L4 L8")
{
	static const int threads[] = {1, 2, 8};
	struct container c;

	s_stage();
	for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++) {
		start(&c, threads[i], 0, MEMBERS);
		killed_frozen(&c);
		s_suspend_ok(); // and nothing of it holds up the next one
	}
}

TEST(without_its_leader)
{
	struct container c;

	s_stage();
	start(&c, 4, LEADER_FIRST, MEMBERS);
	killed_frozen(&c);
	s_suspend_ok();
}

// The machine's init is never chosen, a container's is like others, and the pages of all of it come back.
TEST(an_ordinary_victim)
{
	struct container c;
	long kills;

	s_stage();
	for (int i = 0; i < 4; i++) {
		kills = s_kills();
		start(&c, 1 + i, i == 3 ? LEADER_FIRST : 0, MEMBERS);
		s_run_out(&c.h);
		over(&c);
		CHECK_EQ(s_kills(), kills + 1);
	}
	s_suspend_ok();
}

// Init is small and dies for all: what its members hold comes back with it. They are no victims, and memory that ran out would
// be a reason to kill others while their pages are on their way; so that it is asked for by hand.
TEST(the_members_pages_come_back)
{
	long before, kib, kills;
	_Atomic int *ready;
	int pid;

	s_stage();
	kills = s_kills();
	before = s_free();
	kib = before * 6 / 10;
	ready = t_map_shared(PAGE);
	pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		if (t_fork() == 0) {
			CHECK_EQ(s_adj("0"), 0);
			s_touch(t_map((size_t)kib * 1024), kib);
			ready[0] = 1;
			thread_pause(NULL);
		}
		CHECK_EQ(s_adj("1000"), 0);
		ready[1] = 1;
		thread_pause(NULL);
	}
	UNTIL(ready[0] && ready[1]);
	CHECK_LE(s_free(), before - kib);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	UNTIL(s_free() > before - kib / 10);
	CHECK_EQ(s_kills(), kills + 1);
	s_quiet();
	s_suspend_ok();
}

TEST(killed_while_it_freezes)
{
	struct container c;

	s_stage();
	for (int i = 0; i < 4; i++) {
		start(&c, 1 + 3 * (i % 2), 0, MEMBERS);
		s_eat("freeze_users", s_too_much(&c.h), "concurrent");
		long err = s_suspend();

		CHECK(err == 0 || err == -EBUSY);
		s_digest();
		sys(kill, c.h.pid, SIGKILL);
		over(&c);
	}
	s_suspend_ok();
}

// A member that is forked into it from outside.
static int guest_of(struct container *c)
{
	long fd = sys(pidfd_open, c->h.pid, 0);
	int pid;

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
	sys(close, fd);
	pid = t_fork();
	if (pid == 0)
		thread_pause(NULL);
	CHECK_GE(pid, 1);
	return pid;
}

// Its parent is outside: init is not told of its end, waits for it otherwise, and freezes there too.
TEST(a_guest_is_frozen)
{
	struct container c;
	int guest;

	s_stage();
	start(&c, 2, 0, NO_MEMBERS);
	guest = guest_of(&c);
	s_eat("disable_oom", s_too_much(&c.h), "");
	s_suspend_ok();
	CHECK(s_ate());
	CHECK_EQ(t_wait(guest), SIGNALLED(SIGKILL));
	over(&c);
	s_suspend_ok();
}

TEST(a_guest_that_is_not_reaped)
{
	struct container c;
	int guest;

	s_stage();
	start(&c, 1, 0, NO_MEMBERS);
	guest = guest_of(&c);
	sys(kill, c.h.pid, SIGKILL);
	UNTIL(t_state(guest) == 'Z');
	s_suspend_ok(); // init has nothing else to wait for
	CHECK_EQ(sys(wait4, c.h.pid, 0, WNOHANG, 0), 0);
	CHECK_EQ(t_wait(guest), SIGNALLED(SIGKILL));
	over(&c);
}

// Its end is on its way, and waits for a member that is frozen by a suspend: that goes through all the same.
TEST(suspended_in_the_middle_of_its_end)
{
	struct container c;

	s_stage();
	start(&c, 2, 0, MEMBERS);
	sys(kill, c.h.pid, SIGKILL);
	long err = s_suspend();

	CHECK_EQ(err, 0);
	over(&c);
	s_suspend_ok();
}
