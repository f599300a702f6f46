// SPDX-License-Identifier: GPL-2.0-only
//
// Numbers of processes at each door between two namespaces: what a process is called depends on who asks.
#include "pid_namespace.h"
#include "cgroup.h"
#include "msg.h"

#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/capability.h>
#include <linux/ipc.h>
#include <linux/kcmp.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/ptrace.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/un.h>

enum { AF_UNIX = 1, SOCK_STREAM = 1, SOCK_SEQPACKET = 5, SCM_CREDENTIALS = 2 };

static char buf[16384];
static int fds[2];

// ---- sockets ----

// Sends a byte, saying that pid did.
static long claim(int fd, int pid)
{
	struct cmsg c = {HEAD + sizeof c.cred, SOL_SOCKET, SCM_CREDENTIALS, {.cred = {pid, 0, 0}}};
	struct iovec v = {"x", 1};
	struct msghdr m = {.iov = &v, .iovlen = 1, .control = &c, .controllen = sizeof c};

	return sys(sendmsg, fd, &m, 0);
}

// Takes a byte; who sent it.
static int sender(int fd)
{
	struct cmsg c = {0};
	char byte;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.iov = &v, .iovlen = 1, .control = &c, .controllen = sizeof c};

	CHECK_EQ(sys(recvmsg, fd, &m, 0), 1);
	CHECK_EQ(c.type, SCM_CREDENTIALS);
	return c.cred.pid;
}

static int peer(int fd)
{
	struct ucred cred;
	int n = sizeof cred;

	CHECK_EQ(sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &cred, &n), 0);
	return cred.pid;
}

static void talk(void)
{
	CHECK_EQ(peer(fds[1]), 0); // who made the pair
	CHECK_EQ(sys(write, fds[1], "x", 1), 1);
	CHECK_EQ(claim(fds[1], 1), 1);
	CHECK_EQ(claim(fds[1], 2), -ESRCH);
	CHECK_EQ(claim(fds[1], 0), -ESRCH);
	CHECK_EQ(claim(fds[1], -1), -ESRCH);
	int pid = t_fork();

	if (pid == 0) {
		CHECK_EQ(claim(fds[1], t_getpid()), 1);
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0); // its number is free again, and still says who it was
	yield_to_parent();
	CHECK_EQ(sender(fds[1]), 0);
	CHECK_EQ(sender(fds[1]), 1);
}

TEST(senders_of_messages)
{
	int yes = 1;

	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(sys(setsockopt, fds[i], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
	in_namespace(talk);
	CHECK_EQ(peer(fds[0]), t_getpid());
	CHECK_EQ(sender(fds[0]), outer);
	CHECK_EQ(sender(fds[0]), outer);
	CHECK(sender(fds[0]) != outer);
	CHECK_EQ(sys(write, fds[0], "x", 1), 1);
	CHECK_EQ(claim(fds[0], outer), 1); // who may be anybody says that it is the one inside
	end_namespace();
	CHECK_EQ(peer(fds[0]), t_getpid());
}

static struct sockaddr_un name;
static int name_len;

static void connects(void)
{
	int fd = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0);

	CHECK_EQ(sys(connect, fd, &name, name_len), 0);
	CHECK_EQ(peer(fd), 0);
	yield_to_parent();
}

TEST(the_other_end_of_a_connection)
{
	name.sun_family = AF_UNIX;
	name_len = 3 + t_snprintf(name.sun_path + 1, 60, "thaw-ns-%d", t_getpid());
	int fd = (int)sys(socket, AF_UNIX, SOCK_STREAM, 0), conn;

	CHECK_EQ(sys(bind, fd, &name, name_len), 0);
	CHECK_EQ(sys(listen, fd, 1), 0);
	in_namespace(connects);
	conn = (int)sys(accept, fd, 0, 0);
	CHECK_EQ(peer(conn), outer);
	end_namespace();
	CHECK_EQ(peer(conn), outer); // though it is gone
}

// ---- locks ----

static int holder(int fd, short type, int cmd)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET};

	CHECK_EQ(sys(fcntl, fd, cmd, &l), 0);
	return l.l_type == F_UNLCK ? -77 : l.l_pid;
}

