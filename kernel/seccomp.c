// SPDX-License-Identifier: GPL-2.0-only
/*
 * seccomp(2): a task gives up system calls, all but four (strict), or as programs of its own say
 * (filters). Mirrors Linux kernel/seccomp.c.
 *
 * A task with a mode has TIF_SECCOMP, so each of its calls takes the slow way, which asks
 * secure_computing(). A filter is put in by its own task, or by another thread of the group
 * (TSYNC), and never taken out:
 *
 *	current, in a call              a thread that synchronises
 *	f = its newest filter           its newest = n, under siglock
 *	runs f and all before it        lets f go, of which n holds a reference
 *
 * so current needs no lock for the way from its newest filter to the root.
 *
 * Locks: exec_mutex (an exec must not compute rights from no_new_privs while it is set from
 * outside), siglock.
 *
 * LINUX: every call runs every filter; no map of those that are always allowed. The log's line says
 * less than that of the audit subsystem.
 */
#include "kernel/seccomp.h"
#include "kernel/fs/files.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/mm/mm.h"
#include "kernel/printk.h"
#include "kernel/ptrace.h"
#include "kernel/syscall.h"
#include "kernel/time.h"

#define SECCOMP_MODE_DEAD	(SECCOMP_MODE_FILTER + 1)	/* killed, and must not come back */
#define MAX_INSNS_PER_PATH	((1u << 18) / sizeof(struct k_sock_filter))
#define INSNS_PER_FILTER	4	/* what each filter below costs besides */

/* --- what is logged --- */

static const struct { u32 action; const char *name; } actions[] = {
	{ SECCOMP_RET_KILL_PROCESS, "kill_process" }, { SECCOMP_RET_KILL_THREAD, "kill_thread" },
	{ SECCOMP_RET_TRAP, "trap" }, { SECCOMP_RET_ERRNO, "errno" }, { SECCOMP_RET_USER_NOTIF, "user_notif" },
	{ SECCOMP_RET_TRACE, "trace" }, { SECCOMP_RET_LOG, "log" }, { SECCOMP_RET_ALLOW, "allow" },
};
#define ALLOW_BIT	(1u << (ARRAY_SIZE(actions) - 1))
static u32 actions_logged = ALLOW_BIT - 1;	/* bit: index in actions; plain stores */

/* An action that is none is KILL_PROCESS. */
static unsigned action_index(u32 action)
{
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		if (actions[i].action == action)
			return i;
	return 0;
}

/* Ten lines in five seconds: a program must not write the log full. */
static bool log_limit(void)
{
	static _Atomic u64 begin;
	static _Atomic u32 lines;
	u64 now = ktime_ns();

	if (now - atomic_load(&begin) >= 5000000000ull) {
		atomic_store(&begin, now);
		atomic_store(&lines, 0);
	}
	return atomic_fetch_add(&lines, 1) < 10;
}

/* Killing and LOG are logged unless the administrator says no, all else if the filter wants it too. */
static void seccomp_log(int nr, u32 action, bool requested)
{
	unsigned i = action_index(action);

	if (i >= 2 && action != SECCOMP_RET_LOG && !requested)
		return;
	if (READ_ONCE(actions_logged) >> i & 1 && log_limit())
		pr_info("seccomp: %s/%d: system call %d, code 0x%x (%s)\n", current->comm,
			current->pid, nr, action, actions[i].name);
}

static s64 avail_show(char *buf, size_t n)
{
	size_t len = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		len += kscnprintf(buf + len, n - len, i ? " %s" : "%s", actions[i].name);
	return (s64)(len + kscnprintf(buf + len, n - len, "\n"));
}
PSEUDO_FILE(seccomp_avail, .path = "/proc/sys/kernel/seccomp/actions_avail", .mode = 0444, .show = avail_show);

static s64 logged_show(char *buf, size_t n)
{
	u32 logged = READ_ONCE(actions_logged);
	size_t len = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		if (logged >> i & 1)
			len += kscnprintf(buf + len, n - len, len ? " %s" : "%s", actions[i].name);
	return (s64)(len + kscnprintf(buf + len, n - len, "\n"));
}

/* The bit of an action in actions_logged, 0: there is no such. */
static u32 action_named(const char *name, size_t n)
{
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		if (kstrlen(actions[i].name) == n && !kmemcmp(actions[i].name, name, n))
			return 1u << i;
	return 0;
}

