// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ids of a thread: their copy, their change, the system calls. Mirrors Linux kernel/cred.c,
 * kernel/groups.c and the ids of kernel/sys.c. cred.h says who may read and write them.
 *
 * Locks: task_lock and siglock of current, in commit_creds.
 */
#include "kernel/abi.h"
#include "kernel/cred.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

const struct cred init_cred = {
	.cap_permitted = CAP_FULL_SET,
	.cap_effective = CAP_FULL_SET,
	.cap_bset = CAP_FULL_SET,
	.user_ns = &init_user_ns,
};

/* --- life --- */

static struct group_info *get_groups(struct group_info *g)
{
	if (g)
		atomic_fetch_add(&g->refs, 1);
	return g;
}

static void put_groups(struct group_info *g)
{
	if (g && atomic_fetch_sub(&g->refs, 1) == 1)
		kfree(g);
}

void copy_creds(struct cred *to, const struct cred *from)
{
	*to = *from;
	get_groups(to->groups);
	get_user_ns(to->user_ns);
}

void put_creds(struct cred *c)
{
	put_groups(c->groups);
	put_user_ns(c->user_ns);
	c->groups = NULL;
	c->user_ns = NULL;
}

/* In a namespace of its own making it had them all. */
static bool gains_capabilities(const struct cred *new, const struct cred *old)
{
	struct user_namespace *ns = new->user_ns;

	if (likely(ns == old->user_ns))
		return new->cap_permitted & ~old->cap_permitted;
	for (; ns != &init_user_ns; ns = user_ns_parent(ns))
		if (user_ns_parent(ns) == old->user_ns && ns->owner == old->euid)
			return false;
	return true;
}

/* Who gains or changes an identity may know secrets of both: nobody looks into its memory. */
static bool must_hide(const struct cred *new, const struct cred *old)
{
	return new->euid != old->euid || new->egid != old->egid || new->fsuid != old->fsuid ||
		new->fsgid != old->fsgid || gains_capabilities(new, old);
}

void commit_creds(const struct cred *new)
{
	struct cred *old = &current->cred;
	struct group_info *groups = old->groups;
	struct user_namespace *user_ns = old->user_ns;

	if (must_hide(new, old)) {
		if (current->mm)
			set_dumpable(current->mm, sysctl_suid_dumpable);
		current->pdeath_signal = 0;
	}
	task_lock(current);
	if (unlikely(user_ns != new->user_ns))
		spin_lock(&current->sighand->siglock);
	*old = *new;
	if (unlikely(user_ns != new->user_ns))
		spin_unlock(&current->sighand->siglock);
	task_unlock(current);
	if (groups != new->groups)
		put_groups(groups);
	if (user_ns != new->user_ns)
		put_user_ns(user_ns);
}

void override_creds(const struct cred *new, struct cred *old)
{
	*old = current->cred;
	task_lock(current);
	current->cred = *new;
	task_unlock(current);
}

/* --- limits --- */

/*
 * Does a thread with these count for user uid of ns? Who lives in a namespace below counts for who
 * made that.
 */
static bool counts_for(const struct cred *c, const struct user_namespace *ns, u32 uid)
{
	const struct user_namespace *at = c->user_ns;
	u32 as = c->uid;

	for (; at->level > ns->level; at = user_ns_parent(at))
		as = at->owner;
	return at == ns && as == uid;
}

/* Looked for only when there are so many threads at all. */
static u64 count_threads(const struct user_namespace *ns, u32 uid)
{
	struct task *p, *t;
	u64 n = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		task_lock(t);
		n += counts_for(&t->cred, ns, uid);
		task_unlock(t);
	}
	read_unlock(&tasklist_lock);
	return n;
}

/*
 * Has a user of current's namespace, with so many more, more threads than current may have? Or who
 * made the namespace than that one might have then, and so on.
 */
static bool over_nproc(u32 uid, u64 more)
{
	const struct user_namespace *ns = current_user_ns();
	u64 limit = READ_ONCE(current->group->rlim[RLIMIT_NPROC].rlim_cur);

	for (; ns; ns = user_ns_parent(ns)) {
		if ((u64)atomic_load(&nr_tasks) + more > limit && count_threads(ns, uid) + more > limit)
			return true;
		uid = ns->owner;
		limit = ns->nproc_max;
	}
	return false;
}

bool nproc_exceeded(void)
{
	if (!current->cred.uid || capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN))
		return false;
	return over_nproc(current->cred.uid, 1);
}

bool nproc_forbids_exec(void)
{
	if (!(current->flags & PF_NPROC_EXCEEDED))
		return false;
	if (over_nproc(current->cred.uid, 0))
		return true;
	current->flags &= ~PF_NPROC_EXCEEDED;
	return false;
}

/* --- user ids --- */

static bool keeps(u32 id)
{
	return id == ~0u;
}

static u32 uid_name(u32 uid) { return from_kuid_munged(current_user_ns(), uid); }
static u32 gid_name(u32 gid) { return from_kgid_munged(current_user_ns(), gid); }

