// SPDX-License-Identifier: GPL-2.0-only
//
// Bytes from file to file: copy_file_range, splice, tee, vmsplice.
#include "t.h"
#include <asm/poll.h>

#define SPLICE_NONBLOCK 2

static char buf[65536], back[65536];
static int p[2], q[2];

static int file(const char *name, const char *text)
{
	int fd = (int)sys(open, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, fd, text, strlen(text)), strlen(text));
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	return fd;
}

static void expect(int fd, const char *text)
{
	long n = (long)strlen(text);

	memset(back, 0, n + 1);
	CHECK_EQ(sys(pread64, fd, back, sizeof back, 0), n);
	CHECK(!memcmp(back, text, n));
}

static void pipes(void)
{
	CHECK_EQ(sys(pipe2, p, 0), 0);
	CHECK_EQ(sys(pipe2, q, 0), 0);
}

static long in_pipe(int fd)
{
	int n;

	CHECK_EQ(sys(ioctl, fd, 0x541b, &n), 0);
	return n;
}

// ---- copy_file_range ----

TEST(a_range_is_copied)
{
	long from = 2, to = 1;
	int a, b;

	t_tmpdir();
	a = file("a", "0123456789");
	b = file("b", "abcdef");
	CHECK_EQ(sys(copy_file_range, a, &from, b, &to, 3, 0), 3);
	CHECK_EQ(from, 5);
	CHECK_EQ(to, 4);
	expect(b, "a234ef");
	CHECK_EQ(sys(lseek, a, 0, SEEK_CUR), 0);
	CHECK_EQ(sys(lseek, b, 0, SEEK_END), 6);
	CHECK_EQ(sys(copy_file_range, a, 0, b, 0, 100, 0), 10);
	CHECK_EQ(sys(lseek, a, 0, SEEK_CUR), 10);
	expect(b, "a234ef0123456789");
	CHECK_EQ(sys(copy_file_range, a, 0, b, 0, 100, 0), 0); // at its end
	from = 99;
	CHECK_EQ(sys(copy_file_range, a, &from, b, 0, 100, 0), 0);
}

TEST(a_large_range_is_copied)
{
	int a, b;

	t_tmpdir();
	a = file("a", "");
	b = file("b", "");
	for (unsigned i = 0; i < sizeof buf; i++)
		buf[i] = (char)(i * 7 + i / 256);
	CHECK_EQ(sys(write, a, buf, sizeof buf), sizeof buf);
	sys(lseek, a, 0, SEEK_SET);
	CHECK_EQ(sys(copy_file_range, a, 0, b, 0, 1 << 20, 0), sizeof buf);
	CHECK_EQ(sys(pread64, b, back, sizeof back, 0), sizeof buf);
	CHECK(!memcmp(buf, back, sizeof buf));
}

TEST(within_one_file)
{
	long from = 0, to = 10;
	int a;

	t_tmpdir();
	a = file("a", "0123456789");
	CHECK_EQ(sys(copy_file_range, a, &from, a, &to, 10, 0), 10);
	expect(a, "01234567890123456789");
	from = 0;
	to = 5;
	CHECK_EQ(sys(copy_file_range, a, &from, a, &to, 10, 0), -EINVAL);
	CHECK_EQ(sys(copy_file_range, a, &from, a, &to, 5, 0), 5);
}