/* A line of names with a space between them; where there is none between two, it ends. */
static s64 logged_store(const char *buf, size_t n)
{
	u32 logged = 0, bit;
	size_t len;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	for (const char *p = buf; *p && *p != ' ' && *p != '\n'; p += len + (p[len] == ' ')) {
		for (len = 0; p[len] && p[len] != ' ' && p[len] != '\n'; len++)
			;
		bit = action_named(p, len);
		if (!bit)
			return -EINVAL;
		logged |= bit;
	}
	if (logged & ALLOW_BIT)
		return -EINVAL;
	WRITE_ONCE(actions_logged, logged);
	return (s64)n;
}
PSEUDO_FILE(seccomp_logged, .path = "/proc/sys/kernel/seccomp/actions_logged", .mode = 0644, .show = logged_show,
	    .store = logged_store);

/* --- filters --- */

static void filter_free(struct seccomp_filter *f)
{
	kfree(f->insns);
	kfree(f);
}

void put_seccomp_filter(struct seccomp_filter *f)
{
	while (f && atomic_fetch_sub(&f->refs, 1) == 1) {
		struct seccomp_filter *prev = f->prev;

		filter_free(f);
		f = prev;
	}
}

/* A user less of f, and of what only f used: their listeners hear that nobody will call any more. */
static void filter_orphan(struct seccomp_filter *f)
{
	while (f && atomic_fetch_sub(&f->users, 1) == 1) {
		wake_up_poll(&f->wait, POLLHUP);
		f = f->prev;
	}
}

static void filter_release(struct seccomp_filter *f)
{
	filter_orphan(f);
	put_seccomp_filter(f);
}

/* t, which has no filter, uses that of current. siglock held. */
static void share_filter(struct task *t)
{
	struct seccomp_filter *f = current->seccomp.filter;

	if (f) {
		atomic_fetch_add(&f->refs, 1);
		atomic_fetch_add(&f->users, 1);
	}
	t->seccomp.filter_count = current->seccomp.filter_count;
	atomic_store_explicit(&t->seccomp.filter, f, memory_order_release);
}

void copy_seccomp(struct task *p)
{
	assert_held(&current->sighand->siglock);
	share_filter(p);
	p->seccomp.mode = current->seccomp.mode;
	syscall_seccomp_on(p);
}

void seccomp_filter_release(struct task *p)
{
	struct seccomp_filter *f = p->seccomp.filter;

	assert(!p->sighand);		/* nobody else finds p under a siglock */
	syscall_seccomp_off(p);
	p->seccomp.filter = NULL;
	filter_release(f);
}

/* --- running them --- */

static void fill_data(struct k_seccomp_data *d, const struct regs *r)
{
	d->nr = regs_syscall_nr(r);
	d->arch = AUDIT_ARCH_X86_64;
	d->instruction_pointer = regs_ip(r);
	for (unsigned i = 0; i < ARRAY_SIZE(d->args); i++)
		d->args[i] = regs_arg(r, i);
}

static inline s32 action_only(u32 ret)
{
	return (s32)(ret & SECCOMP_RET_ACTION_FULL);
}

/* What the filters say together, and which one did. */
static u32 run_filters(const struct k_seccomp_data *d, struct seccomp_filter **match)
{
	struct seccomp_filter *f = atomic_load_explicit(&current->seccomp.filter, memory_order_acquire);
	u32 ret = SECCOMP_RET_ALLOW, cur;

	assert(f);
	for (; f; f = f->prev) {
		cur = bpf_run(f->insns, d);
		if (action_only(cur) < action_only(ret)) {
			ret = cur;
			*match = f;
		}
	}
	return ret;
}

static struct k_siginfo sigsys_info(const struct regs *r, int nr, u32 reason)
{
	struct k_siginfo info = { .si_signo = SIGSYS, .si_errno = (int)reason, .si_code = SYS_SECCOMP };

	info.u.sys.si_call_addr = regs_ip(r);
	info.u.sys.si_syscall = nr;
	info.u.sys.si_arch = AUDIT_ARCH_X86_64;
	return info;
}

/* KILL_THREAD of the last thread is KILL_PROCESS. */
static void kill_caller(struct regs *r, int nr, u32 action, u32 data)
{
	struct k_siginfo info = sigsys_info(r, nr, data);

	current->seccomp.mode = SECCOMP_MODE_DEAD;
	seccomp_log(nr, action, true);
	if (action == SECCOMP_RET_KILL_THREAD && atomic_load(&current->group->live) != 1)
		do_exit(SIGSYS);
	regs_set_return(r, nr);			/* a tracer sees the registers of the call */
	force_exit_info(&info);
}

