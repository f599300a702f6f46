// SPDX-License-Identifier: GPL-2.0-only
//
// Limits of memory: what is charged to whom, and what happens at the limit. The files of version 1, then those of version 2; a
// Linux has one of them.
#include "t.h"
#include "cgroup.h"

#define MIB (1024L * 1024)

static char buf[4096];
static _Atomic int *said;

static void touch(char *p, long bytes)
{
	for (long i = 0; i < bytes; i += (long)PAGE)
		p[i] = 1;
}

// A process in the group that touches so much and says so.
static int holder(const char *procs, long bytes)
{
	if (!said)
		said = t_map_shared(PAGE);
	*said = 0;
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(put(procs, 0), 0);
		touch(t_map((size_t)bytes), bytes);
		*said = 1;
		thread_pause(NULL);
	}
	CHECK_GE(pid, 1);
	return pid;
}

static bool alive(int pid)
{
	char state = t_state(pid);

	return state && state != 'Z';
}

static long number(const char *path)
{
	CHECK_GE(t_slurp(path, buf, sizeof buf), 1);
	return t_number(buf);
}

// Linux keeps a few charges ready on each CPU.
#define SOME (3 * MIB)

TEST(v1_files)
{
	static const char *const bad[] = { "x", "-2", "max", "1 2", "8Q" };

	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "9223372036854771712\n"));
	CHECK(reads("a/memory.usage_in_bytes", "0\n"));
	CHECK(reads("a/memory.max_usage_in_bytes", "0\n"));
	CHECK(reads("a/memory.failcnt", "0\n"));
	CHECK(reads("a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"));
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(t_spit("a/memory.limit_in_bytes", bad[i]), -EINVAL);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "4097"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "4096\n"));
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "8M\n"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "8388608\n"));
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "9223372036854775807"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "9223372036854771712\n"));
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "1G"), 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "-1"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "9223372036854771712\n"));
	CHECK_EQ(t_spit("a/memory.oom_control", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom_control", "2"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom_control", "-1"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.usage_in_bytes", "0"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.failcnt", "0"), 0);
	CHECK_EQ(t_spit("a/memory.max_usage_in_bytes", "0"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(v1_what_is_charged)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	int pid = holder("a/cgroup.procs", 16 * MIB);

	UNTIL(*said);
	CHECK_GE(number("a/memory.usage_in_bytes"), 16 * MIB);
	CHECK_LE(number("a/memory.usage_in_bytes"), 16 * MIB + SOME);
	end(pid);
	UNTIL(number("a/memory.usage_in_bytes") <= SOME);
	CHECK_GE(number("a/memory.max_usage_in_bytes"), 16 * MIB);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// At the limit a process of the group dies, and nobody else.
TEST(v1_limit)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "8M"), 0);
	int out_of_it = t_fork();

	if (out_of_it == 0) { // worth more to a killer that looks at all
		t_spit("/proc/self/oom_score_adj", "1000");
		touch(t_map(16 * MIB), 16 * MIB);
		thread_pause(NULL);
	}
	int pid = holder("a/cgroup.procs", 32 * MIB);

	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(*said, 0);
	CHECK_EQ(t_field("a/memory.oom_control", "oom_kill"), 1);
	CHECK_GE(number("a/memory.failcnt"), 1);
	CHECK_LE(number("a/memory.max_usage_in_bytes"), 8 * MIB);
	CHECK_GE(number("a/memory.max_usage_in_bytes"), 8 * MIB - SOME);
	CHECK_EQ(t_spit("a/memory.failcnt", "0"), 0);
	CHECK_EQ(number("a/memory.failcnt"), 0);
	CHECK_EQ(sys(kill, out_of_it, 0), 0);
	CHECK(alive(out_of_it));
	end(out_of_it);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// The limit of a group holds for those below it together.
