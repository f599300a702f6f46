// SPDX-License-Identifier: GPL-2.0-only
/* rm [-rf] FILE...: remove files; -r directories with all that is in them, -f without complaint. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int recursive, force;

static int removal(const char *path);

static int empty(const char *path)
{
	char below[PATH_MAX];
	struct dirent *d;
	DIR *dir = opendir(path);
	int rc = 0;

	if (!dir)
		return -1;
	while ((d = readdir(dir))) {
		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, d->d_name) >= (int)sizeof(below))
			errno = ENAMETOOLONG;
		else if (removal(below) == 0)
			continue;
		rc = -1;
	}
	closedir(dir);
	return rc;
}

static int removal(const char *path)
{
	struct stat st;
	int rc;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (!recursive) {
			warnx("%s: is a directory", path);
			return -1;
		}
		rc = empty(path) == 0 ? rmdir(path) : -1;
	} else {
		rc = unlink(path);
	}
	if (rc != 0 && force && errno == ENOENT)
		return 0;
	if (rc != 0)
		warn("%s", path);
	return rc;
}

int main(int argc, char **argv)
{
	int rc = 0;

	for (argv++; *argv && **argv == '-'; argv++, argc--) {
		recursive |= strchr(*argv, 'r') != NULL;
		force |= strchr(*argv, 'f') != NULL;
	}
	if (argc < 2 && !force)
		errx(2, "usage: rm [-rf] FILE...");
	for (; *argv; argv++)
		rc |= removal(*argv) != 0;
	return rc;
}
