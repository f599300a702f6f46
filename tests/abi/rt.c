// SPDX-License-Identifier: GPL-2.0-only
//
// What every test program is linked with: the start, the helpers of t.h, and the runner.
#include "t.h"

#include <stdarg.h>

int t_argc;
char **t_argv, **t_envp;
unsigned long *t_auxv;
char t_self[512];
bool t_on_thaw, t_own_machine;

static char tmpdir[64];

#define EXIT_FAILED 113
#define EXIT_SKIPPED 114
#define EXIT_LOSES 115
#define LIMIT_MS 60000

__asm__(".text\n"
	".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call t_start\n"
	"	hlt\n"
	".globl t_restore\n"
	"t_restore:\n"
	"	mov $15, %eax\n"
	"	syscall\n"
	".globl t_clone\n"
	"t_clone:\n"
	"	mov 8(%rsp), %rax\n"
	"	sub $16, %rsi\n"
	"	mov %r9, (%rsi)\n"
	"	mov %rax, 8(%rsi)\n"
	"	mov %rcx, %r10\n"
	"	mov $56, %eax\n"
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jz 1f\n"
	"	ret\n"
	"1:	xor %ebp, %ebp\n"
	"	pop %rax\n"
	"	pop %rdi\n"
	"	call *%rax\n"
	"	mov %eax, %edi\n"
	"	mov $60, %eax\n"
	"	syscall\n"
	"	hlt\n");

// ---- memory and text ----

void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	if (d <= s || d >= s + n)
		return memcpy(to, from, n);
	while (n--)
		((volatile char *)d)[n] = s[n];
	return to;
}

void *memset(void *to, int c, size_t n)
{
	void *start = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(c) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	return memcmp(a, b, (strlen(a) < strlen(b) ? strlen(a) : strlen(b)) + 1);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	return 0;
}

char *strstr(const char *text, const char *what)
{
	size_t n = strlen(what);

	for (; *text; text++)
		if (!strncmp(text, what, n))
			return (char *)text;
	return n ? NULL : (char *)text;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	char *found = NULL;

	for (; *s; s++)
		if (*s == (char)c)
			found = (char *)s;
	return found;
}

long t_number(const char *s)
{
	bool minus = *s == '-';
	long n = 0;

	for (s += minus; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (*s - '0');
	return minus ? -n : n;
}

static void put(char **p, char *end, char c)
{
	if (*p < end)
		*(*p)++ = c;
}

static void put_number(char **p, char *end, unsigned long v, unsigned base)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[v % base];
	while ((v /= base));
	while (n)
		put(p, end, digits[--n]);
}

// %d %u %x %lx %ld %lu %s %c %p, no widths.
static int format(char *buf, size_t size, const char *fmt, va_list ap)
{
	char *p = buf, *end = buf + size - 1;

	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put(&p, end, *fmt);
			continue;
		}
		bool wide = *++fmt == 'l';

		fmt += wide;
		switch (*fmt) {
		case 'd': {
			long v = wide ? va_arg(ap, long) : va_arg(ap, int);

			if (v < 0)
				put(&p, end, '-');
			put_number(&p, end, v < 0 ? -(unsigned long)v : (unsigned long)v, 10);
			break;
		}
		case 'u':
			put_number(&p, end, wide ? va_arg(ap, unsigned long) : va_arg(ap, unsigned), 10);
			break;
		case 'x':
			put_number(&p, end, wide ? va_arg(ap, unsigned long) : va_arg(ap, unsigned), 16);
			break;
		case 'p':
			put_number(&p, end, (unsigned long)va_arg(ap, void *), 16);
			break;
		case 'c':
			put(&p, end, (char)va_arg(ap, int));
			break;
		case 's':
			for (const char *s = va_arg(ap, const char *); *s; s++)
				put(&p, end, *s);
			break;
		default:
			put(&p, end, *fmt);
		}
	}
	*p = 0;
	return (int)(p - buf);
}

