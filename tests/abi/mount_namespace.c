// SPDX-License-Identifier: GPL-2.0-only
//
// Mount namespaces: each its own tree of mounts, by clone, unshare and setns; what is mounted on and removed elsewhere.
#include "namespace.h"

#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/un.h>

#define MNT_DETACH	2
#define MNT_EXPIRE	4
#define UMOUNT_NOFOLLOW 8

static char base[256], path[512], text[16384];

// In a new directory with an empty directory m, and where mounts are nobody else's to see.
static void prepare(void)
{
	ns_prepare(CLONE_NEWNS);
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_GE(sys(getcwd, base, sizeof base), 0);
}

static void enter(void)
{
	CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
	CHECK_EQ(sys(mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0), 0);
}

// A block in a child with a mount namespace of its own.
#define IN_NS(...)                                                                                 \
	IN_CHILD({                                                                                 \
		enter();                                                                           \
		__VA_ARGS__;                                                                       \
	})

static const char *at(const char *name)
{
	t_snprintf(path, sizeof path, "%s/%s", base, name);
	return path;
}

static void mount_tmpfs(const char *where, const char *file)
{
	CHECK_EQ(sys(mount, "x", where, "tmpfs", 0, "size=1m"), 0);
	if (file) {
		long fd = sys(open, file, O_RDWR | O_CREAT, 0600);

		CHECK_GE(fd, 0);
		CHECK_EQ(sys(write, fd, "x", 1), 1);
		CHECK_EQ(sys(close, fd), 0);
	}
}

static int exists(const char *name)
{
	return sys(access, name, 0) == 0;
}

// ---- copies ----

TEST(a_new_one_is_a_copy)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/f");
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		mount_tmpfs("m/d", "m/d/g");
		CHECK_EQ(IN_NS({
			CHECK(exists("m/f") && exists("m/d/g"));
			CHECK_EQ(sys(umount2, "m/d", 0), 0);
			CHECK(!exists("m/d/g"));
			CHECK_EQ(sys(umount2, "m", 0), 0);
			CHECK(!exists("m/f"));
			CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
			mount_tmpfs("m", "m/mine");
		}), 0);
		CHECK(exists("m/f") && exists("m/d/g") && !exists("m/mine"));
		CHECK_EQ(sys(umount2, "m/d", 0), 0);
		CHECK_EQ(sys(umount2, "m", 0), 0);
	}), 0);
	CHECK(!exists("m/f"));
}

// It is one file system in two places: what is written is in both.
TEST(the_file_systems_are_the_same)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(IN_NS({
			CHECK_EQ(sys(mkdir, "m/from-inside", 0755), 0);
			CHECK_EQ(sys(umount2, "m", 0), 0);
		}), 0);
		CHECK(exists("m/from-inside"));
	}), 0);
}

TEST(by_clone)
{
	prepare();
	CHECK_EQ(sys(clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/f");
		int pid = (int)sys(clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);

		if (pid == 0) {
			CHECK_EQ(sys(umount2, "m", 0), 0);
			CHECK(!exists("m/f"));
			t_exit(0);
		}
		CHECK_GE(pid, 1);
		CHECK_EQ(t_wait(pid), 0);
		CHECK(exists("m/f"));
	}), 0);
}

TEST(where_one_stands_stays)
{
	char cwd[256];

	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/f");
		CHECK_EQ(sys(chdir, "m"), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
		CHECK_GE(sys(getcwd, cwd, sizeof cwd), 0);
		CHECK_EQ(strcmp(cwd, at("m")), 0);
		CHECK(exists("f"));
		CHECK_EQ(sys(umount2, at("m"), 0), -EBUSY);
		CHECK_EQ(sys(chdir, ".."), 0);
		CHECK_EQ(sys(umount2, "m", 0), 0);
	}), 0);
}

static int unshare_and_move(void *arg)
{
	(void)arg;
	CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
	CHECK_EQ(sys(chdir, "m"), 0);
	return 0;
}

// CLONE_NEWNS unshares the directory too.
TEST(a_threads_directory_is_its_own_then)
{
	struct thread t;
	char cwd[256];

	prepare();
	thread_start(&t, unshare_and_move, NULL);
	thread_join(&t);
	CHECK_GE(sys(getcwd, cwd, sizeof cwd), 0);
	CHECK_EQ(strcmp(cwd, base), 0);
}

TEST(who_may)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWNS), -EPERM);
		CHECK_EQ(sys(clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0), -EPERM);
	}), 0);
}

// ---- setns ----

// A child with a tmpfs on m in a namespace of its own, which waits to be killed.
static int child_with_mount(void)
{
	_Atomic int *ready = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		enter();
		mount_tmpfs("m", "m/f");
		*ready = 1;
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	UNTIL(*ready);
	return pid;
}

static void end(int pid)
{
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static void is_at_root(void)
{
	char cwd[256];
	struct stat a, b;

	CHECK_GE(sys(getcwd, cwd, sizeof cwd), 0);
	CHECK_EQ(strcmp(cwd, "/"), 0);
	CHECK_EQ(sys(stat, ".", &a), 0);
	CHECK_EQ(sys(stat, "..", &b), 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
}

TEST(setns_by_file_and_by_pidfd)
{
	prepare();
	int pid = child_with_mount(), fd = ns_open(pid, "mnt"), own = ns_open(t_getpid(), "mnt"), pidfd = (int)sys(pidfd_open, pid, 0);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), -EINVAL);
		CHECK(!exists(at("m/f")));
		CHECK_EQ(sys(setns, fd, CLONE_NEWNS), 0);
		is_at_root();
		CHECK(exists(at("m/f")));
		CHECK_EQ(ns_ino(t_getpid(), "mnt"), ns_ino(pid, "mnt"));
		CHECK_EQ(sys(setns, own, 0), 0);
		is_at_root();
		CHECK(!exists(at("m/f")));
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWNS | CLONE_NEWUTS), 0);
		is_at_root();
		CHECK(exists(at("m/f")));
	}), 0);
	end(pid);
	CHECK_EQ(sys(setns, pidfd, CLONE_NEWNS), -ESRCH);
	// The file keeps it, and what is mounted there.
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK(exists(at("m/f")));
		CHECK_EQ(sys(umount2, at("m"), 0), 0);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK(!exists(at("m/f")));
	}), 0);
}

