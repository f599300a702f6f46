// SPDX-License-Identifier: GPL-2.0-only
//
// A victim that ends in a fault of the kernel, in the middle of its exit. What it had is lost, and a count that it alone would have
// dropped stays: that is known, and no design is asked to do better. All else goes on. Each test needs a machine of its own.
#include "s.h"

// The only thread of the victim faults at that point.
static void victim_faults_at(const char *point)
{
	char text[64];
	struct hog h;

	s_stage();
	s_be_impatient();
	s_hog(&h, 1, 0);
	t_snprintf(text, sizeof text, "%s %d fault", point, h.pid);
	s_set(PAUSE, text);
	s_run_out(&h);
	UNTIL(t_field(PAUSE, point) == h.pid && t_state(h.pid) == 'X');
	CHECK(s_log_says("Fixing recursive fault"));
	CHECK_EQ(sys(wait4, h.pid, 0, 0, 0), -ECHILD); // nobody ever hears of it
	CHECK_EQ(sys(kill, h.pid, SIGKILL), 0);
	t_sleep_ms(100); // long enough for whoever still drops it
	long err = s_suspend();
	bool owed = err == -EBUSY && s_is(OOM, "last_disable", "timeout"); // by a count, or by what the design looks at
	CHECK(owed || (err == 0 && t_field(OOM, "victims") == 0));
	if (owed)
		t_printf("# known L1 count leaked with a thread that ended in a fault of the kernel\n");
	KEEPS("S5", "threads left in the fridge", t_field(OOM, "frozen_victims") == 0);
	KEEPS("S4", "runs uncounted under the barrier", t_field(OOM, "uncovered") == 0);
	CHECK_EQ(t_field(OOM, "disabled"), 0);
	for (int i = 0; i < 200 && t_field(OOM, "in_flight"); i++)
		t_sleep_ms(100);
	KEEPS("L6", "the killer waits for the dead for ever", t_field(OOM, "in_flight") == 0);
	t_loses();
}

SCENE(57, recursive_fault, "L1 L4 L6 S4 S5")
{
	victim_faults_at("X8"); // has no mm any more
}

SCENE(57, recursive_fault_with_its_mm, "L1 L4 L6 S4 S5")
{
	victim_faults_at("X4");
}
