// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes and strings. Copies and comparisons are of 8 bytes at a time: machines here are measured by
 * instructions executed.
 */
#pragma once
#include "kernel/lib/types.h"

/* These two are the machine's. The copy goes upwards: dst may overlap what is above it. */
void *kmemcpy(void *dst, const void *src, size_t n);
void *kmemset(void *dst, int c, size_t n);
void *kmemmove(void *dst, const void *src, size_t n);	/* may overlap */
int kmemcmp(const void *a, const void *b, size_t n);
const void *kmemchr(const void *s, int c, size_t n);

size_t kstrlen(const char *s);
size_t kstrnlen(const char *s, size_t n);
int kstrcmp(const char *a, const char *b);
int kstrncmp(const char *a, const char *b, size_t n);
char *kstrchr(const char *s, int c);			/* NULL if none; finds the final zero too */
char *kstrrchr(const char *s, int c);
char *kstrstr(const char *s, const char *what);
/*
 * Copies at most n - 1 characters and a final zero (n > 0); length copied, or n if it did not fit.
 */
size_t kstrlcpy(char *dst, const char *src, size_t n);
static inline bool kstreq(const char *a, const char *b) { return kstrcmp(a, b) == 0; }
/* Does s begin with prefix? */
static inline bool kstrstarts(const char *s, const char *prefix) { return kstrncmp(s, prefix, kstrlen(prefix)) == 0; }
static inline bool kisdigit(int c) { return c >= '0' && c <= '9'; }
static inline bool kisspace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
