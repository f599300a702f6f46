// SPDX-License-Identifier: GPL-2.0-only
//
// POSIX message queues: priorities, sizes, waiting, notification, rights, limits, and the file system they are in.
#include "t.h"
#include "cgroup.h"
#include <linux/mqueue.h>

#define MS 1000000L
#define COST(maxmsg, msgsize) ((maxmsg) * ((msgsize) + 48L) + (maxmsg) * 48L) // what RLIMIT_MSGQUEUE is asked for

static char name[40], text[8193], big[65536];
static unsigned prio;

static int open_with(int flags, long maxmsg, long msgsize)
{
	struct mq_attr attr = {.mq_maxmsg = maxmsg, .mq_msgsize = msgsize};

	t_snprintf(name, sizeof name, "thaw-test-%d", t_getpid());
	return (int)sys(mq_open, name, flags | O_CREAT | O_EXCL, 0600, &attr);
}

// A queue of that many short messages, whose name is gone: it ends with the test.
static int queue(int flags, long maxmsg)
{
	int fd = open_with(flags | O_RDWR, maxmsg, 16);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(mq_unlink, name), 0);
	return fd;
}

static long send(int fd, const char *what, unsigned how)
{
	return sys(mq_timedsend, fd, what, strlen(what), how, 0);
}

static long receive(int fd)
{
	memset(text, 0, sizeof text);
	prio = 77;
	return sys(mq_timedreceive, fd, text, sizeof text, &prio, 0);
}

static long receive_big(int fd)
{
	return sys(mq_timedreceive, fd, big, sizeof big, 0, 0);
}

static struct mq_attr attr_of(int fd)
{
	struct mq_attr a;

	CHECK_EQ(sys(mq_getsetattr, fd, 0, &a), 0);
	return a;
}

static long waiting(int fd)
{
	return attr_of(fd).mq_curmsgs;
}

static short ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

TEST(the_highest_priority_comes_first)
{
	int fd = queue(0, 10);

	CHECK_EQ(send(fd, "low", 1), 0);
	CHECK_EQ(send(fd, "high", 32767), 0);
	CHECK_EQ(send(fd, "low again", 1), 0);
	CHECK_EQ(send(fd, "none", 0), 0);
	CHECK_EQ(send(fd, "middle", 5), 0);
	CHECK_EQ(send(fd, "", 5), 0);
	CHECK_EQ(waiting(fd), 6);
	CHECK_EQ(receive(fd), 4);
	CHECK(!strcmp(text, "high"));
	CHECK_EQ(prio, 32767);
	CHECK_EQ(receive(fd), 6);
	CHECK_EQ(prio, 5);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(prio, 5);
	CHECK_EQ(receive(fd), 3);
	CHECK_EQ(receive(fd), 9);
	CHECK(!strcmp(text, "low again"));
	CHECK_EQ(sys(mq_timedreceive, fd, text, sizeof text, 0, 0), 4);
	CHECK_EQ(waiting(fd), 0);
}

