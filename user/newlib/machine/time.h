// SPDX-License-Identifier: GPL-2.0-only
/* clock() counts microseconds, as POSIX demands. */
#pragma once

#define _CLOCKS_PER_SEC_ 1000000
