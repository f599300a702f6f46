// SPDX-License-Identifier: GPL-2.0-only
/* Programs that the kernel starts by itself. Mirrors Linux include/linux/umh.h. */
#pragma once
#include "kernel/task.h"

/* What is asked for, embedded in what it is about. */
struct subprocess_info {
	const char *const *argv, *const *envp;
	/* In the new process, before it becomes the program: 0 or -errno. May be NULL. Sleeps. */
	int (*init)(struct subprocess_info *info);
	void (*free)(struct subprocess_info *info);
	/* call_usermodehelper's own: */
	_Atomic u32 refs;		/* who asks, and the process until it is the program */
	struct completion done;
	int err;			/* written before done */
};

/*
 * Runs argv[0] as root, outside of all namespaces, cgroups and limits of who asks. 0 once it is a
 * program; -errno, and then the process is dead, unless current got SIGKILL first: -ERESTARTSYS.
 * Either way umh_put is due then. Sleeps killably, and may be frozen meanwhile.
 */
int call_usermodehelper(struct subprocess_info *info);
void umh_put(struct subprocess_info *info);