static _Atomic int go_on;

static int wait_for_it(void *arg)
{
	(void)arg;
	while (!go_on)
		t_yield();
	return 0;
}

TEST(setns_needs_rights_and_a_directory_of_ones_own)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[2];

	prepare();
	int own = ns_open(t_getpid(), "mnt");

	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, wait_for_it, NULL);
		CHECK_EQ(sys(setns, own, 0), -EINVAL);
		go_on = 1;
		thread_join(&t);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(capget, &head, caps), 0);
		caps[0].effective &= ~(1u << CAP_SYS_CHROOT);
		CHECK_EQ(sys(capset, &head, caps), 0);
		CHECK_EQ(sys(setns, own, 0), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWNS), 0); // needs the other one
		CHECK_EQ(sys(capget, &head, caps), 0);
		caps[0].effective = (caps[0].effective | 1u << CAP_SYS_CHROOT) & ~(1u << CAP_SYS_ADMIN);
		CHECK_EQ(sys(capset, &head, caps), 0);
		CHECK_EQ(sys(setns, own, 0), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWNS), -EPERM);
	}), 0);
}

TEST(its_file)
{
	struct stat a, b;

	prepare();
	int fd = ns_open(t_getpid(), "mnt");

	CHECK_EQ(sys(fstat, fd, &a), 0);
	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWNS);
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EINVAL);
	CHECK_EQ(sys(stat, "/proc/self/ns/mnt", &b), 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK_EQ(IN_NS({
		CHECK_EQ(sys(stat, "/proc/self/ns/mnt", &b), 0);
		CHECK(a.st_ino != b.st_ino);
		long n = sys(readlink, "/proc/self/ns/mnt", text, sizeof text - 1);

		CHECK_GE(n, 1);
		text[n] = 0;
		CHECK_EQ(strncmp(text, "mnt:[", 5), 0);
	}), 0);
}

// ---- /proc ----

// The fields of the line about `where` in mountinfo, from the mount's number on; NULL: it is not there.
static char *info_line(const char *file, const char *where)
{
	char want[300], *line, *start;

	t_snprintf(want, sizeof want, " / %s ", where);
	CHECK_GE(t_slurp(file, text, sizeof text), 1);
	line = strstr(text, want);
	if (!line)
		return NULL;
	for (start = line; start > text && start[-1] != '\n'; start--)
		;
	if (strchr(start, '\n'))
		*strchr(start, '\n') = 0;
	return start;
}

TEST(proc_says_what_a_process_has_mounted)
{
	char file[64], want[600];

	prepare();
	int pid = child_with_mount();

	t_snprintf(file, sizeof file, "/proc/%d/mounts", pid);
	CHECK_GE(t_slurp(file, text, sizeof text), 1);
	t_snprintf(want, sizeof want, "x %s tmpfs rw,relatime", at("m"));
	CHECK(strstr(text, want));
	CHECK_GE(t_slurp("/proc/mounts", text, sizeof text), 1);
	CHECK(!strstr(text, want));
	CHECK_GE(t_slurp("/proc/self/mounts", text, sizeof text), 1);
	CHECK(!strstr(text, want));
	t_snprintf(file, sizeof file, "/proc/%d/mountinfo", pid);
	char *line = info_line(file, at("m"));

	CHECK(line);
	CHECK(strstr(line, " rw,relatime - tmpfs x rw"));
	CHECK(!info_line("/proc/self/mountinfo", at("m")));
	end(pid);
}

TEST(mountinfo_names_parents_and_devices)
{
	char dev[32], *line;
	struct stat st;
	long id, parent;

	prepare();
	CHECK_EQ(IN_NS({
		for (int i = 0; i < 300; i++) { // their minor numbers take more than a byte
			mount_tmpfs("m", NULL);
			CHECK_EQ(sys(umount2, "m", 0), 0);
		}
		CHECK_EQ(sys(mkdir, "m/a b", 0755), 0);
		CHECK_EQ(sys(mount, "the source", "m", "tmpfs", MS_NOSUID | MS_NODEV, 0), 0);
		CHECK_EQ(sys(mkdir, "m/a b", 0755), 0);
		mount_tmpfs("m/a b", NULL);
		CHECK_EQ(sys(stat, "m", &st), 0);
		line = info_line("/proc/self/mountinfo", at("m"));
		CHECK(line);
		id = t_number(line);
		t_snprintf(dev, sizeof dev, " %lu:%lu / ", (unsigned long)(st.st_dev >> 8 & 0xfff),
			(unsigned long)(st.st_dev & 0xff) | (st.st_dev >> 12 & 0xfff00));
		CHECK(strstr(line, dev));
		CHECK(strstr(line, " rw,nosuid,nodev,relatime - tmpfs the\\040source rw"));
		line = info_line("/proc/self/mountinfo", at("m/a\\040b"));
		CHECK(line);
		CHECK(t_number(line) != id);
		parent = t_number(strchr(line, ' ') + 1);
		CHECK_EQ(parent, id);
	}), 0);
}

