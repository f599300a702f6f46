// SPDX-License-Identifier: GPL-2.0-only
//
// Every door by which ids pass between a user namespace and those above it: what they are called on either side, and
// what root of one may do to whom.
#include "user_namespace.h"
#include "msg.h"

#include <asm/socket.h>
#include <linux/kcmp.h>
#include <linux/msg.h>
#include <linux/ptrace.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/signalfd.h>
#include <linux/stat.h>

static unsigned id[3];

static int uids_are(unsigned r, unsigned e, unsigned s)
{
	CHECK_EQ(sys(getresuid, &id[0], &id[1], &id[2]), 0);
	return id[0] == r && id[1] == e && id[2] == s;
}

static int gids_are(unsigned r, unsigned e, unsigned s)
{
	CHECK_EQ(sys(getresgid, &id[0], &id[1], &id[2]), 0);
	return id[0] == r && id[1] == e && id[2] == s;
}

TEST(own_ids)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, {
		CHECK(uids_are(0, 0, 0));
		CHECK_EQ(sys(setreuid, 3, 4), 0);
		CHECK(uids_are(3, 4, 4));
		CHECK_EQ(sys(setuid, 1000), -EINVAL); // ids that have no name here
		CHECK_EQ(sys(setuid, -1), -EINVAL);
		CHECK_EQ(sys(setreuid, 1000, -1), -EINVAL);
		CHECK_EQ(sys(setreuid, -1, BASE), -EINVAL);
		CHECK_EQ(sys(setresuid, -1, -1, 1000), -EINVAL);
		CHECK_EQ(sys(setresuid, -1, -1, 5), -EPERM); // not root any more
		CHECK_EQ(sys(setfsuid, 3), 4);
		CHECK_EQ(sys(setfsuid, 1000), 3); // not that one
		CHECK_EQ(sys(setfsuid, 999), 3);
		CHECK_EQ(sys(setfsuid, -1), 3);
		CHECK_EQ(sys(setuid, 3), 0);
		CHECK_EQ(sys(geteuid), 3);
	}), 0);
	CHECK_EQ(IN_USERNS(0, {
		unsigned list[4];
		const unsigned good[] = {7, 999, 0};
		const unsigned bad[] = {7, 1000};

		CHECK(gids_are(0, 0, 0));
		CHECK_EQ(sys(setgroups, 3, good), 0);
		CHECK_EQ(sys(setgroups, 2, bad), -EINVAL);
		CHECK_EQ(sys(getgroups, 4, list), 3);
		CHECK(list[0] == 0 && list[1] == 7 && list[2] == 999);
		CHECK_EQ(sys(getgroups, 4, 16), -EFAULT);
		CHECK_EQ(sys(setregid, 3, 4), 0);
		CHECK_EQ(sys(setgid, 1000), -EINVAL);
		CHECK_EQ(sys(setregid, -1, 1000), -EINVAL);
		CHECK_EQ(sys(setresgid, 1000, -1, -1), -EINVAL);
		CHECK_EQ(sys(setfsgid, 9), 4);
		CHECK_EQ(sys(setfsgid, 1000), 9);
		CHECK_EQ(sys(setfsgid, -1), 9);
		CHECK(gids_are(3, 4, 4));
	}), 0);
}

// Groups from before have no name, and are still there.
TEST(groups_from_outside)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		const unsigned groups[] = {5, 6};
		unsigned list[2];

		t_tmpdir();
		CHECK_EQ(sys(chmod, ".", 0755), 0);
		CHECK_EQ(sys(mkdir, "g", 0070), 0);
		CHECK_EQ(sys(chown, "g", 0, 6), 0);
		CHECK_EQ(sys(setgroups, 2, groups), 0);
		CHECK_EQ(sys(setresgid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
		be_root_in_own();
		CHECK_EQ(sys(getgroups, 2, list), 2);
		CHECK(list[0] == OVERFLOW_ID && list[1] == OVERFLOW_ID);
		CHECK_EQ(sys(chdir, "g"), 0);
	}), 0);
}

