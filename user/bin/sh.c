// SPDX-License-Identifier: GPL-2.0-only
/*
 * sh: a shell of the POSIX kind, as much of it as scripts and prompts use.
 *
 * Read a complete command into a tree (parse_*), walk the tree (run_*), expand words at the last
 * moment (expand_*).  Memory comes from an arena that is cut back after each command.
 * Left out: aliases, job control beyond fg and wait, traps, $IFS (blanks and newlines split).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* ---- memory: an arena with marks ---- */

struct chunk {
	struct chunk *below;
	size_t used, size;
	char data[] __attribute__((aligned(16)));
};

struct mark {
	struct chunk *chunk;
	size_t used;
};

static struct chunk *arena;

static void die(const char *what)
{
	fprintf(stderr, "sh: %s\n", what);
	_exit(2);
}

static void *get(size_t n)
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

static struct mark mark(void)
{
	return (struct mark){ arena, arena ? arena->used : 0 };
}

static void cut(struct mark m)
{
	while (arena != m.chunk) {
		struct chunk *below = arena->below;

		free(arena);
		arena = below;
	}
	if (arena)
		arena->used = m.used;
}

static char *copy(const char *s, size_t n)
{
	char *p = get(n + 1);

	memcpy(p, s, n);
	return p;
}

/* A growing string in the arena; mark 'q' beside a character means quoted, 's' may be split. */
struct text {
	char *s, *how;
	size_t n, room;
};

static void put(struct text *t, char c, char how)
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

static void puts_text(struct text *t, const char *s, char how)
{
	while (*s)
		put(t, *s++, how);
}

static char *text_string(struct text *t)
{
	return t->n ? t->s : get(1);
}

/* ---- the tree ---- */

struct word {
	struct word *next;
	char *raw;			/* as written, quotes and all; here-documents: the body */
};

enum redir_kind { IN, OUT, APPEND, INOUT, DUP, HERE };

struct redir {
	struct redir *next;
	enum redir_kind kind;
	int fd;
	bool literal;			/* here-document that is not expanded */
	char *raw;
};

enum kind {
	CMD, PIPE, AND, OR, SEQ, BACK, NOT, IF, WHILE, UNTIL, FOR, CASE, ITEM, GROUP, SUB, FUNC
};

struct node {
	enum kind kind;
	struct node *a, *b, *c;
	struct word *words;
	struct redir *redirs;
	char *name;
	bool has_in;			/* `for x in ...`, not `for x` */
};

static struct node *node(enum kind kind, struct node *a, struct node *b)
{
	struct node *n = get(sizeof(*n));

	n->kind = kind;
	n->a = a;
	n->b = b;
	return n;
}

/* ---- state ---- */

struct var {
	struct var *next;
	bool exported;
	char *value;
	char name[];
};

struct function {
	struct function *next;
	struct node *body;
	char *name;
};

struct job {
	struct job *next;
	pid_t pgrp, last;
	bool stopped;
	char name[];
};

static struct var *vars;
static struct function *functions;
static struct job *jobs;
static char **args;			/* $1 ... , NULL at the end; args[-1] is $0 */
static int nargs;
static int status;			/* $? */
static pid_t shell_pid, last_back;
static bool interactive, opt_e, opt_x;
static int tolerant;			/* > 0: in a condition, where set -e does not count */
static int loop_depth, breaking, continuing;
static bool returning;
static volatile sig_atomic_t interrupted;

/* Where commands come from: a string, or a descriptor read byte by byte if others share it. */
struct source {
	const char *s;
	int fd;
	bool prompt;
	int ahead;			/* one character of look-ahead, -2: none */
	char buf[512];
	int at, end;
	struct here *heres;
};

struct here {
	struct here *next;
	struct redir *redir;
	char *end;
	bool tabs;
};

static struct source *in;
static jmp_buf syntax_escape;

static void run(struct node *n);
static char *expand_string(const char *raw);

/* ---- variables ---- */

static struct var *find_var(const char *name, size_t n)
{
	for (struct var *v = vars; v; v = v->next)
		if (strlen(v->name) == n && !memcmp(v->name, name, n))
			return v;
	return NULL;
}

static void set_var(const char *name, size_t n, const char *value, bool export)
{
	struct var *v = find_var(name, n);
	char *s = strdup(value);

	if (!v && s) {
		v = calloc(1, sizeof(*v) + n + 1);
		if (v) {
			memcpy(v->name, name, n);
			v->next = vars;
			vars = v;
		}
	}
	if (!v || !s)
		die("out of memory");
	free(v->value);
	v->value = s;
	v->exported |= export;
}

static void unset_var(const char *name)
{
	for (struct var **p = &vars; *p; p = &(*p)->next) {
		struct var *v = *p;

		if (strcmp(v->name, name))
			continue;
		*p = v->next;
		free(v->value);
		free(v);
		return;
	}
}

static char **environment(void)
{
	int n = 0;
	char **env;

	for (struct var *v = vars; v; v = v->next)
		n += v->exported;
	env = get((size_t)(n + 1) * sizeof(*env));
	n = 0;
	for (struct var *v = vars; v; v = v->next) {
		if (!v->exported)
			continue;
		env[n] = get(strlen(v->name) + strlen(v->value) + 2);
		sprintf(env[n++], "%s=%s", v->name, v->value);
	}
	return env;
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	if (isalpha((unsigned char)*s) || *s == '_')
		while (isalnum((unsigned char)s[n]) || s[n] == '_')
			n++;
	return n;
}

/* ---- reading ---- */

static void syntax(const char *what)
{
	fprintf(stderr, "sh: syntax error: %s\n", what);
	longjmp(syntax_escape, 1);
}

