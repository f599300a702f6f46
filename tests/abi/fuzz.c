// SPDX-License-Identifier: GPL-2.0-only
//
// Many system calls with arguments that are almost right: the seeds are fixed, so what fails once fails always. A few
// processes at a time, in an empty root, may do what they like to themselves; afterwards nothing may be left of them.
#include "t.h"

#define ARENA 0x10000000UL
enum { ARENA_PAGES = 64, SCRATCH = 16 * 4096, CALLS = 300, ROUND_MS = 400, SIDE_BY_SIDE = 3 };

#define FAULTS (1UL << SIGSEGV | 1UL << SIGBUS | 1UL << SIGILL | 1UL << SIGFPE | 1UL << SIGTRAP | 1UL << SIGSYS)

static char scratch[SCRATCH] __attribute__((aligned(4096)));
static unsigned long state;
static int budget, depth;

static unsigned long rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned long below(unsigned long n)
{
	return rnd() % n;
}

// ---- kinds of arguments ----

static unsigned long wild(void)
{
	switch (below(8)) {
	case 0:
		return below(4096);
	case 1:
		return -below(4096);
	case 2:
		return 1UL << below(64);
	case 3:
		return (1UL << below(64)) - 1;
	case 4:
		return 0x7ffffffff000UL - below(3) * PAGE;
	case 5:
		return 0xffffffff80000000UL + below(1 << 24);
	case 6:
		return 0x800000000000UL - below(16);
	}
	return rnd();
}

static const char *const paths[] = {"f0", "f1", "f2", "d0", "d1", "d0/f0", "d0/d1", "d1/f1", "l0", "l1", "p0", "n0", ".", "/",
	"/f0", "d0/../f1", "none/x", "", "f0/x", "//d0//", "d0/./f0"};

static unsigned long path(void)
{
	char *p = scratch + below(SCRATCH - 64);

	if (below(20) == 0)
		return below(2) ? wild() : (unsigned long)p;
	t_snprintf(p, 64, "%s", paths[below(sizeof paths / sizeof *paths)]);
	return (unsigned long)p;
}

static unsigned long pointer(void)
{
	switch (below(12)) {
	case 0:
		return 0;
	case 1:
		return wild();
	case 2:
		return ARENA + below(ARENA_PAGES) * PAGE + below(PAGE);
	case 3:
		return (unsigned long)scratch + SCRATCH - below(64);
	}
	return (unsigned long)scratch + below(SCRATCH / 2) / 8 * 8;
}

static unsigned long bits(void)
{
	switch (below(5)) {
	case 0:
		return 0;
	case 1:
		return 1UL << below(32);
	case 2:
		return rnd() & rnd() & rnd() & 0xffffffff;
	case 3:
		return below(8);
	}
	return rnd() & 0xffffffff;
}

static unsigned long length(void)
{
	switch (below(6)) {
	case 0:
		return wild();
	case 1:
		return 0;
	case 2:
		return 8;
	case 3:
		return below(SCRATCH);
	}
	return below(256);
}

static unsigned long someone(void)
{
	unsigned me = (unsigned)t_getpid();

	switch (below(5)) {
	case 0:
		return me + 1 + below(3);
	case 1:
		return 0x7fffffff;
	}
	return me;
}

// A short time: whoever waits for it is back soon.
static unsigned long moment(void)
{
	struct timespec *t = (void *)(scratch + below(SCRATCH / 2) / 16 * 16);

	if (below(12) == 0)
		return pointer();
	*t = (struct timespec){0, (long)below(2000000)};
	if (below(12) == 0)
		t->tv_nsec = (long)wild();
	return (unsigned long)t;
}

static unsigned long vector(void)
{
	struct iovec *v = (void *)(scratch + below(SCRATCH / 2) / 16 * 16);

	for (int i = 0; i < 8; i++)
		v[i] = (struct iovec){(void *)pointer(), length() % (below(10) ? SCRATCH : ~0UL)};
	return (unsigned long)v;
}

static unsigned long words(void)
{
	unsigned long *w = (void *)(scratch + below(SCRATCH / 2) / 8 * 8);

	for (int i = 0; i < 24; i++)
		w[i] = below(3) ? below(5) : below(3) ? pointer() : wild();
	return (unsigned long)w;
}

