// SPDX-License-Identifier: GPL-2.0-only
//
// User namespaces: how they are made and entered, whose they are, and what capabilities are in them.
#include "user_namespace.h"

#include <linux/capability.h>

#define ALL_CAPS 0xffffffu // those of the low word that every Linux has

static unsigned effective(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	CHECK_EQ(sys(capget, &h, d), 0);
	return d[0].effective & ALL_CAPS;
}

TEST(unshare_needs_no_privilege)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		become(1000);
		CHECK_EQ(effective(), 0);
		CHECK_EQ(sys(prctl, PR_SET_SECUREBITS, 0, 0, 0, 0), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
		CHECK_EQ(effective(), ALL_CAPS);
		CHECK_EQ(sys(getuid), OVERFLOW_ID); // no names yet
		CHECK_EQ(sys(getegid), OVERFLOW_ID);
		CHECK_EQ(sys(prctl, PR_GET_SECUREBITS, 0, 0, 0, 0), 0);
		CHECK_EQ(sys(prctl, PR_SET_SECUREBITS, 1, 0, 0, 0), 0); // CAP_SETPCAP, there
		CHECK_EQ(sys(sethostname, "x", 1), -EPERM);		// not of the machine's
		CHECK_EQ(sys(unshare, CLONE_NEWUTS), 0);
		CHECK_EQ(sys(sethostname, "x", 1), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), -EPERM); // who made it would have no name
	}), 0);
}

TEST(clone_makes_one_for_the_child)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		unsigned long flags = CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWPID;
		struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};
		int pid;

		become(1000);
		pid = (int)sys(clone, flags | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0) {
			CHECK_EQ(effective(), ALL_CAPS);
			CHECK_EQ(sys(getpid), 1);
			CHECK_EQ(sys(sethostname, "x", 1), 0); // of whom is made along with it
			t_exit(0);
		}
		CHECK_EQ(t_wait(pid), 0);
		CHECK_EQ(effective(), 0);
		pid = (int)sys(clone3, &args, sizeof args);
		if (pid == 0)
			t_exit(effective() == ALL_CAPS ? 7 : 1);
		CHECK_EQ(t_wait(pid), 7);
		CHECK_EQ(sys(clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0), -EPERM);
	}), 0);
}

static int no_unshare(void *arg)
{
	(void)arg;
	CHECK_EQ(sys(unshare, CLONE_NEWUSER), -EINVAL);
	return 0;
}

TEST(bad_flags)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		struct thread t;

		CHECK_EQ(sys(clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0), -EINVAL);
		CHECK_EQ(sys(clone, CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 0, 0, 0, 0), -EINVAL);
		thread_start(&t, no_unshare, NULL); // has a thread beside it
		thread_join(&t);
	}), 0);
}

TEST(who_is_in_a_chroot_makes_none)
{
	userns_prepare();
	t_tmpdir();
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(mkdir, "top", 0755), 0);
		CHECK_EQ(sys(chroot, "top"), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), -EPERM);
		CHECK_EQ(sys(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), -EPERM);
	}), 0);
}

TEST(as_deep_as_it_goes)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		int levels = 0;

		become(1000);
		while (sys(unshare, CLONE_NEWUSER) == 0) {
			CHECK_EQ(id_write(0, "uid_map", levels ? "0 0 1" : "0 1000 1"), 0);
			CHECK_EQ(id_write(0, "setgroups", "deny"), 0);
			CHECK_EQ(id_write(0, "gid_map", levels ? "0 0 1" : "0 1000 1"), 0);
			levels++;
		}
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), -ENOSPC);
		CHECK_EQ(sys(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), -ENOSPC);
		CHECK_GE(levels, 31); // the tests themselves may be in one already
		CHECK_LE(levels, 33);
		CHECK_EQ(sys(getuid), 0);
	}), 0);
}

// --- who may do what in whose ---

static void be_there(void)
{
	yield_to_parent();
	CHECK_EQ(sys(getuid), OVERFLOW_ID); // the machine's root has no name there
}

