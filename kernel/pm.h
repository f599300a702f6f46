// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend: the order of steps and its undo. Mirrors Linux kernel/power/suspend.c and main.c. Doors:
 * /sys/power.
 */
#pragma once
#include "kernel/lib/types.h"

int pm_last_result(void);			/* 0 or -errno of the last attempt */
/* Ends suspend-to-idle: console key, wake timer. Any context. */
void pm_wakeup(void);
/* The barrier (promise S1): between a successful oom_killer_disable and oom_killer_enable. */
extern _Atomic bool pm_io_barrier;

/*
 * The steps of a suspend announce themselves before they start; the test door of oom_test.c strikes
 * there. May sleep.
 */
void pm_phase(const char *step);

/*
 * Devices register in order; suspend runs in reverse order, resume forward. 0 or -errno aborts the
 * suspend.
 */
struct pm_device {
	const char *name;
	int (*suspend)(void);
	void (*resume)(void);
};
SET_DECLARE(pm_devices, struct pm_device);
#define PM_DEVICE(var, ...) LINKER_SET(pm_devices, struct pm_device, var) = { __VA_ARGS__ }
