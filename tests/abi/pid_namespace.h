// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of doors between namespaces of process numbers share: a process in a namespace of its own, where it
// is number 1, that takes turns with its parent.
#pragma once

#include "t.h"

static int turn_in[2], turn_out[2];
static int outer; // number of the other side's child, as the parent knows it
static int *shared_int;

static inline void pass(int fd)
{
	CHECK_EQ(sys(write, fd, "", 1), 1);
}

static inline void await(int fd)
{
	char c;

	CHECK_EQ(sys(read, fd, &c, 1), 1);
}

// The child's turn ends, and begins again.
static inline void yield_to_parent(void)
{
	pass(turn_out[1]);
	await(turn_in[0]);
}

// The same for the parent.
static inline void yield_to_child(void)
{
	pass(turn_in[1]);
	await(turn_out[0]);
}

// Begins with the child's turn; returns with the parent's. The child has its turn again at the end.
static inline int in_namespaces(unsigned long flags, void (*fn)(void))
{
	CHECK_EQ(sys(pipe2, turn_in, O_CLOEXEC), 0);
	CHECK_EQ(sys(pipe2, turn_out, O_CLOEXEC), 0);
	outer = (int)sys(clone, flags | SIGCHLD, 0, 0, 0, 0);
	if (outer == -EPERM)
		SKIP("no right to make namespaces");
	CHECK_GE(outer, 0);
	if (outer == 0) {
		sys(close, turn_in[1]);
		sys(close, turn_out[0]);
		fn();
		t_exit(0);
	}
	sys(close, turn_in[0]);
	sys(close, turn_out[1]);
	await(turn_out[0]);
	return outer;
}

static inline int in_namespace(void (*fn)(void)) { return in_namespaces(CLONE_NEWPID, fn); }

static inline void end_namespace(void)
{
	pass(turn_in[1]);
	CHECK_EQ(t_wait(outer), 0);
	sys(close, turn_in[1]);
	sys(close, turn_out[0]);
}

// An int that both sides see.
static inline int *both(void)
{
	if (!shared_int)
		shared_int = t_map_shared(PAGE);
	return shared_int;
}
