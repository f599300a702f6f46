// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults: demand-zero, file pages, copy-on-write, stack growth, and the signals for what is
 * not allowed. Mirrors Linux mm/memory.c and arch/x86/mm/fault.c.
 *
 * Locks: mm->mmap_lock for the whole fault. The kernel's own accesses to user memory fault too and
 * come the same way, so whoever copies from or to user memory must not hold it.
 *
 * LINUX: one lock for the address space instead of a lock per page table: a page in a table is
 * stable while it is held.
 */
#include "kernel/abi.h"
#include "kernel/memcontrol.h"
#include "kernel/mm/vm.h"
#include "kernel/lib/string.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define FAULT_AROUND	(16 * PAGE_SIZE)	/* Linux: fault_around_bytes */

static inline u64 prot_bits(const struct vma *v)
{
	if (unlikely(!vma_accessible(v)))
		return PTE_PROTNONE;
	return v->flags & VM_EXEC ? PTE_EXEC : 0;
}

/*
 * @writable is PTE_WRITE or 0. What a tracer has written to is not writable for the mapping's own
 * sake.
 */
static inline pte_t make_pte(const struct vma *v, const struct page *p, u64 writable)
{
	u64 bits = prot_bits(v);

	if (v->flags & VM_WRITE)
		bits |= writable;
	if (p == zero_page)
		bits |= PTE_SPECIAL;
	return pte_make(page_to_pfn(p), bits);
}

pte_t vma_pte(const struct vma *v, const struct page *p, u64 writable)
{
	if (unlikely(p->flags & PG_HWPOISON))
		return pte_make(page_to_pfn(p), PTE_PROTNONE);
	return make_pte(v, p, writable);
}

static inline void set_pte(pte_t *slot, pte_t e)
{
	atomic_store_explicit((_Atomic pte_t *)slot, e, memory_order_release);
}

static inline void map_page(struct vma *v, pte_t *slot, struct page *p, u64 writable)
{
	atomic_fetch_add_explicit(&p->mapcount, 1, memory_order_relaxed);
	add_rss(v->mm, page_rss_kind(v, p), 1);
	set_pte(slot, make_pte(v, p, writable));
}

static inline struct page *anon_page(struct mm *mm, u32 gfp)
{
	struct page *p = alloc_pages(gfp, 0);

	if (unlikely(!p))
		return NULL;
	p->flags = PG_ANON;
	account_pages(KIND_ANON, 1);
	return mem_cgroup_charge(p, mm, gfp);
}

/* ---- nothing is there yet ---- */

static int fault_anon(struct vma *v, pte_t *slot, unsigned flags)
{
	struct page *p;

	if (!(flags & FAULT_WRITE)) {
		set_pte(slot, make_pte(v, zero_page, 0));
		return 0;
	}
	p = anon_page(v->mm, GFP_USER | GFP_ZERO);
	if (unlikely(!p))
		return -ENOMEM;
	map_page(v, slot, p, PTE_WRITE);
	return 0;
}

/* The first write to a private file page: a copy goes in at once. Takes over the reference on p. */
static int fault_file_copy(struct vma *v, pte_t *slot, struct page *p)
{
	struct page *copy = anon_page(v->mm, GFP_USER);

	if (copy) {
		copy_page(copy, p);
		v->anon = true;
		map_page(v, slot, copy, PTE_WRITE);
	}
	put_page(p);
	return copy ? 0 : -ENOMEM;
}

/* May p become writable in v? 0, PTE_WRITE, or -errno. */
static long shared_write_bit(struct vma *v, struct page *p, unsigned flags)
{
	int err;

	if (!(v->flags & VM_SHARED) || !(v->flags & VM_WRITE))
		return 0;
	if (!v->ops->mkwrite)
		return PTE_WRITE;
	if (!(flags & FAULT_WRITE))
		return 0;
	err = v->ops->mkwrite(v, p);
	return err ? err : (long)PTE_WRITE;
}

