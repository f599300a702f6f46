// SPDX-License-Identifier: GPL-2.0-only
/* rmdir DIRECTORY...: remove empty directories, and control groups in which nobody is. */
#include <err.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int rc = 0;

	if (argc < 2)
		errx(2, "usage: rmdir DIRECTORY...");
	for (argv++; *argv; argv++) {
		if (rmdir(*argv) != 0) {
			warn("%s", *argv);
			rc = 1;
		}
	}
	return rc;
}
