// SPDX-License-Identifier: GPL-2.0-only
/* sh, what follows the expansion of a word: splitting by $IFS, patterns, file names. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "user/sh/sh.h"

const char *separators(void)
{
	const char *ifs = get_var("IFS");

	return ifs ? ifs : " \t\n";
}

/* Pattern against string; how (or NULL) tells which characters of the pattern are quoted. */
bool match(const char *p, const char *how, const char *s)
{
	for (; *p; p++, how += how != NULL) {
		bool plain = how && *how == 'q';

		if (*p == '*' && !plain) {
			do
				if (match(p + 1, how ? how + 1 : NULL, s))
					return true;
			while (*s++);
			return false;
		}
		if (!*s)
			return false;
		if (*p == '[' && !plain && strchr(p + 2 < p + strlen(p) ? p + 2 : p, ']')) {
			bool not = p[1] == '!' || p[1] == '^', in_set = false;
			const char *q = p + 1 + not, *first = q;

			for (; *q && (*q != ']' || q == first); q++) {
				if (q[1] == '-' && q[2] && q[2] != ']') {
					in_set |= *s >= *q && *s <= q[2];
					q += 2;
				} else {
					in_set |= *s == *q;
				}
			}
			if (in_set == not)
				return false;
			if (how)
				how += q - p;
			p = q;
		} else if (*p != *s && (*p != '?' || plain)) {
			return false;
		}
		s++;
	}
	return !*s;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All files that match pattern from `at` on, below dir; how runs parallel to pattern. */
static void glob_from(struct list *l, const char *dir, const char *pattern, const char *how)
{
	size_t n = strcspn(pattern, "/");
	char *part = copy(pattern, n);
	bool special_part = false;
	struct dirent *d;
	DIR *stream;

	for (size_t i = 0; i < n; i++)
		special_part |= strchr("*?[", pattern[i]) && how[i] != 'q';
	if (!special_part) {
		char *path = get(strlen(dir) + n + 2);
		struct stat st;

		sprintf(path, "%s%s%s", dir, part, pattern[n] ? "/" : "");
		if (pattern[n])
			glob_from(l, path, pattern + n + 1, how + n + 1);
		else if (lstat(path, &st) == 0)
			list_add(l, path);
		return;
	}
	stream = opendir(*dir ? dir : ".");
	while (stream && (d = readdir(stream))) {
		char *path;

		if ((d->d_name[0] == '.' && part[0] != '.') ||
		    !match(part, copy(how, n), d->d_name))
			continue;
		path = get(strlen(dir) + strlen(d->d_name) + 2);
		sprintf(path, "%s%s%s", dir, d->d_name, pattern[n] ? "/" : "");
		if (pattern[n])
			glob_from(l, path, pattern + n + 1, how + n + 1);
		else
			list_add(l, path);
	}
	if (stream)
		closedir(stream);
}

static void add_field(struct list *l, struct text *t)
{
	bool pattern = false;

	squeeze(t);
	for (size_t i = 0; i < t->n; i++)
		pattern |= t->how[i] != 'q' && strchr("*?[", t->s[i]) != NULL;
	if (pattern && !opt_f) {
		int before = l->n;

		glob_from(l, t->s[0] == '/' ? "/" : "", t->s + (t->s[0] == '/'),
			  t->how + (t->s[0] == '/'));
		if (l->n > before) {
			qsort(l->v + before, (size_t)(l->n - before), sizeof(*l->v), by_name);
			return;
		}
	}
	list_add(l, text_string(t));
}

/*
 * A blank of $IFS ends a field and never makes an empty one; another separator ends one in any
 * case.
 */
void split_field(struct list *l, struct text *t)
{
	const char *ifs = separators();
	struct text field = { 0 };
	size_t i = 0;

	while (i < t->n) {
		bool ends = t->how[i] == 's' && strchr(ifs, t->s[i]);
		bool blank = ends && strchr(" \t\n", t->s[i]);

		if (!ends) {
			put(&field, t->s[i], t->how[i]);
			i++;
			continue;
		}
		i++;
		if (blank && !field.n)
			continue;
		add_field(l, &field);
		field = (struct text){ 0 };
		while (blank && i < t->n && t->how[i] == 's' && strchr(ifs, t->s[i])) {
			blank = strchr(" \t\n", t->s[i]);
			i++;
		}
	}
	if (field.n)
		add_field(l, &field);
}
