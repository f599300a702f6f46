// SPDX-License-Identifier: GPL-2.0-only
//
// Scenes in which the first program itself has a part. Booted by init=/tests/as_init -- @init [SCENE].
#include "scenes/s.h"

static int sharer(void *arg)
{
	s_adj("1000");
	*(_Atomic int *)arg = 1;
	return thread_pause(NULL);
}

SCENE(5, orphan_victim_is_reaped_by_init, "L1 L5")
{
	CHECK_EQ(t_getpid(), 1);
	s_stage();
	s_orphan();
}

// It shares its memory with a victim. Killing such a victim gives nothing back, so the killer must go on to the next one, and init lives.
SCENE(35, mm_shared_with_init, "S13 L4")
{
	char *stack = t_map(STACK_SIZE), line[64];
	_Atomic int *ready = t_map_shared(PAGE);

	CHECK_EQ(t_getpid(), 1);
	long free = s_free(), kills = s_kills();
	int pid = (int)t_clone(CLONE_VM | SIGCHLD, stack + STACK_SIZE, 0, 0, 0, sharer, (void *)ready);

	UNTIL(*ready);
	int hog = t_fork();

	if (hog == 0) {
		s_adj("0");
		s_touch(t_map((size_t)free * 6 / 10 * 1024), free * 6 / 10);
		*ready = 2;
		thread_pause(NULL);
	}
	UNTIL(*ready == 2);
	s_eat("now", free * 7 / 10, "");
	KEEPS("L4", "memory not freed", s_ate());
	CHECK(s_log_says("init uses its memory too")); // nobody waits for it
	t_snprintf(line, sizeof line, "oom_reap: tgid=%d ", pid);
	CHECK(!strstr(s_trace(), line)); // nor takes it from init
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(hog), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 2);
	s_quiet();
}

// One after the other; a machine whose scene fails ends there, since its init does.
HELPER(init)
{
	static struct t_test *const all[] = {&ts_orphan_victim_is_reaped_by_init, &ts_mm_shared_with_init};
	const char *only = t_argc > 2 ? t_argv[2] : NULL;
	long fd = sys(open, "/dev/ttyS1", O_WRONLY);
	int n = 0;

	sys(dup2, fd, 1);
	t_printf("1..%d\n", only ? 1 : (int)(sizeof all / sizeof *all));
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		if (!only || !strcmp(only, all[i]->name)) {
			all[i]->run();
			t_printf("ok %d - as_init.%s\n", ++n, all[i]->name);
		}
	t_printf("exit %d\n", !n);
	sys(sync);
	sys(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0); // power off
	return 1;
}
