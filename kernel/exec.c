// SPDX-License-Identifier: GPL-2.0-only
/*
 * execve: a new program in the same process. Mirrors Linux fs/exec.c, fs/binfmt_elf.c, fs/binfmt_script.c.
 *
 * Before the point of no return everything may fail and changes nothing: the strings are copied, the file is opened and its headers
 * are judged. From begin_new_exec on a failure ends the process with SIGSEGV, as on Linux.
 *
 * Locks: exec_mutex, mmap_lock; tasklist_lock, task_lock, siglock.
 *
 * LINUX: ELF64 without an interpreter (ET_EXEC, static ET_DYN) and scripts. No randomisation, no core dumps, no credentials.
 */
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/task.h"
#include "kernel/trace.h"

#define HEAD_SIZE		256		/* bytes of a file that decide its format */
#define MAX_ARG_STRLEN		(32 * PAGE_SIZE)
#define ARG_MAX_BYTES		(32 * PAGE_SIZE) /* as much is allowed whatever the stack limit */
#define ARG_TOTAL_CAP		(6ull << 20)
#define PATH_MAX_BYTES		4096
#define MAX_INTERP_DEPTH	5
#define MAX_PREFIX		(2 * MAX_INTERP_DEPTH + 1)
#define STACK_SLACK		(32 * PAGE_SIZE) /* stack that is there from the start, below the strings */
#define DYN_BASE		(USER_MAX / 3 * 2)

/* Strings end to end in pages of the kernel, while neither address space can hold them. */
struct strpool {
	struct list pages;		/* of page.lru */
	size_t len;
	size_t used;			/* of the last page */
	s64 charged;			/* pages that count as current->mm's: who fills a pool is who the OOM killer should find */
};

struct elf {
	struct elf64_ehdr hdr;
	struct elf64_phdr *ph;		/* hdr.e_phnum of them */
	u64 bias;			/* address - p_vaddr */
	bool exec_stack;
};

struct bprm {
	struct file *file;
	const char *filename;		/* as the caller named it: AT_EXECFN, comm */
	char *fd_name;			/* owned storage of filename when it is /dev/fd/N/... */
	const char *interp;		/* path of what is being looked at now */
	u8 head[HEAD_SIZE];
	struct elf elf;
	struct strpool args;		/* argv, then envp */
	int argc, envc;			/* in args */
	size_t arg0_len;		/* of argv[0] with its NUL */
	size_t argv_len;		/* of all of argv */
	u64 limit;			/* of strings and pointers together */
	char *prefix[MAX_PREFIX];	/* from scripts, replaces argv[0]; filled from the end */
	int first_prefix;
	struct mm *mm;			/* being made */
	uaddr_t strings, sp;		/* where the strings begin; the final stack pointer */
	uaddr_t execfn;
	bool no_return;
};

/* --- strings --- */

static void pool_init(struct strpool *s)
{
	list_init(&s->pages);
	s->len = 0;
	s->used = PAGE_SIZE;
	s->charged = 0;
}

static void pool_charge(struct strpool *s)
{
	if (!current->mm)
		return;
	atomic_fetch_add(&current->mm->rss[MM_ANON], 1);
	s->charged++;
}

/* Before current leaves the mm that was charged. */
static void pool_uncharge(struct strpool *s)
{
	if (s->charged)
		atomic_fetch_sub(&current->mm->rss[MM_ANON], s->charged);
	s->charged = 0;
}

static void pool_free(struct strpool *s)
{
	struct page *p, *n;

	pool_uncharge(s);
	list_for_each_safe(p, n, &s->pages, lru) {
		list_del(&p->lru);
		put_page(p);
	}
}

/* Room at the end of the pool: at least one byte at *at, *n bytes in all. */
static int pool_room(struct strpool *s, char **at, size_t *n)
{
	struct page *p;

	if (s->used == PAGE_SIZE) {
		p = alloc_page(GFP_KERNEL);
		if (!p)
			return -ENOMEM;
		list_add_tail(&p->lru, &s->pages);
		pool_charge(s);
		s->used = 0;
	}
	p = list_entry(s->pages.prev, struct page, lru);
	*at = (char *)page_address(p) + s->used;
	*n = PAGE_SIZE - s->used;
	return 0;
}

static void pool_grow(struct strpool *s, size_t n)
{
	s->used += n;
	s->len += n;
}

/* Length with the NUL, or -E2BIG, -EFAULT, -ENOMEM. */
static long pool_add_user(struct strpool *s, uaddr_t str)
{
	size_t total = 0, room;
	char *at;
	long got;
	int err;

	for (;;) {
		err = pool_room(s, &at, &room);
		if (err)
			return err;
		got = strncpy_from_user(at, str + total, room);
		if (got < 0)
			return -EFAULT;
		total += (size_t)got;
		if ((size_t)got < room) {
			pool_grow(s, (size_t)got + 1);
			break;
		}
		pool_grow(s, room);
		if (total >= MAX_ARG_STRLEN)
			return -E2BIG;
	}
	return total + 1 > MAX_ARG_STRLEN ? -E2BIG : (long)total + 1;
}

