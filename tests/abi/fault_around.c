// SPDX-License-Identifier: GPL-2.0-only
//
// A read fault in a mapping of a file also maps what the cache has of the 64 KiB around: fewer faults,
// and nothing else that could be told apart.
#include "t.h"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/shm.h>

#define AROUND 16 // pages
#define PAGES (4 * AROUND)
#define TABLE 512 // pages that one page table maps, and no fault maps more: 2 MiB, on a multiple of it

static char *volatile target;

static long min_flt(void)
{
	struct rusage ru;

	CHECK_EQ(sys(getrusage, RUSAGE_SELF, &ru), 0);
	return ru.ru_minflt;
}

// How many faults it takes to read a byte, or to write one. Who has forked writes to copies of its stack's pages, and
// the kernel to where it answers, after it has counted: so the first answer is only for that.
__attribute__((noinline)) static long reads(const volatile char *p)
{
	min_flt();
	long before = min_flt();

	(void)*p;
	return min_flt() - before;
}

__attribute__((noinline)) static long writes(volatile char *p, char c)
{
	min_flt();
	long before = min_flt();

	*p = c;
	return min_flt() - before;
}

static void put(int fd, long page, char c)
{
	CHECK_EQ(sys(pwrite64, fd, &c, 1, page * (long)PAGE), 1);
}

static char get(int fd, long page)
{
	char c = 0;

	CHECK_EQ(sys(pread64, fd, &c, 1, page * (long)PAGE), 1);
	return c;
}

// A file of which every step'th page is there and begins with 1 + its number.
static int file(long pages, long step)
{
	int fd = (int)sys(memfd_create, "f", 0);
	char warm = 0;

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(ftruncate, fd, pages * (long)PAGE), 0);
	for (long i = 0; i < pages; i += step)
		put(fd, i, (char)(1 + i));
	reads(&warm); // what this program is made of is there now
	writes(&warm, 1);
	return fd;
}

// Pages [from, from + pages) of the file, so many pages behind where a table begins, with anonymous ones around.
static char *map_at(int fd, long from, long pages, int prot, int how, long behind)
{
	char *p = t_map(2 * TABLE * PAGE);

	p = (char *)(((unsigned long)p + TABLE * PAGE - 1) & -(TABLE * PAGE)) + behind * (long)PAGE;
	CHECK_EQ(sys(mmap, p, pages * (long)PAGE, prot, how | MAP_FIXED, fd, from * (long)PAGE), p);
	return p;
}

static char *map_file(int fd, int prot, int how)
{
	return map_at(fd, 0, PAGES, prot, how, 0);
}

static void read_target(void)
{
	(void)*(volatile char *)target;
}

static int fault_at(char *p)
{
	target = p;
	return t_fault(read_target).sig;
}

TEST(one_fault_for_sixteen_pages)
{
	static const int how[] = {MAP_PRIVATE, MAP_SHARED};
	int fd = file(PAGES, 1);

	for (int i = 0; i < 2; i++) {
		char *p = map_file(fd, PROT_READ, how[i]);

		CHECK_EQ(reads(p + 20 * PAGE), 1);
		for (long page = 16; page < 32; page++)
			CHECK_EQ(reads(p + page * (long)PAGE), 0);
		CHECK_EQ(reads(p + 15 * PAGE), 1);
		CHECK_EQ(reads(p + 32 * PAGE), 1);
		for (long page = 0; page < 48; page++)
			CHECK_EQ(p[page * (long)PAGE], 1 + page);
		CHECK_EQ(reads(p + 63 * PAGE), 1);
	}
}

TEST(what_is_not_there_is_not_made)
{
	int fd = file(PAGES, 2);
	char *p = map_file(fd, PROT_READ, MAP_PRIVATE);

	CHECK_EQ(reads(p), 1);
	CHECK_EQ(reads(p + 2 * PAGE), 0);
	CHECK_EQ(sys(lseek, fd, 0, SEEK_HOLE), PAGE); // still
	CHECK_EQ(sys(lseek, fd, PAGE, SEEK_DATA), 2 * PAGE);
	put(fd, 3, 99); // comes now, and by a fault of its own
	CHECK_EQ(reads(p + 3 * PAGE), 1);
	CHECK_EQ(p[3 * PAGE], 99);
	CHECK_EQ(reads(p + 1 * PAGE), 1);
	CHECK_EQ(p[PAGE], 0);
}

