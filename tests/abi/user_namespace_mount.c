// SPDX-License-Identifier: GPL-2.0-only
//
// Root of a user namespace with a mount namespace of its own: what it may mount there, and what it does not uncover.
#include "user_namespace.h"

#include <linux/mount.h>

#define MNT_DETACH 2

// A mount namespace of this process alone, a new directory, and below it m, with mount flags.
static void prepare(void)
{
	userns_prepare();
	CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
	CHECK_EQ(sys(mount, "none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
	t_tmpdir();
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	CHECK_EQ(sys(mkdir, "m", 0777), 0);
	CHECK_EQ(sys(mkdir, "n", 0777), 0);
	CHECK_EQ(sys(mkdir, "o", 0777), 0);
	CHECK_EQ(sys(mount, "none", "m", "tmpfs", MS_NOSUID | MS_NODEV, 0), 0);
}

TEST(its_own_mounts)
{
	prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWNS, {
		struct stat st;

		CHECK_EQ(sys(mount, "none", "n", "tmpfs", 0, "mode=755"), 0);
		CHECK_EQ(sys(stat, "n", &st), 0);
		CHECK(st.st_uid == 0 && st.st_gid == 0);
		CHECK_EQ(sys(mkdir, "n/d", 0700), 0);
		CHECK_EQ(sys(chown, "n/d", 5, 6), 0);
		CHECK_EQ(sys(chown, "n/d", 1000, 6), -EINVAL);
		CHECK_EQ(sys(mknod, "n/null", 0020666, 0x103), -EPERM);
		CHECK_EQ(sys(mount, "none", "n", 0, MS_REMOUNT | MS_RDONLY, 0), 0);
		CHECK_EQ(sys(mkdir, "n/e", 0700), -EROFS);
		CHECK_EQ(sys(mount, "none", "n", 0, MS_REMOUNT, 0), 0);
		CHECK_EQ(sys(mount, "n", "o", 0, MS_MOVE, 0), 0);
		CHECK_EQ(sys(umount2, "o", 0), 0);
		CHECK_EQ(sys(umount2, "o", 0), -EINVAL);
	}), 0);
}

TEST(only_where_it_is_its_own)
{
	prepare();
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(mount, "none", "n", "tmpfs", 0, 0), -EPERM);
		CHECK_EQ(sys(umount2, "m", 0), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWNS), 0);
		CHECK_EQ(sys(mount, "none", "n", "tmpfs", 0, 0), 0);
		CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
		CHECK_EQ(sys(mount, "none", "o", "tmpfs", 0, 0), -EPERM);
		CHECK_EQ(sys(umount2, "n", 0), -EPERM);
		CHECK_EQ(sys(pivot_root, "n", "n"), -EPERM);
	}), 0);
	CHECK_EQ(IN_USERNS(CLONE_NEWNS, {
		CHECK_EQ(sys(mount, "none", "n", "devtmpfs", 0, 0), -EPERM); // not for everybody
		CHECK_EQ(sys(mount, "none", "n", "proc", 0, 0), -EPERM);     // of numbers that are not its own
		CHECK_EQ(sys(mount, "none", "n", "sysfs", 0, 0), -EPERM);
		CHECK_EQ(sys(mount, "none", "n", "nonsense", 0, 0), -ENODEV);
	}), 0);
}

// What it found there may hide something, and have flags for a reason.
TEST(what_was_there_is_locked)
{
	prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWNS, {
		CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
		CHECK_EQ(sys(umount2, "m", 2), -EINVAL); // MNT_DETACH
		CHECK_EQ(sys(umount2, "m", 1), -EINVAL); // MNT_FORCE
		CHECK_EQ(sys(mount, "m", "n", 0, MS_MOVE, 0), -EINVAL);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_REMOUNT | MS_NOSUID | MS_NODEV, 0), -EPERM);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_REMOUNT | MS_BIND, 0), -EPERM);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_REMOUNT | MS_BIND | MS_NOSUID, 0), -EPERM);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_RDONLY, 0), 0);
		CHECK_EQ(sys(mkdir, "m/d", 0700), -EROFS);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, 0), 0);
		CHECK_EQ(sys(mount, "none", "m", "tmpfs", 0, 0), 0); // over it is fine
		CHECK_EQ(sys(umount2, "m", 0), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWNS), 0); // a copy of a copy is no less locked
		CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
		CHECK_EQ(sys(mount, "none", "m", 0, MS_REMOUNT | MS_BIND, 0), -EPERM);
	}), 0);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

