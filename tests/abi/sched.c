// SPDX-License-Identifier: GPL-2.0-only
//
// Policies and priorities: who may have them, and who runs.
#include "t.h"

#include <linux/sched/types.h>

enum { NOBODY = 65534 };

static const int zero;
static unsigned long all_cpus;
static int nr_cpus;

// Skips where the machine does not let us have real-time policies.
static void need_rt(void)
{
	int prio = 1;

	if (sys(sched_setscheduler, 0, SCHED_FIFO, &prio) < 0)
		SKIP("no real-time policies");
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_NORMAL, &zero), 0);
	if (sys(sched_getaffinity, 0, sizeof all_cpus, &all_cpus) < 0)
		SKIP("a big machine");
	for (unsigned long m = all_cpus; m; m &= m - 1)
		nr_cpus++;
}

static void become(int policy, int prio)
{
	CHECK_EQ(sys(sched_setscheduler, 0, policy, &prio), 0);
}

// To the first processor alone.
static void pin(void)
{
	unsigned long one = all_cpus & -all_cpus;

	CHECK_EQ(sys(sched_setaffinity, 0, 8, &one), 0);
}

static void drop_root(void)
{
	CHECK_EQ(sys(setresuid, NOBODY, NOBODY, NOBODY), 0);
}

TEST(policies_are_told_back)
{
	static const int policies[] = {SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE, SCHED_NORMAL};
	struct sched_attr a;
	int got;

	need_rt();
	for (int i = 0; i < 5; i++) {
		int rt = policies[i] == SCHED_FIFO || policies[i] == SCHED_RR, prio = rt ? 7 + i : 0;

		CHECK_EQ(sys(sched_setscheduler, 0, policies[i], &prio), 0);
		CHECK_EQ(sys(sched_getscheduler, 0), policies[i]);
		CHECK_EQ(sys(sched_getparam, 0, &got), 0);
		CHECK_EQ(got, prio);
		CHECK_EQ(sys(sched_getattr, 0, &a, sizeof a, 0), 0);
		CHECK_EQ(a.sched_policy, policies[i]);
		CHECK_EQ(a.sched_priority, prio);
		CHECK_EQ(a.sched_flags, 0);
		prio = rt ? 1 : 2;
		CHECK_EQ(sys(sched_setparam, 0, &prio), rt ? 0 : -EINVAL);
		prio = !rt;
		CHECK_EQ(sys(sched_setscheduler, 0, policies[i], &prio), -EINVAL);
		prio = rt ? 100 : -1;
		CHECK_EQ(sys(sched_setscheduler, 0, policies[i], &prio), -EINVAL);
	}
}

TEST(policy_arguments)
{
	struct timespec ts;
	int prio = 0;

	CHECK_EQ(sys(sched_setscheduler, 0, -1, &prio), -EINVAL);
	CHECK_EQ(sys(sched_setscheduler, 0, 4, &prio), -EINVAL);
	CHECK_EQ(sys(sched_setscheduler, 0, 77, &prio), -EINVAL);
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_NORMAL, 0), -EINVAL);
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_NORMAL, 8UL), -EFAULT);
	CHECK_EQ(sys(sched_setscheduler, -1, SCHED_NORMAL, &prio), -EINVAL);
	CHECK_EQ(sys(sched_setscheduler, 0x3fffffff, SCHED_NORMAL, &prio), -ESRCH);
	CHECK_EQ(sys(sched_setparam, 0, 0), -EINVAL);
	CHECK_EQ(sys(sched_setparam, 0x3fffffff, &prio), -ESRCH);
	CHECK_EQ(sys(sched_getparam, 0, 0), -EINVAL);
	CHECK_EQ(sys(sched_getparam, 0, 8UL), -EFAULT);
	CHECK_EQ(sys(sched_getparam, 0x3fffffff, &prio), -ESRCH);
	CHECK_EQ(sys(sched_getscheduler, -1), -EINVAL);
	CHECK_EQ(sys(sched_getscheduler, 0x3fffffff), -ESRCH);
	CHECK_EQ(sys(sched_get_priority_max, SCHED_FIFO), 99);
	CHECK_EQ(sys(sched_get_priority_min, SCHED_RR), 1);
	CHECK_EQ(sys(sched_get_priority_max, SCHED_BATCH), 0);
	CHECK_EQ(sys(sched_get_priority_max, 4), -EINVAL);
	CHECK_EQ(sys(sched_rr_get_interval, -1, &ts), -EINVAL);
	CHECK_EQ(sys(sched_rr_get_interval, 0x3fffffff, &ts), -ESRCH);
	CHECK_EQ(sys(sched_rr_get_interval, 0, 8UL), -EFAULT);
}