TEST(capabilities_go_with_its_root)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(setgroups, 0, 0), 0);
		CHECK_EQ(sys(setresuid, 1, 0, 0), 0);
		CHECK_EQ(sys(setgroups, 0, 0), 0);
		CHECK_EQ(sys(setresuid, -1, 1, -1), 0);
		CHECK_EQ(sys(setgroups, 0, 0), -EPERM);
		CHECK_EQ(sys(setresuid, -1, 0, -1), 0);
		CHECK_EQ(sys(setgroups, 0, 0), 0);
		CHECK_EQ(sys(setresuid, 1, 1, 1), 0);
		CHECK_EQ(sys(setresuid, -1, 0, -1), -EPERM);
	}), 0);
}

HELPER(say_ids)
{
	CHECK_EQ(sys(getuid), 5);
	CHECK_EQ(sys(geteuid), 5);
	CHECK_EQ(sys(setgroups, 0, 0), -EPERM);
	return 9;
}

HELPER(say_root)
{
	CHECK_EQ(sys(getuid), 0);
	CHECK_EQ(sys(setgroups, 0, 0), 0);
	CHECK_EQ(sys(sethostname, "x", 1), -EPERM);
	return 9;
}

TEST(exec_by_its_root)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, t_exec("say_root", NULL, NULL)), 9);
	CHECK_EQ(IN_USERNS(0, CHECK_EQ(sys(setresuid, 5, 5, 5), 0); t_exec("say_ids", NULL, NULL)), 9);
}

// --- files ---

static struct stat st;
static struct statx sx;

static int owned(const char *path, unsigned uid, unsigned gid)
{
	CHECK_EQ(sys(stat, path, &st), 0);
	CHECK_EQ(sys(statx, AT_FDCWD, path, 0, STATX_BASIC_STATS, &sx), 0);
	CHECK(sx.stx_uid == st.st_uid && sx.stx_gid == st.st_gid);
	return st.st_uid == uid && st.st_gid == gid;
}

static void make(const char *name, unsigned mode, unsigned uid, unsigned gid)
{
	long fd = sys(open, name, O_CREAT | O_RDWR, 0600);

	CHECK_GE(fd, 0);
	sys(close, fd);
	CHECK_EQ(sys(chown, name, uid, gid), 0);
	CHECK_EQ(sys(chmod, name, mode), 0);
}

static void files(void)
{
	t_tmpdir();
	CHECK_EQ(sys(chmod, ".", 0777), 0);
	make("theirs", 0, BASE + 5, BASE + 6);
	make("root's", 0600, 0, 0);
	make("half", 0600, BASE + 5, 0);
}

TEST(owners_of_files)
{
	userns_prepare();
	files();
	CHECK_EQ(IN_USERNS(0, {
		long fd;

		CHECK(owned("theirs", 5, 6));
		CHECK(owned("root's", OVERFLOW_ID, OVERFLOW_ID));
		CHECK(owned("half", 5, OVERFLOW_ID));
		CHECK_GE(fd = sys(open, "mine", O_CREAT | O_RDWR, 0600), 0);
		CHECK_EQ(sys(fstat, fd, &st), 0);
		CHECK(st.st_uid == 0 && st.st_gid == 0);
		CHECK_EQ(sys(fchown, fd, 7, 8), 0);
		CHECK_EQ(sys(fchown, fd, 1000, 8), -EINVAL);
		CHECK_EQ(sys(chown, "mine", 1, BASE), -EINVAL);
		CHECK_EQ(sys(lchown, "mine", -1, 9), 0);
		CHECK_EQ(sys(fchownat, AT_FDCWD, "mine", 1000, -1, 0), -EINVAL);
		CHECK(owned("mine", 7, 9));
	}), 0);
	CHECK(owned("mine", BASE + 7, BASE + 9));
}

