// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of time: who gets which, how its offsets are set, and every clock and deadline that goes by them.
#include "namespace.h"
#include "pid_namespace.h"

#include <linux/timerfd.h>

#define OFFSETS "/proc/self/timens_offsets"
#define NSEC 1000000000L
#define MS 1000000L
#define LATER (20 * MS)

static char text[4096];

static long now(int clock)
{
	struct timespec ts;

	CHECK_EQ(sys(clock_gettime, clock, &ts), 0);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static struct timespec spec(long ns)
{
	return (struct timespec){ns / NSEC, ns % NSEC};
}

// A new one for the children of the caller, and its offsets in seconds.
static void new_time(long monotonic, long boottime)
{
	char lines[80];

	CHECK_EQ(sys(unshare, CLONE_NEWTIME), 0);
	t_snprintf(lines, sizeof lines, "monotonic %ld 0\nboottime %ld 0\n", monotonic, boottime);
	CHECK_EQ(t_spit(OFFSETS, lines), 0);
}

// Runs a block in one, with 1000 and 5000 seconds.
#define IN_TIME(...)                                                                               \
	IN_CHILD({                                                                                 \
		new_time(1000, 5000);                                                              \
		CHECK_EQ(IN_CHILD(__VA_ARGS__), 0);                                                \
	})

static void killed(int pid)
{
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static long clone3_flags(unsigned long flags)
{
	struct clone_args a = {.flags = flags, .exit_signal = SIGCHLD};

	return sys(clone3, &a, sizeof a);
}

TEST(unshare_is_for_the_children)
{
	ns_prepare(CLONE_NEWTIME);
	CHECK_EQ(IN_CHILD({
		long before = now(CLOCK_MONOTONIC);
		unsigned long own = ns_ino(t_getpid(), "time");
		_Atomic long *inside = t_map_shared(PAGE);

		CHECK_EQ(ns_ino(t_getpid(), "time_for_children"), own);
		new_time(1000, 5000);
		CHECK_EQ(ns_ino(t_getpid(), "time"), own);
		CHECK(ns_ino(t_getpid(), "time_for_children") != own);
		CHECK_LE(now(CLOCK_MONOTONIC), before + 999 * NSEC);
		CHECK_EQ(IN_CHILD({
			*inside = now(CLOCK_MONOTONIC);
			CHECK_EQ(ns_ino(t_getpid(), "time"), ns_ino(t_getpid(), "time_for_children"));
			CHECK(ns_ino(t_getpid(), "time") != own);
			CHECK_EQ(IN_CHILD(CHECK_GE(now(CLOCK_MONOTONIC), *inside)), 0); // inherited
		}), 0);
		CHECK_GE(*inside, before + 1000 * NSEC);
		CHECK_LE(*inside, now(CLOCK_MONOTONIC) + 1000 * NSEC);
	}), 0);
}

TEST(all_clocks)
{
	ns_prepare(CLONE_NEWTIME);
	static const struct {
		int clock, offset;
	} clocks[] = {{CLOCK_MONOTONIC, 1000}, {CLOCK_MONOTONIC_RAW, 1000}, {CLOCK_MONOTONIC_COARSE, 1000},
		{CLOCK_BOOTTIME, 5000}, {CLOCK_REALTIME, 0}, {CLOCK_REALTIME_COARSE, 0}, {CLOCK_TAI, 0}};
	_Atomic long *inside = t_map_shared(PAGE);

	for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		long before = now(clocks[i].clock), offset = clocks[i].offset * NSEC;
		struct timespec res, same;

		CHECK_EQ(sys(clock_getres, clocks[i].clock, &res), 0);
		CHECK_EQ(IN_TIME({
			*inside = now(clocks[i].clock);
			CHECK_EQ(sys(clock_getres, clocks[i].clock, &same), 0);
			CHECK(same.tv_sec == res.tv_sec && same.tv_nsec == res.tv_nsec);
		}), 0);
		CHECK_GE(*inside, before + offset);
		CHECK_LE(*inside, now(clocks[i].clock) + offset);
	}
}

TEST(clone3_makes_one_for_the_child)
{
	ns_prepare(CLONE_NEWTIME);
	unsigned long own = ns_ino(t_getpid(), "time");
	long pid = clone3_flags(CLONE_NEWTIME);

	if (pid == 0) {
		CHECK(ns_ino(t_getpid(), "time") != own);
		CHECK_EQ(ns_ino(t_getpid(), "time"), ns_ino(t_getpid(), "time_for_children"));
		CHECK_EQ(t_spit(OFFSETS, "monotonic 1 0"), -EACCES);
		t_exit(0);
	}
	CHECK_EQ(t_wait((int)pid), 0);
	CHECK_EQ(ns_ino(t_getpid(), "time_for_children"), own);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(clone3_flags(CLONE_NEWTIME), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWTIME), -EPERM);
	}), 0);
}

