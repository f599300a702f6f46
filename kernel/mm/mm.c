// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces: their life, fork's copy, and what /proc says of them. Mirrors the mm half of Linux
 * kernel/fork.c. Their mappings are in vma.c.
 *
 * Locks: mm->mmap_lock (mutex) protects the vmas and the page tables; two of them only in dup_mm:
 * old, then the new one that nobody else knows.
 */
#include "kernel/abi.h"
#include "kernel/mm/vm.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/oom.h"
#include "kernel/panic.h"
#include "kernel/task.h"

static struct kmem_cache *mm_cache;

void mm_init(void)
{
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm), 16);
	vma_init();
}

/* ---- life ---- */

struct mm *mm_alloc(struct user_namespace *user_ns)
{
	struct mm *mm = kmem_cache_alloc(mm_cache, GFP_KERNEL | GFP_ZERO);

	if (!mm)
		return NULL;
	atomic_store(&mm->mm_users, 1);
	atomic_store(&mm->mm_count, 1);
	mutex_init(&mm->mmap_lock, "mmap_lock", RANK_MMAP);
	if (arch_mm_init(mm)) {
		kmem_cache_free(mm_cache, mm);
		return NULL;
	}
	mm->user_ns = get_user_ns(user_ns);
	atomic_store(&mm->flags, MMF_DUMP_DEFAULT);
	return mm;
}

void set_dumpable(struct mm *mm, int value)
{
	static const u32 bits[] = { MMF_NOT_DUMPABLE, 0, MMF_NOT_DUMPABLE | MMF_DUMP_AS_ROOT };
	u32 old = atomic_load(&mm->flags);

	while (!atomic_compare_exchange_weak(&mm->flags, &old,
					     (old & ~(MMF_NOT_DUMPABLE | MMF_DUMP_AS_ROOT)) |
						     bits[value]))
		;
}

/* No user is left: every page and vma goes. LINUX: the reaper is kept out by mmap_lock. */
static void exit_mmap(struct mm *mm)
{
	mutex_lock(&mm->mmap_lock);
	vma_unmap(mm, 0, mm->nr_vmas);
	vmas_free(mm);
	for (unsigned k = 0; k < NR_RSS; k++)
		assert_eq(atomic_load(&mm->rss[k]), 0);
	assert_eq(mm->total_vm, 0);
	mm->slots = NULL;
	arch_mm_free(mm);
	mutex_unlock(&mm->mmap_lock);
}

void mmput(struct mm *mm)
{
	u32 was;

	might_sleep();
	was = atomic_fetch_sub(&mm->mm_users, 1);
	assert_rel(was, >, 0);
	if (was > 1)
		return;
	oom_mm_dead(mm);
	exit_mmap(mm);
	oom_mm_freed(mm);
	if (mm->exe_file)
		fput(mm->exe_file);
	mmdrop(mm);
}

void mmdrop(struct mm *mm)
{
	u32 was = atomic_fetch_sub(&mm->mm_count, 1);

	assert_rel(was, >, 0);
	if (was > 1)
		return;
	assert_eq(atomic_load(&mm->mm_users), 0);
	oom_unit_freed(&mm->oom_owed);
	put_user_ns(mm->user_ns);
	kmem_cache_free(mm_cache, mm);
}

struct mm *get_task_mm(struct task *t)
{
	struct mm *mm;

	task_lock(t);
	mm = t->mm;
	if (mm && !(t->flags & PF_KTHREAD))
		mmget(mm);
	else
		mm = NULL;
	task_unlock(t);
	return mm;
}

/* ---- fork ---- */

struct dup {
	struct mm *to;
	uaddr_t block;			/* the child's slots that were used last */
	pte_t *slots;
	s64 anon;			/* pages the child got */
	bool protected;			/* the parent lost write access somewhere: flush */
	bool file;			/* the mapping is one of a file */
};