// Paths begin at the process's root, and what is outside is not there.
TEST(mounts_below_a_root)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		mount_tmpfs("m/d", NULL);
		int fd = (int)sys(open, "/proc", O_RDONLY | O_DIRECTORY);

		CHECK_EQ(sys(chroot, "m"), 0);
		CHECK_EQ(sys(fchdir, fd), 0);
		CHECK_GE(t_slurp("self/mounts", text, sizeof text), 1);
		CHECK_EQ(strncmp(text, "x / tmpfs rw,relatime,size=1024k", 17), 0);
		char *second = strchr(text, '\n') + 1;

		CHECK_EQ(strncmp(second, "x /d tmpfs rw,relatime,size=1024k", 18), 0);
		CHECK_EQ(*(strchr(second, '\n') + 1), 0);
	}), 0);
}

// Beyond these links one sees what the process has mounted.
TEST(by_the_root_of_another)
{
	prepare();
	int pid = child_with_mount();

	t_snprintf(text, sizeof text, "/proc/%d/root%s/m/f", pid, base);
	CHECK(exists(text));
	t_snprintf(text, sizeof text, "/proc/%d/cwd/m/f", pid);
	CHECK(exists(text));
	t_snprintf(text, sizeof text, "/proc/%d/cwd/m/../m/made", pid);
	long fd = sys(open, text, O_RDWR | O_CREAT, 0600);

	CHECK_GE(fd, 0);
	sys(close, fd);
	CHECK(exists(text) && !exists("m/made"));
	t_snprintf(text, sizeof text, "/proc/%d/cwd/link/f", pid);
	CHECK_EQ(sys(symlink, at("m"), "link"), 0); // from the root, and that is one's own
	CHECK(!exists(text));
	CHECK_EQ(sys(unlink, "link"), 0);
	t_snprintf(text, sizeof text, "/proc/%d/cwd/m", pid);
	CHECK_EQ(sys(umount2, text, 0), -EINVAL);
	CHECK_EQ(sys(mount, "x", text, "tmpfs", 0, 0), -EINVAL);
	end(pid);
}

TEST(a_directory_that_cannot_be_reached)
{
	char cwd[256];

	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		CHECK_EQ(sys(chdir, "m/d"), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(mkdir, "jail", 0755), 0);
			CHECK_EQ(sys(chroot, "jail"), 0);
			CHECK_GE(sys(getcwd, cwd, sizeof cwd), 14);
			CHECK_EQ(strncmp(cwd, "(unreachable)/", 14), 0);
		}), 0);
	}), 0);
}

// ---- flags ----

TEST(flags_are_the_mounts_and_the_file_systems)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(IN_NS({
			CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), 0);
			CHECK_EQ(sys(mkdir, "m/d", 0755), -EROFS);
			CHECK_EQ(sys(open, "m/f", O_RDWR | O_CREAT, 0600), -EROFS);
			CHECK(strstr(info_line("/proc/self/mountinfo", at("m")), " ro,relatime - tmpfs x rw"));
		}), 0);
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		CHECK_EQ(IN_NS({
			CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOEXEC, 0), 0);
			CHECK_EQ(sys(mknod, "m/null", 020666, 0x103), 0);
			CHECK_EQ(sys(open, "m/null", O_RDWR), -EACCES);
			CHECK_EQ(sys(mkdir, "m/e", 0755), 0);
		}), 0);
		long fd = sys(open, "m/null", O_RDWR);

		CHECK_GE(fd, 0);
		sys(close, fd);
		CHECK_EQ(IN_NS(CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_RDONLY, 0), 0)), 0);
		CHECK_EQ(sys(mkdir, "m/g", 0755), -EROFS); // of the file system itself
		CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT, 0), 0);
		CHECK_EQ(sys(mkdir, "m/g", 0755), 0);
		CHECK_EQ(sys(mount, 0, "m/g", 0, MS_REMOUNT, 0), -EINVAL); // no root of a mount
		CHECK_EQ(sys(mount, 0, "m/g", 0, MS_REMOUNT | MS_BIND, 0), -EINVAL);
	}), 0);
}

// Who was left with a descriptor came by a mount that is no more, and not by one that somebody else made read-only.
TEST(a_strangers_flags)
{
	prepare();
	CHECK_EQ(IN_NS({
		_Atomic int *done = t_map_shared(PAGE);
		long dir;
		int pid;

		mount_tmpfs("m", "m/f");
		dir = sys(open, "m", O_RDONLY | O_DIRECTORY);
		CHECK_GE(dir, 0);
		pid = t_fork();
		if (pid == 0) {
			enter();
			CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), 0);
			CHECK_EQ(sys(open, "m/f", O_RDWR), -EROFS);
			*done = 1;
			thread_pause(NULL);
		}
		UNTIL(*done);
		CHECK_GE(sys(openat, dir, "f", O_RDWR), 0);
		CHECK_EQ(sys(umount2, "m", MNT_DETACH), 0);
		CHECK_GE(sys(openat, dir, "f", O_RDWR), 0);
		CHECK_EQ(sys(mkdirat, dir, "d", 0755), 0);
		CHECK_EQ(sys(unlinkat, dir, "d", AT_REMOVEDIR), 0);
		CHECK_EQ(sys(fchmod, dir, 0700), 0);
		CHECK_EQ(sys(kill, pid, SIGKILL), 0);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	}), 0);
}

