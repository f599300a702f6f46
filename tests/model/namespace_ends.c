// SPDX-License-Identifier: GPL-2.0-only
/*
 * Number 1 of a namespace of process numbers is killed, or ends, while others fork in there and while guests are forked into it from
 * outside. Nobody gets in who is not killed: when it is reaped, all are gone, its parent has heard of it once, and who forks later is
 * refused.
 */
#include "arch/host/host.h"

#define NEWPID	(CLONE_NEWPID | SIGCHLD)

struct round {
	u32 fds[2];
	bool by_itself;				/* ends by exit_group instead of SIGKILL */
};

static void ends(void *arg)
{
	(void)arg;
	host_syscall(__NR_exit_group, 0);
}

/* Ends at once, or has to be killed; an orphan by and by. */
static void member(void *arg)
{
	u64 i = (u64)arg;

	if (i % 3 == 0)
		(void)u_clone(SIGCHLD, ends, NULL, 0, 0);
	if (i % 2)
		host_syscall(__NR_exit_group, 0);
	for (;;)
		host_syscall(__NR_sched_yield);
}

static void forks(void)
{
	for (u64 i = 0;; i++) {
		(void)u_clone(i % 4 == 3 ? NEWPID : SIGCHLD, member, (void *)i, 0, 0);
		host_syscall(__NR_wait4, -1, 0, WNOHANG, 0);
		if (i > 8)
			host_syscall(__NR_sched_yield);
	}
}

static void some_steps(void)
{
	for (u64 n = host_random() % 200; n; n--)
		u_point();
}

static void forks_and_ends(void *arg)
{
	(void)arg;
	for (u64 i = 0; i < host_random() % 6; i++)
		(void)u_clone(SIGCHLD, member, (void *)i, 0, 0);
	host_syscall(__NR_exit_group, 3);
}

/* Has init's handlers, and does not want children to be reaped by themselves. */
static void wants_zombies(void *arg)
{
	for (;;)
		host_syscall(__NR_rt_sigaction, SIGCHLD, arg, 0, 8);
}

static void init(void *arg)
{
	const struct round *r = arg;
	uaddr_t byte = u_map(PAGE_SIZE);

	expect_eq(host_syscall(__NR_getpid), 1);
	(void)u_clone(SIGCHLD, member, NULL, 0, 0);
	(void)u_clone(SIGCHLD | CLONE_VM | CLONE_SIGHAND, wants_zombies, (void *)byte, 0, 0);
	host_syscall(__NR_write, r->fds[1], byte, 1);
	if (r->by_itself)
		forks_and_ends(NULL);
	forks();
}

/* Its child becomes an orphan in the namespace when both are killed. */
static void guest(void *arg)
{
	(void)arg;
	(void)u_clone(SIGCHLD, member, NULL, 0, 0);
	for (;;)
		host_syscall(__NR_sched_yield);
}

/* Forks guests, which have to be killed, into the namespace of the pidfd until it is over. They are its children. */
static void host_of_guests(void *arg)
{
	long fd = (long)arg, err = host_syscall(__NR_setns, fd, CLONE_NEWPID);

	if (err)
		expect_eq(err, -ESRCH);
	for (u64 i = 0; !err; i++) {
		long pid = u_clone(SIGCHLD, guest, NULL, 0, 0);

		if (pid < 0) {
			expect_eq(pid, -ENOMEM);
			break;
		}
		host_syscall(__NR_wait4, -1, 0, WNOHANG, 0);
	}
	while (host_syscall(__NR_wait4, -1, 0, 0, 0) > 0)
		;
	host_syscall(__NR_exit_group, 4);
}

static void one(struct round *r, uaddr_t mem)
{
	long pid = u_clone(NEWPID, init, r, 0, 0), fd, guests;

	expect(pid > 0);
	expect_eq(host_syscall(__NR_read, r->fds[0], mem, 1), 1);
	fd = host_syscall(__NR_pidfd_open, pid, 0);
	expect(fd >= 0);
	guests = u_clone(SIGCHLD, host_of_guests, (void *)fd, 0, 0);
	expect(guests > 0);
	some_steps();
	if (!r->by_itself)
		expect_eq(host_syscall(__NR_kill, pid, SIGKILL), 0);
	expect_eq(host_syscall(__NR_wait4, pid, mem, 0, 0), pid);
	expect_eq(u_get32(mem), r->by_itself ? 3 << 8 : SIGKILL);
	expect_eq(host_syscall(__NR_wait4, guests, mem, 0, 0), guests);
	expect_eq(u_get32(mem), 4 << 8);
	expect_eq(host_syscall(__NR_setns, fd, CLONE_NEWPID), -ESRCH);
	host_syscall(__NR_close, fd);
	expect_eq(host_syscall(__NR_wait4, -1, 0, 0, 0), -ECHILD);
}

static int namespace_ends(void)
{
	uaddr_t mem = u_map(PAGE_SIZE);
	struct round r;

	expect_eq(host_syscall(__NR_pipe2, mem, 0), 0);
	u_read(r.fds, mem, sizeof(r.fds));
	for (int i = 0; i < 4; i++) {
		r.by_itself = i % 2;
		one(&r, mem);
	}
	return 0;
}
PROGRAM(p_namespace_ends, .path = "/bin/namespace_ends", .main = namespace_ends);
SCENARIO(s_namespace_ends, .name = "namespace_ends", .init = "/bin/namespace_ends", .cpus = 3, .mem_mib = 16);
