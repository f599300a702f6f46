// SPDX-License-Identifier: GPL-2.0-only
/* Another name of <sys/prctl.h>. */
#pragma once

#include <sys/prctl.h>


