// SPDX-License-Identifier: GPL-2.0-only
//
// prctl(PR_SET_MM): a program says where the parts of its image are, and what /proc shows then.
#include "t.h"

static long set(long option, unsigned long addr)
{
	return sys(prctl, PR_SET_MM, option, addr, 0, 0);
}

// Root may be without CAP_SYS_RESOURCE.
static void needs_right(void)
{
	if (set(0, 0x10000) == -EPERM)
		SKIP("root may not here");
}

// Field n of /proc/self/stat, from 1 on.
static unsigned long stat_field(int n)
{
	static char text[1024];
	char *p;

	CHECK_GE(t_slurp("/proc/self/stat", text, sizeof text), 1);
	p = strrchr(text, ')');
	for (int i = 2; i < n; i++)
		p = strchr(p + 1, ' ');
	unsigned long v = 0;

	for (p++; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (unsigned long)(*p - '0');
	return v;
}

// The members in the order of the struct, and where stat shows them.
static const struct {
	int option, field;
} members[] = {{PR_SET_MM_START_CODE, 26}, {PR_SET_MM_END_CODE, 27}, {PR_SET_MM_START_DATA, 45}, {PR_SET_MM_END_DATA, 46},
	{PR_SET_MM_START_BRK, 47}, {PR_SET_MM_BRK, 0}, {PR_SET_MM_START_STACK, 28}, {PR_SET_MM_ARG_START, 48}, {PR_SET_MM_ARG_END, 49},
	{PR_SET_MM_ENV_START, 50}, {PR_SET_MM_ENV_END, 51}};

static struct prctl_mm_map whole(void)
{
	struct prctl_mm_map m = {.exe_fd = (unsigned)-1};
	unsigned long long *v = (unsigned long long *)&m;

	for (int i = 0; i < 11; i++)
		v[i] = members[i].field ? stat_field(members[i].field) : (unsigned long)sys(brk, 0);
	return m;
}

TEST(arguments)
{
	unsigned size = 0;
	long page = (long)t_map(PAGE);

	needs_right();
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_BRK, page, 0, 1), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_BRK, page, 1, 0), -EINVAL);
	CHECK_EQ(set(0, (unsigned long)page), -EINVAL);
	CHECK_EQ(set(16, (unsigned long)page), -EINVAL);
	CHECK_EQ(set(-1, (unsigned long)page), -EINVAL);
	for (int i = 0; i < 11; i++) {
		CHECK_EQ(set(members[i].option, 0), -EINVAL);
		CHECK_EQ(set(members[i].option, 0x1000), -EINVAL); // below what can be mapped
		CHECK_EQ(set(members[i].option, 0x7ffffffff000), -EINVAL);
		CHECK_EQ(set(members[i].option, -1UL), -EINVAL);
	}
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0), 0);
	CHECK_EQ(size, sizeof(struct prctl_mm_map));
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 1), -EINVAL);
}

TEST(rights)
{
	CHECK_EQ(IN_CHILD({
		struct prctl_mm_map m = whole();
		unsigned size;

		sys(setresuid, 1000, 1000, 1000);
		CHECK_EQ(set(PR_SET_MM_START_CODE, (unsigned long)m.start_code), -EPERM);
		CHECK_EQ(set(99, 0), -EPERM);
		CHECK_EQ(set(PR_SET_MM_EXE_FILE, 0), -EPERM);
		CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_AUXV, 0, 0, 0), -EPERM);
		// What only shows may be said by everybody.
		CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0), 0);
		CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0), 0);
		m.exe_fd = 0;
		CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0), -EPERM);
	}), 0);
}

TEST(one_at_a_time)
{
	struct prctl_mm_map m = whole();
	char *text = t_map(PAGE), buf[64];

	needs_right();
	CHECK_EQ(set(PR_SET_MM_START_CODE, m.start_code + 8), 0);
	CHECK_EQ(stat_field(26), m.start_code + 8);
	CHECK_EQ(set(PR_SET_MM_START_CODE, m.end_code), -EINVAL); // must be below
	CHECK_EQ(set(PR_SET_MM_END_CODE, m.start_code + 8), -EINVAL);
	CHECK_EQ(set(PR_SET_MM_END_DATA, m.start_data), 0);
	CHECK_EQ(set(PR_SET_MM_START_DATA, m.start_data + 1), -EINVAL);
	CHECK_EQ(stat_field(46), m.start_data);
	CHECK_EQ(set(PR_SET_MM_START_STACK, (unsigned long)text), 0);
	CHECK_EQ(stat_field(28), (unsigned long)text);
	memcpy(text, "one\0two\0A=1\0", 13);
	CHECK_EQ(set(PR_SET_MM_ARG_START, (unsigned long)text), 0);
	CHECK_EQ(set(PR_SET_MM_ARG_END, (unsigned long)text + 8), 0);
	CHECK_EQ(t_slurp("/proc/self/cmdline", buf, sizeof buf), 8);
	CHECK_EQ(memcmp(buf, "one\0two", 8), 0);
	CHECK_EQ(set(PR_SET_MM_ENV_START, (unsigned long)text + 8), 0);
	CHECK_EQ(set(PR_SET_MM_ENV_END, (unsigned long)text + 12), 0);
	CHECK_EQ(t_slurp("/proc/self/environ", buf, sizeof buf), 4);
	CHECK_EQ(strcmp(buf, "A=1"), 0);
	CHECK_EQ(set(PR_SET_MM_ARG_START, (unsigned long)text + 9), -EINVAL);
	CHECK_EQ(set(PR_SET_MM_ENV_END, (unsigned long)text), -EINVAL);
}

