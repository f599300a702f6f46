// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many namespaces of each kind, and what else, a user has made in a user namespace, and how many
 * may be. Mirrors Linux kernel/ucount.c and its part of include/linux/user_namespace.h.
 */
#pragma once
#include "kernel/lib/types.h"

struct user_namespace;

enum ucount_type { UCOUNT_USER, UCOUNT_PID, UCOUNT_UTS, UCOUNT_IPC, UCOUNT_NET, UCOUNT_MNT,
	UCOUNT_CGROUP, UCOUNT_TIME, UCOUNT_INOTIFY_INSTANCES, UCOUNT_INOTIFY_WATCHES, NR_UCOUNTS };

/*
 * One more for uid in ns, for who made ns in its parent, and so on. NULL: one of the limits is
 * reached, or no memory. The caller has a reference on ns for as long as it is counted.
 */
struct ucounts *inc_ucount(struct user_namespace *ns, u32 uid, enum ucount_type type);
void dec_ucount(struct ucounts *u, enum ucount_type type);	/* NULL is fine. Any context. */
/* One more of another type, while the caller has one of inc_ucount's. false: a limit is reached. */
bool ucount_charge(struct ucounts *u, enum ucount_type type);
void ucount_uncharge(struct ucounts *u, enum ucount_type type);
void ucount_init_boot(int max);			/* the limit of the initial namespace, for each kind */
