// SPDX-License-Identifier: GPL-2.0-only
/* sh, parsing: tokens to a tree. */
#include <stdio.h>
#include <string.h>

#include "user/sh/sh.h"

static struct node *parse_list(void);
static struct node *parse_command(void);

struct node *node(enum kind kind, struct node *a, struct node *b)
{
	struct node *n = get(sizeof(*n));

	n->kind = kind;
	n->a = a;
	n->b = b;
	return n;
}

/* Words that end a list where a command could start. */
static bool ends_list(void)
{
	static const char *const enders[] = {
		"then", "else", "elif", "fi", "do", "done", "esac", "}"
	};

	if (look() == T_EOF || look() == ')' || look() == T_DSEMI)
		return true;
	for (size_t i = 0; i < sizeof(enders) / sizeof(enders[0]); i++)
		if (is_word(enders[i]))
			return true;
	return false;
}

static char *unquoted(const char *raw)
{
	struct text t = { 0 };

	for (; *raw; raw++)
		if (!strchr("\\'\"", *raw))
			put(&t, *raw, 0);
	return text_string(&t);
}

static bool parse_redir(struct redir ***tail)
{
	struct redir *r;

	if (look() != T_REDIR)
		return false;
	r = get(sizeof(*r));
	*r = token_redir;
	if (token_here) {
		struct here *h = get(sizeof(*h)), **p = &in->heres;

		h->tabs = token_tabs;
		h->redir = r;
		skip();
		if (look() != T_WORD)
			syntax("end of the here-document expected");
		h->end = unquoted(token_text);
		r->literal = strcmp(h->end, token_text) != 0;
		while (*p)
			p = &(*p)->next;
		*p = h;
	} else {
		skip();
		if (look() != T_WORD)
			syntax("file name expected");
		r->raw = token_text;
	}
	skip();
	**tail = r;
	*tail = &r->next;
	return true;
}

static bool parse_word(struct word ***tail)
{
	struct word *w;

	if (look() != T_WORD)
		return false;
	w = get(sizeof(*w));
	w->raw = token_text;
	skip();
	**tail = w;
	*tail = &w->next;
	return true;
}

static struct node *parse_do(void)
{
	struct node *body;

	expect("do");
	body = parse_list();
	expect("done");
	return body;
}

/* After `if` or `elif`. */
static struct node *parse_if(void)
{
	struct node *n = node(IF, parse_list(), NULL);

	expect("then");
	n->b = parse_list();
	if (is_word("elif")) {
		skip();
		n->c = parse_if();
		return n;
	}
	if (is_word("else")) {
		skip();
		n->c = parse_list();
	}
	expect("fi");
	return n;
}

static struct node *parse_for(void)
{
	struct node *n = node(FOR, NULL, NULL);
	struct word **tail = &n->words;

	if (look() != T_WORD || name_length(token_text) != strlen(token_text))
		syntax("name expected after for");
	n->name = token_text;
	skip();
	skip_newlines();
	if (is_word("in")) {
		skip();
		n->has_in = true;
		while (parse_word(&tail))
			;
	}
	if (look() == ';')
		skip();
	skip_newlines();
	n->a = parse_do();
	return n;
}

static struct node *parse_case(void)
{
	struct node *n = node(CASE, NULL, NULL), **items = &n->a;
	struct word **tail = &n->words;

	if (!parse_word(&tail))
		syntax("word expected after case");
	skip_newlines();
	expect("in");
	skip_newlines();
	while (!is_word("esac")) {
		struct node *item = node(ITEM, NULL, NULL);
		struct word **patterns = &item->words;

		if (look() == '(')
			skip();
		while (parse_word(&patterns) && look() == '|')
			skip();
		if (look() != ')')
			syntax(") expected in case");
		skip();
		item->a = parse_list();
		if (look() == T_DSEMI)
			skip();
		else if (!is_word("esac"))
			syntax(";; expected");
		skip_newlines();
		*items = item;
		items = &item->b;
	}
	skip();
	return n;
}

static struct node *parse_simple(void)
{
	struct node *n = node(CMD, NULL, NULL);
	struct word **words = &n->words;
	struct redir **redirs = &n->redirs;

	for (;;) {
		if (parse_redir(&redirs))
			continue;
		if (n->words && !n->words->next && look() == '(') {
			struct node *f = node(FUNC, NULL, NULL);

			skip();
			if (look() != ')')
				syntax(") expected");
			skip();
			skip_newlines();
			f->name = n->words->raw;
			f->a = parse_command();
			return f;
		}
		if (!parse_word(&words))
			break;
	}
	if (!n->words && !n->redirs)
		syntax(look() == T_EOF ? "end of file" : "command expected");
	return n;
}

static struct node *parse_command(void)
{
	struct node *n;
	struct redir **redirs;

