// SPDX-License-Identifier: GPL-2.0-only
/*
 * Futexes with priority inheritance. Mirrors Linux kernel/futex/pi.c, requeue.c and the part of
 * kernel/locking/rtmutex.c that they use.
 *
 * The word holds the owner's thread id; 0: free. A lock that is waited for also has a struct
 * pi_lock, which says the same and who waits. Its owner runs with the highest priority of its
 * waiters, and if it waits for another lock itself, so does that one's owner. An unlock gives the
 * lock to the waiter of the highest priority, first come first served, and writes its id into the
 * word.
 *
 * The word is looked at and changed where the kernel sees it, with mmap_lock held, which keeps the
 * page in its place: so the word and the struct change together under pi_lock, and nothing can
 * fault. What may fault is done before: fault_in.
 *
 * An owner that dies does not know the word's address. It passes the struct on; the heir writes the
 * word, and until then the struct is "unfixed" and right where the two differ.
 *
 * LINUX: one lock for all of it. Only real-time priorities are inherited, not niceness. Whether a
 * word is at the same time waited for with FUTEX_WAIT is not looked at. Nor is, once somebody
 * waits, from which namespace the id in the word comes.
 *
 * Locks: mmap_lock, a bucket, pi_lock, run queues.
 */
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/futex_queue.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define MAX_CHAIN	1024

struct pi_lock {			/* [pi_lock] */
	struct pi_lock *next;		/* in its bucket */
	struct pi_lock *next_owned;	/* on owner->pi_locks */
	struct key key;			/* (!) */
	struct task *owner;		/* until it is through exit_pi */
	struct list waiters;		/* of pi_waiter, in order of arrival */
	bool unfixed;			/* the owner inherited it and has not yet written the word */
};
struct pi_waiter {
	struct list node;		/* [pi_lock] */
	struct key key;			/* (!) of the lock */
	struct task *task;		/* (!) */
	struct pi_lock *lock;		/* [pi_lock] waited for or granted; NULL: neither */
	bool granted;			/* [pi_lock] */
	bool inherited;			/* [pi_lock] from an owner that died */
};

static struct spinlock pi_lock = SPINLOCK_INIT("futex_pi", RANK_FUTEX_PI);

/* --- the struct beside the word; pi_lock held --- */

static struct pi_lock *find(const struct key *k)
{
	struct pi_lock *l = futex_bucket(k)->pi_locks;

	assert_held(&pi_lock);
	while (l && !same_key(&l->key, k))
		l = l->next;
	return l;
}

static void set_owner(struct pi_lock *l, struct task *owner)
{
	struct pi_lock **at;

	if (l->owner) {
		for (at = &l->owner->pi_locks; *at != l; at = &(*at)->next_owned)
			;
		*at = l->next_owned;
	}
	l->owner = owner;
	if (owner) {
		l->next_owned = owner->pi_locks;
		owner->pi_locks = l;
	}
}

/* Once nobody waits, the word says everything. */
static void free_if_idle(struct pi_lock *l)
{
	struct pi_lock **at;

	if (!list_empty(&l->waiters) || l->unfixed)
		return;
	set_owner(l, NULL);
	for (at = &futex_bucket(&l->key)->pi_locks; *at != l; at = &(*at)->next)
		;
	*at = l->next;
	kfree(l);
}

static int highest_waiter(const struct task *t)
{
	struct pi_waiter *w;
	int prio = 0;

	for (struct pi_lock *l = t->pi_locks; l; l = l->next_owned)
		list_for_each(w, &l->waiters, node)
			prio = max(prio, READ_ONCE(w->task->prio));
	return prio;
}

/* t's waiters have changed: so does its priority, and that of those whom it waits for. */
static void adjust(struct task *t)
{
	for (int n = 0; t && n < MAX_CHAIN; n++) {
		int prio = highest_waiter(t);

		if (prio == t->pi_prio)
			return;
		sched_boost(t, prio);
		t = t->pi_waiter ? t->pi_waiter->lock->owner : NULL;
	}
}

/* Does owner, over however many locks, wait for t? Too long a chain counts as one. */
static bool would_deadlock(const struct task *owner, const struct task *t)
{
	for (int n = 0; owner && n < MAX_CHAIN; n++) {
		if (owner == t)
			return true;
		if (!owner->pi_waiter)
			return false;
		owner = owner->pi_waiter->lock->owner;
	}
	return owner;
}

