// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two 16550 serial ports: COM1 is the console, COM2 carries results for a program on the other
 * side; and the ways to end the machine. Writing polls and needs no lock: whoever wants whole lines
 * takes one above.
 */
#include "kernel/printk.h"
#include "x86.h"

#define COM1	0x3f8
#define COM2	0x2f8
/* registers */
#define DATA	0
#define IER	1
#define FCR	2
#define LCR	3
#define MCR	4
#define LSR	5
#define SCRATCH	7
#define LSR_READY	0x01
#define LSR_TX_EMPTY	0x20
#define FIFO		16u
#define TX_PATIENCE	100000u			/* looks at a port that takes nothing; real ones need 87 us a byte */

static bool com1_there, com2_there;
/* What was typed before the driver was there; turning the FIFOs on would lose it. */
static u8 early[FIFO];
static unsigned nr_early;

static bool port_init(u16 port)
{
	outb((u16)(port + SCRATCH), 0x5a);
	if (inb((u16)(port + SCRATCH)) != 0x5a)
		return false;
	outb((u16)(port + IER), 0);
	outb((u16)(port + LCR), 0x80);			/* divisor: 115200 baud */
	outb((u16)(port + DATA), 1);
	outb((u16)(port + IER), 0);
	outb((u16)(port + LCR), 0x03);			/* 8 bits, no parity, one stop bit */
	outb((u16)(port + FCR), 0x07);			/* FIFOs on and empty, interrupt at the first byte */
	outb((u16)(port + MCR), 0x0b);			/* DTR, RTS, and OUT2, the interrupt's gate */
	return true;
}

void serial_init(void)
{
	while (nr_early < FIFO && (inb(COM1 + LSR) & (LSR_READY | 0x80)) == LSR_READY)
		early[nr_early++] = inb(COM1 + DATA);
	com1_there = port_init(COM1);
	com2_there = port_init(COM2);
}

static bool port_empty(u16 port)
{
	for (unsigned look = 0; look < TX_PATIENCE; look++)
		if (inb((u16)(port + LSR)) & LSR_TX_EMPTY)
			return true;
	return false;
}

/* As much at once as the port holds; a character if it seems to take nothing. */
static void port_write(u16 port, const char *s, size_t n)
{
	while (n) {
		size_t burst = port_empty(port) ? min(n, (size_t)FIFO) : 1;

		n -= burst;
		outs(port + DATA, &s, burst);
	}
}

void arch_console_write(const char *s, size_t n)
{
	if (com1_there)
		port_write(COM1, s, n);
}

void arch_report_write(const char *s, size_t n)
{
	if (com2_there)
		port_write(COM2, s, n);
}

void serial_rx_enable(void)
{
	if (!com1_there)
		return;
	ioapic_console();
	outb(COM1 + IER, 1);
	if (nr_early)
		apic_ipi(x86_cpus[0].apic_id, APIC_FIXED | VEC_CONSOLE);
}

void serial_irq(void)
{
	for (unsigned i = 0; i < nr_early; i++)
		entry_console_rx(early[i]);
	nr_early = 0;
	while (inb(COM1 + LSR) & LSR_READY)
		entry_console_rx(inb(COM1 + DATA));
}

/*
 * QEMU's debug-exit device first: only it can carry a status (33 for passed, 35 for failed, 37 for
 * refused). Then as a PC does it.
 */
void arch_poweroff(int status)
{
	u64 deepest = status ? 0 : arch_stack_max();

	if (deepest > STACK_SIZE - STACK_MARGIN) {
		kprintf("a kernel stack was used to %lu of its %lu bytes\n", deepest, STACK_SIZE);
		status = 1;
	}
	arch_irq_disable();
	outl(0xf4, 0x10 + (u32)status);
	if (!status)
		acpi_poweroff();
	for (;;)
		__asm__ volatile("cli; hlt");
}
