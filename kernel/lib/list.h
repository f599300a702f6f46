// SPDX-License-Identifier: GPL-2.0-only
/* Circular doubly linked lists with the head outside the elements. Locking is the caller's. */
#pragma once
#include "kernel/lib/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)	struct list name = LIST_INIT(name)

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return READ_ONCE(l->next) == l; }

static inline void list_insert(struct list *n, struct list *prev, struct list *next)
{
	n->prev = prev;
	n->next = next;
	prev->next = n;
	next->prev = n;
}
static inline void list_add(struct list *n, struct list *head) { list_insert(n, head, head->next); }
static inline void list_add_tail(struct list *n, struct list *head) { list_insert(n, head->prev, head); }

/* Unlinks @n and leaves it an empty list of its own, so that list_empty(n) says "on no list". */
static inline void list_del(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}
static inline void list_move_tail(struct list *n, struct list *head)
{
	list_del(n);
	list_add_tail(n, head);
}
/* Moves all of @from to the tail of @to; @from is empty afterwards. */
static inline void list_splice_tail(struct list *from, struct list *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_first(head, type, member)	list_entry((head)->next, type, member)
#define list_for_each(p, head, member)						\
	for (p = list_entry((head)->next, __typeof__(*p), member);		\
	     &p->member != (head);						\
	     p = list_entry(p->member.next, __typeof__(*p), member))
#define list_for_each_safe(p, n, head, member)					\
	for (p = list_entry((head)->next, __typeof__(*p), member),		\
	     n = list_entry(p->member.next, __typeof__(*p), member);		\
	     &p->member != (head);						\
	     p = n, n = list_entry(n->member.next, __typeof__(*n), member))
