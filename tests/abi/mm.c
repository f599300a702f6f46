// SPDX-License-Identifier: GPL-2.0-only
//
// Address spaces: mapping, protection, files, the break, the stack.
#include "t.h"

static char *map(size_t bytes, int prot)
{
	return (char *)sys(mmap, 0, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool readable(void *p)
{
	int fds[2];
	long n;

	CHECK_EQ(sys(pipe, fds), 0);
	n = sys(write, fds[1], p, 1);
	sys(close, fds[0]);
	sys(close, fds[1]);
	return n == 1;
}

TEST(anonymous_memory_is_zero)
{
	char *p = map(100 * PAGE, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < 100 * PAGE; i += 512)
		CHECK_EQ(p[i], 0);
	memset(p, 7, 100 * PAGE);
	CHECK_EQ(sys(munmap, p, 100 * PAGE), 0);
	p = map(100 * PAGE, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < 100 * PAGE; i += 512)
		CHECK_EQ(p[i], 0);
}

TEST(more_than_there_is_may_be_mapped)
{
	size_t most = (size_t)t_field("/proc/meminfo", "MemTotal") / 4 * 3 * 1024 / PAGE * PAGE;

	for (int i = 0; i < 4; i++) { // three times all there is
		char *p = map(most, PROT_READ | PROT_WRITE);

		if ((long)p == -ENOMEM && !t_on_thaw)
			SKIP("strict overcommit");
		CHECK((long)p > 0);
		p[0] = p[most - 1] = 1;
		CHECK_EQ(p[most / 2], 0);
	}
}

TEST(map_arguments)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS;

	CHECK_EQ(sys(mmap, 0, 0, PROT_READ, anon, -1, 0), -EINVAL);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), -EINVAL);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), -EBADF);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, 0, 1), -EINVAL);
	CHECK_EQ(sys(mmap, 0, -1L, PROT_READ, anon, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0, 1UL << 47, PROT_READ, anon, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0x1001, PAGE, PROT_READ, anon | MAP_FIXED, -1, 0), -EINVAL);
	CHECK_EQ(sys(mmap, 0xffff800000000000UL, PAGE, PROT_READ, anon | MAP_FIXED, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0x7ffffffff000UL, PAGE, PROT_READ, anon | MAP_FIXED, -1, 0), -ENOMEM);
	CHECK_EQ(sys(mmap, 0x7fffffffe000UL, 3 * PAGE, PROT_READ, anon | MAP_FIXED, -1, 0), -ENOMEM);
	t_tmpdir();
	CHECK_EQ(t_spit("f", "x"), 0);
	long fd = sys(open, "f", O_RDWR);

	// What MAP_SHARED does not look at.
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED | 0x200000, fd, 0) > 0, 1); // no such flag
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200000, fd, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(mmap, 0x10000000, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, fd, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), -EOPNOTSUPP);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x8000000, fd, 0) > 0, 1); // of a size of huge pages
}

