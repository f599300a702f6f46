// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mutexes, condition variables, rwlocks, barriers, spinlocks and semaphores on futexes.
 *
 * A plain mutex's word: 0 free, 1 held, 2 held and somebody waits; owner and count make the
 * recursive and the checking kinds.  A robust mutex's word is the kernel's: owner's tid, with
 * FUTEX_WAITERS and FUTEX_OWNER_DIED, and the mutex is on its owner's list, which the kernel walks
 * when the owner dies.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <semaphore.h>
#include <stddef.h>

#include "user/lib/sys.h"
#include "user/lib/thread.h"

#define KIND_TYPE	3		/* PTHREAD_MUTEX_* */
#define KIND_ROBUST	4
#define KIND_SHARED	8

/* __owner of a robust mutex whose owner died, until pthread_mutex_consistent */
#define INCONSISTENT	(-1)
/* word of one that was unlocked without it: nobody's tid */
#define UNRECOVERABLE	FUTEX_TID_MASK

static int cas(int *word, int *seen, int want)
{
	return __atomic_compare_exchange_n(word, seen, want, 0, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static int load(int *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* ---- robust mutexes ---- */

static struct robust_list *node(pthread_mutex_t *m)
{
	return (struct robust_list *)(void *)&m->__next;
}

static pthread_mutex_t *mutex_of(void *entry)
{
	return (pthread_mutex_t *)((char *)entry - offsetof(pthread_mutex_t, __next));
}

/* From here until robust_done the kernel treats m as ours if its word says so. */
static void robust_begin(struct pthread *self, pthread_mutex_t *m)
{
	if (!self->robust_known) {
		self->robust.futex_offset = (long)offsetof(pthread_mutex_t, __word) -
					    (long)offsetof(pthread_mutex_t, __next);
		sys2(__NR_set_robust_list, (long)&self->robust, sizeof(self->robust));
		self->robust_known = 1;
	}
	self->robust.list_op_pending = node(m);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void robust_done(struct pthread *self)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self->robust.list_op_pending = NULL;
}

static void robust_add(struct pthread *self, pthread_mutex_t *m)
{
	struct robust_list *first = self->robust.list.next;

	m->__next = first;
	m->__prev = &self->robust.list;
	if (first != &self->robust.list)
		mutex_of(first)->__prev = node(m);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	self->robust.list.next = node(m);
}

static void robust_remove(struct pthread *self, pthread_mutex_t *m)
{
	struct robust_list *next = m->__next, *prev = m->__prev;

	prev->next = next;
	if (next != &self->robust.list)
		mutex_of(next)->__prev = prev;
}

/* Returns 0, EOWNERDEAD (held), or what the caller is to return. */
static int robust_take(struct pthread *self, pthread_mutex_t *m, int try,
		       const struct timespec *until)
{
	int waiters = 0;

	for (;;) {
		int seen = load(&m->__word);
		int tid = seen & FUTEX_TID_MASK;

		if (tid == UNRECOVERABLE)
			return ENOTRECOVERABLE;
		if (tid == 0) {
			int want = self->tid | (seen & (int)FUTEX_WAITERS) | waiters;

			if (!cas(&m->__word, &seen, want))
				continue;
			return seen & FUTEX_OWNER_DIED || m->__owner == INCONSISTENT ?
			       EOWNERDEAD : 0;
		}
		if (try)
			return EBUSY;
		if (!(seen & (int)FUTEX_WAITERS) && !cas(&m->__word, &seen,
							 seen | (int)FUTEX_WAITERS))
			continue;
		waiters = (int)FUTEX_WAITERS;
		if (__futex_wait(&m->__word, seen | (int)FUTEX_WAITERS, 1, CLOCK_REALTIME,
				 until) == -ETIMEDOUT)
			return ETIMEDOUT;
	}
}

static int robust_lock(pthread_mutex_t *m, int try, const struct timespec *until)
{
	struct pthread *self = thread_self();
	int rc;

	robust_begin(self, m);
	rc = robust_take(self, m, try, until);
	if (rc == 0 || rc == EOWNERDEAD) {
		m->__count = 0;
		m->__owner = rc ? INCONSISTENT : self->tid;
		robust_add(self, m);
	}
	robust_done(self);
	return rc;
}

static void robust_unlock(pthread_mutex_t *m)
{
	struct pthread *self = thread_self();
	int word = m->__owner == INCONSISTENT ? UNRECOVERABLE : 0;
	int seen;

	robust_begin(self, m);
	robust_remove(self, m);
	m->__owner = 0;
	seen = __atomic_exchange_n(&m->__word, word, __ATOMIC_RELEASE);
	robust_done(self);
	if (seen & (int)FUTEX_WAITERS)
		__futex_wake(&m->__word, word ? INT_MAX : 1, 1);
}

int pthread_mutex_consistent(pthread_mutex_t *m)
{
	struct pthread *self = thread_self();

	if (!(m->__kind & KIND_ROBUST) || m->__owner != INCONSISTENT ||
	    (load(&m->__word) & FUTEX_TID_MASK) != self->tid)
		return EINVAL;
	m->__owner = self->tid;
	return 0;
}

/* ---- mutexes ---- */

static int mine(pthread_mutex_t *m)
{
	int tid = thread_self()->tid;

	if (m->__kind & KIND_ROBUST)
		return (load(&m->__word) & FUTEX_TID_MASK) == tid;
	return load(&m->__owner) == tid;
}

static int plain_lock(pthread_mutex_t *m, int try, const struct timespec *until)
{
	int shared = m->__kind & KIND_SHARED;
	int seen = 0;

	if (cas(&m->__word, &seen, 1))
		return 0;
	if (try)
		return EBUSY;
	while (__atomic_exchange_n(&m->__word, 2, __ATOMIC_ACQUIRE) != 0)
		if (__futex_wait(&m->__word, 2, shared, CLOCK_REALTIME, until) == -ETIMEDOUT)
			return ETIMEDOUT;
	return 0;
}

static int lock(pthread_mutex_t *m, int try, const struct timespec *until)
{
	int type = m->__kind & KIND_TYPE;
	int rc;

	if (type != PTHREAD_MUTEX_NORMAL && mine(m)) {
		if (type == PTHREAD_MUTEX_ERRORCHECK)
			return try ? EBUSY : EDEADLK;
		if (m->__count == UINT_MAX)
			return EAGAIN;
		m->__count++;
		return 0;
	}
	if (m->__kind & KIND_ROBUST)
		return robust_lock(m, try, until);
	rc = plain_lock(m, try, until);
	if (rc == 0)
		__atomic_store_n(&m->__owner, thread_self()->tid, __ATOMIC_RELAXED);
	return rc;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	return lock(m, 0, NULL);
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	return lock(m, 1, NULL);
}

int pthread_mutex_timedlock(pthread_mutex_t *__restrict m, const struct timespec *__restrict until)
{
	return lock(m, 0, until);
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (((m->__kind & KIND_TYPE) != PTHREAD_MUTEX_NORMAL || m->__kind & KIND_ROBUST) &&
	    !mine(m))
		return EPERM;
	if (m->__count) {
		m->__count--;
		return 0;
	}
	if (m->__kind & KIND_ROBUST) {
		robust_unlock(m);
		return 0;
	}
	__atomic_store_n(&m->__owner, 0, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&m->__word, 0, __ATOMIC_RELEASE) == 2)
		__futex_wake(&m->__word, 1, m->__kind & KIND_SHARED);
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *__restrict m, const pthread_mutexattr_t *__restrict attr)
{
	*m = (pthread_mutex_t){ .__kind = attr ? attr->__kind : 0 };
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *m)
{
	int word = load(&m->__word);

	return word && word != UNRECOVERABLE ? EBUSY : 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	attr->__kind = 0;
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int type)
{
	if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
		return EINVAL;
	attr->__kind = (attr->__kind & ~KIND_TYPE) | type;
	return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *__restrict attr, int *__restrict type)
{
	*type = attr->__kind & KIND_TYPE;
	return 0;
}

int pthread_mutexattr_setrobust(pthread_mutexattr_t *attr, int robust)
{
	if (robust & ~1)
		return EINVAL;
	attr->__kind = (attr->__kind & ~KIND_ROBUST) | (robust ? KIND_ROBUST : 0);
	return 0;
}

int pthread_mutexattr_setpshared(pthread_mutexattr_t *attr, int shared)
{
	if (shared & ~1)
		return EINVAL;
	attr->__kind = (attr->__kind & ~KIND_SHARED) | (shared ? KIND_SHARED : 0);
	return 0;
}

/* ---- condition variables: a wait ends when the sequence number has moved ---- */

int pthread_cond_init(pthread_cond_t *__restrict c, const pthread_condattr_t *__restrict attr)
{
	*c = (pthread_cond_t){ 0 };
	if (attr) {
		c->__clock = attr->__clock;
		c->__shared = attr->__shared;
	}
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *c)
{
	(void)c;
	return 0;
}

int pthread_cond_timedwait(pthread_cond_t *__restrict c, pthread_mutex_t *__restrict m,
			   const struct timespec *__restrict until)
{
	int seq, rc, again;

	if (until && (unsigned long)until->tv_nsec >= 1000000000UL)
		return EINVAL;
	__atomic_fetch_add(&c->__waiters, 1, __ATOMIC_SEQ_CST);
	seq = (int)__atomic_load_n(&c->__seq, __ATOMIC_SEQ_CST);
	rc = pthread_mutex_unlock(m);
	if (rc) {
		__atomic_fetch_sub(&c->__waiters, 1, __ATOMIC_RELAXED);
		return rc;
	}
	do
		rc = -__futex_wait((int *)&c->__seq, seq, c->__shared, c->__clock, until);
	while (rc == EINTR);
	__atomic_fetch_sub(&c->__waiters, 1, __ATOMIC_RELAXED);
	again = pthread_mutex_lock(m);
	if (again)
		return again;
	return rc == ETIMEDOUT ? ETIMEDOUT : 0;
}

int pthread_cond_wait(pthread_cond_t *__restrict c, pthread_mutex_t *__restrict m)
{
	return pthread_cond_timedwait(c, m, NULL);
}

static void cond_wake(pthread_cond_t *c, int n)
{
	__atomic_fetch_add(&c->__seq, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&c->__waiters, __ATOMIC_SEQ_CST) > 0)
		__futex_wake((int *)&c->__seq, n, c->__shared);
}

int pthread_cond_signal(pthread_cond_t *c)
{
	cond_wake(c, 1);
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *c)
{
	cond_wake(c, INT_MAX);
	return 0;
}

int pthread_condattr_init(pthread_condattr_t *attr)
{
	*attr = (pthread_condattr_t){ 0 };
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	attr->__clock = clock;
	return 0;
}

int pthread_condattr_setpshared(pthread_condattr_t *attr, int shared)
{
	attr->__shared = shared;
	return 0;
}

/* ---- rwlocks: word = number of readers, or -1 for a writer ---- */

int pthread_rwlock_init(pthread_rwlock_t *__restrict l, const pthread_rwlockattr_t *__restrict attr)
{
	*l = (pthread_rwlock_t){ .__shared = attr ? attr->__shared : 0 };
	return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *l)
{
	return load(&l->__word) ? EBUSY : 0;
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
	int seen = load(&l->__word);

	while (seen >= 0)
		if (cas(&l->__word, &seen, seen + 1))
			return 0;
	return EBUSY;
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
	int seen = 0;

	return cas(&l->__word, &seen, -1) ? 0 : EBUSY;
}

static void rwlock_wait(pthread_rwlock_t *l, int want_free)
{
	int seen;

	__atomic_fetch_add(&l->__waiters, 1, __ATOMIC_SEQ_CST);
	seen = __atomic_load_n(&l->__word, __ATOMIC_SEQ_CST);
	if (want_free ? seen != 0 : seen < 0)
		__futex_wait(&l->__word, seen, l->__shared, 0, NULL);
	__atomic_fetch_sub(&l->__waiters, 1, __ATOMIC_SEQ_CST);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	while (pthread_rwlock_tryrdlock(l) != 0)
		rwlock_wait(l, 0);
	return 0;
}

int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	while (pthread_rwlock_trywrlock(l) != 0)
		rwlock_wait(l, 1);
	return 0;
}

