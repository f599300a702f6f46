// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with watermarks and reserves (page.c), objects (kmem.c), address spaces (mm.c), faults
 * (fault.c). Mirrors Linux include/linux/{mm,mm_types,gfp,slab}.h.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/arch.h"
#include "kernel/entry.h"
#include "kernel/lock.h"
#include "kernel/mm/mempolicy.h"

struct file;
struct inode;
struct mapping;
struct mm;
struct task;
struct userfaultfd_ctx;
struct vma;

/* --- pages --- */
#define GFP_DIRECT_RECLAIM	0x01u	/* may sleep, reclaim, and (with FS) ask the OOM killer */
#define GFP_HIGH_PRIO		0x02u	/* may use half the reserve (interrupts) */
#define GFP_FS			0x04u	/* OOM kill allowed (Linux: __GFP_FS) */
#define GFP_ZERO		0x08u
#define GFP_NOFAIL		0x10u	/* never NULL: keeps retrying */
#define GFP_NORETRY		0x20u	/* fail instead of OOM kill */
#define GFP_NOWARN		0x40u
#define GFP_KERNEL		(GFP_DIRECT_RECLAIM | GFP_FS)
#define GFP_NOFS		GFP_DIRECT_RECLAIM
#define GFP_ATOMIC		GFP_HIGH_PRIO
#define GFP_NOWAIT		0u
#define GFP_USER		(GFP_KERNEL)	/* what user mode asked for */

#define MAX_ORDER	11		/* blocks of 2^0..2^10 pages */

struct page {				/* one per frame of RAM, in mem_map[]; 48 bytes */
	_Atomic u32 refs;		/* 0 = free */
	u32 flags;			/* PG_*; [mapping lock, or owner] */
	union {
		struct mapping *mapping;	/* page cache owner, or NULL */
		struct page *slab;		/* kmem: first page of the block */
	};
	union {
		u64 index;			/* page index in mapping */
		struct kmem_cache *cache;	/* kmem */
	};
	struct list lru;		/* free list, clean-file list, or slab list */
	union {
		_Atomic s32 mapcount;	/* ptes that map it */
		u32 inuse;		/* kmem: objects handed out */
	};
	u32 private;			/* free block: order; slab: first free object; big kmalloc: order; charged: see PG_CHARGED */
};
#define PG_BUDDY	0x01u
#define PG_SLAB		0x02u
#define PG_UPTODATE	0x04u
#define PG_DIRTY	0x08u
#define PG_LOCKED	0x10u		/* IO or fill in progress */
#define PG_RESERVED	0x20u
#define PG_ANON		0x40u		/* put_page gives it back to KIND_ANON */
#define PG_LRU		0x80u		/* on the clean-file list: reclaimable */
#define PG_SHMEM	0x100u
#define PG_ERROR	0x200u
#define PG_KMALLOC	0x400u		/* first page of a kmalloc too big for a slab */
#define PG_HWPOISON	0x1000u		/* broken: memory_failure.c */
#define PG_CHARGED	0x800u		/* private says to which memory cgroup: memcontrol.c */

extern struct page *mem_map;		/* indexed by pfn - mem_map_base */
extern pfn_t mem_map_base;
extern struct page *zero_page;		/* read faults on untouched anonymous memory map it */
static inline struct page *pfn_to_page(pfn_t pfn) { return &mem_map[pfn - mem_map_base]; }
static inline pfn_t page_to_pfn(const struct page *p) { return mem_map_base + (pfn_t)(p - mem_map); }
/* direct map */
static inline void *page_address(const struct page *p) { return phys_to_virt(page_to_pfn(p) << PAGE_SHIFT); }
static inline struct page *virt_to_page(const void *p) { return pfn_to_page(virt_to_phys(p) >> PAGE_SHIFT); }
void copy_page(struct page *dst, const struct page *src);

/*
 * One block of 2^order pages with refs 1, or NULL. Sleeps with GFP_DIRECT_RECLAIM. May reclaim, may
 * OOM-kill, may fail.
 */
struct page *alloc_pages(u32 gfp, unsigned order);
bool should_fail_alloc(u32 gfp);		/* current->fail_nth is not 0: is this the one that fails? */
static inline struct page *alloc_page(u32 gfp) { return alloc_pages(gfp, 0); }
static inline void get_page(struct page *p) { atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed); }
void free_page_slow(struct page *p);		/* part of put_page */
/* The last reference frees (order 0). Any context. */
static inline void put_page(struct page *p)
{
	if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) <= 1)
		free_page_slow(p);
}
/* put_page of each of @n, cheaper. The array is scratch afterwards. Any context. */
void put_pages(struct page **page, unsigned n);
void free_pages(struct page *p, unsigned order);	/* the only reference. Any context. */
/*
 * One attempt, no slow path: takes pages while free > the given mark. For alloc_pages_may_oom and
 * tests.
 */
