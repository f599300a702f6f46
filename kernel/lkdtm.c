// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways to break the kernel, to see that it notices. Mirrors Linux drivers/misc/lkdtm. Takes no
 * lock.
 *
 *	/sys/kernel/debug/provoke-crash/DIRECT	write a name: that happens, and the kernel must stop at once. Read: the names.
 *
 * But for DEEP_STACK: it goes on, and says at the end that so little of a stack was left.
 */
#include "kernel/abi.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/printk.h"
#include "kernel/task.h"

static const char constant[] = "constant";
static u8 data[16];

static __attribute__((noinline)) u32 recurse(volatile u32 depth)
{
	volatile u32 frame[128];

	frame[depth % ARRAY_SIZE(frame)] = depth;
	return depth ? recurse(depth - 1) + frame[depth % ARRAY_SIZE(frame)] : 0;
}

static void deep_stack(void)
{
	pr_info("%u\n", recurse(10));
}

static void exhaust_stack(void)
{
	pr_info("%u\n", recurse(1 << 20));
}

/* Writes past an array, over what the compiler has put above it. */
static __attribute__((noinline)) void overrun(volatile u8 *p, size_t n)
{
	while (n--)
		*p++ = 'a';
}

static __attribute__((noinline)) void corrupt_stack(void)
{
	volatile u8 array[16];

	overrun(array, 64);
}

static void write_ro(void)
{
	*(volatile char *)constant = 0;
}

static void exec_data(void)
{
	((void (*)(void))(u64)data)();
}

static void exec_userspace(void)
{
	((void (*)(void))current->mm->start_code)();
}

static void access_userspace(void)
{
	pr_info("%u\n", *(volatile u8 *)current->mm->arg_start);
}

/* The first to come keeps a lock for good; the second finds that out. On two CPUs. */
static void keep_lock(void)
{
	static struct spinlock kept = SPINLOCK_INIT("kept", RANK_ARCH);
	static _Atomic bool taken;

	if (atomic_exchange(&taken, true)) {
		while (spin_is_free(&kept))
			arch_cpu_relax();
		panic("another keeps the lock");
	}
	spin_lock(&kept);
	for (;;)
		arch_cpu_relax();
}

static const struct {
	const char *name;
	void (*crash)(void);
} ways[] = {
	{ "DEEP_STACK", deep_stack },
	{ "EXHAUST_STACK", exhaust_stack },
	{ "CORRUPT_STACK", corrupt_stack },
	{ "WRITE_RO", write_ro },
	{ "EXEC_DATA", exec_data },
	{ "EXEC_USERSPACE", exec_userspace },
	{ "ACCESS_USERSPACE", access_userspace },
	{ "KEEP_LOCK", keep_lock },
};

static s64 crash_store(const char *text, size_t n)
{
	size_t len = n && text[n - 1] == '\n' ? n - 1 : n;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		if (kstrlen(ways[i].name) == len && !kstrncmp(ways[i].name, text, len)) {
			ways[i].crash();
			return (s64)n;
		}
	}
	return -EINVAL;
}

static s64 crash_show(char *buf, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		len += ksnprintf(buf + len, n - len, "%s\n", ways[i].name);
	return (s64)len;
}
PSEUDO_FILE(provoke_crash, .path = "/sys/kernel/debug/provoke-crash/DIRECT", .mode = 0600,
	.show = crash_show, .store = crash_store);
