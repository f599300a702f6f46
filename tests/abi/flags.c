// SPDX-License-Identifier: GPL-2.0-only
//
// Flags that programs written elsewhere were seen to give to calls, and that have no test of their own anywhere else.
#include "t.h"

#include <asm/statfs.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/personality.h>
#include <linux/pidfd.h>
#include <linux/random.h>
#include <linux/stat.h>

#define USER 1000
#define R_OK 4
#define W_OK 2
#define X_OK 1
#define ST_VALID 0x20
#define ST_RELATIME 0x1000
#define CLOCK_SGI_CYCLE 10
#define SUID_DUMP_ROOT 2
#define EFD_SEMAPHORE 1
#define EFD_NONBLOCK O_NONBLOCK
#define EFD_CLOEXEC O_CLOEXEC
#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2
#define IPPROTO_IP 0
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

static char buf[4096];

TEST(open_largefile)
{
	long fd;

	t_tmpdir();
	fd = sys(open, "f", O_CREAT | O_RDWR | O_LARGEFILE, 0600);
	CHECK_EQ(sys(fcntl, fd, F_GETFL), O_RDWR | O_LARGEFILE);
	fd = sys(openat, AT_FDCWD, "f", O_RDONLY); // 64 bits always have it
	CHECK_EQ(sys(fcntl, fd, F_GETFL), O_LARGEFILE);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_LARGEFILE | O_NONBLOCK), 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFL), O_LARGEFILE | O_NONBLOCK);
}

// open does not refuse what it does not know, nor does it remember it.
TEST(open_unknown_flags)
{
	static const unsigned unknown[] = {4, 8, 16, 32, 0x800000, 0x1000000, 0x40000000, 0x80000000};
	long fd;

	t_tmpdir();
	for (unsigned i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		fd = sys(open, "f", O_CREAT | O_RDWR | unknown[i], 0600);
		CHECK_GE(fd, 0);
		CHECK_EQ(sys(fcntl, fd, F_GETFL), O_RDWR | O_LARGEFILE);
		CHECK_EQ(sys(close, fd), 0);
		fd = sys(openat, AT_FDCWD, "f", O_PATH | unknown[i]);
		CHECK_EQ(sys(fcntl, fd, F_GETFL), O_PATH);
		CHECK_EQ(sys(close, fd), 0);
	}
}

static unsigned mode_of(const char *path)
{
	struct stat st, st2, st3;
	long fd = sys(open, path, O_PATH | O_NOFOLLOW);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(lstat, path, &st), 0);
	CHECK_EQ(sys(newfstatat, AT_FDCWD, path, &st2, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_EQ(sys(fstat, fd, &st3), 0);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(st2.st_mode, st.st_mode);
	CHECK_EQ(st3.st_mode, st.st_mode);
	return st.st_mode;
}

TEST(kinds_of_files)
{
	struct stat st;

	t_tmpdir();
	CHECK_EQ(sys(umask, 0), 022);
	CHECK_EQ(sys(mkdir, "dir", S_ISVTX | 0777), 0);
	CHECK_EQ(sys(chmod, "dir", S_ISGID | S_ISVTX | 0750), 0);
	CHECK_EQ(mode_of("dir"), S_IFDIR | S_ISGID | S_ISVTX | 0750);
	CHECK_EQ(sys(mknod, "file", S_IFREG | 0644, 0), 0);
	CHECK_EQ(sys(chmod, "file", S_ISUID | 0711), 0);
	CHECK_EQ(mode_of("file"), S_IFREG | S_ISUID | 0711);
	CHECK_EQ(sys(mknod, "pipe", S_IFIFO | 0600, 0), 0);
	CHECK_EQ(mode_of("pipe"), S_IFIFO | 0600);
	CHECK_EQ(sys(symlink, "dir", "link"), 0);
	CHECK_EQ(mode_of("link"), S_IFLNK | 0777);
	CHECK_EQ(sys(stat, "link", &st), 0);
	CHECK_EQ(st.st_mode, S_IFDIR | S_ISGID | S_ISVTX | 0750);
	CHECK_EQ(mode_of("/dev/null") & S_IFMT, S_IFCHR);
	CHECK_EQ(sys(stat, "/dev/null", &st), 0);
	CHECK_EQ(st.st_rdev, 1 << 8 | 3);
	long made = sys(mknod, "null", S_IFCHR | 0600, 1 << 8 | 3);
	CHECK(made == 0 || made == -EPERM); // not where root has no devices
	if (made == 0)
		CHECK_EQ(mode_of("null"), S_IFCHR | 0600);
}

TEST(access_modes)
{
	t_tmpdir();
	CHECK_EQ(sys(mknod, "f", S_IFREG | 0440, 0), 0);
	CHECK_EQ(sys(chmod, ".", 0755), 0);
	CHECK_EQ(sys(chown, "f", USER, USER), 0);
	CHECK_EQ(sys(access, "f", R_OK | W_OK), 0); // root may
	CHECK_EQ(sys(access, "f", X_OK), -EACCES); // but run what nobody runs
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresgid, USER, USER, USER), 0);
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(access, "f", R_OK), 0);
		CHECK_EQ(sys(access, "f", W_OK), -EACCES);
		CHECK_EQ(sys(access, "f", R_OK | X_OK), -EACCES);
	}), 0);
}

