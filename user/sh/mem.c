// SPDX-License-Identifier: GPL-2.0-only
/* sh, memory: an arena that is cut back after each command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

struct chunk {
	struct chunk *below;
	size_t used, size;
	char data[] __attribute__((aligned(16)));
};

static struct chunk *arena;

void die(const char *what)
{
	fprintf(stderr, "sh: %s\n", what);
	_exit(2);
}

void *get(size_t n)
{
	struct chunk *c = arena;

	n = (n + 15) & ~(size_t)15;
	if (!c || c->size - c->used < n) {
		size_t size = n > 8000 ? n : 8000;

		c = malloc(sizeof(*c) + size);
		if (!c)
			die("out of memory");
		c->below = arena;
		c->used = 0;
		c->size = size;
		arena = c;
	}
	c->used += n;
	return memset(c->data + c->used - n, 0, n);
}

struct mark mark(void)
{
	return (struct mark){ arena, arena ? arena->used : 0 };
}

void cut(struct mark m)
{
	while (arena != m.chunk) {
		struct chunk *below = arena->below;

		free(arena);
		arena = below;
	}
	if (arena)
		arena->used = m.used;
}

char *copy(const char *s, size_t n)
{
	char *p = get(n + 1);

	memcpy(p, s, n);
	return p;
}

void *keep(const void *p, size_t n)
{
	void *q = malloc(n);

	if (!q)
		die("out of memory");
	return memcpy(q, p, n);
}

void put(struct text *t, char c, char how)
{
	if (t->n + 1 >= t->room) {
		size_t room = t->room ? 2 * t->room : 64;
		char *s = get(room), *h = get(room);

		if (t->n) {
			memcpy(s, t->s, t->n);
			memcpy(h, t->how, t->n);
		}
		t->s = s;
		t->how = h;
		t->room = room;
	}
	t->s[t->n] = c;
	t->how[t->n++] = how;
	t->s[t->n] = 0;
}

void puts_text(struct text *t, const char *s, char how)
{
	while (*s)
		put(t, *s++, how);
}

char *text_string(struct text *t)
{
	return t->n ? t->s : get(1);
}

/* Drop the 'e' marks. */
void squeeze(struct text *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->how[i] == 'e')
			continue;
		t->s[n] = t->s[i];
		t->how[n++] = t->how[i];
	}
	t->n = n;
	if (t->s)
		t->s[n] = 0;
}

void list_add(struct list *l, char *s)
{
	if (l->n + 1 >= l->room) {
		int room = l->room ? 2 * l->room : 16;
		char **v = get((size_t)room * sizeof(*v));

		if (l->n)
			memcpy(v, l->v, (size_t)l->n * sizeof(*v));
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}
