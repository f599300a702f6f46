// SPDX-License-Identifier: GPL-2.0-only
//
// Threads: one process, many tasks.
#include "t.h"

struct ids {
	int pid, tid, ppid;
};

static int tell_ids(void *arg)
{
	struct ids *ids = arg;

	*ids = (struct ids){t_getpid(), t_gettid(), (int)sys(getppid)};
	return 0;
}

TEST(ids)
{
	struct thread t;
	struct ids ids;

	thread_start(&t, tell_ids, &ids);
	thread_join(&t);
	CHECK_EQ(ids.pid, t_getpid());
	CHECK_EQ(ids.tid, t.id);
	CHECK(ids.tid != ids.pid);
	CHECK_EQ(ids.ppid, sys(getppid));
	CHECK_EQ(t_wait(-1), -ECHILD); // a thread is nobody's child
}

struct counter {
	_Atomic int lock;
	volatile int n;
};

static int add_1000(void *arg)
{
	struct counter *c = arg;

	for (int i = 0; i < 1000; i++) {
		lock(&c->lock);
		c->n++;
		unlock(&c->lock);
	}
	return 0;
}

TEST(a_lock_holds)
{
	static struct counter c;
	struct thread t[8];

	for (int i = 0; i < 8; i++)
		thread_start(&t[i], add_1000, &c);
	for (int i = 0; i < 8; i++)
		thread_join(&t[i]);
	CHECK_EQ(c.n, 8000);
}

static int add_one(void *arg)
{
	atomic_fetch_add((_Atomic int *)arg, 1);
	return 0;
}

TEST(sixty_four_at_once)
{
	static struct thread t[64];
	_Atomic int n = 0;

	for (int i = 0; i < 64; i++)
		thread_start(&t[i], add_one, &n);
	for (int i = 0; i < 64; i++)
		thread_join(&t[i]);
	CHECK_EQ(n, 64);
	UNTIL(t_field("/proc/self/status", "Threads") == 1);
}

TEST(three_hundred_in_a_row)
{
	_Atomic int n = 0;

	for (int i = 0; i < 300; i++) {
		struct thread t;

		thread_start(&t, add_one, &n);
		thread_join(&t);
	}
	CHECK_EQ(n, 300);
}

struct tls {
	unsigned long base[2], seen;
	_Atomic int *turn;
	int bad;
};

static int check_tls(void *arg)
{
	struct tls *tls = arg;

	for (int i = 0; i < 200; i++) {
		unsigned long self;

		__asm__ volatile("mov %%fs:0, %0" : "=r"(self));
		tls->bad += self != (unsigned long)tls;
		t_yield();
	}
	return tls->bad;
}

TEST(fs_base_is_per_thread)
{
	static struct tls tls[4];
	char *stack[4];
	long tid[4];
	static _Atomic int ctid[4];

	for (int i = 0; i < 4; i++) {
		tls[i].base[0] = (unsigned long)&tls[i];
		stack[i] = t_map(STACK_SIZE);
		ctid[i] = 1;
		tid[i] = t_clone(THREAD_FLAGS | CLONE_SETTLS, stack[i] + STACK_SIZE, &ctid[i], &ctid[i],
			(unsigned long)&tls[i], check_tls, &tls[i]);
		CHECK_GE(tid[i], 1);
	}
	for (int i = 0; i < 4; i++) {
		int v;

		while ((v = ctid[i]))
			futex(&ctid[i], FUTEX_WAIT, v, NULL, NULL, 0);
		CHECK_EQ(tls[i].bad, 0);
	}
}

TEST(arch_prctl_fs_and_gs)
{
	unsigned long *area = t_map(PAGE), got;

	area[0] = 0x1234;
	CHECK_EQ(sys(arch_prctl, ARCH_SET_FS, area), 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(got));
	CHECK_EQ(got, 0x1234);
	CHECK_EQ(sys(arch_prctl, ARCH_GET_FS, &got), 0);
	CHECK_EQ(got, area);
	CHECK_EQ(sys(arch_prctl, ARCH_SET_GS, area), 0);
	t_yield();
	__asm__ volatile("mov %%gs:0, %0" : "=r"(got));
	CHECK_EQ(got, 0x1234);
	CHECK_EQ(sys(arch_prctl, ARCH_SET_FS, 0xffff800000000000UL), -EPERM);
	CHECK_EQ(sys(arch_prctl, ARCH_GET_FS, 8UL), -EFAULT);
	CHECK_EQ(sys(arch_prctl, 0x9999, 0), -EINVAL);
}

TEST(set_tid_address)
{
	static _Atomic int word = 5;

	CHECK_EQ(IN_CHILD({
		struct thread t;

		CHECK_EQ(sys(set_tid_address, &word), t_gettid());
		thread_start(&t, thread_pause, NULL);
	}),
		0);
}

static _Atomic int in_handler;

static void note_tid(int sig)
{
	(void)sig;
	in_handler = t_gettid();
}

static int pause_once(void *arg)
{
	(void)arg;
	sys(pause);
	return 0;
}

