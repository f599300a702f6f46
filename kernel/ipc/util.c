// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys, ids and permissions of System V IPC, in one namespace. Mirrors Linux ipc/util.c.
 *
 * Locks: ids->lock.
 */
#include "kernel/cred.h"
#include "kernel/ipc/ipc.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/timer.h"
#include "kernel/waitq.h"

#define FIRST_SIZE	16u		/* of a table: powers of two up to IPC_MAX */
#define SLOT_OF(id)	((unsigned)(id) & ((1u << IPC_ID_SHIFT) - 1))

s64 ipc_now(void)
{
	return ((s64)ktime_ns() + atomic_load(&realtime_offset_ns)) / 1000000000;
}

int ipc_deadline(const struct k_timespec *in, u64 *deadline)
{
	const s64 sec = 1000000000;

	if (in->tv_sec < 0 || in->tv_nsec < 0 || in->tv_nsec >= sec)
		return -EINVAL;
	*deadline = in->tv_sec >= INT64_MAX / sec / 2 ? NO_DEADLINE : ktime_ns() + (u64)(in->tv_sec * sec + in->tv_nsec);
	return 0;
}

/* --- permissions --- */

bool ipc_capable(int cap)
{
	return ns_capable(current->nsproxy->ns[NS_IPC]->user_ns, cap);
}

int ipc_permitted(const struct ipc_perm *p, u32 mode)
{
	const struct cred *c = &current->cred;
	u32 wanted = mode >> 6 | mode >> 3 | mode, granted = p->mode;

	if (c->euid == p->cuid || c->euid == p->uid)
		granted >>= 6;
	else if (c->egid == p->cgid || c->egid == p->gid || group_member(c, p->cgid) || group_member(c, p->gid))
		granted >>= 3;
	return wanted & ~granted & 7 && !ipc_capable(CAP_IPC_OWNER) ? -EACCES : 0;
}