enum wmark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, WMARK_OOM /* half of min: victims */, WMARK_NONE };
struct page *get_page_from_freelist(u32 gfp, unsigned order, enum wmark mark);
u64 wmark_pages(enum wmark m);
u64 nr_free_pages(void);			/* exact, whatever list they are on */
u64 totalram_pages(void);			/* pages the allocator manages */
void page_init(const struct mem_range *ranges, unsigned n);	/* boot: builds mem_map and free lists; ranges rise */
void page_free_range(u64 start, u64 end);	/* boot memory (initrd) handed back */
/*
 * Frees clean file pages that can be read again, and kernel caches; returns pages freed. May sleep.
 */
u64 reclaim_pages(u64 want);
/*
 * /proc/sys/vm/drop_caches: empties every cache (stacks, objects, clean pages) and waits for deferred frees. Before, for who
 * still holds what is gone: those who tell of control groups, the dead, the OOM reaper, ten seconds each at most. Sleeps.
 */
void drop_caches(void);
u64 kmem_shrink(void);				/* empty slabs go back; pages freed */
void page_drain(void);				/* per-CPU lists go back to the buddy lists */
/*
 * Something the kernel can give back under pressure. SHRINK_ALL comes from drop_caches: empty the
 * cache, and wait for frees that were put off to another context.
 */
#define SHRINK_ALL	(~0ull)
struct shrinker {
	u64 (*shrink)(u64 want);	/* pages freed; may sleep, takes no lock the allocator's callers hold */
};
SET_DECLARE(shrinkers, struct shrinker);
#define SHRINKER(var, fn) LINKER_SET(shrinkers, struct shrinker, var) = { .shrink = fn }
/*
 * Clean-file list, called by the page cache. lru_add: p is in a mapping that can read it again; the
 * cache holds a reference. lru_del: before the cache drops p or makes it dirty; does nothing if p
 * is not on the list. Both: p->mapping->lock held (p->flags).
 */
void lru_add(struct page *p);
void lru_del(struct page *p);
/*
 * Before a mapping's memory goes: all its pages are off the list; waits for a reclaimer that still
 * looks at it. Sleeps.
 */
void lru_forget_mapping(struct mapping *m);
/* vmstat */
enum vm_counter {
	VM_PGALLOC, VM_PGFREE, VM_PGFAULT, VM_PGMAJFAULT, VM_PGRECLAIM, VM_OOM_KILL, VM_OOM_REAPED,
	VM_ALLOC_BELOW_MIN, VM_ALLOC_FAIL,
	VM_KERNEL_WARNINGS, NR_VM_COUNTERS
};
extern _Atomic u64 vm_counters[NR_VM_COUNTERS];
static inline void count_vm_n(enum vm_counter c, u64 n)
{
	atomic_fetch_add_explicit(&vm_counters[c], n, memory_order_relaxed);
}

static inline void count_vm(enum vm_counter c) { count_vm_n(c, 1); }
/* Pages in use by kind, for meminfo: anon, file, shmem, slab, stacks, page tables. */
enum page_kind { KIND_ANON, KIND_FILE, KIND_SHMEM, KIND_SLAB, KIND_STACK, KIND_PT, NR_PAGE_KINDS };
extern _Atomic s64 page_kinds[NR_PAGE_KINDS];
static inline void account_pages(enum page_kind k, s64 n)
{
	atomic_fetch_add_explicit(&page_kinds[k], n, memory_order_relaxed);
}

/* --- objects --- */
struct kmem_cache;
/* boot only; panics if out of memory */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align);
void *kmem_cache_alloc(struct kmem_cache *c, u32 gfp);
void kmem_cache_free(struct kmem_cache *c, void *p);
void *kmalloc(size_t n, u32 gfp);		/* any size up to 4 MiB; NULL on failure */
void *kzalloc(size_t n, u32 gfp);
void *kmalloc_array(size_t n, size_t size, u32 gfp);	/* overflow-checked, zeroed */
void kfree(const void *p);			/* NULL is fine */
size_t kmem_slabinfo(char *buf, size_t n, u64 *cursor);	/* /proc/slabinfo rows */
void kmem_init(void);

