// SPDX-License-Identifier: GPL-2.0-only
/*
 * Semaphores of System V: sets, operations and undo (semctl.c: their control). Mirrors Linux
 * ipc/sem.c.
 *
 * The operations of one semop happen together or not at all. A caller that has to wait leaves them
 * on the set's list; whoever changes the set does for each sleeper what can now be done, and tells
 * it the result.
 *
 * What SEM_UNDO is to take back is kept by task: a list of adjustments, one for each set, which
 * threads share by CLONE_SYSVSEM. All of it is in one namespace: who changes namespaces gives up
 * its list before.
 *
 * Locks: sem_ids.lock of the namespace for everything.
 */
#include "kernel/cred.h"
#include "kernel/ipc/sem.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"

#define FAST_OPS	8u
#define PENDING		1		/* no result: those are 0 or -errno */

struct sem_request {			/* of semget */
	int n, flags;
};

/* --- sets --- */

static struct ipc_perm *sem_make(int key, void *arg)
{
	const struct sem_request *r = arg;
	struct sem_set *s;

	if (!r->n)
		return ERR_PTR(-EINVAL);
	s = kzalloc(sizeof(*s) + (size_t)r->n * sizeof(s->sems[0]), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	ipc_init_perm(&s->perm, key, (u32)r->flags);
	s->n = (unsigned)r->n;
	s->ctime = ipc_now();
	list_init(&s->sleepers);
	list_init(&s->undos);
	return &s->perm;
}

void sem_free(struct sem_set *s)
{
	for (unsigned i = 0; i < s->n; i++)
		put_pid(s->sems[i].pid);
	kfree(s);
}

static void sem_unmake(struct ipc_perm *p)
{
	sem_free(container_of(p, struct sem_set, perm));
}

static int sem_check(struct ipc_perm *p, void *arg)
{
	return (unsigned)((struct sem_request *)arg)->n > container_of(p, struct sem_set, perm)->n ? -EINVAL : 0;
}

static int sem_room(struct ipc_ids *ids, struct ipc_perm *p)
{
	u64 n = container_of(p, struct sem_set, perm)->n;

	if (ids->total + n > SEMMNS)
		return -ENOSPC;
	ids->total += n;
	return 0;
}

const struct ipc_kind sem_kind = { .name = "sem_ids", .make = sem_make, .unmake = sem_unmake,
	.check = sem_check, .room = sem_room };

struct sem_set *sem_find(int id, u32 mode)
{
	struct ipc_perm *p = ipc_by_id(sem_ids(), id);
	int err = IS_ERR(p) ? (int)PTR_ERR(p) : mode ? ipc_permitted(p, mode) : 0;

	return err ? ERR_PTR(err) : container_of(p, struct sem_set, perm);
}

/* --- operations; sem_ids.lock held --- */

static int undo_of(const struct sem_undo *u, const struct k_sembuf *op)
{
	return u->adjust[op->sem_num] - op->sem_op;
}

/* One operation: 0, PENDING: it has to wait, -ERANGE. */
static int do_op(struct sem_set *s, const struct k_sembuf *op, struct sem_undo *u)
{
	struct sem *sem = &s->sems[op->sem_num];
	int result = sem->val + op->sem_op;

	if (result < 0 || (!op->sem_op && sem->val))
		return PENDING;
	if (result > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		int adjust = undo_of(u, op);

		if (adjust < -SEMVMX - 1 || adjust > SEMVMX)
			return -ERANGE;
		u->adjust[op->sem_num] = (s16)adjust;
	}
	sem->val = (u16)result;
	return 0;
}

static void take_back(struct sem_set *s, const struct k_sembuf *op, struct sem_undo *u)
{
	s->sems[op->sem_num].val = (u16)(s->sems[op->sem_num].val - op->sem_op);
	if (op->sem_flg & SEM_UNDO)
		u->adjust[op->sem_num] = (s16)(u->adjust[op->sem_num] + op->sem_op);
}

/* All of q's operations or none: 0, PENDING with q->blocking set, -EAGAIN, -ERANGE. */
static int do_ops(struct sem_set *s, struct sem_sleeper *q)
{
	unsigned i;
	int err = 0;

	for (i = 0; i < q->nr_ops; i++) {
		err = do_op(s, &q->ops[i], q->undo);
		if (err)
			break;
	}
	if (!err) {
		for (i = 0; i < q->nr_ops; i++)
			ipc_update_pid(&s->sems[q->ops[i].sem_num].pid, q->pid);
		s->otime = ipc_now();
		return 0;
	}
	q->blocking = &q->ops[i];
	while (i--)
		take_back(s, &q->ops[i], q->undo);
	return err == PENDING && q->blocking->sem_flg & IPC_NOWAIT ? -EAGAIN : err;
}

/* q is off its list with a result, and its task runs; once the lock is free q may be gone. */
static void finish(struct sem_sleeper *q, int status)
{
	list_del(&q->node);
	WRITE_ONCE(q->status, status);
	wake_up_all(&q->wait);
}

/*
 * Does for one sleeper of the kind that does or does not alter the set what can be done: was there
 * one?
 */
static bool serve_one(struct sem_set *s, bool alters)
{
	struct sem_sleeper *q;

	list_for_each(q, &s->sleepers, node) {
		int status = q->alters == alters ? do_ops(s, q) : PENDING;

		if (status != PENDING) {
			finish(q, status);
			return true;
		}
	}
	return false;
}

void sem_serve(struct sem_set *s)
{
	while (serve_one(s, false) || serve_one(s, true))
		;
}

/* --- undo --- */

static void undo_unlink(struct sem_undo *u)
{
	if (u->set)
		list_del(&u->set_node);
	u->set = NULL;
	list_del(&u->list_node);
}

static struct sem_undo *find_undo(struct sem_undo_list *l, const struct sem_set *s)
{
	struct sem_undo *u;

