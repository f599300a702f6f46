// SPDX-License-Identifier: GPL-2.0-only
//
// inotify: each event, in order, with its name; the ends of a watch; a full queue; pseudo files.
#include "user_namespace.h"

#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/inotify.h>
#include <linux/stat.h>

static int in;
static char buf[4096];
static long have, at; // bytes in buf, and how far they were looked at

static void make(int flags)
{
	t_tmpdir();
	in = (int)sys(inotify_init1, flags | IN_NONBLOCK);
	CHECK_GE(in, 0);
}

static int watch(const char *path, unsigned mask)
{
	int wd = (int)sys(inotify_add_watch, in, path, mask);

	CHECK_GE(wd, 1);
	return wd;
}

static struct inotify_event *next(void)
{
	struct inotify_event *e;

	if (at == have) {
		have = sys(read, in, buf, sizeof(buf));
		at = 0;
		if (have == -EAGAIN)
			have = 0;
		CHECK_GE(have, 0);
		if (!have)
			return NULL;
	}
	e = (struct inotify_event *)(buf + at);
	at += (long)(sizeof(*e) + e->len);
	return e;
}

// The next event is that one; its cookie.
static unsigned expect(int wd, unsigned mask, const char *name)
{
	struct inotify_event *e = next();

	CHECK(e);
	CHECK_EQ(e->wd, wd);
	CHECK_EQ(e->mask, mask);
	CHECK_EQ(e->len % 16, 0);
	CHECK(!strcmp(e->len ? e->name : "", name));
	return e->cookie;
}

static int make_file(const char *path)
{
	int fd = (int)sys(open, path, O_CREAT | O_RDWR, 0644);

	CHECK_GE(fd, 0);
	return fd;
}

TEST(errors)
{
	int fd;

	CHECK_EQ(sys(inotify_init1, 1), -EINVAL);
	make(0);
	fd = make_file("f");
	CHECK_EQ(sys(inotify_add_watch, in, "f", 0), -EINVAL);
	CHECK_EQ(sys(inotify_add_watch, 900, "f", IN_MODIFY), -EBADF);
	CHECK_EQ(sys(inotify_add_watch, fd, "f", IN_MODIFY), -EINVAL);
	CHECK_EQ(sys(inotify_add_watch, in, "none", IN_MODIFY), -ENOENT);
	CHECK_EQ(sys(inotify_add_watch, in, "f/x", IN_MODIFY), -ENOTDIR);
	CHECK_EQ(sys(inotify_add_watch, in, 8, IN_MODIFY), -EFAULT);
	CHECK_EQ(sys(inotify_add_watch, in, "f", IN_MODIFY | IN_ONLYDIR), -ENOTDIR);
	CHECK_EQ(sys(inotify_add_watch, in, "f", IN_MODIFY | IN_MASK_ADD | IN_MASK_CREATE), -EINVAL);
	CHECK_EQ(sys(inotify_rm_watch, in, 1), -EINVAL);
	CHECK_EQ(sys(inotify_rm_watch, 900, 1), -EBADF);
	CHECK_EQ(sys(inotify_rm_watch, fd, 1), -EINVAL);
	CHECK_EQ(sys(write, in, "x", 1), -EBADF);
	CHECK_EQ(sys(ioctl, in, 0x12345, 0), -ENOTTY);
}

// Who may not list a directory or read a file does not hear of it either.
TEST(for_those_who_may_read)
{
	int wd;

	if (sys(getuid))
		SKIP("needs root");
	make(0);
	CHECK_EQ(sys(chmod, ".", 0711), 0);
	CHECK_EQ(sys(mkdir, "secret", 0711), 0);
	CHECK_EQ(sys(mkdir, "open", 0744), 0);
	CHECK_EQ(t_spit("mine", ""), 0);
	CHECK_EQ(sys(chmod, "mine", 0600), 0);
	wd = watch("secret", IN_CREATE);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresgid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(inotify_add_watch, in, "secret", IN_CREATE), -EACCES);
		CHECK_EQ(sys(inotify_add_watch, in, "mine", IN_MODIFY), -EACCES);
		CHECK_EQ(sys(inotify_add_watch, in, "open/none", IN_MODIFY), -EACCES);
		CHECK_GE(sys(inotify_add_watch, in, "open", IN_CREATE), 1);
	}), 0);
	CHECK_EQ(t_spit("secret/x", ""), 0);
	expect(wd, IN_CREATE, "x");
}