TEST(setns_gives_all_capabilities)
{
	userns_prepare();
	int pid = in_user_namespace(CLONE_NEWUTS, be_there), user, uts, own, pidfd;

	map_range(pid, 100000, 1000);
	user = ns_open(pid, "user");
	uts = ns_open(pid, "uts");
	own = ns_open(t_getpid(), "user");
	pidfd = (int)sys(pidfd_open, pid, 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, own, CLONE_NEWUSER), -EINVAL); // the own one: nothing comes back
		CHECK_EQ(sys(setns, user, CLONE_NEWUTS), -EINVAL);
		CHECK_EQ(sys(setns, user, CLONE_NEWUSER), 0);
		CHECK_EQ(effective(), ALL_CAPS);
		CHECK_EQ(sys(getuid), OVERFLOW_ID);
		CHECK_EQ(sys(setns, own, CLONE_NEWUSER), -EPERM);
		CHECK_EQ(sys(setns, user, CLONE_NEWUSER), -EINVAL);
		CHECK_EQ(sys(setns, uts, 0), 0);
		CHECK_EQ(sys(sethostname, "there", 5), 0);
		CHECK_EQ(sys(setresgid, 5, 5, 5), 0);
		CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
		CHECK_EQ(sys(getuid), 5);
		CHECK_EQ(effective(), ALL_CAPS); // not root before, so it does not cease to be
	}), 0);
	CHECK_EQ(IN_CHILD({ // both at once, that of users first
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWUSER | CLONE_NEWUTS), 0);
		CHECK_EQ(sys(sethostname, "both", 4), 0);
	}), 0);
	CHECK_EQ(IN_CHILD({
		become(1000);
		CHECK_EQ(sys(setns, user, 0), -EPERM);
		CHECK_EQ(sys(setns, uts, 0), -EPERM);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWUSER), -EPERM);
	}), 0);
	CHECK_EQ(IN_CHILD({ // not with others who share the directories, and not with threads
		int sharer = (int)sys(clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);

		if (sharer == 0) {
			CHECK_EQ(sys(setns, user, 0), -EINVAL);
			t_exit(0);
		}
		CHECK_EQ(t_wait(sharer), 0);
	}), 0);
	end_namespace();
	sys(close, user);
	sys(close, uts);
	sys(close, own);
	sys(close, pidfd);
}

static int no_setns(void *arg)
{
	CHECK_EQ(sys(setns, *(int *)arg, 0), -EINVAL);
	return 0;
}

TEST(who_made_it_may_enter)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		struct thread t;
		int pid, fd, uts;

		become(1000);
		pid = in_user_namespace(CLONE_NEWUTS, yield_to_parent);
		fd = ns_open(pid, "user");
		uts = ns_open(pid, "uts");
		CHECK_EQ(sys(setns, uts, 0), -EPERM); // has the right there, but not where it is
		thread_start(&t, no_setns, &fd);
		thread_join(&t);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(setns, fd, 0), 0);
			CHECK_EQ(effective(), ALL_CAPS);
			CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
			CHECK_EQ(sys(setns, uts, 0), 0);
			CHECK_EQ(sys(sethostname, "x", 1), 0);
		}), 0);
		CHECK_EQ(sys(kill, pid, 0), 0);
		end_namespace();
	}), 0);
}

// Without a capability above one's own namespace the rest of the machine is as it was.
TEST(root_inside_is_nobody_outside)
{
	userns_prepare();
	int pid = t_getpid();

	t_tmpdir();
	CHECK_EQ(sys(mkdir, "locked", 0700), 0);
	CHECK_EQ(IN_CHILD({
		become(1000);
		be_root_in_own();
		CHECK_EQ(effective(), ALL_CAPS);
		CHECK_EQ(sys(kill, pid, 0), -EPERM);
		CHECK_EQ(sys(chdir, "locked"), -EACCES);
		CHECK_EQ(sys(chown, "locked", 0, 0), -EPERM);
		CHECK_EQ(sys(sethostname, "x", 1), -EPERM);
		CHECK_EQ(sys(setuid, 1), -EINVAL); // has no such name
		CHECK_EQ(sys(setgroups, 0, 0), -EPERM);
		CHECK_EQ(sys(ptrace, 16, pid, 0, 0), -EPERM);
		CHECK_EQ(t_spit("/proc/sys/kernel/hostname", "no"), -EACCES);
		CHECK_EQ(t_spit("/proc/sys/kernel/overflowuid", "7"), -EACCES);
	}), 0);
}

TEST(capabilities_go_down_and_not_up)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		int pid;

		become(1000);
		be_root_in_own();
		pid = in_user_namespace(0, yield_to_parent); // a grandchild
		CHECK_EQ(sys(kill, pid, 0), 0);
		CHECK_EQ(id_write(pid, "uid_map", "0 0 1"), 0);
		CHECK_EQ(IN_CHILD({ // from the grandchild nobody above is reached
			int fd = ns_open(pid, "user");

			CHECK_EQ(sys(setns, fd, 0), 0);
			CHECK_EQ(sys(getuid), 0);
			CHECK_EQ(sys(setns, ns_open(t_getpid(), "uts"), 0), -EPERM);
		}), 0);
		end_namespace();
	}), 0);
}

