// SPDX-License-Identifier: GPL-2.0-only
/* sh, test and [. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/sh/sh.h"

static char **test_at;
static bool test_bad;

static int test_or(void);

static bool test_unary(char op, const char *s)
{
	struct stat st;

	switch (op) {
	case 'n': return *s;
	case 'z': return !*s;
	case 't': return isatty(atoi(s));
	case 'r': return access(s, R_OK) == 0;
	case 'w': return access(s, W_OK) == 0;
	case 'x': return access(s, X_OK) == 0;
	case 'L':
	case 'h': return lstat(s, &st) == 0 && S_ISLNK(st.st_mode);
	}
	if (stat(s, &st) != 0)
		return false;
	switch (op) {
	case 'e': return true;
	case 'f': return S_ISREG(st.st_mode);
	case 'd': return S_ISDIR(st.st_mode);
	case 'c': return S_ISCHR(st.st_mode);
	case 'b': return S_ISBLK(st.st_mode);
	case 'p': return S_ISFIFO(st.st_mode);
	case 's': return st.st_size > 0;
	}
	return false;
}

static long test_number(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	while (isspace((unsigned char)*end))
		end++;
	if (end == s || *end) {
		fprintf(stderr, "test: Illegal number: %s\n", s);
		test_bad = true;
	}
	return n;
}

/* -1: op is no operator. */
static int test_binary(const char *a, const char *op, const char *b)
{
	static const char *const ops[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };
	int i = 0;
	long x, y;

	if (!strcmp(op, "=") || !strcmp(op, "=="))
		return !strcmp(a, b);
	if (!strcmp(op, "!="))
		return !!strcmp(a, b);
	while (i < 6 && strcmp(op, ops[i]))
		i++;
	if (i == 6)
		return -1;
	x = test_number(a);
	y = test_number(b);
	return (bool[]){ x == y, x != y, x < y, x <= y, x > y, x >= y }[i];
}

static int test_primary(void)
{
	char *a = *test_at;
	int r;

	if (!a)
		return 0;
	if (test_at[1] && test_at[2]) {
		r = test_binary(a, test_at[1], test_at[2]);
		if (r >= 0) {
			test_at += 3;
			return r;
		}
	}
	if (!strcmp(a, "!") && test_at[1]) {
		test_at++;
		return !test_primary();
	}
	if (!strcmp(a, "(") && test_at[1]) {
		test_at++;
		r = test_or();
		if (*test_at)
			test_at++;
		return r;
	}
	if (a[0] == '-' && a[1] && !a[2] && test_at[1]) {
		test_at += 2;
		return test_unary(a[1], test_at[-1]);
	}
	test_at++;
	return *a != 0;
}

static int test_and(void)
{
	int r = test_primary();

	while (*test_at && !strcmp(*test_at, "-a")) {
		test_at++;
		r &= test_primary();
	}
	return r;
}

static int test_or(void)
{
	int r = test_and();

	while (*test_at && !strcmp(*test_at, "-o")) {
		test_at++;
		r |= test_and();
	}
	return r;
}

int b_test(char **v)
{
	int n = 0, r;

	while (v[n])
		n++;
	if (!strcmp(v[0], "[")) {
		if (n < 2 || strcmp(v[n - 1], "]")) {
			fprintf(stderr, "[: missing ]\n");
			return 2;
		}
		v[n - 1] = NULL;
	}
	test_at = v + 1;
	test_bad = false;
	r = test_or();
	if (*test_at) {
		fprintf(stderr, "test: %s: unexpected operator\n", *test_at);
		return 2;
	}
	return test_bad ? 2 : !r;
}
