// SPDX-License-Identifier: GPL-2.0-only
/*
 * Formatting and reading of numbers. Conversions: %d %i %u %x %X %o %c %s %p %% with the flags 0
 * and -, a width, a precision (* for either), and the lengths hh h l ll z. No floating point.
 */
#pragma once
#include <stdarg.h>
#include "kernel/lib/types.h"

/*
 * Formats into buf, always ends it with a zero (n > 0); the length it would have had with room, as
 * C's snprintf.
 */
int kvsnprintf(char *buf, size_t n, const char *fmt, va_list ap);
int ksnprintf(char *buf, size_t n, const char *fmt, ...) __printf(3, 4);
/*
 * As ksnprintf, but returns how many characters are in buf: for appending piece by piece. n == 0 is
 * fine: 0.
 */
size_t kscnprintf(char *buf, size_t n, const char *fmt, ...) __printf(3, 4);
/* Appends s so; a character that is in @special is a backslash and three octal digits, as Linux's seq_path has it. */
size_t kscnescape(char *buf, size_t n, const char *s, const char *special);
/* The digits of v, of which 0 has none, are put before end: where they begin. */
char *decimal_before(char *end, u64 v);

/*
 * A number up to the first other character: 0 or -EINVAL, -ERANGE. base 0: as C writes it, 0x1f and
 * 017 too.
 */
int kparse_digits(const char **s, unsigned base, u64 *out);
/*
 * A whole number that fills s but for a sign before it and spaces around it: 0 or -EINVAL, -ERANGE.
 */
int kparse_u64(const char *s, u64 *out);
int kparse_s64(const char *s, s64 *out);
int kparse_int(const char *s, int *out);
/* Cuts the next word out of *s; "" at its end. */
const char *kword(char **s);
