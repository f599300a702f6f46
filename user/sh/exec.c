// SPDX-License-Identifier: GPL-2.0-only
/* sh, running: the tree's walk, functions, programs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/sh/sh.h"

extern char **environ;

/* The bodies live outside the arena; an older one is not freed, for it may be running. */
struct function {
	struct function *next;
	struct node *body;
	char *name;
};

/* A function that is running: the arguments of who called it. */
struct frame {
	struct frame *below;
	char **args;
	int nargs;
};

int status, loop_depth, function_depth, breaking, continuing;
bool returning;
static struct function *functions;
static struct frame *frames;
static int tolerant;			/* > 0: in a condition, where set -e does not count */

static struct function *find_function(const char *name)
{
	struct function *f = functions;

	while (f && strcmp(f->name, name))
		f = f->next;
	return f;
}

bool is_function(const char *name)
{
	return find_function(name);
}

void unset_function(const char *name)
{
	for (struct function **p = &functions; *p; p = &(*p)->next) {
		if (!strcmp((*p)->name, name)) {
			*p = (*p)->next;
			return;
		}
	}
}

static void define(struct node *n)
{
	struct function *f = find_function(n->name);

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

static void pop_frame(void)
{
	args = frames->args;
	nargs = frames->nargs;
	frames = frames->below;
	function_depth--;
}

static void call(struct function *f, char **v)
{
	struct frame *frame = get(sizeof(*frame));
	struct local *locals = local_mark();
	char **fresh;
	int n = 1, loops = loop_depth;

	while (v[n])
		n++;
	fresh = get((size_t)(n + 1) * sizeof(*fresh));
	memcpy(fresh, v, (size_t)n * sizeof(*fresh));
	fresh[0] = args[-1];
	*frame = (struct frame){ .below = frames, .args = args, .nargs = nargs };
	frames = frame;
	function_depth++;
	args = fresh + 1;
	nargs = n - 1;
	loop_depth = 0;
	run(f->body);
	returning = false;
	loop_depth = loops;
	pop_frame();
	local_restore(locals);
}

void unwind(void)
{
	restore(NULL);
	while (frames)
		pop_frame();
	local_restore(NULL);
	loop_depth = breaking = continuing = tolerant = 0;
	returning = false;
}

/* In this process; never returns. */
static void become(char **v)
{
	int n = 0, was;
	char **with_shell;

	fflush(stdout);
	environ = environment();
	execvp(v[0], v);
	was = errno;
	if (was == ENOEXEC) {
		while (v[n])
			n++;
		with_shell = get((size_t)(n + 2) * sizeof(*v));
		memcpy(with_shell + 1, v, (size_t)n * sizeof(*v));
		with_shell[0] = "/bin/sh";
		execv("/bin/sh", with_shell);
	}
	if (was == ENOENT && !strchr(v[0], '/'))
		fprintf(stderr, "sh: %s: not found\n", v[0]);
	else
		fprintf(stderr, "sh: %s: %s\n", v[0], strerror(was));
	_exit(was == ENOENT ? 127 : 126);
}

void run_words(char **v)
{
	const struct builtin *b = find_builtin(v[0]);
	struct job *j;
	struct text t = { 0 };
	pid_t pid;

	if (b) {
		status = b->run(v);
		return;
	}
	for (char **p = v; *p; p++) {
		puts_text(&t, *p, 0);
		if (p[1])
			put(&t, ' ', 0);
	}
	j = job_new(1, text_string(&t));
	pid = job_fork(j, FOREGROUND);
	if (pid == 0)
		become(v);
	if (pid > 0) {
		job_wait(j);
	} else {
		job_drop(j);
		status = 2;
	}
}

static bool is_assignment(const struct word *w)
{
	size_t n = name_length(w->raw);

	return n && w->raw[n] == '=';
}

static void trace(const struct list *l)
{
	if (!opt_x || !l->n)
		return;
	fputc('+', stderr);
	for (int i = 0; i < l->n; i++)
		fprintf(stderr, " %s", l->v[i]);
	fputc('\n', stderr);
}

/* Before a command that is not special its assignments hold for it alone, and are exported. */
static void assign_for(const struct node *n, bool stay)
{
	for (struct word *w = n->words; w && is_assignment(w); w = w->next) {
		size_t length = name_length(w->raw);

		if (!stay)
			local_save(w->raw, length);
		assign(w->raw);
		if (!stay)
			set_var(w->raw, length, NULL, true);
	}
}

/* Words are expanded first, then redirections are made, then assignments. */
static void run_simple(struct node *n, void (*program)(char **))
{
	struct saved *saved = redir_mark();
	struct local *locals = local_mark();
	const struct builtin *b;
	struct function *f;
	struct list l = { 0 };
	struct word *w = n->words;
	bool done;

	substituted = -1;
	while (w && is_assignment(w))
		w = w->next;
	for (; w; w = w->next)
		expand_word(&l, w->raw);
	trace(&l);
	f = l.n ? find_function(l.v[0]) : NULL;
	b = l.n && !f ? find_builtin(l.v[0]) : NULL;
	done = redirect(n->redirs);
	if (done)
		assign_for(n, !l.n || (b && b->special));
	if (!done) {
		status = 2;
	} else if (!l.n) {
		status = substituted >= 0 ? substituted : 0;
	} else if (f) {
		call(f, l.v);
	} else if (b && b->run == b_exec) {
		restore_nothing(saved);
		status = b->run(l.v);
	} else if (b) {
		status = b->run(l.v);
	} else {
		program(l.v);
	}
	restore(saved);
	if (n->words && is_assignment(n->words))
		local_restore(locals);
	if (!done && b && b->special && !interactive)
		sh_exit(2);
}

/* In a child that has nothing else to do: a program takes its place. */
void run_last(struct node *n)
{
	if (n && n->kind == CMD)
		run_simple(n, become);
	else
		run(n);
	traps_run();
	sh_exit(status);
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

static void null_input(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null > 0) {
		dup2(null, 0);
		close(null);
	}
}

static void move_fd(int from, int to)
{
	if (from < 0 || from == to)
		return;
	dup2(from, to);
	close(from);
}

/* Start the commands of a pipeline, each in its own process. */
static void run_pipeline(struct node *n, enum ground where)
{
	int count = flatten(n, NULL), input = -1, started = 0;
	struct node **part = get((size_t)count * sizeof(*part));
	struct job *j = job_new(count, node_text(n));
	bool alone = interactive;

	flatten(n, part);
	for (; started < count; started++) {
		int p[2] = { -1, -1 };
		pid_t pid;

		if (started < count - 1 && pipe(p) != 0) {
			perror("sh: pipe");
			break;
		}
		pid = job_fork(j, where);
		if (pid == 0) {
			if (p[0] >= 0)
				close(p[0]);
			if (input < 0 && where == BACKGROUND && !alone)
				null_input();
			move_fd(input, 0);
			move_fd(p[1], 1);
			run_last(part[started]);
		}
		if (input >= 0)
			close(input);
		if (p[1] >= 0)
			close(p[1]);
		input = p[0];
		if (pid < 0)
			break;
	}
	if (input >= 0)
		close(input);
	if (started == 0)
		job_drop(j);
	else if (where == FOREGROUND)
		job_wait(j);
	else
		job_background(j);
	if (started < count)
		status = 2;
}

static void run_subshell(struct node *n)
{
	struct job *j = job_new(1, node_text(n));
	pid_t pid = job_fork(j, FOREGROUND);

	if (pid == 0) {
		if (!redirect_for_good(n->redirs))
			sh_exit(2);
		run_last(n->a);
	}
	if (pid > 0) {
		job_wait(j);
	} else {
		job_drop(j);
		status = 2;
	}
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

			expand_into(&t, w->raw, PLAIN, NULL);
			squeeze(&t);
			if (match(t.n ? t.s : "", t.n ? t.how : NULL, value)) {
				run(item->a);
				return;
			}
		}
	}
}

