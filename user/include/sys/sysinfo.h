// SPDX-License-Identifier: GPL-2.0-only
/* sysinfo(2). */
#pragma once

struct sysinfo {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram;
	unsigned long freeram;
	unsigned long sharedram;
	unsigned long bufferram;
	unsigned long totalswap;
	unsigned long freeswap;
	unsigned short procs;
	unsigned short __pad;
	unsigned long totalhigh;
	unsigned long freehigh;
	unsigned int mem_unit;
};

#include <sys/cdefs.h>

__BEGIN_DECLS
int sysinfo(struct sysinfo *info);
int get_nprocs(void);
__END_DECLS