/* --- address spaces --- */
#define VM_READ		0x01u
#define VM_WRITE	0x02u
#define VM_EXEC		0x04u
#define VM_SHARED	0x08u
#define VM_GROWSDOWN	0x100u
#define VM_UFFD_MISSING	0x200u		/* a missing page is user mode's to bring */
#define VM_UFFD_MINOR	0x400u		/* as is one that the file has, and this mapping does not show */
#define VM_UFFD_WP	0x1000u		/* as is a write to a page with PTE_UFFD_WP */
#define VM_UFFD_MASK	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)
#define VM_LOCKED	0x2000u
#define VM_DONTFORK	0x4000u
#define VM_DONTDUMP	0x4000000u	/* not in core files */
#define VM_WIPEONFORK	0x8000u
#define VM_LOCKONFAULT	0x80000u	/* with VM_LOCKED: not faulted in at once */
#define VM_LOCKED_MASK	(VM_LOCKED | VM_LOCKONFAULT)
#define VM_NORESERVE	0x200000u	/* never refused as an overcommit, mprotect included */

struct vm_ops {
	/*
	 * Finds the page for pgoff, referenced, in *page; 0, -ENOMEM, -EFAULT (SIGBUS), -EIO
	 * (SIGBUS). mmap_lock held; may sleep.
	 */
	int (*fault)(struct vma *v, u64 pgoff, unsigned flags, struct page **page);
	/*
	 * Those of the n pages from pgoff on that can be had at once, referenced, NULL for each of
	 * the others. mmap_lock held; does not sleep. NULL: a fault brings one page.
	 */
	void (*map_pages)(struct vma *v, u64 pgoff, unsigned n, struct page **pages);
	/*
	 * A clean shared page is about to become writable. 0 or -errno as above. Does not allocate.
	 */
	int (*mkwrite)(struct vma *v, struct page *page);	/* NULL: may be writable from the start */
	void (*open)(struct vma *v);	/* v is a copy of another. NULL: nobody counts */
	void (*close)(struct vma *v);	/* v ends */
};
struct vma {				/* [mm->mmap_lock] */
	uaddr_t start, end;		/* page-aligned, end exclusive */
	u32 flags;			/* VM_* */
	bool anon;			/* file and private: copies of its pages may be there (Linux: anon_vma) */
	u64 pgoff;			/* of start, in pages, in file; anonymous: start >> PAGE_SHIFT */
	struct file *file;		/* referenced, or NULL: anonymous private */
	const struct vm_ops *ops;	/* NULL: anonymous private */
	struct userfaultfd_ctx *uffd;	/* with VM_UFFD_*: who is told of faults. Not referenced: its end clears it */
	struct mm *mm;			/* NULL: not a vma but the marker of a walk over mapping->vmas */
	struct list mapping_node;	/* [mapping->vmas_lock] on file's mapping: reverse lookup */
	struct mempolicy mempolicy;
};

#define MMF_OOM_SKIP		0x01u	/* nothing more to gain from killing for this mm */
#define MMF_UNSTABLE		0x02u	/* reaper took pages away: reads would see zeroes, so faults end in SIGBUS */
#define MMF_OOM_REAPED	0x04u		/* the reaper took what it could */
#define MMF_MULTIPROCESS	0x08u
#define MMF_OOM_VICTIM		0x10u	/* some group's oom_mm */
#define MMF_NOT_DUMPABLE	0x200u	/* others of the same user must not look in either (cred.h) */
#define MMF_DUMP_AS_ROOT	0x1000u	/* with it: its core file is root's */
#define MMF_FREED		0x20u	/* no users, every page is back (oom_mm_freed) */
#define MMF_MEMBARRIER		0x40u	/* registered for membarrier's private commands */
#define MMF_MEMBARRIER_SYNC_CORE	0x80u
#define MMF_MEMBARRIER_RSEQ	0x100u
#define MMF_DISABLE_THP		0x400u	/* prctl asked for no huge pages, of which there are none: told again, also after execve */
#define MMF_USERFAULT		0x800u	/* some mapping is, or was, registered with a userfaultfd */
#define MMF_DUMP_SHIFT		16	/* and nine bits: which mappings go into a core file, as /proc/PID/coredump_filter shows them */
#define MMF_DUMP_FILTER		(0x1ffu << MMF_DUMP_SHIFT)
#define MMF_DUMP_DEFAULT	(0x33u << MMF_DUMP_SHIFT)
#define MMF_INHERITED		(MMF_MEMBARRIER | MMF_MEMBARRIER_SYNC_CORE | MMF_MEMBARRIER_RSEQ | MMF_DISABLE_THP | \
				 MMF_NOT_DUMPABLE | MMF_DUMP_AS_ROOT | MMF_DUMP_FILTER)		/* by fork */
