// SPDX-License-Identifier: GPL-2.0-only
//
// /proc as ps, free and people read it.
#include "t.h"

static char buf[16384];

// A field of /proc/PID/stat, counted as proc(5) counts them.
static char *stat_field(int pid, int n)
{
	char path[64], *p;

	t_snprintf(path, sizeof path, "/proc/%d/stat", pid);
	CHECK_GE(t_slurp(path, buf, sizeof buf), 1);
	p = strrchr(buf, ')') + 2;
	for (int i = 3; i < n; i++)
		p = strchr(p, ' ') + 1;
	return p;
}

TEST(stat)
{
	int me = t_getpid();

	sys(prctl, PR_SET_NAME, "a (b) c", 0, 0, 0);
	CHECK_EQ(*stat_field(me, 3), 'R');
	CHECK_EQ(t_number(buf), me);
	CHECK(strstr(buf, " (a (b) c) ") != NULL);
	CHECK_EQ(t_number(stat_field(me, 4)), sys(getppid));
	CHECK_EQ(t_number(stat_field(me, 5)), sys(getpgid, 0));
	CHECK_EQ(t_number(stat_field(me, 6)), sys(getsid, 0));
	CHECK_EQ(t_number(stat_field(me, 20)), 1); // threads
}

// Where its memory is, and how it ended, is for those who may trace it; others read that it has some.
TEST(stat_of_somebody_else)
{
	static const struct {
		int field;
		bool shown; // whether there is any
	} hidden[] = {{26, true}, {27, true}, {28, 0}, {45, 0}, {46, 0}, {47, 0}, {48, 0}, {49, 0}, {50, 0}, {51, 0}};
	int me = t_getpid();

	if (sys(getuid))
		SKIP("needs root");
	CHECK_GE(t_number(stat_field(me, 26)), 2);
	CHECK_GE(t_number(stat_field(me, 28)), 2);
	CHECK_GE(t_number(stat_field(me, 48)), 2);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		for (unsigned i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
			CHECK_EQ(t_number(stat_field(me, hidden[i].field)), hidden[i].shown);
		CHECK_GE(t_number(stat_field(me, 23)), PAGE);
		CHECK_GE(t_number(stat_field(t_getpid(), 26)), 2); // oneself
		CHECK_EQ(t_number(stat_field(me, 35)), 0); // nor that it sleeps
	}), 0);
}

// Whether a process sleeps is said of one with one thread.
TEST(stat_of_who_sleeps)
{
	struct thread t;
	int alone = t_fork();

	if (alone == 0)
		thread_pause(NULL);
	UNTIL(t_number(stat_field(alone, 35)) == 1);
	int pid = t_fork();

	if (pid == 0) {
		thread_start(&t, thread_pause, NULL);
		thread_pause(NULL);
	}
	UNTIL(t_number(stat_field(pid, 20)) == 2 && t_state(pid) == 'S');
	CHECK_EQ(t_number(stat_field(pid, 35)), 0);
}

// A line each, whatever a file is called.
TEST(a_name_in_the_table_of_mappings)
{
	long fd;

	t_tmpdir();
	fd = sys(open, "a\nb\\ c", O_RDWR | O_CREAT, 0600);
	CHECK_GE(fd, 0);
	CHECK_GE(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), 0);
	CHECK_GE(t_slurp("/proc/self/maps", buf, sizeof buf), 1);
	CHECK(strstr(buf, "/a\\012b\\ c\n"));
}

// Who has its environment and its vector open may read them when it has gone: there is none, and what it was.
TEST(what_outlives_a_process)
{
	static const char *const names[] = {"environ", "auxv", "maps"};
	char path[64];
	long fd[3];
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	for (int i = 0; i < 3; i++) {
		t_snprintf(path, sizeof path, "/proc/%d/%s", pid, names[i]);
		fd[i] = sys(open, path, O_RDONLY);
		CHECK_GE(fd[i], 0);
	}
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(read, fd[0], buf, sizeof buf), 0);
	CHECK_GE(sys(read, fd[1], buf, sizeof buf), 32);
	CHECK(!memcmp(buf, t_auxv, 32));
	CHECK_EQ(sys(read, fd[2], buf, sizeof buf), -ESRCH);
}