static bool filter_allows(struct regs *r, bool traced);

/* The tracer may have made another call of it, which is asked about too; or none. */
static bool ask_tracer(struct regs *r, u32 data)
{
	if (!ptrace_event_enabled(current, PTRACE_EVENT_SECCOMP)) {
		regs_set_return(r, -ENOSYS);
		return false;
	}
	ptrace_event(PTRACE_EVENT_SECCOMP, data);
	return !fatal_signal_pending(current) && regs_syscall_nr(r) >= 0 && filter_allows(r, true);
}

/* traced: a tracer has seen the call already. */
static bool filter_allows(struct regs *r, bool traced)
{
	struct seccomp_filter *match = NULL;
	struct k_siginfo info;
	struct k_seccomp_data d;
	u32 ret, action, data;
	bool allowed = false;

	fill_data(&d, r);
	ret = run_filters(&d, &match);
	action = ret & SECCOMP_RET_ACTION_FULL;
	data = ret & SECCOMP_RET_DATA;
	switch (action) {
	case SECCOMP_RET_ALLOW:
		return true;
	case SECCOMP_RET_LOG:
		seccomp_log(d.nr, action, true);
		return true;
	case SECCOMP_RET_ERRNO:
		regs_set_return(r, -(long)min(data, (u32)MAX_ERRNO));
		break;
	case SECCOMP_RET_TRAP:
		info = sigsys_info(r, d.nr, data);
		regs_set_return(r, d.nr);	/* the handler sees the registers of the call */
		force_sig_info(&info);
		break;
	case SECCOMP_RET_TRACE:
		if (traced)
			return true;
		allowed = ask_tracer(r, data);
		break;
	case SECCOMP_RET_USER_NOTIF:
		allowed = seccomp_do_user_notification(match, &d, r);
		break;
	default:
		kill_caller(r, d.nr, action, data);
		return false;
	}
	if (!allowed)
		seccomp_log(d.nr, action, match->log);
	return allowed;
}

static bool strict_allows(int nr)
{
	return nr == __NR_read || nr == __NR_write || nr == __NR_exit || nr == __NR_rt_sigreturn;
}

bool secure_computing(struct regs *r)
{
	int nr = regs_syscall_nr(r);

	if (unlikely(READ_ONCE(current->ptrace) & PT_OPT(PTRACE_O_SUSPEND_SECCOMP)))
		return true;
	if (current->seccomp.mode == SECCOMP_MODE_FILTER)
		return filter_allows(r, false);
	if (current->seccomp.mode == SECCOMP_MODE_STRICT && strict_allows(nr))
		return true;
	/* A tracer may have kept the signal of a kill away. */
	current->seccomp.mode = SECCOMP_MODE_DEAD;
	seccomp_log(nr, SECCOMP_RET_KILL_THREAD, true);
	do_exit(SIGKILL);
}

/* --- getting there --- */

/* siglock held. */
static void assign_mode(struct task *t, int mode)
{
	assert_held(&t->sighand->siglock);
	t->seccomp.mode = mode;
	syscall_seccomp_on(t);
}

static long set_mode_strict(void)
{
	long err = 0;

	spin_lock(&current->sighand->siglock);
	if (current->seccomp.mode && current->seccomp.mode != SECCOMP_MODE_STRICT)
		err = -EINVAL;
	else
		assign_mode(current, SECCOMP_MODE_STRICT);
	spin_unlock(&current->sighand->siglock);
	if (!err)
		arch_allow_tsc(false);
	return err;
}

static int read_program(struct seccomp_filter *f, const struct k_sock_fprog *prog)
{
	size_t size = prog->len * sizeof(f->insns[0]);
	int err;

	if (!prog->filter)
		return -EINVAL;
	f->insns = kmalloc(size, GFP_KERNEL);
	if (!f->insns)
		return -ENOMEM;
	if (copy_from_user(f->insns, prog->filter, size))
		return -EFAULT;
	f->len = prog->len;
	err = bpf_check_seccomp(f->insns, f->len);
	if (!err)
		f->cost = bpf_translated_len(f->insns, f->len);
	return err;
}

/* A filter of its own, or ERR_PTR. A caller without rights must not steer those who have some. */
static struct seccomp_filter *prepare_filter(uaddr_t uprog)
{
	struct seccomp_filter *f;
	struct k_sock_fprog prog;
	int err;

