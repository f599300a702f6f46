// SPDX-License-Identifier: GPL-2.0-only
//
// Restartable sequences: registration, the processor's number, abort by a switch and by a signal; membarrier.
#include "t.h"

#include <linux/membarrier.h>
#include <linux/rseq.h>

#define SIG 0x53053053

static struct rseq area __attribute__((aligned(32)));

static long reg(void)
{
	return sys(rseq, &area, 32, 0, SIG);
}

TEST(registration)
{
	static struct rseq other __attribute__((aligned(32)));

	CHECK_EQ(sys(rseq, &area, 32, 4, SIG), -EINVAL);
	CHECK_EQ(sys(rseq, (char *)&area + 8, 32, 0, SIG), -EINVAL);
	CHECK_EQ(sys(rseq, &area, 16, 0, SIG), -EINVAL);
	CHECK_EQ(sys(rseq, 1UL << 60, 32, 0, SIG), -EFAULT);
	CHECK_EQ(sys(rseq, &area, 32, RSEQ_FLAG_UNREGISTER, SIG), -EINVAL);
	area.cpu_id = -1u;
	CHECK_EQ(reg(), 0);
	CHECK(area.cpu_id < 1024);
	CHECK_EQ(area.cpu_id_start, area.cpu_id);
	CHECK_EQ(reg(), -EBUSY);
	CHECK_EQ(sys(rseq, &area, 32, 0, SIG + 1), -EPERM);
	CHECK_EQ(sys(rseq, &other, 32, 0, SIG), -EINVAL);
	CHECK_EQ(sys(rseq, &other, 32, RSEQ_FLAG_UNREGISTER, SIG), -EINVAL);
	CHECK_EQ(sys(rseq, &area, 32, RSEQ_FLAG_UNREGISTER, SIG + 1), -EPERM);
	CHECK_EQ(sys(rseq, &area, 32, RSEQ_FLAG_UNREGISTER, SIG), 0);
	CHECK_EQ(area.cpu_id, -1u);
	CHECK_EQ(area.cpu_id_start, 0);
	CHECK_EQ(sys(rseq, &area, 32, RSEQ_FLAG_UNREGISTER, SIG), -EINVAL);
}

TEST(number_follows_the_thread)
{
	unsigned long mask, old[16];
	long n = sys(sched_getaffinity, 0, sizeof(old), old);

	CHECK_GE(n, 8);
	CHECK_EQ(reg(), 0);
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		mask = 1UL << cpu;
		if (!(old[0] & mask))
			continue;
		CHECK_EQ(sys(sched_setaffinity, 0, sizeof(mask), &mask), 0);
		CHECK_EQ(area.cpu_id, cpu);
		CHECK_EQ(area.cpu_id_start, cpu);
	}
}

TEST(fork_keeps_thread_does_not)
{
	static struct rseq second __attribute__((aligned(32)));

	CHECK_EQ(reg(), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(reg(), -EBUSY)), 0);
	CHECK_EQ(IN_CHILD(t_exit(area.cpu_id < 1024 ? 0 : 1)), 0);
	(void)second;
}

static int register_second(void *arg)
{
	return sys(rseq, arg, 32, 0, SIG) == 0 ? 0 : 1;
}

TEST(a_thread_begins_without)
{
	static struct rseq second __attribute__((aligned(32)));
	struct thread t;

	CHECK_EQ(reg(), 0);
	second.cpu_id = -1u;
	thread_start(&t, register_second, &second);
	thread_join(&t);
	CHECK(second.cpu_id < 1024);
}

TEST(unreachable_area_is_fatal)
{
	int how = IN_CHILD({
		char *p = t_map(PAGE);

		CHECK_EQ(sys(rseq, p, 32, 0, SIG), 0);
		CHECK_EQ(sys(munmap, p, PAGE), 0);
		for (int i = 0; i < 1000; i++)
			t_sleep_ms(1);
	});

	CHECK_EQ(how, SIGNALLED(SIGSEGV));
}

// A sequence that waits in itself until it is aborted: the value says how it ended.
static long wait_in_sequence(volatile int *stop)
{
	long ret;

	__asm__ volatile(".pushsection .data\n"
			 ".balign 32\n"
			 "7: .long 0, 0\n"
			 ".quad 1f, 2f - 1f, 3f\n"
			 ".popsection\n"
			 "lea 7b(%%rip), %%rax\n"
			 "mov %%rax, %[cs]\n"
			 "1: cmpl $0, %[stop]\n"
			 "je 1b\n"
			 "xor %%eax, %%eax\n"
			 "2: jmp 4f\n"
			 ".long 0x53053053\n"
			 "3: mov $1, %%eax\n"
			 "4:\n"
			 : "=&a"(ret), [cs] "+m"(area.rseq_cs)
			 : [stop] "m"(*stop)
			 : "memory", "cc");
	return ret;
}

