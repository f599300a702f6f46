// SPDX-License-Identifier: GPL-2.0-only
//
// Pseudo-terminals: the pair, its names, hanging up, and the terminal of a session.
#include "t.h"
#include <asm/ioctls.h>
#include <asm/poll.h>
#include <asm/termios.h>

#define USER 1000

static char buf[16384];

struct size {
	unsigned short row, col, x, y;
};

static int master, slave, number;
static char path[32];

static void make(void)
{
	int off = 0;

	master = (int)sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	CHECK_GE(master, 0);
	CHECK_EQ(sys(ioctl, master, TIOCGPTN, &number), 0);
	t_snprintf(path, sizeof path, "/dev/pts/%d", number);
	CHECK_EQ(sys(ioctl, master, TIOCSPTLCK, &off), 0);
	slave = (int)sys(open, path, O_RDWR | O_NOCTTY);
	CHECK_GE(slave, 0);
}

static void block(int fd)
{
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_RDWR), 0);
}

static void nonblock(int fd)
{
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
}

// Reads until just that text has come.
static void expect(int fd, const char *text)
{
	long n = (long)strlen(text), have = 0;

	while (have < n) {
		long got;

		UNTIL((got = sys(read, fd, buf + have, n - have)) != -EAGAIN);
		CHECK_GE(got, 1);
		have += got;
	}
	CHECK(!memcmp(buf, text, n));
}

static void type(const char *text)
{
	CHECK_EQ(sys(write, master, text, strlen(text)), strlen(text));
}

static void set_lflag(unsigned off, unsigned on)
{
	struct termios t;

	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	t.c_lflag = (t.c_lflag & ~off) | on;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
}

static void raw(void)
{
	struct termios t;

	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	t.c_iflag = t.c_oflag = t.c_lflag = 0;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
}

static int events(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLHUP, 0};

	sys(poll, &p, 1, 0);
	return p.revents;
}

TEST(both_sides_talk)
{
	make();
	CHECK_EQ(sys(write, slave, "hi\n", 3), 3);
	expect(master, "hi\r\n");
	type("line\n");
	expect(master, "line\r\n");
	CHECK_EQ(sys(read, slave, buf, 100), 5);
	CHECK(!memcmp(buf, "line\n", 5));
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
}

TEST(first_modes)
{
	struct termios t;

	make();
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK_EQ(t.c_iflag, ICRNL | IXON);
	CHECK_EQ(t.c_oflag, OPOST | ONLCR);
	CHECK_EQ(t.c_cflag, B38400 | CS8 | CREAD);
	CHECK_EQ(t.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN);
	t.c_lflag &= ~ECHO;
	CHECK_EQ(sys(ioctl, master, TCSETS, &t), 0); // the slave's, by way of the master
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK(!(t.c_lflag & ECHO));
	type("x\n");
	CHECK_EQ(sys(read, slave, buf, 100), 2);
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
}

TEST(the_name_of_the_slave)
{
	struct stat a, b;
	char link[32];

	make();
	CHECK_EQ(sys(stat, path, &a), 0);
	CHECK_EQ(a.st_mode & 0170000, 0020000);
	CHECK_EQ(a.st_mode & 0007, 0);
	CHECK_EQ(a.st_uid, sys(geteuid));
	CHECK_EQ(a.st_rdev >> 8, 136);
	CHECK_EQ(a.st_rdev & 0xff, number & 0xff);
	CHECK_EQ(sys(fstat, slave, &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	CHECK_EQ(a.st_dev, b.st_dev);
	t_snprintf(link, sizeof link, "/proc/self/fd/%d", slave);
	CHECK_EQ(sys(readlink, link, buf, sizeof buf), strlen(path));
	CHECK(!memcmp(buf, path, strlen(path)));
	sys(close, slave);
	sys(close, master);
	CHECK_EQ(sys(stat, path, &a), -ENOENT);
}

TEST(two_pairs)
{
	int first, first_number;

	make();
	first = master;
	first_number = number;
	make();
	CHECK(first_number != number);
	type("to the second\n");
	CHECK_EQ(sys(read, first, buf, 1), -EAGAIN);
	CHECK_EQ(sys(read, slave, buf, 100), 14);
}

TEST(a_locked_slave)
{
	int on = 1;

	make();
	sys(close, slave);
	CHECK_EQ(sys(ioctl, master, TIOCSPTLCK, &on), 0);
	CHECK_EQ(sys(open, path, O_RDWR | O_NOCTTY), -EIO);
	on = 0;
	CHECK_EQ(sys(ioctl, master, TIOCGPTLCK, &on), 0);
	CHECK_EQ(on, 1);
	on = 0;
	CHECK_EQ(sys(ioctl, master, TIOCSPTLCK, &on), 0);
	CHECK_GE(sys(open, path, O_RDWR | O_NOCTTY), 0);

	long fresh = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY);

	CHECK_EQ(sys(ioctl, fresh, TIOCGPTLCK, &on), 0);
	CHECK_EQ(on, 1);
}

TEST(the_peer_without_its_name)
{
	long fd;

	make();
	fd = sys(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(write, fd, "x", 1), 1);
	expect(master, "x");
	CHECK_EQ(sys(ioctl, slave, TIOCGPTPEER, O_RDWR), -EIO);
	CHECK_EQ(sys(ioctl, slave, TIOCGPTN, &number), -ENOTTY);
}

TEST(lines_are_edited)
{
	make();
	set_lflag(ECHO, 0);
	type("abd\177c\n");
	CHECK_EQ(sys(read, slave, buf, 100), 4);
	CHECK(!memcmp(buf, "abc\n", 4));
	type("gone\25kept\n");
	CHECK_EQ(sys(read, slave, buf, 100), 5);
	type("no newline\4");
	CHECK_EQ(sys(read, slave, buf, 100), 10);
	type("\4");
	CHECK_EQ(sys(read, slave, buf, 100), 0);
}

// One line is for one of those who wait for it; for the others nothing happens.
TEST(a_line_for_two_readers)
{
	enum { ROUNDS = 300 };
	_Atomic int *lines = t_map_shared(PAGE);
	int pid[2];

	make();
	set_lflag(ECHO, 0);
	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		do {
			CHECK_EQ(sys(read, slave, buf, 100), 2);
			++*lines;
		} while (buf[0] != 'e');
		t_exit(0);
	}
	for (int n = 0; n < ROUNDS; n++) {
		for (int i = 0; i < 2; i++)
			UNTIL(t_state(pid[i]) == 'S' || t_state(pid[i]) == 'Z');
		type("x\n");
		while (*lines == n && t_state(pid[0]) != 'Z' && t_state(pid[1]) != 'Z')
			t_yield();
		if (t_state(pid[0]) == 'Z' || t_state(pid[1]) == 'Z')
			break;
	}
	type("e\ne\n");
	CHECK_EQ(t_wait(pid[0]), 0);
	CHECK_EQ(t_wait(pid[1]), 0);
	CHECK_EQ(*lines, ROUNDS + 2);
}

TEST(echo_of_control_characters)
{
	make();
	type("\1");
	expect(master, "^A");
	type("b\177");
	expect(master, "b\b \b");
}

TEST(raw_mode_is_transparent)
{
	make();
	raw();
	type("\3\4\r\n\177");
	CHECK_EQ(sys(read, slave, buf, 100), 5);
	CHECK(!memcmp(buf, "\3\4\r\n\177", 5));
	CHECK_EQ(sys(write, slave, "\n", 1), 1);
	expect(master, "\n");
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
}