TEST(flags)
{
	make(IN_CLOEXEC);
	CHECK_EQ(sys(fcntl, in, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, in, F_GETFL) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDONLY);
	CHECK_EQ(sys(read, in, buf, sizeof(buf)), -EAGAIN);
}

TEST(a_file)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch("f", IN_ALL_EVENTS);
	CHECK_EQ(sys(write, fd, "abc", 3), 3);
	expect(wd, IN_MODIFY, "");
	CHECK_EQ(sys(pread64, fd, buf, 3, 0), 3);
	expect(wd, IN_ACCESS, "");
	CHECK_EQ(sys(pread64, fd, buf, 3, 3), 0); // the end is no access
	CHECK_EQ(sys(fchmod, fd, 0600), 0);
	expect(wd, IN_ATTRIB, "");
	CHECK_EQ(sys(ftruncate, fd, 1), 0);
	expect(wd, IN_MODIFY, "");
	CHECK_EQ(sys(utimensat, AT_FDCWD, "f", 0, 0), 0);
	expect(wd, IN_ATTRIB, "");
	CHECK_EQ(sys(fchown, fd, 0, 0), 0);
	expect(wd, IN_ATTRIB, "");
	sys(close, fd);
	expect(wd, IN_CLOSE_WRITE, "");
	fd = (int)sys(open, "f", O_RDONLY);
	expect(wd, IN_OPEN, "");
	sys(close, fd);
	expect(wd, IN_CLOSE_NOWRITE, "");
	fd = (int)sys(open, "f", O_WRONLY | O_TRUNC);
	CHECK_EQ(next()->mask | next()->mask, IN_MODIFY | IN_OPEN); // the order changed after Linux 6.1
	CHECK(!next());
}

TEST(a_directory)
{
	int fd, wd;

	make(0);
	wd = watch(".", IN_ALL_EVENTS);
	fd = make_file("name");
	expect(wd, IN_CREATE, "name");
	expect(wd, IN_OPEN, "name");
	CHECK_EQ(sys(write, fd, "a", 1), 1);
	expect(wd, IN_MODIFY, "name");
	sys(close, fd);
	expect(wd, IN_CLOSE_WRITE, "name");
	CHECK_EQ(sys(link, "name", "second"), 0);
	expect(wd, IN_CREATE, "second");
	CHECK_EQ(sys(symlink, "name", "third"), 0);
	expect(wd, IN_CREATE, "third");
	CHECK_EQ(sys(mkdir, "sub", 0755), 0);
	expect(wd, IN_CREATE | IN_ISDIR, "sub");
	CHECK_EQ(sys(chmod, "sub", 0700), 0);
	expect(wd, IN_ATTRIB | IN_ISDIR, "sub");
	CHECK_EQ(sys(rmdir, "sub"), 0);
	expect(wd, IN_DELETE | IN_ISDIR, "sub");
	CHECK_EQ(sys(unlink, "second"), 0);
	expect(wd, IN_DELETE, "second");
	sys(unlink, "third");
	expect(wd, IN_DELETE, "third");
	CHECK_EQ(sys(unlink, "name"), 0);
	expect(wd, IN_DELETE, "name");
	CHECK(!next());
}

