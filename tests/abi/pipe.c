// SPDX-License-Identifier: GPL-2.0-only
//
// Pipes: data, ends, blocking, limits.
#include "t.h"

static int rd, wr;

static void make(int flags)
{
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, flags), 0);
	rd = fds[0];
	wr = fds[1];
}

TEST(bytes_in_order)
{
	char buf[16];

	make(0);
	CHECK_EQ(sys(write, wr, "hello ", 6), 6);
	CHECK_EQ(sys(write, wr, "world", 5), 5);
	CHECK_EQ(sys(read, rd, buf, 3), 3);
	CHECK_EQ(sys(read, rd, buf + 3, sizeof buf), 8);
	CHECK(!memcmp(buf, "hello world", 11));
}

TEST(end_of_file)
{
	char c;

	make(0);
	sys(write, wr, "x", 1);
	sys(close, wr);
	CHECK_EQ(sys(read, rd, &c, 1), 1);
	CHECK_EQ(sys(read, rd, &c, 1), 0);
	CHECK_EQ(sys(read, rd, &c, 1), 0);
}

TEST(wrong_ends)
{
	char c;

	make(0);
	CHECK_EQ(sys(read, wr, &c, 1), -EBADF);
	CHECK_EQ(sys(write, rd, &c, 1), -EBADF);
	CHECK_EQ(sys(lseek, rd, 0, SEEK_SET), -ESPIPE);
	CHECK_EQ(sys(pread64, rd, &c, 1, 0), -ESPIPE);
}

TEST(nonblocking_and_capacity)
{
	static char buf[4096];
	char c;

	make(O_NONBLOCK);
	CHECK_EQ(sys(read, rd, &c, 1), -EAGAIN);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(sys(write, wr, buf, sizeof buf), sizeof buf);
	CHECK_EQ(sys(write, wr, &c, 1), -EAGAIN); // 64 KiB and no more
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, sizeof buf), -EBUSY);
	CHECK_EQ(sys(read, rd, buf, sizeof buf), sizeof buf);
	CHECK_EQ(sys(write, wr, buf, sizeof buf), sizeof buf);
}

TEST(a_large_write_blocks_until_it_is_read)
{
	enum { SIZE = 300000 };
	unsigned char *data = t_map(SIZE);
	long total = 0, n;

	make(0);
	for (int i = 0; i < SIZE; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(sys(write, wr, data, SIZE), SIZE);
		t_exit(0);
	}
	sys(close, wr);
	unsigned char *got = t_map(SIZE);

	while ((n = sys(read, rd, got + total, 5000)) > 0)
		total += n;
	CHECK_EQ(total, SIZE);
	CHECK(!memcmp(data, got, SIZE));
	CHECK_EQ(t_wait(pid), 0);
}

TEST(small_writes_are_atomic)
{
	enum { WRITERS = 4, EACH = 50, SIZE = 512 };
	static unsigned char buf[SIZE];
	int count[WRITERS] = {0};

	make(0);
	for (int w = 0; w < WRITERS; w++)
		if (t_fork() == 0) {
			memset(buf, w, SIZE);
			for (int i = 0; i < EACH; i++)
				CHECK_EQ(sys(write, wr, buf, SIZE), SIZE);
			t_exit(0);
		}
	sys(close, wr);
	for (int i = 0; i < WRITERS * EACH; i++) {
		for (long have = 0; have < SIZE;) {
			long n = sys(read, rd, buf + have, SIZE - have);

			CHECK(n > 0);
			have += n;
		}
		for (int j = 1; j < SIZE; j++)
			CHECK_EQ(buf[j], buf[0]);
		count[buf[0]]++;
	}
	for (int w = 0; w < WRITERS; w++) {
		CHECK_EQ(count[w], EACH);
		CHECK_EQ(t_wait(-1), 0);
	}
}

TEST(closing_the_reader_wakes_the_writer)
{
	static char buf[65536];

	make(0);
	CHECK_EQ(sys(write, wr, buf, sizeof buf), sizeof buf);
	int pid = t_fork();

	if (pid == 0) {
		sys(close, rd);
		t_exit((int)sys(write, wr, "x", 1)); // blocks, then SIGPIPE
	}
	UNTIL(t_state(pid) == 'S');
	sys(close, rd);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGPIPE));
}

