// SPDX-License-Identifier: GPL-2.0-only
/* The limit on the machine's own time. */
#pragma once

void watchdog_init(void);	/* after the boot words; starts the clock */