static void locks(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};

	CHECK_EQ(holder(fds[0], F_WRLCK, F_GETLK), 0);
	CHECK_EQ(holder(fds[0], F_WRLCK, 36), 0);
	CHECK_EQ(sys(fcntl, fds[0], F_SETLK, &l), 0);
	l.l_start = 30;
	CHECK_EQ(sys(fcntl, fds[0], 37, &l), 0); // of the open file
	yield_to_parent();
}

TEST(who_holds_a_lock)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};

	t_tmpdir();
	fds[0] = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);
	fds[1] = (int)sys(open, "f", O_RDWR);
	CHECK_EQ(sys(fcntl, fds[0], F_SETLK, &l), 0);
	in_namespace(locks);
	CHECK_EQ(holder(fds[1], F_WRLCK, F_GETLK), outer);
	l.l_type = F_UNLCK;
	end_namespace();
	l.l_type = F_WRLCK;
	l.l_start = 30;
	CHECK_EQ(sys(fcntl, fds[1], F_GETLK, &l), 0);
	CHECK_EQ(l.l_pid, -1);
}

// ---- System V ----

static int shm, msg, sem;

// A column of the line of an object in a file of /proc/sysvipc.
static long column(const char *file, int id, int n)
{
	CHECK_GE(t_slurp(file, buf, sizeof buf), 1);
	for (char *line = strchr(buf, '\n'); line && line[1]; line = strchr(line + 1, '\n')) {
		char *p = line + 1;
		long field = 0;

		for (int i = 0; i <= n; i++) {
			while (*p == ' ')
				p++;
			field = t_number(p);
			if (i == 1 && field != id)
				break;
			if (i == n)
				return field;
			while (*p && *p != ' ')
				p++;
		}
	}
	return -77;
}

static void uses_ipc(void)
{
	struct shmid64_ds s;
	struct msqid64_ds m;
	struct { long type; char c; } one = {1, 'x'};
	struct sembuf up = {0, 1, 0};
	long p;

	CHECK_EQ(sys(shmctl, shm, IPC_STAT, &s), 0);
	CHECK_EQ(s.shm_cpid, 0);
	CHECK_EQ(s.shm_lpid, 0);
	CHECK_EQ(sys(msgctl, msg, IPC_STAT, &m), 0);
	CHECK_EQ(m.msg_lspid, 0);
	CHECK_EQ(sys(semctl, sem, 0, GETPID, 0), 0);
	p = sys(shmat, shm, 0, 0);
	CHECK_EQ(sys(shmdt, p), 0);
	CHECK_EQ(sys(msgrcv, msg, &one, 1, 0, 0), 1);
	CHECK_EQ(sys(semop, sem, &up, 1), 0);
	CHECK_EQ(sys(shmctl, shm, IPC_STAT, &s), 0);
	CHECK_EQ(s.shm_lpid, 1);
	CHECK_EQ(sys(msgctl, msg, IPC_STAT, &m), 0);
	CHECK_EQ(m.msg_lrpid, 1);
	CHECK_EQ(sys(semctl, sem, 0, GETPID, 0), 1);
	CHECK_EQ(sys(semctl, sem, 1, GETPID, 0), 0);
	CHECK_EQ(column("/proc/sysvipc/msg", msg, 5), 0);
	CHECK_EQ(column("/proc/sysvipc/msg", msg, 6), 1);
	CHECK_EQ(column("/proc/sysvipc/shm", shm, 4), 0);
	CHECK_EQ(column("/proc/sysvipc/shm", shm, 5), 1);
	both()[0] = (int)sys(shmget, IPC_PRIVATE, 100, 0600);
	yield_to_parent();
	CHECK_EQ(sys(semctl, sem, 0, GETPID, 0), 0);
}

