// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private to kernel/mm: what its files about address spaces share.
 */
#pragma once
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/mm/mm.h"
#include "kernel/task.h"

#define STACK_GUARD_GAP	(256ul * PAGE_SIZE)
#define MAX_MAP_COUNT	65530u		/* Linux: vm.max_map_count */

/* ---- vma.c: the sorted array of vmas; mmap_lock held ---- */

void vma_init(void);				/* by mm_init */
/*
 * Index of the first vma with end > addr; nr_vmas if none. The last answer is the next one more
 * often than not.
 */
unsigned vma_search(struct mm *mm, uaddr_t addr);
static inline unsigned vma_index(struct mm *mm, uaddr_t addr)
{
	unsigned i = mm->hit;

	if (likely(i < mm->nr_vmas && mm->vmas[i]->end > addr && (!i || mm->vmas[i - 1]->end <= addr)))
		return i;
	return vma_search(mm, addr);
}
/* find_vma, which its last answer often still is. */
static inline struct vma *vma_at(struct mm *mm, uaddr_t addr)
{
	struct vma *v;

	if (likely(mm->hit < mm->nr_vmas)) {
		v = mm->vmas[mm->hit];
		if (likely(v->start <= addr && addr < v->end))
			return v;
	}
	return find_vma(mm, addr);
}
/* A copy of *like, not yet in the array, with its own file reference; NULL. */
struct vma *vma_dup(const struct vma *like);
struct vma *vma_new(struct mm *mm, uaddr_t start, uaddr_t end, u32 flags);
void vma_free(struct vma *v);
int vmas_grow(struct mm *mm, unsigned extra);	/* makes the array larger. 0 or -ENOMEM */
/* Room for @extra more vmas. */
static inline int vmas_reserve(struct mm *mm, unsigned extra)
{
	return likely(mm->nr_vmas + extra <= mm->max_vmas) ? 0 : vmas_grow(mm, extra);
}
void vmas_free(struct mm *mm);			/* the array, which is empty, goes */
/* Into the array at its place, vma_index(its start), and onto its file's list. 0 or -ENOMEM. */
int vma_insert(struct mm *mm, unsigned i, struct vma *v);
/* vmas[first..last) and their pages go. true if there was a page. */
bool vma_unmap(struct mm *mm, unsigned first, unsigned last);
/*
 * Cuts so that vmas[*first..*last) cover exactly what is mapped of [start, end). 0 or -ENOMEM, then
 * nothing but cuts has happened.
 */
int vma_isolate(struct mm *mm, uaddr_t start, uaddr_t end, unsigned *first, unsigned *last);
/* Joins equal neighbours among vmas[first - 1..last]. */
void vma_merge_range(struct mm *mm, unsigned first, unsigned last);
static inline struct mapping *vma_mapping(const struct vma *v) { return v->file ? v->file->inode->mapping : NULL; }
void vma_link_mapping(struct mapping *m, struct vma *v);
static inline void vma_link_file(struct vma *v)
{
	struct mapping *m = vma_mapping(v);

	if (m)
		vma_link_mapping(m, v);
}
static inline u64 vma_pages(const struct vma *v) { return (v->end - v->start) >> PAGE_SHIFT; }
static inline u64 vma_pgoff(const struct vma *v, uaddr_t addr) { return v->pgoff + ((addr - v->start) >> PAGE_SHIFT); }
/* Could mprotect make it writable? Linux: VM_MAYWRITE. */
static inline bool vma_may_write(const struct vma *v)
{
	return !(v->flags & VM_SHARED) || !v->file ||
	       ((v->file->flags & O_ACCMODE) == O_RDWR && !(v->file->inode->seals & F_SEAL_FUTURE_WRITE));
}
static inline bool vma_accessible(const struct vma *v) { return v->flags & (VM_READ | VM_WRITE | VM_EXEC); }

/* ---- vma.c: table slots; mmap_lock held ---- */

#define SLOT_BLOCK	(512 * PAGE_SIZE)	/* the slots of so much are adjacent */
pte_t *slot_walk(struct mm *mm, uaddr_t va);
/* The slot for va if its table is there, else NULL. */
static inline pte_t *slot_find(struct mm *mm, uaddr_t va)
{
	if (likely(mm->slots && va - mm->slot_block < SLOT_BLOCK))
		return mm->slots + va / PAGE_SIZE % 512;
	return slot_walk(mm, va);
}

