// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kind of CPU this is, and putting each into the state the kernel runs in: GDT, TSS, control
 * registers, SYSCALL.
 */
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "x86.h"

struct x86_cpu x86_cpus[MAX_CPUS];
struct x86_features features;
u64 pte_nx;
/*
 * Compilers' name. Every boot has its own; x86_boot() and what it calls inline return to nobody, so
 * the change is safe.
 */
u64 __stack_chk_guard = 0x7b1e5c0a9d3f2600;
void __stack_chk_fail(void) __noreturn;

/*
 * #DF, NMI and #DB must work whatever the kernel stack is like: each CPU has a stack for each, those of NMI and #DB, which
 * hardly use them, in one page.
 */
#define IST_SIZE	4096
static u8 boot_ist[2][IST_SIZE] __aligned(16);
static u8 *ist_stacks[MAX_CPUS];

#define CR0_MP	0x00000002ul
#define CR0_EM	0x00000004ul
#define CR0_TS	0x00000008ul
#define CR0_NE	0x00000020ul
#define CR0_WP	0x00010000ul
#define CR0_AM	0x00040000ul
#define CR4_PGE		(1ul << 7)
#define CR4_OSFXSR	(1ul << 9)
#define CR4_OSXMMEXCPT	(1ul << 10)
#define CR4_UMIP	(1ul << 11)
#define CR4_OSXSAVE	(1ul << 18)
#define CR4_SMEP	(1ul << 20)
#define CR4_SMAP	(1ul << 21)
#define XCR0_KNOWN	7ul			/* x87, SSE, AVX: what a thread's area has room for */

static void detect_names(u32 max_ext)
{
	struct cpuid r = cpuid(0, 0);
	u32 words[3] = { r.b, r.d, r.c };

	kmemcpy(features.vendor, words, 12);
	if (max_ext < 0x80000004)
		return;
	for (u32 i = 0; i < 3; i++) {
		r = cpuid(0x80000002 + i, 0);
		kmemcpy(features.model + 16 * i, &r, 16);
	}
}

static void detect_family(u32 sig)
{
	features.family = sig >> 8 & 15;
	features.model_nr = sig >> 4 & 15;
	features.stepping = sig & 15;
	if (features.family == 15)
		features.family += sig >> 20 & 255;
	if (features.family >= 6)
		features.model_nr |= sig >> 12 & 0xf0;
}

static void patch_smap_sites(void)
{
	for (u8 *const *p = __smap_sites_start; p < __smap_sites_end; p++) {
		u8 *at = phys_to_virt(virt_to_phys(*p));

		at[1] = 0x01;
		at[2] = at[2] ? 0xcb : 0xca;		/* STAC : CLAC */
	}
}

void cpu_detect(void)
{
	struct cpuid c0 = cpuid(0, 0), c1 = cpuid(1, 0), c7 = { 0, 0, 0, 0 },
		e0 = cpuid(0x80000000, 0), e1 = cpuid(0x80000001, 0);

	if (c0.a >= 7)
		c7 = cpuid(7, 0);
	features.feat[0] = c1.d;
	features.feat[1] = c1.c;
	features.feat[2] = c7.b;
	features.feat[3] = e1.d;
	features.feat[4] = e1.c;
	features.nx = e1.d >> 20 & 1;
	features.gb_pages = e1.d >> 26 & 1;
	features.smep = c7.b >> 7 & 1;
	features.smap = c7.b >> 20 & 1;
	features.umip = c7.c >> 2 & 1;
	features.xsave = c1.c >> 26 & 1;
	features.rdrand = c1.c >> 30 & 1;
	features.qemu = c1.c >> 31 & 1 && cpuid(0x40000000, 0).b == 0x54474354;	/* "TCGT", not KVM */
	detect_names(e0.a);
	detect_family(c1.a);
	if (features.nx)
		pte_nx = 1ul << 63;
	if (features.xsave)
		features.xcr0 = cpuid(0xd, 0).a & XCR0_KNOWN;
	if (features.smap)
		patch_smap_sites();
}

static void load_gdt(struct x86_cpu *x)
{
	struct { u16 limit; u64 base; } __attribute__((packed)) gdtr = { sizeof(x->gdt) - 1, (u64)x->gdt };
	u64 tss = (u64)&x->tss;

	x->gdt[KERNEL_CS / 8] = 0x00af9b000000ffff;
	x->gdt[KERNEL_DS / 8] = 0x00cf93000000ffff;
	x->gdt[USER_DS / 8] = 0x00cff3000000ffff;
	x->gdt[USER_CS / 8] = 0x00affb000000ffff;
	x->gdt[TSS_SEL / 8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | 0x89ull << 40 |
		(tss >> 24 & 0xff) << 56;
	x->gdt[TSS_SEL / 8 + 1] = tss >> 32;
	x->tss.iomap = sizeof(struct tss);
	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %2, %%eax\n\t"
			 "movl %%eax, %%ss\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\t"
			 "movl %%eax, %%fs\n\t"
			 "movl %%eax, %%gs\n\t"
			 "movl %3, %%eax\n\t"
			 "ltr %%ax"
			 : : "m"(gdtr), "i"(KERNEL_CS), "i"(KERNEL_DS), "i"(TSS_SEL) : "rax", "memory");
}

