// SPDX-License-Identifier: GPL-2.0-only
/* Futexes. Mirrors Linux kernel/futex. */
#pragma once
#include "kernel/lib/types.h"
struct task;
/* Wakes up to nr waiters on a user address of current's mm (exit: clear_child_tid). Number woken or -errno. May fault and sleep. */
int futex_wake(uaddr_t addr, int nr, u32 bitset, int shared);
/* X5a: walk current's robust list, mark owners died, wake. Bounded against hostile lists. */
void exit_robust_list(struct task *t);
void futex_init(void);
