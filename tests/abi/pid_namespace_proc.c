// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of process numbers in procfs: which processes a mount of it shows and what they are called there; the
// namespaces themselves as files in /proc/PID/ns.
#include "pid_namespace.h"

#include <asm/statfs.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/nsfs.h>

#define NSFS_MAGIC 0x6e736673
#define MNT_DETACH 2

static char buf[70000], path[64], text[64];

struct dirent64 {
	unsigned long ino, off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static bool has_line(const char *file, const char *line)
{
	long n = t_slurp(file, buf + 1, sizeof buf - 1);

	CHECK_GE(n, 1);
	buf[0] = '\n';
	if (!strstr(buf, line))
		t_printf("# %s has no \"%s\"\n", file, line);
	return strstr(buf, line);
}

static const char *link_of(const char *file)
{
	long n = sys(readlink, file, text, sizeof text - 1);

	CHECK_GE(n, 1);
	text[n] = 0;
	return text;
}

static struct stat stat_of(const char *file)
{
	struct stat st;

	CHECK_EQ(sys(stat, file, &st), 0);
	return st;
}

// ---- /proc of a namespace above ----

static void reads_proc_of_its_parent(void)
{
	int pid;

	CHECK_EQ(t_number(link_of("/proc/self")), both()[0]); // as that mount's namespace calls us
	yield_to_parent();
	t_snprintf(path, sizeof path, "%d/task/%d", both()[0], both()[0]);
	CHECK(!strcmp(link_of("/proc/thread-self"), path));
	t_snprintf(path, sizeof path, "\nNStgid:\t%d\t1\nNSpid:\t%d\t1\nNSpgid:\t%d\t0\nNSsid:\t%d\t0\n", both()[0], both()[0],
		both()[1], both()[2]);
	CHECK(has_line("/proc/self/status", path));
	CHECK_EQ(sys(setsid), 1);
	t_snprintf(path, sizeof path, "\nNSpgid:\t%d\t1\nNSsid:\t%d\t1\n", both()[0], both()[0]);
	CHECK(has_line("/proc/self/status", path));
	pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		t_snprintf(path, sizeof path, "\nNSpid:\t%ld\t%d\t1\n", t_number(link_of("/proc/self")), 2);
		CHECK(has_line("/proc/self/status", path));
		t_snprintf(path, sizeof path, "\nNSpgid:\t%d\t1\t0\nNSsid:\t%d\t1\t0\n", both()[0], both()[0]);
		CHECK(has_line("/proc/self/status", path));
		t_exit(0);
	}
	CHECK_EQ(pid, 2);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_number_for_each_level)
{
	both()[1] = (int)sys(getpgid, 0);
	both()[2] = (int)sys(getsid, 0);
	CHECK_EQ(sys(pipe2, turn_in, O_CLOEXEC), 0);
	CHECK_EQ(sys(pipe2, turn_out, O_CLOEXEC), 0);
	outer = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (outer == -EPERM)
		SKIP("no right to make namespaces");
	if (outer == 0) {
		await(turn_in[0]);
		reads_proc_of_its_parent();
		t_exit(0);
	}
	both()[0] = outer;
	pass(turn_in[1]);
	await(turn_out[0]);
	t_snprintf(path, sizeof path, "/proc/%d/status", outer);
	CHECK_EQ(t_field(path, "Pid"), outer);
	CHECK_EQ(t_field(path, "PPid"), t_getpid());
	t_snprintf(path, sizeof path, "/proc/%d/stat", outer);
	CHECK_GE(t_slurp(path, buf, sizeof buf), 1);
	CHECK_EQ(t_number(buf), outer);
	end_namespace();
	CHECK(has_line("/proc/self/status", "\nNSpid:\t"));
}

// ---- /proc of its own ----