// --- its files ---

TEST(owners_by_ioctl)
{
	userns_prepare();
	int pid = in_user_namespace(CLONE_NEWUTS | CLONE_NEWPID, yield_to_parent), user = ns_open(pid, "user"), uts = ns_open(pid, "uts"), up;
	struct stat a, b;
	unsigned uid = 77;

	CHECK_EQ(sys(ioctl, user, NS_GET_NSTYPE, 0), CLONE_NEWUSER);
	CHECK_EQ(sys(fstat, user, &a), 0);
	CHECK_GE(up = (int)sys(ioctl, uts, NS_GET_USERNS, 0), 0);
	CHECK_EQ(sys(fstat, up, &b), 0);
	CHECK_EQ(a.st_ino, b.st_ino);
	sys(close, up);
	CHECK_GE(up = (int)sys(ioctl, user, NS_GET_PARENT, 0), 0);
	CHECK_EQ(sys(fstat, up, &b), 0);
	CHECK_EQ(b.st_ino, ns_ino(t_getpid(), "user"));
	CHECK_EQ(sys(ioctl, user, NS_GET_OWNER_UID, &uid), 0);
	CHECK_EQ(uid, 0);
	CHECK_EQ(sys(ioctl, user, NS_GET_OWNER_UID, 16), -EFAULT);
	CHECK_EQ(sys(ioctl, uts, NS_GET_OWNER_UID, &uid), -EINVAL);
	CHECK_EQ(sys(ioctl, up, NS_GET_PARENT, 0), -EPERM);
	CHECK_EQ(sys(ioctl, up, NS_GET_USERNS, 0), -EPERM);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, user, 0), 0);
		CHECK_EQ(sys(ioctl, user, NS_GET_PARENT, 0), -EPERM); // not seen from inside
		CHECK_EQ(sys(ioctl, user, NS_GET_OWNER_UID, &uid), 0);
		CHECK_EQ(uid, OVERFLOW_ID);
		CHECK_GE(sys(ioctl, uts, NS_GET_USERNS, 0), 0);
	}), 0);
	end_namespace();
	sys(close, up);
	sys(close, user);
	sys(close, uts);
}

// Thousands of them, in each other and beside each other: nothing stays.
TEST(many)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		become(1000);
		for (int i = 0; i < 300; i++)
			CHECK_EQ(IN_CHILD(CHECK_EQ(sys(unshare, CLONE_NEWUSER | CLONE_NEWUTS | CLONE_NEWPID), 0)), 0);
	}), 0);
}

// Those who look at a process while it goes from one to the next, and ends.
static void look_at(int pid, volatile int *stop)
{
	static char text[4096];
	char path[64];

	while (!*stop) {
		long fd;

		sys(kill, pid, 0);
		sys(getpriority, 0, pid);
		t_snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
		fd = sys(open, path, O_RDWR);
		if (fd >= 0) {
			sys(write, fd, "0 100000 7", 10);
			sys(close, fd);
		}
		t_snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
		sys(readlink, path, text, sizeof text);
		fd = sys(open, path, O_RDONLY);
		if (fd >= 0) {
			long up = sys(ioctl, fd, NS_GET_PARENT, 0);

			if (up >= 0)
				sys(close, up);
			sys(close, fd);
		}
		t_snprintf(path, sizeof path, "/proc/%d/status", pid);
		fd = sys(open, path, O_RDONLY);
		if (fd >= 0) {
			sys(read, fd, text, sizeof text);
			sys(close, fd);
		}
	}
}

// ---- how many there may be ----

static const struct {
	const char *path;
	unsigned long type;
} limits[] = {
#define LIMIT(name, type) {"/proc/sys/user/max_" name "_namespaces", type}
	LIMIT("user", CLONE_NEWUSER), LIMIT("pid", CLONE_NEWPID), LIMIT("uts", CLONE_NEWUTS), LIMIT("ipc", CLONE_NEWIPC),
	LIMIT("net", CLONE_NEWNET), LIMIT("mnt", CLONE_NEWNS), LIMIT("cgroup", CLONE_NEWCGROUP), LIMIT("time", CLONE_NEWTIME),
};
enum { LIMITS = sizeof limits / sizeof *limits };

static char line[32];

