// SPDX-License-Identifier: GPL-2.0-only
/*
 * spin_lock and spin_unlock in line: for lock.c, which has the functions, and for the few places
 * that every switch between two tasks goes through. What they check and note down is the same.
 */
#pragma once
#include "kernel/arch.h"
#include "kernel/lock.h"
#include "kernel/sched.h"

/*
 * What an entry of cpu->held[] is: the low bits of its address. 0 so that a spinlock's is the
 * address.
 */
enum { KIND_SPIN, KIND_READ, KIND_WRITE, KIND_IRQ, KIND_MASK = 3 };

/* lock.c: what the short ways below could not do. */
void spin_lock_slow(struct spinlock *l, const void *where);
void spin_unlock_inner(struct spinlock *l);

/* ---- the stack of a CPU, which is also what keeps interrupts off ---- */

/*
 * Between the look at nr_held and the store an interrupt may come and go: it leaves the stack as it
 * found it.
 */
static inline size_t push_off(void)
{
	size_t n = this_cpu_field(nr_held);

	if (n == 0)
		this_cpu_field(irq_saved) = arch_irq_save();
	return n;
}

/* Of n entries the last one is gone. */
static inline void pop_off(size_t n)
{
	if (n == 1)
		arch_irq_restore(this_cpu_field(irq_saved));
}

static inline void held_set(size_t n, uintptr_t lock, u8 rank)
{
	this_cpu_field(held[n + 1]) = lock;
	this_cpu_field(held_rank[n + 1]) = rank;
	this_cpu_field(nr_held)++;
}

/* ---- spinlocks ---- */

static inline bool spin_try(struct spinlock *l, const void *where)
{
	const void *free = NULL;

	return atomic_compare_exchange_strong_explicit(&l->where, &free, where,
						       memory_order_acquire, memory_order_relaxed);
}

static __always_inline void spin_lock_at(struct spinlock *l, const void *where)
{
	size_t n = push_off();
	u8 rank = l->rank;

	arch_point(POINT_LOCK, l);
	if (unlikely(this_cpu_field(held_rank[n]) >= rank) || unlikely(!spin_try(l, where)))
		spin_lock_slow(l, where);
	else
		held_set(n, (uintptr_t)l | KIND_SPIN, rank);
}

/* By a caller that has just found that it may sleep: it holds nothing and interrupts are on. */
static __always_inline void spin_lock_first(struct spinlock *l)
{
	const void *where = arch_here();

	arch_irq_disable();
	this_cpu_field(irq_saved) = ARCH_IRQS_ON;
	arch_point(POINT_LOCK, l);
	if (unlikely(!spin_try(l, where)))
		spin_lock_slow(l, where);
	else
		held_set(0, (uintptr_t)l | KIND_SPIN, l->rank);
}

static __always_inline void spin_lock_inline(struct spinlock *l)
{
	spin_lock_at(l, arch_here());
}

/* Of those that this CPU holds it is the one that it took last. */
static inline bool spin_is_held_last(const struct spinlock *l)
{
	return likely(this_cpu_field(held[this_cpu_field(nr_held)]) == ((uintptr_t)l | KIND_SPIN));
}

static __always_inline void spin_unlock_inline(struct spinlock *l)
{
	size_t n = this_cpu_field(nr_held);

	if (unlikely(this_cpu_field(held[n]) != ((uintptr_t)l | KIND_SPIN))) {
		spin_unlock_inner(l);
		return;
	}
	this_cpu_field(nr_held) = n - 1;
	atomic_store_explicit(&l->where, NULL, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(n);
}