	if (copy_from_user(&prog, uprog, sizeof(prog)))
		return ERR_PTR(-EFAULT);
	if (!prog.len || prog.len > BPF_MAXINSNS)
		return ERR_PTR(-EINVAL);
	if (!current->no_new_privs && !ns_capable(current_user_ns(), CAP_SYS_ADMIN))
		return ERR_PTR(-EACCES);
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return ERR_PTR(-ENOMEM);
	atomic_init(&f->refs, 1);
	atomic_init(&f->users, 1);
	seccomp_notify_init(f);
	err = read_program(f, &prog);
	if (!err)
		return f;
	filter_free(f);
	return ERR_PTR(err);
}

/* NULL is before all others. */
static bool is_ancestor(const struct seccomp_filter *f, const struct seccomp_filter *child)
{
	while (f && child && child != f)
		child = child->prev;
	return !f || child;
}

/* A thread that has filters of its own, or is strict: its number; 0: none. siglock held. */
static int cannot_sync(void)
{
	struct task *t;

	for_each_thread(current->group, t)
		if (t != current && t->seccomp.mode &&
		    (t->seccomp.mode != SECCOMP_MODE_FILTER ||
		     !is_ancestor(t->seccomp.filter, current->seccomp.filter)))
			return t->vpid;
	return 0;
}

/* siglock held. No filter is freed: what a thread had is behind what it gets. */
static void sync_threads(void)
{
	struct task *t;

	for_each_thread(current->group, t) {
		struct seccomp_filter *old = t->seccomp.filter;

		if (t == current)
			continue;
		share_filter(t);
		filter_release(old);
		/* Else it could be used to get a filter into what it executes. */
		if (current->no_new_privs)
			t->no_new_privs = 1;
		if (!t->seccomp.mode)
			assign_mode(t, SECCOMP_MODE_FILTER);
	}
}

static bool has_listener(const struct seccomp_filter *f)
{
	while (f && !READ_ONCE(f->listened))
		f = f->prev;
	return f;
}

/* The last refusals, and then f is in the tree. 0, -errno, or a thread's number. */
static long attach_filter(struct seccomp_filter *f, u32 flags)
{
	u64 insns = f->cost;
	int tid;

	assert_held(&current->sighand->siglock);
	if (current->seccomp.mode && current->seccomp.mode != SECCOMP_MODE_FILTER)
		return -EINVAL;
	if (f->listened && has_listener(current->seccomp.filter))
		return -EBUSY;
	for (const struct seccomp_filter *p = current->seccomp.filter; p; p = p->prev)
		insns += p->cost + INSNS_PER_FILTER;
	if (insns > MAX_INSNS_PER_PATH)
		return -ENOMEM;
	tid = flags & SECCOMP_FILTER_FLAG_TSYNC ? cannot_sync() : 0;
	if (tid)
		return flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : tid;
	f->log = (flags & SECCOMP_FILTER_FLAG_LOG) != 0;
	f->wait_killable = (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) != 0;
	f->prev = current->seccomp.filter;
	atomic_store_explicit(&current->seccomp.filter, f, memory_order_release);
	current->seccomp.filter_count++;
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		sync_threads();
	assign_mode(current, SECCOMP_MODE_FILTER);
	return 0;
}

static long attach(struct seccomp_filter *f, u32 flags)
{
	struct mutex *exec_mutex = &current->group->exec_mutex;
	bool sync = flags & SECCOMP_FILTER_FLAG_TSYNC;
	long err;

	if (sync && mutex_lock_killable(exec_mutex))
		return -EINVAL;
	spin_lock(&current->sighand->siglock);
	err = attach_filter(f, flags);
	spin_unlock(&current->sighand->siglock);
	if (sync)
		mutex_unlock(exec_mutex);
	return err;
}

/* As attach, and makes the listener: a new descriptor. */
static long attach_with_listener(struct seccomp_filter *f, u32 flags)
{
	int fd = fd_reserve(O_CLOEXEC);
	struct file *listener;
	long err;

	if (fd < 0)
		return fd;
	listener = seccomp_init_listener(f);
	if (IS_ERR(listener))
		return fd_install(fd, listener);
	err = attach(f, flags);
	if (!err)
		return fd_install(fd, listener);
	fput(listener);
	(void)fd_install(fd, ERR_PTR(-EBADF));
	return err;
}