TEST(rename_has_a_cookie)
{
	int from, to, self;
	unsigned cookie;

	make(0);
	CHECK_EQ(sys(mkdir, "a", 0755), 0);
	CHECK_EQ(sys(mkdir, "b", 0755), 0);
	sys(close, make_file("a/x"));
	from = watch("a", IN_MOVE);
	to = watch("b", IN_MOVE);
	self = watch("a/x", IN_MOVE_SELF);
	CHECK_EQ(sys(rename, "a/x", "b/y"), 0);
	cookie = expect(from, IN_MOVED_FROM, "x");
	CHECK(cookie);
	CHECK_EQ(expect(to, IN_MOVED_TO, "y"), cookie);
	CHECK_EQ(expect(self, IN_MOVE_SELF, ""), 0);
	CHECK(!next());
	sys(unlink, "b/y");
	sys(rmdir, "a");
	sys(rmdir, "b");
}

TEST(deleted_file_ends_its_watch)
{
	int wd, dir;

	make(0);
	sys(close, make_file("f"));
	dir = watch(".", IN_DELETE);
	wd = watch("f", IN_DELETE_SELF | IN_ATTRIB);
	CHECK_EQ(sys(unlink, "f"), 0);
	expect(wd, IN_ATTRIB, "");
	expect(wd, IN_DELETE_SELF, "");
	expect(wd, IN_IGNORED, "");
	expect(dir, IN_DELETE, "f");
	CHECK_EQ(sys(inotify_rm_watch, in, wd), -EINVAL);
}

TEST(an_open_file_is_deleted_at_its_close)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch("f", IN_DELETE_SELF | IN_CLOSE);
	CHECK_EQ(sys(unlink, "f"), 0);
	CHECK(!next());
	sys(close, fd);
	expect(wd, IN_CLOSE_WRITE, "");
	expect(wd, IN_DELETE_SELF, "");
	expect(wd, IN_IGNORED, "");
}

TEST(removed_watch_says_so)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch("f", IN_MODIFY);
	CHECK_EQ(sys(inotify_rm_watch, in, wd), 0);
	expect(wd, IN_IGNORED, "");
	sys(write, fd, "a", 1);
	CHECK(!next());
	CHECK_EQ(watch("f", IN_MODIFY), wd + 1); // numbers are not used again
}

TEST(mask_changes)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch("f", IN_MODIFY);
	CHECK_EQ(sys(inotify_add_watch, in, "f", IN_ATTRIB | IN_MASK_CREATE), -EEXIST);
	CHECK_EQ(watch("f", IN_ATTRIB), wd); // instead
	sys(write, fd, "a", 1);
	CHECK(!next());
	CHECK_EQ(watch("f", IN_MODIFY | IN_MASK_ADD), wd); // besides
	sys(write, fd, "a", 1);
	expect(wd, IN_MODIFY, "");
	sys(fchmod, fd, 0600);
	expect(wd, IN_ATTRIB, "");
}

TEST(oneshot)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch("f", IN_MODIFY | IN_ONESHOT);
	sys(write, fd, "a", 1);
	sys(write, fd, "a", 1);
	expect(wd, IN_MODIFY, "");
	expect(wd, IN_IGNORED, "");
	CHECK(!next());
}

TEST(exclude_unlinked)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch(".", IN_MODIFY | IN_EXCL_UNLINK);
	sys(write, fd, "a", 1);
	expect(wd, IN_MODIFY, "f");
	sys(unlink, "f");
	sys(write, fd, "a", 1);
	CHECK(!next());
}

TEST(link_itself)
{
	int wd;

	make(0);
	sys(close, make_file("f"));
	CHECK_EQ(sys(symlink, "f", "l"), 0);
	wd = watch("l", IN_DELETE_SELF | IN_DONT_FOLLOW);
	sys(unlink, "l");
	expect(wd, IN_DELETE_SELF, "");
}

TEST(equal_events_are_one)
{
	int fd, wd;

	make(0);
	fd = make_file("f");
	wd = watch("f", IN_MODIFY);
	for (int i = 0; i < 5; i++)
		sys(write, fd, "a", 1);
	expect(wd, IN_MODIFY, "");
	CHECK(!next());
}

