// SPDX-License-Identifier: GPL-2.0-only
/* System calls that need nothing but their result turned into -1 and errno. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "user/lib/sys.h"

/* CALLn(type, name, number, n arguments as type, name pairs) */
#define CALL0(T, f, nr) T f(void) { return (T)sys_ret(sys0(nr)); }
#define CALL1(T, f, nr, A, a) T f(A a) { return (T)sys_ret(sys1(nr, (long)a)); }
#define CALL2(T, f, nr, A, a, B, b) \
	T f(A a, B b) { return (T)sys_ret(sys2(nr, (long)a, (long)b)); }
#define CALL3(T, f, nr, A, a, B, b, C, c) \
	T f(A a, B b, C c) { return (T)sys_ret(sys3(nr, (long)a, (long)b, (long)c)); }
#define CALL4(T, f, nr, A, a, B, b, C, c, D, d) \
	T f(A a, B b, C c, D d) { return (T)sys_ret(sys4(nr, (long)a, (long)b, (long)c, (long)d)); }
#define CALL5(T, f, nr, A, a, B, b, C, c, D, d, E, e) \
	T f(A a, B b, C c, D d, E e) \
	{ return (T)sys_ret(sys6(nr, (long)a, (long)b, (long)c, (long)d, (long)e, 0)); }
#define CALL6(T, f, nr, A, a, B, b, C, c, D, d, E, e, F, g) \
	T f(A a, B b, C c, D d, E e, F g) \
	{ return (T)sys_ret(sys6(nr, (long)a, (long)b, (long)c, (long)d, (long)e, (long)g)); }

/* files */
CALL1(int, close, __NR_close, int, fd)
CALL3(ssize_t, read, __NR_read, int, fd, void *, buf, size_t, n)
CALL3(ssize_t, write, __NR_write, int, fd, const void *, buf, size_t, n)
CALL4(ssize_t, pread, __NR_pread64, int, fd, void *, buf, size_t, n, off_t, off)
CALL4(ssize_t, pwrite, __NR_pwrite64, int, fd, const void *, buf, size_t, n, off_t, off)
CALL3(ssize_t, readv, __NR_readv, int, fd, const struct iovec *, iov, int, n)
CALL3(ssize_t, writev, __NR_writev, int, fd, const struct iovec *, iov, int, n)
CALL4(ssize_t, preadv, __NR_preadv, int, fd, const struct iovec *, iov, int, n, off_t, off)
CALL4(ssize_t, pwritev, __NR_pwritev, int, fd, const struct iovec *, iov, int, n, off_t, off)
CALL3(off_t, lseek, __NR_lseek, int, fd, off_t, off, int, whence)
CALL2(int, stat, __NR_stat, const char *__restrict, path, struct stat *__restrict, st)
CALL2(int, lstat, __NR_lstat, const char *__restrict, path, struct stat *__restrict, st)
CALL2(int, fstat, __NR_fstat, int, fd, struct stat *, st)
CALL4(int, fstatat, __NR_newfstatat, int, dir, const char *__restrict, path,
      struct stat *__restrict, st, int, flags)
CALL2(int, statfs, __NR_statfs, const char *, path, struct statfs *, st)
CALL2(int, fstatfs, __NR_fstatfs, int, fd, struct statfs *, st)
CALL2(int, access, __NR_access, const char *, path, int, mode)
CALL1(int, dup, __NR_dup, int, fd)
CALL2(int, dup2, __NR_dup2, int, from, int, to)
CALL3(int, dup3, __NR_dup3, int, from, int, to, int, flags)
CALL2(int, flock, __NR_flock, int, fd, int, op)
CALL1(int, fsync, __NR_fsync, int, fd)
CALL1(int, fdatasync, __NR_fdatasync, int, fd)
CALL1(int, syncfs, __NR_syncfs, int, fd)
CALL2(int, ftruncate, __NR_ftruncate, int, fd, off_t, len)
CALL2(int, truncate, __NR_truncate, const char *, path, off_t, len)
CALL4(int, fallocate, __NR_fallocate, int, fd, int, mode, off_t, off, off_t, len)
CALL2(int, mkdir, __NR_mkdir, const char *, path, mode_t, mode)
CALL3(int, mkdirat, __NR_mkdirat, int, dir, const char *, path, mode_t, mode)
CALL1(int, rmdir, __NR_rmdir, const char *, path)
CALL2(int, link, __NR_link, const char *, from, const char *, to)
CALL5(int, linkat, __NR_linkat, int, fdir, const char *, from, int, tdir, const char *, to,
      int, flags)
