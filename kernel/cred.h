// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who a thread is and what it may do. Mirrors Linux include/linux/cred.h and capability.h.
 *
 * Each thread has its own struct cred, by value in its task. Only the thread itself changes it, in
 * commit_creds and under its task_lock. So current reads its own without a lock, and others take
 * task_lock for whatever must be of one moment (a set of groups, a line of /proc). LINUX: there an
 * immutable struct is replaced under RCU. Here a permission check on another task reads single ids
 * without a lock; while that task changes its ids such a check may see one old and one new.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/lib/types.h"

struct inode;
struct task;
struct user_namespace;

struct group_info {			/* immutable, shared by threads */
	_Atomic u32 refs;
	u32 n;
	u32 gid[];			/* ascending */
};

struct cred {				/* [A of the owner] to change, by the owner only */
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u64 cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	struct group_info *groups;	/* NULL: none */
	struct user_namespace *user_ns;	/* [and siglock] referenced: where the capabilities hold, and what ids are called */
	u8 securebits;			/* SECBIT_* */
};

#define CAP_TO_MASK(cap)	(1ull << (cap))
#define CAP_FULL_SET		(CAP_TO_MASK(CAP_LAST_CAP + 1) - 1)

/* cred.c */
extern const struct cred init_cred;		/* root with every capability */
void copy_creds(struct cred *to, const struct cred *from);	/* both then own references */
void put_creds(struct cred *c);			/* the references go. Any context. */
/* *new becomes current's; new->groups and user_ns are current's own or references that are taken over. */
void commit_creds(const struct cred *new);
/* *new is current's for a while, with the same groups and no other effect; *old is what was. */
void override_creds(const struct cred *new, struct cred *old);
bool in_group(u32 gid);				/* the file system's group of current, or one of its supplementary ones */
bool group_member(const struct cred *c, u32 gid);	/* a supplementary one */
bool nproc_exceeded(void);			/* current's user has RLIMIT_NPROC threads and no right to more */
bool nproc_forbids_exec(void);			/* current became a user who had more, and still has */

/* user.c: what is counted for all the processes of a user together */
struct user {
	struct user *next;		/* [user_lock] */
	u32 uid;			/* (!) a real user id */
	u32 refs;			/* [user_lock]; root's is not counted */
	_Atomic u32 sigpending;		/* infos queued to the user's processes: RLIMIT_SIGPENDING */
	_Atomic u64 mq_bytes;		/* what the user's message queues may come to hold: RLIMIT_MSGQUEUE */
	u64 epoll_watches;		/* [epoll_lock of epoll.c] items of the user's epolls */
};
extern struct user root_user;
struct user *__get_user_of(u32 uid);
void __put_user_of(struct user *u);
/* Referenced; NULL: no memory. siglock may be held. */
static inline struct user *get_user_of(u32 uid) { return likely(!uid) ? &root_user : __get_user_of(uid); }
static inline void put_user_of(struct user *u)
{
	if (unlikely(u != &root_user))
		__put_user_of(u);
}
u32 user_sigpending(u32 uid);

/*
 * capability.c. A capability holds in the user namespace of who has it and in those below. So
 * capable() asks for what concerns the machine as a whole, ns_capable for what belongs to ns.
 */
bool capable(int cap);				/* current, in the initial namespace */
bool ns_capable(struct user_namespace *ns, int cap);
bool cred_ns_capable(const struct cred *c, struct user_namespace *ns, int cap);
bool task_ns_capable(struct task *t, int cap);	/* current, in the namespace of t. Takes task_lock of t. */
bool has_ns_capability(struct task *t, struct user_namespace *ns, int cap);	/* t. Takes its task_lock. */
/* Current, in its own namespace, over an inode: if that has names for the inode's owner and group. */
bool capable_wrt_inode_uidgid(const struct inode *i, int cap);
bool privileged_wrt_inode_uidgid(struct user_namespace *ns, const struct inode *i);
/*
 * May current look into t? By its own user id, as ptrace and process_vm_readv ask, or by the one
 * that file systems see, as /proc does.
 */
enum ptrace_ids { PTRACE_REALCREDS, PTRACE_FSCREDS };
bool ptrace_may_access(struct task *t, enum ptrace_ids ids);
/* May current send t a signal? 0, -EPERM. */
int kill_permission(int sig, struct task *t);
/* set*uid: what the change of user ids takes from the capabilities. */
void cap_fix_setuid(struct cred *new, const struct cred *old);
void cap_fix_setfsuid(struct cred *new, const struct cred *old);
struct file_caps {			/* of a program */
	bool there;
	bool effective;			/* it knows nothing of capabilities: those it gets are in effect, and it must get all */
	u64 permitted, inheritable;
};
/*
 * exec of a program of this mode, owner and capabilities: *new, a copy of current's, becomes what
 * the program runs with. 1 if the program must not trust its environment (AT_SECURE), 0, or -EPERM:
 * it needs capabilities that it cannot get.
 */
int cap_exec(struct cred *new, u32 mode, u32 uid, u32 gid, const struct file_caps *caps);
long cap_prctl(int option, u64 a, u64 b, u64 c, u64 d);		/* -EINVAL for what is none of its options */
