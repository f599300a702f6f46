// SPDX-License-Identifier: GPL-2.0-only
//
// What every call that takes a path answers when the way is barred: symbolic links without end, directories that may not be
// searched, a file system that is read-only or full, no descriptor left.
#include "t.h"

#include <linux/mount.h>

#define USER 1003
#define MODE_FIFO 010600

enum { FOUND = 1, WRITES = 2, MAKES = 4 }; // it asks for a file that is there, changes one, makes a new name

static char buf[3 * PAGE];
static struct timespec times[2];

// A call with the path in one of its arguments.
static const struct row {
	int number;
	const char *name;
	unsigned what, at;
	long args[6];
} rows[] = {
#define CALL(name, what, at, ...) {__NR_##name, #name, what, at, {__VA_ARGS__}}
	CALL(open, FOUND, 0, 0, O_RDONLY),
	CALL(open, FOUND | WRITES, 0, 0, O_WRONLY),
	CALL(open, MAKES, 0, 0, O_RDWR | O_CREAT, 0600),
	CALL(openat, FOUND, 1, AT_FDCWD, 0, O_RDONLY),
	CALL(openat, FOUND | WRITES, 1, AT_FDCWD, 0, O_WRONLY),
	CALL(openat, MAKES, 1, AT_FDCWD, 0, O_RDWR | O_CREAT, 0600),
	CALL(stat, FOUND, 0, 0, (long)buf),
	CALL(lstat, FOUND, 0, 0, (long)buf),
	CALL(newfstatat, FOUND, 1, AT_FDCWD, 0, (long)buf, 0),
	CALL(statfs, FOUND, 0, 0, (long)buf),
	CALL(access, FOUND, 0, 0, 4),
	CALL(access, FOUND | WRITES, 0, 0, 2),
	CALL(readlink, FOUND, 0, 0, (long)buf, sizeof buf),
	CALL(chdir, FOUND, 0, 0),
	CALL(execve, FOUND, 0, 0, 0, 0),
	CALL(execveat, FOUND, 1, AT_FDCWD, 0, 0, 0, 0),
	CALL(chmod, FOUND | WRITES, 0, 0, 0600),
	CALL(chown, FOUND | WRITES, 0, 0, USER, USER),
	CALL(utimensat, FOUND | WRITES, 1, AT_FDCWD, 0, (long)times, 0),
	CALL(link, FOUND, 0, 0, (long)"to"),
	CALL(link, MAKES, 1, (long)"from", 0),
	CALL(symlink, MAKES, 1, (long)"text", 0),
	CALL(mkdir, MAKES, 0, 0, 0700),
	CALL(mknod, MAKES, 0, 0, MODE_FIFO, 0),
	CALL(unlink, FOUND | WRITES, 0, 0),
	CALL(unlinkat, FOUND | WRITES, 1, AT_FDCWD, 0, 0),
	CALL(rmdir, FOUND, 0, 0),
	CALL(rename, FOUND, 0, 0, (long)"to"),
};

static long call(const struct row *r, const char *path)
{
	long a[6];

	memcpy(a, r->args, sizeof a);
	a[r->at] = (long)path;
	return t_syscall(r->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

// Those that do any of this, each with that path: all must answer the same.
static int all(unsigned what, const char *path, long wanted)
{
	int wrong = 0;

	for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++) {
		long ret = r->what & what ? call(r, path) : wanted;

		if (ret != wanted) {
			t_printf("# %s %s: %ld, not %ld\n", r->name, path, ret, wanted);
			wrong++;
		}
	}
	return wrong;
}

TEST(symbolic_links_without_end)
{
	char name[16], to[16] = "d";

	t_tmpdir();
	CHECK_EQ(t_spit("from", "x"), 0);
	CHECK_EQ(sys(symlink, "loop", "loop"), 0);
	CHECK_EQ(all(FOUND | MAKES, "loop/f", -ELOOP), 0);
	CHECK_EQ(sys(mkdir, "d", 0700), 0);
	for (int i = 0; i < 41; i++) {
		t_snprintf(name, sizeof name, "l%d", i);
		CHECK_EQ(sys(symlink, to, name), 0);
		memcpy(to, name, sizeof to);
	}
	CHECK_EQ(all(FOUND | MAKES, "l40/f", -ELOOP), 0);
	// Forty are followed. Linux counts those of a walk that it had to begin anew, too.
	CHECK_EQ(all(FOUND, t_on_thaw ? "l39/f" : "l12/f", -ENOENT), 0);
}

TEST(directories_that_may_not_be_searched)
{
	if (sys(geteuid))
		SKIP("not root");
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "closed", 0700), 0);
	CHECK_EQ(t_spit("closed/f", "x"), 0);
	CHECK_EQ(t_spit("from", "x"), 0);
	CHECK_EQ(sys(chown, "from", USER, USER), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(all(FOUND, "closed/f", -EACCES), 0);
		CHECK_EQ(all(MAKES, "closed/new", -EACCES), 0);
	}),
		0);
}

