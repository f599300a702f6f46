// SPDX-License-Identifier: GPL-2.0-only
/* POSIX threads of the C library. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static long counter;
static int ready;
static __thread int tls_value = 7;
static __thread char tls_zero[100];

static void *add(void *arg)
{
	for (long i = 0; i < (long)arg; i++) {
		pthread_mutex_lock(&m);
		counter++;
		pthread_mutex_unlock(&m);
	}
	return (void *)(counter >= (long)arg ? 1L : 0L);
}

static void test_mutex(void)
{
	pthread_t t[4];
	void *r;
	int good = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, add, (void *)20000L);
	for (int i = 0; i < 4; i++)
		if (pthread_join(t[i], &r) == 0 && r == (void *)1)
			good++;
	ok(good == 4 && counter == 80000, "four threads, one mutex: %ld", counter);
}

static void test_kinds(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t x;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&x, &a);
	ok(!pthread_mutex_lock(&x) && !pthread_mutex_lock(&x) && !pthread_mutex_unlock(&x) &&
	   !pthread_mutex_unlock(&x) && pthread_mutex_unlock(&x) == EPERM, "recursive mutex");
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&x, &a);
	ok(!pthread_mutex_lock(&x) && pthread_mutex_lock(&x) == EDEADLK &&
	   !pthread_mutex_unlock(&x) && pthread_mutex_unlock(&x) == EPERM, "errorcheck mutex");
}

static void *lock_and_die(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static void test_robust(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t *x = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0);
	pthread_t t;
	pid_t pid;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&x[0], &a);
	pthread_mutex_init(&x[1], &a);
	ok(!pthread_mutex_lock(&x[1]) && !pthread_mutex_lock(&x[0]) &&
	   !pthread_mutex_unlock(&x[1]) && !pthread_mutex_unlock(&x[0]), "robust mutexes, nested");
	pthread_create(&t, NULL, lock_and_die, &x[0]);
	pthread_join(t, NULL);
	ok(pthread_mutex_lock(&x[0]) == EOWNERDEAD, "thread died with it: EOWNERDEAD");
	ok(pthread_mutex_consistent(&x[0]) == 0 && pthread_mutex_unlock(&x[0]) == 0 &&
	   pthread_mutex_lock(&x[0]) == 0 && pthread_mutex_unlock(&x[0]) == 0, "made consistent");
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(&x[0]);
		pthread_mutex_lock(&x[1]);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	ok(pthread_mutex_trylock(&x[0]) == EOWNERDEAD, "process died with two: EOWNERDEAD");
	ok(pthread_mutex_unlock(&x[0]) == 0 && pthread_mutex_lock(&x[0]) == ENOTRECOVERABLE,
	   "unlocked inconsistent: ENOTRECOVERABLE");
	ok(pthread_mutex_lock(&x[1]) == EOWNERDEAD, "the second one too");
}

static void *wait_ready(void *arg)
{
	pthread_mutex_lock(&m);
	while (!ready)
		pthread_cond_wait(&c, &m);
	counter++;
	pthread_mutex_unlock(&m);
	return arg;
}

static void test_cond(void)
{
	struct timespec until;
	pthread_t t[3];

	counter = 0;
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, wait_ready, NULL);
	usleep(10000);
	pthread_mutex_lock(&m);
	ready = 1;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	ok(counter == 3, "broadcast wakes three");
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 5000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&m);
	ok(pthread_cond_timedwait(&c, &m, &until) == ETIMEDOUT, "timedwait times out");
	ok(pthread_mutex_trylock(&m) == EBUSY, "and holds the mutex again");
	pthread_mutex_unlock(&m);
}

static pthread_key_t key;
static int destroyed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_ran;

static void destroy(void *p)
{
	__atomic_fetch_add(&destroyed, *(int *)p, __ATOMIC_RELAXED); // three at once
}

static void run_once(void)
{
	usleep(2000);
	once_ran++;
}

static void *use_key(void *arg)
{
	pthread_once(&once, run_once);
	pthread_setspecific(key, arg);
	tls_value++;
	errno = tls_value;
	return (void *)(long)(tls_value == 8 && tls_zero[99] == 0 && errno == 8 &&
			      pthread_getspecific(key) == arg);
}

static void test_keys(void)
{
	static int five = 5;
	pthread_t t[3];
	void *r;
	long good = 0;

	pthread_key_create(&key, destroy);
	errno = 3;
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, use_key, &five);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &r);
		good += (long)r;
	}
	ok(good == 3 && tls_value == 7 && errno == 3, "TLS, errno and keys are per thread");
	ok(destroyed == 15, "destructors ran");
	ok(once_ran == 1, "once is once");
}

static sem_t sem;

static void *detached(void *arg)
{
	char big[1000];

	memset(big, (int)(long)arg, sizeof(big));
	free(malloc(100 + (size_t)(unsigned char)big[5]));
	sem_post(&sem);
	return NULL;
}

static void test_detach(void)
{
	pthread_attr_t a;
	pthread_t t;
	int rc = 0;

	sem_init(&sem, 0, 0);
	pthread_attr_init(&a);
	pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&a, 32768);
	for (long i = 0; i < 200; i++) {
		rc |= pthread_create(&t, &a, detached, (void *)i);
		sem_wait(&sem);
	}
	ok(rc == 0, "200 detached threads come and go");
	for (long i = 0; i < 100; i++) {
		rc |= pthread_create(&t, NULL, detached, (void *)i);
		if (i % 2)
			sem_wait(&sem);
		rc |= pthread_detach(t);
		if (!(i % 2))
			sem_wait(&sem);
	}
	ok(rc == 0, "100 detached before or after their end");
}

static volatile int got;

static void handler(int sig)
{
	got = sig == SIGUSR1 ? (int)(pthread_self() != 0) + gettid() : -1;
}

static void *wait_signal(void *arg)
{
	sigset_t none;

	sigemptyset(&none);
	*(int *)arg = gettid();
	sigsuspend(&none);
	return NULL;
}

static void test_signal(void)
{
	sigset_t usr1;
	pthread_t t;
	int tid = 0;

	signal(SIGUSR1, handler);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	pthread_create(&t, NULL, wait_signal, &tid);
	usleep(5000);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, NULL);
	ok(tid && got == tid + 1, "pthread_kill reaches its thread");
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
}

static void *pounder(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;
	char *p[64] = { 0 };
	long bad = 0;

	for (int i = 0; i < 20000; i++) {
		int k = rand_r(&seed) % 64;

		if (p[k]) {
			int n = p[k][0] ? strlen(p[k]) : 0;

			for (int j = 0; j < n; j++)
				bad += p[k][j] != 'a' + k % 26;
			free(p[k]);
			p[k] = NULL;
		} else {
			int n = 1 + rand_r(&seed) % 300;

			p[k] = malloc(n + 1);
			memset(p[k], 'a' + k % 26, n);
			p[k][n] = 0;
		}
	}
	for (int k = 0; k < 64; k++)
		free(p[k]);
	return (void *)bad;
}

static void test_malloc(void)
{
	pthread_t t[4];
	void *r;
	long bad = 0;

	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, pounder, (void *)(i + 1));
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &r);
		bad += (long)r;
	}
	ok(bad == 0, "malloc is safe among threads");
}

static pthread_barrier_t barrier;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static long shared_value;

static void *barrier_user(void *arg)
{
	long serial = 0;

	(void)arg;
	for (int i = 0; i < 100; i++) {
		serial += pthread_barrier_wait(&barrier) != 0;
		pthread_rwlock_wrlock(&rw);
		shared_value++;
		pthread_rwlock_unlock(&rw);
		pthread_rwlock_rdlock(&rw);
		if (shared_value < i)
			abort();
		pthread_rwlock_unlock(&rw);
	}
	return (void *)serial;
}

static void test_barrier(void)
{
	pthread_t t[3];
	void *r;
	long serial = 0;

	pthread_barrier_init(&barrier, NULL, 3);
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, barrier_user, NULL);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &r);
		serial += (long)r;
	}
	ok(serial == 100 && shared_value == 300, "barriers and rwlocks");
}

static void *last_words(void *arg)
{
	usleep(20000);
	return arg;
}

static void test_leader_exit(void)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		pthread_create(&t, NULL, last_words, NULL);
		pthread_exit(NULL);
	}
	ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
	   "leader leaves first, the last thread ends the process with 0");
}

int main(void)
{
	test_mutex();
	test_kinds();
	test_robust();
	test_cond();
	test_keys();
	test_detach();
	test_signal();
	test_malloc();
	test_barrier();
	test_leader_exit();
	return plan();
}
