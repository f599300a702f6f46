// SPDX-License-Identifier: GPL-2.0-only
/* umount DIRECTORY...: take what is mounted there away. */
#include <err.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	int rc = 0;

	if (argc < 2)
		errx(2, "usage: umount DIRECTORY...");
	for (argv++; *argv; argv++) {
		if (umount(*argv) != 0) {
			warn("%s", *argv);
			rc = 1;
		}
	}
	return rc;
}
