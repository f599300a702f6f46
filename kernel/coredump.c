// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal ends a group and leaves its memory and registers in a file. Mirrors Linux 6.1
 * fs/coredump.c and the part of kernel/exit.c that waits for a dump.
 *
 * The thread that takes the signal dumps. It ends the group first, so that nobody else can: every
 * other thread gets SIGKILL and stops at X1, with its mm and its registers, until the dump is over.
 *
 *	dumper                                  another thread
 *	lock(siglock)                           lock(siglock)
 *	core_state, SIGNAL_GROUP_EXIT           PF_POSTCOREDUMP
 *	SIGKILL to, and count of, each          core_state? none: goes on, it is
 *	without PF_POSTCOREDUMP                   not counted
 *	unlock                                  unlock
 *	sleeps until the count is 0             core_state? links itself, count--,
 *	                                          sleeps until it is let go
 *
 * So a dump keeps the memory of a group that has been told to die, for as long as files take. Three
 * rules keep that from being in anybody's way:
 *
 *	OOM killer	a group that dumps is not one that will free its memory by itself (oom.c): it
 *			may be chosen, and gets a SIGKILL of its own
 *	SIGKILL		gets through to it, though it has SIGNAL_GROUP_EXIT, and ends the dump
 *			between two pages
 *	freezer		ends it in the same place. The others freeze where they sleep
 *
 * What is in the file by then stays: a core file may end early.
 *
 * A pattern that begins with | is a program, which gets the dump as its standard input (umh.c). The
 * dump waits for it as a writer of any pipe does: for SIGKILL and the freezer, too.
 *
 * LINUX: the file of a dump for root (suid_dumpable 2) is not made below a root or among mounts that
 * are not init's; there it is made below init's root.
 *
 * Locks: siglock; pattern_lock.
 */
#include "kernel/coredump.h"
#include "kernel/freezer.h"
#include "kernel/fs/dcache.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/fs/mount.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/proc.h"
#include "kernel/mnt_namespace.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/signal.h"
#include "kernel/umh.h"
#include "kernel/utsname.h"

#define PATTERN_MAX	128		/* with its final zero */
#define NAME_MAX_BYTES	4096

int sysctl_core_uses_pid;
int sysctl_core_pipe_limit;			/* 0: none, and nobody waits until the program has ended */
int sysctl_suid_dumpable;
static struct spinlock pattern_lock = SPINLOCK_INIT("core_pattern", RANK_IO);
static char core_pattern[PATTERN_MAX] = "core";		/* [pattern_lock] */
static _Atomic u32 nr_piped;				/* dumps to programs that are under way */

/* --- the other threads --- */

void coredump_task_exit(struct task *t)
{
	struct core_thread self = { .task = t->flags & PF_SIGNALED ? t : NULL };
	struct spinlock *siglock = &t->sighand->siglock;
	struct core_state *state;
	bool last;

	spin_lock(siglock);
	state = t->group->core_state;
	assert(state);			/* it waits for us */
	if (self.task) {
		self.next = state->dumper.next;
		state->dumper.next = &self;
	}
	last = --state->nr_threads == 0;
	spin_unlock(siglock);
	if (last)
		complete(&state->startup);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE | TASK_FREEZABLE);
		if (!READ_ONCE(self.task))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/* How many there are to wait for. siglock held. */
static int zap_threads(struct task *t, int sig)
{
	struct group *g = t->group;
	struct task *p;
	int n = 0;

	g->group_exit_code = sig;
	g->group_stop_count = 0;
	WRITE_ONCE(g->flags, SIGNAL_GROUP_EXIT);
	for_each_thread(g, p) {
		clear_jobctl_pending(p, JOBCTL_PENDING_MASK);
		if (p == t || p->flags & PF_POSTCOREDUMP)
			continue;
		p->pending.signal |= sigmask(SIGKILL);
		signal_wake_up(p, TASK_WAKEKILL);
		n++;
	}
	return n;
}

