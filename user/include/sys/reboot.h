// SPDX-License-Identifier: GPL-2.0-only
/* reboot(2). */
#pragma once

#include <linux/reboot.h>

#define RB_AUTOBOOT	LINUX_REBOOT_CMD_RESTART
#define RB_HALT_SYSTEM	LINUX_REBOOT_CMD_HALT
#define RB_POWER_OFF	LINUX_REBOOT_CMD_POWER_OFF
#define RB_ENABLE_CAD	LINUX_REBOOT_CMD_CAD_ON
#define RB_DISABLE_CAD	LINUX_REBOOT_CMD_CAD_OFF

#include <sys/cdefs.h>

__BEGIN_DECLS
int reboot(unsigned int cmd);
__END_DECLS