TEST(ranges_that_cannot_be_copied)
{
	long wrapped = -1, negative = -100;
	int a, b, ro, append, dir;

	t_tmpdir();
	pipes();
	a = file("a", "text");
	b = file("b", "");
	ro = (int)sys(open, "b", O_RDONLY);
	append = (int)sys(open, "b", O_WRONLY | O_APPEND);
	dir = (int)sys(open, ".", O_RDONLY | O_DIRECTORY);
	CHECK_EQ(sys(copy_file_range, a, 0, b, 0, 4, 1), -EINVAL);
	CHECK_EQ(sys(copy_file_range, -1, 0, b, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(copy_file_range, a, 0, -1, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(copy_file_range, a, 0, ro, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(copy_file_range, append, 0, a, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(copy_file_range, a, 0, append, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(copy_file_range, dir, 0, b, 0, 4, 0), -EISDIR);
	CHECK_EQ(sys(copy_file_range, p[0], 0, b, 0, 4, 0), -EINVAL);
	CHECK_EQ(sys(copy_file_range, a, 0, p[1], 0, 4, 0), -EINVAL);
	CHECK_EQ(sys(copy_file_range, a, &wrapped, b, 0, 4, 0), -EOVERFLOW);
	CHECK_EQ(sys(copy_file_range, a, 0, b, &negative, 4, 0), -EINVAL);
	CHECK_EQ(sys(copy_file_range, a, 8UL, b, 0, 4, 0), -EFAULT);
	CHECK_EQ(sys(copy_file_range, a, 0, b, 0, 0, 0), 0);
	expect(b, "");
}

// ---- splice ----

TEST(file_to_pipe_to_file)
{
	long at = 3;
	int a, b;

	t_tmpdir();
	pipes();
	a = file("a", "0123456789");
	b = file("b", "");
	CHECK_EQ(sys(splice, a, &at, p[1], 0, 4, 0), 4);
	CHECK_EQ(at, 7);
	CHECK_EQ(sys(lseek, a, 0, SEEK_CUR), 0);
	CHECK_EQ(sys(splice, a, 0, p[1], 0, 2, 0), 2);
	CHECK_EQ(sys(lseek, a, 0, SEEK_CUR), 2);
	CHECK_EQ(in_pipe(p[0]), 6);
	CHECK_EQ(sys(splice, p[0], 0, b, 0, 100, 0), 6);
	expect(b, "345601");
	at = 1;
	CHECK_EQ(sys(write, p[1], "xy", 2), 2);
	CHECK_EQ(sys(splice, p[0], 0, b, &at, 100, 0), 2);
	expect(b, "3xy601");
}

TEST(pipe_to_pipe)
{
	pipes();
	sys(write, p[1], "abcdef", 6);
	CHECK_EQ(sys(splice, p[0], 0, q[1], 0, 4, 0), 4);
	CHECK_EQ(in_pipe(p[0]), 2);
	CHECK_EQ(sys(read, q[0], back, 10), 4);
	CHECK(!memcmp(back, "abcd", 4));
}

TEST(more_than_a_pipe_holds)
{
	int a, b;
	long n, total = 0;

	t_tmpdir();
	pipes();
	a = file("a", "");
	b = file("b", "");
	for (int i = 0; i < 4; i++)
		CHECK_EQ(sys(write, a, buf, sizeof buf), sizeof buf);
	sys(lseek, a, 0, SEEK_SET);
	while ((n = sys(splice, a, 0, p[1], 0, 1 << 20, 0)) > 0) {
		CHECK_LE(n, 65536);
		CHECK_EQ(in_pipe(p[0]), n);
		CHECK_EQ(sys(splice, a, 0, p[1], 0, 4096, SPLICE_NONBLOCK), n == 65536 ? -EAGAIN : 0);
		while (n) {
			long out = sys(splice, p[0], 0, b, 0, n, 0);

			CHECK_GE(out, 1);
			n -= out;
			total += out;
		}
	}
	CHECK_EQ(n, 0);
	CHECK_EQ(total, 4 * sizeof buf);
}

TEST(splice_waits)
{
	int b, pid;

	t_tmpdir();
	pipes();
	b = file("b", "");
	CHECK_EQ(sys(splice, p[0], 0, b, 0, 10, SPLICE_NONBLOCK), -EAGAIN);
	pid = t_fork();
	if (pid == 0) {
		sys(close, p[1]);
		t_exit((int)sys(splice, p[0], 0, b, 0, 10, 0));
	}
	UNTIL(t_state(pid) == 'S');
	sys(write, p[1], "abc", 3);
	CHECK_EQ(t_wait(pid), 3);
	expect(b, "abc");
	sys(close, p[1]);
	CHECK_EQ(sys(splice, p[0], 0, b, 0, 10, 0), 0);
}

static void nonblocking(int fd, bool on)
{
	CHECK_EQ(sys(fcntl, fd, F_SETFL, on ? O_NONBLOCK : 0), 0);
}

TEST(one_pipe_that_is_not_waited_for)
{
	int s[2];

	pipes();
	CHECK_EQ(sys(socketpair, 1, 1, 0, s), 0);
	for (int i = 0; i < 2; i++) {
		int *it = i ? &p[0] : &q[1];

		nonblocking(*it, true);
		CHECK_EQ(sys(splice, p[0], 0, q[1], 0, 10, 0), -EAGAIN);
		CHECK_EQ(sys(tee, p[0], q[1], 10, 0), -EAGAIN);
		if (it == &q[1])
			CHECK_EQ(sys(splice, s[0], 0, q[1], 0, 10, 0), -EAGAIN);
		CHECK_EQ(sys(write, q[1], buf, sizeof buf), sizeof buf);
		CHECK_EQ(sys(write, p[1], buf, 1), 1);
		CHECK_EQ(sys(splice, p[0], 0, q[1], 0, 10, 0), -EAGAIN);
		CHECK_EQ(sys(tee, p[0], q[1], 10, 0), -EAGAIN);
		CHECK_EQ(sys(read, q[0], back, sizeof back), sizeof back);
		CHECK_EQ(sys(read, p[0], back, 10), 1);
		nonblocking(*it, false);
	}
}

// As long as there is nothing to move, the destination is other writers'.
TEST(a_splice_that_waits_for_data_keeps_no_room)
{
	int pid;

	pipes();
	pid = t_fork();
	if (pid == 0)
		t_exit((int)sys(splice, p[0], 0, q[1], 0, 10, 0));
	UNTIL(t_state(pid) == 'S');
	nonblocking(q[1], true);
	CHECK_EQ(sys(write, q[1], buf, sizeof buf), sizeof buf);
	CHECK_EQ(sys(read, q[0], back, sizeof back), sizeof back);
	CHECK_EQ(sys(write, p[1], "abc", 3), 3);
	CHECK_EQ(t_wait(pid), 3);
	CHECK_EQ(in_pipe(q[0]), 3);
}

// Until nobody writes any more.
static void expect_bytes(int fd, long zeros, long ones)
{
	long n, count[2] = {0};

	while ((n = sys(read, fd, back, sizeof back)) > 0)
		for (long i = 0; i < n; i++)
			count[(int)back[i]]++;
	CHECK_EQ(n, 0);
	CHECK_EQ(count[0], zeros);
	CHECK_EQ(count[1], ones);
}

// Everything goes from pipe to pipe once, whoever else reads there and writes here.
TEST(readers_and_writers_beside_a_splice)
{
	enum { WRITES = 2000, EACH = 50 };
	long n;

	if (!t_on_thaw)
		SKIP("a writer and a splice that wait for the same room");
	pipes();
	CHECK_EQ(sys(fcntl, q[1], F_SETPIPE_SZ, 4096), 4096);
	for (int i = 0; i < 2; i++) {
		if (t_fork() == 0) {
			memset(buf, i, EACH);
			for (int k = 0; k < WRITES; k++)
				CHECK_EQ(sys(write, i ? q[1] : p[1], buf, EACH), EACH);
			t_exit(0);
		}
	}
	sys(close, p[1]);
	for (int i = 0; i < 2; i++) {
		if (t_fork() == 0) {
			while ((n = sys(splice, p[0], 0, q[1], 0, 70000, 0)) > 0)
				;
			t_exit((int)n);
		}
	}
	sys(close, q[1]);
	expect_bytes(q[0], WRITES * EACH, WRITES * EACH);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(t_wait(-1), 0);
}

TEST(splices_that_cannot_be)
{
	long at = 0;
	int a, append;

	t_tmpdir();
	pipes();
	a = file("a", "text");
	append = (int)sys(open, "a", O_WRONLY | O_APPEND);
	sys(write, p[1], "x", 1);
	CHECK_EQ(sys(splice, a, 0, a, 0, 4, 0), -EINVAL);
	CHECK_EQ(sys(splice, a, 0, p[1], 0, 4, 0x100), -EINVAL);
	CHECK_EQ(sys(splice, -1, 0, p[1], 0, 4, 0), -EBADF);
	CHECK_EQ(sys(splice, a, 0, -1, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(splice, -1, 0, -1, 0, 0, 0), 0);
	CHECK_EQ(sys(splice, a, 0, p[0], 0, 4, 0), -EBADF);
	CHECK_EQ(sys(splice, p[1], 0, a, 0, 4, 0), -EBADF);
	CHECK_EQ(sys(splice, p[0], &at, a, 0, 4, 0), -ESPIPE);
	CHECK_EQ(sys(splice, a, 0, p[1], &at, 4, 0), -ESPIPE);
	CHECK_EQ(sys(splice, p[0], 0, p[1], 0, 4, 0), -EINVAL);
	CHECK_EQ(sys(splice, p[0], 0, append, 0, 4, 0), -EINVAL);
	CHECK_EQ(sys(splice, a, 8UL, p[1], 0, 4, 0), -EFAULT);
	CHECK_EQ(in_pipe(p[0]), 1);
	t_action(SIGPIPE, SIG_IGN, 0);
	sys(close, q[0]);
	CHECK_EQ(sys(splice, a, 0, q[1], 0, 4, 0), -EPIPE);
}

// ---- splice from a socket ----

static int s[2];

static void sockets(int flags)
{
	enum { AF_UNIX = 1, SOCK_STREAM = 1 };

	pipes();
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM | flags, 0, s), 0);
}

TEST(a_full_pipe_leaves_the_rest_in_the_socket)
{
	long n, sent, got;

	sockets(O_NONBLOCK);
	for (unsigned i = 0; i < sizeof buf; i++)
		buf[i] = (char)(i * 7 + i / 256);
	CHECK_EQ(sys(write, p[1], buf, 100), 100);
	sent = sys(write, s[0], buf, sizeof buf);
	CHECK_GE(sent, 4096);
	got = sys(splice, s[1], 0, p[1], 0, 70000, 0);
	CHECK_GE(got, 1);
	CHECK_EQ(in_pipe(p[0]), 100 + got);
	CHECK_EQ(in_pipe(s[1]), sent - got);
	while ((n = sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK)) > 0)
		got += n;
	CHECK_EQ(n, -EAGAIN);
	CHECK_EQ(in_pipe(p[0]), 100 + got);
	CHECK_EQ(in_pipe(s[1]), sent - got);
	CHECK_EQ(sys(read, p[0], back, 100), 100);
	for (long have = 0; have < got; have += n) {
		n = sys(read, p[0], back + have, got - have);
		CHECK_GE(n, 1);
	}
	for (long have = got; have < sent; have += n) {
		n = sys(read, s[1], back + have, sent - have);
		CHECK_GE(n, 1);
	}
	CHECK(!memcmp(back, buf, sent));
}

TEST(another_writer_takes_nothing_of_what_a_socket_gave)
{
	enum { ALL = 1 << 20, WRITES = 1000, EACH = 1000 };
	long n;

	if (!t_on_thaw)
		SKIP("a writer and a splice that wait for the same room");
	sockets(0);
	CHECK_EQ(sys(fcntl, p[1], F_SETPIPE_SZ, 8192), 8192);
	if (t_fork() == 0) {
		for (long left = ALL; left; left -= n) {
			n = sys(write, s[0], buf, left < 5000 ? left : 5000);
			CHECK_GE(n, 1);
		}
		t_exit(0);
	}
	if (t_fork() == 0) {
		memset(buf, 1, sizeof buf);
		for (int i = 0; i < WRITES; i++)
			CHECK_EQ(sys(write, p[1], buf, EACH), EACH);
		t_exit(0);
	}
	sys(close, s[0]);
	if (t_fork() == 0) {
		while ((n = sys(splice, s[1], 0, p[1], 0, 70000, 0)) > 0)
			;
		t_exit((int)n);
	}
	sys(close, p[1]);
	expect_bytes(p[0], ALL, WRITES * EACH);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(t_wait(-1), 0);
}

TEST(a_socket_with_less_is_not_waited_for)
{
	sockets(0);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK), -EAGAIN);
	CHECK_EQ(sys(write, s[0], buf, 100), 100);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, 0), 100);
	CHECK_EQ(sys(write, s[0], buf, 5000), 5000);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 4096, 0), 4096);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK), 904);
	CHECK_EQ(in_pipe(p[0]), 5100);
	int pid = t_fork();

	if (pid == 0)
		t_exit((int)sys(splice, s[1], 0, p[1], 0, 70000, 0));
	UNTIL(t_state(pid) == 'S');
	sys(write, s[0], buf, 7);
	CHECK_EQ(t_wait(pid), 7);
}