// A guest's descriptor is of somebody's mount, and that may be a read-only one.
TEST(a_guest_writes_nothing_that_was_read_only)
{
	prepare();
	CHECK_EQ(IN_NS({
		_Atomic int *turn = t_map_shared(PAGE);
		long dir;
		int pid = (int)sys(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0); // its descriptors are ours, too

		if (pid == 0) {
			CHECK_EQ(sys(unshare, CLONE_NEWUSER | CLONE_NEWNS), 0);
			turn[0] = 1;
			UNTIL(turn[0] == 2);
			t_exit((int)-sys(openat, turn[1], "f", O_RDWR));
		}
		UNTIL(turn[0] == 1);
		mount_tmpfs("m", "m/f"); // where the guest does not see it
		CHECK_EQ(sys(fchmodat, AT_FDCWD, "m/f", 0666), 0);
		CHECK_EQ(sys(chmod, "m", 0755), 0);
		int reader = (int)sys(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

		if (reader == 0) {
			enter();
			CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), 0);
			dir = sys(open, "m", O_RDONLY | O_DIRECTORY);
			CHECK_GE(dir, 0);
			turn[1] = (int)dir;
			turn[0] = 2;
			thread_pause(NULL);
		}
		CHECK_EQ(t_wait(pid), EROFS);
		CHECK_EQ(sys(kill, reader, SIGKILL), 0);
		CHECK_EQ(t_wait(reader), SIGNALLED(SIGKILL));
	}), 0);
}

// A container's cgroups: the whole is not there, a part of it is, and may not be written.
TEST(flags_of_a_part)
{
	prepare();
	if (!t_own_machine)
		SKIP("control groups of others");
	CHECK_EQ(IN_NS({
		sys(umount2, "/sys/fs/cgroup", MNT_DETACH); // if it is there at all
		CHECK_EQ(sys(mount, "x", "m", "cgroup2", 0, 0), 0);
		CHECK_EQ(sys(mkdir, "m/part", 0755), 0);
		CHECK_EQ(IN_NS({
			CHECK_EQ(t_spit("m/part/cgroup.procs", "0"), 0);
			CHECK_EQ(sys(unshare, CLONE_NEWCGROUP), 0);
			CHECK_EQ(sys(umount2, "m", MNT_DETACH), 0);
			CHECK_EQ(sys(mount, "x", "m", "cgroup2", MS_RDONLY, 0), 0);
			CHECK_EQ(sys(mkdir, "m/x", 0755), -EROFS);
			CHECK_EQ(sys(umount2, "m", 0), 0);
		}), 0);
		CHECK_EQ(sys(rmdir, "m/part"), 0);
	}), 0);
}

TEST(how_mounts_propagate)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_PRIVATE, 0), 0);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_SLAVE, 0), 0);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_UNBINDABLE, 0), 0);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_REC | MS_SILENT | MS_PRIVATE, 0), 0);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_PRIVATE | MS_SLAVE, 0), -EINVAL);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_PRIVATE | MS_RDONLY, 0), -EINVAL);
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		CHECK_EQ(sys(mount, 0, "m/d", 0, MS_PRIVATE, 0), -EINVAL);
		CHECK_EQ(sys(mount, 0, "m/none", 0, MS_PRIVATE, 0), -ENOENT);
	}), 0);
}

// ---- umount2 ----

TEST(umount_rules)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/f");
		CHECK_EQ(sys(umount2, "m/f", 0), -EINVAL);
		CHECK_EQ(sys(umount2, "m/none", 0), -ENOENT);
		CHECK_EQ(sys(umount2, 8, 0), -EFAULT);
		CHECK_EQ(sys(umount2, "m", 0x10), -EINVAL);
		CHECK_EQ(sys(umount2, "m", MNT_EXPIRE | MNT_DETACH), -EINVAL);
		CHECK_EQ(sys(umount2, "m", MNT_EXPIRE | 1), -EINVAL);
		long fd = sys(open, "m/f", O_RDONLY);

		CHECK_EQ(sys(umount2, "m", 0), -EBUSY);
		CHECK_EQ(sys(umount2, "m", MNT_EXPIRE), -EBUSY);
		CHECK_EQ(sys(close, fd), 0);
		CHECK_EQ(sys(symlink, "m", "link"), 0);
		CHECK_EQ(sys(umount2, "link", UMOUNT_NOFOLLOW), -EINVAL);
		CHECK_EQ(sys(umount2, "m", MNT_EXPIRE), -EAGAIN);
		CHECK_EQ(sys(umount2, "m", MNT_EXPIRE), 0);
		CHECK(!exists("m/f"));
		mount_tmpfs("m", "m/f");
		CHECK_EQ(sys(umount2, "link", 0), 0);
		CHECK_EQ(sys(unlink, "link"), 0);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(umount2, "m", 0), -EPERM);
		CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), -EPERM);
	}), 0);
}

TEST(detach_takes_what_is_below)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		mount_tmpfs("m/d", NULL);
		CHECK_EQ(sys(mkdir, "m/d/e", 0755), 0);
		mount_tmpfs("m/d/e", "m/d/e/f");
		long fd = sys(open, "m/d/e/f", O_RDONLY);
		char c = 0;

		CHECK_EQ(sys(umount2, "m", 0), -EBUSY);
		CHECK_EQ(sys(umount2, "m", MNT_DETACH), 0);
		CHECK_GE(t_slurp("/proc/self/mounts", text, sizeof text), 1);
		CHECK(!strstr(text, at("m")));
		CHECK_EQ(sys(pread64, fd, &c, 1, 0), 1);
		CHECK_EQ(c, 'x');
		CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
	}), 0);
}

