// SPDX-License-Identifier: GPL-2.0-only
//
// Extended attributes of files in memory. (Linux has user.* there since 6.6.)
#include "t.h"

#define CREATE 1
#define REPLACE 2

static char buf[70000];
static const char path[] = "/dev/shm/xattr-test";

static void make(void)
{
	sys(unlink, path);
	CHECK_EQ(t_spit(path, "data"), 0);
	long ret = sys(setxattr, path, "user.probe", "", 0, 0);

	if (ret == -EOPNOTSUPP) {
		sys(unlink, path);
		SKIP("this kernel's tmpfs has no user attributes");
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(sys(removexattr, path, "user.probe"), 0);
}

static void done(void)
{
	CHECK_EQ(sys(unlink, path), 0);
}

TEST(values_are_kept)
{
	make();
	CHECK_EQ(sys(setxattr, path, "user.a", "value", 5, 0), 0);
	CHECK_EQ(sys(getxattr, path, "user.a", 0, 0), 5);
	CHECK_EQ(sys(getxattr, path, "user.a", buf, 5), 5);
	CHECK(!memcmp(buf, "value", 5));
	CHECK_EQ(sys(getxattr, path, "user.a", buf, 4), -ERANGE);
	CHECK_EQ(sys(setxattr, path, "user.a", "longer value", 12, 0), 0);
	CHECK_EQ(sys(getxattr, path, "user.a", buf, 100), 12);
	CHECK_EQ(sys(setxattr, path, "user.a", 0, 0, 0), 0); // empty, not gone
	CHECK_EQ(sys(getxattr, path, "user.a", buf, 100), 0);
	CHECK_EQ(sys(removexattr, path, "user.a"), 0);
	CHECK_EQ(sys(getxattr, path, "user.a", buf, 100), -ENODATA);
	CHECK_EQ(sys(removexattr, path, "user.a"), -ENODATA);
	done();
}

TEST(create_and_replace)
{
	make();
	CHECK_EQ(sys(setxattr, path, "user.a", "1", 1, REPLACE), -ENODATA);
	CHECK_EQ(sys(setxattr, path, "user.a", "1", 1, CREATE), 0);
	CHECK_EQ(sys(setxattr, path, "user.a", "2", 1, CREATE), -EEXIST);
	CHECK_EQ(sys(setxattr, path, "user.a", "3", 1, REPLACE), 0);
	CHECK_EQ(sys(getxattr, path, "user.a", buf, 10), 1);
	CHECK_EQ(buf[0], '3');
	CHECK_EQ(sys(setxattr, path, "user.a", "3", 1, 4), -EINVAL);
	done();
}

TEST(names_are_listed)
{
	make();
	long before = sys(listxattr, path, 0, 0); // a security module may have its own

	CHECK_EQ(sys(setxattr, path, "user.one", "1", 1, 0), 0);
	CHECK_EQ(sys(setxattr, path, "user.two", "2", 1, 0), 0);
	CHECK_EQ(sys(listxattr, path, 0, 0), before + 18);
	CHECK_EQ(sys(listxattr, path, buf, sizeof buf), before + 18);
	CHECK(!memcmp(buf + before, "user.one\0user.two", 18) || !memcmp(buf + before, "user.two\0user.one", 18) || before);
	CHECK_EQ(sys(listxattr, path, buf, before + 17), -ERANGE);
	CHECK_EQ(sys(listxattr, path, 8UL, 100), -EFAULT);
	done();
}

TEST(by_descriptor_and_of_a_symlink)
{
	int fd, name_only;

	make();
	fd = (int)sys(open, path, O_RDONLY);
	name_only = (int)sys(open, path, O_PATH);
	CHECK_EQ(sys(fsetxattr, fd, "user.a", "x", 1, 0), 0);
	CHECK_EQ(sys(fgetxattr, fd, "user.a", buf, 10), 1);
	CHECK_GE(sys(flistxattr, fd, buf, sizeof buf), 7);
	CHECK_EQ(sys(fgetxattr, name_only, "user.a", buf, 10), -EBADF);
	CHECK_EQ(sys(fgetxattr, -1, "user.a", buf, 10), -EBADF);
	CHECK_EQ(sys(fremovexattr, fd, "user.a"), 0);
	sys(unlink, "/dev/shm/xattr-link");
	CHECK_EQ(sys(symlink, path, "/dev/shm/xattr-link"), 0);
	CHECK_EQ(sys(setxattr, "/dev/shm/xattr-link", "user.b", "y", 1, 0), 0);
	CHECK_EQ(sys(getxattr, path, "user.b", buf, 10), 1);
	CHECK_EQ(sys(lsetxattr, "/dev/shm/xattr-link", "user.b", "y", 1, 0), -EPERM);
	CHECK_EQ(sys(lgetxattr, "/dev/shm/xattr-link", "user.b", buf, 10), -ENODATA);
	CHECK_EQ(sys(llistxattr, "/dev/shm/xattr-link", buf, 10), 0); // not those of the file
	CHECK_EQ(sys(lremovexattr, "/dev/shm/xattr-link", "user.b"), -EPERM);
	CHECK_EQ(sys(unlink, "/dev/shm/xattr-link"), 0);
	done();
}

TEST(names_that_cannot_be)
{
	char long_name[300];

	make();
	memset(long_name, 'n', sizeof long_name);
	memcpy(long_name, "user.", 5);
	long_name[256] = 0;
	CHECK_EQ(sys(setxattr, path, long_name, "x", 1, 0), -ERANGE);
	long_name[255] = 0;
	CHECK_EQ(sys(setxattr, path, long_name, "x", 1, 0), 0);
	CHECK_EQ(sys(setxattr, path, "", "x", 1, 0), -ERANGE);
	CHECK_EQ(sys(setxattr, path, "user.", "x", 1, 0), -EINVAL);
	CHECK_EQ(sys(setxattr, path, "nobody.a", "x", 1, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(getxattr, path, "nobody.a", buf, 1), -EOPNOTSUPP);
	CHECK_EQ(sys(removexattr, path, "nobody.a"), -EOPNOTSUPP);
	CHECK_EQ(sys(setxattr, path, "user.a", "x", 65537, 0), -E2BIG);
	CHECK_EQ(sys(setxattr, path, "user.a", buf, -1L, 0), -E2BIG);
	CHECK_EQ(sys(setxattr, path, 8UL, "x", 1, 0), -EFAULT);
	CHECK_EQ(sys(setxattr, path, "user.a", 8UL, 1, 0), -EFAULT);
	CHECK_EQ(sys(getxattr, path, 8UL, buf, 1), -EFAULT);
	CHECK_EQ(sys(setxattr, path, "user.a", "x", 1, 0), 0);
	CHECK_EQ(sys(getxattr, path, "user.a", 8UL, 1), -EFAULT);
	CHECK_EQ(sys(getxattr, "/dev/shm/none", "user.a", buf, 1), -ENOENT);
	CHECK_EQ(sys(getxattr, 8UL, "user.a", buf, 1), -EFAULT);
	CHECK(sys(setxattr, "/proc/self/stat", "user.a", "x", 1, 0) < 0);
	done();
}

TEST(a_large_value)
{
	make();
	memset(buf, 'v', 65536);
	CHECK_EQ(sys(setxattr, path, "user.large", buf, 65536, 0), 0);
	memset(buf, 0, 65536);
	CHECK_EQ(sys(getxattr, path, "user.large", buf, 65536), 65536);
	CHECK(buf[0] == 'v' && buf[65535] == 'v');
	done();
}

TEST(rights)
{
	make();
	if (sys(geteuid)) {
		done();
		SKIP("not root");
	}
	CHECK_EQ(sys(chmod, path, 0604), 0);
	CHECK_EQ(sys(setxattr, path, "user.a", "x", 1, 0), 0);
	CHECK_EQ(sys(setxattr, path, "trusted.t", "x", 1, 0), 0);
	CHECK_EQ(sys(getxattr, path, "trusted.t", buf, 1), 1);
	long all = sys(listxattr, path, 0, 0);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresgid, 65534, 65534, 65534), 0);
		CHECK_EQ(sys(setresuid, 65534, 65534, 65534), 0);
		CHECK_EQ(sys(getxattr, path, "user.a", buf, 1), 1);
		CHECK_EQ(sys(setxattr, path, "user.a", "x", 1, 0), -EACCES);
		CHECK_EQ(sys(removexattr, path, "user.a"), -EACCES);
		CHECK_EQ(sys(getxattr, path, "trusted.t", buf, 1), -ENODATA);
		CHECK_EQ(sys(setxattr, path, "trusted.t", "x", 1, 0), -EPERM);
		CHECK_EQ(sys(listxattr, path, 0, 0), all - 10);
	}),
		0);
	CHECK_EQ(sys(chmod, path, 0600), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresgid, 65534, 65534, 65534), 0);
		CHECK_EQ(sys(setresuid, 65534, 65534, 65534), 0);
		CHECK_EQ(sys(getxattr, path, "user.a", buf, 1), -EACCES);
	}),
		0);
	done();
}

TEST(until_memory_is_full)
{
	char name[32];
	long ret = 0;
	int n = 0;

	if (!t_on_thaw)
		SKIP("others may need theirs");
	make();
	while (n < 4000 && ret == 0) {
		t_snprintf(name, sizeof name, "user.%d", n++);
		ret = sys(setxattr, path, name, buf, 60000, 0);
	}
	CHECK_EQ(ret, -ENOSPC);
	done();
}
