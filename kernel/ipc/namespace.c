// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces of shared memory, semaphores and message queues: what is in one is found by who lives
 * there, and goes with it. Mirrors Linux ipc/namespace.c.
 *
 * Each begins empty, with the limits of a machine that has just started.
 */
#include "kernel/ipc/ipc.h"
#include "kernel/mm/mm.h"

#define PROC_IPC_INIT_INO	0xefffffffu

#define MQ_LIMITS_INIT	{ .queues_max = 256, .msg_max = 10, .msgsize_max = 8192, .msg_default = 10, .msgsize_default = 8192 }

static struct ns_common *copy_ipc_ns(struct ns_common *old, struct user_namespace *user_ns)
{
	struct ipc_namespace *ns = kzalloc(sizeof(*ns), GFP_KERNEL);

	(void)old;
	if (!ns)
		return ERR_PTR(-ENOMEM);
	if (ns_init(&ns->ns, &ipc_ns_ops, user_ns)) {
		kfree(ns);
		return ERR_PTR(-ENOSPC);
	}
	ipc_ids_init(&ns->shm_ids, &shm_kind);
	ipc_ids_init(&ns->sem_ids, &sem_kind);
	ipc_ids_init(&ns->msg_ids, &msg_kind);
	ns->mq = (struct mq_limits)MQ_LIMITS_INIT;
	if (mq_init_ns(ns)) {
		dec_ucount(ns->ns.ucounts, UCOUNT_IPC);
		put_user_ns(user_ns);
		kfree(ns);
		return ERR_PTR(-ENOMEM);
	}
	return &ns->ns;
}

/*
 * Nobody lives there, and nothing of it is attached: so nobody waits, and there is nothing to be
 * taken back.
 */
static void free_ipc_ns(struct ns_common *c)
{
	struct ipc_namespace *ns = to_ipc_ns(c);

	mq_exit_ns(ns);
	ipc_ids_free(&ns->shm_ids);
	ipc_ids_free(&ns->sem_ids);
	ipc_ids_free(&ns->msg_ids);
	kfree(ns);
}

const struct ns_ops ipc_ns_ops = { .name = "ipc", .type = CLONE_NEWIPC, .ucount = UCOUNT_IPC,
	.copy = copy_ipc_ns, .free = free_ipc_ns };

#define IDS_INIT(nm, k)	{ .lock = SPINLOCK_INIT(nm, RANK_IPC), .last = -1, .kind = (k) }

struct ipc_namespace init_ipc_ns = {
	.ns = NS_COMMON_INIT(PROC_IPC_INIT_INO, &ipc_ns_ops),
	.shm_ids = IDS_INIT("shm_ids", &shm_kind),
	.sem_ids = IDS_INIT("sem_ids", &sem_kind),
	.msg_ids = IDS_INIT("msg_ids", &msg_kind),
	.mq = MQ_LIMITS_INIT,
};
