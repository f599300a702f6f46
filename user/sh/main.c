// SPDX-License-Identifier: GPL-2.0-only
/*
 * sh: a shell of the POSIX kind, as much of it as scripts and prompts use.
 *
 * Read a complete line into a tree (lex.c, parse.c), walk the tree (exec.c), expand words at the
 * last moment (expand.c, split.c, math.c).  Memory comes from an arena that is cut back after each
 * command (mem.c).  Where dash and the standard differ, as dash.
 * Left out: aliases, getopts, ulimit, line editing, and in $(...) a `)` of case that has no `(`.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

extern char **environ;

pid_t shell_pid;
bool interactive, opt_e, opt_f, opt_u, opt_x;

static void become_interactive(void)
{
	interactive = true;
	traps_interactive();
	setpgid(0, 0);
	tcsetpgrp(0, getpgrp());
}

/* After a command was given up: be as if it had never been. Returns true at the end of input. */
static bool recover(struct source *src, enum escape why)
{
	bool end = why == SYNTAX && token == T_EOF;

	if (!interactive)
		sh_exit(2);
	in = src;
	src->heres = NULL;
	have_token = false;
	status = 2;
	unwind();
	if (why == INTERRUPT) {
		putchar('\n');
		status = 130;
	}
	while (why == SYNTAX && token != T_NEWLINE && token != T_EOF)
		read_token();
	have_token = false;
	interrupted = 0;
	return end;
}

static void main_loop(struct source *src)
{
	bool volatile end = false;
	struct mark m = mark();

	while (!end) {
		bool at_end = false;
		struct node *tree;
		int why = setjmp(escape);

		if (why) {
			end = recover(src, (enum escape)why);
			cut(m);
			continue;
		}
		traps_run();
		if (interactive)
			jobs_report();
		prompt("PS1", getuid() ? "$ " : "# ");
		tree = parse_line(&at_end);
		run(tree);
		if (interrupted) {
			putchar('\n');
			interrupted = 0;
			status = 130;
		}
		breaking = continuing = 0;
		returning = false;
		cut(m);
		end = at_end;
	}
	if (interactive)
		putchar('\n');
}

static void import_environment(void)
{
	for (char **e = environ; *e; e++) {
		size_t n = name_length(*e);

		if (n && (*e)[n] == '=')
			set_var(*e, n, *e + n + 1, true);
	}
	if (!get_var("PATH"))
		set_var("PATH", 4, "/bin:/sbin:/usr/bin", true);
	set_var("IFS", 3, " \t\n", false);
	find_var("IFS", 3)->exported = false;
}

/* Options before the first operand; true if -c is among them. */
static bool read_options(char ***argv)
{
	bool command = false;

	for (; **argv && ***argv == '-' && (**argv)[1]; ++*argv) {
		if (!strcmp(**argv, "--")) {
			++*argv;
			break;
		}
		for (char *c = **argv + 1; *c; c++) {
			command |= *c == 'c';
			opt_e |= *c == 'e';
			opt_f |= *c == 'f';
			opt_u |= *c == 'u';
			opt_x |= *c == 'x';
		}
	}
	return command;
}

static void open_script(struct source *src, const char *name)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fprintf(stderr, "sh: cannot open %s: %s\n", name, strerror(errno));
		exit(127);
	}
	src->fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);	/* out of the script's way */
	close(fd);
}

int main(int argc, char **argv)
{
	static struct source src = { .ahead = -2 };
	bool command;

	(void)argc;
	shell_pid = getpid();
	traps_reset();
	import_environment();
	in = &src;
	args = argv + 1;
	command = read_options(&args);
	if (command && *args) {
		src.s = *args++;
		if (*args)
			args++;
		else
			args[-1] = "sh";
	} else if (*args) {
		open_script(&src, *args++);
	} else {
		args[-1] = argv[0];
		if (isatty(0) && isatty(1)) {
			become_interactive();
			src.prompt = true;
		}
	}
	while (args[nargs])
		nargs++;
	main_loop(&src);
	sh_exit(status);
}
