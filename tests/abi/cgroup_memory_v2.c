// SPDX-License-Identifier: GPL-2.0-only
//
// Limits of memory, by the files of version 2. A Linux that had the controller in a tree of version 1 gives it back
// only some time after, so it is asked in a boot of its own.
#include "t.h"
#include "cgroup_memory.h"
#include "uffd.h"

static char buf[4096];

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

TEST(files)
{
	static const char *const bad[] = { "x", "-1", "8Q", "1 2", "+1", "1 K", "1KB", "0x" };

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
	CHECK_EQ(t_spit("a/memory.max", "1P"), 0);
	CHECK(reads("a/memory.max", "1125899906842624\n"));
	CHECK_EQ(t_spit("a/memory.max", "040000000"), 0); // octal
	CHECK(reads("a/memory.max", "8388608\n"));
	CHECK_EQ(t_spit("a/memory.max", " \n"), 0);
	CHECK(reads("a/memory.max", "0\n"));
	CHECK_EQ(t_spit("a/memory.max", "max"), 0);
	CHECK_EQ(t_spit("a/memory.oom.group", "2"), -EINVAL);
	CHECK_EQ(t_spit("a/memory.oom.group", "2147483648"), -ERANGE);
	CHECK_EQ(t_spit("a/memory.oom.group", "99999999999999999999"), -ERANGE);
	CHECK_EQ(t_spit("a/memory.oom.group", "+0"), 0);
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

// A group that hands memory on has no processes of its own; the root has.
TEST(born_in_a_group_that_hands_memory_on)
{
	v2_memory();
	int own = (int)sys(open, ".", O_RDONLY | O_DIRECTORY), root = (int)sys(open, "..", O_RDONLY | O_DIRECTORY), pid;
	struct clone_args a = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)own};

	CHECK_EQ(sys(clone3, &a, sizeof a), -EBUSY);
	a.cgroup = (unsigned)root;
	pid = (int)sys(clone3, &a, sizeof a);
	if (pid == 0)
		t_exit(3);
	CHECK_GE(pid, 1);
	CHECK_EQ(t_wait(pid), 3);
	CHECK_EQ(sys(close, own), 0);
	CHECK_EQ(sys(close, root), 0);
	out_memory();
}