TEST(who_used_shared_memory_queues_and_semaphores)
{
	struct shmid64_ds s;
	struct msqid64_ds m;
	struct { long type; char c; } one = {1, 'x'};
	struct sembuf up = {0, 1, 0};

	both();
	shm = (int)sys(shmget, IPC_PRIVATE, 100, 0600);
	msg = (int)sys(msgget, IPC_PRIVATE, 0600);
	sem = (int)sys(semget, IPC_PRIVATE, 2, 0600);
	CHECK_EQ(sys(msgsnd, msg, &one, 1, 0), 0);
	CHECK_EQ(sys(semop, sem, &up, 1), 0);
	in_namespace(uses_ipc);
	CHECK_EQ(sys(semctl, sem, 0, GETPID, 0), outer);
	CHECK_EQ(sys(semctl, sem, 0, SETVAL, 7), 0);
	CHECK_EQ(sys(semctl, sem, 0, GETPID, 0), t_getpid());
	end_namespace();
	CHECK_EQ(sys(shmctl, shm, IPC_STAT, &s), 0);
	CHECK_EQ(s.shm_cpid, t_getpid());
	CHECK_EQ(s.shm_lpid, outer); // that is gone
	CHECK_EQ(sys(msgctl, msg, IPC_STAT, &m), 0);
	CHECK_EQ(m.msg_lspid, t_getpid());
	CHECK_EQ(column("/proc/sysvipc/msg", msg, 5), t_getpid());
	CHECK_EQ(column("/proc/sysvipc/msg", msg, 6), outer);
	CHECK_EQ(column("/proc/sysvipc/shm", shm, 5), outer);
	CHECK_EQ(m.msg_lrpid, outer);
	CHECK_EQ(sys(shmctl, both()[0], IPC_STAT, &s), 0);
	CHECK_EQ(s.shm_cpid, outer);
	CHECK_EQ(sys(shmctl, both()[0], IPC_RMID, 0), 0);
	CHECK_EQ(sys(shmctl, shm, IPC_RMID, 0), 0);
	CHECK_EQ(sys(msgctl, msg, IPC_RMID, 0), 0);
	CHECK_EQ(sys(semctl, sem, 0, IPC_RMID, 0), 0);
}

// ---- POSIX message queues ----

static int mq;

static siginfo_t taken(int sig)
{
	unsigned long set = BIT(sig);
	siginfo_t si;

	CHECK_EQ(sys(rt_sigtimedwait, &set, &si, 0, 8), sig);
	return si;
}

static int notified_pid(void)
{
	long n = sys(pread64, mq, buf, sizeof buf - 1, 0);

	CHECK_GE(n, 1);
	buf[n] = 0;
	CHECK(strstr(buf, "NOTIFY_PID:"));
	return (int)t_number(strstr(buf, "NOTIFY_PID:") + 11);
}

static void queues(void)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	siginfo_t si;

	t_block(BIT(SIGUSR1));
	CHECK_EQ(notified_pid(), 0);
	CHECK_EQ(sys(mq_timedsend, mq, "x", 1, 0, 0), 0);
	CHECK_EQ(sys(mq_timedreceive, mq, buf, sizeof buf, 0, 0), 1);
	CHECK_EQ(sys(mq_notify, mq, &ev), 0);
	CHECK_EQ(notified_pid(), 1);
	yield_to_parent();
	si = taken(SIGUSR1);
	CHECK_EQ(si.si_code, SI_MESGQ);
	CHECK_EQ(si.si_pid, 0);
}

TEST(who_is_told_of_a_message_and_by_whom)
{
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 16};

	t_snprintf(buf, sizeof buf, "thaw-ns-%d", t_getpid());
	mq = (int)sys(mq_open, buf, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CHECK_GE(mq, 0);
	CHECK_EQ(sys(mq_unlink, buf), 0);
	t_block(BIT(SIGUSR1));
	CHECK_EQ(sys(mq_notify, mq, &ev), 0);
	CHECK_EQ(notified_pid(), t_getpid());
	in_namespace(queues);
	CHECK_EQ(taken(SIGUSR1).si_pid, outer);
	CHECK_EQ(notified_pid(), outer);
	CHECK_EQ(sys(mq_timedsend, mq, "x", 1, 0, 0), 0);
	end_namespace();
}

