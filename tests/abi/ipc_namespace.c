// SPDX-License-Identifier: GPL-2.0-only
//
// Namespaces of shared memory, semaphores and message queues: what is seen from where, what comes along, and what
// goes with them.
#include "namespace.h"
#include "pid_namespace.h"

#include <linux/ipc.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/sem.h>
#include <linux/shm.h>

#define KEY 0x74686e73
#define O_RDWR_NEW (O_RDWR | O_CREAT | O_EXCL)

static char text[8192];

static int shm(int key, long bytes)
{
	int id = (int)sys(shmget, key, bytes, IPC_CREAT | IPC_EXCL | 0600);

	CHECK_GE(id, 0);
	return id;
}

static char *at(int id)
{
	long p = sys(shmat, id, 0, 0);

	CHECK(p > 0);
	return t_ptr((unsigned long)p);
}

static long attached(int id)
{
	struct shmid64_ds ds;

	CHECK_EQ(sys(shmctl, id, IPC_STAT, &ds), 0);
	return (long)ds.shm_nattch;
}

static int sem(int key)
{
	int id = (int)sys(semget, key, 1, IPC_CREAT | IPC_EXCL | 0600);

	CHECK_GE(id, 0);
	return id;
}

static long up(int id, int by, int flags)
{
	struct sembuf op = {0, (short)by, (short)flags};

	return sys(semop, id, &op, 1);
}

static long value(int id)
{
	return sys(semctl, id, 0, GETVAL, 0);
}

static int msg(int key)
{
	int id = (int)sys(msgget, key, IPC_CREAT | IPC_EXCL | 0600);

	CHECK_GE(id, 0);
	return id;
}

static long say(int id, const char *what)
{
	struct {
		long type;
		char text[16];
	} m = {1, {0}};

	memcpy(m.text, what, strlen(what));
	return sys(msgsnd, id, &m, strlen(what), IPC_NOWAIT);
}

static int queue(const char *name, int flags)
{
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 16};

	return (int)sys(mq_open, name, flags, 0600, &attr);
}

static void removed(int shmid, int semid, int msgid)
{
	CHECK_EQ(sys(shmctl, shmid, IPC_RMID, 0), 0);
	CHECK_EQ(sys(semctl, semid, 0, IPC_RMID, 0), 0);
	CHECK_EQ(sys(msgctl, msgid, IPC_RMID, 0), 0);
}

// Nothing of outside is there, and the same keys and names can be had anew.
static void look_around(int shmid, int semid, int msgid)
{
	CHECK_EQ(sys(shmget, KEY, 1, 0), -ENOENT);
	CHECK_EQ(sys(semget, KEY, 1, 0), -ENOENT);
	CHECK_EQ(sys(msgget, KEY, 0), -ENOENT);
	CHECK_EQ(sys(shmat, shmid, 0, 0), -EINVAL);
	CHECK_EQ(sys(shmctl, shmid, IPC_RMID, 0), -EINVAL);
	CHECK_EQ(up(semid, 1, 0), -EINVAL);
	CHECK_EQ(up(semid, 1, SEM_UNDO), -EINVAL);
	CHECK_EQ(value(semid), -EINVAL);
	CHECK_EQ(say(msgid, "x"), -EINVAL);
	CHECK_EQ(sys(msgrcv, msgid, text, 16, 0, IPC_NOWAIT), -EINVAL);
	CHECK_EQ(queue("thaw-ns", O_RDWR), -ENOENT);
	CHECK_EQ(sys(mq_unlink, "thaw-ns"), -ENOENT);
	shm(KEY, 2 * PAGE);
	CHECK_EQ(up(sem(KEY), 7, 0), 0);
	CHECK_EQ(say(msg(KEY), "inside"), 0);
	CHECK_GE(queue("thaw-ns", O_RDWR_NEW), 0);
}