// Each limit is read as it was set, is a limit for oneself and for a child, and does not go above what it was.
TEST(every_limit)
{
	static const int limits[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS,
		RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE,
		RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME};

	for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct rlimit64 old, l, now;

		CHECK_EQ(sys(prlimit64, 0, limits[i], 0, &old), 0);
		l = old;
		if (l.rlim_cur > 1)
			l.rlim_cur--;
		CHECK_EQ(sys(prlimit64, t_getpid(), limits[i], &l, &now), 0);
		CHECK_EQ(now.rlim_cur, old.rlim_cur);
		CHECK_EQ(now.rlim_max, old.rlim_max);
		CHECK_EQ(IN_CHILD({
			CHECK_EQ(sys(prlimit64, 0, limits[i], 0, &now), 0);
			CHECK_EQ(now.rlim_cur, l.rlim_cur);
		}), 0);
		CHECK_EQ(sys(prlimit64, 0, limits[i], &old, 0), 0);
		l = (struct rlimit64){2, 1};
		CHECK_EQ(sys(prlimit64, 0, limits[i], &l, 0), -EINVAL);
	}
	CHECK_EQ(sys(prlimit64, 0, RLIM_NLIMITS, 0, 0), -EINVAL);
}

TEST(a_file_system_in_memory)
{
	struct statfs s;

	CHECK_EQ(sys(statfs, "/dev/shm", &s), 0);
	CHECK_EQ(s.f_type, TMPFS_MAGIC);
	CHECK(s.f_flags & ST_VALID);
	CHECK(s.f_flags & ST_RELATIME);
	CHECK_EQ(s.f_bsize, PAGE);
	CHECK_EQ(s.f_namelen, 255);
}

