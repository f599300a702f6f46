// SPDX-License-Identifier: GPL-2.0-only
/*
 * Message queues of System V. Mirrors Linux ipc/msg.c.
 *
 * LINUX: a sender hands its message to nobody: receivers that wait look again, in no order.
 *
 * Locks: msg_ids.lock of the namespace.
 */
#include "kernel/cred.h"
#include "kernel/fs/files.h"
#include "kernel/ipc/ipc.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"
#include "kernel/waitq.h"

#define MSGMNI		32000
#define MSGMAX		8192u		/* bytes of a message */
#define MSGMNB		16384u		/* bytes of a queue, at first */

struct msg {
	struct list node;
	s64 type;
	size_t size;
	char text[];
};
struct msg_queue {			/* [msg_ids.lock] */
	struct ipc_perm perm;		/* first */
	u32 refs;			/* one for the slot, one for each that waits */
	struct list messages;		/* of struct msg, oldest first */
	u64 bytes, nr, max_bytes;
	s64 stime, rtime, ctime;
	struct pid *lspid, *lrpid;	/* referenced; NULL: nobody yet */
	struct waitq senders, receivers;
};
/* Which message a receiver wants. */
struct wanted {
	enum { ANY, EQUAL, NOT_EQUAL, LOWEST, NUMBER } how;
	s64 type;
};

/* --- queues --- */

static struct ipc_perm *msg_make(int key, void *arg)
{
	struct msg_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return ERR_PTR(-ENOMEM);
	ipc_init_perm(&q->perm, key, (u32)*(int *)arg);
	q->refs = 1;
	list_init(&q->messages);
	q->max_bytes = MSGMNB;
	q->ctime = ipc_now();
	waitq_init(&q->senders, "msgsnd");
	waitq_init(&q->receivers, "msgrcv");
	return &q->perm;
}

/* Not under the lock: there may be many. */
static void free_messages(struct list *messages)
{
	while (!list_empty(messages)) {
		struct msg *m = list_first(messages, struct msg, node);

		list_del(&m->node);
		kfree(m);
	}
}

static void msg_unmake(struct ipc_perm *p)
{
	struct msg_queue *q = container_of(p, struct msg_queue, perm);

	free_messages(&q->messages);
	put_pid(q->lspid);
	put_pid(q->lrpid);
	kfree(q);
}

static int msg_check(struct ipc_perm *p, void *arg)
{
	(void)p, (void)arg;
	return 0;
}

static int msg_room(struct ipc_ids *ids, struct ipc_perm *p)
{
	(void)ids, (void)p;
	return 0;
}

const struct ipc_kind msg_kind = { .name = "msg_ids", .make = msg_make, .unmake = msg_unmake,
	.check = msg_check, .room = msg_room };

static struct ipc_ids *msg_ids(void)
{
	return &current_ipc_ns()->msg_ids;
}

/* The queue, if current may use it so (0: nobody asks), or ERR_PTR. msg_ids.lock held. */
static struct msg_queue *find_queue(int id, u32 mode)
{
	struct ipc_ids *ids = msg_ids();
	struct ipc_perm *p = ipc_by_id(ids, id);
	int err = IS_ERR(p) ? (int)PTR_ERR(p) : mode ? ipc_permitted(p, mode) : 0;

	return err ? ERR_PTR(err) : container_of(p, struct msg_queue, perm);
}

/* msg_ids.lock held. true: the caller frees q. */
static bool drop(struct msg_queue *q)
{
	return --q->refs == 0;
}

/*
 * Sleeps on wq of q until something may have changed. msg_ids.lock is held before, and after a
 * return of 0; q is still there then. -EIDRM, -ERESTARTNOHAND.
 */
