// SPDX-License-Identifier: GPL-2.0-only
/* User memory word by word: here it takes a call. */
#pragma once
#include "kernel/arch.h"

struct user_u64 get_user_u64(uaddr_t a) __must_check;
