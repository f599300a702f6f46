// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings of an address space: the sorted array of its vmas, and the walk over their table
 * slots. Mirrors that part of Linux mm/mmap.c, and mm/pagewalk.c.
 *
 * Locks: mm->mmap_lock protects the vmas and the page tables; mapping->vmas_lock inside it links
 * file mappings for the reverse walk.
 *
 * LINUX: an array with binary search instead of a maple tree. An insertion moves pointers, which is
 * cheap up to thousands.
 */
#include "kernel/lib/string.h"
#include "kernel/mm/vm.h"
#include "kernel/panic.h"
#include "kernel/task.h"

#define FIRST_VMAS	16u

static struct kmem_cache *vma_cache;

void vma_init(void)
{
	vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vma), 16);
}

/* ---- vmas ---- */

unsigned vma_search(struct mm *mm, uaddr_t addr)
{
	unsigned lo = 0, hi = mm->nr_vmas;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (mm->vmas[mid]->end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	mm->hit = lo;
	return lo;
}

struct vma *find_vma(struct mm *mm, uaddr_t addr)
{
	unsigned i = vma_index(mm, addr);

	assert_held(&mm->mmap_lock);
	return i < mm->nr_vmas ? mm->vmas[i] : NULL;
}

void __attribute__((noinline)) vma_link_mapping(struct mapping *m, struct vma *v)
{
	spin_lock(&m->vmas_lock);
	list_add_tail(&v->mapping_node, &m->vmas);
	spin_unlock(&m->vmas_lock);
}

static void __attribute__((noinline)) unlink_mapping(struct mapping *m, struct vma *v)
{
	spin_lock(&m->vmas_lock);
	list_del(&v->mapping_node);
	spin_unlock(&m->vmas_lock);
}

static inline void vma_unlink_file(struct vma *v)
{
	struct mapping *m = vma_mapping(v);

	if (m)
		unlink_mapping(m, v);
}

struct vma *vma_new(struct mm *mm, uaddr_t start, uaddr_t end, u32 flags)
{
	struct vma *v = mm->spare;

	if (!v)
		v = kmem_cache_alloc(vma_cache, GFP_KERNEL);
	if (!v)
		return NULL;
	mm->spare = NULL;
	*v = (struct vma){ .start = start, .end = end, .flags = flags, .pgoff = start >> PAGE_SHIFT, .mm = mm };
	list_init(&v->mapping_node);
	return v;
}

struct vma *vma_dup(const struct vma *like)
{
	struct vma *v = vma_new(like->mm, like->start, like->end, like->flags);

	if (!v)
		return NULL;
	v->pgoff = like->pgoff;
	v->ops = like->ops;
	v->anon = like->anon;
	v->mempolicy = like->mempolicy;
	v->uffd = like->uffd;
	if (like->file) {
		v->file = get_file(like->file);
		if (v->ops->open)
			v->ops->open(v);
	}
	return v;
}

void vma_free(struct vma *v)
{
	if (v->file) {
		if (v->ops && v->ops->close)
			v->ops->close(v);
		fput(v->file);
	}
	if (v->mm->spare)
		kmem_cache_free(vma_cache, v);
	else
		v->mm->spare = v;
}

int __attribute__((noinline)) vmas_grow(struct mm *mm, unsigned extra)
{
	unsigned max = mm->max_vmas ? mm->max_vmas : FIRST_VMAS;
	struct vma **a;

	while (max < mm->nr_vmas + extra)
		max *= 2;
	a = kmalloc(max * sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	if (mm->nr_vmas)
		kmemcpy(a, mm->vmas, mm->nr_vmas * sizeof(*a));
	kfree(mm->vmas);
	mm->vmas = a;
	mm->max_vmas = max;
	return 0;
}

void vmas_free(struct mm *mm)
{
	if (mm->spare)
		kmem_cache_free(vma_cache, mm->spare);
	mm->spare = NULL;
	kfree(mm->vmas);
	mm->vmas = NULL;
	mm->max_vmas = 0;
}

/* At index i; the array has room. */
static inline void vmas_put(struct mm *mm, unsigned i, struct vma *v)
{
	assert(i == 0 || mm->vmas[i - 1]->end <= v->start);
	assert(i == mm->nr_vmas || v->end <= mm->vmas[i]->start);
	kmemmove(&mm->vmas[i + 1], &mm->vmas[i], (mm->nr_vmas - i) * sizeof(*mm->vmas));
	mm->vmas[i] = v;
	mm->nr_vmas++;
	mm->hit = i;
	vma_link_file(v);
}

int vma_insert(struct mm *mm, unsigned i, struct vma *v)
{
	assert(v->start < v->end && v->end <= USER_MAX && !((v->start | v->end) & ~PAGE_MASK));
	if (vmas_reserve(mm, 1))
		return -ENOMEM;
	vmas_put(mm, i, v);
	mm->total_vm += vma_pages(v);
	return 0;
}

bool vma_unmap(struct mm *mm, unsigned first, unsigned last)
{
	bool any = false;

	for (unsigned i = first; i < last; i++) {
		struct vma *v = mm->vmas[i];

		any |= zap_range(v, v->start, v->end);
		mm->total_vm -= vma_pages(v);
		vma_unlink_file(v);
		vma_free(v);
		cond_resched();
	}
	kmemmove(&mm->vmas[first], &mm->vmas[last], (mm->nr_vmas - last) * sizeof(*mm->vmas));
	mm->nr_vmas -= last - first;
	return any;
}

/* vmas[i] becomes two that meet at addr, strictly inside. */
static int vma_split(struct mm *mm, unsigned i, uaddr_t addr)
{
	struct vma *v = mm->vmas[i], *high;

	if (mm->nr_vmas >= MAX_MAP_COUNT || vmas_reserve(mm, 1))
		return -ENOMEM;
	high = vma_dup(v);
	if (!high)
		return -ENOMEM;
	high->start = addr;
	high->pgoff = vma_pgoff(v, addr);
	v->end = addr;
	vmas_put(mm, i + 1, high);
	return 0;
}

int vma_isolate(struct mm *mm, uaddr_t start, uaddr_t end, unsigned *first, unsigned *last)
{
	unsigned i = vma_index(mm, start);
	int err;

	assert_held(&mm->mmap_lock);
	if (i < mm->nr_vmas && mm->vmas[i]->start < start) {
		err = vma_split(mm, i, start);
		if (err)
			return err;
		i++;
	}
	*first = i;
	for (; i < mm->nr_vmas && mm->vmas[i]->start < end; i++) {
		if (mm->vmas[i]->end <= end)
			continue;
		err = vma_split(mm, i, end);
		if (err)
			return err;
	}
	*last = i;
	return 0;
}

static bool vma_can_merge(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->flags == b->flags && a->file == b->file && a->ops == b->ops &&
	       (!a->file || a->pgoff + vma_pages(a) == b->pgoff) && !(a->flags & VM_GROWSDOWN) && a->uffd == b->uffd &&
	       a->mempolicy.mode == b->mempolicy.mode && a->mempolicy.nodes == b->mempolicy.nodes;
}

void vma_merge_range(struct mm *mm, unsigned first, unsigned last)
{
	unsigned out, i = first ? first - 1 : 0, stop = min(last + 1, mm->nr_vmas);

	if (i >= stop)
		return;
	out = i;
	for (i++; i < stop; i++) {
		struct vma *into = mm->vmas[out], *v = mm->vmas[i];

		if (!vma_can_merge(into, v)) {
			mm->vmas[++out] = v;
			continue;
		}
		into->end = v->end;
		into->anon |= v->anon;
		vma_unlink_file(v);
		vma_free(v);
	}
	if (++out == stop)
		return;
	kmemmove(&mm->vmas[out], &mm->vmas[stop], (mm->nr_vmas - stop) * sizeof(*mm->vmas));
	mm->nr_vmas -= stop - out;
}

/* ---- table slots ---- */

pte_t *slot_walk(struct mm *mm, uaddr_t va)
{
	pte_t *slot = arch_pte_find(mm, va);

	if (slot) {
		mm->slot_block = va & ~(SLOT_BLOCK - 1);
		mm->slots = slot - va / PAGE_SIZE % 512;
	}
	return slot;
}

int pte_range(struct mm *mm, uaddr_t start, uaddr_t end,
		int (*fn)(struct mm *mm, uaddr_t va, pte_t *p, void *ctx), void *ctx)
{
	uaddr_t next;

	assert_held(&mm->mmap_lock);
	assert(start <= end && end <= USER_MAX);
	for (uaddr_t va = start & PAGE_MASK; va < end; va = next) {
		pte_t *p = arch_pte_block(mm, va, &next);

		if (!p)
			continue;
		for (uaddr_t stop = min(next, end); va < stop; va += PAGE_SIZE, p++) {
			int ret = *p ? fn(mm, va, p, ctx) : 0;

			if (ret)
				return ret;
		}
		cond_resched();
	}
	return 0;
}