TEST(fixed_and_hint)
{
	char *p = map(4 * PAGE, PROT_READ | PROT_WRITE);
	int anon = MAP_PRIVATE | MAP_ANONYMOUS;

	memset(p, 5, 4 * PAGE);
	CHECK_EQ(sys(mmap, p + PAGE, PAGE, PROT_READ, anon | MAP_FIXED, -1, 0), p + PAGE);
	CHECK_EQ(p[PAGE], 0); // replaced
	CHECK_EQ(p[0], 5);
	CHECK_EQ(p[2 * PAGE], 5);
	CHECK_EQ(sys(mmap, p, PAGE, PROT_READ, anon | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
	sys(munmap, p + PAGE, PAGE);
	CHECK_EQ(sys(mmap, p + PAGE, PAGE, PROT_READ, anon, -1, 0), p + PAGE); // a hint that fits
	long other = sys(mmap, p, PAGE, PROT_READ, anon, -1, 0);	       // one that does not

	CHECK(other > 0 && other != (long)p);
}

// A hint is rounded down, and ignored where nothing can be: also when it lies so high that rounding it up would wrap.
TEST(hints_that_cannot_be)
{
	static const unsigned long hints[] = {-1UL, -PAGE, -PAGE + 1, 0x800000000000UL, 0x7fffffffffffUL, 1UL << 63};
	int anon = MAP_PRIVATE | MAP_ANONYMOUS;

	for (unsigned i = 0; i < sizeof hints / sizeof *hints; i++) {
		unsigned long p = (unsigned long)sys(mmap, hints[i], PAGE, PROT_READ, anon, -1, 0);

		CHECK(p > 1UL << 32 && p < 0x7ffffffff000UL);
		CHECK_EQ(sys(munmap, p, PAGE), 0);
	}
	char *p = map(2 * PAGE, PROT_READ);

	sys(munmap, p, 2 * PAGE);
	CHECK_EQ(sys(mmap, p + 5, PAGE, PROT_READ, anon, -1, 0), p);
}

TEST(unmap)
{
	char *p = map(5 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 1, 5 * PAGE);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0); // a hole
	CHECK(readable(p));
	CHECK(!readable(p + PAGE));
	CHECK(readable(p + 2 * PAGE));
	CHECK_EQ(sys(munmap, p, 3 * PAGE), 0); // over the hole
	CHECK(!readable(p + 2 * PAGE));
	CHECK(readable(p + 3 * PAGE));
	CHECK_EQ(sys(munmap, p, PAGE), 0); // nothing there
	CHECK_EQ(sys(munmap, p + 3 * PAGE, 100), 0); // rounded up
	CHECK(!readable(p + 3 * PAGE));
	CHECK_EQ(sys(munmap, p + 1, PAGE), -EINVAL);
	CHECK_EQ(sys(munmap, p, 0), -EINVAL);
	CHECK_EQ(sys(munmap, 0xffff800000000000UL, PAGE), -EINVAL);
	CHECK_EQ(sys(munmap, p, -PAGE), -EINVAL);
}

static char *target;

static void write_target(void)
{
	*(volatile char *)target = 1;
}

static void read_target(void)
{
	(void)*(volatile char *)target;
}

static void call_target(void)
{
	((void (*)(void))t_ptr((unsigned long)target))();
}

TEST(protection)
{
	struct fault f;

	target = map(3 * PAGE, PROT_READ | PROT_WRITE);
	target[PAGE] = 9;
	CHECK_EQ(sys(mprotect, target + PAGE, PAGE, PROT_READ), 0);
	target += PAGE;
	CHECK_EQ(*target, 9);
	f = t_fault(write_target);
	CHECK_EQ(f.how, 0);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_ACCERR);
	CHECK_EQ(f.addr, target);
	CHECK_EQ(sys(mprotect, target, PAGE, PROT_NONE), 0);
	f = t_fault(read_target);
	CHECK_EQ(f.code, SEGV_ACCERR);
	CHECK_EQ(sys(mprotect, target, PAGE, PROT_READ | PROT_WRITE), 0);
	CHECK_EQ(*target, 9); // the contents were kept
	target[0] = target[-1] = target[PAGE] = 1;
}

TEST(protection_arguments)
{
	char *p = map(3 * PAGE, PROT_READ | PROT_WRITE);

	CHECK_EQ(sys(mprotect, p + 1, PAGE, PROT_READ), -EINVAL);
	CHECK_EQ(sys(mprotect, p, 0, PROT_READ), 0);
	sys(munmap, p + PAGE, PAGE);
	CHECK_EQ(sys(mprotect, p, 3 * PAGE, PROT_READ), -ENOMEM); // a hole in the way
	CHECK_EQ(sys(mprotect, p + PAGE, PAGE, PROT_READ), -ENOMEM);
	CHECK_EQ(sys(mprotect, 0xffff800000000000UL, PAGE, PROT_READ), -ENOMEM);
	CHECK_EQ(sys(mprotect, p, -PAGE, PROT_READ), -ENOMEM);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), -EINVAL);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_READ | PROT_GROWSDOWN), -EINVAL); // no stack
}

TEST(unmapped_memory)
{
	struct fault f;

	target = t_ptr(0x123456); // far below the program
	f = t_fault(read_target);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_MAPERR);
	CHECK_EQ(f.addr, target);
	f = t_fault(write_target);
	CHECK_EQ(f.code, SEGV_MAPERR);
	f = t_fault(call_target);
	CHECK_EQ(f.code, SEGV_MAPERR);
	CHECK_EQ(f.rip, target);
}

TEST(kernel_and_noncanonical_addresses)
{
	struct fault f;

	target = t_ptr(0xffffffff80000000UL);
	f = t_fault(read_target);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_MAPERR); // whether something is there is not told
	CHECK_EQ(f.addr, target);
	f = t_fault(write_target);
	CHECK_EQ(f.code, SEGV_MAPERR);
	target = t_ptr(0xffff888000000000UL);
	f = t_fault(read_target);
	CHECK_EQ(f.code, SEGV_MAPERR);
	target = t_ptr(0x8000000000000000UL);
	f = t_fault(read_target);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SI_KERNEL);
	CHECK_EQ(f.addr, 0);
	target = t_ptr(0xffffffffff000000UL);
	f = t_fault(call_target);
	CHECK_EQ(f.sig, SIGSEGV);
}

