// SPDX-License-Identifier: GPL-2.0-only
//
// signalfd, and the queue of real-time signals.
#include "t.h"

#include <linux/eventpoll.h>
#include <linux/poll.h>
#include <linux/signalfd.h>

typedef struct signalfd_siginfo record;

static long new_fd(unsigned long set, int flags)
{
	long fd = sys(signalfd4, -1, &set, 8, flags);

	CHECK_GE(fd, 0);
	return fd;
}

static long queue(int pid, int sig, int value)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_code = SI_QUEUE;
	info.si_pid = 4711;
	info.si_uid = 42;
	info.si_int = value;
	return sys(rt_sigqueueinfo, pid, sig, &info);
}

static int readable(long fd)
{
	struct pollfd p = {.fd = (int)fd, .events = POLLIN | POLLOUT};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

TEST(signals_are_read)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGRTMIN);
	record r[4];

	t_block(set);
	long fd = new_fd(set, O_NONBLOCK);

	CHECK_EQ(sys(read, fd, r, sizeof r), -EAGAIN);
	CHECK_EQ(readable(fd), 0);
	CHECK_EQ(queue(t_getpid(), SIGRTMIN, 5), 0);
	CHECK_EQ(queue(t_getpid(), SIGRTMIN, 6), 0);
	CHECK_EQ(sys(kill, t_getpid(), SIGUSR1), 0);
	CHECK_EQ(readable(fd), POLLIN);
	memset(r, 0xff, sizeof r);
	CHECK_EQ(sys(read, fd, r, sizeof r + 17), 3 * sizeof *r); // several at once, whole ones only
	CHECK_EQ(r[0].ssi_signo, SIGUSR1);
	CHECK_EQ(r[0].ssi_code, SI_USER);
	CHECK_EQ(r[0].ssi_pid, t_getpid());
	CHECK_EQ(r[0].ssi_uid, sys(getuid));
	CHECK_EQ(r[0].ssi_ptr, 0);
	for (int i = 1; i <= 2; i++) {
		CHECK_EQ(r[i].ssi_signo, SIGRTMIN);
		CHECK_EQ(r[i].ssi_code, SI_QUEUE);
		CHECK_EQ(r[i].ssi_int, 4 + i);
		CHECK_EQ(r[i].ssi_pid, 4711);
		CHECK_EQ(r[i].ssi_uid, 42);
	}
	CHECK_EQ(r[3].ssi_signo, 0xffffffff); // untouched
	CHECK_EQ(readable(fd), 0);
	queue(t_getpid(), SIGRTMIN, 7);
	queue(t_getpid(), SIGRTMIN, 8);
	CHECK_EQ(sys(read, fd, r, sizeof *r), sizeof *r);
	CHECK_EQ(r[0].ssi_int, 7);
	CHECK_EQ(sys(read, fd, r, sizeof r), sizeof *r);
	CHECK_EQ(r[0].ssi_int, 8);
}

TEST(only_what_is_wanted)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGUSR2), one = BIT(SIGUSR2), killers = ~0UL;
	record r;

	t_block(set);
	long fd = new_fd(BIT(SIGUSR1), O_NONBLOCK);

	CHECK_EQ(sys(kill, t_getpid(), SIGUSR2), 0);
	CHECK_EQ(sys(read, fd, &r, sizeof r), -EAGAIN);
	CHECK_EQ(sys(signalfd4, fd, &one, 8, 0), fd); // from now on, another
	CHECK_EQ(readable(fd), POLLIN);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
	CHECK_EQ(r.ssi_signo, SIGUSR2);
	CHECK_EQ(sys(signalfd4, fd, &killers, 8, 0), fd); // SIGKILL and SIGSTOP do not count
	CHECK_EQ(sys(read, fd, &r, sizeof r), -EAGAIN);
}

TEST(what_others_tell)
{
	unsigned long set = BIT(SIGCHLD) | BIT(SIGRTMIN) | BIT(SIGRTMIN + 1);
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	struct itimerspec its = {.it_value = {0, 1000}};
	int id, pid;
	record r;

	t_block(set);
	long fd = new_fd(set, 0);

	pid = t_fork();
	if (pid == 0)
		t_exit(9);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r); // sleeps for it
	CHECK_EQ(r.ssi_signo, SIGCHLD);
	CHECK_EQ(r.ssi_code, CLD_EXITED);
	CHECK_EQ(r.ssi_pid, pid);
	CHECK_EQ(r.ssi_status, 9);
	t_wait(pid);
	ev.sigev_value.sival_ptr = (void *)0x1234567890UL;
	CHECK_EQ(sys(timer_create, CLOCK_MONOTONIC, &ev, &id), 0);
	CHECK_EQ(sys(timer_settime, id, 0, &its, 0), 0);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
	CHECK_EQ(r.ssi_code, SI_TIMER);
	CHECK_EQ(r.ssi_tid, id);
	CHECK_EQ(r.ssi_overrun, 0);
	CHECK_EQ(r.ssi_ptr, 0x1234567890);
	CHECK_EQ(sys(tkill, t_gettid(), SIGRTMIN + 1), 0);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
	CHECK_EQ(r.ssi_code, SI_TKILL);
	CHECK_EQ(r.ssi_pid, t_getpid());
}

