// SPDX-License-Identifier: GPL-2.0-only
//
// Records that are read while more come. They fill all rings: a file of its own, so that what events.c records stays to be seen.
#include "s.h"

static unsigned long number(const char *s)
{
	unsigned long n = 0;

	for (; *s == ' '; s++)
		;
	for (; (*s >= '0' && *s <= '9') || *s == '.'; s++)
		if (*s != '.')
			n = n * 10 + (unsigned long)(*s - '0');
	return n;
}

// How many there are.
static unsigned switches_in_order(void)
{
	unsigned long before = 0, torn = 0; // whose newest record was only just begun, and is an old one
	unsigned seen = 0;

	for (char *line = s_trace(), *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		if (!strstr(line, " sched_switch: "))
			continue;
		unsigned long now = number(line), cpu = 1ul << t_number(strstr(line, " cpu") + 4);

		if (torn & cpu || now < before)
			t_printf("# after %lu ns: %s\n", before, line);
		CHECK(!(torn & cpu));
		if (now < before) {
			torn |= cpu;
			continue;
		}
		before = now;
		seen++;
	}
	return seen;
}

TEST(in_order_while_more_come)
{
	unsigned long all = 0, last;

	// Two who do nothing but give way to each other write over a processor's records again and again.
	CHECK_GE(sys(sched_getaffinity, 0, sizeof all, &all), 0);
	last = 1ul << (63 - __builtin_clzl(all));
	for (int i = 0; i < 2; i++)
		if (t_fork() == 0) {
			CHECK_EQ(sys(sched_setaffinity, 0, sizeof last, &last), 0);
			for (;;)
				sys(sched_yield);
		}
	for (int round = 0; round < 5; round++)
		while (switches_in_order() < 1000) // a processor of the machine may stand still for a while
			t_sleep_ms(20);
}