static const unsigned char return_77[] = {0xb8, 77, 0, 0, 0, 0xc3};

TEST(execute_permission)
{
	struct fault f;

	target = map(PAGE, PROT_READ | PROT_WRITE);
	memcpy(target, return_77, sizeof return_77);
	f = t_fault(call_target);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_ACCERR);
	CHECK_EQ(f.addr, target);
	CHECK_EQ(sys(mprotect, target, PAGE, PROT_READ | PROT_EXEC), 0);
	CHECK_EQ(((int (*)(void))target)(), 77);
	f = t_fault(write_target);
	CHECK_EQ(f.code, SEGV_ACCERR);
}

TEST(text_is_read_only)
{
	target = (char *)return_77;
	CHECK_EQ(t_fault(write_target).code, SEGV_ACCERR);
	target = (char *)readable;
	CHECK_EQ(t_fault(write_target).code, SEGV_ACCERR);
}

TEST(break)
{
	long start = sys(brk, 0);
	char *p = (char *)((start + PAGE - 1) & ~(PAGE - 1));

	CHECK(start > 0);
	CHECK_EQ(sys(brk, p + 10 * PAGE), p + 10 * PAGE);
	memset(p, 3, 10 * PAGE);
	CHECK_EQ(sys(brk, p + 5 * PAGE), p + 5 * PAGE);
	CHECK(!readable(p + 6 * PAGE));
	CHECK_EQ(p[4 * PAGE], 3);
	CHECK_EQ(sys(brk, p + 10 * PAGE), p + 10 * PAGE);
	CHECK_EQ(p[6 * PAGE], 0); // fresh again
	CHECK_EQ(sys(brk, 8UL), p + 10 * PAGE); // refused: where it was
	CHECK_EQ(sys(brk, 0xffff800000000000UL), p + 10 * PAGE);
	CHECK_EQ(sys(brk, start), start);
}

TEST(break_is_inherited_and_private)
{
	long start = sys(brk, 0);
	char *p = (char *)start;

	CHECK_EQ(sys(brk, start + 2 * PAGE), start + 2 * PAGE);
	p[PAGE] = 1;
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(brk, 0), start + 2 * PAGE);
		CHECK_EQ(p[PAGE], 1);
		CHECK_EQ(sys(brk, start), start);
	}),
		0);
	CHECK_EQ(p[PAGE], 1);
}

