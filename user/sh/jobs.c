// SPDX-License-Identifier: GPL-2.0-only
/*
 * sh, jobs: which processes make one, what has become of them, and who has the terminal.
 *
 * The first in the list is the current job.  A job in the background stays known until somebody
 * has been told of its end: by `wait`, by `jobs`, or at the prompt.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/sh/sh.h"

enum state { RUNNING, STOPPED, DONE };

struct process {
	pid_t pid;
	int status;
	enum state state;
};

struct job {
	struct job *next;
	int id, n;
	pid_t pgrp;
	bool changed;			/* since somebody was told */
	char *name;
	struct process p[];
};

pid_t last_back;
static struct job *jobs;

int decode(int st)
{
	if (WIFSIGNALED(st))
		return 128 + WTERMSIG(st);
	if (WIFSTOPPED(st))
		return 128 + WSTOPSIG(st);
	return WEXITSTATUS(st);
}

struct job *job_new(int processes, const char *name)
{
	struct job *j = calloc(1, sizeof(*j) + (size_t)processes * sizeof(j->p[0]));
	int id = 1;

	if (!j)
		die("out of memory");
	for (struct job *k = jobs; k; k = k->next)
		if (k->id >= id)
			id = k->id + 1;
	j->id = id;
	j->name = keep(name, strlen(name) + 1);
	j->next = jobs;
	jobs = j;
	return j;
}

static void unlink_job(struct job *j)
{
	struct job **p = &jobs;

	while (*p != j)
		p = &(*p)->next;
	*p = j->next;
}

void job_drop(struct job *j)
{
	unlink_job(j);
	free(j->name);
	free(j);
}

void subshell(void)
{
	while (jobs)
		job_drop(jobs);
	traps_reset();
	interactive = false;
}

/* In a new child: its process group, the terminal, signals as a program expects them. */
static void child_setup(pid_t pgrp, enum ground where)
{
	bool was_interactive = interactive;

	subshell();
	if (was_interactive) {
		pid_t me = getpid();

		setpgid(0, pgrp ? pgrp : me);
		if (where == FOREGROUND)
			tcsetpgrp(0, pgrp ? pgrp : me);
		signal(SIGTSTP, SIG_DFL);
		signal(SIGTTIN, SIG_DFL);
		signal(SIGTTOU, SIG_DFL);
	} else if (where == BACKGROUND) {
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
	}
}

/* One more process of the job: as fork, but the child is set up. */
pid_t job_fork(struct job *j, enum ground where)
{
	pid_t pid, pgrp = j->pgrp;
	sigset_t all, was;

	fflush(stdout);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &was);	/* our handlers must not eat the child's signals */
	pid = fork();
	if (pid == 0) {
		child_setup(pgrp, where);
		sigprocmask(SIG_SETMASK, &was, NULL);
		return 0;
	}
	sigprocmask(SIG_SETMASK, &was, NULL);
	if (pid < 0) {
		fprintf(stderr, "sh: fork: %s\n", strerror(errno));
		return pid;
	}
	if (!j->n)
		j->pgrp = pid;
	j->p[j->n++].pid = pid;
	if (interactive) {
		setpgid(pid, j->pgrp);
		if (where == FOREGROUND)
			tcsetpgrp(0, j->pgrp);
	}
	return pid;
}

static enum state state_of(const struct job *j)
{
	enum state all = DONE;

	for (int i = 0; i < j->n; i++) {
		if (j->p[i].state == RUNNING)
			return RUNNING;
		if (j->p[i].state == STOPPED)
			all = STOPPED;
	}
	return all;
}

static int status_of(const struct job *j)
{
	return j->n ? j->p[j->n - 1].status : 0;
}

static void note(pid_t pid, int st)
{
	for (struct job *j = jobs; j; j = j->next) {
		for (int i = 0; i < j->n; i++) {
			if (j->p[i].pid != pid || j->p[i].state == DONE)
				continue;
			j->p[i].state = WIFSTOPPED(st) ? STOPPED : WIFCONTINUED(st) ? RUNNING : DONE;
			j->p[i].status = st;
			j->changed = true;
			return;
		}
	}
}

static void show(struct job *j, FILE *to)
{
	int st = status_of(j);
	char what[40];

	if (state_of(j) == RUNNING)
		strcpy(what, "Running");
	else if (state_of(j) == STOPPED)
		strcpy(what, "Stopped");
	else if (WIFSIGNALED(st))
		snprintf(what, sizeof(what), "%s", strsignal(WTERMSIG(st)));
	else if (WEXITSTATUS(st))
		snprintf(what, sizeof(what), "Done(%d)", WEXITSTATUS(st));
	else
		strcpy(what, "Done");
	fprintf(to, "[%d] %c %-23s %s\n", j->id, j == jobs ? '+' : j == jobs->next ? '-' : ' ', what,
		j->name);
	fflush(to);
	j->changed = false;
}