/* False: the group ends already, or becomes another program. Sleeps. */
static bool coredump_wait(struct core_state *state, int sig)
{
	struct task *t = current;
	struct group *g = t->group;
	bool begun;
	int others = 0;

	*state = (struct core_state){ .dumper.task = t };
	completion_init(&state->startup);
	spin_lock(&t->sighand->siglock);
	begun = !(g->flags & SIGNAL_GROUP_EXIT) && !g->group_exec_task;
	if (begun) {
		WRITE_ONCE(g->core_state, state);
		state->nr_threads = others = zap_threads(t, sig);
		clear_tif(t, TIF_SIGPENDING);
		t->flags |= PF_DUMPCORE;
	}
	spin_unlock(&t->sighand->siglock);
	if (!others)
		return begun;
	(void)wait_for_completion_state(&state->startup, TASK_UNINTERRUPTIBLE | TASK_FREEZABLE);
	/* Their registers are in their areas only when they are off their CPUs. */
	for (struct core_thread *ct = state->dumper.next; ct; ct = ct->next)
		sched_wait_asleep(ct->task);
	return true;
}

static void coredump_finish(struct core_state *state, bool dumped)
{
	struct task *t = current;
	struct core_thread *ct, *next;

	spin_lock(&t->sighand->siglock);
	if (dumped && !(t->pending.signal & sigmask(SIGKILL)))
		t->group->group_exit_code |= 0x80;
	WRITE_ONCE(t->group->core_state, NULL);
	spin_unlock(&t->sighand->siglock);
	for (ct = state->dumper.next; ct; ct = next) {
		struct task *p = get_task(ct->task);

		next = ct->next;	/* ct is gone with the next line */
		WRITE_ONCE(ct->task, NULL);
		wake_up_process(p);
		put_task(p);
	}
}

/* --- the name of the file --- */

struct name {
	char *text;			/* NAME_MAX_BYTES, one more than may be used */
	size_t len;
};

static void __printf(2, 3) put_name(struct name *n, const char *fmt, ...)
{
	va_list ap;
	size_t room = NAME_MAX_BYTES - n->len;

	va_start(ap, fmt);
	n->len += min((size_t)kvsnprintf(n->text + n->len, room, fmt, ap), room - 1);
	va_end(ap);
}

/* A text of the user's makes no directories, and is more than nothing. */
static void put_escaped(struct name *n, const char *s)
{
	char *from = n->text + n->len;

	put_name(n, "%s", *s ? s : "!");
	if (kstreq(from, ".") || kstreq(from, ".."))
		*from = '!';
	for (; *from; from++)
		if (*from == '/')
			*from = '!';
}

static void put_exe(struct name *n, bool base)
{
	char *buf = kmalloc(NAME_MAX_BYTES, GFP_KERNEL);
	struct dentry *d = proc_exe(current);
	const char *path = buf && !IS_ERR(d) ? dentry_path(d, buf, NAME_MAX_BYTES) : ERR_PTR(-ENOENT);

	if (IS_ERR(path))
		put_escaped(n, current->comm);
	else
		put_escaped(n, base ? kstrrchr(path, '/') + 1 : path);
	if (!IS_ERR(d))
		dput(d);
	kfree(buf);
}

static void put_host(struct name *n)
{
	struct k_utsname uts;

	uts_copy(&uts);
	put_escaped(n, uts.nodename);
}

/* One %c of the pattern; what is none vanishes. */
static void put_one(struct name *n, const struct coredump *c, char what)
{
	struct task *t = current;

	switch (what) {
	case '%':
		put_name(n, "%%");
		break;
	case 'p':
		put_name(n, "%d", t->vtgid);
		break;
	case 'P':
		put_name(n, "%d", t->tgid);
		break;
	case 'i':
		put_name(n, "%d", t->vpid);
		break;
	case 'I':
		put_name(n, "%d", t->pid);
		break;
	case 'u':
		put_name(n, "%u", t->cred.uid);
		break;
	case 'g':
		put_name(n, "%u", t->cred.gid);
		break;
	case 'd':
		put_name(n, "%d", get_dumpable(t->mm));
		break;
	case 's':
		put_name(n, "%d", c->info->si_signo);
		break;
	case 't':
		put_name(n, "%ld", now_realtime() / 1000000000);
		break;
	case 'h':
		put_host(n);
		break;
	case 'e':
		put_escaped(n, t->comm);
		break;
	case 'f':
	case 'E':
		put_exe(n, what == 'f');
		break;
	case 'c':
		put_name(n, "%lu", c->limit);
		break;
	}
}

