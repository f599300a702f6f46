// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stop, continue and kill a group of threads that run, sleep, send and take signals all the time: each stop and each continue is
 * reported once, nothing runs while stopped, and SIGKILL ends it in whatever state it is.
 */
#include "arch/host/host.h"

#define NR_THREADS 3

static u32 ticks;				/* how far the group's threads got, all together */
static int handled;

static void on_usr1(int sig, const struct k_siginfo *info)
{
	(void)info;
	handled += sig == SIGUSR1;
}

static void busy(void *arg)
{
	uaddr_t word = u_map(PAGE_SIZE), ts = word + 64;
	long self = host_syscall(__NR_getpid);

	u_set64(ts, 0);
	u_set64(ts + 8, 30000);
	for (;;) {
		ticks++;
		u_point();
		host_syscall(__NR_futex, word, FUTEX_WAIT, 0, ts);
		host_syscall(__NR_tgkill, self, self + (long)arg, SIGUSR1);
	}
}

static void group(void *arg)
{
	uaddr_t tids = u_map(PAGE_SIZE);

	(void)arg;
	expect_eq(u_sigaction(SIGUSR1, on_usr1, SA_RESTART), 0);
	for (long i = 1; i < NR_THREADS; i++)
		expect(u_thread(busy, (void *)i, tids + 4 * (u64)i) > 0);
	busy(NULL);
}

static int wait_for(long pid, int options)
{
	static uaddr_t status;

	if (!status)
		status = u_map(PAGE_SIZE);
	expect_eq(host_syscall(__NR_wait4, pid, status, options, 0), pid);
	return (int)u_get32(status);
}

static void let_it_run(void)
{
	u32 from = ticks;

	while (READ_ONCE(ticks) < from + 4)
		host_syscall(__NR_sched_yield);
}

static int stop_and_kill(void)
{
	long pid = u_clone(SIGCHLD, group, NULL, 0, 0);

	for (int i = 0; i < 6; i++) {
		u32 before;

		let_it_run();
		/* The children of init are an orphaned process group: only SIGSTOP stops them. */
		expect_eq(host_syscall(__NR_kill, pid, SIGTSTP), 0);
		let_it_run();
		expect_eq(host_syscall(__NR_kill, pid, SIGSTOP), 0);
		expect_eq(wait_for(pid, WUNTRACED), SIGSTOP << 8 | 0x7f);
		before = ticks;
		for (int n = 0; n < 50; n++)
			u_point();
		expect_eq(ticks, before);
		expect_eq(host_syscall(__NR_wait4, pid, 0, WNOHANG | WUNTRACED | WCONTINUED, 0), 0);
		if (i == 5)
			break;
		expect_eq(host_syscall(__NR_kill, pid, SIGCONT), 0);
		expect_eq(wait_for(pid, WCONTINUED), 0xffff);
	}
	expect(handled > 0);
	expect_eq(host_syscall(__NR_kill, pid, SIGKILL), 0);
	expect_eq(wait_for(pid, 0), SIGKILL);

	/* A stop and a kill that race: it dies. */
	for (int i = 0; i < 4; i++) {
		pid = u_clone(SIGCHLD, group, NULL, 0, 0);
		let_it_run();
		expect_eq(host_syscall(__NR_kill, pid, SIGSTOP), 0);
		for (int n = 0; n < i * 3; n++)
			u_point();
		expect_eq(host_syscall(__NR_kill, pid, SIGKILL), 0);
		expect_eq(wait_for(pid, 0), SIGKILL);
	}
	return 0;
}
PROGRAM(p_stop, .path = "/bin/stop_and_kill", .main = stop_and_kill);
SCENARIO(s_stop, .name = "stop_and_kill", .init = "/bin/stop_and_kill", .cpus = 3, .mem_mib = 16);
