// SPDX-License-Identifier: GPL-2.0-only
/*
 * sh, the builtins that change the shell itself; builtin_io.c, test.c, jobs.c and trap.c have the
 * others.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/sh/sh.h"

extern char **environ;

static int b_cd(char **v)
{
	bool back = v[1] && !strcmp(v[1], "-");
	const char *to = back ? get_var("OLDPWD") : v[1] ? v[1] : get_var("HOME");
	char was[PATH_MAX], now[PATH_MAX];

	if (!getcwd(was, sizeof(was)))
		was[0] = 0;
	if (!to || chdir(to) != 0) {
		fprintf(stderr, "cd: %s: %s\n", to ? to : back ? "OLDPWD" : "HOME",
			to ? strerror(errno) : "not set");
		return 2;
	}
	set_var("OLDPWD", 6, was, true);
	if (getcwd(now, sizeof(now))) {
		set_var("PWD", 3, now, true);
		if (back)
			puts(now);
	}
	return 0;
}

static int b_pwd(char **v)
{
	char here[PATH_MAX];

	(void)v;
	if (!getcwd(here, sizeof(here))) {
		perror("pwd");
		return 1;
	}
	puts(here);
	return 0;
}

static int number_or(const char *s, int otherwise)
{
	char *end;
	long n;

	if (!s)
		return otherwise;
	n = strtol(s, &end, 10);
	if (end == s || *end || n < 0 || n > INT_MAX)
		expansion_failed("Illegal number: %s", s);
	return (int)n;
}

static int b_exit(char **v)
{
	sh_exit(number_or(v[1], status) & 255);
}

static void print_quoted(const char *s)
{
	putchar('\'');
	for (; *s; s++)
		if (*s == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*s);
	fputs("'\n", stdout);
}

/* export and readonly: with no name, or -p, show them. */
static int b_export(char **v)
{
	bool export = v[0][0] == 'e';
	const char *how = v[0];

	v++;
	if (!*v || !strcmp(*v, "-p")) {
		for (struct var *var = vars; var; var = var->next) {
			if (!(export ? var->exported : var->readonly))
				continue;
			printf("%s %s%s", how, var->name, var->value ? "=" : "\n");
			if (var->value)
				print_quoted(var->value);
		}
		return 0;
	}
	for (; *v; v++) {
		char *eq = strchr(*v, '=');
		size_t n = eq ? (size_t)(eq - *v) : strlen(*v);

		if (!n || name_length(*v) != n)
			expansion_failed("%s: %s: bad variable name", how, *v);
		set_var(*v, n, eq ? eq + 1 : NULL, export);
		if (!export)
			find_var(*v, n)->readonly = true;
	}
	return 0;
}

static int b_local(char **v)
{
	if (!function_depth) {
		fprintf(stderr, "local: not in a function\n");
		return 2;
	}
	for (v++; *v; v++) {
		char *eq = strchr(*v, '=');
		size_t n = eq ? (size_t)(eq - *v) : strlen(*v);

		if (!n || name_length(*v) != n)
			expansion_failed("local: %s: bad variable name", *v);
		local_save(*v, n);
		if (eq)
			set_var(*v, n, eq + 1, false);
	}
	return 0;
}

static int b_unset(char **v)
{
	bool function = v[1] && !strcmp(v[1], "-f");

	v += v[1] && (function || !strcmp(v[1], "-v"));
	for (v++; *v; v++) {
		if (function)
			unset_function(*v);
		else
			unset_var(*v);
	}
	return 0;
}

static bool set_option(char c, bool on)
{
	switch (c) {
	case 'e': opt_e = on; return true;
	case 'f': opt_f = on; return true;
	case 'u': opt_u = on; return true;
	case 'x': opt_x = on; return true;
	}
	return false;
}

static int b_set(char **v)
{
	int n = 0;

	if (!v[1]) {
		for (struct var *var = vars; var; var = var->next) {
			if (!var->value)
				continue;
			printf("%s=", var->name);
			print_quoted(var->value);
		}
		return 0;
	}
	for (v++; *v && (**v == '-' || **v == '+') && (*v)[1]; v++) {
		if (!strcmp(*v, "--")) {
			v++;
			set_args(v, 0);
			break;
		}
		for (char *c = *v + 1; *c; c++) {
			if (!set_option(*c, **v == '-'))
				expansion_failed("set: Illegal option %c%c", **v, *c);
		}
	}
	while (v[n])
		n++;
	if (n)
		set_args(v, n);
	return 0;
}

static int b_shift(char **v)
{
	int n = number_or(v[1], 1);

	if (n > nargs)
		expansion_failed("shift: can't shift that many");
	nargs -= n;
	memmove(args, args + n, (size_t)(nargs + 1) * sizeof(*args));
	return 0;
}

static int b_true(char **v)
{
	(void)v;
	return 0;
}

static int b_false(char **v)
{
	(void)v;
	return 1;
}

static int b_break(char **v)
{
	int n = number_or(v[1], 1);

	n = n < loop_depth ? n : loop_depth;
	if (v[0][0] == 'b')
		breaking = n;
	else
		continuing = n;
	return 0;
}

