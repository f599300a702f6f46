// SPDX-License-Identifier: GPL-2.0-only
//
// /proc/PID/uid_map, gid_map, projid_map, setgroups: what is read, what may be written, by whom.
#include "user_namespace.h"

static void wait_there(void)
{
	yield_to_parent();
}

// Asked from inside, the right side is as the parent calls them, too.
static void see_map(void)
{
	yield_to_parent();
	CHECK(id_is(0, "uid_map", "         5          7          1\n         6          0          2\n"));
	CHECK_EQ(sys(getuid), 6);
}

TEST(what_is_read)
{
	userns_prepare();
	CHECK(id_is(0, "uid_map", "         0          0 4294967295\n"));
	CHECK(id_is(0, "gid_map", "         0          0 4294967295\n"));
	CHECK(id_is(0, "projid_map", "         0          0 4294967295\n"));
	CHECK(id_is(0, "setgroups", "allow\n"));
	CHECK_EQ(id_write(0, "uid_map", "0 0 1"), -EPERM); // the machine's own
	int pid = in_user_namespace(0, see_map);

	CHECK(id_is(pid, "uid_map", ""));
	CHECK_EQ(id_write(pid, "uid_map", "5 7 1\n6 0 2\n"), 0);
	CHECK(id_is(pid, "uid_map", "         5          7          1\n         6          0          2\n"));
	CHECK_EQ(id_write(pid, "uid_map", "5 7 1\n"), -EPERM); // once
	end_namespace();
}

TEST(as_others_call_them)
{
	userns_prepare();
	int pid = in_user_namespace(0, wait_there), fd = ns_open(pid, "user");

	map_range(pid, 100000, 1000);
	CHECK_EQ(IN_CHILD({
		int below;

		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK_EQ(sys(setresgid, 0, 0, 0), 0);
		CHECK_EQ(sys(setresuid, 0, 0, 0), 0);
		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
		CHECK(id_is(0, "uid_map", "         0     100000       1000\n"));
		below = in_user_namespace(0, wait_there);
		CHECK_EQ(id_write(below, "uid_map", "10 20 30"), 0);
		CHECK(id_is(below, "uid_map", "        10         20         30\n"));
		CHECK_EQ(id_write(below, "gid_map", "1 999 2"), -EPERM); // not all of it has a name there
		CHECK_EQ(id_write(below, "gid_map", "1 999 1"), 0);
		end_namespace();
	}), 0);
	CHECK(id_is(pid, "uid_map", "         0     100000       1000\n"));
	end_namespace();
	sys(close, fd);
}

TEST(own_id_without_privilege)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		become(1000);
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
		CHECK_EQ(id_write(0, "uid_map", "0 1001 1"), -EPERM);
		CHECK_EQ(id_write(0, "uid_map", "0 1000 2"), -EPERM);
		CHECK_EQ(id_write(0, "uid_map", "0 1000 1\n1 1001 1\n"), -EPERM);
		CHECK_EQ(id_write(0, "uid_map", "0 0 1"), -EPERM);
		CHECK_EQ(id_write(0, "uid_map", "77 1000 1"), 0);
		CHECK_EQ(sys(getuid), 77);
		CHECK_EQ(id_write(0, "gid_map", "78 1000 1"), -EPERM); // setgroups() could be used to leave a group
		CHECK_EQ(id_write(0, "setgroups", "deny"), 0);
		CHECK(id_is(0, "setgroups", "deny\n"));
		CHECK_EQ(id_write(0, "setgroups", "allow"), -EPERM);
		CHECK_EQ(id_write(0, "setgroups", "deny"), 0);
		CHECK_EQ(id_write(0, "gid_map", "78 1000 1"), 0);
		CHECK_EQ(id_write(0, "setgroups", "deny"), -EPERM); // too late now, whatever it says
		CHECK_EQ(sys(getgid), 78);
		CHECK_EQ(sys(getegid), 78);
		CHECK_EQ(sys(setgroups, 0, 0), -EPERM);
		CHECK_EQ(id_write(0, "projid_map", "3 5 7\n"), 0); // anybody's
		CHECK(id_is(0, "projid_map", "         3          5          7\n"));
	}), 0);
}