static void enqueue(struct pi_lock *l, struct pi_waiter *w)
{
	w->lock = l;
	w->task->pi_waiter = w;
	list_add_tail(&w->node, &l->waiters);
	/*
	 * here                            set_scheduler
	 * w->task->pi_waiter = w          t->prio = new
	 * reads its prio                  t->pi_waiter? then futex_pi_adjust
	 */
	atomic_thread_fence(memory_order_seq_cst);
	adjust(l->owner);
}

static void dequeue(struct pi_waiter *w)
{
	list_del(&w->node);
	w->task->pi_waiter = NULL;
}

static struct pi_waiter *top_waiter(const struct pi_lock *l)
{
	struct pi_waiter *w, *top = NULL;

	list_for_each(w, &l->waiters, node)
		if (!top || READ_ONCE(w->task->prio) > READ_ONCE(top->task->prio))
			top = w;
	return top;
}

/* w becomes the owner. Its task passes pi_lock before w goes, so it can be woken. */
static void grant(struct pi_lock *l, struct pi_waiter *w)
{
	struct task *old = l->owner;

	dequeue(w);
	WRITE_ONCE(w->granted, true);
	set_owner(l, w->task);
	if (old)
		adjust(old);
	adjust(w->task);
	wake_up_state(w->task, TASK_NORMAL);
}

void exit_pi(struct task *t)
{
	assert(t == current);
	/*
	 * attach                          here
	 * t->pi_locks = l                 t->pi_dead = true
	 * t->pi_dead? then give up        t->pi_locks? then pass it on
	 */
	atomic_store(&t->pi_dead, true);
	if (READ_ONCE(t->pi_locks)) {
		spin_lock(&pi_lock);
		while (t->pi_locks) {
			struct pi_lock *l = t->pi_locks;
			struct pi_waiter *w = top_waiter(l);

			l->unfixed = w;
			if (w) {
				w->inherited = true;
				grant(l, w);
			}
			free_if_idle(l);
		}
		spin_unlock(&pi_lock);
	}
	if (!(t->flags & PF_EXITING))
		atomic_store(&t->pi_dead, false);	/* an exec: the thread lives on */
}

void futex_pi_adjust(struct task *t)
{
	spin_lock(&pi_lock);
	if (t->pi_waiter)
		adjust(t->pi_waiter->lock->owner);
	spin_unlock(&pi_lock);
}

/* --- the word --- */

static int fault_in(uaddr_t addr)
{
	u32 old, seen;

	return copy_from_user(&old, addr, sizeof(old)) || cmpxchg_user32(addr, old, old, &seen) ? -EFAULT : 0;
}

/*
 * The word at addr as the kernel sees it, writable for the user. On success mmap_lock is held, and
 * then pi_lock may be taken. ERR_PTR(-EFAULT). Sleeps.
 */
static _Atomic u32 *lock_word(uaddr_t addr)
{
	_Atomic u32 *word;

	for (;;) {
		if (fault_in(addr))
			return ERR_PTR(-EFAULT);
		mutex_lock(&current->mm->mmap_lock);
		word = user_word(current->mm, addr, FAULT_WRITE);
		if (word)
			return word;
		mutex_unlock(&current->mm->mmap_lock);
	}
}

static void unlock_word(void)
{
	mutex_unlock(&current->mm->mmap_lock);
}

static u32 tid_of(u32 word)
{
	return word & FUTEX_TID_MASK;
}

/* --- taking a lock --- */

/* One attempt after the other, as the owner that the word names has to be looked up between. */
struct attempt {
	struct pi_lock *spare;		/* for a lock that has none yet; NULL: used */
	struct task *owner;		/* referenced, or NULL */
	u32 tid;			/* whom owner was looked up for */
};
#define LOOK_UP		2		/* neither taken nor queued: to be tried again after look_up() */

static int attempt_begin(struct attempt *a)
{
	*a = (struct attempt){ .spare = kzalloc(sizeof(*a->spare), GFP_KERNEL) };
	return a->spare ? 0 : -ENOMEM;
}

static void attempt_end(struct attempt *a)
{
	kfree(a->spare);
	if (a->owner)
		put_task(a->owner);
}