static void mount_at_m(const char *options)
{
	if (!t_own_machine)
		SKIP("mounts");
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, options), 0);
}

TEST(a_file_system_that_is_read_only)
{
	mount_at_m(0);
	CHECK_EQ(t_spit("m/f", "x"), 0);
	CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
	CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_RDONLY, 0), 0);
	CHECK_EQ(sys(chdir, "m"), 0);
	CHECK_EQ(t_slurp("f", buf, sizeof buf), 1);
	CHECK_EQ(all(WRITES, "f", -EROFS), 0);
	CHECK_EQ(IN_CHILD({ // link's old name has to be there
		CHECK_EQ(sys(link, "f", "new"), -EROFS);
		CHECK_EQ(sys(symlink, "f", "new"), -EROFS);
		CHECK_EQ(sys(mkdir, "new", 0755), -EROFS);
		CHECK_EQ(sys(mknod, "new", MODE_FIFO, 0), -EROFS);
		CHECK_EQ(sys(open, "new", O_RDWR | O_CREAT, 0600), -EROFS);
		CHECK_EQ(sys(openat, AT_FDCWD, "new", O_RDWR | O_CREAT, 0600), -EROFS);
		CHECK_EQ(sys(unlinkat, AT_FDCWD, "d", AT_REMOVEDIR), -EROFS);
		CHECK_EQ(sys(rename, "f", "new"), -EROFS);
	}),
		0);
	CHECK_EQ(sys(chdir, ".."), 0);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

TEST(no_room_for_a_name)
{
	mount_at_m("nr_inodes=3");
	CHECK_EQ(sys(chdir, "m"), 0);
	CHECK_EQ(t_spit("from", "x"), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), 0); // the root is the third
	CHECK_EQ(all(MAKES, "new", -ENOSPC), 0);
	CHECK_EQ(sys(rmdir, "d"), 0);
	CHECK_EQ(sys(link, "from", "new"), 0); // a name as any other
	CHECK_EQ(sys(unlink, "from"), 0);
	CHECK_EQ(sys(symlink, "from", "l"), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), -ENOSPC);
	CHECK_EQ(sys(chdir, ".."), 0);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

TEST(what_is_mounted_on_stays)
{
	mount_at_m(0);
	CHECK_EQ(sys(unlinkat, AT_FDCWD, "m", AT_REMOVEDIR), -EBUSY);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(unlinkat, AT_FDCWD, "m", AT_REMOVEDIR), 0);
}

TEST(no_descriptor_is_left)
{
	struct rlimit lim = {10, 10};
	int fds[2], fd;

	t_tmpdir();
	CHECK_EQ(t_spit("f", "x"), 0);
	long pidfd = sys(pidfd_open, t_getpid(), 0);

	CHECK_GE(pidfd, 0);
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &lim), 0);
	do
		fd = (int)sys(dup, 1);
	while (fd >= 0);
	CHECK_EQ(fd, -EMFILE);
	CHECK_EQ(sys(open, "f", O_RDONLY), -EMFILE);
	CHECK_EQ(sys(openat, AT_FDCWD, "new", O_RDWR | O_CREAT, 0600), -EMFILE);
	CHECK_EQ(sys(access, "new", 0), -ENOENT);
	CHECK_EQ(sys(pipe, fds), -EMFILE);
	CHECK_EQ(sys(pipe2, fds, O_CLOEXEC), -EMFILE);
	CHECK_EQ(sys(eventfd2, 0, 0), -EMFILE);
	CHECK_EQ(sys(pidfd_open, t_getpid(), 0), -EMFILE);
	CHECK_EQ(sys(memfd_create, "f", 0), -EMFILE);
	CHECK_EQ(sys(socket, 1, 1, 0), -EMFILE);
	CHECK_EQ(sys(pidfd_getfd, pidfd, 1, 0), -EMFILE);
	CHECK_EQ(sys(fcntl, 1, F_DUPFD, 0), -EMFILE);
	CHECK_EQ(sys(fcntl, 1, F_DUPFD, 10), -EINVAL);
	CHECK_EQ(sys(dup2, 1, 10), -EBADF);
	CHECK_EQ(sys(close, 9), 0);
	CHECK_EQ(sys(pipe, fds), -EMFILE); // two are wanted
	CHECK_EQ(sys(eventfd2, 0, 0), 9);
}

