// SPDX-License-Identifier: GPL-2.0-only
//
// Rows: mapping, protecting, and touching memory. Where it says "a page", 2,048 pages are touched one
// after the other and the cost is divided.
#include "bench.h"

#define PAGES 2048L

static void touch(volatile char *p, long pages)
{
	for (long i = 0; i < pages; i++)
		p[i * (long)PAGE] = 1;
}

static char look(const volatile char *p, long pages)
{
	char sum = 0;

	for (long i = 0; i < pages; i++)
		sum = (char)(sum + p[i * (long)PAGE]);
	return sum;
}

ROW(fault_write)
{
	char *p = t_map(PAGES * PAGE);
	long n = COST_OF(PAGES, touch(p, PAGES));

	sys(munmap, p, PAGES * PAGE);
	return n;
}

ROW(fault_read)
{
	char *p = t_map(PAGES * PAGE);
	long n = COST_OF(PAGES, look(p, PAGES));

	sys(munmap, p, PAGES * PAGE);
	return n;
}

ROW(munmap_touched)
{
	char *p = t_map(PAGES * PAGE);

	touch(p, PAGES);
	return COST_OF(PAGES, sys(munmap, p, PAGES * PAGE));
}

// A private mapping of a file whose pages are all in memory.
ROW(fault_file)
{
	char page[64] = "present";
	long fd = sys(memfd_create, "bench", 0);

	CHECK_GE(fd, 0);
	for (long i = 0; i < PAGES; i++)
		CHECK_EQ(sys(pwrite64, fd, page, sizeof page, i * (long)PAGE), (long)sizeof page);
	CHECK_EQ(sys(ftruncate, fd, PAGES * PAGE), 0);
	char *p = (char *)sys(mmap, 0, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	long n = COST_OF(PAGES, look(p, PAGES));

	sys(munmap, p, PAGES * PAGE);
	sys(close, fd);
	return n;
}

// The child writes to what it shares with its parent.
ROW(fault_cow)
{
	char *p = t_map(PAGES * PAGE);
	long *n = t_map_shared(PAGE), result;

	touch(p, PAGES);
	CHECK_EQ(IN_CHILD(*n = COST_OF(PAGES, touch(p, PAGES))), 0);
	result = *n;
	sys(munmap, p, PAGES * PAGE);
	sys(munmap, n, PAGE);
	return result;
}

ROW(map_touch_unmap)
{
	return COST_OF(PAGES, char *p = t_map(PAGES * PAGE); touch(p, PAGES); sys(munmap, p, PAGES * PAGE));
}

ROW(map_unmap)
{
	return TIMES(100, sys(munmap, t_map(PAGE), PAGE));
}

ROW(map_touch_unmap_one)
{
	return TIMES(100, char *p = t_map(PAGE); touch(p, 1); sys(munmap, p, PAGE));
}

ROW(mprotect_pair)
{
	char *p = t_map(PAGE);

	touch(p, 1);
	long n = TIMES(100, sys(mprotect, p, PAGE, PROT_READ);
		sys(mprotect, p, PAGE, PROT_READ | PROT_WRITE));

	sys(munmap, p, PAGE);
	return n;
}

ROW(brk_pair)
{
	long end = sys(brk, 0);

	CHECK_EQ(sys(brk, end + (long)PAGE), end + (long)PAGE);
	sys(brk, end);
	return TIMES(100, sys(brk, end + (long)PAGE); sys(brk, end));
}
