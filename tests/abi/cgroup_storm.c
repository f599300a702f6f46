// SPDX-License-Identifier: GPL-2.0-only
//
// Bad input and bad company for control groups: nonsense in every file, and many who make, remove, fill, freeze and kill the same
// groups at once. What must hold is that nothing hangs, and that on Thaw nothing is left over.
#include "t.h"
#include "cgroup.h"

static char buf[8192];

// ---- every file ----

static const char *const nonsense[] = { "", "\n", " ", "x", "-1", "0x", "99999999999999999999999", "18446744073709551615", "1 1", "+", "-",
	"+memory+memory", "max max", "FROZE", "THAWED THAWED", "\x01\xff", "%n%s", "1e3", "8E", "-0", "0 ", "+\n-\n" };

// As many bytes as there may be, and more.
static void write_long(int fd, char with)
{
	memset(buf, with, sizeof buf);
	sys(write, fd, buf, 4095);
	sys(write, fd, buf, 4096);
	sys(write, fd, buf, sizeof buf);
}

static void abuse(const char *dir, const char *name)
{
	char path[300];

	t_snprintf(path, sizeof path, "%s/%s", dir, name);
	if (!strcmp(name, "cgroup.procs") || !strcmp(name, "tasks") || !strcmp(name, "cgroup.threads"))
		return; // a number in there is somebody
	int fd = (int)sys(open, path, O_RDWR);

	CHECK_GE(fd, 0);
	for (unsigned i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
		CHECK_LE(sys(write, fd, nonsense[i], strlen(nonsense[i])), (long)strlen(nonsense[i]));
	write_long(fd, '1');
	write_long(fd, 'K');
	write_long(fd, 0);
	CHECK(sys(write, fd, 8, 100) < 0);
	sys(read, fd, 8, 100);
	sys(pread64, fd, buf, sizeof buf, -1);
	sys(pread64, fd, buf, sizeof buf, 1L << 62);
	sys(lseek, fd, 0, SEEK_END);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0), -ENODEV);
	sys(ftruncate, fd, 1L << 40);
	sys(ioctl, fd, 0x5401, 8);
	CHECK_EQ(sys(close, fd), 0);
}

static void abuse_all(const char *dir)
{
	static char names[8192];
	long fd = sys(open, dir, O_RDONLY | O_DIRECTORY), n;

	CHECK_GE(fd, 0);
	while ((n = sys(getdents64, fd, names, sizeof names)) > 0)
		for (long at = 0; at < n; at += *(unsigned short *)(names + at + 16))
			if (names[at + 18] == 8) // a file
				abuse(dir, names + at + 19);
	CHECK_EQ(n, 0);
	sys(close, fd);
}

TEST(nonsense_in_v2)
{
	v2();
	CHECK_EQ(make("a"), 0);
	abuse_all("a");
	t_spit("a/cgroup.freeze", "0");
	CHECK_EQ(sys(rmdir, "a"), 0);
	out();
}

TEST(nonsense_in_v1_freezer)
{
	v1("freezer");
	CHECK_EQ(make("a"), 0);
	abuse_all("a");
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(nonsense_in_v1_memory)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	abuse_all("a");
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// ---- many at once ----

#define WORKERS 4
#define ROUNDS 500
static const char *const groups[] = { "a", "a/b", "a/b/c", "d", "d/e" };
#define NR_GROUPS 5

static unsigned seed;

static unsigned dice(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static const char *in_some_group(const char *file)
{
	static char path[64];

	t_snprintf(path, sizeof path, "%s/%s", groups[dice(NR_GROUPS)], file);
	return path;
}

// Two threads; the one makes and reaps as long as it lives.
static int busy_child(void)
{
	int pid = t_fork();

	if (pid == 0) {
		struct thread t;

		thread_start(&t, thread_pause, NULL);
		for (;;) {
			if (t_fork() == 0)
				t_exit(0);
			t_wait(-1);
		}
	}
	return pid;
}

static _Atomic int *moved, *frozen; // how much of it came about

static void one_v2(int pid)
{
	switch (dice(9)) {
	case 0:
	case 1:
		make(groups[dice(NR_GROUPS)]);
		break;
	case 2:
		sys(rmdir, groups[dice(NR_GROUPS)]);
		break;
	case 3:
	case 4:
		*moved += !put(in_some_group("cgroup.procs"), pid);
		break;
	case 5:
		*frozen += !t_spit(in_some_group("cgroup.freeze"), dice(2) ? "1" : "0");
		break;
	case 6:
		t_slurp(in_some_group(dice(2) ? "cgroup.events" : "cgroup.procs"), buf, sizeof buf);
		break;
	case 7:
		if (dice(4) == 0)
			t_spit(in_some_group("cgroup.kill"), "1");
		break;
	case 8:
		put("cgroup.procs", pid);
		break;
	}
}

static void one_v1(int pid)
{
	switch (dice(6)) {
	case 0:
		make(groups[dice(NR_GROUPS)]);
		break;
	case 1:
		sys(rmdir, groups[dice(NR_GROUPS)]);
		break;
	case 2:
	case 3:
		*moved += !put(in_some_group(dice(2) ? "cgroup.procs" : "tasks"), pid);
		break;
	case 4:
		*frozen += !t_spit(in_some_group("freezer.state"), dice(2) ? "FROZEN" : "THAWED");
		break;
	case 5:
		t_slurp(in_some_group("freezer.state"), buf, sizeof buf);
		break;
	}
}

static void worker(unsigned number, void (*one)(int))
{
	int pid = busy_child();

	seed = number * 7919 + 1;
	for (int i = 0; i < ROUNDS; i++) {
		if (sys(wait4, pid, 0, WNOHANG, 0) == pid)
			pid = busy_child();
		one(pid);
		if (dice(8) == 0)
			t_yield();
	}
	sys(kill, pid, SIGKILL);
	t_exit(0);
}

// Everybody out, whatever state the groups are in; then they can be removed.
static void clear(const char *thaw_file, const char *thawed)
{
	char path[64];

	for (int i = 0; i < NR_GROUPS; i++) {
		t_snprintf(path, sizeof path, "%s/%s", groups[i], thaw_file);
		t_spit(path, thawed);
	}
	while (t_wait(-1) != -ECHILD)
		;
	for (int i = NR_GROUPS; i-- > 0;)
		sys(rmdir, groups[i]);
	for (int i = 0; i < NR_GROUPS; i++)
		CHECK_EQ(sys(rmdir, groups[i]), -ENOENT);
}

static void storm(void (*one)(int), const char *thaw_file, const char *thawed)
{
	int pid[WORKERS];

	moved = t_map_shared(PAGE);
	frozen = t_map_shared(PAGE);
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0)
			worker(i, one);
		CHECK_GE(pid[i], 1);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		CHECK_EQ(t_wait(pid[i]), 0);
	clear(thaw_file, thawed);
	CHECK_GE(*moved, ROUNDS / 10);
	CHECK_GE(*frozen, ROUNDS / 10);
}

TEST(storm_in_v2)
{
	v2();
	storm(one_v2, "cgroup.freeze", "0");
	out();
}

TEST(storm_in_v1)
{
	v1("freezer");
	storm(one_v1, "freezer.state", "THAWED");
	out_v1();
}
