// SPDX-License-Identifier: GPL-2.0-only
/* Kernel log. Mirrors Linux kernel/printk. */
#pragma once
#include "kernel/lib/types.h"

enum { LOG_ERR = 3, LOG_WARNING = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

/*
 * Formats one line into the log ring (read through /proc/kmsg, /dev/kmsg and syslog) and, if level
 * <= loglevel, to the console. %d %i %u %x %X %o %c %s %p %% with l, ll, z, width, precision, 0, -
 * ; no floating point. Any context, never sleeps.
 */
void kprintf_level(int level, const char *fmt, ...) __printf(2, 3);
#define pr_err(...)	kprintf_level(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)	kprintf_level(LOG_WARNING, __VA_ARGS__)
#define pr_notice(...)	kprintf_level(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...)	kprintf_level(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)	kprintf_level(LOG_DEBUG, __VA_ARGS__)

/* Straight to the console whatever the level; used by panic. */
void kprintf(const char *fmt, ...) __printf(1, 2);
extern int loglevel;		/* boot word loglevel=N, default 4: warnings and worse reach the console */
/* Copies log text from position *pos on into buf; returns bytes, advances *pos. Any context. */
size_t log_read(u64 *pos, char *buf, size_t n);
