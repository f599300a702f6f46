// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with watermarks and reserves (page.c), objects (kmem.c), address spaces (mm.c), faults (fault.c).
 * Mirrors Linux include/linux/{mm,mm_types,gfp,slab}.h.
 */
#pragma once
#include <stdatomic.h>
#include "kernel/arch.h"
#include "kernel/entry.h"
#include "kernel/lock.h"

struct file;
struct inode;
struct mapping;
struct mm;
struct task;
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

struct page {				/* one per frame of RAM, in mem_map[] */
	_Atomic u32 refs;		/* 0 = free */
	u32 flags;			/* PG_*; [mapping lock, or owner] */
	struct mapping *mapping;	/* page cache owner, or NULL */
	u64 index;			/* page index in mapping; kmem: object cache; buddy: order */
	struct list lru;		/* free list, or clean-file list */
	_Atomic s32 mapcount;		/* ptes that map it */
	u32 private;
};
#define PG_BUDDY	0x01u
#define PG_SLAB		0x02u
#define PG_UPTODATE	0x04u
#define PG_DIRTY	0x08u
#define PG_LOCKED	0x10u		/* IO or fill in progress */
#define PG_RESERVED	0x20u
#define PG_ANON		0x40u
#define PG_LRU		0x80u		/* on the clean-file list: reclaimable */
#define PG_SHMEM	0x100u
#define PG_ERROR	0x200u

extern struct page *mem_map;		/* indexed by pfn - mem_map_base */
extern struct page *zero_page;		/* read faults on untouched anonymous memory map it */
struct page *pfn_to_page(pfn_t pfn);
pfn_t page_to_pfn(const struct page *p);
void *page_address(const struct page *p);	/* direct map */
struct page *virt_to_page(const void *p);

/* One block of 2^order pages with refs 1, or NULL. Sleeps with GFP_DIRECT_RECLAIM. May reclaim, may OOM-kill, may fail. */
struct page *alloc_pages(u32 gfp, unsigned order);
static inline struct page *alloc_page(u32 gfp) { return alloc_pages(gfp, 0); }
static inline void get_page(struct page *p) { atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed); }
void put_page(struct page *p);			/* last reference frees (order 0). Any context. */
void free_pages(struct page *p, unsigned order);
/* One attempt, no slow path: takes pages while free > the given mark. For alloc_pages_may_oom and tests. */
enum wmark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, WMARK_OOM /* half of min: victims */, WMARK_NONE };
struct page *get_page_from_freelist(u32 gfp, unsigned order, enum wmark mark);
u64 wmark_pages(enum wmark m);
u64 nr_free_pages(void);
u64 totalram_pages(void);			/* pages the allocator manages */
void page_init(const struct mem_range *ranges, unsigned n);	/* boot: builds mem_map and free lists */
void page_free_range(u64 start, u64 end);	/* boot memory (initrd) handed back */
/* Frees clean file pages that can be read again, and kernel caches; returns pages freed. May sleep. */
u64 reclaim_pages(u64 want);
/* /proc/sys/vm/drop_caches: empties every cache (stacks, objects, clean pages) and waits for deferred frees. */
void drop_caches(void);
/* Something the kernel can give back under pressure. */
struct shrinker {
	u64 (*shrink)(u64 want);	/* pages freed; may sleep, takes no lock the allocator's callers hold */
};
SET_DECLARE(shrinkers, struct shrinker);
#define SHRINKER(var, fn) LINKER_SET(shrinkers, struct shrinker, var) = { .shrink = fn }
/* Clean-file list, called by the page cache. */
void lru_add(struct page *p);
void lru_del(struct page *p);
/* vmstat */
enum vm_counter {
	VM_PGALLOC, VM_PGFREE, VM_PGFAULT, VM_PGMAJFAULT, VM_PGRECLAIM, VM_OOM_KILL, VM_OOM_REAPED, VM_ALLOC_BELOW_MIN, VM_ALLOC_FAIL,
	VM_KERNEL_WARNINGS, NR_VM_COUNTERS
};
extern _Atomic u64 vm_counters[NR_VM_COUNTERS];
static inline void count_vm(enum vm_counter c) { atomic_fetch_add_explicit(&vm_counters[c], 1, memory_order_relaxed); }
/* Pages in use by kind, for meminfo: anon, file, shmem, slab, stacks, page tables. */
enum page_kind { KIND_ANON, KIND_FILE, KIND_SHMEM, KIND_SLAB, KIND_STACK, KIND_PT, NR_PAGE_KINDS };
extern _Atomic s64 page_kinds[NR_PAGE_KINDS];
static inline void account_pages(enum page_kind k, s64 n) { atomic_fetch_add_explicit(&page_kinds[k], n, memory_order_relaxed); }

/* --- objects --- */
struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align);	/* boot only; panics if out of memory */
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
#define VM_LOCKED	0x2000u
#define VM_DONTFORK	0x4000u
#define VM_WIPEONFORK	0x8000u
#define VM_STACK	VM_GROWSDOWN

