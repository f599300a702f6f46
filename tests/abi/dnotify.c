// SPDX-License-Identifier: GPL-2.0-only
//
// F_NOTIFY: what happens in a directory is told by a signal; which, to whom, and until when.
#include "t.h"

#include <asm/poll.h>
#include <linux/stat.h>

#define POLL_MSG 3
#define MSG_BAND (POLLIN | POLLRDNORM | POLLMSG)
#define RT (SIGRTMIN + 5)
#define ALL (DN_ACCESS | DN_MODIFY | DN_CREATE | DN_DELETE | DN_RENAME | DN_ATTRIB)

// How many have come, all of them about fd.
static int count(int fd)
{
	siginfo_t si;
	int n = 0;

	while (t_next_signal(BIT(RT), &si)) {
		CHECK_EQ(si.si_signo, RT);
		CHECK_EQ(si.si_code, POLL_MSG);
		CHECK_EQ(si.si_band, MSG_BAND);
		CHECK_EQ(si.si_fd, fd);
		n++;
	}
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), 0);
	return n;
}

static long notify(int fd, unsigned events)
{
	return sys(fcntl, fd, F_NOTIFY, events);
}

// A directory "d" in one of our own, and a file "f" in it; opened, and its signal is RT.
static int dir(void)
{
	int fd;

	t_tmpdir();
	CHECK_EQ(t_block(BIT(SIGIO) | BIT(RT)), 0);
	CHECK_EQ(sys(mkdir, "d", 0700), 0);
	fd = (int)sys(open, "d/f", O_CREAT | O_WRONLY, 0600);
	CHECK_EQ(sys(write, fd, "text", 4), 4);
	CHECK_EQ(sys(close, fd), 0);
	fd = (int)sys(open, "d", O_RDONLY | O_DIRECTORY);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, RT), 0);
	return fd;
}

static void make(const char *name)
{
	long fd = sys(open, name, O_CREAT | O_EXCL | O_WRONLY, 0600);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(close, fd), 0);
}

// What is told, of each event alone, when something is done.
#define TELLS(fd, events, n, ...)                                                                  \
	do {                                                                                       \
		CHECK_EQ(notify(fd, 0), 0);                                                        \
		CHECK_EQ(notify(fd, (events) | DN_MULTISHOT), 0);                                  \
		__VA_ARGS__;                                                                       \
		CHECK_EQ(count(fd), n);                                                            \
	} while (0)

TEST(names)
{
	int fd = dir();

	TELLS(fd, DN_CREATE, 1, make("d/a"));
	TELLS(fd, ALL & ~DN_CREATE, 0, make("d/b"));
	TELLS(fd, DN_CREATE, 1, CHECK_EQ(sys(mkdir, "d/sub", 0700), 0));
	TELLS(fd, DN_CREATE, 1, CHECK_EQ(sys(link, "d/a", "d/c"), 0));
	TELLS(fd, DN_CREATE, 1, CHECK_EQ(sys(symlink, "a", "d/s"), 0));
	TELLS(fd, DN_CREATE, 1, CHECK_EQ(sys(mknod, "d/p", S_IFIFO | 0600, 0), 0));
	TELLS(fd, DN_DELETE, 1, CHECK_EQ(sys(unlink, "d/c"), 0));
	TELLS(fd, DN_DELETE, 1, CHECK_EQ(sys(unlink, "d/s"), 0));
	TELLS(fd, DN_DELETE, 1, CHECK_EQ(sys(rmdir, "d/sub"), 0));
	TELLS(fd, DN_DELETE, 1, CHECK_EQ(sys(rename, "d/b", "b"), 0)); // out of it
	TELLS(fd, DN_RENAME, 0, CHECK_EQ(sys(rename, "b", "d/b"), 0)); // across is no renaming
	TELLS(fd, DN_CREATE, 1, CHECK_EQ(sys(rename, "d/b", "d/e"), 0)); // it is there under another name
	TELLS(fd, DN_DELETE, 1, CHECK_EQ(sys(rename, "d/e", "d/b"), 0));
	TELLS(fd, DN_RENAME, 1, CHECK_EQ(sys(rename, "d/b", "d/e"), 0));
	TELLS(fd, DN_RENAME | DN_CREATE | DN_DELETE, 3, CHECK_EQ(sys(rename, "d/e", "d/b"), 0));
	TELLS(fd, DN_RENAME, 1, CHECK_EQ(sys(rename, "d/b", "d/a"), 0));
	TELLS(fd, DN_RENAME, 0, CHECK_EQ(sys(rename, "d", "moved"), 0)); // its own name is its parent's
	TELLS(fd, DN_CREATE, 1, make("moved/x"));
	TELLS(fd, ALL, 0, make("x"));
}