static int wait_on(struct msg_queue *q, struct waitq *wq)
{
	struct ipc_ids *ids = msg_ids();
	int id = q->perm.id, err = 0;
	WAIT_ENTRY(w);
	bool last;

	assert_held(&ids->lock);
	q->refs++;
	prepare_to_wait(wq, &w, TASK_INTERRUPTIBLE | TASK_FREEZABLE);
	spin_unlock(&ids->lock);
	if (!signal_pending(current))
		schedule();
	finish_wait(wq, &w);
	spin_lock(&ids->lock);
	if (ipc_gone(ids, &q->perm, id))
		err = -EIDRM;
	else if (signal_pending(current))
		err = -ERESTARTNOHAND;
	last = drop(q);
	if (!err)
		return 0;
	spin_unlock(&ids->lock);
	if (last)
		msg_unmake(&q->perm);
	return err;
}

/* --- msgsnd --- */

static struct msg *msg_from_user(uaddr_t text, size_t n)
{
	struct msg *m = kmalloc(sizeof(*m) + n, GFP_KERNEL);

	if (!m)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(m->text, text, n)) {
		kfree(m);
		return ERR_PTR(-EFAULT);
	}
	m->size = n;
	return m;
}

static bool fits(const struct msg_queue *q, size_t n)
{
	return q->bytes + n <= q->max_bytes && q->nr + 1 <= q->max_bytes;
}

/* On success m is the queue's. */
static long send(int id, struct msg *m, int flags)
{
	struct ipc_ids *ids = msg_ids();
	struct msg_queue *q;
	int err = 0;

	spin_lock(&ids->lock);
	for (;;) {
		q = find_queue(id, 0222);
		if (IS_ERR(q))
			err = (int)PTR_ERR(q);
		else if (!fits(q, m->size) && flags & IPC_NOWAIT)
			err = -EAGAIN;
		if (err || fits(q, m->size))
			break;
		err = wait_on(q, &q->senders);
		if (err)
			return err;
	}
	if (!err) {
		list_add_tail(&m->node, &q->messages);
		q->bytes += m->size;
		q->nr++;
		ipc_update_pid(&q->lspid, task_tgid(current));
		q->stime = ipc_now();
		wake_up_all(&q->receivers);
	}
	spin_unlock(&ids->lock);
	return err;
}

long sys_msgsnd(int id, uaddr_t buf, size_t n, int flags)
{
	struct msg *m;
	s64 type;
	long err;

	if (copy_from_user(&type, buf, sizeof(type)))
		return -EFAULT;
	if (n > MSGMAX || id < 0 || type < 1)
		return -EINVAL;
	m = msg_from_user(buf + sizeof(type), n);
	if (IS_ERR(m))
		return PTR_ERR(m);
	m->type = type;
	err = send(id, m, flags);
	if (err)
		kfree(m);
	return err;
}

/* --- msgrcv --- */

static struct wanted wanted(s64 type, int flags)
{
	if (flags & MSG_COPY)
		return (struct wanted){ NUMBER, type };
	if (!type)
		return (struct wanted){ ANY, 0 };
	if (type < 0)
		return (struct wanted){ LOWEST, type == INT64_MIN ? INT64_MAX : -type };
	return (struct wanted){ flags & MSG_EXCEPT ? NOT_EQUAL : EQUAL, type };
}

static struct msg *find_message(struct msg_queue *q, const struct wanted *w)
{
	struct msg *m, *best = NULL;
	s64 at = 0;

	list_for_each(m, &q->messages, node) {
		bool yes = w->how == ANY || (w->how == EQUAL && m->type == w->type) ||
			(w->how == NOT_EQUAL && m->type != w->type) ||
			(w->how == NUMBER && at++ == w->type);

		if (yes)
			return m;
		if (w->how == LOWEST && m->type <= w->type && (!best || m->type < best->type))
			best = m;
	}
	return best;
}

static void take(struct msg_queue *q, struct msg *m)
{
	list_del(&m->node);
	q->bytes -= m->size;
	q->nr--;
	ipc_update_pid(&q->lrpid, task_tgid(current));
	q->rtime = ipc_now();
	wake_up_all(&q->senders);
}

/*
 * The message, which is the caller's, or ERR_PTR. copy: the message stays, and its likeness, of at
 * most n bytes, goes here.
 */
