// SPDX-License-Identifier: GPL-2.0-only
/* Messages about errors. */
#pragma once

#include <stdarg.h>



#include <sys/cdefs.h>

__BEGIN_DECLS
void err(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
void errx(int status, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
__END_DECLS
