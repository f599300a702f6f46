// SPDX-License-Identifier: GPL-2.0-only
/*
 * Semaphores of System V. Mirrors Linux ipc/sem.c.
 *
 * The operations of one semop happen together or not at all. A caller that has to wait leaves them
 * on the set's list; whoever changes the set does for each sleeper what can now be done, and tells
 * it the result.
 *
 * What SEM_UNDO is to take back is kept by process: a list of adjustments, one for each set.
 * LINUX: a thread has always the list of its process; there CLONE_SYSVSEM decides.
 *
 * Locks: sem_ids.lock for everything.
 */
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/ipc/ipc.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"

#define SEMMNI		32000
#define SEMMSL		32000
#define SEMMNS		(SEMMNI * SEMMSL)
#define SEMOPM		500
#define SEMVMX		32767
#define FAST_OPS	8u

struct sem {
	u16 val;
	int pid;			/* of the process that changed it last */
};
struct sem_set {			/* [sem_ids.lock] */
	struct ipc_perm perm;		/* first */
	s64 otime, ctime;
	unsigned n;			/* (!) */
	struct list sleepers;		/* of sem_sleeper, in order of arrival */
	struct list undos;		/* of sem_undo.set_node */
	struct sem sems[];
};
struct sem_undo {			/* [sem_ids.lock] what the end of a process does to a set */
	struct list set_node, list_node;
	struct sem_set *set;		/* NULL: it was removed */
	s16 adjust[];			/* one for each semaphore */
};
struct sem_undo_list {			/* of a process, or of several by CLONE_SYSVSEM */
	u32 refs;			/* [sem_ids.lock] */
	struct list undos;		/* [sem_ids.lock] of sem_undo.list_node */
};
#define PENDING	1			/* no result: those are 0 or -errno */
struct sem_sleeper {
	struct list node;		/* [sem_ids.lock] */
	const struct k_sembuf *ops, *blocking;
	unsigned nr_ops;
	bool alters;
	struct sem_undo *undo;
	int pid, status;		/* [sem_ids.lock] status */
	struct waitq wait;
};
struct sem_request {			/* of semget */
	int n, flags;
};

static u64 nr_sems;			/* [sem_ids.lock] in all sets */

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

static void sem_unmake(struct ipc_perm *p)
{
	kfree(container_of(p, struct sem_set, perm));
}

static int sem_check(struct ipc_perm *p, void *arg)
{
	return (unsigned)((struct sem_request *)arg)->n > container_of(p, struct sem_set, perm)->n ? -EINVAL : 0;
}

static int sem_room(struct ipc_perm *p)
{
	u64 n = container_of(p, struct sem_set, perm)->n;

	if (nr_sems + n > SEMMNS)
		return -ENOSPC;
	nr_sems += n;
	return 0;
}

static struct ipc_ids sem_ids = IPC_IDS_INIT("sem_ids", .make = sem_make, .unmake = sem_unmake, .check = sem_check, .room = sem_room);

/* The set, if current may use it so (mode; 0: nobody asks), or ERR_PTR. sem_ids.lock held. */
static struct sem_set *find_set(int id, u32 mode)
{
	struct ipc_perm *p = ipc_by_id(&sem_ids, id);
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
			s->sems[q->ops[i].sem_num].pid = q->pid;
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

/* Does for one sleeper of the kind that does or does not alter the set what can be done: was there one? */
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

/* The set has changed. Those who wait for zero come first: they take nothing from the others. */
static void serve(struct sem_set *s)
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

/* Current's process's list, made if there is none. NULL: no memory. Sleeps. */
static struct sem_undo_list *undo_list(void)
{
	struct group *g = current->group;
	struct sem_undo_list *l = READ_ONCE(g->sysvsem), *new;

