// SPDX-License-Identifier: GPL-2.0-only
//
// Room for a file in memory before it is written, and holes in it.
#include "t.h"

#include <asm/statfs.h>
#include <linux/falloc.h>

static char buf[8 * PAGE];

static int file(void)
{
	int fd = (int)sys(memfd_create, "f", 2); // MFD_ALLOW_SEALING

	CHECK_GE(fd, 0);
	return fd;
}

static long size_of(int fd)
{
	struct stat st;

	CHECK_EQ(sys(fstat, fd, &st), 0);
	return st.st_size;
}

static long pages_of(int fd)
{
	struct stat st;

	CHECK_EQ(sys(fstat, fd, &st), 0);
	return st.st_blocks * 512 / (long)PAGE;
}

static void fill(int fd, size_t n)
{
	memset(buf, 'x', n);
	CHECK_EQ(sys(pwrite64, fd, buf, n, 0), n);
}

// Whether [from, to) of the file is one character.
static bool is(int fd, char c, long from, long to)
{
	CHECK_EQ(sys(pread64, fd, buf, to - from, from), to - from);
	for (long i = 0; i < to - from; i++)
		if (buf[i] != c)
			return false;
	return true;
}

TEST(room)
{
	int fd = file();

	CHECK_EQ(sys(fallocate, fd, 0, 0, 3 * PAGE + 1), 0);
	CHECK_EQ(size_of(fd), 3 * PAGE + 1);
	CHECK_EQ(pages_of(fd), 4);
	CHECK(is(fd, 0, 0, 3 * PAGE));
	CHECK_EQ(sys(fallocate, fd, 0, PAGE, PAGE), 0);
	CHECK_EQ(size_of(fd), 3 * PAGE + 1);
	fill(fd, PAGE);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 2 * PAGE), 0);
	CHECK(is(fd, 'x', 0, PAGE));
	CHECK_EQ(sys(fallocate, fd, 0, 10 * PAGE - 1, 1), 0);
	CHECK_EQ(size_of(fd), 10 * PAGE);
	CHECK_EQ(pages_of(fd), 5);
}

TEST(room_behind_the_end)
{
	int fd = file();

	fill(fd, 10);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 4 * PAGE), 0);
	CHECK_EQ(size_of(fd), 10);
	CHECK_EQ(pages_of(fd), 4);
	CHECK_EQ(sys(pread64, fd, buf, PAGE, 0), 10);
	CHECK_EQ(sys(ftruncate, fd, 10), 0); // takes it away
	CHECK_EQ(pages_of(fd), 1);
}

TEST(holes)
{
	int fd = file();

	fill(fd, 6 * PAGE);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE - 10, 2 * PAGE + 20), 0);
	CHECK_EQ(size_of(fd), 6 * PAGE);
	CHECK_EQ(pages_of(fd), 4);
	CHECK(is(fd, 'x', 0, PAGE - 10));
	CHECK(is(fd, 0, PAGE - 10, 3 * PAGE + 10));
	CHECK(is(fd, 'x', 3 * PAGE + 10, 6 * PAGE));
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * PAGE + 5, 5), 0);
	CHECK_EQ(pages_of(fd), 4);
	CHECK(is(fd, 0, 4 * PAGE + 5, 4 * PAGE + 10));
	CHECK(is(fd, 'x', 4 * PAGE + 10, 5 * PAGE));
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5 * PAGE, 1L << 40), 0);
	CHECK_EQ(size_of(fd), 6 * PAGE);
	CHECK_EQ(pages_of(fd), 3);
	CHECK_EQ(sys(lseek, fd, 0, 4), PAGE); // SEEK_HOLE
	CHECK_EQ(sys(lseek, fd, PAGE, 3), 3 * PAGE); // SEEK_DATA
}