// Who shares the memory of its maker stays where that one is; a program enters.

HELPER(entered)
{
	return ns_ino(t_getpid(), "time") == ns_ino(t_getpid(), "time_for_children") && now(CLOCK_MONOTONIC) >= 100000 * NSEC ? 0 : 1;
}

// A new thread is refused meanwhile by some versions of Linux, and not by others.
TEST(programs_enter_it)
{
	ns_prepare(CLONE_NEWTIME);
	CHECK_EQ(IN_CHILD({
		unsigned long own = ns_ino(t_getpid(), "time");

		new_time(100000, 0);
		CHECK_EQ(t_spit(OFFSETS, "boottime 1 0"), 0); // nobody is there yet
		long pid = sys(vfork);

		if (pid == 0)
			t_exit(ns_ino(t_getpid(), "time") == own ? 0 : 1);
		CHECK_EQ(t_wait((int)pid), 0);
		pid = sys(vfork);
		if (pid == 0)
			t_exit((int)-t_exec("entered", NULL, NULL));
		CHECK_EQ(t_wait((int)pid), 0);
		CHECK_EQ(ns_ino(t_getpid(), "time"), own);
		CHECK_EQ(t_spit(OFFSETS, "boottime 2 0"), -EACCES);
		CHECK_EQ(t_exec("entered", NULL, NULL), 0);
	}), 0);
}

// --- the file of the offsets ---

static bool reads(const char *what)
{
	CHECK_GE(t_slurp(OFFSETS, text, sizeof text), 0);
	return !strcmp(text, what);
}

