// SPDX-License-Identifier: GPL-2.0-only
//
// What each accounting design is known for. These run under every one of them: late_live keeps what it promises, rfc leaks a count,
// by_thread leaves threads in the refrigerator.
#include "s.h"

static bool design(const char *name)
{
	return s_is(OOM, "design", name);
}

// Scenario 43, suspend_twice_after_leak.
TEST(suspend_twice_after_a_leak)
{
	// The leader is gone first, so that none of the workers is the last by the patch's rule.
	struct hog h;

	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "200");
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

// Scenario 15, pm_frozen_group.
TEST(frozen_group)
{
	struct hog h;

	s_stage();
	s_set("/sys/power/pm_freeze_timeout", "200");
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

static int eat_too(void *arg)
{
	struct hog *h = arg;

	*h->ready = (int)sys(gettid);
	UNTIL(*h->ready == 0);
	s_eat("self", s_free() * 2, "");
	return thread_pause(NULL);
}

// Scenario 58. Two threads of a dying group call the killer one after the other: the leader, which is chosen, and then the worker.
// Both are held up on their way out before they give their memory up, the leader until the worker is there.
TEST(double_oom)
{
	struct hog h;
	char line[128];
	int n = 0;

	s_stage();
	long owed = t_field(OOM, "victims");

	h.ready = t_map_shared(PAGE);
	h.pid = t_fork();
	if (h.pid == 0) {
		struct thread t;

		s_adj("1000");
		thread_start(&t, eat_too, &h);
		UNTIL(h.ready[1]);
		s_eat("self", s_free() * 2, "");
		thread_pause(NULL);
	}
	UNTIL(*h.ready);
	int worker = *h.ready;

	t_snprintf(line, sizeof line, "self %d 60000\nX4 %d 60000\nX4 %d 0\n", worker, h.pid, worker);
	s_set(PAUSE, line);
	*h.ready = 0;
	UNTIL(t_field(PAUSE, "self") == worker);
	h.ready[1] = 1;
	CHECK_EQ(t_wait(h.pid), SIGNALLED(SIGKILL));
	CHECK_GE(t_slurp(PAUSE, s_buf, sizeof s_buf), 1);
	CHECK(strstr(s_buf, " 0\n") == NULL); // in that order
	s_set(PAUSE, "\n");
	UNTIL(design("rfc") || t_field(OOM, "victims") == owed);
	char *text = s_trace();
	t_snprintf(line, sizeof line, "mark_victim: tgid=%d pid=%d", h.pid, worker);
	char *at = strstr(text, line); // the second call

	CHECK(at);
	for (; (at = strstr(at, "exit_oom_victim: ")); n++) { // by_thread drops from two, the others from one
		at = strstr(at, "victims=") + 8;
		CHECK_EQ(t_number(at), owed + (design("by_thread") && n == 0));
	}
	if (!design("rfc"))
		CHECK_EQ(n, design("by_thread") ? 2 : 1);
}