// d descriptor  D directory  s path  p pointer  w words that make a struct  v iovec  n length  f flags  i small  g signal
// k process  y file system  t time  a pages' address  l their length  o offset  m node  r limit  0 nothing  1 one
static unsigned long argument(char kind)
{
	static const char *const types[] = {"tmpfs", "tmpfs", "proc", "sysfs", "devtmpfs", "none", ""};
	static const unsigned long nodes[] = {0, 0x103, 0x105, 0x107, 0x108, 0xffff, 0x700};

	switch (kind) {
	case 'd':
		return below(20) ? below(24) : wild();
	case 'D':
		return below(4) ? (unsigned long)AT_FDCWD : below(24);
	case 's':
		return path();
	case 'p':
		return pointer();
	case 'w':
		return words();
	case 'v':
		return vector();
	case 'n':
		return length();
	case 'f':
		return bits();
	case 'i':
		return below(20) ? below(16) : bits();
	case 'g':
		return below(20) ? below(70) : below(2) ? SIGKILL : SIGSTOP;
	case 'k':
		return someone();
	case 'y':
		return (unsigned long)types[below(sizeof types / sizeof *types)];
	case 't':
		return moment();
	case 'a':
		return below(30) ? ARENA + below(ARENA_PAGES) * PAGE : wild();
	case 'l':
		return below(20) ? below(16) * PAGE : wild();
	case 'o':
		return below(4) ? below(1 << 20) : wild();
	case 'm':
		return nodes[below(sizeof nodes / sizeof *nodes)];
	case '1':
		return 1;
	}
	return 0;
}

struct call {
	short nr;
	const char *args;
};

#define C(name, args) {__NR_##name, args}

static const struct call memory_calls[] = {C(mmap, "alffdo"), C(mmap, "alffdo"), C(mprotect, "ali"), C(munmap, "al"),
	C(brk, "p"), C(mremap, "allia"), C(msync, "ali"), C(mincore, "alp"), C(madvise, "ali"), C(madvise, "alf"),
	C(mlock, "al"), C(munlock, "al"), C(mlockall, "i"), C(munlockall, ""), C(mlock2, "ali"), C(memfd_create, "sf"),
	C(ftruncate, "do"), C(fallocate, "dioo"), C(pread64, "dpno"), C(pwrite64, "dpno"), C(close, "d"),
	C(open, "sfi"), C(fork, ""), C(membarrier, "iii"), C(process_vm_readv, "kvivif"), C(mbind, "aliwii"),
	C(set_mempolicy, "iwi"), C(get_mempolicy, "ppiai")};

static const struct call file_calls[] = {C(read, "dpn"), C(write, "dpn"), C(open, "sff"), C(open, "sff"), C(close, "d"),
	C(stat, "sp"), C(fstat, "dp"), C(lstat, "sp"), C(poll, "wii"), C(lseek, "doi"), C(ioctl, "dfp"), C(pread64, "dpno"),
	C(pwrite64, "dpno"), C(readv, "dvi"), C(writev, "dvi"), C(access, "sf"), C(pipe, "p"), C(select, "iwwwt"),
	C(dup, "d"), C(dup2, "dd"), C(sendfile, "ddpn"), C(fcntl, "dip"), C(fcntl, "dii"), C(fcntl, "dfw"), C(flock, "di"),
	C(fsync, "d"), C(fdatasync, "d"), C(truncate, "so"), C(ftruncate, "do"), C(getcwd, "pn"), C(chdir, "s"),
	C(fchdir, "d"), C(rename, "ss"), C(mkdir, "sf"), C(rmdir, "s"), C(creat, "sf"), C(link, "ss"), C(unlink, "s"),
	C(symlink, "ss"), C(readlink, "spn"), C(chmod, "sf"), C(fchmod, "df"), C(chown, "sii"), C(fchown, "dii"),
	C(lchown, "sii"), C(umask, "f"), C(utime, "sw"), C(mknod, "sfm"), C(statfs, "sp"), C(fstatfs, "dp"),
	C(getdents64, "dpn"), C(fadvise64, "dooi"), C(utimes, "sw"), C(openat, "Dsff"), C(mkdirat, "Dsf"),
	C(mknodat, "Dsfm"), C(fchownat, "Dsiif"), C(futimesat, "Dsw"), C(newfstatat, "Dspf"), C(unlinkat, "Dsf"),
	C(renameat, "DsDs"), C(linkat, "DsDsf"), C(symlinkat, "sDs"), C(readlinkat, "Dspn"), C(fchmodat, "Dsf"),
	C(faccessat, "Dsf"), C(pselect6, "iwwwtp"), C(ppoll, "witpn"), C(utimensat, "Dswf"), C(fallocate, "dioo"),
	C(eventfd, "i"), C(eventfd2, "if"), C(dup3, "ddf"), C(pipe2, "pf"), C(preadv, "dvio"), C(pwritev, "dvio"),
	C(syncfs, "d"), C(renameat2, "DsDsi"), C(memfd_create, "sf"), C(statx, "Dsffp"), C(close_range, "iif"),
	C(faccessat2, "Dsff"), C(epoll_create, "i"), C(epoll_create1, "f"), C(epoll_ctl, "didw"), C(epoll_wait, "dpii"),
	C(epoll_pwait, "dpiipn"), C(timerfd_create, "if"), C(timerfd_settime, "diwp"), C(timerfd_gettime, "dp"),
	C(sync, ""), C(mmap, "alffdo"), C(getxattr, "sspn"), C(setxattr, "sswni"),
	C(fsetxattr, "dswni"), C(listxattr, "spn"), C(removexattr, "ss"), C(splice, "dwdwnf"), C(splice, "d0d0nf"), C(tee, "ddnf"),
	C(vmsplice, "dvif"), C(copy_file_range, "dwdwni"), C(copy_file_range, "d0d0n0")};

