// SPDX-License-Identifier: GPL-2.0-only
//
// The test harness. A test file is one program of system calls: no C library stands between it and
// the kernel, and every number and struct is Linux's own, from its public headers.
//
//	TEST(name) { CHECK(cond); CHECK_EQ(got, wanted); }
//
// Each test runs in a process of its own, in a process group of its own, under a time limit. On Thaw
// (uname says so) free memory and live kernel objects must be the same after it as before.
// The program prints TAP. `prog NAME` runs one test, `prog -l` lists them with what they are entries of.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <asm/errno.h>
#include <asm/mman.h>
#include <asm/prctl.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/stat.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <asm/unistd.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/uio.h>
#include <linux/utsname.h>
#include <linux/wait.h>

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif
#define PAGE 4096UL

// ---- tests ----

struct t_test {
	const char *name;
	void (*run)(void);
	int line;
	const char *what; // of what list it is an entry, for those who draw up tables; or ""
};

#define TEST(name) TEST_OF(name, "")
#define TEST_OF(name, what)                                                                        \
	static void test_##name(void);                                                              \
	static struct t_test ts_##name = {#name, test_##name, __LINE__, what};                     \
	static struct t_test *tp_##name __attribute__((used, section("t_tests"))) =                \
		&ts_##name;                                                                        \
	static void test_##name(void)

// What this program does when it is started as `prog @name ...`: the other side of an exec test.
#define HELPER(name)                                                                               \
	static int helper_##name(void);                                                            \
	static struct t_helper h_##name = {#name, helper_##name};                                  \
	static struct t_helper *hp_##name __attribute__((used, section("t_helpers"))) =            \
		&h_##name;                                                                         \
	static int helper_##name(void)

struct t_helper {
	const char *name;
	int (*run)(void);
};

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			t_fail(__FILE__, __LINE__, #cond);                                         \
	} while (0)
