// SPDX-License-Identifier: GPL-2.0-only
//
// userfaultfd: what its tests share.
#pragma once

#include "t.h"

#include <asm/ioctl.h>
#include <linux/userfaultfd.h>

#define ULONG(p) ((unsigned long)(p))

static struct uffdio_api hands_shaken;

static inline long shake(long fd, unsigned long features)
{
	hands_shaken = (struct uffdio_api){.api = UFFD_API, .features = features};
	return sys(ioctl, fd, UFFDIO_API, &hands_shaken);
}

static inline long enroll(long fd, void *at, unsigned long pages, unsigned long mode)
{
	struct uffdio_register r = {.range = {ULONG(at), pages * PAGE}, .mode = mode};

	return sys(ioctl, fd, UFFDIO_REGISTER, &r);
}

static long copied; // what the kernel said in the field of that name, or of the other one

static inline long copy(long fd, void *to, const void *from, unsigned long len, unsigned long mode)
{
	struct uffdio_copy c = {.dst = ULONG(to), .src = ULONG(from), .len = len, .mode = mode, .copy = 12345};
	long ret = sys(ioctl, fd, UFFDIO_COPY, &c);

	copied = (long)c.copy;
	return ret;
}
