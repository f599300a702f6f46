// SPDX-License-Identifier: GPL-2.0-only
/*
 * init: process 1.  Runs one program on the console and powers off when it has ended.
 *
 * If /etc/run exists it is the program and its arguments, each ended by a zero byte; how it ended
 * goes to /dev/ttyS1 as one line, `exit N` or `signal N`.  Otherwise the program is /bin/sh, and
 * the line is written only if a signal killed it: the code of a shell is that of its last command.
 * Meanwhile init reaps everybody's orphans.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUN	"/etc/run"

static char *shell[] = { "/bin/sh", NULL };
static char *environment[] = { "PATH=/bin:/sbin:/usr/bin", "HOME=/root", "TERM=vt100", NULL };

/* Where nothing is mounted yet.  A kernel that brings its own refuses, and that is as good. */
static void mount_all(void)
{
	static const struct {
		const char *type, *where, *probe;
	} mounts[] = {
		{ "proc", "/proc", "/proc/self" },
		{ "sysfs", "/sys", "/sys/power" },
		{ "devtmpfs", "/dev", "/dev/null" },
		{ "devpts", "/dev/pts", "/dev/pts/ptmx" },
		{ "tmpfs", "/dev/shm", "/dev/shm" },
		{ "debugfs", "/sys/kernel/debug", "/sys/kernel/debug/oom" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (access(mounts[i].probe, F_OK) == 0)
			continue;
		mkdir(mounts[i].where, 0755);
		mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL);
	}
}

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* /etc/run as an argument vector; NULL if there is none. */
static char **read_run(void)
{
	size_t got = 0, argc = 0;
	char *text, **argv;
	struct stat st;
	int fd = open(RUN, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !(text = malloc((size_t)st.st_size + 1)))
		goto fail;
	while (got < (size_t)st.st_size) {
		ssize_t n = read(fd, text + got, (size_t)st.st_size - got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	text[got] = 0;
	for (char *p = text; p < text + got; p += strlen(p) + 1)
		argc++;
	argv = malloc((argc + 1) * sizeof(*argv));
	if (!argc || !argv)
		goto fail;
	argv[argc] = NULL;
	argc = 0;
	for (char *p = text; p < text + got; p += strlen(p) + 1)
		argv[argc++] = p;
	close(fd);
	return argv;
fail:
	close(fd);
	return NULL;
}

/* In the child: a session of its own with the console as its terminal. */
static void become(char **argv)
{
	sigset_t none;
	int fd;

	setsid();
	fd = open("/dev/console", O_RDWR);
	if (fd >= 0) {
		ioctl(fd, TIOCSCTTY, 0L);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
		tcsetpgrp(0, getpid());
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir("/root") != 0 && chdir("/") != 0)
		perror("init: /");
	execve(argv[0], argv, environment);
	fprintf(stderr, "init: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void say(const char *line)
{
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	size_t n = strlen(line);

	if (fd < 0)
		return;
	if (write(fd, line, n) != (ssize_t)n)
		perror("init: /dev/ttyS1");
	close(fd);
}

static void report(int status)
{
	char line[32];

	if (WIFSIGNALED(status))
		snprintf(line, sizeof(line), "signal %d\n", WTERMSIG(status));
	else
		snprintf(line, sizeof(line), "exit %d\n", WEXITSTATUS(status));
	say(line);
}

/* Reap until `pid` has ended. */
static int reap_until(pid_t pid)
{
	int status;

	for (;;) {
		pid_t got = wait(&status);

		if (got == pid)
			return status;
		if (got < 0 && errno == ECHILD)
			return 127 << 8;
	}
}

/* Who does not die within a second keeps nobody waiting. */
static void kill_all(void)
{
	struct timespec tick = { 0, 1000000 };

	kill(-1, SIGKILL);
	for (int i = 0; i < 1000; i++) {
		pid_t got;

		while ((got = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (got < 0)
			break;
		nanosleep(&tick, NULL);
	}
}

int main(void)
{
	sigset_t all;
	char **argv;
	pid_t pid;
	int status = 127 << 8;

	if (getpid() != 1) {
		fprintf(stderr, "init: only process 1 can do this\n");
		return 1;
	}
	sigfillset(&all);
	sigdelset(&all, SIGCHLD);	/* by default ignored; blocked, one would stay pending */
	sigprocmask(SIG_SETMASK, &all, NULL);
	mount_all();
	open_console();
	argv = read_run();
	pid = fork();
	if (pid == 0)
		become(argv ? argv : shell);
	if (pid < 0)
		perror("init: fork");
	else
		status = reap_until(pid);
	if (argv || pid < 0 || WIFSIGNALED(status))
		report(status);
	kill_all();
	sync();
	reboot(RB_POWER_OFF);
	perror("init: power off");
	for (;;)
		pause();
}
