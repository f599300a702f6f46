// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spinlocks, reader-writer spinlocks, mutexes, and the rank check. Mirrors Linux kernel/locking and its lockdep.
 *
 * Each CPU keeps a stack of the spinning locks it holds, each task a list of its mutexes. Taking a lock looks at the top
 * of the stack alone: since every step went up, the top is the highest rank held.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lock.h"
#include "kernel/printk.h"
#include "kernel/task.h"

enum { KIND_SPIN, KIND_READ, KIND_WRITE };

/* How long a CPU spins on one lock before it says that it will never get it. */
#define SPIN_LIMIT_NS	60000000000ull

/* ---- interrupts off, nestable ---- */

/* Between the test and the store an interrupt may come and go: it leaves the depth as it found it. */
static inline void push_off(struct cpu *c)
{
	if (c->irq_depth == 0) {
		bool on = arch_irqs_on();

		arch_irq_disable();
		c->irqs_were_on = on;
	}
	c->irq_depth++;
}

static inline void pop_off(struct cpu *c)
{
	if (--c->irq_depth == 0 && c->irqs_were_on)
		arch_irq_enable();
}

void irq_push_off(void)
{
	push_off(this_cpu());
}

void irq_pop_off(void)
{
	struct cpu *c = this_cpu();

	assert_rel(c->irq_depth, >, 0);
	pop_off(c);
}

/* ---- the rank check ---- */

/* Any kind of lock begins differently: what a held entry points to, by its kind. */
static const char *held_name(const void *lock, u8 kind)
{
	return kind == KIND_SPIN ? ((const struct spinlock *)lock)->name : ((const struct rwlock *)lock)->name;
}

static const void *held_where(const void *lock, u8 kind)
{
	return kind == KIND_SPIN ? ((const struct spinlock *)lock)->where : ((const struct rwlock *)lock)->where;
}

/* An address as messages name it. */
static struct place {
	const char *symbol;
	u64 offset;
} place_of(const void *where)
{
	struct place p = { "?", 0 };
	const char *s = where ? arch_symbol((u64)(uintptr_t)where, &p.offset) : NULL;

	if (s)
		p.symbol = s;
	return p;
}

static void __cold __noreturn rank_panic(const struct cpu *c, const char *name, unsigned rank, const void *where)
{
	unsigned top = c->nr_held - 1;
	struct place at = place_of(where), held_at = place_of(held_where(c->held[top].lock, c->held[top].kind));

	panic("lock order: CPU %u (%s/%d) takes %s (rank %u) at %s+0x%lx while it holds %s (rank %u) taken at %s+0x%lx",
	      c->id, current->comm, current->pid, name, rank, at.symbol, at.offset,
	      held_name(c->held[top].lock, c->held[top].kind), c->held[top].rank, held_at.symbol, held_at.offset);
}

/* @slack is 1 for a lock of the same rank as the one before, which the caller ordered himself. */
static inline void held_push(struct cpu *c, const void *lock, const char *name, u16 rank, u8 kind, const void *where, unsigned slack)
{
	unsigned n = c->nr_held;

	if (unlikely(n && c->held[n - 1].rank >= rank + slack))
		rank_panic(c, name, rank, where);
	if (unlikely(n == ARRAY_SIZE(c->held)))
		panic("CPU %u holds %u locks and takes %s", c->id, n, name);
	c->held[n].lock = lock;
	c->held[n].rank = rank;
	c->held[n].kind = kind;
	c->nr_held = n + 1;
}

static inline void held_pop(struct cpu *c, const void *lock, const char *name)
{
	unsigned i = c->nr_held;

	if (unlikely(!i || c->held[i - 1].lock != lock)) {
		while (i && c->held[i - 1].lock != lock)
			i--;
		if (!i)
			panic("CPU %u releases %s, which it does not hold", c->id, name);
		for (unsigned j = i; j < c->nr_held; j++)
			c->held[j - 1] = c->held[j];
	}
	c->nr_held--;
}

static bool held_find(const struct cpu *c, const void *lock)
{
	for (unsigned i = c->nr_held; i-- > 0;)
		if (c->held[i].lock == lock)
			return true;
	return false;
}

/* One lock's wait: how many rounds, and when the first look at the clock was. */
struct spin {
	u32 rounds;
	u64 since;
};