// From the mapping's beginning it is sixteen pages, beyond the multiple of 64 KiB if need be.
TEST(as_far_as_the_mapping_goes)
{
	int fd = file(PAGES, 1);
	char *p = map_at(fd, 7, 30, PROT_READ, MAP_PRIVATE, 5);

	CHECK_EQ(reads(p + 2 * PAGE), 1);
	CHECK_EQ(reads(p), 0);
	CHECK_EQ(reads(p + 15 * PAGE), 0);
	CHECK_EQ(reads(p + 16 * PAGE), 1);
	CHECK_EQ(reads(p + 26 * PAGE), 0); // at 31
	CHECK_EQ(reads(p + 29 * PAGE), 1);
	for (long i = 0; i < 30; i++)
		CHECK_EQ(p[i * (long)PAGE], 8 + i);
	CHECK_EQ(p[-1], 0); // anonymous, on both sides
	CHECK_EQ(p[30 * PAGE], 0);
}

TEST(as_far_as_the_table_goes)
{
	int fd = file(PAGES, 1);
	char *p = map_at(fd, 0, 30, PROT_READ, MAP_PRIVATE, TABLE - 10);

	CHECK_EQ(reads(p), 1);
	CHECK_EQ(reads(p + 9 * PAGE), 0);
	CHECK_EQ(reads(p + 10 * PAGE), 1); // sixteen would be more
	CHECK_EQ(reads(p + 25 * PAGE), 0);
	for (long i = 0; i < 30; i++)
		CHECK_EQ(p[i * (long)PAGE], 1 + i);
}

TEST(as_far_as_the_rights_go)
{
	int fd = file(PAGES, 1);
	char *p = map_file(fd, PROT_READ, MAP_PRIVATE);

	CHECK_EQ(sys(mprotect, p + 4 * PAGE, 2 * PAGE, PROT_NONE), 0);
	CHECK_EQ(reads(p), 1);
	CHECK_EQ(reads(p + 3 * PAGE), 0);
	CHECK_EQ(fault_at(p + 4 * PAGE), SIGSEGV);
	CHECK_EQ(fault_at(p + 5 * PAGE), SIGSEGV);
	CHECK_EQ(reads(p + 6 * PAGE), 1);
	CHECK_EQ(reads(p + 15 * PAGE), 0);
	CHECK_EQ(sys(mprotect, p + 4 * PAGE, 2 * PAGE, PROT_READ), 0);
	CHECK_EQ(reads(p + 4 * PAGE), 1);
	CHECK_EQ(p[5 * PAGE], 6);
	CHECK_EQ(sys(mprotect, p, 2 * PAGE, PROT_NONE), 0); // takes away what nobody had touched
	CHECK_EQ(fault_at(p + PAGE), SIGSEGV);
}

