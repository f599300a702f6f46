// SPDX-License-Identifier: GPL-2.0-only
//
// Control groups: the tree, who is in it, and who hears of it. They need root and a tree that can be written, on Linux too.
#include "t.h"
#include "cgroup.h"

#include <linux/capability.h>
#include <linux/inotify.h>
#include <linux/stat.h>

static char buf[8192];

TEST(files_of_a_group)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK(reads("a/cgroup.procs", ""));
	CHECK(reads("a/cgroup.threads", ""));
	CHECK(reads("a/cgroup.events", "populated 0\nfrozen 0\n"));
	CHECK(reads("a/cgroup.type", "domain\n"));
	CHECK(reads("a/cgroup.controllers", "\n") || reads("a/cgroup.controllers", ""));
	CHECK(reads("a/cgroup.subtree_control", "\n") || reads("a/cgroup.subtree_control", ""));
	CHECK(reads("a/cgroup.max.depth", "max\n"));
	CHECK(reads("a/cgroup.max.descendants", "max\n"));
	CHECK_EQ(t_field("a/cgroup.stat", "nr_descendants"), 0);
	CHECK_EQ(sys(open, "../cgroup.events", O_RDONLY), -ENOENT); // not at the root
	CHECK_EQ(sys(open, "../cgroup.type", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "a"), -ENOENT);
	out();
}

TEST(names)
{
	struct stat st;
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a"), -EEXIST);
	CHECK_EQ(make("a/cgroup.procs"), -EEXIST);
	CHECK_EQ(make("a/x\ny"), -EINVAL);
	CHECK_EQ(make("a/cgroup.procs/x"), -ENOTDIR);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), -EBUSY);
	CHECK_EQ(sys(rmdir, "a/b/.."), -ENOTEMPTY);
	CHECK_EQ(sys(unlink, "a/b"), -EISDIR);
	CHECK_EQ(sys(unlink, "a/cgroup.procs"), -EPERM);
	CHECK_EQ(sys(rmdir, "a/cgroup.procs"), -ENOTDIR);
	CHECK_EQ(sys(rename, "a/b", "a/c"), -EPERM);
	CHECK_EQ(sys(link, "a/cgroup.procs", "a/x"), -EPERM);
	CHECK_EQ(sys(symlink, "x", "a/x"), -EPERM);
	CHECK_EQ(sys(mknod, "a/x", S_IFIFO | 0600, 0), -EPERM);
	CHECK_EQ(sys(open, "a/x", O_RDWR | O_CREAT, 0600), -EACCES);
	CHECK_EQ(sys(stat, "a", &st), 0);
	CHECK_EQ(st.st_nlink, 3);
	CHECK_EQ(sys(stat, "a/cgroup.kill", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0200);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(sys(stat, "a/cgroup.procs", &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0644);
	unsigned long ino = st.st_ino;

	CHECK_EQ(sys(stat, "a/cgroup.procs", &st), 0);
	CHECK_EQ(st.st_ino, ino);
	CHECK(listed("a", "b"));
	CHECK(listed("a", "cgroup.events"));
	CHECK(!listed("a", "memory.max"));
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK(!listed("a", "b"));
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(moving)
{
	char text[64];

	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	int pid = child();

	CHECK_EQ(put("a/b/cgroup.procs", pid), 0);
	t_snprintf(text, sizeof text, "%d\n", pid);
	CHECK(reads("a/b/cgroup.procs", text));
	CHECK(reads("a/b/cgroup.threads", text));
	CHECK(reads("a/cgroup.procs", ""));
	CHECK_EQ(t_field("a/b/cgroup.events", "populated"), 1);
	CHECK_EQ(t_field("a/cgroup.events", "populated"), 1);
	CHECK(ends(cgroup_of(pid, "0::"), "/a/b"));
	CHECK_EQ(sys(rmdir, "a/b"), -EBUSY);
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(t_field("a/b/cgroup.events", "populated"), 0);
	CHECK_EQ(t_field("a/cgroup.events", "populated"), 1);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK(ends(cgroup_of(pid, "0::"), "/a"));
	CHECK_EQ(put("cgroup.procs", pid), 0);
	CHECK_EQ(t_field("a/cgroup.events", "populated"), 0);
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(zero_is_oneself)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		CHECK(ends(cgroup_of(t_getpid(), "0::"), "/a"));
		CHECK_EQ(IN_CHILD(CHECK(ends(cgroup_of(t_getpid(), "0::"), "/a"))), 0); // inherited
	}),
		0);
	CHECK_EQ(sys(rmdir, "a"), 0); // nobody is left in it once the parent knows
	out();
}

