// SPDX-License-Identifier: GPL-2.0-only
/* sh, what its files share: memory, the tree, the state, and each file's entry points. */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* ---- mem.c: an arena with marks, and strings and lists that grow in it ---- */

struct chunk;

struct mark {
	struct chunk *chunk;
	size_t used;
};

/* how[i] tells where s[i] comes from: 'q' quoted, 's' an expansion that may be split, 'e' nothing at
   all, only the sign that a quoted empty string was here, 0 as written. */
struct text {
	char *s, *how;
	size_t n, room;
};

struct list {
	char **v;			/* NULL at the end */
	int n, room;
};

void die(const char *what) __attribute__((noreturn));
void *get(size_t n);
struct mark mark(void);
void cut(struct mark m);
char *copy(const char *s, size_t n);
void *keep(const void *p, size_t n);	/* outside the arena */
void put(struct text *t, char c, char how);
void puts_text(struct text *t, const char *s, char how);
char *text_string(struct text *t);
void squeeze(struct text *t);
void list_add(struct list *l, char *s);

/* ---- parse.c: the tree ---- */

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

struct node *node(enum kind kind, struct node *a, struct node *b);
struct node *parse_line(bool *end);
struct node *keep_node(const struct node *n);
const char *node_text(const struct node *n);

/* ---- lex.c: characters and tokens ---- */

struct here {
	struct here *next;
	struct redir *redir;
	char *end;
	bool tabs;
};

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

enum token {
	T_EOF = 256, T_NEWLINE, T_WORD, T_AND, T_OR, T_DSEMI, T_REDIR
};

enum escape { SYNTAX = 1, INTERRUPT, EXPANSION };

extern struct source *in;
extern int token;			/* an enum token or an operator's character */
extern char *token_text;		/* T_WORD */
extern struct redir token_redir;	/* T_REDIR: kind and fd */
extern bool token_tabs, token_here, have_token;
extern jmp_buf escape;			/* to who reads commands; an enum escape tells why */

void prompt(const char *name, const char *otherwise);
void syntax(const char *what) __attribute__((noreturn));
void read_token(void);
int look(void);
void skip(void);
bool is_word(const char *s);
void expect(const char *s);
void skip_newlines(void);

/* ---- var.c: variables and positional parameters ---- */

struct var {
	struct var *next;
	bool exported, readonly;
	char *value;			/* NULL: named in export or readonly, but not set */
	char name[];
};

struct local;

extern struct var *vars;
extern char **args;			/* $1 ... , NULL at the end; args[-1] is $0 */
extern int nargs;

struct var *find_var(const char *name, size_t n);
const char *get_var(const char *name);
void set_var(const char *name, size_t n, const char *value, bool export);
void unset_var(const char *name);
void assign(const char *raw);		/* name=word, the word not yet expanded */
char **environment(void);
size_t name_length(const char *s);
void set_args(char **v, int n);
struct local *local_mark(void);
void local_save(const char *name, size_t n);
void local_restore(struct local *to);

/* ---- expand.c, split.c, math.c ---- */

enum quoting { PLAIN, QUOTED, HEREDOC };

struct fields {
	struct text *v;
	int n, room;
};

void expand_into(struct text *t, const char *raw, enum quoting how, struct fields *fields);
char *expand_string(const char *raw);
void expand_word(struct list *l, const char *raw);
void end_field(struct text *t, struct fields *fields);
void expansion_failed(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
bool match(const char *p, const char *how, const char *s);
const char *separators(void);
void split_field(struct list *l, struct text *t);
char *math(const char *expression);
extern int substituted;			/* status of the last $(...), -1: none since someone looked */

/* ---- redir.c ---- */

struct saved;

struct saved *redir_mark(void);
bool redirect(struct redir *r);		/* what was there is kept until restored */
bool redirect_for_good(struct redir *r);
void restore(struct saved *to);
void restore_nothing(struct saved *to);	/* forget what was there */

/* ---- jobs.c ---- */

struct job;
enum ground { FOREGROUND, BACKGROUND };

extern pid_t last_back;

struct job *job_new(int processes, const char *name);
pid_t job_fork(struct job *j, enum ground where);
void job_wait(struct job *j);
void job_background(struct job *j);
void job_drop(struct job *j);
void jobs_report(void);
void subshell(void);			/* in a new child: neither the jobs nor the traps are its own */
int decode(int st);
int b_jobs(char **v);
int b_fg(char **v);
int b_bg(char **v);
int b_wait(char **v);
int b_kill(char **v);

/* ---- trap.c ---- */

extern volatile sig_atomic_t interrupted;	/* ^C at the prompt or in a builtin */

int signal_number(const char *s);
const char *signal_name(int sig);
bool trap_pending(void);		/* a trapped signal has come, or ^C */
int trap_pending_signal(void);
void traps_run(void);
void traps_reset(void);
void traps_interactive(void);
void sh_exit(int code) __attribute__((noreturn));
int b_trap(char **v);

/* ---- builtin.c, builtin_io.c, test.c ---- */

struct builtin {
	const char *name;
	int (*run)(char **argv);
	bool special;			/* assignments before it stay */
};

const struct builtin *find_builtin(const char *name);
void run_source(struct source *src);
void run_string(const char *s);
bool on_path(const char *name, char **where);
int b_echo(char **v);
int b_printf(char **v);
int b_read(char **v);
int b_test(char **v);
int b_exec(char **v);
int b_command(char **v);
int b_type(char **v);

/* ---- exec.c ---- */

struct function;

extern int status;			/* $? */
extern int loop_depth, function_depth, breaking, continuing;
extern bool returning;

void run(struct node *n);
void run_last(struct node *n) __attribute__((noreturn));
bool is_function(const char *name);
void unset_function(const char *name);
void run_words(char **v);		/* a builtin or a program, no function */
void unwind(void);			/* out of functions, redirections, loops */

/* ---- main.c ---- */

extern pid_t shell_pid;
extern bool interactive, opt_e, opt_f, opt_u, opt_x;
