// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread as the library sees it.  The struct lies at %fs:0, directly above the TLS block; for a
 * created thread both lie at the top of its stack mapping, which is
 *
 *	map -> | guard | stack ... | TLS block | struct pthread |
 *
 * Life: JOINABLE -> EXITED (its joiner frees it), JOINABLE -> DETACHED -> (frees itself).  The one
 * that finds the other's mark there first by the atomic exchange of state knows who must free.
 */
#pragma once

#include <pthread.h>
#include <reent.h>
#include <stdint.h>
#include <linux/futex.h>

#define THREAD_JOINABLE	0
#define THREAD_DETACHED	1
#define THREAD_EXITED	2

struct pthread {
	struct pthread *self;		/* %fs:0, demanded by the ABI */
	void *abi[4];
	uintptr_t canary;		/* %fs:0x28, for code built with stack protector */
	struct _reent *reent;		/* newlib's state; the first thread has the global one */
	int tid;
	int alive;			/* the kernel zeroes and wakes it, done with the stack */
	int state;			/* THREAD_* */
	int robust_known;		/* the kernel knows our list of robust mutexes */
	void *map;			/* NULL: the first thread */
	size_t map_size;
	void *(*fn)(void *);
	void *arg;
	void *result;
	struct robust_list_head robust;
	void *specific[PTHREAD_KEYS_MAX];
	struct _reent reent_store;
};

static inline struct pthread *thread_self(void)
{
	struct pthread *self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
}

/* One lock of newlib's: 0 free, 1 held, 2 held and somebody waits. */
struct __lock {
	int word;
	int count;
	struct pthread *owner;		/* of a recursive one */
};

extern int __thread_count;		/* threads that have not passed pthread_exit */
extern const size_t *__auxv;

/* Start the first thread: TLS, tid.  Before it neither errno nor stdio may be touched. */
void __thread_init(void);
/* Bytes that a TLS block and the struct above it need, and making one that ends at top. */
size_t __tls_size(void);
struct pthread *__tls_make(void *top);

/* Sleep while *word == value; until is absolute, NULL for ever.  Returns 0 or -errno. */
int __futex_wait(int *word, int value, int shared, int clock, const struct timespec *until);
void __futex_wake(int *word, int n, int shared);
void __futex_lock(int *word);
void __futex_unlock(int *word);

/* fork: hold newlib's locks over it, and let the child forget the other threads. */
void __locks_before_fork(void);
void __locks_after_fork(void);
void __run_atfork(int when);
#define ATFORK_PREPARE	0
#define ATFORK_PARENT	1
#define ATFORK_CHILD	2

/* clone.S */
long __clone(unsigned long flags, void *stack, int *ptid, int *ctid, void *tls,
	     int (*fn)(void *), void *arg);
void __unmap_and_exit(void *map, size_t size) __attribute__((noreturn));
