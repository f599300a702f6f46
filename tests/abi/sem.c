// SPDX-License-Identifier: GPL-2.0-only
//
// Semaphores of System V: operations that happen together or wait, values, undo, removal, rights.
#include "t.h"
#include <linux/ipc.h>
#include <linux/sem.h>

#define KEY 0x7468618fUL
#define OP(num, op, flg) ((struct sembuf){num, op, flg})

static char buf[8192];

static int set(int n)
{
	int id = (int)sys(semget, IPC_PRIVATE, n, 0600);

	CHECK_GE(id, 0);
	return id;
}

static long op(int id, int num, int by, int flags)
{
	struct sembuf one = OP(num, by, flags);

	return sys(semop, id, &one, 1);
}

static long value(int id, int num)
{
	return sys(semctl, id, num, GETVAL, 0);
}

static void removed(int id)
{
	CHECK_EQ(sys(semctl, id, 0, IPC_RMID, 0), 0);
}

TEST(values_go_up_and_down)
{
	int id = set(2);

	CHECK_EQ(value(id, 0), 0);
	CHECK_EQ(op(id, 0, 5, 0), 0);
	CHECK_EQ(op(id, 0, -2, 0), 0);
	CHECK_EQ(value(id, 0), 3);
	CHECK_EQ(value(id, 1), 0);
	CHECK_EQ(sys(semctl, id, 0, GETPID, 0), t_getpid());
	CHECK_EQ(sys(semctl, id, 1, GETPID, 0), 0);
	CHECK_EQ(op(id, 0, -4, IPC_NOWAIT), -EAGAIN);
	CHECK_EQ(op(id, 0, 0, IPC_NOWAIT), -EAGAIN);
	CHECK_EQ(op(id, 1, 0, 0), 0);
	CHECK_EQ(value(id, 0), 3);
	removed(id);
}

TEST(together_or_not_at_all)
{
	int id = set(3);
	struct sembuf ops[] = {OP(0, 1, 0), OP(1, 1, 0), OP(2, -1, IPC_NOWAIT)};

	CHECK_EQ(sys(semop, id, ops, 3), -EAGAIN);
	CHECK_EQ(value(id, 0), 0);
	CHECK_EQ(value(id, 1), 0);
	CHECK_EQ(op(id, 2, 1, 0), 0);
	CHECK_EQ(sys(semop, id, ops, 3), 0);
	CHECK_EQ(value(id, 0), 1);
	CHECK_EQ(value(id, 2), 0);
	struct sembuf same[] = {OP(0, 0, IPC_NOWAIT), OP(0, 1, 0)};

	CHECK_EQ(sys(semop, id, same, 2), -EAGAIN);
	op(id, 0, -1, 0);
	CHECK_EQ(sys(semop, id, same, 2), 0);
	CHECK_EQ(value(id, 0), 1);
	removed(id);
}

TEST(set_and_get)
{
	int id = set(3);
	unsigned short all[3] = {1, 2, 32767}, back[3];
	struct semid64_ds ds;

	CHECK_EQ(sys(semctl, id, 0, SETALL, all), 0);
	CHECK_EQ(sys(semctl, id, 0, GETALL, back), 0);
	CHECK(!memcmp(all, back, sizeof all));
	CHECK_EQ(sys(semctl, id, 1, SETVAL, 9), 0);
	CHECK_EQ(value(id, 1), 9);
	all[0] = 32768;
	CHECK_EQ(sys(semctl, id, 0, SETALL, all), -ERANGE);
	CHECK_EQ(sys(semctl, id, 0, SETVAL, 32768), -ERANGE);
	CHECK_EQ(sys(semctl, id, 0, SETVAL, -1), -ERANGE);
	CHECK_EQ(op(id, 2, 1, 0), -ERANGE);
	CHECK_EQ(sys(semctl, id, 0, IPC_STAT, &ds), 0);
	CHECK_EQ(ds.sem_nsems, 3);
	CHECK_EQ(ds.sem_otime, 0); // no semop succeeded
	CHECK(ds.sem_ctime > 0);
	op(id, 0, 1, 0);
	CHECK_EQ(sys(semctl, id, 0, IPC_STAT, &ds), 0);
	CHECK(ds.sem_otime > 0);
	removed(id);
}

// A child that waits in semop, and its answer as an exit code.
static int waiter(int id, int num, int by, int flags)
{
	int pid = t_fork();

	if (pid == 0)
		t_exit((int)-op(id, num, by, flags));
	UNTIL(t_state(pid) == 'S');
	return pid;
}

