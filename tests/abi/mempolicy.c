// SPDX-License-Identifier: GPL-2.0-only
//
// Memory policies of a machine with one node: what is refused, what is remembered, and who inherits it.
#include "t.h"
#include <linux/mempolicy.h>

enum { WORDS = 64 }; // of a mask: more nodes than a Linux is built for
static unsigned long mask[WORDS], got[WORDS];
static int mode;

static long set(int how, unsigned long nodes)
{
	mask[0] = nodes;
	return sys(set_mempolicy, how, mask, 65);
}

static long bind(char *p, size_t n, int how, unsigned long nodes, unsigned flags)
{
	mask[0] = nodes;
	return sys(mbind, p, n, how, mask, 65, flags);
}

static void is(int how, unsigned long nodes)
{
	mode = -1;
	got[0] = 77;
	CHECK_EQ(sys(get_mempolicy, &mode, got, 65, 0, 0), 0);
	CHECK_EQ(mode, how);
	CHECK_EQ(got[0], nodes);
}

static void is_at(char *p, int how, unsigned long nodes)
{
	mode = -1;
	got[0] = 77;
	CHECK_EQ(sys(get_mempolicy, &mode, got, 65, p, MPOL_F_ADDR), 0);
	CHECK_EQ(mode, how);
	CHECK_EQ(got[0], nodes);
}

static void one_node(void)
{
	if (sys(get_mempolicy, 0, got, 64 * WORDS, 0, MPOL_F_MEMS_ALLOWED) || got[0] != 1)
		SKIP("not one node");
}

TEST(what_a_thread_remembers)
{
	one_node();
	is(MPOL_DEFAULT, 0);
	CHECK_EQ(set(MPOL_BIND, 1), 0);
	is(MPOL_BIND, 1);
	CHECK_EQ(set(MPOL_INTERLEAVE, 3), 0);
	is(MPOL_INTERLEAVE, 1);
	CHECK_EQ(set(MPOL_PREFERRED, 1), 0);
	is(MPOL_PREFERRED, 1);
	CHECK_EQ(set(MPOL_PREFERRED_MANY, -1UL), 0);
	is(MPOL_PREFERRED_MANY, 1);
	CHECK_EQ(set(MPOL_PREFERRED, 0), 0);
	is(MPOL_LOCAL, 0);
	CHECK_EQ(set(MPOL_LOCAL, 0), 0);
	is(MPOL_LOCAL, 0);
	CHECK_EQ(set(MPOL_BIND | MPOL_F_STATIC_NODES, 5), 0);
	is(MPOL_BIND | MPOL_F_STATIC_NODES, 5); // as it was given
	CHECK_EQ(set(MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES, 4), 0);
	is(MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES, 4);
	CHECK_EQ(set(MPOL_BIND | MPOL_F_NUMA_BALANCING, 3), 0);
	is(MPOL_BIND | MPOL_F_NUMA_BALANCING, 3);
	CHECK_EQ(sys(set_mempolicy, MPOL_DEFAULT, 0, 0), 0);
	is(MPOL_DEFAULT, 0);
	CHECK_EQ(set(MPOL_DEFAULT | MPOL_F_STATIC_NODES, 0), 0);
	is(MPOL_DEFAULT, 0);
}

TEST(policies_that_are_none)
{
	one_node();
	CHECK_EQ(set(99, 1), -EINVAL);
	CHECK_EQ(set(-1, 1), -EINVAL);
	CHECK_EQ(set(MPOL_DEFAULT, 1), -EINVAL);
	CHECK_EQ(set(MPOL_LOCAL, 1), -EINVAL);
	CHECK_EQ(set(MPOL_BIND, 0), -EINVAL);
	CHECK_EQ(set(MPOL_BIND, 2), -EINVAL);
	CHECK_EQ(set(MPOL_INTERLEAVE, 0), -EINVAL);
	CHECK_EQ(set(MPOL_PREFERRED, 2), -EINVAL);
	CHECK_EQ(set(MPOL_PREFERRED_MANY, 2), -EINVAL);
	CHECK_EQ(set(MPOL_PREFERRED | MPOL_F_STATIC_NODES, 0), -EINVAL);
	CHECK_EQ(set(MPOL_LOCAL | MPOL_F_RELATIVE_NODES, 0), -EINVAL);
	CHECK_EQ(set(MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, 1), -EINVAL);
	CHECK_EQ(set(MPOL_INTERLEAVE | MPOL_F_NUMA_BALANCING, 1), -EINVAL);
	CHECK_EQ(set(MPOL_BIND | 1 << 12, 1), -EINVAL);
	is(MPOL_DEFAULT, 0);
}

