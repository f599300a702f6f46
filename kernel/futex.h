// SPDX-License-Identifier: GPL-2.0-only
/* Futexes. Mirrors Linux kernel/futex. */
#pragma once
#include "kernel/lib/types.h"

struct task;

enum futex_scope { FUTEX_SCOPE_PRIVATE, FUTEX_SCOPE_SHARED };
/*
 * Wakes up to nr waiters on a user address of current's mm whose bitset meets @bitset (exit:
 * clear_child_tid). Number woken, -EINVAL (alignment, empty bitset), -EFAULT. Sleeps.
 */
int futex_wake(uaddr_t addr, int nr, u32 bitset, int scope);
/*
 * X5a: walk current's robust list, mark owners died, wake. Bounded against hostile lists. t is
 * current and still has its mm.
 */
void exit_robust_list(struct task *t);
/*
 * X5a and exec, after the robust list: whoever waits for a lock of t, which is current, gets it
 * now, and nobody waits for t any more.
 */
void exit_pi(struct task *t);
/* t, which waits for a lock, has another priority. Holds: none but tasklist_lock */
void futex_pi_adjust(struct task *t);
void futex_init(void);
