// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spinlocks, reader-writer spinlocks, mutexes, and the rank check. Mirrors Linux kernel/locking and
 * its lockdep.
 *
 * Each CPU keeps a stack of the spinning locks it holds, each task a list of its mutexes. Taking a
 * lock looks at the top of the stack alone: since every step went up, the top is the highest rank
 * held. The stack begins at 1, above a ground of RANK_NONE that everything may stand on.
 */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/lock_fast.h"
#include "kernel/printk.h"
#include "kernel/task.h"

/* How long a CPU spins on one lock before it says that it will never get it. */
#define SPIN_LIMIT_NS	60000000000ull

/* ---- names for messages ---- */

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

static const char *held_name(uintptr_t held)
{
	const void *lock = (const void *)(held & ~(uintptr_t)KIND_MASK);

	switch (held & KIND_MASK) {
	case KIND_SPIN:
		return ((const struct spinlock *)lock)->name;
	case KIND_IRQ:
		return "interrupts off";
	default:
		return ((const struct rwlock *)lock)->name;
	}
}

static struct place held_place(uintptr_t held)
{
	const void *lock = (const void *)(held & ~(uintptr_t)KIND_MASK);

	switch (held & KIND_MASK) {
	case KIND_SPIN:
		return place_of(atomic_load(&((const struct spinlock *)lock)->where));
	case KIND_WRITE:
		return place_of(((const struct rwlock *)lock)->where);
	default:
		return place_of(NULL);
	}
}

/* ---- the stack of a CPU: lock_fast.h, and what it leaves out ---- */

/* A step that does not go up in rank needs room of its own. */
static inline void held_set_loose(size_t n, uintptr_t lock, u8 rank, const char *name)
{
	if (unlikely(n >= HELD_LOOSE))
		panic("CPU %u holds %lu locks and takes %s", this_cpu_field(id), n, name);
	held_set(n, lock, rank);
}

static void __cold __noreturn __attribute__((noinline)) bad_rank(const char *name, u32 rank, const void *where)
{
	const struct cpu *c = this_cpu();
	size_t n = c->nr_held;
	struct place at = place_of(where), held_at = held_place(c->held[n]);

	panic("lock order: CPU %u (%s/%d) takes %s (rank %u) at %s+0x%lx while it holds %s (rank %u) taken at %s+0x%lx",
	      c->id, current->comm, current->pid, name, rank, at.symbol, at.offset,
	      held_name(c->held[n]), c->held_rank[n], held_at.symbol, held_at.offset);
}

static inline void check_rank(size_t n, const char *name, u32 rank, const void *where)
{
	if (unlikely(this_cpu_field(held_rank[n]) >= rank))
		bad_rank(name, rank, where);
}

/* Takes an entry off that need not be the last one. Returns how many there were. */
static size_t __attribute__((noinline)) held_remove(struct cpu *c, uintptr_t lock, const char *name)
{
	size_t n = c->nr_held, i = n;

	while (c->held[i] != lock)
		if (!i--)
			panic("CPU %u releases %s, which it does not hold", c->id, name);
	for (; i < n; i++) {
		c->held[i] = c->held[i + 1];
		c->held_rank[i] = c->held_rank[i + 1];
	}
	c->nr_held = n - 1;
	return n;
}

static bool __attribute__((noinline)) held_find(const struct cpu *c, uintptr_t lock)
{
	for (unsigned i = c->nr_held; i; i--)
		if (c->held[i] == lock)
			return true;
	return false;
}

void irq_push_off(void)
{
	size_t n = push_off();

	held_set_loose(n, KIND_IRQ, this_cpu_field(held_rank[n]), "interrupts off");
}

void irq_pop_off(void)
{
	pop_off(held_remove(this_cpu(), KIND_IRQ, "interrupts off"));
}

/* One lock's wait: how many rounds, and when the first look at the clock was. */
struct spin {
	u32 rounds;
	u64 since;
};

static void spin_wait(struct spin *s, const char *name, const void *where)
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
	panic("CPU %u waits in vain for %s, taken at %s+0x%lx", this_cpu_field(id), name, at.symbol, at.offset);
}

/* ---- spinlocks ---- */

void spin_init(struct spinlock *l, const char *name, enum lock_rank rank)
{
	assert_rel(rank, >=, RANK_SPIN_FIRST);
	*l = (struct spinlock)SPINLOCK_INIT(name, (u8)rank);
}

/* The order is wrong, or the lock is held. Interrupts off. */
void spin_lock_slow(struct spinlock *l, const void *where)
{
	struct spin spin = { 0 };
	const void *holder;

	check_rank(this_cpu_field(nr_held), l->name, l->rank, where);
	do
		while ((holder = atomic_load_explicit(&l->where, memory_order_relaxed)))
			spin_wait(&spin, l->name, holder);
	while (!spin_try(l, where));
	held_set(this_cpu_field(nr_held), (uintptr_t)l | KIND_SPIN, l->rank);
}

void spin_lock(struct spinlock *l)
{
	spin_lock_at(l, __builtin_return_address(0));
}

