// SPDX-License-Identifier: GPL-2.0-only
/* Formatting and reading of numbers: see fmt.h. */
#include "kernel/abi.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

struct sink {
	char *buf;
	size_t n, len;			/* room; characters so far, those beyond the room included */
};

struct spec {
	bool left, zero;
	int width, precision;		/* precision -1: none given */
	int size;			/* bytes of the integer argument */
};

static void put(struct sink *o, char c)
{
	if (o->len + 1 < o->n)
		o->buf[o->len] = c;
	o->len++;
}

static void put_all(struct sink *o, const char *s, size_t len)
{
	if (o->len + 1 < o->n)
		kmemcpy(o->buf + o->len, s, min(len, o->n - 1 - o->len));
	o->len += len;
}

static void put_spaces(struct sink *o, size_t n)
{
	if (o->len + 1 < o->n)
		kmemset(o->buf + o->len, ' ', min(n, o->n - 1 - o->len));
	o->len += n;
}

static void put_padded(struct sink *o, const struct spec *sp, const char *s, int len)
{
	int pad = sp->width - len;

	if (pad > 0 && !sp->left)
		put_spaces(o, (size_t)pad);
	put_all(o, s, (size_t)len);
	if (pad > 0 && sp->left)
		put_spaces(o, (size_t)pad);
}

char *decimal_before(char *end, u64 v)
{
	static const char pairs[] =
		"00010203040506070809101112131415161718192021222324"
		"25262728293031323334353637383940414243444546474849"
		"50515253545556575859606162636465666768697071727374"
		"75767778798081828384858687888990919293949596979899";

	while (v >= 10) {
		const char *two = pairs + v % 100 * 2;

		v /= 100;
		*--end = two[1];
		*--end = two[0];
	}
	if (v)
		*--end = (char)('0' + v);
	return end;
}

/*
 * sign is 0 for none. Builds the digits from the right: 64 bits in octal are 22, the rest is zeroes
 * asked for.
 */
static void put_number(struct sink *o, const struct spec *sp, u64 v, unsigned base, bool upper, char sign)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[80], *end = buf + sizeof(buf), *s = end;
	int least = sp->precision < 0 ? 1 : sp->precision;

	if (sp->zero && !sp->left && sp->precision < 0)
		least = sp->width - (sign != 0);
	if (least > 70)
		least = 70;
	if (base == 10)
		s = decimal_before(end, v);
	else
		for (; v; v /= base)
			*--s = digits[v % base];
	while (end - s < least)
		*--s = '0';
	if (sign)
		*--s = sign;
	put_padded(o, sp, s, (int)(end - s));
}

/* Flags, width and precision. */
static const char *parse_shape(const char *f, struct spec *sp, va_list *ap)
{
	for (;; f++) {
		if (*f == '-')
			sp->left = true;
		else if (*f == '0')
			sp->zero = true;
		else if (*f != '+' && *f != ' ' && *f != '#')
			break;
	}
	if (*f == '*') {
		sp->width = va_arg(*ap, int);
		if (sp->width < 0) {
			sp->left = true;
			sp->width = -sp->width;
		}
		f++;
	}
	for (; kisdigit(*f); f++)
		sp->width = sp->width * 10 + (*f - '0');
	if (*f == '.') {
		sp->precision = 0;
		f++;
		if (*f == '*') {
			sp->precision = va_arg(*ap, int);
			f++;
		}
		for (; kisdigit(*f); f++)
			sp->precision = sp->precision * 10 + (*f - '0');
	}
	return f;
}

static const char *parse_spec(const char *f, struct spec *sp, va_list *ap)
{
	*sp = (struct spec){ .precision = -1, .size = 4 };
	if (*f <= '9')			/* no letter */
		f = parse_shape(f, sp, ap);
	for (;; f++) {
		if (*f == 'l' || *f == 'z' || *f == 'j' || *f == 't')
			sp->size = 8;
		else if (*f == 'h')
			sp->size = sp->size == 2 ? 1 : 2;
		else
			return f;
	}
}

static s64 signed_arg(const struct spec *sp, va_list *ap)
{
	s64 v = sp->size == 8 ? va_arg(*ap, long) : va_arg(*ap, int);

	return sp->size == 2 ? (int16_t)v : sp->size == 1 ? (int8_t)v : v;
}

static u64 unsigned_arg(const struct spec *sp, va_list *ap)
{
	u64 v = sp->size == 8 ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned);

	return sp->size == 2 ? (u16)v : sp->size == 1 ? (u8)v : v;
}