TEST(waiting_for_a_value)
{
	int id = set(2), pid = waiter(id, 0, -2, 0), zero;

	CHECK_EQ(sys(semctl, id, 0, GETNCNT, 0), 1);
	CHECK_EQ(sys(semctl, id, 0, GETZCNT, 0), 0);
	CHECK_EQ(sys(semctl, id, 1, GETNCNT, 0), 0);
	op(id, 0, 1, 0);
	CHECK_EQ(t_state(pid), 'S');
	op(id, 0, 1, 0);
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(value(id, 0), 0);
	CHECK_EQ(sys(semctl, id, 0, GETPID, 0), pid);
	op(id, 0, 1, 0);
	zero = waiter(id, 0, 0, 0);
	CHECK_EQ(sys(semctl, id, 0, GETZCNT, 0), 1);
	op(id, 0, -1, 0);
	CHECK_EQ(t_wait(zero), 0);
	pid = waiter(id, 1, -1, 0);
	CHECK_EQ(sys(semctl, id, 1, SETVAL, 1), 0);
	CHECK_EQ(t_wait(pid), 0);
	removed(id);
}

TEST(first_come_first_served)
{
	int id = set(1), a, b;

	a = waiter(id, 0, -1, 0);
	b = waiter(id, 0, -1, 0);
	op(id, 0, 1, 0);
	CHECK_EQ(t_wait(a), 0);
	CHECK_EQ(sys(wait4, b, 0, WNOHANG, 0), 0);
	op(id, 0, 1, 0);
	CHECK_EQ(t_wait(b), 0);
	a = waiter(id, 0, -2, 0);
	b = waiter(id, 0, -1, 0);
	op(id, 0, 1, 0); // not enough for the first
	CHECK_EQ(t_wait(b), 0);
	removed(id);
	CHECK_EQ(t_wait(a), EIDRM);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(signals_and_time)
{
	int id = set(1), pid;
	struct timespec ts = {0, 20000000}, bad = {0, 1000000000}, none = {0, 0};
	struct sembuf one = OP(0, -1, 0);

	CHECK_EQ(sys(semtimedop, id, &one, 1, &ts), -EAGAIN);
	CHECK_EQ(sys(semtimedop, id, &one, 1, &none), -EAGAIN);
	CHECK_EQ(sys(semtimedop, id, &one, 1, &bad), -EINVAL);
	CHECK_EQ(sys(semtimedop, id, &one, 1, 8UL), -EFAULT);
	CHECK_EQ(sys(semctl, id, 0, GETNCNT, 0), 0);
	t_action(SIGUSR1, nothing, SA_RESTART);
	pid = waiter(id, 0, -1, 0);
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(t_wait(pid), EINTR);
	pid = waiter(id, 0, -1, 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(semctl, id, 0, GETNCNT, 0), 0);
	removed(id);
}

// ---- undo ----

TEST(what_a_process_did_is_taken_back)
{
	int id = set(2);

	op(id, 0, 3, 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(op(id, 0, -2, SEM_UNDO), 0);
		CHECK_EQ(op(id, 1, 4, SEM_UNDO), 0);
		CHECK_EQ(op(id, 1, 1, 0), 0); // this stays
	}),
		0);
	CHECK_EQ(value(id, 0), 3);
	CHECK_EQ(value(id, 1), 1);
	removed(id);
}

TEST(taking_back_stops_at_zero)
{
	int id = set(1);

	CHECK_EQ(IN_CHILD({
		op(id, 0, 4, SEM_UNDO);
		op(id, 0, -3, 0);
	}),
		0);
	CHECK_EQ(value(id, 0), 0);
	removed(id);
}

TEST(a_killed_holder_lets_go)
{
	int id = set(1), holder, pid;

	op(id, 0, 1, 0);
	holder = t_fork();
	if (holder == 0) {
		op(id, 0, -1, SEM_UNDO);
		thread_pause(NULL);
	}
	UNTIL(value(id, 0) == 0);
	pid = waiter(id, 0, -1, 0);
	sys(kill, holder, SIGKILL);
	CHECK_EQ(t_wait(holder), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(pid), 0);
	removed(id);
}

TEST(a_set_value_is_not_taken_back)
{
	int id = set(1);

	CHECK_EQ(IN_CHILD({
		op(id, 0, 5, SEM_UNDO);
		sys(semctl, id, 0, SETVAL, 2);
	}),
		0);
	CHECK_EQ(value(id, 0), 2);
	removed(id);
}

