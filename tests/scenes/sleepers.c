// SPDX-License-Identifier: GPL-2.0-only
//
// Many kinds of sleep. Each is frozen where it is: nobody wakes for it, and it goes on and does what it is for.
#include "s.h"
#include <linux/eventpoll.h>
#include <linux/msg.h>
#include <linux/poll.h>
#include <linux/sem.h>
#include <linux/un.h>

#define AF_UNIX 1
#define SOCK_STREAM 1

struct sleep {
	const char *name;
	void (*before)(void);	// in the parent
	long (*enter)(void);	// 0 if the sleep ended as it should
	void (*release)(int pid);
	bool timed;		// it ends by itself
};

static int fd[2], other;
static _Atomic int *word;

static void a_pipe(void)
{
	CHECK_EQ(sys(pipe, fd), 0);
}

static void a_byte(int pid)
{
	(void)pid;
	CHECK_EQ(sys(write, fd[1], "x", 1), 1);
}

static long reads(void)
{
	char c;

	return sys(read, fd[0], &c, 1) != 1;
}

// fd[1] takes no more.
static void fill(void)
{
	static char block[4096];

	CHECK_EQ(sys(fcntl, fd[1], F_SETFL, O_NONBLOCK), 0);
	while (sys(write, fd[1], block, sizeof block) > 0)
		;
	while (sys(write, fd[1], block, 1) > 0)
		;
	CHECK_EQ(sys(fcntl, fd[1], F_SETFL, 0), 0);
}

static void a_full_pipe(void)
{
	a_pipe();
	fill();
}

static long writes(void)
{
	return sys(write, fd[1], "x", 1) != 1;
}

// Until whoever writes has come through, and is gone.
static void drain(int pid)
{
	static char block[4096];

	CHECK_EQ(sys(fcntl, fd[0], F_SETFL, O_NONBLOCK), 0);
	UNTIL((sys(read, fd[0], block, sizeof block), t_state(pid) == 'Z'));
}

static void sockets(void)
{
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, fd), 0);
}

static void full_sockets(void)
{
	sockets();
	fill();
}

static long polls(void)
{
	struct pollfd p = {.fd = fd[0], .events = POLLIN};

	return sys(poll, &p, 1, -1) != 1 || p.revents != POLLIN;
}

static long selects(void)
{
	unsigned long set[16] = {0};

	set[fd[0] / 64] |= BIT(fd[0] % 64 + 1);
	return sys(pselect6, fd[0] + 1, set, 0, 0, 0, 0) != 1;
}

static long epolls(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	long ep = sys(epoll_create1, 0);

	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fd[0], &e), 0);
	return sys(epoll_wait, ep, &e, 1, -1) != 1;
}

static long polls_for_a_while(void)
{
	struct pollfd p = {.fd = fd[0], .events = POLLIN};
	long start = t_now_ms();

	return sys(poll, &p, 1, 300) != 0 || t_now_ms() - start < 300;
}

static long sleeps_until(void)
{
	struct timespec ts;

	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, &ts), 0);
	ts.tv_sec++;
	return sys(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, 0) != 0;
}

static void a_timer(void)
{
	struct itimerspec its = {.it_value = {3, 0}};

	fd[0] = (int)sys(timerfd_create, CLOCK_MONOTONIC, 0);
	CHECK_EQ(sys(timerfd_settime, fd[0], 0, &its, 0), 0);
}

static long reads_a_number(void)
{
	long n;

	return sys(read, fd[0], &n, 8) != 8 || n != 1;
}

static void an_event(void)
{
	fd[0] = fd[1] = (int)sys(eventfd2, 0, 0);
}

static void one(int pid)
{
	long n = 1;

	(void)pid;
	CHECK_EQ(sys(write, fd[1], &n, 8), 8);
}

static void on_usr1(int sig)
{
	(void)sig;
}

static void usr1(int pid)
{
	CHECK_EQ(sys(kill, pid, SIGUSR1), 0);
}

static long pauses(void)
{
	t_action(SIGUSR1, on_usr1, 0);
	return sys(pause) != -EINTR;
}

static long suspends(void)
{
	unsigned long none = 0;

	t_action(SIGUSR1, on_usr1, 0);
	t_block(BIT(SIGUSR1));
	return sys(rt_sigsuspend, &none, 8) != -EINTR;
}

static long reads_a_signal(void)
{
	unsigned long set = BIT(SIGUSR1);
	static char info[128];

	t_block(set);
	return sys(read, sys(signalfd4, -1, &set, 8, 0), info, sizeof info) != sizeof info;
}

static void a_mutex(void)
{
	*word = t_getpid();
}

static long locks_pi(void)
{
	return futex(word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) != 0 || futex(word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) != 0;
}

