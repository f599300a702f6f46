// SPDX-License-Identifier: GPL-2.0-only
/* futex(2). */
#pragma once

#include "kernel/uapi/futex.h"

#define ROBUST_LIST_LIMIT	2048

struct robust_list {
	struct robust_list *next;
};

struct robust_list_head {
	struct robust_list list;
	long futex_offset;
	struct robust_list *list_op_pending;
};
