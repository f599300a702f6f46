// SPDX-License-Identifier: GPL-2.0-only
/* Bits in arrays of u64. Locking is the caller's. */
#pragma once
#include "kernel/lib/types.h"

#define BITMAP_WORDS(nbits)	(((nbits) + 63) / 64)

static inline bool bit_test(const u64 *map, size_t i) { return map[i / 64] >> (i % 64) & 1; }
static inline void bit_set(u64 *map, size_t i) { map[i / 64] |= 1ull << (i % 64); }
static inline void bit_clear(u64 *map, size_t i) { map[i / 64] &= ~(1ull << (i % 64)); }

/* The first clear bit at or after @from, or @n. Bits beyond n in the last word are not looked at. */
static inline size_t bit_find_clear(const u64 *map, size_t n, size_t from)
{
	for (size_t i = from; i < n; i = (i / 64 + 1) * 64) {
		u64 w = ~map[i / 64] >> (i % 64);

		if (w) {
			i += (size_t)__builtin_ctzll(w);
			return i < n ? i : n;
		}
	}
	return n;
}