// Not by the namespace's own capabilities, and not by who is elsewhere.
TEST(who_may_write)
{
	userns_prepare();
	int pid, fd;

	CHECK_EQ(IN_CHILD({
		become(1000);
		int inner = in_user_namespace(0, wait_there);

		CHECK_EQ(IN_CHILD({ // has the capabilities, in a namespace that is neither of the two
			CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
			int there = (int)id_write(inner, "uid_map", "0 1000 1");

			CHECK(there == -EPERM || there == -EACCES);
		}), 0);
		CHECK_EQ(id_write(inner, "uid_map", "0 1000 1"), 0); // the parent, who made it
		CHECK_EQ(id_write(inner, "gid_map", "0 1000 1"), -EPERM);
		CHECK_EQ(id_write(inner, "setgroups", "deny"), 0);
		CHECK_EQ(id_write(inner, "gid_map", "0 1000 1"), 0);
		end_namespace();
	}), 0);
	pid = in_user_namespace(0, wait_there);
	char path[64];

	t_snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
	CHECK_GE(fd = (int)sys(open, path, O_RDWR | O_CLOEXEC), 0);
	CHECK_EQ(IN_CHILD({ // opened by who may, written by who may not
		become(1000);
		CHECK_EQ(sys(write, fd, "0 0 10", 6), -EPERM);
		CHECK_EQ(id_write(pid, "uid_map", "0 0 10"), -EACCES);
		CHECK_EQ(id_write(pid, "setgroups", "deny"), -EACCES);
	}), 0);
	CHECK_EQ(sys(lseek, fd, 1, 0), 1);
	CHECK_EQ(sys(write, fd, "0 0 10", 6), -EINVAL);
	CHECK_EQ(sys(lseek, fd, 0, 0), 0);
	CHECK_EQ(sys(write, fd, "0 0 10", 6), 6);
	CHECK_EQ(sys(write, fd, "0 0 10", 6), -EINVAL); // not at the beginning any more
	CHECK_EQ(sys(lseek, fd, 0, 0), 0);
	CHECK_EQ(sys(write, fd, "0 0 10", 6), -EPERM);
	sys(close, fd);
	end_namespace();
}

TEST(bad_texts)
{
	static const char *const bad[] = {
		"", "\n", " ", "0", "0 0", "0 0 ", "0 0 0", "x 0 1", "0 x 1", "0 0 x", "0 0 1 x", "0 0 1\n\n0 1 1", "0 0 1\n\n", "-1 0 1",
		"0 -1 1", "0 0 -1", "4294967295 0 1", "0 4294967295 1", "1 0 4294967295", "0 1 4294967295", "0 0 4294967296", "0,0,1",
		"0 0 1\n0 5 1", "0 0 1\n5 0 1", "0 0 10\n9 20 1", "9 20 1\n0 0 10", "5 5 5\n7 100 1\n", "100 7 1\n5 5 5\n", "0 0 1\n1 1",
		"0 0 1\r0 0 1", "0x0 0 1",
	};

	userns_prepare();
	int pid = in_user_namespace(0, wait_there);

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		if (id_write(pid, "uid_map", bad[i]) != -EINVAL)
			t_fail(__FILE__, __LINE__, bad[i]);
	CHECK(id_is(pid, "uid_map", ""));
	CHECK_EQ(id_write(pid, "uid_map", "  \t0 \v 0\f 4294967295  \n"), 0);
	CHECK_EQ(id_write(pid, "gid_map", "4294967296 00 1"), 0); // what does not fit is cut
	CHECK(id_is(pid, "gid_map", "         0          0          1\n"));
	CHECK(id_is(pid, "uid_map", "         0          0 4294967295\n"));
	end_namespace();
}

TEST(bad_setgroups)
{
	static const char *const bad[] = {"", "x", "den", "denyx", "deny x", "allowed", "allow   ", "deny    ", "DENY"};

	userns_prepare();
	CHECK_EQ(IN_CHILD({
		int fd;

		CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
		CHECK_EQ(id_write(0, "setgroups", "allow\n"), 0);
		CHECK_GE(fd = (int)sys(open, "/proc/self/setgroups", O_WRONLY), 0);
		for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
			CHECK_EQ(sys(write, fd, bad[i], strlen(bad[i])), -EINVAL);
		CHECK_EQ(sys(write, fd, 16, 4), -EFAULT);
		CHECK_EQ(sys(lseek, fd, 4, 0), 4);
		CHECK_EQ(sys(write, fd, "deny", 4), -EINVAL);
		CHECK_EQ(sys(lseek, fd, 0, 0), 0);
		CHECK_EQ(sys(write, fd, "deny\n\n ", 7), 7);
		CHECK(id_is(0, "setgroups", "deny\n"));
		CHECK_EQ(IN_CHILD({ // those below have it so from the beginning
			CHECK_EQ(id_write(0, "uid_map", "0 0 1"), 0);
			CHECK_EQ(id_write(0, "gid_map", "0 0 1"), 0);
			CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
			CHECK(id_is(0, "setgroups", "deny\n"));
			CHECK_EQ(id_write(0, "setgroups", "allow"), -EPERM);
		}), 0);
	}), 0);
}

