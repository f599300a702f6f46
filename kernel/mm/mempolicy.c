// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which node a thread's memory, or that of a range, is to come from: get_mempolicy, set_mempolicy,
 * mbind. There is one node, so a policy is checked, remembered and told. Mirrors Linux
 * mm/mempolicy.c.
 *
 * LINUX: the policy of shared memory is that of the mapping, not of the file.
 *
 * Locks: mm->mmap_lock.
 */
#include "kernel/abi.h"
#include "kernel/cred.h"
#include "kernel/mm/vm.h"
#include "kernel/task.h"

#define MAX_NUMNODES	1024u
#define NODE_0		1ull

/* What user mode named: nodes 0 to 63, and any of the rest. */
struct nodemask {
	u64 low, high;
};

/* 0, -EINVAL or -EFAULT. A bit is not read that maxnode does not reach. */
static int get_nodes(struct nodemask *to, uaddr_t mask, u64 maxnode)
{
	u64 word, bits = maxnode - 1;

	*to = (struct nodemask){ 0 };
	if (!bits || !mask)
		return 0;
	if (bits > PAGE_SIZE * 8)
		return -EINVAL;
	for (u64 n = 0; n < bits; n += 64) {
		if (copy_from_user(&word, mask + n / 8, sizeof(word)))
			return -EFAULT;
		if (bits - n < 64)
			word &= (1ull << (bits - n)) - 1;
		if (n >= MAX_NUMNODES && word)
			return -EINVAL;
		*(n ? &to->high : &to->low) |= word;
	}
	return 0;
}

/* 0, -EINVAL or -EFAULT. What is beyond the nodes that could be is cleared. */
static int put_nodes(uaddr_t mask, u64 maxnode, u64 nodes)
{
	u64 n = (maxnode + 62) / 64 * 8;

	if (n > PAGE_SIZE)
		return -EINVAL;
	if (n > sizeof(nodes) && clear_user(mask + sizeof(nodes), n - sizeof(nodes)))
		return -EFAULT;
	return copy_to_user(mask, &nodes, min(n, sizeof(nodes))) ? -EFAULT : 0;
}

static bool mode_valid(u32 mode)
{
	u32 flags = mode & MPOL_MODE_FLAGS, how = mode & ~MPOL_MODE_FLAGS;

	if (how >= MPOL_MAX || (flags & MPOL_F_STATIC_NODES && flags & MPOL_F_RELATIVE_NODES))
		return false;
	return !(flags & MPOL_F_NUMA_BALANCING) || how == MPOL_BIND || how == MPOL_PREFERRED_MANY;
}

/* mode is valid. 0 or -EINVAL. With a flag, the nodes are told as they were given. */
static int make_policy(struct mempolicy *p, u32 mode, const struct nodemask *n)
{
	u32 flags = mode & MPOL_MODE_FLAGS, how = mode & ~MPOL_MODE_FLAGS;
	bool empty = !(n->low | n->high);

	*p = (struct mempolicy){ 0 };
	if (how == MPOL_DEFAULT)
		return empty ? 0 : -EINVAL;
	if (empty != (how == MPOL_LOCAL) && how != MPOL_PREFERRED)
		return -EINVAL;
	if (empty) {
		p->mode = MPOL_LOCAL;
		return flags ? -EINVAL : 0;
	}
	if (!(flags & MPOL_F_RELATIVE_NODES) && !(n->low & NODE_0))
		return -EINVAL;
	p->mode = mode;
	p->nodes = flags ? n->low : NODE_0;
	return 0;
}

long sys_set_mempolicy(int mode, uaddr_t mask, u64 maxnode)
{
	struct mempolicy p;
	struct nodemask n;
	int err = mode_valid((u32)mode) ? get_nodes(&n, mask, maxnode) : -EINVAL;

	if (!err)
		err = make_policy(&p, (u32)mode, &n);
	if (!err)
		current->mempolicy = p;
	return err;
}

/* ---- mbind ---- */

/* Is there a page in v between start and end? mmap_lock held. */
static bool any_page(const struct vma *v, uaddr_t start, uaddr_t end)
{
	for (uaddr_t a = max(start, v->start); a < min(end, v->end); a += PAGE_SIZE) {
		const pte_t *slot = slot_find(v->mm, a);

		if (slot && !pte_none_mostly(*slot))
			return true;
		cond_resched();
	}
	return false;
}

/*
 * Holes are refused (-EFAULT) unless what is there goes back to the default and is something, and
 * with strict pages (-EIO). mmap_lock held.
 */
