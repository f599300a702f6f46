// SPDX-License-Identifier: GPL-2.0-only
/*
 * Robust lists: what becomes of the locks of a task that dies. Mirrors Linux kernel/futex/core.c,
 * exit_robust_list.
 *
 * Locks: none here. The list and its words are the dying task's memory, which others may change: an
 * entry is read once, a word changed by compare and exchange.
 */
#include "kernel/abi.h"
#include "kernel/futex.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

enum death { ON_LIST, PENDING };

/*
 * The word at addr is or may be a lock of the dying current: OWNER_DIED, and somebody woken. 0, or
 * -1: the list is not to be trusted.
 */
static int futex_death(uaddr_t addr, bool pi, enum death how)
{
	u32 old, seen;

	if (addr % sizeof(u32) || get_user32(&seen, addr))
		return -1;
	for (;;) {
		old = seen;
		if ((old & FUTEX_TID_MASK) != (u32)current->vpid) {
			/*
			 * Died between the release of the word and the wake-up, or woken and dead
			 * before it took the lock.
			 */
			if (how == PENDING && !pi && (!(old & FUTEX_TID_MASK) || !(old & FUTEX_WAITERS)))
				(void)futex_wake(addr, 1, FUTEX_BITSET_MATCH_ANY, FUTEX_SCOPE_SHARED);
			return 0;
		}
		if (cmpxchg_user32(addr, old, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return -1;
		if (seen == old)
			break;
		cond_resched();
	}
	if (!pi && (old & FUTEX_WAITERS))
		(void)futex_wake(addr, 1, FUTEX_BITSET_MATCH_ANY, FUTEX_SCOPE_SHARED);
	return 0;
}

static int get_u64(uaddr_t addr, u64 *v)
{
	return copy_from_user(v, addr, sizeof(*v)) ? -EFAULT : 0;
}

void exit_robust_list(struct task *t)
{
	struct k_robust_list_head head;
	u64 entry, next = 0, pending;
	bool last = false;

	assert(t == current && t->mm);
	if (!t->robust_list || copy_from_user(&head, t->robust_list, sizeof(head)))
		return;
	pending = head.list_op_pending & ~1ull;
	entry = head.list.next;
	for (unsigned n = 0; !last && (entry & ~1ull) != t->robust_list && n < ROBUST_LIST_LIMIT; n++) {
		/* First the link: once its lock is free, its owner may free the entry. */
		last = get_u64(entry & ~1ull, &next);
		if ((entry & ~1ull) != pending &&
		    futex_death((entry & ~1ull) + (u64)head.futex_offset, entry & 1, ON_LIST))
			return;
		entry = next;
		cond_resched();
	}
	if (pending)
		(void)futex_death(pending + (u64)head.futex_offset, head.list_op_pending & 1, PENDING);
}

long sys_set_robust_list(uaddr_t head, size_t len)
{
	if (len != sizeof(struct k_robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

long sys_get_robust_list(int pid, uaddr_t uhead, uaddr_t ulen)
{
	struct task *t = pid ? find_get_task_by_vpid(pid) : get_task(current);
	u64 len = sizeof(struct k_robust_list_head);
	uaddr_t head;
	bool allowed;

	if (!t)
		return -ESRCH;
	allowed = ptrace_may_access(t, PTRACE_REALCREDS);
	head = READ_ONCE(t->robust_list);
	put_task(t);
	if (!allowed)
		return -EPERM;
	if (copy_to_user(ulen, &len, sizeof(len)) || copy_to_user(uhead, &head, sizeof(head)))
		return -EFAULT;
	return 0;
}
