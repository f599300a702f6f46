// SPDX-License-Identifier: GPL-2.0-only
//
// Waiting for files: poll, select, epoll, and what one waits for: FIFOs, eventfds, timerfds; file locks.
#include "t.h"

#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/stat.h>

static int rd, wr;
static char c;

static void make_pipe(void)
{
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	rd = fds[0];
	wr = fds[1];
}

// What poll says of one descriptor: its revents, 0 after ms milliseconds.
static long poll_one(int fd, int events, int ms)
{
	struct pollfd p = {fd, (short)events, 0};
	long n = sys(poll, &p, 1, ms);

	if (n < 0)
		return n;
	CHECK_EQ(n, p.revents != 0);
	return p.revents;
}

// A child that writes a byte a little later.
static int write_later(int fd)
{
	int pid = t_fork();

	if (pid == 0) {
		t_sleep_ms(20);
		sys(write, fd, "x", 1);
		t_exit(0);
	}
	return pid;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarms(void)
{
	CHECK_EQ(t_action(SIGALRM, on_alarm, 0), 0);
	t_alarms(10);
}

TEST(poll_pipe)
{
	make_pipe();
	CHECK_EQ(poll_one(rd, POLLIN, 0), 0);
	CHECK_EQ(poll_one(rd, POLLIN, 10), 0);
	CHECK_EQ(poll_one(wr, POLLIN | POLLOUT, -1), POLLOUT);
	sys(write, wr, "x", 1);
	CHECK_EQ(poll_one(rd, POLLIN, -1), POLLIN);
	CHECK_EQ(poll_one(rd, 0, 0), 0);
	sys(read, rd, &c, 1);
	int pid = write_later(wr);

	CHECK_EQ(poll_one(rd, POLLIN, -1), POLLIN);
	t_wait(pid);
	sys(read, rd, &c, 1);
	sys(close, wr);
	CHECK_EQ(poll_one(rd, POLLIN, -1), POLLHUP);
	sys(close, rd);
	make_pipe();
	sys(close, rd);
	CHECK_EQ(poll_one(wr, POLLOUT, 0), POLLOUT | POLLERR);
}

TEST(poll_arguments)
{
	struct pollfd p = {99, POLLIN, 0};

	CHECK_EQ(poll_one(99, POLLIN, -1), POLLNVAL);
	CHECK_EQ(poll_one(-1, POLLIN, 0), 0);
	CHECK_EQ(sys(poll, 8, 1, 0), -EFAULT);
	CHECK_EQ(sys(poll, &p, 100000000, 0), -EINVAL);
	CHECK_EQ(sys(poll, 0, 0, 5), 0);
	struct timespec bad = {0, 1000000000};

	CHECK_EQ(sys(ppoll, &p, 1, &bad, 0, 8), -EINVAL);
	CHECK_EQ(sys(ppoll, &p, 1, 8, 0, 8), -EFAULT);
	unsigned long mask = 0;

	CHECK_EQ(sys(ppoll, &p, 1, 0, &mask, 4), -EINVAL);
}

TEST(poll_many)
{
	struct pollfd p[40];
	int ends[40];

	for (int i = 0; i < 40; i++) {
		make_pipe();
		p[i] = (struct pollfd){rd, POLLIN, 0};
		ends[i] = wr;
	}
	CHECK_EQ(sys(poll, p, 40, 5), 0);
	int pid = write_later(ends[33]);

	CHECK_EQ(sys(poll, p, 40, -1), 1);
	CHECK_EQ(p[33].revents, POLLIN);
	t_wait(pid);
}

TEST(poll_and_signals)
{
	make_pipe();
	alarms();
	CHECK_EQ(poll_one(rd, POLLIN, -1), -EINTR);
	// ppoll's mask holds while it waits, and no longer.
	unsigned long alarm = BIT(SIGALRM), none = 0, now;

	sys(rt_sigprocmask, SIG_BLOCK, &alarm, 0, 8);
	struct pollfd p = {rd, POLLIN, 0};

	CHECK_EQ(sys(ppoll, &p, 1, 0, &none, 8), -EINTR);
	sys(rt_sigprocmask, SIG_BLOCK, 0, &now, 8);
	CHECK_EQ(now, alarm);
}

TEST(killed_while_polling)
{
	make_pipe();
	int pid = t_fork();

	if (pid == 0)
		poll_one(rd, POLLIN, -1);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(select_pipe)
{
	unsigned long in[16] = {0}, out[16] = {0};
	long tv[2] = {0, 10000};

	make_pipe();
	in[0] = 1UL << rd;
	out[0] = 1UL << wr;
	CHECK_EQ(sys(select, wr + 1, in, out, 0, 0), 1);
	CHECK_EQ(in[0], 0);
	CHECK_EQ(out[0], 1UL << wr);
	in[0] = 1UL << rd;
	CHECK_EQ(sys(select, wr + 1, in, 0, 0, tv), 0);
	CHECK_EQ(in[0], 0);
	CHECK_EQ(tv[1], 0);
	int pid = write_later(wr);

	in[0] = 1UL << rd;
	CHECK_EQ(sys(select, wr + 1, in, 0, 0, 0), 1);
	CHECK_EQ(in[0], 1UL << rd);
	t_wait(pid);
	in[0] = 1UL << 60;
	CHECK_EQ(sys(select, 61, in, 0, 0, 0), -EBADF);
	CHECK_EQ(sys(select, -1, 0, 0, 0, 0), -EINVAL);
	tv[0] = -1;
	CHECK_EQ(sys(select, 0, 0, 0, 0, tv), -EINVAL);
	CHECK_EQ(sys(select, 64, 8, 0, 0, 0), -EFAULT);
	in[0] = 1UL << 60;
	CHECK_EQ(sys(pselect6, 61, in, 0, 0, 0, 0), -EBADF);
	in[0] = 1UL << rd;
	sys(read, rd, &c, 1);
	alarms();
	CHECK_EQ(sys(select, wr + 1, in, 0, 0, 0), -EINTR);
	CHECK_EQ(sys(pselect6, wr + 1, in, 0, 0, 0, 0), -EINTR);
}

TEST(fifo)
{
	t_tmpdir();
	CHECK_EQ(sys(mknod, "f", S_IFIFO | 0600, 0), 0);
	CHECK_EQ(sys(mknod, "f", S_IFIFO | 0600, 0), -EEXIST);
	CHECK_EQ(sys(open, "f", O_WRONLY | O_NONBLOCK), -ENXIO);
	int pid = t_fork();

	if (pid == 0) {
		wr = (int)sys(open, "f", O_WRONLY);
		sys(write, wr, "x", 1);
		t_exit(0);
	}
	rd = (int)sys(open, "f", O_RDONLY); // waits for the writer
	CHECK_GE(rd, 0);
	CHECK_EQ(sys(read, rd, &c, 1), 1);
	t_wait(pid);
	CHECK_EQ(sys(read, rd, &c, 1), 0);
	CHECK_EQ(poll_one(rd, POLLIN, 0), POLLHUP);
	sys(close, rd);
	rd = (int)sys(open, "f", O_RDONLY | O_NONBLOCK);
	CHECK_EQ(sys(read, rd, &c, 1), 0);
	CHECK_EQ(poll_one(rd, POLLIN, 0), 0); // no writer yet is no hang-up
	wr = (int)sys(open, "f", O_WRONLY);
	CHECK_EQ(sys(read, rd, &c, 1), -EAGAIN);
	sys(close, wr);
	CHECK_EQ(poll_one(rd, POLLIN, 0), POLLHUP);
	sys(close, rd);
	alarms();
	CHECK_EQ(sys(open, "f", O_RDONLY), -EINTR);
	rd = (int)sys(open, "f", O_RDWR); // never waits
	CHECK_EQ(sys(write, rd, "x", 1), 1);
	CHECK_EQ(sys(read, rd, &c, 1), 1);
}

TEST(killed_while_opening_a_fifo)
{
	t_tmpdir();
	sys(mknod, "f", S_IFIFO | 0600, 0);
	int pid = t_fork();

	if (pid == 0)
		sys(open, "f", O_WRONLY);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(open, "f", O_WRONLY | O_NONBLOCK), -ENXIO);
}

TEST(eventfd)
{
	unsigned long v = 0;
	int fd = (int)sys(eventfd2, 3, O_NONBLOCK);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(read, fd, &v, 4), -EINVAL);
	CHECK_EQ(sys(read, fd, &v, 8), 8);
	CHECK_EQ(v, 3);
	CHECK_EQ(sys(read, fd, &v, 8), -EAGAIN);
	v = ~0UL;
	CHECK_EQ(sys(write, fd, &v, 8), -EINVAL);
	v = ~0UL - 1;
	CHECK_EQ(sys(write, fd, &v, 8), 8);
	CHECK_EQ(poll_one(fd, POLLIN | POLLOUT, 0), POLLIN);
	v = 1;
	CHECK_EQ(sys(write, fd, &v, 8), -EAGAIN);
	fd = (int)sys(eventfd2, 2, 1); // EFD_SEMAPHORE
	CHECK_EQ(sys(read, fd, &v, 8), 8);
	CHECK_EQ(v, 1);
	CHECK_EQ(sys(eventfd2, 0, 0x1000), -EINVAL);
}