TEST(killed_while_blocked)
{
	make(0);
	int pid = t_fork();

	if (pid == 0) {
		char c;

		sys(read, rd, &c, 1);
	}
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(flags_and_kind)
{
	struct stat st;
	int fds[2];

	make(O_CLOEXEC | O_NONBLOCK);
	CHECK_EQ(sys(fcntl, rd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, rd, F_GETFL), O_RDONLY | O_NONBLOCK);
	CHECK_EQ(sys(fcntl, wr, F_GETFL), O_WRONLY | O_NONBLOCK);
	CHECK_EQ(sys(fstat, rd, &st), 0);
	CHECK_EQ(st.st_mode & 0170000, 0010000);
	CHECK_EQ(sys(pipe2, fds, 0x1), -EINVAL);
	CHECK_EQ(sys(pipe, 8UL), -EFAULT);
}

TEST(a_failed_pipe_leaks_no_descriptor)
{
	long before = sys(dup, 0);

	sys(close, before);
	CHECK_EQ(sys(pipe, 8UL), -EFAULT);
	CHECK_EQ(sys(dup, 0), before);
}

// Through /proc a pipe opens again, and never waits for the other side: it has been there once.
TEST(opening_again_does_not_wait)
{
	char path[32], c;
	long fd, other;

	make(0);
	t_snprintf(path, sizeof path, "/proc/self/fd/%d", rd);
	fd = sys(open, path, O_RDONLY);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, wr, "xy", 2), 2);
	CHECK_EQ(sys(read, fd, &c, 1), 1);
	CHECK_EQ(sys(close, wr), 0);
	other = sys(open, path, O_RDONLY);
	CHECK_GE(other, 0);
	CHECK_EQ(sys(read, other, &c, 1), 1);
	CHECK_EQ(c, 'y');
	CHECK_EQ(sys(read, other, &c, 1), 0);
	CHECK_EQ(sys(close, other), 0);
	CHECK_EQ(sys(read, fd, &c, 1), 0);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(close, rd), 0);

	make(0);
	t_snprintf(path, sizeof path, "/proc/self/fd/%d", wr);
	CHECK_EQ(sys(close, rd), 0);
	fd = sys(open, path, O_WRONLY | O_NONBLOCK);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(close, fd), 0);
	fd = sys(open, path, O_WRONLY);
	CHECK_GE(fd, 0);
	t_action(SIGPIPE, SIG_IGN, 0);
	CHECK_EQ(sys(write, fd, "x", 1), -EPIPE);
	CHECK_EQ(sys(close, fd), 0);
	fd = sys(open, path, O_RDONLY); // the other end, by the name of this one
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, wr, "x", 1), 1);
	CHECK_EQ(sys(read, fd, &c, 1), 1);
	CHECK_EQ(sys(close, fd), 0);
}

TEST(bad_buffers)
{
	make(O_NONBLOCK);
	CHECK_EQ(sys(write, wr, 8UL, 4), -EFAULT);
	CHECK_EQ(sys(write, wr, "abcd", 4), 4);
	CHECK_EQ(sys(read, rd, 8UL, 4), -EFAULT);
	CHECK_EQ(sys(write, wr, 0xffff800000000000UL, 4), -EFAULT);
}

TEST(zero_lengths)
{
	make(0);
	CHECK_EQ(sys(write, wr, "", 0), 0);
	CHECK_EQ(sys(read, rd, 0, 0), 0); // does not block
}