TEST(its_root_and_files)
{
	userns_prepare();
	files();
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(access, "theirs", 6), 0);
		CHECK_EQ(sys(access, "root's", 4), -EACCES);
		CHECK_EQ(sys(access, "half", 4), -EACCES); // one of both ids is not enough
		CHECK_EQ(sys(open, "root's", O_RDONLY), -EACCES);
		CHECK_EQ(sys(open, "half", O_RDWR), -EACCES);
		CHECK_GE(sys(open, "theirs", O_RDWR), 0);
		CHECK_EQ(sys(chmod, "theirs", 0644), 0);
		CHECK_EQ(sys(chmod, "half", 0644), 0); // that its owner is called something is
		CHECK_EQ(sys(chmod, "root's", 0644), -EPERM);
		CHECK_EQ(sys(chown, "root's", 0, 0), -EPERM);
		CHECK_EQ(sys(chown, "half", 0, 0), -EPERM);
		CHECK_EQ(sys(chown, "theirs", 0, 0), 0);
		CHECK_EQ(sys(mknod, "null", 0020666, 0x103), -EPERM);
		CHECK_EQ(sys(chroot, "."), 0);
		CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
		CHECK_EQ(sys(access, "theirs", 2), -EACCES);
		CHECK_EQ(sys(chroot, "."), -EPERM);
	}), 0);
	CHECK(owned("theirs", BASE, BASE));
}

TEST(sticky_directories)
{
	userns_prepare();
	files();
	CHECK_EQ(sys(chmod, ".", 01777), 0);
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(unlink, "root's"), -EPERM);
		CHECK_EQ(sys(unlink, "half"), -EPERM);
		CHECK_EQ(sys(unlink, "theirs"), 0);
	}), 0);
}

static void copy_self(const char *to, unsigned mode, unsigned uid, unsigned gid)
{
	static char page[PAGE];
	long in = sys(open, "/proc/self/exe", O_RDONLY), out = sys(open, to, O_CREAT | O_WRONLY, 0700), n;

	CHECK_GE(in, 0);
	CHECK_GE(out, 0);
	while ((n = sys(read, in, page, PAGE)) > 0)
		CHECK_EQ(sys(write, out, page, n), n);
	sys(close, in);
	sys(close, out);
	CHECK_EQ(sys(chown, to, uid, gid), 0);
	CHECK_EQ(sys(chmod, to, mode), 0);
}

// A set-user-id program changes who runs it if both its ids have names.
TEST(set_user_id)
{
	userns_prepare();
	files();
	copy_self("known", 04755, BASE + 3, BASE + 4);
	copy_self("unknown", 04755, 0, 0);
	copy_self("half_known", 04755, BASE + 3, 0);
	static const struct { const char *name; int euid; } rows[] = {{"./known", 3}, {"./unknown", 5}, {"./half_known", 5}};

	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(IN_USERNS(0, {
			const char *argv[] = {rows[i].name, "@set_user_id_tells", NULL};
			const char *envp[] = {NULL};

			CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
			sys(execve, rows[i].name, argv, envp);
			t_exit(100);
		}), rows[i].euid);
}

HELPER(set_user_id_tells)
{
	return (int)sys(geteuid);
}

// --- /proc ---

static int has_line(int pid, const char *line)
{
	static char text[8192];
	char path[64];

	t_snprintf(path, sizeof path, "/proc/%d/status", pid);
	t_slurp(path, text, sizeof text);
	return strstr(text, line) != NULL;
}

static void be_five(void)
{
	const unsigned groups[] = {8, 9};

	yield_to_parent();
	CHECK_EQ(sys(setgroups, 2, groups), 0);
	CHECK_EQ(sys(setresgid, 6, 6, 6), 0);
	CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	yield_to_parent();
	CHECK(has_line(t_getpid(), "Uid:\t5\t5\t5\t5\n"));
	CHECK(has_line(t_getpid(), "Gid:\t6\t6\t6\t6\n"));
	CHECK(has_line(t_getpid(), "Groups:\t8 9 \n"));
	CHECK(has_line(1, "Uid:\t65534\t65534\t65534\t65534\n"));
	CHECK(owned("/proc/self/status", 5, 6));
}

