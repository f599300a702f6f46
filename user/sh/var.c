// SPDX-License-Identifier: GPL-2.0-only
/* sh, variables and positional parameters. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/sh/sh.h"

struct var *vars;
char **args;
int nargs;

/* What a variable was before a function or a command made it its own. */
struct local {
	struct local *below;
	char *name, *value;
	bool was_there, exported;
};

static struct local *locals;

struct var *find_var(const char *name, size_t n)
{
	for (struct var *v = vars; v; v = v->next)
		if (strlen(v->name) == n && !memcmp(v->name, name, n))
			return v;
	return NULL;
}

const char *get_var(const char *name)
{
	struct var *v = find_var(name, strlen(name));

	return v ? v->value : NULL;
}

/* value NULL: only make it exist. */
void set_var(const char *name, size_t n, const char *value, bool export)
{
	struct var *v = find_var(name, n);

	if (v && v->readonly && value)
		expansion_failed("%.*s: is read only", (int)n, name);
	if (!v) {
		v = calloc(1, sizeof(*v) + n + 1);
		if (!v)
			die("out of memory");
		memcpy(v->name, name, n);
		v->next = vars;
		vars = v;
	}
	if (value) {
		char *s = keep(value, strlen(value) + 1);

		free(v->value);
		v->value = s;
	}
	v->exported |= export;
}

void unset_var(const char *name)
{
	for (struct var **p = &vars; *p; p = &(*p)->next) {
		struct var *v = *p;

		if (strcmp(v->name, name))
			continue;
		if (v->readonly)
			expansion_failed("%s: is read only", name);
		*p = v->next;
		free(v->value);
		free(v);
		return;
	}
}

void assign(const char *raw)
{
	size_t n = name_length(raw);

	set_var(raw, n, expand_string(raw + n + 1), false);
}

/* For a program: in the arena. */
char **environment(void)
{
	int n = 0;
	char **env;

	for (struct var *v = vars; v; v = v->next)
		n += v->exported && v->value;
	env = get((size_t)(n + 1) * sizeof(*env));
	n = 0;
	for (struct var *v = vars; v; v = v->next) {
		if (!v->exported || !v->value)
			continue;
		env[n] = get(strlen(v->name) + strlen(v->value) + 2);
		sprintf(env[n++], "%s=%s", v->name, v->value);
	}
	return env;
}

size_t name_length(const char *s)
{
	size_t n = 0;

	if (isalpha((unsigned char)*s) || *s == '_')
		while (isalnum((unsigned char)s[n]) || s[n] == '_')
			n++;
	return n;
}

void set_args(char **v, int n)
{
	char **fresh = malloc((size_t)(n + 2) * sizeof(*fresh));

	if (!fresh)
		die("out of memory");
	fresh[0] = args[-1];
	for (int i = 0; i < n; i++)
		if (!(fresh[i + 1] = strdup(v[i])))
			die("out of memory");
	fresh[n + 1] = NULL;
	args = fresh + 1;
	nargs = n;
}

struct local *local_mark(void)
{
	return locals;
}

void local_save(const char *name, size_t n)
{
	struct var *v = find_var(name, n);
	struct local *l = calloc(1, sizeof(*l));

	if (!l)
		die("out of memory");
	l->name = keep(name, n + 1);
	l->name[n] = 0;
	if (v) {
		l->was_there = true;
		l->exported = v->exported;
		l->value = v->value ? keep(v->value, strlen(v->value) + 1) : NULL;
	}
	l->below = locals;
	locals = l;
}

void local_restore(struct local *to)
{
	while (locals != to) {
		struct local *l = locals;
		size_t n = strlen(l->name);

		unset_var(l->name);
		if (l->was_there)
			set_var(l->name, n, l->value, l->exported);
		locals = l->below;
		free(l->name);
		free(l->value);
		free(l);
	}
}
