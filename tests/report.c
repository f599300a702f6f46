// SPDX-License-Identifier: GPL-2.0-only
//
// Runs other programs with their standard output on the report line, so that what a test says cannot
// be mixed up with what the kernel says on the console.
//	report @to PROGRAM [ARGUMENT]...	becomes it
//	report @counted PROGRAM [ARGUMENT]...	runs it as a test: there are as many pages and objects after it as before
//	report @each PROGRAM...			runs one after the other; how each ended is a line
//	report @limit MS MOST PROGRAM [ARGUMENT]...	runs it on a terminal, with nothing to read, and ends as it
//						does, or, after so long, with the line `hung`, or, when it
//						has said more than MOST bytes, with the line `cut` after those
//	report @scenes FILE.TEST...		runs scenes, each in a fresh process, until one fails; then what the
//						kernel recorded since that one began follows
#include "scenes/s.h"

#include <asm/ioctls.h>
#include <asm/poll.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

static bool to_report(void)
{
	long fd = sys(open, "/dev/ttyS1", O_WRONLY | O_NOCTTY);

	if (fd < 0)
		return false;
	sys(dup2, fd, 1);
	sys(close, fd);
	return true;
}

static int become(char **argv)
{
	sys(execve, argv[0], argv, t_envp);
	t_printf("# cannot execute %s\n", argv[0]);
	return 127;
}

HELPER(to)
{
	if (!to_report() || t_argc < 3)
		return 127;
	return become(t_argv + 2);
}

HELPER(counted)
{
	if (!to_report() || t_argc < 3)
		return 127;
	return !t_leaves_nothing(t_argv + 2);
}

HELPER(each)
{
	if (!to_report())
		return 127;
	for (int i = 2; i < t_argc; i++) {
		char *argv[] = {t_argv[i], NULL};
		int pid = t_fork();

		if (pid == 0)
			t_exit(become(argv));
		t_printf("ended %d %s\n", t_wait(pid), t_argv[i]);
	}
	return 0;
}

// A program that never gives up the processor shall not keep us from looking at the clock. Who has a deadline
// goes before every priority; where there are none the highest must do, and behind it the kernel's own limit.
static void go_first(void)
{
	struct sched_attr deadline = {.size = sizeof deadline, .sched_policy = SCHED_DEADLINE, .sched_runtime = 5000000,
		.sched_deadline = 10000000, .sched_period = 10000000};
	int priority = 99;

	if (sys(sched_setattr, 0, &deadline, 0))
		sys(sched_setscheduler, 0, SCHED_FIFO, &priority);
}

