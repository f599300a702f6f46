// SPDX-License-Identifier: GPL-2.0-only
//
// Signal-driven input and output: who is told that a file is ready, by which signal, and of what.
#include "t.h"

#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/inotify.h>
#include <linux/net.h>
#include <linux/stat.h>

#define POLL_IN 1
#define POLL_OUT 2
#define POLL_HUP 6
#define IN_BAND (POLLIN | POLLRDNORM)
#define OUT_BAND (POLLOUT | POLLWRNORM | POLLWRBAND)
#define RT (SIGRTMIN + 5)
#define AF_UNIX 1
#define SOCK_STREAM 1

static int p[2];
static char buf[8192];

#define EXPECT(sig, code, band, fd)                                                                \
	do {                                                                                       \
		siginfo_t si_;                                                                     \
		CHECK_EQ(t_next_signal(BIT(sig), &si_), sig);                                      \
		CHECK_EQ(si_.si_signo, sig);                                                       \
		CHECK_EQ(si_.si_code, code);                                                       \
		CHECK_EQ(si_.si_errno, 0);                                                         \
		CHECK_EQ(si_.si_band, band);                                                       \
		CHECK_EQ(si_.si_fd, fd);                                                           \
	} while (0)
#define EXPECT_NONE(sig)                                                                           \
	do {                                                                                       \
		siginfo_t si_;                                                                     \
		CHECK_EQ(t_next_signal(BIT(sig), &si_), 0);                                        \
	} while (0)

static void arm(int fd, int owner, int sig)
{
	long flags = sys(fcntl, fd, F_GETFL);

	CHECK_EQ(sys(fcntl, fd, F_SETOWN, owner), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, sig), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, flags | FASYNC), 0);
	CHECK(sys(fcntl, fd, F_GETFL) & FASYNC);
}

static void make(void)
{
	CHECK_EQ(t_block(BIT(SIGIO) | BIT(RT) | BIT(SIGCHLD) | BIT(SIGUSR1)), 0);
	CHECK_EQ(sys(pipe2, p, O_NONBLOCK), 0);
}

static void put(int fd, const char *text)
{
	CHECK_EQ(sys(write, fd, text, strlen(text)), strlen(text));
}

TEST(the_owner)
{
	struct f_owner_ex o = {7, 7};
	int me = t_getpid(), pgrp = (int)sys(getpgid, 0), dead;

	make();
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETSIG), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN_EX, &o), 0);
	CHECK_EQ(o.type, F_OWNER_TID);
	CHECK_EQ(o.pid, 0);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, me), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), me);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN_EX, &o), 0);
	CHECK_EQ(o.type, F_OWNER_PID);
	CHECK_EQ(o.pid, me);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, -pgrp), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), -pgrp);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN_EX, &o), 0);
	CHECK_EQ(o.type, F_OWNER_PGRP);
	CHECK_EQ(o.pid, pgrp);
	o = (struct f_owner_ex){F_OWNER_TID, t_gettid()};
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), me);
	o = (struct f_owner_ex){7, 7};
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN_EX, &o), 0);
	CHECK_EQ(o.type, F_OWNER_TID);
	CHECK_EQ(o.pid, me);

	// It goes with its process, and by 0.
	dead = t_fork();
	if (!dead)
		thread_pause(NULL);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, dead), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), dead);
	CHECK_EQ(sys(kill, dead, SIGKILL), 0);
	CHECK_EQ(t_wait(dead), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
	CHECK_EQ(sys(fcntl, p[0], F_SETFL, O_NONBLOCK | FASYNC), 0);
	put(p[1], "x");
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, dead), -ESRCH);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, -dead), -ESRCH);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, me), 0);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, 0), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
	put(p[1], "x");
	EXPECT_NONE(SIGIO);
}

TEST(bad_arguments)
{
	struct f_owner_ex o = {F_OWNER_PID, 0};

	make();
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, INT32_MIN), -EINVAL);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, INT32_MAX), -ESRCH);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, -INT32_MAX), -ESRCH);
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, 65), -EINVAL);
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, -1), -EINVAL);
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, 64), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETSIG), 64);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), 0);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, 8), -EFAULT);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN_EX, 8), -EFAULT);
	o.type = 3;
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), -EINVAL);
	o.type = -1;
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), -EINVAL);
	o = (struct f_owner_ex){F_OWNER_TID, -1};
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), -ESRCH);
	o = (struct f_owner_ex){F_OWNER_PGRP, INT32_MIN};
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), -ESRCH);
	CHECK_EQ(sys(ioctl, p[0], FIOASYNC, 8), -EFAULT);
	CHECK_EQ(sys(fcntl, 99, F_SETOWN, 0), -EBADF);
	int path = (int)sys(open, "/", O_PATH);
	CHECK_EQ(sys(fcntl, path, F_SETOWN, 0), -EBADF);
	CHECK_EQ(sys(fcntl, path, F_GETSIG), -EBADF);
}