static int ep;

static long ctl(int op, int fd, unsigned events)
{
	struct epoll_event e = {events, 42};

	return sys(epoll_ctl, ep, op, fd, &e);
}

// The events of the only ready file, 0 if there is none.
static long ready(int ms)
{
	struct epoll_event e[4];
	long n = sys(epoll_wait, ep, e, 4, ms);

	if (n <= 0)
		return n;
	CHECK_EQ(n, 1);
	CHECK_EQ(e[0].data, 42);
	return e[0].events;
}

TEST(epoll)
{
	struct epoll_event e[4];

	CHECK_EQ(sys(epoll_create, 0), -EINVAL);
	CHECK_EQ(sys(epoll_create1, 1), -EINVAL);
	ep = (int)sys(epoll_create1, O_CLOEXEC);
	CHECK_GE(ep, 0);
	make_pipe();
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN), -ENOENT);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, 99, POLLIN), -EBADF);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, ep, POLLIN), -EINVAL);
	CHECK_EQ(ctl(7, rd, POLLIN), -EINVAL);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN), 0);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN), -EEXIST);
	CHECK_EQ(sys(epoll_wait, ep, e, 0, 0), -EINVAL);
	CHECK_EQ(sys(epoll_wait, rd, e, 1, 0), -EINVAL);
	CHECK_EQ(ready(0), 0);
	CHECK_EQ(ready(5), 0);
	int pid = write_later(wr);

	CHECK_EQ(ready(-1), POLLIN);
	CHECK_EQ(ready(-1), POLLIN); // level-triggered
	CHECK_EQ(poll_one(ep, POLLIN, -1), POLLIN);
	t_wait(pid);
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN | EPOLLET), 0);
	CHECK_EQ(ready(0), POLLIN);
	CHECK_EQ(ready(0), 0);
	sys(write, wr, "x", 1);
	CHECK_EQ(ready(0), POLLIN);
	CHECK_EQ(ready(0), 0);
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN | EPOLLONESHOT), 0);
	CHECK_EQ(ready(0), POLLIN);
	sys(write, wr, "x", 1);
	CHECK_EQ(ready(0), 0);
	CHECK_EQ(ctl(EPOLL_CTL_DEL, rd, 0), 0);
	CHECK_EQ(ctl(EPOLL_CTL_DEL, rd, 0), -ENOENT);
	// The end of a file is the end of the watch.
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN), 0);
	CHECK_EQ(ready(0), POLLIN);
	sys(close, rd);
	CHECK_EQ(ready(0), 0);
	alarms();
	CHECK_EQ(ready(-1), -EINTR);
}