TEST(status_and_owners_in_proc)
{
	userns_prepare();
	int pid = in_user_namespace(0, be_five);
	char path[64];

	map_range(pid, BASE, 1000);
	yield_to_child();
	CHECK(has_line(pid, "Uid:\t100005\t100005\t100005\t100005\n"));
	CHECK(has_line(pid, "Gid:\t100006\t100006\t100006\t100006\n"));
	CHECK(has_line(pid, "Groups:\t100008 100009 \n"));
	t_snprintf(path, sizeof path, "/proc/%d/status", pid);
	CHECK(owned(path, BASE + 5, BASE + 6));
	end_namespace();
}

// --- signals ---

static siginfo_t info;

static int take(int sig)
{
	unsigned long set = BIT(sig);

	return (int)sys(rt_sigtimedwait, &set, &info, 0, 8);
}

static void take_signals(void)
{
	struct signalfd_siginfo s;
	unsigned long set = BIT(SIGUSR2);
	long fd;

	t_block(BIT(SIGUSR1) | BIT(SIGUSR2));
	yield_to_parent();
	become(0);
	yield_to_parent();
	CHECK_EQ(take(SIGUSR1), SIGUSR1); // of root's
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(info.si_uid, OVERFLOW_ID);
	CHECK_GE(fd = sys(signalfd4, -1, &set, 8, 0), 0);
	CHECK_EQ(sys(read, fd, &s, sizeof s), sizeof s);
	CHECK_EQ(s.ssi_code, SI_QUEUE);
	CHECK_EQ(s.ssi_uid, 7);
	CHECK_EQ(sys(kill, sys(getppid), 0), -EPERM);
	CHECK_EQ(sys(setresuid, 3, 0, 0), 0);
}

TEST(signals_and_their_senders)
{
	userns_prepare();
	int pid = in_user_namespace(0, take_signals);
	siginfo_t of_child;

	map_range(pid, BASE, 1000);
	yield_to_child();
	CHECK_EQ(sys(kill, pid, SIGUSR1), 0);
	CHECK_EQ(IN_CHILD({ // somebody in between says who it is; that has a name there
		siginfo_t mine = {.si_code = SI_QUEUE, .si_uid = BASE + 7};

		CHECK_EQ(sys(rt_sigqueueinfo, pid, SIGUSR2, &mine), 0);
	}), 0);
	pass(turn_in[1]);
	t_block(BIT(SIGCHLD));
	CHECK_EQ(sys(waitid, 1, pid, &of_child, 4 | 0x01000000, 0), 0); // P_PID, WEXITED | WNOWAIT
	CHECK_EQ(of_child.si_status, 0);
	CHECK_EQ(of_child.si_uid, BASE + 3);
	CHECK_EQ(t_wait(pid), 0);
	sys(close, turn_in[1]);
	sys(close, turn_out[0]);
}

// The parent of both, in a namespace that knows neither the machine's root nor more than one of its own.
TEST(children_told_of_by_names)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, {
		int pid;

		t_block(BIT(SIGCHLD));
		pid = t_fork();
		if (pid == 0) {
			CHECK_EQ(sys(setresuid, 4, 4, 4), 0);
			t_exit(0);
		}
		CHECK_EQ(take(SIGCHLD), SIGCHLD);
		CHECK_EQ(info.si_uid, 4);
		CHECK_EQ(sys(waitid, 1, pid, &info, 4, 0), 0);
		CHECK_EQ(info.si_uid, 4);
		pid = (int)sys(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			t_exit(0); // a child in a namespace without names
		CHECK_EQ(take(SIGCHLD), SIGCHLD);
		CHECK_EQ(info.si_uid, 0);
		CHECK_EQ(t_wait(pid), 0);
		CHECK_EQ(sys(kill, t_getpid(), SIGCHLD), 0);
		CHECK_EQ(take(SIGCHLD), SIGCHLD);
		CHECK_EQ(info.si_uid, 0);
		pid = t_fork();
		if (pid == 0)
			thread_pause(NULL);
		CHECK_EQ(sys(kill, pid, SIGSTOP), 0);
		CHECK_EQ(take(SIGCHLD), SIGCHLD);
		CHECK_EQ(info.si_code, CLD_STOPPED);
		CHECK_EQ(info.si_uid, 0);
		CHECK_EQ(sys(waitid, 1, pid, &info, 2, 0), 0); // WSTOPPED
		CHECK_EQ(info.si_uid, 0);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, pid, 0, 0), 0);
		CHECK_EQ(sys(kill, pid, SIGKILL), 0);
		CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	}), 0);
}