TEST(small_buffers)
{
	int n;

	make(0);
	watch(".", IN_CREATE | IN_DELETE);
	sys(close, make_file("seventeen_letters"));
	CHECK_EQ(sys(ioctl, in, FIONREAD, &n), 0);
	CHECK_EQ(n, 16 + 32);
	CHECK_EQ(sys(read, in, buf, 16), -EINVAL);
	CHECK_EQ(sys(read, in, buf, 47), -EINVAL);
	CHECK_EQ(sys(read, in, 8, 48), -EFAULT);
	sys(unlink, "seventeen_letters");
	sys(close, make_file("b"));
	CHECK_EQ(sys(read, in, buf, 50), 48); // whole events only
	CHECK_EQ(sys(read, in, buf, sizeof(buf)), 32);
	CHECK_EQ(sys(read, in, buf, sizeof(buf)), -EAGAIN);
	sys(unlink, "b");
}

TEST(poll_and_block)
{
	struct pollfd p;
	int pid;

	make(0);
	watch(".", IN_CREATE);
	p = (struct pollfd){in, POLLIN, 0};
	CHECK_EQ(sys(poll, &p, 1, 0), 0);
	sys(fcntl, in, F_SETFL, 0);
	pid = t_fork();
	if (pid == 0) {
		t_sleep_ms(20);
		t_exit(sys(mkdir, "d", 0755) ? 1 : 0);
	}
	CHECK_EQ(sys(poll, &p, 1, 10000), 1);
	CHECK_EQ(p.revents, POLLIN);
	expect(1, IN_CREATE | IN_ISDIR, "d");
	CHECK_EQ(t_wait(pid), 0);
	pid = t_fork();
	if (pid == 0) {
		t_sleep_ms(20);
		t_exit(sys(mkdir, "e", 0755) ? 1 : 0);
	}
	CHECK_EQ(sys(read, in, buf, sizeof(buf)), 32);
	CHECK_EQ(t_wait(pid), 0);
	sys(rmdir, "d");
	sys(rmdir, "e");
}