TEST(how_a_mask_is_read)
{
	one_node();
	mask[0] = 1;
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, mask, 0), -EINVAL); // without end
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, mask, 1), -EINVAL); // no bit
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, mask, 2), 0);
	mask[0] = 3;
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND | MPOL_F_STATIC_NODES, mask, 2), 0);
	is(MPOL_BIND | MPOL_F_STATIC_NODES, 1);
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, 0, 2), -EINVAL);
	CHECK_EQ(sys(set_mempolicy, MPOL_LOCAL, 0, -1UL), 0);
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, mask, PAGE * 8 + 2), -EINVAL);
	mask[WORDS - 1] = 1;
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, mask, 64 * WORDS + 1), -EINVAL); // more than could be
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, mask, 64 * (WORDS - 1) + 1), 0);
	CHECK_EQ(sys(set_mempolicy, MPOL_BIND, 8UL, 65), -EFAULT);
	is(MPOL_BIND, 1);
}

TEST(how_a_mask_is_written)
{
	char *p = t_map(2 * PAGE), *edge = p + PAGE - 8;

	one_node();
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	memset(got, 0xff, sizeof got);
	CHECK_EQ(sys(get_mempolicy, 0, got, 0, 0, 0), -EINVAL);
	CHECK_EQ(sys(get_mempolicy, 0, got, 1, 0, MPOL_F_MEMS_ALLOWED), 0);
	CHECK_EQ(got[0], -1);
	CHECK_EQ(sys(get_mempolicy, 0, got, 129, 0, MPOL_F_MEMS_ALLOWED), 0);
	CHECK_EQ(got[0], 1);
	CHECK_EQ(got[1], 0);
	CHECK_EQ(got[2], -1);
	CHECK_EQ(sys(get_mempolicy, 0, edge, 65, 0, 0), 0);
	CHECK_EQ(sys(get_mempolicy, 0, edge, 66, 0, 0), -EFAULT);
	CHECK_EQ(sys(get_mempolicy, 0, edge, PAGE * 8 + 2, 0, 0), -EINVAL);
	CHECK_EQ(sys(get_mempolicy, 8UL, 0, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys(get_mempolicy, 0, 8UL, 65, 0, 0), -EFAULT);
	CHECK_EQ(sys(get_mempolicy, 0, 0, 0, 0, 0), 0);
}

TEST(what_can_be_asked)
{
	char *p = t_map(PAGE);

	one_node();
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, 0, 8), -EINVAL);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, p, 0), -EINVAL);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, 0, MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR), -EINVAL);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, 0, MPOL_F_MEMS_ALLOWED | MPOL_F_NODE), -EINVAL);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, 0, MPOL_F_NODE), -EINVAL);
	CHECK_EQ(set(MPOL_INTERLEAVE, 1), 0);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, 0, MPOL_F_NODE), 0);
	CHECK_EQ(mode, 0);
	mode = 9;
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, p, MPOL_F_NODE | MPOL_F_ADDR), 0);
	CHECK_EQ(mode, 0);
	CHECK_EQ(sys(mprotect, p, PAGE, PROT_NONE), 0);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, p, MPOL_F_NODE | MPOL_F_ADDR), -EFAULT);
	is_at(p, MPOL_DEFAULT, 0); // not the thread's
	CHECK_EQ(sys(munmap, p, PAGE), 0);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, p, MPOL_F_ADDR), -EFAULT);
	CHECK_EQ(sys(get_mempolicy, &mode, 0, 0, -PAGE, MPOL_F_ADDR), -EFAULT);
}

