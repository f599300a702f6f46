// SPDX-License-Identifier: GPL-2.0-only
/*
 * membarrier: one thread pays for a memory barrier that all the others get for nothing. Mirrors
 * Linux kernel/sched/membarrier.c.
 *
 * Locks: none; what a process registered is bits in mm->flags.
 *
 * LINUX: the barrier is the caller's own visit to each processor, whoever is meant. There are no
 * interprocessor calls to ask for it. Whoever ran there was switched out, which is a barrier, and
 * ends a restartable sequence of its own.
 */
#include "kernel/mm/mm.h"
#include "kernel/sched.h"
#include "kernel/task.h"

#define PRIVATE_COMMANDS	(MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | \
				 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ)
#define REGISTER_COMMANDS	(PRIVATE_COMMANDS << 1)	/* the bit above each */
#define ALL_COMMANDS		(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | \
				 PRIVATE_COMMANDS | REGISTER_COMMANDS)

static u32 registered_bit(int cmd)
{
	switch (cmd) {
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		return MMF_MEMBARRIER;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return MMF_MEMBARRIER_SYNC_CORE;
	}
	return MMF_MEMBARRIER_RSEQ;
}

static long private_expedited(int cmd, u64 cpus)
{
	if (!(atomic_load(&current->mm->flags) & registered_bit(cmd)))
		return -EPERM;
	sched_visit(cpus);
	return 0;
}

long sys_membarrier(int cmd, unsigned flags, int cpu)
{
	u64 cpus = ~0ull;

	if (cmd == MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ ? flags & ~MEMBARRIER_CMD_FLAG_CPU : flags)
		return -EINVAL;
	if (flags & MEMBARRIER_CMD_FLAG_CPU)
		cpus = cpu >= 0 && (unsigned)cpu < nr_cpus ? 1ull << cpu : 0;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return ALL_COMMANDS;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		sched_visit(cpus);
		return 0;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
		return private_expedited(cmd, cpus);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED << 1:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE << 1:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ << 1:
		atomic_fetch_or(&current->mm->flags, registered_bit(cmd >> 1));
		return 0;
	}
	return -EINVAL;
}
