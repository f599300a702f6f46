// SPDX-License-Identifier: GPL-2.0-only
/* newlib's feature tests, and the parts of POSIX this library has. */
#pragma once

#include_next <sys/features.h>

#ifndef _POSIX_VERSION
#define _POSIX_VERSION			200809L
#endif
#define _POSIX_TIMERS			200809L
#define _POSIX_CLOCK_SELECTION		200809L
#define _POSIX_MONOTONIC_CLOCK		200809L
#define _POSIX_CPUTIME			200809L
#define _POSIX_THREAD_CPUTIME		200809L
#define _POSIX_THREADS			200809L
#define _POSIX_REALTIME_SIGNALS		200809L
#define _POSIX_THREAD_SAFE_FUNCTIONS	200809L
#define _POSIX_MAPPED_FILES		200809L
#define _POSIX_JOB_CONTROL		1