TEST(what_is_refused)
{
	int fd = queue(O_NONBLOCK, 2), other = (int)sys(open, "/dev/null", O_RDWR);
	struct timespec bad = {0, 1000000000}, before = {-1, 0};

	CHECK_EQ(receive(fd), -EAGAIN);
	CHECK_EQ(send(fd, "x", 32768), -EINVAL);
	CHECK_EQ(send(fd, "0123456789abcdef", 0), 0);
	CHECK_EQ(send(fd, "0123456789abcdefg", 0), -EMSGSIZE);
	CHECK_EQ(sys(mq_timedsend, fd, 8UL, 1, 0, 0), -EFAULT);
	CHECK_EQ(sys(mq_timedsend, fd, text, 1, 0, 8UL), -EFAULT);
	CHECK_EQ(sys(mq_timedsend, fd, text, 1, 0, &bad), -EINVAL);
	CHECK_EQ(sys(mq_timedsend, fd, text, 1, 0, &before), -EINVAL);
	CHECK_EQ(sys(mq_timedsend, fd, text, -1UL, 0, 0), -EMSGSIZE);
	CHECK_EQ(send(fd, "y", 0), 0);
	CHECK_EQ(send(fd, "z", 0), -EAGAIN);
	CHECK_EQ(sys(mq_timedreceive, fd, text, 15, 0, 0), -EMSGSIZE);
	CHECK_EQ(sys(mq_timedreceive, fd, text, 16, 0, 8UL), -EFAULT);
	CHECK_EQ(sys(mq_timedreceive, fd, text, 16, 0, &bad), -EINVAL);
	CHECK_EQ(waiting(fd), 2);
	CHECK_EQ(sys(mq_timedreceive, fd, 8UL, 16, 0, 0), -EFAULT); // and it is gone, as on Linux
	CHECK_EQ(sys(mq_timedreceive, fd, text, 16, 8UL, 0), -EFAULT);
	CHECK_EQ(waiting(fd), 0);
	CHECK_EQ(send(other, "x", 0), -EBADF);
	CHECK_EQ(receive(other), -EBADF);
	CHECK_EQ(sys(mq_getsetattr, other, 0, 0), -EBADF);
	CHECK_EQ(sys(mq_notify, other, 0), -EBADF);
	CHECK_EQ(send(-1, "x", 0), -EBADF);
	CHECK_EQ(sys(write, fd, "x", 1), -EINVAL);
}

TEST(opening)
{
	int fd = open_with(O_RDONLY, 3, 20), again;
	struct mq_attr a;

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD, 0), FD_CLOEXEC);
	CHECK_EQ(open_with(O_RDWR, 3, 20), -EEXIST);
	CHECK_EQ(sys(mq_open, name, O_ACCMODE, 0, 0), -EINVAL);
	again = (int)sys(mq_open, name, O_CREAT | O_WRONLY | O_NONBLOCK, 0600, 0);
	CHECK_GE(again, 0);
	CHECK_EQ(send(fd, "x", 0), -EBADF);
	CHECK_EQ(receive(again), -EBADF);
	CHECK_EQ(send(again, "x", 9), 0);
	CHECK_EQ(receive(fd), 1);
	CHECK_EQ(attr_of(fd).mq_flags, 0);
	a = attr_of(again);
	CHECK_EQ(a.mq_flags, O_NONBLOCK);
	CHECK_EQ(a.mq_maxmsg, 3);
	CHECK_EQ(a.mq_msgsize, 20);
	CHECK_EQ(sys(mq_unlink, name), 0);
	CHECK_EQ(sys(mq_unlink, name), -ENOENT);
	CHECK_EQ(sys(mq_open, name, O_RDWR, 0, 0), -ENOENT);
	CHECK_EQ(send(again, "still here", 9), 0);
	CHECK_EQ(receive(fd), 10);
	sys(close, fd);
	fd = (int)sys(mq_open, name, O_CREAT | O_RDWR, 0600, 0); // another one
	CHECK_EQ(attr_of(fd).mq_maxmsg, 10);
	CHECK_EQ(attr_of(fd).mq_msgsize, 8192);
	CHECK_EQ(sys(mq_unlink, name), 0);
}

