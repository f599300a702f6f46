// SPDX-License-Identifier: GPL-2.0-only
/*
 * Futexes: wait, wake, requeue. Mirrors Linux kernel/futex; priority inheritance is in futex_pi.c,
 * waiting for several in futex_waitv.c, what a dead owner leaves in futex_robust.c.
 *
 * Locks: mmap_lock (to find what a shared address names), then one or two buckets (lower address
 * first), then run queues.
 *
 * A user word is never read under a bucket lock: reading it may fault and sleep. A waiter queues
 * itself first and looks at the word afterwards; whoever wakes changes the word first and looks at
 * the queue afterwards. The bucket lock orders the two:
 *
 *	waiter                              waker
 *	lock(bucket); queue; unlock
 *	                                    word = new
 *	read word: new, not val             lock(bucket); finds the waiter, takes it off; unlock
 *	it was taken off: a wake-up meant
 *	for a waiter that really waits,
 *	so it is passed on to the next one
 *	return -EAGAIN
 *
 * If the waker had the bucket first, its change of the word happened before our lock and we read
 * it; if we had it first, it finds us queued. Either way no wake-up is lost. A waker that finds the
 * queue empty does not lock it: between its change of the word and that look, and between our place
 * in the queue and our look at the word, is a full barrier, so one of the two sees what the other
 * did.
 *
 * Whoever is taken off the queue to be woken sees that in woken_by, and returns when the bucket is
 * not locked: then the waker, who had it locked from before, no longer needs the waiter or its
 * task.
 *
 * A comparison that is to hold at the moment of a requeue uses the bucket's count of arrivals: same
 * count before the word was read and with the locks held means that nobody queued after the word
 * was read, so it is as if all happened when it was read.
 */
#include "kernel/futex_queue.h"
#include "kernel/abi.h"
#include "kernel/freezer.h"
#include "kernel/lock_fast.h"
#include "kernel/fs/files.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "kernel/time_namespace.h"

#define NR_BUCKETS	256u

static struct bucket buckets[NR_BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < NR_BUCKETS; i++) {
		spin_init(&buckets[i].lock, "futex", RANK_FUTEX);
		list_init(&buckets[i].waiters);
	}
}

/* --- keys and buckets --- */

static inline struct bucket *hash(const void *what, u64 offset, u64 unique)
{
	u64 h = ((u64)what >> 4) + unique + (offset >> 2);

	return &buckets[h * 0x9e3779b97f4a7c15ull >> 56];
}

static inline struct bucket *bucket_of(const struct key *k)
{
	return hash(k->what, k->offset, k->unique);
}

static inline struct bucket *private_bucket(uaddr_t addr)
{
	return hash(current->mm, addr, 0);
}

struct bucket *futex_bucket(const struct key *k)
{
	return bucket_of(k);
}

/* The vma's part of a shared key. 0 or -EFAULT. */
static int __attribute__((noinline)) shared_key(uaddr_t addr, struct key *k)
{
	struct mm *mm = current->mm;
	struct vma *v;
	int err = -EFAULT;

	mutex_lock(&mm->mmap_lock);
	v = find_vma(mm, addr);
	if (!v || v->start > addr || !(v->flags & (VM_READ | VM_WRITE)))
		goto out;
	err = 0;
	if ((v->flags & VM_SHARED) && v->file) {
		k->what = v->file->inode;
		k->unique = v->file->inode->unique;
		k->offset = addr - v->start + (v->pgoff << PAGE_SHIFT);
	}
out:
	mutex_unlock(&mm->mmap_lock);
	return err;
}

/* LINUX: a word of private memory has one key whether the call says FUTEX_PRIVATE_FLAG or not. */
static inline int get_key(uaddr_t addr, int scope, struct key *k)
{
	if (unlikely(addr % sizeof(u32)))
		return -EINVAL;
	if (unlikely(!access_ok(addr, sizeof(u32))))
		return -EFAULT;
	*k = (struct key){ .what = current->mm, .offset = addr };
	return scope == FUTEX_SCOPE_SHARED ? shared_key(addr, k) : 0;
}

