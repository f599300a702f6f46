// SPDX-License-Identifier: GPL-2.0-only
//
// Memory that is locked, and how much of it: mlock, mlock2, mlockall and RLIMIT_MEMLOCK. Memory given back: madvise.
// Files that are sealed.
#include "t.h"

#include <linux/falloc.h>
#include <linux/memfd.h>

#define NOBODY 65534
#define PAUSE "/sys/kernel/debug/pause"
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

static char *p;

// An unprivileged process that may lock so many bytes.
static void limit(unsigned long bytes)
{
	struct rlimit64 lim = {bytes, bytes};

	CHECK_EQ(sys(prlimit64, 0, RLIMIT_MEMLOCK, &lim, 0), 0);
	CHECK_EQ(sys(setresuid, NOBODY, NOBODY, NOBODY), 0);
}

static long locked_kb(void)
{
	return t_field("/proc/self/status", "VmLck:");
}

TEST(counted)
{
	p = t_map(8 * PAGE);
	CHECK_EQ(locked_kb(), 0);
	CHECK_EQ(sys(mlock, p + 5, PAGE), 0); // touches two pages
	CHECK_EQ(locked_kb(), 8);
	CHECK_EQ(sys(mlock, p + PAGE, 3 * PAGE), 0);
	CHECK_EQ(locked_kb(), 16);
	CHECK_EQ(sys(munlock, p + PAGE, PAGE), 0);
	CHECK_EQ(locked_kb(), 12);
	CHECK_EQ(sys(munmap, p, 8 * PAGE), 0);
	CHECK_EQ(locked_kb(), 0);
}

static int present(void *at)
{
	unsigned char vec = 0;

	CHECK_EQ(sys(mincore, at, PAGE, &vec), 0);
	return vec & 1;
}

TEST(locking_faults_in)
{
	p = t_map(4 * PAGE);
	CHECK_EQ(sys(mlock, p, PAGE), 0);
	CHECK(present(p));
	CHECK_EQ(sys(mlock2, p + PAGE, PAGE, 1), 0); // MLOCK_ONFAULT
	CHECK(!present(p + PAGE));
	CHECK_EQ(locked_kb(), 8);
	CHECK_EQ(sys(mlock2, p + PAGE, PAGE, 2), -EINVAL);
}

TEST(errors)
{
	p = t_map(4 * PAGE);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	CHECK_EQ(sys(mlock, p, 3 * PAGE), -ENOMEM);
	CHECK_EQ(sys(munlock, p, 3 * PAGE), -ENOMEM);
	CHECK_EQ(sys(mlock, p, -2 * PAGE), -EINVAL);
	CHECK_EQ(sys(mlock, p, 0), 0);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_NONE), 0);
	CHECK_EQ(sys(mlock, p, PAGE), -ENOMEM);
	CHECK_EQ(sys(mlockall, 0), -EINVAL);
	CHECK_EQ(sys(mlockall, 8), -EINVAL);
	CHECK_EQ(sys(mlockall, MCL_ONFAULT), -EINVAL);
}

TEST(limit_binds)
{
	p = t_map(8 * PAGE);
	limit(3 * PAGE);
	CHECK_EQ(sys(mlock, p, 4 * PAGE), -ENOMEM);
	CHECK_EQ(sys(mlock, p, 3 * PAGE), 0);
	CHECK_EQ(sys(mlock, p, 3 * PAGE), 0); // the same again costs nothing
	CHECK_EQ(sys(mlock, p + PAGE, 3 * PAGE), -ENOMEM);
	CHECK_EQ(sys(mlock2, p + 4 * PAGE, PAGE, 1), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0), -EAGAIN);
	CHECK_EQ(sys(munlock, p, PAGE), 0);
	CHECK_GE(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0), 1);
	CHECK_EQ(sys(mremap, p + PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), -EAGAIN);
	CHECK_EQ(sys(mlockall, MCL_CURRENT), -ENOMEM);
	CHECK_EQ(sys(munlockall), 0);
	CHECK_EQ(locked_kb(), 0);
}

TEST(no_limit_no_lock)
{
	p = t_map(PAGE);
	limit(0);
	CHECK_EQ(sys(mlock, p, PAGE), -EPERM);
	CHECK_EQ(sys(mlockall, MCL_CURRENT), -EPERM);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0), -EPERM);
	CHECK_EQ(sys(munlock, p, PAGE), 0);
	CHECK_EQ(sys(munlockall), 0);
}

