// SPDX-License-Identifier: GPL-2.0-only
/* ptrace(2). */
#pragma once

#include <stdint.h>
#include <sys/types.h>
#include "kernel/uapi/ptrace.h"

struct __ptrace_syscall_info {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	union {
		struct {
			uint64_t nr, args[6];
		} entry;
		struct {
			int64_t rval;
			uint8_t is_error;
		} exit;
	};
};

#include <sys/cdefs.h>

__BEGIN_DECLS
long ptrace(long request, ...);
__END_DECLS