TEST(names)
{
	static char longest[300];

	memset(longest, 'x', 256);
	CHECK_EQ(sys(mq_open, "", O_CREAT | O_RDWR, 0600, 0), -ENOENT);
	CHECK_EQ(sys(mq_open, "/a", O_CREAT | O_RDWR, 0600, 0), -EACCES);
	CHECK_EQ(sys(mq_open, "a/b", O_CREAT | O_RDWR, 0600, 0), -EACCES);
	CHECK_EQ(sys(mq_open, ".", O_RDWR, 0600, 0), -EACCES);
	CHECK_EQ(sys(mq_open, "..", O_RDWR, 0600, 0), -EACCES);
	CHECK_EQ(sys(mq_open, longest, O_CREAT | O_RDWR, 0600, 0), -ENAMETOOLONG);
	CHECK_EQ(sys(mq_open, 8UL, O_CREAT | O_RDWR, 0600, 0), -EFAULT);
	CHECK_EQ(sys(mq_open, "x", O_CREAT | O_RDWR, 0600, 8UL), -EFAULT);
	CHECK_EQ(sys(mq_unlink, ""), -ENOENT);
	CHECK_EQ(sys(mq_unlink, "/a"), -EACCES);
	CHECK_EQ(sys(mq_unlink, ".."), -EACCES);
	CHECK_EQ(sys(mq_unlink, longest), -ENAMETOOLONG);
	CHECK_EQ(sys(mq_unlink, 8UL), -EFAULT);
}

TEST(attributes)
{
	int fd = queue(0, 2);
	struct mq_attr set = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 99}, old;

	CHECK_EQ(sys(mq_getsetattr, fd, &set, &old), 0);
	CHECK_EQ(old.mq_flags, 0);
	CHECK_EQ(old.mq_maxmsg, 2);
	CHECK_EQ(receive(fd), -EAGAIN);
	CHECK_EQ(sys(fcntl, fd, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
	set.mq_flags = O_NONBLOCK | 1;
	CHECK_EQ(sys(mq_getsetattr, fd, &set, 0), -EINVAL);
	set.mq_flags = 0;
	CHECK_EQ(sys(mq_getsetattr, fd, &set, 8UL), -EFAULT);
	CHECK_EQ(sys(mq_getsetattr, fd, 8UL, 0), -EFAULT);
	old = attr_of(fd);
	CHECK_EQ(old.mq_flags, 0);
	CHECK_EQ(old.mq_maxmsg, 2);
	for (unsigned i = 0; i < 4; i++)
		CHECK_EQ(old.__reserved[i], 0);
}

TEST(sizes_that_may_be_asked_for)
{
	CHECK_EQ(open_with(O_RDWR, 0, 16), -EINVAL);
	CHECK_EQ(open_with(O_RDWR, 1, 0), -EINVAL);
	CHECK_EQ(open_with(O_RDWR, -1, 16), -EINVAL);
	CHECK_EQ(open_with(O_RDWR, 1, -1), -EINVAL);
	CHECK_EQ(open_with(O_RDWR, 65537, 16), -EINVAL);
	CHECK_EQ(open_with(O_RDWR, 1, (16 << 20) + 1), -EINVAL);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54331, 54331, 54331), 0);
		CHECK_EQ(open_with(O_RDWR, 11, 16), -EINVAL);
		CHECK_EQ(open_with(O_RDWR, 1, 8193), -EINVAL);
		CHECK_GE(open_with(O_RDWR, 10, 8192), 0);
		CHECK_EQ(sys(mq_unlink, name), 0);
	}),
		0);
}

static void without_limit(void)
{
	struct rlimit much = {-1UL, -1UL};

	if (sys(setrlimit, RLIMIT_MSGQUEUE, &much))
		SKIP("no right to raise limits");
	CHECK_EQ(sys(setresuid, 54335, -1, -1), 0); // so that it is nobody else's sum
}

TEST(who_may_raise_limits_may_ask_for_more)
{
	int fd;

	without_limit();
	fd = open_with(O_RDWR, 65536, 16);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(mq_unlink, name), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(send(fd, "x", (unsigned)i % 7), 0);
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(receive(fd), 1);
	CHECK_EQ(prio, 0);
	CHECK_EQ(waiting(fd), 0);
}