static void prompt(const char *p)
{
	if (in->prompt) {
		fputs(p, stdout);
		fflush(stdout);
	}
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
			longjmp(syntax_escape, 2);
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

enum token {
	T_EOF = 256, T_NEWLINE, T_WORD, T_AND, T_OR, T_DSEMI, T_REDIR
};

static int token;			/* an enum token or an operator's character */
static char *token_text;		/* T_WORD */
static struct redir token_redir;	/* T_REDIR: kind and fd */
static bool token_tabs, token_here;
static bool have_token;

static void skip_single(struct text *t)
{
	int c;

	do {
		c = next_char();
		if (c == EOF)
			syntax("missing '");
		if (c == '\n')
			prompt("> ");
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
		} else if (c == '"' && close != '"') {
			skip_to(t, 0, '"');
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

			prompt("> ");
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
				prompt("> ");
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

static void read_token(void)
{
	int c = next_char();

	for (;;) {
		if (c == '\\' && peek() == '\n') {
			next_char();
			prompt("> ");
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

static int look(void)
{
	if (!have_token)
		read_token();
	have_token = true;
	return token;
}

static void skip(void)
{
	look();
	have_token = false;
}

static bool is_word(const char *s)
{
	return look() == T_WORD && !strcmp(token_text, s);
}

static void expect(const char *s)
{
	if (!is_word(s)) {
		char what[80];

		snprintf(what, sizeof(what), "%s expected", s);
		syntax(what);
	}
	skip();
}

static void skip_newlines(void)
{
	while (look() == T_NEWLINE) {
		prompt("> ");
		skip();
	}
}

/* ---- parsing ---- */

static struct node *parse_list(void);
static struct node *parse_command(void);

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
static struct node *parse_line(bool *end)
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

/* ---- expansion ---- */

static void expand_into(struct text *t, const char *raw, bool quoted, struct text *fields, int *nf);

/* What a command prints, without the newlines at its end. */
static char *output_of(const char *command)
{
	struct text t = { 0 };
	int p[2];
	char buf[512];
	ssize_t n;
	pid_t pid;
	int st;

	if (pipe(p) != 0)
		return get(1);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct source src = { .s = command, .ahead = -2 };
		bool end = false;

		interactive = false;
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		in = &src;
		have_token = false;
		if (setjmp(syntax_escape) != 0)
			_exit(2);
		while (!end) {
			struct node *tree = parse_line(&end);

			if (tree)
				run(tree);
		}
		fflush(stdout);
		_exit(status);
	}
	close(p[1]);
	while ((n = read(p[0], buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			if (buf[i])
				put(&t, buf[i], 0);
	close(p[0]);
	if (pid > 0) {
		while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
			;
		status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
	}
	while (t.n && t.s[t.n - 1] == '\n')
		t.s[--t.n] = 0;
	return text_string(&t);
}

/* $(( )): + - * / % comparison && || ! parentheses, names and numbers. */
static const char *math_at;

static long math_or(void);

static void math_blank(void)
{
	while (isspace((unsigned char)*math_at))
		math_at++;
}

static long math_atom(void)
{
	size_t n;
	long v;

	math_blank();
	if (*math_at == '(') {
		math_at++;
		v = math_or();
		math_blank();
		if (*math_at == ')')
			math_at++;
		return v;
	}
	if (*math_at == '-') {
		math_at++;
		return -math_atom();
	}
	if (*math_at == '!') {
		math_at++;
		return !math_atom();
	}
	n = name_length(math_at);
	if (n) {
		struct var *var = find_var(math_at, n);

		math_at += n;
		return var ? strtol(var->value, NULL, 0) : 0;
	}
	v = strtol(math_at, (char **)&math_at, 0);
	return v;
}

static long math_product(void)
{
	long v = math_atom();

	for (;;) {
		char op;
		long w;

		math_blank();
		op = *math_at;
		if (op != '*' && op != '/' && op != '%')
			return v;
		math_at++;
		w = math_atom();
		if (op != '*' && (w == 0 || (w == -1 && v == LONG_MIN))) {
			fprintf(stderr, "sh: division by zero\n");
			return 0;
		}
		v = op == '*' ? (long)((unsigned long)v * (unsigned long)w) :
		    op == '/' ? v / w : v % w;
	}
}

static long math_sum(void)
{
	long v = math_product();

	for (;;) {
		math_blank();
		if (*math_at == '+') {
			math_at++;
			v = (long)((unsigned long)v + (unsigned long)math_product());
		} else if (*math_at == '-') {
			math_at++;
			v = (long)((unsigned long)v - (unsigned long)math_product());
		} else {
			return v;
		}
	}
}

static bool math_op(const char *op)
{
	math_blank();
	if (strncmp(math_at, op, strlen(op)))
		return false;
	math_at += strlen(op);
	return true;
}

static long math_compare(void)
{
	long v = math_sum();

	if (math_op("<="))
		return v <= math_sum();
	if (math_op(">="))
		return v >= math_sum();
	if (math_op("<"))
		return v < math_sum();
	if (math_op(">"))
		return v > math_sum();
	if (math_op("=="))
		return v == math_sum();
	if (math_op("!="))
		return v != math_sum();
	return v;
}

static long math_or(void)
{
	long v = math_compare();

	for (;;) {
		long w;

		if (math_op("&&")) {
			w = math_compare();
			v = v && w;
		} else if (math_op("||")) {
			w = math_compare();
			v = v || w;
		} else {
			return v;
		}
	}
}

static char *math(const char *expression)
{
	char *s = get(24);

	math_at = expand_string(expression);
	sprintf(s, "%ld", math_or());
	return s;
}

static const char *special(char c)
{
	char *s = get(24);
	int n = c - '0';

	switch (c) {
	case '?': sprintf(s, "%d", status); return s;
	case '$': sprintf(s, "%d", (int)shell_pid); return s;
	case '#': sprintf(s, "%d", nargs); return s;
	case '!':
		if (last_back)
			sprintf(s, "%d", (int)last_back);
		return s;
	case '-': return interactive ? "i" : "";
	}
	return n == 0 ? args[-1] : n <= nargs ? args[n - 1] : NULL;
}

static const char *value_of(const char *name, size_t n)
{
	if (n == 1 && strchr("?$#!-0123456789", *name))
		return special(*name);
	struct var *v = find_var(name, n);

	return v ? v->value : NULL;
}

static bool match(const char *p, const char *how, const char *s);

/* ${name}, ${#name}, and with : or not, - = + ? or # ## % %%; inner is between the braces. */
static const char *braces(const char *inner)
{
	size_t n = name_length(inner);
	const char *value, *rest;
	bool empty_too = false;

	if (*inner == '#' && inner[1]) {
		char *s = get(24);
		const char *v = value_of(inner + 1, strlen(inner + 1));

		sprintf(s, "%zu", v ? strlen(v) : (size_t)0);
		return s;
	}
	if (n == 0)
		n = 1;
	value = value_of(inner, n);
	rest = inner + n;
	if (*rest == ':') {
		empty_too = true;
		rest++;
	}
	switch (*rest) {
	case 0:
		return value;
	case '-':
		return value && (*value || !empty_too) ? value : expand_string(rest + 1);
	case '+':
		return value && (*value || !empty_too) ? expand_string(rest + 1) : "";
	case '=':
		if (value && (*value || !empty_too))
			return value;
		value = expand_string(rest + 1);
		set_var(inner, n, value, false);
		return value;
	case '?':
		if (value && (*value || !empty_too))
			return value;
		fprintf(stderr, "sh: %.*s: %s\n", (int)n, inner, expand_string(rest + 1));
		if (!interactive)
			exit(2);
		return "";
	case '#':
	case '%': {
		bool longest = rest[1] == *rest;
		char *pattern = expand_string(rest + 1 + longest);
		size_t len = value ? strlen(value) : 0;

		for (size_t i = 0; value && i <= len; i++) {
			size_t cut_at = longest ? len - i : i;
			char *part = *rest == '#' ? copy(value, cut_at)
						  : copy(value + len - cut_at, cut_at);

			if (match(pattern, NULL, part))
				return *rest == '#' ? value + cut_at : copy(value, len - cut_at);
		}
		return value;
	}
	}
	fprintf(stderr, "sh: bad substitution: ${%s}\n", inner);
	return "";
}

/* Find the end of what $( or ${ or ` opened; s points behind the opening. */
static const char *closing(const char *s, char open, char close)
{
	int depth = 1;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '\'' && close != '`') {
			const char *e = strchr(s + 1, '\'');

			if (e)
				s = e;
		} else if (*s == close && --depth == 0)
			return s;
		else if (*s == open && open)
			depth++;
	}
	return s;
}

static void end_field(struct text *t, struct text *fields, int *nf)
{
	fields[(*nf)++] = *t;
	*t = (struct text){ 0 };
}

/* $ at s; returns where to go on. */
static const char *expand_dollar(struct text *t, const char *s, bool quoted, struct text *fields,
				 int *nf)
{
	char how = quoted ? 'q' : 's';
	const char *end, *value = NULL;

	s++;
	if (*s == '(' && s[1] == '(') {
		end = closing(s + 2, '(', ')');
		if (*end && end[1] == ')') {
			puts_text(t, math(copy(s + 2, (size_t)(end - s - 2))), how);
			return end + 2;
		}
	}
	if (*s == '(') {
		end = closing(s + 1, '(', ')');
		puts_text(t, output_of(copy(s + 1, (size_t)(end - s - 1))), how);
		return *end ? end + 1 : end;
	}
	if (*s == '{') {
		end = closing(s + 1, '{', '}');
		value = braces(copy(s + 1, (size_t)(end - s - 1)));
		s = *end ? end + 1 : end;
	} else if (*s == '@' || *s == '*') {
		for (int i = 0; i < nargs; i++) {
			if (i && *s == '@' && quoted && fields)
				end_field(t, fields, nf);
			else if (i)
				put(t, ' ', how);
			puts_text(t, args[i], how);
			if (quoted && !*args[i] && fields && *s == '@')
				put(t, 0, 'e');
		}
		return s + 1;
	} else if (*s && strchr("?$#!-0123456789", *s)) {
		value = special(*s);
		s++;
	} else {
		size_t n = name_length(s);

		if (n == 0) {
			put(t, '$', 'q');
			return s;
		}
		value = value_of(s, n);
		s += n;
	}
	if (value)
		puts_text(t, value, how);
	return s;
}

/*
 * Expand raw into t; `quoted` inside double quotes or a here-document.  An empty quoted string
 * leaves the mark 'e', so that the field exists.  "$@" ends fields early.
 */
static void expand_into(struct text *t, const char *raw, bool quoted, struct text *fields, int *nf)
{
	const char *s = raw, *end;

	while (*s) {
		switch (*s) {
		case '\\':
			if (!s[1]) {
				put(t, '\\', 'q');
				s++;
			} else if (quoted && !strchr("$`\"\\\n", s[1])) {
				put(t, '\\', 'q');
				put(t, s[1], 'q');
				s += 2;
			} else {
				if (s[1] != '\n')
					put(t, s[1], 'q');
				s += 2;
			}
			continue;
		case '\'':
			if (quoted)
				break;
			put(t, 0, 'e');
			for (s++; *s && *s != '\''; s++)
				put(t, *s, 'q');
			s += *s == '\'';
			continue;
		case '"': {
			char *inner;

			if (quoted)
				break;
			for (end = s + 1; *end && *end != '"'; end++) {
				if (*end == '\\' && end[1])
					end++;
				else if (*end == '$' && end[1] == '(')
					end = closing(end + 2, '(', ')');
				else if (*end == '$' && end[1] == '{')
					end = closing(end + 2, '{', '}');
				if (!*end)
					break;
			}
			inner = copy(s + 1, (size_t)(end - s - 1));
			if (strcmp(inner, "$@"))
				put(t, 0, 'e');
			expand_into(t, inner, true, fields, nf);
			s = *end ? end + 1 : end;
			continue;
		}
		case '`': {
			struct text cmd = { 0 };

			end = closing(s + 1, 0, '`');
			for (const char *p = s + 1; p < end; p++) {
				if (*p == '\\' && p + 1 < end && strchr("`$\\", p[1]))
					p++;
				put(&cmd, *p, 0);
			}
			puts_text(t, output_of(text_string(&cmd)), quoted ? 'q' : 's');
			s = *end ? end + 1 : end;
			continue;
		}
		case '$':
			s = expand_dollar(t, s, quoted, fields, nf);
			continue;
		}
		put(t, *s++, quoted ? 'q' : 0);
	}
}

/* Drop the 'e' marks. */
static void squeeze(struct text *t)
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

/* Without splitting and file names: for assignments, redirections, case. */
static char *expand_string(const char *raw)
{
	struct text t = { 0 };

	expand_into(&t, raw, false, NULL, NULL);
	squeeze(&t);
	return text_string(&t);
}

/* Pattern against string; how (or NULL) tells which characters of the pattern are quoted. */
static bool match(const char *p, const char *how, const char *s)
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

struct list {
	char **v;
	int n, room;
};

static void list_add(struct list *l, char *s)
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
	if (pattern) {
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

/* Split where an unquoted expansion left blanks. */
static void split_field(struct list *l, struct text *t)
{
	struct text field = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		if (t->how[i] == 's' && strchr(" \t\n", t->s[i])) {
			if (field.n)
				add_field(l, &field);
			field = (struct text){ 0 };
		} else {
			put(&field, t->s[i], t->how[i]);
		}
	}
	if (field.n)
		add_field(l, &field);
}

static void expand_word(struct list *l, const char *raw)
{
	struct text *fields = get((size_t)(nargs + 1) * 8 * sizeof(*fields));
	struct text t = { 0 };
	int nf = 0;

	if (raw[0] == '~' && (!raw[1] || raw[1] == '/')) {
		puts_text(&t, value_of("HOME", 4) ? value_of("HOME", 4) : "/", 'q');
		raw++;
	}
	expand_into(&t, raw, false, fields, &nf);
	end_field(&t, fields, &nf);
	for (int i = 0; i < nf; i++)
		split_field(l, &fields[i]);
}

/* ---- redirection ---- */

struct saved {
	struct saved *next;
	int fd, copy;			/* copy -1: was closed */
};

static int open_here(struct redir *r)
{
	const char *body = r->raw ? r->raw : "";
	int p[2];
	pid_t pid;

	if (!r->literal) {
		struct text t = { 0 };

		expand_into(&t, body, true, NULL, NULL);
		body = text_string(&t);
	}
	if (pipe(p) != 0)
		return -1;
	if (strlen(body) <= 4096) {
		if (write(p[1], body, strlen(body)) < 0)
			perror("sh: here-document");
	} else {
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			close(p[0]);
			_exit(write(p[1], body, strlen(body)) < 0);
		}
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
	char *name;
	int fd;

	if (r->kind == HERE)
		return open_here(r);
	name = expand_string(r->raw);
	if (r->kind == DUP) {
		if (!strcmp(name, "-"))
			return -2;
		fd = isdigit((unsigned char)name[0]) ? dup(atoi(name)) : -1;
	} else {
		fd = open(name, flags[r->kind], 0666);
	}
	if (fd < 0)
		fprintf(stderr, "sh: %s: %s\n", name, strerror(errno));
	return fd;
}

/* Apply; with `save` set remember what to put back. */
static bool redirect(struct redir *r, struct saved **save)
{
	for (; r; r = r->next) {
		int fd = open_redir(r);

		if (fd == -1)
			return false;
		if (save) {
			struct saved *s = get(sizeof(*s));

			fflush(stdout);
			s->fd = r->fd;
			s->copy = fcntl(r->fd, F_DUPFD_CLOEXEC, 10);
			s->next = *save;
			*save = s;
		}
		if (fd == -2) {
			close(r->fd);
		} else if (fd != r->fd) {
			dup2(fd, r->fd);
			close(fd);
		}
	}
	return true;
}

static void restore(struct saved *s)
{
	fflush(stdout);
	for (; s; s = s->next) {
		if (s->copy >= 0) {
			dup2(s->copy, s->fd);
			close(s->copy);
		} else {
			close(s->fd);
		}
	}
}

/* ---- processes ---- */

static int decode(int st)
{
	if (WIFSIGNALED(st))
		return 128 + WTERMSIG(st);
	if (WIFSTOPPED(st))
		return 128 + WSTOPSIG(st);
	return WEXITSTATUS(st);
}

/* In a new child: signals as a program expects them, its process group, the terminal. */
static void child_setup(pid_t pgrp, bool foreground)
{
	static const int ours[] = { SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };

	if (interactive) {
		pid_t me = getpid();

		setpgid(0, pgrp ? pgrp : me);
		if (foreground)
			tcsetpgrp(0, pgrp ? pgrp : me);
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			signal(ours[i], SIG_DFL);
	} else if (!foreground) {
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
	}
	interactive = false;
}

static void add_job(pid_t pgrp, pid_t last, const char *name, bool stopped)
{
	struct job *j = malloc(sizeof(*j) + strlen(name) + 1);

	if (!j)
		return;
	j->pgrp = pgrp;
	j->last = last;
	j->stopped = stopped;
	strcpy(j->name, name);
	j->next = jobs;
	jobs = j;
}

static void drop_job(pid_t last)
{
	for (struct job **p = &jobs; *p; p = &(*p)->next) {
		struct job *j = *p;

		if (j->last != last)
			continue;
		*p = j->next;
		free(j);
		return;
	}
}

static const char *node_name(struct node *n)
{
	while (n && n->kind != CMD && n->a)
		n = n->a;
	return n && n->words ? n->words->raw : "(command)";
}

/* Wait for the n processes of a foreground job; the last one's status is ours. */
static void wait_job(pid_t pgrp, pid_t *pids, int n, const char *name)
{
	int st = 0;

	for (int i = 0; i < n; i++) {
		pid_t got;

		do
			got = waitpid(pids[i], &st, interactive ? WUNTRACED : 0);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			st = 127 << 8;
		if (i == n - 1)
			status = decode(st);
		if (WIFSTOPPED(st)) {
			status = decode(st);
			printf("[stopped] %d %s\n", (int)pgrp, name);
			add_job(pgrp, pids[n - 1], name, true);
			break;
		}
	}
	if (interactive)
		tcsetpgrp(0, getpgrp());
	if (WIFSIGNALED(st) && WTERMSIG(st) != SIGPIPE) {
		if (WTERMSIG(st) == SIGINT && interactive)
			putchar('\n');
		else if (WTERMSIG(st) != SIGINT)
			fprintf(stderr, "%s\n", strsignal(WTERMSIG(st)));
		if (WTERMSIG(st) == SIGINT)
			interrupted = 1;
	}
	fflush(stdout);
}

static void run_exit(struct node *n)
{
	run(n);
	fflush(stdout);
	_exit(status);
}

static int flatten(struct node *n, struct node **out)
{
	int count = 0;

	if (n->kind == PIPE) {
		count = flatten(n->a, out);
		n = n->b;
	}
	if (out)
		out[count] = n;
	return count + 1;
}

/* Start the commands of a pipeline, each in its own process. */
static void run_pipeline(struct node *n, bool foreground)
{
	int count = flatten(n, NULL), in_fd = -1;
	struct node **part = get((size_t)count * sizeof(*part));
	pid_t *pids = get((size_t)count * sizeof(*pids));
	int started = 0;

	flatten(n, part);
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		int p[2] = { -1, -1 };
		pid_t pid;

		if (i < count - 1 && pipe(p) != 0) {
			perror("sh: pipe");
			break;
		}
		pid = fork();
		if (pid == 0) {
			bool alone = interactive;

			child_setup(started ? pids[0] : 0, foreground);
			if (in_fd >= 0)
				dup2(in_fd, 0);
			else if (!foreground && !alone) {
				int null = open("/dev/null", O_RDONLY);

				if (null > 0) {
					dup2(null, 0);
					close(null);
				}
			}
			if (p[1] >= 0)
				dup2(p[1], 1);
			if (in_fd > 2)
				close(in_fd);
			if (p[0] > 2)
				close(p[0]);
			if (p[1] > 2)
				close(p[1]);
			run_exit(part[i]);
		}
		if (in_fd >= 0)
			close(in_fd);
		if (p[1] >= 0)
			close(p[1]);
		in_fd = p[0];
		if (pid < 0) {
			perror("sh: fork");
			break;
		}
		pids[started++] = pid;
		if (interactive)
			setpgid(pid, pids[0]);
	}
	if (in_fd >= 0)
		close(in_fd);
	if (started == 0) {
		status = 126;
		return;
	}
	if (foreground) {
		if (interactive)
			tcsetpgrp(0, pids[0]);
		wait_job(pids[0], pids, started, node_name(n));
		if (started < count)
			status = 126;
		return;
	}
	last_back = pids[started - 1];
	add_job(pids[0], last_back, node_name(n), false);
	if (interactive)
		printf("[%d]\n", (int)last_back);
	status = 0;
}

/* Forget children in the background that have ended, saying so at the prompt. */
static void reap(void)
{
	pid_t got;
	int st;

	while (jobs && (got = waitpid(-1, &st, WNOHANG)) > 0) {
		for (struct job *j = jobs; j; j = j->next)
			if (j->last == got && interactive)
				printf("[%d] done %d %s\n", (int)got, decode(st), j->name);
		drop_job(got);
	}
}

/* ---- builtins: return a status ---- */

static int b_cd(char **v)
{
	const char *to = v[1] ? v[1] : value_of("HOME", 4);
	char here[PATH_MAX];

	if (!to || chdir(to) != 0) {
		fprintf(stderr, "cd: %s: %s\n", to ? to : "HOME", strerror(errno));
		return 1;
	}
	if (getcwd(here, sizeof(here)))
		set_var("PWD", 3, here, true);
	return 0;
}

static int b_pwd(char **v)
{
	char here[PATH_MAX];

	(void)v;
	if (!getcwd(here, sizeof(here))) {
		perror("pwd");
		return 1;
	}
	puts(here);
	return 0;
}

static int b_exit(char **v)
{
	int code = v[1] ? atoi(v[1]) & 255 : status;

	fflush(stdout);
	_exit(code);
}

static int b_export(char **v)
{
	for (v++; *v; v++) {
		char *eq = strchr(*v, '=');
		size_t n = eq ? (size_t)(eq - *v) : strlen(*v);
		struct var *var = find_var(*v, n);

		if (eq)
			set_var(*v, n, eq + 1, true);
		else if (var)
			var->exported = true;
	}
	return 0;
}

static int b_unset(char **v)
{
	for (v++; *v; v++)
		unset_var(*v);
	return 0;
}

static void set_args(char **v, int n)
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

static int b_set(char **v)
{
	int n = 0;

	if (!v[1])
		for (struct var *var = vars; var; var = var->next)
			printf("%s=%s\n", var->name, var->value);
	for (v++; *v && (**v == '-' || **v == '+') && (*v)[1]; v++) {
		if (!strcmp(*v, "--")) {
			v++;
			set_args(v, 0);
			break;
		}
		for (char *c = *v + 1; *c; c++) {
			if (*c == 'e')
				opt_e = **v == '-';
			if (*c == 'x')
				opt_x = **v == '-';
		}
	}
	while (v[n])
		n++;
	if (n)
		set_args(v, n);
	return 0;
}

static int b_shift(char **v)
{
	int n = v[1] ? atoi(v[1]) : 1;

	if (n < 0 || n > nargs)
		return 1;
	nargs -= n;
	memmove(args, args + n, (size_t)(nargs + 1) * sizeof(*args));
	return 0;
}

static int wait_one(pid_t pid)
{
	int st;
	pid_t got;

	do
		got = waitpid(pid, &st, 0);
	while (got < 0 && errno == EINTR && !interrupted);
	drop_job(pid);
	return got < 0 ? 127 : decode(st);
}

static int b_wait(char **v)
{
	int rc = 0;

	if (v[1]) {
		for (v++; *v; v++)
			rc = wait_one(atoi(*v));
		return rc;
	}
	while (jobs && !interrupted)
		wait_one(jobs->last);
	while (!interrupted && wait(NULL) > 0)
		;
	return 0;
}

static int b_jobs(char **v)
{
	(void)v;
	reap();
	for (struct job *j = jobs; j; j = j->next)
		printf("%d %s %s\n", (int)j->last, j->stopped ? "stopped" : "running", j->name);
	return 0;
}

static int b_fg(char **v)
{
	struct job *j = jobs;
	pid_t pgrp, last;
	char *name;

	while (v[1] && j && j->last != atoi(v[1]))
		j = j->next;
	if (!j) {
		fprintf(stderr, "fg: no such job\n");
		return 1;
	}
	pgrp = j->pgrp;
	last = j->last;
	name = copy(j->name, strlen(j->name));
	drop_job(last);
	if (interactive)
		tcsetpgrp(0, pgrp);
	kill(interactive ? -pgrp : last, SIGCONT);
	wait_job(pgrp, &last, 1, name);
	return status;
}

static int signal_number(const char *s)
{
	static const char *const names[] = {
		[SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT", [SIGABRT] = "ABRT",
		[SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM", [SIGCHLD] = "CHLD",
		[SIGCONT] = "CONT", [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	};

	if (isdigit((unsigned char)*s))
		return atoi(s);
	if (!strncmp(s, "SIG", 3))
		s += 3;
	for (int i = 1; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (names[i] && !strcmp(names[i], s))
			return i;
	return -1;
}

static int b_kill(char **v)
{
	int sig = SIGTERM, rc = 0;

	v++;
	if (*v && **v == '-' && (*v)[1]) {
		if (!strcmp(*v, "-s") && v[1])
			v++;
		sig = signal_number(**v == '-' ? *v + 1 : *v);
		v++;
	}
	if (sig < 0 || !*v) {
		fprintf(stderr, "kill: [-SIGNAL] PID...\n");
		return 2;
	}
	for (; *v; v++) {
		if (kill(atoi(*v), sig) != 0) {
			fprintf(stderr, "kill: %s: %s\n", *v, strerror(errno));
			rc = 1;
		}
	}
	return rc;
}

static int b_echo(char **v)
{
	bool newline = true;

	v++;
	if (*v && !strcmp(*v, "-n")) {
		newline = false;
		v++;
	}
	for (; *v; v++)
		printf("%s%s", *v, v[1] ? " " : "");
	if (newline)
		putchar('\n');
	return fflush(stdout) == 0 ? 0 : 1;
}

/* printf without numbers' finer points: %s %d %x %c %% and backslashes. */
static int b_printf(char **v)
{
	const char *f = v[1] ? v[1] : "";
	char **a = v + 2;

	if (!v[1])
		return 2;
	do {
		for (const char *p = f; *p; p++) {
			if (*p == '\\' && p[1]) {
				p++;
				putchar(*p == 'n' ? '\n' : *p == 't' ? '\t' : *p);
			} else if (*p == '%' && p[1]) {
				char spec[32] = "%";
				size_t n = strspn(p + 1, "-0123456789.");

				if (n > 20)
					return 2;
				memcpy(spec + 1, p + 1, n);
				p += 1 + n;
				if (*p == '%') {
					putchar('%');
				} else if (*p && strchr("dixuX", *p)) {
					sprintf(spec + 1 + n, "l%c", *p);
					printf(spec, *a ? strtol(*a, NULL, 0) : 0L);
					a += *a != NULL;
				} else {
					strcpy(spec + 1 + n, "s");
					printf(spec, *a ? *a : "");
					a += *a != NULL;
				}
				if (!*p)
					break;
			} else {
				putchar(*p);
			}
		}
	} while (*a && a > v + 2 && strchr(f, '%'));
	return fflush(stdout) == 0 ? 0 : 1;
}

static bool test_unary(char op, const char *s)
{
	struct stat st;

	switch (op) {
	case 'n': return *s;
	case 'z': return !*s;
	case 't': return isatty(atoi(s));
	case 'r': return access(s, R_OK) == 0;
	case 'w': return access(s, W_OK) == 0;
	case 'x': return access(s, X_OK) == 0;
	case 'L':
	case 'h': return lstat(s, &st) == 0 && S_ISLNK(st.st_mode);
	}
	if (stat(s, &st) != 0)
		return false;
	switch (op) {
	case 'e': return true;
	case 'f': return S_ISREG(st.st_mode);
	case 'd': return S_ISDIR(st.st_mode);
	case 'c': return S_ISCHR(st.st_mode);
	case 'b': return S_ISBLK(st.st_mode);
	case 'p': return S_ISFIFO(st.st_mode);
	case 's': return st.st_size > 0;
	}
	return false;
}

static int test_binary(const char *a, const char *op, const char *b)
{
	static const char *const ops[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };
	long x = strtol(a, NULL, 10), y = strtol(b, NULL, 10);
	bool holds[] = { x == y, x != y, x < y, x <= y, x > y, x >= y };

	if (!strcmp(op, "=") || !strcmp(op, "=="))
		return !strcmp(a, b);
	if (!strcmp(op, "!="))
		return !!strcmp(a, b);
	for (int i = 0; i < 6; i++)
		if (!strcmp(op, ops[i]))
			return holds[i];
	return -1;
}

static char **test_at;

static int test_or(void);

static int test_primary(void)
{
	char *a = *test_at;
	int r;

	if (!a)
		return 0;
	if (!strcmp(a, "!")) {
		test_at++;
		return !test_primary();
	}
	if (!strcmp(a, "(")) {
		test_at++;
		r = test_or();
		if (*test_at)
			test_at++;
		return r;
	}
	if (test_at[1] && test_at[2]) {
		r = test_binary(a, test_at[1], test_at[2]);
		if (r >= 0) {
			test_at += 3;
			return r;
		}
	}
	if (a[0] == '-' && a[1] && !a[2] && test_at[1]) {
		test_at += 2;
		return test_unary(a[1], test_at[-1]);
	}
	test_at++;
	return *a != 0;
}

static int test_or(void)
{
	int r = test_primary();

	while (*test_at && (!strcmp(*test_at, "-a") || !strcmp(*test_at, "-o"))) {
		bool and = !strcmp(*test_at, "-a");
		int s;

		test_at++;
		s = test_primary();
		r = and ? r && s : r || s;
	}
	return r;
}

static int b_test(char **v)
{
	int n = 0, r;

	while (v[n])
		n++;
	if (!strcmp(v[0], "[")) {
		if (n < 2 || strcmp(v[n - 1], "]")) {
			fprintf(stderr, "[: ] expected\n");
			return 2;
		}
		v[n - 1] = NULL;
	}
	test_at = v + 1;
	r = test_or();
	if (*test_at) {
		fprintf(stderr, "test: %s: unexpected\n", *test_at);
		return 2;
	}
	return !r;
}

static int b_read(char **v)
{
	struct text t = { 0 };
	char c;
	ssize_t n;
	char *s;

	v++;
	if (*v && !strcmp(*v, "-r"))
		v++;
	fflush(stdout);
	while ((n = read(0, &c, 1)) == 1 && c != '\n')
		put(&t, c, 0);
	s = text_string(&t);
	for (; *v; v++) {
		size_t len;

		s += strspn(s, " \t");
		len = v[1] ? strcspn(s, " \t") : strlen(s);
		while (!v[1] && len && strchr(" \t", s[len - 1]))
			len--;
		set_var(*v, strlen(*v), copy(s, len), false);
		s += len;
	}
	return n == 1 ? 0 : 1;
}

static int b_true(char **v)
{
	(void)v;
	return 0;
}

static int b_false(char **v)
{
	(void)v;
	return 1;
}

static int b_break(char **v)
{
	int n = v[1] ? atoi(v[1]) : 1;

	n = n < loop_depth ? n : loop_depth;
	if (v[0][0] == 'b')
		breaking = n;
	else
		continuing = n;
	return 0;
}

static int b_return(char **v)
{
	returning = true;
	return v[1] ? atoi(v[1]) & 255 : status;
}

static int b_umask(char **v)
{
	mode_t m;

	if (v[1]) {
		umask((mode_t)strtol(v[1], NULL, 8));
		return 0;
	}
	m = umask(0);
	umask(m);
	printf("%04o\n", (unsigned int)m);
	return 0;
}

static int b_exec(char **v)
{
	if (!v[1])
		return 0;
	environ = environment();
	execvp(v[1], v + 1);
	fprintf(stderr, "sh: %s: %s\n", v[1], strerror(errno));
	if (!interactive)
		_exit(errno == ENOENT ? 127 : 126);
	return 126;
}

/* Run everything src has; stops at the end, after `return`, or a syntax error. */
static void run_source(struct source *src)
{
	struct source *was = in;
	jmp_buf outer;
	bool volatile had = have_token;
	int volatile kept = token;
	bool end = false;

	memcpy(&outer, &syntax_escape, sizeof(outer));
	in = src;
	have_token = false;
	if (setjmp(syntax_escape) != 0) {
		status = 2;
		end = true;
	}
	while (!end && !returning) {
		struct node *tree = parse_line(&end);

		if (tree)
			run(tree);
	}
	memcpy(&syntax_escape, &outer, sizeof(outer));
	in = was;
	have_token = had;
	token = kept;
}

static int b_eval(char **v)
{
	struct source src = { .ahead = -2 };
	struct text t = { 0 };

	for (v++; *v; v++) {
		puts_text(&t, *v, 0);
		put(&t, ' ', 0);
	}
	src.s = text_string(&t);
	status = 0;
	run_source(&src);
	return status;
}

static int b_dot(char **v)
{
	struct source src = { .ahead = -2 };

	if (!v[1] || (src.fd = open(v[1], O_RDONLY | O_CLOEXEC)) < 0) {
		fprintf(stderr, "sh: %s: %s\n", v[1] ? v[1] : ".", strerror(errno));
		return 1;
	}
	status = 0;
	run_source(&src);
	returning = false;
	close(src.fd);
	return status;
}

static const struct builtin {
	const char *name;
	int (*run)(char **argv);
} builtins[] = {
	{ ".", b_dot }, { ":", b_true }, { "[", b_test }, { "break", b_break }, { "cd", b_cd },
	{ "continue", b_break }, { "echo", b_echo }, { "eval", b_eval }, { "exec", b_exec },
	{ "exit", b_exit }, { "export", b_export }, { "false", b_false }, { "fg", b_fg },
	{ "jobs", b_jobs }, { "kill", b_kill }, { "printf", b_printf }, { "pwd", b_pwd },
	{ "read", b_read }, { "return", b_return }, { "set", b_set }, { "shift", b_shift },
	{ "test", b_test }, { "true", b_true }, { "umask", b_umask }, { "unset", b_unset },
	{ "wait", b_wait },
};

static const struct builtin *find_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

/* ---- functions: their trees live outside the arena ---- */

static void *keep(const void *p, size_t n)
{
	void *q = malloc(n);

	if (!q)
		die("out of memory");
	return memcpy(q, p, n);
}

static struct node *keep_node(const struct node *n)
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

/* An older body of the same name is not freed: it may be running. */
static void define(struct node *n)
{
	struct function *f = functions;

	while (f && strcmp(f->name, n->name))
		f = f->next;
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			die("out of memory");
		f->name = keep(n->name, strlen(n->name) + 1);
		f->next = functions;
		functions = f;
	}
	f->body = keep_node(n->a);
	status = 0;
}

static void call(struct function *f, struct list *l)
{
	char **was = args;
	int nwas = nargs;
	char **fresh = get((size_t)(l->n + 1) * sizeof(*fresh));

	fresh[0] = args[-1];
	for (int i = 1; i <= l->n; i++)
		fresh[i] = i < l->n ? l->v[i] : NULL;
	args = fresh + 1;
	nargs = l->n - 1;
	status = 0;
	run(f->body);
	returning = false;
	args = was;
	nargs = nwas;
}

/* ---- running ---- */

static void assign(const char *raw, size_t n, bool export)
{
	set_var(raw, n, expand_string(raw + n + 1), export);
}

static void run_external(struct node *n, struct list *l, struct word *assigns, int count)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		child_setup(0, true);
		for (; count; count--, assigns = assigns->next)
			assign(assigns->raw, name_length(assigns->raw), true);
		if (!redirect(n->redirs, NULL))
			_exit(1);
		environ = environment();
		execvp(l->v[0], l->v);
		if (errno == ENOEXEC) {
			list_add(l, NULL);
			memmove(l->v + 1, l->v, (size_t)(l->n - 1) * sizeof(*l->v));
			l->v[0] = "/bin/sh";
			execv("/bin/sh", l->v);
		}
		if (errno == ENOENT && !strchr(l->v[0], '/'))
			fprintf(stderr, "sh: %s: not found\n", l->v[0]);
		else
			fprintf(stderr, "sh: %s: %s\n", l->v[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0) {
		fprintf(stderr, "sh: fork: %s\n", strerror(errno));
		status = 126;
		return;
	}
	if (interactive) {
		setpgid(pid, pid);
		tcsetpgrp(0, pid);
	}
	wait_job(pid, &pid, 1, l->v[0]);
}

static void run_simple(struct node *n)
{
	struct word *w = n->words, *assigns = n->words;
	const struct builtin *b;
	struct function *f = functions;
	struct saved *saved = NULL;
	struct list l = { 0 };
	int count = 0;

	for (; w && name_length(w->raw) && w->raw[name_length(w->raw)] == '='; w = w->next)
		count++;
	for (; w; w = w->next)
		expand_word(&l, w->raw);
	if (opt_x && l.n) {
		fputc('+', stderr);
		for (int i = 0; i < l.n; i++)
			fprintf(stderr, " %s", l.v[i]);
		fputc('\n', stderr);
	}
	if (l.n == 0) {
		status = 0;
		for (; count; count--, assigns = assigns->next)
			assign(assigns->raw, name_length(assigns->raw), false);
		if (!redirect(n->redirs, &saved))
			status = 1;
		restore(saved);
		return;
	}
	while (f && strcmp(f->name, l.v[0]))
		f = f->next;
	b = f ? NULL : find_builtin(l.v[0]);
	if (!f && !b) {
		run_external(n, &l, assigns, count);
		return;
	}
	for (; count; count--, assigns = assigns->next)
		assign(assigns->raw, name_length(assigns->raw), false);
	if (!redirect(n->redirs, &saved)) {
		status = 1;
	} else if (f) {
		call(f, &l);
	} else {
		status = b->run(l.v);
		if (b->run == b_exec && !l.v[1])
			return;		/* its redirections stay */
	}
	restore(saved);
}

/* True if a loop must end. */
static bool loop_over(void)
{
	if (continuing && --continuing == 0)
		return breaking || returning;
	if (breaking) {
		breaking--;
		return true;
	}
	return continuing || returning || interrupted;
}

static void run_condition(struct node *n)
{
	tolerant++;
	run(n);
	tolerant--;
}

static void run_while(struct node *n)
{
	int last = 0;

	loop_depth++;
	for (;;) {
		struct mark m = mark();

		run_condition(n->a);
		if (interrupted || returning || (status == 0) != (n->kind == WHILE))
			break;
		run(n->b);
		last = status;
		cut(m);
		if (loop_over())
			break;
	}
	loop_depth--;
	if (!returning)
		status = last;
}

static void run_for(struct node *n)
{
	struct list l = { 0 };

	if (n->has_in)
		for (struct word *w = n->words; w; w = w->next)
			expand_word(&l, w->raw);
	else
		for (int i = 0; i < nargs; i++)
			list_add(&l, args[i]);
	status = 0;
	loop_depth++;
	for (int i = 0; i < l.n; i++) {
		struct mark m = mark();

		set_var(n->name, strlen(n->name), l.v[i], false);
		run(n->a);
		cut(m);
		if (loop_over())
			break;
	}
	loop_depth--;
}

static void run_case(struct node *n)
{
	char *value = expand_string(n->words->raw);

	status = 0;
	for (struct node *item = n->a; item; item = item->b) {
		for (struct word *w = item->words; w; w = w->next) {
			struct text t = { 0 };

			expand_into(&t, w->raw, false, NULL, NULL);
			squeeze(&t);
			put(&t, 0, 0);
			if (match(t.s, t.how, value)) {
				run(item->a);
				return;
			}
		}
	}
}

static void run_group(struct node *n)
{
	struct saved *saved = NULL;

	if (redirect(n->redirs, &saved))
		run(n->a);
	else
		status = 1;
	restore(saved);
}

static void run(struct node *n)
{
	if (!n || breaking || continuing || returning || interrupted)
		return;
	switch (n->kind) {
	case CMD:
		run_simple(n);
		break;
	case PIPE:
		run_pipeline(n, true);
		break;
	case SUB:
		if (interactive) {
			/* a subshell is a job of its own */
			struct node *group = node(GROUP, n->a, NULL);

			group->redirs = n->redirs;
			run_pipeline(group, true);
		} else {
			pid_t pid;

			fflush(stdout);
			pid = fork();
			if (pid == 0) {
				if (!redirect(n->redirs, NULL))
					_exit(1);
				run_exit(n->a);
			}
			if (pid > 0)
				wait_job(pid, &pid, 1, "(subshell)");
			else
				status = 126;
		}
		break;
	case AND:
	case OR:
		run_condition(n->a);
		if ((status == 0) == (n->kind == AND))
			run(n->b);
		return;
	case SEQ:
		run(n->a);
		run(n->b);
		return;
	case BACK:
		run_pipeline(n->a, false);
		return;
	case NOT:
		run_condition(n->a);
		status = !status;
		return;
	case IF:
		run_condition(n->a);
		if (interrupted || returning)
			return;
		if (status == 0)
			run(n->b);
		else if (n->c)
			run(n->c);
		else
			status = 0;
		return;
	case WHILE:
	case UNTIL:
		run_while(n);
		return;
	case FOR:
		run_for(n);
		return;
	case CASE:
		run_case(n);
		return;
	case GROUP:
		run_group(n);
		return;
	case FUNC:
		define(n);
		return;
	case ITEM:
		return;
	}
	if (opt_e && status && !tolerant && !interactive) {
		fflush(stdout);
		_exit(status);
	}
}

/* ---- the main loop ---- */

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void become_interactive(void)
{
	struct sigaction act = { .sa_flags = 0 };

	interactive = true;
	act.sa_handler = on_interrupt;	/* without SA_RESTART: it ends a read at the prompt */
	sigaction(SIGINT, &act, NULL);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	setpgid(0, 0);
	tcsetpgrp(0, getpgrp());
}

static void main_loop(void)
{
	bool volatile end = false;

	while (!end) {
		struct mark m = mark();
		bool at_end = false;
		struct node *tree;
		int escape = setjmp(syntax_escape);

		if (escape) {
			have_token = false;
			in->heres = NULL;
			status = 2;
			if (escape == 2) {
				putchar('\n');
				status = 130;
			}
			if (!interactive)
				_exit(2);
			if (escape == 1 && (token == T_EOF))
				end = true;
			while (escape == 1 && token != T_NEWLINE && token != T_EOF && !end)
				read_token();
			interrupted = 0;
			cut(m);
			continue;
		}
		interrupted = 0;
		if (interactive)
			reap();
		prompt(getuid() ? "$ " : "# ");
		tree = parse_line(&at_end);
		if (tree)
			run(tree);
		if (interrupted && !interactive)
			_exit(130);
		breaking = continuing = 0;
		returning = false;
		cut(m);
		end = at_end;
	}
	if (interactive)
		putchar('\n');
}

int main(int argc, char **argv)
{
	static struct source src = { .ahead = -2 };

	shell_pid = getpid();
	for (char **e = environ; *e; e++) {
		size_t n = name_length(*e);

		if (n && (*e)[n] == '=')
			set_var(*e, n, *e + n + 1, true);
	}
	if (!find_var("PATH", 4))
		set_var("PATH", 4, "/bin:/sbin:/usr/bin", true);
	argv++;
	argc--;
	while (argc && argv[0][0] == '-' && argv[0][1] && strcmp(argv[0], "-c")) {
		opt_e |= strchr(argv[0], 'e') != NULL;
		opt_x |= strchr(argv[0], 'x') != NULL;
		argv++;
		argc--;
	}
	in = &src;
	args = argv;
	if (argc >= 2 && !strcmp(argv[0], "-c")) {
		src.s = argv[1];
		args = argv + (argc > 2 ? 3 : 2);
		nargs = argc > 3 ? argc - 3 : 0;
		args[-1] = argc > 2 ? argv[2] : "sh";
	} else if (argc >= 1) {
		src.fd = open(argv[0], O_RDONLY | O_CLOEXEC);
		if (src.fd < 0) {
			fprintf(stderr, "sh: %s: %s\n", argv[0], strerror(errno));
			return 127;
		}
		args = argv + 1;
		nargs = argc - 1;
	} else {
		if (isatty(0) && isatty(1)) {
			become_interactive();
			src.prompt = true;
		}
	}
	main_loop();
	fflush(stdout);
	return status;
}