TEST(whole_processes_alone)
{
	struct thread t[3];

	v2();
	CHECK_EQ(make("a"), 0);
	int pid = t_fork();

	if (pid == 0) {
		for (int i = 0; i < 3; i++)
			thread_start(&t[i], thread_pause, NULL);
		CHECK_EQ(put("a/cgroup.threads", t[0].id), -EOPNOTSUPP);
		CHECK_EQ(put("a/cgroup.procs", t[1].id), 0); // any thread names its process
		CHECK_EQ(put("a/cgroup.threads", t[2].id), 0);	 // where it is already
		thread_pause(NULL);
	}
	UNTIL(lines("a/cgroup.threads") == 4);
	CHECK_EQ(lines("a/cgroup.procs"), 1);
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	end(pid);
	CHECK_EQ(lines("a/cgroup.threads"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(zombies_do_not_count)
{
	v2();
	CHECK_EQ(make("a"), 0);
	int pid = child();

	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	sys(kill, pid, SIGKILL);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(t_field("a/cgroup.events", "populated"), 0);
	CHECK(reads("a/cgroup.procs", ""));
	CHECK(ends(cgroup_of(pid, "0::"), "/a"));
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK(ends(cgroup_of(pid, "0::"), "/a (deleted)"));
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	out();
}

TEST(kill_the_whole_tree)
{
	int pid[6];

	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	for (int i = 0; i < 6; i++) {
		pid[i] = child();
		CHECK_EQ(put(i == 5 ? "cgroup.procs" : i % 2 ? "a/b/cgroup.procs" : "a/cgroup.procs", pid[i]), 0);
	}
	CHECK_EQ(t_spit("a/cgroup.kill", "0"), -ERANGE);
	CHECK_EQ(t_spit("a/cgroup.kill", "2"), -ERANGE);
	CHECK_EQ(t_spit("a/cgroup.kill", "x"), -EINVAL);
	CHECK_EQ(t_slurp("a/cgroup.kill", buf, sizeof buf), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.kill", "1"), 0);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(t_wait(pid[i]), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(kill, pid[5], 0), 0);
	end(pid[5]);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// Who forks as fast as it can is killed with all that it made.
TEST(kill_against_fork)
{
	v2();
	CHECK_EQ(make("a"), 0);
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int round = 0; round < 5; round++) {
		int pid = t_fork();

		if (pid == 0) {
			CHECK_EQ(put("a/cgroup.procs", 0), 0);
			for (int n = 0; n < 100; n++)
				if (t_fork() == 0)
					thread_pause(NULL);
			thread_pause(NULL);
		}
		UNTIL(lines("a/cgroup.procs") > 10);
		CHECK_EQ(t_spit("a/cgroup.kill", "1"), 0);
		while (t_wait(-1) != -ECHILD)
			;
		CHECK_EQ(t_field("a/cgroup.events", "populated"), 0);
	}
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(limits_of_the_tree)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "-1"), -ERANGE);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "99999999999"), -ERANGE);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "09"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "017"), 0); // octal
	CHECK(reads("a/cgroup.max.depth", "15\n"));
	CHECK_EQ(t_spit("a/cgroup.max.depth", " 0\n"), 0);
	CHECK(reads("a/cgroup.max.depth", "0\n"));
	CHECK_EQ(make("a/b"), -EAGAIN);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "1"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("a/b/c"), -EAGAIN);
	CHECK_EQ(t_spit("a/cgroup.max.depth", "max"), 0);
	CHECK_EQ(t_spit("a/cgroup.max.descendants", "2"), 0);
	CHECK_EQ(make("a/b/c"), 0);
	CHECK_EQ(make("a/b/d"), -EAGAIN);
	CHECK_EQ(make("a/d"), -EAGAIN);
	CHECK_EQ(t_field("a/cgroup.stat", "nr_descendants"), 2);
	CHECK_EQ(sys(rmdir, "a/b/c"), 0);
	CHECK_EQ(make("a/d"), 0);
	CHECK_EQ(sys(rmdir, "a/d"), 0);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(removed_while_open)
{
	v2();
	CHECK_EQ(make("a"), 0);
	long events = sys(open, "a/cgroup.events", O_RDONLY), procs = sys(open, "a/cgroup.procs", O_RDWR);
	long dir = sys(open, "a", O_RDONLY | O_DIRECTORY);

	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(read, events, buf, 100), -ENODEV);
	CHECK_EQ(sys(write, procs, "0", 1), -ENODEV);
	CHECK_EQ(sys(read, procs, buf, 100), -ENODEV);
	CHECK_EQ(sys(mkdirat, dir, "x", 0755), -ENOENT);
	CHECK_EQ(sys(openat, dir, "cgroup.procs", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(getdents64, dir, buf, sizeof buf), -ENOENT);
	CHECK_EQ(make("a"), 0); // another one
	CHECK_EQ(sys(write, procs, "0", 1), -ENODEV);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(bad_writes)
{
	static const char *const no_pid[] = { "x", "-1", "1 2", "99999999999", "0x", "1\n2" };
	int dead;

	v2();
	CHECK_EQ(make("a"), 0);
	for (unsigned i = 0; i < sizeof no_pid / sizeof *no_pid; i++)
		CHECK_EQ(t_spit("a/cgroup.procs", no_pid[i]), -EINVAL);
	dead = child();
	end(dead);
	CHECK_EQ(put("a/cgroup.procs", dead), -ESRCH);
	CHECK_EQ(put("a/cgroup.threads", 0), -EOPNOTSUPP);
	CHECK_EQ(t_spit("a/cgroup.events", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.stat", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.type", "domain"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "memory"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "+nothing"), -EINVAL);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "+memory"), -ENOENT); // the parent has not let it through
	long fd = sys(open, "a/cgroup.procs", O_RDWR);

	CHECK_EQ(sys(write, fd, 8, 5), -EFAULT);
	CHECK_EQ(sys(write, fd, "", 0), 0);
	memset(buf, '1', sizeof buf);
	CHECK_EQ(sys(write, fd, buf, 4096), -EINVAL);
	CHECK_EQ(sys(pread64, fd, t_ptr(8), 5, 0), 0); // nothing to copy
	CHECK_EQ(put("a/cgroup.procs", 0), 0);
	CHECK_EQ(sys(pread64, fd, t_ptr(8), 5, 0), -EFAULT);
	CHECK_EQ(put("../cgroup.procs", 0), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(poll_for_changes)
{
	struct pollfd p = { .events = -1 };

	v2();
	CHECK_EQ(make("a"), 0);
	int pid = child();

	p.fd = (int)sys(open, "a/cgroup.events", O_RDONLY);
	CHECK_EQ(sys(poll, &p, 1, 0), 1);
	CHECK_EQ(p.revents & (POLLPRI | POLLERR | POLLIN), POLLPRI | POLLERR | POLLIN); // never read
	CHECK_EQ(sys(pread64, p.fd, buf, sizeof buf, 0), 21);
	CHECK_EQ(sys(poll, &p, 1, 0), 1);
	CHECK_EQ(p.revents & (POLLPRI | POLLERR | POLLIN), POLLIN);
	p.events = POLLPRI;
	CHECK_EQ(sys(poll, &p, 1, 0), 0);
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(sys(poll, &p, 1, 20000), 1);
	CHECK_EQ(p.revents, POLLPRI | POLLERR);
	CHECK_GE(sys(pread64, p.fd, buf, sizeof buf, 0), 1);
	CHECK(strstr(buf, "populated 1\n"));
	CHECK_EQ(sys(poll, &p, 1, 0), 0);
	if (t_fork() == 0) { // wakes who sleeps in it
		t_sleep_ms(20);
		end_other(pid);
		t_exit(0);
	}
	CHECK_EQ(sys(poll, &p, 1, 20000), 1);
	CHECK_GE(sys(pread64, p.fd, buf, sizeof buf, 0), 1);
	CHECK(strstr(buf, "populated 0\n"));
	while (t_wait(-1) != -ECHILD)
		;
	CHECK_EQ(sys(rmdir, "a"), 0);
	sys(close, p.fd);
	out();
}

TEST(inotify_for_changes)
{
	struct inotify_event e[4];

	v2();
	CHECK_EQ(make("a"), 0);
	int pid = child();
	int in = (int)sys(inotify_init1, 0);
	int wd = (int)sys(inotify_add_watch, in, "a/cgroup.events", IN_MODIFY);

	CHECK_GE(wd, 1);
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(sys(read, in, e, sizeof e), 16);
	CHECK_EQ(e[0].wd, wd);
	CHECK_EQ(e[0].mask, IN_MODIFY);
	if (t_on_thaw) // who counts what is left over waits for the one who tells
		CHECK_EQ(t_spit("/sys/kernel/debug/pause", "cgroup_told 0 300"), 0);
	end(pid);
	CHECK_EQ(sys(read, in, e, sizeof e), 16);
	CHECK_EQ(e[0].mask, IN_MODIFY);
	CHECK_EQ(sys(rmdir, "a"), 0);
	sys(close, in);
	out();
}

static long into(int fd, unsigned long flags, int exit_signal)
{
	struct clone_args a = { .flags = CLONE_INTO_CGROUP | flags, .exit_signal = (unsigned)exit_signal, .cgroup = (unsigned)fd };

	return sys(clone3, &a, sizeof a);
}

TEST(clone_into)
{
	v2();
	CHECK_EQ(make("a"), 0);
	int fd = (int)sys(open, "a", O_RDONLY | O_DIRECTORY);
	int file = (int)sys(open, "a/cgroup.procs", O_RDONLY), tmp = (int)sys(open, "/", O_RDONLY);
	int pid = (int)into(fd, 0, SIGCHLD);

	if (pid == 0)
		t_exit(ends(cgroup_of(t_getpid(), "0::"), "/a") ? 7 : 8);
	CHECK_EQ(t_wait(pid), 7);
	CHECK_EQ(into(file, 0, SIGCHLD), -EBADF);
	CHECK_EQ(into(tmp, 0, SIGCHLD), -EBADF);
	CHECK_EQ(into(99, 0, SIGCHLD), -EBADF);
	CHECK_EQ(into(-1, 0, SIGCHLD), -EINVAL);
	CHECK_EQ(into(fd, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(into(fd, 0, SIGCHLD), -ENOENT);
	CHECK_EQ(sys(close, fd), 0);
	out();
}

TEST(wide)
{
	char name[32];

	v2();
	CHECK_EQ(make("w"), 0);
	for (int i = 0; i < 1000; i++) {
		t_snprintf(name, sizeof name, "w/%d", i);
		CHECK_EQ(make(name), 0);
	}
	CHECK_EQ(t_field("w/cgroup.stat", "nr_descendants"), 1000);
	CHECK(listed("w", "999"));
	CHECK_EQ(sys(rmdir, "w"), -EBUSY);
	for (int i = 999; i >= 0; i--) {
		t_snprintf(name, sizeof name, "w/%d", i);
		CHECK_EQ(sys(rmdir, name), 0);
	}
	CHECK_EQ(sys(rmdir, "w"), 0);
	out();
}

TEST(deep)
{
	v2();
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(make("d"), 0);
		CHECK_EQ(sys(chdir, "d"), 0);
	}
	int pid = child();

	CHECK_EQ(put("cgroup.procs", pid), 0);
	CHECK_EQ(strlen(cgroup_of(pid, "0::")) >= 2003, 1);
	CHECK_EQ(t_field("cgroup.events", "populated"), 1);
	end(pid);
	CHECK_EQ(t_field("cgroup.events", "populated"), 0);
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(sys(chdir, ".."), 0);
		CHECK_EQ(sys(rmdir, "d"), 0);
	}
	out();
}

// A program without privileges can do nothing here but look.
TEST(another_user)
{
	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresgid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(make("a/b"), -EACCES);
		CHECK_EQ(into((int)sys(open, "a", O_RDONLY | O_DIRECTORY), 0, SIGCHLD), -EACCES);
		CHECK_EQ(sys(rmdir, "a"), -EACCES);
		CHECK_EQ(put("a/cgroup.procs", 0), -EACCES);
		CHECK_EQ(t_spit("a/cgroup.kill", "1"), -EACCES);
		CHECK_EQ(sys(open, "a/cgroup.kill", O_RDONLY), -EACCES);
		CHECK_GE(sys(open, "a/cgroup.events", O_RDONLY), 0);
	}),
		0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

