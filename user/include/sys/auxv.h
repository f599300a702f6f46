// SPDX-License-Identifier: GPL-2.0-only
/* The auxiliary vector. */
#pragma once

#include <linux/auxvec.h>



#include <sys/cdefs.h>

__BEGIN_DECLS
unsigned long getauxval(unsigned long type);
__END_DECLS