TEST(counts_of_what_can_be_read)
{
	int n = 9;

	make();
	set_lflag(ECHO, 0);
	type("abc");
	CHECK_EQ(sys(ioctl, slave, FIONREAD, &n), 0);
	CHECK_EQ(n, 0); // no line yet
	type("\n");
	UNTIL(sys(ioctl, slave, FIONREAD, &n) == 0 && n == 4);
	CHECK_EQ(sys(write, slave, "12345", 5), 5);
	UNTIL(sys(ioctl, master, FIONREAD, &n) == 0 && n == 5);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCIFLUSH), 0);
	CHECK_EQ(sys(ioctl, slave, FIONREAD, &n), 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, 77), -EINVAL);
}

// ---- packet mode ----

static unsigned char told(void)
{
	unsigned char both[2] = {0xff, 0};

	UNTIL(sys(read, master, both, 2) == 1);
	return both[0];
}

static void packet_mode(int on)
{
	int is = 9;

	CHECK_EQ(sys(ioctl, master, TIOCPKT, &on), 0);
	CHECK_EQ(sys(ioctl, master, TIOCGPKT, &is), 0);
	CHECK_EQ(is, on != 0);
}

TEST(packets_of_data)
{
	struct pollfd p;

	make();
	CHECK_EQ(sys(ioctl, master, TIOCPKT, 8UL), -EFAULT);
	CHECK_EQ(sys(ioctl, master, TIOCGPKT, 8UL), -EFAULT);
	CHECK_EQ(sys(ioctl, slave, TIOCPKT, &p), -ENOTTY);
	CHECK_EQ(sys(ioctl, slave, TIOCGPKT, &p), -ENOTTY);
	packet_mode(7);
	CHECK_EQ(sys(read, master, buf, 10), -EAGAIN);
	CHECK_EQ(sys(write, slave, "hello", 5), 5);
	p = (struct pollfd){.fd = master, .events = POLLIN | POLLPRI};
	UNTIL(sys(poll, &p, 1, 0) == 1);
	CHECK_EQ(p.revents, POLLIN);
	CHECK_EQ(sys(read, master, buf, 0), 0);
	CHECK_EQ(sys(read, master, buf, 1), 1); // no room but for what it is
	CHECK_EQ(buf[0], TIOCPKT_DATA);
	CHECK_EQ(sys(read, master, buf, 4), 4);
	CHECK(!memcmp(buf, "\0hel", 4));
	packet_mode(0);
	CHECK_EQ(sys(read, master, buf, 4), 2);
	CHECK(!memcmp(buf, "lo", 2));
	packet_mode(1);
	sys(close, slave);
	CHECK_EQ(sys(read, master, buf, 4), -EIO);
}

TEST(packets_of_flow_control)
{
	struct termios t;
	struct pollfd p;

	make();
	set_lflag(ECHO, 0);
	packet_mode(1);
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOOFF), 0);
	p = (struct pollfd){.fd = master, .events = POLLIN | POLLPRI};
	CHECK_EQ(sys(poll, &p, 1, 0), 1);
	CHECK_EQ(p.revents, POLLIN | POLLPRI);
	CHECK_EQ(told(), TIOCPKT_STOP);
	CHECK_EQ(sys(poll, &p, 1, 0), 0);
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOOFF), 0); // it was already
	CHECK_EQ(sys(read, master, buf, 9), -EAGAIN);
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOON), 0);
	CHECK_EQ(told(), TIOCPKT_START);
	type("\23"); // ^S
	CHECK_EQ(told(), TIOCPKT_STOP);
	type("\21");
	CHECK_EQ(told(), TIOCPKT_START);
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOOFF), 0);
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOON), 0);
	CHECK_EQ(told(), TIOCPKT_START); // the last word
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	t.c_iflag &= ~(unsigned)IXON;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(told(), TIOCPKT_NOSTOP);
	t.c_iflag |= IXON;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(told(), TIOCPKT_DOSTOP);
	t.c_cc[VSTOP] = 'x';
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(told(), TIOCPKT_NOSTOP);
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(sys(read, master, buf, 9), -EAGAIN);
	t.c_lflag |= EXTPROC;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(told(), TIOCPKT_IOCTL);
}

TEST(packets_of_what_was_thrown_away)
{
	struct termios t;

	make();
	set_lflag(ECHO, 0);
	packet_mode(1);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCIFLUSH), 0);
	CHECK_EQ(told(), TIOCPKT_FLUSHREAD);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCOFLUSH), 0);
	CHECK_EQ(told(), TIOCPKT_FLUSHWRITE);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCIOFLUSH), 0);
	CHECK_EQ(told(), TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TCSETSF, &t), 0);
	CHECK_EQ(told(), TIOCPKT_FLUSHREAD);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCIFLUSH), 0);
	packet_mode(0);
	packet_mode(1); // forgets it
	CHECK_EQ(sys(read, master, buf, 9), -EAGAIN);
	type("\3"); // ^C
	unsigned all = (unsigned)told();

	while (!t_on_thaw && all != (TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE))
		all |= (unsigned)told(); // on Linux one after the other
	CHECK_EQ(all, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
	packet_mode(1); // does not
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCIFLUSH), 0);
	packet_mode(1);
	CHECK_EQ(told(), TIOCPKT_FLUSHREAD);
}

TEST(a_reader_waits_for_a_packet)
{
	int pid;

	make();
	packet_mode(1);
	block(master);
	pid = t_fork();
	if (!pid) {
		sys(close, slave);
		CHECK_EQ(sys(read, master, buf, 9), 1);
		t_exit(buf[0]);
	}
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCOFLUSH), 0);
	CHECK_EQ(t_wait(pid), TIOCPKT_FLUSHWRITE);
}

// ---- the end of a side ----

TEST(the_last_slave_closes)
{
	make();
	CHECK_EQ(sys(write, slave, "rest", 4), 4);
	sys(close, slave);
	expect(master, "rest");
	struct iovec iov = {buf, 1};

	CHECK_EQ(sys(read, master, buf, 1), -EIO);
	CHECK_EQ(sys(readv, master, &iov, 1), -EIO);
	CHECK(events(master) & POLLHUP);
	slave = (int)sys(open, path, O_RDWR | O_NOCTTY);
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
	CHECK_EQ(events(master) & POLLHUP, 0);
	type("again\n");
	CHECK_EQ(sys(read, slave, buf, 100), 6);
}

TEST(one_of_two_slaves_closes)
{
	make();
	long other = sys(open, path, O_RDWR | O_NOCTTY);

	sys(close, slave);
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
	sys(close, other);
	CHECK_EQ(sys(read, master, buf, 1), -EIO);
}

TEST(nobody_opened_the_slave_yet)
{
	master = (int)sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
	CHECK_EQ(events(master) & (POLLHUP | POLLIN), 0);
	CHECK_EQ(sys(write, master, "early\n", 6), 6);
	CHECK_EQ(sys(ioctl, master, TIOCSPTLCK, &(int){0}), 0);
	CHECK_EQ(sys(ioctl, master, TIOCGPTN, &number), 0);
	t_snprintf(path, sizeof path, "/dev/pts/%d", number);
	slave = (int)sys(open, path, O_RDWR | O_NOCTTY);
	CHECK_EQ(sys(read, slave, buf, 100), 6);
}

