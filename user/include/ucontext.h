// SPDX-License-Identifier: GPL-2.0-only
/* Another name of <sys/ucontext.h>. */
#pragma once

#include <signal.h>


