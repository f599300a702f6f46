// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APICs: the timer, interrupts between CPUs, bringing CPUs up. The I/O APIC carries one line,
 * COM1's. Mirrors Linux arch/x86/kernel/{apic,smpboot}.c.
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "x86.h"

#define APIC_TPR	0x80
#define APIC_EOI	0xb0
#define APIC_SVR	0xf0
#define APIC_ICR	0x300
#define APIC_ICR_DEST	0x310
#define APIC_LVT_TIMER	0x320
#define APIC_LVT_PERF	0x340
#define APIC_LVT_LINT0	0x350
#define APIC_LVT_LINT1	0x360
#define APIC_LVT_ERROR	0x370
#define STOP_SPINS	10000000u
#define APIC_TIMER_INIT	0x380
#define APIC_TIMER_NOW	0x390
#define APIC_TIMER_DIV	0x3e0
#define LVT_MASKED	0x10000u
#define ICR_PENDING	0x1000u
#define ICR_OTHERS	0xc0000u
#define NAP_NS		20000u

static volatile u32 *lapic, *ioapic;

static inline u32 apic_read(unsigned reg) { return lapic[reg / 4]; }
static inline void apic_write(unsigned reg, u32 v) { lapic[reg / 4] = v; }

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

u32 apic_timer_count(void)
{
	return apic_read(APIC_TIMER_NOW);
}

/* Counts down once and interrupts; 0: never. In units of 16 bus cycles. */
void apic_timer_start(u32 count)
{
	apic_write(APIC_TIMER_INIT, count);
}

/* Both PICs away from the exceptions, in case of a spurious interrupt, and silent. */
static void pic_off(void)
{
	outb(0x20, 0x11);
	outb(0xa0, 0x11);
	outb(0x21, 0x20);
	outb(0xa1, 0x28);
	outb(0x21, 4);
	outb(0xa1, 2);
	outb(0x21, 1);
	outb(0xa1, 1);
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}

/* This CPU's local APIC on, timer idle. */
static void apic_setup_cpu(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 1u << 11);
	apic_write(APIC_SVR, 0x100 | VEC_SPURIOUS);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, APIC_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_LVT_PERF, LVT_MASKED);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_TIMER_DIV, 3);			/* by 16 */
	apic_write(APIC_LVT_TIMER, VEC_TIMER);
	apic_write(APIC_TIMER_INIT, 0);
	apic_eoi();
}

void apic_init(void)
{
	pic_off();
	lapic = ioremap(acpi.lapic, PAGE_SIZE);
	ioapic = ioremap(acpi.ioapic, PAGE_SIZE);
	apic_setup_cpu();
}

static void ioapic_write(u32 reg, u32 v)
{
	ioapic[0] = reg;
	ioapic[4] = v;
}

void ioapic_console(void)
{
	u32 line = acpi.com1_gsi - acpi.ioapic_gsi;

	ioapic_write(0x11 + 2 * line, x86_cpus[0].apic_id << 24);
	ioapic_write(0x10 + 2 * line, VEC_CONSOLE | (acpi.com1_low ? 1u << 13 : 0) | (acpi.com1_level ? 1u << 15 : 0));
}

/* ---- between CPUs ---- */

/* The two halves of a command belong together: no interrupt of this CPU may send one in between. */
static void icr_send(u32 dest, u32 command)
{
	u64 flags = x86_flags();

	arch_irq_disable();
	while (apic_read(APIC_ICR) & ICR_PENDING)
		arch_cpu_relax();
	apic_write(APIC_ICR_DEST, dest << 24);
	apic_write(APIC_ICR, command);
	if (flags & FLAGS_IF)
		arch_irq_enable();
}

void apic_ipi(u32 apic_id, u32 command)
{
	icr_send(apic_id, command);
}

void arch_send_reschedule(unsigned cpu)
{
	apic_ipi(x86_cpus[cpu].apic_id, APIC_FIXED | VEC_RESCHEDULE);
}

