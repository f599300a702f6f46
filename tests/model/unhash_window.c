// SPDX-License-Identifier: GPL-2.0-only
/*
 * A victim of two threads: the worker has told that it is a zombie but is still hashed when the leader looks whether it is the last;
 * then the worker goes. Neither of them is the last by that look. The count must return to 0 all the same; under oom=rfc it does not,
 * which is what that design is known for. (Scenario unhash_window.)
 */
#include "arch/host/host.h"
#include "kernel/oom.h"

#define HOG_BYTES	(8ul << 20)

static bool worker_told, leader_told, in_window;

static void wait_for(const bool *what)
{
	while (!READ_ONCE(*what))
		arch_cpu_relax();
}

/* Called at every step of an exit: holds the leader up before its exit_notify, and the worker between its X14A and X14B. */
static void keep_order(const char *label)
{
	bool leader = current->group_leader == current;

	if (!tsk_is_oom_victim(current))
		return;
	if (leader && !kstrcmp(label, "X16"))
		wait_for(&worker_told);
	if (leader && !kstrcmp(label, "X14A"))
		leader_told = true;
	if (!leader && !kstrcmp(label, "X14A")) {
		worker_told = true;
		wait_for(&leader_told);
		in_window = current->group->nr_threads == 2;
	}
}

static void in_pause(void *arg)
{
	(void)arg;
	for (;;)
		host_syscall(__NR_pause);
}

static void hog(void *ready)
{
	uaddr_t tid = u_map(PAGE_SIZE);

	u_fill(HOG_BYTES);
	expect(u_thread(in_pause, NULL, tid) > 0);
	u_ready(ready);
	in_pause(NULL);
}

static int unhash_window(void)
{
	bool leaks = !kstrcmp(oom_design->name, "rfc");
	uaddr_t mem = u_map(PAGE_SIZE);
	long pid = u_child(hog);

	host_on_exit_step = keep_order;
	expect(u_write_file("/sys/kernel/debug/oom_eater", "now 10240") > 0);
	expect_eq(host_syscall(__NR_wait4, pid, mem, 0, 0), pid);
	expect_eq(u_get32(mem), SIGKILL);
	host_on_exit_step = NULL;
	expect(in_window);
	expect_eq(atomic_load(&oom_victims), leaks ? 1 : 0);

	/* And so do all suspends from here on. */
	expect(u_write_file("/sys/power/pm_freeze_timeout", "100") > 0);
	expect(u_write_file("/sys/power/pm_test", "devices") > 0);
	for (int i = 0; i < 2; i++)
		expect_eq(u_write_file("/sys/power/state", "freeze"), leaks ? -EBUSY : 6);
	return 0;
}
PROGRAM(p_unhash_window, .path = "/bin/unhash_window", .main = unhash_window);
SCENARIO(s_unhash_window, .name = "unhash_window", .init = "/bin/unhash_window", .cpus = 3, .mem_mib = 16);