// A directory "m" to mount on. Elsewhere than on Thaw the mounts are nobody else's.
static void prepare(void)
{
	if (sys(geteuid))
		SKIP("needs root");
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	if (t_on_thaw)
		return;
	if (sys(unshare, CLONE_NEWNS))
		SKIP("no right to make namespaces");
	CHECK_EQ(sys(mount, "none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
}

// How many numbers are in directory `dir`; each is given to see, if that is not NULL.
static int numbers(const char *dir, void (*see)(long nr, unsigned long ino))
{
	static char entries[8192];
	int fd = (int)sys(open, dir, O_RDONLY | O_DIRECTORY), n = 0;
	long got;

	CHECK_GE(fd, 0);
	while ((got = sys(getdents64, fd, entries, sizeof entries)) > 0)
		for (long at = 0; at < got;) {
			struct dirent64 *d = (struct dirent64 *)(entries + at);

			if (*d->name >= '0' && *d->name <= '9') {
				n++;
				if (see)
					see(t_number(d->name), d->ino);
			}
			at += d->len;
		}
	CHECK_EQ(got, 0);
	sys(close, fd);
	return n;
}

static void is_one_or_two(long nr, unsigned long ino)
{
	struct stat st;

	CHECK(nr == 1 || nr == 2);
	t_snprintf(path, sizeof path, "m/%ld", nr);
	CHECK_EQ(sys(stat, path, &st), 0);
	CHECK_EQ(st.st_ino, ino);
}

static int hangs_about(void *unused)
{
	(void)unused;
	return thread_pause(NULL);
}

static void mounts_proc(void)
{
	struct thread t;
	int pid;

	CHECK_EQ(sys(mount, "proc", "m", "proc", 0, 0), 0);
	CHECK(!strcmp(link_of("m/self"), "1"));
	CHECK(!strcmp(link_of("m/thread-self"), "1/task/1"));
	CHECK_EQ(numbers("m", is_one_or_two), 1);
	CHECK(has_line("m/self/status", "\nTgid:\t1\n"));
	CHECK(has_line("m/self/status", "\nPid:\t1\nPPid:\t0\n"));
	CHECK(has_line("m/self/status", "\nNStgid:\t1\nNSpid:\t1\nNSpgid:\t0\nNSsid:\t0\n"));
	CHECK_EQ(t_slurp("m/1/stat", buf, sizeof buf) > 0, 1);
	CHECK(!strncmp(strchr(buf, ')'), ") R 0 0 0 ", 10));
	t_snprintf(path, sizeof path, "m/%d", both()[0]);
	CHECK_EQ(sys(access, path, 0), -ENOENT);
	thread_start(&t, hangs_about, NULL);
	CHECK_EQ(t.id, 2);
	CHECK_EQ(numbers("m/self/task", NULL), 2);
	CHECK_EQ(numbers("m", NULL), 1);
	CHECK_EQ(sys(access, "m/self/task/2/stat", 0), 0);
	CHECK_EQ(sys(access, "m/2/task/1", 0), 0); // a thread's number is found, if not listed
	yield_to_parent();
	pid = t_fork();
	if (pid == 0) {
		CHECK(!strcmp(link_of("m/self"), "3"));
		CHECK(has_line("m/self/status", "\nPPid:\t1\n"));
		yield_to_parent();
		t_exit(0);
	}
	CHECK_EQ(pid, 3);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(numbers("m", NULL), 1);
	CHECK_GE(t_slurp("m/loadavg", buf, sizeof buf), 3);
	CHECK_EQ(t_number(strrchr(buf, ' ') + 1), 3); // the number given out last
	yield_to_parent();
}

TEST(a_mount_shows_the_namespace_of_who_mounted_it)
{
	struct stat a, b;
	int dir;

	prepare();
	both()[0] = t_getpid();
	in_namespace(mounts_proc);
	CHECK_EQ(sys(readlink, "m/self", text, sizeof text), -ENOENT); // we are not there
	CHECK_EQ(sys(readlink, "m/thread-self", text, sizeof text), -ENOENT);
	CHECK_EQ(sys(access, "m/self/status", 0), -ENOENT);
	CHECK_EQ(sys(access, "m/self/", 0), -ENOENT);
	CHECK_EQ(numbers("m", is_one_or_two), 1);
	CHECK(has_line("m/1/status", "\nNSpid:\t1\n"));
	a = stat_of("m/1");
	t_snprintf(path, sizeof path, "/proc/%d", outer);
	b = stat_of(path);
	CHECK(a.st_dev != b.st_dev);
	CHECK(stat_of("/proc/1").st_dev == b.st_dev);
	CHECK(t_number(link_of("/proc/self")) == t_getpid());
	yield_to_child();
	CHECK_EQ(numbers("m", NULL), 2);
	CHECK(has_line("m/3/status", "\nPPid:\t1\n"));
	yield_to_child();
	CHECK_EQ(sys(access, "m/3", 0), -ENOENT);
	dir = (int)sys(open, "m/1", O_RDONLY | O_DIRECTORY);
	end_namespace();
	CHECK_EQ(numbers("m", NULL), 0); // the mount outlives all it shows
	CHECK_EQ(sys(access, "m/1", 0), -ENOENT);
	CHECK_EQ(sys(access, "m/meminfo", 0), 0);
	CHECK_LE(sys(openat, dir, "status", O_RDONLY), -1); // ENOENT, or ESRCH where names are kept
	sys(close, dir);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

// ---- files of namespaces ----

#define OWN "/proc/self/ns/pid"
#define FUTURE "/proc/self/ns/pid_for_children"

static unsigned inode_in(const char *name)
{
	CHECK(!strncmp(name, "pid:[", 5));
	CHECK(!strcmp(strchr(name, 0) - 1, "]"));
	return (unsigned)t_number(name + 5);
}

static int opened(const char *file)
{
	int fd = (int)sys(open, file, O_RDONLY | O_CLOEXEC);

	CHECK_GE(fd, 0);
	return fd;
}

static unsigned long inode_of(int fd)
{
	struct stat st;

	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_mode, 0100444);
	return st.st_ino;
}

static int pid_or_more;

static void is_a_link_to_pid(const char *name)
{
	struct stat st;

	t_snprintf(path, sizeof path, "/proc/self/ns/%s", name);
	CHECK_EQ(sys(lstat, path, &st), 0);
	CHECK_EQ(st.st_mode, 0120777);
	pid_or_more += !strcmp(name, "pid") || !strcmp(name, "pid_for_children");
}

TEST(the_directory)
{
	struct stat st = stat_of("/proc/self/ns");
	static char entries[4096];
	int fd = (int)sys(open, "/proc/self/ns", O_RDONLY | O_DIRECTORY);
	long n;

	CHECK_EQ(st.st_mode, 040511);
	CHECK_GE(fd, 0);
	n = sys(getdents64, fd, entries, sizeof entries);
	for (long at = 0; at < n; at += ((struct dirent64 *)(entries + at))->len)
		if (((struct dirent64 *)(entries + at))->name[0] != '.')
			is_a_link_to_pid(((struct dirent64 *)(entries + at))->name);
	CHECK_EQ(pid_or_more, 2);
	CHECK_EQ(sys(access, "/proc/self/ns/none", 0), -ENOENT);
	CHECK_EQ(sys(access, "/proc/thread-self/ns/pid", 0), 0);
	CHECK_EQ(sys(unlink, OWN), -EPERM);
}

TEST(a_file_stands_for_its_namespace)
{
	int fd = opened(OWN);
	struct statfs fs;

	CHECK_EQ(inode_in(link_of(OWN)), inode_of(fd));
	CHECK_EQ(inode_in(link_of(FUTURE)), inode_of(fd));
	if (t_own_machine)
		CHECK_EQ(inode_of(fd), 4026531836U);
	CHECK_EQ(stat_of(OWN).st_dev, stat_of(FUTURE).st_dev);
	CHECK_EQ(sys(fstatfs, fd, &fs), 0);
	CHECK_EQ(fs.f_type, NSFS_MAGIC);
	t_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	CHECK_EQ(inode_in(link_of(path)), inode_of(fd));
	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWPID);
	CHECK_EQ(sys(ioctl, fd, NS_GET_OWNER_UID, buf), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EPERM);
	CHECK_EQ(sys(ioctl, fd, 0xb7ff, 0), -ENOTTY);
	CHECK_EQ(sys(ioctl, fd, 0x5413, 8), -ENOTTY);
	CHECK_EQ(sys(read, fd, buf, 1), -EINVAL);
	CHECK_EQ(sys(write, fd, buf, 1), -EBADF);
	CHECK_EQ(sys(lseek, fd, 0, 0), -ESPIPE);
	CHECK_EQ(sys(getdents64, fd, buf, sizeof buf), -ENOTDIR);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -ENODEV);
	CHECK_EQ(sys(open, OWN, O_RDONLY | O_DIRECTORY), -ENOTDIR);
	CHECK_EQ(sys(open, OWN "/x", O_RDONLY), -ENOTDIR);
	CHECK_EQ(sys(open, OWN, O_RDONLY | O_NOFOLLOW), -ELOOP);
	CHECK_EQ(sys(open, OWN, O_RDONLY | O_CREAT | O_EXCL, 0600), -EEXIST);
}

