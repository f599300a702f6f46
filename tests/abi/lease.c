// SPDX-License-Identifier: GPL-2.0-only
//
// Leases: who may take one, what breaks it, what the holder is told, and how the others wait.
#include "t.h"

#include <asm/poll.h>
#include <linux/stat.h>

#define POLL_MSG 3
#define MSG_BAND (POLLIN | POLLRDNORM | POLLMSG)
#define RT (SIGRTMIN + 5)
#define USER 1000
#define BREAK_TIME "/proc/sys/fs/lease-break-time"

#define EXPECT(sig, fd)                                                                            \
	do {                                                                                       \
		siginfo_t si_;                                                                     \
		CHECK_EQ(t_next_signal(BIT(sig), &si_), sig);                                      \
		CHECK_EQ(si_.si_code, POLL_MSG);                                                   \
		CHECK_EQ(si_.si_band, MSG_BAND);                                                   \
		CHECK_EQ(si_.si_fd, fd);                                                           \
	} while (0)
#define EXPECT_NONE()                                                                              \
	do {                                                                                       \
		siginfo_t si_;                                                                     \
		CHECK_EQ(t_next_signal(BIT(SIGIO) | BIT(RT), &si_), 0);                            \
	} while (0)

// A file "f" in a directory of our own, opened with flags.
static int file(int flags)
{
	int fd;

	t_tmpdir();
	CHECK_EQ(t_block(BIT(SIGIO) | BIT(RT) | BIT(SIGUSR1)), 0);
	fd = (int)sys(open, "f", O_CREAT | O_WRONLY, 0666);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(write, fd, "text", 4), 4);
	CHECK_EQ(sys(close, fd), 0);
	fd = (int)sys(open, "f", flags);
	CHECK_GE(fd, 0);
	return fd;
}

static long lease(int fd, int type)
{
	return sys(fcntl, fd, F_SETLEASE, type);
}

static long kind(int fd)
{
	return sys(fcntl, fd, F_GETLEASE);
}

static long try(int flags)
{
	long fd = sys(open, "f", flags | O_NONBLOCK);

	return fd < 0 ? fd : sys(close, fd);
}

static long size_of(const char *name)
{
	struct stat st;

	CHECK_EQ(sys(stat, name, &st), 0);
	return st.st_size;
}

TEST(of_one_reader)
{
	int fd = file(O_RDONLY);

	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(lease(fd, F_UNLCK), -EAGAIN);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(kind(fd), F_RDLCK);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0); // one may write-lease what one only reads
	CHECK_EQ(kind(fd), F_WRLCK);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(try(O_RDONLY), 0); // two that read
	EXPECT_NONE();
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(lease(fd, F_UNLCK), -EAGAIN);
}

TEST(others_that_have_it_open)
{
	int fd = file(O_RDWR), other, path;

	CHECK_EQ(lease(fd, F_RDLCK), -EAGAIN); // somebody writes: oneself
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	CHECK_EQ(lease(fd, F_RDLCK), -EAGAIN);
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	other = (int)sys(open, "f", O_RDONLY);
	CHECK_GE(other, 0);
	CHECK_EQ(lease(fd, F_WRLCK), -EAGAIN);
	CHECK_EQ(lease(other, F_WRLCK), -EAGAIN);
	CHECK_EQ(lease(other, F_RDLCK), -EAGAIN);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(lease(other, F_RDLCK), 0);
	fd = (int)sys(open, "f", O_RDONLY);
	CHECK_GE(fd, 0);
	CHECK_EQ(kind(fd), F_UNLCK); // each has its own
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(lease(fd, F_WRLCK), -EAGAIN);
	CHECK_EQ(sys(close, other), 0);
	path = (int)sys(open, "f", O_PATH);
	CHECK_GE(path, 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0); // that one has it not open
	CHECK_EQ(lease(path, F_WRLCK), -EBADF);
	CHECK_EQ(kind(path), -EBADF);
	CHECK_EQ(sys(link, "f", "g"), 0); // nor is a name one
	CHECK_EQ(sys(unlink, "f"), 0);
	CHECK_EQ(sys(rename, "g", "f"), 0);
	CHECK_EQ(sys(chmod, "f", 0600), 0);
	CHECK_EQ(kind(fd), F_WRLCK);
	EXPECT_NONE();
}