TEST(the_master_closes)
{
	struct iovec iov = {"x", 1};
	struct termios t;

	make();
	type("lost\n");
	sys(close, master);
	CHECK_EQ(sys(read, slave, buf, 100), 0);
	CHECK_EQ(sys(write, slave, "x", 1), -EIO);
	CHECK_EQ(sys(writev, slave, &iov, 1), -EIO);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), -EIO);
	CHECK_EQ(sys(ioctl, slave, TIOCSPGRP, &t), -ENOTTY);
	CHECK_EQ(events(slave), POLLIN | POLLOUT | POLLERR | POLLHUP);
	CHECK_EQ(sys(open, path, O_RDWR | O_NOCTTY), -ENOENT);
	char link[32];

	t_snprintf(link, sizeof link, "/proc/self/fd/%d", slave);
	CHECK_EQ(sys(open, link, O_RDWR | O_NOCTTY), -EIO);
}

static int read_slave(void *unused)
{
	(void)unused;
	return sys(read, slave, buf, 100) == -EIO ? 0 : 1;
}

TEST(the_master_closes_under_a_reader)
{
	int pid;

	make();
	pid = t_fork();
	if (pid == 0) {
		sys(close, master);
		t_exit(read_slave(NULL));
	}
	UNTIL(t_state(pid) == 'S');
	sys(close, master);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(the_slave_closes_under_a_reader)
{
	int pid;

	make();
	block(master);
	pid = t_fork();
	if (pid == 0) {
		sys(close, slave);
		t_exit(sys(read, master, buf, 1) == -EIO ? 0 : 1);
	}
	UNTIL(t_state(pid) == 'S');
	sys(close, slave);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(the_slave_closes_under_a_reader_of_packets)
{
	int pid;

	make();
	packet_mode(1);
	block(master);
	pid = t_fork();
	if (pid == 0) {
		sys(close, slave);
		t_exit(sys(read, master, buf, 10) == -EIO ? 0 : 1);
	}
	UNTIL(t_state(pid) == 'S');
	sys(close, slave);
	CHECK_EQ(t_wait(pid), 0);
}

// Packets are for the reads that begin after they were asked for.
TEST(packets_are_asked_for_under_a_reader)
{
	int pid;

	make();
	block(master);
	pid = t_fork();
	if (pid == 0)
		t_exit(sys(read, master, buf, 10) == 1 && buf[0] == 'x' ? 0 : 1);
	UNTIL(t_state(pid) == 'S');
	packet_mode(1);
	CHECK_EQ(sys(ioctl, slave, TCFLSH, TCOFLUSH), 0);
	t_sleep_ms(10);
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(write, slave, "x", 1), 1);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(told(), TIOCPKT_FLUSHWRITE);
}

// The last that was written comes before the end.
TEST(the_last_word_of_a_slave)
{
	for (int i = 0; i < 200; i++) {
		long n;
		int pid;

		make();
		pid = t_fork();
		if (pid == 0) {
			sys(close, master);
			for (volatile int j = 0; j < i * 20; j++)
				;
			t_exit(sys(write, slave, "x", 1) == 1 ? 0 : 1);
		}
		sys(close, slave);
		for (int tries = 1; (n = sys(read, master, buf, 10)) == -EAGAIN; tries++)
			if (tries % 2000 == 0) // there may be one processor only
				t_yield();
		CHECK_EQ(n, 1);
		CHECK_EQ(t_wait(pid), 0);
		UNTIL(sys(read, master, buf, 10) == -EIO);
		sys(close, master);
	}
}

// ---- full ----

TEST(output_that_nobody_reads)
{
	long n, total = 0, back = 0;

	make();
	raw();
	nonblock(slave);
	memset(buf, 'o', sizeof buf);
	while ((n = sys(write, slave, buf, 1000)) > 0)
		total += n;
	CHECK_EQ(n, -EAGAIN);
	CHECK_GE(total, 4096);
	// Linux may move some of it on, and then there is room once more.
	UNTIL((n = sys(write, slave, buf, 1000), total += n > 0 ? n : 0, !(events(slave) & POLLOUT)));
	CHECK_EQ(sys(ioctl, master, FIONREAD, &(int){0}), 0);
	while (back < total) {
		n = sys(read, master, buf, sizeof buf);
		CHECK(n > 0 || n == -EAGAIN);
		back += n > 0 ? n : 0;
	}
	CHECK_EQ(back, total);
	UNTIL(events(slave) & POLLOUT);
}

TEST(a_writer_waits_for_room)
{
	enum { ALL = 100000 };
	long back = 0;
	int pid;

	make();
	raw();
	pid = t_fork();
	if (pid == 0) {
		long done = 0;

		sys(close, master);
		while (done < ALL) {
			long n = sys(write, slave, buf, ALL - done < 4096 ? ALL - done : 4096);

			CHECK_GE(n, 1);
			done += n;
		}
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	block(master);
	while (back < ALL) {
		long n = sys(read, master, buf, sizeof buf);

		CHECK_GE(n, 1);
		back += n;
	}
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_waiting_writer_is_killed)
{
	int pid;

	make();
	raw();
	pid = t_fork();
	if (pid == 0)
		for (;;)
			sys(write, slave, buf, 4096);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(input_that_nobody_reads)
{
	long n, total = 0, back = 0;

	make();
	raw();
	nonblock(slave);
	while ((n = sys(write, master, buf, 1000)) > 0)
		total += n;
	CHECK_EQ(n, -EAGAIN);
	CHECK_GE(total, 4000);
	while (back < total) {
		n = sys(read, slave, buf, sizeof buf);
		CHECK(n > 0 || n == -EAGAIN);
		back += n > 0 ? n : 0;
	}
	CHECK_EQ(back, total);
	UNTIL(sys(write, master, buf, 1) == 1);
}

// A process that writes more than fits and waits for room.
static int write_much(int fd)
{
	int pid;

	block(fd);
	pid = t_fork();
	if (pid == 0) {
		for (int i = 0; i < 4; i++)
			CHECK_EQ(sys(write, fd, buf, sizeof buf), sizeof buf);
		t_exit(0);
	}
	UNTIL(t_state(pid) == 'S');
	return pid;
}

// What is thrown away makes room.
TEST(a_flush_lets_the_typist_go_on)
{
	for (int how = 0; how < (t_on_thaw ? 5 : 4); how++) { // after a hangup Linux lets him sleep
		struct termio s;
		struct termios t;
		int pid;

		make();
		t_printf("# flush %d\n", how); // which it was, if it fails
		raw();
		set_lflag(0, ISIG);
		nonblock(slave);
		pid = write_much(master);
		CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
		CHECK_EQ(sys(ioctl, slave, TCGETA, &s), 0);
		if (how == 0) {
			CHECK_EQ(sys(ioctl, slave, TCFLSH, TCIFLUSH), 0);
		} else if (how == 1) {
			CHECK_EQ(sys(ioctl, slave, TCSETSF, &t), 0);
		} else if (how == 2) {
			CHECK_EQ(sys(ioctl, slave, TCSETAF, &s), 0);
		} else if (how == 3) {
			CHECK_EQ(sys(ioctl, slave, TIOCSTI, "\3"), 0);
		} else {
			CHECK_EQ(sys(ioctl, slave, TIOCVHANGUP), 0);
			slave = (int)sys(open, path, O_RDWR | O_NOCTTY | O_NONBLOCK);
			CHECK_GE(slave, 0);
			raw();
		}
		UNTIL(sys(read, slave, buf, sizeof buf) > 0);
		UNTIL((sys(read, slave, buf, sizeof buf), sys(wait4, pid, 0, WNOHANG, 0)) == pid);
	}
}

// A read that fails may lose what it took, but there is room then.
TEST(a_bad_read_makes_room)
{
	for (int i = 0; i < 2; i++) {
		int to, from, pid;
		long n;

		make();
		raw();
		nonblock(slave);
		to = i ? master : slave;
		from = i ? slave : master;
		pid = write_much(to);
		for (long start = t_now_ms(); sys(wait4, pid, 0, WNOHANG, 0) != pid;) {
			n = sys(read, from, 8UL, 256);
			CHECK(n == -EFAULT || n == -EAGAIN);
			if (n == -EAGAIN)
				t_sleep_ms(1);
			CHECK_LE(t_now_ms() - start, 20000);
		}
	}
}

TEST(output_is_stopped_and_goes_on)
{
	int pid;

	make();
	set_lflag(ECHO, 0);
	nonblock(slave);
	type("\23"); // ^S
	UNTIL(sys(write, slave, "b", 1) == -EAGAIN);
	while (sys(read, master, buf, sizeof buf) > 0)
		;
	block(slave);
	pid = t_fork();
	if (pid == 0) {
		sys(close, master);
		t_exit(sys(write, slave, "after", 5) == 5 ? 0 : 1);
	}
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN);
	type("\21"); // ^Q
	CHECK_EQ(t_wait(pid), 0);
	expect(master, "after");
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOOFF), 0);
	nonblock(slave);
	CHECK_EQ(sys(write, slave, "x", 1), -EAGAIN);
	CHECK_EQ(sys(ioctl, slave, TCXONC, TCOON), 0);
	CHECK_EQ(sys(write, slave, "x", 1), 1);
	CHECK_EQ(sys(ioctl, slave, TCXONC, 9), -EINVAL);
}