// It has nothing in it, and nobody writes anything there.
TEST(a_file_without_contents)
{
	int fd = opened(OWN);
	struct iovec v = {buf, 8};

	if (sys(geteuid))
		SKIP("needs root");
	CHECK_EQ(sys(open, OWN, O_RDWR), -EPERM); // it never changes
	CHECK_EQ(sys(open, OWN, O_WRONLY), -EPERM);
	CHECK_EQ(sys(open, OWN, O_RDONLY | O_TRUNC), -EPERM);
	CHECK_EQ(sys(truncate, OWN, 0), -EPERM);
	CHECK_EQ(sys(fchmod, fd, 0600), -EPERM);
	CHECK_EQ(sys(fchown, fd, 1, 1), -EPERM);
	CHECK_EQ(sys(readv, fd, &v, 1), -EINVAL);
	CHECK_EQ(sys(fsync, fd), -EINVAL);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 8), -EBADF);
	CHECK_EQ(sys(flock, fd, 2), 0);
	CHECK_EQ(sys(linkat, fd, "", AT_FDCWD, "x", AT_EMPTY_PATH), -EXDEV);
	CHECK_EQ(sys(execveat, fd, "", 0, 0, AT_EMPTY_PATH), -EACCES);
	CHECK_EQ(sys(chdir, OWN), -ENOTDIR);
	CHECK_EQ(sys(fchdir, fd), -ENOTDIR);
	CHECK_EQ(sys(setns, fd, -1), -EINVAL);
	CHECK_EQ(sys(setns, -1, CLONE_NEWPID), -EBADF);
	CHECK_EQ(sys(setns, sys(open, OWN, O_PATH), CLONE_NEWPID), -EBADF);
	CHECK_EQ(sys(inotify_add_watch, fd, OWN, 1), -EINVAL);
}