static int check_range(struct mm *mm, uaddr_t start, uaddr_t end, bool holes, bool strict)
{
	uaddr_t at = start;
	unsigned i = vma_index(mm, start);

	if (i == mm->nr_vmas || mm->vmas[i]->start >= end)
		return -EFAULT;
	for (; i < mm->nr_vmas && mm->vmas[i]->start < end; i++) {
		if (mm->vmas[i]->start > at && !holes)
			return -EFAULT;
		if (strict && any_page(mm->vmas[i], start, end))
			return -EIO;
		at = mm->vmas[i]->end;
	}
	return at < end && !holes ? -EFAULT : 0;
}

/* mmap_lock held. */
static int bind_range(struct mm *mm, uaddr_t start, uaddr_t end, const struct mempolicy *p)
{
	unsigned first, last;
	int err = vma_isolate(mm, start, end, &first, &last);

	if (err)
		return err;
	for (unsigned i = first; i < last; i++)
		mm->vmas[i]->mempolicy = *p;
	vma_merge_range(mm, first, last);
	return 0;
}

static int mbind(uaddr_t start, u64 len, u32 mode, const struct nodemask *n, u32 flags)
{
	uaddr_t end = start + PAGE_ALIGN(len);
	struct mm *mm = current->mm;
	struct mempolicy p;
	bool misplaced;
	int err;

	if (flags & ~MPOL_MF_VALID)
		return -EINVAL;
	if (flags & MPOL_MF_MOVE_ALL && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (start & ~PAGE_MASK || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	err = make_policy(&p, mode, n);
	if (err)
		return err;
	misplaced = p.mode && flags == MPOL_MF_STRICT && !(n->low & NODE_0);
	mutex_lock(&mm->mmap_lock);
	err = check_range(mm, start, end, !p.mode, misplaced);
	if (!err)
		err = bind_range(mm, start, end, &p);
	mutex_unlock(&mm->mmap_lock);
	return err;
}

long sys_mbind(uaddr_t start, u64 len, u64 mode, uaddr_t mask, u64 maxnode, u32 flags)
{
	struct nodemask n;
	int err = mode_valid((u32)mode) ? get_nodes(&n, mask, maxnode) : -EINVAL;

	return err ? err : mbind(start, len, (u32)mode, &n, flags);
}

/* ---- get_mempolicy ---- */

/* The policy of the memory at addr. 0 or -EFAULT: nothing is there. */
static int policy_at(struct mm *mm, uaddr_t addr, struct mempolicy *p)
{
	struct vma *v;
	int err = -EFAULT;

	mutex_lock(&mm->mmap_lock);
	v = find_vma(mm, addr);
	if (v && v->start <= addr) {
		*p = v->mempolicy;
		err = 0;
	}
	mutex_unlock(&mm->mmap_lock);
	return err;
}

/* 0 and in *mode what is asked for, in p->nodes its nodes; or -errno. */
static int find_policy(uaddr_t addr, u64 flags, u32 *mode, struct mempolicy *p)
{
	int code, err = 0;

	if (flags & ~(u64)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED))
		return -EINVAL;
	if (flags & MPOL_F_MEMS_ALLOWED) {
		*p = (struct mempolicy){ .nodes = NODE_0 };
		*mode = 0;
		return flags == MPOL_F_MEMS_ALLOWED ? 0 : -EINVAL;
	}
	*p = current->mempolicy;
	if (flags & MPOL_F_ADDR)
		err = policy_at(current->mm, addr, p);
	else if (addr)
		err = -EINVAL;
	if (err)
		return err;
	*mode = p->mode;
	if (!(flags & MPOL_F_NODE))
		return 0;
	*mode = 0;			/* the node of the page, or of the next one that is interleaved */
	if (!(flags & MPOL_F_ADDR))
		return (p->mode & ~MPOL_MODE_FLAGS) == MPOL_INTERLEAVE ? 0 : -EINVAL;
	err = handle_fault(current->mm, addr & PAGE_MASK, 0, &code);
	return err > 0 ? -EFAULT : err;
}

long sys_get_mempolicy(uaddr_t umode, uaddr_t mask, u64 maxnode, uaddr_t addr, u64 flags)
{
	struct mempolicy p;
	u32 mode;
	int err;

	if (mask && !maxnode)
		return -EINVAL;
	err = find_policy(addr, flags, &mode, &p);
	if (err)
		return err;
	if (umode && copy_to_user(umode, &mode, sizeof(mode)))
		return -EFAULT;
	return mask ? put_nodes(mask, maxnode, p.nodes) : 0;
}