long sys_getuid(void) { return uid_name(current->cred.uid); }
long sys_geteuid(void) { return uid_name(current->cred.euid); }
long sys_getgid(void) { return gid_name(current->cred.gid); }
long sys_getegid(void) { return gid_name(current->cred.egid); }

/* A user's id becomes the machine's; one that stays stays as it is. False: nobody is called that. */
static bool take_uid(u32 *id)
{
	if (keeps(*id))
		return true;
	*id = make_kuid(current_user_ns(), *id);
	return *id != INVALID_ID;
}

static bool take_gid(u32 *id)
{
	if (keeps(*id))
		return true;
	*id = make_kgid(current_user_ns(), *id);
	return *id != INVALID_ID;
}

static bool may_set_ids(int cap)
{
	return ns_capable(current_user_ns(), cap);
}

static long change_uids(struct cred *new)
{
	new->fsuid = new->euid;
	cap_fix_setuid(new, &current->cred);
	if (new->uid != current->cred.uid) {
		if (new->uid && over_nproc(new->uid, 0))
			current->flags |= PF_NPROC_EXCEEDED;
		else
			current->flags &= ~PF_NPROC_EXCEEDED;
	}
	commit_creds(new);
	return 0;
}

static bool is_own_uid(u32 id)
{
	const struct cred *c = &current->cred;

	return id == c->uid || id == c->euid || id == c->suid;
}

static bool is_own_gid(u32 id)
{
	const struct cred *c = &current->cred;

	return id == c->gid || id == c->egid || id == c->sgid;
}

long sys_setuid(u32 id)
{
	struct cred new = current->cred;

	if (keeps(id) || !take_uid(&id))
		return -EINVAL;
	if (may_set_ids(CAP_SETUID))
		new.uid = new.suid = id;
	else if (id != new.uid && id != new.suid)
		return -EPERM;
	new.euid = id;
	return change_uids(&new);
}

long sys_setreuid(u32 r, u32 e)
{
	const struct cred *old = &current->cred;
	struct cred new = *old;

	if (!take_uid(&r) || !take_uid(&e))
		return -EINVAL;
	if (!may_set_ids(CAP_SETUID)) {
		if (!keeps(r) && r != old->uid && r != old->euid)
			return -EPERM;
		if (!keeps(e) && !is_own_uid(e))
			return -EPERM;
	}
	if (!keeps(r))
		new.uid = r;
	if (!keeps(e))
		new.euid = e;
	if (!keeps(r) || (!keeps(e) && e != old->uid))
		new.suid = new.euid;
	return change_uids(&new);
}

long sys_setresuid(u32 r, u32 e, u32 s)
{
	struct cred new = current->cred;

	if (!take_uid(&r) || !take_uid(&e) || !take_uid(&s))
		return -EINVAL;
	if (!may_set_ids(CAP_SETUID) &&
	    ((!keeps(r) && !is_own_uid(r)) || (!keeps(e) && !is_own_uid(e)) ||
	     (!keeps(s) && !is_own_uid(s))))
		return -EPERM;
	if (!keeps(r))
		new.uid = r;
	if (!keeps(e))
		new.euid = e;
	if (!keeps(s))
		new.suid = s;
	return change_uids(&new);
}

/* The old one is the value: there is no other sign of success. */
long sys_setfsuid(u32 id)
{
	struct cred new = current->cred;
	u32 old = new.fsuid;

	if (!keeps(id) && take_uid(&id) && id != old && (is_own_uid(id) || may_set_ids(CAP_SETUID))) {
		new.fsuid = id;
		cap_fix_setfsuid(&new, &current->cred);
		commit_creds(&new);
	}
	return uid_name(old);
}

/* --- group ids --- */

static long change_gids(struct cred *new)
{
	new->fsgid = new->egid;
	commit_creds(new);
	return 0;
}

long sys_setgid(u32 id)
{
	struct cred new = current->cred;

	if (keeps(id) || !take_gid(&id))
		return -EINVAL;
	if (may_set_ids(CAP_SETGID))
		new.gid = new.sgid = id;
	else if (id != new.gid && id != new.sgid)
		return -EPERM;
	new.egid = id;
	return change_gids(&new);
}

long sys_setregid(u32 r, u32 e)
{
	const struct cred *old = &current->cred;
	struct cred new = *old;

	if (!take_gid(&r) || !take_gid(&e))
		return -EINVAL;
	if (!may_set_ids(CAP_SETGID)) {
		if (!keeps(r) && r != old->gid && r != old->egid)
			return -EPERM;
		if (!keeps(e) && !is_own_gid(e))
			return -EPERM;
	}
	if (!keeps(r))
		new.gid = r;
	if (!keeps(e))
		new.egid = e;
	if (!keeps(r) || (!keeps(e) && e != old->gid))
		new.sgid = new.egid;
	return change_gids(&new);
}