TEST(no_file_is_left_on_the_machine)
{
	char *argv[] = {t_self, NULL};
	unsigned long set = BIT(SIGUSR1);
	int fds[2];

	if (!t_own_machine)
		SKIP("it is everybody's limit");
	CHECK_GE(t_slurp("/proc/sys/fs/file-max", buf, sizeof buf), 1);
	CHECK_EQ(t_spit("/proc/sys/fs/file-max", "0"), 0);
	int how = IN_CHILD({
		CHECK_GE(sys(eventfd2, 0, 0), 0); // root has more
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(open, "/", O_RDONLY), -ENFILE);
		CHECK_EQ(sys(openat, AT_FDCWD, "/", O_RDONLY), -ENFILE);
		CHECK_EQ(sys(openat, AT_FDCWD, "/no", O_RDONLY), -ENFILE); // before it looks
		CHECK_EQ(sys(pipe, fds), -ENFILE);
		CHECK_EQ(sys(pipe2, fds, O_CLOEXEC), -ENFILE);
		CHECK_EQ(sys(eventfd2, 0, 0), -ENFILE);
		CHECK_EQ(sys(epoll_create1, 0), -ENFILE);
		CHECK_EQ(sys(timerfd_create, CLOCK_MONOTONIC, 0), -ENFILE);
		CHECK_EQ(sys(signalfd4, -1, &set, 8, 0), -ENFILE);
		CHECK_EQ(sys(inotify_init1, 0), -ENFILE);
		CHECK_EQ(sys(memfd_create, "f", 0), -ENFILE);
		CHECK_EQ(sys(socket, 1, 1, 0), -ENFILE);
		CHECK_EQ(sys(socketpair, 1, 1, 0, fds), -ENFILE);
		CHECK_EQ(sys(pidfd_open, t_getpid(), 0), -ENFILE);
		CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), -ENFILE);
		CHECK_EQ(sys(execve, t_self, argv, t_envp), -ENFILE);
		CHECK_EQ(sys(execveat, AT_FDCWD, t_self, argv, t_envp, 0), -ENFILE);
		CHECK_GE(sys(dup, 1), 0); // no file of its own
	});

	CHECK_EQ(t_spit("/proc/sys/fs/file-max", buf), 0);
	CHECK_EQ(how, 0);
	CHECK_GE(t_slurp("/proc/sys/fs/file-nr", buf, sizeof buf), 5);
}

TEST(names_in_proc_come_by_themselves)
{
	t_tmpdir();
	CHECK_EQ(t_spit("from", "x"), 0);
	CHECK_EQ(all(MAKES, "/proc/none", -ENOENT), 0);
	CHECK_EQ(sys(link, "from", "/proc/version"), -EEXIST);
	CHECK_EQ(sys(link, ".", "new"), -EPERM);
}

TEST(what_nobody_changes)
{
	CHECK_EQ(all(WRITES, "/proc/self/ns/pid", -EPERM), 0);
	CHECK_EQ(sys(utimensat, AT_FDCWD, "/proc/self/ns/pid", 0, 0), -EPERM);
}

TEST(what_open_refuses)
{
	t_tmpdir();
	CHECK_EQ(t_spit("f", "x"), 0);
	CHECK_EQ(sys(symlink, "f", "l"), 0);
	CHECK_EQ(sys(mknod, "socket", 0140600, 0), 0);
	CHECK_EQ(sys(mknod, "fifo", MODE_FIFO, 0), 0);
	CHECK_EQ(sys(open, "socket", O_RDONLY), -ENXIO);
	CHECK_EQ(sys(openat, AT_FDCWD, "socket", O_RDONLY), -ENXIO);
	CHECK_EQ(sys(openat, AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK), -ENXIO);
	CHECK_EQ(sys(openat, AT_FDCWD, "l", O_RDONLY | O_NOFOLLOW), -ELOOP);
	CHECK_EQ(sys(openat, AT_FDCWD, "f", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	CHECK_EQ(sys(openat, AT_FDCWD, "l", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
	CHECK_EQ(sys(openat, AT_FDCWD, ".", O_RDWR), -EISDIR);
	CHECK_EQ(sys(openat, AT_FDCWD, ".", O_ACCMODE), -EISDIR);
	CHECK_EQ(sys(openat, AT_FDCWD, ".", O_RDONLY | O_TMPFILE, 0600), -EINVAL);
	CHECK_EQ(sys(openat, AT_FDCWD, t_self, O_WRONLY), -ETXTBSY);
	CHECK_EQ(sys(open, "/dev/null", O_RDONLY | O_DIRECT), -EINVAL); // it has no pages
	CHECK_EQ(sys(openat, AT_FDCWD, "/proc/version", O_RDONLY | O_DIRECT), -EINVAL);
	CHECK_EQ(sys(open, "/proc", O_RDWR | O_TMPFILE, 0600), -EOPNOTSUPP);
	CHECK_EQ(sys(openat, AT_FDCWD, "/proc", O_RDWR | O_TMPFILE, 0600), -EOPNOTSUPP);
	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(sys(mknod, "nobody", 020600, 0x7b7b), 0); // a device without a driver
	CHECK_EQ(sys(open, "nobody", O_RDONLY), -ENXIO);
	CHECK_EQ(sys(openat, AT_FDCWD, "nobody", O_RDONLY), -ENXIO);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(openat, AT_FDCWD, "l", O_RDONLY | O_NOATIME), -EPERM);
		CHECK_EQ(sys(open, "f", O_ACCMODE), -EACCES);
		CHECK_EQ(sys(fcntl, sys(open, "f", O_RDONLY), F_SETFL, O_NOATIME), -EPERM);
	}),
		0);
}