TEST(timerfd)
{
	long its[4] = {0, 10000000, 0, 10000000}; // interval, value
	unsigned long n = 0;
	int fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(read, fd, &n, 8), -EAGAIN);
	CHECK_EQ(sys(timerfd_settime, fd, 0, its, 0), 0);
	CHECK_EQ(poll_one(fd, POLLIN, -1), POLLIN);
	t_sleep_ms(35);
	CHECK_EQ(sys(read, fd, &n, 8), 8);
	CHECK_GE(n, 3);
	CHECK_EQ(sys(timerfd_gettime, fd, its), 0);
	CHECK_EQ(its[1], 10000000);
	its[2] = its[3] = 0;
	CHECK_EQ(sys(timerfd_settime, fd, 0, its, 0), 0);
	sys(read, fd, &n, 8);
	CHECK_EQ(poll_one(fd, POLLIN, 25), 0);
	its[3] = -1;
	CHECK_EQ(sys(timerfd_settime, fd, 0, its, 0), -EINVAL);
	CHECK_EQ(sys(timerfd_create, 99, 0), -EINVAL);
	make_pipe();
	its[3] = 0;
	CHECK_EQ(sys(timerfd_settime, rd, 0, its, 0), -EINVAL);
}

// A period that no interrupt can keep up with.
TEST(timerfd_of_a_nanosecond)
{
	long its[4] = {0, 1, 0, 1};
	unsigned long n = 0;
	int fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, 0);

	CHECK_EQ(sys(timerfd_settime, fd, 0, its, 0), 0);
	for (volatile int i = 0; i < 300000; i++)
		;
	t_sleep_ms(5);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(sys(read, fd, &n, 8), 8);
	t_sleep_ms(5);
	CHECK_EQ(sys(read, fd, &n, 8), 8);
	CHECK_GE(n, 1000000);
}

// The second time is behind the end of time.
TEST(timerfd_that_comes_once_in_all_time)
{
	long its[4] = {INT64_MAX, 0, 0, 1};
	unsigned long n = 0;

	for (int i = 0; i < 4; i++) {
		int fd = (int)sys(timerfd_create, i / 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC, O_NONBLOCK);

		CHECK_EQ(sys(timerfd_settime, fd, i % 2, its, 0), 0); // TFD_TIMER_ABSTIME or not
		CHECK_EQ(poll_one(fd, POLLIN, -1), POLLIN);
		CHECK_EQ(sys(read, fd, &n, 8), 8);
		CHECK_EQ(n, 1);
		CHECK_EQ(poll_one(fd, POLLIN, 2), 0);
		long left[4];

		CHECK_EQ(sys(timerfd_gettime, fd, left), 0);
		CHECK_GE(left[2], 7000000000);
		CHECK_EQ(sys(close, fd), 0);
	}
}

TEST(expirations_that_are_said)
{
	enum { TFD_IOC_SET_TICKS = 0x40085400 };
	int fd = (int)sys(timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK);
	unsigned long n = 5, got = 0;
	long err = sys(ioctl, fd, TFD_IOC_SET_TICKS, &n);

	if (err == -ENOTTY && !t_on_thaw)
		SKIP("this Linux was built without it");
	CHECK_EQ(err, 0);
	CHECK_EQ(poll_one(fd, POLLIN, 0), POLLIN);
	CHECK_EQ(sys(read, fd, &got, 8), 8);
	CHECK_EQ(got, 5);
	CHECK_EQ(sys(read, fd, &got, 8), -EAGAIN);
	n = ~0UL;
	CHECK_EQ(sys(ioctl, fd, TFD_IOC_SET_TICKS, &n), 0);
	CHECK_EQ(sys(read, fd, &got, 8), 8);
	CHECK_EQ(got, ~0UL);
	n = 0;
	CHECK_EQ(sys(ioctl, fd, TFD_IOC_SET_TICKS, &n), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, TFD_IOC_SET_TICKS, 8), -EFAULT);
}

static int poll_ep(void *result)
{
	*(long *)result = poll_one(ep, POLLIN, 40);
	return 0;
}