TEST(a_write_brings_one_page)
{
	int fd = file(PAGES, 1);
	char *p = map_file(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	CHECK_EQ(writes(p + PAGE, 'x'), 1);
	CHECK_EQ(reads(p + 2 * PAGE), 1);
	CHECK_EQ(reads(p + 3 * PAGE), 0);
	CHECK_EQ(p[PAGE], 'x'); // was not replaced
	CHECK_EQ(reads(p), 0);
	p = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK_EQ(writes(p + PAGE, 'y'), 1);
	CHECK_EQ(reads(p + 2 * PAGE), 1);
	CHECK_EQ(get(fd, 1), 'y');
}

TEST(a_private_write_gets_a_copy)
{
	int fd = file(PAGES, 1);
	char *p = map_file(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE), *q = map_file(fd, PROT_READ, MAP_PRIVATE);

	CHECK_EQ(reads(p), 1);
	CHECK_EQ(reads(q), 1);
	for (long i = 0; i < AROUND; i++)
		CHECK_EQ(writes(p + i * (long)PAGE, 'x'), 1);
	for (long i = 0; i < AROUND; i++) {
		CHECK_EQ(get(fd, i), 1 + i);
		CHECK_EQ(q[i * (long)PAGE], 1 + i);
		CHECK_EQ(p[i * (long)PAGE], 'x');
	}
	put(fd, AROUND + 1, 'f'); // what is not written to follows the file
	CHECK_EQ(p[(AROUND + 1) * PAGE], 'f');
	put(fd, AROUND + 2, 'f');
	CHECK_EQ(p[(AROUND + 2) * PAGE], 'f');
}

TEST(a_shared_write_reaches_the_file)
{
	int fd = file(PAGES, 1);
	char *p = map_file(fd, PROT_READ | PROT_WRITE, MAP_SHARED), *q = map_file(fd, PROT_READ, MAP_PRIVATE);

	CHECK_EQ(reads(p), 1);
	CHECK_EQ(reads(q), 1);
	for (long i = 0; i < AROUND; i++) {
		p[i * (long)PAGE] = 'w';
		CHECK_EQ(get(fd, i), 'w');
		CHECK_EQ(q[i * (long)PAGE], 'w');
	}
	p = map_file(fd, PROT_READ, MAP_SHARED);
	CHECK_EQ(reads(p), 1);
	CHECK_EQ(sys(mprotect, p, AROUND * PAGE, PROT_READ | PROT_WRITE), 0);
	p[3 * PAGE] = 'm';
	CHECK_EQ(get(fd, 3), 'm');
}

TEST(the_end_of_the_file)
{
	int fd = file(3, 1);
	char *p;

	CHECK_EQ(sys(ftruncate, fd, 2 * PAGE + 100), 0);
	p = map_file(fd, PROT_READ, MAP_PRIVATE);
	CHECK_EQ(reads(p), 1);
	CHECK_EQ(reads(p + 2 * PAGE), 0);
	CHECK_EQ(p[2 * PAGE + 100], 0);
	CHECK_EQ(fault_at(p + 3 * PAGE), SIGBUS);
	CHECK_EQ(sys(fallocate, fd, FALLOC_FL_KEEP_SIZE, 3 * PAGE, 2 * PAGE), 0); // pages behind the end
	p = map_file(fd, PROT_READ, MAP_PRIVATE);
	CHECK_EQ(reads(p), 1);
	CHECK_EQ(fault_at(p + 3 * PAGE), SIGBUS);
	CHECK_EQ(sys(ftruncate, fd, 4 * PAGE), 0);
	CHECK_EQ(p[3 * PAGE], 0);
	CHECK_EQ(fault_at(p + 4 * PAGE), SIGBUS);
}

TEST(cut_off_while_mapped)
{
	static const int how[] = {MAP_PRIVATE, MAP_SHARED};

	for (int i = 0; i < 2; i++) {
		int fd = file(PAGES, 1);
		char *p = map_file(fd, PROT_READ, how[i]);

		CHECK_EQ(reads(p), 1);
		CHECK_EQ(sys(ftruncate, fd, 4 * PAGE), 0);
		CHECK_EQ(fault_at(p + 5 * PAGE), SIGBUS); // was mapped, and never touched
		CHECK_EQ(reads(p + 3 * PAGE), 0);
		CHECK_EQ(sys(ftruncate, fd, 8 * PAGE), 0);
		CHECK_EQ(p[5 * PAGE], 0);
		put(fd, 6, 'n');
		CHECK_EQ(p[6 * PAGE], 'n');
		sys(close, fd);
	}
}

// Maps and reads a page of the file at a time, when it is this process's turn; then waits until it is cut off.
static void map_in_turn(int fd, volatile int *turn, int who)
{
	char *p[8];

	for (int i = 0; i < 8; i++) {
		UNTIL(*turn == 2 * i + who);
		p[i] = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, i * PAGE);
		CHECK_EQ(p[i][0], 1 + i);
		*turn += 1;
	}
	if (who == 0) {
		UNTIL(*turn == 16);
		CHECK_EQ(sys(ftruncate, fd, 4 * PAGE), 0);
		*turn = 17;
	}
	UNTIL(*turn == 17);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(p[i][0], 1 + i);
		CHECK_EQ(fault_at(p[4 + i]), SIGBUS);
	}
}

TEST(cut_off_in_two_processes)
{
	volatile int *turn = t_map_shared(PAGE);
	int fd = file(8, 1), pid = t_fork();

	map_in_turn(fd, turn, pid == 0);
	if (pid == 0)
		t_exit(0);
	CHECK_EQ(t_wait(pid), 0);
}