TEST(keys_ids_and_names_are_its_own)
{
	ns_prepare(CLONE_NEWIPC);
	int shmid = shm(KEY, PAGE), semid = sem(KEY), msgid = msg(KEY), mq = queue("thaw-ns", O_RDWR_NEW), pid;

	CHECK_GE(mq, 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		look_around(shmid, semid, msgid);
		CHECK_EQ(IN_CHILD(CHECK_GE(sys(shmget, KEY, 1, 0), 0)), 0); // inherited
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		CHECK_EQ(sys(shmget, KEY, 1, 0), -ENOENT); // not a copy
	}), 0);
	pid = (int)sys(clone, CLONE_NEWIPC | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		look_around(shmid, semid, msgid);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	CHECK_EQ(sys(shmget, KEY, PAGE, 0), shmid);
	CHECK_EQ(value(semid), 0);
	CHECK_EQ(sys(msgrcv, msgid, text, 16, 0, IPC_NOWAIT), -ENOMSG);
	CHECK_EQ(sys(mq_unlink, "thaw-ns"), 0);
	removed(shmid, semid, msgid);
}

TEST(attached_memory_comes_along)
{
	ns_prepare(CLONE_NEWIPC);
	int id = shm(IPC_PRIVATE, PAGE);
	volatile char *p = at(id);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		p[0] = 'x';
		CHECK_EQ(IN_CHILD(p[1] = 'y'), 0); // its attachment is another of the same
		CHECK_EQ(sys(shmdt, p), 0);
		CHECK_EQ(sys(shmdt, p), -EINVAL);
	}), 0);
	CHECK_EQ(attached(id), 1);
	CHECK(p[0] == 'x' && p[1] == 'y');
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0); // and its end is the attachment's
	}), 0);
	CHECK_EQ(attached(id), 1);
	CHECK_EQ(sys(shmctl, id, IPC_RMID, 0), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		CHECK_EQ(p[0], 'x');
	}), 0);
	CHECK_EQ(sys(shmdt, p), 0);
	CHECK_EQ(sys(shmctl, id, IPC_RMID, 0), -EINVAL);
}

// Whoever left still has the memory; what else was there goes with the last attachment.
TEST(attached_memory_outlives_its_namespace)
{
	ns_prepare(CLONE_NEWIPC);
	CHECK_EQ(IN_CHILD({
		int own = ns_open(t_getpid(), "ipc");
		volatile char *p, *q;

		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		p = at(shm(KEY, 4 * PAGE));
		q = at(shm(KEY + 1, PAGE));
		at(shm(IPC_PRIVATE, PAGE))[0] = 1;
		CHECK_EQ(sys(shmctl, sys(shmget, KEY + 1, 0, 0), IPC_RMID, 0), 0);
		say(msg(KEY), "lost");
		sem(KEY);
		CHECK_EQ(sys(setns, own, CLONE_NEWIPC), 0);
		CHECK_EQ(sys(shmget, KEY, 0, 0), -ENOENT);
		memset((char *)p, 'a', 4 * PAGE);
		*q = 'b';
		CHECK_EQ(IN_CHILD(CHECK(p[4 * PAGE - 1] == 'a' && *q == 'b')), 0);
		CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
		CHECK_EQ(p[2 * PAGE], 'a');
		CHECK_EQ(sys(shmdt, p), 0);
		CHECK_EQ(*q, 'b');
		CHECK_EQ(sys(shmdt, q), 0);
	}), 0);
}