// ---- terminals ----

static int number_of(int fd, unsigned cmd)
{
	int nr = -77;
	long err = sys(ioctl, fd, cmd, &nr);

	return err ? (int)err : nr;
}

static void has_terminal(void)
{
	int nr = 0, pid;

	CHECK_EQ(sys(getsid, 0), 0);	// its session is from outside
	CHECK_EQ(sys(getpgid, 0), 0);
	CHECK_EQ(sys(setsid), 1);
	CHECK_EQ(sys(ioctl, fds[1], TIOCSCTTY, 0), 0);
	CHECK_EQ(number_of(fds[1], TIOCGPGRP), 1);
	CHECK_EQ(number_of(fds[1], TIOCGSID), 1);
	yield_to_parent();
	t_block(BIT(SIGTTOU));
	pid = t_fork();
	if (pid == 0) {
		CHECK_EQ(sys(setpgid, 0, 0), 0);
		nr = t_getpid();
		CHECK_EQ(sys(ioctl, fds[1], TIOCSPGRP, &nr), 0);
		both()[0] = nr;
		yield_to_parent();
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
	nr = 1;
	CHECK_EQ(sys(ioctl, fds[1], TIOCSPGRP, &nr), 0);
	nr = both()[1];
	CHECK_EQ(sys(ioctl, fds[1], TIOCSPGRP, &nr), -ESRCH);
	nr = 0;
	CHECK_EQ(sys(ioctl, fds[1], TIOCSPGRP, &nr), -ESRCH);
	nr = -1;
	CHECK_EQ(sys(ioctl, fds[1], TIOCSPGRP, &nr), -EINVAL);
}

TEST(whose_terminal)
{
	int off = 0;

	both()[1] = t_getpid();
	fds[0] = (int)sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY);
	CHECK_GE(fds[0], 0);
	CHECK_EQ(sys(ioctl, fds[0], TIOCGPTN, &off), 0);
	t_snprintf(buf, sizeof buf, "/dev/pts/%d", off);
	off = 0;
	CHECK_EQ(sys(ioctl, fds[0], TIOCSPTLCK, &off), 0);
	fds[1] = (int)sys(open, buf, O_RDWR | O_NOCTTY);
	CHECK_GE(fds[1], 0);
	in_namespace(has_terminal);
	CHECK_EQ(number_of(fds[0], TIOCGPGRP), outer);
	CHECK_EQ(number_of(fds[0], TIOCGSID), outer);
	CHECK_EQ(number_of(fds[1], TIOCGPGRP), -ENOTTY);
	yield_to_child();
	CHECK(number_of(fds[0], TIOCGPGRP) != outer);
	CHECK(number_of(fds[0], TIOCGPGRP) != both()[0]);
	end_namespace();
}

// ---- control groups ----

static bool lists(const char *file, int pid)
{
	char line[24];
	long n = t_slurp(file, buf + 1, sizeof buf - 1);

	CHECK_GE(n, 0);
	buf[0] = '\n';
	t_snprintf(line, sizeof line, "\n%d\n", pid);
	return strstr(buf, line);
}

static void in_group(void)
{
	CHECK_EQ(put("g/cgroup.procs", both()[0]), -ESRCH);
	CHECK_EQ(put("g/cgroup.procs", 1), 0);
	CHECK(lists("g/cgroup.procs", 1));
	CHECK(lists("g/cgroup.threads", 1));
	yield_to_parent();
	CHECK(lists("g/cgroup.procs", 0)); // its parent
	CHECK(lists("g/cgroup.procs", 1));
	CHECK(lists("g/cgroup.threads", 0));
}

TEST(members_of_a_group)
{
	both()[0] = t_getpid();
	v2();
	CHECK_EQ(sys(mkdir, "g", 0755), 0);
	in_namespace(in_group);
	CHECK(lists("g/cgroup.procs", outer));
	CHECK(!lists("g/cgroup.procs", 1));
	CHECK_EQ(put("g/cgroup.procs", t_getpid()), 0);
	end_namespace();
	CHECK(lists("g/cgroup.procs", t_getpid()));
	CHECK_EQ(put("../cgroup.procs", t_getpid()), 0);
	CHECK_EQ(sys(rmdir, "g"), 0);
	out();
}