TEST(a_hole_while_mapped)
{
	int fd = file(PAGES, 1), punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	char *p = map_file(fd, PROT_READ, MAP_SHARED);

	CHECK_EQ(reads(p), 1);
	CHECK_EQ(sys(fallocate, fd, punch, 2 * PAGE, 3 * PAGE), 0);
	CHECK_EQ(reads(p + 5 * PAGE), 0);
	CHECK_EQ(reads(p + 1 * PAGE), 0);
	CHECK_EQ(p[2 * PAGE], 0);
	put(fd, 3, 'n');
	CHECK_EQ(p[3 * PAGE], 'n');
	put(fd, 2, 'n');
	CHECK_EQ(p[2 * PAGE], 'n');
}

static _Atomic int stop;

static int read_all_until_stop(void *arg)
{
	while (!stop)
		for (long i = 0; i < AROUND; i++)
			(void)((volatile char *)arg)[i * (long)PAGE];
	return 0;
}

// Others map a page again and again while it leaves the file: who writes a new one sees it.
TEST(a_hole_under_faults)
{
	int fd = file(AROUND, 1), punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	char *p = map_at(fd, 0, AROUND, PROT_READ, MAP_SHARED, 0);
	struct thread t[3];

	for (int i = 0; i < 3; i++)
		thread_start(&t[i], read_all_until_stop, p);
	for (long i = 0; i < 200; i++) {
		long page = i % AROUND;

		CHECK_EQ(sys(fallocate, fd, punch, page * (long)PAGE, PAGE), 0);
		put(fd, page, (char)(1 + i % 100));
		CHECK_EQ(((volatile char *)p)[page * (long)PAGE], 1 + i % 100);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
}

TEST(shm_segments_come_by_the_page)
{
	long id = sys(shmget, IPC_PRIVATE, 4 * PAGE, 0600 | IPC_CREAT);
	char *p = (char *)sys(shmat, id, 0, 0);

	CHECK((long)p > 0);
	CHECK_EQ(sys(shmctl, id, IPC_RMID, 0), 0);
	memset(p, 1, 4 * PAGE);
	CHECK_EQ(IN_CHILD({
		reads(p); // this program, too
		CHECK_EQ(reads(p + 1 * PAGE), 1);
		CHECK_EQ(reads(p + 2 * PAGE), 1);
	}),
		0);
}

// What of a mapping is the file's own may be looked up again by a child; a copy may not.
TEST(copies_are_inherited)
{
	int fd = file(PAGES, 1);
	char *p = map_file(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE), *q;

	CHECK_EQ(reads(p), 1);
	p[3 * PAGE] = 'x';
	p[40 * PAGE] = 'y'; // by its first fault
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(p[3 * PAGE], 'x');
		CHECK_EQ(p[40 * PAGE], 'y');
		CHECK_EQ(p[4 * PAGE], 5);
		p[4 * PAGE] = 'z';
		CHECK_EQ(IN_CHILD(CHECK_EQ(p[3 * PAGE], 'x'); CHECK_EQ(p[4 * PAGE], 'z'); p[3 * PAGE] = 'c'), 0);
		CHECK_EQ(p[3 * PAGE], 'x');
	}),
		0);
	CHECK_EQ(p[4 * PAGE], 5);

	p = map_file(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE); // two, the second with a copy, become one
	CHECK_EQ(sys(mprotect, p, 8 * PAGE, PROT_READ), 0);
	p[9 * PAGE] = 'm';
	CHECK_EQ(sys(mprotect, p + 8 * PAGE, (PAGES - 8) * PAGE, PROT_READ), 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(p[9 * PAGE], 'm')), 0);
	CHECK_EQ(sys(mprotect, p + 9 * PAGE, PAGE, PROT_READ | PROT_WRITE), 0); // three
	CHECK_EQ(IN_CHILD(CHECK_EQ(p[9 * PAGE], 'm')), 0);
	q = (char *)sys(mremap, p + 9 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE); // and moved
	CHECK(q > (char *)0 && q != p + 9 * PAGE);
	CHECK_EQ(IN_CHILD(CHECK_EQ(q[0], 'm'); CHECK_EQ(q[PAGE], 11)), 0);
}