/* Wait for a job in the foreground, to its end or stop; its status is ours. */
void job_wait(struct job *j)
{
	int st;

	if (interactive && interrupted)		/* ^C before the job had the terminal */
		kill(-j->pgrp, SIGINT);
	while (state_of(j) == RUNNING) {
		pid_t got = waitpid(-1, &st, interactive ? WUNTRACED : 0);

		if (got > 0)
			note(got, st);
		else if (got < 0 && errno != EINTR)
			break;
	}
	st = status_of(j);
	status = decode(st);
	if (interactive)
		tcsetpgrp(0, getpgrp());
	if (state_of(j) == STOPPED) {
		for (int i = 0; i < j->n; i++)
			if (j->p[i].state == STOPPED)
				status = decode(j->p[i].status);
		putchar('\n');
		show(j, stdout);
		return;
	}
	if (WIFSIGNALED(st) && WTERMSIG(st) == SIGINT) {
		if (interactive)
			interrupted = 1;
	} else if (WIFSIGNALED(st) && WTERMSIG(st) != SIGPIPE) {
		fprintf(stderr, "%s\n", strsignal(WTERMSIG(st)));
	}
	job_drop(j);
}

void job_background(struct job *j)
{
	last_back = j->p[j->n - 1].pid;
	if (interactive)
		fprintf(stderr, "[%d] %d\n", j->id, (int)last_back);
	status = 0;
}

static void look_around(void)
{
	pid_t got;
	int st;

	while ((got = waitpid(-1, &st, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
		note(got, st);
}

/* Before a prompt: what has ended or stopped. */
void jobs_report(void)
{
	struct job *next;

	look_around();
	for (struct job *j = jobs; j; j = next) {
		next = j->next;
		if (j->changed && state_of(j) != RUNNING)
			show(j, stdout);
		if (state_of(j) == DONE)
			job_drop(j);
	}
}

/* Until a child changes; false if a signal came first or there is no child. */
static bool wait_change(void)
{
	sigset_t all, was;
	bool changed = false;
	int st;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &was);
	while (!trap_pending()) {
		pid_t got = waitpid(-1, &st, WNOHANG | (interactive ? WUNTRACED : 0));

		if (got > 0) {
			note(got, st);
			changed = true;
			break;
		}
		if (got < 0)
			break;
		sigsuspend(&was);	/* SIGCHLD has a handler */
	}
	sigprocmask(SIG_SETMASK, &was, NULL);
	return changed;
}

/* %N, %%, %+, %-, %start of the name; NULL if there is none. */
static struct job *find_job(const char *spec)
{
	char *end;
	long n;

	if (*spec != '%' || !spec[1] || !strcmp(spec, "%%") || !strcmp(spec, "%+"))
		return *spec == '%' ? jobs : NULL;
	if (!strcmp(spec, "%-"))
		return jobs && jobs->next ? jobs->next : jobs;
	n = strtol(spec + 1, &end, 10);
	for (struct job *j = jobs; j; j = j->next)
		if (*end ? !strncmp(j->name, spec + 1, strlen(spec + 1)) : j->id == n)
			return j;
	return NULL;
}

static bool whole_number(const char *s, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(s, &end, 10);
	return end != s && !*end && !errno && *n == (int)*n &&
	       (isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1])));
}

int b_jobs(char **v)
{
	struct job *next;
	bool pids = v[1] && !strcmp(v[1], "-p");

	look_around();
	for (struct job *j = jobs; j; j = next) {
		next = j->next;
		if (pids)
			printf("%d\n", (int)j->pgrp);
		else
			show(j, stdout);
		if (!pids && state_of(j) == DONE)
			job_drop(j);
	}
	return 0;
}

static struct job *named_or_current(char **v)
{
	struct job *j = find_job(v[1] ? v[1] : "%%");
	long n;

	look_around();
	if (!j && v[1] && isdigit((unsigned char)*v[1]) && whole_number(v[1], &n))
		for (j = jobs; j && j->id != n; j = j->next)
			;
	if (!j || state_of(j) == DONE) {
		fprintf(stderr, "%s: %s: No such job\n", v[0], v[1] ? v[1] : "current");
		return NULL;
	}
	unlink_job(j);
	j->next = jobs;
	jobs = j;
	return j;
}

static void job_continue(struct job *j)
{
	for (int i = 0; i < j->n; i++)
		if (j->p[i].state == STOPPED)
			j->p[i].state = RUNNING;
	j->changed = false;
	if (interactive)
		kill(-j->pgrp, SIGCONT);
	else
		for (int i = 0; i < j->n; i++)
			if (j->p[i].state != DONE)
				kill(j->p[i].pid, SIGCONT);
}

