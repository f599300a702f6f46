// SPDX-License-Identifier: GPL-2.0-only
//
// Calls that are an older or a longer form of another: each does what its sibling does.
#include "t.h"

#include <linux/close_range.h>
#include <linux/eventpoll.h>
#include <linux/fadvise.h>
#include <linux/inotify.h>
#include <linux/stat.h>
#include <linux/utime.h>

static char buf[4096];
static struct stat st;

static int file_of(const char *content)
{
	t_tmpdir();
	CHECK_EQ(t_spit("f", content), 0);
	int fd = (int)sys(open, "f", O_RDWR);

	CHECK_GE(fd, 0);
	return fd;
}

TEST(creat)
{
	file_of("to be forgotten");
	int fd = (int)sys(creat, "f", 0600);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(sys(write, fd, "x", 1), 1);
	CHECK_EQ(sys(pread64, fd, buf, 1, 0), -EBADF); // for writing alone
	fd = (int)sys(creat, "new", 04751);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | (04751 & ~sys(umask, 0)));
}

TEST(preadv_and_pwritev)
{
	int fd = file_of("0123456789");
	struct iovec to[2] = {{buf, 2}, {buf + 10, 3}}, from[2] = {{"ab", 2}, {"cde", 3}};

	CHECK_EQ(sys(preadv, fd, to, 2, 4, 0), 5);
	CHECK(!memcmp(buf, "45", 2) && !memcmp(buf + 10, "678", 3));
	CHECK_EQ(sys(preadv, fd, to, 2, 8, 0), 2);
	CHECK_EQ(sys(pwritev, fd, from, 2, 8, 0), 5);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_CUR), 0); // neither moves it
	CHECK_EQ(sys(pread64, fd, buf, 20, 0), 13);
	CHECK(!memcmp(buf, "01234567abcde", 13));
	CHECK_EQ(sys(preadv, fd, to, 2, -1, 0), -EINVAL);
	CHECK_EQ(sys(pwritev, fd, from, 2, -1, 0), -EINVAL);
}

TEST(names_relative_to_a_directory)
{
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "d", 0700), 0);
	int dir = (int)sys(open, "d", O_PATH | O_DIRECTORY);

	CHECK_EQ(sys(symlinkat, "where", dir, "link"), 0);
	CHECK_EQ(sys(readlinkat, dir, "link", buf, 100), 5);
	CHECK(!memcmp(buf, "where", 5));
	CHECK_EQ(sys(readlinkat, dir, "link", buf, 2), 2); // as much as there is room for
	int link = (int)sys(openat, dir, "link", O_PATH | O_NOFOLLOW);

	CHECK_GE(link, 0);
	CHECK_EQ(sys(readlinkat, link, "", buf, 100), 5); // itself
	CHECK_EQ(sys(mknodat, dir, "pipe", S_IFIFO | 0600, 0), 0);
	CHECK_EQ(sys(stat, "d/pipe", &st), 0);
	CHECK_EQ(st.st_mode, S_IFIFO | 0600);
	CHECK_EQ(sys(mknodat, dir, "pipe", S_IFIFO | 0600, 0), -EEXIST);
	CHECK_EQ(sys(faccessat, dir, "pipe", 6 /* R_OK | W_OK */), 0);
	CHECK_EQ(sys(faccessat, dir, "link", 0), -ENOENT); // it is followed
	CHECK_EQ(sys(faccessat, dir, "pipe", 8), -EINVAL);
	CHECK_EQ(sys(faccessat, -1, "pipe", 0), -EBADF);
	CHECK_EQ(sys(faccessat, AT_FDCWD, "d/pipe", 0), 0);
}