static void setup_control_registers(void)
{
	u64 cr4 = read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	if (features.smep)
		cr4 |= CR4_SMEP;
	if (features.smap)
		cr4 |= CR4_SMAP;
	if (features.umip)
		cr4 |= CR4_UMIP;
	if (features.xsave)
		cr4 |= CR4_OSXSAVE;
	write_cr0((read_cr0() | CR0_MP | CR0_NE | CR0_WP | CR0_AM) & ~(CR0_EM | CR0_TS));
	write_cr4(cr4);
	if (features.xsave)
		__asm__ volatile("xsetbv" : : "c"(0), "a"((u32)features.xcr0), "d"((u32)(features.xcr0 >> 32)));
}

void cpu_setup(unsigned id)
{
	struct x86_cpu *x = &x86_cpus[id];
	u8 *ist = id ? ist_stacks[id] : boot_ist[0];

	x->tss.ist[0] = (u64)ist + IST_SIZE / 2;
	x->tss.ist[1] = (u64)ist + 2 * IST_SIZE;
	x->tss.ist[2] = (u64)ist + IST_SIZE;
	load_gdt(x);
	cpus[id].self = &cpus[id];
	cpus[id].id = id;
	cpus[id].arch = x;
	x->bit = 1u << id;
	wrmsr(MSR_GS_BASE, (u64)&cpus[id]);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 1 | (features.nx ? 1u << 11 : 0));		/* SCE, NXE */
	wrmsr(MSR_STAR, (u64)KERNEL_CS << 32 | (u64)(USER_DS - 8) << 48);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	/* AC NT IOPL DF IF TF and the status flags: the kernel begins with none of the user's */
	wrmsr(MSR_SFMASK, 0x47fd5);
	idt_load();
	setup_control_registers();
	hw_breakpoints_init();
}

/* Before CPU @id is started; 0 or -ENOMEM. */
int cpu_alloc(unsigned id)
{
	struct page *p = alloc_pages(GFP_KERNEL, 1);

	if (!p)
		return -ENOMEM;
	ist_stacks[id] = page_address(p);
	return 0;
}

void __stack_chk_fail(void)
{
	panic("stack protector: the stack of %s/%d was overwritten", current->comm, current->pid);
}

static const struct { u8 word, bit; const char *name; } flag_names[] = {
	{ 0, 0, "fpu" }, { 0, 4, "tsc" }, { 0, 5, "msr" }, { 0, 6, "pae" }, { 0, 8, "cx8" },
	{ 0, 9, "apic" }, { 0, 15, "cmov" },
	{ 0, 23, "mmx" }, { 0, 24, "fxsr" }, { 0, 25, "sse" }, { 0, 26, "sse2" }, { 3, 11, "syscall" }, { 3, 20, "nx" },
	{ 3, 26, "pdpe1gb" }, { 3, 27, "rdtscp" }, { 3, 29, "lm" }, { 1, 0, "pni" }, { 1, 1, "pclmulqdq" }, { 1, 9, "ssse3" },
	{ 1, 12, "fma" }, { 1, 13, "cx16" }, { 1, 19, "sse4_1" }, { 1, 20, "sse4_2" }, { 1, 22, "movbe" }, { 1, 23, "popcnt" },
	{ 1, 25, "aes" }, { 1, 26, "xsave" }, { 1, 28, "avx" }, { 1, 29, "f16c" },
	{ 1, 30, "rdrand" }, { 1, 31, "hypervisor" },
	{ 4, 0, "lahf_lm" }, { 4, 5, "abm" }, { 2, 3, "bmi1" }, { 2, 5, "avx2" }, { 2, 7, "smep" }, { 2, 8, "bmi2" },
	{ 2, 9, "erms" }, { 2, 18, "rdseed" }, { 2, 19, "adx" }, { 2, 20, "smap" },
};

size_t arch_cpuinfo(unsigned cpu, char *buf, size_t n)
{
	u64 khz = tsc_khz();
	size_t len = kscnprintf(buf, n,
				"processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n"
				"stepping\t: %u\ncpu MHz\t\t: %lu.%03lu\nphysical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\n"
				"cpu cores\t: %u\napicid\t\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\nflags\t\t:",
				cpu, features.vendor, features.family, features.model_nr,
				features.model, features.stepping,
				(unsigned long)(khz / 1000), (unsigned long)(khz % 1000), nr_cpus, cpu, nr_cpus,
				x86_cpus[cpu].apic_id);

	for (unsigned i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (features.feat[flag_names[i].word] >> flag_names[i].bit & 1)
			len += kscnprintf(buf + len, n - len, " %s", flag_names[i].name);
	len += kscnprintf(buf + len, n - len, "\nclflush size\t: 64\ncache_alignment\t: 64\n\n");
	return len;
}

u64 arch_hwcap(void)
{
	return features.feat[0];
}

const char arch_platform[] = "x86_64";