// Who polls an epoll does not hold what it watches.
TEST(what_a_polled_epoll_watches_is_closed)
{
	struct thread t;
	long result = -1;

	ep = (int)sys(epoll_create1, 0);
	make_pipe();
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN), 0);
	thread_start(&t, poll_ep, &result);
	t_sleep_ms(10);
	sys(close, rd);
	sys(close, wr);
	for (int i = 0; i < 50; i++)
		make_pipe();
	thread_join(&t);
	CHECK_EQ(result, 0);
}

static int new_epoll(void)
{
	int fd = (int)sys(epoll_create1, 0);

	CHECK_GE(fd, 0);
	return fd;
}

static long watch(int outer, int fd, unsigned events)
{
	ep = outer;
	return ctl(EPOLL_CTL_ADD, fd, events);
}

static long ready_in(int outer, int ms)
{
	ep = outer;
	return ready(ms);
}

TEST(an_epoll_watches_an_epoll)
{
	int inner = new_epoll(), outer = new_epoll(), top = new_epoll(), pid;
	char two[2];

	make_pipe();
	CHECK_EQ(watch(outer, inner, POLLIN), 0);
	CHECK_EQ(watch(outer, inner, POLLIN), -EEXIST);
	CHECK_EQ(watch(top, outer, POLLIN | EPOLLET), 0);
	CHECK_EQ(watch(inner, rd, POLLIN), 0);
	CHECK_EQ(poll_one(top, POLLIN, 0), 0);
	CHECK_EQ(ready_in(top, 0), 0);
	CHECK_EQ(sys(write, wr, "x", 1), 1);
	CHECK_EQ(poll_one(inner, POLLIN | POLLRDNORM, 0), POLLIN | POLLRDNORM);
	CHECK_EQ(poll_one(outer, POLLIN, 0), POLLIN);
	CHECK_EQ(poll_one(top, POLLIN, 0), POLLIN);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(ready_in(outer, 0), POLLIN);
	CHECK_EQ(ready_in(top, 0), POLLIN);
	CHECK_EQ(ready_in(top, 0), 0); // that was told
	CHECK_EQ(ready_in(inner, 0), POLLIN);
	CHECK_EQ(sys(write, wr, "x", 1), 1);
	CHECK_EQ(ready_in(top, 0), POLLIN);
	CHECK_EQ(sys(read, rd, two, 2), 2);
	CHECK_EQ(ready_in(outer, 0), 0);
	CHECK_EQ(poll_one(top, POLLIN, 0), 0);
	pid = write_later(wr);
	CHECK_EQ(ready_in(top, -1), POLLIN); // whoever sleeps wakes
	t_wait(pid);
	CHECK_EQ(sys(read, rd, two, 1), 1);
	pid = write_later(wr);
	CHECK_EQ(poll_one(outer, POLLIN, -1), POLLIN);
	t_wait(pid);
	// Of what was told once, the outer ones hear no more, though it is there.
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN), -ENOENT);
	ep = inner;
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN | EPOLLET), 0);
	CHECK_EQ(ready_in(outer, 0), POLLIN);
	CHECK_EQ(ready_in(inner, 0), POLLIN);
	CHECK_EQ(ready_in(outer, 0), 0);
	CHECK_EQ(poll_one(inner, POLLIN, 0), 0);
	CHECK_EQ(sys(write, wr, "x", 1), 1);
	CHECK_EQ(ready_in(outer, 0), POLLIN);
	sys(close, inner);
	CHECK_EQ(ready_in(outer, 0), 0);
	CHECK_EQ(poll_one(top, POLLIN, 0), 0);
}