// ---- the terminal of a session ----

static _Atomic int *seen; // shared: signals that came, and steps that were reached

static void note(int sig)
{
	seen[sig]++;
}

// In a child that leads a session: the slave becomes its terminal.
static void take(void)
{
	CHECK(sys(setsid) > 0);
	CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 0), 0);
}

// A new session leader on the slave runs the block; its process id.
#define SESSION(...)                                                                               \
	({                                                                                         \
		int pid_;                                                                          \
		seen = t_map_shared(PAGE);                                                         \
		make();                                                                            \
		pid_ = t_fork();                                                                   \
		if (pid_ == 0) {                                                                   \
			sys(close, master);                                                        \
			take();                                                                    \
			__VA_ARGS__;                                                               \
			t_exit(0);                                                                 \
		}                                                                                  \
		CHECK_GE(pid_, 1);                                                                 \
		pid_;                                                                              \
	})

TEST(opening_makes_it_the_controlling_terminal)
{
	make();
	CHECK_EQ(IN_CHILD({
		int pid = t_getpid(), got = 0;

		sys(close, slave);
		sys(setsid);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		CHECK_GE(sys(open, path, O_RDWR | O_NOCTTY), 0);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		slave = (int)sys(open, path, O_RDWR);
		long tty = sys(open, "/dev/tty", O_RDWR);

		CHECK_GE(tty, 0);
		CHECK_EQ(sys(ioctl, tty, TIOCGPGRP, &got), 0);
		CHECK_EQ(got, pid);
		CHECK_EQ(sys(ioctl, master, TIOCGPGRP, &got), 0);
		CHECK_EQ(got, pid);
		CHECK_EQ(sys(ioctl, master, TIOCGSID, &got), 0);
		CHECK_EQ(got, pid);
		CHECK_EQ(sys(write, tty, "me", 2), 2);
		expect(master, "me");
		t_slurp("/proc/self/stat", buf, sizeof buf);
		char *p = strrchr(buf, ')');

		for (int i = 0; i < 5; i++)
			p = strchr(p + 1, ' ');
		CHECK_EQ(t_number(p + 1), 136 << 8 | number);
	}),
		0);
}

TEST(not_the_terminal_of_another_session)
{
	int got, pid;

	make();
	CHECK_EQ(sys(ioctl, slave, TIOCGPGRP, &got), -ENOTTY);
	CHECK_EQ(sys(ioctl, slave, TIOCGSID, &got), -ENOTTY);
	CHECK_EQ(sys(ioctl, slave, TIOCNOTTY, 0), -ENOTTY);
	CHECK_EQ(sys(ioctl, master, TIOCGSID, &got), -ENOTTY);
	CHECK_EQ(sys(ioctl, master, TIOCGPGRP, &got), 0);
	CHECK_EQ(got, 0);
	pid = SESSION({
		seen[0] = 1;
		thread_pause(NULL);
	});
	UNTIL(seen[0]);
	CHECK_EQ(IN_CHILD({
		sys(setsid);
		CHECK_GE(sys(open, path, O_RDWR), 0);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 0), -EPERM);
	}),
		0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(a_terminal_is_taken_away_by_an_administrator_only)
{
	int pid = SESSION({
		seen[0] = 1;
		thread_pause(NULL);
	});

	UNTIL(seen[0]);
	CHECK_EQ(IN_CHILD({
		CHECK(sys(setsid) > 0);
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 1), -EPERM);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
	}),
		0);
	CHECK_EQ(IN_CHILD({
		CHECK(sys(setsid) > 0);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 2), -EPERM);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 1), 0);
		CHECK_GE(sys(open, "/dev/tty", O_RDWR), 0);
	}),
		0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(who_may_not_read_a_terminal_does_not_get_it)
{
	make();
	CHECK_EQ(IN_CHILD({
		long out = sys(open, path, O_WRONLY | O_NOCTTY);

		CHECK_GE(out, 0);
		CHECK(sys(setsid) > 0);
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(ioctl, out, TIOCSCTTY, 0), -EPERM);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 0), 0);
		CHECK_EQ(sys(ioctl, out, TIOCSCTTY, 0), 0); // it is already
	}),
		0);
	CHECK_EQ(IN_CHILD({
		long out = sys(open, path, O_WRONLY | O_NOCTTY);

		CHECK(sys(setsid) > 0);
		CHECK_EQ(sys(ioctl, out, TIOCSCTTY, 0), 0);
	}),
		0);
}

static const int sigs[] = {SIGINT, SIGQUIT, SIGTSTP};

// A session in front that ends when it has had each of them.
static int notes_sigs(void)
{
	int pid = SESSION({
		for (int i = 0; i < 3; i++)
			t_action(sigs[i], note, 0);
		seen[0] = 1;
		UNTIL(seen[SIGINT] && seen[SIGQUIT] && seen[SIGTSTP]);
	});

	UNTIL(seen[0]);
	return pid;
}

TEST(typed_signals_go_to_the_front_group)
{
	static const char *const keys[] = {"\3", "\34", "\32"}, *const echoes[] = {"^C", "^\\", "^Z"};
	int pid = notes_sigs();

	for (int i = 0; i < 3; i++) {
		type(keys[i]);
		UNTIL(seen[sigs[i]] == 1);
		expect(master, echoes[i]); // before the next key, which throws away what of it is still on its way
	}
	CHECK_EQ(t_wait(pid), 0);
}

