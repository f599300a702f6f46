// SPDX-License-Identifier: GPL-2.0-only
//
// What read, write, and those that do the same in another way refuse, on each kind of file that refuses something.
#include "t.h"

#include <linux/memfd.h>

#define SEEK_DATA 3
#define SEEK_HOLE 4

enum { AF_UNIX = 1, SOCK_STREAM = 1 };

static char buf[2 * PAGE];
static struct iovec iov[2] = {{buf, 1}, {buf, 1}};

// One byte, the same way each time.
static long by_write(long fd)
{
	return sys(write, fd, buf, 1);
}

static long by_writev(long fd)
{
	return sys(writev, fd, iov, 1);
}

static long by_pwrite(long fd)
{
	return sys(pwrite64, fd, buf, 1, 0);
}

static long by_read(long fd)
{
	return sys(read, fd, buf, 1);
}

static long by_readv(long fd)
{
	return sys(readv, fd, iov, 1);
}

static long by_pread(long fd)
{
	return sys(pread64, fd, buf, 1, 0);
}

static void handler(int sig)
{
	(void)sig;
}

static long nonblocking(long fd)
{
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static void fill(long fd)
{
	while (sys(write, fd, buf, sizeof buf) > 0)
		;
	while (by_write(fd) == 1)
		;
}

TEST(not_open_for_that)
{
	t_tmpdir();
	CHECK_EQ(t_spit("f", "x"), 0);
	long in = sys(open, "f", O_RDONLY), out = sys(open, "f", O_WRONLY), path = sys(open, "f", O_PATH);

	CHECK_EQ(by_write(in), -EBADF);
	CHECK_EQ(by_writev(in), -EBADF);
	CHECK_EQ(by_pwrite(in), -EBADF);
	CHECK_EQ(by_read(out), -EBADF);
	CHECK_EQ(by_readv(out), -EBADF);
	CHECK_EQ(by_pread(out), -EBADF);
	CHECK_EQ(sys(sendfile, in, in, 0, 1), -EBADF);
	CHECK_EQ(sys(sendfile, out, out, 0, 1), -EBADF);
	CHECK_EQ(by_pread(path), -EBADF);
	CHECK_EQ(by_writev(path), -EBADF);
	CHECK_EQ(sys(ftruncate, path, 0), -EBADF);
	CHECK_EQ(sys(ftruncate, in, 0), -EINVAL);
}

TEST(directories_are_not_read)
{
	long fd = sys(open, "/", O_RDONLY);

	CHECK_EQ(by_read(fd), -EISDIR);
	CHECK_EQ(by_readv(fd), -EISDIR);
	CHECK_EQ(by_pread(fd), -EISDIR);
	CHECK_EQ(sys(ftruncate, fd, 0), -EINVAL);
}

TEST(it_would_block)
{
	int p[2], s[2];

	t_tmpdir();
	CHECK_EQ(t_spit("f", "x"), 0);
	long from = sys(open, "f", O_RDONLY), tty = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);

	CHECK_EQ(sys(pipe2, p, O_NONBLOCK), 0);
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, s), 0);
	CHECK_EQ(by_read(p[0]), -EAGAIN);
	CHECK_EQ(by_readv(p[0]), -EAGAIN);
	CHECK_EQ(by_read(nonblocking(s[0])), -EAGAIN);
	CHECK_EQ(sys(read, s[0], buf, 0), 0);
	CHECK_EQ(by_read(tty), -EAGAIN);
	fill(p[1]);
	fill(nonblocking(s[1]));
	CHECK_EQ(by_write(p[1]), -EAGAIN);
	CHECK_EQ(by_writev(p[1]), -EAGAIN);
	CHECK_EQ(by_writev(s[1]), -EAGAIN);
	CHECK_EQ(sys(sendfile, p[1], from, 0, 1), -EAGAIN);
	CHECK_EQ(sys(lseek, from, 0, SEEK_CUR), 0);
}

TEST(nobody_reads_it)
{
	int p[2], s[2];

	t_action(SIGPIPE, SIG_IGN, 0);
	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, s), 0);
	sys(close, p[0]);
	sys(close, s[0]);
	CHECK_EQ(by_write(p[1]), -EPIPE);
	CHECK_EQ(by_writev(p[1]), -EPIPE);
	CHECK_EQ(by_write(s[1]), -EPIPE);
	CHECK_EQ(by_writev(s[1]), -EPIPE);
}

static int interrupt(void *arg)
{
	while (sys(tkill, (long)arg, SIGUSR1) == 0)
		t_sleep_ms(1);
	return 0;
}