/* True: it is that of a program and its arguments, a zero behind each. */
static bool format_corename(struct name *n, const struct coredump *c)
{
	char pattern[PATTERN_MAX];
	bool pid = false, piped, gap = false;

	spin_lock(&pattern_lock);
	kmemcpy(pattern, core_pattern, sizeof(pattern));
	spin_unlock(&pattern_lock);
	n->text[0] = 0;
	piped = pattern[0] == '|';
	for (const char *p = pattern + piped; *p; p++) {
		if (piped && kisspace(*p)) {
			gap = n->len;
			continue;
		}
		if (gap)
			put_name(n, "%c", 0);
		gap = false;
		if (*p != '%') {
			put_name(n, "%c", *p);
			continue;
		}
		if (!*++p)
			break;
		pid |= *p == 'p';
		put_one(n, c, *p);
	}
	if (!pid && !piped && sysctl_core_uses_pid)
		put_name(n, ".%d", current->vtgid);
	return piped;
}

/* --- the file --- */

static bool dump_interrupted(void)
{
	return fatal_signal_pending(current) || freezing(current);
}

static bool emit(struct coredump *c, const void *buf, size_t n)
{
	if (dump_interrupted())
		return false;
	if (n > c->limit - c->written || kernel_write(c->file, buf, n, &c->pos) != (s64)n)
		return false;
	c->written += n;
	return true;
}

bool dump_emit(struct coredump *c, const void *buf, size_t n)
{
	while (c->piped && c->to_skip) {
		size_t part = min(c->to_skip, PAGE_SIZE);

		if (!emit(c, page_address(zero_page), part))
			return false;
		c->to_skip -= part;
		cond_resched();
	}
	c->pos += c->to_skip;
	c->to_skip = 0;
	return emit(c, buf, n);
}

bool dump_zeros(struct coredump *c, size_t n)
{
	static const u8 zeros[8];
	size_t pad = -c->pos & (n - 1);

	assert(n <= sizeof(zeros));
	return !pad || dump_emit(c, zeros, pad);
}

bool dump_skip(struct coredump *c, u64 n)
{
	c->to_skip += n;
	return !dump_interrupted();
}

/* With root's name it goes where root says, and nowhere else. */
static bool may_dump_to(const char *name, bool for_root)
{
	if (!for_root)
		return true;
	if (name[0] == '/' && !current_chrooted() && current_mnt_ns() == &init_mnt_ns)
		return true;
	pr_warn("Pid %d(%s) can only dump core to fully qualified path!\nSkipping core dump\n", current->vtgid, current->comm);
	return false;
}

/*
 * A new file: an old one of its name is removed before, if the process may do so, and so is a
 * symlink. Root's name removes nothing.
 */
static struct file *open_core(const char *name, bool for_root)
{
	struct file *f;

	if (!for_root)
		(void)do_unlinkat(AT_FDCWD, name, false);
	f = do_filp_open(AT_FDCWD, name, O_CREAT | O_RDWR | O_NOFOLLOW | O_LARGEFILE | O_EXCL, 0600 & ~current_umask());
	if (IS_ERR(f) || (f->inode->mode & 0677) == 0600)
		return f;
	fput(f);
	return ERR_PTR(-EACCES);
}

static bool write_core(struct coredump *c)
{
	bool dumped;

	if (dump_interrupted() || !core_vmas(c))
		return false;
	dumped = elf_core_dump(c);
	/* The last page may be a hole. */
	if (c->to_skip) {
		c->to_skip--;
		(void)dump_emit(c, "", 1);
	}
	core_vmas_free(c);
	return dumped;
}

static bool dump_to_file(struct coredump *c, const char *name, bool for_root)
{
	bool dumped = false;

	if (c->limit < PAGE_SIZE || !may_dump_to(name, for_root))
		return false;
	c->file = open_core(name, for_root);
	if (!IS_ERR(c->file)) {
		dumped = write_core(c);
		fput(c->file);
	}
	return dumped;
}

/* --- a program --- */

struct dump_helper {
	struct subprocess_info umh;
	struct file *file;		/* where it reads, as one writes there; NULL: not yet */
	struct name name;
	const char *argv[PATTERN_MAX / 2 + 1];	/* in name; NULL at the end */
};

static void free_helper(struct subprocess_info *info)
{
	struct dump_helper *h = container_of(info, struct dump_helper, umh);

	if (h->file)
		fput(h->file);
	kfree(h->name.text);
	kfree(h);
}

/* It has nothing but the dump, and makes none itself. */
static int give_pipe(struct subprocess_info *info)
{
	struct dump_helper *h = container_of(info, struct dump_helper, umh);
	struct k_rlimit64 *core = &current->group->rlim[RLIMIT_CORE];
	struct file *ends[2];
	int err = create_pipe_files(ends, 0);

	if (err)
		return err;
	h->file = ends[1];
	err = fd_alloc(ends[0], 0, 0);
	if (err < 0)
		return err;
	assert_eq(err, 0);
	core->rlim_cur = core->rlim_max = 1;
	return 0;
}

