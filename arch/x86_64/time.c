// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time: the TSC, measured once against a counter of known speed; the APIC timer, measured along
 * with it; the calendar clock; and randomness. LINUX: the TSCs of all CPUs are taken to run
 * together, as they do on every machine this kernel is for.
 */
#include "kernel/abi.h"
#include "kernel/lib/string.h"
#include "kernel/panic.h"
#include "x86.h"

#define NSEC		1000000000ull
#define PM_HZ		3579545u
#define PIT_HZ		1193182u
#define MEASURE_US	500u
#define SAMPLES		8u

u64 tsc_start, ns_mult;
static u64 tsc_hz = NSEC, timer_mult;	/* timer_mult: 32 bits of fraction */

/* ---- the yardstick: ACPI's timer, or else channel 2 of the PIT ---- */

static u32 reference(void)
{
	u32 lo;

	if (acpi.pm_timer)
		return inl(acpi.pm_timer) & 0xffffff;
	outb(0x43, 0x80);			/* latch */
	lo = inb(0x42);
	return 0xffff - (lo | (u32)inb(0x42) << 8);
}

struct sample {
	u64 tsc, took;
	u32 ref, timer;
};

/*
 * The reading that took least: a machine that shares its processors may stop between any two
 * instructions.
 */
static struct sample take_sample(void)
{
	struct sample best = { .took = ~0ull };

	for (unsigned i = 0; i < SAMPLES; i++) {
		u64 t0 = rdtsc();
		u32 ref = reference(), timer = apic_timer_count();
		u64 took = rdtsc() - t0;

		if (took < best.took)
			best = (struct sample){ .tsc = t0 + took / 2, .took = took, .ref = ref, .timer = timer };
	}
	return best;
}

/* Emulated machines have timers of exactly 1 GHz. */
static u64 snap(u64 hz)
{
	return hz > NSEC - NSEC / 200 && hz < NSEC + NSEC / 200 ? NSEC : hz;
}

void clock_init(void)
{
	u32 hz = acpi.pm_timer ? PM_HZ : PIT_HZ, mask = acpi.pm_timer ? 0xffffff : 0xffff, ticks = hz / (1000000 / MEASURE_US);
	struct sample a, b;
	u32 elapsed;
	u64 timer_hz;

	if (!acpi.pm_timer) {
		outb(0x61, (u8)((inb(0x61) & ~2u) | 1));
		outb(0x43, 0xb4);		/* channel 2, mode 2 */
		outb(0x42, 0xff);
		outb(0x42, 0xff);
	}
	apic_timer_start(~0u);
	a = take_sample();
	while (((reference() - a.ref) & mask) < ticks)
		arch_cpu_relax();
	b = take_sample();
	apic_timer_start(0);
	elapsed = (b.ref - a.ref) & mask;
	tsc_hz = snap((b.tsc - a.tsc) * hz / elapsed);
	timer_hz = snap((u64)(a.timer - b.timer) * 16 * hz / elapsed) / 16;
	ns_mult = (u64)(((unsigned __int128)NSEC << 32) / tsc_hz);
	timer_mult = (timer_hz << 32) / NSEC;
	tsc_start = b.tsc;
}

u64 tsc_khz(void)
{
	return tsc_hz / 1000;
}

static inline u64 scale(u64 v, u64 mult) { return (u64)((unsigned __int128)v * mult >> 32); }

u64 arch_instructions(void)
{
	return rdtsc();
}

/* One tick late rather than early: a timer that fires before its time must be armed again. */
void arch_timer_arm(u64 deadline)
{
	u64 now, count = 0;

	if (deadline != ~0ull) {
		now = arch_clock_ns();
		count = deadline > now ? scale(min(deadline - now, 1ull << 40), timer_mult) + 1 : 1;
	}
	apic_timer_start((u32)min(count, 0xffffffffull));
}

/* ---- the calendar ---- */

static u8 cmos(u8 reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

struct rtc { u8 sec, min, hour, day, month, year; };

static struct rtc read_rtc(void)
{
	while (cmos(0x0a) & 0x80)		/* update in progress */
		arch_cpu_relax();
	return (struct rtc){ cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9) };
}

static unsigned from_bcd(unsigned v) { return (v & 15) + (v >> 4) * 10; }

u64 arch_rtc_seconds(void)
{
	struct rtc r = read_rtc(), again;
	bool binary = cmos(0x0b) & 4, h24 = cmos(0x0b) & 2, pm;
	unsigned y, m, d, hour, era_day;

	while (again = read_rtc(), kmemcmp(&r, &again, sizeof(r)))
		r = again;
	pm = !h24 && r.hour & 0x80;
	hour = binary ? r.hour & 0x7f : from_bcd(r.hour & 0x7f);
	if (!h24)
		hour = hour % 12 + (pm ? 12 : 0);
	y = 2000 + (binary ? r.year : from_bcd(r.year));
	m = binary ? r.month : from_bcd(r.month);
	d = binary ? r.day : from_bcd(r.day);
	/* days since 1970, with years that begin in March */
	y -= m <= 2;
	era_day = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1 + y * 365 + y / 4 - y / 100 + y / 400;
	return (u64)(era_day - 719468) * 86400 + hour * 3600 + (binary ? r.min : from_bcd(r.min)) * 60u +
	       (binary ? r.sec : from_bcd(r.sec));
}

/* ---- randomness ---- */

static _Atomic u64 random_state;

static u64 mix(u64 v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ull;
	v = (v ^ v >> 27) * 0x94d049bb133111ebull;
	return v ^ v >> 31;
}

/* The CPU's own source if it has one; and always a counter and the clock, mixed. */
u64 arch_random(void)
{
	u64 v = atomic_fetch_add(&random_state, 0x9e3779b97f4a7c15ull) ^ rdtsc(), hw = 0;
	u8 ok = 0;

	for (unsigned i = 0; features.rdrand && !ok && i < 10; i++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(hw), "=qm"(ok));
	return mix(v) ^ hw;
}

void random_init(void)
{
	atomic_store(&random_state, mix(rdtsc()) ^ (u64)cmos(0) << 32);
}