static struct msg *receive(int id, size_t n, const struct wanted *w, int flags, struct msg *copy)
{
	struct ipc_ids *ids = msg_ids();
	struct msg *m = NULL;
	struct msg_queue *q;
	int err = 0;

	spin_lock(&ids->lock);
	for (;;) {
		q = find_queue(id, 0444);
		if (IS_ERR(q)) {
			err = (int)PTR_ERR(q);
			break;
		}
		m = find_message(q, w);
		if (m || flags & IPC_NOWAIT) {
			err = !m ? -ENOMSG : n < m->size && !(flags & MSG_NOERROR) ? -E2BIG : 0;
			break;
		}
		err = wait_on(q, &q->receivers);
		if (err)
			return ERR_PTR(err);
	}
	if (!err && copy) {
		copy->type = m->type;
		copy->size = min(m->size, n);
		kmemcpy(copy->text, m->text, copy->size);
		m = copy;
	} else if (!err) {
		take(q, m);
	}
	spin_unlock(&ids->lock);
	return err ? ERR_PTR(err) : m;
}

long sys_msgrcv(int id, uaddr_t buf, size_t n, s64 type, int flags)
{
	const struct wanted w = wanted(type, flags);
	struct msg *copy = NULL, *m;
	long ret;

	if (id < 0 || (s64)n < 0)
		return -EINVAL;
	if (flags & MSG_COPY) {
		if (flags & MSG_EXCEPT || !(flags & IPC_NOWAIT))
			return -EINVAL;
		copy = kmalloc(sizeof(*copy) + min(n, (size_t)MSGMAX), GFP_KERNEL);
		if (!copy)
			return -ENOMEM;
	}
	m = receive(id, n, &w, flags, copy);
	if (IS_ERR(m)) {
		kfree(copy);
		return PTR_ERR(m);
	}
	ret = (long)min(n, m->size);
	if (copy_to_user(buf, &m->type, sizeof(m->type)) || copy_to_user(buf + sizeof(m->type), m->text, (size_t)ret))
		ret = -EFAULT;
	kfree(m);
	return ret;
}

/* --- msgget, msgctl --- */

long sys_msgget(int key, int flags)
{
	struct ipc_ids *ids = msg_ids();
	return ipc_get(ids, key, flags, &flags);
}