// Where there is no memory, and none above.
static int above_all(void *unused)
{
	unsigned long top = (stat_field(51) | (PAGE - 1)) + 1 - PAGE; // the uppermost page of the stack

	(void)unused;
	UNTIL(t_task_state(t_getpid(), t_getpid()) == 'S'); // the one whose stack it is needs it no more
	CHECK_EQ(sys(munmap, top, PAGE), 0);
	CHECK_EQ(set(PR_SET_MM_ENV_END, 0x7fffffffefff), -EFAULT);
	CHECK_EQ(set(PR_SET_MM_START_STACK, 0x7fffffffefff), -EFAULT);
	t_exit(4);
}

TEST(where_there_is_no_memory)
{
	needs_right();
	CHECK_EQ(IN_CHILD({
		struct thread t;

		thread_start(&t, above_all, NULL);
		thread_pause(NULL);
	}), 4);
}

// The break is where one says, and goes on from there.
TEST(the_break)
{
	needs_right();
	CHECK_EQ(IN_CHILD({
		unsigned long at = (unsigned long)t_map(64 * PAGE);

		CHECK_EQ(sys(munmap, at, 64 * PAGE), 0);
		CHECK_EQ(set(PR_SET_MM_BRK, 0x7ffffffef000), 0);
		CHECK_EQ(set(PR_SET_MM_START_BRK, at), 0);
		CHECK_EQ(set(PR_SET_MM_BRK, at), 0);
		CHECK_EQ(sys(brk, 0), at);
		CHECK_EQ(sys(brk, at + 3 * PAGE), at + 3 * PAGE);
		*(char *)(at + 3 * PAGE - 1) = 1;
		CHECK_EQ(sys(brk, at), at);
		CHECK_EQ(set(PR_SET_MM_BRK, at - 1), -EINVAL);
		CHECK_EQ(sys(brk, at - 1), at);
	}), 0);
	// Hostile ones: nothing but this program's own memory can suffer.
	CHECK_EQ(IN_CHILD({
		set(PR_SET_MM_BRK, 0x7fffffffefff);
		set(PR_SET_MM_START_BRK, 0x10000);
		sys(brk, 0x7fffffffefff);
		sys(brk, 0x7fffffffffff);
		sys(brk, 0x20000);
		t_exit(1);
	}) != 0, 1);
	CHECK_EQ(IN_CHILD({
		struct rlimit none = {0, RLIM_INFINITY};

		sys(setrlimit, RLIMIT_DATA, &none);
		CHECK_EQ(set(PR_SET_MM_START_CODE, stat_field(26)), -EINVAL); // beyond the limit already
	}), 0);
}

TEST(the_vector)
{
	unsigned long v[] = {AT_UID, 77, AT_NULL, 5}, got[64];
	char *page = t_map(2 * PAGE);

	needs_right();
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_AUXV, v, 4096, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_AUXV, -8L, 16, 0), -EFAULT);
	CHECK_EQ(sys(munmap, page + PAGE, PAGE), 0);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_AUXV, page + PAGE - 8, 16, 0), -EFAULT);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_AUXV, v, sizeof v, 0), 0);
	CHECK_EQ(t_slurp("/proc/self/auxv", (char *)got, sizeof got), 32);
	CHECK_EQ(memcmp(got, v, 32), 0);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_AUXV, v, 0, 0), 0); // none
	CHECK_EQ(t_slurp("/proc/self/auxv", (char *)got, sizeof got), 16);
	CHECK_EQ(got[0], AT_NULL);
}