// Room for more than the machine has: the sender is told so or killed, and with the queue all of it is free again.
TEST(more_than_fits_into_memory)
{
	long free = t_field("/proc/meminfo", "MemFree");
	int how;

	if (!t_own_machine)
		SKIP("somebody else's memory");
	without_limit();
	how = IN_CHILD({
		int fd = open_with(O_RDWR, 65536, 65536);
		long ret = 0;

		CHECK_GE(fd, 0);
		CHECK_EQ(sys(mq_unlink, name), 0);
		CHECK_EQ(t_spit("/proc/self/oom_score_adj", "1000"), 0);
		while (!ret)
			ret = sys(mq_timedsend, fd, big, sizeof big, 0, 0);
		CHECK_EQ(ret, -ENOMEM);
		CHECK_GE(receive_big(fd), 1);
		CHECK_EQ(send(fd, "a small one", 1), 0);
	});
	CHECK(how == 0 || how == SIGNALLED(SIGKILL));
	UNTIL(t_field("/proc/meminfo", "MemFree") > free / 4 * 3);
}

TEST(the_maker_pays)
{
	struct rlimit two = {2 * COST(4, 100), 2 * COST(4, 100)};
	int *fds = t_map_shared(PAGE);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setrlimit, RLIMIT_MSGQUEUE, &two), 0);
		CHECK_EQ(sys(setresuid, 54332, 54332, 54332), 0);
		for (int i = 0; i < 2; i++) {
			fds[i] = open_with(O_RDWR, 4, 100);
			CHECK_GE(fds[i], 0);
			CHECK_EQ(sys(mq_unlink, name), 0);
		}
		CHECK_EQ(open_with(O_RDWR, 1, 1), -EMFILE);
		CHECK_EQ(IN_CHILD(CHECK_EQ(open_with(O_RDWR, 1, 1), -EMFILE)), 0); // whichever process
		sys(close, fds[0]);
		CHECK_EQ(open_with(O_RDWR, 5, 100), -EMFILE);
		CHECK_GE(open_with(O_RDWR, 4, 100), 0);
		CHECK_EQ(sys(mq_unlink, name), 0);
	}),
		0);
}

TEST(rights)
{
	int fd = open_with(O_RDWR, 2, 16);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54333, 54333, 54333), 0);
		CHECK_EQ(sys(mq_open, name, O_RDONLY, 0, 0), -EACCES);
		CHECK_EQ(sys(mq_open, name, O_WRONLY, 0, 0), -EACCES);
		CHECK_EQ(sys(mq_unlink, name), -EPERM);
	}),
		0);
	CHECK_EQ(sys(fchmod, fd, 0444), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54333, 54333, 54333), 0);
		CHECK_GE(sys(mq_open, name, O_RDONLY, 0, 0), 0);
		CHECK_EQ(sys(mq_open, name, O_RDWR, 0, 0), -EACCES);
	}),
		0);
	CHECK_EQ(sys(mq_unlink, name), 0);
}

TEST(poll_and_read)
{
	int fd = queue(0, 2);
	struct stat st;

	CHECK_EQ(ready(fd), POLLOUT);
	send(fd, "one", 0);
	CHECK_EQ(ready(fd), POLLIN | POLLOUT);
	send(fd, "three", 0);
	CHECK_EQ(ready(fd), POLLIN);
	memset(text, 0, sizeof text);
	CHECK_EQ(sys(read, fd, text, 100), (long)strlen(text));
	CHECK(!strcmp(text, "QSIZE:8          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n"));
	CHECK_EQ(sys(read, fd, text, 100), 0);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_size, 80);
	CHECK_EQ(st.st_mode, 0100600);
}

