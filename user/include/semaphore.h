// SPDX-License-Identifier: GPL-2.0-only
/* POSIX semaphores, unnamed. */
#pragma once

#include <sys/types.h>
#include <time.h>

#define SEM_VALUE_MAX	0x7fffffff
#define SEM_FAILED	((sem_t *)0)

typedef struct {
	int __value;
	int __waiters;
	int __shared;
	int __pad;
} sem_t;

#include <sys/cdefs.h>

__BEGIN_DECLS
int sem_init(sem_t *sem, int shared, unsigned int value);
int sem_destroy(sem_t *sem);
int sem_wait(sem_t *sem);
int sem_trywait(sem_t *sem);
int sem_timedwait(sem_t *__restrict sem, const struct timespec *__restrict until);
int sem_post(sem_t *sem);
int sem_getvalue(sem_t *__restrict sem, int *__restrict value);
__END_DECLS
