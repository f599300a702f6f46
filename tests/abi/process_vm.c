// SPDX-License-Identifier: GPL-2.0-only
//
// Looking into other processes: process_vm_readv and process_vm_writev, /proc/PID/mem, and the files
// of /proc that are for those alone who may trace.
#include "trace.h"

static char ours[3 * PAGE] __attribute__((aligned(4096)));
static char theirs[3 * PAGE] __attribute__((aligned(4096)));
static const char constant[64] = "cannot be written";

static int with_memory(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < sizeof theirs; i++)
		theirs[i] = (char)(i * 7 + i / PAGE);
	*(_Atomic int *)shared = 1;
	return thread_pause(NULL);
}

static int a_child(void)
{
	_Atomic int *there = shared_word();

	*there = 0;
	int pid = child(with_memory, NULL);

	UNTIL(*there);
	return pid;
}

static void end(int pid)
{
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

static long vm(long nr, int pid, const struct iovec *l, long nl, const struct iovec *r, long nr_remote)
{
	return t_syscall(nr, pid, (long)l, nl, (long)r, nr_remote, 0);
}
#define READV(pid, l, nl, r, nr) vm(__NR_process_vm_readv, pid, l, nl, r, nr)
#define WRITEV(pid, l, nl, r, nr) vm(__NR_process_vm_writev, pid, l, nl, r, nr)

TEST(parts_of_any_size)
{
	int pid = a_child();
	struct iovec l[3] = {{ours, 5}, {ours + 5, 0}, {ours + 5, 2 * PAGE}}, r[2] = {{theirs + 100, PAGE}, {theirs + 2 * PAGE - 3, 700}};

	CHECK_EQ(READV(pid, l, 3, r, 2), PAGE + 700);
	for (unsigned i = 0; i < PAGE; i++)
		CHECK_EQ(ours[i], (char)((i + 100) * 7 + (i + 100) / PAGE));
	for (unsigned i = 0; i < 700; i++) {
		unsigned at = 2 * PAGE - 3 + i;

		CHECK_EQ(ours[PAGE + i], (char)(at * 7 + at / PAGE));
	}
	memset(ours, 0x55, sizeof ours);
	CHECK_EQ(WRITEV(pid, l, 3, r, 2), PAGE + 700);
	memset(ours, 0, sizeof ours);
	CHECK_EQ(READV(pid, l, 3, r, 2), PAGE + 700);
	for (unsigned i = 0; i < PAGE + 700; i++)
		CHECK_EQ(ours[i], 0x55);
	l[2].iov_len = 10; // less room than there is
	CHECK_EQ(READV(pid, l, 3, r, 2), 15);
	end(pid);
}

TEST(process_vm_is_refused)
{
	int pid = a_child();
	struct iovec l = {ours, 100}, r = {theirs, 100}, bad = {t_ptr(8), 100}, huge = {ours, 1UL << 63}, none = {ours, 0};
	struct iovec half[2] = {{theirs, 50}, {t_ptr(8), 50}};

	CHECK_EQ(t_syscall(__NR_process_vm_readv, pid, (long)&l, 1, (long)&r, 1, 1), -EINVAL);
	CHECK_EQ(READV(0x3fffffff, &l, 1, &r, 1), -ESRCH);
	CHECK_EQ(READV(0, &l, 1, &r, 1), -ESRCH);
	CHECK_EQ(READV(pid, &l, 1025, &r, 1), -EINVAL);
	CHECK_EQ(READV(pid, &l, 1, &r, 1025), -EINVAL);
	CHECK_EQ(READV(pid, &l, -1, &r, 1), -EINVAL);
	CHECK_EQ(READV(pid, t_ptr(8), 1, &r, 1), -EFAULT);
	CHECK_EQ(READV(pid, &l, 1, t_ptr(8), 1), -EFAULT);
	CHECK_EQ(READV(pid, &huge, 1, &r, 1), -EINVAL);
	CHECK_EQ(READV(pid, &l, 1, &huge, 1), -EINVAL);
	CHECK_EQ(READV(pid, &l, 0, &r, 1), 0);
	CHECK_EQ(READV(pid, &l, 1, &r, 0), 0);
	CHECK_EQ(READV(pid, &none, 1, &r, 1), 0);
	CHECK_EQ(READV(0x3fffffff, &l, 1, &none, 1), 0); // nothing is wanted of it
	CHECK_EQ(READV(pid, &bad, 1, &r, 1), -EFAULT);
	CHECK_EQ(READV(pid, &l, 1, &bad, 1), -EFAULT);
	CHECK_EQ(WRITEV(pid, &l, 1, &bad, 1), -EFAULT);
	CHECK_EQ(READV(pid, &l, 1, half, 2), 50); // what was copied counts
	r.iov_base = t_ptr((unsigned long)constant);
	CHECK_EQ(READV(pid, &l, 1, &r, 1), 64 < 100 ? 100 : 0);
	CHECK_EQ(WRITEV(pid, &l, 1, &r, 1), -EFAULT); // its protection holds
	r.iov_base = t_ptr(0xffff888000000000UL);
	CHECK_EQ(READV(pid, &l, 1, &r, 1), -EFAULT);
	end(pid);
	CHECK_EQ(READV(pid, &l, 1, &r, 1), -ESRCH);
}

TEST(a_zombie_has_no_memory)
{
	struct iovec l = {ours, 100}, r = {theirs, 100};
	int pid = a_child();

	sys(kill, pid, SIGKILL);
	UNTIL(t_state(pid) == 'Z');
	CHECK_EQ(READV(pid, &l, 1, &r, 1), -ESRCH);
	t_wait(pid);
}

static int mem_of(int pid, int flags)
{
	char path[64];

	t_snprintf(path, sizeof path, "/proc/%d/mem", pid);
	return (int)sys(open, path, flags);
}

TEST(proc_mem)
{
	int pid = a_child(), fd = mem_of(pid, O_RDWR);
	unsigned long at = (unsigned long)theirs;

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(lseek, fd, at + PAGE - 10, SEEK_SET), at + PAGE - 10);
	CHECK_EQ(sys(read, fd, ours, 20), 20);
	CHECK_EQ(ours[9], (char)((PAGE - 1) * 7));
	CHECK_EQ(ours[10], (char)(PAGE * 7 + 1));
	CHECK_EQ(sys(lseek, fd, 0, SEEK_CUR), at + PAGE + 10);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_END), -EINVAL);
	CHECK_EQ(sys(pwrite64, fd, "abc", 3, constant), 3); // as a tracer does
	CHECK_EQ(sys(pread64, fd, ours, 4, constant), 4);
	CHECK_EQ(strncmp(ours, "abcn", 4), 0);
	CHECK_EQ(strncmp(constant, "cann", 4), 0);
	CHECK_EQ(sys(pread64, fd, ours, 8, 8), -EIO);
	CHECK_EQ(sys(pwrite64, fd, ours, 8, 8), -EIO);
	CHECK_EQ(sys(pread64, fd, ours, 8, -8), -EINVAL);
	CHECK_EQ(sys(pread64, fd, 8, 8, at), -EFAULT);
	CHECK_EQ(sys(pwrite64, fd, 8, 8, at), -EFAULT);
	CHECK_EQ(sys(pread64, fd, ours, 0, 8), 0);
	end(pid);
	CHECK_EQ(sys(pread64, fd, ours, 8, at), 0); // it is gone
	CHECK_EQ(sys(pwrite64, fd, ours, 8, at), 0);
	sys(close, fd);
}