TEST(signals_by_the_master)
{
	int pid = notes_sigs();

	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(ioctl, master, TIOCSIG, sigs[i]), 0);
		UNTIL(seen[sigs[i]] == 1);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(sys(ioctl, master, TIOCSIG, SIGINT), 0); // nobody
	CHECK_EQ(sys(ioctl, master, TIOCSIG, SIGKILL), -EINVAL);
	CHECK_EQ(sys(ioctl, slave, TIOCSIG, SIGINT), -ENOTTY);
}

TEST(the_number_of_the_device)
{
	struct stat st;
	unsigned nr;

	make();
	CHECK_EQ(sys(fstat, slave, &st), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCGDEV, &nr), 0);
	CHECK_EQ(nr, st.st_rdev);
	CHECK_EQ(sys(ioctl, master, TIOCGDEV, &nr), 0); // of the slave
	CHECK_EQ(nr, st.st_rdev);
}

// A pair has no wire, and so none for a modem: nothing can be set, asked, counted or waited for.
TEST(no_modem)
{
	static const int asks[] = {TIOCMGET, TIOCMSET, TIOCMBIS, TIOCMBIC, TIOCMIWAIT, TIOCGICOUNT};
	enum { N = sizeof asks / sizeof asks[0] };

	make();
	for (int i = 0; i < N; i++) {
		memset(buf, 0xff, sizeof buf);
		CHECK_EQ(sys(ioctl, slave, asks[i], buf), -ENOTTY);
		CHECK_EQ(sys(ioctl, master, asks[i], buf), -ENOTTY);
		CHECK_EQ((unsigned char)buf[0], 0xff);
	}
	sys(close, master);
	for (int i = 0; i < N; i++)
		CHECK_EQ(sys(ioctl, slave, asks[i], buf), -EIO);
}

TEST(the_window_changes)
{
	struct size ws = {40, 100, 1, 2}, got;
	int pid = SESSION({
		t_action(SIGWINCH, note, 0);
		seen[0] = 1;
		UNTIL(seen[SIGWINCH] == 2);
	});

	UNTIL(seen[0]);
	CHECK_EQ(sys(ioctl, slave, TIOCGWINSZ, &got), 0);
	CHECK_EQ(got.row, 0);
	CHECK_EQ(sys(ioctl, master, TIOCSWINSZ, &ws), 0);
	UNTIL(seen[SIGWINCH] == 1);
	CHECK_EQ(sys(ioctl, slave, TIOCGWINSZ, &got), 0);
	CHECK(!memcmp(&ws, &got, sizeof ws));
	CHECK_EQ(sys(ioctl, master, TIOCSWINSZ, &ws), 0); // nothing changes
	ws.col++;
	CHECK_EQ(sys(ioctl, slave, TIOCSWINSZ, &ws), 0);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(seen[SIGWINCH], 2);
}

TEST(a_background_reader_stops)
{
	int pid = SESSION({
		int child = t_fork(), status;

		if (child == 0) {
			sys(setpgid, 0, 0);
			t_exit((int)sys(read, slave, buf, 1));
		}
		CHECK_EQ(sys(wait4, child, &status, WUNTRACED, 0), child);
		CHECK(W_STOPPED(status) && W_CODE(status) == SIGTTIN);
		t_action(SIGTTOU, SIG_IGN, 0);
		CHECK_EQ(sys(ioctl, slave, TIOCSPGRP, &child), 0);
		sys(kill, child, SIGCONT);
		seen[0] = 1;
		CHECK_EQ(t_wait(child), 1);
	});

	UNTIL(seen[0]);
	type("x\n");
	CHECK_EQ(t_wait(pid), 0);
}

TEST(the_master_hangs_up_the_session)
{
	int pid = SESSION({
		t_action(SIGHUP, note, 0);
		t_action(SIGCONT, note, 0);
		int child = t_fork();

		if (child == 0) { // in front, and told when the leader ends
			sys(setpgid, 0, 0);
			t_action(SIGTTOU, SIG_IGN, 0);
			child = t_getpid();
			CHECK_EQ(sys(ioctl, slave, TIOCSPGRP, &child), 0);
			t_action(SIGHUP, SIG_DFL, 0);
			seen[0] = 1;
			thread_pause(NULL);
		}
		UNTIL(seen[SIGHUP] && seen[SIGCONT]);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		CHECK_EQ(sys(read, slave, buf, 1), 0);
		CHECK_EQ(sys(wait4, child, 0, WNOHANG, 0), 0);
		sys(prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	});
	int status;

	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	UNTIL(seen[0]);
	sys(close, slave);
	sys(close, master);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_GE(sys(wait4, -1, &status, 0, 0), 1);
	CHECK_EQ(W_SIG(status), SIGHUP);
}

// The session of a terminal asks for something again and again while it is hung up for good.
static void ask_while_it_goes(unsigned request)
{
	enum { OTHERS = 50 };
	int others[OTHERS], group = (int)sys(getpgid, 0), busy, rounds;
	unsigned long cpus[16] = {0};

	seen = t_map_shared(PAGE);
	sys(sched_getaffinity, 0, sizeof cpus, cpus);
	busy = cpus[0] & (cpus[0] - 1) ? 2 : 0;
	rounds = busy ? 20 : 10;
	for (int i = 0; i < OTHERS; i++) { // so that it takes long, and they wait for each other
		others[i] = t_fork();
		if (others[i])
			continue;
		while (i < busy)
			sys(setpgid, 0, group);
		thread_pause(NULL);
	}
	for (int i = 1; i <= rounds; i++) {
		int pid;

		make();
		sys(close, slave);
		pid = t_fork();
		if (pid == 0) {
			int arg = t_getpid();

			sys(close, master);
			CHECK_EQ(sys(setsid), arg);
			t_action(SIGHUP, SIG_IGN, 0);
			slave = (int)sys(open, path, O_RDWR);
			CHECK_GE(slave, 0);
			seen[0] = i;
			while (sys(ioctl, slave, request, request == TIOCSPGRP ? (long)&arg : 0) == 0)
				;
			while (seen[1] != i)
				t_yield();
			if (t_on_thaw) // Linux may leave it to who asked just before
				CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
			t_exit(0);
		}
		while (seen[0] != i)
			t_yield();
		for (volatile int j = 0; j < i * 100; j++)
			;
		sys(close, master);
		seen[1] = i;
		CHECK_EQ(t_wait(pid), 0);
	}
	for (int i = 0; i < OTHERS; i++) {
		sys(kill, others[i], SIGKILL);
		CHECK_EQ(t_wait(others[i]), SIGNALLED(SIGKILL));
	}
}

TEST(no_group_is_in_front_of_a_terminal_that_is_gone)
{
	ask_while_it_goes(TIOCSPGRP);
}

TEST(nobody_gets_a_terminal_that_is_gone)
{
	ask_while_it_goes(TIOCSCTTY);
}

static void read_at_once(int sig)
{
	char c;

	(void)sig;
	seen[1] = sys(read, slave, &c, 1) == 0;
	t_exit(0);
}

TEST(who_hears_of_a_hangup_finds_the_terminal_hung_up)
{
	int pid = SESSION({
		t_action(SIGHUP, read_at_once, 0);
		seen[0] = 1;
		thread_pause(NULL);
	});

	UNTIL(seen[0]);
	t_spit("/sys/kernel/debug/pause", "hangup 0 1000\n"); // Thaw stays after it has told
	sys(close, slave);
	sys(close, master);
	t_spit("/sys/kernel/debug/pause", "\n");
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(seen[1], 1);
}

TEST(the_leader_ends)
{
	int status, pid;

	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = SESSION({
		if (t_fork() == 0) {
			t_action(SIGHUP, note, 0);
			seen[0] = 1;
			UNTIL(seen[SIGHUP]);
			UNTIL(sys(open, "/dev/tty", O_RDWR) == -ENXIO);
			t_exit(7);
		}
		UNTIL(seen[0]);
	});
	CHECK_EQ(t_wait(pid), 0);
	CHECK_GE(sys(wait4, -1, &status, 0, 0), 1);
	CHECK_EQ(status, 7 << 8);
	CHECK_EQ(sys(write, slave, "on", 2), 2); // the files of a pair are not hung up
	expect(master, "on");
}

TEST(giving_the_terminal_up)
{
	int pid = SESSION({
		t_action(SIGHUP, note, 0);
		CHECK_EQ(sys(ioctl, slave, TIOCNOTTY, 0), 0);
		CHECK_EQ(seen[SIGHUP], 1);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		CHECK_EQ(sys(write, slave, "still", 5), 5);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 0), 0);
		CHECK_GE(sys(open, "/dev/tty", O_RDWR), 0);
	});

	CHECK_EQ(t_wait(pid), 0);
	expect(master, "still");
}

