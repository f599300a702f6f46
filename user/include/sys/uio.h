// SPDX-License-Identifier: GPL-2.0-only
/* Vectors of buffers. */
#pragma once

#include <sys/types.h>

#define UIO_MAXIOV	1024

struct iovec {
	void *iov_base;
	size_t iov_len;
};

#include <sys/cdefs.h>

__BEGIN_DECLS
ssize_t readv(int fd, const struct iovec *iov, int n);
ssize_t writev(int fd, const struct iovec *iov, int n);
ssize_t preadv(int fd, const struct iovec *iov, int n, off_t off);
ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t off);
__END_DECLS
