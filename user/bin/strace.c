// SPDX-License-Identifier: GPL-2.0-only
/*
 * strace [-f] [-o FILE] PROGRAM [ARGUMENT]..., or -p PID: its system calls, signals and end, a line
 * each, as they come to an end; -f: its children's too. Its exit status.
 *
 * Names and arguments are by the kernel's own table. What is in memory is shown for paths alone.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL(nr, name, format) [nr] = { #name, format },
static const struct {
	const char *name, *format;
} calls[] = {
#include "kernel/syscalls.def"
};
#undef SYSCALL
#define NR_CALLS (sizeof(calls) / sizeof(calls[0]))

struct tracee {
	struct tracee *next;
	pid_t pid;
	char call[256];			/* the one it is in, or "" */
};

static struct tracee *tracees;
static FILE *out;
static bool follow;
static pid_t first;			/* whose end is ours */
static bool silent;			/* up to its exec, what is to be seen is us */

static struct tracee *find(pid_t pid)
{
	struct tracee *t;

	for (t = tracees; t; t = t->next)
		if (t->pid == pid)
			return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		errx(1, "out of memory");
	t->pid = pid;
	t->next = tracees;
	tracees = t;
	return t;
}

static void forget(struct tracee *t)
{
	struct tracee **p = &tracees;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	free(t);
}

static void begin_line(const struct tracee *t)
{
	if (follow)
		fprintf(out, "[pid %d] ", (int)t->pid);
}

/* --- a call's arguments --- */

/* A string of the tracee's, quoted; its address if there is none. */
static int show_string(pid_t pid, uint64_t at, char *buf, size_t n)
{
	char s[33];
	size_t len = 0;

	for (uint64_t word; len < sizeof(s) - 1; len += sizeof(word)) {
		if (ptrace(PTRACE_PEEKDATA, (long)pid, at + len, &word) < 0)
			return snprintf(buf, n, at ? "0x%lx" : "NULL", (unsigned long)at);
		memcpy(s + len, &word, sizeof(word));
		if (memchr(&word, 0, sizeof(word)))
			break;
	}
	s[sizeof(s) - 1] = 0;
	for (char *c = s; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '"' || *c == 127)
			*c = '?';
	return snprintf(buf, n, "\"%s\"%s", s, strlen(s) == sizeof(s) - 1 ? "..." : "");
}

static int show_arg(pid_t pid, char kind, uint64_t v, char *buf, size_t n)
{
	switch (kind) {
	case 'd':
		return snprintf(buf, n, "%d", (int)v);
	case 'u':
		return snprintf(buf, n, "%lu", (unsigned long)v);
	case 's':
		return show_string(pid, v, buf, n);
	case 'p':
		if (!v)
			return snprintf(buf, n, "NULL");
		break;
	}
	return snprintf(buf, n, "0x%lx", (unsigned long)v);
}

static void show_entry(struct tracee *t, const struct __ptrace_syscall_info *info)
{
	uint64_t nr = info->entry.nr;
	const char *format = "xxxxxx";
	size_t n = sizeof(t->call);
	int len;

	if (nr < NR_CALLS && calls[nr].name) {
		format = calls[nr].format;
		len = snprintf(t->call, n, "%s(", calls[nr].name);
	} else {
		len = snprintf(t->call, n, "syscall_%ld(", (long)nr);
	}
	for (int i = 0; format[i]; i++) {
		if (i)
			len += snprintf(t->call + len, n - (size_t)len, ", ");
		len += show_arg(t->pid, format[i], info->entry.args[i], t->call + len, n - (size_t)len);
	}
	snprintf(t->call + len, n - (size_t)len, ")");
}

static void show_exit(struct tracee *t, const struct __ptrace_syscall_info *info)
{
	long v = info->exit.rval;

	if (silent)
		return;
	begin_line(t);
	/* Of one that began before we did only the end is known. */
	fprintf(out, "%s = ", t->call[0] ? t->call : "...");
	if (!info->exit.is_error)
		fprintf(out, v >= 0 && v < 0x10000000 ? "%ld\n" : "0x%lx\n", v);
	else if (v <= -512)
		fprintf(out, "? (to be restarted)\n");
	else
		fprintf(out, "%ld (%s)\n", v, strerror((int)-v));
	t->call[0] = 0;
}