// What counts is who opened the file: it may be standard output of a program with more rights.
TEST(who_opened_the_file_moves)
{
	int pid;
	long fd;
	char text[16];

	v2();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(sys(chown, "a", 1000, 1000), 0);
	pid = (int)sys(fork);
	if (pid == 0)
		for (;;)
			sys(pause);
	t_snprintf(text, sizeof text, "%d\n", pid);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, -1, 1000, -1), 0);
		CHECK_EQ(make("a/b"), 0);
		fd = sys(open, "a/b/cgroup.procs", O_WRONLY);
		CHECK_GE(fd, 0);
		CHECK_EQ(sys(setresuid, -1, 0, -1), 0);
		CHECK_EQ(sys(write, fd, text, strlen(text)), -EACCES);
		CHECK_EQ(put("a/b/cgroup.procs", pid), 0);
		fd = sys(open, "cgroup.procs", O_WRONLY);
		CHECK_GE(fd, 0);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(write, fd, text, strlen(text)), (long)strlen(text)); // as who could
	}),
		0);
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(proc_lists_them)
{
	v2();
	CHECK_GE(t_slurp("/proc/cgroups", buf, sizeof buf), 1);
	CHECK(!strncmp(buf, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n", 43));
	CHECK(strstr(buf, "\nmemory\t"));
	CHECK(strstr(buf, "\nfreezer\t"));
	CHECK_GE(t_slurp("/proc/filesystems", buf, sizeof buf), 1);
	CHECK(strstr(buf, "nodev\tcgroup\n"));
	CHECK(strstr(buf, "nodev\tcgroup2\n"));
	out();
}

// Two places for one tree.
TEST(mounted_twice)
{
	if (!t_own_machine)
		SKIP("mounts");
	t_tmpdir();
	CHECK_EQ(make("m"), 0);
	CHECK_EQ(sys(mount, "x", "m", "cgroup2", 0, "nothing"), -EINVAL);
	CHECK_EQ(sys(mount, "x", "m", "cgroup", 0, "nothing"), -EINVAL);
	CHECK_EQ(sys(mount, "x", "m", "cgroup2", 0, "nsdelegate"), 0);
	CHECK_EQ(make("m/thaw-a"), 0);
	CHECK(listed("/sys/fs/cgroup", "thaw-a"));
	CHECK_EQ(sys(rmdir, "m"), -EBUSY);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "/sys/fs/cgroup/thaw-a"), 0);
	CHECK(!listed("m", "thaw-a"));
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sys(mount, "x", "m", "cgroup", 0, "freezer"), 0);
		CHECK_EQ(make("m/a"), i ? -EEXIST : 0); // it stays while it has groups
		CHECK(ends(cgroup_of(t_getpid(), ":freezer:"), "/"));
		CHECK_EQ(sys(chdir, "m"), 0);
		CHECK_EQ(sys(umount2, "../m", 0), -EBUSY);
		CHECK_EQ(sys(chdir, ".."), 0);
		if (i)
			CHECK_EQ(sys(rmdir, "m/a"), 0);
		CHECK_EQ(sys(umount2, "m", 0), 0);
	}
}