TEST(adjustments_stay_behind)
{
	ns_prepare(CLONE_NEWIPC);
	int id = sem(IPC_PRIVATE);

	CHECK_EQ(sys(clone, CLONE_NEWIPC | CLONE_SYSVSEM | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(up(id, 5, SEM_UNDO), 0);
		CHECK_EQ(value(id), 5);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC | CLONE_SYSVSEM), 0);
		CHECK_EQ(up(sem(IPC_PRIVATE), 3, SEM_UNDO), 0); // whose namespace ends with it
	}), 0);
	CHECK_EQ(value(id), 0);
	CHECK_EQ(IN_CHILD({
		int own = ns_open(t_getpid(), "ipc");

		CHECK_EQ(up(id, 5, SEM_UNDO), 0);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		CHECK_EQ(sys(setns, own, 0), 0);
		CHECK_EQ(value(id), 0);
		CHECK_EQ(up(id, 4, SEM_UNDO), 0);
		CHECK_EQ(sys(setns, own, 0), 0); // to where it is
		CHECK_EQ(value(id), 0);
		CHECK_EQ(up(id, 3, SEM_UNDO), 0);
	}), 0);
	CHECK_EQ(value(id), 0);
	CHECK_EQ(IN_CHILD({ // nothing is given back by what fails
		CHECK_EQ(up(id, 5, SEM_UNDO), 0);
		CHECK_EQ(sys(setns, 0, CLONE_NEWIPC), -EINVAL);
		CHECK_EQ(sys(setns, -1, CLONE_NEWIPC), -EBADF);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC | 1), -EINVAL);
		CHECK_EQ(value(id), 5);
	}), 0);
	CHECK_EQ(sys(semctl, id, 0, IPC_RMID, 0), 0);
}

static int shared_set;

static int adjust_and_leave(void *arg)
{
	(void)arg;
	CHECK_EQ(up(shared_set, 2, SEM_UNDO), 0);
	CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
	CHECK_EQ(value(shared_set), -EINVAL);
	CHECK_EQ(up(sem(IPC_PRIVATE), 1, SEM_UNDO), 0); // a list of its own
	return 0;
}

// The list of adjustments is the threads' together: the others still have it.
TEST(a_thread_may_have_its_own)
{
	ns_prepare(CLONE_NEWIPC);
	shared_set = sem(IPC_PRIVATE);
	CHECK_EQ(IN_CHILD({
		struct thread t;

		CHECK_EQ(up(shared_set, 1, SEM_UNDO), 0);
		thread_start(&t, adjust_and_leave, NULL);
		thread_join(&t);
		CHECK_EQ(value(shared_set), 3);
	}), 0);
	CHECK_EQ(value(shared_set), 0);
	CHECK_EQ(sys(semctl, shared_set, 0, IPC_RMID, 0), 0);
}

// A thread that was made without CLONE_SYSVSEM has its own list, which ends with it.
static _Atomic int lone_tid;

static int adjust_alone(void *arg)
{
	(void)arg;
	CHECK_EQ(up(shared_set, 2, SEM_UNDO), 0);
	CHECK_EQ(value(shared_set), 3);
	return 0;
}

TEST(a_thread_may_adjust_alone)
{
	char *stack = t_map(STACK_SIZE);

	shared_set = sem(IPC_PRIVATE);
	CHECK_EQ(up(shared_set, 1, SEM_UNDO), 0);
	lone_tid = 1;
	CHECK_GE(t_clone(THREAD_FLAGS & ~CLONE_SYSVSEM, stack + STACK_SIZE, &lone_tid, (void *)&lone_tid, 0, adjust_alone, NULL), 1);
	UNTIL(lone_tid == 0);
	UNTIL(value(shared_set) == 1);
	CHECK_EQ(sys(semctl, shared_set, 0, IPC_RMID, 0), 0);
}

static void live_there(void)
{
	long err;

	UNTIL((err = sys(unshare, CLONE_NEWIPC)) != -ENOSPC); // those who were here before may be on their way out
	CHECK_EQ(err, 0);
	sem(KEY);
	yield_to_parent();
}