static void unlock_pi(int pid)
{
	(void)pid;
	CHECK_EQ(futex(word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), 0);
}

static void zero(void)
{
	*word = 0;
}

static long waits_for_many(void)
{
	struct futex_waitv v = {.val = 0, .uaddr = (unsigned long)word, .flags = FUTEX_32};

	return sys(futex_waitv, &v, 1, 0, 0, 0) != 0;
}

static void wake(int pid)
{
	(void)pid;
	CHECK_EQ(futex(word, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
}

static void a_semaphore(void)
{
	other = (int)sys(semget, IPC_PRIVATE, 1, 0600);
}

static long takes_it(void)
{
	struct sembuf op = {0, -1, 0};

	return sys(semop, other, &op, 1) != 0;
}

static void gives_it(int pid)
{
	struct sembuf op = {0, 1, 0};

	CHECK_EQ(sys(semop, other, &op, 1), 0);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(sys(semctl, other, 0, IPC_RMID, 0), 0);
}

static void a_queue(void)
{
	other = (int)sys(msgget, IPC_PRIVATE, 0600);
}

static long receives(void)
{
	struct msgbuf m;

	return sys(msgrcv, other, &m, 1, 0, 0) != 1;
}

static void message(int pid)
{
	struct msgbuf m = {.mtype = 1};

	CHECK_EQ(sys(msgsnd, other, &m, 1, 0), 0);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(sys(msgctl, other, IPC_RMID, 0), 0);
}

static struct sockaddr_un here = {AF_UNIX, "\0sleepers"};
#define HERE_LEN (2 + 9)

static void a_listener(void)
{
	fd[0] = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0);
	CHECK_EQ(sys(bind, fd[0], &here, HERE_LEN), 0);
	CHECK_EQ(sys(listen, fd[0], 0), 0);
}

static long accepts(void)
{
	return sys(accept, fd[0], 0, 0) < 0;
}

static long connects(void)
{
	return sys(connect, sys(socket, AF_UNIX, SOCK_STREAM, 0), &here, HERE_LEN);
}

static void connection(int pid)
{
	(void)pid;
	CHECK_EQ(connects(), 0);
}

static void a_busy_listener(void)
{
	long err;

	a_listener();
	while ((err = sys(connect, sys(socket, AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0), &here, HERE_LEN)) == 0)
		;
	CHECK_EQ(err, -EAGAIN);
}

static void accept_all(int pid)
{
	CHECK_EQ(sys(fcntl, fd[0], F_SETFL, O_NONBLOCK), 0);
	UNTIL((sys(accept, fd[0], 0, 0), t_state(pid) == 'Z'));
}

static void a_terminal(void)
{
	char name[32];
	int unlock = 0, n;

	fd[1] = (int)sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK_EQ(sys(ioctl, fd[1], 0x40045431, &unlock), 0); // TIOCSPTLCK
	CHECK_EQ(sys(ioctl, fd[1], 0x80045430, &n), 0);	     // TIOCGPTN
	t_snprintf(name, sizeof name, "/dev/pts/%d", n);
	fd[0] = (int)sys(open, name, O_RDWR | O_NOCTTY);
	CHECK_GE(fd[0], 0);
}

static void a_line(int pid)
{
	(void)pid;
	CHECK_EQ(sys(write, fd[1], "\n", 1), 1);
}

static void a_file(void)
{
	fd[0] = (int)sys(open, "locked", O_CREAT | O_RDWR, 0600);
	CHECK_GE(fd[0], 0);
}

static void a_locked_file(void)
{
	a_file();
	CHECK_EQ(sys(flock, fd[0], 2), 0); // LOCK_EX
}

static long locks(void)
{
	return sys(flock, sys(open, "locked", O_RDWR), 2);
}

static void unlock_file(int pid)
{
	(void)pid;
	CHECK_EQ(sys(flock, fd[0], 8), 0); // LOCK_UN
}

static void a_locked_record(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_len = 1};

	a_file();
	CHECK_EQ(sys(fcntl, fd[0], F_SETLK, &l), 0);
}

static long locks_the_record(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_len = 1};

	return sys(fcntl, fd[0], F_SETLKW, &l);
}

static void unlock_the_record(int pid)
{
	struct flock l = {.l_type = F_UNLCK, .l_len = 1};

	(void)pid;
	CHECK_EQ(sys(fcntl, fd[0], F_SETLK, &l), 0);
}

static void a_watch(void)
{
	CHECK_EQ(sys(mkdir, "watched", 0700), 0);
	fd[0] = (int)sys(inotify_init1, 0);
	CHECK_GE(sys(inotify_add_watch, fd[0], "watched", 0x100), 0); // IN_CREATE
}

static long reads_news(void)
{
	char news[64];

	return sys(read, fd[0], news, sizeof news) <= 0;
}