TEST(a_signal_comes_first)
{
	struct thread t;
	int p[2];

	t_action(SIGUSR1, handler, 0);
	CHECK_EQ(sys(pipe, p), 0);
	thread_start(&t, interrupt, (void *)(long)t_gettid());
	CHECK_EQ(by_read(p[0]), -EINTR);
	CHECK_EQ(by_readv(p[0]), -EINTR);
	nonblocking(p[1]);
	fill(p[1]);
	CHECK_EQ(sys(fcntl, p[1], F_SETFL, 0), 0);
	CHECK_EQ(by_write(p[1]), -EINTR);
	CHECK_EQ(by_writev(p[1]), -EINTR);
	t_exit(0);
}

TEST(no_position)
{
	int p[2], s[2];

	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, s), 0);
	CHECK_EQ(by_pread(p[0]), -ESPIPE);
	CHECK_EQ(by_pwrite(p[1]), -ESPIPE);
	CHECK_EQ(by_pread(s[0]), -ESPIPE);
	CHECK_EQ(by_pwrite(s[0]), -ESPIPE);
	CHECK_EQ(sys(pwrite64, p[1], buf, 1, -1L), -EINVAL);
}

TEST(no_room)
{
	long fd = sys(open, "/dev/full", O_RDWR);

	CHECK_EQ(by_write(fd), -ENOSPC);
	CHECK_EQ(by_writev(fd), -ENOSPC);
	CHECK_EQ(by_pwrite(fd), -ENOSPC);
}

TEST(the_file_is_sealed)
{
	long fd = sys(memfd_create, "f", MFD_ALLOW_SEALING), other = sys(memfd_create, "g", 0);

	CHECK_EQ(by_write(fd), 1);
	CHECK_EQ(by_write(other), 1);
	CHECK_EQ(sys(lseek, other, 0, SEEK_SET), 0);
	CHECK_EQ(sys(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	CHECK_EQ(by_write(fd), -EPERM);
	CHECK_EQ(by_writev(fd), -EPERM);
	CHECK_EQ(by_pwrite(fd), -EPERM);
	CHECK_EQ(sys(ftruncate, fd, 0), -EPERM);
	CHECK_EQ(sys(ftruncate, fd, 2), -EPERM);
	CHECK_EQ(sys(fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE), -EPERM);
}

TEST(the_file_is_as_long_as_it_may_be)
{
	struct rlimit lim = {PAGE, PAGE};

	t_tmpdir();
	CHECK_EQ(t_spit("from", "x"), 0);
	CHECK_EQ(sys(setrlimit, RLIMIT_FSIZE, &lim), 0);
	t_action(SIGXFSZ, SIG_IGN, 0);
	long fd = sys(open, "f", O_RDWR | O_CREAT, 0600), from = sys(open, "from", O_RDONLY);

	CHECK_EQ(sys(write, fd, buf, 2 * PAGE), PAGE);
	CHECK_EQ(by_write(fd), -EFBIG);
	CHECK_EQ(by_writev(fd), -EFBIG);
	CHECK_EQ(sys(pwrite64, fd, buf, 1, PAGE), -EFBIG);
	CHECK_EQ(sys(ftruncate, fd, PAGE + 1), -EFBIG);
	CHECK_EQ(sys(sendfile, fd, from, 0, 1), -EFBIG);
	CHECK_EQ(by_pwrite(fd), 1);
	CHECK_EQ(IN_CHILD(t_action(SIGXFSZ, SIG_DFL, 0); by_write(fd)), SIGNALLED(SIGXFSZ));
}

TEST(nothing_to_read_or_write_there)
{
	unsigned long set = BIT(SIGUSR1);
	long ep = sys(epoll_create1, 0), sig = sys(signalfd4, -1, &set, 8, 0), ev = sys(eventfd2, 1, 0);

	CHECK_EQ(by_read(ep), -EINVAL);
	CHECK_EQ(by_readv(ep), -EINVAL);
	CHECK_EQ(by_write(ep), -EINVAL);
	CHECK_EQ(by_writev(ep), -EINVAL);
	CHECK_EQ(by_write(sig), -EINVAL);
	CHECK_EQ(by_read(sig), -EINVAL); // too little
	CHECK_EQ(by_read(ev), -EINVAL);
	CHECK_EQ(by_writev(ev), -EINVAL);
	CHECK_EQ(by_pread(ev), -ESPIPE);
	iov[1].iov_len = -1UL;
	CHECK_EQ(sys(writev, ev, iov, 2), -EINVAL);
	CHECK_EQ(sys(writev, ev, iov, 1025), -EINVAL);
	CHECK_EQ(sys(writev, ev, iov, -1), -EINVAL);
	CHECK_EQ(sys(readv, ev, iov, 2), -EINVAL);
	CHECK_EQ(sys(readv, ev, iov, 1025), -EINVAL);
	CHECK_EQ(sys(readv, ev, iov, -1), -EINVAL);
}

TEST(sizes_and_places)
{
	long top = 0x7fffffffffffffffL, fd, to, at;

	fd = sys(memfd_create, "f", 0);
	CHECK_EQ(sys(write, fd, "text", 4), 4);
	to = sys(memfd_create, "g", 0);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_DATA), 0);
	CHECK_EQ(sys(lseek, fd, 4, SEEK_DATA), -ENXIO);
	CHECK_EQ(sys(lseek, fd, 4, SEEK_HOLE), -ENXIO);
	CHECK_EQ(sys(lseek, fd, top, SEEK_HOLE), -ENXIO);
	CHECK_EQ(sys(lseek, fd, -1L, SEEK_HOLE), -ENXIO);
	CHECK_EQ(sys(sendfile, to, fd, 0, -1L), -EINVAL);
	at = -1;
	CHECK_EQ(sys(sendfile, to, fd, &at, 1), -EINVAL);
	at = top;
	CHECK_EQ(sys(sendfile, to, fd, &at, 1), -EINVAL);
	at = top - 1;
	CHECK_EQ(sys(sendfile, to, fd, &at, 1), 0);
	CHECK_EQ(sys(pread64, fd, buf, 1, top), -EINVAL);
	CHECK_EQ(sys(pread64, fd, buf, 1, top - 1), 0);
	CHECK_EQ(sys(pwrite64, fd, buf, 2, top - 1), -EINVAL);
	CHECK_EQ(sys(lseek, fd, top, SEEK_SET), top);
	CHECK_EQ(by_read(fd), -EINVAL);
	CHECK_EQ(by_writev(fd), -EINVAL);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_EQ(sys(fcntl, to, F_SETFL, O_APPEND), 0);
	CHECK_EQ(sys(sendfile, to, fd, 0, 1), -EINVAL);
}