// A name does not end its line.
TEST(status_of_a_strange_name)
{
	sys(prctl, PR_SET_NAME, "a\nUid:\t7\\ b", 0, 0, 0);
	CHECK_GE(t_slurp("/proc/self/status", buf, sizeof buf), 1);
	CHECK(!strncmp(buf, "Name:\ta\\nUid:\t7\\\\ b\nUmask:", 26));
	CHECK_GE(t_slurp("/proc/self/comm", buf, sizeof buf), 1);
	CHECK(!strcmp(buf, "a\nUid:\t7\\ b\n"));
}

TEST(states)
{
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	sys(kill, pid, SIGKILL);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_state(pid), 0);
}

TEST(status)
{
	CHECK_EQ(t_field("/proc/self/status", "Pid"), t_getpid());
	CHECK_EQ(t_field("/proc/self/status", "Tgid"), t_getpid());
	CHECK_EQ(t_field("/proc/self/status", "PPid"), sys(getppid));
	CHECK_EQ(t_field("/proc/self/status", "Threads"), 1);
	CHECK_GE(t_field("/proc/self/status", "VmRSS"), 4);
	CHECK_EQ(t_slurp("/proc/self/status", buf, 6), 5);
	CHECK(!memcmp(buf, "Name:", 5));
}

TEST(command_line)
{
	long n = t_slurp("/proc/self/cmdline", buf, sizeof buf);

	CHECK_GE(n, (long)strlen(t_argv[0]) + 1);
	CHECK(!strcmp(buf, t_argv[0]));
	CHECK_EQ(buf[n - 1], 0);
}

static bool listed(const char *dir, int number)
{
	char want[16];
	long fd = sys(open, dir, O_RDONLY | O_DIRECTORY), n;
	bool found = false;

	CHECK_GE(fd, 0);
	t_snprintf(want, sizeof want, "%d", number);
	while ((n = sys(getdents64, fd, buf, sizeof buf)) > 0)
		for (long at = 0; at < n; at += ((struct entry *)(buf + at))->len)
			found |= !strcmp(((struct entry *)(buf + at))->name, want);
	CHECK_EQ(n, 0);
	sys(close, fd);
	return found;
}