struct vm_ops {
	/* Finds the page for pgoff, referenced, in *page; 0, -ENOMEM, -EFAULT (SIGBUS), -EIO (SIGBUS). mmap_lock held; may sleep. */
	int (*fault)(struct vma *v, u64 pgoff, unsigned flags, struct page **page);
	/* A clean shared page is about to become writable. */
	int (*mkwrite)(struct vma *v, struct page *page);
};
struct vma {				/* [mm->mmap_lock] */
	uaddr_t start, end;		/* page-aligned, end exclusive */
	u32 flags;			/* VM_* */
	u64 pgoff;			/* of start, in pages, in file; anonymous: start >> PAGE_SHIFT */
	struct file *file;		/* referenced, or NULL: anonymous private */
	const struct vm_ops *ops;	/* NULL: anonymous private */
	struct mm *mm;
	struct list mapping_node;	/* on file's mapping: reverse lookup */
	const char *name;		/* "[heap]", "[stack]", NULL */
};

#define MMF_OOM_SKIP		0x01u	/* nothing more to gain from killing for this mm */
#define MMF_UNSTABLE		0x02u	/* reaper took pages away: reads would see zeroes, so faults end in SIGBUS */
#define MMF_OOM_REAPED	0x04u		/* the reaper took what it could */
#define MMF_MULTIPROCESS	0x08u
#define MMF_OOM_VICTIM		0x10u	/* some group's oom_mm */
#define MMF_FREED		0x20u	/* no users, every page is back (oom_mm_freed) */

enum rss_kind { MM_ANON, MM_FILE, MM_SHMEM, NR_RSS };
struct mm {
	_Atomic u32 mm_users;		/* tasks and temporary users of the user half; last mmput tears down */
	_Atomic u32 mm_count;		/* references to the struct; one for all mm_users */
	_Atomic u32 flags;		/* MMF_* */
	struct mutex mmap_lock;		/* vmas and page tables. LINUX: a mutex, not an rwsem */
	struct vma **vmas;		/* [mmap_lock] sorted by start */
	unsigned nr_vmas, max_vmas;
	u64 total_vm;			/* [mmap_lock] pages */
	_Atomic s64 rss[NR_RSS];	/* pages */
	uaddr_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end;
	u64 auxv[40];
	struct file *exe_file;
	u64 hiwater_rss;
	struct arch_mm arch;
	_Atomic u64 oom_priv;		/* the active design's own word */
};
struct mm *mm_alloc(void);				/* empty, users 1, count 1; NULL */
struct mm *dup_mm(struct mm *old);			/* fork: copy-on-write; NULL. Sleeps, takes both mmap_locks. */
static inline void mmget(struct mm *mm) { atomic_fetch_add(&mm->mm_users, 1); }
bool mmget_not_zero(struct mm *mm);
void mmput(struct mm *mm);				/* may sleep: the last user runs exit_mmap. Calls oom_mm_freed when the pages are back. */
static inline void mmgrab(struct mm *mm) { atomic_fetch_add(&mm->mm_count, 1); }
void mmdrop(struct mm *mm);				/* last reference frees the struct. Any context. */
struct mm *get_task_mm(struct task *t);			/* users+1 or NULL; takes task_lock */
static inline s64 mm_rss(const struct mm *mm)
{
	return atomic_load(&mm->rss[MM_ANON]) + atomic_load(&mm->rss[MM_FILE]) + atomic_load(&mm->rss[MM_SHMEM]);
}
/* First vma with end > addr, or NULL. mmap_lock held. */
struct vma *find_vma(struct mm *mm, uaddr_t addr);
/* Kernel-side mmap for exec and shm. Returns address or -errno as a negative long. mmap_lock held. prot/flags as in mmap(2). */
long do_mmap(struct mm *mm, uaddr_t addr, size_t len, int prot, int flags, struct file *file, u64 pgoff);
int do_munmap(struct mm *mm, uaddr_t addr, size_t len);	/* mmap_lock held */
/* exec: stack vma of @size bytes ending at STACK_TOP (randomised no). mmap_lock held. */
int setup_stack_vma(struct mm *mm, size_t size);
/* Makes the pages present for the kernel (exec writes argv into a mm that is not current's). Bytes not done. Sleeps. */
size_t mm_write(struct mm *mm, uaddr_t addr, const void *buf, size_t n);
size_t mm_read(struct mm *mm, uaddr_t addr, void *buf, size_t n);
/* Handles a fault in current->mm: 0, or the signal (SIGSEGV, SIGBUS) with *code, or -ENOMEM (caller: pagefault_out_of_memory). Sleeps. */
int handle_fault(struct mm *mm, uaddr_t addr, unsigned flags, int *code);
/* The reaper's walk: frees private anonymous memory. true if done, false if mmap_lock was busy. */
bool oom_reap_mm(struct mm *mm);
/* Removes every pte that maps [from, to) of mapping (truncate, reclaim). */
void unmap_mapping_range(struct mapping *m, u64 from_index, u64 to_index);
int vma_flags_to_prot(u32 flags);
/* Text of /proc/PID/maps from *cursor. */
size_t mm_print_maps(struct mm *mm, char *buf, size_t n, u64 *cursor);