	list_for_each(u, &l->undos, list_node)
		if (u->set == s)
			return u;
	return NULL;
}

void sem_remove(struct sem_set *s)
{
	struct ipc_ids *ids = sem_ids();

	ids->total -= s->n;
	ipc_remove(ids, &s->perm);
	while (!list_empty(&s->sleepers))
		finish(list_first(&s->sleepers, struct sem_sleeper, node), -EIDRM);
	while (!list_empty(&s->undos)) {
		struct sem_undo *u = list_first(&s->undos, struct sem_undo, set_node);

		undo_unlink(u);
		kfree(u);
	}
}

static struct sem_undo_list *make_undo_list(void)
{
	struct sem_undo_list *l = kzalloc(sizeof(*l), GFP_KERNEL);

	if (!l)
		return NULL;
	l->ids = sem_ids();
	atomic_init(&l->refs, 1);
	list_init(&l->undos);
	WRITE_ONCE(current->sysvsem, l);
	return l;
}

/* Current's list, made if there is none. NULL: no memory. Sleeps. */
static inline struct sem_undo_list *undo_list(void)
{
	struct sem_undo_list *l = current->sysvsem;

	return likely(l) ? l : make_undo_list();
}

/*
 * Makes sure that current has an adjustment for the set. 0, -EINVAL (there is no such
 * set), -ENOMEM. Sleeps.
 */
static int prepare_undo(int id)
{
	struct ipc_ids *ids = sem_ids();
	struct sem_undo_list *l = undo_list();
	struct sem_undo *new;
	struct sem_set *s;
	unsigned n = 0;
	bool there = false;

	if (!l)
		return -ENOMEM;
	spin_lock(&ids->lock);
	s = sem_find(id, 0);
	if (!IS_ERR(s)) {
		n = s->n;
		there = find_undo(l, s);
	}
	spin_unlock(&ids->lock);
	if (IS_ERR(s))
		return (int)PTR_ERR(s);
	if (there)
		return 0;
	new = kzalloc(sizeof(*new) + n * sizeof(new->adjust[0]), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	spin_lock(&ids->lock);
	s = sem_find(id, 0);
	if (!IS_ERR(s) && !find_undo(l, s)) {
		new->set = s;
		list_add(&new->set_node, &s->undos);
		list_add(&new->list_node, &l->undos);
		new = NULL;
	}
	spin_unlock(&ids->lock);
	kfree(new);
	return IS_ERR(s) ? -EIDRM : 0;
}

/* What was done with SEM_UNDO is taken back, as far as the values allow. */
static void apply(struct sem_undo *u)
{
	struct sem_set *s = u->set;

	for (unsigned i = 0; i < s->n; i++) {
		int val = s->sems[i].val + u->adjust[i];

		if (!u->adjust[i])
			continue;
		s->sems[i].val = (u16)(val < 0 ? 0 : val > SEMVMX ? SEMVMX : val);
		ipc_update_pid(&s->sems[i].pid, task_tgid(current));
	}
	s->otime = ipc_now();
}

/* Nobody has the list any more. Sleeps. */
static void __attribute__((noinline)) undo_all(struct sem_undo_list *l)
{
	struct sem_undo *u;

	might_sleep();
	spin_lock(&l->ids->lock);
	while (!list_empty(&l->undos)) {
		struct sem_set *s;

		u = list_first(&l->undos, struct sem_undo, list_node);
		s = u->set;
		if (s)
			apply(u);
		undo_unlink(u);
		if (s)
			sem_serve(s);
		spin_unlock(&l->ids->lock);
		kfree(u);
		cond_resched();
		spin_lock(&l->ids->lock);
	}
	spin_unlock(&l->ids->lock);
	kfree(l);
}

void exit_sem(struct task *t)
{
	struct sem_undo_list *l = t->sysvsem;

	if (!l)
		return;
	WRITE_ONCE(t->sysvsem, NULL);
	if (atomic_fetch_sub(&l->refs, 1) == 1)
		undo_all(l);
}

int copy_sem(struct task *p)
{
	struct sem_undo_list *l = undo_list();

	if (!l)
		return -ENOMEM;
	atomic_fetch_add(&l->refs, 1);
	p->sysvsem = l;
	return 0;
}

/* --- semop --- */

/* Waits until somebody served q, or gives up. */
static long sleep(struct sem_sleeper *q, u64 deadline)
{
	struct ipc_ids *ids = sem_ids();
	int err = wait_event_state(&q->wait, READ_ONCE(q->status) != PENDING,
				   TASK_INTERRUPTIBLE | TASK_FREEZABLE, deadline);

	spin_lock(&ids->lock);
	if (q->status == PENDING) {
		list_del(&q->node);
		q->status = err == -ETIME ? -EAGAIN : -EINTR;
	}
	spin_unlock(&ids->lock);
	return q->status;
}

static long do_semop(int id, const struct k_sembuf *ops, unsigned n, u64 deadline)
{
	struct ipc_ids *ids = sem_ids();
	struct sem_sleeper q = { .ops = ops, .nr_ops = n, .pid = task_tgid(current) };
	bool undo = false;
	struct sem_set *s;
	unsigned most = 0;
	int err;

	for (unsigned i = 0; i < n; i++) {
		most = max(most, (unsigned)ops[i].sem_num);
		q.alters |= ops[i].sem_op != 0;
		undo |= (ops[i].sem_flg & SEM_UNDO) != 0;
	}
	err = undo ? prepare_undo(id) : 0;
	if (err)
		return err;
	waitq_init(&q.wait, "sem");
	spin_lock(&ids->lock);
	s = sem_find(id, 0);
	err = IS_ERR(s) ? (int)PTR_ERR(s) : most >= s->n ? -EFBIG : ipc_permitted(&s->perm, q.alters ? 0222 : 0444);
	if (!err && undo) {
		q.undo = find_undo(current->sysvsem, s);
		err = q.undo ? 0 : -EIDRM;
	}
	if (!err) {
		err = do_ops(s, &q);
		if (!err && q.alters)
			sem_serve(s);
		if (err == PENDING) {
			q.status = PENDING;
			list_add_tail(&q.node, &s->sleepers);
		}
	}
	spin_unlock(&ids->lock);
	return err == PENDING ? sleep(&q, deadline) : err;
}

long sys_semtimedop(int id, uaddr_t uops, unsigned n, uaddr_t utimeout)
{
	struct k_sembuf fast[FAST_OPS], *ops = fast;
	u64 deadline = NO_DEADLINE;
	struct k_timespec ts;
	long ret;

	if (utimeout && copy_from_user(&ts, utimeout, sizeof(ts)))
		return -EFAULT;
	if (n > SEMOPM)
		return -E2BIG;
	if (n < 1)
		return -EINVAL;
	if (n > FAST_OPS)
		ops = kmalloc(n * sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	ret = copy_from_user(ops, uops, n * sizeof(*ops)) ? -EFAULT : id < 0 ? -EINVAL : 0;
	if (!ret && utimeout)
		ret = ipc_deadline(&ts, &deadline);
	if (!ret)
		ret = do_semop(id, ops, n, deadline);
	if (ops != fast)
		kfree(ops);
	return ret;
}

long sys_semop(int id, uaddr_t ops, unsigned n)
{
	return sys_semtimedop(id, ops, n, 0);
}

long sys_semget(int key, int n, int flags)
{
	struct sem_request r = { n, flags };

	if (n < 0 || n > SEMMSL)
		return -EINVAL;
	return ipc_get(sem_ids(), key, flags, &r);
}