void arch_stop_others(void)
{
	atomic_store(&stopping, 1);
	if (!lapic || nr_cpus == 1)
		return;
	icr_send(0, APIC_NMI | 0x4000 | ICR_OTHERS);
	/* One that is lost shall not keep us from saying why. */
	for (unsigned i = 0; i < STOP_SPINS && atomic_load(&stopped) < nr_cpus - 1; i++)
		arch_cpu_relax();
}

/* ---- bringing CPUs up ---- */

extern const char trampoline[], trampoline_end[];
extern u64 secondary_stack;
extern u32 secondary_id, secondary_efer;

static void nap(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_until(arch_clock_ns() + NAP_NS);
}

/*
 * Short sleeps rather than spinning: an emulator that runs CPUs in turns gets to the new one at
 * once, and one that counts instructions jumps to the next timer when a CPU is reset.
 */
static bool wait_alive(const struct x86_cpu *x, u64 us)
{
	u64 end = arch_clock_ns() + us * 1000;

	while (!atomic_load(&x->alive) && arch_clock_ns() < end)
		nap();
	return atomic_load(&x->alive);
}

static void wait_online(unsigned id)
{
	while (!*(volatile u8 *)&cpus[id].online)
		arch_cpu_relax();
}

/* 0, or why not: -ENOMEM, -EIO if the CPU does not answer. */
static int start_cpu(unsigned id)
{
	struct x86_cpu *x = &x86_cpus[id];
	struct cpu *c = &cpus[id];

	c->id = id;
	if (cpu_alloc(id))
		return -ENOMEM;
	if (!c->idle)
		c->idle = fork_idle(c);
	if (!c->idle || (!c->idle->arch.stack && arch_thread_alloc(c->idle)))
		return -ENOMEM;
	c->curr = c->idle;
	secondary_stack = (u64)c->idle->arch.stack + STACK_SIZE;
	secondary_id = id;
	secondary_efer = features.nx ? 1u << 11 : 0;
	atomic_thread_fence(memory_order_seq_cst);
	icr_send(x->apic_id, APIC_STARTUP | 0x4000 | TRAMPOLINE >> 12);
	if (wait_alive(x, 10000))
		return 0;
	icr_send(x->apic_id, APIC_STARTUP | 0x4000 | TRAMPOLINE >> 12);
	return wait_alive(x, 10000000) ? 0 : -EIO;
}

/* Everybody else goes to where a startup interrupt counts. */
static void init_others(void)
{
	for (unsigned id = 1; id < nr_found_cpus; id++)
		icr_send(x86_cpus[id].apic_id, APIC_INIT | 0x4000);
	nap();
}

void arch_start_cpus(void)
{
	assert_eq(this_cpu()->id, 0);
	kmemcpy(phys_to_virt(TRAMPOLINE), phys_to_virt((u64)trampoline), (size_t)(trampoline_end - trampoline));
	if (nr_found_cpus > 1)
		init_others();
	for (unsigned id = 1; id < nr_found_cpus; id++) {
		int err = start_cpu(id);

		if (err) {
			pr_err("CPU %u (APIC %u) does not start: error %d; going on with %u", id,
			       x86_cpus[id].apic_id, -err, id);
			nr_found_cpus = id;
		}
	}
	for (unsigned id = 1; id < nr_found_cpus; id++)
		wait_online(id);
	serial_rx_enable();
}

/* Another CPU, on its idle task's stack, interrupts off. */
void x86_secondary(unsigned id)
{
	cpu_setup(id);
	apic_setup_cpu();
	atomic_store(&x86_cpus[id].alive, 1);
	entry_secondary(id);
}

/* ---- idle ---- */

void arch_idle(void)
{
	/* STI takes effect after the next instruction: no interrupt comes between the two. */
	__asm__ volatile("sti; hlt" : : : "memory");
}
