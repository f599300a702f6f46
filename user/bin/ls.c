// SPDX-License-Identifier: GPL-2.0-only
/* ls [-la] [FILE]...: list files, in directories or by themselves. */
#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static int all, details;

static void show_details(const struct stat *st)
{
	static const char letters[] = "?pc?d?b?-?l?s???";
	char mode[11], when[20], size[24];
	struct tm tm;

	mode[0] = letters[st->st_mode >> 12 & 15];
	for (int i = 0; i < 9; i++)
		mode[1 + i] = st->st_mode >> (8 - i) & 1 ? "rwx"[i % 3] : '-';
	mode[10] = 0;
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		snprintf(size, sizeof(size), "%u,%3u", major(st->st_rdev), minor(st->st_rdev));
	else
		snprintf(size, sizeof(size), "%ld", (long)st->st_size);
	gmtime_r(&st->st_mtime, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	printf("%s %2lu %4u %4u %8s %s ", mode, (unsigned long)st->st_nlink, st->st_uid,
	       st->st_gid, size, when);
}

static int show(const char *path, const char *name)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (!details) {
		puts(name);
		return 0;
	}
	if (lstat(path, &st) != 0) {
		warn("%s", path);
		return 1;
	}
	show_details(&st);
	fputs(name, stdout);
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		if (n >= 0) {
			target[n] = 0;
			printf(" -> %s", target);
		}
	}
	putchar('\n');
	return 0;
}

static int wanted(const struct dirent *d)
{
	return all || d->d_name[0] != '.';
}

static int show_directory(const char *dir)
{
	struct dirent **list;
	char path[PATH_MAX];
	int n = scandir(dir, &list, wanted, alphasort), rc = 0;

	if (n < 0) {
		warn("%s", dir);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		rc |= show(path, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return rc;
}

int main(int argc, char **argv)
{
	int rc = 0, many;

	for (argv++, argc--; *argv && **argv == '-' && (*argv)[1]; argv++, argc--) {
		all |= strchr(*argv, 'a') != NULL;
		details |= strchr(*argv, 'l') != NULL;
	}
	if (!*argv)
		rc = show_directory(".");
	many = argc > 1;
	for (; *argv; argv++) {
		struct stat st;

		if (stat(*argv, &st) != 0 && lstat(*argv, &st) != 0) {
			warn("%s", *argv);
			rc = 1;
		} else if (S_ISDIR(st.st_mode)) {
			if (many)
				printf("%s:\n", *argv);
			rc |= show_directory(*argv);
		} else {
			rc |= show(*argv, *argv);
		}
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return rc;
}