static long pool_add_kernel(struct strpool *s, const char *str)
{
	size_t left = kstrlen(str) + 1, total = left, room;
	char *at;
	int err;

	while (left) {
		err = pool_room(s, &at, &room);
		if (err)
			return err;
		room = min(room, left);
		kmemcpy(at, str, room);
		pool_grow(s, room);
		str += room;
		left -= room;
	}
	return (long)total;
}

/* A place in a pool. */
struct pool_pos {
	struct page *page;
	size_t off;
};

static struct pool_pos pool_begin(struct strpool *s)
{
	return (struct pool_pos){ .page = list_first(&s->pages, struct page, lru) };
}

/* The bytes from pos to the end of its page, at most @max; pos moves behind them. */
static const char *pool_chunk(struct pool_pos *pos, size_t max, size_t *n)
{
	const char *at;

	if (pos->off == PAGE_SIZE) {
		pos->page = list_entry(pos->page->lru.next, struct page, lru);
		pos->off = 0;
	}
	at = (const char *)page_address(pos->page) + pos->off;
	*n = min(max, PAGE_SIZE - pos->off);
	pos->off += *n;
	return at;
}

static void pool_skip(struct pool_pos *pos, size_t n)
{
	size_t step;

	for (; n; n -= step)
		pool_chunk(pos, n, &step);
}

/* Length of the string at pos with its NUL; pos moves behind it. */
static size_t pool_strlen(struct pool_pos *pos)
{
	size_t n, len = 0;

	for (;;) {
		struct pool_pos before = *pos;
		const char *at = pool_chunk(pos, PAGE_SIZE, &n), *nul = kmemchr(at, 0, n);

		if (!nul) {
			len += n;
			continue;
		}
		*pos = before;
		pool_chunk(pos, (size_t)(nul - at) + 1, &n);
		return len + n;
	}
}

/* --- what the caller passes --- */

/* Where argv and envp come from: the kernel's own arrays, or user memory. */
struct arg_source {
	const char *const *kernel;
	uaddr_t user;
};

/* Strings and their pointers share a quarter of the stack limit, within Linux's bounds. */
static u64 arg_limit(void)
{
	u64 stack = READ_ONCE(current->group->rlim[RLIMIT_STACK].rlim_cur);

	return max(min(stack / 4, ARG_TOTAL_CAP), (u64)ARG_MAX_BYTES);
}

/* The i-th string of src goes into the pool: its length, 0 at the end of the list, or an error. */
static long add_string(struct bprm *b, const struct arg_source *src, int i)
{
	uaddr_t str;

	if (src->kernel)
		return src->kernel[i] ? pool_add_kernel(&b->args, src->kernel[i]) : 0;
	if (!src->user)
		return 0;
	if (copy_from_user(&str, src->user + (u64)i * sizeof(str), sizeof(str)))
		return -EFAULT;
	return str ? pool_add_user(&b->args, str) : 0;
}

