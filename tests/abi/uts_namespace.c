// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of the machine's name: clone, unshare, setns, /proc/PID/ns/uts, /proc/sys/kernel/hostname.
#include "namespace.h"
#include "pid_namespace.h"

#include <linux/utsname.h>

static struct new_utsname uts;

static const char *host(void)
{
	CHECK_EQ(sys(uname, &uts), 0);
	return uts.nodename;
}

TEST(unshare_changes_the_caller_alone)
{
	ns_prepare(CLONE_NEWUTS);
	char before[65];

	t_snprintf(before, sizeof before, "%s", host());
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
		CHECK_EQ(strcmp(host(), before), 0); // a copy, to begin with
		CHECK_EQ(sys(sethostname, "inside", 6), 0);
		CHECK_EQ(sys(setdomainname, "domain", 6), 0);
		CHECK_EQ(strcmp(host(), "inside"), 0);
		CHECK_EQ(strcmp(uts.domainname, "domain"), 0);
		CHECK_EQ(IN_CHILD(CHECK_EQ(strcmp(host(), "inside"), 0)), 0); // inherited
	}), 0);
	CHECK_EQ(strcmp(host(), before), 0);
}

TEST(clone_makes_one_for_the_child)
{
	ns_prepare(CLONE_NEWUTS);
	char before[65];
	int pid;

	t_snprintf(before, sizeof before, "%s", host());
	pid = (int)sys(clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		CHECK_EQ(sys(sethostname, "child", 5), 0);
		CHECK_EQ(strcmp(host(), "child"), 0);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(strcmp(host(), before), 0);
}

// The namespace is a thread's, and not the process's.
static int rename_apart(void *arg)
{
	(void)arg;
	CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
	CHECK_EQ(sys(sethostname, "thread", 6), 0);
	CHECK_EQ(strcmp(host(), "thread"), 0);
	return 0;
}

TEST(a_thread_may_have_its_own)
{
	ns_prepare(CLONE_NEWUTS);
	CHECK_EQ(IN_CHILD({
		struct thread t;

		CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
		CHECK_EQ(sys(sethostname, "process", 7), 0);
		thread_start(&t, rename_apart, NULL);
		thread_join(&t);
		CHECK_EQ(strcmp(host(), "process"), 0);
	}), 0);
}

static void be_named(void)
{
	CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
	CHECK_EQ(sys(sethostname, "there", 5), 0);
	yield_to_parent();
	CHECK_EQ(strcmp(host(), "there"), 0);
}

TEST(setns_by_file_and_by_pidfd)
{
	ns_prepare(CLONE_NEWUTS);
	int pid = in_namespace(be_named), fd = ns_open(pid, "uts"), own = ns_open(t_getpid(), "uts"), pidfd = (int)sys(pidfd_open, pid, 0);
	char before[65];

	t_snprintf(before, sizeof before, "%s", host());
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWIPC), -EINVAL);
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS | CLONE_NEWPID), -EINVAL);
		CHECK_EQ(strcmp(host(), before), 0);
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), 0);
		CHECK_EQ(strcmp(host(), "there"), 0);
		CHECK_EQ(sys(setns, own, 0), 0);
		CHECK_EQ(strcmp(host(), before), 0);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, pidfd, 0), -EINVAL);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWUTS | CLONE_VM), -EINVAL);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWUTS | CLONE_NEWPID), 0);
		CHECK_EQ(strcmp(host(), "there"), 0);
		CHECK_EQ(IN_CHILD(t_exit(t_getpid() == 2)), 1);
	}), 0);
	CHECK_EQ(IN_CHILD({ // all or none: there is no way up to the parent's numbers
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWPID), 0);
		CHECK_EQ(IN_CHILD({
			int up = (int)sys(pidfd_open, 1, 0);

			CHECK_GE(up, 0);
			CHECK_EQ(sys(setns, up, CLONE_NEWUTS | CLONE_NEWPID), 0); // its own namespace's init
			CHECK_EQ(strcmp(host(), "there"), 0);
		}), 0);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setns, fd, 0), -EPERM);
		CHECK_EQ(sys(setns, own, 0), -EPERM);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWUTS), -EPERM);
	}), 0);
	end_namespace();
	CHECK_EQ(sys(setns, pidfd, CLONE_NEWUTS), -ESRCH);
	// The file keeps it.
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK_EQ(strcmp(host(), "there"), 0);
	}), 0);
}

TEST(its_file)
{
	ns_prepare(CLONE_NEWUTS);
	struct stat a, b;
	char text[64], expect[64];
	int fd = ns_open(t_getpid(), "uts");

	CHECK_EQ(sys(fstat, fd, &a), 0);
	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWUTS);
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, 0xb7ff, 0), -ENOTTY);
	long n = sys(readlink, "/proc/self/ns/uts", text, sizeof text - 1);

	CHECK_GE(n, 1);
	text[n] = 0;
	t_snprintf(expect, sizeof expect, "uts:[%lu]", (unsigned long)a.st_ino);
	CHECK_EQ(strcmp(text, expect), 0);
	CHECK_EQ(sys(stat, "/proc/self/ns/uts", &b), 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
		CHECK_EQ(sys(stat, "/proc/self/ns/uts", &b), 0);
		CHECK(a.st_ino != b.st_ino);
		CHECK_EQ(a.st_dev, b.st_dev);
	}), 0);
}

TEST(names_by_proc)
{
	ns_prepare(CLONE_NEWUTS);
	char line[80], longest[81];

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
		CHECK_EQ(t_spit("/proc/sys/kernel/hostname", "by-proc\n"), 0);
		CHECK_EQ(strcmp(host(), "by-proc"), 0);
		CHECK_EQ(t_spit("/proc/sys/kernel/hostname", "short"), 0);
		CHECK_EQ(strcmp(host(), "short"), 0);
		CHECK_EQ(t_spit("/proc/sys/kernel/domainname", "one\ntwo"), 0);
		host();
		CHECK_EQ(strcmp(uts.domainname, "one"), 0);
		t_slurp("/proc/sys/kernel/domainname", line, sizeof line);
		CHECK_EQ(strcmp(line, "one\n"), 0);
		memset(longest, 'x', 80);
		longest[80] = 0;
		CHECK_EQ(t_spit("/proc/sys/kernel/hostname", longest), 0);
		CHECK_EQ(strlen(host()), 64);
		CHECK_EQ(t_spit("/proc/sys/kernel/osrelease", "9"), -EACCES);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(t_spit("/proc/sys/kernel/hostname", "no"), -EACCES);
	}), 0);
}

TEST(bad_names)
{
	ns_prepare(CLONE_NEWUTS);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
		CHECK_EQ(sys(sethostname, "x", -1), -EINVAL);
		CHECK_EQ(sys(sethostname, "x", 65), -EINVAL);
		CHECK_EQ(sys(sethostname, 16, 3), -EFAULT);
		CHECK_EQ(sys(setdomainname, 16, 3), -EFAULT);
		CHECK_EQ(sys(sethostname, 16, 0), 0);
		CHECK_EQ(strcmp(host(), ""), 0);
	}), 0);
}

// Thousands of them: nothing stays.
TEST(many)
{
	ns_prepare(CLONE_NEWUTS);
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 1000; i++)
			CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
	}), 0);
}
