// SPDX-License-Identifier: GPL-2.0-only
//
// No memory: each allocation of a call fails once, the first, the second, and so on to the last. The call then says so or
// does without, works when it is repeated, and has kept nothing: the harness counts pages and objects.
#include "msg.h"
#include "uffd.h"

#include <asm/poll.h>
#include <linux/eventpoll.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/un.h>

// What no header of the kernel's own gives to user programs.
enum { AF_UNIX = 1, AF_INET, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOL_SOCKET = 1, SCM_RIGHTS = 1, MSG_DONTWAIT = 0x40, SOCK_NONBLOCK = O_NONBLOCK };

#define DOOR "/proc/self/fail-nth"
enum { UNTOUCHED = 77 }; // the call needs fewer allocations than that
static char buf[64 * 1024];

// EFAULT: the page of the program's that was to be written could not be had.
static bool says_so(long ret)
{
	// Of a lock in a file; and what Linux says of a namespace or an inotify that it has no memory to count.
	if (ret == -ENOLCK || ret == -ENOSPC || ret == -EMFILE)
		return true;
	return ret == -ENOMEM || ret == -EAGAIN || ret == -ENFILE || ret == -ENOBUFS || ret == -EFAULT;
}

// Where a failure would leave something for the next call to stumble over.
#define SURELY(call)                                                                               \
	do {                                                                                       \
	} while (says_so(call))

static long arm(long door, unsigned n)
{
	char text[16];
	int len = t_snprintf(text, sizeof text, "%u", n);

	return sys(pwrite64, door, text, len, 0);
}

// Whether the allocation that was to fail is still to come.
static bool disarm(long door)
{
	char text[16];
	long n = sys(pread64, door, text, sizeof text - 1, 0);

	if (n == -ENOMEM)
		return true; // it was one of the question's own
	CHECK_GE(n, 2);
	text[n] = 0;
	if (t_number(text) == 0)
		return false;
	SURELY(arm(door, 0));
	return true;
}

static void without_memory(const char *name, long (*call)(void))
{
	int how = 0;

	for (unsigned n = 1; how != UNTOUCHED && n < 1000; n++) {
		how = IN_CHILD({
			long door = sys(open, DOOR, O_RDWR | O_CLOEXEC);

			CHECK_GE(door, 0);
			CHECK_GE(call(), 0); // it works, and what it touches is there
			CHECK_GE(arm(door, n), 1);
			long ret = call();
			bool untouched = disarm(door);

			if (ret < 0 && (untouched || !says_so(ret))) {
				t_printf("# %s, allocation %d: %ld\n", name, (int)n, ret);
				t_exit(1);
			}
			ret = call();
			if (ret < 0) {
				t_printf("# %s, after allocation %d: %ld\n", name, (int)n, ret);
				t_exit(1);
			}
			t_exit(untouched ? UNTOUCHED : 0);
		});
		// A page that user mode touches and does not get ends the process.
		if (how != 0 && how != UNTOUCHED && how != SIGNALLED(SIGKILL)) {
			t_printf("# %s, allocation %d: ended with %d\n", name, (int)n, how);
			CHECK(!"ended well");
		}
	}
	CHECK_EQ(how, UNTOUCHED);
}

#define WITHOUT_MEMORY(call) without_memory(#call, call)

static void only_with_the_door(void)
{
	if (sys(access, DOOR, 2) == -ENOENT)
		SKIP("this kernel does not fail by order");
	t_tmpdir();
}

// The first failure of a chain of calls, after everything is put away.
#define both(first, second) ({ long a_ = (first), b_ = (second); a_ < 0 ? a_ : b_; })

static long close_of(long fd)
{
	return fd < 0 ? fd : sys(close, fd);
}

// ---- processes ----

static long reap(long pid)
{
	if (pid == 0)
		t_exit(0);
	if (pid < 0)
		return pid;
	while (sys(wait4, pid, 0, __WALL, 0) == -EINTR)
		;
	return 0;
}

static long call_fork(void)
{
	return reap(sys(fork));
}

static long call_clone_sharing(void)
{
	return reap(sys(clone, CLONE_FILES | CLONE_FS | CLONE_IO | SIGCHLD, 0, 0, 0, 0));
}

static long call_clone3(void)
{
	int pidfd = -1;
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND, .pidfd = (uint64_t)&pidfd};
	long ret = reap(sys(clone3, &args, sizeof args));

	if (ret >= 0)
		sys(close, pidfd);
	return ret;
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static long call_thread(void)
{
	static char stack[4 * PAGE] __attribute__((aligned(16)));
	static _Atomic int tid;
	long ret;
	int seen;

	tid = 1;
	ret = t_clone(THREAD_FLAGS, stack + sizeof stack, (void *)&tid, (void *)&tid, 0, nothing, NULL);
	while (ret > 0 && (seen = tid)) // one look: the second might see that it has ended, and then wait for that to change
		futex((void *)&tid, FUTEX_WAIT, (unsigned)seen, NULL, NULL, 0);
	return ret;
}

