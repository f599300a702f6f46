// SPDX-License-Identifier: GPL-2.0-only
/* POSIX threads: their life, their keys and attributes.  Mutexes and their like are in sync.c. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "user/lib/sys.h"
#include "user/lib/thread.h"

#define PAGE		4096UL
#define DEFAULT_STACK	(256 * 1024)
#define ALL_SIGNALS	(~0UL)

static size_t pages(size_t n)
{
	return (n + PAGE - 1) & -PAGE;
}

static unsigned long block_signals(void)
{
	unsigned long all = ALL_SIGNALS, old = 0;

	sys4(__NR_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&old, sizeof(all));
	return old;
}

static void restore_signals(unsigned long old)
{
	sys4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof(old));
}

/* ---- keys ---- */

static int keys_lock;
static char key_used[PTHREAD_KEYS_MAX];
static void (*key_destructor[PTHREAD_KEYS_MAX])(void *);

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	int rc = EAGAIN;

	__futex_lock(&keys_lock);
	for (pthread_key_t k = 0; k < PTHREAD_KEYS_MAX; k++) {
		if (key_used[k])
			continue;
		key_used[k] = 1;
		key_destructor[k] = destructor;
		*key = k;
		rc = 0;
		break;
	}
	__futex_unlock(&keys_lock);
	return rc;
}

/* LINUX: values that other threads left under the key stay; a new key of this number sees them. */
int pthread_key_delete(pthread_key_t key)
{
	if (key >= PTHREAD_KEYS_MAX || !key_used[key])
		return EINVAL;
	__futex_lock(&keys_lock);
	key_used[key] = 0;
	key_destructor[key] = NULL;
	__futex_unlock(&keys_lock);
	thread_self()->specific[key] = NULL;
	return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
	return key < PTHREAD_KEYS_MAX ? thread_self()->specific[key] : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (key >= PTHREAD_KEYS_MAX || !key_used[key])
		return EINVAL;
	thread_self()->specific[key] = (void *)value;
	return 0;
}

static void run_destructors(struct pthread *self)
{
	int again = 1;

	for (int round = 0; again && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++) {
		again = 0;
		for (int k = 0; k < PTHREAD_KEYS_MAX; k++) {
			void *value = self->specific[k];

			if (!value || !key_destructor[k])
				continue;
			self->specific[k] = NULL;
			key_destructor[k](value);
			again = 1;
		}
	}
}

int pthread_once(pthread_once_t *once, void (*fn)(void))
{
	/* 0 not run, 1 running, 2 done, 3 running and somebody waits */
	for (;;) {
		int seen = 0;

		if (__atomic_compare_exchange_n(once, &seen, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_ACQUIRE)) {
			fn();
			if (__atomic_exchange_n(once, 2, __ATOMIC_RELEASE) == 3)
				__futex_wake(once, 0x7fffffff, 0);
			return 0;
		}
		if (seen == 2)
			return 0;
		if (seen == 1 && !__atomic_compare_exchange_n(once, &seen, 3, 0, __ATOMIC_RELAXED,
							      __ATOMIC_RELAXED))
			continue;
		__futex_wait(once, 3, 0, 0, NULL);
	}
}

/* ---- life ---- */

static void thread_free(struct pthread *t)
{
	if (t->map)
		munmap(t->map, t->map_size);
}

/*
 * The last thread to come here ends the process; the first thread's stack is not ours to free.
 * From the mark EXITED on a joiner waits for `alive`, which the kernel clears when the stack is
 * no longer in use.  A detached thread must tell the kernel not to: the memory it would clear may
 * be somebody else's by then.
 */
void pthread_exit(void *value)
{
	struct pthread *self = thread_self();
	unsigned long old;

	self->result = value;
	run_destructors(self);
	old = block_signals();
	if (__atomic_fetch_sub(&__thread_count, 1, __ATOMIC_ACQ_REL) == 1) {
		__thread_count = 1;
		restore_signals(old);
		exit(0);
	}
	if (self->map) {
		/* the streams belong to all threads; only this one's scratch memory goes */
		self->reent->__cleanup = NULL;
		_reclaim_reent(self->reent);
	}
	if (__atomic_exchange_n(&self->state, THREAD_EXITED, __ATOMIC_ACQ_REL) ==
	    THREAD_DETACHED && self->map) {
		if (self->robust_known)
			sys2(__NR_set_robust_list, 0, sizeof(struct robust_list_head));
		sys1(__NR_set_tid_address, 0);
		__unmap_and_exit(self->map, self->map_size);
	}
	for (;;)
		sys1(__NR_exit, 0);
}

static int thread_main(void *arg)
{
	struct pthread *self = arg;

	pthread_exit(self->fn(self->arg));
}

