// SPDX-License-Identifier: GPL-2.0-only
/* stdio, floating point, signals, processes and files through the C library. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static volatile siginfo_t seen;
static volatile int hits;
static int *volatile wild = (int *)16;
static sigjmp_buf back;
static const char *self;

static void on_info(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	*(siginfo_t *)&seen = *info;
	hits += sig == info->si_signo && uc->uc_mcontext.gregs[REG_RIP] != 0;
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	*(siginfo_t *)&seen = *info;
	siglongjmp(back, 1);
}

static void install(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction act = { .sa_flags = SA_SIGINFO | flags };

	act.sa_sigaction = fn;
	sigemptyset(&act.sa_mask);
	sigaction(sig, &act, NULL);
}

static void test_stdio(void)
{
	char buf[100];
	double d;
	FILE *f;
	int n;

	snprintf(buf, sizeof(buf), "%5.2f|%g|%lld|%-4s|%x", 3.14159, 1e100, 1LL << 40, "ab", 255);
	ok(!strcmp(buf, " 3.14|1e+100|1099511627776|ab  |ff"), "printf: %s", buf);
	ok(sscanf("17 2.5 end", "%d %lf %s", &n, &d, buf) == 3 && n == 17 && d == 2.5 &&
	   !strcmp(buf, "end"), "scanf");
	ok(fabs(sin(1.0) - 0.8414709848078965) < 1e-15 && sqrt(2.0) * sqrt(2.0) > 1.9999, "libm");
	f = fopen("libc.test", "w+");
	ok(f && fprintf(f, "line %d\n", 1) == 7 && fputs("line 2\n", f) >= 0, "fopen and write");
	rewind(f);
	ok(fgets(buf, sizeof(buf), f) && !strcmp(buf, "line 1\n") && fgets(buf, sizeof(buf), f) &&
	   !fgets(buf, sizeof(buf), f) && feof(f), "read it back");
	fclose(f);
	f = fopen("libc.test", "a");
	fputs("3\n", f);
	fclose(f);
	f = fopen("/no/such/file", "r");
	ok(!f && errno == ENOENT && !strcmp(strerror(ENOENT), "No such file or directory"),
	   "errno and strerror");
}

static void test_files(void)
{
	struct stat st;
	struct dirent *d;
	int fd, found = 0;
	DIR *dir;
	struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };
	char buf[10] = "";
	int p[2];

	ok(stat("libc.test", &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 16 &&
	   st.st_nlink == 1, "stat, size %ld", (long)st.st_size);
	fd = open("libc.test", O_RDWR | O_TRUNC | O_CLOEXEC);
	ok(fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR, "fcntl");
	ok(writev(fd, iov, 2) == 4 && pread(fd, buf, 9, 1) == 3 && !strcmp(buf, "bcd") &&
	   lseek(fd, 0, SEEK_END) == 4, "writev, pread, lseek");
	close(fd);
	ok(open("libc.test", O_CREAT | O_EXCL | O_RDWR, 0600) == -1 && errno == EEXIST,
	   "O_EXCL");
	dir = opendir(".");
	while (dir && (d = readdir(dir)))
		found += !strcmp(d->d_name, "libc.test") && d->d_type == DT_REG;
	ok(found == 1 && closedir(dir) == 0, "readdir");
	ok(rename("libc.test", "libc.test2") == 0 && unlink("libc.test2") == 0 &&
	   access("libc.test", F_OK) == -1, "rename, unlink");
	ok(pipe(p) == 0 && write(p[1], "x", 1) == 1 && read(p[0], buf, 1) == 1, "pipe");
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	ok(write(p[1], "x", 1) == -1 && errno == EPIPE, "EPIPE");
	close(p[1]);
}

static void test_signals(void)
{
	struct timespec soon = { 0, 1000000 };
	struct itimerval timer = { { 0, 3000 }, { 0, 3000 } }, never = { { 0, 0 }, { 0, 0 } };
	siginfo_t info;
	sigset_t set, old;
	int status, error;
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

	install(SIGUSR1, on_info, 0);
	raise(SIGUSR1);
	ok(hits == 1 && seen.si_code == SI_TKILL && seen.si_pid == getpid(), "raise with siginfo");
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 42 });
	ok(hits == 2 && seen.si_code == SI_QUEUE && seen.si_value.sival_int == 42, "sigqueue");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	ok(sigtimedwait(&set, &info, &soon) == -1 && errno == EAGAIN, "sigtimedwait times out");
	kill(getpid(), SIGUSR2);
	ok(sigpending(&old) == 0 && sigismember(&old, SIGUSR2) == 1, "pending");
	ok(sigtimedwait(&set, &info, &soon) == SIGUSR2 && info.si_pid == getpid(), "and taken");
	install(SIGALRM, on_info, 0);
	setitimer(ITIMER_REAL, &timer, NULL);
	soon.tv_sec = 30;	/* it is over by an alarm; a short one may be over by itself on a machine that stands still */
	status = nanosleep(&soon, NULL);	/* by a later expiry if the first came before it */
	error = errno;
	setitimer(ITIMER_REAL, &never, NULL);
	ok(status == -1 && error == EINTR && hits >= 3, "timer interrupts a sleep");
	ok(sigaltstack(&ss, NULL) == 0, "sigaltstack");
	install(SIGSEGV, on_segv, SA_ONSTACK);
	if (sigsetjmp(back, 1) == 0)
		*wild = 1;
	ok(seen.si_signo == SIGSEGV && seen.si_code == SEGV_MAPERR && seen.si_addr == (void *)16,
	   "SIGSEGV on the alternate stack, address %p", seen.si_addr);
	ss.ss_flags = SS_DISABLE;
	sigaltstack(&ss, NULL);
	free(ss.ss_sp);
}

