// SPDX-License-Identifier: GPL-2.0-only
/* One of everything: fork, exit, wait, exec, threads, futexes, pipes, signals, stop and continue. */
#include "arch/host/host.h"

static int wait_for(long pid, int options)
{
	uaddr_t status = u_map(PAGE_SIZE);
	long got = host_syscall(__NR_wait4, pid, status, options, 0);

	expect_eq(got, pid);
	return (int)u_get32(status);
}

/* --- fork, exit, exec --- */

static void exits_with(void *arg)
{
	host_syscall(__NR_exit_group, (long)arg);
}

static int prog_true(void)
{
	return 42;
}
PROGRAM(p_true, .path = "/bin/answer", .main = prog_true);

static void execs(void *arg)
{
	uaddr_t argv = u_map(PAGE_SIZE);

	(void)arg;
	u_set64(argv, u_string("answer"));
	host_syscall(__NR_execve, u_string("/bin/answer"), argv, argv + 8);
	host_syscall(__NR_exit_group, 1);
}

static void fork_and_exec(void)
{
	long pid = u_clone(SIGCHLD, exits_with, (void *)7, 0, 0);

	expect(pid > 1);
	expect_eq(wait_for(pid, 0), 7 << 8);
	pid = u_clone(SIGCHLD, execs, NULL, 0, 0);
	expect_eq(wait_for(pid, 0), 42 << 8);
	expect_eq(host_syscall(__NR_wait4, -1, 0, 0, 0), -ECHILD);
}

/* --- threads and futexes --- */

#define ROUNDS	20

struct ring {
	uaddr_t turn, tids;			/* u32: whose turn it is; one u32 a thread */
};

struct player {
	const struct ring *ring;
	u32 self;
};

static void play(void *arg)
{
	const struct player *p = arg;
	uaddr_t turn = p->ring->turn;

	for (int i = 0; i < ROUNDS; i++) {
		u32 now;

		while ((now = u_get32(turn)) % 3 != p->self)
			host_syscall(__NR_futex, turn, FUTEX_WAIT, now, 0);
		u_set32(turn, now + 1);
		host_syscall(__NR_futex, turn, FUTEX_WAKE, INT32_MAX);
	}
}

static void threads(void)
{
	struct ring r = { .turn = u_map(PAGE_SIZE), .tids = u_map(PAGE_SIZE) };
	struct player p[3];

	for (u32 i = 0; i < 3; i++) {
		p[i] = (struct player){ &r, i };
		expect(u_thread(play, &p[i], r.tids + 4 * i) > 0);
	}
	for (u32 i = 0; i < 3; i++)
		u_join(r.tids + 4 * i);
	expect_eq(u_get32(r.turn), 3 * ROUNDS);
}

/* --- one of several words --- */

