// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mutex and a condition variable as libraries build them from futexes: broadcasts wake one waiter and move the rest to the mutex.
 * No wake-up is lost: all waiters pass every generation.
 */
#include "arch/host/host.h"

#define NR_THREADS	4
#define GENERATIONS	6

static uaddr_t mutex, cond, gen;		/* u32 words */
static u32 arrived;				/* [mutex] */

static bool cmpxchg(uaddr_t a, u32 old, u32 new)
{
	return u_cmpxchg32(a, old, new) == old;
}

/* 0 free, 1 locked, 2 locked and somebody may wait */
static void lock(void)
{
	if (cmpxchg(mutex, 0, 1))
		return;
	while (!cmpxchg(mutex, 0, 2)) {
		if (u_get32(mutex) == 1 && !cmpxchg(mutex, 1, 2))
			continue;
		host_syscall(__NR_futex, mutex, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, 0);
	}
}

static void unlock(void)
{
	if (cmpxchg(mutex, 1, 0))
		return;
	u_set32(mutex, 0);
	host_syscall(__NR_futex, mutex, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

static void wait_for_next(void)
{
	u32 seq = u_get32(cond);

	unlock();
	host_syscall(__NR_futex, cond, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, seq, 0);
	while (!cmpxchg(mutex, 0, 2))
		host_syscall(__NR_futex, mutex, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, 0);
}

/* The mutex is held, so nobody else changes the condition's word. */
static void broadcast(void)
{
	u32 seq = u_get32(cond) + 1;

	u_set32(cond, seq);
	expect(host_syscall(__NR_futex, cond, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 1, INT32_MAX, mutex, seq) >= 0);
}

static void worker(void *arg)
{
	(void)arg;
	for (u32 g = 0; g < GENERATIONS; g++) {
		lock();
		if (++arrived == NR_THREADS) {
			arrived = 0;
			u_set32(gen, g + 1);
			broadcast();
		}
		while (u_get32(gen) == g)
			wait_for_next();
		unlock();
	}
}

static int requeue(void)
{
	uaddr_t tids;

	mutex = u_map(PAGE_SIZE);
	cond = mutex + 128;
	gen = mutex + 256;
	tids = mutex + 512;
	for (u64 i = 0; i < NR_THREADS; i++)
		expect(u_thread(worker, NULL, tids + 4 * i) > 0);
	for (u64 i = 0; i < NR_THREADS; i++)
		u_join(tids + 4 * i);
	expect_eq(u_get32(gen), GENERATIONS);
	return 0;
}
PROGRAM(p_requeue, .path = "/bin/requeue", .main = requeue);
SCENARIO(s_requeue, .name = "requeue", .init = "/bin/requeue", .cpus = 3, .mem_mib = 16);
