// SPDX-License-Identifier: GPL-2.0-only
//
// Message queues of System V: order and types, sizes, waiting, removal, rights.
#include "t.h"
#include <linux/ipc.h>
#include <linux/msg.h>

#define KEY 0x74686191UL

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

static struct {
	long type;
	char text[8200];
} m;

static int queue(void)
{
	int id = (int)sys(msgget, IPC_PRIVATE, 0600);

	CHECK_GE(id, 0);
	return id;
}

static long send(int id, long type, const char *text, int flags)
{
	m.type = type;
	memcpy(m.text, text, strlen(text) + 1);
	return sys(msgsnd, id, &m, strlen(text) + 1, flags);
}

static long receive(int id, long type, int flags)
{
	m.text[0] = 0;
	return sys(msgrcv, id, &m, 100, type, flags);
}

static void removed(int id)
{
	CHECK_EQ(sys(msgctl, id, IPC_RMID, 0), 0);
}

static struct msqid64_ds stat_of(int id)
{
	struct msqid64_ds ds;

	CHECK_EQ(sys(msgctl, id, IPC_STAT, &ds), 0);
	return ds;
}

TEST(first_in_first_out)
{
	int id = queue();

	CHECK_EQ(send(id, 3, "one", 0), 0);
	CHECK_EQ(send(id, 1, "two", 0), 0);
	CHECK_EQ(receive(id, 0, 0), 4);
	CHECK_EQ(m.type, 3);
	CHECK(!strcmp(m.text, "one"));
	CHECK_EQ(receive(id, 0, 0), 4);
	CHECK(!strcmp(m.text, "two"));
	CHECK_EQ(receive(id, 0, IPC_NOWAIT), -ENOMSG);
	removed(id);
}

TEST(by_type)
{
	int id = queue();

	send(id, 5, "five", 0);
	send(id, 2, "two", 0);
	send(id, 9, "nine", 0);
	send(id, 2, "two again", 0);
	CHECK_EQ(receive(id, 9, 0), 5);
	CHECK_EQ(receive(id, 4, IPC_NOWAIT), -ENOMSG);
	CHECK_EQ(receive(id, -1, IPC_NOWAIT), -ENOMSG);
	CHECK_EQ(receive(id, -4, 0), 4);
	CHECK_EQ(m.type, 2);
	CHECK_EQ(receive(id, 5, MSG_EXCEPT), 10);
	CHECK_EQ(receive(id, 5, MSG_EXCEPT | IPC_NOWAIT), -ENOMSG);
	CHECK_EQ(receive(id, -0x7fffffffffffffffL - 1, 0), 5);
	CHECK_EQ(m.type, 5);
	removed(id);
}

TEST(sizes)
{
	int id = queue();

	CHECK_EQ(send(id, 1, "0123456789", 0), 0);
	CHECK_EQ(sys(msgrcv, id, &m, 5, 0, 0), -E2BIG);
	CHECK_EQ(stat_of(id).msg_qnum, 1);
	CHECK_EQ(sys(msgrcv, id, &m, 5, 0, MSG_NOERROR), 5);
	CHECK_EQ(stat_of(id).msg_qnum, 0);
	m.type = 1;
	CHECK_EQ(sys(msgsnd, id, &m, 0, 0), 0);
	CHECK_EQ(sys(msgrcv, id, &m, 0, 0, 0), 0);
	CHECK_EQ(sys(msgsnd, id, &m, 8192, 0), 0);
	CHECK_EQ(sys(msgsnd, id, &m, 8193, 0), -EINVAL);
	CHECK_EQ(sys(msgrcv, id, &m, 8192, 0, 0), 8192);
	removed(id);
}

TEST(what_stat_says)
{
	int id = queue();
	struct msqid64_ds ds = stat_of(id);

	CHECK_EQ(ds.msg_qbytes, 16384);
	CHECK_EQ(ds.msg_stime, 0);
	CHECK_EQ(ds.msg_lspid, 0);
	CHECK(ds.msg_ctime > 0);
	send(id, 1, "four", 0);
	send(id, 1, "x", 0);
	ds = stat_of(id);
	CHECK_EQ(ds.msg_qnum, 2);
	CHECK_EQ(ds.msg_cbytes, 7);
	CHECK_EQ(ds.msg_lspid, t_getpid());
	CHECK_EQ(ds.msg_lrpid, 0);
	CHECK(ds.msg_stime > 0);
	receive(id, 0, 0);
	ds = stat_of(id);
	CHECK_EQ(ds.msg_cbytes, 2);
	CHECK_EQ(ds.msg_lrpid, t_getpid());
	CHECK(ds.msg_rtime > 0);
	removed(id);
}