TEST(who_may_not_trace_may_not_look)
{
	if (sys(geteuid))
		SKIP("needs root");
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(access, "/proc/1/ns", 0), 0);
		CHECK_EQ(sys(readlink, "/proc/1/ns/pid", text, sizeof text), -EACCES);
		CHECK_EQ(sys(open, "/proc/1/ns/pid", O_RDONLY), -EACCES);
		CHECK_EQ(sys(readlink, "/proc/1/ns/pid_for_children", text, sizeof text), -EACCES);
		int fd = (int)sys(open, OWN, O_RDONLY);

		CHECK(fd == -EACCES || sys(setns, fd, CLONE_NEWPID) == -EPERM);
	}), 0);
}

static void looks_at_its_own(void)
{
	int fd = opened(OWN), up;

	both()[1] = (int)inode_of(fd);
	CHECK(both()[1] != both()[0]);
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EPERM);
	t_snprintf(path, sizeof path, "/proc/%d/ns/pid", both()[2]); // the mount shows who is above
	up = opened(path);
	CHECK(inode_of(up) != inode_of(fd));
	CHECK_EQ(sys(setns, up, CLONE_NEWPID), -EINVAL);
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
	CHECK_EQ(sys(setns, fd, 0), 0);
	CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), -EINVAL);
	yield_to_parent();
}