// The users of another namespace are not in the way.
TEST(busy_is_who_is_in_the_same_one)
{
	prepare();
	CHECK_EQ(IN_NS({
		_Atomic int *said = t_map_shared(PAGE);
		int pid;

		mount_tmpfs("m", "m/f");
		pid = t_fork();
		if (pid == 0) {
			CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
			CHECK_EQ(sys(chdir, "m"), 0);
			*said = 1;
			UNTIL(*said == 2);
			CHECK(exists("f"));
			t_exit(0);
		}
		UNTIL(*said == 1);
		long fd = sys(open, "m/f", O_RDONLY);

		CHECK_EQ(sys(umount2, "m", 0), -EBUSY);
		CHECK_EQ(sys(close, fd), 0);
		CHECK_EQ(sys(umount2, "m", 0), 0);
		*said = 2;
		CHECK_EQ(t_wait(pid), 0);
	}), 0);
}

// ---- mounting ----

TEST(one_over_the_other)
{
	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/first");
		mount_tmpfs("m", "m/second");
		CHECK(exists("m/second") && !exists("m/first"));
		CHECK_EQ(sys(chdir, "m/.."), 0);
		CHECK(exists("m/second"));
		CHECK_EQ(IN_NS({
			CHECK_EQ(sys(umount2, "m", 0), 0);
			CHECK(exists("m/first"));
		}), 0);
		CHECK(exists("m/second"));
		CHECK_EQ(sys(umount2, "m", 0), 0);
		CHECK(exists("m/first"));
		CHECK_EQ(sys(umount2, "m", 0), 0);
		CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
	}), 0);
}

TEST(not_the_same_over_itself)
{
	prepare();
	CHECK_EQ(IN_NS({
		if (sys(mount, "x", "m", "cgroup2", 0, 0))
			t_exit(0); // there is no right to, in a container
		CHECK_EQ(sys(mount, "y", "m", "cgroup2", 0, 0), -EBUSY);
		CHECK_EQ(sys(umount2, "m", 0), 0);
		CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
	}), 0);
}

TEST(a_place_that_is_no_place_here)
{
	prepare();
	int pid = child_with_mount();

	CHECK_EQ(IN_NS({
		long dir;

		t_snprintf(path, sizeof path, "/proc/%d/cwd", pid);
		dir = sys(open, path, O_RDONLY | O_DIRECTORY);
		CHECK_GE(dir, 0);
		CHECK_EQ(sys(mkdir, "gone", 0755), 0);
		CHECK_EQ(sys(chdir, "gone"), 0);
		CHECK_EQ(sys(rmdir, "../gone"), 0);
		CHECK_EQ(sys(mount, "x", ".", "tmpfs", 0, 0), -ENOENT);
		CHECK_EQ(sys(chdir, base), 0);
		mount_tmpfs("m", NULL);
		CHECK_EQ(sys(chdir, "m"), 0);
		CHECK_EQ(sys(umount2, ".", MNT_DETACH), 0);
		long err = sys(mount, "x", ".", "tmpfs", 0, 0);

		CHECK(err == -EINVAL || err == -ENOENT); // since Linux 6.15
		CHECK_EQ(sys(umount2, ".", 0), -EINVAL);
		CHECK_EQ(sys(mount, 0, ".", 0, MS_REMOUNT, 0), -EINVAL);
		CHECK_EQ(sys(chdir, base), 0);
		t_spit("file", "x");
		CHECK_EQ(sys(mount, "x", "file", "tmpfs", 0, 0), -ENOTDIR);
		CHECK_EQ(sys(unlink, "file"), 0);
	}), 0);
	end(pid);
}

TEST(moving_a_mount)
{
	prepare();
	CHECK_EQ(sys(mkdir, "n", 0755), 0);
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/f");
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		mount_tmpfs("m/d", "m/d/g");
		CHECK_EQ(sys(mount, "m", "m/d", 0, MS_MOVE, 0), -ELOOP);
		CHECK_EQ(sys(mount, "n", "m", 0, MS_MOVE, 0), -EINVAL);
		CHECK_EQ(sys(mount, "", "m", 0, MS_MOVE, 0), -EINVAL);
		CHECK_EQ(sys(mount, 0, "m", 0, MS_MOVE, 0), -EINVAL);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_MOVE, 0), -ENOENT);
		CHECK_EQ(IN_NS({
			CHECK_EQ(sys(mount, "m", "n", 0, MS_MOVE, 0), 0);
			CHECK(exists("n/f") && exists("n/d/g") && !exists("m/f"));
			CHECK_EQ(sys(chdir, "n/d"), 0);
			CHECK_EQ(sys(chdir, "../.."), 0);
			CHECK(exists("n/f"));
			CHECK_EQ(IN_NS(CHECK(exists("n/d/g"))), 0); // copied with its parent after it
			CHECK_EQ(sys(umount2, "n/d", 0), 0);
			CHECK_EQ(sys(umount2, "n", 0), 0);
		}), 0);
		CHECK(exists("m/d/g") && !exists("n/f"));
	}), 0);
	CHECK_EQ(sys(rmdir, "n"), 0);
}

static long pivot(const char *new_root, const char *put_old)
{
	return sys(pivot_root, new_root, put_old);
}