static void in_group_of_version_1(void)
{
	CHECK_EQ(put("g/tasks", both()[0]), -ESRCH);
	CHECK_EQ(put("g/tasks", 1), 0);
	yield_to_parent();
	CHECK(lists("g/tasks", 1));
	CHECK(lists("g/cgroup.procs", 1));
	CHECK(!lists("g/tasks", 0)); // its parent is there, and not shown
	CHECK(!lists("g/cgroup.procs", 0));
}

TEST(members_of_a_group_of_version_1)
{
	both()[0] = t_getpid();
	v1("freezer");
	CHECK_EQ(sys(mkdir, "g", 0755), 0);
	in_namespace(in_group_of_version_1);
	CHECK(lists("g/tasks", outer));
	CHECK_EQ(put("g/tasks", t_getpid()), 0);
	end_namespace();
	CHECK(lists("g/tasks", t_getpid()));
	CHECK_EQ(put("../tasks", t_getpid()), 0);
	CHECK_EQ(sys(rmdir, "g"), 0);
	out_v1();
}

// ---- tracing ----

static long message(int pid)
{
	unsigned long v = 0;

	CHECK_EQ(sys(ptrace, PTRACE_GETEVENTMSG, pid, 0, &v), 0);
	return (long)v;
}

static int stop_of(int pid)
{
	int status = 0;

	CHECK_EQ(sys(wait4, pid, &status, __WALL, 0), pid);
	CHECK(W_STOPPED(status));
	return status >> 8;
}

static void gets_a_signal(int sig)
{
	(void)sig;
}

static void is_traced(void)
{
	unsigned long set = BIT(SIGUSR2);
	siginfo_t si;
	int pid;

	t_block(set);
	yield_to_parent();
	sys(kill, 1, SIGUSR1); // which becomes SIGUSR2
	CHECK_EQ(sys(rt_sigtimedwait, &set, &si, 0, 8), SIGUSR2);
	CHECK_EQ(si.si_pid, 0); // from the tracer
	pid = t_fork();
	if (pid == 0)
		t_exit(7);
	CHECK_EQ(pid, 2);
	CHECK_EQ(t_wait(pid), 7);
}

TEST(what_a_tracer_is_told)
{
	siginfo_t si;
	int kid;

	both();
	t_action(SIGUSR1, gets_a_signal, 0);
	in_namespace(is_traced);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, outer, 0, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL), 0);
	t_snprintf(buf, sizeof buf, "/proc/%d/status", outer);
	CHECK_EQ(t_field(buf, "TracerPid"), t_getpid());
	pass(turn_in[1]);
	CHECK_EQ(stop_of(outer), SIGUSR1);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, outer, 0, &si), 0);
	CHECK_EQ(si.si_pid, 1); // as it was sent
	CHECK_EQ(sys(ptrace, PTRACE_CONT, outer, 0, SIGUSR2), 0);
	CHECK_EQ(stop_of(outer), SIGTRAP | PTRACE_EVENT_FORK << 8);
	kid = (int)message(outer);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, outer, 0, &si), 0);
	CHECK_EQ(si.si_pid, 1);
	CHECK_EQ(stop_of(kid), SIGTRAP | PTRACE_EVENT_STOP << 8);
	t_snprintf(buf, sizeof buf, "/proc/%d/status", kid);
	CHECK_EQ(t_field(buf, "PPid"), outer);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, kid, 0, 0), 0);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, outer, 0, 0), 0);
	CHECK_EQ(t_wait(kid), 7);
	CHECK_EQ(stop_of(outer), SIGCHLD);
	CHECK_EQ(sys(ptrace, PTRACE_GETSIGINFO, outer, 0, &si), 0);
	CHECK_EQ(si.si_pid, 2);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, outer, 0, 0), 0);
	CHECK_EQ(t_wait(outer), 0);
}

