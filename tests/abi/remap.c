// SPDX-License-Identifier: GPL-2.0-only
//
// The corners of mremap and msync: what is refused, with which errno, and what each did by then.
#include "t.h"

static bool mapped(char *p)
{
	unsigned char there;

	return sys(mincore, p, PAGE, &there) == 0;
}

static char *remap(char *p, size_t from, size_t to, int flags, char *at)
{
	return t_ptr((unsigned long)sys(mremap, p, from, to, flags, at));
}

static char *shared(size_t n)
{
	return t_map_shared(n);
}

// Some pages with nothing on either side.
static char *island(size_t pages)
{
	char *p = t_map((pages + 8) * PAGE);

	CHECK_EQ(sys(munmap, p, 2 * PAGE), 0);
	CHECK_EQ(sys(munmap, p + (pages + 2) * PAGE, 6 * PAGE), 0);
	return p + 2 * PAGE;
}

TEST(flags_and_sizes)
{
	char *p = island(3);
	static const int bad[] = {8, -1, MREMAP_FIXED, MREMAP_DONTUNMAP, MREMAP_FIXED | MREMAP_DONTUNMAP, 1 << 30};

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK_EQ(sys(mremap, p, PAGE, PAGE, bad[i], 0), -EINVAL);
	CHECK_EQ(sys(mremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), -EINVAL);
	CHECK_EQ(sys(mremap, p, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), -EINVAL);
	CHECK_EQ(sys(mremap, p + 1, PAGE, PAGE, 0, 0), -EINVAL);
	CHECK_EQ(sys(mremap, p, PAGE, 0, MREMAP_MAYMOVE, 0), -EINVAL);
	CHECK_EQ(sys(mremap, p, 0, PAGE, MREMAP_MAYMOVE, 0), -EINVAL); // a second of private memory
	CHECK_EQ(sys(mremap, p, PAGE, -1UL, MREMAP_MAYMOVE, 0), -EINVAL); // rounds to nothing
	CHECK_EQ(sys(mremap, p, PAGE, 1UL << 46, MREMAP_MAYMOVE, 0), -ENOMEM);
	for (int i = 0; i < 3; i++)
		CHECK(mapped(p + i * (long)PAGE));
}

