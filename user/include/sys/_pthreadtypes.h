// SPDX-License-Identifier: GPL-2.0-only
/* Types of POSIX threads; <sys/types.h> includes this. */
#pragma once

#include <stddef.h>

typedef unsigned long pthread_t;
typedef unsigned int pthread_key_t;
typedef int pthread_once_t;
typedef int pthread_spinlock_t;

typedef struct {
	size_t __stack_size;
	size_t __guard_size;
	void *__stack;
	int __detached;
} pthread_attr_t;

/* All zero is a normal mutex.  The robust list's node must stay at the kernel's fixed distance. */
typedef struct {
	int __word;
	int __kind;
	int __owner;
	unsigned int __count;
	void *__next;
	void *__prev;
} pthread_mutex_t;

typedef struct {
	int __kind;
} pthread_mutexattr_t;

typedef struct {
	unsigned int __seq;
	int __waiters;
	int __clock;
	int __shared;
} pthread_cond_t;

typedef struct {
	int __clock;
	int __shared;
} pthread_condattr_t;

typedef struct {
	int __word;
	int __waiters;
	int __shared;
} pthread_rwlock_t;

typedef struct {
	int __shared;
} pthread_rwlockattr_t;

typedef struct {
	unsigned int __needed;
	unsigned int __arrived;
	unsigned int __round;
	int __shared;
} pthread_barrier_t;

typedef struct {
	int __shared;
} pthread_barrierattr_t;