static void spin_wait(struct spin *s, const char *name, int holder, const void *where)
{
	struct place at;

	arch_cpu_relax();
	if (likely(++s->rounds & 0xfffff))
		return;
	if (!s->since)
		s->since = arch_clock_ns();
	if (arch_clock_ns() <= s->since + SPIN_LIMIT_NS)
		return;
	at = place_of(where);
	panic("CPU %u waits for %s, held by CPU %d, taken at %s+0x%lx", this_cpu()->id, name, holder, at.symbol, at.offset);
}

/* ---- spinlocks ---- */

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	assert_rel(rank, >=, RANK_SPIN_FIRST);
	*l = (struct spinlock)SPINLOCK_INIT(name, (u16)rank);
}

static void __attribute__((noinline)) spin_lock_slow(struct spinlock *l)
{
	struct spin spin = { 0 };

	do {
		while (atomic_load_explicit(&l->v, memory_order_relaxed))
			spin_wait(&spin, l->name, l->cpu, l->where);
	} while (atomic_exchange_explicit(&l->v, 1, memory_order_acquire));
}

static inline void spin_lock_at(struct spinlock *l, const void *where, unsigned slack)
{
	struct cpu *c = this_cpu();

	push_off(c);
	arch_point(POINT_LOCK, l);
	held_push(c, l, l->name, l->rank, KIND_SPIN, where, slack);
	if (unlikely(atomic_exchange_explicit(&l->v, 1, memory_order_acquire)))
		spin_lock_slow(l);
	l->cpu = (s32)c->id;
	l->where = where;
}

void spin_lock(struct spinlock *l)
{
	spin_lock_at(l, __builtin_return_address(0), 0);
}

void spin_lock_nested(struct spinlock *l)
{
	spin_lock_at(l, __builtin_return_address(0), 1);
}

/* Never waits, so no order can be wrong: only the stack must stay sorted, hence the entry takes the top's rank if that is higher. */
bool spin_trylock(struct spinlock *l)
{
	struct cpu *c = this_cpu();
	u16 rank = l->rank;

	push_off(c);
	arch_point(POINT_LOCK, l);
	if (atomic_exchange_explicit(&l->v, 1, memory_order_acquire)) {
		pop_off(c);
		return false;
	}
	if (c->nr_held && c->held[c->nr_held - 1].rank > rank)
		rank = c->held[c->nr_held - 1].rank;
	held_push(c, l, l->name, rank, KIND_SPIN, NULL, 1);
	l->cpu = (s32)c->id;
	l->where = __builtin_return_address(0);
	return true;
}