TEST(setns_by_file_and_by_pidfd)
{
	ns_prepare(CLONE_NEWIPC);
	int pid = in_namespace(live_there), fd = ns_open(pid, "ipc"), own = ns_open(t_getpid(), "ipc"), pidfd = (int)sys(pidfd_open, pid, 0);

	CHECK_EQ(sys(semget, KEY, 1, 0), -ENOENT);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS), -EINVAL);
		CHECK_EQ(sys(setns, fd, CLONE_NEWUTS | CLONE_NEWIPC), -EINVAL);
		CHECK_EQ(sys(semget, KEY, 1, 0), -ENOENT);
		CHECK_EQ(sys(setns, fd, CLONE_NEWIPC), 0);
		CHECK_GE(sys(semget, KEY, 1, 0), 0);
		CHECK_EQ(sys(setns, own, 0), 0);
		CHECK_EQ(sys(semget, KEY, 1, 0), -ENOENT);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWIPC | CLONE_NEWUTS), 0);
		CHECK_GE(sys(semget, KEY, 1, 0), 0);
	}), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setns, fd, CLONE_NEWIPC), -EPERM);
		CHECK_EQ(sys(setns, pidfd, CLONE_NEWIPC), -EPERM);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), -EPERM);
		CHECK_EQ(sys(clone, CLONE_NEWIPC | SIGCHLD, 0, 0, 0, 0), -EPERM);
		CHECK_EQ(sys(clone, CLONE_NEWIPC | CLONE_SYSVSEM | SIGCHLD, 0, 0, 0, 0), -EPERM);
	}), 0);
	end_namespace();
	CHECK_EQ(IN_CHILD({ // the file keeps it, and all that is in it
		CHECK_EQ(sys(setns, fd, 0), 0);
		CHECK_GE(sys(semget, KEY, 1, 0), 0);
	}), 0);
}

TEST(its_file)
{
	ns_prepare(CLONE_NEWIPC);
	int fd = ns_open(t_getpid(), "ipc");
	unsigned long before = ns_ino(t_getpid(), "ipc");

	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), CLONE_NEWIPC);
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EINVAL);
	CHECK_GE(sys(readlink, "/proc/self/ns/ipc", text, sizeof text), 7);
	CHECK_EQ(strncmp(text, "ipc:[", 5), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(ns_ino(t_getpid(), "ipc"), before);
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		CHECK(ns_ino(t_getpid(), "ipc") != before);
	}), 0);
}

static int lines(const char *path)
{
	int n = 0;

	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	for (const char *p = text; *p; p++)
		n += *p == '\n';
	return n;
}

static long setting(const char *name)
{
	char path[64];

	t_snprintf(path, sizeof path, "/proc/sys/fs/mqueue/%s", name);
	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	return t_number(text);
}

TEST(lists_and_limits_in_proc)
{
	ns_prepare(CLONE_NEWIPC);
	int shmid = shm(IPC_PRIVATE, 1), semid = sem(IPC_PRIVATE), msgid = msg(IPC_PRIVATE);
	long max = setting("queues_max");

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		CHECK_EQ(lines("/proc/sysvipc/shm"), 1);
		CHECK_EQ(lines("/proc/sysvipc/sem"), 1);
		CHECK_EQ(lines("/proc/sysvipc/msg"), 1);
		sem(IPC_PRIVATE);
		sem(IPC_PRIVATE);
		CHECK_EQ(lines("/proc/sysvipc/sem"), 3);
		CHECK_EQ(t_spit("/proc/sys/fs/mqueue/queues_max", "2"), 0);
		CHECK_EQ(t_spit("/proc/sys/fs/mqueue/msg_max", "3"), 0);
		CHECK_EQ(t_spit("/proc/sys/fs/mqueue/msg_default", "2"), 0);
		CHECK_EQ(setting("queues_max"), 2);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
			CHECK_EQ(setting("queues_max"), 256);
			CHECK_EQ(setting("msg_max"), 10);
		}), 0);
		CHECK_EQ(IN_CHILD({
			struct mq_attr a;
			int fd;

			CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
			CHECK_EQ(queue("a", O_RDWR_NEW), -EINVAL); // four messages
			fd = (int)sys(mq_open, "a", O_RDWR_NEW, 0600, 0);
			CHECK_GE(fd, 0);
			CHECK_EQ(sys(mq_getsetattr, fd, 0, &a), 0);
			CHECK_EQ(a.mq_maxmsg, 2);
			CHECK_GE(sys(mq_open, "b", O_RDWR_NEW, 0600, 0), 0);
			CHECK_EQ(sys(mq_open, "c", O_RDWR_NEW, 0600, 0), -ENOSPC);
			CHECK_EQ(sys(mq_unlink, "b"), 0);
			CHECK_EQ(sys(mq_open, "c", O_RDWR_NEW, 0600, 0), -ENOSPC); // it is open
		}), 0);
		CHECK_EQ(sys(mq_unlink, "a"), 0);
	}), 0);
	CHECK_EQ(setting("queues_max"), max);
	removed(shmid, semid, msgid);
}