TEST(future)
{
	CHECK_EQ(sys(mlockall, MCL_FUTURE), 0);
	p = t_map(2 * PAGE);
	CHECK(present(p));
	CHECK_EQ(locked_kb(), 8);
	CHECK_EQ(sys(mlockall, MCL_FUTURE | MCL_ONFAULT), 0);
	p = t_map(PAGE);
	CHECK(!present(p));
	CHECK_EQ(locked_kb(), 12);
	CHECK_EQ(IN_CHILD(CHECK_EQ(locked_kb(), 0)), 0); // not inherited
	CHECK_EQ(sys(munlockall), 0);
	p = t_map(PAGE);
	CHECK_EQ(locked_kb(), 0);
}

TEST(future_respects_the_limit)
{
	char *brk = (char *)sys(brk, 0);

	limit(2 * PAGE);
	CHECK_EQ(sys(mlockall, MCL_FUTURE), 0);
	CHECK_EQ(sys(mmap, 0, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -EAGAIN);
	CHECK_EQ(sys(brk, brk + 16 * PAGE), (long)brk);
}

TEST(advice_about_locked_memory)
{
	p = t_map(2 * PAGE);
	p[0] = 1;
	CHECK_EQ(sys(mlock, p, PAGE), 0);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_FREE), -EINVAL);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_COLD), -EINVAL);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_PAGEOUT), -EINVAL);
	CHECK_EQ(p[0], 1);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_DONTNEED_LOCKED), 0);
	CHECK_EQ(p[0], 0);
	CHECK_EQ(sys(madvise, p, PAGE, 9999), -EINVAL);
	CHECK_EQ(sys(madvise, p + 1, PAGE, MADV_NORMAL), -EINVAL);
}

static int memfd(unsigned flags, long size)
{
	int fd = (int)sys(memfd_create, "m", flags);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(ftruncate, fd, size), 0);
	return fd;
}

static char *map_shared(int fd, int prot, long size)
{
	long at = sys(mmap, 0, size, prot, MAP_SHARED, fd, 0);

	CHECK(at > 0);
	return (char *)at;
}

TEST(remove)
{
	int fd = memfd(0, 4 * PAGE);
	char c, *ro, path[32];

	p = map_shared(fd, PROT_READ | PROT_WRITE, 4 * PAGE);
	for (int i = 0; i < 4; i++)
		p[i * PAGE] = (char)(i + 1);
	CHECK_EQ(sys(madvise, p + PAGE, 2 * PAGE, MADV_REMOVE), 0);
	CHECK_EQ(p[0], 1);
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[3 * PAGE], 4);
	CHECK_EQ(sys(pread64, fd, &c, 1, 2 * PAGE), 1);
	CHECK_EQ(c, 0);
	t_snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = map_shared((int)sys(open, path, O_RDONLY), PROT_READ, PAGE);
	CHECK_EQ(sys(madvise, ro, PAGE, MADV_REMOVE), -EACCES);
	CHECK_EQ(sys(madvise, t_map(PAGE), PAGE, MADV_REMOVE), -EINVAL);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	CHECK_EQ(sys(madvise, p + PAGE, PAGE, MADV_REMOVE), -ENOMEM);
	CHECK_EQ(sys(madvise, ro, PAGE, MADV_FREE), -EINVAL); // only private memory without a file
	CHECK_EQ(sys(madvise, ro, PAGE, MADV_WIPEONFORK), -EINVAL);
	CHECK_EQ(sys(madvise, ro, PAGE, MADV_DONTNEED), 0);
}

static long seal(int fd, unsigned seals)
{
	return sys(fcntl, fd, F_ADD_SEALS, seals);
}

TEST(seals_are_given_once)
{
	int fd = memfd(MFD_ALLOW_SEALING, PAGE), closed = memfd(0, PAGE), fds[2];

	CHECK_EQ(sys(fcntl, fd, F_GET_SEALS), 0);
	CHECK_EQ(sys(fcntl, closed, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_EQ(seal(closed, F_SEAL_GROW), -EPERM);
	CHECK_EQ(seal(fd, 0x1000), -EINVAL);
	CHECK_EQ(seal(fd, F_SEAL_GROW), 0);
	CHECK_EQ(seal(fd, F_SEAL_SHRINK | F_SEAL_SEAL), 0);
	CHECK_EQ(sys(fcntl, fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
	CHECK_EQ(seal(fd, F_SEAL_WRITE), -EPERM);
	CHECK_EQ(sys(pipe2, fds, 0), 0);
	CHECK_EQ(seal(fds[1], F_SEAL_WRITE), -EINVAL);
	CHECK_EQ(sys(fcntl, fds[0], F_GET_SEALS), -EINVAL);
}

TEST(sealed_size)
{
	int fd = memfd(MFD_ALLOW_SEALING, 2 * PAGE);

	CHECK_EQ(seal(fd, F_SEAL_SHRINK), 0);
	CHECK_EQ(sys(ftruncate, fd, PAGE), -EPERM);
	CHECK_EQ(sys(ftruncate, fd, 3 * PAGE), 0);
	CHECK_EQ(seal(fd, F_SEAL_GROW), 0);
	CHECK_EQ(sys(ftruncate, fd, 4 * PAGE), -EPERM);
	CHECK_EQ(sys(ftruncate, fd, 3 * PAGE), 0);
	CHECK_EQ(sys(pwrite64, fd, "ab", 2, 3 * PAGE), -EPERM);
	CHECK_EQ(sys(pwrite64, fd, "ab", 2, 0), 2);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 4 * PAGE), -EPERM);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 3 * PAGE), 0);
}

