// SPDX-License-Identifier: GPL-2.0-only
/* cat [-n] [FILE]...: copy files, or standard input, to standard output. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int number;

static int put(const char *buf, ssize_t n)
{
	static int line, inside;

	if (number) {
		for (ssize_t i = 0; i < n; i++) {
			if (!inside)
				printf("%6d\t", ++line);
			putchar(buf[i]);
			inside = buf[i] != '\n';
		}
		return fflush(stdout) != 0 || ferror(stdout) ? -1 : 0;
	}
	while (n > 0) {
		ssize_t done = write(1, buf, (size_t)n);

		if (done < 0)
			return -1;
		buf += done;
		n -= done;
	}
	return 0;
}

static int copy(const char *name)
{
	char buf[4096];
	int fd = strcmp(name, "-") ? open(name, O_RDONLY) : 0;
	ssize_t n;

	if (fd < 0) {
		warn("%s", name);
		return 1;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (put(buf, n) != 0)
			err(1, "standard output");
	if (n < 0)
		warn("%s", name);
	if (fd > 0)
		close(fd);
	return n < 0;
}

int main(int argc, char **argv)
{
	int rc = 0;

	argv++;
	if (argc > 1 && !strcmp(*argv, "-n")) {
		number = 1;
		argv++;
	}
	if (!*argv)
		return copy("-");
	for (; *argv; argv++)
		rc |= copy(*argv);
	return rc;
}
