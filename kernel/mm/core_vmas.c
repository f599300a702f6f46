// SPDX-License-Identifier: GPL-2.0-only
/*
 * What memory of a process goes into its core file. Mirrors vma_dump_size and dump_vma_snapshot of
 * Linux fs/coredump.c, and get_dump_page of mm/gup.c.
 *
 * The list is made once, before the first byte is written: another process that shares the mm may
 * go on changing it. What is gone by the time its turn comes is a hole.
 *
 * Locks: mmap_lock.
 */
#include "kernel/coredump.h"
#include "kernel/lib/string.h"
#include "kernel/mm/vm.h"
#include "kernel/panic.h"

#define DUMP_ANON_PRIVATE	0x01u
#define DUMP_ANON_SHARED	0x02u
#define DUMP_MAPPED_PRIVATE	0x04u
#define DUMP_MAPPED_SHARED	0x08u
#define DUMP_ELF_HEADERS	0x10u
#define MAYBE_ELF_HEADER	1	/* dump_size: its first page, if that is one of an ELF file */

static int is_own_page(struct mm *mm, uaddr_t va, pte_t *p, void *ctx)
{
	(void)mm, (void)va, (void)ctx;
	return pfn_to_page(pte_pfn(*p))->flags & PG_ANON ? 1 : 0;
}

static bool has_own_pages(const struct vma *v)
{
	return pte_range(v->mm, v->start, v->end, is_own_page, NULL);
}

/*
 * How much of v, in bytes. What a file has is not repeated, but for the header by which one sees
 * which file it is.
 */
static u64 vma_dump_size(const struct vma *v, u32 filter)
{
	u64 whole = v->end - v->start;

	if (v->flags & VM_DONTDUMP)
		return 0;
	if (v->flags & VM_SHARED)
		return filter & (atomic_load(&v->file->inode->nlink) ? DUMP_MAPPED_SHARED : DUMP_ANON_SHARED) ? whole : 0;
	if (filter & DUMP_ANON_PRIVATE && has_own_pages(v))
		return whole;
	if (!v->file)
		return 0;
	if (filter & DUMP_MAPPED_PRIVATE)
		return whole;
	if (filter & DUMP_ELF_HEADERS && !v->pgoff && v->flags & VM_READ)
		return READ_ONCE(v->file->inode->mode) & 0111 ? PAGE_SIZE : MAYBE_ELF_HEADER;
	return 0;
}

/* mmap_lock held. */
static void snapshot(struct coredump *c, struct mm *mm)
{
	for (unsigned i = 0; i < c->nr_vmas; i++) {
		const struct vma *v = mm->vmas[i];

		c->vmas[i] = (struct core_vma){
			.start = v->start, .end = v->end, .pgoff = v->pgoff, .flags = v->flags,
			.file = v->file ? get_file(v->file) : NULL,
			.dump_size = vma_dump_size(v, c->mm_flags >> MMF_DUMP_SHIFT),
		};
	}
}

static void look_for_header(struct core_vma *v)
{
	char magic[SELFMAG];

	v->dump_size = !mm_read(current->mm, v->start, magic, sizeof(magic)) &&
		!kmemcmp(magic, ELFMAG, SELFMAG) ? PAGE_SIZE : 0;
}

/* Room for so many, and mmap_lock held if there are no more. */
static bool reserve(struct coredump *c, struct mm *mm, unsigned n)
{
	kfree(c->vmas);
	c->vmas = kmalloc_array(n, sizeof(*c->vmas), GFP_KERNEL);
	if (!c->vmas || mutex_lock_killable(&mm->mmap_lock)) {
		kfree(c->vmas);
		c->vmas = NULL;
		return false;
	}
	return true;
}

bool core_vmas(struct coredump *c)
{
	struct mm *mm = current->mm;

	for (unsigned room = READ_ONCE(mm->nr_vmas) + 1;; room = c->nr_vmas + 1) {
		if (!reserve(c, mm, room))
			return false;
		c->nr_vmas = mm->nr_vmas;
		if (c->nr_vmas <= room)
			break;
		mutex_unlock(&mm->mmap_lock);
	}
	snapshot(c, mm);
	mutex_unlock(&mm->mmap_lock);
	for (unsigned i = 0; i < c->nr_vmas; i++)
		if (c->vmas[i].dump_size == MAYBE_ELF_HEADER)
			look_for_header(&c->vmas[i]);
	return true;
}

void core_vmas_free(struct coredump *c)
{
	for (unsigned i = 0; i < c->nr_vmas; i++)
		if (c->vmas[i].file)
			fput(c->vmas[i].file);
	kfree(c->vmas);
}

/* The entry that maps addr, made if a file has the page; NULL. mmap_lock held. */
static const pte_t *dump_slot(struct mm *mm, uaddr_t addr)
{
	const struct vma *v = vma_at(mm, addr);
	const pte_t *slot = slot_find(mm, addr);

	if (!v || v->start > addr)
		return NULL;
	if (slot && !pte_none_mostly(*slot))
		return slot;
	if (!v->ops || fault_locked(mm, addr, FAULT_FORCE))
		return NULL;
	return slot_find(mm, addr);
}

struct page *get_dump_page(struct mm *mm, uaddr_t addr)
{
	struct page *p = NULL;
	const pte_t *slot;

	if (mutex_lock_killable(&mm->mmap_lock))
		return NULL;
	slot = dump_slot(mm, addr);
	if (slot && *slot)
		p = pfn_to_page(pte_pfn(*slot));
	if (p == zero_page || (p && p->flags & PG_HWPOISON))
		p = NULL;
	if (p)
		get_page(p);
	mutex_unlock(&mm->mmap_lock);
	return p;
}

static int note_address(struct mm *mm, uaddr_t va, pte_t *slot, void *ctx)
{
	(void)mm, (void)slot;
	*(uaddr_t *)ctx = va;
	return 1;
}

uaddr_t next_dump_page(struct mm *mm, uaddr_t addr, uaddr_t end)
{
	if (mutex_lock_killable(&mm->mmap_lock))
		return end;
	pte_range(mm, addr, end, note_address, &end);
	mutex_unlock(&mm->mmap_lock);
	return end;
}