static const struct call signal_calls[] = {C(rt_sigaction, "gwp8"), C(rt_sigprocmask, "iwp8"), C(rt_sigreturn, ""), C(pause, ""),
	C(getitimer, "ip"), C(setitimer, "iwp"), C(alarm, "i"), C(kill, "kg"), C(tkill, "kg"), C(tgkill, "kkg"),
	C(rt_sigpending, "p8"), C(rt_sigtimedwait, "wpt8"), C(rt_sigqueueinfo, "kgw"), C(rt_sigsuspend, "w8"),
	C(sigaltstack, "wp"), C(rt_tgsigqueueinfo, "kkgw"), C(nanosleep, "tp"), C(clock_nanosleep, "iitp"),
	C(restart_syscall, ""), C(futex, "pfitpi"), C(futex, "pfitpi"), C(set_robust_list, "wn"), C(get_robust_list, "kpp"),
	C(fork, ""), C(clone, "gpppp"), C(ppoll, "witpn"), C(epoll_pwait, "dpiipn"), C(timer_create, "iwp"), C(timer_create, "i0p"),
	C(timer_settime, "iiwp"), C(timer_settime, "iitp"), C(timer_gettime, "ip"), C(timer_getoverrun, "i"), C(timer_delete, "i"),
	C(signalfd4, "dw8f"), C(signalfd4, "dw80"), C(read, "dpn"), C(poll, "wii")};

static const struct call process_calls[] = {C(clone, "fpppp"), C(clone, "gpppp"), C(fork, ""), C(vfork, ""), C(clone3, "wn"),
	C(execve, "sww"), C(execveat, "Dswwf"), C(wait4, "kp1p"), C(waitid, "ikpfp"), C(exit, "i"), C(kill, "kg"),
	C(uname, "p"), C(getrlimit, "ip"), C(getrusage, "ip"), C(sysinfo, "p"), C(times, "p"), C(setpgid, "kk"),
	C(getppid, ""), C(getpgrp, ""), C(setsid, ""), C(getpgid, "k"), C(getsid, "k"), C(setuid, "i"), C(setreuid, "ii"),
	C(getgroups, "ip"), C(setgroups, "iw"), C(setresuid, "iii"), C(getresuid, "ppp"), C(setfsuid, "i"), C(personality, "f"),
	C(getpriority, "ik"), C(setpriority, "iki"), C(sched_setparam, "kw"), C(sched_getparam, "kp"),
	C(sched_setscheduler, "kiw"), C(sched_getscheduler, "k"), C(sched_get_priority_max, "i"), C(sched_rr_get_interval, "kp"),
	C(sched_setaffinity, "knw"), C(sched_getaffinity, "knp"), C(sched_yield, ""),
	C(sched_setattr, "kw0"), C(sched_getattr, "kpn0"), C(prctl, "iwiii"), C(prctl, "iiiii"),
	C(prctl, "fwwww"), C(arch_prctl, "fp"), C(arch_prctl, "ip"), C(setrlimit, "iw"), C(prlimit64, "kiwp"),
	C(set_tid_address, "p"), C(unshare, "f"), C(getcpu, "ppp"), C(getrandom, "pnf"), C(gettimeofday, "pp"), C(time, "p"),
	C(clock_gettime, "ip"), C(clock_getres, "ip"), C(syslog, "ipn"), C(futex, "pfitpi"), C(mmap, "alffdo"), C(pipe, "p"),
	C(ptrace, "ikpp"), C(capget, "ww"), C(set_robust_list, "wn")};

