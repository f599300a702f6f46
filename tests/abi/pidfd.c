// SPDX-License-Identifier: GPL-2.0-only
//
// Processes by descriptor: pidfd_open, CLONE_PIDFD, pidfd_send_signal, pidfd_getfd, waitid(P_PIDFD); kcmp.
#include "t.h"

#include <asm/poll.h>
#include <linux/kcmp.h>
#include <linux/ptrace.h>

#define P_PIDFD 3
#define NONBLOCK O_NONBLOCK

static int child, pidfd;

// A child that waits to be killed, and its pidfd.
static void make(int flags)
{
	child = t_fork();
	if (child == 0)
		for (;;)
			sys(pause);
	CHECK_GE(child, 1);
	pidfd = (int)sys(pidfd_open, child, flags);
	CHECK_GE(pidfd, 0);
}

static void end(void)
{
	sys(kill, child, SIGKILL);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGKILL));
}

static long readable(int fd, int ms)
{
	struct pollfd p = {fd, POLLIN, 0};

	return sys(poll, &p, 1, ms) == 1 ? p.revents : 0;
}

TEST(open_errors)
{
	CHECK_EQ(sys(pidfd_open, 0, 0), -EINVAL);
	CHECK_EQ(sys(pidfd_open, -1, 0), -EINVAL);
	CHECK_EQ(sys(pidfd_open, t_getpid(), 1), -EINVAL);
	CHECK_EQ(sys(pidfd_open, t_getpid(), ~(O_NONBLOCK | O_EXCL)), -EINVAL);
	CHECK_EQ(sys(pidfd_open, 0x3fffffff, 0), -ESRCH);
}

TEST(a_thread_is_no_process)
{
	struct thread t;
	long ret;

	thread_start(&t, thread_pause, NULL);
	ret = sys(pidfd_open, t.id, 0);
	CHECK(ret == -EINVAL || ret == -ENOENT); // newer kernels say ENOENT
}

TEST(is_close_on_exec)
{
	make(0);
	CHECK_EQ(sys(fcntl, pidfd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, pidfd, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_EQ(sys(fcntl, pidfd, F_GETFL) & O_NONBLOCK, 0);
	end();
	make(NONBLOCK);
	CHECK_EQ(sys(fcntl, pidfd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	end();
}

TEST(neither_read_nor_written)
{
	char c = 0;

	make(0);
	CHECK_EQ(sys(read, pidfd, &c, 1), -EINVAL);
	CHECK_EQ(sys(write, pidfd, &c, 1), -EINVAL);
	end();
}

TEST(readable_from_the_end_on)
{
	make(0);
	CHECK_EQ(readable(pidfd, 0), 0);
	sys(kill, child, SIGKILL);
	CHECK_EQ(readable(pidfd, 10000), POLLIN); // a zombie
	CHECK_EQ(t_wait(child), SIGNALLED(SIGKILL));
	CHECK_EQ(readable(pidfd, 0) & POLLIN, POLLIN); // gone
}

static int leave_alone(void *arg)
{
	sys(read, (int)(long)arg, &(char){0}, 1);
	return 0;
}

TEST(a_dead_leader_alone_is_not_the_end)
{
	int fds[2], pid;
	struct thread t;

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	pid = t_fork();
	if (pid == 0) {
		sys(close, fds[1]);
		thread_start(&t, leave_alone, (void *)(long)fds[0]);
		t_exit_thread(0);
	}
	pidfd = (int)sys(pidfd_open, pid, 0);
	CHECK_GE(pidfd, 0);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(readable(pidfd, 0), 0);
	sys(close, fds[1]);
	CHECK_EQ(readable(pidfd, 10000), POLLIN);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(send_errors)
{
	siginfo_t info;

	make(0);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGTERM, 0, 0x100), -EINVAL);
	CHECK_EQ(sys(pidfd_send_signal, -1, SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, 1000, SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, (int)sys(eventfd2, 0, 0), SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, 65, 0, 0), -EINVAL);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGTERM, 8, 0), -EFAULT);
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR2;
	info.si_code = SI_QUEUE;
	CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGTERM, &info, 0), -EINVAL);
	info.si_signo = SIGTERM;
	info.si_code = SI_USER;
	CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGTERM, &info, 0), -EPERM);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, 0, 0, 0), 0);
	end();
	CHECK_EQ(sys(pidfd_send_signal, pidfd, 0, 0, 0), -ESRCH);
}