TEST(round_robin_interval)
{
	struct timespec ts = {9, 9};

	need_rt();
	become(SCHED_RR, 3);
	CHECK_EQ(sys(sched_rr_get_interval, 0, &ts), 0);
	CHECK(ts.tv_sec == 0 && ts.tv_nsec == 100000000);
	become(SCHED_FIFO, 3);
	CHECK_EQ(sys(sched_rr_get_interval, 0, &ts), 0);
	CHECK(ts.tv_sec == 0 && ts.tv_nsec == 0);
}

TEST(sched_setattr_and_its_sizes)
{
	struct {
		struct sched_attr a;
		char more[64];
	} big = {.a = {.size = sizeof big, .sched_policy = SCHED_NORMAL, .sched_nice = 3}};
	struct sched_attr a = {.size = sizeof a, .sched_policy = SCHED_RR, .sched_priority = 4}, got;

	need_rt();
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), 0);
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_RR);
	a.size = 0;
	a.sched_priority = 6;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), 0);
	CHECK_EQ(sys(sched_getattr, 0, &got, SCHED_ATTR_SIZE_VER0, 0), 0);
	CHECK_EQ(got.size, SCHED_ATTR_SIZE_VER0);
	CHECK_EQ(got.sched_priority, 6);
	CHECK_EQ(sys(sched_setattr, 0, &big, 0), 0);
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 20 - 3);
	big.more[63] = 1;
	CHECK_EQ(sys(sched_setattr, 0, &big, 0), -E2BIG);
	CHECK_EQ(big.a.size, sizeof a);
	a.size = SCHED_ATTR_SIZE_VER0 - 1;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), -E2BIG);
	CHECK_EQ(a.size, sizeof a);
	a.size = PAGE + 1;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), -E2BIG);
	a = (struct sched_attr){.size = sizeof a, .sched_policy = SCHED_NORMAL, .sched_nice = 100};
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), 0); // as much as there is
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 1);
	a.sched_flags = 1UL << 40;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), -EINVAL);
	a.sched_flags = 0;
	a.sched_policy = 4;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), -EINVAL);
	a.sched_policy = -1U;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), -EINVAL);
	CHECK_EQ(sys(sched_setattr, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(sched_setattr, 0, 8UL, 0), -EFAULT);
	CHECK_EQ(sys(sched_setattr, 0, &a, 1), -EINVAL);
	CHECK_EQ(sys(sched_setattr, -1, &a, 0), -EINVAL);
	a.sched_policy = SCHED_NORMAL;
	CHECK_EQ(sys(sched_setattr, 0x3fffffff, &a, 0), -ESRCH);
	CHECK_EQ(sys(sched_getattr, 0, &a, SCHED_ATTR_SIZE_VER0 - 1, 0), -EINVAL);
	CHECK_EQ(sys(sched_getattr, 0, &a, PAGE + 1, 0), -EINVAL);
	CHECK_EQ(sys(sched_getattr, 0, &a, sizeof a, 1), -EINVAL);
	CHECK_EQ(sys(sched_getattr, 0, 0, sizeof a, 0), -EINVAL);
	CHECK_EQ(sys(sched_getattr, 0, 8UL, sizeof a, 0), -EFAULT);
	CHECK_EQ(sys(sched_getattr, 0x3fffffff, &a, sizeof a, 0), -ESRCH);
}