// A reader that is killed where it blocks.
TEST(blocked_reader_dies)
{
	int pid;

	make(0);
	sys(fcntl, in, F_SETFL, 0);
	pid = t_fork();
	if (pid == 0)
		t_exit((int)sys(read, in, buf, sizeof(buf)));
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(overflow)
{
	long limit = 16384, n = 0;
	struct inotify_event *e;
	bool said = false;

	make(0);
	watch(".", IN_CREATE | IN_DELETE);
	for (long i = 0; i < limit / 2 + 10; i++) {
		sys(symlink, "x", "a");
		sys(unlink, "a");
	}
	while ((e = next())) {
		if (e->mask == IN_Q_OVERFLOW) {
			CHECK_EQ(e->wd, -1);
			CHECK_EQ(e->len, 0);
			said = true;
		} else {
			CHECK(!said);
			n++;
		}
	}
	CHECK(said);
	CHECK_EQ(n, limit);
	sys(symlink, "x", "a"); // and it goes on
	expect(1, IN_CREATE, "a");
	sys(unlink, "a");
}

static void queued_is(int n)
{
	int got;

	CHECK_EQ(sys(ioctl, in, FIONREAD, &got), 0);
	CHECK_EQ(got, n);
}

static void read_one(unsigned mask)
{
	CHECK_EQ(sys(read, in, buf, 32), mask == IN_Q_OVERFLOW ? 16 : 32);
	CHECK_EQ(((struct inotify_event *)buf)->mask, mask);
}

#define QUEUED "/proc/sys/fs/inotify/max_queued_events"

TEST(a_short_queue)
{
	char limit[32];
	int wd, fd;

	if (!t_own_machine)
		SKIP("it is everybody's limit");
	CHECK_GE(t_slurp(QUEUED, limit, sizeof limit), 2);
	CHECK_EQ(t_number(limit), 16384);
	CHECK_EQ(t_spit(QUEUED, "-1"), -EINVAL);
	CHECK_EQ(t_spit(QUEUED, "2147483648"), -EINVAL);
	CHECK_EQ(t_spit(QUEUED, "0"), 0);
	int none = (int)sys(inotify_init1, IN_NONBLOCK);
	CHECK_EQ(t_spit(QUEUED, "3"), 0);
	make(0);
	CHECK_EQ(t_spit(QUEUED, limit), 0); // those that are there keep theirs
	wd = watch(".", IN_CREATE | IN_MODIFY);
	CHECK_EQ(sys(inotify_add_watch, none, ".", IN_CREATE), 1);
	fd = make_file("a");
	CHECK_EQ(sys(mkdir, "b", 0755), 0);
	CHECK_EQ(sys(write, fd, "x", 1), 1);
	queued_is(3 * 32);
	CHECK_EQ(sys(write, fd, "x", 1), 1); // the same again, but where there is no room it is not looked at
	queued_is(3 * 32 + 16);
	CHECK_EQ(sys(mkdir, "c", 0755), 0);
	queued_is(3 * 32 + 16);
	// What comes when there is room again is behind the place where some are missing.
	read_one(IN_CREATE);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	queued_is(2 * 32 + 16);
	read_one(IN_CREATE | IN_ISDIR);
	CHECK_EQ(sys(mkdir, "e", 0755), 0);
	queued_is(2 * 32 + 16);
	CHECK_EQ(sys(mkdir, "f", 0755), 0);
	queued_is(2 * 32 + 16);
	read_one(IN_MODIFY);
	CHECK_EQ(sys(read, in, buf, 15), -EINVAL);
	CHECK_EQ(sys(read, in, 8, 64), -EFAULT); // and that one is gone
	expect(wd, IN_CREATE | IN_ISDIR, "e");
	CHECK(!next());
	// An instance that may not have any hears nothing but that.
	in = none;
	queued_is(16);
	expect(-1, IN_Q_OVERFLOW, "");
	CHECK(!next());
	CHECK_EQ(sys(mkdir, "g", 0755), 0);
	expect(-1, IN_Q_OVERFLOW, "");
	CHECK(!next());
}

#define MAX_INSTANCES "/proc/sys/user/max_inotify_instances"
#define MAX_WATCHES "/proc/sys/user/max_inotify_watches"

static void limit_is(const char *path, long n)
{
	char text[32];

	CHECK_GE(t_slurp(path, text, sizeof text), 2);
	CHECK_EQ(t_number(text), n);
}

// In a user namespace, which no one else's instances count in.
static void limit_to(const char *path, const char *n)
{
	limit_is(path, INT32_MAX);
	CHECK_EQ(t_spit(path, "-1"), -EINVAL);
	CHECK_EQ(t_spit(path, "2147483648"), -EINVAL);
	CHECK_EQ(t_spit(path, n), 0);
}

static int instance(void)
{
	return (int)sys(inotify_init1, IN_NONBLOCK);
}

static void make_for_everybody(void)
{
	userns_prepare();
	t_tmpdir();
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
}

TEST(as_many_instances_as_a_limit_allows)
{
	make_for_everybody();
	CHECK_EQ(IN_USERNS(0, {
		int a;

		limit_to(MAX_INSTANCES, "2");
		a = instance();
		CHECK_GE(a, 0);
		CHECK_GE(instance(), 0);
		CHECK_EQ(instance(), -EMFILE);
		CHECK_EQ(sys(inotify_init), -EMFILE);
		CHECK_EQ(sys(inotify_init1, 1), -EINVAL);
		CHECK_GE(sys(dup, a), 0); // is none of its own
		CHECK_EQ(IN_CHILD({ // a user's are counted together, and another's are not
			CHECK_EQ(instance(), -EMFILE);
			CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
			CHECK_EQ(sys(open, MAX_INSTANCES, O_WRONLY), -EACCES);
			CHECK_GE(instance(), 0);
			CHECK_GE(instance(), 0);
			CHECK_EQ(instance(), -EMFILE);
		}), 0);
		CHECK_EQ(IN_CHILD({ // whoever made the namespace answers for what is made there
			CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
			limit_is(MAX_INSTANCES, INT32_MAX);
			CHECK_EQ(instance(), -EMFILE);
		}), 0);
		CHECK_EQ(sys(close, a), 0);
		CHECK_EQ(instance(), -EMFILE); // it has another descriptor
		CHECK_EQ(sys(close_range, 3, ~0u, 0), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
			CHECK_GE(instance(), 0);
			CHECK_GE(instance(), 0);
			CHECK_EQ(instance(), -EMFILE);
		}), 0);
		CHECK_GE(instance(), 0);
		CHECK_GE(instance(), 0);
		CHECK_EQ(instance(), -EMFILE);
	}), 0);
}

