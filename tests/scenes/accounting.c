// SPDX-License-Identifier: GPL-2.0-only
//
// What some accounting designs are known for: late_live keeps what it promises, rfc leaks a count, by_thread leaves threads in the
// refrigerator. These tests run under each of the three, and say what each of them shows.
#include "s.h"

static bool design(const char *name)
{
	return s_is(OOM, "design", name);
}

TEST(suspend_twice_after_a_leak)
{
	// The leader is gone first, so that none of the workers is the last by the patch's rule.
	struct hog h;

	s_stage();
	s_be_impatient();
	s_hog(&h, 3, LEADER_FIRST);
	s_run_out(&h);
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	t_sleep_ms(100); // long enough for whoever still drops it
	CHECK_EQ(t_field(OOM, "victims"), design("rfc") ? 1 : 0);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(s_suspend(), design("rfc") ? -EBUSY : 0);
		CHECK(s_is(OOM, "last_disable", design("rfc") ? "timeout" : "ok"));
		CHECK_EQ(t_field(OOM, "disabled"), 0);
	}
	CHECK_EQ(t_field(OOM, "victims"), design("rfc") ? 1 : 0);
}

TEST(frozen_group)
{
	struct hog h;

	s_stage();
	s_be_impatient();
	s_hog(&h, 8, 0);
	long owed = t_field(OOM, "victims");

	s_eat("disable_oom", s_too_much(&h), "");
	long err = s_suspend();

	CHECK(s_ate());
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	if (design("by_thread")) {
		CHECK_EQ(err, 0); // it believes that all is well
		CHECK_GE(t_field(OOM, "frozen_victims"), 1);
	} else {
		CHECK_EQ(err, owed ? -EBUSY : 0);
		CHECK_EQ(t_field(OOM, "frozen_victims"), 0);
	}
	if (!design("rfc"))
		CHECK_EQ(t_field(OOM, "victims"), 0);
}