static void test_processes(void)
{
	struct utsname u;
	struct rlimit lim;
	int status;
	pid_t pid;
	siginfo_t info = { 0 };

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(7);
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	   "exit status");
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	ok(waitid(P_PID, (id_t)pid, &info, WEXITED) == 0 && info.si_pid == pid &&
	   (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) &&
	   info.si_status == SIGABRT, "abort, seen by waitid");
	pid = vfork();
	if (pid == 0) {
		execl(self, "libc", "child", (char *)NULL);
		_exit(99);
	}
	ok(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 23, "vfork and exec: %d",
	   WEXITSTATUS(status));
	ok(waitpid(-1, &status, 0) == -1 && errno == ECHILD, "no more children");
	ok(uname(&u) == 0 && !strcmp(u.machine, "x86_64"), "uname");
	ok(getrlimit(RLIMIT_STACK, &lim) == 0 && lim.rlim_cur > 65536, "getrlimit");
	ok(getauxval(AT_PAGESZ) == 4096 && sysconf(_SC_NPROCESSORS_ONLN) >= 1, "auxv, sysconf");
	setenv("THAW", "cold", 1);
	ok(!strcmp(getenv("THAW"), "cold"), "environment");
}

static void test_memory(void)
{
	char *p = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *a = NULL;

	p[4096] = 1;
	ok(mprotect(p, 4096, PROT_NONE) == 0 && madvise(p + 4096, 4096, MADV_DONTNEED) == 0 &&
	   p[4096] == 0 && munmap(p, 3 * 4096) == 0, "mmap and friends");
	ok(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	   errno == EINVAL, "mmap of nothing");
	ok(posix_memalign(&a, 4096, 100) == 0 && ((unsigned long)a & 4095) == 0, "posix_memalign");
	free(a);
	a = malloc(1000000);
	memset(a, 1, 1000000);
	a = realloc(a, 3000000);
	ok(a && ((char *)a)[999999] == 1, "a large block grows");
	free(a);
}

static void test_time(void)
{
	struct timespec a, b, t = { 0, 2000000 };

	clock_gettime(CLOCK_MONOTONIC, &a);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ok((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 2000000, "it takes time");
	ok(clock() >= 0, "clock");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "child"))
		return 23;
	self = argv[0];

	char dir[32];

	sprintf(dir, "/tmp/libc.%d", getpid());
	if (mkdir(dir, 0700) || chdir(dir))
		return 1;
	test_stdio();
	test_files();
	test_signals();
	test_processes();
	test_memory();
	test_time();
	rmdir(dir);
	return plan();
}