/*
 * Maps what the file's cache has of the block of pages around addr, as far as v and the table that
 * slot is in go, for reading. true if the page at addr is there now.
 */
static bool fault_around(struct vma *v, uaddr_t addr, pte_t *slot)
{
	u64 around = unlikely(v->flags & VM_UFFD_MINOR) ? PAGE_SIZE : FAULT_AROUND;	/* each is asked for */
	uaddr_t start = max(addr & ~(around - 1), v->start);
	uaddr_t end = min(min(start + around, v->end), (addr & ~(SLOT_BLOCK - 1)) + SLOT_BLOCK);
	unsigned n = (unsigned)((end - start) >> PAGE_SHIFT);
	pte_t *at = slot - ((addr - start) >> PAGE_SHIFT);
	struct page *page[FAULT_AROUND / PAGE_SIZE];
	const u64 bits = prot_bits(v);
	s64 mapped = 0;

	v->ops->map_pages(v, vma_pgoff(v, start), n, page);
	for (unsigned i = 0; i < n; i++) {
		struct page *p = page[i];

		if (!p)
			continue;
		if (unlikely(at[i])) {
			put_page(p);
			continue;
		}
		atomic_fetch_add_explicit(&p->mapcount, 1, memory_order_relaxed);
		set_pte(&at[i], pte_make(page_to_pfn(p), bits));
		mapped++;
	}
	add_rss(v->mm, vma_rss_kind(v), mapped);
	return *slot;
}

static int fault_file(struct vma *v, uaddr_t addr, pte_t *slot, unsigned flags)
{
	struct page *p;
	long bit;
	int err;

	if (unlikely(!v->ops->fault))
		return FAULT_SIGBUS;
	if (!(flags & FAULT_WRITE) && v->ops->map_pages && fault_around(v, addr, slot))
		return 0;
	err = v->ops->fault(v, vma_pgoff(v, addr), flags, &p);
	if (unlikely(err))
		return err == -ENOMEM ? err : err == -EHWPOISON ? FAULT_HWPOISON : FAULT_SIGBUS;
	if (flags & FAULT_WRITE && !(v->flags & VM_SHARED))
		return fault_file_copy(v, slot, p);
	bit = shared_write_bit(v, p, flags);
	if (unlikely(bit < 0)) {
		put_page(p);
		return bit == -ENOMEM ? (int)bit : FAULT_SIGBUS;
	}
	map_page(v, slot, p, (u64)bit);
	return 0;
}

/* No page is there, and the mm is one in which that may mean something. 0: no, not here. */
static int __attribute__((noinline)) fault_missing(const struct vma *v, uaddr_t addr)
{
	if (atomic_load(&v->mm->flags) & MMF_UNSTABLE)
		return FAULT_SIGBUS;
	return userfault_reason(v, addr, 0) ? FAULT_USERFAULT : 0;
}

/* ---- a page is there, but not for writing ---- */

/*
 * A private page gets a successor; whoever else shares the old one keeps it. Getting memory may
 * have taken the old one away: it is held, and if its entry is gone the access faults again.
 */
static int replace_page(struct vma *v, uaddr_t addr, pte_t *slot, struct page *old)
{
	pte_t was = *slot;
	struct page *p;

	if (old == zero_page) {
		p = anon_page(v->mm, GFP_USER | GFP_ZERO);
		if (unlikely(!p))
			return -ENOMEM;
		map_page(v, slot, p, PTE_WRITE);
		arch_tlb_flush(v->mm, addr, addr + PAGE_SIZE);
		return 0;
	}
	get_page(old);
	p = anon_page(v->mm, GFP_USER);
	if (likely(p && *slot == was)) {
		copy_page(p, old);
		v->anon = true;
		map_page(v, slot, p, PTE_WRITE);
		arch_tlb_flush(v->mm, addr, addr + PAGE_SIZE);
		atomic_fetch_sub_explicit(&old->mapcount, 1, memory_order_relaxed);
		add_rss(v->mm, page_rss_kind(v, old), -1);
		put_page(old);
	} else if (p) {
		put_page(p);
	}
	put_page(old);
	return p ? 0 : -ENOMEM;
}

