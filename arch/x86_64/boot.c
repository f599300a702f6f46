// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the boot loader's word about memory to entry_main(). Everything it left in low memory is
 * copied or noted before any page is used for something else. Pages needed on the way come off the
 * top of the largest range below 4 GiB.
 */
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "x86.h"

#define MULTIBOOT_BOOTED	0x2badb002u
#define MB_CMDLINE		(1u << 2)
#define MB_MODULES		(1u << 3)
#define MB_MMAP			(1u << 6)
#define MB_LOADER		(1u << 9)
#define LOW_MEMORY		0x10000u	/* firmware's and the trampoline's */
#define BOOT_MAPPED		(4ull << 30)

struct multiboot {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
	u32 drives_length, drives_addr, config, loader;
};
struct mb_module { u32 start, end, string, reserved; };
struct mb_mmap {
	u32 size;
	u64 base, length;
	u32 type;
} __attribute__((packed));

extern u64 __stack_chk_guard;
void boot_onto(u64 stack_top, void (*fn)(void)) __noreturn;

static struct boot_info bi;
static struct mem_range *early_range;		/* where early_page() takes from */

u64 early_page(void)
{
	u64 pa;

	if (!early_range || early_range->end - early_range->start < 2 * PAGE_SIZE)
		panic("no memory to boot in");
	pa = early_range->end -= PAGE_SIZE;
	arch_clear_page(phys_to_virt(pa));
	return pa;
}

/* ---- the command line ---- */

/*
 * QEMU puts the image's path first, which may have spaces in it; GRUB 2 passes what the user wrote.
 */
static const char *skip_image_name(const char *s, const char *loader)
{
	const char *elf = kstrstr(s, ".elf"), *end;

	if (!kstrstarts(loader, "qemu") && *s != '/' && *s != '(')
		return s;
	end = elf && (elf[4] == ' ' || !elf[4]) ? elf + 4 : kstrchr(s, ' ');
	if (!end)
		return "";
	while (*end == ' ')
		end++;
	return end;
}

static void read_cmdline(const struct multiboot *mb)
{
	const char *loader = mb->flags & MB_LOADER ? phys_to_virt(mb->loader) : "";

	if (mb->flags & MB_CMDLINE)
		kstrlcpy(bi.cmdline, skip_image_name(phys_to_virt(mb->cmdline), loader), sizeof(bi.cmdline));
}

/* ---- memory ---- */

static void add_range(u64 start, u64 end)
{
	start = PAGE_ALIGN(start);
	end &= PAGE_MASK;
	if (start < end && bi.nr_ranges < ARRAY_SIZE(bi.ranges))
		bi.ranges[bi.nr_ranges++] = (struct mem_range){ start, end };
}

/* Takes [start, end) out of all ranges; one that it splits becomes two. */
static void reserve(u64 start, u64 end)
{
	unsigned n = bi.nr_ranges;

	start &= PAGE_MASK;
	end = PAGE_ALIGN(end);
	for (unsigned i = 0; i < n; i++) {
		struct mem_range *r = &bi.ranges[i], was = *r;

		if (end <= was.start || start >= was.end)
			continue;
		r->end = max(was.start, start);
		if (end < was.end && r->end == was.start)
			*r = (struct mem_range){ end, was.end };
		else if (end < was.end)
			add_range(end, was.end);
	}
}

static void read_mmap(const struct multiboot *mb)
{
	const u8 *p = phys_to_virt(mb->mmap_addr), *end = p + mb->mmap_length;

	if (!(mb->flags & MB_MMAP))
		panic("the boot loader gave no memory map");
	while (p + sizeof(struct mb_mmap) <= end) {
		const struct mb_mmap *m = (const struct mb_mmap *)p;

		p += m->size + 4;
		if (m->type != 1 || !m->length || m->base + m->length < m->base)
			continue;
		bi.ram_bytes += m->length;
		/* Boot tables end there, and so do early pages. */
		if (m->base < BOOT_MAPPED && m->base + m->length > BOOT_MAPPED) {
			add_range(m->base, BOOT_MAPPED);
			add_range(BOOT_MAPPED, m->base + m->length);
		} else {
			add_range(m->base, m->base + m->length);
		}
	}
}