void spin_unlock(struct spinlock *l)
{
	struct cpu *c = this_cpu();

	held_pop(c, l, l->name);
	l->cpu = -1;
	atomic_store_explicit(&l->v, 0, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(c);
}

bool spin_is_held(const struct spinlock *l)
{
	return atomic_load_explicit(&l->v, memory_order_relaxed) && held_find(this_cpu(), l);
}

/* ---- reader-writer spinlocks ---- */

void read_lock(struct rwlock *l)
{
	struct cpu *c = this_cpu();
	struct spin spin = { 0 };

	push_off(c);
	arch_point(POINT_LOCK, l);
	held_push(c, l, l->name, l->rank, KIND_READ, __builtin_return_address(0), 0);
	for (;;) {
		s32 v = atomic_load_explicit(&l->v, memory_order_relaxed);

		if (v >= 0 && !atomic_load_explicit(&l->writers_waiting, memory_order_relaxed) &&
		    atomic_compare_exchange_weak_explicit(&l->v, &v, v + 1, memory_order_acquire, memory_order_relaxed))
			return;
		spin_wait(&spin, l->name, l->writer_cpu, l->where);
	}
}

void read_unlock(struct rwlock *l)
{
	struct cpu *c = this_cpu();

	held_pop(c, l, l->name);
	atomic_fetch_sub_explicit(&l->v, 1, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(c);
}

void write_lock(struct rwlock *l)
{
	struct cpu *c = this_cpu();
	struct spin spin = { 0 };
	s32 v = 0;

	push_off(c);
	arch_point(POINT_LOCK, l);
	held_push(c, l, l->name, l->rank, KIND_WRITE, __builtin_return_address(0), 0);
	if (!atomic_compare_exchange_strong_explicit(&l->v, &v, -1, memory_order_acquire, memory_order_relaxed)) {
		atomic_fetch_add(&l->writers_waiting, 1);
		do {
			spin_wait(&spin, l->name, l->writer_cpu, l->where);
			v = 0;
		} while (!atomic_compare_exchange_weak_explicit(&l->v, &v, -1, memory_order_acquire, memory_order_relaxed));
		atomic_fetch_sub(&l->writers_waiting, 1);
	}
	l->writer_cpu = (s32)c->id;
	l->where = __builtin_return_address(0);
}

void write_unlock(struct rwlock *l)
{
	struct cpu *c = this_cpu();

	assert_eq(l->writer_cpu, c->id);
	held_pop(c, l, l->name);
	l->writer_cpu = -1;
	atomic_store_explicit(&l->v, 0, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(c);
}

bool rw_is_write_held(const struct rwlock *l)
{
	return atomic_load_explicit(&l->v, memory_order_relaxed) < 0 && l->writer_cpu == (s32)this_cpu()->id;
}

bool rw_is_held(const struct rwlock *l)
{
	return atomic_load_explicit(&l->v, memory_order_relaxed) != 0 && held_find(this_cpu(), l);
}

/* ---- mutexes ---- */

#define MUTEX_WAITERS	((uintptr_t)1)

struct mutex_waiter {
	struct list node;
	struct task *task;
	_Atomic bool granted;		/* set by the unlocker that made task the owner */
};

void mutex_init(struct mutex *m, const char *name, enum lock_rank rank)
{
	assert_rel(rank, <, RANK_SPIN_FIRST);
	*m = (struct mutex)MUTEX_INIT(*m, name, (u16)rank);
}

static struct task *mutex_owner(const struct mutex *m)
{
	return (struct task *)(atomic_load_explicit(&m->owner, memory_order_relaxed) & ~MUTEX_WAITERS);
}

/* The list falls by rank: its head is the highest. */
static inline void mutex_check_rank(const struct mutex *m, const void *where, unsigned slack)
{
	const struct mutex *top;
	struct place at, held_at;

	if (list_empty(&current->held_mutexes))
		return;
	top = list_first(&current->held_mutexes, struct mutex, held);
	if (likely(top->rank < m->rank + slack))
		return;
	at = place_of(where);
	held_at = place_of(top->where);
	panic("lock order: %s/%d takes %s (rank %u) at %s+0x%lx while it holds %s (rank %u) taken at %s+0x%lx",
	      current->comm, current->pid, m->name, m->rank, at.symbol, at.offset,
	      top->name, top->rank, held_at.symbol, held_at.offset);
}

static inline void mutex_acquired(struct mutex *m, const void *where)
{
	struct list *at = &current->held_mutexes;

	m->where = where;
	while (at->next != &current->held_mutexes && list_first(at, struct mutex, held)->rank > m->rank)
		at = at->next;
	list_add(&m->held, at);
}

/* Takes the mutex if it is free, else marks it as waited for. wait_lock held. */
static bool mutex_grab_or_mark(struct mutex *m)
{
	uintptr_t old = atomic_load(&m->owner);

	for (;;) {
		uintptr_t new = old ? old | MUTEX_WAITERS : (uintptr_t)current;

		if (atomic_compare_exchange_weak(&m->owner, &old, new))
			return !old;
	}
}

/* Sleeps in @state until it is handed the mutex. 0, or -EINTR if a signal that @state lets through came first. */
static int __attribute__((noinline)) mutex_lock_slow(struct mutex *m, unsigned state)
{
	struct mutex_waiter w = { .task = current };
	int err = 0;

	if (mutex_owner(m) == current)
		panic("%s/%d takes %s twice", current->comm, current->pid, m->name);
	spin_lock(&m->wait_lock);
	if (mutex_grab_or_mark(m)) {
		spin_unlock(&m->wait_lock);
		return 0;
	}
	list_add_tail(&w.node, &m->waiters);
	spin_unlock(&m->wait_lock);
	current->waiting_for = m;
	for (;;) {
		set_current_state(state);
		if (atomic_load(&w.granted))
			break;
		if (signal_pending_state(state, current)) {
			spin_lock(&m->wait_lock);
			if (!atomic_load(&w.granted)) {
				list_del(&w.node);
				if (list_empty(&m->waiters))
					atomic_fetch_and(&m->owner, ~MUTEX_WAITERS);
				err = -EINTR;
			}
			spin_unlock(&m->wait_lock);
			break;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	current->waiting_for = NULL;
	/* Whoever handed us the mutex is done with it once we get its inner lock: we may free it. */
	spin_lock(&m->wait_lock);
	spin_unlock(&m->wait_lock);
	return err;
}

static inline int mutex_lock_state(struct mutex *m, unsigned state, const void *where, unsigned slack)
{
	uintptr_t free = 0;

	might_sleep();
	mutex_check_rank(m, where, slack);
	arch_point(POINT_LOCK, m);
	if (unlikely(!atomic_compare_exchange_strong(&m->owner, &free, (uintptr_t)current))) {
		int err = mutex_lock_slow(m, state);

		if (err)
			return err;
	}
	mutex_acquired(m, where);
	return 0;
}

void mutex_lock(struct mutex *m)
{
	mutex_lock_state(m, TASK_UNINTERRUPTIBLE, __builtin_return_address(0), 0);
}

void mutex_lock_nested(struct mutex *m)
{
	mutex_lock_state(m, TASK_UNINTERRUPTIBLE, __builtin_return_address(0), 1);
}

int mutex_lock_killable(struct mutex *m)
{
	return mutex_lock_state(m, TASK_KILLABLE, __builtin_return_address(0), 0);
}

bool mutex_trylock(struct mutex *m)
{
	uintptr_t free = 0;

	might_sleep();
	arch_point(POINT_LOCK, m);
	if (!atomic_compare_exchange_strong(&m->owner, &free, (uintptr_t)current))
		return false;
	mutex_acquired(m, __builtin_return_address(0));
	return true;
}

static void __attribute__((noinline)) mutex_unlock_slow(struct mutex *m)
{
	struct mutex_waiter *w;
	struct task *next;

	spin_lock(&m->wait_lock);
	if (list_empty(&m->waiters)) {
		/* The last sleeper gave up between our test and now. */
		atomic_store(&m->owner, 0);
		spin_unlock(&m->wait_lock);
		return;
	}
	w = list_first(&m->waiters, struct mutex_waiter, node);
	next = get_task(w->task);
	list_del(&w->node);
	atomic_store(&m->owner, (uintptr_t)next | (list_empty(&m->waiters) ? 0 : MUTEX_WAITERS));
	/* From here on w may vanish with its owner's stack frame; the task is pinned. */
	atomic_store(&w->granted, true);
	spin_unlock(&m->wait_lock);
	wake_up_process(next);
	put_task(next);
}

void mutex_unlock(struct mutex *m)
{
	uintptr_t self = (uintptr_t)current;

	if (unlikely(mutex_owner(m) != current))
		panic("%s/%d releases %s, which it does not hold", current->comm, current->pid, m->name);
	list_del(&m->held);
	arch_point(POINT_UNLOCK, m);
	if (unlikely(!atomic_compare_exchange_strong(&m->owner, &self, 0)))
		mutex_unlock_slow(m);
}

bool mutex_is_held(const struct mutex *m)
{
	return mutex_owner(m) == current;
}

/* ---- statements about the whole ---- */

static void __cold __noreturn __attribute__((noinline)) may_not_sleep(const void *where)
{
	struct place at = place_of(where);
	struct cpu *c = this_cpu();

	panic("%s/%d may not sleep at %s+0x%lx: %u locks held, interrupts %s, in interrupt %d", current->comm, current->pid,
	      at.symbol, at.offset, c->nr_held, arch_irqs_on() ? "on" : "off", c->in_irq);
}

void might_sleep(void)
{
	struct cpu *c = this_cpu();

	if (unlikely(c->nr_held | (unsigned)c->irq_depth | (unsigned)c->in_irq) || !(arch_irqs_on() || current->flags & PF_IDLE))
		may_not_sleep(__builtin_return_address(0));
}

void assert_no_locks(void)
{
	struct cpu *c = this_cpu();

	if (likely(c->nr_held == 0 && c->irq_depth == 0 && c->in_irq == 0 && list_empty(&current->held_mutexes)))
		return;
	locks_dump(current);
	panic("%s/%d leaves the kernel holding locks (depth %d)", current->comm, current->pid, c->irq_depth);
}

void locks_dump(struct task *t)
{
	struct cpu *c = this_cpu();
	struct mutex *m;
	unsigned n = 0;

	if (t == current)
		for (unsigned i = 0; i < c->nr_held && i < ARRAY_SIZE(c->held); i++, n++) {
			struct place at = place_of(held_where(c->held[i].lock, c->held[i].kind));

			kprintf("  CPU %u holds %s (rank %u) taken at %s+0x%lx\n", c->id,
				held_name(c->held[i].lock, c->held[i].kind), c->held[i].rank, at.symbol, at.offset);
		}
	if (!t->held_mutexes.next)
		return;
	list_for_each(m, &t->held_mutexes, held) {
		struct place at = place_of(m->where);

		kprintf("  %s/%d holds %s (rank %u) taken at %s+0x%lx\n", t->comm, t->pid, m->name, m->rank, at.symbol, at.offset);
		if (++n > 32)
			break;
	}
}
