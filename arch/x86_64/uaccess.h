// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory word by word, where a copy would be built in the kernel only to be copied: between
 * user_access_begin() and user_access_end(), which let the CPU at it. Mirrors unsafe_put_user and
 * its like in Linux arch/x86/include/asm/uaccess.h.
 *
 * A word that is not there is faulted in; where that fails *err becomes -EFAULT, the word is 0, and
 * the rest goes on. Nothing else is called in between.
 */
#pragma once
#include "kernel/arch.h"
#include "kernel/sched.h"

/* As SMAP_SITE. */
#define SMAP_SITE_C(modrm)	"661: .byte 0x0f, 0x1f, " modrm "\n\t.pushsection .smap_sites, \"a\"\n\t.quad 661b\n\t.popsection"
/* The instruction before, at label 1, may fault: go on at 3, and from there back to 2. The table is searched from its beginning,
 * where the copy routines are. */
#define USER_FIXUP(undo)	"2:\n\t.pushsection .ex_table.words, \"a\"\n\t.quad 1b, 3f\n\t.popsection\n\t"		\
				".pushsection .text.fixup, \"ax\"\n3:\tmovl %[fault], %[err]\n\t" undo "jmp 2b\n\t.popsection"

/* The n bytes at a. Sleeps, holds no spinlock. False: they are not all the user's. */
static inline bool user_access_begin(uaddr_t a, size_t n)
{
	might_sleep();
	if (!access_ok(a, n))
		return false;
	__asm__ volatile(SMAP_SITE_C("0x03") : : : "memory");
	return true;
}

static inline void user_access_end(void)
{
	__asm__ volatile(SMAP_SITE_C("0x00") : : : "memory");
}

static inline void put_user_64(u64 *to, u64 v, int *err)
{
	__asm__ volatile("1: movq %[v], %[to]\n" USER_FIXUP("")
			 : [to] "=m"(*to), [err] "+r"(*err) : [v] "er"(v), [fault] "i"(-EFAULT));
}

static inline void put_user_32(u32 *to, u32 v, int *err)
{
	__asm__ volatile("1: movl %[v], %[to]\n" USER_FIXUP("")
			 : [to] "=m"(*to), [err] "+r"(*err) : [v] "er"(v), [fault] "i"(-EFAULT));
}

static inline u64 get_user_64(const u64 *from, int *err)
{
	u64 v;

	__asm__ volatile("1: movq %[from], %[v]\n" USER_FIXUP("xorl %k[v], %k[v]\n\t")
			 : [v] "=r"(v), [err] "+r"(*err) : [from] "m"(*from), [fault] "i"(-EFAULT));
	return v;
}

static inline u32 get_user_32(const u32 *from, int *err)
{
	u32 v;

	__asm__ volatile("1: movl %[from], %[v]\n" USER_FIXUP("xorl %[v], %[v]\n\t")
			 : [v] "=r"(v), [err] "+r"(*err) : [from] "m"(*from), [fault] "i"(-EFAULT));
	return v;
}

/* n words, one of the two sides is the user's: as far as they are there. */
static inline void copy_user_words(void *to, const void *from, size_t n, int *err)
{
	__asm__ volatile("1: rep movsq\n" USER_FIXUP("")
			 : "+D"(to), "+S"(from), "+c"(n), [err] "+r"(*err) : [fault] "i"(-EFAULT) : "memory");
}

static inline void clear_user_words(void *to, size_t n, int *err)
{
	__asm__ volatile("1: rep stosq\n" USER_FIXUP("")
			 : "+D"(to), "+c"(n), [err] "+r"(*err) : "a"(0ul), [fault] "i"(-EFAULT) : "memory");
}

/*
 * XSAVE into a frame whose header is zero, straight from the registers, with x87 and SSE said to be
 * in use.
 */
static inline void put_xstate(void *to, int *err)
{
	__asm__ volatile("1: xsave64 (%[to])\n" USER_FIXUP("")
			 : [err] "+r"(*err) : [to] "r"(to), "a"(-1), "d"(-1), [fault] "i"(-EFAULT) : "memory");
	__asm__ volatile("1: orq $3, 512(%[to])\n" USER_FIXUP("")
			 : [err] "+r"(*err) : [to] "r"(to), [fault] "i"(-EFAULT) : "memory");
}

static inline struct user_u64 __must_check get_user_u64(uaddr_t a)
{
	struct user_u64 u = { .err = -EFAULT };

	if (user_access_begin(a, sizeof(u64))) {
		u.err = 0;
		u.v = get_user_64((const u64 *)a, &u.err);
		user_access_end();
	}
	return u;
}