TEST(offsets_as_text)
{
	ns_prepare(CLONE_NEWTIME);
	static const struct {
		const char *what;
		int err;
	} writes[] = {
		{"monotonic 1 0\n", 0}, {"1 5 0", 0}, {"7 6 5\n", 0}, {"  monotonic\t 10   5 junk\n", 0}, {"monotonic 010 0", 0},
		{"monotonic 1 0\nboottime 3 4\nboottime 9 9\n", 0}, {"monotonic 1 0\nmonotonic 2 0\n", 0}, {"monotonic20 5", 0},
		{"monotonic 20 5x", 0}, {"", -EINVAL}, {"\n", -EINVAL}, {"monotonic", -EINVAL}, {"monotonic 1", -EINVAL},
		{"boottime 7 1000000000\n", -EINVAL}, {"boottime 7 -1\n", -EINVAL}, {"x 1 1\n", -EINVAL}, {"realtime 1 1", -EINVAL},
		{"0 1 1\n", -EINVAL}, {"11 1 1\n", -EINVAL}, {"monotonic +5 0\n", -EINVAL}, {"monotonic 0x10 0\n", -EINVAL},
		{"monotonicxx 1 1\n", -EINVAL}, {"monotonic 1 0\n\nboottime 2 0\n", -EINVAL}, {"monotonic 1 0\nbad", -EINVAL},
		{"boottime -1000000000 0\n", -ERANGE}, {"monotonic 4611686019 0\n", -ERANGE}, {"monotonic 9223372037 0", -ERANGE},
		{"monotonic -9223372037 0", -ERANGE}, {"monotonic 99999999999999999999 0", -ERANGE},
		{"monotonic 1 0\nboottime 5000000000 0", -ERANGE},
	};

	CHECK_EQ(IN_CHILD({
		CHECK(reads("monotonic           0         0\nboottime            0         0\n"));
		CHECK_EQ(t_spit(OFFSETS, "monotonic 1 0"), -EACCES);
		CHECK_EQ(sys(unshare, CLONE_NEWTIME), 0);
		for (unsigned i = 0; i < sizeof writes / sizeof *writes; i++) {
			CHECK_EQ(t_spit(OFFSETS, writes[i].what), writes[i].err);
			if (i == 5) // a third line is not looked at
				CHECK(reads("monotonic           1         0\nboottime            3         4\n"));
		}
		CHECK(reads("monotonic          20         5\nboottime            3         4\n")); // what fails changes nothing
		CHECK_EQ(t_spit(OFFSETS, "boottime -1 999999999"), 0);
		CHECK(reads("monotonic          20         5\nboottime           -1 999999999\n"));
		// A copy begins with them.
		CHECK_EQ(sys(unshare, CLONE_NEWTIME), 0);
		CHECK(reads("monotonic          20         5\nboottime           -1 999999999\n"));
		CHECK_EQ(IN_CHILD({
			CHECK(reads("monotonic          20         5\nboottime           -1 999999999\n"));
			CHECK_EQ(t_spit(OFFSETS, "monotonic 1 0"), -EACCES);
			CHECK_EQ(t_spit(OFFSETS, "monotonic 1"), -EINVAL);
			CHECK_EQ(t_spit(OFFSETS, "monotonic 9223372037 0"), -ERANGE);
		}), 0);
		CHECK_EQ(t_spit(OFFSETS, "monotonic 1 0"), -EACCES);
	}), 0);
}

TEST(offsets_and_rights)
{
	ns_prepare(CLONE_NEWTIME);
	char path[64];
	int gone = t_fork();

	CHECK_EQ(IN_CHILD({
		int fd;

		CHECK_EQ(sys(unshare, CLONE_NEWTIME), 0);
		CHECK_EQ(sys(open, OFFSETS, O_RDONLY | O_EXCL) >= 0, 1);
		fd = (int)sys(open, OFFSETS, O_RDWR);
		CHECK_GE(fd, 0);
		CHECK_EQ(sys(write, fd, 16, 5), -EFAULT);
		memset(text, ' ', sizeof text);
		CHECK_EQ(sys(write, fd, text, PAGE), -EINVAL);
		CHECK_EQ(sys(setresuid, -1, 1000, -1), 0);
		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1), 0); // its files are its own again
		int as_user = (int)sys(open, OFFSETS, O_RDWR);

		CHECK_GE(as_user, 0);
		CHECK_EQ(sys(setresuid, -1, 0, -1), 0);
		CHECK_EQ(sys(write, as_user, "monotonic 1 0", 13), -EPERM); // who opened it is asked
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1), 0);
		CHECK_EQ(t_spit(OFFSETS, "monotonic 1 0"), -EPERM);
		CHECK_EQ(sys(write, fd, "monotonic 1 0", 13), 13);
	}), 0);
	if (gone == 0)
		t_exit(0);
	t_snprintf(path, sizeof path, "/proc/%d/timens_offsets", gone);
	UNTIL(t_state(gone) == 'Z');
	CHECK_EQ(t_spit(path, "monotonic 1 0"), -ESRCH);
	CHECK_EQ(t_slurp(path, text, sizeof text), 0);
	CHECK_EQ(t_wait(gone), 0);
}

