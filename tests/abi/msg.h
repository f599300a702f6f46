// SPDX-License-Identifier: GPL-2.0-only
//
// What sendmsg(2) and recvmsg(2) take, as it lies in memory: the host's own header brings a C library's.
#pragma once

#include "t.h"

struct ucred {
	int pid;
	unsigned uid, gid;
};
struct msghdr {
	void *name;
	int namelen;
	struct iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	unsigned flags;
};
struct cmsg {
	size_t len;
	int level, type;
	union {
		int fd[4];
		struct ucred cred;
	};
};
enum { HEAD = 16 }; // of a control message, before its data
