// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of seccomp share: programs, and putting them in.
#pragma once

#include "trace.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

// An instruction by its value, a program by its instructions.
#define STMT(code, k) ((struct sock_filter){(code), 0, 0, (unsigned)(k)})
#define JUMP(code, k, jt, jf) ((struct sock_filter){(code), (jt), (jf), (unsigned)(k)})
#define RETURN(k) STMT(BPF_RET | BPF_K, k)
#define LOAD(field) STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

static inline long install_flags(const struct sock_filter *f, unsigned n, unsigned flags)
{
	struct sock_fprog prog = {(unsigned short)n, (struct sock_filter *)f};

	return sys(seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

#define INSTALL_FLAGS(flags, ...)                                                                  \
	({                                                                                         \
		const struct sock_filter prog_[] = {__VA_ARGS__};                                  \
		install_flags(prog_, sizeof prog_ / sizeof prog_[0], flags);                       \
	})
#define INSTALL(...) INSTALL_FLAGS(0, __VA_ARGS__)

// One system call gets an answer, all others are allowed.
static inline long answer_flags(long nr, unsigned answer, unsigned flags)
{
	return INSTALL_FLAGS(flags, LOAD(nr), JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), RETURN(answer),
		RETURN(SECCOMP_RET_ALLOW));
}

static inline long answer(long nr, unsigned action)
{
	return answer_flags(nr, action, 0);
}

static inline void no_new_privs(void)
{
	CHECK_EQ(sys(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
}