TEST(all_at_once)
{
	struct prctl_mm_map m = whole(), bad;
	unsigned long v[] = {AT_UID, 78, AT_NULL, 0}, got[64];
	char *text = t_map(PAGE), buf[64];
	unsigned long long *w = (unsigned long long *)&bad;

	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m - 1, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m + 8, 0), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 1), -EINVAL);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, 0, sizeof m, 0), -EFAULT);
	for (int i = 0; i < 11; i++) {
		bad = m;
		w[i] = 1;
		CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &bad, sizeof bad, 0), -EINVAL);
		w[i] = -1UL;
		CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &bad, sizeof bad, 0), -EINVAL);
	}
	bad = m;
	bad.auxv_size = 8;
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &bad, sizeof bad, 0), -EINVAL);
	bad.auxv = t_ptr(8);
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &bad, sizeof bad, 0), -EFAULT);
	bad.auxv_size = 4096;
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &bad, sizeof bad, 0), -EINVAL);
	bad = m;
	bad.exe_fd = 999;
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &bad, sizeof bad, 0), -EBADF);
	CHECK_EQ(stat_field(48), m.arg_start);

	memcpy(text, "three", 6);
	m.arg_start = (unsigned long)text;
	m.arg_end = (unsigned long)text + 6;
	m.start_code++;
	m.auxv = (void *)v;
	m.auxv_size = sizeof v;
	CHECK_EQ(sys(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0), 0);
	CHECK_EQ(stat_field(26), m.start_code);
	CHECK_EQ(t_slurp("/proc/self/cmdline", buf, sizeof buf), 6);
	CHECK_EQ(strcmp(buf, "three"), 0);
	CHECK_EQ(t_slurp("/proc/self/auxv", (char *)got, sizeof got), 32);
	CHECK_EQ(got[1], 78);
	// A child has it from its parent; a program that is executed has its own.
	CHECK_EQ(IN_CHILD(CHECK_EQ(t_slurp("/proc/self/cmdline", buf, sizeof buf), 6)), 0);
}

// ---- the file ----

TEST(files_that_cannot_be_it)
{
	int fd;

	needs_right();
	t_tmpdir();
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, 999), -EBADF);
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, -1UL), -EBADF);
	fd = (int)sys(open, t_self, O_PATH);
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), -EBADF);
	fd = (int)sys(open, ".", O_RDONLY);
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), -EACCES);
	fd = (int)sys(open, "/dev/null", O_RDONLY);
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), -EACCES);
	fd = (int)sys(open, "f", O_RDWR | O_CREAT, 0600);
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), -EACCES); // may not be executed
	fd = (int)sys(open, t_self, O_RDONLY);
	CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), -EBUSY); // some of it is mapped
}

// Everything that is mapped of this file becomes anonymous memory of the same contents, under our feet.
static void forget_the_file(void)
{
	static char maps[8192];

	CHECK_GE(t_slurp("/proc/self/maps", maps, sizeof maps), 1);
	for (char *line = maps; *line; line = strchr(line, '\n') + 1) {
		unsigned long at[2];
		char *p = line;
		int prot;

		for (int i = 0; i < 2; i++, p++)
			for (at[i] = 0; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++)
				at[i] = at[i] * 16 + (unsigned long)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
		prot = (p[0] == 'r' ? PROT_READ : 0) | (p[1] == 'w' ? PROT_WRITE : 0) | (p[2] == 'x' ? PROT_EXEC : 0);
		*strchr(line, '\n') = 0;
		if (strstr(line, t_self)) {
			char *copy = t_map(at[1] - at[0]);

			memcpy(copy, t_ptr(at[0]), at[1] - at[0]);
			CHECK_EQ(sys(mprotect, copy, at[1] - at[0], prot), 0);
			CHECK_EQ(sys(mremap, copy, at[1] - at[0], at[1] - at[0], MREMAP_MAYMOVE | MREMAP_FIXED, at[0]), (long)at[0]);
		}
		*(line + strlen(line)) = '\n';
	}
}

TEST(another_file)
{
	char path[256] = {0}, wanted[256] = {0};

	needs_right();
	t_tmpdir();
	CHECK_EQ(IN_CHILD({
		int fd = (int)sys(open, "prog", O_RDWR | O_CREAT, 0700);
		int again;

		CHECK_GE(fd, 0);
		forget_the_file();
		CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), -EACCES); // somebody could write to it
		CHECK_EQ(sys(close, fd), 0);
		fd = (int)sys(open, "prog", O_RDONLY);
		CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)fd), 0);
		CHECK_EQ(sys(close, fd), 0);
		CHECK_GE(sys(readlink, "/proc/self/exe", path, sizeof path - 1), 1);
		CHECK_GE(sys(getcwd, wanted, sizeof wanted - 8), 1);
		memcpy(wanted + strlen(wanted), "/prog", 6);
		CHECK_EQ(strcmp(path, wanted), 0);
		CHECK_EQ(sys(open, "prog", O_WRONLY), -ETXTBSY);
		again = (int)sys(open, t_self, O_RDONLY);
		CHECK_EQ(set(PR_SET_MM_EXE_FILE, (unsigned long)again), 0);
		CHECK_GE(sys(open, "prog", O_WRONLY), 0);
	}), 0);
}
