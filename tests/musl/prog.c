// SPDX-License-Identifier: GPL-2.0-only
//
// A program as a user would bring it, built with another C library than ours: threads, signals,
// files, floating point. It prints what it did and exits with the number in its first argument.
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long total;
static __thread long mine;

static void *add(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		mine++;
		pthread_mutex_lock(&mutex);
		total += (long)arg;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)mine;
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

int main(int argc, char **argv)
{
	pthread_t thread[4];
	void *did;

	for (int i = 1; i < argc; i++)
		printf("arg %d [%s]\n", i, argv[i]);
	for (long i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL, add, (void *)(i + 1)))
			return 101;
	for (int i = 0; i < 4; i++) {
		pthread_join(thread[i], &did);
		if ((long)did != 1000)
			return 102;
	}
	printf("threads %ld\n", total);

	struct sigaction act = {.sa_handler = on_signal};

	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	printf("signal %s\n", caught == SIGUSR1 ? "ok" : "lost");

	char line[64] = "";
	FILE *f = fopen("/tmp/prog.txt", "w+");

	if (!f)
		return 103;
	fprintf(f, "%.6f\n", sqrt(2.0) * 1e3);
	rewind(f);
	fgets(line, sizeof line, f);
	fclose(f);
	unlink("/tmp/prog.txt");
	printf("file %s", line);
	printf("float %.3f %Lg\n", atan(1.0) * 4, 1.0L / 3);
	printf("input %s\n", fgets(line, sizeof line, stdin) ? "something" : "end of file");
	if (argc > 1 && !strcmp(argv[1], "crash"))
		*(volatile int *)(argc == 1000 ? argv : NULL) = 1;
	return argc > 1 ? atoi(argv[1]) : 0;
}