static long gives_name(long fd, const char *name)
{
	char path[32];

	t_snprintf(path, sizeof path, "/proc/self/fd/%ld", fd);
	return sys(linkat, AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

// A file that was made without a name can get one, unless its maker did not want that; and one whose
// last name was removed cannot, whatever it was called.
TEST(files_without_a_name)
{
	long fd;

	t_tmpdir();
	fd = sys(open, ".", O_RDWR | O_TMPFILE, 0600);
	CHECK_GE(fd, 0);
	CHECK_EQ(gives_name(fd, "a"), 0);
	CHECK_EQ(gives_name(fd, "b"), 0);
	CHECK_EQ(sys(unlink, "a"), 0);
	CHECK_EQ(sys(unlink, "b"), 0);
	CHECK_EQ(gives_name(fd, "a"), -ENOENT);
	fd = sys(open, ".", O_RDWR | O_TMPFILE | O_EXCL, 0600);
	CHECK_GE(fd, 0);
	CHECK_EQ(gives_name(fd, "a"), -ENOENT);
	fd = sys(open, "#tmpfile", O_RDWR | O_CREAT, 0600);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(unlink, "#tmpfile"), 0);
	CHECK_EQ(gives_name(fd, "a"), -ENOENT);
}

TEST(a_directory_far_below)
{
	char name[251];
	int deep = 0;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = 0;
	t_tmpdir();
	for (; deep < 17; deep++) {
		CHECK_EQ(sys(mkdir, name, 0755), 0);
		CHECK_EQ(sys(chdir, name), 0);
	}
	CHECK_EQ(sys(getcwd, buf, sizeof buf), -ENAMETOOLONG);
	for (; deep > 0; deep--) {
		CHECK_EQ(sys(chdir, ".."), 0);
		CHECK_EQ(sys(rmdir, name), 0);
	}
	CHECK_GE(sys(getcwd, buf, sizeof buf), 2);
}

static void handler(int sig)
{
	(void)sig;
}

static long interrupt(int pid)
{
	t_sleep_ms(1);
	return sys(kill, pid, SIGUSR1);
}

TEST(waiting_for_the_other_end)
{
	int me = t_getpid(), pid;

	t_tmpdir();
	CHECK_EQ(sys(mknod, "fifo", MODE_FIFO, 0), 0);
	t_action(SIGUSR1, handler, 0);
	pid = t_fork();
	if (pid == 0)
		for (;;)
			interrupt(me);
	CHECK_EQ(sys(openat, AT_FDCWD, "fifo", O_RDONLY), -EINTR);
	CHECK_EQ(sys(open, "fifo", O_WRONLY), -EINTR);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(what_mknod_refuses)
{
	t_tmpdir();
	CHECK_EQ(sys(mknod, "d", 040700, 0), -EPERM);
	CHECK_EQ(sys(mknod, "l", 0120700, 0), -EINVAL);
	CHECK_EQ(sys(mknod, "x", 0170700, 0), -EINVAL);
}

TEST(a_directory_that_is_gone)
{
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	CHECK_EQ(sys(chdir, "d"), 0);
	CHECK_EQ(sys(rmdir, "../d"), 0);
	long fd = sys(open, ".", O_RDONLY | O_DIRECTORY);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(getcwd, buf, sizeof buf), -ENOENT);
	CHECK_EQ(sys(getdents64, fd, buf, sizeof buf), -ENOENT);
	CHECK_EQ(all(MAKES, "new", -ENOENT), 0);
	CHECK_EQ(sys(chdir, ".."), 0);
}
