// SPDX-License-Identifier: GPL-2.0-only
/* seccomp(2). Linux's names and values (linux/seccomp.h). */
#pragma once
#include <stdint.h>

#define SECCOMP_MODE_DISABLED	0
#define SECCOMP_MODE_STRICT	1
#define SECCOMP_MODE_FILTER	2

#define SECCOMP_SET_MODE_STRICT		0
#define SECCOMP_SET_MODE_FILTER		1
#define SECCOMP_GET_ACTION_AVAIL	2
#define SECCOMP_GET_NOTIF_SIZES		3

#define SECCOMP_FILTER_FLAG_TSYNC		0x01u
#define SECCOMP_FILTER_FLAG_LOG			0x02u
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW		0x04u
#define SECCOMP_FILTER_FLAG_NEW_LISTENER	0x08u
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH		0x10u
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV	0x20u
#define SECCOMP_FILTER_FLAG_MASK		0x3fu

/* What a filter returns: an action, of which the least as a signed number wins, and data. */
#define SECCOMP_RET_KILL_PROCESS	0x80000000u
#define SECCOMP_RET_KILL_THREAD		0x00000000u
#define SECCOMP_RET_TRAP		0x00030000u
#define SECCOMP_RET_ERRNO		0x00050000u
#define SECCOMP_RET_USER_NOTIF		0x7fc00000u
#define SECCOMP_RET_TRACE		0x7ff00000u
#define SECCOMP_RET_LOG			0x7ffc0000u
#define SECCOMP_RET_ALLOW		0x7fff0000u
#define SECCOMP_RET_ACTION_FULL		0xffff0000u
#define SECCOMP_RET_DATA		0x0000ffffu

struct k_seccomp_data {
	int32_t nr;
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t args[6];
};

struct k_seccomp_notif_sizes {
	uint16_t seccomp_notif, seccomp_notif_resp, seccomp_data;
};

struct k_seccomp_notif {
	uint64_t id;
	uint32_t pid, flags;
	struct k_seccomp_data data;
};

struct k_seccomp_notif_resp {
	uint64_t id;
	int64_t val;
	int32_t error;
	uint32_t flags;
};
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE	1u

struct k_seccomp_notif_addfd {
	uint64_t id;
	uint32_t flags, srcfd, newfd, newfd_flags;
};
#define SECCOMP_ADDFD_FLAG_SETFD	1u
#define SECCOMP_ADDFD_FLAG_SEND		2u

#define SECCOMP_IOCTL_NOTIF_RECV	0xc0502100u
#define SECCOMP_IOCTL_NOTIF_SEND	0xc0182101u
#define SECCOMP_IOCTL_NOTIF_ID_VALID	0x40082102u
#define SECCOMP_IOCTL_NOTIF_ID_VALID_WRONG_DIR	0x80082102u
#define SECCOMP_IOCTL_NOTIF_ADDFD	0x40182103u

/* PTRACE_SECCOMP_GET_METADATA */
struct k_seccomp_metadata {
	uint64_t filter_off, flags;
};