/* LOOK_UP: it is done; -EPERM, -ENOMEM, -EINTR. No lock held. */
static int look_up(struct attempt *a)
{
	if (a->owner)
		put_task(a->owner);
	a->owner = find_get_task_by_vpid((int)a->tid);
	if (a->owner && a->owner->flags & PF_KTHREAD)
		return -EPERM;
	if (!a->spare)
		a->spare = kzalloc(sizeof(*a->spare), GFP_KERNEL);
	if (!a->spare)
		return -ENOMEM;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : LOOK_UP;
}

/* Takes a free word for t: true if it was free. *seen: what was there. */
static bool take_free(_Atomic u32 *word, const struct task *t, u32 *seen)
{
	*seen = atomic_load(word);
	while (!tid_of(*seen))
		if (atomic_compare_exchange_weak(word, seen, (u32)t->vpid | (*seen & FUTEX_OWNER_DIED)))
			return true;
	return false;
}

/* The struct for a lock that a->owner has by its word alone. ERR_PTR(-ESRCH): the owner is dead. */
static struct pi_lock *attach(const struct key *k, struct attempt *a)
{
	struct bucket *b = futex_bucket(k);
	struct pi_lock *l = a->spare;

	l->key = *k;
	list_init(&l->waiters);
	set_owner(l, a->owner);
	l->next = b->pi_locks;
	b->pi_locks = l;
	a->spare = NULL;
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load(&a->owner->pi_dead))
		return l;
	b->pi_locks = l->next;
	set_owner(l, NULL);
	a->spare = l;
	return ERR_PTR(-ESRCH);
}

/*
 * Nobody waits for the word yet. The struct in *out; 1: taken instead; LOOK_UP, -EDEADLK, -ESRCH.
 */
static int claim(_Atomic u32 *word, const struct key *k, const struct task *t, struct attempt *a, struct pi_lock **out)
{
	u32 seen;

	if (take_free(word, t, &seen))
		return 1;
	if (tid_of(seen) == (u32)t->vpid)
		return -EDEADLK;
	if (a->tid != tid_of(seen)) {
		a->tid = tid_of(seen);
		return LOOK_UP;
	}
	if (!a->owner)
		return -ESRCH;
	if (!a->spare || !atomic_compare_exchange_strong(word, &seen, seen | FUTEX_WAITERS)) {
		a->tid = 0;
		return LOOK_UP;
	}
	*out = attach(k, a);
	if (!IS_ERR(*out))
		return 0;
	/* It died: what it left in the word was written before. */
	if (tid_of(atomic_load(word)) == a->tid)
		return -ESRCH;
	a->tid = 0;
	return LOOK_UP;
}

/*
 * For t: 1: the lock is taken. w: 0: it waits; NULL: -EAGAIN instead. LOOK_UP, -EDEADLK, -ESRCH,
 * -EINVAL: word and struct disagree. pi_lock held.
 */
static int take_or_queue(_Atomic u32 *word, const struct key *k, struct task *t, struct pi_waiter *w, struct attempt *a)
{
	struct pi_lock *l = find(k);
	int ret;

	if (l) {
		if (!l->unfixed && tid_of(atomic_load(word)) != (u32)l->owner->vpid &&
		    !(atomic_load(word) & FUTEX_OWNER_DIED))
			return -EINVAL;
	} else {
		ret = claim(word, k, t, a, &l);
		if (ret)
			return ret;
	}
	ret = l->owner == t || (w && would_deadlock(l->owner, t)) ? -EDEADLK : !w ? -EAGAIN : 0;
	if (!ret)
		enqueue(l, w);
	free_if_idle(l);
	return ret;
}

/* For current. As take_or_queue, but for LOOK_UP; -EFAULT, -ENOMEM, -EPERM besides. */
static int lock_or_queue(uaddr_t addr, const struct key *k, struct pi_waiter *w)
{
	_Atomic u32 *word;
	struct attempt a;
	int ret = attempt_begin(&a);

	if (ret)
		return ret;
	do {
		word = lock_word(addr);
		if (IS_ERR(word)) {
			ret = (int)PTR_ERR(word);
			break;
		}
		spin_lock(&pi_lock);
		ret = take_or_queue(word, k, current, w, &a);
		spin_unlock(&pi_lock);
		unlock_word();
		if (ret == LOOK_UP)
			ret = look_up(&a);
	} while (ret == LOOK_UP);
	attempt_end(&a);
	return ret;
}