// It shows the signals of who looks, not of who made it.
TEST(whose_signals)
{
	unsigned long set = BIT(SIGUSR1);
	record r;

	t_block(set);
	long fd = new_fd(set, O_NONBLOCK);

	CHECK_EQ(sys(kill, t_getpid(), SIGUSR1), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(readable(fd), 0);
		CHECK_EQ(sys(read, fd, &r, sizeof r), -EAGAIN);
		CHECK_EQ(sys(kill, t_getpid(), SIGUSR1), 0);
		CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
		CHECK_EQ(r.ssi_pid, t_getpid());
	}),
		0);
	CHECK_EQ(readable(fd), POLLIN);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
	CHECK_EQ(r.ssi_pid, t_getpid());
}

static int after_a_while(void *sig)
{
	t_sleep_ms(10);
	sys(kill, t_getpid(), (long)sig);
	return 0;
}

TEST(all_ways_of_waiting)
{
	unsigned long set = BIT(SIGUSR1);
	struct epoll_event e = {.events = EPOLLIN, .data = 77}, got;
	struct thread t;
	record r;

	t_block(set);
	long fd = new_fd(set, 0), ep = sys(epoll_create1, 0);
	struct pollfd p = {.fd = (int)fd, .events = POLLIN};

	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fd, &e), 0);
	thread_start(&t, after_a_while, (void *)SIGUSR1);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
	thread_join(&t);
	thread_start(&t, after_a_while, (void *)SIGUSR1);
	CHECK_EQ(sys(poll, &p, 1, 20000), 1);
	CHECK_EQ(p.revents, POLLIN);
	thread_join(&t);
	CHECK_EQ(sys(epoll_wait, ep, &got, 1, 0), 1);
	CHECK_EQ(sys(read, fd, &r, sizeof r), sizeof r);
	CHECK_EQ(sys(epoll_wait, ep, &got, 1, 0), 0);
	thread_start(&t, after_a_while, (void *)SIGUSR1);
	CHECK_EQ(sys(epoll_wait, ep, &got, 1, 20000), 1);
	CHECK_EQ(got.data, 77);
	thread_join(&t);
}

static void ignore_it(int sig)
{
	(void)sig;
}

TEST(another_signal_ends_the_wait)
{
	record r;
	long fd;

	t_block(BIT(SIGUSR1));
	fd = new_fd(BIT(SIGUSR1), 0);
	t_action(SIGALRM, (void *)ignore_it, 0);
	t_alarms(10);
	CHECK_EQ(sys(read, fd, &r, sizeof r), -EINTR);
}

TEST(signalfd_arguments)
{
	unsigned long set = BIT(SIGUSR1);
	char number[32], text[256];
	record r;
	int pipes[2];
	long fd;

	CHECK_EQ(sys(signalfd4, -1, &set, 4, 0), -EINVAL);
	CHECK_EQ(sys(signalfd4, -1, &set, 16, 0), -EINVAL);
	CHECK_EQ(sys(signalfd4, -1, 8UL, 8, 0), -EFAULT);
	CHECK_EQ(sys(signalfd4, -1, &set, 8, 1), -EINVAL);
	CHECK_EQ(sys(signalfd4, 999, &set, 8, 0), -EBADF);
	CHECK_EQ(sys(signalfd4, -2, &set, 8, 0), -EBADF);
	CHECK_EQ(sys(pipe, pipes), 0);
	CHECK_EQ(sys(signalfd4, pipes[0], &set, 8, 0), -EINVAL);
	fd = sys(signalfd, -1, &set, 8);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD, 0), 0);
	CHECK_EQ(sys(read, fd, &r, sizeof r - 1), -EINVAL);
	CHECK_EQ(sys(write, fd, &r, sizeof r), -EINVAL);
	t_snprintf(number, sizeof number, "/proc/self/fdinfo/%d", (int)fd);
	CHECK_GE(t_slurp(number, text, sizeof text), 1);
	CHECK(strstr(text, "sigmask:\t0000000000000200\n") != NULL);
	fd = new_fd(set, O_NONBLOCK | O_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFD, 0), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
	t_block(set);
	sys(kill, t_getpid(), SIGUSR1);
	CHECK_EQ(sys(read, fd, 8UL, sizeof r), -EFAULT);
	CHECK_EQ(sys(read, fd, &r, sizeof r), -EAGAIN); // that one is gone
}