/* Takes over the text of n. NULL: no memory. */
static struct dump_helper *helper_of(struct name *n)
{
	static const char *const envp[] = { NULL };
	struct dump_helper *h = kzalloc(sizeof(*h), GFP_KERNEL);
	const char *word = n->text, *end = n->text + n->len;

	if (!h)
		return NULL;
	h->name = *n;
	n->text = NULL;
	for (unsigned i = 0; word <= end && i < ARRAY_SIZE(h->argv) - 1; i++) {
		h->argv[i] = word;
		word += kstrlen(word) + 1;
	}
	h->umh = (struct subprocess_info){ .argv = h->argv, .envp = envp, .init = give_pipe, .free = free_helper };
	return h;
}

static bool dump_to_helper(struct coredump *c, struct name *n, bool wait)
{
	struct dump_helper *h = helper_of(n);
	bool dumped = false;

	if (!h)
		return false;
	if (call_usermodehelper(&h->umh)) {
		pr_info("Core dump to |%s pipe failed\n", h->argv[0]);
	} else {
		c->file = h->file;
		dumped = write_core(c);
		if (wait)
			pipe_wait_closed(h->file);
	}
	umh_put(&h->umh);
	return dumped;
}

/* The limit of a helper's own dump is 1 byte; all others have none. */
static bool dump_to_program(struct coredump *c, struct name *n)
{
	u32 limit = (u32)READ_ONCE(sysctl_core_pipe_limit), before;
	bool dumped = false;

	if (c->limit == 1) {
		pr_warn("Process %d(%s) has RLIMIT_CORE set to 1\nAborting core\n", current->vtgid, current->comm);
		return false;
	}
	c->limit = RLIM64_INFINITY;
	before = atomic_fetch_add(&nr_piped, 1);
	if (!limit || before < limit)
		dumped = dump_to_helper(c, n, limit);
	else
		pr_warn("Pid %d(%s) over core_pipe_limit\nSkipping core dump\n", current->vtgid, current->comm);
	atomic_fetch_sub(&nr_piped, 1);
	return dumped;
}

static bool dump(struct coredump *c, bool for_root)
{
	struct name name = { kmalloc(NAME_MAX_BYTES, GFP_KERNEL), 0 };
	bool dumped;

	if (!name.text)
		return false;
	c->piped = format_corename(&name, c);
	dumped = c->piped ? dump_to_program(c, &name) : dump_to_file(c, name.text, for_root);
	kfree(name.text);
	return dumped;
}

void do_coredump(const struct k_siginfo *info)
{
	struct core_state state;
	struct coredump c = {
		.info = info, .state = &state, .mm_flags = atomic_load(&current->mm->flags),
		.limit = READ_ONCE(current->group->rlim[RLIMIT_CORE].rlim_cur),
	};
	int dumpable = get_dumpable(current->mm);
	struct cred as_root, own;
	bool dumped;

	might_sleep();
	if (dumpable == SUID_DUMP_DISABLE || !coredump_wait(&state, info->si_signo))
		return;
	if (dumpable == SUID_DUMP_ROOT) {
		as_root = current->cred;
		as_root.fsuid = 0;
		override_creds(&as_root, &own);
	}
	dumped = dump(&c, dumpable == SUID_DUMP_ROOT);
	if (dumpable == SUID_DUMP_ROOT)
		override_creds(&own, &as_root);
	coredump_finish(&state, dumped);
}

/* --- /proc/sys/kernel/core_pattern --- */

static s64 pattern_show(char *buf, size_t n)
{
	size_t len;

	spin_lock(&pattern_lock);
	len = kscnprintf(buf, n, "%s\n", core_pattern);
	spin_unlock(&pattern_lock);
	return (s64)len;
}

/* One line; what is too long is cut off. */
static s64 pattern_store(const char *buf, size_t n)
{
	const char *end = kstrchr(buf, '\n');
	size_t len = min(end ? (size_t)(end - buf) : kstrlen(buf), (size_t)PATTERN_MAX - 1);

	spin_lock(&pattern_lock);
	kmemcpy(core_pattern, buf, len);
	core_pattern[len] = 0;
	spin_unlock(&pattern_lock);
	return (s64)n;
}
PSEUDO_FILE(sysctl_core_pattern, .path = "/proc/sys/kernel/core_pattern", .mode = 0644,
	.show = pattern_show, .store = pattern_store);