// A share of a processor by a deadline: Thaw promises nobody any.
TEST(deadline)
{
	struct sched_attr a = {.size = sizeof a, .sched_policy = SCHED_DEADLINE, .sched_runtime = 1000000,
		.sched_deadline = 100000000, .sched_period = 100000000};

	if (!t_own_machine)
		SKIP("takes the processors from others");
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), -EINVAL);
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_NORMAL);
}

TEST(sched_setattr_keeps_what_it_is_told_to)
{
	struct sched_attr a = {.size = sizeof a, .sched_policy = SCHED_NORMAL, .sched_priority = 9};
	int got;

	need_rt();
	become(SCHED_FIFO, 5);
	a.sched_flags = SCHED_FLAG_KEEP_POLICY;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), 0);
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_FIFO);
	CHECK_EQ(sys(sched_getparam, 0, &got), 0);
	CHECK_EQ(got, 9);
	a = (struct sched_attr){.size = sizeof a, .sched_policy = SCHED_RR, .sched_priority = 44};
	a.sched_flags = SCHED_FLAG_KEEP_PARAMS;
	CHECK_EQ(sys(sched_setattr, 0, &a, 0), 0);
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_FIFO); // with the parameters stays the policy
	CHECK_EQ(sys(sched_getparam, 0, &got), 0);
	CHECK_EQ(got, 9);
}

TEST(children_inherit_unless_reset)
{
	int prio = 5;

	need_rt();
	CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, -5), 0);
	become(SCHED_RR, 5);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(sched_getscheduler, 0), SCHED_RR);
		CHECK_EQ(sys(sched_getparam, 0, &prio), 0);
		CHECK_EQ(prio, 5);
		CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 25);
	}),
		0);
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, &prio), 0);
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_RR | SCHED_RESET_ON_FORK);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(sched_getscheduler, 0), SCHED_NORMAL);
		CHECK_EQ(sys(sched_getparam, 0, &prio), 0);
		CHECK_EQ(prio, 0);
		CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 20);
	}),
		0);
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_NORMAL, &zero), 0);
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_NORMAL); // with the right to, the flag goes
}

// The hard limit as well as the soft one; skips where it may not be raised.
static void set_limit(int which, unsigned long n)
{
	struct rlimit limit = {n, n};

	if (sys(setrlimit, which, &limit) == -EPERM)
		SKIP("no right to raise limits");
	CHECK_EQ(sys(getrlimit, which, &limit), 0);
	CHECK_EQ(limit.rlim_cur, n);
}

TEST(real_time_is_not_for_everybody)
{
	int prio = 3, other;

	need_rt();
	other = t_fork();
	if (other == 0)
		thread_pause(NULL);
	CHECK_EQ(IN_CHILD({
		drop_root();
		CHECK_EQ(sys(sched_setscheduler, 0, SCHED_FIFO, &prio), -EPERM);
		CHECK_EQ(sys(sched_setscheduler, other, SCHED_BATCH, &zero), -EPERM);
		CHECK_EQ(sys(sched_setaffinity, other, 8, &all_cpus), -EPERM);
		CHECK_EQ(sys(sched_setscheduler, 0, SCHED_BATCH, &zero), 0);
		CHECK_EQ(sys(sched_setscheduler, 0, SCHED_IDLE, &zero), 0);
		CHECK_EQ(sys(sched_setscheduler, 0, SCHED_NORMAL | SCHED_RESET_ON_FORK, &zero), -EPERM); // out of IDLE
		CHECK_EQ(sys(sched_getscheduler, other), SCHED_NORMAL);
	}),
		0);
	sys(kill, other, SIGKILL);
	t_wait(other);
}

TEST(a_limit_gives_real_time)
{
	int prio = 3;

	need_rt();
	set_limit(RLIMIT_RTPRIO, 5);
	drop_root();
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_FIFO, &prio), 0);
	prio = 6;
	CHECK_EQ(sys(sched_setparam, 0, &prio), -EPERM);
	prio = 5;
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_RR | SCHED_RESET_ON_FORK, &prio), 0);
	CHECK_EQ(sys(sched_setscheduler, 0, SCHED_RR, &prio), -EPERM); // the flag does not go
}