/*
 * The file's page comes, if that is not user mode's to resolve; whoever writes to it faults again and
 * asks.
 */
static int __attribute__((noinline)) fault_marker(struct vma *v, uaddr_t addr, pte_t *slot)
{
	int err = fault_missing(v, addr);
	struct page *p;

	if (err)
		return err;
	err = v->ops->fault(v, vma_pgoff(v, addr), 0, &p);
	if (err)
		return err == -ENOMEM ? err : err == -EHWPOISON ? FAULT_HWPOISON : FAULT_SIGBUS;
	map_page(v, slot, p, 0);
	*slot |= PTE_UFFD_WP;
	return 0;
}

static int fault_write_protected(struct vma *v, uaddr_t addr, pte_t *slot)
{
	struct page *p = pfn_to_page(pte_pfn(*slot));
	long bit = PTE_WRITE;

	if (unlikely(pte_uffd_wp(*slot)))
		return FAULT_USERFAULT;
	if (v->flags & VM_SHARED) {
		bit = shared_write_bit(v, p, FAULT_WRITE);
		if (bit < 0)
			return bit == -ENOMEM ? (int)bit : FAULT_SIGBUS;
	} else if (!(p->flags & PG_ANON) || atomic_load(&p->refs) != 1) {
		return replace_page(v, addr, slot, p);
	}
	/*
	 * The only user, so it stays the only one: a new reference could only come from this entry,
	 * under this lock.
	 */
	set_pte(slot, make_pte(v, p, (u64)bit));
	return 0;
}

/* ---- what user mode puts there ---- */

struct page *alloc_anon_page(struct mm *mm)
{
	return anon_page(mm, GFP_USER);
}

int fault_install(struct vma *v, uaddr_t addr, struct page *p, u64 bits)
{
	pte_t *slot = arch_pte_alloc(v->mm, addr);

	assert_held(&v->mm->mmap_lock);
	if (!slot)
		return -ENOMEM;
	if (p == zero_page ? *slot != 0 : !pte_none_mostly(*slot))
		return -EEXIST;
	v->anon |= v->file && (p->flags & PG_ANON || p == zero_page);
	if (p == zero_page)
		set_pte(slot, make_pte(v, p, 0));
	else
		map_page(v, slot, p, bits & PTE_WRITE);
	*slot |= bits & PTE_UFFD_WP;	/* of no meaning to the machine, which cannot write */
	return 0;
}

/* ---- which of these ---- */

static inline bool is_broken(pte_t e)
{
	return !pte_present(e) && pfn_to_page(pte_pfn(e))->flags & PG_HWPOISON;
}

static int fault_page(struct vma *v, uaddr_t addr, unsigned flags)
{
	pte_t *slot = slot_find(v->mm, addr);
	pte_t e;

	if (unlikely(!slot)) {
		slot = arch_pte_alloc(v->mm, addr);
		if (!slot)
			return -ENOMEM;
	}
	e = *slot;
	if (!e) {
		if (unlikely(atomic_load_explicit(&v->mm->flags, memory_order_relaxed) &
			     (MMF_UNSTABLE | MMF_USERFAULT))) {
			int why = fault_missing(v, addr);

			if (why)
				return why;
		}
		return v->ops ? fault_file(v, addr, slot, flags) : fault_anon(v, slot, flags);
	}
	if (unlikely(!pte_present(e))) {
		if (pte_is_marker(e))
			return fault_marker(v, addr, slot);
		if (is_broken(e))
			return FAULT_HWPOISON;
	}
	if (flags & FAULT_WRITE && !pte_write(e))
		return fault_write_protected(v, addr, slot);
	/* Another thread was faster, or this CPU remembered less than the table allows. */
	return 0;
}

