// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are said to be broken: madvise's MADV_HWPOISON and MADV_SOFT_OFFLINE. Mirrors Linux
 * mm/memory-failure.c, as far as it does what it is told; no machine here finds such a page itself.
 *
 * A broken page is held for good, so it is never free again. Whoever has it keeps an entry for it
 * that the CPU may not use (PTE_PROTNONE); a page of a file stays in the file's cache and is in no
 * table. Who touches it gets SIGBUS with BUS_MCEERR_AR, from a file's reads and writes EIO.
 *
 * LINUX: a page of a disk is broken too, where Linux reads it anew. What is taken out of use without
 * harm (MADV_SOFT_OFFLINE) is an anonymous page of one process, or one of a file in memory; all
 * others are EBUSY.
 *
 * Locks: tasklist_lock (r); mmap_lock; mapping->lock; poison_lock, for who is the first to say so.
 */
#include "kernel/fs/dcache.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/vm.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/signal.h"
#include "kernel/task.h"

_Atomic u64 num_poisoned_pages;
static struct spinlock poison_lock = SPINLOCK_INIT("poison", RANK_LRU);

static void count_broken(struct page *p)
{
	atomic_fetch_add(&num_poisoned_pages, 1);
	pr_err("Memory failure: %#lx: taken out of use\n", (u64)page_to_pfn(p));
}

/* The entry for p at addr; NULL if it is gone meanwhile. mmap_lock held. */
static pte_t *entry_of(struct mm *mm, uaddr_t addr, const struct page *p)
{
	pte_t *slot = slot_find(mm, addr);

	return slot && !pte_none_mostly(*slot) && pfn_to_page(pte_pfn(*slot)) == p ? slot : NULL;
}

static void set_entry(struct mm *mm, uaddr_t addr, pte_t *slot, const struct page *p, u64 bits)
{
	atomic_store_explicit((_Atomic pte_t *)slot, pte_make(page_to_pfn(p), bits), memory_order_release);
	arch_tlb_flush(mm, addr, addr + PAGE_SIZE);
}

/* Nobody pays for it any more. Its owner's. */
static void uncharge(struct page *p)
{
	if (!(p->flags & PG_CHARGED))
		return;
	mem_cgroup_uncharge(p);
	p->flags &= ~PG_CHARGED;
}

/* False: somebody who shares it has said so before. */
static bool mark_broken(struct page *p)
{
	bool first;

	spin_lock(&poison_lock);
	first = !(p->flags & PG_HWPOISON);
	p->flags |= PG_HWPOISON;
	spin_unlock(&poison_lock);
	if (first)
		uncharge(p);
	return first;
}

/* An entry for the page that is looked for. */
static int poison_entry(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	const struct page *p = ctx;

	if (pte_none_mostly(*slot) || pfn_to_page(pte_pfn(*slot)) != p)
		return 0;
	set_entry(mm, va, slot, p, PTE_PROTNONE);
	return 1;
}

static void poison_in(struct mm *mm, struct page *p)
{
	mutex_lock(&mm->mmap_lock);
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		if (!(mm->vmas[i]->flags & VM_SHARED) &&
		    pte_range(mm, mm->vmas[i]->start, mm->vmas[i]->end, poison_entry, p))
			break;
	mutex_unlock(&mm->mmap_lock);
}

/* The process with the lowest number above pid, referenced; NULL: none. */
static struct task *next_process(int pid)
{
	struct task *t, *found = NULL;

	read_lock(&tasklist_lock);
	for_each_process(t)
		if (t->tgid > pid && (!found || t->tgid < found->tgid))
			found = t;
	if (found)
		get_task(found);
	read_unlock(&tasklist_lock);
	return found;
}

/* Since a fork others may have it too. Nothing says who: all are asked. */
static int poison_anon(struct mm *mm, struct page *p)
{
	struct task *t;

	if (!mark_broken(p))
		return -EHWPOISON;
	poison_in(mm, p);
	if (atomic_load(&p->mapcount) < 2)
		return 0;
	for (int pid = 0; (t = next_process(pid)); put_task(t)) {
		struct mm *other = get_task_mm(t);

		pid = t->tgid;
		if (!other)
			continue;
		if (other != mm)
			poison_in(other, p);
		mmput(other);
	}
	return 0;
}

