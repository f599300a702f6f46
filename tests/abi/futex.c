// SPDX-License-Identifier: GPL-2.0-only
//
// Futexes: wait, wake, requeue, bitsets, timeouts, keys, and the robust list.
#include "t.h"

static struct timespec in_ms(long ms)
{
	return (struct timespec){ms / 1000, ms % 1000 * 1000000};
}

TEST(wait_returns_when_the_value_differs)
{
	_Atomic int word = 1;

	CHECK_EQ(futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0), -EAGAIN);
	CHECK_EQ(futex(&word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0), -EAGAIN);
}

TEST(wake_without_waiters)
{
	_Atomic int word = 1;

	CHECK_EQ(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
}

TEST(timeout)
{
	_Atomic int word = 0;
	struct timespec ts = in_ms(30);
	long start = t_now_ms();

	CHECK_EQ(futex(&word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0), -ETIMEDOUT);
	CHECK_GE(t_now_ms() - start, 29);
	struct timespec bad = {0, 1000000000}, negative = {-1, 0};

	CHECK_EQ(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0), -EINVAL);
	CHECK_EQ(futex(&word, FUTEX_WAIT, 0, &negative, NULL, 0), -EINVAL);
	CHECK_EQ(futex(&word, FUTEX_WAIT, 0, t_ptr(8), NULL, 0), -EFAULT);
}

static void on_alarm(int sig)
{
	(void)sig;
}

// Two hundred and ninety years from now, and later than anything.
TEST(a_timeout_without_an_end)
{
	struct timespec ts[] = {{INT64_MAX / 1000000000, 0}, {INT64_MAX, 0}};
	_Atomic int word = 0;

	t_action(SIGALRM, on_alarm, 0);
	t_alarms(1);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(futex(&word, FUTEX_WAIT, 0, &ts[i], NULL, 0), -EINTR);
		CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 0, &ts[i], NULL, ~0U), -EINTR);
		CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ts[i], NULL, ~0U), -EINTR);
	}
}

TEST(absolute_timeout)
{
	_Atomic int word = 0;
	struct timespec ts;
	long start = t_now_ms();

	CHECK_EQ(sys(clock_gettime, CLOCK_MONOTONIC, &ts), 0);
	CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, ~0U), -ETIMEDOUT); // already past
	ts.tv_sec++;
	CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 1, &ts, NULL, ~0U), -EAGAIN);
	ts.tv_sec--;
	ts.tv_nsec += 20000000;
	ts.tv_sec += ts.tv_nsec / 1000000000;
	ts.tv_nsec %= 1000000000;
	CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET, 0, &ts, NULL, ~0U), -ETIMEDOUT);
	CHECK_GE(t_now_ms() - start, 20);
	CHECK_EQ(sys(clock_gettime, CLOCK_REALTIME, &ts), 0);
	CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, ~0U), -ETIMEDOUT);
}

TEST(bad_addresses_and_operations)
{
	_Atomic int word[2] = {0, 0};

	CHECK_EQ(futex((char *)word + 1, FUTEX_WAIT, 0, NULL, NULL, 0), -EINVAL);
	CHECK_EQ(futex((char *)word + 2, FUTEX_WAKE, 1, NULL, NULL, 0), -EINVAL);
	CHECK_EQ(futex(t_ptr(8), FUTEX_WAIT, 0, NULL, NULL, 0), -EFAULT);
	CHECK_EQ(futex(t_ptr(8), FUTEX_WAKE, 1, NULL, NULL, 0), -EFAULT);
	CHECK_EQ(futex(t_ptr(0xffff800000000000UL), FUTEX_WAIT, 0, NULL, NULL, 0), -EFAULT);
	CHECK_EQ(futex(t_ptr(0xffff800000000000UL), FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), -EFAULT);
	CHECK_EQ(futex(word, 99, 0, NULL, NULL, 0), -ENOSYS);
	CHECK_EQ(futex(word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), -EINVAL);
	CHECK_EQ(futex(word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), -EINVAL);
}

