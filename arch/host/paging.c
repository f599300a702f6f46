// SPDX-License-Identifier: GPL-2.0-only
/*
 * Software page tables: four levels of 512 entries, in pages of the arena. Nothing is cached, so a
 * flush has nothing to do.
 */
#include "arch/host/host.h"
#include "kernel/mm/mm.h"

#define ENTRIES	512u

u8 *host_arena;

static unsigned index_at(u64 va, unsigned level) { return va >> (12 + 9 * level) & (ENTRIES - 1); }
static u64 *table_of(u64 entry) { return phys_to_virt(entry & PTE_ADDR); }

void arch_clear_page(void *p)
{
	kmemset(p, 0, PAGE_SIZE);
}

void arch_copy_page(void *dst, const void *src)
{
	kmemcpy(dst, src, PAGE_SIZE);
}

static u64 *table_alloc(struct mm *mm)
{
	struct page *p = alloc_page(GFP_KERNEL | GFP_ZERO);

	if (!p)
		return NULL;
	account_pages(KIND_PT, 1);
	atomic_fetch_add(&mm->arch.pt_pages, 1);
	return page_address(p);
}

static void table_free(struct mm *mm, u64 *t)
{
	account_pages(KIND_PT, -1);
	atomic_fetch_sub(&mm->arch.pt_pages, 1);
	put_page(virt_to_page(t));
}

int arch_mm_init(struct mm *mm)
{
	atomic_store(&mm->arch.pt_pages, 0);
	mm->arch.top = table_alloc(mm);
	return mm->arch.top ? 0 : -ENOMEM;
}

static void free_tables(struct mm *mm, u64 *t, unsigned level)
{
	for (unsigned i = 0; level > 0 && i < ENTRIES; i++)
		if (t[i])
			free_tables(mm, table_of(t[i]), level - 1);
	table_free(mm, t);
}

void arch_mm_free(struct mm *mm)
{
	if (!mm->arch.top)
		return;
	free_tables(mm, mm->arch.top, 3);
	mm->arch.top = NULL;
	assert_eq(atomic_load(&mm->arch.pt_pages), 0);
}

pte_t *arch_pte_alloc(struct mm *mm, uaddr_t va)
{
	u64 *t = mm->arch.top;

	assert(va < USER_MAX);
	for (unsigned l = 3; l > 0; l--) {
		u64 *slot = &t[index_at(va, l)];

		if (!*slot) {
			u64 *lower = table_alloc(mm);

			if (!lower)
				return NULL;
			*slot = virt_to_phys(lower) | PTE_PRESENT;
		}
		t = table_of(*slot);
	}
	return &t[index_at(va, 0)];
}

pte_t *arch_pte_find(struct mm *mm, uaddr_t va)
{
	u64 *t = mm->arch.top;

	assert(va < USER_MAX);
	for (unsigned l = 3; l > 0; l--) {
		u64 e = t[index_at(va, l)];

		if (!e)
			return NULL;
		t = table_of(e);
	}
	return &t[index_at(va, 0)];
}

pte_t *arch_pte_block(struct mm *mm, uaddr_t va, uaddr_t *next)
{
	u64 *t = mm->arch.top;

	for (unsigned l = 3; l > 0; l--) {
		u64 e = t[index_at(va, l)], span = 1ul << (12 + 9 * l);

		*next = (va | (span - 1)) + 1;
		if (!e)
			return NULL;
		t = table_of(e);
	}
	return &t[index_at(va, 0)];
}

static bool table_empty(const u64 *t)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		if (t[i])
			return false;
	return true;
}

/*
 * Frees the tables below t, which has @level and maps from @base, that lie wholly in [start, end)
 * and map nothing.
 */
static void free_empty(struct mm *mm, u64 *t, unsigned level, uaddr_t base, uaddr_t start, uaddr_t end)
{
	u64 span = 1ul << (12 + 9 * level);

	for (unsigned i = 0; i < ENTRIES; i++) {
		uaddr_t from = base + i * span;

		if (!t[i] || from + span <= start || from >= end)
			continue;
		if (level > 1)
			free_empty(mm, table_of(t[i]), level - 1, from, start, end);
		if (from < start || from + span > end || !table_empty(table_of(t[i])))
			continue;
		table_free(mm, table_of(t[i]));
		t[i] = 0;
	}
}

void arch_pt_free_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	free_empty(mm, mm->arch.top, 3, 0, start, end);
}

u64 arch_pt_pages(const struct mm *mm)
{
	return atomic_load(&((struct mm *)mm)->arch.pt_pages);
}

void arch_tlb_flush(struct mm *mm, uaddr_t start, uaddr_t end)
{
	(void)mm;
	(void)start;
	(void)end;
	arch_point(POINT_ATOMIC, mm);
}

void arch_mm_switch(struct mm *next)
{
	(void)next;
}
