// SPDX-License-Identifier: GPL-2.0-only
//
// Futexes with priority inheritance: the word, waiting, handing over, death of an owner, the
// priority an owner gets, and condition variables that move waiters to a lock.
#include "t.h"

#define FUTEX_PRIO_FIFO 1

static _Atomic int word, cond;
static _Atomic int *shared;

struct param {
	int prio;
};

static long pi(_Atomic int *w, int op)
{
	return futex((void *)w, op, 0, NULL, NULL, 0);
}

static long lock_pi(void)
{
	return pi(&word, FUTEX_LOCK_PI_PRIVATE);
}

static long unlock_pi(void)
{
	return pi(&word, FUTEX_UNLOCK_PI_PRIVATE);
}

// As a program does it: the kernel is asked only if the word says that somebody else is concerned.
static void take(void)
{
	int zero = 0;

	if (!atomic_compare_exchange_strong(&word, &zero, t_gettid()))
		CHECK_EQ(lock_pi(), 0);
}

static void release(void)
{
	int mine = t_gettid();

	if (!atomic_compare_exchange_strong(&word, &mine, 0))
		CHECK_EQ(unlock_pi(), 0);
}

static bool sleeps(struct thread *t)
{
	return t_task_state(t_getpid(), t->id) == 'S';
}

TEST(a_free_lock)
{
	CHECK_EQ(lock_pi(), 0);
	CHECK_EQ(word, t_gettid());
	CHECK_EQ(lock_pi(), -EDEADLK);
	CHECK_EQ(pi(&word, FUTEX_TRYLOCK_PI_PRIVATE), -EDEADLK);
	CHECK_EQ(unlock_pi(), 0);
	CHECK_EQ(word, 0);
	CHECK_EQ(pi(&word, FUTEX_TRYLOCK_PI_PRIVATE), 0);
	CHECK_EQ(word, t_gettid());
	CHECK_EQ(unlock_pi(), 0);
	CHECK_EQ(unlock_pi(), -EPERM);
	CHECK_EQ(pi(&word, FUTEX_LOCK_PI2 | FUTEX_PRIVATE_FLAG), 0);
	CHECK_EQ(unlock_pi(), 0);
}

static _Atomic int step;

static int hold(void *unused)
{
	(void)unused;
	take();
	step = 1;
	UNTIL(step == 2);
	release();
	return 0;
}

TEST(the_word_shows_who_waits)
{
	struct thread t;

	thread_start(&t, hold, NULL);
	UNTIL(step == 1);
	CHECK_EQ(word, t.id);
	CHECK_EQ(pi(&word, FUTEX_TRYLOCK_PI_PRIVATE), -EAGAIN);
	CHECK_EQ(unlock_pi(), -EPERM);
	step = 2;
	CHECK_EQ(lock_pi(), 0);
	CHECK_EQ(word & FUTEX_TID_MASK, t_gettid());
	thread_join(&t);
	CHECK_EQ(unlock_pi(), 0);
	CHECK_EQ(word, 0);
}

static int take_and_release(void *unused)
{
	(void)unused;
	take();
	step++;
	release();
	return 0;
}

TEST(handed_to_a_waiter)
{
	struct thread t;

	take();
	thread_start(&t, take_and_release, NULL);
	UNTIL(sleeps(&t));
	CHECK_EQ((unsigned)word, FUTEX_WAITERS | (unsigned)t_gettid());
	release();
	thread_join(&t);
	CHECK_EQ(step, 1);
	CHECK_EQ(word, 0);
}

enum { ROUNDS = 300, THREADS = 4 };
static int counter;

static int count_up(void *unused)
{
	(void)unused;
	for (int i = 0; i < ROUNDS; i++) {
		take();
		int seen = counter;

		if (i % 8 == 0)
			t_yield();
		counter = seen + 1;
		release();
	}
	return 0;
}

TEST(it_excludes)
{
	struct thread t[THREADS];

	for (int i = 0; i < THREADS; i++)
		thread_start(&t[i], count_up, NULL);
	for (int i = 0; i < THREADS; i++)
		thread_join(&t[i]);
	CHECK_EQ(counter, ROUNDS * THREADS);
	CHECK_EQ(word, 0);
}

