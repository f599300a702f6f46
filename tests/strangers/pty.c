// SPDX-License-Identifier: GPL-2.0-only
/* A child on a terminal of its own, as script(1) or sshd would make it, by the C library's own functions. */
#define _GNU_SOURCE
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void child(void)
{
	char line[100];
	struct winsize ws;

	ioctl(0, TIOCGWINSZ, &ws);
	printf("terminal %d, leader %d, window %d x %d\n", isatty(0) && !strcmp(ttyname(0), ttyname(2)),
		getsid(0) == getpid() && tcgetpgrp(0) == getpid(), ws.ws_col, ws.ws_row);
	while (fgets(line, sizeof(line), stdin))
		printf("got %s", line);
	printf("end\n");
	exit(3);
}

int main(void)
{
	struct winsize ws = { .ws_row = 24, .ws_col = 80 };
	struct termios tm;
	int master, status;
	char buf[256];
	ssize_t n;
	pid_t pid = forkpty(&master, NULL, NULL, &ws);

	if (pid < 0)
		return 1;
	if (pid == 0)
		child();
	if (tcgetattr(master, &tm) || !(tm.c_lflag & ECHO) || grantpt(master) || unlockpt(master) || !ptsname(master))
		return 1;
	tm.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(master, TCSANOW, &tm);
	write(master, "one\n", 4);
	write(master, "tx\177wo\n\4", 7);
	while ((n = read(master, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != '\r')
				putchar(buf[i]);
	waitpid(pid, &status, 0);
	printf("code %d\n", WEXITSTATUS(status));
	return 0;
}