TEST(nice_down_is_not_for_everybody)
{
	CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, 4), 0);
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 16);
	CHECK_EQ(sys(setpriority, 9, 0, 4), -EINVAL);
	CHECK_EQ(sys(getpriority, 9, 0), -EINVAL);
	CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0x3fffffff, 4), -ESRCH);
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0x3fffffff), -ESRCH);
	CHECK_EQ(IN_CHILD({
		int parent = (int)sys(getppid);

		drop_root();
		CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, 5), 0);
		CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, 4), -EACCES);
		CHECK_EQ(sys(setpriority, PRIO_PROCESS, parent, 5), -EPERM);
		CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, 99), 0);
		CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 1);
	}),
		0);
}

TEST(a_limit_gives_nice_values)
{
	set_limit(RLIMIT_NICE, 25);
	drop_root();
	CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, -5), 0);
	CHECK_EQ(sys(setpriority, PRIO_PROCESS, 0, -6), -EACCES);
}

TEST(priorities_of_a_user)
{
	enum { OTHER = 43210 };
	int pid[2];

	if (sys(getuid))
		SKIP("not root");
	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0) {
			CHECK_EQ(sys(setresuid, OTHER, OTHER, OTHER), 0);
			thread_pause(NULL);
		}
		UNTIL(t_state(pid[i]) == 'S');
	}
	CHECK_EQ(sys(setpriority, PRIO_PROCESS, pid[0], 7), 0);
	CHECK_EQ(sys(getpriority, PRIO_USER, OTHER), 20); // the best of them
	CHECK_EQ(sys(setpriority, PRIO_USER, OTHER, 9), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(sys(getpriority, PRIO_PROCESS, pid[i]), 11);
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 20);
	CHECK_EQ(sys(getpriority, PRIO_USER, OTHER + 1), -ESRCH);
	CHECK_EQ(sys(setpriority, PRIO_USER, OTHER + 1, 3), -ESRCH);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, -1, OTHER, -1), 0);
		CHECK_EQ(sys(setresuid, OTHER, OTHER, OTHER), 0);
		CHECK_EQ(sys(setpriority, PRIO_USER, 0, 12), 0); // 0: our own
		CHECK_EQ(sys(getpriority, PRIO_USER, 0), 8);
		CHECK_EQ(sys(setpriority, PRIO_USER, 0, 11), -EACCES);
	}),
		0);
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, pid[1]), 8);
	for (int i = 0; i < 2; i++) {
		sys(kill, pid[i], SIGKILL);
		t_wait(pid[i]);
	}
}

// ---- who runs ----

struct shared {
	_Atomic int n, stop, begun;
	int log[16];
	_Atomic long count[64];
};

// A child at a policy that waits for a byte, then does its work. All on one processor.
static int start_waiting(struct shared *s, int fd, int policy, int prio, void (*work)(struct shared *, int), int me)
{
	int pid = t_fork();
	char c;

	if (pid)
		return pid;
	become(policy, prio);
	s->begun++;
	while (sys(read, fd, &c, 1) == -EINTR)
		;
	work(s, me);
	t_exit(0);
}

static void log_me(struct shared *s, int me)
{
	s->log[s->n++] = me;
}

static void log_twice(struct shared *s, int me)
{
	s->log[s->n++] = me;
	t_yield();
	s->log[s->n++] = me;
}

static void log_and_spin(struct shared *s, int me)
{
	long end = t_now_ms() + 250;

	s->log[s->n++] = me;
	while (t_now_ms() < end)
		;
	s->log[s->n++] = me;
}

// Ends only if equals get their turn meanwhile.
static void log_and_wait_for_all(struct shared *s, int me)
{
	s->log[s->n++] = me;
	while (s->n < 3)
		;
}

// Children 0, 1, 2 at these priorities are woken in that order by somebody above them, who then gets out of their way.
static struct shared *in_order(int policy, const int prio[3], void (*work)(struct shared *, int))
{
	struct shared *s = t_map_shared(PAGE);
	int fds[3][2], pid[3];