TEST(between_processes)
{
	int pid;

	shared = t_map_shared(PAGE);
	*shared = t_gettid();
	pid = t_fork();
	if (pid == 0)
		t_exit(pi(shared, FUTEX_LOCK_PI) == 0 && (*shared & FUTEX_TID_MASK) == t_gettid() && pi(shared, FUTEX_UNLOCK_PI) == 0 ? 0 : 1);
	UNTIL((unsigned)*shared == (FUTEX_WAITERS | (unsigned)t_gettid()));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(pi(shared, FUTEX_UNLOCK_PI), 0);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(*shared, 0);
}

// ---- time and signals ----

TEST(not_for_ever)
{
	struct thread t;
	struct timespec at, bad = {0, 1000000000};

	thread_start(&t, hold, NULL);
	UNTIL(step == 1);
	sys(clock_gettime, CLOCK_REALTIME, &at);
	CHECK_EQ(futex((void *)&word, FUTEX_LOCK_PI_PRIVATE, 0, &at, NULL, 0), -ETIMEDOUT);
	sys(clock_gettime, CLOCK_MONOTONIC, &at);
	CHECK_EQ(futex((void *)&word, FUTEX_LOCK_PI2 | FUTEX_PRIVATE_FLAG, 0, &at, NULL, 0), -ETIMEDOUT);
	CHECK_EQ(futex((void *)&word, FUTEX_LOCK_PI_PRIVATE, 0, &bad, NULL, 0), -EINVAL);
	CHECK_EQ(futex((void *)&word, FUTEX_LOCK_PI_PRIVATE, 0, t_ptr(8), NULL, 0), -EFAULT);
	CHECK_EQ((unsigned)word, FUTEX_WAITERS | (unsigned)t.id);
	step = 2;
	thread_join(&t);
	CHECK_EQ(word, 0);
}

static _Atomic int caught;

static void note(int sig)
{
	(void)sig;
	caught++;
}

TEST(a_signal_does_not_end_the_wait)
{
	struct thread t;

	t_action(SIGUSR1, note, 0);
	take();
	thread_start(&t, take_and_release, NULL);
	UNTIL(sleeps(&t));
	sys(tgkill, t_getpid(), t.id, SIGUSR1);
	UNTIL(caught == 1 && sleeps(&t));
	CHECK_EQ(step, 0);
	release();
	thread_join(&t);
}

TEST(a_waiter_is_killed)
{
	int pid;

	shared = t_map_shared(PAGE);
	*shared = t_gettid();
	pid = t_fork();
	if (pid == 0)
		t_exit((int)pi(shared, FUTEX_LOCK_PI));
	UNTIL(t_state(pid) == 'S' && (unsigned)*shared & FUTEX_WAITERS);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(pi(shared, FUTEX_UNLOCK_PI), 0);
	CHECK_EQ(*shared, 0);
}

// ---- death ----

TEST(an_owner_that_never_was)
{
	word = 0x3ffffff0;
	CHECK_EQ(lock_pi(), -ESRCH);
	CHECK_EQ(pi(&word, FUTEX_TRYLOCK_PI_PRIVATE), -ESRCH);
}

TEST(what_is_left_of_a_dead_owner)
{
	word = FUTEX_OWNER_DIED;
	CHECK_EQ(lock_pi(), 0);
	CHECK_EQ((unsigned)word, FUTEX_OWNER_DIED | (unsigned)t_gettid());
	CHECK_EQ(unlock_pi(), 0);
	CHECK_EQ(word, 0);
}

TEST(the_owner_dies_under_a_waiter)
{
	int owner, waiter;

	shared = t_map_shared(PAGE);
	owner = t_fork();
	if (owner == 0) {
		shared[0] = t_gettid();
		UNTIL(shared[1]);
		t_exit(0);
	}
	UNTIL(shared[0]);
	waiter = t_fork();
	if (waiter == 0) {
		long ret = pi(shared, FUTEX_LOCK_PI);

		t_exit(ret ? (int)-ret : (unsigned)shared[0] == (FUTEX_OWNER_DIED | FUTEX_WAITERS | (unsigned)t_gettid()) ? 0 : 100);
	}
	UNTIL(t_state(waiter) == 'S' && (unsigned)shared[0] & FUTEX_WAITERS);
	shared[1] = 1;
	CHECK_EQ(t_wait(owner), 0);
	CHECK_EQ(t_wait(waiter), 0);
}

static struct {
	struct robust_list_head head;
	struct robust_list entry;
	_Atomic int word;
} *robust;