static void makes_news(int pid)
{
	(void)pid;
	CHECK_EQ(sys(mkdir, "watched/new", 0700), 0);
}

static void a_fifo(void)
{
	CHECK_EQ(sys(mknod, "fifo", 0010600, 0), 0);
}

static long opens(void)
{
	return sys(open, "fifo", O_WRONLY) < 0;
}

static void opens_too(int pid)
{
	(void)pid;
	CHECK_GE(sys(open, "fifo", O_RDONLY | O_NONBLOCK), 0);
}

static void a_child(void)
{
	other = t_fork();
	if (other == 0)
		thread_pause(NULL);
	fd[0] = (int)sys(pidfd_open, other, 0);
	CHECK_GE(fd[0], 0);
}

static void the_child_ends(int pid)
{
	(void)pid;
	CHECK_EQ(sys(kill, other, SIGKILL), 0);
	CHECK_EQ(t_wait(other), SIGNALLED(SIGKILL));
}

static const struct sleep sleeps[] = {
	{"read of a pipe", a_pipe, reads, a_byte, false},
	{"write to a pipe", a_full_pipe, writes, drain, false},
	{"open of a FIFO", a_fifo, opens, opens_too, false},
	{"poll", a_pipe, polls, a_byte, false},
	{"poll with a limit", a_pipe, polls_for_a_while, NULL, true},
	{"select", a_pipe, selects, a_byte, false},
	{"epoll_wait", a_pipe, epolls, a_byte, false},
	{"clock_nanosleep", NULL, sleeps_until, NULL, true},
	{"read of a timerfd", a_timer, reads_a_number, NULL, true},
	{"read of an eventfd", an_event, reads_a_number, one, false},
	{"pause", NULL, pauses, usr1, false},
	{"sigsuspend", NULL, suspends, usr1, false},
	{"read of a signalfd", NULL, reads_a_signal, usr1, false},
	{"FUTEX_LOCK_PI", a_mutex, locks_pi, unlock_pi, false},
	{"futex_waitv", zero, waits_for_many, wake, false},
	{"semop", a_semaphore, takes_it, gives_it, false},
	{"msgrcv", a_queue, receives, message, false},
	{"recv", sockets, reads, a_byte, false},
	{"send", full_sockets, writes, drain, false},
	{"accept", a_listener, accepts, connection, false},
	{"connect", a_busy_listener, connects, accept_all, false},
	{"read of a terminal", a_terminal, reads, a_line, false},
	{"flock", a_locked_file, locks, unlock_file, false},
	{"F_SETLKW", a_locked_record, locks_the_record, unlock_the_record, false},
	{"read of an inotify", a_watch, reads_news, makes_news, false},
	{"poll of a pidfd", a_child, polls, the_child_ends, false},
};

// It has left its processor for a sleep that freezes. A state that says so is set a little before.
static bool fell_asleep(int pid)
{
	char who[48];

	t_snprintf(who, sizeof who, "sched_switch: prev_pid=%d ", pid);
	for (char *at = s_trace(); (at = strstr(at, who)); at++) {
		char *how = strstr(at, " prev_state="), *end = strchr(at, '\n');

		if (how < end && !strncmp(how, " prev_state=0x2001 ", 19)) // TASK_INTERRUPTIBLE | TASK_FREEZABLE
			return true;
	}
	return false;
}

// The first suspend finds it asleep, and does not wake it; then it still sleeps. Where a processor may stand still, the time of
// some may be over by then: they are not asked.
TEST(are_frozen_where_they_are)
{
	char line[48];

	s_stage();
	t_tmpdir();
	word = t_map_shared(PAGE);
	for (const struct sleep *s = sleeps; s < sleeps + sizeof sleeps / sizeof *sleeps; s++) {
		if (s->before)
			s->before();
		s_set(TRACE, "0");
		int pid = t_fork();

		if (pid == 0) {
			long wrong = s->enter();

			if (wrong)
				t_printf("# %s: %ld\n", s->name, wrong);
			t_exit(wrong ? 1 : 0);
		}
		UNTIL(fell_asleep(pid));
		s_set(TRACE, "0");
		s_suspend_ok();
		t_snprintf(line, sizeof line, "freeze_task: pid=%d in_place=1", pid);
		bool must_sleep = !s->timed || s_alone();

		if (must_sleep && !strstr(s_trace(), line)) {
			t_printf("# %s: it was woken\n", s->name);
			t_fail(__FILE__, __LINE__, line);
		}
		if (must_sleep)
			CHECK_EQ(t_state(pid), 'S');
		if (s->release)
			s->release(pid);
		CHECK_EQ(t_wait(pid), 0);
		for (int i = 3; i < 64; i++)
			sys(close, i);
	}
}
