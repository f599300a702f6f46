// SPDX-License-Identifier: GPL-2.0-only
/* free: memory in KiB, from /proc/meminfo. */
#include <err.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	unsigned long total = 0, left = 0, available = 0, cached = 0, shared = 0, value;
	char line[128], name[64];
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %lu", name, &value) != 2)
			continue;
		if (!strcmp(name, "MemTotal"))
			total = value;
		else if (!strcmp(name, "MemFree"))
			left = value;
		else if (!strcmp(name, "MemAvailable"))
			available = value;
		else if (!strcmp(name, "Cached"))
			cached = value;
		else if (!strcmp(name, "Shmem"))
			shared = value;
	}
	fclose(f);
	printf("%10s %10s %10s %10s %10s %10s\n", "total", "used", "free", "shared", "cached",
	       "available");
	printf("%10lu %10lu %10lu %10lu %10lu %10lu\n", total, total - left - cached, left, shared,
	       cached, available);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return 0;
}
