// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fixed-width names, user addresses, and the few macros everybody needs. Includes only the
 * compiler's own headers.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* A user virtual address. An integer on purpose: it cannot be dereferenced by accident. */
typedef u64 uaddr_t;
/* A page frame number: physical address / PAGE_SIZE. */
typedef u64 pfn_t;

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096ul
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)	(((x) + PAGE_SIZE - 1) & PAGE_MASK)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define min(a, b)	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b)	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define __noreturn	__attribute__((noreturn))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __must_check	__attribute__((warn_unused_result))
#define __aligned(n)	__attribute__((aligned(n)))
#define __always_inline	inline __attribute__((always_inline))
#define __cold		__attribute__((cold))

/* Pointers that carry an errno: values in the last page of the address space. */
#define MAX_ERRNO	4095
static inline void *ERR_PTR(long e) { return (void *)e; }
static inline long PTR_ERR(const void *p) { return (long)p; }
static inline bool IS_ERR(const void *p) { return (unsigned long)p >= (unsigned long)-MAX_ERRNO; }

/*
 * Linker sets: LINKER_SET(set, type, name) places a const object into section `set_<set>`;
 * SET_FOREACH walks it. Both arches' linkers provide __start_/__stop_ symbols for sections with C
 * names.
 */
#define LINKER_SET(set, type, name) \
	static const type name __attribute__((used, section("set_" #set), aligned(8)))
#define SET_DECLARE(set, type) extern const type __start_set_##set[], __stop_set_##set[]
#define SET_FOREACH(p, set) for (p = __start_set_##set; p < __stop_set_##set; p++)