static int execs_in_a_thread(void *unused)
{
	(void)unused;
	t_exit((int)t_exec("done", NULL, NULL));
}

HELPER(done)
{
	return 9;
}

static void threads_exec(void)
{
	struct thread t;

	yield_to_parent();
	thread_start(&t, execs_in_a_thread, NULL);
	both()[0] = t.id;
	thread_pause(NULL);
}

TEST(what_a_tracer_is_told_of_an_exec)
{
	int old;

	both();
	in_namespace(threads_exec);
	CHECK_EQ(sys(ptrace, PTRACE_SEIZE, outer, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL), 0);
	pass(turn_in[1]);
	CHECK_EQ(stop_of(outer), SIGTRAP | PTRACE_EVENT_CLONE << 8);
	old = (int)message(outer);
	CHECK_EQ(stop_of(old), SIGTRAP | PTRACE_EVENT_STOP << 8);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, outer, 0, 0), 0);
	UNTIL(both()[0]);
	CHECK(both()[0] != old);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, old, 0, 0), 0);
	CHECK_EQ(stop_of(outer), SIGTRAP | PTRACE_EVENT_EXEC << 8);
	CHECK_EQ(message(outer), old);
	CHECK_EQ(sys(ptrace, PTRACE_CONT, outer, 0, 0), 0);
	CHECK_EQ(t_wait(outer), 9);
}

// ---- futexes ----

static _Atomic int word;
static struct robust_list_head robust = {.list = {&robust.list}};
static struct { struct robust_list link; _Atomic int word; } entry;

static long pi(int op)
{
	return futex((void *)&word, op, 0, NULL, NULL, 0);
}

static int waits_for_the_lock(void *unused)
{
	(void)unused;
	CHECK_EQ(pi(FUTEX_LOCK_PI_PRIVATE), 0);
	CHECK_EQ(word & FUTEX_TID_MASK, t_gettid());
	CHECK_EQ(pi(FUTEX_UNLOCK_PI_PRIVATE), 0);
	return 0;
}

static int dies_with_a_lock(void *unused)
{
	(void)unused;
	CHECK_EQ(sys(set_robust_list, &robust, sizeof robust), 0);
	robust.futex_offset = (char *)&entry.word - (char *)&entry.link;
	robust.list.next = &entry.link;
	entry.link.next = &robust.list;
	entry.word = t_gettid();
	return 0;
}

static bool leader_sleeps(void)
{
	char text[1024];

	return t_slurp("/proc/self/stat", text, sizeof text) > 0 && strstr(text, ") S ");
}

static int dies_with_an_inherited_lock(void *unused)
{
	(void)unused;
	CHECK_EQ(pi(FUTEX_LOCK_PI_PRIVATE), 0);
	UNTIL(word & FUTEX_WAITERS);
	UNTIL(leader_sleeps()); // whom our end would else be -ESRCH
	return 0;
}

static void locks_words(void)
{
	struct thread t;

	CHECK_EQ(pi(FUTEX_LOCK_PI_PRIVATE), 0);
	CHECK_EQ(word, 1);
	CHECK_EQ(pi(FUTEX_LOCK_PI_PRIVATE), -EDEADLK);
	thread_start(&t, waits_for_the_lock, NULL);
	UNTIL(word & FUTEX_WAITERS);
	UNTIL(t_task_state(both()[0], both()[0]) != 0);
	CHECK_EQ(pi(FUTEX_UNLOCK_PI_PRIVATE), 0);
	thread_join(&t);
	CHECK_EQ(word & FUTEX_TID_MASK, 0);
	word = both()[0]; // nobody here
	CHECK_EQ(pi(FUTEX_LOCK_PI_PRIVATE), -ESRCH);
	CHECK_EQ(pi(FUTEX_UNLOCK_PI_PRIVATE), -EPERM);
	word = 0;
	thread_start(&t, dies_with_a_lock, NULL);
	thread_join(&t);
	UNTIL(entry.word == FUTEX_OWNER_DIED);
	thread_start(&t, dies_with_an_inherited_lock, NULL);
	UNTIL(word);
	CHECK_EQ(pi(FUTEX_LOCK_PI_PRIVATE), 0);
	CHECK_EQ(word & FUTEX_TID_MASK, 1);
	thread_join(&t);
	yield_to_parent();
}