TEST(memory)
{
	static const int advice[] = {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTDUMP, MADV_DODUMP,
		MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTFORK, MADV_DOFORK, MADV_COLD, MADV_DONTNEED};
	char *p;

	p = (char *)sys(mmap, 0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	CHECK(p < (char *)-4096UL);
	p[0] = 1;
	for (unsigned i = 0; i < sizeof advice / sizeof *advice; i++)
		CHECK_EQ(sys(madvise, p, 4 * PAGE, advice[i]), 0);
	CHECK_EQ(p[0], 0);
	p[0] = 1;
	CHECK_EQ(sys(madvise, p, PAGE, MADV_WIPEONFORK), 0);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_KEEPONFORK), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(p[0], 1)), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		for (int how = MADV_HWPOISON; how <= MADV_SOFT_OFFLINE; how++) {
			long known = sys(madvise, 0, 0, how), poisoned = sys(madvise, p, PAGE, how);
			CHECK(known == 0 || (known == -EINVAL && !t_on_thaw)); // without CONFIG_MEMORY_FAILURE
			CHECK_EQ(poisoned, known ? -EINVAL : -EPERM);
			CHECK_EQ(sys(madvise, p + 1, PAGE, how), -EINVAL);
			CHECK_EQ(sys(madvise, p, -PAGE, how), -EINVAL);
		}
	}), 0);
	CHECK_EQ(p[0], 1);
	for (int how = MADV_MERGEABLE; how <= MADV_UNMERGEABLE; how++) {
		long known = sys(madvise, 0, 0, how);

		CHECK(known == 0 || (known == -EINVAL && !t_on_thaw)); // without CONFIG_KSM
		CHECK_EQ(sys(madvise, p, 4 * PAGE, how), known);
		CHECK_EQ(sys(madvise, p + 1, PAGE, how), -EINVAL);
		CHECK_EQ(sys(madvise, 0, PAGE, how), known ? known : -ENOMEM);
	}
	CHECK_EQ(p[0], 1);
	CHECK_EQ(sys(munmap, p, 4 * PAGE), 0);
	t_tmpdir();
	int fd = (int)sys(open, "f", O_CREAT | O_RDWR, 0600);
	CHECK_EQ(sys(write, fd, "text", 4), 4);
	p = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_FILE, fd, 0);
	CHECK_EQ(memcmp(p, "text", 4), 0);
}

TEST(clocks_and_policies)
{
	static const struct {
		int policy, max, min;
	} rows[] = {{SCHED_NORMAL, 0, 0}, {SCHED_BATCH, 0, 0}, {SCHED_IDLE, 0, 0}, {SCHED_DEADLINE, 0, 0}, {SCHED_FIFO, 99, 1},
		{SCHED_RR, 99, 1}, {4, -EINVAL, -EINVAL}, {-1, -EINVAL, -EINVAL}};
	struct timespec ts;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		CHECK_EQ(sys(sched_get_priority_max, rows[i].policy), rows[i].max);
		CHECK_EQ(sys(sched_get_priority_min, rows[i].policy), rows[i].min);
	}
	CHECK_EQ(sys(sched_getscheduler, 0), SCHED_NORMAL);
	CHECK_EQ(sys(clock_getres, CLOCK_SGI_CYCLE, &ts), -EINVAL);
	CHECK_EQ(sys(clock_gettime, CLOCK_SGI_CYCLE, &ts), -EINVAL);
}

TEST(descriptors)
{
	long fd = sys(eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);

	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_EQ(sys(read, fd, buf, 8), -EAGAIN);
	fd = sys(pidfd_open, t_getpid(), PIDFD_NONBLOCK);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	fd = sys(memfd_create, "f", MFD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(dup3, fd, 99, O_CLOEXEC), 99);
	static const int not_these[] = {O_NOCTTY, O_APPEND, O_DIRECT, O_NOFOLLOW, O_NOATIME, O_CREAT, O_SYNC, O_TMPFILE, O_EXCL,
		O_LARGEFILE, O_PATH, O_TRUNC, O_NONBLOCK};
	for (unsigned i = 0; i < sizeof not_these / sizeof *not_these; i++)
		CHECK_EQ(sys(dup3, fd, 99, not_these[i]), -EINVAL);
	CHECK_EQ(sys(getrandom, buf, 16, GRND_NONBLOCK), 16);
	CHECK_EQ(sys(getrandom, buf, 16, GRND_RANDOM | GRND_NONBLOCK), 16);
	CHECK_EQ(sys(getrandom, buf, 16, 8), -EINVAL);
}