static void mount_there(void)
{
	yield_to_parent();
	become(0);
	CHECK_EQ(sys(mount, "none", "n", "tmpfs", 0, "mode=777"), 0);
	yield_to_parent();
}

// Who enters without a name there makes no file that would belong to nobody.
TEST(files_of_nobody)
{
	prepare();
	int pid = in_user_namespace(CLONE_NEWNS, mount_there), user = ns_open(pid, "user"), mnt = ns_open(pid, "mnt");
	char here[256];

	CHECK_GE(sys(getcwd, here, sizeof here), 0);
	map_range(pid, BASE, 1000);
	yield_to_child();
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, user, 0), 0);
		CHECK_EQ(sys(setns, mnt, 0), 0);
		CHECK_EQ(sys(chdir, here), 0);
		CHECK_EQ(sys(getuid), OVERFLOW_ID);
		CHECK_EQ(sys(mkdir, "n/d", 0700), -EOVERFLOW);
		CHECK_EQ(sys(open, "n/f", O_CREAT | O_RDWR, 0600), -EOVERFLOW);
		CHECK_EQ(sys(symlink, "x", "n/s"), -EOVERFLOW);
		CHECK_EQ(sys(setresgid, 3, 3, 3), 0);
		CHECK_EQ(sys(setresuid, 3, 3, 3), 0);
		CHECK_EQ(sys(mkdir, "n/d", 0700), 0);
	}), 0);
	CHECK_EQ(IN_CHILD({ // from the namespace above
		CHECK_EQ(sys(setns, mnt, 0), 0);
		CHECK_EQ(sys(chdir, here), 0);
		CHECK_EQ(sys(mkdir, "n/e", 0700), -EOVERFLOW);
		CHECK_EQ(sys(chmod, "n/d", 0755), 0);
		CHECK_EQ(sys(chown, "n/d", 7, 7), 0); // nobody there
	}), 0);
	CHECK_EQ(IN_CHILD({ // to the root of the namespace, too, it is somebody else's
		struct stat st;

		CHECK_EQ(sys(setns, user, 0), 0);
		CHECK_EQ(sys(setns, mnt, 0), 0);
		CHECK_EQ(sys(chdir, here), 0);
		CHECK_EQ(sys(setresgid, 0, 0, 0), 0);
		CHECK_EQ(sys(setresuid, 0, 0, 0), 0);
		CHECK_EQ(sys(stat, "n/d", &st), 0);
		CHECK(st.st_uid == OVERFLOW_ID && st.st_gid == OVERFLOW_ID);
		CHECK_EQ(sys(mkdir, "n/d/x", 0700), -EACCES);
		CHECK_EQ(sys(access, "n/d", 2), -EACCES);
		CHECK_EQ(sys(access, "n/d", 5), 0);
		CHECK_EQ(sys(utimensat, AT_FDCWD, "n/d", 0, 0), -EACCES);
		CHECK_EQ(sys(chmod, "n/d", 0777), -EPERM);
		CHECK_EQ(sys(chown, "n/d", 0, 0), -EPERM);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, mnt, 0), 0);
		CHECK_EQ(sys(chdir, here), 0);
		CHECK_EQ(sys(chmod, "n/d", 0777), 0);
		CHECK_EQ(sys(chown, "n/d", BASE + 7, BASE), 0);
	}), 0);
	end_namespace();
	sys(close, user);
	sys(close, mnt);
}