static void run_group(struct node *n)
{
	struct saved *saved = redir_mark();

	if (redirect(n->redirs))
		run(n->a);
	else
		status = 2;
	restore(saved);
}

static void run_if(struct node *n)
{
	run_condition(n->a);
	if (interrupted || returning || breaking || continuing)
		return;
	if (status == 0)
		run(n->b);
	else if (n->c)
		run(n->c);
	else
		status = 0;
}

/* What starts no process and cannot make set -e end the shell by itself. */
static void run_compound(struct node *n)
{
	switch (n->kind) {
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
		run_pipeline(n->a, BACKGROUND);
		return;
	case NOT:
		run_condition(n->a);
		status = !status;
		return;
	case IF:
		run_if(n);
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
	default:
		return;
	}
}

void run(struct node *n)
{
	if (!n || breaking || continuing || returning || interrupted)
		return;
	if (n->kind != CMD && n->kind != PIPE && n->kind != SUB) {
		run_compound(n);
		return;
	}
	if (n->kind == CMD)
		run_simple(n, run_words);
	else if (n->kind == PIPE)
		run_pipeline(n, FOREGROUND);
	else
		run_subshell(n);
	traps_run();
	if (opt_e && status && !tolerant && !interactive && !returning)
		sh_exit(status);
}
