// SPDX-License-Identifier: GPL-2.0-only
/* uname(2). */
#pragma once

struct utsname {
	char sysname[65];
	char nodename[65];
	char release[65];
	char version[65];
	char machine[65];
	char domainname[65];
};

#include <sys/cdefs.h>

__BEGIN_DECLS
int uname(struct utsname *name);
__END_DECLS