TEST(epolls_that_watch_in_circles)
{
	int a = new_epoll(), b = new_epoll(), c3 = new_epoll(), chain[8];

	CHECK_EQ(watch(a, a, POLLIN), -EINVAL);
	CHECK_EQ(watch(a, b, POLLIN), 0);
	CHECK_EQ(watch(b, a, POLLIN), -ELOOP);
	CHECK_EQ(watch(b, c3, POLLIN), 0);
	CHECK_EQ(watch(c3, a, POLLIN), -ELOOP);
	CHECK_EQ(watch(c3, b, POLLIN), -ELOOP);
	CHECK_EQ(watch(a, c3, POLLIN), 0); // twice, but not round
	sys(close, b);
	CHECK_EQ(watch(c3, a, POLLIN), -ELOOP);
	// As deep as can be, and a level more.
	for (int i = 0; i < 8; i++)
		chain[i] = new_epoll();
	make_pipe();
	CHECK_EQ(watch(chain[0], rd, POLLIN), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(watch(chain[i + 1], chain[i], POLLIN), 0);
	long err = watch(chain[5], chain[4], POLLIN);

	CHECK(err == -ELOOP || (!t_on_thaw && err == -EINVAL)); // Linux has said either
	CHECK_EQ(sys(write, wr, "x", 1), 1);
	CHECK_EQ(ready_in(chain[4], 0), POLLIN);
	CHECK_EQ(poll_one(chain[4], POLLIN, 0), POLLIN);
	CHECK_EQ(ready_in(chain[5], 0), 0);
}

// One wake-up does not go too many ways.
TEST(epolls_that_watch_by_many_ways)
{
	int chain[4], top;

	make_pipe();
	for (int i = 0; i < 4; i++)
		chain[i] = new_epoll();
	CHECK_EQ(watch(chain[0], rd, POLLIN), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(watch(chain[i + 1], chain[i], POLLIN), 0);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(watch(top = new_epoll(), chain[3], POLLIN), 0);
	CHECK_EQ(watch(new_epoll(), chain[3], POLLIN), -EINVAL);
	CHECK_EQ(watch(chain[0], wr, POLLOUT), 0);
	CHECK_EQ(ready_in(top, 0), POLLIN);
	// Nobody is woken yet, and then somebody would be.
	CHECK_EQ(ctl(EPOLL_CTL_DEL, chain[3], 0), 0);
	ep = chain[0];
	CHECK_EQ(ctl(EPOLL_CTL_DEL, rd, 0), 0);
	CHECK_EQ(ctl(EPOLL_CTL_DEL, wr, 0), 0);
	CHECK_EQ(watch(top, chain[3], POLLIN), 0);
	CHECK_EQ(watch(new_epoll(), chain[3], POLLIN), 0);
	CHECK_EQ(watch(chain[0], rd, POLLIN), -EINVAL);
	CHECK_EQ(watch(new_epoll(), rd, POLLIN), 0);
}

TEST(exclusive_watches)
{
	int inner = new_epoll();

	make_pipe();
	CHECK_EQ(watch(new_epoll(), inner, POLLIN | EPOLLEXCLUSIVE), -EINVAL);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), -EINVAL);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN | POLLPRI | EPOLLEXCLUSIVE), -EINVAL);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN | EPOLLEXCLUSIVE | EPOLLET), 0);
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN), -EINVAL);
	CHECK_EQ(ctl(EPOLL_CTL_DEL, rd, EPOLLEXCLUSIVE), 0);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, rd, POLLIN), 0);
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN | EPOLLEXCLUSIVE), -EINVAL);
	CHECK_EQ(sys(write, wr, "x", 1), 1);
	CHECK_EQ(ready(0), POLLIN);
	// One that was told once is told nothing more, not even that it ends.
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN | EPOLLONESHOT), 0);
	CHECK_EQ(ready(0), POLLIN);
	sys(close, wr);
	CHECK_EQ(ready(0), 0);
	CHECK_EQ(poll_one(ep, POLLIN, 0), 0);
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, 0), 0);
	CHECK_EQ(ready(0), POLLHUP);
	CHECK_EQ(ctl(EPOLL_CTL_ADD, (int)sys(open, "/", O_RDONLY), POLLIN), -EPERM);
}

// ---- many events at once ----

enum { FILES = 40 };
static int files[FILES], told[FILES];
static struct epoll_event list[2 * FILES];

// A third of them is level-triggered, a third edge-triggered, and a third tells once.
static unsigned kind(int i)
{
	return EPOLLIN | (i % 3 == 1 ? EPOLLET : i % 3 == 2 ? EPOLLONESHOT : 0);
}

static void make_files(void)
{
	ep = new_epoll();
	for (int i = 0; i < FILES; i++) {
		struct epoll_event e = {kind(i), (unsigned)i};

		files[i] = (int)sys(eventfd2, 1, O_NONBLOCK);
		CHECK_GE(files[i], 0);
		CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, files[i], &e), 0);
	}
}

// What is written to e is counted.
static long count_told(const struct epoll_event *e, int max)
{
	long n = sys(epoll_wait, ep, e, max, 0);

	for (long i = 0; i < n; i++) {
		CHECK_EQ(e[i].events, EPOLLIN);
		CHECK_LE(e[i].data, FILES - 1);
		told[e[i].data]++;
	}
	return n;
}

TEST(many_events)
{
	make_files();
	CHECK_EQ(count_told(list, FILES), FILES);
	for (int i = 0; i < FILES; i++)
		CHECK_EQ(list[i].data, i);
	CHECK_EQ(count_told(list, FILES), 14);
	for (int i = 0; i < 14; i++)
		CHECK_EQ(list[i].data, 3 * i);
	// A short list begins where the last one ended.
	CHECK_EQ(count_told(list, 9), 9);
	CHECK_EQ(count_told(list, 9), 9);
	for (int i = 0; i < 9; i++)
		CHECK_EQ(list[i].data, (9 + i) % 14 * 3);
	for (int i = 0; i < FILES; i++) {
		unsigned long v = 1;

		CHECK_EQ(i % 3 ? sys(write, files[i], &v, 8) : sys(read, files[i], &v, 8), 8);
	}
	CHECK_EQ(count_told(list, FILES), 13); // those who tell once are silent
	for (int i = 0; i < 13; i++)
		CHECK_EQ(list[i].data, 3 * i + 1);
	CHECK_EQ(count_told(list, FILES), 0);
	// However much room there is, a file has one event.
	for (int i = 0; i < FILES; i++) {
		struct epoll_event e = {EPOLLOUT, (unsigned)i};

		CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_MOD, files[i], &e), 0);
	}
	CHECK_EQ(sys(epoll_wait, ep, list, 2 * FILES, 0), FILES);
	for (int i = 0; i < FILES; i++)
		CHECK_EQ(list[i].data, i);
}

// The memory for them ends within an event: those that do not fit are told the next time, and none is lost or told twice.
TEST(events_that_cannot_be_written)
{
	char *page = t_map(2 * PAGE);

	CHECK_EQ(sys(munmap, page + PAGE, PAGE), 0);
	for (int fit = 0; fit < FILES; fit += 13) {
		memset(told, 0, sizeof told);
		make_files();
		char *at = page + PAGE - fit * (int)sizeof *list - 5;

		CHECK_EQ(count_told((struct epoll_event *)at, FILES), fit ? fit : -EFAULT);
		while (count_told(list, FILES) > 14)
			;
		for (int i = 0; i < FILES; i++)
			CHECK(i % 3 ? told[i] == 1 : told[i] >= 1);
		for (int i = 0; i < FILES; i++)
			sys(close, files[i]);
		sys(close, ep);
	}
}

