// SPDX-License-Identifier: GPL-2.0-only
//
// Every system call with one argument at a time that is bad: a pointer to nothing, a descriptor that is none, a size
// without end, a flag that does not exist. What Linux answers stands beside each.
#include "seccomp.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/nsfs.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <linux/timerfd.h>
#include <linux/userfaultfd.h>

// A letter for each answer; '.' is a success.
static const struct answer {
	char letter;
	int error;
} answers[] = {{'B', EBADF}, {'F', EFAULT}, {'I', EINVAL}, {'M', ENOMEM}, {'E', ENOENT}, {'L', ENAMETOOLONG},
	{'D', ENOTDIR}, {'H', ESRCH}, {'P', EPERM}, {'A', EACCES}, {'X', EEXIST}, {'Y', ENOSYS}, {'T', ENOTTY},
	{'O', EOPNOTSUPP}, {'V', EOVERFLOW}, {'G', EMSGSIZE}, {'K', ENOTSOCK}, {'Z', E2BIG}, {'R', ERANGE},
	{'N', ENOTCONN}, {'Q', ESPIPE}, {'W', EAGAIN}, {'U', EROFS}, {'C', ECHILD}, {'J', EISDIR}, {'S', EBUSY},
	{'l', ELOOP}, {'d', ENODEV}, {'x', EXDEV}, {'n', EINTR}, {'f', EFBIG}, {'m', EMFILE}, {'s', ENOSPC},
	{'t', ESOCKTNOSUPPORT}, {'a', EAFNOSUPPORT}, {'p', EPROTONOSUPPORT}, {'q', ENOPROTOOPT}, {'b', ENOTEMPTY},
	{'c', ECONNREFUSED}, {'e', EDESTADDRREQ}, {'i', EISCONN}, {'r', ENXIO}, {'y', ENOTBLK}, {'u', ETIMEDOUT},
	{'o', EIO}, {'g', EADDRNOTAVAIL}};

// As it was first, by mistake.
#define SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR SECCOMP_IOR(2, __u64)

// Two pages, and nothing after them. What overruns a buffer ends there.
static char pages[3 * PAGE] __attribute__((aligned(PAGE)));
#define BUF ((long)pages) // zeroes: a null timespec, an empty set, an empty string
#define EDGE ((long)pages + 2 * (long)PAGE - 1)
#define HOLE ((long)pages + 2 * (long)PAGE)
#define LIMIT_S 20

enum { SELF = 98, NONE, NULL_, ZERO, FILE_, DIR, PATH, READER, WRITER, SOCKET, EPOLL, INOTIFY, TIMER, EVENT, PIDFD };

static char long_path[5000], long_name[300];

#define TOP (1UL << 63)
static const unsigned long wild[] = {1, 8, 0xdead000, 0x7ffffffff000UL, 0x7fffffffffffUL, 0x800000000000UL, TOP,
	0xffff800000000000UL, 0xffff888000000000UL, 0xffffffff80000000UL, 0xffffffff80100000UL, 0xffffffffff600000UL,
	-4096UL, -8UL, -1UL};

// What an argument is, and so what is bad for it.
static const struct kind {
	char letter;
	unsigned n;
	unsigned long bad[16];
} kinds[] = {
	{'f', 6, {-1UL, NONE, 0x7fffffff, 0x80000000, 1UL << 20, PATH}}, // a descriptor
	{'w', 4, {-1UL, NONE, 0x7fffffff, FILE_}}, // one of a directory
	{'s', 5, {BUF, (long)long_path, (long)long_name, (long)"f/x", (long)"no/x"}}, // a path, after wild ones
	{'e', 4, {-1UL, 0x7fffffff, 0x80000000, 0x1234}}, // one of several things
	{'n', 3, {-1UL, 0x80000000, TOP}}, // not negative
	{'z', 4, {-1UL, TOP, TOP - 1, 1UL << 47}}, // a size
	{'c', 3, {0xffffffff, 0x80000000, 0x7fffffff}}, // a count, an int
	{'a', 7, {1, 8, BUF + 1, -8UL, 0x7ffffffff000UL, TOP, HOLE}}, // the start of pages
	{'t', 3, {0x3fffffff, 0x7fffffff, 0x80000000}}, // a process
	{'g', 4, {65, 1000, 0x7fffffff, -1UL}}, // a signal
	{'p', 2, {EDGE, 0}}, // a pointer, after wild ones
	{'o', 1, {EDGE}}, // one that may be null
	{'b', 1, {0}}, // one of which a byte is enough
};

