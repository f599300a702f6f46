// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables: the kernel half, which all address spaces share, the user halves, and telling other
 * CPUs what changed.
 *
 * Kernel half, by entry of the top table:
 *   273...  direct map of all RAM, no execute; the image's text and rodata are read-only in it too
 *   402     kernel stacks and ioremap; its second level is here from the start, so that no later change touches a top table
 *   511     the image: text R-X, rodata R--, data RW-
 *
 * A CPU is in mm->arch.cpus from before it loads the mm's tables until after it has loaded others;
 * kernel threads run on the kernel's own tables. A flush asks every CPU in the set and waits,
 * serving others' requests meanwhile. No locks: each CPU has one request slot of its own, and
 * whoever flushes does not sleep before it is answered.
 */
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "x86.h"

#define ENTRIES		512u
#define TABLE		(PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define KTABLE		(PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)
#define KDATA		(PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define KRODATA		(PTE_PRESENT | PTE_ACCESSED | PTE_GLOBAL)
#define MIB2		(1ul << 21)
#define GIB		(1ul << 30)
#define FLUSH_ALL	32u			/* pages from which on a whole flush is cheaper */

u64 kernel_pml4[512] __aligned(4096);
static u64 vmap_pdpt[512] __aligned(4096);
static u64 stacks_pd[512] __aligned(4096);
static u64 ioremap_pd[512] __aligned(4096);
static u64 ioremap_next = IOREMAP_BASE;

static inline unsigned index_at(u64 va, unsigned level) { return va >> (12 + 9 * level) & 511; }
static inline u64 *table_of(u64 entry) { return phys_to_virt(entry & PTE_ADDR); }

/* ---- building the kernel half ---- */

static u64 *early_table(u64 *slot)
{
	if (!*slot)
		*slot = early_page() | KTABLE;
	return table_of(*slot);
}

/* Maps one page of 2^(12 + 9 * level) bytes. */
static void early_map(u64 va, u64 pa, unsigned level, u64 bits)
{
	u64 *t = kernel_pml4;

	for (unsigned l = 3; l > level; l--)
		t = early_table(&t[index_at(va, l)]);
	t[index_at(va, level)] = pa | bits | (level ? PTE_HUGE : 0);
}

static void map_image(void)
{
	for (u64 va = (u64)__text_start; va < (u64)__kernel_end; va += PAGE_SIZE) {
		u64 bits = KDATA | pte_nx;

		if (va < (u64)__rodata_start)
			bits = KRODATA;
		else if (va < (u64)__data_start)
			bits = KRODATA | pte_nx;
		early_map(va, virt_to_phys((void *)va), 0, bits);
	}
}

/*
 * Each 2 MiB that the image's read-only part touches is mapped by the page, so that the direct map
 * cannot write it either.
 */
static void map_direct_small(u64 pa)
{
	u64 from = virt_to_phys(__text_start), to = virt_to_phys(__data_start);

	for (u64 p = pa; p < pa + MIB2; p += PAGE_SIZE)
		early_map(DIRECT_BASE + p, p, 0, (p >= from && p < to ? KRODATA : KDATA) | pte_nx);
}

static void map_direct(u64 start, u64 end)
{
	u64 image = virt_to_phys(__text_start), image_end = virt_to_phys(__data_start);

	for (u64 pa = start & ~(MIB2 - 1); pa < end;) {
		u64 *pdpt = early_table(&kernel_pml4[index_at(DIRECT_BASE + pa, 3)]);
		u64 e3 = pdpt[index_at(DIRECT_BASE + pa, 2)], *pd = e3 ? table_of(e3) : NULL;

		if (!e3 && features.gb_pages && !(pa & (GIB - 1)) && pa + GIB <= end && pa >= image_end) {
			early_map(DIRECT_BASE + pa, pa, 2, KDATA | pte_nx);
			pa += GIB;
			continue;
		}
		if (!pd || !pd[index_at(DIRECT_BASE + pa, 1)]) {
			if (pa < image_end && pa + MIB2 > image)
				map_direct_small(pa);
			else
				early_map(DIRECT_BASE + pa, pa, 1, KDATA | pte_nx);
		}
		pa += MIB2;
	}
}

void paging_init(const struct mem_range *ram, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		map_direct(ram[i].start, ram[i].end);
	map_image();
	kernel_pml4[index_at(STACKS_BASE, 3)] = virt_to_phys(vmap_pdpt) | KTABLE;
	vmap_pdpt[index_at(STACKS_BASE, 2)] = virt_to_phys(stacks_pd) | KTABLE;
	vmap_pdpt[index_at(IOREMAP_BASE, 2)] = virt_to_phys(ioremap_pd) | KTABLE;
	write_cr3(virt_to_phys(kernel_pml4));
}