static long call_unshare(void)
{
	return sys(unshare, CLONE_FILES | CLONE_FS);
}

static long call_new_namespaces(void)
{
	return reap(sys(clone, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWNS |
		SIGCHLD, 0, 0, 0, 0));
}

static long call_map_ids(void)
{
	char path[64];
	long pid = sys(clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), fd, err;

	if (pid == 0)
		thread_pause(NULL);
	if (pid < 0)
		return pid;
	t_snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
	fd = sys(open, path, O_RDWR);
	err = fd < 0 ? fd : sys(write, fd, "0 0 1\n", 6);
	if (err > 0 && (err = sys(lseek, fd, 0, 0)) == 0)
		err = sys(read, fd, path, sizeof path);
	sys(kill, pid, SIGKILL);
	return both(err < 0 ? err : close_of(fd), reap(pid));
}

static long call_unshare_namespaces(void)
{
	return sys(unshare, CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWTIME | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWNS);
}

static long call_setns(void)
{
	long fd = sys(pidfd_open, t_getpid(), 0), err;

	if (fd < 0)
		return fd;
	err = sys(setns, fd, CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWTIME | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWNS);
	sys(close, fd);
	return err;
}

static long call_pidfd(void)
{
	return close_of(sys(pidfd_open, t_getpid(), 0));
}

static long call_sigqueue(void)
{
	siginfo_t info = {.si_code = SI_QUEUE};
	unsigned long set = BIT(40);
	struct timespec zero = {0, 0};

	t_block(set);
	long ret = sys(rt_sigqueueinfo, t_getpid(), 40, &info);

	if (ret == 0)
		sys(rt_sigtimedwait, &set, 0, &zero, 8);
	return ret;
}

static long call_setgroups(void)
{
	static unsigned groups[100];

	return both(sys(setgroups, 100, groups), sys(setgroups, 0, 0));
}

TEST(processes)
{
	only_with_the_door();
	WITHOUT_MEMORY(call_fork);
	WITHOUT_MEMORY(call_clone_sharing);
	WITHOUT_MEMORY(call_clone3);
	WITHOUT_MEMORY(call_thread);
	WITHOUT_MEMORY(call_unshare);
	WITHOUT_MEMORY(call_new_namespaces);
	WITHOUT_MEMORY(call_map_ids);
	WITHOUT_MEMORY(call_unshare_namespaces);
	WITHOUT_MEMORY(call_setns);
	WITHOUT_MEMORY(call_pidfd);
	WITHOUT_MEMORY(call_sigqueue);
	WITHOUT_MEMORY(call_setgroups);
}

// What is left of the order comes along.
HELPER(executed)
{
	long door = sys(open, DOOR, O_RDWR);

	if (says_so(door))
		return UNTOUCHED;
	CHECK_GE(door, 0);
	return disarm(door) ? UNTOUCHED : 0;
}

static void execute_without_memory(int threads)
{
	int how = 0;

	for (unsigned n = 1; how != UNTOUCHED && n < 1000; n++) {
		how = IN_CHILD({
			long door = sys(open, DOOR, O_RDWR | O_CLOEXEC);
			struct thread t;

			for (int i = 0; i < threads; i++)
				thread_start(&t, thread_pause, NULL);
			CHECK_GE(arm(door, n), 1);
			long ret = t_exec("executed", NULL, NULL);

			CHECK(says_so(ret));
			CHECK(!disarm(door));
			CHECK_EQ(sys(close, door), 0); // the files are still the old program's
			t_exec("executed", NULL, NULL);
			t_exit(2);
		});
		// Past some point the old program is gone, and the new one is not whole yet.
		CHECK(how == UNTOUCHED || how == SIGNALLED(SIGKILL) || how == SIGNALLED(SIGSEGV) || how == 0);
	}
	CHECK_EQ(how, UNTOUCHED);
}

TEST(programs)
{
	only_with_the_door();
	execute_without_memory(0);
	execute_without_memory(2);
}

// ---- memory ----

static long use(unsigned long p, size_t bytes)
{
	if ((long)p < 0 && (long)p > -4096)
		return (long)p;
	for (size_t i = 0; i < bytes; i += PAGE)
		((volatile char *)p)[i] = 1;
	return sys(munmap, p, bytes);
}