int futex_get_key(uaddr_t addr, int scope, struct key *k)
{
	return get_key(addr, scope, k);
}

static inline int read_word(uaddr_t addr, u32 *val)
{
	return get_user32(val, addr);
}

static void lock_two(struct bucket *a, struct bucket *b)
{
	if (a > b) {
		struct bucket *t = a;

		a = b;
		b = t;
	}
	spin_lock(&a->lock);
	if (a != b)
		spin_lock_nested(&b->lock);
}

static void unlock_two(struct bucket *a, struct bucket *b)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/* --- wake --- */

/* w and its task stay while the bucket is locked. */
static inline void wake_waiter(struct waiter *w, u32 bitset)
{
	list_del(&w->node);
	atomic_store_explicit(&w->woken_by, bitset, memory_order_release);
	wake_up_state(w->task, TASK_NORMAL);
}

/* Up to nr (at least one, as Linux) of those on the key of these three. How many. */
static int __attribute__((noinline)) wake_bucket(struct bucket *b, const void *what, u64 offset, u64 unique,
						 int nr, u32 bitset)
{
	struct waiter *w, *next;
	int n = 0;

	spin_lock_inline(&b->lock);
	list_for_each_safe(w, next, &b->waiters, node) {
		if (w->key.offset != offset || w->key.what != what || w->key.unique != unique ||
		    !(w->bitset & bitset))
			continue;
		wake_waiter(w, bitset);
		if (++n >= nr)
			break;
	}
	spin_unlock_inline(&b->lock);
	return n;
}

/* After a change of the word. */
static inline bool nobody_waits(const struct bucket *b)
{
	atomic_thread_fence(memory_order_seq_cst);
	return list_empty(&b->waiters);
}

static int wake_key(const struct key *k, int nr, u32 bitset)
{
	struct bucket *b = bucket_of(k);

	return nobody_waits(b) ? 0 : wake_bucket(b, k->what, k->offset, k->unique, nr, bitset);
}

void futex_wake_key(const struct key *k, int nr, u32 bitset)
{
	(void)wake_key(k, nr, bitset);
}

int futex_wake(uaddr_t addr, int nr, u32 bitset, int scope)
{
	struct key k;
	int err;

	if (!bitset)
		return -EINVAL;
	err = get_key(addr, scope, &k);
	return err ? err : wake_key(&k, nr, bitset);
}

/* FUTEX_WAKE of private memory, by far the commonest. */
static long wake_private(uaddr_t addr, int nr)
{
	struct bucket *b = private_bucket(addr);

	if (unlikely(addr % sizeof(u32)))
		return -EINVAL;
	if (unlikely(!access_ok(addr, sizeof(u32))))
		return -EFAULT;
	return nobody_waits(b) ? 0 : wake_bucket(b, current->mm, addr, 0, nr, FUTEX_BITSET_MATCH_ANY);
}

/* --- wait --- */

static inline void queue(struct waiter *w)
{
	struct bucket *b = bucket_of(&w->key);

	might_sleep();
	w->bucket = b;
	spin_lock_first(&b->lock);
	b->arrivals++;
	list_add_tail(&w->node, &b->waiters);
	spin_unlock_inline(&b->lock);
	atomic_thread_fence(memory_order_seq_cst);
}

void futex_queue(struct waiter *w)
{
	queue(w);
}

bool futex_unqueue(struct waiter *w)
{
	struct bucket *b;
	bool queued;

	for (;;) {
		b = READ_ONCE(w->bucket);
		spin_lock(&b->lock);
		if (w->bucket == b)
			break;
		spin_unlock(&b->lock);
	}
	queued = !list_empty(&w->node);
	if (queued)
		list_del(&w->node);
	spin_unlock(&b->lock);
	return queued;
}