// --- sockets ---

enum { AF_UNIX = 1, SOCK_STREAM = 1, SCM_CREDENTIALS = 2 };
static int fds[2];

static long claim(unsigned uid, unsigned gid)
{
	struct cmsg c = {HEAD + sizeof c.cred, SOL_SOCKET, SCM_CREDENTIALS, {.cred = {t_getpid(), uid, gid}}};
	struct iovec v = {"x", 1};
	struct msghdr m = {.iov = &v, .iovlen = 1, .control = &c, .controllen = sizeof c};

	return sys(sendmsg, fds[1], &m, 0);
}

static int sender_is(int fd, unsigned uid, unsigned gid)
{
	struct cmsg c = {0};
	char byte;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.iov = &v, .iovlen = 1, .control = &c, .controllen = sizeof c};

	CHECK_EQ(sys(recvmsg, fd, &m, 0), 1);
	CHECK_EQ(c.type, SCM_CREDENTIALS);
	return c.cred.uid == uid && c.cred.gid == gid;
}

static int peer_is(int fd, unsigned uid, unsigned gid)
{
	struct ucred c;
	int n = sizeof c;

	CHECK_EQ(sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &c, &n), 0);
	return c.uid == uid && c.gid == gid;
}

TEST(credentials_on_sockets)
{
	userns_prepare();
	int on = 1;

	CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, fds), 0);
	CHECK_EQ(sys(setsockopt, fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
	CHECK_EQ(sys(setsockopt, fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
	CHECK_EQ(sys(write, fds[0], "x", 1), 1);
	CHECK_EQ(IN_USERNS(0, {
		int pair[2];

		CHECK(peer_is(fds[1], OVERFLOW_ID, OVERFLOW_ID));
		CHECK(sender_is(fds[1], OVERFLOW_ID, OVERFLOW_ID));
		CHECK_EQ(sys(write, fds[1], "x", 1), 1);
		CHECK_EQ(claim(3, 4), 1); // root of it may say so
		CHECK_EQ(claim(1000, 0), -EINVAL);
		CHECK_EQ(claim(0, 1000), -EINVAL);
		CHECK_EQ(claim(-1, 0), -EINVAL);
		CHECK_EQ(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, pair), 0);
		CHECK(peer_is(pair[0], 0, 0));
		CHECK_EQ(sys(setresuid, 5, 5, 5), 0);
		CHECK_EQ(claim(3, 4), -EPERM);
		CHECK_EQ(claim(5, 0), 1);
	}), 0);
	CHECK(sender_is(fds[0], BASE, BASE));
	CHECK(sender_is(fds[0], BASE + 3, BASE + 4));
	CHECK(sender_is(fds[0], BASE + 5, BASE));
	sys(close, fds[0]);
	sys(close, fds[1]);
}

// --- System V ---

TEST(owners_of_ipc)
{
	userns_prepare();
	static char rows[4096];
	static int *ids;
	struct shmid64_ds s;
	struct msqid64_ds q;
	struct semid64_ds sem;

	ids = (int *)sys(mmap, 0, PAGE, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK_EQ(IN_USERNS(0, {
		CHECK_GE(ids[0] = (int)sys(shmget, IPC_PRIVATE, PAGE, 0600), 0);
		CHECK_GE(ids[1] = (int)sys(msgget, IPC_PRIVATE, 0600), 0);
		CHECK_GE(ids[2] = (int)sys(semget, IPC_PRIVATE, 1, 0600), 0);
		CHECK_EQ(sys(shmctl, ids[0], IPC_STAT, &s), 0);
		CHECK(s.shm_perm.uid == 0 && s.shm_perm.cgid == 0);
		s.shm_perm.uid = 5;
		s.shm_perm.gid = 6;
		CHECK_EQ(sys(shmctl, ids[0], IPC_SET, &s), 0);
		t_slurp("/proc/sysvipc/shm", rows, sizeof rows);
		CHECK(strstr(rows, "    5     6     0     0 ") != NULL);
		s.shm_perm.uid = 1000;
		CHECK_EQ(sys(shmctl, ids[0], IPC_SET, &s), -EINVAL);
		CHECK_EQ(sys(msgctl, ids[1], IPC_STAT, &q), 0);
		q.msg_perm.gid = BASE;
		CHECK_EQ(sys(msgctl, ids[1], IPC_SET, &q), -EINVAL);
	}), 0);
	CHECK_EQ(sys(shmctl, ids[0], IPC_STAT, &s), 0);
	CHECK(s.shm_perm.uid == BASE + 5 && s.shm_perm.gid == BASE + 6 && s.shm_perm.cuid == BASE && s.shm_perm.cgid == BASE);
	CHECK_EQ(sys(msgctl, ids[1], IPC_STAT, &q), 0);
	CHECK(q.msg_perm.uid == BASE && q.msg_perm.cgid == BASE);
	CHECK_EQ(sys(semctl, ids[2], 0, IPC_STAT, &sem), 0);
	CHECK(sem.sem_perm.uid == BASE && sem.sem_perm.cgid == BASE);
	sem.sem_perm.uid = sem.sem_perm.gid = 0;
	CHECK_EQ(sys(semctl, ids[2], 0, IPC_SET, &sem), 0);
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(semctl, ids[2], 0, IPC_STAT, &sem), 0); // it is still who made it
		CHECK(sem.sem_perm.uid == OVERFLOW_ID && sem.sem_perm.cuid == 0);
	}), 0);
	CHECK_EQ(sys(shmctl, ids[0], IPC_RMID, 0), 0);
	CHECK_EQ(sys(msgctl, ids[1], IPC_RMID, 0), 0);
	CHECK_EQ(sys(semctl, ids[2], 0, IPC_RMID, 0), 0);
}