static int watch_and_forget(void *unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++) {
		int fd = instance();
		long wd;

		CHECK_GE(fd, 0);
		wd = sys(inotify_add_watch, fd, ".", IN_CREATE);
		CHECK(wd == 1 || wd == -ENOSPC);
		wd = sys(inotify_add_watch, fd, "d", IN_CREATE | IN_ONESHOT);
		CHECK(wd >= 1 || wd == -ENOSPC);
		if (i % 2 && wd >= 1)
			CHECK_EQ(sys(inotify_rm_watch, fd, wd), 0);
		sys(close, fd);
	}
	return 0;
}

TEST(as_many_watches_as_a_limit_allows)
{
	make_for_everybody();
	CHECK_EQ(IN_USERNS(0, {
		int first = instance(), second = instance(), f = make_file("f");
		struct thread t[3];

		limit_to(MAX_WATCHES, "2");
		CHECK_EQ(sys(inotify_add_watch, first, ".", IN_CREATE), 1);
		CHECK_EQ(sys(inotify_add_watch, second, "f", IN_MODIFY | IN_ONESHOT), 1);
		CHECK_EQ(sys(inotify_add_watch, second, ".", IN_CREATE), -ENOSPC);
		CHECK_EQ(sys(inotify_add_watch, first, "f", IN_CREATE), -ENOSPC);
		CHECK_EQ(sys(inotify_add_watch, first, ".", IN_CREATE | IN_DELETE), 1); // is there
		CHECK_EQ(IN_CHILD({ // those of an instance are of who made it
			CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
			int own = instance();

			CHECK_EQ(sys(inotify_add_watch, first, "d", IN_CREATE), -ENOSPC);
			CHECK_EQ(sys(inotify_add_watch, own, ".", IN_CREATE), 1);
			CHECK_EQ(sys(inotify_add_watch, own, "d", IN_CREATE), 2);
			CHECK_EQ(sys(inotify_add_watch, own, "f", IN_CREATE), -ENOSPC);
		}), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
			int own = instance();

			CHECK_GE(own, 0);
			CHECK_EQ(sys(inotify_add_watch, own, ".", IN_CREATE), -ENOSPC);
		}), 0);
		// What ends one: its event, its removal, the end of what is watched, the end of the instance.
		CHECK_EQ(sys(write, f, "x", 1), 1);
		CHECK_GE(sys(inotify_add_watch, second, "d", IN_CREATE), 2);
		CHECK_EQ(sys(inotify_add_watch, second, "f", IN_MODIFY), -ENOSPC);
		CHECK_EQ(sys(inotify_rm_watch, first, 1), 0);
		int wd = (int)sys(inotify_add_watch, first, "f", IN_MODIFY);

		CHECK_GE(wd, 2);
		CHECK_EQ(sys(inotify_add_watch, first, ".", IN_MODIFY), -ENOSPC);
		CHECK_EQ(sys(close, f), 0);
		CHECK_EQ(sys(unlink, "f"), 0);
		CHECK_GE(sys(inotify_add_watch, first, ".", IN_CREATE), wd + 1);
		CHECK_EQ(sys(inotify_add_watch, second, ".", IN_CREATE), -ENOSPC);
		CHECK_EQ(sys(close, first), 0);
		CHECK_GE(sys(inotify_add_watch, second, ".", IN_CREATE), 1);
		CHECK_EQ(sys(close, second), 0);
		// Many at once.
		for (int i = 0; i < 3; i++)
			thread_start(&t[i], watch_and_forget, NULL);
		for (int i = 0; i < 3; i++)
			thread_join(&t[i]);
		first = instance();
		CHECK_EQ(sys(inotify_add_watch, first, ".", IN_CREATE), 1);
		CHECK_EQ(sys(inotify_add_watch, first, "d", IN_CREATE), 2);
		CHECK_EQ(sys(inotify_add_watch, first, "..", IN_CREATE), -ENOSPC);
	}), 0);
}

