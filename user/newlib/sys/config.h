// SPDX-License-Identifier: GPL-2.0-only
/* What every newlib header includes first: the choices of this port. */
#pragma once

#ifndef __DYNAMIC_REENT__
#define __DYNAMIC_REENT__		/* errno and friends through __getreent(): one a thread */
#endif
#define _READ_WRITE_RETURN_TYPE _ssize_t
#define _READ_WRITE_BUFSIZE_TYPE __SIZE_TYPE__
#define FD_SETSIZE 1024

#include_next <sys/config.h>