TEST(directory_of_processes)
{
	CHECK(listed("/proc", t_getpid()));
	CHECK(listed("/proc", 1));
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	CHECK(listed("/proc", pid));
	sys(kill, pid, SIGKILL);
	t_wait(pid);
	CHECK(!listed("/proc", pid));
	t_snprintf(buf, sizeof buf, "/proc/%d", pid);
	CHECK_EQ(sys(open, buf, O_RDONLY), -ENOENT);
	CHECK_EQ(sys(open, "/proc/0", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(open, "/proc/99999999999", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(open, "/proc/nothing", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(open, "/proc/1x", O_RDONLY), -ENOENT);
}

TEST(directory_of_threads)
{
	struct thread t[3];

	for (int i = 0; i < 3; i++)
		thread_start(&t[i], thread_pause, NULL);
	CHECK(listed("/proc/self/task", t_getpid()));
	for (int i = 0; i < 3; i++)
		CHECK(listed("/proc/self/task", t[i].id));
	CHECK_EQ(t_field("/proc/self/status", "Threads"), 4);
	t_snprintf(buf, 64, "/proc/%d", t[0].id);
	CHECK_GE(sys(open, buf, O_RDONLY), 0); // not listed, but there
	CHECK(!listed("/proc", t[0].id));
}

TEST(self)
{
	long n = sys(readlink, "/proc/self", buf, sizeof buf);

	CHECK_GE(n, 1);
	buf[n] = 0;
	CHECK_EQ(t_number(buf), t_getpid());
	CHECK_EQ(IN_CHILD({
		n = sys(readlink, "/proc/self", buf, sizeof buf);
		buf[n] = 0;
		CHECK_EQ(t_number(buf), t_getpid());
	}),
		0);
}

TEST(memory)
{
	long total = t_field("/proc/meminfo", "MemTotal"), free = t_field("/proc/meminfo", "MemFree");

	CHECK(total > 1000 && free > 100 && free < total);
	CHECK_GE(t_field("/proc/meminfo", "MemAvailable"), 100);
}

TEST(resident_size_follows_use)
{
	long before = t_number(stat_field(t_getpid(), 24));
	char *p = t_map(4000 * PAGE);

	// Linux counts by processor, and adds up later.
	CHECK_LE(t_number(stat_field(t_getpid(), 24)), before + 800);
	memset(p, 1, 4000 * PAGE);
	CHECK_GE(t_number(stat_field(t_getpid(), 24)), before + 3200);
	sys(munmap, p, 4000 * PAGE);
	CHECK_LE(t_number(stat_field(t_getpid(), 24)), before + 800);
}

TEST(system_files)
{
	CHECK_GE(t_slurp("/proc/uptime", buf, sizeof buf), 3);
	CHECK_GE(t_slurp("/proc/vmstat", buf, sizeof buf), 3);
	CHECK_GE(t_field("/proc/vmstat", "oom_kill"), 0);
	CHECK_GE(t_slurp("/proc/cpuinfo", buf, sizeof buf), 3);
	CHECK(strstr(buf, "processor") != NULL);
	CHECK_GE(t_slurp("/proc/mounts", buf, sizeof buf), 3);
	CHECK(strstr(buf, "proc") != NULL);
	CHECK_GE(t_slurp("/proc/version", buf, sizeof buf), 3);
	CHECK_GE(t_slurp("/proc/stat", buf, sizeof buf), 3);
	CHECK_GE(t_slurp("/proc/loadavg", buf, sizeof buf), 3);
}

// The last of "0-3"; 0 if there is but one.
static long last_processor(const char *file)
{
	char path[64], text[256];

	t_snprintf(path, sizeof path, "/sys/devices/system/cpu/%s", file);
	if (t_slurp(path, text, sizeof text) < 2 || text[0] != '0')
		return -1;
	const char *dash = strchr(text, '-');

	return dash ? t_number(dash + 1) : 0;
}

TEST(processors)
{
	char path[64];
	long last = last_processor("present");

	if (last < 0)
		SKIP("no /sys/devices/system/cpu");
	CHECK_GE(last_processor("possible"), last);
	CHECK(last_processor("online") <= last && last_processor("online") >= 0);
	CHECK_GE(t_slurp("/sys/devices/system/cpu/offline", buf, sizeof buf), 1);
	if (t_on_thaw)
		CHECK(last_processor("online") == last && !strcmp(buf, "\n"));
	for (long cpu = 0; cpu <= last + 1; cpu++) {
		t_snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%ld", cpu);
		CHECK_EQ(sys(access, path, 0), cpu <= last ? 0 : -ENOENT);
	}
}

// The deepest that any kernel stack was used, in bytes. No margin means a stack too small.
TEST(kernel_stacks_have_room)
{
	if (t_slurp("/sys/kernel/debug/tracing/stack_max_size", buf, sizeof buf) < 0)
		SKIP("no file that says how deep kernel stacks were used");
	long before = t_number(buf);

	CHECK_GE(t_slurp("/proc/self/maps", buf, sizeof buf), 1);
	CHECK_GE(t_slurp("/sys/kernel/debug/tracing/stack_max_size", buf, sizeof buf), 2);
	CHECK_GE(t_number(buf), before);
	if (t_on_thaw)
		CHECK(before >= 1024 && t_number(buf) <= 8192 - 2048);
}

// In hundredths; what comes before the next one at *text.
static long load(const char **text)
{
	long whole = t_number(*text);
	const char *point = strchr(*text, '.');

	CHECK(point && point[3] == ' ');
	*text = point + 4;
	return whole * 100 + t_number(point + 1);
}

static long load_of_a_minute(void)
{
	const char *text = buf;

	CHECK_GE(t_slurp("/proc/loadavg", buf, sizeof buf), 3);
	return load(&text);
}

TEST(load_averages_are_three_and_counts_follow)
{
	const char *text = buf;

	CHECK_GE(t_slurp("/proc/loadavg", buf, sizeof buf), 3);
	for (int i = 0; i < 3; i++)
		CHECK_GE(load(&text), 0);
	CHECK_GE(t_number(text), 1); // we run
	text = strchr(text, '/');
	CHECK(text && t_number(text + 1) >= 2);
	CHECK_GE(t_number(strchr(text, ' ') + 1), t_getpid());
}

// What programs look at before they begin.
TEST(numbers_of_the_kernel)
{
	struct new_utsname uts;
	long threads;

	CHECK_EQ(sys(uname, &uts), 0);
	long n = t_slurp("/proc/sys/kernel/osrelease", buf, sizeof buf);

	CHECK_EQ(n, strlen(uts.release) + 1);
	CHECK(!memcmp(buf, uts.release, (size_t)n - 1) && buf[n - 1] == '\n');
	CHECK_GE(t_slurp("/proc/sys/kernel/threads-max", buf, sizeof buf), 2);
	threads = t_number(buf);
	CHECK_GE(threads, 20);
	CHECK_GE(t_slurp("/proc/sys/kernel/pid_max", buf, sizeof buf), 2);
	CHECK_GE(t_number(buf), 301);
	CHECK_GE(t_slurp("/proc/sys/kernel/tainted", buf, sizeof buf), 2);
	CHECK(!t_on_thaw || t_number(buf) == 0); // nothing has gone wrong yet
}

// Twenty that no signal wakes make 1.6 in the first sample. It is taken though nobody runs.
TEST(the_load_average_follows_the_load)
{
	enum { N = 20 };

	if (!t_own_machine)
		SKIP("a machine with a load of its own");
	long start = t_now_ms(), before = load_of_a_minute(), after;

	for (int i = 0; i < N; i++)
		if (t_fork() == 0) // sleeps until its child has ended
			t_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, (char *)t_map(STACK_SIZE) + STACK_SIZE, 0, 0, 0,
				thread_pause, NULL);
	UNTIL((after = load_of_a_minute()) - before >= 120); // it is looked at every five seconds
	// At most they, their children that are not asleep yet, and ten more, each time with a twelfth.
	CHECK_LE(after - before, (2 * N + 10) * 9 * ((t_now_ms() - start) / 5000 + 1));
}

/* What follows the line's name of /proc/stat, which is in buf; NULL if there is no such line. */
static const char *stat_line(const char *name)
{
	size_t n = strlen(name);

	for (const char *p = buf; p && *p; p = strstr(p, "\n") ? strstr(p, "\n") + 1 : NULL)
		if (!strncmp(p, name, n) && p[n] == ' ')
			return p + n;
	return NULL;
}

static long column(const char *line, int n)
{
	for (; n > 0 && *line; n--) {
		while (*line == ' ')
			line++;
		if (n > 1)
			while (*line > ' ')
				line++;
	}
	return t_number(line);
}

TEST(stat_counts_forks_and_interrupts)
{
	long before, irqs;

	CHECK_GE(t_slurp("/proc/stat", buf, sizeof buf), 3);
	CHECK(stat_line("processes") && stat_line("intr") && stat_line("ctxt") && stat_line("btime"));
	before = column(stat_line("processes"), 1);
	irqs = column(stat_line("intr"), 1);
	for (int i = 0; i < 10; i++) {
		int pid = t_fork();

		if (!pid)
			sys(exit_group, 0);
		CHECK_EQ(sys(wait4, pid, NULL, 0, NULL), pid);
	}
	CHECK_GE(t_slurp("/proc/stat", buf, sizeof buf), 3);
	CHECK_GE(column(stat_line("processes"), 1), before + 10);
	do // the tick comes when the host lets it
		CHECK_GE(t_slurp("/proc/stat", buf, sizeof buf), 3);
	while (column(stat_line("intr"), 1) == irqs);
}

static bool stat_adds_up(void)
{
	static const int columns[] = { 1, 3, 4 };	// user, system, idle

	CHECK_GE(t_slurp("/proc/stat", buf, sizeof buf), 3);
	for (int i = 0; i < 3; i++) {
		long sum = 0, all = column(stat_line("cpu"), columns[i]);
		int cpus = 0;

		for (char name[] = "cpu0"; cpus < 10 && stat_line(name); name[3]++, cpus++)
			sum += column(stat_line(name), columns[i]);
		CHECK_GE(cpus, 1);
		if (all < sum || all > sum + cpus + (cpus == 10 ? all : 0))	// each line is rounded down
			return false;
	}
	return true;
}

TEST(stat_adds_up)
{
	for (long end = t_now_ms() + 50; t_now_ms() < end;)
		for (volatile int i = 0; i < 10000; i++)
			;	// as user time: calls alone are the system's
	if (t_on_thaw)
		CHECK(stat_adds_up());
	else
		UNTIL(stat_adds_up()); // Linux counts on between the lines
	CHECK_GE(column(stat_line("cpu"), 1), 1);
}

static long set_adj(const char *value)
{
	long fd = sys(open, "/proc/self/oom_score_adj", O_RDWR);

	CHECK_GE(fd, 0);
	long n = sys(write, fd, value, strlen(value));

	sys(close, fd);
	return n < 0 ? n : 0;
}

TEST(oom_score_adj)
{
	CHECK_EQ(set_adj("500"), 0);
	CHECK_EQ(t_slurp("/proc/self/oom_score_adj", buf, sizeof buf), 4);
	CHECK_EQ(t_number(buf), 500);
	CHECK_EQ(set_adj("1000\n"), 0);
	CHECK_EQ(set_adj("1001"), -EINVAL);
	CHECK_EQ(set_adj("-1001"), -EINVAL);
	CHECK_EQ(set_adj("x"), -EINVAL);
	CHECK_EQ(set_adj("- 1"), -EINVAL);
	CHECK_EQ(set_adj("2147483647"), -EINVAL);
	CHECK_EQ(set_adj("2147483648"), -ERANGE);
	CHECK_EQ(set_adj("99999999999999999999"), -ERANGE);
	CHECK_EQ(set_adj("01750"), 0); // octal
	CHECK_EQ(set_adj("+1000"), 0);
	CHECK_EQ(IN_CHILD({
		t_slurp("/proc/self/oom_score_adj", buf, sizeof buf);
		CHECK_EQ(t_number(buf), 1000); // inherited
	}),
		0);
	CHECK_GE(t_slurp("/proc/self/oom_score", buf, sizeof buf), 2);
	CHECK(t_number(buf) > 0);
}

// On a limit that only a real-time task would feel.
static void check_printed(unsigned long v)
{
	struct rlimit64 lim = { v, RLIM64_INFINITY };
	char line[80];

	CHECK_EQ(sys(prlimit64, 0, RLIMIT_RTTIME, &lim, 0), 0);
	t_snprintf(line, sizeof line, "Max realtime timeout      %lu ", v);
	CHECK_GE(t_slurp("/proc/self/limits", buf, sizeof buf), 100);
	CHECK(strstr(buf, line));
}

TEST(numbers_of_every_length)
{
	struct rlimit64 was;
	unsigned long power = 1;

	CHECK_EQ(sys(prlimit64, 0, RLIMIT_RTTIME, 0, &was), 0);
	if (was.rlim_max != RLIM64_INFINITY)
		SKIP("the limit of real time has a limit");
	for (int digits = 1; digits <= 20; digits++) {
		check_printed(power - 1);
		check_printed(power);
		check_printed(power + 1);
		check_printed(power * 10 - 1);
		power *= 10;
	}
	check_printed(RLIM64_INFINITY - 1);
}

// A number of /proc/sys is the first word of what is written.
TEST(sysctl_words)
{
	static const char path[] = "/proc/sys/vm/oom_kill_allocating_task";
	static const struct { const char *text, *then; } good[] = {
		{ "1 2", "1\n" }, { " \n-1\tx\n", "-1\n" }, { "0x10", "16\n" }, { "010 ", "8\n" }, { "2147483647", "2147483647\n" },
		{ "-2147483648", "-2147483648\n" }, { "00000000000000000003", "3\n" }, { "0\n1\n", "0\n" } };
	static const char *const bad[] = { " ", "\n", "x", "+1", "-", "-+1", "- 1", "1x", "1,2", "1\r", "2147483648", "-2147483649",
		"18446744073709551617", "000000000000000000003" };
	char was[16], now[16];

	CHECK_GE(t_slurp(path, was, sizeof was), 2);
	if (sys(access, path, 2) || t_spit(path, was))
		SKIP("/proc/sys cannot be written");
	for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
		CHECK_EQ(t_spit(path, good[i].text), 0);
		CHECK_GE(t_slurp(path, now, sizeof now), 2);
		CHECK(!strcmp(now, good[i].then));
	}
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(t_spit(path, bad[i]), -EINVAL);
	CHECK_EQ(t_spit(path, ""), 0); // nothing is written
	CHECK_GE(t_slurp(path, now, sizeof now), 2);
	CHECK(!strcmp(now, "0\n"));
	CHECK_EQ(t_spit(path, was), 0);
}

// No word of it suspends the machine.
TEST(nonsense_for_suspend)
{
	static const char *const states[] = { "\n", "x", "free", "freezex", "freeze x", " mem", "mem mem", "memory", "0", "FREEZE" };
	static const char *const levels[] = { "\n", "x", "0", "non", "freezer freezer", "[none]" };
	static const char *const times[] = { "\n", "x", "-1", "1K", "1 2", "0x10", "1\n2", "++1", "+ 1", "20 ", "\n\n" };
	static const char timeout[] = "/sys/power/pm_freeze_timeout";
	char now[16], was[16];

	if (sys(access, timeout, 2) || sys(access, "/sys/power/pm_test", 2))
		SKIP("no /sys/power that can be written");
	for (unsigned i = 0; i < sizeof states / sizeof *states; i++)
		CHECK_EQ(t_spit("/sys/power/state", states[i]), -EINVAL);
	for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++)
		CHECK(t_spit("/sys/power/pm_test", levels[i]) < 0);
	CHECK_GE(t_slurp(timeout, was, sizeof was), 2);
	for (unsigned i = 0; i < sizeof times / sizeof *times; i++)
		CHECK_EQ(t_spit(timeout, times[i]), -EINVAL);
	CHECK_EQ(t_spit("/sys/power/state", ""), 0); // nothing is written
	CHECK_EQ(t_spit(timeout, ""), 0);
	CHECK_EQ(t_spit(timeout, "+0020\n"), 0);
	CHECK_GE(t_slurp(timeout, now, sizeof now), 3);
	CHECK(!strcmp(now, "20\n"));
	CHECK_EQ(t_spit(timeout, was), 0);
}