TEST(holes_under_a_mapping)
{
	int fd = file();
	volatile char *all, *own;

	fill(fd, 3 * PAGE);
	all = t_ptr((unsigned long)sys(mmap, 0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	own = t_ptr((unsigned long)sys(mmap, 0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	CHECK_EQ(all[PAGE], 'x');
	CHECK_EQ(own[0], 'x');
	own[PAGE] = 'y';
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE), 0);
	CHECK_EQ(all[PAGE], 0);
	CHECK_EQ(all[2 * PAGE], 'x');
	CHECK_EQ(own[0], 0);
	CHECK_EQ(own[PAGE], 'y'); // it is no page of the file
	all[0] = 'z';
	CHECK(is(fd, 'z', 0, 1));
}

TEST(what_is_refused)
{
	static const int not_in_memory[] = {FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_COLLAPSE_RANGE,
		FALLOC_FL_INSERT_RANGE, FALLOC_FL_UNSHARE_RANGE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_NO_HIDE_STALE, 0x100, 1 << 30};
	int fd = file(), fds[2], null = (int)sys(open, "/dev/null", O_RDWR), proc = (int)sys(open, "/proc/self/comm", O_RDWR), ro;
	char path[40];

	fill(fd, PAGE);
	t_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ro = (int)sys(open, path, O_RDONLY);
	CHECK_EQ(sys(pipe, fds), 0);
	CHECK_EQ(sys(fallocate, fd, 0, -1, 1), -EINVAL);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(fallocate, fd, 0, 0, -1), -EINVAL);
	CHECK_EQ(sys(fallocate, fd, 0x100, 0, 0), -EINVAL);
	CHECK_EQ(sys(fallocate, fd, 0, 1, (1UL << 63) - 1), -EFBIG);
	for (unsigned i = 0; i < sizeof not_in_memory / sizeof *not_in_memory; i++)
		CHECK_EQ(sys(fallocate, fd, not_in_memory[i], 0, PAGE), -EOPNOTSUPP);
	CHECK_EQ(sys(fallocate, -1, 0, 0, 1), -EBADF);
	CHECK_EQ(sys(fallocate, ro, 0, 0, 1), -EBADF);
	CHECK_EQ(sys(fallocate, ro, FALLOC_FL_ZERO_RANGE, 0, 1), -EBADF);
	CHECK_EQ(sys(fallocate, ro, 0x100, 0, 1), -EOPNOTSUPP);
	CHECK_EQ(sys(fallocate, fds[0], 0, 0, 1), -EBADF);
	CHECK_EQ(sys(fallocate, fds[1], 0, 0, 1), -ESPIPE);
	CHECK_EQ(sys(fallocate, fds[1], FALLOC_FL_INSERT_RANGE, 0, 1), -ESPIPE);
	CHECK_EQ(sys(fallocate, null, 0, 0, 1), -ENODEV);
	CHECK_EQ(sys(fallocate, proc, 0, 0, 1), -EOPNOTSUPP);
	CHECK_EQ(size_of(fd), PAGE);
	CHECK(is(fd, 'x', 0, PAGE));
}

TEST(limits)
{
	struct rlimit limit = {2 * PAGE, 2 * PAGE};
	int fd = file();

	t_block(BIT(SIGXFSZ));
	CHECK_EQ(sys(setrlimit, RLIMIT_FSIZE, &limit), 0);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 2 * PAGE), 0);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 2 * PAGE + 1), -EFBIG);
	unsigned long set = BIT(SIGXFSZ);
	struct timespec zero = {0, 0};
	CHECK_EQ(sys(rt_sigtimedwait, &set, 0, &zero, 8), SIGXFSZ);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE + 1), -EFBIG); // nor behind the end
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 9 * PAGE), 0);
	CHECK_EQ(pages_of(fd), 1);
	fd = file();
	CHECK_EQ(sys(fcntl, fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, PAGE), -EPERM);
	CHECK_EQ(sys(fallocate, fd, 0, 0, PAGE), -EPERM);
}

TEST(a_full_file_system)
{
	struct statfs before, after;
	int fd;

	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	if (sys(mount, "none", "m", "tmpfs", 0, "size=64k"))
		SKIP("mounts");
	fd = (int)sys(open, "m/f", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(sys(pwrite64, fd, buf, PAGE, 4 * PAGE), PAGE);
	CHECK_EQ(sys(statfs, "m", &before), 0);
	CHECK_EQ(sys(fallocate, fd, 0, 4 * PAGE, 17 * PAGE), -ENOSPC);
	CHECK_EQ(sys(fallocate, fd, 0, 4 * PAGE, 1L << 50), -ENOSPC);
	CHECK_EQ(sys(statfs, "m", &after), 0);
	CHECK_EQ(after.f_bfree, before.f_bfree); // nothing was kept
	CHECK_EQ(size_of(fd), 5 * PAGE);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 16 * PAGE), 0);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 16 * PAGE, 1), -ENOSPC);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), 0);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 16 * PAGE, 1), 0);
	sys(close, fd);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
}

static _Atomic bool stored, failed;
static char *mapped;

// Stores into a page as soon as it is there.
static int storer(void *fd)
{
	while (pages_of((int)(long)fd) <= 100)
		if (failed)
			return 0;
	mapped[100 * PAGE] = 'x';
	stored = true;
	return 0;
}

// What others stored meanwhile into room that came stays when no more of it is to be had.
TEST(a_failure_takes_nothing_from_others)
{
	struct thread t;
	int fd;

	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	if (sys(mount, "none", "m", "tmpfs", 0, "size=16m"))
		SKIP("mounts");
	fd = (int)sys(open, "m/f", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(sys(ftruncate, fd, 32L << 20), 0);
	mapped = (char *)sys(mmap, 0, 32L << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int i = 0; i < 5; i++) {
		failed = stored = false;
		thread_start(&t, storer, t_ptr((unsigned long)fd));
		CHECK_EQ(sys(fallocate, fd, 0, 0, 32L << 20), -ENOSPC);
		failed = true;
		thread_join(&t);
		CHECK_LE(pages_of(fd), 1);
		CHECK_EQ(mapped[100 * PAGE], stored ? 'x' : 0);
		CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 32L << 20), 0);
	}
	CHECK_EQ(sys(munmap, mapped, 32L << 20), 0);
	sys(close, fd);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(rmdir, "m"), 0);
}