void *ioremap(u64 pa, size_t n)
{
	u64 first = pa & PAGE_MASK, end = PAGE_ALIGN(pa + n), va = ioremap_next;

	if (end - first > IOREMAP_BASE + GIB - va)
		return NULL;
	for (u64 p = first; p < end; p += PAGE_SIZE, ioremap_next += PAGE_SIZE)
		early_map(ioremap_next, p, 0, KDATA | PTE_PCD | pte_nx);
	return (void *)(va + (pa - first));
}

/* ---- kernel stacks: stack.c says when ---- */

u64 *stack_pte(u64 va)
{
	u64 e = stacks_pd[index_at(va, 1)];

	return e ? table_of(e) + index_at(va, 0) : NULL;
}

int stack_pte_prepare(u64 va)
{
	u64 *slot = &stacks_pd[index_at(va, 1)], none = 0;
	struct page *p;

	if (READ_ONCE(*slot))
		return 0;
	p = alloc_page(GFP_KERNEL | GFP_ZERO);
	if (!p)
		return -ENOMEM;
	if (__atomic_compare_exchange_n(slot, &none, page_to_pfn(p) << PAGE_SHIFT | KTABLE, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		account_pages(KIND_PT, 1);
	else
		put_page(p);
	return 0;
}

u64 stack_table_take(u64 va)
{
	u64 *slot = &stacks_pd[index_at(va, 1)], e = *slot;

	*slot = 0;
	return e & PTE_ADDR;
}

void stack_map_early(u64 va, u64 pa)
{
	early_map(va, pa, 0, KDATA | pte_nx);
}

u64 stack_pte_value(u64 pa)
{
	return pa | KDATA | pte_nx;
}

/* ---- user halves ---- */

static u64 *pt_alloc(struct mm *mm, u64 *slot)
{
	struct page *p;

	if (*slot)
		return table_of(*slot);
	p = alloc_page(GFP_KERNEL | GFP_ZERO);
	if (!p)
		return NULL;
	account_pages(KIND_PT, 1);
	atomic_fetch_add_explicit(&mm->arch.pt_pages, 1, memory_order_relaxed);
	list_add(&p->lru, &mm->arch.tables);
	*slot = page_to_pfn(p) << PAGE_SHIFT | TABLE;
	return page_address(p);
}

static void pt_free(struct mm *mm, struct page *p)
{
	account_pages(KIND_PT, -1);
	atomic_fetch_sub_explicit(&mm->arch.pt_pages, 1, memory_order_relaxed);
	put_page(p);
}

static void pt_free_list(struct mm *mm, struct list *tables)
{
	struct page *p, *n;

	list_for_each_safe(p, n, tables, lru) {
		pt_free(mm, p);
		cond_resched();
	}
}

int arch_mm_init(struct mm *mm)
{
	struct page *p = alloc_page(GFP_KERNEL);
	u64 *top;

	if (!p)
		return -ENOMEM;
	top = page_address(p);
	kmemset(top, 0, PAGE_SIZE / 2);
	kmemcpy(top + ENTRIES / 2, kernel_pml4 + ENTRIES / 2, PAGE_SIZE / 2);
	mm->arch.pml4 = top;
	list_init(&mm->arch.tables);
	atomic_store(&mm->arch.cpus, 0);
	atomic_store(&mm->arch.pt_pages, 1);
	account_pages(KIND_PT, 1);
	return 0;
}

void arch_mm_free(struct mm *mm)
{
	if (!mm->arch.pml4)
		return;
	assert_eq(atomic_load(&mm->arch.cpus), 0);
	pt_free_list(mm, &mm->arch.tables);
	pt_free(mm, virt_to_page(mm->arch.pml4));
	mm->arch.pml4 = NULL;
	assert_eq(atomic_load(&mm->arch.pt_pages), 0);
}

pte_t *arch_pte_alloc(struct mm *mm, uaddr_t va)
{
	u64 *t = mm->arch.pml4;

	assert(va < USER_MAX);
	for (unsigned l = 3; l > 0; l--) {
		t = pt_alloc(mm, &t[index_at(va, l)]);
		if (!t)
			return NULL;
	}
	return &t[index_at(va, 0)];
}

pte_t *arch_pte_find(struct mm *mm, uaddr_t va)
{
	u64 *t = mm->arch.pml4;

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
	u64 *t = mm->arch.pml4;

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
	for (const u64 *e = t; e < t + ENTRIES; e += 8)
		if (e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7])
			return false;
	return true;
}

/*
 * Unlinks the empty tables below t, which has @level and maps from @base, and puts them on @freed.
 * A table wholly inside [start, end) goes if it is empty, that is if everything below it went.
 */
static void unlink_tables(u64 *t, unsigned level, uaddr_t base, uaddr_t start, uaddr_t end, struct list *freed)
{
	u64 span = 1ul << (12 + 9 * level);
	uaddr_t from = max(start, base), to = min(end, base + span * ENTRIES);

	for (uaddr_t va = from & ~(span - 1); va < to; va += span) {
		u64 *slot = &t[index_at(va, level)];

		if (!*slot)
			continue;
		if (level > 1)
			unlink_tables(table_of(*slot), level - 1, va, start, end, freed);
		cond_resched();
		if (va < start || va + span > end || !table_empty(table_of(*slot)))
			continue;
		list_move_tail(&pfn_to_page(pte_pfn(*slot))->lru, freed);
		*slot = 0;
	}
}

void arch_pt_free_range(struct mm *mm, uaddr_t start, uaddr_t end)
{
	LIST_HEAD(freed);

	unlink_tables(mm->arch.pml4, 3, 0, start, min(end, USER_MAX), &freed);
	if (list_empty(&freed))
		return;
	/* CPUs remember upper levels too: nobody may walk into these pages any more. */
	arch_tlb_flush(mm, start, end);
	pt_free_list(mm, &freed);
}

u64 arch_pt_pages(const struct mm *mm)
{
	return atomic_load_explicit(&((struct mm *)mm)->arch.pt_pages, memory_order_relaxed);
}

void arch_mm_switch(struct mm *next)
{
	struct x86_cpu *x = this_cpu_field(arch);
	struct mm *prev = x->mm;
	u64 cr3 = virt_to_phys(kernel_pml4);

	if (prev == next)
		return;
	if (next) {
		atomic_fetch_or(&next->arch.cpus, x->bit);
		cr3 = (u64)next->arch.pml4 - DIRECT_BASE;
	}
	x->mm = next;
	write_cr3(cr3);
	if (prev)
		atomic_fetch_and(&prev->arch.cpus, ~x->bit);
}

/* ---- flushing ---- */

struct tlb_request {				/* of the CPU that asks */
	u64 start, end;
	_Atomic u32 waiting;			/* CPUs that have not answered */
};
static struct tlb_request requests[MAX_CPUS];

static void flush_here(u64 start, u64 end)
{
	if ((end - start) >> PAGE_SHIFT > FLUSH_ALL) {
		u64 cr4 = read_cr4();

		if (start >= USER_MAX) {		/* global entries too */
			write_cr4(cr4 & ~0x80ul);
			write_cr4(cr4);
		} else {
			write_cr3(read_cr3());
		}
		return;
	}
	for (u64 va = start & PAGE_MASK; va < end; va += PAGE_SIZE)
		invlpg(va);
}

/* Answers what others ask of this CPU. */
void tlb_ipi(void)
{
	u32 bit = 1u << this_cpu()->id;

	for (unsigned i = 0; i < nr_found_cpus; i++) {
		struct tlb_request *q = &requests[i];

		if (!(atomic_load(&q->waiting) & bit))
			continue;
		flush_here(q->start, q->end);
		atomic_fetch_and(&q->waiting, ~bit);
	}
}

/* Asks @targets (not this CPU) and waits. Interrupts on or off: it answers others itself. */
static void flush_on(u32 targets, u64 start, u64 end)
{
	struct tlb_request *q = &requests[this_cpu()->id];

	assert_eq(atomic_load(&q->waiting), 0);
	q->start = start;
	q->end = end;
	atomic_store(&q->waiting, targets);
	for (unsigned i = 0; i < nr_found_cpus; i++)
		if (targets >> i & 1)
			apic_ipi(x86_cpus[i].apic_id, APIC_FIXED | VEC_TLB);
	while (atomic_load(&q->waiting)) {
		bool on = arch_irqs_on();

		arch_irq_disable();
		tlb_ipi();
		if (on)
			arch_irq_enable();
		arch_cpu_relax();
	}
}

void arch_tlb_flush(struct mm *mm, uaddr_t start, uaddr_t end)
{
	u32 set, bit = 1u << this_cpu()->id;

	/*
	 * The ptes are changed before the set is read; a CPU that enters it later reads the new
	 * ones.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	set = atomic_load(&mm->arch.cpus);
	if (set & bit)
		flush_here(start, end);
	if (set & ~bit)
		flush_on(set & ~bit, start, end);
}

void tlb_flush_all_cpus(u64 start, u64 end)
{
	u32 others = 0;

	for (unsigned i = 0; i < nr_cpus; i++)
		if (i != this_cpu()->id && cpus[i].online)
			others |= 1u << i;
	flush_here(start, end);
	if (others)
		flush_on(others, start, end);
}