TEST(bad_arguments)
{
	int fd = file(O_RDONLY), p[2], dir, zero;

	CHECK_EQ(lease(fd, 3), -EINVAL);
	CHECK_EQ(lease(fd, -1), -EINVAL);
	CHECK_EQ(lease(99, F_RDLCK), -EBADF);
	CHECK_EQ(kind(99), -EBADF);
	dir = (int)sys(open, ".", O_RDONLY);
	zero = (int)sys(open, "/dev/zero", O_RDONLY);
	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(lease(p[0], F_RDLCK), -EINVAL);
	CHECK_EQ(lease(p[0], 3), -EINVAL);
	CHECK_EQ(lease(zero, F_RDLCK), -EINVAL);
	CHECK_EQ(lease(dir, F_WRLCK), -EINVAL);
	CHECK_EQ(kind(dir), F_UNLCK);
	CHECK_EQ(kind(zero), F_UNLCK);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(lease(fd, 3), -EINVAL);
		CHECK_EQ(lease(fd, F_RDLCK), -EACCES); // it is root's
		CHECK_EQ(lease(fd, F_UNLCK), -EACCES);
		CHECK_EQ(kind(fd), F_UNLCK);
		CHECK_EQ(lease(zero, F_RDLCK), -EACCES);
	}), 0);
}

TEST(a_reader_breaks_a_write_lease)
{
	int fd = file(O_RDWR);

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETOWN), t_getpid()); // as nobody was
	CHECK_EQ(try(O_RDONLY), -EWOULDBLOCK);
	EXPECT(RT, fd);
	CHECK_EQ(kind(fd), F_RDLCK); // what it is to become
	CHECK_EQ(try(O_RDONLY), -EWOULDBLOCK);
	EXPECT_NONE(); // said once
	CHECK_EQ(lease(fd, F_WRLCK), 0); // that is no answer
	CHECK_EQ(kind(fd), F_RDLCK);
	CHECK_EQ(try(O_RDONLY), -EWOULDBLOCK);
	CHECK_EQ(lease(fd, F_RDLCK), -EAGAIN); // for it is open for writing
	CHECK_EQ(sys(openat, AT_FDCWD, "f", O_RDWR | O_NONBLOCK), -EAGAIN); // who writes wants more
	EXPECT(RT, fd);
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(try(O_RDWR), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETOWN), 0); // all of it went with the lease
	CHECK_EQ(sys(fcntl, fd, F_GETSIG), 0);
	EXPECT_NONE();
}

TEST(a_write_lease_becomes_a_read_lease)
{
	int fd = file(O_RDONLY);

	CHECK_EQ(lease(fd, F_WRLCK), 0);
	CHECK_EQ(try(O_RDONLY), -EWOULDBLOCK);
	CHECK_EQ(kind(fd), F_RDLCK);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(try(O_RDONLY), 0);
	CHECK_EQ(kind(fd), F_RDLCK);
	CHECK_EQ(try(O_WRONLY), -EWOULDBLOCK);
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(lease(fd, F_RDLCK), 0); // it is still there, and still to go
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(try(O_WRONLY), -EWOULDBLOCK);
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(try(O_WRONLY), 0);
}

TEST(the_signal_is_sigio)
{
	int fd = file(O_RDONLY);
	siginfo_t si;

	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(try(O_WRONLY), -EWOULDBLOCK);
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), SIGIO);
	CHECK_EQ(si.si_code, SI_KERNEL); // and no more than that
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, SIGIO), 0);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(try(O_RDWR), -EWOULDBLOCK);
	EXPECT(SIGIO, fd);
}

TEST(who_is_told)
{
	int fd = file(O_RDONLY), child, number, me = t_getpid();
	struct f_owner_ex o = {F_OWNER_TID, t_gettid()};

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETOWN_EX, &o), 0);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	number = (int)sys(dup, fd);
	CHECK_EQ(lease(number, F_RDLCK), 0); // the same lease, by another number
	CHECK_EQ(sys(close, fd), 0);
	child = t_fork();
	if (child == 0) {
		CHECK_EQ(sys(fcntl, number, F_GETOWN), me); // he who said it first
		CHECK_EQ(try(O_WRONLY), -EWOULDBLOCK);
		EXPECT_NONE();
		CHECK_EQ(lease(number, F_UNLCK), 0); // it is everybody's who has the file
		t_exit(0);
	}
	CHECK_EQ(t_wait(child), 0);
	EXPECT(RT, number);
	CHECK_EQ(try(O_WRONLY), 0);
}