	if (l)
		return l;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return NULL;
	new->refs = 1;
	list_init(&new->undos);
	spin_lock(&sem_ids.lock);
	l = g->sysvsem;
	if (!l) {
		WRITE_ONCE(g->sysvsem, new);
		l = new;
		new = NULL;
	}
	spin_unlock(&sem_ids.lock);
	kfree(new);
	return l;
}

/*
 * Makes sure that current's process has an adjustment for the set. 0, -EINVAL (there is no such
 * set), -ENOMEM. Sleeps.
 */
static int prepare_undo(int id)
{
	struct sem_undo_list *l = undo_list();
	struct sem_undo *new;
	struct sem_set *s;
	unsigned n = 0;
	bool there = false;

	if (!l)
		return -ENOMEM;
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0);
	if (!IS_ERR(s)) {
		n = s->n;
		there = find_undo(l, s);
	}
	spin_unlock(&sem_ids.lock);
	if (IS_ERR(s))
		return (int)PTR_ERR(s);
	if (there)
		return 0;
	new = kzalloc(sizeof(*new) + n * sizeof(new->adjust[0]), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0);
	if (!IS_ERR(s) && !find_undo(l, s)) {
		new->set = s;
		list_add(&new->set_node, &s->undos);
		list_add(&new->list_node, &l->undos);
		new = NULL;
	}
	spin_unlock(&sem_ids.lock);
	kfree(new);
	return IS_ERR(s) ? -EIDRM : 0;
}

/* What the process did with SEM_UNDO is taken back, as far as the values allow. */
static void apply(struct sem_undo *u)
{
	struct sem_set *s = u->set;

	for (unsigned i = 0; i < s->n; i++) {
		int val = s->sems[i].val + u->adjust[i];

		if (!u->adjust[i])
			continue;
		s->sems[i].val = (u16)(val < 0 ? 0 : val > SEMVMX ? SEMVMX : val);
		s->sems[i].pid = current->tgid;
	}
	s->otime = ipc_now();
}

void exit_sem(struct group *g)
{
	struct sem_undo_list *l = g->sysvsem;
	struct sem_undo *u;
	bool last;

	might_sleep();
	spin_lock(&sem_ids.lock);
	g->sysvsem = NULL;
	last = l && --l->refs == 0;
	while (last && !list_empty(&l->undos)) {
		struct sem_set *s;

		u = list_first(&l->undos, struct sem_undo, list_node);
		s = u->set;
		if (s)
			apply(u);
		undo_unlink(u);
		if (s)
			serve(s);
		spin_unlock(&sem_ids.lock);
		kfree(u);
		cond_resched();
		spin_lock(&sem_ids.lock);
	}
	spin_unlock(&sem_ids.lock);
	if (last)
		kfree(l);
}

int copy_sem(struct group *g)
{
	struct sem_undo_list *l = undo_list();

	if (!l)
		return -ENOMEM;
	spin_lock(&sem_ids.lock);
	l->refs++;
	spin_unlock(&sem_ids.lock);
	g->sysvsem = l;
	return 0;
}

/* --- semop --- */

/* Waits until somebody served q, or gives up. */
static long sleep(struct sem_sleeper *q, u64 deadline)
{
	int err = wait_event_state(&q->wait, READ_ONCE(q->status) != PENDING, TASK_INTERRUPTIBLE | TASK_FREEZABLE, deadline);

	spin_lock(&sem_ids.lock);
	if (q->status == PENDING) {
		list_del(&q->node);
		q->status = err == -ETIME ? -EAGAIN : -EINTR;
	}
	spin_unlock(&sem_ids.lock);
	return q->status;
}

static long do_semop(int id, const struct k_sembuf *ops, unsigned n, u64 deadline)
{
	struct sem_sleeper q = { .ops = ops, .nr_ops = n, .pid = current->tgid };
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
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0);
	err = IS_ERR(s) ? (int)PTR_ERR(s) : most >= s->n ? -EFBIG : ipc_permitted(&s->perm, q.alters ? 0222 : 0444);
	if (!err && undo) {
		q.undo = find_undo(current->group->sysvsem, s);
		err = q.undo ? 0 : -EIDRM;
	}
	if (!err) {
		err = do_ops(s, &q);
		if (!err && q.alters)
			serve(s);
		if (err == PENDING) {
			q.status = PENDING;
			list_add_tail(&q.node, &s->sleepers);
		}
	}
	spin_unlock(&sem_ids.lock);
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
	return ipc_get(&sem_ids, key, flags, &r);
}

/* --- semctl --- */

