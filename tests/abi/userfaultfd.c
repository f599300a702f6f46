// SPDX-License-Identifier: GPL-2.0-only
//
// userfaultfd: memory whose missing pages a program brings itself.
#include "uffd.h"

#include <linux/eventpoll.h>
#include <linux/poll.h>

#define RW (PROT_READ | PROT_WRITE)

static long new_fd(int flags)
{
	long fd = sys(userfaultfd, flags);

	if (fd == -EPERM)
		SKIP("may not");
	if (fd == -ENOSYS && !t_on_thaw)
		SKIP("this Linux was built without it");
	CHECK_GE(fd, 3);
	return fd;
}

// A descriptor that is ready.
static long open_uffd(int flags, unsigned long features)
{
	long fd = new_fd(flags);

	CHECK_EQ(shake(fd, features), 0);
	return fd;
}

static long dismiss(long fd, void *at, unsigned long pages)
{
	struct uffdio_range r = {ULONG(at), pages * PAGE};

	return sys(ioctl, fd, UFFDIO_UNREGISTER, &r);
}

static long wake(long fd, void *at, unsigned long pages)
{
	struct uffdio_range r = {ULONG(at), pages * PAGE};

	return sys(ioctl, fd, UFFDIO_WAKE, &r);
}

static long zeropage(long fd, void *to, unsigned long len, unsigned long mode)
{
	struct uffdio_zeropage z = {.range = {ULONG(to), len}, .mode = mode, .zeropage = 12345};
	long ret = sys(ioctl, fd, UFFDIO_ZEROPAGE, &z);

	copied = (long)z.zeropage;
	return ret;
}

static struct uffd_msg next(long fd)
{
	struct uffd_msg m;

	memset(&m, 0xff, sizeof m);
	CHECK_EQ(sys(read, fd, &m, sizeof m), sizeof m);
	return m;
}

static char pattern[PAGE] __attribute__((aligned(4096)));

static char *filled_with(char c)
{
	memset(pattern, c, PAGE);
	return pattern;
}

static char *from_static(unsigned long pages)
{
	static char many[4 * PAGE];

	memset(many, 's', pages * PAGE);
	return many;
}

static int polled(long fd)
{
	struct pollfd p = {.fd = (int)fd, .events = POLLIN | POLLOUT};

	CHECK_GE(sys(poll, &p, 1, 0), 0);
	return p.revents;
}

// A thread that reads or writes one byte, and what became of it.
struct toucher {
	struct thread t;
	volatile char *at;
	bool writes;
	_Atomic int saw;
};

static int touch(void *arg)
{
	struct toucher *t = arg;

	if (t->writes)
		*t->at = 'w';
	t->saw = (unsigned char)*t->at;
	return 0;
}

static void start_touch(struct toucher *t, void *at, bool writes)
{
	t->at = at;
	t->writes = writes;
	t->saw = -1;
	thread_start(&t->t, touch, t);
}

static int end_touch(struct toucher *t)
{
	thread_join(&t->t);
	return t->saw;
}

static bool sleeps(int tid)
{
	return t_task_state(t_getpid(), tid) == 'S';
}

static char *bus;

static void touch_bus(void)
{
	*(volatile char *)(bus + 5);
}

// ---- the call, and the handshake ----

TEST(flags_of_the_call)
{
	long fd = new_fd(O_CLOEXEC | O_NONBLOCK), plain = new_fd(0);

	CHECK_EQ(sys(fcntl, fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(sys(fcntl, fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_EQ(sys(fcntl, plain, F_GETFD), 0);
	CHECK_EQ(sys(fcntl, plain, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(sys(userfaultfd, 2), -EINVAL);
	CHECK_EQ(sys(userfaultfd, O_APPEND), -EINVAL);
	CHECK_EQ(sys(userfaultfd, -1), -EINVAL);
	CHECK_EQ(sys(write, fd, "x", 1), -EBADF);
}

TEST(who_may_hold_up_the_kernel)
{
	char text[8] = "";
	long all = t_slurp("/proc/sys/vm/unprivileged_userfaultfd", text, sizeof text);

	sys(close, new_fd(0));
	CHECK_GE(all, 2);
	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54321, 54321, 54321), 0);
		if (text[0] == '0')
			CHECK_EQ(sys(userfaultfd, 0), -EPERM);
		if (text[0] == '0')
			CHECK_EQ(sys(userfaultfd, 2), -EPERM); // that comes first
		CHECK_GE(sys(userfaultfd, UFFD_USER_MODE_ONLY), 3);
		CHECK_EQ(sys(userfaultfd, UFFD_USER_MODE_ONLY | 2), -EINVAL);
	}), 0);
	if (!t_on_thaw)
		return;
	CHECK_EQ(t_spit("/proc/sys/vm/unprivileged_userfaultfd", "2"), -EINVAL);
	CHECK_EQ(t_spit("/proc/sys/vm/unprivileged_userfaultfd", "1"), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54321, 54321, 54321), 0);
		CHECK_GE(sys(userfaultfd, 0), 3);
	}), 0);
	CHECK_EQ(t_spit("/proc/sys/vm/unprivileged_userfaultfd", "0"), 0);
}

TEST(the_handshake_comes_first)
{
	char *p = t_map(2 * PAGE);
	long fd = new_fd(O_NONBLOCK);
	struct uffd_msg m;

	CHECK_EQ(sys(read, fd, &m, sizeof m), -EINVAL);
	CHECK_EQ(polled(fd), POLLERR);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(wake(fd, p, 1), -EINVAL);
	CHECK_EQ(copy(fd, p, p + PAGE, PAGE, 0), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_API, 8), -EFAULT);
	CHECK_EQ(shake(fd, 1UL << 62), -EINVAL);
	CHECK_EQ(hands_shaken.api | hands_shaken.features | hands_shaken.ioctls, 0);
	hands_shaken = (struct uffdio_api){.api = UFFD_API + 1, .ioctls = 7};
	CHECK_EQ(sys(ioctl, fd, UFFDIO_API, &hands_shaken), -EINVAL);
	CHECK_EQ(hands_shaken.api | hands_shaken.features | hands_shaken.ioctls, 0);
	struct uffdio_api *unwritable = (struct uffdio_api *)t_map(PAGE);

	*unwritable = (struct uffdio_api){.api = UFFD_API};
	CHECK_EQ(sys(mprotect, unwritable, PAGE, PROT_READ), 0);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_API, unwritable), -EFAULT); // what could not be told is not agreed
	CHECK_EQ(shake(fd, 0), 0); // and now it is
	CHECK_EQ(hands_shaken.api, UFFD_API);
	CHECK_EQ(hands_shaken.features & (UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID),
		UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID);
	CHECK_EQ(hands_shaken.ioctls, 1UL << _UFFDIO_API | 1UL << _UFFDIO_REGISTER | 1UL << _UFFDIO_UNREGISTER);
	CHECK_EQ(shake(fd, 0), -EINVAL); // once
	CHECK_EQ(hands_shaken.api | hands_shaken.features | hands_shaken.ioctls, 0);
	CHECK_EQ(sys(ioctl, fd, 0x5401, p), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_COPY ^ 1 << 16, p), -EINVAL); // another size
}

// Those of huge pages are told and taken, whether there is one or not.
TEST(features)
{
	enum { LINUX_6_1 = 1 << 13 };

	long fd = open_uffd(0, UFFD_FEATURE_MISSING_HUGETLBFS | UFFD_FEATURE_MINOR_HUGETLBFS | UFFD_FEATURE_WP_HUGETLBFS_SHMEM |
		UFFD_FEATURE_MINOR_SHMEM | UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_EXACT_ADDRESS);

	unsigned long told = hands_shaken.features;

	CHECK_EQ(told & (LINUX_6_1 - 1), LINUX_6_1 - 1);
	sys(close, fd);
	for (int bit = 0; bit < 64; bit++) {
		if (UFFD_FEATURE_EVENT_FORK >> bit & 1)
			continue;
		fd = new_fd(0);
		CHECK_EQ(shake(fd, 1UL << bit), told >> bit & 1 ? 0 : -EINVAL);
		sys(close, fd);
	}
}

TEST(what_proc_shows)
{
	static const char *const fields[] = {"\npending:\t0\n", "\ntotal:\t0\n", "\nAPI:\taa:80000900:8000"};
	long fd = new_fd(O_NONBLOCK);
	char path[40], text[512];

	t_snprintf(path, sizeof path, "/proc/self/fdinfo/%ld", fd);
	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	CHECK(strstr(text, "\nAPI:\taa:0:8000"));
	CHECK_EQ(shake(fd, UFFD_FEATURE_EXACT_ADDRESS | UFFD_FEATURE_THREAD_ID), 0);
	CHECK_GE(t_slurp(path, text, sizeof text), 1);
	for (int i = 0; i < 3; i++)
		CHECK(strstr(text, fields[i]));
}

// ---- ranges ----