TEST(memory_that_is_not_there)
{
	char *p = island(3);

	CHECK_EQ(sys(mremap, p - PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT);
	CHECK_EQ(sys(mremap, p - PAGE, PAGE, PAGE, 0, 0), -EFAULT);
	CHECK_EQ(sys(mremap, p, 4 * PAGE, 5 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT);
	CHECK_EQ(sys(mprotect, p + PAGE, PAGE, PROT_READ), 0);
	CHECK_EQ(sys(mremap, p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT); // two mappings
	CHECK_EQ(sys(mremap, -PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), -EFAULT);
}

TEST(longer_and_shorter)
{
	char *p = island(3), *q;

	p[0] = 'a';
	p[2 * PAGE] = 'c';
	CHECK_EQ(sys(mremap, p, 3 * PAGE, 3 * PAGE, 0, 0), p);
	CHECK_EQ(sys(mremap, p, 3 * PAGE, 2 * PAGE, 0, 0), p);
	CHECK(!mapped(p + 2 * PAGE));
	CHECK_EQ(sys(mremap, p, 2 * PAGE, 3 * PAGE, 0, 0), p);
	CHECK_EQ(p[2 * PAGE], 0);
	CHECK_EQ(sys(mremap, p, PAGE, 2 * PAGE, 0, 0), -ENOMEM); // the next one is in the way
	q = remap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
	CHECK(q != p);
	CHECK_EQ(q[0], 'a');
	CHECK_EQ(q[PAGE], 0);
	CHECK(!mapped(p));
	CHECK(mapped(p + PAGE));
}

TEST(to_a_given_place)
{
	char *p = island(4), *to = island(4);

	p[0] = 'a';
	p[PAGE] = 'b';
	to[0] = 'x';
	to[2 * PAGE] = 'z';
	CHECK_EQ(sys(mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + 1), -EINVAL);
	CHECK_EQ(sys(mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE), -EINVAL);
	CHECK_EQ(sys(mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p), -EINVAL);
	CHECK_EQ(sys(mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 1UL << 47), -EINVAL);
	CHECK_EQ(sys(mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, -PAGE), -EINVAL);
	CHECK_EQ(sys(mremap, p, PAGE, 1UL << 47, MREMAP_MAYMOVE | MREMAP_FIXED, to), -EINVAL);
	CHECK_EQ(p[PAGE], 'b');
	CHECK_EQ(to[0], 'x');
	CHECK_EQ(remap(p, 2 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	CHECK_EQ(to[0], 'a');
	CHECK_EQ(to[2 * PAGE], 'z');
	CHECK(!mapped(p));
	CHECK(!mapped(p + PAGE)); // was cut off
	CHECK(mapped(p + 2 * PAGE));
}

TEST(pages_leave_and_the_mapping_stays)
{
	char *p = island(2), *q;

	p[0] = 'a';
	p[PAGE] = 'b';
	q = remap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	CHECK(q != p);
	CHECK_EQ(q[PAGE], 'b');
	CHECK_EQ(p[PAGE], 0);
	p[PAGE] = 'c';
	CHECK_EQ(q[PAGE], 'b');
	CHECK_EQ(remap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, p), p);
	CHECK_EQ(p[PAGE], 'b');
	CHECK_EQ(q[0], 0);
}

TEST(a_second_view_of_shared_memory)
{
	char *p = shared(2 * PAGE), *q = remap(p, 0, 2 * PAGE, MREMAP_MAYMOVE, 0);

	CHECK(q != p);
	p[PAGE] = 'x';
	CHECK_EQ(q[PAGE], 'x');
	CHECK_EQ(sys(mremap, p, 0, PAGE, 0, 0), -ENOMEM); // where it is, there is one
}

TEST(more_than_may_be_had)
{
	struct rlimit as;
	char *p = island(2);
	long kib = t_field("/proc/self/status", "VmSize:");

	CHECK_GE(kib, 1);
	as.rlim_cur = as.rlim_max = (unsigned long)kib * 1024 + 16 * PAGE;
	CHECK_EQ(sys(setrlimit, RLIMIT_AS, &as), 0);
	CHECK_EQ(sys(mremap, p, PAGE, 40 * PAGE, MREMAP_MAYMOVE, 0), -ENOMEM);
	CHECK_EQ(sys(mremap, p, 2 * PAGE, 3 * PAGE, 0, 0), p);
	CHECK(mapped(p + 2 * PAGE));
}

TEST(msync_arguments)
{
	char *p = island(3);

	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_SYNC), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_ASYNC | MS_INVALIDATE), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, 0), 0);
	CHECK_EQ(sys(msync, p, 2 * PAGE + 1, MS_SYNC), 0);
	CHECK_EQ(sys(msync, p, PAGE, MS_SYNC | MS_ASYNC), -EINVAL);
	CHECK_EQ(sys(msync, p, PAGE, 8), -EINVAL);
	CHECK_EQ(sys(msync, p, PAGE, -1), -EINVAL);
	CHECK_EQ(sys(msync, p + 1, PAGE, MS_SYNC), -EINVAL);
	CHECK_EQ(sys(msync, p - PAGE, 0, MS_SYNC), 0); // nothing is asked of nothing
	CHECK_EQ(sys(msync, p, -1UL, MS_SYNC), 0); // rounds to nothing
	CHECK_EQ(sys(msync, p, -PAGE, MS_SYNC), -ENOMEM);
	CHECK_EQ(sys(msync, p - PAGE, PAGE, MS_SYNC), -ENOMEM);
	CHECK_EQ(sys(msync, p - PAGE, 2 * PAGE, MS_SYNC), -ENOMEM);
	CHECK_EQ(sys(msync, p, 4 * PAGE, MS_ASYNC), -ENOMEM);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_SYNC), -ENOMEM);
	CHECK_EQ(sys(msync, -PAGE, PAGE, MS_SYNC), -ENOMEM);
}

TEST(msync_of_locked_memory)
{
	char *p = shared(3 * PAGE);

	CHECK_EQ(sys(mlock, p + PAGE, PAGE), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_SYNC), 0);
	CHECK_EQ(sys(msync, p, PAGE, MS_SYNC | MS_INVALIDATE), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_SYNC | MS_INVALIDATE), -EBUSY);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_ASYNC | MS_INVALIDATE), -EBUSY);
	CHECK_EQ(sys(munmap, p, PAGE), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_INVALIDATE), -EBUSY); // before the hole
	CHECK_EQ(sys(munlock, p + PAGE, PAGE), 0);
	CHECK_EQ(sys(msync, p, 3 * PAGE, MS_INVALIDATE), -ENOMEM);
}