TEST(the_one_above_and_the_one_below)
{
	int fd, up, pid;

	both()[0] = (int)inode_of(opened(OWN));
	both()[2] = t_getpid();
	in_namespace(looks_at_its_own);
	t_snprintf(path, sizeof path, "/proc/%d/ns/pid", outer);
	fd = opened(path);
	CHECK_EQ((int)inode_of(fd), both()[1]);
	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWPID);
	up = (int)sys(ioctl, fd, NS_GET_PARENT, 0);
	CHECK_GE(up, 0);
	CHECK_EQ((int)inode_of(up), both()[0]);
	CHECK_EQ(sys(fcntl, up, F_GETFD, 0), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, up, F_GETFL, 0) & O_ACCMODE, O_RDONLY);
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
	CHECK_EQ(inode_in(link_of(FUTURE)), inode_of(fd));
	CHECK_EQ((int)inode_in(link_of(OWN)), both()[0]);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(t_getpid(), 2);
		CHECK_EQ(sys(getppid), 0);
		CHECK_EQ(inode_in(link_of(OWN)), inode_of(fd));
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(sys(setns, up, CLONE_NEWPID), 0); // back
	pid = t_fork();
	if (pid == 0)
		t_exit(sys(getppid) == 0);
	CHECK_EQ(t_wait(pid), 0);
	end_namespace();
	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWPID); // a file keeps what is left
	CHECK_EQ(sys(setns, fd, CLONE_NEWPID), 0);
	CHECK_EQ(sys(fork), -ENOMEM);
	CHECK_EQ(sys(setns, up, CLONE_NEWPID), 0);
}