// Some take what is told once, and some have no memory to take it: each number arrives, at one of them.
static _Atomic long sum;
enum { ROUNDS = 60 };

static int take_numbers(void *unused)
{
	struct epoll_event e[FILES];
	unsigned long v;

	(void)unused;
	for (int i = 0; sum < FILES * (ROUNDS + 1); i++) {
		long n = sys(epoll_wait, ep, i % 4 ? e : t_ptr(8), FILES / 2, 1);

		for (long k = 0; k < n; k++) {
			int fd = files[e[k].data];

			CHECK_EQ(sys(read, fd, &v, 8), 8);
			sum += (long)v;
			e[k].events = EPOLLIN | EPOLLONESHOT;
			CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_MOD, fd, &e[k]), 0);
		}
	}
	return 0;
}

TEST(told_once_among_many)
{
	struct thread t[3];
	unsigned long v = 1;

	make_files();
	for (int i = 0; i < FILES; i++) {
		struct epoll_event e = {EPOLLIN | EPOLLONESHOT, (unsigned)i};

		CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_MOD, files[i], &e), 0);
	}
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], take_numbers, NULL);
	for (int i = 0; i < FILES * ROUNDS; i++)
		CHECK_EQ(sys(write, files[i % FILES], &v, 8), 8);
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
	CHECK_EQ(sum, FILES * (ROUNDS + 1));
}

// ---- how much a user may watch ----

#define WATCHES "/proc/sys/fs/epoll/max_user_watches"

static int event_file(void)
{
	int fd = (int)sys(eventfd2, 0, 0);

	CHECK_GE(fd, 0);
	return fd;
}

static int add_and_remove(void *arg)
{
	int outer = (int)(long)arg;

	for (int i = 0; i < 300; i++) {
		struct epoll_event e = {POLLIN, 0};
		int fd = event_file();
		long err = sys(epoll_ctl, outer, EPOLL_CTL_ADD, fd, &e);

		CHECK(err == 0 || err == -ENOSPC);
		if (i % 3)
			CHECK_EQ(sys(epoll_ctl, outer, EPOLL_CTL_DEL, fd, &e), err ? -ENOENT : 0);
		sys(close, fd);
	}
	return 0;
}

// The limit is 3, and roots is an epoll of root's.
static void watch_as_a_user(int roots)
{
	int own = new_epoll(), other = new_epoll(), fd = event_file();
	struct thread t[4];

	make_pipe();
	CHECK_EQ(sys(open, WATCHES, O_WRONLY), -EACCES);
	CHECK_EQ(watch(own, rd, POLLIN), 0);
	CHECK_EQ(watch(own, wr, POLLOUT), 0);
	CHECK_EQ(watch(other, rd, POLLIN), 0);
	CHECK_EQ(watch(other, fd, POLLIN), -ENOSPC);
	CHECK_EQ(watch(own, other, POLLIN), -ENOSPC);
	CHECK_EQ(watch(own, rd, POLLIN), -EEXIST);
	CHECK_EQ(watch(own, own, POLLIN), -EINVAL);
	CHECK_EQ(ctl(EPOLL_CTL_MOD, rd, POLLIN), 0);
	CHECK_EQ(ready_in(own, 0), POLLOUT);
	CHECK_EQ(watch(roots, fd, POLLIN), 0); // those are of who made it
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(watch(other, fd, POLLIN), -ENOSPC);
		CHECK_EQ(watch(new_epoll(), fd, POLLIN), -ENOSPC);
	}), 0);
	// What ends one: its removal, the end of its file, the end of its epoll.
	CHECK_EQ(watch(other, wr, POLLOUT), -ENOSPC);
	CHECK_EQ(ctl(EPOLL_CTL_DEL, rd, 0), 0);
	CHECK_EQ(watch(other, fd, POLLIN), 0);
	CHECK_EQ(watch(other, rd, POLLIN), -ENOSPC);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(watch(other, rd, POLLIN), 0);
	CHECK_EQ(watch(other, wr, POLLOUT), -ENOSPC);
	CHECK_EQ(sys(close, own), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(watch(other, event_file(), POLLIN), 0);
	CHECK_EQ(watch(other, event_file(), POLLIN), -ENOSPC);
	CHECK_EQ(sys(close, other), 0);
	// Many at once.
	own = new_epoll();
	for (int i = 0; i < 4; i++)
		thread_start(&t[i], add_and_remove, (void *)(long)own);
	for (int i = 0; i < 4; i++)
		thread_join(&t[i]);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(watch(own, event_file(), POLLIN), 0);
	CHECK_EQ(watch(own, event_file(), POLLIN), -ENOSPC);
}

