// SPDX-License-Identifier: GPL-2.0-only
//
// The first program itself shares its memory with a victim. Booted by init=/tests/as_init -- @init. Killing such a victim gives
// nothing back, so the killer must go on to the next one, and init lives.
#include "scenes/s.h"

static int sharer(void *arg)
{
	s_adj("1000");
	*(_Atomic int *)arg = 1;
	return thread_pause(NULL);
}

SCENE(35, mm_shared_with_init, "S13 L4")
{
	char *stack = t_map(STACK_SIZE);
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
	CHECK_EQ(t_wait(pid), SIGNALLED(SIGKILL));
	CHECK_EQ(t_wait(hog), SIGNALLED(SIGKILL));
	CHECK_EQ(s_kills(), kills + 2);
	s_quiet();
}

HELPER(init)
{
	long fd = sys(open, "/dev/ttyS1", O_WRONLY);

	sys(dup2, fd, 1);
	t_printf("1..1\n");
	test_mm_shared_with_init();
	t_printf("ok 1 - as_init.mm_shared_with_init\nexit 0\n");
	sys(sync);
	sys(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0); // power off
	return 1;
}