int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	int left;

	if (load(&l->__word) < 0) {
		__atomic_store_n(&l->__word, 0, __ATOMIC_SEQ_CST);
		left = 0;
	} else {
		left = __atomic_sub_fetch(&l->__word, 1, __ATOMIC_SEQ_CST);
	}
	if (left == 0 && __atomic_load_n(&l->__waiters, __ATOMIC_SEQ_CST) > 0)
		__futex_wake(&l->__word, INT_MAX, l->__shared);
	return 0;
}

/* ---- barriers ---- */

int pthread_barrier_init(pthread_barrier_t *__restrict b,
			 const pthread_barrierattr_t *__restrict attr, unsigned int count)
{
	if (count == 0)
		return EINVAL;
	*b = (pthread_barrier_t){ .__needed = count, .__shared = attr ? attr->__shared : 0 };
	return 0;
}

/* Those that still are on their way out of the last round read b. */
int pthread_barrier_destroy(pthread_barrier_t *b)
{
	return __atomic_load_n(&b->__arrived, __ATOMIC_RELAXED) ? EBUSY : 0;
}

int pthread_barrier_wait(pthread_barrier_t *b)
{
	unsigned int round = __atomic_load_n(&b->__round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&b->__arrived, 1, __ATOMIC_ACQ_REL) == b->__needed) {
		int shared = b->__shared;

		__atomic_store_n(&b->__arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&b->__round, round + 1, __ATOMIC_RELEASE);
		__futex_wake((int *)&b->__round, INT_MAX, shared);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	while (__atomic_load_n(&b->__round, __ATOMIC_ACQUIRE) == round)
		__futex_wait((int *)&b->__round, (int)round, b->__shared, 0, NULL);
	return 0;
}