// ---- what only version 1 has ----

static const char *const flags_v1[] = { "notify_on_release", "cgroup.clone_children" };

TEST(v1_flags)
{
	static const char *const bad[] = { "x", "-1", "1 2", "1x", "18446744073709551616" };
	char path[64];

	v1("freezer");
	CHECK_EQ(make("a"), 0);
	for (unsigned f = 0; f < 2; f++) {
		t_snprintf(path, sizeof path, "a/%s", flags_v1[f]);
		CHECK(reads(path, "0\n"));
		CHECK_EQ(t_spit(path, "7\n"), 0);
		CHECK(reads(path, "1\n"));
		for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
			CHECK_EQ(t_spit(path, bad[i]), i == 4 ? -ERANGE : -EINVAL);
		CHECK(reads(path, "1\n"));
	}
	CHECK_EQ(make("a/b"), 0); // takes them from its parent
	for (unsigned f = 0; f < 2; f++) {
		t_snprintf(path, sizeof path, "a/b/%s", flags_v1[f]);
		CHECK(reads(path, "1\n"));
		CHECK_EQ(t_spit(path, "0"), 0);
		CHECK(reads(path, "0\n"));
	}
	CHECK(!listed("a", "release_agent")); // the root's
	CHECK(!listed("a", "cgroup.sane_behavior"));
	CHECK(reads("../cgroup.sane_behavior", "0\n"));
	CHECK(reads("../notify_on_release", "0\n"));
	CHECK_EQ(t_spit("a/notify_on_release", "0"), 0); // on Linux an agent may run late, and be the next test's
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// Is run as `this @released SCRIPT GROUP`, by the script.
HELPER(released)
{
	char path[64], text[128];
	int n = t_snprintf(text, sizeof text, "%d %s %s\n", t_getpid(), t_argv[3], t_envp[0]);

	t_snprintf(path, sizeof path, "%s.%s", t_argv[2], strrchr(t_argv[3], '/') + 1);
	return sys(write, sys(open, path, O_CREAT | O_WRONLY | O_TRUNC, 0600), text, n) != n;
}

// The agent was run for the group of that name: what it was told, and it is gone.
static bool released(const char *script, const char *name)
{
	char path[64], text[160], want[64];
	long n;

	t_snprintf(path, sizeof path, "%s.%s", script, name);
	UNTIL(t_slurp(path, text, sizeof text) > 0);
	n = t_number(text);
	UNTIL(sys(kill, n, 0) == -ESRCH);
	CHECK_EQ(sys(unlink, path), 0);
	t_snprintf(want, sizeof want, "/%s/%s HOME=/\n", cg_base, name);
	return strstr(text, want) && n > 1;
}

static void releases(const char *script)
{
	char text[128], other[64];
	int pid;
	long fd;

	fd = sys(open, script, O_CREAT | O_WRONLY, 0700);
	CHECK_GE(fd, 0);
	t_snprintf(text, sizeof text, "#!%s @released\n", t_self);
	CHECK_EQ(sys(write, fd, text, strlen(text)), strlen(text));
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(t_spit("../release_agent", script), 0);
	t_snprintf(text, sizeof text, "%s\n", script);
	CHECK(reads("../release_agent", text));

	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("quiet"), 0);
	CHECK_EQ(t_spit("a/notify_on_release", "1"), 0);
	pid = t_fork();
	if (!pid)
		thread_pause(NULL);
	CHECK_EQ(put("quiet/tasks", pid), 0);
	CHECK_EQ(put("a/tasks", pid), 0); // quiet is empty again, and says nothing
	CHECK_EQ(put("tasks", pid), 0); // a is empty, but for its child
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK(released(script, "a")); // the last child went
	CHECK_EQ(put("a/tasks", pid), 0);
	CHECK_EQ(put("tasks", pid), 0);
	CHECK(released(script, "a")); // the last task was moved
	CHECK_EQ(put("a/tasks", pid), 0);
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK(released(script, "a")); // the last task died, and nobody has waited for it
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	t_snprintf(other, sizeof other, "%s.quiet", script);
	CHECK_EQ(sys(access, other, 0), -ENOENT);

	CHECK_EQ(t_spit("../release_agent", "/nowhere/at-all"), 0); // cannot be run: nothing happens
	if (t_on_thaw) // nor does it while what is left over is counted
		CHECK_EQ(t_spit("/sys/kernel/debug/pause", "release_agent 0 100"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "quiet"), 0);
}

