// SPDX-License-Identifier: GPL-2.0-only
/* The host machine's Linux: memory, output, the end, and one forked child for each seed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "arch/host/os.h"

#define PAGE	4096ul
/* Against a hang of the machine itself; what runs in it has its own limit in virtual steps. */
#define WATCHDOG_SECONDS 120

static void die(const char *what)
{
	fprintf(stderr, "thaw-host: %s: %s\n", what, strerror(errno));
	_exit(2);
}

/* Always at the same place, for what hashes addresses: the same seed is to give the same run. */
#define ARENA	((void *)0x200000000000ul)

void *os_alloc(size_t n)
{
	void *p = mmap(ARENA, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("no memory");
	madvise(p, n, MADV_HUGEPAGE);	/* if there are any: most of a short run is the host's page faults */
	return p;
}

void *os_stack_alloc(size_t n)
{
	char *p = os_alloc(n + PAGE);

	if (mprotect(p, PAGE, PROT_NONE))
		die("mprotect");
	return p + PAGE;
}

void os_write(const char *s, size_t n)
{
	while (n) {
		ssize_t k = write(STDOUT_FILENO, s, n);

		if (k <= 0)
			return;
		s += k;
		n -= (size_t)k;
	}
}

void os_exit(int status)
{
	_exit(status);
}

/* Runs one seed in a child of its own. true if it passed. */
static bool run_seed(const struct os_run *run)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		alarm(WATCHDOG_SECONDS);
		host_run(run);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("machine too slow: no verdict in %d seconds\n", WATCHDOG_SECONDS);
	else if (WIFSIGNALED(status))
		printf("the machine died of signal %d\n", WTERMSIG(status));
	printf("not ok - repeat with: thaw-host scenario=%s seed=%lu%s%s verbose", run->scenario, (unsigned long)run->seed,
	       run->oom ? " oom=" : "", run->oom ? run->oom : "");
	if (run->cpus)
		printf(" cpus=%u", run->cpus);
	printf("\n");
	return false;
}

static void usage(void)
{
	printf("thaw-host [scenario=NAME] [seed=N | seeds=A-B] [oom=NAME] [cpus=N] [verbose]\nscenarios:");
	for (unsigned i = 0; host_scenario(i); i++)
		printf(" %s", host_scenario(i));
	printf("\n");
	exit(2);
}

static uint64_t number(const char *s, char **end)
{
	uint64_t v;

	errno = 0;
	v = strtoull(s, end, 0);
	if (errno || *end == s)
		usage();
	return v;
}

static bool known(const char *name)
{
	for (unsigned i = 0; host_scenario(i); i++)
		if (!strcmp(host_scenario(i), name))
			return true;
	return false;
}

struct options {
	struct os_run run;
	uint64_t first, last;
};

static bool value_of(const char *arg, const char *name, const char **value)
{
	size_t n = strlen(name);

	if (strncmp(arg, name, n) || arg[n] != '=')
		return false;
	*value = arg + n + 1;
	return true;
}

static void parse(int argc, char **argv, struct options *o)
{
	const char *v;
	char *end;

	for (int i = 1; i < argc; i++) {
		end = "";
		if (value_of(argv[i], "scenario", &v)) {
			o->run.scenario = v;
		} else if (value_of(argv[i], "oom", &v)) {
			o->run.oom = v;
		} else if (value_of(argv[i], "cpus", &v)) {
			o->run.cpus = (unsigned)number(v, &end);
		} else if (value_of(argv[i], "seed", &v)) {
			o->first = o->last = number(v, &end);
		} else if (value_of(argv[i], "seeds", &v)) {
			o->first = number(v, &end);
			if (*end != '-')
				usage();
			o->last = number(end + 1, &end);
		} else if (!strcmp(argv[i], "verbose")) {
			o->run.verbose = true;
		} else {
			usage();
		}
		if (*end)
			usage();
	}
	if (o->run.scenario && !known(o->run.scenario))
		usage();
	if (o->last < o->first || o->run.cpus > 16)
		usage();
}

/* All seeds of one scenario; stops at the first failure. */
static bool run_scenario(struct options o, const char *name)
{
	o.run.scenario = name;
	for (o.run.seed = o.first; o.run.seed <= o.last; o.run.seed++)
		if (!run_seed(&o.run))
			return false;
	printf("ok - %s, seeds %lu to %lu\n", name, (unsigned long)o.first, (unsigned long)o.last);
	return true;
}

int main(int argc, char **argv)
{
	struct options o = { .first = 1, .last = 1 };
	bool good = true;

	parse(argc, argv, &o);
	for (unsigned i = 0; host_scenario(i); i++)
		if (!o.run.scenario || !strcmp(o.run.scenario, host_scenario(i)))
			good &= run_scenario(o, host_scenario(i));
	return good ? 0 : 1;
}
