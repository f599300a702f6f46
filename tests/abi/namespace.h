// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of all kinds of namespaces share.
#pragma once

#include "t.h"

#include <linux/nsfs.h>

// Skips the test where this user may not make namespaces of these CLONE_NEW* types.
static inline void ns_prepare(unsigned long types)
{
	int err;

	// Linux allows so many at a time, and ends them a little after they are left.
	UNTIL((err = IN_CHILD(t_exit((int)-sys(unshare, types)))) != ENOSPC);
	if (err == EPERM)
		SKIP("may not make such namespaces");
	CHECK_EQ(err, 0);
}

// The file of a process's namespace, by the name of its link.
static inline int ns_open(int pid, const char *name)
{
	char path[64];
	int fd;

	t_snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, name);
	fd = (int)sys(open, path, O_RDONLY | O_CLOEXEC);
	CHECK_GE(fd, 0);
	return fd;
}

// Its inode number: who has the same is in the same namespace.
static inline unsigned long ns_ino(int pid, const char *name)
{
	char path[64];
	struct stat st;

	t_snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, name);
	CHECK_EQ(sys(stat, path, &st), 0);
	return st.st_ino;
}