int b_fg(char **v)
{
	struct job *j = named_or_current(v);

	if (!j)
		return 2;
	if (interactive)
		tcsetpgrp(0, j->pgrp);
	job_continue(j);
	printf("%s\n", j->name);	/* who reads this may type ^Z: it must not come before the SIGCONT */
	fflush(stdout);
	job_wait(j);
	return status;
}

int b_bg(char **v)
{
	struct job *j = named_or_current(v);

	if (!j)
		return 2;
	printf("[%d] %s\n", j->id, j->name);
	job_continue(j);
	return 0;
}

static int interrupted_wait(void)
{
	return 128 + trap_pending_signal();
}

static int wait_for(const char *spec)
{
	struct job *j = find_job(spec);
	long pid;
	int st;

	if (*spec != '%') {
		if (!whole_number(spec, &pid)) {
			fprintf(stderr, "wait: Illegal number: %s\n", spec);
			return 2;
		}
		for (j = jobs; j; j = j->next) {
			int i = 0;

			while (i < j->n && j->p[i].pid != pid)
				i++;
			if (i < j->n)
				break;
		}
	}
	if (!j)
		return 127;
	while (state_of(j) == RUNNING)
		if (!wait_change())
			return trap_pending() ? interrupted_wait() : 127;
	st = status_of(j);
	if (state_of(j) == DONE)
		job_drop(j);
	return decode(st);
}

int b_wait(char **v)
{
	int rc = 0;

	for (v++; *v; v++) {
		rc = wait_for(*v);
		if (trap_pending())
			return rc;
		if (!v[1])
			return rc;
	}
	for (struct job *j = jobs, *next; j; j = next) {
		while (state_of(j) == RUNNING)
			if (!wait_change())
				return trap_pending() ? interrupted_wait() : 0;
		next = j->next;
		if (state_of(j) == DONE)
			job_drop(j);
	}
	return 0;
}

static int kill_job(struct job *j, int sig)
{
	int rc = 0;

	for (int i = 0; i < j->n; i++)		/* what ends a stop: `wait` must not see it any more */
		if (j->p[i].state == STOPPED && (sig == SIGKILL || sig == SIGCONT))
			j->p[i].state = RUNNING;
	if (interactive)
		return kill(-j->pgrp, sig);
	for (int i = 0; i < j->n; i++)
		if (j->p[i].state != DONE)
			rc |= kill(j->p[i].pid, sig);
	return rc;
}

static int kill_one(const char *spec, int sig)
{
	struct job *j = find_job(spec);
	long pid;

	look_around();
	if (*spec == '%') {
		if (!j || state_of(j) == DONE) {
			fprintf(stderr, "kill: %s: No such job\n", spec);
			return 1;
		}
		if (kill_job(j, sig) == 0)
			return 0;
	} else if (!whole_number(spec, &pid)) {
		fprintf(stderr, "kill: Illegal number: %s\n", spec);
		return 2;
	} else if (kill((pid_t)pid, sig) == 0) {
		return 0;
	}
	fprintf(stderr, "kill: %s: %s\n", spec, strerror(errno));
	return 1;
}

static int list_signals(const char *which)
{
	long n;

	if (which) {
		if (!whole_number(which, &n) || !signal_name((int)(n > 128 ? n - 128 : n))) {
			fprintf(stderr, "kill: %s: bad signal\n", which);
			return 2;
		}
		puts(signal_name((int)(n > 128 ? n - 128 : n)));
		return 0;
	}
	for (int i = 1; i < 32; i++)
		if (signal_name(i))
			puts(signal_name(i));
	return 0;
}

int b_kill(char **v)
{
	int sig = SIGTERM, rc = 0;

	v++;
	if (*v && !strcmp(*v, "-l"))
		return list_signals(v[1]);
	if (*v && **v == '-' && (*v)[1] && strcmp(*v, "--")) {
		if (!strcmp(*v, "-s") && v[1])
			sig = signal_number(*++v);
		else
			sig = signal_number(*v + 1);
		if (sig < 0) {
			fprintf(stderr, "kill: %s: bad signal\n", *v);
			return 2;
		}
		v++;
	}
	if (*v && !strcmp(*v, "--"))
		v++;
	if (!*v) {
		fprintf(stderr, "usage: kill [-s SIGNAL | -SIGNAL] PID|%%JOB...  or  kill -l\n");
		return 2;
	}
	for (; *v; v++) {
		int one = kill_one(*v, sig);

		rc = one ? one : rc;
	}
	return rc;
}
