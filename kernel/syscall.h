// SPDX-License-Identifier: GPL-2.0-only
/*
 * System-call dispatch. kernel/syscalls.def is the only table: SYSCALL(number, name, "how a trace
 * prints the arguments").
 */
#pragma once
#include "kernel/lib/types.h"
/*
 * Handlers are `long sys_NAME(...)` at the end of their subject's file, up to six integer
 * arguments, user pointers as uaddr_t, int where Linux has int. They return a value or -errno.
 */
const char *syscall_name(unsigned nr);		/* NULL if unknown */
/* printk's level changed: 7 lists every call in the log. */
void syscall_set_loglevel(int level);
