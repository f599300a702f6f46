// SPDX-License-Identifier: GPL-2.0-only
/* sh, expansion: $name, ${...}, $(...), $((...)), quotes; split.c does what follows. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/sh/sh.h"

int substituted = -1;

/* Ends the script, or at a prompt the command. */
void expansion_failed(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("sh: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (!interactive)
		sh_exit(2);
	longjmp(escape, EXPANSION);
}

static void substitute(const char *command, int to)
{
	struct source src = { .s = command, .ahead = -2 };

	subshell();
	dup2(to, 1);
	close(to);
	run_source(&src);
	sh_exit(status);
}

/* What a command prints, without the newlines at its end. */
static char *output_of(const char *command)
{
	struct text t = { 0 };
	int p[2], st;
	char buf[512];
	ssize_t n;
	pid_t pid;

	if (pipe(p) != 0)
		expansion_failed("pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		substitute(command, p[1]);
	}
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		expansion_failed("fork: %s", strerror(errno));
	}
	while ((n = read(p[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			if (buf[i])
				put(&t, buf[i], 0);
	close(p[0]);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	substituted = decode(st);
	while (t.n && t.s[t.n - 1] == '\n')
		t.s[--t.n] = 0;
	return text_string(&t);
}

static const char *flags(void)
{
	char *s = get(8), *p = s;

	if (opt_e)
		*p++ = 'e';
	if (opt_f)
		*p++ = 'f';
	if (interactive)
		*p++ = 'i';
	if (opt_u)
		*p++ = 'u';
	if (opt_x)
		*p++ = 'x';
	return s;
}

/* The arguments in one string, as "$*" joins them. */
static char *joined(void)
{
	struct text t = { 0 };
	char between = get_var("IFS") ? *separators() : ' ';

	for (int i = 0; i < nargs; i++) {
		if (i && between)
			put(&t, between, 0);
		puts_text(&t, args[i], 0);
	}
	return text_string(&t);
}

static const char *special(const char *name)
{
	char *s = get(24);
	long n;

	switch (*name) {
	case '?': sprintf(s, "%d", status); return s;
	case '$': sprintf(s, "%d", (int)shell_pid); return s;
	case '#': sprintf(s, "%d", nargs); return s;
	case '!': sprintf(s, "%d", (int)last_back); return last_back ? s : NULL;
	case '-': return flags();
	case '*':
	case '@': return nargs ? joined() : NULL;
	}
	n = strtol(name, NULL, 10);
	return n == 0 ? args[-1] : n <= nargs ? args[n - 1] : NULL;
}

/* The length of the parameter's name at s; 0 if there is none. */
static size_t parameter(const char *s)
{
	size_t n = name_length(s);

	if (!n && isdigit((unsigned char)*s))
		n = strspn(s, "0123456789");
	else if (!n && *s && strchr("?$#!-@*", *s))
		n = 1;
	return n;
}

static const char *value_of(const char *s, size_t n)
{
	struct var *v;

	if (!name_length(s))
		return special(copy(s, n));
	v = find_var(s, n);
	return v ? v->value : NULL;
}

static const char *checked(const char *value, const char *name, size_t n)
{
	if (!value && opt_u && *name != '@' && *name != '*')
		expansion_failed("%.*s: parameter not set", (int)n, name);
	return value;
}

/* What value is without the shortest or longest start (#) or end (%) that matches. */
static const char *trimmed(const char *value, const char *rest)
{
	bool longest = rest[1] == *rest, start = *rest == '#';
	size_t len = strlen(value);
	struct text pattern = { 0 };

	expand_into(&pattern, rest + 1 + longest, PLAIN, NULL);
	squeeze(&pattern);
	text_string(&pattern);
	for (size_t i = 0; i <= len; i++) {
		size_t n = longest ? len - i : i;
		char *part = start ? copy(value, n) : copy(value + len - n, n);

		if (match(pattern.n ? pattern.s : "", pattern.n ? pattern.how : NULL, part))
			return start ? value + n : copy(value, len - n);
	}
	return value;
}

/* The word of ${name-word}: what is written there may be split, too. */
static void expand_default(struct text *t, const char *word, enum quoting quoting,
			   struct fields *fields)
{
	size_t from = t->n;
	int ended = fields ? fields->n : 0;

	expand_into(t, word, quoting, fields);
	for (size_t i = fields && fields->n != ended ? 0 : from; !quoting && i < t->n; i++)
		if (!t->how[i])
			t->how[i] = 's';
}

/* ${name}, ${#name}, and with : or not, - = + ? or # ## % %%; inner is between the braces. */
static void braces(struct text *t, const char *inner, enum quoting quoting, struct fields *fields)
{
	char how = quoting ? 'q' : 's';
	size_t n = parameter(inner);
	const char *value, *rest;
	bool there;

	if (*inner == '#' && inner[1] && parameter(inner + 1) == strlen(inner + 1)) {
		char *s = get(24);

		value = checked(value_of(inner + 1, strlen(inner + 1)), inner + 1, strlen(inner + 1));
		sprintf(s, "%zu", value ? strlen(value) : (size_t)0);
		puts_text(t, s, how);
		return;
	}
	if (n == 0)
		expansion_failed("${%s}: bad substitution", inner);
	value = value_of(inner, n);
	rest = inner + n;
	there = value && (*value || *rest != ':');
	rest += *rest == ':' && rest[1];
	switch (*rest) {
	case 0:
		value = checked(value, inner, n);
		break;
	case '-':
		if (!there) {
			expand_default(t, rest + 1, quoting, fields);
			return;
		}
		break;
	case '+':
		if (there)
			expand_default(t, rest + 1, quoting, fields);
		return;
	case '=':
		if (!there) {
			value = expand_string(rest + 1);
			set_var(inner, n, value, false);
		}
		break;
	case '?':
		if (!there)
			expansion_failed("%.*s: %s", (int)n, inner,
					 rest[1] ? expand_string(rest + 1) : "parameter not set");
		break;
	case '#':
	case '%':
		value = checked(value, inner, n);
		if (value)
			value = trimmed(value, rest);
		break;
	default:
		expansion_failed("${%s}: bad substitution", inner);
	}
	if (value)
		puts_text(t, value, how);
}

static const char *closing(const char *s, char open, char close);

/* The closing double quote, s pointing behind the opening one; the end if there is none. */
static const char *closing_quote(const char *s)
{
	for (; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '$' && s[1] == '(')
			s = closing(s + 2, '(', ')');
		else if (*s == '$' && s[1] == '{')
			s = closing(s + 2, '{', '}');
		else if (*s == '`')
			s = closing(s + 1, 0, '`');
		if (!*s)
			break;
	}
	return s;
}

/* Find the end of what $( or ${ or ` opened; s points behind the opening. */
static const char *closing(const char *s, char open, char close)
{
	int depth = 1;

	for (; *s; s++) {
		if (*s == '\\' && s[1]) {
			s++;
		} else if (*s == '\'' && close != '`') {
			const char *e = strchr(s + 1, '\'');

			if (e)
				s = e;
		} else if (*s == '"' && close != '`') {
			s = closing_quote(s + 1);
			if (!*s)
				break;
		} else if (*s == close && --depth == 0) {
			return s;
		} else if (*s == open && open) {
			depth++;
		}
	}
	return s;
}

void end_field(struct text *t, struct fields *fields)
{
	if (fields->n == fields->room) {
		int room = fields->room ? 2 * fields->room : 8;
		struct text *v = get((size_t)room * sizeof(*v));

		if (fields->n)
			memcpy(v, fields->v, (size_t)fields->n * sizeof(*v));
		fields->v = v;
		fields->room = room;
	}
	fields->v[fields->n++] = *t;
	*t = (struct text){ 0 };
}

/* $@ and $*: fields of their own, but for "$*" and where there are no fields. */
static void arguments(struct text *t, char which, enum quoting quoting, struct fields *fields)
{
	char how = quoting ? 'q' : 's';

	if (!fields || (which == '*' && quoting)) {
		puts_text(t, joined(), how);
		return;
	}
	for (int i = 0; i < nargs; i++) {
		if (i)
			end_field(t, fields);
		puts_text(t, args[i], how);
		if (quoting && !*args[i])
			put(t, 0, 'e');
	}
}

/* $ at s; returns where to go on. */
static const char *expand_dollar(struct text *t, const char *s, enum quoting quoting,
				 struct fields *fields)
{
	char how = quoting ? 'q' : 's';
	const char *end, *value;
	size_t n;

	s++;
	if (*s == '(' && s[1] == '(') {
		end = closing(s + 2, '(', ')');
		if (*end && end[1] == ')') {
			puts_text(t, math(copy(s + 2, (size_t)(end - s - 2))), how);
			return end + 2;
		}
	}
	if (*s == '(') {
		end = closing(s + 1, '(', ')');
		puts_text(t, output_of(copy(s + 1, (size_t)(end - s - 1))), how);
		return *end ? end + 1 : end;
	}
	if (*s == '{') {
		end = closing(s + 1, '{', '}');
		if (end - s == 2 && (s[1] == '@' || s[1] == '*'))
			arguments(t, s[1], quoting, fields);
		else
			braces(t, copy(s + 1, (size_t)(end - s - 1)), quoting, fields);
		return *end ? end + 1 : end;
	}
	if (*s == '@' || *s == '*') {
		arguments(t, *s, quoting, fields);
		return s + 1;
	}
	n = parameter(s);
	if (n == 0) {
		put(t, '$', 'q');
		return s;
	}
	if (isdigit((unsigned char)*s))
		n = 1;
	value = checked(value_of(s, n), s, n);
	if (value)
		puts_text(t, value, how);
	return s + n;
}

static const char *expand_backslash(struct text *t, const char *s, enum quoting quoting)
{
	if (!s[1]) {
		put(t, '\\', 'q');
		return s + 1;
	}
	if (s[1] == '\n')
		return s + 2;
	if (quoting && (!strchr("$`\"\\", s[1]) || (quoting == HEREDOC && s[1] == '"')))
		put(t, '\\', 'q');
	put(t, s[1], 'q');
	return s + 2;
}

static const char *expand_backquote(struct text *t, const char *s, enum quoting quoting)
{
	const char *end = closing(s + 1, 0, '`');
	struct text cmd = { 0 };

	for (const char *p = s + 1; p < end; p++) {
		if (*p == '\\' && p + 1 < end && strchr(quoting == QUOTED ? "`$\\\"" : "`$\\", p[1]))
			p++;
		put(&cmd, *p, 0);
	}
	puts_text(t, output_of(text_string(&cmd)), quoting ? 'q' : 's');
	return *end ? end + 1 : end;
}

static const char *expand_quotes(struct text *t, const char *s, struct fields *fields)
{
	const char *end = closing_quote(s + 1);
	char *inner = copy(s + 1, (size_t)(end - s - 1));

	if (nargs || (strcmp(inner, "$@") && strcmp(inner, "${@}")))
		put(t, 0, 'e');
	expand_into(t, inner, QUOTED, fields);
	return *end ? end + 1 : end;
}

/*
 * Expand raw into t.  An empty quoted string leaves the mark 'e', so that the field exists.  Where
 * there are fields, $@ ends them early.
 */
void expand_into(struct text *t, const char *raw, enum quoting quoting, struct fields *fields)
{
	const char *s = raw;

	while (*s) {
		if (*s == '\\') {
			s = expand_backslash(t, s, quoting);
		} else if (*s == '\'' && !quoting) {
			put(t, 0, 'e');
			for (s++; *s && *s != '\''; s++)
				put(t, *s, 'q');
			s += *s == '\'';
		} else if (*s == '"' && !quoting) {
			s = expand_quotes(t, s, fields);
		} else if (*s == '"' && quoting == QUOTED) {
			s++;		/* quotes in the word of "${name-word}" */
		} else if (*s == '`') {
			s = expand_backquote(t, s, quoting);
		} else if (*s == '$') {
			s = expand_dollar(t, s, quoting, fields);
		} else {
			put(t, *s++, quoting ? 'q' : 0);
		}
	}
}

static const char *expand_tilde(struct text *t, const char *raw)
{
	const char *home = get_var("HOME");

	if (raw[0] != '~' || (raw[1] && raw[1] != '/') || !home)
		return raw;
	puts_text(t, home, 'q');
	return raw + 1;
}

/* Without splitting and file names: for assignments, redirections, case. */
char *expand_string(const char *raw)
{
	struct text t = { 0 };

	expand_into(&t, expand_tilde(&t, raw), PLAIN, NULL);
	squeeze(&t);
	return text_string(&t);
}

void expand_word(struct list *l, const char *raw)
{
	struct fields fields = { 0 };
	struct text t = { 0 };

	expand_into(&t, expand_tilde(&t, raw), PLAIN, &fields);
	end_field(&t, &fields);
	for (int i = 0; i < fields.n; i++)
		split_field(l, &fields.v[i]);
}