// A descriptor of a process, which anybody may have, gives no right to signal it.
TEST(a_signal_is_not_for_everybody)
{
	int pid, pidfd, status;

	if (sys(geteuid))
		SKIP("not root");
	pid = t_fork();
	if (pid == 0)
		thread_pause(NULL);
	pidfd = (int)sys(pidfd_open, pid, 0);
	status = IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		int own = (int)sys(pidfd_open, pid, 0);

		CHECK_GE(own, 0);
		CHECK_EQ(sys(pidfd_send_signal, own, 0, 0, 0), -EPERM);
		CHECK_EQ(sys(pidfd_send_signal, own, SIGKILL, 0, 0), -EPERM);
		CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGUSR1, 0, 0), -EPERM);
		CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGCONT, 0, 0), 0); // of the same session
	});
	CHECK_EQ(status, 0);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGTERM, 0, 0), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGTERM));
}

TEST(send)
{
	make(0);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, SIGTERM, 0, 0), 0);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGTERM));
}

static int open_proc(int pid, const char *rest, int flags)
{
	char path[64];

	t_snprintf(path, sizeof path, "/proc/%d%s", pid, rest);
	return (int)sys(open, path, flags);
}

// A directory of procfs names its process as well, from before there were pidfds; for signals alone.
TEST(send_by_a_directory)
{
	int fd, self = (int)sys(open, "/proc/self", O_RDONLY | O_DIRECTORY);
	struct thread t;

	make(0);
	fd = open_proc(child, "", O_RDONLY | O_DIRECTORY);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, 0, 0, 0), 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, 65, 0, 0), -EINVAL);
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGTERM, 8, 0), -EFAULT);
	CHECK_EQ(sys(pidfd_getfd, fd, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, open_proc(child, "", O_PATH), SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, open_proc(child, "/task", O_RDONLY), SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, open_proc(child, "/stat", O_RDONLY), SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, (int)sys(open, "/proc", O_RDONLY), SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, (int)sys(open, "/", O_RDONLY), SIGTERM, 0, 0), -EBADF);
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGTERM, 0, 0), 0);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGTERM));
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGTERM, 0, 0), -ESRCH);

	thread_start(&t, leave_alone, (void *)-1L);
	thread_join(&t);
	CHECK_EQ(sys(pidfd_send_signal, self, 0, 0, 0), 0);
}

static volatile int got_value, got_code;

static void on_info(int sig, siginfo_t *info, void *uc)
{
	(void)sig;
	(void)uc;
	got_value = info->si_value.sival_int;
	got_code = info->si_code;
}

TEST(send_to_oneself_with_info)
{
	siginfo_t info;
	int fd = (int)sys(pidfd_open, t_getpid(), 0);

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = 77;
	CHECK_EQ(t_action(SIGUSR1, on_info, SA_SIGINFO), 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGUSR1, &info, 0), 0);
	CHECK_EQ(got_value, 77);
	CHECK_EQ(got_code, SI_QUEUE);
	info.si_code = SI_USER; // allowed: it is ourselves
	CHECK_EQ(sys(pidfd_send_signal, fd, SIGUSR1, &info, 0), 0);
	CHECK_EQ(got_code, SI_USER);
}

TEST(getfd)
{
	int fds[2], ready[2], pid, fd;
	char c = 0;

	CHECK_EQ(sys(pipe2, ready, 0), 0);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(pipe2, fds, 0), 0);
		CHECK_EQ(sys(write, fds[1], "q", 1), 1);
		CHECK_EQ(sys(write, ready[1], fds, sizeof(fds)), sizeof(fds));
		for (;;)
			sys(pause);
	}
	CHECK_EQ(sys(read, ready[0], fds, sizeof(fds)), sizeof(fds));
	pidfd = (int)sys(pidfd_open, pid, 0);
	CHECK_EQ(sys(pidfd_getfd, pidfd, fds[0], 1), -EINVAL);
	CHECK_EQ(sys(pidfd_getfd, -1, fds[0], 0), -EBADF);
	CHECK_EQ(sys(pidfd_getfd, ready[0], fds[0], 0), -EBADF);
	CHECK_EQ(sys(pidfd_getfd, pidfd, 900, 0), -EBADF);
	CHECK_EQ(sys(pidfd_getfd, pidfd, -1, 0), -EBADF);
	fd = (int)sys(pidfd_getfd, pidfd, fds[0], 0);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(read, fd, &c, 1), 1);
	CHECK_EQ(c, 'q');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(pidfd_getfd, pidfd, fds[0], 0), -ESRCH);
}