// ---- other modes ----

// What is written to /dev/console can go to another terminal.
TEST(the_console_is_taken_over)
{
	int mine, other;
	long console, reader;

	make();
	mine = slave;
	CHECK_EQ(sys(ioctl, master, TIOCCONS, 0), -EINVAL); // it is for the slave to ask
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(ioctl, slave, TIOCCONS, 0), -EPERM);
	}), 0);
	reader = sys(ioctl, master, TIOCGPTPEER, O_RDONLY | O_NOCTTY);
	CHECK_GE(reader, 3);
	CHECK_EQ(sys(ioctl, reader, TIOCCONS, 0), -EBADF); // what could not be written
	CHECK_EQ(sys(ioctl, sys(open, "/dev/null", O_RDWR), TIOCCONS, 0), -ENOTTY);
	if (!t_own_machine)
		SKIP("somebody may read the console");
	console = sys(open, "/dev/console", O_WRONLY | O_NOCTTY);
	CHECK_GE(console, 3);
	CHECK_EQ(sys(ioctl, slave, TIOCCONS, 0), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCCONS, 0), -EBUSY);
	CHECK_EQ(sys(write, console, "here", 4), 4);
	expect(master, "here");
	CHECK_EQ(sys(write, console, 8UL, 4), -EFAULT);
	CHECK_EQ(sys(ioctl, console, TIOCCONS, 0), 0); // back
	CHECK_EQ(sys(ioctl, console, TIOCCONS, 0), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCCONS, 0), 0);
	other = master;
	make();
	CHECK_EQ(sys(ioctl, slave, TIOCCONS, 0), -EBUSY);
	CHECK_EQ(sys(close, other), 0); // hung up, it has nothing any more
	CHECK_EQ(sys(ioctl, mine, TIOCCONS, 0), -EIO);
	CHECK_EQ(sys(ioctl, slave, TIOCCONS, 0), 0);
	CHECK_EQ(sys(write, console, "there", 5), 5);
	expect(master, "there");
	CHECK_EQ(sys(close, slave), 0); // but the console has it open
	CHECK_EQ(sys(write, console, "still", 5), 5);
	expect(master, "still");
	CHECK_EQ(sys(ioctl, console, TIOCCONS, 0), 0);
}

TEST(speeds)
{
	struct termios2 t, u;
	struct termios old;

	make();
	CHECK_EQ(sys(ioctl, slave, TCGETS2, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &old), 0);
	CHECK(!memcmp(&t, &old, sizeof old));
	CHECK_EQ(t.c_ispeed, 38400);
	CHECK_EQ(t.c_ospeed, 38400);
	t.c_cflag = (t.c_cflag & ~CBAUD) | BOTHER;
	t.c_ispeed = 1;
	t.c_ospeed = 12345;
	CHECK_EQ(sys(ioctl, slave, TCSETS2, &t), 0);
	CHECK_EQ(sys(ioctl, master, TCGETS2, &u), 0);
	CHECK_EQ(u.c_ospeed, 12345);
	CHECK_EQ(u.c_ispeed, 12345); // none of its own was asked for
	CHECK_EQ(u.c_cflag, t.c_cflag);
	t.c_cflag |= BOTHER << IBSHIFT;
	CHECK_EQ(sys(ioctl, slave, TCSETSW2, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS2, &u), 0);
	CHECK_EQ(u.c_ispeed, 1);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &old), 0); // these speeds are kept by who does not know them
	CHECK_EQ(sys(ioctl, slave, TCSETS, &old), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS2, &u), 0);
	CHECK_EQ(u.c_ispeed, 1);
	CHECK_EQ(u.c_ospeed, 12345);
	old.c_cflag = (old.c_cflag & ~CBAUD & ~(CBAUD << IBSHIFT)) | B4000000 | (B50 << IBSHIFT);
	CHECK_EQ(sys(ioctl, slave, TCSETS, &old), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS2, &u), 0);
	CHECK_EQ(u.c_ospeed, 4000000);
	CHECK_EQ(u.c_ispeed, 50);
	for (unsigned b = 0; b < 32; b++) { // each that there is
		static const unsigned rates[] = {0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600,
			19200, 38400, 77, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000,
			1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

		u.c_cflag = CS8 | CREAD | (b & 15) | (b & 16 ? BOTHER : 0);
		u.c_ospeed = 77;
		CHECK_EQ(sys(ioctl, slave, TCSETS2, &u), 0);
		CHECK_EQ(sys(ioctl, slave, TCGETS2, &u), 0);
		CHECK_EQ(u.c_ospeed, rates[b]);
		CHECK_EQ(u.c_ispeed, rates[b]);
	}
}

TEST(bytes_have_eight_bits)
{
	struct termios t;

	make();
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	t.c_cflag = (t.c_cflag & ~(CSIZE | CREAD)) | CS7 | PARENB | CSTOPB;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK_EQ(t.c_cflag & (CSIZE | CREAD | PARENB | CSTOPB), CS8 | CREAD | CSTOPB);
}

TEST(short_modes)
{
	struct termio s;
	struct termios t, u;

	make();
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	t.c_lflag |= EXTPROC | 0x40000;
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	memset(&s, 0xff, sizeof s);
	CHECK_EQ(sys(ioctl, slave, TCGETA, &s), 0);
	CHECK_EQ(s.c_iflag, t.c_iflag);
	CHECK_EQ(s.c_oflag, t.c_oflag);
	CHECK_EQ(s.c_cflag, t.c_cflag & 0xffff);
	CHECK_EQ(s.c_lflag, t.c_lflag & 0xffff);
	CHECK(!memcmp(s.c_cc, t.c_cc, NCC));
	CHECK_EQ(((unsigned char *)&s)[17], 0);
	type("away\n");
	UNTIL(events(slave) & POLLIN);
	s.c_lflag &= ~ECHO;
	s.c_cc[VINTR] = 'i';
	CHECK_EQ(sys(ioctl, slave, TCSETA, &s), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &u), 0);
	CHECK_EQ(u.c_lflag, t.c_lflag & ~ECHO); // with the bits that are too high for it
	CHECK_EQ(u.c_cc[VINTR], 'i');
	CHECK(!memcmp(u.c_cc + NCC, t.c_cc + NCC, NCCS - NCC));
	s.c_cc[VINTR] = 'j';
	CHECK_EQ(sys(ioctl, slave, TCSETAW, &s), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &u), 0);
	CHECK_EQ(u.c_cc[VINTR], 'j');
	nonblock(slave);
	CHECK_EQ(sys(ioctl, slave, TCSETAF, &s), 0);
	CHECK_EQ(sys(read, slave, buf, 10), -EAGAIN);
}

