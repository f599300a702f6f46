// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual processors, of which one runs at a time. Every step of the kernel that another processor
 * could see is an arch_point(): there virtual time passes, interrupts come in if they are on, and
 * by the seed's dice another processor goes on instead. The same seed gives the same run, to the
 * step.
 *
 * Interrupts are off while a spinlock is held, but the processor may still be left: the others run
 * into the lock and spin, as real ones do.
 */
#include "arch/host/host.h"
#include "arch/host/os.h"
#include "kernel/entry.h"
#include "kernel/lib/fmt.h"
#include "kernel/timer.h"

#define STEP_NS		1000u
/* More than any scenario takes: who gets here runs in circles. */
#define MAX_STEPS	50000000ull

struct host_cpu {
	u8 started;
	u8 irqs_on;
	u8 idle;				/* in arch_idle, nothing pending */
	u32 pending;				/* HOST_IRQ_* */
	u64 deadline;				/* timer, ~0 none */
	u64 taken;				/* interrupts so far */
};
#define HOST_IRQ_TIMER	1u
#define HOST_IRQ_RESCHED 2u
static struct host_cpu host_cpus[MAX_CPUS];
static unsigned host_nr_cpus;
u64 host_steps;
struct cpu *host_this_cpu;
struct task *host_current;

static u64 idle_ns;				/* virtual time that passed while all were idle */
static u64 dice;
static unsigned switch_one_in;			/* how often a step changes the processor: the seed decides */
static bool quiet;				/* panic: no more changes */

static inline struct host_cpu *me(void) { return &host_cpus[host_this_cpu->id]; }

u64 host_random(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice * 0x2545f4914f6cdd1dull >> 11;
}

void host_cpu_init(u64 seed, unsigned n)
{
	static const unsigned rates[] = { 2, 3, 5, 10, 30, 100, 300, 1000 };

	dice = (seed + 1) * 0x9e3779b97f4a7c15ull;
	switch_one_in = rates[host_random() % ARRAY_SIZE(rates)];
	host_nr_cpus = n;
	for (unsigned i = 0; i < n; i++)
		host_cpus[i].deadline = ~0ull;
	host_cpus[0].started = 1;
}

void host_set_current(struct cpu *c, struct task *t)
{
	host_this_cpu = c;
	host_current = t;
}

/* --- time --- */

u64 arch_clock_ns(void)
{
	return host_steps * STEP_NS + idle_ns;
}

u64 arch_instructions(void)
{
	return host_steps;
}

u64 arch_rtc_seconds(void)
{
	return 1700000000;
}

u64 arch_random(void)
{
	return host_random() << 32 ^ host_random();
}

void arch_timer_arm(u64 deadline)
{
	me()->deadline = deadline;
}

static void fire_timers(void)
{
	u64 now = arch_clock_ns();

	for (unsigned i = 0; i < host_nr_cpus; i++)
		if (host_cpus[i].deadline <= now) {
			host_cpus[i].deadline = ~0ull;
			host_cpus[i].pending |= HOST_IRQ_TIMER;
		}
}

static void step(void)
{
	host_steps++;
	if (unlikely(host_steps > MAX_STEPS) && !quiet) {
		quiet = true;
		panic("no end after %lu steps", host_steps);
	}
	fire_timers();
}

/* --- who runs --- */

static bool can_run(unsigned i)
{
	return host_cpus[i].started && (!host_cpus[i].idle || host_cpus[i].pending);
}

/* Another processor that can go on, or -1. */
static int pick_other(void)
{
	unsigned start = (unsigned)(host_random() % host_nr_cpus), self = host_this_cpu->id;

	for (unsigned n = 0; n < host_nr_cpus; n++) {
		unsigned i = (start + n) % host_nr_cpus;

		if (i != self && can_run(i))
			return (int)i;
	}
	return -1;
}

/* This processor stops here and @i goes on where it stopped. */
static void go_on_as(unsigned i)
{
	struct task *from = host_current, *to = cpus[i].curr;
	struct cpu *self = host_this_cpu;

	host_set_current(&cpus[i], to);
	host_fiber_switch(from, to);
	assert(host_this_cpu == self && host_current == from);
}

