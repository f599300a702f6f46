// SPDX-License-Identifier: GPL-2.0-only
//
// Becomes another program whose standard output is the report line, so that what a test says cannot
// be mixed up with what the kernel says on the console:  report @to PROGRAM [ARGUMENT]...
#include "abi/t.h"

HELPER(to)
{
	long fd = sys(open, "/dev/ttyS1", O_WRONLY);

	if (fd < 0 || t_argc < 3)
		return 127;
	sys(dup2, fd, 1);
	sys(close, fd);
	sys(execve, t_argv[2], t_argv + 2, t_envp);
	t_printf("# cannot execute %s\n", t_argv[2]);
	return 127;
}