TEST(a_full_queue)
{
	int id = queue(), pid;
	struct msqid64_ds ds;

	m.type = 1;
	CHECK_EQ(sys(msgsnd, id, &m, 8192, IPC_NOWAIT), 0);
	CHECK_EQ(sys(msgsnd, id, &m, 8192, IPC_NOWAIT), 0);
	CHECK_EQ(sys(msgsnd, id, &m, 1, IPC_NOWAIT), -EAGAIN);
	CHECK_EQ(sys(msgsnd, id, &m, 0, IPC_NOWAIT), 0);
	pid = t_fork();
	if (pid == 0)
		t_exit((int)-sys(msgsnd, id, &m, 100, 0));
	UNTIL(t_state(pid) == 'S');
	CHECK_EQ(sys(msgrcv, id, &m, 8192, 0, 0), 8192);
	CHECK_EQ(t_wait(pid), 0);
	ds = stat_of(id);
	ds.msg_qbytes = 8392;
	CHECK_EQ(sys(msgctl, id, IPC_SET, &ds), 0);
	m.type = 1;
	CHECK_EQ(sys(msgsnd, id, &m, 100, IPC_NOWAIT), 0);
	CHECK_EQ(sys(msgsnd, id, &m, 1, IPC_NOWAIT), -EAGAIN);
	removed(id);
}

