// SPDX-License-Identifier: GPL-2.0-only
/* mkdir [-p] DIRECTORY...: make directories; with -p the ones on the way, and none may be there. */
#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int make_all(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return mkdir(path, 0777) != 0 && errno != EEXIST ? -1 : 0;
}

int main(int argc, char **argv)
{
	int parents = argc > 1 && !strcmp(argv[1], "-p");
	int rc = 0;

	if (argc < 2 + parents)
		errx(2, "usage: mkdir [-p] DIRECTORY...");
	for (argv += 1 + parents; *argv; argv++) {
		if ((parents ? make_all(*argv) : mkdir(*argv, 0777)) != 0) {
			warn("%s", *argv);
			rc = 1;
		}
	}
	return rc;
}