static int b_return(char **v)
{
	returning = true;
	return number_or(v[1], status) & 255;
}

static int b_umask(char **v)
{
	mode_t m;

	if (v[1]) {
		umask((mode_t)strtol(v[1], NULL, 8));
		return 0;
	}
	m = umask(0);
	umask(m);
	printf("%04o\n", (unsigned int)m);
	return 0;
}

int b_exec(char **v)
{
	int was;

	if (!v[1])
		return 0;
	fflush(stdout);
	environ = environment();
	execvp(v[1], v + 1);
	was = errno;
	fprintf(stderr, "sh: exec: %s: %s\n", v[1], strerror(was));
	if (!interactive)
		sh_exit(was == ENOENT ? 127 : 126);
	return was == ENOENT ? 127 : 126;
}

/* Run everything src has; stops at the end, after `return`, or where a command is given up. */
void run_source(struct source *src)
{
	struct source *was = in;
	jmp_buf outer;
	bool volatile had = have_token;
	int volatile kept = token;
	char *volatile kept_text = token_text;
	bool end = false;
	int why;

	memcpy(&outer, &escape, sizeof(outer));
	in = src;
	have_token = false;
	why = setjmp(escape);
	if (why == SYNTAX && !interactive)
		sh_exit(2);
	if (why == SYNTAX)
		status = 2;
	while (!why && !end && !returning && !breaking && !continuing && !interrupted) {
		struct node *tree = parse_line(&end);

		if (tree)
			run(tree);
	}
	memcpy(&escape, &outer, sizeof(outer));
	in = was;
	have_token = had;
	token = kept;
	token_text = kept_text;
	if (why && why != SYNTAX)
		longjmp(escape, why);
}

void run_string(const char *s)
{
	struct source src = { .s = s, .ahead = -2 };

	run_source(&src);
}

static int b_eval(char **v)
{
	struct text t = { 0 };

	for (v++; *v; v++) {
		puts_text(&t, *v, 0);
		put(&t, ' ', 0);
	}
	status = 0;
	run_string(text_string(&t));
	return status;
}

/* Where $PATH has a file of that name. */
bool on_path(const char *name, char **where)
{
	const char *path = get_var("PATH"), *end;
	struct stat st;

	*where = copy(name, strlen(name));
	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	for (; path && *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":");
		*where = get((size_t)(end - path) + strlen(name) + 2);
		sprintf(*where, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "", name);
		if (stat(*where, &st) == 0 && S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

static int b_dot(char **v)
{
	struct source src = { .ahead = -2 };
	char *where;
	int fd;

	if (!v[1])
		return 0;
	if (!strchr(v[1], '/') && !on_path(v[1], &where))
		expansion_failed(".: %s: not found", v[1]);
	fd = open(strchr(v[1], '/') ? v[1] : where, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		expansion_failed(".: cannot open %s: %s", v[1], strerror(errno));
	src.fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	close(fd);
	status = 0;
	run_source(&src);
	returning = false;
	close(src.fd);
	return status;
}

static int describe(const char *name, bool in_words)
{
	char *where;

	if (is_function(name))
		printf(in_words ? "%s is a shell function\n" : "%s\n", name);
	else if (find_builtin(name))
		printf(in_words ? "%s is a shell builtin\n" : "%s\n", name);
	else if (on_path(name, &where))
		printf(in_words ? "%s is %s\n" : "%.0s%s\n", name, where);
	else if (in_words)
		printf("%s: not found\n", name);
	else
		return 127;
	return find_builtin(name) || is_function(name) || on_path(name, &where) ? 0 : 127;
}

int b_type(char **v)
{
	int rc = 0;

	for (v++; *v; v++)
		rc |= describe(*v, true);
	return rc;
}

int b_command(char **v)
{
	if (!v[1])
		return 0;
	if (!strcmp(v[1], "-v") || !strcmp(v[1], "-V"))
		return v[2] ? describe(v[2], v[1][1] == 'V') : 2;
	run_words(v + 1);
	return status;
}

static const struct builtin builtins[] = {
	{ ".", b_dot, true }, { ":", b_true, true }, { "[", b_test, false },
	{ "bg", b_bg, false }, { "break", b_break, true }, { "cd", b_cd, false },
	{ "command", b_command, false }, { "continue", b_break, true }, { "echo", b_echo, false },
	{ "eval", b_eval, true }, { "exec", b_exec, true }, { "exit", b_exit, true },
	{ "export", b_export, true }, { "false", b_false, false }, { "fg", b_fg, false },
	{ "jobs", b_jobs, false }, { "kill", b_kill, false }, { "local", b_local, false },
	{ "printf", b_printf, false }, { "pwd", b_pwd, false }, { "read", b_read, false },
	{ "readonly", b_export, true }, { "return", b_return, true }, { "set", b_set, true },
	{ "shift", b_shift, true }, { "test", b_test, false }, { "trap", b_trap, true },
	{ "true", b_true, false }, { "type", b_type, false }, { "umask", b_umask, false },
	{ "unset", b_unset, true }, { "wait", b_wait, false },
};

const struct builtin *find_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}