TEST(two_flushes)
{
	struct termios2 t;
	int n = 9;

	make();
	type("away\n");
	UNTIL(events(slave) & POLLIN);
	CHECK_EQ(sys(ioctl, slave, TCGETS2, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TCSETS2, &t), 0);
	CHECK_EQ(sys(ioctl, slave, FIONREAD, &n), 0);
	CHECK_EQ(n, 5);
	CHECK_EQ(sys(ioctl, slave, TCSETSF2, &t), 0);
	CHECK_EQ(sys(ioctl, slave, FIONREAD, &n), 0);
	CHECK_EQ(n, 0);
}

TEST(soft_carrier)
{
	struct termios t;
	int n = 9;

	make();
	CHECK_EQ(sys(ioctl, slave, TIOCGSOFTCAR, &n), 0);
	CHECK_EQ(n, 0);
	n = 4;
	CHECK_EQ(sys(ioctl, slave, TIOCSSOFTCAR, &n), 0);
	CHECK_EQ(sys(ioctl, master, TIOCGSOFTCAR, &n), 0);
	CHECK_EQ(n, 1);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK(t.c_cflag & CLOCAL);
	n = 0;
	CHECK_EQ(sys(ioctl, master, TIOCSSOFTCAR, &n), 0);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK(!(t.c_cflag & CLOCAL));
}

TEST(locked_modes)
{
	struct termios lock, t, u;
	int n = 1;

	make();
	CHECK_EQ(sys(ioctl, slave, TIOCGLCKTRMIOS, &lock), 0);
	for (unsigned i = 0; i < sizeof lock; i++)
		CHECK_EQ(((unsigned char *)&lock)[i], 0);
	lock.c_lflag = ECHO;
	lock.c_cflag = CLOCAL;
	lock.c_cc[VINTR] = 1;
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(ioctl, slave, TIOCSLCKTRMIOS, &lock), -EPERM);
		CHECK_EQ(sys(ioctl, slave, TIOCSLCKTRMIOS, 8UL), -EPERM);
		CHECK_EQ(sys(ioctl, slave, TIOCGLCKTRMIOS, &t), 0);
	}), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCSLCKTRMIOS, &lock), 0);
	CHECK_EQ(sys(ioctl, master, TIOCGLCKTRMIOS, &t), 0);
	CHECK(!memcmp(&t, &lock, sizeof t));
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	u = t;
	u.c_lflag &= ~(ECHO | ISIG);
	u.c_cc[VINTR] = 'x';
	u.c_cc[VQUIT] = 'q';
	CHECK_EQ(sys(ioctl, slave, TCSETS, &u), 0); // what may change does, and nothing is said of the rest
	CHECK_EQ(sys(ioctl, slave, TCGETS, &u), 0);
	CHECK_EQ(u.c_lflag, t.c_lflag & ~ISIG);
	CHECK_EQ(u.c_cc[VINTR], t.c_cc[VINTR]);
	CHECK_EQ(u.c_cc[VQUIT], 'q');
	CHECK_EQ(sys(ioctl, slave, TIOCSSOFTCAR, &n), 0); // is above locks
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCGSOFTCAR, &n), 0);
	CHECK_EQ(n, 1);
	memset(&lock, 0, sizeof lock);
	CHECK_EQ(sys(ioctl, slave, TIOCSLCKTRMIOS, &lock), 0);
	CHECK_EQ(sys(ioctl, slave, TCSETS, &t), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCGSOFTCAR, &n), 0);
	CHECK_EQ(n, 0);
}

TEST(typed_by_a_program)
{
	make();
	for (const char *s = "ab\n"; *s; s++)
		CHECK_EQ(sys(ioctl, slave, TIOCSTI, s), 0);
	CHECK_EQ(sys(read, slave, buf, 10), 3);
	CHECK(!memcmp(buf, "ab\n", 3));
	expect(master, "ab\r\n"); // echoed
	CHECK_EQ(sys(ioctl, master, TIOCSTI, "m"), 0); // to be read there
	expect(master, "m");
	CHECK_EQ(IN_CHILD({ // not one's own terminal; newer ones may be told never to allow it
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		long ret = sys(ioctl, slave, TIOCSTI, "x");

		CHECK(ret == -EPERM || ret == -EIO);
		ret = sys(ioctl, master, TIOCSTI, 8UL);
		CHECK(ret == -EPERM || ret == -EIO);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_GE(sys(setsid), 0);
		CHECK_EQ(sys(ioctl, slave, TIOCSCTTY, 0), 0);
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		long ret = sys(ioctl, slave, TIOCSTI, "\n");

		CHECK(ret == 0 || ret == -EIO);
		if (!ret)
			CHECK_EQ(sys(read, slave, buf, 10), 1);
	}), 0);
}

// ---- nonsense ----

TEST(bad_pointers)
{
	static const unsigned to_us[] = {TIOCGPTN, TIOCGPTLCK, TIOCGPGRP, TCGETS, TIOCGWINSZ, FIONREAD,
		TCGETS2, TCGETA, TIOCGSOFTCAR, TIOCGLCKTRMIOS};
	static const unsigned from_us[] = {TIOCSPTLCK, TCSETS, TIOCSWINSZ, TCSETSW, TCSETSF, TCSETS2, TCSETSW2,
		TCSETSF2, TCSETA, TCSETAW, TCSETAF, TIOCSSOFTCAR, TIOCSLCKTRMIOS, TIOCSTI};

	make();
	for (unsigned i = 0; i < sizeof to_us / sizeof *to_us; i++)
		CHECK_EQ(sys(ioctl, master, to_us[i], 8UL), -EFAULT);
	for (unsigned i = 0; i < sizeof from_us / sizeof *from_us; i++)
		CHECK_EQ(sys(ioctl, master, from_us[i], 8UL), -EFAULT);
	CHECK_EQ(sys(write, master, 8UL, 10), -EFAULT);
	CHECK_EQ(sys(write, slave, 8UL, 10), -EFAULT);
	CHECK_EQ(sys(write, slave, "out", 3), 3);
	UNTIL(events(master) & POLLIN);
	CHECK_EQ(sys(read, master, 8UL, 10), -EFAULT);
	CHECK_EQ(sys(lseek, master, 0, SEEK_SET), -ESPIPE);
	CHECK_EQ(sys(ioctl, master, 0x5499, 0), -ENOTTY);
	CHECK_EQ(sys(read, master, buf, 0), 0);
	CHECK_EQ(sys(write, master, buf, 0), 0);
}

TEST(as_many_as_there_are)
{
	int n = 0;
	long ret = 0;

	CHECK_EQ(IN_CHILD({
		struct rlimit lim = {400, 400};

		sys(setrlimit, RLIMIT_NOFILE, &lim);
		for (; n < 500; n++)
			if ((ret = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY)) < 0)
				break;
		CHECK(ret == -ENOSPC || ret == -EMFILE);
		CHECK_GE(n, 100);
	}),
		0);
	make();
}