TEST(a_poller_is_woken)
{
	int fd = queue(0, 1), pid = t_fork();
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (!pid) {
		CHECK_EQ(sys(poll, &p, 1, -1), 1);
		CHECK_EQ(receive(fd), 1);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	send(fd, "x", 0);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_receiver_waits)
{
	int fd = queue(0, 2), pid = t_fork();

	if (!pid) {
		CHECK_EQ(receive(fd), 5);
		CHECK(!strcmp(text, "hello"));
		CHECK_EQ(prio, 3);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(send(fd, "hello", 3), 0);
	CHECK_EQ(waiting(fd), 0); // it was handed over
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_sender_waits)
{
	int fd = queue(0, 1), pid;

	send(fd, "first", 0);
	pid = t_fork();
	if (!pid)
		t_exit((int)send(fd, "second", 9));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(receive(fd), 5);
	CHECK_EQ(waiting(fd), 1); // the other's is in its place
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(receive(fd), 6);
	CHECK_EQ(prio, 9);
}

TEST(who_came_first_is_served_first)
{
	int fd = queue(0, 4), pid[3];

	for (int i = 0; i < 3; i++) {
		pid[i] = t_fork();
		if (!pid[i]) {
			CHECK_EQ(receive(fd), 1);
			t_exit(text[0]);
		}
		UNTIL(t_state(pid[i]) == 'S');
	}
	send(fd, "a", 0);
	send(fd, "b", 9);
	send(fd, "c", 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(t_wait(pid[i]), 'a' + i);
}

TEST(time_is_up)
{
	int fd = queue(0, 1);
	struct timespec at = {1, 0};

	CHECK_EQ(sys(mq_timedreceive, fd, text, 16, 0, &at), -ETIMEDOUT);
	sys(clock_gettime, CLOCK_REALTIME, &at);
	at.tv_sec += 1000;
	CHECK_EQ(sys(mq_timedsend, fd, "x", 1, 0, &at), 0);
	sys(clock_gettime, CLOCK_REALTIME, &at);
	at.tv_nsec += 20 * MS;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	CHECK_EQ(sys(mq_timedsend, fd, "y", 1, 0, &at), -ETIMEDOUT);
	CHECK_EQ(waiting(fd), 1);
	CHECK_EQ(receive(fd), 1);
	CHECK_EQ(sys(mq_timedreceive, fd, text, 16, 0, &at), -ETIMEDOUT);
}

static void handler(int sig)
{
	(void)sig;
}

static long interrupted_by(unsigned long flags)
{
	int fd = queue(0, 1), pid = t_fork();

	if (!pid) {
		t_action(SIGUSR1, handler, flags);
		t_exit((int)-receive(fd));
	}
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGUSR1);
	if (flags & SA_RESTART)
		send(fd, "", 0);
	return t_wait(pid);
}

TEST(a_signal_ends_the_wait)
{
	CHECK_EQ(interrupted_by(0), EINTR);
	CHECK_EQ(interrupted_by(SA_RESTART), 0);
}

TEST(who_is_killed_waits_no_more)
{
	int fd = queue(0, 1), pid = t_fork();

	if (!pid) {
		receive(fd);
		t_exit(1);
	}
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(send(fd, "x", 0), 0);
	CHECK_EQ(waiting(fd), 1);
}

// Out of its call while it is frozen, and back in it afterwards.
TEST(a_receiver_is_frozen)
{
	int fd = queue(0, 2), pid;

	v2();
	CHECK_EQ(make("a"), 0);
	pid = t_fork();
	if (!pid)
		t_exit((int)receive(fd));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(t_spit("a/cgroup.freeze", "1"), 0);
	UNTIL(t_field("a/cgroup.events", "frozen") == 1);
	CHECK_EQ(send(fd, "seven", 0), 0);
	CHECK_EQ(waiting(fd), 1);
	CHECK_EQ(t_spit("a/cgroup.freeze", "0"), 0);
	CHECK_EQ(t_wait(pid), 5);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(notification)
{
	int fd = queue(0, 4);
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 99};
	unsigned long set = BIT(SIGUSR1);
	struct timespec zero = {0, 0};
	siginfo_t info;

	t_block(set);
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(sys(mq_notify, fd, &ev), -EBUSY);
	t_snprintf(text + 4096, 100, "QSIZE:0          NOTIFY:0     SIGNO:10    NOTIFY_PID:%d ", t_getpid());
	memset(text, ' ', 100);
	CHECK_GE(sys(read, fd, text, 100), 1);
	CHECK(!strncmp(text, text + 4096, strlen(text + 4096)));
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(mq_notify, fd, &ev), -EBUSY);
		CHECK_EQ(sys(mq_notify, fd, 0), 0); // changes nothing: it is another's
		CHECK_EQ(send(fd, "x", 0), 0);
	}),
		0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), SIGUSR1);
	CHECK_EQ(info.si_code, SI_MESGQ);
	CHECK_EQ(info.si_int, 99);
	CHECK_EQ(info.si_uid, 0);
	CHECK(info.si_pid > 0 && info.si_pid != t_getpid());
	CHECK_EQ(receive(fd), 1);
	CHECK_EQ(send(fd, "x", 0), 0); // once only
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(send(fd, "y", 0), 0); // it was not empty
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
	CHECK_EQ(sys(mq_notify, fd, 0), 0);
	CHECK_EQ(sys(mq_notify, fd, 0), 0);
	receive(fd);
	receive(fd);
	CHECK_EQ(send(fd, "z", 0), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
}