static long call_map(void)
{
	return use((unsigned long)sys(mmap, 0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8 * PAGE);
}

static long call_map_far(void)
{
	return use((unsigned long)sys(mmap, 0x200000000000UL, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		PAGE);
}

static long call_map_shared(void)
{
	return use((unsigned long)sys(mmap, 0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 8 * PAGE);
}

static long call_split(void)
{
	unsigned long p = (unsigned long)sys(mmap, 0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if ((long)p < 0)
		return (long)p;
	long a = sys(mprotect, p + 2 * PAGE, PAGE, PROT_READ), b = sys(munmap, p + 5 * PAGE, PAGE);
	long c = sys(madvise, p, PAGE, MADV_DONTFORK);

	SURELY(sys(munmap, p, 8 * PAGE));
	return both(both(a, b), c);
}

static long call_remap(void)
{
	unsigned long p = (unsigned long)sys(mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if ((long)p < 0)
		return (long)p;
	long q = sys(mremap, p, 2 * PAGE, 600 * PAGE, MREMAP_MAYMOVE);

	if (q < 0)
		sys(munmap, p, 2 * PAGE);
	else
		sys(munmap, q, 600 * PAGE);
	return q;
}

static long call_userfault(void)
{
	char *p = (char *)sys(mmap, 0, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long fd = sys(userfaultfd, UFFD_USER_MODE_ONLY), ret = fd;

	if (fd >= 0)
		ret = shake(fd, 0);
	if (ret >= 0)
		ret = enroll(fd, p + PAGE, 4, UFFDIO_REGISTER_MODE_MISSING);
	if (ret >= 0)
		ret = copy(fd, p + PAGE, buf, 2 * PAGE, 0);
	sys(close, fd);
	SURELY(sys(munmap, p, 8 * PAGE));
	return ret;
}

static long call_break(void)
{
	long start = sys(brk, 0), end = sys(brk, start + 4 * PAGE);

	sys(brk, start);
	return end == start + 4 * (long)PAGE ? 0 : -ENOMEM;
}

static long call_map_file(void)
{
	long fd = sys(open, "mapped", O_RDWR | O_CREAT, 0600), p;

	if (fd < 0)
		return fd;
	p = sys(ftruncate, fd, 3 * PAGE);
	if (p == 0)
		p = sys(mmap, 0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	sys(close, fd);
	return p < 0 ? p : use((unsigned long)p, 3 * PAGE);
}

static long call_shm(void)
{
	long id = sys(shmget, 0, 3 * PAGE, 0600), p;

	if (id < 0)
		return id;
	p = sys(shmat, id, 0, 0);
	if (p > 0) // not touched: who dies of it leaves the segment behind, as is right
		SURELY(sys(shmdt, p));
	SURELY(sys(shmctl, id, 0, 0)); // IPC_RMID
	return p;
}

TEST(memory)
{
	only_with_the_door();
	WITHOUT_MEMORY(call_map);
	WITHOUT_MEMORY(call_map_far);
	WITHOUT_MEMORY(call_map_shared);
	WITHOUT_MEMORY(call_split);
	WITHOUT_MEMORY(call_remap);
	WITHOUT_MEMORY(call_userfault);
	WITHOUT_MEMORY(call_break);
	WITHOUT_MEMORY(call_map_file);
	WITHOUT_MEMORY(call_shm);
}

// ---- files ----

static long call_create(void)
{
	long fd = sys(open, "new", O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0)
		return fd;
	sys(close, fd);
	SURELY(sys(unlink, "new"));
	return 0;
}

static long call_write(void)
{
	long fd = sys(open, "written", O_RDWR | O_CREAT | O_TRUNC, 0600), n;

	if (fd < 0)
		return fd;
	n = sys(write, fd, buf, sizeof buf);
	sys(ftruncate, fd, 0);
	sys(close, fd);
	return n;
}

static long call_write_far(void)
{
	long fd = sys(open, "hole", O_RDWR | O_CREAT | O_TRUNC, 0600), n;

	if (fd < 0)
		return fd;
	n = sys(pwrite64, fd, buf, 10, 1L << 32);
	sys(close, fd);
	return both(n, sys(unlink, "hole"));
}

static long call_names(void)
{
	long a = sys(mkdir, "dir", 0700), b = sys(symlink, "somewhere/far/away", "sym"), c = sys(link, "mapped", "hard");
	long d = a ? a : sys(rename, "dir", "dir2"), e = sys(mknod, "fifo", 010600, 0);

	SURELY(sys(rmdir, "dir2"));
	SURELY(sys(rmdir, "dir"));
	SURELY(sys(unlink, "sym"));
	SURELY(sys(unlink, "hard"));
	SURELY(sys(unlink, "fifo"));
	return both(both(both(a, b), both(c, d)), e);
}

static long call_list(void)
{
	long fd = sys(open, "/proc/self/task", O_RDONLY | O_DIRECTORY), n;

	if (fd < 0)
		return fd;
	n = sys(getdents64, fd, buf, sizeof buf);
	sys(close, fd);
	return n;
}

static long call_proc(void)
{
	static const char *const files[] = {"/proc/self/stat", "/proc/self/status", "/proc/self/maps", "/proc/meminfo", "/proc/mounts",
		"/proc/self/cmdline", "/proc/self/environ", "/proc/stat"};
	long ret = 0;

	for (unsigned i = 0; i < sizeof files / sizeof *files && ret >= 0; i++) {
		long fd = sys(open, files[i], O_RDONLY);

		ret = fd < 0 ? fd : sys(read, fd, buf, sizeof buf);
		if (fd >= 0)
			sys(close, fd);
	}
	return ret;
}

static long call_many_descriptors(void)
{
	long fd = sys(fcntl, 0, F_DUPFD, 900);

	return close_of(fd);
}

static long call_paths(void)
{
	long a = sys(readlink, "/proc/self/cwd", buf, 100), b = sys(getcwd, buf, 100), c = sys(chdir, ".");

	return both(both(a, b), c);
}

static long call_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 30};
	long fd = sys(open, "mapped", O_RDWR), ret;

	if (fd < 0)
		return fd;
	ret = sys(fcntl, fd, F_SETLK, &lock);
	lock = (struct flock){.l_type = F_UNLCK, .l_start = 15, .l_len = 5}; // in the middle: two are left
	ret = both(ret, sys(fcntl, fd, F_SETLK, &lock));
	ret = both(ret, sys(flock, fd, LOCK_EX));
	sys(close, fd);
	return ret;
}

static long call_leases(void)
{
	long fd = sys(open, "mapped", O_RDONLY), ret;

	if (fd < 0)
		return fd;
	ret = sys(fcntl, fd, F_SETLEASE, F_RDLCK);
	ret = both(ret, sys(fcntl, fd, F_SETLEASE, F_UNLCK) == 0 ? 0 : ret);
	sys(close, fd);
	return ret;
}

static long call_dnotify(void)
{
	long fd = sys(open, ".", O_RDONLY), ret;

	if (fd < 0)
		return fd;
	ret = sys(fcntl, fd, F_NOTIFY, DN_RENAME);
	sys(close, fd);
	return ret;
}

static long call_memfd(void)
{
	return close_of(sys(memfd_create, "name", 0));
}

static long call_terminal(void)
{
	long master = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY);

	if (master < 0)
		return master;
	long n = sys(write, master, "hello\n", 6);

	sys(close, master);
	return n;
}

static long call_disk(void)
{
	long fd = sys(open, "/dev/ram0", O_RDWR), n;

	if (fd < 0)
		return fd;
	n = both(sys(pwrite64, fd, buf, 3 * PAGE, 0), sys(fsync, fd));
	sys(close, fd);
	return n;
}

static long call_mount(void)
{
	long ret = sys(mkdir, "m", 0700);

	if (ret == -EEXIST)
		ret = 0;
	if (ret == 0)
		ret = sys(mount, "x", "m", "tmpfs", 0, "size=64k");
	if (ret == 0)
		SURELY(sys(umount2, "m", 0));
	return ret;
}

static long call_mount_proc(void)
{
	long ret = sys(mkdir, "p", 0700);

	if (ret == -EEXIST)
		ret = 0;
	if (ret == 0)
		ret = sys(mount, "x", "p", "proc", 0, 0);
	if (ret == 0)
		SURELY(sys(umount2, "p", 0));
	return ret;
}

static long call_namespace_file(void)
{
	return both(close_of(sys(open, "/proc/self/ns/pid", O_RDONLY)), sys(readlink, "/proc/self/ns/pid", buf, sizeof buf));
}

TEST(files)
{
	only_with_the_door();
	WITHOUT_MEMORY(call_create);
	WITHOUT_MEMORY(call_write);
	WITHOUT_MEMORY(call_write_far);
	CHECK_EQ(t_spit("mapped", "x"), 0);
	WITHOUT_MEMORY(call_names);
	WITHOUT_MEMORY(call_list);
	WITHOUT_MEMORY(call_proc);
	WITHOUT_MEMORY(call_many_descriptors);
	WITHOUT_MEMORY(call_paths);
	WITHOUT_MEMORY(call_locks);
	WITHOUT_MEMORY(call_leases);
	WITHOUT_MEMORY(call_dnotify);
	WITHOUT_MEMORY(call_memfd);
	WITHOUT_MEMORY(call_terminal);
	WITHOUT_MEMORY(call_disk);
	WITHOUT_MEMORY(call_mount);
	WITHOUT_MEMORY(call_mount_proc);
	WITHOUT_MEMORY(call_namespace_file);
}

// ---- seccomp ----

static long call_filter(void)
{
	struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
	struct sock_fprog prog = {1, &allow};

	return both(sys(seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog),
		close_of(sys(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog)));
}

TEST(filters)
{
	only_with_the_door();
	WITHOUT_MEMORY(call_filter);
}

// ---- what tasks say to each other, and wait for ----

static long close_both(const int *fds, long ret)
{
	sys(close, fds[0]);
	sys(close, fds[1]);
	return ret;
}

static long call_pipe(void)
{
	int fds[2];
	long ret = sys(pipe2, fds, O_NONBLOCK);

	if (ret)
		return ret;
	ret = both(sys(fcntl, fds[1], F_SETPIPE_SZ, 128 * 1024), sys(write, fds[1], buf, sizeof buf));
	return close_both(fds, ret);
}

static long call_sendfile(void)
{
	int fds[2];
	long ret = sys(pipe2, fds, O_NONBLOCK), fd;

	if (ret)
		return ret;
	fd = sys(open, "mapped", O_RDWR);
	if (fd >= 0) {
		long from = 0;

		ret = sys(sendfile, fds[1], fd, &from, 10);
		sys(close, fd);
	}
	return close_both(fds, both(fd, ret));
}

static long call_pair(void)
{
	int fds[2];
	long ret = sys(socketpair, AF_UNIX, SOCK_STREAM | O_NONBLOCK, 0, fds);

	return ret ? ret : close_both(fds, sys(write, fds[1], buf, 10000));
}

static long call_descriptor_over(void)
{
	struct {
		size_t len;
		int level, type, fd;
	} control = {.len = 20, .level = SOL_SOCKET, .type = SCM_RIGHTS, .fd = 0};
	struct iovec iov = {buf, 10};
	struct msghdr msg = {.iov = &iov, .iovlen = 1, .control = &control, .controllen = sizeof control};
	int fds[2];
	long ret = sys(socketpair, AF_UNIX, SOCK_DGRAM, 0, fds);

	if (ret)
		return ret;
	ret = sys(sendmsg, fds[0], &msg, 0);
	if (ret >= 0)
		ret = sys(recvmsg, fds[1], &msg, MSG_DONTWAIT);
	if (ret >= 0 && msg.controllen)
		sys(close, control.fd);
	return close_both(fds, ret);
}

static long call_listen(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
	long fd = sys(socket, AF_UNIX, SOCK_STREAM, 0), other = sys(socket, AF_UNIX, SOCK_STREAM, 0), ret = both(fd, other);

	if (ret >= 0)
		ret = sys(bind, fd, &name, sizeof name);
	if (ret >= 0)
		ret = sys(listen, fd, 2);
	if (ret >= 0)
		ret = sys(connect, other, &name, sizeof name);
	if (ret >= 0)
		ret = close_of(sys(accept4, fd, 0, 0, 0));
	sys(close, fd);
	sys(close, other);
	SURELY(sys(unlink, "socket"));
	return ret;
}

static long call_inet(void)
{
	struct {
		unsigned short family, port;
		unsigned addr;
		char zero[8];
	} name = {.family = AF_INET}; // here, a port that is free
	long fd = sys(socket, AF_INET, SOCK_STREAM, 0), other = sys(socket, AF_INET, SOCK_STREAM, 0), ret = both(fd, other);
	int len = sizeof name;

	if (ret >= 0)
		ret = sys(listen, fd, 2);
	if (ret >= 0)
		ret = sys(getsockname, fd, &name, &len);
	if (ret >= 0)
		ret = sys(connect, other, &name, sizeof name);
	if (ret >= 0)
		ret = sys(write, other, buf, 10000);
	if (ret >= 0)
		ret = close_of(sys(accept4, fd, 0, 0, 0));
	sys(close, other);
	if (ret >= 0) {
		other = sys(socket, AF_INET, SOCK_DGRAM, 0);
		ret = other < 0 ? other : sys(sendto, other, buf, 100, 0, &name, sizeof name);
		sys(close, other);
	}
	sys(close, fd);
	return ret;
}

static long call_epoll(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	long ep = sys(epoll_create1, 0), ev = sys(eventfd2, 1, 0), ret = both(ep, ev);

	if (ret >= 0)
		ret = both(sys(epoll_ctl, ep, EPOLL_CTL_ADD, ev, &e), sys(epoll_wait, ep, &e, 1, 0));
	sys(close, ep);
	sys(close, ev);
	return ret;
}

static long call_poll(void)
{
	static struct pollfd fds[200];
	struct timespec soon = {0, 1000};

	for (int i = 0; i < 200; i++)
		fds[i] = (struct pollfd){.fd = 0};
	return both(sys(ppoll, fds, 200, &soon, 0, 8), sys(select, 10, buf, 0, 0, &soon));
}

static long call_timers(void)
{
	struct itimerspec it = {.it_value.tv_sec = 100};
	long fd = sys(timerfd_create, CLOCK_MONOTONIC, 0);
	long ret = fd < 0 ? fd : sys(timerfd_settime, fd, 0, &it, 0);

	sys(close, fd);
	return both(ret, sys(alarm, 0));
}

static long call_inotify(void)
{
	long fd = sys(inotify_init1, 0), wd = fd < 0 ? fd : sys(inotify_add_watch, fd, ".", 0x100);
	long ret = wd < 0 ? wd : call_create();

	sys(close, fd);
	return ret;
}

static long call_mqueue(void)
{
	long fd = sys(mq_open, "fail", O_CREAT | O_RDWR | O_NONBLOCK, 0600, 0), ret;

	if (fd < 0)
		return fd;
	ret = sys(mq_timedsend, fd, buf, 5000, 0, 0);
	if (ret == 0)
		ret = sys(mq_timedreceive, fd, buf, sizeof buf, 0, 0);
	SURELY(sys(mq_unlink, "fail"));
	sys(close, fd);
	return ret;
}

TEST(talk)
{
	only_with_the_door();
	WITHOUT_MEMORY(call_pipe);
	CHECK_EQ(t_spit("mapped", "some text"), 0);
	WITHOUT_MEMORY(call_sendfile);
	WITHOUT_MEMORY(call_pair);
	WITHOUT_MEMORY(call_descriptor_over);
	WITHOUT_MEMORY(call_listen);
	WITHOUT_MEMORY(call_inet);
	WITHOUT_MEMORY(call_epoll);
	WITHOUT_MEMORY(call_poll);
	WITHOUT_MEMORY(call_timers);
	WITHOUT_MEMORY(call_inotify);
	WITHOUT_MEMORY(call_mqueue);
}

// A connection that could not be taken waits for the next accept.
TEST(accept_keeps_the_connection)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
	long door, fd, other, got = -1;
	bool untouched = false;
	int failed = 0;

	only_with_the_door();
	door = sys(open, DOOR, O_RDWR);
	CHECK_GE(door, 0);
	fd = sys(socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(sys(bind, fd, &name, sizeof name), 0);
	CHECK_EQ(sys(listen, fd, 1), 0);
	for (unsigned n = 1; !untouched; n++) {
		other = sys(socket, AF_UNIX, SOCK_STREAM, 0);
		CHECK_EQ(sys(connect, other, &name, sizeof name), 0);
		CHECK_GE(arm(door, n), 1);
		got = sys(accept4, fd, 0, 0, 0);
		untouched = disarm(door);
		if (got < 0) {
			failed++;
			CHECK_EQ(got, -ENOMEM);
			got = sys(accept4, fd, 0, 0, 0);
		}
		CHECK_GE(got, 0);
		CHECK_EQ(sys(write, got, "x", 1), 1);
		CHECK_EQ(sys(read, other, buf, 1), 1);
		sys(close, got);
		sys(close, other);
	}
	CHECK_GE(failed, 1);
	sys(close, fd);
}

TEST(the_order)
{
	long door = sys(open, DOOR, O_RDWR);
	char text[16];

	only_with_the_door();
	CHECK_EQ(sys(write, door, "x", 1), -EINVAL);
	CHECK_EQ(sys(write, door, "-1", 2), -EINVAL);
	CHECK_EQ(sys(write, door, "99999999999", 11), -EINVAL);
	CHECK_EQ(sys(write, door, "1", 1), 1);
	CHECK_EQ(sys(eventfd2, 0, 0), -ENOMEM);
	CHECK_EQ(close_of(sys(eventfd2, 0, 0)), 0); // that was all
	CHECK_EQ(sys(write, door, "1", 1), 1);
	CHECK_EQ(sys(eventfd2, 0, 0), -ENOMEM); // though its objects lie ready
	CHECK_EQ(sys(pread64, door, text, 15, 0), 2);
	CHECK_EQ(text[0], '0');
	CHECK_EQ(sys(write, door, "100", 3), 3);
	CHECK_EQ(IN_CHILD(t_slurp(DOOR, buf, 10); CHECK_EQ(t_number(buf), 0)), 0); // not inherited
	CHECK_EQ(sys(write, door, "0", 1), 1);
}

// ---- what it says ----

static char far[300]; // "././ ... /mapped": a path that does not fit into what calls have ready

// Some allocation of the call fails with this word, and none goes unsaid.
#define SAYS(word, call)                                                                           \
	do {                                                                                       \
		long ret_ = 0;                                                                     \
		bool untouched_ = false;                                                           \
                                                                                                   \
		for (unsigned n_ = 1; ret_ != (word) && !untouched_; n_++) {                       \
			CHECK_GE(arm(door, n_), 1);                                                \
			ret_ = (call);                                                             \
			untouched_ = disarm(door);                                                 \
		}                                                                                  \
		CHECK_EQ(ret_, (word));                                                            \
	} while (0)

static long start(void)
{
	long door;

	only_with_the_door();
	CHECK_EQ(t_spit("mapped", "some text"), 0);
	memset(far, '/', sizeof far);
	for (unsigned i = 0; i < sizeof far - 8; i += 2)
		far[i] = '.';
	memcpy(far + sizeof far - 8, "/mapped", 8);
	door = sys(open, DOOR, O_RDWR | O_CLOEXEC);
	CHECK_GE(door, 0);
	return door;
}

// A dump ends early, or there is none.
static void dump_core(void)
{
	for (unsigned n = 1; n < 60; n++) {
		int pid = t_fork(), status;

		if (pid == 0) {
			struct thread t;

			thread_start(&t, thread_pause, NULL);
			CHECK_GE(arm(sys(open, DOOR, O_RDWR), n), 1);
			sys(tgkill, t_getpid(), t_gettid(), SIGQUIT);
		}
		CHECK_EQ(sys(wait4, pid, &status, 0, 0), pid);
		CHECK_EQ(status & ~0x80, SIGQUIT);
		sys(unlink, "core");
	}
}

// Its name, its list of mappings, its notes, the pages of the file.
TEST(core_dumps)
{
	struct rlimit64 limit = {16 * PAGE, 16 * PAGE};

	only_with_the_door();
	CHECK_EQ(sys(prlimit64, 0, RLIMIT_CORE, &limit, 0), 0);
	dump_core();
	CHECK_EQ(sys(access, "core", 0), -ENOENT);
}

// It says who it is, in the directory that it is given, before it reads.
HELPER(drains)
{
	int me = t_getpid();
	long n;

	CHECK_EQ(sys(chdir, t_argv[2]), 0);
	CHECK_EQ(sys(write, sys(open, "helpers", O_WRONLY | O_CREAT | O_APPEND, 0600), &me, sizeof me), sizeof me);
	while ((n = sys(read, 0, buf, sizeof buf)) > 0)
		;
	return (int)n;
}

// The process that is to become a program.
TEST(core_dumps_to_a_program)
{
	char pattern[128], dir[64];
	int helper, n = 0;

	only_with_the_door();
	CHECK_GE(sys(getcwd, dir, sizeof dir), 1);
	t_snprintf(pattern, sizeof pattern, "|%s @drains %s", t_self, dir);
	CHECK_EQ(t_spit("/proc/sys/kernel/core_pattern", pattern), 0);
	CHECK_EQ(t_spit("/proc/sys/kernel/core_pipe_limit", "1"), 0); // so it has closed the pipe, too
	dump_core();
	for (long fd = sys(open, "helpers", O_RDONLY); sys(read, fd, &helper, sizeof helper) == sizeof helper; n++)
		UNTIL(sys(kill, helper, 0) == -ESRCH); // what it still has would be missed
	CHECK_GE(n, 1);
	CHECK_EQ(t_spit("/proc/sys/kernel/core_pipe_limit", "0"), 0);
	CHECK_EQ(t_spit("/proc/sys/kernel/core_pattern", "core"), 0);
}

TEST(paths_say_enomem)
{
	struct timespec times[2] = {{1, 0}, {1, 0}};
	const char *argv[] = {far, NULL};
	long door = start();

	SAYS(-ENOMEM, sys(stat, far, buf));
	SAYS(-ENOMEM, sys(lstat, far, buf));
	SAYS(-ENOMEM, sys(newfstatat, AT_FDCWD, far, buf, 0));
	SAYS(-ENOMEM, sys(statfs, far, buf));
	SAYS(-ENOMEM, sys(access, far, 4));
	SAYS(-ENOMEM, sys(readlink, far, buf, 100));
	SAYS(-ENOMEM, sys(chdir, far));
	SAYS(-ENOMEM, sys(chmod, far, 0600));
	SAYS(-ENOMEM, sys(chown, far, 0, 0));
	SAYS(-ENOMEM, sys(utimensat, AT_FDCWD, far, times, 0));
	SAYS(-ENOMEM, sys(open, far, O_RDONLY));
	SAYS(-ENOMEM, sys(openat, AT_FDCWD, far, O_RDONLY));
	SAYS(-ENOMEM, sys(link, far, "new"));
	SAYS(-ENOMEM, sys(symlink, far, "new"));
	SAYS(-ENOMEM, sys(mkdir, far, 0700));
	SAYS(-ENOMEM, sys(mknod, far, 010600, 0));
	SAYS(-ENOMEM, sys(execve, far, argv, t_envp));
	SAYS(-ENOMEM, sys(unlinkat, AT_FDCWD, far, 0));
	SAYS(-ENOMEM, sys(unlink, far));
	SAYS(-ENOMEM, sys(rmdir, far));
	SAYS(-ENOMEM, sys(rename, far, "new"));
	SAYS(-ENOMEM, sys(execveat, AT_FDCWD, far, argv, t_envp, 0));
	SAYS(-ENOMEM, sys(mount, "x", far, "tmpfs", 0, 0));
	SAYS(-ENOMEM, sys(umount2, far, 0));
	SAYS(-ENOMEM, sys(getcwd, buf, 100));
}

TEST(others_say_enomem)
{
	static struct pollfd fds[200];
	struct clone_args args = {.exit_signal = SIGCHLD};
	static const long zero[2];
	static _Atomic int word = 1; // a lock of somebody who is there
	char *p = t_map(3 * PAGE);
	struct thread t;
	struct futex_waitv w[1] = {{.uaddr = (unsigned long)&word, .flags = FUTEX_32}}; // that differs
	struct flock lock = {.l_type = F_WRLCK};
	long door = start(), fd = sys(open, "mapped", O_RDWR), out = sys(memfd_create, "out", 0);
	long ns = sys(open, "/proc/self/ns/uts", O_RDONLY);
	int id;

	SAYS(-ENOMEM, call_fork());
	SAYS(-ENOMEM, reap(sys(clone, SIGCHLD, 0, 0, 0, 0)));
	SAYS(-ENOMEM, reap(sys(clone3, &args, sizeof args)));
	SAYS(-ENOMEM, sys(pidfd_open, t_getpid(), 0));
	SAYS(-ENOMEM, sys(eventfd2, 0, 0));
	SAYS(-ENOMEM, sys(poll, fds, 200, 0));
	CHECK_EQ(sys(dup2, fd, 900), 900); // the sets of few descriptors need no memory
	SAYS(-ENOMEM, sys(select, 901, buf, buf + PAGE, 0, zero));
	SAYS(-ENOMEM, sys(pselect6, 901, buf, buf + PAGE, 0, zero, 0));
	SAYS(-ENOMEM, futex((void *)&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0));
	SAYS(-ENOLCK, sys(fcntl, fd, F_SETLK, &lock));
	SAYS(-ENOMEM, sys(flock, fd, LOCK_EX));
	SAYS(-ENOMEM, sys(sendfile, out, fd, 0, 5));
	SAYS(-ENOMEM, sys(mmap, 0, PAGE, PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	SAYS(-ENOMEM, sys(memfd_create, "f", 0));
	SAYS(-ENOMEM, sys(socket, 1, 1, 0));
	SAYS(-ENOBUFS, sys(socket, 2, 1, 0)); // AF_INET
	SAYS(-ENOMEM, sys(setns, ns, CLONE_NEWUTS));
	SAYS(-ENOMEM, sys(futex_waitv, w, 1, 0, 0, 0));
	SAYS(-ENOMEM, sys(mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	SAYS(-EAGAIN, sys(mincore, p, PAGE, buf));
	SAYS(-ENOMEM, sys(mprotect, p + PAGE, PAGE, PROT_READ));
	SAYS(-ENOMEM, sys(munmap, p + PAGE, PAGE));
	SAYS(-EAGAIN, sys(madvise, p, PAGE, MADV_DONTFORK));
	SAYS(-EAGAIN, sys(mlock, p, PAGE));
	thread_start(&t, thread_pause, NULL);
	SAYS(-ENOMEM, sys(unshare, CLONE_FILES));
	SAYS(-EAGAIN, sys(timer_create, CLOCK_MONOTONIC, 0, &id));
}