static bool any_woken(const struct waiter *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (atomic_load(&w[i].woken_by))
			return true;
	return false;
}

bool futex_sleep(struct waiter *w, unsigned n, u64 deadline)
{
	bool late = false;

	current->waiting_for = w->key.what;
	while (!late) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (any_woken(w, n) || signal_pending(current))
			break;
		late = !schedule_until(deadline);
	}
	__set_current_state(TASK_RUNNING);
	current->waiting_for = NULL;
	return late;
}

/* It is queued and the word is what it should be: sleeps. 0 woken, -ETIMEDOUT, -EINTR a signal. */
static __always_inline int wait_queued(struct waiter *w, u64 deadline)
{
	bool late = false;

	current->waiting_for = w->key.what;
	do {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (atomic_load(&w->woken_by) || signal_pending(current) || late)
			break;
		if (likely(deadline == NO_DEADLINE))
			schedule();
		else
			late = !schedule_until(deadline);
	} while (!atomic_load(&w->woken_by));
	__set_current_state(TASK_RUNNING);
	current->waiting_for = NULL;
	if (likely(atomic_load(&w->woken_by))) {
		spin_unlock_wait(&w->bucket->lock);
		return 0;
	}
	if (!futex_unqueue(w))
		return 0;
	return late ? -ETIMEDOUT : -EINTR;
}

/* 0 woken, -EAGAIN the word is not val, -ETIMEDOUT, -EINTR a signal, -EFAULT, -EINVAL. */
static __always_inline int wait_inline(uaddr_t addr, int scope, u32 val, u64 deadline, u32 bitset)
{
	struct waiter w;
	u32 now;
	int err;

	if (!bitset)
		return -EINVAL;
	err = get_key(addr, scope, &w.key);
	if (err)
		return err;
	w.task = current;
	w.bitset = bitset;
	w.pi = NULL;
	atomic_init(&w.woken_by, 0);
	queue(&w);
	err = read_word(addr, &now);
	if (unlikely(err) || unlikely(now != val)) {
		if (!futex_unqueue(&w))
			wake_key(&w.key, 1, w.woken_by);
		return err ? err : -EAGAIN;
	}
	return wait_queued(&w, deadline);
}

static int wait_once(uaddr_t addr, int scope, u32 val, u64 deadline, u32 bitset)
{
	return wait_inline(addr, scope, val, deadline, bitset);
}

static long futex_wait_restart(struct restart_block *rb)
{
	int err = wait_once(rb->a, (int)rb->b, (u32)rb->c, rb->deadline, (u32)rb->d);

	return err == -EINTR ? -ERESTART_RESTARTBLOCK : err;
}

/*
 * An interrupted wait without a timeout starts again as it was; one with a timeout goes on to its
 * old end.
 */
static long futex_wait(uaddr_t addr, int scope, u32 val, u64 deadline, u32 bitset)
{
	int err = wait_once(addr, scope, val, deadline, bitset);

	if (err != -EINTR)
		return err;
	if (deadline == NO_DEADLINE)
		return -ERESTARTSYS;
	current->restart = (struct restart_block){
		.fn = futex_wait_restart, .deadline = deadline, .a = addr, .b = (u64)scope, .c = val, .d = bitset,
	};
	return -ERESTART_RESTARTBLOCK;
}

/* FUTEX_WAIT of private memory without a timeout. */
static long __attribute__((noinline)) wait_private(uaddr_t addr, u32 val)
{
	int err = wait_inline(addr, FUTEX_SCOPE_PRIVATE, val, NO_DEADLINE, FUTEX_BITSET_MATCH_ANY);

	return err == -EINTR ? -ERESTARTSYS : err;
}

/* --- requeue --- */

/*
 * Wakes nr_wake waiters on k1 and moves up to nr_requeue others to k2. Both buckets locked. How
 * many were touched.
 */
