// SPDX-License-Identifier: GPL-2.0-only
/*
 * Futexes, and on them the locks newlib asks for.  All of newlib's locks must be in one object, or
 * the linker takes newlib's own, which do nothing.
 */
#include <stdlib.h>
#include <sys/lock.h>

#include "user/lib/sys.h"
#include "user/lib/thread.h"

struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

int __futex_wait(int *word, int value, int shared, int clock, const struct timespec *until)
{
	int op = FUTEX_WAIT_BITSET | (shared ? 0 : FUTEX_PRIVATE_FLAG);

	if (clock == CLOCK_REALTIME)
		op |= FUTEX_CLOCK_REALTIME;
	if (!until)
		op = FUTEX_WAIT | (shared ? 0 : FUTEX_PRIVATE_FLAG);
	return (int)sys6(__NR_futex, (long)word, op, value, (long)until, 0,
			 (int)FUTEX_BITSET_MATCH_ANY);
}

void __futex_wake(int *word, int n, int shared)
{
	sys3(__NR_futex, (long)word, FUTEX_WAKE | (shared ? 0 : FUTEX_PRIVATE_FLAG), n);
}

/* Three states: the unlocker need not enter the kernel unless somebody says to wait (2). */
void __futex_lock(int *word)
{
	int seen = 0;

	if (__atomic_compare_exchange_n(word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(word, 2, __ATOMIC_ACQUIRE) != 0)
		__futex_wait(word, 2, 0, 0, NULL);
}

static int futex_trylock(int *word)
{
	int seen = 0;

	return __atomic_compare_exchange_n(word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void __futex_unlock(int *word)
{
	if (__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) == 2)
		__futex_wake(word, 1, 0);
}

/* A stream's lock comes from the heap; when there is no memory the stream goes without. */
void __retarget_lock_init(_LOCK_T *lock)
{
	*lock = calloc(1, sizeof(**lock));
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	*lock = calloc(1, sizeof(**lock));
}

void __retarget_lock_close(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	if (lock)
		__futex_lock(&lock->word);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return !lock || futex_trylock(&lock->word);
}

void __retarget_lock_release(_LOCK_T lock)
{
	if (lock)
		__futex_unlock(&lock->word);
}

/* owner may be read without the lock: it equals us only if we wrote it. */
void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	struct pthread *self = thread_self();

	if (!lock)
		return;
	if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
		__futex_lock(&lock->word);
		__atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
	}
	lock->count++;
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	struct pthread *self = thread_self();

	if (!lock)
		return 1;
	if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) != self) {
		if (!futex_trylock(&lock->word))
			return 0;
		__atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
	}
	lock->count++;
	return 1;
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	if (!lock || --lock->count > 0)
		return;
	__atomic_store_n(&lock->owner, NULL, __ATOMIC_RELAXED);
	__futex_unlock(&lock->word);
}

/* In newlib's own order, so that this cannot deadlock with a thread inside stdio. */
void __locks_before_fork(void)
{
	__retarget_lock_acquire_recursive(&__lock___sinit_recursive_mutex);
	__retarget_lock_acquire_recursive(&__lock___sfp_recursive_mutex);
	__retarget_lock_acquire_recursive(&__lock___env_recursive_mutex);
	__retarget_lock_acquire_recursive(&__lock___malloc_recursive_mutex);
}

void __locks_after_fork(void)
{
	__retarget_lock_release_recursive(&__lock___malloc_recursive_mutex);
	__retarget_lock_release_recursive(&__lock___env_recursive_mutex);
	__retarget_lock_release_recursive(&__lock___sfp_recursive_mutex);
	__retarget_lock_release_recursive(&__lock___sinit_recursive_mutex);
}
