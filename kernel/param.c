// SPDX-License-Identifier: GPL-2.0-only
/* Boot words. Mirrors Linux kernel/params.c. Runs once, on one CPU, before anything else. */
#include "kernel/abi.h"
#include "kernel/arch.h"
#include "kernel/entry.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/param.h"
#include "kernel/printk.h"

#define MAX_INIT_ARGS	32

const char *init_argv[MAX_INIT_ARGS + 2] = { "/sbin/init" };
static char words[sizeof(((struct boot_info *)0)->cmdline) - 1];	/* shorter: one that was cut to fit there is refused */

int parse_u64(const char *s, u64 *out)
{
	static const char suffixes[] = "KMGTPE";
	unsigned shift = 0;
	u64 v;

	while (kisspace(*s))
		s++;
	if (kparse_digits(&s, 0, &v))
		return -EINVAL;
	for (unsigned i = 0; suffixes[i] && !shift; i++)
		if ((*s & ~0x20) == suffixes[i])
			shift = 10 * (i + 1);
	s += shift != 0;
	while (kisspace(*s))
		s++;
	if (*s || v << shift >> shift != v)
		return -EINVAL;
	*out = v << shift;
	return 0;
}

void boot_refuse(const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	kvsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	kprintf("thaw: %s\n", msg);
	arch_poweroff(POWEROFF_REFUSED);
}

/* LINUX: an unknown word is passed to init there; here the user is told of a mistake. */
static void __noreturn unknown_word(const char *word)
{
	char known[256];
	const struct param *p;
	size_t len = 0;

	kprintf("boot words:\n");
	SET_FOREACH(p, params) {
		kprintf("  %-18s%s\n", p->name, p->help);
		len += kscnprintf(known + len, sizeof(known) - len, " %s", p->name);
	}
	kprintf("  %-18s%s\n", "--", "what follows are arguments for init");
	boot_refuse("boot word \"%s\" is not known; known:%s", word, known);
}

static void handle_word(char *word)
{
	char *value = kstrchr(word, '=');
	const struct param *p;

	if (value)
		*value++ = 0;
	SET_FOREACH(p, params) {
		if (!kstreq(p->name, word))
			continue;
		if (p->set(value ? value : ""))
			boot_refuse("boot word %s=%s: bad value; %s", word, value ? value : "", p->help);
		return;
	}
	unknown_word(word);
}

/* Cuts the next word off *s, NULL at the end. */
static char *next_word(char **s)
{
	char *w = *s;

	while (kisspace(*w))
		w++;
	if (!*w)
		return NULL;
	*s = w;
	while (**s && !kisspace(**s))
		++*s;
	if (**s)
		*(*s)++ = 0;
	return w;
}

void params_parse(const char *cmdline)
{
	char *s = words, *word;
	unsigned n = 1;

	if (kstrlcpy(words, cmdline, sizeof(words)) >= sizeof(words))
		boot_refuse("the command line is longer than %zu characters", sizeof(words) - 1);
	while ((word = next_word(&s)) && !kstreq(word, "--"))
		handle_word(word);
	while (word && (word = next_word(&s))) {
		if (n > MAX_INIT_ARGS)
			boot_refuse("more than %d words after --", MAX_INIT_ARGS);
		init_argv[n++] = word;
	}
}

static int set_init(const char *value)
{
	if (value[0] != '/')
		return -EINVAL;
	init_argv[0] = value;
	return 0;
}
PARAM("init", "path of the first program (/sbin/init)", set_init);