// The limits of the first namespace have two names.
TEST(limits_of_the_machine)
{
	static const char *const names[][2] = {{"/proc/sys/fs/inotify/max_user_instances", MAX_INSTANCES},
		{"/proc/sys/fs/inotify/max_user_watches", MAX_WATCHES}};
	char text[32];

	if (!t_own_machine)
		SKIP("they are everybody's limits");
	limit_is(names[0][0], 128);
	for (int i = 0; i < 2; i++) {
		CHECK_GE(t_slurp(names[i][0], text, sizeof text), 2);
		limit_is(names[i][1], t_number(text));
		CHECK_EQ(t_spit(names[i][0], "-1"), -EINVAL);
		CHECK_EQ(t_spit(names[i][0], "2147483648"), -EINVAL);
		CHECK_EQ(t_spit(names[i][0], "9999"), 0);
		limit_is(names[i][1], 9999);
		CHECK_EQ(t_spit(names[i][1], "1"), 0);
		limit_is(names[i][0], 1);
		int how = IN_CHILD({
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
			CHECK_EQ(sys(open, names[i][0], O_WRONLY), -EACCES);
			int fd = instance();

			CHECK_EQ(sys(inotify_add_watch, fd, "/", IN_CREATE), 1);
			if (i == 0)
				CHECK_EQ(instance(), -EMFILE);
			else
				CHECK_EQ(sys(inotify_add_watch, fd, "/tmp", IN_CREATE), -ENOSPC);
		});
		CHECK_EQ(t_spit(names[i][0], text), 0);
		CHECK_EQ(how, 0);
	}
	CHECK_EQ(IN_CHILD({ // a user with all the rights of a namespace has none over these
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
		CHECK_EQ(sys(open, names[0][0], O_WRONLY), -EACCES);
		for (int i = 0; i < 128; i++)
			CHECK_GE(instance(), 0);
		CHECK_EQ(instance(), -EMFILE);
	}), 0);
}

// A file that is a function tells of a write to it like any other.
TEST(pseudo_file)
{
	int fd, wd;

	make(0);
	wd = watch("/proc/sys/kernel/threads-max", IN_MODIFY);
	fd = (int)sys(open, "/proc/sys/kernel/threads-max", O_RDWR);
	if (fd < 0)
		SKIP("not ours to write");
	have = sys(read, fd, buf, 64);
	CHECK_GE(have, 1);
	CHECK_EQ(sys(pwrite64, fd, buf, have, 0), have);
	have = at = 0;
	expect(wd, IN_MODIFY, "");
}

// An instance that goes takes its watches along; a watched file that is unlinked later is freed.
TEST(closed_instance)
{
	int fd;

	make(0);
	fd = make_file("f");
	watch("f", IN_ALL_EVENTS);
	watch(".", IN_ALL_EVENTS);
	sys(close, in);
	sys(write, fd, "a", 1);
	sys(unlink, "f");
}

static int writer(void *arg)
{
	for (int i = 0; i < 300; i++)
		sys(pwrite64, (int)(long)arg, "a", 1, 0);
	return 0;
}

// Watches come and go while others write.
TEST(storm)
{
	struct thread t[3];
	int fd;

	make(0);
	fd = make_file("f");
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], writer, (void *)(long)fd);
	for (int i = 0; i < 100; i++) {
		int wd = watch("f", IN_MODIFY | (i % 3 ? 0 : IN_ONESHOT));

		sys(read, in, buf, sizeof(buf));
		sys(inotify_rm_watch, in, wd);
	}
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
	sys(unlink, "f");
}