static int add_strings(struct bprm *b, const struct arg_source *src, int *count, size_t *first_len)
{
	for (int i = 0;; i++) {
		long n = add_string(b, src, i);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return 0;
		if (i == 0 && first_len)
			*first_len = (size_t)n;
		++*count;
		if (b->args.len + (u64)(b->argc + b->envc) * sizeof(u64) > b->limit)
			return -E2BIG;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
}

/* LINUX: an empty argv becomes one empty string, since 5.18. */
static int copy_strings(struct bprm *b, const struct arg_source *argv, const struct arg_source *envp)
{
	int err;
	long n;

	b->limit = arg_limit();
	err = add_strings(b, argv, &b->argc, &b->arg0_len);
	if (err)
		return err;
	if (b->argc == 0) {
		n = pool_add_kernel(&b->args, "");
		if (n < 0)
			return (int)n;
		b->argc = 1;
		b->arg0_len = 1;
	}
	b->argv_len = b->args.len;
	return add_strings(b, envp, &b->envc, NULL);
}

/* --- the file and its format --- */

static int open_program(struct bprm *b, int dfd, const char *path, u32 oflags)
{
	struct file *f = do_filp_open(dfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | oflags, 0);
	s64 n;
	int err;

	if (IS_ERR(f))
		return (int)PTR_ERR(f);
	err = file_may_exec(f);
	if (err) {
		fput(f);
		return err;
	}
	if (b->file)
		fput(b->file);
	b->file = f;
	kmemset(b->head, 0, sizeof(b->head));
	n = kernel_read(f, b->head, sizeof(b->head), 0);
	return n < 0 ? (int)n : 0;
}

static bool is_script(const struct bprm *b)
{
	return b->head[0] == '#' && b->head[1] == '!';
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static int push_prefix(struct bprm *b, const char *s, size_t n)
{
	char *copy;

	if (b->first_prefix == 0)
		return -ELOOP;
	copy = kmalloc(n + 1, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	kmemcpy(copy, s, n);
	copy[n] = 0;
	b->prefix[--b->first_prefix] = copy;
	return 0;
}

/* The first line of a script: its interpreter [*name, +*name_len) and perhaps one argument. */
static int parse_script(const struct bprm *b, const char **name, size_t *name_len, const char **arg, size_t *arg_len)
{
	const char *s = (const char *)b->head + 2, *limit = (const char *)b->head + HEAD_SIZE, *end, *p;

	end = kmemchr(s, '\n', (size_t)(limit - s));
	if (!end) {
		/* The line is longer than we look, or ends with the file. The interpreter's name at least must be whole. */
		for (p = s; p < limit && is_blank(*p); p++)
			;
		while (p < limit && *p && !is_blank(*p))
			p++;
		if (p == limit)
			return -ENOEXEC;
		end = s + kstrnlen(s, (size_t)(limit - s));
	}
	while (end > s && is_blank(end[-1]))
		end--;
	while (s < end && is_blank(*s))
		s++;
	if (s == end || *s == 0)
		return -ENOEXEC;
	for (p = s; p < end && *p && !is_blank(*p); p++)
		;
	*name = s;
	*name_len = (size_t)(p - s);
	while (p < end && is_blank(*p))
		p++;
	*arg = p;
	*arg_len = kstrnlen(p, (size_t)(end - p));
	return 0;
}

/* A script's argv[0] gives way to: interpreter, its argument, the script's path. Then the interpreter is what is executed. */
static int enter_interpreter(struct bprm *b)
{
	const char *name, *arg;
	size_t name_len, arg_len;
	int err = parse_script(b, &name, &name_len, &arg, &arg_len);

	if (err)
		return err;
	/* One script deeper: the prefix begins with this script's own path already. */
	if (b->first_prefix == MAX_PREFIX)
		err = push_prefix(b, b->interp, kstrlen(b->interp));
	if (!err && arg_len)
		err = push_prefix(b, arg, arg_len);
	if (!err)
		err = push_prefix(b, name, name_len);
	if (err)
		return err;
	b->interp = b->prefix[b->first_prefix];
	return open_program(b, AT_FDCWD, b->interp, 0);
}

static int resolve_scripts(struct bprm *b)
{
	int err = 0;

	for (int depth = 0; !err && is_script(b); depth++)
		err = depth == MAX_INTERP_DEPTH ? -ELOOP : enter_interpreter(b);
	return err;
}

/* A program with an interpreter asks for a dynamic linker: the error says whether there is one; we could not use it. */
static int refuse_interpreter(struct bprm *b, const struct elf64_phdr *ph)
{
	char *path;
	struct file *f;
	int err = -ENOEXEC;

	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX_BYTES)
		return -ENOEXEC;
	path = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	if (kernel_read(b->file, path, ph->p_filesz, ph->p_offset) != (s64)ph->p_filesz) {
		err = -EIO;
	} else if (path[ph->p_filesz - 1] == 0) {
		f = do_filp_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
		err = IS_ERR(f) ? (int)PTR_ERR(f) : -ELIBBAD;
		if (!IS_ERR(f))
			fput(f);
	}
	kfree(path);
	return err;
}

/* Linux's refusals, in its order. What is wrong inside a segment shows later, when it cannot be mapped. */
static int read_elf(struct bprm *b)
{
	struct elf *e = &b->elf;
	size_t size;
	int err = 0;

	kmemcpy(&e->hdr, b->head, sizeof(e->hdr));
	if (kmemcmp(e->hdr.e_ident, ELFMAG, SELFMAG) || (e->hdr.e_type != ET_EXEC && e->hdr.e_type != ET_DYN))
		return -ENOEXEC;
	if (e->hdr.e_machine != EM_X86_64 || e->hdr.e_phentsize != sizeof(struct elf64_phdr))
		return -ENOEXEC;
	size = e->hdr.e_phnum * sizeof(struct elf64_phdr);
	if (!size || size > PAGE_SIZE || e->hdr.e_phoff > INT64_MAX - size)
		return -ENOEXEC;
	e->ph = kmalloc(size, GFP_KERNEL);
	if (!e->ph)
		return -ENOMEM;
	if (kernel_read(b->file, e->ph, size, e->hdr.e_phoff) != (s64)size)
		return -ENOEXEC;
	for (unsigned i = 0; !err && i < e->hdr.e_phnum; i++) {
		if (e->ph[i].p_type == PT_INTERP)
			err = refuse_interpreter(b, &e->ph[i]);
		if (e->ph[i].p_type == PT_GNU_STACK)
			e->exec_stack = e->ph[i].p_flags & PF_X;
	}
	return err;
}

/* --- the new stack, as far as it can be filled before the point of no return --- */

static size_t prefix_len(const struct bprm *b)
{
	size_t n = 0;

	for (int i = b->first_prefix; i < MAX_PREFIX; i++)
		n += kstrlen(b->prefix[i]) + 1;
	return n;
}

static bool has_prefix(const struct bprm *b) { return b->first_prefix < MAX_PREFIX; }
static int final_argc(const struct bprm *b) { return has_prefix(b) ? b->argc - 1 + MAX_PREFIX - b->first_prefix : b->argc; }

static int write_strings(struct bprm *b, uaddr_t at)
{
	size_t skip = has_prefix(b) ? b->arg0_len : 0, left = b->args.len - skip, n;
	struct pool_pos pos = pool_begin(&b->args);

	for (int i = b->first_prefix; i < MAX_PREFIX; i++) {
		n = kstrlen(b->prefix[i]) + 1;
		if (mm_write(b->mm, at, b->prefix[i], n))
			return -ENOMEM;
		at += n;
	}
	pool_skip(&pos, skip);
	for (; left; left -= n, at += n) {
		const char *s = pool_chunk(&pos, left, &n);

		if (mm_write(b->mm, at, s, n))
			return -ENOMEM;
	}
	b->execfn = at;
	return mm_write(b->mm, at, b->filename, kstrlen(b->filename) + 1) ? -ENOMEM : 0;
}

static int make_stack_vma(struct bprm *b, size_t size)
{
	struct vma *v;
	int err;

	mutex_lock(&b->mm->mmap_lock);
	err = setup_stack_vma(b->mm, size);
	v = err ? NULL : find_vma(b->mm, STACK_TOP - PAGE_SIZE);
	if (v && b->elf.exec_stack)
		v->flags |= VM_EXEC;
	mutex_unlock(&b->mm->mmap_lock);
	return err;
}

/*
 * From the top: eight zero bytes, AT_EXECFN's string, environment, arguments. Below come the platform's name, random bytes, auxv and
 * the pointers, when the addresses are known.
 */
static int make_mm(struct bprm *b)
{
	size_t skip = has_prefix(b) ? b->arg0_len : 0;
	size_t bytes = prefix_len(b) + b->args.len - skip + kstrlen(b->filename) + 1;
	size_t pointers = (size_t)(final_argc(b) + b->envc) * sizeof(u64);
	int err;

	if (bytes + pointers > b->limit + PATH_MAX_BYTES)
		return -E2BIG;
	b->mm = mm_alloc();
	if (!b->mm)
		return -ENOMEM;
	err = make_stack_vma(b, PAGE_ALIGN(bytes + pointers + 2 * PAGE_SIZE) + STACK_SLACK);
	if (err)
		return err;
	b->strings = STACK_TOP - sizeof(u64) - bytes;
	b->mm->arg_start = b->strings;
	b->mm->arg_end = b->mm->env_start = b->strings + prefix_len(b) + b->argv_len - skip;
	b->mm->env_end = b->mm->env_start + b->args.len - b->argv_len;
	return write_strings(b, b->strings);
}

/* --- de_thread --- */

/* Sleeps until all threads that zap_other_threads counted are unhashed (the leader, if we are not it, at last excepted). */
static int wait_for_others(struct task *t)
{
	struct group *g = t->group;
	struct spinlock *siglock = &t->sighand->siglock;
	bool killed = false;

	assert_held(siglock);
	while (g->notify_count && !killed) {
		set_current_state(TASK_KILLABLE);
		spin_unlock(siglock);
		schedule();
		spin_lock(siglock);
		killed = fatal_signal_pending(t);
	}
	spin_unlock(siglock);
	return killed ? -EAGAIN : 0;
}

/*
 * Sleeps until the leader is a zombie, and returns with tasklist_lock held for writing.
 *
 *	exec                                    leader, in exit_notify
 *	lock(tasklist)                          lock(tasklist)
 *	notify_count = -1                       exit_state = ZOMBIE
 *	exit_state? 0: state = KILLABLE         notify_count < 0? wake exec
 *	unlock, schedule()                      unlock
 *
 * Whoever takes the lock second sees what the first one wrote.
 */
static int wait_for_leader(struct task *t, struct task *leader)
{
	for (;;) {
		write_lock(&tasklist_lock);
		t->group->notify_count = -1;
		if (leader->exit_state)
			return 0;
		set_current_state(TASK_KILLABLE);
		write_unlock(&tasklist_lock);
		schedule();
		if (fatal_signal_pending(t))
			return -EAGAIN;
	}
}

static void list_replace(struct list *old, struct list *new)
{
	list_insert(new, old->prev, old->next);
	list_init(old);
}

/*
 * t becomes the leader: its number, its place among the processes and among its parent's children. The group, and with it every count
 * and mark of the OOM killer, stays what it is; bits of a thread stay with the task_struct.
 */
static void take_identity(struct task *t, struct task *leader)
{
	int pid = t->pid;

	assert(rw_is_write_held(&tasklist_lock));
	assert(same_thread_group(t, leader));
	assert_eq(leader->exit_state, EXIT_ZOMBIE);
	pid_detach(t);
	pid_detach(leader);
	t->pid = leader->pid;
	leader->pid = pid;
	pid_attach(t);
	pid_attach(leader);

	list_replace(&leader->tasks, &t->tasks);
	list_replace(&leader->sibling, &t->sibling);
	t->start_time = leader->start_time;
	t->group_leader = leader->group_leader = t->group->leader = t;
	t->exit_signal = SIGCHLD;
	t->death_told = -1;
	leader->exit_signal = -1;
	leader->exit_state = EXIT_DEAD;
	t->group->notify_count = 0;
}

static int replace_leader(struct task *t)
{
	struct task *leader = t->group_leader;
	int err = wait_for_leader(t, leader);

	if (err)
		return err;
	take_identity(t, leader);
	write_unlock(&tasklist_lock);
	release_task(leader);
	return 0;
}

static bool alone(struct task *t)
{
	bool ret;

	read_lock(&tasklist_lock);
	ret = thread_group_empty(t);
	read_unlock(&tasklist_lock);
	return ret;
}

/* Ends exec's claim on the group. tasklist_lock keeps exit_notify and __exit_signal from using it meanwhile. */
static void end_group_exec(struct group *g)
{
	write_lock(&tasklist_lock);
	g->group_exec_task = NULL;
	g->notify_count = 0;
	write_unlock(&tasklist_lock);
}

/* Leaves current the only thread of its group, and its leader. -EAGAIN: the group is being ended by somebody else. Sleeps killably. */
static int de_thread(struct task *t)
{
	struct group *g = t->group;
	int err;

	if (alone(t)) {
		t->exit_signal = SIGCHLD;
		return 0;
	}
	spin_lock(&t->sighand->siglock);
	if ((g->flags & SIGNAL_GROUP_EXIT) || g->group_exec_task) {
		spin_unlock(&t->sighand->siglock);
		return -EAGAIN;
	}
	g->group_exec_task = t;
	g->notify_count = zap_other_threads(t);
	if (!thread_group_leader(t))
		g->notify_count--;
	err = wait_for_others(t);
	if (!err && !thread_group_leader(t))
		err = replace_leader(t);
	end_group_exec(g);
	if (err)
		return err;
	t->exit_signal = SIGCHLD;
	assert_eq(g->nr_threads, 1);
	return 0;
}

/* --- the point of no return --- */

/* A handler table shared with another process (CLONE_SIGHAND without CLONE_THREAD) stays with that one. */
static int unshare_sighand(struct task *t)
{
	struct sighand *old = t->sighand, *new;

	if (atomic_load(&old->count) == 1)
		return 0;
	new = sighand_alloc();
	if (!new)
		return -ENOMEM;
	write_lock(&tasklist_lock);
	spin_lock(&old->siglock);
	kmemcpy(new->action, old->action, sizeof(new->action));
	t->sighand = new;
	spin_unlock(&old->siglock);
	write_unlock(&tasklist_lock);
	sighand_put(old);
	return 0;
}

/* Current moves to b->mm; the old one loses a user. Refused for a task that must die: it shall not take reserves for a new program. */
static int exec_mmap(struct bprm *b)
{
	struct task *t = current;
	struct mm *old = t->mm;
	bool killed;

	if (old)
		mm_release(old);
	pool_uncharge(&b->args);
	/* The OOM killer holds task_lock from the kill to the mark: either we see the kill here, or it sees the new mm. */
	task_lock(t);
	killed = fatal_signal_pending(t);
	if (!killed) {
		t->mm = b->mm;
		arch_mm_switch(b->mm);
	}
	task_unlock(t);
	if (killed)
		return -EINTR;
	b->mm = NULL;
	if (old) {
		t->group->maxrss = max(t->group->maxrss, max(old->hiwater_rss, (u64)mm_rss(old)));
		mmput(old);
	}
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = kstrrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void set_comm(struct task *t, const char *name)
{
	char comm[TASK_COMM_LEN] = { 0 };

	kstrlcpy(comm, name, sizeof(comm));
	task_lock(t);
	kmemcpy(t->comm, comm, sizeof(comm));
	task_unlock(t);
}

/* What a program does not inherit from the one before it. */
static void reset_task(struct bprm *b, struct task *t)
{
	t->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD | PF_NOFREEZE);
	spin_lock(&t->sighand->siglock);
	flush_signal_handlers(t->sighand);
	spin_unlock(&t->sighand->siglock);
	t->sas_sp = t->sas_size = 0;
	t->sas_flags = SS_DISABLE;
	t->restart.fn = NULL;
	t->set_child_tid = 0;
	set_comm(t, base_name(b->filename));
	t->mm->exe_file = get_file(b->file);
}

static int begin_new_exec(struct bprm *b)
{
	struct task *t = current;
	int err;

	b->no_return = true;
	err = de_thread(t);
	if (!err)
		err = exec_mmap(b);
	if (!err)
		err = unshare_sighand(t);
	if (!err)
		err = files_unshare_exec();
	if (!err)
		reset_task(b, t);
	return err;
}

/* --- mapping the program --- */

static int prot_of(const struct elf64_phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) | (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_at(struct mm *mm, uaddr_t addr, size_t len, int prot, int flags, struct file *f, u64 pgoff)
{
	long ret;

	mutex_lock(&mm->mmap_lock);
	ret = do_mmap(mm, addr, len, prot, MAP_PRIVATE | MAP_FIXED | flags, f, pgoff);
	mutex_unlock(&mm->mmap_lock);
	return ret < 0 ? (int)ret : 0;
}

/* The part of a segment that the file holds, with what surrounds it in its pages. */
static int map_file_part(struct mm *mm, struct file *f, const struct elf64_phdr *ph, uaddr_t vaddr)
{
	u64 in_page = vaddr & ~PAGE_MASK;

	if (ph->p_offset < in_page || (ph->p_offset - in_page) & ~PAGE_MASK || ph->p_offset > INT64_MAX)
		return -EINVAL;
	return map_at(mm, vaddr - in_page, PAGE_ALIGN(ph->p_filesz + in_page), prot_of(ph), 0, f, (ph->p_offset - in_page) >> PAGE_SHIFT);
}

/* The rest is zeroes: the end of the last file page, then pages of their own. */
static int map_zero_part(struct mm *mm, const struct elf64_phdr *ph, uaddr_t vaddr)
{
	uaddr_t from = vaddr + ph->p_filesz, to = PAGE_ALIGN(vaddr + ph->p_memsz);
	uaddr_t pages = ph->p_filesz ? PAGE_ALIGN(from) : from & PAGE_MASK;

	if (ph->p_filesz && from < pages && clear_user(from, pages - from) && (ph->p_flags & PF_W))
		return -EFAULT;
	if (pages >= to)
		return 0;
	return map_at(mm, pages, to - pages, PROT_READ | PROT_WRITE | (prot_of(ph) & PROT_EXEC), MAP_ANONYMOUS, NULL, 0);
}

static void note_segment(struct mm *mm, const struct elf64_phdr *ph, uaddr_t vaddr)
{
	uaddr_t file_end = vaddr + ph->p_filesz;

	if ((ph->p_flags & PF_X) && (!mm->start_code || vaddr < mm->start_code))
		mm->start_code = vaddr;
	if (ph->p_flags & PF_X)
		mm->end_code = max(mm->end_code, file_end);
	mm->start_data = max(mm->start_data, vaddr);
	mm->end_data = max(mm->end_data, file_end);
	mm->brk = max(mm->brk, vaddr + ph->p_memsz);
}

static int map_segment(struct mm *mm, struct file *f, const struct elf *e, const struct elf64_phdr *ph)
{
	uaddr_t vaddr = ph->p_vaddr + e->bias;
	int err = 0;

	if (ph->p_filesz > ph->p_memsz || ph->p_memsz > USER_MAX || vaddr >= USER_MAX || USER_MAX - ph->p_memsz < vaddr)
		return -EINVAL;
	if (ph->p_filesz)
		err = map_file_part(mm, f, ph, vaddr);
	if (!err && ph->p_memsz > ph->p_filesz)
		err = map_zero_part(mm, ph, vaddr);
	note_segment(mm, ph, vaddr);
	return err;
}

/* Where a position-independent program goes: a fixed base, aligned as its segments ask. */
static int choose_bias(struct elf *e)
{
	u64 align = PAGE_SIZE, low = ~0ull;

	if (e->hdr.e_type == ET_EXEC)
		return 0;
	for (unsigned i = 0; i < e->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &e->ph[i];

		if (ph->p_type != PT_LOAD)
			continue;
		if (ph->p_align && !(ph->p_align & (ph->p_align - 1)) && ph->p_align < DYN_BASE)
			align = max(align, ph->p_align);
		if (low == ~0ull)
			low = ph->p_vaddr & PAGE_MASK;
	}
	if (low == ~0ull)
		return -EINVAL;
	e->bias = (DYN_BASE & ~(align - 1)) - low;
	return 0;
}

static int map_program(struct bprm *b)
{
	struct mm *mm = current->mm;
	struct elf *e = &b->elf;
	int err = choose_bias(e);

	for (unsigned i = 0; !err && i < e->hdr.e_phnum; i++)
		if (e->ph[i].p_type == PT_LOAD)
			err = map_segment(mm, b->file, e, &e->ph[i]);
	mm->start_brk = mm->brk = PAGE_ALIGN(mm->brk);
	return err;
}

/* --- the rest of the stack --- */

/* Words written upwards from at, a page's worth at a time. */
struct words {
	uaddr_t at;
	unsigned n;
	int err;
	u64 buf[64];
};

static void words_flush(struct words *w)
{
	if (!w->err && copy_to_user(w->at, w->buf, w->n * sizeof(u64)))
		w->err = -EFAULT;
	w->at += w->n * sizeof(u64);
	w->n = 0;
}

static void word(struct words *w, u64 v)
{
	if (w->n == ARRAY_SIZE(w->buf))
		words_flush(w);
	w->buf[w->n++] = v;
}

static uaddr_t phdr_address(const struct elf *e)
{
	for (unsigned i = 0; i < e->hdr.e_phnum; i++) {
		const struct elf64_phdr *ph = &e->ph[i];

		if (ph->p_type == PT_LOAD && ph->p_offset <= e->hdr.e_phoff && e->hdr.e_phoff - ph->p_offset < ph->p_filesz)
			return e->hdr.e_phoff - ph->p_offset + ph->p_vaddr + e->bias;
	}
	return 0;
}

/* Pairs for auxv[]; the number of words, AT_NULL included. */
static unsigned fill_auxv(u64 *auxv, const struct bprm *b, uaddr_t random, uaddr_t platform)
{
	const struct elf *e = &b->elf;
	const u64 pairs[][2] = {
		{ AT_HWCAP, arch_hwcap() },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, HZ },
		{ AT_PHDR, phdr_address(e) },
		{ AT_PHENT, sizeof(struct elf64_phdr) },
		{ AT_PHNUM, e->hdr.e_phnum },
		{ AT_BASE, 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, e->hdr.e_entry + e->bias },
		{ AT_UID, 0 },
		{ AT_EUID, 0 },
		{ AT_GID, 0 },
		{ AT_EGID, 0 },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, random },
		{ AT_EXECFN, b->execfn },
		{ AT_PLATFORM, platform },
		{ AT_NULL, 0 },
	};

	_Static_assert(sizeof(pairs) <= sizeof(((struct mm *)0)->auxv), "mm keeps the whole vector");
	kmemcpy(auxv, pairs, sizeof(pairs));
	return sizeof(pairs) / sizeof(u64);
}

/* argv and envp: pointers to strings that lie end to end. */
static void write_pointers(struct bprm *b, struct words *w)
{
	struct pool_pos pos = pool_begin(&b->args);
	uaddr_t s = b->strings;
	int rest = b->argc;

	word(w, (u64)final_argc(b));
	for (int i = b->first_prefix; i < MAX_PREFIX; i++) {
		word(w, s);
		s += kstrlen(b->prefix[i]) + 1;
	}
	if (has_prefix(b)) {
		pool_skip(&pos, b->arg0_len);
		rest--;
	}
	for (; rest > 0; rest--) {
		word(w, s);
		s += pool_strlen(&pos);
	}
	word(w, 0);
	for (int i = 0; i < b->envc; i++) {
		word(w, s);
		s += pool_strlen(&pos);
	}
	word(w, 0);
}

static int finish_stack(struct bprm *b)
{
	struct mm *mm = current->mm;
	size_t platform_len = kstrlen(arch_platform) + 1;
	uaddr_t platform = b->strings - platform_len, random = (platform - 16) & ~15ull;
	u64 seed[2] = { arch_random(), arch_random() };
	unsigned aux_words = fill_auxv(mm->auxv, b, random, platform);
	size_t nwords = 1 + (size_t)final_argc(b) + 1 + (size_t)b->envc + 1 + aux_words;
	struct words w = { .at = (random - nwords * sizeof(u64)) & ~15ull };

	if (copy_to_user(platform, arch_platform, platform_len) || copy_to_user(random, seed, sizeof(seed)))
		return -EFAULT;
	b->sp = mm->start_stack = w.at;
	write_pointers(b, &w);
	for (unsigned i = 0; i < aux_words; i++)
		word(&w, mm->auxv[i]);
	words_flush(&w);
	return w.err;
}

static int start_program(struct bprm *b)
{
	int err = map_program(b);
	uaddr_t entry = b->elf.hdr.e_entry + b->elf.bias;

	if (!err)
		err = finish_stack(b);
	if (!err && entry >= USER_MAX)
		err = -EINVAL;
	if (!err)
		arch_thread_exec(entry, b->sp);
	return err;
}

/* --- all of it --- */

/* What execveat calls the file in AT_EXECFN and to a script's interpreter when the path does not say it. */
static int name_by_fd(struct bprm *b, int dfd, const char *path)
{
	size_t n = kstrlen(path) + 32;

	b->filename = path;
	if (dfd == AT_FDCWD || path[0] == '/')
		return 0;
	b->fd_name = kmalloc(n, GFP_KERNEL);
	if (!b->fd_name)
		return -ENOMEM;
	if (path[0])
		kscnprintf(b->fd_name, n, "/dev/fd/%d/%s", dfd, path);
	else
		kscnprintf(b->fd_name, n, "/dev/fd/%d", dfd);
	b->filename = b->fd_name;
	return 0;
}

/* An empty path: the open file itself, opened anew for reading (it may be O_PATH). */
static int open_by_fd(struct bprm *b, int fd)
{
	struct file *f = fget_raw(fd);
	char path[32];

	if (!f)
		return -EBADF;
	fput(f);
	kscnprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open_program(b, AT_FDCWD, path, 0);
}

static int open_first(struct bprm *b, int dfd, const char *path, int flags)
{
	if (!path[0])
		return flags & AT_EMPTY_PATH ? open_by_fd(b, dfd) : -ENOENT;
	return open_program(b, dfd, path, flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0);
}

static int judge_program(struct bprm *b, int dfd, const char *path, int flags)
{
	int err = open_first(b, dfd, path, flags);

	b->interp = b->filename;
	if (!err)
		err = resolve_scripts(b);
	if (!err)
		err = read_elf(b);
	if (!err)
		err = make_mm(b);
	return err;
}

static int exec_program(struct bprm *b)
{
	int err = begin_new_exec(b);

	if (!err)
		err = start_program(b);
	if (!err)
		trace(TRACE_sched_process_exec, (u64)current->pid, (u64)current->tgid);
	if (err && b->no_return && !fatal_signal_pending(current))
		force_fatal_sig(SIGSEGV);
	return err;
}

static void bprm_free(struct bprm *b)
{
	for (int i = b->first_prefix; i < MAX_PREFIX; i++)
		kfree(b->prefix[i]);
	pool_free(&b->args);
	kfree(b->elf.ph);
	kfree(b->fd_name);
	if (b->mm)
		mmput(b->mm);
	if (b->file)
		fput(b->file);
	kfree(b);
}

static int do_execveat(int dfd, const char *path, int flags, const struct arg_source *argv, const struct arg_source *envp)
{
	struct mutex *exec_mutex = &current->group->exec_mutex;
	struct bprm *b;
	int err;

	might_sleep();
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->first_prefix = MAX_PREFIX;
	pool_init(&b->args);
	err = name_by_fd(b, dfd, path);
	if (!err)
		err = copy_strings(b, argv, envp);
	if (!err)
		err = mutex_lock_killable(exec_mutex);
	if (err)
		goto out;
	err = judge_program(b, dfd, path, flags);
	if (!err)
		err = exec_program(b);
	mutex_unlock(exec_mutex);
out:
	bprm_free(b);
	return err;
}

int kernel_execve(const char *path, const char *const argv[], const char *const envp[])
{
	struct arg_source a = { .kernel = argv }, e = { .kernel = envp };

	return do_execveat(AT_FDCWD, path, 0, &a, &e);
}

/* --- system calls --- */

long sys_execveat(int dfd, uaddr_t upath, uaddr_t argv, uaddr_t envp, int flags)
{
	struct arg_source a = { .user = argv }, e = { .user = envp };
	char *path;
	long n;

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	path = kmalloc(PATH_MAX_BYTES, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	n = strncpy_from_user(path, upath, PATH_MAX_BYTES);
	if (n == PATH_MAX_BYTES)
		n = -ENAMETOOLONG;
	else if (n == 0 && !(flags & AT_EMPTY_PATH))
		n = -ENOENT;
	if (n >= 0)
		n = do_execveat(dfd, path, flags, &a, &e);
	kfree(path);
	return n;
}

long sys_execve(uaddr_t path, uaddr_t argv, uaddr_t envp)
{
	return sys_execveat(AT_FDCWD, path, argv, envp, 0);
}