// The agent is one of the whole machine: one test at a time, and whatever comes of it, it does not stay.
static void one_at_a_time(void)
{
	if (t_on_thaw)
		return; // alone anyway
	long fd = sys(open, "/tmp/thaw-release-agent", O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(flock, fd, LOCK_EX), 0);
}

TEST(v1_release_agent)
{
	char script[32];
	int how;

	v1("freezer");
	one_at_a_time();
	if (!reads("../release_agent", "\n"))
		SKIP("the machine has an agent of its own");
	t_snprintf(script, sizeof script, "/tmp/release-%d", t_getpid());
	how = IN_CHILD(releases(script));
	CHECK_EQ(t_spit("../release_agent", "\n"), 0);
	CHECK(reads("../release_agent", "\n"));
	CHECK_EQ(sys(unlink, script), 0);
	CHECK_EQ(how, 0);
	out_v1();
}

static int without_sys_admin(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	CHECK_EQ(sys(capget, &h, d), 0);
	d[0].effective &= ~(1u << CAP_SYS_ADMIN);
	CHECK_EQ(sys(capset, &h, d), 0);
	CHECK_EQ(t_spit("../release_agent", "/bin/x"), -EPERM);
	return 0;
}

TEST(v1_release_agent_is_the_administrators)
{
	char before[128];
	long n;

	v1("freezer");
	one_at_a_time();
	n = t_slurp("../release_agent", before, sizeof before - 1);
	CHECK_GE(n, 1);
	before[n] = 0;
	CHECK_EQ(IN_CHILD(without_sys_admin()), 0);
	CHECK(reads("../release_agent", before));
	out_v1();
}