TEST(waitid)
{
	siginfo_t info;

	make(0);
	CHECK_EQ(sys(waitid, P_PIDFD, -1, &info, WEXITED, 0), -EINVAL);
	CHECK_EQ(sys(waitid, P_PIDFD, 1000, &info, WEXITED, 0), -EBADF);
	CHECK_EQ(sys(waitid, P_PIDFD, (int)sys(eventfd2, 0, 0), &info, WEXITED, 0), -EBADF);
	CHECK_EQ(sys(waitid, P_PIDFD, (int)sys(pidfd_open, t_getpid(), 0), &info, WEXITED, 0), -ECHILD);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, 0, 0), -EINVAL);
	memset(&info, 1, sizeof(info));
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, 0), 0);
	CHECK_EQ(info.si_pid, 0);
	sys(kill, child, SIGKILL);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED | WNOWAIT, 0), 0);
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(info.si_status, SIGKILL);
	CHECK_EQ(info.si_code, CLD_KILLED);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), 0);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), -ECHILD);
}

TEST(waitid_nonblocking)
{
	siginfo_t info;

	make(NONBLOCK);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), -EAGAIN);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, 0), 0);
	sys(kill, child, SIGKILL);
	CHECK_EQ(readable(pidfd, 10000), POLLIN);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_status, SIGKILL);
}

TEST(clone_pidfd)
{
	int fd = -1;
	long pid = sys(clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);

	if (pid == 0)
		t_exit(sys(fcntl, 3, F_GETFD) == -EBADF ? 5 : 6); // the child has none
	CHECK_GE(pid, 1);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(readable(fd, 10000), POLLIN);
	CHECK_EQ(t_wait((int)pid), fd == 3 ? 5 : 6);
}

TEST(clone_pidfd_errors)
{
	int fd;

	CHECK_EQ(sys(clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0), -EINVAL);
	CHECK_EQ(sys(clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, &fd, 0, 0), -EINVAL);
	CHECK_EQ(sys(clone, CLONE_PIDFD | SIGCHLD, 0, 8, 0, 0), -EFAULT);
	fd = (int)sys(eventfd2, 0, 0);
	CHECK_EQ(sys(clone, CLONE_PIDFD | SIGCHLD, 0, 8, 0, 0), -EFAULT);
	CHECK_EQ(sys(eventfd2, 0, 0), fd + 1); // nothing was left behind
	CHECK_EQ(sys(wait4, -1, 0, 0, 0), -ECHILD);
}

TEST(clone3_pidfd)
{
	int fd = -1, tid = -1;
	struct clone_args a = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
		.exit_signal = SIGCHLD,
		.pidfd = (unsigned long)&fd,
		.parent_tid = (unsigned long)&tid};
	long pid = sys(clone3, &a, sizeof(a));
	siginfo_t info;

	if (pid == 0)
		t_exit(9);
	CHECK_GE(pid, 1);
	CHECK_EQ(tid, pid);
	CHECK_EQ(sys(waitid, P_PIDFD, fd, &info, WEXITED, 0), 0);
	CHECK_EQ(info.si_status, 9);
	a.parent_tid = a.pidfd;
	CHECK_EQ(sys(clone3, &a, sizeof(a)), -EINVAL);
}

TEST(no_descriptor_left_for_the_clone)
{
	struct rlimit64 lim = {3, 3};
	int fd;

	CHECK_EQ(sys(prlimit64, 0, RLIMIT_NOFILE, &lim, 0), 0);
	CHECK_EQ(sys(clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0), -EMFILE);
	CHECK_EQ(sys(pidfd_open, t_getpid(), 0), -EMFILE);
}

