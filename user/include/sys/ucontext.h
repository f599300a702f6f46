// SPDX-License-Identifier: GPL-2.0-only
/* The machine state in a signal frame; <signal.h> has it. */
#pragma once

#include <signal.h>