TEST(owners_of_locks_in_memory)
{
	both()[0] = t_getpid();
	in_namespace(locks_words);
	end_namespace();
}

// ---- calls that take a number ----

#define CPU_CLOCK(pid) ((int)(~(unsigned)(pid) << 3 | 2))

static int pidfd; // or the file with a lock

static void asks_for_numbers(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, both()[0]};
	struct __user_cap_data_struct d[2];
	struct rlimit64 r;
	struct iovec v = {buf, 1};
	struct timespec ts;
	long head, len;
	int none = both()[0], fd;
	unsigned long mask;

	CHECK_EQ(t_getpid(), 1);
	CHECK_EQ(t_gettid(), 1);
	CHECK_EQ(sys(getppid), 0);
	CHECK_EQ(sys(capget, &h, d), -ESRCH);
	h.pid = 1;
	CHECK_EQ(sys(capget, &h, d), 0);
	CHECK_EQ(sys(capset, &h, d), 0);
	h.pid = both()[1];
	CHECK_EQ(sys(capset, &h, d), -EPERM);
	CHECK_EQ(sys(getpriority, 0, none), -ESRCH);
	CHECK_EQ(sys(getpriority, 1, none), -ESRCH);
	CHECK_EQ(sys(setpriority, 0, 1, 3), 0);
	CHECK_EQ(sys(getpriority, 0, 1), 17);
	CHECK_EQ(sys(getpriority, 0, 0), 17);
	CHECK_EQ(sys(setpriority, 0, -1, 3), -ESRCH);
	CHECK_EQ(sys(setpriority, 1, -1, 3), -ESRCH);
	CHECK_EQ(sys(setpgid, 0, 0), 0);
	CHECK_EQ(sys(getpriority, 1, 1), 17);
	CHECK_EQ(sys(getpgid, 1), 1);
	CHECK_EQ(sys(setpriority, 2, 0, 5), 0);	// whom it sees of its user
	CHECK_EQ(sys(getpriority, 0, 1), 15);
	CHECK_EQ(sys(sched_getscheduler, none), -ESRCH);
	CHECK_EQ(sys(sched_getscheduler, 1), 0);
	CHECK_EQ(sys(sched_getaffinity, none, 8, &mask), -ESRCH);
	CHECK_EQ(sys(prlimit64, none, RLIMIT_CORE, 0, &r), -ESRCH);
	CHECK_EQ(sys(prlimit64, 1, RLIMIT_CORE, 0, &r), 0);
	CHECK_EQ(sys(get_robust_list, none, &head, &len), -ESRCH);
	CHECK_EQ(sys(get_robust_list, 1, &head, &len), 0);
	CHECK_EQ(sys(process_vm_readv, none, &v, 1, &v, 1, 0), -ESRCH);
	CHECK_EQ(sys(kcmp, 1, none, KCMP_VM, 0, 0), -ESRCH);
	CHECK_EQ(sys(kcmp, 1, 1, KCMP_VM, 0, 0), 0);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(1), &ts), 0);
	CHECK_EQ(sys(clock_gettime, CPU_CLOCK(none), &ts), -EINVAL);
	CHECK_EQ(sys(ptrace, PTRACE_ATTACH, none, 0, 0), -ESRCH);
	CHECK_EQ(sys(pidfd_open, none, 0), -ESRCH);
	fd = (int)sys(pidfd_open, 1, 0);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(pidfd_send_signal, fd, 0, 0, 0), 0);
	CHECK_EQ(sys(pidfd_send_signal, pidfd, 0, 0, 0), -EINVAL); // it is not seen from here
	CHECK_EQ(sys(pidfd_send_signal, pidfd, 0, 8, 0), -EINVAL);
	both()[2] = fd;
	yield_to_parent();
}