TEST(dontneed_gives_zeros)
{
	char *p = map(4 * PAGE, PROT_READ | PROT_WRITE);

	memset(p, 8, 4 * PAGE);
	CHECK_EQ(sys(madvise, p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(p[0], 8);
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(p[2 * PAGE], 0);
	CHECK_EQ(p[3 * PAGE], 8);
	CHECK_EQ(sys(madvise, p + 1, PAGE, MADV_DONTNEED), -EINVAL);
	CHECK_EQ(sys(madvise, p, PAGE, 12345), -EINVAL);
	CHECK_EQ(sys(madvise, p, 0, MADV_DONTNEED), 0);
	sys(munmap, p + PAGE, PAGE);
	CHECK_EQ(sys(madvise, p, 4 * PAGE, MADV_DONTNEED), -ENOMEM);
	CHECK_EQ(p[3 * PAGE], 0); // but it went on
}

TEST(shared_anonymous_memory)
{
	_Atomic int *p = t_map_shared(4 * PAGE);

	CHECK_EQ(IN_CHILD({
		CHECK_EQ(IN_CHILD(p[3 * PAGE / 4] = 6), 0);
		CHECK_EQ(p[3 * PAGE / 4], 6);
		sys(munmap, (void *)p, 2 * PAGE);
	}),
		0);
	CHECK_EQ(p[3 * PAGE / 4], 6);
	CHECK_EQ(p[0], 0);
	CHECK_EQ(sys(madvise, p, 4 * PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(p[3 * PAGE / 4], 6); // shared memory is not lost by that
}

TEST(file_private)
{
	char *p, byte;

	t_tmpdir();
	long fd = sys(open, "f", O_RDWR | O_CREAT, 0644);
	static char page[PAGE];

	for (int i = 0; i < 3; i++) {
		memset(page, 'a' + i, PAGE);
		sys(write, fd, page, PAGE);
	}
	p = (char *)sys(mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE);
	CHECK((long)p > 0);
	sys(close, fd); // the mapping does not need it
	CHECK_EQ(p[0], 'b');
	CHECK_EQ(p[PAGE], 'c');
	p[0] = 'X';
	CHECK_EQ(p[0], 'X');
	fd = sys(open, "f", O_RDONLY);
	CHECK_EQ(sys(pread64, fd, &byte, 1, PAGE), 1);
	CHECK_EQ(byte, 'b'); // the file knows nothing of it
	CHECK_EQ(IN_CHILD(CHECK_EQ(p[0], 'X'); p[0] = 'Y'; p[PAGE] = 'Z'), 0);
	CHECK_EQ(p[0], 'X');
	CHECK_EQ(p[PAGE], 'c');
	sys(madvise, p, PAGE, MADV_DONTNEED);
	CHECK_EQ(p[0], 'b');
}

TEST(file_end)
{
	struct fault f;

	t_tmpdir();
	t_spit("f", "hello");
	long fd = sys(open, "f", O_RDONLY);

	target = (char *)sys(mmap, 0, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK((long)target > 0);
	CHECK_EQ(target[4], 'o');
	CHECK_EQ(target[5], 0);
	CHECK_EQ(target[PAGE - 1], 0);
	target += PAGE + 7;
	f = t_fault(read_target);
	CHECK_EQ(f.sig, SIGBUS);
	CHECK_EQ(f.code, BUS_ADRERR);
	CHECK_EQ(f.addr, target);
	CHECK(!readable(target)); // the kernel sees the same, as EFAULT
}

TEST(file_refusals)
{
	t_tmpdir();
	t_spit("f", "hello");
	long fd = sys(open, "f", O_WRONLY);

	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -EACCES);
	int fds[2];

	sys(pipe, fds);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fds[0], 0), -ENODEV);
	fd = sys(open, ".", O_RDONLY);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -ENODEV);
}

static long grow(long depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	return depth ? grow(depth - 1) + frame[0] * 0 : (long)t_ptr((unsigned long)frame);
}

TEST(stack_grows)
{
	char here;

	CHECK_GE(&here - (char *)grow(2000), 2000000); // two megabytes
}

static long recurse(long n)
{
	volatile char frame[512];

	frame[0] = (char)n;
	return n < 0 ? 0 : recurse(n + 1) + frame[0];
}

static void overflow(void)
{
	recurse(0);
}

TEST(stack_overflow_is_a_fault)
{
	struct rlimit limit = {1 << 20, 1 << 20};
	struct fault f;

	sys(setrlimit, RLIMIT_STACK, &limit);
	f = t_fault(overflow); // the handler has its own stack
	CHECK_EQ(f.how, 0);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(IN_CHILD(overflow()), SIGNALLED(SIGSEGV)); // and without one
}

// It ends where the limit says, give or take what lies above the first frame; and where the next mapping begins.
TEST(stack_ends_at_its_limit)
{
	struct rlimit limit = {1 << 20, 1 << 20};
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	struct fault f;

	sys(setrlimit, RLIMIT_STACK, &limit);
	f = t_fault(overflow);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_MAPERR);
	CHECK(f.addr < here);
	CHECK_LE(here - f.addr, (1 << 20) + 2 * PAGE);
	CHECK_GE(here - f.addr, (1 << 20) - 200 * PAGE); // arguments and environment
	target = (char *)(here & ~(PAGE - 1)) - (1 << 20) - 16 * PAGE;
	f = t_fault(read_target);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_MAPERR);
	CHECK_EQ(f.addr, target);
}

TEST(stack_keeps_away_from_what_is_below)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	char *wall = (char *)(here & ~(PAGE - 1)) - (4 << 20);
	struct fault f;

	CHECK_EQ(sys(mmap, wall, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), wall);
	f = t_fault(overflow);
	CHECK_EQ(f.sig, SIGSEGV);
	CHECK_EQ(f.code, SEGV_MAPERR);
	CHECK_EQ((f.addr & ~(PAGE - 1)) - (unsigned long)wall, 256 * PAGE);
}