struct waiter {
	struct thread t;
	_Atomic int *word;
	int op;
	unsigned bits;
	_Atomic long got;
};

static int wait_on(void *arg)
{
	struct waiter *w = arg;

	w->got = futex(w->word, w->op, 0, NULL, NULL, w->bits);
	return 0;
}

static void start_waiters(struct waiter *w, int n, _Atomic int *word, int op, unsigned bits)
{
	for (int i = 0; i < n; i++) {
		w[i].word = word;
		w[i].op = op;
		w[i].bits = bits;
		w[i].got = 99;
		thread_start(&w[i].t, wait_on, &w[i]);
	}
	for (int i = 0; i < n; i++)
		UNTIL(t_task_state(t_getpid(), w[i].t.id) == 'S');
}

static int woken(struct waiter *w, int n)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += w[i].got == 0;
	return count;
}

TEST(several_words_are_refused)
{
	static struct futex_waitv w[129];
	_Atomic unsigned word = 1;
	struct timespec past = {0, 1}, bad = {0, -1};

	for (int i = 0; i < 129; i++)
		w[i] = (struct futex_waitv){.uaddr = (unsigned long)&word, .val = 1, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG};
	CHECK_EQ(sys(futex_waitv, w, 128, 0, &past, CLOCK_MONOTONIC), -ETIMEDOUT);
	CHECK_EQ(sys(futex_waitv, w, 129, 0, &past, CLOCK_MONOTONIC), -EINVAL);
	CHECK_EQ(sys(futex_waitv, w, 0, 0, &past, CLOCK_MONOTONIC), -EINVAL);
	CHECK_EQ(sys(futex_waitv, w, 2, 1, &past, CLOCK_MONOTONIC), -EINVAL);
	CHECK_EQ(sys(futex_waitv, w, 2, 0, &past, CLOCK_TAI), -EINVAL);
	CHECK_EQ(sys(futex_waitv, w, 2, 0, &bad, CLOCK_MONOTONIC), -EINVAL);
	CHECK_EQ(sys(futex_waitv, w, 2, 0, 8, CLOCK_MONOTONIC), -EFAULT);
	CHECK_EQ(sys(futex_waitv, 8, 2, 0, &past, CLOCK_MONOTONIC), -EFAULT);
	w[1].val = 2;
	CHECK_EQ(sys(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC), -EAGAIN);
	w[1].uaddr = 8;
	CHECK_EQ(sys(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC), -EFAULT);
	w[1].uaddr = (unsigned long)&word + 1;
	CHECK_EQ(sys(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC), -EINVAL);
	w[1].flags = FUTEX_PRIVATE_FLAG; // no size that there is
	CHECK_EQ(sys(futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC), -EINVAL);
	w[0].__reserved = 1;
	CHECK_EQ(sys(futex_waitv, w, 1, 0, &past, CLOCK_MONOTONIC), -EINVAL);
}

TEST(wake_counts)
{
	static struct waiter w[5];
	static _Atomic int word;

	start_waiters(w, 5, &word, FUTEX_WAIT_PRIVATE, 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2);
	UNTIL(woken(w, 5) == 2);
	t_sleep_ms(5);
	CHECK_EQ(woken(w, 5), 2);
	CHECK_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0), 3);
	for (int i = 0; i < 5; i++)
		thread_join(&w[i].t);
}

TEST(bitsets_select)
{
	static struct waiter w[2];
	static _Atomic int word;

	start_waiters(&w[0], 1, &word, FUTEX_WAIT_BITSET, 1);
	start_waiters(&w[1], 1, &word, FUTEX_WAIT_BITSET, 2);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 4), 0);
	CHECK_EQ(futex(&word, FUTEX_WAKE_BITSET, 10, NULL, NULL, 2), 1);
	thread_join(&w[1].t);
	CHECK_EQ(w[0].got, 99);
	CHECK_EQ(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	thread_join(&w[0].t);
}