// Two datagram sockets of 127.0.0.1, the first connected to the second.
static void udp(void)
{
	struct {
		unsigned short family, port;
		unsigned addr;
		char rest[8];
	} in = {.family = 2, .addr = 0x0100007f};
	int len = sizeof in;

	for (int i = 0; i < 2; i++)
		CHECK_GE(s[i] = (int)sys(socket, 2, 2, 0), 0);
	t_loopback_up(s[0]);
	CHECK_EQ(sys(bind, s[1], &in, sizeof in), 0);
	CHECK_EQ(sys(getsockname, s[1], &in, &len), 0);
	CHECK_EQ(sys(connect, s[0], &in, sizeof in), 0);
}

// A call takes one packet, all of it or what there is room for, and SPLICE_F_NONBLOCK is not for the socket.
static void splice_packets(void)
{
	int pid;

	for (unsigned i = 0; i < sizeof buf; i++)
		buf[i] = (char)(i * 7 + i / 256);
	CHECK_EQ(sys(write, s[0], buf, 100), 100);
	CHECK_EQ(sys(write, s[0], buf, 200), 200);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, 0), 100);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK), 200);
	CHECK_EQ(in_pipe(p[0]), 300);
	CHECK_EQ(sys(read, p[0], back, sizeof back), 300);
	CHECK(!memcmp(back, buf, 100) && !memcmp(back + 100, buf, 200));
	CHECK_EQ(sys(write, s[0], buf, 6000), 6000);
	CHECK_EQ(sys(write, s[0], buf, 7), 7);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, 0), 6000);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 5, 0), 5); // and two are lost
	CHECK_EQ(sys(read, p[0], back, sizeof back), 6005);
	CHECK(!memcmp(back, buf, 6000) && !memcmp(back + 6000, buf, 5));
	CHECK_EQ(sys(sendto, s[0], buf, 0, 0, 0, 0), 0);
	CHECK_EQ(sys(write, s[0], buf, 8), 8);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, 0), 0);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, 0), 8);
	CHECK_EQ(sys(read, p[0], back, sizeof back), 8);
	pid = t_fork();
	if (pid == 0)
		t_exit((int)sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(write, s[0], buf, 9), 9);
	CHECK_EQ(t_wait(pid), 9);
	nonblocking(s[1], true);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, 0), -EAGAIN);
	CHECK_EQ(sys(write, s[0], buf, 10), 10);
	UNTIL(in_pipe(s[1]) == 10);
	CHECK_EQ(sys(read, p[0], back, sizeof back), 9);
	CHECK_EQ(sys(write, p[1], buf, sizeof buf), sizeof buf);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK), -EAGAIN);
	CHECK_EQ(sys(read, p[0], back, sizeof back), sizeof back);
	CHECK_EQ(sys(splice, s[1], 0, p[1], 0, 70000, SPLICE_NONBLOCK), 10);
}

