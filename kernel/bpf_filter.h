// SPDX-License-Identifier: GPL-2.0-only
/* Classic BPF, as seccomp(2) takes it. */
#pragma once
#include "kernel/lib/types.h"
#include "kernel/uapi/filter.h"
#include "kernel/uapi/seccomp.h"

/* May the n instructions (1 to BPF_MAXINSNS) run? 0, -EINVAL, -ENOMEM. Sleeps. */
int bpf_check_seccomp(const struct k_sock_filter *f, unsigned n);
/*
 * How many instructions Linux makes of the n, which may run, for its own machine: that is what it
 * limits.
 */
unsigned bpf_translated_len(const struct k_sock_filter *f, unsigned n);
/* What the program, which may run, returns. */
u32 bpf_run(const struct k_sock_filter *f, const struct k_seccomp_data *data);
