// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the firmware says of the box: processors and interrupt controllers (MADT), the clock and the
 * power switch (FADT, and the one number of the DSDT that soft-off needs). Without tables: one
 * processor at the usual addresses.
 */
#include "kernel/lib/string.h"
#include "kernel/printk.h"
#include "x86.h"

struct acpi acpi = { .lapic = 0xfee00000, .ioapic = 0xfec00000, .com1_gsi = 4 };
unsigned nr_found_cpus;

struct sdt {
	char sig[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], table[8];
	u32 oem_revision, creator, creator_revision;
} __attribute__((packed));

struct rsdp {
	char sig[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
} __attribute__((packed));

static bool sums_to_zero(const void *p, size_t n)
{
	u8 sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = (u8)(sum + ((const u8 *)p)[i]);
	return !sum;
}

/* Low memory is not all in the direct map: it is looked at through a mapping of its own. */
static const struct rsdp *find_rsdp(void)
{
	const u8 *low = ioremap(0, 0x100000);
	u32 ebda = (u32)(*(const volatile u16 *)(low + 0x40e)) << 4;

	if (ebda >= 0x400 && ebda < 0xa0000)
		for (u32 a = ebda & ~15u; a < ebda + 1024; a += 16)
			if (!kmemcmp(low + a, "RSD PTR ", 8) && sums_to_zero(low + a, 20))
				return (const struct rsdp *)(low + a);
	for (u32 a = 0xe0000; a < 0x100000; a += 16)
		if (*(const u64 *)(low + a) == 0x2052545020445352 && sums_to_zero(low + a, 20))
			return (const struct rsdp *)(low + a);
	return NULL;
}

/* The table at pa, mapped whole; NULL if it is not one. */
static const struct sdt *map_table(u64 pa)
{
	const struct sdt *t = pa ? ioremap(pa, sizeof(*t)) : NULL;

	if (!t || t->length < sizeof(*t) || t->length > 1u << 20)
		return NULL;
	if ((pa & ~PAGE_MASK) + t->length > PAGE_SIZE)
		t = ioremap(pa, t->length);
	return t && sums_to_zero(t, t->length) ? t : NULL;
}

static void add_cpu(u32 apic_id, u32 flags)
{
	/* bit 0: enabled */
	if (!(flags & 1) || nr_found_cpus == MAX_CPUS)
		return;
	x86_cpus[nr_found_cpus++].apic_id = apic_id;
}

static void read_madt(const struct sdt *t)
{
	const u8 *p = (const u8 *)t + 44, *end = (const u8 *)t + t->length;
	bool have_ioapic = false;

	acpi.lapic = *(const u32 *)((const u8 *)t + 36);
	for (; p + 2 <= end && p[1] >= 2 && p + p[1] <= end; p += p[1]) {
		if (p[0] == 0 && p[1] >= 8)
			add_cpu(p[3], *(const u32 *)(p + 4));
		if (p[0] == 1 && p[1] >= 12 && !have_ioapic) {
			acpi.ioapic = *(const u32 *)(p + 4);
			acpi.ioapic_gsi = *(const u32 *)(p + 8);
			have_ioapic = true;
		}
		if (p[0] == 2 && p[1] >= 10 && p[3] == 4) {		/* ISA interrupt 4 is COM1 */
			acpi.com1_gsi = *(const u32 *)(p + 4);
			acpi.com1_low = (p[8] & 3) == 3;
			acpi.com1_level = (p[8] >> 2 & 3) == 3;
		}
	}
}

/* Finds the package _S5_ in the byte code: its first two numbers are what soft-off is called. */
static void read_dsdt(const struct sdt *t)
{
	const u8 *p = t ? (const u8 *)(t + 1) : NULL, *end = t ? (const u8 *)t + t->length : NULL;

	for (; p && p + 12 <= end; p++) {
		if (kmemcmp(p, "_S5_\x12", 5))
			continue;
		p += 5;
		p += (*p >> 6) + 2;			/* length of the package, then its count */
		if (*p == 0x0a)
			p++;
		acpi.s5_a = *p++ & 7;
		if (p < end && *p == 0x0a)
			p++;
		acpi.s5_b = p < end ? *p & 7 : 0;
		acpi.has_s5 = true;
		return;
	}
}

static void read_fadt(const struct sdt *t)
{
	const u8 *p = (const u8 *)t;

	if (t->length < 116)
		return;
	acpi.pm1a_cnt = (u16)*(const u32 *)(p + 64);
	acpi.pm1b_cnt = (u16)*(const u32 *)(p + 68);
	acpi.pm_timer = p[91] == 4 ? (u16)*(const u32 *)(p + 76) : 0;
	read_dsdt(map_table(*(const u32 *)(p + 40)));
}

static void read_table(u64 pa)
{
	const struct sdt *t = map_table(pa);

	if (t && !kmemcmp(t->sig, "APIC", 4))
		read_madt(t);
	if (t && !kmemcmp(t->sig, "FACP", 4))
		read_fadt(t);
}

void acpi_init(void)
{
	const struct rsdp *rsdp = find_rsdp();
	bool wide = rsdp && rsdp->revision >= 2 && rsdp->xsdt;
	const struct sdt *root = rsdp ? map_table(wide ? rsdp->xsdt : rsdp->rsdt) : NULL;
	size_t n = root ? (root->length - sizeof(*root)) / (wide ? 8 : 4) : 0;

	for (size_t i = 0; i < n; i++) {
		u64 pa = 0;

		kmemcpy(&pa, (const u8 *)(root + 1) + i * (wide ? 8 : 4), wide ? 8 : 4);
		read_table(pa);
	}
	if (!nr_found_cpus)
		nr_found_cpus = 1;
}

void acpi_poweroff(void)
{
	if (!acpi.has_s5 || !acpi.pm1a_cnt)
		return;
	outw(acpi.pm1a_cnt, (u16)(acpi.s5_a << 10 | 1u << 13));
	if (acpi.pm1b_cnt)
		outw(acpi.pm1b_cnt, (u16)(acpi.s5_b << 10 | 1u << 13));
}