/* [start, end) lies in ranges that touch one another. They are in no order. */
static bool is_memory(u64 start, u64 end)
{
	bool more = true;

	while (more && start < end) {
		more = false;
		for (unsigned i = 0; i < bi.nr_ranges; i++)
			if (start >= bi.ranges[i].start && start < bi.ranges[i].end) {
				start = bi.ranges[i].end;
				more = true;
			}
	}
	return start >= end;
}

/* After the memory map. A loader may have put down as much of a module as there was room for. */
static void read_modules(const struct multiboot *mb)
{
	const struct mb_module *m = phys_to_virt(mb->mods_addr);

	if (!(mb->flags & MB_MODULES))
		return;
	for (u32 i = 0; i < mb->mods_count && bi.nr_initrds < ARRAY_SIZE(bi.initrds); i++) {
		if (m[i].start >= m[i].end)
			continue;
		if (!is_memory(m[i].start, m[i].end))
			boot_refuse("boot archive %u has %u KiB: give more memory (MEM=, QEMU's -m)", i, (m[i].end - m[i].start) / 1024);
		bi.initrds[bi.nr_initrds].start = m[i].start;
		bi.initrds[bi.nr_initrds++].end = m[i].end;
	}
}

static void sort_ranges(void)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < bi.nr_ranges; i++)
		if (bi.ranges[i].start < bi.ranges[i].end)
			bi.ranges[kept++] = bi.ranges[i];
	bi.nr_ranges = kept;
	for (unsigned i = 1; i < kept; i++)
		for (unsigned j = i; j > 0 && bi.ranges[j].start < bi.ranges[j - 1].start; j--) {
			struct mem_range t = bi.ranges[j];

			bi.ranges[j] = bi.ranges[j - 1];
			bi.ranges[j - 1] = t;
		}
}

static void reserve_all(void)
{
	reserve(0, LOW_MEMORY);
	reserve(0x100000, virt_to_phys(__kernel_end));
	for (unsigned i = 0; i < bi.nr_initrds; i++)
		reserve(bi.initrds[i].start, bi.initrds[i].end);
	sort_ranges();
	for (unsigned i = 0; i < bi.nr_ranges; i++) {
		struct mem_range *r = &bi.ranges[i];

		if (r->end <= BOOT_MAPPED &&
		    (!early_range || r->end - r->start > early_range->end - early_range->start))
			early_range = r;
	}
}

/* ---- start ---- */

/* On the final stack, under the final tables. */
static void boot_on_stack(void)
{
	early_range = NULL;
	entry_main(&bi);
}

static void read_multiboot(void)
{
	const struct multiboot *mb = phys_to_virt(multiboot_info);

	if ((u32)multiboot_magic != MULTIBOOT_BOOTED)
		panic("not started by a multiboot loader");
	read_cmdline(mb);
	read_mmap(mb);
	read_modules(mb);
}

/*
 * On the boot stack, under the boot tables, as the loader left the CPU. Never returns, so the
 * canary may change under it.
 */
void x86_boot(void)
{
	static struct mem_range ram[ARRAY_SIZE(bi.ranges)];
	unsigned nr_ram;
	u8 *stack;

	serial_init();
	cpu_detect();
	idt_init();
	cpus[0].curr = &init_task;
	cpu_setup(0);
	random_init();
	__stack_chk_guard = arch_random() & ~0xfful;	/* with a zero byte: strings end before it */
	read_multiboot();
	nr_ram = bi.nr_ranges;
	kmemcpy(ram, bi.ranges, sizeof(ram));
	reserve_all();
	paging_init(ram, nr_ram);
	fpu_init();
	acpi_init();
	apic_init();
	clock_init();
	init_task.arch.stack = stack = stack_early();
	boot_onto((u64)stack + STACK_SIZE, boot_on_stack);
}
