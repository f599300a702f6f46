// SPDX-License-Identifier: GPL-2.0-only
//
// Record locks that belong to an open file (F_OFD_*), beside those that belong to a process.
#include "t.h"

#define F_OFD_GET 36
#define F_OFD_SET 37
#define F_OFD_WAIT 38

static int a, b;

// Two openings of one file.
static void open_both(void)
{
	a = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);
	b = (int)sys(open, "f", O_RDWR);
	CHECK(a >= 0 && b >= 0);
}

static void make(void)
{
	t_tmpdir();
	open_both();
}

static long ask(int fd, int cmd, int type, long start, long len)
{
	struct flock l = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	return sys(fcntl, fd, cmd, &l);
}

static struct flock found(int fd, int cmd, int type, long start, long len)
{
	struct flock l = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	CHECK_EQ(sys(fcntl, fd, cmd, &l), 0);
	return l;
}

TEST(two_openings_exclude_each_other)
{
	make();
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 10), 0);
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 5, 10), -EAGAIN);
	CHECK_EQ(ask(b, F_OFD_SET, F_RDLCK, 9, 1), -EAGAIN);
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 10, 10), 0);
	CHECK_EQ(ask(a, F_OFD_SET, F_UNLCK, 0, 5), 0);
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 0, 5), 0);
	CHECK_EQ(ask(a, F_OFD_SET, F_RDLCK, 5, 5), 0); // its own, changed
	CHECK_EQ(ask(b, F_OFD_SET, F_RDLCK, 5, 5), 0);
}

TEST(one_opening_has_one_set_of_locks)
{
	long c;

	make();
	c = sys(dup, a);
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 0), 0);
	CHECK_EQ(ask((int)c, F_OFD_SET, F_WRLCK, 0, 0), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 0), 0)), 0); // a fork shares it
	sys(close, c);
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 0, 0), -EAGAIN); // not the last descriptor
	sys(close, a);
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 0, 0), 0);
}

TEST(they_meet_the_locks_of_a_process)
{
	struct flock l;

	make();
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 10), 0);
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 0, 10), -EAGAIN);
	l = found(b, F_GETLK, F_WRLCK, 0, 100);
	CHECK_EQ(l.l_type, F_WRLCK);
	CHECK_EQ(l.l_pid, -1);
	CHECK_EQ(l.l_len, 10);
	l = found(b, F_OFD_GET, F_RDLCK, 0, 100);
	CHECK_EQ(l.l_pid, -1);
	CHECK_EQ(ask(b, F_SETLK, F_WRLCK, 20, 10), 0);
	l = found(a, F_OFD_GET, F_RDLCK, 20, 1);
	CHECK_EQ(l.l_pid, t_getpid());
	l = found(a, F_OFD_GET, F_RDLCK, 40, 1);
	CHECK_EQ(l.l_type, F_UNLCK);
}

TEST(closing_another_opening_keeps_them)
{
	make();
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 10), 0);
	sys(close, sys(open, "f", O_RDWR)); // a process's locks would go with it
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 0, 10), -EAGAIN);
}

TEST(waiting_for_one)
{
	int pid;

	make();
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 10), 0);
	pid = t_fork();
	if (pid == 0)
		t_exit((int)-ask(b, F_OFD_WAIT, F_WRLCK, 0, 10));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(ask(a, F_OFD_SET, F_UNLCK, 0, 10), 0);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, 0, 10), -EAGAIN); // b is still open here
}

TEST(bad_arguments)
{
	struct flock l = {.l_type = F_WRLCK, .l_pid = 1};
	long ro;

	make();
	ro = sys(open, "f", O_RDONLY);
	CHECK_EQ(sys(fcntl, a, F_OFD_SET, &l), -EINVAL);
	CHECK_EQ(sys(fcntl, a, F_OFD_GET, &l), -EINVAL);
	CHECK_EQ(sys(fcntl, a, F_OFD_SET, 8UL), -EFAULT);
	CHECK_EQ(ask(a, F_OFD_SET, 17, 0, 0), -EINVAL);
	CHECK_EQ(ask(a, F_OFD_SET, F_WRLCK, -1, 0), -EINVAL);
	CHECK_EQ(ask((int)ro, F_OFD_SET, F_WRLCK, 0, 0), -EBADF);
	CHECK_EQ(ask(-1, F_OFD_SET, F_WRLCK, 0, 0), -EBADF);
}