	if (look() == '(') {
		skip();
		n = node(SUB, parse_list(), NULL);
		if (look() != ')')
			syntax(") expected");
		skip();
	} else if (is_word("{")) {
		skip();
		n = node(GROUP, parse_list(), NULL);
		expect("}");
	} else if (is_word("if")) {
		skip();
		n = parse_if();
	} else if (is_word("while") || is_word("until")) {
		n = node(is_word("while") ? WHILE : UNTIL, NULL, NULL);
		skip();
		n->a = parse_list();
		n->b = parse_do();
	} else if (is_word("for")) {
		skip();
		n = parse_for();
	} else if (is_word("case")) {
		skip();
		n = parse_case();
	} else {
		return parse_simple();
	}
	redirs = &n->redirs;
	while (parse_redir(&redirs))
		;
	if (n->redirs && n->kind != GROUP && n->kind != SUB) {
		struct node *g = node(GROUP, n, NULL);

		g->redirs = n->redirs;
		n->redirs = NULL;
		return g;
	}
	return n;
}

static struct node *parse_pipe(void)
{
	struct node *n;
	bool not = false;

	while (is_word("!")) {
		skip();
		not = !not;
	}
	n = parse_command();
	while (look() == '|') {
		skip();
		skip_newlines();
		n = node(PIPE, n, parse_command());
	}
	return not ? node(NOT, n, NULL) : n;
}

static struct node *parse_and_or(void)
{
	struct node *n = parse_pipe();

	while (look() == T_AND || look() == T_OR) {
		enum kind kind = look() == T_AND ? AND : OR;

		skip();
		skip_newlines();
		n = node(kind, n, parse_pipe());
	}
	return n;
}

/* Commands up to a word or character that ends a list; newlines separate. */
static struct node *parse_list(void)
{
	struct node *all = NULL;

	skip_newlines();
	while (!ends_list()) {
		struct node *n = parse_and_or();

		if (look() == '&') {
			n = node(BACK, n, NULL);
			skip();
		} else if (look() == ';') {
			skip();
		} else if (look() != T_NEWLINE && !ends_list()) {
			syntax("unexpected token");
		}
		all = all ? node(SEQ, all, n) : n;
		skip_newlines();
	}
	return all;
}

/* One line's worth at top level: NULL for an empty one; *end at the end of input. */
struct node *parse_line(bool *end)
{
	struct node *all = NULL;

	while (look() != T_NEWLINE && look() != T_EOF) {
		struct node *n = parse_and_or();

		if (look() == '&')
			n = node(BACK, n, NULL);
		all = all ? node(SEQ, all, n) : n;
		if (look() == '&' || look() == ';')
			skip();
		else if (look() != T_NEWLINE && look() != T_EOF)
			syntax("unexpected token");
	}
	*end = look() == T_EOF;
	if (!*end)
		skip();
	return all;
}

struct node *keep_node(const struct node *n)
{
	struct node *k;

	if (!n)
		return NULL;
	k = keep(n, sizeof(*n));
	k->a = keep_node(n->a);
	k->b = keep_node(n->b);
	k->c = keep_node(n->c);
	if (n->name)
		k->name = keep(n->name, strlen(n->name) + 1);
	for (struct word **p = &k->words; *p; p = &(*p)->next) {
		*p = keep(*p, sizeof(**p));
		(*p)->raw = keep((*p)->raw, strlen((*p)->raw) + 1);
	}
	for (struct redir **p = &k->redirs; *p; p = &(*p)->next) {
		*p = keep(*p, sizeof(**p));
		if ((*p)->raw)
			(*p)->raw = keep((*p)->raw, strlen((*p)->raw) + 1);
	}
	return k;
}

static void text_of(struct text *t, const struct node *n)
{
	static const char *const between[] = {
		[PIPE] = " | ", [AND] = " && ", [OR] = " || ", [SEQ] = "; ",
	};

	if (!n)
		return;
	switch (n->kind) {
	case CMD:
		for (struct word *w = n->words; w; w = w->next) {
			puts_text(t, w->raw, 0);
			if (w->next)
				put(t, ' ', 0);
		}
		return;
	case PIPE:
	case AND:
	case OR:
	case SEQ:
		text_of(t, n->a);
		puts_text(t, between[n->kind], 0);
		text_of(t, n->b);
		return;
	case NOT:
		puts_text(t, "! ", 0);
		text_of(t, n->a);
		return;
	case GROUP:
	case SUB:
		puts_text(t, n->kind == SUB ? "(" : "{ ", 0);
		text_of(t, n->a);
		puts_text(t, n->kind == SUB ? ")" : "; }", 0);
		return;
	default:
		puts_text(t, "(command)", 0);
	}
}

/* A command as `jobs` shows it, near to how it was written. */
const char *node_text(const struct node *n)
{
	struct text t = { 0 };

	text_of(&t, n);
	return text_string(&t);
}
