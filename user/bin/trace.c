// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace [-o FILE] PROGRAM [ARGUMENT]...: run it, then give out what the kernel recorded; its exit
 * status.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORDS "/sys/kernel/debug/trace"

static void copy(int from, int to)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(to, buf + done, (size_t)(n - done))) < 0)
				err(1, "cannot write the trace");
	if (n < 0)
		err(1, "%s", RECORDS);
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	int status, to = STDOUT_FILENO, from;
	pid_t pid;

	if (argc > 2 && !strcmp(argv[1], "-o")) {
		file = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 2)
		errx(2, "usage: trace [-o FILE] PROGRAM [ARGUMENT]...");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		warn("%s", argv[1]);
		_exit(errno == ENOENT ? 127 : 126);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(1, "wait");
	if (file && (to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0644)) < 0)
		err(1, "%s", file);
	if ((from = open(RECORDS, O_RDONLY)) < 0)
		err(1, "%s", RECORDS);
	copy(from, to);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
