// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of whatever C library this is linked with: creation, joining, mutexes, conditions,
 * thread-local storage, cancellation, and a cleanup handler. Says what came of it.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS	8
#define ROUNDS	1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t ready;
static int turn, sum, cleaned;
static __thread int mine;

/* Each waits for its turn, so that there are as many wake-ups as rounds. */
static void *take_turns(void *arg)
{
	int me = (int)(long)arg;

	for (int i = 0; i < ROUNDS / THREADS; i++) {
		pthread_mutex_lock(&lock);
		while (turn != me)
			pthread_cond_wait(&turned, &lock);
		turn = (turn + 1) % THREADS;
		sum += ++mine;
		pthread_cond_broadcast(&turned);
		pthread_mutex_unlock(&lock);
	}
	return (void *)(long)mine;
}

static void clean(void *arg)
{
	cleaned = *(int *)arg;
}

static void *wait_for_ever(void *arg)
{
	pthread_cleanup_push(clean, arg);
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS], waiter;
	int answer = 42;
	long total = 0;
	void *end;

	for (long i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, take_turns, (void *)i))
			return 1;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &end);
		total += (long)end;
	}
	printf("rounds %ld, sum %d, the leader's own %d\n", total, sum, mine);
	pthread_barrier_init(&ready, NULL, 2);
	if (pthread_create(&waiter, NULL, wait_for_ever, &answer))
		return 1;
	pthread_barrier_wait(&ready);
	pthread_cancel(waiter);
	pthread_join(waiter, &end);
	printf("canceled %d, cleaned %d\n", end == PTHREAD_CANCELED, cleaned);
	return 0;
}