TEST(who_waits_may_be_killed)
{
	unsigned long set = BIT(SIGUSR1);
	record r;
	int pid;

	t_block(set);
	pid = t_fork();
	if (pid == 0)
		sys(read, new_fd(set, 0), &r, sizeof r);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- the queue ----

// The number that comes first is taken first; of one number, the one sent first.
TEST(many_numbers_many_values)
{
	unsigned long set = ~0UL << 33; // 34 and up
	siginfo_t info;

	t_block(set);
	for (int value = 0; value < 3; value++)
		for (int sig = 64; sig >= 34; sig--)
			CHECK_EQ(queue(t_getpid(), sig, sig * 10 + value), 0);
	for (int sig = 34; sig <= 64; sig++)
		for (int value = 0; value < 3; value++) {
			CHECK_EQ(sys(rt_sigtimedwait, &set, &info, 0, 8), sig);
			CHECK_EQ(info.si_int, sig * 10 + value);
		}
}

static int order[8], n_taken;

static void take(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	order[n_taken++] = info->si_int;
}

TEST(handlers_see_them_in_order)
{
	t_block(BIT(40) | BIT(41));
	t_action_mask(40, (void *)take, SA_SIGINFO, BIT(41));
	t_action_mask(41, (void *)take, SA_SIGINFO, BIT(40));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(queue(t_getpid(), 41, 41 * 10 + i), 0);
		CHECK_EQ(queue(t_getpid(), 40, 40 * 10 + i), 0);
	}
	t_unblock(BIT(40));
	CHECK(n_taken == 3 && order[0] == 400 && order[1] == 401 && order[2] == 402);
	t_unblock(BIT(41));
	CHECK(n_taken == 6 && order[3] == 410 && order[4] == 411 && order[5] == 412);
}

TEST(a_thread_is_sent_values_too)
{
	unsigned long set = BIT(SIGRTMIN + 3);
	siginfo_t info, got;

	t_block(set);
	memset(&info, 0, sizeof info);
	info.si_code = -7;
	info.si_ptr = (void *)0xfeedbeefcafeUL;
	CHECK_EQ(sys(rt_tgsigqueueinfo, t_getpid(), t_gettid(), SIGRTMIN + 3, &info), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &set, &got, 0, 8), SIGRTMIN + 3);
	CHECK_EQ(got.si_signo, SIGRTMIN + 3);
	CHECK_EQ(got.si_code, -7);
	CHECK(got.si_ptr == (void *)0xfeedbeefcafeUL);
}

// Nobody pretends to be the kernel, or somebody's kill, towards another.
TEST(codes_that_may_be_sent)
{
	static const int forbidden[] = {0, 1, 2, 128, 0x7fffffff, SI_TKILL}, allowed[] = {-1, -2, -3, -4, -5, -7, -60};
	siginfo_t info;
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	memset(&info, 0, sizeof info);
	for (unsigned i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		info.si_code = forbidden[i];
		CHECK_EQ(sys(rt_sigqueueinfo, pid, 0, &info), -EPERM);
		CHECK_EQ(sys(rt_tgsigqueueinfo, pid, pid, 0, &info), -EPERM);
		CHECK_EQ(sys(rt_sigqueueinfo, t_getpid(), 0, &info), 0);
		CHECK_EQ(sys(rt_tgsigqueueinfo, t_getpid(), t_gettid(), 0, &info), 0);
	}
	for (unsigned i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		info.si_code = allowed[i];
		CHECK_EQ(sys(rt_sigqueueinfo, pid, 0, &info), 0);
		CHECK_EQ(sys(rt_tgsigqueueinfo, pid, pid, 0, &info), 0);
	}
	info.si_code = -1000; // not one that anybody knows: nothing may follow what is known
	CHECK_EQ(sys(rt_sigqueueinfo, pid, 0, &info), 0);
	((char *)&info)[127] = 1;
	CHECK_EQ(sys(rt_sigqueueinfo, pid, 0, &info), -E2BIG);
	info.si_code = SI_QUEUE;
	CHECK_EQ(sys(rt_sigqueueinfo, pid, 0, &info), 0);
	CHECK_EQ(sys(rt_sigqueueinfo, pid, 65, &info), -EINVAL);
	CHECK_EQ(sys(rt_sigqueueinfo, pid, -1, &info), -EINVAL);
	CHECK_EQ(sys(rt_sigqueueinfo, 0x3fffffff, 0, &info), -ESRCH);
	CHECK_EQ(sys(rt_sigqueueinfo, pid, 0, 8UL), -EFAULT);
	CHECK_EQ(sys(rt_tgsigqueueinfo, pid, 0, 0, &info), -EINVAL);
	CHECK_EQ(sys(rt_tgsigqueueinfo, -1, pid, 0, &info), -EINVAL);
	CHECK_EQ(sys(rt_tgsigqueueinfo, t_getpid(), pid, 0, &info), -ESRCH);
	CHECK_EQ(sys(rt_tgsigqueueinfo, pid, pid, 0, 8UL), -EFAULT);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
}

