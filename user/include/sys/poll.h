// SPDX-License-Identifier: GPL-2.0-only
/* Another name of <poll.h>. */
#pragma once

#include <poll.h>