// What one owner locks side by side is one lock, and what it locks twice no more than that.
TEST(neighbours_are_one)
{
	struct flock l;

	make();
	for (long at = 0; at < 40; at += 10)
		CHECK_EQ(ask(a, F_SETLK, F_WRLCK, at, 10), 0);
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 15, 3), 0);
	CHECK_EQ(ask(a, F_SETLK, F_RDLCK, 40, 10), 0); // of another type
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 60, 10), 0);
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 80, 0), 0);
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 50, 10), 0); // somebody else's
	l = found(b, F_OFD_GET, F_RDLCK, 12, 1);
	CHECK_EQ(l.l_start, 0);
	CHECK_EQ(l.l_len, 40);
	l = found(b, F_OFD_GET, F_WRLCK, 65, 1);
	CHECK_EQ(l.l_start, 60);
	CHECK_EQ(l.l_len, 10);
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 70, 10), 0); // fills the gap
	l = found(b, F_OFD_GET, F_WRLCK, 100, 1);
	CHECK_EQ(l.l_start, 60);
	CHECK_EQ(l.l_len, 0);
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 45, 5), 0);
	CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 40, 5), 0);
	l = found(b, F_OFD_GET, F_WRLCK, 47, 1);
	CHECK_EQ(l.l_start, 0);
	CHECK_EQ(l.l_len, 50);
}

static _Atomic long got_it;

static int waits_for_lock(void *unused)
{
	(void)unused;
	got_it = ask(a, F_SETLKW, F_WRLCK, 0, 10);
	return 0;
}

// A descriptor is closed while another thread waits for a lock on it: there is none in the end.
TEST(closed_while_a_lock_is_waited_for)
{
	struct thread t;
	struct flock l;

	make();
	CHECK_EQ(ask(b, F_OFD_SET, F_WRLCK, 0, 10), 0);
	thread_start(&t, waits_for_lock, NULL);
	UNTIL(t_task_state(t_getpid(), t.id) == 'S');
	CHECK_EQ(sys(close, a), 0);
	CHECK_EQ(ask(b, F_OFD_SET, F_UNLCK, 0, 0), 0);
	thread_join(&t);
	CHECK_EQ(got_it, -EBADF);
	l = found(b, F_OFD_GET, F_WRLCK, 0, 0);
	CHECK_EQ(l.l_type, F_UNLCK);
}

// And so it is when that was the last of the file.
TEST(gone_while_a_lock_is_waited_for)
{
	int up[2], down[2], pid;
	struct thread t;
	char c;

	make();
	CHECK_EQ(sys(pipe2, up, 0), 0);
	CHECK_EQ(sys(pipe2, down, 0), 0);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(ask(a, F_SETLK, F_WRLCK, 0, 10), 0);
		sys(write, up[1], "x", 1);
		sys(read, down[0], &c, 1);
		t_exit(0);
	}
	CHECK_EQ(sys(read, up[0], &c, 1), 1);
	CHECK_EQ(sys(close, b), 0);
	CHECK_EQ(sys(unlink, "f"), 0);
	thread_start(&t, waits_for_lock, NULL);
	UNTIL(t_task_state(t_getpid(), t.id) == 'S');
	CHECK_EQ(sys(close, a), 0);
	CHECK_EQ(sys(write, down[1], "x", 1), 1);
	CHECK_EQ(t_wait(pid), 0);
	thread_join(&t);
	CHECK_EQ(got_it, -EBADF);
}
