// SPDX-License-Identifier: GPL-2.0-only
/* sh, reading: characters to tokens.  A word is kept as written, quotes and all. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

struct source *in;
jmp_buf escape;
int token;
char *token_text;
struct redir token_redir;
bool token_tabs, token_here, have_token;

void prompt(const char *name, const char *otherwise)
{
	const char *p = get_var(name);

	if (in->prompt) {
		fputs(p ? p : otherwise, stdout);
		fflush(stdout);
	}
}

void syntax(const char *what)
{
	fprintf(stderr, "sh: syntax error: %s\n", what);
	longjmp(escape, SYNTAX);
}

static int next_char(void)
{
	int c = in->ahead;

	if (c != -2) {
		in->ahead = -2;
		return c;
	}
	if (in->s)
		return *in->s ? (unsigned char)*in->s++ : EOF;
	if (in->at == in->end) {
		ssize_t n;

		do
			n = read(in->fd, in->buf, in->fd == 0 ? 1 : sizeof(in->buf));
		while (n < 0 && errno == EINTR && !interrupted);
		if (interrupted && in->prompt)
			longjmp(escape, INTERRUPT);
		if (n <= 0)
			return EOF;
		in->at = 0;
		in->end = (int)n;
	}
	return (unsigned char)in->buf[in->at++];
}

static int peek(void)
{
	if (in->ahead == -2)
		in->ahead = next_char();
	return in->ahead;
}

static void skip_single(struct text *t)
{
	int c;

	do {
		c = next_char();
		if (c == EOF)
			syntax("missing '");
		if (c == '\n')
			prompt("PS2", "> ");
		put(t, (char)c, 0);
	} while (c != '\'');
}

/* Copy up to and including the closing character, minding quotes and nesting. */
static void skip_to(struct text *t, int open, int close)
{
	int depth = 1;

	for (;;) {
		int c = next_char();

		if (c == EOF)
			syntax("end of file in the middle");
		put(t, (char)c, 0);
		if (c == '\\' && peek() != EOF) {
			put(t, (char)next_char(), 0);
		} else if (c == '\'' && close != '"' && close != '`') {
			skip_single(t);
		} else if ((c == '"' || c == '`') && close != c && close != '`') {
			skip_to(t, 0, c);
		} else if (c == '$' && peek() == '(') {
			put(t, (char)next_char(), 0);
			skip_to(t, '(', ')');
		} else if (c == '$' && peek() == '{') {
			put(t, (char)next_char(), 0);
			skip_to(t, '{', '}');
		} else if (c == close && --depth == 0) {
			return;
		} else if (open && c == open) {
			depth++;
		}
	}
}

/* The body of each here-document announced on the line just read. */
static void read_heres(void)
{
	for (struct here *h = in->heres; h; h = h->next) {
		struct text body = { 0 };

		for (;;) {
			struct text line = { 0 };
			int c;

			prompt("PS2", "> ");
			while ((c = next_char()) != EOF && c != '\n')
				if (!(h->tabs && c == '\t' && line.n == 0))
					put(&line, (char)c, 0);
			if (c == EOF && line.n == 0)
				break;
			if (!strcmp(text_string(&line), h->end))
				break;
			puts_text(&body, text_string(&line), 0);
			put(&body, '\n', 0);
			if (c == EOF)
				break;
		}
		h->redir->raw = text_string(&body);
	}
	in->heres = NULL;
}

static void read_redirection(int c, int fd)
{
	token = T_REDIR;
	token_redir = (struct redir){ .fd = fd >= 0 ? fd : c == '>' };
	token_here = false;
	token_tabs = false;
	if (c == '>') {
		token_redir.kind = OUT;
		if (peek() == '>')
			token_redir.kind = APPEND;
		else if (peek() == '&')
			token_redir.kind = DUP;
		else if (peek() != '|')
			return;
		next_char();
		return;
	}
	token_redir.kind = IN;
	if (peek() == '&') {
		token_redir.kind = DUP;
		next_char();
	} else if (peek() == '>') {
		token_redir.kind = INOUT;
		next_char();
	} else if (peek() == '<') {
		next_char();
		token_redir.kind = HERE;
		token_here = true;
		if (peek() == '-') {
			next_char();
			token_tabs = true;
		}
	}
}

static void read_word(int c)
{
	struct text t = { 0 };

	for (;; c = next_char()) {
		put(&t, (char)c, 0);
		if (c == '\\') {
			if (peek() == '\n') {
				next_char();
				t.s[--t.n] = 0;
				prompt("PS2", "> ");
			} else if (peek() != EOF) {
				put(&t, (char)next_char(), 0);
			}
		} else if (c == '\'') {
			skip_single(&t);
		} else if (c == '"') {
			skip_to(&t, 0, '"');
		} else if (c == '`') {
			skip_to(&t, 0, '`');
		} else if (c == '$' && peek() == '(') {
			put(&t, (char)next_char(), 0);
			skip_to(&t, '(', ')');
		} else if (c == '$' && peek() == '{') {
			put(&t, (char)next_char(), 0);
			skip_to(&t, '{', '}');
		}
		if (peek() == EOF || strchr(" \t\n;&|<>()", peek()))
			break;
	}
	token = T_WORD;
	token_text = text_string(&t);
	if ((peek() == '<' || peek() == '>') && t.n == 1 && isdigit((unsigned char)t.s[0]))
		read_redirection(next_char(), t.s[0] - '0');
}

void read_token(void)
{
	int c = next_char();

	for (;;) {
		if (c == '\\' && peek() == '\n') {
			next_char();
			prompt("PS2", "> ");
		} else if (c == '#') {
			while ((c = next_char()) != '\n' && c != EOF)
				;
			continue;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			break;
		}
		c = next_char();
	}
	token = c;
	switch (c) {
	case EOF:
		token = T_EOF;
		return;
	case '\n':
		token = T_NEWLINE;
		if (in->heres)
			read_heres();
		return;
	case ';':
		if (peek() == ';') {
			next_char();
			token = T_DSEMI;
		}
		return;
	case '&':
		if (peek() == '&') {
			next_char();
			token = T_AND;
		}
		return;
	case '|':
		if (peek() == '|') {
			next_char();
			token = T_OR;
		}
		return;
	case '(':
	case ')':
		return;
	case '<':
	case '>':
		read_redirection(c, -1);
		return;
	}
	read_word(c);
}

int look(void)
{
	if (!have_token)
		read_token();
	have_token = true;
	return token;
}

void skip(void)
{
	look();
	have_token = false;
}

bool is_word(const char *s)
{
	return look() == T_WORD && !strcmp(token_text, s);
}

void expect(const char *s)
{
	if (!is_word(s)) {
		char what[80];

		snprintf(what, sizeof(what), "%s expected", s);
		syntax(what);
	}
	skip();
}

void skip_newlines(void)
{
	while (look() == T_NEWLINE) {
		prompt("PS2", "> ");
		skip();
	}
}
