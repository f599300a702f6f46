// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boot words. PARAM(...) in any file registers one; an unknown word stops the boot with a line that
 * lists the known ones.
 */
#pragma once
#include "kernel/lib/types.h"

struct param {
	const char *name;			/* "oom", "loglevel" */
	const char *help;
	int (*set)(const char *value);		/* value "" if no '='; 0, or -EINVAL: boot stops naming word and help */
};
SET_DECLARE(params, struct param);
#define PARAM(word, helptext, fn) \
	LINKER_SET(params, struct param, param_##fn) = { .name = word, .help = helptext, .set = fn }

/*
 * Parses the whole command line; words after "--" are init's argv. Called once, before other CPUs
 * run. A bad word ends the machine in order, with a line about it.
 */
void params_parse(const char *cmdline);
const char *boot_command_line(void);		/* all of it, for /proc/cmdline */
/* init's arguments after "--" (NULL-terminated). */
extern const char *init_argv[];
/* "123", "0x10", suffix K, M, G, T, P or E; 0 or -EINVAL. */
int parse_u64(const char *s, u64 *out);