CALL1(int, unlink, __NR_unlink, const char *, path)
CALL3(int, unlinkat, __NR_unlinkat, int, dir, const char *, path, int, flags)
CALL2(int, symlink, __NR_symlink, const char *, from, const char *, to)
CALL3(int, symlinkat, __NR_symlinkat, const char *, from, int, dir, const char *, to)
CALL2(int, rename, __NR_rename, const char *, from, const char *, to)
CALL4(int, renameat, __NR_renameat, int, fdir, const char *, from, int, tdir, const char *, to)
CALL3(ssize_t, readlink, __NR_readlink, const char *__restrict, path, char *__restrict, buf,
      size_t, n)
CALL4(ssize_t, readlinkat, __NR_readlinkat, int, dir, const char *__restrict, path,
      char *__restrict, buf, size_t, n)
CALL2(int, chmod, __NR_chmod, const char *, path, mode_t, mode)
CALL2(int, fchmod, __NR_fchmod, int, fd, mode_t, mode)
CALL3(int, chown, __NR_chown, const char *, path, uid_t, uid, gid_t, gid)
CALL3(int, fchown, __NR_fchown, int, fd, uid_t, uid, gid_t, gid)
CALL3(int, lchown, __NR_lchown, const char *, path, uid_t, uid, gid_t, gid)
CALL3(int, mknod, __NR_mknod, const char *, path, mode_t, mode, dev_t, dev)
CALL4(int, mknodat, __NR_mknodat, int, dir, const char *, path, mode_t, mode, dev_t, dev)
CALL1(mode_t, umask, __NR_umask, mode_t, mask)
CALL1(int, chdir, __NR_chdir, const char *, path)
CALL1(int, fchdir, __NR_fchdir, int, fd)
CALL1(int, chroot, __NR_chroot, const char *, path)
CALL5(int, mount, __NR_mount, const char *, source, const char *, target, const char *, type,
      unsigned long, flags, const void *, data)
CALL2(int, umount2, __NR_umount2, const char *, target, int, flags)
CALL3(int, poll, __NR_poll, struct pollfd *, fds, nfds_t, n, int, timeout)
CALL5(int, select, __NR_select, int, n, fd_set *, r, fd_set *, w, fd_set *, e, struct timeval *, t)
CALL3(ssize_t, getdents64, __NR_getdents64, int, fd, void *, buf, size_t, n)
CALL3(int, close_range, __NR_close_range, unsigned int, first, unsigned int, last, int, flags)
CALL2(int, eventfd, __NR_eventfd2, unsigned int, count, int, flags)

/* memory */
CALL6(void *, mmap, __NR_mmap, void *, addr, size_t, len, int, prot, int, flags, int, fd,
      off_t, off)
CALL2(int, munmap, __NR_munmap, void *, addr, size_t, len)
CALL3(int, mprotect, __NR_mprotect, void *, addr, size_t, len, int, prot)
CALL3(int, madvise, __NR_madvise, void *, addr, size_t, len, int, advice)
CALL3(int, msync, __NR_msync, void *, addr, size_t, len, int, flags)
CALL3(int, mincore, __NR_mincore, void *, addr, size_t, len, unsigned char *, vec)
CALL2(int, mlock, __NR_mlock, const void *, addr, size_t, len)
CALL2(int, munlock, __NR_munlock, const void *, addr, size_t, len)
CALL1(int, mlockall, __NR_mlockall, int, flags)
CALL0(int, munlockall, __NR_munlockall)
CALL2(int, memfd_create, __NR_memfd_create, const char *, name, unsigned int, flags)

