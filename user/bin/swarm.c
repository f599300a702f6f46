// SPDX-License-Identifier: GPL-2.0-only
/*
 * swarm N [threads|processes] [sleep|spin] [SECONDS]: have N threads or processes do nothing,
 * asleep or busily, until SECONDS have passed (default: until killed).
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int spin;
static long seconds = -1;
static struct timespec start;

static long passed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start.tv_sec - (now.tv_nsec < start.tv_nsec);
}

static void *be(void *arg)
{
	while (seconds < 0 || passed() < seconds) {
		if (spin)
			for (volatile int i = 0; i < 100000; i++)
				;
		else
			usleep(100000);
	}
	return arg;
}

/* Both return how many could be started. */
static int swarm_of_threads(int n, pthread_t *t)
{
	pthread_attr_t attr;
	int i, rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
	for (i = 0; i < n; i++) {
		rc = pthread_create(&t[i], &attr, be, NULL);
		if (rc) {
			warnx("thread %d: %s", i, strerror(rc));
			break;
		}
	}
	return i;
}

static int swarm_of_processes(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			be(NULL);
			_exit(0);
		}
		if (pid < 0) {
			warn("process %d", i);
			break;
		}
	}
	return i;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, processes = 0, started;
	pthread_t *t;

	if (n <= 0 || !(t = calloc((size_t)n, sizeof(*t))))
		errx(2, "usage: swarm N [threads|processes] [sleep|spin] [SECONDS]");
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "processes"))
			processes = 1;
		else if (!strcmp(argv[i], "spin"))
			spin = 1;
		else if (strcmp(argv[i], "threads") && strcmp(argv[i], "sleep"))
			seconds = atol(argv[i]);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	printf("swarm %d: %d %s, %s\n", getpid(), n, processes ? "processes" : "threads",
	       spin ? "spinning" : "sleeping");
	fflush(stdout);
	started = processes ? swarm_of_processes(n) : swarm_of_threads(n, t);
	for (int i = 0; i < started; i++) {
		if (processes)
			wait(NULL);
		else
			pthread_join(t[i], NULL);
	}
	printf("swarm %d: all %d ended\n", getpid(), started);
	return started == n ? 0 : 1;
}