static void take_interrupts(void)
{
	struct host_cpu *h = me();

	while (h->pending && h->irqs_on) {
		u32 what = h->pending & HOST_IRQ_TIMER ? HOST_IRQ_TIMER : HOST_IRQ_RESCHED;

		h->pending &= ~what;
		h->taken++;
		h->irqs_on = 0;
		entry_irq_enter();
		if (what == HOST_IRQ_TIMER)
			entry_timer();
		else
			entry_reschedule();
		entry_irq_exit();
		h->irqs_on = 1;
	}
}

/*
 * Between the look at a state and what is done about it most mistakes hide: a change there is
 * likely even under a lazy seed.
 */
static unsigned odds(enum arch_point kind)
{
	return kind == POINT_WAKE || kind == POINT_STATE ? min(switch_one_in, 4u) : switch_one_in;
}

void (*host_on_exit_step)(const char *label);

void arch_point(enum arch_point kind, const void *what)
{
	int other;

	if (quiet)
		return;
	step();
	if (kind == POINT_EXIT_STEP && host_on_exit_step)
		host_on_exit_step(what);
	if (host_nr_cpus > 1 && host_random() % odds(kind) == 0) {
		other = pick_other();
		if (other >= 0)
			go_on_as((unsigned)other);
	}
	take_interrupts();
}

void arch_cpu_relax(void)
{
	int other;

	if (quiet)
		return;
	step();
	other = pick_other();
	if (other >= 0)
		go_on_as((unsigned)other);
	take_interrupts();
}

/*
 * In user mode: one step, true if an interrupt came, so that the way out of the kernel has to be
 * gone.
 */
bool host_user_step(void)
{
	struct host_cpu *h = me();
	u64 before = h->taken;

	arch_point(POINT_USER, NULL);
	return h->taken != before;
}

bool arch_irqs_on(void)
{
	return me()->irqs_on;
}

u64 arch_irq_save(void)
{
	bool on = me()->irqs_on;

	me()->irqs_on = 0;
	return on;
}

void arch_irq_disable(void)
{
	me()->irqs_on = 0;
}

void arch_irq_enable(void)
{
	me()->irqs_on = 1;
	if (!quiet)
		take_interrupts();
}

/* Everybody is idle: time jumps to the next timer. Without one nothing will ever happen again. */
static void jump_to_next_timer(void)
{
	u64 next = ~0ull, now = arch_clock_ns();

	for (unsigned i = 0; i < host_nr_cpus; i++)
		next = min(next, host_cpus[i].deadline);
	if (next == ~0ull)
		panic("all processors are idle and no timer is set: somebody was not woken");
	if (next > now)
		idle_ns += next - now;
	fire_timers();
}

void arch_idle(void)
{
	struct host_cpu *h = me();
	int other;

	assert(!h->irqs_on);
	h->idle = 1;
	step();
	while (!h->pending) {
		other = pick_other();
		if (other >= 0)
			go_on_as((unsigned)other);
		else
			jump_to_next_timer();
	}
	h->idle = 0;
	arch_irq_enable();
}

void arch_send_reschedule(unsigned cpu)
{
	host_cpus[cpu].pending |= HOST_IRQ_RESCHED;
}

/* --- starting them --- */

static void secondary(void)
{
	entry_secondary(host_this_cpu->id);
}

void arch_start_cpus(void)
{
	for (unsigned i = 1; i < host_nr_cpus; i++) {
		struct cpu *c = &cpus[i];

		c->self = c;
		c->id = i;
		c->idle = fork_idle(c);
		if (!c->idle)
			panic("no memory for processor %u", i);
		c->curr = c->idle;
		host_fiber_init(c->idle, secondary);
		host_cpus[i].started = 1;
		while (!READ_ONCE(c->online))
			arch_cpu_relax();
	}
}

void arch_stop_others(void)
{
	quiet = true;
}

size_t arch_cpuinfo(unsigned cpu, char *buf, size_t n)
{
	return kscnprintf(buf, n, "processor\t: %u\nmodel name\t: virtual\n\n", cpu);
}