static char text[32768];

static size_t lines(int n, int step)
{
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += t_snprintf(text + len, sizeof text - len, "%d %d 1\n", (n - i) * step, (i + 1) * step);
	return len;
}

// All of them are good.
static void use_lines(void)
{
	unsigned r, e, v;

	yield_to_parent();
	CHECK_EQ(sys(setresuid, 680, 2, 340), 0);
	CHECK_EQ(sys(getresuid, &r, &e, &v), 0);
	CHECK_EQ(r, 680);
	CHECK_EQ(e, 2);
	CHECK_EQ(v, 340);
	CHECK_EQ(sys(setresuid, -1, 3, -1), -EINVAL);
}

TEST(as_many_lines_as_there_may_be)
{
	userns_prepare();
	int pid = in_user_namespace(0, use_lines), fd;
	char path[64];
	long n = 0;
	size_t len;

	t_snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
	CHECK_GE(fd = (int)sys(open, path, O_RDWR | O_CLOEXEC), 0);
	memset(text, ' ', PAGE);
	CHECK_EQ(sys(write, fd, text, PAGE), -EINVAL);
	CHECK_EQ(sys(write, fd, 16, 10), -EFAULT);
	len = lines(341, 2);
	CHECK_LE(len, PAGE - 1);
	CHECK_EQ(sys(write, fd, text, len), -EINVAL);
	len = lines(340, 2);
	CHECK_EQ(sys(write, fd, text, len), len);
	CHECK_EQ(sys(lseek, fd, 0, 0), 0);
	for (long got; (got = sys(read, fd, text + n, 1000)) > 0; n += got)
		;
	CHECK_EQ(n, 340 * 33);
	text[33] = 0; // so many are sorted
	CHECK_EQ(strcmp(text, "         2        680          1\n"), 0);
	sys(close, fd);
	end_namespace();
}

static int race_pid;

static int write_map(void *arg)
{
	char one[32];

	t_snprintf(one, sizeof one, "0 %d 10", *(int *)arg);
	return (int)id_write(race_pid, "uid_map", one);
}

// Of two writers one wins, whole.
TEST(two_writers)
{
	userns_prepare();
	for (int i = 0; i < 50; i++) {
		int pid = in_user_namespace(0, wait_there), a = 1000, b = 2000, wins = 0;

		race_pid = pid;
		for (int k = 0; k < 2; k++)
			if (t_fork() == 0)
				t_exit(-write_map(k ? &a : &b));
		for (int k = 0; k < 2; k++) {
			int code = t_wait(-1);

			CHECK(code == 0 || code == EPERM);
			wins += code == 0;
		}
		CHECK_EQ(wins, 1);
		CHECK(id_is(pid, "uid_map", "         0       1000         10\n") || id_is(pid, "uid_map", "         0       2000         10\n"));
		end_namespace();
	}
}

// Who made it without CAP_SETFCAP gives nobody there the machine's root for a name.
TEST(root_needs_a_capability_over_files)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(prctl, PR_CAPBSET_DROP, 31, 0, 0, 0), 0);
		CHECK_EQ(t_exec("without_setfcap", NULL, NULL), 0);
	}), 0);
}

HELPER(without_setfcap)
{
	CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
	CHECK_EQ(id_write(0, "uid_map", "0 0 2"), -EPERM);
	CHECK_EQ(id_write(0, "uid_map", "0 0 1"), -EPERM);
	CHECK_EQ(id_write(0, "uid_map", "0 1 2"), -EPERM);
	return 0;
}

// The file is about the namespace in which its task was when it was opened.
TEST(after_the_end)
{
	userns_prepare();
	int pid = in_user_namespace(0, wait_there), fd;
	char path[64];

	t_snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
	CHECK_GE(fd = (int)sys(open, path, O_RDWR | O_CLOEXEC), 0);
	end_namespace();
	CHECK_EQ(sys(open, path, O_RDONLY), -ENOENT);
	CHECK_EQ(sys(write, fd, "0 1 1\n", 6), 6);
	CHECK_EQ(sys(pread64, fd, path, 33, 0), 33);
	CHECK_EQ(sys(pread64, fd, path, 33, 30), 3);
	CHECK_EQ(sys(pread64, fd, path, 33, 33), 0);
	CHECK_EQ(sys(pread64, fd, 16, 33, 0), -EFAULT);
	sys(close, fd);
}
