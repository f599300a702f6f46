// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stress-ng takes from libbsd. Its other libraries are for graphics, kernel modules, ciphers
 * and the like: the names that it wants of them are made beside this, and end a program that
 * calls one.
 */
#include <string.h>

size_t strlcpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from), n = len < size ? len : size - 1;

	if (size) {
		memcpy(to, from, n);
		to[n] = 0;
	}
	return len;
}

size_t strlcat(char *to, const char *from, size_t size)
{
	size_t len = strnlen(to, size);

	return len + strlcpy(to + len, from, size - len);
}

void setproctitle_init(int argc, char *argv[], char *envp[])
{
	(void)argc;
	(void)argv;
	(void)envp;
}

void setproctitle(const char *format, ...)
{
	(void)format;
}