/* How many wait for semaphore num to become zero, or larger. */
static int count_sleepers(const struct sem_set *s, unsigned num, int cmd)
{
	struct sem_sleeper *q;
	int n = 0;

	list_for_each(q, &s->sleepers, node)
		if (q->blocking->sem_num == num && (cmd == GETZCNT ? q->blocking->sem_op == 0 : q->blocking->sem_op < 0))
			n++;
	return n;
}

static long get_one(int id, int num, int cmd)
{
	struct sem_set *s;
	long ret;

	spin_lock(&sem_ids.lock);
	s = find_set(id, 0444);
	if (IS_ERR(s))
		ret = PTR_ERR(s);
	else if (num < 0 || num >= (int)s->n)
		ret = -EINVAL;
	else
		ret = cmd == GETVAL ? s->sems[num].val : cmd == GETPID ? s->sems[num].pid : count_sleepers(s, (unsigned)num, cmd);
	spin_unlock(&sem_ids.lock);
	return ret;
}

/* A value is set by hand: nothing that led to the old one is to be taken back. */
static void set_value(struct sem_set *s, unsigned num, u16 val)
{
	struct sem_undo *u;

	s->sems[num].val = val;
	s->sems[num].pid = current->tgid;
	list_for_each(u, &s->undos, set_node)
		u->adjust[num] = 0;
	s->ctime = ipc_now();
}

static long set_one(int id, int num, int val)
{
	struct sem_set *s;
	long ret = 0;

	if (val < 0 || val > SEMVMX)
		return -ERANGE;
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0);
	if (IS_ERR(s))
		ret = PTR_ERR(s);
	else if (num < 0 || num >= (int)s->n)
		ret = -EINVAL;
	else
		ret = ipc_permitted(&s->perm, 0222);
	if (!ret) {
		set_value(s, (unsigned)num, (u16)val);
		serve(s);
	}
	spin_unlock(&sem_ids.lock);
	return ret;
}

/* Room for the values of all semaphores of a set, *n of them; ERR_PTR. mode: what they are wanted for. */
static u16 *alloc_values(int id, u32 mode, unsigned *n)
{
	struct sem_set *s;
	u16 *values;

	spin_lock(&sem_ids.lock);
	s = find_set(id, mode);
	if (!IS_ERR(s))
		*n = s->n;
	spin_unlock(&sem_ids.lock);
	if (IS_ERR(s))
		return (u16 *)s;
	values = kmalloc(*n * sizeof(*values), GFP_KERNEL);
	return values ? values : ERR_PTR(-ENOMEM);
}

static long get_all(int id, uaddr_t buf)
{
	struct sem_set *s;
	unsigned n;
	u16 *values = alloc_values(id, 0444, &n);
	long ret = 0;

	if (IS_ERR(values))
		return PTR_ERR(values);
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0444);
	if (IS_ERR(s))
		ret = -EIDRM;
	for (unsigned i = 0; !ret && i < n; i++)
		values[i] = s->sems[i].val;
	spin_unlock(&sem_ids.lock);
	if (!ret && copy_to_user(buf, values, n * sizeof(*values)))
		ret = -EFAULT;
	kfree(values);
	return ret;
}

static long set_all(int id, uaddr_t buf)
{
	struct sem_set *s;
	unsigned n;
	u16 *values = alloc_values(id, 0222, &n);
	long ret = 0;

	if (IS_ERR(values))
		return PTR_ERR(values);
	if (copy_from_user(values, buf, n * sizeof(*values)))
		ret = -EFAULT;
	for (unsigned i = 0; !ret && i < n; i++)
		if (values[i] > SEMVMX)
			ret = -ERANGE;
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0222);
	if (!ret && IS_ERR(s))
		ret = -EIDRM;
	for (unsigned i = 0; !ret && i < n; i++)
		set_value(s, i, values[i]);
	if (!ret)
		serve(s);
	spin_unlock(&sem_ids.lock);
	kfree(values);
	return ret;
}