TEST(contents)
{
	int fd = dir(), f = (int)sys(open, "d/f", O_RDWR);
	char c;

	TELLS(fd, DN_ACCESS, 1, CHECK_EQ(sys(read, f, &c, 1), 1));
	TELLS(fd, DN_MODIFY, 1, CHECK_EQ(sys(write, f, "x", 1), 1));
	TELLS(fd, DN_ACCESS, 0, CHECK_EQ(sys(write, f, "x", 1), 1));
	TELLS(fd, DN_MODIFY, 0, CHECK_EQ(sys(pread64, f, &c, 1, 0), 1));
	TELLS(fd, DN_MODIFY, 1, CHECK_EQ(sys(ftruncate, f, 1), 0));
	TELLS(fd, DN_MODIFY, 1, CHECK_EQ(sys(truncate, "d/f", 2), 0));
	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(chmod, "d/f", 0640), 0));
	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(fchmod, f, 0600), 0));
	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(chown, "d/f", sys(geteuid), -1), 0));
	TELLS(fd, DN_ATTRIB, 0, CHECK_EQ(sys(chown, "d/f", -1, -1), 0)); // which changes nothing
	TELLS(fd, DN_ATTRIB, 0, CHECK_EQ(sys(fchown, f, -1, -1), 0));
	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(utimensat, AT_FDCWD, "d/f", NULL, 0), 0));
	TELLS(fd, ALL & ~DN_ATTRIB, 0, CHECK_EQ(sys(chmod, "d/f", 0640), 0));
	CHECK_EQ(sys(close, f), 0);
	TELLS(fd, ALL, 0, f = (int)sys(open, "d/f", O_RDWR)); // of opening and closing nothing is said
	TELLS(fd, ALL, 0, CHECK_EQ(sys(close, f), 0));
	TELLS(fd, DN_MODIFY, 1, f = (int)sys(open, "d/f", O_WRONLY | O_TRUNC));
}

TEST(the_directory_itself)
{
	char buf[512];
	int fd = dir();

	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(chmod, "d", 0755), 0));
	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(fchmod, fd, 0700), 0));
	CHECK_EQ(sys(mkdir, "d/sub", 0700), 0);
	CHECK_EQ(count(fd), 0);
	TELLS(fd, DN_ATTRIB, 1, CHECK_EQ(sys(chmod, "d/sub", 0755), 0));
	CHECK_EQ(notify(fd, 0), 0);
	make("d/sub/x"); // further down is somebody else's
	CHECK_EQ(count(fd), 0);
	TELLS(fd, DN_ACCESS, 1, CHECK_GE(sys(getdents64, fd, buf, sizeof buf), 1));
}

TEST(once_or_always)
{
	int fd = dir();

	CHECK_EQ(notify(fd, DN_CREATE), 0);
	CHECK_EQ(sys(chmod, "d/f", 0600), 0);
	CHECK_EQ(count(fd), 0); // that is not what was asked for
	make("d/a");
	make("d/b");
	CHECK_EQ(count(fd), 1);
	CHECK_EQ(notify(fd, DN_CREATE), 0);
	CHECK_EQ(notify(fd, DN_DELETE), 0); // one that is told of either
	CHECK_EQ(sys(unlink, "d/a"), 0);
	make("d/c");
	CHECK_EQ(count(fd), 1);
	CHECK_EQ(notify(fd, DN_CREATE), 0);
	CHECK_EQ(notify(fd, DN_ATTRIB | DN_MULTISHOT), 0);
	make("d/d");
	make("d/e");
	CHECK_EQ(sys(chmod, "d/f", 0640), 0);
	CHECK_EQ(count(fd), 3);
	CHECK_EQ(notify(fd, DN_MULTISHOT), 0); // of nothing: the end
	make("d/g");
	CHECK_EQ(count(fd), 0);
	CHECK_EQ(notify(fd, 0x40), 0); // an event that there is not
	make("d/h");
	CHECK_EQ(count(fd), 0);
}

TEST(whom)
{
	int fd = dir(), child, me = t_getpid();
	siginfo_t si;

	CHECK_EQ(sys(fcntl, fd, F_GETOWN), 0);
	CHECK_EQ(notify(fd, DN_CREATE | DN_MULTISHOT), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETOWN), me);
	child = t_fork();
	if (child == 0) {
		make("d/a");
		CHECK_EQ(t_next_signal(BIT(RT), &si), 0);
		CHECK_EQ(notify(fd, DN_DELETE), 0); // its own, of the same file: its owner stays
		CHECK_EQ(sys(unlink, "d/a"), 0);
		CHECK_EQ(t_next_signal(BIT(RT), &si), 0);
		make("d/a");
		CHECK_EQ(sys(close, fd), 0);
		make("d/b");
		t_exit(0);
	}
	CHECK_EQ(t_wait(child), 0);
	CHECK_EQ(count(fd), 4);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, 0), 0);
	make("d/c");
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), SIGIO);
	CHECK_EQ(si.si_code, SI_KERNEL);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, SIGIO), 0);
	make("d/d");
	CHECK_EQ(t_next_signal(BIT(SIGIO), &si), SIGIO);
	CHECK_EQ(si.si_code, POLL_MSG);
	CHECK_EQ(si.si_fd, fd);
}

