// SPDX-License-Identifier: GPL-2.0-only
/* Another name of <sys/wait.h>. */
#pragma once

#include <sys/wait.h>