/* Current owns the lock of a dead one: now the word says so too. 0 or -EFAULT. */
static int fix_word(uaddr_t addr, const struct key *k)
{
	_Atomic u32 *word = lock_word(addr);
	struct pi_lock *l;
	u32 old;

	spin_lock(&pi_lock);
	if (!IS_ERR(word)) {
		old = atomic_load(word);
		while (!atomic_compare_exchange_weak(word, &old, (u32)current->vpid | FUTEX_WAITERS | FUTEX_OWNER_DIED))
			;
	}
	l = find(k);
	if (l && l->owner == current) {
		l->unfixed = false;
		free_if_idle(l);
	}
	spin_unlock(&pi_lock);
	if (IS_ERR(word))
		return (int)PTR_ERR(word);
	unlock_word();
	return 0;
}

/* Waits until w is granted. 0, -ETIMEDOUT, -EINTR, -EFAULT. */
static int wait_granted(struct pi_waiter *w, uaddr_t addr, u64 deadline)
{
	bool late = false;

	current->waiting_for = w->key.what;
	while (!late) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (READ_ONCE(w->granted) || signal_pending(current))
			break;
		late = !schedule_until(deadline);
	}
	__set_current_state(TASK_RUNNING);
	current->waiting_for = NULL;
	spin_lock(&pi_lock);
	if (!w->granted) {
		struct pi_lock *l = w->lock;

		dequeue(w);
		adjust(l->owner);
		free_if_idle(l);
	}
	spin_unlock(&pi_lock);
	if (!w->granted)
		return late ? -ETIMEDOUT : -EINTR;
	return w->inherited ? fix_word(addr, &w->key) : 0;
}

/* --- lock, trylock, unlock --- */

long futex_lock_pi(uaddr_t addr, int scope, u64 deadline)
{
	struct pi_waiter w = { .task = current };
	int ret = futex_get_key(addr, scope, &w.key);

	if (ret)
		return ret;
	ret = lock_or_queue(addr, &w.key, &w);
	if (ret)
		return min(ret, 0);
	ret = wait_granted(&w, addr, deadline);
	return ret == -EINTR ? -ERESTARTNOINTR : ret;
}

long futex_trylock_pi(uaddr_t addr, int scope)
{
	struct key k;
	int ret = futex_get_key(addr, scope, &k);

	return ret ? ret : min(lock_or_queue(addr, &k, NULL), 0);
}

/* pi_lock held. 0, -EPERM, -EINVAL, -EAGAIN: the word has changed. */
static int hand_over(_Atomic u32 *word, const struct key *k)
{
	struct pi_lock *l = find(k);
	u32 old = atomic_load(word);
	struct pi_waiter *w;

	if (tid_of(old) != (u32)current->vpid)
		return -EPERM;
	if (l && l->owner != current)
		return -EINVAL;
	w = l ? top_waiter(l) : NULL;
	if (!atomic_compare_exchange_strong(word, &old, w ? (u32)w->task->vpid | FUTEX_WAITERS : 0))
		return -EAGAIN;
	if (w)
		grant(l, w);
	if (l)
		free_if_idle(l);
	return 0;
}

long futex_unlock_pi(uaddr_t addr, int scope)
{
	_Atomic u32 *word;
	struct key k;
	u32 now;
	int ret;

	if (copy_from_user(&now, addr, sizeof(now)))
		return -EFAULT;
	if (tid_of(now) != (u32)current->vpid)
		return -EPERM;
	ret = futex_get_key(addr, scope, &k);
	if (ret)
		return ret;
	do {
		word = lock_word(addr);
		if (IS_ERR(word))
			return PTR_ERR(word);
		spin_lock(&pi_lock);
		ret = hand_over(word, &k);
		spin_unlock(&pi_lock);
		unlock_word();
		cond_resched();
	} while (ret == -EAGAIN && !fatal_signal_pending(current));
	return ret;
}

/* --- condition variables: from a plain word to a lock --- */