/* who we are */
CALL0(pid_t, getpid, __NR_getpid)
CALL0(pid_t, getppid, __NR_getppid)
CALL0(pid_t, gettid, __NR_gettid)
CALL0(pid_t, getpgrp, __NR_getpgrp)
CALL1(pid_t, getpgid, __NR_getpgid, pid_t, pid)
CALL2(int, setpgid, __NR_setpgid, pid_t, pid, pid_t, pgrp)
CALL1(pid_t, getsid, __NR_getsid, pid_t, pid)
CALL0(pid_t, setsid, __NR_setsid)
CALL0(uid_t, getuid, __NR_getuid)
CALL0(uid_t, geteuid, __NR_geteuid)
CALL0(gid_t, getgid, __NR_getgid)
CALL0(gid_t, getegid, __NR_getegid)
CALL1(int, setuid, __NR_setuid, uid_t, uid)
CALL1(int, setgid, __NR_setgid, gid_t, gid)
CALL2(int, setreuid, __NR_setreuid, uid_t, ruid, uid_t, euid)
CALL2(int, setregid, __NR_setregid, gid_t, rgid, gid_t, egid)
CALL3(int, setresuid, __NR_setresuid, uid_t, ruid, uid_t, euid, uid_t, suid)
CALL3(int, setresgid, __NR_setresgid, gid_t, rgid, gid_t, egid, gid_t, sgid)
CALL3(int, getresuid, __NR_getresuid, uid_t *, ruid, uid_t *, euid, uid_t *, suid)
CALL3(int, getresgid, __NR_getresgid, gid_t *, rgid, gid_t *, egid, gid_t *, sgid)
CALL2(int, getgroups, __NR_getgroups, int, n, gid_t *, list)
CALL2(int, setgroups, __NR_setgroups, int, n, const gid_t *, list)

/* scheduling, limits, time */
CALL0(int, sched_yield, __NR_sched_yield)
CALL3(int, sched_setaffinity, __NR_sched_setaffinity, pid_t, pid, size_t, n, const cpu_set_t *, set)
CALL3(int, sched_setscheduler, __NR_sched_setscheduler, pid_t, pid, int, policy,
      const struct sched_param *, param)
CALL1(int, sched_getscheduler, __NR_sched_getscheduler, pid_t, pid)
CALL2(int, sched_setparam, __NR_sched_setparam, pid_t, pid, const struct sched_param *, param)
CALL2(int, sched_getparam, __NR_sched_getparam, pid_t, pid, struct sched_param *, param)
CALL1(int, sched_get_priority_max, __NR_sched_get_priority_max, int, policy)
CALL1(int, sched_get_priority_min, __NR_sched_get_priority_min, int, policy)
CALL1(int, unshare, __NR_unshare, int, flags)
CALL2(int, setns, __NR_setns, int, fd, int, type)
CALL4(int, prlimit, __NR_prlimit64, pid_t, pid, int, what, const struct rlimit *, new,
      struct rlimit *, old)
CALL2(int, getrusage, __NR_getrusage, int, who, struct rusage *, usage)
CALL3(int, setpriority, __NR_setpriority, int, which, id_t, who, int, prio)
CALL1(clock_t, times, __NR_times, struct tms *, t)
CALL2(int, clock_gettime, __NR_clock_gettime, clockid_t, clock, struct timespec *, t)
CALL2(int, clock_settime, __NR_clock_settime, clockid_t, clock, const struct timespec *, t)
CALL2(int, clock_getres, __NR_clock_getres, clockid_t, clock, struct timespec *, t)
CALL2(int, nanosleep, __NR_nanosleep, const struct timespec *, t, struct timespec *, left)
CALL2(int, getitimer, __NR_getitimer, int, which, struct itimerval *, value)
CALL3(int, setitimer, __NR_setitimer, int, which, const struct itimerval *__restrict, value,
      struct itimerval *__restrict, old)
