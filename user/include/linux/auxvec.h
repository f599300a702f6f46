// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel tells a program in its auxiliary vector. */
#pragma once

#include "kernel/uapi/auxvec.h"