#define MMF_INHERITED_EXEC	(MMF_DISABLE_THP | MMF_DUMP_FILTER)

#define MM_AUXV_WORDS	48		/* as many as Linux keeps */
#define ENOSYS_WORDS	8		/* bits for all calls that have names */
#define ENOSYS_UNNAMED	8		/* so many others are told of: who probes would fill the log */

enum rss_kind { MM_ANON, MM_FILE, MM_SHMEM, NR_RSS };
struct mm {
	_Atomic u32 mm_users;		/* tasks and temporary users of the user half; last mmput tears down */
	_Atomic u32 mm_count;		/* references to the struct; one for all mm_users */
	_Atomic u32 flags;		/* MMF_* */
	struct mutex mmap_lock;		/* vmas and page tables. LINUX: a mutex, not an rwsem */
	struct vma **vmas;		/* [mmap_lock] sorted by start */
	unsigned nr_vmas, max_vmas;
	unsigned hit;			/* [mmap_lock] vma_index's last answer */
	struct vma *spare;		/* [mmap_lock] the last one to go is the next one to come, NULL: none */
	uaddr_t slot_block;		/* [mmap_lock] the 2 MiB whose table slots were used last */
	pte_t *slots;			/* [mmap_lock] those slots, NULL: none */
	u64 total_vm;			/* [mmap_lock] pages */
	uaddr_t mmap_base;		/* [mmap_lock] new mappings go below it; 0: not yet set */
	uaddr_t scan_top, scan_hole;	/* [mmap_lock] every hole between scan_top and mmap_base is at most scan_hole bytes */
	u32 def_flags;			/* [mmap_lock] of new mappings: VM_LOCKED_MASK after mlockall(MCL_FUTURE) */
	_Atomic u64 walked;		/* the walk over a file's mappings that came last: see unmap.c */
	_Atomic s64 rss[NR_RSS];	/* pages */
	uaddr_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start,
		arg_end, env_start, env_end;
	u64 auxv[MM_AUXV_WORDS];	/* [mmap_lock] */
	struct file *exe_file;		/* [mmap_lock] */
	struct user_namespace *user_ns;	/* (!) once it runs: who looks at it though it is not dumpable needs a capability there. Referenced. */
	u64 hiwater_rss;		/* [mmap_lock] brought up to date before pages go: max(this, mm_rss) is the peak */
	struct arch_mm arch;
	_Atomic u64 enosys_calls[ENOSYS_WORDS];	/* the log knows that they are not here: bits by number */
	_Atomic u32 enosys_unnamed[ENOSYS_UNNAMED];	/* of these too, which have no names; 0: free */
	_Atomic u64 oom_priv;		/* the active design's own word */
	_Atomic s32 oom_owed;		/* marks of this mm counted and not yet dropped */
};
struct mm *mm_alloc(struct user_namespace *user_ns);	/* empty, users 1, count 1; NULL */
struct mm *dup_mm(struct mm *old);			/* fork: copy-on-write; NULL. Sleeps, takes both mmap_locks. */
static inline void mmget(struct mm *mm) { atomic_fetch_add(&mm->mm_users, 1); }
/* The same by who holds the struct alone; false: it has no users any more. */
static inline bool mmget_not_zero(struct mm *mm)
{
	u32 n = atomic_load(&mm->mm_users);

	while (n)
		if (atomic_compare_exchange_weak(&mm->mm_users, &n, n + 1))
			return true;
	return false;
}
void mmput(struct mm *mm);				/* may sleep: the last user runs exit_mmap. Calls oom_mm_freed when the pages are back. */
static inline void mmgrab(struct mm *mm) { atomic_fetch_add(&mm->mm_count, 1); }
long prctl_set_mm(u64 option, u64 addr, u64 size, u64 rest);	/* prctl_mm.c: PR_SET_MM. Sleeps. */
void mmdrop(struct mm *mm);				/* last reference frees the struct. Any context. */
struct mm *get_task_mm(struct task *t);			/* users+1 or NULL; takes task_lock */
/* Who may look in, and own a core file: SUID_DUMP_*. */
#define SUID_DUMP_DISABLE	0
#define SUID_DUMP_USER		1
#define SUID_DUMP_ROOT		2
extern int sysctl_suid_dumpable;		/* what a change of identity makes of it */
void set_dumpable(struct mm *mm, int value);
static inline int get_dumpable(const struct mm *mm)
{
	u32 flags = atomic_load(&mm->flags);

	return !(flags & MMF_NOT_DUMPABLE) ? SUID_DUMP_USER : flags & MMF_DUMP_AS_ROOT ? SUID_DUMP_ROOT : SUID_DUMP_DISABLE;
}
static inline s64 mm_rss(const struct mm *mm)
{
	return atomic_load(&mm->rss[MM_ANON]) + atomic_load(&mm->rss[MM_FILE]) + atomic_load(&mm->rss[MM_SHMEM]);
}
/* First vma with end > addr, or NULL. mmap_lock held. */
struct vma *find_vma(struct mm *mm, uaddr_t addr);
/*
 * Kernel-side mmap for exec and shm. Returns address or -errno as a negative long. mmap_lock held.
 * prot/flags as in mmap(2), except that shared anonymous memory comes with its shmem file
 * (shmem_file_setup may not be called under mmap_lock). Takes its own reference.
 */