TEST(until_when)
{
	int fd = dir(), second = (int)sys(dup, fd), own = (int)sys(open, "d", O_RDONLY), child;
	siginfo_t si;

	CHECK_EQ(sys(fcntl, own, F_SETSIG, RT), 0);
	CHECK_EQ(notify(fd, DN_CREATE | DN_MULTISHOT), 0);
	CHECK_EQ(notify(own, DN_CREATE | DN_MULTISHOT), 0);
	make("d/a");
	CHECK_EQ(t_next_signal(BIT(RT), &si), RT); // each file is told of
	CHECK_EQ(t_next_signal(BIT(RT), &si), RT);
	CHECK_EQ(t_next_signal(BIT(RT), &si), 0);
	CHECK_EQ(sys(close, own), 0);
	CHECK_EQ(notify(second, DN_CREATE | DN_MULTISHOT), 0);
	make("d/b");
	CHECK_EQ(count(second), 1); // the number by which it was said last
	CHECK_EQ(sys(close, fd), 0); // any of its numbers ends it
	make("d/c");
	CHECK_EQ(count(second), 0);
	CHECK_EQ(notify(second, DN_CREATE | DN_MULTISHOT), 0);
	CHECK_EQ(sys(dup2, 0, second), second);
	make("d/d");
	CHECK_EQ(count(second), 0);
	child = t_fork();
	if (child == 0) {
		own = (int)sys(open, "d", O_RDONLY);
		CHECK_EQ(sys(fcntl, own, F_SETOWN, sys(getppid)), 0);
		CHECK_EQ(sys(fcntl, own, F_SETSIG, RT), 0);
		CHECK_EQ(notify(own, DN_CREATE | DN_MULTISHOT), 0);
		make("d/e");
		t_exit(own);
	}
	own = t_wait(child);
	make("d/g");
	CHECK_EQ(count(own), 1);
}

TEST(bad_arguments)
{
	int fd = dir(), f = (int)sys(open, "d/f", O_RDONLY), path = (int)sys(open, "d", O_PATH), p[2];

	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(notify(f, DN_CREATE), -ENOTDIR);
	CHECK_EQ(notify(p[0], DN_CREATE), -ENOTDIR);
	CHECK_EQ(notify(f, 0), 0);
	CHECK_EQ(notify(p[0], DN_MULTISHOT), 0);
	CHECK_EQ(sys(fcntl, f, F_GETOWN), 0);
	CHECK_EQ(notify(path, DN_CREATE), -EBADF);
	CHECK_EQ(notify(99, DN_CREATE), -EBADF);
	CHECK_EQ(notify(fd, ~0u), 0);
	CHECK_EQ(notify(fd, 0), 0);
	if (!t_own_machine)
		return;
	CHECK_EQ(t_spit("/proc/sys/fs/dir-notify-enable", "0"), 0);
	CHECK_EQ(notify(fd, DN_CREATE), -EINVAL);
	CHECK_EQ(notify(f, DN_CREATE), -EINVAL);
	CHECK_EQ(t_spit("/proc/sys/fs/dir-notify-enable", "1"), 0);
	CHECK_EQ(notify(fd, DN_CREATE), 0);
}

TEST(directories_that_go)
{
	int fd = dir();

	CHECK_EQ(notify(fd, ALL | DN_MULTISHOT), 0);
	CHECK_EQ(sys(unlink, "d/f"), 0);
	CHECK_EQ(count(fd), 1);
	CHECK_EQ(sys(rmdir, "d"), 0);
	CHECK_EQ(count(fd), 0);
	CHECK_EQ(notify(fd, ALL), 0);
	CHECK_EQ(sys(fchmod, fd, 0700), 0);
	CHECK_EQ(count(fd), 1);
}

static _Atomic int done;

static int notifier(void *number)
{
	while (!done)
		notify((int)(long)number, DN_CREATE | DN_DELETE | DN_MULTISHOT);
	return 0;
}

static int namer(void *unused)
{
	(void)unused;
	for (int i = 0; i < 300; i++) {
		make("d/x");
		CHECK_EQ(sys(unlink, "d/x"), 0);
	}
	done = 1;
	return 0;
}

// Files that are closed while others ask to be told of them, and are told.
TEST(storm)
{
	int fd = dir(), number = (int)sys(dup, fd), p[2];
	struct thread t[3];

	CHECK_EQ(t_action(SIGIO, SIG_IGN, 0), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETSIG, 0), 0);
	CHECK_EQ(sys(pipe, p), 0);
	thread_start(&t[0], notifier, (void *)(long)number);
	thread_start(&t[1], notifier, (void *)(long)number);
	thread_start(&t[2], namer, NULL);
	while (!done) {
		CHECK_EQ(sys(dup2, p[0], number), number);
		CHECK_EQ(sys(dup2, fd, number), number);
	}
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
}