TEST(offsets)
{
	long fd = sys(open, "/proc/self/status", O_RDONLY);
	char whole[64], part[64];

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(read, fd, whole, 20), 20);
	CHECK_EQ(sys(lseek, fd, 5, SEEK_SET), 5);
	CHECK_EQ(sys(read, fd, part, 15), 15);
	CHECK(!memcmp(whole + 5, part, 15));
	CHECK_EQ(sys(pread64, fd, part, 10, 1 << 20), 0);
	CHECK_EQ(sys(read, fd, 8UL, 10), -EFAULT);
}

TEST(a_process_that_went_away)
{
	int pid = t_fork();

	if (pid == 0)
		thread_pause(NULL);
	t_snprintf(buf, 64, "/proc/%d/stat", pid);
	long fd = sys(open, buf, O_RDONLY);

	CHECK_GE(fd, 0);
	sys(kill, pid, SIGKILL);
	t_wait(pid);
	CHECK_EQ(sys(read, fd, buf, 100), -ESRCH);
}

TEST(read_only_files)
{
	long fd = sys(open, "/proc/self/stat", O_RDONLY);

	CHECK_EQ(sys(write, fd, "x", 1), -EBADF);
	fd = sys(open, "/proc/uptime", O_RDWR);
	CHECK(fd < 0 || sys(write, fd, "x", 1) < 0);
	CHECK(sys(mkdir, "/proc/dir", 0755) < 0);
	CHECK(sys(unlink, "/proc/self/stat") < 0);
	CHECK(sys(open, "/proc/new", O_RDWR | O_CREAT, 0644) < 0);
}