TEST(requeue)
{
	static struct waiter w[4];
	static _Atomic int a, b;

	start_waiters(w, 4, &a, FUTEX_WAIT, 0);
	CHECK_EQ(sys(futex, &a, FUTEX_CMP_REQUEUE, 1, 10L, &b, 7), -EAGAIN); // a is not 7
	CHECK_EQ(sys(futex, &a, FUTEX_CMP_REQUEUE, 1, 2L, &b, 0), 3);	     // one woken, two moved
	UNTIL(woken(w, 4) == 1);
	CHECK_EQ(futex(&a, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	CHECK_EQ(futex(&b, FUTEX_WAKE, 10, NULL, NULL, 0), 2);
	for (int i = 0; i < 4; i++)
		thread_join(&w[i].t);
	start_waiters(w, 2, &a, FUTEX_WAIT, 0);
	// One woken, one moved; whether the moved one is in the result has varied, so the keys decide.
	CHECK_GE(sys(futex, &a, FUTEX_REQUEUE, 1, 10L, &b, 0), 1);
	CHECK_EQ(futex(&a, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&b, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	for (int i = 0; i < 2; i++)
		thread_join(&w[i].t);
}

TEST(wake_op)
{
	static struct waiter w[2];
	static _Atomic int a, b;

	b = 5;
	start_waiters(&w[0], 1, &a, FUTEX_WAIT, 0);
	CHECK_EQ(sys(futex, &a, FUTEX_WAKE_OP, 1, 1L, &b, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 9)),
		1);
	CHECK_EQ(b, 8);
	thread_join(&w[0].t);
}

TEST(across_processes)
{
	_Atomic int *word = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		while (!*word)
			futex(word, FUTEX_WAIT, 0, NULL, NULL, 0);
		t_exit(4);
	}
	UNTIL(t_state(pid) == 'S');
	*word = 1;
	CHECK_EQ(futex(word, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	CHECK_EQ(t_wait(pid), 4);
}

TEST(private_memory_is_not_shared_by_fork)
{
	_Atomic int *word = t_map(PAGE);

	*word = 0;
	int pid = t_fork();

	if (pid == 0)
		t_exit((int)futex(word, FUTEX_WAIT, 0, NULL, NULL, 0));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(futex(word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	CHECK_EQ(sys(kill, pid, SIGKILL), 0);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static void handler(int sig)
{
	(void)sig;
}

TEST(interrupted_by_a_signal)
{
	_Atomic int word = 0;
	t_action(SIGALRM, handler, 0);
	t_alarms(10);
	CHECK_EQ(futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0), -EINTR);
	struct futex_waitv w = {.uaddr = (unsigned long)&word, .flags = FUTEX_32};

	CHECK_EQ(sys(futex_waitv, &w, 1, 0, 0, 0), -EINTR);
}

TEST(killed_while_waiting)
{
	int pid = t_fork();

	if (pid == 0) {
		static _Atomic int word;
		static struct waiter w[4];

		start_waiters(w, 4, &word, FUTEX_WAIT, 0);
		futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0);
	}
	UNTIL(t_state(pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

struct pingpong {
	_Atomic int turn;
};

static int pong(void *arg)
{
	struct pingpong *p = arg;

	for (int i = 0; i < 500; i++) {
		while (p->turn != 1)
			futex(&p->turn, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
		p->turn = 0;
		futex(&p->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return 0;
}

TEST(five_hundred_turns)
{
	static struct pingpong p;
	struct thread t;

	thread_start(&t, pong, &p);
	for (int i = 0; i < 500; i++) {
		p.turn = 1;
		futex(&p.turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		while (p.turn != 0)
			futex(&p.turn, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	}
	thread_join(&t);
}

// ---- the robust list ----

struct robust_mutex {
	struct robust_list list;
	_Atomic int word;
};

struct robust {
	struct robust_list_head head;
	struct robust_mutex mutex[2];
};

static void robust_init(struct robust *r, int mutexes)
{
	r->head.list.next = &r->head.list;
	r->head.futex_offset =
		(long)offsetof(struct robust_mutex, word) - (long)offsetof(struct robust_mutex, list);
	r->head.list_op_pending = NULL;
	for (int i = 0; i < mutexes; i++) {
		r->mutex[i].list.next = r->head.list.next;
		r->head.list.next = &r->mutex[i].list;
	}
}

TEST(owner_death_is_told)
{
	struct robust *r = t_map_shared(PAGE);

	CHECK_EQ(IN_CHILD({
		robust_init(r, 2);
		CHECK_EQ(sys(set_robust_list, &r->head, sizeof r->head), 0);
		r->mutex[0].word = t_gettid();
		r->mutex[1].word = t_gettid() | (int)FUTEX_WAITERS;
	}),
		0);
	CHECK_EQ(r->mutex[0].word, FUTEX_OWNER_DIED);
	CHECK_EQ((unsigned)r->mutex[1].word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
}

TEST(owner_death_wakes_a_waiter)
{
	struct robust *r = t_map_shared(PAGE);
	int owner = t_fork();

	if (owner == 0) {
		robust_init(r, 1);
		sys(set_robust_list, &r->head, sizeof r->head);
		r->mutex[0].word = t_gettid() | (int)FUTEX_WAITERS;
		thread_pause(NULL);
	}
	UNTIL(r->mutex[0].word);
	int value = r->mutex[0].word, pid = t_fork();

	if (pid == 0)
		t_exit(futex(&r->mutex[0].word, FUTEX_WAIT, value, NULL, NULL, 0) == 0 ? 0 : 1);
	UNTIL(t_state(pid) == 'S');
	sys(kill, owner, SIGKILL);
	CHECK_EQ(t_wait(owner), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ((unsigned)r->mutex[0].word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
}

TEST(the_pending_operation_counts)
{
	struct robust *r = t_map_shared(PAGE);

	CHECK_EQ(IN_CHILD({
		robust_init(r, 0);
		r->mutex[0].word = t_gettid();
		r->head.list_op_pending = &r->mutex[0].list;
		sys(set_robust_list, &r->head, sizeof r->head);
	}),
		0);
	CHECK_EQ(r->mutex[0].word, FUTEX_OWNER_DIED);
}

TEST(somebody_elses_lock_is_left_alone)
{
	struct robust *r = t_map_shared(PAGE);

	CHECK_EQ(IN_CHILD({
		robust_init(r, 1);
		r->mutex[0].word = 12345;
		sys(set_robust_list, &r->head, sizeof r->head);
	}),
		0);
	CHECK_EQ(r->mutex[0].word, 12345);
}

TEST(hostile_lists_end)
{
	struct robust *r = t_map_shared(PAGE);

	CHECK_EQ(IN_CHILD({ // a circle that never comes back to the head
		robust_init(r, 2);
		r->mutex[0].list.next = &r->mutex[1].list;
		sys(set_robust_list, &r->head, sizeof r->head);
	}),
		0);
	CHECK_EQ(IN_CHILD(sys(set_robust_list, 8UL, sizeof r->head)), 0);
	CHECK_EQ(IN_CHILD(sys(set_robust_list, 0xffff800000000000UL, sizeof r->head)), 0);
	CHECK_EQ(IN_CHILD({
		robust_init(r, 1);
		r->mutex[0].list.next = t_ptr(0xffffffff80000000UL);
		r->head.futex_offset = 0x7fffffffffffffffL;
		sys(set_robust_list, &r->head, sizeof r->head);
	}),
		0);
	CHECK_EQ(sys(set_robust_list, &r->head, 8), -EINVAL);
	struct robust_list_head *head = NULL;
	size_t size = 0;

	CHECK_EQ(sys(set_robust_list, &r->head, sizeof r->head), 0);
	CHECK_EQ(sys(get_robust_list, 0, &head, &size), 0);
	CHECK(head == &r->head);
	CHECK_EQ(size, sizeof r->head);
	CHECK_EQ(sys(set_robust_list, 0, sizeof r->head), 0);
}

// ---- races ----

// A waiter keeps neither the file nor the mapping. What gets their memory next is nothing of its.
TEST(a_file_in_the_place_of_another)
{
	static struct waiter w;
	unsigned long one = 1;
	_Atomic int *word;
	long fd, n;

	if (!t_own_machine)
		SKIP("mounts");
	t_tmpdir();
	t_action(SIGUSR1, handler, 0);
	CHECK_EQ(sys(sched_setaffinity, 0, sizeof one, &one), 0);
	CHECK_EQ(sys(mkdir, "a", 0755), 0);
	CHECK_EQ(sys(mkdir, "b", 0755), 0);
	CHECK_EQ(sys(mount, "x", "a", "tmpfs", 0, 0), 0);
	CHECK_EQ(sys(mount, "x", "b", "tmpfs", 0, 0), 0);
	fd = sys(open, "a/file", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	word = t_ptr((unsigned long)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	start_waiters(&w, 1, word, FUTEX_WAIT, 0);
	CHECK_EQ(sys(munmap, word, PAGE), 0);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(unlink, "a/file"), 0);
	fd = sys(open, "b/file", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	word = t_ptr((unsigned long)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	n = futex(word, FUTEX_WAKE, 1, NULL, NULL, 0);
	sys(tgkill, t_getpid(), w.t.id, SIGUSR1);
	thread_join(&w.t);
	CHECK_EQ(sys(munmap, word, PAGE), 0);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(umount2, "a", 0), 0);
	CHECK_EQ(sys(umount2, "b", 0), 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(w.got, -EINTR);
}

static struct {
	_Atomic int a, b, stop, turns;
} race;

static int move_around(void *to)
{
	while (!race.stop) {
		sys(futex, &race.a, FUTEX_REQUEUE_PRIVATE, 0, 1L, to, 0);
		sys(futex, to, FUTEX_REQUEUE_PRIVATE, 0, 1L, &race.a, 0);
	}
	return 0;
}

static int wait_for_turns(void *unused)
{
	(void)unused;
	while (!race.stop) {
		futex(&race.a, FUTEX_WAIT_PRIVATE, (unsigned)race.turns, NULL, NULL, 0);
		if (race.a != race.turns)
			race.turns++;
	}
	return 0;
}

// Whoever is moved, and be it to the end of its own queue, can be woken all the time.
TEST(woken_while_moved)
{
	struct thread mover, waiter;
	long start = t_now_ms();

	thread_start(&mover, move_around, &race.a);
	thread_start(&waiter, wait_for_turns, NULL);
	while (t_now_ms() - start < 200) {
		for (int i = 0; i < 100 && t_task_state(t_getpid(), waiter.id) != 'S'; i++)
			t_yield();
		race.a++;
		futex(&race.a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
		for (int i = 0; i < 1000 && race.turns != race.a; i++)
			t_yield();
		UNTIL(race.turns == race.a);
	}
	race.stop = 1;
	race.a++;
	futex(&race.a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	thread_join(&mover);
	thread_join(&waiter);
}

TEST(several_words_and_moved_meanwhile)
{
	struct futex_waitv v = {.uaddr = (unsigned long)&race.a, .flags = FUTEX_32 | FUTEX_PRIVATE_FLAG};
	struct thread mover;
	struct timespec ts;
	long start = t_now_ms(), got;

	thread_start(&mover, move_around, &race.b);
	while (t_now_ms() - start < 100) {
		sys(clock_gettime, CLOCK_MONOTONIC, &ts);
		ts.tv_nsec += 1000;
		if (ts.tv_nsec >= 1000000000)
			continue;
		got = sys(futex_waitv, &v, 1, 0, &ts, CLOCK_MONOTONIC);
		CHECK(got == 0 || got == -EAGAIN || got == -ETIMEDOUT);
	}
	race.stop = 1;
	thread_join(&mover);
}
