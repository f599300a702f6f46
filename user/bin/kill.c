// SPDX-License-Identifier: GPL-2.0-only
/* kill [-SIGNAL] PID...: send a signal, by number or by name; TERM if none is given. */
#include <ctype.h>
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ABRT", SIGABRT },
	{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM }, { "CHLD", SIGCHLD },
	{ "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "0", 0 },
};

static int number(const char *s)
{
	if (isdigit((unsigned char)*s))
		return atoi(s);
	if (!strncmp(s, "SIG", 3))
		s += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!strcmp(signals[i].name, s))
			return signals[i].number;
	errx(2, "%s: no such signal", s);
}

int main(int argc, char **argv)
{
	int sig = SIGTERM, rc = 0;

	argv++;
	if (argc > 2 && **argv == '-')
		sig = number(*argv++ + 1);
	if (!*argv)
		errx(2, "usage: kill [-SIGNAL] PID...");
	for (; *argv; argv++) {
		if (kill(atoi(*argv), sig) != 0) {
			warn("%s", *argv);
			rc = 1;
		}
	}
	return rc;
}