// --- deadlines ---

TEST(sleeps)
{
	ns_prepare(CLONE_NEWTIME);
	static const int clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};

	CHECK_EQ(IN_TIME({
		for (int i = 0; i < 3; i++) {
			long until = now(clocks[i]) + LATER;
			struct timespec ts = spec(until), past = {3, 0}, rel = spec(MS), far = {0x7fffffffffffffff, 0};

			CHECK_EQ(sys(clock_nanosleep, clocks[i], TIMER_ABSTIME, &ts, 0), 0);
			CHECK_GE(now(clocks[i]), until);
			CHECK_EQ(sys(clock_nanosleep, clocks[i], TIMER_ABSTIME, &past, 0), 0);
			CHECK_EQ(sys(clock_nanosleep, clocks[i], 0, &rel, 0), 0);
			int sleeper = t_fork();

			if (sleeper == 0)
				t_exit((int)sys(clock_nanosleep, clocks[i], TIMER_ABSTIME, &far, 0));
			UNTIL(t_state(sleeper) == 'S');
			killed(sleeper);
		}
	}), 0);
}

TEST(timerfds)
{
	ns_prepare(CLONE_NEWTIME);
	static const int clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};

	CHECK_EQ(IN_TIME({
		for (int i = 0; i < 3; i++) {
			int fd = (int)sys(timerfd_create, clocks[i], 0);
			long until = now(clocks[i]) + LATER;
			struct itimerspec its = {.it_value = spec(until)}, left, past = {.it_value = {3, 0}};
			unsigned long n;

			CHECK_GE(fd, 0);
			CHECK_EQ(sys(timerfd_settime, fd, TFD_TIMER_ABSTIME, &its, 0), 0);
			CHECK_EQ(sys(timerfd_gettime, fd, &left), 0);
			CHECK_LE(left.it_value.tv_sec * NSEC + left.it_value.tv_nsec, LATER);
			CHECK_EQ(sys(read, fd, &n, 8), 8);
			CHECK_EQ(n, 1);
			CHECK_GE(now(clocks[i]), until);
			CHECK_EQ(sys(timerfd_settime, fd, TFD_TIMER_ABSTIME, &past, 0), 0);
			CHECK_EQ(sys(read, fd, &n, 8), 8);
			CHECK_EQ(n, 1);
			its.it_value = spec(MS);
			CHECK_EQ(sys(timerfd_settime, fd, 0, &its, 0), 0);
			CHECK_EQ(sys(read, fd, &n, 8), 8);
		}
	}), 0);
}

TEST(posix_timers)
{
	ns_prepare(CLONE_NEWTIME);
	static const int clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};

	CHECK_EQ(IN_TIME({
		unsigned long usr1 = BIT(SIGUSR1);

		t_block(usr1);
		for (int i = 0; i < 3; i++) {
			struct {
				long value;
				int signo, notify, pad[12];
			} ev = {.signo = SIGUSR1};
			int id;
			long until;
			struct itimerspec its = {.it_value = {0, 0}}, left;

			CHECK_EQ(sys(timer_create, clocks[i], &ev, &id), 0);
			until = now(clocks[i]) + LATER;
			its.it_value = spec(until);
			CHECK_EQ(sys(timer_settime, id, TIMER_ABSTIME, &its, 0), 0);
			CHECK_EQ(sys(timer_gettime, id, &left), 0);
			CHECK_LE(left.it_value.tv_sec * NSEC + left.it_value.tv_nsec, LATER);
			CHECK_EQ(sys(rt_sigtimedwait, &usr1, 0, 0, 8), SIGUSR1);
			CHECK_GE(now(clocks[i]), until);
			its.it_value = spec(3 * NSEC);
			CHECK_EQ(sys(timer_settime, id, TIMER_ABSTIME, &its, 0), 0);
			CHECK_EQ(sys(rt_sigtimedwait, &usr1, 0, 0, 8), SIGUSR1);
			CHECK_EQ(sys(timer_delete, id), 0);
		}
	}), 0);
}