TEST(calls_that_take_a_number)
{
	char path[64], wanted[64];

	both()[0] = t_getpid();
	pidfd = (int)sys(pidfd_open, t_getpid(), 0);
	CHECK_GE(pidfd, 0);
	for (int i = 0; i < 2; i++) { // number 1, and those of the parent and the child, are three
		int pid = t_fork();

		if (pid == 0)
			t_exit(0);
		CHECK_EQ(t_wait(pid), 0);
		both()[1] = pid;
	}
	in_namespace(asks_for_numbers);
	CHECK_EQ(sys(getpriority, 0, outer), 15);
	CHECK_EQ(sys(getpriority, 0, 0), 20);
	CHECK_EQ(sys(kill, outer, 0), 0);
	t_snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", outer, both()[2]);
	CHECK_GE(t_slurp(path, buf, sizeof buf), 1);
	t_snprintf(wanted, sizeof wanted, "\nPid:\t%d\nNSpid:\t%d\t1\n", outer, outer);
	CHECK(strstr(buf, wanted));
	end_namespace();
}

// ---- hostile ----

static _Atomic int over;

// Asks who it was while those who did it come and go.
static int asks_who(void *unused)
{
	(void)unused;
	while (!over) {
		struct flock l = {.l_type = F_WRLCK};
		struct msqid64_ds m;
		struct shmid64_ds s;
		struct cmsg c = {0};
		char byte;
		struct iovec v = {&byte, 1};
		struct msghdr h = {.iov = &v, .iovlen = 1, .control = &c, .controllen = sizeof c};

		sys(semctl, sem, 0, GETPID, 0);
		sys(msgctl, msg, IPC_STAT, &m);
		sys(shmctl, shm, IPC_STAT, &s);
		sys(fcntl, pidfd, F_GETLK, &l);
		sys(recvmsg, fds[0], &h, 0x40); // MSG_DONTWAIT
		sys(sched_yield);
	}
	return 0;
}

// All that is remembered of one that is gone at once, with its namespace.
static void leaves_traces(void)
{
	struct { long type; char c; } one = {1, 'x'};
	struct sembuf ops[2] = {{0, 1, SEM_UNDO}, {1, 1, SEM_UNDO}};
	struct flock l = {.l_type = F_WRLCK};

	sys(semop, sem, ops, 2);
	sys(msgsnd, msg, &one, 1, IPC_NOWAIT);
	sys(shmat, shm, 0, 0);
	sys(fcntl, pidfd, F_SETLK, &l);
	sys(write, fds[1], "x", 1);
	claim(fds[1], t_getpid());
}

TEST(who_is_gone_with_a_namespace)
{
	struct thread t[2];
	int yes = 1;

	if (sys(geteuid))
		SKIP("needs root");
	t_tmpdir();
	pidfd = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);
	shm = (int)sys(shmget, IPC_PRIVATE, 100, 0600);
	msg = (int)sys(msgget, IPC_PRIVATE, 0600);
	sem = (int)sys(semget, IPC_PRIVATE, 2, 0600);
	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	CHECK_EQ(sys(setsockopt, fds[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
	CHECK_EQ(sys(fcntl, fds[1], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 2; i++)
		thread_start(&t[i], asks_who, NULL);
	for (int i = 0; i < 60; i++) {
		int pid = (int)sys(clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);

		CHECK_GE(pid, 0);
		if (pid == 0) {
			if (t_fork() == 0) { // the end of number 1 may cut it short anywhere
				leaves_traces();
				t_exit(0);
			}
			leaves_traces();
			t_exit(0);
		}
		CHECK_EQ(t_wait(pid), 0);
	}
	over = 1;
	for (int i = 0; i < 2; i++)
		thread_join(&t[i]);
	CHECK_EQ(sys(semctl, sem, 0, GETVAL, 0), 0);
	CHECK_EQ(sys(shmctl, shm, IPC_RMID, 0), 0);
	CHECK_EQ(sys(msgctl, msg, IPC_RMID, 0), 0);
	CHECK_EQ(sys(semctl, sem, 0, IPC_RMID, 0), 0);
}