// What the kernel makes text of ends at 2 GiB at the latest.
TEST(sendfile_from_the_end_of_proc)
{
	long in = sys(open, "/proc/version", O_RDONLY), to = sys(memfd_create, "g", 0), end = 0x7fffffffL, at;

	at = end;
	CHECK_EQ(sys(sendfile, to, in, &at, 1), -EOVERFLOW);
	CHECK_EQ(sys(sendfile, to, in, &at, 0), 0);
	at = end + 1;
	CHECK_EQ(sys(sendfile, to, in, &at, 0), -EOVERFLOW);
	CHECK_EQ(at, end + 1);
	at = 0x7ffffffffffffffeL;
	CHECK_EQ(sys(sendfile, to, in, &at, 1), -EOVERFLOW);
	CHECK_EQ(sys(sendfile, to, in, &at, 2), -EINVAL);
	at = end;
	CHECK_EQ(sys(sendfile, to, to, &at, 1), 0); // a file's end is another
}

// Some have no position and say so; some have none and say 0, whatever is asked.
TEST(seeking_where_there_is_nothing)
{
	unsigned long set = BIT(SIGUSR1);
	int p[2], s[2];

	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(sys(socketpair, 1, 1, 0, s), 0);
	const long none[] = {p[0], p[1], s[0], sys(pidfd_open, t_getpid(), 0), sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY),
		sys(open, "/proc/self/ns/pid", O_RDONLY)};
	const long zero[] = {sys(eventfd2, 0, 0), sys(epoll_create1, 0), sys(timerfd_create, CLOCK_MONOTONIC, 0),
		sys(signalfd4, -1, &set, 8, 0), sys(inotify_init1, 0), sys(open, "/dev/null", O_RDWR),
		sys(open, "/dev/zero", O_RDWR), sys(open, "/dev/full", O_RDWR), sys(open, "/dev/random", O_RDONLY),
		sys(open, "/dev/urandom", O_RDONLY)};

	for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
		CHECK_GE(none[i], 0);
		for (int whence = SEEK_SET; whence <= 4; whence++)
			CHECK_EQ(sys(lseek, none[i], 1, whence), -ESPIPE);
		CHECK_EQ(sys(lseek, none[i], 0, 5), -EINVAL);
	}
	for (unsigned i = 0; i < sizeof zero / sizeof *zero; i++) {
		CHECK_GE(zero[i], 0);
		for (int whence = SEEK_SET; whence <= 4; whence++)
			CHECK_EQ(sys(lseek, zero[i], 7, whence), 0);
		CHECK_EQ(sys(lseek, zero[i], -7, SEEK_SET), 0);
		CHECK_EQ(sys(lseek, zero[i], 0, 5), -EINVAL);
	}
}