static int requeue_locked(struct bucket *b1, const struct key *k1, struct bucket *b2, const struct key *k2,
			  int nr_wake, int nr_requeue)
{
	struct waiter *w, *next, mark = { .task = NULL };
	LIST_HEAD(moved);
	int n = 0;

	/*
	 * Who looks without the lock must see them on one of the two all the time; mark is on no key.
	 *
	 * here                               nobody_waits
	 * b1: add mark
	 * b1: take waiters off               b1 empty? never, so it waits for the lock
	 * b2: put them there
	 * b1: take mark off                  b1 empty? then they are seen on b2
	 */
	list_add(&mark.node, &b1->waiters);
	atomic_thread_fence(memory_order_release);
	list_for_each_safe(w, next, &b1->waiters, node) {
		if (n - nr_wake >= nr_requeue)
			break;
		if (!same_key(&w->key, k1))
			continue;
		if (n++ < nr_wake) {
			wake_waiter(w, FUTEX_BITSET_MATCH_ANY);
			continue;
		}
		list_move_tail(&w->node, &moved);
		w->key = *k2;
		w->bucket = b2;
	}
	b2->arrivals += !list_empty(&moved);
	list_splice_tail(&moved, &b2->waiters);
	atomic_thread_fence(memory_order_release);
	list_del(&mark.node);
	return n;
}