TEST(fork_has_nothing_to_take_back)
{
	int id = set(1);

	op(id, 0, 1, SEM_UNDO);
	CHECK_EQ(IN_CHILD({}), 0);
	CHECK_EQ(value(id, 0), 1);
	CHECK_EQ(sys(unshare, CLONE_SYSVSEM), 0);
	CHECK_EQ(value(id, 0), 0);
	removed(id);
}

static int undo_id;

static int shared_child(void *unused)
{
	(void)unused;
	return (int)op(undo_id, 0, 1, SEM_UNDO);
}

TEST(a_shared_list_lasts_as_long_as_one_has_it)
{
	char *stack = t_map(STACK_SIZE);

	undo_id = set(1);
	CHECK_EQ(IN_CHILD({
		long pid = t_clone(CLONE_SYSVSEM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, shared_child, NULL);

		CHECK_EQ(t_wait((int)pid), 0);
		CHECK_EQ(value(undo_id, 0), 1);
	}),
		0);
	CHECK_EQ(value(undo_id, 0), 0);
	removed(undo_id);
}

static int one_up(void *unused)
{
	(void)unused;
	return (int)op(undo_id, 0, 1, SEM_UNDO);
}

TEST(threads_share_their_list)
{
	struct thread t;

	undo_id = set(1);
	thread_start(&t, one_up, NULL);
	thread_join(&t);
	CHECK_EQ(value(undo_id, 0), 1);
	removed(undo_id);
}

TEST(a_removed_set_needs_no_undo)
{
	int id = set(1);

	CHECK_EQ(IN_CHILD({
		op(id, 0, 1, SEM_UNDO);
		removed(id);
	}),
		0);
	CHECK_EQ(value(id, 0), -EINVAL);
}

TEST(too_much_to_take_back)
{
	int id = set(1);

	CHECK_EQ(op(id, 0, 32767, SEM_UNDO), 0);
	CHECK_EQ(op(id, 0, -32767, 0), 0);
	CHECK_EQ(op(id, 0, 2, SEM_UNDO), -ERANGE);
	CHECK_EQ(value(id, 0), 0);
	removed(id);
}

// ---- keys, removal, rights ----

TEST(keys)
{
	int id = (int)sys(semget, KEY, 3, IPC_CREAT | IPC_EXCL | 0600);

	CHECK_GE(id, 0);
	CHECK_EQ(sys(semget, KEY, 0, 0), id);
	CHECK_EQ(sys(semget, KEY, 4, 0), -EINVAL);
	CHECK_EQ(sys(semget, KEY, 3, IPC_CREAT | IPC_EXCL), -EEXIST);
	removed(id);
	CHECK_EQ(sys(semget, KEY, 3, 0), -ENOENT);
	CHECK_EQ(sys(semget, IPC_PRIVATE, 0, 0600), -EINVAL);
	CHECK_EQ(sys(semget, IPC_PRIVATE, -1, 0600), -EINVAL);
	CHECK_EQ(sys(semget, IPC_PRIVATE, 32001, 0600), -EINVAL);
}

TEST(rights)
{
	struct semid64_ds ds;
	unsigned short v = 1;
	int id;

	if (sys(geteuid))
		SKIP("not root");
	id = (int)sys(semget, KEY, 1, IPC_CREAT | IPC_EXCL | 0604);
	CHECK_EQ(IN_CHILD({
		sys(setresgid, 65534, 65534, 65534);
		sys(setresuid, 65534, 65534, 65534);
		CHECK_EQ(sys(semget, KEY, 1, 0200), -EACCES);
		CHECK_EQ(op(id, 0, 1, 0), -EACCES);
		CHECK_EQ(op(id, 0, 0, 0), 0);
		CHECK_EQ(value(id, 0), 0);
		CHECK_EQ(sys(semctl, id, 0, SETVAL, 1), -EACCES);
		CHECK_EQ(sys(semctl, id, 0, SETALL, &v), -EACCES);
		CHECK_EQ(sys(semctl, id, 0, IPC_RMID, 0), -EPERM);
		CHECK_EQ(sys(semctl, id, 0, IPC_STAT, &ds), 0);
		CHECK_EQ(sys(semctl, id, 0, IPC_SET, &ds), -EPERM);
	}),
		0);
	CHECK_EQ(sys(semctl, id, 0, IPC_STAT, &ds), 0);
	ds.sem_perm.mode = 0600;
	CHECK_EQ(sys(semctl, id, 0, IPC_SET, &ds), 0);
	CHECK_EQ(IN_CHILD({
		sys(setresgid, 65534, 65534, 65534);
		sys(setresuid, 65534, 65534, 65534);
		CHECK_EQ(value(id, 0), -EACCES);
		CHECK_EQ(sys(semctl, id, 0, IPC_STAT, &ds), -EACCES);
	}),
		0);
	removed(id);
}