TEST(populate)
{
	char *p = (char *)sys(mmap, 0, 20 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	CHECK((long)p > 0);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(p[i * PAGE], 0);
}

TEST(a_thousand_mappings)
{
	char *p = map(2000 * PAGE, PROT_READ | PROT_WRITE);

	for (int i = 0; i < 2000; i += 2)
		CHECK_EQ(sys(mprotect, p + i * PAGE, PAGE, PROT_READ), 0);
	for (int i = 1; i < 2000; i += 200)
		p[i * PAGE] = (char)i;
	CHECK_EQ(IN_CHILD({
		for (int i = 1; i < 2000; i += 200)
			CHECK_EQ(p[i * PAGE], (char)i);
	}),
		0);
	CHECK_EQ(sys(munmap, p, 2000 * PAGE), 0);
}

static int write_pages(void *arg)
{
	char *p = arg;

	for (int i = 0; i < 200; i++)
		p[i * PAGE] = 1;
	return 0;
}

TEST(threads_fault_side_by_side)
{
	for (int round = 0; round < 5; round++) {
		char *p = map(200 * PAGE, PROT_READ | PROT_WRITE);
		struct thread t[4];

		for (int i = 0; i < 4; i++)
			thread_start(&t[i], write_pages, p);
		for (int i = 0; i < 4; i++)
			thread_join(&t[i]);
		for (int i = 0; i < 200; i++)
			CHECK_EQ(p[i * PAGE], 1);
		sys(munmap, p, 200 * PAGE);
	}
}

static _Atomic int stop;

static int read_until_stop(void *arg)
{
	while (!stop)
		(void)*(volatile char *)arg;
	return 0;
}

TEST(unmapping_reaches_other_processors)
{
	// The others keep the page in their translation caches; a write after mprotect must fault there.
	struct thread t[3];

	target = map(PAGE, PROT_READ | PROT_WRITE);
	*target = 1;
	for (int i = 0; i < 3; i++)
		thread_start(&t[i], read_until_stop, target);
	for (int i = 0; i < 50; i++) {
		CHECK_EQ(sys(mprotect, target, PAGE, PROT_READ), 0);
		CHECK_EQ(sys(mprotect, target, PAGE, PROT_READ | PROT_WRITE), 0);
		*target = (char)i;
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		thread_join(&t[i]);
}

// Each needs one mapping more than there may be: to lock a page among others splits what they are in.
TEST(as_many_mappings_as_there_may_be)
{
	unsigned long n = 70000, i;
	char *all = (char *)sys(mmap, 0, n * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *p, *locked;
	long ret = 0;

	CHECK((long)all > 0);
	p = t_map(3 * PAGE);
	locked = (char *)sys(mmap, 0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	CHECK((long)locked > 0);
	for (i = 1; i < n && ret == 0; i += 2)
		ret = sys(mprotect, all + i * PAGE, PAGE, PROT_NONE);
	CHECK_EQ(ret, -ENOMEM);
	CHECK(i > 65000 && i < 66000);
	while (sys(mmap, 0, PAGE, PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0) > 0)
		;
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0), -ENOMEM);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), -ENOMEM);
	CHECK_EQ(sys(mprotect, p + PAGE, PAGE, PROT_READ), -ENOMEM);
	CHECK_EQ(sys(mlock, p + PAGE, PAGE), -ENOMEM);
	CHECK_EQ(sys(munlock, locked + PAGE, PAGE), -ENOMEM);
	CHECK_EQ(sys(madvise, p + PAGE, PAGE, MADV_DONTFORK), -EAGAIN);
	p[0] = p[PAGE] = p[2 * PAGE] = 1; // all as before
	CHECK_EQ(sys(munmap, p, 3 * PAGE), 0);
}

TEST(dev_zero)
{
	long fd = sys(open, "/dev/zero", O_RDWR), ro = sys(open, "/dev/zero", O_RDONLY), wo = sys(open, "/dev/zero", O_WRONLY);
	char *p = (char *)sys(mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK((long)p > 0);
	CHECK_EQ(p[PAGE], 0);
	CHECK_EQ(IN_CHILD(p[PAGE] = 7), 0);
	CHECK_EQ(p[PAGE], 7);
	char *q = (char *)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);

	q[0] = 1;
	CHECK_EQ(IN_CHILD(q[0] = 7), 0);
	CHECK_EQ(q[0], 1);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), -EACCES);
	CHECK_EQ(sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, wo, 0), -EACCES);
	CHECK_EQ(sys(mmap, 0, 0, PROT_READ, MAP_SHARED, fd, 0), -EINVAL);
}

