// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load averages: how many tasks ran, waited to run, or slept so that no signal wakes them, as
 * an average that forgets over 1, 5 and 15 minutes. Mirrors Linux kernel/sched/loadavg.c.
 *
 * A sample is taken each five seconds, in the tick of whoever runs then. While nobody runs there is
 * no tick: who comes next takes the samples that were missed, in which nobody ran.
 *
 * Locks: tasklist_lock (r) for the walk. Who has moved next_sample on writes avenrun.
 */
#include "kernel/task.h"
#include "kernel/time.h"

#define LOAD_FREQ_NS	(5 * NSEC_PER_SEC + TICK_NSEC)
#define FIXED_1		(1ul << FSHIFT)
/*
 * What is left of a load after one more sample: 1/exp(5sec/1min), of 5 and of 15 minutes, times
 * FIXED_1.
 */
#define EXP_1		1884
#define EXP_5		2014
#define EXP_15		2037
/* After so many idle samples (half a day) nothing is left of any load. */
#define MOST_MISSED	10000

u64 avenrun[3];
static _Atomic u64 next_sample = LOAD_FREQ_NS;

/* Rounds away from where it comes from, so that it gets there. */
static u64 calc_load(u64 load, u64 exp, u64 active)
{
	u64 new = load * exp + active * (FIXED_1 - exp);

	if (active >= load)
		new += FIXED_1 - 1;
	return new / FIXED_1;
}

static void sample(unsigned n)
{
	avenrun[0] = calc_load(avenrun[0], EXP_1, n * FIXED_1);
	avenrun[1] = calc_load(avenrun[1], EXP_5, n * FIXED_1);
	avenrun[2] = calc_load(avenrun[2], EXP_15, n * FIXED_1);
}

static unsigned nr_uninterruptible(void)
{
	struct task *p, *t;
	unsigned n = 0;

	read_lock(&tasklist_lock);
	for_each_process_thread(p, t) {
		u32 state = atomic_load(&t->state);

		n += state & TASK_UNINTERRUPTIBLE && !(state & (TASK_NOLOAD | TASK_FROZEN));
	}
	read_unlock(&tasklist_lock);
	return n;
}

void loadavg_tick(u64 now)
{
	u64 due = atomic_load(&next_sample), missed;
	unsigned sleeping;

	if (now < due)
		return;
	missed = (now - due) / LOAD_FREQ_NS;
	if (!atomic_compare_exchange_strong(&next_sample, &due, due + (missed + 1) * LOAD_FREQ_NS))
		return;
	sleeping = nr_uninterruptible();
	for (u64 i = 0; i < min(missed, (u64)MOST_MISSED); i++)
		sample(sleeping);
	sample(sleeping + sched_nr_running());
}
