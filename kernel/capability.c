// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capabilities: the pieces of what root may do. Mirrors Linux kernel/capability.c and
 * security/commoncap.c.
 *
 * LINUX: no security module, so these are all rules there are.
 *
 * Locks: those of cred.h; tasklist_lock (r) to find another task.
 */
#include "kernel/abi.h"
#include "kernel/cred.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

/* What goes with the user id that file systems see. */
#define CAP_FS_MASK	(CAP_TO_MASK(CAP_CHOWN) | CAP_TO_MASK(CAP_MKNOD) | CAP_TO_MASK(CAP_DAC_OVERRIDE) |	\
			 CAP_TO_MASK(CAP_DAC_READ_SEARCH) | CAP_TO_MASK(CAP_FOWNER) | CAP_TO_MASK(CAP_FSETID) |	\
			 CAP_TO_MASK(CAP_LINUX_IMMUTABLE) | CAP_TO_MASK(CAP_MAC_OVERRIDE))

bool capable(int cap)
{
	return current_user_ns() == &init_user_ns && current->cred.cap_effective & CAP_TO_MASK(cap);
}

/* Who made a namespace has all capabilities in it and below, as long as it is in the parent. */
bool cred_ns_capable(const struct cred *c, struct user_namespace *ns, int cap)
{
	for (; ns != c->user_ns; ns = user_ns_parent(ns)) {
		if (ns->level <= c->user_ns->level)
			return false;
		if (user_ns_parent(ns) == c->user_ns && ns->owner == c->euid)
			return true;
	}
	return c->cap_effective & CAP_TO_MASK(cap);
}

bool ns_capable(struct user_namespace *ns, int cap)
{
	return cred_ns_capable(&current->cred, ns, cap);
}

bool task_ns_capable(struct task *t, int cap)
{
	bool ok;

	if (capable(cap))
		return true;	/* there and everywhere */
	if (READ_ONCE(t->cred.user_ns) == &init_user_ns)
		return false;
	task_lock(t);
	ok = ns_capable(t->cred.user_ns, cap);
	task_unlock(t);
	return ok;
}

bool has_ns_capability(struct task *t, struct user_namespace *ns, int cap)
{
	bool ok;

	task_lock(t);
	ok = cred_ns_capable(&t->cred, ns, cap);
	task_unlock(t);
	return ok;
}

bool privileged_wrt_inode_uidgid(struct user_namespace *ns, const struct inode *i)
{
	return from_kuid(ns, i->uid) != INVALID_ID && from_kgid(ns, i->gid) != INVALID_ID;
}

bool capable_wrt_inode_uidgid(const struct inode *i, int cap)
{
	return ns_capable(current_user_ns(), cap) && privileged_wrt_inode_uidgid(current_user_ns(), i);
}

/* --- checks on other tasks --- */

/* The target is of user uid through and through. */
static bool same_user(u32 uid, u32 gid, const struct cred *t)
{
	return uid == t->uid && uid == t->euid && uid == t->suid && gid == t->gid && gid == t->egid && gid == t->sgid;
}

/* The caller has no less rights than the target. task_lock of t held. */
static bool no_less_capable(const struct task *t, u64 caps)
{
	return t->cred.user_ns == current_user_ns() && !(t->cred.cap_permitted & ~caps);
}

/* Nobody keeps it from others, or the caller has the right all the same. task_lock of t held. */
static bool may_see_memory(const struct task *t)
{
	return !t->mm || !(atomic_load(&t->mm->flags) & MMF_NOT_DUMPABLE) || ns_capable(t->mm->user_ns, CAP_SYS_PTRACE);
}

/* Caller and target are of one user, and the caller has no less rights. */
bool ptrace_may_access(struct task *t, enum ptrace_ids ids)
{
	const struct cred *c = &current->cred;
	bool ok;

	if (same_thread_group(t, current) || capable(CAP_SYS_PTRACE))
		return true;
	task_lock(t);
	if (ids == PTRACE_FSCREDS)
		ok = same_user(c->fsuid, c->fsgid, &t->cred) && no_less_capable(t, c->cap_effective);
	else
		ok = same_user(c->uid, c->gid, &t->cred) && no_less_capable(t, c->cap_permitted);
	ok = (ok || ns_capable(t->cred.user_ns, CAP_SYS_PTRACE)) && may_see_memory(t);
	task_unlock(t);
	return ok;
}

int kill_permission(int sig, struct task *t)
{
	const struct cred *c = &current->cred;
	u32 uid = READ_ONCE(t->cred.uid), suid = READ_ONCE(t->cred.suid);

	if (same_thread_group(t, current) || c->euid == suid || c->euid == uid || c->uid == suid || c->uid == uid)
		return 0;
	if (task_ns_capable(t, CAP_KILL) || (sig == SIGCONT && t->group->session == current->group->session))
		return 0;
	return -EPERM;
}

/* --- changes of user ids --- */

/* Nobody is root in a namespace that has no name 0: no id is INVALID_ID. */
static u32 root_of(const struct cred *c)
{
	return make_kuid(c->user_ns, 0);
}