// --- other processes ---

static void wait_there(void)
{
	yield_to_parent();
}

// What root of a namespace may do to who lives below it, and not to others.
TEST(power_over_those_below)
{
	userns_prepare();
	int outside = t_getpid();

	CHECK_EQ(IN_USERNS(0, {
		int below;
		char path[64];
		struct { unsigned long cur, max; } limit;
		char word[8];
		struct iovec here = {word, 8};
		struct iovec there = {outside ? word : NULL, 8};

		below = in_user_namespace(0, wait_there);
		CHECK_EQ(id_write(below, "uid_map", "0 7 1"), 0);
		// It has other ids than we, and not more power.
		CHECK_EQ(sys(kill, below, 0), 0);
		CHECK_EQ(sys(prlimit64, below, 7, 0, &limit), 0);
		CHECK_EQ(sys(setpriority, 0, below, 1), 0);
		CHECK_EQ(sys(sched_setaffinity, below, 8, (unsigned long[]){~0UL}), 0);
		CHECK_EQ(sys(process_vm_readv, below, &here, 1, &there, 1, 0), 8);
		CHECK_EQ(sys(kcmp, below, below, KCMP_VM, 0, 0), 0);
		t_snprintf(path, sizeof path, "/proc/%d/fd", below);
		CHECK_GE(sys(open, path, O_RDONLY), 0);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, below, 0, 0), 0);
		CHECK_EQ(sys(kill, outside, 0), -EPERM);
		CHECK_EQ(sys(prlimit64, outside, 7, 0, &limit), -EPERM);
		CHECK_EQ(sys(setpriority, 0, outside, 1), -EPERM);
		CHECK_EQ(sys(sched_setaffinity, outside, 8, (unsigned long[]){~0UL}), -EPERM);
		CHECK_EQ(sys(process_vm_readv, outside, &here, 1, &there, 1, 0), -EPERM);
		CHECK_EQ(sys(kcmp, outside, outside, KCMP_VM, 0, 0), -EPERM);
		CHECK_EQ(sys(ptrace, PTRACE_SEIZE, outside, 0, 0), -EPERM);
		CHECK_EQ(sys(setpriority, 0, 0, -1), -EACCES); // no more of the machine's time
		limit.cur = limit.max = ~0UL;
		CHECK_EQ(sys(prlimit64, 0, 4, 0, &limit), 0);
		CHECK_EQ(sys(kill, below, SIGKILL), 0);
		CHECK_EQ(t_wait(below), SIGNALLED(SIGKILL));
	}), 0);
}

