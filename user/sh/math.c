// SPDX-License-Identifier: GPL-2.0-only
/* sh, $(( )): C's integer expressions over long, without ++, -- and the comma. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/sh/sh.h"

static const char *at;
static int unevaluated;			/* > 0: in the half that && || ?: leave out */

static long conditional(void);

static void blanks(void)
{
	while (isspace((unsigned char)*at))
		at++;
}

static void bad(void)
{
	expansion_failed("arithmetic expression: syntax error near \"%s\"", at);
}

/* The longest operator that starts here; "" if none does. */
static const char *operator(void)
{
	static const char *const all[] = {
		"<<=", ">>=", "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=", "*=", "/=",
		"%=", "&=", "|=", "^=", "|", "^", "&", "<", ">", "+", "-", "*", "/", "%", "=", "?", ":",
	};

	blanks();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strncmp(at, all[i], strlen(all[i])))
			return all[i];
	return "";
}

static int precedence(const char *op)
{
	static const char *const levels[] = {
		" || ", " && ", " | ", " ^ ", " & ", " == != ", " < > <= >= ", " << >> ", " + - ",
		" * / % ",
	};
	char padded[8];

	if (!*op)
		return 0;
	snprintf(padded, sizeof(padded), " %s ", op);
	for (int i = 0; i < (int)(sizeof(levels) / sizeof(levels[0])); i++)
		if (strstr(levels[i], padded))
			return i + 1;
	return 0;
}

static long divide(long v, long w, char op)
{
	if (w == 0) {
		if (unevaluated)
			return 0;
		expansion_failed("arithmetic expression: division by zero");
	}
	if (w == -1)
		return op == '/' ? (long)-(unsigned long)v : 0;
	return op == '/' ? v / w : v % w;
}

static long apply(const char *op, long v, long w)
{
	unsigned long a = (unsigned long)v, b = (unsigned long)w;

	switch (op[0]) {
	case '+': return (long)(a + b);
	case '-': return (long)(a - b);
	case '*': return (long)(a * b);
	case '/':
	case '%': return divide(v, w, op[0]);
	case '^': return v ^ w;
	case '&': return op[1] == '&' ? v && w : v & w;
	case '|': return op[1] == '|' ? v || w : v | w;
	case '=': return v == w;
	case '!': return v != w;
	case '<': return op[1] == '<' ? (long)(a << (b & 63)) : op[1] == '=' ? v <= w : v < w;
	case '>': return op[1] == '>' ? v >> (b & 63) : op[1] == '=' ? v >= w : v > w;
	}
	return 0;
}

static long number_of(const char *s)
{
	char *end;
	long v = strtol(s, &end, 0);

	while (isspace((unsigned char)*end))
		end++;
	if (*end)
		expansion_failed("Illegal number: %s", s);
	return v;
}

/* A name, and what may be assigned to it. */
static long name(size_t n)
{
	const char *start = at, *op;
	struct var *var = find_var(at, n);
	long v = var && var->value && *var->value ? number_of(var->value) : 0;
	char s[24];

	at += n;
	op = operator();
	if (!*op || op[strlen(op) - 1] != '=' || precedence(op))
		return v;
	at += strlen(op);
	if (strlen(op) == 1)
		v = conditional();
	else
		v = apply(op, v, conditional());
	snprintf(s, sizeof(s), "%ld", v);
	if (!unevaluated)
		set_var(start, n, s, false);
	return v;
}

static long unary(void)
{
	size_t n;
	char *end;
	long v;

	blanks();
	switch (*at) {
	case '(':
		at++;
		v = conditional();
		blanks();
		if (*at != ')')
			bad();
		at++;
		return v;
	case '-':
		at++;
		return (long)-(unsigned long)unary();
	case '+':
		at++;
		return unary();
	case '~':
		at++;
		return ~unary();
	case '!':
		at++;
		return !unary();
	}
	n = name_length(at);
	if (n)
		return name(n);
	if (!isdigit((unsigned char)*at))
		bad();
	v = strtol(at, &end, 0);
	at = end;
	return v;
}

static long binary(int lowest)
{
	long v = unary();

	for (;;) {
		const char *op = operator();
		int level = precedence(op);
		bool decided;
		long w;

		if (!level || level < lowest)
			return v;
		at += strlen(op);
		decided = (!strcmp(op, "&&") && !v) || (!strcmp(op, "||") && v);
		unevaluated += decided;
		w = binary(level + 1);
		unevaluated -= decided;
		v = apply(op, v, w);
	}
}

static long conditional(void)
{
	long v = binary(1), yes, no;

	if (strcmp(operator(), "?"))
		return v;
	at++;
	unevaluated += !v;
	yes = conditional();
	unevaluated -= !v;
	if (strcmp(operator(), ":"))
		bad();
	at++;
	unevaluated += !!v;
	no = conditional();
	unevaluated -= !!v;
	return v ? yes : no;
}

/* The value in decimal; expands $ first. */
char *math(const char *expression)
{
	struct text t = { 0 };
	char *s = get(24);
	long v;

	expand_into(&t, expression, QUOTED, NULL);
	squeeze(&t);
	at = text_string(&t);
	unevaluated = 0;
	blanks();
	v = *at ? conditional() : 0;
	blanks();
	if (*at)
		bad();
	sprintf(s, "%ld", v);
	return s;
}