long sys_setresgid(u32 r, u32 e, u32 s)
{
	struct cred new = current->cred;

	if (!take_gid(&r) || !take_gid(&e) || !take_gid(&s))
		return -EINVAL;
	if (!may_set_ids(CAP_SETGID) &&
	    ((!keeps(r) && !is_own_gid(r)) || (!keeps(e) && !is_own_gid(e)) ||
	     (!keeps(s) && !is_own_gid(s))))
		return -EPERM;
	if (!keeps(r))
		new.gid = r;
	if (!keeps(e))
		new.egid = e;
	if (!keeps(s))
		new.sgid = s;
	return change_gids(&new);
}

long sys_setfsgid(u32 id)
{
	struct cred new = current->cred;
	u32 old = new.fsgid;

	if (!keeps(id) && take_gid(&id) && id != old && (is_own_gid(id) || may_set_ids(CAP_SETGID))) {
		new.fsgid = id;
		commit_creds(&new);
	}
	return gid_name(old);
}

static long put_three(uaddr_t ua, u32 a, uaddr_t ub, u32 b, uaddr_t uc, u32 c)
{
	if (copy_to_user(ua, &a, sizeof(a)) || copy_to_user(ub, &b, sizeof(b)) || copy_to_user(uc, &c, sizeof(c)))
		return -EFAULT;
	return 0;
}

long sys_getresuid(uaddr_t r, uaddr_t e, uaddr_t s)
{
	const struct cred *c = &current->cred;

	return put_three(r, uid_name(c->uid), e, uid_name(c->euid), s, uid_name(c->suid));
}

long sys_getresgid(uaddr_t r, uaddr_t e, uaddr_t s)
{
	const struct cred *c = &current->cred;

	return put_three(r, gid_name(c->gid), e, gid_name(c->egid), s, gid_name(c->sgid));
}

/* --- supplementary groups --- */

bool group_member(const struct cred *c, u32 gid)
{
	const struct group_info *g = c->groups;
	u32 from = 0, to = g ? g->n : 0;

	while (from < to) {
		u32 mid = from + (to - from) / 2;

		if (g->gid[mid] == gid)
			return true;
		if (g->gid[mid] < gid)
			from = mid + 1;
		else
			to = mid;
	}
	return false;
}

bool in_group(u32 gid)
{
	return gid == current->cred.fsgid || group_member(&current->cred, gid);
}

long sys_getgroups(int size, uaddr_t list)
{
	const struct group_info *g = current->cred.groups;
	u32 n = g ? g->n : 0;

	if (size < 0 || (size && n > (u32)size))
		return -EINVAL;
	if (!size || !n)
		return n;
	if (likely(current_user_ns() == &init_user_ns))
		return copy_to_user(list, g->gid, n * sizeof(u32)) ? -EFAULT : (long)n;
	for (u32 i = 0; i < n; i++) {
		u32 gid = gid_name(g->gid[i]);

		if (copy_to_user(list + i * sizeof(gid), &gid, sizeof(gid)))
			return -EFAULT;
	}
	return n;
}

static void sift_down(u32 *v, u32 at, u32 n)
{
	for (u32 child; (child = 2 * at + 1) < n; at = child) {
		u32 t;

		if (child + 1 < n && v[child + 1] > v[child])
			child++;
		if (v[at] >= v[child])
			return;
		t = v[at];
		v[at] = v[child];
		v[child] = t;
	}
}

/* A heap: the worst order takes no longer than the best. */
static void sort_gids(u32 *v, u32 n)
{
	for (u32 i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (u32 end = n; end-- > 1;) {
		u32 t = v[0];

		v[0] = v[end];
		v[end] = t;
		sift_down(v, 0, end);
	}
}

/* One reference; ERR_PTR(-ENOMEM, -EFAULT, -EINVAL). */
static struct group_info *groups_from_user(u32 n, uaddr_t list)
{
	struct group_info *g = kmalloc(sizeof(*g) + n * sizeof(u32), GFP_KERNEL);
	int err = 0;

	if (!g)
		return ERR_PTR(-ENOMEM);
	atomic_init(&g->refs, 1);
	g->n = n;
	if (copy_from_user(g->gid, list, n * sizeof(u32)))
		err = -EFAULT;
	for (u32 i = 0; !err && i < n; i++)
		if (keeps(g->gid[i]) || !take_gid(&g->gid[i]))
			err = -EINVAL;
	if (err) {
		kfree(g);
		return ERR_PTR(err);
	}
	sort_gids(g->gid, n);
	return g;
}

long sys_setgroups(int size, uaddr_t list)
{
	struct cred new = current->cred;

	if (!may_set_ids(CAP_SETGID) || !userns_may_setgroups(current_user_ns()))
		return -EPERM;
	if ((unsigned)size > NGROUPS_MAX)
		return -EINVAL;
	new.groups = NULL;
	if (size) {
		new.groups = groups_from_user((u32)size, list);
		if (IS_ERR(new.groups))
			return PTR_ERR(new.groups);
	}
	commit_creds(&new);
	return 0;
}