static bool has_root(const struct cred *c, u32 root)
{
	return c->uid == root || c->euid == root || c->suid == root;
}

void cap_fix_setuid(struct cred *new, const struct cred *old)
{
	u32 root = root_of(old);

	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (has_root(old, root) && !has_root(new, root)) {
		if (!(old->securebits & SECBIT_KEEP_CAPS))
			new->cap_permitted = new->cap_effective = 0;
		new->cap_ambient = 0;
	}
	if (old->euid == root && new->euid != root)
		new->cap_effective = 0;
	if (old->euid != root && new->euid == root)
		new->cap_effective = new->cap_permitted;
}

void cap_fix_setfsuid(struct cred *new, const struct cred *old)
{
	u32 root = root_of(old);

	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == root && new->fsuid != root)
		new->cap_effective &= ~CAP_FS_MASK;
	if (old->fsuid != root && new->fsuid == root)
		new->cap_effective |= new->cap_permitted & CAP_FS_MASK;
}

/* --- exec --- */

/* Set-user-id and set-group-id programs; whom the namespace does not know nobody becomes in it. */
static void exec_ids(struct cred *new, u32 mode, u32 uid, u32 gid)
{
	if (current->no_new_privs)
		return;
	if (mode & (S_ISUID | S_ISGID) &&
	    (from_kuid(new->user_ns, uid) == INVALID_ID ||
	     from_kgid(new->user_ns, gid) == INVALID_ID))
		return;
	if (mode & S_ISUID)
		new->euid = uid;
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		new->egid = gid;
}

/*
 * What the program has by its file and by whom it runs as; true: in effect. A set-user-id program
 * of root's that has capabilities has those alone.
 */
static bool exec_caps(struct cred *new, u32 root_uid, const struct file_caps *caps)
{
	new->cap_permitted = (new->cap_bset & caps->permitted) | (new->cap_inheritable & caps->inheritable);
	if (new->securebits & SECBIT_NOROOT || (caps->there && new->euid == root_uid && new->uid != root_uid))
		return caps->effective;
	if (new->euid == root_uid || new->uid == root_uid)
		new->cap_permitted = new->cap_bset | new->cap_inheritable;
	return caps->effective || new->euid == root_uid;
}

int cap_exec(struct cred *new, u32 mode, u32 uid, u32 gid, const struct file_caps *caps)
{
	const struct cred *old = &current->cred;
	u32 root_uid = root_of(new);
	bool effective, setid;

	exec_ids(new, mode, uid, gid);
	setid = new->euid != old->uid || new->egid != old->gid;
	if (caps->effective && caps->permitted & ~(new->cap_bset | (new->cap_inheritable & caps->inheritable)))
		return -EPERM;
	effective = exec_caps(new, root_uid, caps);
	/* A tracer must not steer what it may not trace. */
	if ((setid || new->cap_permitted & ~old->cap_permitted) && current->ptrace && !current->ptracer_capable) {
		if (!ns_capable(new->user_ns, CAP_SETUID)) {
			new->euid = new->uid;
			new->egid = new->gid;
		}
		new->cap_permitted &= old->cap_permitted;
	}
	if (setid || caps->there)
		new->cap_ambient = 0;
	new->cap_permitted |= new->cap_ambient;
	if (current->no_new_privs)
		new->cap_permitted &= old->cap_permitted;
	new->cap_effective = effective ? new->cap_permitted : new->cap_ambient;
	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	new->securebits &= (u8)~SECBIT_KEEP_CAPS;
	return setid || (new->uid != root_uid && (effective || new->cap_permitted & ~new->cap_ambient));
}

/* --- capget, capset --- */

/* Words per set that the caller's version has; 0: unknown, and the newest one was written to it. */
static int header_words(uaddr_t uhdr, struct k_cap_header *h, unsigned *words)
{
	const u32 newest = _LINUX_CAPABILITY_VERSION_3;

	*words = 0;
	if (copy_from_user(h, uhdr, sizeof(*h)))
		return -EFAULT;
	switch (h->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = 1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = 2;
		return 0;
	}
	return copy_to_user(uhdr, &newest, sizeof(newest)) ? -EFAULT : -EINVAL;
}

/* The three sets of thread pid, 0: current. */
static int caps_of(int pid, struct cred *out)
{
	struct task *t = pid ? find_get_task_by_vpid(pid) : get_task(current);

	if (!t)
		return -ESRCH;
	task_lock(t);
	*out = t->cred;
	task_unlock(t);
	put_task(t);
	return 0;
}

long sys_capget(uaddr_t uhdr, uaddr_t udata)
{
	struct k_cap_data data[2];
	struct k_cap_header h;
	struct cred c;
	unsigned words;
	int err = header_words(uhdr, &h, &words);

	if (!udata || err)
		return err == -EINVAL && !udata ? 0 : err;
	if (h.pid < 0)
		return -EINVAL;
	err = caps_of(h.pid, &c);
	if (err)
		return err;
	for (unsigned i = 0; i < words; i++)
		data[i] = (struct k_cap_data){ (u32)(c.cap_effective >> 32 * i), (u32)(c.cap_permitted >> 32 * i),
					       (u32)(c.cap_inheritable >> 32 * i) };
	return copy_to_user(udata, data, words * sizeof(data[0])) ? -EFAULT : 0;
}