/* A lock of the same rank as the one before, which the caller ordered himself. */
void spin_lock_nested(struct spinlock *l)
{
	size_t n = push_off();
	struct spin spin = { 0 };

	arch_point(POINT_LOCK, l);
	check_rank(n, l->name, l->rank + 1, __builtin_return_address(0));
	while (!spin_try(l, __builtin_return_address(0)))
		spin_wait(&spin, l->name, atomic_load_explicit(&l->where, memory_order_relaxed));
	held_set_loose(n, (uintptr_t)l | KIND_SPIN, l->rank, l->name);
}

/* Another lock was taken later and is still held. */
void spin_unlock_inner(struct spinlock *l)
{
	size_t n = held_remove(this_cpu(), (uintptr_t)l | KIND_SPIN, l->name);

	atomic_store_explicit(&l->where, NULL, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(n);
}

void spin_unlock(struct spinlock *l)
{
	spin_unlock_inline(l);
}

bool spin_is_held(const struct spinlock *l)
{
	return spin_is_held_last(l) || held_find(this_cpu(), (uintptr_t)l | KIND_SPIN);
}

/* ---- reader-writer spinlocks ---- */

static bool read_try(struct rwlock *l)
{
	s32 v = atomic_load_explicit(&l->v, memory_order_relaxed);

	return v >= 0 && !atomic_load_explicit(&l->writers_waiting, memory_order_relaxed) &&
	       atomic_compare_exchange_strong_explicit(&l->v, &v, v + 1, memory_order_acquire, memory_order_relaxed);
}

static bool write_try(struct rwlock *l)
{
	s32 v = 0;

	return atomic_compare_exchange_strong_explicit(&l->v, &v, -1, memory_order_acquire, memory_order_relaxed);
}

/* As spin_lock_slow. */
static void __attribute__((noinline)) read_lock_slow(struct rwlock *l, const void *where)
{
	struct spin spin = { 0 };

	check_rank(this_cpu_field(nr_held), l->name, l->rank, where);
	while (!read_try(l))
		spin_wait(&spin, l->name, l->where);
	held_set(this_cpu_field(nr_held), (uintptr_t)l | KIND_READ, l->rank);
}

void read_lock(struct rwlock *l)
{
	size_t n = push_off();
	u8 rank = l->rank;

	arch_point(POINT_LOCK, l);
	if (unlikely(this_cpu_field(held_rank[n]) >= rank) || unlikely(!read_try(l)))
		read_lock_slow(l, __builtin_return_address(0));
	else
		held_set(n, (uintptr_t)l | KIND_READ, rank);
}

static void __attribute__((noinline)) write_lock_slow(struct rwlock *l, const void *where)
{
	struct spin spin = { 0 };

	check_rank(this_cpu_field(nr_held), l->name, l->rank, where);
	atomic_fetch_add(&l->writers_waiting, 1);
	while (!write_try(l))
		spin_wait(&spin, l->name, l->where);
	atomic_fetch_sub(&l->writers_waiting, 1);
	held_set(this_cpu_field(nr_held), (uintptr_t)l | KIND_WRITE, l->rank);
}

void write_lock(struct rwlock *l)
{
	const void *where = __builtin_return_address(0);
	size_t n = push_off();
	u8 rank = l->rank;

	arch_point(POINT_LOCK, l);
	if (unlikely(this_cpu_field(held_rank[n]) >= rank) || unlikely(!write_try(l)))
		write_lock_slow(l, where);
	else
		held_set(n, (uintptr_t)l | KIND_WRITE, rank);
	l->writer_cpu = (s32)this_cpu_field(id);
	l->where = where;
}

/*
 * Takes held off the CPU's stack, where it is the last entry as a rule. Returns how many there
 * were.
 */
static inline size_t held_pop(uintptr_t held, const char *name)
{
	size_t n = this_cpu_field(nr_held);

	if (unlikely(this_cpu_field(held[n]) != held))
		return held_remove(this_cpu(), held, name);
	this_cpu_field(nr_held) = n - 1;
	return n;
}

void read_unlock(struct rwlock *l)
{
	size_t n = held_pop((uintptr_t)l | KIND_READ, l->name);

	atomic_fetch_sub_explicit(&l->v, 1, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(n);
}

void write_unlock(struct rwlock *l)
{
	size_t n = held_pop((uintptr_t)l | KIND_WRITE, l->name);

	l->writer_cpu = -1;
	atomic_store_explicit(&l->v, 0, memory_order_release);
	arch_point(POINT_UNLOCK, l);
	pop_off(n);
}

bool rw_is_write_held(const struct rwlock *l)
{
	return atomic_load_explicit(&l->v, memory_order_relaxed) < 0 && l->writer_cpu == (s32)this_cpu_field(id);
}

bool rw_is_held(const struct rwlock *l)
{
	struct cpu *c = this_cpu();

	return atomic_load_explicit(&l->v, memory_order_relaxed) != 0 &&
	       (held_find(c, (uintptr_t)l | KIND_READ) || held_find(c, (uintptr_t)l | KIND_WRITE));
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
	const struct mutex *top = current->held_mutexes;
	struct place at, held_at;

	if (likely(!top || top->rank < m->rank + slack))
		return;
	at = place_of(where);
	held_at = place_of(top->where);
	panic("lock order: %s/%d takes %s (rank %u) at %s+0x%lx while it holds %s (rank %u) taken at %s+0x%lx",
	      current->comm, current->pid, m->name, m->rank, at.symbol, at.offset,
	      top->name, top->rank, held_at.symbol, held_at.offset);
}

static inline void mutex_acquired(struct mutex *m, const void *where)
{
	struct mutex **at = &current->held_mutexes;

	m->where = where;
	while (unlikely(*at && (*at)->rank > m->rank))
		at = &(*at)->below;
	m->below = *at;
	*at = m;
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

/*
 * Sleeps in @state until it is handed the mutex. 0, or -EINTR if a signal that @state lets through
 * came first.
 */
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
	/*
	 * Whoever handed us the mutex is done with it once we get its inner lock: we may free it.
	 */
	spin_lock(&m->wait_lock);
	spin_unlock(&m->wait_lock);
	return err;
}

static int __attribute__((noinline))
mutex_lock_state(struct mutex *m, unsigned state, const void *where, unsigned slack)
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

static void __attribute__((noinline)) mutex_lock_contended(struct mutex *m, const void *where)
{
	(void)mutex_lock_slow(m, TASK_UNINTERRUPTIBLE);
	mutex_acquired(m, where);
}

/*
 * A free one of a higher rank than all that are held, where one may sleep: this way needs no frame.
 */
void mutex_lock(struct mutex *m)
{
	const void *where = __builtin_return_address(0);
	struct mutex *top = current->held_mutexes;
	uintptr_t free = 0;

	if (unlikely(!may_sleep()) || unlikely(top && top->rank >= m->rank)) {
		mutex_lock_state(m, TASK_UNINTERRUPTIBLE, where, 0);
		return;
	}
	arch_point(POINT_LOCK, m);
	if (unlikely(!atomic_compare_exchange_strong(&m->owner, &free, (uintptr_t)current))) {
		mutex_lock_contended(m, where);
		return;
	}
	m->where = where;
	m->below = top;
	current->held_mutexes = m;
}

void mutex_lock_nested(struct mutex *m)
{
	mutex_lock_state(m, TASK_UNINTERRUPTIBLE, __builtin_return_address(0), 1);
}

int mutex_lock_interruptible(struct mutex *m)
{
	return mutex_lock_state(m, TASK_INTERRUPTIBLE, __builtin_return_address(0), 0);
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
	struct mutex **at = &current->held_mutexes;
	uintptr_t self = (uintptr_t)current;

	if (unlikely(mutex_owner(m) != current))
		panic("%s/%d releases %s, which it does not hold", current->comm, current->pid, m->name);
	while (unlikely(*at != m))
		at = &(*at)->below;
	*at = m->below;
	arch_point(POINT_UNLOCK, m);
	if (unlikely(!atomic_compare_exchange_strong(&m->owner, &self, 0)))
		mutex_unlock_slow(m);
}

bool mutex_is_held(const struct mutex *m)
{
	return mutex_owner(m) == current;
}

/* ---- statements about the whole ---- */

void __cold may_not_sleep(void)
{
	struct place at = place_of(__builtin_return_address(0));
	struct cpu *c = this_cpu();

	if (!c->nr_held && !c->in_irq && current->flags & PF_IDLE)
		return;
	panic("%s/%d may not sleep at %s+0x%lx: %lu locks held, interrupts %s, in interrupt %d", current->comm, current->pid,
	      at.symbol, at.offset, c->nr_held, arch_irqs_on() ? "on" : "off", c->in_irq);
}

void assert_no_locks(void)
{
	struct cpu *c = this_cpu();

	if (likely(c->nr_held == 0 && c->in_irq == 0 && !current->held_mutexes))
		return;
	locks_dump(current);
	panic("%s/%d leaves the kernel holding locks", current->comm, current->pid);
}

static void dump_held(struct cpu *c)
{
	for (unsigned i = 1; i <= c->nr_held && i <= HELD_MAX; i++) {
		struct place at = held_place(c->held[i]);

		kprintf("  CPU %u holds %s (rank %u) taken at %s+0x%lx\n", c->id, held_name(c->held[i]), c->held_rank[i],
			at.symbol, at.offset);
	}
}

void locks_dump(struct task *t)
{
	struct mutex *m;
	unsigned n = 0;

	/* In a panic the others are stopped: what they hold, they hold for good. */
	for (unsigned i = 0; t == current && i < nr_cpus; i++)
		if (i == this_cpu()->id || panicking())
			dump_held(&cpus[i]);
	for (m = t->held_mutexes; m; m = m->below) {
		struct place at = place_of(m->where);

		kprintf("  %s/%d holds %s (rank %u) taken at %s+0x%lx\n", t->comm, t->pid, m->name,
			m->rank, at.symbol, at.offset);
		if (++n > 32)
			break;
	}
}