/* ---- spinlocks: with a way out when the holder does not run ---- */

int pthread_spin_init(pthread_spinlock_t *s, int shared)
{
	(void)shared;
	*s = 0;
	return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *s)
{
	(void)s;
	return 0;
}

int pthread_spin_trylock(pthread_spinlock_t *s)
{
	return __atomic_exchange_n(s, 1, __ATOMIC_ACQUIRE) ? EBUSY : 0;
}

int pthread_spin_lock(pthread_spinlock_t *s)
{
	for (int i = 1; pthread_spin_trylock(s) != 0; i++) {
		__asm__ volatile("pause");
		if (i % 100 == 0)
			sys0(__NR_sched_yield);
	}
	return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *s)
{
	__atomic_store_n(s, 0, __ATOMIC_RELEASE);
	return 0;
}

/* ---- semaphores ---- */

int sem_init(sem_t *sem, int shared, unsigned int value)
{
	if (value > SEM_VALUE_MAX) {
		errno = EINVAL;
		return -1;
	}
	*sem = (sem_t){ .__value = (int)value, .__shared = shared };
	return 0;
}

int sem_destroy(sem_t *sem)
{
	(void)sem;
	return 0;
}

int sem_trywait(sem_t *sem)
{
	int seen = load(&sem->__value);

	while (seen > 0)
		if (cas(&sem->__value, &seen, seen - 1))
			return 0;
	errno = EAGAIN;
	return -1;
}

