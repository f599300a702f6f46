// SPDX-License-Identifier: GPL-2.0-only
/* timerfd_create(2) and its kin. */
#pragma once

#include <time.h>
#include <fcntl.h>

#define TFD_NONBLOCK	O_NONBLOCK
#define TFD_CLOEXEC	O_CLOEXEC
#define TFD_TIMER_ABSTIME	1
#define TFD_TIMER_CANCEL_ON_SET	2

#include <sys/cdefs.h>

__BEGIN_DECLS
int timerfd_create(clockid_t clock, int flags);
int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);
int timerfd_gettime(int fd, struct itimerspec *value);
__END_DECLS
