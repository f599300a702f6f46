// SPDX-License-Identifier: GPL-2.0-only
/* times(2). */
#pragma once

#include <sys/types.h>

struct tms {
	clock_t tms_utime;
	clock_t tms_stime;
	clock_t tms_cutime;
	clock_t tms_cstime;
};

#include <sys/cdefs.h>

__BEGIN_DECLS
clock_t times(struct tms *t);
__END_DECLS