TEST(tgkill_reaches_that_thread)
{
	struct thread t[3];

	t_action(SIGUSR1, note_tid, 0);
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], pause_once, NULL);
	for (int i = 2; i >= 0; i--) {
		UNTIL(t_task_state(t_getpid(), t[i].id) == 'S');
		in_handler = 0;
		CHECK_EQ(sys(tgkill, t_getpid(), t[i].id, SIGUSR1), 0);
		thread_join(&t[i]);
		CHECK_EQ(in_handler, t[i].id);
	}
	UNTIL(sys(tgkill, t_getpid(), t[0].id, 0) == -ESRCH); // its number is free a little after the join
	CHECK_EQ(sys(tgkill, 1, t_gettid(), 0), -ESRCH); // not a thread of that process
	CHECK_EQ(sys(tgkill, 0, t_gettid(), 0), -EINVAL);
	CHECK_EQ(sys(tgkill, t_getpid(), 0, 0), -EINVAL);
	CHECK_EQ(sys(tkill, t_gettid(), 0), 0);
	CHECK_EQ(sys(tkill, -5, 0), -EINVAL);
}

TEST(a_process_signal_goes_where_it_is_not_blocked)
{
	struct thread t;

	t_action(SIGUSR1, note_tid, 0);
	thread_start(&t, pause_once, NULL);
	t_block(BIT(SIGUSR1));
	UNTIL(t_task_state(t_getpid(), t.id) == 'S');
	CHECK_EQ(sys(kill, t_getpid(), SIGUSR1), 0);
	thread_join(&t);
	CHECK_EQ(in_handler, t.id);
}

TEST(a_fatal_signal_takes_all)
{
	CHECK_EQ(IN_CHILD({
		struct thread t[6];

		for (int i = 0; i < 6; i++)
			thread_start(&t[i], i % 2 ? thread_spin : thread_pause, NULL);
		sys(tgkill, t_getpid(), t[3].id, SIGTERM);
		thread_pause(NULL);
	}),
		SIGNALLED(SIGTERM));
}

static int write_null(void *arg)
{
	(void)arg;
	*(volatile int *)t_ptr(8) = 1;
	return 0;
}

TEST(a_fault_in_one_takes_all)
{
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, write_null, NULL);
		thread_pause(NULL);
	}),
		SIGNALLED(SIGSEGV));
}

TEST(affinity)
{
	unsigned long all = 0, one, got = 0;
	long size = sys(sched_getaffinity, 0, sizeof all, &all);

	if (size < 0) // more processors than bits
		SKIP("a big machine");
	CHECK_EQ(size, 8);
	CHECK(all != 0);
	one = all & -all;
	CHECK_EQ(sys(sched_setaffinity, 0, sizeof one, &one), 0);
	CHECK_EQ(sys(sched_getaffinity, 0, sizeof got, &got), 8);
	CHECK_EQ(got, one);
	unsigned cpu = 99;

	CHECK_EQ(sys(getcpu, &cpu, 0, 0), 0);
	CHECK_EQ(1UL << cpu, one);
	CHECK_EQ(IN_CHILD({
		sys(sched_getaffinity, 0, sizeof got, &got);
		CHECK_EQ(got, one); // inherited
	}),
		0);
	got = 0;
	CHECK_EQ(sys(sched_setaffinity, 0, sizeof got, &got), -EINVAL); // nowhere to run
	CHECK_EQ(sys(sched_setaffinity, 0x3fffffff, sizeof all, &all), -ESRCH);
	CHECK_EQ(sys(sched_setaffinity, 0, sizeof all, 8UL), -EFAULT);
	CHECK_EQ(sys(sched_setaffinity, 0, sizeof all, &all), 0);
}

TEST(runs_on_every_processor)
{
	unsigned long all = 0;

	if (sys(sched_getaffinity, 0, sizeof all, &all) < 0)
		SKIP("a big machine");
	for (unsigned cpu = 0; cpu < 64; cpu++) {
		unsigned long mask = 1UL << cpu;
		unsigned here = 99;

		if (!(all & mask))
			continue;
		CHECK_EQ(sys(sched_setaffinity, 0, 8, &mask), 0);
		CHECK_EQ(sys(getcpu, &here, 0, 0), 0);
		CHECK_EQ(here, cpu);
	}
}

static int count_up(void *arg)
{
	while (atomic_fetch_add((_Atomic long *)arg, 1) >= 0)
		;
	return 0;
}

TEST(a_spinning_thread_is_preempted)
{
	unsigned long one = 1;
	static _Atomic long n[3];
	struct thread t[3];

	if (sys(sched_setaffinity, 0, 8, &one) < 0)
		SKIP("not allowed on processor 0");
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], count_up, (void *)&n[i]);
	UNTIL(n[0] > 1000 && n[1] > 1000 && n[2] > 1000); // all on one processor
}

TEST(threads_in_two_groups_with_one_memory)
{
	// A group that shares memory with ours but is not ours: ending it does not end us.
	char *stack = t_map(STACK_SIZE);
	_Atomic int n = 0;
	long pid = t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, add_one, &n);

	CHECK_EQ(t_wait((int)pid), 0);
	CHECK_EQ(n, 1);
	pid = t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, thread_pause, NULL);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait((int)pid), SIGNALLED(SIGKILL));
}

static int clone_on_and_on(void *arg)
{
	for (int i = 1; i <= 250; i++)
		CHECK_GE(t_clone(THREAD_FLAGS & ~(CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID),
				 (char *)arg + i * 1024, 0, 0, 0, thread_pause, NULL),
			1);
	return thread_pause(NULL);
}

TEST(killed_while_it_makes_threads)
{
	for (int round = 0; round < 10; round++) {
		int pid = t_fork();

		if (pid == 0) {
			struct thread t;

			thread_start(&t, clone_on_and_on, t_map(256 * 1024));
			thread_pause(NULL);
		}
		t_sleep_ms(2 + round % 3);
		sys(kill, pid, SIGKILL);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	}
}