TEST(files_that_do_not_signal)
{
	int one = 1, zero = 0, f = (int)sys(open, "/dev/null", O_RDWR), e = (int)sys(eventfd2, 0, 0);

	CHECK_EQ(sys(fcntl, f, F_SETFL, FASYNC), 0);
	CHECK(!(sys(fcntl, f, F_GETFL) & FASYNC));
	CHECK_EQ(sys(ioctl, f, FIOASYNC, &one), -ENOTTY);
	CHECK_EQ(sys(ioctl, f, FIOASYNC, &zero), 0);
	CHECK_EQ(sys(fcntl, f, F_SETOWN, t_getpid()), 0);
	CHECK_EQ(sys(fcntl, f, F_GETOWN), t_getpid());
	CHECK_EQ(sys(ioctl, e, FIOASYNC, &one), -ENOTTY);
}

TEST(a_pipe_is_written)
{
	siginfo_t si;

	make();
	arm(p[0], t_getpid(), RT);
	EXPECT_NONE(RT);
	put(p[1], "a");
	put(p[1], "b");
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(read, p[0], buf, 1), 1);
	EXPECT_NONE(RT);

	// Without a signal of its own: SIGIO, and no more than that.
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, 0), 0);
	put(p[1], "c");
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), SIGIO);
	CHECK_EQ(si.si_code, SI_KERNEL);
	CHECK_EQ(si.si_band, 0);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, SIGIO), 0);
	put(p[1], "d");
	EXPECT(SIGIO, POLL_IN, IN_BAND, p[0]);

	// Those whose codes mean something else say SI_SIGIO.
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, SIGCHLD), 0);
	CHECK_EQ(t_action(SIGCHLD, (void *)thread_pause, 0), 0);
	put(p[1], "e");
	CHECK_EQ(t_next_signal(BIT(SIGCHLD), &si), SIGCHLD);
	CHECK_EQ(si.si_code, SI_SIGIO);
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, SIGUSR1), 0);
	put(p[1], "f");
	EXPECT(SIGUSR1, POLL_IN, IN_BAND, p[0]);

	// The last writer goes.
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, RT), 0);
	CHECK_EQ(sys(close, p[1]), 0);
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	EXPECT_NONE(RT);
}

TEST(a_pipe_is_read)
{
	make();
	arm(p[1], t_getpid(), RT);
	put(p[1], "ab");
	EXPECT_NONE(RT);
	CHECK_EQ(sys(read, p[0], buf, 1), 1);
	EXPECT(RT, POLL_OUT, OUT_BAND, p[1]);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(close, p[0]), 0);
	EXPECT(RT, POLL_OUT, OUT_BAND, p[1]);
}

TEST(a_fifo_open_for_both)
{
	int f;

	make();
	t_tmpdir();
	CHECK_EQ(sys(mknod, "f", S_IFIFO | 0600, 0), 0);
	f = (int)sys(open, "f", O_RDWR);
	arm(f, t_getpid(), RT);
	put(f, "a");
	EXPECT(RT, POLL_IN, IN_BAND, f);
	CHECK_EQ(sys(read, f, buf, 1), 1);
	EXPECT(RT, POLL_OUT, OUT_BAND, f);
	EXPECT_NONE(RT);
}

// Who said to whom a file belongs. F_GETOWNER_UIDS is 17.
TEST(who_set_the_owner)
{
	unsigned uids[2] = {7, 7};

	make();
	CHECK_EQ(sys(fcntl, p[0], 17, uids), 0);
	CHECK(uids[0] == 0 && uids[1] == 0);
	CHECK_EQ(sys(fcntl, p[0], 17, 8), -EFAULT);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1001, 1002), 0);
		CHECK_EQ(sys(fcntl, p[0], F_SETOWN, t_getpid()), 0);
	}), 0);
	CHECK_EQ(sys(fcntl, p[0], 17, uids), 0);
	CHECK(uids[0] == 1000 && uids[1] == 1001);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, 0), 0); // nobody's: they stay
	CHECK_EQ(sys(fcntl, p[0], 17, uids), 0);
	CHECK(uids[0] == 1000 && uids[1] == 1001);
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, t_getpid()), 0);
	CHECK_EQ(sys(fcntl, p[0], 17, uids), 0);
	CHECK(uids[0] == 0 && uids[1] == 0);
}

