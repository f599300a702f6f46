// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out at some step of a suspend, while the suspend goes on. The group that is picked has lost its leader already, and its
 * threads sleep, run, write a file, or fork when SIGKILL lands. Whatever the order: the group dies, its parent learns it once, the count
 * of victims returns to 0, and the next suspend succeeds.
 */
#include "arch/host/host.h"

#define HOG_BYTES	(13ul << 20)		/* of 16: the eater gets to the killer soon */

static void sleeps(void *arg)
{
	(void)arg;
	for (;;)
		host_syscall(__NR_pause);
}

static void runs(void *arg)
{
	uaddr_t mem = u_map(16 * PAGE_SIZE);

	(void)arg;
	for (u64 i = 0;; i++)
		u_set32(mem + i % 16 * PAGE_SIZE, 1);
}

static void writes(void *arg)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	long fd = u_open("/dev/ram0", O_RDWR);

	(void)arg;
	expect(fd >= 0);
	for (u64 i = 0;; i++) {
		host_syscall(__NR_pwrite64, fd, mem, 512, i % 8 * 512);
		if (i % 4 == 0)
			host_syscall(__NR_fsync, fd);
	}
}

static void exits(void *arg)
{
	(void)arg;
	host_syscall(__NR_exit_group, 0);
}

static void forks(void *arg)
{
	(void)arg;
	for (;;) {
		long pid = u_clone(SIGCHLD, exits, NULL, 0, 0);

		if (pid > 0)
			host_syscall(__NR_wait4, pid, 0, 0, 0);
	}
}

static void hog(void *ready)
{
	uaddr_t tids = u_map(PAGE_SIZE);
	void (*const work[])(void *) = { sleeps, runs, writes, forks };

	u_fill(HOG_BYTES);
	for (u64 i = 0; i < ARRAY_SIZE(work); i++)
		expect(u_thread(work[i], NULL, tids + 4 * i) > 0);
	u_ready(ready);
	host_syscall(__NR_exit, 0);
}

static int oom_meets_freezer(void)
{
	static const char *const orders[] = {
		"freeze_users 4096 concurrent", "disable_oom 4096 concurrent", "freeze_kthreads 4096 concurrent",
		"suspend_devices 4096 concurrent", "freeze_users 4096", "resume 4096 concurrent",
		"thaw 4096 concurrent", "thaw_users 4096 concurrent", "thaw_users 4096",
	};
	uaddr_t mem = u_map(PAGE_SIZE);
	long pid = u_child(hog), got;

	expect(u_write_file("/sys/power/pm_test", "devices") > 0);

	expect(u_write_file("/sys/kernel/debug/oom_eater", orders[host_random() % ARRAY_SIZE(orders)]) > 0);
	got = u_write_file("/sys/power/state", "freeze");
	expect(got == 6 || got == -EBUSY || got == -EINTR);

	/* After the barrier nobody is picked: then the group lives, and goes the ordinary way. */
	host_syscall(__NR_kill, pid, SIGKILL);
	expect_eq(host_syscall(__NR_wait4, pid, mem, 0, 0), pid);
	expect_eq(u_get32(mem), SIGKILL);
	expect_eq(u_write_file("/sys/power/state", "freeze"), 6);
	return 0;
}
PROGRAM(p_omf, .path = "/bin/oom_meets_freezer", .main = oom_meets_freezer);
SCENARIO(s_omf, .name = "oom_meets_freezer", .init = "/bin/oom_meets_freezer", .cpus = 3, .mem_mib = 16);