TEST(populated_by_advice)
{
	unsigned char there[4];

	t_tmpdir();
	CHECK_EQ(t_spit("f", "hello"), 0);
	long fd = sys(open, "f", O_RDWR);
	char *p = t_map(4 * PAGE), *f = (char *)sys(mmap, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK_EQ(sys(madvise, p + PAGE, 2 * PAGE, MADV_POPULATE_WRITE), 0);
	CHECK_EQ(sys(mincore, p, 4 * PAGE, there), 0);
	CHECK(!there[0] && there[1] & 1 && there[2] & 1 && !there[3]);
	CHECK_EQ(sys(madvise, p, 4 * PAGE, MADV_POPULATE_READ), 0);
	CHECK_EQ(sys(madvise, f, PAGE, MADV_POPULATE_READ), 0);
	CHECK_EQ(sys(madvise, f, 2 * PAGE, MADV_POPULATE_READ), -EFAULT); // behind the end of the file
	CHECK_EQ(sys(madvise, f + PAGE, PAGE, MADV_POPULATE_WRITE), -EFAULT);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_READ), 0);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_POPULATE_WRITE), -EINVAL);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_NONE), 0);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_POPULATE_READ), -EINVAL);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	CHECK_EQ(sys(madvise, p + PAGE, 2 * PAGE, MADV_POPULATE_READ), -ENOMEM);
	CHECK_EQ(sys(madvise, p + 2 * PAGE + 1, PAGE, MADV_POPULATE_READ), -EINVAL);
}

// ---- huge pages ----

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define HUGE (2UL << 20)

TEST(hints_about_huge_pages)
{
	static const int hints[] = {MADV_HUGEPAGE, MADV_NOHUGEPAGE};
	char *p = t_map(4 * PAGE), *f;
	int fd = (int)sys(memfd_create, "f", 0);

	if (!t_on_thaw && sys(access, "/sys/kernel/mm/transparent_hugepage", 0))
		SKIP("this Linux was built without");
	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	f = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(sys(madvise, p + 2 * PAGE, 2 * PAGE, hints[i]), 0);
		CHECK_EQ(sys(madvise, f, PAGE, hints[i]), 0);
		CHECK_EQ(sys(madvise, p, 0, hints[i]), 0);
		CHECK_EQ(sys(madvise, p + 1, PAGE, hints[i]), -EINVAL);
		CHECK_EQ(sys(madvise, p, -1L, hints[i]), -EINVAL);
		CHECK_EQ(sys(madvise, p, 4 * PAGE, hints[i]), -ENOMEM);
	}
}

// Two pages' worth, so that one has its place. The second byte of the first is there.
static char *place_for_a_huge_page(void)
{
	char *p = t_map(2 * HUGE);

	p = (char *)(((unsigned long)p + HUGE - 1) & -HUGE);
	p[1] = 7;
	return p;
}