TEST(what_a_range_remembers)
{
	char *p = t_map(4 * PAGE);

	one_node();
	CHECK_EQ(bind(p + PAGE, 2 * PAGE, MPOL_BIND, 1, 0), 0);
	is_at(p, MPOL_DEFAULT, 0);
	is_at(p + PAGE, MPOL_BIND, 1);
	is_at(p + 3 * PAGE - 1, MPOL_BIND, 1);
	is_at(p + 3 * PAGE, MPOL_DEFAULT, 0);
	CHECK_EQ(IN_CHILD(is_at(p + PAGE, MPOL_BIND, 1)), 0);
	CHECK_EQ(bind(p + 2 * PAGE, 1, MPOL_PREFERRED | MPOL_F_STATIC_NODES, 7, MPOL_MF_MOVE), 0);
	is_at(p + PAGE, MPOL_BIND, 1);
	is_at(p + 2 * PAGE, MPOL_PREFERRED | MPOL_F_STATIC_NODES, 7);
	char *q = (char *)sys(mremap, p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	CHECK_GE((long)q, 1);
	is_at(q + PAGE, MPOL_BIND, 1);
	CHECK_EQ(bind(p + 2 * PAGE, 2 * PAGE, MPOL_DEFAULT, 0, 0), 0);
	is_at(p + 2 * PAGE, MPOL_DEFAULT, 0);
	p = t_map(PAGE);
	is_at(p, MPOL_DEFAULT, 0);
}

TEST(ranges_that_are_none)
{
	char *p = t_map(3 * PAGE);

	one_node();
	CHECK_EQ(sys(munmap, p + PAGE, PAGE), 0);
	CHECK_EQ(bind(p, 3 * PAGE, MPOL_BIND, 1, 0), -EFAULT);
	CHECK_EQ(bind(p + PAGE, 2 * PAGE, MPOL_BIND, 1, 0), -EFAULT);
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_BIND, 1, 0), -EFAULT);
	CHECK_EQ(bind(p, 3 * PAGE, MPOL_DEFAULT, 0, 0), 0);
	CHECK_EQ(bind(p + PAGE, PAGE, MPOL_DEFAULT, 0, 0), -EFAULT);
	CHECK_EQ(bind(p + 1, PAGE, MPOL_BIND, 1, 0), -EINVAL);
	CHECK_EQ(bind(p, -PAGE, MPOL_BIND, 1, 0), -EINVAL);
	CHECK_EQ(bind(p, 0, MPOL_BIND, 1, 0), 0);
	CHECK_EQ(bind(p, 0, MPOL_BIND, 0, 0), 0); // not even looked at
	CHECK_EQ(bind(p + PAGE, PAGE, MPOL_BIND, 2, 0), -EINVAL);
	CHECK_EQ(bind(p, PAGE, MPOL_BIND, 1, 64), -EINVAL);
	CHECK_EQ(bind(p, PAGE, 99, 1, 0), -EINVAL);
	CHECK_EQ(sys(mbind, p, PAGE, MPOL_BIND, 8UL, 65, 0), -EFAULT);
	CHECK_EQ(bind((char *)-PAGE, PAGE, MPOL_BIND, 1, 0), -EINVAL);
	CHECK_EQ(bind((char *)(-2 * PAGE), PAGE, MPOL_BIND, 1, 0), -EFAULT);
	is_at(p, MPOL_DEFAULT, 0);
}

TEST(pages_that_are_there)
{
	char *p = t_map(2 * PAGE);

	one_node();
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_LOCAL, 0, MPOL_MF_STRICT), 0);
	p[PAGE] = 1;
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_BIND, 1, MPOL_MF_STRICT), 0);
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_PREFERRED, 0, MPOL_MF_STRICT), -EIO); // on no node of the empty mask
	CHECK_EQ(bind(p, PAGE, MPOL_PREFERRED, 0, MPOL_MF_STRICT), 0);
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_DEFAULT, 0, MPOL_MF_STRICT), 0);
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_PREFERRED, 0, MPOL_MF_STRICT | MPOL_MF_MOVE), 0);
	CHECK_EQ(bind(p, 2 * PAGE, MPOL_BIND, 1, MPOL_MF_MOVE_ALL), 0);
	CHECK_EQ(IN_CHILD({
		CHECK_EQ(sys(setresuid, 54334, 54334, 54334), 0);
		CHECK_EQ(bind(p, 2 * PAGE, MPOL_BIND, 1, MPOL_MF_MOVE_ALL), -EPERM);
		CHECK_EQ(bind(p, 2 * PAGE, MPOL_BIND, 1, MPOL_MF_MOVE), 0);
	}),
		0);
}

HELPER(executed)
{
	is(MPOL_BIND, 1);
	return 0;
}

static int of_a_thread(void *arg)
{
	(void)arg;
	is(MPOL_BIND, 1);
	CHECK_EQ(set(MPOL_LOCAL, 0), 0);
	return 0;
}

TEST(who_inherits)
{
	struct thread t;

	one_node();
	CHECK_EQ(set(MPOL_BIND, 1), 0);
	CHECK_EQ(IN_CHILD(is(MPOL_BIND, 1); CHECK_EQ(set(MPOL_LOCAL, 0), 0)), 0);
	thread_start(&t, of_a_thread, NULL);
	thread_join(&t);
	is(MPOL_BIND, 1);
	CHECK_EQ(IN_CHILD(t_exec("executed", NULL, NULL)), 0);
}