TEST(robust_and_inherited)
{
	int owner, waiter;

	robust = t_map_shared(PAGE);
	shared = t_map_shared(PAGE);
	owner = t_fork();
	if (owner == 0) {
		robust->head.list.next = (void *)((unsigned long)&robust->entry | 1);
		robust->entry.next = &robust->head.list;
		robust->head.futex_offset = (char *)&robust->word - (char *)&robust->entry;
		CHECK_EQ(sys(set_robust_list, &robust->head, sizeof robust->head), 0);
		robust->word = t_gettid();
		UNTIL(*shared);
		t_exit(0);
	}
	UNTIL(robust->word);
	waiter = t_fork();
	if (waiter == 0) {
		long ret = pi(&robust->word, FUTEX_LOCK_PI);

		t_exit(ret ? (int)-ret : (unsigned)robust->word == (FUTEX_OWNER_DIED | FUTEX_WAITERS | (unsigned)t_gettid()) ? 0 : 100);
	}
	UNTIL(t_state(waiter) == 'S' && (unsigned)robust->word & FUTEX_WAITERS);
	*shared = 1;
	CHECK_EQ(t_wait(owner), 0);
	CHECK_EQ(t_wait(waiter), 0);
}

TEST(three_wait_and_owners_die_one_after_the_other)
{
	enum { N = 3 };
	int owner, pid[N];

	shared = t_map_shared(PAGE);
	owner = t_fork();
	if (owner == 0) {
		shared[0] = t_gettid();
		thread_pause(NULL);
	}
	UNTIL(shared[0]);
	for (int i = 0; i < N; i++) {
		pid[i] = t_fork();
		if (pid[i] == 0)
			t_exit((int)-pi(shared, FUTEX_LOCK_PI)); // with the lock
		UNTIL(t_state(pid[i]) == 'S' && (unsigned)shared[0] & FUTEX_WAITERS);
	}
	sys(kill, owner, SIGKILL);
	CHECK_EQ(t_wait(owner), SIGNALLED(SIGKILL));
	for (int i = 0; i < N; i++)
		CHECK_EQ(t_wait(pid[i]), 0);
}

// ---- deadlock ----

static _Atomic int word_b;

static int b_then_a(void *unused)
{
	(void)unused;
	word_b = t_gettid();
	step = 1;
	CHECK_EQ(lock_pi(), 0);
	CHECK_EQ(unlock_pi(), 0);
	CHECK_EQ(pi(&word_b, FUTEX_UNLOCK_PI_PRIVATE), 0);
	return 0;
}

TEST(a_circle_is_refused)
{
	struct thread t;

	CHECK_EQ(lock_pi(), 0);
	thread_start(&t, b_then_a, NULL);
	UNTIL(step == 1 && sleeps(&t));
	CHECK_EQ(pi(&word_b, FUTEX_LOCK_PI_PRIVATE), -EDEADLK);
	CHECK_EQ(unlock_pi(), 0);
	thread_join(&t);
}

// ---- priorities ----

static long priority(int tid)
{
	char path[64], text[512], *p;

	t_snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	CHECK_GE(t_slurp(path, text, sizeof text), 0);
	p = strrchr(text, ')');
	for (int i = 0; i < 16; i++)
		p = strchr(p + 1, ' ');
	return p[1] == '-' ? -t_number(p + 2) : t_number(p + 1);
}

static void need_fifo(void)
{
	struct param p = {1};

	if (sys(sched_setscheduler, 0, FUTEX_PRIO_FIFO, &p))
		SKIP("no right to real-time priorities");
	p.prio = 0;
	CHECK_EQ(sys(sched_setscheduler, 0, 0, &p), 0);
}

static int order[8];

// Waits at the priority it is given, and notes when it had the lock.
static int fifo_waiter(void *arg)
{
	struct param p = {(int)(long)arg};

	CHECK_EQ(sys(sched_setscheduler, 0, FUTEX_PRIO_FIFO, &p), 0);
	take();
	order[step++] = p.prio;
	release();
	return 0;
}