	need_rt();
	pin();
	become(SCHED_FIFO, 60);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sys(pipe, fds[i]), 0);
		pid[i] = start_waiting(s, fds[i][0], policy, prio[i], work, i);
	}
	UNTIL(s->begun == 3 && t_state(pid[0]) == 'S' && t_state(pid[1]) == 'S' && t_state(pid[2]) == 'S');
	for (int i = 0; i < 3; i++)
		CHECK_EQ(sys(write, fds[i][1], "x", 1), 1);
	CHECK_EQ(s->n, 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(t_wait(pid[i]), 0);
	return s;
}

TEST(the_highest_priority_runs_first)
{
	struct shared *s = in_order(SCHED_FIFO, (int[]){10, 30, 20}, log_me);

	CHECK(s->log[0] == 1 && s->log[1] == 2 && s->log[2] == 0);
}

TEST(equal_priorities_run_in_order_of_arrival)
{
	struct shared *s = in_order(SCHED_FIFO, (int[]){10, 10, 10}, log_me);

	CHECK(s->log[0] == 0 && s->log[1] == 1 && s->log[2] == 2);
}

TEST(yield_goes_behind_ones_equals)
{
	struct shared *s = in_order(SCHED_FIFO, (int[]){10, 10, 10}, log_twice);

	CHECK(s->log[0] == 0 && s->log[1] == 1 && s->log[2] == 2);
	CHECK(s->log[3] == 0 && s->log[4] == 1 && s->log[5] == 2);
}

TEST(fifo_is_not_taken_turns_with)
{
	struct shared *s = in_order(SCHED_FIFO, (int[]){10, 10, 10}, log_and_spin);

	CHECK(s->log[0] == 0 && s->log[1] == 0 && s->log[2] == 1 && s->log[3] == 1 && s->log[4] == 2 && s->log[5] == 2);
}

TEST(round_robin_is)
{
	struct shared *s = in_order(SCHED_RR, (int[]){10, 10, 10}, log_and_wait_for_all);

	// In any order: a turn is over by the clock, even if the machine stood still meanwhile.
	CHECK_EQ(s->n, 3);
}

static void spin_counting(struct shared *s, int me)
{
	while (!s->stop)
		s->count[me]++;
	t_exit(0);
}

TEST(a_fifo_loop_leaves_something_to_others)
{
	struct shared *s = t_map_shared(PAGE);
	int pid[2];

	need_rt();
	pin();
	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		if (i)
			become(SCHED_FIFO, 99);
		spin_counting(s, i);
	}
	UNTIL(s->count[1]); // it loops, and we are still here
	long then = s->count[0];

	UNTIL(s->count[0] > then + 1000);
	s->stop = 1;
	CHECK_EQ(t_wait(pid[0]), 0);
	CHECK_EQ(t_wait(pid[1]), 0);
}

TEST(fifo_loops_everywhere_leave_something_to_others)
{
	struct shared *s = t_map_shared(PAGE);

	need_rt();
	if (nr_cpus > 16)
		SKIP("a big machine");
	for (int i = 0; i < nr_cpus; i++)
		if (t_fork() == 0) {
			become(SCHED_FIFO, 50);
			spin_counting(s, i);
		}
	for (int i = 0; i < nr_cpus; i++)
		UNTIL(s->count[i]);
	s->stop = 1;
	for (int i = 0; i < nr_cpus; i++)
		CHECK_EQ(t_wait(-1), 0);
}

// Nobody lets go before all are there: they must be there at once.
TEST(real_time_tasks_spread)
{
	struct shared *s = t_map_shared(PAGE);

	need_rt();
	if (nr_cpus > 16)
		SKIP("a big machine");
	for (int i = 0; i < nr_cpus; i++)
		if (t_fork() == 0) {
			become(SCHED_FIFO, 20);
			s->begun++;
			while (s->begun < nr_cpus)
				;
			t_exit(0);
		}
	for (int i = 0; i < nr_cpus; i++)
		CHECK_EQ(t_wait(-1), 0);
}

