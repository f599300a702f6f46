// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel stacks: each at the top of a slot of address space of which the rest is never mapped, so
 * that an overflow faults at once. A stack that was freed stays mapped on a list for the next
 * thread; the list is emptied under memory pressure, and only then must all CPUs forget the
 * addresses. Mirrors Linux CONFIG_VMAP_STACK in kernel/fork.c.
 *
 * A stack's pages come zeroed, and nobody clears them again: the lowest word that is not zero says
 * how far down it was ever used. Mirrors Linux stack_not_used() of CONFIG_DEBUG_STACK_USAGE.
 * Interrupts come on top of whatever runs, so what is left must be enough for one; they do not
 * nest.
 *
 * Locks: stacks_lock; taken with any other spinning lock held but those below it, for put_task()
 * may come from anywhere.
 */
#include "kernel/abi.h"
#include "kernel/lib/list.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "x86.h"

#define STACK_PAGES	(STACK_SIZE / PAGE_SIZE)
#define CACHE_MAX	32u			/* stacks beyond this go back when the next thread is made */
#define BATCH		16u			/* stacks given back with one flush */

/* One word of slots is one page-table page: 64 slots of 32 KiB, 2 MiB. */
_Static_assert(64 * STACK_SLOT == 1ul << 21, "a word of slots is a table");

/* A free, mapped stack ends with this: at its top, where it was used anyway. */
struct free_stack {
	struct free_stack *next;
};

static struct spinlock stacks_lock = SPINLOCK_INIT("stacks", RANK_STACKS);
static u64 used[NR_STACK_SLOTS / 64];		/* [stacks_lock] slots taken, cached stacks included */
static u64 mapped[NR_STACK_SLOTS / 64];		/* [stacks_lock] those of them whose stack can be read as long as it is held */
static unsigned first_hint;			/* [stacks_lock] no free slot in words before this */
static struct free_stack *cache;		/* [stacks_lock] */
static unsigned nr_cached;			/* [stacks_lock] */
static unsigned nr_early;			/* slots taken before the allocator was there; never freed */
static _Atomic u64 deepest;			/* bytes that were used of a stack that is gone, at most */

static inline u64 slot_stack(unsigned slot) { return STACKS_BASE + slot * STACK_SLOT + STACK_SLOT - STACK_SIZE; }
static inline unsigned stack_slot(u64 va) { return (unsigned)((va - STACKS_BASE) / STACK_SLOT); }
static inline struct free_stack *free_stack(u8 *stack) { return (struct free_stack *)(stack + STACK_SIZE) - 1; }
static inline u8 *stack_of(struct free_stack *s) { return (u8 *)(s + 1) - STACK_SIZE; }

bool is_stack_guard(u64 va)
{
	return va >= STACKS_BASE && va < STACKS_BASE + NR_STACK_SLOTS * STACK_SLOT &&
	       va % STACK_SLOT < STACK_SLOT - STACK_SIZE;
}

u8 *stack_early(void)
{
	unsigned slot = nr_early++;
	u64 va = slot_stack(slot);

	used[slot / 64] |= 1ull << slot % 64;
	mapped[slot / 64] |= 1ull << slot % 64;
	for (u64 p = va; p < va + STACK_SIZE; p += PAGE_SIZE)
		stack_map_early(p, early_page());
	return (u8 *)va;
}

/* ---- how deep ---- */

static u64 stack_used(u64 va)
{
	const u64 *word = (const u64 *)va, *end = (const u64 *)(va + STACK_SIZE);

	while (word < end && !*word)
		word++;
	return (u64)((const u8 *)end - (const u8 *)word);
}

static void note_used(u64 bytes)
{
	u64 was = atomic_load(&deepest);

	while (bytes > was && !atomic_compare_exchange_strong(&deepest, &was, bytes))
		;
}

u64 arch_stack_max(void)
{
	for (unsigned slot = 0; slot < NR_STACK_SLOTS; slot++) {
		if (!READ_ONCE(mapped[slot / 64])) {
			slot |= 63;
			continue;
		}
		spin_lock(&stacks_lock);
		if (mapped[slot / 64] >> slot % 64 & 1)
			note_used(stack_used(slot_stack(slot)));
		spin_unlock(&stacks_lock);
	}
	return atomic_load(&deepest);
}

/* ---- slots ---- */

/* The lowest free slot, so that tables empty out at the high end; -1 if all are taken. */
static int slot_take(void)
{
	int slot = -1;

	spin_lock(&stacks_lock);
	for (unsigned i = first_hint; i < ARRAY_SIZE(used); i++) {
		if (used[i] == ~0ull)
			continue;
		slot = (int)(i * 64 + (unsigned)__builtin_ctzll(~used[i]));
		used[i] |= 1ull << slot % 64;
		first_hint = i;
		break;
	}
	spin_unlock(&stacks_lock);
	return slot;
}

