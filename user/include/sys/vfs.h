// SPDX-License-Identifier: GPL-2.0-only
/* Another name of <sys/statfs.h>. */
#pragma once

#include <sys/statfs.h>


