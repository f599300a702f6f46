// SPDX-License-Identifier: GPL-2.0-only
/*
 * Epolls that watch epolls: they are no circle, not more than MAX_NESTS deep, and one wake-up does
 * not go too many ways. Mirrors ep_loop_check and reverse_path_check of Linux fs/eventpoll.c.
 *
 * Locks: epoll_lock.
 */
#include "kernel/fs/epoll.h"

#define MAX_NESTS	4		/* epolls above the first in a chain of them */

static u64 searches;			/* [epoll_lock] each marks where it has been */

/*
 * How deep the epolls are that ep watches, directly or not; more than MAX_NESTS if @into is one of
 * them, or ep.
 */
static int levels_below(struct epoll *ep, const struct epoll *into)
{
	struct epoll_item *it;

	if (ep == into)
		return MAX_NESTS + 1;
	if (ep->looked == searches)
		return ep->levels;
	ep->looked = searches;
	ep->levels = 0;
	list_for_each(it, &ep->items, node)
		if (file_epoll(it->file))
			ep->levels = max(ep->levels, levels_below(file_epoll(it->file), into) + 1);
	return ep->levels;
}

static int levels_above(struct epoll *ep)
{
	struct epoll_item *it;

	if (ep->looked == searches)
		return ep->levels;
	ep->looked = searches;
	ep->levels = 0;
	list_for_each(it, &ep->file->epoll_items, file_node)
		ep->levels = max(ep->levels, levels_above(it->ep) + 1);
	return ep->levels;
}

int epoll_check_loop(struct epoll *ep, struct epoll *inner)
{
	int below, above;

	assert_held(&epoll_lock);
	searches++;
	below = levels_below(inner, ep);
	searches++;
	above = levels_above(ep);
	return below + 1 + above > MAX_NESTS ? -ELOOP : 0;
}

/*
 * Of the ways up from a file that is watched, by how many epolls they lead through: are there more
 * than one wake-up should go? Those of one epoll are not counted.
 */
static bool too_many_ways(const struct file *f, unsigned level, unsigned *ways)
{
	static const u16 most[MAX_NESTS + 1] = { 0, 500, 100, 50, 10 };
	struct epoll_item *it;

	list_for_each(it, &f->epoll_items, file_node) {
		if (!list_empty(&it->ep->file->epoll_items)) {
			if (too_many_ways(it->ep->file, level + 1, ways))
				return true;
		} else if (level && ++ways[level] > most[level]) {
			return true;
		}
	}
	return false;
}

/* The same of f, or of all files that f, an epoll, watches, directly or not. */
static bool too_many_ways_from(const struct file *f)
{
	unsigned ways[MAX_NESTS + 1] = { 0 };
	struct epoll *ep = file_epoll(f);
	struct epoll_item *it;

	if (!ep)
		return too_many_ways(f, 0, ways);
	if (ep->looked == searches)
		return false;
	ep->looked = searches;
	list_for_each(it, &ep->items, node)
		if (too_many_ways_from(it->file))
			return true;
	return false;
}

bool epoll_too_many_ways(const struct file *f)
{
	assert_held(&epoll_lock);
	searches++;
	return too_many_ways_from(f);
}