/* The stack grows down to addr: 0 or SIGSEGV. */
static int expand_stack(struct mm *mm, struct vma *v, uaddr_t addr)
{
	unsigned i = vma_index(mm, v->start);
	uaddr_t start = addr & PAGE_MASK;
	u64 grow = (v->start - start) >> PAGE_SHIFT;
	const struct vma *prev = i ? mm->vmas[i - 1] : NULL;

	if (start < (uaddr_t)READ_ONCE(sysctl_mmap_min_addr) ||
	    v->end - start > READ_ONCE(current->group->rlim[RLIMIT_STACK].rlim_cur))
		return SIGSEGV;
	if (prev && prev->end > start)
		return SIGSEGV;
	if (prev && !(prev->flags & VM_GROWSDOWN) && vma_accessible(prev) && start - prev->end < STACK_GUARD_GAP)
		return SIGSEGV;
	if ((v->file && v->pgoff < grow) || !may_expand_vm(mm, v->flags, grow))
		return SIGSEGV;
	v->start = start;
	v->pgoff -= grow;
	mm->total_vm += grow;
	return 0;
}

static bool access_allowed(const struct vma *v, unsigned flags)
{
	if (flags & FAULT_FORCE)
		return !(flags & FAULT_WRITE) || (v->flags & (VM_WRITE | VM_SHARED)) != VM_SHARED;
	if (flags & FAULT_WRITE)
		return v->flags & VM_WRITE;
	if (flags & FAULT_EXEC)
		return v->flags & VM_EXEC;
	return vma_accessible(v);
}

int fault_locked(struct mm *mm, uaddr_t addr, unsigned flags)
{
	struct vma *v = vma_at(mm, addr);

	if (unlikely(!v))
		return FAULT_NOT_MAPPED;
	if (unlikely(addr < v->start) && (!(v->flags & VM_GROWSDOWN) || expand_stack(mm, v, addr)))
		return FAULT_NOT_MAPPED;
	if (unlikely(!access_allowed(v, flags)))
		return FAULT_FORBIDDEN;
	return fault_page(v, addr & PAGE_MASK, flags);
}

_Atomic u32 *user_word(struct mm *mm, uaddr_t addr, unsigned flags)
{
	pte_t *slot = slot_find(mm, addr);

	assert_held(&mm->mmap_lock);
	if (!slot || !pte_present(*slot) || (flags & FAULT_WRITE && !pte_write(*slot)))
		return NULL;
	return (_Atomic u32 *)((char *)page_address(pfn_to_page(pte_pfn(*slot))) + addr % PAGE_SIZE);
}

int handle_fault(struct mm *mm, uaddr_t addr, unsigned flags, int *code)
{
	int r;

	do {
		mutex_lock(&mm->mmap_lock);
		r = fault_locked(mm, addr, flags);
		mutex_unlock(&mm->mmap_lock);
	} while (unlikely(r == FAULT_USERFAULT) && !(r = handle_userfault(mm, addr, flags)));
	if (r <= 0)
		return r;
	*code = r >> 8;
	return r & 0xff;
}

/* A fault was not handled. 0: try again. */
static int __attribute__((noinline)) fault_failed(uaddr_t addr, unsigned flags, int why)
{
	if (why == FAULT_USERFAULT)
		why = handle_userfault(current->mm, addr, flags);
	if (!why)
		return 0;
	if (!(flags & FAULT_USER))
		return 1;
	if (why == -EINTR)
		return 0;
	if (why == -ENOMEM) {
		pagefault_out_of_memory();
		return 0;
	}
	if (why == FAULT_HWPOISON)
		force_sig_mceerr(addr);
	else
		force_sig_fault(why & 0xff, why >> 8, addr);
	return 1;
}

/*
 * A fault with interrupts as the faulting code had them. Kernel code that faults while it must not
 * sleep has a bug: refused.
 */