// Times in seconds, in microseconds, and of a name in a directory.
TEST(utime_utimes_futimesat)
{
	struct utimbuf seconds = {1000, 2000};
	struct timeval times[2] = {{3000, 999999}, {4000, 5}}, wrong[2] = {{0, 0}, {0, 1000000}};

	file_of("x");
	CHECK_EQ(sys(utime, "f", &seconds), 0);
	CHECK_EQ(sys(stat, "f", &st), 0);
	CHECK_EQ(st.st_atime, 1000);
	CHECK_EQ(st.st_mtime, 2000);
	CHECK_EQ(sys(utimes, "f", times), 0);
	CHECK_EQ(sys(stat, "f", &st), 0);
	CHECK_EQ(st.st_atime, 3000);
	CHECK_EQ(st.st_atime_nsec, 999999000);
	CHECK_EQ(st.st_mtime, 4000);
	CHECK_EQ(st.st_mtime_nsec, 5000);
	CHECK_EQ(sys(utimes, "f", wrong), -EINVAL);
	times[0].tv_sec = 7000;
	int dir = (int)sys(open, ".", O_RDONLY | O_DIRECTORY), fd = (int)sys(open, "f", O_RDONLY);

	CHECK_EQ(sys(futimesat, dir, "f", times), 0);
	CHECK_EQ(sys(stat, "f", &st), 0);
	CHECK_EQ(st.st_atime, 7000);
	times[0].tv_sec = 8000;
	CHECK_EQ(sys(futimesat, fd, NULL, times), 0); // the file itself
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_atime, 8000);
	CHECK_EQ(sys(utime, "f", NULL), 0); // now
	CHECK_EQ(sys(stat, "f", &st), 0);
	CHECK_GE(st.st_atime, 8001);
	CHECK_EQ(st.st_atime, st.st_mtime);
}

TEST(time)
{
	struct timespec now;
	long kept = 0, said = sys(time, &kept);

	CHECK_EQ(kept, said);
	CHECK_EQ(sys(clock_gettime, CLOCK_REALTIME, &now), 0);
	CHECK(now.tv_sec >= said);
	CHECK_GE(sys(time, NULL), said);
	CHECK_EQ(sys(time, t_ptr(8)), -EFAULT);
}

TEST(eventfd)
{
	unsigned long n = 0;
	int fd = (int)sys(eventfd, 7);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), 0);
	CHECK_EQ(sys(read, fd, &n, 8), 8);
	CHECK_EQ(n, 7);
}

TEST(inotify_init)
{
	struct inotify_event *event = (struct inotify_event *)buf;
	int fd = (int)sys(inotify_init);

	file_of("x");
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), 0);
	CHECK_EQ(sys(inotify_add_watch, fd, "f", IN_ATTRIB), 1);
	CHECK_EQ(sys(chmod, "f", 0600), 0);
	CHECK_EQ(sys(read, fd, buf, sizeof buf), sizeof *event);
	CHECK_EQ(event->mask, IN_ATTRIB);
}

static _Atomic int caught;

static void catch(int sig)
{
	caught = sig;
}

// A signal that only the wait lets in interrupts it, and is blocked again afterwards.
TEST(epoll_pwait)
{
	struct epoll_event event = {EPOLLIN, 5};
	unsigned long none = 0, usr1 = BIT(SIGUSR1);
	int ep = (int)sys(epoll_create1, 0), fd = (int)sys(eventfd, 0);

	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fd, &event), 0);
	CHECK_EQ(t_action(SIGUSR1, catch, 0), 0);
	CHECK_EQ(t_block(usr1), 0);
	CHECK_EQ(sys(tgkill, t_getpid(), t_gettid(), SIGUSR1), 0);
	CHECK_EQ(sys(epoll_pwait, ep, &event, 1, 0, NULL, 8), 0);
	CHECK_EQ(sys(epoll_pwait, ep, &event, 1, 0, &usr1, 8), 0);
	CHECK_EQ(caught, 0);
	CHECK_EQ(sys(epoll_pwait, ep, &event, 1, -1, &none, 8), -EINTR);
	CHECK_EQ(caught, SIGUSR1);
	CHECK_EQ(t_mask() & usr1, usr1);
	CHECK_EQ(sys(write, fd, &usr1, 8), 8);
	CHECK_EQ(sys(epoll_pwait, ep, &event, 1, -1, &none, 8), 1);
	CHECK_EQ(event.data, 5);
	CHECK_EQ(sys(epoll_pwait, ep, &event, 1, 0, &none, 4), -EINVAL);
}

