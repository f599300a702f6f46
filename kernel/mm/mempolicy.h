// SPDX-License-Identifier: GPL-2.0-only
/* What a task and a vma remember for get_mempolicy. Mirrors Linux include/linux/mempolicy.h. */
#pragma once
#include "kernel/lib/types.h"

struct mempolicy {			/* zeroes: the default */
	u64 nodes;			/* as they are told: 0 to 63 */
	u32 mode;			/* MPOL_*, with its flags */
};