static void ends(int pid)
{
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// A process that makes one, and stays: its number, or what it was told.
static int makes_one(unsigned long type)
{
	_Atomic int *done = t_map_shared(PAGE);
	int pid = t_fork(), err;

	CHECK_GE(pid, 0);
	if (pid == 0) {
		err = (int)sys(unshare, type);
		*done = err ? err : 1;
		thread_pause(NULL);
	}
	UNTIL(*done);
	err = *done;
	sys(munmap, done, PAGE);
	if (err == 1)
		return pid;
	ends(pid);
	return err;
}

TEST(as_many_as_a_limit_allows)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, {
		for (int i = 0; i < LIMITS; i++) {
			int pid;

			CHECK_EQ(t_slurp(limits[i].path, line, sizeof line), 11);
			CHECK_EQ(t_number(line), INT32_MAX);
			CHECK_EQ(t_spit(limits[i].path, "-1"), -EINVAL);
			CHECK_EQ(t_spit(limits[i].path, "2147483648"), -EINVAL);
			CHECK_EQ(t_spit(limits[i].path, "0"), 0);
			CHECK_EQ(makes_one(limits[i].type), -ENOSPC);
			CHECK_EQ(t_spit(limits[i].path, "1"), 0);
			pid = makes_one(limits[i].type);
			CHECK_GE(pid, 1);
			CHECK_EQ(makes_one(limits[i].type), -ENOSPC);
			ends(pid);
			UNTIL((pid = makes_one(limits[i].type)) != -ENOSPC); // Linux ends them a little later
			CHECK_GE(pid, 1);
			ends(pid);
		}
	}), 0);
}

TEST(limits_are_of_a_user_and_of_those_above)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, {
		const char *users = limits[0].path;
		int pid;

		CHECK_EQ(t_spit(users, "1"), 0);
		CHECK_EQ(t_spit("/proc/sys/user/max_uts_namespaces", "1"), 0);
		pid = makes_one(CLONE_NEWUSER);
		CHECK_GE(pid, 1);
		CHECK_EQ(IN_CHILD({ // another user has as many
			long fd = sys(open, users, O_RDWR);

			CHECK_GE(fd, 0);
			CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
			CHECK_EQ(sys(open, users, O_WRONLY), -EACCES);
			CHECK_EQ(sys(pwrite64, fd, "7", 1, 0), -EPERM);
			int other = makes_one(CLONE_NEWUSER);

			CHECK_GE(other, 1);
			CHECK_EQ(makes_one(CLONE_NEWUSER), -ENOSPC);
			ends(other);
		}), 0);
		ends(pid);
		UNTIL((pid = makes_one(CLONE_NEWUSER)) != -ENOSPC);
		ends(pid);
		CHECK_EQ(IN_CHILD({ // whoever made it answers for what is made there
			UNTIL(sys(unshare, CLONE_NEWUSER) == 0);
			CHECK_EQ(id_write(0, "uid_map", "0 0 1"), 0);
			CHECK_EQ(t_slurp(users, line, sizeof line), 11);
			CHECK_EQ(t_number(line), INT32_MAX);
			pid = makes_one(CLONE_NEWUTS);
			CHECK_GE(pid, 1);
			CHECK_EQ(makes_one(CLONE_NEWUTS), -ENOSPC);
			CHECK_EQ(makes_one(CLONE_NEWUSER), -ENOSPC);
			ends(pid);
		}), 0);
	}), 0);
}

TEST(looked_at_while_it_changes)
{
	userns_prepare();
	volatile int *stop = (int *)sys(mmap, 0, PAGE, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int round = 0; round < 8; round++) {
		int looker[3], pid = t_fork();

		*stop = 0;
		if (pid == 0) {
			become(1000);
			for (int depth = 0; depth < 20; depth++) {
				sys(kill, t_getpid(), 0);
				if (sys(unshare, CLONE_NEWUSER) == 0 && id_write(0, "uid_map", depth ? "0 0 1" : "0 1000 1") == 0) {
					CHECK_EQ(id_write(0, "setgroups", "deny"), 0);
					CHECK_EQ(id_write(0, "gid_map", depth ? "0 0 1" : "0 1000 1"), 0);
				}
			}
			t_exit(0);
		}
		for (int k = 0; k < 3; k++) {
			looker[k] = t_fork();
			if (looker[k] == 0) {
				look_at(pid, stop);
				t_exit(0);
			}
		}
		CHECK_EQ(t_wait(pid), 0);
		*stop = 1;
		for (int k = 0; k < 3; k++)
			CHECK_EQ(t_wait(looker[k]), 0);
	}
}