TEST(open_queues_come_along)
{
	ns_prepare(CLONE_NEWIPC);
	int fd = queue("thaw-ns", O_RDWR_NEW);
	unsigned prio;

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(mq_unlink, "thaw-ns"), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		CHECK_EQ(sys(mq_timedsend, fd, "hello", 5, 3, 0), 0);
	}), 0);
	CHECK_EQ(sys(mq_timedreceive, fd, text, sizeof text, &prio, 0), 5);
	CHECK_EQ(IN_CHILD({ // and it outlives its namespace
		int own = ns_open(t_getpid(), "ipc");

		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		fd = queue("thaw-ns", O_RDWR_NEW);
		CHECK_GE(fd, 0);
		CHECK_EQ(sys(setns, own, 0), 0);
		CHECK_EQ(queue("thaw-ns", O_RDWR), -ENOENT);
		CHECK_EQ(sys(mq_timedsend, fd, "hello", 5, 3, 0), 0);
		CHECK_EQ(sys(mq_timedreceive, fd, text, sizeof text, &prio, 0), 5);
	}), 0);
}

static bool no_new_one_in(const char *path)
{
	long fd = sys(open, path, O_RDWR_NEW, 0600);

	if (fd >= 0) {
		sys(close, fd);
		sys(unlink, path);
	}
	return fd == -EACCES;
}

TEST(a_mount_shows_the_mounters)
{
	ns_prepare(CLONE_NEWIPC);
	struct stat st;
	int pid;

	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mkdir, "m2", 0755), 0);
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		sys(close, queue("inside", O_RDWR_NEW));
		CHECK_EQ(sys(mount, "none", "m", "mqueue", 0, 0), 0);
		CHECK_EQ(sys(mount, "none", "m2", "mqueue", 0, 0), 0);
		CHECK_EQ(sys(stat, "m/inside", &st), 0);
		CHECK_EQ(sys(stat, "m2/inside", &st), 0);
		CHECK_EQ(sys(umount2, "m2", 0), 0);
		CHECK_EQ(sys(close, sys(open, "m/by-file", O_RDWR_NEW, 0600)), 0);
		CHECK_GE(queue("by-file", O_RDWR), 0);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	// Its namespace is gone, in a while on Linux: what was there can be looked at, and no more.
	CHECK_EQ(sys(stat, "m/inside", &st), 0);
	UNTIL(no_new_one_in("m/new"));
	int fd = (int)sys(open, "m/inside", O_RDWR);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(mq_timedsend, fd, "x", 1, 0, 0), 0);
	CHECK_EQ(sys(unlink, "m/by-file"), 0);
	sys(close, fd);
	CHECK_EQ(queue("inside", O_RDWR), -ENOENT);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
	CHECK_EQ(sys(rmdir, "m2"), 0);
}

// What RLIMIT_MSGQUEUE counts for a user comes back with the namespace.
TEST(the_end_gives_back_what_queues_cost)
{
	ns_prepare(CLONE_NEWIPC);
	struct rlimit one = {.rlim_cur = 4 * (16 + 2 * 48), .rlim_max = 4 * (16 + 2 * 48)};

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setrlimit, RLIMIT_MSGQUEUE, &one), 0);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(IN_CHILD({
				CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
				CHECK_EQ(sys(setresuid, 54321, 54321, 54321), 0);
				UNTIL(queue("one", O_RDWR_NEW) >= 0);
				CHECK_EQ(queue("two", O_RDWR_NEW), -EMFILE);
			}), 0);
		}
	}), 0);
}

// Who waits is in the namespace, and ends by a signal or by a removal in it alone.
static int sleep_on(void *arg)
{
	int id = *(int *)arg;

	return up(id, -1, 0) == -EIDRM ? 0 : 1;
}

