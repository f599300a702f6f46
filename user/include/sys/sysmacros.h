// SPDX-License-Identifier: GPL-2.0-only
/* Device numbers. */
#pragma once

#define major(dev)	((unsigned int)(((dev) >> 8 & 0xfff) | ((dev) >> 32 & ~0xfffUL)))
#define minor(dev)	((unsigned int)(((dev) & 0xff) | ((dev) >> 12 & ~0xffUL)))
#define makedev(maj, min) \
	(((maj) & 0xfffUL) << 8 | ((maj) & ~0xfffUL) << 32 | ((min) & 0xffUL) | ((min) & ~0xffUL) << 12)