struct row {
	int number;
	const char *name, *kinds; // a letter an argument; '-' is not walked, x is flags, u their upper half
	const char *wanted; // a word an argument that is walked: a letter a value, or one for all, or one for the wild
	unsigned known; // of the flags
	long args[6];
};
#define CALL(name, kinds, wanted, ...) {__NR_##name, #name, kinds, wanted, 0, {__VA_ARGS__}}
#define FLAGS(name, known, kinds, wanted, ...) {__NR_##name, #name, kinds, wanted, known, {__VA_ARGS__}}
// No argument is bad, or each would be an end, a wait, or another life.
#define PLAIN(name) {__NR_##name, #name, "", "", 0, {0}}
// These arguments, which have a letter, are not walked. Why, is told beside it.
#define NOT_WALKED(name, which) {__NR_##name, #name, which, NULL, 0, {0}}
#define S(text) (long)text

static const struct row rows[] = {
#include "bad_input.def"
};
enum { ROWS = sizeof rows / sizeof *rows };

// The calls that Thaw has.
static const struct {
	int number;
	const char *name, *format; // a letter an argument
} calls[] = {
#define SYSCALL(number, name, format) {number, #name, format},
#include "../../kernel/syscalls.def"
};
enum { CALLS = sizeof calls / sizeof *calls };

static bool is_here(int number)
{
	bool found = !t_on_thaw;

	for (int i = 0; i < CALLS; i++)
		found |= calls[i].number == number;
	return found;
}

static char letter_of(long ret)
{
	if (ret >= 0)
		return '.';
	for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++)
		if (answers[i].error == -ret)
			return answers[i].letter;
	return '?';
}