int entry_page_fault(struct regs *r, uaddr_t addr, unsigned flags)
{
	struct mm *mm = current->mm;
	int why;

	(void)r;
	count_vm(VM_PGFAULT);
	if (unlikely(addr >= USER_MAX || !mm))
		return fault_failed(addr, flags, FAULT_NOT_MAPPED);
	if (!(flags & FAULT_USER) &&
	    (this_cpu_field(in_irq) || this_cpu_field(nr_held) || mutex_is_held(&mm->mmap_lock)))
		return 1;
	mutex_lock(&mm->mmap_lock);
	why = fault_locked(mm, addr, flags);
	mutex_unlock(&mm->mmap_lock);
	if (unlikely(why))
		return fault_failed(addr, flags, why);
	current->min_flt++;
	return 0;
}

/* ---- the kernel reads and writes another address space ---- */

/* May the page in the slot be used as it is? Whether it may be at all was asked before. */
static bool usable(const pte_t *slot, unsigned flags)
{
	const struct page *p;

	if (!slot || pte_none_mostly(*slot) || is_broken(*slot))
		return false;
	if (!(flags & FAULT_WRITE) || pte_write(*slot))
		return true;
	p = pfn_to_page(pte_pfn(*slot));
	return flags & FAULT_FORCE && p->flags & PG_ANON && atomic_load(&p->refs) == 1 && !pte_uffd_wp(*slot);
}

static bool may_access(struct mm *mm, uaddr_t addr, unsigned flags)
{
	const struct vma *v = flags & FAULT_FORCE ? NULL : vma_at(mm, addr);

	return !v || v->flags & (flags & FAULT_WRITE ? VM_WRITE : VM_READ);
}

/*
 * After FAULT_USERFAULT, mmap_lock held, which is let go of and taken again. 0: have another look. A
 * tracer does not wait: it may hold locks, and be the one who should resolve it.
 */
static int __attribute__((noinline)) wait_for_user(struct mm *mm, uaddr_t addr, unsigned flags)
{
	int why;

	if (flags & FAULT_FORCE)
		return FAULT_SIGBUS;
	mutex_unlock(&mm->mmap_lock);
	why = handle_userfault(mm, addr, flags);
	mutex_lock(&mm->mmap_lock);
	return why ? why : may_access(mm, addr, flags) ? 0 : FAULT_FORBIDDEN;
}

/* The page at addr, present as long as mmap_lock is held, which it is; NULL if there is none to be had. */
static struct page *user_page(struct mm *mm, uaddr_t addr, unsigned flags)
{
	pte_t *slot;

	if (!may_access(mm, addr, flags))
		return NULL;
	while (!usable(slot = slot_find(mm, addr), flags)) {
		int why = fault_locked(mm, addr, flags);

		if (unlikely(why == FAULT_USERFAULT))
			why = wait_for_user(mm, addr, flags);
		if (why)
			return NULL;
	}
	return pfn_to_page(pte_pfn(*slot));
}

struct page *get_user_page(struct mm *mm, uaddr_t addr, unsigned flags)
{
	struct page *p;

	mutex_lock(&mm->mmap_lock);
	p = user_page(mm, addr, flags);
	if (p)
		get_page(p);
	mutex_unlock(&mm->mmap_lock);
	return p;
}

/* Part of one page. False: it is not to be had. */
static bool access_page(struct mm *mm, uaddr_t addr, void *buf, size_t n, unsigned flags)
{
	struct page *p;
	char *at;

	mutex_lock(&mm->mmap_lock);
	p = user_page(mm, addr, flags);
	if (p) {
		/* Before a fork can share it, or a seal forbid it: under the lock. */
		at = (char *)page_address(p) + addr % PAGE_SIZE;
		if (flags & FAULT_WRITE)
			kmemcpy(at, buf, n);
		else
			kmemcpy(buf, at, n);
	}
	mutex_unlock(&mm->mmap_lock);
	return p;
}

size_t mm_access(struct mm *mm, uaddr_t addr, void *buf, size_t n, unsigned flags)
{
	while (n && access_ok(addr, n)) {
		size_t chunk = min(n, PAGE_SIZE - addr % PAGE_SIZE);

		if (!access_page(mm, addr, buf, chunk, flags))
			break;
		addr += chunk;
		buf = (char *)buf + chunk;
		n -= chunk;
	}
	return n;
}