TEST(off_again)
{
	int one = 1, zero = 0;

	make();
	arm(p[0], t_getpid(), RT);
	CHECK_EQ(sys(fcntl, p[0], F_SETFL, O_NONBLOCK), 0);
	CHECK(!(sys(fcntl, p[0], F_GETFL) & FASYNC));
	put(p[1], "a");
	EXPECT_NONE(RT);
	CHECK_EQ(sys(ioctl, p[0], FIOASYNC, &one), 0);
	CHECK_EQ(sys(ioctl, p[0], FIOASYNC, &one), 0);
	CHECK(sys(fcntl, p[0], F_GETFL) & FASYNC);
	put(p[1], "a");
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(ioctl, p[0], FIOASYNC, &zero), 0);
	put(p[1], "a");
	EXPECT_NONE(RT);
}

TEST(duplicates_and_close)
{
	int d, fd;

	make();
	d = (int)sys(dup, p[0]);
	fd = p[0];
	arm(p[0], t_getpid(), RT);
	CHECK_EQ(sys(fcntl, d, F_GETSIG), RT);
	CHECK(sys(fcntl, d, F_GETFL) & FASYNC);
	CHECK_EQ(sys(close, p[0]), 0);
	put(p[1], "a");
	EXPECT(RT, POLL_IN, IN_BAND, fd); // the number by which it was asked
	CHECK_EQ(sys(close, d), 0);
	CHECK_EQ(t_action(SIGPIPE, (void *)1, 0), 0);
	CHECK_EQ(sys(write, p[1], "b", 1), -EPIPE);
	EXPECT_NONE(RT);
}

TEST(a_full_queue)
{
	struct rlimit none = {0, 0};

	make();
	CHECK_EQ(sys(setrlimit, RLIMIT_SIGPENDING, &none), 0);
	arm(p[0], t_getpid(), RT);
	put(p[1], "a");
	EXPECT_NONE(RT);
	siginfo_t si;
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), SIGIO);
	CHECK_EQ(si.si_code, SI_KERNEL);
}

// fork: the owner stays who it was, and a child's write tells him before it is waited for.
TEST(a_child_writes)
{
	make();
	arm(p[0], t_getpid(), RT);
	CHECK_EQ(IN_CHILD(put(p[1], "a"); EXPECT_NONE(RT)), 0);
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	CHECK_EQ(sys(close, p[1]), 0);
	CHECK_EQ(sys(close, p[0]), 0);

	// What ends with the child ends for all to hear.
	CHECK_EQ(sys(pipe2, p, O_NONBLOCK), 0);
	int child = t_fork();
	if (!child) {
		UNTIL(sys(fcntl, p[0], F_GETFL) & FASYNC);
		t_exit(0);
	}
	CHECK_EQ(sys(close, p[1]), 0);
	arm(p[0], t_getpid(), RT);
	CHECK_EQ(t_wait(child), 0);
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
}

// A process group: each of its processes.
TEST(a_group)
{
	int child, ready[2];
	char c;

	make();
	CHECK_EQ(sys(pipe2, ready, 0), 0);
	child = t_fork();
	if (!child) {
		CHECK_EQ(sys(setpgid, 0, 0), 0);
		if (!t_fork()) {
			put(ready[1], "x");
			siginfo_t si;
			UNTIL(t_next_signal(BIT(RT), &si) == RT);
			t_exit(si.si_code);
		}
		siginfo_t si;
		UNTIL(t_next_signal(BIT(RT), &si) == RT);
		int status;
		CHECK_GE(sys(wait4, -1, &status, 0, 0), 1);
		t_exit(si.si_code == POLL_IN && W_CODE(status) == POLL_IN ? 33 : 1);
	}
	CHECK_EQ(sys(read, ready[0], &c, 1), 1);
	arm(p[0], -child, RT);
	put(p[1], "a");
	CHECK_EQ(t_wait(child), 33);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
}

static _Atomic int took;

static int taker(void *unused)
{
	(void)unused;
	siginfo_t si;

	UNTIL(took == 1);
	took = t_next_signal(BIT(RT), &si) == RT ? 2 : 3;
	UNTIL(took == 4);
	return 0;
}

