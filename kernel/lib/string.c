// SPDX-License-Identifier: GPL-2.0-only
/* Bytes and strings: see string.h, which says what the machine does. */
#include "kernel/lib/string.h"

/* Eight bytes anywhere in anything. */
typedef u64 __attribute__((may_alias, aligned(1))) word;
/* Keeps the compiler from recognising a copying loop as memcpy and calling that. */
#define KEEP_LOOP()	__asm__ volatile("")

static void copy_down(u8 *d, const u8 *s, size_t n)
{
	while (n >= 8) {
		n -= 8;
		*(word *)(d + n) = *(const word *)(s + n);
		KEEP_LOOP();
	}
	while (n) {
		n--;
		d[n] = s[n];
		KEEP_LOOP();
	}
}

void *kmemmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return kmemcpy(dst, src, n);
	copy_down(dst, src, n);
	return dst;
}

int kmemcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n >= 8 && *(const word *)x == *(const word *)y; n -= 8, x += 8, y += 8)
		KEEP_LOOP();
	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}

const void *kmemchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++)
		if (*p == (u8)c)
			return p;
	return NULL;
}

size_t kstrlen(const char *s)
{
	const char *p = s;

	while (*p) {
		p++;
		KEEP_LOOP();
	}
	return p - s;
}

size_t kstrnlen(const char *s, size_t n)
{
	const char *end = kmemchr(s, 0, n);

	return end ? (size_t)(end - s) : n;
}

int kstrcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

int kstrncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--)
		a++, b++;
	return n ? (u8)*a - (u8)*b : 0;
}

char *kstrchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *kstrrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return (char *)found;
	}
}

char *kstrstr(const char *s, const char *what)
{
	size_t n = kstrlen(what);

	for (; kstrncmp(s, what, n) != 0; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

size_t kstrlcpy(char *dst, const char *src, size_t n)
{
	size_t len = kstrnlen(src, n);

	if (len < n) {
		kmemcpy(dst, src, len + 1);
		return len;
	}
	kmemcpy(dst, src, n - 1);
	dst[n - 1] = 0;
	return n;
}