static bool fdinfo_says(int fd, const char *what)
{
	char path[64], text[512];

	t_snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK_GE(t_slurp(path, text, sizeof(text)), 1);
	return strstr(text, what);
}

TEST(fdinfo)
{
	char line[32];

	make(NONBLOCK);
	t_snprintf(line, sizeof(line), "Pid:\t%d\n", child);
	CHECK(fdinfo_says(pidfd, line));
	CHECK(fdinfo_says(pidfd, "pos:\t0\n"));
	CHECK(fdinfo_says(pidfd, "flags:\t0"));
	end();
	CHECK(fdinfo_says(pidfd, "Pid:\t-1\n"));
	CHECK_EQ(sys(open, "/proc/self/fdinfo/900", O_RDONLY), -ENOENT);
}

HELPER(exec_from_thread)
{
	return 3;
}

static int exec_it(void *unused)
{
	(void)unused;
	t_exec("exec_from_thread", NULL, NULL);
	return 0;
}

// The descriptor follows the process through an exec that replaces its leader.
TEST(survives_exec_of_a_thread)
{
	int go[2], pid;
	struct thread t;
	siginfo_t info;

	CHECK_EQ(sys(pipe2, go, 0), 0);
	pid = t_fork();
	if (pid == 0) {
		sys(read, go[0], &(char){0}, 1);
		thread_start(&t, exec_it, NULL);
		for (;;)
			sys(pause);
	}
	pidfd = (int)sys(pidfd_open, pid, 0);
	CHECK_EQ(sys(write, go[1], "g", 1), 1);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED | WNOWAIT, 0), 0);
	CHECK_EQ(info.si_status, 3);
	CHECK_EQ(readable(pidfd, 0), POLLIN);
	CHECK_EQ(sys(waitid, P_PIDFD, pidfd, &info, WEXITED, 0), 0);
}

// Many wait for one end, and all hear of it.
TEST(everybody_hears_of_it)
{
	int pids[4];

	make(0);
	for (int i = 0; i < 4; i++) {
		pids[i] = t_fork();
		if (pids[i] == 0)
			t_exit(readable(pidfd, 10000) == POLLIN ? 0 : 1);
	}
	sys(kill, child, SIGKILL);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(t_wait(pids[i]), 0);
	CHECK_EQ(t_wait(child), SIGNALLED(SIGKILL));
}

TEST(kcmp_errors)
{
	int me = t_getpid();

	CHECK_EQ(sys(kcmp, me, me, 99, 0, 0), -EINVAL);
	CHECK_EQ(sys(kcmp, me, me, -1, 0, 0), -EINVAL);
	CHECK_EQ(sys(kcmp, 0x3fffffff, me, KCMP_VM, 0, 0), -ESRCH);
	CHECK_EQ(sys(kcmp, me, 0x3fffffff, KCMP_VM, 0, 0), -ESRCH);
	CHECK_EQ(sys(kcmp, me, me, KCMP_FILE, 900, 0), -EBADF);
	CHECK_EQ(sys(kcmp, me, me, KCMP_FILE, 0, ~0ul), -EBADF);
}

TEST(kcmp)
{
	int me = t_getpid(), a = (int)sys(eventfd2, 0, 0), b = (int)sys(dup, a), other = (int)sys(eventfd2, 0, 0);
	long one, two;

	make(0);
	CHECK_EQ(sys(kcmp, me, me, KCMP_FILE, a, b), 0);
	CHECK_EQ(sys(kcmp, me, child, KCMP_FILE, a, b), 0);
	one = sys(kcmp, me, me, KCMP_FILE, a, other);
	two = sys(kcmp, me, me, KCMP_FILE, other, a);
	CHECK((one == 1 && two == 2) || (one == 2 && two == 1));
	CHECK_EQ(sys(kcmp, me, me, KCMP_VM, 0, 0), 0);
	CHECK_GE(sys(kcmp, me, child, KCMP_VM, 0, 0), 1);
	CHECK_GE(sys(kcmp, me, child, KCMP_FILES, 0, 0), 1);
	CHECK_GE(sys(kcmp, me, child, KCMP_FS, 0, 0), 1);
	CHECK_GE(sys(kcmp, me, child, KCMP_SIGHAND, 0, 0), 1);
	CHECK_EQ(sys(kcmp, me, child, KCMP_SYSVSEM, 0, 0), 0);
	end();
}

