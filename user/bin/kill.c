// SPDX-License-Identifier: GPL-2.0-only
/* kill [-SIGNAL] PID...: send a signal, by number or by name; TERM if none is given. */
#include <ctype.h>
#include <err.h>
#include <signal.h>
#include <stdbool.h>
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
	char *end;
	long n = strtol(s, &end, 10);

	if (isdigit((unsigned char)*s) && !*end && n < 65)
		return (int)n;
	if (!strncmp(s, "SIG", 3))
		s += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!strcmp(signals[i].name, s))
			return signals[i].number;
	errx(2, "%s: no such signal", s);
}

/* A pid or a negative process group, whole: what is no number must not become 0, which is us. */
static bool process(const char *s, pid_t *pid)
{
	const char *digits = s + (*s == '-');
	long n = strtol(s, NULL, 10);

	*pid = (pid_t)n;
	return *digits && strspn(digits, "0123456789") == strlen(digits) && n == *pid;
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
		pid_t pid;

		if (!process(*argv, &pid)) {
			warnx("%s: not a process id", *argv);
			rc = 2;
		} else if (kill(pid, sig) != 0) {
			warn("%s", *argv);
			rc = 1;
		}
	}
	return rc;
}