int sem_timedwait(sem_t *__restrict sem, const struct timespec *__restrict until)
{
	while (sem_trywait(sem) != 0) {
		int rc;

		__atomic_fetch_add(&sem->__waiters, 1, __ATOMIC_SEQ_CST);
		rc = __futex_wait(&sem->__value, 0, sem->__shared, CLOCK_REALTIME, until);
		__atomic_fetch_sub(&sem->__waiters, 1, __ATOMIC_SEQ_CST);
		if (rc == -ETIMEDOUT || rc == -EINTR || rc == -EINVAL) {
			errno = -rc;
			return -1;
		}
	}
	return 0;
}

int sem_wait(sem_t *sem)
{
	return sem_timedwait(sem, NULL);
}

int sem_post(sem_t *sem)
{
	int shared = sem->__shared;
	int seen = load(&sem->__value);

	do {
		if (seen == SEM_VALUE_MAX) {
			errno = EOVERFLOW;
			return -1;
		}
	} while (!__atomic_compare_exchange_n(&sem->__value, &seen, seen + 1, 0, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	if (__atomic_load_n(&sem->__waiters, __ATOMIC_SEQ_CST) > 0)
		__futex_wake(&sem->__value, 1, shared);
	return 0;
}

int sem_getvalue(sem_t *__restrict sem, int *__restrict value)
{
	*value = load(&sem->__value);
	return 0;
}
