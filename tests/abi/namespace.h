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

// Its file says what it is, as the link does, and that there is nothing above it.
static inline void ns_check_file(const char *name, unsigned long type)
{
	struct stat st;
	char path[64], text[64], expect[64];
	int fd = ns_open(t_getpid(), name);

	t_snprintf(path, sizeof path, "/proc/self/ns/%s", name);
	long n = sys(readlink, path, text, sizeof text - 1);

	CHECK_EQ(sys(fstat, fd, &st), 0);
	CHECK_GE(n, 1);
	text[n] = 0;
	t_snprintf(expect, sizeof expect, "%s:[%lu]", name, (unsigned long)st.st_ino);
	CHECK_EQ(strcmp(text, expect), 0);
	CHECK_EQ(sys(ioctl, fd, NS_GET_NSTYPE, 0), (long)type);
	CHECK_EQ(sys(ioctl, fd, NS_GET_PARENT, 0), -EINVAL);
}