long futex_wait_requeue_pi(uaddr_t addr, int scope, u32 val, u64 deadline, uaddr_t addr2)
{
	struct pi_waiter pi = { .task = current };
	struct waiter w = { .task = current, .bitset = FUTEX_BITSET_MATCH_ANY, .pi = &pi };
	bool late;
	u32 now;
	int err;

	if (addr == addr2)
		return -EINVAL;
	err = futex_get_key(addr, scope, &w.key);
	if (!err)
		err = futex_get_key(addr2, scope, &pi.key);
	if (err)
		return err;
	if (same_key(&w.key, &pi.key))
		return -EINVAL;
	futex_queue(&w);
	err = copy_from_user(&now, addr, sizeof(now)) ? -EFAULT : now != val ? -EAGAIN : 0;
	late = !err && futex_sleep(&w, 1, deadline);
	if (futex_unqueue(&w))
		return err ? err : late ? -ETIMEDOUT : -ERESTARTNOINTR;
	/*
	 * Off that queue: a requeue put us on the other one or gave us the lock, or it was a plain
	 * wake-up.
	 */
	if (!pi.lock && !pi.granted && err)
		futex_wake_key(&w.key, 1, w.woken_by);
	if (!pi.lock)
		return pi.granted ? 0 : err ? err : -EAGAIN;
	err = wait_granted(&pi, addr2, late ? 1 : deadline);
	return err == -EINTR ? -EAGAIN : err;
}

/* The next waiter of k that may move, or NULL, or ERR_PTR(-EINVAL): it waits for something else. */
static struct waiter *next_to_move(struct bucket *b, const struct key *k, const struct key *k2)
{
	struct waiter *w;

	list_for_each(w, &b->waiters, node)
		if (same_key(&w->key, k))
			return w->pi && same_key(&w->pi->key, k2) ? w : ERR_PTR(-EINVAL);
	return NULL;
}

/* Moves waiters until *n have, or none is left: 0. LOOK_UP, -errno. The bucket is locked. */
static int move_waiters(struct bucket *b, const struct key *k, const struct key *k2, _Atomic u32 *word,
			struct attempt *a, int most, int *n)
{
	while (*n < most) {
		struct waiter *w = next_to_move(b, k, k2);
		int ret;

		if (!w || IS_ERR(w))
			return w ? (int)PTR_ERR(w) : 0;
		spin_lock(&pi_lock);
		ret = take_or_queue(word, k2, w->task, w->pi, a);
		if (ret == 1)
			w->pi->granted = true;
		if (ret == 0 || ret == 1) {
			/* Before somebody who dies can grant it the lock and wake it: it looks at this. */
			list_del(&w->node);
			atomic_store(&w->woken_by, w->bitset);
		}
		spin_unlock(&pi_lock);
		if (ret != 0 && ret != 1)
			return ret;
		++*n;
		if (ret == 1)
			wake_up_state(w->task, TASK_NORMAL);
	}
	return 0;
}

/*
 * Both words are looked at where the kernel sees them, so the comparison holds when the waiters
 * move.
 */
static int requeue_once(uaddr_t a1, uaddr_t a2, const struct key *k1, const struct key *k2, u32 cmp,
			struct attempt *a, int most, int *n)
{
	struct bucket *b = futex_bucket(k1);
	_Atomic u32 *word2, *word1;
	u32 now;
	int ret;

	if (copy_from_user(&now, a1, sizeof(now)))
		return -EFAULT;
	word2 = lock_word(a2);
	if (IS_ERR(word2))
		return (int)PTR_ERR(word2);
	word1 = user_word(current->mm, a1, 0);
	ret = LOOK_UP;			/* it went away again: once more */
	if (word1) {
		spin_lock(&b->lock);
		ret = *n == 0 && atomic_load(word1) != cmp ? -EAGAIN : move_waiters(b, k1, k2, word2, a, most, n);
		spin_unlock(&b->lock);
	}
	unlock_word();
	return ret;
}

long futex_cmp_requeue_pi(uaddr_t a1, uaddr_t a2, int scope, int nr_wake, int nr_requeue, u32 cmp)
{
	struct key k1, k2;
	struct attempt a;
	int ret, n = 0;

	if (nr_wake != 1 || nr_requeue < 0 || a1 == a2)
		return -EINVAL;
	ret = futex_get_key(a1, scope, &k1);
	if (!ret)
		ret = futex_get_key(a2, scope, &k2);
	if (ret)
		return ret;
	if (same_key(&k1, &k2))
		return -EINVAL;
	ret = attempt_begin(&a);
	if (ret)
		return ret;
	do {
		ret = requeue_once(a1, a2, &k1, &k2, cmp, &a, min(nr_requeue, INT32_MAX - 1) + 1, &n);
		ret = ret == LOOK_UP ? look_up(&a) : ret;
	} while (ret == LOOK_UP);
	attempt_end(&a);
	return ret < 0 && !n ? ret : n;
}