TEST(nothing_can_be_made_in_devpts)
{
	CHECK(sys(mkdir, "/dev/pts/x", 0700) < 0);
	CHECK(sys(open, "/dev/pts/x", O_CREAT | O_RDWR, 0600) < 0);
	make();
	CHECK(sys(unlink, path) < 0);
	CHECK(sys(rename, path, "/dev/pts/y") < 0);
}

static long open_as_nobody(void)
{
	if (!sys(getuid)) {
		CHECK_EQ(sys(fchmod, slave, 0666), 0);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
	}
	return sys(open, path, O_RDWR | O_NOCTTY);
}

TEST(exclusive)
{
	int on = 9;

	make();
	CHECK_EQ(sys(ioctl, slave, TIOCGEXCL, &on), 0);
	CHECK_EQ(on, 0);
	CHECK_EQ(sys(ioctl, slave, TIOCEXCL), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCGEXCL, &on), 0);
	CHECK_EQ(on, 1);
	CHECK_EQ(sys(ioctl, slave, TIOCGEXCL, 8UL), -EFAULT);
	CHECK_EQ(IN_CHILD(CHECK_EQ(open_as_nobody(), -EBUSY)), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCNXCL), 0);
	CHECK_EQ(IN_CHILD(CHECK_GE(open_as_nobody(), 0)), 0);
}

TEST(line_discipline)
{
	int which = 9;

	make();
	CHECK_EQ(sys(ioctl, slave, TIOCGETD, &which), 0);
	CHECK_EQ(which, 0);
	CHECK_EQ(sys(ioctl, slave, TIOCSETD, &which), 0);
	which = 4711;
	CHECK_EQ(sys(ioctl, slave, TIOCSETD, &which), -EINVAL);
	CHECK_EQ(sys(ioctl, slave, TIOCGETD, 8UL), -EFAULT);
	CHECK_EQ(sys(ioctl, slave, TIOCSETD, 8UL), -EFAULT);
	CHECK_EQ(sys(ioctl, slave, TCSBRKP, 0), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCSBRK), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCCBRK), 0);
}

TEST(a_terminal_is_hung_up)
{
	struct termios t;
	int old, me = t_getpid();

	make();
	raw();
	type("typed");
	CHECK_EQ(sys(write, slave, "said", 4), 4);
	expect(master, "said");
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(ioctl, slave, TIOCVHANGUP), -EPERM);
	}), 0);
	CHECK_EQ(sys(ioctl, slave, TIOCVHANGUP), 0);
	CHECK_EQ(sys(read, slave, buf, 1), 0);
	CHECK_EQ(sys(write, slave, "x", 1), -EIO);
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), -EIO);
	CHECK_EQ(sys(ioctl, slave, TIOCSPGRP, &me), -ENOTTY);
	CHECK_EQ(sys(ioctl, slave, TIOCVHANGUP), -EIO);
	CHECK_EQ(events(slave), POLLIN | POLLOUT | POLLERR | POLLHUP);
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN); // not EIO as long as the file is open
	CHECK_EQ(events(master), POLLOUT);
	old = slave;
	slave = (int)sys(open, path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	CHECK_GE(slave, 0);
	CHECK_EQ(sys(read, slave, buf, 1), -EAGAIN); // and what was typed
	CHECK_EQ(sys(ioctl, slave, TCGETS, &t), 0);
	CHECK(t.c_lflag & ICANON); // as at first
	CHECK_EQ(sys(write, slave, "new", 3), 3);
	expect(master, "new");
	CHECK_EQ(sys(write, old, "x", 1), -EIO);
	CHECK_EQ(sys(close, old), 0);
	CHECK_EQ(sys(read, master, buf, 1), -EAGAIN); // its end is no news
}

static void give_up_the_terminal(long how)
{
	t_action(SIGHUP, note, 0);
	t_action(SIGCONT, note, 0);
	int child = t_fork();

	if (child == 0) { // who is no leader is not told
		t_action(SIGHUP, SIG_DFL, 0);
		seen[0] = 1;
		UNTIL(seen[SIGHUP]);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		t_exit(3);
	}
	UNTIL(seen[0]);
	CHECK_EQ(how ? sys(ioctl, slave, TIOCVHANGUP) : sys(vhangup), 0);
	CHECK(seen[SIGHUP] && seen[SIGCONT]);
	CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
	CHECK_EQ(sys(read, slave, buf, 1), 0);
	CHECK_EQ(t_wait(child), 3);
	slave = (int)sys(open, path, O_RDWR); // it may be taken again
	CHECK_GE(slave, 0);
	CHECK_GE(sys(open, "/dev/tty", O_RDWR), 0);
}

TEST(its_session_loses_it)
{
	int pid = SESSION({ give_up_the_terminal(1); });

	CHECK_EQ(t_wait(pid), 0);
}

TEST(ones_own_terminal)
{
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(vhangup), -EPERM);
	}), 0);
	int pid = SESSION({
		give_up_the_terminal(0);
		CHECK_EQ(sys(vhangup), 0);
		CHECK_EQ(sys(open, "/dev/tty", O_RDWR), -ENXIO);
		CHECK_EQ(sys(vhangup), 0); // who has none loses none
	});

	CHECK_EQ(t_wait(pid), 0);
}

TEST(the_master_is_hung_up)
{
	struct termios t;

	make();
	type("typed\n");
	UNTIL(events(slave) & POLLIN);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(ioctl, master, TIOCVHANGUP), -EPERM);
	}), 0);
	CHECK_EQ(sys(ioctl, master, TIOCVHANGUP), 0);
	CHECK_EQ(sys(read, master, buf, 1), 0);
	CHECK_EQ(sys(write, master, "x", 1), -EIO);
	CHECK_EQ(sys(ioctl, master, TCGETS, &t), -EIO);
	CHECK_EQ(events(master), POLLIN | POLLOUT | POLLERR | POLLHUP);
	CHECK_EQ(sys(read, slave, buf, 10), 6); // the other side does not know
	CHECK_EQ(sys(write, slave, "x", 1), 1);
	CHECK_EQ(events(slave), POLLOUT);
	CHECK_EQ(sys(close, master), 0);
	CHECK_EQ(sys(read, slave, buf, 1), 0);
	CHECK_EQ(sys(write, slave, "x", 1), -EIO);
	CHECK_EQ(sys(open, path, O_RDWR | O_NOCTTY), -ENOENT);
	CHECK_EQ(sys(close, slave), 0);
}

// Those who wait for the other side when it goes for good, or is only hung up.
TEST(who_waits_when_it_is_hung_up)
{
	int reader, of_master;

	make();
	block(master);
	reader = t_fork();
	if (reader == 0)
		t_exit((int)sys(read, slave, buf, 1) == 0 ? 7 : 1);
	of_master = t_fork();
	if (of_master == 0)
		t_exit((int)sys(read, master, buf, 1) == 0 ? 8 : 1);
	UNTIL(t_state(reader) == 'S');
	UNTIL(t_state(of_master) == 'S');
	CHECK_EQ(sys(ioctl, slave, TIOCVHANGUP), 0);
	CHECK_EQ(t_wait(reader), 7);
	CHECK_EQ(sys(ioctl, master, TIOCVHANGUP), 0);
	CHECK_EQ(t_wait(of_master), 8);
	CHECK_EQ(sys(close, slave), 0);
	CHECK_EQ(events(master), POLLIN | POLLOUT | POLLERR | POLLHUP);
}
