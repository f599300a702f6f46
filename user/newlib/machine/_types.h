// SPDX-License-Identifier: GPL-2.0-only
/* Types as the x86-64 kernel ABI has them; sys/_types.h fills in the rest. */
#pragma once

#include <machine/_default_types.h>

typedef unsigned long __dev_t;
#define __machine_dev_t_defined
typedef unsigned int __uid_t;
#define __machine_uid_t_defined
typedef unsigned int __gid_t;
#define __machine_gid_t_defined
typedef unsigned long __ino_t;
#define __machine_ino_t_defined
typedef unsigned long __fsfilcnt_t;
#define __machine_fsfilcnt_t_defined
#define _CLOCK_T_ long
#define __machine_clock_t_defined
#define _CLOCKID_T_ int
#define __machine_clockid_t_defined

/* sys/types.h leaves these two alone when they are declared already */
typedef unsigned long nlink_t;
#define _NLINK_T_DECLARED
typedef void *timer_t;
#define __timer_t_defined
#define _TIMER_T_DECLARED
