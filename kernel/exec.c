// SPDX-License-Identifier: GPL-2.0-only
/*
 * execve: a new program in the same process. The order of the steps, the point of no return,
 * scripts, the system calls. Mirrors Linux fs/exec.c and fs/binfmt_script.c.
 *
 * Before the point of no return everything may fail and changes nothing: the strings are copied,
 * the file is opened and its headers are judged. From begin_new_exec on a failure ends the process
 * with SIGSEGV, as on Linux. exec.h names the files of the steps.
 *
 * Locks: exec_mutex, from the opening of the file to the end; exec_update_mutex, from when the other
 * threads are gone, which a tracer may hold up for as long as it likes; tasklist_lock, then siglock
 * (unshare_sighand); task_lock and siglock alone.
 *
 * LINUX: a set-user-id program may share its directory with a process of its caller (CLONE_FS).
 */
#include "kernel/exec.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/panic.h"
#include "kernel/pause.h"
#include "kernel/ptrace.h"
#include "kernel/rseq.h"
#include "kernel/syscall.h"
#include "kernel/time.h"
#include "kernel/trace.h"

/* --- the file; scripts --- */

static int open_program(struct bprm *b, int dfd, const char *path, u32 oflags)
{
	struct file *f = do_filp_open(dfd, path, __FMODE_EXEC | O_RDONLY | oflags, 0);
	s64 n;

	if (IS_ERR(f))
		return (int)PTR_ERR(f);
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
static int parse_script(const struct bprm *b, const char **name, size_t *name_len,
			const char **arg, size_t *arg_len)
{
	const char *s = (const char *)b->head + 2, *limit = (const char *)b->head + HEAD_SIZE;
	const char *end, *p;

	end = kmemchr(s, '\n', (size_t)(limit - s));
	if (!end) {
		/*
		 * The line is longer than we look, or ends with the file. The interpreter's name at
		 * least must be whole.
		 */
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

/*
 * A script's argv[0] gives way to: interpreter, its argument, the script's path. Then the
 * interpreter is what is executed.
 */
static int enter_interpreter(struct bprm *b)
{
	const char *name, *arg;
	size_t name_len, arg_len;
	int err = parse_script(b, &name, &name_len, &arg, &arg_len);

	if (!err && b->fd_name_ends)
		err = -ENOENT;
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

/* --- the point of no return --- */

/*
 * A handler table shared with another process (CLONE_SIGHAND without CLONE_THREAD) stays with that
 * one.
 */
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

/*
 * Current moves to b->mm; the old one loses a user. Refused for a task that must die: it shall not
 * take reserves for a new program.
 */
static int exec_mmap(struct bprm *b)
{
	struct task *t = current;
	struct mm *old = t->mm;
	bool killed;

	if (old)
		mm_release(old);
	strpool_uncharge(&b->args);
	pause_point("exec_mm");
	/*
	 * The OOM killer holds task_lock from the kill to the mark: either we see the kill here, or
	 * it sees the new mm.
	 */
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
	pause_point("exec_done");
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
	spin_lock(&t->sighand->siglock);
	t->group->exec_id++;
	flush_signal_handlers(t->sighand);
	spin_unlock(&t->sighand->siglock);
	t->sas_sp = t->sas_size = 0;
	t->sas_flags = SS_DISABLE;
	t->restart.fn = NULL;
	t->set_child_tid = 0;
	rseq_exec();
	syscall_dispatch_off(t);
	set_comm(t, base_name(b->filename));
	trace_task_rename();
	t->mm->exe_file = get_file(b->file);
}

/* Whose capabilities do not reach the program's file do not reach its memory either. */
static void hide_from_user_ns(struct mm *mm, const struct inode *i)
{
	struct user_namespace *ns = mm->user_ns;

	while (!privileged_wrt_inode_uidgid(ns, i))
		ns = user_ns_parent(ns);
	get_user_ns(ns);
	put_user_ns(mm->user_ns);
	mm->user_ns = ns;
}

/* Not by what somebody mounted in a namespace that is not current's, or above it. */
static bool may_suid(const struct super *sb)
{
	return !sb_says(sb, MS_NOSUID) && in_user_ns(sb->user_ns, current_user_ns());
}

/*
 * Who the program will be: b->cred. The inode's mutex: mode, owner and capabilities must be of one
 * moment, or a file that is given to root would run as root with the bit its former owner set.
 * -EPERM and -EINVAL by the capabilities of the file.
 */
static int judge_creds(struct bprm *b)
{
	struct inode *i = b->file->inode;
	struct file_caps caps = { 0 };
	bool trusted = may_suid(i->sb);
	int err;

	b->cred = current->cred;
	mutex_lock(&i->lock);
	err = trusted ? file_caps(i, &caps) : 0;
	if (!err)
		err = cap_exec(&b->cred, trusted ? i->mode : 0, i->uid, i->gid, &caps);
	mutex_unlock(&i->lock);
	b->secure = err > 0;
	return min(err, 0);
}

static void exec_creds(struct bprm *b)
{
	struct file *const files[] = { b->file, b->linker_file };
	bool hidden[2];
	const struct cred *new = &b->cred;

	for (unsigned i = 0; i < 2; i++)
		hidden[i] = files[i] && !file_is_readable(files[i]);
	commit_creds(new);
	if (b->secure)
		current->pdeath_signal = 0;
	current->personality &= ~(b->secure ? PER_CLEAR_ON_SETID : READ_IMPLIES_EXEC);
	/* The caller may look neither into another's secrets nor into a program it may only run. */
	if (new->uid != new->euid || new->gid != new->egid)
		set_dumpable(current->mm, sysctl_suid_dumpable);
	for (unsigned i = 0; i < 2; i++) {
		if (!hidden[i])
			continue;
		set_dumpable(current->mm, sysctl_suid_dumpable);
		hide_from_user_ns(current->mm, files[i]->inode);
	}
}

static int begin_new_exec(struct bprm *b)
{
	struct task *t = current;
	int err;

	b->no_return = true;
	err = de_thread(t);
	if (!err && !list_empty(&t->group->posix_timers))
		exit_posix_timers(t->group);
	if (!err) {
		mutex_lock(&t->group->exec_update_mutex);
		b->updating = true;
		/*
		 * First: whoever sees the program finds that its parent may not move it any more
		 * (setpgid).
		 */
		t->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD | PF_NOFREEZE);
		err = exec_mmap(b);
	}
	if (!err)
		err = exec_namespaces();
	if (!err)
		err = unshare_sighand(t);
	if (!err)
		err = files_unshare_exec();
	if (!err) {
		reset_task(b, t);
		exec_creds(b);
	}
	return err;
}

static int start_program(struct bprm *b)
{
	int err = map_program(b);

	if (!err)
		err = finish_stack(b);
	if (!err && program_entry(b) >= USER_MAX)
		err = -EINVAL;
	if (!err)
		arch_thread_exec(program_entry(b), b->sp);
	return err;
}

/* --- all of it --- */

/*
 * What execveat calls the file in AT_EXECFN and to a script's interpreter when the path does
 * not say it.
 */
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
	b->fd_name_ends = get_close_on_exec(dfd);
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
	int old_pid = current->pid, err = judge_creds(b);

	if (!err)
		err = begin_new_exec(b);
	if (!err)
		err = start_program(b);
	if (b->updating)
		mutex_unlock(&current->group->exec_update_mutex);
	if (!err)
		trace(TRACE_sched_process_exec, (u64)current->pid, (u64)old_pid);
	if (err && b->no_return && !fatal_signal_pending(current))
		force_fatal_sig(SIGSEGV);
	return err;
}

static void bprm_free(struct bprm *b)
{
	for (int i = b->first_prefix; i < MAX_PREFIX; i++)
		kfree(b->prefix[i]);
	strpool_free(&b->args);
	kfree(b->elf.ph);
	kfree(b->linker.ph);
	kfree(b->fd_name);
	if (b->mm)
		mmput(b->mm);
	if (b->file)
		fput(b->file);
	if (b->linker_file)
		fput(b->linker_file);
	kfree(b);
}

static int do_execveat(int dfd, const char *path, int flags, const struct arg_source *argv,
		       const struct arg_source *envp)
{
	struct mutex *exec_mutex = &current->group->exec_mutex;
	u64 old_pid = ptrace_number(current->thread_pid);	/* a thread that is not the leader takes its number */
	struct bprm *b;
	int err;

	might_sleep();
	if (nproc_forbids_exec())
		return -EAGAIN;
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->first_prefix = MAX_PREFIX;
	strpool_init(&b->args);
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
	if (!err)
		ptrace_event(PTRACE_EVENT_EXEC, old_pid);
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
