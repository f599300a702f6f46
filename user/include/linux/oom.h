// SPDX-License-Identifier: GPL-2.0-only
/* Bounds of oom_score_adj. */
#pragma once

#define OOM_SCORE_ADJ_MIN	(-1000)
#define OOM_SCORE_ADJ_MAX	1000
