// SPDX-License-Identifier: GPL-2.0-only
/* sh, signals: traps, what ^C does to the shell itself, and the way out. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

#define SIGNALS	32

volatile sig_atomic_t interrupted;
static volatile sig_atomic_t pending[SIGNALS], any_pending;
static char *actions[SIGNALS];		/* [0]: on exit; NULL: the default; "": ignore */

static const char *const names[SIGNALS] = {
	[0] = "EXIT", [SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGBUS] = "BUS", [SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM", [SIGCHLD] = "CHLD",
	[SIGCONT] = "CONT", [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP", [SIGTTIN] = "TTIN",
	[SIGTTOU] = "TTOU",
};

/* By number or name; -1 if there is no such signal. */
int signal_number(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (isdigit((unsigned char)*s))
		return *end || n >= 65 ? -1 : (int)n;
	if (!strncmp(s, "SIG", 3))
		s += 3;
	for (int i = 0; i < SIGNALS; i++)
		if (names[i] && !strcmp(names[i], s))
			return i;
	return -1;
}

const char *signal_name(int sig)
{
	return sig > 0 && sig < SIGNALS ? names[sig] : NULL;
}

static void on_signal(int sig)
{
	if (actions[sig]) {
		pending[sig] = 1;
		any_pending = 1;
	} else if (sig == SIGINT) {
		interrupted = 1;
	}
}

/* Without SA_RESTART: a signal ends a read at the prompt, and `wait`. */
static void handle(int sig)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(sig, &act, NULL);
}

static void on_child(int sig)
{
	(void)sig;
}

/* What the shell does about a signal by itself. */
static void set_default(int sig)
{
	struct sigaction child = { .sa_handler = on_child, .sa_flags = SA_RESTART };

	if (sig == SIGCHLD)
		sigaction(SIGCHLD, &child, NULL);
	else if (interactive && sig == SIGINT)
		handle(SIGINT);
	else if (interactive && (sig == SIGQUIT || sig == SIGTERM || sig == SIGTSTP ||
				 sig == SIGTTIN || sig == SIGTTOU))
		signal(sig, SIG_IGN);
	else
		signal(sig, SIG_DFL);
}

void traps_interactive(void)
{
	static const int ours[] = { SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		set_default(ours[i]);
}

/* In a new child, while `interactive` still says what the parent was. */
void traps_reset(void)
{
	for (int sig = 0; sig < SIGNALS; sig++) {
		bool ours = interactive && (sig == SIGINT || sig == SIGQUIT || sig == SIGTERM);

		pending[sig] = 0;
		if (actions[sig] && !*actions[sig])
			continue;	/* ignored stays ignored */
		if (sig && (actions[sig] || ours))
			signal(sig, SIG_DFL);
		free(actions[sig]);
		actions[sig] = NULL;
	}
	any_pending = 0;
	interrupted = 0;
	set_default(SIGCHLD);
}

bool trap_pending(void)
{
	return any_pending || interrupted;
}

int trap_pending_signal(void)
{
	for (int sig = 1; sig < SIGNALS; sig++)
		if (pending[sig])
			return sig;
	return SIGINT;
}

/* Between commands. */
void traps_run(void)
{
	while (any_pending) {
		any_pending = 0;
		for (int sig = 1; sig < SIGNALS; sig++) {
			int was = status;
			struct mark m = mark();

			if (!pending[sig])
				continue;
			pending[sig] = 0;
			if (actions[sig])
				run_string(copy(actions[sig], strlen(actions[sig])));
			status = was;
			cut(m);
		}
	}
}

/* The trap on EXIT runs once, and cannot change how we end but by `exit`. */
void sh_exit(int code)
{
	char *action = actions[0];

	actions[0] = NULL;
	if (action && *action && setjmp(escape) == 0) {
		unwind();
		status = code;
		interrupted = 0;
		run_string(action);
	}
	fflush(stdout);
	_exit(code);
}

static void show_traps(void)
{
	for (int sig = 0; sig < SIGNALS; sig++) {
		if (!actions[sig])
			continue;
		fputs("trap -- '", stdout);
		for (const char *s = actions[sig]; *s; s++)
			fputs(*s == '\'' ? "'\\''" : (char[]){ *s, 0 }, stdout);
		printf("' %s\n", names[sig]);
	}
}

static void set_trap(int sig, const char *action)
{
	free(actions[sig]);
	actions[sig] = action ? keep(action, strlen(action) + 1) : NULL;
	if (sig == 0 || sig == SIGKILL || sig == SIGSTOP)
		return;
	if (!action)
		set_default(sig);
	else if (*action)
		handle(sig);
	else
		signal(sig, SIG_IGN);
}

/* trap [ACTION] SIGNAL...: an ACTION that is missing, a number, or - means the default. */
int b_trap(char **v)
{
	const char *action = NULL;
	int rc = 0;

	v++;
	if (*v && !strcmp(*v, "--"))
		v++;
	if (!*v) {
		show_traps();
		return 0;
	}
	if (v[1] && !isdigit((unsigned char)**v)) {
		action = strcmp(*v, "-") ? *v : NULL;
		v++;
	} else if (!strcmp(*v, "-")) {
		v++;
	}
	for (; *v; v++) {
		int sig = signal_number(*v);

		if (sig < 0 || sig >= SIGNALS || !names[sig]) {
			fprintf(stderr, "trap: %s: bad trap\n", *v);
			rc = 1;
			continue;
		}
		set_trap(sig, action);
	}
	return rc;
}