TEST(no_huge_page_at_once)
{
	char *p = place_for_a_huge_page(), *f;
	int fd = (int)sys(memfd_create, "f", 0);

	CHECK_EQ(sys(madvise, p + 1, HUGE, MADV_COLLAPSE), -EINVAL);
	CHECK_EQ(sys(madvise, p, -1L, MADV_COLLAPSE), -EINVAL);
	// Nobody has room for one here.
	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	f = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK_EQ(sys(madvise, f, PAGE, MADV_COLLAPSE), -EINVAL);
	// Nobody wants one here.
	if (sys(madvise, p, HUGE, MADV_NOHUGEPAGE) == 0)
		CHECK_EQ(sys(madvise, p, HUGE, MADV_COLLAPSE), -EINVAL);
	CHECK_EQ(p[1], 7);
	// Nor this process.
	p = place_for_a_huge_page();
	CHECK_EQ(sys(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	CHECK_EQ(sys(madvise, p, HUGE, MADV_COLLAPSE), -EINVAL);
	CHECK_EQ(p[1], 7);
}

TEST(a_huge_page_at_once)
{
	char *p = place_for_a_huge_page();

	if (!t_own_machine)
		SKIP("there may be room for one or not");
	CHECK_EQ(sys(madvise, p, HUGE, MADV_COLLAPSE), -EINVAL);
}

// ---- low addresses ----

#define MIN_ADDR "/proc/sys/vm/mmap_min_addr"
#define NOBODY 1234

static long map_at(unsigned long addr, unsigned long flags)
{
	return sys(mmap, addr, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

TEST(low_addresses_are_for_who_may_break_the_machine)
{
	char text[32];
	int p[2];

	if (sys(geteuid))
		SKIP("needs root");
	CHECK_GE(t_slurp(MIN_ADDR, text, sizeof text), 2);
	unsigned long min = (unsigned long)t_number(text);

	CHECK(min >= PAGE && min % PAGE == 0);
	char *high = t_map(PAGE), *null = t_ptr(0);

	CHECK_EQ(map_at(0, MAP_FIXED), 0);
	*(volatile char *)null = 5;
	CHECK_EQ(sys(pipe, p), 0);
	CHECK_EQ(sys(write, p[1], null, 1), 1); // memory like any other
	CHECK_EQ(sys(read, p[0], null + 1, 1), 1);
	CHECK_EQ(((volatile char *)null)[1], 5);
	CHECK_EQ(sys(wait4, -1, null, WNOHANG, null), -ECHILD); // and where NULL is none it stays none
	CHECK_EQ(sys(gettimeofday, null, null), 0);
	CHECK_EQ(*(volatile char *)null, 5);
	CHECK_EQ(IN_CHILD(CHECK_EQ(*(volatile char *)null, 5)), 0);
	CHECK_EQ(sys(mremap, high, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, min - PAGE), min - PAGE);
	CHECK_EQ(sys(munmap, 0, PAGE), 0);
	CHECK_EQ(sys(write, p[1], null, 1), -EFAULT);
	CHECK_EQ(map_at(0, 0) < (long)min, 0); // nobody gets it who does not say so
	CHECK_GE(map_at(PAGE, 0), (long)min);
	CHECK_EQ(IN_CHILD({
		sys(setresuid, NOBODY, NOBODY, NOBODY);
		CHECK_EQ(map_at(0, MAP_FIXED), -EPERM);
		CHECK_EQ(map_at(0, MAP_FIXED_NOREPLACE), -EPERM);
		CHECK_EQ(map_at(min - PAGE, MAP_FIXED), -EPERM);
		CHECK_EQ(sys(mremap, t_map(PAGE), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, min - PAGE), -EPERM);
		CHECK_EQ(map_at(min, MAP_FIXED), min);
		CHECK_EQ(sys(open, MIN_ADDR, O_WRONLY), -EACCES);
		CHECK_EQ(sys(munmap, 0, PAGE), 0);
	}), 0);
}

static void jump_to_null(void)
{
	((void (*)(void))t_ptr(0))();
}

TEST(code_at_null_runs)
{
	static const unsigned char ret = 0xc3;

	if (sys(geteuid))
		SKIP("needs root");
	CHECK_EQ(t_fault(jump_to_null).addr, 0);
	CHECK_EQ(map_at(0, MAP_FIXED), 0);
	*(volatile unsigned char *)t_ptr(0) = ret;
	CHECK_EQ(sys(mprotect, 0, PAGE, PROT_READ | PROT_EXEC), 0);
	jump_to_null();
	CHECK_EQ(sys(munmap, 0, PAGE), 0);
}

TEST(the_lowest_address_can_be_set)
{
	char text[32];

	if (!t_own_machine)
		SKIP("sets what everybody may map");
	CHECK_GE(t_slurp(MIN_ADDR, text, sizeof text), 2);
	CHECK_EQ(t_spit(MIN_ADDR, "x"), -EINVAL);
	CHECK_EQ(t_spit(MIN_ADDR, "-1"), -EINVAL);
	CHECK_EQ(t_spit(MIN_ADDR, "131072"), 0);
	CHECK_GE(map_at(PAGE, 0), 131072);
	CHECK_EQ(IN_CHILD(sys(setresuid, NOBODY, NOBODY, NOBODY); CHECK_EQ(map_at(131072 - PAGE, MAP_FIXED), -EPERM)), 0);
	CHECK_EQ(t_spit(MIN_ADDR, text), 0);
}

// ---- broken memory ----

static char *broken;

static void sees_broken(int sig, siginfo_t *info, void *context)
{
	(void)context;
	t_exit(sig == SIGBUS && info->si_code == BUS_MCEERR_AR && info->si_addr == broken && info->si_addr_lsb == 12 ? 44 : 45);
}

// A child reads or writes there: 44 if that is what broken memory does.
static int touch(char *p, bool write)
{
	broken = p + 3;
	return IN_CHILD({
		t_action(SIGBUS, sees_broken, SA_SIGINFO);
		if (write)
			*(volatile char *)broken = 1;
		else
			t_exit(*(volatile char *)broken & 1);
	});
}

static long break_it(char *p, int how)
{
	return sys(madvise, p, PAGE, how);
}

TEST(broken_memory)
{
	char *p = t_map(4 * PAGE);
	siginfo_t info;
	unsigned long bus = BIT(SIGBUS);
	int pipe[2];

	if (!t_own_machine)
		SKIP("breaks memory");
	if (sys(madvise, 0, 0, MADV_HWPOISON))
		SKIP("a kernel in which memory cannot be broken");
	CHECK_EQ(sys(pipe, pipe), 0);
	for (int i = 0; i < 4; i++)
		p[i * (long)PAGE] = (char)(i + 1);
	CHECK_EQ(break_it(p + PAGE, MADV_HWPOISON), 0);
	CHECK_EQ(p[0] + p[2 * PAGE] + p[3 * PAGE], 1 + 3 + 4);
	CHECK_EQ(touch(p + PAGE, false), 44);
	CHECK_EQ(touch(p + PAGE, true), 44);
	CHECK_EQ(sys(write, pipe[1], p + PAGE, 1), -EFAULT);
	CHECK_EQ(sys(madvise, p, 4 * PAGE, MADV_POPULATE_READ), -EHWPOISON);
	CHECK_EQ(break_it(p + PAGE, MADV_HWPOISON), -EFAULT);
	CHECK_EQ(sys(mprotect, p, 4 * PAGE, PROT_NONE), 0);
	CHECK_EQ(sys(mprotect, p, 4 * PAGE, PROT_READ | PROT_WRITE), 0);
	CHECK_EQ(touch(p + PAGE, true), 44);
	CHECK_EQ(sys(madvise, p + PAGE, PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(p[PAGE], 0);
	p[PAGE] = 5;

	p[0] = 7;
	CHECK_EQ(break_it(p, MADV_SOFT_OFFLINE), 0);
	CHECK_EQ(p[0], 7); // nobody has noticed
	CHECK_EQ(t_field("/proc/meminfo", "HardwareCorrupted:"), 8);
	CHECK_EQ(break_it(t_ptr(0), MADV_HWPOISON), -EFAULT);

	long fd = sys(memfd_create, "f", 0);

	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	char *m = (char *)sys(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	m[0] = 9;
	CHECK_EQ(break_it(m, MADV_HWPOISON), 0);
	CHECK_EQ(touch(m, false), 44);
	CHECK_EQ(touch(m, true), 44);
	CHECK_EQ(sys(read, fd, p, 1), -EIO);
	CHECK_EQ(sys(write, fd, p, 1), -EIO);
	CHECK_EQ(sys(madvise, m, PAGE, MADV_POPULATE_WRITE), -EHWPOISON);
	CHECK_EQ(sys(ftruncate, fd, 0), 0);
	CHECK_EQ(sys(ftruncate, fd, PAGE), 0);
	CHECK_EQ(m[0], 0);

	m[0] = 10;
	CHECK_EQ(break_it(m, MADV_SOFT_OFFLINE), 0);
	CHECK_EQ(m[0], 10);
	CHECK_EQ(sys(pread64, fd, m + 1, 1, 0), 1);
	CHECK_EQ(m[1], 10);

	// Who shares it since a fork has lost it, too.
	_Atomic int *go = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		UNTIL(*go);
		broken = p + 3 * PAGE;
		t_action(SIGBUS, sees_broken, SA_SIGINFO);
		t_exit(*(volatile char *)broken & 1);
	}
	CHECK_EQ(break_it(p + 3 * PAGE, MADV_HWPOISON), 0);
	*go = 1;
	CHECK_EQ(t_wait(pid), 44);

	t_block(bus);
	CHECK_EQ(sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0), 0);
	CHECK_EQ(break_it(p + 2 * PAGE, MADV_HWPOISON), 0);
	CHECK_EQ(sys(rt_sigtimedwait, &bus, &info, 0, 8), SIGBUS);
	CHECK_EQ(info.si_code, BUS_MCEERR_AO);
	CHECK(info.si_addr == p + 2 * PAGE);
	CHECK_EQ(info.si_addr_lsb, 12);
	t_loses();
}

static _Atomic bool offline;

static int counts(void *word)
{
	volatile long *there = word;
	long n = 0;

	while (!offline) {
		n++;
		*there += 1;
		CHECK_EQ(*there, n);
	}
	return 0;
}

// Who stores into a page while a copy takes its place loses nothing.
TEST(offline_while_it_is_written)
{
	struct thread t;
	char *p;

	if (!t_own_machine)
		SKIP("breaks memory");
	if (sys(madvise, 0, 0, MADV_SOFT_OFFLINE))
		SKIP("a kernel in which memory cannot be broken");
	p = t_map(PAGE);
	thread_start(&t, counts, p);
	for (int i = 0; i < 20; i++) {
		long err = break_it(p, MADV_SOFT_OFFLINE);

		CHECK(err == 0 || err == -EBUSY || err == -EIO); // on Linux, of a page that is on no list yet
		t_sleep_ms(1);
	}
	offline = true;
	thread_join(&t);
	t_loses();
}
