// SPDX-License-Identifier: GPL-2.0-only
//
// Huge pages where there are none: what can be had of them, and what is said of the rest.
#include "t.h"

#include <linux/falloc.h>
#include <linux/memfd.h>
#include <linux/stat.h>

#define MB (1024UL * 1024)
#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"
#define USER 1000
#define IPC_PRIVATE 0
#define IPC_CREAT 01000
#define SHM_HUGETLB 04000
#define SHM_HUGE_SHIFT 26

static char buf[16384];

static void none(void)
{
	CHECK_GE(t_slurp(NR_HUGEPAGES, buf, sizeof buf), 2);
	if (strcmp(buf, "0\n"))
		SKIP("this machine has huge pages");
}

TEST(the_number_of_them)
{
	none();
	CHECK_GE(t_slurp("/proc/meminfo", buf, sizeof buf), 1);
	CHECK(strstr(buf, "\nHugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
			  "HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n"));
	CHECK_EQ(t_spit(NR_HUGEPAGES, "0"), 0);
	CHECK_EQ(t_spit(NR_HUGEPAGES, "0\n"), 0);
	CHECK_EQ(t_spit(NR_HUGEPAGES, "many"), -EINVAL);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(t_spit(NR_HUGEPAGES, "0"), -EACCES);
	}), 0);
}

// Whoever asks for some gets what can be had of them.
TEST(as_many_as_one_wants)
{
	long got;

	none();
	if (!t_own_machine)
		SKIP("takes memory from everybody");
	CHECK_EQ(t_spit(NR_HUGEPAGES, "2"), 0);
	got = t_field("/proc/meminfo", "HugePages_Total:");
	CHECK_EQ(t_spit(NR_HUGEPAGES, "0"), 0); // before the test ends: the others want none
	CHECK_EQ(got, 0);
}

TEST(a_file_of_them)
{
	struct stat st;
	int fd, copy;
	char path[32];

	none();
	fd = (int)sys(memfd_create, "huge", MFD_HUGETLB | MFD_CLOEXEC);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFL), O_RDWR | O_LARGEFILE);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0777);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(st.st_blksize, 2 * MB);
	CHECK_EQ(sys(ftruncate, fd, 1), -EINVAL); // huge pages, or nothing
	CHECK_EQ(sys(ftruncate, fd, PAGE), -EINVAL);
	CHECK_EQ(sys(ftruncate, fd, 4 * MB), 0);
	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_EQ(st.st_size, 4 * MB);
	CHECK_EQ(st.st_blocks, 0);
	buf[0] = 1;
	CHECK_EQ(sys(read, fd, buf, 3), 3); // zeroes
	CHECK_EQ(buf[0], 0);
	CHECK_EQ(sys(pread64, fd, buf, 8, 4 * MB - 2), 2);
	CHECK_EQ(sys(read, fd, 8UL, 3), -EFAULT);
	CHECK_EQ(sys(write, fd, buf, 3), -EINVAL);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_END), 4 * MB);
	CHECK_EQ(sys(fsync, fd), 0);
	CHECK_EQ(sys(fallocate, fd, 0, 0, 2 * MB), -ENOSPC);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * MB), 0);
	t_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	CHECK_EQ(sys(readlink, path, buf, 64), 21);
	CHECK_EQ(memcmp(buf, "/memfd:huge (deleted)", 21), 0);
	copy = (int)sys(open, path, O_RDONLY);
	CHECK_GE(copy, 0);
	CHECK_EQ(sys(read, copy, buf, 3), 3);
	CHECK_EQ(sys(ftruncate, fd, 2 * MB), 0);
}

