// SPDX-License-Identifier: GPL-2.0-only
/* eventfd(2). */
#pragma once

#include <stdint.h>
#include <fcntl.h>

#define EFD_SEMAPHORE	1
#define EFD_NONBLOCK	O_NONBLOCK
#define EFD_CLOEXEC	O_CLOEXEC

typedef uint64_t eventfd_t;

#include <sys/cdefs.h>

__BEGIN_DECLS
int eventfd(unsigned int count, int flags);
__END_DECLS
