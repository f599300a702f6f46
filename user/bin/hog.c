// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog MIB [shared|private] [hold|exit]: take memory by touching every page of it.
 * With `hold`, which is the default, it keeps the memory until it is killed.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096L
#define MIB (1024L * 1024)

int main(int argc, char **argv)
{
	int kind = MAP_PRIVATE, hold = 1;
	long mib = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	volatile char *p;

	if (mib <= 0)
		errx(2, "usage: hog MIB [shared|private] [hold|exit]");
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "shared"))
			kind = MAP_SHARED;
		else if (!strcmp(argv[i], "private"))
			kind = MAP_PRIVATE;
		else if (!strcmp(argv[i], "hold"))
			hold = 1;
		else if (!strcmp(argv[i], "exit"))
			hold = 0;
		else
			errx(2, "%s: shared, private, hold or exit", argv[i]);
	}
	printf("hog %d: mapping %ld MiB %s\n", getpid(), mib,
	       kind == MAP_SHARED ? "shared" : "private");
	fflush(stdout);
	p = mmap(NULL, (size_t)(mib * MIB), PROT_READ | PROT_WRITE,
		 kind | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	for (long at = 0; at < mib * MIB; at += PAGE) {
		p[at] = (char)(at / PAGE + 1);
		if (at && at % (8 * MIB) == 0) {
			printf("hog %d: touched %ld MiB\n", getpid(), at / MIB);
			fflush(stdout);
		}
	}
	printf("hog %d: touched %ld MiB, %s\n", getpid(), mib, hold ? "holding them" : "done");
	fflush(stdout);
	while (hold)
		pause();
	return 0;
}
