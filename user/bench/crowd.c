// SPDX-License-Identifier: GPL-2.0-only
//
// Rows: many tasks at once, asleep, are frozen, thawed, killed, or chosen by the OOM killer.
//
// The freezer is that of suspend, through the same doors on both systems: pm_test=freezer goes as far
// as the freeze and turns round at once. How long each half took is read off the kernel's log, whose
// stamps are microseconds, that is, thousands of instructions.
#include "bench.h"

#define MAX_CROWD 10000
#define SETTLE_MS 100 // virtual time, in which everybody has gone to sleep

static int *pids;
static long crowd;

// What the parent notes down lies in memory that no child inherits: else a child would keep a copy of each
// page that the parent writes to next.
static int *map_pids(void)
{
	pids = t_map(MAX_CROWD * sizeof *pids);
	CHECK_EQ(sys(madvise, pids, MAX_CROWD * sizeof *pids, MADV_DONTFORK), 0);
	return pids;
}

static void gather_processes(long n)
{
	int *pid = map_pids();

	for (long i = 0; i < n; i++) {
		int child = t_fork();

		if (child == 0)
			thread_pause(NULL);
		CHECK_GE(child, 1);
		pid[i] = child;
	}
	crowd = n;
	t_sleep_ms(SETTLE_MS);
}

static void disperse(void)
{
	for (long i = 0; i < crowd; i++)
		sys(kill, pids[i], SIGKILL);
	for (long i = 0; i < crowd; i++)
		sys(wait4, pids[i], 0, 0, 0);
	sys(munmap, pids, MAX_CROWD * sizeof *pids);
}

// One process of n threads that sleep, and what it holds touched: its pid when all are asleep.
static int start_group(long threads, long pages)
{
	_Atomic int *ready = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		t_spit("/proc/self/oom_score_adj", "1000");
		char *memory = t_map((size_t)(pages ? pages : 1) * PAGE);

		for (long i = 0; i < pages; i++)
			memory[i * (long)PAGE] = 1;
		char *stacks = t_map((size_t)threads * PAGE);

		for (long i = 1; i < threads; i++)
			CHECK_GE(t_clone(THREAD_FLAGS & ~(CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID),
				stacks + i * (long)PAGE, 0, 0, 0, thread_pause, NULL), 1);
		*ready = 1;
		futex(ready, FUTEX_WAKE, 1, NULL, NULL, 0);
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	while (!*ready)
		futex(ready, FUTEX_WAIT, 0, NULL, NULL, 0);
	sys(munmap, (void *)ready, PAGE);
	t_sleep_ms(SETTLE_MS);
	return pid;
}

// ---- freeze and thaw ----

// A log line's stamp, `[seconds.micros]` after the level, in microseconds.
static long stamp(const char *line)
{
	const char *p = strchr(line, '[');

	CHECK(p);
	for (p++; *p == ' '; p++)
		;
	return t_number(p) * 1000000 + t_number(strchr(p, '.') + 1);
}

// The stamp of the last line of the log that has the words in it.
static long last_stamp(char *log, const char *words)
{
	long found = -1;

	for (char *line = log; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *end = strchr(line, '\n');

		if (end)
			*end = 0;
		if (strstr(line, words))
			found = stamp(line);
		if (end)
			*end = '\n';
	}
	CHECK_GE(found, 0);
	return found;
}

static void suspend_halves(long half[2])
{
	static char log[64 * 1024];

	CHECK_EQ(t_spit("/sys/power/pm_test", "freezer"), 0);
	CHECK_EQ(t_spit("/sys/module/suspend/parameters/pm_test_delay", "0"), 0);
	measure_begin();
	long err = t_spit("/sys/power/state", "freeze");
	measure_end(crowd);
	CHECK_EQ(err, 0);
	long n = sys(syslog, 3, log, sizeof log - 1);

	CHECK_GE(n, 1);
	log[n] = 0;
	long waiting = last_stamp(log, "Waiting for");

	half[0] = 1000 * (waiting - last_stamp(log, "suspend entry"));
	half[1] = 1000 * (last_stamp(log, "suspend exit") - waiting);
}

