// SPDX-License-Identifier: GPL-2.0-only
/* What POSIX puts on top of system calls: the heap, timers, limits, paths. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "user/lib/sys.h"

/* ---- the heap's end; newlib calls sbrk with its malloc lock held ---- */

static char *heap_end;

int brk(void *end)
{
	char *r = (char *)sys1(__NR_brk, (long)end);

	if (r < (char *)end) {
		errno = ENOMEM;
		return -1;
	}
	heap_end = r;
	return 0;
}

void *sbrk(ptrdiff_t n)
{
	char *was;

	if (!heap_end)
		heap_end = (char *)sys1(__NR_brk, 0);
	was = heap_end;
	if (n != 0 && brk(was + n) != 0)
		return (void *)-1;
	return was;
}

int posix_memalign(void **p, size_t align, size_t size)
{
	int saved = errno;
	void *got;

	if (align < sizeof(void *) || align & (align - 1))
		return EINVAL;
	got = memalign(align, size);
	errno = saved;
	if (!got)
		return ENOMEM;
	*p = got;
	return 0;
}

int getentropy(void *buf, size_t n)
{
	if (n > 256) {
		errno = EIO;
		return -1;
	}
	return getrandom(buf, n, 0) == (ssize_t)n ? 0 : -1;
}

/* ---- time ---- */

int gettimeofday(struct timeval *__restrict tv, void *__restrict tz)
{
	struct timespec ts;

	(void)tz;
	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return -1;
	if (tv) {
		tv->tv_sec = ts.tv_sec;
		tv->tv_usec = ts.tv_nsec / 1000;
	}
	return 0;
}

time_t time(time_t *t)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

clock_t clock(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) != 0)
		return -1;
	return ts.tv_sec * CLOCKS_PER_SEC + ts.tv_nsec / 1000;
}

unsigned int sleep(unsigned int seconds)
{
	struct timespec t = { seconds, 0 };

	return nanosleep(&t, &t) == 0 ? 0 : (unsigned int)(t.tv_sec + (t.tv_nsec > 0));
}

int usleep(useconds_t us)
{
	struct timespec t = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };

	return nanosleep(&t, NULL);
}

static long set_alarm(long us, long interval_us)
{
	struct itimerval new = {
		{ interval_us / 1000000, interval_us % 1000000 },
		{ us / 1000000, us % 1000000 },
	}, old;

	if (setitimer(ITIMER_REAL, &new, &old) != 0)
		return 0;
	return old.it_value.tv_sec * 1000000 + old.it_value.tv_usec;
}

unsigned int alarm(unsigned int seconds)
{
	return (unsigned int)((set_alarm(seconds * 1000000L, 0) + 999999) / 1000000);
}

useconds_t ualarm(useconds_t us, useconds_t interval)
{
	return (useconds_t)set_alarm((long)us, (long)interval);
}

/* A timer_t is the kernel's number. */
int timer_create(clockid_t clock, struct sigevent *__restrict event, timer_t *__restrict timer)
{
	int id;

	if (event && event->sigev_notify == SIGEV_THREAD) {
		errno = ENOTSUP;
		return -1;
	}
	if (sys_ret(sys3(__NR_timer_create, clock, (long)event, (long)&id)) != 0)
		return -1;
	*timer = (timer_t)(long)id;
	return 0;
}

int timer_delete(timer_t timer)
{
	return (int)sys_ret(sys1(__NR_timer_delete, (long)timer));
}

int timer_settime(timer_t timer, int flags, const struct itimerspec *__restrict value,
		  struct itimerspec *__restrict old)
{
	return (int)sys_ret(sys4(__NR_timer_settime, (long)timer, flags, (long)value, (long)old));
}

int timer_gettime(timer_t timer, struct itimerspec *value)
{
	return (int)sys_ret(sys2(__NR_timer_gettime, (long)timer, (long)value));
}

int timer_getoverrun(timer_t timer)
{
	return (int)sys_ret(sys1(__NR_timer_getoverrun, (long)timer));
}

/* ---- processors, limits ---- */

int __sched_cpucount(size_t size, const cpu_set_t *set)
{
	int n = 0;

	for (size_t i = 0; i < size / sizeof(long); i++)
		n += __builtin_popcountl(set->__bits[i]);
	return n;
}

/* The kernel returns the bytes it wrote. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	long n = sys_ret(sys3(__NR_sched_getaffinity, pid, (long)size, (long)set));

	if (n < 0)
		return -1;
	memset((char *)set + n, 0, size - (size_t)n);
	return 0;
}

int getcpu(unsigned int *cpu, unsigned int *node)
{
	return (int)sys_ret(sys3(__NR_getcpu, (long)cpu, (long)node, 0));
}

int sched_getcpu(void)
{
	unsigned int cpu;

	return getcpu(&cpu, NULL) == 0 ? (int)cpu : -1;
}

int getrlimit(int what, struct rlimit *limit)
{
	return prlimit(0, what, NULL, limit);
}

int setrlimit(int what, const struct rlimit *limit)
{
	return prlimit(0, what, limit, NULL);
}

/* The kernel answers 1 to 40 so that no priority looks like an error. */
int getpriority(int which, id_t who)
{
	long r = sys_ret(sys2(__NR_getpriority, which, who));

	return r < 0 ? -1 : (int)(20 - r);
}