TEST(it_cannot_be_mapped)
{
	int fd;

	none();
	fd = (int)sys(memfd_create, "huge", MFD_HUGETLB);
	CHECK_EQ(sys(ftruncate, fd, 4 * MB), 0);
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -ENOMEM); // a part is the whole
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ, MAP_SHARED | MAP_HUGETLB, fd, 2 * MB), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ, MAP_SHARED, fd, PAGE), -EINVAL);
	CHECK_EQ(sys(mmap, 0, 0, PROT_READ, MAP_SHARED, fd, 0), -EINVAL);
	fd = (int)sys(memfd_create, "small", 0);
	CHECK_EQ(sys(ftruncate, fd, 4 * MB), 0);
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ, MAP_SHARED | MAP_HUGETLB, fd, 0), -EINVAL);
}

TEST(sizes)
{
	int fd;

	none();
	fd = (int)sys(memfd_create, "huge", MFD_HUGETLB | MFD_HUGE_2MB);
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(ftruncate, fd, 2 * MB), 0);
	fd = (int)sys(memfd_create, "huge", MFD_HUGETLB | MFD_HUGE_1GB);
	CHECK(fd >= 0 || fd == -ENODEV); // not every processor has them
	if (fd >= 0)
		CHECK_EQ(sys(ftruncate, fd, 2 * MB), -EINVAL);
	CHECK_EQ(sys(memfd_create, "huge", MFD_HUGETLB | MFD_HUGE_64KB), -ENODEV);
	CHECK_EQ(sys(memfd_create, "huge", MFD_HUGETLB | 63U << MFD_HUGE_SHIFT), -ENODEV);
	CHECK_EQ(sys(memfd_create, "huge", MFD_HUGE_2MB), -EINVAL); // the size of what?
	CHECK_EQ(sys(memfd_create, "huge", MFD_HUGETLB | 0x20), -EINVAL);
	CHECK_EQ(sys(memfd_create, 8UL, MFD_HUGETLB), -EFAULT);
}

TEST(seals)
{
	int fd;

	none();
	fd = (int)sys(memfd_create, "huge", MFD_HUGETLB);
	CHECK_EQ(sys(fcntl, fd, F_GET_SEALS), F_SEAL_SEAL);
	fd = (int)sys(memfd_create, "huge", MFD_HUGETLB | MFD_ALLOW_SEALING);
	CHECK_EQ(sys(ftruncate, fd, 4 * MB), 0);
	CHECK_EQ(sys(fcntl, fd, F_GET_SEALS), 0);
	CHECK_EQ(sys(fcntl, fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE), 0);
	CHECK_EQ(sys(ftruncate, fd, 6 * MB), -EPERM);
	CHECK_EQ(sys(ftruncate, fd, 5 * MB), -EINVAL);
	CHECK_EQ(sys(ftruncate, fd, 2 * MB), 0);
	CHECK_EQ(sys(fcntl, fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL), 0);
	CHECK_EQ(sys(ftruncate, fd, 0), -EPERM);
	CHECK_EQ(sys(fcntl, fd, F_ADD_SEALS, 0), -EPERM);
}

TEST(memory_without_a_file)
{
	none();
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, 2 * MB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 16 << MAP_HUGE_SHIFT, -1, 0), -EINVAL);
	CHECK_EQ(sys(shmget, IPC_PRIVATE, 2 * MB, IPC_CREAT | SHM_HUGETLB | 0600), -ENOMEM);
	CHECK_EQ(sys(shmget, IPC_PRIVATE, PAGE, IPC_CREAT | SHM_HUGETLB | 21 << SHM_HUGE_SHIFT | 0600), -ENOMEM);
	CHECK_EQ(sys(shmget, IPC_PRIVATE, 2 * MB, IPC_CREAT | SHM_HUGETLB | 16 << SHM_HUGE_SHIFT | 0600), -EINVAL);
	CHECK_EQ(sys(shmget, IPC_PRIVATE, 0, IPC_CREAT | SHM_HUGETLB | 0600), -EINVAL);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresgid, USER, USER, USER), 0);
		CHECK_EQ(sys(setresuid, USER, USER, USER), 0);
		CHECK_EQ(sys(shmget, IPC_PRIVATE, 2 * MB, IPC_CREAT | SHM_HUGETLB | 0600), -EPERM);
	}), 0);
}