static long msg_stat(int id, int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = msg_ids();
	struct k_msqid64_ds ds = { 0 };
	struct ipc_perm *p;
	long ret;

	spin_lock(&ids->lock);
	p = cmd == IPC_STAT ? ipc_by_id(ids, id) : ipc_by_slot(ids, id);
	ret = IS_ERR(p) ? PTR_ERR(p) : cmd == MSG_STAT_ANY ? 0 : ipc_permitted(p, 0444);
	if (!ret) {
		const struct msg_queue *q = container_of(p, struct msg_queue, perm);

		ds = (struct k_msqid64_ds){
			.msg_perm = ipc_export(p), .msg_stime = q->stime, .msg_rtime = q->rtime, .msg_ctime = q->ctime,
			.msg_cbytes = q->bytes, .msg_qnum = q->nr, .msg_qbytes = q->max_bytes,
			.msg_lspid = entry_vnr(q->lspid), .msg_lrpid = entry_vnr(q->lrpid),
		};
		ret = cmd == IPC_STAT ? 0 : p->id;
	}
	spin_unlock(&ids->lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

static long remove_queue(int id)
{
	struct ipc_ids *ids = msg_ids();
	LIST_HEAD(messages);
	struct msg_queue *q;
	bool last = false;
	long err;

	spin_lock(&ids->lock);
	q = find_queue(id, 0);
	err = IS_ERR(q) ? PTR_ERR(q) : ipc_owned(&q->perm);
	if (!err) {
		ipc_remove(ids, &q->perm);
		while (!list_empty(&q->messages)) {
			struct msg *m = list_first(&q->messages, struct msg, node);

			list_del(&m->node);
			list_add_tail(&m->node, &messages);
		}
		wake_up_all(&q->senders);
		wake_up_all(&q->receivers);
		last = drop(q);
	}
	spin_unlock(&ids->lock);
	free_messages(&messages);
	if (last)
		msg_unmake(&q->perm);
	return err;
}

static long change_queue(int id, uaddr_t buf)
{
	struct ipc_ids *ids = msg_ids();
	struct k_msqid64_ds ds;
	struct msg_queue *q;
	long err;

	if (copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	spin_lock(&ids->lock);
	q = find_queue(id, 0);
	err = IS_ERR(q) ? PTR_ERR(q) : ipc_owned(&q->perm);
	if (!err && ds.msg_qbytes > MSGMNB && !capable(CAP_SYS_RESOURCE))
		err = -EPERM;
	if (!err)
		err = ipc_change(&q->perm, &ds.msg_perm);
	if (!err) {
		q->max_bytes = ds.msg_qbytes;
		q->ctime = ipc_now();
		wake_up_all(&q->senders);
		wake_up_all(&q->receivers);	/* some may have lost the right */
	}
	spin_unlock(&ids->lock);
	return err;
}

static long msg_limits(int cmd, uaddr_t buf)
{
	struct ipc_ids *ids = msg_ids();
	struct k_msginfo info = {
		.msgpool = MSGMNI * MSGMNB / 1024, .msgmap = MSGMNB, .msgmax = MSGMAX,
		.msgmnb = MSGMNB, .msgmni = MSGMNI,
		.msgssz = 16, .msgtql = MSGMNB, .msgseg = 0xffff,
	};
	int last;

	spin_lock(&ids->lock);
	last = ipc_last_slot(ids);
	if (cmd == MSG_INFO) {
		info.msgpool = (int)ids->used;
		info.msgmap = info.msgtql = 0;
		for (unsigned i = 0; i < ids->size; i++) {
			const struct msg_queue *q = ids->slot[i] ?
				container_of(ids->slot[i], struct msg_queue, perm) : NULL;

			info.msgmap += q ? (int)q->nr : 0;
			info.msgtql += q ? (int)q->bytes : 0;
		}
	}
	spin_unlock(&ids->lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : last;
}

long sys_msgctl(int id, int cmd, uaddr_t buf)
{
	if (id < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return msg_limits(cmd, buf);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return msg_stat(id, cmd, buf);
	case IPC_SET:
		return change_queue(id, buf);
	case IPC_RMID:
		return remove_queue(id);
	}
	return -EINVAL;
}

/* --- /proc --- */

static s64 sysvipc_msg_show(char *buf, size_t n)
{
	struct ipc_ids *ids = msg_ids();
	size_t len = kscnprintf(buf, n, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid"
					"      stime      rtime      ctime\n");

	spin_lock(&ids->lock);
	for (unsigned i = 0; i < ids->size; i++) {
		const struct msg_queue *q = ids->slot[i] ? container_of(ids->slot[i], struct msg_queue, perm) : NULL;
		struct k_ipc64_perm p;

		if (!q)
			continue;
		p = ipc_export(&q->perm);
		len += kscnprintf(
			buf + len, n - len,
			"%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10lu %10lu %10lu\n",
			p.key, q->perm.id, q->perm.mode, q->bytes, q->nr, (u32)entry_vnr(q->lspid),
			(u32)entry_vnr(q->lrpid), p.uid, p.gid, p.cuid, p.cgid, (u64)q->stime,
			(u64)q->rtime, (u64)q->ctime);
	}
	spin_unlock(&ids->lock);
	return (s64)len;
}
PSEUDO_FILE(proc_sysvipc_msg, .path = "/proc/sysvipc/msg", .mode = 0444, .show = sysvipc_msg_show);

IPC_LIMIT(msgmax, MSGMAX);
IPC_LIMIT(msgmnb, MSGMNB);
IPC_LIMIT(msgmni, MSGMNI);