TEST(one_packet_of_the_same_machine)
{
	for (int type = 2; type <= 5; type += 3) { // SOCK_DGRAM, SOCK_SEQPACKET
		pipes();
		CHECK_EQ(sys(socketpair, 1, type, 0, s), 0);
		splice_packets();
	}
}

TEST(one_packet_of_udp)
{
	pipes();
	udp();
	splice_packets();
}

// ---- tee, vmsplice ----

TEST(tee_leaves_what_it_copies)
{
	pipes();
	sys(write, p[1], "abcdef", 6);
	CHECK_EQ(sys(tee, p[0], q[1], 4, 0), 4);
	CHECK_EQ(in_pipe(p[0]), 6);
	CHECK_EQ(sys(read, q[0], back, 10), 4);
	CHECK(!memcmp(back, "abcd", 4));
	CHECK_EQ(sys(tee, p[0], q[1], 100, 0), 6);
	CHECK_EQ(sys(read, p[0], back, 10), 6);
	CHECK_EQ(sys(tee, p[0], q[1], 100, SPLICE_NONBLOCK), -EAGAIN);
	CHECK_EQ(sys(tee, p[0], q[1], 0, 0), 0);
	CHECK_EQ(sys(tee, p[0], p[1], 4, 0), -EINVAL);
	CHECK_EQ(sys(tee, p[1], q[1], 4, 0), -EBADF);
	CHECK_EQ(sys(tee, p[0], q[0], 4, 0), -EBADF);
	CHECK_EQ(sys(tee, -1, q[1], 4, 0), -EBADF);
	CHECK_EQ(sys(tee, p[0], q[1], 4, 0x100), -EINVAL);
	CHECK_EQ(sys(tee, sys(open, "/dev/zero", O_RDONLY), q[1], 4, 0), -EINVAL);
	sys(close, p[1]);
	CHECK_EQ(sys(tee, p[0], q[1], 4, 0), 0);
}