TEST(the_end_of_the_queue)
{
	struct rlimit few = {10, 10};
	struct timespec zero = {0, 0};
	unsigned long set = BIT(SIGRTMIN) | BIT(SIGUSR1);
	siginfo_t info;
	int n = 0;

	t_block(set);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54322, 54322, 54322), 0); // nobody else's signals count
		CHECK_EQ(sys(setrlimit, RLIMIT_SIGPENDING, &few), 0);
		while (n < 20 && queue(t_getpid(), SIGRTMIN, n) == 0)
			n++;
		CHECK_EQ(n, 10);
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, 0), -EAGAIN);
		CHECK_EQ(sys(kill, t_getpid(), SIGUSR1), 0); // an ordinary one always arrives
		CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), SIGUSR1);
		CHECK_EQ(info.si_pid, t_getpid());
		for (int i = 0; i < 10; i++) {
			CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), SIGRTMIN);
			CHECK_EQ(info.si_int, i);
		}
		CHECK_EQ(sys(rt_sigtimedwait, &set, &info, &zero, 8), -EAGAIN);
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, 0), 0);
	}),
		0);
}

// What /proc says is queued for the user of this process.
static long queued_of_user(void)
{
	return t_field("/proc/self/status", "SigQ");
}

TEST(the_limit_is_of_a_user)
{
	struct rlimit few = {5, 5};
	int *go = t_map_shared(PAGE), other;

	t_block(BIT(SIGRTMIN));
	other = t_fork();
	if (!other) { // one more process of the user, with three signals of its own
		CHECK_EQ(sys(setresuid, 54323, 54323, 54323), 0);
		for (int i = 0; i < 3; i++)
			CHECK_EQ(queue(t_getpid(), SIGRTMIN, i), 0);
		__atomic_store_n(go, 1, __ATOMIC_RELEASE);
		for (;;)
			sys(pause);
	}
	UNTIL(__atomic_load_n(go, __ATOMIC_ACQUIRE));
	for (int i = 0; i < 9; i++)
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, i), 0);
	CHECK_EQ(IN_CHILD({ // another user's are not counted, and root's are not
		CHECK_EQ(sys(setrlimit, RLIMIT_SIGPENDING, &few), 0);
		CHECK_EQ(sys(setresuid, 54324, 54324, 54324), 0);
		CHECK_EQ(queued_of_user(), 0);
		for (int i = 0; i < 5; i++)
			CHECK_EQ(queue(t_getpid(), SIGRTMIN, i), 0);
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, 5), -EAGAIN);
		CHECK_EQ(sys(tkill, t_gettid(), SIGRTMIN), -EAGAIN);
		CHECK_EQ(sys(tgkill, t_getpid(), t_gettid(), SIGRTMIN), -EAGAIN);
		CHECK_EQ(sys(kill, t_getpid(), SIGRTMIN), 0); // says that there is one, not how many
		CHECK_EQ(queued_of_user(), 5);
	}),
		0);
	CHECK_EQ(IN_CHILD({ // the real id says whose they are
		CHECK_EQ(sys(setrlimit, RLIMIT_SIGPENDING, &few), 0);
		CHECK_EQ(sys(setresuid, 54323, 54324, 54324), 0);
		CHECK_EQ(queued_of_user(), 3);
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, 0), 0);
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, 1), 0);
		CHECK_EQ(queue(t_getpid(), SIGRTMIN, 2), -EAGAIN);
		CHECK_EQ(queued_of_user(), 5);
	}),
		0);
	sys(kill, other, SIGKILL);
	CHECK_EQ(t_wait(other), SIGNALLED(SIGKILL));
}