TEST(the_table_and_the_slots)
{
	int id = set(7);
	struct seminfo info;
	char line[32];

	CHECK_EQ(sys(semctl, id & 0x7fff, 0, SEM_STAT, buf), id);
	CHECK_EQ(sys(semctl, id & 0x7fff, 0, SEM_STAT_ANY, buf), id);
	CHECK_GE(sys(semctl, 0, 0, SEM_INFO, &info), 0);
	CHECK_GE(info.semaem, 7);
	CHECK_GE(sys(semctl, 0, 0, IPC_INFO, &info), 0);
	CHECK_EQ(info.semvmx, 32767);
	CHECK_EQ(info.semopm, 500);
	t_slurp("/proc/sysvipc/sem", buf, sizeof buf);
	CHECK(!strncmp(buf, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n", 85));
	t_snprintf(line, sizeof line, " %d   600          7 ", id);
	CHECK(strstr(buf, line));
	removed(id);
}

TEST(bad_arguments)
{
	int id = set(1);
	struct sembuf one = OP(0, 1, 0), far = OP(1, 1, 0);

	CHECK_EQ(sys(semop, id, &one, 0), -EINVAL);
	CHECK_EQ(sys(semop, id, &one, 501), -E2BIG);
	CHECK_EQ(sys(semop, id, &one, -1), -E2BIG);
	CHECK_EQ(sys(semop, id, 8UL, 1), -EFAULT);
	CHECK_EQ(sys(semop, id, 8UL, 100), -EFAULT);
	CHECK_EQ(sys(semop, -1, &one, 1), -EINVAL);
	CHECK_EQ(sys(semop, id ^ 1 << 15, &one, 1), -EINVAL);
	CHECK_EQ(sys(semop, id, &far, 1), -EFBIG);
	one.sem_flg = SEM_UNDO;
	CHECK_EQ(sys(semop, id ^ 1 << 15, &one, 1), -EINVAL);
	CHECK_EQ(value(id, 1), -EINVAL);
	CHECK_EQ(value(id, -1), -EINVAL);
	CHECK_EQ(sys(semctl, id, 1, SETVAL, 1), -EINVAL);
	CHECK_EQ(sys(semctl, id, 0, 999, 0), -EINVAL);
	CHECK_EQ(sys(semctl, id, 0, -1, 0), -EINVAL);
	CHECK_EQ(sys(semctl, -1, 0, GETVAL, 0), -EINVAL);
	CHECK_EQ(sys(semctl, id, 0, GETALL, 8UL), -EFAULT);
	CHECK_EQ(sys(semctl, id, 0, SETALL, 8UL), -EFAULT);
	CHECK_EQ(sys(semctl, id, 0, IPC_STAT, 8UL), -EFAULT);
	CHECK_EQ(sys(semctl, id, 0, IPC_SET, 8UL), -EFAULT);
	CHECK_EQ(sys(semctl, 0, 0, IPC_INFO, 8UL), -EFAULT);
	removed(id);
}

static int ping_pong(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < 500; i++)
		if (op(undo_id, me, -1, 0) || op(undo_id, !me, 1, 0))
			return 1;
	return 0;
}

TEST(threads_take_turns)
{
	struct thread a, b;

	undo_id = set(2);
	op(undo_id, 0, 1, 0);
	thread_start(&a, ping_pong, (void *)0);
	thread_start(&b, ping_pong, (void *)1);
	thread_join(&a);
	thread_join(&b);
	CHECK_EQ(value(undo_id, 0), 1);
	CHECK_EQ(value(undo_id, 1), 0);
	removed(undo_id);
}

static int until_removed(void *unused)
{
	long err;

	(void)unused;
	while ((err = op(undo_id, 0, -1, SEM_UNDO)) == 0)
		op(undo_id, 0, 1, SEM_UNDO);
	return err == -EIDRM || err == -EINVAL ? 0 : 1;
}

TEST(removal_races_with_operations)
{
	struct thread t[4];

	for (int round = 0; round < 10; round++) {
		undo_id = set(1);
		op(undo_id, 0, 2, 0);
		for (int i = 0; i < 4; i++)
			thread_start(&t[i], until_removed, NULL);
		t_yield();
		removed(undo_id);
		for (int i = 0; i < 4; i++)
			thread_join(&t[i]);
	}
}