TEST(an_owner_runs_with_the_priority_of_its_waiters)
{
	struct thread a, b;
	int me = t_gettid();

	need_fifo();
	take();
	CHECK_EQ(priority(me), 20);
	thread_start(&a, fifo_waiter, (void *)10);
	UNTIL(sleeps(&a) && priority(me) == -11);
	thread_start(&b, fifo_waiter, (void *)30);
	UNTIL(sleeps(&b) && priority(me) == -31);
	CHECK_EQ(sys(sched_getscheduler, 0), 0); // its policy is its own
	release();
	CHECK_EQ(priority(me), 20);
	thread_join(&a);
	thread_join(&b);
	CHECK_EQ(order[0], 30); // the highest first
	CHECK_EQ(order[1], 10);
}

TEST(a_waiter_gets_another_priority)
{
	struct thread t;
	struct param p = {40};
	int me = t_gettid();

	need_fifo();
	take();
	thread_start(&t, take_and_release, NULL);
	UNTIL(sleeps(&t));
	CHECK_EQ(priority(me), 20);
	CHECK_EQ(sys(sched_setscheduler, t.id, FUTEX_PRIO_FIFO, &p), 0);
	CHECK_EQ(priority(me), -41);
	p.prio = 0;
	CHECK_EQ(sys(sched_setscheduler, t.id, 0, &p), 0);
	CHECK_EQ(priority(me), 20);
	release();
	thread_join(&t);
}

static int wait_for_b(void *unused)
{
	struct param p = {25};

	(void)unused;
	CHECK_EQ(sys(sched_setscheduler, 0, FUTEX_PRIO_FIFO, &p), 0);
	CHECK_EQ(pi(&word_b, FUTEX_LOCK_PI_PRIVATE), 0);
	CHECK_EQ(pi(&word_b, FUTEX_UNLOCK_PI_PRIVATE), 0);
	return 0;
}

TEST(a_priority_goes_along_the_chain)
{
	struct thread middle, top;
	int me = t_gettid();

	need_fifo();
	CHECK_EQ(lock_pi(), 0);
	thread_start(&middle, b_then_a, NULL);
	UNTIL(step == 1 && sleeps(&middle));
	thread_start(&top, wait_for_b, NULL);
	UNTIL(sleeps(&top) && priority(me) == -26);
	CHECK_EQ(priority(middle.id), -26);
	CHECK_EQ(unlock_pi(), 0);
	thread_join(&middle);
	thread_join(&top);
	CHECK_EQ(priority(me), 20);
}

TEST(a_waiter_that_gives_up_takes_its_priority_along)
{
	int me = t_gettid(), pid;

	need_fifo();
	shared = t_map_shared(PAGE);
	*shared = me;
	pid = t_fork();
	if (pid == 0) {
		struct param p = {15};

		sys(sched_setscheduler, 0, FUTEX_PRIO_FIFO, &p);
		t_exit((int)pi(shared, FUTEX_LOCK_PI));
	}
	UNTIL(priority(me) == -16);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(priority(me), 20);
	CHECK_EQ(pi(shared, FUTEX_UNLOCK_PI), 0);
}

// ---- condition variables ----

static long results[8];

static int cond_waiter(void *arg)
{
	long n = (long)arg;

	results[n] = futex((void *)&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, (void *)&word, 0);
	if (!results[n]) {
		step++;
		release();
	}
	return 0;
}

static long requeue(int most, int value)
{
	return futex((void *)&cond, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, t_ptr((unsigned long)most), (void *)&word, (unsigned)value);
}

TEST(waiters_move_to_a_lock)
{
	struct thread t[3];

	for (long i = 0; i < 3; i++) {
		thread_start(&t[i], cond_waiter, (void *)i);
		UNTIL(sleeps(&t[i]));
	}
	take();
	CHECK_EQ(requeue(100, 1), -EAGAIN);
	cond = 0;
	CHECK_EQ(requeue(100, 0), 3);
	CHECK_EQ(requeue(100, 0), 0);
	CHECK_EQ((unsigned)word, FUTEX_WAITERS | (unsigned)t_gettid());
	CHECK_EQ(step, 0);
	release();
	for (int i = 0; i < 3; i++) {
		thread_join(&t[i]);
		CHECK_EQ(results[i], 0);
	}
	CHECK_EQ(step, 3);
	CHECK_EQ(word, 0);
}

TEST(one_moves_and_a_free_lock_is_its_own)
{
	struct thread t[2];

	for (long i = 0; i < 2; i++) {
		thread_start(&t[i], cond_waiter, (void *)i);
		UNTIL(sleeps(&t[i]));
	}
	CHECK_EQ(requeue(0, 0), 1);
	thread_join(&t[0]);
	CHECK_EQ(results[0], 0);
	CHECK(sleeps(&t[1]));
	CHECK_EQ(requeue(0, 0), 1);
	thread_join(&t[1]);
	CHECK_EQ(step, 2);
	CHECK_EQ(word, 0);
}