// What a limit of swap is where there is no swap: none is used, and any limit is taken.
TEST(swap_files)
{
	static const char *const bad[] = { "x", "-1", "8Q", "1 2", "+1", "1KB" };

	v2_memory();
	CHECK_EQ(make("a"), 0);
	if (!listed("a", "memory.swap.max")) {
		CHECK_EQ(sys(rmdir, "a"), 0);
		out_memory();
		SKIP("swap is not accounted here");
	}
	CHECK(reads("a/memory.swap.current", "0\n"));
	CHECK(reads("a/memory.swap.max", "max\n"));
	CHECK_EQ(t_spit("a/memory.swap.max", "0"), 0);
	CHECK(reads("a/memory.swap.max", "0\n"));
	CHECK_EQ(t_spit("a/memory.swap.max", "8193\n"), 0);
	CHECK(reads("a/memory.swap.max", "8192\n"));
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(t_spit("a/memory.swap.max", bad[i]), -EINVAL);
	CHECK(reads("a/memory.swap.max", "8192\n"));
	CHECK_EQ(t_spit("a/memory.swap.max", "max"), 0);
	CHECK(reads("a/memory.swap.max", "max\n"));
	CHECK_EQ(t_spit("a/memory.swap.current", "0"), -EINVAL);
	CHECK_EQ(sys(open, "../../memory.swap.max", O_RDONLY), -ENOENT);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

TEST(controllers)
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

TEST(limit)
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

// Shared memory that nobody maps is of the namespace, and goes with the last who lived there: it is the victim's, too,
// and until it is back nobody else dies. Linux waits for no more than the mm, and may take the next.
static int keep_shared_memory(void)
{
	int pid = t_fork();

	if (pid == 0) {
		long id, p;

		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		CHECK_EQ(t_spit("/proc/self/oom_score_adj", "1000"), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		for (int i = 0; i < 2; i++) {
			id = sys(shmget, 0, 4 * MIB, 0600);
			CHECK_GE(id, 0);
			p = sys(shmat, id, 0, 0);
			CHECK(p > 0);
			touch(t_ptr((unsigned long)p), 4 * MIB);
			CHECK_EQ(sys(shmdt, p), 0);
		}
		*said = 1;
		thread_pause(NULL);
	}
	UNTIL(*said);
	return pid;
}

TEST(shared_memory_goes_with_its_namespace)
{
	v2_memory();
	CHECK_EQ(make("a"), 0);
	CHECK_EQ(t_spit("a/memory.max", "16M"), 0);
	said = t_map_shared(PAGE);
	int victim = keep_shared_memory();

	CHECK_GE(number("a/memory.current"), 8 * MIB);
	int how = IN_CHILD({
		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		touch(t_map(12 * MIB), 12 * MIB);
	});

	CHECK_EQ(t_wait(victim), SIGNALLED(SIGKILL));
	CHECK(how == 0 || (!t_on_thaw && how == SIGNALLED(SIGKILL)));
	UNTIL(number("a/memory.current") <= SOME);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

// A limit below what is used kills until it is kept.
TEST(limit_below_use)
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
TEST(killed_as_a_whole)
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
	CHECK_GE(t_field("a/memory.events", "oom_kill"), 2); // Linux counts the chosen one again while its memory is there
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

TEST(many_threads_at_the_limit)
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

// Memory is its owner's, whoever brings the pages.
TEST(pages_that_another_brings)
{
	char *p = t_map(16 * MIB), *shared = t_map_shared(8 * MIB), *from = t_map(MIB);
	_Atomic int *fd = t_map_shared(PAGE);

	memset(from, 'f', MIB);
	v2_memory();
	CHECK_EQ(make("a"), 0);
	int pid = (int)sys(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0); // its descriptor is ours, too

	if (pid == 0) {
		int mine = (int)sys(userfaultfd, 1); // UFFD_USER_MODE_ONLY

		CHECK_EQ(put("a/cgroup.procs", 0), 0);
		CHECK_EQ(shake(mine, 0), 0);
		CHECK_EQ(enroll(mine, p, 16 * MIB / PAGE, UFFDIO_REGISTER_MODE_MISSING), 0);
		CHECK_EQ(enroll(mine, shared, 8 * MIB / PAGE, UFFDIO_REGISTER_MODE_MISSING), 0);
		*fd = mine;
		thread_pause(NULL);
	}
	UNTIL(*fd);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(copy(*fd, p + i * MIB, from, MIB, 0), 0);
	CHECK_GE(number("a/memory.current"), 16 * MIB);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(copy(*fd, shared + i * MIB, from, MIB, 0), 0);
	CHECK_GE(number("a/memory.current"), 24 * MIB);
	sys(close, *fd);
	CHECK_EQ(sys(munmap, shared, 8 * MIB), 0);
	end(pid);
	CHECK_EQ(sys(rmdir, "a"), 0);
	out_memory();
}

HELPER(pauses)
{
	return thread_pause(NULL);
}

// A new program's arguments belong to nobody's memory yet when they are written.
TEST(arguments_of_a_program)
{
	enum { N = 5, ARGS = 15 };
	static char arg[100 * 1024];
	const char *argv[2 + ARGS + 1] = {t_self, "@pauses"};
	int pid[N];

	memset(arg, 'x', sizeof arg - 1);
	for (int i = 0; i < ARGS; i++)
		argv[2 + i] = arg;
	v2_memory();
	CHECK_EQ(make("a"), 0);
	for (int i = 0; i < N; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0) {
			CHECK_EQ(put("a/cgroup.procs", 0), 0);
			t_exit((int)-sys(execve, t_self, argv, t_envp));
		}
	}
	UNTIL(number("a/memory.current") >= N * ARGS * (long)sizeof arg);
	for (int i = 0; i < N; i++)
		end(pid[i]);
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