TEST(tee_copies_what_is_there_when_there_is_room)
{
	int pid;

	pipes();
	CHECK_EQ(sys(write, q[1], buf, sizeof buf), sizeof buf);
	CHECK_EQ(sys(write, p[1], "abc", 3), 3);
	pid = t_fork();
	if (pid == 0)
		t_exit((int)sys(tee, p[0], q[1], 10, 0));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(read, p[0], back, 10), 3);
	CHECK_EQ(sys(write, p[1], "vwxyz", 5), 5);
	CHECK_EQ(sys(read, q[0], back, sizeof back), sizeof back);
	CHECK_EQ(t_wait(pid), 5);
	CHECK_EQ(sys(read, q[0], back, 10), 5);
	CHECK(!memcmp(back, "vwxyz", 5));
	CHECK_EQ(in_pipe(p[0]), 5);
}

TEST(tee_skips_nothing_beside_a_reader)
{
	enum { ROUNDS = 100, NUMBERS = sizeof buf / sizeof(unsigned) };
	_Atomic int *round = t_map_shared(PAGE);
	unsigned *n = (unsigned *)buf, *got = (unsigned *)back;
	long len;

	pipes();
	for (unsigned i = 0; i < NUMBERS; i++)
		n[i] = i;
	if (t_fork() == 0) {
		for (int i = 1; i <= ROUNDS; i++) {
			while (*round < i)
				t_yield();
			for (long left = sizeof buf; left; left -= len) {
				len = sys(read, p[0], back, 100 * sizeof *n);
				CHECK_GE(len, 1);
			}
		}
		t_exit(0);
	}
	for (int i = 1; i <= ROUNDS; i++) {
		CHECK_EQ(sys(write, p[1], buf, sizeof buf), sizeof buf);
		*round = i;
		while (in_pipe(p[0])) {
			len = sys(tee, p[0], q[1], sizeof buf, SPLICE_NONBLOCK);
			if (len == -EAGAIN || len == 0) // the reader was faster; Linux knows both answers
				continue;
			CHECK_EQ(sys(read, q[0], back, sizeof back), len);
			for (unsigned k = 1; k < len / sizeof *n; k++)
				CHECK_EQ(got[k], got[0] + k);
		}
	}
	CHECK_EQ(t_wait(-1), 0);
}

