// SPDX-License-Identifier: GPL-2.0-only
/* Limits of the kernel ABI, for <limits.h>. */
#pragma once

#define ARG_MAX			131072
#define CHILD_MAX		999
#define LINK_MAX		127
#define MAX_CANON		255
#define MAX_INPUT		255
#define NAME_MAX		255
#define NGROUPS_MAX		65536
#define OPEN_MAX		1024
#define PATH_MAX		4096
#define PIPE_BUF		4096
#define IOV_MAX			1024
#define SYMLOOP_MAX		40

#define BC_BASE_MAX		99
#define BC_DIM_MAX		2048
#define BC_SCALE_MAX		99
#define BC_STRING_MAX		1000
#define COLL_WEIGHTS_MAX	0
#define EXPR_NEST_MAX		32
#define LINE_MAX		2048
#define RE_DUP_MAX		255

#define PTHREAD_KEYS_MAX		128
#define PTHREAD_STACK_MIN		16384
#define PTHREAD_DESTRUCTOR_ITERATIONS	4