TEST(another_root)
{
	char cwd[256];

	prepare();
	CHECK_EQ(IN_NS({
		int *said = t_map_shared(PAGE);
		int other;

		mount_tmpfs("m", "m/was-root");
		CHECK_EQ(sys(mkdir, "m/new", 0755), 0);
		CHECK_EQ(sys(mkdir, "m/plain", 0755), 0);
		CHECK_EQ(sys(chroot, "m"), 0);
		CHECK_EQ(sys(chdir, "/"), 0);
		mount_tmpfs("new", "new/is-root");
		CHECK_EQ(sys(mkdir, "new/old", 0755), 0);
		CHECK_EQ(sys(mkdir, "new/old/er", 0755), 0);
		CHECK_EQ(pivot("none", "new/old"), -ENOENT);
		CHECK_EQ(pivot("new", "none"), -ENOENT);
		CHECK_EQ(pivot("new", "new/is-root"), -ENOTDIR);
		CHECK_EQ(pivot("plain", "new/old"), -EBUSY); // the root's own file system
		CHECK_EQ(pivot("new", "plain"), -EBUSY);
		CHECK_EQ(pivot("new/old", "new/old"), -EINVAL); // no mount
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(chroot, "plain"), 0);
			CHECK_EQ(pivot("/", "/"), -EBUSY);
		}), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
			CHECK_EQ(pivot("new", "new/old"), -EPERM);
		}), 0);
		other = t_fork();
		if (other == 0) {
			while (!*(volatile int *)said)
				CHECK(exists("/was-root") || exists("/is-root"));
			CHECK(exists("/is-root") && exists("is-root") && !exists("/was-root"));
			t_exit(0);
		}
		CHECK_EQ(IN_NS(CHECK_EQ(pivot("new", "new/old"), 0)), 0); // not seen here
		CHECK(exists("/was-root"));
		CHECK_EQ(pivot("new", "new/old"), 0);
		*said = 1;
		CHECK(exists("/is-root") && exists("is-root") && !exists("/was-root"));
		CHECK(exists("/old/was-root"));
		CHECK_GE(sys(getcwd, cwd, sizeof cwd), 0);
		CHECK_EQ(strcmp(cwd, "/"), 0);
		CHECK_EQ(t_wait(other), 0);
		CHECK_EQ(sys(umount2, "/old", MNT_DETACH), 0);
		CHECK(exists("/old/er") && !exists("/old/was-root"));
		CHECK_EQ(sys(umount2, "/", 0x10), -EINVAL);
	}), 0);
}

// ---- what is mounted on elsewhere ----

TEST(a_directory_that_another_has_mounted_on_can_go)
{
	prepare();
	CHECK_EQ(IN_NS({
		_Atomic int *said = t_map_shared(PAGE);
		int pid;

		CHECK_EQ(sys(mkdir, "m/inside", 0755), 0);
		CHECK_EQ(sys(rmdir, "m/inside"), 0);
		pid = t_fork();
		if (pid == 0) {
			CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
			mount_tmpfs("m", "m/f");
			CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
			mount_tmpfs("m/d", NULL);
			CHECK_EQ(sys(rmdir, "m"), -EBUSY);
			CHECK_EQ(sys(rename, "m", "n"), -EBUSY);
			*said = 1;
			UNTIL(*said == 2);
			CHECK(!exists("m"));
			CHECK_GE(t_slurp("/proc/self/mounts", text, sizeof text), 1);
			CHECK(!strstr(text, at("m")));
			CHECK_EQ(sys(mkdir, "m", 0755), 0);
			mount_tmpfs("m", "m/f");
			*said = 3;
			UNTIL(*said == 4);
			CHECK(!exists("m") && exists("moved/f"));
			*said = 5;
			UNTIL(*said == 6);
			CHECK(exists("moved/other") && !exists("moved/f"));
			t_exit(0);
		}
		UNTIL(*said == 1);
		CHECK_EQ(sys(rmdir, "m"), 0);
		*said = 2;
		UNTIL(*said == 3);
		CHECK_EQ(sys(rename, "m", "moved"), 0); // it goes along
		*said = 4;
		UNTIL(*said == 5);
		CHECK_EQ(sys(mkdir, "new", 0755), 0);
		CHECK_EQ(sys(mkdir, "new/other", 0755), 0);
		CHECK_EQ(sys(rename, "new", "moved"), 0); // replaced
		*said = 6;
		CHECK_EQ(t_wait(pid), 0);
		CHECK_EQ(sys(rmdir, "moved/other"), 0);
		CHECK_EQ(sys(rmdir, "moved"), 0);
	}), 0);
}

// ---- the end ----

TEST(open_files_outlive_the_namespace)
{
	char c = 0;

	prepare();
	int *fds = t_map_shared(PAGE);
	int pid = (int)sys(clone, CLONE_NEWNS | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	CHECK_GE(pid, 0);
	if (pid == 0) {
		CHECK_EQ(sys(mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0), 0);
		mount_tmpfs("m", "m/f");
		fds[0] = (int)sys(open, "m/f", O_RDWR);
		fds[1] = (int)sys(open, "m", O_RDONLY | O_DIRECTORY);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(sys(pread64, fds[0], &c, 1, 0), 1);
	CHECK_EQ(c, 'x');
	CHECK_EQ(sys(pwrite64, fds[0], "yy", 2, 0), 2);
	CHECK_EQ(sys(fchdir, fds[1]), 0);
	CHECK_EQ(sys(chdir, base), 0);
	CHECK_EQ(sys(close, fds[0]), 0);
	CHECK_EQ(sys(close, fds[1]), 0);
}

// Where it was is nothing, but it is all there.
TEST(who_stands_in_a_detached_one_goes_on)
{
	char cwd[256];

	prepare();
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", "m/f");
		CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
		CHECK_EQ(sys(chdir, "m/d"), 0);
		CHECK_EQ(sys(umount2, "..", MNT_DETACH), 0);
		CHECK(!exists(at("m/f")));
		CHECK(exists("../f"));
		CHECK_EQ(sys(mkdir, "../e", 0755), 0);
		CHECK_EQ(sys(rmdir, "../e"), 0);
		CHECK_GE(sys(getcwd, cwd, sizeof cwd), 14);
		CHECK_EQ(strncmp(cwd, "(unreachable)/", 14), 0);
		CHECK_EQ(sys(chdir, "../.."), 0);
		CHECK(exists("f")); // there is no way out
		CHECK_EQ(sys(chdir, base), 0);
		CHECK(exists("m"));
	}), 0);
}

