// SPDX-License-Identifier: GPL-2.0-only
/* sh, the builtins that read and write: echo, printf, read. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

/*
 * Print the character the backslash at s stands for; returns its last character.  Not PLAIN: octal
 * needs a leading 0, as in echo and %b, where \c ends all output: then NULL.
 */
static const char *backslash(const char *s, enum quoting zero)
{
	static const char from[] = "abfnrtv\\", to[] = "\a\b\f\n\r\t\v\\";
	const char *known = s[1] ? strchr(from, s[1]) : NULL;
	int value = 0, digits = 0;

	if (known) {
		putchar(to[known - from]);
		return s + 1;
	}
	if (s[1] == 'c' && zero != PLAIN)
		return NULL;
	if (zero == PLAIN ? s[1] >= '0' && s[1] <= '7' : s[1] == '0') {
		s += zero != PLAIN;
		for (; digits < 3 && s[1] >= '0' && s[1] <= '7'; digits++)
			value = value * 8 + *++s - '0';
		putchar(value & 255);
		return s;
	}
	putchar('\\');
	return s;
}

static bool put_escaped(const char *s)
{
	for (; *s; s++) {
		if (*s != '\\')
			putchar(*s);
		else if (!(s = backslash(s, QUOTED)))
			return false;
	}
	return true;
}

static int written(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	clearerr(stdout);
	fprintf(stderr, "sh: write error: %s\n", strerror(errno));
	return 1;
}

int b_echo(char **v)
{
	bool newline = true;

	v++;
	if (*v && !strcmp(*v, "-n")) {
		newline = false;
		v++;
	}
	for (; *v; v++) {
		if (!put_escaped(*v))
			return written();
		if (v[1])
			putchar(' ');
	}
	if (newline)
		putchar('\n');
	return written();
}

static long number_argument(const char *s, int *rc)
{
	char *end;
	long n;

	if (*s == '\'' || *s == '"')
		return (unsigned char)s[1];
	n = strtol(s, &end, 0);
	if (*s && (*end || end == s)) {
		fprintf(stderr, "printf: %s: %s\n", s,
			end == s ? "expected numeric value" : "not completely converted");
		*rc = 1;
	}
	return n;
}

/* One conversion, p behind the %; *a the next argument.  Returns its last character; NULL: stop. */
static const char *convert(const char *p, char ***a, int *rc)
{
	char spec[32] = "%";
	size_t n = strspn(p, "-+ #0123456789.");
	const char *arg = **a ? **a : "";

	if (n > 20) {
		*rc = 2;
		return NULL;
	}
	memcpy(spec + 1, p, n);
	p += n;
	if (*p == '%') {
		putchar('%');
		return p;
	}
	if (**a && *p)
		++*a;
	if (*p == 'b') {
		if (!put_escaped(arg))
			return NULL;
	} else if (*p == 'c') {
		if (*arg)
			putchar(*arg);
	} else if (*p && strchr("dioxuX", *p)) {
		sprintf(spec + 1 + n, "l%c", *p);
		printf(spec, number_argument(arg, rc));
	} else if (*p == 's') {
		strcpy(spec + 1 + n, "s");
		printf(spec, arg);
	} else {
		fprintf(stderr, "printf: %%%s: invalid directive\n", p);
		*rc = 2;
		return NULL;
	}
	return p;
}

/* printf without floating point and *. */
int b_printf(char **v)
{
	char **a = v + 2, **before;
	int rc = 0, failed;

	if (!v[1]) {
		fprintf(stderr, "usage: printf FORMAT [ARG...]\n");
		return 2;
	}
	do {
		before = a;
		for (const char *p = v[1]; *p; p++) {
			if (*p == '\\')
				p = backslash(p, PLAIN);
			else if (*p == '%')
				p = convert(p + 1, &a, &rc);
			else
				putchar(*p);
			if (!p)
				goto out;
		}
	} while (*a && a > before);
out:
	failed = written();
	return rc ? rc : failed;
}

static bool separates(const struct text *t, size_t i, const char *among)
{
	return i < t->n && t->how[i] == 's' && strchr(separators(), t->s[i]) &&
	       strchr(among, t->s[i]);
}

/* One field from *at on: where it ends; *at is then behind its separator. */
static size_t next_field(const struct text *t, size_t *at)
{
	const char *blanks = " \t\n", *all = separators();
	size_t end = *at;

	while (end < t->n && !separates(t, end, all))
		end++;
	*at = end;
	while (separates(t, *at, blanks))
		++*at;
	if (separates(t, *at, all))
		++*at;
	while (separates(t, *at, blanks))
		++*at;
	return end;
}

static void assign_fields(const struct text *t, char **names)
{
	size_t at = 0, start, end;

	while (separates(t, at, " \t\n"))
		at++;
	for (; *names; names++) {
		start = at;
		end = next_field(t, &at);
		if (!names[1] && at < t->n) {	/* the last name gets all that is left */
			end = t->n;
			while (end > start && separates(t, end - 1, " \t\n"))
				end--;
		}
		set_var(*names, strlen(*names), copy(t->n ? t->s + start : "", end - start), false);
	}
}

int b_read(char **v)
{
	struct text t = { 0 };
	bool raw = false;
	ssize_t n;
	char c;

	for (v++; *v && **v == '-'; v++) {
		if (!strcmp(*v, "-r"))
			raw = true;
		else if (!strcmp(*v, "-p") && v[1])
			fputs(*++v, stderr);
	}
	fflush(stdout);
	for (;;) {
		bool quoted = false;

		n = read(0, &c, 1);
		if (n < 0 && errno == EINTR && !trap_pending())
			continue;
		if (n == 1 && c == '\\' && !raw) {
			n = read(0, &c, 1);
			if (n == 1 && c == '\n')
				continue;
			quoted = true;
		}
		if (n != 1 || (c == '\n' && !quoted))
			break;
		if (c)
			put(&t, c, quoted ? 'q' : 's');
	}
	if (n < 0 && errno == EINTR)
		return 128 + trap_pending_signal();
	for (char **p = v; *p; p++)
		if (!name_length(*p) || name_length(*p) != strlen(*p))
			expansion_failed("read: %s: bad variable name", *p);
	assign_fields(&t, v);
	return n == 1 ? 0 : 1;
}