static long set_mode_filter(u32 flags, uaddr_t uprog)
{
	bool listen = flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	struct seccomp_filter *f;
	long ret;

	if (flags & ~SECCOMP_FILTER_FLAG_MASK)
		return -EINVAL;
	/* The value can be a descriptor or a thread's number, not both. */
	if (listen &&
	    (flags & (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH)) ==
		    SECCOMP_FILTER_FLAG_TSYNC)
		return -EINVAL;
	if (!listen && flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		return -EINVAL;
	f = prepare_filter(uprog);
	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = listen ? attach_with_listener(f, flags) : attach(f, flags);
	if (ret < 0 || (ret && !listen))
		put_seccomp_filter(f);
	return ret;
}

/* --- a tracer that saves and restores programs --- */

/* The filter that came as the off-th, referenced. ERR_PTR(-EACCES), -EINVAL, -ENOENT. */
static struct seccomp_filter *nth_filter(struct task *t, u64 off)
{
	struct seccomp_filter *f = ERR_PTR(-EINVAL);

	if (!capable(CAP_SYS_ADMIN) || current->seccomp.mode)
		return ERR_PTR(-EACCES);
	spin_lock(&t->sighand->siglock);
	if (t->seccomp.mode == SECCOMP_MODE_FILTER)
		f = off < t->seccomp.filter_count ? t->seccomp.filter : ERR_PTR(-ENOENT);
	if (!IS_ERR(f)) {
		for (u64 later = t->seccomp.filter_count - 1 - off; later; later--)
			f = f->prev;
		atomic_fetch_add(&f->refs, 1);
	}
	spin_unlock(&t->sighand->siglock);
	return f;
}

long seccomp_get_filter(struct task *t, u64 off, uaddr_t to)
{
	struct seccomp_filter *f = nth_filter(t, off);
	long ret;

	if (IS_ERR(f))
		return PTR_ERR(f);
	ret = f->len;
	if (to && copy_to_user(to, f->insns, f->len * sizeof(f->insns[0])))
		ret = -EFAULT;
	put_seccomp_filter(f);
	return ret;
}

long seccomp_get_metadata(struct task *t, u64 size, uaddr_t to)
{
	struct k_seccomp_metadata m = { 0 };
	struct seccomp_filter *f;

	if (!capable(CAP_SYS_ADMIN) || current->seccomp.mode)
		return -EACCES;
	size = min(size, (u64)sizeof(m));
	if (size < sizeof(m.filter_off))
		return -EINVAL;
	if (copy_from_user(&m.filter_off, to, sizeof(m.filter_off)))
		return -EFAULT;
	f = nth_filter(t, m.filter_off);
	if (IS_ERR(f))
		return PTR_ERR(f);
	if (f->log)
		m.flags |= SECCOMP_FILTER_FLAG_LOG;
	put_seccomp_filter(f);
	return copy_to_user(to, &m, size) ? -EFAULT : (long)size;
}

/* --- system calls --- */

static long get_action_avail(uaddr_t uaction)
{
	u32 action;

	if (copy_from_user(&action, uaction, sizeof(action)))
		return -EFAULT;
	return actions[action_index(action)].action == action ? 0 : -EOPNOTSUPP;
}

static long get_notif_sizes(uaddr_t usizes)
{
	static const struct k_seccomp_notif_sizes sizes = {
		sizeof(struct k_seccomp_notif), sizeof(struct k_seccomp_notif_resp), sizeof(struct k_seccomp_data),
	};

	return copy_to_user(usizes, &sizes, sizeof(sizes)) ? -EFAULT : 0;
}

long sys_seccomp(unsigned op, unsigned flags, uaddr_t uargs)
{
	switch (op) {
	case SECCOMP_SET_MODE_STRICT:
		return flags || uargs ? -EINVAL : set_mode_strict();
	case SECCOMP_SET_MODE_FILTER:
		return set_mode_filter(flags, uargs);
	case SECCOMP_GET_ACTION_AVAIL:
		return flags ? -EINVAL : get_action_avail(uargs);
	case SECCOMP_GET_NOTIF_SIZES:
		return flags ? -EINVAL : get_notif_sizes(uargs);
	}
	return -EINVAL;
}

long prctl_set_seccomp(u64 mode, uaddr_t filter)
{
	switch (mode) {
	case SECCOMP_MODE_STRICT:
		return set_mode_strict();
	case SECCOMP_MODE_FILTER:
		return set_mode_filter(0, filter);
	}
	return -EINVAL;
}