TEST(fdatasync_and_syncfs)
{
	int fd = file_of("x"), path = (int)sys(open, "f", O_PATH), ends[2];

	CHECK_EQ(sys(fdatasync, fd), 0);
	CHECK_EQ(sys(syncfs, fd), 0);
	CHECK_EQ(sys(fdatasync, path), -EBADF);
	CHECK_EQ(sys(syncfs, path), -EBADF);
	CHECK_EQ(sys(pipe, ends), 0);
	CHECK_EQ(sys(fdatasync, ends[0]), -EINVAL);
	CHECK_EQ(sys(syncfs, ends[0]), 0); // a pipe is on a file system, too
}

TEST(fadvise64)
{
	int fd = file_of("still there"), ends[2];

	for (int advice = POSIX_FADV_NORMAL; advice <= POSIX_FADV_NOREUSE; advice++)
		CHECK_EQ(sys(fadvise64, fd, 0, 0, advice), 0);
	CHECK_EQ(sys(fadvise64, fd, 0, 0, 6), -EINVAL);
	CHECK_EQ(sys(fadvise64, fd, 0, -1, POSIX_FADV_NORMAL), -EINVAL);
	CHECK_EQ(sys(fadvise64, -1, 0, 0, POSIX_FADV_NORMAL), -EBADF);
	CHECK_EQ(sys(pipe, ends), 0);
	CHECK_EQ(sys(fadvise64, ends[0], 0, 0, POSIX_FADV_NORMAL), -ESPIPE);
	CHECK_EQ(sys(pread64, fd, buf, 20, 0), 11);
	CHECK(!memcmp(buf, "still there", 11));
}

// ---- close_range ----

static bool is_open(int fd)
{
	return sys(fcntl, fd, F_GETFD) >= 0;
}

/* Five descriptors from 100 on; the first. */
static int five(void)
{
	for (int fd = 100; fd < 105; fd++)
		CHECK_EQ(sys(dup2, 0, fd), fd);
	return 100;
}

TEST(close_range)
{
	int fd = five();

	CHECK_EQ(sys(close_range, fd + 1, fd + 3, 0), 0);
	CHECK(is_open(fd) && !is_open(fd + 1) && !is_open(fd + 2) && !is_open(fd + 3) && is_open(fd + 4));
	CHECK_EQ(sys(close_range, fd + 1, fd + 3, 0), 0); // nothing is there: no error
	CHECK_EQ(sys(close_range, fd, ~0U, 0), 0);
	CHECK(!is_open(fd) && !is_open(fd + 4) && is_open(0));
	CHECK_EQ(sys(close_range, ~0U, ~0U, 0), 0);
	CHECK_EQ(sys(close_range, 4, 3, 0), -EINVAL);
	CHECK_EQ(sys(close_range, 3, 4, 1), -EINVAL); // an unknown flag
}

TEST(close_range_at_exec)
{
	int fd = five();

	CHECK_EQ(sys(close_range, fd + 1, ~0U, CLOSE_RANGE_CLOEXEC), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), 0);
	for (int i = 1; i < 5; i++)
		CHECK_EQ(sys(fcntl, fd + i, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(close_range, fd, ~0U, 0), 0);
}

static int close_mine(void *fd)
{
	CHECK_EQ(sys(close_range, *(int *)fd, ~0U, CLOSE_RANGE_UNSHARE), 0);
	CHECK(!is_open(*(int *)fd));
	CHECK_EQ(sys(dup2, 0, 200), 200);
	return 0;
}

static int mark_mine(void *fd)
{
	CHECK_EQ(sys(close_range, *(int *)fd, ~0U, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC), 0);
	CHECK_EQ(sys(fcntl, *(int *)fd, F_GETFD), FD_CLOEXEC);
	return 0;
}

// A thread that asks for a table of its own leaves the others' as it is.
TEST(close_range_of_ones_own)
{
	int fd = five();
	struct thread t;

	thread_start(&t, close_mine, &fd);
	thread_join(&t);
	thread_start(&t, mark_mine, &fd);
	thread_join(&t);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(sys(fcntl, fd + i, F_GETFD), 0);
	CHECK(!is_open(200));
	CHECK_EQ(sys(close_range, fd, ~0U, 0), 0);
}