#define CHECK_EQ(got, wanted)                                                                      \
	do {                                                                                       \
		long got_ = (long)(got), wanted_ = (long)(wanted);                                 \
		if (got_ != wanted_)                                                               \
			t_fail_cmp(__FILE__, __LINE__, #got, "==", #wanted, got_, wanted_);        \
	} while (0)
#define CHECK_GE(got, wanted)                                                                      \
	do {                                                                                       \
		long got_ = (long)(got), wanted_ = (long)(wanted);                                 \
		if (got_ < wanted_)                                                                \
			t_fail_cmp(__FILE__, __LINE__, #got, ">=", #wanted, got_, wanted_);        \
	} while (0)
#define CHECK_LE(got, wanted)                                                                      \
	do {                                                                                       \
		long got_ = (long)(got), wanted_ = (long)(wanted);                                 \
		if (got_ > wanted_)                                                                \
			t_fail_cmp(__FILE__, __LINE__, #got, "<=", #wanted, got_, wanted_);        \
	} while (0)
#define SKIP(why) t_skip(why)

_Noreturn void t_fail(const char *file, int line, const char *what);
_Noreturn void t_fail_cmp(const char *file, int line, const char *got, const char *op,
	const char *wanted, long a, long b);
_Noreturn void t_skip(const char *why);
void t_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int t_snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

extern int t_argc;
extern char **t_argv, **t_envp;
extern unsigned long *t_auxv; // pairs, to AT_NULL
extern char t_self[]; // this program's absolute path
extern bool t_on_thaw;
extern bool t_own_machine; // booted for the tests: nobody else is here

unsigned long t_aux(unsigned long type);

// ---- system calls: the result, or a negative errno ----

static inline long t_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#define sys(...) t_sys(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define t_sys(n, a, b, c, d, e, f, ...)                                                            \
	t_syscall(__NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

// A pointer the compiler knows nothing about.
static inline void *t_ptr(unsigned long address)
{
	__asm__("" : "+r"(address));
	return (void *)address;
}

// ---- memory and text ----

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strstr(const char *text, const char *what);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
long t_number(const char *s);

// The whole of a small file, NUL-terminated; its length, or a negative errno.
long t_slurp(const char *path, char *buf, size_t size);
// Writes a small file; 0 or a negative errno.
long t_spit(const char *path, const char *text);
// The number after `key` in a file of `key value` lines; -1 if it is not there.
long t_field(const char *path, const char *key);
// A new empty directory to work in, which is made current and removed when the test is over.
void t_tmpdir(void);
// Of a machine that has just booted, the loopback interface is down. fd: an AF_INET socket.
void t_loopback_up(int fd);

void *t_map(size_t bytes);	  // anonymous, private, fresh
void *t_map_shared(size_t bytes); // anonymous, shared with children

// ---- processes ----

#define W_EXITED(status) (((status)&0x7f) == 0)
#define W_CODE(status) (((status) >> 8) & 0xff)
#define W_SIG(status) ((status)&0x7f)
#define W_STOPPED(status) (((status)&0xff) == 0x7f)
#define W_CONTINUED(status) ((status) == 0xffff)

static inline int t_gettid(void)
{
	return (int)sys(gettid);
}
static inline int t_getpid(void)
{
	return (int)sys(getpid);
}
static inline int t_fork(void)
{
	return (int)sys(fork);
}
_Noreturn void t_exit(int code);	// the whole process
_Noreturn void t_exit_thread(int code); // this thread

// Waits for one child; its exit code, or 256 + the signal that killed it, or a negative errno.
int t_wait(int pid);
#define SIGNALLED(sig) (256 + (sig))

// Runs a block in a child process and gives what t_wait() says of it.
#define IN_CHILD(...)                                                                              \
	({                                                                                         \
		int pid_ = t_fork();                                                               \
		if (pid_ == 0) {                                                                   \
			__VA_ARGS__;                                                               \
			t_exit(0);                                                                 \
		}                                                                                  \
		CHECK_GE(pid_, 1);                                                                 \
		t_wait(pid_);                                                                      \
	})

// The next pending signal of set, which is blocked; 0 if there is none.
int t_next_signal(unsigned long set, siginfo_t *si);
void t_sleep_ms(long ms);
long t_now_ms(void);
void t_yield(void);
// Waits until a condition holds, looking again after a sleep that grows; fails the test after 20 s.
#define UNTIL(cond)                                                                                \
	do {                                                                                       \
		long start_ = t_now_ms(), past_;                                                   \
		while (!(cond)) {                                                                  \
			past_ = t_now_ms() - start_;                                               \
			if (past_ > 20000)                                                         \
				t_fail(__FILE__, __LINE__, "still not: " #cond);                   \
			t_sleep_ms(1 + past_ / 64);                                                \
		}                                                                                  \
	} while (0)
// Runs another program as a test, twice, since the first time it may find things that stay. It ends with 0, and nothing of it is left.
bool t_leaves_nothing(char **argv);
_Noreturn void t_loses(void);	// ends the test, for which memory must be lost for good
// SIGALRM every ms from now on, 0: no more. Again and again, since one may come before what it is to interrupt.
void t_alarms(long ms);
// The state letter of a process or thread, from /proc; 0 if there is none.
char t_state(int pid);
char t_task_state(int pid, int tid);

// Becomes this program again, in the role of HELPER(role), with up to two arguments. Only returns
// the errno of a failure.
long t_exec(const char *role, const char *arg1, const char *arg2);

// ---- threads ----

#define THREAD_FLAGS                                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |        \
		CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define STACK_SIZE (16 * PAGE)

struct thread {
	char *stack;
	_Atomic int tid;    // the kernel clears it at the end
	int id;		    // stays
};

// The raw call: runs fn(arg) on the stack, then ends the thread with what it returned.
long t_clone(unsigned long flags, void *stack_top, void *ptid, void *ctid, unsigned long tls,
	int (*fn)(void *), void *arg);
void thread_start(struct thread *t, int (*fn)(void *), void *arg);
void thread_join(struct thread *t);
int thread_pause(void *unused); // sleeps for ever
int thread_spin(void *unused);	// computes for ever

long futex(void *word, int op, unsigned val, const void *timeout, void *word2, unsigned val3);
void lock(_Atomic int *word);
void unlock(_Atomic int *word);

// ---- signals ----

void t_restore(void);
#define BIT(sig) (1UL << ((sig)-1))

// Installs a handler with flags; the kernel's return value.
long t_action(int sig, void *handler, unsigned long flags);
long t_action_mask(int sig, void *handler, unsigned long flags, unsigned long mask);
long t_block(unsigned long set);
long t_unblock(unsigned long set);
unsigned long t_mask(void);

// What getdents64 gives.
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

// Runs fn in a child that catches `sig` on an alternate stack, and gives what the handler saw.
struct fault {
	int sig, code;
	unsigned long addr, rip;
	int how; // what t_wait() said of the child: 0 when the handler ran
};
struct fault t_fault(void (*fn)(void));