TEST(priority_of_a_user)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(setresuid, 77, 77, 77), 0);
		CHECK_EQ(sys(setpriority, 2, 77, 3), 0);
		CHECK_EQ(sys(getpriority, 2, 77), 17);
		CHECK_EQ(sys(getpriority, 2, 0), 17);
		CHECK_EQ(sys(getpriority, 0, 0), 17);
		CHECK_EQ(sys(getpriority, 2, 1000), -ESRCH);
		CHECK_EQ(sys(getpriority, 2, BASE + 77), -ESRCH);
	}), 0);
}

// What goes with a namespace of another kind that belongs to it.
TEST(power_over_what_belongs_to_it)
{
	userns_prepare();
	CHECK_EQ(IN_USERNS(CLONE_NEWPID | CLONE_NEWUTS, {
		struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (unsigned long)(int[]){77}, .set_tid_size = 1};
		int pid;

		CHECK_EQ(sys(sethostname, "x", 1), 0);
		pid = (int)sys(clone3, &args, sizeof args);
		if (pid == 0)
			t_exit(t_getpid());
		CHECK_EQ(pid, 77);
		CHECK_EQ(t_wait(pid), 77);
		args.set_tid = (unsigned long)(int[]){78, 20000};
		args.set_tid_size = 2;
		CHECK_EQ(sys(clone3, &args, sizeof args), -EPERM); // no number of those outside
		CHECK_EQ(sys(reboot, 0xfee1dead, 672274793, 0x1234567, 0), SIGHUP); // ends this one alone
	}), SIGNALLED(SIGHUP));
	CHECK_EQ(IN_USERNS(0, {
		CHECK_EQ(sys(reboot, 0xfee1dead, 672274793, 0, 0), -EPERM);
		CHECK_EQ(sys(sethostname, "x", 1), -EPERM);
	}), 0);
}

// Threads in a namespace count for who made it, whoever they are there.
TEST(threads_count_for_the_owner)
{
	userns_prepare();
	CHECK_EQ(IN_CHILD({
		struct { unsigned long cur, max; } limit = {4, 4};
		int pids[3];

		become(4321);
		CHECK_EQ(sys(prlimit64, 0, 6, &limit, 0), 0); // RLIMIT_NPROC
		be_root_in_own();
		for (int i = 0; i < 3; i++) {
			pids[i] = t_fork();
			if (pids[i] == 0)
				thread_pause(NULL);
			CHECK_GE(pids[i], 0);
		}
		CHECK_EQ(sys(fork), -EAGAIN);
		CHECK_EQ(sys(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), -EAGAIN);
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(sys(kill, pids[i], SIGKILL), 0);
			CHECK_EQ(t_wait(pids[i]), SIGNALLED(SIGKILL));
		}
	}), 0);
}