/*
 * Nobody has a mapping below this word's table: takes it away, with all slots of the word taken
 * until every CPU forgot it.
 */
static void table_free(unsigned word)
{
	u64 pa = stack_table_take(slot_stack(word * 64));

	tlb_flush_all_cpus(slot_stack(word * 64), slot_stack(word * 64) + PAGE_SIZE);
	if (pa) {
		account_pages(KIND_PT, -1);
		put_page(pfn_to_page(pa >> PAGE_SHIFT));
	}
	spin_lock(&stacks_lock);
	used[word] = 0;
	first_hint = min(first_hint, word);
	spin_unlock(&stacks_lock);
}

/* The slot's stack is unmapped and forgotten by every CPU. No lock held. */
static void slot_put(unsigned slot)
{
	unsigned word = slot / 64;
	bool empty;

	spin_lock(&stacks_lock);
	used[word] &= ~(1ull << slot % 64);
	first_hint = min(first_hint, word);
	empty = !used[word];
	if (empty)
		used[word] = ~0ull;
	spin_unlock(&stacks_lock);
	if (empty)
		table_free(word);
}

/* Gives up to @want cached stacks back, at most BATCH; how many. No lock held, interrupts on. */
static unsigned release(unsigned want)
{
	u64 va[BATCH], low = ~0ull, high = 0;
	pfn_t pfn[BATCH][STACK_PAGES];
	unsigned n = 0;

	spin_lock(&stacks_lock);
	for (; cache && n < min(want, BATCH); n++) {
		va[n] = (u64)stack_of(cache);
		mapped[stack_slot(va[n]) / 64] &= ~(1ull << stack_slot(va[n]) % 64);
		cache = cache->next;
	}
	nr_cached -= n;
	spin_unlock(&stacks_lock);
	for (unsigned i = 0; i < n; i++) {
		note_used(stack_used(va[i]));
		for (unsigned j = 0; j < STACK_PAGES; j++) {
			u64 *pte = stack_pte(va[i] + j * PAGE_SIZE);

			pfn[i][j] = pte_pfn(*pte);
			*pte = 0;
		}
		low = min(low, va[i]);
		high = max(high, va[i] + STACK_SIZE);
	}
	if (n)
		tlb_flush_all_cpus(low, high);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned j = 0; j < STACK_PAGES; j++)
			put_page(pfn_to_page(pfn[i][j]));
		slot_put(stack_slot(va[i]));
	}
	account_pages(KIND_STACK, -(s64)(n * STACK_PAGES));
	return n;
}

static u64 stacks_shrink(u64 want)
{
	u64 freed = 0;

	while (freed < want) {
		unsigned n = release((unsigned)min((want - freed) / STACK_PAGES + 1, (u64)BATCH));

		if (!n)
			break;
		freed += n * STACK_PAGES;
	}
	return freed;
}
SHRINKER(stacks_shrinker, stacks_shrink);

static u8 *cache_pop(void)
{
	struct free_stack *s;

	spin_lock(&stacks_lock);
	s = cache;
	if (s) {
		cache = s->next;
		nr_cached--;
	}
	spin_unlock(&stacks_lock);
	return s ? stack_of(s) : NULL;
}

u8 *stack_alloc(void)
{
	u8 *stack;
	int slot;

	might_sleep();
	if (READ_ONCE(nr_cached) > CACHE_MAX)
		release(READ_ONCE(nr_cached) - CACHE_MAX);
	stack = cache_pop();
	if (stack)
		return stack;
	slot = slot_take();
	if (slot < 0)
		return NULL;
	stack = (u8 *)slot_stack((unsigned)slot);
	if (stack_pte_prepare((u64)stack))
		goto out_slot;
	for (unsigned i = 0; i < STACK_PAGES; i++) {
		struct page *p = alloc_page(GFP_KERNEL | GFP_ZERO);

		if (!p)
			goto out_pages;
		*stack_pte((u64)stack + i * PAGE_SIZE) = stack_pte_value(page_to_pfn(p) << PAGE_SHIFT);
	}
	account_pages(KIND_STACK, STACK_PAGES);
	spin_lock(&stacks_lock);
	mapped[slot / 64] |= 1ull << slot % 64;
	spin_unlock(&stacks_lock);
	return stack;
out_pages:
	for (unsigned i = 0; i < STACK_PAGES; i++) {
		u64 *pte = stack_pte((u64)stack + i * PAGE_SIZE);

		if (*pte)
			put_page(pfn_to_page(pte_pfn(*pte)));
		*pte = 0;
	}
out_slot:
	slot_put((unsigned)slot);
	return NULL;
}

/* Any context. The stack is off every CPU. */
void stack_free(u8 *stack)
{
	struct free_stack *s = free_stack(stack);

	spin_lock(&stacks_lock);
	s->next = cache;
	cache = s;
	nr_cached++;
	spin_unlock(&stacks_lock);
}
