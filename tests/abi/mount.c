// SPDX-License-Identifier: GPL-2.0-only
//
// File systems coming and going, their limits, and the disk behind /dev/ram0. They need a machine of their own.
#include "t.h"

#include <asm/statfs.h>
#include <linux/fs.h>
#include <linux/mount.h>

#define MNT_DETACH 2

static char buf[70000];

static void prepare(void)
{
	if (!t_own_machine)
		SKIP("mounts");
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
}

// A directory in two places, and mounts that others get as well.
TEST(bound_and_shared)
{
	long bound, shared;

	prepare();
	bound = sys(mount, "m", "m", 0, MS_BIND, 0);
	sys(umount2, "m", MNT_DETACH); // where it was done, before the test ends
	shared = sys(mount, "none", "/", 0, MS_SHARED, 0);
	sys(mount, "none", "/", 0, MS_PRIVATE, 0);
	CHECK_EQ(bound, -EINVAL);
	CHECK_EQ(shared, -EINVAL);
}

TEST(mount_and_umount)
{
	prepare();
	CHECK_EQ(sys(umount2, "m", 0), -EINVAL);
	CHECK_EQ(sys(mount, "x", "m", "nothing", 0, 0), -ENODEV);
	CHECK_EQ(sys(mount, "x", "nothing", "tmpfs", 0, 0), -ENOENT);
	CHECK_EQ(sys(mount, "x", "m", 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(mount, "x", "m", 8, 0, 0), -EFAULT);
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, "size=many"), -EINVAL);
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), 0);
	CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
	CHECK_EQ(sys(rmdir, "m"), -EBUSY);
	CHECK_EQ(sys(rename, "m", "n"), -EBUSY);
	CHECK_EQ(sys(link, "/proc/version", "m/l"), -EXDEV);
	CHECK_EQ(sys(rename, "m/d", "n"), -EXDEV);
	CHECK_EQ(sys(mount, "y", "m/d", "tmpfs", 0, 0), 0);
	CHECK_EQ(sys(umount2, "m", 0), -EBUSY);
	CHECK_EQ(sys(umount2, "m/d", 0), 0);
	CHECK_EQ(sys(chdir, "m/d"), 0);
	CHECK_EQ(sys(umount2, "..", 0), -EBUSY);
	CHECK_EQ(sys(chdir, "../.."), 0);
	CHECK_EQ(sys(umount2, "m", 0x80), -EINVAL);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
	sys(rmdir, "m/d");
	CHECK_EQ(sys(umount2, "/", 0), -EINVAL);
	CHECK_EQ(sys(umount2, "/", MNT_DETACH), -EINVAL);
}

TEST(detached_while_in_use)
{
	prepare();
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), 0);
	long fd = sys(open, "m/f", O_RDWR | O_CREAT, 0600);

	sys(write, fd, "x", 1);
	CHECK_EQ(sys(umount2, "m", 0), -EBUSY);
	CHECK_EQ(sys(umount2, "m", MNT_DETACH), 0);
	CHECK_EQ(sys(pread64, fd, buf, 1, 0), 1);
	CHECK_EQ(sys(open, "m/f", O_RDONLY), -ENOENT);
}

TEST(read_only)
{
	prepare();
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", MS_RDONLY, 0), 0);
	CHECK_EQ(sys(open, "m/f", O_RDWR | O_CREAT, 0600), -EROFS);
	CHECK_EQ(sys(mkdir, "m/d", 0755), -EROFS);
	CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT, 0), 0);
	CHECK_EQ(sys(mkdir, "m/d", 0755), 0);
	long fd = sys(open, "m/f", O_RDWR | O_CREAT, 0600);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_RDONLY, 0), -EBUSY);
	CHECK_EQ(sys(write, fd, "x", 1), 1);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(mount, 0, "m", 0, MS_REMOUNT | MS_RDONLY, 0), 0);
	CHECK_EQ(sys(rmdir, "m/d"), -EROFS);
	CHECK_EQ(sys(chmod, "m/d", 0700), -EROFS);
	CHECK_EQ(sys(access, "m/d", 2), -EROFS);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

