// SPDX-License-Identifier: GPL-2.0-only
/* What is mounted where, one set for each namespace. Mirrors Linux include/linux/mnt_namespace.h. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/nsproxy.h"

struct mount;
struct mnt_namespace {
	struct ns_common ns;
	struct list mounts;		/* [M D] oldest first */
	unsigned nr_mounts;		/* [M] */
	struct mount *root;		/* [M D] */
};
extern struct mnt_namespace init_mnt_ns;
extern int sysctl_mount_max;			/* of one namespace, but for those it began with; written by /proc/sys/fs/mount-max */