/* -EBUSY: it is its file's no longer. */
static int poison_file(struct page *p, struct mapping *m)
{
	u64 index = p->index;
	int err = -EBUSY;

	spin_lock(&m->lock);
	if (p->mapping == m)
		err = mark_broken(p) ? 0 : -EHWPOISON;
	spin_unlock(&m->lock);
	if (!err)
		unmap_mapping_pages(m, index, index + 1);
	return err;
}

/* Who wants to know at once is told. */
static void tell_early(uaddr_t addr)
{
	struct k_siginfo info = { .si_signo = SIGBUS, .si_code = BUS_MCEERR_AO };

	if (!(current->flags & PF_MCE_EARLY))
		return;
	info.u.fault.si_addr = addr;
	info.u.fault.si_addr_lsb = PAGE_SHIFT;
	(void)send_sig_thread(SIGBUS, &info, current);
}

/* The reference on p is kept, unless it fails. */
static int poison(struct mm *mm, uaddr_t addr, struct page *p, struct mapping *m)
{
	int err = p->flags & PG_ANON ? poison_anon(mm, p) : m ? poison_file(p, m) : -EBUSY;

	if (err)
		return err;
	count_broken(p);
	tell_early(addr);
	return 0;
}

/* A page of one process alone: 0 or -EBUSY. */
static int offline_anon(struct mm *mm, uaddr_t addr, struct page *p, struct page *new)
{
	pte_t *slot;
	int err = -EBUSY;

	mutex_lock(&mm->mmap_lock);
	slot = entry_of(mm, addr, p);
	if (slot && atomic_load(&p->refs) == 2) {	/* the entry's, and ours */
		pte_t was = *slot;

		/* Who stores from here on faults, and waits for mmap_lock. */
		atomic_store_explicit((_Atomic pte_t *)slot, pte_wrprotect(was), memory_order_release);
		arch_tlb_flush(mm, addr, addr + PAGE_SIZE);
		copy_page(new, p);
		atomic_fetch_add(&new->mapcount, 1);
		atomic_store_explicit((_Atomic pte_t *)slot,
				      vma_pte(vma_at(mm, addr), new,
					      pte_write(was) ? PTE_WRITE : 0) |
					      (was & PTE_UFFD_WP),
				      memory_order_release);
		arch_tlb_flush(mm, addr, addr + PAGE_SIZE);
		atomic_fetch_sub(&p->mapcount, 1);
		uncharge(p);
		err = 0;
	}
	mutex_unlock(&mm->mmap_lock);
	return err;
}

static int offline_file(struct page *p, struct page *new, struct mapping *m)
{
	if (!m || !(m->flags & MAPPING_SHMEM))
		return -EBUSY;
	unmap_mapping_pages(m, p->index, p->index + 1);
	return mapping_replace_page(m, p, new) ? 0 : -EBUSY;
}

/* A copy takes the place of p, on which one of the two references is kept, unless it fails. */
static int soft_offline(struct mm *mm, uaddr_t addr, struct page *p, struct mapping *m)
{
	bool anon = p->flags & PG_ANON;
	struct page *new = anon ? alloc_anon_page(mm) : alloc_page(GFP_USER);
	int err;

	if (!new)
		return -ENOMEM;
	err = anon ? offline_anon(mm, addr, p, new) : offline_file(p, new, m);
	put_page(err ? new : p);
	if (err)
		return err;
	p->flags |= PG_HWPOISON;
	count_broken(p);
	return 0;
}

/* The file that is mapped at addr, referenced, so that its pages have a mapping. NULL: none. */
static struct file *file_at(struct mm *mm, uaddr_t addr)
{
	const struct vma *v;
	struct file *f;

	mutex_lock(&mm->mmap_lock);
	v = vma_at(mm, addr);
	f = v && v->file ? get_file(v->file) : NULL;
	mutex_unlock(&mm->mmap_lock);
	return f;
}

/* The page at addr, with the file that may be its. */
static int break_page(struct mm *mm, uaddr_t addr, struct mapping *m, bool soft)
{
	struct page *p = get_user_page(mm, addr, 0);
	int err;

	if (!p)
		return -EFAULT;
	err = p == zero_page ? -EBUSY : soft ? soft_offline(mm, addr, p, m) : poison(mm, addr, p, m);
	if (err)
		put_page(p);
	return err;
}

long advise_break(struct mm *mm, uaddr_t start, uaddr_t end, bool soft)
{
	for (; start < end; start += PAGE_SIZE) {
		struct file *f = file_at(mm, start);
		int err = break_page(mm, start, f ? f->inode->mapping : NULL, soft);

		if (f)
			fput(f);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}
