// SPDX-License-Identifier: GPL-2.0-only
//
// Limits of memory, by the files of version 1: what is charged to whom, and what happens at the limit.
#include "t.h"
#include "cgroup_memory.h"

TEST(files)
{
	static const char *const bad[] = { "x", "-2", "max", "1 2", "8Q", "+1", "1 K", "1KB", "0x" };

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
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "2t"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "2199023255552\n"));
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "\n"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "0\n"));
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "-1"), 0);
	CHECK(reads("a/memory.limit_in_bytes", "9223372036854771712\n"));
	CHECK_EQ(t_spit("a/memory.oom_control", "x"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom_control", "2"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom_control", "-1"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom_control", "99999999999999999999"), -ERANGE);
	CHECK_EQ(t_spit("a/memory.oom_control", "+0"), 0);
	CHECK_EQ(t_spit("a/memory.usage_in_bytes", "0"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.failcnt", "0"), 0);
	CHECK_EQ(t_spit("a/memory.max_usage_in_bytes", "0"), 0);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
}

TEST(what_is_charged)
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
TEST(limit)
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
TEST(limit_above)
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

TEST(limit_below_use)
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
TEST(moving_leaves_charges)
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
TEST(shared_memory)
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
TEST(writer_at_the_limit)
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

TEST(without_a_killer)
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

// One page less, because it is broken, wakes who waits for room.
TEST(broken_memory_at_the_limit)
{
	if (!t_own_machine)
		SKIP("breaks memory");
	if (sys(madvise, 0, 0, MADV_HWPOISON))
		SKIP("a kernel in which memory cannot be broken");
	_Atomic int *go = t_map_shared(PAGE);

	v1("memory");
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.limit_in_bytes", "8M"), 0);
	CHECK_EQ(t_spit("a/memory.oom_control", "1"), 0);
	int breaker = t_fork();

	if (breaker == 0) {
		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		char *p = t_map(PAGE);

		touch(p, PAGE);
		*go = 1;
		UNTIL(*go == 2);
		t_exit(sys(madvise, p, PAGE, MADV_HWPOISON) ? 1 : 0);
	}
	UNTIL(*go == 1);
	int pid = holder("a/cgroup.procs", 16 * MIB);

	UNTIL(t_field("a/memory.oom_control", "under_oom") == 1);
	*go = 2;
	CHECK_EQ(t_wait(breaker), 0);
	CHECK_EQ(*said, 0);
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_v1();
	t_loses();
}