static void convert(struct sink *o, char conv, struct spec *sp, va_list *ap)
{
	const char *s;
	s64 v;
	char c;

	switch (conv) {
	case 'd':
	case 'i':
		v = signed_arg(sp, ap);
		put_number(o, sp, v < 0 ? -(u64)v : (u64)v, 10, false, v < 0 ? '-' : 0);
		break;
	case 'u':
		put_number(o, sp, unsigned_arg(sp, ap), 10, false, 0);
		break;
	case 'o':
		put_number(o, sp, unsigned_arg(sp, ap), 8, false, 0);
		break;
	case 'x':
	case 'X':
		put_number(o, sp, unsigned_arg(sp, ap), 16, conv == 'X', 0);
		break;
	case 'p':
		sp->precision = 16;
		put_number(o, sp, (u64)(uintptr_t)va_arg(*ap, void *), 16, false, 0);
		break;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_padded(o, sp, &c, 1);
		break;
	case 's':
		s = va_arg(*ap, const char *);
		if (!s)
			s = "(null)";
		put_padded(o, sp, s, (int)(sp->precision < 0 ? kstrlen(s) : kstrnlen(s, sp->precision)));
		break;
	default:
		put(o, '%');
		put(o, conv);
	}
}

int kvsnprintf(char *buf, size_t n, const char *fmt, va_list ap)
{
	struct sink o = { .buf = buf, .n = n };
	va_list args;

	va_copy(args, ap);
	for (const char *f = fmt; *f; f++) {
		const char *plain = f;
		struct spec sp;

		while (*f && *f != '%')
			f++;
		if (f != plain)
			put_all(&o, plain, (size_t)(f - plain));
		if (!*f)
			break;
		f = parse_spec(f + 1, &sp, &args);
		if (!*f)
			break;
		if (*f == '%')
			put(&o, '%');
		else
			convert(&o, *f, &sp, &args);
	}
	va_end(args);
	if (n)
		buf[o.len < n ? o.len : n - 1] = 0;
	return (int)o.len;
}

int ksnprintf(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = kvsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return len;
}

size_t kscnprintf(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	if (!n)
		return 0;
	va_start(ap, fmt);
	len = kvsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return len < n ? len : n - 1;
}

size_t kscnescape(char *buf, size_t n, const char *s, const char *special)
{
	size_t len = 0;

	for (; *s; s++)
		len += kscnprintf(buf + len, n - len, kstrchr(special, *s) ? "\\%03o" : "%c", (u8)*s);
	return len;
}

static int digit_value(char c)
{
	if (kisdigit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int kparse_digits(const char **s, unsigned base, u64 *out)
{
	u64 v = 0;
	int digits = 0;

	if (!base && (*s)[0] == '0') {
		bool hex = ((*s)[1] == 'x' || (*s)[1] == 'X') && digit_value((*s)[2]) < 16;

		base = hex ? 16 : 8;
		*s += hex ? 2 : 0;
	} else if (!base) {
		base = 10;
	}
	for (; digit_value(**s) < (int)base; ++*s, digits++)
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, (u64)digit_value(**s), &v))
			return -ERANGE;
	*out = v;
	return digits ? 0 : -EINVAL;
}

/* Digits, and nothing but spaces after them. */
static int parse_rest(const char *s, u64 *out)
{
	u64 v;
	int err = kparse_digits(&s, 0, &v);

	if (err)
		return err;
	while (kisspace(*s))
		s++;
	if (*s)
		return -EINVAL;
	*out = v;
	return 0;
}

int kparse_u64(const char *s, u64 *out)
{
	while (kisspace(*s))
		s++;
	return parse_rest(s + (*s == '+'), out);
}

int kparse_s64(const char *s, s64 *out)
{
	bool negative;
	u64 v;
	int err;

	while (kisspace(*s))
		s++;
	negative = *s == '-';
	err = negative ? parse_rest(s + 1, &v) : kparse_u64(s, &v);
	if (err)
		return err;
	if (v > (u64)INT64_MAX + negative)
		return -ERANGE;
	*out = negative ? (s64)-v : (s64)v;
	return 0;
}

int kparse_int(const char *s, int *out)
{
	s64 v;
	int err = kparse_s64(s, &v);

	if (err)
		return err;
	*out = (int)v;
	return v == *out ? 0 : -ERANGE;
}

const char *kword(char **s)
{
	char *w = *s;

	while (kisspace(*w))
		w++;
	*s = w;
	while (**s && !kisspace(**s))
		(*s)++;
	if (**s)
		*(*s)++ = 0;
	return w;
}