int ipc_owned(const struct ipc_perm *p)
{
	u32 euid = current->cred.euid;

	return euid == p->cuid || euid == p->uid || ipc_capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

void ipc_init_perm(struct ipc_perm *p, int key, u32 mode)
{
	*p = (struct ipc_perm){
		.key = key, .mode = mode & 0777, .uid = current->cred.euid, .gid = current->cred.egid,
		.cuid = current->cred.euid, .cgid = current->cred.egid,
	};
}

struct k_ipc64_perm ipc_export(const struct ipc_perm *p)
{
	const struct user_namespace *ns = current_user_ns();

	return (struct k_ipc64_perm){
		.key = p->key, .uid = from_kuid_munged(ns, p->uid), .gid = from_kgid_munged(ns, p->gid),
		.cuid = from_kuid_munged(ns, p->cuid), .cgid = from_kgid_munged(ns, p->cgid),
		.mode = p->mode, .seq = p->seq,
	};
}

int ipc_change(struct ipc_perm *p, const struct k_ipc64_perm *to)
{
	u32 uid = make_kuid(current_user_ns(), to->uid), gid = make_kgid(current_user_ns(), to->gid);

	if (uid == INVALID_ID || gid == INVALID_ID)
		return -EINVAL;
	p->uid = uid;
	p->gid = gid;
	p->mode = (p->mode & ~0777u) | (to->mode & 0777);
	return 0;
}

/* --- ids --- */

void ipc_ids_init(struct ipc_ids *ids, const struct ipc_kind *kind)
{
	*ids = (struct ipc_ids){ .last = -1, .kind = kind };
	spin_init(&ids->lock, kind->name, RANK_IPC);
}

void ipc_ids_free(struct ipc_ids *ids)
{
	might_sleep();
	for (unsigned i = 0; i < ids->size; i++) {
		if (ids->slot[i])
			ids->kind->unmake(ids->slot[i]);
		cond_resched();
	}
	kfree(ids->slot);
}

/* Nothing is kept for nothing. ids->lock held. */
static void trim(struct ipc_ids *ids)
{
	if (ids->used)
		return;
	kfree(ids->slot);
	ids->slot = NULL;
	ids->size = 0;
}

/* There is a free slot: 0, -ENOSPC, -ENOMEM. ids->lock held, and dropped for a while. Sleeps. */
static int grow(struct ipc_ids *ids)
{
	while (ids->used == ids->size) {
		unsigned size = ids->size ? 2 * ids->size : FIRST_SIZE;
		struct ipc_perm **slot;

		if (ids->size == IPC_MAX)
			return -ENOSPC;
		spin_unlock(&ids->lock);
		slot = kzalloc(size * sizeof(*slot), GFP_KERNEL);
		spin_lock(&ids->lock);
		if (!slot)
			return -ENOMEM;
		if (ids->size < size) {		/* nobody else did */
			struct ipc_perm **old = ids->slot;

			kmemcpy(slot, old, ids->size * sizeof(*slot));
			ids->slot = slot;
			ids->size = size;
			slot = old;
		}
		kfree(slot);
	}
	return 0;
}

static struct ipc_perm *by_key(struct ipc_ids *ids, int key)
{
	if (key == IPC_PRIVATE)
		return NULL;
	for (unsigned i = 0; i < ids->size; i++)
		if (ids->slot[i] && ids->slot[i]->key == key)
			return ids->slot[i];
	return NULL;
}

struct ipc_perm *ipc_by_slot(struct ipc_ids *ids, int slot)
{
	assert_held(&ids->lock);
	if (slot < 0 || slot >= (int)ids->size || !ids->slot[slot])
		return ERR_PTR(-EINVAL);
	return ids->slot[slot];
}

struct ipc_perm *ipc_by_id(struct ipc_ids *ids, int id)
{
	struct ipc_perm *p = id < 0 ? ERR_PTR(-EINVAL) : ipc_by_slot(ids, (int)SLOT_OF(id));

	return !IS_ERR(p) && p->id != id ? ERR_PTR(-EINVAL) : p;
}

bool ipc_gone(struct ipc_ids *ids, const struct ipc_perm *p, int id)
{
	assert_held(&ids->lock);
	return SLOT_OF(id) >= ids->size || ids->slot[SLOT_OF(id)] != p || p->id != id;
}

/* A free slot, which there is, and an id that was not in use for long. */
static void add(struct ipc_ids *ids, struct ipc_perm *p)
{
	int i = 0;

	while (ids->slot[i])
		i++;
	if (i <= ids->last)
		ids->seq++;
	ids->last = i;
	p->seq = ids->seq;
	p->id = ids->seq << IPC_ID_SHIFT | i;
	ids->slot[i] = p;
	ids->used++;
}

void ipc_remove(struct ipc_ids *ids, struct ipc_perm *p)
{
	unsigned i = SLOT_OF(p->id);

	assert_held(&ids->lock);
	assert(ids->slot[i] == p);
	ids->slot[i] = NULL;
	ids->used--;
	trim(ids);
}

int ipc_last_slot(struct ipc_ids *ids)
{
	int i = (int)ids->size - 1;

	assert_held(&ids->lock);
	while (i > 0 && !ids->slot[i])
		i--;
	return max(i, 0);
}

/* The id of what key names, -ENOENT: it is to be made, or another -errno. ids->lock held. */
static long find(struct ipc_ids *ids, int key, int flags, void *arg)
{
	struct ipc_perm *p = by_key(ids, key);
	int err;

	if (!p)
		return -ENOENT;
	if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	err = ids->kind->check(p, arg);
	if (!err)
		err = ipc_permitted(p, (u32)flags & 0777);
	return err ? err : p->id;
}

/* Made outside the lock, so what was not there is looked for again. */
long ipc_get(struct ipc_ids *ids, int key, int flags, void *arg)
{
	bool may_make = key == IPC_PRIVATE || flags & IPC_CREAT;
	struct ipc_perm *p;
	long ret;
	int err;

	might_sleep();
	spin_lock(&ids->lock);
	ret = find(ids, key, flags, arg);
	spin_unlock(&ids->lock);
	if (ret != -ENOENT || !may_make)
		return ret;
	p = ids->kind->make(key, arg);
	if (IS_ERR(p))
		return PTR_ERR(p);
	spin_lock(&ids->lock);
	err = grow(ids);
	ret = find(ids, key, flags, arg);
	if (ret == -ENOENT) {
		if (!err)
			err = ids->kind->room(ids, p);
		if (!err)
			add(ids, p);
		ret = err ? err : p->id;
		p = err ? p : NULL;
	}
	trim(ids);
	spin_unlock(&ids->lock);
	if (p)
		ids->kind->unmake(p);
	return ret;
}