/* The child's slot for va; NULL if out of memory. */
static __always_inline pte_t *dup_slot(struct dup *d, uaddr_t va)
{
	u64 i = va / PAGE_SIZE % 512;
	pte_t *slot;

	if (likely(d->slots && va - d->block < SLOT_BLOCK))
		return d->slots + i;
	slot = arch_pte_alloc(d->to, va);
	if (!slot)
		return NULL;
	d->block = va & ~(SLOT_BLOCK - 1);
	d->slots = slot - i;
	return slot;
}

/* The zero page may be where a fault would find a page of the file (UFFDIO_ZEROPAGE). */
static int __attribute__((noinline)) dup_zero_pte(struct dup *d, uaddr_t va, pte_t e)
{
	pte_t *to = dup_slot(d, va);

	if (to)
		*to = e;
	return to ? 0 : -ENOMEM;
}

/*
 * One anonymous page becomes shared, read-only in both. What can be found again by a fault (file
 * pages, in anonymous memory the zero page) is not copied.
 */
static int dup_pte(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	pte_t e = *slot, *to;
	struct page *p = pfn_to_page(pte_pfn(e));
	struct dup *d = ctx;

	(void)mm;
	if (!(p->flags & PG_ANON))
		return unlikely(d->file && p == zero_page && !pte_is_marker(e)) ? dup_zero_pte(d, va, e) : 0;
	to = dup_slot(d, va);
	if (!to)
		return -ENOMEM;
	if (pte_write(e)) {
		e = pte_wrprotect(e);
		*slot = e;
		d->protected = true;
	}
	get_page(p);
	atomic_fetch_add_explicit(&p->mapcount, 1, memory_order_relaxed);
	d->anon++;
	*to = e;
	return 0;
}

/* The array has room, and the old ones come in their order: each is the last one. */
static int dup_vma(struct dup *d, struct vma *old)
{
	struct vma *v = vma_dup(old);
	int err;

	if (!v)
		return -ENOMEM;
	v->mm = d->to;
	v->flags &= ~(VM_LOCKED_MASK | VM_UFFD_MASK);
	v->uffd = NULL;
	d->to->vmas[d->to->nr_vmas++] = v;
	d->to->total_vm += vma_pages(v);
	vma_link_file(v);
	err = unlikely(old->uffd) ? userfault_fork(old, v) : 0;
	if (unlikely(err))
		return err;
	if (unlikely(v->flags & VM_UFFD_WP)) {
		err = userfault_dup_wp(old, v);
		if (err)
			return err;
	}
	if (old->flags & (VM_SHARED | VM_WIPEONFORK) || (old->file && !old->anon))
		return 0;
	d->file = old->file != NULL;
	err = pte_range(old->mm, old->start, old->end, dup_pte, d);
	if (unlikely(old->flags & ~v->flags & VM_UFFD_WP) && !err)
		userfault_clear_wp(v);
	return err;
}

