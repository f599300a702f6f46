// SPDX-License-Identifier: GPL-2.0-only
/*
 * freeze [none|freezer|devices] [SECONDS]: suspend to idle, really (none) or as a test that goes as
 * far as the named step and back.  SECONDS sets the freezer's time limit first.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	saved = errno;
	close(fd);
	errno = saved;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

int main(int argc, char **argv)
{
	const char *test = argc > 1 ? argv[1] : "none";
	struct timespec a, b;
	char ms[32];
	int rc;

	if (strcmp(test, "none") && strcmp(test, "freezer") && strcmp(test, "devices"))
		errx(2, "usage: freeze [none|freezer|devices] [SECONDS]");
	if (put("/sys/power/pm_test", test) != 0)
		err(1, "/sys/power/pm_test");
	if (argc > 2) {
		snprintf(ms, sizeof(ms), "%ld", atol(argv[2]) * 1000);
		if (put("/sys/power/pm_freeze_timeout", ms) != 0)
			err(1, "/sys/power/pm_freeze_timeout");
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	rc = put("/sys/power/state", "freeze");
	if (rc != 0)
		warn("/sys/power/state");
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("freeze: %s after %ld ms\n", rc == 0 ? "suspended and resumed" : "failed",
	       (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "standard output");
	return rc ? 1 : 0;
}
