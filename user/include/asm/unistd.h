// SPDX-License-Identifier: GPL-2.0-only
/* System call numbers. */
#pragma once

#include "kernel/uapi/unistd.h"