CALL2(int, timerfd_create, __NR_timerfd_create, clockid_t, clock, int, flags)
CALL4(int, timerfd_settime, __NR_timerfd_settime, int, fd, int, flags, const struct itimerspec *,
      value, struct itimerspec *, old)
CALL2(int, timerfd_gettime, __NR_timerfd_gettime, int, fd, struct itimerspec *, value)
CALL0(int, pause, __NR_pause)

/* the system */
CALL1(int, uname, __NR_uname, struct utsname *, name)
CALL1(int, sysinfo, __NR_sysinfo, struct sysinfo *, info)
CALL3(ssize_t, getrandom, __NR_getrandom, void *, buf, size_t, n, unsigned int, flags)
CALL2(int, sethostname, __NR_sethostname, const char *, name, size_t, n)

int pipe(int fds[2])
{
	return (int)sys_ret(sys1(__NR_pipe, (long)fds));
}

int pipe2(int fds[2], int flags)
{
	return (int)sys_ret(sys2(__NR_pipe2, (long)fds, flags));
}

int utimensat(int dir, const char *path, const struct timespec times[2], int flags)
{
	return (int)sys_ret(sys4(__NR_utimensat, dir, (long)path, (long)times, flags));
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t, struct timespec *left)
{
	return (int)-sys4(__NR_clock_nanosleep, clock, flags, (long)t, (long)left);
}

int reboot(unsigned int cmd)
{
	return (int)sys_ret(sys4(__NR_reboot, (long)LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, cmd,
				 0));
}

void sync(void)
{
	sys0(__NR_sync);
}

void _exit(int status)
{
	for (;;)
		sys1(__NR_exit_group, status);
}

/* Calls with a variable number of arguments: the kernel takes as many as the call has. */
long syscall(long number, ...)
{
	va_list ap;
	long a[6];

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return sys_ret(sys6(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

/* For assembly: the result in the first argument register. */
long __syscall_result(long r)
{
	return sys_ret(r);
}

static long one_more(va_list ap)
{
	return va_arg(ap, long);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	long mode = 0;

	va_start(ap, flags);
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		mode = one_more(ap);
	va_end(ap);
	return (int)sys_ret(sys3(__NR_open, (long)path, flags, mode));
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	long mode = 0;

	va_start(ap, flags);
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		mode = one_more(ap);
	va_end(ap);
	return (int)sys_ret(sys4(__NR_openat, dir, (long)path, flags, mode));
}

int creat(const char *path, mode_t mode)
{
	return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = one_more(ap);
	va_end(ap);
	return (int)sys_ret(sys3(__NR_fcntl, fd, cmd, arg));
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	long arg;

	va_start(ap, request);
	arg = one_more(ap);
	va_end(ap);
	return (int)sys_ret(sys3(__NR_ioctl, fd, (long)request, arg));
}

int prctl(int option, ...)
{
	va_list ap;
	long a[4];

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return (int)sys_ret(sys6(__NR_prctl, option, a[0], a[1], a[2], a[3], 0));
}

long ptrace(long request, ...)
{
	va_list ap;
	long a[3];

	va_start(ap, request);
	for (int i = 0; i < 3; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return sys_ret(sys4(__NR_ptrace, request, a[0], a[1], a[2]));
}

void *mremap(void *addr, size_t old_len, size_t new_len, int flags, ...)
{
	va_list ap;
	long where;

	va_start(ap, flags);
	where = one_more(ap);
	va_end(ap);
	return (void *)sys_ret(sys6(__NR_mremap, (long)addr, (long)old_len, (long)new_len, flags,
				    where, 0));
}
