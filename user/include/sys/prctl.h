// SPDX-License-Identifier: GPL-2.0-only
/* prctl(2). */
#pragma once

#include "kernel/uapi/prctl.h"

#include <sys/cdefs.h>

__BEGIN_DECLS
int prctl(int option, ...);
__END_DECLS