/* cmp: the word must be *cmp at that moment, or NULL. */
static long futex_requeue(uaddr_t a1, uaddr_t a2, int scope, int nr_wake, int nr_requeue, const u32 *cmp)
{
	struct bucket *b1, *b2;
	struct key k1, k2;
	u64 arrivals;
	int err;
	u32 now;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	err = futex_get_key(a1, scope, &k1);
	if (!err)
		err = futex_get_key(a2, scope, &k2);
	if (err)
		return err;
	b1 = futex_bucket(&k1);
	b2 = futex_bucket(&k2);
	for (;;) {
		arrivals = READ_ONCE(b1->arrivals);
		atomic_thread_fence(memory_order_seq_cst);
		if (cmp) {
			if (read_word(a1, &now))
				return -EFAULT;
			if (now != *cmp)
				return -EAGAIN;
		}
		lock_two(b1, b2);
		if (!cmp || b1->arrivals == arrivals)
			break;
		unlock_two(b1, b2);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	err = requeue_locked(b1, &k1, b2, &k2, nr_wake, nr_requeue);
	unlock_two(b1, b2);
	return err;
}

/* --- wake_op --- */

static s32 sign_extend12(u32 v)
{
	return (s32)(v << 20) >> 20;
}

/* What FUTEX_WAKE_OP stores over old; false for an unknown operation. */
static bool op_result(unsigned op, u32 old, u32 arg, u32 *new)
{
	switch (op) {
	case FUTEX_OP_SET: *new = arg; return true;
	case FUTEX_OP_ADD: *new = old + arg; return true;
	case FUTEX_OP_OR: *new = old | arg; return true;
	case FUTEX_OP_ANDN: *new = old & ~arg; return true;
	case FUTEX_OP_XOR: *new = old ^ arg; return true;
	}
	return false;
}

static int op_compare(unsigned cmp, s32 old, s32 arg)
{
	switch (cmp) {
	case FUTEX_OP_CMP_EQ: return old == arg;
	case FUTEX_OP_CMP_NE: return old != arg;
	case FUTEX_OP_CMP_LT: return old < arg;
	case FUTEX_OP_CMP_LE: return old <= arg;
	case FUTEX_OP_CMP_GT: return old > arg;
	case FUTEX_OP_CMP_GE: return old >= arg;
	}
	return -ENOSYS;
}

/*
 * Changes the word as told; 1 or 0 is what the comparison says of the old value; -EFAULT, -ENOSYS,
 * -EINTR.
 */
static int user_op(u32 code, uaddr_t addr)
{
	unsigned op = code >> 28 & 7, cmp = code >> 24 & 15;
	u32 arg = (u32)sign_extend12(code >> 12 & 0xfff), old, seen, new;

	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (arg & 31);
	if (read_word(addr, &seen))
		return -EFAULT;
	for (;;) {
		old = seen;
		if (!op_result(op, old, arg, &new))
			return -ENOSYS;
		if (cmpxchg_user32(addr, old, new, &seen))
			return -EFAULT;
		if (seen == old)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return op_compare(cmp, (s32)old, sign_extend12(code & 0xfff));
}

/* The change comes first, as in a program that changes the word itself and then wakes. */
static long futex_wake_op(uaddr_t a1, uaddr_t a2, int scope, int nr1, int nr2, u32 code)
{
	struct key k1, k2;
	int err, n;

	err = futex_get_key(a1, scope, &k1);
	if (!err)
		err = futex_get_key(a2, scope, &k2);
	if (err)
		return err;
	err = user_op(code, a2);
	if (err < 0)
		return err;
	n = wake_key(&k1, nr1, FUTEX_BITSET_MATCH_ANY);
	if (err)
		n += wake_key(&k2, nr2, FUTEX_BITSET_MATCH_ANY);
	return n;
}

/* --- system calls --- */

int futex_deadline(int op, uaddr_t uts, u64 *deadline)
{
	struct k_timespec ts;
	u64 ns;

	*deadline = NO_DEADLINE;
	if (!uts)
		return 0;
	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (!timespec_valid(&ts))
		return -EINVAL;
	ns = timespec_to_ns(&ts);
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		ns = add_ns(ktime_ns(), ns);
	else if (op & FUTEX_CLOCK_REALTIME)
		ns |= WALL_TIME;
	else
		ns = time_ns_to_host(CLOCK_MONOTONIC, ns);
	*deadline = ns;
	return 0;
}

static long __attribute__((noinline)) do_futex(uaddr_t addr, int op, u32 val, uaddr_t timeout, uaddr_t addr2, u32 val3)
{
	int cmd = op & FUTEX_CMD_MASK, scope = op & FUTEX_PRIVATE_FLAG ? FUTEX_SCOPE_PRIVATE : FUTEX_SCOPE_SHARED;
	int val2 = (int)timeout, err;
	u64 deadline = NO_DEADLINE;

	if (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 ||
	    cmd == FUTEX_WAIT_REQUEUE_PI) {
		err = futex_deadline(cmd == FUTEX_LOCK_PI ? op | FUTEX_CLOCK_REALTIME : op, timeout, &deadline);
		if (err)
			return err;
	}
	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_WAIT_REQUEUE_PI &&
	    cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		return futex_wait(addr, scope, val, deadline, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait(addr, scope, val, deadline, val3);
	case FUTEX_WAKE:
		return futex_wake(addr, (int)val, FUTEX_BITSET_MATCH_ANY, scope);
	case FUTEX_WAKE_BITSET:
		return futex_wake(addr, (int)val, val3, scope);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, addr2, scope, (int)val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, addr2, scope, (int)val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, addr2, scope, (int)val, val2, val3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(addr, scope, deadline);
	case FUTEX_TRYLOCK_PI:
		return futex_trylock_pi(addr, scope);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(addr, scope);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(addr, scope, val, deadline, addr2);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(addr, addr2, scope, (int)val, val2, val3);
	}
	return -ENOSYS;
}

long sys_futex(uaddr_t addr, int op, u32 val, uaddr_t timeout, uaddr_t addr2, u32 val3)
{
	if (op == (FUTEX_WAKE | FUTEX_PRIVATE_FLAG))
		return wake_private(addr, (int)val);
	if (op == (FUTEX_WAIT | FUTEX_PRIVATE_FLAG) && !timeout)
		return wait_private(addr, val);
	return do_futex(addr, op, val, timeout, addr2, val3);
}