// What fails for another reason does not count. The limit is 16.
static void watch_by_too_many_ways(void)
{
	int chain[4], fd = event_file();

	for (int i = 0; i < 4; i++)
		chain[i] = new_epoll();
	CHECK_EQ(watch(chain[0], fd, POLLIN), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(watch(chain[i + 1], chain[i], POLLIN), 0);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(watch(new_epoll(), chain[3], POLLIN), 0);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(watch(new_epoll(), chain[3], POLLIN), -EINVAL);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(watch(chain[0], chain[3], POLLIN), -ELOOP);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(watch(new_epoll(), fd, POLLIN), 0);
	CHECK_EQ(watch(new_epoll(), fd, POLLIN), -ENOSPC);
}

TEST(as_much_as_a_user_may_watch)
{
	char limit[32];
	int roots = new_epoll(), how[3];

	if (!t_own_machine)
		SKIP("it is everybody's limit");
	CHECK_GE(t_slurp(WATCHES, limit, sizeof limit), 2);
	CHECK_GE(t_number(limit), 1000);
	CHECK_EQ(t_spit(WATCHES, "-1"), -EINVAL);
	CHECK_EQ(t_spit(WATCHES, "9223372036854775808"), -EINVAL);
	CHECK_EQ(t_spit(WATCHES, "many"), -EINVAL);
	CHECK_EQ(t_spit(WATCHES, "9223372036854775807"), 0);
	CHECK_EQ(t_spit(WATCHES, "3"), 0);
	for (int i = 0; i < 2; i++)
		how[i] = IN_CHILD({ // one user does not take from the other, nor a process that is gone
			CHECK_EQ(sys(setresuid, 1000 + i, 1000 + i, 1000 + i), 0);
			watch_as_a_user(roots);
		});
	CHECK_EQ(t_spit(WATCHES, "16"), 0);
	how[2] = IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		watch_by_too_many_ways();
	});
	CHECK_EQ(t_spit(WATCHES, limit), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(how[i], 0);
}

// Chains are made, used and taken apart by many at once.
struct nest {
	int ep[6], rd, wr;
	_Atomic bool over;
};

static int change_nest(void *arg)
{
	struct nest *n = arg;
	struct epoll_event e = {POLLIN, 42};
	unsigned long x = (unsigned long)t_gettid();

	for (int i = 0; i < 3000; i++) {
		x = x * 6364136223846793005 + 1442695040888963407;
		int from = (int)(x >> 33) % 6, to = (int)(x >> 43) % 7;

		sys(epoll_ctl, n->ep[from], x >> 60 & 1 ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, to == 6 ? n->rd : n->ep[to], &e);
		if (i % 8 == 0)
			sys(write, n->wr, "x", 1);
	}
	n->over = true;
	return 0;
}

static int wait_in_nest(void *arg)
{
	struct nest *n = arg;
	struct epoll_event e[4];
	char buf[64];

	for (int i = 0; !n->over; i++) {
		sys(epoll_wait, n->ep[i % 6], e, 4, 1);
		poll_one(n->ep[(i + 1) % 6], POLLIN, 0);
		sys(read, n->rd, buf, sizeof buf);
	}
	return 0;
}

TEST(storm_of_epolls)
{
	struct thread t[4];
	struct nest n = {.over = false};
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, O_NONBLOCK), 0);
	n.rd = fds[0];
	n.wr = fds[1];
	for (int i = 0; i < 6; i++)
		n.ep[i] = new_epoll();
	for (int i = 0; i < 4; i++)
		thread_start(&t[i], i & 1 ? change_nest : wait_in_nest, &n);
	for (int i = 0; i < 4; i++)
		thread_join(&t[i]);
}

static long set_lock(int fd, int type, long start, long len)
{
	struct flock l = {.l_type = (short)type, .l_start = start, .l_len = len};

	return sys(fcntl, fd, F_SETLK, &l);
}

TEST(record_locks)
{
	t_tmpdir();
	int fd = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(set_lock(fd, F_WRLCK, 0, 100), 0);
	CHECK_EQ(set_lock(fd, F_UNLCK, 40, 20), 0); // leaves two
	CHECK_EQ(IN_CHILD({
		struct flock l = {.l_type = F_RDLCK};

		CHECK_EQ(set_lock(fd, F_WRLCK, 40, 20), 0);
		CHECK_EQ(set_lock(fd, F_RDLCK, 39, 2), -EAGAIN);
		CHECK_EQ(set_lock(fd, F_RDLCK, 99, 0), -EAGAIN);
		CHECK_EQ(set_lock(fd, F_RDLCK, 100, 0), 0);
		l.l_start = 60;
		CHECK_EQ(sys(fcntl, fd, F_GETLK, &l), 0);
		CHECK_EQ(l.l_type, F_WRLCK);
		CHECK_EQ(l.l_start, 60);
		CHECK_EQ(l.l_len, 40);
		CHECK_EQ(l.l_pid, sys(getppid));
	}),
		0);
	// The child's went with it.
	CHECK_EQ(set_lock(fd, F_WRLCK, 0, 0), 0);
	// Any close of the file by this process drops them all.
	sys(close, sys(open, "f", O_RDONLY));
	CHECK_EQ(IN_CHILD(CHECK_EQ(set_lock(fd, F_WRLCK, 0, 0), 0)), 0);
	CHECK_EQ(set_lock(fd, 9, 0, 0), -EINVAL);
	CHECK_EQ(set_lock(fd, F_RDLCK, -1, 0), -EINVAL);
	CHECK_EQ(set_lock((int)sys(open, "f", O_RDONLY), F_WRLCK, 0, 0), -EBADF);
}