int nice(int more)
{
	int prio;

	errno = 0;
	prio = getpriority(PRIO_PROCESS, 0);
	if (prio == -1 && errno)
		return -1;
	return setpriority(PRIO_PROCESS, 0, prio + more) == 0 ? prio + more : -1;
}

int get_nprocs(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

static long memory(int available)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0)
		return -1;
	return (long)((available ? info.freeram : info.totalram) * info.mem_unit / 4096);
}

long sysconf(int name)
{
	struct rlimit limit;

	switch (name) {
	case _SC_ARG_MAX: return ARG_MAX;
	case _SC_CLK_TCK: return 100;
	case _SC_IOV_MAX: return IOV_MAX;
	case _SC_NGROUPS_MAX: return NGROUPS_MAX;
	case _SC_OPEN_MAX:
		return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (long)limit.rlim_cur : -1;
	case _SC_CHILD_MAX:
		return getrlimit(RLIMIT_NPROC, &limit) == 0 ? (long)limit.rlim_cur : -1;
	case _SC_PAGESIZE: return 4096;
	case _SC_NPROCESSORS_CONF:
	case _SC_NPROCESSORS_ONLN: return get_nprocs();
	case _SC_PHYS_PAGES: return memory(0);
	case _SC_AVPHYS_PAGES: return memory(1);
	case _SC_THREAD_KEYS_MAX: return PTHREAD_KEYS_MAX;
	case _SC_THREAD_STACK_MIN: return PTHREAD_STACK_MIN;
	case _SC_THREAD_DESTRUCTOR_ITERATIONS: return PTHREAD_DESTRUCTOR_ITERATIONS;
	case _SC_SYMLOOP_MAX: return SYMLOOP_MAX;
	case _SC_HOST_NAME_MAX: return 64;
	case _SC_RTSIG_MAX: return SIGRTMAX - SIGRTMIN + 1;
	case _SC_VERSION:
	case _SC_THREADS:
	case _SC_TIMERS:
	case _SC_MONOTONIC_CLOCK: return 200809L;
	case _SC_JOB_CONTROL:
	case _SC_SAVED_IDS: return 1;
	}
	errno = EINVAL;
	return -1;
}

long pathconf(const char *path, int name)
{
	(void)path;
	switch (name) {
	case _PC_LINK_MAX: return LINK_MAX;
	case _PC_MAX_CANON: return MAX_CANON;
	case _PC_MAX_INPUT: return MAX_INPUT;
	case _PC_NAME_MAX: return NAME_MAX;
	case _PC_PATH_MAX: return PATH_MAX;
	case _PC_PIPE_BUF: return PIPE_BUF;
	}
	errno = EINVAL;
	return -1;
}

long fpathconf(int fd, int name)
{
	(void)fd;
	return pathconf("", name);
}

int getpagesize(void)
{
	return 4096;
}

/* ---- small things ---- */

char *getcwd(char *buf, size_t size)
{
	char *to = buf;

	if (!to) {
		size = size ? size : PATH_MAX;
		to = malloc(size);
		if (!to)
			return NULL;
	}
	if (sys_ret(sys2(__NR_getcwd, (long)to, (long)size)) < 0) {
		if (!buf)
			free(to);
		return NULL;
	}
	return to;
}

int gethostname(char *name, size_t n)
{
	struct utsname u;

	if (uname(&u) != 0)
		return -1;
	if (strlen(u.nodename) >= n) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name, u.nodename);
	return 0;
}

int umount(const char *target)
{
	return umount2(target, 0);
}

int mkfifo(const char *path, mode_t mode)
{
	return mknod(path, mode | S_IFIFO, 0);
}

int faccessat(int dir, const char *path, int mode, int flags)
{
	if (flags)
		return (int)sys_ret(sys4(__NR_faccessat2, dir, (long)path, mode, flags));
	return (int)sys_ret(sys3(__NR_faccessat, dir, (long)path, mode));
}

int fchmodat(int dir, const char *path, mode_t mode, int flags)
{
	if (flags) {
		errno = ENOTSUP;
		return -1;
	}
	return (int)sys_ret(sys3(__NR_fchmodat, dir, (long)path, (long)mode));
}

int futimens(int fd, const struct timespec times[2])
{
	return (int)sys_ret(sys4(__NR_utimensat, fd, 0, (long)times, 0));
}

int posix_fallocate(int fd, off_t off, off_t len)
{
	return (int)-sys4(__NR_fallocate, fd, 0, off, len);
}

/* The kernel writes the time left into its argument; POSIX's pselect has it const. */
int pselect(int n, fd_set *r, fd_set *w, fd_set *e, const struct timespec *timeout,
	    const sigset_t *mask)
{
	struct timespec t, *p = NULL;
	struct {
		const sigset_t *mask;
		size_t size;
	} arg = { mask, sizeof(sigset_t) };

	if (timeout) {
		t = *timeout;
		p = &t;
	}
	return (int)sys_ret(sys6(__NR_pselect6, n, (long)r, (long)w, (long)e, (long)p, (long)&arg));
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec t, *p = NULL;

	if (timeout) {
		t = *timeout;
		p = &t;
	}
	return (int)sys_ret(sys6(__NR_ppoll, (long)fds, (long)n, (long)p, (long)mask,
				 sizeof(*mask), 0));
}