static char call(const struct row *r, int arg, unsigned long value)
{
	long a[6];

	for (int i = 0; i < 6; i++)
		a[i] = r->args[i] == SELF ? t_getpid() : r->args[i];
	a[arg] = (long)value;
	return letter_of(t_syscall(r->number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

// One letter stands for many of the same. The length.
static size_t shorten(char *text)
{
	for (const char *c = text; *c; c++)
		if (*c != *text)
			return strlen(text);
	text[1] = 0;
	return 1;
}

// Everything that is bad for one argument; what came of it, a letter each.
static void walk(const struct row *r, int arg, char kind, char *out)
{
	if (kind == 'x' || kind == 'u') {
		int first = kind == 'x' ? 0 : 32;

		for (int bit = first; bit < first + 32; bit++)
			if (bit >= 32 || !(r->known >> bit & 1))
				*out++ = call(r, arg, (unsigned long)r->args[arg] | 1UL << bit);
		return;
	}
	if (strchr("spob", kind)) {
		for (unsigned i = 0; i < sizeof wild / sizeof *wild; i++)
			out[i] = call(r, arg, wild[i]);
		out += shorten(out);
		memset(out, 0, sizeof wild / sizeof *wild);
	}
	for (const struct kind *k = kinds; k < kinds + sizeof kinds / sizeof *kinds; k++)
		for (unsigned i = 0; k->letter == kind && i < k->n; i++)
			*out++ = call(r, arg, k->bad[i]);
}

static void walk_row(const struct row *r, char *out)
{
	const char *start = out;

	for (int arg = 0; r->kinds[arg]; arg++) {
		if (r->kinds[arg] == '-')
			continue;
		if (out != start)
			*out++ = ' ';
		walk(r, arg, r->kinds[arg], out);
		out += shorten(out);
	}
}

static void put_at(long fd, int where)
{
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(dup3, fd, where, O_CLOEXEC), where);
	sys(close, fd);
}

static void prepare(void)
{
	int fds[2];

	CHECK_EQ(sys(munmap, HOLE, PAGE), 0);
	memset(long_path, '/', sizeof long_path - 1);
	memset(long_name, 'n', sizeof long_name - 1);
	t_tmpdir();
	CHECK_EQ(t_spit("f", "text"), 0);
	CHECK_EQ(sys(mkdir, "d", 0755), 0);
	put_at(sys(open, "/dev/null", O_RDWR), NULL_);
	put_at(sys(open, "/dev/zero", O_RDWR), ZERO);
	put_at(sys(open, "f", O_RDWR), FILE_);
	put_at(sys(open, ".", O_RDONLY), DIR);
	put_at(sys(open, "f", O_PATH), PATH);
	CHECK_EQ(sys(pipe2, fds, O_NONBLOCK), 0);
	put_at(fds[0], READER);
	put_at(fds[1], WRITER);
	put_at(sys(socket, 1, 1 | O_NONBLOCK, 0), SOCKET);
	put_at(sys(epoll_create1, 0), EPOLL);
	put_at(sys(inotify_init1, O_NONBLOCK), INOTIFY);
	put_at(sys(timerfd_create, CLOCK_MONOTONIC, O_NONBLOCK), TIMER);
	put_at(sys(eventfd2, 1, O_NONBLOCK), EVENT);
	put_at(sys(pidfd_open, t_getpid(), 0), PIDFD);
}

TEST(one_bad_argument)
{
	char *out = t_map_shared(PAGE);
	int wrong = 0;

	if (sys(geteuid))
		SKIP("not root");
	prepare();
	for (const struct row *r = rows; r < rows + ROWS; r++) {
		if (!is_here(r->number) || !r->wanted)
			continue;
		memset(out, 0, PAGE);
		int how = IN_CHILD({
			sys(alarm, LIMIT_S);
			walk_row(r, out);
		});

		if (how || strcmp(out, r->wanted)) {
			t_printf("# %s: \"%s\", not \"%s\"; %d\n", r->name, out, r->wanted, how);
			wrong++;
		}
	}
	CHECK_EQ(wrong, 0);
}

static bool is_walked(int number, size_t arg)
{
	for (int i = 0; i < ROWS; i++)
		if (rows[i].number == number && arg < strlen(rows[i].kinds) && rows[i].kinds[arg] != '-')
			return true;
	return false;
}

// A call that is new gets its rows: one at least, and each of its arguments is walked or excused.
TEST(no_argument_is_forgotten)
{
	int missing = 0;

	for (int i = 0; i < CALLS; i++) {
		bool found = false;

		for (int j = 0; j < ROWS; j++)
			found |= rows[j].number == calls[i].number;
		if (!found)
			t_printf("# tests/abi/bad_input.def has no row for %s\n", calls[i].name);
		missing += !found;
		for (size_t arg = 0; arg < strlen(calls[i].format); arg++)
			if (!is_walked(calls[i].number, arg)) {
				t_printf("# tests/abi/bad_input.def does not walk argument %d of %s\n", (int)arg, calls[i].name);
				missing++;
			}
	}
	CHECK_EQ(missing, 0);
}

// ---- ioctl: each request, of a file of each kind ----

// The kinds, by what stands before the colon in the table.
enum { DEV, MEMORY, PROC, PROC_DIR, PIPE, UNIX, LISTENING, INET, WATCHER, CLOCK, COUNTER, SIGNALS, MASTER, SLAVE, USER_NS, NET_NS,
	UFFD, LISTENER, KINDS };
static const char kind_letters[] = "nmgdpuliytvsMSUNFL";
enum { FIRST_FD = 20, WITH_VALUES = 4 };

static const struct request {
	unsigned cmd;
	const char *name, *wanted;
	bool waits; // for somebody who is not there, if nothing is bad
} requests[] = {
#define IOCTL(cmd, wanted) {(unsigned)(cmd), #cmd, wanted, false},
#define IOCTL_WAITS(cmd, wanted) {(unsigned)(cmd), #cmd, wanted, true},
#include "bad_ioctl.def"
};
enum { REQUESTS = sizeof requests / sizeof *requests };

// Of ones, and of zeroes. A request may take the address for flags: it is always the same.
static char (*const argument)[PAGE] = (void *)0x10000000;

static void put_kind(int kind, long fd)
{
	CHECK_GE(fd, 0);
	CHECK_EQ(sys(dup2, fd, FIRST_FD + kind), FIRST_FD + kind);
	if (fd != FIRST_FD + kind)
		sys(close, fd);
}

static void open_pty(void)
{
	long master = sys(open, "/dev/ptmx", O_RDWR | O_NOCTTY);

	CHECK_EQ(sys(ioctl, master, TIOCSPTLCK, &(int){0}), 0);
	put_kind(SLAVE, sys(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
	put_kind(MASTER, master);
}

static void open_sockets(void)
{
	struct { unsigned short family; } any = {1};
	long fd = sys(socket, 1, 1, 0);

	put_kind(UNIX, sys(socket, 1, 1, 0));
	CHECK_EQ(sys(bind, fd, &any, 2), 0);
	CHECK_EQ(sys(listen, fd, 1), 0);
	put_kind(LISTENING, fd);
	put_kind(INET, sys(socket, 2, 1, 0));
}

// The filter is on nobody who lives.
static void open_others(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	long fd = sys(userfaultfd, 1);

	CHECK_EQ(sys(ioctl, fd, UFFDIO_API, &api), 0);
	put_kind(UFFD, fd);
	int pid = (int)sys(clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		no_new_privs();
		put_kind(LISTENER, INSTALL_FLAGS(SECCOMP_FILTER_FLAG_NEW_LISTENER, RETURN(SECCOMP_RET_ALLOW)));
		t_exit(0);
	}
	CHECK_EQ(t_wait(pid), 0);
}

static void open_kinds(void)
{
	unsigned long none = 0;
	int fds[2];

	for (int fd = 3; fd < FIRST_FD + KINDS; fd++)
		sys(close, fd);
	put_kind(DEV, sys(open, "/dev/null", O_RDWR));
	put_kind(MEMORY, sys(memfd_create, "m", 0));
	put_kind(PROC, sys(open, "/proc/self/status", O_RDONLY));
	put_kind(PROC_DIR, sys(open, "/proc/self", O_RDONLY));
	CHECK_EQ(sys(pipe, fds), 0);
	put_kind(PIPE, fds[0]);
	sys(close, fds[1]);
	open_sockets();
	put_kind(WATCHER, sys(inotify_init1, 0));
	put_kind(CLOCK, sys(timerfd_create, CLOCK_MONOTONIC, 0));
	put_kind(COUNTER, sys(eventfd2, 1, 0));
	put_kind(SIGNALS, sys(signalfd4, -1, &none, 8, 0));
	open_pty();
	put_kind(USER_NS, sys(open, "/proc/self/ns/user", O_RDONLY));
	put_kind(NET_NS, sys(open, "/proc/self/ns/net", O_RDONLY));
	open_others();
	CHECK_EQ(sys(dup2, FIRST_FD + MEMORY, 0), 0); // FICLONE takes it for a descriptor
}

static char ask(int fd, unsigned cmd, int value)
{
	memset(argument[0], 0xff, PAGE);
	memset(argument[1], 0, PAGE);
	return letter_of(sys(ioctl, fd, cmd, value == 0 ? 0L : value == 1 ? 8L : (long)argument[value - 2]));
}

// "x:abcd" for each kind that knows the request: with null, with nothing there, with ones and with zeroes.
static void walk_request(const struct request *r, char *out)
{
	const int values = WITH_VALUES - r->waits;
	const char *start = out;

	open_kinds();
	for (int k = 0; k < KINDS; k++) {
		char said[WITH_VALUES + 1] = "";

		for (int v = 0; v < values; v++)
			said[v] = ask(FIRST_FD + k, r->cmd, v);
		shorten(said);
		if (!strcmp(said, "T"))
			continue;
		if (out != start)
			*out++ = ' ';
		out += t_snprintf(out, 16, "%c:%s", kind_letters[k], said);
	}
}

static bool asks_too_much(const struct request *r)
{
	long fs[15];

	// A disk would stand still.
	return (r->cmd == FIFREEZE || r->cmd == FITHAW) && (sys(statfs, "/dev/null", fs) || fs[0] != 0x01021994);
}

TEST(bad_ioctls)
{
	char *out = t_map_shared(PAGE);
	int wrong = 0;

	if (sys(geteuid))
		SKIP("not root");
	CHECK_EQ(sys(mmap, argument, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), argument);
	for (const struct request *r = requests; r < requests + REQUESTS; r++) {
		if (!t_on_thaw && asks_too_much(r))
			continue;
		memset(out, 0, PAGE);
		int how = IN_CHILD({
			sys(alarm, LIMIT_S);
			walk_request(r, out);
		});

		if (how || strcmp(out, r->wanted)) {
			t_printf("# %s: \"%s\", not \"%s\"; %d\n", r->name, out, r->wanted, how);
			wrong++;
		}
	}
	CHECK_EQ(wrong, 0);
}

// There is no file to be asked.
TEST(ioctls_of_no_file)
{
	long path;

	t_tmpdir();
	path = sys(open, ".", O_PATH);
	for (const struct request *r = requests; r < requests + REQUESTS; r++) {
		CHECK_EQ(sys(ioctl, -1, r->cmd, 0), -EBADF);
		CHECK_EQ(sys(ioctl, 0x7fffffff, r->cmd, argument), -EBADF);
		CHECK_EQ(sys(ioctl, path, r->cmd, argument), -EBADF);
	}
}
