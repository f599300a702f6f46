// SPDX-License-Identifier: GPL-2.0-only
/*
 * System-call dispatch. kernel/syscalls.def is the only table: SYSCALL(number, name, "how a trace
 * prints the arguments").
 */
#pragma once
#include "kernel/lib/types.h"

struct task;
/*
 * Handlers are `long sys_NAME(...)` at the end of their subject's file, up to six integer
 * arguments, user pointers as uaddr_t, int where Linux has int. They return a value or -errno.
 */
/*
 * Linux's rule for a struct that grows: what this kernel does not know must be zero, and what the
 * caller does not know is. 0, -E2BIG, -EFAULT.
 */
int copy_struct_from_user(void *dst, size_t known, uaddr_t src, size_t size) __must_check;
/*
 * t, which is stopped, or current, tells its tracer of each system call from the next one on, or
 * no more. tasklist_lock may be held.
 */
void syscall_trace_on(struct task *t);
void syscall_trace_off(struct task *t);
/* The same for a tracer that makes the call itself. */
void syscall_emu_on(struct task *t);
void syscall_emu_off(struct task *t);
/* secure_computing() is asked about each system call of t. siglock held, or nobody else sees t. */
void syscall_seccomp_on(struct task *t);
void syscall_seccomp_off(struct task *t);
/* The same for syscall_user_dispatch(): of current; of t, which is current or unhashed. */
void syscall_dispatch_on(void);
void syscall_dispatch_off(struct task *t);

/* syscall_user_dispatch.c */
struct regs;
/* current, which has TIF_USER_DISPATCH, made the call in r. True: it became a signal, its value is in r. */
bool syscall_user_dispatch(struct regs *r);
long prctl_syscall_user_dispatch(u64 mode, u64 offset, u64 len, uaddr_t selector);
/* printk's level changed: 7 lists every call in the log. */
void syscall_set_loglevel(int level);