// Whoever made a namespace enters it with what is mounted there.
TEST(its_maker_enters)
{
	prepare();
	CHECK_EQ(IN_CHILD({
		int pid;
		int user;
		int mnt;

		become(1000);
		pid = in_user_namespace(CLONE_NEWNS, yield_to_parent);
		user = ns_open(pid, "user");
		mnt = ns_open(pid, "mnt");
		CHECK_EQ(sys(setns, mnt, 0), -EPERM);
		CHECK_EQ(sys(setns, user, 0), 0);
		CHECK_EQ(sys(setns, mnt, 0), 0);
		CHECK_EQ(sys(mount, "none", "/", 0, MS_REC | MS_PRIVATE, 0), 0);
		end_namespace();
	}), 0);
}

TEST(its_own_proc)
{
	prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWNS | CLONE_NEWPID, {
		long err = sys(mount, "none", "n", "proc", 0, 0);

		if (err != -EPERM) { // where something of the machine's own is covered, Linux lets nobody look under it
			struct stat st;

			CHECK_EQ(err, 0);
			CHECK_EQ(sys(stat, "n/1", &st), 0);
			CHECK_EQ(st.st_uid, 0);
			CHECK(id_is(0, "setgroups", "allow\n"));
		}
	}), 0);
}

// What shows a namespace of another kind, for those to whom that belongs.
TEST(of_namespaces_that_are_its_own)
{
	prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP, {
		CHECK_EQ(sys(mount, "none", "n", "mqueue", 0, 0), 0);
		CHECK_EQ(sys(mount, "none", "o", "cgroup2", 0, 0), 0);
		CHECK_EQ(sys(mkdir, "o/g", 0700), -EACCES);
	}), 0);
	CHECK_EQ(IN_USERNS(CLONE_NEWNS, {
		CHECK_EQ(sys(mount, "none", "n", "mqueue", 0, 0), -EPERM);
		CHECK_EQ(sys(mount, "none", "o", "cgroup2", 0, 0), -EPERM);
	}), 0);
}

// Control groups and sysfs are the machine's, whoever mounts them.
TEST(what_stays_the_machines)
{
	static const char *const types[] = {"cgroup2", "sysfs"};

	prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWNET, {
		for (int i = 0; i < 2; i++) {
			long err = sys(mount, "none", "n", types[i], 0, 0);

			if (err == -EPERM && !t_on_thaw)
				continue; // where something of it is covered
			CHECK_EQ(err, 0);
			CHECK_EQ(sys(mount, "none", "n", 0, MS_REMOUNT, 0), -EPERM);
			CHECK_EQ(sys(mount, "none", "n", 0, MS_REMOUNT | MS_RDONLY, 0), -EPERM);
			CHECK_EQ(sys(mount, "none", "n", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), 0);
			CHECK_EQ(sys(umount2, "n", 0), 0);
		}
	}), 0);
}

// The same file system on what lies on its own root: whether that is refused or not, paths end.
TEST(a_tower_of_mounts)
{
	prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWNS | CLONE_NEWIPC, {
		struct stat st;
		long err;

		CHECK_EQ(sys(mount, "none", "n", "mqueue", 0, 0), 0);
		CHECK_EQ(sys(mount, "none", "n", "tmpfs", 0, 0), 0);
		err = sys(mount, "none", "n", "mqueue", 0, 0);
		CHECK(err == 0 || err == -ELOOP);
		CHECK_EQ(sys(stat, "n", &st), 0);
		CHECK_EQ(sys(mkdir, "n/d", 0700), err ? 0 : -EPERM);
		CHECK_EQ(sys(mount, "none", "o", "mqueue", 0, 0), 0);
		CHECK_EQ(sys(stat, "o/..", &st), 0);
		CHECK_EQ(sys(umount2, "o", MNT_DETACH), 0);
		while (sys(umount2, "n", MNT_DETACH) == 0)
			;
		CHECK_EQ(sys(stat, "n/d", &st), -ENOENT);
	}), 0);
}