TEST(a_directory_outlives_its_namespace)
{
	prepare();
	int *fd = t_map_shared(PAGE);
	int pid = (int)sys(clone, CLONE_NEWNS | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	CHECK_GE(pid, 0);
	if (pid == 0) {
		CHECK_EQ(sys(mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0), 0);
		mount_tmpfs("m", "m/f");
		*fd = (int)sys(open, "m", O_RDONLY | O_DIRECTORY);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	long f = sys(openat, *fd, "f", O_RDONLY);

	CHECK_GE(f, 0);
	CHECK_EQ(sys(mkdirat, *fd, "d", 0755), 0);
	CHECK_EQ(sys(close, *fd), 0);
	CHECK_EQ(sys(close, f), 0);
}

static long shmem(void)
{
	return t_field("/proc/meminfo", "Shmem");
}

// 4 MiB in a tmpfs that only this process sees.
static void fill_a_private_one(void)
{
	long fd;

	enter();
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), 0);
	fd = sys(open, "m/f", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 1024; i++)
		CHECK_EQ(sys(write, fd, text, 4096), 4096);
	sys(close, fd);
}

TEST(memory_goes_with_the_last_task)
{
	prepare();
	if (!t_own_machine)
		SKIP("the memory of others");
	_Atomic int *ready = t_map_shared(PAGE);
	long before = shmem();

	for (int killed = 0; killed < 2; killed++) {
		int pid = t_fork();

		if (pid == 0) {
			fill_a_private_one();
			*ready = 1;
			UNTIL(*ready == 2);
			t_exit(0);
		}
		UNTIL(*ready == 1);
		CHECK_GE(shmem(), before + 3072);
		if (killed)
			CHECK_EQ(sys(kill, pid, SIGKILL), 0);
		*ready = 2;
		CHECK_EQ(t_wait(pid), killed ? SIGNALLED(SIGKILL) : 0);
		UNTIL(shmem() < before + 2048);
		*ready = 0;
	}
}

// 4 MiB stay while somebody uses them in one of three ways, and go with him.
TEST(memory_stays_while_it_is_used)
{
	prepare();
	if (!t_own_machine)
		SKIP("the memory of others");
	long before = shmem();

	for (int how = 0; how < 3; how++)
		CHECK_EQ(IN_CHILD({
			struct sockaddr_un name = {.sun_family = 1, .sun_path = "m/socket"};
			long fd = how == 2 ? sys(socket, 1, 1, 0) : -1;

			fill_a_private_one();
			if (how == 0)
				fd = sys(open, "m/f", O_RDONLY);
			else if (how == 1)
				CHECK_EQ(sys(chdir, "m"), 0);
			else
				CHECK_EQ(sys(bind, fd, &name, sizeof name), 0);
			CHECK_EQ(sys(umount2, at("m"), MNT_DETACH), 0);
			CHECK_GE(shmem(), before + 3072);
			if (how == 1)
				CHECK_EQ(sys(chdir, "/"), 0);
			else
				CHECK_EQ(sys(close, fd), 0);
			UNTIL(shmem() < before + 2048);
		}), 0);
}

TEST(memory_goes_with_the_oom_killers_victim)
{
	prepare();
	if (!t_own_machine)
		SKIP("kills by the OOM killer");
	_Atomic int *ready = t_map_shared(PAGE);
	long before = shmem();
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(t_spit("/proc/self/oom_score_adj", "1000"), 0);
		fill_a_private_one();
		*ready = 1;
		thread_pause(NULL);
	}
	UNTIL(*ready);
	CHECK_GE(shmem(), before + 3072);
	CHECK_EQ(t_spit("/proc/sysrq-trigger", "f"), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	UNTIL(shmem() < before + 2048);
}

// ---- many ----

TEST(many_namespaces_with_many_mounts)
{
	prepare();
	CHECK_EQ(IN_NS({
		char name[32];
		int pids[20];
		_Atomic int *ready = t_map_shared(PAGE);

		mount_tmpfs("m", NULL);
		for (int i = 0; i < 40; i++) {
			t_snprintf(name, sizeof name, "m/%d", i);
			CHECK_EQ(sys(mkdir, name, 0755), 0);
			CHECK_EQ(sys(mount, "x", name, "tmpfs", 0, 0), 0);
			t_snprintf(name, sizeof name, "m/%d/f", i);
			CHECK_EQ(sys(mkdir, name, 0755), 0);
		}
		for (int k = 0; k < 20; k++) {
			pids[k] = t_fork();
			if (pids[k])
				continue;
			CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
			for (int i = k; i < 40; i += 2) {
				t_snprintf(name, sizeof name, "m/%d", i);
				CHECK_EQ(sys(umount2, name, 0), 0);
				t_snprintf(name, sizeof name, "m/%d/f", i);
				CHECK(!exists(name));
			}
			for (int i = k + 1; i < 40; i += 2) {
				t_snprintf(name, sizeof name, "m/%d/f", i);
				CHECK(exists(name));
			}
			++*ready;
			thread_pause(NULL);
		}
		UNTIL(*ready == 20);
		for (int i = 0; i < 40; i++) {
			t_snprintf(name, sizeof name, "m/%d/f", i);
			CHECK(exists(name));
		}
		for (int k = 0; k < 20; k++)
			end(pids[k]);
	}), 0);
}