TEST(v1_limit_above)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(make("a/c"), 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "16M"), 0);
	int first = holder("a/b/cgroup.procs", 6 * MIB);

	UNTIL(*said);
	CHECK_GE(number("a/memory.usage_in_bytes"), 6 * MIB);
	int pid = holder("a/c/cgroup.procs", 32 * MIB); // is the bigger one by then

	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK(alive(first));
	CHECK_EQ(t_field("a/c/memory.oom_control", "oom_kill"), 1);
	CHECK_EQ(t_field("a/b/memory.oom_control", "oom_kill"), 0);
	CHECK_EQ(t_field("a/memory.oom_control", "oom_kill"), 0);
	end(first);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a/c"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(v1_limit_below_use)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	int pid = holder("a/cgroup.procs", 12 * MIB);

	UNTIL(*said);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "4M"), -EBUSY);
	CHECK(reads("a/memory.limit_in_bytes", "9223372036854771712\n"));
	end(pid);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "8M"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// Charges stay where they were made when their task goes elsewhere.
TEST(v1_moving_leaves_charges)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("b"), 0);
	int pid = holder("a/cgroup.procs", 12 * MIB);

	UNTIL(*said);
	CHECK_EQ(put("b/cgroup.procs", pid), 0);
	CHECK_GE(number("a/memory.usage_in_bytes"), 12 * MIB);
	CHECK_LE(number("b/memory.usage_in_bytes"), SOME);
	CHECK_EQ(sys(rmdir, "a"), 0); // though its pages are there
	CHECK_EQ(make("a"), 0);
	CHECK(reads("a/memory.usage_in_bytes", "0\n"));
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "b"), 0);
	out_v1();
}

