// SPDX-License-Identifier: GPL-2.0-only
//
// Threads that sleep for a page which user mode is to bring: they freeze where they are, and they die.
#include "s.h"
#include "../abi/uffd.h"

struct sleeper {
	struct thread t;
	char *at;
	int pipe; // who reads through the kernel writes there; -1: by itself
	_Atomic int saw;
};

static int sleep_for_page(void *arg)
{
	struct sleeper *s = arg;

	if (s->pipe < 0)
		s->saw = *(volatile char *)s->at;
	else
		s->saw = (int)sys(write, s->pipe, s->at, 1);
	return 0;
}

static long open_uffd(void *at, unsigned long pages)
{
	long fd = sys(userfaultfd, 0);

	CHECK_GE(fd, 3);
	CHECK_EQ(shake(fd, 0), 0);
	CHECK_EQ(enroll(fd, at, pages, UFFDIO_REGISTER_MODE_MISSING), 0);
	return fd;
}

static void start_sleepers(struct sleeper *s, int n, char *at)
{
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	for (int i = 0; i < n; i++) {
		s[i] = (struct sleeper){.at = at + i * (long)PAGE, .pipe = i == 1 ? fds[1] : -1, .saw = -1};
		thread_start(&s[i].t, sleep_for_page, &s[i]);
	}
}

static int read_faults(void *arg)
{
	struct uffd_msg m;

	while (sys(read, *(long *)arg, &m, sizeof m) == sizeof m)
		;
	return 0;
}

TEST(a_fault_is_frozen)
{
	static struct sleeper s[4];
	static char from[PAGE];
	char *p;
	long fd;

	s_stage();
	p = t_map(4 * PAGE);
	fd = open_uffd(p, 4);
	start_sleepers(s, 4, p);
	for (int i = 0; i < 4; i++)
		UNTIL(t_task_state(t_getpid(), s[i].t.id) == (i == 1 ? 'D' : 'S')); // the second may hold the kernel's locks
	for (int i = 0; i < 3; i++)
		s_suspend_ok();
	memset(from, 7, PAGE);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(s[i].saw, -1);
		CHECK_EQ(copy(fd, p + i * (long)PAGE, from, PAGE, 0), 0);
		thread_join(&s[i].t);
		CHECK_EQ(s[i].saw, i == 1 ? 1 : 7);
	}
	s_suspend_ok();
}

static int unmap(void *at)
{
	return (int)sys(munmap, at, PAGE);
}

// Who has to tell of what it does waits for its reader, and freezes.
TEST(an_event_is_frozen)
{
	struct uffd_msg m;
	struct thread t;
	char *p;
	long fd;

	s_stage();
	p = t_map(2 * PAGE);
	fd = sys(userfaultfd, 0);
	CHECK_EQ(shake(fd, UFFD_FEATURE_EVENT_UNMAP), 0);
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	thread_start(&t, unmap, p);
	UNTIL(t_task_state(t_getpid(), t.id) == 'D');
	s_suspend_ok();
	s_suspend_ok();
	CHECK_EQ(t_task_state(t_getpid(), t.id), 'D');
	CHECK_EQ(sys(read, fd, &m, sizeof m), sizeof m);
	CHECK_EQ(m.event, UFFD_EVENT_UNMAP);
	thread_join(&t);
}

// The hog's threads all sleep in faults, and who reads of them is its own.
static void start_hog(struct hog *h, struct sleeper *s)
{
	h->before = s_free();
	h->kib = h->before * 6 / 10;
	h->ready = t_map_shared(PAGE);
	h->pid = t_fork();
	if (h->pid == 0) {
		static char from[PAGE];
		unsigned long pages = (unsigned long)h->kib / 4;
		char *p = t_map((pages + 8) * PAGE);
		struct thread reader;
		long fd;

		CHECK_EQ(s_adj("1000"), 0);
		fd = open_uffd(p, pages + 8);
		for (unsigned long i = 0; i < pages; i++)
			CHECK_EQ(copy(fd, p + i * PAGE, from, PAGE, 0), 0);
		start_sleepers(s, 4, p + pages * PAGE);
		thread_start(&reader, read_faults, &fd);
		for (int i = 0; i < 4; i++)
			UNTIL(t_task_state(t_getpid(), s[i].t.id) == (i == 1 ? 'D' : 'S'));
		*h->ready = 1;
		s[0].saw = *(volatile char *)(p + (pages + 4) * PAGE); // the leader, too
		t_exit(1);
	}
	CHECK_GE(h->pid, 1);
	UNTIL(*h->ready && t_state(h->pid) == 'S');
}

TEST(a_fault_is_killed)
{
	static struct sleeper s[4];
	struct hog h;

	s_stage();
	start_hog(&h, s);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_quiet();
	s_suspend_ok();
}

TEST(a_frozen_fault_is_killed)
{
	static struct sleeper s[4];
	struct hog h;

	s_stage();
	start_hog(&h, s);
	s_eat("disable_oom", s_too_much(&h), "");
	s_suspend_ok();
	CHECK(s_ate()); // its memory came back during the suspend
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	s_quiet();
}