TEST(a_condition_that_never_comes)
{
	struct timespec at;

	sys(clock_gettime, CLOCK_MONOTONIC, &at);
	CHECK_EQ(futex((void *)&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, &at, (void *)&word, 0), -ETIMEDOUT);
	CHECK_EQ(futex((void *)&cond, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 1, NULL, (void *)&word, 0), -EAGAIN);
	CHECK_EQ(word, 0);
}

static int plain_waiter(void *unused)
{
	(void)unused;
	futex((void *)&cond, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return 0;
}

TEST(plain_waiters_do_not_move)
{
	struct thread t;

	thread_start(&t, plain_waiter, NULL);
	UNTIL(sleeps(&t));
	CHECK_EQ(requeue(1, 0), -EINVAL);
	CHECK_EQ(futex((void *)&cond, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	thread_join(&t);
}

// ---- nonsense ----

static int take_and_die(void *unused)
{
	(void)unused;
	take();
	step = 1;
	while (step == 1)
		;
	return 0;
}

// Requeued to a lock whose owner dies at that moment: the waiter has it in the end.
TEST(moved_to_a_lock_of_a_dying_one)
{
	struct thread owner, waiter;
	long start = t_now_ms();

	while (t_now_ms() - start < 100) {
		long got;

		word = step = 0;
		thread_start(&waiter, cond_waiter, (void *)0);
		thread_start(&owner, take_and_die, NULL);
		UNTIL(sleeps(&waiter) && step == 1);
		step = 2;
		got = requeue(0, 0);
		if (got == -ESRCH) { // it died before
			word = 0;
			got = requeue(0, 0);
		}
		CHECK_EQ(got, 1);
		thread_join(&owner);
		thread_join(&waiter);
		CHECK_EQ(results[0], 0);
	}
}

TEST(bad_arguments)
{
	static const int ops[] = {FUTEX_LOCK_PI, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI, FUTEX_LOCK_PI2};
	const int *read_only = t_ptr((unsigned long)"text in read-only memory" & ~3UL);

	for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
		CHECK_EQ(futex(t_ptr(8), ops[i], 0, NULL, NULL, 0), -EFAULT);
		CHECK_EQ(futex(t_ptr((unsigned long)&word + 1), ops[i], 0, NULL, NULL, 0),
			ops[i] == FUTEX_UNLOCK_PI ? -EPERM : -EINVAL);
		CHECK_EQ(futex(t_ptr(0xffff800000000000UL), ops[i], 0, NULL, NULL, 0), -EFAULT);
	}
	CHECK_EQ(futex((void *)read_only, FUTEX_LOCK_PI, 0, NULL, NULL, 0), -EFAULT);
	CHECK_EQ(futex((void *)&cond, FUTEX_CMP_REQUEUE_PI, 2, NULL, (void *)&word, 0), -EINVAL);
	CHECK_EQ(futex((void *)&cond, FUTEX_CMP_REQUEUE_PI, 1, NULL, (void *)&cond, 0), -EINVAL);
	CHECK_EQ(futex((void *)&cond, FUTEX_CMP_REQUEUE_PI, 1, t_ptr(-1UL), (void *)&word, 0), -EINVAL);
	CHECK_EQ(futex((void *)&cond, FUTEX_CMP_REQUEUE_PI, 1, NULL, t_ptr(8), 0), -EFAULT);
	CHECK_EQ(futex((void *)&cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL, (void *)&cond, 0), -EINVAL);
	CHECK_EQ(futex((void *)&cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL, t_ptr(8), 0), -EFAULT);
	CHECK_EQ(futex((void *)&word, FUTEX_UNLOCK_PI | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), -ENOSYS);
}

TEST(a_word_that_lies)
{
	struct thread t;

	take();
	thread_start(&t, take_and_release, NULL);
	UNTIL(sleeps(&t));
	word = 1; // init's, it says
	CHECK_EQ(unlock_pi(), -EPERM);
	CHECK_EQ(lock_pi(), -EINVAL);
	word = (int)(FUTEX_WAITERS | (unsigned)t_gettid());
	CHECK_EQ(unlock_pi(), 0);
	thread_join(&t);
}