// Pages of a file in memory outlive who made them, and stay his group's.
TEST(v1_shared_memory)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	int fd = (int)sys(memfd_create, "x", 0);

	CHECK_EQ(sys(ftruncate, fd, 16 * MIB), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		touch((char *)sys(mmap, 0, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 8 * MIB);
		CHECK_EQ(sys(lseek, fd, 8 * MIB, SEEK_SET), 8 * MIB);
		char *p = t_map(PAGE);

		for (int i = 0; i < 8 * MIB / (long)PAGE; i++)
			CHECK_EQ(sys(write, fd, p, PAGE), PAGE);
	}),
		0);
	CHECK_GE(number("a/memory.usage_in_bytes"), 16 * MIB);
	touch((char *)sys(mmap, 0, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 16 * MIB); // no second charge
	CHECK_LE(number("a/memory.usage_in_bytes"), 16 * MIB + SOME);
	CHECK_EQ(sys(ftruncate, fd, 0), 0);
	UNTIL(number("a/memory.usage_in_bytes") <= SOME);
	sys(close, fd);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// A write that would exceed the limit, with nobody to kill: the writer itself is killed or refused, as the system likes.
TEST(v1_writer_at_the_limit)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "4M"), 0);
	int fd = (int)sys(memfd_create, "x", 0);
	int pid = t_fork();

	if (pid == 0) {
		char *p = t_map(PAGE);
		long ret = (long)PAGE;

		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		while (ret == (long)PAGE)
			ret = sys(write, fd, p, PAGE);
		t_exit(ret == -ENOMEM ? 0 : 1);
	}
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	sys(close, fd);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(v1_without_a_killer)
{
	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "8M"), 0);
	CHECK_EQ(t_spit("a/memory.oom_control", "1"), 0);
	int pid = holder("a/cgroup.procs", 16 * MIB);

	UNTIL(t_field("a/memory.oom_control", "under_oom") == 1);
	CHECK_EQ(t_field("a/memory.oom_control", "oom_kill"), 0);
	CHECK_EQ(*said, 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "64M"), 0);
	UNTIL(*said);
	CHECK_EQ(t_field("a/memory.oom_control", "under_oom"), 0);
	end(pid);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "8M"), 0);
	pid = holder("a/cgroup.procs", 16 * MIB);
	UNTIL(t_field("a/memory.oom_control", "under_oom") == 1);
	end(pid); // can be killed while it waits
	CHECK_EQ(t_field("a/memory.oom_control", "under_oom"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

// ---- version 2 ----

static void v2_memory(void)
{
	v2();
	if (!strstr((t_slurp("../cgroup.controllers", buf, sizeof buf), buf), "memory")) {
		out();
		SKIP("memory is not version 2's here");
	}
	CHECK_EQ(t_spit("../cgroup.subtree_control", "+memory"), 0);
	CHECK_EQ(t_spit("cgroup.subtree_control", "+memory"), 0);
}

static void out_memory(void)
{
	CHECK_EQ(t_spit("cgroup.subtree_control", "-memory"), 0);
	out();
	CHECK_EQ(t_spit("cgroup.subtree_control", "-memory"), 0);
}

TEST(v2_files)
{
	static const char *const bad[] = { "x", "-1", "8Q", "1 2" };

	v2_memory();
	CHECK_EQ(make("a"), 0);
	CHECK(listed("a", "memory.max"));
	CHECK(!strcmp((t_slurp("a/cgroup.controllers", buf, sizeof buf), buf), "memory\n"));
	CHECK(reads("a/memory.max", "max\n"));
	CHECK(reads("a/memory.current", "0\n"));
	CHECK(reads("a/memory.oom.group", "0\n"));
	CHECK_GE(t_slurp("a/memory.events", buf, sizeof buf), 1);
	CHECK(!strncmp(buf, "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n", 52));
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(t_spit("a/memory.max", bad[i]), -EINVAL);
	CHECK_EQ(t_spit("a/memory.max", "4097"), 0);
	CHECK(reads("a/memory.max", "4096\n"));
	CHECK_EQ(t_spit("a/memory.max", "16M\n"), 0);
	CHECK(reads("a/memory.max", "16777216\n"));
	CHECK_EQ(t_spit("a/memory.max", "max"), 0);
	CHECK_EQ(t_spit("a/memory.oom.group", "2"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom.group", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom.group", "1"), 0);
	CHECK(reads("a/memory.oom.group", "1\n"));
	CHECK_EQ(t_spit("a/memory.current", "0"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.events", "0"), -EINVAL);
	CHECK_EQ(sys(open, "../../memory.max", O_RDONLY), -ENOENT);
	CHECK_EQ(make("a/b"), 0);
	CHECK(!listed("a/b", "memory.max")); // a has not let it through
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

TEST(v2_controllers)
{
	v2_memory();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("a/b"), 0);
	CHECK_EQ(t_spit("a/b/cgroup.subtree_control", "+memory"), -ENOENT);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "+memory"), 0);
	CHECK(reads("a/cgroup.subtree_control", "memory\n"));
	CHECK(listed("a/b", "memory.max"));
	CHECK_EQ(t_spit("a/b/cgroup.subtree_control", "+memory"), 0);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "-memory"), -EBUSY);
	CHECK_EQ(t_spit("a/b/cgroup.subtree_control", "-memory"), 0);
	int pid = child(), fd = (int)sys(open, "a", O_RDONLY | O_DIRECTORY);

	CHECK_EQ(put("a/cgroup.procs", pid), -EBUSY); // tasks are in leaves
	struct clone_args c = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)fd };

	CHECK_EQ(sys(clone3, &c, sizeof c), -EBUSY);
	sys(close, fd);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "-memory +memory -memory"), 0);
	CHECK(!listed("a/b", "memory.max"));
	CHECK_EQ(put("a/cgroup.procs", pid), 0);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "+memory"), -EBUSY);
	end(pid);
	CHECK_EQ(t_spit("a/cgroup.subtree_control", "+memory"), 0);
	long f = sys(open, "a/b/memory.max", O_RDWR);

	CHECK_EQ(t_spit("a/cgroup.subtree_control", "-memory"), 0);
	CHECK_EQ(sys(read, f, buf, 10), -ENODEV);
	CHECK_EQ(sys(write, f, "max", 3), -ENODEV);
	CHECK_EQ(sys(rmdir, "a/b"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

TEST(v2_limit)
{
	struct pollfd p = { .events = POLLPRI };

	v2_memory();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.max", "8M"), 0);
	p.fd = (int)sys(open, "a/memory.events", O_RDONLY);
	CHECK_GE(sys(pread64, p.fd, buf, sizeof buf, 0), 1);
	CHECK_EQ(sys(poll, &p, 1, 0), 0);
	int pid = holder("a/cgroup.procs", 32 * MIB);

	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(poll, &p, 1, 20000), 1);
	CHECK_EQ(*said, 0);
	CHECK_EQ(t_field("a/memory.events", "oom_kill"), 1);
	CHECK_GE(t_field("a/memory.events", "oom"), 1);
	CHECK_GE(t_field("a/memory.events", "max"), 1);
	CHECK_EQ(t_field("a/memory.events", "oom_group_kill"), 0);
	CHECK_EQ(t_field("memory.events", "oom_kill"), 1); // of all below
	CHECK_EQ(t_field("memory.events.local", "oom_kill"), 0);
	CHECK_LE(number("a/memory.peak"), 8 * MIB);
	sys(close, p.fd);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

// A limit below what is used kills until it is kept.
TEST(v2_limit_below_use)
{
	v2_memory();
	CHECK_EQ(make("a"), 0);
	int pid = holder("a/cgroup.procs", 12 * MIB);

	UNTIL(*said);
	CHECK_GE(number("a/memory.current"), 12 * MIB);
	CHECK_EQ(t_spit("a/memory.max", "4M"), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_field("a/memory.events", "oom_kill"), 1);
	CHECK_LE(number("a/memory.current"), 4 * MIB);
	CHECK_EQ(t_spit("a/memory.max", "0"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

// All of the group die, but who must not.
TEST(v2_killed_as_a_whole)
{
	v2_memory();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(make("b"), 0);
	CHECK_EQ(t_spit("a/memory.max", "16M"), 0);
	CHECK_EQ(t_spit("a/memory.oom.group", "1"), 0);
	int small = holder("a/cgroup.procs", MIB);

	UNTIL(*said);
	*said = 0;
	int safe = t_fork();

	if (safe == 0) {
		CHECK_EQ(t_spit("/proc/self/oom_score_adj", "-1000"), 0);
		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		*said = 1;
		thread_pause(NULL);
	}
	UNTIL(*said);
	int other = holder("b/cgroup.procs", MIB);

	UNTIL(*said);
	int big = holder("a/cgroup.procs", 32 * MIB);

	CHECK_EQ(t_wait(big), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(small), SIGNALLED(SIGKILL));
	CHECK_EQ(t_field("a/memory.events", "oom_group_kill"), 1);
	CHECK_EQ(t_field("a/memory.events", "oom_kill"), 2);
	CHECK(alive(safe));
	CHECK(alive(other));
	end(safe);
	end(other);
	CHECK_EQ(sys(rmdir, "a"), 0);
	CHECK_EQ(sys(rmdir, "b"), 0);
	out_memory();
}

// The threads of a process charge their group, and die together.
static int toucher(void *arg)
{
	touch(t_map(8 * MIB), 8 * MIB);
	return arg != NULL;
}

TEST(v2_many_threads_at_the_limit)
{
	struct thread t[8];

	v2_memory();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.max", "12M"), 0);
	for (int round = 0; round < 3; round++) {
		int pid = t_fork();

		if (pid == 0) {
			CHECK_EQ(put("a/cgroup.procs", 0), 0);
			for (int i = 0; i < 8; i++)
				thread_start(&t[i], toucher, NULL);
			thread_pause(NULL);
		}
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	}
	CHECK_EQ(t_field("a/memory.events", "oom_kill"), 3);
	CHECK_LE(number("a/memory.current"), SOME);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

TEST(bound_to_one_tree)
{
	if (!t_on_thaw)
		SKIP("mounts");
	v2_memory();
	CHECK_EQ(sys(mount, "x", "/tmp", "cgroup", 0, "memory"), -EBUSY);
	out_memory();
	CHECK_EQ(sys(mount, "x", "/tmp", "cgroup", 0, "memory"), 0);
	CHECK(reads("/sys/fs/cgroup/cgroup.controllers", ""));
	CHECK_EQ(t_spit("/sys/fs/cgroup/cgroup.subtree_control", "+memory"), -ENOENT);
	CHECK(ends(cgroup_of(t_getpid(), ":memory:"), "/"));
	CHECK_EQ(sys(umount2, "/tmp", 0), 0);
	CHECK(reads("/sys/fs/cgroup/cgroup.controllers", "memory\n"));
}