// A terminal of the program's own, where it is the same on every kernel: its other end, which does not block.
static long open_terminal(long *slave)
{
	long master = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int locked = 0;

	sys(ioctl, master, TIOCSPTLCK, &locked);
	*slave = sys(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *slave < 0 ? *slave : master;
}

// Passes on what there is, up to so many bytes; how many are left to pass on, -1 when there was more.
static long copy_from(long fd, long left)
{
	static char buf[4096];
	long n;

	while ((n = sys(read, fd, buf, sizeof buf)) > 0) {
		sys(write, 1, buf, n < left ? n : left);
		left -= n;
		if (left < 0)
			return -1;
	}
	return left;
}

// Stopped, it says why. What still runs shall not keep init from the processor.
static int stop_all(const char *why)
{
	sys(kill, -1, SIGKILL);
	t_printf("\n%s\n", why);
	return 0;
}

static void noted(int sig)
{
	(void)sig;
}

HELPER(limit)
{
	long end = t_now_ms() + (t_argc > 4 ? t_number(t_argv[2]) : 0), slave, master = open_terminal(&slave);
	long most = t_argc > 4 ? t_number(t_argv[3]) : 0;
	long null = sys(open, "/dev/null", O_RDONLY | O_CLOEXEC);
	unsigned long none = 0;
	int status;

	if (t_argc < 5 || master < 0 || null < 0 || !to_report())
		return 127;
	t_block(BIT(SIGCHLD));
	int pid = t_fork();

	if (pid == 0) {
		t_unblock(BIT(SIGCHLD));
		sys(dup2, null, 0);
		sys(dup2, slave, 1);
		sys(dup2, slave, 2);
		t_exit(become(t_argv + 4));
	}
	t_action(SIGCHLD, noted, 0);
	go_first();
	while (sys(wait4, pid, &status, WNOHANG, 0) != pid) {
		struct pollfd said = {(int)master, POLLIN, 0};
		long left = end - t_now_ms();
		struct timespec ts = {left / 1000, left % 1000 * 1000000};

		if (left <= 0)
			return stop_all("hung");
		sys(ppoll, &said, 1, &ts, &none, 8);
		most = copy_from(master, most);
		if (most < 0)
			return stop_all("cut");
	}
	if (copy_from(master, most) < 0)
		return stop_all("cut");
	t_printf("\n");
	if (W_EXITED(status))
		return W_CODE(status);
	t_action(W_SIG(status), SIG_DFL, 0);
	sys(kill, t_getpid(), W_SIG(status));
	return 128 + W_SIG(status);
}

static int run_scene(char *file, char *test)
{
	char path[128], *argv[] = {path, test, NULL};
	int pid = t_fork();

	t_snprintf(path, sizeof path, "/tests/%s", file);
	if (pid == 0)
		t_exit(become(argv));
	return t_wait(pid);
}

// Longer than any UNTIL waits.
#define SCENE_MS "40000"

// What the kernel itself found, whatever the scene looked at. All of it is zero before the first scene.
static bool kept(void)
{
	static const struct {
		const char *file, *key, *broken;
	} found[] = {
		{OOM, "leaked", "L1 count leaked"},
		{OOM, "uncovered", "S4 runs uncounted under the barrier"},
		{"/proc/vmstat", "io_after_barrier", "S1 IO after the barrier"},
	};
	bool good = true;

	for (unsigned i = 0; i < sizeof found / sizeof *found; i++)
		if (t_field(found[i].file, found[i].key) > 0) {
			t_printf("# broken %s\n", found[i].broken);
			good = false;
		}
	return good;
}

static char *line_of[1 << 15];

// Whether n lines from i on say the same as the n lines before them, but for the time.
static bool again(int i, int n, int nr)
{
	if (i < n || i + n > nr)
		return false;
	for (int k = i; k < i + n; k++)
		if (strcmp(strchr(line_of[k], 'c'), strchr(line_of[k - n], 'c')))
			return false;
	return true;
}

// Somebody who wakes each millisecond to look, and sleeps again, is three lines: told once, or the page is of nothing else. Two at it
// are six.
static void tell_trace(void)
{
	int nr = 0;

	for (char *line = s_trace(), *end; (end = strchr(line, '\n')) && nr < 1 << 15; line = end + 1) {
		*end = 0;
		line_of[nr++] = line;
	}
	for (int i = 0; i < nr; i++)
		if (again(i, 3, nr))
			i += 2;
		else if (again(i, 6, nr))
			i += 5;
		else
			t_printf("%s\n", line_of[i]);
}

HELPER(scenes)
{
	// Where a design's killer runs out of victims it shall not take the runner.
	if (!to_report() || s_adj("-1000"))
		return 127;
	for (int i = 2; i < t_argc; i++) {
		char *test = strchr(t_argv[i], '.');

		if (!test)
			return 127;
		*test++ = 0;
		t_spit("/sys/kernel/debug/watchdog_ms", SCENE_MS);
		s_set(TRACE, "\n"); // so that what is told, or looked through, is this scene's
		t_printf("scene %s.%s\n", t_argv[i], test);
		int status = run_scene(t_argv[i], test);

		if (!kept() || status) {
			tell_trace();
			return 1;
		}
	}
	return 0;
}
