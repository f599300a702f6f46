// SPDX-License-Identifier: GPL-2.0-only
/* Bytes in C, so that the sanitisers see every one of them. */
#include "kernel/lib/string.h"

/* Eight bytes anywhere in anything. */
typedef u64 __attribute__((may_alias, aligned(1))) word;

void *kmemcpy(void *dst, const void *src, size_t n)
{
	const u8 *s = src;
	u8 *d = dst;

	for (; n >= 8; n -= 8, d += 8, s += 8)
		*(word *)d = *(const word *)s;
	for (; n; n--)
		*d++ = *s++;
	return dst;
}

void *kmemset(void *dst, int c, size_t n)
{
	u64 w = 0x0101010101010101ull * (u8)c;
	u8 *d = dst;

	for (; n >= 8; n -= 8, d += 8)
		*(word *)d = w;
	for (; n; n--)
		*d++ = (u8)c;
	return dst;
}
