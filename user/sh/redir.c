// SPDX-License-Identifier: GPL-2.0-only
/* sh, redirection: a stack of what the descriptors were before. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

struct saved {
	struct saved *below;
	int fd, copy;			/* copy -1: was closed */
};

static struct saved *top;

/* All of it, or false: a pipe takes a page, and who reads may be slower. */
static bool write_all(int fd, const char *s)
{
	size_t n = strlen(s);

	while (n) {
		ssize_t got = write(fd, s, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		s += got;
		n -= (size_t)got;
	}
	return true;
}

static int open_here(struct redir *r)
{
	const char *body = r->raw ? r->raw : "";
	int p[2];
	pid_t pid;

	if (!r->literal) {
		struct text t = { 0 };

		expand_into(&t, body, HEREDOC, NULL);
		squeeze(&t);
		body = text_string(&t);
	}
	if (pipe(p) != 0)
		return -1;
	if (strlen(body) <= 4096) {
		if (!write_all(p[1], body))
			perror("sh: here-document");
	} else {
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			close(p[0]);
			_exit(!write_all(p[1], body));
		}
		if (pid < 0)
			perror("sh: fork");
	}
	close(p[1]);
	return p[0];
}

static int open_redir(struct redir *r)
{
	static const int flags[] = {
		[IN] = O_RDONLY, [OUT] = O_WRONLY | O_CREAT | O_TRUNC,
		[APPEND] = O_WRONLY | O_CREAT | O_APPEND, [INOUT] = O_RDWR | O_CREAT,
	};
	char *name, *end;
	int fd;

	if (r->kind == HERE)
		return open_here(r);
	name = expand_string(r->raw);
	if (r->kind == DUP) {
		long n = strtol(name, &end, 10);

		if (!strcmp(name, "-"))
			return -2;
		errno = EBADF;
		fd = *end || !isdigit((unsigned char)*name) || n > 65535 ? -1 : dup((int)n);
	} else {
		fd = open(name, flags[r->kind], 0666);
	}
	if (fd < 0)
		fprintf(stderr, "sh: %s: %s\n", name, strerror(errno));
	return fd;
}

static void save(int fd)
{
	struct saved *s = malloc(sizeof(*s));

	if (!s)
		die("out of memory");
	s->fd = fd;
	s->copy = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	s->below = top;
	top = s;
}

struct saved *redir_mark(void)
{
	return top;
}

/* What is done stays to be restored if a later one fails. */
bool redirect(struct redir *r)
{
	fflush(stdout);
	for (; r; r = r->next) {
		int fd = open_redir(r);

		if (fd == -1)
			return false;
		save(r->fd);
		if (fd == -2) {
			close(r->fd);
		} else if (fd != r->fd) {
			dup2(fd, r->fd);
			close(fd);
		}
	}
	return true;
}

bool redirect_for_good(struct redir *r)
{
	struct saved *was = top;
	bool done = redirect(r);

	restore_nothing(was);
	return done;
}

void restore(struct saved *to)
{
	if (top != to)
		fflush(stdout);
	while (top != to) {
		struct saved *s = top;

		if (s->copy >= 0) {
			dup2(s->copy, s->fd);
			close(s->copy);
		} else {
			close(s->fd);
		}
		top = s->below;
		free(s);
	}
}

void restore_nothing(struct saved *to)
{
	while (top != to) {
		struct saved *s = top;

		if (s->copy >= 0)
			close(s->copy);
		top = s->below;
		free(s);
	}
}