TEST(a_thread)
{
	struct thread t;
	struct f_owner_ex o = {F_OWNER_TID, 0};

	make();
	thread_start(&t, taker, NULL);
	o.pid = t.id;
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), t.id);
	CHECK_EQ(sys(fcntl, p[0], F_SETSIG, RT), 0);
	CHECK_EQ(sys(fcntl, p[0], F_SETFL, FASYNC | O_NONBLOCK), 0);
	put(p[1], "a");
	EXPECT_NONE(RT); // it is the thread's alone
	took = 1;
	UNTIL(took > 1);
	CHECK_EQ(took, 2);

	// By F_SETOWN it names the process, but is no process's number.
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN, t.id), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
	put(p[1], "a");
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	took = 4;
	thread_join(&t);
	UNTIL(sys(tgkill, t_getpid(), t.id, 0) == -ESRCH); // it has left its memory, and is on its way
	put(p[1], "a");
	EXPECT_NONE(RT);
}

// Numbers are those of who asks and sets; who is told may be outside.
TEST(another_namespace)
{
	int me = t_getpid();

	if (sys(geteuid))
		SKIP("needs root");
	make();
	arm(p[0], me, RT);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(unshare, CLONE_NEWPID), 0);
			 CHECK_EQ(IN_CHILD(CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
					  CHECK_EQ(sys(fcntl, p[0], F_SETOWN, 1000), -ESRCH);
					  put(p[1], "a");
					  CHECK_EQ(sys(fcntl, p[0], F_SETOWN, 1), 0);
					  CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 1);
					  put(p[1], "b");
					  EXPECT(RT, POLL_IN, IN_BAND, p[0])), 0)), 0);
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), 0);
}

// Who asked may not have been allowed to send.
TEST(permission)
{
	struct f_owner_ex o;

	if (sys(geteuid))
		SKIP("needs root");
	make();
	int me = t_getpid();
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(setresuid, 1234, 1234, 1234), 0);
			 arm(p[0], me, RT)), 0);
	CHECK_EQ(sys(fcntl, p[0], F_GETOWN), me);
	put(p[1], "a");
	EXPECT_NONE(RT);
	EXPECT_NONE(SIGIO);
	o = (struct f_owner_ex){F_OWNER_PID, me};
	CHECK_EQ(sys(fcntl, p[0], F_SETOWN_EX, &o), 0);
	put(p[1], "a");
	EXPECT(RT, POLL_IN, IN_BAND, p[0]);
}

TEST(sockets)
{
	int s[2], n = 0;

	make();
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0, s), 0);
	arm(s[0], t_getpid(), RT);
	put(s[1], "a");
	EXPECT(RT, POLL_IN, IN_BAND, s[0]);
	CHECK_EQ(sys(read, s[0], buf, 10), 1);
	put(s[0], "a");
	CHECK_EQ(sys(read, s[1], buf, 10), 1);
	EXPECT_NONE(RT);

	// Room is told of once, to who found none.
	while (sys(write, s[0], buf, sizeof buf) > 0)
		n++;
	CHECK_GE(n, 1);
	EXPECT_NONE(RT);
	while (sys(read, s[1], buf, sizeof buf) > 0)
		;
	EXPECT(RT, POLL_OUT, OUT_BAND, s[0]);
	EXPECT_NONE(RT);

	CHECK_EQ(sys(shutdown, s[1], 1), 0);
	EXPECT(RT, POLL_IN, IN_BAND, s[0]);
	CHECK_EQ(sys(close, s[1]), 0);
	EXPECT(RT, POLL_HUP, POLLHUP | POLLERR, s[0]);
	EXPECT_NONE(RT);
}

TEST(connections)
{
	struct {
		unsigned short family;
		char path[14];
	} a = {AF_UNIX, ""};
	int l, c;

	make();
	t_snprintf(a.path + 1, 13, "sigio%d", t_getpid());
	l = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0);
	c = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0);
	CHECK_EQ(sys(bind, l, &a, sizeof a), 0);
	CHECK_EQ(sys(listen, l, 1), 0);
	arm(l, t_getpid(), RT);
	CHECK_EQ(sys(connect, c, &a, sizeof a), 0);
	EXPECT(RT, POLL_IN, IN_BAND, l);
	EXPECT_NONE(RT);
}

