// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group of threads that run and signal each other, a tracer that stops, steers and lets go of them, and a killer of either, at
 * any time: whoever dies, its parent hears of it once and gets its zombie, the tracer first if it is there; nobody stays stopped.
 */
#include "arch/host/host.h"

#define NR_THREADS	3
#define ROUNDS		12

static u32 ticks;				/* how far the group's threads got, all together */
static long victim;
static int seized;

static void on_usr1(int sig, const struct k_siginfo *info)
{
	(void)sig, (void)info;
}

static void busy(void *arg)
{
	long self = host_syscall(__NR_getpid);

	for (;;) {
		ticks++;
		u_point();
		host_syscall(__NR_tgkill, self, self + (long)arg, SIGUSR1);
		host_syscall(__NR_sched_yield);
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

static long ptrace(long request, long pid, u64 data)
{
	return host_syscall(__NR_ptrace, request, pid, 0, data);
}

static int stop_signal(u32 status)
{
	return (status & 0xff) == 0x7f ? (int)(status >> 8) : 0;
}

/* To a stop of the whole group the tracer listens, and now and then loses patience. */
static void go_on(long pid, int stop, long left)
{
	int sig = stop & 0xff;

	if (stop >> 8 == PTRACE_EVENT_STOP && sig != SIGTRAP && left % 4) {
		ptrace(PTRACE_LISTEN, pid, 0);
		return;
	}
	if (stop >> 8 || sig == (SIGTRAP | 0x80))
		sig = 0;
	if (left % 5 == 0)
		ptrace(PTRACE_DETACH, pid, (u64)sig);
	else
		ptrace(left % 3 ? PTRACE_CONT : PTRACE_SYSCALL, pid, (u64)sig);
}

/*
 * Seizes the leader and, as far as they are there, the threads; interrupts them, passes their signals on, detaches now and then,
 * until all are gone or so many stops were seen. A call's stop must not look like SIGTRAP: a tracee whose tracer dies before it
 * has seen that one would die of it.
 */
static void tracer(void *arg)
{
	uaddr_t status = u_map(PAGE_SIZE);
	long left = (long)arg, pid;

	for (long i = 0; i < NR_THREADS; i++)
		if (!ptrace(PTRACE_SEIZE, victim + i, PTRACE_O_TRACESYSGOOD | (left & 1 ? PTRACE_O_TRACEEXIT : 0)))
			ptrace(PTRACE_INTERRUPT, victim + i, 0);
	seized = 1;
	while (left-- > 0 && (pid = host_syscall(__NR_wait4, -1, status, (int)__WALL, 0)) > 0) {
		int stop = stop_signal(u_get32(status));

		if (stop)
			go_on(pid, stop, left);
	}
	host_syscall(__NR_exit_group, 7);
}

static u32 wait_for(long pid)
{
	static uaddr_t status;

	if (!status)
		status = u_map(PAGE_SIZE);
	expect_eq(host_syscall(__NR_wait4, pid, status, 0, 0), pid);
	expect_eq(host_syscall(__NR_wait4, pid, status, WNOHANG, 0), -ECHILD);
	return u_get32(status);
}

static int trace_and_kill(void)
{
	for (long round = 0; round < ROUNDS; round++) {
		u32 from = ticks;
		long d;

		seized = 0;
		victim = u_clone(SIGCHLD, group, NULL, 0, 0);
		while (READ_ONCE(ticks) < from + 2)
			host_syscall(__NR_sched_yield);
		d = u_clone(SIGCHLD, tracer, (void *)(3 + round * 4), 0, 0);
		if (round % 3)
			while (!READ_ONCE(seized))
				host_syscall(__NR_sched_yield);
		for (long n = 0; n < round * 5; n++) {
			u_point();
			if (round % 2 && n % 8 == 0)
				expect_eq(host_syscall(__NR_kill, victim, n % 16 ? SIGCONT : SIGSTOP), 0);
		}
		expect_eq(host_syscall(__NR_kill, victim, round % 8 == 7 ? SIGCONT : round % 4 ? SIGUSR1 : SIGSTOP), 0);
		if (round % 4 == 3) {
			expect_eq(host_syscall(__NR_kill, d, SIGKILL), 0);
			wait_for(d);
			d = 0;
			/* What it had stopped runs again. */
			expect_eq(host_syscall(__NR_kill, victim, SIGCONT), 0);
			from = READ_ONCE(ticks);
			while (READ_ONCE(ticks) < from + 2)
				host_syscall(__NR_sched_yield);
		}
		expect_eq(host_syscall(__NR_kill, victim, SIGKILL), 0);
		if (d)
			wait_for(d);
		expect_eq(wait_for(victim), SIGKILL);
	}
	return 0;
}
PROGRAM(p_trace_and_kill, .path = "/bin/trace_and_kill", .main = trace_and_kill);
SCENARIO(s_trace_and_kill, .name = "trace_and_kill", .init = "/bin/trace_and_kill", .cpus = 3, .mem_mib = 16);