HELPER(did_not_ask)
{
	int fd = (int)t_number(t_argv[2]);
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	unsigned long set = BIT(SIGUSR1);
	struct timespec zero = {0, 0};

	CHECK_EQ(send(fd, "x", 0), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, &zero, 8), -EAGAIN);
	CHECK_EQ(receive(fd), 1);
	CHECK_EQ(sys(mq_notify, fd, &ev), 0); // the one before was used up; now it asks itself
	CHECK_EQ(send(fd, "y", 0), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, &zero, 8), SIGUSR1);
	return 7;
}

// The next program did not ask, and may be one that its caller must not signal.
TEST(another_program_is_not_told)
{
	int fd = queue(0, 4);
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	char arg[16];

	t_block(BIT(SIGUSR1));
	t_snprintf(arg, sizeof arg, "%d", fd);
	CHECK_EQ(sys(fcntl, fd, F_SETFD, 0), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(mq_notify, fd, &ev), 0);
		t_exec("did_not_ask", arg, NULL);
	}),
		7);
}

TEST(a_close_ends_notification)
{
	int fd = queue(0, 4);
	struct sigevent ev = {.sigev_notify = SIGEV_NONE};
	int other = (int)sys(dup, fd);

	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(IN_CHILD(sys(close, fd)), 0); // not its own
	CHECK_EQ(sys(mq_notify, fd, &ev), -EBUSY);
	CHECK_EQ(sys(close, other), 0);
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(send(fd, "x", 0), 0);
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(sys(mq_notify, fd, 0), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(mq_notify, fd, &ev), 0)), 0); // and so does an exit
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
}

TEST(who_waits_comes_before_who_is_told)
{
	int fd = queue(0, 4), pid = t_fork();
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	unsigned long set = BIT(SIGUSR1);
	struct timespec zero = {0, 0};
	siginfo_t info;

	if (!pid)
		t_exit((int)receive(fd));
	UNTIL(t_state(pid) == 'S');
	t_block(set);
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(send(fd, "xy", 0), 0);
	CHECK_EQ(t_wait(pid), 2);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
	CHECK_EQ(send(fd, "x", 0), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), SIGUSR1);
}

TEST(events_that_are_none)
{
	int fd = queue(0, 1);
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};

	CHECK_EQ(sys(mq_notify, fd, 8UL), -EFAULT);
	CHECK_EQ(sys(mq_notify, fd, &ev), -EINVAL);
	ev.sigev_signo = -1;
	CHECK_EQ(sys(mq_notify, fd, &ev), -EINVAL);
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev.sigev_signo = SIGUSR1;
	CHECK_EQ(sys(mq_notify, fd, &ev), -EINVAL);
	ev.sigev_notify = SIGEV_THREAD;
	ev.sigev_value.sival_ptr = t_ptr(8);
	CHECK_EQ(sys(mq_notify, fd, &ev), -EFAULT);
	ev.sigev_value.sival_ptr = text;
	ev.sigev_signo = 99;
	CHECK_EQ(sys(mq_notify, fd, &ev), -EBADF);
	ev.sigev_signo = fd;
	CHECK_EQ(sys(mq_notify, fd, &ev), -ENOTSOCK);
	ev.sigev_signo = (int)sys(socket, 1, 1, 0);
	CHECK_EQ(sys(mq_notify, fd, &ev), -EINVAL);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 0; // is not sent
	CHECK_EQ(sys(mq_notify, fd, &ev), 0);
	CHECK_EQ(send(fd, "x", 0), 0);
}

