// SPDX-License-Identifier: GPL-2.0-only
/* Random bytes. */
#pragma once

#include <sys/types.h>

#define GRND_NONBLOCK	1
#define GRND_RANDOM	2
#define GRND_INSECURE	4

#include <sys/cdefs.h>

__BEGIN_DECLS
ssize_t getrandom(void *buf, size_t len, unsigned int flags);
__END_DECLS