static long sem_stat(int id, int cmd, uaddr_t buf)
{
	struct k_semid64_ds ds = { 0 };
	struct ipc_perm *p;
	long ret;

	spin_lock(&sem_ids.lock);
	p = cmd == IPC_STAT ? ipc_by_id(&sem_ids, id) : ipc_by_slot(&sem_ids, id);
	ret = IS_ERR(p) ? PTR_ERR(p) : cmd == SEM_STAT_ANY ? 0 : ipc_permitted(p, 0444);
	if (!ret) {
		const struct sem_set *s = container_of(p, struct sem_set, perm);

		ds.sem_perm = ipc_export(p);
		ds.sem_otime = s->otime;
		ds.sem_ctime = s->ctime;
		ds.sem_nsems = s->n;
		ret = cmd == IPC_STAT ? 0 : p->id;
	}
	spin_unlock(&sem_ids.lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

/* The set is gone: for its sleepers at once, for the lists of adjustments when they look. */
static void remove_set(struct sem_set *s)
{
	ipc_remove(&sem_ids, &s->perm);
	nr_sems -= s->n;
	while (!list_empty(&s->sleepers))
		finish(list_first(&s->sleepers, struct sem_sleeper, node), -EIDRM);
	while (!list_empty(&s->undos)) {
		struct sem_undo *u = list_first(&s->undos, struct sem_undo, set_node);

		undo_unlink(u);
		kfree(u);
	}
}

static long sem_change(int id, int cmd, uaddr_t buf)
{
	struct k_semid64_ds ds;
	struct sem_set *s;
	long err;

	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	spin_lock(&sem_ids.lock);
	s = find_set(id, 0);
	err = IS_ERR(s) ? PTR_ERR(s) : ipc_owned(&s->perm);
	if (!err && cmd == IPC_SET) {
		err = ipc_change(&s->perm, &ds.sem_perm);
		s->ctime = err ? s->ctime : ipc_now();
	} else if (!err) {
		remove_set(s);
	}
	spin_unlock(&sem_ids.lock);
	if (!err && cmd == IPC_RMID)
		kfree(s);
	return err;
}

static long sem_limits(int cmd, uaddr_t buf)
{
	struct k_seminfo info = {
		.semmap = SEMMNS, .semmni = SEMMNI, .semmns = SEMMNS, .semmnu = SEMMNS, .semmsl = SEMMSL, .semopm = SEMOPM,
		.semume = SEMOPM, .semusz = 20, .semvmx = SEMVMX, .semaem = SEMVMX,
	};
	int last;

	spin_lock(&sem_ids.lock);
	last = ipc_last_slot(&sem_ids);
	if (cmd == SEM_INFO) {
		info.semusz = (int)sem_ids.used;
		info.semaem = (int)nr_sems;
	}
	spin_unlock(&sem_ids.lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : last;
}

long sys_semctl(int id, int num, int cmd, uaddr_t arg)
{
	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return sem_limits(cmd, arg);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return sem_stat(id, cmd, arg);
	case GETALL:
		return get_all(id, arg);
	case SETALL:
		return set_all(id, arg);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return get_one(id, num, cmd);
	case SETVAL:
		return set_one(id, num, (int)arg);
	case IPC_SET:
	case IPC_RMID:
		return sem_change(id, cmd, arg);
	}
	return -EINVAL;
}

/* --- /proc --- */

static s64 sysvipc_sem_show(char *buf, size_t n)
{
	size_t len = kscnprintf(buf, n, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");

	spin_lock(&sem_ids.lock);
	for (unsigned i = 0; i < IPC_MAX; i++) {
		const struct sem_set *s = sem_ids.slot[i] ? container_of(sem_ids.slot[i], struct sem_set, perm) : NULL;

		if (s)
			len += kscnprintf(buf + len, n - len, "%10d %10d  %4o %10u %5u %5u %5u %5u %10lu %10lu\n", s->perm.key,
					  s->perm.id, s->perm.mode, s->n, s->perm.uid, s->perm.gid, s->perm.cuid, s->perm.cgid,
					  (u64)s->otime, (u64)s->ctime);
	}
	spin_unlock(&sem_ids.lock);
	return (s64)len;
}
PSEUDO_FILE(proc_sysvipc_sem, .path = "/proc/sysvipc/sem", .mode = 0444, .show = sysvipc_sem_show);

static s64 sem_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\t%d\t%d\t%d\n", SEMMSL, SEMMNS, SEMOPM, SEMMNI);
}
PSEUDO_FILE(proc_sem, .path = "/proc/sys/kernel/sem", .mode = 0444, .show = sem_show);