/* May current's sets become these? */
static bool capset_allowed(const struct cred *old, u64 effective, u64 permitted, u64 inheritable)
{
	if (!ns_capable(current_user_ns(), CAP_SETPCAP) && inheritable & ~(old->cap_inheritable | old->cap_permitted))
		return false;
	return !(inheritable & ~(old->cap_inheritable | old->cap_bset)) && !(permitted & ~old->cap_permitted) &&
	       !(effective & ~permitted);
}

long sys_capset(uaddr_t uhdr, uaddr_t udata)
{
	struct cred new = current->cred;
	struct k_cap_data data[2] = { 0 };
	struct k_cap_header h;
	u64 e = 0, p = 0, i = 0;
	unsigned words;
	int err = header_words(uhdr, &h, &words);

	if (err)
		return err;
	if (h.pid && h.pid != current->vpid)
		return -EPERM;
	if (copy_from_user(data, udata, words * sizeof(data[0])))
		return -EFAULT;
	for (unsigned w = 0; w < ARRAY_SIZE(data); w++) {
		e |= (u64)data[w].effective << 32 * w;
		p |= (u64)data[w].permitted << 32 * w;
		i |= (u64)data[w].inheritable << 32 * w;
	}
	e &= CAP_FULL_SET;
	p &= CAP_FULL_SET;
	i &= CAP_FULL_SET;
	if (!capset_allowed(&current->cred, e, p, i))
		return -EPERM;
	new.cap_effective = e;
	new.cap_permitted = p;
	new.cap_inheritable = i;
	new.cap_ambient &= p & i;
	commit_creds(&new);
	return 0;
}

/* --- prctl --- */

static long drop_bounding(u64 cap)
{
	struct cred new = current->cred;

	if (!ns_capable(current_user_ns(), CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	new.cap_bset &= ~CAP_TO_MASK(cap);
	commit_creds(&new);
	return 0;
}

static long set_securebits(u64 bits)
{
	struct cred new = current->cred;
	u32 old = new.securebits, locks = SECURE_ALL_LOCKS;

	if (((old & locks) >> 1) & (old ^ bits) || old & locks & ~bits ||
	    bits & ~(u64)(SECURE_ALL_BITS | SECURE_ALL_LOCKS) ||
	    !ns_capable(current_user_ns(), CAP_SETPCAP))
		return -EPERM;
	new.securebits = (u8)bits;
	commit_creds(&new);
	return 0;
}

static long set_keepcaps(u64 on)
{
	struct cred new = current->cred;

	if (on > 1)
		return -EINVAL;
	if (new.securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	new.securebits = on ? new.securebits | SECBIT_KEEP_CAPS : new.securebits & (u8)~SECBIT_KEEP_CAPS;
	commit_creds(&new);
	return 0;
}

static long change_ambient(u64 what, u64 cap)
{
	struct cred new = current->cred;
	u64 bit = CAP_TO_MASK(cap & 63);

	if (what == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (cap)
			return -EINVAL;
		new.cap_ambient = 0;
		commit_creds(&new);
		return 0;
	}
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	switch (what) {
	case PR_CAP_AMBIENT_IS_SET:
		return (new.cap_ambient & bit) != 0;
	case PR_CAP_AMBIENT_RAISE:
		if (!(new.cap_permitted & new.cap_inheritable & bit) || new.securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
			return -EPERM;
		new.cap_ambient |= bit;
		break;
	case PR_CAP_AMBIENT_LOWER:
		new.cap_ambient &= ~bit;
		break;
	default:
		return -EINVAL;
	}
	commit_creds(&new);
	return 0;
}

long cap_prctl(int option, u64 a, u64 b, u64 c, u64 d)
{
	const struct cred *cred = &current->cred;

	switch (option) {
	case PR_GET_DUMPABLE:
		return get_dumpable(current->mm);
	case PR_SET_DUMPABLE:
		if (a > SUID_DUMP_USER)
			return -EINVAL;
		set_dumpable(current->mm, (int)a);
		return 0;
	case PR_CAPBSET_READ:
		return a > CAP_LAST_CAP ? -EINVAL : (cred->cap_bset & CAP_TO_MASK(a)) != 0;
	case PR_CAPBSET_DROP:
		return drop_bounding(a);
	case PR_GET_SECUREBITS:
		return cred->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(a);
	case PR_GET_KEEPCAPS:
		return (cred->securebits & SECBIT_KEEP_CAPS) != 0;
	case PR_SET_KEEPCAPS:
		return set_keepcaps(a);
	case PR_CAP_AMBIENT:
		return c || d ? -EINVAL : change_ambient(a, b);
	case PR_SET_NO_NEW_PRIVS:
		if (a != 1 || b || c || d)
			return -EINVAL;
		current->no_new_privs = 1;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return a || b || c || d ? -EINVAL : current->no_new_privs;
	}
	return -EINVAL;
}