int t_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = format(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void t_printf(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	int n = format(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n == sizeof line - 1)
		line[n - 1] = '\n'; // cut: what comes next is a line of its own
	sys(write, 1, line, n);
}

_Noreturn void t_fail(const char *file, int line, const char *what)
{
	t_printf("# %s:%d: %s\n", file, line, what);
	t_exit(EXIT_FAILED);
}

_Noreturn void t_fail_cmp(const char *file, int line, const char *got, const char *op,
	const char *wanted, long a, long b)
{
	t_printf("# %s:%d: %s %s %s: %ld (0x%lx) against %ld (0x%lx)\n", file, line, got, op, wanted, a,
		a, b, b);
	t_exit(EXIT_FAILED);
}

_Noreturn void t_skip(const char *why)
{
	t_printf("# skip: %s\n", why);
	t_exit(EXIT_SKIPPED);
}

_Noreturn void t_loses(void)
{
	t_exit(EXIT_LOSES);
}

long t_slurp(const char *path, char *buf, size_t size)
{
	long fd = sys(open, path, O_RDONLY), n, total = 0;

	if (fd < 0)
		return fd;
	while ((n = sys(read, fd, buf + total, size - 1 - total)) > 0)
		total += n;
	sys(close, fd);
	buf[total] = 0;
	return n < 0 ? n : total;
}

long t_spit(const char *path, const char *text)
{
	long fd = sys(open, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return fd;
	long n = sys(write, fd, text, strlen(text));
	sys(close, fd);
	return n < 0 ? n : 0;
}

long t_field(const char *path, const char *key)
{
	static char buf[16384];
	size_t n = strlen(key);

	if (t_slurp(path, buf, sizeof buf) < 0)
		return -1;
	for (char *line = buf; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, key, n))
			continue;
		line += n;
		if (*line != ' ' && *line != ':' && *line != '\t')
			continue;
		while (*line == ' ' || *line == ':' || *line == '\t')
			line++;
		return t_number(line);
	}
	return -1;
}

void *t_map(size_t bytes)
{
	long p = sys(mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p > 0);
	return (void *)p;
}

void *t_map_shared(size_t bytes)
{
	long p = sys(mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p > 0);
	return (void *)p;
}

// ---- a directory of one's own ----

static char list[2048];

static void remove_tree(const char *dir)
{
	static char list[2048] __attribute__((aligned(2048))); // in one page
	bool came_up = false;
	int depth = 0;

	if (sys(chdir, dir) < 0)
		return;
	for (;;) { // no recursion: some tests leave trees a thousand deep, and the stack would grow
		long fd = sys(open, ".", O_RDONLY | O_DIRECTORY);
		long n = sys(getdents64, fd, list, sizeof list);
		const char *left = NULL;
		bool removed = false;

		sys(close, fd);
		for (long at = 0; at < n; at += ((struct entry *)(list + at))->len) {
			const char *name = ((struct entry *)(list + at))->name;

			if (!strcmp(name, ".") || !strcmp(name, ".."))
				continue;
			if (sys(unlink, name) == 0 || sys(rmdir, name) == 0)
				removed = true;
			else
				left = name;
		}
		if (removed) {
			came_up = false;
		} else if (left) {
			if (came_up || sys(chdir, left) < 0) {
				t_printf("# cannot remove %s\n", left);
				break;
			}
			depth++;
		} else {
			if (!depth)
				break;
			sys(chdir, "..");
			depth--;
			came_up = true;
		}
	}
	while (depth-- >= 0)
		sys(chdir, "..");
}

void t_tmpdir(void)
{
	CHECK_EQ(sys(mkdir, tmpdir, 0755), 0);
	CHECK_EQ(sys(chdir, tmpdir), 0);
}

void t_loopback_up(int fd)
{
	enum { SIOCSIFFLAGS = 0x8914, IFF_UP = 1 };
	struct {
		char name[16];
		short flags;
		char unused[22];
	} lo = {"lo", IFF_UP, {0}};

	if (t_own_machine && sys(geteuid) == 0)
		CHECK_EQ(sys(ioctl, fd, SIOCSIFFLAGS, &lo), 0);
}

// ---- processes, time ----

_Noreturn void t_exit(int code)
{
	for (;;)
		sys(exit_group, code);
}

_Noreturn void t_exit_thread(int code)
{
	for (;;)
		sys(exit, code);
}

int t_wait(int pid)
{
	int status = 0;
	long got;

	do
		got = sys(wait4, pid, &status, __WALL, 0);
	while (got == -EINTR);
	if (got < 0)
		return (int)got;
	return W_EXITED(status) ? W_CODE(status) : SIGNALLED(W_SIG(status));
}

