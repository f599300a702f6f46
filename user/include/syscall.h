// SPDX-License-Identifier: GPL-2.0-only
/* Another name of <sys/syscall.h>. */
#pragma once

#include <sys/syscall.h>