TEST(terminals)
{
	int off = 0, number, m = (int)sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY), s;
	char path[32];
	siginfo_t si;

	make();
	CHECK_EQ(sys(ioctl, m, TIOCGPTN, &number), 0);
	CHECK_EQ(sys(ioctl, m, TIOCSPTLCK, &off), 0);
	t_snprintf(path, sizeof path, "/dev/pts/%d", number);
	s = (int)sys(open, path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	CHECK_EQ(sys(fcntl, s, F_SETSIG, RT), 0);
	CHECK_EQ(sys(fcntl, s, F_SETFL, FASYNC | O_NONBLOCK), 0);
	CHECK_EQ(sys(fcntl, s, F_GETOWN), t_getpid()); // nobody else was there to be told
	put(m, "ab");
	t_sleep_ms(20);
	EXPECT_NONE(RT); // not a line yet
	put(m, "\n");
	UNTIL(t_next_signal(BIT(RT), &si) == RT);
	CHECK_EQ(si.si_code, POLL_IN);
	CHECK_EQ(si.si_fd, s);
	EXPECT_NONE(RT);
	CHECK_EQ(sys(fcntl, m, F_SETSIG, SIGUSR1), 0);
	CHECK_EQ(sys(fcntl, m, F_SETFL, FASYNC), 0);
	put(s, "x");
	UNTIL(t_next_signal(BIT(SIGUSR1), &si) == SIGUSR1);
	CHECK_EQ(si.si_code, POLL_IN);
	CHECK_EQ(si.si_fd, m);
}

TEST(an_inotify)
{
	int in;

	make();
	t_tmpdir();
	in = (int)sys(inotify_init1, 0);
	CHECK_GE(sys(inotify_add_watch, in, ".", IN_CREATE), 1);
	arm(in, t_getpid(), RT);
	CHECK_EQ(t_spit("f", ""), 0);
	EXPECT(RT, POLL_IN, IN_BAND, in);
	EXPECT_NONE(RT);
}

// A writer that sleeps for want of room has told the reader before.
TEST(a_writer_that_sleeps)
{
	siginfo_t si;
	int child, n = 0;

	make();
	arm(p[0], t_getpid(), SIGUSR1);
	CHECK_EQ(sys(fcntl, p[1], F_SETFL, 0), 0);
	child = t_fork();
	if (!child) {
		for (int i = 0; i < 2; i++) {
			char *big = t_map(300000);
			CHECK_EQ(sys(write, p[1], big, 300000), 300000);
		}
		t_exit(0);
	}
	while (n < 600000) {
		long got;

		UNTIL(t_next_signal(BIT(SIGUSR1), &si) == SIGUSR1);
		while ((got = sys(read, p[0], buf, sizeof buf)) > 0)
			n += (int)got;
		CHECK_EQ(got, -EAGAIN);
	}
	CHECK_EQ(t_wait(child), 0);
}

static int writer(void *unused)
{
	(void)unused;
	while (!took) {
		sys(write, p[1], "a", 1);
		sys(read, p[0], buf, 100);
	}
	return 0;
}

// Armed, disarmed, duplicated and closed while another thread writes.
TEST(hostile)
{
	struct thread t;
	siginfo_t si;

	make();
	thread_start(&t, writer, NULL);
	for (int i = 0; i < 300; i++) {
		int f, q[2];
		struct f_owner_ex o = {i % 3, i % 5 ? t_getpid() : 0};

		t_snprintf(buf + 4096, 64, "/proc/self/fd/%d", p[0]);
		f = (int)sys(open, buf + 4096, O_RDONLY | O_NONBLOCK);
		CHECK_GE(f, 0);
		sys(fcntl, f, F_SETOWN_EX, &o);
		sys(fcntl, f, F_SETSIG, i % 7 ? RT : 0);
		CHECK_EQ(sys(fcntl, f, F_SETFL, O_NONBLOCK | FASYNC), 0);
		CHECK_EQ(sys(pipe2, q, O_NONBLOCK), 0);
		arm(q[0], t_getpid(), i % 2 ? RT : 0);
		if (i % 3)
			CHECK_EQ(sys(fcntl, f, F_SETFL, O_NONBLOCK), 0);
		CHECK_EQ(sys(close, f), 0);
		put(q[1], "a");
		CHECK_EQ(sys(close, q[i & 1]), 0);
		CHECK_EQ(sys(close, q[~i & 1]), 0);
		while (t_next_signal(BIT(RT) | BIT(SIGIO), &si))
			;
	}
	took = 1;
	thread_join(&t);
}