static void waker(void *arg)
{
	uaddr_t word = (uaddr_t)arg;

	u_set32(word, 1);
	host_syscall(__NR_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

static void several(void)
{
	uaddr_t words = u_map(PAGE_SIZE), list = words + 256, tid = words + 512;
	struct k_futex_waitv v[3];
	long ret;

	for (u64 i = 0; i < 3; i++)
		v[i] = (struct k_futex_waitv){ .uaddr = words + 4 * i, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG };
	u_write(list, v, sizeof(v));
	expect_eq(host_syscall(__NR_futex_waitv, list, 129, 0, 0, 0), -EINVAL);
	expect(u_thread(waker, (void *)(words + 4), tid) > 0);
	ret = host_syscall(__NR_futex_waitv, list, 3, 0, 0, 0);
	expect(ret == 1 || ret == -EAGAIN);
	u_join(tid);
	expect_eq(host_syscall(__NR_futex_waitv, list, 3, 0, 0, 0), -EAGAIN);
}

/* --- a pipe that fills up --- */

#define PIPE_BYTES (200 << 10)

static void write_much(void *arg)
{
	const u32 *fds = arg;
	uaddr_t mem = u_map(PAGE_SIZE);
	long left = PIPE_BYTES;

	host_syscall(__NR_close, fds[0]);
	while (left > 0) {
		long n = host_syscall(__NR_write, fds[1], mem, min(left, 3000l));

		expect(n > 0);
		left -= n;
	}
	host_syscall(__NR_exit_group, 0);
}

static void pipes(void)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	long pid, n, all = 0;
	u32 fds[2];

	expect_eq(host_syscall(__NR_pipe2, mem, 0), 0);
	u_read(fds, mem, sizeof(fds));
	pid = u_clone(SIGCHLD, write_much, fds, 0, 0);
	host_syscall(__NR_close, fds[1]);
	while ((n = host_syscall(__NR_read, fds[0], mem, PAGE_SIZE)) > 0)
		all += n;
	expect_eq(n, 0);
	expect_eq(all, PIPE_BYTES);
	host_syscall(__NR_close, fds[0]);
	expect_eq(wait_for(pid, 0), 0);
}

/* --- signals --- */

static int seen, seen_pid;

static void on_usr1(int sig, const struct k_siginfo *info)
{
	seen += sig;
	seen_pid = info->u.rt.si_pid;
}

static void pauses(void *arg)
{
	(void)arg;
	for (;;)
		host_syscall(__NR_pause);
}

static void reads_restarted(void *arg)
{
	const u32 *fds = arg;
	uaddr_t mem = u_map(PAGE_SIZE);

	expect_eq(u_sigaction(SIGUSR1, on_usr1, SA_RESTART), 0);
	expect_eq(host_syscall(__NR_write, fds[3], mem, 1), 1);
	expect_eq(host_syscall(__NR_read, fds[0], mem, 1), 1);
	expect_eq(seen, SIGUSR1);
	host_syscall(__NR_exit_group, 0);
}

/* The read is interrupted, the handler runs, the read goes on. */
static void restart(void)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	long pid;
	u32 fds[4];

	expect_eq(host_syscall(__NR_pipe2, mem, 0), 0);
	expect_eq(host_syscall(__NR_pipe2, mem + 8, 0), 0);
	u_read(fds, mem, sizeof(fds));
	seen = 0;
	pid = u_clone(SIGCHLD, reads_restarted, fds, 0, 0);
	expect_eq(host_syscall(__NR_read, fds[2], mem, 1), 1);
	expect_eq(host_syscall(__NR_kill, pid, SIGUSR1), 0);
	while (!READ_ONCE(seen))
		host_syscall(__NR_sched_yield);
	expect_eq(host_syscall(__NR_write, fds[1], mem, 1), 1);
	expect_eq(wait_for(pid, 0), 0);
	for (int i = 0; i < 4; i++)
		host_syscall(__NR_close, fds[i]);
}

static void signals(void)
{
	long pid;

	expect_eq(u_sigaction(SIGUSR1, on_usr1, 0), 0);
	expect_eq(host_syscall(__NR_kill, 1, SIGUSR1), 0);
	expect_eq(seen, SIGUSR1);
	expect_eq(seen_pid, 1);

	pid = u_clone(SIGCHLD, pauses, NULL, 0, 0);
	expect_eq(host_syscall(__NR_kill, pid, SIGSTOP), 0);
	expect_eq(wait_for(pid, WUNTRACED), SIGSTOP << 8 | 0x7f);
	expect_eq(host_syscall(__NR_kill, pid, SIGCONT), 0);
	expect_eq(wait_for(pid, WCONTINUED), 0xffff);
	expect_eq(host_syscall(__NR_kill, pid, SIGTERM), 0);
	expect_eq(wait_for(pid, 0), SIGTERM);
	restart();
}

static int smoke(void)
{
	fork_and_exec();
	threads();
	several();
	pipes();
	signals();
	return 0;
}
PROGRAM(p_smoke, .path = "/bin/smoke", .main = smoke);
SCENARIO(s_smoke, .name = "smoke", .init = "/bin/smoke", .cpus = 2, .mem_mib = 16);
