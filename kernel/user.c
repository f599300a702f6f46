// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is counted for a user, by real user id, against a limit that all the user's processes share.
 * Mirrors Linux kernel/user.c. Somebody for whom nothing is counted is not here, but for root.
 *
 * LINUX: by the machine's id alone, whatever the user namespace; there who lives in one counts for
 * who made it, too, as threads do here (cred.c).
 *
 * Locks: user_lock.
 */
#include "kernel/cred.h"
#include "kernel/lock.h"
#include "kernel/mm/mm.h"

#define BUCKETS	64u

static struct spinlock user_lock = SPINLOCK_INIT("user_lock", RANK_USER);
static struct user *users[BUCKETS];		/* [user_lock] */
struct user root_user;

/* Where the user is, or would be. */
static struct user **slot_of(u32 uid)
{
	struct user **at = &users[uid % BUCKETS];

	assert_held(&user_lock);
	while (*at && (*at)->uid != uid)
		at = &(*at)->next;
	return at;
}

struct user *__get_user_of(u32 uid)
{
	struct user **at, *u;

	spin_lock(&user_lock);
	at = slot_of(uid);
	u = *at;
	if (!u) {
		u = kmalloc(sizeof(*u), GFP_ATOMIC | GFP_NOWARN | GFP_ZERO);
		if (u) {
			u->uid = uid;
			*at = u;
		}
	}
	if (u)
		u->refs++;
	spin_unlock(&user_lock);
	return u;
}

void __put_user_of(struct user *u)
{
	spin_lock(&user_lock);
	if (--u->refs)
		u = NULL;
	else
		*slot_of(u->uid) = u->next;
	spin_unlock(&user_lock);
	kfree(u);
}

u32 user_sigpending(u32 uid)
{
	const struct user *u;
	u32 n;

	if (!uid)
		return atomic_load(&root_user.sigpending);
	spin_lock(&user_lock);
	u = *slot_of(uid);
	n = u ? atomic_load(&u->sigpending) : 0;
	spin_unlock(&user_lock);
	return n;
}