TEST(kcmp_threads_share)
{
	struct thread t;
	int me = t_getpid();

	thread_start(&t, thread_pause, NULL);
	CHECK_EQ(sys(kcmp, me, t.id, KCMP_VM, 0, 0), 0);
	CHECK_EQ(sys(kcmp, me, t.id, KCMP_FILES, 0, 0), 0);
	CHECK_EQ(sys(kcmp, me, t.id, KCMP_FS, 0, 0), 0);
	CHECK_EQ(sys(kcmp, me, t.id, KCMP_SIGHAND, 0, 0), 0);
}

HELPER(exit_7)
{
	return 7;
}

static struct {
	_Atomic int tid, go, victims_go, asks[8];
} *plot;

// A process that is to execute with two threads, and the other is stopped on its way out by us. Where that is.
static int stuck_exec(void)
{
	int pid = t_fork(), status;

	if (pid == 0) {
		struct thread t;

		thread_start(&t, thread_pause, NULL);
		plot->tid = t.id;
		UNTIL(plot->go);
		t_exec("exit_7", NULL, NULL);
		t_exit(1);
	}
	UNTIL(plot->tid);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, plot->tid, 0, PTRACE_O_TRACEEXIT), 0);
	plot->go = 1;
	CHECK_EQ(sys(wait4, plot->tid, &status, __WALL, 0), plot->tid);
	CHECK_EQ(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	return pid;
}

static int waits_to_exec(void)
{
	int pid = t_fork();

	if (pid == 0) {
		UNTIL(plot->victims_go);
		t_exec("exit_7", NULL, NULL);
		t_exit(1);
	}
	return pid;
}

TEST(kcmp_with_an_exec_that_is_stuck_keeps_nobody_else_from_exec)
{
	enum { N = 8 };
	int victim[N], asker[N], stuck, status;

	plot = t_map_shared(PAGE);
	for (int i = 0; i < N / 2; i++)
		victim[i] = waits_to_exec();
	stuck = stuck_exec();
	for (int i = N / 2; i < N; i++)
		victim[i] = waits_to_exec();
	for (int i = 0; i < N; i++) {
		asker[i] = t_fork();
		if (asker[i] == 0) {
			plot->asks[i] = 1;
			t_exit(sys(kcmp, victim[i], stuck, KCMP_SYSVSEM, 0, 0) < 0);
		}
	}
	for (int i = 0; i < N; i++)
		UNTIL(plot->asks[i]);
	for (int i = 0; i < N; i++)
		UNTIL(t_state(asker[i]) == 'D' || t_state(asker[i]) == 'Z');
	plot->victims_go = 1;
	for (int i = 0; i < N; i++) {
		UNTIL(t_state(victim[i]) == 'Z');
		CHECK_EQ(t_wait(victim[i]), 7);
	}
	CHECK_EQ(sys(ptrace, PTRACE_CONT, plot->tid, 0, 0), 0);
	CHECK_EQ(sys(wait4, plot->tid, &status, __WALL, 0), plot->tid);
	CHECK_EQ(t_wait(stuck), 7);
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_wait(asker[i]), 0);
}

// A debugger whose tracee's thread ends for another's exec looks at the memory meanwhile.
TEST(a_tracer_looks_into_an_exec_that_it_holds_up)
{
	int status, stuck;
	static int word = 4711;

	plot = t_map_shared(PAGE);
	stuck = stuck_exec();

	struct iovec to = {&(int){0}, sizeof word}, from = {&word, sizeof word};

	CHECK_EQ(sys(process_vm_readv, stuck, &to, 1, &from, 1, 0), sizeof word);
	CHECK_EQ(*(int *)to.iov_base, 4711);
	CHECK_EQ(sys(kcmp, stuck, plot->tid, KCMP_VM, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, plot->tid, 0, 0), 0);
	CHECK_EQ(sys(wait4, plot->tid, &status, __WALL, 0), plot->tid);
	CHECK_EQ(t_wait(stuck), 7);
}