TEST(sleepers_of_two_namespaces)
{
	ns_prepare(CLONE_NEWIPC);
	int id = sem(KEY), pid = t_fork();

	if (pid == 0)
		t_exit(sleep_on(&id));
	UNTIL(sys(semctl, id, 0, GETNCNT, 0) == 1);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		int own = sem(KEY), inner = t_fork();

		if (inner == 0)
			t_exit(sleep_on(&own));
		UNTIL(sys(semctl, own, 0, GETNCNT, 0) == 1);
		CHECK_EQ(sys(semctl, own, 0, IPC_RMID, 0), 0);
		CHECK_EQ(t_wait(inner), 0);
	}), 0);
	CHECK_EQ(sys(semctl, id, 0, GETNCNT, 0), 1);
	CHECK_EQ(sys(semctl, id, 0, IPC_RMID, 0), 0);
	CHECK_EQ(t_wait(pid), 0);
}

// The table of objects grows and goes; an id that is gone is not another's.
TEST(many_objects)
{
	ns_prepare(CLONE_NEWIPC);
	CHECK_EQ(IN_CHILD({
		static int ids[300];

		CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
		for (int round = 0; round < 3; round++) {
			for (int i = 0; i < 300; i++)
				ids[i] = msg(KEY + i);
			CHECK_EQ(sys(msgctl, 0, MSG_INFO, text), 299);
			for (int i = 0; i < 300; i++) {
				CHECK_EQ(sys(msgget, KEY + i, 0), ids[i]);
				CHECK_EQ(sys(msgctl, ids[i], IPC_RMID, 0), 0);
				CHECK_EQ(sys(msgctl, ids[i], IPC_RMID, 0), -EINVAL);
			}
			CHECK_EQ(sys(msgctl, 0, MSG_INFO, text), 0);
			CHECK_EQ(sys(msgctl, 1000, MSG_STAT, text), -EINVAL);
			CHECK_EQ(sys(msgctl, 0x7fffffff, IPC_STAT, text), -EINVAL);
		}
	}), 0);
}

// Many namespaces, with all kinds of things in them, attached memory that keeps them among it: nothing stays.
TEST(many)
{
	ns_prepare(CLONE_NEWIPC);
	CHECK_EQ(IN_CHILD({
		for (int i = 0; i < 60; i++) {
			CHECK_EQ(sys(unshare, CLONE_NEWIPC), 0);
			at(shm(KEY, 8 * PAGE))[PAGE] = 1;
			*at(shm(IPC_PRIVATE, PAGE)) = 1;
			CHECK_EQ(up(sem(KEY), 1, SEM_UNDO), 0);
			CHECK_EQ(say(msg(KEY), "left"), 0);
			int fd = queue("left", O_RDWR_NEW);

			CHECK_GE(fd, 0);
			CHECK_EQ(sys(mq_timedsend, fd, "left", 4, 1, 0), 0);
			sys(close, fd);
		}
	}), 0);
}

// Killed in the middle of it, in a namespace that others enter and leave.
TEST(killed_among_others)
{
	ns_prepare(CLONE_NEWIPC);
	for (int i = 0; i < 20; i++) {
		int pid = in_namespace(live_there), fd = ns_open(pid, "ipc"), worker = t_fork();

		if (worker == 0) {
			for (int n = 0; n < 500; n++) { // no more, however late it is killed: a namespace has 4096 segments
				CHECK_EQ(sys(setns, fd, 0), 0);
				int id = (int)sys(semget, KEY, 1, 0);

				CHECK_EQ(up(id, 1, SEM_UNDO), 0);
				*at(shm(IPC_PRIVATE, PAGE)) = 1;
				say(msg(IPC_PRIVATE), "x");
				long err = sys(unshare, CLONE_NEWIPC);

				CHECK(!err || err == -ENOSPC); // Linux ends those before a little later
			}
			for (;;)
				sys(pause);
		}
		t_sleep_ms(i % 4);
		sys(close, fd);
		CHECK_EQ(sys(kill, worker, SIGKILL), 0);
		CHECK_EQ(t_wait(worker), SIGNALLED(SIGKILL));
		end_namespace();
	}
}