static const struct call mount_calls[] = {C(mount, "ssyfw"), C(mount, "ssy00"), C(mount, "ssy00"), C(umount2, "sf"), C(umount2, "si"),
	C(open, "sff"), C(mkdir, "sf"), C(rmdir, "s"), C(rename, "ss"), C(chdir, "s"), C(close, "d"),
	C(unlink, "s"), C(statfs, "sp"), C(getcwd, "pn"), C(openat, "Dsff"), C(mkdirat, "Dsf"), C(symlink, "ss"), C(stat, "sp"),
	C(fchdir, "d"), C(getdents64, "dpn"), C(readlink, "spn"), C(write, "dpn"), C(read, "dpn"), C(fork, "")};

// ---- one round ----

static long one_call(const struct call *c)
{
	unsigned long a[6] = {0};

	for (int i = 0; c->args[i]; i++)
		a[i] = c->args[i] == '8' ? (below(20) ? 8 : wild()) : argument(c->args[i]);
	switch (c->nr) {
	case __NR_kill:
		a[0] = (unsigned)t_getpid();
		break;
	case __NR_clone:
		if (a[0] & CLONE_VM)
			a[1] = below(3) ? (unsigned long)scratch + SCRATCH - 4096 : a[1];
		break;
	case __NR_open:
	case __NR_openat:
		a[c->nr == __NR_openat ? 2 : 1] &= ~0x3fUL | O_ACCMODE;
		a[c->nr == __NR_openat ? 2 : 1] |= below(2) ? O_CREAT : 0;
		break;
	case __NR_fcntl: // whom a file's signal goes to is ours, as with kill
		if ((int)a[1] == F_SETOWN || (int)a[1] == F_SETOWN_EX)
			return 0;
		break;
	case __NR_mmap:
		a[3] = (below(3) ? MAP_PRIVATE : MAP_SHARED) | (below(3) ? MAP_ANONYMOUS : 0) | (below(3) ? 0 : MAP_FIXED) |
			(below(8) ? 0 : a[3]);
		break;
	case __NR_setitimer:
		a[0] = below(2) ? 1 + below(2) : 9;
		break;
	case __NR_rt_sigreturn: // mostly the end
		if (below(8))
			return 0;
		break;
	case __NR_setrlimit: // the limits of time and memory are ours
	case __NR_prlimit64:
		((struct rlimit *)(void *)scratch)->rlim_cur = below(1 << 20);
		((struct rlimit *)(void *)scratch)->rlim_max = RLIM_INFINITY;
		a[c->nr == __NR_prlimit64 ? 2 : 1] = (unsigned long)scratch;
		if (c->nr == __NR_prlimit64)
			a[0] = 0;
		break;
	}
	return t_syscall(c->nr, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
}

static bool makes_a_task(int nr)
{
	return nr == __NR_clone || nr == __NR_fork || nr == __NR_vfork || nr == __NR_clone3;
}

static void nothing(int sig)
{
	(void)sig;
}

static void calls(const struct call *table, unsigned n)
{
	while (budget-- > 0) {
		const struct call *c = &table[below(n)];
		long ret;

		if (makes_a_task(c->nr) && depth >= 2)
			continue;
		ret = one_call(c);
		if (ret == 0 && makes_a_task(c->nr)) {
			depth++;
			budget = budget < 20 ? budget : 20;
			state += 0x9e3779b97f4a7c15UL;
		}
	}
	sys(exit_group, 0);
}

static _Noreturn void round_child(unsigned long seed, const struct call *table, unsigned n)
{
	struct itimerval often = {{0, 3000}, {0, 3000}};
	long null = sys(open, "/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		sys(dup2, null, i);
	sys(open, "/proc/self", O_RDONLY | O_DIRECTORY);
	sys(open, "/proc/self/oom_score_adj", O_RDWR);
	sys(open, "/proc/self/status", O_RDONLY);
	sys(open, "/dev/zero", O_RDWR);
	sys(chroot, "."); // (a second one would let us out)
	sys(setsid);
	sys(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	state = seed * 0x9e3779b97f4a7c15UL | 1;
	budget = CALLS;
	depth = 0;
	for (int i = 0; i < SCRATCH; i += 1 + (int)below(16))
		scratch[i] = (char)rnd();
	for (int sig = 1; sig <= 64; sig++) // but a fault shall end us
		if (!(FAULTS >> sig & 1))
			t_action(sig, nothing, 0);
	sys(setitimer, ITIMER_REAL, &often, 0);
	calls(table, n);
	t_exit(0);
}

// Whatever has come to be since, in whichever session it hides, and what those make who are just dying.
static void kill_descendants(int first)
{
	long got;

	do {
		int last = t_fork();

		if (last == 0)
			t_exit(0);
		// Numbers are given out in a circle; we and our parent are not on this part of it, or are left out.
		for (int pid = first, end = last < 32767 ? last + 1 : 300; pid != end; pid = pid < 32767 ? pid + 1 : 300)
			if (pid != t_getpid() && pid != sys(getppid))
				sys(kill, pid, SIGKILL);
		t_sleep_ms(1);
		while ((got = sys(wait4, -1, 0, WNOHANG | __WALL, 0)) > 0)
			;
	} while (got == 0);
}

// Whatever is mounted below where we work goes (MNT_DETACH).
static void unmount_all(void)
{
	static char cwd[256], mounts[16384];

	sys(getcwd, cwd, sizeof cwd);
	for (bool found = true; found;) {
		found = false;
		t_slurp("/proc/mounts", mounts, sizeof mounts);
		for (char *line = mounts; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
			char *at = strchr(line, ' '), *end = at ? strchr(at + 1, ' ') : NULL;

			if (!end || strncmp(at + 1, cwd, strlen(cwd)))
				continue;
			*end = 0;
			found |= sys(umount2, at + 1, 2) == 0;
			*end = ' ';
		}
	}
}

static long ms(void)
{
	struct timespec t;

	sys(clock_gettime, CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void rounds(const struct call *table, unsigned n, int from, int count)
{
	if (!t_own_machine)
		SKIP("too rude for somebody's machine");
	sys(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	t_tmpdir();
	for (int seed = from; seed < from + count; seed++) {
		int pid = 0, first = 0;
		long end = ms() + ROUND_MS;

		for (int i = 0; i < SIDE_BY_SIDE; i++) {
			pid = t_fork();
			if (pid == 0)
				round_child((unsigned long)(seed * SIDE_BY_SIDE + i), table, n);
			first = first ? first : pid;
		}
		while (sys(wait4, pid, 0, WNOHANG | __WALL, 0) == 0 && ms() < end)
			t_sleep_ms(2);
		kill_descendants(first);
		unmount_all();
	}
}

#define ROUNDS(table, count) rounds(table, sizeof table / sizeof *table, t_argc > 2 ? (int)t_number(t_argv[2]) : 1, \
	t_argc > 3 ? (int)t_number(t_argv[3]) : count)

TEST(memory)
{
	ROUNDS(memory_calls, 30);
}

TEST(files)
{
	ROUNDS(file_calls, 60);
}

TEST(signals)
{
	ROUNDS(signal_calls, 30);
}

TEST(processes)
{
	ROUNDS(process_calls, 30);
}

TEST(mounts)
{
	ROUNDS(mount_calls, 30);
}

// ---- what procfs and sysfs show, while processes come and go ----

static void read_oddly(const char *name)
{
	long fd = sys(open, name, O_RDONLY | O_NONBLOCK);

	for (int i = 0; i < 4 && fd >= 0; i++)
		sys(pread64, fd, scratch, 1 + below(SCRATCH - 1), below(3) ? below(4096) : 0);
	sys(close, fd);
}

static void read_tree(int levels)
{
	static char text[4][4096];
	char *buf = text[levels];
	long fd = sys(open, ".", O_RDONLY | O_DIRECTORY), n;

	while ((n = sys(getdents64, fd, buf, 4096)) > 0)
		for (long at = 0; at < n; at += *(unsigned short *)(buf + at + 16)) {
			char *name = buf + at + 19;

			if (name[0] == '.')
				continue;
			read_oddly(name);
			if (buf[at + 18] == 4 && levels && sys(chdir, name) == 0) {
				read_tree(levels - 1);
				if (sys(fchdir, fd) < 0)
					t_exit(0);
			}
		}
	sys(close, fd);
}

TEST(pseudo_files)
{
	if (!t_own_machine)
		SKIP("too rude for somebody's machine");
	int busy = t_fork();

	if (busy == 0)
		for (;;) {
			t_wait(t_fork() ? -1 : (t_sleep_ms(1), t_exit(0), 0));
			t_sleep_ms(1);
		}
	state = 4711;
	CHECK_EQ(sys(chdir, "/proc"), 0);
	read_tree(3);
	CHECK_EQ(sys(chdir, "/sys"), 0);
	read_tree(3);
	sys(kill, busy, SIGKILL);
	CHECK_EQ(t_wait(busy), SIGNALLED(SIGKILL));
}
