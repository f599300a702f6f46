// SPDX-License-Identifier: GPL-2.0-only
/*
 * Restartable sequences: user code that works on data of "its" processor and starts again if it was
 * interrupted. Mirrors Linux kernel/rseq.c.
 *
 * A thread registers a struct rseq in its memory. After each switch to it (TIF_RSEQ), on its way to
 * user mode, the processor's number is stored there; and if it was inside a sequence, which rseq_cs
 * describes, it goes on at the sequence's abort address, in front of which its signature must lie.
 * A signal handler interrupts a sequence too. What cannot be read or is wrong is SIGSEGV.
 *
 * Locks: none; everything is current's own.
 */
#include "kernel/arch.h"
#include "kernel/rseq.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/task.h"

static uaddr_t field(size_t offset)
{
	return current->rseq + offset;
}

static int store_cpu(u32 start, u32 cpu)
{
	if (copy_to_user(field(offsetof(struct k_rseq, cpu_id_start)), &start, sizeof(start)))
		return -EFAULT;
	return copy_to_user(field(offsetof(struct k_rseq, cpu_id)), &cpu, sizeof(cpu)) ? -EFAULT : 0;
}

static int forget_sequence(void)
{
	const u64 none = 0;

	return copy_to_user(field(offsetof(struct k_rseq, rseq_cs)), &none, sizeof(none)) ? -EFAULT : 0;
}

/* The sequence that current says it is in: start_ip is 0 if it says none. 0, -EFAULT, -EINVAL. */
static int read_sequence(struct k_rseq_cs *cs)
{
	uaddr_t at;
	u32 sig;

	cs->start_ip = 0;
	if (copy_from_user(&at, field(offsetof(struct k_rseq, rseq_cs)), sizeof(at)))
		return -EFAULT;
	if (!at)
		return 0;
	if (copy_from_user(cs, at, sizeof(*cs)))
		return -EFAULT;
	if (cs->start_ip >= USER_MAX || cs->post_commit_offset >= USER_MAX - cs->start_ip ||
	    cs->abort_ip >= USER_MAX || cs->version)
		return -EINVAL;
	if (cs->abort_ip - cs->start_ip < cs->post_commit_offset || cs->abort_ip < sizeof(sig))
		return -EINVAL;
	if (copy_from_user(&sig, cs->abort_ip - sizeof(sig), sizeof(sig)))
		return -EFAULT;
	return sig == current->rseq_sig ? 0 : -EINVAL;
}

/* Out of a sequence that was interrupted. */
static int abort_sequence(struct regs *r)
{
	struct k_rseq_cs cs;
	int err = read_sequence(&cs);

	if (err || !cs.start_ip)
		return err;
	err = forget_sequence();
	if (!err && regs_ip(r) - cs.start_ip < cs.post_commit_offset)
		arch_set_ip(r, cs.abort_ip);
	return err;
}

void rseq_signal(struct regs *r)
{
	if (abort_sequence(r))
		force_sig(SIGSEGV);
}

void rseq_resume(struct regs *r)
{
	u32 cpu;

	/* The bit goes first: a switch from here on sets it again, and this is done again. */
	clear_tif(current, TIF_RSEQ);
	if (!current->rseq)
		return;
	cpu = READ_ONCE(current->cpu)->id;
	if (abort_sequence(r) || store_cpu(cpu, cpu))
		force_sig(SIGSEGV);
}

void rseq_fork(struct task *p, u64 clone_flags)
{
	if (clone_flags & CLONE_VM)
		return;
	p->rseq = current->rseq;
	p->rseq_sig = current->rseq_sig;
}

void rseq_exec(void)
{
	current->rseq = 0;
	current->rseq_sig = 0;
}

static long unregister(uaddr_t rseq, u32 len, u32 sig)
{
	if (!current->rseq || current->rseq != rseq || len != RSEQ_SIZE)
		return -EINVAL;
	if (current->rseq_sig != sig)
		return -EPERM;
	if (store_cpu(0, RSEQ_CPU_ID_UNINITIALIZED))
		return -EFAULT;
	rseq_exec();
	return 0;
}

long sys_rseq(uaddr_t rseq, u32 len, int flags, u32 sig)
{
	if (flags == RSEQ_FLAG_UNREGISTER)
		return unregister(rseq, len, sig);
	if (flags)
		return -EINVAL;
	if (current->rseq) {
		if (current->rseq != rseq || len != RSEQ_SIZE)
			return -EINVAL;
		return current->rseq_sig == sig ? -EBUSY : -EPERM;
	}
	if (rseq % RSEQ_SIZE || len != RSEQ_SIZE)
		return -EINVAL;
	if (!rseq || !access_ok(rseq, len))
		return -EFAULT;
	current->rseq = rseq;
	current->rseq_sig = sig;
	set_tif(current, TIF_RSEQ);
	return 0;
}
