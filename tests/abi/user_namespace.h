// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of user namespaces share: a process in one of its own, whose maps its parent writes.
#pragma once

#include "namespace.h"
#include "pid_namespace.h"

#define OVERFLOW_ID 65534

// Writes all of text to /proc/PID/NAME (pid 0: self) with one write; 0 or what open or write said.
static inline int id_write(int pid, const char *name, const char *text)
{
	char path[64];

	if (pid)
		t_snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	else
		t_snprintf(path, sizeof path, "/proc/self/%s", name);
	return t_spit(path, text);
}

static inline int id_is(int pid, const char *name, const char *expect)
{
	char path[64], text[256];

	if (pid)
		t_snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	else
		t_snprintf(path, sizeof path, "/proc/self/%s", name);
	t_slurp(path, text, sizeof text);
	return !strcmp(text, expect);
}

// To be root, with no group but the own one, or to be skipped.
static inline void userns_prepare(void)
{
	ns_prepare(CLONE_NEWUSER);
	if (sys(getuid))
		SKIP("not root");
}

// The caller becomes nobody special: no capability, no supplementary groups, dumpable as a new program is.
static inline void become(int id)
{
	CHECK_EQ(sys(setgroups, 0, 0), 0);
	CHECK_EQ(sys(setresgid, id, id, id), 0);
	CHECK_EQ(sys(setresuid, id, id, id), 0);
	CHECK_EQ(sys(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

// Begins with the turn of a child in a new user namespace that is not mapped; returns with the parent's.
static inline int in_user_namespace(unsigned long flags, void (*fn)(void))
{
	return in_namespaces(CLONE_NEWUSER | flags, fn);
}

// Its uids and gids 0..n-1 are those of the machine from base on.
static inline void map_range(int pid, unsigned base, unsigned n)
{
	char text[64];

	t_snprintf(text, sizeof text, "0 %u %u\n", base, n);
	CHECK_EQ(id_write(pid, "uid_map", text), 0);
	CHECK_EQ(id_write(pid, "gid_map", text), 0);
}

// The caller, of whatever ids, is root in a namespace of its own.
static inline void be_root_in_own(void)
{
	int uid = (int)sys(geteuid), gid = (int)sys(getegid);
	char text[64];

	CHECK_EQ(sys(unshare, CLONE_NEWUSER), 0);
	t_snprintf(text, sizeof text, "0 %d 1", uid);
	CHECK_EQ(id_write(0, "uid_map", text), 0);
	CHECK_EQ(id_write(0, "setgroups", "deny"), 0);
	t_snprintf(text, sizeof text, "0 %d 1", gid);
	CHECK_EQ(id_write(0, "gid_map", text), 0);
	CHECK_EQ(sys(getuid), 0);
	CHECK_EQ(sys(getgid), 0);
}

#define BASE 100000u // the machine's id of number 0 in IN_USERNS

// Runs a block in a child process that is root in a new user namespace with the ids 0..999, which are the machine's
// from BASE on; gives what t_wait() says of it.
#define IN_USERNS(flags, ...)                                                                      \
	({                                                                                         \
		int go_[2], pid_;                                                                  \
		CHECK_EQ(sys(pipe2, go_, O_CLOEXEC), 0);                                           \
		pid_ = (int)sys(clone, CLONE_NEWUSER | (flags) | SIGCHLD, 0, 0, 0, 0);             \
		CHECK_GE(pid_, 0);                                                                 \
		if (pid_ == 0) {                                                                   \
			await(go_[0]);                                                             \
			become(0);                                                                 \
			__VA_ARGS__;                                                               \
			t_exit(0);                                                                 \
		}                                                                                  \
		map_range(pid_, BASE, 1000);                                                       \
		pass(go_[1]);                                                                      \
		sys(close, go_[0]);                                                                \
		sys(close, go_[1]);                                                                \
		t_wait(pid_);                                                                      \
	})