void t_alarms(long ms)
{
	struct itimerval it = {{0, ms * 1000}, {0, ms * 1000}};

	CHECK_EQ(sys(setitimer, ITIMER_REAL, &it, 0), 0);
}

int t_next_signal(unsigned long set, siginfo_t *si)
{
	struct timespec none = {0, 0};
	long sig;

	memset(si, 0, sizeof *si);
	sig = sys(rt_sigtimedwait, &set, si, &none, 8);
	return sig == -EAGAIN ? 0 : (int)sig;
}

void t_sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	while (sys(nanosleep, &ts, &ts) == -EINTR)
		;
}

long t_now_ms(void)
{
	struct timespec ts;

	sys(clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void t_yield(void)
{
	sys(sched_yield);
}

char t_task_state(int pid, int tid)
{
	char path[64], buf[1024];

	t_snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
	if (t_slurp(path, buf, sizeof buf) <= 0 || !strrchr(buf, ')'))
		return 0;
	return strrchr(buf, ')')[2];
}

char t_state(int pid)
{
	char path[64], buf[1024];

	t_snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (t_slurp(path, buf, sizeof buf) <= 0 || !strrchr(buf, ')'))
		return 0;
	return strrchr(buf, ')')[2];
}

long t_exec(const char *role, const char *arg1, const char *arg2)
{
	char name[64];
	const char *argv[] = {t_self, name, arg1, arg1 ? arg2 : NULL, NULL};

	t_snprintf(name, sizeof name, "@%s", role);
	return sys(execve, t_self, argv, t_envp);
}

unsigned long t_aux(unsigned long type)
{
	for (unsigned long *a = t_auxv; a[0] != AT_NULL; a += 2)
		if (a[0] == type)
			return a[1];
	return 0;
}

// ---- threads ----

void thread_start(struct thread *t, int (*fn)(void *), void *arg)
{
	t->stack = t_map(STACK_SIZE);
	// CLONE_PARENT_SETTID writes the word before the call returns, CHILD_CLEARTID may clear it.
	long tid = t_clone(THREAD_FLAGS, t->stack + STACK_SIZE, &t->tid, &t->tid, 0, fn, arg);

	CHECK_GE(tid, 1);
	t->id = (int)tid;
}

void thread_join(struct thread *t)
{
	int tid;

	while ((tid = t->tid))
		futex(&t->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
	sys(munmap, t->stack, STACK_SIZE);
}

int thread_pause(void *unused)
{
	(void)unused;
	for (;;)
		sys(pause);
}

int thread_spin(void *unused)
{
	(void)unused;
	for (;;) // QEMU pays for each jump, and for a nop nothing: under counted instructions time is sooner over
		__asm__ volatile(".rept 256; nop; .endr");
}

long futex(void *word, int op, unsigned val, const void *timeout, void *word2, unsigned val3)
{
	return sys(futex, word, op, val, timeout, word2, val3);
}

// 0 free, 1 taken, 2 taken and waited for.
void lock(_Atomic int *word)
{
	int zero = 0;

	if (atomic_compare_exchange_strong(word, &zero, 1))
		return;
	while (atomic_exchange(word, 2))
		futex(word, FUTEX_WAIT, 2, NULL, NULL, 0);
}

void unlock(_Atomic int *word)
{
	if (atomic_exchange(word, 0) == 2)
		futex(word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

// ---- signals ----

long t_action_mask(int sig, void *handler, unsigned long flags, unsigned long mask)
{
	struct sigaction act = {0};

	act.sa_handler = (__sighandler_t)handler;
	act.sa_flags = flags | SA_RESTORER;
	act.sa_restorer = t_restore;
	act.sa_mask = mask;
	return sys(rt_sigaction, sig, &act, 0, 8);
}

long t_action(int sig, void *handler, unsigned long flags)
{
	return t_action_mask(sig, handler, flags, 0);
}

long t_block(unsigned long set)
{
	return sys(rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
}

long t_unblock(unsigned long set)
{
	return sys(rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}

unsigned long t_mask(void)
{
	unsigned long set = 0;

	CHECK_EQ(sys(rt_sigprocmask, SIG_BLOCK, 0, &set, 8), 0);
	return set;
}

static struct fault *seen;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct ucontext *uc = context;

	seen->sig = sig;
	seen->code = info->si_code;
	seen->addr = (unsigned long)info->si_addr;
	seen->rip = uc->uc_mcontext.rip;
	t_exit(0);
}

struct fault t_fault(void (*fn)(void))
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

	seen = t_map_shared(PAGE);
	int how = IN_CHILD({
		stack_t st = {.ss_sp = t_map(STACK_SIZE), .ss_size = STACK_SIZE};

		CHECK_EQ(sys(sigaltstack, &st, 0), 0);
		for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
			t_action(faults[i], on_fault, SA_SIGINFO | SA_ONSTACK);
		fn();
		t_exit(EXIT_FAILED); // nothing happened
	});
	struct fault f = *seen;

	f.how = how;
	sys(munmap, seen, PAGE);
	return f;
}

// ---- the runner ----

extern struct t_test *__start_t_tests[] __attribute__((weak));
extern struct t_test *__stop_t_tests[] __attribute__((weak));
extern struct t_helper *__start_t_helpers[] __attribute__((weak));
extern struct t_helper *__stop_t_helpers[] __attribute__((weak));

struct counts {
	long free_kib, complaints;
	char meminfo[4096];
	char slabs[16384];
};
static struct counts before, after;

// The number at line, after blanks; what follows it.
static char *next_number(char *line, long *n)
{
	while (*line == ' ' || *line == '\t')
		line++;
	*n = t_number(line);
	while (*line >= '0' && *line <= '9')
		line++;
	return line;
}

// The doors stay open all the time, so that counting does not itself change what is counted.
#define DOORS 4
static int door[DOORS];
static const char *const doors[DOORS] = {"/proc/sys/vm/drop_caches", "/proc/meminfo", "/proc/slabinfo", "/proc/vmstat"};

static void read_door(int n, char *buf, size_t size)
{
	long got = 0, more;

	while ((more = sys(pread64, door[n], buf + got, size - 1 - got, got)) > 0)
		got += more;
	buf[got] = 0;
}

// The number that a line of text begins with `key ` for; 0 if there is none.
static long number_of(const char *text, const char *key)
{
	const char *line = strstr(text, key);
	long n = 0;

	if (line)
		next_number((char *)line + strlen(key), &n);
	return n;
}

static void count(struct counts *c)
{
	static char buf[8192];

	// Linux's door; on Thaw it also waits for what is still on its way to being freed.
	// Its copy of what is written, too long for a slab, keeps none from being given back.
	memset(buf, ' ', 3000);
	buf[0] = '3';
	if (sys(write, door[0], buf, 3000) != 3000)
		t_printf("# caches are not dropped\n");
	read_door(1, c->meminfo, sizeof c->meminfo);
	c->free_kib = number_of(c->meminfo, "MemFree:");
	read_door(2, c->slabs, sizeof c->slabs);
	read_door(3, buf, sizeof buf);
	c->complaints = number_of(buf, "kernel_warnings ") + number_of(buf, "io_after_barrier ");
}

struct slab {
	char name[64];
	long active, total;
};

// Reads `name active total ...` off a slabinfo line; the next line.
static char *slab_line(char *line, struct slab *s)
{
	size_t n = 0;

	while (*line && *line != ' ' && *line != '\t' && *line != '\n' && n < sizeof s->name - 1)
		s->name[n++] = *line++;
	s->name[n] = 0;
	line = next_number(next_number(line, &s->active), &s->total);
	while (*line && *line++ != '\n')
		;
	return line;
}

// The line at *text, its newline made an end; *text goes on to the next.
static char *cut_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (end)
		*end = 0;
	*text = end ? end + 1 : line + strlen(line);
	return line;
}

// Says which kind of memory the missing pages are of: each line of meminfo that changed.
static void tell_kinds(void)
{
	for (char *a = before.meminfo, *b = after.meminfo; *a && *b;) {
		char *x = cut_line(&a), *y = cut_line(&b);

		if (strcmp(x, y))
			t_printf("# note: %s -> %s\n", x, y);
	}
}

static bool leaked(void)
{
	bool memory = before.free_kib != after.free_kib, bad = memory;

	if (memory)
		t_printf("# leak: MemFree %ld -> %ld kB\n", before.free_kib, after.free_kib);
	if (memory)
		tell_kinds();
	for (char *a = before.slabs, *b = after.slabs; *a && *b;) {
		struct slab x, y;

		a = slab_line(a, &x);
		b = slab_line(b, &y);
		if (strcmp(x.name, y.name))
			continue;
		if (x.active != y.active)
			t_printf("# leak: %s %ld -> %ld objects\n", x.name, x.active, y.active);
		else if (memory && x.total != y.total)
			t_printf("# note: %s has room for %ld -> %ld objects\n", x.name, x.total, y.total);
		bad |= x.active != y.active;
	}
	return bad;
}

// The kernel warned of something, or saw IO that must not be.
static bool complained(void)
{
	if (before.complaints == after.complaints)
		return false;
	t_printf("# the kernel's warnings: %ld -> %ld\n", before.complaints, after.complaints);
	return true;
}

// Waits for the test's process, at most LIMIT_MS. Its status; -1 when it was late.
static int wait_limited(int pid)
{
	long end = t_now_ms() + LIMIT_MS;
	unsigned long chld = BIT(SIGCHLD);
	int status;

	for (;;) {
		struct timespec tick = {1, 0};

		if (sys(wait4, pid, &status, WNOHANG, 0) == pid)
			return status;
		if (t_now_ms() > end)
			return -1;
		sys(rt_sigtimedwait, &chld, 0, &tick, 8);
	}
}

// Kills whatever the test left behind, and reaps it. False when something will not go.
static bool sweep(int pgid)
{
	long end = t_now_ms() + 20000, got;

	sys(kill, -pgid, SIGKILL);
	while ((got = sys(wait4, -1, 0, WNOHANG | __WALL, 0)) >= 0) {
		if (got > 0)
			continue;
		if (t_now_ms() > end)
			return false;
		t_sleep_ms(1);
	}
	unsigned long chld = BIT(SIGCHLD);
	struct timespec zero = {0, 0};

	while (sys(rt_sigtimedwait, &chld, 0, &zero, 8) > 0)
		; // a signal that waits is memory, too
	return true;
}

// The first file ever made in /tmp leaves things behind that stay for good; so does the first thread.
static void warm_up(void)
{
	struct thread t[4];

	t_tmpdir();
	t_spit("f", "x");
	for (int i = 0; i < 4; i++)
		thread_start(&t[i], thread_pause, NULL);
}

static const char *program(void)
{
	char *slash = strrchr(t_argv[0], '/');

	return slash ? slash + 1 : t_argv[0];
}

// Runs one test, or, with number 0, goes through the motions once so that later runs find the
// runner's own memory in its final state.
static bool run(const struct t_test *t, int number)
{
	if (number && *t->what)
		t_printf("# %s\n", t->what);
	if (t_on_thaw)
		count(&before);
	int pid = t_fork();

	if (pid == 0) {
		for (int i = 0; t_on_thaw && i < DOORS; i++)
			sys(close, door[i]);
		sys(setpgid, 0, 0);
		t_unblock(BIT(SIGCHLD));
		t->run();
		t_exit(0);
	}
	sys(setpgid, pid, pid);
	int status = wait_limited(pid);

	if (status == -1)
		t_printf("# no end after %d s\n", LIMIT_MS / 1000);
	bool clean = sweep(pid), ok;

	t_snprintf(tmpdir, sizeof tmpdir, "/tmp/t.%s.%d", program(), t_getpid());
	remove_tree(tmpdir);
	sys(rmdir, tmpdir);
	sys(chdir, "/");
	bool skipped = status == EXIT_SKIPPED << 8, loses = status == EXIT_LOSES << 8;

	ok = clean && (status == 0 || skipped || loses);
	if (!clean)
		t_printf("# left processes behind that do not die\n");
	else if (status != -1 && !W_EXITED(status))
		t_printf("# killed by signal %d\n", W_SIG(status));
	else if (!ok && status != -1 && W_CODE(status) != EXIT_FAILED)
		t_printf("# exited with code %d\n", W_CODE(status));
	if (t_on_thaw) {
		count(&after);
		if (number && ok && (leaked() != loses || complained()))
			ok = false;
	}
	if (number)
		t_printf("%s %d - %s.%s%s\n", ok ? "ok" : "not ok", number, program(), t->name,
			skipped ? " # SKIP" : "");
	return ok;
}

// As deep as remove_tree may ever get: the runner's stack is in its final state, too, and its list.
static void touch_stack(void)
{
	volatile char pad[64 * 1024];

	for (size_t i = 0; i < sizeof pad; i += PAGE)
		pad[i] = 0;
	memset(list, 0, sizeof list);
}

// In the order of the file.
static int sort_tests(void)
{
	int n = (int)(__stop_t_tests - __start_t_tests);

	for (int i = 1; i < n; i++)
		for (int j = i; j && __start_t_tests[j - 1]->line > __start_t_tests[j]->line; j--) {
			struct t_test *t = __start_t_tests[j];

			__start_t_tests[j] = __start_t_tests[j - 1];
			__start_t_tests[j - 1] = t;
		}
	return n;
}

static void open_doors(void)
{
	for (int i = 0; t_on_thaw && i < DOORS; i++)
		door[i] = (int)sys(open, doors[i], i ? O_RDONLY : O_WRONLY);
	touch_stack();
}

static int run_all(const char *only)
{
	static const struct t_test first = {"warm_up", warm_up, 0, ""};
	int n = sort_tests(), failed = 0, number = 0;

	open_doors();
	t_printf("1..%d\n", only ? 1 : n);
	for (int i = 0; t_on_thaw && i < 3; i++)
		run(&first, 0);
	for (int i = 0; i < n; i++)
		if (!only || !strcmp(only, __start_t_tests[i]->name))
			failed += !run(__start_t_tests[i], ++number);
	if (!number)
		t_printf("# no test of that name\n");
	return failed || !number;
}

// What whoever started us may have changed, and the tests take for granted: nohup ignores SIGHUP, nice makes us nice.
static void as_new(void)
{
	struct sigaction dfl = {0};

	for (int sig = 1; sig <= 64; sig++)
		sys(rt_sigaction, sig, &dfl, 0, 8);
	sys(setpriority, PRIO_PROCESS, 0, 0);
}

static void prepare(void)
{
	struct rlimit core;

	t_snprintf(tmpdir, sizeof tmpdir, "/tmp/t.%s.%d", program(), t_getpid());
	as_new();
	t_block(BIT(SIGCHLD));
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sys(getrlimit, RLIMIT_CORE, &core);
	core.rlim_cur = 0; // unless a test asks for it
	sys(setrlimit, RLIMIT_CORE, &core);
}

static char **other; // the program, and its arguments
static bool heard;

static void be_other(void)
{
	if (!heard) // nobody hears it
		sys(dup2, sys(open, "/dev/null", O_WRONLY | O_CLOEXEC), 1);
	sys(execve, other[0], other, t_envp);
	t_printf("# cannot execute %s\n", other[0]);
	t_exit(EXIT_FAILED);
}

bool t_leaves_nothing(char **argv)
{
	static const struct t_test it = {"leaves_nothing", be_other, 0, ""};

	prepare();
	open_doors();
	other = argv;
	run(&it, 0);
	heard = true;
	return run(&it, 1);
}

__attribute__((used)) _Noreturn void t_start(unsigned long *stack)
{
	struct new_utsname uts;

	t_argc = (int)stack[0];
	t_argv = (char **)(stack + 1);
	t_envp = t_argv + t_argc + 1;
	t_auxv = (unsigned long *)t_envp;
	while (*t_auxv++)
		;
	if (t_argv[0][0] != '/' && sys(getcwd, t_self, 256) > 0)
		t_snprintf(t_self + strlen(t_self), 256, "/%s", t_argv[0]);
	else
		t_snprintf(t_self, sizeof t_self, "%s", t_argv[0]);
	sys(uname, &uts);
	t_on_thaw = strstr(uts.release, "thaw") != NULL;
	t_own_machine = sys(access, "/etc/run", 0) == 0; // what our init reads
	for (struct t_helper **h = __start_t_helpers; h < __stop_t_helpers; h++)
		if (t_argc > 1 && t_argv[1][0] == '@' && !strcmp(t_argv[1] + 1, (*h)->name))
			t_exit((*h)->run());
	if (t_argc > 1 && !strcmp(t_argv[1], "-l")) {
		int n = sort_tests();

		for (int i = 0; i < n; i++)
			t_printf("%s.%s %s\n", program(), __start_t_tests[i]->name, __start_t_tests[i]->what);
		t_exit(0);
	}
	prepare();
	t_exit(run_all(t_argc > 1 ? t_argv[1] : NULL));
}
