// SPDX-License-Identifier: GPL-2.0-only
/*
 * semctl: the control of System V's semaphores, and what /proc tells of them. Mirrors that part of
 * Linux ipc/sem.c.
 *
 * Locks: sem_ids.lock of the namespace for everything.
 */
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/ipc/sem.h"
#include "kernel/lib/fmt.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

/* How many wait for semaphore num to become zero, or larger. */
static int count_sleepers(const struct sem_set *s, unsigned num, int cmd)
{
	struct sem_sleeper *q;
	int n = 0;

	list_for_each(q, &s->sleepers, node)
		if (q->blocking->sem_num == num &&
		    (cmd == GETZCNT ? q->blocking->sem_op == 0 : q->blocking->sem_op < 0))
			n++;
	return n;
}

static long get_one(int id, int num, int cmd)
{
	struct ipc_ids *ids = sem_ids();
	struct sem_set *s;
	long ret;

	spin_lock(&ids->lock);
	s = sem_find(id, 0444);
	if (IS_ERR(s))
		ret = PTR_ERR(s);
	else if (num < 0 || num >= (int)s->n)
		ret = -EINVAL;
	else
		ret = cmd == GETVAL ? s->sems[num].val : cmd == GETPID ? entry_vnr(s->sems[num].pid)
			: count_sleepers(s, (unsigned)num, cmd);
	spin_unlock(&ids->lock);
	return ret;
}

/* A value is set by hand: nothing that led to the old one is to be taken back. */
static void set_value(struct sem_set *s, unsigned num, u16 val)
{
	struct sem_undo *u;

	s->sems[num].val = val;
	ipc_update_pid(&s->sems[num].pid, task_tgid(current));
	list_for_each(u, &s->undos, set_node)
		u->adjust[num] = 0;
	s->ctime = ipc_now();
}

static long set_one(int id, int num, int val)
{
	struct ipc_ids *ids = sem_ids();
	struct sem_set *s;
	long ret = 0;

	if (val < 0 || val > SEMVMX)
		return -ERANGE;
	spin_lock(&ids->lock);
	s = sem_find(id, 0);
	if (IS_ERR(s))
		ret = PTR_ERR(s);
	else if (num < 0 || num >= (int)s->n)
		ret = -EINVAL;
	else
		ret = ipc_permitted(&s->perm, 0222);
	if (!ret) {
		set_value(s, (unsigned)num, (u16)val);
		sem_serve(s);
	}
	spin_unlock(&ids->lock);
	return ret;
}

/*
 * Room for the values of all semaphores of a set, *n of them; ERR_PTR. mode: what they are wanted
 * for.
 */
static u16 *alloc_values(int id, u32 mode, unsigned *n)
{
	struct ipc_ids *ids = sem_ids();
	struct sem_set *s;
	u16 *values;

	spin_lock(&ids->lock);
	s = sem_find(id, mode);
	if (!IS_ERR(s))
		*n = s->n;
	spin_unlock(&ids->lock);
	if (IS_ERR(s))
		return (u16 *)s;
	values = kmalloc(*n * sizeof(*values), GFP_KERNEL);
	return values ? values : ERR_PTR(-ENOMEM);
}

static long get_all(int id, uaddr_t buf)
{
	struct ipc_ids *ids = sem_ids();
	struct sem_set *s;
	unsigned n;
	u16 *values = alloc_values(id, 0444, &n);
	long ret = 0;

	if (IS_ERR(values))
		return PTR_ERR(values);
	spin_lock(&ids->lock);
	s = sem_find(id, 0444);
	if (IS_ERR(s))
		ret = -EIDRM;
	for (unsigned i = 0; !ret && i < n; i++)
		values[i] = s->sems[i].val;
	spin_unlock(&ids->lock);
	if (!ret && copy_to_user(buf, values, n * sizeof(*values)))
		ret = -EFAULT;
	kfree(values);
	return ret;
}