TEST(user_memory_to_a_pipe_and_back)
{
	struct iovec v[2] = {{"abc", 3}, {"defg", 4}}, w[2] = {{back, 2}, {back + 100, 50}}, bad = {t_ptr(8), 10};

	pipes();
	CHECK_EQ(sys(vmsplice, p[1], v, 2, 0), 7);
	CHECK_EQ(in_pipe(p[0]), 7);
	CHECK_EQ(sys(vmsplice, p[0], w, 2, 0), 7);
	CHECK(!memcmp(back, "ab", 2) && !memcmp(back + 100, "cdefg", 5));
	CHECK_EQ(sys(vmsplice, p[0], w, 2, SPLICE_NONBLOCK), -EAGAIN);
	v[0] = (struct iovec){buf, sizeof buf};
	v[1] = v[0];
	long n = sys(vmsplice, p[1], v, 2, SPLICE_NONBLOCK);

	CHECK(n > 60000 && n <= 65536);
	CHECK_EQ(sys(vmsplice, p[1], v, 1, SPLICE_NONBLOCK), -EAGAIN);
	CHECK_EQ(sys(vmsplice, p[1], v, 0, 0), 0);
	CHECK_EQ(sys(vmsplice, p[1], v, 2000, 0), -EINVAL);
	CHECK_EQ(sys(vmsplice, p[1], 8UL, 1, 0), -EFAULT);
	CHECK_EQ(sys(vmsplice, q[1], &bad, 1, 0), -EFAULT);
	CHECK_EQ(sys(vmsplice, p[1], v, 1, 0x100), -EINVAL);
	CHECK_EQ(sys(vmsplice, -1, v, 1, 0), -EBADF);
	CHECK_EQ(sys(vmsplice, sys(open, "/dev/null", O_RDWR), v, 1, 0), -EBADF);
}
