// SPDX-License-Identifier: GPL-2.0-only
/* Restartable sequences: what the rest of the kernel tells rseq.c. */
#pragma once
#include "kernel/task.h"

#define RSEQ_SIZE	32u			/* of a struct rseq */

void rseq_resume(struct regs *r);		/* current goes back to user mode after TIF_RSEQ. Sleeps. */
void rseq_signal(struct regs *r);		/* a handler is about to run; current->rseq is not 0. Sleeps. */
void rseq_fork(struct task *p, u64 clone_flags);
void rseq_exec(void);
