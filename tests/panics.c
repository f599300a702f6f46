// SPDX-License-Identifier: GPL-2.0-only
//
// Programs at whose end the kernel must have stopped, or stops, with a word on why:  panics @ROLE
#include "scenes/s.h"

// Memory runs out with panic_on_oom set. A kill by hand before it does not count.
HELPER(on_oom)
{
	s_stage();
	s_set("/proc/sys/vm/panic_on_oom", "1");
	int pid = t_fork();

	if (pid == 0) {
		s_adj("1000");
		thread_pause(NULL);
	}
	UNTIL(t_state(pid) == 'S');
	s_set("/proc/sysrq-trigger", "f");
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	struct hog h;

	s_hog(&h, 1, 0);
	s_run_out(&h);
	return 0;
}

// A group's limit is not the machine's; only with 2 it counts too.
HELPER(on_group_oom)
{
	s_stage();
	s_set("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	CHECK_EQ(sys(mkdir, "/sys/fs/cgroup/g", 0755), 0);
	s_set("/sys/fs/cgroup/g/memory.max", "1M");
	for (int i = 1; i <= 2; i++) {
		s_set("/proc/sys/vm/panic_on_oom", i == 1 ? "1" : "2");
		int pid = t_fork();

		if (pid == 0) {
			s_adj("0");
			s_set("/sys/fs/cgroup/g/cgroup.procs", "0");
			s_touch(t_map(4 << 20), 4096);
			t_exit(0);
		}
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
		s_set("/dev/kmsg", "killed without a panic");
	}
	return 0;
}

HELPER(crash)
{
	s_set("/proc/sysrq-trigger", "c");
	return 0;
}

static void on_cpu(int n)
{
	unsigned long set = 1ul << n;

	CHECK_EQ(sys(sched_setaffinity, 0, sizeof set, &set), 0);
}

// One keeps a lock, two write to the console, and the last of four finds the lock taken: they are all stopped.
// The lock's keeper comes last: who then still waited to run on its processor would wait for ever.
HELPER(stop_all)
{
	volatile int *there = t_map_shared(4096);

	on_cpu(0);
	for (int i = 3; i > 0; i--) {
		if (t_fork() == 0) {
			on_cpu(i);
			for (;;) {
				if (i > 1)
					t_spit("/dev/console", "not stopped\n");
				there[i] = 1;
				if (i == 1)
					s_set("/sys/kernel/debug/provoke-crash/DIRECT", "KEEP_LOCK");
			}
		}
		UNTIL(there[i]);
	}
	s_set("/sys/kernel/debug/provoke-crash/DIRECT", "KEEP_LOCK");
	return 0;
}

#define PROVOKE(role, way)                                                                         \
	HELPER(role)                                                                               \
	{                                                                                          \
		s_set("/sys/kernel/debug/provoke-crash/DIRECT", way);                              \
		return 0;                                                                          \
	}
PROVOKE(deep_stack, "DEEP_STACK")
PROVOKE(exhaust_stack, "EXHAUST_STACK")
PROVOKE(corrupt_stack, "CORRUPT_STACK")
PROVOKE(write_ro, "WRITE_RO")
PROVOKE(exec_data, "EXEC_DATA")
PROVOKE(exec_userspace, "EXEC_USERSPACE")
PROVOKE(access_userspace, "ACCESS_USERSPACE")
