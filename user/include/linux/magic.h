// SPDX-License-Identifier: GPL-2.0-only
/* Types of file systems. */
#pragma once

#define TMPFS_MAGIC	0x01021994
#define PROC_SUPER_MAGIC	0x9fa0
#define SYSFS_MAGIC	0x62656572
#define DEBUGFS_MAGIC	0x64626720
#define CGROUP_SUPER_MAGIC	0x27e0eb
#define CGROUP2_SUPER_MAGIC	0x63677270
#define PIPEFS_MAGIC	0x50495045