TEST(proc_mem_of_oneself)
{
	int fd = mem_of(t_getpid(), O_RDWR);

	CHECK_EQ(sys(pwrite64, fd, "new", 4, ours), 4);
	CHECK_EQ(strcmp(ours, "new"), 0);
	CHECK_EQ(sys(pread64, fd, ours + 100, 4, ours), 4);
	CHECK_EQ(strcmp(ours + 100, "new"), 0);
	sys(close, fd);
}

// ---- for those who may trace ----

static int as_nobody(void *unused)
{
	sys(setresgid, 1000, 1000, 1000);
	sys(setresuid, 1000, 1000, 1000);
	sys(prctl, PR_SET_DUMPABLE, *(_Atomic int *)(shared + 8), 0, 0, 0);
	return with_memory(unused);
}

static long opens(int pid, const char *name)
{
	char path[64];
	long fd;

	t_snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	fd = sys(open, path, O_RDONLY);
	if (fd >= 0)
		sys(close, fd);
	return fd < 0 ? fd : 0;
}

static long reads_link(int pid, const char *name)
{
	char path[64], to[128];
	long n;

	t_snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	n = sys(readlink, path, to, sizeof to);
	return n < 0 ? n : 0;
}

static void look(int pid, long want)
{
	static const char *const files[] = {"maps", "auxv", "environ", "mem"};
	static const char *const links[] = {"exe", "cwd", "root"};
	struct iovec l = {ours, 100}, r = {theirs, 100};
	unsigned long head, size;

	CHECK_EQ(sys(get_robust_list, pid, &head, &size), want ? -EPERM : 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(opens(pid, files[i]), want);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(reads_link(pid, links[i]), want);
	CHECK_EQ(opens(pid, "stat"), 0);
	CHECK_EQ(opens(pid, "status"), 0);
	CHECK_EQ(READV(pid, &l, 1, &r, 1), want ? -EPERM : 100);
	CHECK_EQ(WRITEV(pid, &l, 1, &r, 1), want ? -EPERM : 100);
}

TEST(files_for_those_who_may_trace)
{
	if (sys(getuid))
		SKIP("needs root");
	_Atomic int *there = shared_word(), *dumpable = (_Atomic int *)(shared + 8);

	for (*dumpable = 0; *dumpable < 2; ++*dumpable) {
		*there = 0;
		int pid = child(as_nobody, NULL);

		UNTIL(*there);
		look(pid, 0); // root
		CHECK_EQ(IN_CHILD({
			sys(setresgid, 1000, 1000, 1000);
			sys(setresuid, 1000, 1000, 1000);
			look(pid, *dumpable ? 0 : -EACCES);
		}), 0);
		CHECK_EQ(IN_CHILD({
			sys(setresgid, 1001, 1001, 1001);
			sys(setresuid, 1001, 1001, 1001);
			look(pid, -EACCES);
		}), 0);
		end(pid);
	}
}

// ---- a file of memory is of that which was there when it was opened ----

static const char *const of_memory[] = {"mem", "maps", "auxv", "environ"};
#define AUXV 2 // stays as it was
#define FIRST_FD 100

// Its descriptors are those of the test; none of them shows what runs now.
HELPER(who_has_execed)
{
	char mine[16] = "mine", got[16] = "";

	CHECK_EQ(sys(pread64, FIRST_FD, got, 5, mine), 0);
	CHECK_EQ(sys(pwrite64, FIRST_FD, "his", 4, mine), 0);
	CHECK_EQ(strcmp(mine, "mine"), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(sys(pread64, FIRST_FD + i, got, sizeof(got), 0), i == AUXV ? sizeof(got) : 0);
	for (int i = 1; i < 4; i++) {
		char path[32];
		long fd;

		t_snprintf(path, sizeof path, "/proc/self/%s", of_memory[i]);
		fd = sys(open, path, O_RDONLY);
		CHECK_EQ(sys(read, fd, got, sizeof(got)), sizeof(got));
	}
	return 9;
}

static void open_files_of(int pid)
{
	for (int i = 0; i < 4; i++) {
		char path[64];
		long fd;

		t_snprintf(path, sizeof path, "/proc/%d/%s", pid, of_memory[i]);
		fd = sys(open, path, i ? O_RDONLY : O_RDWR);
		CHECK_EQ(sys(dup2, fd, FIRST_FD + i), FIRST_FD + i);
		sys(close, fd);
	}
}

TEST(memory_of_before_an_exec)
{
	CHECK_EQ(IN_CHILD({
		open_files_of(t_getpid());
		t_exec("who_has_execed", NULL, NULL);
	}), 9);
}

HELPER(who_waits)
{
	char c;

	sys(write, 51, "x", 1);
	sys(read, 52, &c, 1);
	return 7;
}

// Who looked at a process before looks no further when it becomes another program.
TEST(memory_of_another_before_its_exec)
{
	int up[2], down[2], pid;
	char got[16], auxv[512], again[512];
	long n;

	CHECK_EQ(sys(pipe2, up, 0), 0);
	CHECK_EQ(sys(pipe2, down, 0), 0);
	pid = t_fork();
	if (pid == 0) {
		sys(dup2, up[1], 51);
		sys(dup2, down[0], 52);
		sys(read, 52, got, 1);
		t_exec("who_waits", "so that all is elsewhere", NULL);
	}
	open_files_of(pid);
	n = sys(pread64, FIRST_FD + AUXV, auxv, sizeof(auxv), 0);
	CHECK_GE(n, 64);
	for (int i = 1; i < 4; i++)
		CHECK_EQ(sys(pread64, FIRST_FD + i, got, sizeof(got), 0), sizeof(got));
	CHECK_EQ(sys(write, down[1], "x", 1), 1);
	CHECK_EQ(sys(read, up[0], got, 1), 1);
	for (int i = 0; i < 4; i++)
		if (i != AUXV)
			CHECK_EQ(sys(pread64, FIRST_FD + i, got, sizeof(got), i ? 0 : theirs), 0);
	CHECK_EQ(sys(pread64, FIRST_FD + AUXV, again, sizeof(again), 0), n);
	CHECK(!memcmp(auxv, again, (size_t)n));
	CHECK_EQ(sys(write, down[1], "x", 1), 1);
	CHECK_EQ(t_wait(pid), 7);
}

static char counters[PAGE] __attribute__((aligned(4096)));
static _Atomic bool enough;

static int counts_by_writev(void *unused)
{
	static char from[PAGE] __attribute__((aligned(4096)));
	struct iovec l = {from, PAGE}, r = {counters, PAGE};
	int pid = t_getpid();

	(void)unused;
	for (unsigned n = 0; !enough; n++) {
		memset(from, (int)n, sizeof from);
		CHECK_EQ(WRITEV(pid, &l, 1, &r, 1), PAGE);
	}
	return 0;
}

// What is written after a fork is for the one side alone.
TEST(forks_while_memory_is_written)
{
	volatile char *last = counters + PAGE - 1;
	struct thread t;

	thread_start(&t, counts_by_writev, NULL);
	for (long start = t_now_ms(); t_now_ms() - start < 300;)
		CHECK_EQ(IN_CHILD({
			char was = *last;

			t_sleep_ms(1);
			CHECK_EQ(*last, was);
		}),
			0);
	enough = true;
	thread_join(&t);
}
