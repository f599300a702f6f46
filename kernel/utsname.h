// SPDX-License-Identifier: GPL-2.0-only
/* The machine's name, one in each namespace. Mirrors Linux include/linux/utsname.h. */
#pragma once
#include "kernel/abi.h"
#include "kernel/nsproxy.h"

struct uts_namespace {
	struct ns_common ns;
	struct k_utsname name;		/* [uts_lock] */
};
extern struct uts_namespace init_uts_ns;

void uts_copy(struct k_utsname *out);		/* current's. Sleeps. */
