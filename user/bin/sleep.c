// SPDX-License-Identifier: GPL-2.0-only
/* sleep SECONDS: wait; fractions are allowed. */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	char *end;
	struct timespec t;
	long frac = 0, digit = 100000000;

	if (argc != 2)
		errx(2, "usage: sleep SECONDS");
	t.tv_sec = strtol(argv[1], &end, 10);
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, digit /= 10)
			frac += (*end - '0') * digit;
	if (*end || t.tv_sec < 0)
		errx(2, "%s: not a time", argv[1]);
	t.tv_nsec = frac;
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
	return 0;
}