static int receiver(int id, long type)
{
	int pid = t_fork();

	if (pid == 0) {
		long n = receive(id, type, 0);

		t_exit(n < 0 ? (int)-n : 200);
	}
	UNTIL(t_state(pid) == 'S');
	return pid;
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(waiting_for_a_message)
{
	int id = queue(), pid = receiver(id, 7);

	send(id, 6, "not this", 0);
	UNTIL(t_state(pid) == 'S');
	send(id, 7, "this", 0);
	CHECK_EQ(t_wait(pid), 200);
	CHECK_EQ(stat_of(id).msg_qnum, 1);
	pid = receiver(id, 7);
	removed(id);
	CHECK_EQ(t_wait(pid), EIDRM);
}

TEST(too_large_for_the_one_that_waits)
{
	int id = queue(), pid;

	pid = t_fork();
	if (pid == 0)
		t_exit((int)-sys(msgrcv, id, &m, 3, 0, 0));
	UNTIL(t_state(pid) == 'S');
	send(id, 1, "too large", 0);
	CHECK_EQ(t_wait(pid), E2BIG);
	CHECK_EQ(stat_of(id).msg_qnum, 1);
	removed(id);
}

TEST(signals)
{
	int id = queue(), pid;

	t_action(SIGUSR1, nothing, SA_RESTART);
	pid = receiver(id, 0);
	sys(kill, pid, SIGUSR1);
	CHECK_EQ(t_wait(pid), EINTR);
	pid = receiver(id, 0);
	sys(kill, pid, SIGSTOP);
	UNTIL(t_state(pid) == 'T');
	sys(kill, pid, SIGCONT);
	UNTIL(t_state(pid) == 'S'); // it waits again
	send(id, 1, "x", 0);
	CHECK_EQ(t_wait(pid), 200);
	pid = receiver(id, 0);
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	removed(id);
}

TEST(a_copy)
{
	int id = queue();

	send(id, 1, "first", 0);
	send(id, 2, "second", 0);
	long n = receive(id, 1, MSG_COPY | IPC_NOWAIT);

	if (n == -ENOSYS)
		SKIP("this kernel has no MSG_COPY");
	CHECK_EQ(n, 7);
	CHECK_EQ(m.type, 2);
	CHECK(!strcmp(m.text, "second"));
	CHECK_EQ(receive(id, 2, MSG_COPY | IPC_NOWAIT), -ENOMSG);
	CHECK_EQ(receive(id, 0, MSG_COPY), -EINVAL);
	CHECK_EQ(receive(id, 0, MSG_COPY | IPC_NOWAIT | MSG_EXCEPT), -EINVAL);
	CHECK_EQ(stat_of(id).msg_qnum, 2);
	removed(id);
}

TEST(keys_and_rights)
{
	struct msqid64_ds ds;
	int id = (int)sys(msgget, KEY, IPC_CREAT | IPC_EXCL | 0604);

	CHECK_GE(id, 0);
	CHECK_EQ(sys(msgget, KEY, 0), id);
	CHECK_EQ(sys(msgget, KEY, IPC_CREAT | IPC_EXCL), -EEXIST);
	send(id, 1, "a", 0);
	if (sys(geteuid) == 0)
		CHECK_EQ(IN_CHILD({
			sys(setresgid, 65534, 65534, 65534);
			sys(setresuid, 65534, 65534, 65534);
			CHECK_EQ(sys(msgget, KEY, 0200), -EACCES);
			CHECK_EQ(send(id, 1, "b", 0), -EACCES);
			CHECK_EQ(receive(id, 0, 0), 2);
			CHECK_EQ(sys(msgctl, id, IPC_STAT, &ds), 0);
			CHECK_EQ(sys(msgctl, id, IPC_SET, &ds), -EPERM);
			CHECK_EQ(sys(msgctl, id, IPC_RMID, 0), -EPERM);
		}),
			0);
	removed(id);
	CHECK_EQ(sys(msgget, KEY, 0), -ENOENT);
}

TEST(the_table_and_the_slots)
{
	static char text[8192];
	struct msginfo info;
	char line[40];
	int id = queue();

	send(id, 1, "abc", 0);
	CHECK_EQ(sys(msgctl, id & 0x7fff, MSG_STAT, text), id);
	CHECK_GE(sys(msgctl, 0, MSG_INFO, &info), 0);
	CHECK_GE(info.msgmap, 1);
	CHECK_GE(info.msgtql, 4);
	CHECK_GE(sys(msgctl, 0, IPC_INFO, &info), 0);
	CHECK_EQ(info.msgmax, 8192);
	t_slurp("/proc/sysvipc/msg", text, sizeof text);
	t_snprintf(line, sizeof line, " %d   600           4          1 ", id);
	CHECK(strstr(text, line));
	removed(id);
}

TEST(bad_arguments)
{
	int id = queue();

	CHECK_EQ(send(id, 0, "x", 0), -EINVAL);
	CHECK_EQ(send(id, -1, "x", 0), -EINVAL);
	CHECK_EQ(send(-1, 1, "x", 0), -EINVAL);
	CHECK_EQ(send(id ^ 1 << 15, 1, "x", 0), -EINVAL);
	CHECK_EQ(sys(msgsnd, id, 8UL, 1, 0), -EFAULT);
	CHECK_EQ(sys(msgsnd, id, &m, -1L, 0), -EINVAL);
	CHECK_EQ(receive(-1, 0, 0), -EINVAL);
	CHECK_EQ(sys(msgrcv, id, &m, -1L, 0, 0), -EINVAL);
	CHECK_EQ(send(id, 1, "x", 0), 0);
	CHECK_EQ(sys(msgrcv, id, 8UL, 10, 0, 0), -EFAULT);
	CHECK_EQ(stat_of(id).msg_qnum, 0); // it is lost
	CHECK_EQ(sys(msgctl, id, 999, 0), -EINVAL);
	CHECK_EQ(sys(msgctl, id, IPC_STAT, 8UL), -EFAULT);
	CHECK_EQ(sys(msgctl, id, IPC_SET, 8UL), -EFAULT);
	removed(id);
	CHECK_EQ(sys(msgctl, id, IPC_RMID, 0), -EINVAL);
	CHECK_EQ(receive(id, 0, 0), -EINVAL);
}

static int shared_id;

static int sender(void *unused)
{
	struct {
		long type;
		char text[700];
	} big = {1, {0}};

	(void)unused;
	for (int i = 0; i < 200; i++)
		if (sys(msgsnd, shared_id, &big, 700, 0))
			return 1;
	return 0;
}

static int drain(void *unused)
{
	struct {
		long type;
		char text[700];
	} big;

	(void)unused;
	for (int i = 0; i < 200; i++)
		if (sys(msgrcv, shared_id, &big, 700, 0, 0) != 700)
			return 1;
	return 0;
}

TEST(many_senders_and_receivers)
{
	struct thread t[4];

	shared_id = queue();
	for (int i = 0; i < 4; i++)
		thread_start(&t[i], i % 2 ? sender : drain, NULL);
	for (int i = 0; i < 4; i++)
		thread_join(&t[i]);
	CHECK_EQ(stat_of(shared_id).msg_qnum, 0);
	removed(shared_id);
}

static int until_removed(void *unused)
{
	long err;

	struct {
		long type;
		char text[16];
	} small;

	(void)unused;
	while ((err = sys(msgrcv, shared_id, &small, 16, 0, 0)) == 16)
		;
	return err == -EIDRM || err == -EINVAL ? 0 : 1;
}

TEST(removal_races_with_receivers)
{
	struct thread t[4];

	for (int round = 0; round < 10; round++) {
		shared_id = queue();
		for (int i = 0; i < 4; i++)
			thread_start(&t[i], until_removed, NULL);
		m.type = 1;
		for (int i = 0; i < 20; i++)
			CHECK_EQ(sys(msgsnd, shared_id, &m, 16, 0), 0);
		removed(shared_id);
		for (int i = 0; i < 4; i++)
			thread_join(&t[i]);
	}
}