// Per task of n, without what a suspend of nobody costs.
static long freeze_or_thaw(long n, bool thaw)
{
	long part[2], empty[2];

	crowd = 0;
	suspend_halves(empty);
	gather_processes(n);
	suspend_halves(part);
	disperse();
	return (part[thaw] - empty[thaw]) / n;
}

#define SUSPEND_ROWS(n)                                                                            \
	ROW_ONCE(freeze_##n)                                                                       \
	{                                                                                          \
		return freeze_or_thaw(n, false);                                                   \
	}                                                                                          \
	ROW_ONCE(thaw_##n)                                                                         \
	{                                                                                          \
		return freeze_or_thaw(n, true);                                                    \
	}

#define KILL_ROWS(row, n)                                                                          \
	row(kill_processes_##n)                                                                    \
	{                                                                                          \
		gather_processes(n);                                                               \
		return COST_OF(n, disperse());                                                     \
	}                                                                                          \
	row(kill_threads_##n)                                                                      \
	{                                                                                          \
		int pid = start_group(n, 0);                                                       \
                                                                                                   \
		return COST_OF(n, sys(kill, pid, SIGKILL); sys(wait4, pid, 0, 0, 0));              \
	}

SUSPEND_ROWS(10)
SUSPEND_ROWS(100)
SUSPEND_ROWS(1000)
// A tick of the timer is much beside ten tasks, and comes in one batch or another.
KILL_ROWS(ROW, 10)
KILL_ROWS(ROW_ONCE, 100)
KILL_ROWS(ROW_ONCE, 1000)

// ---- the OOM killer ----

// The door of SysRq-f chooses the group, which is worth most; when it can be waited for, its memory
// is back.
static long oom_kill(long threads, long pages)
{
	CHECK_EQ(t_spit("/proc/self/oom_score_adj", "-1000"), 0);
	int pid = start_group(threads, pages);
	long fd = sys(open, "/proc/sysrq-trigger", O_WRONLY);

	CHECK_GE(fd, 0);
	long n = TIMES(1, sys(write, fd, "f", 1); sys(wait4, pid, 0, 0, 0));

	sys(close, fd);
	return n;
}

#define OOM_ROW(threads, mib)                                                                      \
	ROW_ONCE(oom_##threads##_threads_##mib##_mib)                                              \
	{                                                                                          \
		return oom_kill(threads, mib * 256);                                               \
	}

OOM_ROW(1, 1)
OOM_ROW(1, 16)
OOM_ROW(16, 16)
OOM_ROW(16, 128)
OOM_ROW(256, 16)
OOM_ROW(1024, 1)

// ---- growth: one number of tasks, what is done to all of them, in instructions ----

#define TOTAL(...) ({ unsigned long t0_ = now(); __VA_ARGS__; (long)(now() - t0_); })

// What one kind of memory came to, in bytes: of pages by /proc/meminfo, of objects by their slabs.
struct used {
	char name[32];
	long bytes;
};

static long count_pages(struct used *u)
{
	static const char *const kinds[] = {"AnonPages", "KernelStack", "PageTables"};
	long n = 0;

	for (; n < 3; n++) {
		t_snprintf(u[n].name, sizeof u[n].name, "%s", kinds[n]);
		u[n].bytes = 1024 * t_field("/proc/meminfo", kinds[n]);
	}
	return n;
}

// A row of /proc/slabinfo: name, objects in use, objects there are, size, objects a slab, pages a slab.
static void read_slab_row(const char *row, struct used *u)
{
	long field[5];
	size_t len = (size_t)(strchr(row, ' ') - row);

	CHECK(len < sizeof u->name);
	memcpy(u->name, row, len);
	u->name[len] = 0;
	for (int i = 0; i < 5; i++) {
		for (row = strchr(row, ' '); *row == ' '; row++)
			;
		field[i] = t_number(row);
	}
	u->bytes = field[1] / field[3] * field[4] * (long)PAGE;
}

static long count_memory(struct used *u, long max)
{
	static char rows[32 * 1024];
	long n = count_pages(u);

	CHECK_GE(t_slurp("/proc/slabinfo", rows, sizeof rows), 1);
	for (char *row = rows; (row = strchr(row, '\n')) && row[1];) {
		if (*++row == '#')
			continue;
		CHECK(n < max);
		read_slab_row(row, &u[n++]);
	}
	return n;
}

// The choice of a victim, and its end; with or without the log's list of who could have been chosen.
static long choose(const char *list)
{
	CHECK_EQ(t_spit("/proc/sys/vm/oom_dump_tasks", list), 0);
	return oom_kill(1, 0);
}

// `bench @processes N`. Freeze, thaw and choice are without what they cost when there is nobody.
HELPER(processes)
{
	long n = t_argc > 2 ? t_number(t_argv[2]) : 0, part[2], empty[2];

	CHECK(n >= 1 && n <= MAX_CROWD);
	static struct used before[64], after[64];

	suspend_halves(empty);
	long choice = -choose("0"), list = -choose("1");

	CHECK_EQ(t_spit("/proc/self/oom_score_adj", "0"), 0); // as everybody's is who comes now
	long free = t_field("/proc/meminfo", "MemFree"), kinds = count_memory(before, 64);
	long fork = TOTAL(gather_processes(n)) - SETTLE_MS * 1000000L;
	long used = free - t_field("/proc/meminfo", "MemFree");

	CHECK_EQ(count_memory(after, 64), kinds);
	for (long i = 0; i < kinds; i++)
		if (after[i].bytes > before[i].bytes)
			t_printf("result bytes.%s=%ld\n", after[i].name, after[i].bytes - before[i].bytes);

	suspend_halves(part);
	choice += choose("0");
	list += choose("1");
	long kill = TOTAL(disperse());

	t_printf("result fork=%ld\nresult freeze=%ld\nresult thaw=%ld\n", fork, part[0] - empty[0], part[1] - empty[1]);
	t_printf("result choose=%ld\nresult list=%ld\nresult kill=%ld\nresult kib=%ld\n", choice, list, kill, used);
	return 0;
}

// `bench @threads N`: kill and OOM kill of one process of N threads.
HELPER(threads)
{
	long n = t_argc > 2 ? t_number(t_argv[2]) : 0;

	CHECK_GE(n, 1);
	long free = t_field("/proc/meminfo", "MemFree");
	int pid = start_group(n, 0);
	long used = free - t_field("/proc/meminfo", "MemFree");
	long kill = TOTAL(sys(kill, pid, SIGKILL); sys(wait4, pid, 0, 0, 0));

	t_printf("result kill=%ld\nresult oom=%ld\nresult kib=%ld\n", kill, oom_kill(n, 0), used);
	return 0;
}

// `bench @work N`: how many microseconds N processes need that have the same independent work each.
HELPER(work)
{
	long n = t_argc > 2 ? t_number(t_argv[2]) : 0;
	struct timespec begin, end;

	CHECK(n >= 1 && n <= MAX_CROWD);
	sys(clock_gettime, CLOCK_MONOTONIC, &begin);
	int *pid = map_pids();

	for (long child = 0; child < n; child++) {
		int forked = t_fork();

		if (forked) {
			pid[child] = forked;
			continue;
		}
		for (long i = 0; i < 8000; i++) {
			char *p = t_map(8 * PAGE);

			for (int page = 0; page < 8; page++)
				p[page * PAGE] = 1;
			for (int call = 0; call < 100; call++)
				sys(getppid);
			sys(munmap, p, 8 * PAGE);
		}
		t_exit(0);
	}
	for (long i = 0; i < n; i++)
		CHECK_EQ(t_wait(pid[i]), 0);
	sys(clock_gettime, CLOCK_MONOTONIC, &end);
	t_printf("result us=%ld\n",
		(end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
	return 0;
}