static volatile int stop_now;

static void on_signal(int sig)
{
	(void)sig;
}

TEST(signal_aborts)
{
	long timer[4] = {0, 5000, 0, 5000}; // again and again: the first may come before the sequence

	CHECK_EQ(reg(), 0);
	CHECK_EQ(t_action(SIGALRM, on_signal, 0), 0);
	CHECK_EQ(sys(setitimer, ITIMER_REAL, timer, 0), 0);
	CHECK_EQ(wait_in_sequence(&stop_now), 1);
	CHECK_EQ(area.rseq_cs, 0);
}

static int spin(void *unused)
{
	(void)unused;
	for (;;)
		;
	return 0;
}

TEST(preemption_aborts)
{
	unsigned long one = 1;
	struct thread t;

	CHECK_EQ(sys(sched_setaffinity, 0, sizeof(one), &one), 0);
	CHECK_EQ(reg(), 0);
	thread_start(&t, spin, NULL); // on the same processor
	CHECK_EQ(wait_in_sequence(&stop_now), 1);
}

TEST(not_interrupted_not_aborted)
{
	static volatile int set = 1;

	CHECK_EQ(reg(), 0);
	UNTIL(wait_in_sequence(&set) == 0); // a switch may come just then, but not always
}

TEST(wrong_signature_is_fatal)
{
	int how = IN_CHILD({
		CHECK_EQ(sys(rseq, &area, 32, 0, SIG + 1), 0);
		CHECK_EQ(t_action(SIGALRM, on_signal, 0), 0);
		long timer[4] = {0, 5000, 0, 5000}; // again and again, as above
		CHECK_EQ(sys(setitimer, ITIMER_REAL, timer, 0), 0);
		wait_in_sequence(&stop_now);
	});

	CHECK_EQ(how, SIGNALLED(SIGSEGV));
}

TEST(hostile_sequences)
{
	static struct rseq_cs cs __attribute__((aligned(32)));
	const unsigned long bad[] = {8, ~0UL, 1UL << 63, (unsigned long)&cs};

	for (unsigned i = 0; i < 4; i++) {
		int how = IN_CHILD({
			CHECK_EQ(reg(), 0);
			cs.start_ip = ~0UL;
			cs.post_commit_offset = ~0UL;
			area.rseq_cs = bad[i];
			for (int n = 0; n < 1000; n++)
				t_sleep_ms(1);
		});

		CHECK_EQ(how, SIGNALLED(SIGSEGV));
	}
}

TEST(membarrier_commands)
{
	long all = sys(membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	CHECK_GE(all, 1);
	CHECK_EQ(all & 0x1ff, 0x1ff);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_QUERY, 1, 0), -EINVAL);
	CHECK_EQ(sys(membarrier, -1, 0, 0), -EINVAL);
	CHECK_EQ(sys(membarrier, 3, 0, 0), -EINVAL);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_GLOBAL, 1, 0), -EINVAL);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0), 0);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0), 0);
	for (int bit = 3; bit <= 7; bit += 2) {
		CHECK_EQ(sys(membarrier, 1 << bit, 0, 0), -EPERM);
		CHECK_EQ(sys(membarrier, 1 << (bit + 1), 1, 0), -EINVAL);
		CHECK_EQ(sys(membarrier, 1 << (bit + 1), 0, 0), 0);
		CHECK_EQ(sys(membarrier, 1 << bit, 0, 0), 0);
	}
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1, 0), -EINVAL);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 0), 0);
	CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 2, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 1); // has nothing to do with it
	// A child has what its parent registered.
	CHECK_EQ(IN_CHILD(CHECK_EQ(sys(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0)), 0);
}

// Where a task may run is what others say meanwhile, and what they are told.
TEST(membarrier_leaves_affinity_alone)
{
	unsigned long all, got, one;

	if (sys(sched_getaffinity, 0, sizeof all, &all) < 0)
		SKIP("a big machine");
	int pid = t_fork();

	if (pid == 0)
		for (;;)
			sys(membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
	for (int i = 0; i < 300; i++)
		for (unsigned long m = all; m; m &= m - 1) {
			one = m & -m;
			CHECK_EQ(sys(sched_setaffinity, pid, sizeof one, &one), 0);
			CHECK_EQ(sys(sched_getaffinity, pid, sizeof got, &got), 8);
			CHECK_EQ(got, one);
		}
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}