TEST(one_wakes_and_the_others_wait_elsewhere)
{
	_Atomic int *word = t_map_shared(PAGE);
	int pids[2];

	for (int i = 0; i < 2; i++) {
		pids[i] = t_fork();
		if (pids[i] == 0)
			t_exit((int)-futex(word, FUTEX_WAIT, 0, NULL, NULL, 0));
		UNTIL(t_state(pids[i]) == 'S');
	}
	CHECK_EQ(futex(word, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, word + 1, 0), 0); // of them none is private
	CHECK_EQ(futex(word, FUTEX_REQUEUE, 1, (void *)1, word + 1, 0), 2);
	CHECK_EQ(futex(word, FUTEX_WAKE, 2, NULL, NULL, 0), 0);
	CHECK_EQ(futex(word + 1, FUTEX_WAKE, 2, NULL, NULL, 0), 1);
	CHECK_EQ(t_wait(pids[0]), 0);
	CHECK_EQ(t_wait(pids[1]), 0);
}

static int wait_in(void *word)
{
	return (int)futex(word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

TEST(threads_wait_elsewhere)
{
	static _Atomic int word[2];
	struct thread t;

	thread_start(&t, wait_in, word);
	UNTIL(t_task_state(t_getpid(), t.id) == 'S');
	CHECK_EQ(futex(word, FUTEX_REQUEUE_PRIVATE, 0, (void *)9, word + 1, 0), 1);
	CHECK_EQ(futex(word + 1, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0), 1);
	thread_join(&t);
}

TEST(processes)
{
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, SUID_DUMP_ROOT, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(setpriority, PRIO_PGRP, 0, 3), 0); // the test has one of its own
	CHECK_EQ(sys(getpriority, PRIO_PGRP, 0), 20 - 3);
	CHECK_EQ(sys(getpriority, PRIO_PROCESS, 0), 20 - 3);
	CHECK_EQ(sys(getpriority, PRIO_PGRP, 4711 << 10), -ESRCH);
	CHECK_EQ(sys(getpriority, PRIO_USER + 1, 0), -EINVAL);
	CHECK_EQ(sys(kcmp, t_getpid(), t_getpid(), KCMP_IO, 0, 0), 0);
	CHECK_EQ(sys(kcmp, t_getpid(), t_getpid(), KCMP_EPOLL_TFD, 0, 8UL), -EFAULT);
	CHECK_EQ(sys(kcmp, t_getpid(), t_getpid(), KCMP_TYPES, 0, 0), -EINVAL);
}

// Each is asked about under a lock of its own.
TEST(two_compare_each_other)
{
	int me = t_getpid(), pid = t_fork();

	if (pid == 0)
		for (;;)
			CHECK_EQ(sys(kcmp, t_getpid(), me, KCMP_FILE, 1, 1), 0);
	for (int i = 0; i < 2000; i++) {
		CHECK_EQ(sys(kcmp, me, pid, KCMP_FILE, 1, 1), 0);
		CHECK_GE(sys(kcmp, pid, me, KCMP_VM, 0, 0), 1);
	}
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(sys(kcmp, me, pid, KCMP_VM, 0, 0), -ESRCH);
}

TEST(what_an_epoll_watches)
{
	struct kcmp_epoll_slot slot = {0, 0, 0};
	struct epoll_event ev = {EPOLLIN, 0};
	int p[2], ep = (int)sys(epoll_create1, 0), me = t_getpid();

	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, p[0], &ev), 0);
	slot.efd = (unsigned)ep;
	slot.tfd = (unsigned)p[0];
	CHECK_EQ(sys(kcmp, me, me, KCMP_EPOLL_TFD, p[0], &slot), 0);
	CHECK_GE(sys(kcmp, me, me, KCMP_EPOLL_TFD, p[1], &slot), 1);
	CHECK_EQ(sys(kcmp, me, me, KCMP_EPOLL_TFD, 900, &slot), -EBADF);
	slot.toff = 1;
	CHECK_EQ(sys(kcmp, me, me, KCMP_EPOLL_TFD, p[0], &slot), -ENOENT); // there is one
	slot = (struct kcmp_epoll_slot){(unsigned)ep, (unsigned)p[1], 0};
	CHECK_EQ(sys(kcmp, me, me, KCMP_EPOLL_TFD, p[0], &slot), -ENOENT);
	slot.efd = (unsigned)p[0];
	CHECK_EQ(sys(kcmp, me, me, KCMP_EPOLL_TFD, p[0], &slot), -EINVAL);
	slot.efd = ~0u;
	CHECK_EQ(sys(kcmp, me, me, KCMP_EPOLL_TFD, p[0], &slot), -EBADF);
}