TEST(sealed_against_writing)
{
	int fd = memfd(MFD_ALLOW_SEALING, 2 * PAGE);
	char *w = map_shared(fd, PROT_READ | PROT_WRITE, PAGE);

	CHECK_EQ(seal(fd, F_SEAL_WRITE), -EBUSY);
	CHECK_EQ(sys(munmap, w, PAGE), 0);
	CHECK_EQ(seal(fd, F_SEAL_WRITE), 0);
	CHECK_EQ(sys(write, fd, "a", 1), -EPERM);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -EPERM);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), -EPERM);
	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	w = (char *)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	w[0] = 1; // a copy of one's own
}

TEST(sealed_against_new_writers)
{
	int fd = memfd(MFD_ALLOW_SEALING, PAGE);
	char c, *w = map_shared(fd, PROT_READ | PROT_WRITE, PAGE), *r;

	CHECK_EQ(seal(fd, F_SEAL_FUTURE_WRITE), 0);
	w[0] = 7; // who has it keeps it
	CHECK_EQ(sys(pread64, fd, &c, 1, 0), 1);
	CHECK_EQ(c, 7);
	CHECK_EQ(sys(write, fd, "a", 1), -EPERM);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -EPERM);
	r = map_shared(fd, PROT_READ, PAGE);
	CHECK_EQ(sys(mprotect, r, PAGE, PROT_READ | PROT_WRITE), -EACCES);
}

// Either it is sealed, or somebody has come to be able to write to it: never both.
struct mapper {
	struct thread t;
	_Atomic int fd;
	_Atomic long at;
};

static int map_again(void *arg)
{
	struct mapper *m = arg;

	for (;;) {
		int fd = m->fd;

		if (fd < 0)
			return 0;
		if (fd) {
			long at = sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

			m->fd = 0;
			m->at = at;
		}
		t_yield();
	}
}

TEST(sealed_while_it_is_mapped)
{
	static struct mapper m;

	thread_start(&m.t, map_again, &m);
	for (int i = 0; i < 1000; i++) {
		int fd = memfd(MFD_ALLOW_SEALING, PAGE);
		long sealed, at;

		m.at = 0;
		m.fd = fd;
		for (volatile int spin = i % 300; spin--;)
			;
		sealed = seal(fd, F_SEAL_WRITE);
		while (!(at = m.at))
			t_yield();
		CHECK_EQ(sealed, at > 0 ? -EBUSY : 0);
		if (at > 0)
			sys(munmap, at, PAGE);
		else
			CHECK_EQ(at, -EPERM);
		sys(close, fd);
	}
	m.fd = -1;
	thread_join(&m.t);
}

TEST(sealed_in_the_middle_of_a_mmap)
{
	char text[32];
	int fd = memfd(MFD_ALLOW_SEALING, PAGE), pid;

	if (!t_on_thaw)
		SKIP("a mmap is held up by a door that Thaw has");
	pid = t_fork();
	if (pid == 0) {
		t_snprintf(text, sizeof text, "mmap %d 60000\n", t_getpid());
		CHECK_EQ(t_spit(PAUSE, text), 0);
		t_exit((int)-sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	}
	UNTIL(t_field(PAUSE, "mmap") == pid);
	CHECK_EQ(seal(fd, F_SEAL_WRITE), 0);
	CHECK_EQ(t_spit(PAUSE, "\n"), 0);
	CHECK_EQ(t_wait(pid), EPERM);
}

TEST(names_of_memory_files)
{
	char name[252];
	long fd;

	memset(name, 'n', sizeof name);
	name[249] = 0;
	fd = sys(memfd_create, name, 0);
	CHECK_GE(fd, 0);
	sys(close, fd);
	name[249] = 'n';
	name[250] = 0;
	CHECK_EQ(sys(memfd_create, name, 0), -EINVAL);
	CHECK_EQ(sys(memfd_create, 0, 0), -EFAULT);
}