TEST(it_ends_with_the_file)
{
	int fd = file(O_RDONLY), second = (int)sys(dup, fd), child, p[2];
	char c;

	CHECK_EQ(lease(fd, F_WRLCK), 0);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(try(O_RDONLY), -EWOULDBLOCK);
	CHECK_EQ(sys(close, second), 0);
	CHECK_EQ(try(O_RDWR), 0);
	CHECK_EQ(sys(pipe, p), 0);
	child = t_fork();
	if (child == 0) {
		fd = (int)sys(open, "f", O_RDONLY);
		CHECK_EQ(lease(fd, F_WRLCK), 0);
		CHECK_EQ(sys(write, p[1], "x", 1), 1);
		thread_pause(NULL);
	}
	CHECK_EQ(sys(read, p[0], &c, 1), 1);
	CHECK_EQ(try(O_WRONLY), -EWOULDBLOCK);
	CHECK_EQ(sys(kill, child, SIGKILL), 0);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGKILL));
	CHECK_EQ(try(O_WRONLY), 0);
}

TEST(cutting)
{
	int fd = file(O_RDONLY);
	siginfo_t si;

	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(try(O_WRONLY | O_TRUNC), -EWOULDBLOCK);
	CHECK_EQ(size_of("f"), 4); // not yet
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), SIGIO);
	CHECK_EQ(try(O_WRONLY | O_TRUNC), 0);
	CHECK_EQ(size_of("f"), 0);
	CHECK_EQ(sys(close, fd), 0);
	fd = (int)sys(open, "f", O_RDWR);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	CHECK_EQ(sys(ftruncate, fd, 9), 0); // by whom it is open: nobody is asked
	CHECK_EQ(sys(write, fd, "more", 4), 4);
	CHECK_EQ(kind(fd), F_WRLCK);
	CHECK_EQ(IN_CHILD({ CHECK_EQ(sys(ftruncate, fd, 7), 0); }), 0);
	CHECK_EQ(size_of("f"), 7);
	EXPECT_NONE();
}

// A child that opens "f", and what open said: 0 or the errno.
static int opener(int flags)
{
	int child = t_fork();

	if (child == 0) {
		long fd = sys(open, "f", flags);

		t_exit(fd < 0 ? (int)-fd : 0);
	}
	CHECK_GE(child, 1);
	return child;
}

// Waits until the holder has been told, and they who want the file sleep.
static void told(int fd, int child)
{
	unsigned long set = BIT(RT);
	siginfo_t si;

	CHECK_EQ(sys(rt_sigtimedwait, &set, &si, NULL, 8), RT);
	CHECK_EQ(si.si_fd, fd);
	UNTIL(t_state(child) == 'S');
}

TEST(the_opener_waits)
{
	int fd = file(O_RDONLY), child, other;

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	child = opener(O_RDONLY);
	told(fd, child);
	CHECK_EQ(kind(fd), F_RDLCK);
	other = opener(O_WRONLY | O_TRUNC);
	told(fd, other);
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(size_of("f"), 4);
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(t_wait(child), 0);
	CHECK_EQ(t_wait(other), 0);
	CHECK_EQ(size_of("f"), 0);
	EXPECT_NONE();
}

TEST(a_smaller_lease_will_do)
{
	int fd = file(O_RDONLY), child;

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	child = opener(O_RDONLY);
	told(fd, child);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(t_wait(child), 0);
	CHECK_EQ(kind(fd), F_RDLCK);
}

TEST(truncate_waits)
{
	int fd = file(O_RDONLY), child;

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	child = t_fork();
	if (child == 0)
		t_exit((int)-sys(truncate, "f", 2));
	told(fd, child);
	CHECK_EQ(size_of("f"), 4);
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(t_wait(child), 0);
	CHECK_EQ(size_of("f"), 2);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(a_wait_that_is_interrupted)
{
	int fd = file(O_RDONLY), child;

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	child = t_fork();
	if (child == 0) {
		CHECK_EQ(t_action(SIGUSR1, nothing, 0), 0);
		CHECK_EQ(t_unblock(BIT(SIGUSR1)), 0);
		CHECK_EQ(sys(open, "f", O_WRONLY), -EINTR);
		CHECK_EQ(t_action(SIGUSR1, nothing, SA_RESTART), 0);
		CHECK_GE(sys(openat, AT_FDCWD, "f", O_WRONLY), 0);
		t_exit(0);
	}
	told(fd, child);
	CHECK_EQ(sys(kill, child, SIGUSR1), 0);
	UNTIL(t_state(child) == 'S');
	CHECK_EQ(sys(kill, child, SIGSTOP), 0);
	UNTIL(t_state(child) == 'T');
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(sys(kill, child, SIGUSR1), 0);
	CHECK_EQ(sys(kill, child, SIGCONT), 0);
	UNTIL(t_state(child) == 'S');
	EXPECT_NONE(); // told once
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(t_wait(child), 0);
}

TEST(a_wait_that_is_killed)
{
	int fd = file(O_RDONLY), child;

	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	child = opener(O_RDONLY);
	told(fd, child);
	CHECK_EQ(sys(kill, child, SIGKILL), 0);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGKILL));
	CHECK_EQ(kind(fd), F_RDLCK); // the question stands
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0); // nobody has it open any more
}