/*
 * Calls fn for each slot with a nonzero pte in [start, end), skipping missing tables; stops at fn
 * != 0 and returns that.
 */
int pte_range(struct mm *mm, uaddr_t start, uaddr_t end,
		int (*fn)(struct mm *mm, uaddr_t va, pte_t *p, void *ctx), void *ctx);

/*
 * No page is there, but a write to the one that comes has to be asked for (Linux: PTE_MARKER_UFFD_WP).
 * Only mappings of files have such entries: in anonymous memory the zero page serves. It is an entry
 * of that page, which nobody may use and which is dirty, as the zero page never is.
 */
#define PTE_MARKER	(PTE_SPECIAL | PTE_PROTNONE | PTE_DIRTY | PTE_UFFD_WP)
static inline pte_t pte_make_marker(void) { return pte_make(page_to_pfn(zero_page), PTE_MARKER); }
static inline bool pte_is_marker(pte_t p) { return (p & PTE_MARKER) == PTE_MARKER; }
static inline bool pte_none_mostly(pte_t p) { return !p || pte_is_marker(p); }

/* ---- advise.c ---- */

/*
 * RLIMIT_MEMLOCK: may current lock memory at all, and so many pages more of mm? mmap_lock held for
 * the second.
 */
bool can_do_mlock(void);
bool may_lock(struct mm *mm, u64 pages);
/* Is what is mapped with these flags to be faulted in at once? */
static inline bool locked_at_once(u32 flags) { return (flags & VM_LOCKED_MASK) == VM_LOCKED; }

/* ---- mmap.c ---- */

static inline u32 prot_to_flags(int prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) | (prot & PROT_EXEC ? VM_EXEC : 0);
}
static inline u64 rlimit(int which) { return READ_ONCE(current->group->rlim[which].rlim_cur); }
/* Does RLIMIT_DATA count it? */
static inline bool is_data_mapping(u32 flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}
/* May mm grow by that many pages of such memory (RLIMIT_AS, RLIMIT_DATA)? mmap_lock held. */
bool may_expand_vm(struct mm *mm, u32 flags, u64 pages);
u64 data_pages(struct mm *mm);			/* how much it has that RLIMIT_DATA counts. mmap_lock held. */
static inline bool may_grow_data(struct mm *mm, u64 pages)
{
	u64 data = rlimit(RLIMIT_DATA);

	return data == RLIM64_INFINITY || data_pages(mm) + pages <= data >> PAGE_SHIFT;
}
/* Linux's heuristic overcommit: only what could never be, all of RAM at once, is refused. */
bool obvious_overcommit(u32 flags, u64 pages);
bool below_min_addr(uaddr_t addr);		/* and current may have nothing there */
/* Is all of [addr, addr + len) free, and far enough from a stack above? mmap_lock held. */
bool place_free(struct mm *mm, uaddr_t addr, size_t len);
/*
 * Faults [start, end) in as far as it goes; mmap_lock not held. 0, -ENOMEM, or -EFAULT: nothing
 * there, or no access.
 */
int mm_populate(struct mm *mm, uaddr_t start, uaddr_t end);

/* ---- fault.c ---- */

/* What a fault comes to: 0, -ENOMEM, or one of these, a signal and its si_code in one word. */
#define SIGNAL_AND_CODE(sig, code)	((sig) | (code) << 8)
#define FAULT_SIGBUS	SIGNAL_AND_CODE(SIGBUS, BUS_ADRERR)
#define FAULT_HWPOISON	SIGNAL_AND_CODE(SIGBUS, BUS_MCEERR_AR)
#define FAULT_NOT_MAPPED SIGNAL_AND_CODE(SIGSEGV, SEGV_MAPERR)
#define FAULT_FORBIDDEN	SIGNAL_AND_CODE(SIGSEGV, SEGV_ACCERR)
#define FAULT_USERFAULT	SIGNAL_AND_CODE(0, 1)	/* no signal: handle_userfault is next, without mmap_lock */
/* handle_fault with mmap_lock held: one of these. */
int fault_locked(struct mm *mm, uaddr_t addr, unsigned flags);
/* The page at addr, present, referenced; NULL if there is none to be had. Sleeps, mmap_lock not held. */
struct page *get_user_page(struct mm *mm, uaddr_t addr, unsigned flags);
/* A page for what only that mm sees, its contents undefined; NULL. Sleeps. */
struct page *alloc_anon_page(struct mm *mm);
/*
 * Puts p, whose reference is taken over, or the zero page where v has no page yet; @bits is
 * PTE_WRITE, PTE_UFFD_WP or 0. 0, -EEXIST or -ENOMEM. mmap_lock held.
 */