TEST(a_full_file_system)
{
	struct statfs s;

	prepare();
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, "size=64k"), 0);
	long fd = sys(open, "m/f", O_RDWR | O_CREAT, 0600);

	CHECK_EQ(sys(write, fd, buf, sizeof buf), 65536);
	CHECK_EQ(sys(write, fd, buf, 1), -ENOSPC);
	CHECK_EQ(sys(statfs, "m", &s), 0);
	CHECK_EQ(s.f_blocks, 16);
	CHECK_EQ(s.f_bfree, 0);
	CHECK_EQ(sys(ftruncate, fd, 80 * PAGE), 0); // a hole costs nothing
	CHECK_EQ(IN_CHILD({
		char *p = (char *)sys(mmap, 0, 80 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		p[70 * PAGE] = 1;
	}),
		SIGNALLED(SIGBUS));
	sys(unlink, "m/f");
	sys(close, fd);
	CHECK_EQ(sys(statfs, "m", &s), 0);
	CHECK_EQ(s.f_bfree, 16);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

// Files outlive their makers, so they end in ENOSPC and not in a kill.
TEST(files_cannot_eat_the_memory)
{
	long ret, kills;

	prepare();
	if (!t_on_thaw)
		SKIP("each may have half of the memory");
	kills = t_field("/proc/vmstat", "oom_kill");
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), 0);
	for (int i = 0; i < 2; i++) {
		long fd = sys(open, i ? "m/f" : "f", O_RDWR | O_CREAT, 0600);

		do
			ret = sys(write, fd, buf, sizeof buf);
		while (ret > 0);
		CHECK_EQ(ret, -ENOSPC);
		sys(close, fd);
	}
	CHECK_GE(t_field("/proc/meminfo", "MemFree"), t_field("/proc/meminfo", "MemTotal") / 4);
	sys(unlink, "f");
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(t_field("/proc/vmstat", "oom_kill"), kills);
}

TEST(names_cannot_eat_the_memory)
{
	char name[256];
	long ret = 0, n = 0, kills;

	prepare();
	kills = t_field("/proc/vmstat", "oom_kill");
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", 0, 0), 0);
	memset(name, 'n', sizeof name);
	memcpy(name, "m/", 2);
	for (; ret == 0; n++) {
		t_snprintf(name + 200, sizeof name - 200, "%ld", n);
		ret = n % 3 == 0 ? sys(mkdir, name, 0700) : n % 3 == 1 ? sys(symlink, name, name) : sys(link, "m/f", name);
		if (n == 0)
			sys(close, sys(open, "m/f", O_WRONLY | O_CREAT, 0600));
	}
	CHECK_EQ(ret, -ENOSPC);
	CHECK_EQ(sys(umount2, "m", 0), 0);
	CHECK_EQ(t_field("/proc/vmstat", "oom_kill"), kills);
}

static long open_disk(void)
{
	long fd = sys(open, "/dev/ram0", O_RDWR);

	if (fd == -ENOENT && !t_on_thaw)
		SKIP("no such disk");
	CHECK_GE(fd, 0);
	return fd;
}

static long disk_size(long fd)
{
	unsigned long size = 0;

	CHECK_EQ(sys(ioctl, fd, BLKGETSIZE64, &size), 0);
	return (long)size;
}

// One at a time may have it for himself; whoever does not ask for that is not kept out.
TEST(disk_for_oneself)
{
	prepare();
	long fd = open_disk(), mine = sys(open, "/dev/ram0", O_RDWR | O_EXCL), copy;

	CHECK_GE(mine, 0);
	CHECK_EQ(sys(fcntl, mine, F_GETFL), O_RDWR | O_LARGEFILE);
	CHECK_EQ(sys(open, "/dev/ram0", O_RDWR | O_EXCL), -EBUSY);
	CHECK_EQ(sys(openat, AT_FDCWD, "/dev/ram0", O_RDONLY | O_EXCL), -EBUSY);
	CHECK_EQ(sys(open, "/dev/ram0", O_RDONLY | O_EXCL | O_CREAT, 0600), -EEXIST);
	CHECK_EQ(sys(close, sys(open, "/dev/ram0", O_RDONLY)), 0);
	CHECK_EQ(sys(close, fd), 0);
	copy = sys(dup, mine);
	CHECK_EQ(sys(close, mine), 0);
	CHECK_EQ(sys(open, "/dev/ram0", O_RDONLY | O_EXCL), -EBUSY);
	CHECK_EQ(sys(close, copy), 0);
	mine = sys(open, "/dev/ram0", O_RDONLY | O_EXCL);
	CHECK_GE(mine, 0);
	CHECK_EQ(sys(close, mine), 0);
}