TEST(where_children_will_live)
{
	int pid;

	if (sys(geteuid))
		SKIP("needs root");
	if (sys(unshare, CLONE_NEWPID) == -EPERM)
		SKIP("no right to make namespaces");
	CHECK_EQ(sys(readlink, FUTURE, text, sizeof text), -ENOENT); // nobody lives there yet
	CHECK_EQ(sys(open, FUTURE, O_RDONLY), -ENOENT);
	CHECK_EQ(sys(access, FUTURE, 0), -ENOENT);
	pid = t_fork();
	if (pid == 0)
		thread_pause(NULL);
	CHECK_EQ(inode_of(opened(FUTURE)), inode_in(link_of(FUTURE)));
	t_snprintf(path, sizeof path, "/proc/%d/ns/pid", pid);
	CHECK_EQ(inode_of(opened(FUTURE)), inode_of(opened(path)));
	CHECK(inode_of(opened(FUTURE)) != inode_of(opened(OWN)));
	sys(kill, pid, SIGKILL);
	UNTIL(t_state(pid) == 'Z');
	CHECK_GE(sys(readlink, path, text, sizeof text), 1); // a zombie's, still
	t_snprintf(path, sizeof path, "/proc/%d/ns/pid_for_children", pid);
	CHECK_EQ(sys(readlink, path, text, sizeof text), -ENOENT);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- the number given out last ----

#define LAST "/proc/sys/kernel/ns_last_pid"

static int next_number(void)
{
	int pid = t_fork();

	if (pid == 0)
		t_exit(0);
	CHECK_EQ(t_wait(pid), 0);
	return pid;
}

static long last_number(void)
{
	CHECK_GE(t_slurp(LAST, text, sizeof text), 2);
	return t_number(text);
}

static void chooses_numbers(void)
{
	CHECK_EQ(last_number(), 1);
	CHECK_EQ(t_spit(LAST, "41"), 0);
	CHECK_EQ(next_number(), 42);
	CHECK_EQ(last_number(), 42);
	CHECK_EQ(t_spit(LAST, "7"), 0);
	CHECK_EQ(next_number(), 8);
	CHECK_EQ(t_spit(LAST, "-1"), -EINVAL);
	CHECK_EQ(t_spit(LAST, "x"), -EINVAL);
	CHECK_EQ(t_spit(LAST, "99999999"), -EINVAL);
	CHECK_EQ(next_number(), 9);
	// Who writes is asked, not who opened it.
	long as_root = sys(open, LAST, O_WRONLY), as_user;

	CHECK_EQ(sys(setresuid, -1, 1000, -1), 0);
	as_user = sys(open, LAST, O_WRONLY);
	CHECK_GE(as_user, 0);
	CHECK_EQ(sys(setresuid, -1, 0, -1), 0);
	CHECK_EQ(sys(write, as_user, "8", 1), 1);
	CHECK_EQ(next_number(), 9);
	CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
	CHECK_EQ(sys(write, as_root, "41", 2), -EPERM);
	CHECK_EQ(t_spit(LAST, "41"), -EPERM);
	CHECK_EQ(next_number(), 10);
	yield_to_parent();
}

TEST(the_number_given_out_last)
{
	if (sys(access, LAST, 0))
		SKIP("this kernel does not tell");
	in_namespace(chooses_numbers);
	end_namespace();
}

// ---- hostile ----

static void deep_down(int levels, int fd)
{
	int pid;

	CHECK(!strncmp(link_of(OWN), "pid:[", 5));
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EPERM);
	if (!levels)
		return;
	pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		deep_down(levels - 1, fd);
		t_exit(0);
	}
	CHECK_GE(pid, 1);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(many_levels_and_their_files)
{
	int fd = opened(OWN);

	if (sys(geteuid))
		SKIP("needs root");
	deep_down(20, fd);
}

static _Atomic int stop;

static int looks_everywhere(void *unused)
{
	static const char *const files[] = {"ns/pid", "ns/pid_for_children", "status", "stat", "fdinfo/0", "task/1/ns/pid"};
	unsigned long n = 0;

	(void)unused;
	while (!stop) {
		char file[64], out[4096];
		int fd;

		t_snprintf(file, sizeof file, "m/%lu/%s", 1 + n % 4, files[n / 4 % 6]);
		n++;
		fd = (int)sys(open, file, O_RDONLY);
		if (fd < 0)
			continue;
		sys(read, fd, out, sizeof out);
		sys(ioctl, fd, NS_GET_PARENT, 0);
		sys(setns, fd, 0);
		sys(close, fd);
		sys(getdents64, fd, out, sizeof out);
		t_yield();
	}
	return 0;
}

static void comes_and_goes(void)
{
	CHECK_EQ(sys(mount, "proc", "m", "proc", 0, 0), 0);
	yield_to_parent();
	for (int i = 0; i < 40; i++) {
		int pid = t_fork();

		if (pid == 0) {
			sys(unshare, CLONE_NEWPID);
			if (t_fork() == 0)
				sys(readlink, "m/self/ns/pid", text, sizeof text);
			t_exit(0);
		}
		t_wait(pid);
	}
}

// The files of processes that end meanwhile, from outside, and from a namespace that ends meanwhile.
TEST(a_namespace_that_ends_while_it_is_looked_at)
{
	struct thread t[2];

	prepare();
	in_namespace(comes_and_goes);
	for (int i = 0; i < 2; i++)
		thread_start(&t[i], looks_everywhere, NULL);
	end_namespace();
	stop = 1;
	for (int i = 0; i < 2; i++)
		thread_join(&t[i]);
	for (int fd = 3; fd < 1024; fd++)
		sys(close, fd);
	CHECK_EQ(sys(umount2, "m", MNT_DETACH), 0);
}
