// SPDX-License-Identifier: GPL-2.0-only
/*
 * SIGKILL or exit_group lands while threads of the group are making threads: every thread that got onto the group's list dies, none is
 * added afterwards, and the parent hears of it once. (Scenario clone_race.)
 */
#include "arch/host/host.h"

static void ends(void *arg)
{
	(void)arg;
	host_syscall(__NR_exit, 0);
}

static void spins(void *arg)
{
	(void)arg;
	for (;;)
		u_point();
}

/* Threads without a stack of their own: they take no signal but the last. */
static void spawns(void *arg)
{
	const u64 flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	(void)arg;
	for (u64 i = 0;; i++) {
		struct regs *r = arch_regs(current);

		r->child_fn = i % 5 || i > 100 ? ends : spins;
		host_syscall(__NR_clone, flags, 0, 0, 0, 0);
	}
}

static void some_steps(void)
{
	for (u64 n = host_random() % 200; n; n--)
		u_point();
}

static void ends_group(void *arg)
{
	while (!u_get32((uaddr_t)arg))
		host_syscall(__NR_sched_yield);
	some_steps();
	host_syscall(__NR_exit_group, 3);
}

struct round {
	u32 fds[2];
	bool by_itself;				/* ends by exit_group instead of SIGKILL */
};

static void group(void *arg)
{
	uaddr_t tids = u_map(PAGE_SIZE), go = tids + 64;
	const struct round *r = arg;

	if (r->by_itself)
		expect(u_thread(ends_group, (void *)go, tids) > 0);
	expect(u_thread(spawns, NULL, tids + 4) > 0);
	host_syscall(__NR_write, r->fds[1], tids, 1);
	u_set32(go, 1);
	spawns(NULL);
}

static int clone_race(void)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	struct round r;

	expect_eq(host_syscall(__NR_pipe2, mem, 0), 0);
	u_read(r.fds, mem, sizeof(r.fds));
	for (int i = 0; i < 4; i++) {
		long pid;

		r.by_itself = i % 2;
		pid = u_clone(SIGCHLD, group, &r, 0, 0);
		expect_eq(host_syscall(__NR_read, r.fds[0], mem, 1), 1);
		some_steps();
		if (!r.by_itself)
			expect_eq(host_syscall(__NR_kill, pid, SIGKILL), 0);
		expect_eq(host_syscall(__NR_wait4, pid, mem, 0, 0), pid);
		expect_eq(u_get32(mem), r.by_itself ? 3 << 8 : SIGKILL);
		expect_eq(host_syscall(__NR_kill, pid, 0), -ESRCH);
	}
	return 0;
}
PROGRAM(p_clone_race, .path = "/bin/clone_race", .main = clone_race);
SCENARIO(s_clone_race, .name = "clone_race", .init = "/bin/clone_race", .cpus = 3, .mem_mib = 16);