TEST(one_after_the_other)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 200; i++) {
			enter();
			CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), 0);
		}
	}), 0);
}

TEST(there_are_only_so_many_mounts)
{
	char max[32];

	prepare();
	if (!t_own_machine)
		SKIP("a limit of the whole machine");
	CHECK_GE(t_slurp("/proc/sys/fs/mount-max", max, sizeof max), 2);
	CHECK_EQ(t_spit("/proc/sys/fs/mount-max", "0"), -EINVAL);
	CHECK_EQ(IN_NS({
		mount_tmpfs("m", NULL);
		CHECK_EQ(t_spit("/proc/sys/fs/mount-max", "2"), 0);
		long err = sys(mount, "x", "m", "tmpfs", 0, 0), copied = sys(unshare, CLONE_NEWNS);

		CHECK_EQ(t_spit("/proc/sys/fs/mount-max", max), 0);
		CHECK_EQ(err, -ENOSPC);
		CHECK_EQ(copied, 0); // who copies is not asked
	}), 0);
}

// ---- all at once ----

#define STRESS 300

// Mounts, unmounts and leaves namespaces in the same places as the others.
static void stress_mounts(unsigned seed)
{
	for (int i = 0; i < STRESS; i++) {
		seed = seed * 1103515245 + 12345;
		switch (seed >> 16 & 7) {
		case 0:
			CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
			break;
		case 1:
		case 2:
			sys(mount, "x", "m/d", "tmpfs", 0, 0);
			sys(mkdir, "m/d/e", 0755);
			break;
		case 3:
			sys(mount, "x", "m/d/e", "tmpfs", 0, 0);
			break;
		case 4:
			sys(umount2, "m/d/e", 0);
			sys(umount2, "m/d", 0);
			break;
		case 5:
			sys(umount2, "m/d", MNT_DETACH);
			break;
		case 6:
			sys(mkdir, "m/d", 0755);
			sys(mkdir, "m/d/e", 0755);
			break;
		case 7:
			sys(rmdir, "m/d/e");
			sys(rmdir, "m/d");
			break;
		}
	}
}

static void stress_walks(void)
{
	char cwd[256];

	for (int i = 0; i < STRESS; i++) {
		long fd = sys(open, "m/d/e/../../d/e/..", O_RDONLY | O_DIRECTORY);

		exists("m/d/e");
		exists("m/d/../d/e/..");
		if (sys(chdir, "m/d/e") == 0) {
			sys(getcwd, cwd, sizeof cwd);
			sys(chdir, "..");
			CHECK_EQ(sys(chdir, base), 0);
		}
		t_slurp("/proc/self/mountinfo", text, sizeof text);
		if (fd >= 0)
			sys(close, fd);
	}
}

TEST(storm)
{
	prepare();
	CHECK_EQ(IN_NS({
		int pids[8];

		mount_tmpfs("m", NULL);
		for (unsigned k = 0; k < 8; k++) {
			pids[k] = t_fork();
			if (pids[k])
				continue;
			if (k % 2)
				CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
			if (k < 5)
				stress_mounts(k);
			else
				stress_walks();
			t_exit(0);
		}
		for (unsigned k = 0; k < 8; k++)
			CHECK_EQ(t_wait(pids[k]), 0);
	}), 0);
}

// What is left of a namespace goes while others look at it.
TEST(an_end_while_another_walks)
{
	prepare();
	for (int round = 0; round < 20; round++) {
		int pid = child_with_mount(), walker;
		char file[64], root[64];

		t_snprintf(file, sizeof file, "/proc/%d/mountinfo", pid);
		t_snprintf(root, sizeof root, "/proc/%d/cwd/m/..", pid);
		walker = t_fork();
		if (walker == 0) {
			while (exists(root)) {
				long fd = sys(open, file, O_RDONLY);

				if (fd < 0)
					break;
				sys(read, fd, text, sizeof text);
				sys(close, fd);
			}
			t_exit(0);
		}
		end(pid);
		CHECK_EQ(t_wait(walker), 0);
	}
}

TEST(hostile)
{
	static const unsigned long bad[] = {0, 8, ~0ul, 1ul << 47, ~0ul << 47};

	prepare();
	CHECK_EQ(IN_NS({
		for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
			CHECK(sys(mount, "x", bad[i], "tmpfs", 0, 0) < 0);
			CHECK(sys(umount2, bad[i], 0) < 0);
			CHECK(sys(mount, "x", "m", bad[i], 0, 0) < 0);
			CHECK(sys(mount, bad[i], "m", 0, MS_MOVE, 0) < 0);
			CHECK(sys(pivot_root, bad[i], "m") < 0);
			CHECK(sys(pivot_root, "m", bad[i]) < 0);
		}
		CHECK_EQ(sys(mount, 8, "m", "tmpfs", 0, 0), -EFAULT);
		CHECK_EQ(sys(setns, -1, CLONE_NEWNS), -EBADF);
		CHECK_EQ(sys(setns, 0, ~0), -EINVAL);
		CHECK_EQ(sys(unshare, ~0ul), -EINVAL);
		for (int bit = 4; bit < 30; bit++)
			if (bit != 12)
				sys(mount, "m", "m", 0, 1ul << bit, 0);
	}), 0);
}