long do_mmap(struct mm *mm, uaddr_t addr, size_t len, int prot, u64 flags, struct file *file, u64 pgoff);
int do_munmap(struct mm *mm, uaddr_t addr, size_t len);	/* mmap_lock held */
/* The address for len bytes, or -errno. A hint is taken if the place is free. mmap_lock held. */
long get_unmapped_area(struct mm *mm, uaddr_t addr, size_t len, u64 flags);
/*
 * exec: stack vma of @size bytes ending at STACK_TOP (not randomised). 0 or -ENOMEM. mmap_lock
 * held.
 */
int setup_stack_vma(struct mm *mm, size_t size);
/*
 * Reads or (FAULT_WRITE) writes memory of a mm that need not be current's; makes the pages present.
 * Bytes not done. Sleeps, mmap_lock not held. With FAULT_FORCE (Linux: FOLL_FORCE) the mapping's
 * protection does not count, and what is written to a private one is a copy of its own; a shared
 * one still must be writable.
 */
size_t mm_access(struct mm *mm, uaddr_t addr, void *buf, size_t n, unsigned flags);
static inline size_t mm_write(struct mm *mm, uaddr_t addr, const void *buf, size_t n)
{
	return mm_access(mm, addr, (void *)buf, n, FAULT_WRITE);
}
static inline size_t mm_read(struct mm *mm, uaddr_t addr, void *buf, size_t n)	/* whatever is mapped */
{
	return mm_access(mm, addr, buf, n, FAULT_FORCE);
}
/*
 * Handles a fault in mm: 0, or the signal (SIGSEGV, SIGBUS) with *code, or -ENOMEM (caller:
 * pagefault_out_of_memory). Sleeps.
 */
/*
 * The word of mm at addr as the kernel sees it, good while mmap_lock, which is held, is; NULL: it
 * is not there, or flags (FAULT_WRITE) ask for more than its entry allows now. Does not sleep.
 */
_Atomic u32 *user_word(struct mm *mm, uaddr_t addr, unsigned flags);
int handle_fault(struct mm *mm, uaddr_t addr, unsigned flags, int *code);
/* The reaper's walk: frees private anonymous memory. true if done, false if mmap_lock was busy. */
bool oom_reap_mm(struct mm *mm);
/*
 * Removes every pte in mappings of pages [from, to). Sleeps; takes every mmap_lock. _range: private
 * copies go too (truncate; the new size is in place first). _pages: the file's own pages alone
 * (hole, writeback).
 */
void unmap_mapping_range(struct mapping *m, u64 from, u64 to);
void unmap_mapping_pages(struct mapping *m, u64 from, u64 to);
/* Text of /proc/PID/maps from *cursor. */
size_t mm_print_maps(struct mm *mm, char *buf, size_t n, u64 *cursor);
/* Copies of what is in use, for /proc/PID/status. mmap_lock not held. Sleeps. */
struct mm_sizes { u64 total, locked, data, stack, exec, peak_rss; };	/* pages */
void mm_sizes(struct mm *mm, struct mm_sizes *s);
extern _Atomic u64 num_poisoned_pages;		/* memory_failure.c */
extern int sysctl_mmap_min_addr;			/* mmap.c: below it memory is for who has CAP_SYS_RAWIO */
extern int sysctl_unprivileged_userfaultfd;	/* userfaultfd.c: may everybody hold up the kernel's accesses too? */
void mm_init(void);				/* boot: caches */