TEST(futexes)
{
	ns_prepare(CLONE_NEWTIME);
	CHECK_EQ(IN_TIME({
		static unsigned word, pi;
		struct {
			unsigned long val, addr;
			unsigned flags, reserved;
		} w = {0, (unsigned long)&word, 2 /* FUTEX_32 */, 0};
		long until = now(CLOCK_MONOTONIC) + LATER;
		struct timespec ts = spec(until), past = {3, 0}, rel = spec(MS);

		CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 0, &ts, 0, ~0u), -ETIMEDOUT);
		CHECK_GE(now(CLOCK_MONOTONIC), until);
		CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 0, &past, 0, ~0u), -ETIMEDOUT);
		CHECK_EQ(futex(&word, FUTEX_WAIT, 0, &rel, 0, 0), -ETIMEDOUT);
		until = now(CLOCK_MONOTONIC) + LATER;
		ts = spec(until);
		CHECK_EQ(sys(futex_waitv, &w, 1, 0, &ts, CLOCK_MONOTONIC), -ETIMEDOUT);
		CHECK_GE(now(CLOCK_MONOTONIC), until);
		until = now(CLOCK_REALTIME) + LATER;
		ts = spec(until);
		CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ts, 0, ~0u), -ETIMEDOUT);
		CHECK_GE(now(CLOCK_REALTIME), until);
		CHECK_EQ(IN_CHILD({
			int owner = t_fork();

			if (owner == 0)
				thread_pause(NULL);
			pi = (unsigned)owner;
			until = now(CLOCK_MONOTONIC) + LATER;
			ts = spec(until);
			CHECK_EQ(futex(&pi, 13 /* FUTEX_LOCK_PI2 */, 0, &ts, 0, 0), -ETIMEDOUT);
			CHECK_GE(now(CLOCK_MONOTONIC), until);
			killed(owner);
		}), 0);
	}), 0);
}

// --- what /proc and sysinfo say ---

static long uptime(void)
{
	CHECK_GE(t_slurp("/proc/uptime", text, sizeof text), 1);
	return t_number(text);
}

// In ticks.
static long started(void)
{
	const char *p;

	CHECK_GE(t_slurp("/proc/self/stat", text, sizeof text), 1);
	p = strrchr(text, ')');
	for (int i = 0; i < 20; i++)
		p = strchr(p + 1, ' ');
	return t_number(p + 1);
}

static long up(void)
{
	struct {
		long uptime, rest[20];
	} si;

	CHECK_EQ(sys(sysinfo, &si), 0);
	return si.uptime;
}

TEST(times_since_boot)
{
	ns_prepare(CLONE_NEWTIME);
	_Atomic long *in = t_map_shared(PAGE);
	long a = uptime(), b = started(), c = up(), btime = t_field("/proc/stat", "btime");

	CHECK_EQ(IN_TIME({
		in[0] = uptime();
		in[1] = started();
		in[2] = up();
		in[3] = t_field("/proc/stat", "btime");
	}), 0);
	CHECK_GE(in[0], a + 5000);
	CHECK_LE(in[0], uptime() + 5000);
	CHECK_GE(in[1], b + 500000);
	CHECK_LE(in[1], (uptime() + 5001) * 100);
	CHECK_GE(in[2], c + 5000);
	CHECK_LE(in[2], up() + 5000);
	CHECK(in[3] >= btime - 5001 && in[3] <= btime - 4999); // rounded
}

// --- setns ---

static void live_there(void)
{
	yield_to_parent();
}

