// SPDX-License-Identifier: GPL-2.0-only
/*
 * mount [-t TYPE] [-o OPTIONS] SOURCE DIRECTORY: mount a file system; without a word, which there
 * are.
 */
#include <err.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static int list(void)
{
	char line[512];
	FILE *f = fopen("/proc/mounts", "r");

	if (!f)
		err(1, "/proc/mounts");
	while (fgets(line, sizeof(line), f))
		fputs(line, stdout);
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	const char *type = "", *options = NULL;
	int c;

	if (argc == 1)
		return list();
	while ((c = getopt(argc, argv, "t:o:")) == 't' || c == 'o')
		*(c == 't' ? &type : &options) = optarg;
	if (c != -1 || argc - optind != 2)
		errx(2, "usage: mount [-t TYPE] [-o OPTIONS] SOURCE DIRECTORY");
	if (mount(argv[optind], argv[optind + 1], type, 0, options) != 0)
		err(1, "%s", argv[optind + 1]);
	return 0;
}