static void system_call(struct tracee *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, (long)t->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		show_entry(t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		show_exit(t, &info);
}

/* --- what a tracee can stop for --- */

static void signal_stop(struct tracee *t, int sig)
{
	siginfo_t info;

	if (silent)
		return;
	begin_line(t);
	fprintf(out, "--- signal %d (%s)", sig, strsignal(sig));
	if (ptrace(PTRACE_GETSIGINFO, (long)t->pid, 0L, &info) == 0)
		fprintf(out, ", code %d", info.si_code);
	fprintf(out, " ---\n");
}

static void group_stop(struct tracee *t, int sig)
{
	if (silent)
		return;
	begin_line(t);
	fprintf(out, "--- stopped by signal %d (%s) ---\n", sig, strsignal(sig));
}

static void go_on(struct tracee *t, long request, int sig)
{
	/* It may have been killed meanwhile: then wait will say so. */
	(void)ptrace(request, (long)t->pid, 0L, (long)sig);
}

static void stopped(struct tracee *t, int status)
{
	int sig = WSTOPSIG(status), event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		system_call(t);
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		group_stop(t, sig);
		go_on(t, PTRACE_LISTEN, 0);
		return;
	} else if (event == PTRACE_EVENT_EXEC) {
		silent = false;
	} else if (!event) {
		signal_stop(t, sig);
		go_on(t, PTRACE_SYSCALL, sig);
		return;
	}
	go_on(t, PTRACE_SYSCALL, 0);
}

static void ended(struct tracee *t, int status)
{
	silent = false;
	if (t->call[0]) {
		begin_line(t);
		fprintf(out, "%s = ?\n", t->call);
	}
	begin_line(t);
	if (WIFSIGNALED(status))
		fprintf(out, "+++ killed by signal %d (%s) +++\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		fprintf(out, "+++ exited with %d +++\n", WEXITSTATUS(status));
	forget(t);
}

/* Until there is nobody left to trace. The status of the first. */
static int watch(void)
{
	int status, its = 0;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return its;
		if (WIFSTOPPED(status)) {
			stopped(find(pid), status);
			continue;
		}
		if (pid == first)
			its = status;
		ended(find(pid), status);
	}
}

/* --- beginning --- */

static void seize(pid_t pid, long options)
{
	options |= PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	if (follow)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (ptrace(PTRACE_SEIZE, (long)pid, 0L, options) < 0)
		err(1, "process %d", (int)pid);
	first = pid;
}

/* It stops until we are there. */
static void start(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		raise(SIGSTOP);
		execvp(argv[0], argv);
		warn("%s", argv[0]);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (waitpid(pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		errx(1, "the child does not stop");
	silent = true;
	seize(pid, PTRACE_O_EXITKILL);
	kill(pid, SIGCONT);
}

static int usage(void)
{
	errx(2, "usage: strace [-f] [-o FILE] PROGRAM [ARGUMENT]..., or strace [-f] [-o FILE] -p PID");
}

int main(int argc, char **argv)
{
	pid_t pid = 0;
	int c, status;

	out = stderr;
	while ((c = getopt(argc, argv, "+fo:p:")) != -1) {
		if (c == 'f')
			follow = true;
		else if (c == 'p')
			pid = (pid_t)atoi(optarg);
		else if (c != 'o')
			usage();
		else if (!(out = fopen(optarg, "w")))
			err(1, "%s", optarg);
	}
	if ((pid == 0) == (optind == argc))
		usage();
	setvbuf(out, NULL, _IOLBF, 0);
	if (pid) {
		seize(pid, 0);
		if (ptrace(PTRACE_INTERRUPT, (long)pid, 0L, 0L) < 0)
			err(1, "process %d", (int)pid);
	} else {
		start(argv + optind);
	}
	status = watch();
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