TEST(what_can_be_registered)
{
	long fd = open_uffd(O_NONBLOCK, 0), other = open_uffd(O_NONBLOCK, 0);
	struct uffdio_register r = {.mode = UFFDIO_REGISTER_MODE_MISSING};
	char *p = t_map(8 * PAGE);
	long shm = sys(shmget, 0, PAGE, 0600);
	char *segment = (char *)sys(shmat, shm, 0, 0);

	CHECK_EQ(sys(shmctl, shm, 0, 0), 0); // it goes with us

	CHECK_EQ(sys(munmap, p + 6 * PAGE, 2 * PAGE), 0);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_REGISTER, 8), -EFAULT);
	CHECK_EQ(enroll(fd, p, 1, 0), -EINVAL);
	CHECK_EQ(enroll(fd, p, 1, 1UL << 40 | UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, p + 1, 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, p, 0, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, p, 1UL << 60, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, p, 0UL - ULONG(p) / PAGE, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, t_ptr(1UL << 47), 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, t_ptr(-PAGE), 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	CHECK_EQ(enroll(fd, t_ptr(0), 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL);
	r.range.start = ULONG(p);
	r.range.len = PAGE + 1;
	CHECK_EQ(sys(ioctl, fd, UFFDIO_REGISTER, &r), -EINVAL);
	CHECK_EQ(enroll(fd, p + 6 * PAGE, 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL); // a hole alone
	CHECK_EQ(enroll(fd, segment, 1, UFFDIO_REGISTER_MODE_MISSING), -EINVAL); // System V's
	CHECK_EQ(enroll(fd, p, 7, UFFDIO_REGISTER_MODE_MISSING), 0); // what there is of it
	CHECK_EQ(enroll(other, p + 5 * PAGE, 1, UFFDIO_REGISTER_MODE_MISSING), -EBUSY);
	CHECK_EQ(enroll(fd, p + PAGE, 2, UFFDIO_REGISTER_MODE_MISSING), 0); // again
	CHECK_EQ(dismiss(fd, p + 1, 1), -EINVAL);
	CHECK_EQ(dismiss(fd, p, 0), -EINVAL);
	CHECK_EQ(dismiss(fd, p + 6 * PAGE, 1), -EINVAL);
	CHECK_EQ(dismiss(fd, segment, 1), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_UNREGISTER, 8), -EFAULT);
	CHECK_EQ(dismiss(fd, p, 2), 0);
	CHECK_EQ(dismiss(fd, p, 2), 0); // none of it was
	CHECK_EQ(enroll(other, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	sys(close, fd);
	CHECK_EQ(enroll(other, p, 6, UFFDIO_REGISTER_MODE_MISSING), 0); // what was the other's is nobody's
	r.range.len = PAGE;
	r.ioctls = 0;
	CHECK_EQ(sys(ioctl, other, UFFDIO_REGISTER, &r), 0);
	CHECK_EQ(r.ioctls & (1UL << _UFFDIO_WAKE | 1UL << _UFFDIO_COPY | 1UL << _UFFDIO_ZEROPAGE | 1UL << _UFFDIO_WRITEPROTECT),
		1UL << _UFFDIO_WAKE | 1UL << _UFFDIO_COPY | 1UL << _UFFDIO_ZEROPAGE);
}

static int mappings(char *from, char *to)
{
	static char text[65536];
	int n = 0;

	CHECK_GE(t_slurp("/proc/self/maps", text, sizeof text), 1);
	for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		unsigned long at = 0;

		for (char *c = line; *c && *c != '-'; c++)
			at = at * 16 + (unsigned long)(*c <= '9' ? *c - '0' : *c - 'a' + 10);
		n += at >= ULONG(from) && at < ULONG(to);
	}
	return n;
}

TEST(mappings_of_two_are_two)
{
	char *p = t_map(8 * PAGE);
	long a = open_uffd(O_NONBLOCK, 0), b = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(sys(mprotect, p, PAGE, PROT_NONE), 0); // nothing before or behind joins it
	CHECK_EQ(sys(mprotect, p + 7 * PAGE, PAGE, PROT_NONE), 0);
	char *q = p + PAGE, *end = p + 7 * PAGE;

	CHECK_EQ(mappings(q, end), 1);
	CHECK_EQ(enroll(a, q, 3, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(mappings(q, end), 2);
	CHECK_EQ(enroll(b, q + 3 * PAGE, 3, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(mappings(q, end), 2);
	CHECK_EQ(sys(mprotect, q, 6 * PAGE, PROT_READ), 0);
	CHECK_EQ(sys(mprotect, q, 6 * PAGE, RW), 0);
	CHECK_EQ(mappings(q, end), 2);
	CHECK_EQ(dismiss(b, q + 4 * PAGE, 1), 0);
	CHECK_EQ(mappings(q, end), 4);
	CHECK_EQ(sys(close, b), 0);
	CHECK_EQ(mappings(q, end), 2);
	CHECK_EQ(sys(close, a), 0);
	CHECK_EQ(mappings(q, end), 1);
}

// ---- a fault ----

TEST(a_page_is_brought)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_THREAD_ID);
	struct toucher t;
	struct uffd_msg m;

	CHECK_EQ(enroll(fd, p, 3, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_touch(&t, p + PAGE + 17, false);
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(m.arg.pagefault.flags, 0);
	CHECK_EQ(m.arg.pagefault.address, ULONG(p + PAGE));
	CHECK_EQ(m.arg.pagefault.feat.ptid, t.t.id);
	CHECK_EQ(m.reserved1 | m.reserved2 | m.reserved3, 0);
	UNTIL(sleeps(t.t.id));
	CHECK_EQ(copy(fd, p + PAGE, filled_with('a'), PAGE, 0), 0);
	CHECK_EQ(copied, PAGE);
	CHECK_EQ(end_touch(&t), 'a');
	start_touch(&t, p + 2 * PAGE, true);
	m = next(fd);
	CHECK_EQ(m.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(copy(fd, p + 2 * PAGE, filled_with('b'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(p[2 * PAGE + 1], 'b');
	p[PAGE] = 'x'; // it is there, and ours
	CHECK_EQ(p[PAGE + 1], 'a');
	CHECK_EQ(p[3 * PAGE], 0); // not registered
	start_touch(&t, p, false);
	next(fd);
	CHECK_EQ(zeropage(fd, p, PAGE, 0), 0);
	CHECK_EQ(copied, PAGE);
	CHECK_EQ(end_touch(&t), 0);
	p[5] = 'y'; // and can be written
	CHECK_EQ(p[5], 'y');
}

TEST(the_exact_address)
{
	char *p = t_map(PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_EXACT_ADDRESS);
	struct toucher t;
	struct uffd_msg m;

	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_touch(&t, p + 1234, false);
	m = next(fd);
	CHECK_EQ(m.arg.pagefault.address, ULONG(p + 1234));
	CHECK_EQ(m.arg.pagefault.feat.ptid, 0);
	CHECK_EQ(zeropage(fd, p, PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 0);
}

TEST(pages_are_brought_unasked)
{
	char *p = t_map(6 * PAGE), *from = t_map(6 * PAGE), *hole = t_map(PAGE);
	long fd = open_uffd(O_NONBLOCK, 0);
	struct uffd_msg m;

	memset(from, 'f', 6 * PAGE);
	CHECK_EQ(sys(munmap, hole, PAGE), 0);
	CHECK_EQ(enroll(fd, p, 5, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p + PAGE, from, 2 * PAGE, 0), 0);
	CHECK_EQ(copied, 2 * PAGE);
	CHECK_EQ(p[PAGE] + p[3 * PAGE - 1], 2 * 'f');
	CHECK_EQ(copy(fd, p + PAGE, from, PAGE, 0), -EEXIST);
	CHECK_EQ(copied, -EEXIST);
	CHECK_EQ(copy(fd, p, from, 3 * PAGE, 0), -EAGAIN); // one, and then it meets what is there
	CHECK_EQ(copied, PAGE);
	CHECK_EQ(zeropage(fd, p + PAGE, PAGE, 0), -EEXIST);
	CHECK_EQ(copied, -EEXIST);
	CHECK_EQ(copy(fd, p + 4 * PAGE, from, 2 * PAGE, 0), -ENOENT); // not all of it is registered
	CHECK_EQ(copied, -ENOENT);
	CHECK_EQ(copy(fd, p + 5 * PAGE, from, PAGE, 0), -ENOENT);
	CHECK_EQ(zeropage(fd, p + 5 * PAGE, PAGE, 0), -ENOENT);
	CHECK_EQ(copy(fd, p + 3 * PAGE, hole, PAGE, 0), -EFAULT);
	CHECK_EQ(copied, -EFAULT);
	CHECK_EQ(copy(fd, p + 3 * PAGE, from + 100, PAGE, 0), 0); // what is copied need not be a page
	CHECK_EQ(sys(munmap, from + 5 * PAGE, PAGE), 0);
	CHECK_EQ(sys(madvise, p, 3 * PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(copy(fd, p, from + 4 * PAGE, 2 * PAGE, 0), -EAGAIN); // and here its source ends
	CHECK_EQ(copied, PAGE);
	CHECK_EQ(sys(read, fd, &m, sizeof m), -EAGAIN);
}

TEST(bad_arguments)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_COPY, 8), -EFAULT);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_ZEROPAGE, 8), -EFAULT);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_WAKE, 8), -EFAULT);
	CHECK_EQ(copy(fd, p, pattern, 0, 0), -EINVAL);
	CHECK_EQ(copied, 12345); // nobody has written there
	CHECK_EQ(copy(fd, p, pattern, PAGE + 1, 0), -EINVAL);
	CHECK_EQ(copy(fd, p + 1, pattern, PAGE, 0), -EINVAL);
	CHECK_EQ(copy(fd, p, pattern, PAGE, 1UL << 10), -EINVAL);
	CHECK_EQ(copy(fd, p, t_ptr(-PAGE), PAGE, 0), -EINVAL);
	CHECK_EQ(copy(fd, t_ptr(1UL << 47), pattern, PAGE, 0), -EINVAL);
	CHECK_EQ(copy(fd, p, pattern, 1UL << 62, 0), -EINVAL);
	CHECK_EQ(copy(fd, p, pattern, 5 * PAGE, 0), -ENOENT);
	CHECK_EQ(zeropage(fd, p, 0, 0), -EINVAL);
	CHECK_EQ(zeropage(fd, p + 1, PAGE, 0), -EINVAL);
	CHECK_EQ(zeropage(fd, p, PAGE, 2), -EINVAL);
	CHECK_EQ(zeropage(fd, p, 1UL << 62, 0), -EINVAL);
	CHECK_EQ(wake(fd, p, 0), -EINVAL);
	CHECK_EQ(wake(fd, p + 1, 1), -EINVAL);
	CHECK_EQ(wake(fd, p, 4), 0); // nobody
	// The result has no place: the page is there, and it is said.
	char *edge = t_map(2 * PAGE);
	struct uffdio_copy c = {.dst = ULONG(p), .src = ULONG(pattern), .len = PAGE};
	char *at = edge + PAGE - offsetof(struct uffdio_copy, copy);

	memcpy(at, &c, offsetof(struct uffdio_copy, copy));
	CHECK_EQ(sys(munmap, edge + PAGE, PAGE), 0);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_COPY, at), -EFAULT);
	CHECK_EQ(copy(fd, p, pattern, PAGE, 0), -EEXIST);
}

TEST(waking_is_apart)
{
	char *p = t_map(2 * PAGE);
	long fd = open_uffd(0, 0);
	struct toucher t;

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_touch(&t, p, false);
	next(fd);
	CHECK_EQ(wake(fd, p, 1), 0); // nothing is there: it asks again
	next(fd);
	UNTIL(sleeps(t.t.id));
	CHECK_EQ(copy(fd, p, filled_with('d'), PAGE, UFFDIO_COPY_MODE_DONTWAKE), 0);
	CHECK_EQ(wake(fd, p + PAGE, 1), 0); // not that one
	CHECK(sleeps(t.t.id));
	CHECK_EQ(t.saw, -1);
	CHECK_EQ(p[0], 'd'); // who comes now finds it
	CHECK_EQ(wake(fd, p, 1), 0);
	CHECK_EQ(end_touch(&t), 'd');
	start_touch(&t, p + PAGE, true);
	next(fd);
	UNTIL(sleeps(t.t.id));
	CHECK_EQ(zeropage(fd, p + PAGE, PAGE, UFFDIO_ZEROPAGE_MODE_DONTWAKE), 0);
	CHECK(sleeps(t.t.id));
	CHECK_EQ(wake(fd, p, 2), 0);
	CHECK_EQ(end_touch(&t), 'w');
}

TEST(reading_and_polling)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(O_NONBLOCK, 0), ep = sys(epoll_create1, 0);
	struct epoll_event e = {.events = EPOLLIN}, got;
	struct uffd_msg m[4];
	struct toucher t[3];

	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fd, &e), 0);
	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(sys(read, fd, m, sizeof m), -EAGAIN);
	CHECK_EQ(polled(fd), 0);
	for (int i = 0; i < 3; i++)
		start_touch(&t[i], p + i * (long)PAGE, false);
	CHECK_EQ(sys(epoll_wait, ep, &got, 1, 20000), 1);
	for (int i = 0; i < 3; i++)
		UNTIL(sleeps(t[i].t.id));
	CHECK_EQ(polled(fd), POLLIN);
	CHECK_EQ(sys(read, fd, m, sizeof *m - 1), -EINVAL);
	CHECK_EQ(sys(read, fd, 8, sizeof *m), -EFAULT); // it has been read all the same
	memset(m, 0xff, sizeof m);
	CHECK_EQ(sys(read, fd, m, sizeof m), 2 * sizeof *m);
	CHECK_EQ(m[0].event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(m[1].event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(m[2].event, 0xff);
	CHECK_EQ(polled(fd), 0);
	CHECK_EQ(sys(fcntl, fd, F_SETFL, 0), 0);
	CHECK_EQ(polled(fd), POLLERR); // who would block is not told
	CHECK_EQ(sys(fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(zeropage(fd, p, 3 * PAGE, 0), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(end_touch(&t[i]), 0);
	CHECK_EQ(sys(read, fd, m, sizeof m), -EAGAIN);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(a_reader_waits)
{
	long fd = open_uffd(0, 0);
	struct uffd_msg m;

	CHECK_EQ(t_action(SIGALRM, nothing, 0), 0);
	t_alarms(5);
	CHECK_EQ(sys(read, fd, &m, sizeof m), -EINTR);
	t_alarms(0);
}

// ---- whoever waits goes on ----

TEST(the_end_of_the_descriptor)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(0, 0);
	struct toucher t[3];

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	for (int i = 0; i < 3; i++)
		start_touch(&t[i], p + i * (long)PAGE, i & 1);
	next(fd); // some read, some not
	for (int i = 0; i < 3; i++)
		UNTIL(sleeps(t[i].t.id));
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(end_touch(&t[0]), 0);
	CHECK_EQ(end_touch(&t[1]), 'w');
	CHECK_EQ(end_touch(&t[2]), 0);
	CHECK_EQ(p[3 * PAGE], 0);
}

TEST(the_end_of_a_registration)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(O_NONBLOCK, 0);
	struct toucher a, b;

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_touch(&a, p + PAGE, false);
	start_touch(&b, p + 2 * PAGE, false);
	UNTIL(sleeps(a.t.id) && sleeps(b.t.id));
	CHECK_EQ(dismiss(fd, p, 2), 0);
	CHECK_EQ(end_touch(&a), 0);
	CHECK(sleeps(b.t.id));
	CHECK_EQ(copy(fd, p, pattern, PAGE, 0), -ENOENT);
	CHECK_EQ(copy(fd, p + 2 * PAGE, filled_with('k'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&b), 'k');
}

static _Atomic int signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

TEST(a_signal_is_handled_meanwhile)
{
	char *p = t_map(PAGE);
	long fd = open_uffd(0, 0);
	struct toucher t;

	CHECK_EQ(t_action(SIGUSR1, count_signal, 0), 0);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_touch(&t, p, false);
	for (int i = 1; i <= 3; i++) {
		next(fd); // and it asks again each time
		UNTIL(sleeps(t.t.id));
		CHECK_EQ(sys(tgkill, t_getpid(), t.t.id, SIGUSR1), 0);
		UNTIL(signals == i);
	}
	next(fd);
	CHECK_EQ(copy(fd, p, filled_with('s'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 's');
}

TEST(who_waits_can_be_killed)
{
	_Atomic int *tid = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		char *p = t_map(2 * PAGE);
		long fd = sys(userfaultfd, UFFD_USER_MODE_ONLY);
		struct toucher t;

		if (fd < 0 || shake(fd, 0) || enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING))
			t_exit(1);
		start_touch(&t, p, false);
		*tid = t.t.id;
		p[PAGE] = 1; // and so does the leader
		t_exit(2);
	}
	new_fd(0);
	UNTIL(*tid && t_task_state(pid, *tid) == 'S' && t_task_state(pid, pid) == 'S');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

// ---- the kernel's own accesses ----

struct io {
	struct thread t;
	int fd;
	char *at;
	_Atomic long got;
};

static int do_read(void *arg)
{
	struct io *io = arg;

	io->got = sys(read, io->fd, io->at, 4);
	return 0;
}

static int do_write(void *arg)
{
	struct io *io = arg;

	io->got = sys(write, io->fd, io->at, 4);
	return 0;
}

static int do_peek(void *arg)
{
	struct io *io = arg;
	char buf[4];
	struct iovec here = {buf, 4}, there = {io->at, 4};

	io->got = sys(process_vm_readv, t_getpid(), &here, 1, &there, 1, 0);
	if (io->got == 4)
		io->got = buf[0];
	return 0;
}

static int do_wait(void *arg)
{
	struct io *io = arg;

	io->got = futex(io->at, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0); // it is not 1
	return 0;
}

static long done_with(long fd, struct io *io, char c)
{
	next(fd);
	UNTIL(t_task_state(t_getpid(), io->t.id) != 'R');
	CHECK_EQ(copy(fd, (void *)(ULONG(io->at) & -PAGE), filled_with(c), PAGE, 0), 0);
	thread_join(&io->t);
	return io->got;
}

TEST(the_kernel_waits_too)
{
	char *p = t_map(6 * PAGE);
	long fd = open_uffd(0, 0);
	int fds[2];
	struct io in, out, peek, word;
	char buf[4];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	CHECK_EQ(enroll(fd, p, 6, UFFDIO_REGISTER_MODE_MISSING), 0);
	out = (struct io){.fd = fds[1], .at = p + PAGE - 2}; // two pages
	thread_start(&out.t, do_write, &out);
	next(fd);
	CHECK_EQ(copy(fd, p, filled_with('1'), PAGE, 0), 0);
	out.at = p + PAGE;
	CHECK_EQ(done_with(fd, &out, '2'), 4);
	CHECK_EQ(sys(read, fds[0], buf, 4), 4);
	CHECK(!memcmp(buf, "1122", 4));
	CHECK_EQ(sys(write, fds[1], "abcd", 4), 4);
	in = (struct io){.fd = fds[0], .at = p + 2 * PAGE};
	thread_start(&in.t, do_read, &in);
	CHECK_EQ(done_with(fd, &in, 'x'), 4);
	CHECK(!memcmp(p + 2 * PAGE, "abcdxx", 6));
	peek = (struct io){.at = p + 3 * PAGE};
	thread_start(&peek.t, do_peek, &peek);
	CHECK_EQ(done_with(fd, &peek, 'p'), 'p');
	word = (struct io){.at = p + 4 * PAGE};
	thread_start(&word.t, do_wait, &word);
	CHECK_EQ(done_with(fd, &word, 'f'), -EAGAIN);
}

static int do_epoll_wait(void *arg)
{
	struct io *io = arg;

	io->got = sys(epoll_wait, io->fd, io->at, 2, 0);
	return 0;
}

// One epoll waits for memory; all others go on, and so do the files that it watches.
TEST(the_events_of_an_epoll_wait)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLONESHOT, .data = 5}, got;
	long fd = open_uffd(0, 0), other = sys(epoll_create1, 0);
	char *p = t_map(PAGE);
	struct io io = {.fd = (int)sys(epoll_create1, 0), .at = p};
	int fds[2], more[2];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	CHECK_EQ(sys(pipe2, more, 0), 0);
	CHECK_EQ(sys(write, fds[1], "x", 1), 1);
	CHECK_EQ(sys(epoll_ctl, io.fd, EPOLL_CTL_ADD, fds[0], &e), 0);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	thread_start(&io.t, do_epoll_wait, &io);
	next(fd);
	e.events = EPOLLIN;
	CHECK_EQ(sys(epoll_ctl, other, EPOLL_CTL_ADD, fds[0], &e), 0);
	CHECK_EQ(sys(epoll_wait, other, &got, 1, 0), 1);
	CHECK_EQ(sys(epoll_ctl, other, EPOLL_CTL_ADD, more[0], &e), 0);
	CHECK_EQ(sys(close, more[0]), 0);
	CHECK_EQ(sys(close, (int)other), 0);
	CHECK_EQ(copy(fd, p, filled_with(0), PAGE, 0), 0);
	thread_join(&io.t);
	CHECK_EQ(io.got, 1);
	CHECK_EQ(((struct epoll_event *)p)->data, 5);
	// What could not be written is not lost.
	e.events = EPOLLIN | EPOLLONESHOT;
	CHECK_EQ(sys(epoll_ctl, io.fd, EPOLL_CTL_MOD, fds[0], &e), 0);
	CHECK_EQ(sys(munmap, p, PAGE), 0);
	CHECK_EQ(sys(epoll_wait, io.fd, p, 1, 0), -EFAULT);
	CHECK_EQ(sys(epoll_wait, io.fd, &got, 1, 0), 1);
	CHECK_EQ(got.data, 5);
	CHECK_EQ(sys(epoll_wait, io.fd, &got, 1, 0), 0); // once
}

// io's thread waits for its page: it gets it, or there is none any more.
static void end_fault(struct io *io, int fd, bool it_can)
{
	if (it_can) {
		CHECK_EQ(copy(fd, io->at, filled_with(0), PAGE, 0), 0);
	} else {
		CHECK_EQ(sys(munmap, io->at, PAGE), 0);
		CHECK_EQ(wake(fd, io->at, 1), 0);
	}
	thread_join(&io->t);
}

static int do_clone(void *arg)
{
	struct io *io = arg;

	io->got = sys(clone, CLONE_PIDFD | SIGCHLD, 0, io->at, 0, 0);
	if (io->got == 0)
		t_exit(7);
	return 0;
}

// A clone that waits for the memory that its pidfd's number goes to: until it is over, the number is nobody's.
static void clone_meanwhile(bool it_can)
{
	long fd = open_uffd(0, 0), number = sys(eventfd2, 0, 0), other;
	char *p = t_map(PAGE);
	struct io io = {.at = p};

	CHECK_EQ(sys(close, number), 0);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	thread_start(&io.t, do_clone, &io);
	next(fd);
	sys(close, number); // if somebody has it by now
	other = sys(eventfd2, 0, 0);
	CHECK_EQ(other, number + 1);
	CHECK_EQ(sys(dup2, other, number), -EBUSY);
	CHECK_EQ(sys(fcntl, number, F_GETFD), -EBADF);
	end_fault(&io, (int)fd, it_can);
	CHECK_EQ(sys(fcntl, other, F_GETFD), 0);
	if (it_can) {
		CHECK_EQ(*(int *)p, number);
		CHECK_EQ(sys(fcntl, number, F_GETFD), FD_CLOEXEC);
		CHECK_EQ(t_wait((int)io.got), 7);
	} else {
		CHECK_EQ(io.got, -EFAULT);
		CHECK_EQ(sys(wait4, -1, 0, 0, 0), -ECHILD);
		CHECK_EQ(sys(eventfd2, 0, 0), number); // it was given back
	}
}

TEST(the_descriptor_of_a_clone)
{
	clone_meanwhile(true);
}

TEST(the_descriptor_of_a_clone_that_fails)
{
	clone_meanwhile(false);
}

static int do_poll(void *arg)
{
	struct io *io = arg;
	struct pollfd p = {.fd = io->fd, .events = POLLIN};

	io->got = -1;
	io->got = sys(poll, &p, 1, -1);
	return 0;
}

static bool is_polling(struct io *io)
{
	return io->got == 1 || (io->got == -1 && t_task_state(t_getpid(), io->t.id) != 'R');
}

// What a waiter gets, or cannot get, is seen by those who poll the epoll or watch it by another one meanwhile.
static void poll_what_tells(unsigned events, bool it_can)
{
	struct epoll_event e = {.events = events, .data = 5}, got;
	long fd = open_uffd(0, 0), ep = sys(epoll_create1, 0), outer = sys(epoll_create1, 0);
	char *p = t_map(PAGE);
	struct io io = {.fd = (int)ep, .at = p}, inner = {.fd = (int)ep}, above = {.fd = (int)outer};
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	CHECK_EQ(sys(epoll_ctl, ep, EPOLL_CTL_ADD, fds[0], &e), 0);
	e.events = EPOLLIN;
	CHECK_EQ(sys(epoll_ctl, outer, EPOLL_CTL_ADD, ep, &e), 0);
	CHECK_EQ(sys(epoll_wait, outer, &got, 1, 0), 0);
	CHECK_EQ(sys(write, fds[1], "x", 1), 1);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	thread_start(&io.t, do_epoll_wait, &io);
	next(fd);
	thread_start(&inner.t, do_poll, &inner);
	thread_start(&above.t, do_poll, &above);
	UNTIL(is_polling(&inner) && is_polling(&above));
	end_fault(&io, (int)fd, it_can);
	CHECK_EQ(io.got, it_can ? 1 : -EFAULT);
	thread_join(&inner.t);
	thread_join(&above.t);
	CHECK_EQ(inner.got, 1);
	CHECK_EQ(above.got, 1);
	CHECK_EQ(sys(epoll_wait, ep, &got, 1, 0), 1);
}

TEST(who_polls_an_epoll_that_tells)
{
	poll_what_tells(EPOLLIN, true);
	poll_what_tells(EPOLLIN, false);
	poll_what_tells(EPOLLIN | EPOLLET, false);
	poll_what_tells(EPOLLIN | EPOLLONESHOT, false);
}

TEST(a_tracer_does_not_wait)
{
	char *p = t_map(2 * PAGE), c;
	long fd = open_uffd(O_NONBLOCK, 0), mem = sys(open, "/proc/self/mem", O_RDWR);

	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(sys(pread64, mem, &c, 1, p + PAGE), 1);
	CHECK_EQ(sys(pread64, mem, &c, 1, p), -EIO);
	CHECK_EQ(sys(pwrite64, mem, &c, 1, p), -EIO);
	CHECK_EQ(copy(fd, p, filled_with('m'), PAGE, 0), 0);
	CHECK_EQ(sys(pread64, mem, &c, 1, p), 1);
	CHECK_EQ(c, 'm');
}

TEST(faults_of_user_mode_only)
{
	char *p = t_map(2 * PAGE);
	long fd = open_uffd(UFFD_USER_MODE_ONLY, 0);
	struct toucher t;
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, O_NONBLOCK), 0);
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(sys(write, fds[1], p, 1), -EFAULT);
	start_touch(&t, p, false);
	next(fd);
	CHECK_EQ(copy(fd, p, filled_with('u'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'u');
	CHECK_EQ(sys(write, fds[1], p, 1), 1);
}

TEST(sigbus_instead)
{
	long fd = open_uffd(O_NONBLOCK, UFFD_FEATURE_SIGBUS);
	struct uffd_msg m;

	bus = t_map(2 * PAGE);
	CHECK_EQ(enroll(fd, bus, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(sys(access, bus, 0), -EFAULT);
	CHECK_EQ(copy(fd, bus + PAGE, filled_with('q'), PAGE, 0), 0);
	CHECK_EQ(bus[PAGE], 'q');
	CHECK_EQ(sys(read, fd, &m, sizeof m), -EAGAIN);
	CHECK_EQ(IN_CHILD({ // a child is told of nothing, so this has its own
		long mine = open_uffd(O_NONBLOCK, UFFD_FEATURE_SIGBUS);
		char *p = t_map(PAGE);

		CHECK_EQ(enroll(mine, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
		bus = p;
		touch_bus();
	}), SIGNALLED(SIGBUS));
}

// ---- other things that happen to memory ----

TEST(a_child_is_not_registered)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(enroll(fd, p, 3, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p, filled_with('c'), PAGE, 0), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(p[0], 'c');
		CHECK_EQ(p[PAGE], 0);
		CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0); // it is the parent's memory
		CHECK_EQ(copy(fd, p + 2 * PAGE, filled_with('r'), PAGE, 0), 0);
		CHECK_EQ(p[2 * PAGE], 0);
		long mine = open_uffd(O_NONBLOCK, 0);

		CHECK_EQ(enroll(mine, p, 3, UFFDIO_REGISTER_MODE_MISSING), 0); // nobody's here
	}), 0);
	CHECK_EQ(p[2 * PAGE], 'r');
}

TEST(the_memory_has_ended)
{
	_Atomic long *shared = t_map_shared(PAGE);
	char *p = t_map(2 * PAGE);
	long fd = new_fd(0);

	CHECK_EQ(IN_CHILD({ // its descriptors are ours, but not its memory
		int pid = (int)sys(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

		if (pid == 0) {
			*shared = open_uffd(O_NONBLOCK, 0);
			t_exit(enroll(*shared, p, 2, UFFDIO_REGISTER_MODE_MISSING) != 0);
		}
		CHECK_EQ(t_wait(pid), 0);
		fd = *shared;
		CHECK_EQ(copy(fd, p, pattern, PAGE, 0), -ESRCH);
		CHECK_EQ(copied, 12345);
		CHECK_EQ(zeropage(fd, p, PAGE, 0), -ESRCH);
		CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), -ENOMEM);
		CHECK_EQ(dismiss(fd, p, 1), -ENOMEM);
		CHECK_EQ(wake(fd, p, 1), 0);
		CHECK_EQ(polled(fd), 0);
	}), 0);
}

TEST(moved_memory_is_not_registered)
{
	char *p = t_map(8 * PAGE), *q;
	long fd = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	q = (char *)sys(mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 4 * PAGE);
	CHECK(q == p + 4 * PAGE);
	CHECK_EQ(q[0] + q[PAGE], 0);
	CHECK_EQ(copy(fd, q, pattern, PAGE, 0), -ENOENT);
	CHECK_EQ(copy(fd, p, pattern, PAGE, 0), -ENOENT);
}

TEST(a_page_is_missing_again)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(0, 0);
	struct toucher t;

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p, filled_with('1'), PAGE, 0), 0);
	CHECK_EQ(sys(mprotect, p, 2 * PAGE, PROT_READ), 0);
	CHECK_EQ(copy(fd, p + PAGE, filled_with('2'), PAGE, 0), 0); // though it may not be written
	CHECK_EQ(p[PAGE], '2');
	CHECK_EQ(sys(mprotect, p, 2 * PAGE, RW), 0);
	p[PAGE] = 'w';
	CHECK_EQ(sys(madvise, p, PAGE, MADV_DONTNEED), 0);
	start_touch(&t, p, false);
	next(fd);
	CHECK_EQ(copy(fd, p, filled_with('3'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), '3');
	CHECK_EQ(sys(munmap, p, PAGE), 0);
	CHECK_EQ(copy(fd, p, pattern, PAGE, 0), -ENOENT);
}

TEST(locking_asks_for_pages)
{
	char *p = t_map(2 * PAGE);
	long fd = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p, filled_with('l'), PAGE, 0), 0);
	CHECK_EQ(zeropage(fd, p + PAGE, PAGE, 0), 0);
	CHECK_EQ(sys(mlock, p, 2 * PAGE), 0);
	CHECK_EQ(sys(munlock, p, 2 * PAGE), 0);
	CHECK_EQ(sys(madvise, p, 2 * PAGE, MADV_DONTNEED), 0);
	sys(close, fd);
	CHECK_EQ(p[0], 0);
}

// ---- memory that is a file's ----

static long shown(long fd, void *to, unsigned long len, unsigned long mode)
{
	struct uffdio_continue c = {.range = {ULONG(to), len}, .mode = mode, .mapped = 12345};
	long ret = sys(ioctl, fd, UFFDIO_CONTINUE, &c);

	copied = (long)c.mapped;
	return ret;
}

static char *map_fd(long fd, unsigned long pages, int flags)
{
	long p = sys(mmap, 0, pages * PAGE, RW, flags, fd, 0);

	CHECK(p > 0);
	return (char *)p;
}

static long new_memfd(unsigned long pages)
{
	long fd = sys(memfd_create, "uffd", 0);

	CHECK_GE(fd, 0);
	CHECK_EQ(sys(ftruncate, fd, pages * PAGE), 0);
	return fd;
}

TEST(shared_memory)
{
	long mem = new_memfd(6);
	char *p = map_fd(mem, 8, MAP_SHARED), *q = map_fd(mem, 8, MAP_SHARED);
	long fd = open_uffd(0, UFFD_FEATURE_MISSING_SHMEM);
	struct toucher t;
	struct uffd_msg m;

	CHECK_EQ(enroll(fd, p, 8, UFFDIO_REGISTER_MODE_MISSING), 0);
	q[PAGE] = 'q'; // the other mapping is not registered
	CHECK_EQ(p[PAGE], 'q'); // and what the file has is not missing
	start_touch(&t, p, false);
	m = next(fd);
	CHECK_EQ(m.arg.pagefault.address, ULONG(p));
	CHECK_EQ(m.arg.pagefault.flags, 0);
	CHECK_EQ(copy(fd, p, filled_with('a'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'a');
	CHECK_EQ(q[1], 'a');
	p[2] = 'b';
	CHECK_EQ(q[2], 'b');
	start_touch(&t, p + 2 * PAGE, true);
	m = next(fd);
	CHECK_EQ(m.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(zeropage(fd, p + 2 * PAGE, PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(q[2 * PAGE], 'w');
	q[3 * PAGE] = 'q';
	CHECK_EQ(copy(fd, p + 3 * PAGE, pattern, PAGE, 0), -EEXIST);
	CHECK_EQ(zeropage(fd, p + 3 * PAGE, PAGE, 0), -EEXIST);
	CHECK_EQ(copy(fd, p + 5 * PAGE, from_static(2), 2 * PAGE, 0), -EAGAIN); // up to its end
	CHECK_EQ(copied, PAGE);
	CHECK_EQ(q[5 * PAGE], 's');
	CHECK_EQ(copy(fd, p + 6 * PAGE, pattern, PAGE, 0), -EFAULT);
	CHECK_EQ(zeropage(fd, p + 6 * PAGE, PAGE, 0), -EFAULT);
	CHECK_EQ(shown(fd, p + 4 * PAGE, PAGE, 0), -EFAULT); // that has none
	// What a hole takes away is missing again.
	CHECK_EQ(sys(fallocate, mem, 3, 0, PAGE), 0); // PUNCH_HOLE
	start_touch(&t, p, false);
	next(fd);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(end_touch(&t), 0);
	bus = p + 6 * PAGE;
	CHECK_EQ(IN_CHILD(touch_bus()), SIGNALLED(SIGBUS));
}

TEST(shared_memory_without_a_name)
{
	char *p = t_map_shared(2 * PAGE);
	long fd = open_uffd(0, 0);
	struct toucher t;

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_touch(&t, p, false);
	next(fd);
	CHECK_EQ(copy(fd, p, filled_with('n'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'n');
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(p[0], 'n');
		p[0] = 'c';
		p[PAGE] = 'c'; // not registered there
	}), 0);
	CHECK_EQ(p[0] + p[PAGE], 2 * 'c');
}

TEST(a_private_copy_of_shared_memory)
{
	long mem = new_memfd(4);
	char *p = map_fd(mem, 4, MAP_PRIVATE), *q = map_fd(mem, 4, MAP_SHARED);
	long fd = open_uffd(0, 0);
	struct toucher t;

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	q[0] = 'q';
	CHECK_EQ(p[0], 'q');
	start_touch(&t, p + PAGE, false);
	next(fd);
	CHECK_EQ(copy(fd, p + PAGE, filled_with('p'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'p');
	p[PAGE + 1] = 'w';
	CHECK_EQ(q[PAGE] + q[PAGE + 1], 0); // it is p's own
	CHECK_EQ(zeropage(fd, p + 2 * PAGE, PAGE, 0), 0);
	p[2 * PAGE] = 'z';
	CHECK_EQ(q[2 * PAGE], 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(p[PAGE], 'p');
		CHECK_EQ(p[2 * PAGE], 'z');
	}), 0);
	q[3 * PAGE] = 'q';
	CHECK_EQ(zeropage(fd, p + 3 * PAGE, PAGE, 0), 0); // in the place of what the file has
	CHECK_EQ(p[3 * PAGE], 0);
	CHECK_EQ(IN_CHILD(CHECK_EQ(p[3 * PAGE], 0)), 0);
}

TEST(files_that_cannot_be)
{
	long mem = new_memfd(2), fd = open_uffd(O_NONBLOCK, 0), ro;
	char path[32];

	t_snprintf(path, sizeof path, "/proc/self/fd/%ld", mem);
	ro = sys(open, path, O_RDONLY);
	CHECK_GE(ro, 0);
	char *p = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), -EPERM); // it could not be written
	p = (char *)sys(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	p = t_map(PAGE);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MINOR), -EINVAL);
	CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(shown(fd, p, PAGE, 0), -EINVAL);
	CHECK_EQ(copied, -EINVAL);
}

TEST(what_the_file_has_is_shown)
{
	long mem = new_memfd(40);
	char *p = map_fd(mem, 40, MAP_SHARED), *q = map_fd(mem, 40, MAP_SHARED);
	long fd = open_uffd(0, UFFD_FEATURE_MINOR_SHMEM);
	struct uffdio_register r = {.range = {ULONG(p), 40 * PAGE}, .mode = UFFDIO_REGISTER_MODE_MINOR};
	struct toucher t;
	struct uffd_msg m;

	CHECK_EQ(sys(ioctl, fd, UFFDIO_REGISTER, &r), 0);
	CHECK_EQ(r.ioctls >> _UFFDIO_CONTINUE & 1, 1);
	memset(q, 'q', 20 * PAGE);
	start_touch(&t, p + PAGE, false);
	m = next(fd);
	CHECK_EQ(m.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_MINOR);
	q[PAGE] = 'r'; // before it is seen
	CHECK_EQ(shown(fd, p + PAGE, PAGE, 0), 0);
	CHECK_EQ(copied, PAGE);
	CHECK_EQ(end_touch(&t), 'r');
	CHECK_EQ(shown(fd, p + PAGE, PAGE, 0), -EEXIST);
	start_touch(&t, p + 2 * PAGE, true); // its neighbour was not shown with it
	m = next(fd);
	CHECK_EQ(m.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_MINOR | UFFD_PAGEFAULT_FLAG_WRITE);
	UNTIL(sleeps(t.t.id));
	CHECK_EQ(shown(fd, p + 2 * PAGE, 30 * PAGE, 1), -EAGAIN); // to where it has none
	CHECK_EQ(copied, 18 * PAGE);
	CHECK(sleeps(t.t.id));
	CHECK_EQ(wake(fd, p + 2 * PAGE, 1), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(q[2 * PAGE], 'w');
	CHECK_EQ(p[30 * PAGE], 0); // what the file does not have is none of it
	CHECK_EQ(p[19 * PAGE], 'q');
	q[31 * PAGE] = 'n';
	CHECK_EQ(p[32 * PAGE], 0); // nor does it bring its neighbours
	start_touch(&t, p + 31 * PAGE, false);
	next(fd);
	CHECK_EQ(shown(fd, p + 31 * PAGE, PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'n');
	CHECK_EQ(shown(fd, p + 40 * PAGE, PAGE, 0), -ENOENT);
	CHECK_EQ(shown(fd, p, PAGE + 1, 0), -EINVAL);
	CHECK_EQ(shown(fd, p, PAGE, 1UL << 20), -EINVAL);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_CONTINUE, 8), -EFAULT);
}

TEST(a_full_file_system)
{
	if (!t_own_machine || sys(geteuid))
		SKIP("mounts one");
	t_tmpdir();
	CHECK_EQ(sys(mkdir, "m", 0755), 0);
	CHECK_EQ(sys(mount, "none", "m", "tmpfs", 0, "size=8k"), 0);
	long mem = sys(open, "m/f", O_RDWR | O_CREAT, 0600), fd = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(sys(ftruncate, mem, 4 * PAGE), 0);
	char *p = map_fd(mem, 4, MAP_SHARED);

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p, filled_with('1'), PAGE, 0), 0);
	CHECK_EQ(zeropage(fd, p + PAGE, PAGE, 0), 0);
	long err = copy(fd, p + 2 * PAGE, pattern, PAGE, 0);

	CHECK(err == -ENOSPC || err == -ENOMEM); // Linux has said either
	err = zeropage(fd, p + 2 * PAGE, PAGE, 0);
	CHECK(err == -ENOSPC || err == -ENOMEM);
	CHECK_EQ(p[0], '1');
	CHECK_EQ(sys(munmap, p, 4 * PAGE), 0);
	sys(close, mem);
	sys(close, fd);
	CHECK_EQ(sys(umount2, "m", 0), 0);
}