static long set_all(int id, uaddr_t buf)
{
	struct ipc_ids *ids = sem_ids();
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
	spin_lock(&ids->lock);
	s = sem_find(id, 0222);
	if (!ret && IS_ERR(s))
		ret = -EIDRM;
	for (unsigned i = 0; !ret && i < n; i++)
		set_value(s, i, values[i]);
	if (!ret)
		sem_serve(s);
	spin_unlock(&ids->lock);
	kfree(values);
	return ret;
}

static long sem_stat(int id, int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = sem_ids();
	struct k_semid64_ds ds = { 0 };
	struct ipc_perm *p;
	long ret;

	spin_lock(&ids->lock);
	p = cmd == IPC_STAT ? ipc_by_id(ids, id) : ipc_by_slot(ids, id);
	ret = IS_ERR(p) ? PTR_ERR(p) : cmd == SEM_STAT_ANY ? 0 : ipc_permitted(p, 0444);
	if (!ret) {
		const struct sem_set *s = container_of(p, struct sem_set, perm);

		ds.sem_perm = ipc_export(p);
		ds.sem_otime = s->otime;
		ds.sem_ctime = s->ctime;
		ds.sem_nsems = s->n;
		ret = cmd == IPC_STAT ? 0 : p->id;
	}
	spin_unlock(&ids->lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

static long sem_change(int id, int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = sem_ids();
	struct k_semid64_ds ds;
	struct sem_set *s;
	long err;

	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	spin_lock(&ids->lock);
	s = sem_find(id, 0);
	err = IS_ERR(s) ? PTR_ERR(s) : ipc_owned(&s->perm);
	if (!err && cmd == IPC_SET) {
		err = ipc_change(&s->perm, &ds.sem_perm);
		s->ctime = err ? s->ctime : ipc_now();
	} else if (!err) {
		sem_remove(s);
	}
	spin_unlock(&ids->lock);
	if (!err && cmd == IPC_RMID)
		sem_free(s);
	return err;
}

static long sem_limits(int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = sem_ids();
	struct k_seminfo info = {
		.semmap = SEMMNS, .semmni = SEMMNI, .semmns = SEMMNS, .semmnu = SEMMNS,
		.semmsl = SEMMSL, .semopm = SEMOPM,
		.semume = SEMOPM, .semusz = 20, .semvmx = SEMVMX, .semaem = SEMVMX,
	};
	int last;

	spin_lock(&ids->lock);
	last = ipc_last_slot(ids);
	if (cmd == SEM_INFO) {
		info.semusz = (int)ids->used;
		info.semaem = (int)ids->total;
	}
	spin_unlock(&ids->lock);
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
	struct ipc_ids *ids = sem_ids();
	size_t len = kscnprintf(buf, n, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");

	spin_lock(&ids->lock);
	for (unsigned i = 0; i < ids->size; i++) {
		const struct sem_set *s = ids->slot[i] ? container_of(ids->slot[i], struct sem_set, perm) : NULL;
		struct k_ipc64_perm p;

		if (!s)
			continue;
		p = ipc_export(&s->perm);
		len += kscnprintf(buf + len, n - len,
				  "%10d %10d  %4o %10u %5u %5u %5u %5u %10lu %10lu\n", p.key,
				  s->perm.id, s->perm.mode, s->n, p.uid, p.gid, p.cuid, p.cgid,
				  (u64)s->otime, (u64)s->ctime);
	}
	spin_unlock(&ids->lock);
	return (s64)len;
}
PSEUDO_FILE(proc_sysvipc_sem, .path = "/proc/sysvipc/sem", .mode = 0444, .show = sysvipc_sem_show);

static s64 sem_show(char *buf, size_t n)
{
	return (s64)kscnprintf(buf, n, "%d\t%d\t%d\t%d\n", SEMMSL, SEMMNS, SEMOPM, SEMMNI);
}
PSEUDO_FILE(proc_sem, .path = "/proc/sys/kernel/sem", .mode = 0444, .show = sem_show);
