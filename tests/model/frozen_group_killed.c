// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group of four threads is frozen by a suspend. Then a kernel thread allocates until the OOM killer picks the group.
 * All four must leave the refrigerator and die before the suspend goes on, the count of victims must return to 0, and the suspend
 * must complete. (Scenario pm_frozen_group.)
 */
#include "arch/host/host.h"

#define HOG_BYTES	(8ul << 20)

static void in_pause(void *arg)
{
	(void)arg;
	for (;;)
		host_syscall(__NR_pause);
}

static void in_futex(void *arg)
{
	uaddr_t word = u_map(PAGE_SIZE);

	(void)arg;
	for (;;)
		host_syscall(__NR_futex, word, FUTEX_WAIT, 0, 0);
}

static void in_user_mode(void *arg)
{
	(void)arg;
	for (;;)
		u_point();
}

/* The leader: most of memory, three threads, and word that all is set up. */
static void hog(void *ready)
{
	uaddr_t tids = u_map(PAGE_SIZE);

	u_fill(HOG_BYTES);
	expect(u_thread(in_pause, NULL, tids) > 0);
	expect(u_thread(in_futex, NULL, tids + 4) > 0);
	expect(u_thread(in_user_mode, NULL, tids + 8) > 0);
	u_ready(ready);
	in_pause(NULL);
}

static int frozen_group_killed(void)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	char text[200];
	long pid = u_child(hog);

	expect(u_write_file("/sys/power/pm_test", "devices") > 0);
	expect(u_write_file("/sys/kernel/debug/oom_eater", "disable_oom 10240") > 0);
	expect_eq(u_write_file("/sys/power/state", "freeze"), 6);

	/* It died while everybody else was frozen. */
	expect_eq(host_syscall(__NR_wait4, pid, mem, WNOHANG, 0), pid);
	expect_eq(u_get32(mem), SIGKILL);
	expect(u_read_file("/sys/kernel/debug/oom_eater", text, sizeof(text)) > 0);
	expect(kstrstr(text, "disable_oom ok"));
	return 0;
}
PROGRAM(p_fgk, .path = "/bin/frozen_group_killed", .main = frozen_group_killed);
SCENARIO(s_fgk, .name = "frozen_group_killed", .init = "/bin/frozen_group_killed", .cpus = 2, .mem_mib = 16);