int pthread_create(pthread_t *__restrict thread, const pthread_attr_t *__restrict attr,
		   void *(*fn)(void *), void *__restrict arg)
{
	size_t guard = pages(attr ? attr->__guard_size : PAGE);
	size_t size = attr ? attr->__stack_size : DEFAULT_STACK;
	char *map = NULL, *top;
	struct pthread *t;
	long tid;

	if (attr && attr->__stack) {
		top = (char *)attr->__stack + size;
	} else {
		size = pages(size + __tls_size()) + guard;
		map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
		if (map == MAP_FAILED)
			return EAGAIN;
		if (guard && mprotect(map, guard, PROT_NONE) != 0) {
			munmap(map, size);
			return EAGAIN;
		}
		top = map + size;
	}
	t = __tls_make(top);
	t->canary = thread_self()->canary;
	t->reent = &t->reent_store;
	_REENT_INIT_PTR(t->reent);
	t->alive = 1;
	t->state = attr ? attr->__detached : THREAD_JOINABLE;
	t->map = map;
	t->map_size = size;
	t->fn = fn;
	t->arg = arg;
	__atomic_fetch_add(&__thread_count, 1, __ATOMIC_RELAXED);
	/*
	 * a detached thread may be gone, and t with it, before clone returns: say who it is first
	 */
	*thread = (pthread_t)t;
	tid = __clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		      CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
		      (char *)t - (__tls_size() - sizeof(*t)), &t->tid, &t->alive, t, thread_main,
		      t);
	if (tid < 0) {
		__atomic_fetch_sub(&__thread_count, 1, __ATOMIC_RELAXED);
		if (map)
			munmap(map, size);
		return (int)-tid;
	}
	return 0;
}

static void wait_dead(struct pthread *t)
{
	int alive;

	while ((alive = __atomic_load_n(&t->alive, __ATOMIC_ACQUIRE)) != 0)
		__futex_wait(&t->alive, alive, 1, 0, NULL);
}

int pthread_join(pthread_t thread, void **value)
{
	struct pthread *t = (struct pthread *)thread;

	if (t == thread_self())
		return EDEADLK;
	if (__atomic_load_n(&t->state, __ATOMIC_RELAXED) == THREAD_DETACHED)
		return EINVAL;
	wait_dead(t);
	if (value)
		*value = t->result;
	thread_free(t);
	return 0;
}

int pthread_tryjoin_np(pthread_t thread, void **value)
{
	if (__atomic_load_n(&((struct pthread *)thread)->alive, __ATOMIC_ACQUIRE) != 0)
		return EBUSY;
	return pthread_join(thread, value);
}

int pthread_detach(pthread_t thread)
{
	struct pthread *t = (struct pthread *)thread;
	int seen = THREAD_JOINABLE;

	if (__atomic_compare_exchange_n(&t->state, &seen, THREAD_DETACHED, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		return 0;
	if (seen == THREAD_DETACHED)
		return EINVAL;
	wait_dead(t);
	thread_free(t);
	return 0;
}

pthread_t pthread_self(void)
{
	return (pthread_t)thread_self();
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

int pthread_kill(pthread_t thread, int sig)
{
	struct pthread *t = (struct pthread *)thread;

	if (!__atomic_load_n(&t->alive, __ATOMIC_RELAXED))
		return (unsigned int)sig > 64 ? EINVAL : 0;
	return (int)-sys3(__NR_tgkill, sys0(__NR_getpid), t->tid, sig);
}

int pthread_setname_np(pthread_t thread, const char *name)
{
	if ((struct pthread *)thread != thread_self())
		return ENOSYS;
	if (strlen(name) > 15)
		return ERANGE;
	return (int)-sys2(__NR_prctl, PR_SET_NAME, (long)name);
}

int pthread_getcpuclockid(pthread_t thread, clockid_t *clock)
{
	/* how the kernel encodes "CPU time of thread tid" */
	*clock = (~((struct pthread *)thread)->tid << 3) | 4 | 2;
	return 0;
}

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set)
{
	return (int)-sys3(__NR_sched_setaffinity, ((struct pthread *)thread)->tid, (long)size,
			  (long)set);
}

int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set)
{
	long r = sys3(__NR_sched_getaffinity, ((struct pthread *)thread)->tid, (long)size,
		      (long)set);

	return r < 0 ? (int)-r : 0;
}

/* ---- fork ---- */

#define ATFORK_MAX 8

static int atfork_lock;
static int atfork_count;
static void (*atfork_fn[ATFORK_MAX][3])(void);

int pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	int rc = ENOMEM;

	__futex_lock(&atfork_lock);
	if (atfork_count < ATFORK_MAX) {
		atfork_fn[atfork_count][ATFORK_PREPARE] = prepare;
		atfork_fn[atfork_count][ATFORK_PARENT] = parent;
		atfork_fn[atfork_count][ATFORK_CHILD] = child;
		atfork_count++;
		rc = 0;
	}
	__futex_unlock(&atfork_lock);
	return rc;
}

void __run_atfork(int when)
{
	for (int i = 0; i < atfork_count; i++) {
		int n = when == ATFORK_PREPARE ? atfork_count - 1 - i : i;

		if (atfork_fn[n][when])
			atfork_fn[n][when]();
	}
}

/* ---- attributes ---- */

int pthread_attr_init(pthread_attr_t *attr)
{
	*attr = (pthread_attr_t){ .__stack_size = DEFAULT_STACK, .__guard_size = PAGE };
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
		return EINVAL;
	attr->__detached = state;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *state)
{
	*state = attr->__detached;
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t size)
{
	if (size < PTHREAD_STACK_MIN)
		return EINVAL;
	attr->__stack_size = size;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->__stack_size;
	return 0;
}

int pthread_attr_setguardsize(pthread_attr_t *attr, size_t size)
{
	attr->__guard_size = size;
	return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *attr, size_t *size)
{
	*size = attr->__guard_size;
	return 0;
}

int pthread_attr_setstack(pthread_attr_t *attr, void *stack, size_t size)
{
	if (size < PTHREAD_STACK_MIN)
		return EINVAL;
	attr->__stack = stack;
	attr->__stack_size = size;
	return 0;
}