TEST(a_chain_of_eight)
{
	char c = 0;

	make(0);
	int first = wr, from = rd;

	for (int i = 0; i < 8; i++) {
		make(0);
		if (t_fork() == 0) {
			sys(close, first);
			while (sys(read, from, &c, 1) == 1) {
				c++;
				sys(write, wr, &c, 1);
			}
			t_exit(0);
		}
		sys(close, from);
		sys(close, wr);
		from = rd;
	}
	CHECK_EQ(sys(write, first, "A", 1), 1);
	CHECK_EQ(sys(read, from, &c, 1), 1);
	CHECK_EQ(c, 'A' + 8);
	sys(close, first);
	CHECK_EQ(sys(read, from, &c, 1), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(t_wait(-1), 0);
}

TEST(no_notifications)
{
	int fds[2];
	long ret = sys(pipe2, fds, O_EXCL); // a kernel may be built to tell of keys and mounts by a pipe

	CHECK(ret == -ENOPKG || (ret == 0 && !t_on_thaw));
}

TEST(resized)
{
	static char buf[5000];
	int n;

	make(0);
	for (unsigned i = 0; i < sizeof buf; i++)
		buf[i] = (char)(i / 7);
	CHECK_EQ(sys(fcntl, wr, F_GETPIPE_SZ), 65536);
	CHECK_EQ(sys(write, wr, buf, sizeof buf), sizeof buf);
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 131072), 131072); // what is in it stays
	CHECK_EQ(sys(fcntl, rd, F_GETPIPE_SZ), 131072);
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 4096), -EBUSY);
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 5000), 8192);
	memset(buf, 0, sizeof buf);
	CHECK_EQ(sys(read, rd, buf, sizeof buf), sizeof buf);
	for (unsigned i = 0; i < sizeof buf; i++)
		CHECK_EQ(buf[i], (char)(i / 7));
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 0), 4096);
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 0x80000001UL), -EINVAL);
	// full, and it begins within a page
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 8192), 8192);
	CHECK_EQ(sys(write, wr, buf, 100), 100);
	CHECK_EQ(sys(write, wr, buf, 4096), 4096);
	CHECK_EQ(sys(read, rd, buf, 100), 100);
	CHECK_EQ(sys(fcntl, wr, F_SETFL, O_NONBLOCK), 0);
	for (n = 0; sys(write, wr, "x", 1) == 1; n++)
		;
	CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 16384), 16384);
	CHECK_EQ(sys(write, wr, "y", 1), 1);
	CHECK_EQ(sys(read, rd, buf, 4096), 4096);
	while (n--) {
		CHECK_EQ(sys(read, rd, buf, 1), 1);
		CHECK_EQ(buf[0], 'x');
	}
	CHECK_EQ(sys(read, rd, buf, 10), 1);
	CHECK_EQ(buf[0], 'y');
	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1003, 1003, 1003), 0);
		CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 1048576), 1048576);
		CHECK_EQ(sys(fcntl, wr, F_SETPIPE_SZ, 1048577), -EPERM);
	}),
		0);
}

// Another reader, whose memory is bad, takes what was written and gives it back over and over.
TEST(what_is_given_back_wakes_readers)
{
	int bad, good, echo[2];
	char c = 'x';

	make(0);
	CHECK_EQ(sys(pipe2, echo, O_NONBLOCK), 0);
	bad = t_fork();
	if (bad == 0)
		for (;;)
			sys(read, rd, 8UL, 1);
	good = t_fork();
	if (good == 0)
		for (;;) {
			CHECK_EQ(sys(read, rd, &c, 1), 1);
			CHECK_EQ(sys(write, echo[1], &c, 1), 1);
		}
	for (int i = 0; i < 50; i++) {
		UNTIL(t_state(good) == 'S');
		CHECK_EQ(sys(write, wr, &c, 1), 1);
		UNTIL(sys(read, echo[0], &c, 1) == 1);
	}
	sys(kill, bad, SIGKILL);
	sys(kill, good, SIGKILL);
	sys(wait4, bad, 0, 0, 0);
	sys(wait4, good, 0, 0, 0);
}

// Who asks for a ring that is too large for the machine makes nobody else's smaller meanwhile.
TEST(a_ring_that_does_not_fit)
{
	enum { LARGE = 8 << 20 };
	long start = t_now_ms();
	int pid, p[2];

	make(0);
	sys(fcntl, wr, F_SETPIPE_SZ, LARGE); // for two of these Thaw's machine is too small, in the tests
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(pipe, p), 0);
		for (;;)
			if (sys(fcntl, p[0], F_SETPIPE_SZ, LARGE) == LARGE)
				sys(fcntl, p[0], F_SETPIPE_SZ, PAGE);
	}
	while (t_now_ms() - start < 200)
		for (int i = 0; i < 50; i++) {
			CHECK_EQ(sys(pipe, p), 0);
			CHECK_EQ(sys(fcntl, p[0], F_GETPIPE_SZ), 65536);
			sys(close, p[0]);
			sys(close, p[1]);
		}
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}