TEST(read_while_others_come_and_go)
{
	int pid = t_fork();

	if (pid == 0)
		for (;;)
			IN_CHILD({
				struct thread t;

				thread_start(&t, thread_pause, NULL);
			});
	for (int i = 0; i < 60; i++) {
		listed("/proc", 1);
		t_state(pid + 1 + i % 8);
		t_task_state(pid + 1 + i % 8, pid + 2 + i % 8);
	}
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// What belongs to a process keeps its mode, and a sysctl its owner, too, even for root; a time or an owner that is set
// lasts as long as somebody looks.
TEST(modes_are_fixed)
{
	static const char *const of_task[] = {"/proc/self/status", "/proc/self/oom_score_adj", "/proc/self/task",
		"/proc/thread-self/status", "/proc/self/fd", "/proc/self/fdinfo", "/proc/self/fdinfo/0", "/proc/self/ns"};
	static const char *const tasks[] = {"/proc/self", "/proc/thread-self"};
	static const char *const of_all[] = {"/proc/sys", "/proc/sys/vm", "/proc/sys/kernel/pid_max"};
	int fd;

	for (unsigned i = 0; i < sizeof of_task / sizeof *of_task; i++) {
		CHECK_EQ(sys(chmod, of_task[i], 0700), -EPERM);
		CHECK_EQ(sys(fchmodat, AT_FDCWD, of_task[i], 0), -EPERM);
		CHECK_EQ(sys(chown, of_task[i], sys(geteuid), sys(getegid)), 0);
		CHECK_EQ(sys(utimensat, AT_FDCWD, of_task[i], NULL, 0), 0);
	}
	for (unsigned i = 0; i < sizeof tasks / sizeof *tasks; i++) { // nothing of a process's own directory changes
		CHECK_EQ(sys(chmod, tasks[i], 0700), -EPERM);
		CHECK_EQ(sys(chown, tasks[i], sys(geteuid), -1), -EPERM);
		CHECK_EQ(sys(chown, tasks[i], -1, -1), 0);
		CHECK_EQ(sys(utimensat, AT_FDCWD, tasks[i], NULL, 0), -EPERM);
		CHECK_EQ(sys(access, tasks[i], 2), -EPERM);
	}
	for (unsigned i = 0; i < sizeof of_all / sizeof *of_all; i++) {
		CHECK_EQ(sys(chmod, of_all[i], 0700), -EPERM);
		CHECK_EQ(sys(chown, of_all[i], sys(geteuid), -1), -EPERM);
		CHECK_EQ(sys(lchown, of_all[i], -1, sys(getegid)), -EPERM);
		CHECK_EQ(sys(chown, of_all[i], -1, -1), 0);
	}
	fd = (int)sys(open, "/proc/self/comm", O_RDONLY);
	CHECK_EQ(sys(fchmod, fd, 0600), -EPERM);
	CHECK_EQ(sys(fchown, fd, -1, -1), 0);
	CHECK_EQ(sys(close, fd), 0);
	fd = (int)sys(open, "/proc/sys/kernel/pid_max", O_RDONLY);
	CHECK_EQ(sys(fchmod, fd, 0600), -EPERM);
	CHECK_EQ(sys(fchown, fd, 0, 0), -EPERM);
}
