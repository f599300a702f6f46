// SPDX-License-Identifier: GPL-2.0-only
/* Ioctls of block devices. */
#pragma once

#include <sys/mount.h>