int fault_install(struct vma *v, uaddr_t addr, struct page *p, u64 bits);
/* The machine's bits for a page of v. */
pte_t vma_pte(const struct vma *v, const struct page *p, u64 writable);

/* ---- memory_failure.c ---- */

/*
 * The pages of the range are broken, or soft: about to be. 0 or -errno at the first that is not to
 * be had. Sleeps.
 */
long advise_break(struct mm *mm, uaddr_t start, uaddr_t end, bool soft);

/* ---- userfaultfd.c, and userfault_fill.c ---- */

/*
 * Is it user mode's to resolve such a fault at addr, a page's address? A VM_UFFD_* or 0. mmap_lock
 * held; does not sleep.
 */
u32 userfault_reason(const struct vma *v, uaddr_t addr, unsigned flags);
/* Nobody is asked about writes to pages of v any more. mmap_lock held. */
void userfault_clear_wp(struct vma *v);
/*
 * @child, @old's copy, is registered: what fork does not copy is asked about there, too. 0 or
 * -ENOMEM. mmap_locks held.
 */
int userfault_dup_wp(struct vma *old, struct vma *child);

/* ---- userfault_event.c: mmap_lock held unless it says otherwise ---- */

/* Tells of what current does, and waits until that has been read. Sleeps, mmap_lock not held. */
void userfault_tell(void);
void userfault_forget(void);			/* it has not been done */
int userfault_unmap(struct mm *mm, uaddr_t start, uaddr_t end);	/* is about to be. 0 or -ENOMEM */
/* v, a copy of @old for a child, is registered as that if anybody wants it. 0 or -ENOMEM. */
int userfault_fork(const struct vma *old, struct vma *v);
/* v is about to be moved. NULL: nobody wants to know; ERR_PTR. One of the two others follows. */
struct userfault_event *userfault_remap_prepare(const struct vma *v);
void userfault_remap_cancel(struct userfault_event *e);
void userfault_remap(struct userfault_event *e, const struct vma *v, struct vma *copy, uaddr_t from, size_t len);
/* Its pages are about to go, of which those are told before. 0 or -ENOMEM. mmap_lock not held. Sleeps. */
int userfault_remove(struct mm *mm, uaddr_t start, uaddr_t end);
/*
 * After FAULT_USERFAULT: waits until somebody may have resolved it. 0: have another look; or
 * FAULT_SIGBUS, or -EINTR: current dies. Sleeps, mmap_lock not held.
 */
int handle_userfault(struct mm *mm, uaddr_t addr, unsigned flags);

/* ---- unmap.c; mmap_lock held ---- */

/*
 * What the file's own pages in v count as. By the mapping, not by the page: a page taken out of its
 * file while it was mapped must leave as what it came.
 */
static inline enum rss_kind vma_rss_kind(const struct vma *v)
{
	return v->file && v->file->inode->mapping &&
			v->file->inode->mapping->flags & MAPPING_SHMEM ?
		MM_SHMEM : MM_FILE;
}
static inline enum rss_kind page_rss_kind(const struct vma *v, const struct page *p)
{
	return p->flags & PG_ANON ? MM_ANON : vma_rss_kind(v);
}
static inline void add_rss(struct mm *mm, enum rss_kind k, s64 n)
{
	atomic_fetch_add_explicit(&mm->rss[k], n, memory_order_relaxed);
}
/* Takes all pages of [start, end), which lies in v. true if there was any. */
bool zap_range(struct vma *v, uaddr_t start, uaddr_t end);
/* The same for a mapping that stays: writes that have to be asked for still have to. */
void zap_pages_of(struct vma *v, uaddr_t start, uaddr_t end);
/*
 * Page tables that only served [start, end), now part of the hole in front of vmas[next], go back.
 */
void free_tables(struct mm *mm, uaddr_t start, uaddr_t end, unsigned next);
/*
 * Reclaim: takes p, a page of m, out of every address space whose mmap_lock is free. true if no pte
 * maps it any more.
 */
bool try_unmap_page(struct mapping *m, struct page *p);
