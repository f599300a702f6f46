// SPDX-License-Identifier: GPL-2.0-only
/* echo [-n] [WORD]...: print the words. */
#include <err.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	int newline = 1;

	argv++;
	if (argc > 1 && !strcmp(*argv, "-n")) {
		newline = 0;
		argv++;
	}
	for (; *argv; argv++) {
		fputs(*argv, stdout);
		if (argv[1])
			putchar(' ');
	}
	if (newline)
		putchar('\n');
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return 0;
}
