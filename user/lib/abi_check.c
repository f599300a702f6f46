// SPDX-License-Identifier: GPL-2.0-only
/* Nothing to run: the compiler checks that libc's structs are the kernel's, which come first. */
#include "kernel/abi.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>

#define SAME_SIZE(a, b) _Static_assert(sizeof(a) == sizeof(b), #a " and " #b " differ in size")
#define SAME_PLACE(a, f, b, g) \
	_Static_assert(offsetof(a, f) == offsetof(b, g), #a "." #f " is elsewhere")

SAME_SIZE(struct stat, struct k_stat);
SAME_PLACE(struct stat, st_size, struct k_stat, st_size);
SAME_PLACE(struct stat, st_ctim, struct k_stat, st_ctim);
SAME_SIZE(struct statfs, struct k_statfs);
SAME_PLACE(struct dirent, d_name, struct linux_dirent64, d_name);
SAME_SIZE(struct iovec, struct k_iovec);
SAME_SIZE(struct pollfd, struct k_pollfd);
SAME_SIZE(siginfo_t, struct k_siginfo);
SAME_SIZE(stack_t, struct k_stack);
SAME_SIZE(struct sigevent, struct k_sigevent);
SAME_SIZE(ucontext_t, struct k_ucontext);
SAME_PLACE(ucontext_t, uc_mcontext, struct k_ucontext, uc_mcontext);
SAME_PLACE(ucontext_t, uc_sigmask, struct k_ucontext, uc_sigmask);
SAME_SIZE(struct timespec, struct k_timespec);
SAME_SIZE(struct timeval, struct k_timeval);
SAME_SIZE(struct itimerval, struct k_itimerval);
SAME_SIZE(struct tms, struct k_tms);
SAME_SIZE(struct rusage, struct k_rusage);
SAME_SIZE(struct rlimit, struct k_rlimit64);
SAME_SIZE(struct sysinfo, struct k_sysinfo);
SAME_SIZE(struct utsname, struct k_utsname);
SAME_SIZE(struct winsize, struct k_winsize);
SAME_PLACE(struct termios, c_cc, struct k_termios, c_cc);
_Static_assert(sizeof(struct termios) >= sizeof(struct k_termios), "TCGETS writes past termios");