TEST(disk)
{
	prepare();
	long fd = open_disk(), size;

	size = disk_size(fd);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_END), size);
	memset(buf, 'A', sizeof buf);
	CHECK_EQ(sys(pwrite64, fd, buf, sizeof buf, 1000), sizeof buf);
	CHECK_EQ(sys(fsync, fd), 0);
	CHECK_EQ(sys(ioctl, fd, BLKFLSBUF, 0), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 1000, 1000, 1000), 0);
		CHECK_EQ(sys(ioctl, fd, BLKFLSBUF, 0), -EACCES);
	}), 0);
	static const unsigned told[] = {BLKROGET, BLKGETSIZE, BLKSSZGET, BLKGETSIZE64};

	for (int i = 0; i < 4; i++)
		CHECK_EQ(sys(ioctl, fd, told[i], 8), -EFAULT);
	CHECK_EQ(sys(ioctl, fd, 0x5401, 8), -ENOTTY); // TCGETS
	memset(buf, 0, sizeof buf);
	CHECK_EQ(sys(pread64, fd, buf, 100, 1000), 100);
	CHECK(buf[0] == 'A' && buf[99] == 'A');
	CHECK_EQ(sys(pwrite64, fd, buf, 100, size), -ENOSPC);
	CHECK_EQ(sys(pwrite64, fd, buf, 100, size - 50), 50);
	CHECK_EQ(sys(pread64, fd, buf, 100, size - 10), 10);
	CHECK_EQ(sys(pread64, fd, buf, 100, size), 0);
	CHECK_EQ(sys(ftruncate, fd, 0), -EINVAL);
}

TEST(disk_mapped)
{
	char c = 0;

	prepare();
	long fd = open_disk(), size = disk_size(fd);
	char *p = (char *)sys(mmap, 0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *q = (char *)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	for (int round = 1; round < 4; round++) {
		p[5 * PAGE] = (char)round;
		CHECK_EQ(sys(pread64, fd, &c, 1, 5 * PAGE), 1);
		CHECK_EQ(c, round);
		CHECK_EQ(sys(fsync, fd), 0);
		p[5 * PAGE + 1] = (char)round; // clean and mapped: dirty once more
		CHECK_EQ(sys(ioctl, fd, BLKFLSBUF, 0), 0);
		CHECK_EQ(p[5 * PAGE], round);
		CHECK_EQ(p[5 * PAGE + 1], round);
	}
	p[0] = 'p';
	q[0] = 'q';
	CHECK_EQ(p[0], 'p');
	CHECK_EQ(IN_CHILD({
		char *end = (char *)sys(mmap, 0, 2 * PAGE, PROT_READ, MAP_SHARED, fd, size - (long)PAGE);

		c = end[0];
		c = end[PAGE];
	}),
		SIGNALLED(SIGBUS));
}

static int write_back(void *arg)
{
	for (int i = 0; i < 200; i++) {
		sys(fsync, (long)arg);
		sys(ioctl, (long)arg, BLKFLSBUF, 0);
	}
	return 0;
}

// A store that meets a write-back is neither lost nor in its way.
TEST(disk_mapped_while_it_is_written_back)
{
	struct thread t[2];

	prepare();
	long fd = open_disk();
	volatile int *p = (int *)sys(mmap, 0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	for (int i = 0; i < 2; i++)
		thread_start(&t[i], write_back, (void *)fd);
	for (int i = 1; i < 5000; i++) {
		volatile int *word = p + i % 16 * (int)PAGE / 4;

		*word = i;
		CHECK_EQ(*word, i);
	}
	for (int i = 0; i < 2; i++)
		thread_join(&t[i]);
	CHECK_EQ(sys(ioctl, fd, BLKFLSBUF, 0), 0);
	for (int i = 5000 - 16; i < 5000; i++)
		CHECK_EQ(p[i % 16 * (int)PAGE / 4], i);
}

// Copies this program to a file system where nothing runs.
TEST(what_a_mount_forbids)
{
	char *argv[] = {"m/prog", NULL};

	prepare();
	CHECK_EQ(sys(mount, "x", "m", "tmpfs", MS_NOEXEC | MS_NODEV, 0), 0);
	long from = sys(open, t_self, O_RDONLY), fd = sys(open, "m/prog", O_RDWR | O_CREAT, 0755);

	while (sys(sendfile, fd, from, 0, 1 << 20) > 0)
		;
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(sys(execve, "m/prog", argv, t_envp), -EACCES);
	fd = sys(open, "m/prog", O_RDONLY);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), -EPERM);
	char *p = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK((long)p > 0);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_READ | PROT_EXEC), -EACCES);
	CHECK_EQ(sys(access, "m/prog", 1), -EACCES);
	CHECK_EQ(sys(mknod, "m/null", 020666, 0x103), 0);
	CHECK_EQ(sys(open, "m/null", O_RDWR), -EACCES);
	CHECK_EQ(sys(openat, AT_FDCWD, "m/null", O_RDWR), -EACCES);
	sys(munmap, p, PAGE);
	sys(close, fd);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}