TEST(setns_by_file_and_by_pidfd)
{
	ns_prepare(CLONE_NEWTIME);
	CHECK_EQ(IN_CHILD({
		unsigned long own = ns_ino(t_getpid(), "time");
		int home = ns_open(t_getpid(), "time"), pid, fd, pidfd;

		new_time(1000, 5000);
		pid = in_namespace(live_there);
		fd = ns_open(pid, "time");
		pidfd = (int)sys(pidfd_open, pid, 0);
		CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWTIME);
		CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EINVAL);
		CHECK_GE(sys(readlink, "/proc/self/ns/time_for_children", text, sizeof text), 8);
		CHECK_EQ(strncmp(text, "time:[", 6), 0);
		CHECK_EQ(sys(setns, home, CLONE_NEWTIME), 0); // for the children, too
		CHECK_EQ(ns_ino(t_getpid(), "time_for_children"), own);
		CHECK_EQ(IN_CHILD({
			long before = now(CLOCK_BOOTTIME);

			CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), -EINVAL);
			CHECK_EQ(sys(setns, fd, CLONE_NEWTIME), 0);
			CHECK_GE(now(CLOCK_BOOTTIME), before + 5000 * NSEC);
			CHECK_EQ(ns_ino(t_getpid(), "time"), ns_ino(t_getpid(), "time_for_children"));
			CHECK_EQ(sys(setns, home, 0), 0);
			CHECK_LE(now(CLOCK_BOOTTIME), before + 4999 * NSEC);
			CHECK_EQ(sys(setns, pidfd, CLONE_NEWTIME), 0);
			CHECK_GE(now(CLOCK_BOOTTIME), before + 5000 * NSEC);
			CHECK_EQ(IN_CHILD(CHECK_GE(now(CLOCK_BOOTTIME), before + 5000 * NSEC)), 0);
		}), 0);
		CHECK_EQ(IN_CHILD({
			struct thread t;

			thread_start(&t, thread_pause, NULL);
			CHECK_EQ(sys(setns, fd, CLONE_NEWTIME), -EUSERS);
			CHECK_EQ(sys(setns, pidfd, CLONE_NEWTIME), -EUSERS);
			CHECK_EQ(ns_ino(t_getpid(), "time"), own);
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
			CHECK_EQ(sys(setns, fd, 0), -EUSERS); // before it asks who it is
		}), 0);
		CHECK_EQ(IN_CHILD({
			long child = sys(vfork); // its memory is another's, too

			if (child == 0)
				t_exit(sys(setns, fd, CLONE_NEWTIME) == -EUSERS ? 0 : 1);
			CHECK_EQ(t_wait((int)child), 0);
		}), 0);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
			CHECK_EQ(sys(setns, fd, 0), -EPERM);
			CHECK_EQ(sys(setns, home, 0), -EPERM);
		}), 0);
		end_namespace();
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(setns, fd, 0), 0); // the file keeps it
			CHECK_GE(now(CLOCK_BOOTTIME), 5000 * NSEC);
		}), 0);
	}), 0);
}

// Who enters finds offsets that nobody can set any more.
TEST(who_enters_settles_the_offsets)
{
	ns_prepare(CLONE_NEWTIME);
	CHECK_EQ(IN_CHILD({
		int fd;

		CHECK_EQ(sys(unshare, CLONE_NEWTIME), 0);
		fd = ns_open(t_getpid(), "time_for_children");
		CHECK_EQ(t_spit(OFFSETS, "monotonic 70 0"), 0);
		CHECK_EQ(sys(setns, fd, CLONE_NEWTIME), 0);
		CHECK_GE(now(CLOCK_MONOTONIC), 70 * NSEC);
		CHECK_EQ(t_spit(OFFSETS, "monotonic 80 0"), -EACCES);
	}), 0);
}

TEST(many)
{
	ns_prepare(CLONE_NEWTIME);
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 1000; i++) {
			CHECK_EQ(sys(unshare, CLONE_NEWTIME), 0);
			if (i % 10 == 0) {
				new_time(i, i);
				CHECK_EQ(IN_CHILD({}), 0);
			}
		}
	}), 0);
}