TEST(as_files)
{
	int fd = open_with(O_RDWR, 4, 16), same, n;
	char path[64];
	struct stat st;

	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mount, "none", "m", "mqueue", 0, 0), 0);
	CHECK_EQ(sys(stat, "m", &st), 0);
	CHECK_EQ(st.st_mode, 041777);
	t_snprintf(path, sizeof path, "m/%s", name);
	same = (int)sys(open, path, O_RDWR);
	CHECK_GE(same, 0);
	CHECK_EQ(send(fd, "seen", 0), 0);
	CHECK_EQ(receive(same), 4);
	CHECK_EQ(sys(mkdir, "m/d", 0755), -EPERM);
	CHECK_EQ(sys(symlink, "x", "m/s"), -EPERM);
	CHECK_EQ(sys(rename, path, "m/other"), -EPERM);
	CHECK_EQ(sys(unlink, path), 0);
	CHECK_EQ(sys(mq_unlink, name), -ENOENT);
	n = (int)sys(open, path, O_CREAT | O_EXCL | O_RDWR, 0640);
	CHECK_GE(n, 0);
	CHECK_EQ(attr_of(n).mq_maxmsg, 10);
	CHECK_EQ(sys(mq_unlink, name), 0);
	CHECK_EQ(sys(open, path, O_RDWR), -ENOENT);
	sys(close, n);
	sys(close, same);
	sys(close, fd);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
}

TEST(limits_in_proc)
{
	static const struct {
		const char *path, *text;
	} files[] = {{"/proc/sys/fs/mqueue/queues_max", "256\n"}, {"/proc/sys/fs/mqueue/msg_max", "10\n"},
		{"/proc/sys/fs/mqueue/msgsize_max", "8192\n"}, {"/proc/sys/fs/mqueue/msg_default", "10\n"},
		{"/proc/sys/fs/mqueue/msgsize_default", "8192\n"}};

	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		CHECK_GE(t_slurp(files[i].path, text, sizeof text), 1);
		CHECK(!strcmp(text, files[i].text));
	}
	CHECK_EQ(t_spit("/proc/sys/fs/mqueue/msg_max", "0"), -EINVAL);
	CHECK_EQ(t_spit("/proc/sys/fs/mqueue/msgsize_max", "127"), -EINVAL);
	CHECK_EQ(t_spit("/proc/sys/fs/mqueue/msg_max", "65537"), -EINVAL);
}

// A queue that is too big does not count while it is refused.
TEST(too_big_beside_one_that_fits)
{
	struct rlimit limit = {COST(10, 16), COST(10, 16)};
	_Atomic int *done = t_map_shared(PAGE);

	CHECK_EQ(sys(setrlimit, RLIMIT_MSGQUEUE, &limit), 0);
	if (sys(geteuid) == 0)
		CHECK_EQ(sys(setresuid, 54334, -1, -1), 0); // whose queues nobody else's count with
	int pid = t_fork();

	if (pid == 0) {
		while (!*done)
			CHECK_EQ(open_with(O_RDWR, 10, 17), -EMFILE);
		t_exit(0);
	}
	for (long start = t_now_ms(); t_now_ms() - start < 300;)
		sys(close, queue(0, 10));
	*done = 1;
	CHECK_EQ(t_wait(pid), 0);
}