TEST(personalities)
{
	static const unsigned bits[] = {PER_LINUX, STICKY_TIMEOUTS, PER_BSD, ADDR_LIMIT_32BIT, SHORT_INODE, PER_HPUX, PER_RISCOS,
		WHOLE_SECONDS, PER_OSF4, MMAP_PAGE_ZERO, ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC, PER_LINUX32, 0};
	unsigned was = (unsigned)sys(personality, 0xffffffff);

	for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++) {
		CHECK_EQ(sys(personality, bits[i]), was);
		was = bits[i];
		CHECK_EQ(sys(personality, 0xffffffff), was);
		CHECK_EQ(IN_CHILD(CHECK_EQ(sys(personality, 0xffffffff), was)), 0);
	}
}

TEST(protocols)
{
	enum { AF_INET = 2, SOCK_STREAM = 1, SOCK_DGRAM };

	CHECK_GE(sys(socket, AF_INET, SOCK_STREAM, IPPROTO_IP), 0);
	CHECK_GE(sys(socket, AF_INET, SOCK_DGRAM, IPPROTO_IP), 0);
	CHECK_GE(sys(socket, AF_INET, SOCK_STREAM, IPPROTO_TCP), 0);
	CHECK_GE(sys(socket, AF_INET, SOCK_DGRAM, IPPROTO_UDP), 0);
	CHECK_EQ(sys(socket, AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
	CHECK_EQ(sys(socket, AF_INET, SOCK_DGRAM, IPPROTO_TCP), -EPROTONOSUPPORT);
}

// Each capability can be given up alone, and does not come back.
TEST(each_capability)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct all[2], less[2], now[2];

	CHECK_EQ(sys(capget, &h, all), 0);
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (!(all[cap / 32].permitted >> cap % 32 & 1))
			continue;
		CHECK_EQ(IN_CHILD({
			memcpy(less, all, sizeof less);
			less[cap / 32].permitted &= ~(1u << cap % 32);
			less[cap / 32].effective &= ~(1u << cap % 32);
			CHECK_EQ(sys(capset, &h, less), 0);
			CHECK_EQ(sys(capget, &h, now), 0);
			CHECK_EQ(memcmp(now, less, sizeof now), 0);
			CHECK_EQ(sys(capset, &h, all), -EPERM);
		}), 0);
	}
}

TEST(flags_that_execveat_does_not_know)
{
	static const int not_these[] = {AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_RECURSIVE, AT_REMOVEDIR};
	char *none[] = {NULL};

	for (unsigned i = 0; i < sizeof not_these / sizeof *not_these; i++)
		CHECK_EQ(sys(execveat, AT_FDCWD, t_self, none, none, not_these[i]), -EINVAL);
	t_tmpdir();
	CHECK_EQ(sys(symlink, t_self, "link"), 0);
	CHECK_EQ(sys(execveat, AT_FDCWD, "link", none, none, AT_SYMLINK_NOFOLLOW), -ELOOP);
}

TEST(usage_of_both_is_no_more)
{
	CHECK_EQ(sys(getrusage, -2, buf), -EINVAL); // RUSAGE_BOTH
}