/* Both mmap_locks held. */
static int dup_mmap(struct mm *mm, struct mm *old)
{
	struct dup d = { .to = mm };
	int err = vmas_reserve(mm, old->nr_vmas);

	for (unsigned i = 0; !err && i < old->nr_vmas; i++) {
		if (!(old->vmas[i]->flags & VM_DONTFORK))
			err = dup_vma(&d, old->vmas[i]);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	add_rss(mm, MM_ANON, d.anon);
	if (d.protected)
		arch_tlb_flush(old, 0, USER_MAX);
	mm->hit = 0;
	return err;
}

static void dup_fields(struct mm *mm, const struct mm *old)
{
	atomic_store(&mm->flags, atomic_load(&old->flags) & MMF_INHERITED);
	mm->mmap_base = old->mmap_base;
	mm->scan_top = 0;
	mm->start_code = old->start_code;
	mm->end_code = old->end_code;
	mm->start_data = old->start_data;
	mm->end_data = old->end_data;
	mm->start_brk = old->start_brk;
	mm->brk = old->brk;
	mm->start_stack = old->start_stack;
	mm->arg_start = old->arg_start;
	mm->arg_end = old->arg_end;
	mm->env_start = old->env_start;
	mm->env_end = old->env_end;
	kmemcpy(mm->auxv, old->auxv, sizeof(mm->auxv));
	mm->exe_file = old->exe_file ? get_file(old->exe_file) : NULL;
}

struct mm *dup_mm(struct mm *old)
{
	struct mm *mm = mm_alloc(old->user_ns);
	int err;

	if (!mm)
		return NULL;
	mutex_lock(&old->mmap_lock);
	mutex_lock_nested(&mm->mmap_lock);	/* nobody else knows it */
	dup_fields(mm, old);
	err = dup_mmap(mm, old);
	mutex_unlock(&mm->mmap_lock);
	mutex_unlock(&old->mmap_lock);
	if (!err) {
		if (unlikely(current->userfault_events))
			userfault_tell();
		return mm;
	}
	userfault_forget();
	mmput(mm);
	return NULL;
}

/* ---- what /proc shows ---- */

void mm_sizes(struct mm *mm, struct mm_sizes *s)
{
	*s = (struct mm_sizes){ 0 };
	mutex_lock(&mm->mmap_lock);
	s->total = mm->total_vm;
	s->peak_rss = max(mm->hiwater_rss, (u64)mm_rss(mm));
	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		const struct vma *v = mm->vmas[i];

		if (v->flags & VM_LOCKED)
			s->locked += vma_pages(v);
		if (v->flags & VM_GROWSDOWN)
			s->stack += vma_pages(v);
		else if ((v->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
			s->data += vma_pages(v);
		else if (v->file && v->flags & VM_EXEC)
			s->exec += vma_pages(v);
	}
	mutex_unlock(&mm->mmap_lock);
}

static const char *vma_name(const struct vma *v, char *buf, size_t n)
{
	const char *path = NULL;

	if (v->file && v->file->dentry) {
		path = dentry_path(v->file->dentry, buf, n);
		return IS_ERR(path) ? "?" : path;
	}
	if (v->file)
		return "";
	if (v->start <= v->mm->brk && v->end > v->mm->start_brk)
		return "[heap]";
	if (v->start <= v->mm->start_stack && v->mm->start_stack < v->end)
		return "[stack]";
	return "";
}

/* A line of /proc/PID/maps; cut off where buf ends. */
static size_t print_vma(const struct vma *v, char *buf, size_t n, char *path, size_t path_size)
{
	const char *name = vma_name(v, path, path_size);
	u64 ino = v->file ? v->file->inode->ino : 0;
	size_t len;

	len = kscnprintf(buf, n, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu ", v->start,
			 v->end, v->flags & VM_READ ? 'r' : '-',
			 v->flags & VM_WRITE ? 'w' : '-', v->flags & VM_EXEC ? 'x' : '-',
			 v->flags & VM_SHARED ? 's' : 'p',
			 v->file ? v->pgoff << PAGE_SHIFT : 0ul, 0, v->file ? 1 : 0, ino);
	if (*name)
		len += kscnprintf(buf + len, n - len, "%*s", len < 73 ? (int)(73 - len) : 0, "");
	len += kscnescape(buf + len, n - len, name, "\n");
	return len + kscnprintf(buf + len, n - len, "\n");
}

/* Whole lines only; *cursor is the address to go on from. */
size_t mm_print_maps(struct mm *mm, char *buf, size_t n, u64 *cursor)
{
	char *path = kmalloc(PAGE_SIZE, GFP_KERNEL);
	size_t done = 0;

	if (!path)
		return 0;
	mutex_lock(&mm->mmap_lock);
	for (unsigned i = vma_index(mm, *cursor); i < mm->nr_vmas; i++) {
		size_t len = print_vma(mm->vmas[i], buf + done, n - done, path, PAGE_SIZE);

		if (done + len + 1 >= n)	/* it may be cut off */
			break;
		done += len;
		*cursor = mm->vmas[i]->end;
	}
	mutex_unlock(&mm->mmap_lock);
	kfree(path);
	return done;
}
