// SPDX-License-Identifier: GPL-2.0-only
//
// syslog(2): what of the kernel's log everybody may do, and what an administrator.
#include "t.h"

enum { CLOSE, OPEN, READ, READ_ALL, READ_CLEAR, CLEAR, CONSOLE_OFF, CONSOLE_ON, CONSOLE_LEVEL, SIZE_UNREAD, SIZE_BUFFER };

static char buf[64];

static void skip_if_restricted(void)
{
	if (sys(syslog, OPEN, 0, 0) == -EPERM || sys(getuid))
		SKIP("not the administrator of the machine");
}

TEST(bad_arguments)
{
	skip_if_restricted();
	CHECK_EQ(sys(syslog, -1, buf, sizeof buf), -EINVAL);
	CHECK_EQ(sys(syslog, 11, buf, sizeof buf), -EINVAL);
	CHECK_EQ(sys(syslog, READ_ALL, 0, 10), -EINVAL);
	CHECK_EQ(sys(syslog, READ_ALL, buf, -1), -EINVAL);
	CHECK_EQ(sys(syslog, READ_ALL, -4096, 10), -EFAULT);
	CHECK_EQ(sys(syslog, READ_ALL, buf, 0), 0);
	CHECK_EQ(sys(syslog, CONSOLE_LEVEL, 0, 0), -EINVAL);
	CHECK_EQ(sys(syslog, CONSOLE_LEVEL, 0, 9), -EINVAL);
	CHECK_GE(sys(syslog, SIZE_BUFFER, 0, 0), 4096);
	CHECK_GE(sys(syslog, SIZE_UNREAD, 0, 0), 0);
}

// The line about one that is not there, for this process. How often it is in the log.
static int lines_about(const char *log, long number, const char *name)
{
	char line[80];
	int n = 0;

	t_snprintf(line, sizeof line, "/%d: system call %ld (%s) is not there\n", t_getpid(), number, name);
	for (const char *at = log; (at = strstr(at, line)); at++)
		n++;
	return n;
}

TEST(calls_that_are_not_there)
{
	static const struct {
		long number;
		const char *name;
	} calls[] = {{134, "uselib"}, {248, "add_key"}, {425, "io_uring_setup"}, {450, "set_mempolicy_home_node"}, {470, "listns"},
		{1023, "no name"}, {0xffffffff, "no name"}};
	const long size = 1 << 18;
	char *log = t_map(size);

	if (!t_on_thaw)
		SKIP("Linux does not log them");
	CHECK_EQ(IN_CHILD({
		for (unsigned i = 0; i < 2 * sizeof calls / sizeof *calls; i++)
			CHECK_EQ(t_syscall(calls[i / 2].number, 0, 0, 0, 0, 0, 0), -ENOSYS);
		for (int i = 0; i < 20; i++)
			CHECK_EQ(t_syscall(2000 + i % 10, 0, 0, 0, 0, 0, 0), -ENOSYS);
		CHECK_GE(sys(syslog, READ_ALL, log, size - 1), 1);
		for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
			CHECK_EQ(lines_about(log, calls[i].number, calls[i].name), 1);
		// Of those without a name eight, 1023 and -1 among them: who probes would fill the log.
		for (int i = 0; i < 10; i++)
			CHECK_EQ(lines_about(log, 2000 + i, "no name"), i < 6);
	}),
		0);
}

// Neither in a namespace of users, where everybody is root.
static void may_do_nothing(void)
{
	static const int not_for_everybody[] = { CLOSE, OPEN, READ, READ_CLEAR, CLEAR, CONSOLE_OFF, CONSOLE_ON, CONSOLE_LEVEL, SIZE_UNREAD, -1, 11 };

	for (unsigned i = 0; i < sizeof not_for_everybody / sizeof not_for_everybody[0]; i++)
		CHECK_EQ(sys(syslog, not_for_everybody[i], buf, sizeof buf), -EPERM);
}

TEST(who_may)
{
	CHECK_EQ(IN_CHILD({
		if (sys(getuid) == 0) {
			CHECK_EQ(sys(setgroups, 0, 0), 0);
			CHECK_EQ(sys(setresgid, 1000, 1000, 1000), 0);
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		}
		may_do_nothing();
		if (sys(unshare, CLONE_NEWUSER) == 0)
			may_do_nothing();
	}),
		0);
}

// The log as a file: here its text, from wherever the reader is.
TEST(the_log_as_a_file)
{
	static char text[1 << 17];
	long n = 0, got;

	skip_if_restricted();
	if (!t_own_machine)
		SKIP("writes into the machine's log");
	CHECK_EQ(t_spit("/dev/kmsg", "<6>a line of this test\n"), 0);
	long fd = sys(open, "/dev/kmsg", O_RDONLY | O_NONBLOCK);

	CHECK_GE(fd, 0);
	while ((got = sys(read, fd, text + n, sizeof text - 1 - n)) > 0)
		n += got;
	CHECK_EQ(got, 0); // Linux, which gives a record at a time: EAGAIN
	text[n] = 0;
	CHECK(strstr(text, "] a line of this test\n"));
	CHECK_EQ(sys(lseek, fd, 0, SEEK_SET), 0);
	CHECK_GE(sys(read, fd, text, 10), 1);
	CHECK_EQ(sys(read, fd, 8, 10), -EFAULT);
	CHECK_EQ(sys(write, fd, "x", 1), -EBADF);
}