HELPER(ends)
{
	return 42;
}

TEST(to_run_is_to_read)
{
	char buf[4096];
	int fd = file(O_RDONLY), out, child;
	long n, self = sys(open, t_self, O_RDONLY);

	CHECK_GE(self, 0);
	CHECK_EQ(sys(close, fd), 0);
	out = (int)sys(open, "f", O_WRONLY | O_TRUNC);
	while ((n = sys(read, self, buf, sizeof buf)) > 0)
		CHECK_EQ(sys(write, out, buf, n), n);
	CHECK_EQ(sys(close, out), 0);
	CHECK_EQ(sys(chmod, "f", 0755), 0);
	fd = (int)sys(open, "f", O_RDONLY | O_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	child = t_fork();
	if (child == 0) {
		char *argv[] = {(char *)"f", (char *)"@ends", NULL}, *none[] = {NULL};

		sys(execve, "f", argv, none);
		t_exit(1);
	}
	told(fd, child);
	CHECK_EQ(kind(fd), F_RDLCK);
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(t_wait(child), 42);
}

TEST(a_lease_that_is_taken)
{
	char old[16];
	int fd = file(O_RDONLY), child;

	if (!t_own_machine)
		SKIP("it is everybody's patience");
	CHECK_GE(t_slurp(BREAK_TIME, old, sizeof old), 1);
	CHECK_EQ(t_number(old), 45);
	CHECK_EQ(t_spit(BREAK_TIME, "1"), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0);
	child = opener(O_RDONLY);
	CHECK_EQ(t_wait(child), 0);
	CHECK_EQ(kind(fd), F_RDLCK); // what was asked for, and no more
	child = opener(O_WRONLY);
	CHECK_EQ(t_wait(child), 0);
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(lease(fd, F_UNLCK), -EAGAIN);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(t_spit(BREAK_TIME, "0"), 0); // who gives nobody time waits for ever
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	child = opener(O_WRONLY);
	told(fd, child);
	CHECK_EQ(kind(fd), F_UNLCK);
	CHECK_EQ(sys(kill, child, SIGKILL), 0);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGKILL));
	CHECK_EQ(t_spit(BREAK_TIME, old), 0);
}

TEST(none_at_all)
{
	int fd = file(O_RDONLY);

	if (!t_own_machine)
		SKIP("it is everybody's switch");
	CHECK_EQ(lease(fd, F_RDLCK), 0);
	CHECK_EQ(t_spit("/proc/sys/fs/leases-enable", "0"), 0);
	CHECK_EQ(lease(fd, F_WRLCK), 0); // this one is there
	CHECK_EQ(lease(fd, F_UNLCK), 0);
	CHECK_EQ(lease(fd, F_RDLCK), -EINVAL);
	CHECK_EQ(t_spit("/proc/sys/fs/leases-enable", "1"), 0);
	CHECK_EQ(lease(fd, F_RDLCK), 0);
}

// Everybody leases and opens at once. Whoever has a write lease is alone with the file.
static _Atomic int *inside;

static void one_of_many(unsigned seed)
{
	for (int i = 0; i < 200; i++) {
		int how = (int)((seed = seed * 1103515245 + 12345) >> 16) & 7;
		int fd = (int)sys(open, "f", (how & 1 ? O_RDONLY : O_RDWR) | (how & 4 ? O_TRUNC : 0) | O_NONBLOCK);

		if (fd == -EWOULDBLOCK)
			continue;
		CHECK_GE(fd, 0);
		atomic_fetch_add(inside, 1);
		if (lease(fd, F_WRLCK) == 0) {
			int n = atomic_load(inside);

			t_yield();
			CHECK_LE(n, 1);
			CHECK_LE(atomic_load(inside), 1);
		}
		atomic_fetch_sub(inside, 1);
		CHECK_EQ(sys(close, fd), 0);
	}
}

TEST(storm)
{
	int pids[4];

	CHECK_EQ(sys(close, file(O_RDONLY)), 0);
	inside = t_map_shared(PAGE);
	CHECK_EQ(t_action(SIGIO, SIG_IGN, 0), 0);
	for (unsigned k = 0; k < 4; k++) {
		pids[k] = t_fork();
		if (pids[k] == 0) {
			one_of_many(k);
			t_exit(0);
		}
	}
	for (int k = 0; k < 4; k++)
		CHECK_EQ(t_wait(pids[k]), 0);
}