TEST(lock_waits)
{
	struct flock l = {.l_type = F_WRLCK};
	int go[2], done[2];

	t_tmpdir();
	int fd = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);

	sys(pipe, go);
	sys(pipe, done);
	int pid = t_fork();

	if (pid == 0) {
		set_lock(fd, F_WRLCK, 0, 0);
		sys(write, go[1], "x", 1);
		sys(read, done[0], &c, 1);
		UNTIL(t_state((int)sys(getppid)) == 'S');
		t_exit(0);
	}
	sys(read, go[0], &c, 1);
	CHECK_EQ(set_lock(fd, F_WRLCK, 0, 0), -EAGAIN);
	sys(write, done[1], "x", 1);
	CHECK_EQ(sys(fcntl, fd, F_SETLKW, &l), 0);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_wait_for_a_lock_that_ends_without_it)
{
	struct flock first = {.l_type = F_WRLCK, .l_len = 1}, second = {.l_type = F_WRLCK, .l_start = 1, .l_len = 1};
	int go[2], pid;

	t_tmpdir();
	int fd = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(sys(pipe, go), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETLK, &first), 0);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(fcntl, fd, F_SETLK, &second), 0);
		sys(write, go[1], "x", 1);
		CHECK_EQ(sys(fcntl, fd, F_SETLKW, &first), 0);
		t_exit(0);
	}
	CHECK_EQ(sys(read, go[0], &c, 1), 1);
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(fcntl, fd, F_SETLKW, &second), -EDEADLK); // it waits for ours
	CHECK_EQ(set_lock(fd, F_UNLCK, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 0);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(fcntl, fd, F_SETLK, &second), 0);
		sys(write, go[1], "x", 1);
		for (;;)
			sys(pause);
	}
	CHECK_EQ(sys(read, go[0], &c, 1), 1);
	alarms();
	CHECK_EQ(sys(fcntl, fd, F_SETLKW, &second), -EINTR);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(whole_file_locks)
{
	t_tmpdir();
	int a = (int)sys(open, "f", O_RDWR | O_CREAT, 0600), b = (int)sys(open, "f", O_RDWR);

	CHECK_EQ(sys(flock, a, 1), 0); // LOCK_SH
	CHECK_EQ(sys(flock, b, 1), 0);
	CHECK_EQ(sys(flock, b, 2 | 4), -EAGAIN); // LOCK_EX | LOCK_NB
	CHECK_EQ(sys(flock, a, 8), 0);		 // LOCK_UN
	CHECK_EQ(sys(flock, b, 2 | 4), 0);
	sys(close, b);
	CHECK_EQ(sys(flock, a, 2 | 4), 0);
	CHECK_EQ(sys(flock, a, 16), -EINVAL);
}

TEST(memory_files)
{
	char path[64];
	long fd = sys(memfd_create, "m", 1);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, fd, "hello", 5), 5);
	CHECK_EQ(sys(ftruncate, fd, 3 * PAGE), 0);
	char *p = (char *)sys(mmap, 0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(!memcmp(p, "hello", 5));
	p[2 * PAGE] = 'x';
	t_snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
	long again = sys(open, path, O_RDONLY);

	CHECK_EQ(sys(pread64, again, &c, 1, 2 * PAGE), 1);
	CHECK_EQ(c, 'x');
	CHECK_EQ(sys(memfd_create, 8, 0), -EFAULT);
	CHECK_EQ(sys(memfd_create, "m", 0x80), -EINVAL);
}

TEST(vectors_on_a_pipe)
{
	char a[2], b[8];
	struct iovec w[3] = {{"ab", 2}, {"", 0}, {"cdef", 4}}, r[2] = {{a, 2}, {b, 8}};

	make_pipe();
	CHECK_EQ(sys(writev, wr, w, 3), 6);
	CHECK_EQ(sys(readv, rd, r, 2), 6); // does not wait for the rest
	CHECK(!memcmp(a, "ab", 2) && !memcmp(b, "cdef", 4));
	CHECK_EQ(sys(writev, wr, w, -1L), -EINVAL);
	CHECK_EQ(sys(writev, wr, w, 1025), -EINVAL);
	w[1].iov_len = -1UL;
	CHECK_EQ(sys(writev, wr, w, 3), -EINVAL);
	CHECK_EQ(sys(writev, wr, 8, 1), -EFAULT);
}

TEST(bytes_between_files)
{
	long from, off = 1;

	t_tmpdir();
	make_pipe();
	from = sys(open, "f", O_RDWR | O_CREAT, 0600);
	sys(write, from, "hello", 5);
	CHECK_EQ(sys(sendfile, wr, from, &off, 3), 3);
	CHECK_EQ(off, 4);
	CHECK_EQ(sys(lseek, from, 0, SEEK_CUR), 5);
	CHECK_EQ(sys(sendfile, wr, from, 0, 3), 0); // at its end
	char buf[8];

	CHECK_EQ(sys(read, rd, buf, 8), 3);
	CHECK(!memcmp(buf, "ell", 3));
	CHECK_EQ(sys(sendfile, rd, from, 0, 3), -EBADF);
	CHECK_EQ(sys(sendfile, wr, 99, 0, 3), -EBADF);
	CHECK_EQ(sys(write, wr, "pipe", 4), 4);
	CHECK_EQ(sys(sendfile, from, rd, &off, 3), -ESPIPE);
	CHECK_EQ(sys(sendfile, from, rd, 0, 3), -EINVAL); // what cannot be read again is for splice
	CHECK_EQ(sys(read, rd, buf, 8), 4);
}