// ---- writes ----

static long protect(long fd, void *at, unsigned long pages, unsigned long mode)
{
	struct uffdio_writeprotect w = {.range = {ULONG(at), pages * PAGE}, .mode = mode};

	return sys(ioctl, fd, UFFDIO_WRITEPROTECT, &w);
}

static void expect_write(long fd, char *at)
{
	struct uffd_msg m = next(fd);

	CHECK_EQ(m.event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(m.arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WP | UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(m.arg.pagefault.address, ULONG(at));
}

TEST(a_write_is_asked_for)
{
	char *p = t_map(8 * PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	struct uffdio_register r = {.range = {ULONG(p), 6 * PAGE}, .mode = UFFDIO_REGISTER_MODE_WP};
	struct toucher t;

	memset(p, 'o', 4 * PAGE);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_REGISTER, &r), 0);
	CHECK_EQ(r.ioctls >> _UFFDIO_WRITEPROTECT & 1, 1);
	p[0] = 'n'; // not yet
	CHECK_EQ(protect(fd, p, 6, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(p[0], 'n'); // reading is free
	CHECK_EQ(p[4 * PAGE], 0); // and so is what was not there
	p[5 * PAGE] = 'x';
	start_touch(&t, p, true);
	expect_write(fd, p);
	UNTIL(sleeps(t.t.id));
	CHECK_EQ(p[0], 'n');
	CHECK_EQ(protect(fd, p, 1, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	p[1] = 'y'; // once it may, it may
	start_touch(&t, p + PAGE, true);
	expect_write(fd, p + PAGE);
	UNTIL(sleeps(t.t.id));
	CHECK_EQ(protect(fd, p + PAGE, 1, UFFDIO_WRITEPROTECT_MODE_DONTWAKE), 0);
	CHECK(t.saw == -1);
	CHECK_EQ(wake(fd, p + PAGE, 1), 0);
	CHECK_EQ(end_touch(&t), 'w');
	// mprotect gives no right that has to be asked for.
	CHECK_EQ(sys(mprotect, p, 4 * PAGE, PROT_READ), 0);
	CHECK_EQ(sys(mprotect, p, 4 * PAGE, RW), 0);
	p[PAGE] = 'z';
	start_touch(&t, p + 2 * PAGE, true);
	expect_write(fd, p + 2 * PAGE);
	CHECK_EQ(dismiss(fd, p + 2 * PAGE, 1), 0);
	CHECK_EQ(wake(fd, p + 2 * PAGE, 1), 0); // Linux wakes only those that miss a page
	CHECK_EQ(end_touch(&t), 'w');
	start_touch(&t, p + 3 * PAGE, true);
	expect_write(fd, p + 3 * PAGE);
	CHECK_EQ(sys(close, fd), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(p[3 * PAGE + 1], 'o');
}

TEST(writes_of_both_kinds)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	struct toucher t;

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP), 0);
	start_touch(&t, p, true);
	CHECK_EQ(next(fd).arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE); // missing
	CHECK_EQ(copy(fd, p, filled_with('m'), PAGE, UFFDIO_COPY_MODE_WP), 0);
	expect_write(fd, p);
	CHECK_EQ(p[0], 'm');
	CHECK_EQ(protect(fd, p, 1, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(zeropage(fd, p + PAGE, PAGE, 0), 0);
	CHECK_EQ(protect(fd, p + PAGE, 1, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(p[PAGE], 0);
	start_touch(&t, p + PAGE, true);
	expect_write(fd, p + PAGE);
	CHECK_EQ(protect(fd, p + PAGE, 1, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	// Missing again, and then it is not as it was.
	CHECK_EQ(protect(fd, p, 1, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(sys(madvise, p, PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(copy(fd, p, filled_with('n'), PAGE, 0), 0);
	p[0] = 'k';
	CHECK_EQ(p[1], 'n');
}

// Of a file in memory, pages that are not there yet have to be asked about, too.
TEST(writes_to_shared_memory)
{
	long mem = new_memfd(8), fd = open_uffd(0, UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	char *p = map_fd(mem, 8, MAP_SHARED), *q = map_fd(mem, 8, MAP_SHARED);
	struct uffdio_register r = {.range = {ULONG(p), 8 * PAGE}, .mode = UFFDIO_REGISTER_MODE_WP};
	unsigned char there[8];
	struct toucher t;

	memset(p, 'o', PAGE); // one that is mapped
	memset(q + PAGE, 'q', PAGE); // one that the file has
	CHECK_EQ(sys(ioctl, fd, UFFDIO_REGISTER, &r), 0);
	CHECK_EQ(r.ioctls >> _UFFDIO_WRITEPROTECT & 1, 1);
	p[1] = 'n'; // not yet
	CHECK_EQ(protect(fd, p, 8, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(sys(mincore, p, 8 * PAGE, there), 0);
	CHECK_EQ(there[0] & there[1] & 1, 1);
	CHECK_EQ((there[2] | there[3]) & 1, 0);
	for (int i = 0; i < 3; i++) {
		char *at = p + i * (long)PAGE;

		if (i == 1)
			CHECK_EQ(*at, 'q'); // reading is free
		start_touch(&t, at, true);
		expect_write(fd, at);
		UNTIL(sleeps(t.t.id));
		q[i * (long)PAGE + 2] = 'x'; // the other mapping need not ask
		CHECK_EQ(at[2], 'x');
		CHECK_EQ(protect(fd, at, 1, 0), 0);
		CHECK_EQ(end_touch(&t), 'w');
		CHECK_EQ(q[i * (long)PAGE], 'w');
		at[3] = 'y';
	}
	CHECK_EQ(protect(fd, p + 3 * PAGE, 1, 0), 0);
	p[3 * PAGE] = 'f'; // it was never there, and need not be asked about any more
	CHECK_EQ(p[4 * PAGE], 0); // read, and still to be asked about
	start_touch(&t, p + 4 * PAGE, true);
	expect_write(fd, p + 4 * PAGE);
	CHECK_EQ(protect(fd, p, 8, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	memset(p, 'e', 8 * PAGE);
}

static void expect_all(long fd, char *p, int from, int to)
{
	struct toucher t;

	for (int i = from; i < to; i++) {
		start_touch(&t, p + i * (long)PAGE, true);
		expect_write(fd, p + i * (long)PAGE);
		CHECK_EQ(protect(fd, p + i * (long)PAGE, 1, 0), 0);
		CHECK_EQ(end_touch(&t), 'w');
	}
}

// What takes the pages away leaves the question.
TEST(writes_to_pages_that_went)
{
	long mem = new_memfd(8), fd = open_uffd(0, 0);
	char *p = map_fd(mem, 8, MAP_SHARED);

	memset(p, 'o', 4 * PAGE);
	CHECK_EQ(enroll(fd, p, 8, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 8, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(sys(madvise, p, 6 * PAGE, MADV_DONTNEED), 0);
	CHECK_EQ(p[0], 'o');
	expect_all(fd, p, 0, 2);
	CHECK_EQ(sys(fallocate, mem, 3, 2 * PAGE, PAGE), 0); // PUNCH_HOLE
	expect_all(fd, p, 2, 3);
	CHECK_EQ(sys(ftruncate, mem, 3 * PAGE), 0);
	CHECK_EQ(sys(ftruncate, mem, 8 * PAGE), 0);
	expect_all(fd, p, 3, 5);
	CHECK_EQ(sys(mprotect, p, 8 * PAGE, PROT_NONE), 0);
	CHECK_EQ(sys(mprotect, p, 8 * PAGE, RW), 0);
	expect_all(fd, p, 5, 6);
	// But not for what is mapped there next.
	CHECK_EQ(sys(mmap, p + 6 * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, mem, 6 * PAGE), ULONG(p) + 6 * PAGE);
	p[6 * PAGE] = 'x';
	CHECK_EQ(dismiss(fd, p + 7 * PAGE, 1), 0);
	p[7 * PAGE] = 'x';
}

TEST(writes_of_both_kinds_to_shared_memory)
{
	long mem = new_memfd(8), fd = open_uffd(0, 0);
	char *p = map_fd(mem, 8, MAP_SHARED), *q = map_fd(mem, 8, MAP_SHARED);
	struct toucher t;

	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 4, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	start_touch(&t, p, true);
	CHECK_EQ(next(fd).arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_WRITE); // missing
	CHECK_EQ(copy(fd, p, filled_with('m'), PAGE, UFFDIO_COPY_MODE_WP), 0);
	expect_write(fd, p);
	CHECK_EQ(q[0], 'm');
	CHECK_EQ(protect(fd, p, 1, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(copy(fd, p + PAGE, filled_with('m'), PAGE, 0), 0); // the question goes
	p[PAGE] = 'x';
	CHECK_EQ(zeropage(fd, p + 2 * PAGE, PAGE, 0), 0);
	p[2 * PAGE] = 'x';
	CHECK_EQ(copy(fd, p + PAGE, pattern, PAGE, 0), -EEXIST);
	memset(q + 4 * PAGE, 'q', 4 * PAGE);
	CHECK_EQ(enroll(fd, p + 4 * PAGE, 4, UFFDIO_REGISTER_MODE_MINOR | UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p + 4 * PAGE, 4, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	start_touch(&t, p + 4 * PAGE, true);
	CHECK_EQ(next(fd).arg.pagefault.flags, UFFD_PAGEFAULT_FLAG_MINOR | UFFD_PAGEFAULT_FLAG_WRITE);
	CHECK_EQ(shown(fd, p + 4 * PAGE, PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	CHECK_EQ(q[4 * PAGE], 'w');
}

TEST(writes_to_a_private_copy_of_shared_memory)
{
	long mem = new_memfd(4), fd = open_uffd(0, 0);
	char *p = map_fd(mem, 4, MAP_PRIVATE), *q = map_fd(mem, 4, MAP_SHARED);

	memset(q, 'q', 2 * PAGE);
	p[0] = 'p'; // its own already
	CHECK_EQ(enroll(fd, p, 4, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 4, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	expect_all(fd, p, 0, 3);
	CHECK_EQ(q[0] + q[PAGE], 2 * 'q');
	CHECK_EQ(q[2 * PAGE], 0);
	CHECK_EQ(p[PAGE + 1], 'q');
	CHECK_EQ(sys(close, fd), 0);
	p[3 * PAGE] = 'x';
	CHECK_EQ(q[3 * PAGE], 0);
}

// A system call that writes, and a tracer that does not wait.
TEST(the_kernel_asks_about_shared_memory)
{
	char *p = t_map_shared(2 * PAGE);
	long fd = open_uffd(0, 0), mem = sys(open, "/proc/self/mem", O_RDWR);
	struct io in;
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 2, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(sys(pwrite64, mem, "t", 1, p), -EIO);
	in = (struct io){.fd = fds[0], .at = p};
	CHECK_EQ(sys(write, fds[1], "abcd", 4), 4);
	thread_start(&in.t, do_read, &in);
	expect_write(fd, p);
	CHECK_EQ(protect(fd, p, 1, 0), 0);
	thread_join(&in.t);
	CHECK_EQ(in.got, 4);
	CHECK_EQ(p[3], 'd');
	CHECK_EQ(IN_CHILD({ // which is not registered
		p[0] = 'c';
		p[PAGE] = 'c';
	}), 0);
	CHECK_EQ(p[PAGE], 'c');
	expect_all(fd, p, 1, 2);
}

TEST(moved_shared_memory_need_not_be_asked_about)
{
	char *p = map_fd(new_memfd(8), 8, MAP_SHARED), *q;
	long fd = open_uffd(0, 0);

	p[0] = 'o';
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 2, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	q = (char *)sys(mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 4 * PAGE);
	CHECK(q == p + 4 * PAGE);
	q[0] = 'x';
	q[PAGE] = 'x';
	CHECK_EQ(protect(fd, q, 2, 0), -ENOENT);
}

// Nothing is there, and much of it.
TEST(writes_to_a_large_file)
{
	enum { LARGE = 16384 };

	char *p = map_fd(new_memfd(LARGE), LARGE, MAP_SHARED);
	long fd = open_uffd(0, 0);

	CHECK_EQ(enroll(fd, p, LARGE, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, LARGE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	expect_all(fd, p, LARGE - 1, LARGE);
	CHECK_EQ(protect(fd, p, LARGE, 0), 0);
	p[5 * PAGE] = 'x';
	CHECK_EQ(protect(fd, p, LARGE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
}

TEST(bad_arguments_of_writes)
{
	char *p = t_map(6 * PAGE);
	long fd = open_uffd(O_NONBLOCK, 0);

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(enroll(fd, p + 2 * PAGE, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(sys(ioctl, fd, UFFDIO_WRITEPROTECT, 8), -EFAULT);
	CHECK_EQ(protect(fd, p, 0, 0), -EINVAL);
	CHECK_EQ(protect(fd, p + 1, 1, 0), -EINVAL);
	CHECK_EQ(protect(fd, p, 1, 4), -EINVAL);
	CHECK_EQ(protect(fd, p, 1, UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE), -EINVAL);
	CHECK_EQ(protect(fd, p, 1UL << 40, 0), -EINVAL);
	CHECK_EQ(protect(fd, p + 2 * PAGE, 1, 0), -ENOENT); // registered otherwise
	CHECK_EQ(protect(fd, p + 4 * PAGE, 1, 0), -ENOENT);
	CHECK_EQ(protect(fd, p + PAGE, 2, 0), -ENOENT);
	CHECK_EQ(copy(fd, p + 2 * PAGE, pattern, PAGE, UFFDIO_COPY_MODE_WP), -EINVAL);
	CHECK_EQ(copied, -EINVAL);
	CHECK_EQ(copy(fd, p, pattern, PAGE, UFFDIO_COPY_MODE_WP), 0); // there too pages can be brought
	CHECK_EQ(protect(fd, p, 2, UFFDIO_WRITEPROTECT_MODE_WP), 0);
}

TEST(the_kernel_asks_too)
{
	char *p = t_map(2 * PAGE);
	long fd = open_uffd(0, 0), mem = sys(open, "/proc/self/mem", O_RDWR);
	struct io in;
	int fds[2];

	CHECK_EQ(sys(pipe2, fds, 0), 0);
	p[0] = 'o';
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 2, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(sys(pwrite64, mem, "t", 1, p), -EIO); // a tracer does not wait
	in = (struct io){.fd = fds[0], .at = p};
	CHECK_EQ(sys(write, fds[1], "abcd", 4), 4);
	thread_start(&in.t, do_read, &in);
	expect_write(fd, p);
	CHECK_EQ(p[0], 'o');
	CHECK_EQ(protect(fd, p, 1, 0), 0);
	thread_join(&in.t);
	CHECK_EQ(in.got, 4);
	CHECK_EQ(p[3], 'd');
}

TEST(a_child_need_not_ask)
{
	char *p = t_map(4 * PAGE), *q;
	long fd = open_uffd(0, 0);
	struct toucher t;

	memset(p, 'p', 2 * PAGE);
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 2, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	CHECK_EQ(IN_CHILD({
		p[0] = 'c';
		CHECK_EQ(p[0] + p[1], 'c' + 'p');
	}), 0);
	CHECK_EQ(p[0], 'p');
	start_touch(&t, p, true);
	expect_write(fd, p);
	CHECK_EQ(protect(fd, p, 1, 0), 0);
	CHECK_EQ(end_touch(&t), 'w');
	q = (char *)sys(mremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 2 * PAGE);
	CHECK(q == p + 2 * PAGE);
	q[PAGE] = 'm'; // nor does who has moved
	CHECK_EQ(q[0] + q[PAGE + 1], 'w' + 'p');
}

// ---- what else is told ----

struct op {
	struct thread t;
	int what;
	char *at, *to;
	unsigned long pages;
	_Atomic long got;
};
enum { UNMAP, MAP, MOVE, REMOVE, FORK, FORK_WRITES };

static int do_op(void *arg)
{
	struct op *o = arg;
	long len = (long)(o->pages * PAGE);

	switch (o->what) {
	case UNMAP:
		o->got = sys(munmap, o->at, len);
		break;
	case MAP:
		o->got = sys(mmap, o->at, len, RW, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case MOVE:
		o->got = sys(mremap, o->at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, o->to);
		break;
	case REMOVE:
		o->got = sys(madvise, o->at, len, MADV_DONTNEED);
		break;
	case FORK:
		o->got = t_fork();
		if (o->got == 0)
			t_exit(*o->at);
		break;
	case FORK_WRITES:
		o->got = t_fork();
		if (o->got == 0) {
			o->at[0] = 'c';
			o->at[PAGE] = 'c';
			t_exit(0);
		}
	}
	return 0;
}

static void start_op(struct op *o, int what, char *at, unsigned long pages, char *to)
{
	*o = (struct op){.what = what, .at = at, .pages = pages, .to = to, .got = 12345};
	thread_start(&o->t, do_op, o);
}

static long end_op(struct op *o)
{
	thread_join(&o->t);
	return o->got;
}

TEST(what_is_unmapped)
{
	char *p = t_map(8 * PAGE);
	long fd = open_uffd(O_NONBLOCK, UFFD_FEATURE_EVENT_UNMAP);
	struct uffd_msg m;
	struct op o;

	CHECK_EQ(enroll(fd, p, 6, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_op(&o, UNMAP, p + PAGE, 2, NULL);
	UNTIL(polled(fd) == POLLIN);
	UNTIL(t_task_state(t_getpid(), o.t.id) == 'D');
	CHECK_EQ(copy(fd, p, pattern, PAGE, 0), -EAGAIN); // what we know is old
	CHECK_EQ(zeropage(fd, p, PAGE, 0), -EAGAIN);
	CHECK_EQ(o.got, 12345);
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_UNMAP);
	CHECK_EQ(m.arg.remove.start, ULONG(p + PAGE));
	CHECK_EQ(m.arg.remove.end, ULONG(p + 3 * PAGE));
	CHECK_EQ(end_op(&o), 0);
	CHECK_EQ(copy(fd, p, pattern, PAGE, 0), 0);
	CHECK_EQ(sys(read, fd, &m, sizeof m), -EAGAIN);
	start_op(&o, MAP, p + 4 * PAGE, 1, NULL);
	UNTIL(polled(fd) == POLLIN);
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_UNMAP);
	CHECK_EQ(m.arg.remove.start, ULONG(p + 4 * PAGE));
	CHECK_EQ(end_op(&o), ULONG(p + 4 * PAGE));
	CHECK_EQ(p[4 * PAGE], 0);
	start_op(&o, UNMAP, p + 5 * PAGE, 1, NULL);
	UNTIL(polled(fd) == POLLIN);
	CHECK_EQ(sys(close, fd), 0); // nobody will read it
	CHECK_EQ(end_op(&o), 0);
}

TEST(what_is_moved)
{
	char *p = t_map(8 * PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_EVENT_REMAP);
	struct toucher t;
	struct uffd_msg m;
	struct op o;

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p, filled_with('1'), PAGE, 0), 0);
	start_op(&o, MOVE, p, 2, p + 4 * PAGE);
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_REMAP);
	CHECK_EQ(m.arg.remap.from, ULONG(p));
	CHECK_EQ(m.arg.remap.to, ULONG(p + 4 * PAGE));
	CHECK_EQ(m.arg.remap.len, 2 * PAGE);
	CHECK_EQ(end_op(&o), ULONG(p + 4 * PAGE));
	CHECK_EQ(p[4 * PAGE], '1');
	start_touch(&t, p + 5 * PAGE, false);
	CHECK_EQ(next(fd).arg.pagefault.address, ULONG(p + 5 * PAGE));
	CHECK_EQ(copy(fd, p + 5 * PAGE, filled_with('2'), PAGE, 0), 0);
	CHECK_EQ(end_touch(&t), '2');
}

TEST(what_is_removed)
{
	char *p = t_map(4 * PAGE);
	long fd = open_uffd(O_NONBLOCK, UFFD_FEATURE_EVENT_REMOVE);
	struct uffd_msg m;
	struct op o;

	CHECK_EQ(enroll(fd, p, 3, UFFDIO_REGISTER_MODE_MISSING), 0);
	CHECK_EQ(copy(fd, p, filled_with('r'), PAGE, 0), 0);
	start_op(&o, REMOVE, p, 4, NULL);
	UNTIL(polled(fd) == POLLIN);
	CHECK_EQ(p[0], 'r'); // it is told before
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_REMOVE);
	CHECK_EQ(m.arg.remove.start, ULONG(p));
	CHECK_EQ(m.arg.remove.end, ULONG(p + 3 * PAGE));
	CHECK_EQ(end_op(&o), 0);
	CHECK_EQ(copy(fd, p, filled_with('s'), PAGE, 0), 0); // it is missing
	CHECK_EQ(p[0], 's');
}

static void only_tracers(void)
{
	sys(close, new_fd(0));
	if (sys(geteuid))
		SKIP("not root");
}

TEST(what_is_forked)
{
	only_tracers();

	char *p = t_map(4 * PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	struct uffd_msg m;
	struct op o;

	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_op(&o, FORK, p, 0, NULL);
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_FORK);
	CHECK_EQ(m.reserved1 | m.reserved2 | m.reserved3, 0);
	CHECK(m.arg.fork.ufd != (unsigned)fd);
	long child = (int)m.arg.fork.ufd;

	CHECK_GE(end_op(&o), 1);
	m = next(child); // it has come to its first page
	CHECK_EQ(m.event, UFFD_EVENT_PAGEFAULT);
	CHECK_EQ(m.arg.pagefault.address, ULONG(p));
	CHECK_EQ(copy(fd, p, filled_with('P'), PAGE, 0), 0); // ours, not its
	CHECK_EQ(copy(child, p, filled_with('C'), PAGE, 0), 0);
	CHECK_EQ(t_wait((int)o.got), 'C');
	CHECK_EQ(p[0], 'P');
	CHECK_EQ(copy(child, p + PAGE, pattern, PAGE, 0), -ESRCH);
	CHECK_EQ(sys(close, child), 0);
	CHECK_EQ(shake(child, 0), -EBADF);
}

// A child asks about writes that its parent had to ask about.
TEST(what_is_forked_of_shared_memory)
{
	only_tracers();

	char *p = t_map_shared(4 * PAGE);
	long fd = open_uffd(0, UFFD_FEATURE_EVENT_FORK);
	struct uffd_msg m;
	struct op o;

	p[0] = 'o';
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_WP), 0);
	CHECK_EQ(protect(fd, p, 2, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	start_op(&o, FORK_WRITES, p, 0, NULL);
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_FORK);
	long child = (int)m.arg.fork.ufd;

	CHECK_GE(end_op(&o), 1);
	for (int i = 0; i < 2; i++) {
		expect_write(child, p + i * (long)PAGE);
		CHECK_EQ(protect(child, p + i * (long)PAGE, 1, 0), 0);
	}
	CHECK_EQ(t_wait((int)o.got), 0);
	CHECK_EQ(p[0] + p[PAGE], 2 * 'c');
	CHECK_EQ(sys(close, child), 0);
}

TEST(a_fork_that_nobody_reads)
{
	only_tracers();

	_Atomic int *ready = t_map_shared(PAGE);
	int pid = t_fork();

	if (pid == 0) {
		char *p = t_map(2 * PAGE);
		long fd = open_uffd(0, UFFD_FEATURE_EVENT_FORK);

		CHECK_EQ(enroll(fd, p, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
		*ready = 1;
		t_fork();
		t_exit(1);
	}
	UNTIL(*ready && t_state(pid) == 'D');
	sys(kill, pid, SIGKILL);
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
}

TEST(no_descriptor_for_a_child)
{
	only_tracers();

	char *p = t_map(2 * PAGE);
	long fd = open_uffd(O_NONBLOCK, UFFD_FEATURE_EVENT_FORK);
	struct rlimit all, few = {(unsigned long)fd + 1, 0};
	struct uffd_msg m;
	struct op o;

	CHECK_EQ(sys(getrlimit, RLIMIT_NOFILE, &all), 0);
	few.rlim_max = all.rlim_max;
	CHECK_EQ(enroll(fd, p, 2, UFFDIO_REGISTER_MODE_MISSING), 0);
	start_op(&o, FORK, p, 0, NULL);
	UNTIL(polled(fd) == POLLIN);
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &few), 0);
	CHECK_EQ(sys(read, fd, &m, sizeof m), -EMFILE);
	CHECK_EQ(sys(setrlimit, RLIMIT_NOFILE, &all), 0);
	CHECK_EQ(polled(fd), POLLIN); // it can be read still
	m = next(fd);
	CHECK_EQ(m.event, UFFD_EVENT_FORK);
	CHECK_EQ(m.arg.fork.ufd, fd + 1);
	CHECK_GE(end_op(&o), 1);
	CHECK_EQ(zeropage(m.arg.fork.ufd, p, PAGE, 0), 0);
	CHECK_EQ(t_wait((int)o.got), 0);
}

TEST(who_may_follow_children)
{
	long fd = new_fd(UFFD_USER_MODE_ONLY);

	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54321, 54321, 54321), 0);
		CHECK_EQ(shake(fd, UFFD_FEATURE_EVENT_FORK), -EPERM);
		CHECK_EQ(hands_shaken.api | hands_shaken.features, 0);
		CHECK_EQ(shake(fd, UFFD_FEATURE_EVENT_REMAP), 0);
	}), 0);
}

// ---- many at once ----

enum { PAGES = 64, TOUCHERS = 4, HANDLERS = 3, ROUNDS = 8 };

struct storm {
	char *p;
	long fd;
	_Atomic int wrong;
	_Atomic bool over;
};

static int handle(void *arg)
{
	struct storm *s = arg;
	char *page = t_map(PAGE);
	struct uffd_msg m;

	while (!s->over) {
		struct pollfd p = {.fd = (int)s->fd, .events = POLLIN};
		struct uffdio_copy c = {.src = ULONG(page), .len = PAGE};

		sys(poll, &p, 1, 10);
		if (sys(read, s->fd, &m, sizeof m) != sizeof m)
			continue;
		c.dst = m.arg.pagefault.address;
		memset(page, (int)(1 + (c.dst - ULONG(s->p)) / PAGE), PAGE);
		long err = sys(ioctl, s->fd, UFFDIO_COPY, &c);

		if (err == -EEXIST) // somebody else was faster: who asked is to look again
			err = wake(s->fd, (char *)c.dst, 1);
		s->wrong += err != 0;
	}
	return 0;
}

static int touch_all(void *arg)
{
	struct storm *s = arg;

	for (int i = 0; i < PAGES; i++) {
		int at = (i * 7 + t_gettid()) % PAGES;

		s->wrong += *(volatile char *)(s->p + at * (long)PAGE + t_gettid() % 4096) != 1 + at;
	}
	return 0;
}

static void storm_over(char *p, int away)
{
	struct thread h[HANDLERS], t[TOUCHERS];
	struct storm s = {.p = p, .fd = open_uffd(O_NONBLOCK, 0)};

	CHECK_EQ(enroll(s.fd, s.p, PAGES, UFFDIO_REGISTER_MODE_MISSING), 0);
	for (int i = 0; i < HANDLERS; i++)
		thread_start(&h[i], handle, &s);
	for (int r = 0; r < ROUNDS; r++) {
		for (int i = 0; i < TOUCHERS; i++)
			thread_start(&t[i], touch_all, &s);
		for (int i = 0; i < TOUCHERS; i++)
			thread_join(&t[i]);
		CHECK_EQ(s.wrong, 0);
		CHECK_EQ(sys(madvise, s.p, PAGES * PAGE, away), 0);
	}
	s.over = true;
	for (int i = 0; i < HANDLERS; i++)
		thread_join(&h[i]);
	CHECK_EQ(s.wrong, 0);
}

TEST(storm)
{
	storm_over(t_map(PAGES * PAGE), MADV_DONTNEED);
}

TEST(storm_in_shared_memory)
{
	storm_over(t_map_shared(PAGES * PAGE), MADV_REMOVE);
}

// Each page is taken away from those who write, and given back one write at a time.
enum { WRITES = 200, WRITTEN = 8 };

static int allow(void *arg)
{
	struct storm *s = arg;
	struct uffd_msg m;

	while (!s->over) {
		struct pollfd p = {.fd = (int)s->fd, .events = POLLIN};

		sys(poll, &p, 1, 10);
		if (sys(read, s->fd, &m, sizeof m) == sizeof m)
			s->wrong += protect(s->fd, (char *)m.arg.pagefault.address, 1, 0) != 0;
	}
	return 0;
}

static int count_up(void *arg)
{
	struct storm *s = arg;

	for (int i = 0; i < WRITES; i++) {
		++*(_Atomic int *)(s->p + i % WRITTEN * (long)PAGE);
		if (i % 16 == 0)
			s->wrong += protect(s->fd, s->p, WRITTEN, UFFDIO_WRITEPROTECT_MODE_WP) != 0;
	}
	return 0;
}

static void storm_of_writes_to(char *p)
{
	struct thread h[HANDLERS], t[TOUCHERS];
	struct storm s = {.p = p, .fd = open_uffd(O_NONBLOCK, 0)};
	int sum = 0;

	memset(s.p, 0, WRITTEN * PAGE);
	CHECK_EQ(enroll(s.fd, s.p, WRITTEN, UFFDIO_REGISTER_MODE_WP), 0);
	for (int i = 0; i < HANDLERS; i++)
		thread_start(&h[i], allow, &s);
	for (int i = 0; i < TOUCHERS; i++)
		thread_start(&t[i], count_up, &s);
	for (int i = 0; i < TOUCHERS; i++)
		thread_join(&t[i]);
	s.over = true;
	for (int i = 0; i < HANDLERS; i++)
		thread_join(&h[i]);
	for (int i = 0; i < WRITTEN; i++)
		sum += *(int *)(s.p + i * (long)PAGE);
	CHECK_EQ(sum, TOUCHERS * WRITES); // none was lost
	CHECK_EQ(s.wrong, 0);
}

TEST(storm_of_writes)
{
	storm_of_writes_to(t_map(WRITTEN * PAGE));
}

TEST(storm_of_writes_to_shared_memory)
{
	storm_of_writes_to(t_map_shared(WRITTEN * PAGE));
}

static int drain(void *fd)
{
	struct pollfd p = {.fd = *(int *)fd, .events = POLLIN};
	char buf[256];

	for (;;) {
		sys(poll, &p, 1, 10);
		sys(read, *(int *)fd, buf, sizeof buf);
	}
	return 0;
}

static void ask_anything(unsigned long seed)
{
	static const unsigned cmds[] = {UFFDIO_API, UFFDIO_REGISTER, UFFDIO_UNREGISTER, UFFDIO_WAKE, UFFDIO_COPY, UFFDIO_ZEROPAGE,
		UFFDIO_WRITEPROTECT, UFFDIO_CONTINUE};
	char *p = seed & 1 ? t_map(16 * PAGE) : t_map_shared(16 * PAGE);
	unsigned long x = seed, a[5];
	struct toucher t[4];
	struct thread reader;
	long fd = open_uffd(O_NONBLOCK, seed & 2 ? UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP : 0);

	CHECK_EQ(enroll(fd, p, 8, UFFDIO_REGISTER_MODE_MISSING | (seed & 4 ? UFFDIO_REGISTER_MODE_WP : 0)), 0);
	thread_start(&reader, drain, &fd);
	for (int i = 0; i < 4; i++)
		start_touch(&t[i], p + 2 * i * (long)PAGE, i & 1);
	for (int i = 0; i < 2000; i++) {
		for (int j = 0; j < 5; j++) {
			x = x * 6364136223846793005 + 1442695040888963407;
			a[j] = x >> 33 & 1 ? ULONG(p) + (x >> 40) % 16 * PAGE : x >> 34 & 1 ? (x >> 40) % 17 * PAGE
				: x >> 35 & 1 ? x >> 60 : x;
		}
		x = x * 6364136223846793005 + 1442695040888963407;
		if (x >> 40 & 7) // mostly a length
			a[1] = (x >> 50) % 4 * PAGE;
		sys(ioctl, fd, cmds[(x >> 33) % 8], a);
		switch ((x >> 55) % 64) {
		case 0:
			sys(madvise, p + (x >> 34) % 16 * PAGE, PAGE, MADV_DONTNEED);
			break;
		case 1:
			sys(mprotect, p + (x >> 34) % 16 * PAGE, PAGE, x >> 40 & 1 ? RW : PROT_READ);
			break;
		case 2:
			sys(mmap, p + (x >> 34) % 16 * PAGE, PAGE, RW, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			break;
		case 3:
			sys(mremap, p + (x >> 34) % 16 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + (x >> 40) % 16 * PAGE);
		}
	}
}

// Anything is asked of it, while others fault, and the end comes in the middle.
TEST(hostile)
{
	sys(close, new_fd(0));
	for (unsigned long seed = 1; seed <= 12; seed++) {
		int how = IN_CHILD(ask_anything(seed));

		CHECK(how == 0 || how == SIGNALLED(SIGSEGV) || how == SIGNALLED(SIGBUS)); // what was touched may be gone
	}
}
