// SPDX-License-Identifier: GPL-2.0-only
//
// seccomp: a filter that asks another process (SECCOMP_RET_USER_NOTIF), with a listener: receiving, answering, giving
// descriptors, and each of them going away at each moment.
#include "seccomp.h"

#include <asm/ioctl.h>
#include <linux/poll.h>

#define ID_VALID_WRONG_DIR _IOR('!', 2, unsigned long) // as the header of older kernels has it

#define LISTEN SECCOMP_FILTER_FLAG_NEW_LISTENER
#define ASKED __NR_getppid

static struct seccomp_notif got;

static long ioctl_of(int fd, unsigned long cmd, void *arg)
{
	return sys(ioctl, fd, cmd, arg);
}

static long receive(int fd)
{
	memset(&got, 0, sizeof got);
	return ioctl_of(fd, SECCOMP_IOCTL_NOTIF_RECV, &got);
}

static long reply(int fd, unsigned long id, long val, int error, unsigned flags)
{
	struct seccomp_notif_resp resp = {.id = id, .val = val, .error = error, .flags = flags};

	return ioctl_of(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

static long id_valid(int fd, unsigned long id)
{
	return ioctl_of(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static int events(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

// getppid(1, ..., 6) so many times: what came of the last, negated if negative.
static int call_times(int times)
{
	long ret = 0;

	while (times--)
		ret = t_syscall(ASKED, 1, 2, 3, 4, 5, 6);
	return (int)(ret < 0 ? -ret : ret);
}

// A child that will run fn(times) when it is let go, and exit with what that returns; its listener is taken from it.
static int held(int (*fn)(int), int times, unsigned flags, int *listener)
{
	_Atomic int *word = shared_word();
	int pid, pidfd;

	*word = -1;
	pid = t_fork();
	if (pid == 0) {
		long ret = answer_flags(ASKED, SECCOMP_RET_USER_NOTIF, LISTEN | flags);

		CHECK_GE(ret, 0);
		CHECK_EQ(sys(fcntl, ret, F_GETFD), FD_CLOEXEC);
		*word = (int)ret;
		while (*word >= 0)
			t_yield();
		sys(close, ret);
		t_exit(fn(times));
	}
	CHECK_GE(pid, 1);
	UNTIL(*word >= 0);
	pidfd = (int)sys(pidfd_open, pid, 0);
	CHECK_GE(pidfd, 0);
	*listener = (int)sys(pidfd_getfd, pidfd, *word, 0);
	CHECK_GE(*listener, 0);
	sys(close, pidfd);
	return pid;
}

static void let_go(void)
{
	*shared_word() = -1;
}

static int caller(int times, unsigned flags, int *listener)
{
	int pid = held(call_times, times, flags, listener);

	let_go();
	return pid;
}

TEST(answers)
{
	int fd, pid = caller(1, 0, &fd);

	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(got.pid, pid);
	CHECK_EQ(got.flags, 0);
	CHECK_EQ(got.data.nr, ASKED);
	CHECK_EQ(got.data.args[0], 1);
	CHECK_EQ(got.data.args[5], 6);
	CHECK_EQ(reply(fd, got.id, 42, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 42);

	pid = caller(1, 0, &fd);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(reply(fd, got.id, 42, -33, 0), 0); // the error wins
	CHECK_EQ(t_wait(pid), 33);

	pid = caller(2, 0, &fd);
	CHECK_EQ(receive(fd), 0);
	unsigned long first = got.id;
	CHECK_EQ(reply(fd, got.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), 0);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(got.id, first + 1);
	CHECK_EQ(id_valid(fd, first), -ENOENT);
	CHECK_EQ(reply(fd, got.id, t_getpid() & 0x7f, 0, 0), 0);
	CHECK_EQ(t_wait(pid), t_getpid() & 0x7f);
}

TEST(the_call_may_go_on)
{
	int fd, pid = caller(1, 0, &fd);

	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(reply(fd, got.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), 0);
	CHECK_EQ(t_wait(pid), t_getpid() & 0xff);
}

TEST(refusals)
{
	int fd, pid = caller(1, 0, &fd);
	struct seccomp_notif not_zero = {.pid = 1};
	unsigned long id;

	CHECK_EQ(ioctl_of(fd, SECCOMP_IOCTL_NOTIF_RECV, &not_zero), -EINVAL);
	CHECK_EQ(ioctl_of(fd, SECCOMP_IOCTL_NOTIF_RECV, NULL), -EFAULT);
	CHECK_EQ(ioctl_of(fd, SECCOMP_IOCTL_NOTIF_SEND, NULL), -EFAULT);
	CHECK_EQ(ioctl_of(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, NULL), -EFAULT);
	CHECK_EQ(ioctl_of(fd, 0x5401, NULL), -EINVAL);
	CHECK_EQ(sys(read, fd, &got, sizeof got), -EINVAL);
	CHECK_EQ(sys(write, fd, &got, sizeof got), -EINVAL);
	CHECK_EQ(reply(fd, 12345, 0, 0, 0), -ENOENT);
	CHECK_EQ(id_valid(fd, 12345), -ENOENT);
	UNTIL(events(fd) == POLLIN);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(events(fd), POLLOUT);
	id = got.id;
	CHECK_EQ(id_valid(fd, id), 0);
	CHECK_EQ(ioctl_of(fd, ID_VALID_WRONG_DIR, &id), 0);
	CHECK_EQ(reply(fd, id, 0, 0, 2), -EINVAL);
	CHECK_EQ(reply(fd, id, 1, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), -EINVAL);
	CHECK_EQ(reply(fd, id, 0, -1, SECCOMP_USER_NOTIF_FLAG_CONTINUE), -EINVAL);
	CHECK_EQ(reply(fd, id, 7, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 7);
	CHECK_EQ(reply(fd, id, 7, 0, 0), -ENOENT);
	CHECK_EQ(events(fd), POLLHUP);
}

// A notification that cannot be written to its receiver is there for the next one.
TEST(received_where_it_cannot_be_written)
{
	int fd, pid = caller(1, 0, &fd);
	char *page = t_map(PAGE);

	CHECK_EQ(sys(mprotect, page, PAGE, PROT_READ), 0);
	CHECK_EQ(ioctl_of(fd, SECCOMP_IOCTL_NOTIF_RECV, page), -EFAULT);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(reply(fd, got.id, 5, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 5);
}

TEST(one_listener_only)
{
	CHECK_EQ(IN_CHILD({
		long fd = answer_flags(ASKED, SECCOMP_RET_USER_NOTIF, LISTEN);

		CHECK_GE(fd, 0);
		CHECK_EQ(answer_flags(ASKED, SECCOMP_RET_USER_NOTIF, LISTEN), -EBUSY);
		sys(close, fd);
		fd = answer_flags(ASKED, SECCOMP_RET_USER_NOTIF, LISTEN);
		CHECK_GE(fd, 0);
		sys(close, fd);
		CHECK_EQ(sys(getppid), -ENOSYS);
	}), 0);
	CHECK_EQ(IN_CHILD({
		struct rlimit none = {3, 3};

		sys(setrlimit, RLIMIT_NOFILE, &none);
		while (sys(dup, 1) >= 0)
			;
		CHECK_EQ(answer_flags(ASKED, SECCOMP_RET_USER_NOTIF, LISTEN), -EMFILE);
		CHECK_EQ(sys(prctl, PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	}), 0);
}

// ---- going away ----

TEST(the_listener_goes)
{
	int fd, pid = caller(1, 0, &fd);

	UNTIL(events(fd) == POLLIN);
	sys(close, fd);
	CHECK_EQ(t_wait(pid), ENOSYS);
	pid = caller(1, 0, &fd);
	CHECK_EQ(receive(fd), 0);
	sys(close, fd);
	CHECK_EQ(t_wait(pid), ENOSYS);
}

TEST(the_caller_is_killed)
{
	int fd, pid = caller(1, 0, &fd);

	UNTIL(events(fd) == POLLIN);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(receive(fd), -ENOENT);
	CHECK_EQ(events(fd), POLLHUP);
	pid = caller(1, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &fd);
	CHECK_EQ(receive(fd), 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(reply(fd, got.id, 0, 0, 0), -ENOENT);
	CHECK_EQ(id_valid(fd, got.id), -ENOENT);
}

static void nothing(int sig)
{
	(void)sig;
}

// A signal interrupts the call; it is asked about anew when it is restarted.
TEST(the_caller_has_a_signal)
{
	int fd, pid;
	unsigned long id;

	t_action(SIGUSR1, nothing, 0);
	pid = caller(1, 0, &fd);
	CHECK_EQ(receive(fd), 0);
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(t_wait(pid), EINTR);
	t_action(SIGUSR1, nothing, SA_RESTART);
	pid = caller(1, 0, &fd);
	CHECK_EQ(receive(fd), 0);
	id = got.id;
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(got.id, id + 1);
	CHECK_EQ(reply(fd, id, 0, 0, 0), -ENOENT);
	CHECK_EQ(reply(fd, got.id, 8, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 8);
}

static void tells(int sig)
{
	(void)sig;
	*shared_word() = 1000;
}

// Once it is received only a kill counts, if that is wanted.
TEST(waiting_killably)
{
	int fd, pid;
	long ret;

	t_action(SIGUSR1, tells, 0);
	pid = caller(2, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &fd);
	UNTIL(events(fd) == POLLIN);
	sys(kill, pid, SIGUSR1);
	UNTIL(*shared_word() == 1000); // the first call was interrupted
	while ((ret = receive(fd)) == -ENOENT)
		;
	CHECK_EQ(ret, 0);
	sys(kill, pid, SIGUSR1);
	UNTIL(t_state(pid) == 'D');
	CHECK_EQ(id_valid(fd, got.id), 0);
	CHECK_EQ(reply(fd, got.id, 9, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 9);
}

TEST(the_receiver_waits)
{
	int fd, pid = held(call_times, 1, 0, &fd), other = t_fork();

	if (other == 0) {
		t_action(SIGUSR1, nothing, 0);
		*shared_word() = 1000;
		CHECK_EQ(receive(fd), -EINTR);
		*shared_word() = 2000;
		CHECK_EQ(receive(fd), 0);
		t_exit((int)-reply(fd, got.id, 6, 0, 0));
	}
	UNTIL(*shared_word() == 1000 && t_state(other) == 'S');
	CHECK_EQ(events(fd), 0);
	sys(kill, other, SIGUSR1);
	UNTIL(*shared_word() == 2000 && t_state(other) == 'S');
	let_go();
	CHECK_EQ(t_wait(pid), 6);
	CHECK_EQ(t_wait(other), 0);
}

// Many callers, of one filter, and many receivers.
static int calls(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		CHECK_EQ(t_syscall(ASKED, i, 0, 0, 0, 0, 0), i + 1000);
	return 0;
}

static void answer_all(int fd, int times)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (times--) {
		CHECK_EQ(sys(poll, &p, 1, -1), 1);
		CHECK_EQ(receive(fd), 0);
		CHECK_EQ(reply(fd, got.id, (long)got.data.args[0] + 1000, 0, 0), 0);
	}
}

static int many_call(int threads)
{
	struct thread t[4];
	int pid;

	for (int i = 0; i < threads; i++)
		thread_start(&t[i], calls, NULL);
	for (int i = 0; i < threads; i++)
		thread_join(&t[i]);
	pid = t_fork();
	if (pid == 0)
		t_exit(calls(NULL));
	CHECK_EQ(IN_CHILD(calls(NULL)), 0);
	return t_wait(pid);
}

TEST(many)
{
	int fd, pid = held(many_call, 4, 0, &fd);

	let_go();
	answer_all(fd, 6 * 50);
	CHECK_EQ(t_wait(pid), 0);
}

// ---- descriptors for the caller ----

static long add(int fd, unsigned flags, int srcfd, int newfd, unsigned newfd_flags)
{
	struct seccomp_notif_addfd a = {.id = got.id, .flags = flags, .srcfd = (unsigned)srcfd, .newfd = (unsigned)newfd,
		.newfd_flags = newfd_flags};

	return ioctl_of(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &a);
}

static bool has_open(int pid, int fd)
{
	char path[64];
	struct stat st;

	t_snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
	return sys(lstat, path, &st) == 0;
}

#define SETFD SECCOMP_ADDFD_FLAG_SETFD
#define SEND SECCOMP_ADDFD_FLAG_SEND

TEST(descriptors)
{
	int fd, pid = caller(1, 0, &fd);
	long added;

	CHECK_EQ(receive(fd), 0);
	CHECK(!has_open(pid, 50));
	CHECK_EQ(add(fd, SETFD, 1, 50, O_CLOEXEC), 50);
	CHECK(has_open(pid, 50));
	CHECK_EQ(add(fd, SETFD, 2, 50, 0), 50); // closes what was there
	added = add(fd, 0, 1, 0, O_CLOEXEC);
	CHECK_GE(added, 3);
	CHECK(has_open(pid, (int)added));
	CHECK_EQ(add(fd, 0, 1, 0, 0), added + 1);
	CHECK_EQ(reply(fd, got.id, added, 0, 0), 0);
	CHECK_EQ(t_wait(pid), added);

	pid = caller(1, 0, &fd);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(add(fd, SETFD | SEND, 1, 61, 0), 61); // and that is the answer
	CHECK_EQ(t_wait(pid), 61);
	CHECK_EQ(add(fd, SETFD | SEND, 1, 61, 0), -ENOENT);
}

TEST(descriptors_refused)
{
	int fd, pid = caller(1, 0, &fd);
	struct {
		struct seccomp_notif_addfd a;
		long more;
	} large = {.a = {.srcfd = 1}, .more = 1};
	unsigned long cmd = SECCOMP_IOCTL_NOTIF_ADDFD & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT);

	UNTIL(events(fd) == POLLIN);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(add(fd, 4, 1, 0, 0), -EINVAL);
	CHECK_EQ(add(fd, 0, 1, 0, O_NONBLOCK), -EINVAL);
	CHECK_EQ(add(fd, 0, 1, 5, 0), -EINVAL);
	CHECK_EQ(add(fd, 0, 999, 0, 0), -EBADF);
	CHECK_EQ(add(fd, 0, -1, 0, 0), -EBADF);
	CHECK_EQ(add(fd, SETFD, 1, 100000000, 0), -EBADF); // beyond the caller's limit
	CHECK_EQ(add(fd, SETFD | SEND, 1, -1, 0), -EBADF);
	CHECK_EQ(ioctl_of(fd, SECCOMP_IOCTL_NOTIF_ADDFD, NULL), -EFAULT);
	CHECK_EQ(ioctl_of(fd, cmd | 16UL << _IOC_SIZESHIFT, &large), -EINVAL);
	CHECK_EQ(ioctl_of(fd, cmd | 4096UL << _IOC_SIZESHIFT, &large), -EINVAL);
	CHECK_EQ(ioctl_of(fd, cmd | sizeof large << _IOC_SIZESHIFT, &large), -E2BIG);
	large.more = 0;
	large.a.id = got.id + 1;
	CHECK_EQ(ioctl_of(fd, cmd | sizeof large << _IOC_SIZESHIFT, &large), -ENOENT);
	large.a.id = got.id;
	CHECK_GE(ioctl_of(fd, cmd | sizeof large << _IOC_SIZESHIFT, &large), 3);
	CHECK_EQ(reply(fd, got.id, 4, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 4);
}

// The caller has one that it did not receive an answer for.
TEST(descriptors_too_early)
{
	int fd, pid = caller(2, 0, &fd);
	unsigned long id;

	CHECK_EQ(receive(fd), 0);
	id = got.id;
	CHECK_EQ(reply(fd, id, 1, 0, 0), 0);
	UNTIL(events(fd) == POLLIN);
	got.id = id + 1;
	CHECK_EQ(add(fd, 0, 1, 0, 0), -EINPROGRESS); // not received yet
	CHECK_EQ(reply(fd, id + 1, 0, 0, 0), -EINPROGRESS);
	CHECK_EQ(id_valid(fd, id + 1), -ENOENT);
	CHECK_EQ(receive(fd), 0);
	CHECK_EQ(reply(fd, got.id, 2, 0, 0), 0);
	CHECK_EQ(t_wait(pid), 2);
}