// All processors are taken by loops of rising priority, and then comes one that is above them all.
TEST(a_woken_one_takes_the_place_of_the_lowest)
{
	struct shared *s = t_map_shared(PAGE);
	int fds[2], high;

	need_rt();
	if (nr_cpus > 16)
		SKIP("a big machine");
	CHECK_EQ(sys(pipe, fds), 0);
	high = start_waiting(s, fds[0], SCHED_FIFO, 70, log_me, 5);
	UNTIL(s->begun == 1 && t_state(high) == 'S');
	become(SCHED_FIFO, 80);
	for (int i = 0; i < nr_cpus; i++)
		if (t_fork() == 0) {
			become(SCHED_FIFO, 10 + i);
			spin_counting(s, i);
		}
	UNTIL(s->count[nr_cpus - 1]);
	CHECK_EQ(sys(write, fds[1], "x", 1), 1);
	CHECK_EQ(t_wait(high), 0); // while the loops go on
	CHECK_EQ(s->log[0], 5);
	s->stop = 1;
	for (int i = 0; i < nr_cpus; i++)
		CHECK_EQ(t_wait(-1), 0);
}

// A change of priority counts at once, for one that waits and for one that runs.
TEST(a_raised_one_runs_and_a_lowered_one_lets_others)
{
	struct shared *s = t_map_shared(PAGE);
	int pid[2], prio;

	need_rt();
	pin();
	become(SCHED_FIFO, 60);
	for (int i = 0; i < 2; i++) {
		pid[i] = t_fork();
		if (pid[i])
			continue;
		become(SCHED_FIFO, 20 - i);
		s->begun++;
		spin_counting(s, i);
	}
	UNTIL(s->count[0]);
	CHECK_EQ(s->count[1], 0);
	prio = 30;
	CHECK_EQ(sys(sched_setparam, pid[1], &prio), 0);
	UNTIL(s->count[1]);
	long then = s->count[0];

	t_sleep_ms(20);
	CHECK_EQ(s->count[0], then);
	prio = 5;
	CHECK_EQ(sys(sched_setparam, pid[1], &prio), 0);
	UNTIL(s->count[0] > then);
	s->stop = 1;
	CHECK_EQ(t_wait(pid[0]), 0);
	CHECK_EQ(t_wait(pid[1]), 0);
}

static _Atomic int done;

// Has policy and priority, and SCHED_NORMAL, in turn, while another thread does other() to it.
static void change_policy_beside(int (*other)(void *), int policy, int prio)
{
	int me = t_gettid();
	long start = t_now_ms();
	struct thread t;

	thread_start(&t, other, &me);
	while (t_now_ms() - start < 100)
		for (int i = 0; i < 50; i++) {
			become(policy, prio);
			CHECK_EQ(sys(sched_getscheduler, 0), policy);
			become(SCHED_NORMAL, 0);
			CHECK_EQ(sys(sched_getscheduler, 0), SCHED_NORMAL);
		}
	done = 1;
	thread_join(&t);
}

static int nice_again_and_again(void *whose)
{
	while (!done)
		sys(setpriority, PRIO_PROCESS, *(int *)whose, 0);
	return 0;
}

// A nice value that is set leaves the policy and the priority to whoever sets these.
TEST(nice_values_and_policies_at_once)
{
	need_rt();
	change_policy_beside(nice_again_and_again, SCHED_FIFO, 1);
}

static int keeps_again_and_again(void *whose)
{
	struct sched_attr a = {.size = sizeof a, .sched_flags = SCHED_FLAG_KEEP_POLICY};

	while (!done) {
		sys(sched_setattr, *(int *)whose, &a, 0);
		sys(sched_setparam, *(int *)whose, &zero);
	}
	return 0;
}

// A policy that is kept is the one that is there.
TEST(a_policy_is_kept_while_it_changes)
{
	change_policy_beside(keeps_again_and_again, SCHED_BATCH, 0);
}
